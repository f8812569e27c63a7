//! What these tests share: a small PKI, configs, a clock that is set, a notebook of secrets, and keys to forge records with.

use std::fmt;
use std::sync::{Arc, LazyLock, Mutex, MutexGuard};
use std::time::Duration;

use chitin::crypto::CryptoProvider;
use chitin::crypto::cipher::{AeadKey, InboundOpaqueMessage, Iv, OutboundPlainMessage};
use chitin::crypto::tls13::OkmBlock;
use chitin::pki_types::UnixTime;
use chitin::server::WebPkiClientVerifier;
use chitin::server::danger::ClientCertVerifier;
use chitin::time_provider::TimeProvider;
use chitin::trace::{Event, Trace};
use chitin::{
    CipherSuite, ClientConfig, ContentType, HandshakeKind, KeyLog, ProtocolVersion, RootCertStore,
    ServerConfig, Tls13CipherSuite,
};
use testkit::pair::{Failed, Pair, Record, Tamper};
use testkit::pki::{Identity, KeyType, Pki, Spec};
use testkit::provided;

/// One PKI for all tests: making keys takes time.
pub struct World {
    pub pki: Pki,
    pub server: Identity,
    pub client: Identity,
}

pub static WORLD: LazyLock<World> = LazyLock::new(|| {
    let pki = Pki::new();
    let server = pki.issuing.issue(&Spec::server(KeyType::P256).dns(&["localhost", "other.test", "a.test"]));
    let client = pki.client(KeyType::P256);
    World { pki, server, client }
});

pub fn roots() -> RootCertStore {
    WORLD.pki.root.store()
}

pub fn default_provider() -> Arc<CryptoProvider> {
    Arc::new(provided::default_provider())
}

/// The rules are about messages as they are, whatever features bring; `compression.rs` is about the others.
fn uncompressed_client(mut config: ClientConfig) -> ClientConfig {
    config.cert_compressors.clear();
    config.cert_decompressors.clear();
    config
}

/// The same of a server.
fn uncompressed_server(mut config: ServerConfig) -> ServerConfig {
    config.cert_compressors.clear();
    config.cert_decompressors.clear();
    config
}

/// A client that trusts the root and shows nothing.
pub fn client() -> ClientConfig {
    client_of(default_provider())
}

pub fn client_of(provider: Arc<CryptoProvider>) -> ClientConfig {
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots())
        .with_no_client_auth();
    uncompressed_client(config)
}

/// The same with the honest client certificate.
pub fn client_with_cert() -> ClientConfig {
    client_showing(&WORLD.client)
}

pub fn client_showing(identity: &Identity) -> ClientConfig {
    let config = ClientConfig::builder_with_provider(default_provider())
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots())
        .with_client_auth_cert(identity.chain.clone(), identity.key.clone_key())
        .unwrap();
    uncompressed_client(config)
}

/// A server for `localhost` that asks for nothing.
pub fn server() -> ServerConfig {
    server_of(default_provider())
}

pub fn server_of(provider: Arc<CryptoProvider>) -> ServerConfig {
    let identity = &WORLD.server;
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(identity.chain.clone(), identity.key.clone_key())
        .unwrap();
    uncompressed_server(config)
}

/// The same with tickets.
pub fn server_with_tickets() -> ServerConfig {
    let mut config = server();
    config.ticketer = provided::ticketer();
    config
}

pub fn server_asking(verifier: Arc<dyn ClientCertVerifier>) -> ServerConfig {
    let identity = &WORLD.server;
    let config = ServerConfig::builder_with_provider(default_provider())
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_client_cert_verifier(verifier)
        .with_single_cert(identity.chain.clone(), identity.key.clone_key())
        .unwrap();
    uncompressed_server(config)
}

/// Clients have to show a certificate under these roots.
pub fn required(roots: RootCertStore) -> Arc<dyn ClientCertVerifier> {
    WebPkiClientVerifier::builder_with_provider(roots.into(), default_provider()).build().unwrap()
}

