//! The server of TLS 1.2, in the order of RFC 5246 figures 1 and 2: ECDHE with AEAD suites, and nothing else.
//!
//! ```text
//!   ClientHello                  -->                                    -->
//!                                <--  ServerHello                       <--  ServerHello
//!                                <--  Certificate                       <--  [ChangeCipherSpec]
//!                                <--  (CertificateStatus)               <--  Finished
//!                                <--  ServerKeyExchange                 -->  [ChangeCipherSpec]
//!                                <--  (CertificateRequest)              -->  Finished
//!                                <--  ServerHelloDone
//!  (Certificate)                 -->          a session that is resumed
//!   ClientKeyExchange            -->
//!  (CertificateVerify)           -->
//!  [ChangeCipherSpec]            -->
//!   Finished                     -->
//!                                <--  (NewSessionTicket)
//!                                <--  [ChangeCipherSpec]
//!                                <--  Finished
//! ```
//!
//! The hello is read by `server13.rs`, for both versions; it hands over when this one is chosen.
//!
//! Sessions, resumed or kept, lead off the full handshake and have a file of their own (`server12/sessions.rs`).

mod sessions;

use alloc::boxed::Box;
use alloc::sync::Arc;
use alloc::vec;
use alloc::vec::Vec;

use pki_types::UnixTime;
use zeroize::Zeroizing;

use crate::carrier::Direction;
use crate::config::server::ServerConfig;
use crate::crypto::ActiveKeyExchange;
use crate::crypto::credential::{Credential, ReadySigner};
use crate::crypto::suites::{SupportedCipherSuite, Tls12CipherSuite};
use crate::crypto::verify::DigitallySignedStruct;
use crate::error::{Error, PeerMisbehaved};
use crate::flow::cert_types;
use crate::flow::certs::{self, PeerChain, Staples};
use crate::flow::choose;
use crate::flow::cx::Cx;
use crate::flow::question::{self, Answer, CLIENT_VERIFIER, Question, SERVER_STORE, TICKETER, told};
use crate::flow::server12::sessions::{Found, Ticketing};
use crate::flow::size_limit;
use crate::flow::transcript12::Messages;
use crate::flow::unexpected;
use crate::names::{CertificateStatusType, CertificateType, HandshakeKind, HandshakeType, ProtocolVersion};
use crate::record::joiner::Message;
use crate::schedule::tls12::{KeyBlock, KeyHalf, Label, MasterSecret, Randoms};
use crate::wire::client_hello::ClientHello;
use crate::wire::codec::{List, Opaque, Wire};
use crate::wire::extensions::{SelectedProtocol, ServerHello12Extensions, ext};
use crate::wire::server_hello::ServerHello;
use crate::wire::tls12::{CertificateRequest12, CertificateStatus, ClientKeyExchange, EcdhParams};

/// What is waited for, and between it the questions.
pub(crate) enum Server {
    AskSession(Started),
    AskResolver(Box<Found>),
    AskServerCertificate(Started),
    AskSignature(Box<Signing>),
    WaitCertificate(Box<Asked>),
    WaitClientKeyExchange(Box<Offered>),
    WaitCertificateVerify(Box<Keyed>),
    AskVerdict(Box<Claimed>),
    WaitChangeCipherSpec(Box<Keyed>),
    WaitFinished(Box<Keyed>),
    AskTicket(Box<Ticketing>),
    Connected,
}

use Server::*;

impl Server {
    /// The legal order of messages, whole; the ChangeCipherSpec between them is in `on_ccs`.
    pub(crate) fn on_message(self, m: Message<'_>, cx: &mut Cx<'_>) -> Result<Self, Error> {
        use HandshakeType as T;
        match (self, m.typ) {
            (WaitCertificate(s), T::Certificate) => s.read_certificate(m),
            (WaitClientKeyExchange(s), T::ClientKeyExchange) => s.read_client_key_exchange(m, cx),
            (WaitCertificateVerify(s), T::CertificateVerify) => s.read_certificate_verify(m),
            (WaitFinished(s), T::Finished) => s.read_finished(m, cx),
            (WaitChangeCipherSpec(_), _) => Err(certs::missing_ccs()),
            (state, got) => Err(unexpected(got, state.expects())),
        }
    }

