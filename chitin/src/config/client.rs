//! What a client is told before it connects.

use alloc::sync::Arc;
use alloc::vec::Vec;
use core::fmt;

use pki_types::{CertificateDer, PrivateKeyDer};

use super::CERTIFICATE_MESSAGE;
#[cfg(feature = "std")]
use super::builder::process_default_provider;
use super::builder::{ConfigBuilder, WantsVerifier, WantsVersions};
use super::compress::{self, CertCompressor, CertDecompressor, CompressionCache};
use super::ech::EchMode;
use super::keylog::{KeyLog, NoKeyLog};
use super::limits::Limits;
use super::padding::{self, RecordPadding};
use super::psk::{ClientPsks, NoServerCerts};
use super::resolve::{FailResolveClientCert, ResolvesClientCert, SingleCertAndKey};
use super::sessions::{ClientSessionStore, NoClientSessionStorage};
use super::time::TimeProvider;
use super::verify::ServerCertVerifier;
use super::versions::EnabledVersions;
use super::webpki::{PinnedVerifier, RootCertStore, ServerVerifier, SignatureMemo, WebPkiServerVerifier};
use crate::crypto::CryptoProvider;
use crate::crypto::signer::CertifiedKey;
#[cfg(feature = "std")]
use crate::crypto::suites::SupportedProtocolVersion;
use crate::error::Error;
use crate::names::{NamedGroup, SignatureScheme};
use crate::observe::Trace;
use crate::record::seal::Padding;

/// Everything a client is told before it connects; shared by many connections.
///
/// Make one with [`ClientConfig::builder`] and keep it: sessions for resumption live in it.
#[derive(Clone, Debug)]
pub struct ClientConfig {
    /// The application protocols to offer, best first. Empty (the default): no ALPN extension is sent. RFC 7301.
    pub alpn_protocols: Vec<Vec<u8>>,

    /// Whether a server that selects a protocol we did not offer, or none although we offered some over QUIC, is refused.
    /// True by default.
    pub check_selected_alpn: bool,

    /// Where sessions are kept for resumption. By default about 256 in memory, or none without `std`.
    pub resumption: Resumption,

    /// The largest record to send, with its header; `None` (the default) for the largest the protocol allows.
    ///
    /// 32 to 16,389 bytes, or connections fail with [`Error::BadMaxFragmentSize`].
    ///
    /// Servers that know RFC 8449 are also asked to send no larger ones, down to the 64 bytes of content that it knows as
    /// the least; one that agrees and does not keep to it is refused.
    pub max_fragment_size: Option<usize>,

    /// Chooses the certificate to show if a server asks for one. By default none is shown.
    pub client_auth_cert_resolver: Arc<dyn ResolvesClientCert>,

    /// Whether the server's name is sent in the clear (RFC 6066 section 3). True by default; never sent for IP addresses.
    pub enable_sni: bool,

    /// Where secrets are written for decryption of captures. Nowhere by default.
    pub key_log: Arc<dyn KeyLog>,

    /// Whether secrets can be extracted from connections, as for kernel TLS. False by default.
    pub enable_secret_extraction: bool,

    /// Whether to offer early data (0-RTT, RFC 8446 section 2.3) where a session allows it. False by default. It is written with
    /// [`ClientConnection::early_data`](crate::ClientConnection::early_data).
    ///
    /// Early data is not forward secret, and the server may get it more than once: write nothing that must not happen twice.
    /// Such a connection fails if the server has gone back to TLS 1.2 since (RFC 8446 appendix D.3); the next one will not.
    pub enable_early_data: bool,

    /// Whether a TLS 1.2 server must support the extended master secret (RFC 7627). True by default with the `fips`
    /// feature. RFC 7627: without it a session could be forced upon two connections at once.
    pub require_ems: bool,

    /// Where the time comes from.
    pub time_provider: Arc<dyn TimeProvider>,

    /// Algorithms for certificates the server compresses, best first (RFC 8879, TLS 1.3 only). They are offered if there are
    /// any. By default those of the features `brotli` and `zlib`, which are off by default.
    pub cert_decompressors: Vec<&'static dyn CertDecompressor>,

