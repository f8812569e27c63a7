//! `chitin client` and `chitin server` against each other, and against peers that are not what they should be.

mod support;

use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use chitin::pki_types::pem::PemObject;
use chitin::pki_types::{CertificateDer, PrivateKeyDer};
use chitin::{ClientConfig, ClientConnection, RootCertStore, ServerConfig, ServerConnection, Stream};
use rcgen::{BasicConstraints, CertificateParams, IsCa, KeyPair};
use support::{Ca, Folder, PATIENCE, Server, client, common_name, ordinary, run};

/// Different at each place, and larger than all buffers between the two together.
fn much() -> Vec<u8> {
    (0..8_u32 << 20).map(|n| (n.wrapping_mul(2_654_435_761) >> 24) as u8).collect()
}

#[test]
fn echo_gives_everything_back_and_closes_cleanly() {
    let (folder, _) = ordinary();
    let server = Server::start(&folder, &["--echo"]);
    let data = much();
    let outcome = client(&folder, "localhost", server.port(), &[], &data).succeeded();
    assert!(outcome.stdout == data, "{} bytes came back", outcome.stdout.len());
    for fact in ["TLS 1.3", "TLS13_AES_", "CN=server", "CN=Test CA", "verified"] {
        assert!(outcome.stderr.contains(fact), "{fact} not in\n{}", outcome.stderr);
    }
    server.logs("name=localhost");
    server.logs("closed after");
}

#[test]
fn no_input_at_all_is_a_clean_close_too() {
    let (folder, _) = ordinary();
    let server = Server::start(&folder, &["--echo"]);
    assert!(client(&folder, "localhost", server.port(), &[], b"").succeeded().stdout.is_empty());
}

#[test]
fn an_ip_address_is_verified_and_sends_no_name() {
    let (folder, _) = ordinary();
    let server = Server::start(&folder, &["--echo"]);
    client(&folder, "127.0.0.1", server.port(), &[], b"x").succeeded();
    server.logs("name=- ");
}

#[test]
fn the_status_page_says_what_was_negotiated() {
    let (folder, _) = ordinary();
    let server = Server::start(&folder, &[]);
    let request = b"GET /any HTTP/1.0\r\n\r\n";
    let more = ["--alpn", "h2", "--alpn", "http/1.1"];
    let text = client(&folder, "localhost", server.port(), &more, request).succeeded().text();
    assert!(text.starts_with("HTTP/1.1 200 OK\r\n"), "{text}");
    for fact in ["TLS 1.3", "http/1.1", "localhost", "GET /any"] {
        assert!(text.contains(fact), "{fact} not in\n{text}");
    }
}

#[test]
fn alpn_without_overlap_is_refused_and_named() {
    let (folder, _) = ordinary();
    let server = Server::start(&folder, &["--echo", "--alpn", "a"]);
    client(&folder, "localhost", server.port(), &["--alpn", "a"], b"").succeeded();
    client(&folder, "localhost", server.port(), &["--alpn", "b"], b"").failed("--alpn");
    server.logs("ALPN");
}

#[test]
fn www_serves_files_and_nothing_beside_them() {
    let (folder, _) = ordinary();
    folder.write("www/page.html", "<p>hello</p>");
    folder.write("www/big.bin", much());
    folder.write("outside.txt", "secret");
    #[cfg(unix)]
    std::os::unix::fs::symlink(folder.path("outside.txt"), folder.path("www/link.txt")).unwrap();
    let server = Server::start(&folder, &["--www", &folder.path("www")]);
    let get =
        |request: &str| client(&folder, "localhost", server.port(), &[], request.as_bytes()).succeeded();

    let text = get("GET /page.html HTTP/1.0\r\n\r\n").text();
    assert!(
        text.starts_with("HTTP/1.1 200 ") && text.contains("text/html") && text.ends_with("<p>hello</p>"),
        "{text}"
    );
    let text = get("HEAD /page.html HTTP/1.0\r\n\r\n").text();
    assert!(text.contains("Content-Length: 12\r\n") && text.ends_with("\r\n\r\n"), "{text}");
    let big = get("GET /big.bin HTTP/1.0\r\n\r\n").stdout;
    assert!(big.ends_with(&much()));
    for path in ["/../outside.txt", "/%2e%2e/outside.txt", "/link.txt", "/none"] {
        let text = get(&format!("GET {path} HTTP/1.0\r\n\r\n")).text();
        assert!(text.starts_with("HTTP/1.1 404 ") && !text.contains("secret"), "{path}: {text}");
    }
    assert!(get("POST /page.html HTTP/1.0\r\n\r\n").text().starts_with("HTTP/1.1 405 "));
    assert!(get("nonsense\r\n\r\n").text().starts_with("HTTP/1.1 400 "));
    let long = format!("GET / HTTP/1.0\r\nA: {}\r\n\r\n", "a".repeat(20_000));
    assert!(get(&long).text().starts_with("HTTP/1.1 431 "));
}

