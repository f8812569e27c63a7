//! What a hostile peer can and cannot do: sizes, budgets, cookies, protocols. RFC 8446 sections 4.1.4, 4.6.3, 5 and 6.

use std::io::Write;
use std::sync::Arc;

use chitin::{
    AlertDescription, ContentType, Error, HandshakeKind, InvalidMessage, NamedGroup, PeerMisbehaved,
};
use testkit::configs::provider;
use testkit::pair::{Pair, Record, Side, Tamper, output, tamper};

use crate::common::*;

/// A server that wants another group than the client's first.
fn retrying_server() -> chitin::ServerConfig {
    server_of(provider(&[], &[NamedGroup::secp384r1]))
}

#[test]
fn hello_retry_cookies_are_authenticated() {
    let mut pair = Pair::new(client(), retrying_server());
    pair.handshake().unwrap();
    assert_eq!(kind_of(&pair), HandshakeKind::FullWithHelloRetryRequest);

    // The second hello is the client's third record: hello, change_cipher_spec, hello.
    let second_hello: usize = 2;
    let cookie_in = |body: &[u8]| {
        // Extension 44, the length of its body, the length of the cookie: 32 bytes.
        body.windows(6).position(|at| at == [0, 44, 0, 34, 0, 32]).expect("a cookie of ours") + 6
    };
    for at in [0, 13, 31] {
        let bend: Tamper = tamper::map(second_hello, move |record| {
            let cookie = cookie_in(&record.body);
            record.body[cookie + at] ^= 1;
        });
        let failed = Pair::new(client(), retrying_server()).tamper(Side::Client, bend).settle().unwrap_err();
        assert_eq!((failed.side, failed.error), (Side::Server, PeerMisbehaved::CookieDifferedOnRetry.into()));
    }
    // Without the cookie: its code is made one that nobody knows.
    let hide = tamper::map(second_hello, move |record| {
        let cookie = cookie_in(&record.body);
        record.body[cookie - 5] = 0xfe;
    });
    let failed = Pair::new(client(), retrying_server()).tamper(Side::Client, hide).settle().unwrap_err();
    assert_eq!(failed.side, Side::Server);
    assert!(matches!(failed.error, Error::PeerMisbehaved(_)), "{:?}", failed.error);

    // No two requests have the same one, so an old one is no use.
    let cookie_of = || {
        let mut pair = Pair::new(client(), retrying_server());
        pair.handshake().unwrap();
        let hello = Record::split(pair.flown(Side::Client))[second_hello].body.clone();
        hello[cookie_in(&hello)..][..32].to_vec()
    };
    assert_ne!(cookie_of(), cookie_of());
}

#[test]
fn a_first_hello_with_a_cookie_is_refused() {
    let mut pair = Pair::new(client(), retrying_server());
    pair.carry(Side::Client).unwrap();
    pair.carry(Side::Server).unwrap();
    let flown = pair.take(Side::Client);
    let second_hello = Record::split(&flown).into_iter().find(|record| record.typ == 22).unwrap();
    let mut other = Pair::new(client(), retrying_server());
    let failed = other.give(Side::Server, &second_hello.to_bytes()).unwrap_err();
    assert_eq!(failed.error, PeerMisbehaved::CookieInFirstClientHello.into());
}

#[test]
fn a_second_retry_is_refused() {
    let mut pair = Pair::new(client(), retrying_server());
    pair.carry(Side::Client).unwrap();
    let retry = pair.take(Side::Server);
    pair.give(Side::Client, &retry).unwrap();
    let failed = pair.give(Side::Client, &Record::split(&retry)[0].to_bytes()).unwrap_err();
    assert_eq!(failed.error, PeerMisbehaved::SecondHelloRetryRequest.into());
}

