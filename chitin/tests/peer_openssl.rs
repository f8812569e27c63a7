//! Our client and our server against OpenSSL's, over loopback TCP.
//!
//! Each cell asks both sides what they negotiated; an exit status alone proves nothing.

use std::ffi::OsString;
use std::io::{ErrorKind, Read, Write};
use std::net::{Shutdown, SocketAddr};
use std::sync::Arc;
use std::thread;

use chitin::{
    AlertDescription, CertificateError, CipherSuite, ClientConfig, ClientConnection, Error, HandshakeKind,
    NamedGroup, ProtocolVersion, ServerConnection, SignatureScheme,
};
use testkit::args;
use testkit::configs::{
    CLASSIC_GROUPS, ClientAuth, ClientOpts, SUITES, ServerOpts, client_config, group, server_config,
};
use testkit::net::{Failure, Link, Report, listen};
use testkit::peer::{Peer, openssl_client, openssl_server};
use testkit::pki::{Identity, KeyType, PemFiles, Pki, Spec, Validity, self_signed};

#[path = "peers/openssl12.rs"]
mod tls12;

const LABEL: &str = "EXPORTER-chitin-test";

#[test]
fn client_meets_each_suite() {
    let pki = Pki::new();
    let id = pki.server(KeyType::P256);
    for suite in SUITES {
        let (mut peer, addr) =
            s_server(&pki, &id, &args!["-ciphersuites", name_of_suite(suite), "-naccept", "1"]);
        let mut link = Link::client(addr, trusting(&pki, ClientOpts::default()), "localhost");
        link.handshake().unwrap();
        assert_eq!(link.report(), report(suite, NamedGroup::X25519, HandshakeKind::Full), "{suite:?}");
        talk_to_server(&mut link, &mut peer);
        link.close().unwrap();
        let (status, said) = peer.finish();
        assert!(status.success(), "{suite:?}");
        assert_has(&said, &format!("CIPHER is {}", name_of_suite(suite)));
    }
}

#[test]
fn server_meets_each_suite() {
    let pki = Pki::new();
    let config = Arc::new(server_config(&pki.server(KeyType::P256), &ServerOpts::default()));
    for suite in SUITES {
        let (listener, addr) = listen();
        let mut peer = s_client(&pki, addr, &args!["-ciphersuites", name_of_suite(suite)]);
        let mut link = Link::server(&listener, config.clone());
        link.handshake().unwrap();
        assert_eq!(link.report(), report(suite, NamedGroup::X25519, HandshakeKind::Full), "{suite:?}");
        talk_to_client(&mut link, &mut peer);
        let said = quit(&mut link, &mut peer);
        assert_has(&said, &format!("New, TLSv1.3, Cipher is {}", name_of_suite(suite)));
    }
}

/// The suites again, this time with the choice on our side.
#[test]
fn our_choice_of_suite_holds_both_ways() {
    let pki = Pki::new();
    let id = pki.server(KeyType::P256);
    for suite in SUITES {
        let (mut peer, addr) = s_server(&pki, &id, &args!["-naccept", "1"]);
        let opts = ClientOpts { suites: vec![suite], ..Default::default() };
        let mut link = Link::client(addr, trusting(&pki, opts), "localhost");
        link.handshake().unwrap();
        assert_eq!(link.report().suite, Some(suite));
        link.close().unwrap();
        assert_has(&peer.finish().1, &format!("CIPHER is {}", name_of_suite(suite)));

        let config = server_config(&id, &ServerOpts { suites: vec![suite], ..Default::default() });
        let (listener, addr) = listen();
        let mut peer = s_client(&pki, addr, &[]);
        let mut link = Link::server(&listener, Arc::new(config));
        link.handshake().unwrap();
        assert_eq!(link.report().suite, Some(suite));
        talk_to_client(&mut link, &mut peer);
        assert_has(&quit(&mut link, &mut peer), &format!("New, TLSv1.3, Cipher is {}", name_of_suite(suite)));
    }
}

#[test]
fn client_meets_each_group() {
    let pki = Pki::new();
    let id = pki.server(KeyType::P256);
    for group in groups() {
        let (mut peer, addr) = s_server(&pki, &id, &args!["-groups", name_of_group(group), "-naccept", "1"]);
        let opts = ClientOpts { groups: vec![group], ..Default::default() };
        let mut link = Link::client(addr, trusting(&pki, opts), "localhost");
        link.handshake().unwrap();
        assert_eq!(link.report(), report(SERVER_SUITE, group, HandshakeKind::Full), "{group:?}");
        talk_to_server(&mut link, &mut peer);
        link.close().unwrap();
        assert_has(&peer.finish().1, &format!("Shared groups: {}\n", shared_name_of_group(group)));
    }
}

#[test]
fn server_meets_each_group() {
    let pki = Pki::new();
    let config = Arc::new(server_config(
        &pki.server(KeyType::P256),
        &ServerOpts { groups: groups(), ..Default::default() },
    ));
    for group in groups() {
        let (listener, addr) = listen();
        let mut peer = s_client(&pki, addr, &args!["-groups", name_of_group(group)]);
        let mut link = Link::server(&listener, config.clone());
        link.handshake().unwrap();
        assert_eq!(link.report(), report(CLIENT_SUITE, group, HandshakeKind::Full), "{group:?}");
        talk_to_client(&mut link, &mut peer);
        assert_has(&quit(&mut link, &mut peer), temp_key_of_group(group));
    }
}

/// The default client offers a hybrid group first, which OpenSSL 3.0 does not know; its X25519 share must do.
#[test]
fn client_falls_back_from_the_hybrid_group_without_a_retry() {
    let pki = Pki::new();
    let (mut peer, addr) = s_server(&pki, &pki.server(KeyType::P256), &args!["-msg", "-naccept", "1"]);
    let mut link = Link::client(addr, trusting(&pki, ClientOpts::default()), "localhost");
    link.handshake().unwrap();
    assert_eq!(link.report().group, Some(NamedGroup::X25519));
    assert_eq!(link.report().kind, Some(HandshakeKind::Full));
    link.close().unwrap();
    assert_eq!(peer.finish().1.matches(", ClientHello\n").count(), 1);
}

#[test]
fn client_checks_each_kind_of_signature() {
    for key in KeyType::provided() {
        let pki = Pki::with(authority_for(key));
        let id = pki.server(key);
        let (mut peer, addr) = s_server(&pki, &id, &args!["-naccept", "1"]);
        let opts = ClientOpts::default();
        let seen = opts.seen.clone();
        let mut link = Link::client(addr, trusting(&pki, opts), "localhost");
        link.handshake().unwrap_or_else(|err| panic!("{key:?}: {err:?}"));
        let [scheme] = seen.schemes()[..] else { panic!("{key:?}: {:?}", seen.schemes()) };
        assert!(schemes_of(key).contains(&scheme), "{key:?}: {scheme:?}");
        assert_eq!(link.conn.peer_certificates().unwrap(), &id.chain[..], "{key:?}");
        talk_to_server(&mut link, &mut peer);
        link.close().unwrap();
        assert!(peer.finish().0.success());
    }
}

