//! Encrypted Client Hello of a client (RFC 9849), with the server of ECH that `testkit::ech` makes out of one of ours.

use std::io::Write;
use std::sync::Arc;

use chitin::HandshakeKind::{Full, FullWithHelloRetryRequest, Resumed};
use chitin::client::{EchConfig, EchGreaseConfig, EchMode, EchStatus, KeyShares, UnbufferedClientConnection};
use chitin::crypto::aws_lc_rs::hpke::{ALL_SUPPORTED_SUITES, DH_KEM_P256_HKDF_SHA256_AES_256};
use chitin::crypto::hpke::Hpke;
use chitin::pki_types::ServerName;
use chitin::server::UnbufferedServerConnection;
use chitin::{
    AlertDescription, CertificateError, ClientConfig, ClientConnection, EncryptedClientHelloError, Error,
    InvalidMessage, NamedGroup, PeerIncompatible, PeerMisbehaved, ServerConfig,
};
use testkit::configs;
use testkit::ech::{ECH, EchKey, EchServer, Script};
use testkit::hello::Hello;
use testkit::pair::{Chop, Failed, Pair, Side};
use testkit::pki::{KeyType, Spec};
use testkit::quic::{PARAMETERS, QuicPair};
use testkit::unbuffered::Duo;

use crate::common::*;

const SECRET: &str = "secret.test";
const PUBLIC: &str = "public.test";

const SERVER_NAME: u16 = 0;
const SUPPORTED_VERSIONS: u16 = 43;
const EARLY_DATA: u16 = 42;
const PRE_SHARED_KEY: u16 = 41;

/// A server of ECH with a config of our own kind behind it.
struct World {
    key: Arc<EchKey>,
    ech: EchServer,
}

impl World {
    fn new() -> Self {
        Self::with(EchKey::new(7, PUBLIC, 32))
    }

    fn with(key: EchKey) -> Self {
        let key = Arc::new(key);
        Self { ech: EchServer::new(key.clone()), key }
    }

    /// Its config, with a certificate for these names.
    fn server(&self, names: &[&str]) -> ServerConfig {
        let identity = WORLD.pki.issuing.issue(&Spec::server(KeyType::P256).dns(names));
        self.server_of(&identity, default_provider())
    }

    fn server_of(
        &self,
        identity: &testkit::pki::Identity,
        provider: Arc<chitin::crypto::CryptoProvider>,
    ) -> ServerConfig {
        ServerConfig::builder_with_provider(self.ech.provider(&provider))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(identity.chain.clone(), identity.key.clone_key())
            .unwrap()
    }

    fn join(
        &self,
        client: &Arc<ClientConfig>,
        server: &Arc<ServerConfig>,
        name: &str,
        script: Script,
    ) -> Pair {
        self.ech.begin(script);
        Pair::named(client.clone(), server.clone(), name)
            .tamper(Side::Client, self.ech.from_client())
            .tamper(Side::Server, self.ech.from_server())
    }

    /// A handshake that works.
    fn shake(&self, client: &Arc<ClientConfig>, server: &Arc<ServerConfig>) -> Pair {
        let mut pair = self.join(client, server, SECRET, Script::default());
        pair.handshake().unwrap();
        pair
    }

    /// What the client says of a server that does not do as it should.
    fn failure(&self, client: ClientConfig, server: ServerConfig, script: Script) -> Box<Failed> {
        let failed = self.join(&client.into(), &server.into(), SECRET, script).settle().unwrap_err();
        assert_eq!(failed.side, Side::Client, "{failed:?}");
        failed
    }
}

fn of_mode(mode: impl Into<EchMode>) -> ClientConfig {
    ClientConfig::builder_with_provider(default_provider())
        .with_ech(mode.into())
        .unwrap()
        .with_root_certificates(roots())
        .with_no_client_auth()
}

fn config_of(list: Vec<u8>) -> EchConfig {
    EchConfig::new(list.into(), ALL_SUPPORTED_SUITES).unwrap()
}

