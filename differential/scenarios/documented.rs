//! Programs as people write them after reading the documentation: sockets, a thread for each end, and one subject each.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use tls::client::{EchConfig, EchGreaseConfig, EchMode, Resumption};
use tls::compress::{
    CertCompressor, CertDecompressor, CompressionFailed, CompressionLevel, DecompressionFailed,
};
use tls::crypto::hpke::{Hpke, HpkePublicKey};
use tls::crypto::{CryptoProvider, GetRandomFailed, KeyProvider, SecureRandom, aws_lc_rs};
use tls::pki_types::{EchConfigListBytes, PrivateKeyDer};
use tls::server::{Acceptor, ResolvesServerCertUsingSni};
use tls::sign::{CertifiedKey, SigningKey};
use tls::ticketer::TicketRotator;
use tls::{
    CertificateCompressionAlgorithm, ClientConfig, ClientConnection, Error, KeyLog, ServerConfig,
    ServerConnection, Stream, StreamOwned,
};
use world::{Notes, World};

use super::base::{localhost, roots};

pub fn run(world: &World, notes: &mut Notes) {
    simple(world, notes);
    limited(world, notes);
    early(world, notes);
    late_choice(world, notes);
    ech(world, notes);
    compression(world, notes);
    tickets(world, notes);
    names(world, notes);
    secrets(world, notes);
    parts(world, notes);
}

/// Longer than anything here takes.
const PATIENCE: Duration = Duration::from_secs(30);

const REQUEST: &[u8] = b"GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
const ANSWER: &[u8] = b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nhello\n";

fn patient(socket: TcpStream) -> TcpStream {
    socket.set_read_timeout(Some(PATIENCE)).unwrap();
    socket.set_write_timeout(Some(PATIENCE)).unwrap();
    socket
}

/// A thread that serves so many connections, and what it has to say of each.
fn serve<T: Send + 'static>(
    connections: usize,
    mut one: impl FnMut(TcpStream) -> T + Send + 'static,
) -> (std::net::SocketAddr, thread::JoinHandle<Vec<T>>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let serve = move || (0..connections).map(|_| one(patient(listener.accept().unwrap().0))).collect();
    (address, thread::spawn(serve))
}

fn dial(address: std::net::SocketAddr) -> TcpStream {
    patient(TcpStream::connect(address).unwrap())
}

/// Reads a request to its empty line, answers it, and says goodbye.
fn answer(config: &Arc<ServerConfig>, socket: TcpStream) -> io::Result<String> {
    let mut tls = StreamOwned::new(ServerConnection::new(config.clone()).unwrap(), socket);
    let mut lines = Vec::new();
    let mut reader = BufReader::new(&mut tls);
    while !lines.ends_with(b"\r\n\r\n") {
        if reader.read_until(b'\n', &mut lines)? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
    }
    tls.write_all(ANSWER)?;
    tls.conn.send_close_notify();
    tls.flush()?;
    Ok(format!("{} bytes, {:?}, {:?}", lines.len(), tls.conn.server_name(), tls.conn.handshake_kind()))
}

/// Sends the request and reads to the end. What there is to say of the connection is said behind it.
fn ask(config: &Arc<ClientConfig>, socket: TcpStream) -> (io::Result<String>, ClientConnection) {
    let (mut conn, mut socket) = (ClientConnection::new(config.clone(), localhost()).unwrap(), socket);
    let mut tls = Stream::new(&mut conn, &mut socket);
    let mut page = String::new();
    let result = tls.write_all(REQUEST).and_then(|()| tls.read_to_string(&mut page)).map(|_| page);
    (result, conn)
}

fn facts(conn: &ClientConnection) -> String {
    format!(
        "{:?}, {:?}, {:?}, {:?}, {:?}, {:?} certificates, {:?}",
        conn.protocol_version(),
        conn.negotiated_cipher_suite().map(|suite| suite.suite()),
        conn.negotiated_key_exchange_group().map(|group| group.name()),
        conn.alpn_protocol(),
        conn.handshake_kind(),
        conn.peer_certificates().map(<[_]>::len),
        conn.ech_status(),
    )
}

/// The kind alone: what the system says is its own.
fn outcome<T: std::fmt::Debug>(result: &io::Result<T>) -> String {
    match result {
        Ok(value) => format!("{value:?}"),
        Err(error) => match error.get_ref() {
            Some(inner) => format!("{:?}: {inner}", error.kind()),
            None => format!("{:?}", error.kind()),
        },
    }
}

fn client_of(world: &World) -> ClientConfig {
    ClientConfig::builder().with_root_certificates(roots(world)).with_no_client_auth()
}