    /// Algorithms for compressing the client's certificates (RFC 8879, TLS 1.3 only): the first that the server offers is used.
    /// By default those of the features `brotli` and `zlib`, which are off by default.
    pub cert_compressors: Vec<&'static dyn CertCompressor>,

    /// Where compressed certificates are kept. By default four messages in memory, or none without `std`.
    pub cert_compression_cache: Arc<CompressionCache>,

    /// How many tickets to ask servers for (RFC 9149). `None` by default, which leaves it to them. Nothing is asked
    /// for if no sessions are kept.
    pub send_ticket_request: Option<TicketRequest>,

    /// With which schemes delegated credentials of servers may sign, best first (RFC 9345, TLS 1.3 only). Empty by default: none
    /// are asked for. What the provider cannot check is left out. Not in rustls 0.23.
    ///
    /// Such a credential is a key that the key of the certificate vouches for, for a week at most.
    pub delegated_credential_schemes: Vec<SignatureScheme>,

    /// External pre-shared keys to offer (RFC 8446 section 2.2); TLS 1.3 only. `None` by default. Not in rustls 0.23.
    ///
    /// A server that takes one shows no certificate and asks for none, and the verifier is not asked: the key is what both sides
    /// prove themselves with, and [`external_psk_identity`](crate::CommonState::external_psk_identity) says which. A server that
    /// takes none proves itself with a certificate as ever, unless
    /// [`require_external_psk`](Self::require_external_psk) is set.
    pub external_psks: Option<Arc<dyn ClientPsks>>,

    /// Whether a server that takes none of the [`external_psks`](Self::external_psks) is refused. False by default. If so, only TLS 1.3 is
    /// offered and nothing is said of certificates, and where there is no key to offer a connection fails before it begins. Not
    /// in rustls 0.23.
    pub require_external_psk: bool,

    /// Which key shares the first hello of TLS 1.3 has. [`KeyShares::Predicted`] by default. Not in rustls 0.23.
    pub key_shares: KeyShares,

    /// Whether hellos have values that mean nothing, so that servers keep ignoring what they do not know (RFC 8701): among the
    /// suites, groups, key shares, versions and signature schemes, and as extensions. True by default. Not in rustls 0.23.
    pub grease: bool,

    /// Whether servers are asked for an OCSP response about their certificate (RFC 6066 section 8). True by default; if not, a
    /// server that sends one is refused. Not in rustls 0.23, which always asks.
    pub request_ocsp_response: bool,

    /// The longest Certificate message to take from a peer, in bytes, and the longest that a compressed one may stand for. 100 KiB by
    /// default. What announces more is refused before it is read or decompressed. Not in rustls 0.23, where it is fixed.
    pub max_certificate_message: usize,

    /// What one connection may hold in memory, whatever its peer does. Not in rustls 0.23.
    pub limits: Limits,

    /// Who is told what happens on connections. Nobody by default. Not in rustls 0.23.
    pub trace: Option<Arc<dyn Trace>>,

    /// How much padding protected records get. None by default. Not in rustls 0.23.
    pub record_padding: Option<Arc<dyn RecordPadding>>,

    pub(crate) provider: Arc<CryptoProvider>,
    pub(crate) verifier: Arc<dyn ServerCertVerifier>,
    pub(crate) versions: EnabledVersions,
    /// `None`: nothing is hidden, and nothing looks like it.
    pub(crate) ech_mode: Option<EchMode>,
}

impl ClientConfig {
    /// Starts a config with the process-default provider and the default versions.
    ///
    /// # Panics
    ///
    /// If there is no process-default [`CryptoProvider`] and none is built in, or if the installed one cannot serve the
    /// default versions. [`Self::builder_with_provider`] does not panic.
    #[cfg(feature = "std")]
    pub fn builder() -> ConfigBuilder<Self, WantsVerifier> {
        Self::builder_with_protocol_versions(super::versions::DEFAULT_VERSIONS)
    }

