//! TLS 1.2, whose handshake is in the clear until ChangeCipherSpec; what is behind it is said by a liar. RFC 5246, RFC 5746,
//! RFC 7507, RFC 7627 and RFC 8422.

use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;

use chitin::crypto::CryptoProvider;
use chitin::server::WebPkiClientVerifier;
use chitin::version::{TLS12, TLS13};
use chitin::{
    CertificateError, ClientConfig, ContentType, Error, HandshakeType, ServerConfig, SupportedProtocolVersion,
};
use testkit::hello::{
    Hello, edit_bodies, edit_hello, edit_hello_in_flight, edit_messages, edit_record, message,
};
use testkit::liar::{Liar, Say};
use testkit::pair::{Record, Side, Tamper};
use testkit::pki::{KeyType, Spec};

use crate::bench::errors::{Bad, Lacks, Wrong};
use crate::bench::{Bench, Told, client, provider, retrying, server, world};

const BOTH: &[&SupportedProtocolVersion] = &[&TLS13, &TLS12];
const ONLY12: &[&SupportedProtocolVersion] = &[&TLS12];

const CERTIFICATE: u8 = 11;
const SERVER_KEY_EXCHANGE: u8 = 12;
const SERVER_HELLO_DONE: u8 = 14;
const CERTIFICATE_VERIFY: u8 = 15;
const CLIENT_KEY_EXCHANGE: u8 = 16;
const FINISHED: u8 = 20;

const EMS: u16 = 23;
const POINT_FORMATS: u16 = 11;
const RENEGOTIATION_INFO: u16 = 0xff01;

