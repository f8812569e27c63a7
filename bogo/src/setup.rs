//! Makes configurations from options, once for a process, and fits them to each of its connections.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use chitin::client::danger::ServerCertVerifier;
use chitin::client::{KeyShares, Resumption};
use chitin::crypto::aws_lc_rs::{self, ALL_CIPHER_SUITES, ALL_KX_GROUPS, Ticketer};
use chitin::crypto::hash::HashAlgorithm;
use chitin::crypto::{CryptoProvider, SupportedKxGroup};
use chitin::pki_types::pem::PemObject;
use chitin::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use chitin::psk::{ExternalPsk, PskList};
use chitin::server::{CertificateType, ClientHello, ServerSessionMemoryCache};
use chitin::sign::{CertifiedKey, Credential};
use chitin::version::{TLS12, TLS13};
use chitin::{
    CertificateError, CipherSuite, ClientConfig, DistinguishedName, Error, NamedGroup, OtherError,
    RootCertStore, ServerConfig, SignatureScheme, SupportedProtocolVersion,
};

use crate::Trouble;
use crate::compress;
use crate::ech;
use crate::options::{self, Options, Plan};
use crate::parts::{
    AskedTo, Choice, Clock, NEGOTIATION_FAILED, NoTickets, Observer, PreferringKey, Psks, Resolver,
    ServerSessions, Sessions, Shared, Verifier,
};

/// The versions that the library has.
const BUILT: &[&SupportedProtocolVersion] = &[&TLS13, &TLS12];

/// What lives as long as the process.
pub struct Setup {
    pub notes: Shared,
    pub clock: Clock,
    pub side: Side,
    sessions: Arc<Sessions>,
    groups: Vec<NamedGroup>,
}

/// The configuration that those of all connections are copies of: sessions are bound to what is in it.
pub enum Side {
    Client(Client),
    Server(ServerConfig),
}

/// A config, and what one that hides its hello is made of.
pub struct Client {
    base: ClientConfig,
    verifier: Arc<dyn ServerCertVerifier>,
    clock: Clock,
    tls13: bool,
}

impl Client {
    fn config(&self, options: &Options) -> Result<ClientConfig, Trouble> {
        let Some(mode) = ech::mode(options, self.tls13)? else { return Ok(self.base.clone()) };
        let provider = self.base.crypto_provider().clone();
        let builder = ClientConfig::builder_with_details(provider, Arc::new(self.clock.clone()));
        let builder = builder.with_ech(mode)?.dangerous();
        let builder = builder.with_custom_certificate_verifier(Arc::clone(&self.verifier));
        Ok(builder.with_client_cert_resolver(Arc::clone(&self.base.client_auth_cert_resolver)))
    }
}

impl Setup {
    pub fn new(plan: &Plan) -> Result<Self, Trouble> {
        let (notes, clock) = (Shared::default(), Clock::default());
        let options = &plan.initial;
        let provider = Arc::new(provider(options, None)?);
        let groups = provider.kx_groups.iter().map(|group| group.name()).collect();
        let side = match options.server {
            true => {
                let mut config = new_server(options, &notes, &clock, provider)?;
                // Early data is taken only on sessions of a store.
                if !(options.early_data || plan.resume.early_data) {
                    config.ticketer = Ticketer::new()?;
                }
                Side::Server(config)
            }
            false => {
                let verifier: Arc<dyn ServerCertVerifier> =
                    Arc::new(verifier(options, &notes, Arc::clone(&provider))?);
                let resolver = resolver(options, &notes, &provider)?;
                let builder = ClientConfig::builder_with_details(provider, Arc::new(clock.clone()));
                let versions = supported_versions(options)?;
                let builder = builder.with_protocol_versions(&versions)?.dangerous();
                let builder = builder.with_custom_certificate_verifier(Arc::clone(&verifier));
                let base = builder.with_client_cert_resolver(Arc::new(resolver));
                let tls13 = versions.contains(&&TLS13);
                Side::Client(Client { base, verifier, clock: clock.clone(), tls13 })
            }
        };
        let sessions = Arc::new(Sessions::new(notes.clone()));
        Ok(Self { notes, clock, side, sessions, groups })
    }

