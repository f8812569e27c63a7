//! The provider over [ring](https://docs.rs/ring): an adapter that brings primitives and nothing else.
//!
//! Hash functions and HMAC come from the crates `sha2` and `hmac`.
//!
//! Of what `aws_lc_rs` has, ring lacks P-521, the hybrids with ML-KEM, ML-DSA, and SHA-512 with ECDSA. It encrypts and decrypts in
//! place only: so whatever is sent or received is copied first, to where it is wanted, without anything being allocated.

use alloc::sync::Arc;

use ::ring::rand::{SecureRandom as _, SystemRandom};
use pki_types::PrivateKeyDer;

use super::signer::SigningKey;
use super::suites::SupportedCipherSuite;
use super::{CryptoProvider, KeyProvider, SecureRandom, SupportedKxGroup};
use crate::error::Error;
use crate::names::GetRandomFailed;

mod aead;
mod kx;
pub mod sign;
#[cfg(feature = "std")]
mod ticketer;
mod verify;

pub use aead::{ALL_CIPHER_SUITES, cipher_suite};
#[cfg(feature = "std")]
pub use ticketer::Ticketer;

/// The provider with everything on that is on by default.
pub fn default_provider() -> CryptoProvider {
    CryptoProvider {
        cipher_suites: DEFAULT_CIPHER_SUITES.to_vec(),
        kx_groups: DEFAULT_KX_GROUPS.to_vec(),
        signature_verification_algorithms: verify::SUPPORTED,
        secure_random: &Ring,
        key_provider: &Ring,
    }
}

/// The cipher suites that are on by default, in order of preference.
pub static DEFAULT_CIPHER_SUITES: &[SupportedCipherSuite] = ALL_CIPHER_SUITES;

/// The key exchange groups that are on by default, in order of preference.
pub static DEFAULT_KX_GROUPS: &[&dyn SupportedKxGroup] = ALL_KX_GROUPS;

/// All key exchange groups.
pub static ALL_KX_GROUPS: &[&dyn SupportedKxGroup] =
    &[kx_group::X25519, kx_group::SECP256R1, kx_group::SECP384R1];

/// The key exchange groups, one by one.
pub mod kx_group {
    pub use super::kx::{SECP256R1, SECP384R1, X25519};
}

/// Randomness and keys.
#[derive(Debug)]
struct Ring;

impl SecureRandom for Ring {
    fn fill(&self, buf: &mut [u8]) -> Result<(), GetRandomFailed> {
        SystemRandom::new().fill(buf).map_err(|_| GetRandomFailed)
    }
}

impl KeyProvider for Ring {
    fn load_private_key(&self, key_der: PrivateKeyDer<'static>) -> Result<Arc<dyn SigningKey>, Error> {
        sign::any_supported_type(&key_der)
    }
}
