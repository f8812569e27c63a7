//! Connections without buffers: the states in which they lead a caller, in both versions and both roles.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, LazyLock};

use chitin::client::{EarlyDataError, UnbufferedClientConnection};
use chitin::server::UnbufferedServerConnection;
use chitin::unbuffered::{
    ConnectionState, EncodeError, EncryptError, InsufficientSizeError, UnbufferedStatus,
};
use chitin::version::{TLS12, TLS13};
use chitin::{
    AlertDescription, CipherSuiteCommon, ClientConfig, Error, HandshakeKind, ProtocolVersion, RecordPadding,
    ServerConfig, SupportedCipherSuite, SupportedProtocolVersion, Tls13CipherSuite,
};
use testkit::configs::{self, ClientAuth, ClientOpts, ServerOpts, client_config, server_config};
use testkit::pair::{Pair, Record, Side};
use testkit::pki::{Identity, KeyType, Pki, Spec};
use testkit::unbuffered::{Duo, End, Step, Talk, Unbuffered};

struct World {
    pki: Pki,
    server: Identity,
    client: Identity,
}

static WORLD: LazyLock<World> = LazyLock::new(|| {
    let pki = Pki::new();
    let server = pki.issuing.issue(&Spec::server(KeyType::P256).dns(&["localhost"]));
    let client = pki.client(KeyType::P256);
    World { pki, server, client }
});

const VERSIONS: [&SupportedProtocolVersion; 2] = [&TLS13, &TLS12];

fn client_of(version: &'static SupportedProtocolVersion) -> ClientConfig {
    client_config(WORLD.pki.root.store(), &ClientOpts { versions: vec![version], ..ClientOpts::default() })
}

fn server_of(version: &'static SupportedProtocolVersion) -> ServerConfig {
    server_config(&WORLD.server, &ServerOpts { versions: vec![version], ..ServerOpts::default() })
}

fn duo(client: &Arc<ClientConfig>, server: &Arc<ServerConfig>) -> Duo {
    let name = "localhost".try_into().unwrap();
    Duo::new(
        UnbufferedClientConnection::new(client.clone(), name).unwrap(),
        UnbufferedServerConnection::new(server.clone()).unwrap(),
    )
}

fn fresh(version: &'static SupportedProtocolVersion) -> Duo {
    duo(&client_of(version).into(), &server_of(version).into())
}

fn done(version: &'static SupportedProtocolVersion) -> Duo {
    let mut duo = fresh(version);
    assert_eq!(duo.settle(), Ok((Step::Write, Step::Write)));
    duo
}

/// Sends in both directions, and checks what arrives.
fn talk(duo: &mut Duo) {
    duo.client.talk.heard.clear();
    duo.server.talk.heard.clear();
    duo.client.talk.to_say = b"from the client".to_vec();
    duo.server.talk.to_say = b"from the server".to_vec();
    duo.settle().unwrap();
    assert_eq!(duo.server.talk.heard, b"from the client");
    assert_eq!(duo.client.talk.heard, b"from the server");
}

#[test]
fn a_handshake_however_it_is_cut() {
    for version in VERSIONS {
        for chop in [1, 7, 600, usize::MAX] {
            let mut duo = fresh(version);
            duo.chop = chop;
            assert_eq!(duo.settle(), Ok((Step::Write, Step::Write)), "{version:?} {chop}");
            for common in [duo.client.conn.common(), duo.server.conn.common()] {
                assert_eq!(common.protocol_version(), Some(version.version));
                assert_eq!(common.handshake_kind(), Some(HandshakeKind::Full));
                assert!(!common.is_handshaking() && !common.wants_write());
            }
            assert!(duo.client.conn.common().peer_certificates().is_some());
            talk(&mut duo);
        }
    }
}

#[test]
fn each_record_is_encoded_and_all_are_sent_at_once() {
    let mut client = fresh(&TLS13).client;
    assert_eq!(client.conn.step(&mut client.talk), Ok(Step::Encode));
    assert_eq!(client.conn.step(&mut client.talk), Ok(Step::Transmit));
    assert_eq!(client.conn.step(&mut client.talk), Ok(Step::Blocked));
    assert_eq!(client.conn.step(&mut client.talk), Ok(Step::Blocked), "as often as it is asked");
    assert_eq!(Record::split(&client.talk.outgoing).len(), 1);

    let mut server = fresh(&TLS13).server;
    server.talk.incoming = client.talk.outgoing;
    assert_eq!(server.run(), Ok(Step::Blocked));
    let records = Record::split(&server.talk.outgoing).len();
    let mut expected = vec![Step::Encode; records];
    expected.extend([Step::Transmit, Step::Blocked]);
    assert_eq!(server.talk.steps, expected);
    assert!(server.talk.incoming.is_empty());
}

