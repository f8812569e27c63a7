//! Early data (0-RTT): who may send it, who takes it, and what becomes of it. RFC 8446 sections 2.3, 4.2.10 and 8.

use std::fmt;
use std::io::{ErrorKind, Read, Write};
use std::sync::Arc;
use std::time::Duration;

use chitin::HandshakeKind::{Full, FullWithHelloRetryRequest, Resumed};
use chitin::client::Tls13ClientSessionValue;
use chitin::client::{ClientSessionMemoryCache, ClientSessionStore, Resumption, Tls12ClientSessionValue};
use chitin::pki_types::ServerName;
use chitin::server::StoresServerSessions;
use chitin::version::TLS12;
use chitin::{
    CipherSuite, ClientConfig, HandshakeKind, NamedGroup, PeerMisbehaved, ServerConfig, ServerConnection,
};
use testkit::configs;
use testkit::pair::{Chop, Pair, Side};
use testkit::provided;

use crate::common::*;

const EARLY: &[u8] = b"GET /early";
const LATE: &[u8] = b"GET /late";
const LIMIT: u32 = 1000;

/// A client that sends early data and a server that takes it.
fn configs() -> (ClientConfig, ServerConfig) {
    (eager(client()), taking(server()))
}

fn eager(mut config: ClientConfig) -> ClientConfig {
    config.enable_early_data = true;
    config
}

fn taking(mut config: ServerConfig) -> ServerConfig {
    config.max_early_data_size = LIMIT;
    config
}

/// A client store that changes what it gives out.
struct Odd {
    inner: ClientSessionMemoryCache,
    hints: bool,
    change: fn(&mut Tls13ClientSessionValue),
}

impl Odd {
    fn resumption(hints: bool, change: fn(&mut Tls13ClientSessionValue)) -> Resumption {
        Resumption::store(Arc::new(Self { inner: ClientSessionMemoryCache::new(32), hints, change }))
    }
}

impl fmt::Debug for Odd {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Odd")
    }
}

impl ClientSessionStore for Odd {
    fn set_kx_hint(&self, name: ServerName<'static>, group: NamedGroup) {
        if self.hints {
            self.inner.set_kx_hint(name, group);
        }
    }

    fn kx_hint(&self, name: &ServerName<'_>) -> Option<NamedGroup> {
        self.inner.kx_hint(name)
    }

    fn set_tls12_session(&self, name: ServerName<'static>, value: Tls12ClientSessionValue) {
        self.inner.set_tls12_session(name, value);
    }

    fn tls12_session(&self, name: &ServerName<'_>) -> Option<Tls12ClientSessionValue> {
        self.inner.tls12_session(name)
    }

    fn remove_tls12_session(&self, name: &ServerName<'static>) {
        self.inner.remove_tls12_session(name);
    }

    fn insert_tls13_ticket(&self, name: ServerName<'static>, mut value: Tls13ClientSessionValue) {
        (self.change)(&mut value);
        self.inner.insert_tls13_ticket(name, value);
    }

    fn take_tls13_ticket(&self, name: &ServerName<'static>) -> Option<Tls13ClientSessionValue> {
        self.inner.take_tls13_ticket(name)
    }
}

/// A new connection on which the client has written early data, and data for afterwards.
fn written(client: &Arc<ClientConfig>, server: &Arc<ServerConfig>) -> Pair {
    let mut pair = Pair::new(client.clone(), server.clone());
    pair.client.early_data().expect("early data is offered").write_all(EARLY).unwrap();
    pair.client.writer().write_all(LATE).unwrap();
    pair
}

/// All early data that the server has.
fn received(server: &mut ServerConnection) -> Option<Vec<u8>> {
    let mut bytes = Vec::new();
    server.early_data()?.read_to_end(&mut bytes).unwrap();
    Some(bytes)
}