    /// Tells the parts what they are to do in the next connection.
    pub fn begin(&self, options: &Options) -> Result<(), Trouble> {
        let fail_certificate = certificate_error(options)?;
        self.begin_verdict(options);
        let mut notes = self.notes.lock();
        notes.custom = options.custom_verifier;
        notes.refused = None;
        notes.fail_certificate = fail_certificate;
        notes.decline_ocsp = options.decline_ocsp;
        notes.fail_ocsp = options.fail_ocsp;
        notes.certificate_types = None;
        notes.verified = None;
        notes.verified_name = None;
        notes.selected = None;
        notes.protocols = None;
        notes.retried = false;
        notes.sessions = 0;
        notes.session_without_early_data = false;
        notes.across_names = None;
        notes.stored = 0;
        notes.messages.clear();
        notes.hello.clear();
        notes.secrets.clear();
        Ok(())
    }

    /// Tells the verifier what it is to say from now on.
    pub fn begin_verdict(&self, options: &Options) {
        let mut notes = self.notes.lock();
        notes.verify_fail = options.verify_fail;
        notes.soft = !(options.verify_peer || options.require_client_certificate);
    }

    /// What the runner takes an application to send: its first group that the server is said to know; else what it was told; else,
    /// of groups that it was told, the first that is post-quantum and the first that is not.
    fn key_shares(&self, options: &Options) -> KeyShares {
        let hinted = |group: &&NamedGroup| options.groups_hint.contains(&u16::from(**group));
        let first = |post_quantum: bool| {
            self.groups.iter().find(|group| is_post_quantum(**group) == post_quantum).copied()
        };
        match (self.groups.iter().find(hinted), options.no_key_shares, &options.key_shares[..]) {
            (Some(group), ..) => KeyShares::Only(vec![*group]),
            (None, true, _) => KeyShares::Only(vec![]),
            (None, false, []) if options.curves.is_empty() => KeyShares::Predicted,
            (None, false, []) => KeyShares::Only([first(true), first(false)].into_iter().flatten().collect()),
            (None, false, told) => KeyShares::Only(told.iter().copied().map(NamedGroup::from).collect()),
        }
    }

    pub fn client_config(&self, base: &Client, options: &Options) -> Result<ClientConfig, Trouble> {
        let mut config = base.config(options)?;
        config.alpn_protocols = options.alpn.clone().unwrap_or_default();
        config.check_selected_alpn = !options.allow_unknown_alpn;
        config.key_shares = self.key_shares(options);
        config.grease = options.grease;
        config.request_ocsp_response = options.ask_for_ocsp;
        config.max_fragment_size = options.max_send_fragment.map(|len| len + RECORD_HEADER);
        config.resumption = match options.no_ticket {
            true => Resumption::disabled(),
            false => Resumption::store(self.sessions.clone()).reverify(options.reverify),
        };
        config.enable_early_data = options.early_data;
        let psks = external_psks(options)?;
        if !psks.is_empty() {
            config.external_psks = Some(Arc::new(PskList::from(psks)));
            // Certificates are what is verified.
            config.require_external_psk = !options.verify_peer;
        }
        // A connection without it fails, and no case wants that.
        config.require_ems = options.expect_extended_master_secret;
        config.cert_compressors = compress::compressors(options.cert_compression);
        config.cert_decompressors = compress::decompressors(options.cert_compression);
        if let Some(limit) = options.max_cert_list {
            config.max_certificate_message = limit;
        }
        config.trace = Some(Arc::new(Observer(self.notes.clone())));
        config.key_log = Arc::new(Observer(self.notes.clone()));
        Ok(config)
    }

    /// The configuration for a client that may have a say in the order of suites and groups. This is how an application treats
    /// some of them alike.
    pub fn server_config_for(
        &self,
        base: &ServerConfig,
        options: &Options,
        hello: &ClientHello<'_>,
    ) -> Result<ServerConfig, Trouble> {
        if !treats_alike(options) {
            return Ok(self.server_config(base, options));
        }
        let provider = Arc::new(provider(options, Some(hello))?);
        let base = new_server(options, &self.notes, &self.clock, provider)?;
        Ok(self.server_config(&base, options))
    }

