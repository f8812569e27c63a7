//! Items of the protocol between two honest ends. RFC 8446 sections 4.6.3, 5, 6.1, 7.5 and appendix D.4.

use std::io::{ErrorKind, Read, Write};
use std::sync::{Arc, Mutex};

use chitin::trace::{Direction, Event, KeyLevel, Trace};
use chitin::version::{TLS12, TLS13};
use chitin::{
    AlertDescription, ClientConnection, ContentType, Error, HandshakeKind, NamedGroup, RecordPadding,
    ServerConfig, ServerConnection, SupportedCipherSuite, Tls13CipherSuite,
};
use chitin::{CipherSuiteCommon, HandshakeType};
use testkit::configs::provider;
use testkit::pair::{Chop, Pair, Record, Side, output};
use testkit::provided;

use crate::common::*;

fn done() -> Pair {
    shake(&Arc::new(client()), &Arc::new(server()))
}

#[test]
fn close_notify_and_truncation_are_told_apart() {
    for side in [Side::Client, Side::Server] {
        let mut closed = done();
        closed.send(!side, b"last words").unwrap();
        closed.close(!side).unwrap();
        assert_eq!(closed.hang_up(side).unwrap(), 0);

        let mut cut = done();
        cut.send(!side, b"last words").unwrap();
        assert_eq!(cut.hang_up(side).unwrap_err().kind(), ErrorKind::UnexpectedEof);
    }
    // While the stream is open there is neither.
    let mut open = done();
    assert_eq!(open.client.reader().read(&mut [0]).unwrap_err().kind(), ErrorKind::WouldBlock);
}

/// RFC 8446 section 6.2: whatever it says, the connection is over on both sides.
#[test]
fn every_error_alert_ends_the_connection_with_its_name() {
    // Close_notify and user_canceled are none: RFC 8446 section 6.1.
    let errors = (1..=u8::MAX).filter(|code| *code != 90);
    for (code, side) in errors.flat_map(|code| [(code, Side::Client), (code, Side::Server)]) {
        let alert = AlertDescription::from(code);
        let mut pair = done();
        match side {
            Side::Client => pair.client.end_with(alert),
            Side::Server => pair.server.end_with(alert),
        }
        assert_eq!(pair.settle().unwrap_err().error, Error::AlertReceived(alert), "{alert:?}");
        assert!(pair.client.writer().write(b"more").is_err(), "{alert:?}");
        assert!(pair.server.writer().write(b"more").is_err(), "{alert:?}");
    }
}

#[test]
fn close_notify_closes_one_direction() {
    let mut pair = done();
    pair.close(Side::Client).unwrap();
    assert!(pair.server.process_new_packets().unwrap().peer_has_closed());
    // The other direction goes on; ours is shut.
    assert_eq!(pair.send(Side::Server, b"still here").unwrap(), b"still here");
    // Who writes all the same is told, and nothing of it goes out.
    assert_eq!(pair.client.writer().write(b"unheard").unwrap_err().kind(), ErrorKind::BrokenPipe);
    pair.client.writer().flush().unwrap();
    assert!(output(&mut pair.client).is_empty());
    // What comes after the peer's close_notify is ignored. RFC 8446 section 6.1.
    assert_eq!(pair.server.read_tls(&mut &[1, 2, 3][..]).unwrap(), 0);
    pair.close(Side::Server).unwrap();
    assert!(pair.client.process_new_packets().unwrap().peer_has_closed());
    // It is said once.
    pair.server.send_close_notify();
    assert!(output(&mut pair.server).is_empty());
}

/// Pads every record to a multiple.
#[derive(Debug)]
struct ToMultipleOf(usize);

impl RecordPadding for ToMultipleOf {
    fn padding(&self, content_len: usize) -> usize {
        content_len.next_multiple_of(self.0) - content_len
    }
}

#[test]
fn padding_is_added_when_asked_for_and_removed_always() {
    let (mut client, server) = (client(), server());
    client.record_padding = Some(Arc::new(ToMultipleOf(1000)));
    let mut pair = Pair::new(client, server);
    pair.handshake().unwrap();
    for len in [1, 10, 999, 1000, 1001, 16_000, 16_384] {
        let sent = vec![7; len];
        let before = pair.flown(Side::Client).len();
        assert_eq!(pair.send(Side::Client, &sent).unwrap(), sent);
        let records = Record::split(&pair.flown(Side::Client)[before..]);
        let total: usize = records.iter().map(|record| record.body.len() - 1 - 16).sum();
        // No record is longer than the protocol allows, which cuts the padding of a full one.
        assert_eq!(total, len.next_multiple_of(1000).min(16_384), "{len}");
        assert_eq!(pair.send(Side::Server, &sent).unwrap(), sent);
    }
}

