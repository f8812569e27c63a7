//! Checking signatures with the providers' primitives: what a public key must look like before one sees it.

use alloc::boxed::Box;
use core::fmt;

use pki_types::{AlgorithmIdentifier, InvalidSignature, SignatureVerificationAlgorithm, alg_id};

use super::verify::{acceptable_rsa_bits, rsa_modulus_bits};

/// An algorithm that checks signatures.
pub(crate) struct Algorithm {
    pub(crate) name: &'static str,
    pub(crate) key: PublicKey,
    pub(crate) signature_id: AlgorithmIdentifier,
    /// Whether the key, the message and the signature, in this order, belong together.
    pub(crate) verify: fn(&[u8], &[u8], &[u8]) -> bool,
    /// Reads a key once for many signatures, if the library can do that.
    pub(crate) read: fn(&[u8]) -> Option<Box<dyn ReadKey>>,
    pub(crate) fips: bool,
}

/// What the bytes of a public key must look like. The primitive would take other forms too; in a certificate they
/// are none.
#[derive(Clone, Copy)]
pub(crate) enum PublicKey {
    /// An uncompressed point of that length (RFC 5480 section 2.2).
    Point(AlgorithmIdentifier, usize),
    /// An RSAPublicKey with a modulus of 2048 to 8192 bits.
    Rsa,
    /// So many bytes.
    Raw(AlgorithmIdentifier, usize),
}

impl PublicKey {
    pub(crate) const P256: Self = Self::Point(alg_id::ECDSA_P256, 65);
    pub(crate) const P384: Self = Self::Point(alg_id::ECDSA_P384, 97);
    #[cfg_attr(not(feature = "aws_lc_rs"), allow(dead_code, reason = "not every provider has it"))]
    pub(crate) const P521: Self = Self::Point(alg_id::ECDSA_P521, 133);
    pub(crate) const ED25519: Self = Self::Raw(alg_id::ED25519, 32);
}

/// A key that is ready to check signatures of one algorithm.
pub(crate) trait ReadKey: Send + Sync {
    /// Whether the message and the signature belong to it.
    #[cfg_attr(
        not(all(feature = "aws_lc_rs", feature = "std")),
        allow(dead_code, reason = "nobody keeps keys")
    )]
    fn verify(&self, message: &[u8], signature: &[u8]) -> bool;
}

impl Algorithm {
    /// Reads a key once for many signatures. `None` if it is no key of this algorithm, or the library cannot do that.
    #[cfg_attr(
        not(all(feature = "aws_lc_rs", feature = "std")),
        allow(dead_code, reason = "nobody keeps keys")
    )]
    pub(crate) fn read(&self, key: &[u8]) -> Option<Box<dyn ReadKey>> {
        if self.accepts(key) { (self.read)(key) } else { None }
    }

    /// Is it this one?
    #[cfg_attr(
        not(all(feature = "aws_lc_rs", feature = "std")),
        allow(dead_code, reason = "nobody keeps keys")
    )]
    pub(crate) fn is(&self, other: &dyn SignatureVerificationAlgorithm) -> bool {
        // They are statics: what lies at one's place is that one, unless it has no size and so no place of its own.
        size_of_val(other) == size_of::<Self>() && core::ptr::addr_eq(self, other)
    }

    fn accepts(&self, key: &[u8]) -> bool {
        match self.key {
            PublicKey::Point(_, len) => key.len() == len && key.first() == Some(&4),
            PublicKey::Rsa => rsa_modulus_bits(key).is_some_and(acceptable_rsa_bits),
            PublicKey::Raw(_, len) => key.len() == len,
        }
    }
}

impl SignatureVerificationAlgorithm for Algorithm {
    fn verify_signature(&self, key: &[u8], message: &[u8], signature: &[u8]) -> Result<(), InvalidSignature> {
        match self.accepts(key) && (self.verify)(key, message, signature) {
            true => Ok(()),
            false => Err(InvalidSignature),
        }
    }

    fn public_key_alg_id(&self) -> AlgorithmIdentifier {
        match self.key {
            PublicKey::Point(id, _) | PublicKey::Raw(id, _) => id,
            PublicKey::Rsa => alg_id::RSA_ENCRYPTION,
        }
    }

    fn signature_alg_id(&self) -> AlgorithmIdentifier {
        self.signature_id
    }

    fn fips(&self) -> bool {
        self.fips
    }
}

impl fmt::Debug for Algorithm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name)
    }
}

/// Makes a static of each row: its name, the form of the key, the identifier of the signature, and the verifier in `$library`'s
/// module `signature`. `$library` is `ring` or `aws_lc_rs`, whose interfaces for this are the same; `$read` makes a [`ReadKey`] of a
/// verifier and a key.
macro_rules! algorithms {
    ($library:ident, fips: $fips:expr, read: $read:expr; $($name:ident: $key:expr, $signature_id:ident, $verifier:ident;)*) => {
        $(
            static $name: crate::crypto::public_keys::Algorithm = crate::crypto::public_keys::Algorithm {
                name: stringify!($name),
                key: $key,
                signature_id: pki_types::alg_id::$signature_id,
                verify: |key, message, signature| {
                    let key = ::$library::signature::UnparsedPublicKey::new(&::$library::signature::$verifier, key);
                    key.verify(message, signature).is_ok()
                },
                read: |key| $read(&::$library::signature::$verifier, key),
                fips: $fips,
            };
        )*

        #[allow(dead_code, reason = "not with every library are keys kept")]
        static ALL: &[&crate::crypto::public_keys::Algorithm] = &[$(&$name),*];
    };
}

pub(crate) use algorithms;
