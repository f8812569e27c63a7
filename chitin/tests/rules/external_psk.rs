//! External pre-shared keys: what they prove, to whom, and for how long. RFC 8446 sections 2.2 and 4.2.11, RFC 9257, RFC 9258.

use std::io::Write;
use std::sync::{Arc, Mutex};

use chitin::HandshakeKind::{Full, FullWithHelloRetryRequest, Resumed};
use chitin::client::Resumption;
use chitin::crypto::CryptoProvider;
use chitin::crypto::hash::HashAlgorithm;
use chitin::pki_types::ServerName;
use chitin::psk::{ClientPsks, ExternalPsk, OfferedPsks, PskList, ServerPsks, between};
use chitin::version::{TLS12, TLS13};
use chitin::{
    AlertDescription, CipherSuite, ClientConfig, Error, HandshakeKind, NamedGroup, PeerIncompatible,
    PeerMisbehaved, ServerConfig,
};
use testkit::configs;
use testkit::hello::Hello;
use testkit::pair::{Chop, Pair, Record, Side};

use crate::common::*;

const NAME: &[u8] = b"sensor 5";
const SECRET: [u8; 32] = [7; 32];
const SHA256: HashAlgorithm = HashAlgorithm::SHA256;
const SHA384: HashAlgorithm = HashAlgorithm::SHA384;

fn imported(secret: [u8; 32]) -> ExternalPsk {
    ExternalPsk::imported(NAME, &secret, SHA256, &between(b"sensor", b"collector")).unwrap()
}

fn list(keys: impl Into<Vec<ExternalPsk>>) -> Arc<PskList> {
    Arc::new(PskList::from(keys.into()))
}

/// A client that trusts this key and nothing else.
fn client_of_key(key: ExternalPsk) -> ClientConfig {
    client_of_keys(default_provider(), list([key]))
}

fn client_of_keys(provider: Arc<CryptoProvider>, keys: Arc<dyn ClientPsks>) -> ClientConfig {
    ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_external_psks(keys)
}

/// The same client, with no session yet.
fn fresh(client: &ClientConfig) -> ClientConfig {
    let mut client = client.clone();
    client.resumption = Resumption::default();
    client
}

/// A server that has no certificate.
fn server_of_key(key: ExternalPsk) -> ServerConfig {
    server_of_keys(default_provider(), list([key]))
}

fn server_of_keys(provider: Arc<CryptoProvider>, keys: Arc<dyn ServerPsks>) -> ServerConfig {
    ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_external_psks(keys)
}

/// A pair that is done, with data both ways, and what each side says of who the other is.
fn met(client: impl Into<Arc<ClientConfig>>, server: impl Into<Arc<ServerConfig>>) -> (Pair, HandshakeKind) {
    met_in(Pair::new(client, server))
}

fn met_in(mut pair: Pair) -> (Pair, HandshakeKind) {
    pair.handshake().unwrap();
    assert_eq!(pair.send(Side::Client, b"ping").unwrap(), b"ping");
    assert_eq!(pair.send(Side::Server, b"pong").unwrap(), b"pong");
    let kind = kind_of(&pair);
    assert_eq!(pair.server.handshake_kind(), Some(kind));
    (pair, kind)
}

#[track_caller]
fn proved_by_key(pair: &Pair, name: &[u8]) {
    for (identity, certificates) in [
        (pair.client.external_psk_identity(), pair.client.peer_certificates()),
        (pair.server.external_psk_identity(), pair.server.peer_certificates()),
    ] {
        assert_eq!((identity, certificates), (Some(name), None));
    }
}

#[track_caller]
fn proved_by_certificate(pair: &Pair) {
    assert_eq!(pair.client.peer_certificates().unwrap(), WORLD.server.chain);
    assert_eq!((pair.client.external_psk_identity(), pair.server.external_psk_identity()), (None, None));
}

