//! Which provider a process takes that was given none. What is compiled in decides, so each set of features is a run of its own:
//! the stage `features` has them. 0.23 panics with two providers; here `aws_lc_rs` is taken.
#![cfg(feature = "std")]

use std::panic::catch_unwind;
use std::sync::Arc;

use rustls::client::WebPkiServerVerifier;
use rustls::crypto::CryptoProvider;
use rustls::server::WebPkiClientVerifier;
use rustls::{ClientConfig, RootCertStore, ServerConfig};

/// Everything that takes the provider of the process where none is named. Says whether none of it panics.
fn builders_work() -> bool {
    let roots = || Arc::new(RootCertStore { roots: Vec::new() });
    let server = catch_unwind(|| drop(ServerConfig::builder())).is_ok();
    let client = catch_unwind(|| drop(ClientConfig::builder())).is_ok();
    let versions =
        catch_unwind(|| drop(ClientConfig::builder_with_protocol_versions(&[&rustls::version::TLS13])));
    let verifiers = catch_unwind(|| {
        drop(WebPkiServerVerifier::builder(roots()));
        drop(WebPkiClientVerifier::builder(roots()));
    });
    let all = [server, client, versions.is_ok(), verifiers.is_ok()];
    assert!(all == [true; 4] || all == [false; 4], "some builders panic: {all:?}");
    server
}

/// By the name of its source of randomness, as it is printed.
fn is_of(provider: &CryptoProvider, name: &str) -> bool {
    format!("{:?}", provider.secure_random).contains(name)
}

// One test, because the process has one default.
#[test]
fn a_process_takes_what_is_compiled_in() {
    assert!(CryptoProvider::get_default().is_none(), "nobody has installed one");

    let compiled_in = cfg!(any(feature = "aws_lc_rs", feature = "ring"));
    let implicit = compiled_in && !cfg!(feature = "custom-provider");
    assert_eq!(builders_work(), implicit);
    assert_eq!(CryptoProvider::get_default().is_some(), implicit);

    if implicit {
        let name = if cfg!(feature = "aws_lc_rs") { "AwsLcRs" } else { "Ring" };
        let taken = CryptoProvider::get_default().unwrap();
        assert!(is_of(taken, name), "{taken:?} is not {name}");
        let made =
            ClientConfig::builder().with_root_certificates(RootCertStore::empty()).with_no_client_auth();
        assert!(Arc::ptr_eq(taken, made.crypto_provider()));
    }

    #[cfg(feature = "ring")]
    {
        let refused = rustls::crypto::ring::default_provider().install_default();
        assert_eq!(refused.is_err(), implicit, "a default that was taken stays");
        if let Err(back) = refused {
            assert!(is_of(&back, "Ring"));
        }
        assert!(builders_work());
        let expected = if implicit && cfg!(feature = "aws_lc_rs") { "AwsLcRs" } else { "Ring" };
        assert!(is_of(CryptoProvider::get_default().unwrap(), expected));
    }
}
