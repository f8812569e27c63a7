//! The client of TLS 1.2, in the order of RFC 5246 figures 1 and 2: ECDHE with AEAD suites, and nothing else.
//!
//! ```text
//!   ClientHello                  -->                                    -->
//!                                <--  ServerHello                       <--  ServerHello
//!                                <--  Certificate                       <--  (NewSessionTicket)
//!                                <--  (CertificateStatus)               <--  [ChangeCipherSpec]
//!                                <--  ServerKeyExchange                 <--  Finished
//!                                <--  (CertificateRequest)              -->  [ChangeCipherSpec]
//!                                <--  ServerHelloDone                   -->  Finished
//!  (Certificate)                 -->
//!   ClientKeyExchange            -->          a session that is resumed
//!  (CertificateVerify)           -->
//!  [ChangeCipherSpec]            -->
//!   Finished                     -->
//!                                <--  (NewSessionTicket)
//!                                <--  [ChangeCipherSpec]
//!                                <--  Finished
//! ```
//!
//! The hello is that of `offer.rs`, for both versions; `client13.rs` hands over when the server has chosen this one.
//!
//! Two things lead off the full handshake and have files of their own: sessions, resumed or kept (`client12/sessions.rs`), and a
//! server that asks for a certificate (`client12/client_auth.rs`).

mod client_auth;
mod sessions;

use alloc::boxed::Box;
use alloc::sync::Arc;
use alloc::vec;
use alloc::vec::Vec;

use pki_types::{CertificateDer, UnixTime};

use crate::carrier::Direction;
use crate::config::sessions::GoesBack;
use crate::crypto::SupportedKxGroup;
use crate::crypto::credential::{Checks, Credential};
use crate::crypto::suites::{SupportedCipherSuite, Tls12CipherSuite};
use crate::crypto::verify::{DigitallySignedStruct, key_type_of};
use crate::error::{Error, InvalidMessage, PeerIncompatible, PeerMisbehaved};
use crate::flow::cert_types;
use crate::flow::certs::{self, PeerChain};
use crate::flow::client12::client_auth::{Request, Signing};
use crate::flow::client12::sessions::{resume, store_session};
use crate::flow::cx::Cx;
use crate::flow::offer::{Asked, Offer};
use crate::flow::question::{Answer, Question};
use crate::flow::replies::{self, Reply};
use crate::flow::size_limit;
use crate::flow::transcript12::Messages;
use crate::flow::unexpected;
use crate::names::{
    CertificateStatusType, CertificateType, Compression, HandshakeKind, HandshakeType, ProtocolVersion,
    SessionId,
};
use crate::record::joiner::Message;
use crate::schedule::tls12::{KeyBlock, KeyHalf, Label, MasterSecret, Randoms};
use crate::schedule::transcript::Unhashed;
use crate::wire::codec::{Opaque, Wire};
use crate::wire::extensions::ServerHello12Extensions;
use crate::wire::server_hello::ServerHello;
use crate::wire::tls12::{CertificateStatus, ClientKeyExchange, NewSessionTicket12, ServerKeyExchange};

/// What is waited for, and between it the questions.
pub(crate) enum Client {
    WaitCertificate(Box<Begun>),
    WaitCertificateStatusOrServerKeyExchange(Box<Presented>),
    WaitServerKeyExchange(Box<Presented>),
    WaitCertificateRequestOrServerHelloDone(Box<Claimed>),
    WaitServerHelloDone(Box<Claimed>),
    AskVerdict(Box<Claimed>),
    AskCertificate(Box<Authenticated>),
    AskSignature(Box<Signing>),
    WaitNewSessionTicket(Box<Flown>),
    WaitChangeCipherSpec(Box<Flown>),
    WaitFinished(Box<Flown>),
    Connected,
}

use Client::*;

