//! The feature `fips`: what is on and offered, when configs say that they are in FIPS mode, and whole connections. `cargo xtask
//! features --fips` runs this.

use std::sync::Arc;

use chitin::client::danger::ServerCertVerifier;
use chitin::client::{EchGreaseConfig, EchMode, WebPkiServerVerifier};
use chitin::crypto::aws_lc_rs::{
    ALL_CIPHER_SUITES, ALL_KX_GROUPS, DEFAULT_CIPHER_SUITES, cipher_suite, default_provider, hpke, kx_group,
};
use chitin::crypto::{
    CryptoProvider, GetRandomFailed, SecureRandom, SupportedKxGroup, default_fips_provider,
};
use chitin::pki_types::{ServerName, UnixTime};
use chitin::trust::SignatureMemo;
use chitin::version::{TLS12, TLS13};
use chitin::{
    CipherSuite, ClientConfig, Error, HandshakeKind, NamedGroup, PeerIncompatible, ProtocolVersion,
    ServerConfig, SignatureScheme, SupportedProtocolVersion,
};
use testkit::args;
use testkit::configs::{ClientOpts, ServerOpts, client_config, server_config};
use testkit::hello::{Hello, edit_hello};
use testkit::net::{Link, listen};
use testkit::pair::{Pair, Record, Side};
use testkit::peer::{Peer, openssl_server_with};
use testkit::pki::{Identity, KeyType, Pki};
use testkit::quic::QuicPair;

const ON: [CipherSuite; 6] = [
    CipherSuite::TLS13_AES_256_GCM_SHA384,
    CipherSuite::TLS13_AES_128_GCM_SHA256,
    CipherSuite::TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384,
    CipherSuite::TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256,
    CipherSuite::TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384,
    CipherSuite::TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256,
];

/// NIST SP 800-56A revision 3 for the curves, FIPS 203 for ML-KEM, SP 800-56C revision 2 for what stands behind it.
const APPROVED_GROUPS: [NamedGroup; 5] = [
    NamedGroup::X25519MLKEM768,
    NamedGroup::secp256r1MLKEM768,
    NamedGroup::secp256r1,
    NamedGroup::secp384r1,
    NamedGroup::secp521r1,
];

/// FIPS 186-5 and FIPS 204.
const APPROVED_SCHEMES: [SignatureScheme; 13] = [
    SignatureScheme::ECDSA_NISTP256_SHA256,
    SignatureScheme::ECDSA_NISTP384_SHA384,
    SignatureScheme::ECDSA_NISTP521_SHA512,
    SignatureScheme::ED25519,
    SignatureScheme::RSA_PSS_SHA256,
    SignatureScheme::RSA_PSS_SHA384,
    SignatureScheme::RSA_PSS_SHA512,
    SignatureScheme::ML_DSA_44,
    SignatureScheme::ML_DSA_65,
    SignatureScheme::ML_DSA_87,
    SignatureScheme::RSA_PKCS1_SHA256,
    SignatureScheme::RSA_PKCS1_SHA384,
    SignatureScheme::RSA_PKCS1_SHA512,
];

fn client(pki: &Pki) -> ClientConfig {
    client_of(pki, default_fips_provider())
}

fn client_of(pki: &Pki, provider: CryptoProvider) -> ClientConfig {
    ClientConfig::builder_with_provider(Arc::new(provider))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(pki.root.store())
        .with_no_client_auth()
}

fn server(identity: &Identity) -> ServerConfig {
    server_of(identity, default_fips_provider())
}

fn server_of(identity: &Identity, provider: CryptoProvider) -> ServerConfig {
    ServerConfig::builder_with_provider(Arc::new(provider))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(identity.chain.clone(), identity.key.clone_key())
        .unwrap()
}

// ---------------------------------------------------------------- what is on

