//! What must never be seen: secrets in logs, in `{:?}`, in files nobody asked for, in timing, or in memory that is given back.

use std::fmt::Write as _;
use std::fs;
use std::process::Command;
use std::sync::{Arc, Mutex, Once};

use chitin::client::Tls13ClientSessionValue;
use chitin::client::{ClientSessionMemoryCache, ClientSessionStore, Resumption, Tls12ClientSessionValue};
use chitin::crypto::SharedSecret;
use chitin::crypto::cipher::AeadKey;
use chitin::crypto::hmac::Tag;
use chitin::crypto::tls13::OkmBlock;
use chitin::pki_types::ServerName;
use chitin::server::{ServerSessionMemoryCache, StoresServerSessions};
use chitin::sign::CertifiedKey;
use chitin::{Error, KeyLogFile, NamedGroup, PeerMisbehaved};
use testkit::configs::provider;
use testkit::pair::{Pair, Side};
use testkit::provided;
use testkit::quic::QuicPair;

use crate::common::*;

/// Everything that goes to `log`.
#[derive(Default)]
struct Collector(Mutex<String>);

static LOG: Collector = Collector(Mutex::new(String::new()));

impl log::Log for Collector {
    fn enabled(&self, _: &log::Metadata<'_>) -> bool {
        true
    }

    fn log(&self, record: &log::Record<'_>) {
        let mut all = self.0.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        writeln!(all, "{} {} {}", record.level(), record.target(), record.args()).unwrap();
    }

    fn flush(&self) {}
}

fn collect_log() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        log::set_logger(&LOG).unwrap();
        log::set_max_level(log::LevelFilter::Trace);
    });
}

/// A server store that notes what is put into it: in each value is a resumption secret.
struct Seeing(Arc<ServerSessionMemoryCache>, Mutex<Vec<Vec<u8>>>);

impl std::fmt::Debug for Seeing {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}

impl StoresServerSessions for Seeing {
    fn put(&self, key: Vec<u8>, value: Vec<u8>) -> bool {
        // Format, version and suite before it, its length in front: 48 bytes for SHA-384.
        let at = value.windows(2).take(8).position(|at| at[1] == 48).expect("a secret of 48 bytes") + 2;
        self.1.lock().unwrap().push(value[at..at + 48].to_vec());
        self.0.put(key, value)
    }

    fn get(&self, key: &[u8]) -> Option<Vec<u8>> {
        self.0.get(key)
    }

    fn take(&self, key: &[u8]) -> Option<Vec<u8>> {
        self.0.take(key)
    }

    fn can_cache(&self) -> bool {
        true
    }
}

/// A client store that prints what it is given.
#[derive(Debug)]
struct Printing(ClientSessionMemoryCache, Mutex<String>);

impl ClientSessionStore for Printing {
    fn set_kx_hint(&self, name: ServerName<'static>, group: NamedGroup) {
        self.0.set_kx_hint(name, group);
    }

    fn kx_hint(&self, name: &ServerName<'_>) -> Option<NamedGroup> {
        self.0.kx_hint(name)
    }

    fn set_tls12_session(&self, name: ServerName<'static>, value: Tls12ClientSessionValue) {
        self.0.set_tls12_session(name, value);
    }

    fn tls12_session(&self, name: &ServerName<'_>) -> Option<Tls12ClientSessionValue> {
        self.0.tls12_session(name)
    }

    fn remove_tls12_session(&self, name: &ServerName<'static>) {
        self.0.remove_tls12_session(name);
    }

    fn insert_tls13_ticket(&self, name: ServerName<'static>, value: Tls13ClientSessionValue) {
        write!(self.1.lock().unwrap(), "{value:?} {value:#?}").unwrap();
        self.0.insert_tls13_ticket(name, value);
    }

    fn take_tls13_ticket(&self, name: &ServerName<'static>) -> Option<Tls13ClientSessionValue> {
        let value = self.0.take_tls13_ticket(name);
        write!(self.1.lock().unwrap(), "{value:?} {value:#?}").unwrap();
        value
    }
}