/// A handshake with early data that is accepted, or refused, and what has to be the same in both cases.
fn settles(client: &Arc<ClientConfig>, server: &Arc<ServerConfig>, kind: HandshakeKind, accepted: bool) {
    for chop in [Chop::Whole, Chop::Records, Chop::Bytes(1)] {
        let mut pair = written(client, server).chop(chop);
        pair.handshake().unwrap();
        assert_eq!(kind_of(&pair), kind, "{chop:?}");
        assert_eq!(pair.client.is_early_data_accepted(), accepted, "{chop:?}");
        assert_eq!(received(&mut pair.server), accepted.then(|| EARLY.to_vec()), "{chop:?}");
        assert_eq!(pair.arrived(Side::Client), LATE, "nothing else, and nothing twice");
        assert!(pair.client.early_data().is_none(), "the time for it is over");
        assert_eq!(pair.send(Side::Client, b"more").unwrap(), b"more");
        assert_eq!(pair.send(Side::Server, b"answer").unwrap(), b"answer");
        if kind == Full {
            // The session of the refused attempt is used up, and what follows would be accepted.
            return;
        }
    }
}

fn refuses(client: &Arc<ClientConfig>, server: &Arc<ServerConfig>, kind: HandshakeKind) {
    settles(client, server, kind, false);
}

#[test]
fn early_data_is_read_before_the_handshake_is_done() {
    let (mut client, server) = configs();
    let log = Arc::new(Notebook::default());
    client.key_log = log.clone();
    let (client, server) = (Arc::new(client), Arc::new(server));
    let mut first = shake(&client, &server);
    assert!(first.client.early_data().is_none() && first.server.early_data().is_none());
    assert!(!first.client.is_early_data_accepted());
    assert_eq!(log.secret("CLIENT_EARLY_TRAFFIC_SECRET"), None);

    let mut pair = written(&client, &server);
    pair.carry(Side::Client).unwrap();
    assert!(pair.server.is_handshaking() && pair.client.is_handshaking());
    assert_eq!(received(&mut pair.server).unwrap(), EARLY);
    assert_eq!(pair.server.reader().read(&mut [0; 10]).unwrap_err().kind(), ErrorKind::WouldBlock);
    assert_eq!(pair.arrived(Side::Client), b"");
    assert!(!pair.client.is_early_data_accepted(), "nobody has said so yet");
    // More, while the server's flight is on its way.
    assert_eq!(pair.client.early_data().unwrap().bytes_left(), LIMIT as usize - EARLY.len());
    pair.client.early_data().unwrap().write_all(b" and more").unwrap();
    pair.carry(Side::Client).unwrap();
    pair.handshake().unwrap();
    assert!(pair.client.is_early_data_accepted());
    assert_eq!(received(&mut pair.server).unwrap(), b" and more");
    assert_eq!(received(&mut pair.server).unwrap(), b"");
    assert_eq!(pair.arrived(Side::Client), LATE);
    for label in ["CLIENT_EARLY_TRAFFIC_SECRET", "EARLY_EXPORTER_SECRET"] {
        assert!(log.secret(label).is_some(), "RFC 9850 section 2.1: {label}");
    }
    settles(&client, &server, Resumed, true);
}

#[test]
fn early_data_is_off_by_default_on_both_sides() {
    let (client, server) = (Arc::new(client()), Arc::new(taking(server())));
    shake(&client, &server);
    assert!(Pair::new(client, server).client.early_data().is_none());
    let (client, server) = (Arc::new(eager(crate::common::client())), Arc::new(crate::common::server()));
    shake(&client, &server);
    assert!(Pair::new(client, server).client.early_data().is_none());
}