#[test]
fn what_is_not_encoded_or_not_sent_comes_again() {
    let mut client = fresh(&TLS13).client.conn;
    for _ in 0..2 {
        let UnbufferedStatus { discard, state } = client.process_tls_records(&mut []);
        assert!(matches!(state, Ok(ConnectionState::EncodeTlsData(_))));
        assert_eq!(discard, 0);
    }
    let mut talk = Talk::default();
    client.step(&mut talk).unwrap();
    for _ in 0..2 {
        let state = client.process_tls_records(&mut []).state;
        assert!(matches!(state, Ok(ConnectionState::TransmitTlsData(_))), "{state:?}");
    }
    assert_eq!(client.step(&mut talk), Ok(Step::Transmit));
    assert_eq!(client.step(&mut talk), Ok(Step::Blocked));
}

#[test]
fn slices_that_are_too_short_say_what_is_needed_and_stay_as_they_are() {
    for version in VERSIONS {
        let mut duo = fresh(version);
        duo.client.talk.stingy = true;
        duo.server.talk.stingy = true;
        duo.settle().unwrap();
        talk(&mut duo);
        // Also over several records.
        duo.client.talk.to_say = vec![7; 40_000];
        duo.settle().unwrap();
        assert!(duo.server.talk.heard.ends_with(&[7; 40_000]));
        duo.client.talk.close = true;
        duo.settle().unwrap();
        assert!(duo.server.talk.steps.contains(&Step::PeerClosed));
    }
}

#[test]
fn a_close_notify_that_found_no_room_is_said_by_the_next_state() {
    let mut duo = done(&TLS13);
    let ConnectionState::WriteTraffic(mut write) =
        duo.client.conn.process_tls_records(&mut []).state.unwrap()
    else {
        panic!("the handshake is complete")
    };
    let refused = write.queue_close_notify(&mut [0; 3]);
    // The record of an alert: header, level, description, type and tag.
    let expected = InsufficientSizeError { required_size: 5 + 2 + 1 + 16 };
    assert!(
        matches!(refused, Err(EncryptError::InsufficientSize(e)) if e.required_size == expected.required_size)
    );
    duo.settle().unwrap();
    assert!(duo.server.talk.steps.contains(&Step::PeerClosed));
}

#[test]
fn closing_is_told_once_and_ends_when_both_have_closed() {
    for version in VERSIONS {
        let mut duo = done(version);
        duo.server.talk.steps.clear();
        duo.client.talk.to_say = b"the last".to_vec();
        duo.client.talk.close = true;
        // The client can say no more, but that is no part of a handshake; the server still can.
        assert_eq!(duo.settle(), Ok((Step::Write, Step::Write)), "{version:?}");
        assert_eq!(duo.server.talk.heard, b"the last");
        assert_eq!(duo.server.talk.steps.iter().filter(|step| **step == Step::PeerClosed).count(), 1);
        duo.server.talk.to_say = b"an answer".to_vec();
        duo.server.talk.close = true;
        assert_eq!(duo.settle(), Ok((Step::Closed, Step::Closed)), "{version:?}");
        assert_eq!(duo.client.talk.heard, b"an answer");
        assert_eq!(duo.settle(), Ok((Step::Closed, Step::Closed)), "for ever");
    }
}

#[test]
fn nothing_is_sealed_behind_a_close_notify() {
    let mut duo = done(&TLS13);
    let ConnectionState::WriteTraffic(mut write) =
        duo.client.conn.process_tls_records(&mut []).state.unwrap()
    else {
        panic!("the handshake is complete")
    };
    let mut out = [0; 100];
    assert_eq!(write.queue_close_notify(&mut out).unwrap(), 24);
    assert!(matches!(write.encrypt(b"more", &mut out), Err(EncryptError::EncryptExhausted)));
    assert_eq!(write.queue_close_notify(&mut out).unwrap(), 0, "once only");
}

#[test]
fn sessions_are_resumed_in_both_versions() {
    for version in VERSIONS {
        let (client, server) = (Arc::new(client_of(version)), Arc::new(server_of(version)));
        let mut first = duo(&client, &server);
        first.settle().unwrap();
        let tickets = if version.version == ProtocolVersion::TLSv1_3 { server.send_tls13_tickets } else { 0 };
        assert_eq!(first.client.conn.tls13_tickets_received() as usize, tickets);
        let mut second = duo(&client, &server);
        second.settle().unwrap();
        assert_eq!(second.client.conn.handshake_kind(), Some(HandshakeKind::Resumed), "{version:?}");
        assert_eq!(second.server.conn.handshake_kind(), Some(HandshakeKind::Resumed));
        talk(&mut second);
    }
}

