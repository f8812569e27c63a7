//! The server of TLS 1.3, in the order of RFC 8446 figure 1 and with the states of its appendix A.2.
//!
//! ```text
//!   ClientHello                       -->
//!  (early data)                       -->
//!                                     <--  (HelloRetryRequest)
//!  (ClientHello)                      -->
//!                                     <--  ServerHello
//!                                     <--  {EncryptedExtensions}
//!                                     <--  {(CertificateRequest)}
//!                                     <--  {(Certificate)}
//!                                     <--  {(CertificateVerify)}
//!                                     <--  {Finished}
//!  (EndOfEarlyData)                   -->
//!  {(Certificate)}                    -->
//!  {(CertificateVerify)}              -->
//!  {Finished}                         -->
//!                                     <--  [NewSessionTicket]
//!  [Application Data]                <-->  [Application Data]
//! ```
//!
//! Three ways lead off it and have files of their own: a client that is asked for another hello (`server13/retry.rs`), a session that
//! is resumed (`server13/resumption.rs`), and a client that is asked for a certificate (`server13/client_auth.rs`).

mod client_auth;
mod resumption;
mod retry;

use alloc::boxed::Box;
use alloc::sync::Arc;
use alloc::vec;
use alloc::vec::Vec;

use pki_types::CertificateDer;
use zeroize::Zeroizing;

use crate::carrier::Direction;
use crate::config::hello::ClientHello as HelloView;
use crate::config::server::ServerConfig;
use crate::crypto::credential::{Credential, ReadySigner};
use crate::crypto::hash::Output;
use crate::crypto::suites::{SupportedCipherSuite, Tls13CipherSuite};
use crate::crypto::{CompletedKeyExchange, SupportedKxGroup};
use crate::error::{Error, PeerIncompatible, PeerMisbehaved};
use crate::flow::cert_types;
use crate::flow::certs::{self, Signable, Signed, Staples};
use crate::flow::choose::{self, Share};
use crate::flow::cx::{Cx, Gate};
use crate::flow::question::{Answer, CLIENT_VERIFIER, Question, told, view};
use crate::flow::server_psk::{self, Candidate, Greeted, Keyed, Tie};
use crate::flow::server13::client_auth::{Asked, Claimed, Presented};
use crate::flow::server13::resumption::{Bound, Resuming};
use crate::flow::server13::retry::{Retried, send_hello_retry_request};
use crate::flow::size_limit;
use crate::flow::tickets13::{self, Plan, Ticketing, keeps_sessions};
use crate::flow::traffic13::Traffic;
use crate::flow::unexpected;
use crate::flow::{self, server12};
use crate::names::{CertificateType, HandshakeKind, HandshakeType, ProtocolVersion};
use crate::observe::KeyLevel;
use crate::record::joiner::Message;
use crate::schedule::tls13::{Early, EarlySecrets, FinishedSecret, Handshake, Master};
use crate::schedule::transcript::Transcript;
use crate::wire::client_hello::ClientHello;
use crate::wire::codec::{Opaque, Wire};
use crate::wire::extensions::{
    EncryptedExtensions, KeyShareEntry, SelectedProtocol, ServerHelloExtensions, Whole, ext,
};
use crate::wire::server_hello::ServerHello;

/// The states of RFC 8446 appendix A.2, and between them the questions.
pub(crate) enum Server {
    WaitClientHello(Option<Arc<ServerConfig>>),
    AskConfig(Box<ClientHello>),
    AskPsk(Box<Greeted>),
    WaitClientHelloAfterRetry(Box<Retried>),
    AskSession(Box<Resuming>),
    AskPskAgain(Box<Bound>, Tie),
    AskResolver(Box<Bound>),
    AskToSpend(Box<Bound>),
    AskCertificate(Box<Chosen>),
    AskSignature(Box<Signing>),
    WaitEndOfEarlyData(Box<Flown>),
    WaitCertificate(Box<Asked>),
    WaitCertificateVerify(Box<Presented>),
    AskVerdict(Box<Claimed>),
    WaitFinished(Box<Flown>),
    AskTicket(Box<Ticketing>),
    Connected(Box<Traffic>),
}