#[test]
fn two_requests_share_a_connection() {
    let (folder, _) = ordinary();
    folder.write("www/a.txt", "first");
    folder.write("www/b.txt", "second");
    let server = Server::start(&folder, &["--www", &folder.path("www")]);
    let requests = b"GET /a.txt HTTP/1.1\r\nHost: a\r\n\r\nGET /b.txt HTTP/1.1\r\nHost: a\r\n\r\n";
    let text = client(&folder, "localhost", server.port(), &[], requests).succeeded().text();
    assert!(text.contains("first") && text.ends_with("second"), "{text}");
}

#[test]
fn another_ca_is_unknown() {
    let (folder, _) = ordinary();
    folder.write("ca.pem", Ca::new("Another CA").pem);
    let server = Server::start(&folder, &["--echo"]);
    client(&folder, "localhost", server.port(), &[], b"x").failed("unknown CA").failed("CN=Test CA");
    server.logs("failed");
}

/// The Certificate message of TLS 1.2 has no context in front of its list.
#[test]
fn another_ca_is_unknown_in_tls_1_2_too() {
    let (folder, _) = ordinary();
    folder.write("ca.pem", Ca::new("Another CA").pem);
    let server = Server::start(&folder, &["--echo"]);
    client(&folder, "localhost", server.port(), &["--tls", "1.2"], b"x")
        .failed("unknown CA")
        .failed("CN=Test CA");
}

#[test]
fn without_ca_the_public_roots_do_not_know_ours() {
    let (folder, _) = ordinary();
    let server = Server::start(&folder, &["--echo"]);
    run(&["client", &format!("localhost:{}", server.port())], b"x").failed("unknown CA");
}

#[test]
fn a_self_signed_certificate_is_called_so() {
    let (folder, _) = ordinary();
    let mut params = CertificateParams::new(vec!["localhost".into()]).unwrap();
    params.distinguished_name = common_name("alone");
    let key = KeyPair::generate().unwrap();
    folder.write("alone.pem", params.self_signed(&key).unwrap().pem());
    folder.write("alone.key", key.serialize_pem());
    let server = Server::start_as(&folder, "alone", &["--echo"]);
    client(&folder, "localhost", server.port(), &[], b"x").failed("self-signed certificate (CN=alone)");
    // And the advice it gives helps.
    folder.write("ca.pem", std::fs::read(folder.path("alone.pem")).unwrap());
    client(&folder, "localhost", server.port(), &[], b"x").succeeded();
}

