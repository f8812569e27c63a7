//! Verifiers put together from parts, of servers and of clients: each part by itself, and through whole handshakes.
//!
//! It is always the first of June of 2030 where a verifier is called by hand, and now where connections are made.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use chitin::client::danger::ServerCertVerifier;
use chitin::pki_types::{CertificateDer, UnixTime};
use chitin::server::danger::ClientCertVerifier;
use chitin::trust::{
    ClientVerifier, ClientVerifierBuilder, Diagnosis, MissingCause, Policies, Profile, Revocation, Roots,
    ServerVerifier, ServerVerifierBuilder,
};
use chitin::{
    AlertDescription, CertificateError, ClientConfig, DistinguishedName, Error, ExtendedKeyPurpose,
    HandshakeKind, ServerConfig,
};
use rcgen::{CustomExtension, ExtendedKeyUsagePurpose};
use testkit::pair::{Pair, Side};
use testkit::pki::{Authority, Identity, KeyType, Spec, Validity};
use testkit::provided;
use testkit::status::{Book, List};

/// A root, an authority below it, a server and a client.
struct World {
    root: Authority,
    issuing: Authority,
    server: Identity,
    client: Identity,
}

impl World {
    fn new() -> Self {
        Self::with(|spec| spec)
    }

    /// With this done to what the server's certificate says.
    fn with(edit: fn(Spec) -> Spec) -> Self {
        let root = Authority::root(&Spec::authority(KeyType::P256, "root"));
        let issuing = root.intermediate(&Spec::authority(KeyType::P256, "issuing"));
        let server = issuing.issue(&edit(Spec::server(KeyType::P256)));
        let client = issuing.issue(&Spec::client(KeyType::P256));
        Self { root, issuing, server, client }
    }

    fn servers(&self) -> ServerVerifierBuilder {
        ServerVerifier::builder(self.root.store(), provided::default_provider().into())
    }

    fn clients(&self) -> ClientVerifierBuilder {
        ClientVerifier::builder(self.root.store(), provided::default_provider().into())
    }

    /// What a verifier says of the server, which is asked for by the first of its names.
    fn judge(&self, builder: ServerVerifierBuilder) -> Result<(), Error> {
        server(builder, &self.server.chain, "localhost")
    }
}

