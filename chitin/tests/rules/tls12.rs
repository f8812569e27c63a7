//! What must hold of every connection of TLS 1.2. RFC 5246, RFC 7507, RFC 7627, RFC 9325 and RFC 8446 section 4.1.3.

use std::collections::BTreeSet;
use std::io::Write;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex};

use chitin::HandshakeKind::{Full, Resumed};
use chitin::client::{ClientSessionMemoryCache, Resumption, Tls12Resumption};
use chitin::crypto::CryptoProvider;
use chitin::pki_types::ServerName;
use chitin::server::danger::ClientCertVerifier;
use chitin::server::{ProducesTickets, WebPkiClientVerifier};
use chitin::trace::{Event, Trace};
use chitin::version::{TLS12, TLS13};
use chitin::{
    CipherSuite, ClientConfig, ContentType, Error, HandshakeKind, NamedGroup, PeerIncompatible,
    PeerMisbehaved, ProtocolVersion, ServerConfig, SupportedProtocolVersion,
};
use testkit::configs::{ClientOpts, client_config, provider};
use testkit::hello::{Hello, edit_hello, edit_hello_in_flight, edit_messages, message, split_messages};
use testkit::liar::{Liar, Say};
use testkit::pair::{Pair, Record, Side, Tamper, tamper};
use testkit::provided;

use crate::common::*;
use crate::failures::RunsDown;
use crate::resumption::OneHost;

const ONLY12: &[&SupportedProtocolVersion] = &[&TLS12];
const BOTH: &[&SupportedProtocolVersion] = &[&TLS13, &TLS12];

