//! Signature verification.

use core::fmt;

use aws_lc_rs::signature::{self, UnparsedPublicKey, VerificationAlgorithm};
use pki_types::alg_id;
use pki_types::{AlgorithmIdentifier, InvalidSignature, SignatureVerificationAlgorithm};

use crate::crypto::WebPkiSupportedAlgorithms;
use crate::crypto::verify::{acceptable_rsa_bits, rsa_modulus_bits};
use crate::names::SignatureScheme;

/// Which algorithms there are, and which of them each scheme of the handshake stands for.
///
/// In the certificates of a chain any curve may go with any hash. PKCS #1 v1.5 and what is beyond the first of each entry
/// is for certificates and TLS 1.2.
pub(super) const SUPPORTED: WebPkiSupportedAlgorithms = WebPkiSupportedAlgorithms {
    all: &[
        &ECDSA_P256_SHA256,
        &ECDSA_P256_SHA384,
        &ECDSA_P256_SHA512,
        &ECDSA_P384_SHA256,
        &ECDSA_P384_SHA384,
        &ECDSA_P384_SHA512,
        &ECDSA_P521_SHA256,
        &ECDSA_P521_SHA384,
        &ECDSA_P521_SHA512,
        &ED25519,
        &RSA_PSS_SHA256,
        &RSA_PSS_SHA384,
        &RSA_PSS_SHA512,
        &RSA_PKCS1_SHA256,
        &RSA_PKCS1_SHA384,
        &RSA_PKCS1_SHA512,
        &ML_DSA_44,
        &ML_DSA_65,
        &ML_DSA_87,
    ],
    mapping: &[
        (
            SignatureScheme::ECDSA_NISTP256_SHA256,
            &[&ECDSA_P256_SHA256, &ECDSA_P384_SHA256, &ECDSA_P521_SHA256],
        ),
        (
            SignatureScheme::ECDSA_NISTP384_SHA384,
            &[&ECDSA_P384_SHA384, &ECDSA_P256_SHA384, &ECDSA_P521_SHA384],
        ),
        (
            SignatureScheme::ECDSA_NISTP521_SHA512,
            &[&ECDSA_P521_SHA512, &ECDSA_P256_SHA512, &ECDSA_P384_SHA512],
        ),
        (SignatureScheme::ED25519, &[&ED25519]),
        (SignatureScheme::RSA_PSS_SHA256, &[&RSA_PSS_SHA256]),
        (SignatureScheme::RSA_PSS_SHA384, &[&RSA_PSS_SHA384]),
        (SignatureScheme::RSA_PSS_SHA512, &[&RSA_PSS_SHA512]),
        (SignatureScheme::ML_DSA_44, &[&ML_DSA_44]),
        (SignatureScheme::ML_DSA_65, &[&ML_DSA_65]),
        (SignatureScheme::ML_DSA_87, &[&ML_DSA_87]),
        (SignatureScheme::RSA_PKCS1_SHA256, &[&RSA_PKCS1_SHA256]),
        (SignatureScheme::RSA_PKCS1_SHA384, &[&RSA_PKCS1_SHA384]),
        (SignatureScheme::RSA_PKCS1_SHA512, &[&RSA_PKCS1_SHA512]),
    ],
};

struct Algorithm {
    name: &'static str,
    key: Key,
    signature_id: AlgorithmIdentifier,
    verifier: &'static dyn VerificationAlgorithm,
}

/// What the bytes of a public key must look like. The primitive would take other forms too; in a certificate they
/// are none.
#[derive(Clone, Copy)]
enum Key {
    /// An uncompressed point of that length (RFC 5480 section 2.2).
    Point(AlgorithmIdentifier, usize),
    /// An RSAPublicKey with a modulus of 2048 to 8192 bits.
    Rsa,
    /// So many bytes.
    Raw(AlgorithmIdentifier, usize),
}