#[test]
fn the_limit_of_the_ticket_holds_for_the_client() {
    let (client, server) = configs();
    let (client, server) = (Arc::new(client), Arc::new(server));
    shake(&client, &server);
    let mut pair = Pair::new(client, server);
    let mut early = pair.client.early_data().unwrap();
    assert_eq!(early.bytes_left(), LIMIT as usize);
    assert_eq!(early.write(&[7; 3000]).unwrap(), LIMIT as usize);
    assert_eq!((early.bytes_left(), early.write(b"x").unwrap()), (0, 0));
    pair.handshake().unwrap();
    assert_eq!(received(&mut pair.server).unwrap(), [7; LIMIT as usize]);
}

#[test]
fn more_early_data_than_the_ticket_allows_ends_the_connection() {
    let (mut client, server) = configs();
    client.resumption = Odd::resumption(true, |session| {
        if session.max_early_data_size() > 0 {
            session._private_set_max_early_data_size(LIMIT + 1);
        }
    });
    let (client, server) = (Arc::new(client), Arc::new(server));
    shake(&client, &server);
    let mut pair = Pair::new(client, server);
    pair.client.early_data().unwrap().write_all(&[7; LIMIT as usize]).unwrap();
    pair.carry(Side::Client).unwrap();
    pair.client.early_data().unwrap().write_all(b"x").unwrap();
    let failed = pair.carry(Side::Client).unwrap_err();
    assert_eq!(failed.error, PeerMisbehaved::TooMuchEarlyDataReceived.into());
}

#[test]
fn refused_early_data_is_told_and_not_sent_again() {
    let (client, server) = configs();
    let mut closed = server.clone();
    closed.max_early_data_size = 0;
    let (client, server, closed) = (Arc::new(client), Arc::new(server), Arc::new(closed));
    shake(&client, &server);
    let mut pair = written(&client, &closed);
    pair.handshake().unwrap();
    assert_eq!(kind_of(&pair), Resumed, "the session itself is good");
    assert!(!pair.client.is_early_data_accepted());
    assert!(pair.server.early_data().is_none());
    assert_eq!(pair.arrived(Side::Client), LATE);
    // The resend is the application's.
    assert_eq!(pair.send(Side::Client, EARLY).unwrap(), EARLY);
}

#[test]
fn as_much_as_was_granted_is_passed_over() {
    const MUCH: usize = 300_000;
    let (mut client, mut server) = configs();
    server.max_early_data_size = MUCH as u32;
    client.max_fragment_size = Some(1000);
    // The same limit, and the sessions of another config.
    let mut other = taking(crate::common::server());
    other.max_early_data_size = MUCH as u32;
    other.session_storage = server.session_storage.clone();
    let (client, server, other) = (Arc::new(client), Arc::new(server), Arc::new(other));
    shake(&client, &server);
    let mut pair = Pair::new(client, other);
    pair.client.set_buffer_limit(None);
    pair.client.early_data().unwrap().write_all(&vec![1; MUCH]).unwrap();
    pair.handshake().unwrap();
    assert!(!pair.client.is_early_data_accepted());
}

// ---- the server's rules

#[test]
fn never_from_a_stateless_ticket() {
    // No ticket says that early data is welcome ...
    let (client, server) = (Arc::new(eager(client())), Arc::new(taking(server_with_tickets())));
    shake(&client, &server);
    assert!(Pair::new(client, server.clone()).client.early_data().is_none());
    // ... and none is accepted from a client that believes it is.
    let mut client = eager(crate::common::client());
    client.resumption = Odd::resumption(true, |session| session._private_set_max_early_data_size(LIMIT));
    let client = Arc::new(client);
    shake(&client, &server);
    refuses(&client, &server, Resumed);
}

#[test]
fn a_session_is_spent_before_its_early_data_is_accepted() {
    let (client, server) = configs();
    let (client, server) = (Arc::new(client), Arc::new(server));
    shake(&client, &server);
    let mut pair = written(&client, &server);
    let flight = pair.take(Side::Client);
    pair.give(Side::Server, &flight).unwrap();
    assert_eq!(received(&mut pair.server).unwrap(), EARLY);
    // Somebody has recorded it.
    let mut replayed = ServerConnection::new(server).unwrap();
    replayed.read_tls(&mut &flight[..]).unwrap();
    replayed.process_new_packets().unwrap();
    assert_eq!(replayed.handshake_kind(), Some(Full));
    assert!(replayed.early_data().is_none());
}

