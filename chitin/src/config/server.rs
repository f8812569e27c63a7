//! What a server is told before it accepts.

use alloc::sync::Arc;
use alloc::vec::Vec;
use core::fmt;
use core::time::Duration;

use pki_types::{CertificateDer, PrivateKeyDer};

use super::CERTIFICATE_MESSAGE;
#[cfg(feature = "std")]
use super::builder::process_default_provider;
use super::builder::{ConfigBuilder, WantsVerifier, WantsVersions};
use super::compress::{self, CertCompressor, CertDecompressor, CompressionCache};
use super::keylog::{KeyLog, NoKeyLog};
use super::limits::Limits;
use super::padding::{self, RecordPadding};
use super::psk::{NoServerCert, ServerPsks};
use super::resolve::{ResolvesServerCert, SingleCertAndKey};
#[cfg(not(feature = "std"))]
use super::sessions::NoServerSessionStorage;
use super::sessions::StoresServerSessions;
use super::time::TimeProvider;
use super::verify::{ClientCertVerifier, NoClientAuth};
use super::versions::EnabledVersions;
use crate::config::webpki::SignatureMemo;
use crate::crypto::CryptoProvider;
use crate::crypto::signer::CertifiedKey;
#[cfg(feature = "std")]
use crate::crypto::suites::SupportedProtocolVersion;
use crate::crypto::ticket::ProducesTickets;
use crate::error::Error;
use crate::names::SignatureScheme;
use crate::observe::Trace;
use crate::record::seal::Padding;

/// Everything a server is told before it accepts; shared by many connections.
///
/// Make one with [`ServerConfig::builder`] and keep it: sessions for resumption live in it.
#[derive(Clone, Debug)]
pub struct ServerConfig {
    /// Whether the server's order of cipher suites decides, not the client's. False by default.
    pub ignore_client_order: bool,

    /// The largest record to send, with its header; `None` (the default) for the largest the protocol allows.
    ///
    /// 32 to 16,389 bytes, or connections fail with [`Error::BadMaxFragmentSize`].
    ///
    /// Clients that speak of RFC 8449 are also asked to send no larger ones, down to the 64 bytes of content that it knows
    /// as the least; one that does not keep to it is refused. What they ask for is kept in any case.
    pub max_fragment_size: Option<usize>,

    /// Where sessions are kept if `ticketer` makes no tickets. By default 256 in memory, or none without `std`.
    pub session_storage: Arc<dyn StoresServerSessions>,

    /// Makes and opens tickets. By default one that is disabled, so sessions are kept in `session_storage`.
    pub ticketer: Arc<dyn ProducesTickets>,

    /// Chooses the certificate to show.
    pub cert_resolver: Arc<dyn ResolvesServerCert>,

    /// The application protocols, best first. If it is not empty, a client that offers ALPN without overlap is refused.
    /// RFC 7301.
    pub alpn_protocols: Vec<Vec<u8>>,

    /// Where secrets are written for decryption of captures. Nowhere by default.
    pub key_log: Arc<dyn KeyLog>,

    /// Whether secrets can be extracted from connections, as for kernel TLS. False by default.
    pub enable_secret_extraction: bool,

    /// How much early data (0-RTT, RFC 8446 section 2.3) a client may send on a resumed session; zero (the default) for none.
    /// It comes out of [`ServerConnection::early_data`](crate::ServerConnection::early_data) only.
    ///
    /// Early data is not forward secret, and who has recorded it may send it again. So it is accepted only on a session of
    /// `session_storage`, which is taken out before; only while the session is about as old as the client claims
    /// ([`early_data_age_window`](Self::early_data_age_window)); and only by
    /// the config (or a clone of it) that made the session: what a store that outlives the process kept from before a restart
    /// is resumed without, unless the store says that it
    /// [is durable](crate::server::StoresServerSessions::is_durable). With a `ticketer` that is enabled none is offered and none is accepted.
    ///
    /// What is accepted is kept in memory until it is read.
    pub max_early_data_size: u32,