use Server::*;

impl Server {
    /// The legal order of messages, whole. The first ClientHello may lead to the flow of TLS 1.2.
    pub(crate) fn on_message(self, m: Message<'_>, cx: &mut Cx<'_>) -> Result<flow::Server, Error> {
        use HandshakeType as T;
        match (self, m.typ) {
            (WaitClientHello(config), T::ClientHello) => return read_client_hello(config, m, cx),
            (WaitClientHelloAfterRetry(s), T::ClientHello) => s.read_client_hello(m, cx),
            (WaitEndOfEarlyData(s), T::EndOfEarlyData) => s.read_end_of_early_data(m, cx),
            (WaitCertificate(s), T::Certificate) => s.read_certificate(m),
            (WaitCertificate(s), T::CompressedCertificate) if s.takes_compressed() => {
                s.read_compressed_certificate(m)
            }
            (WaitCertificateVerify(s), T::CertificateVerify) => s.read_certificate_verify(m),
            (WaitFinished(s), T::Finished) => s.read_finished(m, cx),
            (Connected(s), T::KeyUpdate) => read_key_update(s, m, cx),
            (state, got) => Err(unexpected(got, state.expects())),
        }
        .map(flow::Server::Tls13)
    }

    fn expects(&self) -> Vec<HandshakeType> {
        match self {
            WaitClientHello(_) | WaitClientHelloAfterRetry(_) => vec![HandshakeType::ClientHello],
            WaitEndOfEarlyData(_) => vec![HandshakeType::EndOfEarlyData],
            WaitCertificate(s) => certs::expected(s.takes_compressed()),
            WaitCertificateVerify(_) => vec![HandshakeType::CertificateVerify],
            WaitFinished(_) => vec![HandshakeType::Finished],
            Connected(_) => vec![HandshakeType::KeyUpdate],
            AskConfig(_) | AskPsk(_) | AskSession(_) | AskPskAgain(..) | AskResolver(_) | AskToSpend(_)
            | AskCertificate(_) | AskSignature(_) | AskVerdict(_) | AskTicket(_) => vec![],
        }
    }

