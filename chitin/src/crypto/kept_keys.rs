//! Public keys that check signatures again and again, each read once.
//!
//! Before a key checks a signature it has to be read: a point has to lie on its curve, and for RSA there is something to be computed
//! from the modulus. That is a tenth of the work, or more. Where no library keeps what it has read, no key is kept either.

#[cfg(all(feature = "aws_lc_rs", feature = "std"))]
pub(crate) use with_library::KeptKeys;
#[cfg(not(all(feature = "aws_lc_rs", feature = "std")))]
pub(crate) use without::KeptKeys;

#[cfg(test)]
#[cfg(all(feature = "aws_lc_rs", feature = "std"))]
mod tests;

#[cfg(all(feature = "aws_lc_rs", feature = "std"))]
mod with_library {
    use alloc::boxed::Box;
    use alloc::vec::Vec;
    use core::fmt;
    use std::sync::OnceLock;

    use pki_types::{InvalidSignature, SignatureVerificationAlgorithm};

    use crate::crypto::aws_lc_rs::known;
    use crate::crypto::public_keys::{Algorithm, ReadKey};

    /// A fixed set of keys. One that has checked a good signature is kept as the library has read it, for the algorithm of that
    /// signature. What is said of a signature is what the algorithm would say.
    pub(crate) struct KeptKeys {
        /// In their order.
        pub(super) all: Box<[Kept]>,
    }

    impl KeptKeys {
        /// Of these keys: the bits that a SubjectPublicKeyInfo has.
        pub(crate) fn new(keys: impl Iterator<Item = Vec<u8>>) -> Self {
            let mut keys: Vec<_> = keys.collect();
            keys.sort_unstable();
            keys.dedup();
            Self { all: keys.into_iter().map(Kept::new).collect() }
        }

        /// Checks a signature as `algorithm` does, with whatever key.
        pub(crate) fn verify(
            &self,
            algorithm: &dyn SignatureVerificationAlgorithm,
            key: &[u8],
            message: &[u8],
            signature: &[u8],
        ) -> Result<(), InvalidSignature> {
            let kept =
                self.all.binary_search_by_key(&key, |kept| &kept.key).ok().and_then(|at| self.all.get(at));
            match kept {
                Some(kept) => kept.verify(algorithm, message, signature),
                None => algorithm.verify_signature(key, message, signature),
            }
        }
    }

    impl fmt::Debug for KeptKeys {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            write!(f, "KeptKeys({})", self.all.len())
        }
    }

    pub(super) struct Kept {
        key: Box<[u8]>,
        read: OnceLock<(&'static Algorithm, Box<dyn ReadKey>)>,
    }

    impl Kept {
        fn new(key: Vec<u8>) -> Self {
            Self { key: key.into(), read: OnceLock::new() }
        }

        #[cfg(test)]
        pub(super) fn is_read(&self) -> bool {
            self.read.get().is_some()
        }

        fn verify(
            &self,
            algorithm: &dyn SignatureVerificationAlgorithm,
            message: &[u8],
            signature: &[u8],
        ) -> Result<(), InvalidSignature> {
            match self.read.get() {
                Some((of, key)) if of.is(algorithm) => match key.verify(message, signature) {
                    true => Ok(()),
                    false => Err(InvalidSignature),
                },
                Some(_) => algorithm.verify_signature(&self.key, message, signature),
                None => {
                    algorithm.verify_signature(&self.key, message, signature)?;
                    if let Some((of, key)) = known(algorithm).and_then(|of| Some((of, of.read(&self.key)?))) {
                        // Another thread may have been first.
                        let _ = self.read.set((of, key));
                    }
                    Ok(())
                }
            }
        }
    }
}

/// Where no library keeps what it has read.
#[cfg(not(all(feature = "aws_lc_rs", feature = "std")))]
mod without {
    use alloc::vec::Vec;

    use pki_types::{InvalidSignature, SignatureVerificationAlgorithm};

    /// No keys: each signature is the algorithm's to check.
    #[derive(Debug)]
    pub(crate) struct KeptKeys;

    impl KeptKeys {
        pub(crate) fn new(_: impl Iterator<Item = Vec<u8>>) -> Self {
            Self
        }

        pub(crate) fn verify(
            &self,
            algorithm: &dyn SignatureVerificationAlgorithm,
            key: &[u8],
            message: &[u8],
            signature: &[u8],
        ) -> Result<(), InvalidSignature> {
            algorithm.verify_signature(key, message, signature)
        }
    }
}