/// A client that hides its hello from all but this key.
fn hiding(key: &EchKey) -> ClientConfig {
    of_mode(config_of(key.list()))
}

fn grease() -> ClientConfig {
    let (placeholder, _) = DH_KEM_P256_HKDF_SHA256_AES_256.generate_key_pair().unwrap();
    of_mode(EchGreaseConfig::new(DH_KEM_P256_HKDF_SHA256_AES_256, placeholder))
}

fn contains(bytes: &[u8], part: &[u8]) -> bool {
    bytes.windows(part.len()).any(|window| window == part)
}

fn name_in(hello: &mut Hello) -> String {
    // The list, its one entry's type, and the two lengths.
    String::from_utf8(hello.body(SERVER_NAME)[5..].to_vec()).unwrap()
}

fn has(hello: &Hello, code: u16) -> bool {
    hello.extensions.iter().any(|(have, _)| *have == code)
}

// ---- a server that accepts

/// Chopped into bytes, too, and with the verifier answering late.
#[test]
fn an_accepted_hello_hides_the_name_and_reaches_the_server_behind_it() {
    let world = World::new();
    let server = Arc::new(world.server(&[SECRET]));
    for chop in [Chop::Whole, Chop::Bytes(1)] {
        let client = Arc::new(hiding(&world.key));
        let mut pair = world.join(&client, &server, SECRET, Script::default()).chop(chop).deferred();
        assert_eq!(pair.client.ech_status(), EchStatus::Offered);
        pair.handshake().unwrap();
        assert_eq!(pair.client.ech_status(), EchStatus::Accepted);
        assert_eq!((kind_of(&pair), pair.server.server_name()), (Full, Some(SECRET)));
        assert_eq!(pair.send(Side::Client, b"there").unwrap(), b"there");
        assert_eq!(pair.send(Side::Server, b"and back").unwrap(), b"and back");

        let [(outer, Some(inner))] = &mut world.ech.hellos()[..] else { panic!("one hello, and one in it") };
        assert_eq!((name_in(outer), name_in(inner)), (PUBLIC.into(), SECRET.into()));
        assert!(!contains(&outer.write(), SECRET.as_bytes()));
        // RFC 9849 section 6.1: its own random, TLS 1.3 alone, and the mark of an inner hello.
        assert_ne!(outer.random, inner.random);
        let versions = &inner.body(SUPPORTED_VERSIONS)[1..];
        assert!(contains(versions, &[3, 4]) && !contains(versions, &[3, 3]));
        assert_eq!(inner.body(ECH), &[1]);
        assert_eq!(outer.session_id.len(), 32);
    }
}

/// RFC 9849 section 6.1.5. Both hellos of the client hide one, and both answers of the server show that it was read.
#[test]
fn an_accepted_hello_can_be_asked_for_once_more() {
    let world = World::new();
    let identity = WORLD.pki.issuing.issue(&Spec::server(KeyType::P256).dns(&[SECRET]));
    let server = Arc::new(world.server_of(&identity, configs::provider(&[], &[NamedGroup::secp384r1])));
    let client = Arc::new(hiding(&world.key));
    let pair = world.shake(&client, &server);
    assert_eq!((kind_of(&pair), pair.client.ech_status()), (FullWithHelloRetryRequest, EchStatus::Accepted));
    let [(first, Some(first_inner)), (second, Some(second_inner))] = &mut world.ech.hellos()[..] else {
        panic!("two hellos, and one in each")
    };
    assert_eq!((first.random, first_inner.random), (second.random, second_inner.random));
    assert_eq!((name_in(second), name_in(second_inner)), (PUBLIC.into(), SECRET.into()));
    assert_ne!(first.body(ECH), second.body(ECH));
}

