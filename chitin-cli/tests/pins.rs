//! `chitin client --pin`, with pins that OpenSSL makes; and the pin that is printed, in curl's hands.

mod support;

use std::io::{Read, Write};
use std::net::TcpListener;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::thread;

use chitin::crypto::aws_lc_rs::{default_provider, sign::any_supported_type};
use chitin::pki_types::{CertificateDer, PrivateKeyDer};
use chitin::server::AlwaysResolvesServerRawPublicKeys;
use chitin::sign::CertifiedKey;
use chitin::{ServerConfig, ServerConnection, Stream};
use rcgen::{CertificateParams, KeyPair};
use support::{Folder, PATIENCE, Server, client, common_name, ordinary, run};

fn openssl(args: &[&str], input: &[u8]) -> Vec<u8> {
    let mut child = Command::new("openssl")
        .args(args)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap_or_else(|error| panic!("openssl: {error}"));
    child.stdin.take().unwrap().write_all(input).unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "openssl {args:?} failed");
    output.stdout
}

/// The pin of the key in a certificate, as curl's manual has it made.
fn pin(folder: &Folder, certificate: &str) -> String {
    let public = openssl(&["x509", "-in", &folder.path(certificate), "-noout", "-pubkey"], b"");
    let spki = openssl(&["pkey", "-pubin", "-outform", "DER"], &public);
    let text = openssl(&["base64", "-A"], &openssl(&["dgst", "-sha256", "-binary"], &spki));
    format!("sha256//{}", String::from_utf8(text).unwrap())
}

const STRANGER: &str = "sha256//BwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc=";

#[test]
fn a_pin_of_the_server_or_of_its_ca_lets_it_in() {
    let (folder, _) = ordinary();
    let server = Server::start(&folder, &["--echo"]);
    for certificate in ["server.pem", "ca.pem"] {
        let pin = pin(&folder, certificate);
        let one_slash = pin.replacen("//", "/", 1);
        let list = format!("{STRANGER};{pin}");
        for more in [
            &["--pin", &pin][..],
            &["--pin", &one_slash],
            &["--pin", &list],
            &["--pin", STRANGER, "--pin", &pin],
        ] {
            let outcome = client(&folder, "localhost", server.port(), more, b"x").succeeded();
            assert_eq!(outcome.stdout, b"x");
            assert!(outcome.stderr.contains(", and by a pin"), "{}", outcome.stderr);
        }
    }
    let failed =
        client(&folder, "localhost", server.port(), &["--pin", STRANGER], b"x").failed("not pinned: ");
    // What to pin instead stands there.
    for certificate in ["server.pem", "ca.pem"] {
        assert!(failed.stderr.contains(&pin(&folder, certificate)), "{}", failed.stderr);
    }
}

#[test]
fn a_pin_does_not_stand_in_for_a_ca_unless_it_is_to() {
    let (folder, _) = ordinary();
    let key = KeyPair::generate().unwrap();
    let mut params = CertificateParams::new(vec!["localhost".into()]).unwrap();
    params.distinguished_name = common_name("alone");
    folder.write("alone.pem", params.self_signed(&key).unwrap().pem());
    folder.write("alone.key", key.serialize_pem());
    let server = Server::start_as(&folder, "alone", &["--echo"]);
    let pin = pin(&folder, "alone.pem");
    client(&folder, "localhost", server.port(), &["--pin", &pin], b"x")
        .failed("self-signed certificate (CN=alone)");

    let target = format!("localhost:{}", server.port());
    let outcome = run(&["client", &target, "--pin", &pin, "--pin-only"], b"x").succeeded();
    assert_eq!(outcome.stdout, b"x");
    assert!(outcome.stderr.contains("as localhost by its pin alone"), "{}", outcome.stderr);
    run(&["client", &target, "--pin", STRANGER, "--pin-only"], b"x").failed("not pinned: ");
    run(&["client", &target, "--pin", &pin, "--pin-only", "--sni", "other.test"], b"x").failed("wrong name");
}