    /// The name of the state, for observers and tests.
    pub(crate) fn name(&self) -> &'static str {
        match self {
            WaitClientHello(_) => "WaitClientHello",
            AskConfig(_) => "AskConfig",
            AskPsk(_) => "AskPsk",
            WaitClientHelloAfterRetry(_) => "WaitClientHelloAfterRetry",
            AskSession(_) => "AskSession",
            AskPskAgain(..) => "AskPskAgain",
            AskResolver(_) => "AskResolver",
            AskToSpend(_) => "AskToSpend",
            AskCertificate(_) => "AskCertificate",
            AskSignature(_) => "AskSignature",
            WaitEndOfEarlyData(_) => "WaitEndOfEarlyData",
            WaitCertificate(_) => "WaitCertificate",
            WaitCertificateVerify(_) => "WaitCertificateVerify",
            AskVerdict(_) => "AskVerdict",
            WaitFinished(_) => "WaitFinished",
            AskTicket(_) => "AskTicket",
            Connected(_) => "Connected",
        }
    }

    pub(crate) fn question(&self) -> Option<Question<'_>> {
        Some(match self {
            AskConfig(_) => Question::Config,
            AskPsk(s) => s.question(),
            AskSession(s) => s.question()?,
            AskPskAgain(s, tie) => s.question_of(tie)?,
            AskResolver(s) => s.question_of_certificate(),
            AskToSpend(s) => s.question(),
            AskCertificate(s) => s.question(),
            AskSignature(s) => Question::Sign { signer: &*s.signer.signer, message: s.message.as_ref() },
            AskVerdict(s) => s.question(),
            AskTicket(s) => s.question(),
            _ => return None,
        })
    }

    pub(crate) fn on_answer(self, answer: Answer, cx: &mut Cx<'_>) -> Result<flow::Server, Error> {
        match (self, answer) {
            (AskConfig(hello), Answer::Config(config)) => {
                cx.adopt_server_config(&config)?;
                return choose_parameters(config, hello, cx);
            }
            (AskPsk(s), Answer::Psk(psk)) => s.choose(psk, cx),
            (AskPskAgain(s, tie), Answer::Psk(psk)) => s.tied(&tie, psk, cx),
            (AskSession(s), Answer::Bytes(session)) => s.choose_psk(session.map(Zeroizing::new), cx),
            (AskResolver(s), Answer::Certificate(credential)) => s.resolved(credential, cx),
            (AskToSpend(s), Answer::Bytes(session)) => s.spent(session.map(Zeroizing::new).is_some(), cx),
            (AskCertificate(s), Answer::Certificate(credential)) => s.send_certificate(credential, cx),
            (AskSignature(s), Answer::Signature(signature)) => s.send_certificate_verify(&signature, cx),
            (AskVerdict(s), Answer::Verified) => s.check_signature(cx),
            (AskTicket(s), Answer::Sealed(sealed)) => s.send_ticket(sealed, cx),
            (AskTicket(s), Answer::Stored(stored)) => s.send_session_id(stored, cx),
            _ => Err(Error::General("an answer to a question that was not asked".into())),
        }
        .map(flow::Server::Tls13)
    }

    /// What of a waiting hello the application may look at.
    pub(crate) fn hello(&self) -> Option<HelloView<'_>> {
        match self {
            AskConfig(hello) => Some(view(hello)),
            _ => None,
        }
    }
}

// ---- ClientHello

fn read_client_hello(
    config: Option<Arc<ServerConfig>>,
    m: Message<'_>,
    cx: &mut Cx<'_>,
) -> Result<flow::Server, Error> {
    let hello = ClientHello::read(m.raw)?;
    if hello.cookie().is_some() {
        return Err(PeerMisbehaved::CookieInFirstClientHello.into());
    }
    cx.policy.client_random = hello.random;
    cx.carrier.allow_ccs(true);
    match config {
        Some(config) => choose_parameters(config, hello, cx),
        None => Ok(flow::Server::Tls13(AskConfig(hello))),
    }
}

/// Version, suite and group: all that decides between ServerHello and HelloRetryRequest.
/// The config has been adopted: by who made the engine, or with the answer.
fn choose_parameters(
    config: Arc<ServerConfig>,
    hello: Box<ClientHello>,
    cx: &mut Cx<'_>,
) -> Result<flow::Server, Error> {
    let version = choose::protocol_version(&hello, &config)?;
    // RFC 9001 section 4.2.
    if cx.is_quic() && version != ProtocolVersion::TLSv1_3 {
        return Err(PeerIncompatible::Tls13RequiredForQuic.into());
    }
    let parameters = choose::quic_parameters(&hello, cx.carrier.quic())?;
    cx.carrier.set_peer_parameters(parameters.map(<[u8]>::to_vec));
    if version == ProtocolVersion::TLSv1_2 {
        return server12::read_client_hello(config, hello, cx).map(flow::Server::Tls12);
    }
    choose::check_hello(&hello)?;
    server_psk::begin(config, hello, cx).map(flow::Server::Tls13)
}