/// What `openssl req -x509` makes.
#[test]
fn a_self_signed_ca_certificate_is_called_so() {
    let (folder, _) = ordinary();
    let mut params = CertificateParams::new(vec!["localhost".into()]).unwrap();
    params.distinguished_name = common_name("alone");
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let key = KeyPair::generate().unwrap();
    folder.write("alone.pem", params.self_signed(&key).unwrap().pem());
    folder.write("alone.key", key.serialize_pem());
    let server = Server::start_as(&folder, "alone", &["--echo"]);
    client(&folder, "localhost", server.port(), &[], b"x")
        .failed("self-signed certificate (CN=alone), refused: the peer's own certificate is a CA certificate")
        .failed("-addext basicConstraints=critical,CA:FALSE -addext subjectAltName=DNS:localhost`");

    // As one of a client, which needs no name.
    folder.write("alone-ca.pem", std::fs::read(folder.path("alone.pem")).unwrap());
    let server = Server::start(&folder, &["--echo", "--client-ca", &folder.path("alone-ca.pem")]);
    let shown = ["--cert", &folder.path("alone.pem"), "--key", &folder.path("alone.key")];
    client(&folder, "localhost", server.port(), &shown, b"x").failed("the peer refused");
    server.logs("-addext basicConstraints=critical,CA:FALSE`");
}

/// What the advice on a self-signed certificate makes.
#[test]
fn a_certificate_that_is_made_as_advised_serves() {
    let folder = Folder::new();
    let (cert, key) = (folder.path("server.pem"), folder.path("server.key"));
    let openssl = std::process::Command::new("openssl")
        .args([
            "req",
            "-x509",
            "-newkey",
            "ec",
            "-pkeyopt",
            "ec_paramgen_curve:P-256",
            "-nodes",
            "-days",
            "30",
        ])
        .args(["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"])
        .args(["-addext", "basicConstraints=critical,CA:FALSE", "-keyout", &key, "-out", &cert])
        .output()
        .expect("openssl, which `cargo xtask test` installs");
    assert!(openssl.status.success(), "{openssl:?}");
    folder.write("ca.pem", std::fs::read(&cert).unwrap());
    let server = Server::start(&folder, &["--echo"]);
    assert_eq!(client(&folder, "localhost", server.port(), &[], b"hello").succeeded().stdout, b"hello");
}

#[test]
fn a_certificate_without_names_gets_no_advice_about_sni() {
    let (folder, ca) = ordinary();
    ca.issue(&folder, "nobody", &[], |_| {});
    let server = Server::start_as(&folder, "nobody", &["--echo"]);
    for (host, name) in [("localhost", "DNS:localhost"), ("127.0.0.1", "IP:127.0.0.1")] {
        let outcome = client(&folder, host, server.port(), &[], b"x");
        outcome.failed("for no names at all").failed(&format!("-addext subjectAltName={name}"));
    }
}

/// A device that takes nothing stands for a pipe that nobody reads.
#[cfg(target_os = "linux")]
#[test]
fn a_log_that_nobody_reads_stops_nothing() {
    let full = || std::fs::File::options().write(true).open("/dev/full").unwrap();
    let (folder, _) = ordinary();
    let server = Server::start(&folder, &["--echo"]);
    let target = format!("localhost:{}", server.port());
    let mut client = support::chitin(&["client", &target, "--ca", &folder.path("ca.pem")]);
    let mut client = client.stderr(full()).spawn().unwrap();
    client.stdin.take().unwrap().write_all(b"hello").unwrap();
    let output = client.wait_with_output().unwrap();
    assert!(output.status.success() && output.stdout == b"hello", "{output:?}");

    let output = support::chitin(&["demo", "--size", "1"]).stdout(full()).output().unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(output.status.code() == Some(1) && said.contains("standard output: "), "{said}");
}

#[test]
fn a_client_that_closes_at_once_is_no_broken_connection() {
    let (folder, _) = ordinary();
    let server = Server::start(&folder, &[]);
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_file(folder.path("ca.pem")).unwrap()).unwrap();
    let config = Arc::new(ClientConfig::builder().with_root_certificates(roots).with_no_client_auth());
    for n in 1..=20 {
        let mut conn = ClientConnection::new(config.clone(), "localhost".try_into().unwrap()).unwrap();
        let mut sock = TcpStream::connect(("127.0.0.1", server.port())).unwrap();
        let ours = sock.local_addr().unwrap();
        let mut stream = Stream::new(&mut conn, &mut sock);
        stream.write_all(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n").unwrap();
        stream.read_exact(&mut [0; 16]).unwrap();
        // Its close_notify, and the socket is gone with what the server still says unread.
        conn.send_close_notify();
        conn.complete_io(&mut sock).unwrap();
        drop(sock);
        server.logs(&format!("#{n} {} closed", ours));
    }
}

