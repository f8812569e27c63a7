//! Hash functions of the two providers whose crates have the same interface for them.

/// Writes the adapter over the hash functions of `$library`, which is `ring` or `aws_lc_rs`: the statics `SHA256` and `SHA384`.
macro_rules! hashes {
    ($library:ident, fips: $fips:expr) => {
        use alloc::boxed::Box;

        use ::$library::digest;

        use crate::crypto;
        use crate::names::HashAlgorithm;

        pub(super) static SHA256: Hash = Hash(&digest::SHA256, HashAlgorithm::SHA256);
        pub(super) static SHA384: Hash = Hash(&digest::SHA384, HashAlgorithm::SHA384);

        pub(super) struct Hash(&'static digest::Algorithm, HashAlgorithm);

        impl crypto::hash::Hash for Hash {
            fn start(&self) -> Box<dyn crypto::hash::Context> {
                Box::new(HashContext(digest::Context::new(self.0)))
            }

            fn hash(&self, data: &[u8]) -> crypto::hash::Output {
                crypto::hash::Output::new(digest::digest(self.0, data).as_ref())
            }

            fn output_len(&self) -> usize {
                self.0.output_len()
            }

            fn algorithm(&self) -> HashAlgorithm {
                self.1
            }

            fn fips(&self) -> bool {
                $fips
            }
        }

        struct HashContext(digest::Context);

        impl crypto::hash::Context for HashContext {
            fn fork_finish(&self) -> crypto::hash::Output {
                crypto::hash::Output::new(self.0.clone().finish().as_ref())
            }

            fn fork(&self) -> Box<dyn crypto::hash::Context> {
                Box::new(Self(self.0.clone()))
            }

            fn finish(self: Box<Self>) -> crypto::hash::Output {
                crypto::hash::Output::new(self.0.finish().as_ref())
            }

            fn update(&mut self, data: &[u8]) {
                self.0.update(data);
            }
        }
    };
}

pub(crate) use hashes;