impl SignatureVerificationAlgorithm for Algorithm {
    fn verify_signature(&self, key: &[u8], message: &[u8], signature: &[u8]) -> Result<(), InvalidSignature> {
        let acceptable = match self.key {
            Key::Point(_, len) => key.len() == len && key.first() == Some(&4),
            Key::Rsa => rsa_modulus_bits(key).is_some_and(acceptable_rsa_bits),
            Key::Raw(_, len) => key.len() == len,
        };
        if !acceptable {
            return Err(InvalidSignature);
        }
        UnparsedPublicKey::new(self.verifier, key).verify(message, signature).map_err(|_| InvalidSignature)
    }

    fn public_key_alg_id(&self) -> AlgorithmIdentifier {
        match self.key {
            Key::Point(id, _) | Key::Raw(id, _) => id,
            Key::Rsa => alg_id::RSA_ENCRYPTION,
        }
    }

    fn signature_alg_id(&self) -> AlgorithmIdentifier {
        self.signature_id
    }
}

impl fmt::Debug for Algorithm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name)
    }
}

const P256: Key = Key::Point(alg_id::ECDSA_P256, 65);
const P384: Key = Key::Point(alg_id::ECDSA_P384, 97);
const P521: Key = Key::Point(alg_id::ECDSA_P521, 133);

macro_rules! algorithms {
    ($($name:ident: $key:expr, $signature_id:ident, $verifier:ident;)*) => {
        $(
            static $name: Algorithm = Algorithm {
                name: stringify!($name),
                key: $key,
                signature_id: alg_id::$signature_id,
                verifier: &signature::$verifier,
            };
        )*
    };
}

algorithms! {
    ECDSA_P256_SHA256: P256, ECDSA_SHA256, ECDSA_P256_SHA256_ASN1;
    ECDSA_P256_SHA384: P256, ECDSA_SHA384, ECDSA_P256_SHA384_ASN1;
    ECDSA_P256_SHA512: P256, ECDSA_SHA512, ECDSA_P256_SHA512_ASN1;
    ECDSA_P384_SHA256: P384, ECDSA_SHA256, ECDSA_P384_SHA256_ASN1;
    ECDSA_P384_SHA384: P384, ECDSA_SHA384, ECDSA_P384_SHA384_ASN1;
    ECDSA_P384_SHA512: P384, ECDSA_SHA512, ECDSA_P384_SHA512_ASN1;
    ECDSA_P521_SHA256: P521, ECDSA_SHA256, ECDSA_P521_SHA256_ASN1;
    ECDSA_P521_SHA384: P521, ECDSA_SHA384, ECDSA_P521_SHA384_ASN1;
    ECDSA_P521_SHA512: P521, ECDSA_SHA512, ECDSA_P521_SHA512_ASN1;
    ED25519: Key::Raw(alg_id::ED25519, 32), ED25519, ED25519;
    RSA_PSS_SHA256: Key::Rsa, RSA_PSS_SHA256, RSA_PSS_2048_8192_SHA256;
    RSA_PSS_SHA384: Key::Rsa, RSA_PSS_SHA384, RSA_PSS_2048_8192_SHA384;
    RSA_PSS_SHA512: Key::Rsa, RSA_PSS_SHA512, RSA_PSS_2048_8192_SHA512;
    RSA_PKCS1_SHA256: Key::Rsa, RSA_PKCS1_SHA256, RSA_PKCS1_2048_8192_SHA256;
    RSA_PKCS1_SHA384: Key::Rsa, RSA_PKCS1_SHA384, RSA_PKCS1_2048_8192_SHA384;
    RSA_PKCS1_SHA512: Key::Rsa, RSA_PKCS1_SHA512, RSA_PKCS1_2048_8192_SHA512;
    ML_DSA_44: Key::Raw(alg_id::ML_DSA_44, 1312), ML_DSA_44, ML_DSA_44;
    ML_DSA_65: Key::Raw(alg_id::ML_DSA_65, 1952), ML_DSA_65, ML_DSA_65;
    ML_DSA_87: Key::Raw(alg_id::ML_DSA_87, 2592), ML_DSA_87, ML_DSA_87;
}
