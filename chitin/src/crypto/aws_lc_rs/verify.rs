//! Signature verification.

use alloc::boxed::Box;

use aws_lc_rs::signature::{ParsedPublicKey, VerificationAlgorithm};
#[cfg(feature = "std")]
use pki_types::SignatureVerificationAlgorithm;
use pki_types::alg_id;

use crate::crypto::WebPkiSupportedAlgorithms;
#[cfg(feature = "std")]
use crate::crypto::public_keys::Algorithm;
use crate::crypto::public_keys::{PublicKey, ReadKey, algorithms};
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

algorithms! {
    aws_lc_rs, fips: super::FIPS, read: read;
    ECDSA_P256_SHA256: PublicKey::P256, ECDSA_SHA256, ECDSA_P256_SHA256_ASN1;
    ECDSA_P256_SHA384: PublicKey::P256, ECDSA_SHA384, ECDSA_P256_SHA384_ASN1;
    ECDSA_P256_SHA512: PublicKey::P256, ECDSA_SHA512, ECDSA_P256_SHA512_ASN1;
    ECDSA_P384_SHA256: PublicKey::P384, ECDSA_SHA256, ECDSA_P384_SHA256_ASN1;
    ECDSA_P384_SHA384: PublicKey::P384, ECDSA_SHA384, ECDSA_P384_SHA384_ASN1;
    ECDSA_P384_SHA512: PublicKey::P384, ECDSA_SHA512, ECDSA_P384_SHA512_ASN1;
    ECDSA_P521_SHA256: PublicKey::P521, ECDSA_SHA256, ECDSA_P521_SHA256_ASN1;
    ECDSA_P521_SHA384: PublicKey::P521, ECDSA_SHA384, ECDSA_P521_SHA384_ASN1;
    ECDSA_P521_SHA512: PublicKey::P521, ECDSA_SHA512, ECDSA_P521_SHA512_ASN1;
    ED25519: PublicKey::ED25519, ED25519, ED25519;
    RSA_PSS_SHA256: PublicKey::Rsa, RSA_PSS_SHA256, RSA_PSS_2048_8192_SHA256;
    RSA_PSS_SHA384: PublicKey::Rsa, RSA_PSS_SHA384, RSA_PSS_2048_8192_SHA384;
    RSA_PSS_SHA512: PublicKey::Rsa, RSA_PSS_SHA512, RSA_PSS_2048_8192_SHA512;
    RSA_PKCS1_SHA256: PublicKey::Rsa, RSA_PKCS1_SHA256, RSA_PKCS1_2048_8192_SHA256;
    RSA_PKCS1_SHA384: PublicKey::Rsa, RSA_PKCS1_SHA384, RSA_PKCS1_2048_8192_SHA384;
    RSA_PKCS1_SHA512: PublicKey::Rsa, RSA_PKCS1_SHA512, RSA_PKCS1_2048_8192_SHA512;
    ML_DSA_44: PublicKey::Raw(alg_id::ML_DSA_44, 1312), ML_DSA_44, ML_DSA_44;
    ML_DSA_65: PublicKey::Raw(alg_id::ML_DSA_65, 1952), ML_DSA_65, ML_DSA_65;
    ML_DSA_87: PublicKey::Raw(alg_id::ML_DSA_87, 2592), ML_DSA_87, ML_DSA_87;
}

/// The algorithm that this is, if it is one of ours.
#[cfg(feature = "std")]
pub(in crate::crypto) fn known(algorithm: &dyn SignatureVerificationAlgorithm) -> Option<&'static Algorithm> {
    ALL.iter().copied().find(|ours| ours.is(algorithm))
}

fn read(algorithm: &'static dyn VerificationAlgorithm, key: &[u8]) -> Option<Box<dyn ReadKey>> {
    Some(Box::new(ParsedPublicKey::new(algorithm, key).ok()?))
}

impl ReadKey for ParsedPublicKey {
    fn verify(&self, message: &[u8], signature: &[u8]) -> bool {
        self.verify_sig(message, signature).is_ok()
    }
}
