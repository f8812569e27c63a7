//! Hash functions and HMAC of the two providers whose crates have the same interface for them.

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

/// The same over its HMAC, of which HKDF and TLS 1.2's PRF are made: the statics `HMAC_SHA256`, which is HKDF too, `PRF_SHA256`, and
/// those of SHA-384.
#[cfg_attr(feature = "fips", allow(unused_macros, reason = "the module has its own HKDF"))]
macro_rules! hmacs {
    ($library:ident) => {
        use alloc::boxed::Box;

        use ::$library::hmac;

        use crate::crypto;
        #[cfg(feature = "tls12")]
        use crate::crypto::tls12::PrfUsingHmac;
        use crate::crypto::tls13::{Expander, HkdfExpander, OkmBlock};

        pub(super) static HMAC_SHA256: Hmac = Hmac(&hmac::HMAC_SHA256);
        pub(super) static HMAC_SHA384: Hmac = Hmac(&hmac::HMAC_SHA384);
        #[cfg(feature = "tls12")]
        pub(super) static PRF_SHA256: PrfUsingHmac<'static> = PrfUsingHmac(&HMAC_SHA256);
        #[cfg(feature = "tls12")]
        pub(super) static PRF_SHA384: PrfUsingHmac<'static> = PrfUsingHmac(&HMAC_SHA384);

        pub(super) struct Hmac(&'static hmac::Algorithm);

        impl crypto::hmac::Hmac for Hmac {
            fn with_key(&self, key: &[u8]) -> Box<dyn crypto::hmac::Key> {
                Box::new(HmacKey(hmac::Key::new(*self.0, key)))
            }

            fn hash_output_len(&self) -> usize {
                self.0.digest_algorithm().output_len()
            }
        }

        impl Hmac {
            fn key(&self, key: &[u8]) -> HmacKey {
                HmacKey(hmac::Key::new(*self.0, key))
            }

            fn extract(&self, salt: &[u8], secret: &[u8]) -> Box<dyn HkdfExpander> {
                Box::new(Expander(self.key(hmac::sign(&self.key(salt).0, secret).as_ref())))
            }

            fn zeros(&self) -> &'static [u8] {
                ZEROS.get(..crypto::hmac::Hmac::hash_output_len(self)).unwrap_or_default()
            }
        }

        /// HKDF by HMAC directly (RFC 5869): each key is set up once, in the one allocation that an expander is.
        impl crypto::tls13::Hkdf for Hmac {
            fn extract_from_zero_ikm(&self, salt: Option<&[u8]>) -> Box<dyn HkdfExpander> {
                self.extract(salt.unwrap_or(self.zeros()), self.zeros())
            }

            fn extract_from_secret(&self, salt: Option<&[u8]>, secret: &[u8]) -> Box<dyn HkdfExpander> {
                self.extract(salt.unwrap_or(self.zeros()), secret)
            }

            fn expander_for_okm(&self, okm: &OkmBlock) -> Box<dyn HkdfExpander> {
                Box::new(Expander(self.key(okm.as_ref())))
            }

            fn hmac_sign(&self, key: &OkmBlock, message: &[u8]) -> crypto::hmac::Tag {
                crypto::hmac::Tag::new(hmac::sign(&self.key(key.as_ref()).0, message).as_ref())
            }
        }

        static ZEROS: [u8; crypto::hmac::Tag::MAX_LEN] = [0; crypto::hmac::Tag::MAX_LEN];

        struct HmacKey(hmac::Key);

        impl crypto::hmac::Key for HmacKey {
            fn sign_concat(&self, first: &[u8], middle: &[&[u8]], last: &[u8]) -> crypto::hmac::Tag {
                let mut context = hmac::Context::with_key(&self.0);
                context.update(first);
                middle.iter().for_each(|piece| context.update(piece));
                context.update(last);
                crypto::hmac::Tag::new(context.sign().as_ref())
            }

            fn tag_len(&self) -> usize {
                self.0.algorithm().digest_algorithm().output_len()
            }
        }
    };
}

pub(crate) use hashes;
#[cfg_attr(feature = "fips", allow(unused_imports, reason = "the module has its own HKDF"))]
pub(crate) use hmacs;