    /// How far the age of a session may be from the age that the client claims, for early data to be accepted on it (RFC 8446
    /// section 8.3). Ten seconds by default, which it recommends for clients on the Internet. The wider, the longer is what
    /// was recorded of use to somebody who has kept the server from seeing it. Times are kept to the second. Not in rustls 0.23.
    ///
    /// [`ServerConnection::ticket_age_skew`](crate::ServerConnection::ticket_age_skew) tells what honest clients need.
    pub early_data_age_window: Duration,

    /// Whether the server may send before the client's Finished (RFC 8446 section 4.4.4). False by default.
    ///
    /// Never where clients are asked for a certificate: nobody would know yet whom it is sent to.
    pub send_half_rtt_data: bool,

    /// The external pre-shared keys that clients may prove themselves with (RFC 8446 section 2.2); TLS 1.3 only. `None` by default. Not in
    /// rustls 0.23.
    ///
    /// With a client that has such a key no certificates are used: none is shown and none is asked for, also where
    /// the client verifier insists on one, since the key says who the client is:
    /// [`external_psk_identity`](crate::CommonState::external_psk_identity). Others get a certificate as ever, unless
    /// [`require_external_psk`](Self::require_external_psk) is set. Sessions that go back to a key are resumed only while `external_psks`
    /// has that key under that name.
    pub external_psks: Option<Arc<dyn ServerPsks>>,

    /// Whether clients without one of the [`external_psks`](Self::external_psks) are refused. False by default. If so, there is no TLS
    /// 1.2, and no certificate is shown. Not in rustls 0.23.
    pub require_external_psk: bool,

    /// Whether clients that offer no known key where one is required are told so, with `handshake_failure`. False by default: they
    /// are answered as those whose key is wrong (RFC 8446 appendix E.6), so that nobody can find out which names exist. A
    /// certificate beside the keys gives that away in any case. Not in rustls 0.23.
    pub tell_unknown_psks: bool,

    /// How many tickets to send after a handshake. Two by default; with zero only clients that ask for tickets get any, as many as
    /// [`max_tls13_tickets`](Self::max_tls13_tickets) allows.
    pub send_tls13_tickets: usize,

    /// The most tickets to send to a client that asks for a number of them (RFC 9149). Such a client gets as many as it asks for up
    /// to this, whatever `send_tls13_tickets` says. With zero, the default, wishes are not heard, and it gets as many as any other.
    /// Eight is a good value for others: a client of ours keeps no more.
    pub max_tls13_tickets: usize,

    /// Whether a TLS 1.2 client must support the extended master secret (RFC 7627). True by default with the `fips`
    /// feature. RFC 7627: without it a session could be forced upon two connections at once.
    pub require_ems: bool,

    /// Where the time comes from.
    pub time_provider: Arc<dyn TimeProvider>,

    /// Algorithms for compressing the server's certificates (RFC 8879, TLS 1.3 only): the first that the client offers is used.
    /// By default those of the features `brotli` and `zlib`, which are off by default.
    pub cert_compressors: Vec<&'static dyn CertCompressor>,

    /// Where compressed certificates are kept. By default four messages in memory, or none without `std`.
    pub cert_compression_cache: Arc<CompressionCache>,

    /// Algorithms for certificates the client compresses, best first (RFC 8879, TLS 1.3 only). They are offered when a
    /// certificate is asked for, if there are any. By default those of the features `brotli` and `zlib`, which are off by
    /// default.
    pub cert_decompressors: Vec<&'static dyn CertDecompressor>,

    /// With which schemes delegated credentials of clients may sign, best first (RFC 9345, TLS 1.3 only). Empty by default: none
    /// are asked for. What the provider cannot check is left out. Not in rustls 0.23.
    pub delegated_credential_schemes: Vec<SignatureScheme>,

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
    pub(crate) verifier: Arc<dyn ClientCertVerifier>,
    pub(crate) versions: EnabledVersions,
    policy: Unshown<Option<PolicyFingerprint>>,
    id: Unshown<Option<ConfigId>>,
}