/// Clients may show one.
pub fn optional(roots: RootCertStore) -> Arc<dyn ClientCertVerifier> {
    WebPkiClientVerifier::builder_with_provider(roots.into(), default_provider())
        .allow_unauthenticated()
        .build()
        .unwrap()
}

/// A whole handshake, tickets included.
pub fn shake(client: &Arc<ClientConfig>, server: &Arc<ServerConfig>) -> Pair {
    let mut pair = Pair::new(client.clone(), server.clone());
    pair.handshake().unwrap();
    pair
}

/// The kind of one more handshake, on which both sides agree.
pub fn kind(client: &Arc<ClientConfig>, server: &Arc<ServerConfig>) -> HandshakeKind {
    kind_of(&shake(client, server))
}

pub fn kind_of(pair: &Pair) -> HandshakeKind {
    assert_eq!(pair.client.handshake_kind(), pair.server.handshake_kind());
    pair.client.handshake_kind().unwrap()
}

/// A handshake that must fail.
pub fn failure(client: ClientConfig, server: ServerConfig) -> Box<Failed> {
    Pair::new(client, server).settle().unwrap_err()
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
}

/// A clock that stands where it is put.
#[derive(Debug)]
pub struct Clock(Mutex<Option<u64>>);

/// A day in 2030, when the honest certificates are valid.
pub const DAY: u64 = 1_900_000_000;

impl Clock {
    pub fn at(secs: u64) -> Arc<Self> {
        Arc::new(Self(Mutex::new(Some(secs))))
    }

    pub fn set(&self, secs: u64) {
        *lock(&self.0) = Some(secs);
    }

    pub fn stop(&self) {
        *lock(&self.0) = None;
    }
}

impl TimeProvider for Clock {
    fn current_time(&self) -> Option<UnixTime> {
        lock(&self.0).map(|secs| UnixTime::since_unix_epoch(Duration::from_secs(secs)))
    }
}

/// A key log in memory: label, client random, secret.
#[derive(Default)]
pub struct Notebook(Mutex<Vec<Entry>>);

/// Label, client random, secret.
type Entry = (String, Vec<u8>, Vec<u8>);

impl Notebook {
    /// The newest secret of this label.
    pub fn secret(&self, label: &str) -> Option<Vec<u8>> {
        lock(&self.0).iter().rev().find(|(l, ..)| l == label).map(|(_, _, secret)| secret.clone())
    }

    pub fn all(&self) -> Vec<Entry> {
        lock(&self.0).clone()
    }
}

impl fmt::Debug for Notebook {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Notebook")
    }
}

impl KeyLog for Notebook {
    fn log(&self, label: &str, client_random: &[u8], secret: &[u8]) {
        lock(&self.0).push((label.into(), client_random.into(), secret.into()));
    }
}

/// Events, printed.
#[derive(Default)]
pub struct Printed(Mutex<Vec<String>>);

impl Printed {
    pub fn lines(&self) -> Vec<String> {
        lock(&self.0).clone()
    }

    pub fn count(&self, of: &str) -> usize {
        lock(&self.0).iter().filter(|line| line.starts_with(of)).count()
    }
}

impl fmt::Debug for Printed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Printed")
    }
}

impl Trace for Printed {
    fn event(&self, event: Event<'_>) {
        lock(&self.0).push(format!("{event:?}"));
    }
}

/// The suite that forged records are under: its keys have the 32 bytes that an [`AeadKey`] is made of.
pub fn forged_suite() -> &'static Tls13CipherSuite {
    let mut suites = provided::all_cipher_suites().iter().filter_map(|suite| suite.tls13());
    suites.find(|suite| suite.common.suite == CipherSuite::TLS13_AES_256_GCM_SHA384).unwrap()
}

