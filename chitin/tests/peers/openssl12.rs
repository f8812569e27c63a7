//! The cells of TLS 1.2: each suite, group and kind of key, sessions of both forms, and what only this version has.

use chitin::version::{TLS12, TLS13};
use chitin::{PeerIncompatible, ServerConfig};

use super::*;

/// The six suites, with the names that OpenSSL has for them.
const SUITES12: [(CipherSuite, &str); 6] = [
    (CipherSuite::TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256, "ECDHE-ECDSA-AES128-GCM-SHA256"),
    (CipherSuite::TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384, "ECDHE-ECDSA-AES256-GCM-SHA384"),
    (CipherSuite::TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256, "ECDHE-ECDSA-CHACHA20-POLY1305"),
    (CipherSuite::TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256, "ECDHE-RSA-AES128-GCM-SHA256"),
    (CipherSuite::TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384, "ECDHE-RSA-AES256-GCM-SHA384"),
    (CipherSuite::TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256, "ECDHE-RSA-CHACHA20-POLY1305"),
];

fn key_for(name: &str) -> KeyType {
    if name.contains("RSA") { KeyType::Rsa2048 } else { KeyType::P256 }
}

/// A client that has both versions, as most have.
fn client12(pki: &Pki, opts: ClientOpts) -> Arc<ClientConfig> {
    trusting(pki, ClientOpts { versions: vec![&TLS13, &TLS12], ..opts })
}

/// A server that has both versions.
fn server12(id: &Identity, opts: ServerOpts) -> Arc<ServerConfig> {
    Arc::new(server_config(id, &ServerOpts { versions: vec![&TLS13, &TLS12], ..opts }))
}

/// `openssl s_server` that knows no more than TLS 1.2.
fn s_server12(pki: &Pki, id: &Identity, more: &[OsString]) -> (Peer, SocketAddr) {
    let mut args = args!["s_server", "-accept", "127.0.0.1:0", "-tls1_2"];
    args.extend(identity_args(&pki.write(id)));
    args.extend(more.iter().cloned());
    testkit::peer::openssl_server_with(&args)
}

fn client_args(pki: &Pki, addr: SocketAddr, more: &[OsString]) -> Vec<OsString> {
    let mut args = args!["s_client", "-connect", addr.to_string(), "-tls1_2", "-CAfile", &pki.root_pem];
    args.extend(args!["-verify_return_error", "-verify_hostname", "localhost", "-servername", "localhost"]);
    args.extend(more.iter().cloned());
    args
}

/// `openssl s_client` that knows no more than TLS 1.2, and really verifies.
fn s_client12(pki: &Pki, addr: SocketAddr, more: &[OsString]) -> Peer {
    Peer::spawn("openssl", &client_args(pki, addr, more))
}

#[track_caller]
fn assert_report(report: &Report, suite: CipherSuite, group: Option<NamedGroup>, kind: HandshakeKind) {
    assert_eq!(report.version, Some(ProtocolVersion::TLSv1_2));
    assert_eq!((report.suite, report.group, report.kind), (Some(suite), group, Some(kind)));
}

#[test]
fn client_meets_each_suite() {
    let pki = Pki::new();
    for (suite, name) in SUITES12 {
        let (mut peer, addr) =
            s_server12(&pki, &pki.server(key_for(name)), &args!["-cipher", name, "-naccept", "1"]);
        let mut link = Link::client(addr, client12(&pki, ClientOpts::default()), "localhost");
        link.handshake().unwrap();
        assert_report(&link.report(), suite, Some(NamedGroup::X25519), HandshakeKind::Full);
        talk_to_server(&mut link, &mut peer);
        link.close().unwrap();
        let (status, said) = peer.finish();
        assert!(status.success(), "{name}");
        assert_has(&said, &format!("CIPHER is {name}\n"));
        assert_has(&said, "Secure Renegotiation IS supported");
    }
}