fn error(client: impl Into<Arc<ClientConfig>>, server: impl Into<Arc<ServerConfig>>) -> Error {
    Pair::new(client, server).settle().unwrap_err().error
}

// ---- what keys prove

#[test]
fn a_key_is_all_that_both_sides_need() {
    let suites = [
        CipherSuite::TLS13_AES_128_GCM_SHA256,
        CipherSuite::TLS13_AES_256_GCM_SHA384,
        CipherSuite::TLS13_CHACHA20_POLY1305_SHA256,
    ];
    let plain = |hash| ExternalPsk::plain(NAME, &[9; 64], hash).unwrap();
    let imported = |hash| ExternalPsk::imported(NAME, &[9; 64], hash, b"").unwrap();
    for suite in suites {
        let sha384 = suite == CipherSuite::TLS13_AES_256_GCM_SHA384;
        for (key, usable) in [
            (plain(SHA256), !sha384),
            (plain(SHA384), sha384),
            (imported(SHA256), true),
            // The hash of the key has to be one that we have.
            (imported(SHA384), true),
        ] {
            // The client has all suites, the server one.
            let only = configs::provider(&[suite], &[]);
            let all = Arc::new(CryptoProvider {
                cipher_suites: default_provider().cipher_suites.clone(),
                ..(*only).clone()
            });
            let has_own = !(key.context().is_some() && (key.hash() == SHA384) != sha384);
            for chop in [Chop::Whole, Chop::Bytes(1)] {
                let client = client_of_keys(all.clone(), list([key.clone()]));
                let server = server_of_keys(only.clone(), list([key.clone()]));
                let mut pair = Pair::new(client, server).chop(chop);
                match usable && has_own {
                    true => {
                        let (pair, kind) = met_in(pair);
                        assert_eq!(kind, Full);
                        assert_eq!(pair.client.negotiated_cipher_suite().unwrap().suite(), suite);
                        assert!(pair.client.negotiated_key_exchange_group().is_some(), "never without");
                        proved_by_key(&pair, NAME);
                    }
                    false => {
                        let error = pair.settle().unwrap_err().error;
                        assert_eq!(error, PeerIncompatible::UnknownExternalPsk.into(), "{suite:?} {key:?}");
                    }
                }
            }
        }
    }
}

#[test]
fn the_suite_is_one_that_goes_with_the_key() {
    let chosen = |key: ExternalPsk| {
        let (pair, _) = met(client_of_key(key.clone()), server_of_key(key));
        pair.client.negotiated_cipher_suite().unwrap().suite()
    };
    // The first of both is of SHA-384.
    assert_eq!(chosen(imported(SECRET)), CipherSuite::TLS13_AES_256_GCM_SHA384);
    let plain = ExternalPsk::plain(NAME, &SECRET, SHA256).unwrap();
    assert_eq!(chosen(plain), CipherSuite::TLS13_AES_128_GCM_SHA256);
}

#[test]
fn keys_survive_a_retry_and_late_answers() {
    let other = configs::provider(&[], &[NamedGroup::secp384r1]);
    for key in [imported(SECRET), ExternalPsk::plain(NAME, &SECRET, SHA256).unwrap()] {
        let server = Arc::new(server_of_keys(other.clone(), list([key.clone()])));
        let client = Arc::new(client_of_key(key.clone()));
        let (pair, kind) = met(client.clone(), server.clone());
        assert_eq!(kind, FullWithHelloRetryRequest);
        proved_by_key(&pair, NAME);
        let fresh = client_of_key(key);
        let (pair, kind) = met_in(Pair::new(fresh, server).deferred());
        assert_eq!(kind, FullWithHelloRetryRequest);
        proved_by_key(&pair, NAME);
    }
}

