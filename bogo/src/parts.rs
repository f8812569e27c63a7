//! What an application gives to the library: verifiers, resolvers, a clock, stores, an observer. Each does what the flags say
//! and notes what the library told it.

use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use chitin::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use chitin::client::{
    CertificateRequest, ClientSessionStore, ResolvesClientCert, Tls12ClientSessionValue,
    Tls13ClientSessionValue, verify_server_cert_signed_by_trust_anchor,
};
use chitin::crypto::aws_lc_rs::ALL_CIPHER_SUITES;
use chitin::crypto::hash::HashAlgorithm;
use chitin::crypto::{
    CryptoProvider, WebPkiSupportedAlgorithms, raw_public_key, verify_tls12_signature,
    verify_tls12_signature_with_raw_key, verify_tls13_signature, verify_tls13_signature_with_raw_key,
};
use chitin::pki_types::{CertificateDer, ServerName, SubjectPublicKeyInfoDer, UnixTime};
use chitin::psk::{ExternalPsk, OfferedPsks, ServerPsks};
use chitin::server::danger::{ClientCertVerified, ClientCertVerifier};
use chitin::server::{
    CertificateType, ClientHello, ParsedCertificate, ProducesTickets, ResolvesServerCert,
    ServerSessionMemoryCache, StoresServerSessions, WebPkiClientVerifier,
};
use chitin::sign::{CertifiedKey, Credential, Signer, SigningKey};
use chitin::time_provider::{DefaultTimeProvider, TimeProvider};
use chitin::trace::{Direction, Event, KeyLevel, Trace};
use chitin::{
    CertificateError, ContentType, DigitallySignedStruct, DistinguishedName, Error, HandshakeType, KeyLog,
    NamedGroup, OtherError, PeerIncompatible, RootCertStore, SignatureAlgorithm, SignatureScheme,
};

/// What the parts have noted in the connection of now, and what they are to do in it.
#[derive(Default)]
pub struct Notes {
    pub verify_fail: bool,
    /// The failure is noted and the handshake goes on.
    pub soft: bool,
    /// No certificate is shown: the name of the reason, and the error.
    pub fail_certificate: Option<(&'static str, Error)>,
    pub decline_ocsp: bool,
    pub fail_ocsp: bool,
    /// A verifier that refuses says `certificate_unknown`; otherwise it has the alert of a failed negotiation.
    pub custom: bool,

    /// A part has ended the handshake of its own will: the name of its reason.
    pub refused: Option<&'static str>,
    /// The verifier's verdict, if it was asked.
    pub verified: Option<bool>,
    /// The name that the verifier was to look for.
    pub verified_name: Option<String>,
    pub peer_signature: Option<SignatureScheme>,
    pub ocsp: Vec<u8>,
    pub scts: Vec<Vec<u8>>,
    /// Index of the credential, -1 for the default one.
    pub selected: Option<i64>,
    pub peer_schemes: Vec<SignatureScheme>,
    pub authorities: Vec<Vec<u8>>,
    pub protocols: Option<Vec<Vec<u8>>>,
    /// The client's hello, as a server has received it.
    pub hello: Vec<u8>,
    pub sessions: usize,
    /// The suite of the session that was taken last.
    pub session_suite: Option<u16>,
    /// A session came that takes no early data.
    pub session_without_early_data: bool,
    /// What the server said of its other names with the last session that came.
    pub across_names: Option<bool>,
    /// Sessions that a server has stored, for which a client of TLS 1.2 then has an id.
    pub stored: usize,
    pub retried: bool,
    /// The types of keys that a server of TLS 1.2 has asked for. RFC 5246 section 7.4.4.
    pub certificate_types: Option<Vec<u8>>,
    pub messages: String,
    pub secrets: Vec<(String, Vec<u8>)>,
}

/// Shared by all parts.
#[derive(Clone, Default)]
pub struct Shared(Arc<Mutex<Notes>>);

impl Shared {
    pub fn lock(&self) -> MutexGuard<'_, Notes> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Shared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Shared")
    }
}

// ---- verification