#[test]
fn server_meets_each_suite() {
    let pki = Pki::new();
    for (suite, name) in SUITES12 {
        let config = server12(&pki.server(key_for(name)), ServerOpts::default());
        let (listener, addr) = listen();
        let mut peer = s_client12(&pki, addr, &args!["-cipher", name]);
        let mut link = Link::server(&listener, config);
        link.handshake().unwrap();
        assert_report(&link.report(), suite, Some(NamedGroup::X25519), HandshakeKind::Full);
        talk_to_client(&mut link, &mut peer);
        let said = quit(&mut link, &mut peer);
        assert_has(&said, &format!("New, TLSv1.2, Cipher is {name}\n"));
        assert_has(&said, "Secure Renegotiation IS supported");
        assert_has(&said, "Extended master secret: yes");
        assert_has(&said, "Compression: NONE");
    }
}

#[test]
fn each_group_is_met_both_ways() {
    let pki = Pki::new();
    let id = pki.server(KeyType::P256);
    let (suite, name) = SUITES12[0];
    for group in groups() {
        let more = args!["-cipher", name, "-groups", name_of_group(group), "-naccept", "1"];
        // OpenSSL 3.0 takes the curve of a certificate from the same list.
        let id = if group == NamedGroup::secp256r1 { &id } else { &pki.server(KeyType::Ed25519) };
        let (mut peer, addr) = s_server12(&pki, id, &more);
        let opts = ClientOpts { groups: vec![group], ..Default::default() };
        let mut link = Link::client(addr, client12(&pki, opts), "localhost");
        link.handshake().unwrap_or_else(|err| panic!("{group:?}: {err:?} {}", peer.output()));
        assert_report(&link.report(), suite, Some(group), HandshakeKind::Full);
        talk_to_server(&mut link, &mut peer);
        link.close().unwrap();
        assert_has(&peer.finish().1, &format!("Shared groups: {}\n", shared_name_of_group(group)));

        let (listener, addr) = listen();
        let list = match group {
            NamedGroup::secp256r1 => "P-256".to_owned(),
            other => format!("{}:P-256", name_of_group(other)),
        };
        let mut peer = s_client12(&pki, addr, &args!["-cipher", name, "-groups", list]);
        let opts = ServerOpts { groups: vec![group], ..Default::default() };
        let mut link = Link::server(&listener, server12(id, opts));
        link.handshake().unwrap_or_else(|err| panic!("{group:?}: {err:?} {}", peer.output()));
        assert_report(&link.report(), suite, Some(group), HandshakeKind::Full);
        talk_to_client(&mut link, &mut peer);
        assert_has(&quit(&mut link, &mut peer), temp_key_of_group(group));
    }
}

#[test]
fn each_kind_of_key_signs_both_ways() {
    for key in KeyType::provided() {
        let pki = Pki::with(authority_for(key));
        let id = pki.server(key);
        let (mut peer, addr) = s_server12(&pki, &id, &args!["-naccept", "1"]);
        let opts = ClientOpts::default();
        let seen = opts.seen.clone();
        let mut link = Link::client(addr, client12(&pki, opts), "localhost");
        link.handshake().unwrap_or_else(|err| panic!("{key:?}: {err:?}"));
        let [scheme] = seen.schemes()[..] else { panic!("{key:?}: {:?}", seen.schemes()) };
        let family = |scheme: SignatureScheme| {
            let name = scheme.as_str().unwrap();
            name.split('_').next().unwrap().to_owned()
        };
        // In this version the curve is not bound to the hash, so the family is what is sure. RFC 5246 section 7.4.1.4.1.
        assert_eq!(family(scheme), family(schemes_of(key)[0]), "{key:?}");
        assert_eq!(link.conn.peer_certificates().unwrap(), &id.chain[..], "{key:?}");
        talk_to_server(&mut link, &mut peer);
        link.close().unwrap();
        assert!(peer.finish().0.success());

        let (listener, addr) = listen();
        let mut peer = s_client12(&pki, addr, &[]);
        let mut link = Link::server(&listener, server12(&id, ServerOpts::default()));
        link.handshake().unwrap_or_else(|err| panic!("{key:?}: {err:?}"));
        talk_to_client(&mut link, &mut peer);
        let said = quit(&mut link, &mut peer);
        assert_has(&said.to_lowercase(), &format!("peer signature type: {}\n", signature_type(key)));
        assert_has(&said, "Verify return code: 0 (ok)");
    }
}