#[test]
fn an_expired_certificate_is_called_so() {
    let (folder, ca) = ordinary();
    ca.issue(&folder, "old", &["localhost"], |params| {
        params.not_before = rcgen::date_time_ymd(2019, 1, 1);
        params.not_after = rcgen::date_time_ymd(2020, 2, 29);
    });
    let server = Server::start_as(&folder, "old", &["--echo"]);
    client(&folder, "localhost", server.port(), &[], b"x").failed("expired").failed("2020-02-29");
}

#[test]
fn a_certificate_from_the_future_is_called_so() {
    let (folder, ca) = ordinary();
    ca.issue(&folder, "new", &["localhost"], |params| params.not_before = rcgen::date_time_ymd(2090, 1, 1));
    let server = Server::start_as(&folder, "new", &["--echo"]);
    client(&folder, "localhost", server.port(), &[], b"x").failed("not valid yet").failed("2090-01-01");
}

#[test]
fn a_wrong_name_shows_the_names_there_are_and_sni_sets_another() {
    let (folder, ca) = ordinary();
    ca.issue(&folder, "other", &["a.example", "b.example"], |_| {});
    let server = Server::start_as(&folder, "other", &["--echo"]);
    client(&folder, "localhost", server.port(), &[], b"x")
        .failed("wrong name")
        .failed("a.example, b.example");
    client(&folder, "localhost", server.port(), &["--sni", "b.example"], b"x").succeeded();
    server.logs("name=b.example");
}

#[test]
fn a_required_client_certificate() {
    let (folder, ca) = ordinary();
    ca.issue(&folder, "me", &[], |_| {});
    Ca::new("Stranger").issue(&folder, "stranger", &[], |_| {});
    let server = Server::start(&folder, &["--echo", "--client-ca", &folder.path("ca.pem")]);
    let with = |name: &str| {
        let (cert, key) = (folder.path(&format!("{name}.pem")), folder.path(&format!("{name}.key")));
        client(&folder, "localhost", server.port(), &["--cert", &cert, "--key", &key], b"hello")
    };
    assert_eq!(with("me").succeeded().stdout, b"hello");
    server.logs("client=CN=me");
    with("stranger").failed("the peer refused");
    server.logs("unknown CA");
    client(&folder, "localhost", server.port(), &[], b"hello").failed("--cert FILE --key FILE");
    server.logs("no certificate was presented");
}

#[test]
fn one_version_can_be_asked_for_at_either_end() {
    let (folder, ca) = ordinary();
    ca.issue(&folder, "me", &["me"], |_| {});
    let (cert, key) = (folder.path("me.pem"), folder.path("me.key"));
    let both = Server::start(&folder, &["--echo", "--client-ca", &folder.path("ca.pem")]);
    let shown = ["--cert", &cert, "--key", &key];
    for version in ["1.2", "1.3"] {
        let only = [&["--tls", version], &shown[..]].concat();
        let outcome = client(&folder, "localhost", both.port(), &only, b"x").succeeded();
        assert!(outcome.stderr.contains(&format!("TLS {version}")), "{}", outcome.stderr);
        both.logs(&format!("TLS {version}"));
    }
    for (ours, theirs) in [("1.3", "1.2"), ("1.2", "1.3")] {
        let server = Server::start(&folder, &["--echo", "--tls", ours]);
        client(&folder, "localhost", server.port(), &["--tls", ours], b"x").succeeded();
        client(&folder, "localhost", server.port(), &["--tls", theirs], b"x").failed("--tls names");
        server.logs("no version in common");
    }
}