/// Numbers that tell a reader nothing, and would drown the rest of a config that is printed.
#[derive(Clone, Copy)]
struct Unshown<T>(T);

impl<T> fmt::Debug for Unshown<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("..")
    }
}

/// Tells a config and its clones from every other, of this process or an earlier one.
pub(crate) type ConfigId = [u8; 16];

/// In place of it, for the sessions of a durable store. None of the random ones is equal to it.
const DURABLE: ConfigId = *b"a durable store.";

/// What a session is bound to of the policy for authenticating clients: equal for equal policies, else different.
pub(crate) type PolicyFingerprint = [u8; 32];

/// RFC 8446 section 8.3.
const EARLY_DATA_AGE_WINDOW: Duration = Duration::from_secs(10);

/// Sessions in memory when nothing else is asked for. Busy servers want tickets or a larger store.
pub(crate) const DEFAULT_SERVER_SESSIONS: usize = 256;

/// One ticket for the next connection, and one more for a second one made at the same time.
pub(crate) const DEFAULT_TICKETS: usize = 2;

impl ServerConfig {
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
        self.provider.fips() && self.require_ems
    }

    /// Returns the provider this config uses.
    pub fn crypto_provider(&self) -> &Arc<CryptoProvider> {
        &self.provider
    }

    /// Returns what the verifier of clients remembers signatures of certificates in, to look at its counts, to change its size, or to
    /// switch it off. `None` if it has nothing of the kind, and where clients are not asked for certificates. Not in rustls 0.23.
    pub fn signature_memo(&self) -> Option<&SignatureMemo> {
        self.verifier.signature_memo()
    }

    /// The padding in the form that the record layer takes.
    pub(crate) fn padding(&self) -> Option<Padding> {
        padding::for_records(self.record_padding.as_ref())
    }

    /// The fingerprint a session has to carry to be resumed under this config. `None` if none could be made (the random
    /// generator failed when the config was built): then sessions are neither offered nor resumed.
    pub(crate) fn policy_fingerprint(&self) -> Option<PolicyFingerprint> {
        self.policy.0
    }

    /// What a session must have been made by to take early data: this config, or one that has the same store if that keeps its
    /// promises. `None` if there is no number to know this config by: then no early data is taken.
    pub(crate) fn origin(&self) -> Option<ConfigId> {
        match self.session_storage.is_durable() {
            true => Some(DURABLE),
            false => self.id.0,
        }
    }
}

fn draw_id(provider: &CryptoProvider) -> Option<ConfigId> {
    let mut id = [0; 16];
    provider.secure_random.fill(&mut id).ok().map(|()| id)
}

/// Hashes what decides which clients are accepted.
///
/// A verifier that cannot describe itself gets random bytes in place of a description: its sessions resume under this
/// config and its clones only.
fn fingerprint(provider: &CryptoProvider, verifier: &dyn ClientCertVerifier) -> Option<PolicyFingerprint> {
    let (kind, id) = match verifier.policy_id() {
        Some(id) => (1, id),
        None => {
            let mut id = [0; 32];
            provider.secure_random.fill(&mut id).ok()?;
            (0, id.to_vec())
        }
    };
    let mut policy = Vec::from([kind]);
    policy.extend([verifier.offer_client_auth(), verifier.client_auth_mandatory()].map(u8::from));
    let types: Vec<u8> = verifier.certificate_types().iter().copied().map(u8::from).collect();
    let hints = verifier.root_hint_subjects().iter().map(AsRef::as_ref);
    // Each part with its length before it, so that no two lists of parts have the same bytes.
    for part in [&id[..], &types].into_iter().chain(hints) {
        policy.extend(u64::try_from(part.len()).ok()?.to_be_bytes());
        policy.extend_from_slice(part);
    }
    // Any hash would do, but the order of the suites must not change it.
    let hashes = provider.cipher_suites.iter().map(|suite| suite.common().hash_provider);
    let hash = hashes.min_by_key(|hash| hash.output_len())?.hash(&policy);
    hash.as_ref().get(..32)?.try_into().ok()
}

