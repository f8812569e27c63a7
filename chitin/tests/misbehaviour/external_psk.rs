//! External pre-shared keys: what peers make of them. RFC 8446 section 4.2.11.

use std::sync::Arc;

use chitin::crypto::hash::HashAlgorithm;
use chitin::psk::{ExternalPsk, PskList};
use chitin::version::TLS13;
use chitin::{ClientConfig, PeerIncompatible as Lacks};
use testkit::hello::{edit_hello, sized16};
use testkit::pair::Side;

use crate::bench::{Bench, Told, provider, server};

const SIGNATURE_ALGORITHMS: u16 = 13;

/// A client that trusts a key and nothing else.
fn client() -> ClientConfig {
    let key = ExternalPsk::imported(b"sensor", &[7; 32], HashAlgorithm::SHA256, b"").unwrap();
    ClientConfig::builder_with_provider(provider())
        .with_protocol_versions(&[&TLS13])
        .unwrap()
        .with_external_psks(Arc::new(PskList::from(vec![key])))
}

/// The server is made to believe that the client wants a certificate.
fn shows_a_certificate(b: &Bench) -> Told {
    let wants = edit_hello(0, |hello| hello.add(SIGNATURE_ALGORITHMS, &sized16(&[4, 3])));
    b.fail(b.pair(client(), server(provider())).tamper(Side::Client, wants))
}

cases! {
    a_certificate_where_a_key_is_required = Lacks::ServerTakesNoExternalPsk, |b| shows_a_certificate(b);
}