#[test]
fn server_signs_with_each_kind_of_key() {
    for key in KeyType::provided() {
        let pki = Pki::with(authority_for(key));
        let (listener, addr) = listen();
        let mut peer = s_client(&pki, addr, &[]);
        let mut link =
            Link::server(&listener, Arc::new(server_config(&pki.server(key), &ServerOpts::default())));
        link.handshake().unwrap_or_else(|err| panic!("{key:?}: {err:?}"));
        talk_to_client(&mut link, &mut peer);
        let said = quit(&mut link, &mut peer);
        assert_has(&said.to_lowercase(), &format!("peer signature type: {}\n", signature_type(key)));
        assert_has(&said, "Verify return code: 0 (ok)");
    }
}

/// Each RSA-PSS digest, chosen by what the peer is willing to take.
#[test]
fn rsa_signs_and_checks_each_digest() {
    let pki = Pki::new();
    let id = pki.server(KeyType::Rsa2048);
    let cells = [
        ("rsa_pss_rsae_sha256", "SHA256", SignatureScheme::RSA_PSS_SHA256),
        ("rsa_pss_rsae_sha384", "SHA384", SignatureScheme::RSA_PSS_SHA384),
        ("rsa_pss_rsae_sha512", "SHA512", SignatureScheme::RSA_PSS_SHA512),
    ];
    for (name, digest, scheme) in cells {
        let (listener, addr) = listen();
        // ECDSA stands in the list for the certificates above the RSA one.
        let list = format!("{name}:ecdsa_secp256r1_sha256");
        let mut peer = s_client(&pki, addr, &args!["-sigalgs", list.clone()]);
        let mut link = Link::server(&listener, Arc::new(server_config(&id, &ServerOpts::default())));
        link.handshake().unwrap();
        talk_to_client(&mut link, &mut peer);
        let said = quit(&mut link, &mut peer);
        assert_has(&said, &format!("Peer signing digest: {digest}\n"));
        assert_has(&said, "Peer signature type: RSA-PSS\n");

        let (mut peer, addr) = s_server(&pki, &id, &args!["-sigalgs", list, "-naccept", "1"]);
        let opts = ClientOpts::default();
        let seen = opts.seen.clone();
        let mut link = Link::client(addr, trusting(&pki, opts), "localhost");
        link.handshake().unwrap();
        assert_eq!(seen.schemes(), [scheme]);
        link.close().unwrap();
        assert!(peer.finish().0.success());
    }
}

#[test]
fn client_follows_a_retry_request() {
    let pki = Pki::new();
    let id = pki.server(KeyType::P256);
    for group in groups().into_iter().filter(|group| *group != NamedGroup::X25519) {
        let (mut peer, addr) =
            s_server(&pki, &id, &args!["-groups", name_of_group(group), "-msg", "-naccept", "1"]);
        let opts = ClientOpts { groups: vec![NamedGroup::X25519, group], ..Default::default() };
        let mut link = Link::client(addr, trusting(&pki, opts), "localhost");
        link.handshake().unwrap();
        let expected = report(SERVER_SUITE, group, HandshakeKind::FullWithHelloRetryRequest);
        assert_eq!(link.report(), expected, "{group:?}");
        talk_to_server(&mut link, &mut peer);
        link.close().unwrap();
        let said = peer.finish().1;
        assert_eq!(said.matches(", ClientHello\n").count(), 2, "{group:?}");
        assert_eq!(said.matches(", ServerHello\n").count(), 2, "{group:?}");
    }
}

#[test]
fn server_asks_for_a_retry() {
    let pki = Pki::new();
    let id = pki.server(KeyType::P256);
    for group in groups().into_iter().filter(|group| *group != NamedGroup::X25519) {
        let (listener, addr) = listen();
        let list = format!("X25519:{}", name_of_group(group));
        let mut peer = s_client(&pki, addr, &args!["-groups", list, "-msg"]);
        let opts = ServerOpts { groups: vec![group], ..Default::default() };
        let mut link = Link::server(&listener, Arc::new(server_config(&id, &opts)));
        link.handshake().unwrap();
        let expected = report(CLIENT_SUITE, group, HandshakeKind::FullWithHelloRetryRequest);
        assert_eq!(link.report(), expected, "{group:?}");
        talk_to_client(&mut link, &mut peer);
        let said = quit(&mut link, &mut peer);
        assert_has(&said, temp_key_of_group(group));
        assert_eq!(said.matches(", ClientHello\n").count(), 2, "{group:?}");
    }
}

/// Both sides refuse when they share no group, and say so.
#[test]
fn no_common_group_is_refused() {
    let pki = Pki::new();
    let id = pki.server(KeyType::P256);
    let (mut peer, addr) = s_server(&pki, &id, &args!["-groups", "X448", "-naccept", "1"]);
    let mut link = Link::client(addr, trusting(&pki, ClientOpts::default()), "localhost");
    let err = link.handshake().unwrap_err().tls();
    assert_eq!(err, Error::AlertReceived(AlertDescription::HandshakeFailure));
    peer.finish();

    let (listener, addr) = listen();
    let mut peer = s_client(&pki, addr, &args!["-groups", "X448"]);
    let mut link = Link::server(&listener, Arc::new(server_config(&id, &ServerOpts::default())));
    assert!(matches!(link.handshake().unwrap_err().tls(), Error::PeerIncompatible(_)));
    drop(link);
    assert_has(&peer.finish().1, "alert handshake failure");
}

#[test]
fn client_shows_each_kind_of_certificate() {
    for key in KeyType::provided() {
        let pki = Pki::new();
        let args = args!["-Verify", "3", "-verify_return_error", "-CAfile", &pki.root_pem, "-naccept", "1"];
        let (mut peer, addr) = s_server(&pki, &pki.server(KeyType::P256), &args);
        let opts = ClientOpts { identity: Some(pki.client(key)), ..Default::default() };
        let mut link = Link::client(addr, trusting(&pki, opts), "localhost");
        link.handshake().unwrap();
        talk_to_server(&mut link, &mut peer);
        link.close().unwrap();
        let said = peer.finish().1;
        assert_has(&said, "subject=CN = chitin test client");
        assert_has(&said.to_lowercase(), &format!("peer signature type: {}\n", signature_type(key)));
    }
}