/// The suite, one that goes with the external key if there is one; and the group.
pub(crate) fn choose_suite(
    config: Arc<ServerConfig>,
    hello: Box<ClientHello>,
    psk: Option<Candidate>,
    cx: &mut Cx<'_>,
) -> Result<Server, Error> {
    let wanted = |suite: &Tls13CipherSuite| psk.as_ref().is_none_or(|psk| psk.goes_with(suite));
    let suite = choose::suite(&hello, &config, cx.is_quic(), wanted)?;
    let psk = psk.and_then(|psk| psk.under(suite, &config));
    cx.facts.server_name = hello.server_name.clone();
    let transcript = Transcript::new(suite.common.hash_provider);
    match choose::share(&hello, &config)? {
        Share::Ready { group } => {
            let kind = HandshakeKind::Full;
            Chosen { config, hello, suite, psk, group, transcript, kind }.choose_psk(cx)
        }
        Share::Retry { group } => send_hello_retry_request(config, hello, suite, psk, group, transcript, cx),
    }
}

// ---- pre_shared_key

/// The parameters are chosen. The transcript holds what came before this hello, not the hello.
pub(crate) struct Chosen {
    config: Arc<ServerConfig>,
    hello: Box<ClientHello>,
    suite: &'static Tls13CipherSuite,
    /// The external key to use if no session is resumed.
    psk: Option<Box<Keyed>>,
    group: &'static dyn SupportedKxGroup,
    transcript: Transcript,
    kind: HandshakeKind,
}

impl Chosen {
    fn question(&self) -> Question<'_> {
        let (config, hello) = (&self.config, &self.hello);
        Question::ServerCertificate { config, hello, version: ProtocolVersion::TLSv1_3 }
    }

    /// The external key, or else a certificate.
    fn without_session(mut self: Box<Self>, cx: &mut Cx<'_>) -> Result<Server, Error> {
        let Some(psk) = self.psk.take() else {
            return match self.config.require_external_psk {
                true => Err(server_psk::refuse(&self.config, self.suite, &self.hello, &self.transcript)),
                false => Ok(AskCertificate(self)),
            };
        };
        let (index, early, tie) = psk.check_binder(&self.hello, &self.transcript)?;
        self.transcript.add(self.hello.raw());
        let (mut agreed, hello) = self.send_server_hello(early.into_early(), Some(index), None, cx)?;
        agreed.common.send_encrypted_extensions(&hello, Named::Now, cert_types::Says::default(), cx)?;
        drop(hello);
        agreed.common.tie = Some(tie);
        // No certificate is asked for. RFC 8446 section 4.3.2.
        Ok(WaitFinished(agreed.send_finished(cx)?))
    }
}

// ---- ServerHello

impl Chosen {
    /// The hello is in the transcript. It is given back: what is sent next answers it.
    fn send_server_hello(
        self,
        early: Early,
        selected_psk: Option<u16>,
        early_data: Option<(EarlySecrets, u32)>,
        cx: &mut Cx<'_>,
    ) -> Result<(Agreed, Box<ClientHello>), Error> {
        let Self { config, hello, suite, group, mut transcript, kind, .. } = self;
        let CompletedKeyExchange { pub_key, secret, .. } =
            group.start_and_complete(choose::share_of(&hello, group.name())?)?;
        let (random, tickets) = Plan::behind_random(config.provider.secure_random)?;
        let extensions = ServerHelloExtensions {
            key_share: Some(KeyShareEntry { group: group.name(), key_exchange: Opaque(&pub_key) }),
            pre_shared_key: selected_psk,
            supported_versions: Some(ProtocolVersion::TLSv1_3),
            ..Default::default()
        };
        cx.emit(&mut transcript, HandshakeType::ServerHello, |out| {
            ServerHello::write(out, &random, hello.session_id(), suite.common.suite, &extensions);
        });
        // A hybrid's has more than a thousand bytes, and the schedule needs room.
        drop(pub_key);
        if kind == HandshakeKind::Full {
            cx.send_compat_ccs()?;
        }
        let keys = early.with_shared_secret(secret.secret_bytes(), &transcript.current());
        cx.derived_handshake(&keys.traffic)?;
        cx.install(Direction::Write, &keys.traffic.server, KeyLevel::Handshake)?;
        let accepted = early_data.is_some();
        if let Some((secret, limit)) = early_data {
            accept_early_data(&secret, limit, cx)?;
        }
        // Early data comes before the rest of the handshake, except in QUIC: there each has packets of its own.
        if !accepted || cx.is_quic() {
            cx.install(Direction::Read, &keys.traffic.client, KeyLevel::Handshake)?;
        }
        if !accepted && hello.has(ext::early_data) && kind == HandshakeKind::Full {
            cx.carrier.skip_early_data(refused_early_data(&config), false);
        }
        // A client that cannot follow us has no keys yet to say so with.
        cx.carrier.allow_plaintext_alerts();
        cx.facts.version = Some(ProtocolVersion::TLSv1_3);
        cx.facts.suite = Some(SupportedCipherSuite::Tls13(suite));
        cx.facts.group = Some(group);
        cx.facts.kind = Some(kind);
        cx.facts.alpn = choose::protocol(&hello, &config, cx.is_quic())?;
        let keys = keys.into_handshake();
        let (peer, tie, authenticated) = (Vec::new(), None, None);
        let resumes = choose::resumes(&hello);
        let common = Common { config, transcript, peer, tie, authenticated, resumes, tickets };
        Ok((Agreed { common, keys }, hello))
    }
}

