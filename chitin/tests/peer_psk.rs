//! External pre-shared keys with OpenSSL and GnuTLS, over loopback TCP. Both know plain ones only, of SHA-256.

use std::ffi::OsString;
use std::fs;
use std::net::SocketAddr;
use std::sync::Arc;

use chitin::crypto::hash::HashAlgorithm;
use chitin::psk::{ExternalPsk, PskList};
use chitin::{
    AlertDescription, ClientConfig, ClientConnection, Error, HandshakeKind, NamedGroup, PeerMisbehaved,
    ServerConfig, ServerConnection,
};
use testkit::args;
use testkit::configs::provider;
use testkit::net::{Failure, Link, listen};
use testkit::peer::{Peer, gnutls_client, gnutls_server, openssl_client, openssl_server};

const IDENTITY: &str = "sensor 5";
const SECRET: [u8; 32] = *b"as random as thirty-two can be!!";

fn key(secret: &[u8]) -> ExternalPsk {
    ExternalPsk::plain(IDENTITY.as_bytes(), secret, HashAlgorithm::SHA256).unwrap()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn client(secret: &[u8]) -> ClientConfig {
    ClientConfig::builder_with_provider(provider(&[], &[]))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_external_psks(Arc::new(PskList::from(vec![key(secret)])))
}

fn server(secret: &[u8]) -> Arc<ServerConfig> {
    let config = ServerConfig::builder_with_provider(provider(&[], &[]))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_external_psks(Arc::new(PskList::from(vec![key(secret)])));
    Arc::new(config)
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

fn met(link: &Link<ServerConnection>, kind: HandshakeKind) {
    assert_eq!(link.report().kind, Some(kind));
    assert_eq!(link.conn.external_psk_identity(), Some(IDENTITY.as_bytes()));
    assert_eq!(link.conn.peer_certificates(), None);
}

/// `openssl s_client` that has the key and no roots.
fn s_client(addr: SocketAddr, more: &[OsString]) -> Peer {
    let mut args = args!["-psk", hex(&SECRET), "-psk_identity", IDENTITY];
    args.extend(more.iter().cloned());
    openssl_client(addr, &args)
}

/// A line each way, and all that the peer has said until it went.
fn talk_and_part(link: &mut Link<ServerConnection>, peer: &mut Peer, part: impl FnOnce(&mut Peer)) -> String {
    peer.type_in("to our server\n");
    assert_eq!(link.receive(14).unwrap(), b"to our server\n");
    link.send(b"from our server\n").unwrap();
    peer.expect("from our server");
    part(peer);
    assert_eq!(link.receive_to_end().unwrap(), b"");
    let _ = link.close(); // it may have gone already
    let _ = link.sock.shutdown(std::net::Shutdown::Both);
    let (status, said) = peer.finish();
    assert!(status.success(), "{said}");
    said
}

#[test]
fn openssl_meets_our_server_and_resumes() {
    let folder = testkit::tempdir::TempDir::new();
    let session = folder.path().join("session");
    let config = server(&SECRET);
    // OpenSSL offers its suite of SHA-384 first, which does not go with the key.
    for (kind, args, shown) in [
        (
            HandshakeKind::Full,
            args!["-sess_out", &session],
            "Reused, TLSv1.3, Cipher is TLS_CHACHA20_POLY1305_SHA256",
        ),
        (
            HandshakeKind::Resumed,
            args!["-sess_in", &session],
            "Reused, TLSv1.3, Cipher is TLS_CHACHA20_POLY1305_SHA256",
        ),
    ] {
        let (listener, addr) = listen();
        let mut peer = s_client(addr, &args);
        let mut link = Link::server(&listener, config.clone());
        link.handshake().unwrap();
        met(&link, kind);
        let said = talk_and_part(&mut link, &mut peer, |peer| peer.type_in("Q\n"));
        assert!(said.contains(shown), "{said}");
        assert!(said.contains("no peer certificate available"), "{said}");
    }
}

#[test]
fn openssl_meets_our_server_behind_a_retry() {
    let (listener, addr) = listen();
    let mut peer = s_client(addr, &args!["-groups", "P-521:X25519"]);
    let mut link = Link::server(&listener, server(&SECRET));
    link.handshake().unwrap();
    met(&link, HandshakeKind::FullWithHelloRetryRequest);
    talk_and_part(&mut link, &mut peer, |peer| peer.type_in("Q\n"));
}

#[test]
fn our_server_refuses_openssl_with_another_key() {
    let (listener, addr) = listen();
    let mut peer = s_client(addr, &[]);
    let mut link = Link::server(&listener, server(&[7; 32]));
    match link.handshake() {
        Err(Failure::Tls(error)) => assert_eq!(error, PeerMisbehaved::IncorrectBinder.into()),
        other => panic!("{other:?}"),
    }
    peer.expect("decrypt error");
}

#[test]
fn gnutls_meets_our_server_and_resumes() {
    let (listener, addr) = listen();
    let args = args![
        "--priority",
        GNUTLS,
        "--pskusername",
        IDENTITY,
        "--pskkey",
        hex(&SECRET),
        "--resume",
        "--waitresumption"
    ];
    let mut peer = gnutls_client(addr, &args);
    let config = server(&SECRET);
    let mut link = Link::server(&listener, config.clone());
    link.handshake().unwrap();
    met(&link, HandshakeKind::Full);
    let _ = link.receive_to_end();
    drop(link);
    let mut link = Link::server(&listener, config);
    link.handshake().unwrap();
    met(&link, HandshakeKind::Resumed);
    let said = talk_and_part(&mut link, &mut peer, Peer::hang_up);
    assert!(said.contains("PSK authentication"), "{said}");
}
