//! Private keys.

use alloc::boxed::Box;
use alloc::sync::Arc;
use alloc::vec::Vec;

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{
    self, EcdsaKeyPair, EcdsaSigningAlgorithm, Ed25519KeyPair, KeyPair as _, PqdsaKeyPair,
    PqdsaSigningAlgorithm,
};
use pki_types::{AlgorithmIdentifier, PrivateKeyDer, PrivatePkcs8KeyDer, SubjectPublicKeyInfoDer, alg_id};

use crate::crypto::keys::{self, Claim, Key, KeyPair};
use crate::crypto::signer::{Signer, SigningKey};
use crate::error::Error;
use crate::names::{SignatureAlgorithm, SignatureScheme};

/// Loads a private key of any kind that the provider has: RSA, ECDSA, Ed25519, ML-DSA.
///
/// # Errors
/// If `der` is no key, or of another kind, or RSA of fewer than 2048 or more than 8192 bits.
pub fn any_supported_type(der: &PrivateKeyDer<'_>) -> Result<Arc<dyn SigningKey>, Error> {
    match keys::claim(der)? {
        Claim::Rsa => Ok(Arc::new(RsaSigningKey::new(der)?)),
        Claim::Ecdsa => any_ecdsa_type(der),
        Claim::Ed25519(pkcs8) => any_eddsa_type(pkcs8),
        Claim::Other(pkcs8, algorithm) => {
            let kind = ML_DSA.iter().find(|kind| kind.id.as_ref() == algorithm);
            ml_dsa(kind.ok_or_else(|| keys::refused("it is none of RSA, ECDSA, Ed25519 and ML-DSA"))?, pkcs8)
        }
    }
}

/// Loads an ECDSA key on P-256, P-384 or P-521, in PKCS #8 or SEC 1.
///
/// # Errors
/// If `der` is no such key.
pub fn any_ecdsa_type(der: &PrivateKeyDer<'_>) -> Result<Arc<dyn SigningKey>, Error> {
    for kind in &ECDSA {
        let loaded = match der {
            PrivateKeyDer::Pkcs8(pkcs8) => EcdsaKeyPair::from_pkcs8(kind.algorithm, pkcs8.secret_pkcs8_der()),
            PrivateKeyDer::Sec1(sec1) => {
                EcdsaKeyPair::from_private_key_der(kind.algorithm, sec1.secret_sec1_der())
            }
            _ => break,
        };
        if let Ok(pair) = loaded {
            let public = pair.public_key().as_ref().to_vec();
            return Ok(Arc::new(Key::new("EcdsaSigningKey", pair, kind.schemes, &kind.id, public)));
        }
    }
    Err(keys::refused("it is no ECDSA key on P-256, P-384 or P-521, or a damaged one"))
}

/// Loads an Ed25519 key, in PKCS #8 with or without the public half (RFC 8410).
///
/// # Errors
/// If `der` is no such key.
pub fn any_eddsa_type(der: &PrivatePkcs8KeyDer<'_>) -> Result<Arc<dyn SigningKey>, Error> {
    let pair = Ed25519KeyPair::from_pkcs8_maybe_unchecked(der.secret_pkcs8_der())
        .map_err(|why| keys::rejected("Ed25519", why))?;
    let public = pair.public_key().as_ref().to_vec();
    Ok(Arc::new(Key::new("Ed25519SigningKey", pair, &[SignatureScheme::ED25519], &alg_id::ED25519, public)))
}

fn ml_dsa(kind: &MlDsaKind, der: &PrivatePkcs8KeyDer<'_>) -> Result<Arc<dyn SigningKey>, Error> {
    let pair = PqdsaKeyPair::from_pkcs8(kind.algorithm, der.secret_pkcs8_der())
        .map_err(|why| keys::rejected("ML-DSA", why))?;
    let public = pair.public_key().as_ref().to_vec();
    Ok(Arc::new(Key::new("MlDsaSigningKey", pair, kind.schemes, &kind.id, public)))
}

keys::rsa_signing_key!(aws_lc_rs);

struct EcdsaKind {
    schemes: &'static [SignatureScheme],
    id: AlgorithmIdentifier,
    algorithm: &'static EcdsaSigningAlgorithm,
}

/// Each curve signs with its own hash: TLS 1.3 demands it, and TLS 1.2's other combinations are not needed.
static ECDSA: [EcdsaKind; 3] = [
    EcdsaKind {
        schemes: &[SignatureScheme::ECDSA_NISTP256_SHA256],
        id: alg_id::ECDSA_P256,
        algorithm: &signature::ECDSA_P256_SHA256_ASN1_SIGNING,
    },
    EcdsaKind {
        schemes: &[SignatureScheme::ECDSA_NISTP384_SHA384],
        id: alg_id::ECDSA_P384,
        algorithm: &signature::ECDSA_P384_SHA384_ASN1_SIGNING,
    },
    EcdsaKind {
        schemes: &[SignatureScheme::ECDSA_NISTP521_SHA512],
        id: alg_id::ECDSA_P521,
        algorithm: &signature::ECDSA_P521_SHA512_ASN1_SIGNING,
    },
];

struct MlDsaKind {
    schemes: &'static [SignatureScheme],
    id: AlgorithmIdentifier,
    algorithm: &'static PqdsaSigningAlgorithm,
}

static ML_DSA: [MlDsaKind; 3] = [
    MlDsaKind {
        schemes: &[SignatureScheme::ML_DSA_44],
        id: alg_id::ML_DSA_44,
        algorithm: &signature::ML_DSA_44_SIGNING,
    },
    MlDsaKind {
        schemes: &[SignatureScheme::ML_DSA_65],
        id: alg_id::ML_DSA_65,
        algorithm: &signature::ML_DSA_65_SIGNING,
    },
    MlDsaKind {
        schemes: &[SignatureScheme::ML_DSA_87],
        id: alg_id::ML_DSA_87,
        algorithm: &signature::ML_DSA_87_SIGNING,
    },
];

impl KeyPair for EcdsaKeyPair {
    fn sign(&self, _: SignatureScheme, message: &[u8]) -> Option<Vec<u8>> {
        EcdsaKeyPair::sign(self, &SystemRandom::new(), message).map(|made| made.as_ref().to_vec()).ok()
    }
}

impl KeyPair for Ed25519KeyPair {
    fn sign(&self, _: SignatureScheme, message: &[u8]) -> Option<Vec<u8>> {
        self.try_sign(message).map(|made| made.as_ref().to_vec()).ok()
    }
}

impl KeyPair for PqdsaKeyPair {
    fn sign(&self, _: SignatureScheme, message: &[u8]) -> Option<Vec<u8>> {
        let mut signature = alloc::vec![0; self.algorithm().signature_len()];
        let len = PqdsaKeyPair::sign(self, message, &mut signature).ok()?;
        signature.truncate(len);
        Some(signature)
    }
}