#[test]
fn key_updates_are_asked_for_and_answered() {
    for side in [Side::Client, Side::Server] {
        let (ours, theirs) = (Arc::new(Printed::default()), Arc::new(Printed::default()));
        let (mut client, mut server) = (client(), server());
        (client.trace, server.trace) =
            (Some(ours.clone() as Arc<dyn Trace>), Some(theirs.clone() as Arc<dyn Trace>));
        let mut pair = Pair::new(client, server);
        pair.handshake().unwrap();
        let count = |log: &Arc<Printed>| {
            let keys = |direction| log.count(&format!("Keys {{ direction: {direction}, level: Traffic"));
            (keys("In"), keys("Out"))
        };
        assert_eq!((count(&ours), count(&theirs)), ((1, 1), (1, 1)));
        for round in 2..5 {
            match side {
                Side::Client => pair.client.refresh_traffic_keys().unwrap(),
                Side::Server => pair.server.refresh_traffic_keys().unwrap(),
            }
            pair.settle().unwrap();
            assert_eq!((count(&ours), count(&theirs)), ((round, round), (round, round)));
            assert_eq!(pair.send(Side::Client, b"to").unwrap(), b"to");
            assert_eq!(pair.send(Side::Server, b"fro").unwrap(), b"fro");
        }
    }
    let early = ClientConnection::new(Arc::new(client()), "localhost".try_into().unwrap());
    assert_eq!(early.unwrap().refresh_traffic_keys(), Err(Error::HandshakeNotComplete));
}

/// A side that sends a long upload, changes keys now and then, and hears nothing but the answers to that.
#[test]
fn answers_to_our_key_updates_are_not_a_flood() {
    for side in [Side::Client, Side::Server] {
        let mut pair = done();
        for round in 0..300 {
            match side {
                Side::Client => pair.client.refresh_traffic_keys().unwrap(),
                Side::Server => pair.server.refresh_traffic_keys().unwrap(),
            }
            assert_eq!(pair.settle().err().map(|failed| failed.error), None, "{round}");
            assert_eq!(pair.send(side, b"upload").unwrap(), b"upload");
        }
    }
}

/// Counts records sent under each generation of traffic keys.
#[derive(Debug, Default)]
struct PerKey(Mutex<Vec<usize>>);

impl Trace for PerKey {
    fn event(&self, event: Event<'_>) {
        let mut counts = self.0.lock().unwrap();
        match event {
            Event::Keys { direction: Direction::Out, level: KeyLevel::Traffic } => counts.push(0),
            Event::Record { direction: Direction::Out, level: KeyLevel::Traffic, .. } => {
                *counts.last_mut().unwrap() += 1;
            }
            _ => {}
        }
    }
}

#[test]
fn keys_change_by_themselves_before_the_limit_of_the_aead() {
    const LIMIT: u64 = 8;
    let built_in = forged_suite();
    let suite: &'static Tls13CipherSuite = Box::leak(Box::new(Tls13CipherSuite {
        common: CipherSuiteCommon {
            suite: built_in.common.suite,
            hash_provider: built_in.common.hash_provider,
            confidentiality_limit: LIMIT,
        },
        hkdf_provider: built_in.hkdf_provider,
        aead_alg: built_in.aead_alg,
        quic: None,
    }));
    let mut provider = provided::default_provider();
    provider.cipher_suites = vec![SupportedCipherSuite::Tls13(suite)];
    let provider = Arc::new(provider);
    let counts = Arc::new(PerKey::default());
    let (mut client, server) = (client_of(provider.clone()), server_of(provider));
    client.trace = Some(counts.clone());
    let mut pair = Pair::new(client, server);
    pair.handshake().unwrap();
    // In one call, which needs many keys, and in many calls.
    let data: Vec<u8> = (0..60_000u32).map(|n| n as u8).collect();
    for _ in 0..5 {
        assert_eq!(pair.send(Side::Client, &data).unwrap(), data);
    }
    for n in 0..100u8 {
        assert_eq!(pair.send(Side::Client, &[n]).unwrap(), [n]);
    }
    let counts = counts.0.lock().unwrap();
    assert!(counts.len() > 10, "{counts:?}");
    assert!(counts.iter().all(|count| *count as u64 <= LIMIT), "{counts:?}");
}