/// PKCS #1 is still allowed in this version, and PSS is better. RFC 8446 section 4.2.3.
#[test]
fn rsa_signs_and_checks_in_each_way() {
    let pki = Pki::new();
    let id = pki.server(KeyType::Rsa2048);
    let cells = [
        ("rsa_pkcs1_sha256", "SHA256", "RSA", SignatureScheme::RSA_PKCS1_SHA256),
        ("rsa_pkcs1_sha384", "SHA384", "RSA", SignatureScheme::RSA_PKCS1_SHA384),
        ("rsa_pkcs1_sha512", "SHA512", "RSA", SignatureScheme::RSA_PKCS1_SHA512),
        ("rsa_pss_rsae_sha256", "SHA256", "RSA-PSS", SignatureScheme::RSA_PSS_SHA256),
        ("rsa_pss_rsae_sha384", "SHA384", "RSA-PSS", SignatureScheme::RSA_PSS_SHA384),
        ("rsa_pss_rsae_sha512", "SHA512", "RSA-PSS", SignatureScheme::RSA_PSS_SHA512),
    ];
    for (name, digest, kind, scheme) in cells {
        let list = format!("{name}:ecdsa_secp256r1_sha256");
        let (listener, addr) = listen();
        let mut peer = s_client12(&pki, addr, &args!["-sigalgs", list.clone()]);
        let mut link = Link::server(&listener, server12(&id, ServerOpts::default()));
        link.handshake().unwrap();
        talk_to_client(&mut link, &mut peer);
        let said = quit(&mut link, &mut peer);
        assert_has(&said, &format!("Peer signing digest: {digest}\n"));
        assert_has(&said, &format!("Peer signature type: {kind}\n"));

        let (mut peer, addr) = s_server12(&pki, &id, &args!["-sigalgs", list, "-naccept", "1"]);
        let opts = ClientOpts::default();
        let seen = opts.seen.clone();
        let mut link = Link::client(addr, client12(&pki, opts), "localhost");
        link.handshake().unwrap();
        assert_eq!(seen.schemes(), [scheme]);
        link.close().unwrap();
        assert!(peer.finish().0.success());
    }
}

#[test]
fn each_kind_of_client_certificate_is_shown_and_checked() {
    for key in KeyType::provided() {
        let pki = Pki::new();
        let id = pki.client(key);
        let args = args!["-Verify", "3", "-verify_return_error", "-CAfile", &pki.root_pem, "-naccept", "1"];
        let (mut peer, addr) = s_server12(&pki, &pki.server(KeyType::P256), &args);
        let opts = ClientOpts { identity: Some(pki.client(key)), ..Default::default() };
        let mut link = Link::client(addr, client12(&pki, opts), "localhost");
        link.handshake().unwrap_or_else(|err| panic!("{key:?}: {err:?} {}", peer.output()));
        talk_to_server(&mut link, &mut peer);
        link.close().unwrap();
        let said = peer.finish().1;
        assert_has(&said, "subject=CN = chitin test client");
        assert_has(&said.to_lowercase(), &format!("peer signature type: {}\n", signature_type(key)));

        let files = pki.write(&id);
        let (listener, addr) = listen();
        let mut peer = s_client12(&pki, addr, &identity_args(&files));
        let opts = ServerOpts { client_auth: ClientAuth::Required(pki.root.store()), ..Default::default() };
        let mut link = Link::server(&listener, server12(&pki.server(KeyType::P256), opts));
        link.handshake().unwrap_or_else(|err| panic!("{key:?}: {err:?} {}", peer.output()));
        assert_eq!(link.conn.peer_certificates().unwrap(), &id.chain[..], "{key:?}");
        talk_to_client(&mut link, &mut peer);
        let hint = "Acceptable client certificate CA names\nCN = chitin test root";
        assert_has(&quit(&mut link, &mut peer), hint);
    }
}