fn server_of(world: &World) -> ServerConfig {
    ServerConfig::builder()
        .with_no_client_auth()
        .with_single_cert(world.good.chain.clone(), world.good.key.clone_key())
        .unwrap()
}

fn simple(world: &World, notes: &mut Notes) {
    let mut config = server_of(world);
    config.alpn_protocols = vec![b"http/1.1".to_vec(), b"h2".to_vec()];
    let config = Arc::new(config);
    let (address, server) = serve(3, move |socket| outcome(&answer(&config, socket)));
    let mut config = client_of(world);
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    let config = Arc::new(config);
    for round in ["first", "second"] {
        let (page, conn) = ask(&config, dial(address));
        notes.text(format_args!("simple, {round} page"), outcome(&page));
        notes.text(format_args!("simple, {round} facts"), facts(&conn));
    }
    // Nobody trusts the root.
    let config =
        ClientConfig::builder().with_root_certificates(tls::RootCertStore::empty()).with_no_client_auth();
    let (page, _) = ask(&config.into(), dial(address));
    notes.words("simple, a root that is not trusted", outcome(&page));
    for (number, seen) in server.join().unwrap().iter().enumerate() {
        notes.words(format_args!("simple, server {number}"), seen);
    }
}

/// One suite and one group, so that a linker could leave out all others.
fn limited(world: &World, notes: &mut Notes) {
    let provider = CryptoProvider {
        cipher_suites: vec![aws_lc_rs::cipher_suite::TLS13_CHACHA20_POLY1305_SHA256],
        kx_groups: vec![aws_lc_rs::kx_group::X25519],
        ..aws_lc_rs::default_provider()
    };
    let builder = ClientConfig::builder_with_provider(Arc::new(provider.clone()));
    let config = builder
        .with_protocol_versions(&[&tls::version::TLS13])
        .unwrap()
        .with_root_certificates(roots(world))
        .with_no_client_auth();
    let of_server = Arc::new(server_of(world));
    let (address, server) = serve(1, move |socket| outcome(&answer(&of_server, socket)));
    let (page, conn) = ask(&config.into(), dial(address));
    notes.text("limited, page", outcome(&page));
    notes.text("limited, facts", facts(&conn));
    server.join().unwrap();
    // It has nothing for TLS 1.2.
    let older =
        ClientConfig::builder_with_provider(provider.into()).with_protocol_versions(&[&tls::version::TLS12]);
    notes.words("limited, an older version", format!("{:?}", older.err()));
}

fn early(world: &World, notes: &mut Notes) {
    let mut config = server_of(world);
    config.max_early_data_size = 1000;
    let config = Arc::new(config);
    let (address, server) = serve(2, move |mut socket| {
        let mut conn = ServerConnection::new(config.clone()).unwrap();
        let mut heard = Vec::new();
        // Until the client's request is there, from wherever it comes.
        while !heard.ends_with(b"\r\n\r\n") {
            conn.read_tls(&mut socket).unwrap();
            conn.process_new_packets().unwrap();
            let mut early = Vec::new();
            if let Some(mut data) = conn.early_data() {
                data.read_to_end(&mut early).unwrap();
                heard.extend(early);
            }
            match conn.reader().read_to_end(&mut heard) {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                other => drop(other.unwrap()),
            }
            while conn.wants_write() {
                conn.write_tls(&mut socket).unwrap();
            }
        }
        // The client's Finished is still to come behind early data.
        while conn.is_handshaking() {
            conn.complete_io(&mut socket).unwrap();
        }
        conn.writer().write_all(ANSWER).unwrap();
        conn.send_close_notify();
        let result = conn.complete_io(&mut socket).map(drop);
        (heard.len(), outcome(&result))
    });
    let mut config = client_of(world);
    config.enable_early_data = true;
    let config = Arc::new(config);
    for round in ["first", "second"] {
        let mut conn = ClientConnection::new(config.clone(), localhost()).unwrap();
        let mut socket = dial(address);
        let early = match conn.early_data() {
            None => None,
            Some(mut early) => Some(early.write(REQUEST).unwrap()),
        };
        notes.value(format_args!("early, {round} written"), early);
        let mut tls = Stream::new(&mut conn, &mut socket);
        tls.flush().unwrap();
        if early.is_none() || !tls.conn.is_early_data_accepted() {
            tls.write_all(REQUEST).unwrap();
        }
        let mut page = String::new();
        let page = tls.read_to_string(&mut page).map(|_| page);
        notes.text(format_args!("early, {round} page"), outcome(&page));
        notes.value(format_args!("early, {round} accepted"), conn.is_early_data_accepted());
        notes.value(format_args!("early, {round} kind"), conn.handshake_kind());
    }
    notes.value("early, server", server.join().unwrap());
}

