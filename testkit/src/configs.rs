//! Client and server configs as the tests want them: one line each, every knob named.

use std::sync::{Arc, Mutex, MutexGuard};

use chitin::client::WebPkiServerVerifier;
use chitin::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use chitin::crypto::CryptoProvider;
use chitin::pki_types::{CertificateDer, ServerName, UnixTime};
use chitin::server::WebPkiClientVerifier;
use chitin::trust::SignatureMemo;
use chitin::{
    CipherSuite, ClientConfig, DigitallySignedStruct, DistinguishedName, Error, NamedGroup, RootCertStore,
    ServerConfig, SignatureScheme, SupportedProtocolVersion, version,
};

use crate::pki::Identity;
use crate::provided;

/// The groups that every provider of ours has and that older peers know.
pub const CLASSIC_GROUPS: [NamedGroup; 3] =
    [NamedGroup::X25519, NamedGroup::secp256r1, NamedGroup::secp384r1];

/// The three suites of TLS 1.3 that we have.
pub const SUITES: [CipherSuite; 3] = [
    CipherSuite::TLS13_AES_128_GCM_SHA256,
    CipherSuite::TLS13_AES_256_GCM_SHA384,
    CipherSuite::TLS13_CHACHA20_POLY1305_SHA256,
];

/// A provider with just these suites and groups, in this order; an empty list leaves the default.
///
/// # Panics
///
/// When the provider lacks one of them.
pub fn provider(suites: &[CipherSuite], groups: &[NamedGroup]) -> Arc<CryptoProvider> {
    let mut provider = provided::default_provider();
    if !suites.is_empty() {
        let all = provided::all_cipher_suites();
        let find =
            |want| *all.iter().find(|have| have.suite() == want).unwrap_or_else(|| panic!("no {want:?}"));
        provider.cipher_suites = suites.iter().copied().map(find).collect();
    }
    if !groups.is_empty() {
        let find = |want| group(want).unwrap_or_else(|| panic!("no {want:?}"));
        provider.kx_groups = groups.iter().copied().map(find).collect();
    }
    Arc::new(provider)
}

/// The provider's group of this name, if it has one.
pub fn group(name: NamedGroup) -> Option<&'static dyn chitin::crypto::SupportedKxGroup> {
    provided::all_kx_groups().iter().copied().find(|have| have.name() == name)
}

/// Knobs of a client.
#[derive(Clone, Default)]
pub struct ClientOpts {
    /// Suites in order; empty for the default.
    pub suites: Vec<CipherSuite>,
    /// Groups in order; empty for the default.
    pub groups: Vec<NamedGroup>,
    /// Empty for TLS 1.3 alone.
    pub versions: Vec<&'static SupportedProtocolVersion>,
    pub alpn: Vec<Vec<u8>>,
    /// What the client answers when asked for a certificate.
    pub identity: Option<Identity>,
    /// Ask servers for SCTs.
    pub scts: bool,
    /// Name the roots to servers.
    pub names_roots: bool,
    /// Where it is noted what the verifier sees.
    pub seen: Seen,
}

/// Knobs of a server.
#[derive(Clone, Default)]
pub struct ServerOpts {
    /// Suites in order; empty for the default.
    pub suites: Vec<CipherSuite>,
    /// Groups in order; empty for the default.
    pub groups: Vec<NamedGroup>,
    /// Empty for TLS 1.3 alone.
    pub versions: Vec<&'static SupportedProtocolVersion>,
    pub alpn: Vec<Vec<u8>>,
    pub client_auth: ClientAuth,
    /// Stateless tickets instead of the stateful store.
    pub ticketer: bool,
}

/// Whether a server asks for a client certificate, and under which roots.
#[derive(Clone, Default)]
pub enum ClientAuth {
    #[default]
    No,
    Optional(RootCertStore),
    Required(RootCertStore),
}

