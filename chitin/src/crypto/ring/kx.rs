//! Key exchange: Diffie-Hellman on curves.

use ::ring::agreement::{self, EphemeralPrivateKey, PublicKey, UnparsedPublicKey};
use ::ring::rand::SystemRandom;

use crate::crypto::ecdh::{Curve, Ecdh, EcdhKey};
use crate::crypto::{SharedSecret, SupportedKxGroup};

/// X25519 (RFC 7748).
pub static X25519: &dyn SupportedKxGroup =
    &Ecdh { curve: Curve::X25519, generate: || EcdhPair::generate(&agreement::X25519), fips: false };

/// ECDH over P-256 (RFC 8446 section 4.2.8.2).
pub static SECP256R1: &dyn SupportedKxGroup =
    &Ecdh { curve: Curve::P256, generate: || EcdhPair::generate(&agreement::ECDH_P256), fips: false };

/// ECDH over P-384 (RFC 8446 section 4.2.8.2).
pub static SECP384R1: &dyn SupportedKxGroup =
    &Ecdh { curve: Curve::P384, generate: || EcdhPair::generate(&agreement::ECDH_P384), fips: false };

struct EcdhPair {
    key: EphemeralPrivateKey,
    public: PublicKey,
}

impl EcdhPair {
    fn generate(algorithm: &'static agreement::Algorithm) -> Option<Self> {
        let key = EphemeralPrivateKey::generate(algorithm, &SystemRandom::new()).ok()?;
        let public = key.compute_public_key().ok()?;
        Some(Self { key, public })
    }
}

impl EcdhKey for EcdhPair {
    fn agree(self, share: &[u8]) -> Option<SharedSecret> {
        let peer = UnparsedPublicKey::new(self.key.algorithm(), share);
        agreement::agree_ephemeral(self.key, &peer, |secret| SharedSecret::from(secret)).ok()
    }

    fn share(&self) -> &[u8] {
        self.public.as_ref()
    }
}