    /// RFC 5246 section 7.1: what comes behind it is under the keys that were agreed.
    pub(crate) fn on_ccs(self, cx: &mut Cx<'_>) -> Result<Self, Error> {
        match self {
            WaitChangeCipherSpec(s) => s.read_change_cipher_spec(cx),
            _ => Err(certs::unexpected_ccs()),
        }
    }

    fn expects(&self) -> Vec<HandshakeType> {
        match self {
            WaitCertificate(_) => vec![HandshakeType::Certificate],
            WaitClientKeyExchange(_) => vec![HandshakeType::ClientKeyExchange],
            WaitCertificateVerify(_) => vec![HandshakeType::CertificateVerify],
            WaitFinished(_) => vec![HandshakeType::Finished],
            _ => vec![],
        }
    }

    /// The name of the state, for observers and tests.
    pub(crate) fn name(&self) -> &'static str {
        match self {
            AskSession(_) => "AskSession",
            AskResolver(_) => "AskResolver",
            AskServerCertificate(_) => "AskCertificate",
            AskSignature(_) => "AskSignature",
            WaitCertificate(_) => "WaitCertificate",
            WaitClientKeyExchange(_) => "WaitClientKeyExchange",
            WaitCertificateVerify(_) => "WaitCertificateVerify",
            AskVerdict(_) => "AskVerdict",
            WaitChangeCipherSpec(_) => "WaitChangeCipherSpec",
            WaitFinished(_) => "WaitFinished",
            AskTicket(_) => "AskTicket",
            Connected => "Connected",
        }
    }

    pub(crate) fn question(&self) -> Option<Question<'_>> {
        Some(match self {
            AskSession(s) => s.session_question()?,
            AskResolver(s) => s.question(),
            AskServerCertificate(s) => s.question(),
            AskSignature(s) => Question::Sign { signer: &*s.signer.signer, message: &s.message },
            AskVerdict(s) => Question::VerifyClient {
                verifier: &s.keyed.common.config.verifier,
                chain: &s.keyed.chain.certificates,
                now: s.now,
            },
            AskTicket(s) => s.question(),
            _ => return None,
        })
    }

    pub(crate) fn on_answer(self, answer: Answer, cx: &mut Cx<'_>) -> Result<Self, Error> {
        match (self, answer) {
            (AskSession(s), Answer::Bytes(session)) => s.choose_session(session.map(Zeroizing::new)),
            (AskResolver(s), Answer::Certificate(credential)) => s.resolved(credential, cx),
            (AskServerCertificate(s), Answer::Certificate(credential)) => {
                s.send_server_flight(credential, cx)
            }
            (AskSignature(s), Answer::Signature(signature)) => s.send_server_key_exchange(&signature, cx),
            (AskVerdict(s), Answer::Verified) => s.check_signature(),
            (AskTicket(s), Answer::Sealed(sealed)) => s.send_ticket(sealed.map(|sealed| sealed.ticket), cx),
            (AskTicket(s), Answer::Stored(_)) => s.keyed.connect(cx),
            _ => Err(Error::General("an answer to a question that was not asked".into())),
        }
    }
}

// ---- ClientHello

/// The version is chosen; nothing has been said.
pub(crate) struct Started {
    config: Arc<ServerConfig>,
    hello: Box<ClientHello>,
    ems: bool,
    /// The ticketer makes tickets.
    tickets: bool,
}

/// Takes over from the version-agnostic start: TLS 1.2 is chosen.
pub(crate) fn read_client_hello(
    config: Arc<ServerConfig>,
    hello: Box<ClientHello>,
    cx: &mut Cx<'_>,
) -> Result<Server, Error> {
    cx.facts.version = Some(ProtocolVersion::TLSv1_2);
    choose::check_hello12(&hello, &config)?;
    cx.carrier.set_version12();
    cx.facts.server_name = hello.server_name.clone();
    let ems = hello.extended_master_secret();
    let tickets = told(TICKETER, || config.ticketer.enabled())?;
    let started = Started { config, hello, ems, tickets };
    match started.session_question().is_some() {
        true => Ok(AskSession(started)),
        false => Ok(AskServerCertificate(started)),
    }
}

// ---- ServerHello to ServerHelloDone

/// What every state from here on has.
struct Common {
    config: Arc<ServerConfig>,
    suite: &'static Tls12CipherSuite,
    randoms: Randoms,
    messages: Messages,
    ems: bool,
    session_id: Vec<u8>,
    /// A NewSessionTicket was announced.
    ticket: bool,
}