#[test]
fn server_checks_each_kind_of_client_certificate() {
    for key in KeyType::provided() {
        let pki = Pki::new();
        let id = pki.client(key);
        let files = pki.write(&id);
        let (listener, addr) = listen();
        let mut peer = s_client(&pki, addr, &identity_args(&files));
        let opts = ServerOpts { client_auth: ClientAuth::Required(pki.root.store()), ..Default::default() };
        let mut link = Link::server(&listener, Arc::new(server_config(&pki.server(KeyType::P256), &opts)));
        link.handshake().unwrap_or_else(|err| panic!("{key:?}: {err:?}"));
        assert_eq!(link.conn.peer_certificates().unwrap(), &id.chain[..], "{key:?}");
        talk_to_client(&mut link, &mut peer);
        // The hint that we send names the root.
        assert_has(
            &quit(&mut link, &mut peer),
            "Acceptable client certificate CA names\nCN = chitin test root",
        );
    }
}

#[test]
fn client_without_a_certificate_meets_a_server_that_wants_one() {
    let pki = Pki::new();
    let id = pki.server(KeyType::P256);

    // Optional: it goes on.
    let args = args!["-verify", "3", "-CAfile", &pki.root_pem, "-naccept", "1"];
    let (mut peer, addr) = s_server(&pki, &id, &args);
    let mut link = Link::client(addr, trusting(&pki, ClientOpts::default()), "localhost");
    link.handshake().unwrap();
    talk_to_server(&mut link, &mut peer);
    link.close().unwrap();
    assert!(!peer.finish().1.contains("Client certificate"));

    // Required: the refusal comes after our handshake is over, with the first read. RFC 8446 section 4.4.2.4.
    let args = args!["-Verify", "3", "-CAfile", &pki.root_pem, "-naccept", "1"];
    let (mut peer, addr) = s_server(&pki, &id, &args);
    let mut link = Link::client(addr, trusting(&pki, ClientOpts::default()), "localhost");
    let err = link.handshake().and_then(|()| link.receive(1)).unwrap_err().tls();
    assert_eq!(err, Error::AlertReceived(AlertDescription::CertificateRequired));
    assert_has(&peer.finish().1, "peer did not return a certificate");
}

#[test]
fn server_wants_a_certificate_that_does_not_come() {
    let pki = Pki::new();
    let id = pki.server(KeyType::P256);

    let (listener, addr) = listen();
    let mut peer = s_client(&pki, addr, &[]);
    let opts = ServerOpts { client_auth: ClientAuth::Optional(pki.root.store()), ..Default::default() };
    let mut link = Link::server(&listener, Arc::new(server_config(&id, &opts)));
    link.handshake().unwrap();
    assert_eq!(link.conn.peer_certificates(), None);
    talk_to_client(&mut link, &mut peer);
    quit(&mut link, &mut peer);

    let (listener, addr) = listen();
    let mut peer = s_client(&pki, addr, &[]);
    let opts = ServerOpts { client_auth: ClientAuth::Required(pki.root.store()), ..Default::default() };
    let mut link = Link::server(&listener, Arc::new(server_config(&id, &opts)));
    assert_eq!(link.handshake().unwrap_err().tls(), Error::NoCertificatesPresented);
    peer.expect("alert certificate required");
}

#[test]
fn server_refuses_bad_client_certificates() {
    let pki = Pki::new();
    let stranger = pki.stranger.issue(&Spec::client(KeyType::P256));
    let expired = pki.issuing.issue(&Spec::client(KeyType::P256).validity(Validity::Expired));
    let early = pki.issuing.issue(&Spec::client(KeyType::P256).validity(Validity::NotYet));
    let server_purpose = pki.server(KeyType::P256);
    let cells: [(&str, Identity, Check, &str); 4] = [
        ("stranger", stranger, is_unknown_issuer, "alert unknown ca"),
        ("expired", expired, is_expired, "alert certificate expired"),
        // There is no alert for a time that has not come: RFC 8446 section 6.2 leaves certificate_expired
        // ("expired or is not currently valid").
        ("early", early, is_early, "alert certificate expired"),
        ("purpose", server_purpose, is_purpose, "alert"),
    ];
    for (cell, id, expected, alert) in cells {
        let files = pki.write(&id);
        let (listener, addr) = listen();
        let mut peer = s_client(&pki, addr, &identity_args(&files));
        let opts = ServerOpts { client_auth: ClientAuth::Required(pki.root.store()), ..Default::default() };
        let config = Arc::new(server_config(&pki.server(KeyType::P256), &opts));
        let mut link = Link::server(&listener, config);
        let err = certificate_error(cell, link.handshake());
        assert!(expected(&err), "{cell}: {err:?}");
        peer.expect(alert);
    }
}

#[test]
fn client_refuses_bad_server_certificates() {
    let pki = Pki::new();
    let spec = || Spec::server(KeyType::P256);
    let cells: [(&str, Identity, Check, &str); 6] = [
        ("stranger", pki.stranger.issue(&spec()), is_unknown_issuer, "alert unknown ca"),
        ("self-signed", self_signed(&spec()), is_unknown_issuer, "alert unknown ca"),
        ("name", pki.issuing.issue(&spec().dns(&["elsewhere.test"])), is_name, "alert bad certificate"),
        (
            "expired",
            pki.issuing.issue(&spec().validity(Validity::Expired)),
            is_expired,
            "alert certificate expired",
        ),
        (
            "early",
            pki.issuing.issue(&spec().validity(Validity::NotYet)),
            is_early,
            "alert certificate expired",
        ),
        ("purpose", pki.client_as_server(), is_purpose, "alert"),
    ];
    for (cell, id, expected, alert) in cells {
        let (mut peer, addr) = s_server(&pki, &id, &args!["-naccept", "1"]);
        let mut link = Link::client(addr, trusting(&pki, ClientOpts::default()), "localhost");
        let err = certificate_error(cell, link.handshake());
        assert!(expected(&err), "{cell}: {err:?}");
        drop(link);
        assert_has(&peer.finish().1, alert);
    }
}

/// A certificate for the right name is no good for another name or address, whatever the SNI said.
#[test]
fn client_checks_the_name_it_asked_for() {
    let pki = Pki::new();
    let id = pki.server(KeyType::P256);
    for (name, good) in
        [("localhost", true), ("127.0.0.1", true), ("localhost.test", false), ("127.0.0.2", false)]
    {
        let (mut peer, addr) = s_server(&pki, &id, &args!["-naccept", "1"]);
        let mut link = Link::client(addr, trusting(&pki, ClientOpts::default()), name);
        match link.handshake() {
            Ok(()) => assert!(good, "{name}"),
            err => assert!(!good && is_name(&certificate_error(name, err)), "{name}"),
        }
        let _ = link.close();
        drop(link);
        peer.finish();
    }
}

