//! External pre-shared keys: what peers make of them. RFC 8446 section 4.2.11.

use std::sync::Arc;

use chitin::crypto::CryptoProvider;
use chitin::crypto::hash::HashAlgorithm;
use chitin::psk::{ExternalPsk, PskList};
use chitin::version::TLS13;
use chitin::{ClientConfig, PeerIncompatible as Lacks, PeerMisbehaved as Wrong, ServerConfig};
use testkit::hello::{Hello, edit_hello, sized16};
use testkit::pair::Side;

use crate::bench::{self, Bench, Told, provider, retrying, server};

const SIGNATURE_ALGORITHMS: u16 = 13;
const PRE_SHARED_KEY: u16 = 41;
const PSK_KEY_EXCHANGE_MODES: u16 = 45;

fn key(name: &[u8]) -> ExternalPsk {
    ExternalPsk::imported(name, &[7; 32], HashAlgorithm::SHA256, b"").unwrap()
}

/// A client that trusts these keys and nothing else.
fn client(names: &[&[u8]]) -> ClientConfig {
    let keys: Vec<_> = names.iter().map(|name| key(name)).collect();
    ClientConfig::builder_with_provider(provider())
        .with_protocol_versions(&[&TLS13])
        .unwrap()
        .with_external_psks(Arc::new(PskList::from(keys)))
}

/// A server that knows one.
fn keyed(provider: Arc<CryptoProvider>) -> ServerConfig {
    ServerConfig::builder_with_provider(provider)
        .with_protocol_versions(&[&TLS13])
        .unwrap()
        .with_external_psks(Arc::new(PskList::from(vec![key(b"sensor")])))
}

/// The server is made to believe that the client wants a certificate.
fn shows_a_certificate(b: &Bench) -> Told {
    let wants = edit_hello(0, |hello| hello.add(SIGNATURE_ALGORITHMS, &sized16(&[4, 3])));
    b.fail(b.pair(client(&[b"sensor"]), server(provider())).tamper(Side::Client, wants))
}

/// A client with these keys, of whose hello number `nth` something is changed, and a server that wants one.
fn says(b: &Bench, names: &[&[u8]], provider: Arc<CryptoProvider>, nth: usize, edit: fn(&mut Hello)) -> Told {
    b.fail(b.pair(client(names), keyed(provider)).tamper(Side::Client, edit_hello(nth, edit)))
}

/// Takes the first identity and its binder out.
fn drop_first(hello: &mut Hello) {
    let body = hello.body(PRE_SHARED_KEY);
    let sized = |bytes: &[u8]| usize::from(u16::from_be_bytes([bytes[0], bytes[1]]));
    let (identities, binders) = body[2..].split_at(sized(body));
    let (first, binder) = (2 + sized(identities) + 4, 1 + usize::from(binders[2]));
    *body = [sized16(&identities[first..]), sized16(&binders[2 + binder..])].concat();
}

cases! {
    a_certificate_where_a_key_is_required = Lacks::ServerTakesNoExternalPsk, |b| shows_a_certificate(b);
    no_key_where_one_is_required = Lacks::NoExternalPskInCommon, |b| {
        b.fail(b.pair(bench::client(provider()), keyed(provider())))
    };
    a_key_that_nobody_knows = Lacks::UnknownExternalPsk, |b| b.fail(b.pair(client(&[b"who"]), keyed(provider())));
    keys_without_a_key_exchange = Lacks::PskKeyExchangeRequired, |b| says(b, &[b"sensor"], provider(), 0, |hello| {
        *hello.body(PSK_KEY_EXCHANGE_MODES) = vec![1, 0];
    });
    a_binder_over_something_else = Wrong::IncorrectBinder, |b| says(b, &[b"sensor"], provider(), 0, |hello| {
        hello.random[0] ^= 1;
    });
    a_key_that_is_dropped_on_retry = Wrong::ExternalPskDroppedOnRetry, |b| {
        says(b, &[b"sensor", b"other"], retrying(), 1, drop_first)
    };
}