impl Client {
    /// The legal order of messages, whole; the ChangeCipherSpec between them is in `on_ccs`.
    pub(crate) fn on_message(self, m: Message<'_>, cx: &mut Cx<'_>) -> Result<Self, Error> {
        use HandshakeType as T;
        match (self, m.typ) {
            (WaitCertificate(s), T::Certificate) => s.read_certificate(m),
            (WaitCertificateStatusOrServerKeyExchange(s), T::CertificateStatus) => {
                s.read_certificate_status(m)
            }
            (WaitCertificateStatusOrServerKeyExchange(s), T::ServerKeyExchange) => {
                s.read_server_key_exchange(m)
            }
            (WaitServerKeyExchange(s), T::ServerKeyExchange) => s.read_server_key_exchange(m),
            (WaitCertificateRequestOrServerHelloDone(s), T::CertificateRequest) => {
                s.read_certificate_request(m)
            }
            (WaitCertificateRequestOrServerHelloDone(s), T::ServerHelloDone) => s.read_server_hello_done(m),
            (WaitServerHelloDone(s), T::ServerHelloDone) => s.read_server_hello_done(m),
            (WaitNewSessionTicket(s), T::NewSessionTicket) => s.read_new_session_ticket(m),
            (WaitFinished(s), T::Finished) => s.read_finished(m, cx),
            (state, got) => {
                state.forget_session();
                match state {
                    WaitChangeCipherSpec(_) => Err(certs::missing_ccs()),
                    _ => Err(unexpected(got, state.expects())),
                }
            }
        }
    }

    /// RFC 5246 section 7.1: what comes behind it is under the keys that were agreed.
    pub(crate) fn on_ccs(self, cx: &mut Cx<'_>) -> Result<Self, Error> {
        match self {
            WaitChangeCipherSpec(s) => s.read_change_cipher_spec(cx),
            _ => {
                self.forget_session();
                Err(certs::unexpected_ccs())
            }
        }
    }

    /// The connection fails: a session that it was about to resume is not offered again.
    pub(crate) fn forget_session(&self) {
        if let WaitNewSessionTicket(s) | WaitChangeCipherSpec(s) | WaitFinished(s) = self {
            s.common.forget_session();
        }
    }

    fn expects(&self) -> Vec<HandshakeType> {
        use HandshakeType as T;
        match self {
            WaitCertificate(_) => vec![T::Certificate],
            WaitCertificateStatusOrServerKeyExchange(_) => vec![T::CertificateStatus, T::ServerKeyExchange],
            WaitServerKeyExchange(_) => vec![T::ServerKeyExchange],
            WaitCertificateRequestOrServerHelloDone(_) => vec![T::CertificateRequest, T::ServerHelloDone],
            WaitServerHelloDone(_) => vec![T::ServerHelloDone],
            WaitNewSessionTicket(_) => vec![T::NewSessionTicket],
            WaitFinished(_) => vec![T::Finished],
            AskVerdict(_) | AskCertificate(_) | AskSignature(_) | WaitChangeCipherSpec(_) | Connected => {
                vec![]
            }
        }
    }

    /// The name of the state, for observers and tests.
    pub(crate) fn name(&self) -> &'static str {
        match self {
            WaitCertificate(_) => "WaitCertificate",
            WaitCertificateStatusOrServerKeyExchange(_) => "WaitCertificateStatusOrServerKeyExchange",
            WaitServerKeyExchange(_) => "WaitServerKeyExchange",
            WaitCertificateRequestOrServerHelloDone(_) => "WaitCertificateRequestOrServerHelloDone",
            WaitServerHelloDone(_) => "WaitServerHelloDone",
            AskVerdict(_) => "AskVerdict",
            AskCertificate(_) => "AskCertificate",
            AskSignature(_) => "AskSignature",
            WaitNewSessionTicket(_) => "WaitNewSessionTicket",
            WaitChangeCipherSpec(_) => "WaitChangeCipherSpec",
            WaitFinished(_) => "WaitFinished",
            Connected => "Connected",
        }
    }

    pub(crate) fn question(&self) -> Option<Question<'_>> {
        Some(match self {
            AskVerdict(s) => Question::VerifyServer {
                verifier: &s.common.asked.config.verifier,
                chain: &s.chain.certificates,
                name: &s.common.asked.name,
                ocsp: &s.chain.ocsp,
                scts: &s.chain.scts,
                now: s.now?,
            },
            AskCertificate(s) => {
                let request = s.request.as_ref()?;
                Question::ClientCertificate {
                    resolver: &s.common.asked.config.client_auth_cert_resolver,
                    request: request.view(&s.common.asked.config),
                }
            }
            AskSignature(s) => s.question(),
            _ => return None,
        })
    }

    pub(crate) fn on_answer(self, answer: Answer, cx: &mut Cx<'_>) -> Result<Self, Error> {
        match (self, answer) {
            (AskVerdict(s), Answer::Verified) => s.check_signature(cx),
            (AskCertificate(s), Answer::Certificate(credential)) => s.send_client_flight(credential, cx),
            (AskSignature(s), Answer::Signature(signature)) => s.send_certificate_verify(&signature, cx),
            _ => Err(Error::General("an answer to a question that was not asked".into())),
        }
    }
}

