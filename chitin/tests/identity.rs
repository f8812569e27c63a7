//! Who a peer is, as connections tell it, and letting in only some.

use std::sync::{Arc, Mutex};

use chitin::client::VerifierBuilderError;
use chitin::crypto::CryptoProvider;
use chitin::server::danger::ClientCertVerifier;
use chitin::trust::{
    AcceptedPeers, ClientVerifier, ClientVerifierBuilder, Diagnosis, ServerVerifier, ServerVerifierBuilder,
    SpiffeFault,
};
use chitin::version::{TLS12, TLS13};
use chitin::{
    AlertDescription, CertificateError, ClientConfig, Error, HandshakeKind, ServerConfig,
    SupportedProtocolVersion,
};
use rcgen::{CustomExtension, ExtendedKeyUsagePurpose};
use testkit::pair::{Failed, Pair, Side};
use testkit::pki::{Authority, Identity, KeyType, Spec};
use testkit::provided;

fn provider() -> Arc<CryptoProvider> {
    provided::default_provider().into()
}

/// What a workload is issued: one URI and nothing else, for both roles.
fn workload(uris: &[&str]) -> Spec {
    let tlv = |tag: u8, body: &[u8]| [&[tag, u8::try_from(body.len()).unwrap()], body].concat();
    let names: Vec<u8> = uris.iter().flat_map(|uri| tlv(0x86, uri.as_bytes())).collect();
    let san = CustomExtension::from_oid_content(&[2, 5, 29, 17], tlv(0x30, &names));
    Spec {
        common_name: "www.bank.example".into(),
        dns: Vec::new(),
        ips: Vec::new(),
        extensions: vec![san],
        extended_key_usages: vec![ExtendedKeyUsagePurpose::ServerAuth, ExtendedKeyUsagePurpose::ClientAuth],
        ..Spec::server(KeyType::P256)
    }
}

const WEB: &str = "spiffe://example.org/web";
const DB: &str = "spiffe://example.org/db";

/// An authority, and a client and a server below it.
struct World {
    root: Authority,
    client: Identity,
    server: Identity,
}

impl World {
    fn new(client: &Spec, server: &Spec) -> Self {
        let root = Authority::root(&Spec::authority(KeyType::P256, "root"));
        let (client, server) = (root.issue(client), root.issue(server));
        Self { root, client, server }
    }

    /// A client that is the web, and a server that is the database.
    fn mesh() -> Self {
        Self::new(&workload(&[WEB]), &workload(&[DB]))
    }

    fn servers(&self) -> ServerVerifierBuilder {
        ServerVerifier::builder(self.root.store(), provider())
    }

    fn clients(&self) -> ClientVerifierBuilder {
        ClientVerifier::builder(self.root.store(), provider())
    }

    fn configs(
        &self,
        servers: ServerVerifierBuilder,
        clients: ClientVerifierBuilder,
        version: &'static SupportedProtocolVersion,
    ) -> (Arc<ClientConfig>, Arc<ServerConfig>) {
        let Identity { chain, key } = self.client.clone();
        let client = ClientConfig::builder_with_provider(provider())
            .with_protocol_versions(&[version])
            .unwrap()
            .with_server_verifier(servers.build().unwrap())
            .with_client_auth_cert(chain, key)
            .unwrap();
        let Identity { chain, key } = self.server.clone();
        let server = ServerConfig::builder_with_provider(provider())
            .with_protocol_versions(&[version])
            .unwrap()
            .with_client_cert_verifier(clients.build().unwrap())
            .with_single_cert(chain, key)
            .unwrap();
        (client.into(), server.into())
    }

    fn shake(
        &self,
        servers: ServerVerifierBuilder,
        clients: ClientVerifierBuilder,
    ) -> Result<(), Box<Failed>> {
        let (client, server) = self.configs(servers, clients, &TLS13);
        Pair::named(client, server, "10.0.0.1").handshake()
    }
}

fn id(text: &str) -> AcceptedPeers {
    AcceptedPeers::new().with_spiffe_id(text.parse().unwrap())
}

fn domain(name: &str) -> AcceptedPeers {
    AcceptedPeers::new().with_trust_domain(name).unwrap()
}

