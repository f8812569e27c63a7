//! The cells of TLS 1.2. GnuTLS can leave the extended master secret out, which few peers can.

use chitin::version::{TLS12, TLS13};
use chitin::{PeerIncompatible, ServerConfig};

use super::*;

/// The six suites, with GnuTLS's names of their ciphers.
const SUITES12: [(CipherSuite, KeyType, &str); 6] = [
    (CipherSuite::TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256, KeyType::P256, "AES-128-GCM"),
    (CipherSuite::TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384, KeyType::P256, "AES-256-GCM"),
    (CipherSuite::TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256, KeyType::P256, "CHACHA20-POLY1305"),
    (CipherSuite::TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256, KeyType::Rsa2048, "AES-128-GCM"),
    (CipherSuite::TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384, KeyType::Rsa2048, "AES-256-GCM"),
    (CipherSuite::TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256, KeyType::Rsa2048, "CHACHA20-POLY1305"),
];

/// A priority string for TLS 1.2 alone.
fn priority12(more: &[&str]) -> String {
    tls13(more).replace("VERS-TLS1.3", "VERS-TLS1.2")
}

fn client12(pki: &Pki, opts: ClientOpts) -> Arc<ClientConfig> {
    trusting(pki, ClientOpts { versions: vec![&TLS13, &TLS12], ..opts })
}

fn server12(id: &Identity, opts: ServerOpts) -> Arc<ServerConfig> {
    Arc::new(server_config(id, &ServerOpts { versions: vec![&TLS13, &TLS12], ..opts }))
}

#[track_caller]
fn assert_report<C, S>(link: &Link<C>, suite: CipherSuite, group: Option<NamedGroup>, kind: HandshakeKind)
where
    C: std::ops::DerefMut<Target = chitin::ConnectionCommon<S>>,
    S: chitin::SideData,
{
    let report = link.report();
    assert_eq!(report.version, Some(ProtocolVersion::TLSv1_2));
    assert_eq!((report.suite, report.group, report.kind), (Some(suite), group, Some(kind)));
}

#[test]
fn each_suite_is_met_both_ways() {
    let pki = Pki::new();
    for (suite, key, name) in SUITES12 {
        let priority = priority12(&["-CIPHER-ALL", &format!("+{name}")]);
        let id = pki.server(key);
        let alpn = || vec![b"h2".to_vec()];
        let more = args![format!("--keymatexport={LABEL}"), "--keymatexportsize=50", "--alpn", "h2"];
        let (mut peer, addr) = serv(&pki, &id, &priority, &more);
        let opts = ClientOpts { alpn: alpn(), ..Default::default() };
        let mut link = Link::client(addr, client12(&pki, opts), "localhost");
        link.handshake().unwrap();
        assert_report(&link, suite, Some(NamedGroup::X25519), HandshakeKind::Full);
        talk_to_server(&mut link);
        peer.expect(&format!("- Key material: {}\n", hex(&link.export(LABEL, 50))));
        assert_eq!(link.conn.alpn_protocol(), Some(&b"h2"[..]));
        peer.expect("- Description: (TLS1.2-X.509)-(ECDHE-X25519)-");
        peer.expect(&format!("-({name})"));
        link.close().unwrap();

        let (listener, addr) = listen();
        let mut peer = cli(&pki, addr, &priority, &more);
        let opts = ServerOpts { alpn: alpn(), ..Default::default() };
        let mut link = Link::server(&listener, server12(&id, opts));
        link.handshake().unwrap();
        let group = link.report().group;
        assert_report(&link, suite, group, HandshakeKind::Full);
        let ours = hex(&link.export(LABEL, 50));
        let said = talk_to_client_and_quit(&mut link, &mut peer);
        assert_has(&said, "- Description: (TLS1.2-X.509)-(ECDHE-");
        assert_has(&said, &format!("-({name})"));
        assert_has(&said, &format!("- Key material: {ours}\n"));
        assert_has(&said, "- Application protocol: h2");
        assert_has(&said, "extended master secret");
        assert_has(&said, "safe renegotiation");
    }
}

#[test]
fn each_group_is_met_both_ways() {
    let pki = Pki::new();
    let id = pki.server(KeyType::Rsa2048);
    for group in groups() {
        let priority = priority12(&["-GROUP-ALL", name_of_group(group)]);
        let described = format!("(ECDHE-{})", name_of_group(group).trim_start_matches("+GROUP-"));
        let (mut peer, addr) = serv(&pki, &id, &priority, &[]);
        let opts = ClientOpts { groups: groups(), ..Default::default() };
        let mut link = Link::client(addr, client12(&pki, opts), "localhost");
        link.handshake().unwrap();
        assert_eq!(link.report().group, Some(group));
        talk_to_server(&mut link);
        peer.expect(&described);
        link.close().unwrap();

        let (listener, addr) = listen();
        let mut peer = cli(&pki, addr, &priority, &[]);
        let opts = ServerOpts { groups: groups(), ..Default::default() };
        let mut link = Link::server(&listener, server12(&id, opts));
        link.handshake().unwrap();
        assert_eq!(link.report().group, Some(group));
        let said = talk_to_client_and_quit(&mut link, &mut peer);
        assert_has(&said, &described);
    }
}