#[test]
fn the_provider_is_the_module_with_what_it_approves_of() {
    let provider = default_fips_provider();
    let suites = |provider: &CryptoProvider| -> Vec<_> {
        provider.cipher_suites.iter().map(|suite| suite.suite()).collect()
    };
    assert_eq!(suites(&provider), ON);
    assert_eq!(suites(&provider), suites(&default_provider()), "it is the default too");
    assert_eq!(DEFAULT_CIPHER_SUITES.len(), ON.len());

    let groups: Vec<_> = provider.kx_groups.iter().map(|group| group.name()).collect();
    assert_eq!(groups, APPROVED_GROUPS);
    assert_eq!(provider.signature_verification_algorithms.supported_schemes(), APPROVED_SCHEMES);

    assert!(provider.fips());
    assert!(provider.secure_random.fips() && provider.key_provider.fips());
    assert!(provider.signature_verification_algorithms.fips());
    assert!(provider.cipher_suites.iter().all(|suite| suite.fips()));
    let quic =
        provider.cipher_suites.iter().filter_map(|suite| suite.tls13()).map(|suite| suite.quic.unwrap());
    assert!(quic.into_iter().all(|quic| quic.fips()));
}

#[test]
fn what_it_does_not_approve_of_is_there_and_says_so() {
    for suite in ALL_CIPHER_SUITES {
        assert_eq!(suite.fips(), ON.contains(&suite.suite()), "{suite:?}");
    }
    for group in ALL_KX_GROUPS {
        assert_eq!(group.fips(), group.name() != NamedGroup::X25519, "{group:?}");
    }
    // HPKE is put together by us from parts, and its keys seal under nonces from outside the module.
    assert!(hpke::ALL_SUPPORTED_SUITES.iter().all(|suite| !suite.fips()));
}

// ---------------------------------------------------------------- what configs say

#[test]
fn configs_are_in_fips_mode_by_default() {
    let pki = Pki::new();
    let (client, server) = (client(&pki), server(&pki.server(KeyType::P256)));
    assert!(client.fips() && client.require_ems && server.fips() && server.require_ems);
    let mut pair = Pair::new(client, server);
    pair.handshake().unwrap();
    assert!(pair.client.fips() && pair.server.fips());

    // Without a word about providers, too.
    let identity = pki.server(KeyType::P256);
    assert!(
        ClientConfig::builder().with_root_certificates(pki.root.store()).with_no_client_auth().fips()
            && ServerConfig::builder()
                .with_no_client_auth()
                .with_single_cert(identity.chain, identity.key)
                .unwrap()
                .fips()
    );
}

#[test]
fn each_way_to_lose_it() {
    #[derive(Debug)]
    struct Foreign;

    impl SecureRandom for Foreign {
        fn fill(&self, buf: &mut [u8]) -> Result<(), GetRandomFailed> {
            default_provider().secure_random.fill(buf)
        }
    }

    let (pki, default) = (Pki::new(), default_fips_provider());
    let changed = |change: &dyn Fn(&mut CryptoProvider)| {
        let mut provider = default.clone();
        change(&mut provider);
        provider
    };
    let ways: [(&str, CryptoProvider); 5] = [
        (
            "a suite of TLS 1.3",
            changed(&|p| p.cipher_suites.push(cipher_suite::TLS13_CHACHA20_POLY1305_SHA256)),
        ),
        (
            "a suite of TLS 1.2",
            changed(&|p| p.cipher_suites.push(cipher_suite::TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256)),
        ),
        ("a group", changed(&|p| p.kx_groups.push(kx_group::X25519))),
        ("randomness", changed(&|p| p.secure_random = &Foreign)),
        (
            "signatures",
            changed(&|p| {
                p.signature_verification_algorithms =
                    chitin::crypto::ring::default_provider().signature_verification_algorithms
            }),
        ),
    ];
    for (way, provider) in ways {
        assert!(!provider.fips() && !client_of(&pki, provider.clone()).fips(), "{way}");
        assert!(!server_of(&pki.server(KeyType::P256), provider).fips(), "{way}");
    }

    let mut client = client(&pki);
    client.require_ems = false;
    let mut server = server(&pki.server(KeyType::P256));
    server.require_ems = false;
    assert!(!client.fips() && !server.fips());

    let suite = hpke::DH_KEM_P256_HKDF_SHA256_AES_128;
    let (public, _) = chitin::crypto::hpke::Hpke::generate_key_pair(suite).unwrap();
    let ech = ClientConfig::builder_with_provider(Arc::new(default_fips_provider()))
        .with_ech(EchMode::Grease(EchGreaseConfig::new(suite, public)))
        .unwrap()
        .with_root_certificates(pki.root.store())
        .with_no_client_auth();
    assert!(!ech.fips());
}