/// Says what it is told to say about certificates; signatures it checks.
#[derive(Debug)]
pub struct Verifier {
    pub notes: Shared,
    pub algorithms: WebPkiSupportedAlgorithms,
    pub provider: Arc<CryptoProvider>,
    pub roots: Option<Arc<RootCertStore>>,
    pub schemes: Vec<SignatureScheme>,
    pub authorities: Vec<DistinguishedName>,
    pub ask: bool,
    pub require: bool,
    pub scts: bool,
    pub types: Vec<CertificateType>,
    /// SHA-256 of the one raw public key that is trusted.
    pub raw_key: Option<Vec<u8>>,
}

impl Verifier {
    fn judge(
        &self,
        end_entity: &CertificateDer<'_>,
        path: impl FnOnce(&RootCertStore) -> Result<(), Error>,
    ) -> Result<(), Error> {
        if let Some(key) = raw_public_key(end_entity) {
            return self.judge_raw_key(&key);
        }
        ParsedCertificate::try_from(end_entity)?;
        // Without roots the application believes every certificate, as applications with verifiers of their own do.
        let path = self.roots.as_deref().map_or(Ok(()), path);
        let mut notes = self.notes.lock();
        notes.verified = Some(path.is_ok() && !notes.verify_fail);
        match path {
            // One that goes on in spite of the verdict does not mind who has issued it. What a key is for is another matter.
            Err(Error::InvalidCertificate(CertificateError::UnknownIssuer)) if notes.soft => return Ok(()),
            path => path?,
        }
        if !notes.verify_fail || notes.soft {
            return Ok(());
        }
        Err(refusal(&mut notes))
    }

    /// Nobody vouches for a key: it is the one that is expected, whatever else a verifier would let pass.
    fn judge_raw_key(&self, key: &SubjectPublicKeyInfoDer<'_>) -> Result<(), Error> {
        let sha256 = sha256(key);
        let mut notes = self.notes.lock();
        let good = self.raw_key.as_ref().is_some_and(|pin| *pin == sha256) && !notes.verify_fail;
        notes.verified = Some(good);
        if good { Ok(()) } else { Err(refusal(&mut notes)) }
    }

    fn check(
        &self,
        how: impl Fn(&WebPkiSupportedAlgorithms) -> Result<HandshakeSignatureValid, Error>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.notes.lock().peer_signature = Some(dss.scheme);
        how(&self.algorithms)
    }
}

/// What a verifier says that does not trust the peer.
fn refusal(notes: &mut Notes) -> Error {
    notes.refused = Some(":CERTIFICATE_VERIFY_FAILED:");
    match notes.custom {
        true => CertificateError::Other(OtherError(Arc::new(AskedTo))).into(),
        false => NEGOTIATION_FAILED,
    }
}

/// SHA-256, of the provider.
pub fn sha256(bytes: &[u8]) -> Vec<u8> {
    let suites = ALL_CIPHER_SUITES.iter().filter_map(|suite| suite.tls13());
    let mut hashes = suites.map(|suite| suite.common.hash_provider);
    let hash = hashes.find(|hash| hash.algorithm() == HashAlgorithm::SHA256);
    hash.map(|hash| hash.hash(bytes).as_ref().to_vec()).unwrap_or_default()
}

/// What an application returns that wants the alert `handshake_failure`.
pub const NEGOTIATION_FAILED: Error = Error::PeerIncompatible(PeerIncompatible::NoSignatureSchemesInCommon);

/// Why a part refused.
#[derive(Debug)]
pub struct AskedTo;

impl fmt::Display for AskedTo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the runner asked for it")
    }
}

impl std::error::Error for AskedTo {}

