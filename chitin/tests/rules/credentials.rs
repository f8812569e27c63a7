//! Which of several credentials is shown to whom, and delegated credentials that are good. RFC 8446 sections 4.2.3, 4.2.4 and
//! 4.4.2, RFC 9345.

use std::sync::{Arc, LazyLock, Mutex};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use chitin::pki_types::CertificateDer;
use chitin::server::{ClientHello, ResolvesServerCert, WebPkiClientVerifier};
use chitin::sign::{CertifiedKey, Credential, CredentialList, SingleCertAndKey};
use chitin::version::{TLS12, TLS13};
use chitin::{
    CipherSuite, ClientConfig, Error, NamedGroup, RootCertStore, ServerConfig, SignatureScheme as Scheme,
    SupportedProtocolVersion,
};
use testkit::configs::{ClientOpts, client_config};
use testkit::delegation::{Delegation, usage};
use testkit::hello::{Hello, edit_hello, sized16};
use testkit::pair::{Pair, Side};
use testkit::pki::{Authority, Identity, KeyType, Spec};
use testkit::provided;

use crate::common::{
    Clock, default_provider, failure, kind_of, optional, required, roots, server, server_asking,
};

const VERSIONS: [&SupportedProtocolVersion; 2] = [&TLS13, &TLS12];

/// Two authorities, of RSA and of ECDSA.
struct Two {
    rsa: Authority,
    ecdsa: Authority,
}

static TWO: LazyLock<Two> = LazyLock::new(|| Two {
    rsa: Authority::root(&Spec::authority(KeyType::Rsa2048, "the RSA root")),
    ecdsa: Authority::root(&Spec::authority(KeyType::P256, "the ECDSA root")),
});

fn both_roots() -> RootCertStore {
    let mut roots = TWO.rsa.store();
    roots.add(TWO.ecdsa.cert().clone()).unwrap();
    roots
}

fn credential(identity: &Identity) -> Credential {
    let key = identity.key.clone_key();
    Credential::from(CertifiedKey::from_der(identity.chain.clone(), key, &default_provider()).unwrap())
}

fn list<'a>(identities: impl IntoIterator<Item = &'a Identity>) -> CredentialList {
    CredentialList::new(identities.into_iter().map(credential))
}

fn server_with(list: CredentialList) -> ServerConfig {
    let mut server = server();
    server.cert_resolver = Arc::new(list);
    server
}

fn client(version: &'static SupportedProtocolVersion) -> ClientConfig {
    client_config(both_roots(), &ClientOpts { versions: vec![version], ..ClientOpts::default() })
}

fn shake(client: ClientConfig, server: ServerConfig) -> Pair {
    let mut pair = Pair::new(client, server);
    pair.handshake().unwrap();
    pair
}

fn shown(pair: &Pair) -> CertificateDer<'static> {
    pair.client.peer_certificates().unwrap()[0].clone()
}

/// Notes what another resolver says.
#[derive(Debug)]
struct Listens(CredentialList, Mutex<Option<CertificateDer<'static>>>);

impl ResolvesServerCert for Listens {
    fn resolve(&self, hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        ResolvesServerCert::resolve(&self.0, hello)
    }

    fn resolve_credential(&self, hello: ClientHello<'_>) -> Option<Credential> {
        let chosen = ResolvesServerCert::resolve_credential(&self.0, hello);
        *self.1.lock().unwrap() = chosen.as_ref().map(|chosen| chosen.certified_key().cert[0].clone());
        chosen
    }
}

/// What the list gives for a hello that has been edited. The handshake then fails, since the client did not say so.
fn chosen(
    list: CredentialList,
    version: &'static SupportedProtocolVersion,
    edit: impl FnMut(&mut Hello) + 'static,
) -> Option<CertificateDer<'static>> {
    let listens = Arc::new(Listens(list, Mutex::default()));
    let mut server = server();
    server.cert_resolver = listens.clone();
    let mut pair = Pair::new(client(version), server).tamper(Side::Client, edit_hello(0, edit));
    assert!(pair.settle().is_err(), "the two have not seen the same hello");
    listens.1.lock().unwrap().clone()
}

const SIGNATURE_ALGORITHMS: u16 = 13;
const SIGNATURE_ALGORITHMS_CERT: u16 = 50;

fn schemes(of: &[Scheme]) -> Vec<u8> {
    sized16(&of.iter().flat_map(|scheme| u16::from(*scheme).to_be_bytes()).collect::<Vec<_>>())
}