// ---- ServerHello

/// What every state of a handshake has.
pub(crate) struct Common {
    asked: Asked,
    /// What we have to show if we are asked.
    client_type: CertificateType,
    suite: &'static Tls12CipherSuite,
    randoms: Randoms,
    messages: Messages,
    /// RFC 7627: the master secret covers the handshake.
    ems: bool,
    /// The server's name for the session, if it keeps it.
    session_id: SessionId,
    /// The server has announced a NewSessionTicket.
    ticket_comes: bool,
    ticket: Option<(u32, Arc<[u8]>)>,
    /// The full handshake that the session goes back to; `None` if this is one.
    goes_back: Option<GoesBack>,
}

/// Takes over from the version-agnostic start: the server has chosen TLS 1.2.
pub(crate) fn read_server_hello(
    mut offer: Box<Offer>,
    transcript: Unhashed,
    hello: &ServerHello<'_>,
    m: Message<'_>,
    cx: &mut Cx<'_>,
) -> Result<Client, Error> {
    if hello.compression != Compression::Null {
        return Err(PeerMisbehaved::SelectedUnofferedCompression.into());
    }
    let extensions = hello.tls12_extensions()?;
    replies::check(&extensions.seen, Reply::ServerHello12, |code| offer.offered(code))?;
    // An echo says that the session is resumed, whether it was named by its id or by a ticket. RFC 5077 section 3.4.
    let echoed = !offer.session_id.is_empty() && hello.session_id.0 == offer.session_id.as_slice();
    let session = offer.take_session12().filter(|_| echoed);
    if echoed && session.is_none() {
        return Err(match offer.offers_psk() {
            true => PeerMisbehaved::ResumptionOfferedWithVariedVersion.into(),
            false => PeerMisbehaved::ServerEchoedCompatibilitySessionId.into(),
        });
    }
    let suite = offer.suite12(hello.cipher_suite).ok_or(PeerMisbehaved::SelectedUnofferedCipherSuite)?;
    let ems = check_extensions(&offer, &extensions)?;
    let (server, client) = (extensions.server_certificate_type, extensions.client_certificate_type);
    size_limit::check(extensions.record_size_limit)?;
    if let Some(protocol) = extensions.application_layer_protocol_negotiation {
        cx.facts.alpn = Some(protocol.0.into());
    }

    let randoms = Randoms { client: offer.random, server: hello.random };
    cx.facts.version = Some(ProtocolVersion::TLSv1_2);
    cx.facts.suite = Some(SupportedCipherSuite::Tls12(suite));
    cx.carrier.set_version12();
    let mut messages = match session {
        Some(_) => Messages::unkept(&transcript, suite.common.hash_provider),
        None => Messages::new(transcript, suite.common.hash_provider),
    };
    messages.add(m.raw);
    let common = Common {
        client_type: cert_types::chosen(client, offer.client_types())?,
        asked: offer.into_asked(),
        suite,
        randoms,
        messages,
        ems,
        session_id: SessionId::new(hello.session_id.0),
        ticket_comes: extensions.session_ticket.is_some(),
        ticket: None,
        goes_back: session.as_ref().map(|session| session.goes_back()),
    };

    if let Some(limit) = extensions.record_size_limit {
        size_limit::obey(limit, ProtocolVersion::TLSv1_2, cx);
        size_limit::enforce(common.asked.size_limit, cx);
    }
    match session {
        Some(session) => {
            // Nothing is shown, so nothing has to be chosen.
            cert_types::chosen(server, common.asked.server_types.as_slice())?;
            resume(common, session, cx)
        }
        None => {
            let server_type = cert_types::of_server(server, common.asked.server_types.as_slice())?;
            cx.facts.kind = Some(HandshakeKind::Full);
            let status_comes = extensions.status_request.is_some();
            let scts = certs::read_scts(extensions.signed_certificate_timestamp);
            Ok(WaitCertificate(Box::new(Begun { common, server_type, status_comes, scts })))
        }
    }
}