fn client_of(provider: Arc<CryptoProvider>, versions: &[&'static SupportedProtocolVersion]) -> ClientConfig {
    ClientConfig::builder_with_provider(provider)
        .with_protocol_versions(versions)
        .unwrap()
        .with_root_certificates(world().root.store())
        .with_no_client_auth()
}

fn client_with_certificate(provider: Arc<CryptoProvider>) -> ClientConfig {
    let identity = &world().client;
    ClientConfig::builder_with_provider(provider)
        .with_protocol_versions(ONLY12)
        .unwrap()
        .with_root_certificates(world().root.store())
        .with_client_auth_cert(identity.chain.clone(), identity.key.clone_key())
        .unwrap()
}

fn server_of(provider: Arc<CryptoProvider>, versions: &[&'static SupportedProtocolVersion]) -> ServerConfig {
    let identity = &world().server;
    ServerConfig::builder_with_provider(provider)
        .with_protocol_versions(versions)
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(identity.chain.clone(), identity.key.clone_key())
        .unwrap()
}

fn asking_server() -> ServerConfig {
    let identity = &world().server;
    let roots = Arc::new(world().root.store());
    let verifier = WebPkiClientVerifier::builder_with_provider(roots, provider()).build().unwrap();
    ServerConfig::builder_with_provider(provider())
        .with_protocol_versions(ONLY12)
        .unwrap()
        .with_client_cert_verifier(verifier)
        .with_single_cert(identity.chain.clone(), identity.key.clone_key())
        .unwrap()
}

fn client12() -> ClientConfig {
    client_of(provider(), ONLY12)
}

fn server12() -> ServerConfig {
    server_of(provider(), ONLY12)
}

/// What one side says in the clear is changed.
fn spoilt(b: &Bench, from: Side, tamper: Tamper) -> Told {
    b.fail(b.pair(client12(), server12()).tamper(from, tamper))
}

fn client_hello(b: &Bench, edit: fn(&mut Hello)) -> Told {
    spoilt(b, Side::Client, edit_hello(0, edit))
}

fn server_hello(b: &Bench, edit: fn(&mut Hello)) -> Told {
    spoilt(b, Side::Server, edit_hello_in_flight(2, edit))
}

/// The hello of a server that has TLS 1.2 only, in front of a client that has both.
fn server_hello_downgraded(b: &Bench, edit: fn(&mut Hello)) -> Told {
    let pair = b.pair(client_of(provider(), BOTH), server12());
    b.fail(pair.tamper(Side::Server, edit_hello_in_flight(2, edit)))
}

fn server_message(b: &Bench, typ: u8, edit: fn(&mut Vec<u8>)) -> Told {
    spoilt(b, Side::Server, edit_bodies(typ, edit))
}

/// The server shows a certificate with a key that it may not use here.
fn another_certificate(b: &Bench, key: KeyType) -> Told {
    let other = world().issuing.issue(&Spec::server(key));
    let edit = move |body: &mut Vec<u8>| {
        let entries: Vec<u8> = other
            .chain
            .iter()
            .flat_map(|der| [&(der.len() as u32).to_be_bytes()[1..], der.as_ref()].concat())
            .collect();
        *body = [&(entries.len() as u32).to_be_bytes()[1..], &entries[..]].concat();
    };
    spoilt(b, Side::Server, edit_bodies(CERTIFICATE, edit))
}

/// A message of the server's is left out.
fn server_omits(b: &Bench, omitted: u8) -> Told {
    let edit = move |typ, body| if typ == omitted { vec![] } else { vec![(typ, body)] };
    spoilt(b, Side::Server, edit_messages(edit))
}

/// A client with a certificate, and a server that demands one.
fn client_message(b: &Bench, typ: u8, edit: fn(&mut Vec<u8>)) -> Told {
    let pair = b.pair(client_with_certificate(provider()), asking_server());
    b.fail(pair.tamper(Side::Client, edit_bodies(typ, edit)))
}

fn client_omits(b: &Bench, omitted: u8) -> Told {
    let edit = move |typ, body| if typ == omitted { vec![] } else { vec![(typ, body)] };
    let pair = b.pair(client_with_certificate(provider()), asking_server());
    b.fail(pair.tamper(Side::Client, edit_messages(edit)))
}

/// The second connection of one pair of configs, with a hello that is changed.
fn resumed(b: &Bench, from: Side, edit: fn(&mut Hello)) -> Told {
    let (client, server) = (Arc::new(client12()), Arc::new(server12()));
    b.pair(client.clone(), server.clone()).handshake().unwrap();
    let typ = if from == Side::Client { 1 } else { 2 };
    b.fail(b.pair(client, server).tamper(from, edit_hello_in_flight(typ, edit)))
}

/// A connected pair, one side of which then says something.
fn says(b: &Bench, lying: Side, what: Vec<Say>) -> Told {
    let liar = Liar::new();
    let wrapped = liar.provider(&provider());
    let (client, server) = match lying {
        Side::Client => (client_of(wrapped, ONLY12), server12()),
        Side::Server => (client12(), server_of(wrapped, ONLY12)),
    };
    let mut pair = b.pair(client, server).tamper(lying, liar.tamper());
    pair.handshake().unwrap();
    liar.next(what);
    pair.send(lying, b"!").expect_err("nobody complains").into()
}

/// What one side says under its keys before the handshake is done is changed.
fn lying(b: &Bench, lying: Side, lie: fn(&Liar)) -> Told {
    let liar = Liar::new();
    let wrapped = liar.provider(&provider());
    lie(&liar);
    let (client, server) = match lying {
        Side::Client => (client_of(wrapped, ONLY12), server12()),
        Side::Server => (client12(), server_of(wrapped, ONLY12)),
    };
    b.fail(b.pair(client, server).tamper(lying, liar.tamper()))
}

/// A server names a session that nobody has.
fn echoes(b: &Bench) -> Told {
    let sent = Rc::new(RefCell::new(Vec::new()));
    let echo = sent.clone();
    let watch = edit_hello(0, move |hello| sent.borrow_mut().clone_from(&hello.session_id));
    let answer = edit_hello_in_flight(2, move |hello| hello.session_id.clone_from(&echo.borrow()));
    let pair = b.pair(client_of(provider(), BOTH), server12());
    b.fail(pair.tamper(Side::Client, watch).tamper(Side::Server, answer))
}

/// A server of TLS 1.2 acts as if it resumed a session of TLS 1.3.
fn echoes_to_a_ticket_of_tls13(b: &Bench) -> Told {
    let client = Arc::new(client_of(provider(), BOTH));
    b.pair(client.clone(), server_of(provider(), BOTH)).handshake().unwrap();
    let sent = Rc::new(RefCell::new(Vec::new()));
    let echo = sent.clone();
    let watch = edit_hello(0, move |hello| sent.borrow_mut().clone_from(&hello.session_id));
    let answer = edit_hello_in_flight(2, move |hello| hello.session_id.clone_from(&echo.borrow()));
    let pair = b.pair(client, server12());
    b.fail(pair.tamper(Side::Client, watch).tamper(Side::Server, answer))
}

/// A client falls back although both sides have better.
fn falls_back(b: &Bench) -> Told {
    let pair = b.pair(client12(), server_of(provider(), BOTH));
    b.fail(pair.tamper(Side::Client, edit_hello(0, |hello| hello.suites.push(0x5600))))
}

fn inappropriate(expected: HandshakeType, got_type: HandshakeType) -> Error {
    Error::InappropriateHandshakeMessage { expect_types: vec![expected], got_type }
}

fn unexpected_ccs() -> Error {
    Error::InappropriateMessage {
        expect_types: vec![ContentType::Handshake],
        got_type: ContentType::ChangeCipherSpec,
    }
}

fn missing_ccs() -> Error {
    Error::InappropriateMessage {
        expect_types: vec![ContentType::ChangeCipherSpec],
        got_type: ContentType::Handshake,
    }
}

/// RFC 5246 section 7.4.6 has handshake_failure where RFC 8446, and the table of alerts, have certificate_required.
fn wider(told: Told) -> Told {
    assert_eq!(told.alert, Some(40));
    Told { alert: Some(116), ..told }
}

/// A ChangeCipherSpec before a side's first record.
fn early_ccs() -> Tamper {
    Box::new(|number, record| match number {
        0 => vec![Record { typ: 20, version: 0x303, body: vec![1] }, record],
        _ => vec![record],
    })
}

cases! {
    // Server hellos.
    an_echo_without_a_session = Wrong::ServerEchoedCompatibilitySessionId, |b| echoes(b);
    an_echo_to_a_session_of_tls13 = Wrong::ResumptionOfferedWithVariedVersion, |b| echoes_to_a_ticket_of_tls13(b);
    compression = Wrong::SelectedUnofferedCompression, |b| server_hello(b, |h| h.compressions = vec![1]);
    a_suite_of_cbc = Wrong::SelectedUnofferedCipherSuite, |b| server_hello(b, |h| h.suites = vec![0xc013]);
    a_suite_of_the_other_version = Wrong::SelectedUnofferedCipherSuite, |b| server_hello_downgraded(b, |h| h.suites = vec![0x1301]);
    an_unsolicited_extension = Wrong::UnsolicitedServerHelloExtension, |b| server_hello(b, |h| h.add(0x7777, &[]));
    a_protocol_that_was_not_offered = Wrong::UnsolicitedServerHelloExtension, |b| server_hello(b, |h| h.add(16, &[0, 3, 2, b'h', b'3']));
    a_renegotiation_that_is_none = Wrong::InvalidRenegotiationInfo, |b| server_hello(b, |h| *h.body(RENEGOTIATION_INFO) = vec![1, 7]);
    only_compressed_points = Wrong::ServerHelloMustOfferUncompressedEcPoints, |b| server_hello(b, |h| *h.body(POINT_FORMATS) = vec![1, 1]);
    no_extended_master_secret = Lacks::ExtendedMasterSecretExtensionRequired, |b| {
        let mut client = client12();
        client.require_ems = true;
        b.fail(b.pair(client, server12()).tamper(Side::Server, edit_hello_in_flight(2, |h| h.remove(EMS))))
    };
    /// RFC 8446 section 4.1.3.
    a_downgrade_from_tls13 = Wrong::AttemptedDowngradeToTls12WhenTls13IsSupported, |b| {
        server_hello_downgraded(b, |h| h.random[24..].copy_from_slice(b"DOWNGRD\x01"))
    };
    a_downgrade_to_less = Wrong::AttemptedDowngradeToTls12WhenTls13IsSupported, |b| {
        server_hello_downgraded(b, |h| h.random[24..].copy_from_slice(b"DOWNGRD\x00"))
    };
    tls12_after_a_retry_for_tls13 = Wrong::SelectedDifferentVersionAfterRetry, |b| {
        let pair = b.pair(client_of(provider(), BOTH), server(retrying()));
        b.fail(pair.tamper(Side::Server, edit_hello(1, |h| h.remove(43))))
    };
    another_version_after_a_retry = Wrong::SelectedDifferentVersionAfterRetry, |b| {
        let pair = b.pair(client_of(provider(), BOTH), server(retrying()));
        b.fail(pair.tamper(Side::Server, edit_hello(1, |h| *h.body(43) = vec![3, 5])))
    };
    a_session_with_another_suite = Wrong::ResumptionOfferedWithVariedCipherSuite, |b| resumed(b, Side::Server, |h| {
        h.suites = vec![if h.suites == [0xc02b] { 0xc02c } else { 0xc02b }];
    });
    a_session_that_loses_its_master_secret = Wrong::ResumptionOfferedWithVariedEms, |b| resumed(b, Side::Server, |h| h.remove(EMS));

    // The rest of the server's flight.
    an_empty_chain = Bad::IllegalEmptyList("certificate_list"), |b| server_message(b, CERTIFICATE, |body| *body = vec![0; 3]);
    /// A key of RSA under a suite of ECDSA.
    a_certificate_for_another_suite = Wrong::CertificateForAnotherCipherSuite, |b| another_certificate(b, KeyType::Rsa2048);
    a_certificate_on_another_curve = Wrong::CertificateOnUnofferedCurve, |b| another_certificate(b, KeyType::P384);
    a_curve_that_is_described = Bad::UnsupportedCurveType, |b| server_message(b, SERVER_KEY_EXCHANGE, |body| body[0] = 1);
    a_group_that_was_not_offered = Wrong::SelectedUnofferedKxGroup, |b| server_message(b, SERVER_KEY_EXCHANGE, |body| body[1..3].copy_from_slice(&[0, 30]));
    a_scheme_that_was_not_offered = Wrong::SignedHandshakeWithUnadvertisedSigScheme, |b| {
        server_message(b, SERVER_KEY_EXCHANGE, |body| scheme_of(body).copy_from_slice(&[2, 3]))
    };
    /// A suite of ECDSA, and a signature of RSA.
    a_scheme_for_another_suite = Wrong::SignedKxWithWrongAlgorithm, |b| {
        server_message(b, SERVER_KEY_EXCHANGE, |body| scheme_of(body).copy_from_slice(&[8, 4]))
    };
    another_share = CertificateError::BadSignature, |b| server_message(b, SERVER_KEY_EXCHANGE, |body| body[10] ^= 1);
    a_wrong_signature = CertificateError::BadSignature, |b| server_message(b, SERVER_KEY_EXCHANGE, |body| *body.last_mut().unwrap() ^= 1);
    bytes_in_an_empty_message = Bad::TrailingData("ServerHelloDone"), |b| server_message(b, SERVER_HELLO_DONE, |body| body.push(0));
    no_certificate_at_all = inappropriate(HandshakeType::Certificate, HandshakeType::ServerKeyExchange), |b| server_omits(b, CERTIFICATE);
    no_key_exchange = inappropriate(HandshakeType::ServerKeyExchange, HandshakeType::ServerHelloDone), |b| server_omits(b, SERVER_KEY_EXCHANGE);
    a_status_that_was_not_announced = inappropriate(HandshakeType::ServerKeyExchange, HandshakeType::CertificateStatus), |b| {
        spoilt(b, Side::Server, edit_messages(|typ, body| match typ {
            CERTIFICATE => vec![(typ, body), (22, vec![1, 0, 0, 1, 7])],
            _ => vec![(typ, body)],
        }))
    };
    /// CVE-2014-0224: keys must not be switched to before they are agreed.
    an_early_change_of_the_servers_keys = unexpected_ccs(), |b| {
        spoilt(b, Side::Server, Box::new(|number, record| match number {
            0 => {
                let (hello, rest) = record.body.split_at(4 + usize::from(record.body[3]));
                let ccs = Record { typ: 20, version: 0x303, body: vec![1] };
                let part = |bytes: &[u8]| Record { body: bytes.to_vec(), ..record.clone() };
                vec![part(hello), ccs, part(rest)]
            }
            _ => vec![record],
        }))
    };
    a_wrong_finished = Wrong::IncorrectFinished, |b| lying(b, Side::Server, |l| l.edit(FINISHED, |body| body[0] ^= 1));
    a_short_finished = Wrong::IncorrectFinished, |b| lying(b, Side::Server, |l| l.edit(FINISHED, |body| body.truncate(11)));

    /// Nothing may be left of what was said in the clear when a key or the speaker changes.
    a_finished_that_begins_in_the_clear = Wrong::MessageInterleavedWithHandshakeMessage, |b| spoilt(b, Side::Server, Box::new(|_, record| {
        match record.typ {
            20 => vec![Record { typ: 22, version: 0x303, body: vec![FINISHED, 0] }, record],
            _ => vec![record],
        }
    }));
    bytes_behind_the_servers_flight = Wrong::KeyEpochWithPendingFragment, |b| spoilt(b, Side::Server, edit_record(0, |record| {
        record.body.extend([4, 0, 0]);
        vec![record.clone()]
    }));
    bytes_behind_the_servers_finished = Wrong::KeyEpochWithPendingFragment, |b| lying(b, Side::Server, |l| {
        l.script(|meant| vec![Say::record(meant.typ, &[&meant.body[..], &[0]].concat())]);
    });
    keys_that_do_not_change = missing_ccs(), |b| spoilt(b, Side::Server, Box::new(|_, record| match record.typ {
        20 => vec![Record { typ: 22, version: 0x303, body: message(FINISHED, &[0; 12]) }],
        _ => vec![record],
    }));

    // Client hellos.
    no_null_compression = Lacks::NullCompressionRequired, |b| client_hello(b, |h| h.compressions = vec![1]);
    only_compressed_points_of_a_client = Lacks::UncompressedEcPointsRequired, |b| client_hello(b, |h| *h.body(POINT_FORMATS) = vec![1, 1]);
    tls11 = Lacks::Tls12NotOffered, |b| client_hello(b, |h| {
        h.extensions.retain(|(code, _)| *code != 43);
        h.version = 0x302;
    });
    a_clients_renegotiation_that_is_none = Wrong::InvalidRenegotiationInfo, |b| client_hello(b, |h| *h.body(RENEGOTIATION_INFO) = vec![1, 7]);
    a_fallback_to_less = Lacks::InappropriateFallback, |b| client_hello(b, |h| {
        h.extensions.retain(|(code, _)| *code != 43);
        h.version = 0x302;
        h.suites.push(0x5600);
    });
    a_fallback = Lacks::InappropriateFallback, |b| falls_back(b);
    no_extended_master_secret_of_a_client = Lacks::ExtendedMasterSecretExtensionRequired, |b| {
        let mut server = server12();
        server.require_ems = true;
        b.fail(b.pair(client12(), server).tamper(Side::Client, edit_hello(0, |h| h.remove(EMS))))
    };
    a_session_without_its_master_secret = Wrong::ResumptionAttemptedWithVariedEms, |b| resumed(b, Side::Client, |h| h.remove(EMS));
    suites_for_another_key = Lacks::NoCipherSuitesInCommon, |b| client_hello(b, |h| h.suites = vec![0xc02f, 0xc030, 0xcca8]);
    suites_of_the_other_version = Lacks::NoCipherSuitesInCommon, |b| client_hello(b, |h| h.suites = vec![0x1301]);
    unknown_groups = Lacks::NoKxGroupsInCommon, |b| client_hello(b, |h| *h.body(10) = vec![0, 2, 0, 30]);
    groups_without_the_curve_of_our_key = Lacks::NoCipherSuiteForCertificateCurve, |b| client_hello(b, |h| *h.body(10) = vec![0, 2, 0, 29]);
    no_groups = Lacks::NoCipherSuiteWithoutNamedGroups, |b| client_hello(b, |h| h.remove(10));
    schemes_for_other_keys = Lacks::NoCipherSuiteForSignatureSchemes, |b| client_hello(b, |h| *h.body(13) = vec![0, 2, 8, 4]);

    // The rest of the client's flight.
    a_share_of_low_order = Wrong::InvalidKeyShare, |b| client_message(b, CLIENT_KEY_EXCHANGE, |body| body[1..].fill(0));
    a_share_that_is_too_short = Wrong::InvalidKeyShare, |b| client_message(b, CLIENT_KEY_EXCHANGE, |body| *body = vec![1, 9]);
    an_empty_share = like!(Error::InvalidMessage(Bad::IllegalEmptyList(_))), |b| client_message(b, CLIENT_KEY_EXCHANGE, |body| *body = vec![0]);
    no_client_certificate = Error::NoCertificatesPresented, |b| wider(b.fail(b.pair(client12(), asking_server())));
    a_wrong_client_signature = CertificateError::BadSignature, |b| {
        client_message(b, CERTIFICATE_VERIFY, |body| *body.last_mut().unwrap() ^= 1)
    };
    a_client_scheme_that_was_not_asked_for = Wrong::SignedHandshakeWithUnadvertisedSigScheme, |b| {
        client_message(b, CERTIFICATE_VERIFY, |body| body[..2].copy_from_slice(&[2, 3]))
    };
    a_client_that_skips_its_share = inappropriate(HandshakeType::ClientKeyExchange, HandshakeType::CertificateVerify), |b| client_omits(b, CLIENT_KEY_EXCHANGE);
    /// CVE-2015-0205 and others: a certificate without the proof of its key.
    a_client_that_skips_its_proof = unexpected_ccs(), |b| client_omits(b, CERTIFICATE_VERIFY);
    a_client_that_skips_its_certificate = inappropriate(HandshakeType::Certificate, HandshakeType::ClientKeyExchange), |b| client_omits(b, CERTIFICATE);
    an_early_change_of_the_clients_keys = like!(Error::InappropriateMessage { got_type: ContentType::ChangeCipherSpec, .. } | Error::PeerMisbehaved(_)), |b| spoilt(b, Side::Client, early_ccs());
    a_wrong_client_finished = Wrong::IncorrectFinished, |b| lying(b, Side::Client, |l| l.edit(FINISHED, |body| body[0] ^= 1));

    // After the handshake.
    endless_wishes_to_renegotiate = Wrong::TooManyRenegotiationRequests, |b| {
        says(b, Side::Server, vec![Say::handshake(&message(0, &[]).repeat(5))])
    };
    endless_hellos = Wrong::TooManyRenegotiationRequests, |b| says(b, Side::Client, vec![Say::handshake(&message(1, &[3; 50]).repeat(5))]);
    a_key_update = like!(Error::InappropriateHandshakeMessage { got_type: HandshakeType::KeyUpdate, .. }), |b| says(b, Side::Server, vec![Say::handshake(&message(24, &[0]))]);
    a_ticket_after_the_handshake = like!(Error::InappropriateHandshakeMessage { got_type: HandshakeType::NewSessionTicket, .. }), |b| {
        says(b, Side::Server, vec![Say::handshake(&message(4, &[0, 0, 0, 9, 0, 1, 7]))])
    };
    /// RFC 5246 section 7.1: the keys change once.
    a_late_change_of_keys = like!(Error::InappropriateMessage { got_type: ContentType::ChangeCipherSpec, .. }), |b| {
        says(b, Side::Client, vec![Say::record(20, &[1])])
    };
}

/// The scheme of a ServerKeyExchange. RFC 8422 section 5.4.
fn scheme_of(body: &mut [u8]) -> &mut [u8] {
    let at = 4 + usize::from(body[3]);
    &mut body[at..at + 2]
}

/// The pairs of these cases are fit to be spoilt: left alone they come to an end, with the client of TLS 1.3 too.
#[test]
fn left_alone_they_connect() {
    for (client, server) in [
        (client12(), server12()),
        (client_of(provider(), BOTH), server12()),
        (client12(), server_of(provider(), BOTH)),
        (client_with_certificate(provider()), asking_server()),
        (client(provider()), server(retrying())),
    ] {
        testkit::pair::Pair::new(client, server).handshake().unwrap();
    }
}