#[test]
fn a_certificate_that_does_not_come_is_missed_only_where_it_is_required() {
    let pki = Pki::new();
    let id = pki.server(KeyType::P256);
    for required in [false, true] {
        let verify = if required { "-Verify" } else { "-verify" };
        let (mut peer, addr) =
            s_server12(&pki, &id, &args![verify, "3", "-CAfile", &pki.root_pem, "-naccept", "1"]);
        let mut link = Link::client(addr, client12(&pki, ClientOpts::default()), "localhost");
        match link.handshake() {
            Ok(()) => {
                assert!(!required);
                talk_to_server(&mut link, &mut peer);
                link.close().unwrap();
            }
            // RFC 5246 section 7.4.6.
            Err(err) => {
                assert!(required);
                assert_eq!(err.tls(), Error::AlertReceived(AlertDescription::HandshakeFailure));
            }
        }
        peer.finish();

        let (listener, addr) = listen();
        let mut peer = s_client12(&pki, addr, &[]);
        let roots = pki.root.store();
        let client_auth = if required { ClientAuth::Required(roots) } else { ClientAuth::Optional(roots) };
        let mut link =
            Link::server(&listener, server12(&id, ServerOpts { client_auth, ..Default::default() }));
        match link.handshake() {
            Ok(()) => {
                assert!(!required);
                assert_eq!(link.conn.peer_certificates(), None);
                talk_to_client(&mut link, &mut peer);
                quit(&mut link, &mut peer);
            }
            Err(err) => {
                assert!(required);
                assert_eq!(err.tls(), Error::NoCertificatesPresented);
                peer.expect("alert");
            }
        }
    }
}

#[test]
fn client_resumes_by_ticket_and_by_session_id() {
    for more in [args![], args!["-no_ticket"]] {
        let pki = Pki::new();
        let mut args = args!["-naccept", "3", "-cipher", SUITES12[1].1];
        args.extend(more);
        let (mut peer, addr) = s_server12(&pki, &pki.server(KeyType::P256), &args);
        let config = client12(&pki, ClientOpts::default());
        let suite = SUITES12[1].0;
        for turn in 1..=3 {
            let mut link = Link::client(addr, config.clone(), "localhost");
            link.handshake().unwrap();
            match turn {
                1 => assert_report(&link.report(), suite, Some(NamedGroup::X25519), HandshakeKind::Full),
                _ => assert_report(&link.report(), suite, None, HandshakeKind::Resumed),
            }
            assert!(link.conn.peer_certificates().is_some());
            peer.expect_times("CIPHER is", turn);
            talk_to_server(&mut link, &mut peer);
            link.close().unwrap();
        }
        assert_eq!(peer.finish().1.matches("Reused session-id").count(), 2);
    }
}

#[test]
fn server_resumes_by_ticket_and_by_session_id() {
    for ticketer in [false, true] {
        let pki = Pki::new();
        let config = server12(&pki.server(KeyType::P256), ServerOpts { ticketer, ..Default::default() });
        let session = pki.dir.path().join("session");
        let (listener, addr) = listen();
        for (flag, kind, words) in [
            ("-sess_out", HandshakeKind::Full, "New, TLSv1.2"),
            ("-sess_in", HandshakeKind::Resumed, "Reused, TLSv1.2"),
            ("-sess_in", HandshakeKind::Resumed, "Reused, TLSv1.2"),
        ] {
            let mut peer = s_client12(&pki, addr, &args![flag, &session]);
            let mut link = Link::server(&listener, config.clone());
            link.handshake().unwrap();
            assert_eq!(link.report().kind, Some(kind), "ticketer {ticketer}");
            talk_to_client(&mut link, &mut peer);
            assert_has(&quit(&mut link, &mut peer), words);
        }
    }
}