/// Gives whether the extended master secret is in use.
fn check_extensions(offer: &Offer, extensions: &ServerHello12Extensions<'_>) -> Result<bool, Error> {
    // RFC 5746 section 3.4: on a first handshake there is nothing to bind to.
    if extensions.renegotiation_info.is_some_and(|info| !info.0.is_empty()) {
        return Err(PeerMisbehaved::InvalidRenegotiationInfo.into());
    }
    if extensions.ec_point_formats.is_some_and(|formats| !certs::has_uncompressed(formats)) {
        return Err(PeerMisbehaved::ServerHelloMustOfferUncompressedEcPoints.into());
    }
    if let Some(protocol) = extensions.application_layer_protocol_negotiation {
        if offer.config().check_selected_alpn && !offer.offered_protocol(protocol.0) {
            return Err(PeerMisbehaved::SelectedUnofferedApplicationProtocol.into());
        }
    }
    let ems = extensions.extended_master_secret.is_some();
    if !ems && offer.config().require_ems {
        return Err(PeerIncompatible::ExtendedMasterSecretExtensionRequired.into());
    }
    Ok(ems)
}

// ---- Certificate, CertificateStatus

/// A full handshake has begun.
pub(crate) struct Begun {
    common: Common,
    server_type: CertificateType,
    status_comes: bool,
    /// TLS 1.2 has them in ServerHello. RFC 6962 section 3.3.1.
    scts: Vec<Vec<u8>>,
}

impl Begun {
    fn read_certificate(mut self: Box<Self>, m: Message<'_>) -> Result<Client, Error> {
        let chain = certs::read_chain12(m.body, self.server_type)?;
        // RFC 5246 section 7.4.2: a server always has one.
        if chain.certificates.is_empty() {
            return Err(InvalidMessage::IllegalEmptyList("certificate_list").into());
        }
        let raw = self.server_type == CertificateType::RawPublicKey;
        if raw && (self.status_comes || !self.scts.is_empty()) {
            return Err(PeerMisbehaved::RawPublicKeyWithStaples.into());
        }
        self.common.check_key_type(&chain.certificates)?;
        self.common.messages.add(m.raw);
        let Self { common, status_comes, scts, .. } = *self;
        let chain = PeerChain { scts, ..chain };
        let presented = Box::new(Presented { common, chain });
        Ok(match status_comes {
            true => WaitCertificateStatusOrServerKeyExchange(presented),
            false => WaitServerKeyExchange(presented),
        })
    }
}

impl Common {
    /// The server's key has to go with the suite that the server has chosen (RFC 5246 section 7.4.2), and lies on a curve that we
    /// named (RFC 8422 sections 5.1 and 5.3). What is no certificate is for the verifier to judge.
    fn check_key_type(&self, certificates: &[CertificateDer<'static>]) -> Result<(), Error> {
        let Some(key) = certificates.first().and_then(key_type_of) else { return Ok(()) };
        if !self.suite.sign.iter().any(|scheme| Some(scheme.algorithm()) == key.algorithm) {
            return Err(PeerMisbehaved::CertificateForAnotherCipherSuite.into());
        }
        match key.curve.is_none_or(|curve| self.asked.offered_group(curve)) {
            true => Ok(()),
            false => Err(PeerMisbehaved::CertificateOnUnofferedCurve.into()),
        }
    }
}

/// A chain has been seen; who sent it is not known yet.
pub(crate) struct Presented {
    common: Common,
    chain: PeerChain,
}

impl Presented {
    /// RFC 6066 section 8: it may come if it was announced.
    fn read_certificate_status(mut self: Box<Self>, m: Message<'_>) -> Result<Client, Error> {
        let message = CertificateStatus::read_all(m.body)?;
        if message.kind != CertificateStatusType::OCSP {
            return Err(InvalidMessage::InvalidCertificateStatusType.into());
        }
        self.chain.ocsp = message.response.0.to_vec();
        self.common.messages.add(m.raw);
        Ok(WaitServerKeyExchange(self))
    }

    // ---- ServerKeyExchange

