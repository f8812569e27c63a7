//! What suites are made of in a build for FIPS: the module's own hashes, HKDF and PRF, and keys for records that see to their nonces
//! themselves.
//!
//! Elsewhere HKDF is put together from HMAC and nonces are counted by the record layer, which is faster and comes to the same
//! bytes. A FIPS module calls a service approved only if it does these things itself.

#[cfg(feature = "std")]
use alloc::boxed::Box;

mod hash;
mod kdf;
mod records;
#[cfg(test)]
#[cfg(all(feature = "tls12", feature = "std"))]
mod tests;

pub(super) use hash::{SHA256, SHA384};
pub(super) use kdf::{HKDF_SHA256, HKDF_SHA384};
#[cfg(feature = "tls12")]
pub(super) use kdf::{PRF_SHA256, PRF_SHA384};
pub(super) use records::{AES_128, AES_256};

#[cfg(feature = "std")]
use super::SharedTicketer;
use super::{cipher_suite, kx_group};
use crate::crypto::SupportedKxGroup;
use crate::crypto::suites::SupportedCipherSuite;
#[cfg(feature = "std")]
use crate::crypto::ticket::{ProducesTickets, aead::PERIOD};
#[cfg(feature = "std")]
use crate::names::GetRandomFailed;

/// Whether the module does what these parts ask of it.
pub(super) const FIPS: bool = true;

/// The cipher suites that are on by default, in order of preference: those of AES-GCM.
pub static DEFAULT_CIPHER_SUITES: &[SupportedCipherSuite] = &[
    cipher_suite::TLS13_AES_256_GCM_SHA384,
    cipher_suite::TLS13_AES_128_GCM_SHA256,
    #[cfg(feature = "tls12")]
    cipher_suite::TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384,
    #[cfg(feature = "tls12")]
    cipher_suite::TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256,
    #[cfg(feature = "tls12")]
    cipher_suite::TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384,
    #[cfg(feature = "tls12")]
    cipher_suite::TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256,
];

/// The key exchange groups that are on by default, in order of preference.
///
/// X25519 is not approved of. Behind a secret that is, any other may stand (NIST SP 800-56C revision 2, section 2), and in
/// X25519MLKEM768 that of ML-KEM comes first.
#[cfg(feature = "prefer-post-quantum")]
pub static DEFAULT_KX_GROUPS: &[&dyn SupportedKxGroup] = &[
    kx_group::X25519MLKEM768,
    kx_group::SECP256R1MLKEM768,
    kx_group::SECP256R1,
    kx_group::SECP384R1,
    kx_group::SECP521R1,
];

/// The key exchange groups that are on by default, in order of preference.
#[cfg(not(feature = "prefer-post-quantum"))]
pub static DEFAULT_KX_GROUPS: &[&dyn SupportedKxGroup] = &[
    kx_group::SECP256R1,
    kx_group::SECP384R1,
    kx_group::SECP521R1,
    kx_group::X25519MLKEM768,
    kx_group::SECP256R1MLKEM768,
];

/// Makes what `Ticketer` changes by and by: its nonces are drawn inside the module, which approves of no others.
#[cfg(feature = "std")]
pub(super) fn ticketer() -> Result<Box<dyn ProducesTickets>, GetRandomFailed> {
    Ok(Box::new(SharedTicketer::with_random_key(PERIOD * 2)?))
}
