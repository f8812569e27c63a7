//! Timestamps that a server may not send so. RFC 6962 section 3.3: a list with something in it, of SCTs that are not empty.

use chitin::version::{TLS12, TLS13};
use chitin::{ClientConfig, Error, NamedGroup, ServerConfig, SupportedProtocolVersion};
use testkit::configs::{ClientOpts, client_config};
use testkit::hello::{edit_hello_in_flight, sized16};
use testkit::liar::Liar;
use testkit::pair::Side;

use crate::bench::errors::{Bad, Wrong};
use crate::bench::{Bench, Told, certificate_body, extension, provider, server, world};

const SCT: u16 = 18;

fn asking(version: &'static SupportedProtocolVersion) -> ClientConfig {
    let groups = vec![NamedGroup::X25519, NamedGroup::secp256r1];
    let opts = ClientOpts { versions: vec![version], groups, scts: true, ..ClientOpts::default() };
    client_config(world().root.store(), &opts)
}

/// The leaf comes with this block of extensions, and so does the certificate behind it.
fn shows(b: &Bench, client: ClientConfig, leaf: Vec<u8>, issuer: Vec<u8>) -> Told {
    let liar = Liar::new();
    liar.edit(11, move |body| {
        *body =
            certificate_body(&[], &[(&world().server.chain[0], &leaf), (&world().server.chain[1], &issuer)]);
    });
    let server = server(liar.provider(&provider()));
    b.fail(b.pair(client, server).tamper(Side::Server, liar.tamper()))
}

fn server12() -> ServerConfig {
    let identity = &world().server;
    ServerConfig::builder_with_provider(provider())
        .with_protocol_versions(&[&TLS12])
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(identity.chain.clone(), identity.key.clone_key())
        .unwrap()
}

/// The ServerHello of TLS 1.2 has this list.
fn says(b: &Bench, list: fn() -> Vec<u8>) -> Told {
    let tamper = edit_hello_in_flight(2, move |hello| hello.add(SCT, &list()));
    b.fail(b.pair(asking(&TLS12), server12()).tamper(Side::Server, tamper))
}

/// RFC 6962 section 3.3.
fn list(scts: &[&[u8]]) -> Vec<u8> {
    sized16(&scts.iter().flat_map(|sct| sized16(sct)).collect::<Vec<_>>())
}

fn scts(of: &[&[u8]]) -> Vec<u8> {
    extension(SCT, &list(of))
}

cases! {
    // Those that nobody asked for are in `encrypted.rs`.
    a_list_without_timestamps = like!(Error::InvalidMessage(Bad::IllegalEmptyList(_))), |b| {
        shows(b, asking(&TLS13), scts(&[]), vec![])
    };
    an_empty_timestamp = like!(Error::InvalidMessage(Bad::IllegalEmptyList(_))), |b| {
        shows(b, asking(&TLS13), scts(&[b"sct", b""]), vec![])
    };
    half_a_timestamp = like!(Error::InvalidMessage(Bad::MissingData(_))), |b| {
        shows(b, asking(&TLS13), extension(SCT, &[0, 4, 0, 3, 1, 2]), vec![])
    };
    a_byte_behind_the_timestamps = like!(Error::InvalidMessage(Bad::TrailingData(_))), |b| {
        shows(b, asking(&TLS13), extension(SCT, &[0, 3, 0, 1, 7, 0]), vec![])
    };
    /// It is not looked at there, but it is wrong all the same.
    an_empty_timestamp_of_an_issuer = like!(Error::InvalidMessage(Bad::IllegalEmptyList(_))), |b| {
        shows(b, asking(&TLS13), scts(&[b"sct"]), scts(&[b""]))
    };

    timestamps_of_tls12_that_nobody_asked_for = Wrong::UnsolicitedServerHelloExtension, |b| {
        let mut client = asking(&TLS12);
        client.dangerous().set_certificate_verifier(chitin::client::WebPkiServerVerifier::builder_with_provider(
            world().root.store().into(), provider(),
        ).build().unwrap());
        let tamper = edit_hello_in_flight(2, |hello| hello.add(SCT, &list(&[b"sct"])));
        b.fail(b.pair(client, server12()).tamper(Side::Server, tamper))
    };
    a_list_of_tls12_without_timestamps = like!(Error::InvalidMessage(Bad::IllegalEmptyList(_))), |b| says(b, || list(&[]));
    an_empty_timestamp_of_tls12 = like!(Error::InvalidMessage(Bad::IllegalEmptyList(_))), |b| says(b, || list(&[b"sct", b""]));
}