#[test]
fn a_handshake_at_log_level_trace_with_every_public_type_printed_contains_no_secret() {
    collect_log();
    let mut shown = String::new();
    let notebook = Arc::new(Notebook::default());
    let events = Arc::new(Printed::default());
    let seeing = Arc::new(Seeing(ServerSessionMemoryCache::new(64), Mutex::default()));
    let printing = Arc::new(Printing(ClientSessionMemoryCache::new(64), Mutex::default()));

    let mut client = client_with_cert();
    client.key_log = notebook.clone();
    client.trace = Some(events.clone());
    client.resumption = Resumption::store(printing.clone());
    client.alpn_protocols = vec![b"h2".to_vec()];
    client.enable_secret_extraction = true;
    let configure = |mut server: chitin::ServerConfig| {
        server.key_log = notebook.clone();
        server.trace = Some(events.clone());
        server.session_storage = seeing.clone();
        server.enable_secret_extraction = true;
        Arc::new(server)
    };
    let client = Arc::new(client);
    let plain = configure(server_asking(optional(roots())));
    let tickets = configure({
        let mut config = server_with_tickets();
        config.alpn_protocols = vec![b"h2".to_vec()];
        config
    });
    let retrying = configure(server_of(provider(&[], &[NamedGroup::secp384r1])));

    let mut print = |what: &dyn std::fmt::Debug| writeln!(shown, "{what:?} {what:#?}").unwrap();
    for server in [&plain, &plain, &tickets, &tickets, &retrying] {
        let mut pair = Pair::new(client.clone(), server.clone());
        print(&pair.client);
        print(&pair.server);
        while !pair.is_done() {
            pair.carry(Side::Client).unwrap();
            print(&pair.client);
            pair.carry(Side::Server).unwrap();
            print(&pair.server);
        }
        pair.settle().unwrap();
        pair.client.refresh_traffic_keys().unwrap();
        pair.settle().unwrap();
        print(&pair.client);
        print(&pair.server);
        print(&pair.client.negotiated_cipher_suite());
        print(&pair.client.negotiated_key_exchange_group());
        print(&pair.client.peer_certificates());
        print(&pair.client.reader());
        print(&pair.server.writer());
        print(&pair.client.process_new_packets());
        print(&pair.server.export_keying_material([0; 0], b"x", None));
        let common: &chitin::CommonState = &pair.client;
        print(common);
        // An error with bytes of the peer's in it.
        let failed =
            pair.give(Side::Server, &[23, 3, 3, 0, 40].iter().chain(&[9; 40]).copied().collect::<Vec<u8>>());
        print(&failed.map_err(|failed| failed.error));
        print(&pair.server);
    }
    for _ in 0..2 {
        let mut pair = QuicPair::new(client.clone(), tickets.clone());
        while pair.carry(Side::Client).unwrap() | pair.carry(Side::Server).unwrap() {
            print(pair.client());
            print(pair.server());
        }
        pair.handshake().unwrap();
        let common: &chitin::CommonState = pair.client();
        print(common);
        let failed = pair.give(Side::Server, &[24, 0, 0, 1, 0]);
        print(&failed.map_err(|failed| failed.error));
        print(pair.server());
    }
    let key =
        CertifiedKey::from_der(WORLD.server.chain.clone(), WORLD.server.key.clone_key(), &default_provider());
    let key = key.unwrap();
    print(&key);
    print(&key.key);
    print(&key.key.choose_scheme(&[chitin::SignatureScheme::ECDSA_NISTP256_SHA256]));
    print(&client);
    print(&plain);
    print(&tickets);
    print(&tickets.ticketer);
    print(&client.crypto_provider());
    print(&client.resumption);
    print(&roots());
    print(&seeing.0);
    print(&printing.0);
    print(&provided::ticketer());
    print(&chitin::NoKeyLog);
    print(&KeyLogFile::default());
    print(&chitin::ClientConfig::builder());
    shown += &printing.1.lock().unwrap();
    shown += &events.lines().join("\n");
    shown += &LOG.0.lock().unwrap();

    // The log has something in it, and the search finds what is there.
    assert!(shown.contains("chitin::"), "nothing was logged");
    assert!(!appearances(&shown, WORLD.server.leaf()).is_empty(), "the certificate is in the events");

    let mut secrets: Vec<(String, Vec<u8>)> =
        notebook.all().into_iter().map(|(label, _, secret)| (label, secret)).collect();
    assert!(secrets.len() > 7 * 5 * 2 - 1, "five labels, twice, for each of seven connections");
    let psks = seeing.1.lock().unwrap().clone();
    assert!(psks.len() >= 4);
    secrets.extend(psks.into_iter().map(|psk| ("PSK".to_owned(), psk)));
    // The private scalar of a P-256 key as it stands in PKCS #8.
    let der = WORLD.server.key.secret_der();
    let at = der.windows(2).position(|at| at == [4, 32]).unwrap() + 2;
    secrets.push(("private key".into(), der[at..at + 32].to_vec()));
    for (label, secret) in &secrets {
        assert!(secret.len() >= 32);
        let found = appearances(&shown, secret);
        assert!(found.is_empty(), "{label} is printed as {found:?}");
    }
}

