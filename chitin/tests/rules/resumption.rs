//! Tickets, stores, and who may resume what. RFC 8446 sections 2.2, 4.2.11 and 4.6.1.

use std::collections::HashSet;
use std::io::Write;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use chitin::HandshakeKind::{Full, Resumed};
use chitin::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use chitin::client::{ClientSessionMemoryCache, ClientSessionStore, Resumption, Tls12ClientSessionValue};
use chitin::client::{Tls13ClientSessionValue, WebPkiServerVerifier};
use chitin::pki_types::{CertificateDer, ServerName, UnixTime};
use chitin::server::{
    ClientHello, ProducesTickets, ResolvesServerCert, ServerSessionMemoryCache, StoresServerSessions,
    WebPkiClientVerifier,
};
use chitin::sign::{CertifiedKey, SingleCertAndKey};
use chitin::version::{TLS12, TLS13};
use chitin::{
    CertificateError, ClientConfig, DigitallySignedStruct, Error, HandshakeKind, HandshakeType, NamedGroup,
    PeerMisbehaved, ServerConfig, SignatureScheme, SupportedProtocolVersion,
};
use rcgen::date_time_ymd;
use testkit::pair::{Pair, Side, tamper};
use testkit::pki::{KeyType, Spec};
use testkit::provided;

use crate::common::*;

const WEEK: u64 = 7 * 24 * 60 * 60;

/// A ticketer that protects nothing and believes everything: what is left is what the server itself checks.
#[derive(Debug)]
struct Open(u32);

impl ProducesTickets for Open {
    fn enabled(&self) -> bool {
        true
    }

    fn lifetime(&self) -> u32 {
        self.0
    }

    fn encrypt(&self, plain: &[u8]) -> Option<Vec<u8>> {
        Some(plain.to_vec())
    }

    fn decrypt(&self, cipher: &[u8]) -> Option<Vec<u8>> {
        Some(cipher.to_vec())
    }
}

fn clocks() -> (Arc<Clock>, Arc<Clock>, ClientConfig, ServerConfig) {
    let (ours, theirs) = (Clock::at(DAY), Clock::at(DAY));
    let (mut client, mut server) = (client(), server());
    client.time_provider = ours.clone();
    server.time_provider = theirs.clone();
    (ours, theirs, client, server)
}

#[test]
fn a_session_is_resumed_from_a_ticket_and_from_a_store() {
    for server in [server_with_tickets(), server()] {
        let (client, server) = (Arc::new(client()), Arc::new(server));
        assert_eq!(kind(&client, &server), Full);
        for _ in 0..5 {
            assert_eq!(kind(&client, &server), Resumed);
        }
    }
}

#[test]
fn a_ticket_is_not_accepted_after_seven_days() {
    for (age, expected) in [(WEEK - 1, Resumed), (WEEK, Full)] {
        let (_, theirs, client, mut server) = clocks();
        // The client's clock stands still, so that it is the server that decides.
        server.ticketer = Arc::new(Open(u32::MAX));
        let (client, server) = (Arc::new(client), Arc::new(server));
        assert_eq!(kind(&client, &server), Full);
        theirs.set(DAY + age);
        assert_eq!(kind(&client, &server), expected, "server, after {age} s");

        let (ours, _, client, mut server) = clocks();
        server.ticketer = Arc::new(Open(u32::MAX));
        let (client, server) = (Arc::new(client), Arc::new(server));
        assert_eq!(kind(&client, &server), Full);
        ours.set(DAY + age);
        assert_eq!(kind(&client, &server), expected, "client, after {age} s");
    }
}

#[test]
fn a_ticket_is_not_accepted_after_its_lifetime() {
    for (age, expected) in [(99, Resumed), (100, Full)] {
        let (_, theirs, client, mut server) = clocks();
        server.ticketer = Arc::new(Open(100));
        let (client, server) = (Arc::new(client), Arc::new(server));
        assert_eq!(kind(&client, &server), Full);
        theirs.set(DAY + age);
        assert_eq!(kind(&client, &server), expected, "server");

        let (ours, _, client, mut server) = clocks();
        server.ticketer = Arc::new(Open(100));
        let (client, server) = (Arc::new(client), Arc::new(server));
        assert_eq!(kind(&client, &server), Full);
        ours.set(DAY + age);
        assert_eq!(kind(&client, &server), expected, "client");
    }
}