impl ServerCertVerifier for Verifier {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let mut notes = self.notes.lock();
        notes.verified_name = Some(name.to_str().into_owned());
        notes.ocsp = ocsp_response.to_vec();
        if notes.fail_ocsp {
            return Err(CertificateError::InvalidOcspResponse.into());
        }
        drop(notes);
        self.judge(end_entity, |roots| {
            let parsed = ParsedCertificate::try_from(end_entity)?;
            verify_server_cert_signed_by_trust_anchor(&parsed, roots, intermediates, now, self.algorithms.all)
        })?;
        Ok(ServerCertVerified::assertion())
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
        self.notes.lock().scts = scts.iter().map(|sct| sct.to_vec()).collect();
        self.verify_server_cert(end_entity, intermediates, server_name, ocsp_response, now)
    }

    fn requests_scts(&self) -> bool {
        self.scts
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.check(
            |algorithms| match raw_public_key(cert) {
                Some(key) => verify_tls12_signature_with_raw_key(message, &key, dss, algorithms),
                None => verify_tls12_signature(message, cert, dss, algorithms),
            },
            dss,
        )
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.check(
            |algorithms| match raw_public_key(cert) {
                Some(key) => verify_tls13_signature_with_raw_key(message, &key, dss, algorithms),
                None => verify_tls13_signature(message, cert, dss, algorithms),
            },
            dss,
        )
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.schemes.clone()
    }

    fn certificate_types(&self) -> &[CertificateType] {
        &self.types
    }
}

impl ClientCertVerifier for Verifier {
    fn offer_client_auth(&self) -> bool {
        self.ask
    }

    fn client_auth_mandatory(&self) -> bool {
        self.require
    }

    fn root_hint_subjects(&self) -> &[DistinguishedName] {
        &self.authorities
    }

    fn verify_client_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        now: UnixTime,
    ) -> Result<ClientCertVerified, Error> {
        self.judge(end_entity, |roots| {
            let verifier = WebPkiClientVerifier::builder_with_provider(
                Arc::new(roots.clone()),
                Arc::clone(&self.provider),
            );
            let verifier = verifier.build().map_err(|e| Error::General(e.to_string()))?;
            verifier.verify_client_cert(end_entity, intermediates, now).map(drop)
        })?;
        Ok(ClientCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        ServerCertVerifier::verify_tls12_signature(self, message, cert, dss)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        ServerCertVerifier::verify_tls13_signature(self, message, cert, dss)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.schemes.clone()
    }

    fn certificate_types(&self) -> &[CertificateType] {
        &self.types
    }
}

// ---- credentials

/// One credential of the list.
#[derive(Debug)]
pub struct Choice {
    /// As `-expect-selected-credential` counts.
    pub index: i64,
    pub credential: Credential,
    /// The names of the issuers in its chain, if one of them has to be asked for.
    pub must_match: Option<Vec<Vec<u8>>>,
}

/// Takes the first that suits the peer.
#[derive(Debug)]
pub struct Resolver {
    pub notes: Shared,
    pub choices: Vec<Choice>,
    pub types: Vec<CertificateType>,
}

impl Resolver {
    /// If none suits, a server's library says why itself; a client's, which was asked for `typ`, would go on without.
    fn choose(
        &self,
        typ: CertificateType,
        schemes: &[SignatureScheme],
        authorities: &[&[u8]],
        accepts: impl Fn(&Credential) -> bool,
        server: bool,
    ) -> Option<Credential> {
        let mut notes = self.notes.lock();
        notes.peer_schemes = schemes.to_vec();
        notes.authorities = authorities.iter().map(|name| name.to_vec()).collect();
        let refuse = |notes: &mut Notes, name, error| {
            notes.refused = Some(name);
            let key = Arc::new(RefusingKey(error));
            // Nobody gets to see a chain that is not there.
            let nothing = match typ {
                CertificateType::RawPublicKey => NO_KEY,
                _ => NO_CERTIFICATE,
            };
            let nothing = || vec![CertificateDer::from(nothing)];
            let of_type = |choice: &&Choice| choice.credential.certificate_type() == typ;
            let last = self.choices.iter().rev().find(of_type);
            let chain = last.map_or_else(nothing, |choice| choice.credential.certified_key().cert.clone());
            Some(Credential::from(CertifiedKey::new(chain, key)))
        };
        if let Some((name, error)) = notes.fail_certificate.clone() {
            return refuse(&mut notes, name, error);
        }
        if self.choices.is_empty() {
            return None;
        }
        let asked_for =
            |names: &Vec<Vec<u8>>| names.iter().any(|name| authorities.contains(&name.as_slice()));
        let by_issuer: Vec<&Choice> =
            self.choices.iter().filter(|c| c.must_match.as_ref().is_none_or(asked_for)).collect();
        let choice = by_issuer.iter().find(|choice| accepts(&choice.credential));
        let choice = choice.or_else(|| by_issuer.last().filter(|_| server));
        let Some(choice) = choice else {
            // The library would go on without a certificate. This application insists on showing one.
            let of_type = |types: &Vec<u8>| {
                by_issuer.iter().any(|c| types.contains(&key_type(c.credential.certified_key())))
            };
            let name = match by_issuer.is_empty() {
                true => ":NO_MATCHING_ISSUER:",
                false if by_issuer.iter().all(|c| c.credential.certificate_type() != typ) => {
                    ":UNKNOWN_CERTIFICATE_TYPE:"
                }
                false if !notes.certificate_types.as_ref().is_none_or(of_type) => {
                    ":UNKNOWN_CERTIFICATE_TYPE:"
                }
                false => ":NO_COMMON_SIGNATURE_ALGORITHMS:",
            };
            return refuse(&mut notes, name, NEGOTIATION_FAILED);
        };
        notes.selected = Some(choice.index);
        Some(choice.credential.clone())
    }
}