/// What comes next is early data, until EndOfEarlyData. In QUIC it does not come to us.
fn accept_early_data(secrets: &EarlySecrets, limit: u32, cx: &mut Cx<'_>) -> Result<(), Error> {
    cx.begin_early_data(Direction::Read, secrets)?;
    cx.read.gate = Gate::Early { left: usize::try_from(limit).unwrap_or(usize::MAX) };
    cx.facts.early_data = true;
    Ok(())
}

// ---- EncryptedExtensions, Certificate

/// What every state from here on has.
struct Common {
    config: Arc<ServerConfig>,
    transcript: Transcript,
    /// The client's chain, authenticated here or when the session was made.
    peer: Vec<CertificateDer<'static>>,
    /// The external key that the client has proved itself with, here or when the session was made.
    tie: Option<Tie>,
    /// When the full handshake was that the session goes back to; `None` if this is one. After a delegated credential, what
    /// `certs::check_signature13` says.
    authenticated: Option<u64>,
    /// The client can resume what we give it.
    resumes: bool,
    tickets: Plan,
}

/// Keys are agreed: everything is encrypted from here on. The hello, with a share that may be large, is not kept behind what answers it.
struct Agreed {
    common: Common,
    keys: Handshake,
}

/// Did the server name take part in this handshake?
#[derive(Clone, Copy, PartialEq, Eq)]
enum Named {
    /// It chose the certificate, which is acknowledged. RFC 6066 section 3.
    Now,
    /// It did so when the session was made.
    Before,
}

impl Common {
    fn send_encrypted_extensions(
        &mut self,
        hello: &ClientHello,
        named: Named,
        types: cert_types::Says,
        cx: &mut Cx<'_>,
    ) -> Result<(), Error> {
        let protocol = cx.facts.alpn.clone();
        let version = ProtocolVersion::TLSv1_3;
        let ours = size_limit::ours(self.config.max_fragment_size, version);
        // QUIC has no records.
        let theirs = hello.record_size_limit().filter(|_| !cx.is_quic());
        if let Some(limit) = theirs {
            size_limit::obey(limit, version, cx);
            size_limit::enforce(ours, cx);
        }
        self.tickets.told = self.tickets_asked_for(hello, named)?;
        let quic = cx.carrier.quic().cloned();
        let quic =
            |code| quic.as_ref().filter(|quic| quic.code() == code).map(|quic| Whole(quic.ours.as_slice()));
        let extensions = EncryptedExtensions {
            server_name: (named == Named::Now && hello.server_name.is_some()).then_some(()),
            application_layer_protocol_negotiation: protocol.as_deref().map(SelectedProtocol),
            client_certificate_type: types.client,
            server_certificate_type: types.server,
            early_data: cx.facts.early_data.then_some(()),
            record_size_limit: theirs.map(|_| ours.unwrap_or(size_limit::any(version))),
            ticket_request: self.tickets.told,
            quic_transport_parameters: quic(ext::quic_transport_parameters),
            quic_transport_parameters_draft: quic(ext::quic_transport_parameters_draft),
            ..Default::default()
        };
        cx.emit(&mut self.transcript, HandshakeType::EncryptedExtensions, |out| extensions.write(out));
        Ok(())
    }

