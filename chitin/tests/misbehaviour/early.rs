//! Early data that should not be, of a server that takes it and of a client that sends it. RFC 8446 sections 4.2.10 and 4.5.

use std::sync::Arc;

use chitin::version::{TLS12, TLS13};
use chitin::{CipherSuite, ClientConfig, Error, HandshakeType, ServerConfig};
use testkit::configs;
use testkit::hello::{edit_hello, sized16};
use testkit::liar::{Liar, Say};
use testkit::pair::Side;

use crate::bench::errors::{Bad, Wrong};
use crate::bench::{Bench, Told, client, extension, provider, server, world};

const ENCRYPTED_EXTENSIONS: u8 = 8;
const END_OF_EARLY_DATA: u8 = 5;
const FINISHED: u8 = 20;
const KEY_UPDATE: u8 = 24;
const LIMIT: u32 = 1000;

fn eager(mut config: ClientConfig) -> ClientConfig {
    config.enable_early_data = true;
    config
}

fn taking(mut config: ServerConfig) -> ServerConfig {
    config.max_early_data_size = LIMIT;
    config
}

/// The client has a session of one server that takes early data, and meets another that knows the session too and says these
/// EncryptedExtensions.
fn lying_server(
    b: &Bench,
    client: ClientConfig,
    first: ServerConfig,
    mut lying: ServerConfig,
    liar: &Liar,
    block: Vec<u8>,
) -> Told {
    lying.session_storage = first.session_storage.clone();
    let (client, first) = (Arc::new(eager(client)), taking(first));
    b.pair(client.clone(), first).handshake().unwrap();
    liar.edit(ENCRYPTED_EXTENSIONS, move |body| *body = sized16(&block));
    b.fail(b.pair(client, lying).tamper(Side::Server, liar.tamper()))
}

/// What the client then says of it is under a key that this server has not.
fn unheard(mut told: Told) -> Told {
    told.silent = Some("it is under the key of early data, which this server has not accepted");
    told
}

/// The client lies under the key of early data, or under the first key that it has.
fn lying_client(b: &Bench, early: bool, lie: fn(&Liar)) -> Told {
    let liar = Liar::new();
    let mut config = client(liar.provider(&provider()));
    config.enable_early_data = early;
    let (client, server) = (Arc::new(config), Arc::new(taking(server(provider()))));
    b.pair(client.clone(), server.clone()).tamper(Side::Client, liar.tamper()).handshake().unwrap();
    lie(&liar);
    let mut pair = b.pair(client, server).tamper(Side::Client, liar.tamper());
    if let Some(mut data) = pair.client.early_data() {
        std::io::Write::write_all(&mut data, b"early").unwrap();
    }
    b.fail(pair)
}

fn another_suite(b: &Bench) -> Told {
    let (one, other) = (CipherSuite::TLS13_AES_128_GCM_SHA256, CipherSuite::TLS13_CHACHA20_POLY1305_SHA256);
    let first = server(configs::provider(&[one], &[]));
    let liar = Liar::new();
    // It has both, and its own order decides.
    let mut lying = server(liar.provider(&configs::provider(&[other, one], &[])));
    lying.ignore_client_order = true;
    unheard(lying_server(b, client(provider()), first, lying, &liar, extension(42, &[])))
}

fn another_protocol(b: &Bench) -> Told {
    let liar = Liar::new();
    let (mut client, mut first) = (client(provider()), server(provider()));
    client.alpn_protocols = vec![b"h2".to_vec(), b"h3".to_vec()];
    first.alpn_protocols = vec![b"h2".to_vec()];
    let lying = server(liar.provider(&provider()));
    let block = [extension(42, &[]), extension(16, &sized16(b"\x02h3"))].concat();
    unheard(lying_server(b, client, first, lying, &liar, block))
}

