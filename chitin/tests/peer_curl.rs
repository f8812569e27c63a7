//! curl as a client of our server.

use std::ffi::OsString;
use std::net::SocketAddr;
use std::sync::Arc;

use chitin::version::{TLS12, TLS13};
use chitin::{
    AlertDescription, CipherSuite, Error, HandshakeKind, NamedGroup, ProtocolVersion, ServerConnection,
};
use testkit::args;
use testkit::configs::{ClientAuth, SUITES, ServerOpts, server_config};
use testkit::net::{Failure, Link, listen};
use testkit::peer::{Peer, curl};
use testkit::pki::{KeyType, Pki, Spec, Validity};

const BODY: &str = "Good morning, curl.\n";

#[test]
fn curl_gets_a_page_under_each_suite() {
    let pki = Pki::new();
    let opts = ServerOpts { alpn: vec![b"http/1.1".to_vec()], ..Default::default() };
    let config = Arc::new(server_config(&pki.server(KeyType::P256), &opts));
    for suite in SUITES {
        let (listener, addr) = listen();
        let mut peer = get(addr, &args!["--cacert", &pki.root_pem, "--tls13-ciphers", name_of_suite(suite)]);
        let mut link = Link::server(&listener, config.clone());
        let request = serve(&mut link, BODY.as_bytes()).unwrap();
        assert!(request.starts_with("GET /page HTTP/1.1\r\n"), "{request}");
        let report = link.report();
        assert_eq!(report.version, Some(ProtocolVersion::TLSv1_3));
        assert_eq!(report.suite, Some(suite));
        assert_eq!(report.group, Some(NamedGroup::X25519));
        assert_eq!(report.alpn.as_deref(), Some(&b"http/1.1"[..]));
        assert_eq!(link.conn.server_name(), Some("localhost"));
        let (status, said) = peer.finish();
        assert!(status.success());
        assert_eq!(peer.stdout(), BODY.as_bytes());
        assert_has(&said, &format!("SSL connection using TLSv1.3 / {}", name_of_suite(suite)));
        assert_has(&said, "ALPN: server accepted http/1.1");
        assert_has(&said, "SSL certificate verify ok.");
    }
}

#[test]
fn curl_meets_each_kind_of_key() {
    let pki = Pki::new();
    for key in KeyType::provided() {
        let config = Arc::new(server_config(&pki.server(key), &ServerOpts::default()));
        let (listener, addr) = listen();
        let mut peer = get(addr, &args!["--cacert", &pki.root_pem]);
        let mut link = Link::server(&listener, config);
        serve(&mut link, BODY.as_bytes()).unwrap_or_else(|err| panic!("{key:?}: {err:?}"));
        assert!(peer.finish().0.success(), "{key:?}");
        assert_eq!(peer.stdout(), BODY.as_bytes());
    }
}

#[test]
fn curl_takes_a_long_page() {
    let pki = Pki::new();
    let body: Vec<u8> = (0..3 << 20).map(|i: u32| (i.wrapping_mul(2_654_435_761) >> 24) as u8).collect();
    let (listener, addr) = listen();
    let out = pki.dir.path().join("page");
    let mut peer = get(addr, &args!["--cacert", &pki.root_pem, "--output", &out]);
    let config = server_config(&pki.server(KeyType::P256), &ServerOpts::default());
    let mut link = Link::server(&listener, Arc::new(config));
    serve(&mut link, &body).unwrap();
    assert!(peer.finish().0.success());
    assert!(std::fs::read(out).unwrap() == body, "the page differs");
}