/// Replaces every identity in a client's hello with bytes of the test's.
#[test]
fn ticket_contents_are_authenticated() {
    // Flipping any bit of the ticket in the store makes it somebody else's: a full handshake, not an error, since no binder is
    // looked at for a ticket that does not open.
    let (client, server) = (client(), Arc::new(server_with_tickets()));
    let ticket = {
        let made = server.ticketer.encrypt(b"what the server keeps").unwrap();
        assert_eq!(server.ticketer.decrypt(&made).unwrap(), b"what the server keeps");
        made
    };
    for at in 0..ticket.len() {
        let mut bent = ticket.clone();
        bent[at] ^= 1;
        assert_eq!(server.ticketer.decrypt(&bent), None, "byte {at}");
    }
    for len in 0..ticket.len() {
        assert_eq!(server.ticketer.decrypt(&ticket[..len]), None, "cut to {len}");
    }
    // Another server's tickets, whose contents would fit.
    let client = Arc::new(client);
    assert_eq!(kind(&client, &server), Full);
    assert_eq!(kind(&client, &Arc::new(server_with_tickets())), Full, "keys of another server");
}

#[test]
fn ticket_contents_are_versioned() {
    /// Changes the first byte of what was sealed, which says the format.
    #[derive(Debug)]
    struct NextFormat;

    impl ProducesTickets for NextFormat {
        fn enabled(&self) -> bool {
            true
        }

        fn lifetime(&self) -> u32 {
            1000
        }

        fn encrypt(&self, plain: &[u8]) -> Option<Vec<u8>> {
            Some(plain.to_vec())
        }

        fn decrypt(&self, cipher: &[u8]) -> Option<Vec<u8>> {
            let mut plain = cipher.to_vec();
            *plain.first_mut()? = plain.first()?.wrapping_add(1);
            Some(plain)
        }
    }
    let mut server = server();
    server.ticketer = Arc::new(NextFormat);
    let (client, server) = (Arc::new(client()), Arc::new(server));
    assert_eq!(kind(&client, &server), Full);
    assert_eq!(kind(&client, &server), Full, "written by a later version of us");
}

#[test]
fn nonsense_from_a_store_means_a_full_handshake() {
    /// Gives back bytes cut short or lengthened.
    #[derive(Debug)]
    struct Bent(Mutex<isize>, Arc<ServerSessionMemoryCache>);

    impl StoresServerSessions for Bent {
        fn put(&self, key: Vec<u8>, value: Vec<u8>) -> bool {
            self.1.put(key, value)
        }

        fn get(&self, key: &[u8]) -> Option<Vec<u8>> {
            let mut value = self.1.get(key)?;
            let len = value.len().checked_add_signed(*self.0.lock().unwrap())?;
            value.resize(len, 0);
            Some(value)
        }

        fn take(&self, key: &[u8]) -> Option<Vec<u8>> {
            self.1.take(key)
        }

        fn can_cache(&self) -> bool {
            true
        }
    }
    for (change, expected) in [(0, Resumed), (1, Full), (-1, Full), (-40, Full)] {
        let mut server = server();
        server.session_storage = Arc::new(Bent(Mutex::new(change), ServerSessionMemoryCache::new(16)));
        let (client, server) = (Arc::new(client()), Arc::new(server));
        assert_eq!(kind(&client, &server), Full);
        assert_eq!(kind(&client, &server), expected, "{change}");
    }
}

/// A client store that knows one server only, whatever its name: as if a client mixed up its hosts. It counts how often it is asked for a
/// group.
#[derive(Debug)]
pub struct OneHost(ClientSessionMemoryCache, pub AtomicUsize);

impl OneHost {
    pub fn new() -> Self {
        Self(ClientSessionMemoryCache::new(32), AtomicUsize::new(0))
    }

    fn name() -> ServerName<'static> {
        ServerName::try_from("one.test").unwrap()
    }
}

impl ClientSessionStore for OneHost {
    fn set_kx_hint(&self, _: ServerName<'static>, group: NamedGroup) {
        self.0.set_kx_hint(Self::name(), group);
    }

    fn kx_hint(&self, _: &ServerName<'_>) -> Option<NamedGroup> {
        self.1.fetch_add(1, Ordering::Relaxed);
        self.0.kx_hint(&Self::name())
    }

    fn set_tls12_session(&self, _: ServerName<'static>, value: Tls12ClientSessionValue) {
        self.0.set_tls12_session(Self::name(), value);
    }