#[test]
fn resumed_server_still_knows_the_client() {
    let pki = Pki::new();
    let id = pki.client(KeyType::P256);
    let files = pki.write(&id);
    for ticketer in [false, true] {
        let client_auth = ClientAuth::Required(pki.root.store());
        let opts = ServerOpts { client_auth, ticketer, ..Default::default() };
        let config = server12(&pki.server(KeyType::P256), opts);
        let session = pki.dir.path().join("session");
        let (listener, addr) = listen();
        for (flag, kind) in [("-sess_out", HandshakeKind::Full), ("-sess_in", HandshakeKind::Resumed)] {
            let mut args = identity_args(&files);
            args.extend(args![flag, &session]);
            let mut peer = s_client12(&pki, addr, &args);
            let mut link = Link::server(&listener, config.clone());
            link.handshake().unwrap();
            assert_eq!(link.report().kind, Some(kind));
            assert_eq!(link.conn.peer_certificates().unwrap(), &id.chain[..]);
            talk_to_client(&mut link, &mut peer);
            quit(&mut link, &mut peer);
        }
    }
}

#[test]
fn alpn_is_agreed() {
    let pki = Pki::new();
    let id = pki.server(KeyType::P256);
    let ours = || vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    let (mut peer, addr) = s_server12(&pki, &id, &args!["-alpn", "acme,http/1.1", "-naccept", "1"]);
    let opts = ClientOpts { alpn: ours(), ..Default::default() };
    let mut link = Link::client(addr, client12(&pki, opts), "localhost");
    link.handshake().unwrap();
    assert_eq!(link.conn.alpn_protocol(), Some(&b"http/1.1"[..]));
    link.close().unwrap();
    assert_has(&peer.finish().1, "ALPN protocols selected: http/1.1\n");

    let (listener, addr) = listen();
    let config = server12(&id, ServerOpts { alpn: ours(), ..Default::default() });
    let mut peer = s_client12(&pki, addr, &args!["-alpn", "http/1.1,h2"]);
    let mut link = Link::server(&listener, config.clone());
    link.handshake().unwrap();
    assert_eq!(link.conn.alpn_protocol(), Some(&b"h2"[..]));
    assert_eq!(link.conn.server_name(), Some("localhost"));
    talk_to_client(&mut link, &mut peer);
    assert_has(&quit(&mut link, &mut peer), "ALPN protocol: h2\n");

    let mut peer = s_client12(&pki, addr, &args!["-alpn", "gopher"]);
    let mut link = Link::server(&listener, config);
    assert_eq!(link.handshake().unwrap_err().tls(), Error::NoApplicationProtocol);
    drop(link);
    assert_has(&peer.finish().1, "alert no application protocol");
}

#[test]
fn exporters_agree() {
    let pki = Pki::new();
    // Hashes of both lengths.
    for (_, name) in [SUITES12[0], SUITES12[4]] {
        let id = pki.server(key_for(name));
        let len = 50;
        let args = args!["-keymatexport", LABEL, "-keymatexportlen", len.to_string(), "-cipher", name];
        let mut server_args = args.clone();
        server_args.extend(args!["-naccept", "1"]);
        let (mut peer, addr) = s_server12(&pki, &id, &server_args);
        let mut link = Link::client(addr, client12(&pki, ClientOpts::default()), "localhost");
        link.handshake().unwrap();
        let ours = hex(&link.export(LABEL, len));
        link.close().unwrap();
        assert_has(&peer.finish().1, &format!("Keying material: {ours}\n"));

        let (listener, addr) = listen();
        let mut peer = s_client12(&pki, addr, &args);
        let mut link = Link::server(&listener, server12(&id, ServerOpts::default()));
        link.handshake().unwrap();
        let ours = hex(&link.export(LABEL, len));
        talk_to_client(&mut link, &mut peer);
        assert_has(&quit(&mut link, &mut peer), &format!("Keying material: {ours}\n"));
    }
}

