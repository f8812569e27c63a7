//! What a peer may not do over QUIC, and what it may do there alone. RFC 9001.

use std::sync::Arc;

use chitin::quic::{ClientConnection, ServerConnection, Version};
use chitin::version::{TLS12, TLS13};
use chitin::{ClientConfig, Error, HandshakeType, ServerConfig};
use testkit::hello::{Hello, message, sized16};
use testkit::pair::{Chop, Pair, Side};
use testkit::quic::{QuicFailed, QuicPair};

use crate::bench::errors::{Bad, Lacks, Wrong};
use crate::bench::{Bench, Told, client, extension, provider, server, world};

const PARAMETERS: u16 = 57;
const PARAMETERS_DRAFT: u16 = 0xffa5;
const ENCRYPTED_EXTENSIONS: u8 = 8;
const FINISHED: u8 = 20;

impl From<Box<QuicFailed>> for Told {
    fn from(failed: Box<QuicFailed>) -> Self {
        Self { error: failed.error, alert: failed.alert.map(u8::from), silent: None }
    }
}

fn pair(b: &Bench, client: ClientConfig, server: ServerConfig) -> QuicPair {
    let pair = QuicPair::new(client, server);
    match b.chop {
        Chop::Bytes(most) => pair.chop(most),
        // There are no records.
        Chop::Whole | Chop::Records => pair,
    }
}

fn honest(b: &Bench) -> QuicPair {
    pair(b, client(provider()), server(provider()))
}

fn fail(mut pair: QuicPair) -> Told {
    pair.settle().expect_err("nobody complains").into()
}

/// The client's hello is changed.
fn hello(b: &Bench, edit: fn(&mut Hello)) -> Told {
    fail(honest(b).edit_hello(Side::Client, edit))
}

/// The server says these EncryptedExtensions.
fn encrypted_extensions(b: &Bench, block: Vec<u8>) -> Told {
    fail(honest(b).edit_body(Side::Server, ENCRYPTED_EXTENSIONS, move |body| *body = sized16(&block)))
}

/// After the handshake one side says something.
fn says(b: &Bench, from: Side, message: &[u8]) -> Told {
    let mut pair = honest(b);
    pair.handshake().unwrap();
    pair.give(!from, message).expect_err("nobody complains").into()
}

/// A ticket with this limit for early data. RFC 8446 section 4.6.1.
fn ticket(limit: u32) -> Vec<u8> {
    let head = [0, 0, 14, 16, 0, 0, 0, 9, 1, 200, 0, 3, 1, 2, 3];
    message(4, &[&head[..], &sized16(&extension(42, &limit.to_be_bytes()))].concat())
}

fn server_of_both() -> ServerConfig {
    ServerConfig::builder_with_provider(provider())
        .with_protocol_versions(&[&TLS13, &TLS12])
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(world().server.chain.clone(), world().server.key.clone_key())
        .unwrap()
}

fn client_of_tls12() -> ClientConfig {
    ClientConfig::builder_with_provider(provider())
        .with_protocol_versions(&[&TLS12])
        .unwrap()
        .with_root_certificates(world().root.store())
        .with_no_client_auth()
}

/// The client may have spoken both versions, and says that it knows TLS 1.2 alone.
fn a_hello_of_tls12(b: &Bench) -> Told {
    fail(pair(b, client(provider()), server_of_both()).edit_hello(Side::Client, |hello| {
        *hello.body(43) = vec![2, 3, 3];
    }))
}

/// Something of one side comes in where the other waits for a Finished.
fn before_finished(b: &Bench, from: Side, typ: u8, body: &'static [u8]) -> Told {
    fail(honest(b).edit(from, move |meant, meant_body| match meant {
        FINISHED => vec![(typ, body.to_vec()), (meant, meant_body)],
        _ => vec![(meant, meant_body)],
    }))
}

/// A client that waits for its verifier is given more than any flight holds.
fn a_flood_behind_a_question(b: &Bench) -> Told {
    let mut pair = honest(b).deferred();
    pair.carry(Side::Client).unwrap();
    let flights = pair.take(Side::Server);
    let client = pair.client();
    for (_, flight) in &flights {
        client.read_hs(flight).unwrap();
    }
    let junk = vec![0; 7777];
    let error = (0..50).find_map(|_| client.read_hs(&junk).err()).expect("it has a bound");
    Told { error, alert: client.alert().map(u8::from), silent: None }
}

/// The client spoke of protocols, and the server is silent.
fn no_protocol(b: &Bench) -> Told {
    let (mut client, mut server) = (client(provider()), server(provider()));
    client.alpn_protocols = vec![b"h3".to_vec()];
    server.alpn_protocols = vec![b"h3".to_vec()];
    let block = extension(PARAMETERS, b"");
    fail(pair(b, client, server).edit_body(Side::Server, ENCRYPTED_EXTENSIONS, move |body| {
        *body = sized16(&block);
    }))
}

/// Over the drafts, whose number is another.
fn draft(client: Version, server: Version) -> Told {
    let name = "localhost".try_into().unwrap();
    let client = ClientConnection::new(Arc::new(self::client(provider())), client, name, vec![]).unwrap();
    let server = ServerConnection::new(Arc::new(self::server(provider())), server, vec![]).unwrap();
    fail(QuicPair::joined(client, server))
}

