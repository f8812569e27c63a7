//! The provider over [aws-lc-rs](https://docs.rs/aws-lc-rs): an adapter that brings primitives and nothing else.
//!
//! Hash functions and HMAC of its suites come from the crates `sha2` and `hmac`, which are faster with the few bytes of a handshake; not with
//! the feature `fips`.
//!
//! With the feature `fips` it is the library's FIPS module, and what that does not approve of is off by default.

use alloc::sync::Arc;

use aws_lc_rs::rand;
use pki_types::PrivateKeyDer;

use super::signer::SigningKey;
use super::{CryptoProvider, KeyProvider, SecureRandom, SupportedKxGroup};
use crate::error::Error;
use crate::names::GetRandomFailed;

mod aead;
#[cfg(any(feature = "fips", test))]
#[cfg_attr(not(feature = "fips"), allow(dead_code, reason = "a test holds each part against the usual one"))]
mod fips;
pub mod hpke;
mod kx;
#[cfg(feature = "std")]
mod shared_ticketer;
pub mod sign;
#[cfg(feature = "std")]
mod ticketer;
#[cfg(any(not(feature = "fips"), test))]
#[cfg_attr(feature = "fips", allow(dead_code, reason = "a test holds each part against that of FIPS"))]
mod usual;
mod verify;

#[cfg(feature = "fips")]
use fips as parts;
use parts::FIPS;
#[cfg(not(feature = "fips"))]
use usual as parts;

pub use aead::{ALL_CIPHER_SUITES, cipher_suite};
pub use parts::{DEFAULT_CIPHER_SUITES, DEFAULT_KX_GROUPS};
#[cfg(feature = "std")]
pub use shared_ticketer::SharedTicketer;
#[cfg(feature = "std")]
pub use ticketer::Ticketer;
#[cfg(feature = "std")]
pub(in crate::crypto) use verify::known;

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

/// Randomness and keys.
#[derive(Debug)]
struct AwsLcRs;

impl SecureRandom for AwsLcRs {
    fn fill(&self, buf: &mut [u8]) -> Result<(), GetRandomFailed> {
        rand::fill(buf).map_err(|_| GetRandomFailed)
    }

    fn fips(&self) -> bool {
        approved()
    }
}

impl KeyProvider for AwsLcRs {
    fn load_private_key(&self, key_der: PrivateKeyDer<'static>) -> Result<Arc<dyn SigningKey>, Error> {
        sign::any_supported_type(&key_der)
    }

    fn fips(&self) -> bool {
        approved()
    }
}

/// Whether we were built for the module and it says that it runs as one.
fn approved() -> bool {
    FIPS && aws_lc_rs::try_fips_mode().is_ok()
}