/// A traffic secret in the hands of somebody who may say anything with it. RFC 8446 sections 7.2 and 7.3, once more.
pub struct Keys {
    secret: Vec<u8>,
    seq: u64,
}

impl Keys {
    pub fn new(secret: Vec<u8>) -> Self {
        assert_eq!(secret.len(), 48, "SHA-384");
        Self { secret, seq: 0 }
    }

    /// Those of a label in a notebook.
    pub fn of(log: &Notebook, label: &str) -> Self {
        Self::new(log.secret(label).unwrap())
    }

    fn expand(&self, label: &str, len: u16) -> Vec<u8> {
        let expander = forged_suite().hkdf_provider.expander_for_okm(&OkmBlock::new(&self.secret));
        let label = format!("tls13 {label}");
        let mut out = vec![0; usize::from(len)];
        let info: [&[u8]; 4] =
            [&len.to_be_bytes(), &[u8::try_from(label.len()).unwrap()], label.as_bytes(), &[0]];
        expander.expand_slice(&info, &mut out).unwrap();
        out
    }

    fn key_and_iv(&self) -> (AeadKey, Iv) {
        let key: [u8; 32] = self.expand("key", 32).try_into().unwrap();
        (AeadKey::from(key), Iv::copy(&self.expand("iv", 12)))
    }

    /// The next generation.
    pub fn update(&mut self) {
        self.secret = self.expand("traffic upd", 48);
        self.seq = 0;
    }

    /// A record with this inside.
    pub fn seal(&mut self, typ: ContentType, body: &[u8]) -> Vec<u8> {
        let (key, iv) = self.key_and_iv();
        let message = OutboundPlainMessage { typ, version: ProtocolVersion::TLSv1_2, payload: body.into() };
        let sealed = forged_suite().aead_alg.encrypter(key, iv).encrypt(message, self.seq).unwrap();
        self.seq += 1;
        sealed.encode()
    }

    /// What is inside a record.
    pub fn open(&mut self, mut record: Record) -> (ContentType, Vec<u8>) {
        let (key, iv) = self.key_and_iv();
        let typ = ContentType::from(record.typ);
        let sealed = InboundOpaqueMessage::new(typ, ProtocolVersion::TLSv1_2, &mut record.body);
        let mut decrypter = forged_suite().aead_alg.decrypter(key, iv);
        let opened = decrypter.decrypt(sealed, self.seq).unwrap();
        self.seq += 1;
        (opened.typ, opened.payload.to_vec())
    }
}

/// Changes what is inside the server's first protected record, which is its whole flight.
pub fn rewrite_flight(log: Arc<Notebook>, mut change: impl FnMut(Vec<u8>) -> Vec<u8> + 'static) -> Tamper {
    let mut done = false;
    Box::new(move |_, record| {
        if record.typ != 23 || std::mem::replace(&mut done, true) {
            return vec![record];
        }
        let (typ, body) = Keys::of(&log, "SERVER_HANDSHAKE_TRAFFIC_SECRET").open(record);
        let changed = change(body);
        Record::split(&Keys::of(&log, "SERVER_HANDSHAKE_TRAFFIC_SECRET").seal(typ, &changed))
    })
}

/// Handshake messages, cut apart.
pub fn messages(mut bytes: &[u8]) -> Vec<(u8, Vec<u8>)> {
    let mut out = Vec::new();
    while let [typ, a, b, c, rest @ ..] = bytes {
        let len = u32::from_be_bytes([0, *a, *b, *c]) as usize;
        let (body, after) = rest.split_at(len);
        out.push((*typ, body.to_vec()));
        bytes = after;
    }
    out
}

/// Handshake messages, put together.
pub fn joined(messages: &[(u8, Vec<u8>)]) -> Vec<u8> {
    let mut out = Vec::new();
    for (typ, body) in messages {
        out.push(*typ);
        out.extend(&u32::try_from(body.len()).unwrap().to_be_bytes()[1..]);
        out.extend(body);
    }
    out
}