impl ConfigBuilder<ServerConfig, WantsVerifier> {
    /// Asks clients for certificates as `client_cert_verifier` says, and lets it decide which are trusted.
    pub fn with_client_cert_verifier(
        self,
        client_cert_verifier: Arc<dyn ClientCertVerifier>,
    ) -> ConfigBuilder<ServerConfig, WantsServerCert> {
        let versions = self.state.versions;
        self.next(WantsServerCert { versions, verifier: client_cert_verifier })
    }

    /// Takes clients that have one of the external pre-shared keys, and no others: certificates play no part. Not in rustls 0.23.
    ///
    /// The config has [`require_external_psk`](ServerConfig::require_external_psk) set. For a server that takes either, make the config
    /// with a certificate, and set [`external_psks`](ServerConfig::external_psks) in it.
    pub fn with_external_psks(self, external_psks: Arc<dyn ServerPsks>) -> ServerConfig {
        let mut config = self.with_no_client_auth().with_cert_resolver(Arc::new(NoServerCert));
        config.external_psks = Some(external_psks);
        config.require_external_psk = true;
        config
    }

    /// Asks no client for a certificate.
    pub fn with_no_client_auth(self) -> ConfigBuilder<ServerConfig, WantsServerCert> {
        self.with_client_cert_verifier(Arc::new(NoClientAuth))
    }
}

/// The third stage of a server: the certificate it shows is still open.
#[derive(Clone, Debug)]
pub struct WantsServerCert {
    versions: EnabledVersions,
    verifier: Arc<dyn ClientCertVerifier>,
}

impl ConfigBuilder<ServerConfig, WantsServerCert> {
    /// Shows `cert_chain` (end entity first) to every client, whatever name it asks for.
    ///
    /// # Errors
    ///
    /// What the provider says if it cannot load `key_der`, [`Error::NoCertificatesPresented`] for an empty chain,
    /// [`Error::InconsistentKeys`] if key and certificate do not belong together.
    pub fn with_single_cert(
        self,
        cert_chain: Vec<CertificateDer<'static>>,
        key_der: PrivateKeyDer<'static>,
    ) -> Result<ServerConfig, Error> {
        let key = CertifiedKey::from_der(cert_chain, key_der, &self.provider)?;
        Ok(self.with_cert_resolver(Arc::new(SingleCertAndKey::from(key))))
    }

    /// Does as [`Self::with_single_cert`], and staples the DER-encoded OCSP response `ocsp` unless it is empty.
    ///
    /// # Errors
    ///
    /// Those of [`Self::with_single_cert`]. The OCSP response is not looked at.
    pub fn with_single_cert_with_ocsp(
        self,
        cert_chain: Vec<CertificateDer<'static>>,
        key_der: PrivateKeyDer<'static>,
        ocsp: Vec<u8>,
    ) -> Result<ServerConfig, Error> {
        let mut key = CertifiedKey::from_der(cert_chain, key_der, &self.provider)?;
        key.ocsp = (!ocsp.is_empty()).then_some(ocsp);
        Ok(self.with_cert_resolver(Arc::new(SingleCertAndKey::from(key))))
    }