#[test]
fn clients_show_certificates() {
    for version in VERSIONS {
        let client = client_config(
            WORLD.pki.root.store(),
            &ClientOpts {
                versions: vec![version],
                identity: Some(WORLD.client.clone()),
                ..ClientOpts::default()
            },
        );
        let server = server_config(
            &WORLD.server,
            &ServerOpts {
                versions: vec![version],
                client_auth: ClientAuth::Required(WORLD.pki.root.store()),
                ..ServerOpts::default()
            },
        );
        let (client, server) = (Arc::new(client), Arc::new(server));
        let mut shown = duo(&client, &server);
        shown.settle().unwrap();
        assert_eq!(shown.server.conn.peer_certificates(), Some(&WORLD.client.chain[..]));
        talk(&mut shown);

        let mut without = duo(&Arc::new(client_of(version)), &server);
        assert_eq!(without.settle(), Err(Error::NoCertificatesPresented), "{version:?}");
    }
}

const LIMIT: u32 = 1000;

/// Configs with early data, and a session that allows it.
fn early() -> (Arc<ClientConfig>, Arc<ServerConfig>) {
    let (mut client, mut server) = (client_of(&TLS13), server_of(&TLS13));
    client.enable_early_data = true;
    server.max_early_data_size = LIMIT;
    let (client, server) = (Arc::new(client), Arc::new(server));
    duo(&client, &server).settle().unwrap();
    (client, server)
}

#[test]
fn early_data_goes_out_with_the_first_flight_and_comes_in_apart() {
    for (chop, stingy) in [(1, false), (7, true), (usize::MAX, false)] {
        let (client, server) = early();
        let mut duo = duo(&client, &server);
        (duo.chop, duo.client.talk.stingy) = (chop, stingy);
        duo.client.talk.to_say_early = b"GET /early".to_vec();
        duo.client.talk.to_say = b"GET /late".to_vec();
        duo.settle().unwrap();
        assert!(duo.client.talk.early_error.is_none());
        assert_eq!(duo.server.talk.heard_early, b"GET /early");
        assert_eq!(duo.server.talk.heard, b"GET /late");
        talk(&mut duo);
    }
}

#[test]
fn more_early_data_than_the_server_takes_is_refused_whole() {
    let (client, server) = early();
    let mut duo = duo(&client, &server);
    duo.client.talk.to_say_early = vec![7; LIMIT as usize + 1];
    duo.settle().unwrap();
    assert!(matches!(duo.client.talk.early_error, Some(EarlyDataError::ExceededAllowedEarlyData)));
    assert!(duo.server.talk.heard_early.is_empty());
}

#[test]
fn early_data_that_is_refused_does_not_come_in() {
    let (client, server) = early();
    let mut closed = (*server).clone();
    closed.max_early_data_size = 0;
    let mut duo = duo(&client, &Arc::new(closed));
    duo.client.talk.to_say_early = b"GET /early".to_vec();
    duo.client.talk.to_say = b"GET /late".to_vec();
    duo.settle().unwrap();
    assert!(duo.server.talk.heard_early.is_empty());
    assert_eq!(duo.server.talk.heard, b"GET /late");
}

#[test]
fn a_server_may_speak_before_the_client_has_finished() {
    for half_rtt in [false, true] {
        let mut server = server_of(&TLS13);
        server.send_half_rtt_data = half_rtt;
        let mut duo = duo(&Arc::new(client_of(&TLS13)), &Arc::new(server));
        duo.server.talk.to_say = b"welcome".to_vec();
        duo.client.run().unwrap();
        duo.server.talk.incoming = std::mem::take(&mut duo.client.talk.outgoing);
        assert_eq!(duo.server.run(), Ok(if half_rtt { Step::Write } else { Step::Blocked }));
        assert_eq!(duo.server.talk.to_say.is_empty(), half_rtt);
        duo.settle().unwrap();
        assert_eq!(duo.client.talk.heard, b"welcome");
    }
}