#[test]
fn the_first_credential_that_the_client_can_check_is_shown() {
    let rsa = TWO.rsa.issue(&Spec::server(KeyType::Rsa2048));
    let ecdsa = TWO.ecdsa.issue(&Spec::server(KeyType::P256));
    for version in VERSIONS {
        assert_eq!(shown(&shake(client(version), server_with(list([&rsa, &ecdsa])))), *rsa.leaf());
        assert_eq!(shown(&shake(client(version), server_with(list([&ecdsa, &rsa])))), *ecdsa.leaf());

        let only = |of: &'static [Scheme]| {
            let edit = |hello: &mut Hello| *hello.body(SIGNATURE_ALGORITHMS) = schemes(of);
            chosen(list([&ecdsa, &rsa]), version, edit)
        };
        assert_eq!(only(&[Scheme::RSA_PSS_SHA256, Scheme::RSA_PKCS1_SHA256]), Some(rsa.leaf().clone()));
        assert_eq!(only(&[Scheme::ED448]), None);
    }
    let error = failure(client(&TLS13), server_with(CredentialList::new([]))).error;
    assert_eq!(error, Error::NoServerCertificateResolved);
}

/// A client of TLS 1.2 says by its suites, too, what kind of key it wants.
#[test]
fn a_credential_of_tls12_goes_with_the_suites() {
    let rsa = TWO.rsa.issue(&Spec::server(KeyType::Rsa2048));
    let ecdsa = TWO.ecdsa.issue(&Spec::server(KeyType::P256));
    let opts = ClientOpts {
        versions: vec![&TLS12],
        suites: vec![CipherSuite::TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256],
        ..ClientOpts::default()
    };
    let pair = shake(client_config(both_roots(), &opts), server_with(list([&ecdsa, &rsa])));
    assert_eq!(shown(&pair), *rsa.leaf());
}

/// And by its groups on which curves; in TLS 1.3 the schemes say that. RFC 8422 section 5.1, RFC 8446 section 4.2.7.
#[test]
fn a_credential_of_tls12_lies_on_a_curve_that_the_client_names() {
    let p384 = TWO.ecdsa.issue(&Spec::server(KeyType::P384));
    let p256 = TWO.ecdsa.issue(&Spec::server(KeyType::P256));
    for (version, expected) in [(&TLS12, p256.leaf()), (&TLS13, p384.leaf())] {
        let opts = ClientOpts {
            versions: vec![version],
            groups: vec![NamedGroup::X25519, NamedGroup::secp256r1],
            ..ClientOpts::default()
        };
        let pair = shake(client_config(both_roots(), &opts), server_with(list([&p384, &p256])));
        assert_eq!(shown(&pair), *expected);
    }
}

/// Both have a key of P-256; what differs is who has signed the certificate. RFC 8446 section 4.4.2.2.
#[test]
fn the_schemes_of_certificates_steer_the_choice_of_a_chain() {
    let by_rsa = TWO.rsa.issue(&Spec::server(KeyType::P256));
    let by_ecdsa = TWO.ecdsa.issue(&Spec::server(KeyType::P256));
    for version in VERSIONS {
        let wanted = |of: &'static [Scheme]| {
            let edit = |hello: &mut Hello| hello.add(SIGNATURE_ALGORITHMS_CERT, &schemes(of));
            chosen(list([&by_ecdsa, &by_rsa]), version, edit).unwrap()
        };
        assert_eq!(wanted(&[Scheme::RSA_PKCS1_SHA256]), *by_rsa.leaf());
        assert_eq!(wanted(&[Scheme::ECDSA_NISTP256_SHA256]), *by_ecdsa.leaf());
        let either = &[Scheme::RSA_PKCS1_SHA256, Scheme::ECDSA_NISTP256_SHA256];
        assert_eq!(wanted(either), *by_ecdsa.leaf(), "the order is ours");
        assert_eq!(wanted(&[Scheme::ED25519]), *by_ecdsa.leaf(), "none fits: one of our choice");

        // Without that list the other one is meant. RFC 8446 section 4.2.3.
        let edit =
            |hello: &mut Hello| *hello.body(SIGNATURE_ALGORITHMS) = schemes(&[Scheme::ECDSA_NISTP256_SHA256]);
        assert_eq!(chosen(list([&by_rsa, &by_ecdsa]), version, edit), Some(by_ecdsa.leaf().clone()));
    }
}