#[test]
fn never_after_a_retry() {
    let mut client = eager(client_of(configs::provider(&[], &[NamedGroup::X25519, NamedGroup::secp256r1])));
    // One that does not remember the group, and so is asked again each time.
    client.resumption = Odd::resumption(false, |_| {});
    let server = taking(server_of(configs::provider(&[], &[NamedGroup::secp256r1])));
    let (client, server) = (Arc::new(client), Arc::new(server));
    assert_eq!(kind(&client, &server), FullWithHelloRetryRequest);
    refuses(&client, &server, Resumed);
}

#[test]
fn only_while_the_ages_agree() {
    for (theirs_is, ours_is, accepted) in
        [(0, 0, true), (10, 0, true), (11, 0, false), (0, 10, true), (0, 11, false), (5000, 5000, true)]
    {
        let (mut client, mut server) = configs();
        let (ours, theirs) = (Clock::at(DAY), Clock::at(DAY));
        (client.time_provider, server.time_provider) = (ours.clone(), theirs.clone());
        let (client, server) = (Arc::new(client), Arc::new(server));
        shake(&client, &server);
        ours.set(DAY + ours_is);
        theirs.set(DAY + theirs_is);
        let mut pair = written(&client, &server);
        pair.handshake().unwrap();
        assert_eq!(kind_of(&pair), Resumed, "{theirs_is} {ours_is}");
        assert_eq!(pair.client.is_early_data_accepted(), accepted, "{theirs_is} {ours_is}");
    }
}

#[test]
fn the_ages_may_differ_by_what_the_config_says_and_the_difference_is_told() {
    // What the client and the server make of the age of the ticket; whether its early data is taken.
    for (theirs_is, ours_is, accepted) in [(70, 10, true), (71, 10, false), (10, 70, true), (10, 71, false)] {
        let (mut client, mut server) = configs();
        server.early_data_age_window = Duration::from_secs(60);
        let (ours, theirs) = (Clock::at(DAY), Clock::at(DAY));
        (client.time_provider, server.time_provider) = (theirs.clone(), ours.clone());
        let (client, server) = (Arc::new(client), Arc::new(server));
        assert_eq!(shake(&client, &server).server.ticket_age_skew(), None, "nothing was resumed");
        theirs.set(DAY + theirs_is);
        ours.set(DAY + ours_is);
        let mut pair = written(&client, &server);
        pair.handshake().unwrap();
        assert_eq!(pair.client.is_early_data_accepted(), accepted, "{theirs_is} {ours_is}");
        let skew = (theirs_is as i64 - ours_is as i64) * 1000;
        assert_eq!((kind_of(&pair), pair.server.ticket_age_skew()), (Resumed, Some(skew)));
    }
    // Of a ticket, on which no early data is taken, too.
    let (mut client, mut server) = (client(), server_with_tickets());
    let (ours, theirs) = (Clock::at(DAY), Clock::at(DAY));
    (client.time_provider, server.time_provider) = (theirs.clone(), ours.clone());
    let (client, server) = (Arc::new(client), Arc::new(server));
    shake(&client, &server);
    theirs.set(DAY + 5);
    assert_eq!(shake(&client, &server).server.ticket_age_skew(), Some(5000));
}

#[test]
fn never_when_the_clock_has_gone_back() {
    let (client, mut server) = configs();
    let clock = Clock::at(DAY);
    server.time_provider = clock.clone();
    let (client, server) = (Arc::new(client), Arc::new(server));
    let mut client_at = (*client).clone();
    client_at.time_provider = Clock::at(DAY);
    let client = Arc::new(client_at);
    shake(&client, &server);
    clock.set(DAY - 1);
    refuses(&client, &server, Full);
}