    /// Starts a config with the process-default provider and `versions`.
    ///
    /// # Panics
    ///
    /// Where [`Self::builder`] does, and if no version in `versions` is available.
    #[cfg(feature = "std")]
    #[allow(clippy::expect_used)] // The signature of the API leaves no other way; the doc comment says so.
    pub fn builder_with_protocol_versions(
        versions: &[&'static SupportedProtocolVersion],
    ) -> ConfigBuilder<Self, WantsVerifier> {
        Self::builder_with_provider(process_default_provider())
            .with_protocol_versions(versions)
            .expect("the process-default provider serves the versions asked for")
    }

    /// Starts a config with `provider`.
    #[cfg(feature = "std")]
    pub fn builder_with_provider(provider: Arc<CryptoProvider>) -> ConfigBuilder<Self, WantsVersions> {
        Self::builder_with_details(provider, Arc::new(super::time::DefaultTimeProvider))
    }

    /// Starts a config with `provider` and a clock; the way to start without `std`.
    pub fn builder_with_details(
        provider: Arc<CryptoProvider>,
        time_provider: Arc<dyn TimeProvider>,
    ) -> ConfigBuilder<Self, WantsVersions> {
        ConfigBuilder::new(provider, time_provider)
    }

    /// Says whether connections use only FIPS-approved cryptography, and use it as FIPS asks.
    pub fn fips(&self) -> bool {
        let ech = self.ech_mode.as_ref().is_none_or(EchMode::fips);
        self.provider.fips() && self.require_ems && ech
    }

    /// Returns the provider this config uses.
    pub fn crypto_provider(&self) -> &Arc<CryptoProvider> {
        &self.provider
    }

    /// Returns what the verifier remembers signatures of certificates in, to look at its counts, to change its size, or to switch it
    /// off. `None` if it has nothing of the kind. Not in rustls 0.23.
    pub fn signature_memo(&self) -> Option<&SignatureMemo> {
        self.verifier.signature_memo()
    }

    /// The padding in the form that the record layer takes.
    pub(crate) fn padding(&self) -> Option<Padding> {
        padding::for_records(self.record_padding.as_ref())
    }

    /// Opens the settings that can take security away.
    pub fn dangerous(&mut self) -> danger::DangerousClientConfig<'_> {
        danger::DangerousClientConfig { cfg: self }
    }
}

impl ConfigBuilder<ClientConfig, WantsVerifier> {
    /// Trusts servers whose certificate leads to one of `root_store` and is valid for their name.
    pub fn with_root_certificates(
        self,
        root_store: impl Into<Arc<RootCertStore>>,
    ) -> ConfigBuilder<ClientConfig, WantsClientCert> {
        let verifier = WebPkiServerVerifier::new_without_revocation(root_store, &self.provider);
        self.with_webpki_verifier(Arc::new(verifier))
    }

    /// Trusts servers that `verifier` accepts.
    pub fn with_webpki_verifier(
        self,
        verifier: Arc<WebPkiServerVerifier>,
    ) -> ConfigBuilder<ClientConfig, WantsClientCert> {
        self.with_verifier(verifier)
    }

    /// Trusts servers that `verifier` accepts, which was put together from parts. Not in rustls 0.23.
    pub fn with_server_verifier(
        self,
        verifier: Arc<ServerVerifier>,
    ) -> ConfigBuilder<ClientConfig, WantsClientCert> {
        self.with_verifier(verifier)
    }

    /// Trusts servers that have one of the pins of `verifier`, and asks of nobody to vouch for them. Not in rustls 0.23.
    pub fn with_pinned_servers(
        self,
        verifier: Arc<PinnedVerifier>,
    ) -> ConfigBuilder<ClientConfig, WantsClientCert> {
        self.with_verifier(verifier)
    }

    /// Opens the settings that can take security away.
    pub fn dangerous(self) -> danger::DangerousClientConfigBuilder {
        danger::DangerousClientConfigBuilder { cfg: self }
    }