#[test]
fn alpn_without_overlap_is_fatal() {
    let with = |ours: &[&str], theirs: &[&str]| {
        let list = |names: &[&str]| names.iter().map(|name| name.as_bytes().to_vec()).collect::<Vec<_>>();
        let (mut client, mut server) = (client(), server());
        (client.alpn_protocols, server.alpn_protocols) = (list(theirs), list(ours));
        Pair::new(client, server)
    };
    let failed = with(&["h3"], &["h2", "http/1.1"]).settle().unwrap_err();
    assert_eq!((failed.side, failed.error), (Side::Server, Error::NoApplicationProtocol));
    assert_eq!(failed.echo, Some(Error::AlertReceived(AlertDescription::NoApplicationProtocol)));
    for (ours, theirs, expected) in [
        (&["h2", "http/1.1"][..], &["http/1.1", "h2"][..], Some(&b"h2"[..])),
        (&["h2"], &[], None),
        (&[], &["h2"], None),
    ] {
        let mut pair = with(ours, theirs);
        pair.handshake().unwrap();
        assert_eq!(pair.client.alpn_protocol(), expected);
        assert_eq!(pair.server.alpn_protocol(), expected);
    }
}

#[test]
fn an_unoffered_alpn_choice_is_refused() {
    let with = |check: bool, from: &'static [u8], to: &'static [u8]| {
        let (mut client, mut server) = (client(), server());
        let log = Arc::new(Notebook::default());
        client.alpn_protocols = vec![b"h2".to_vec()];
        client.check_selected_alpn = check;
        server.alpn_protocols = client.alpn_protocols.clone();
        server.key_log = log.clone();
        let tamper = rewrite_flight(log, move |mut flight| {
            let at = flight.windows(from.len()).position(|part| part == from).unwrap();
            flight[at..at + to.len()].copy_from_slice(to);
            flight
        });
        Pair::new(client, server).tamper(Side::Server, tamper).settle().unwrap_err().error
    };
    let error = with(true, b"\x02h2", b"\x02h3");
    assert_eq!(error, PeerMisbehaved::SelectedUnofferedApplicationProtocol.into());
    // If the config allows it, it is the signature over the changed flight that is wrong.
    let error = with(false, b"\x02h2", b"\x02h3");
    assert_eq!(error, Error::InvalidCertificate(chitin::CertificateError::BadSignature));

    // And a choice where nothing was offered at all: extension 16 in place of the server_name that is acknowledged.
    let (client, mut server) = (client(), server());
    let log = Arc::new(Notebook::default());
    server.key_log = log.clone();
    let tamper = rewrite_flight(log, |flight| {
        let mut all = messages(&flight);
        all[0].1 = vec![0, 9, 0, 16, 0, 5, 0, 3, 2, b'h', b'2'];
        joined(&all)
    });
    let error = Pair::new(client, server).tamper(Side::Server, tamper).settle().unwrap_err().error;
    assert_eq!(error, PeerMisbehaved::UnsolicitedEncryptedExtension.into());
}

/// The longest body that each message may have, and the reason: see the table in the documentation of the limits.
const LONGEST: [(u8, u32); 10] = [
    (1, 0x1_0000),
    (2, 0x1_0080),
    (4, 0x1_1000),
    (8, 0x4000),
    (11, 100 * 1024),
    (13, 0x1_1000),
    (15, 0x4000),
    (20, 64),
    (24, 16),
    (25, 101 * 1024),
];

#[test]
fn each_message_type_has_a_size_limit_before_authentication() {
    let header = |typ: u8, len: u32| {
        let len = len.to_be_bytes();
        [typ, len[1], len[2], len[3], 0]
    };
    let mut every: Vec<(u8, u32)> = LONGEST.to_vec();
    every.extend([(0, 0x1000), (3, 0x1000), (5, 0x1000), (26, 0x1000), (200, 0x1000)]);
    for (typ, longest) in every {
        for (len, refused) in [(longest, false), (longest + 1, true), (0xff_ffff, true)] {
            // A server that waits for a hello, in the clear.
            let mut pair = Pair::new(client(), server());
            let record = Record { typ: 22, version: 0x0303, body: header(typ, len).to_vec() };
            let got = pair.give(Side::Server, &record.to_bytes()).map_err(|failed| failed.error);
            let limit = longest as usize;
            let too_long = InvalidMessage::HandshakeMessageTooLong {
                typ: chitin::HandshakeType::from(typ),
                len: len as usize,
                limit,
            };
            let expected = if refused { Err(too_long.into()) } else { Ok(()) };
            assert_eq!(got, expected, "server, type {typ}, {len}");

            // A client that waits for EncryptedExtensions, under keys.
            let log = Arc::new(Notebook::default());
            let mut server = server();
            server.key_log = log.clone();
            let mut pair = Pair::new(client(), server);
            pair.carry(Side::Client).unwrap();
            let hello = Record::split(&pair.take(Side::Server))[0].to_bytes();
            pair.give(Side::Client, &hello).unwrap();
            let mut keys = Keys::of(&log, "SERVER_HANDSHAKE_TRAFFIC_SECRET");
            let record = keys.seal(ContentType::Handshake, &header(typ, len));
            let got = pair.give(Side::Client, &record).map_err(|failed| failed.error);
            assert_eq!(got, expected, "client, type {typ}, {len}");
        }
    }
}