/// In which forms a part of `bytes` stands in `text`.
fn appearances(text: &str, bytes: &[u8]) -> Vec<String> {
    // A part is enough, so that nothing is missed because of a line break: eight bytes do not occur by chance.
    let parts = [&bytes[..8], &bytes[bytes.len() - 8..], &bytes[12..20]];
    let join = |part: &[u8], between: &str, form: fn(u8) -> String| {
        part.iter().map(|byte| form(*byte)).collect::<Vec<_>>().join(between)
    };
    let mut found = Vec::new();
    for part in parts {
        let forms = [
            join(part, "", |byte| format!("{byte:02x}")),
            join(part, "", |byte| format!("{byte:02X}")),
            join(part, ":", |byte| format!("{byte:02x}")),
            join(part, " ", |byte| format!("{byte:02x}")),
            join(part, ", ", |byte| format!("{byte:x}")),
            join(part, ", ", |byte| format!("{byte:#x}")),
            join(part, ", ", |byte| format!("{byte:#04x}")),
            join(part, ", ", |byte| byte.to_string()),
            join(part, ",", |byte| byte.to_string()),
            join(part, " ", |byte| byte.to_string()),
            part.escape_ascii().to_string(),
        ];
        found.extend(forms.into_iter().filter(|form| text.contains(form.as_str())));
        if text.as_bytes().windows(8).any(|window| window == part) {
            found.push("raw bytes".into());
        }
    }
    // A list with a line for each byte: what `{:#?}` makes.
    let lines = |part: &[u8]| part.iter().map(|byte| format!("{byte},")).collect::<String>();
    let squeezed: String = text.split_whitespace().collect();
    found.extend(parts.iter().map(|part| lines(part)).filter(|form| squeezed.contains(form.as_str())));
    found
}

/// What a process says of its connections, in a file that the parent names.
#[test]
fn a_process_describes_its_connections() {
    let Ok(report) = std::env::var("RULES_REPORT") else { return };
    let mut said = String::new();
    let (mut client, server) = (client(), server());
    if std::env::var("RULES_LOG_KEYS").is_ok() {
        client.key_log = Arc::new(KeyLogFile::new());
    }
    let mut pair = Pair::new(client, server);
    pair.handshake().unwrap();
    let group = pair.client.negotiated_key_exchange_group().unwrap().name();
    let suite = pair.client.negotiated_cipher_suite().unwrap().suite();
    writeln!(said, "{:?} {suite:?} {group:?}", pair.client.protocol_version()).unwrap();
    // Who is a stranger stays one, and who has to show a certificate has to.
    let stranger = testkit::pki::self_signed(&testkit::pki::Spec::server(testkit::pki::KeyType::P256));
    let server = testkit::configs::server_config(&stranger, &Default::default());
    writeln!(said, "{:?}", failure(self::client(), server).error).unwrap();
    writeln!(said, "{:?}", failure(self::client(), server_asking(required(roots()))).error).unwrap();
    let provider = provided::default_provider();
    writeln!(said, "{:?} {:?}", provider.cipher_suites, provider.kx_groups).unwrap();
    fs::write(report, said).unwrap();
}