#[test]
fn exporters_are_equal_on_both_ends() {
    let pair = done();
    let export = |label: &[u8], context: Option<&[u8]>| {
        let ours = pair.client.export_keying_material([0; 40], label, context).unwrap();
        let theirs = pair.server.export_keying_material([0; 40], label, context).unwrap();
        assert_eq!(ours, theirs);
        ours
    };
    let all = [
        export(b"label", None),
        export(b"label", Some(b"context")),
        export(b"other", None),
        export(b"other", Some(b"context")),
    ];
    for (n, one) in all.iter().enumerate() {
        assert!(all.iter().skip(n + 1).all(|other| other != one));
    }
    assert_eq!(export(b"label", Some(b"")), all[0], "RFC 8446 section 7.5");
    let other = done();
    assert_ne!(other.client.export_keying_material([0; 40], b"label", None).unwrap(), all[0]);
    assert!(pair.client.export_keying_material([0; 0], b"label", None).is_err());
    // HKDF gives 255 hashes at most, and none is longer than 48 bytes. RFC 5869 section 2.3.
    let much = pair.client.export_keying_material(vec![0; 255 * 48 + 1], b"label", None);
    assert_eq!(much.unwrap_err(), Error::General("exporting too much".into()));
}

fn types(bytes: &[u8]) -> Vec<u8> {
    Record::split(bytes).iter().map(|record| record.typ).collect()
}

#[test]
fn middlebox_compatibility_mode_on_both_sides() {
    let pair = done();
    // Client: hello, change_cipher_spec in front of its second flight. Server: hello, change_cipher_spec, the rest.
    let (client_types, server_types) = (types(pair.flown(Side::Client)), types(pair.flown(Side::Server)));
    assert_eq!(client_types[..3], [22, 20, 23]);
    assert_eq!(server_types[..3], [22, 20, 23]);
    assert_eq!(client_types.iter().filter(|typ| **typ == 20).count(), 1);
    assert_eq!(server_types.iter().filter(|typ| **typ == 20).count(), 1);

    let mut retried = Pair::new(client(), server_of(provider(&[], &[NamedGroup::secp384r1])));
    retried.handshake().unwrap();
    assert_eq!(types(retried.flown(Side::Client))[..4], [22, 20, 22, 23]);
    assert_eq!(types(retried.flown(Side::Server))[..4], [22, 20, 22, 23]);

    // A session id of 32 bytes is echoed; every record of 23 says TLS 1.2, the first hello TLS 1.0. RFC 8446 section 5.1.
    let (ours, theirs) = (Record::split(pair.flown(Side::Client)), Record::split(pair.flown(Side::Server)));
    assert_eq!(ours[0].body[38], 32);
    assert_eq!(ours[0].body[38..71], theirs[0].body[38..71]);
    assert_eq!(ours[0].version, 0x0301);
    assert!(ours[1..].iter().chain(&theirs).all(|record| record.version == 0x0303));
}

#[test]
fn what_is_written_behind_a_waiting_close_notify_is_refused() {
    let mut pair = Pair::new(client(), server());
    pair.client.writer().write_all(b"first").unwrap();
    pair.client.send_close_notify();
    assert_eq!(pair.client.writer().write(b"second").unwrap_err().kind(), ErrorKind::BrokenPipe);
    pair.settle().unwrap();
    assert_eq!(pair.arrived(Side::Client), b"first");
    assert!(pair.server.process_new_packets().unwrap().peer_has_closed());
}

#[test]
fn a_server_sends_change_cipher_spec_to_clients_without_a_session_id_too() {
    let mut pair = Pair::new(client(), server());
    let flown = pair.take(Side::Client);
    let mut hello = Record::split(&flown).remove(0);
    hello.body.splice(38..71, [0]);
    let len = hello.body.len() - 4;
    hello.body[1..4].copy_from_slice(&u32::try_from(len).unwrap().to_be_bytes()[1..]);
    pair.give(Side::Server, &hello.to_bytes()).unwrap();
    assert_eq!(types(&pair.take(Side::Server))[..3], [22, 20, 23]);
}

