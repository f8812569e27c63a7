//! Signature verification.

use std::fmt;

use chitin::SignatureScheme;
use chitin::crypto::WebPkiSupportedAlgorithms;
use chitin::pki_types::{AlgorithmIdentifier, InvalidSignature, SignatureVerificationAlgorithm, alg_id};
use graviola::Error;
use graviola::hashing::{Hash, Sha256, Sha384, Sha512};
use graviola::signing::ecdsa::{self, Curve, P256, P384};
use graviola::signing::eddsa::Ed25519VerifyingKey;
use graviola::signing::rsa;

/// Which algorithms there are, and which of them each scheme of the handshake stands for.
///
/// In the certificates of a chain either curve may go with any hash. PKCS #1 v1.5 and what is beyond the first of each entry
/// is for certificates and TLS 1.2.
pub(crate) const SUPPORTED: WebPkiSupportedAlgorithms = WebPkiSupportedAlgorithms {
    all: &[
        &ECDSA_P256_SHA256,
        &ECDSA_P256_SHA384,
        &ECDSA_P256_SHA512,
        &ECDSA_P384_SHA256,
        &ECDSA_P384_SHA384,
        &ECDSA_P384_SHA512,
        &ED25519,
        &RSA_PSS_SHA256,
        &RSA_PSS_SHA384,
        &RSA_PSS_SHA512,
        &RSA_PKCS1_SHA256,
        &RSA_PKCS1_SHA384,
        &RSA_PKCS1_SHA512,
    ],
    mapping: &[
        (SignatureScheme::ECDSA_NISTP256_SHA256, &[&ECDSA_P256_SHA256, &ECDSA_P384_SHA256]),
        (SignatureScheme::ECDSA_NISTP384_SHA384, &[&ECDSA_P384_SHA384, &ECDSA_P256_SHA384]),
        (SignatureScheme::ED25519, &[&ED25519]),
        (SignatureScheme::RSA_PSS_SHA256, &[&RSA_PSS_SHA256]),
        (SignatureScheme::RSA_PSS_SHA384, &[&RSA_PSS_SHA384]),
        (SignatureScheme::RSA_PSS_SHA512, &[&RSA_PSS_SHA512]),
        (SignatureScheme::RSA_PKCS1_SHA256, &[&RSA_PKCS1_SHA256]),
        (SignatureScheme::RSA_PKCS1_SHA384, &[&RSA_PKCS1_SHA384]),
        (SignatureScheme::RSA_PKCS1_SHA512, &[&RSA_PKCS1_SHA512]),
    ],
};

struct Algorithm {
    name: &'static str,
    key_id: AlgorithmIdentifier,
    signature_id: AlgorithmIdentifier,
    /// Takes key, message and signature. What a key may look like is graviola's to say: a point is 4 and both coordinates, and a
    /// modulus of RSA has 2048 to 8192 bits.
    verify: Verify,
}

type Verify = fn(&[u8], &[u8], &[u8]) -> Result<(), Error>;

impl SignatureVerificationAlgorithm for Algorithm {
    fn verify_signature(&self, key: &[u8], message: &[u8], signature: &[u8]) -> Result<(), InvalidSignature> {
        (self.verify)(key, message, signature).map_err(|_| InvalidSignature)
    }

    fn public_key_alg_id(&self) -> AlgorithmIdentifier {
        self.key_id
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

fn ecdsa<C: Curve, H: Hash>(key: &[u8], message: &[u8], signature: &[u8]) -> Result<(), Error> {
    ecdsa::VerifyingKey::<C>::from_x962_uncompressed(key)?.verify_asn1::<H>(&[message], signature)
}

macro_rules! rsa {
    ($method:ident) => {
        |key, message, signature| rsa::VerifyingKey::from_pkcs1_der(key)?.$method(signature, message)
    };
}

macro_rules! algorithms {
    ($($name:ident: $key:ident, $signature:ident, $verify:expr;)*) => {
        $(
            static $name: Algorithm = Algorithm {
                name: stringify!($name),
                key_id: alg_id::$key,
                signature_id: alg_id::$signature,
                verify: $verify,
            };
        )*
    };
}

algorithms! {
    ECDSA_P256_SHA256: ECDSA_P256, ECDSA_SHA256, ecdsa::<P256, Sha256>;
    ECDSA_P256_SHA384: ECDSA_P256, ECDSA_SHA384, ecdsa::<P256, Sha384>;
    ECDSA_P256_SHA512: ECDSA_P256, ECDSA_SHA512, ecdsa::<P256, Sha512>;
    ECDSA_P384_SHA256: ECDSA_P384, ECDSA_SHA256, ecdsa::<P384, Sha256>;
    ECDSA_P384_SHA384: ECDSA_P384, ECDSA_SHA384, ecdsa::<P384, Sha384>;
    ECDSA_P384_SHA512: ECDSA_P384, ECDSA_SHA512, ecdsa::<P384, Sha512>;
    ED25519: ED25519, ED25519,
        |key, message, signature| Ed25519VerifyingKey::from_bytes(key)?.verify(signature, message);
    RSA_PSS_SHA256: RSA_ENCRYPTION, RSA_PSS_SHA256, rsa!(verify_pss_sha256);
    RSA_PSS_SHA384: RSA_ENCRYPTION, RSA_PSS_SHA384, rsa!(verify_pss_sha384);
    RSA_PSS_SHA512: RSA_ENCRYPTION, RSA_PSS_SHA512, rsa!(verify_pss_sha512);
    RSA_PKCS1_SHA256: RSA_ENCRYPTION, RSA_PKCS1_SHA256, rsa!(verify_pkcs1_sha256);
    RSA_PKCS1_SHA384: RSA_ENCRYPTION, RSA_PKCS1_SHA384, rsa!(verify_pkcs1_sha384);
    RSA_PKCS1_SHA512: RSA_ENCRYPTION, RSA_PKCS1_SHA512, rsa!(verify_pkcs1_sha512);
}