/// The session is offered in the inner hello; the outer one has something as long that is none. RFC 9849 section 6.1.2.
#[test]
fn sessions_are_resumed_in_secret() {
    let world = World::new();
    let identity = WORLD.pki.issuing.issue(&Spec::server(KeyType::P256).dns(&[SECRET]));
    for (group, hellos) in [(NamedGroup::X25519, 1), (NamedGroup::secp384r1, 2)] {
        let server = Arc::new(world.server_of(&identity, configs::provider(&[], &[group])));
        let mut client = hiding(&world.key);
        client.key_shares = KeyShares::Only(vec![NamedGroup::X25519]);
        let client = Arc::new(client);
        assert_ne!(kind_of(&world.shake(&client, &server)), Resumed);
        let pair = world.shake(&client, &server);
        assert_eq!((kind_of(&pair), pair.client.ech_status()), (Resumed, EchStatus::Accepted));
        assert_eq!(world.ech.hellos().len(), hellos);
        for (mut outer, inner) in world.ech.hellos() {
            let (cover, psk) =
                (outer.body(PRE_SHARED_KEY).clone(), inner.unwrap().body(PRE_SHARED_KEY).clone());
            assert_eq!(cover.len(), psk.len());
            assert!(!contains(&outer.write(), &psk[4..36]), "the ticket is seen");
        }
    }
}

#[test]
fn early_data_is_sent_under_the_keys_of_the_inner_hello() {
    let world = World::new();
    let mut server = world.server(&[SECRET]);
    server.max_early_data_size = 1000;
    let mut client = hiding(&world.key);
    client.enable_early_data = true;
    let (client, server) = (Arc::new(client), Arc::new(server));
    world.shake(&client, &server);
    let mut pair = world.join(&client, &server, SECRET, Script::default());
    pair.client.early_data().unwrap().write_all(b"early").unwrap();
    pair.carry(Side::Client).unwrap();
    let mut early = Vec::new();
    std::io::Read::read_to_end(&mut pair.server.early_data().unwrap(), &mut early).unwrap();
    pair.handshake().unwrap();
    assert!(pair.client.is_early_data_accepted() && early == b"early");
    let (outer, inner) = world.ech.hellos().remove(0);
    // RFC 9849 section 6.1: a server that reads the outer hello has to know that there is data to be passed over.
    assert!(has(&outer, EARLY_DATA) && has(&inner.unwrap(), EARLY_DATA));
}

/// An address is no name, and there still is something to hide.
#[test]
fn an_address_is_connected_to_without_a_name_inside() {
    let world = World::new();
    let server =
        Arc::new(world.server_of(&WORLD.pki.issuing.issue(&Spec::server(KeyType::P256)), default_provider()));
    let mut pair = world.join(&Arc::new(hiding(&world.key)), &server, "127.0.0.1", Script::default());
    pair.handshake().unwrap();
    assert_eq!((pair.client.ech_status(), pair.server.server_name()), (EchStatus::Accepted, None));
    let (mut outer, inner) = world.ech.hellos().remove(0);
    assert_eq!(name_in(&mut outer), PUBLIC);
    assert!(!has(&inner.unwrap(), SERVER_NAME));
}

/// RFC 9849 section 6.1.3: names up to the longest that the server told of look the same.
#[test]
fn outer_hellos_for_names_of_all_lengths_are_as_long_as_each_other() {
    let world = World::new();
    let client = Arc::new(hiding(&world.key));
    let lens = (1..=32).map(|len| {
        let name = ServerName::try_from("n".repeat(len)).unwrap();
        let mut conn = ClientConnection::new(client.clone(), name).unwrap();
        let mut hello = Vec::new();
        conn.write_tls(&mut hello).unwrap();
        hello.len()
    });
    let lens: Vec<_> = lens.collect();
    assert!(lens.iter().all(|len| *len == lens[0]), "{lens:?}");
}

#[test]
fn a_name_in_the_clear_has_to_be_allowed() {
    let world = World::new();
    let mut client = hiding(&world.key);
    client.enable_sni = false;
    let refused = ClientConnection::new(client.into(), ServerName::try_from(SECRET).unwrap()).unwrap_err();
    assert_eq!(refused, EncryptedClientHelloError::SniRequired.into());
}

