//! Client and server configs of a glass provider, one knob a bit.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use chitin::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use chitin::client::{ClientSessionMemoryCache, Resumption, TicketRequest, WebPkiServerVerifier};
use chitin::compress::{
    CertCompressor, CertDecompressor, CompressionFailed, CompressionLevel, DecompressionFailed,
};
use chitin::crypto::SupportedKxGroup;
use chitin::crypto::hash::HashAlgorithm;
use chitin::pki_types::{CertificateDer, ServerName, UnixTime};
use chitin::psk::{ExternalPsk, PskList};
use chitin::server::danger::{ClientCertVerified, ClientCertVerifier};
use chitin::server::{
    CertificateType, ParsedCertificate, ProducesTickets, StoresServerSessions, WebPkiClientVerifier,
};
use chitin::sign::{CertifiedKey, SingleCertAndKey};
use chitin::time_provider::TimeProvider;
use chitin::{
    CertificateCompressionAlgorithm, ClientConfig, DigitallySignedStruct, DistinguishedName, Error,
    RootCertStore, ServerConfig, SignatureScheme, SupportedProtocolVersion, version,
};

use crate::glass::{self, Glass};

pub const CA: &[u8] = include_bytes!("../../chitin/testdata/config/ca.der");
pub const SERVER: &[u8] = include_bytes!("../../chitin/testdata/config/server.der");
pub const CLIENT: &[u8] = include_bytes!("../../chitin/testdata/config/client.der");

/// The name in [`SERVER`].
pub const NAME: &str = "host.example";

/// A version, which a target is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Version {
    Tls12,
    Tls13,
}

impl Version {
    fn list(self, both: bool) -> Vec<&'static SupportedProtocolVersion> {
        match (self, both) {
            (_, true) => vec![&version::TLS13, &version::TLS12],
            (Self::Tls12, false) => vec![&version::TLS12],
            (Self::Tls13, false) => vec![&version::TLS13],
        }
    }
}

/// The knobs of both roles, as bits of a script's options.
pub mod knob {
    /// Both versions are offered, and not only the one of the target.
    pub const BOTH: u16 = 1;
    pub const ALPN: u16 = 1 << 1;
    /// A client has a certificate; a server asks for one.
    pub const CLIENT_AUTH: u16 = 1 << 2;
    /// Early data is wanted, on a session that is resumed.
    pub const EARLY: u16 = 1 << 3;
    /// A client has a session to offer; a server seals tickets, and stores nothing.
    pub const RESUME: u16 = 1 << 4;
    /// Records are short, and the peer is told.
    pub const SMALL: u16 = 1 << 5;
    pub const COMPRESS: u16 = 1 << 6;
    /// `require_ems`, and in a server that a client certificate must come.
    pub const STRICT: u16 = 1 << 7;
    /// Questions wait for a call.
    pub const DEFER: u16 = 1 << 8;
    /// Any chain is good.
    pub const CREDULOUS: u16 = 1 << 9;
    /// The whole is run a second time with its bytes chopped, and nothing may be different.
    pub const TWICE: u16 = 1 << 10;
    /// A client asks for tickets, and looks at a server again before it resumes; a server comes by an acceptor.
    pub const EXTRA: u16 = 1 << 11;
    /// A server staples, and speaks before the client's Finished.
    pub const STAPLE: u16 = 1 << 12;
    /// Raw public keys are shown, and taken beside certificates, by who takes any chain.
    pub const RAW: u16 = 1 << 14;
    /// Both ends have an external pre-shared key.
    pub const PSK: u16 = 1 << 15;
}

pub fn has(options: u16, knob: u16) -> bool {
    options & knob != 0
}

/// Who takes certificates under the root alone could not be met by a peer of the same options.
fn shows_keys(options: u16) -> bool {
    has(options, knob::RAW) && has(options, knob::CREDULOUS)
}