/// A server that sees the hello and then says who it is.
fn late_choice(world: &World, notes: &mut Notes) {
    let (good, other) = (Arc::new(server_of(world)), Arc::new(server_of(world)));
    let (address, server) = serve(3, move |mut socket| {
        let mut acceptor = Acceptor::default();
        let accepted = loop {
            acceptor.read_tls(&mut socket).unwrap();
            match acceptor.accept() {
                Ok(Some(accepted)) => break accepted,
                Ok(None) => {}
                Err((error, mut alert)) => {
                    alert.write_all(&mut socket).unwrap();
                    return format!("refused: {error}");
                }
            }
        };
        let hello = accepted.client_hello();
        let seen = format!("{:?} {:?}", hello.server_name(), hello.alpn().map(Iterator::count));
        let hello_is_known = hello.server_name() == Some("localhost");
        let config = if hello_is_known { &good } else { &other };
        let mut conn = match accepted.into_connection(config.clone()) {
            Ok(conn) => conn,
            Err((error, mut alert)) => {
                alert.write_all(&mut socket).unwrap();
                return format!("{seen}, refused: {error}");
            }
        };
        // Whoever comes second is told goodbye before the handshake is over.
        if hello_is_known {
            conn.complete_io(&mut socket).unwrap();
        }
        conn.writer().write_all(ANSWER).unwrap();
        conn.send_close_notify();
        let ended = Stream::new(&mut conn, &mut socket).read_to_end(&mut Vec::new());
        format!("{seen}, {}", outcome(&ended.map(drop)))
    });
    let config = Arc::new(client_of(world));
    for name in ["localhost", "a.example.com"] {
        let mut conn = ClientConnection::new(config.clone(), name.try_into().unwrap()).unwrap();
        let mut socket = dial(address);
        let mut page = String::new();
        let mut tls = Stream::new(&mut conn, &mut socket);
        let result = tls.read_to_string(&mut page).map(|_| page);
        notes.text(format_args!("late choice, {name}"), outcome(&result));
        conn.send_close_notify();
        conn.complete_io(&mut socket).unwrap();
    }
    // One that speaks HTTP to it.
    let mut plain = dial(address);
    plain.write_all(REQUEST).unwrap();
    let mut alert = Vec::new();
    plain.read_to_end(&mut alert).unwrap();
    notes.value("late choice, the answer to HTTP", alert);
    for (number, seen) in server.join().unwrap().iter().enumerate() {
        notes.words(format_args!("late choice, server {number}"), seen);
    }
}

/// Against servers that know nothing of it.
fn ech(world: &World, notes: &mut Notes) {
    let of_server = Arc::new(server_of(world));
    let (address, server) = serve(2, move |socket| outcome(&answer(&of_server, socket)));
    let suite: &dyn Hpke = aws_lc_rs::hpke::DH_KEM_X25519_HKDF_SHA256_AES_128;
    let (public, _) = suite.generate_key_pair().unwrap();
    let client = |mode| {
        let config = ClientConfig::builder_with_provider(aws_lc_rs::default_provider().into()).with_ech(mode);
        Arc::new(config.unwrap().with_root_certificates(roots(world)).with_no_client_auth())
    };
    let grease = EchGreaseConfig::new(suite, HpkePublicKey(public.0.clone()));
    let (page, conn) = ask(&client(EchMode::from(grease)), dial(address));
    notes.text("ech, grease, page", outcome(&page));
    notes.text("ech, grease, facts", facts(&conn));

    // RFC 9849 section 4, by hand: one configuration for that key under the name of the server.
    let key = [&[1, 0, 0x20, 0, 32][..], &public.0, &[0, 4, 0, 1, 0, 1]].concat();
    let contents = [&key[..], &[0, 9], b"localhost", &[0, 0]].concat();
    let config = [&[0xfe, 0x0d, 0, contents.len() as u8][..], &contents].concat();
    let list = EchConfigListBytes::from([&[0, config.len() as u8][..], &config].concat());
    let real = EchConfig::new(list, aws_lc_rs::hpke::ALL_SUPPORTED_SUITES).unwrap();
    let (page, conn) = ask(&client(EchMode::from(real)), dial(address));
    notes.words("ech, rejected, page", outcome(&page));
    notes.value("ech, rejected, status", conn.ech_status());
    for (number, seen) in server.join().unwrap().iter().enumerate() {
        notes.words(format_args!("ech, server {number}"), seen);
    }
    let none = EchConfig::new(EchConfigListBytes::from(vec![0, 0]), aws_lc_rs::hpke::ALL_SUPPORTED_SUITES);
    notes.words("ech, an empty list", format!("{:?}", none.err()));
}