/// A peer without the extended master secret of RFC 7627 is met, unless we require it.
#[test]
fn extended_master_secret_is_optional_unless_required() {
    let pki = Pki::new();
    let id = pki.server(KeyType::P256);
    let conf = pki.dir.path().join("no_ems.cnf");
    std::fs::write(
        &conf,
        "openssl_conf = all\n[all]\nssl_conf = ssl\n[ssl]\nsystem_default = ours\n[ours]\nOptions = -ExtendedMasterSecret\n",
    )
    .unwrap();
    let mut environment = OsString::from("OPENSSL_CONF=");
    environment.push(&conf);

    for require in [false, true] {
        let (listener, addr) = listen();
        let mut args = vec![environment.clone(), "openssl".into()];
        args.extend(client_args(&pki, addr, &[]));
        let mut peer = Peer::spawn("env", &args);
        let mut config = ServerConfig::clone(&server12(&id, ServerOpts::default()));
        config.require_ems = require;
        let mut link = Link::server(&listener, Arc::new(config));
        let outcome = link.handshake();
        let lacks: Error = PeerIncompatible::ExtendedMasterSecretExtensionRequired.into();
        if require {
            assert_eq!(outcome.unwrap_err().tls(), lacks);
            drop(link);
            assert_has(&peer.finish().1, "alert handshake failure");
        } else {
            outcome.unwrap();
            talk_to_client(&mut link, &mut peer);
            assert_has(&quit(&mut link, &mut peer), "Extended master secret: no");
        }

        let mut args = vec![environment.clone(), "openssl".into()];
        args.extend(args!["s_server", "-accept", "127.0.0.1:0", "-tls1_2", "-naccept", "1"]);
        args.extend(identity_args(&pki.write(&id)));
        let (mut peer, addr) = server_in_environment(&args);
        let mut config = ClientConfig::clone(&client12(&pki, ClientOpts::default()));
        config.require_ems = require;
        let mut link = Link::client(addr, Arc::new(config), "localhost");
        let outcome = link.handshake();
        if require {
            assert_eq!(outcome.unwrap_err().tls(), lacks);
            drop(link);
            assert_has(&peer.finish().1, "alert handshake failure");
        } else {
            outcome.unwrap();
            talk_to_server(&mut link, &mut peer);
            link.close().unwrap();
            peer.finish();
        }
    }
}

/// As `openssl_server_with`, under `env`.
fn server_in_environment(args: &[OsString]) -> (Peer, SocketAddr) {
    let mut peer = Peer::spawn("env", args);
    peer.expect("ACCEPT 127.0.0.1:");
    let output = peer.output();
    let port = output.split("ACCEPT 127.0.0.1:").nth(1).unwrap().lines().next().unwrap().trim();
    let port = port.parse().unwrap_or_else(|err| panic!("{port:?}: {err}"));
    (peer, SocketAddr::from(([127, 0, 0, 1], port)))
}

/// Told no, OpenSSL ends the connection; ours would have gone on.
#[test]
fn renegotiation_is_refused_both_ways() {
    let pki = Pki::new();
    let id = pki.server(KeyType::P256);
    let (listener, addr) = listen();
    let mut peer = s_client12(&pki, addr, &[]);
    let mut link = Link::server(&listener, server12(&id, ServerOpts::default()));
    link.handshake().unwrap();
    talk_to_client(&mut link, &mut peer);
    peer.type_in("R\n");
    peer.expect("RENEGOTIATING");
    // What comes is an end, one way or the other, and no second handshake.
    let _ = link.receive_to_end();
    peer.expect("no renegotiation");

    let (mut peer, addr) = s_server12(&pki, &id, &args!["-naccept", "1"]);
    let mut link = Link::client(addr, client12(&pki, ClientOpts::default()), "localhost");
    link.handshake().unwrap();
    talk_to_server(&mut link, &mut peer);
    peer.type_in("r\n");
    let _ = link.receive_to_end();
    peer.expect("no renegotiation");
}

