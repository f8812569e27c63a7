//! Where misbehaviour is tried: honest configs, a lying end for either side, and what has to come of it.
//!
//! Every case runs with the bytes delivered whole, by records, and in pieces of 1, 2 and 7 bytes; the outcome is the same.

use std::sync::{Arc, OnceLock};

use chitin::client::ClientConnection;
use chitin::crypto::CryptoProvider;
use chitin::pki_types::CertificateDer;
use chitin::server::WebPkiClientVerifier;
use chitin::version::TLS13;
use chitin::{ClientConfig, Error, NamedGroup, ServerConfig, ServerConnection};
use testkit::configs;
use testkit::hello::{Hello, edit_hello, edit_record, sized16};
use testkit::liar::Liar;
use testkit::pair::{Chop, Failed, Pair, Record, Side, Tamper};
use testkit::pki::{Authority, Identity, KeyType, Spec};

/// The certificates of all cases.
pub struct World {
    pub root: Authority,
    pub issuing: Authority,
    pub stranger: Authority,
    pub server: Identity,
    pub client: Identity,
}

pub fn world() -> &'static World {
    static WORLD: OnceLock<World> = OnceLock::new();
    WORLD.get_or_init(|| {
        let root = Authority::root(&Spec::authority(KeyType::P256, "root"));
        let issuing = root.intermediate(&Spec::authority(KeyType::P256, "intermediate"));
        let stranger = Authority::root(&Spec::authority(KeyType::P256, "stranger"));
        let server = issuing.issue(&Spec::server(KeyType::P256));
        let client = issuing.issue(&Spec::client(KeyType::P256));
        World { root, issuing, stranger, server, client }
    })
}

/// Two groups, so that the hellos are small and a retry is possible.
pub fn provider() -> Arc<CryptoProvider> {
    static PROVIDER: OnceLock<Arc<CryptoProvider>> = OnceLock::new();
    PROVIDER.get_or_init(|| configs::provider(&[], &[NamedGroup::X25519, NamedGroup::secp256r1])).clone()
}

/// One group: that of the two which a client does not send a share for.
pub fn retrying() -> Arc<CryptoProvider> {
    configs::provider(&[], &[NamedGroup::secp256r1])
}

/// The cases are about messages as they are, whatever features bring.
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

pub fn client(provider: Arc<CryptoProvider>) -> ClientConfig {
    let config = ClientConfig::builder_with_provider(provider)
        .with_protocol_versions(&[&TLS13])
        .unwrap()
        .with_root_certificates(world().root.store())
        .with_no_client_auth();
    uncompressed_client(config)
}

pub fn client_with_certificate(provider: Arc<CryptoProvider>) -> ClientConfig {
    client_of(provider, &world().client)
}

pub fn client_of(provider: Arc<CryptoProvider>, identity: &Identity) -> ClientConfig {
    let config = ClientConfig::builder_with_provider(provider)
        .with_protocol_versions(&[&TLS13])
        .unwrap()
        .with_root_certificates(world().root.store())
        .with_client_auth_cert(identity.chain.clone(), identity.key.clone_key())
        .unwrap();
    uncompressed_client(config)
}

pub fn server(provider: Arc<CryptoProvider>) -> ServerConfig {
    server_of(provider, &world().server)
}

pub fn server_of(provider: Arc<CryptoProvider>, identity: &Identity) -> ServerConfig {
    let config = ServerConfig::builder_with_provider(provider)
        .with_protocol_versions(&[&TLS13])
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(identity.chain.clone(), identity.key.clone_key())
        .unwrap();
    uncompressed_server(config)
}

/// A server that demands a certificate.
pub fn asking_server(provider: Arc<CryptoProvider>) -> ServerConfig {
    asking_server_of(provider, &world().server)
}

pub fn asking_server_of(provider: Arc<CryptoProvider>, identity: &Identity) -> ServerConfig {
    let roots = Arc::new(world().root.store());
    let verifier = WebPkiClientVerifier::builder_with_provider(roots, provider.clone()).build().unwrap();
    let config = ServerConfig::builder_with_provider(provider)
        .with_protocol_versions(&[&TLS13])
        .unwrap()
        .with_client_cert_verifier(verifier)
        .with_single_cert(identity.chain.clone(), identity.key.clone_key())
        .unwrap();
    uncompressed_server(config)
}