#[test]
fn client_refuses_short_rsa_keys() {
    let pki = Pki::new();
    for key in [KeyType::Rsa1024, KeyType::Rsa1536] {
        let args = args!["-cipher", "DEFAULT:@SECLEVEL=0", "-naccept", "1"];
        let (mut peer, addr) = s_server(&pki, &pki.issuing.issue(&Spec::server(key)), &args);
        let mut link = Link::client(addr, trusting(&pki, ClientOpts::default()), "localhost");
        certificate_error(&format!("{key:?}"), link.handshake());
        drop(link);
        assert_has(&peer.finish().1, "alert");
    }
}

#[test]
fn openssl_client_refuses_our_bad_certificates() {
    let pki = Pki::new();
    let spec = || Spec::server(KeyType::P256);
    let cells = [
        (
            "stranger",
            pki.stranger.issue(&spec()),
            "unable to get local issuer certificate",
            AlertDescription::UnknownCA,
        ),
        ("self-signed", self_signed(&spec()), "self-signed certificate", AlertDescription::UnknownCA),
        (
            "name",
            pki.issuing.issue(&spec().dns(&["elsewhere.test"])),
            "hostname mismatch",
            AlertDescription::BadCertificate,
        ),
        (
            "expired",
            pki.issuing.issue(&spec().validity(Validity::Expired)),
            "certificate has expired",
            AlertDescription::CertificateExpired,
        ),
    ];
    for (cell, id, reason, alert) in cells {
        let (listener, addr) = listen();
        let mut peer = s_client(&pki, addr, &[]);
        let mut link = Link::server(&listener, Arc::new(server_config(&id, &ServerOpts::default())));
        assert_eq!(link.handshake().unwrap_err().tls(), Error::AlertReceived(alert), "{cell}");
        drop(link);
        assert_has(&peer.finish().1, reason);
    }
}

#[test]
fn client_resumes() {
    // OpenSSL keeps its sessions inside the ticket, or, told to use none, behind an identity.
    for more in [args![], args!["-no_ticket"]] {
        let pki = Pki::new();
        let mut args = args!["-naccept", "2"];
        args.extend(more);
        let (mut peer, addr) = s_server(&pki, &pki.server(KeyType::P256), &args);
        let config = trusting(&pki, ClientOpts::default());
        for (turn, kind) in [(1, HandshakeKind::Full), (2, HandshakeKind::Resumed)] {
            let mut link = Link::client(addr, config.clone(), "localhost");
            link.handshake().unwrap();
            assert_eq!(link.report(), report(SERVER_SUITE, NamedGroup::X25519, kind), "turn {turn}");
            peer.expect_times("CIPHER is", turn);
            // What the server says comes after its tickets.
            talk_to_server(&mut link, &mut peer);
            assert!(link.conn.tls13_tickets_received() > 0);
            link.close().unwrap();
        }
        assert_eq!(peer.finish().1.matches("Reused session-id").count(), 1);
    }
}

#[test]
fn server_resumes() {
    for ticketer in [false, true] {
        let pki = Pki::new();
        let opts = ServerOpts { ticketer, ..Default::default() };
        let config = Arc::new(server_config(&pki.server(KeyType::P256), &opts));
        let session = pki.dir.path().join("session");
        let (listener, addr) = listen();
        for (flag, kind, words) in [
            ("-sess_out", HandshakeKind::Full, "New, TLSv1.3"),
            ("-sess_in", HandshakeKind::Resumed, "Reused, TLSv1.3"),
        ] {
            let mut peer = s_client(&pki, addr, &args![flag, &session]);
            let mut link = Link::server(&listener, config.clone());
            link.handshake().unwrap();
            assert_eq!(link.report(), report(CLIENT_SUITE, NamedGroup::X25519, kind), "ticketer {ticketer}");
            talk_to_client(&mut link, &mut peer);
            assert_has(&quit(&mut link, &mut peer), words);
        }
    }
}

/// What a client of OpenSSL says early arrives early, and once: the session is spent.
#[test]
fn server_takes_early_data_once() {
    let pki = Pki::new();
    let mut config = server_config(&pki.server(KeyType::P256), &ServerOpts::default());
    config.max_early_data_size = 16384;
    let config = Arc::new(config);
    let (session, early) = (pki.dir.path().join("session"), pki.dir.path().join("early"));
    std::fs::write(&early, b"said early\n").unwrap();
    let (listener, addr) = listen();
    for (args, kind, words) in [
        (args!["-sess_out", &session], HandshakeKind::Full, "Max Early Data: 16384"),
        (
            args!["-sess_in", &session, "-early_data", &early],
            HandshakeKind::Resumed,
            "Early data was accepted",
        ),
        (args!["-sess_in", &session, "-early_data", &early], HandshakeKind::Full, "Early data was rejected"),
    ] {
        let mut peer = s_client(&pki, addr, &args);
        let mut link = Link::server(&listener, config.clone());
        link.handshake().unwrap();
        assert_eq!(link.report(), report(CLIENT_SUITE, NamedGroup::X25519, kind), "{words}");
        let mut got = Vec::new();
        if let Some(mut data) = link.conn.early_data() {
            data.read_to_end(&mut got).unwrap();
        }
        let expected: &[u8] = if kind == HandshakeKind::Resumed { b"said early\n" } else { b"" };
        assert_eq!(got, expected, "{words}");
        talk_to_client(&mut link, &mut peer);
        assert_has(&quit(&mut link, &mut peer), words);
    }
}

/// With a ticketer OpenSSL is not told that it might.
#[test]
fn server_grants_no_early_data_with_tickets() {
    let pki = Pki::new();
    let opts = ServerOpts { ticketer: true, ..Default::default() };
    let mut config = server_config(&pki.server(KeyType::P256), &opts);
    config.max_early_data_size = 16384;
    let (listener, addr) = listen();
    let mut peer = s_client(&pki, addr, &[]);
    let mut link = Link::server(&listener, Arc::new(config));
    link.handshake().unwrap();
    talk_to_client(&mut link, &mut peer);
    assert_has(&quit(&mut link, &mut peer), "Max Early Data: 0");
}

