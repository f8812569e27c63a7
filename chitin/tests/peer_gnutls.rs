//! Our client and our server against GnuTLS's, over loopback TCP.
//!
//! GnuTLS says in one line what it negotiated: version, group, signature and cipher.

use std::ffi::OsString;
use std::io::{ErrorKind, Write};
use std::net::SocketAddr;
use std::sync::Arc;
use std::thread;

use chitin::{
    AlertDescription, CertificateError, CipherSuite, ClientConfig, ClientConnection, Error, HandshakeKind,
    NamedGroup, ProtocolVersion, ServerConnection,
};
use testkit::args;
use testkit::configs::{
    CLASSIC_GROUPS, ClientAuth, ClientOpts, SUITES, ServerOpts, client_config, group, server_config,
};
use testkit::net::{Failure, Link, listen};
use testkit::peer::{Peer, gnutls_client, gnutls_server};
use testkit::pki::{Identity, KeyType, Pki, Spec, Validity};

#[path = "peers/gnutls_raw.rs"]
mod raw;
#[path = "peers/gnutls12.rs"]
mod tls12;

const LABEL: &str = "EXPORTER-chitin-test";

#[test]
fn client_meets_each_suite() {
    let pki = Pki::new();
    for suite in SUITES {
        let priority = tls13(&["-CIPHER-ALL", &format!("+{}", name_of_suite(suite))]);
        let (mut peer, addr) = serv(&pki, &pki.server(KeyType::P256), &priority, &[]);
        let mut link = Link::client(addr, trusting(&pki, ClientOpts::default()), "localhost");
        link.handshake().unwrap();
        check(&link, suite, NamedGroup::X25519, HandshakeKind::Full);
        talk_to_server(&mut link);
        peer.expect(&description(suite, NamedGroup::X25519, KeyType::P256));
        link.close().unwrap();
    }
}

#[test]
fn server_meets_each_suite() {
    let pki = Pki::new();
    let config = Arc::new(server_config(&pki.server(KeyType::P256), &ServerOpts::default()));
    for suite in SUITES {
        let (listener, addr) = listen();
        let priority = tls13(&["-CIPHER-ALL", &format!("+{}", name_of_suite(suite))]);
        let mut peer = cli(&pki, addr, &priority, &[]);
        let mut link = Link::server(&listener, config.clone());
        link.handshake().unwrap();
        // GnuTLS offers P-256 and X25519 with shares; which of the two we take is ours to say.
        let group = link.conn.negotiated_key_exchange_group().unwrap().name();
        check(&link, suite, group, HandshakeKind::Full);
        let said = talk_to_client_and_quit(&mut link, &mut peer);
        assert_has(&said, &description(suite, group, KeyType::P256));
    }
}

#[test]
fn client_meets_each_group() {
    let pki = Pki::new();
    for group in groups() {
        let priority = tls13(&["-GROUP-ALL", name_of_group(group)]);
        let (mut peer, addr) = serv(&pki, &pki.server(KeyType::P256), &priority, &[]);
        let opts = ClientOpts { groups: vec![group], ..Default::default() };
        let mut link = Link::client(addr, trusting(&pki, opts), "localhost");
        link.handshake().unwrap();
        let suite = link.report().suite.unwrap();
        check(&link, suite, group, HandshakeKind::Full);
        talk_to_server(&mut link);
        peer.expect(&description(suite, group, KeyType::P256));
        link.close().unwrap();
    }
}

#[test]
fn server_meets_each_group() {
    let pki = Pki::new();
    let opts = ServerOpts { groups: groups(), ..Default::default() };
    let config = Arc::new(server_config(&pki.server(KeyType::P256), &opts));
    for group in groups() {
        let (listener, addr) = listen();
        let mut peer = cli(&pki, addr, &tls13(&["-GROUP-ALL", name_of_group(group)]), &[]);
        let mut link = Link::server(&listener, config.clone());
        link.handshake().unwrap();
        let suite = link.report().suite.unwrap();
        check(&link, suite, group, HandshakeKind::Full);
        let said = talk_to_client_and_quit(&mut link, &mut peer);
        assert_has(&said, &description(suite, group, KeyType::P256));
    }
}