#[test]
fn the_server_chooses_among_several_keys() {
    let key = |name: &[u8], secret| ExternalPsk::imported(name, &[secret; 32], SHA256, b"").unwrap();
    let (a, b, c) = (key(b"a", 1), key(b"b", 2), key(b"c", 3));
    let client = client_of_keys(default_provider(), list([a.clone(), b.clone()]));
    for (theirs, chosen) in [(vec![b.clone(), a.clone()], b"b"), (vec![c.clone(), a.clone()], b"a")] {
        let (pair, _) = met(client.clone(), server_of_keys(default_provider(), list(theirs)));
        proved_by_key(&pair, chosen);
    }

    /// Knows keys one by one, and notes the names that it was asked for.
    #[derive(Debug)]
    struct Known(Vec<ExternalPsk>, Mutex<Vec<Vec<u8>>>);
    impl ServerPsks for Known {
        fn find(&self, identity: &[u8]) -> Option<ExternalPsk> {
            self.1.lock().unwrap().push(identity.to_vec());
            self.0.iter().find(|key| key.identity() == identity).cloned()
        }
    }
    // By default it is the client's order.
    let both = vec![b, a];
    let known = Arc::new(Known(both.clone(), Mutex::default()));
    let (pair, _) = met(fresh(&client), server_of_keys(default_provider(), known.clone()));
    proved_by_key(&pair, b"a");
    assert_eq!(*known.1.lock().unwrap(), [b"a"], "each name once, whatever the hashes");

    /// Looks at all names first, and takes the last.
    #[derive(Debug)]
    struct Last(Vec<ExternalPsk>);
    impl ServerPsks for Last {
        fn find(&self, _: &[u8]) -> Option<ExternalPsk> {
            None
        }
        fn choose(&self, offered: &OfferedPsks<'_>) -> Option<ExternalPsk> {
            assert_eq!(offered.identities().collect::<Vec<_>>(), [b"a", b"b"]);
            let last = offered.identities().last()?;
            self.0.iter().find(|key| key.identity() == last && offered.has(key)).cloned()
        }
    }
    let (pair, _) = met(fresh(&client), server_of_keys(default_provider(), Arc::new(Last(both))));
    proved_by_key(&pair, b"b");
}

#[test]
fn where_a_key_is_required_nothing_is_said_of_certificates() {
    let mut pair = Pair::new(client_of_key(imported(SECRET)), server());
    let hello = Hello::read(&Record::split(&pair.take(Side::Client))[0].body);
    let codes: Vec<u16> = hello.extensions.iter().map(|(code, _)| *code).collect();
    // signature_algorithms, status_request, certificate_authorities, signature_algorithms_cert; and a key exchange.
    for code in [13, 5, 47, 50] {
        assert!(!codes.contains(&code), "{code}");
    }
    assert!(codes.contains(&51) && codes.last() == Some(&41));
    // psk_dhe_ke alone; TLS 1.3 alone, beside GREASE.
    let body = |code: u16| hello.extensions.iter().find(|(c, _)| *c == code).unwrap().1.clone();
    assert_eq!(body(45), [1, 1]);
    assert!(!body(43).windows(2).any(|pair| pair == [3, 3]));
}

#[test]
fn a_name_comes_back_from_no_other_context_form_or_hash() {
    let secret = &SECRET;
    let ours = ExternalPsk::imported(NAME, secret, SHA256, b"context").unwrap();
    for other in [
        ExternalPsk::imported(NAME, secret, SHA256, b"another").unwrap(),
        ExternalPsk::imported(b"sensor 6", secret, SHA256, b"context").unwrap(),
        ExternalPsk::plain(NAME, secret, SHA256).unwrap(),
    ] {
        let error = error(client_of_key(ours.clone()), server_of_key(other.clone()));
        assert_eq!(error, PeerIncompatible::UnknownExternalPsk.into(), "{other:?}");
    }
    // The name does not say which hash belongs to the key.
    let other = ExternalPsk::imported(NAME, secret, SHA384, b"context").unwrap();
    assert_eq!(error(client_of_key(ours), server_of_key(other)), PeerMisbehaved::IncorrectBinder.into());
}