#[test]
fn no_environment_variable_changes_security() {
    let dir = testkit::tempdir::TempDir::new();
    let keys = dir.write("keys", "");
    let roots = dir.write("roots.pem", fs::read(&WORLD.pki.stranger_pem).unwrap());
    let run = |environment: &[(&str, &str)]| {
        let report = dir.write("report", "");
        let mut command = Command::new(std::env::current_exe().unwrap());
        command
            .args(["--exact", "secrecy::a_process_describes_its_connections"])
            .env("RULES_REPORT", &report);
        // The tests themselves may be run with one set.
        command.env_remove("SSLKEYLOGFILE");
        environment.iter().for_each(|(name, value)| {
            command.env(name, value);
        });
        let output = command.output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
        let said = fs::read_to_string(report).unwrap();
        assert!(said.lines().count() >= 4, "{said}");
        said
    };
    let plain = run(&[]);
    let (key_file, roots) = (keys.to_str().unwrap(), roots.to_str().unwrap());
    let hostile = [
        ("SSLKEYLOGFILE", key_file),
        ("KEYLOGFILE", key_file),
        ("SSL_CERT_FILE", roots),
        ("SSL_CERT_DIR", "/"),
        ("OPENSSL_CONF", roots),
        ("OPENSSL_ia32cap", "0:0"),
        ("GNUTLS_SYSTEM_PRIORITY_FILE", roots),
        ("NODE_TLS_REJECT_UNAUTHORIZED", "0"),
        ("RUSTLS_INSECURE", "1"),
        ("CHITIN_INSECURE", "1"),
        ("RUST_LOG", "trace"),
        ("FAKETIME", "2001-01-01"),
    ];
    assert_eq!(run(&hostile), plain);
    assert_eq!(fs::read(&keys).unwrap(), b"", "nobody asked for a key log");
    // Unless code asks.
    run(&[("SSLKEYLOGFILE", key_file), ("RULES_LOG_KEYS", "1")]);
    let logged = fs::read_to_string(&keys).unwrap();
    assert!(logged.contains("CLIENT_TRAFFIC_SECRET_0"), "{logged}");

    // And in the source: the one variable that is read at all.
    for (path, text) in sources() {
        let reads = text.matches("env::var").count();
        let allowed = usize::from(path.ends_with("config/keylog.rs"));
        assert!(reads <= allowed, "{path} reads the environment");
    }
}