#[test]
fn there_is_no_memo_of_signatures() {
    let pki = Pki::new();
    assert!(client(&pki).signature_memo().is_none());
    let with_x25519 = |kx_groups: Vec<&'static dyn SupportedKxGroup>| {
        client_of(&pki, CryptoProvider { kx_groups, ..default_fips_provider() })
    };
    assert!(with_x25519(vec![kx_group::X25519]).signature_memo().is_some(), "that is no FIPS mode");

    // One that is given is not used: each signature is verified every time.
    let given = SignatureMemo::new(64);
    let verifier = WebPkiServerVerifier::builder_with_provider(
        Arc::new(pki.root.store()),
        Arc::new(default_fips_provider()),
    )
    .with_signature_memo(given.clone())
    .build()
    .unwrap();
    assert!(verifier.signature_memo().is_none());
    let chain = pki.server(KeyType::P256).chain;
    let name = ServerName::try_from("localhost").unwrap();
    for _ in 0..2 {
        verifier.verify_server_cert(&chain[0], &chain[1..], &name, &[], UnixTime::now()).unwrap();
    }
    assert_eq!((given.hits(), given.misses(), given.len()), (0, 0, 0));
}

// ---------------------------------------------------------------- what is said

/// The numbers of a list, without those that mean nothing (RFC 8701 section 2).
fn meant(numbers: impl IntoIterator<Item = u16>) -> impl Iterator<Item = u16> {
    numbers.into_iter().filter(|number| number & 0x0f0f != 0x0a0a)
}

fn list16(body: &[u8]) -> impl Iterator<Item = u16> {
    meant(body[2..].chunks(2).map(|pair| u16::from_be_bytes([pair[0], pair[1]])))
}

#[test]
fn nothing_else_is_offered() {
    let pki = Pki::new();
    let mut pair = Pair::new(client(&pki), server(&pki.server(KeyType::P256)));
    let flight = pair.take(Side::Client);
    let hello = Record::split(&flight).into_iter().next().unwrap();
    let mut hello = Hello::read(&hello.body);

    const EMPTY_RENEGOTIATION_INFO: u16 = 0x00ff; // RFC 5746 section 3.3
    let suites = meant(hello.suites.clone()).filter(|suite| *suite != EMPTY_RENEGOTIATION_INFO);
    assert_eq!(suites.map(CipherSuite::from).collect::<Vec<_>>(), ON);
    let groups: Vec<_> = list16(hello.body(10)).map(NamedGroup::from).collect();
    assert_eq!(groups, APPROVED_GROUPS);
    let schemes: Vec<_> = list16(hello.body(13)).map(SignatureScheme::from).collect();
    assert!(
        !schemes.is_empty() && schemes.iter().all(|scheme| APPROVED_SCHEMES.contains(scheme)),
        "{schemes:?}"
    );
    // The share of the hybrid alone: X25519 is not for itself.
    let (shares, mut groups) = (hello.body(51).clone(), vec![]);
    let mut rest = &shares[2..];
    while let [g0, g1, l0, l1, share @ ..] = rest {
        groups.push(u16::from_be_bytes([*g0, *g1]));
        rest = &share[usize::from(u16::from_be_bytes([*l0, *l1]))..];
    }
    assert_eq!(meant(groups).map(NamedGroup::from).collect::<Vec<_>>(), [NamedGroup::X25519MLKEM768]);
    // extended_master_secret, RFC 7627 section 5.1.
    assert!(hello.extensions.iter().any(|(code, _)| *code == 23));
}