/// The server's list begins with a certificate that the client would refuse.
#[test]
fn the_authorities_that_a_client_names_steer_the_choice() {
    let by_rsa = TWO.rsa.issue(&Spec::server(KeyType::P256));
    let by_ecdsa = TWO.ecdsa.issue(&Spec::server(KeyType::P256));
    for (root, good, other) in [(&TWO.rsa, &by_rsa, &by_ecdsa), (&TWO.ecdsa, &by_ecdsa, &by_rsa)] {
        let client =
            |names_roots| client_config(root.store(), &ClientOpts { names_roots, ..ClientOpts::default() });
        assert_eq!(shown(&shake(client(true), server_with(list([other, good])))), *good.leaf());
        failure(client(false), server_with(list([other, good])));
    }
    // To a client that names somebody else, a server shows what it has.
    let stranger = Authority::root(&Spec::authority(KeyType::P256, "a stranger"));
    let opts = ClientOpts { names_roots: true, ..ClientOpts::default() };
    let error = failure(client_config(stranger.store(), &opts), server_with(list([&by_rsa]))).error;
    assert!(matches!(error, Error::InvalidCertificate(_)), "{error:?}");
}

/// The other direction: what a server names in its request.
#[test]
fn the_authorities_that_a_server_names_steer_the_choice_of_a_client() {
    let by_rsa = TWO.rsa.issue(&Spec::client(KeyType::P256));
    let by_ecdsa = TWO.ecdsa.issue(&Spec::client(KeyType::P256));
    for version in VERSIONS {
        let server = |root: &Authority| server_asking(optional(root.store()));
        let client = |identities: &[&Identity]| {
            let opts = ClientOpts { versions: vec![version], ..ClientOpts::default() };
            let mut client = client_config(roots(), &opts);
            client.client_auth_cert_resolver = Arc::new(list(identities.iter().copied()));
            client
        };
        for (root, good) in [(&TWO.rsa, &by_rsa), (&TWO.ecdsa, &by_ecdsa)] {
            for order in [[&by_rsa, &by_ecdsa], [&by_ecdsa, &by_rsa]] {
                let pair = shake(client(&order), server(root));
                assert_eq!(pair.client.protocol_version(), Some(version.version));
                assert_eq!(pair.server.peer_certificates().unwrap()[0], *good.leaf());
            }
        }
        // Of very many names none is kept, and then any authority will do.
        let root = TWO.rsa.store().subjects().remove(0);
        for (names, shown) in [(1024, None), (1025, Some(by_ecdsa.leaf()))] {
            let verifier =
                WebPkiClientVerifier::builder_with_provider(both_roots().into(), default_provider())
                    .clear_root_hint_subjects()
                    .add_root_hint_subjects((0..names).map(|_| root.clone()))
                    .allow_unauthenticated();
            let pair = shake(client(&[&by_ecdsa]), server_asking(verifier.build().unwrap()));
            assert_eq!(pair.server.peer_certificates().map(|chain| &chain[0]), shown);
        }
        // What goes to no authority of the server's is not shown to it.
        let pair = shake(client(&[&by_rsa]), server(&TWO.ecdsa));
        assert!(pair.server.peer_certificates().is_none());
    }
}

/// A server whose list of authorities is longer than a message can say names none, and the client shows what it has: in both versions.
#[test]
fn authorities_that_do_not_fit_are_not_named() {
    let good = TWO.ecdsa.issue(&Spec::client(KeyType::P256));
    for version in VERSIONS {
        let opts = ClientOpts { versions: vec![version], ..ClientOpts::default() };
        let mut client = client_config(roots(), &opts);
        client.client_auth_cert_resolver = Arc::new(list([&good]));
        let names = [b"A", b"B"].map(|name| chitin::DistinguishedName::in_sequence(&name.repeat(40_000)));
        let verifier = WebPkiClientVerifier::builder_with_provider(both_roots().into(), default_provider())
            .add_root_hint_subjects(names)
            .build()
            .unwrap();
        let pair = shake(client, server_asking(verifier));
        assert_eq!(pair.server.peer_certificates().map(|chain| &chain[0]), Some(good.leaf()));
    }
}

// ---- delegated credentials

/// A server and a client that delegate to keys of other kinds.
struct Delegating {
    server: Identity,
    client: Identity,
    ed25519: Identity,
    p384: Identity,
}

static DELEGATING: LazyLock<Delegating> = LazyLock::new(|| {
    let issue = |spec: Spec| TWO.ecdsa.issue(&Spec { extensions: vec![usage()], ..spec });
    Delegating {
        server: issue(Spec::server(KeyType::P256)),
        client: issue(Spec::client(KeyType::P256)),
        ed25519: issue(Spec::server(KeyType::Ed25519)),
        p384: issue(Spec::server(KeyType::P384)),
    }
});