    fn tls12_session(&self, _: &ServerName<'_>) -> Option<Tls12ClientSessionValue> {
        self.0.tls12_session(&Self::name())
    }

    fn remove_tls12_session(&self, _: &ServerName<'static>) {
        self.0.remove_tls12_session(&Self::name());
    }

    fn insert_tls13_ticket(&self, _: ServerName<'static>, value: Tls13ClientSessionValue) {
        self.0.insert_tls13_ticket(Self::name(), value);
    }

    fn take_tls13_ticket(&self, _: &ServerName<'static>) -> Option<Tls13ClientSessionValue> {
        self.0.take_tls13_ticket(&Self::name())
    }
}

#[test]
fn a_ticket_of_another_virtual_host_means_a_full_handshake() {
    for server in [server_with_tickets(), server()] {
        let mut client = client();
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
fn a_changed_root_set_means_a_full_handshake() {
    let ticketer = provided::ticketer();
    let asking = |verifier| {
        let mut config = server_asking(verifier);
        config.ticketer = ticketer.clone();
        Arc::new(config)
    };
    let more = || {
        let mut more = roots();
        more.add(WORLD.pki.stranger.cert().clone()).unwrap();
        more
    };
    let client = Arc::new(client_with_cert());
    let first = asking(required(roots()));
    assert_eq!(kind(&client, &first), Full);
    assert_eq!(kind(&client, &first), Resumed);
    assert_eq!(kind(&client, &asking(required(roots()))), Resumed, "an equal policy, as after a restart");
    assert_eq!(kind(&client, &asking(required(more()))), Full, "other roots");
    assert_eq!(kind(&client, &first), Full, "and back");
    assert_eq!(kind(&client, &asking(optional(roots()))), Full, "optional where it was required");
    assert_eq!(kind(&client, &first), Full, "and back");
    let without_hints = WebPkiClientVerifier::builder_with_provider(roots().into(), default_provider())
        .clear_root_hint_subjects()
        .build()
        .unwrap();
    assert_eq!(kind(&client, &asking(without_hints)), Full, "other hints");
    assert_eq!(kind(&client, &first), Full, "and back");
    let mut nobody = server();
    nobody.ticketer = ticketer.clone();
    assert_eq!(kind(&client, &Arc::new(nobody)), Full, "no client authentication");
}

/// What the client's observer sees of tickets.
#[derive(Debug, Default)]
struct SeenTickets(Mutex<Vec<Vec<u8>>>);

impl chitin::trace::Trace for SeenTickets {
    fn event(&self, event: chitin::trace::Event<'_>) {
        if let chitin::trace::Event::Message { typ: HandshakeType::NewSessionTicket, bytes, .. } = event {
            self.0.lock().unwrap().push(bytes.to_vec());
        }
    }
}

/// RFC 8701 section 4.1: clients must not come to rely on tickets without extensions.
#[test]
fn tickets_have_a_grease_extension() {
    let seen = Arc::new(SeenTickets::default());
    let mut client = client();
    client.trace = Some(seen.clone());
    shake(&Arc::new(client), &Arc::new(server()));
    let tickets = seen.0.lock().unwrap();
    assert!(!tickets.is_empty());
    for ticket in tickets.iter() {
        // The block with its length, the code, and a length of zero.
        let [.., high, low, a, b, c, d] = ticket[..] else { panic!("{ticket:?}") };
        assert_eq!((high, low, c, d), (0, 4, 0, 0));
        assert!(a == b && a & 0x0f == 0x0a, "{a:#x} {b:#x}");
    }
}

#[test]
fn nothing_that_is_drawn_for_tickets_comes_twice() {
    // More than are drawn at a time.
    const TICKETS: usize = 5;
    let mut ticketing = server();
    ticketing.ticketer = provided::ticketer();
    for mut config in [server(), ticketing] {
        config.send_tls13_tickets = TICKETS;
        let seen = Arc::new(SeenTickets::default());
        let mut client = client();
        client.trace = Some(seen.clone());
        shake(&Arc::new(client), &Arc::new(config));
        let tickets = seen.0.lock().unwrap();
        assert!(tickets.iter().all(|t| t[0] == 4 && t[12] == 1));
        // Type, length, lifetime; the age; the nonce of its secret; length, and the ticket: of a sealed one the key's name, and its nonce.
        let (ages, rest): (HashSet<_>, HashSet<_>) = tickets.iter().map(|t| (&t[8..12], &t[16..48])).unzip();
        assert_eq!((tickets.len(), ages.len(), rest.len()), (TICKETS, TICKETS, TICKETS));
    }
}

#[test]
fn a_session_of_another_hash_means_a_full_handshake() {
    use chitin::CipherSuite as S;
    let ticketer = provided::ticketer();
    let preferring = |suites: &[S]| {
        let mut config = server_of(testkit::configs::provider(suites, &[]));
        config.ticketer = ticketer.clone();
        config.ignore_client_order = true;
        Arc::new(config)
    };
    let (aes128, aes256, chacha) =
        (S::TLS13_AES_128_GCM_SHA256, S::TLS13_AES_256_GCM_SHA384, S::TLS13_CHACHA20_POLY1305_SHA256);
    let client = Arc::new(client());
    assert_eq!(kind(&client, &preferring(&[aes128, aes256, chacha])), Full);
    // The same hash, another suite: RFC 8446 section 4.2.11 allows it.
    assert_eq!(kind(&client, &preferring(&[chacha, aes128, aes256])), Resumed);
    assert_eq!(kind(&client, &preferring(&[aes256, chacha, aes128])), Full);
    assert_eq!(kind(&client, &preferring(&[aes256, chacha, aes128])), Resumed);
}

#[test]
fn resuming_gives_back_the_peers_chain_and_rechecks_its_expiry() {
    // Until the first day of 2031 and of 2032.
    let until = |mut spec: Spec, year| {
        spec.extensions.clear();
        let mut params = rcgen::CertificateParams::new(spec.dns.clone()).unwrap();
        params.not_before = date_time_ymd(2020, 1, 1);
        params.not_after = date_time_ymd(year, 1, 1);
        params
    };
    let key = rcgen::KeyPair::generate().unwrap();
    let mut ca = until(Spec::authority(KeyType::P256, "ca"), 2045);
    ca.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
    let ca_cert = ca.self_signed(&key).unwrap();
    let issuer = rcgen::Issuer::new(ca, key);
    let mut store = chitin::RootCertStore::empty();
    store.add(ca_cert.der().clone()).unwrap();
    let issue = |spec: Spec, year| {
        let key = rcgen::KeyPair::generate().unwrap();
        let cert = until(spec, year).signed_by(&key, &issuer).unwrap();
        let key: chitin::pki_types::PrivatePkcs8KeyDer<'static> = key.serialize_der().into();
        (vec![cert.der().clone()], chitin::pki_types::PrivateKeyDer::from(key))
    };

    // 2030-12-31 12:00:00, a day later, and a year after that.
    let (before, after) = (1_924_948_800, 1_924_948_800 + 86_400);
    for (server_year, client_year, expected) in
        [(2032, 2032, Resumed), (2031, 2032, Full), (2032, 2031, Full)]
    {
        let clock = Clock::at(before);
        let (server_chain, server_key) = issue(Spec::server(KeyType::P256), server_year);
        let (client_chain, client_key) = issue(Spec::client(KeyType::P256), client_year);
        let verifier = WebPkiClientVerifier::builder_with_provider(store.clone().into(), default_provider());
        let mut server = ServerConfig::builder_with_provider(default_provider())
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_client_cert_verifier(verifier.allow_unauthenticated().build().unwrap())
            .with_single_cert(server_chain.clone(), server_key)
            .unwrap();
        server.ticketer = Arc::new(Open(1_000_000));
        let mut client = ClientConfig::builder_with_provider(default_provider())
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_root_certificates(store.clone())
            .with_client_auth_cert(client_chain.clone(), client_key)
            .unwrap();
        client.time_provider = clock.clone();
        server.time_provider = clock.clone();
        let (client, server) = (Arc::new(client), Arc::new(server));
        assert_eq!(kind(&client, &server), Full);
        let pair = shake(&client, &server);
        assert_eq!(kind_of(&pair), Resumed);
        assert_eq!(pair.client.peer_certificates(), Some(&server_chain[..]));
        assert_eq!(pair.server.peer_certificates(), Some(&client_chain[..]));

        clock.set(after);
        let mut pair = Pair::new(client.clone(), server.clone());
        let done = pair.handshake();
        match expected {
            Resumed => {
                done.unwrap();
                assert_eq!(kind_of(&pair), Resumed);
            }
            // The full handshake that takes its place finds the certificate expired.
            _ => {
                let error = done.unwrap_err().error;
                assert!(format!("{error}").contains("xpired"), "{error:?}");
                assert_ne!(pair.server.handshake_kind(), Some(Resumed));
                assert_ne!(pair.client.handshake_kind(), Some(Resumed));
            }
        }
    }
}

#[test]
fn a_session_is_offered_only_under_the_verifier_and_credential_that_made_it() {
    // One store for all of them.
    let store = Arc::new(ClientSessionMemoryCache::new(64));
    let with_store = |mut config: ClientConfig| {
        config.resumption = Resumption::store(store.clone());
        config
    };
    let ticketer = provided::ticketer();
    let mut server = server_asking(optional(roots()));
    server.ticketer = ticketer;
    let server = Arc::new(server);

    let made = with_store(client_with_cert());
    let again = Arc::new(made.clone());
    let same = |client: &Arc<ClientConfig>| kind(client, &server);
    assert_eq!(same(&again), Full);
    assert_eq!(same(&again), Resumed);

    let mut other_verifier = made.clone();
    let verifier = WebPkiServerVerifier::builder_with_provider(roots().into(), default_provider()).build();
    other_verifier.dangerous().set_certificate_verifier(verifier.unwrap());
    // The sessions that do not fit are used up by the attempt: each is taken out of the store.
    assert_eq!(same(&Arc::new(other_verifier)), Full, "another verifier");

    for _ in 0..10 {
        assert!(matches!(same(&again), Full | Resumed));
    }
    let other_credential = with_store(client());
    let mut only_credential = made.clone();
    only_credential.client_auth_cert_resolver = other_credential.client_auth_cert_resolver.clone();
    assert_eq!(same(&Arc::new(only_credential)), Full, "another credential");
}

/// Trusts as the honest verifier does, until it is told to trust this chain no more.
#[derive(Debug)]
struct Changing {
    honest: Arc<WebPkiServerVerifier>,
    refused: Mutex<Option<CertificateDer<'static>>>,
    asked: AtomicUsize,
}

impl ServerCertVerifier for Changing {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        name: &ServerName<'_>,
        ocsp: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        self.asked.fetch_add(1, Ordering::Relaxed);
        if self.refused.lock().unwrap().as_ref() == Some(end_entity) {
            return Err(CertificateError::Revoked.into());
        }
        self.honest.verify_server_cert(end_entity, intermediates, name, ocsp, now)
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.honest.verify_tls12_signature(message, cert, dss)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.honest.verify_tls13_signature(message, cert, dss)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.honest.supported_verify_schemes()
    }
}

#[test]
fn a_client_that_reverifies_asks_again_before_it_offers_a_session() {
    for version in [&TLS12, &TLS13] {
        let honest = WebPkiServerVerifier::builder_with_provider(roots().into(), default_provider());
        let verifier = Arc::new(Changing {
            honest: honest.build().unwrap(),
            refused: Mutex::default(),
            asked: AtomicUsize::new(0),
        });
        let asked = || verifier.asked.load(Ordering::Relaxed);
        let config = ClientConfig::builder_with_provider(default_provider())
            .with_protocol_versions(&[version])
            .unwrap()
            .dangerous()
            .with_custom_certificate_verifier(verifier.clone())
            .with_no_client_auth();
        let trusting = Arc::new(config.clone());
        let mut config = config;
        config.resumption = config.resumption.reverify(true);
        let careful = Arc::new(config);
        let server = server_with_tickets();
        let mut renewed = server.clone();
        let identity = WORLD.pki.issuing.issue(&Spec::server(KeyType::P256));
        let key = CertifiedKey::from_der(identity.chain, identity.key, &default_provider()).unwrap();
        renewed.cert_resolver = Arc::new(SingleCertAndKey::from(key));
        let (server, renewed) = (Arc::new(server), Arc::new(renewed));

        assert_eq!((kind(&careful, &server), asked()), (Full, 1));
        assert_eq!((kind(&careful, &server), asked()), (Resumed, 2), "the chain of the session");
        assert_eq!((kind(&trusting, &server), asked()), (Resumed, 2), "the default asks once");

        *verifier.refused.lock().unwrap() = WORLD.server.chain.first().cloned();
        assert_eq!((kind(&trusting, &server), asked()), (Resumed, 2));
        // The server is told nothing of the session, and its new certificate is as good as any.
        assert_eq!(
            (kind(&careful, &renewed), asked()),
            (Full, 4),
            "the chain of the session, then the new one"
        );
        assert_eq!((kind(&careful, &renewed), asked()), (Resumed, 5));

        *verifier.refused.lock().unwrap() = renewed_leaf(&careful, &renewed);
        let failed = Pair::new(careful.clone(), renewed.clone()).settle().unwrap_err();
        assert_eq!(failed.error, CertificateError::Revoked.into());
    }
}

#[test]
fn a_client_that_reverifies_asks_once_more_when_its_early_data_is_refused() {
    let honest = WebPkiServerVerifier::builder_with_provider(roots().into(), default_provider());
    let verifier = Arc::new(Changing {
        honest: honest.build().unwrap(),
        refused: Mutex::default(),
        asked: AtomicUsize::new(0),
    });
    let asked = || verifier.asked.swap(0, Ordering::Relaxed);
    let config = ClientConfig::builder_with_provider(default_provider())
        .with_safe_default_protocol_versions()
        .unwrap()
        .dangerous()
        .with_custom_certificate_verifier(verifier.clone());
    let mut trusting = config.with_no_client_auth();
    trusting.enable_early_data = true;
    let mut careful = trusting.clone();
    careful.resumption = careful.resumption.reverify(true);
    let mut server = server();
    server.max_early_data_size = 1000;
    let (trusting, careful, server) = (Arc::new(trusting), Arc::new(careful), Arc::new(server));
    kind(&careful, &server);
    asked();

    let early = |client: &Arc<ClientConfig>, accepts: bool| {
        let mut pair = Pair::new(client.clone(), server.clone());
        pair.client.early_data().unwrap().write_all(b"early").unwrap();
        if !accepts {
            pair.server.reject_early_data();
        }
        pair
    };
    let mut pair = early(&careful, true);
    pair.handshake().unwrap();
    assert_eq!((pair.client.is_early_data_accepted(), asked()), (true, 1), "the verdict it was sent on");
    let mut pair = early(&careful, false);
    pair.handshake().unwrap();
    assert_eq!((pair.client.is_early_data_accepted(), asked()), (false, 2));
    let mut pair = early(&trusting, false);
    pair.handshake().unwrap();
    assert_eq!((pair.client.is_early_data_accepted(), asked()), (false, 0), "the default never asks again");

    // The verifier changes its mind while the hello is under way.
    let mut pair = early(&careful, false);
    *verifier.refused.lock().unwrap() = WORLD.server.chain.first().cloned();
    assert_eq!(pair.settle().unwrap_err().error, CertificateError::Revoked.into());
}

/// The leaf that this server shows.
fn renewed_leaf(client: &Arc<ClientConfig>, server: &Arc<ServerConfig>) -> Option<CertificateDer<'static>> {
    shake(client, server).client.peer_certificates()?.first().cloned()
}