/// Turns all bits around. It has the number of an algorithm that nobody has.
#[derive(Debug)]
struct Turned(AtomicUsize);

static TURN: Turned = Turned(AtomicUsize::new(0));
static TURN_BACK: Turned = Turned(AtomicUsize::new(0));

fn turned(bytes: &[u8]) -> Vec<u8> {
    bytes.iter().map(|byte| !byte).collect()
}

impl CertCompressor for Turned {
    fn compress(&self, input: Vec<u8>, level: CompressionLevel) -> Result<Vec<u8>, CompressionFailed> {
        let _ = level;
        self.0.fetch_add(1, Ordering::Relaxed);
        Ok(turned(&input))
    }

    fn algorithm(&self) -> CertificateCompressionAlgorithm {
        CertificateCompressionAlgorithm::Unknown(0x4242)
    }
}

impl CertDecompressor for Turned {
    fn decompress(&self, input: &[u8], output: &mut [u8]) -> Result<(), DecompressionFailed> {
        self.0.fetch_add(1, Ordering::Relaxed);
        if input.len() != output.len() {
            return Err(DecompressionFailed);
        }
        output.copy_from_slice(&turned(input));
        Ok(())
    }

    fn algorithm(&self) -> CertificateCompressionAlgorithm {
        CertificateCompressionAlgorithm::Unknown(0x4242)
    }
}

fn compression(world: &World, notes: &mut Notes) {
    let mut config = server_of(world);
    config.cert_compressors = vec![&TURN];
    let config = Arc::new(config);
    let (address, server) = serve(3, move |socket| outcome(&answer(&config, socket)));
    let mut config = client_of(world);
    config.cert_decompressors = vec![&TURN_BACK];
    config.resumption = Resumption::disabled();
    let config = Arc::new(config);
    for round in 0..3 {
        let (page, _) = ask(&config, dial(address));
        notes.text(format_args!("compression, page {round}"), outcome(&page));
    }
    server.join().unwrap();
    let counts = (TURN.0.load(Ordering::Relaxed), TURN_BACK.0.load(Ordering::Relaxed));
    notes.value("compression, compressed and decompressed", counts);
}

fn tickets(world: &World, notes: &mut Notes) {
    for (name, version) in super::base::BOTH {
        let mut config = super::base::server_config(world, &[version]);
        config.ticketer = Arc::new(TicketRotator::new(3600, aws_lc_rs_ticketer).unwrap());
        config.send_tls13_tickets = 1;
        let config = Arc::new(config);
        let (address, server) = serve(3, move |socket| outcome(&answer(&config, socket)));
        let config = Arc::new(super::base::client_config(world, &[version]));
        for round in 0..3 {
            let (page, conn) = ask(&config, dial(address));
            notes.text(format_args!("tickets, {name}, page {round}"), outcome(&page));
            let received = conn.tls13_tickets_received();
            notes.text(
                format_args!("tickets, {name}, kind {round}"),
                format!("{:?}, {received} tickets", conn.handshake_kind()),
            );
        }
        server.join().unwrap();
    }
}

fn aws_lc_rs_ticketer() -> Result<Box<dyn tls::server::ProducesTickets>, GetRandomFailed> {
    // What makes tickets is hidden behind an `Arc`, so it takes a shell.
    let ticketer = aws_lc_rs::Ticketer::new().map_err(|_| GetRandomFailed)?;
    Ok(Box::new(Shell(ticketer)))
}

#[derive(Debug)]
struct Shell(Arc<dyn tls::server::ProducesTickets>);

impl tls::server::ProducesTickets for Shell {
    fn enabled(&self) -> bool {
        self.0.enabled()
    }

    fn lifetime(&self) -> u32 {
        self.0.lifetime()
    }

    fn encrypt(&self, plain: &[u8]) -> Option<Vec<u8>> {
        self.0.encrypt(plain)
    }

    fn decrypt(&self, cipher: &[u8]) -> Option<Vec<u8>> {
        self.0.decrypt(cipher)
    }
}

