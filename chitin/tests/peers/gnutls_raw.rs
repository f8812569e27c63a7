//! Raw public keys. GnuTLS prints those that it gets as PEM, and believes them only if it is told not to look.

use chitin::pki_types::CertificateDer;
use chitin::server::CertificateType;
use chitin::server::CertificateType::{RawPublicKey, X509};
use chitin::sign::{CertifiedKey, Credential, CredentialList};
use chitin::trust::{PinSet, PinnedVerifier, pin_of_key};
use chitin::version::{TLS12, TLS13};
use chitin::{PeerIncompatible, ServerConfig, SupportedProtocolVersion};
use testkit::configs::provider;
use testkit::pki::pem;
use testkit::raw_keys::{Pins, raw, spki};
use testkit::tempdir::TempDir;

use super::*;

const VERSIONS: [&SupportedProtocolVersion; 2] = [&TLS13, &TLS12];
const KEYS: [KeyType; 4] = [KeyType::P256, KeyType::P384, KeyType::Ed25519, KeyType::Rsa2048];

/// A priority string for one version and these types.
fn priority(version: &SupportedProtocolVersion, types: &[&str]) -> String {
    let changes: Vec<String> =
        [String::from("-CTYPE-ALL")].into_iter().chain(types.iter().map(|t| format!("+CTYPE-{t}"))).collect();
    let changes: Vec<&str> = changes.iter().map(String::as_str).collect();
    let of_tls13 = tls13(&changes);
    if version.version == TLS13.version { of_tls13 } else { of_tls13.replace("VERS-TLS1.3", "VERS-TLS1.2") }
}

/// An identity's key for GnuTLS, in files that live as long as the folder.
fn raw_files(id: &Identity, dir: &TempDir, name: &str) -> Vec<OsString> {
    let files = id.write(dir, name);
    let public = dir.write(&format!("{name}.pub.pem"), pem("PUBLIC KEY", &spki(id)));
    args!["--rawpkkeyfile", &files.key, "--rawpkfile", &public]
}

fn credential(id: &Identity, typ: CertificateType) -> Credential {
    match typ {
        RawPublicKey => raw(id).into(),
        _ => {
            CertifiedKey::from_der(id.chain.clone(), id.key.clone_key(), &provider(&[], &[])).unwrap().into()
        }
    }
}

fn client(pins: Pins, shows: impl IntoIterator<Item = Credential>) -> Arc<ClientConfig> {
    let mut config = ClientConfig::builder_with_provider(provider(&[], &CLASSIC_GROUPS))
        .with_safe_default_protocol_versions()
        .unwrap()
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(pins))
        .with_no_client_auth();
    config.client_auth_cert_resolver = Arc::new(CredentialList::new(shows));
    Arc::new(config)
}

fn server(shows: impl IntoIterator<Item = Credential>, pins: Option<Pins>) -> Arc<ServerConfig> {
    let builder = ServerConfig::builder_with_provider(provider(&[], &CLASSIC_GROUPS))
        .with_safe_default_protocol_versions()
        .unwrap();
    let builder = match pins {
        Some(pins) => builder.with_client_cert_verifier(Arc::new(pins)),
        None => builder.with_no_client_auth(),
    };
    Arc::new(builder.with_cert_resolver(Arc::new(CredentialList::new(shows))))
}

fn version_name(version: &SupportedProtocolVersion) -> &'static str {
    if version.version == TLS13.version { "TLS1.3" } else { "TLS1.2" }
}

#[test]
fn our_client_and_a_server_show_each_other_their_keys() {
    let (pki, dir) = (Pki::new(), TempDir::new());
    for version in VERSIONS {
        for kind in KEYS {
            let (ours, theirs) = (pki.client(kind), pki.server(kind));
            let mut more = args!["--echo", "--require-client-cert", "--priority"];
            more.extend(args![priority(version, &["SRV-RAWPK", "CLI-RAWPK"])]);
            more.extend(raw_files(&theirs, &dir, "server"));
            let (mut peer, addr) = gnutls_server(&more);
            let config = client(Pins::raw(&theirs), [credential(&ours, RawPublicKey)]);
            let mut link = Link::client(addr, config, "localhost");
            link.handshake().unwrap_or_else(|err| panic!("{kind:?}: {err:?}"));
            assert_eq!(link.report().version, Some(version.version));
            assert_eq!(link.conn.peer_certificates().unwrap()[0].as_ref(), spki(&theirs));
            talk_to_server(&mut link);
            peer.expect(&format!("- Description: ({}-Raw Public Key)-", version_name(version)));
            peer.expect(&pem("PUBLIC KEY", &spki(&ours)));
            link.close().unwrap();
        }
    }
}