// ---------------------------------------------------------------- connections

fn versions(suite: CipherSuite) -> Vec<&'static SupportedProtocolVersion> {
    match suite {
        CipherSuite::TLS13_AES_256_GCM_SHA384 | CipherSuite::TLS13_AES_128_GCM_SHA256 => vec![&TLS13],
        _ => vec![&TLS12],
    }
}

fn key_for(suite: CipherSuite) -> KeyType {
    match format!("{suite:?}").contains("ECDHE_RSA") {
        true => KeyType::Rsa2048,
        false => KeyType::P256,
    }
}

/// Much data both ways, and key updates in TLS 1.3: nonces go on.
fn converse(pair: &mut Pair) {
    for round in 0..3u8 {
        for side in [Side::Client, Side::Server] {
            let data: Vec<u8> = (0..100_000u32).map(|at| at as u8 ^ round).collect();
            assert_eq!(pair.send(side, &data).unwrap(), data);
        }
        if pair.client.protocol_version() == Some(ProtocolVersion::TLSv1_3) {
            pair.client.refresh_traffic_keys().unwrap();
            pair.server.refresh_traffic_keys().unwrap();
            pair.settle().unwrap();
        }
    }
}

#[test]
fn each_suite_connects_resumes_and_goes_on() {
    let pki = Pki::new();
    for suite in ON {
        for ticketer in [false, true] {
            let (suites, versions) = (vec![suite], versions(suite));
            let client_opts =
                ClientOpts { suites: suites.clone(), versions: versions.clone(), ..Default::default() };
            let opts = ServerOpts { suites, versions, ticketer, ..Default::default() };
            let client = Arc::new(client_config(pki.root.store(), &client_opts));
            let server = Arc::new(server_config(&pki.server(key_for(suite)), &opts));
            assert!(client.fips() && server.fips());
            for kind in [HandshakeKind::Full, HandshakeKind::Resumed] {
                let mut pair = Pair::new(client.clone(), server.clone());
                pair.handshake().unwrap();
                assert_eq!(pair.client.handshake_kind(), Some(kind), "{suite:?}");
                assert_eq!(pair.client.negotiated_cipher_suite().unwrap().suite(), suite);
                converse(&mut pair);
                let exported = |bytes| pair.client.export_keying_material(bytes, b"EXPORTER-test", None);
                let theirs = pair.server.export_keying_material([0; 32], b"EXPORTER-test", None).unwrap();
                assert_eq!(exported([0; 32]).unwrap(), theirs);
            }
        }
    }
}

#[test]
fn each_group_connects() {
    let pki = Pki::new();
    for group in APPROVED_GROUPS.into_iter().chain([NamedGroup::MLKEM768, NamedGroup::MLKEM1024]) {
        let groups = vec![group];
        let client =
            client_config(pki.root.store(), &ClientOpts { groups: groups.clone(), ..Default::default() });
        let server = server_config(&pki.server(KeyType::P256), &ServerOpts { groups, ..Default::default() });
        let mut pair = Pair::new(client, server);
        pair.handshake().unwrap();
        assert_eq!(pair.server.negotiated_key_exchange_group().unwrap().name(), group);
        assert!(pair.client.fips() && pair.server.fips(), "{group:?}");
    }
}

#[test]
fn a_peer_without_the_extended_master_secret_is_refused() {
    const EXTENDED_MASTER_SECRET: u16 = 23;
    let pki = Pki::new();
    let both = |versions: Vec<&'static SupportedProtocolVersion>| {
        let client = ClientOpts { versions: versions.clone(), ..Default::default() };
        let server = ServerOpts { versions, ..Default::default() };
        (client_config(pki.root.store(), &client), server_config(&pki.server(KeyType::P256), &server))
    };
    let (client, server) = both(vec![&TLS12]);
    let strip = || edit_hello(0, |hello| hello.remove(EXTENDED_MASTER_SECRET));
    let failed = Pair::new(client.clone(), server).tamper(Side::Client, strip()).handshake().unwrap_err();
    assert_eq!(failed.side, Side::Server);
    assert_eq!(failed.error, PeerIncompatible::ExtendedMasterSecretExtensionRequired.into());

    // A server that does not ask for it, and a hand that takes it out of both hellos.
    let mut lax = both(vec![&TLS12]).1;
    lax.require_ems = false;
    let failed = Pair::new(client, lax).tamper(Side::Client, strip()).handshake().unwrap_err();
    assert_eq!(failed.side, Side::Client);
    assert_eq!(failed.error, PeerIncompatible::ExtendedMasterSecretExtensionRequired.into());
}