    /// Trusts servers that have one of the external pre-shared keys, and no others: certificates play no part. Not in rustls 0.23.
    ///
    /// The config has [`require_external_psk`](ClientConfig::require_external_psk) set. For a client that takes either, make the config
    /// with roots, and set [`external_psks`](ClientConfig::external_psks) in it.
    pub fn with_external_psks(self, external_psks: Arc<dyn ClientPsks>) -> ClientConfig {
        let mut config = self.with_verifier(Arc::new(NoServerCerts)).with_no_client_auth();
        config.external_psks = Some(external_psks);
        config.require_external_psk = true;
        config
    }

    fn with_verifier(
        self,
        verifier: Arc<dyn ServerCertVerifier>,
    ) -> ConfigBuilder<ClientConfig, WantsClientCert> {
        let WantsVerifier { versions, client_ech_mode: ech_mode } = self.state.clone();
        self.next(WantsClientCert { versions, verifier, ech_mode })
    }
}

/// The third stage of a client: what it shows to servers that ask is still open.
#[derive(Clone)]
pub struct WantsClientCert {
    versions: EnabledVersions,
    verifier: Arc<dyn ServerCertVerifier>,
    ech_mode: Option<EchMode>,
}

impl fmt::Debug for WantsClientCert {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WantsClientCert").field("versions", &self.versions).finish_non_exhaustive()
    }
}

impl ConfigBuilder<ClientConfig, WantsClientCert> {
    /// Shows `cert_chain` (end entity first) to servers that ask for a certificate.
    ///
    /// # Errors
    ///
    /// What the provider says if it cannot load `key_der`, [`Error::NoCertificatesPresented`] for an empty chain,
    /// [`Error::InconsistentKeys`] if key and certificate do not belong together.
    pub fn with_client_auth_cert(
        self,
        cert_chain: Vec<CertificateDer<'static>>,
        key_der: PrivateKeyDer<'static>,
    ) -> Result<ClientConfig, Error> {
        let key = CertifiedKey::from_der(cert_chain, key_der, &self.provider)?;
        Ok(self.with_client_cert_resolver(Arc::new(SingleCertAndKey::from(key))))
    }

    /// Shows no certificate.
    pub fn with_no_client_auth(self) -> ClientConfig {
        self.with_client_cert_resolver(Arc::new(FailResolveClientCert))
    }

    /// Lets `client_auth_cert_resolver` choose the certificate.
    pub fn with_client_cert_resolver(
        self,
        client_auth_cert_resolver: Arc<dyn ResolvesClientCert>,
    ) -> ClientConfig {
        ClientConfig {
            alpn_protocols: Vec::new(),
            check_selected_alpn: true,
            resumption: Resumption::default(),
            max_fragment_size: None,
            client_auth_cert_resolver,
            enable_sni: true,
            key_log: Arc::new(NoKeyLog),
            enable_secret_extraction: false,
            enable_early_data: false,
            require_ems: cfg!(feature = "fips"),
            time_provider: self.time_provider,
            cert_decompressors: compress::default_cert_decompressors().to_vec(),
            cert_compressors: compress::default_cert_compressors().to_vec(),
            cert_compression_cache: Arc::new(CompressionCache::default()),
            send_ticket_request: None,
            delegated_credential_schemes: Vec::new(),
            external_psks: None,
            require_external_psk: false,
            key_shares: KeyShares::default(),
            grease: true,
            request_ocsp_response: true,
            max_certificate_message: CERTIFICATE_MESSAGE,
            limits: Limits::default(),
            trace: None,
            record_padding: None,
            provider: self.provider,
            verifier: self.state.verifier,
            versions: self.state.versions,
            ech_mode: self.state.ech_mode,
        }
    }
}

/// Which key shares a client's first hello of TLS 1.3 has (RFC 8446 section 4.2.8). Not in rustls 0.23.
///
/// A share that the server takes saves a round trip; one that it does not take was made and sent for nothing. Whichever are
/// sent, all groups of the provider are offered, and the server chooses among those: this is never about what is secure enough.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum KeyShares {
    /// One key exchange: that of the group which the server took last time, or else of the provider's first. The classical half
    /// of a hybrid comes along if the provider has its group behind the hybrid, since it costs nothing but its bytes.
    #[default]
    Predicted,

    /// One key exchange for each of these groups, as far as the provider has them, in the order of the provider. Without any the
    /// server is made to say which group it wants, which takes a round trip more.
    Only(Vec<NamedGroup>),
}

