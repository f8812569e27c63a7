//! What applications written for rustls 0.23 do with configs, with the crate's name changed: it has to compile, and the
//! objects they bring have to be the ones that are asked.
#![cfg(all(feature = "aws_lc_rs", feature = "std"))]

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use chitin::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use chitin::client::{
    ClientSessionMemoryCache, ClientSessionStore, ResolvesClientCert, Resumption, Tls12Resumption,
};
use chitin::crypto::{CryptoProvider, aws_lc_rs, verify_tls12_signature, verify_tls13_signature};
use chitin::pki_types::{CertificateDer, PrivateKeyDer, ServerName, UnixTime};
use chitin::server::{ClientHello, ResolvesServerCert, ServerSessionMemoryCache, WebPkiClientVerifier};
use chitin::sign::CertifiedKey;
use chitin::time_provider::TimeProvider;
use chitin::{
    ClientConfig, DigitallySignedStruct, Error, KeyLog, KeyLogFile, RootCertStore, ServerConfig,
    SignatureScheme,
};

const CA: &[u8] = include_bytes!("../testdata/config/ca.der");
const SERVER: &[u8] = include_bytes!("../testdata/config/server.der");
const SERVER_KEY: &[u8] = include_bytes!("../testdata/config/server.key.der");

fn chain() -> Vec<CertificateDer<'static>> {
    vec![SERVER.into()]
}

fn key() -> PrivateKeyDer<'static> {
    PrivateKeyDer::try_from(SERVER_KEY).unwrap()
}

#[derive(Debug)]
struct AnyServer(Arc<CryptoProvider>);

impl ServerCertVerifier for AnyServer {
    fn verify_server_cert(
        &self,
        _end_entity: &CertificateDer<'_>,
        _intermediates: &[CertificateDer<'_>],
        _server_name: &ServerName<'_>,
        _ocsp: &[u8],
        _now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls12_signature(message, cert, dss, &self.0.signature_verification_algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls13_signature(message, cert, dss, &self.0.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.signature_verification_algorithms.supported_schemes()
    }
}

#[derive(Debug, Default)]
struct Counting(AtomicUsize);

impl ResolvesClientCert for Counting {
    fn resolve(&self, _hints: &[&[u8]], _schemes: &[SignatureScheme]) -> Option<Arc<CertifiedKey>> {
        self.0.fetch_add(1, Ordering::Relaxed);
        None
    }

    fn has_certs(&self) -> bool {
        true
    }
}

impl ResolvesServerCert for Counting {
    fn resolve(&self, hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        let _ = (hello.server_name(), hello.cipher_suites(), hello.signature_schemes(), hello.named_groups());
        let _: Option<Vec<&[u8]>> = hello.alpn().map(|names| names.collect());
        None
    }
}

impl KeyLog for Counting {
    fn log(&self, _label: &str, _client_random: &[u8], _secret: &[u8]) {}
}

#[derive(Debug)]
struct Stopped;

impl TimeProvider for Stopped {
    fn current_time(&self) -> Option<UnixTime> {
        None
    }
}

#[test]
fn a_client_of_many_wishes() {
    let provider = Arc::new(aws_lc_rs::default_provider());
    let resolver = Arc::new(Counting::default());
    let mut config = ClientConfig::builder_with_details(provider.clone(), Arc::new(Stopped))
        .with_protocol_versions(&[&chitin::version::TLS13])
        .unwrap()
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(AnyServer(provider.clone())))
        .with_client_cert_resolver(resolver.clone());
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    config.key_log = Arc::new(KeyLogFile::new());
    config.key_log = resolver.clone();
    config.enable_sni = false;
    config.max_fragment_size = Some(512);
    let store: Arc<dyn ClientSessionStore> = Arc::new(ClientSessionMemoryCache::new(32));
    config.resumption = Resumption::store(store).tls12_resumption(Tls12Resumption::Disabled);
    config.dangerous().set_certificate_verifier(Arc::new(AnyServer(provider.clone())));
    assert!(config.dangerous().cfg.check_selected_alpn);

    assert!(Arc::ptr_eq(config.crypto_provider(), &provider));
    assert!(config.time_provider.current_time().is_none());
    assert!(config.client_auth_cert_resolver.resolve(&[], &[]).is_none());
    assert_eq!(resolver.0.load(Ordering::Relaxed), 1);
    assert!(!config.fips());
}

#[test]
fn a_server_of_many_wishes() {
    let mut config = ServerConfig::builder().with_no_client_auth().with_single_cert(chain(), key()).unwrap();
    config.alpn_protocols.push(b"h2".to_vec());
    config.session_storage = ServerSessionMemoryCache::new(1024);
    config.ticketer = aws_lc_rs::Ticketer::new().unwrap();
    config.send_tls13_tickets = 4;
    config.ignore_client_order = true;
    config.cert_resolver = Arc::new(Counting::default());
    assert!(config.ticketer.enabled() && config.ticketer.lifetime() > 0);
    assert!(!config.cert_resolver.only_raw_public_keys());
    let shared = Arc::new(config);
    assert_eq!(ServerConfig::clone(&shared).send_tls13_tickets, 4);
}

#[test]
fn a_server_that_asks_its_clients() {
    let mut roots = RootCertStore::empty();
    assert_eq!(roots.add_parsable_certificates([CertificateDer::from(CA)]), (1, 0));
    let verifier = WebPkiClientVerifier::builder(Arc::new(roots)).allow_unauthenticated().build().unwrap();
    assert!(verifier.offer_client_auth() && !verifier.client_auth_mandatory());
    let config = ServerConfig::builder()
        .with_client_cert_verifier(verifier)
        .with_single_cert_with_ocsp(chain(), key(), vec![1, 2, 3])
        .unwrap();
    assert_eq!(config.max_early_data_size, 0);
}

#[test]
fn roots_come_by_value_or_shared_and_from_lists_of_anchors() {
    let mut roots = RootCertStore::empty();
    roots.extend(Vec::<chitin::pki_types::TrustAnchor<'static>>::new());
    let copy: RootCertStore = roots.roots.iter().cloned().collect();
    assert!(copy.is_empty());
    let _by_value = ClientConfig::builder().with_root_certificates(copy).with_no_client_auth();
    let _shared = ClientConfig::builder().with_root_certificates(Arc::new(roots)).with_no_client_auth();
}

/// What 0.23 promises of its types, and generic code relies on.
#[test]
fn configs_are_to_be_shared_between_threads() {
    fn shared<T: Send + Sync + Clone + fmt::Debug + 'static>() {}
    shared::<ClientConfig>();
    shared::<ServerConfig>();
    shared::<RootCertStore>();
    shared::<Resumption>();
    fn thread_safe<T: Send + Sync + std::panic::RefUnwindSafe>() {}
    thread_safe::<ClientSessionMemoryCache>();
    thread_safe::<ServerSessionMemoryCache>();
    thread_safe::<ClientHello<'_>>();
    thread_safe::<chitin::compress::CompressionCache>();
    thread_safe::<chitin::lock::Mutex<u8>>();
}