    /// RFC 8422 section 5.4.
    fn read_server_key_exchange(mut self: Box<Self>, m: Message<'_>) -> Result<Client, Error> {
        let message = ServerKeyExchange::read_all(m.body)?;
        let asked = &self.common.asked;
        let group = asked.group12(message.params.group).ok_or(PeerMisbehaved::SelectedUnofferedKxGroup)?;
        if !asked.offered_scheme(message.scheme) {
            return Err(PeerMisbehaved::SignedHandshakeWithUnadvertisedSigScheme.into());
        }
        // The suite says which kind of key signs.
        if !self.common.suite.sign.contains(&message.scheme) {
            return Err(PeerMisbehaved::SignedKxWithWrongAlgorithm.into());
        }
        let signed = [&self.common.randoms.client_first(), message.params_raw].concat();
        let signature = DigitallySignedStruct::new(message.scheme, message.signature.0.to_vec());
        let exchange = Exchange { group, signed, public_len: message.params.public.0.len() };
        self.common.messages.add(m.raw);
        let Self { common, chain } = *self;
        let claimed = Claimed { common, chain, exchange, signature, request: None, now: None };
        Ok(WaitCertificateRequestOrServerHelloDone(Box::new(claimed)))
    }
}

// ---- CertificateRequest, ServerHelloDone

/// A chain and a signature are here; neither has been checked.
pub(crate) struct Claimed {
    common: Common,
    chain: PeerChain,
    exchange: Exchange,
    signature: DigitallySignedStruct,
    request: Option<Request>,
    /// When the server had said all: the time of the verdict.
    now: Option<UnixTime>,
}

/// The server's part of the key exchange. RFC 8422 section 5.4.
struct Exchange {
    group: &'static dyn SupportedKxGroup,
    /// What is signed: both randoms, and the parameters, which end with the public key.
    signed: Vec<u8>,
    public_len: usize,
}

impl Exchange {
    fn public(&self) -> &[u8] {
        let at = self.signed.len().saturating_sub(self.public_len);
        self.signed.get(at..).unwrap_or_default()
    }
}

impl Claimed {
    fn read_server_hello_done(mut self: Box<Self>, m: Message<'_>) -> Result<Client, Error> {
        <()>::read_all(m.body).map_err(|_| InvalidMessage::TrailingData("ServerHelloDone"))?;
        self.common.messages.add(m.raw);
        if self.request.is_none() {
            self.common.messages.forget();
        }
        self.now = Some(self.common.asked.now()?);
        Ok(AskVerdict(self))
    }