// ---- keys and certificates

#[test]
fn who_takes_both_falls_back_to_certificates() {
    let (mut client, mut server) = (client(), server());
    client.external_psks = Some(list([imported(SECRET)]));
    server.external_psks = Some(list([imported(SECRET)]));
    let (pair, _) = met(client.clone(), server.clone());
    proved_by_key(&pair, NAME);

    let (pair, _) = met(client.clone(), crate::common::server());
    proved_by_certificate(&pair);
    let (pair, _) = met(crate::common::client(), server.clone());
    proved_by_certificate(&pair);
    // A name that is not known is passed over; one that is, with another key, is an attack.
    let mut stranger = fresh(&client);
    stranger.external_psks = Some(list([ExternalPsk::imported(b"another", &SECRET, SHA256, b"").unwrap()]));
    let (pair, _) = met(stranger.clone(), server.clone());
    proved_by_certificate(&pair);
    stranger.external_psks = Some(list([imported([8; 32])]));
    assert_eq!(error(fresh(&stranger), server.clone()), PeerMisbehaved::IncorrectBinder.into());

    // TLS 1.2 has no such keys.
    let of12 = ServerConfig::builder_with_provider(default_provider()).with_protocol_versions(&[&TLS12]);
    let identity = &WORLD.server;
    let of12 = of12.unwrap().with_no_client_auth();
    let of12 = of12.with_single_cert(identity.chain.clone(), identity.key.clone_key()).unwrap();
    let (pair, _) = met(client, of12);
    proved_by_certificate(&pair);
}

#[test]
fn a_key_that_is_required_lets_nothing_else_pass() {
    let key = || imported(SECRET);
    // No certificate, though it is a good one: a client that would have to be lied to is not even asked to show it.
    let refused = error(client_of_key(key()), server());
    assert_eq!(refused, PeerIncompatible::SignatureAlgorithmsExtensionRequired.into());
    assert_eq!(error(client(), server_of_key(key())), PeerIncompatible::NoExternalPskInCommon.into());
    // And no TLS 1.2.
    let client12 = ClientConfig::builder_with_provider(default_provider()).with_protocol_versions(&[&TLS12]);
    let client12 = client12.unwrap().with_root_certificates(roots()).with_no_client_auth();
    assert_eq!(
        error(client12, server_of_key(key())),
        PeerIncompatible::SupportedVersionsExtensionRequired.into()
    );
    // Nor a connection without a key to offer.
    let none = client_of_keys(default_provider(), list([]));
    let failed = chitin::ClientConnection::new(Arc::new(none), "localhost".try_into().unwrap()).unwrap_err();
    assert!(matches!(failed, Error::General(_)), "{failed:?}");
    let mut none = server();
    none.require_external_psk = true;
    assert!(matches!(error(client(), none), Error::General(_)));
}

#[test]
fn nobody_is_asked_for_a_certificate_who_has_a_key() {
    let mut server = server_asking(required(roots()));
    server.external_psks = Some(list([imported(SECRET)]));
    let server = Arc::new(server);
    let mut with_key = client();
    with_key.external_psks = Some(list([imported(SECRET)]));
    let with_key = Arc::new(with_key);
    for kind in [Full, Resumed] {
        let (pair, got) = met(with_key.clone(), server.clone());
        proved_by_key(&pair, NAME);
        assert_eq!(got, kind);
    }
    // Without one, they are.
    assert_eq!(error(client(), server.clone()), Error::NoCertificatesPresented);
    let (pair, _) = met(client_with_cert(), server);
    assert_eq!(pair.server.peer_certificates().unwrap(), WORLD.client.chain);
}

// ---- what an attacker learns