/// Several names on one server.
fn names(world: &World, notes: &mut Notes) {
    let provider = aws_lc_rs::default_provider();
    let key = |identity: &world::Identity| {
        CertifiedKey::from_der(identity.chain.clone(), identity.key.clone_key(), &provider)
    };
    let good = key(&world.good).unwrap();
    notes.value("names, the key fits", good.keys_match());
    let mixed = CertifiedKey::from_der(world.good.chain.clone(), world.rsa.key.clone_key(), &provider);
    notes.words("names, a key that does not fit", format!("{:?}", mixed.err()));
    let mut resolver = ResolvesServerCertUsingSni::new();
    notes.words("names, added", format!("{:?}", resolver.add("localhost", good.clone())));
    notes.words("names, one that it is not for", format!("{:?}", resolver.add("example.org", good.clone())));
    notes.words("names, no name", format!("{:?}", resolver.add("not a name", good)));
    let config =
        Arc::new(ServerConfig::builder().with_no_client_auth().with_cert_resolver(Arc::new(resolver)));
    let (address, server) = serve(2, move |socket| outcome(&answer(&config, socket)));
    let config = Arc::new(client_of(world));
    for name in ["localhost", "b.example.com"] {
        let mut conn = ClientConnection::new(config.clone(), name.try_into().unwrap()).unwrap();
        let mut socket = dial(address);
        let mut tls = Stream::new(&mut conn, &mut socket);
        let mut page = String::new();
        let result = tls.write_all(REQUEST).and_then(|()| tls.read_to_string(&mut page)).map(|_| page);
        notes.words(format_args!("names, {name}"), outcome(&result));
    }
    for (number, seen) in server.join().unwrap().iter().enumerate() {
        notes.words(format_args!("names, server {number}"), seen);
    }
}

/// Labels and lengths; the rest is secret.
#[derive(Debug, Default)]
struct Labels(Mutex<Vec<String>>);

impl KeyLog for Labels {
    fn log(&self, label: &str, client_random: &[u8], secret: &[u8]) {
        self.0.lock().unwrap().push(format!("{label} {} {}", client_random.len(), secret.len()));
    }

    fn will_log(&self, label: &str) -> bool {
        label != "EXPORTER_SECRET"
    }
}

fn secrets(world: &World, notes: &mut Notes) {
    for (name, version) in super::base::BOTH {
        let of_server = Arc::new(super::base::server_config(world, &[version]));
        let (address, server) = serve(1, move |socket| outcome(&answer(&of_server, socket)));
        let labels = Arc::new(Labels::default());
        let mut config = super::base::client_config(world, &[version]);
        config.key_log = labels.clone();
        let (page, conn) = ask(&config.into(), dial(address));
        notes.text(format_args!("secrets, {name}, page"), outcome(&page));
        let mut seen = labels.0.lock().unwrap().clone();
        seen.sort();
        notes.value(format_args!("secrets, {name}, logged"), seen);
        let exported = conn.export_keying_material([0; 32], b"EXPORTER-a-test", Some(b"context"));
        notes.value(format_args!("secrets, {name}, exported"), exported.map(|bytes| bytes.len()));
        server.join().unwrap();
    }
}

/// A provider with two parts of the program's own.
#[derive(Debug)]
struct Counting(AtomicUsize);

static RANDOM: Counting = Counting(AtomicUsize::new(0));
static KEYS: Counting = Counting(AtomicUsize::new(0));

impl SecureRandom for Counting {
    fn fill(&self, bytes: &mut [u8]) -> Result<(), GetRandomFailed> {
        self.0.fetch_add(1, Ordering::Relaxed);
        aws_lc_rs::default_provider().secure_random.fill(bytes)
    }
}

impl KeyProvider for Counting {
    fn load_private_key(&self, der: PrivateKeyDer<'static>) -> Result<Arc<dyn SigningKey>, Error> {
        self.0.fetch_add(1, Ordering::Relaxed);
        aws_lc_rs::default_provider().key_provider.load_private_key(der)
    }
}

fn parts(world: &World, notes: &mut Notes) {
    let provider = Arc::new(CryptoProvider {
        secure_random: &RANDOM,
        key_provider: &KEYS,
        ..aws_lc_rs::default_provider()
    });
    let config = ServerConfig::builder_with_provider(provider.clone())
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(world.rsa.chain.clone(), world.rsa.key.clone_key())
        .unwrap();
    let config = Arc::new(config);
    let (address, server) = serve(1, move |socket| outcome(&answer(&config, socket)));
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots(world))
        .with_no_client_auth();
    let (page, conn) = ask(&config.into(), dial(address));
    notes.text("parts, page", outcome(&page));
    notes.text("parts, facts", facts(&conn));
    server.join().unwrap();
    notes.value("parts, keys loaded", KEYS.0.load(Ordering::Relaxed));
    notes.value("parts, randomness was asked for", RANDOM.0.load(Ordering::Relaxed) > 0);
}
