//! Pins beside a path and in place of one, through verifiers and through whole handshakes. The pins come from OpenSSL.

#[path = "pins/raw_keys.rs"]
mod raw_keys;

use std::io::Write;
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex};

use chitin::client::VerifierBuilderError;
use chitin::client::danger::ServerCertVerifier;
use chitin::crypto::CryptoProvider;
use chitin::pki_types::{CertificateDer, PrivateKeyDer, UnixTime};
use chitin::server::danger::ClientCertVerifier;
use chitin::sign::{CertifiedKey, SingleCertAndKey};
use chitin::trust::{
    ClientVerifier, Pin, PinProblem, PinSet, PinnedVerifier, PinnedVerifierBuilder, ServerVerifier,
    ServerVerifierBuilder, Which,
};
use chitin::version::{TLS12, TLS13};
use chitin::{
    AlertDescription, CertificateError, ClientConfig, Error, HandshakeKind, ServerConfig,
    SupportedProtocolVersion,
};
use rcgen::{ExtendedKeyUsagePurpose, KeyUsagePurpose};
use testkit::pair::{Pair, Side};
use testkit::pki::{Authority, Identity, KeyType, Spec, Validity, self_signed};
use testkit::provided;
use testkit::tempdir::TempDir;

fn provider() -> Arc<CryptoProvider> {
    provided::default_provider().into()
}

/// The output of a command of OpenSSL's.
fn openssl(args: &[&str], input: &[u8]) -> Vec<u8> {
    let mut child = Command::new("openssl")
        .args(args)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap_or_else(|error| panic!("openssl: {error}"));
    child.stdin.take().unwrap().write_all(input).unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "openssl {args:?} failed");
    output.stdout
}

/// The pin of a certificate's key, as the manuals have it made.
fn pin(certificate: &CertificateDer<'_>) -> Pin {
    let public = openssl(&["x509", "-inform", "DER", "-noout", "-pubkey"], certificate);
    let spki = openssl(&["pkey", "-pubin", "-outform", "DER"], &public);
    let text = openssl(&["base64", "-A"], &openssl(&["dgst", "-sha256", "-binary"], &spki));
    format!("sha256/{}", String::from_utf8(text).unwrap()).parse().unwrap()
}

fn whole(certificate: &CertificateDer<'_>) -> Pin {
    Pin::certificate(certificate).unwrap()
}

fn one(pin: Pin) -> PinSet {
    PinSet::new().with(pin)
}

/// A key that nobody has.
fn stranger() -> Pin {
    Pin::key_hash([7; 32])
}

/// A root, an authority below it, a server and a client.
struct World {
    root: Authority,
    issuing: Authority,
    server: Identity,
    client: Identity,
}

impl World {
    fn new() -> Self {
        let root = Authority::root(&Spec::authority(KeyType::P256, "root"));
        let issuing = root.intermediate(&Spec::authority(KeyType::P256, "issuing"));
        let server = issuing.issue(&Spec::server(KeyType::P256));
        let client = issuing.issue(&Spec::client(KeyType::P256));
        Self { root, issuing, server, client }
    }

    fn servers(&self) -> ServerVerifierBuilder {
        ServerVerifier::builder(self.root.store(), provider())
    }
}