#[test]
fn unknown_names_and_wrong_keys_are_answered_alike() {
    let server = server_of_key(imported(SECRET));
    let alert = |client: ClientConfig, server: &ServerConfig| {
        let failed = Pair::new(client, server.clone()).settle().unwrap_err();
        let record = Record::split(&failed.last_words).into_iter().find(|record| record.typ == 21).unwrap();
        (failed.error, record.body)
    };
    let stranger = || client_of_key(ExternalPsk::imported(b"who", &SECRET, SHA256, b"").unwrap());
    let wrong = || client_of_key(imported([8; 32]));
    let decrypt_error = vec![2, u8::from(AlertDescription::DecryptError)];
    // Our own side may know.
    let unknown = PeerIncompatible::UnknownExternalPsk.into();
    assert_eq!(alert(stranger(), &server), (unknown, decrypt_error.clone()));
    assert_eq!(alert(wrong(), &server), (PeerMisbehaved::IncorrectBinder.into(), decrypt_error));

    let mut clear = server;
    clear.tell_unknown_psks = true;
    let none = PeerIncompatible::NoExternalPskInCommon.into();
    let failure = vec![2, u8::from(AlertDescription::HandshakeFailure)];
    assert_eq!(alert(stranger(), &clear), (none, failure));
}

/// The Selfie attack: a node that is client and server with one key gets its own hello back. RFC 9257 section 4.1.
#[test]
fn a_node_whose_key_names_the_roles_does_not_answer_itself() {
    let plain = ExternalPsk::plain(b"group", &SECRET, SHA256).unwrap();
    let (pair, _) = met(client_of_key(plain.clone()), server_of_key(plain));
    proved_by_key(&pair, b"group");

    let key = |client: &[u8], server: &[u8]| {
        ExternalPsk::imported(b"group", &SECRET, SHA256, &between(client, server)).unwrap()
    };
    let (to_b, from_b) = (key(b"a", b"b"), key(b"b", b"a"));
    // What A sends to B comes back to A.
    let reflected = error(client_of_key(to_b.clone()), server_of_key(from_b));
    assert_eq!(reflected, PeerIncompatible::UnknownExternalPsk.into());
    // What A sends to B goes to C.
    let misled = error(client_of_key(to_b.clone()), server_of_key(key(b"a", b"c")));
    assert_eq!(misled, PeerIncompatible::UnknownExternalPsk.into());
    let (pair, _) = met(client_of_key(to_b.clone()), server_of_key(to_b));
    proved_by_key(&pair, b"group");
}

#[test]
fn printing_a_key_shows_its_name_only() {
    let key = ExternalPsk::imported(b"sensor", b"sixteen bytes ok", SHA256, b"context").unwrap();
    let shown = format!("{key:?} {:?} {:?}", client_of_key(key.clone()), server_of_key(key.clone()));
    let secret = b"sixteen bytes ok";
    let bytes = format!("{secret:?}");
    assert!(shown.contains(&format!("{:?}", b"sensor")));
    assert!(!shown.contains("sixteen bytes ok") && !shown.contains(&bytes[1..bytes.len() - 1]));
}

#[test]
fn keys_that_can_be_guessed_and_names_that_fit_nowhere_are_refused() {
    let long = [b'n'; 1025];
    for (name, secret, context) in [
        (NAME, &[1; 15][..], &b""[..]),
        (b"", &[1; 16], b""),
        (&long, &[1; 16], b""),
        (NAME, &[1; 16], &long),
    ] {
        let failed = ExternalPsk::imported(name, secret, SHA256, context).unwrap_err();
        assert!(matches!(failed, Error::General(_)), "{failed:?}");
    }
    assert!(ExternalPsk::plain(NAME, &[1; 15], SHA256).is_err());
    assert!(ExternalPsk::imported(&long[..1024], &[1; 16], SHA256, &long[..1024]).is_ok());
}

// ---- what lives on