#[test]
fn client_checks_each_kind_of_signature() {
    for key in KeyType::provided() {
        let pki = Pki::new();
        let (mut peer, addr) = serv(&pki, &pki.server(key), &tls13(&[]), &[]);
        let opts = ClientOpts::default();
        let seen = opts.seen.clone();
        let mut link = Link::client(addr, trusting(&pki, opts), "localhost");
        link.handshake().unwrap_or_else(|err| panic!("{key:?}: {err:?}"));
        assert_eq!(seen.schemes().len(), 1);
        talk_to_server(&mut link);
        peer.expect(&format!("- Server Signature: {}", name_of_signature(key)));
        link.close().unwrap();
    }
}

#[test]
fn server_signs_with_each_kind_of_key() {
    for key in KeyType::provided() {
        let pki = Pki::new();
        let (listener, addr) = listen();
        let mut peer = cli(&pki, addr, &tls13(&[]), &[]);
        let config = server_config(&pki.server(key), &ServerOpts::default());
        let mut link = Link::server(&listener, Arc::new(config));
        link.handshake().unwrap_or_else(|err| panic!("{key:?}: {err:?}"));
        let said = talk_to_client_and_quit(&mut link, &mut peer);
        assert_has(&said, &format!("({}", name_of_signature(key)));
        assert_has(&said, "- Status: The certificate is trusted.");
    }
}

#[test]
fn client_follows_a_retry_request() {
    let pki = Pki::new();
    for group in groups().into_iter().filter(|group| *group != NamedGroup::X25519) {
        let priority = tls13(&["-GROUP-ALL", name_of_group(group)]);
        let (mut peer, addr) = serv(&pki, &pki.server(KeyType::P256), &priority, &[]);
        let opts = ClientOpts { groups: vec![NamedGroup::X25519, group], ..Default::default() };
        let mut link = Link::client(addr, trusting(&pki, opts), "localhost");
        link.handshake().unwrap();
        let suite = link.report().suite.unwrap();
        check(&link, suite, group, HandshakeKind::FullWithHelloRetryRequest);
        talk_to_server(&mut link);
        peer.expect(&description(suite, group, KeyType::P256));
        link.close().unwrap();
    }
}

#[test]
fn server_asks_for_a_retry() {
    let pki = Pki::new();
    for group in groups().into_iter().filter(|group| *group != NamedGroup::X25519) {
        let (listener, addr) = listen();
        let priority = tls13(&["-GROUP-ALL", "+GROUP-X25519", name_of_group(group)]);
        let mut peer = cli(&pki, addr, &priority, &args!["--single-key-share"]);
        let opts = ServerOpts { groups: vec![group], ..Default::default() };
        let mut link = Link::server(&listener, Arc::new(server_config(&pki.server(KeyType::P256), &opts)));
        link.handshake().unwrap();
        let suite = link.report().suite.unwrap();
        check(&link, suite, group, HandshakeKind::FullWithHelloRetryRequest);
        let said = talk_to_client_and_quit(&mut link, &mut peer);
        assert_has(&said, &description(suite, group, KeyType::P256));
    }
}

#[test]
fn client_shows_each_kind_of_certificate() {
    let pki = Pki::new();
    for key in KeyType::provided() {
        let args = args!["--require-client-cert", "--verify-client-cert", "--x509cafile", &pki.root_pem];
        let (mut peer, addr) = serv(&pki, &pki.server(KeyType::P256), &tls13(&[]), &args);
        let opts = ClientOpts { identity: Some(pki.client(key)), ..Default::default() };
        let mut link = Link::client(addr, trusting(&pki, opts), "localhost");
        link.handshake().unwrap();
        talk_to_server(&mut link);
        peer.expect(&format!("- Client Signature: {}", name_of_signature(key)));
        peer.expect("Subject: CN=chitin test client");
        peer.expect("- Status: The certificate is trusted.");
        link.close().unwrap();
    }
}