/// A client's config.
///
/// # Panics
///
/// Never: the parts fit each other.
pub fn client(version: Version, options: u16, groups: &[&'static dyn SupportedKxGroup]) -> ClientConfig {
    let provider = glass::provider(groups);
    let verifier: Arc<dyn ServerCertVerifier> = match has(options, knob::CREDULOUS) {
        true => Arc::new(Credulous::of(options)),
        false => WebPkiServerVerifier::builder_with_provider(roots(), provider.clone()).build().unwrap(),
    };
    let builder = ClientConfig::builder_with_details(provider, Arc::new(Stopped))
        .with_protocol_versions(&version.list(has(options, knob::BOTH)))
        .unwrap()
        .dangerous()
        .with_custom_certificate_verifier(verifier);
    let mut config = match has(options, knob::CLIENT_AUTH) {
        true => {
            builder.with_client_cert_resolver(Arc::new(SingleCertAndKey::from(credential(CLIENT, options))))
        }
        false => builder.with_no_client_auth(),
    };
    if has(options, knob::ALPN) {
        config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    }
    let sessions = Resumption::store(Arc::new(ClientSessionMemoryCache::new(4)));
    config.resumption = sessions.reverify(has(options, knob::EXTRA));
    config.external_psks = has(options, knob::PSK).then(|| psks() as _);
    config.enable_early_data = has(options, knob::EARLY);
    config.max_fragment_size = has(options, knob::SMALL).then_some(64);
    config.require_ems = has(options, knob::STRICT);
    config.cert_compressors.clear();
    config.cert_decompressors.clear();
    if has(options, knob::COMPRESS) {
        config.cert_compressors = vec![&Plain];
        config.cert_decompressors = vec![&Plain];
    }
    if has(options, knob::EXTRA) {
        config.send_ticket_request = Some(TicketRequest { new_session_count: 2, resumption_count: 1 });
    }
    config
}

/// A server's config.
///
/// # Panics
///
/// Never: the parts fit each other.
pub fn server(version: Version, options: u16, store: &Arc<Store>) -> ServerConfig {
    let provider = glass::provider(&glass::GROUPS);
    let verifier: Arc<dyn ClientCertVerifier> =
        match (has(options, knob::CLIENT_AUTH), has(options, knob::CREDULOUS)) {
            (false, _) => WebPkiClientVerifier::no_client_auth(),
            (true, true) => Arc::new(Credulous::of(options)),
            (true, false) => {
                let builder = WebPkiClientVerifier::builder_with_provider(roots(), provider.clone());
                let builder =
                    if has(options, knob::STRICT) { builder } else { builder.allow_unauthenticated() };
                builder.build().unwrap()
            }
        };
    let mut credential = credential(SERVER, options);
    if has(options, knob::STAPLE) {
        credential.ocsp = Some(vec![0x30; 40]);
    }
    let mut config = ServerConfig::builder_with_details(provider, Arc::new(Stopped))
        .with_protocol_versions(&version.list(has(options, knob::BOTH)))
        .unwrap()
        .with_client_cert_verifier(verifier)
        .with_cert_resolver(Arc::new(SingleCertAndKey::from(credential)));
    if has(options, knob::ALPN) {
        config.alpn_protocols = vec![b"h2".to_vec()];
    }
    config.session_storage = store.clone();
    config.external_psks = has(options, knob::PSK).then(|| psks() as _);
    if has(options, knob::RESUME) {
        config.ticketer = Arc::new(Plain);
    }
    if has(options, knob::EARLY) {
        config.max_early_data_size = 1000;
    }
    config.send_half_rtt_data = has(options, knob::STAPLE);
    config.max_fragment_size = has(options, knob::SMALL).then_some(64);
    config.require_ems = has(options, knob::STRICT);
    config.cert_compressors.clear();
    config.cert_decompressors.clear();
    if has(options, knob::COMPRESS) {
        config.cert_compressors = vec![&Plain];
        config.cert_decompressors = vec![&Plain];
    }
    config
}

/// One that is imported, and one that is used as it is.
fn psks() -> Arc<PskList> {
    let (secret, hash) = ([7; 32], HashAlgorithm::SHA256);
    let imported = ExternalPsk::imported(b"imported", &secret, hash, b"context");
    let plain = ExternalPsk::plain(b"plain", &secret, hash);
    Arc::new(PskList::from(vec![imported.unwrap(), plain.unwrap()]))
}

pub fn server_name() -> ServerName<'static> {
    ServerName::try_from(NAME).unwrap()
}

fn credential(leaf: &'static [u8], options: u16) -> CertifiedKey {
    let leaf = CertificateDer::from(leaf);
    let shown = match shows_keys(options) {
        true => {
            let parsed = ParsedCertificate::try_from(&leaf).unwrap();
            CertificateDer::from(parsed.subject_public_key_info().to_vec())
        }
        false => leaf,
    };
    CertifiedKey::new(vec![shown], Arc::new(Glass))
}

pub fn roots() -> Arc<RootCertStore> {
    let mut store = RootCertStore::empty();
    store.add(CertificateDer::from(CA)).unwrap();
    Arc::new(store)
}