/// RFC 9850 sections 2.1 and 2.3: who has seen the outer hello finds ECH_CONFIG, and with it the inner random and the rest.
#[test]
fn the_key_log_has_the_labels_of_ech() {
    let world = World::new();
    let log = Arc::new(Notebook::default());
    let mut client = hiding(&world.key);
    client.key_log = log.clone();
    world.shake(&client.into(), &world.server(&[SECRET]).into());
    let (outer, inner) = world.ech.hellos().remove(0);
    let random_of = |label: &str| log.all().into_iter().find(|(have, ..)| have == label).unwrap().1;
    assert_eq!(log.secret("ECH_CONFIG").unwrap(), world.key.config);
    assert_eq!(log.secret("ECH_SECRET").unwrap().len(), 32);
    assert_eq!([random_of("ECH_CONFIG"), random_of("ECH_SECRET")], [outer.random, outer.random]);
    let inner = inner.unwrap().random;
    assert_eq!([random_of("CLIENT_HANDSHAKE_TRAFFIC_SECRET"), random_of("EXPORTER_SECRET")], [inner, inner]);
}

// ---- a server that rejects

fn rejected(list: Option<&EchKey>) -> Script {
    Script { retry_configs: list.map(EchKey::list), ..Script::default() }
}

/// RFC 9849 section 6.1.6. The key of the client's list is not the server's; what the server sends instead is.
#[test]
fn a_rejected_hello_ends_the_connection_with_what_to_try_next() {
    let (old, world) = (EchKey::new(7, PUBLIC, 32), World::new());
    let server = Arc::new(world.server(&[PUBLIC, SECRET]));
    let client = Arc::new(hiding(&old));
    let mut pair = world.join(&client, &server, SECRET, rejected(Some(&world.key)));
    pair.client.writer().write_all(b"not for the public server").unwrap();
    let failed = pair.settle().unwrap_err();
    assert_eq!((failed.side, pair.client.ech_status()), (Side::Client, EchStatus::Rejected));
    let Error::PeerIncompatible(PeerIncompatible::ServerRejectedEncryptedClientHello(Some(configs))) =
        &failed.error
    else {
        panic!("{failed:?}")
    };
    // The server has seen a whole handshake, under a name that says nothing, and then the alert; no data.
    assert_eq!(failed.echo, Some(Error::AlertReceived(AlertDescription::EncryptedClientHelloRequired)));
    assert_eq!(pair.server.server_name(), Some(PUBLIC));
    assert_eq!(pair.arrived(Side::Client), b"");
    assert!(!pair.server.is_handshaking());

    let next = EchConfig::from_retry_configs(configs, ALL_SUPPORTED_SUITES).unwrap();
    let pair = world.shake(&Arc::new(of_mode(next)), &server);
    assert_eq!((pair.client.ech_status(), pair.server.server_name()), (EchStatus::Accepted, Some(SECRET)));
}

#[test]
fn a_server_without_ech_rejects_it_by_saying_nothing() {
    let (world, old) = (World::new(), EchKey::new(7, PUBLIC, 32));
    let identity = WORLD.pki.issuing.issue(&Spec::server(KeyType::P256).dns(&[PUBLIC]));
    for groups in [&[][..], &[NamedGroup::secp384r1]] {
        let server = world.server_of(&identity, configs::provider(&[], groups));
        let failed = world.failure(hiding(&old), server, Script::default());
        assert_eq!(failed.error, PeerIncompatible::ServerRejectedEncryptedClientHello(None).into());
        // The second hello hides nothing new: its extension is that of the first.
        let mut hellos = world.ech.hellos();
        let bodies: Vec<_> = hellos.iter_mut().map(|(outer, _)| outer.body(ECH).clone()).collect();
        assert!(bodies.iter().all(|body| *body == bodies[0]) && bodies.len() == 1 + groups.len());
    }
}