#[test]
fn server_checks_each_kind_of_client_certificate() {
    let pki = Pki::new();
    let opts = ServerOpts { client_auth: ClientAuth::Required(pki.root.store()), ..Default::default() };
    let config = Arc::new(server_config(&pki.server(KeyType::P256), &opts));
    for key in KeyType::provided() {
        let id = pki.client(key);
        let files = pki.write(&id);
        let (listener, addr) = listen();
        let args = args!["--x509certfile", &files.chain, "--x509keyfile", &files.key];
        let mut peer = cli(&pki, addr, &tls13(&[]), &args);
        let mut link = Link::server(&listener, config.clone());
        link.handshake().unwrap_or_else(|err| panic!("{key:?}: {err:?}"));
        assert_eq!(link.conn.peer_certificates().unwrap(), &id.chain[..]);
        let said = talk_to_client_and_quit(&mut link, &mut peer);
        assert_has(&said, "Successfully sent 2 certificate(s) to server.");
    }
}

#[test]
fn client_without_a_certificate_meets_a_server_that_wants_one() {
    let pki = Pki::new();
    // Optional.
    let args = args!["--x509cafile", &pki.root_pem];
    let (_peer, addr) = serv(&pki, &pki.server(KeyType::P256), &tls13(&[]), &args);
    let mut link = Link::client(addr, trusting(&pki, ClientOpts::default()), "localhost");
    link.handshake().unwrap();
    talk_to_server(&mut link);
    link.close().unwrap();

    // Required.
    let args = args!["--require-client-cert", "--x509cafile", &pki.root_pem];
    let (_peer, addr) = serv(&pki, &pki.server(KeyType::P256), &tls13(&[]), &args);
    let mut link = Link::client(addr, trusting(&pki, ClientOpts::default()), "localhost");
    let err = link.handshake().and_then(|()| link.receive(1)).unwrap_err().tls();
    assert_eq!(err, Error::AlertReceived(AlertDescription::CertificateRequired));
}

#[test]
fn server_wants_a_certificate_that_does_not_come() {
    let pki = Pki::new();
    let id = pki.server(KeyType::P256);
    for (required, auth) in
        [(false, ClientAuth::Optional(pki.root.store())), (true, ClientAuth::Required(pki.root.store()))]
    {
        let (listener, addr) = listen();
        let mut peer = cli(&pki, addr, &tls13(&[]), &[]);
        let opts = ServerOpts { client_auth: auth, ..Default::default() };
        let mut link = Link::server(&listener, Arc::new(server_config(&id, &opts)));
        if required {
            assert_eq!(link.handshake().unwrap_err().tls(), Error::NoCertificatesPresented);
            peer.expect("Certificate is required");
        } else {
            link.handshake().unwrap();
            assert_eq!(link.conn.peer_certificates(), None);
            let said = talk_to_client_and_quit(&mut link, &mut peer);
            assert_has(&said, "- Server has requested a certificate.");
        }
    }
}

#[test]
fn client_resumes() {
    let pki = Pki::new();
    let (mut peer, addr) = serv(&pki, &pki.server(KeyType::P256), &tls13(&[]), &[]);
    let config = trusting(&pki, ClientOpts::default());
    for kind in [HandshakeKind::Full, HandshakeKind::Resumed] {
        let mut link = Link::client(addr, config.clone(), "localhost");
        link.handshake().unwrap();
        assert_eq!(link.report().kind, Some(kind));
        talk_to_server(&mut link);
        assert!(link.conn.tls13_tickets_received() > 0);
        link.close().unwrap();
    }
    peer.expect_times("- Description: (TLS1.3-X.509)", 2);
    assert_eq!(peer.output().matches("This is a resumed session").count(), 1);
}