#[test]
fn an_error_is_final_and_its_alert_is_encoded() {
    for version in VERSIONS {
        let mut duo = done(version);
        duo.client.talk.to_say = b"data".to_vec();
        duo.client.run().unwrap();
        let last = duo.client.talk.outgoing.len() - 1;
        duo.client.talk.outgoing[last] ^= 1;
        let spoilt = duo.client.talk.outgoing.len();
        duo.server.talk.incoming = std::mem::take(&mut duo.client.talk.outgoing);
        // `run` sees to it that the alert is encoded behind the error, and the error comes again.
        assert_eq!(duo.server.run(), Err(Error::DecryptError));
        assert_eq!(duo.server.talk.incoming.len(), spoilt, "it was not opened, and stays with the caller");
        assert_eq!(duo.server.talk.steps.last(), Some(&Step::Transmit));
        duo.client.talk.incoming = std::mem::take(&mut duo.server.talk.outgoing);
        assert_eq!(duo.client.run(), Err(Error::AlertReceived(AlertDescription::BadRecordMac)));
    }
}

#[test]
fn part_of_a_record_is_left_with_the_caller() {
    let mut duo = done(&TLS13);
    duo.client.talk.to_say = b"first".to_vec();
    duo.client.run().unwrap();
    let first = duo.client.talk.outgoing.len();
    duo.client.talk.to_say = b"second".to_vec();
    duo.client.run().unwrap();
    let mut wire = std::mem::take(&mut duo.client.talk.outgoing);
    wire.pop();
    let UnbufferedStatus { discard, state } = duo.server.conn.process_tls_records(&mut wire);
    assert!(matches!(state, Ok(ConnectionState::ReadTraffic(_))));
    assert_eq!(discard, first);
    let UnbufferedStatus { discard, state } = duo.server.conn.process_tls_records(&mut wire[first..]);
    assert!(matches!(state, Ok(ConnectionState::WriteTraffic(_))));
    assert_eq!(discard, 0);
}

#[test]
fn traffic_keys_are_refreshed_by_the_next_states() {
    for version in VERSIONS {
        let mut duo = done(version);
        let ConnectionState::WriteTraffic(write) =
            duo.client.conn.process_tls_records(&mut []).state.unwrap()
        else {
            panic!("the handshake is complete")
        };
        let refreshed = write.refresh_traffic_keys();
        if version.version == ProtocolVersion::TLSv1_2 {
            assert_eq!(refreshed, Err(Error::HandshakeNotComplete));
            continue;
        }
        assert_eq!(refreshed, Ok(()));
        duo.client.talk.steps.clear();
        duo.server.talk.steps.clear();
        duo.settle().unwrap();
        assert_eq!(duo.client.talk.steps[..2], [Step::Encode, Step::Transmit]);
        assert_eq!(duo.server.talk.steps[..2], [Step::Encode, Step::Transmit], "the answer");
        talk(&mut duo);
    }
}

/// More than a peer is granted in a row, each side's.
#[test]
fn keys_may_change_for_ever_if_data_comes_between() {
    let mut duo = done(&TLS13);
    for _ in 0..100 {
        let ConnectionState::WriteTraffic(write) =
            duo.client.conn.process_tls_records(&mut []).state.unwrap()
        else {
            panic!("the handshake is complete")
        };
        write.refresh_traffic_keys().unwrap();
        duo.settle().unwrap();
        talk(&mut duo);
    }
}

#[test]
fn an_answer_comes_before_data_that_is_there() {
    let mut duo = done(&TLS13);
    let ConnectionState::WriteTraffic(write) = duo.client.conn.process_tls_records(&mut []).state.unwrap()
    else {
        panic!("the handshake is complete")
    };
    write.refresh_traffic_keys().unwrap();
    for data in ["first", "second"] {
        duo.client.talk.to_say = data.into();
        duo.client.run().unwrap();
    }
    let mut wire = std::mem::take(&mut duo.client.talk.outgoing);
    let UnbufferedStatus { discard, state } = duo.server.conn.process_tls_records(&mut wire);
    assert!(matches!(state, Ok(ConnectionState::ReadTraffic(_))), "the key update has no state");
    let mut wire = wire.split_off(discard);
    for _ in 0..2 {
        let UnbufferedStatus { discard, state } = duo.server.conn.process_tls_records(&mut wire);
        assert!(matches!(state, Ok(ConnectionState::EncodeTlsData(_))), "{state:?}");
        assert_eq!(discard, 0);
    }
    duo.server.talk.incoming = wire;
    duo.server.talk.steps.clear();
    duo.server.run().unwrap();
    assert_eq!(duo.server.talk.heard, b"second");
    assert_eq!(duo.server.talk.steps[..2], [Step::Encode, Step::Read]);
}

/// Panics once it is told to.
#[derive(Debug, Default)]
struct Fragile(AtomicBool);

impl RecordPadding for Fragile {
    fn padding(&self, _: usize) -> usize {
        assert!(!self.0.load(Ordering::Relaxed), "told to");
        0
    }
}