#[test]
fn plain_http_gets_an_answer_it_can_read() {
    let (folder, _) = ordinary();
    let server = Server::start(&folder, &[]);
    let mut sock = server.tcp();
    sock.write_all(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n").unwrap();
    let mut answer = String::new();
    sock.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.0 400 ") && answer.contains("https://"), "{answer}");
    server.logs("plain HTTP on the TLS port");
}

/// A client in the middle of a long message hears why it is refused, and not that the connection was reset.
#[test]
fn an_alert_reaches_a_client_that_is_still_talking() {
    let (folder, _) = ordinary();
    let server = Server::start(&folder, &["--echo"]);

    let mut sock = server.tcp();
    let mut rubbish = vec![0x63, 3, 3, 0, 1, 0];
    rubbish.resize(1 << 20, 0);
    sock.write_all(&rubbish).unwrap();
    sock.shutdown(Shutdown::Write).unwrap();
    let mut answer = Vec::new();
    sock.read_to_end(&mut answer).unwrap();
    assert_eq!(answer, [21, 3, 3, 0, 2, 2, 10], "unexpected_message");
    server.logs("got ContentType(0x63) when expecting Handshake");

    // And once the connection is open.
    let mut sock = server.tcp();
    let mut conn = trusting(&folder);
    while conn.is_handshaking() {
        conn.complete_io(&mut sock).unwrap();
    }
    sock.write_all(&rubbish).unwrap();
    sock.shutdown(Shutdown::Write).unwrap();
    let mut answer = Vec::new();
    sock.read_to_end(&mut answer).unwrap();
    conn.read_tls(&mut &answer[..]).unwrap();
    let told = conn.process_new_packets().unwrap_err();
    assert_eq!(told, chitin::Error::AlertReceived(chitin::AlertDescription::UnexpectedMessage));
}

/// Accepts one connection and gives it to `serve`.
fn one_peer(serve: impl FnOnce(TcpStream) + Send + 'static) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    thread::spawn(move || {
        let (sock, _) = listener.accept().unwrap();
        sock.set_read_timeout(Some(PATIENCE)).unwrap();
        serve(sock);
    });
    port
}

#[test]
fn a_plain_http_server_is_named() {
    let (folder, _) = ordinary();
    for answer in
        ["HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n", "<!DOCTYPE HTML>\n<html></html>\n"]
    {
        let port = one_peer(move |mut sock| {
            let _ = sock.read(&mut [0; 4096]);
            sock.write_all(answer.as_bytes()).unwrap();
        });
        client(&folder, "localhost", port, &[], b"x").failed("plain HTTP, not TLS");
    }
}

#[test]
fn a_mail_server_is_named() {
    let (folder, _) = ordinary();
    let port = one_peer(|mut sock| {
        sock.write_all(b"220 mail.example ESMTP\r\n").unwrap();
        let _ = sock.read(&mut [0; 4096]);
    });
    client(&folder, "localhost", port, &[], b"x").failed("STARTTLS");
}

#[test]
fn a_peer_that_hangs_up_is_told_from_one_that_refuses() {
    let (folder, _) = ordinary();
    let port = one_peer(|mut sock| {
        let _ = sock.read(&mut [0; 4096]);
        sock.shutdown(Shutdown::Both).unwrap();
    });
    client(&folder, "localhost", port, &[], b"x").failed("closed the connection");
}

/// A server of TLS 1.3 with the certificate `server`.
fn serving(folder: &Folder) -> ServerConfig {
    let chain = vec![CertificateDer::from_pem_file(folder.path("server.pem")).unwrap()];
    let key = PrivateKeyDer::from_pem_file(folder.path("server.key")).unwrap();
    let provider = Arc::new(chitin::crypto::aws_lc_rs::default_provider());
    ServerConfig::builder_with_provider(provider)
        .with_protocol_versions(&[&chitin::version::TLS13])
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(chain, key)
        .unwrap()
}

/// Sends `data` and then ends the stream, with a close_notify or without.
fn sender(folder: &Folder, data: &'static [u8], close_notify: bool) -> u16 {
    let config = serving(folder);
    one_peer(move |mut sock| {
        let mut conn = ServerConnection::new(Arc::new(config)).unwrap();
        while conn.is_handshaking() {
            conn.complete_io(&mut sock).unwrap();
        }
        conn.writer().write_all(data).unwrap();
        if close_notify {
            conn.send_close_notify();
        }
        while conn.wants_write() {
            conn.write_tls(&mut sock).unwrap();
        }
        sock.shutdown(Shutdown::Write).unwrap();
        // Until the client is gone: closing with unread bytes would reset the connection.
        let _ = sock.read_to_end(&mut Vec::new());
    })
}

