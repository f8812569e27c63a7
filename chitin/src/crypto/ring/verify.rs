//! Signature verification.

use crate::crypto::WebPkiSupportedAlgorithms;
use crate::crypto::public_keys::{PublicKey, algorithms};
use crate::names::SignatureScheme;

/// Which algorithms there are, and which of them each scheme of the handshake stands for.
///
/// In the certificates of a chain either curve may go with either hash. PKCS #1 v1.5 and what is beyond the first of each entry
/// is for certificates and TLS 1.2.
pub(super) const SUPPORTED: WebPkiSupportedAlgorithms = WebPkiSupportedAlgorithms {
    all: &[
        &ECDSA_P256_SHA256,
        &ECDSA_P256_SHA384,
        &ECDSA_P384_SHA256,
        &ECDSA_P384_SHA384,
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

algorithms! {
    ring, fips: false, read: |_: &dyn ::ring::signature::VerificationAlgorithm, _: &[u8]| None;
    ECDSA_P256_SHA256: PublicKey::P256, ECDSA_SHA256, ECDSA_P256_SHA256_ASN1;
    ECDSA_P256_SHA384: PublicKey::P256, ECDSA_SHA384, ECDSA_P256_SHA384_ASN1;
    ECDSA_P384_SHA256: PublicKey::P384, ECDSA_SHA256, ECDSA_P384_SHA256_ASN1;
    ECDSA_P384_SHA384: PublicKey::P384, ECDSA_SHA384, ECDSA_P384_SHA384_ASN1;
    ED25519: PublicKey::ED25519, ED25519, ED25519;
    RSA_PSS_SHA256: PublicKey::Rsa, RSA_PSS_SHA256, RSA_PSS_2048_8192_SHA256;
    RSA_PSS_SHA384: PublicKey::Rsa, RSA_PSS_SHA384, RSA_PSS_2048_8192_SHA384;
    RSA_PSS_SHA512: PublicKey::Rsa, RSA_PSS_SHA512, RSA_PSS_2048_8192_SHA512;
    RSA_PKCS1_SHA256: PublicKey::Rsa, RSA_PKCS1_SHA256, RSA_PKCS1_2048_8192_SHA256;
    RSA_PKCS1_SHA384: PublicKey::Rsa, RSA_PKCS1_SHA384, RSA_PKCS1_2048_8192_SHA384;
    RSA_PKCS1_SHA512: PublicKey::Rsa, RSA_PKCS1_SHA512, RSA_PKCS1_2048_8192_SHA512;
}