#[test]
fn server_resumes() {
    let pki = Pki::new();
    for ticketer in [false, true] {
        let opts = ServerOpts { ticketer, ..Default::default() };
        let config = Arc::new(server_config(&pki.server(KeyType::P256), &opts));
        let (listener, addr) = listen();
        let mut peer = cli(&pki, addr, &tls13(&[]), &args!["--resume", "--waitresumption"]);
        let mut first = Link::server(&listener, config.clone());
        first.handshake().unwrap();
        assert_eq!(first.report().kind, Some(HandshakeKind::Full));
        assert_eq!(first.receive_to_end().unwrap(), b"");
        first.close().unwrap();
        drop(first);
        let mut second = Link::server(&listener, config);
        second.handshake().unwrap();
        assert_eq!(second.report().kind, Some(HandshakeKind::Resumed), "ticketer {ticketer}");
        let said = talk_to_client_and_quit(&mut second, &mut peer);
        assert_has(&said, "*** This is a resumed session");
    }
}

#[test]
fn alpn_and_server_name_are_agreed() {
    let pki = Pki::new();
    let id = pki.server(KeyType::P256);
    let (mut peer, addr) = serv(&pki, &id, &tls13(&[]), &args!["--alpn", "http/1.1"]);
    let opts = ClientOpts { alpn: vec![b"h2".to_vec(), b"http/1.1".to_vec()], ..Default::default() };
    let mut link = Link::client(addr, trusting(&pki, opts), "localhost");
    link.handshake().unwrap();
    assert_eq!(link.conn.alpn_protocol(), Some(&b"http/1.1"[..]));
    talk_to_server(&mut link);
    peer.expect("- Application protocol: http/1.1");
    peer.expect("- Given server name[1]: localhost");
    link.close().unwrap();

    let (listener, addr) = listen();
    let mut peer = cli(&pki, addr, &tls13(&[]), &args!["--alpn", "h2"]);
    let opts = ServerOpts { alpn: vec![b"h2".to_vec()], ..Default::default() };
    let config = Arc::new(server_config(&id, &opts));
    let mut link = Link::server(&listener, config.clone());
    link.handshake().unwrap();
    assert_eq!(link.conn.alpn_protocol(), Some(&b"h2"[..]));
    assert_eq!(link.conn.server_name(), Some("localhost"));
    assert_has(&talk_to_client_and_quit(&mut link, &mut peer), "- Application protocol: h2");

    let mut peer = cli(&pki, addr, &tls13(&[]), &args!["--alpn", "gopher"]);
    let mut link = Link::server(&listener, config);
    assert_eq!(link.handshake().unwrap_err().tls(), Error::NoApplicationProtocol);
    peer.expect("No supported application protocol could be negotiated");
}

#[test]
fn exporters_agree() {
    let pki = Pki::new();
    let id = pki.server(KeyType::P256);
    let exporter = args![format!("--keymatexport={LABEL}"), "--keymatexportsize=50"];
    for suite in SUITES {
        let priority = tls13(&["-CIPHER-ALL", &format!("+{}", name_of_suite(suite))]);
        let (mut peer, addr) = serv(&pki, &id, &priority, &exporter);
        let mut link = Link::client(addr, trusting(&pki, ClientOpts::default()), "localhost");
        link.handshake().unwrap();
        talk_to_server(&mut link);
        peer.expect(&format!("- Key material: {}\n", hex(&link.export(LABEL, 50))));
        link.close().unwrap();

        let (listener, addr) = listen();
        let mut peer = cli(&pki, addr, &priority, &exporter);
        let mut link = Link::server(&listener, Arc::new(server_config(&id, &ServerOpts::default())));
        link.handshake().unwrap();
        let ours = hex(&link.export(LABEL, 50));
        let said = talk_to_client_and_quit(&mut link, &mut peer);
        assert_has(&said, &format!("- Key material: {ours}\n"));
    }
}