    /// Lets `cert_resolver` choose the certificate for each client.
    pub fn with_cert_resolver(self, cert_resolver: Arc<dyn ResolvesServerCert>) -> ServerConfig {
        let policy = fingerprint(&self.provider, &*self.state.verifier);
        let id = draw_id(&self.provider);
        ServerConfig {
            ignore_client_order: false,
            max_fragment_size: None,
            #[cfg(feature = "std")]
            session_storage: super::sessions::ServerSessionMemoryCache::new(DEFAULT_SERVER_SESSIONS),
            #[cfg(not(feature = "std"))]
            session_storage: Arc::new(NoServerSessionStorage),
            ticketer: Arc::new(NeverProducesTickets),
            cert_resolver,
            alpn_protocols: Vec::new(),
            key_log: Arc::new(NoKeyLog),
            enable_secret_extraction: false,
            max_early_data_size: 0,
            early_data_age_window: EARLY_DATA_AGE_WINDOW,
            send_half_rtt_data: false,
            external_psks: None,
            require_external_psk: false,
            tell_unknown_psks: false,
            send_tls13_tickets: DEFAULT_TICKETS,
            max_tls13_tickets: 0,
            require_ems: cfg!(feature = "fips"),
            time_provider: self.time_provider,
            cert_compressors: compress::default_cert_compressors().to_vec(),
            cert_compression_cache: Arc::new(CompressionCache::default()),
            cert_decompressors: compress::default_cert_decompressors().to_vec(),
            delegated_credential_schemes: Vec::new(),
            max_certificate_message: CERTIFICATE_MESSAGE,
            limits: Limits::default(),
            trace: None,
            record_padding: None,
            provider: self.provider,
            verifier: self.state.verifier,
            versions: self.state.versions,
            policy: Unshown(policy),
            id: Unshown(id),
        }
    }
}

/// Makes no tickets and opens none.
#[derive(Debug)]
struct NeverProducesTickets;

impl ProducesTickets for NeverProducesTickets {
    fn enabled(&self) -> bool {
        false
    }

    fn lifetime(&self) -> u32 {
        0
    }

    fn encrypt(&self, _: &[u8]) -> Option<Vec<u8>> {
        None
    }

    fn decrypt(&self, _: &[u8]) -> Option<Vec<u8>> {
        None
    }
}

#[cfg(test)]
#[cfg(all(feature = "aws_lc_rs", feature = "std"))]
mod tests {
    use pki_types::Der;

    use super::*;
    use crate::config::testing::*;
    use crate::config::webpki::{ClientCertVerifierBuilder, WebPkiClientVerifier};
    use crate::crypto::SecureRandom;
    use crate::error::InconsistentKeys;
    use crate::names::{DistinguishedName, GetRandomFailed};

    fn builder() -> ConfigBuilder<ServerConfig, WantsVerifier> {
        ServerConfig::builder_with_provider(provider()).with_safe_default_protocol_versions().unwrap()
    }

    fn policy(verifier: Arc<dyn ClientCertVerifier>) -> PolicyFingerprint {
        let builder = builder().with_client_cert_verifier(verifier);
        builder.with_single_cert(chain(SERVER), key(SERVER_KEY)).unwrap().policy_fingerprint().unwrap()
    }

    #[test]
    fn a_server_certificate_must_fit_its_key() {
        let build =
            |cert, key_der| builder().with_no_client_auth().with_single_cert(cert, key(key_der)).map(|_| ());
        assert_eq!(build(chain(SERVER), SERVER_KEY), Ok(()));
        let mismatch = Err(Error::InconsistentKeys(InconsistentKeys::KeyMismatch));
        assert_eq!(build(chain(SERVER), CLIENT_KEY), mismatch);
        assert_eq!(build(Vec::new(), SERVER_KEY), Err(Error::NoCertificatesPresented));
        assert!(build(chain(SERVER), b"no key").is_err());
    }

    #[test]
    fn an_ocsp_response_is_stapled_unless_it_is_empty() {
        for (given, kept) in [(&b"response"[..], Some(b"response".to_vec())), (b"", None)] {
            let builder = builder().with_no_client_auth();
            let config =
                builder.with_single_cert_with_ocsp(chain(SERVER), key(SERVER_KEY), given.to_vec()).unwrap();
            assert_eq!(config.cert_resolver.resolve(hello(None)).unwrap().ocsp, kept);
        }
    }