#[test]
fn each_kind_of_key_signs_both_ways() {
    let pki = Pki::new();
    for key in KeyType::provided() {
        let id = pki.server(key);
        let (_peer, addr) = serv(&pki, &id, &priority12(&[]), &[]);
        let opts = ClientOpts::default();
        let seen = opts.seen.clone();
        let mut link = Link::client(addr, client12(&pki, opts), "localhost");
        link.handshake().unwrap_or_else(|err| panic!("{key:?}: {err:?}"));
        assert_eq!(seen.schemes().len(), 1);
        assert_eq!(link.report().version, Some(ProtocolVersion::TLSv1_2));
        talk_to_server(&mut link);
        link.close().unwrap();

        let (listener, addr) = listen();
        let mut peer = cli(&pki, addr, &priority12(&[]), &[]);
        let mut link = Link::server(&listener, server12(&id, ServerOpts::default()));
        link.handshake().unwrap_or_else(|err| panic!("{key:?}: {err:?}"));
        let said = talk_to_client_and_quit(&mut link, &mut peer);
        assert_has(&said, "- Status: The certificate is trusted.");
        assert_has(&said, "(TLS1.2-X.509)");
    }
}

#[test]
fn each_kind_of_client_certificate_is_shown_and_checked() {
    let pki = Pki::new();
    for key in KeyType::provided() {
        let args = args!["--require-client-cert", "--verify-client-cert", "--x509cafile", &pki.root_pem];
        let (mut peer, addr) = serv(&pki, &pki.server(KeyType::P256), &priority12(&[]), &args);
        let opts = ClientOpts { identity: Some(pki.client(key)), ..Default::default() };
        let mut link = Link::client(addr, client12(&pki, opts), "localhost");
        link.handshake().unwrap_or_else(|err| panic!("{key:?}: {err:?} {}", peer.output()));
        talk_to_server(&mut link);
        peer.expect("Subject: CN=chitin test client");
        peer.expect("- Status: The certificate is trusted.");
        link.close().unwrap();

        let id = pki.client(key);
        let files = pki.write(&id);
        let (listener, addr) = listen();
        let args = args!["--x509certfile", &files.chain, "--x509keyfile", &files.key];
        let mut peer = cli(&pki, addr, &priority12(&[]), &args);
        let opts = ServerOpts { client_auth: ClientAuth::Required(pki.root.store()), ..Default::default() };
        let mut link = Link::server(&listener, server12(&pki.server(KeyType::P256), opts));
        link.handshake().unwrap_or_else(|err| panic!("{key:?}: {err:?} {}", peer.output()));
        assert_eq!(link.conn.peer_certificates().unwrap(), &id.chain[..]);
        let said = talk_to_client_and_quit(&mut link, &mut peer);
        assert_has(&said, "Successfully sent 2 certificate(s) to server.");
    }
}

#[test]
fn client_resumes_by_ticket_and_by_session_id() {
    let pki = Pki::new();
    for more in [args![], args!["--noticket"]] {
        let (mut peer, addr) = serv(&pki, &pki.server(KeyType::P256), &priority12(&[]), &more);
        let config = client12(&pki, ClientOpts::default());
        for kind in [HandshakeKind::Full, HandshakeKind::Resumed, HandshakeKind::Resumed] {
            let mut link = Link::client(addr, config.clone(), "localhost");
            link.handshake().unwrap();
            assert_eq!(link.report().version, Some(ProtocolVersion::TLSv1_2));
            assert_eq!(link.report().kind, Some(kind), "{more:?}");
            talk_to_server(&mut link);
            link.close().unwrap();
        }
        peer.expect_times("- Description: (TLS1.2-X.509)", 3);
        assert_eq!(peer.output().matches("This is a resumed session").count(), 2);
    }
}