#[test]
fn a_message_that_never_ends_is_bounded() {
    // The largest Certificate that may be, in small pieces, and one byte more than announced is never collected.
    let log = Arc::new(Notebook::default());
    let mut server = server();
    server.key_log = log.clone();
    let mut pair = Pair::new(client(), server);
    pair.carry(Side::Client).unwrap();
    let hello = Record::split(&pair.take(Side::Server))[0].to_bytes();
    pair.give(Side::Client, &hello).unwrap();
    let mut keys = Keys::of(&log, "SERVER_HANDSHAKE_TRAFFIC_SECRET");
    let mut body = vec![8, 0, 0x40, 0];
    body.resize(4 + 0x4000, 0);
    let mut outcome = Ok(());
    for piece in body.chunks(1000) {
        outcome = pair.give(Side::Client, &keys.seal(ContentType::Handshake, piece));
    }
    assert!(matches!(outcome.unwrap_err().error, Error::InvalidMessage(_)));
}

/// A finished pair and the keys of one side.
fn forging(side: Side) -> (Pair, Keys) {
    let log = Arc::new(Notebook::default());
    let (client, mut server) = (client(), server());
    server.key_log = log.clone();
    // So that the server has sent nothing under its traffic key.
    server.send_tls13_tickets = 0;
    let mut pair = Pair::new(client, server);
    pair.handshake().unwrap();
    let label = match side {
        Side::Client => "CLIENT_TRAFFIC_SECRET_0",
        Side::Server => "SERVER_TRAFFIC_SECRET_0",
    };
    (pair, Keys::of(&log, label))
}

const UPDATE_REQUESTED: [u8; 5] = [24, 0, 0, 1, 1];

#[test]
fn one_pending_key_update_answer() {
    for side in [Side::Client, Side::Server] {
        let (mut pair, mut keys) = forging(side);
        let mut lengths = Vec::new();
        for _ in 0..20 {
            let record = keys.seal(ContentType::Handshake, &UPDATE_REQUESTED);
            keys.update();
            pair.give(!side, &record).unwrap();
            lengths.push(waiting(&mut pair, !side));
        }
        assert_eq!(lengths, [lengths[0]; 20], "the answer that waits answers them all");
        // It is one KeyUpdate: a header, five bytes, a type and a tag.
        assert_eq!(lengths[0], 5 + 5 + 1 + 16);
        // Once it is sent, the next request gets a new one.
        let answer = pair.take(!side);
        assert_eq!(answer.len(), lengths[0]);
        let record = keys.seal(ContentType::Handshake, &UPDATE_REQUESTED);
        pair.give(!side, &record).unwrap();
        assert_eq!(waiting(&mut pair, !side), lengths[0]);
    }
}

/// Bytes that a side wants to send.
fn waiting(pair: &mut Pair, side: Side) -> usize {
    match side {
        Side::Client => pair.client.process_new_packets().unwrap().tls_bytes_to_write(),
        Side::Server => pair.server.process_new_packets().unwrap().tls_bytes_to_write(),
    }
}