impl ResolvesServerCert for Resolver {
    /// Nobody calls it: there is more to show than it could give.
    fn resolve(&self, hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        let credential = ResolvesServerCert::resolve_credential(self, hello)?;
        Some(Arc::clone(credential.certified_key()))
    }

    fn resolve_credential(&self, hello: ClientHello<'_>) -> Option<Credential> {
        let authorities: Vec<&[u8]> =
            hello.certificate_authorities().unwrap_or_default().iter().map(AsRef::as_ref).collect();
        let accepts = |credential: &Credential| hello.accepts(credential);
        let typ = hello.server_cert_types().and_then(|types| types.first()).copied().unwrap_or_default();
        let chosen = self.choose(typ, hello.signature_schemes(), &authorities, accepts, true)?;
        let key = chosen.certified_key();
        let mut notes = self.notes.lock();
        if notes.fail_ocsp {
            notes.refused = Some(":OCSP_CB_ERROR:");
            let error = Error::Other(OtherError(Arc::new(AskedTo)));
            return Some(CertifiedKey::new(key.cert.clone(), Arc::new(RefusingKey(error))).into());
        }
        if notes.decline_ocsp {
            return Some(CertifiedKey { ocsp: None, ..(**key).clone() }.into());
        }
        Some(chosen)
    }

    fn certificate_types(&self) -> &[CertificateType] {
        &self.types
    }
}

impl ResolvesClientCert for Resolver {
    fn resolve(&self, hints: &[&[u8]], schemes: &[SignatureScheme]) -> Option<Arc<CertifiedKey>> {
        self.choose(CertificateType::X509, schemes, hints, |credential| signs(credential, schemes), false)
            .map(|credential| Arc::clone(credential.certified_key()))
    }

    fn resolve_credential(&self, request: CertificateRequest<'_>) -> Option<Credential> {
        let authorities: Vec<&[u8]> = request.authorities().collect();
        let schemes = request.signature_schemes();
        let typ = request.certificate_type();
        let accepts = |credential: &Credential| match credential.is_delegated() {
            true => request.accepts(credential),
            false => credential.certificate_type() == typ && signs(credential, schemes),
        };
        self.choose(typ, schemes, &authorities, accepts, false)
    }

    fn certificate_types(&self) -> &[CertificateType] {
        &self.types
    }

    fn has_certs(&self) -> bool {
        true // or at least an opinion
    }
}

/// A sequence with nothing in it, and one that has the form of a raw public key: of the algorithm 0.0, with no bits.
const NO_CERTIFICATE: &[u8] = &[0x30, 0];
const NO_KEY: &[u8] = &[0x30, 8, 0x30, 3, 6, 1, 0, 3, 1, 0];

/// Has the key a scheme for this peer?
fn signs(credential: &Credential, schemes: &[SignatureScheme]) -> bool {
    credential.certified_key().key.choose_scheme(schemes).is_some()
}