#[test]
fn server_resumes_by_ticket_and_by_session_id() {
    let pki = Pki::new();
    for ticketer in [false, true] {
        let config = server12(&pki.server(KeyType::P256), ServerOpts { ticketer, ..Default::default() });
        let (listener, addr) = listen();
        let mut peer = cli(&pki, addr, &priority12(&[]), &args!["--resume"]);
        let mut first = Link::server(&listener, config.clone());
        first.handshake().unwrap();
        assert_eq!(first.report().kind, Some(HandshakeKind::Full));
        // It says goodbye, comes again, and then talks.
        assert_eq!(first.receive_to_end().unwrap(), b"");
        first.close().unwrap();
        drop(first);
        let mut link = Link::server(&listener, config);
        link.handshake().unwrap();
        assert_eq!(link.report().kind, Some(HandshakeKind::Resumed), "ticketer {ticketer}");
        let said = talk_to_client_and_quit(&mut link, &mut peer);
        assert_has(&said, "*** This is a resumed session");
    }
}

/// RFC 7627 section 5: without it a connection goes on, unless we require it.
#[test]
fn extended_master_secret_is_optional_unless_required() {
    let pki = Pki::new();
    let id = pki.server(KeyType::P256);
    let without = format!("{}:%NO_SESSION_HASH", priority12(&[]));
    let lacks: Error = PeerIncompatible::ExtendedMasterSecretExtensionRequired.into();
    for require in [false, true] {
        let (_peer, addr) = serv(&pki, &id, &without, &[]);
        let mut config = ClientConfig::clone(&client12(&pki, ClientOpts::default()));
        config.require_ems = require;
        let config = Arc::new(config);
        if require {
            let mut link = Link::client(addr, config, "localhost");
            assert_eq!(link.handshake().unwrap_err().tls(), lacks);
        } else {
            for kind in [HandshakeKind::Full, HandshakeKind::Resumed] {
                let mut link = Link::client(addr, config.clone(), "localhost");
                link.handshake().unwrap();
                assert_eq!(link.report().kind, Some(kind));
                talk_to_server(&mut link);
                link.close().unwrap();
            }
        }

        let (listener, addr) = listen();
        let mut peer = cli(&pki, addr, &without, &[]);
        let mut config = ServerConfig::clone(&server12(&id, ServerOpts::default()));
        config.require_ems = require;
        let mut link = Link::server(&listener, Arc::new(config));
        if require {
            assert_eq!(link.handshake().unwrap_err().tls(), lacks);
        } else {
            link.handshake().unwrap();
            let said = talk_to_client_and_quit(&mut link, &mut peer);
            assert!(!said.contains("extended master secret"), "{said}");
        }
    }
}

/// Whoever knows less decides.
#[test]
fn versions_are_agreed() {
    let pki = Pki::new();
    let id = pki.server(KeyType::P256);
    for (priority, version) in
        [("NORMAL".to_owned(), ProtocolVersion::TLSv1_3), (priority12(&[]), ProtocolVersion::TLSv1_2)]
    {
        let (_peer, addr) = serv(&pki, &id, &priority, &[]);
        let mut link = Link::client(addr, client12(&pki, ClientOpts::default()), "localhost");
        link.handshake().unwrap();
        assert_eq!(link.report().version, Some(version));
        talk_to_server(&mut link);
        link.close().unwrap();

        let (listener, addr) = listen();
        let mut peer = cli(&pki, addr, &priority, &[]);
        let mut link = Link::server(&listener, server12(&id, ServerOpts::default()));
        link.handshake().unwrap();
        assert_eq!(link.report().version, Some(version));
        talk_to_client_and_quit(&mut link, &mut peer);
    }
}

#[test]
fn a_mebibyte_is_moved_each_way() {
    let pki = Pki::new();
    let data = lines();
    for (_, key, name) in &SUITES12[..3] {
        let priority = priority12(&["-CIPHER-ALL", &format!("+{name}")]);
        let id = pki.server(*key);
        let (_peer, addr) = serv(&pki, &id, &priority, &[]);
        let mut link = Link::client(addr, client12(&pki, ClientOpts::default()), "localhost");
        link.handshake().unwrap();
        // It sends back each piece before it reads the next.
        for batch in data.chunks(1024) {
            link.send(batch).unwrap();
            assert!(link.receive(batch.len()).unwrap() == batch, "the echo differs");
        }
        link.close().unwrap();

        let (listener, addr) = listen();
        let mut peer = cli(&pki, addr, &priority, &args!["--logfile", "/dev/null"]);
        let mut link = Link::server(&listener, server12(&id, ServerOpts::default()));
        link.handshake().unwrap();
        let (mut stdin, copy) = (peer.take_stdin(), data.clone());
        let writer = thread::spawn(move || stdin.write_all(&copy).map(|()| stdin));
        link.echo(data.len()).unwrap();
        drop(writer.join().unwrap().unwrap());
        assert_eq!(link.receive_to_end().unwrap(), b"");
        link.close().unwrap();
        peer.finish();
        assert!(peer.stdout().ends_with(&data[data.len() - 4096..]), "the end of the echo is missing");
    }
}