/// A client config that trusts these roots.
///
/// # Panics
///
/// When the builder refuses what the test gave it.
pub fn client_config(roots: RootCertStore, opts: &ClientOpts) -> ClientConfig {
    let provider = provider(&opts.suites, &opts.groups);
    let hints = opts.names_roots.then(|| roots.subjects());
    let inner = WebPkiServerVerifier::builder_with_provider(roots.into(), provider.clone()).build().unwrap();
    let verifier = Arc::new(Witness { inner, hints, scts: opts.scts, seen: opts.seen.clone() });
    let builder = ClientConfig::builder_with_provider(provider)
        .with_protocol_versions(&versions(&opts.versions))
        .unwrap()
        .dangerous()
        .with_custom_certificate_verifier(verifier);
    let mut config = match &opts.identity {
        None => builder.with_no_client_auth(),
        Some(id) => builder.with_client_auth_cert(id.chain.clone(), id.key.clone_key()).unwrap(),
    };
    config.alpn_protocols = opts.alpn.clone();
    config
}

/// A server config with this one identity.
///
/// # Panics
///
/// When the builder refuses what the test gave it.
pub fn server_config(identity: &Identity, opts: &ServerOpts) -> ServerConfig {
    let provider = provider(&opts.suites, &opts.groups);
    let client_verifier = |roots: &RootCertStore| {
        WebPkiClientVerifier::builder_with_provider(Arc::new(roots.clone()), provider.clone())
    };
    let verifier = match &opts.client_auth {
        ClientAuth::No => WebPkiClientVerifier::no_client_auth(),
        ClientAuth::Optional(roots) => client_verifier(roots).allow_unauthenticated().build().unwrap(),
        ClientAuth::Required(roots) => client_verifier(roots).build().unwrap(),
    };
    let mut config = ServerConfig::builder_with_provider(provider)
        .with_protocol_versions(&versions(&opts.versions))
        .unwrap()
        .with_client_cert_verifier(verifier)
        .with_single_cert(identity.chain.clone(), identity.key.clone_key())
        .unwrap();
    config.alpn_protocols = opts.alpn.clone();
    if opts.ticketer {
        config.ticketer = provided::ticketer();
    }
    config
}

fn versions(wanted: &[&'static SupportedProtocolVersion]) -> Vec<&'static SupportedProtocolVersion> {
    if wanted.is_empty() { vec![&version::TLS13] } else { wanted.to_vec() }
}

/// What a client was given to check: the schemes of the handshake signatures, and what was stapled, in order.
#[derive(Clone, Debug, Default)]
pub struct Seen(Arc<Mutex<Notes>>);

#[derive(Debug, Default)]
struct Notes {
    schemes: Vec<SignatureScheme>,
    staples: Vec<Vec<u8>>,
    scts: Vec<Vec<Vec<u8>>>,
}

impl Seen {
    fn notes(&self) -> MutexGuard<'_, Notes> {
        self.0.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }

    /// The schemes that were noted so far.
    pub fn schemes(&self) -> Vec<SignatureScheme> {
        self.notes().schemes.clone()
    }

    /// The staples that were noted so far, empty where there was none.
    pub fn staples(&self) -> Vec<Vec<u8>> {
        self.notes().staples.clone()
    }

    /// The lists of SCTs that were noted so far, empty where there was none.
    pub fn scts(&self) -> Vec<Vec<Vec<u8>>> {
        self.notes().scts.clone()
    }
}

/// The built-in verifier, with a note of what passes it: the connection has no getters for that.
#[derive(Debug)]
struct Witness {
    inner: Arc<WebPkiServerVerifier>,
    hints: Option<Vec<DistinguishedName>>,
    scts: bool,
    seen: Seen,
}

impl ServerCertVerifier for Witness {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        self.seen.notes().staples.push(ocsp_response.to_vec());
        self.inner.verify_server_cert(end_entity, intermediates, server_name, ocsp_response, now)
    }

    fn verify_server_cert_with_scts(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        scts: &[&[u8]],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        self.seen.notes().scts.push(scts.iter().map(|sct| sct.to_vec()).collect());
        self.verify_server_cert(end_entity, intermediates, server_name, ocsp_response, now)
    }

    fn requests_scts(&self) -> bool {
        self.scts
    }

    fn signature_memo(&self) -> Option<&SignatureMemo> {
        self.inner.signature_memo()
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.seen.notes().schemes.push(dss.scheme);
        self.inner.verify_tls12_signature(message, cert, dss)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.seen.notes().schemes.push(dss.scheme);
        self.inner.verify_tls13_signature(message, cert, dss)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.inner.supported_verify_schemes()
    }

    fn root_hint_subjects(&self) -> Option<&[DistinguishedName]> {
        self.hints.as_deref()
    }
}