/// A server of OpenSSL reads what we say early; another, which does not know the session, passes over it.
#[test]
fn client_sends_early_data() {
    let pki = Pki::new();
    let id = pki.server(KeyType::P256);
    let refusing: [(Vec<OsString>, HandshakeKind); 2] = [
        (args![], HandshakeKind::Full),
        (args!["-groups", "P-384"], HandshakeKind::FullWithHelloRetryRequest),
    ];
    for (more, refused) in refusing {
        let (mut peer, addr) = s_server(&pki, &id, &args!["-early_data", "-naccept", "2"]);
        let mut config = client_config(pki.root.store(), &ClientOpts::default());
        config.enable_early_data = true;
        let config = Arc::new(config);
        for kind in [HandshakeKind::Full, HandshakeKind::Resumed] {
            let mut link = Link::client(addr, config.clone(), "localhost");
            let early = link.conn.early_data().map(|mut data| data.write_all(b"said early\n").unwrap());
            assert_eq!(early.is_some(), kind == HandshakeKind::Resumed);
            link.handshake().unwrap();
            assert_eq!(link.report(), report(SERVER_SUITE, NamedGroup::X25519, kind));
            assert_eq!(link.conn.is_early_data_accepted(), early.is_some());
            talk_to_server(&mut link, &mut peer);
            link.close().unwrap();
        }
        // The words on its standard output, what it says of them beside it.
        let said = peer.finish().1;
        assert_has(&said, "said early\n");
        assert_has(&said, "Early data received:");

        let mut args = args!["-naccept", "1"];
        args.extend(more);
        let (mut peer, addr) = s_server(&pki, &id, &args);
        let mut link = Link::client(addr, config.clone(), "localhost");
        link.conn.early_data().expect("a ticket is left").write_all(b"said early\n").unwrap();
        link.handshake().unwrap();
        assert_eq!(link.report().kind, Some(refused));
        assert!(!link.conn.is_early_data_accepted());
        talk_to_server(&mut link, &mut peer);
        link.close().unwrap();
        assert!(!peer.finish().1.contains("said early"));
    }
}