    /// The chain is good. Did its key sign this key exchange?
    fn check_signature(self: Box<Self>, cx: &mut Cx<'_>) -> Result<Client, Error> {
        let verifier = &self.common.asked.config.verifier;
        certs::check_signature(&self.chain, |leaf| {
            verifier.verify_tls12_signature(&self.exchange.signed, leaf, &self.signature)
        })?;
        let Self { common, chain, exchange, request, .. } = *self;
        let chain: Arc<[_]> = chain.certificates.into();
        cx.facts.peer = Some(chain.clone());
        cx.facts.group = Some(exchange.group);
        let wanted = request.is_some();
        let authenticated = Authenticated { common, chain, exchange, request };
        match wanted {
            true => Ok(AskCertificate(Box::new(authenticated))),
            false => authenticated.send_client_flight(None, cx),
        }
    }
}

// ---- the client's flight

/// The server is who it should be.
pub(crate) struct Authenticated {
    common: Common,
    chain: Arc<[CertificateDer<'static>]>,
    exchange: Exchange,
    request: Option<Request>,
}

impl Authenticated {
    /// Certificate, if it was asked for, and ClientKeyExchange. RFC 5246 sections 7.4.6 and 7.4.7.
    fn send_client_flight(self, credential: Option<Credential>, cx: &mut Cx<'_>) -> Result<Client, Error> {
        let Self { mut common, chain, exchange: theirs, request } = self;
        let usable = match &request {
            Some(request) => {
                let checks = Checks { schemes: &request.schemes, delegated: &[] };
                certs::usable(credential, request.certificate_type, &checks)?
            }
            None => None,
        };
        if let Some(request) = &request {
            let ours = usable.as_ref().map_or(&[][..], |(credential, _)| credential.shown());
            let typ = request.certificate_type;
            common.messages.emit(cx, HandshakeType::Certificate, |out| certs::write_chain12(out, typ, ours));
        }
        let exchange = theirs.group.start()?;
        let key_exchange = ClientKeyExchange { public: Opaque(exchange.pub_key()) };
        let messages = &mut common.messages;
        messages.emit(cx, HandshakeType::ClientKeyExchange, |out| key_exchange.write(out));

        // RFC 7627 section 4: the session hash ends with ClientKeyExchange.
        let session_hash = common.ems.then(|| messages.current());
        let (public, seed) = (theirs.public(), session_hash.as_ref());
        let master = MasterSecret::agree(common.suite, exchange, public, seed, &common.randoms)?;
        cx.log_secret("CLIENT_RANDOM", master.as_secret().as_bytes())?;
        let mut keyed = Keyed { common, master, chain };
        match usable {
            None => keyed.send_finished(cx),
            Some((_, signer)) => {
                let message = keyed.common.messages.take_kept();
                Ok(AskSignature(Box::new(Signing { keyed, signer, message })))
            }
        }
    }
}

/// The master secret is agreed.
struct Keyed {
    common: Common,
    master: MasterSecret,
    chain: Arc<[CertificateDer<'static>]>,
}

impl Common {
    /// ChangeCipherSpec and Finished.
    fn emit_finished(&mut self, keys: KeyHalf, master: &MasterSecret, cx: &mut Cx<'_>) -> Result<(), Error> {
        cx.change_cipher_spec(keys, self.suite)?;
        let verify_data = master.verify_data(Label::Client, &self.messages.current());
        self.messages.emit(cx, HandshakeType::Finished, |out| out.extend_from_slice(verify_data.as_bytes()));
        Ok(())
    }
}

impl Keyed {
    fn send_finished(self, cx: &mut Cx<'_>) -> Result<Client, Error> {
        let Self { mut common, master, chain } = self;
        let KeyBlock { client, server } = master.key_block(&common.randoms);
        common.emit_finished(client, &master, cx)?;
        let ticket_comes = common.ticket_comes;
        let flown = Box::new(Flown { common, master, keys: Keys::Read(server), chain });
        Ok(if ticket_comes { WaitNewSessionTicket(flown) } else { WaitChangeCipherSpec(flown) })
    }
}

// ---- NewSessionTicket, ChangeCipherSpec, Finished

/// What the server says last in either form of the handshake.
pub(crate) struct Flown {
    common: Common,
    master: MasterSecret,
    keys: Keys,
    chain: Arc<[CertificateDer<'static>]>,
}

/// The keys that are still to be switched to.
enum Keys {
    /// A session is resumed: the server goes first.
    Both(KeyBlock),
    /// Ours are in use already.
    Read(KeyHalf),
    /// And so are the server's; what is left are ours, if the server went first.
    Write(Option<KeyHalf>),
}

impl Flown {
    /// RFC 5077 section 3.3. It may be empty: the server has changed its mind.
    fn read_new_session_ticket(mut self: Box<Self>, m: Message<'_>) -> Result<Client, Error> {
        let message = NewSessionTicket12::read_all(m.body).inspect_err(|_| self.common.forget_session())?;
        self.common.ticket = Some((message.lifetime_hint, message.ticket.0.into()));
        self.common.messages.add(m.raw);
        Ok(WaitChangeCipherSpec(self))
    }

    fn read_change_cipher_spec(mut self: Box<Self>, cx: &mut Cx<'_>) -> Result<Client, Error> {
        let (server, client) = match self.keys {
            Keys::Both(KeyBlock { client, server }) => (server, Some(client)),
            Keys::Read(server) => (server, None),
            Keys::Write(_) => return Err(certs::unexpected_ccs()),
        };
        cx.carrier.install_tls12(Direction::Read, server, self.common.suite);
        self.keys = Keys::Write(client);
        Ok(WaitFinished(self))
    }

    fn read_finished(mut self: Box<Self>, m: Message<'_>, cx: &mut Cx<'_>) -> Result<Client, Error> {
        let messages = &mut self.common.messages;
        if !self.master.verify_data(Label::Server, &messages.current()).matches(m.body) {
            self.common.forget_session();
            return Err(PeerMisbehaved::IncorrectFinished.into());
        }
        messages.add(m.raw);
        cx.facts.peer = Some(self.chain);
        if let Keys::Write(Some(client)) = self.keys {
            self.common.emit_finished(client, &self.master, cx)?;
        }
        cx.flush()?;
        store_session(&self.common, &self.master, cx)?;
        cx.finish_tls12(self.master, self.common.randoms);
        Ok(Connected)
    }
}