/// What becomes of a session of this client and server when they meet again as these.
fn again(
    made: (&ClientConfig, &ServerConfig),
    now: (impl Fn(&mut ClientConfig), impl Fn(&mut ServerConfig)),
) -> Result<(Pair, HandshakeKind), Error> {
    let (mut client, mut server) = (fresh(made.0), made.1.clone());
    assert_eq!(met(client.clone(), server.clone()).1, Full);
    now.0(&mut client);
    now.1(&mut server);
    let mut pair = Pair::new(client, server);
    pair.settle().map_err(|failed| failed.error)?;
    Ok(met_in(pair))
}

#[test]
fn a_session_goes_back_to_its_key_and_dies_with_it() {
    for tickets in [false, true] {
        // Both take certificates as well, so that a session that is not resumed shows.
        let (mut client, mut server) = (client(), if tickets { server_with_tickets() } else { server() });
        client.external_psks = Some(list([imported(SECRET)]));
        server.external_psks = Some(list([imported(SECRET)]));
        let made = (&client, &server);
        let (pair, kind) = again(made, (|_| (), |_| ())).unwrap();
        assert_eq!(kind, Resumed);
        proved_by_key(&pair, NAME);

        // The server has forgotten the key, has another one of that name, or takes none.
        let (pair, kind) = again(made, (|_| (), |server| server.external_psks = Some(list([])))).unwrap();
        assert_eq!(kind, Full);
        proved_by_certificate(&pair);
        let (pair, kind) = again(made, (|_| (), |server| server.external_psks = None)).unwrap();
        assert_eq!(kind, Full);
        proved_by_certificate(&pair);
        let replaced = again(made, (|_| (), |server| server.external_psks = Some(list([imported([8; 32])]))));
        assert_eq!(
            replaced.err().unwrap(),
            PeerMisbehaved::IncorrectBinder.into(),
            "of the key, not of the session"
        );
        let (pair, kind) = again(
            made,
            (
                |client| client.external_psks = Some(list([imported([8; 32])])),
                |server| server.external_psks = Some(list([imported([8; 32])])),
            ),
        )
        .unwrap();
        assert_eq!(kind, Full, "both have another one");
        proved_by_key(&pair, NAME);
        // The client has.
        let (pair, kind) = again(made, (|client| client.external_psks = None, |_| ())).unwrap();
        assert_eq!(kind, Full);
        proved_by_certificate(&pair);
    }
}

/// A stolen ticket is of no use once the key was replaced, whatever the client says.
#[test]
fn a_replaced_key_ends_the_sessions_of_the_old_one() {
    /// Says what it is told to say.
    #[derive(Debug)]
    struct Changing(Mutex<Option<ExternalPsk>>);
    impl ServerPsks for Changing {
        fn find(&self, identity: &[u8]) -> Option<ExternalPsk> {
            self.0.lock().unwrap().clone().filter(|key| key.identity() == identity)
        }
        // Nobody gets in by the later ones: a session has to do.
        fn choose(&self, _: &OfferedPsks<'_>) -> Option<ExternalPsk> {
            let key = self.0.lock().unwrap().clone();
            key.filter(|key| key.hash() == SHA256)
        }
    }
    let key = |secret: [u8; 32], hash| ExternalPsk::imported(NAME, &secret, hash, b"").unwrap();
    let keys = Arc::new(Changing(Mutex::new(Some(key(SECRET, SHA256)))));
    let server = Arc::new(server_of_keys(default_provider(), keys.clone()));
    let client = Arc::new(client_of_key(key(SECRET, SHA256)));
    assert_eq!(met(client.clone(), server.clone()).1, Full);
    assert_eq!(met(client.clone(), server.clone()).1, Resumed);
    for other in [Some(key([8; 32], SHA384)), None] {
        *keys.0.lock().unwrap() = other;
        assert_eq!(error(client.clone(), server.clone()), PeerIncompatible::UnknownExternalPsk.into());
    }
}