/// A session that another server wrote, or that ours forgot, costs a full handshake and nothing else.
#[test]
fn server_does_not_resume_what_it_does_not_know() {
    let pki = Pki::new();
    for ticketer in [false, true] {
        let session = pki.dir.path().join("foreign");
        for (flag, words) in [("-sess_out", "New, TLSv1.3"), ("-sess_in", "New, TLSv1.3")] {
            let opts = ServerOpts { ticketer, ..Default::default() };
            let config = Arc::new(server_config(&pki.server(KeyType::P256), &opts));
            let (listener, addr) = listen();
            let mut peer = s_client(&pki, addr, &args![flag, &session]);
            let mut link = Link::server(&listener, config);
            link.handshake().unwrap();
            assert_eq!(link.report().kind, Some(HandshakeKind::Full));
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
    let opts = ServerOpts {
        client_auth: ClientAuth::Required(pki.root.store()),
        ticketer: true,
        ..Default::default()
    };
    let config = Arc::new(server_config(&pki.server(KeyType::P256), &opts));
    let session = pki.dir.path().join("session");
    let (listener, addr) = listen();
    for (flag, kind) in [("-sess_out", HandshakeKind::Full), ("-sess_in", HandshakeKind::Resumed)] {
        let mut args = identity_args(&files);
        args.extend(args![flag, &session]);
        let mut peer = s_client(&pki, addr, &args);
        let mut link = Link::server(&listener, config.clone());
        link.handshake().unwrap();
        assert_eq!(link.report().kind, Some(kind));
        assert_eq!(link.conn.peer_certificates().unwrap(), &id.chain[..]);
        talk_to_client(&mut link, &mut peer);
        quit(&mut link, &mut peer);
    }
}

#[test]
fn alpn_is_agreed() {
    let pki = Pki::new();
    let id = pki.server(KeyType::P256);
    let (mut peer, addr) = s_server(&pki, &id, &args!["-alpn", "acme,http/1.1", "-naccept", "1"]);
    let opts = ClientOpts { alpn: vec![b"h2".to_vec(), b"http/1.1".to_vec()], ..Default::default() };
    let mut link = Link::client(addr, trusting(&pki, opts), "localhost");
    link.handshake().unwrap();
    assert_eq!(link.conn.alpn_protocol(), Some(&b"http/1.1"[..]));
    link.close().unwrap();
    assert_has(&peer.finish().1, "ALPN protocols selected: http/1.1\n");

    let (listener, addr) = listen();
    let mut peer = s_client(&pki, addr, &args!["-alpn", "http/1.1,h2"]);
    let opts = ServerOpts { alpn: vec![b"h2".to_vec(), b"http/1.1".to_vec()], ..Default::default() };
    let config = Arc::new(server_config(&id, &opts));
    let mut link = Link::server(&listener, config.clone());
    link.handshake().unwrap();
    // The server's order decides.
    assert_eq!(link.conn.alpn_protocol(), Some(&b"h2"[..]));
    talk_to_client(&mut link, &mut peer);
    assert_has(&quit(&mut link, &mut peer), "ALPN protocol: h2\n");

    // Without overlap there is no connection: RFC 7301 section 3.2.
    let mut peer = s_client(&pki, addr, &args!["-alpn", "gopher"]);
    let mut link = Link::server(&listener, config);
    assert_eq!(link.handshake().unwrap_err().tls(), Error::NoApplicationProtocol);
    drop(link);
    assert_has(&peer.finish().1, "alert no application protocol");
}

#[test]
fn server_name_is_sent_and_received() {
    let pki = Pki::new();
    // s_server says which name came when it has a second certificate for it, and shows that without a chain.
    let id = pki.root.issue(&Spec::server(KeyType::P256));
    let files = pki.write(&id);
    for (name, expected) in
        [("localhost", Some("Hostname in TLS extension: \"localhost\"")), ("127.0.0.1", None)]
    {
        let args =
            args!["-servername", "localhost", "-cert2", &files.leaf, "-key2", &files.key, "-naccept", "1"];
        let (mut peer, addr) = s_server(&pki, &id, &args);
        let mut link = Link::client(addr, trusting(&pki, ClientOpts::default()), name);
        link.handshake().unwrap();
        link.close().unwrap();
        let said = peer.finish().1;
        match expected {
            Some(words) => assert_has(&said, words),
            // RFC 6066 section 3: no literal addresses.
            None => assert!(!said.contains("Hostname in TLS extension"), "{said}"),
        }
    }

    let config = Arc::new(server_config(&id, &ServerOpts::default()));
    for (args, expected) in
        [(args!["-servername", "localhost"], Some("localhost")), (args!["-noservername"], None)]
    {
        let (listener, addr) = listen();
        let mut args = args;
        args.extend(args!["-CAfile", &pki.root_pem, "-verify_return_error"]);
        let mut peer = openssl_client(addr, &args);
        let mut link = Link::server(&listener, config.clone());
        link.handshake().unwrap();
        assert_eq!(link.conn.server_name(), expected);
        talk_to_client(&mut link, &mut peer);
        quit(&mut link, &mut peer);
    }
}

#[test]
fn server_answers_key_updates() {
    let pki = Pki::new();
    let (listener, addr) = listen();
    let mut peer = s_client(&pki, addr, &args!["-msg"]);
    let config = server_config(&pki.server(KeyType::P256), &ServerOpts::default());
    let mut link = Link::server(&listener, Arc::new(config));
    link.handshake().unwrap();
    talk_to_client(&mut link, &mut peer);
    let (sent, got) = (
        ">>> TLS 1.3, Handshake [length 0005], KeyUpdate",
        "<<< TLS 1.3, Handshake [length 0005], KeyUpdate",
    );

    // `k` updates only its own keys; `K` asks us for ours too.
    peer.type_in("k\n");
    peer.expect_times(sent, 1);
    talk_to_client(&mut link, &mut peer);
    assert_eq!(peer.output().matches(got).count(), 0);
    peer.type_in("K\n");
    peer.expect_times(sent, 2);
    talk_to_client(&mut link, &mut peer);
    peer.expect_times(got, 1);
    talk_to_client(&mut link, &mut peer);

    // And ours, which asks for theirs.
    link.conn.refresh_traffic_keys().unwrap();
    talk_to_client(&mut link, &mut peer);
    peer.expect_times(got, 2);
    // OpenSSL answers with its next write.
    talk_to_client(&mut link, &mut peer);
    peer.expect_times(sent, 3);
    let said = quit(&mut link, &mut peer);
    assert_eq!(said.matches(got).count(), 2);
    assert_eq!(said.matches(sent).count(), 3);
}

#[test]
fn client_answers_key_updates() {
    let pki = Pki::new();
    let (mut peer, addr) = s_server(&pki, &pki.server(KeyType::P256), &args!["-msg", "-naccept", "1"]);
    let mut link = Link::client(addr, trusting(&pki, ClientOpts::default()), "localhost");
    link.handshake().unwrap();
    talk_to_server(&mut link, &mut peer);
    let (sent, got) = (
        ">>> TLS 1.3, Handshake [length 0005], KeyUpdate",
        "<<< TLS 1.3, Handshake [length 0005], KeyUpdate",
    );
    peer.type_in("K\n");
    peer.expect_times(sent, 1);
    talk_to_server(&mut link, &mut peer);
    talk_to_server(&mut link, &mut peer);
    peer.expect_times(got, 1);
    link.conn.refresh_traffic_keys().unwrap();
    talk_to_server(&mut link, &mut peer);
    peer.expect_times(got, 2);
    peer.expect_times(sent, 2);
    talk_to_server(&mut link, &mut peer);
    link.close().unwrap();
    peer.finish();
}

#[test]
fn exporters_agree() {
    let pki = Pki::new();
    let id = pki.server(KeyType::P256);
    // 32 is one hash of the smaller suites; 50 makes HKDF-Expand take a second block of either.
    for (suite, len) in [(SUITES[0], 32), (SUITES[1], 50), (SUITES[2], 50)] {
        let exporter = args!["-keymatexport", LABEL, "-keymatexportlen", len.to_string()];
        let mut args = exporter.clone();
        args.extend(args!["-ciphersuites", name_of_suite(suite)]);

        let mut server_args = args.clone();
        server_args.extend(args!["-naccept", "1"]);
        let (mut peer, addr) = s_server(&pki, &id, &server_args);
        let mut link = Link::client(addr, trusting(&pki, ClientOpts::default()), "localhost");
        link.handshake().unwrap();
        let ours = hex(&link.export(LABEL, len));
        link.close().unwrap();
        assert_has(&peer.finish().1, &format!("Keying material: {ours}\n"));

        let (listener, addr) = listen();
        let mut peer = s_client(&pki, addr, &args);
        let mut link = Link::server(&listener, Arc::new(server_config(&id, &ServerOpts::default())));
        link.handshake().unwrap();
        let ours = hex(&link.export(LABEL, len));
        talk_to_client(&mut link, &mut peer);
        assert_has(&quit(&mut link, &mut peer), &format!("Keying material: {ours}\n"));
    }
}

#[test]
fn closing_is_told_from_truncation() {
    let pki = Pki::new();
    let id = pki.server(KeyType::P256);
    let config = Arc::new(server_config(&id, &ServerOpts::default()));

    for clean in [true, false] {
        // Their client, our server.
        let (listener, addr) = listen();
        let mut peer = s_client(&pki, addr, &[]);
        let mut link = Link::server(&listener, config.clone());
        link.handshake().unwrap();
        talk_to_client(&mut link, &mut peer);
        end(&mut peer, clean);
        check_end(link.receive_to_end(), clean);

        // Their server, our client. Of its modes only those that speak HTTP say goodbye.
        let mode = if clean { args!["-www", "-naccept", "1"] } else { args!["-naccept", "1"] };
        let (mut peer, addr) = s_server(&pki, &id, &mode);
        let mut link = Link::client(addr, trusting(&pki, ClientOpts::default()), "localhost");
        link.handshake().unwrap();
        if clean {
            link.send(b"GET / HTTP/1.0\r\n\r\n").unwrap();
            let page = String::from_utf8(link.receive_to_end().unwrap()).unwrap();
            assert_has(&page, "New, TLSv1.3, Cipher is");
        } else {
            // What it has not read yet would make its system send a reset instead of a plain end.
            talk_to_server(&mut link, &mut peer);
            peer.kill();
            check_end(link.receive_to_end(), false);
        }
    }

    // And what they make of our ends.
    for clean in [true, false] {
        let (listener, addr) = listen();
        let mut peer = s_client(&pki, addr, &[]);
        let mut link = Link::server(&listener, config.clone());
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
fn client_moves_a_mebibyte_each_way() {
    let pki = Pki::new();
    for suite in SUITES {
        let args = args!["-rev", "-ciphersuites", name_of_suite(suite), "-naccept", "1"];
        let (mut peer, addr) = s_server(&pki, &pki.server(KeyType::P256), &args);
        let mut link = Link::client(addr, trusting(&pki, ClientOpts::default()), "localhost");
        link.handshake().unwrap();
        // The peer sends each line back reversed. It reads no more while it writes, so we take turns.
        let lines = lines();
        for batch in lines.chunks(32) {
            link.send(&batch.concat()).unwrap();
            for line in batch {
                let mut back = link.receive(line.len()).unwrap();
                back[..line.len() - 1].reverse();
                assert_eq!(&back, line);
            }
        }
        link.close().unwrap();
        assert_has(&peer.finish().1, "Protocol version: TLSv1.3");
    }
}

#[test]
fn server_moves_a_mebibyte_each_way() {
    let pki = Pki::new();
    for suite in SUITES {
        let (listener, addr) = listen();
        let mut peer = s_client(&pki, addr, &args!["-quiet", "-ciphersuites", name_of_suite(suite)]);
        let config = server_config(&pki.server(KeyType::P256), &ServerOpts::default());
        let mut link = Link::server(&listener, Arc::new(config));
        link.handshake().unwrap();
        let data = lines().concat();
        let (mut stdin, copy) = (peer.take_stdin(), data.clone());
        let writer = thread::spawn(move || stdin.write_all(&copy).map(|()| stdin));
        link.echo(data.len()).unwrap();
        link.close().unwrap();
        drop(writer.join().unwrap().unwrap());
        peer.finish();
        assert_eq!(peer.stdout().len(), data.len());
        assert!(peer.stdout() == data, "the echo differs");
    }
}

/// Records that OpenSSL pads and cuts in its own way.
#[test]
fn padded_and_small_records_are_read() {
    let pki = Pki::new();
    for args in [args!["-record_padding", "512"], args!["-max_send_frag", "512"]] {
        let (listener, addr) = listen();
        let mut client_args = args.clone();
        client_args.extend(args!["-quiet"]);
        let mut peer = s_client(&pki, addr, &client_args);
        let config = server_config(&pki.server(KeyType::P256), &ServerOpts::default());
        let mut link = Link::server(&listener, Arc::new(config));
        link.handshake().unwrap();
        let data = lines()[..64].concat();
        peer.type_in(&data);
        link.echo(data.len()).unwrap();
        link.close().unwrap();
        peer.finish();
        assert!(peer.stdout() == data, "the echo differs");

        let mut server_args = args;
        server_args.extend(args!["-naccept", "1"]);
        let (mut peer, addr) = s_server(&pki, &pki.server(KeyType::P256), &server_args);
        let mut link = Link::client(addr, trusting(&pki, ClientOpts::default()), "localhost");
        link.handshake().unwrap();
        peer.type_in(&data);
        assert!(link.receive(data.len()).unwrap() == data, "the data differs");
        link.close().unwrap();
        peer.finish();
    }
}

/// What we cut small must be read too.
#[test]
fn our_small_records_are_read() {
    let pki = Pki::new();
    let mut config = server_config(&pki.server(KeyType::Rsa2048), &ServerOpts::default());
    config.max_fragment_size = Some(64);
    let (listener, addr) = listen();
    let mut peer = s_client(&pki, addr, &[]);
    let mut link = Link::server(&listener, Arc::new(config));
    link.handshake().unwrap();
    talk_to_client(&mut link, &mut peer);
    assert_has(&quit(&mut link, &mut peer), "New, TLSv1.3");

    let mut config = client_config(pki.root.store(), &ClientOpts::default());
    config.max_fragment_size = Some(64);
    let (mut peer, addr) = s_server(&pki, &pki.server(KeyType::P256), &args!["-naccept", "1"]);
    let mut link = Link::client(addr, Arc::new(config), "localhost");
    link.handshake().unwrap();
    talk_to_server(&mut link, &mut peer);
    link.close().unwrap();
    assert!(peer.finish().0.success());
}

/// A peer that does without the middlebox compatibility of RFC 8446 appendix D.4.
#[test]
fn peers_without_compatibility_mode_are_met() {
    let pki = Pki::new();
    let id = pki.server(KeyType::P256);
    let (listener, addr) = listen();
    let mut peer = s_client(&pki, addr, &args!["-no_middlebox", "-msg"]);
    let mut link = Link::server(&listener, Arc::new(server_config(&id, &ServerOpts::default())));
    link.handshake().unwrap();
    talk_to_client(&mut link, &mut peer);
    let said = quit(&mut link, &mut peer);
    assert_eq!(said.matches(">>> TLS 1.3, ChangeCipherSpec").count(), 0);

    let (mut peer, addr) = s_server(&pki, &id, &args!["-no_middlebox", "-naccept", "1"]);
    let mut link = Link::client(addr, trusting(&pki, ClientOpts::default()), "localhost");
    link.handshake().unwrap();
    talk_to_server(&mut link, &mut peer);
    link.close().unwrap();
    assert!(peer.finish().0.success());
}

/// A peer that knows only TLS 1.2 is refused with protocol_version.
#[test]
fn older_versions_are_refused() {
    let pki = Pki::new();
    let id = pki.server(KeyType::P256);
    let (listener, addr) = listen();
    let args = args!["s_client", "-connect", addr.to_string(), "-tls1_2", "-CAfile", &pki.root_pem];
    let mut peer = Peer::spawn("openssl", &args);
    let mut link = Link::server(&listener, Arc::new(server_config(&id, &ServerOpts::default())));
    assert!(matches!(link.handshake().unwrap_err().tls(), Error::PeerIncompatible(_)));
    drop(link);
    assert_has(&peer.finish().1, "alert protocol version");

    let files = pki.write(&id);
    let args =
        args!["s_server", "-accept", "127.0.0.1:0", "-tls1_2", "-cert", &files.leaf, "-key", &files.key];
    let (mut peer, addr) = testkit::peer::openssl_server_with(&args);
    let mut link = Link::client(addr, trusting(&pki, ClientOpts::default()), "localhost");
    assert_eq!(link.handshake().unwrap_err().tls(), Error::AlertReceived(AlertDescription::ProtocolVersion));
    peer.expect("unsupported protocol");
}

// What OpenSSL chooses when both sides leave it alone: its client and its server prefer AES-256.
const CLIENT_SUITE: CipherSuite = CipherSuite::TLS13_AES_256_GCM_SHA384;
const SERVER_SUITE: CipherSuite = CipherSuite::TLS13_AES_256_GCM_SHA384;

fn report(suite: CipherSuite, group: NamedGroup, kind: HandshakeKind) -> FirstLook {
    FirstLook { suite, group, kind }
}

/// The part of a report that most cells look at.
#[derive(Debug, Clone, Copy)]
struct FirstLook {
    suite: CipherSuite,
    group: NamedGroup,
    kind: HandshakeKind,
}

impl PartialEq<FirstLook> for Report {
    fn eq(&self, look: &FirstLook) -> bool {
        self.version == Some(ProtocolVersion::TLSv1_3)
            && self.suite == Some(look.suite)
            && self.group == Some(look.group)
            && self.kind == Some(look.kind)
    }
}

fn trusting(pki: &Pki, opts: ClientOpts) -> Arc<ClientConfig> {
    Arc::new(client_config(pki.root.store(), &opts))
}

/// `openssl s_server` with this identity.
fn s_server(pki: &Pki, id: &Identity, more: &[OsString]) -> (Peer, SocketAddr) {
    let mut args = identity_args(&pki.write(id));
    args.extend(more.iter().cloned());
    openssl_server(&args)
}

/// `openssl s_client` that really verifies.
fn s_client(pki: &Pki, addr: SocketAddr, more: &[OsString]) -> Peer {
    let mut args = args!["-CAfile", &pki.root_pem, "-verify_return_error", "-verify_hostname", "localhost"];
    args.extend(args!["-servername", "localhost"]);
    args.extend(more.iter().cloned());
    openssl_client(addr, &args)
}

fn identity_args(files: &PemFiles) -> Vec<OsString> {
    let mut args = args!["-cert", &files.leaf, "-key", &files.key];
    if files.has_rest {
        args.extend(args!["-cert_chain", &files.rest]);
    }
    args
}

/// A line each way, with `s_server` at the other end.
fn talk_to_server(link: &mut Link<ClientConnection>, peer: &mut Peer) {
    let before = peer.output().matches("from our client").count();
    link.send(b"from our client\n").unwrap();
    peer.expect_times("from our client", before + 1);
    // A line must not begin with one of the letters that s_server takes for a command.
    peer.type_in("to our client\n");
    assert_eq!(link.receive(14).unwrap(), b"to our client\n");
}

/// A line each way, with `s_client` at the other end.
fn talk_to_client(link: &mut Link<ServerConnection>, peer: &mut Peer) {
    let before = peer.output().matches("from our server").count();
    peer.type_in("to our server\n");
    assert_eq!(link.receive(14).unwrap(), b"to our server\n");
    link.send(b"from our server\n").unwrap();
    peer.expect_times("from our server", before + 1);
}

/// Lets `s_client` say goodbye, and gives all it said.
fn quit(link: &mut Link<ServerConnection>, peer: &mut Peer) -> String {
    peer.type_in("Q\n");
    assert_eq!(link.receive_to_end().unwrap(), b"");
    // It waits half a second for our end otherwise.
    let _ = link.close();
    let _ = link.sock.shutdown(Shutdown::Both);
    let (status, said) = peer.finish();
    assert!(status.success());
    said
}

fn end(peer: &mut Peer, clean: bool) {
    if clean { peer.type_in("Q\n") } else { peer.kill() }
}

fn check_end(outcome: Result<Vec<u8>, Failure>, clean: bool) {
    match outcome {
        Ok(data) => assert!(clean && data.is_empty()),
        Err(Failure::Io(err)) => assert!(!clean && err.kind() == ErrorKind::UnexpectedEof, "{err:?}"),
        Err(Failure::Tls(err)) => panic!("{err:?}"),
    }
}

fn certificate_error(cell: &str, outcome: Result<(), Failure>) -> CertificateError {
    match outcome {
        Err(Failure::Tls(Error::InvalidCertificate(err))) => err,
        other => panic!("{cell}: {other:?}"),
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

fn is_early(err: &CertificateError) -> bool {
    matches!(err, CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. })
}

fn is_name(err: &CertificateError) -> bool {
    matches!(err, CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. })
}

fn is_purpose(err: &CertificateError) -> bool {
    matches!(err, CertificateError::InvalidPurpose | CertificateError::InvalidPurposeContext { .. })
}

fn name_of_suite(suite: CipherSuite) -> &'static str {
    match suite {
        CipherSuite::TLS13_AES_128_GCM_SHA256 => "TLS_AES_128_GCM_SHA256",
        CipherSuite::TLS13_AES_256_GCM_SHA384 => "TLS_AES_256_GCM_SHA384",
        CipherSuite::TLS13_CHACHA20_POLY1305_SHA256 => "TLS_CHACHA20_POLY1305_SHA256",
        other => panic!("{other:?}"),
    }
}

/// The groups that OpenSSL 3.0 and our provider share.
fn groups() -> Vec<NamedGroup> {
    let mut groups = CLASSIC_GROUPS.to_vec();
    groups.extend(group(NamedGroup::secp521r1).map(|group| group.name()));
    groups
}

fn name_of_group(group: NamedGroup) -> &'static str {
    match group {
        NamedGroup::X25519 => "X25519",
        NamedGroup::secp256r1 => "P-256",
        NamedGroup::secp384r1 => "P-384",
        NamedGroup::secp521r1 => "P-521",
        other => panic!("{other:?}"),
    }
}

fn shared_name_of_group(group: NamedGroup) -> &'static str {
    match group {
        NamedGroup::X25519 => "x25519",
        NamedGroup::secp256r1 => "secp256r1",
        NamedGroup::secp384r1 => "secp384r1",
        NamedGroup::secp521r1 => "secp521r1",
        other => panic!("{other:?}"),
    }
}

fn temp_key_of_group(group: NamedGroup) -> &'static str {
    match group {
        NamedGroup::X25519 => "Server Temp Key: X25519, 253 bits",
        NamedGroup::secp256r1 => "Server Temp Key: ECDH, prime256v1, 256 bits",
        NamedGroup::secp384r1 => "Server Temp Key: ECDH, secp384r1, 384 bits",
        NamedGroup::secp521r1 => "Server Temp Key: ECDH, secp521r1, 521 bits",
        other => panic!("{other:?}"),
    }
}