/// A raw public key (RFC 7250) says nothing of names, so nothing may be said of one.
#[test]
fn a_raw_key_is_verified_as_nobody_but_its_owner() {
    let key = KeyPair::generate().unwrap();
    let public = openssl(&["pkey", "-pubout", "-outform", "DER"], key.serialize_pem().as_bytes());
    let text = openssl(&["base64", "-A"], &openssl(&["dgst", "-sha256", "-binary"], &public));
    let pin = format!("sha256//{}", String::from_utf8(text).unwrap());
    let key = any_supported_type(&PrivateKeyDer::Pkcs8(key.serialize_der().into())).unwrap();
    let shown = Arc::new(CertifiedKey::new(vec![CertificateDer::from(public)], key));
    let config = ServerConfig::builder_with_provider(Arc::new(default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_cert_resolver(Arc::new(AlwaysResolvesServerRawPublicKeys::new(shown)));
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let target = format!("127.0.0.1:{}", listener.local_addr().unwrap().port());
    let server = thread::spawn(move || {
        let (mut sock, _) = listener.accept().unwrap();
        sock.set_read_timeout(Some(PATIENCE)).unwrap();
        let mut conn = ServerConnection::new(Arc::new(config)).unwrap();
        let mut got = Vec::new();
        Stream::new(&mut conn, &mut sock).read_to_end(&mut got).unwrap();
        conn.send_close_notify();
        while conn.wants_write() {
            conn.write_tls(&mut sock).unwrap();
        }
        got
    });
    let outcome =
        run(&["client", &target, "--pin", &pin, "--pin-only", "--sni", "any.test"], b"x").succeeded();
    assert!(outcome.stderr.contains("by the pin of its raw key alone"), "{}", outcome.stderr);
    assert!(!outcome.stderr.contains("as any.test"), "{}", outcome.stderr);
    assert_eq!(server.join().unwrap(), b"x");
}

#[test]
fn pins_that_are_none_are_named_before_anything_is_sent() {
    for (args, wanted) in [
        (&["--pin", "sha1/AAAA"][..], "a pin is `sha256//` and the 44 characters"),
        (&["--pin", &STRANGER[..20]], "a pin is `sha256//` and the 44 characters"),
        (&["--pin-only"], "--pin <PIN>"),
        (&["--pin", STRANGER, "--pin-only", "--ca", "ca.pem"], "cannot be used with"),
    ] {
        run(&[&["client", "localhost:1"], args].concat(), b"").failed(wanted);
    }
}

#[test]
fn the_pin_that_is_printed_is_one_for_curl() {
    let (folder, _) = ordinary();
    let server = Server::start(&folder, &[]);
    let report =
        client(&folder, "localhost", server.port(), &[], b"GET / HTTP/1.0\r\n\r\n").succeeded().stderr;
    let printed =
        report.split_whitespace().find(|word| word.starts_with("sha256//")).expect("a pin is printed");
    assert_eq!(printed, pin(&folder, "server.pem"));
    let curl = |pin: &str| {
        let status = Command::new("curl")
            .args(["--silent", "--cacert", &folder.path("ca.pem"), "--pinnedpubkey", pin])
            .arg(format!("https://localhost:{}/", server.port()))
            .stdout(Stdio::null())
            .status();
        status.unwrap_or_else(|error| panic!("curl: {error}")).code()
    };
    assert_eq!(curl(printed), Some(0));
    // CURLE_SSL_PINNEDPUBKEYNOTMATCH: so curl has looked at it.
    assert_eq!(curl(STRANGER), Some(90));
}

#[test]
fn a_key_that_does_not_fit_is_named_with_the_certificate() {
    let (folder, ca) = ordinary();
    ca.issue(&folder, "other", &["localhost"], |_| {});
    let (cert, key) = (folder.path("server.pem"), folder.path("other.key"));
    let wanted = format!("{cert} and {key}: ");
    run(&["server", "--listen", "127.0.0.1:0", "--cert", &cert, "--key", &key], b"").failed(&wanted);
    run(&["client", "localhost:1", "--cert", &cert, "--key", &key], b"").failed(&wanted);
}