/// Over QUIC the outer hello has our transport parameters, too, or such a server could not go on: RFC 9001 section 8.2.
#[test]
fn a_rejection_over_quic_and_without_buffers_is_the_same() {
    let old = EchKey::new(7, "localhost", 0);
    let rejection = Error::from(PeerIncompatible::ServerRejectedEncryptedClientHello(None));
    let (mut client, mut plain) = (hiding(&old), server());
    client.alpn_protocols = vec![b"h3".to_vec()];
    plain.alpn_protocols = vec![b"h3".to_vec()];
    let (client, plain) = (Arc::new(client), Arc::new(plain));

    let mut pair = QuicPair::new(client.clone(), plain.clone()).chop(7);
    let failed = pair.settle().unwrap_err();
    assert_eq!((failed.side, &failed.error), (Side::Client, &rejection));
    assert_eq!(failed.alert, Some(AlertDescription::EncryptedClientHelloRequired));
    assert_eq!(pair.client().ech_status(), EchStatus::Rejected);
    assert_eq!(pair.server().quic_transport_parameters(), Some(PARAMETERS[0]));

    let name = ServerName::try_from(SECRET).unwrap();
    let conn = UnbufferedClientConnection::new(client, name).unwrap();
    let mut duo = Duo::new(conn, UnbufferedServerConnection::new(plain).unwrap());
    assert_eq!(duo.settle().unwrap_err(), rejection);
    let said = std::mem::take(&mut duo.client.talk.outgoing);
    duo.server.talk.incoming.extend(said);
    let heard = Error::AlertReceived(AlertDescription::EncryptedClientHelloRequired);
    assert_eq!(duo.server.run().unwrap_err(), heard);
}

/// A bug of another library checked the name that was asked for: an attacker who makes the server reject, or is that server,
/// would have been believed under the wrong one. RFC 9849 section 6.1.7.
#[test]
fn a_server_that_rejects_is_believed_under_its_public_name_alone() {
    let (old, world) = (EchKey::new(7, PUBLIC, 32), World::new());
    let wrong_name = |failed: &Failed| {
        assert_eq!(failed.echo, Some(Error::AlertReceived(AlertDescription::BadCertificate)));
        matches!(
            failed.error,
            Error::InvalidCertificate(
                CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. }
            )
        )
    };
    // It is the server that was wanted, and rejects: its certificate is good for the wrong name. Nothing that it says counts.
    let failed = world.failure(hiding(&old), world.server(&[SECRET]), rejected(Some(&world.key)));
    assert!(wrong_name(&failed), "{failed:?}");
    // It accepts, and has the certificate of the public name alone.
    let failed = world.failure(hiding(&world.key), world.server(&[PUBLIC]), Script::default());
    assert!(wrong_name(&failed), "{failed:?}");
    let failed = world.failure(hiding(&old), world.server(&[PUBLIC]), rejected(Some(&world.key)));
    let rejection = |error: &Error| {
        matches!(
            error,
            Error::PeerIncompatible(PeerIncompatible::ServerRejectedEncryptedClientHello(Some(_)))
        )
    };
    assert!(rejection(&failed.error), "{failed:?}");
}