    /// How many tickets we are going to send to a client that says how many it wants. RFC 9149 section 2.
    fn tickets_asked_for(&self, hello: &ClientHello, named: Named) -> Result<Option<u8>, Error> {
        let Some([new, resumed]) = hello.ticket_request() else { return Ok(None) };
        let config = &self.config;
        // A server that takes no such wishes is one that does not know the extension.
        if config.max_tls13_tickets == 0 {
            return Ok(None);
        }
        let enabled = config.policy_fingerprint().is_some();
        let keeps = enabled && self.resumes && keeps_sessions(config)?;
        let wanted = match named {
            Named::Now => new,
            Named::Before => resumed,
        };
        let most = u8::try_from(config.max_tls13_tickets).unwrap_or(u8::MAX);
        Ok(Some(if keeps { wanted.min(most) } else { 0 }))
    }
}

impl Chosen {
    /// The certificate is chosen before ServerHello goes out, so that a client which can check none of our signatures is told
    /// in the clear.
    fn send_certificate(mut self, credential: Option<Credential>, cx: &mut Cx<'_>) -> Result<Server, Error> {
        let (credential, asked) = cert_types::agree(&self.hello, &self.config, credential)?;
        let signer = choose::signer(&self.hello, &self.config, &credential)?;

        let suite = self.suite;
        self.transcript.add(self.hello.raw());
        let (mut agreed, hello) = self.send_server_hello(Early::without_psk(suite), None, None, cx)?;
        let types = cert_types::Says::of(&hello, credential.certificate_type(), asked);
        let compressor =
            certs::choose_compressor(&agreed.common.config.cert_compressors, hello.cert_compressions())?;
        cx.make_room(certs::room_for(credential.shown(), compressor));
        agreed.common.send_encrypted_extensions(&hello, Named::Now, types, cx)?;
        if let Some(typ) = asked {
            agreed.common.send_certificate_request(typ, cx)?;
        }
        let Common { config, transcript, .. } = &mut agreed.common;
        let cache = &config.cert_compression_cache;
        let staples = Staples::wanted_by(&hello, &credential);
        certs::emit_chain(cx, transcript, &credential, staples, compressor, cache)?;
        // It is read, and the next state needs room.
        drop(hello);
        let message = Signable::new(Signed::ByServer, &transcript.current());
        Ok(AskSignature(Box::new(Signing { agreed, signer, message, asked })))
    }
}

// ---- CertificateVerify, Finished

/// A signature is being made.
pub(crate) struct Signing {
    agreed: Agreed,
    signer: ReadySigner,
    message: Signable,
    /// The client has been asked for a certificate of this type.
    asked: Option<CertificateType>,
}

impl Signing {
    fn send_certificate_verify(
        mut self: Box<Self>,
        signature: &[u8],
        cx: &mut Cx<'_>,
    ) -> Result<Server, Error> {
        let transcript = &mut self.agreed.common.transcript;
        certs::emit_certificate_verify(cx, transcript, self.signer.scheme, signature);
        let flown = self.agreed.send_finished(cx)?;
        Ok(match self.asked {
            Some(typ) => WaitCertificate(Box::new(Asked { flown, typ })),
            None => WaitFinished(flown),
        })
    }
}