#[test]
fn a_session_of_a_certificate_does_not_stand_for_a_key() {
    let (client, server) = (client(), server());
    let keyed = |client: &mut ClientConfig| client.external_psks = Some(list([imported(SECRET)]));
    // The server insists now.
    let got = again(
        (&client, &server),
        (keyed, |server| {
            server.external_psks = Some(list([imported(SECRET)]));
            server.require_external_psk = true;
        }),
    );
    let (pair, kind) = got.unwrap();
    assert_eq!(kind, Full);
    proved_by_key(&pair, NAME);
    // The client does.
    let insists = |client: &mut ClientConfig| {
        client.external_psks = Some(list([imported(SECRET)]));
        client.require_external_psk = true;
    };
    let (pair, kind) =
        again((&client, &server), (insists, |server| server.external_psks = Some(list([imported(SECRET)]))))
            .unwrap();
    assert_eq!(kind, Full);
    proved_by_key(&pair, NAME);
}

#[test]
fn early_data_goes_with_sessions_and_never_with_the_key_itself() {
    let (mut client, mut server) = (client_of_key(imported(SECRET)), server_of_key(imported(SECRET)));
    client.enable_early_data = true;
    server.max_early_data_size = 1000;
    let (client, server) = (Arc::new(client), Arc::new(server));
    let mut pair = Pair::new(client.clone(), server.clone());
    assert!(pair.client.early_data().is_none());
    pair.handshake().unwrap();
    let mut pair = Pair::new(client, server);
    pair.client.early_data().unwrap().write_all(b"early").unwrap();
    let (pair, kind) = met_in(pair);
    assert!(kind == Resumed && pair.client.is_early_data_accepted());
    proved_by_key(&pair, NAME);
}

#[test]
fn a_part_that_panics_ends_the_connection() {
    #[derive(Debug)]
    struct Panics;
    impl ClientPsks for Panics {
        fn offer(&self, _: &ServerName<'_>) -> Vec<ExternalPsk> {
            panic!("no keys today")
        }
    }
    impl ServerPsks for Panics {
        fn find(&self, _: &[u8]) -> Option<ExternalPsk> {
            panic!("no keys today")
        }
    }
    let client = client_of_keys(default_provider(), Arc::new(Panics));
    let failed =
        chitin::ClientConnection::new(Arc::new(client), "localhost".try_into().unwrap()).unwrap_err();
    assert_eq!(failed, Error::CallbackPanicked("external PSKs"));
    let failed = error(client_of_key(imported(SECRET)), server_of_keys(default_provider(), Arc::new(Panics)));
    assert_eq!(failed, Error::CallbackPanicked("external PSKs"));
}

#[test]
fn each_server_gets_the_keys_that_are_meant_for_it() {
    /// A key for one server.
    #[derive(Debug)]
    struct ForOne;
    impl ClientPsks for ForOne {
        fn offer(&self, name: &ServerName<'_>) -> Vec<ExternalPsk> {
            let mine = name.to_str() == "localhost";
            mine.then(|| imported(SECRET)).into_iter().collect()
        }
    }
    let mut client = client();
    client.external_psks = Some(Arc::new(ForOne));
    let mut server = server();
    server.external_psks = Some(list([imported(SECRET)]));
    let (client, server) = (Arc::new(client), Arc::new(server));
    let (pair, _) = met_in(Pair::named(client.clone(), server.clone(), "localhost"));
    proved_by_key(&pair, NAME);
    let (pair, _) = met_in(Pair::named(client, server, "other.test"));
    proved_by_certificate(&pair);
}

#[test]
fn only_tls13_knows_them() {
    let only = |version| {
        let builder =
            ClientConfig::builder_with_provider(default_provider()).with_protocol_versions(&[version]);
        builder.unwrap().with_external_psks(list([imported(SECRET)]))
    };
    let (pair, _) = met(only(&TLS13), server_of_key(imported(SECRET)));
    proved_by_key(&pair, NAME);
    let none = only(&TLS12);
    let failed = chitin::ClientConnection::new(Arc::new(none), "localhost".try_into().unwrap());
    assert!(failed.is_err(), "there is nothing to offer");
}