#[test]
fn hellos_have_grease_and_another_order_each_time() {
    let hello = || {
        let mut pair = Pair::new(client(), server());
        Record::split(&pair.take(Side::Client)).remove(0).body
    };
    let is_grease = |code: u16| code & 0x0f0f == 0x0a0a && code >> 8 == code & 0xff;
    let mut orders = Vec::new();
    for _ in 0..8 {
        let hello = hello();
        // The first suite, after a session id of 32 bytes.
        assert!(is_grease(u16::from_be_bytes([hello[73], hello[74]])));
        let codes = crate::identity::extension_codes(&hello);
        assert!(is_grease(codes[0]) && is_grease(codes[codes.len() - 1]), "{codes:x?}");
        assert_ne!(codes[0], codes[codes.len() - 1]);
        assert_eq!(codes.iter().filter(|code| is_grease(**code)).count(), 2);
        orders.push(codes[1..codes.len() - 1].to_vec());
    }
    let (first, rest) = orders.split_first().unwrap();
    assert!(rest.iter().any(|order| order != first), "eight hellos in one order");
    let sorted = |order: &Vec<u16>| {
        let mut order = order.clone();
        order.sort_unstable();
        order
    };
    assert!(rest.iter().all(|order| sorted(order) == sorted(first)));
}

#[test]
fn records_are_no_longer_than_asked_for() {
    for size in [32, 64, 1000, 16_389] {
        let (mut client, mut server) = (client(), server());
        client.max_fragment_size = Some(size);
        server.max_fragment_size = Some(size);
        let mut pair = Pair::new(client, server);
        pair.handshake().unwrap();
        let data = vec![3; 20_000];
        assert_eq!(pair.send(Side::Client, &data).unwrap(), data);
        assert_eq!(pair.send(Side::Server, &data).unwrap(), data);
        for side in [Side::Client, Side::Server] {
            for record in Record::split(pair.flown(side)) {
                // It counts the header of five bytes; a protected record has a type byte and a tag besides.
                let extra = if record.typ == 23 { 17 } else { 0 };
                assert!(record.body.len() <= size - 5 + extra, "{} of {size}", record.body.len());
            }
        }
    }
    for size in [0, 31, 16_390, usize::MAX] {
        let (mut client, mut server) = (client(), server());
        client.max_fragment_size = Some(size);
        server.max_fragment_size = Some(size);
        let name = "localhost".try_into().unwrap();
        assert_eq!(ClientConnection::new(Arc::new(client), name).err(), Some(Error::BadMaxFragmentSize));
        assert_eq!(ServerConnection::new(Arc::new(server)).err(), Some(Error::BadMaxFragmentSize));
    }
}

#[test]
fn what_is_written_before_the_handshake_comes_out_after_it() {
    let mut pair = Pair::new(client(), server());
    pair.client.writer().write_all(b"one ").unwrap();
    pair.client.writer().write_all(b"two").unwrap();
    pair.server.writer().write_all(b"three").unwrap();
    pair.settle().unwrap();
    assert_eq!(pair.arrived(Side::Client), b"one two");
    assert_eq!(pair.arrived(Side::Server), b"three");
    // Nothing of it in the clear, and not twice.
    for side in [Side::Client, Side::Server] {
        assert!(!pair.flown(side).windows(3).any(|part| part == b"two" || part == b"thr"));
    }
    assert_eq!(pair.send(Side::Client, b"four").unwrap(), b"four");

    // What was held does not survive a failure.
    let mut pair = Pair::new(client(), server());
    pair.client.writer().write_all(b"secret").unwrap();
    pair.give(Side::Client, &[21, 3, 3, 0, 2, 2, 40]).unwrap_err();
    let rest = output(&mut pair.client);
    assert!(!rest.windows(6).any(|part| part == b"secret"));
}

#[test]
fn each_group_and_suite_makes_a_connection() {
    for group in provided::all_kx_groups() {
        for suite in testkit::configs::SUITES {
            let provider = provider(&[suite], &[group.name()]);
            let mut pair = Pair::new(client_of(provider.clone()), server_of(provider));
            pair.handshake().unwrap();
            assert_eq!(pair.client.negotiated_cipher_suite().unwrap().suite(), suite);
            assert_eq!(pair.server.negotiated_key_exchange_group().unwrap().name(), group.name());
            assert_eq!(pair.send(Side::Client, b"hello").unwrap(), b"hello");
        }
    }
}

#[test]
fn a_hybrids_half_may_be_taken() {
    // The client's first group is a hybrid; a server that has only its classical half needs no retry.
    let mut pair = Pair::new(client(), server_of(provider(&[], &[NamedGroup::X25519])));
    pair.handshake().unwrap();
    assert_eq!(kind_of(&pair), HandshakeKind::Full);
    assert_eq!(pair.client.negotiated_key_exchange_group().unwrap().name(), NamedGroup::X25519);
}