#[test]
fn a_peer_that_does_not_read_cannot_make_our_output_grow() {
    let (mut pair, mut keys) = forging(Side::Client);
    pair.server.set_buffer_limit(Some(10_000));
    assert_eq!(pair.server.writer().write(&[0; 100_000]).unwrap(), 10_000);
    let before = waiting(&mut pair, Side::Server);
    assert_eq!(pair.server.writer().write(&[0; 100_000]).unwrap(), 0, "the limit holds");
    let mut most = 0;
    for n in 0..2000u32 {
        // Every kind of thing that has an answer or might: key updates, data, alerts of no weight.
        let record = match n % 2 {
            0 => keys.seal(ContentType::ApplicationData, b"data"),
            _ => keys.seal(ContentType::Handshake, &UPDATE_REQUESTED),
        };
        if n % 2 == 1 {
            keys.update();
        }
        if pair.give(Side::Server, &record).is_err() {
            break;
        }
        most = most.max(waiting(&mut pair, Side::Server));
    }
    assert!(most <= before + 27, "{before} grew to {most}");
}

#[test]
fn useless_traffic_has_a_budget() {
    // Each: how often it is borne, and what is said then.
    let bear = |limit: usize, expected: PeerMisbehaved, content, body: &[u8], updates: bool| {
        let (mut pair, mut keys) = forging(Side::Client);
        for n in 0..=limit {
            let record = keys.seal(content, body);
            if updates {
                keys.update();
            }
            let got = pair.give(Side::Server, &record).map_err(|failed| failed.error);
            let expected = if n < limit { Ok(()) } else { Err(expected.clone().into()) };
            assert_eq!(got, expected, "{n} of {limit}");
        }
    };
    bear(32, PeerMisbehaved::TooManyEmptyFragments, ContentType::ApplicationData, &[], false);
    bear(4, PeerMisbehaved::TooManyWarningAlertsReceived, ContentType::Alert, &[1, 90], false);
    bear(32, PeerMisbehaved::TooManyKeyUpdateRequests, ContentType::Handshake, &[24, 0, 0, 1, 0], true);
    // During the handshake: change_cipher_spec.
    let mut pair = Pair::new(client(), server());
    pair.carry(Side::Client).unwrap();
    let ccs = Record { typ: 20, version: 0x0303, body: vec![1] }.to_bytes();
    for _ in 0..4 {
        pair.give(Side::Server, &ccs).unwrap();
    }
    let error = pair.give(Side::Server, &ccs).unwrap_err().error;
    assert_eq!(error, PeerMisbehaved::TooManyChangeCipherSpecs.into());
    // Data refills what is about idleness.
    let (mut pair, mut keys) = forging(Side::Client);
    for _ in 0..10 {
        for _ in 0..32 {
            pair.give(Side::Server, &keys.seal(ContentType::ApplicationData, &[])).unwrap();
        }
        pair.give(Side::Server, &keys.seal(ContentType::ApplicationData, b"x")).unwrap();
    }
}

#[test]
fn change_cipher_spec_is_refused_where_it_has_no_place() {
    let ccs = Record { typ: 20, version: 0x0303, body: vec![1] }.to_bytes();
    // Before the first hello, and after the handshake.
    assert!(Pair::new(client(), server()).give(Side::Server, &ccs).is_err());
    let (mut pair, _) = forging(Side::Client);
    assert!(pair.give(Side::Server, &ccs).is_err());
    let (mut pair, _) = forging(Side::Client);
    assert!(pair.give(Side::Client, &ccs).is_err());
    // With another content.
    let mut pair = Pair::new(client(), server());
    pair.carry(Side::Client).unwrap();
    let other = Record { typ: 20, version: 0x0303, body: vec![2] }.to_bytes();
    assert!(pair.give(Side::Server, &other).is_err());
}

#[test]
fn alerts_are_fatal_but_for_two() {
    let (mut pair, mut keys) = forging(Side::Client);
    pair.give(Side::Server, &keys.seal(ContentType::Alert, &[1, 90])).unwrap();
    // A warning of another kind is an error all the same. RFC 8446 section 6.
    let failed = pair.give(Side::Server, &keys.seal(ContentType::Alert, &[1, 100])).unwrap_err();
    assert_eq!(failed.error, Error::AlertReceived(AlertDescription::NoRenegotiation));
    for bad in [&[][..], &[1], &[2, 0, 0], &[3, 0]] {
        let (mut pair, mut keys) = forging(Side::Client);
        assert!(pair.give(Side::Server, &keys.seal(ContentType::Alert, bad)).is_err(), "{bad:?}");
    }
}