#[test]
fn curl_shows_its_certificate() {
    let pki = Pki::new();
    let opts = ServerOpts { client_auth: ClientAuth::Required(pki.root.store()), ..Default::default() };
    let config = Arc::new(server_config(&pki.server(KeyType::P256), &opts));
    let id = pki.client(KeyType::Rsa2048);
    let files = pki.write(&id);
    let (listener, addr) = listen();
    let args = args!["--cacert", &pki.root_pem, "--cert", &files.chain, "--key", &files.key];
    let mut peer = get(addr, &args);
    let mut link = Link::server(&listener, config.clone());
    serve(&mut link, BODY.as_bytes()).unwrap();
    assert_eq!(link.conn.peer_certificates().unwrap(), &id.chain[..]);
    assert!(peer.finish().0.success());
    assert_eq!(peer.stdout(), BODY.as_bytes());

    // And without one.
    let mut peer = get(addr, &args!["--cacert", &pki.root_pem]);
    let mut link = Link::server(&listener, config);
    assert_eq!(link.handshake().unwrap_err().tls(), Error::NoCertificatesPresented);
    let (status, said) = peer.finish();
    assert!(!status.success());
    assert_has(&said, "alert certificate required");
}

#[test]
fn curl_follows_a_retry_request() {
    let pki = Pki::new();
    let opts = ServerOpts { groups: vec![NamedGroup::secp384r1], ..Default::default() };
    let config = Arc::new(server_config(&pki.server(KeyType::P256), &opts));
    let (listener, addr) = listen();
    let mut peer = get(addr, &args!["--cacert", &pki.root_pem, "--curves", "X25519:P-384"]);
    let mut link = Link::server(&listener, config);
    serve(&mut link, BODY.as_bytes()).unwrap();
    assert_eq!(link.report().kind, Some(HandshakeKind::FullWithHelloRetryRequest));
    assert_eq!(link.report().group, Some(NamedGroup::secp384r1));
    assert!(peer.finish().0.success());
}

/// Each suite of TLS 1.2, with a server that has both versions and a curl that has one; twice, the second time resumed.
#[test]
fn curl_meets_tls12() {
    let pki = Pki::new();
    for (suite, name, key) in [
        (
            CipherSuite::TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256,
            "ECDHE-ECDSA-AES128-GCM-SHA256",
            KeyType::P256,
        ),
        (
            CipherSuite::TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384,
            "ECDHE-ECDSA-AES256-GCM-SHA384",
            KeyType::P256,
        ),
        (
            CipherSuite::TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256,
            "ECDHE-ECDSA-CHACHA20-POLY1305",
            KeyType::P256,
        ),
        (CipherSuite::TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256, "ECDHE-RSA-AES128-GCM-SHA256", KeyType::Rsa2048),
        (CipherSuite::TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384, "ECDHE-RSA-AES256-GCM-SHA384", KeyType::Rsa2048),
        (
            CipherSuite::TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256,
            "ECDHE-RSA-CHACHA20-POLY1305",
            KeyType::Rsa2048,
        ),
    ] {
        for ticketer in [false, true] {
            let opts = ServerOpts {
                alpn: vec![b"http/1.1".to_vec()],
                versions: vec![&TLS13, &TLS12],
                ticketer,
                ..Default::default()
            };
            let config = Arc::new(server_config(&pki.server(key), &opts));
            let (listener, addr) = listen();
            let url = format!("https://localhost:{}/again", addr.port());
            let more =
                args!["--tlsv1.2", "--tls-max", "1.2", "--ciphers", name, "--cacert", &pki.root_pem, url];
            let mut peer = get(addr, &more);
            for kind in [HandshakeKind::Full, HandshakeKind::Resumed] {
                let mut link = Link::server(&listener, config.clone());
                serve(&mut link, BODY.as_bytes()).unwrap();
                let report = link.report();
                assert_eq!(report.version, Some(ProtocolVersion::TLSv1_2));
                assert_eq!((report.suite, report.kind), (Some(suite), Some(kind)), "ticketer {ticketer}");
                assert_eq!(report.alpn.as_deref(), Some(&b"http/1.1"[..]));
            }
            let (status, said) = peer.finish();
            assert!(status.success());
            assert_eq!(peer.stdout(), BODY.repeat(2).as_bytes());
            assert_has(&said, &format!("SSL connection using TLSv1.2 / {name}"));
        }
    }
}