#[test]
fn our_server_and_a_client_show_each_other_their_keys() {
    let (pki, dir) = (Pki::new(), TempDir::new());
    for version in VERSIONS {
        for kind in KEYS {
            let (ours, theirs) = (pki.server(kind), pki.client(kind));
            let (listener, addr) = listen();
            let mut more = args!["--print-cert", "--insecure", "--priority"];
            more.extend(args![priority(version, &["SRV-RAWPK", "CLI-RAWPK"])]);
            more.extend(raw_files(&theirs, &dir, "client"));
            let mut peer = gnutls_client(addr, &more);
            let config = server([credential(&ours, RawPublicKey)], Some(Pins::raw(&theirs)));
            let mut link = Link::server(&listener, config);
            link.handshake().unwrap_or_else(|err| panic!("{kind:?}: {err:?}"));
            assert_eq!(link.report().version, Some(version.version));
            assert_eq!(link.conn.peer_certificates().unwrap()[0].as_ref(), spki(&theirs));
            let said = talk_to_client_and_quit(&mut link, &mut peer);
            assert_has(&said, &format!("- Description: ({}-Raw Public Key)-", version_name(version)));
            assert_has(&said, &pem("PUBLIC KEY", &spki(&ours)));
        }
    }
}

/// The same, by the pins of the keys and the library's own verifier.
#[test]
fn keys_of_gnutls_are_trusted_by_their_pins() {
    let (pki, dir) = (Pki::new(), TempDir::new());
    let pinned = |id: &Identity| {
        let provider = provider(&[], &CLASSIC_GROUPS);
        let pin = pin_of_key(&CertificateDer::from(spki(id)), &provider).unwrap();
        let builder = PinnedVerifier::builder(PinSet::new().with(pin), provider);
        builder.with_certificate_types([RawPublicKey]).build().unwrap()
    };
    let connect = |version, shown: &Identity, known: &Identity| {
        let mut more = args!["--echo", "--priority", priority(version, &["SRV-RAWPK", "CLI-RAWPK"])];
        more.extend(raw_files(shown, &dir, "server"));
        let (_peer, addr) = gnutls_server(&more);
        let config = ClientConfig::builder_with_provider(provider(&[], &CLASSIC_GROUPS))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_pinned_servers(pinned(known))
            .with_no_client_auth();
        let mut link = Link::client(addr, Arc::new(config), "localhost");
        let shaken = link.handshake();
        if shaken.is_ok() {
            talk_to_server(&mut link);
        }
        shaken.map_err(|error| format!("{error:?}"))
    };
    for version in VERSIONS {
        let (theirs, other) = (pki.server(KeyType::P256), pki.server(KeyType::Ed25519));
        assert_eq!(connect(version, &theirs, &theirs), Ok(()));
        assert!(connect(version, &theirs, &other).unwrap_err().contains("NotPinned"));

        let (ours, theirs) = (pki.server(KeyType::P256), pki.client(KeyType::P256));
        let (listener, addr) = listen();
        let mut more = args!["--print-cert", "--insecure", "--priority"];
        more.extend(args![priority(version, &["SRV-RAWPK", "CLI-RAWPK"])]);
        more.extend(raw_files(&theirs, &dir, "client"));
        let mut peer = gnutls_client(addr, &more);
        let config = ServerConfig::builder_with_provider(provider(&[], &CLASSIC_GROUPS))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_client_cert_verifier(pinned(&theirs))
            .with_cert_resolver(Arc::new(CredentialList::new([credential(&ours, RawPublicKey)])));
        let mut link = Link::server(&listener, Arc::new(config));
        link.handshake().unwrap();
        assert_eq!(link.conn.peer_certificates().unwrap()[0].as_ref(), spki(&theirs));
        talk_to_client_and_quit(&mut link, &mut peer);
    }
}