    pub fn server_config(&self, base: &ServerConfig, options: &Options) -> ServerConfig {
        let mut config = base.clone();
        config.alpn_protocols = options.select_alpn.iter().cloned().collect();
        if options.select_empty_alpn {
            config.alpn_protocols = vec![Vec::new()];
        }
        if options.reject_alpn {
            config.alpn_protocols = vec![b"a protocol that no case offers".to_vec()];
        }
        config.max_fragment_size = options.max_send_fragment.map(|len| len + RECORD_HEADER);
        // A list of suites is an order, too.
        config.ignore_client_order =
            options.server_preference || !options.tls13_ciphers.is_empty() || options.ciphers.is_some();
        if options.early_data {
            config.max_early_data_size = EARLY_DATA;
            config.early_data_age_window = EARLY_DATA_WINDOW;
            config.send_half_rtt_data = true;
        }
        config.require_ems = options.expect_extended_master_secret;
        config.cert_compressors = compress::compressors(options.cert_compression);
        config.cert_decompressors = compress::decompressors(options.cert_compression);
        if options.no_ticket {
            config.send_tls13_tickets = 0;
            config.ticketer = Arc::new(NoTickets);
        }
        if let Some(limit) = options.max_cert_list {
            config.max_certificate_message = limit;
        }
        config.trace = Some(Arc::new(Observer(self.notes.clone())));
        config.key_log = Arc::new(Observer(self.notes.clone()));
        config
    }
}

fn is_post_quantum(group: NamedGroup) -> bool {
    matches!(group, NamedGroup::MLKEM1024 | NamedGroup::X25519MLKEM768)
}

/// The name to connect to. Without one in the options, none is sent: it is an address then.
pub fn server_name(options: &Options) -> Result<ServerName<'static>, Trouble> {
    let name = options.host_name.clone().unwrap_or_else(|| "192.0.2.1".into());
    ServerName::try_from(name).map_err(|e| Trouble::Unimplemented(e.to_string()))
}

/// The versions to turn on. A range without any that is built is not possible yet.
fn supported_versions(options: &Options) -> Result<Vec<&'static SupportedProtocolVersion>, Trouble> {
    let wanted = |version: &&&'static SupportedProtocolVersion| {
        let number = u16::from(version.version);
        let off = (number == 0x0303 && options.no_tls12) || (number == 0x0304 && options.no_tls13);
        !off && options.min_version.is_none_or(|min| min <= number)
            && options.max_version.is_none_or(|max| max >= number)
    };
    let wanted_at_all = [&TLS13, &TLS12].iter().filter(wanted).count();
    let versions: Vec<_> = BUILT.iter().copied().filter(|version| wanted(&version)).collect();
    match versions.is_empty() && wanted_at_all > 0 {
        true => Err(Trouble::Unimplemented("this range of versions".into())),
        false => Ok(versions),
    }
}

fn new_server(
    options: &Options,
    notes: &Shared,
    clock: &Clock,
    provider: Arc<CryptoProvider>,
) -> Result<ServerConfig, Trouble> {
    let verifier = verifier(options, notes, Arc::clone(&provider))?;
    let resolver = resolver(options, notes, &provider)?;
    let psks = psks(options, &provider)?;
    let certificates = !resolver.choices.is_empty();
    let builder = ServerConfig::builder_with_details(provider, Arc::new(clock.clone()));
    let builder = builder.with_protocol_versions(&supported_versions(options)?)?;
    let mut config =
        builder.with_client_cert_verifier(Arc::new(verifier)).with_cert_resolver(Arc::new(resolver));
    if let Some(psks) = psks {
        config.external_psks = Some(Arc::new(psks));
        config.require_external_psk = !certificates;
        // The runner's server is a clear one.
        config.tell_unknown_psks = true;
    }
    let kept = ServerSessionMemoryCache::new(SESSIONS);
    config.session_storage = Arc::new(ServerSessions { notes: notes.clone(), kept });
    Ok(config)
}