fn judge(builder: ServerVerifierBuilder, chain: &[CertificateDer<'_>], name: &str) -> Result<(), Error> {
    let (leaf, rest) = chain.split_first().unwrap();
    let name = name.try_into().unwrap();
    builder.build().unwrap().verify_server_cert(leaf, rest, &name, &[], UnixTime::now()).map(drop)
}

/// What an error says of pins.
#[track_caller]
fn unmet(result: Result<(), Error>) -> PinProblem {
    match result.unwrap_err() {
        Error::InvalidCertificate(CertificateError::NotPinned(problem)) => *problem,
        error => panic!("{error:?}"),
    }
}

#[test]
fn a_pin_of_any_certificate_of_the_path_is_met() {
    let world = World::new();
    let judge = |pins| judge(world.servers().with_pins(pins), &world.server.chain, "localhost");
    for der in [world.server.leaf(), world.issuing.cert(), world.root.cert()] {
        assert_eq!(judge(one(pin(der))), Ok(()));
        assert_eq!(judge(one(stranger()).with_backup(pin(der))), Ok(()));
        assert_eq!(judge(one(whole(der))), Ok(()));
    }
}

#[test]
fn who_meets_no_pin_is_refused_with_what_was_expected_and_what_was_seen() {
    let world = World::new();
    let result = judge(world.servers().with_pins(one(stranger())), &world.server.chain, "localhost");
    let [leaf, issuing, root] = [world.server.leaf(), world.issuing.cert(), world.root.cert()].map(pin);
    assert_eq!(
        result.clone().unwrap_err().to_string(),
        format!(
            "invalid peer certificate: the certificate leads to a trust anchor over no certificate that is pinned; \
             expected is sha256//BwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc=; seen were {leaf} of \"CN=chitin test server\", \
             {issuing} of \"CN=issuing\", {root} of \"CN=root\""
        )
    );
    let PinProblem::NotOnPath(mismatch) = unmet(result) else { panic!("another problem") };
    assert_eq!(mismatch.expected, one(stranger()));
    let seen: Vec<_> = mismatch.seen.into_iter().map(|seen| (seen.which, seen.key)).collect();
    assert_eq!(seen, [(Which::Peer(0), leaf), (Which::Peer(1), issuing), (Which::Anchor(0), root)]);
}

#[test]
fn an_authority_that_is_pinned_and_merely_sent_lets_nobody_in() {
    let world = World::new();
    let other = Authority::root(&Spec::authority(KeyType::P256, "other"));
    let mut chain = world.server.chain.clone();
    chain.push(other.cert().clone());
    unmet(judge(world.servers().with_pins(one(pin(other.cert()))), &chain, "localhost"));
}

#[test]
fn a_pinned_path_is_found_behind_another_one() {
    // Two roots vouch for one authority, and the pin is of the root that comes second.
    let (first, second) = (
        Authority::root(&Spec::authority(KeyType::P256, "first")),
        Authority::root(&Spec::authority(KeyType::P256, "second")),
    );
    let issuing = first.intermediate(&Spec::authority(KeyType::P256, "issuing"));
    let server = issuing.issue(&Spec::server(KeyType::P256));
    let crossed = second.cross(&issuing, &Spec::authority(KeyType::P256, "issuing"));
    let mut store = first.store();
    store.add(second.cert().clone()).unwrap();
    let store = Arc::new(store);
    let chain = [server.leaf().clone(), issuing.cert().clone(), crossed];
    for root in [&first, &second] {
        let builder = ServerVerifier::builder(store.clone(), provider()).with_pins(one(pin(root.cert())));
        assert_eq!(judge(builder, &chain, "localhost"), Ok(()));
    }
    unmet(judge(ServerVerifier::builder(store, provider()).with_pins(one(stranger())), &chain, "localhost"));
}

#[test]
fn pins_that_have_ended_ask_for_nothing_where_there_is_a_path_and_trust_nobody_where_there_is_none() {
    let world = World::new();
    let past = UnixTime::since_unix_epoch(std::time::Duration::from_secs(1_700_000_000));
    let ended = || one(stranger()).until(past);
    assert_eq!(judge(world.servers().with_pins(ended()), &world.server.chain, "localhost"), Ok(()));
    let identity = self_signed(&Spec::server(KeyType::P256));
    let pins = one(pin(identity.leaf())).until(past);
    let result = alone(PinnedVerifier::builder(pins, provider()), identity.leaf(), "localhost");
    assert!(matches!(unmet(result), PinProblem::Over { until, .. } if until == past));
}

#[test]
fn a_path_that_is_bad_by_itself_is_not_mended_by_a_pin() {
    let world = World::new();
    let stranger = Authority::root(&Spec::authority(KeyType::P256, "stranger"));
    let theirs = stranger.issue(&Spec::server(KeyType::P256));
    let pinned = || world.servers().with_pins(one(whole(theirs.leaf())).with(pin(world.root.cert())));
    let unknown = Err(CertificateError::UnknownIssuer.into());
    assert_eq!(judge(pinned(), &theirs.chain, "localhost"), unknown);
    let error = judge(pinned(), &world.server.chain, "other.example").unwrap_err();
    assert!(matches!(error, Error::InvalidCertificate(CertificateError::NotValidForNameContext { .. })));
}

#[test]
fn pins_may_be_reported_on_and_keep_nobody_out() {
    let world = World::new();
    let told = Arc::new(Mutex::new(Vec::new()));
    let builder = |pins| {
        let told = told.clone();
        world.servers().with_reported_pins(pins, move |report| {
            let PinProblem::NotOnPath(mismatch) = report.problem else { panic!("{:?}", report.problem) };
            let seen: Vec<_> = mismatch.seen.iter().map(|seen| seen.key.clone()).collect();
            told.lock().unwrap().push((report.server_name.unwrap().to_str().into_owned(), seen));
        })
    };
    assert_eq!(judge(builder(one(pin(world.root.cert()))), &world.server.chain, "localhost"), Ok(()));
    assert_eq!(*told.lock().unwrap(), [], "they were met");
    assert!(judge(builder(one(stranger())), &world.server.chain, "other.example").is_err());
    assert_eq!(*told.lock().unwrap(), [], "it is refused anyway");

    let (client, server) = configs(&world, builder(one(stranger())));
    Pair::new(client, server).handshake().unwrap();
    let keys = [world.server.leaf(), world.issuing.cert(), world.root.cert()].map(pin).to_vec();
    assert_eq!(*told.lock().unwrap(), [("localhost".to_string(), keys)]);
    // Both kinds together: the one is told of, the other decides.
    let both = builder(one(stranger())).with_pins(one(Pin::key_hash([8; 32])));
    unmet(judge(both, &world.server.chain, "localhost"));
    assert_eq!(told.lock().unwrap().len(), 1);
}

/// A client that verifies so, and a server that it knows.
fn configs(world: &World, servers: ServerVerifierBuilder) -> (ClientConfig, ServerConfig) {
    let client = ClientConfig::builder_with_provider(provider())
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_server_verifier(servers.build().unwrap())
        .with_no_client_auth();
    (client, server_config(&world.server, &[&TLS12, &TLS13]))
}

fn server_config(identity: &Identity, versions: &[&'static SupportedProtocolVersion]) -> ServerConfig {
    let Identity { chain, key } = identity.clone();
    let builder = ServerConfig::builder_with_provider(provider()).with_protocol_versions(versions).unwrap();
    builder.with_no_client_auth().with_single_cert(chain, key).unwrap()
}

#[test]
fn a_handshake_ends_where_no_pin_is_met() {
    let world = World::new();
    let (client, server) = configs(&world, world.servers().with_pins(one(stranger())));
    let failed = Pair::new(client, server).handshake().unwrap_err();
    assert_eq!(failed.side, Side::Client);
    unmet(Err(failed.error.clone()));
    assert_eq!(failed.echo, Some(Error::AlertReceived(AlertDescription::CertificateUnknown)));
}

#[test]
fn clients_are_held_against_pins_and_their_sessions_are_bound_to_them() {
    let world = World::new();
    let build = |edit: fn(PinSet) -> PinSet, pin| {
        let builder = ClientVerifier::builder(world.root.store(), provider());
        builder.with_pins(edit(one(pin))).build().unwrap()
    };
    let as_is: fn(PinSet) -> PinSet = |pins| pins;
    let (leaf, rest) = world.client.chain.split_first().unwrap();
    let pinned = build(as_is, pin(world.client.leaf()));
    assert!(pinned.verify_client_cert(leaf, rest, UnixTime::now()).is_ok());
    unmet(build(as_is, stranger()).verify_client_cert(leaf, rest, UnixTime::now()).map(drop));

    let same = build(as_is, pin(world.client.leaf()));
    assert_eq!(same.policy_id(), pinned.policy_id());
    let more: fn(PinSet) -> PinSet = |pins| pins.with_backup(stranger());
    let until: fn(PinSet) -> PinSet = |pins| pins.until(UnixTime::now());
    let unpinned = ClientVerifier::builder(world.root.store(), provider()).build().unwrap();
    let ids = [
        pinned.policy_id(),
        unpinned.policy_id(),
        build(as_is, stranger()).policy_id(),
        build(as_is, whole(leaf)).policy_id(),
        build(more, pin(leaf)).policy_id(),
        build(until, pin(leaf)).policy_id(),
    ];
    for (at, id) in ids.iter().enumerate() {
        assert!(id.is_some() && !ids[..at].contains(id), "{at}");
    }
}

fn alone(builder: PinnedVerifierBuilder, leaf: &CertificateDer<'_>, name: &str) -> Result<(), Error> {
    let verifier = builder.build().unwrap();
    verifier.verify_server_cert(leaf, &[], &name.try_into().unwrap(), &[], UnixTime::now()).map(drop)
}

/// A client that trusts this pin and nothing else.
fn pinning_client(pins: PinSet) -> ClientConfig {
    ClientConfig::builder_with_provider(provider())
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_pinned_servers(PinnedVerifier::builder(pins, provider()).build().unwrap())
        .with_no_client_auth()
}

#[test]
fn a_self_signed_server_is_trusted_by_its_pin_in_both_versions() {
    let identity = self_signed(&Spec::server(KeyType::P256));
    for pin in [pin(identity.leaf()), whole(identity.leaf())] {
        for version in [&TLS12, &TLS13] {
            let client = Arc::new(pinning_client(one(pin.clone())));
            let server = Arc::new(server_config(&identity, &[version]));
            for kind in [HandshakeKind::Full, HandshakeKind::Resumed] {
                let mut pair = Pair::new(client.clone(), server.clone());
                pair.handshake().unwrap();
                pair.send(Side::Server, b"tickets come first").unwrap();
                assert_eq!(pair.client.handshake_kind(), Some(kind), "{version:?}");
                assert_eq!(pair.client.peer_certificates().unwrap(), identity.chain);
            }
        }
    }
}

#[test]
fn another_self_signed_server_is_refused() {
    let (mine, other) =
        (self_signed(&Spec::server(KeyType::P256)), self_signed(&Spec::server(KeyType::P256)));
    let client = pinning_client(one(pin(mine.leaf())));
    let failed = Pair::new(client, server_config(&other, &[&TLS13])).handshake().unwrap_err();
    let PinProblem::NotOwn(mismatch) = unmet(Err(failed.error)) else { panic!("another problem") };
    assert_eq!(mismatch.seen.len(), 1);
    assert_eq!(mismatch.seen[0].key, pin(other.leaf()));
}

/// Who shows the pinned certificate without having its key gets no further than to its signature.
#[test]
fn a_pinned_certificate_without_its_key_is_worth_nothing() {
    let (mine, thief) =
        (self_signed(&Spec::server(KeyType::P256)), self_signed(&Spec::server(KeyType::P256)));
    for version in [&TLS12, &TLS13] {
        let key = provided::load(&thief.key).unwrap();
        let stolen = SingleCertAndKey::from(CertifiedKey::new(mine.chain.clone(), key));
        let builder =
            ServerConfig::builder_with_provider(provider()).with_protocol_versions(&[version]).unwrap();
        let server = builder.with_no_client_auth().with_cert_resolver(Arc::new(stolen));
        let failed = Pair::new(pinning_client(one(pin(mine.leaf()))), server).handshake().unwrap_err();
        assert_eq!((failed.side, failed.error), (Side::Client, CertificateError::BadSignature.into()));
    }
}

/// Others that are sent do not count: the certificate of a pinned key could be sent by anybody.
#[test]
fn a_pinned_certificate_behind_ones_own_is_worth_nothing() {
    let (mine, thief) =
        (self_signed(&Spec::server(KeyType::P256)), self_signed(&Spec::server(KeyType::P256)));
    let chain = vec![thief.leaf().clone(), mine.leaf().clone()];
    let server = server_config(&Identity { chain, key: thief.key.clone_key() }, &[&TLS13]);
    let failed = Pair::new(pinning_client(one(pin(mine.leaf()))), server).handshake().unwrap_err();
    unmet(Err(failed.error));
}

#[test]
fn names_and_dates_count_unless_they_are_let_go() {
    type Edit = fn(PinnedVerifierBuilder) -> PinnedVerifierBuilder;
    let as_is: Edit = |builder| builder;
    let judge = |spec: &Spec, name, edit: Edit| {
        let identity = self_signed(spec);
        alone(edit(PinnedVerifier::builder(one(pin(identity.leaf())), provider())), identity.leaf(), name)
    };
    let spec = Spec::server(KeyType::P256);
    assert_eq!(judge(&spec, "127.0.0.1", as_is), Ok(()));
    let error = judge(&spec, "other.example", as_is).unwrap_err();
    assert!(matches!(error, Error::InvalidCertificate(CertificateError::NotValidForNameContext { .. })));
    assert_eq!(judge(&spec, "other.example", |builder| builder.allow_any_name()), Ok(()));

    for validity in [Validity::Expired, Validity::NotYet] {
        let spec = spec.clone().validity(validity);
        let error = judge(&spec, "localhost", |builder| builder.allow_any_name()).unwrap_err();
        let Error::InvalidCertificate(error) = error else { panic!("{error:?}") };
        assert_eq!(AlertDescription::from(error), AlertDescription::CertificateExpired);
        assert_eq!(judge(&spec, "localhost", |builder| builder.allow_any_time()), Ok(()));
        assert!(judge(&spec, "other.example", |builder| builder.allow_any_time()).is_err());
    }
}

#[test]
fn what_a_pinned_certificate_is_for_counts() {
    let judge = |spec: Spec| {
        let identity = self_signed(&spec);
        alone(PinnedVerifier::builder(one(pin(identity.leaf())), provider()), identity.leaf(), "localhost")
    };
    let spec = Spec::server(KeyType::P256);
    let for_clients = Spec { extended_key_usages: vec![ExtendedKeyUsagePurpose::ClientAuth], ..spec.clone() };
    let error = judge(for_clients).unwrap_err();
    assert!(matches!(error, Error::InvalidCertificate(CertificateError::InvalidPurposeContext { .. })));
    let error = judge(Spec { key_usages: vec![KeyUsagePurpose::KeyAgreement], ..spec.clone() }).unwrap_err();
    assert!(error.to_string().contains("key usage without digital signatures"), "{error}");
    let open = Spec { key_usages: vec![], extended_key_usages: vec![], ..spec.clone() };
    assert_eq!(judge(open.clone()), Ok(()));
    assert_eq!(judge(Spec { ca: Some(None), ..open }), Ok(()), "a certificate of a CA");
    // A key that nobody may have.
    let short = World::new().issuing.issue(&Spec { key: KeyType::Rsa1536, ..spec });
    let builder = PinnedVerifier::builder(one(pin(short.leaf())), provider());
    let error = alone(builder, short.leaf(), "localhost").unwrap_err();
    assert!(matches!(
        error,
        Error::InvalidCertificate(CertificateError::RsaKeySizeOutOfRange { bits: 1536, .. })
    ));
}

/// A self-signed certificate as most people make it, which is one of a CA: no path would take it.
#[test]
fn what_openssl_makes_by_default_is_trusted_by_its_pin() {
    let dir = TempDir::new();
    let key = dir.write("key.pem", "");
    let cert = openssl(
        &[
            "req",
            "-x509",
            "-newkey",
            "ec",
            "-pkeyopt",
            "ec_paramgen_curve:P-256",
            "-nodes",
            "-keyout",
            key.to_str().unwrap(),
            "-days",
            "30",
            "-subj",
            "/CN=appliance",
            "-addext",
            "subjectAltName=DNS:localhost",
            "-outform",
            "DER",
        ],
        b"",
    );
    use chitin::pki_types::pem::PemObject;
    let key = PrivateKeyDer::from_pem_file(key).unwrap();
    let identity = Identity { chain: vec![cert.into()], key };
    let client = pinning_client(one(pin(identity.leaf())));
    Pair::new(client, server_config(&identity, &[&TLS13])).handshake().unwrap();
}

#[test]
fn a_self_signed_client_is_trusted_by_its_pin() {
    let world = World::new();
    let (mine, other) =
        (self_signed(&Spec::client(KeyType::P256)), self_signed(&Spec::client(KeyType::P256)));
    let verifier = PinnedVerifier::builder(one(pin(mine.leaf())), provider());
    let shake = |builder: PinnedVerifierBuilder, identity: Option<&Identity>| {
        let Identity { chain, key } = world.server.clone();
        let server = ServerConfig::builder_with_provider(provider())
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_client_cert_verifier(builder.build().unwrap())
            .with_single_cert(chain, key)
            .unwrap();
        let client = ClientConfig::builder_with_provider(provider())
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_root_certificates(world.root.store());
        let client = match identity.cloned() {
            Some(Identity { chain, key }) => client.with_client_auth_cert(chain, key).unwrap(),
            None => client.with_no_client_auth(),
        };
        let mut pair = Pair::new(client, server);
        pair.handshake().map_err(|failed| failed.error)?;
        Ok(pair.server.peer_certificates().map(<[_]>::to_vec))
    };
    assert_eq!(shake(verifier.clone(), Some(&mine)), Ok(Some(mine.chain.clone())));
    unmet(shake(verifier.clone(), Some(&other)).map(drop));
    assert_eq!(shake(verifier.clone(), None), Err(Error::NoCertificatesPresented));
    assert_eq!(shake(verifier.clone().allow_unauthenticated(), None), Ok(None));
    unmet(shake(verifier.clone().allow_unauthenticated(), Some(&other)).map(drop));

    let id = |builder: PinnedVerifierBuilder| builder.build().unwrap().policy_id().unwrap();
    assert_eq!(id(verifier.clone()), id(verifier.clone()));
    assert_ne!(id(verifier.clone()), id(verifier.clone().allow_any_time()));
    assert_ne!(id(verifier.clone()), id(PinnedVerifier::builder(one(pin(other.leaf())), provider())));
}

#[test]
fn a_set_without_pins_and_a_provider_without_sha256_make_no_verifier() {
    let world = World::new();
    let none = |builder: ServerVerifierBuilder| builder.build().map(drop).unwrap_err();
    let empty = none(world.servers().with_pins(PinSet::new()));
    assert!(matches!(empty, VerifierBuilderError::NoPins));
    assert_eq!(empty.to_string(), "no pins were provided");
    let reported = world.servers().with_reported_pins(PinSet::new(), |_| ());
    assert!(matches!(none(reported), VerifierBuilderError::NoPins));
    let alone = PinnedVerifier::builder(PinSet::new(), provider()).build();
    assert!(matches!(alone.map(drop), Err(VerifierBuilderError::NoPins)));

    let mut poor = provided::default_provider();
    poor.cipher_suites.retain(|suite| suite.suite().as_str() == Some("TLS13_AES_256_GCM_SHA384"));
    assert_eq!(poor.cipher_suites.len(), 1);
    let poor = Arc::new(poor);
    let builder = || ServerVerifier::builder(world.root.store(), poor.clone());
    assert!(builder().build().is_ok());
    assert!(matches!(none(builder().with_pins(one(stranger()))), VerifierBuilderError::NoSha256));
    let reported = builder().with_reported_pins(one(stranger()), |_| ());
    assert!(matches!(none(reported), VerifierBuilderError::NoSha256));
    let alone = PinnedVerifier::builder(one(stranger()), poor.clone()).build();
    assert!(matches!(alone.map(drop), Err(VerifierBuilderError::NoSha256)));
}