fn server(builder: ServerVerifierBuilder, chain: &[CertificateDer<'_>], name: &str) -> Result<(), Error> {
    let (leaf, rest) = chain.split_first().unwrap();
    let verifier = builder.build().unwrap();
    verifier.verify_server_cert(leaf, rest, &name.try_into().unwrap(), &[], day()).map(drop)
}

fn client(builder: ClientVerifierBuilder, chain: &[CertificateDer<'_>]) -> Result<(), Error> {
    let (leaf, rest) = chain.split_first().unwrap();
    builder.build().unwrap().verify_client_cert(leaf, rest, day()).map(drop)
}

/// The first of June of 2030.
fn day() -> UnixTime {
    UnixTime::since_unix_epoch(Duration::from_secs(1_906_502_400))
}

/// Says in which words it was refused.
#[track_caller]
fn refused(result: Result<(), Error>) -> String {
    match result.unwrap_err() {
        Error::InvalidCertificate(error) => error.to_string(),
        error => panic!("{error:?}"),
    }
}

#[test]
fn intermediates_that_are_not_sent_come_from_the_pool() {
    let world = World::new();
    let unknown = Err(CertificateError::UnknownIssuer.into());
    let pool = [world.issuing.cert().clone()];
    let alone = &world.server.chain[..1];
    assert_eq!(server(world.servers(), alone, "localhost"), unknown);
    assert_eq!(server(world.servers().with_intermediates(pool.clone()), alone, "localhost"), Ok(()));
    assert_eq!(client(world.clients(), &world.client.chain[..1]), unknown);
    assert_eq!(client(world.clients().with_intermediates(pool), &world.client.chain[..1]), Ok(()));

    // One that is there is not trusted for it.
    let stranger = Authority::root(&Spec::authority(KeyType::P256, "stranger"));
    let theirs = stranger.issue(&Spec::server(KeyType::P256));
    let builder = world.servers().with_intermediates([stranger.cert().clone()]);
    assert_eq!(server(builder, &theirs.chain, "localhost"), unknown);
}

#[test]
fn a_profile_asks_for_more() {
    // RFC 1034 section 3.5 has no underscores in names.
    let world = World::with(|spec| spec.dns(&["localhost", "a_b.example"]));
    assert_eq!(world.judge(world.servers()), Ok(()));
    let strict = world.servers().with_profile(Profile::Rfc5280Strict);
    assert!(refused(world.judge(strict)).contains("a_b.example"));

    // Without extended key usage a certificate serves anything by RFC 5280, and nothing by the Baseline Requirements.
    let world = World::with(|spec| Spec { extended_key_usages: Vec::new(), ..spec });
    assert_eq!(world.judge(world.servers().with_profile(Profile::Rfc5280Strict)), Ok(()));
    let forum = world.servers().with_profile(Profile::CaBrowserForum);
    assert!(refused(world.judge(forum)).contains("lacks the extension 2.5.29.37 (extended key usage)"));

    let world = World::new();
    let odd = world.issuing.issue(&Spec::client(KeyType::P256).dns(&["a_b.example"]));
    assert_eq!(client(world.clients(), &odd.chain), Ok(()));
    let strict = world.clients().with_profile(Profile::Rfc5280Strict);
    assert!(refused(client(strict, &odd.chain)).contains("a_b.example"));
}

#[test]
fn a_strict_profile_looks_at_whole_roots_and_at_nothing_else_of_a_root() {
    let expired = Spec::authority(KeyType::P256, "root").validity(Validity::Expired);
    let root = Authority::root(&expired);
    let identity = root.issue(&Spec::server(KeyType::P256));
    let whole = Roots::whole([root.cert().clone()]).unwrap();
    let judge = |roots: Roots, profile| {
        let builder = ServerVerifier::builder(roots, provided::default_provider().into());
        server(builder.with_profile(profile), &identity.chain, "localhost")
    };
    assert_eq!(judge(root.store().into(), Profile::Rfc5280Strict), Ok(()));
    assert_eq!(judge(whole.clone(), Profile::Default), Ok(()));
    let strict = judge(whole, Profile::Rfc5280Strict).unwrap_err();
    let Error::InvalidCertificate(CertificateError::ExpiredContext { time, .. }) = strict else {
        panic!("{strict:?}")
    };
    assert_eq!(time, day());

    let garbage = CertificateDer::from(&b"garbage"[..]);
    assert_eq!(Roots::whole([garbage]).map(drop), Err(CertificateError::BadEncoding.into()));
    assert!(Roots::whole([]).unwrap().is_empty());
    let nobody = ServerVerifier::builder(Roots::whole([]).unwrap(), provided::default_provider().into());
    assert_eq!(nobody.build().map(drop).unwrap_err().to_string(), "no root trust anchors were provided");
}

/// A certificate policies extension with the one policy 2.999.`arc`. RFC 5280 section 4.2.1.4.
fn policy(arc: u8) -> CustomExtension {
    CustomExtension::from_oid_content(&[2, 5, 29, 32], vec![0x30, 7, 0x30, 5, 6, 3, 0x88, 0x37, arc])
}

#[test]
fn policies_are_asked_for() {
    let root = Authority::root(&Spec::authority(KeyType::P256, "root"));
    let issuing =
        root.intermediate(&Spec { extensions: vec![policy(1)], ..Spec::authority(KeyType::P256, "issuing") });
    let identity = issuing.issue(&Spec { extensions: vec![policy(1)], ..Spec::server(KeyType::P256) });
    let judge = |edit: &dyn Fn(ServerVerifierBuilder) -> ServerVerifierBuilder| {
        let builder = ServerVerifier::builder(root.store(), provided::default_provider().into());
        server(edit(builder), &identity.chain, "localhost")
    };
    assert_eq!(judge(&|builder| builder), Ok(()));
    let asked = |list: &[&'static str]| Policies::one_of(list.iter().copied()).unwrap();
    assert_eq!(judge(&|builder| builder.with_policies(asked(&["2.999.7", "2.999.1"]))), Ok(()));
    let both = asked(&["2.999.1"]).without_mapping().without_any_policy();
    assert_eq!(judge(&|builder| builder.with_policies(both.clone())), Ok(()));
    assert!(
        refused(judge(&|builder| builder.with_policies(asked(&["2.999.7"]))))
            .contains("certificate policies")
    );
    for bad in ["", "1", "1.2.x", "policy"] {
        assert!(Policies::one_of([bad]).unwrap_err().to_string().contains("object identifier"), "{bad}");
    }
    assert!(Policies::one_of([]).is_err());
}

#[test]
fn any_policy_and_mappings_can_be_told_to_count_for_nothing() {
    // anyPolicy is 2.5.29.32.0.
    let any =
        CustomExtension::from_oid_content(&[2, 5, 29, 32], vec![0x30, 8, 0x30, 6, 6, 4, 0x55, 0x1d, 0x20, 0]);
    // 2.999.1 of the issuer's is 2.999.2 of its own. RFC 5280 section 4.2.1.5.
    let mapping = CustomExtension::from_oid_content(
        &[2, 5, 29, 33],
        vec![0x30, 12, 0x30, 10, 6, 3, 0x88, 0x37, 1, 6, 3, 0x88, 0x37, 2],
    );
    let root = Authority::root(&Spec::authority(KeyType::P256, "root"));
    let judge = |extensions, leaf, policies| {
        let issuing = root.intermediate(&Spec { extensions, ..Spec::authority(KeyType::P256, "issuing") });
        let identity = issuing.issue(&Spec { extensions: vec![policy(leaf)], ..Spec::server(KeyType::P256) });
        let builder = ServerVerifier::builder(root.store(), provided::default_provider().into());
        server(builder.with_policies(policies), &identity.chain, "localhost")
    };
    let one = Policies::one_of(["2.999.1"]).unwrap();
    assert_eq!(judge(vec![any.clone()], 1, one.clone()), Ok(()));
    assert!(judge(vec![any], 1, one.clone().without_any_policy()).is_err());
    let mapped = vec![policy(1), mapping];
    assert_eq!(judge(mapped.clone(), 2, one.clone()), Ok(()));
    assert!(judge(mapped, 2, one.without_mapping()).is_err());
}

#[test]
fn a_maximum_depth_is_kept() {
    let world = World::new();
    assert_eq!(world.judge(world.servers().with_max_intermediates(1)), Ok(()));
    let none = refused(world.judge(world.servers().with_max_intermediates(0)));
    assert!(none.contains("the chain is too long"), "{none}");
    assert!(client(world.clients().with_max_intermediates(0), &world.client.chain).is_err());
}

#[test]
fn clients_are_asked_about_revocation() {
    let world = World::new();
    let mut book = Book::of(&world.issuing);
    book.revoked(world.client.leaf(), "keyCompromise");
    let lists = [Book::of(&world.root).list(&List::default()), book.list(&List::default())];
    let policy = || Revocation::new().with_lists(lists.clone());
    let revoked = Err(CertificateError::Revoked.into());
    assert_eq!(client(world.clients().with_revocation(policy()), &world.client.chain), revoked);
    let other = world.issuing.issue(&Spec::client(KeyType::P256));
    assert_eq!(client(world.clients().with_revocation(policy()), &other.chain), Ok(()));
    let unknown = Err(CertificateError::UnknownRevocationStatus.into());
    let lists = Revocation::new().with_lists(lists[..1].to_vec());
    assert_eq!(client(world.clients().with_revocation(lists), &other.chain), unknown);
}

#[test]
fn a_clients_certificate_is_for_clients_unless_those_for_servers_do() {
    let world = World::new();
    let usage = |usages: &[ExtendedKeyUsagePurpose]| {
        world.issuing.issue(&Spec { extended_key_usages: usages.to_vec(), ..Spec::client(KeyType::P256) })
    };
    use ExtendedKeyUsagePurpose::{ClientAuth, CodeSigning, ServerAuth};
    let wrong = |presented: ExtendedKeyPurpose, required| {
        Err(CertificateError::InvalidPurposeContext { required, presented: vec![presented] }.into())
    };
    let as_client = wrong(ExtendedKeyPurpose::ServerAuth, ExtendedKeyPurpose::ClientAuth);
    assert_eq!(client(world.clients(), &usage(&[ServerAuth]).chain), as_client);
    for usages in [&[][..], &[ServerAuth], &[ClientAuth], &[ClientAuth, ServerAuth]] {
        let builder = world.clients().accept_server_certificates();
        assert_eq!(client(builder, &usage(usages).chain), Ok(()), "{usages:?}");
    }
    let signing = usage(&[CodeSigning]);
    let oid = ExtendedKeyPurpose::Other(vec![1, 3, 6, 1, 5, 5, 7, 3, 3]);
    let either = world.clients().accept_server_certificates();
    assert_eq!(client(either, &signing.chain), wrong(oid, ExtendedKeyPurpose::ServerAuth));
}

/// RFC 7633 is about servers, and one policy may be for both.
#[test]
fn no_staple_is_expected_of_clients() {
    let world = World::new();
    let demanding = CustomExtension::from_oid_content(&[1, 3, 6, 1, 5, 5, 7, 1, 24], vec![0x30, 3, 2, 1, 5]);
    let spec = Spec { extensions: vec![demanding], ..Spec::client(KeyType::P256) };
    let theirs = world.issuing.issue(&spec);
    let policy = || Revocation::new().with_staples();
    let judge = |policy| client(world.clients().with_revocation(policy), &theirs.chain);
    assert_eq!(judge(policy().allow_unknown_status()), Ok(()));
    assert_eq!(judge(policy()), Err(CertificateError::UnknownRevocationStatus.into()));
    let lists = [&world.root, &world.issuing].map(|authority| Book::of(authority).list(&List::default()));
    assert_eq!(judge(policy().with_lists(lists)), Ok(()));
}

#[test]
fn clients_are_told_whom_to_lead_to_and_whether_they_have_to() {
    let world = World::new();
    let names = |hints: &[DistinguishedName]| -> Vec<Vec<u8>> {
        hints.iter().map(|name| name.as_ref().to_vec()).collect()
    };
    let roots = names(&world.root.store().subjects());
    let verifier = world.clients().build().unwrap();
    assert_eq!(names(verifier.root_hint_subjects()), roots);
    assert!(verifier.offer_client_auth() && verifier.client_auth_mandatory());
    let whole = Roots::whole([world.root.cert().clone()]).unwrap();
    let verifier = ClientVerifier::builder(whole, provided::default_provider().into()).build().unwrap();
    assert_eq!(names(verifier.root_hint_subjects()), roots);

    let other = Authority::root(&Spec::authority(KeyType::P256, "other")).store().subjects();
    let builder = world.clients().clear_root_hint_subjects().add_root_hint_subjects(other.clone());
    let verifier = builder.allow_unauthenticated().build().unwrap();
    assert_eq!(names(verifier.root_hint_subjects()), names(&other));
    assert!(verifier.offer_client_auth() && !verifier.client_auth_mandatory());
}

#[test]
fn sessions_of_clients_are_bound_to_all_that_was_asked_of_them() {
    let world = World::new();
    let id = |builder: ClientVerifierBuilder| builder.build().unwrap().policy_id().unwrap();
    let base = id(world.clients());
    assert_eq!(base, id(world.clients()), "another object of the same rules");
    let store = world.root.store().roots;
    let twice = Arc::new(store.iter().chain(&store).cloned().collect::<chitin::RootCertStore>());
    assert_eq!(base, id(ClientVerifier::builder(twice, provided::default_provider().into())));

    let book = Book::of(&world.issuing);
    let list = |until| book.list(&List { from: "20290101000000Z", until, ..List::default() });
    let policies = Policies::one_of(["2.999.1"]).unwrap();
    let whole = Roots::whole([world.root.cert().clone()]).unwrap();
    let mut all = vec![
        base,
        id(ClientVerifier::builder(world.issuing.store(), provided::default_provider().into())),
        id(ClientVerifier::builder(whole, provided::default_provider().into())),
        id(world.clients().with_intermediates([world.issuing.cert().clone()])),
        id(world.clients().with_profile(Profile::Rfc5280Strict)),
        id(world.clients().with_profile(Profile::CaBrowserForum)),
        id(world.clients().with_policies(policies.clone())),
        id(world.clients().with_policies(policies.clone().without_mapping())),
        id(world.clients().with_policies(policies.without_any_policy())),
        id(world.clients().with_max_intermediates(1)),
        id(world.clients().with_max_intermediates(2)),
        id(world.clients().with_revocation(Revocation::new())),
        id(world.clients().with_revocation(Revocation::new().allow_unknown_status())),
        id(world.clients().with_revocation(Revocation::new().with_staples())),
        id(world.clients().with_revocation(Revocation::new().with_lists([list("20300101000000Z")]))),
        // Of the same issuer, number and time.
        id(world.clients().with_revocation(Revocation::new().with_lists([list("20300102000000Z")]))),
        id(world.clients().with_revocation(Revocation::new().with_list_issuers([world.root.cert().clone()]))),
        id(world.clients().accept_server_certificates()),
    ];
    let count = all.len();
    all.sort();
    all.dedup();
    assert_eq!(all.len(), count, "two sets of rules have the same fingerprint");
}

/// Configs in which both sides verify each other so.
fn configs(
    world: &World,
    servers: ServerVerifierBuilder,
    clients: ClientVerifierBuilder,
) -> (ClientConfig, ServerConfig) {
    let Identity { chain, key } = world.client.clone();
    let client = ClientConfig::builder_with_provider(provided::default_provider().into())
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_server_verifier(servers.build().unwrap())
        .with_client_auth_cert(chain, key)
        .unwrap();
    let Identity { chain, key } = world.server.clone();
    let server = ServerConfig::builder_with_provider(provided::default_provider().into())
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_client_cert_verifier(clients.build().unwrap())
        .with_single_cert(chain, key)
        .unwrap();
    (client, server)
}

#[test]
fn both_sides_verify_each_other_and_sessions_are_resumed_under_the_same_rules() {
    let world = World::new();
    let rules = || (world.servers().with_max_intermediates(1), world.clients().with_max_intermediates(1));
    let (servers, clients) = rules();
    let (client, server) = configs(&world, servers, clients);
    let (client, server) = (Arc::new(client), Arc::new(server));
    for kind in [HandshakeKind::Full, HandshakeKind::Resumed] {
        let mut pair = Pair::new(client.clone(), server.clone());
        pair.handshake().unwrap();
        pair.send(Side::Server, b"tickets come first").unwrap();
        assert_eq!(pair.client.peer_certificates().unwrap(), world.server.chain);
        assert_eq!(pair.server.peer_certificates().unwrap(), world.client.chain);
        assert!(pair.client.handshake_kind() == Some(kind), "{kind:?}");
    }
}

#[test]
fn a_refusal_ends_the_handshake_on_either_side() {
    let world = World::new();
    let (client, server) = configs(&world, world.servers().with_max_intermediates(0), world.clients());
    let failed = Pair::new(client, server).handshake().unwrap_err();
    assert!(failed.error.to_string().contains("the chain is too long"), "{}", failed.error);

    let (client, server) = configs(&world, world.servers(), world.clients().with_max_intermediates(0));
    let failed = Pair::new(client, server).handshake().unwrap_err();
    assert_eq!(failed.side, Side::Server);
    assert!(failed.error.to_string().contains("the chain is too long"), "{}", failed.error);
    assert_eq!(failed.echo, Some(Error::AlertReceived(AlertDescription::CertificateUnknown)));
}

/// Who writes down what is reported.
#[derive(Clone, Default)]
struct Notes(Arc<Mutex<Vec<Diagnosis>>>);

impl Notes {
    fn hear(&self) -> impl Fn(&Diagnosis) + Send + Sync + 'static {
        let notes = self.0.clone();
        move |diagnosis| notes.lock().unwrap().push(diagnosis.clone())
    }

    /// The one diagnosis that there is.
    #[track_caller]
    fn one(&self) -> Diagnosis {
        let mut notes = self.0.lock().unwrap();
        assert_eq!(notes.len(), 1);
        notes.pop().unwrap()
    }
}

#[test]
fn a_report_has_all_there_is_to_say_of_a_refusal() {
    let world = World::new();
    let notes = Notes::default();
    let servers = || world.servers().with_report(notes.hear());
    assert_eq!(world.judge(servers()), Ok(()));
    assert!(notes.0.lock().unwrap().is_empty());

    // The errors are those of a verifier that reports to nobody.
    let alone = &world.server.chain[..1];
    assert_eq!(server(servers(), alone, "localhost"), server(world.servers(), alone, "localhost"));
    let missing = notes.one().missing.unwrap();
    assert_eq!((missing.issuer.as_str(), missing.cause), ("CN=issuing", MissingCause::IntermediateAbsent));

    let whole = &world.server.chain[..];
    assert_eq!(server(servers(), whole, "other.test"), server(world.servers(), whole, "other.test"));
    let diagnosis = notes.one();
    assert!(diagnosis.to_string().starts_with("The peer's own certificate, \"CN="), "{diagnosis}");
    assert!(diagnosis.advice().contains("the names in the certificate"), "{diagnosis}");

    let garbage = [CertificateDer::from(&b"garbage"[..])];
    assert_eq!(server(servers(), &garbage, "localhost"), server(world.servers(), &garbage, "localhost"));
    assert_eq!(notes.one().certificate, None);

    let mut book = Book::of(&world.root);
    book.revoked(world.issuing.cert(), "CACompromise");
    let lists = [Book::of(&world.issuing).list(&List::default()), book.list(&List::default())];
    let policy = || Revocation::new().with_lists(lists.clone());
    assert_eq!(world.judge(servers().with_revocation(policy())), Err(CertificateError::Revoked.into()));
    let diagnosis = notes.one();
    assert_eq!(diagnosis.certificate.as_ref().unwrap().subject, "CN=issuing");
    assert!(diagnosis.to_string().contains("was revoked at 2029-01-01"), "{diagnosis}");
    assert_eq!(diagnosis.attempts.len(), 1);

    let clients = world.clients().with_report(notes.hear()).with_revocation(policy());
    assert_eq!(client(clients, &world.client.chain), Err(CertificateError::Revoked.into()));
    assert_eq!(notes.one().certificate.unwrap().subject, "CN=issuing");
}