/// Suites and groups in the order of the options. Where those treat some alike, `client` decides.
fn provider(options: &Options, client: Option<&ClientHello<'_>>) -> Result<CryptoProvider, Trouble> {
    let mut provider = aws_lc_rs::default_provider();
    if !options.curves.is_empty() {
        let theirs = client.and_then(ClientHello::named_groups).unwrap_or_default();
        let theirs: Vec<u16> = theirs.iter().map(|group| u16::from(*group)).collect();
        let curves = in_order(&tiers(&options.curves, &options.curves_equal), &theirs);
        let group = |number: &u16| -> Result<&'static dyn SupportedKxGroup, Trouble> {
            let name = NamedGroup::from(*number);
            ALL_KX_GROUPS
                .iter()
                .copied()
                .find(|group| group.name() == name)
                .ok_or_else(|| Trouble::Unimplemented(format!("{name:?}")))
        };
        provider.kx_groups = curves.iter().map(group).collect::<Result<_, _>>()?;
    }
    let theirs = client.map(|hello| hello.cipher_suites()).unwrap_or_default();
    let theirs: Vec<u16> = theirs.iter().map(|suite| u16::from(*suite)).collect();
    let default = if has_aes() { SUITES_DEFAULT } else { SUITES_DEFAULT_NO_AES };
    let new = match options.tls13_ciphers.is_empty() {
        true => default.to_vec(),
        false => in_order(&tiers(&options.tls13_ciphers, &options.tls13_ciphers_equal), &theirs),
    };
    let known = |number: u16| ALL_CIPHER_SUITES.iter().copied().find(|s| u16::from(s.suite()) == number);
    let new: Option<Vec<_>> = new.into_iter().map(known).collect();
    let old: Vec<_> = match &options.ciphers {
        Some(tiers) => in_order(&old_suites(tiers), &theirs).into_iter().filter_map(known).collect(),
        None => provider.cipher_suites.iter().copied().filter(|suite| suite.tls13().is_none()).collect(),
    };
    let new = new.ok_or_else(|| Trouble::Unimplemented(format!("{:?}", options.tls13_ciphers)))?;
    provider.cipher_suites = [old, new].concat();
    Ok(provider)
}

/// Does a client decide about some of the suites or groups?
pub fn treats_alike(options: &Options) -> bool {
    let flags = options.curves_equal.iter().chain(&options.tls13_ciphers_equal);
    flags.copied().any(|equal| equal) || options.ciphers.iter().flatten().any(|tier| tier.len() > 1)
}

fn tiers(list: &[u16], equal_to_next: &[bool]) -> Vec<Vec<u16>> {
    let mut tiers = vec![Vec::new()];
    for (at, one) in list.iter().enumerate() {
        tiers.last_mut().into_iter().for_each(|tier| tier.push(*one));
        if !equal_to_next.get(at).is_some_and(|equal| *equal) {
            tiers.push(Vec::new());
        }
    }
    tiers
}

/// Tier by tier, and within each as `client` has it; what the client does not have comes last.
fn in_order(tiers: &[Vec<u16>], client: &[u16]) -> Vec<u16> {
    let sorted = tiers.iter().map(|tier| {
        let mut tier = tier.clone();
        tier.sort_by_key(|one| client.iter().position(|theirs| theirs == one).unwrap_or(usize::MAX));
        tier
    });
    sorted.flatten().collect()
}

/// The suites of TLS 1.2 by number. A name that the library does not have is one that it never offers.
fn old_suites(names: &[Vec<String>]) -> Vec<Vec<u16>> {
    let old = || ALL_CIPHER_SUITES.iter().filter(|suite| suite.tls13().is_none()).map(|suite| suite.suite());
    let suites = |name: &String| -> Vec<u16> {
        let named = |suite: &CipherSuite| name == "ALL" || suite.as_str() == Some(name);
        old().filter(named).map(u16::from).collect()
    };
    names.iter().map(|tier| tier.iter().flat_map(suites).collect()).collect()
}

/// How a resolver that has to fail does so.
fn certificate_error(options: &Options) -> Result<Option<(&'static str, Error)>, Trouble> {
    if options.fail_early_callback {
        return Ok(Some((":CONNECTION_REJECTED:", NEGOTIATION_FAILED)));
    }
    if !options.fail_cert_callback {
        return Ok(None);
    }
    let error = match options.fail_cert_callback_alert {
        None => Error::Other(OtherError(Arc::new(AskedTo))),
        Some(ACCESS_DENIED) => CertificateError::ApplicationVerificationFailure.into(),
        Some(alert) => return Err(Trouble::Unimplemented(format!("alert {alert} from a resolver"))),
    };
    Ok(Some((":CERT_CB_ERROR:", error)))
}

fn verifier(options: &Options, notes: &Shared, provider: Arc<CryptoProvider>) -> Result<Verifier, Trouble> {
    let algorithms = provider.signature_verification_algorithms;
    // Also what the provider cannot check: an application may name what it likes, and has to live with what comes.
    let wanted: Vec<SignatureScheme> =
        options.verify_prefs.iter().map(|n| SignatureScheme::from(*n)).collect();
    Ok(Verifier {
        notes: notes.clone(),
        algorithms,
        provider,
        roots: options.trust_cert.as_deref().map(roots).transpose()?,
        schemes: if wanted.is_empty() { VERIFY_DEFAULT.to_vec() } else { wanted },
        authorities: options
            .client_ca_list
            .iter()
            .flatten()
            .map(|name| DistinguishedName::from(name.clone()))
            .collect(),
        ask: options.verify_peer || options.require_client_certificate,
        require: options.require_client_certificate,
        scts: options.request_scts,
        types: match options.accepted_peer_types.is_empty() {
            true => vec![CertificateType::X509],
            false => options.accepted_peer_types.iter().copied().map(CertificateType::from).collect(),
        },
        raw_key: options.expect_peer_raw_key.clone(),
    })
}