/// It is always the same day of 2030, when the certificates are valid.
#[derive(Debug)]
struct Stopped;

/// Seconds of UNIX time on that day.
pub const NOW: u64 = 1_900_000_000;

impl TimeProvider for Stopped {
    fn current_time(&self) -> Option<UnixTime> {
        Some(UnixTime::since_unix_epoch(Duration::from_secs(NOW)))
    }
}

/// Compresses and seals nothing: what is inside can be changed.
#[derive(Debug)]
pub struct Plain;

impl CertCompressor for Plain {
    fn compress(&self, input: Vec<u8>, _: CompressionLevel) -> Result<Vec<u8>, CompressionFailed> {
        Ok(input)
    }

    fn algorithm(&self) -> CertificateCompressionAlgorithm {
        CertificateCompressionAlgorithm::Zlib
    }
}

impl CertDecompressor for Plain {
    fn decompress(&self, input: &[u8], output: &mut [u8]) -> Result<(), DecompressionFailed> {
        if input.len() != output.len() {
            return Err(DecompressionFailed);
        }
        output.copy_from_slice(input);
        Ok(())
    }

    fn algorithm(&self) -> CertificateCompressionAlgorithm {
        CertificateCompressionAlgorithm::Zlib
    }
}

impl ProducesTickets for Plain {
    fn enabled(&self) -> bool {
        true
    }

    fn lifetime(&self) -> u32 {
        3600
    }

    fn encrypt(&self, plain: &[u8]) -> Option<Vec<u8>> {
        Some(plain.to_vec())
    }

    fn decrypt(&self, cipher: &[u8]) -> Option<Vec<u8>> {
        Some(cipher.to_vec())
    }
}

/// Sessions of a server. A name too long for one is the session itself, so that a peer may say what is stored.
#[derive(Debug, Default)]
pub struct Store(Mutex<HashMap<Vec<u8>, Vec<u8>>>);

impl Store {
    fn sessions(&self) -> MutexGuard<'_, HashMap<Vec<u8>, Vec<u8>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What is stored, by name.
    pub fn all(&self) -> Vec<(Vec<u8>, Vec<u8>)> {
        let mut all: Vec<_> =
            self.sessions().iter().map(|(name, session)| (name.clone(), session.clone())).collect();
        all.sort_unstable();
        all
    }
}

impl StoresServerSessions for Store {
    fn put(&self, key: Vec<u8>, value: Vec<u8>) -> bool {
        self.sessions().insert(key, value);
        true
    }

    fn get(&self, key: &[u8]) -> Option<Vec<u8>> {
        if key.len() > 32 { Some(key.to_vec()) } else { self.sessions().get(key).cloned() }
    }

    fn take(&self, key: &[u8]) -> Option<Vec<u8>> {
        if key.len() > 32 { Some(key.to_vec()) } else { self.sessions().remove(key) }
    }

    fn can_cache(&self) -> bool {
        true
    }
}

/// Takes any chain and any signature, so that what a chain holds is no end of the way.
#[derive(Debug)]
struct Credulous(&'static [CertificateType]);

impl Credulous {
    fn of(options: u16) -> Self {
        Self(match shows_keys(options) {
            true => &[CertificateType::RawPublicKey, CertificateType::X509],
            false => &[CertificateType::X509],
        })
    }
}

impl ServerCertVerifier for Credulous {
    fn verify_server_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        Ok(HandshakeSignatureValid::assertion())
    }

    fn verify_tls13_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        Ok(HandshakeSignatureValid::assertion())
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        vec![SignatureScheme::ECDSA_NISTP256_SHA256, SignatureScheme::RSA_PSS_SHA256]
    }

    fn certificate_types(&self) -> &[CertificateType] {
        self.0
    }
}

impl ClientCertVerifier for Credulous {
    fn root_hint_subjects(&self) -> &[DistinguishedName] {
        &[]
    }

    fn client_auth_mandatory(&self) -> bool {
        false
    }

    fn verify_client_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: UnixTime,
    ) -> Result<ClientCertVerified, Error> {
        Ok(ClientCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        Ok(HandshakeSignatureValid::assertion())
    }

    fn verify_tls13_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        Ok(HandshakeSignatureValid::assertion())
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        vec![SignatureScheme::ECDSA_NISTP256_SHA256, SignatureScheme::RSA_PSS_SHA256]
    }

    fn certificate_types(&self) -> &[CertificateType] {
        self.0
    }
}