const ED25519: Scheme = Scheme::ED25519;
const P384: Scheme = Scheme::ECDSA_NISTP384_SHA384;

/// The certificate of `of` with the key of `to` alone: that of the certificate is not here.
fn delegated(of: &Identity, to: &Identity, what: Delegation) -> Credential {
    let key = default_provider().key_provider.load_private_key(to.key.clone_key()).unwrap();
    Credential::from(CertifiedKey::new(of.chain.clone(), key))
        .with_delegated_credential(&what.signed_by(of))
        .unwrap()
}

fn server_delegating(to: &Identity, scheme: Scheme) -> Credential {
    delegated(&DELEGATING.server, to, Delegation { scheme, ..Delegation::to(to) })
}

fn taking(schemes: &[Scheme]) -> ClientConfig {
    let mut client = client(&TLS13);
    client.delegated_credential_schemes = schemes.to_vec();
    client
}

#[test]
fn a_delegated_key_stands_for_that_of_the_server() {
    for (to, scheme) in [(&DELEGATING.ed25519, ED25519), (&DELEGATING.p384, P384)] {
        let server = Arc::new(server_with(CredentialList::new([server_delegating(to, scheme)])));
        let client = Arc::new(taking(&[ED25519, P384]));
        let pair = crate::common::shake(&client, &server);
        assert_eq!(shown(&pair), *DELEGATING.server.leaf());
        // And its sessions are resumed.
        assert_eq!(kind_of(&crate::common::shake(&client, &server)), chitin::HandshakeKind::Resumed);
    }
}

#[test]
fn the_first_delegated_key_that_the_client_takes_is_used_and_else_the_servers_own() {
    let list = || {
        CredentialList::new([
            server_delegating(&DELEGATING.ed25519, ED25519),
            server_delegating(&DELEGATING.p384, P384),
            credential(&TWO.ecdsa.issue(&Spec::server(KeyType::P256))),
        ])
    };
    // The chains of the two are the same; of their keys the client can check one.
    let pair = shake(taking(&[P384]), server_with(list()));
    assert_eq!(shown(&pair), *DELEGATING.server.leaf());
    for client in [taking(&[]), taking(&[Scheme::ECDSA_NISTP521_SHA512]), client(&TLS12)] {
        let pair = shake(client, server_with(list()));
        assert_ne!(shown(&pair), *DELEGATING.server.leaf());
    }
    let only = || CredentialList::new([server_delegating(&DELEGATING.ed25519, ED25519)]);
    for client in [taking(&[]), client(&TLS12)] {
        assert_eq!(failure(client, server_with(only())).error, Error::NoServerCertificateResolved);
    }
}

/// Asks another resolver in the way of rustls 0.23, which knows of chains alone.
#[derive(Debug)]
struct ChainsAlone<R>(R);

impl<R: ResolvesServerCert> ResolvesServerCert for ChainsAlone<R> {
    fn resolve(&self, hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        self.0.resolve(hello)
    }
}

/// The chain with the key of the credential, and without the credential, is a signature that nobody can check.
#[test]
fn a_delegated_key_is_not_shown_without_its_credential() {
    let delegating = || server_delegating(&DELEGATING.ed25519, ED25519);
    let own = credential(&TWO.ecdsa.issue(&Spec::server(KeyType::P256)));
    let with = |resolver: Arc<dyn ResolvesServerCert>| {
        let mut server = server();
        server.cert_resolver = resolver;
        server
    };
    let list = ChainsAlone(CredentialList::new([delegating(), own]));
    let pair = shake(taking(&[ED25519]), with(Arc::new(list)));
    assert_ne!(shown(&pair), *DELEGATING.server.leaf());
    let single = ChainsAlone(SingleCertAndKey::from(delegating()));
    let error = failure(taking(&[ED25519]), with(Arc::new(single))).error;
    assert_eq!(error, Error::NoServerCertificateResolved);
}

/// RSA keys are those of certificates: RFC 9345 section 4 has no place for them.
#[test]
fn a_client_offers_what_may_be_and_what_it_can_check() {
    const DELEGATED_CREDENTIAL: u16 = 34;
    let all = [ED25519, Scheme::RSA_PSS_SHA256, ED25519, Scheme::ED448, P384, Scheme::RSA_PKCS1_SHA256];
    let pair =
        shake(taking(&all), server_with(CredentialList::new([server_delegating(&DELEGATING.p384, P384)])));
    let hello = testkit::pair::Record::split(pair.flown(Side::Client)).remove(0);
    let hello = Hello::read(&hello.body);
    let body = hello.extensions.iter().find(|(code, _)| *code == DELEGATED_CREDENTIAL);
    assert_eq!(body.map(|(_, body)| body.clone()), Some(schemes(&[ED25519, P384])));
}