/// Which of the two is used is the business of whoever knows less.
#[test]
fn versions_are_agreed() {
    let pki = Pki::new();
    let id = pki.server(KeyType::P256);
    let (listener, addr) = listen();
    let args = args!["s_client", "-connect", addr.to_string(), "-CAfile", &pki.root_pem];
    for (versions, expected, words) in [
        (vec![&TLS13, &TLS12], ProtocolVersion::TLSv1_3, "New, TLSv1.3"),
        (vec![&TLS12], ProtocolVersion::TLSv1_2, "New, TLSv1.2"),
    ] {
        let mut peer = Peer::spawn("openssl", &args);
        let opts = ServerOpts { versions: versions.clone(), ..Default::default() };
        let mut link = Link::server(&listener, Arc::new(server_config(&id, &opts)));
        link.handshake().unwrap();
        assert_eq!(link.report().version, Some(expected));
        talk_to_client(&mut link, &mut peer);
        assert_has(&quit(&mut link, &mut peer), words);

        let mut server_args = args!["s_server", "-accept", "127.0.0.1:0", "-naccept", "1"];
        server_args.extend(identity_args(&pki.write(&id)));
        let (mut peer, addr) = testkit::peer::openssl_server_with(&server_args);
        let opts = ClientOpts { versions, ..Default::default() };
        let mut link = Link::client(addr, trusting(&pki, opts), "localhost");
        link.handshake().unwrap();
        assert_eq!(link.report().version, Some(expected));
        talk_to_server(&mut link, &mut peer);
        link.close().unwrap();
        peer.finish();
    }
}

/// RFC 7507.
#[test]
fn a_fallback_is_refused_by_a_server_that_has_better() {
    let pki = Pki::new();
    let id = pki.server(KeyType::P256);
    let (listener, addr) = listen();
    let mut peer = s_client12(&pki, addr, &args!["-fallback_scsv"]);
    let mut link = Link::server(&listener, server12(&id, ServerOpts::default()));
    assert_eq!(link.handshake().unwrap_err().tls(), PeerIncompatible::InappropriateFallback.into());
    drop(link);
    assert_has(&peer.finish().1, "alert inappropriate fallback");

    let mut peer = s_client12(&pki, addr, &args!["-fallback_scsv"]);
    let opts = ServerOpts { versions: vec![&TLS12], ..Default::default() };
    let mut link = Link::server(&listener, Arc::new(server_config(&id, &opts)));
    link.handshake().unwrap();
    talk_to_client(&mut link, &mut peer);
    quit(&mut link, &mut peer);
}

/// What has no forward secrecy, or no AEAD, is not offered and not taken.
#[test]
fn older_suites_are_refused() {
    let pki = Pki::new();
    let id = pki.server(KeyType::Rsa2048);
    for name in ["AES128-GCM-SHA256", "DHE-RSA-AES128-GCM-SHA256", "ECDHE-RSA-AES128-SHA256"] {
        let (mut peer, addr) = s_server12(&pki, &id, &args!["-cipher", name, "-naccept", "1"]);
        let mut link = Link::client(addr, client12(&pki, ClientOpts::default()), "localhost");
        let err = link.handshake().unwrap_err().tls();
        assert_eq!(err, Error::AlertReceived(AlertDescription::HandshakeFailure), "{name}");
        drop(link);
        peer.finish();

        let (listener, addr) = listen();
        let mut peer = s_client12(&pki, addr, &args!["-cipher", name]);
        let mut link = Link::server(&listener, server12(&id, ServerOpts::default()));
        let err = link.handshake().unwrap_err().tls();
        assert_eq!(err, PeerIncompatible::NoCipherSuitesInCommon.into(), "{name}");
        drop(link);
        peer.finish();
    }
}

