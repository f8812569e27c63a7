//! The provider that the tests run under, where they do not name one: `CHITIN_TEST_PROVIDER` says which, by default
//! `aws_lc_rs`. What a provider lacks is in `docs/providers.md`, and `cargo xtask test` leaves the tests out that need it.

use std::sync::{Arc, LazyLock};

use chitin::crypto::{CryptoProvider, SupportedKxGroup, aws_lc_rs, ring};
use chitin::pki_types::PrivateKeyDer;
use chitin::server::ProducesTickets;
use chitin::sign::SigningKey;
use chitin::{Error, SupportedCipherSuite};

/// A provider, with what is not on by default.
struct Provided {
    default: fn() -> CryptoProvider,
    suites: &'static [SupportedCipherSuite],
    groups: &'static [&'static dyn SupportedKxGroup],
    ticketer: fn() -> Result<Arc<dyn ProducesTickets>, Error>,
}

static PROVIDED: LazyLock<Provided> = LazyLock::new(|| {
    let name = std::env::var("CHITIN_TEST_PROVIDER");
    match name.as_deref().unwrap_or("aws_lc_rs") {
        "aws_lc_rs" => Provided {
            default: aws_lc_rs::default_provider,
            suites: aws_lc_rs::ALL_CIPHER_SUITES,
            groups: aws_lc_rs::ALL_KX_GROUPS,
            ticketer: aws_lc_rs::Ticketer::new,
        },
        "ring" => Provided {
            default: ring::default_provider,
            suites: ring::ALL_CIPHER_SUITES,
            groups: ring::ALL_KX_GROUPS,
            ticketer: ring::Ticketer::new,
        },
        #[cfg(feature = "graviola")]
        "graviola" => Provided {
            default: chitin_graviola::default_provider,
            suites: chitin_graviola::ALL_CIPHER_SUITES,
            groups: chitin_graviola::ALL_KX_GROUPS,
            ticketer: chitin_graviola::ticketer,
        },
        other => panic!("CHITIN_TEST_PROVIDER is {other:?}, and there is no such provider"),
    }
});

/// The provider as it comes.
pub fn default_provider() -> CryptoProvider {
    (PROVIDED.default)()
}

/// All its suites.
pub fn all_cipher_suites() -> &'static [SupportedCipherSuite] {
    PROVIDED.suites
}

/// All its groups.
pub fn all_kx_groups() -> &'static [&'static dyn SupportedKxGroup] {
    PROVIDED.groups
}

/// A ticketer of its own.
///
/// # Panics
///
/// Without randomness or a clock.
pub fn ticketer() -> Arc<dyn ProducesTickets> {
    (PROVIDED.ticketer)().unwrap()
}

/// Loads a private key.
///
/// # Errors
///
/// If it is none of the provider's kinds.
pub fn load(key: &PrivateKeyDer<'_>) -> Result<Arc<dyn SigningKey>, Error> {
    default_provider().key_provider.load_private_key(key.clone_key())
}