#[test]
fn messages_of_other_states_are_refused_after_the_handshake() {
    for (typ, body) in [(1, 40), (2, 40), (8, 2), (11, 4), (13, 3), (15, 4), (20, 48)] {
        for side in [Side::Client, Side::Server] {
            let (mut pair, mut keys) = forging(side);
            let record = keys.seal(ContentType::Handshake, &joined(&[(typ, vec![0; body])]));
            let failed = pair.give(!side, &record).unwrap_err();
            assert!(
                matches!(failed.error, Error::InappropriateHandshakeMessage { .. }),
                "{:?}",
                failed.error
            );
        }
    }
    // A ticket from a client.
    let (mut pair, mut keys) = forging(Side::Client);
    assert!(
        pair.give(Side::Server, &keys.seal(ContentType::Handshake, &joined(&[(4, vec![0; 20])]))).is_err()
    );
}

#[test]
fn key_updates_are_read_strictly() {
    for body in [&[24, 0, 0, 1, 2][..], &[24, 0, 0, 0], &[24, 0, 0, 2, 0, 0]] {
        let (mut pair, mut keys) = forging(Side::Client);
        let failed = pair.give(Side::Server, &keys.seal(ContentType::Handshake, body)).unwrap_err();
        assert!(matches!(failed.error, Error::InvalidMessage(_)), "{:?}", failed.error);
    }
    // Nothing may follow one in its record: it would be under the old key.
    let (mut pair, mut keys) = forging(Side::Client);
    let two = [UPDATE_REQUESTED, UPDATE_REQUESTED].concat();
    let failed = pair.give(Side::Server, &keys.seal(ContentType::Handshake, &two)).unwrap_err();
    assert_eq!(failed.error, PeerMisbehaved::KeyEpochWithPendingFragment.into());
}

#[test]
fn errors_are_sticky() {
    let (mut pair, mut keys) = forging(Side::Client);
    let record = keys.seal(ContentType::Alert, &[2, 40]);
    let error = pair.give(Side::Server, &record).unwrap_err().error;
    assert_eq!(error, Error::AlertReceived(AlertDescription::HandshakeFailure));
    for _ in 0..3 {
        assert_eq!(pair.server.process_new_packets().unwrap_err(), error);
        assert!(pair.server.writer().write(b"x").is_err());
        assert_eq!(pair.server.export_keying_material([0; 8], b"x", None).unwrap_err(), error);
        assert_eq!(pair.server.refresh_traffic_keys().unwrap_err(), error);
        let data = keys.seal(ContentType::ApplicationData, b"more");
        assert_eq!(pair.give(Side::Server, &data).unwrap_err().error, error);
        assert!(pair.arrived(Side::Client).is_empty());
        assert!(output(&mut pair.server).is_empty(), "an alert is not answered");
    }
    // An error of our own sends its alert once.
    let mut pair = Pair::new(client(), server());
    let failed = pair.give(Side::Server, &[22, 3, 3, 0, 4, 20, 0, 0, 0]).unwrap_err();
    assert_eq!(failed.last_words, [21, 3, 3, 0, 2, 2, 10]);
    assert!(pair.server.process_new_packets().is_err());
    assert!(output(&mut pair.server).is_empty());
}

#[test]
fn shares_and_groups_are_those_that_were_asked_for() {
    // A server that chooses a group whose share is not there, by bending the group in its hello.
    let mut pair = Pair::new(client_of(provider(&[], &[NamedGroup::X25519])), server()).tamper(
        Side::Server,
        tamper::map(0, |record| {
            let at = record.body.windows(6).position(|at| at == [0, 51, 0, 36, 0, 29]).unwrap();
            record.body[at + 5] = 23;
        }),
    );
    let failed = pair.settle().unwrap_err();
    assert_eq!(failed.side, Side::Client);
    assert_eq!(failed.error, PeerMisbehaved::SelectedUnofferedKxGroup.into());
}