/// The body of a Certificate message with this context and these entries. RFC 8446 section 4.4.2.
pub fn certificate_body(context: &[u8], entries: &[(&[u8], &[u8])]) -> Vec<u8> {
    let sized24 = |bytes: &[u8]| [&(bytes.len() as u32).to_be_bytes()[1..], bytes].concat();
    let list: Vec<u8> = entries.iter().flat_map(|(der, ext)| [sized24(der), sized16(ext)].concat()).collect();
    [&[context.len() as u8], context, &sized24(&list)].concat()
}

/// The body for a chain without extensions.
pub fn chain_body(chain: &[CertificateDer<'_>]) -> Vec<u8> {
    let entries: Vec<(&[u8], &[u8])> = chain.iter().map(|der| (der.as_ref(), &[][..])).collect();
    certificate_body(&[], &entries)
}

/// One extension as it stands in a block.
pub fn extension(code: u16, body: &[u8]) -> Vec<u8> {
    [&code.to_be_bytes()[..], &sized16(body)].concat()
}

// ---- what comes of it

/// What an end said of its peer, and the description of the alert that it sent.
#[derive(Clone, Debug)]
pub struct Told {
    pub error: Error,
    pub alert: Option<u8>,
    /// Why no alert went out although the error's documentation names one.
    pub silent: Option<&'static str>,
}

impl Told {
    /// Of a call that has no peer.
    pub fn alone(error: Error) -> Self {
        Self { error, alert: None, silent: None }
    }
}

impl From<Box<Failed>> for Told {
    fn from(failed: Box<Failed>) -> Self {
        // In the clear it can be read off the wire; under protection the other end tells it.
        // Under protection, one of TLS 1.2 keeps its type and is longer.
        let clear = Record::split(&failed.last_words)
            .into_iter()
            .find(|record| record.typ == 21 && record.body.len() == 2);
        let alert = match (clear, &failed.echo) {
            (Some(record), _) => {
                assert_eq!(record.body[0], 2, "a fatal alert");
                Some(record.body[1])
            }
            (None, Some(Error::AlertReceived(alert))) => Some(u8::from(*alert)),
            (None, None) => None,
            (None, echo) => panic!("{:?} was answered by {echo:?}", failed.error),
        };
        Self { error: failed.error, alert, silent: None }
    }
}

/// The error that has to come.
pub enum Expect {
    Exactly(Error),
    /// For what equals nothing, or holds what is not ours to say.
    Like(fn(&Error) -> bool, &'static str),
}

impl<T: Into<Error>> From<T> for Expect {
    fn from(error: T) -> Self {
        Self::Exactly(error.into())
    }
}

macro_rules! like {
    ($pattern:pat) => {
        $crate::bench::Expect::Like(|error| matches!(error, $pattern), stringify!($pattern))
    };
}

/// One thing that somebody does wrong.
pub struct Case {
    pub name: &'static str,
    pub expect: Expect,
    pub run: fn(&Bench) -> Told,
}

/// Declares cases: a test of each, and the list of all for the test of completeness.
macro_rules! cases {
    ($($(#[$attr:meta])* $name:ident = $expect:expr, $run:expr;)*) => {
        $(
            $(#[$attr])*
            #[test]
            fn $name() {
                let case = cases().into_iter().find(|case| case.name == stringify!($name)).unwrap();
                $crate::bench::check(&case);
            }
        )*

        pub fn cases() -> Vec<$crate::bench::Case> {
            vec![$($crate::bench::Case { name: stringify!($name), expect: ($expect).into(), run: $run },)*]
        }
    };
}

/// All the ways in which bytes are delivered.
const CHOPS: [Chop; 5] = [Chop::Whole, Chop::Records, Chop::Bytes(1), Chop::Bytes(2), Chop::Bytes(7)];

pub fn check(case: &Case) {
    for chop in CHOPS {
        let told = (case.run)(&Bench { chop });
        match &case.expect {
            Expect::Exactly(error) => assert_eq!(told.error, *error, "{chop:?}"),
            Expect::Like(is, pattern) => assert!(is(&told.error), "{:?} is not {pattern}", told.error),
        }
        let documented = documented_alert(&told.error);
        match told.silent {
            None => assert_eq!(told.alert, documented, "the alert for {:?}, {chop:?}", told.error),
            Some(why) => assert_eq!(told.alert, None, "{why}"),
        }
    }
}

/// Enum and variant of an error, the innermost of ours first.
pub fn path(error: &Error) -> Vec<(&'static str, &'static str)> {
    let inner = match error {
        Error::PeerMisbehaved(why) => Some(("PeerMisbehaved", why.variant_name())),
        Error::PeerIncompatible(why) => Some(("PeerIncompatible", why.variant_name())),
        Error::InvalidMessage(why) => Some(("InvalidMessage", why.variant_name())),
        Error::InvalidCertificate(why) => Some(("CertificateError", why.variant_name())),
        Error::InvalidCertRevocationList(why) => Some(("CertRevocationListError", why.variant_name())),
        Error::InconsistentKeys(why) => Some(("InconsistentKeys", why.variant_name())),
        Error::InvalidEncryptedClientHello(why) => Some(("EncryptedClientHelloError", why.variant_name())),
        _ => None,
    };
    inner.into_iter().chain([("Error", error.variant_name())]).collect()
}

/// Numbers of RFC 8446 section 6.
const ALERTS: &[(&str, u8)] = &[
    ("unexpected_message", 10),
    ("bad_record_mac", 20),
    ("record_overflow", 22),
    ("handshake_failure", 40),
    ("bad_certificate", 42),
    ("unsupported_certificate", 43),
    ("certificate_revoked", 44),
    ("certificate_expired", 45),
    ("certificate_unknown", 46),
    ("illegal_parameter", 47),
    ("unknown_ca", 48),
    ("access_denied", 49),
    ("decode_error", 50),
    ("decrypt_error", 51),
    ("protocol_version", 70),
    ("internal_error", 80),
    ("inappropriate_fallback", 86),
    ("missing_extension", 109),
    ("unsupported_extension", 110),
    ("bad_certificate_status_response", 113),
    ("certificate_required", 116),
    ("no_application_protocol", 120),
];

/// The alert that the documentation of the error's variant promises to its reader.
pub fn documented_alert(error: &Error) -> Option<u8> {
    let (of, variant) = path(error)[0];
    let source = match of {
        "PeerMisbehaved" | "PeerIncompatible" | "InvalidMessage" => include_str!("../../src/error/peer.rs"),
        "CertificateError" => include_str!("../../src/error/certificate.rs"),
        "Error" => include_str!("../../src/error/mod.rs"),
        // Mistakes in a configuration: there is no peer yet.
        _ => return None,
    };
    let start = source.find(&format!("pub enum {of} {{")).unwrap();
    let mut doc = String::new();
    for line in source[start..].lines().skip(1).map(str::trim) {
        if let Some(text) = line.strip_prefix("///") {
            doc.push_str(text);
        } else if line.strip_prefix(variant).is_some_and(|rest| rest.starts_with([' ', '(', '{'])) {
            break;
        } else {
            doc.clear();
        }
    }
    if doc.contains("We send nothing") {
        return None;
    }
    let (_, said) = doc.split_once("We send `").unwrap_or_else(|| panic!("{of}::{variant}: {doc}"));
    let name = said.split('`').next().unwrap();
    Some(ALERTS.iter().find(|(alert, _)| *alert == name).unwrap_or_else(|| panic!("{name}")).1)
}

// ---- the bench

/// Runs pairs of which one end, or what flies, is bad.
pub struct Bench {
    pub chop: Chop,
}

impl Bench {
    pub fn pair(&self, client: impl Into<Arc<ClientConfig>>, server: impl Into<Arc<ServerConfig>>) -> Pair {
        Pair::new(client, server).chop(self.chop)
    }

    /// Lets the two talk until somebody is not content.
    pub fn fail(&self, mut pair: Pair) -> Told {
        match pair.settle() {
            Err(failed) => failed.into(),
            Ok(()) => panic!("nobody complains; done: {}", pair.is_done()),
        }
    }

    fn clear(&self, from: Side, server_provider: Arc<CryptoProvider>, tamper: Tamper) -> Told {
        self.fail(self.pair(client(provider()), server(server_provider)).tamper(from, tamper))
    }

    /// The first ClientHello is changed.
    pub fn client_hello(&self, edit: fn(&mut Hello)) -> Told {
        self.clear(Side::Client, provider(), edit_hello(0, edit))
    }

    /// The ClientHello after a retry is changed.
    pub fn second_client_hello(&self, edit: fn(&mut Hello)) -> Told {
        self.clear(Side::Client, retrying(), edit_hello(1, edit))
    }

    /// The ServerHello is changed.
    pub fn server_hello(&self, edit: fn(&mut Hello)) -> Told {
        self.clear(Side::Server, provider(), edit_hello(0, edit))
    }

    /// The HelloRetryRequest is changed.
    pub fn retry_request(&self, edit: fn(&mut Hello)) -> Told {
        self.clear(Side::Server, retrying(), edit_hello(0, edit))
    }

    /// The ServerHello after a retry is changed.
    pub fn second_server_hello(&self, edit: fn(&mut Hello)) -> Told {
        self.clear(Side::Server, retrying(), edit_hello(1, edit))
    }

    /// The record with the first hello of a side is changed, and others may follow it.
    pub fn first_record(&self, from: Side, edit: fn(&mut Record) -> Vec<Record>) -> Told {
        self.clear(from, provider(), edit_record(0, edit))
    }

    /// As [`Bench::first_record`] in front of a server that retries.
    pub fn record_before_retry(&self, nth: usize, edit: fn(&mut Record) -> Vec<Record>) -> Told {
        self.clear(Side::Client, retrying(), edit_record(nth, edit))
    }

    /// The record with a HelloRetryRequest is changed, and others may follow it.
    pub fn record_of_retry(&self, edit: fn(&mut Record) -> Vec<Record>) -> Told {
        self.clear(Side::Server, retrying(), edit_record(0, edit))
    }

    /// The second hello of a client comes with the first session of its config, which is changed.
    pub fn resumed(&self, from: Side, edit: fn(&mut Hello)) -> Told {
        let (client, server) = (Arc::new(client(provider())), Arc::new(server(provider())));
        self.pair(client.clone(), server.clone()).handshake().unwrap();
        self.fail(self.pair(client, server).tamper(from, edit_hello(0, edit)))
    }

    /// A server lies in its encrypted flight.
    pub fn lying_server(&self, lie: fn(&Liar)) -> Told {
        let liar = Liar::new();
        let config = server(liar.provider(&provider()));
        lie(&liar);
        self.fail(self.pair(client(provider()), config).tamper(Side::Server, liar.tamper()))
    }

    /// A client with a certificate lies to a server that demands one.
    pub fn lying_client(&self, lie: fn(&Liar)) -> Told {
        let liar = Liar::new();
        let config = client_with_certificate(liar.provider(&provider()));
        lie(&liar);
        self.fail(self.pair(config, asking_server(provider())).tamper(Side::Client, liar.tamper()))
    }

    /// A connected pair of which one side lies when it is told to.
    pub fn connected(&self, lying: Side) -> (Pair, Liar) {
        let liar = Liar::new();
        let wrapped = liar.provider(&provider());
        let mut pair = match lying {
            Side::Client => self.pair(client(wrapped), server(provider())),
            Side::Server => self.pair(client(provider()), server(wrapped)),
        }
        .tamper(lying, liar.tamper());
        pair.handshake().unwrap();
        (pair, liar)
    }

    /// After the handshake one side says something.
    pub fn says(&self, lying: Side, what: Vec<testkit::liar::Say>) -> Told {
        let (mut pair, liar) = self.connected(lying);
        liar.next(what);
        pair.send(lying, b"!").expect_err("nobody complains").into()
    }
}

/// For calls that need a connection and no peer.
pub fn lone_client(config: ClientConfig) -> Result<ClientConnection, Error> {
    ClientConnection::new(Arc::new(config), "localhost".try_into().unwrap())
}

pub fn lone_server(config: ServerConfig) -> Result<ServerConnection, Error> {
    ServerConnection::new(Arc::new(config))
}

/// Short names for the errors of the cases.
pub mod errors {
    pub use chitin::{
        CertificateError as Cert, InvalidMessage as Bad, PeerIncompatible as Lacks, PeerMisbehaved as Wrong,
    };
}