fn client_with(
    provider: Arc<CryptoProvider>,
    versions: &[&'static SupportedProtocolVersion],
) -> ClientConfig {
    ClientConfig::builder_with_provider(provider)
        .with_protocol_versions(versions)
        .unwrap()
        .with_root_certificates(roots())
        .with_no_client_auth()
}

fn server_with(
    provider: Arc<CryptoProvider>,
    versions: &[&'static SupportedProtocolVersion],
    verifier: Arc<dyn ClientCertVerifier>,
) -> ServerConfig {
    let identity = &WORLD.server;
    ServerConfig::builder_with_provider(provider)
        .with_protocol_versions(versions)
        .unwrap()
        .with_client_cert_verifier(verifier)
        .with_single_cert(identity.chain.clone(), identity.key.clone_key())
        .unwrap()
}

fn client12() -> ClientConfig {
    client_with(default_provider(), ONLY12)
}

fn server12() -> ServerConfig {
    server_with(default_provider(), ONLY12, WebPkiClientVerifier::no_client_auth())
}

/// Servers that keep sessions in a store, and in tickets.
fn servers12() -> [ServerConfig; 2] {
    let mut ticketing = server12();
    ticketing.ticketer = provided::ticketer();
    [server12(), ticketing]
}

fn server_hello(pair: &Pair) -> Hello {
    let first = &Record::split(pair.flown(Side::Server))[0];
    let (typ, body) = split_messages(&first.body).remove(0);
    Hello::read(&message(typ, &body))
}

#[test]
fn a_session_is_resumed_from_a_ticket_and_from_a_store() {
    for server in servers12() {
        let (client, server) = (Arc::new(client12()), Arc::new(server));
        assert_eq!(kind(&client, &server), Full);
        for _ in 0..5 {
            let mut pair = shake(&client, &server);
            assert_eq!(kind_of(&pair), Resumed);
            assert_eq!(pair.client.protocol_version(), Some(ProtocolVersion::TLSv1_2));
            assert_eq!(pair.client.peer_certificates(), Some(&WORLD.server.chain[..]));
            assert_eq!(pair.send(Side::Client, b"there").unwrap(), b"there");
            assert_eq!(pair.send(Side::Server, b"back").unwrap(), b"back");
        }
    }
}

/// Whoever hands a connection to a kernel gets no keys of one that has failed. RFC 8446 section 6.2, RFC 5246 section 7.2.2.
#[test]
fn a_connection_that_has_failed_gives_no_keys_out() {
    for version in BOTH {
        let mut server = server_with(default_provider(), &[version], WebPkiClientVerifier::no_client_auth());
        server.enable_secret_extraction = true;
        let mut pair = Pair::new(client_with(default_provider(), BOTH), server);
        pair.handshake().unwrap();
        pair.give(Side::Server, &[&[23, 3, 3, 0, 40][..], &[7; 40]].concat()).unwrap_err();
        pair.take(Side::Server);
        assert!(pair.server.dangerous_extract_secrets().is_err(), "{version:?}");
    }
}

/// A server that takes a session and no longer has its secret, which looks as if somebody had spoilt its Finished, fails one connection and not
/// each one for as long as the session lives. RFC 5246 section 7.2.2.
#[test]
fn a_session_whose_connection_has_failed_is_not_offered_again() {
    fn alert(at: usize, mut record: Record) -> Vec<Record> {
        if at == 1 {
            (record.typ, record.body) = (21, vec![2, 40]);
        }
        vec![record]
    }
    /// Without the ChangeCipherSpec a sealed Finished is read in the clear. What it begins with is random, and might announce a long message.
    fn no_ccs(at: usize, mut record: Record) -> Vec<Record> {
        if at == 2 {
            record.body[..4].copy_from_slice(&[20, 0, 0, 12]);
        }
        if at == 1 { vec![] } else { vec![record] }
    }
    // Behind the ServerHello come a ChangeCipherSpec and the Finished.
    let ways: [fn() -> Tamper; 5] = [
        || tamper::flip_bit(2, 0),
        || Box::new(no_ccs),
        || tamper::duplicate(0),
        || tamper::duplicate(1),
        || Box::new(alert),
    ];
    for server in servers12() {
        let (client, server) = (Arc::new(client12()), Arc::new(server));
        assert_eq!(kind(&client, &server), Full);
        for (number, spoil) in ways.iter().enumerate() {
            let mut pair = Pair::new(client.clone(), server.clone()).tamper(Side::Server, spoil());
            assert_eq!(pair.handshake().unwrap_err().side, Side::Client, "{number}");
            assert_eq!(kind_of(&pair), Resumed, "{number}");
            assert_eq!(kind(&client, &server), Full, "{number}");
        }
        // Where nothing has failed, as when the line is cut, the session is as good as before.
        let cut: Tamper = Box::new(|at, record| if at == 0 { vec![record] } else { vec![] });
        let mut pair = Pair::new(client.clone(), server.clone()).tamper(Side::Server, cut);
        pair.settle().unwrap();
        assert_eq!(kind(&client, &server), Resumed);
    }
}

#[test]
fn a_client_resumes_only_in_the_ways_that_its_config_allows() {
    for (ways, store, tickets) in [
        (Tls12Resumption::Disabled, Full, Full),
        // A server of tickets keeps sessions by id for clients that know no tickets.
        (Tls12Resumption::SessionIdOnly, Resumed, Resumed),
        (Tls12Resumption::SessionIdOrTickets, Resumed, Resumed),
    ] {
        for (server, expected) in servers12().into_iter().zip([store, tickets]) {
            let mut client = client12();
            client.resumption = Resumption::in_memory_sessions(8).tls12_resumption(ways);
            let (client, server) = (Arc::new(client), Arc::new(server));
            assert_eq!(kind(&client, &server), Full);
            assert_eq!(kind(&client, &server), expected, "{ways:?}");
        }
    }
}

#[test]
fn what_the_server_put_into_a_session_comes_back_unless_it_is_too_much() {
    for server in servers12() {
        let server = Arc::new(server);
        for (put, then) in [(70_000, Full), (32 * 1024 + 1, Full), (7, Resumed)] {
            let (client, data) = (Arc::new(client12()), vec![9; put]);
            let mut pair = Pair::new(client.clone(), server.clone());
            pair.server.set_resumption_data(&data);
            pair.handshake().unwrap();
            let pair = shake(&client, &server);
            assert_eq!(kind_of(&pair), then, "{put} bytes");
            let expected = (then == Resumed).then_some(&data[..]);
            assert_eq!(pair.server.received_resumption_data(), expected);
        }
    }
}

#[test]
fn a_long_staple_arrives() {
    let identity = &WORLD.server;
    for version in BOTH {
        let staple = vec![0x30; 60_000];
        let server = ServerConfig::builder_with_provider(default_provider())
            .with_protocol_versions(&[version])
            .unwrap()
            .with_no_client_auth()
            .with_single_cert_with_ocsp(identity.chain.clone(), identity.key.clone_key(), staple.clone())
            .unwrap();
        let opts = ClientOpts { versions: BOTH.to_vec(), ..ClientOpts::default() };
        let pair = shake(&Arc::new(client_config(roots(), &opts)), &Arc::new(server));
        assert_eq!(pair.client.protocol_version(), Some(version.version));
        assert_eq!(opts.seen.staples(), [staple]);
    }
}

#[test]
fn a_clock_that_stops_at_the_end_costs_the_session_only() {
    for server in servers12() {
        // A client looks at its clock for the certificates, then for the session; a server for the session.
        for (ours, theirs, then) in [(1, 9, Full), (2, 9, Resumed), (9, 0, Full), (9, 1, Resumed)] {
            let (mut client, mut server) = (client12(), server.clone());
            client.time_provider = RunsDown::after(ours);
            server.time_provider = RunsDown::after(theirs);
            let mut pair = shake(&Arc::new(client.clone()), &Arc::new(server.clone()));
            assert_eq!(pair.send(Side::Client, b"still here").unwrap(), b"still here");
            client.time_provider = RunsDown::after(9);
            server.time_provider = RunsDown::after(9);
            assert_eq!(kind(&Arc::new(client), &Arc::new(server)), then, "{ours} {theirs}");
        }
    }
}

#[test]
fn a_session_of_another_virtual_host_means_a_full_handshake() {
    for server in servers12() {
        let mut client = client12();
        client.resumption = Resumption::store(Arc::new(OneHost::new()));
        let (client, server) = (Arc::new(client), Arc::new(server));
        let kind_at = |name: &str| {
            let mut pair = Pair::named(client.clone(), server.clone(), name);
            pair.handshake().unwrap();
            kind_of(&pair)
        };
        assert_eq!(kind_at("localhost"), Full);
        assert_eq!(kind_at("other.test"), Full, "another virtual host");
        assert_eq!(kind_at("other.test"), Resumed);
    }
}

#[test]
fn a_store_is_asked_for_a_group_where_a_share_is_sent() {
    let server = Arc::new(server());
    for (mut config, asked) in [(client12(), 0), (client(), 1)] {
        let store = Arc::new(OneHost::new());
        config.resumption = Resumption::store(store.clone());
        shake(&Arc::new(config), &server);
        assert_eq!(store.1.load(Ordering::Relaxed), asked);
    }
}

/// One store and one ticketer, behind servers that ask for different things.
#[test]
fn a_session_of_another_policy_means_a_full_handshake() {
    for lax in servers12() {
        let mut strict = server_with(default_provider(), ONLY12, required(roots()));
        strict.session_storage = lax.session_storage.clone();
        strict.ticketer = lax.ticketer.clone();
        let (lax, strict) = (Arc::new(lax), Arc::new(strict));
        let client = ClientConfig::builder_with_provider(default_provider())
            .with_protocol_versions(ONLY12)
            .unwrap()
            .with_root_certificates(roots())
            .with_client_auth_cert(WORLD.client.chain.clone(), WORLD.client.key.clone_key())
            .unwrap();
        let client = Arc::new(client);
        assert_eq!(kind(&client, &lax), Full);
        assert_eq!(kind(&client, &lax), Resumed);
        let pair = shake(&client, &strict);
        assert_eq!(kind_of(&pair), Full, "nobody was authenticated in it");
        let pair_again = shake(&client, &strict);
        assert_eq!(kind_of(&pair_again), Resumed);
        for pair in [pair, pair_again] {
            assert_eq!(pair.server.peer_certificates(), Some(&WORLD.client.chain[..]));
        }
    }
}

/// A client that has changed its mind about whom to trust offers nothing of before.
#[test]
fn a_session_is_offered_only_under_the_verifier_that_made_it() {
    let server = Arc::new(server12());
    let sessions = Arc::new(ClientSessionMemoryCache::new(8));
    let config = || {
        let mut config = client12();
        config.resumption = Resumption::store(sessions.clone());
        Arc::new(config)
    };
    let first = config();
    assert_eq!(kind(&first, &server), Full);
    assert_eq!(kind(&first, &server), Resumed);
    assert_eq!(kind(&config(), &server), Full, "another verifier");
}

/// A suite that is switched off since is not resumed.
#[test]
fn a_session_of_another_suite_means_a_full_handshake() {
    let of = |suite| provider(&[suite], &[]);
    let suites = [
        CipherSuite::TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256,
        CipherSuite::TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256,
    ];
    let client = Arc::new(client12());
    let no_auth = WebPkiClientVerifier::no_client_auth;
    for server in servers12() {
        let mut first = server_with(of(suites[0]), ONLY12, no_auth());
        let mut second = server_with(of(suites[1]), ONLY12, no_auth());
        for config in [&mut first, &mut second] {
            config.session_storage = server.session_storage.clone();
            config.ticketer = server.ticketer.clone();
        }
        let (first, second) = (Arc::new(first), Arc::new(second));
        assert_eq!(kind(&client, &first), Full);
        assert_eq!(kind(&client, &first), Resumed);
        assert_eq!(kind(&client, &second), Full);
    }
}

/// Two long sessions, one for each version, do not fit one hello: one of them stays at home.
#[test]
fn long_tickets_of_both_versions_fit_a_hello() {
    let client = Arc::new(client_with(default_provider(), BOTH));
    let no_auth = WebPkiClientVerifier::no_client_auth;
    let of = |versions| {
        let mut config = server_with(default_provider(), versions, no_auth());
        config.ticketer = Arc::new(Long);
        Arc::new(config)
    };
    let (older, newer) = (of(ONLY12), of(&[&TLS13]));
    assert_eq!(kind(&client, &older), Full);
    assert_eq!(kind(&client, &newer), Full);
    assert_eq!(kind(&client, &newer), Resumed);
    shake(&client, &older);
}

/// Tickets as long as a client keeps them.
#[derive(Debug)]
struct Long;

impl ProducesTickets for Long {
    fn enabled(&self) -> bool {
        true
    }

    fn lifetime(&self) -> u32 {
        3600
    }

    fn encrypt(&self, plain: &[u8]) -> Option<Vec<u8>> {
        let mut ticket = vec![0; 32 * 1024];
        ticket[..4].copy_from_slice(&u32::try_from(plain.len()).unwrap().to_be_bytes());
        ticket[4..4 + plain.len()].copy_from_slice(plain);
        Some(ticket)
    }

    fn decrypt(&self, ticket: &[u8]) -> Option<Vec<u8>> {
        let len = u32::from_be_bytes(ticket.get(..4)?.try_into().ok()?) as usize;
        ticket.get(4..4 + len).map(<[u8]>::to_vec)
    }
}

// ---- downgrades

/// RFC 8446 section 4.1.3.
#[test]
fn our_server_marks_its_random_when_it_could_do_better() {
    let no_auth = WebPkiClientVerifier::no_client_auth;
    for (versions, marked) in [(BOTH, true), (ONLY12, false)] {
        let server = Arc::new(server_with(default_provider(), versions, no_auth()));
        let client = Arc::new(client12());
        for kind in [Full, Resumed] {
            let pair = shake(&client, &server);
            assert_eq!(kind_of(&pair), kind);
            assert_eq!(server_hello(&pair).random[24..] == *b"DOWNGRD\x01", marked);
        }
    }
}

/// Somebody in between takes TLS 1.3 out of the hello. The client sees it in the random, before anything is signed.
#[test]
fn our_client_sees_that_its_hello_was_weakened() {
    let no_auth = WebPkiClientVerifier::no_client_auth();
    let (client, server) =
        (client_with(default_provider(), BOTH), server_with(default_provider(), BOTH, no_auth));
    let mut pair = Pair::new(client, server).tamper(Side::Client, edit_hello(0, |hello| hello.remove(43)));
    let failed = pair.settle().unwrap_err();
    assert_eq!(failed.side, Side::Client);
    assert_eq!(failed.error, PeerMisbehaved::AttemptedDowngradeToTls12WhenTls13IsSupported.into());
    assert_eq!(failed.last_words, [21, 3, 3, 0, 2, 2, 47]);
}

/// Somebody takes the mark away too: then the signature is over another random.
#[test]
fn the_mark_cannot_be_taken_away() {
    let no_auth = WebPkiClientVerifier::no_client_auth();
    let (client, server) =
        (client_with(default_provider(), BOTH), server_with(default_provider(), BOTH, no_auth));
    let mut pair = Pair::new(client, server)
        .tamper(Side::Client, edit_hello(0, |hello| hello.remove(43)))
        .tamper(Side::Server, edit_hello_in_flight(2, |hello| hello.random[24..].fill(7)));
    let failed = pair.settle().unwrap_err();
    assert_eq!(failed.side, Side::Client);
    assert_eq!(failed.error, Error::InvalidCertificate(chitin::CertificateError::BadSignature));
}

/// RFC 7507: only where the server has better.
#[test]
fn a_fallback_is_refused_only_by_a_server_that_has_better() {
    let fallback = || edit_hello(0, |hello: &mut Hello| hello.suites.push(0x5600));
    let no_auth = WebPkiClientVerifier::no_client_auth;
    let better = server_with(default_provider(), BOTH, no_auth());
    let failed = Pair::new(client12(), better).tamper(Side::Client, fallback()).settle().unwrap_err();
    assert_eq!(failed.error, PeerIncompatible::InappropriateFallback.into());
    assert_eq!(failed.last_words[5..], [2, 86]);

    // Here it goes on; the hello was changed under way, so that the keys do not agree. RFC 7627 section 4.
    let failed = Pair::new(client12(), server12()).tamper(Side::Client, fallback()).settle().unwrap_err();
    assert_eq!(failed.error, Error::DecryptError);
}

/// A change of the hello that nobody notices is noticed when the keys come of it, RFC 7627 section 4; without the extended
/// master secret that somebody has taken away, with Finished.
#[test]
fn a_changed_hello_is_noticed_at_the_end() {
    type Edit = fn(&mut Hello);
    let cells: [(Edit, Error); 3] = [
        (|hello| hello.suites.push(0x1a1a), Error::DecryptError),
        (|hello| hello.add(0x7777, &[]), Error::DecryptError),
        (|hello| hello.remove(23), PeerMisbehaved::IncorrectFinished.into()),
    ];
    for (edit, expected) in cells {
        let mut pair = Pair::new(client12(), server12()).tamper(Side::Client, edit_hello(0, edit));
        assert_eq!(pair.settle().unwrap_err().error, expected);
    }
}

// ---- renegotiation

/// RFC 5246 section 7.2.2: it is told no, and the connection goes on; but not for ever.
/// RFC 5246 section 7.4.1.1: it is not part of the handshake, and a client that is negotiating takes no notice.
#[test]
fn a_wish_to_negotiate_in_the_midst_of_it_is_ignored() {
    let wishing = |wishes: usize| {
        let edit = move |typ, body: Vec<u8>| match typ {
            11 => vec![(0, vec![]); wishes].into_iter().chain([(typ, body)]).collect(),
            _ => vec![(typ, body)],
        };
        let mut pair = Pair::new(client12(), server12()).tamper(Side::Server, edit_messages(edit));
        pair.handshake().map(|()| pair.send(Side::Client, b"there").unwrap())
    };
    assert_eq!(wishing(4).unwrap(), b"there");
    let failed = wishing(5).unwrap_err();
    assert_eq!(failed.error, PeerMisbehaved::TooManyRenegotiationRequests.into());
}

/// A session that is resumed has no key exchange of its own, and is as strong as the one that it was made with.
#[test]
fn a_resumed_connection_tells_the_group_that_protects_it() {
    for server in servers12() {
        let provider = testkit::configs::provider(&[], &[NamedGroup::secp256r1]);
        let (client, server) = (Arc::new(client_with(provider, ONLY12)), Arc::new(server));
        for expected in [Full, Resumed, Resumed] {
            let pair = shake(&client, &server);
            assert_eq!(kind_of(&pair), expected);
            assert_eq!(pair.client.negotiated_key_exchange_group().is_some(), expected == Full);
            assert_eq!(pair.server.negotiated_key_exchange_group().is_some(), expected == Full);
            assert_eq!(pair.client.protecting_key_exchange_group(), Some(NamedGroup::secp256r1));
            assert_eq!(pair.server.protecting_key_exchange_group(), Some(NamedGroup::secp256r1));
        }
    }
}

#[test]
fn renegotiation_is_refused_and_the_connection_goes_on() {
    for lying in [Side::Client, Side::Server] {
        let liar = Liar::new();
        let wrapped = liar.provider(&default_provider());
        let no_auth = WebPkiClientVerifier::no_client_auth;
        let (client, server) = match lying {
            Side::Client => (client_with(wrapped, ONLY12), server12()),
            Side::Server => (client12(), server_with(wrapped, ONLY12, no_auth())),
        };
        let mut pair = Pair::new(client, server).tamper(lying, liar.tamper());
        pair.handshake().unwrap();
        // A ClientHello, whatever is in it, or a HelloRequest.
        let wish = if lying == Side::Client { message(1, &[3; 60]) } else { message(0, &[]) };
        for _ in 0..4 {
            let before = Record::split(pair.flown(!lying)).len();
            liar.next(vec![Say::handshake(&wish), Say::record(23, b"and data")]);
            assert_eq!(pair.send(lying, b"!").unwrap(), b"and data");
            // The no, which is a warning and ends nothing.
            pair.carry(!lying).unwrap();
            let records = Record::split(pair.flown(!lying));
            assert_eq!(records.len(), before + 1);
            assert_eq!(records[before].typ, 21);
            assert_eq!(pair.send(!lying, b"still here").unwrap(), b"still here");
        }
        liar.next(vec![Say::handshake(&wish)]);
        let failed = pair.send(lying, b"!").unwrap_err();
        assert_eq!(failed.error, PeerMisbehaved::TooManyRenegotiationRequests.into());
    }
}

// ---- records

/// RFC 5288 section 3: a nonce that comes twice gives the key away.
#[test]
fn explicit_nonces_never_repeat() {
    for suite in [
        CipherSuite::TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256,
        CipherSuite::TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384,
    ] {
        let mut pair = Pair::new(client_with(provider(&[suite], &[]), ONLY12), server12());
        pair.handshake().unwrap();
        for side in [Side::Client, Side::Server] {
            for _ in 0..300 {
                pair.send(side, b"a record").unwrap();
            }
            let records = Record::split(pair.flown(side));
            let sealed: Vec<_> = records.iter().skip_while(|record| record.typ != 20).skip(1).collect();
            assert!(sealed.len() > 300);
            let nonces: BTreeSet<_> = sealed.iter().map(|record| &record.body[..8]).collect();
            assert_eq!(nonces.len(), sealed.len(), "{suite:?} {side:?}");
            // RFC 5246 section 6.2.3.3: nonce, content, tag.
            assert!(sealed.iter().all(|record| record.typ == 22 || record.body.len() == 8 + 8 + 16));
        }
    }
}

/// Bytes that were sealed for one place do not open at another.
#[test]
fn records_are_bound_to_their_place() {
    for spoil in [tamper::duplicate(4), tamper::swap_with_next(4), tamper::drop_record(4)] {
        let mut pair = Pair::new(client12(), server12()).tamper(Side::Client, spoil);
        pair.handshake().unwrap();
        let failed = (0..5).find_map(|_| pair.send(Side::Client, b"data").err()).expect("it is noticed");
        assert_eq!((failed.side, &failed.error), (Side::Server, &Error::DecryptError));
    }
}

/// No application data without Finished: ours waits, and that of a peer is refused.
#[test]
fn nothing_of_the_application_passes_before_finished() {
    for server in servers12() {
        let (client, server) = (Arc::new(client12()), Arc::new(server));
        for kind in [Full, Resumed] {
            let mut pair = Pair::new(client.clone(), server.clone());
            pair.client.writer().write_all(b"from the client").unwrap();
            pair.server.writer().write_all(b"from the server").unwrap();
            for _ in 0..20 {
                for side in [Side::Client, Side::Server] {
                    let handshaking = match side {
                        Side::Client => pair.client.is_handshaking(),
                        Side::Server => pair.server.is_handshaking(),
                    };
                    let flying = pair.take(side);
                    if handshaking {
                        assert!(
                            Record::split(&flying).iter().all(|record| record.typ != 23),
                            "{kind:?} {side:?}"
                        );
                    }
                    pair.give(!side, &flying).unwrap();
                }
            }
            assert_eq!(kind_of(&pair), kind);
            assert_eq!(pair.arrived(Side::Client), b"from the client");
            assert_eq!(pair.arrived(Side::Server), b"from the server");
        }
    }

    let refused = Error::InappropriateMessage {
        expect_types: vec![ContentType::Handshake],
        got_type: ContentType::ApplicationData,
    };
    // In the clear, in front of every record of either side.
    for side in [Side::Client, Side::Server] {
        for nth in 0..2 {
            let data = Record { typ: 23, version: 0x303, body: b"GET /".to_vec() };
            let mut pair = Pair::new(client12(), server12()).tamper(side, tamper::insert_before(nth, data));
            let failed = pair.settle().unwrap_err();
            assert_eq!((failed.side, &failed.error), (!side, &refused), "before record {nth}");
            assert!(pair.arrived(side).is_empty());
        }
        // Under the right keys, in front of Finished.
        let liar = Liar::new();
        let wrapped = liar.provider(&default_provider());
        let (client, server) = match side {
            Side::Client => (client_with(wrapped, ONLY12), server12()),
            Side::Server => {
                (client12(), server_with(wrapped, ONLY12, WebPkiClientVerifier::no_client_auth()))
            }
        };
        liar.script(|meant| [vec![Say::record(23, b"GET /")], meant.honest()].concat());
        let mut pair = Pair::new(client, server).tamper(side, liar.tamper());
        let failed = pair.settle().unwrap_err();
        assert_eq!((failed.side, &failed.error), (!side, &refused), "sealed");
        assert!(pair.arrived(side).is_empty());
    }
}

// ---- sessions and secrets

#[test]
fn a_session_is_stored_only_after_finished() {
    for lying in [Side::Client, Side::Server] {
        for server in servers12() {
            let liar = Liar::new();
            let wrapped = liar.provider(&default_provider());
            liar.edit(20, |body| body[0] ^= 1);
            let no_auth = WebPkiClientVerifier::no_client_auth;
            let sessions = Arc::new(ClientSessionMemoryCache::new(8));
            let (mut client, mut config) = match lying {
                Side::Client => (client_with(wrapped, ONLY12), server12()),
                Side::Server => (client12(), server_with(wrapped, ONLY12, no_auth())),
            };
            client.resumption = Resumption::store(sessions.clone());
            config.ticketer = server.ticketer.clone();
            let log = Arc::new(Printed::default());
            config.trace = Some(log.clone());
            let mut pair = Pair::new(client, config).tamper(lying, liar.tamper());
            let failed = pair.settle().unwrap_err();
            assert_eq!(failed.error, PeerMisbehaved::IncorrectFinished.into());
            assert_eq!(failed.side, !lying);
            let name = ServerName::try_from("localhost").unwrap();
            use chitin::client::ClientSessionStore;
            assert!(sessions.tls12_session(&name).is_none(), "{lying:?} lies");
        }
    }
}

/// A ticket has to go in front of the server's Finished, RFC 5077 section 3.3; a store can wait until it is out.
#[test]
fn a_server_stores_a_session_behind_its_own_finished() {
    for (mut server, behind) in servers12().into_iter().zip([true, false]) {
        let log = Arc::new(Printed::default());
        server.trace = Some(log.clone());
        Pair::new(client12(), server).handshake().unwrap();
        let lines = log.lines();
        let at = |what: &[&str]| {
            let found = lines.iter().rposition(|line| what.iter().all(|part| line.contains(part)));
            found.unwrap_or_else(|| panic!("{what:?} is not in {lines:#?}"))
        };
        let kept = at(&["Question", if behind { "store" } else { "ticketer" }]);
        assert_eq!(at(&["Message", "Out", "Finished"]) < kept, behind, "{lines:#?}");
    }
}

/// Tools that read the log find the connection by its client random: both sides write the same, of each handshake.
#[test]
fn the_key_log_of_both_sides_is_the_same() {
    let (ours, theirs) = (Arc::new(Notebook::default()), Arc::new(Notebook::default()));
    let (mut client, mut server) = (client12(), server12());
    client.key_log = ours.clone();
    server.key_log = theirs.clone();
    let (client, server) = (Arc::new(client), Arc::new(server));
    for (turn, expected) in [(1, Full), (2, Resumed)] {
        assert_eq!(kind(&client, &server), expected);
        assert_eq!(ours.all().len(), turn, "{expected:?}");
        assert_eq!(ours.all(), theirs.all());
        let (label, random, secret) = ours.all().pop().unwrap();
        assert_eq!((label.as_str(), random.len(), secret.len()), ("CLIENT_RANDOM", 32, 48));
    }
}

/// RFC 5705, and RFC 8446 section 7.5 has nothing to do with it: both sides agree, and each handshake has its own.
#[test]
fn exporters_agree_and_differ_between_connections() {
    let (client, server) = (Arc::new(client12()), Arc::new(server12()));
    let mut seen = BTreeSet::new();
    for _ in 0..2 {
        let pair = shake(&client, &server);
        for context in [None, Some(&b""[..]), Some(b"context")] {
            let ours = pair.client.export_keying_material([0; 40], b"EXPERIMENTAL", context).unwrap();
            let theirs = pair.server.export_keying_material([0; 40], b"EXPERIMENTAL", context).unwrap();
            assert_eq!(ours, theirs);
            // An empty context is not none. RFC 5705 section 4.
            assert!(seen.insert(ours), "{context:?}");
        }
    }
}

/// A resumed session of TLS 1.2 does not keep a client from TLS 1.3.
#[test]
fn a_session_of_tls12_does_not_keep_from_tls13() {
    let client = Arc::new(client_with(default_provider(), BOTH));
    let no_auth = WebPkiClientVerifier::no_client_auth;
    for older in servers12() {
        let mut newer = server_with(default_provider(), BOTH, no_auth());
        newer.session_storage = older.session_storage.clone();
        newer.ticketer = older.ticketer.clone();
        let (older, newer) = (Arc::new(older), Arc::new(newer));
        let look = |server: &Arc<ServerConfig>| {
            let pair = shake(&client, server);
            (pair.client.protocol_version().unwrap(), kind_of(&pair))
        };
        let full: fn(ProtocolVersion) -> (ProtocolVersion, HandshakeKind) = |version| (version, Full);
        assert_eq!(look(&older), full(ProtocolVersion::TLSv1_2));
        assert_eq!(look(&newer).0, ProtocolVersion::TLSv1_3);
        // And a session of TLS 1.3 does not keep from an older server.
        assert_eq!(look(&older).0, ProtocolVersion::TLSv1_2);
    }
}

/// The state behind a ChangeCipherSpec is one that an observer hears of, as of all others.
#[test]
fn an_observer_hears_of_each_state() {
    #[derive(Debug, Default)]
    struct States(Mutex<Vec<&'static str>>);

    impl Trace for States {
        fn event(&self, event: Event<'_>) {
            if let Event::State(name) = event {
                self.0.lock().unwrap().push(name);
            }
        }
    }
    let (at_client, at_server) = (Arc::new(States::default()), Arc::new(States::default()));
    let (mut client, mut server) = (client12(), server12());
    client.trace = Some(at_client.clone());
    client.resumption = Resumption::disabled();
    server.trace = Some(at_server.clone());
    Pair::new(client, server).handshake().unwrap();
    let expected = [
        "WaitServerHello",
        "WaitCertificate",
        "WaitServerKeyExchange",
        "WaitCertificateRequestOrServerHelloDone",
        "AskVerdict",
        "WaitChangeCipherSpec",
        "WaitFinished",
        "Connected",
    ];
    assert_eq!(*at_client.0.lock().unwrap(), expected);
    let expected = ["WaitClientHello", "AskCertificate", "AskSignature", "WaitClientKeyExchange"];
    let expected =
        [&expected[..], &["WaitChangeCipherSpec", "WaitFinished", "AskTicket", "Connected"]].concat();
    assert_eq!(*at_server.0.lock().unwrap(), expected);
}