#[test]
fn a_record_that_could_not_be_sealed_is_told_before_data_that_is_there() {
    let padding = Arc::new(Fragile::default());
    let mut server = server_of(&TLS13);
    server.record_padding = Some(padding.clone());
    let mut duo = duo(&client_of(&TLS13).into(), &server.into());
    duo.settle().unwrap();
    duo.client.talk.to_say = b"data".to_vec();
    duo.client.run().unwrap();
    let ConnectionState::WriteTraffic(mut write) =
        duo.server.conn.process_tls_records(&mut []).state.unwrap()
    else {
        panic!("the handshake is complete")
    };
    padding.0.store(true, Ordering::Relaxed);
    assert!(matches!(write.encrypt(b"more", &mut [0; 100]), Err(EncryptError::EncryptExhausted)));
    let UnbufferedStatus { discard, state } =
        duo.server.conn.process_tls_records(&mut duo.client.talk.outgoing);
    assert!(state.is_err(), "{state:?}");
    assert_eq!(discard, 0);
}

/// A suite whose keys are used up soon.
fn short_lived(limit: u64) -> SupportedCipherSuite {
    let suite = configs::provider(&[], &[]).cipher_suites.iter().find_map(|suite| suite.tls13()).unwrap();
    SupportedCipherSuite::Tls13(Box::leak(Box::new(Tls13CipherSuite {
        common: CipherSuiteCommon {
            suite: suite.common.suite,
            hash_provider: suite.common.hash_provider,
            confidentiality_limit: limit,
        },
        hkdf_provider: suite.hkdf_provider,
        aead_alg: suite.aead_alg,
        quic: None,
    })))
}

#[test]
fn keys_change_by_themselves_before_their_limit() {
    let mut provider = (*configs::provider(&[], &[])).clone();
    provider.cipher_suites = vec![short_lived(8)];
    let provider = Arc::new(provider);
    let client = ClientConfig::builder_with_provider(provider)
        .with_protocol_versions(&[&TLS13])
        .unwrap()
        .with_root_certificates(WORLD.pki.root.store())
        .with_no_client_auth();
    let mut duo = duo(&Arc::new(client), &Arc::new(server_of(&TLS13)));
    duo.client.talk.stingy = true;
    duo.settle().unwrap();
    for n in 0..100u8 {
        duo.client.talk.to_say = vec![n; 20];
        duo.settle().unwrap();
        assert_eq!(std::mem::take(&mut duo.server.talk.heard), [n; 20]);
    }
    // No key is enough for that, and no key is wasted on it.
    let ConnectionState::WriteTraffic(mut write) =
        duo.client.conn.process_tls_records(&mut []).state.unwrap()
    else {
        panic!("the handshake is complete")
    };
    let mut out = vec![0; 200_000];
    let refused = write.encrypt(&[7; 140_000], &mut out);
    assert!(matches!(refused, Err(EncryptError::EncryptExhausted)), "{refused:?}");
    talk(&mut duo);
}

#[test]
fn buffered_and_unbuffered_ends_meet() {
    for version in VERSIONS {
        let mut pair = Pair::new(client_of(version), server_of(version));
        let mut server = End::new(UnbufferedServerConnection::new(server_of(version).into()).unwrap());
        for _ in 0..4 {
            server.talk.incoming.extend(pair.take(Side::Client));
            server.run().unwrap();
            pair.give(Side::Client, &std::mem::take(&mut server.talk.outgoing)).unwrap();
        }
        assert!(!pair.client.is_handshaking());

        let mut client = fresh(version).client;
        for _ in 0..4 {
            client.run().unwrap();
            pair.give(Side::Server, &std::mem::take(&mut client.talk.outgoing)).unwrap();
            client.talk.incoming.extend(pair.take(Side::Server));
        }
        assert_eq!(client.run(), Ok(Step::Write));
        assert!(!pair.server.is_handshaking());
    }
}

#[test]
fn states_have_names_and_errors_have_words() {
    let mut client = fresh(&TLS13).client.conn;
    let status = client.process_tls_records(&mut []);
    assert_eq!(format!("{status:?}"), "UnbufferedStatus { discard: 0, state: Ok(EncodeTlsData) }");
    let ConnectionState::EncodeTlsData(mut encode) = status.state.unwrap() else { panic!() };
    let error = encode.encode(&mut []).unwrap_err();
    let EncodeError::InsufficientSize(InsufficientSizeError { required_size }) = error else { panic!() };
    assert!(error.to_string().contains(&required_size.to_string()), "{error}");
    assert!(!EncodeError::AlreadyEncoded.to_string().is_empty());
}