#[test]
fn truncation_is_told_from_a_clean_close() {
    let (folder, _) = ordinary();
    let port = sender(&folder, b"all of it", true);
    assert_eq!(client(&folder, "localhost", port, &[], b"").succeeded().stdout, b"all of it");
    let port = sender(&folder, b"half of it", false);
    assert_eq!(client(&folder, "localhost", port, &[], b"").failed("truncated").stdout, b"half of it");
}

/// Input without end, that counts how much of it was read.
struct Endless(Arc<AtomicUsize>);

impl Read for Endless {
    fn read(&mut self, buf: &mut [u8]) -> std::io::Result<usize> {
        self.0.fetch_add(buf.len(), Ordering::Relaxed);
        Ok(buf.len())
    }
}

/// It says close_notify, keeps the socket and never reads: the client's writer is inside a call that waits for room.
#[test]
fn a_server_that_closes_and_never_reads_does_not_keep_the_client() {
    let (folder, _) = ordinary();
    let config = serving(&folder);
    let taken = Arc::new(AtomicUsize::new(0));
    let seen = taken.clone();
    let port = one_peer(move |mut sock| {
        let mut conn = ServerConnection::new(Arc::new(config)).unwrap();
        while conn.is_handshaking() {
            conn.complete_io(&mut sock).unwrap();
        }
        // Until all buffers between the two have long been full. What is sent may bring the client news of room in ours: so
        // until this brings none either.
        let (mut before, mut still) = (0, 0);
        while still < 20 {
            thread::sleep(std::time::Duration::from_millis(100));
            let now = seen.load(Ordering::Relaxed);
            still = if now == before { still + 1 } else { 0 };
            before = now;
            conn.writer().write_all(b"x").unwrap();
            conn.write_tls(&mut sock).unwrap();
        }
        conn.send_close_notify();
        conn.write_tls(&mut sock).unwrap();
        thread::sleep(PATIENCE * 2);
    });
    let target = format!("localhost:{port}");
    let client = support::chitin(&["client", &target, "--ca", &folder.path("ca.pem")]).spawn().unwrap();
    support::finish(client, Endless(taken)).succeeded();
}

/// A client of TLS 1.3 that trusts `ca.pem`.
fn trusting(folder: &Folder) -> ClientConnection {
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_file(folder.path("ca.pem")).unwrap()).unwrap();
    let provider = Arc::new(chitin::crypto::aws_lc_rs::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_protocol_versions(&[&chitin::version::TLS13])
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    ClientConnection::new(Arc::new(config), "localhost".try_into().unwrap()).unwrap()
}

/// What comes in one piece with the end of the handshake may be more than a connection takes at once.
#[test]
fn data_right_behind_the_handshake_comes_back_whole() {
    let (folder, _) = ordinary();
    let server = Server::start(&folder, &["--echo"]);
    let data = &much()[..64 * 1024];
    let (mut sock, mut conn) = (server.tcp(), trusting(&folder));
    while conn.wants_write() {
        conn.write_tls(&mut sock).unwrap();
    }
    while conn.is_handshaking() {
        conn.read_tls(&mut sock).unwrap();
        conn.process_new_packets().unwrap();
    }
    conn.set_buffer_limit(None);
    conn.writer().write_all(data).unwrap();
    let mut out = Vec::new();
    while conn.wants_write() {
        conn.write_tls(&mut out).unwrap();
    }
    sock.write_all(&out).unwrap();
    let mut back = vec![0; data.len()];
    Stream::new(&mut conn, &mut sock).read_exact(&mut back).unwrap();
    assert!(back == data);
}