/// What a server takes or shows, if a key is among it.
fn psks(options: &Options, provider: &CryptoProvider) -> Result<Option<Psks>, Trouble> {
    if options.credentials.iter().all(|credential| credential.psk.is_none()) {
        return Ok(None);
    }
    let mut order = Vec::new();
    for credential in &options.credentials {
        order.push(match &credential.psk {
            Some(psk) => Ok(external_psk(psk)?),
            None => Err(choice(0, credential, provider)?.credential),
        });
    }
    Ok(Some(Psks { order }))
}

/// The keys among the credentials, in their order.
fn external_psks(options: &Options) -> Result<Vec<ExternalPsk>, Trouble> {
    options.credentials.iter().filter_map(|credential| credential.psk.as_ref()).map(external_psk).collect()
}

fn external_psk(psk: &options::Psk) -> Result<ExternalPsk, Trouble> {
    let hash = if psk.sha384 { HashAlgorithm::SHA384 } else { HashAlgorithm::SHA256 };
    Ok(ExternalPsk::imported(&psk.identity, &psk.key, hash, &psk.context)?)
}

fn roots(path: &Path) -> Result<Arc<RootCertStore>, Trouble> {
    let mut roots = RootCertStore::empty();
    for root in read_chain(path)? {
        roots.add(root)?;
    }
    Ok(Arc::new(roots))
}

fn resolver(options: &Options, notes: &Shared, provider: &CryptoProvider) -> Result<Resolver, Trouble> {
    let mut choices = Vec::new();
    for (index, credential) in (0..).zip(&options.credentials).filter(|(_, one)| one.psk.is_none()) {
        choices.push(choice(index, credential, provider)?);
    }
    let default = &options.default_credential;
    if default.cert_file.is_some() || default.key_file.is_some() {
        choices.push(choice(-1, default, provider)?);
    }
    let mut types: Vec<_> = match options.available_client_types.is_empty() {
        true => choices.iter().map(|choice: &Choice| choice.credential.certificate_type()).collect(),
        false => options.available_client_types.iter().copied().map(CertificateType::from).collect(),
    };
    if types.is_empty() {
        types.push(CertificateType::X509);
    }
    Ok(Resolver { notes: notes.clone(), choices, types })
}

fn choice(
    index: i64,
    credential: &options::Credential,
    provider: &CryptoProvider,
) -> Result<Choice, Trouble> {
    let missing = || Trouble::Unimplemented("a credential without certificate or key".into());
    let key_file = credential.key_file.as_ref().ok_or_else(missing)?;
    let key = PrivateKeyDer::from_pem_file(key_file).map_err(|e| Trouble::Mistake(e.to_string()))?;
    let key = provider.key_provider.load_private_key(key);
    let mut key = key.map_err(|e| Trouble::Unimplemented(format!("a key: {e}")))?;
    if !credential.signing_prefs.is_empty() {
        let schemes: Vec<_> = credential.signing_prefs.iter().map(|n| SignatureScheme::from(*n)).collect();
        key = Arc::new(PreferringKey { key, schemes });
    }
    let chain = match (&credential.cert_file, credential.raw) {
        (None, true) => {
            let public = key.public_key().ok_or_else(missing)?;
            vec![CertificateDer::from(public.to_vec())]
        }
        (Some(cert_file), false) => read_chain(cert_file)?,
        _ => return Err(missing()),
    };
    let must_match = credential
        .must_match_issuer
        .then(|| chain.iter().filter_map(|der| issuer(der)).map(<[u8]>::to_vec).collect());
    let mut certified = CertifiedKey::new(chain, key);
    match certified.keys_match() {
        // The key is not that of the certificate, and is compared where it belongs.
        _ if credential.delegated.is_some() => {}
        // A key whose public half the provider cannot tell may still be the right one.
        Ok(()) | Err(Error::InconsistentKeys(chitin::InconsistentKeys::Unknown)) => {}
        Err(error) => return Err(error.into()),
    }
    certified.ocsp = credential.ocsp.clone();
    let mut shown = Credential::from(certified);
    if let Some(delegated) = &credential.delegated {
        shown = shown.with_delegated_credential(delegated)?;
    }
    if let Some(list) = &credential.scts {
        let refused = |error| Trouble::Refused(":INVALID_SCT_LIST:", error);
        shown = shown.with_scts(scts(list).unwrap_or_default()).map_err(refused)?;
    }
    Ok(Choice { index, credential: shown, must_match })
}