#[test]
fn both_sides_learn_who_the_other_is_and_know_it_in_resumed_sessions_too() {
    let client = Spec { common_name: "somebody".into(), ..Spec::client(KeyType::P256) };
    let world = World::new(&client, &Spec::server(KeyType::P256));
    for version in [&TLS12, &TLS13] {
        let (client, server) = world.configs(world.servers(), world.clients(), version);
        for kind in [HandshakeKind::Full, HandshakeKind::Resumed] {
            let mut pair = Pair::new(client.clone(), server.clone());
            assert_eq!((pair.client.peer_identity(), pair.server.peer_identity()), (None, None));
            pair.handshake().unwrap();
            pair.send(Side::Server, b"tickets come first").unwrap();
            assert_eq!(pair.client.handshake_kind(), Some(kind));
            let seen = pair.client.peer_identity().unwrap();
            assert_eq!(seen.dns_names(), ["localhost"]);
            let addresses: Vec<_> = seen.ip_addresses().iter().map(ToString::to_string).collect();
            assert_eq!(addresses, ["127.0.0.1", "::1"]);
            assert_eq!(seen.spiffe_id(), Err(SpiffeFault::NoUri));
            let seen = pair.server.peer_identity().unwrap();
            assert_eq!(seen.dns_names(), ["client.test"]);
            assert_eq!((seen.subject(), seen.common_name()), ("CN=somebody", Some("somebody")));
        }
    }
}

#[test]
fn who_shows_no_certificate_is_nobody() {
    let world = World::new(&Spec::client(KeyType::P256), &Spec::server(KeyType::P256));
    let (_, server) = world.configs(world.servers(), world.clients().allow_unauthenticated(), &TLS13);
    let client = ClientConfig::builder_with_provider(provider())
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_server_verifier(world.servers().build().unwrap())
        .with_no_client_auth();
    let mut pair = Pair::new(client, server);
    pair.handshake().unwrap();
    assert_eq!(pair.server.peer_identity(), None);
}

#[test]
fn workloads_meet_by_their_ids() {
    let world = World::mesh();
    for servers in [id(DB), domain("example.org"), id(WEB).with_spiffe_id(DB.parse().unwrap())] {
        let servers = world.servers().with_accepted_peers(servers).without_names();
        let clients = world.clients().with_accepted_peers(domain("example.org"));
        let (client, server) = world.configs(servers, clients, &TLS13);
        let mut pair = Pair::named(client, server, "10.0.0.1");
        pair.handshake().unwrap();
        assert_eq!(pair.client.peer_identity().unwrap().spiffe_id().unwrap().as_str(), DB);
        assert_eq!(pair.server.peer_identity().unwrap().spiffe_id().unwrap().as_str(), WEB);
    }
}

#[test]
fn a_workload_that_is_not_let_in_is_told_so() {
    let world = World::mesh();
    let mesh = || world.servers().with_accepted_peers(domain("example.org")).without_names();
    let others = [id("spiffe://example.org/other"), domain("example.net"), domain("example.or")];
    for accepted in others {
        for side in [Side::Client, Side::Server] {
            let (servers, clients) = match side {
                Side::Client => {
                    (world.servers().with_accepted_peers(accepted.clone()).without_names(), world.clients())
                }
                Side::Server => (mesh(), world.clients().with_accepted_peers(accepted.clone())),
            };
            let failed = world.shake(servers, clients).unwrap_err();
            assert_eq!(failed.side, side);
            let Error::InvalidCertificate(CertificateError::NotAccepted(why)) = failed.error else {
                panic!("{:?}", failed.error)
            };
            assert_eq!(why.expected, accepted);
            let shown = if side == Side::Client { DB } else { WEB };
            assert_eq!(why.presented.uris(), [shown]);
            assert_eq!(failed.echo, Some(Error::AlertReceived(AlertDescription::AccessDenied)));
        }
    }
    let failed = world.shake(mesh(), world.clients().with_accepted_peers(id(DB))).unwrap_err();
    assert_eq!(
        failed.error.to_string(),
        "invalid peer certificate: the certificate is of nobody who is let in, which is spiffe://example.org/db; its names are \
         \"spiffe://example.org/web\""
    );
}

#[test]
fn who_wants_to_know_all_about_it_hears_of_it_once() {
    let world = World::mesh();
    let told = Arc::new(Mutex::new(Vec::new()));
    let hear = {
        let told = told.clone();
        move |diagnosis: &Diagnosis| told.lock().unwrap().push(diagnosis.to_string())
    };
    let servers = world.servers().with_accepted_peers(id(WEB)).without_names().with_report(hear);
    world.shake(servers, world.clients()).unwrap_err();
    let told = told.lock().unwrap();
    let [text] = &told[..] else { panic!("{told:?}") };
    assert!(text.contains("is of nobody who is let in, which is spiffe://example.org/web;"), "{text}");
    assert!(text.ends_with("have it show a certificate with a name that is let in."), "{text}");
}

