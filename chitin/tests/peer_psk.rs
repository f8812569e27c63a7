//! External pre-shared keys with OpenSSL and GnuTLS, over loopback TCP. Both know plain ones only, of SHA-256.

use std::ffi::OsString;
use std::fs;
use std::net::SocketAddr;
use std::sync::Arc;

use chitin::crypto::aws_lc_rs;
use chitin::crypto::hash::HashAlgorithm;
use chitin::psk::{ExternalPsk, PskList};
use chitin::{AlertDescription, ClientConfig, ClientConnection, Error, HandshakeKind, NamedGroup};
use testkit::args;
use testkit::net::{Failure, Link};
use testkit::peer::{Peer, gnutls_server, openssl_server};

const IDENTITY: &str = "sensor 5";
const SECRET: [u8; 32] = *b"as random as thirty-two can be!!";

fn key(secret: &[u8]) -> ExternalPsk {
    ExternalPsk::plain(IDENTITY.as_bytes(), secret, HashAlgorithm::SHA256).unwrap()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn client(secret: &[u8]) -> ClientConfig {
    ClientConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_external_psks(Arc::new(PskList::from(vec![key(secret)])))
}

/// `openssl s_server` that has the key and no certificate.
fn s_server(more: &[OsString]) -> (Peer, SocketAddr) {
    let mut args = args!["-nocert", "-psk", hex(&SECRET), "-psk_identity", IDENTITY];
    args.extend(more.iter().cloned());
    openssl_server(&args)
}

fn connected(link: &Link<ClientConnection>, kind: HandshakeKind) {
    assert_eq!(link.report().kind, Some(kind));
    assert_eq!(link.conn.external_psk_identity(), Some(IDENTITY.as_bytes()));
    assert_eq!(link.conn.peer_certificates(), None);
}

#[test]
fn our_client_meets_openssl_and_resumes() {
    let (mut peer, addr) = s_server(&args!["-naccept", "2"]);
    let config = Arc::new(client(&SECRET));
    for kind in [HandshakeKind::Full, HandshakeKind::Resumed] {
        let mut link = Link::client(addr, config.clone(), "localhost");
        link.handshake().unwrap();
        connected(&link, kind);
        link.send(b"from our client\n").unwrap();
        peer.expect("from our client");
        peer.type_in("to our client\n");
        assert_eq!(link.receive(14).unwrap(), b"to our client\n");
        link.close().unwrap();
    }
    let (status, said) = peer.finish();
    assert!(status.success());
    assert_eq!(said.matches("CIPHER is TLS_AES_128_GCM_SHA256").count(), 2, "{said}");
}

#[test]
fn our_client_meets_openssl_behind_a_retry() {
    let (mut peer, addr) = s_server(&args!["-naccept", "1", "-groups", "P-384"]);
    let mut link = Link::client(addr, Arc::new(client(&SECRET)), "localhost");
    link.handshake().unwrap();
    connected(&link, HandshakeKind::FullWithHelloRetryRequest);
    assert_eq!(link.report().group, Some(NamedGroup::secp384r1));
    link.close().unwrap();
    assert!(peer.finish().0.success());
}

#[test]
fn openssl_refuses_our_client_with_another_key() {
    let (_peer, addr) = s_server(&args!["-naccept", "1"]);
    let mut link = Link::client(addr, Arc::new(client(&[7; 32])), "localhost");
    match link.handshake() {
        // RFC 8446 section 4.2.11: the binder does not verify. OpenSSL calls that an illegal parameter.
        Err(Failure::Tls(Error::AlertReceived(alert))) => {
            assert!(matches!(alert, AlertDescription::IllegalParameter | AlertDescription::DecryptError))
        }
        other => panic!("{other:?}"),
    }
}

/// `gnutls-serv` that has the key and no certificate.
fn serv(folder: &std::path::Path) -> (Peer, SocketAddr) {
    let file = folder.join("keys");
    fs::write(&file, format!("{IDENTITY}:{}\n", hex(&SECRET))).unwrap();
    gnutls_server(&args!["--echo", "--priority", GNUTLS, "--pskpasswd", &file])
}

const GNUTLS: &str = "NORMAL:-VERS-ALL:+VERS-TLS1.3:-KX-ALL:+ECDHE-PSK";

#[test]
fn our_client_meets_gnutls_and_resumes() {
    let folder = testkit::tempdir::TempDir::new();
    let (mut peer, addr) = serv(folder.path());
    let config = Arc::new(client(&SECRET));
    for kind in [HandshakeKind::Full, HandshakeKind::Resumed] {
        let mut link = Link::client(addr, config.clone(), "localhost");
        link.handshake().unwrap();
        connected(&link, kind);
        link.send(b"from our client\n").unwrap();
        assert_eq!(link.receive(16).unwrap(), b"from our client\n");
        link.close().unwrap();
    }
    peer.expect("PSK authentication");
}