/// Where a client keeps sessions, and which of them it offers.
#[derive(Clone, Debug)]
pub struct Resumption {
    pub(crate) store: Arc<dyn ClientSessionStore>,
    pub(crate) tls12_resumption: Tls12Resumption,
    enabled: bool,
    reverify: bool,
}

/// Sessions in memory when nothing else is asked for. Tens of servers in everyday use, a few KiB for each.
pub(crate) const DEFAULT_CLIENT_SESSIONS: usize = 256;

impl Resumption {
    /// Keeps about `num` sessions in memory, at most eight for each server.
    #[cfg(feature = "std")]
    pub fn in_memory_sessions(num: usize) -> Self {
        Self::store(Arc::new(super::sessions::ClientSessionMemoryCache::new(num)))
    }

    /// Keeps sessions in `store`.
    ///
    /// A store may serve several configs: a session is offered only under the verifier and the client credential that
    /// made it.
    pub fn store(store: Arc<dyn ClientSessionStore>) -> Self {
        Self { store, tls12_resumption: Tls12Resumption::SessionIdOrTickets, enabled: true, reverify: false }
    }

    /// Keeps no session and offers none.
    pub fn disabled() -> Self {
        Self {
            store: Arc::new(NoClientSessionStorage),
            tls12_resumption: Tls12Resumption::Disabled,
            enabled: false,
            reverify: false,
        }
    }

    /// Chooses how TLS 1.2 sessions may be resumed.
    pub fn tls12_resumption(mut self, tls12: Tls12Resumption) -> Self {
        self.tls12_resumption = tls12;
        self
    }

    /// Lets the config's verifier look at the server's certificates again before a session is offered. Off by default: then
    /// only their dates are checked again. Not in rustls 0.23.
    ///
    /// A session whose certificates it no longer accepts (they have been revoked, say) is not offered, nor is early data sent on
    /// it: the handshake is a full one, in which the server may show better ones. Where early data was sent and is refused, the
    /// verifier is asked a second time before anything else is sent, and what it refuses then ends the connection. No OCSP response is kept with a session, so
    /// none is shown to the verifier; one that insists on it makes each handshake a full one.
    pub fn reverify(mut self, reverify: bool) -> Self {
        self.reverify = reverify;
        self
    }

    /// Says whether the verifier is asked before a session is offered.
    pub(crate) fn reverifies(&self) -> bool {
        self.reverify
    }

    /// Says whether TLS 1.2 sessions are kept, by id or by ticket.
    pub(crate) fn keeps_tls12(&self) -> bool {
        self.enabled && self.tls12_resumption != Tls12Resumption::Disabled
    }

    /// Says whether servers are asked for tickets of TLS 1.2.
    pub(crate) fn takes_tls12_tickets(&self) -> bool {
        self.enabled && self.tls12_resumption == Tls12Resumption::SessionIdOrTickets
    }

    /// Says whether sessions are kept at all. If not, servers are not asked for tickets.
    pub(crate) fn enabled(&self) -> bool {
        self.enabled
    }
}

impl Default for Resumption {
    /// About 256 sessions in memory; none without `std`.
    fn default() -> Self {
        #[cfg(feature = "std")]
        return Self::in_memory_sessions(DEFAULT_CLIENT_SESSIONS);
        #[cfg(not(feature = "std"))]
        Self::disabled()
    }
}

/// How TLS 1.2 sessions may be resumed.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Tls12Resumption {
    /// Not at all.
    Disabled,
    /// By session ID only, RFC 5246 section 7.3.
    SessionIdOnly,
    /// By session ID or ticket, RFC 5077.
    SessionIdOrTickets,
}

/// How many tickets a client asks for, RFC 9149.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct TicketRequest {
    /// Tickets wanted after a full handshake.
    pub new_session_count: u8,
    /// Tickets wanted after a resumption.
    pub resumption_count: u8,
}

/// Settings that can take security away.
pub mod danger {
    use alloc::sync::Arc;