fn an_older_version(b: &Bench) -> Told {
    let client = ClientConfig::builder_with_provider(provider())
        .with_protocol_versions(&[&TLS12, &TLS13])
        .unwrap()
        .with_root_certificates(world().root.store())
        .with_no_client_auth();
    let (client, server) = (Arc::new(eager(client)), Arc::new(taking(server(provider()))));
    b.pair(client.clone(), server.clone()).handshake().unwrap();
    b.fail(b.pair(client, server).tamper(Side::Server, edit_hello(0, |h| h.remove(43))))
}

cases! {
    accepted_without_the_session = Wrong::EarlyDataExtensionWithoutResumption, |b| {
        let liar = Liar::new();
        let lying = server(liar.provider(&provider()));
        let client = Arc::new(eager(client(provider())));
        b.pair(client.clone(), taking(server(provider()))).handshake().unwrap();
        liar.edit(ENCRYPTED_EXTENSIONS, |body| *body = sized16(&extension(42, &[])));
        b.fail(b.pair(client, lying).tamper(Side::Server, liar.tamper()))
    };
    accepted_without_an_offer = Wrong::UnsolicitedEncryptedExtension, |b| b.lying_server(|l| {
        l.edit(ENCRYPTED_EXTENSIONS, |body| *body = sized16(&extension(42, &[])));
    });
    accepted_with_another_suite = Wrong::EarlyDataOfferedWithVariedCipherSuite, another_suite;
    accepted_with_another_protocol = Wrong::EarlyDataAcceptedWithVariedApplicationProtocol, another_protocol;
    /// RFC 8446 appendix D.3.
    answered_with_an_older_version = Wrong::OfferedEarlyDataWithOldProtocolVersion, an_older_version;

    too_much = Wrong::TooMuchEarlyDataReceived, |b| lying_client(b, true, |l| l.script(|meant| match (meant.key, meant.typ) {
        (0, 23) => vec![Say::record(23, &[1; LIMIT as usize + 1])],
        _ => meant.honest(),
    }));
    too_much_in_pieces = Wrong::TooMuchEarlyDataReceived, |b| lying_client(b, true, |l| l.script(|meant| match (meant.key, meant.typ) {
        (0, 23) => vec![Say::record(23, &[1; 500]), Say::record(23, &[1; 500]), Say::record(23, &[1])],
        _ => meant.honest(),
    }));
    empty_records_without_end = Wrong::TooManyEmptyFragments, |b| lying_client(b, true, |l| l.script(|meant| match (meant.key, meant.typ) {
        (0, 23) => (0..40).map(|_| Say::record(23, &[])).collect(),
        _ => meant.honest(),
    }));
    an_end_with_a_body = like!(Error::InvalidMessage(Bad::TrailingData(_))), |b| lying_client(b, true, |l| {
        l.edit(END_OF_EARLY_DATA, |body| body.push(0));
    });
    bytes_behind_the_end = Wrong::KeyEpochWithPendingFragment, |b| lying_client(b, true, |l| l.messages(|typ, body| match typ {
        END_OF_EARLY_DATA => vec![(typ, body), (KEY_UPDATE, vec![0])],
        _ => vec![(typ, body)],
    }));
    no_end = Error::DecryptError, |b| lying_client(b, true, |l| l.messages(|typ, body| match typ {
        END_OF_EARLY_DATA => vec![],
        _ => vec![(typ, body)],
    }));
    another_message_under_the_early_key = Error::InappropriateHandshakeMessage {
        expect_types: vec![HandshakeType::EndOfEarlyData],
        got_type: HandshakeType::Finished,
    }, |b| lying_client(b, true, |l| l.messages(|typ, body| match typ {
        END_OF_EARLY_DATA => vec![(FINISHED, vec![0; 32])],
        _ => vec![(typ, body)],
    }));
    an_end_of_nothing = Error::InappropriateHandshakeMessage {
        expect_types: vec![HandshakeType::Finished],
        got_type: HandshakeType::EndOfEarlyData,
    }, |b| lying_client(b, false, |l| l.messages(|typ, body| match typ {
        FINISHED => vec![(END_OF_EARLY_DATA, vec![]), (typ, body)],
        _ => vec![(typ, body)],
    }));
}