/// The ClientCertificateType of a key: rsa_sign, or ecdsa_sign, which stands for Edwards curves too (RFC 8422 section 5.5).
fn key_type(key: &CertifiedKey) -> u8 {
    match key.key.algorithm() {
        SignatureAlgorithm::RSA => 1,
        SignatureAlgorithm::ECDSA | SignatureAlgorithm::ED25519 | SignatureAlgorithm::ED448 => 64,
        _ => 0,
    }
}

/// A key whose owner has decided that there shall be no handshake.
#[derive(Debug)]
struct RefusingKey(Error);

impl SigningKey for RefusingKey {
    fn choose_scheme(&self, offered: &[SignatureScheme]) -> Option<Box<dyn Signer>> {
        Some(Box::new(RefusingSigner { error: self.0.clone(), scheme: *offered.first()? }))
    }

    fn algorithm(&self) -> SignatureAlgorithm {
        SignatureAlgorithm::ECDSA
    }
}

#[derive(Debug)]
struct RefusingSigner {
    error: Error,
    scheme: SignatureScheme,
}

impl Signer for RefusingSigner {
    fn sign(&self, _: &[u8]) -> Result<Vec<u8>, Error> {
        Err(self.error.clone())
    }

    fn scheme(&self) -> SignatureScheme {
        self.scheme
    }
}

/// A key that signs in the order of its owner, and only with what the owner allows.
#[derive(Debug)]
pub struct PreferringKey {
    pub key: Arc<dyn SigningKey>,
    pub schemes: Vec<SignatureScheme>,
}

impl SigningKey for PreferringKey {
    fn choose_scheme(&self, offered: &[SignatureScheme]) -> Option<Box<dyn Signer>> {
        let common = self.schemes.iter().filter(|scheme| offered.contains(scheme));
        common.into_iter().find_map(|scheme| self.key.choose_scheme(&[*scheme]))
    }

    fn public_key(&self) -> Option<SubjectPublicKeyInfoDer<'_>> {
        self.key.public_key()
    }

    fn algorithm(&self) -> SignatureAlgorithm {
        self.key.algorithm()
    }
}

// ---- keys

/// Takes keys and certificates in the order of the credentials.
#[derive(Debug)]
pub struct Psks {
    /// The key, or a certificate.
    pub order: Vec<Result<ExternalPsk, Credential>>,
}

impl ServerPsks for Psks {
    fn find(&self, identity: &[u8]) -> Option<ExternalPsk> {
        self.order.iter().flatten().find(|psk| psk.identity() == identity).cloned()
    }

    fn choose(&self, offered: &OfferedPsks<'_>) -> Option<ExternalPsk> {
        let usable = self.order.iter().find(|credential| match credential {
            Ok(psk) => offered.has(psk),
            Err(certificate) => offered.client_hello().accepts(certificate),
        });
        usable?.as_ref().ok().cloned()
    }
}

// ---- sessions, time, observation

/// Keeps sessions of one server, newest last.
#[derive(Debug)]
pub struct Sessions {
    pub notes: Shared,
    kept: Mutex<(Option<Tls12ClientSessionValue>, Vec<Tls13ClientSessionValue>)>,
}

impl Sessions {
    pub fn new(notes: Shared) -> Self {
        Self { notes, kept: Mutex::default() }
    }