/// Each direction has a type of its own, and who has both goes by the order.
#[test]
fn a_type_is_agreed_on_for_each_side() {
    let (pki, dir) = (Pki::new(), TempDir::new());
    let (ours, theirs) = (pki.server(KeyType::P256), pki.client(KeyType::P256));
    for version in VERSIONS {
        // The client takes both and prefers keys; it has a certificate of its own. The server has both.
        for order in [[RawPublicKey, X509], [X509, RawPublicKey]] {
            let (listener, addr) = listen();
            let files = pki.write(&theirs);
            let mut more = args!["--print-cert", "--insecure", "--priority"];
            more.extend(args![priority(version, &["SRV-RAWPK", "SRV-X509", "CLI-X509"])]);
            more.extend(args!["--x509certfile", &files.chain, "--x509keyfile", &files.key]);
            more.extend(raw_files(&theirs, &dir, "unused"));
            let mut peer = gnutls_client(addr, &more);
            let pins = Pins::both(&theirs, &[RawPublicKey, X509]);
            let config = server(order.map(|typ| credential(&ours, typ)), Some(pins));
            let mut link = Link::server(&listener, config);
            link.handshake().unwrap();
            assert_eq!(link.conn.peer_certificates().unwrap()[0], *theirs.leaf());
            let said = talk_to_client_and_quit(&mut link, &mut peer);
            let shown = match order[0] {
                RawPublicKey => pem("PUBLIC KEY", &spki(&ours)),
                _ => pem("CERTIFICATE", ours.leaf()),
            };
            assert_has(&said, &shown);
        }
        // The other way round: our client takes keys and certificates, and the server has a certificate.
        let (mut peer, addr) = serv(
            &pki,
            &ours,
            &priority(version, &["SRV-X509", "CLI-RAWPK"]),
            &args!["--require-client-cert"],
        );
        let config = client(
            Pins::both(&ours, &[RawPublicKey, X509]),
            [credential(&theirs, X509), credential(&theirs, RawPublicKey)],
        );
        let mut link = Link::client(addr, config, "localhost");
        link.handshake().unwrap();
        assert_eq!(link.conn.peer_certificates().unwrap()[0], *ours.leaf());
        talk_to_server(&mut link);
        peer.expect(&pem("PUBLIC KEY", &spki(&theirs)));
        link.close().unwrap();
    }
}

#[test]
fn without_a_common_type_there_is_no_connection() {
    let (pki, dir) = (Pki::new(), TempDir::new());
    let id = pki.server(KeyType::P256);
    let incompatible = Error::from(PeerIncompatible::IncorrectCertificateTypeExtension);
    for version in VERSIONS {
        for (types, has) in [("SRV-X509", RawPublicKey), ("SRV-RAWPK", X509)] {
            let (listener, addr) = listen();
            let mut peer = gnutls_client(
                addr,
                &args!["--insecure", "--priority", priority(version, &[types, "CLI-X509"])],
            );
            let mut link = Link::server(&listener, server([credential(&id, has)], None));
            assert_eq!(link.handshake().unwrap_err().tls(), incompatible);
            drop(link);
            let (status, said) = peer.finish();
            assert!(!status.success());
            assert_has(&said, "Certificate is not supported");
        }
        // A server that has nothing for our client.
        let mut more = args!["--echo", "--priority", priority(version, &["SRV-RAWPK", "CLI-X509"])];
        more.extend(raw_files(&id, &dir, "server"));
        let (mut peer, addr) = gnutls_server(&more);
        let mut link = Link::client(
            addr,
            trusting(&pki, ClientOpts { versions: vec![version], ..ClientOpts::default() }),
            "localhost",
        );
        link.handshake().unwrap_err().tls();
        peer.expect("Error in handshake");
    }
}

#[test]
fn sessions_with_keys_are_resumed() {
    let (pki, dir) = (Pki::new(), TempDir::new());
    let (ours, theirs) = (pki.client(KeyType::P256), pki.server(KeyType::P256));
    for version in VERSIONS {
        let mut more = args!["--echo", "--priority", priority(version, &["SRV-RAWPK", "CLI-X509"])];
        more.extend(raw_files(&theirs, &dir, "server"));
        let (_peer, addr) = gnutls_server(&more);
        let config = client(Pins::raw(&theirs), []);
        for kind in [HandshakeKind::Full, HandshakeKind::Resumed] {
            let mut link = Link::client(addr, config.clone(), "localhost");
            link.handshake().unwrap();
            assert_eq!(link.report().kind, Some(kind));
            assert_eq!(link.conn.peer_certificates().unwrap()[0].as_ref(), spki(&theirs));
            talk_to_server(&mut link);
            link.close().unwrap();
        }

        let (listener, addr) = listen();
        let mut more = args!["--insecure", "--resume", "--waitresumption", "--priority"];
        more.extend(args![priority(version, &["SRV-RAWPK", "CLI-RAWPK"])]);
        more.extend(raw_files(&ours, &dir, "client"));
        let mut peer = gnutls_client(addr, &more);
        let config = server([credential(&theirs, RawPublicKey)], Some(Pins::raw(&ours)));
        let mut first = Link::server(&listener, config.clone());
        first.handshake().unwrap();
        assert_eq!(first.receive_to_end().unwrap(), b"");
        first.close().unwrap();
        drop(first);
        let mut second = Link::server(&listener, config);
        second.handshake().unwrap();
        assert_eq!(second.report().kind, Some(HandshakeKind::Resumed));
        assert_eq!(second.conn.peer_certificates().unwrap()[0].as_ref(), spki(&ours));
        let said = talk_to_client_and_quit(&mut second, &mut peer);
        assert_has(&said, "*** This is a resumed session");
    }
}