/// What a ServerHello says beside its parameters.
#[derive(Default)]
struct Says<'a> {
    ems: bool,
    types: cert_types::Says,
    named: bool,
    ticket: bool,
    status: bool,
    /// The items of the list, encoded.
    scts: Option<&'a [u8]>,
}

#[allow(clippy::too_many_arguments)] // It is what the message is made of, and both forms of the handshake have it.
fn send_server_hello(
    config: &ServerConfig,
    hello: &ClientHello,
    suite: &Tls12CipherSuite,
    randoms: &Randoms,
    session_id: &[u8],
    says: Says<'_>,
    messages: &mut Messages,
    cx: &mut Cx<'_>,
) -> Result<(), Error> {
    let protocol = choose::protocol(hello, config, false)?;
    let version = ProtocolVersion::TLSv1_2;
    let ours = size_limit::ours(config.max_fragment_size, version);
    let renegotiation = hello.renegotiation_info().is_some() || hello.offers_renegotiation_scsv();
    let extensions = ServerHello12Extensions {
        renegotiation_info: renegotiation.then_some(Opaque(&[])),
        extended_master_secret: says.ems.then_some(()),
        ec_point_formats: hello.point_formats_uncompressed().map(|_| certs::uncompressed()),
        server_name: says.named.then_some(()),
        session_ticket: says.ticket.then_some(()),
        status_request: says.status.then_some(()),
        signed_certificate_timestamp: says.scts.map(List::of_encoded),
        client_certificate_type: says.types.client,
        server_certificate_type: says.types.server,
        application_layer_protocol_negotiation: protocol.as_deref().map(SelectedProtocol),
        record_size_limit: hello.record_size_limit().map(|_| ours.unwrap_or(size_limit::any(version))),
        ..Default::default()
    };
    if let Some(limit) = hello.record_size_limit() {
        size_limit::obey(limit, version, cx);
        size_limit::enforce(ours, cx);
    }
    messages.emit(cx, HandshakeType::ServerHello, |out| {
        ServerHello::write(out, &randoms.server, session_id, suite.common.suite, &extensions);
    });
    cx.facts.alpn = protocol;
    Ok(())
}

impl Started {
    fn question(&self) -> Question<'_> {
        let (config, hello) = (&self.config, &self.hello);
        Question::ServerCertificate { config, hello, version: ProtocolVersion::TLSv1_2 }
    }

    fn server_random(&self) -> Result<[u8; 32], Error> {
        let mut random = [0; 32];
        self.config.provider.secure_random.fill(&mut random)?;
        // We know TLS 1.3: a client that knows it too was made to believe that we do not. RFC 8446 section 4.1.3.
        if self.config.versions.contains(ProtocolVersion::TLSv1_3) {
            if let Some(tail) = random.last_chunk_mut() {
                *tail = *b"DOWNGRD\x01";
            }
        }
        Ok(random)
    }

    fn send_server_flight(self, credential: Option<Credential>, cx: &mut Cx<'_>) -> Result<Server, Error> {
        let (credential, asked) = cert_types::agree(&self.hello, &self.config, credential)?;
        let chosen = choose::parameters12(&self.hello, &self.config, &credential)?;
        let randoms = Randoms { client: self.hello.random, server: self.server_random()? };
        let Self { config, hello, ems, tickets } = self;
        let hash = chosen.suite.common.hash_provider;
        let mut messages = match asked {
            Some(_) => Messages::started_and_kept(hash, hello.raw()),
            None => Messages::started(hash, hello.raw()),
        };
        cx.facts.suite = Some(SupportedCipherSuite::Tls12(chosen.suite));
        cx.facts.group = Some(chosen.group);
        cx.facts.kind = Some(HandshakeKind::Full);

        let keeps = config.policy_fingerprint().is_some();
        let ticket = keeps && tickets && hello.has(ext::session_ticket);
        let mut session_id = Vec::new();
        if keeps && !ticket && told(SERVER_STORE, || config.session_storage.can_cache())? {
            session_id = vec![0; 32];
            config.provider.secure_random.fill(&mut session_id)?;
        }
        let Staples { ocsp, scts, .. } = Staples::wanted_by(&hello, &credential);
        let typ = credential.certificate_type();
        let says = Says {
            ems,
            types: cert_types::Says::of(&hello, typ, asked),
            named: hello.server_name.is_some(),
            ticket,
            status: ocsp.is_some(),
            scts,
        };
        send_server_hello(&config, &hello, chosen.suite, &randoms, &session_id, says, &mut messages, cx)?;
        messages
            .emit(cx, HandshakeType::Certificate, |out| certs::write_chain12(out, typ, credential.shown()));
        if let Some(response) = ocsp {
            messages.emit(cx, HandshakeType::CertificateStatus, |out| {
                CertificateStatus { kind: CertificateStatusType::OCSP, response: Opaque(response) }
                    .write(out);
            });
        }

        let exchange = chosen.group.start()?;
        let mut params = Vec::new();
        EcdhParams { group: chosen.group.name(), public: Opaque(exchange.pub_key()) }.write(&mut params);
        let message = [&randoms.client_first()[..], &params].concat();
        let common = Common { config, suite: chosen.suite, randoms, messages, ems, session_id, ticket };
        let signer = chosen.signer;
        Ok(AskSignature(Box::new(Signing { common, asked, signer, exchange, params, message })))
    }
}