/// curl keeps its session between the pages of one run.
#[test]
fn curl_resumes() {
    let pki = Pki::new();
    for ticketer in [false, true] {
        let opts = ServerOpts { ticketer, ..Default::default() };
        let config = Arc::new(server_config(&pki.server(KeyType::P256), &opts));
        let (listener, addr) = listen();
        let url = format!("https://localhost:{}/again", addr.port());
        // "Connection: close" in our answer makes it connect anew.
        let mut peer = get(addr, &args!["--cacert", &pki.root_pem, url]);
        for kind in [HandshakeKind::Full, HandshakeKind::Resumed] {
            let mut link = Link::server(&listener, config.clone());
            serve(&mut link, BODY.as_bytes()).unwrap();
            assert_eq!(link.report().kind, Some(kind), "ticketer {ticketer}");
        }
        let (status, said) = peer.finish();
        assert!(status.success());
        // "re-using" in older releases, "reusing" in newer ones.
        assert_has(&said, "using session ID");
        assert_eq!(peer.stdout(), BODY.repeat(2).as_bytes());
    }
}

#[test]
fn curl_refuses_our_bad_certificates() {
    let pki = Pki::new();
    let spec = || Spec::server(KeyType::P256);
    let cells = [
        (
            "stranger",
            pki.stranger.issue(&spec()),
            "unable to get local issuer certificate",
            Some(AlertDescription::UnknownCA),
        ),
        (
            "expired",
            pki.issuing.issue(&spec().validity(Validity::Expired)),
            "certificate has expired",
            Some(AlertDescription::CertificateExpired),
        ),
        // curl looks at the name itself, after the handshake.
        (
            "name",
            pki.issuing.issue(&spec().dns(&["elsewhere.test"])),
            "no alternative certificate subject name matches",
            None,
        ),
    ];
    for (cell, id, reason, alert) in cells {
        let (listener, addr) = listen();
        let mut peer = get(addr, &args!["--cacert", &pki.root_pem]);
        let mut link = Link::server(&listener, Arc::new(server_config(&id, &ServerOpts::default())));
        match (link.handshake(), alert) {
            (Err(Failure::Tls(Error::AlertReceived(got))), Some(alert)) => assert_eq!(got, alert, "{cell}"),
            (Ok(()), None) => assert!(link.receive_to_end().is_ok_and(|data| data.is_empty()), "{cell}"),
            (other, _) => panic!("{cell}: {other:?}"),
        }
        let (status, said) = peer.finish();
        assert!(!status.success(), "{cell}");
        assert_has(&said, reason);
    }
}

/// Runs curl for a page of the server at this address, by name.
fn get(addr: SocketAddr, more: &[OsString]) -> Peer {
    let port = addr.port();
    let mut args = args!["--tlsv1.3", "--http1.1", "--resolve", format!("localhost:{port}:127.0.0.1")];
    args.push(format!("https://localhost:{port}/page").into());
    args.extend(more.iter().cloned());
    curl(&args)
}

/// Answers one request and closes; gives the request.
fn serve(link: &mut Link<ServerConnection>, body: &[u8]) -> Result<String, Failure> {
    link.handshake()?;
    let mut request = Vec::new();
    // A request of curl is some hundred bytes.
    while !request.ends_with(b"\r\n\r\n") && request.len() < 16 * 1024 {
        request.extend(link.receive(1)?);
    }
    let head = format!("HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: {}\r\n\r\n", body.len());
    link.send(&[head.as_bytes(), body].concat())?;
    link.close()?;
    // curl says goodbye too.
    let rest = link.receive_to_end()?;
    assert!(rest.is_empty());
    Ok(String::from_utf8(request).expect("a request in ASCII"))
}

fn name_of_suite(suite: CipherSuite) -> &'static str {
    match suite {
        CipherSuite::TLS13_AES_128_GCM_SHA256 => "TLS_AES_128_GCM_SHA256",
        CipherSuite::TLS13_AES_256_GCM_SHA384 => "TLS_AES_256_GCM_SHA384",
        CipherSuite::TLS13_CHACHA20_POLY1305_SHA256 => "TLS_CHACHA20_POLY1305_SHA256",
        other => panic!("{other:?}"),
    }
}

#[track_caller]
fn assert_has(said: &str, words: &str) {
    assert!(said.contains(words), "no {words:?} in:\n{said}");
}
