//! The provider over [aws-lc-rs](https://docs.rs/aws-lc-rs): an adapter that brings primitives and nothing else.

use alloc::sync::Arc;

use aws_lc_rs::rand;
use pki_types::PrivateKeyDer;

use super::signer::SigningKey;
use super::suites::SupportedCipherSuite;
use super::{CryptoProvider, KeyProvider, SecureRandom, SupportedKxGroup};
use crate::error::Error;
use crate::names::GetRandomFailed;

mod aead;
mod digest;
pub mod hpke;
mod kx;
#[cfg(feature = "std")]
mod shared_ticketer;
pub mod sign;
#[cfg(feature = "std")]
mod ticketer;
mod verify;

pub use aead::{ALL_CIPHER_SUITES, cipher_suite};
#[cfg(feature = "std")]
pub use shared_ticketer::SharedTicketer;
#[cfg(feature = "std")]
pub use ticketer::Ticketer;

/// The provider with everything on that is on by default.
pub fn default_provider() -> CryptoProvider {
    CryptoProvider {
        cipher_suites: DEFAULT_CIPHER_SUITES.to_vec(),
        kx_groups: DEFAULT_KX_GROUPS.to_vec(),
        signature_verification_algorithms: verify::SUPPORTED,
        secure_random: &AwsLcRs,
        key_provider: &AwsLcRs,
    }
}

/// The cipher suites that are on by default, in order of preference.
pub static DEFAULT_CIPHER_SUITES: &[SupportedCipherSuite] = ALL_CIPHER_SUITES;

/// The key exchange groups that are on by default, in order of preference.
///
/// With the feature `prefer-post-quantum` the hybrid groups come first, else they come after all classical ones. The pure
/// KEMs are not here: who wants to rely on ML-KEM alone has to say so.
#[cfg(feature = "prefer-post-quantum")]
pub static DEFAULT_KX_GROUPS: &[&dyn SupportedKxGroup] = &[
    kx_group::X25519MLKEM768,
    kx_group::SECP256R1MLKEM768,
    kx_group::X25519,
    kx_group::SECP256R1,
    kx_group::SECP384R1,
    kx_group::SECP521R1,
];

/// The key exchange groups that are on by default, in order of preference.
#[cfg(not(feature = "prefer-post-quantum"))]
pub static DEFAULT_KX_GROUPS: &[&dyn SupportedKxGroup] = &[
    kx_group::X25519,
    kx_group::SECP256R1,
    kx_group::SECP384R1,
    kx_group::SECP521R1,
    kx_group::X25519MLKEM768,
    kx_group::SECP256R1MLKEM768,
];

/// All key exchange groups.
pub static ALL_KX_GROUPS: &[&dyn SupportedKxGroup] = &[
    kx_group::X25519MLKEM768,
    kx_group::SECP256R1MLKEM768,
    kx_group::X25519,
    kx_group::SECP256R1,
    kx_group::SECP384R1,
    kx_group::SECP521R1,
    kx_group::MLKEM768,
    kx_group::MLKEM1024,
];

/// The key exchange groups, one by one.
pub mod kx_group {
    pub use super::kx::{
        MLKEM768, MLKEM1024, SECP256R1, SECP256R1MLKEM768, SECP384R1, SECP521R1, X25519, X25519MLKEM768,
    };
}

/// Whether what has been approved is built from approved code: never, since this is not such a build.
const FIPS: bool = false;

/// Randomness and keys.
#[derive(Debug)]
struct AwsLcRs;

impl SecureRandom for AwsLcRs {
    fn fill(&self, buf: &mut [u8]) -> Result<(), GetRandomFailed> {
        rand::fill(buf).map_err(|_| GetRandomFailed)
    }
}

impl KeyProvider for AwsLcRs {
    fn load_private_key(&self, key_der: PrivateKeyDer<'static>) -> Result<Arc<dyn SigningKey>, Error> {
        sign::any_supported_type(&key_der)
    }
}