/// Over records, a server is told of transport parameters.
fn over_records(b: &Bench, edit: fn(&mut Hello)) -> Pair {
    let pair = b.pair(client(provider()), server(provider()));
    pair.tamper(Side::Client, testkit::hello::edit_hello(0, edit))
}

cases! {
    a_client_without_transport_parameters = Wrong::MissingQuicTransportParameters, |b| {
        hello(b, |hello| hello.remove(PARAMETERS))
    };
    a_client_with_the_parameters_of_the_drafts = Wrong::MissingQuicTransportParameters, |_| {
        draft(Version::V1Draft, Version::V1)
    };
    a_client_with_parameters_that_the_drafts_did_not_have = Wrong::MissingQuicTransportParameters, |_| {
        draft(Version::V2, Version::V1Draft)
    };
    a_server_without_transport_parameters = Wrong::MissingQuicTransportParameters, |b| {
        encrypted_extensions(b, vec![])
    };
    a_server_with_the_parameters_of_the_drafts = Wrong::UnsolicitedEncryptedExtension, |b| {
        encrypted_extensions(b, [extension(PARAMETERS, b""), extension(PARAMETERS_DRAFT, b"")].concat())
    };
    transport_parameters_over_records = Wrong::QuicTransportParametersWithoutQuic, |b| {
        b.fail(over_records(b, |hello| hello.add(PARAMETERS, b"")))
    };
    transport_parameters_over_records_of_tls12 = Wrong::QuicTransportParametersWithoutQuic, |b| {
        let hello = testkit::hello::edit_hello(0, |hello| hello.add(PARAMETERS, &[4, 1, 9]));
        b.fail(b.pair(client_of_tls12(), server_of_both()).tamper(Side::Client, hello))
    };
    a_session_id_for_middleboxes = Wrong::CompatibilitySessionIdInQuicConnection, |b| {
        hello(b, |hello| hello.session_id = vec![7; 32])
    };
    a_server_that_echoes_a_session_id_that_was_not_there = Wrong::ServerHelloWithWrongSessionId, |b| {
        fail(honest(b).edit_hello(Side::Server, |hello| hello.session_id = vec![7; 32]))
    };
    a_client_that_knows_tls12_alone = Lacks::Tls13RequiredForQuic, a_hello_of_tls12;
    a_server_that_chooses_tls12 = Lacks::ServerTlsVersionIsDisabledByOurConfig, |b| {
        fail(honest(b).edit_hello(Side::Server, |hello| {
            hello.remove(43);
            hello.random = [9; 32];
        }))
    };
    a_server_that_chooses_no_protocol = Error::NoApplicationProtocol, no_protocol;
    a_key_update_of_the_client = Wrong::KeyUpdateReceivedInQuicConnection, |b| {
        says(b, Side::Client, &message(24, &[0]))
    };
    a_key_update_of_the_server = Wrong::KeyUpdateReceivedInQuicConnection, |b| {
        says(b, Side::Server, &message(24, &[1]))
    };
    a_ticket_with_a_limit_for_early_data = Wrong::InvalidMaxEarlyDataSize, |b| {
        says(b, Side::Server, &ticket(16384))
    };
    a_ticket_with_a_limit_of_zero = Wrong::InvalidMaxEarlyDataSize, |b| says(b, Side::Server, &ticket(0));
    an_end_of_early_data = Error::InappropriateHandshakeMessage {
        expect_types: vec![HandshakeType::Finished],
        got_type: HandshakeType::EndOfEarlyData,
    }, |b| before_finished(b, Side::Client, 5, &[]);
    a_second_hello_of_the_client = like!(Error::InappropriateHandshakeMessage { .. }), |b| {
        says(b, Side::Client, &message(1, &[0; 50]))
    };
    a_flood_while_a_question_waits = Bad::HandshakePayloadTooLarge, a_flood_behind_a_question;
}

/// What the drafts had there means nothing to a server over records. RFC 8446 section 4.1.2.
#[test]
fn parameters_of_the_drafts_over_records_are_passed_over() {
    let bench = Bench { chop: Chop::Whole };
    let failed = over_records(&bench, |hello| hello.add(PARAMETERS_DRAFT, b"")).settle().unwrap_err();
    // The hello was changed, so the keys cannot fit; nothing before that was wrong.
    assert_eq!((failed.side, failed.error), (Side::Client, Error::DecryptError));
}

#[test]
fn a_ticket_with_the_one_good_limit_is_taken() {
    let mut pair = honest(&Bench { chop: Chop::Whole });
    pair.handshake().unwrap();
    let before = pair.client().tls13_tickets_received();
    pair.give(Side::Client, &ticket(u32::MAX)).unwrap();
    assert_eq!(pair.client().tls13_tickets_received(), before + 1);
}

/// A server renews its tickets for as long as a connection lives, which may be weeks; data that come between them pass TLS by.
#[test]
fn tickets_of_a_long_connection_are_not_a_flood() {
    let mut pair = honest(&Bench { chop: Chop::Whole });
    pair.handshake().unwrap();
    for number in 0..1000 {
        assert!(pair.give(Side::Client, &ticket(u32::MAX)).is_ok(), "{number}");
    }
}