/// RFC 9849 section 6.1.7: who we are is for the server that was wanted.
#[test]
fn a_server_that_rejects_is_shown_no_client_certificate() {
    let (old, world) = (EchKey::new(7, PUBLIC, 32), World::new());
    let identity = WORLD.pki.issuing.issue(&Spec::server(KeyType::P256).dns(&[PUBLIC, SECRET]));
    let server: Arc<ServerConfig> =
        ServerConfig::builder_with_provider(world.ech.provider(&default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_client_cert_verifier(optional(roots()))
            .with_single_cert(identity.chain.clone(), identity.key.clone_key())
            .unwrap()
            .into();
    let showing = |key: &EchKey| {
        ClientConfig::builder_with_provider(default_provider())
            .with_ech(config_of(key.list()).into())
            .unwrap()
            .with_root_certificates(roots())
            .with_client_auth_cert(WORLD.client.chain.clone(), WORLD.client.key.clone_key())
            .unwrap()
    };
    let mut pair = world.join(&showing(&old).into(), &server, SECRET, rejected(Some(&world.key)));
    pair.settle().unwrap_err();
    assert!(!pair.server.is_handshaking() && pair.server.peer_certificates().is_none());
    let pair = world.shake(&showing(&world.key).into(), &server);
    assert_eq!(pair.server.peer_certificates(), Some(&WORLD.client.chain[..]));
}

/// RFC 9849 section 6.1.7: tickets of such a server are ignored, and no session was offered to it.
#[test]
fn nothing_is_kept_of_a_server_that_rejects_and_nothing_is_resumed() {
    let (old, world) = (EchKey::new(7, PUBLIC, 32), World::new());
    let mut server = world.server(&[PUBLIC, SECRET]);
    server.max_early_data_size = 1000;
    let mut client = hiding(&old);
    client.enable_early_data = true;
    let (client, server) = (Arc::new(client), Arc::new(server));
    for _ in 0..2 {
        world.join(&client, &server, SECRET, rejected(None)).settle().unwrap_err();
        assert!(!has(&world.ech.hellos()[0].0, PRE_SHARED_KEY));
    }
    // A session of a better day: it is not shown, its early data is not read, and the full handshake ends as it must.
    let both = World::with(old);
    let accepting = Arc::new(both.server(&[SECRET]));
    let config = {
        let mut config = hiding(&both.key);
        config.enable_early_data = true;
        Arc::new(config)
    };
    let mut early = (*accepting).clone();
    early.max_early_data_size = 1000;
    both.shake(&config, &Arc::new(early));
    let mut pair = world.join(&config, &server, SECRET, rejected(Some(&world.key)));
    pair.client.early_data().unwrap().write_all(b"for the secret server").unwrap();
    let failed = pair.settle().unwrap_err();
    assert!(
        matches!(
            failed.error,
            Error::PeerIncompatible(PeerIncompatible::ServerRejectedEncryptedClientHello(Some(_)))
        ),
        "{failed:?}"
    );
    assert!(!pair.client.is_early_data_accepted() && has(&world.ech.hellos()[0].0, PRE_SHARED_KEY));
}

// ---- GREASE

/// RFC 9849 section 6.2.1: the extension is copied into a second hello, and what a server says of it is only read.
#[test]
fn grease_means_nothing_and_is_said_twice() {
    let world = World::new();
    let identity = WORLD.pki.issuing.issue(&Spec::server(KeyType::P256).dns(&[SECRET]));
    for (groups, kind) in [(&[][..], Full), (&[NamedGroup::secp384r1], FullWithHelloRetryRequest)] {
        let server = Arc::new(world.server_of(&identity, configs::provider(&[], groups)));
        let script = Script { retry_configs: Some(world.key.list()), ..Script::default() };
        let script = Script { retry_signal: (!groups.is_empty()).then(|| vec![5; 8]), ..script };
        let mut pair = world.join(&Arc::new(grease()), &server, SECRET, script);
        pair.handshake().unwrap();
        assert_eq!((pair.client.ech_status(), kind_of(&pair)), (EchStatus::Grease, kind));
        let mut bodies = world.ech.hellos().into_iter().map(|(mut hello, _)| {
            assert_eq!(name_in(&mut hello), SECRET);
            hello.body(ECH).clone()
        });
        let body = bodies.next().unwrap();
        assert!(bodies.all(|other| other == body));
        // An outer one, HKDF-SHA256, AES-256-GCM, an id, a point of P-256, and a payload of whole steps and a tag.
        assert_eq!((&body[..5], &body[6..9]), (&[0, 0, 1, 0, 2][..], &[0, 65, 4][..]));
        let payload = usize::from(u16::from_be_bytes([body[73], body[74]]));
        assert_eq!((body.len(), payload % 32), (75 + payload, 16));
    }
}

#[test]
fn nothing_is_offered_unasked() {
    let pair = shake(&client().into(), &server().into());
    assert_eq!(pair.client.ech_status(), EchStatus::NotOffered);
    let hello = pair.flown(Side::Client);
    let hello = Hello::read(&hello[5..5 + usize::from(u16::from_be_bytes([hello[3], hello[4]]))]);
    assert!(!has(&hello, ECH));
}

// ---- servers that do not do as they should

#[test]
fn misbehaviour_of_servers_is_called_by_its_name() {
    use AlertDescription as A;
    let (old, world) = (EchKey::new(7, PUBLIC, 32), World::new());
    let identity = WORLD.pki.issuing.issue(&Spec::server(KeyType::P256).dns(&[PUBLIC, SECRET]));
    let server = |retries: bool| {
        let groups = if retries { &[NamedGroup::secp384r1][..] } else { &[] };
        world.server_of(&identity, configs::provider(&[], groups))
    };
    let held = |what: &str, client: ClientConfig, retries: bool, script: Script, error: Error, alert| {
        let failed = world.failure(client, server(retries), script);
        assert_eq!(failed.error, error, "{what}");
        assert_eq!(failed.echo, Some(Error::AlertReceived(alert)), "{what}");
    };
    let honest = Script::default;
    let configs = |bytes: &[u8]| Script { retry_configs: Some(bytes.to_vec()), ..honest() };
    let signal = |bytes: &[u8]| Script { retry_signal: Some(bytes.to_vec()), ..honest() };

    held(
        "it has read the inner hello, and then has not",
        hiding(&world.key),
        true,
        Script { forgets: true, ..honest() },
        PeerMisbehaved::EchAcceptanceVariedAfterRetry.into(),
        A::IllegalParameter,
    );
    held(
        "it accepts, and says what to try instead",
        hiding(&world.key),
        false,
        configs(&world.key.list()),
        PeerMisbehaved::UnsolicitedEchExtension.into(),
        A::UnsupportedExtension,
    );
    let unasked = world.failure(client(), server(false), configs(&world.key.list()));
    assert_eq!(unasked.error, PeerMisbehaved::UnsolicitedEchExtension.into());
    for mode in [|old: &EchKey| hiding(old), |_: &EchKey| grease()] {
        for bad in [&[][..], &[0, 0], &[0, 1, 0], &[0, 4, 0xfe, 0x0d, 0, 1], &[0, 4, 0xfe, 0x0d, 0, 0, 0]] {
            let failed = world.failure(mode(&old), server(false), configs(bad));
            assert!(matches!(failed.error, Error::InvalidMessage(_)), "{bad:?}: {failed:?}");
            assert_eq!(failed.echo, Some(Error::AlertReceived(A::DecodeError)));
        }
        for bad in [&[0; 7][..], &[0; 9], &[]] {
            let failed = world.failure(mode(&old), server(true), signal(bad));
            assert!(matches!(failed.error, Error::InvalidMessage(_)), "{bad:?}: {failed:?}");
        }
        let unasked = world.failure(client(), server(true), signal(&[0; 8]));
        assert_eq!(unasked.error, InvalidMessage::UnknownHelloRetryRequestExtension.into());
    }
    // What only looks like a signal is none.
    held(
        "it makes a signal up",
        hiding(&old),
        true,
        signal(&[9; 8]),
        PeerIncompatible::ServerRejectedEncryptedClientHello(None).into(),
        A::EncryptedClientHelloRequired,
    );

    // With a session that was never offered to it.
    let both = World::with(old);
    let with_session = |early: bool| {
        let mut config = hiding(&both.key);
        config.enable_early_data = early;
        let mut server = both.server(&[SECRET]);
        server.max_early_data_size = 1000;
        let config = Arc::new(config);
        both.shake(&config, &server.into());
        Arc::unwrap_or_clone(config)
    };
    held(
        "it takes a session that is none",
        with_session(false),
        false,
        Script { selects_psk: Some(0), ..honest() },
        PeerMisbehaved::SelectedUnofferedPsk.into(),
        A::IllegalParameter,
    );
    let client = Arc::new(with_session(true));
    let mut pair =
        world.join(&client, &server(false).into(), SECRET, Script { accepts_early_data: true, ..honest() });
    pair.client.early_data().unwrap().write_all(b"early").unwrap();
    let failed = pair.settle().unwrap_err();
    assert_eq!(failed.error, PeerMisbehaved::EarlyDataExtensionWithoutResumption.into());
}