#[test]
fn closing_is_told_from_truncation() {
    let pki = Pki::new();
    let id = pki.server(KeyType::P256);
    for clean in [true, false] {
        let (listener, addr) = listen();
        let mut peer = s_client12(&pki, addr, &[]);
        let mut link = Link::server(&listener, server12(&id, ServerOpts::default()));
        link.handshake().unwrap();
        talk_to_client(&mut link, &mut peer);
        end(&mut peer, clean);
        check_end(link.receive_to_end(), clean);

        let (listener, addr) = listen();
        let mut peer = s_client12(&pki, addr, &[]);
        let mut link = Link::server(&listener, server12(&id, ServerOpts::default()));
        link.handshake().unwrap();
        talk_to_client(&mut link, &mut peer);
        if clean {
            link.close().unwrap();
        }
        drop(link);
        peer.expect(if clean { "closed" } else { "unexpected eof while reading" });
    }
}

#[test]
fn a_mebibyte_is_moved_each_way() {
    let pki = Pki::new();
    let lines = lines();
    for (_, name) in &SUITES12[3..] {
        let id = pki.server(key_for(name));
        let (mut peer, addr) = s_server12(&pki, &id, &args!["-rev", "-cipher", *name, "-naccept", "1"]);
        let mut link = Link::client(addr, client12(&pki, ClientOpts::default()), "localhost");
        link.handshake().unwrap();
        for batch in lines.chunks(32) {
            link.send(&batch.concat()).unwrap();
            for line in batch {
                let mut back = link.receive(line.len()).unwrap();
                back[..line.len() - 1].reverse();
                assert_eq!(&back, line);
            }
        }
        link.close().unwrap();
        assert_has(&peer.finish().1, "Protocol version: TLSv1.2");

        let (listener, addr) = listen();
        let mut peer = s_client12(&pki, addr, &args!["-quiet", "-cipher", *name]);
        let mut link = Link::server(&listener, server12(&id, ServerOpts::default()));
        link.handshake().unwrap();
        let data = lines.concat();
        let (mut stdin, copy) = (peer.take_stdin(), data.clone());
        let writer = thread::spawn(move || stdin.write_all(&copy).map(|()| stdin));
        link.echo(data.len()).unwrap();
        link.close().unwrap();
        drop(writer.join().unwrap().unwrap());
        peer.finish();
        assert!(peer.stdout() == data, "the echo differs");
    }
}

/// Records cut small by either side, those of the handshake too.
#[test]
fn small_records_are_read_both_ways() {
    let pki = Pki::new();
    let id = pki.server(KeyType::Rsa2048);
    let mut config = ServerConfig::clone(&server12(&id, ServerOpts::default()));
    config.max_fragment_size = Some(64);
    let (listener, addr) = listen();
    let mut peer = s_client12(&pki, addr, &args!["-max_send_frag", "512"]);
    let mut link = Link::server(&listener, Arc::new(config));
    link.handshake().unwrap();
    talk_to_client(&mut link, &mut peer);
    assert_has(&quit(&mut link, &mut peer), "New, TLSv1.2");

    let mut config = ClientConfig::clone(&client12(&pki, ClientOpts::default()));
    config.max_fragment_size = Some(64);
    let (mut peer, addr) = s_server12(&pki, &id, &args!["-max_send_frag", "512", "-naccept", "1"]);
    let mut link = Link::client(addr, Arc::new(config), "localhost");
    link.handshake().unwrap();
    talk_to_server(&mut link, &mut peer);
    link.close().unwrap();
    assert!(peer.finish().0.success());
}
