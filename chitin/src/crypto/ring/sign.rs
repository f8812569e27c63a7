//! Private keys.

use alloc::boxed::Box;
use alloc::sync::Arc;
use alloc::vec::Vec;

use ::ring::rand::SystemRandom;
use ::ring::signature::{self, EcdsaKeyPair, EcdsaSigningAlgorithm, Ed25519KeyPair, KeyPair as _};
use pki_types::{AlgorithmIdentifier, PrivateKeyDer, PrivatePkcs8KeyDer, SubjectPublicKeyInfoDer, alg_id};

use crate::crypto::keys::{self, Claim, Key, KeyPair};
use crate::crypto::signer::{Signer, SigningKey};
use crate::error::Error;
use crate::names::{SignatureAlgorithm, SignatureScheme};

/// Loads a private key of any kind that the provider has: RSA, ECDSA, Ed25519.
///
/// # Errors
/// If `der` is no key, or of another kind, or RSA of fewer than 2048 or more than 8192 bits.
pub fn any_supported_type(der: &PrivateKeyDer<'_>) -> Result<Arc<dyn SigningKey>, Error> {
    match keys::claim(der)? {
        Claim::Rsa => Ok(Arc::new(RsaSigningKey::new(der)?)),
        Claim::Ecdsa => any_ecdsa_type(der),
        Claim::Ed25519(pkcs8) => any_eddsa_type(pkcs8),
        Claim::Other(..) => Err(keys::refused("it is none of RSA, ECDSA and Ed25519")),
    }
}

/// Loads an ECDSA key on P-256 or P-384, in PKCS #8 or SEC 1, with its public half.
///
/// # Errors
/// If `der` is no such key.
pub fn any_ecdsa_type(der: &PrivateKeyDer<'_>) -> Result<Arc<dyn SigningKey>, Error> {
    for kind in &ECDSA {
        let loaded = match der {
            PrivateKeyDer::Pkcs8(pkcs8) => kind.load(pkcs8.secret_pkcs8_der()),
            PrivateKeyDer::Sec1(sec1) => kind.load(&keys::in_pkcs8(&kind.id, sec1.secret_sec1_der())),
            _ => break,
        };
        if let Some(pair) = loaded {
            let public = pair.public_key().as_ref().to_vec();
            return Ok(Arc::new(Key::new("EcdsaSigningKey", pair, kind.schemes, &kind.id, public)));
        }
    }
    Err(keys::refused("it is no ECDSA key on P-256 or P-384 with its public half, or a damaged one"))
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

keys::rsa_signing_key!(ring);

struct EcdsaKind {
    schemes: &'static [SignatureScheme],
    id: AlgorithmIdentifier,
    algorithm: &'static EcdsaSigningAlgorithm,
}

impl EcdsaKind {
    fn load(&self, pkcs8: &[u8]) -> Option<EcdsaKeyPair> {
        EcdsaKeyPair::from_pkcs8(self.algorithm, pkcs8, &SystemRandom::new()).ok()
    }
}

/// Each curve signs with its own hash: TLS 1.3 demands it, and TLS 1.2's other combinations are not needed.
static ECDSA: [EcdsaKind; 2] = [
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
];

impl KeyPair for EcdsaKeyPair {
    fn sign(&self, _: SignatureScheme, message: &[u8]) -> Option<Vec<u8>> {
        EcdsaKeyPair::sign(self, &SystemRandom::new(), message).map(|made| made.as_ref().to_vec()).ok()
    }
}

impl KeyPair for Ed25519KeyPair {
    fn sign(&self, _: SignatureScheme, message: &[u8]) -> Option<Vec<u8>> {
        Some(Ed25519KeyPair::sign(self, message).as_ref().to_vec())
    }
}