#[test]
fn events_tell_the_handshake_in_order() {
    #[derive(Debug, Default)]
    struct Messages(Mutex<Vec<(Direction, HandshakeType)>>);

    impl Trace for Messages {
        fn event(&self, event: Event<'_>) {
            if let Event::Message { direction, typ, .. } = event {
                self.0.lock().unwrap().push((direction, typ));
            }
        }
    }
    use Direction::{In, Out};
    use HandshakeType as T;
    let events = Arc::new(Messages::default());
    let mut server = server_asking(required(roots()));
    server.trace = Some(events.clone());
    server.send_tls13_tickets = 1;
    let mut pair = Pair::new(client_with_cert(), server);
    pair.handshake().unwrap();
    // RFC 8446 figure 1.
    let expected = [
        (In, T::ClientHello),
        (Out, T::ServerHello),
        (Out, T::EncryptedExtensions),
        (Out, T::CertificateRequest),
        (Out, T::Certificate),
        (Out, T::CertificateVerify),
        (Out, T::Finished),
        (In, T::Certificate),
        (In, T::CertificateVerify),
        (In, T::Finished),
        (Out, T::NewSessionTicket),
    ];
    assert_eq!(*events.0.lock().unwrap(), expected);
    assert_ne!(ContentType::Handshake, ContentType::Alert);
}

/// Whoever answers, and when: the handshake is the same. What has arrived behind a question waits.
#[test]
fn questions_may_be_answered_late() {
    for version in [&TLS13, &TLS12] {
        for ticketer in [None, Some(provided::ticketer())] {
            let mut server = ServerConfig::builder_with_provider(default_provider())
                .with_protocol_versions(&[version])
                .unwrap()
                .with_client_cert_verifier(required(roots()))
                .with_single_cert(WORLD.server.chain.clone(), WORLD.server.key.clone_key())
                .unwrap();
            server.ticketer = ticketer.unwrap_or(server.ticketer);
            let server = Arc::new(server);
            for chop in [Chop::Whole, Chop::Records, Chop::Bytes(7)] {
                let client = Arc::new(client_with_cert());
                for expected in [HandshakeKind::Full, HandshakeKind::Resumed] {
                    let mut pair = Pair::new(client.clone(), server.clone()).chop(chop).deferred();
                    pair.handshake().unwrap();
                    assert_eq!(kind_of(&pair), expected, "{version:?} {chop:?}");
                    assert_eq!(pair.client.protocol_version(), Some(version.version));
                    assert_eq!(pair.server.peer_certificates(), Some(&WORLD.client.chain[..]));
                    assert_eq!(pair.send(Side::Client, b"hello").unwrap(), b"hello");
                    assert_eq!(pair.send(Side::Server, b"hello").unwrap(), b"hello");
                }
            }
        }
    }

    // A verdict that comes late is a verdict.
    let mut pair = Pair::new(client(), server_asking(required(roots()))).deferred();
    let failed = pair.settle().unwrap_err();
    assert_eq!((failed.side, failed.error), (Side::Server, Error::NoCertificatesPresented));

    // Until then nothing is asked, read or said.
    let mut pair = Pair::new(client(), server()).deferred();
    let mut hello = &pair.take(Side::Client)[..];
    pair.server.read_tls(&mut hello).unwrap();
    pair.server.process_new_packets().unwrap();
    assert!(pair.server.is_handshaking() && !pair.server.wants_read() && !pair.server.wants_write());
    let mut answered = 0;
    while pair.server.answer_question().unwrap() {
        answered += 1;
    }
    // The certificate and the signature.
    assert_eq!(answered, 2);
    assert!(pair.server.wants_write());
}

/// `cargo xtask test` runs these tests once for each provider.
#[test]
fn the_provider_is_the_one_that_was_asked_for() {
    let expected = match std::env::var("CHITIN_TEST_PROVIDER").as_deref() {
        Ok("ring") => "Ring",
        Ok("graviola") => "Graviola",
        _ => "AwsLcRs",
    };
    for provider in [client().crypto_provider().clone(), server().crypto_provider().clone()] {
        assert_eq!(
            format!("{:?} {:?}", provider.secure_random, provider.key_provider),
            format!("{expected} {expected}")
        );
    }
}