/// `^rekey^` makes GnuTLS update its keys, and ask for ours.
#[test]
fn key_updates_go_both_ways() {
    let pki = Pki::new();
    let (listener, addr) = listen();
    let mut peer = cli(&pki, addr, &tls13(&[]), &args!["--inline-commands"]);
    let config = server_config(&pki.server(KeyType::P256), &ServerOpts::default());
    let mut link = Link::server(&listener, Arc::new(config));
    link.handshake().unwrap();
    talk_to_client(&mut link, &mut peer);
    link.conn.refresh_traffic_keys().unwrap();
    talk_to_client(&mut link, &mut peer);
    peer.type_in("^rekey^\n");
    talk_to_client(&mut link, &mut peer);
    talk_to_client(&mut link, &mut peer);
    link.conn.refresh_traffic_keys().unwrap();
    let said = talk_to_client_and_quit(&mut link, &mut peer);
    assert_has(&said, "- Rekey was completed");

    let (_peer, addr) = serv(&pki, &pki.server(KeyType::P256), &tls13(&[]), &[]);
    let mut link = Link::client(addr, trusting(&pki, ClientOpts::default()), "localhost");
    link.handshake().unwrap();
    for _ in 0..3 {
        link.conn.refresh_traffic_keys().unwrap();
        talk_to_server(&mut link);
    }
    link.close().unwrap();
}

#[test]
fn closing_is_told_from_truncation() {
    let pki = Pki::new();
    let config = Arc::new(server_config(&pki.server(KeyType::P256), &ServerOpts::default()));
    for clean in [true, false] {
        let (listener, addr) = listen();
        let mut peer = cli(&pki, addr, &tls13(&[]), &[]);
        let mut link = Link::server(&listener, config.clone());
        link.handshake().unwrap();
        talk_to_client(&mut link, &mut peer);
        if clean {
            peer.hang_up()
        } else {
            peer.kill()
        }
        match link.receive_to_end() {
            Ok(data) => assert!(clean && data.is_empty()),
            Err(Failure::Io(err)) => assert!(!clean && err.kind() == ErrorKind::UnexpectedEof, "{err:?}"),
            Err(Failure::Tls(err)) => panic!("{err:?}"),
        }

        let (listener, addr) = listen();
        let mut peer = cli(&pki, addr, &tls13(&[]), &[]);
        let mut link = Link::server(&listener, config.clone());
        link.handshake().unwrap();
        talk_to_client(&mut link, &mut peer);
        if clean {
            link.close().unwrap();
        }
        drop(link);
        peer.expect(if clean {
            "- Peer has closed the GnuTLS connection"
        } else {
            "The TLS connection was non-properly terminated."
        });
    }
}

#[test]
fn a_mebibyte_goes_each_way() {
    let pki = Pki::new();
    let data = lines();
    // Our client: the echo server reads and writes in turn, so we do the same.
    let (_peer, addr) = serv(&pki, &pki.server(KeyType::P256), &tls13(&[]), &[]);
    let mut link = Link::client(addr, trusting(&pki, ClientOpts::default()), "localhost");
    link.handshake().unwrap();
    for batch in data.chunks(1024) {
        link.send(batch).unwrap();
        assert!(link.receive(batch.len()).unwrap() == batch, "the echo differs");
    }
    link.close().unwrap();

    let (listener, addr) = listen();
    let mut peer = cli(&pki, addr, &tls13(&[]), &args!["--logfile", "/dev/null"]);
    let config = server_config(&pki.server(KeyType::P256), &ServerOpts::default());
    let mut link = Link::server(&listener, Arc::new(config));
    link.handshake().unwrap();
    let (mut stdin, copy) = (peer.take_stdin(), data.clone());
    let writer = thread::spawn(move || stdin.write_all(&copy).map(|()| stdin));
    link.echo(data.len()).unwrap();
    drop(writer.join().unwrap().unwrap());
    assert_eq!(link.receive_to_end().unwrap(), b"");
    link.close().unwrap();
    peer.finish();
    let stdout = peer.stdout();
    assert!(stdout.windows(4096).any(|window| window == &data[..4096]), "the head of the echo is missing");
    assert!(
        stdout.len() >= data.len() && stdout.ends_with(&data[data.len() - 4096..]),
        "the end of it is missing"
    );
}