    fn kept(&self) -> MutexGuard<'_, (Option<Tls12ClientSessionValue>, Vec<Tls13ClientSessionValue>)> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl ClientSessionStore for Sessions {
    fn set_kx_hint(&self, _: ServerName<'static>, _: NamedGroup) {}

    fn kx_hint(&self, _: &ServerName<'_>) -> Option<NamedGroup> {
        None
    }

    fn set_tls12_session(&self, _: ServerName<'static>, value: Tls12ClientSessionValue) {
        self.notes.lock().sessions += 1;
        self.kept().0 = Some(value);
    }

    fn tls12_session(&self, _: &ServerName<'_>) -> Option<Tls12ClientSessionValue> {
        self.kept().0.clone()
    }

    fn remove_tls12_session(&self, _: &ServerName<'static>) {
        self.kept().0 = None;
    }

    fn insert_tls13_ticket(&self, _: ServerName<'static>, value: Tls13ClientSessionValue) {
        let mut notes = self.notes.lock();
        notes.sessions += 1;
        notes.session_without_early_data |= value.max_early_data_size() == 0;
        notes.across_names = Some(value.resumable_across_names());
        self.kept().1.push(value);
    }

    fn take_tls13_ticket(&self, _: &ServerName<'static>) -> Option<Tls13ClientSessionValue> {
        let session = self.kept().1.pop();
        let suite = session.as_ref().map(|session| u16::from(session.suite().common.suite));
        self.notes.lock().session_suite = suite;
        session
    }
}

/// Keeps the sessions of a server, and counts.
#[derive(Debug)]
pub struct ServerSessions {
    pub notes: Shared,
    pub kept: Arc<ServerSessionMemoryCache>,
}

impl StoresServerSessions for ServerSessions {
    fn put(&self, key: Vec<u8>, value: Vec<u8>) -> bool {
        self.notes.lock().stored += 1;
        self.kept.put(key, value)
    }

    fn get(&self, key: &[u8]) -> Option<Vec<u8>> {
        self.kept.get(key)
    }

    fn take(&self, key: &[u8]) -> Option<Vec<u8>> {
        self.kept.take(key)
    }

    fn can_cache(&self) -> bool {
        self.kept.can_cache()
    }
}

/// For servers that are to make and take no tickets.
#[derive(Debug)]
pub struct NoTickets;

impl ProducesTickets for NoTickets {
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

/// Stands still at the time when the process began, but where it is moved ahead: cases count in whole seconds.
#[derive(Clone, Debug)]
pub struct Clock(Arc<AtomicU64>);

impl Default for Clock {
    fn default() -> Self {
        let now = DefaultTimeProvider.current_time().map_or(0, |now| now.as_secs());
        Self(Arc::new(AtomicU64::new(now)))
    }
}

impl Clock {
    pub fn advance(&self, secs: u64) {
        self.0.fetch_add(secs, Ordering::Relaxed);
    }
}

impl TimeProvider for Clock {
    fn current_time(&self) -> Option<UnixTime> {
        let secs = self.0.load(Ordering::Relaxed);
        Some(UnixTime::since_unix_epoch(std::time::Duration::from_secs(secs)))
    }
}

/// Notes messages in the words of `-expect-msg-callback`.
#[derive(Debug)]
pub struct Observer(pub Shared);

impl Trace for Observer {
    fn event(&self, event: Event<'_>) {
        let word = |direction: Direction| match direction {
            Direction::In => "read",
            Direction::Out => "write",
        };
        let mut notes = self.0.lock();
        let line = match event {
            Event::Message { direction, typ, bytes, level } => {
                if (direction, typ) == (Direction::In, HandshakeType::ClientHello) {
                    notes.hello = bytes.to_vec();
                }
                notes.retried |= typ == HandshakeType::HelloRetryRequest;
                // In TLS 1.3 it is never in the clear.
                if typ == HandshakeType::CertificateRequest && level == KeyLevel::Plaintext {
                    let types = bytes.get(4..).and_then(|body| body.split_first());
                    notes.certificate_types =
                        types.and_then(|(len, rest)| rest.get(..usize::from(*len))).map(<[u8]>::to_vec);
                }
                // It is a ServerHello on the wire.
                let typ =
                    if typ == HandshakeType::HelloRetryRequest { HandshakeType::ServerHello } else { typ };
                format!("{} hs {}\n", word(direction), u8::from(typ))
            }
            Event::HiddenHello(_) => "write clienthelloinner\n".into(),
            Event::Record { direction, content: ContentType::ChangeCipherSpec, .. } => {
                format!("{} ccs\n", word(direction))
            }
            Event::Alert { direction, fatal, description } => {
                let level = if fatal { 2 } else { 1 };
                format!("{} alert {level} {}\n", word(direction), u8::from(description))
            }
            _ => return,
        };
        notes.messages += &line;
    }
}

impl KeyLog for Observer {
    fn log(&self, label: &str, _: &[u8], secret: &[u8]) {
        self.0.lock().secrets.push((label.to_owned(), secret.to_vec()));
    }
}