#[test]
fn never_from_before_a_restart() {
    let (client, server) = configs();
    // A store that outlives the process, and a config that is made anew.
    let mut restarted = taking(crate::common::server());
    restarted.session_storage = server.session_storage.clone();
    let (client, server, restarted) = (Arc::new(client), Arc::new(server), Arc::new(restarted));
    shake(&client, &server);
    shake(&client, &server);
    let mut pair = written(&client, &restarted);
    pair.handshake().unwrap();
    assert_eq!((kind_of(&pair), pair.client.is_early_data_accepted()), (Resumed, false));
    // What the new one has made it takes.
    settles(&client, &restarted, Resumed, true);
}

/// A store that says whether it is durable.
#[derive(Debug)]
struct Says(bool, Arc<dyn StoresServerSessions>);

impl StoresServerSessions for Says {
    fn put(&self, key: Vec<u8>, value: Vec<u8>) -> bool {
        self.1.put(key, value)
    }

    fn get(&self, key: &[u8]) -> Option<Vec<u8>> {
        self.1.get(key)
    }

    fn take(&self, key: &[u8]) -> Option<Vec<u8>> {
        self.1.take(key)
    }

    fn can_cache(&self) -> bool {
        self.1.can_cache()
    }

    fn is_durable(&self) -> bool {
        self.0
    }
}

#[test]
fn from_before_a_restart_only_if_the_store_was_durable_then_and_is_now() {
    for (then, now) in [(true, true), (true, false), (false, true), (false, false)] {
        let (client, mut server) = configs();
        let store = server.session_storage.clone();
        server.session_storage = Arc::new(Says(then, store.clone()));
        let mut restarted = taking(crate::common::server());
        restarted.session_storage = Arc::new(Says(now, store));
        let (client, server, restarted) = (Arc::new(client), Arc::new(server), Arc::new(restarted));
        shake(&client, &server);
        let mut pair = written(&client, &restarted);
        pair.handshake().unwrap();
        assert_eq!(kind_of(&pair), Resumed);
        assert_eq!(pair.client.is_early_data_accepted(), then && now, "{then} {now}");
    }
}

#[test]
fn a_session_of_a_durable_store_is_spent_for_all_who_share_it() {
    let (client, mut server) = configs();
    server.session_storage = Arc::new(Says(true, server.session_storage.clone()));
    let mut other = taking(crate::common::server());
    other.session_storage = server.session_storage.clone();
    let (client, server, other) = (Arc::new(client), Arc::new(server), Arc::new(other));
    shake(&client, &server);
    let mut pair = written(&client, &server);
    let flight = pair.take(Side::Client);
    pair.give(Side::Server, &flight).unwrap();
    assert_eq!(received(&mut pair.server).unwrap(), EARLY);
    // Somebody has recorded it, and sends it to the other one.
    let mut replayed = ServerConnection::new(other).unwrap();
    replayed.read_tls(&mut &flight[..]).unwrap();
    replayed.process_new_packets().unwrap();
    assert_eq!(replayed.handshake_kind(), Some(Full));
    assert!(replayed.early_data().is_none());
}