#[test]
fn the_server_logs_a_client_that_ends_without_close_notify() {
    let (folder, _) = ordinary();
    let server = Server::start(&folder, &["--echo"]);
    let (mut sock, mut conn) = (server.tcp(), trusting(&folder));
    while conn.is_handshaking() {
        conn.complete_io(&mut sock).unwrap();
    }
    sock.shutdown(Shutdown::Write).unwrap();
    server.logs("truncated");
}

#[test]
fn silent_peers_hold_their_place_only_until_the_handshake_timeout() {
    let (folder, _) = ordinary();
    let server = Server::start(&folder, &["--echo", "--max-connections", "1", "--handshake-timeout", "0.5"]);
    let silent = server.tcp();
    client(&folder, "localhost", server.port(), &[], b"x").succeeded();
    server.logs("all 1 connections are in use");
    server.logs("handshake timeout, nothing received");
    drop(silent);
}

#[test]
fn a_handshake_that_drips_in_is_cut_off_all_the_same() {
    let (folder, _) = ordinary();
    let server = Server::start(&folder, &["--echo", "--handshake-timeout", "0.5"]);
    let mut sock = server.tcp();
    // The header of a handshake record of 512 bytes, and then one byte at a time.
    sock.write_all(&[0x16, 3, 1, 2, 0]).unwrap();
    for _ in 0..100 {
        if sock.write_all(&[0]).is_err() {
            break;
        }
        thread::sleep(std::time::Duration::from_millis(20));
    }
    server.logs(": handshake timeout\n");
}

#[test]
fn an_idle_connection_is_closed() {
    let (folder, _) = ordinary();
    let server = Server::start(&folder, &["--echo", "--idle-timeout", "0.3"]);
    let target = format!("localhost:{}", server.port());
    let mut child = support::chitin(&["client", &target, "--ca", &folder.path("ca.pem")]).spawn().unwrap();
    server.logs("timed out");
    // Its input is still open: it ends because the server has closed.
    let end = std::time::Instant::now() + PATIENCE;
    while child.try_wait().unwrap().is_none() {
        assert!(std::time::Instant::now() < end);
        thread::sleep(std::time::Duration::from_millis(10));
    }
}

#[test]
fn files_that_are_not_what_they_should_be_are_named() {
    let (folder, _) = ordinary();
    let (cert, key) = (folder.path("server.pem"), folder.path("server.key"));
    run(&["server", "--cert", &key, "--key", &key], b"")
        .failed("server.key: this is a private key; a certificate was expected");
    run(&["server", "--cert", &cert, "--key", &cert], b"")
        .failed("server.pem: this is a certificate; a private key was expected");
    run(&["server", "--cert", &cert], b"")
        .failed("server.pem: this is a certificate; a certificate and its private key were expected (--key FILE names the file of the key)");
    let (other, _) = ordinary();
    run(&["server", "--cert", &cert, "--key", &other.path("server.key")], b"").failed("server.pem");
    run(&["client", "localhost:1", "--ca", &folder.path("none.pem")], b"").failed("none.pem");
}

/// One file for chain and key, as `openssl pkcs12 -export` packs it.
#[test]
fn pkcs12_under_a_password_serves() {
    let (folder, _) = ordinary();
    let password = folder.write("password", "correct horse\n");
    let packed = folder.path("server.p12");
    let openssl = std::process::Command::new("openssl")
        .args(["pkcs12", "-export", "-in", &folder.path("server.pem"), "-inkey", &folder.path("server.key")])
        .args(["-passout", &format!("file:{password}"), "-out", &packed])
        .status()
        .expect("openssl, which `cargo xtask test` installs");
    assert!(openssl.success());
    let server = Server::spawn(&["--cert", &packed, "--password-file", &password, "--echo"]);
    assert_eq!(client(&folder, "localhost", server.port(), &[], b"hello").succeeded().stdout, b"hello");
    run(&["server", "--cert", &packed], b"").failed("no password was given (--password-file FILE gives one)");
    let wrong = folder.write("wrong", "battery staple\n");
    run(&["server", "--cert", &packed, "--password-file", &wrong], b"").failed("the password does not fit");
}