/// The items of a SignedCertificateTimestampList. RFC 6962 section 3.3.
pub fn scts(list: &[u8]) -> Option<Vec<Vec<u8>>> {
    let (_, mut rest) = list.split_at_checked(2)?;
    let mut scts = Vec::new();
    while let Some((len, tail)) = rest.split_first_chunk() {
        let (sct, tail) = tail.split_at_checked(u16::from_be_bytes(*len).into())?;
        scts.push(sct.to_vec());
        rest = tail;
    }
    Some(scts).filter(|_| rest.is_empty())
}

pub fn read_chain(path: &Path) -> Result<Vec<CertificateDer<'static>>, Trouble> {
    CertificateDer::pem_file_iter(path)
        .and_then(Iterator::collect)
        .map_err(|e| Trouble::Mistake(format!("{}: {e}", path.display())))
}

/// The issuer's name in a certificate: after version, serial number and algorithm. RFC 5280 section 4.1.
fn issuer(der: &[u8]) -> Option<&[u8]> {
    let (certificate, _) = element(der)?;
    let (tbs, _) = element(content(certificate)?)?;
    let (first, mut rest) = element(content(tbs)?)?;
    if first.first() == Some(&0xa0) {
        (_, rest) = element(rest)?; // the serial number, behind the version
    }
    let (_, rest) = element(rest)?;
    element(rest).map(|(issuer, _)| issuer)
}

/// The first element, whole, and what follows it.
fn element(der: &[u8]) -> Option<(&[u8], &[u8])> {
    let (head, len) = header(der)?;
    der.split_at_checked(head + len)
}

fn content(element: &[u8]) -> Option<&[u8]> {
    element.get(header(element)?.0..)
}

/// Length of the header and of the content.
fn header(der: &[u8]) -> Option<(usize, usize)> {
    let short = usize::from(*der.get(1)?);
    if short < 0x80 {
        return Some((2, short));
    }
    let bytes = der.get(2..2 + (short & 0x7f))?;
    Some((2 + bytes.len(), bytes.iter().fold(0, |len, byte| len << 8 | usize::from(*byte))))
}

/// What the runner takes an application without preferences to accept.
const VERIFY_DEFAULT: &[SignatureScheme] = &[
    SignatureScheme::ECDSA_NISTP256_SHA256,
    SignatureScheme::RSA_PSS_SHA256,
    SignatureScheme::RSA_PKCS1_SHA256,
    SignatureScheme::ECDSA_NISTP384_SHA384,
    SignatureScheme::RSA_PSS_SHA384,
    SignatureScheme::RSA_PKCS1_SHA384,
    SignatureScheme::RSA_PSS_SHA512,
    SignatureScheme::RSA_PKCS1_SHA512,
];

/// What the runner takes an application without preferences to order, by whether the machine has AES.
const SUITES_DEFAULT: [u16; 3] = [0x1301, 0x1302, 0x1303];
const SUITES_DEFAULT_NO_AES: [u16; 3] = [0x1303, 0x1301, 0x1302];

/// As much early data as the runner takes a server to accept.
const EARLY_DATA: u32 = 14_336;

/// While the runner takes it to be accepted.
const EARLY_DATA_WINDOW: Duration = Duration::from_secs(60);

/// More than any case makes.
const SESSIONS: usize = 64;

/// The alert of that name.
const ACCESS_DENIED: u8 = 49;

/// `max_fragment_size` counts it.
const RECORD_HEADER: usize = 5;

pub fn has_aes() -> bool {
    #[cfg(target_arch = "x86_64")]
    return std::arch::is_x86_feature_detected!("aes");
    #[cfg(target_arch = "aarch64")]
    return std::arch::is_aarch64_feature_detected!("aes");
    #[cfg(not(any(target_arch = "x86_64", target_arch = "aarch64")))]
    false
}