#[test]
fn only_for_the_same_server_name() {
    #[derive(Debug)]
    struct OneHost(ClientSessionMemoryCache);
    let name = || ServerName::try_from("one.test").unwrap();
    impl ClientSessionStore for OneHost {
        fn set_kx_hint(&self, _: ServerName<'static>, _: NamedGroup) {}
        fn kx_hint(&self, _: &ServerName<'_>) -> Option<NamedGroup> {
            None
        }
        fn set_tls12_session(&self, _: ServerName<'static>, _: Tls12ClientSessionValue) {}
        fn tls12_session(&self, _: &ServerName<'_>) -> Option<Tls12ClientSessionValue> {
            None
        }
        fn remove_tls12_session(&self, _: &ServerName<'static>) {}
        fn insert_tls13_ticket(&self, _: ServerName<'static>, value: Tls13ClientSessionValue) {
            self.0.insert_tls13_ticket(ServerName::try_from("one.test").unwrap(), value);
        }
        fn take_tls13_ticket(&self, _: &ServerName<'static>) -> Option<Tls13ClientSessionValue> {
            self.0.take_tls13_ticket(&ServerName::try_from("one.test").unwrap())
        }
    }
    let (mut client, server) = configs();
    let store = Arc::new(OneHost(ClientSessionMemoryCache::new(32)));
    client.resumption = Resumption::store(store.clone());
    let (client, server) = (Arc::new(client), Arc::new(server));
    shake(&client, &server);
    // Only one is left, so that what the connection brings is taken next.
    while store.take_tls13_ticket(&name()).is_some() {}
    shake(&client, &server);
    let mut pair = Pair::named(client, server, "other.test");
    pair.client.early_data().unwrap().write_all(EARLY).unwrap();
    pair.handshake().unwrap();
    assert_eq!((kind_of(&pair), pair.client.is_early_data_accepted()), (Full, false));
}

#[test]
fn only_for_the_same_protocol() {
    let (mut client, mut server) = configs();
    client.alpn_protocols = vec![b"a".to_vec(), b"b".to_vec()];
    server.alpn_protocols = vec![b"a".to_vec()];
    let mut other = server.clone();
    other.alpn_protocols = vec![b"b".to_vec()];
    let mut fewer = client.clone();
    fewer.alpn_protocols.remove(0);
    let (client, server, other) = (Arc::new(client), Arc::new(server), Arc::new(other));
    shake(&client, &server);
    shake(&client, &server);
    settles(&client, &server, Resumed, true);
    let mut pair = written(&client, &other);
    pair.handshake().unwrap();
    assert_eq!((kind_of(&pair), pair.client.is_early_data_accepted()), (Resumed, false));
    // And the client does not even try when it does not offer the protocol.
    shake(&client, &server);
    assert!(Pair::new(client.clone(), server.clone()).client.early_data().is_some());
    assert!(Pair::new(fewer, server).client.early_data().is_none());
}

#[test]
fn only_for_the_same_suite() {
    let order = [CipherSuite::TLS13_CHACHA20_POLY1305_SHA256, CipherSuite::TLS13_AES_128_GCM_SHA256];
    let back = [order[1], order[0]];
    let client = eager(client_of(configs::provider(&order, &[])));
    let server = taking(server_of(configs::provider(&back, &[])));
    let mut other = server.clone();
    other.ignore_client_order = true;
    let (client, server, other) = (Arc::new(client), Arc::new(server), Arc::new(other));
    shake(&client, &server);
    settles(&client, &server, Resumed, true);
    let mut pair = written(&client, &other);
    pair.handshake().unwrap();
    assert_eq!(pair.server.negotiated_cipher_suite().unwrap().suite(), order[1]);
    assert_eq!((kind_of(&pair), pair.client.is_early_data_accepted()), (Resumed, false));
}

#[test]
fn never_in_an_older_version() {
    let (client, server) = configs();
    let older = ServerConfig::builder_with_provider(default_provider())
        .with_protocol_versions(&[&TLS12])
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(WORLD.server.chain.clone(), WORLD.server.key.clone_key())
        .unwrap();
    let (client, server, older) = (Arc::new(client), Arc::new(server), Arc::new(older));
    shake(&client, &server);
    let mut pair = Pair::new(client.clone(), older);
    assert!(pair.client.early_data().is_some());
    let flight = pair.take(Side::Client);
    // Only the hello: what is behind it the old server would not understand.
    let hello = 5 + usize::from(u16::from_be_bytes([flight[3], flight[4]]));
    pair.give(Side::Server, &flight[..hello]).unwrap();
    let failed = pair.carry(Side::Server).unwrap_err();
    assert_eq!(failed.error, PeerMisbehaved::OfferedEarlyDataWithOldProtocolVersion.into());
}

#[test]
fn an_application_may_refuse() {
    let (client, server) = configs();
    let (client, server) = (Arc::new(client), Arc::new(server));
    shake(&client, &server);
    // Before the hello: the client hears of it.
    let mut pair = written(&client, &server);
    pair.server.reject_early_data();
    pair.handshake().unwrap();
    assert!(!pair.client.is_early_data_accepted() && pair.server.early_data().is_none());
    assert_eq!(pair.arrived(Side::Client), LATE);
    // Afterwards: it is thrown away, also what comes later.
    let mut pair = written(&client, &server);
    pair.carry(Side::Client).unwrap();
    pair.server.reject_early_data();
    pair.client.early_data().unwrap().write_all(b"more").unwrap();
    pair.handshake().unwrap();
    assert!(pair.client.is_early_data_accepted() && pair.server.early_data().is_none());
    assert_eq!(pair.arrived(Side::Client), LATE);
}

#[test]
fn a_config_that_grants_less_than_the_ticket_takes_none() {
    let (client, server) = configs();
    let mut lower = server.clone();
    lower.max_early_data_size = LIMIT - 1;
    let (client, server, lower) = (Arc::new(client), Arc::new(server), Arc::new(lower));
    shake(&client, &server);
    let mut pair = written(&client, &lower);
    pair.handshake().unwrap();
    assert_eq!((kind_of(&pair), pair.client.is_early_data_accepted()), (Resumed, false));
}

// ---- half a round trip

#[test]
fn a_server_may_speak_half_a_round_trip_early() {
    let (client, mut server) = configs();
    server.send_half_rtt_data = true;
    let (client, server) = (Arc::new(client), Arc::new(server));
    for _ in 0..2 {
        let mut pair = Pair::new(client.clone(), server.clone());
        pair.server.writer().write_all(b"held until the Finished; ").unwrap();
        pair.carry(Side::Client).unwrap();
        assert!(pair.server.is_handshaking());
        pair.server.writer().write_all(b"sent behind it").unwrap();
        pair.carry(Side::Server).unwrap();
        assert!(pair.server.is_handshaking(), "the client's Finished is not there yet");
        assert_eq!(pair.arrived(Side::Server), b"held until the Finished; sent behind it");
        pair.handshake().unwrap();
        assert_eq!(pair.send(Side::Server, b"on").unwrap(), b"on");
    }
}

/// There is no KeyUpdate before the client's Finished: what the first key cannot protect waits for it, and nothing is lost.
#[test]
fn what_the_key_cannot_protect_waits() {
    use chitin::{CipherSuiteCommon, SupportedCipherSuite, Tls13CipherSuite};
    let mut provider = provided::default_provider();
    let honest = forged_suite();
    provider.cipher_suites = vec![SupportedCipherSuite::Tls13(Box::leak(Box::new(Tls13CipherSuite {
        common: CipherSuiteCommon {
            suite: honest.common.suite,
            hash_provider: honest.common.hash_provider,
            confidentiality_limit: 100,
        },
        hkdf_provider: honest.hkdf_provider,
        aead_alg: honest.aead_alg,
        quic: None,
    })))];
    let mut server = server_of(Arc::new(provider));
    (server.send_half_rtt_data, server.max_fragment_size) = (true, Some(105));
    server.send_tls13_tickets = 0;
    let mut pair = Pair::new(client(), server);
    pair.carry(Side::Client).unwrap();
    let data: Vec<u8> = (0..20_000).map(|n| n as u8).collect();
    pair.server.writer().write_all(&data[..19_000]).unwrap();
    pair.server.writer().write_all(&data[19_000..]).unwrap();
    pair.carry(Side::Server).unwrap();
    assert_eq!(pair.arrived(Side::Server), data[..9900], "99 records, and one is for the KeyUpdate");
    pair.handshake().unwrap();
    assert_eq!(pair.arrived(Side::Server), data[9900..]);
}

#[test]
fn never_to_clients_who_are_asked_for_a_certificate() {
    for config in [server_asking(optional(roots())), server_asking(required(roots()))] {
        let mut server = config;
        server.send_half_rtt_data = true;
        let (client, server) = (Arc::new(client_with_cert()), Arc::new(server));
        for expected in [Full, Resumed] {
            let mut pair = Pair::new(client.clone(), server.clone());
            pair.server.writer().write_all(b"secret").unwrap();
            pair.carry(Side::Client).unwrap();
            pair.carry(Side::Server).unwrap();
            assert_eq!(pair.arrived(Side::Server), b"", "{expected:?}");
            pair.handshake().unwrap();
            assert_eq!((kind_of(&pair), pair.arrived(Side::Server)), (expected, b"secret".to_vec()));
        }
    }
}

#[test]
fn without_the_setting_nothing_is_said_early() {
    let (client, server) = (Arc::new(client()), Arc::new(server()));
    let mut pair = Pair::new(client, server);
    pair.carry(Side::Client).unwrap();
    pair.server.writer().write_all(b"later").unwrap();
    pair.carry(Side::Server).unwrap();
    assert_eq!(pair.arrived(Side::Server), b"");
}

/// A client that writes a request early and closes has its answer all the same: nothing may follow a close_notify (RFC 8446 section 6.1), so it
/// waits until the handshake is complete, whether the early data are taken or not.
#[test]
fn a_client_that_closes_behind_its_early_data_ends_the_handshake_first() {
    let (client, server) = configs();
    let mut refusing = server.clone();
    refusing.max_early_data_size = 0;
    let (client, server, refusing) = (Arc::new(client), Arc::new(server), Arc::new(refusing));
    for takes in [true, false] {
        Pair::new(client.clone(), server.clone()).handshake().unwrap();
        let mut pair = Pair::new(client.clone(), if takes { server.clone() } else { refusing.clone() });
        pair.client.early_data().unwrap().write_all(EARLY).unwrap();
        pair.client.send_close_notify();
        assert!(pair.client.early_data().is_none());
        pair.client.writer().write_all(b"too late").unwrap_err();
        pair.settle().unwrap();
        assert_eq!(pair.client.is_early_data_accepted(), takes);
        assert_eq!(received(&mut pair.server).as_deref(), takes.then_some(EARLY));
        assert!(!pair.client.is_handshaking() && !pair.server.is_handshaking());
        assert!(pair.server.process_new_packets().unwrap().peer_has_closed());
        assert_eq!(pair.arrived(Side::Client), b"");
        assert_eq!(pair.send(Side::Server, b"response").unwrap(), b"response");
    }
}

/// A server that closes half a round trip early makes no tickets behind that.
#[test]
fn nothing_follows_a_close_notify_in_half_a_round_trip() {
    for closes in [false, true] {
        let (client, mut server) = configs();
        server.send_half_rtt_data = true;
        let mut pair = Pair::new(client, server);
        pair.carry(Side::Client).unwrap();
        pair.server.writer().write_all(b"all that I say").unwrap();
        if closes {
            pair.server.send_close_notify();
        }
        pair.carry(Side::Server).unwrap();
        assert_eq!(pair.arrived(Side::Server), b"all that I say");
        let before = pair.flown(Side::Server).len();
        pair.handshake().unwrap();
        assert_eq!(pair.flown(Side::Server).len() > before, !closes);
        assert_eq!(pair.client.tls13_tickets_received() > 0, !closes);
        assert_eq!(pair.send(Side::Client, b"well").unwrap(), b"well");
    }
}