#[test]
fn quic_connects_and_updates_its_keys() {
    let pki = Pki::new();
    let mut pair = QuicPair::new(client(&pki), server(&pki.server(KeyType::P256)));
    // It seals and opens a packet under each key.
    pair.handshake().unwrap();
    for _ in 0..3 {
        let (client, server) = pair.update_keys();
        for (writer, reader) in [(client.local, server.remote), (server.local, client.remote)] {
            // The first number after an update is any.
            for number in [1000, 1001, 70_000] {
                let mut payload = *b"frames";
                let tag = writer.encrypt_in_place(number, b"header", &mut payload).unwrap();
                let mut packet = [&payload[..], tag.as_ref()].concat();
                assert_eq!(reader.decrypt_in_place(number, b"header", &mut packet).unwrap(), b"frames");
            }
            assert_eq!(writer.encrypt_in_place(1001, b"header", &mut [0]).err(), Some(Error::EncryptError));
        }
    }
}

// ---------------------------------------------------------------- OpenSSL

#[test]
fn openssl_understands_our_client() {
    let pki = Pki::new();
    for suite in ON {
        let files = pki.write(&pki.server(key_for(suite)));
        let mut peer_args = args!["s_server", "-accept", "127.0.0.1:0", "-naccept", "1", "-rev"];
        peer_args.extend(args!["-cert", &files.leaf, "-key", &files.key, "-cert_chain", &files.rest]);
        let (mut peer, addr) = openssl_server_with(&peer_args);
        let opts = ClientOpts { suites: vec![suite], versions: versions(suite), ..Default::default() };
        let config = client_config(pki.root.store(), &opts);
        assert!(config.fips());
        let mut link = Link::client(addr, Arc::new(config), "localhost");
        link.handshake().unwrap();
        let report = link.report();
        assert_eq!(report.suite, Some(suite));
        // Which one depends on whether it knows ML-KEM.
        assert!(report.group.is_some_and(|group| APPROVED_GROUPS.contains(&group)), "{report:?}");
        for _ in 0..20 {
            link.send(b"backwards\n").unwrap();
            assert_eq!(link.receive(10).unwrap(), b"sdrawkcab\n");
        }
        link.close().unwrap();
        assert!(peer.finish().0.success(), "{suite:?}");
    }
}

#[test]
fn openssl_understands_our_server() {
    let pki = Pki::new();
    for suite in ON {
        let opts = ServerOpts { suites: vec![suite], versions: versions(suite), ..Default::default() };
        let config = server_config(&pki.server(key_for(suite)), &opts);
        assert!(config.fips());
        let (listener, addr) = listen();
        let mut peer = Peer::spawn(
            "openssl",
            &args![
                "s_client",
                "-connect",
                addr.to_string(),
                "-CAfile",
                &pki.root_pem,
                "-verify_return_error",
                "-quiet"
            ],
        );
        let mut link = Link::server(&listener, Arc::new(config));
        link.handshake().unwrap();
        assert_eq!(link.report().suite, Some(suite));
        for round in 0..20 {
            link.send(format!("line {round}\n").as_bytes()).unwrap();
            peer.expect(&format!("line {round}\n"));
            peer.type_in("and back\n");
            assert_eq!(link.receive(9).unwrap(), b"and back\n");
        }
        link.close().unwrap();
        peer.finish();
    }
}