/// A signature over our key exchange is being made.
pub(crate) struct Signing {
    common: Common,
    /// What the client is going to be asked for.
    asked: Option<CertificateType>,
    signer: ReadySigner,
    exchange: Box<dyn ActiveKeyExchange>,
    params: Vec<u8>,
    message: Vec<u8>,
}

impl Signing {
    /// RFC 8422 section 5.4; then CertificateRequest and ServerHelloDone.
    fn send_server_key_exchange(self, signature: &[u8], cx: &mut Cx<'_>) -> Result<Server, Error> {
        let Self { mut common, asked, signer, exchange, params, .. } = self;
        let messages = &mut common.messages;
        messages.emit(cx, HandshakeType::ServerKeyExchange, |out| {
            out.extend_from_slice(&params);
            certs::write_certificate_verify(out, signer.scheme, signature);
        });
        let verifier = &common.config.verifier;
        if let Some(typ) = asked {
            let mut schemes = told(CLIENT_VERIFIER, || verifier.supported_verify_schemes())?;
            schemes.retain(|scheme| scheme.supported_in_tls12());
            let authorities = certs::named_authorities(&**verifier, typ)?;
            messages.emit(cx, HandshakeType::CertificateRequest, |out| {
                CertificateRequest12::write_for(out, &schemes, authorities.iter().map(AsRef::as_ref));
            });
        }
        messages.emit(cx, HandshakeType::ServerHelloDone, |_| {});
        cx.flush()?;
        let chain = PeerChain::bare(Vec::new());
        let offered = Box::new(Offered { common, exchange, chain });
        Ok(match asked {
            Some(typ) => WaitCertificate(Box::new(Asked { offered, typ })),
            None => WaitClientKeyExchange(offered),
        })
    }
}

// ---- the client's flight

/// Our flight is out.
pub(crate) struct Offered {
    common: Common,
    exchange: Box<dyn ActiveKeyExchange>,
    chain: PeerChain,
}

/// The client has been asked for a certificate.
pub(crate) struct Asked {
    offered: Box<Offered>,
    typ: CertificateType,
}

impl Asked {
    fn read_certificate(self, m: Message<'_>) -> Result<Server, Error> {
        let Self { mut offered, typ } = self;
        offered.chain = certs::read_chain12(m.body, typ)?;
        offered.common.messages.add(m.raw);
        if offered.chain.certificates.is_empty() {
            if told(CLIENT_VERIFIER, || offered.common.config.verifier.client_auth_mandatory())? {
                return Err(Error::NoCertificatesPresented);
            }
            offered.common.messages.forget();
        }
        Ok(WaitClientKeyExchange(offered))
    }
}