    use super::{ClientConfig, ConfigBuilder, ServerCertVerifier, WantsClientCert, WantsVerifier};

    /// Lends a [`ClientConfig`] for settings that can take security away.
    #[derive(Debug)]
    pub struct DangerousClientConfig<'a> {
        /// The config.
        pub cfg: &'a mut ClientConfig,
    }

    impl DangerousClientConfig<'_> {
        /// Lets `verifier` decide which servers are trusted. Sessions made before are not offered any more.
        pub fn set_certificate_verifier(&mut self, verifier: Arc<dyn ServerCertVerifier>) {
            self.cfg.verifier = verifier;
        }
    }

    /// Holds a builder for settings that can take security away.
    #[derive(Debug)]
    pub struct DangerousClientConfigBuilder {
        /// The builder.
        pub cfg: ConfigBuilder<ClientConfig, WantsVerifier>,
    }

    impl DangerousClientConfigBuilder {
        /// Lets `verifier` decide which servers are trusted.
        pub fn with_custom_certificate_verifier(
            self,
            verifier: Arc<dyn ServerCertVerifier>,
        ) -> ConfigBuilder<ClientConfig, WantsClientCert> {
            self.cfg.with_verifier(verifier)
        }
    }
}

#[cfg(test)]
#[cfg(all(feature = "aws_lc_rs", feature = "std"))]
mod tests {
    use alloc::format;

    use super::*;
    use crate::config::testing::{CLIENT, CLIENT_KEY, SERVER_KEY, anchors, chain, key, provider};
    use crate::error::InconsistentKeys;

    fn builder() -> ConfigBuilder<ClientConfig, WantsClientCert> {
        ClientConfig::builder_with_provider(provider())
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_root_certificates(anchors(&["root"]))
    }

    #[test]
    fn without_client_authentication_nothing_is_shown() {
        let config = builder().with_no_client_auth();
        assert!(!config.client_auth_cert_resolver.has_certs());
        assert!(config.client_auth_cert_resolver.resolve(&[], &[]).is_none());
    }

    #[test]
    fn a_client_certificate_must_fit_its_key() {
        let config = builder().with_client_auth_cert(chain(CLIENT), key(CLIENT_KEY)).unwrap();
        assert_eq!(config.client_auth_cert_resolver.resolve(&[], &[]).unwrap().cert, chain(CLIENT));
        let wrong = builder().with_client_auth_cert(chain(CLIENT), key(SERVER_KEY)).unwrap_err();
        assert_eq!(wrong, Error::InconsistentKeys(InconsistentKeys::KeyMismatch));
        let none = builder().with_client_auth_cert(Vec::new(), key(CLIENT_KEY)).unwrap_err();
        assert_eq!(none, Error::NoCertificatesPresented);
    }

    #[test]
    fn another_verifier_can_be_set_but_only_through_danger() {
        let mut config = builder().with_no_client_auth();
        let other = builder().with_no_client_auth().verifier;
        let before = Arc::clone(&config.verifier);
        config.dangerous().set_certificate_verifier(Arc::clone(&other));
        assert!(Arc::ptr_eq(&config.verifier, &other) && !Arc::ptr_eq(&config.verifier, &before));
        let built = ClientConfig::builder_with_provider(provider())
            .with_safe_default_protocol_versions()
            .unwrap()
            .dangerous()
            .with_custom_certificate_verifier(Arc::clone(&other))
            .with_no_client_auth();
        assert!(Arc::ptr_eq(&built.verifier, &other));
    }

    #[test]
    fn printing_a_config_shows_no_key_bytes() {
        let config = builder().with_client_auth_cert(chain(CLIENT), key(CLIENT_KEY)).unwrap();
        let shown = format!("{config:?}");
        // The last bytes of the file are the public point, the private scalar is before it: RFC 5915 in RFC 5958.
        let scalar = &CLIENT_KEY[36..68];
        assert!(!shown.contains(&format!("{scalar:?}")));
        let hex: alloc::string::String = scalar.iter().map(|byte| format!("{byte:02x}")).collect();
        assert!(!shown.to_lowercase().contains(&hex));
    }
}