fn schemes_of(key: KeyType) -> &'static [SignatureScheme] {
    match key {
        KeyType::P256 => &[SignatureScheme::ECDSA_NISTP256_SHA256],
        KeyType::P384 => &[SignatureScheme::ECDSA_NISTP384_SHA384],
        KeyType::P521 => &[SignatureScheme::ECDSA_NISTP521_SHA512],
        KeyType::Ed25519 => &[SignatureScheme::ED25519],
        _ => &[
            SignatureScheme::RSA_PSS_SHA256,
            SignatureScheme::RSA_PSS_SHA384,
            SignatureScheme::RSA_PSS_SHA512,
        ],
    }
}

/// The authorities above each kind: the same kind where that is quick, so that chains of each kind are checked too.
fn authority_for(key: KeyType) -> KeyType {
    match key {
        KeyType::Rsa3072 | KeyType::Rsa4096 => KeyType::Rsa2048,
        other => other,
    }
}

/// In small letters: releases of OpenSSL differ in how they write them.
fn signature_type(key: KeyType) -> &'static str {
    match key {
        KeyType::P256 | KeyType::P384 | KeyType::P521 => "ecdsa",
        KeyType::Ed25519 => "ed25519",
        _ => "rsa-pss",
    }
}

/// A mebibyte in lines of 1024 bytes, each unlike its neighbours.
fn lines() -> Vec<Vec<u8>> {
    let line =
        |n: u32| (0..1023).map(|i| b'a' + ((n * 31 + i * 7 + i / 26) % 26) as u8).chain([b'\n']).collect();
    (0..1024).map(line).collect()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02X}")).collect()
}

#[track_caller]
fn assert_has(said: &str, words: &str) {
    assert!(said.contains(words), "no {words:?} in:\n{said}");
}

/// Helpers that only these tests need.
trait MorePki {
    fn client_as_server(&self) -> Identity;
}

impl MorePki for Pki {
    /// The right name, issued for clients only.
    fn client_as_server(&self) -> Identity {
        self.issuing.issue(&Spec { dns: vec!["localhost".into()], ..Spec::client(KeyType::P256) })
    }
}
