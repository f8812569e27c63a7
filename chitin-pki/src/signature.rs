//! Signatures: which algorithm may check one, and asking it.

use alloc::vec::Vec;
use core::fmt;

use pki_types::{InvalidSignature, SignatureVerificationAlgorithm};

use crate::error::Problem;
use crate::spki::SubjectPublicKeyInfo;

/// Checks a signature that a peer made with its certificate's key during a handshake.
///
/// `algorithms` are those that the handshake's signature scheme stands for; the first one for this kind of key is
/// used. The key's size and form are checked first, as by [`SubjectPublicKeyInfo::check`]. RFC 8446 section 4.4.3.
///
/// # Errors
///
/// Those of [`SubjectPublicKeyInfo::check`]; [`Problem::UnsupportedSignatureAlgorithmForPublicKey`] if no algorithm is
/// for this kind of key; [`Problem::BadSignature`].
pub fn verify_signature(
    key: &SubjectPublicKeyInfo<'_>,
    algorithms: &[&dyn SignatureVerificationAlgorithm],
    message: &[u8],
    signature: &[u8],
) -> Result<(), Problem> {
    key.check()?;
    let mut fitting = algorithms.iter().filter(|a| *a.public_key_alg_id() == *key.algorithm_id());
    let Some(algorithm) = fitting.next() else {
        return Err(Problem::UnsupportedSignatureAlgorithmForPublicKey {
            signature_algorithm_id: algorithms
                .first()
                .map_or_else(Vec::new, |a| a.signature_alg_id().to_vec()),
            public_key_algorithm_id: key.algorithm_id().to_vec(),
        });
    };
    algorithm.verify_signature(key.key(), message, signature).map_err(|_| Problem::BadSignature)
}

/// Checks signatures of certificates in the place of their algorithms.
pub trait SignatureCheck: fmt::Debug + Sync {
    /// Answers as [`verify_signature`](SignatureVerificationAlgorithm::verify_signature) of `algorithm` would, which was chosen for
    /// this kind of key and this signature. The key has been found to be of a form and size that will do.
    ///
    /// # Errors
    ///
    /// If the signature is not good. Whoever says that it is takes over what the whole path rests on.
    fn verify(
        &self,
        algorithm: &dyn SignatureVerificationAlgorithm,
        key: &[u8],
        message: &[u8],
        signature: &[u8],
    ) -> Result<(), InvalidSignature>;
}

/// Something signed, in the manner of X.509.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Signed<'a> {
    pub(crate) message: &'a [u8],
    /// The value of the `AlgorithmIdentifier`.
    pub(crate) algorithm: &'a [u8],
    pub(crate) signature: &'a [u8],
}

impl Signed<'_> {
    /// Finds the algorithm for this signature and this key. Costs no cryptography.
    pub(crate) fn algorithm_for<'v>(
        &self,
        key: &SubjectPublicKeyInfo<'_>,
        algorithms: &'v [&'v dyn SignatureVerificationAlgorithm],
    ) -> Result<&'v dyn SignatureVerificationAlgorithm, Problem> {
        let mut known = false;
        for algorithm in algorithms {
            if *algorithm.signature_alg_id() != *self.algorithm {
                continue;
            }
            if *algorithm.public_key_alg_id() == *key.algorithm_id() {
                return Ok(*algorithm);
            }
            known = true;
        }
        if known {
            return Err(Problem::UnsupportedSignatureAlgorithmForPublicKey {
                signature_algorithm_id: self.algorithm.to_vec(),
                public_key_algorithm_id: key.algorithm_id().to_vec(),
            });
        }
        Err(Problem::UnsupportedSignatureAlgorithm {
            signature_algorithm_id: self.algorithm.to_vec(),
            supported: algorithms.iter().map(|a| a.signature_alg_id()).collect(),
        })
    }

    pub(crate) fn verify(
        &self,
        key: &SubjectPublicKeyInfo<'_>,
        algorithm: &dyn SignatureVerificationAlgorithm,
    ) -> Result<(), Problem> {
        algorithm.verify_signature(key.key(), self.message, self.signature).map_err(|_| Problem::BadSignature)
    }

    pub(crate) fn verify_by(
        &self,
        key: &SubjectPublicKeyInfo<'_>,
        algorithm: &dyn SignatureVerificationAlgorithm,
        check: &dyn SignatureCheck,
    ) -> Result<(), Problem> {
        check.verify(algorithm, key.key(), self.message, self.signature).map_err(|_| Problem::BadSignature)
    }
}