impl Offered {
    fn read_client_key_exchange(self: Box<Self>, m: Message<'_>, cx: &mut Cx<'_>) -> Result<Server, Error> {
        let Self { mut common, exchange, chain } = *self;
        let message = ClientKeyExchange::read_all(m.body)?;
        common.messages.add(m.raw);
        // RFC 7627 section 4: the session hash ends with ClientKeyExchange.
        let session_hash = common.ems.then(|| common.messages.current());
        let public = message.public.0;
        let master =
            MasterSecret::agree(common.suite, exchange, public, session_hash.as_ref(), &common.randoms)?;
        cx.log_secret("CLIENT_RANDOM", master.as_secret().as_bytes())?;
        let KeyBlock { client, server } = master.key_block(&common.randoms);
        let signs = !chain.certificates.is_empty();
        let last = Last::Ourselves;
        let keyed = Box::new(Keyed { common, master, chain, read: Some(client), write: Some(server), last });
        Ok(if signs { WaitCertificateVerify(keyed) } else { WaitChangeCipherSpec(keyed) })
    }
}

/// The master secret is agreed.
pub(crate) struct Keyed {
    common: Common,
    master: MasterSecret,
    /// Authenticated once the state is one that waits for ChangeCipherSpec.
    chain: PeerChain,
    read: Option<KeyHalf>,
    write: Option<KeyHalf>,
    last: Last,
}

/// Whose Finished ends the handshake.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Last {
    Ourselves,
    TheClient,
}

impl Keyed {
    /// RFC 5246 section 7.4.8: over all messages so far.
    fn read_certificate_verify(mut self: Box<Self>, m: Message<'_>) -> Result<Server, Error> {
        let schemes = told(CLIENT_VERIFIER, || self.common.config.verifier.supported_verify_schemes())?;
        let signature = certs::read_certificate_verify12(m.body, |scheme| schemes.contains(&scheme))?;
        let message = self.common.messages.take_kept();
        let now = question::now(&self.common.config.time_provider)?;
        self.common.messages.add(m.raw);
        Ok(AskVerdict(Box::new(Claimed { keyed: self, message, signature, now })))
    }
}

/// A chain and a signature are here; neither has been checked.
pub(crate) struct Claimed {
    keyed: Box<Keyed>,
    message: Vec<u8>,
    signature: DigitallySignedStruct,
    now: UnixTime,
}

impl Claimed {
    /// The chain is good. Does its key sign for this connection?
    fn check_signature(self) -> Result<Server, Error> {
        let verifier = &self.keyed.common.config.verifier;
        certs::check_signature(&self.keyed.chain, |leaf| {
            verifier.verify_tls12_signature(&self.message, leaf, &self.signature)
        })?;
        Ok(WaitChangeCipherSpec(self.keyed))
    }
}

// ---- ChangeCipherSpec, Finished

impl Keyed {
    fn read_change_cipher_spec(mut self: Box<Self>, cx: &mut Cx<'_>) -> Result<Server, Error> {
        let keys = self.read.take().ok_or_else(certs::unexpected_ccs)?;
        cx.carrier.install_tls12(Direction::Read, keys, self.common.suite);
        Ok(WaitFinished(self))
    }

    fn read_finished(mut self: Box<Self>, m: Message<'_>, cx: &mut Cx<'_>) -> Result<Server, Error> {
        let messages = &mut self.common.messages;
        if !self.master.verify_data(Label::Client, &messages.current()).matches(m.body) {
            return Err(PeerMisbehaved::IncorrectFinished.into());
        }
        messages.add(m.raw);
        let chain = &self.chain.certificates;
        cx.facts.peer = (!chain.is_empty()).then(|| chain.as_slice().into());
        match self.last {
            Last::TheClient => self.connect(cx),
            Last::Ourselves => self.keep_session(cx),
        }
    }

    fn send_finished(mut self: Box<Self>, cx: &mut Cx<'_>) -> Result<Server, Error> {
        self.emit_finished(cx)?;
        self.connect(cx)
    }

    /// ChangeCipherSpec and Finished.
    fn emit_finished(&mut self, cx: &mut Cx<'_>) -> Result<(), Error> {
        if let Some(keys) = self.write.take() {
            cx.change_cipher_spec(keys, self.common.suite)?;
        }
        let messages = &mut self.common.messages;
        let verify_data = self.master.verify_data(Label::Server, &messages.current());
        messages.emit(cx, HandshakeType::Finished, |out| out.extend_from_slice(verify_data.as_bytes()));
        cx.flush()
    }

    fn connect(self: Box<Self>, cx: &mut Cx<'_>) -> Result<Server, Error> {
        let Self { common, master, .. } = *self;
        cx.finish_tls12(master, common.randoms);
        Ok(Connected)
    }
}