impl Agreed {
    fn send_finished(self, cx: &mut Cx<'_>) -> Result<Box<Flown>, Error> {
        let Self { mut common, keys } = self;
        let Common { config, transcript, .. } = &mut common;
        let verify_data = keys.finished.server.finished(&transcript.current());
        cx.emit(transcript, HandshakeType::Finished, |out| out.extend_from_slice(verify_data.as_ref()));
        let hash = transcript.current();
        let master = keys.master(&hash);
        cx.derived_traffic(&master.traffic)?;
        cx.log_secret("EXPORTER_SECRET", master.exporter.as_bytes())?;
        cx.install_traffic(Direction::Write, &master.traffic.server)?;
        // Half a round trip early; never to clients who have yet to say who they are. RFC 8446 section 4.4.4.
        if config.send_half_rtt_data && !told(CLIENT_VERIFIER, || config.verifier.offer_client_auth())? {
            cx.write.gate = Gate::Open;
        }
        Ok(Box::new(Flown { common, hash, handshake: keys.finished.client, master }))
    }
}

// ---- EndOfEarlyData

/// Our flight is out.
pub(crate) struct Flown {
    common: Common,
    /// Of the transcript as it is: what the client's next message is about.
    hash: Output,
    handshake: FinishedSecret,
    master: Master,
}

impl Flown {
    fn add(&mut self, message: &[u8]) {
        self.common.transcript.add(message);
        self.hash = self.common.transcript.current();
    }

    /// RFC 8446 section 4.5.
    fn read_end_of_early_data(mut self: Box<Self>, m: Message<'_>, cx: &mut Cx<'_>) -> Result<Server, Error> {
        <()>::read_all(m.body)?;
        self.add(m.raw);
        cx.read.gate = Gate::Closed;
        cx.install(Direction::Read, &self.handshake.woken(), KeyLevel::Handshake)?;
        Ok(WaitFinished(self))
    }
}

// ---- the client's Finished

impl Flown {
    fn read_finished(mut self: Box<Self>, m: Message<'_>, cx: &mut Cx<'_>) -> Result<Server, Error> {
        certs::check_finished(&self.handshake, &self.hash, m.body)?;
        self.common.transcript.add(m.raw);
        let Self { common, master, .. } = *self;
        let Common { config, transcript, peer, tie, authenticated, resumes, tickets } = common;
        let (traffic, exporter, resumption) = master.into_traffic(&transcript.finish());
        cx.install_traffic(Direction::Read, &traffic.client)?;
        cx.facts.peer = (!peer.is_empty()).then(|| peer.into());
        cx.facts.set_external_psk(tie.as_ref().map(|tie| &tie.identity[..]));
        cx.facts.exporter = Some(exporter);
        cx.open_gates();
        let traffic = Box::new(Traffic { read: traffic.client, write: traffic.server });

        match resumes {
            true => tickets13::make_tickets(config, resumption, traffic, authenticated, tie, tickets, cx),
            false => Ok(Connected(traffic)),
        }
    }
}

// ---- after the handshake

fn read_key_update(mut traffic: Box<Traffic>, m: Message<'_>, cx: &mut Cx<'_>) -> Result<Server, Error> {
    traffic.read_key_update(m.body, cx)?;
    Ok(Connected(traffic))
}

/// Bytes of early data records that are passed over, with their tags: what we may have granted (RFC 8446 section 4.2.10), and
/// more, since the client's ticket may be another server's or from before we granted less.
fn refused_early_data(config: &ServerConfig) -> usize {
    let granted = usize::try_from(config.max_early_data_size).unwrap_or(usize::MAX);
    granted.saturating_add(REFUSED_EARLY_DATA)
}

/// What is passed over beyond that. Popular servers grant 14 to 16 KiB, and other libraries pass over as much.
pub(crate) const REFUSED_EARLY_DATA: usize = 16 * 1024;