#[test]
fn client_refuses_bad_server_certificates() {
    let pki = Pki::new();
    let spec = || Spec::server(KeyType::P256);
    let cells: [(&str, Identity, Check, &str); 3] = [
        ("stranger", pki.stranger.issue(&spec()), is_unknown_issuer, "Unknown CA"),
        ("name", pki.issuing.issue(&spec().dns(&["elsewhere.test"])), is_name, "Bad certificate"),
        (
            "expired",
            pki.issuing.issue(&spec().validity(Validity::Expired)),
            is_expired,
            "Certificate was expired",
        ),
    ];
    for (cell, id, expected, _alert) in cells {
        let (mut peer, addr) = serv(&pki, &id, &tls13(&[]), &[]);
        let mut link = Link::client(addr, trusting(&pki, ClientOpts::default()), "localhost");
        match link.handshake() {
            Err(Failure::Tls(Error::InvalidCertificate(err))) => assert!(expected(&err), "{cell}: {err:?}"),
            other => panic!("{cell}: {other:?}"),
        }
        peer.expect("Error in handshake: A TLS fatal alert has been received.");
    }
}

#[test]
fn gnutls_client_refuses_our_bad_certificates() {
    let pki = Pki::new();
    let spec = || Spec::server(KeyType::P256);
    let cells = [
        ("stranger", pki.stranger.issue(&spec()), "The certificate issuer is unknown"),
        (
            "name",
            pki.issuing.issue(&spec().dns(&["elsewhere.test"])),
            "The name in the certificate does not match",
        ),
        (
            "expired",
            pki.issuing.issue(&spec().validity(Validity::Expired)),
            "The certificate chain uses expired",
        ),
    ];
    for (cell, id, reason) in cells {
        let (listener, addr) = listen();
        let mut peer = cli(&pki, addr, &tls13(&[]), &[]);
        let mut link = Link::server(&listener, Arc::new(server_config(&id, &ServerOpts::default())));
        match link.handshake().unwrap_err().tls() {
            Error::AlertReceived(_) => {}
            other => panic!("{cell}: {other:?}"),
        }
        drop(link);
        let (status, said) = peer.finish();
        assert!(!status.success(), "{cell}");
        assert_has(&said, reason);
    }
}

fn trusting(pki: &Pki, opts: ClientOpts) -> Arc<ClientConfig> {
    Arc::new(client_config(pki.root.store(), &opts))
}

/// A priority string for TLS 1.3 with these changes.
fn tls13(changes: &[&str]) -> String {
    let mut priority = String::from("NORMAL:-VERS-ALL:+VERS-TLS1.3");
    for change in changes {
        priority.push(':');
        priority.push_str(change);
    }
    priority
}

/// `gnutls-serv` as an echo server with this identity.
fn serv(pki: &Pki, id: &Identity, priority: &str, more: &[OsString]) -> (Peer, SocketAddr) {
    let files = pki.write(id);
    let mut args =
        args!["--echo", "--priority", priority, "--x509certfile", &files.chain, "--x509keyfile", &files.key];
    args.extend(more.iter().cloned());
    gnutls_server(&args)
}

/// `gnutls-cli` that really verifies.
fn cli(pki: &Pki, addr: SocketAddr, priority: &str, more: &[OsString]) -> Peer {
    let mut args = args!["--priority", priority, "--x509cafile", &pki.root_pem];
    args.extend(args!["--sni-hostname", "localhost", "--verify-hostname", "localhost"]);
    args.extend(more.iter().cloned());
    gnutls_client(addr, &args)
}

fn check<C, S>(link: &Link<C>, suite: CipherSuite, group: NamedGroup, kind: HandshakeKind)
where
    C: std::ops::DerefMut<Target = chitin::ConnectionCommon<S>>,
    S: chitin::SideData,
{
    let report = link.report();
    assert_eq!(report.version, Some(ProtocolVersion::TLSv1_3));
    assert_eq!((report.suite, report.group, report.kind), (Some(suite), Some(group), Some(kind)));
}