#[test]
fn a_delegated_key_stands_for_that_of_a_client() {
    let delegation = Delegation { by: Side::Client, scheme: P384, ..Delegation::to(&DELEGATING.p384) };
    let credential = || delegated(&DELEGATING.client, &DELEGATING.p384, delegation.clone());
    let mut client = client_config(roots(), &ClientOpts::default());
    client.client_auth_cert_resolver = Arc::new(CredentialList::new([credential()]));
    let mut server = server_asking(required(TWO.ecdsa.store()));
    // A server that asks for none gets none, and with it no certificate.
    let error = failure(client.clone(), server.clone()).error;
    assert_eq!(error, Error::NoCertificatesPresented);

    server.delegated_credential_schemes = vec![ED25519, P384];
    let (client, server) = (Arc::new(client), Arc::new(server));
    let pair = crate::common::shake(&client, &server);
    assert_eq!(pair.server.peer_certificates().unwrap()[0], *DELEGATING.client.leaf());
    assert_eq!(kind_of(&crate::common::shake(&client, &server)), chitin::HandshakeKind::Resumed);
}

/// A list goes on to the next when a delegated credential is over, by the server's own clock.
#[test]
fn a_delegated_key_that_is_over_is_passed_by() {
    let list = CredentialList::new([
        server_delegating(&DELEGATING.p384, P384),
        credential(&TWO.ecdsa.issue(&Spec::server(KeyType::P256))),
    ]);
    let mut server = server_with(list);
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    let week = Duration::from_secs(7 * 24 * 60 * 60);
    let delegating =
        |server: &ServerConfig| shown(&shake(taking(&[P384]), server.clone())) == *DELEGATING.server.leaf();
    assert!(delegating(&server));
    server.time_provider = Clock::at((now + Duration::from_secs(3700)).as_secs());
    assert!(!delegating(&server));
    // A peer would refuse it: it lasts for too long yet.
    server.time_provider = Clock::at((now - week).as_secs());
    assert!(!delegating(&server));
}

/// RFC 9345 section 7.4: what was resumed longer than that would live on a key that is over.
#[test]
fn a_session_ends_with_the_delegated_key_that_made_it() {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
    let server = server_with(CredentialList::new([server_delegating(&DELEGATING.p384, P384)]));
    let mut clients = taking(&[P384]);
    let clock = Clock::at(now);
    clients.time_provider = clock.clone();
    let (client, server) = (Arc::new(clients), Arc::new(server));
    let resumes = || kind_of(&crate::common::shake(&client, &server)) == chitin::HandshakeKind::Resumed;
    assert!(!resumes() && resumes());
    clock.set(now + 3590);
    assert!(resumes());
    // The credential of an hour is over, and with it the tickets of the connection that was resumed.
    clock.set(now + 3610);
    let error = failure((*client).clone(), (*server).clone()).error;
    assert_eq!(error, chitin::PeerMisbehaved::DelegatedCredentialExpired.into());

    let delegation = Delegation { by: Side::Client, scheme: P384, ..Delegation::to(&DELEGATING.p384) };
    let mut client = client_config(roots(), &ClientOpts::default());
    let credential = delegated(&DELEGATING.client, &DELEGATING.p384, delegation);
    client.client_auth_cert_resolver = Arc::new(CredentialList::new([credential]));
    for tickets in [false, true] {
        let clock = Clock::at(now);
        let mut server = server_asking(required(TWO.ecdsa.store()));
        server.delegated_credential_schemes = vec![P384];
        server.time_provider = clock.clone();
        if tickets {
            server.ticketer = provided::ticketer();
        }
        let (client, server) = (Arc::new(client.clone()), Arc::new(server));
        let resumes = || kind_of(&crate::common::shake(&client, &server)) == chitin::HandshakeKind::Resumed;
        assert!(!resumes() && resumes());
        clock.set(now + 3590);
        assert!(resumes());
        clock.set(now + 3610);
        let error = failure((*client).clone(), (*server).clone()).error;
        assert_eq!(error, chitin::PeerMisbehaved::DelegatedCredentialExpired.into());
    }
}