    #[test]
    fn the_policy_fingerprint_follows_the_policy() {
        let webpki =
            |subjects: &[&'static str],
             change: fn(ClientCertVerifierBuilder) -> ClientCertVerifierBuilder| {
                policy(
                    change(WebPkiClientVerifier::builder_with_provider(anchors(subjects), provider()))
                        .build()
                        .unwrap(),
                )
            };
        let anchor = |key: &'static [u8], constraints: Option<&'static [u8]>| {
            let mut roots = (*anchors(&["CA"])).clone();
            for anchor in &mut roots.roots {
                anchor.subject_public_key_info = Der::from_slice(key);
                anchor.name_constraints = constraints.map(Der::from_slice);
            }
            policy(WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider()).build().unwrap())
        };
        // The same schemes, and certificates of one algorithm fewer.
        let fewer = || {
            let mut provider = (*provider()).clone();
            let all = provider.signature_verification_algorithms.all;
            provider.signature_verification_algorithms.all = &all[1..];
            policy(
                WebPkiClientVerifier::builder_with_provider(anchors(&["CA"]), Arc::new(provider))
                    .build()
                    .unwrap(),
            )
        };
        let same = |builder| builder;
        let base = webpki(&["CA"], same);
        assert_eq!(base, webpki(&["CA"], same), "an equal policy, as after a restart");
        assert_eq!(
            base,
            webpki(&["CA", "CA"], |b| b
                .clear_root_hint_subjects()
                .add_root_hint_subjects(anchors(&["CA"]).subjects()))
        );
        let others = [
            webpki(&["other"], same),
            webpki(&["CA", "other"], same),
            webpki(&["CA"], |b| b.allow_unauthenticated()),
            webpki(&["CA"], |b| b.clear_root_hint_subjects()),
            webpki(&["CA"], |b| b.add_root_hint_subjects([DistinguishedName::in_sequence(b"x")])),
            policy(Arc::new(NoClientAuth)),
            anchor(b"another key", None),
            anchor(b"key", Some(b"constraints")),
            anchor(b"key", Some(b"")),
            fewer(),
        ];
        for (n, other) in others.iter().enumerate() {
            assert_ne!(*other, base, "{n}");
            assert!(!others[..n].contains(other), "{n}");
        }
        assert_eq!(policy(Arc::new(NoClientAuth)), policy(WebPkiClientVerifier::no_client_auth()));
    }

    #[test]
    fn a_config_that_is_printed_shows_no_numbers_it_is_known_by() {
        let config =
            builder().with_no_client_auth().with_single_cert(chain(SERVER), key(SERVER_KEY)).unwrap();
        let text = alloc::format!("{config:?}");
        assert!(text.contains("policy: .., id: .."), "{text}");
    }

    #[test]
    fn a_foreign_verifier_binds_sessions_to_its_config() {
        let verifier: Arc<dyn ClientCertVerifier> = Arc::new(Foreign);
        assert_ne!(policy(Arc::clone(&verifier)), policy(verifier));
        let config = builder().with_client_cert_verifier(Arc::new(Foreign));
        let config = config.with_single_cert(chain(SERVER), key(SERVER_KEY)).unwrap();
        assert_eq!(config.clone().policy_fingerprint(), config.policy_fingerprint());
    }

    #[test]
    fn a_failing_random_generator_means_no_resumption() {
        #[derive(Debug)]
        struct Broken;
        impl SecureRandom for Broken {
            fn fill(&self, _: &mut [u8]) -> Result<(), GetRandomFailed> {
                Err(GetRandomFailed)
            }
        }
        let provider = CryptoProvider { secure_random: &Broken, ..(*provider()).clone() };
        let builder = ServerConfig::builder_with_provider(Arc::new(provider));
        let builder = builder.with_safe_default_protocol_versions().unwrap();
        let config = builder.with_client_cert_verifier(Arc::new(Foreign));
        let config = config.with_single_cert(chain(SERVER), key(SERVER_KEY)).unwrap();
        assert_eq!(config.policy_fingerprint(), None);
    }

    #[test]
    fn no_tickets_are_made_by_default() {
        let config =
            builder().with_no_client_auth().with_single_cert(chain(SERVER), key(SERVER_KEY)).unwrap();
        assert!(!config.ticketer.enabled());
        assert_eq!((config.ticketer.encrypt(b"x"), config.ticketer.decrypt(b"x")), (None, None));
        assert!(config.session_storage.can_cache());
    }
}