/// Our sources without their tests.
fn sources() -> Vec<(String, String)> {
    let mut todo = vec![std::path::PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/src"))];
    let mut out = Vec::new();
    while let Some(path) = todo.pop() {
        match path.is_dir() {
            true => todo.extend(fs::read_dir(path).unwrap().map(|entry| entry.unwrap().path())),
            // Modules that only tests have.
            false
                if ["tests.rs", "config/testing.rs", "crypto/tested.rs", "src/defaults.rs"]
                    .iter()
                    .any(|t| path.ends_with(t)) => {}
            false => {
                let text = fs::read_to_string(&path).unwrap();
                let code = text.split("mod tests {").next().unwrap().to_owned();
                out.push((path.to_str().unwrap().replace('\\', "/"), code));
            }
        }
    }
    assert!(out.len() > 60);
    out
}

fn source(name: &str) -> String {
    sources().into_iter().find(|(path, _)| path.ends_with(name)).unwrap().1
}

#[test]
fn finished_binders_and_macs_are_compared_in_constant_time() {
    // The time itself is not measured. Shown is that all comparisons go through the one function that `subtle` makes constant,
    // and that length plays no trick on it.
    assert!(source("src/secret.rs").contains("self.as_bytes().ct_eq(other).into()"));
    assert!(source("crypto/hmac.rs").contains("self.secret.matches(other)"));
    assert!(source("flow/certs.rs").contains("secret.finished(transcript_hash).matches(body)"));
    assert!(source("server13/resumption.rs").contains("expected.matches(binder.0)"));
    assert!(source("server13/retry.rs").contains("Secret::new(&cookie).matches(theirs)"));
    // No other way to compare: these types have no `PartialEq`.
    for (path, text) in sources() {
        for typ in ["Secret", "Tag", "OkmBlock", "TrafficSecret", "SharedSecret"] {
            assert!(!text.contains(&format!("PartialEq for {typ} ")), "{path}");
            for head in [format!("struct {typ}("), format!("struct {typ} {{")] {
                for (at, _) in text.match_indices(&head) {
                    // Its attributes and comments: what stands between it and the empty line before.
                    let before = text[..at].rsplit("\n\n").next().unwrap();
                    assert!(!before.contains("PartialEq"), "{path}: {typ}");
                }
            }
        }
    }

    for len in [0, 1, 47, 49, 64] {
        let log = Arc::new(Notebook::default());
        let mut server = crate::common::server();
        server.key_log = log.clone();
        let tamper = rewrite_flight(log, move |flight| {
            let mut all = messages(&flight);
            all.last_mut().unwrap().1.resize(len, 0);
            joined(&all)
        });
        let error = Pair::new(client(), server).tamper(Side::Server, tamper).settle().unwrap_err().error;
        assert_eq!(error, Error::PeerMisbehaved(PeerMisbehaved::IncorrectFinished), "{len}");
    }
}

#[test]
fn secrets_are_wiped() {
    // Safe code cannot look at memory after it has been given back, so the wiping itself is `zeroize`'s word. Shown is that every
    // type that holds secret bytes runs code when it is dropped, and which code that is. Not shown: copies that the compiler or a
    // provider's library leaves in registers or on the stack, and keys inside the provider's own objects.
    const {
        assert!(std::mem::needs_drop::<AeadKey>());
        assert!(std::mem::needs_drop::<SharedSecret>());
        assert!(std::mem::needs_drop::<Tag>());
        assert!(std::mem::needs_drop::<OkmBlock>());
        assert!(std::mem::needs_drop::<Tls13ClientSessionValue>());
    }
    let wipes = |file: &str, what: &[&str]| {
        let text = source(file);
        for what in what {
            assert!(text.contains(what), "{file} has no `{what}`");
        }
    };
    wipes("src/secret.rs", &["impl Drop for Secret", "self.wipe();", "self.buf.as_mut_slice().zeroize();"]);
    wipes("crypto/hmac.rs", &["pub struct Tag {\n    secret: Secret,\n}", "self.secret.wipe();"]);
    wipes("crypto/tls13.rs", &["pub struct OkmBlock {\n    secret: Secret,\n}", "self.secret.wipe();"]);
    const RESTING: &str =
        "struct RestingSecret {\n    suite: &'static Tls13CipherSuite,\n    bytes: OkmBlock,\n}";
    wipes("schedule/tls13.rs", &[RESTING, "salt: OkmBlock", "secret: OkmBlock", "AeadKey::filled("]);
    wipes("schedule/exporter.rs", &["secret: OkmBlock"]);
    wipes("config/sessions.rs", &["pub(crate) secret: Secret"]);
    wipes("sessions/memory.rs", &["Zeroizing<Vec<u8>>"]);
    wipes("flow/psk.rs", &["pub(crate) secret: Secret"]);
    wipes("flow/server13.rs", &["session.map(Zeroizing::new)"]);
    wipes("flow/tickets13.rs", &["session: Zeroizing<Vec<u8>>"]);
    wipes("config/keylog.rs", &["Zeroizing<String>"]);
    wipes("crypto/cipher.rs", &["impl Drop for AeadKey"]);
}