#[test]
fn a_session_is_stored_only_after_finished() {
    // With the server's flight spoilt in its last byte, which is in the Finished, nothing gets into the store, neither here nor
    // there; without, it does.
    let count = |spoil: bool| {
        let ours = Arc::new(Counting::default());
        let theirs = ServerSessionMemoryCache::new(16);
        let log = Arc::new(Notebook::default());
        let (mut client, mut server) = (client(), server());
        client.resumption = Resumption::store(ours.clone());
        server.session_storage = theirs.clone();
        server.key_log = log.clone();
        let mut pair = Pair::new(client, server).tamper(
            Side::Server,
            rewrite_flight(log, move |mut flight| {
                let last = flight.len() - 1;
                flight[last] ^= u8::from(spoil);
                flight
            }),
        );
        let done = pair.settle().map_err(|failed| failed.error);
        assert_eq!(done, if spoil { Err(PeerMisbehaved::IncorrectFinished.into()) } else { Ok(()) });
        let stored = *ours.0.lock().unwrap();
        (stored, format!("{theirs:?}"))
    };
    let (ours, theirs) = count(true);
    assert_eq!(ours, 0);
    assert!(theirs.contains("Some(0)"), "{theirs}");
    let (ours, theirs) = count(false);
    assert!(ours > 0);
    assert!(theirs.contains("Some(2)"), "{theirs}");
}

