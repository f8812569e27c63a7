//! The provider that the tests of the floors above run under: `CHITIN_TEST_PROVIDER` says which, as it does for `testkit::provided`.

use alloc::sync::Arc;

use super::suites::SupportedCipherSuite;
use super::ticket::ProducesTickets;
use super::{CryptoProvider, SupportedKxGroup, aws_lc_rs};
use crate::error::Error;

struct Tested {
    default: fn() -> CryptoProvider,
    suites: &'static [SupportedCipherSuite],
    groups: &'static [&'static dyn SupportedKxGroup],
    ticketer: fn() -> Result<Arc<dyn ProducesTickets>, Error>,
}

fn tested() -> Tested {
    match std::env::var("CHITIN_TEST_PROVIDER").as_deref().unwrap_or("aws_lc_rs") {
        "aws_lc_rs" => Tested {
            default: aws_lc_rs::default_provider,
            suites: aws_lc_rs::ALL_CIPHER_SUITES,
            groups: aws_lc_rs::ALL_KX_GROUPS,
            ticketer: aws_lc_rs::Ticketer::new,
        },
        #[cfg(feature = "ring")]
        "ring" => Tested {
            default: super::ring::default_provider,
            suites: super::ring::ALL_CIPHER_SUITES,
            groups: super::ring::ALL_KX_GROUPS,
            ticketer: super::ring::Ticketer::new,
        },
        other => panic!("CHITIN_TEST_PROVIDER is {other:?}, and there is no such provider in here"),
    }
}

pub(crate) fn default_provider() -> CryptoProvider {
    (tested().default)()
}

pub(crate) fn all_cipher_suites() -> &'static [SupportedCipherSuite] {
    tested().suites
}

pub(crate) fn all_kx_groups() -> &'static [&'static dyn SupportedKxGroup] {
    tested().groups
}

pub(crate) fn ticketer() -> Arc<dyn ProducesTickets> {
    (tested().ticketer)().unwrap()
}
