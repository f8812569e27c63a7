#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]
#![warn(missing_docs, clippy::missing_errors_doc)]
#![warn(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::unreachable,
    clippy::indexing_slicing
)]

mod aead;
mod hash;
mod kx;
mod sign;
mod suites;
mod verify;

use std::sync::Arc;

use chitin::Error;
use chitin::crypto::aead::AeadTicketer;
use chitin::crypto::{CryptoProvider, GetRandomFailed, KeyProvider, SecureRandom, SupportedKxGroup};
use chitin::pki_types::PrivateKeyDer;
use chitin::server::ProducesTickets;
use chitin::sign::SigningKey;
use chitin::ticketer::TicketRotator;

pub use suites::{ALL_CIPHER_SUITES, cipher_suite};

/// The provider with everything on.
pub fn default_provider() -> CryptoProvider {
    CryptoProvider {
        cipher_suites: ALL_CIPHER_SUITES.to_vec(),
        kx_groups: ALL_KX_GROUPS.to_vec(),
        signature_verification_algorithms: verify::SUPPORTED,
        secure_random: &Graviola,
        key_provider: &Graviola,
    }
}

/// Whether this processor has what graviola needs. It panics on one that has not.
pub fn is_supported() -> bool {
    graviola::util::is_cpu_supported()
}

/// All key exchange groups, in order of preference.
pub static ALL_KX_GROUPS: &[&dyn SupportedKxGroup] =
    &[kx_group::X25519MLKEM768, kx_group::X25519, kx_group::SECP256R1, kx_group::SECP384R1];

/// The key exchange groups, one by one.
pub mod kx_group {
    pub use super::kx::{SECP256R1, SECP384R1, X25519, X25519MLKEM768};
}

/// Makes a ticketer with a random key of its own, which it changes every six hours. Tickets can be opened for up to
/// twelve. They are encrypted with AES-256-GCM.
///
/// # Errors
/// If there is no randomness or no clock.
pub fn ticketer() -> Result<Arc<dyn ProducesTickets>, Error> {
    const PERIOD: u32 = 6 * 60 * 60;
    Ok(Arc::new(TicketRotator::new(PERIOD, || Ok(Box::new(AeadTicketer::new(&aead::AES_256, &Graviola)?)))?))
}

/// Randomness and keys.
#[derive(Debug)]
struct Graviola;

impl SecureRandom for Graviola {
    fn fill(&self, buf: &mut [u8]) -> Result<(), GetRandomFailed> {
        graviola::random::fill(buf).map_err(|_| GetRandomFailed)
    }
}

impl KeyProvider for Graviola {
    fn load_private_key(&self, key_der: PrivateKeyDer<'static>) -> Result<Arc<dyn SigningKey>, Error> {
        sign::load(&key_der)
    }
}