/// A line there and back, through the peer's echo.
fn talk_to_server(link: &mut Link<ClientConnection>) {
    link.send(b"from our client\n").unwrap();
    assert_eq!(link.receive(16).unwrap(), b"from our client\n");
}

/// A line each way.
fn talk_to_client(link: &mut Link<ServerConnection>, peer: &mut Peer) {
    let before = peer.output().matches("from our server").count();
    peer.type_in("to our server\n");
    assert_eq!(link.receive(14).unwrap(), b"to our server\n");
    link.send(b"from our server\n").unwrap();
    peer.expect_times("from our server", before + 1);
}

/// A line each way and a proper goodbye; gives everything the peer said.
fn talk_to_client_and_quit(link: &mut Link<ServerConnection>, peer: &mut Peer) -> String {
    talk_to_client(link, peer);
    peer.hang_up();
    assert_eq!(link.receive_to_end().unwrap(), b"");
    link.close().unwrap();
    let (status, said) = peer.finish();
    assert!(status.success());
    said
}

/// What GnuTLS says of a connection.
fn description(suite: CipherSuite, group: NamedGroup, key: KeyType) -> String {
    let group = name_of_group(group).trim_start_matches("+GROUP-");
    format!("(TLS1.3-X.509)-(ECDHE-{group})-({})-({})", name_of_signature(key), name_of_suite(suite))
}

fn name_of_suite(suite: CipherSuite) -> &'static str {
    match suite {
        CipherSuite::TLS13_AES_128_GCM_SHA256 => "AES-128-GCM",
        CipherSuite::TLS13_AES_256_GCM_SHA384 => "AES-256-GCM",
        CipherSuite::TLS13_CHACHA20_POLY1305_SHA256 => "CHACHA20-POLY1305",
        other => panic!("{other:?}"),
    }
}

/// The groups that GnuTLS 3.7 and our provider share.
fn groups() -> Vec<NamedGroup> {
    let mut groups = CLASSIC_GROUPS.to_vec();
    groups.extend(group(NamedGroup::secp521r1).map(|group| group.name()));
    groups
}

fn name_of_group(group: NamedGroup) -> &'static str {
    match group {
        NamedGroup::X25519 => "+GROUP-X25519",
        NamedGroup::secp256r1 => "+GROUP-SECP256R1",
        NamedGroup::secp384r1 => "+GROUP-SECP384R1",
        NamedGroup::secp521r1 => "+GROUP-SECP521R1",
        other => panic!("{other:?}"),
    }
}

fn name_of_signature(key: KeyType) -> &'static str {
    match key {
        KeyType::P256 => "ECDSA-SECP256R1-SHA256",
        KeyType::P384 => "ECDSA-SECP384R1-SHA384",
        KeyType::P521 => "ECDSA-SECP521R1-SHA512",
        KeyType::Ed25519 => "EdDSA-Ed25519",
        _ => "RSA-PSS-RSAE-SHA",
    }
}

/// Says whether an error is the one we mean, with or without its details.
type Check = fn(&CertificateError) -> bool;

fn is_unknown_issuer(err: &CertificateError) -> bool {
    *err == CertificateError::UnknownIssuer
}

fn is_expired(err: &CertificateError) -> bool {
    matches!(err, CertificateError::Expired | CertificateError::ExpiredContext { .. })
}

fn is_name(err: &CertificateError) -> bool {
    matches!(err, CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. })
}

/// A mebibyte in lines of 1024 bytes, each unlike its neighbours.
fn lines() -> Vec<u8> {
    let line = |n: u32| (0..1023).map(move |i| b'a' + ((n * 31 + i * 7 + i / 26) % 26) as u8).chain([b'\n']);
    (0..1024).flat_map(line).collect()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[track_caller]
fn assert_has(said: &str, words: &str) {
    assert!(said.contains(words), "no {words:?} in:\n{said}");
}