/// X509-SVID section 2: validators must reject what has more than one URI.
#[test]
fn two_ids_are_none() {
    let world = World::new(&workload(&[WEB, DB]), &workload(&[DB]));
    let servers = || world.servers().with_accepted_peers(id(DB)).without_names();
    assert!(world.shake(servers(), world.clients()).is_ok());
    for accepted in [id(WEB), id(DB), domain("example.org")] {
        let failed = world.shake(servers(), world.clients().with_accepted_peers(accepted)).unwrap_err();
        assert!(failed.error.to_string().ends_with("no SPIFFE id, since there is more than one URI"));
    }
}

#[test]
fn an_id_that_nobody_vouches_for_is_worth_nothing() {
    let world = World::mesh();
    let stranger = Authority::root(&Spec::authority(KeyType::P256, "stranger"));
    let thief = World { client: stranger.issue(&workload(&[WEB])), ..World::mesh() };
    let thief = World { root: world.root, server: world.server, ..thief };
    let servers = thief.servers().with_accepted_peers(id(DB)).without_names();
    let failed = thief.shake(servers, thief.clients().with_accepted_peers(id(WEB))).unwrap_err();
    assert_eq!(failed.error, CertificateError::UnknownIssuer.into());
}

#[test]
fn the_name_that_was_asked_for_counts_beside_the_list_unless_it_is_let_go() {
    let world = World::new(&Spec::client(KeyType::P256), &Spec::server(KeyType::P256));
    let listed = |name: &'static str| AcceptedPeers::new().with_dns_name(name.try_into().unwrap());
    let shake = |servers, asked| {
        let (client, server) = world.configs(servers, world.clients(), &TLS13);
        Pair::named(client, server, asked).handshake().map_err(|failed| failed.error)
    };
    assert_eq!(shake(world.servers().with_accepted_peers(listed("localhost")), "localhost"), Ok(()));
    let error = shake(world.servers().with_accepted_peers(listed("localhost")), "other.example").unwrap_err();
    assert!(matches!(error, Error::InvalidCertificate(CertificateError::NotValidForNameContext { .. })));
    let loose = world.servers().with_accepted_peers(listed("localhost")).without_names();
    assert_eq!(shake(loose, "other.example"), Ok(()));
    let error = shake(world.servers().with_accepted_peers(listed("host.example")), "localhost").unwrap_err();
    assert!(matches!(error, Error::InvalidCertificate(CertificateError::NotAccepted(_))));
    // A common name is none, whatever it looks like.
    let bank = World::mesh();
    let servers = bank.servers().with_accepted_peers(listed("www.bank.example")).without_names();
    assert!(bank.shake(servers, bank.clients()).is_err());
}

#[test]
fn servers_without_names_and_without_a_list_make_no_verifier() {
    let world = World::mesh();
    let refused = |builder: ServerVerifierBuilder| {
        let error = builder.build().map(drop).unwrap_err();
        assert_eq!(error.to_string(), "no peers to let in were provided");
        matches!(error, VerifierBuilderError::NoAcceptedPeers)
    };
    assert!(refused(world.servers().without_names()));
    assert!(refused(world.servers().with_accepted_peers(AcceptedPeers::new())));
    assert!(refused(world.servers().with_accepted_peers(AcceptedPeers::new()).without_names()));
    let clients = world.clients().with_accepted_peers(AcceptedPeers::new()).build();
    assert!(matches!(clients.map(drop), Err(VerifierBuilderError::NoAcceptedPeers)));
}

#[test]
fn sessions_of_clients_are_bound_to_who_is_let_in() {
    let world = World::mesh();
    let policy = |builder: ClientVerifierBuilder| builder.build().unwrap().policy_id().unwrap();
    let of = |peers| policy(world.clients().with_accepted_peers(peers));
    assert_eq!(
        of(id(WEB).with_spiffe_id(DB.parse().unwrap())),
        of(id(DB).with_spiffe_id(WEB.parse().unwrap()))
    );
    let dns = AcceptedPeers::new().with_dns_name("example.org".try_into().unwrap());
    let all = [policy(world.clients()), of(id(WEB)), of(id(DB)), of(domain("example.org")), of(dns)];
    for (at, one) in all.iter().enumerate() {
        assert!(!all[..at].contains(one), "{at}");
    }
}