/// Counts tickets and keeps none.
#[derive(Debug, Default)]
struct Counting(Mutex<usize>);

impl ClientSessionStore for Counting {
    fn set_kx_hint(&self, _: ServerName<'static>, _: NamedGroup) {}

    fn kx_hint(&self, _: &ServerName<'_>) -> Option<NamedGroup> {
        None
    }

    fn set_tls12_session(&self, _: ServerName<'static>, _: Tls12ClientSessionValue) {}

    fn tls12_session(&self, _: &ServerName<'_>) -> Option<Tls12ClientSessionValue> {
        None
    }

    fn remove_tls12_session(&self, _: &ServerName<'static>) {}

    fn insert_tls13_ticket(&self, _: ServerName<'static>, _: Tls13ClientSessionValue) {
        *self.0.lock().unwrap() += 1;
    }

    fn take_tls13_ticket(&self, _: &ServerName<'static>) -> Option<Tls13ClientSessionValue> {
        None
    }
}

#[test]
fn a_stored_session_is_used_once() {
    /// Says that each session is there, and gives it out once.
    #[derive(Debug)]
    struct Race(Arc<ServerSessionMemoryCache>);

    impl StoresServerSessions for Race {
        fn put(&self, key: Vec<u8>, value: Vec<u8>) -> bool {
            self.0.put(key, value)
        }

        fn get(&self, key: &[u8]) -> Option<Vec<u8>> {
            self.0.get(key)
        }

        /// Somebody else was faster.
        fn take(&self, key: &[u8]) -> Option<Vec<u8>> {
            self.0.take(key);
            None
        }

        fn can_cache(&self) -> bool {
            true
        }
    }
    let mut server = server();
    server.session_storage = Arc::new(Race(ServerSessionMemoryCache::new(16)));
    let (client, server) = (Arc::new(client()), Arc::new(server));
    assert_eq!(kind(&client, &server), Full);
    assert_eq!(kind(&client, &server), Full, "the session is gone");

    // A replayed hello finds nothing: the one session there was is spent.
    let (client, mut server) = (Arc::new(self::client()), self::server());
    server.send_tls13_tickets = 1;
    let server = Arc::new(server);
    assert_eq!(kind(&client, &server), Full);
    let mut first = Pair::new(client.clone(), server.clone());
    let hello = first.take(Side::Client);
    first.give(Side::Server, &hello).unwrap();
    assert_eq!(first.server.handshake_kind(), Some(Resumed));
    let mut second = Pair::new(client, server);
    second.give(Side::Server, &hello).unwrap();
    assert_eq!(second.server.handshake_kind(), Some(Full));
}

#[test]
fn a_client_uses_a_ticket_once() {
    let (client, mut server) = (client(), server_with_tickets());
    server.send_tls13_tickets = 1;
    let (client, server) = (Arc::new(client), Arc::new(server));
    assert_eq!(kind(&client, &server), Full);
    // The connection that takes the ticket is lost.
    drop(Pair::new(client.clone(), server.clone()));
    assert_eq!(kind(&client, &server), Full);
}

#[test]
fn tickets_rotate() {
    use chitin::ticketer::TicketRotator;
    // A period of one second: after three the keys have changed twice.
    let rotator = TicketRotator::new(1, || Ok(Box::new(Shared(provided::ticketer())))).unwrap();
    let ticket = rotator.encrypt(b"session").unwrap();
    assert_eq!(rotator.decrypt(&ticket).as_deref(), Some(&b"session"[..]));
    std::thread::sleep(Duration::from_millis(3100));
    assert!(rotator.encrypt(b"other").is_some());
    assert_eq!(rotator.decrypt(&ticket), None);
}

#[derive(Debug)]
struct Shared(Arc<dyn ProducesTickets>);

impl ProducesTickets for Shared {
    fn enabled(&self) -> bool {
        self.0.enabled()
    }

    fn lifetime(&self) -> u32 {
        self.0.lifetime()
    }

    fn encrypt(&self, plain: &[u8]) -> Option<Vec<u8>> {
        self.0.encrypt(plain)
    }

    fn decrypt(&self, cipher: &[u8]) -> Option<Vec<u8>> {
        self.0.decrypt(cipher)
    }
}

#[test]
fn stores_are_bounded() {
    let sessions = ServerSessionMemoryCache::new(10);
    for n in 0..1000u32 {
        assert!(sessions.put(n.to_be_bytes().to_vec(), vec![0; 100]));
    }
    let kept = (0..1000u32).filter(|n| sessions.get(&n.to_be_bytes()).is_some()).count();
    assert_eq!(kept, 10);

    // A server that sends many tickets does not make a client keep them.
    let (client, mut server) = (client(), server_with_tickets());
    server.send_tls13_tickets = 100;
    let (client, server) = (Arc::new(client), Arc::new(server));
    let pair = shake(&client, &server);
    assert_eq!(pair.client.tls13_tickets_received(), 100);
    let mut kinds: Vec<HandshakeKind> = Vec::new();
    for _ in 0..9 {
        // Each takes one, and gets no new one: the connection is lost.
        let mut pair = Pair::new(client.clone(), server.clone());
        let hello = pair.take(Side::Client);
        pair.give(Side::Server, &hello).unwrap();
        kinds.push(pair.server.handshake_kind().unwrap());
    }
    assert_eq!(kinds.iter().filter(|kind| **kind == Resumed).count(), 8, "{kinds:?}");
}

#[test]
fn a_wrong_binder_ends_the_handshake() {
    let (client, server) = (Arc::new(client()), Arc::new(server_with_tickets()));
    assert_eq!(kind(&client, &server), Full);
    // The binder is the end of the hello.
    let spoilt = tamper::map(0, |record| *record.body.last_mut().unwrap() ^= 1);
    let failed = Pair::new(client, server).tamper(Side::Client, spoilt).settle().unwrap_err();
    assert_eq!((failed.side, failed.error), (Side::Server, PeerMisbehaved::IncorrectBinder.into()));
}

#[test]
fn a_client_that_does_not_resume_gets_no_tickets() {
    let mut client = client();
    client.resumption = Resumption::disabled();
    let (client, server) = (Arc::new(client), Arc::new(server_with_tickets()));
    let pair = shake(&client, &server);
    assert_eq!(pair.client.tls13_tickets_received(), 0);
    assert_eq!(kind(&client, &server), Full);
}

#[test]
fn what_the_server_put_into_a_session_comes_back() {
    let (client, server) = (Arc::new(client()), Arc::new(server_with_tickets()));
    let mut pair = Pair::new(client.clone(), server.clone());
    pair.server.set_resumption_data(b"user 17");
    pair.handshake().unwrap();
    assert_eq!(pair.server.received_resumption_data(), None);
    let pair = shake(&client, &server);
    assert_eq!(pair.server.received_resumption_data(), Some(&b"user 17"[..]));
}

/// Counts how often it is asked, and may know nothing any more.
#[derive(Debug)]
struct Gate {
    inner: Arc<dyn ResolvesServerCert>,
    asked: AtomicUsize,
    closed: AtomicBool,
}

impl ResolvesServerCert for Gate {
    fn resolve(&self, hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        self.asked.fetch_add(1, Ordering::Relaxed);
        assert_eq!(hello.server_name(), Some("localhost"));
        (!self.closed.load(Ordering::Relaxed)).then(|| self.inner.resolve(hello)).flatten()
    }
}

/// A name that was taken out of service is so for those who have been here before, too.
#[test]
fn a_resolver_is_asked_for_each_hello_also_if_a_session_is_resumed() {
    for version in [&TLS12, &TLS13] {
        for tickets in [true, false] {
            let mut server = if tickets { server_with_tickets() } else { server() };
            let inner = server.cert_resolver.clone();
            let gate = Arc::new(Gate { inner, asked: AtomicUsize::new(0), closed: AtomicBool::new(false) });
            server.cert_resolver = gate.clone();
            let (client, server) = (Arc::new(client_of(version)), Arc::new(server));
            for (n, expected) in [Full, Resumed, Resumed].into_iter().enumerate() {
                assert_eq!(kind(&client, &server), expected);
                assert_eq!(gate.asked.load(Ordering::Relaxed), n + 1);
            }
            gate.closed.store(true, Ordering::Relaxed);
            let failed = Pair::new(client, server).settle().unwrap_err();
            assert_eq!((failed.side, failed.error), (Side::Server, Error::NoServerCertificateResolved));
            assert_eq!(gate.asked.load(Ordering::Relaxed), 4);
        }
    }
}

fn client_of(version: &'static SupportedProtocolVersion) -> ClientConfig {
    let config = ClientConfig::builder_with_provider(default_provider()).with_protocol_versions(&[version]);
    config.unwrap().with_root_certificates(WORLD.pki.root.store()).with_no_client_auth()
}
