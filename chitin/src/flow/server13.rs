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

use alloc::boxed::Box;
use alloc::sync::Arc;
use alloc::vec;
use alloc::vec::Vec;

use pki_types::{CertificateDer, UnixTime};
use zeroize::Zeroizing;

use crate::carrier::{Direction, Parameters};
use crate::config::psk::ExternalPsk;
use crate::config::server::{ClientHello as HelloView, ServerConfig};
use crate::crypto::credential::{Credential, ReadySigner};
use crate::crypto::hash::Output;
use crate::crypto::suites::{SupportedCipherSuite, Tls13CipherSuite};
use crate::crypto::verify::DigitallySignedStruct;
use crate::crypto::{CompletedKeyExchange, SupportedKxGroup};
use crate::error::{Error, PeerIncompatible, PeerMisbehaved};
use crate::flow::cert_types;
use crate::flow::certs::{self, PeerChain, Signable, Signed, Staples};
use crate::flow::choose::{self, Share};
use crate::flow::cx::{Cx, Gate};
use crate::flow::delegation::{self, Rules};
use crate::flow::psk::{self, EarlyOffer, Present, Resumable};
use crate::flow::question::{self, Answer, CLIENT_VERIFIER, Question, SERVER_STORE, told, view};
use crate::flow::server_psk::{self, Candidate, Greeted, Keyed, Tie};
use crate::flow::size_limit;
use crate::flow::tickets13::{self, Plan, Ticketing, keeps_sessions, seals_tickets};
use crate::flow::traffic13::Traffic;
use crate::flow::unexpected;
use crate::flow::{self, server12};
use crate::names::{CertificateType, HandshakeKind, HandshakeType, ProtocolVersion, Side, SignatureScheme};
use crate::observe::KeyLevel;
use crate::record::joiner::Message;
use crate::schedule::tls13::{Early, EarlyPsk, EarlySecrets, FinishedSecret, Handshake, Master, PskKind};
use crate::schedule::transcript::Transcript;
use crate::secret::Secret;
use crate::wire::client_hello::ClientHello;
use crate::wire::codec::{MAX8, MAX16, Opaque, Wire, nest};
use crate::wire::extensions::{
    EncryptedExtensions, HelloRetryExtensions, KeyShareEntry, SelectedProtocol, ServerHelloExtensions, Whole,
    ext,
};
use crate::wire::server_hello::{RETRY_RANDOM, ServerHello};

/// The states of RFC 8446 appendix A.2, and between them the questions.
pub(crate) enum Server {
    WaitClientHello(Option<Arc<ServerConfig>>),
    AskConfig(Box<ClientHello>),
    AskPsk(Box<Greeted>),
    WaitClientHelloAfterRetry(Box<Retried>),
    AskSession(Box<Resuming>),
    AskPskAgain(Box<Bound>, Tie),
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
            AskConfig(_) | AskPsk(_) | AskSession(_) | AskPskAgain(..) | AskToSpend(_)
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
            AskPskAgain(s, tie) => {
                Question::FindPsk { psks: s.chosen.config.external_psks.as_ref()?, identity: &tie.identity }
            }
            AskToSpend(s) => Question::SpendSession { store: &s.chosen.config.session_storage, id: &s.id },
            AskCertificate(s) => Question::ServerCertificate {
                config: &s.config,
                hello: &s.hello,
                version: ProtocolVersion::TLSv1_3,
            },
            AskSignature(s) => Question::Sign { signer: &*s.signer.signer, message: s.message.as_ref() },
            AskVerdict(s) => Question::VerifyClient {
                verifier: &s.flown.config.verifier,
                chain: &s.chain.certificates,
                now: s.now,
            },
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

// ---- HelloRetryRequest

/// The client has been asked for another share.
pub(crate) struct Retried {
    config: Arc<ServerConfig>,
    hello: Box<ClientHello>,
    suite: &'static Tls13CipherSuite,
    psk: Option<Box<Keyed>>,
    group: &'static dyn SupportedKxGroup,
    cookie: [u8; 32],
    transcript: Transcript,
}

fn send_hello_retry_request(
    config: Arc<ServerConfig>,
    hello: Box<ClientHello>,
    suite: &'static Tls13CipherSuite,
    psk: Option<Box<Keyed>>,
    group: &'static dyn SupportedKxGroup,
    mut transcript: Transcript,
    cx: &mut Cx<'_>,
) -> Result<Server, Error> {
    // The state stays here, so the cookie need hold nothing. A fresh random one that has to come back, compared with what we
    // sent, ties the second hello to this very request.
    let mut cookie = [0; 32];
    config.provider.secure_random.fill(&mut cookie)?;
    transcript.add(hello.raw());
    let mut transcript = transcript.fold_first_hello();
    let extensions = HelloRetryExtensions {
        supported_versions: Some(ProtocolVersion::TLSv1_3),
        cookie: Some(Opaque(&cookie)),
        key_share: Some(group.name()),
        ..Default::default()
    };
    let named = HandshakeType::HelloRetryRequest;
    cx.emit_as(&mut transcript, HandshakeType::ServerHello, named, |out| {
        ServerHello::write(out, &RETRY_RANDOM, hello.session_id(), suite.common.suite, &extensions);
    });
    // A client need not ask for it: whoever is in between may want it, and the client drops it. RFC 8446 appendix D.4.
    cx.send_compat_ccs()?;
    cx.flush()?;
    if hello.has(ext::early_data) {
        cx.carrier.skip_early_data(refused_early_data(&config), true);
    }
    Ok(WaitClientHelloAfterRetry(Box::new(Retried { config, hello, suite, psk, group, cookie, transcript })))
}

impl Retried {
    fn read_client_hello(self, m: Message<'_>, cx: &mut Cx<'_>) -> Result<Server, Error> {
        let Self { config, hello: first, suite, psk, group, cookie, transcript } = self;
        let hello = ClientHello::read(m.raw)?;
        // The retry was one of TLS 1.3, and the version stays. RFC 8446 section 4.1.4.
        if choose::protocol_version(&hello, &config)? != ProtocolVersion::TLSv1_3 {
            return Err(PeerMisbehaved::UnexpectedChangesInSecondClientHello.into());
        }
        choose::check_hello(&hello)?;
        // The suite that HelloRetryRequest named is the one of this handshake. RFC 8446 section 4.1.4.
        if !hello.cipher_suites.contains(&suite.common.suite) {
            return Err(PeerMisbehaved::CipherSuiteDifferedOnRetry.into());
        }
        choose::check_second_hello(&first, &hello)?;
        choose::check_psks_kept(&first, &hello, suite)?;
        if !hello.cookie().is_some_and(|theirs| Secret::new(&cookie).matches(theirs)) {
            return Err(PeerMisbehaved::CookieDifferedOnRetry.into());
        }
        choose::check_retried_share(&hello, group.name())?;
        let kind = HandshakeKind::FullWithHelloRetryRequest;
        Chosen { config, hello, suite, psk, group, transcript, kind }.choose_psk(cx)
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
    fn choose_psk(self, cx: &mut Cx<'_>) -> Result<Server, Error> {
        let psks = self.hello.psks().filter(|_| choose::resumes(&self.hello));
        let identities: Vec<Vec<u8>> = psks
            .into_iter()
            .flat_map(|psks| psks.identities.iter())
            .take(psk::IDENTITIES)
            .map(|psk| psk.identity.0.to_vec())
            .collect();
        let chosen = Box::new(self);
        match identities.is_empty() {
            true => chosen.without_session(cx),
            false => {
                let tickets = seals_tickets(&chosen.config)?;
                Ok(AskSession(Box::new(Resuming { chosen, identities, at: 0, tickets })))
            }
        }
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
        agreed.send_encrypted_extensions(&hello, Named::Now, cert_types::Says::default(), cx)?;
        drop(hello);
        agreed.tie = Some(tie);
        // No certificate is asked for. RFC 8446 section 4.3.2.
        Ok(WaitFinished(agreed.send_finished(cx)?))
    }

    fn now(&self) -> Result<UnixTime, Error> {
        question::now(&self.config.time_provider)
    }
}

/// The client offers sessions, of which one is looked at.
pub(crate) struct Resuming {
    chosen: Box<Chosen>,
    identities: Vec<Vec<u8>>,
    at: usize,
    /// They are tickets, and not names of stored sessions.
    tickets: bool,
}

impl Resuming {
    fn question(&self) -> Option<Question<'_>> {
        let identity = self.identities.get(self.at)?;
        let config = &self.chosen.config;
        Some(match self.tickets {
            true => Question::OpenTicket { ticketer: &config.ticketer, ticket: identity },
            false => Question::LoadSession { store: &config.session_storage, id: identity },
        })
    }

    /// A session that may not be resumed is passed over; one that may, with a binder that is wrong, is an attack. RFC 8446
    /// section 4.2.11.
    fn choose_psk(
        mut self: Box<Self>,
        found: Option<Zeroizing<Vec<u8>>>,
        cx: &mut Cx<'_>,
    ) -> Result<Server, Error> {
        let now = self.chosen.now()?;
        let chosen = &self.chosen;
        let present = Present {
            suite: chosen.suite,
            suites: &chosen.config.provider.cipher_suites,
            hello: &chosen.hello,
            policy: chosen.config.policy_fingerprint(),
            quic_version: cx.carrier.quic().map(Parameters::version),
            now,
        };
        // The fingerprint says what the verifier wanted when the config was made. One that reloads its rules may want more now.
        let verifier = &chosen.config.verifier;
        let anonymous_is_refused = told(CLIENT_VERIFIER, || verifier.client_auth_mandatory())?;
        let session =
            found.and_then(|bytes| psk::resumable(&bytes, &present)).filter(|session| match &session.tie {
                Some(_) => chosen.config.external_psks.is_some(),
                None if chosen.config.require_external_psk => false,
                None => !(session.chain.is_empty() && anonymous_is_refused),
            });
        let Some(session) = session else {
            self.at = self.at.saturating_add(1);
            return match self.at < self.identities.len() {
                true => Ok(AskSession(self)),
                false => self.chosen.without_session(cx),
            };
        };
        let early = self.check_binder(&session)?;
        let Self { chosen, mut identities, at, tickets } = *self;
        let id = identities.swap_remove(at);
        let tie = session.tie.clone();
        let bound = Box::new(Bound { chosen, session, early, at, id, tickets });
        match tie {
            Some(tie) => Ok(AskPskAgain(bound, tie)),
            None => bound.spend(cx),
        }
    }

    /// RFC 8446 section 4.2.11.2.
    fn check_binder(&self, session: &Resumable) -> Result<EarlyPsk, Error> {
        let chosen = &self.chosen;
        let binder = chosen.hello.psks().and_then(|psks| psks.binders.iter().nth(self.at));
        let binder = binder.ok_or(PeerMisbehaved::MissingBinderInPskExtension)?;
        let hash = chosen.transcript.current_with(chosen.hello.without_binders());
        let early = EarlyPsk::new(chosen.suite, session.secret.as_bytes());
        let expected = early.binder(PskKind::Resumption, &hash);
        match expected.matches(binder.0) {
            true => Ok(early),
            false => Err(PeerMisbehaved::IncorrectBinder.into()),
        }
    }
}

/// The client has proved that it has the session.
pub(crate) struct Bound {
    chosen: Box<Chosen>,
    session: Resumable,
    early: EarlyPsk,
    at: usize,
    id: Vec<u8>,
    tickets: bool,
}

impl Bound {
    /// A session that goes back to an external key is good while that key is. Then it may be another one's turn.
    fn tied(
        self: Box<Self>,
        tie: &Tie,
        found: Option<ExternalPsk>,
        cx: &mut Cx<'_>,
    ) -> Result<Server, Error> {
        match tie.holds(found, self.chosen.suite, &self.chosen.config) {
            true => self.spend(cx),
            false => self.chosen.without_session(cx),
        }
    }

    fn spend(self: Box<Self>, cx: &mut Cx<'_>) -> Result<Server, Error> {
        match self.tickets {
            // A ticket can be used again, and so could its early data.
            true => self.resume(None, cx),
            false => Ok(AskToSpend(self)),
        }
    }

    /// A stored session is used once. If somebody else has just taken it, this is a full handshake.
    fn spent(self, got_it: bool, cx: &mut Cx<'_>) -> Result<Server, Error> {
        match got_it {
            true => {
                let early_data = self.early_data_limit(cx)?;
                self.resume(early_data, cx)
            }
            false => self.chosen.without_session(cx),
        }
    }

    /// How much early data is taken on the session that has just been spent; `None` for none. RFC 8446 section 4.2.10.
    fn early_data_limit(&self, cx: &Cx<'_>) -> Result<Option<u32>, Error> {
        let Self { chosen, session, at, .. } = self;
        let Chosen { hello, config, .. } = &**chosen;
        // Only on the first session that is offered: its key is the one that the client used. And never after a retry.
        let offered = *at == 0
            && chosen.kind == HandshakeKind::Full
            && hello.has(ext::early_data)
            && !cx.policy.refuses_early_data;
        let Some(terms) = session.early.as_ref().filter(|_| offered) else { return Ok(None) };
        let offer = EarlyOffer {
            suite: chosen.suite.common.suite,
            alpn: &choose::protocol(hello, config, cx.is_quic())?.unwrap_or_default(),
            quic_parameters: cx.carrier.quic().map(|quic| &quic.ours[..]),
            origin: told(SERVER_STORE, || config.origin())?,
            limit: config.max_early_data_size,
            skew: self.age_skew()?,
            window: config.early_data_age_window,
        };
        Ok(terms.allow(&offer).then_some(terms.limit))
    }

    /// By how much the client's age of the session differs from ours.
    fn age_skew(&self) -> Result<Option<i64>, Error> {
        let Self { chosen, session, at, .. } = self;
        let identity = chosen.hello.psks().and_then(|psks| psks.identities.iter().nth(*at));
        let now = chosen.now()?;
        Ok(identity.and_then(|identity| session.age.skew(identity.obfuscated_ticket_age, now)))
    }

    fn resume(self, early_data: Option<u32>, cx: &mut Cx<'_>) -> Result<Server, Error> {
        cx.facts.set_ticket_age_skew(self.age_skew()?);
        let Self { mut chosen, session, early, at, .. } = self;
        let index = u16::try_from(at).map_err(|_| PeerMisbehaved::SelectedInvalidPsk)?;
        chosen.transcript.add(chosen.hello.raw());
        let secrets = early_data.map(|limit| (early.secrets(&chosen.transcript.current()), limit));
        let (mut agreed, hello) = chosen.send_server_hello(early.into_early(), Some(index), secrets, cx)?;
        let types = cert_types::Says::resumed(&hello, &agreed.config)?;
        agreed.send_encrypted_extensions(&hello, Named::Before, types, cx)?;
        drop(hello);
        agreed.peer = session.chain;
        agreed.authenticated = Some(session.authenticated);
        agreed.tie = session.tie;
        cx.facts.set_resumption_data(session.application);
        cx.facts.kind = Some(HandshakeKind::Resumed);
        let flown = agreed.send_finished(cx)?;
        // QUIC sees the end of early data by its packets. RFC 9001 section 8.3.
        Ok(if early_data.is_some() && !cx.is_quic() {
            WaitEndOfEarlyData(flown)
        } else {
            WaitFinished(flown)
        })
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
        cx.derived(KeyLevel::Handshake, keys.traffic.resting())?;
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
        Ok((Agreed { config, transcript, keys, peer, tie, authenticated, resumes, tickets }, hello))
    }
}

/// What comes next is early data, until EndOfEarlyData. In QUIC it does not come to us.
fn accept_early_data(secrets: &EarlySecrets, limit: u32, cx: &mut Cx<'_>) -> Result<(), Error> {
    cx.begin_early_data(Direction::Read, secrets)?;
    cx.read.gate = Gate::Early { left: usize::try_from(limit).unwrap_or(usize::MAX) };
    cx.facts.early_data = true;
    Ok(())
}

// ---- EncryptedExtensions, CertificateRequest, Certificate

/// Keys are agreed: everything is encrypted from here on. The hello, with a share that may be large, is not kept behind what answers it.
struct Agreed {
    config: Arc<ServerConfig>,
    transcript: Transcript,
    keys: Handshake,
    /// The client's chain, if the session that is resumed had one.
    peer: Vec<CertificateDer<'static>>,
    /// The external key that the client has proved itself with, here or when the session was made.
    tie: Option<Tie>,
    /// When the full handshake was that the session goes back to; `None` if this is one.
    authenticated: Option<u64>,
    /// The client can resume what we give it.
    resumes: bool,
    tickets: Plan,
}

/// Did the server name take part in this handshake?
#[derive(Clone, Copy, PartialEq, Eq)]
enum Named {
    /// It chose the certificate, which is acknowledged. RFC 6066 section 3.
    Now,
    /// It did so when the session was made.
    Before,
}

impl Agreed {
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

    /// RFC 8446 section 4.3.2. The context is empty within the handshake.
    fn send_certificate_request(&mut self, typ: CertificateType, cx: &mut Cx<'_>) -> Result<(), Error> {
        let verifier = &self.config.verifier;
        let compressions = certs::offered_compressions(&self.config.cert_decompressors)?;
        let schemes = told(CLIENT_VERIFIER, || verifier.supported_verify_schemes())?;
        let authorities = told(CLIENT_VERIFIER, || verifier.root_hint_subjects())?;
        // What is about certificates is not asked of a raw public key.
        let authorities = if typ == CertificateType::X509 { authorities } else { &[] };
        let delegated = delegated_offered(&self.config, typ);
        cx.emit(&mut self.transcript, HandshakeType::CertificateRequest, |out| {
            Opaque::<0, MAX8>(&[]).write(out);
            nest(out, MAX16, |out| {
                ext::signature_algorithms.write(out);
                nest(out, MAX16, |out| {
                    nest(out, MAX16, |out| {
                        // Also those of certificates only: without rsa_pkcs1 few chains of RSA could be shown. RFC 8446
                        // section 4.2.3.
                        schemes.iter().for_each(|s| s.write(out));
                    });
                });
                if !delegated.is_empty() {
                    ext::delegated_credential.write(out);
                    nest(out, MAX16, |out| {
                        nest(out, MAX16, |out| delegated.iter().for_each(|scheme| scheme.write(out)));
                    });
                }
                if !compressions.is_empty() {
                    ext::compress_certificate.write(out);
                    nest(out, MAX16, |out| {
                        nest(out, MAX8, |out| compressions.iter().for_each(|c| c.write(out)));
                    });
                }
                // It is a hint. What does not fit is not cut short, since half a list would keep clients away.
                let len = authorities
                    .iter()
                    .fold(0, |len: usize, name| len.saturating_add(name.as_ref().len() + 2));
                if (1..=MAX_AUTHORITIES).contains(&len) {
                    ext::certificate_authorities.write(out);
                    nest(out, MAX16, |out| {
                        nest(out, MAX16, |out| {
                            authorities.iter().for_each(|name| Opaque::<1, MAX16>(name.as_ref()).write(out));
                        });
                    });
                }
            });
        });
        Ok(())
    }
}

impl Chosen {
    /// The certificate is chosen before ServerHello goes out, so that a client which can check none of our signatures is told
    /// in the clear.
    fn send_certificate(mut self, credential: Option<Credential>, cx: &mut Cx<'_>) -> Result<Server, Error> {
        let (credential, asked) = cert_types::agree(&self.hello, &self.config, credential)?;
        let signer = choose::signer(&mut self.hello, &self.config, &credential)?;

        let suite = self.suite;
        self.transcript.add(self.hello.raw());
        let (mut agreed, hello) = self.send_server_hello(Early::without_psk(suite), None, None, cx)?;
        let types = cert_types::Says::of(&hello, credential.certificate_type(), asked);
        let compressor =
            certs::choose_compressor(&agreed.config.cert_compressors, hello.cert_compressions())?;
        cx.make_room(certs::room_for(credential.shown(), compressor));
        agreed.send_encrypted_extensions(&hello, Named::Now, types, cx)?;
        if let Some(typ) = asked {
            agreed.send_certificate_request(typ, cx)?;
        }
        let Agreed { config, transcript, .. } = &mut agreed;
        let cache = &config.cert_compression_cache;
        let staples = Staples::wanted_by(&hello, &credential);
        certs::emit_chain(cx, transcript, &credential, staples, compressor, cache)?;
        let message = Signable::new(Signed::ByServer, &agreed.transcript.current());
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
        certs::emit_certificate_verify(cx, &mut self.agreed.transcript, self.signer.scheme, signature);
        let flown = self.agreed.send_finished(cx)?;
        Ok(match self.asked {
            Some(typ) => WaitCertificate(Box::new(Asked { flown, typ })),
            None => WaitFinished(flown),
        })
    }
}

impl Agreed {
    fn send_finished(self, cx: &mut Cx<'_>) -> Result<Box<Flown>, Error> {
        let Self { config, mut transcript, keys, peer, tie, authenticated, resumes, tickets } = self;
        let verify_data = keys.finished.server.finished(&transcript.current());
        cx.emit(&mut transcript, HandshakeType::Finished, |out| out.extend_from_slice(verify_data.as_ref()));
        let hash = transcript.current();
        let master = keys.master(&hash);
        cx.derived(KeyLevel::Traffic, master.traffic.resting())?;
        cx.log_secret("EXPORTER_SECRET", master.exporter.as_bytes())?;
        cx.install_traffic(Direction::Write, &master.traffic.server)?;
        // Half a round trip early; never to clients who have yet to say who they are. RFC 8446 section 4.4.4.
        if config.send_half_rtt_data && !told(CLIENT_VERIFIER, || config.verifier.offer_client_auth())? {
            cx.write.gate = Gate::Open;
        }
        Ok(Box::new(Flown {
            config,
            transcript,
            hash,
            handshake: keys.finished.client,
            master,
            peer,
            tie,
            authenticated,
            resumes,
            tickets,
        }))
    }
}

// ---- EndOfEarlyData, the client's Certificate and CertificateVerify

/// Our flight is out.
pub(crate) struct Flown {
    config: Arc<ServerConfig>,
    transcript: Transcript,
    /// Of the transcript as it is: what the client's next message is about.
    hash: Output,
    handshake: FinishedSecret,
    master: Master,
    /// Authenticated, here or when the session was made.
    peer: Vec<CertificateDer<'static>>,
    tie: Option<Tie>,
    authenticated: Option<u64>,
    /// The client can use tickets.
    resumes: bool,
    tickets: Plan,
}

impl Flown {
    fn add(&mut self, message: &[u8]) {
        self.transcript.add(message);
        self.hash = self.transcript.current();
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

/// The client has been asked for a certificate.
pub(crate) struct Asked {
    flown: Box<Flown>,
    typ: CertificateType,
}

impl Asked {
    fn read_certificate(self, m: Message<'_>) -> Result<Server, Error> {
        self.read_chain(m.body, m.raw)
    }

    fn takes_compressed(&self) -> bool {
        !self.flown.config.cert_decompressors.is_empty()
    }

    /// RFC 8879 section 4: the transcript has the message as it came, compressed.
    fn read_compressed_certificate(self, m: Message<'_>) -> Result<Server, Error> {
        let config = &self.flown.config;
        let body = certs::decompress(m.body, &config.cert_decompressors, config.max_certificate_message)?;
        self.read_chain(&body, m.raw)
    }

    /// Takes the body of a Certificate message, and what of it goes into the transcript.
    fn read_chain(self, body: &[u8], raw: &[u8]) -> Result<Server, Error> {
        let Self { mut flown, typ } = self;
        // Beside the certificates we ask for nothing else.
        let delegates = !delegated_offered(&flown.config, typ).is_empty();
        let chain = certs::read_chain(body, typ, |code| delegates && code == ext::delegated_credential)?;
        flown.add(raw);
        if !chain.certificates.is_empty() {
            return Ok(WaitCertificateVerify(Box::new(Presented { flown, chain })));
        }
        match told(CLIENT_VERIFIER, || flown.config.verifier.client_auth_mandatory())? {
            true => Err(Error::NoCertificatesPresented),
            false => Ok(WaitFinished(flown)),
        }
    }
}

/// A chain has been seen; who sent it is not known yet.
pub(crate) struct Presented {
    flown: Box<Flown>,
    chain: PeerChain,
}

impl Presented {
    fn read_certificate_verify(mut self, m: Message<'_>) -> Result<Server, Error> {
        let flown = &self.flown;
        let message = Signable::new(Signed::ByClient, &flown.hash);
        let schemes = told(CLIENT_VERIFIER, || flown.config.verifier.supported_verify_schemes())?;
        let signature = certs::read_certificate_verify(m.body, self.chain.delegated.as_ref(), |scheme| {
            schemes.contains(&scheme)
        })?;
        let now = question::now(&flown.config.time_provider)?;
        self.flown.add(m.raw);
        let Self { flown, chain } = self;
        Ok(AskVerdict(Box::new(Claimed { flown, chain, schemes, message, signature, now })))
    }
}

/// A chain and a signature are here; neither has been checked.
pub(crate) struct Claimed {
    flown: Box<Flown>,
    chain: PeerChain,
    /// What we asked for.
    schemes: Vec<SignatureScheme>,
    message: Signable,
    signature: DigitallySignedStruct,
    now: UnixTime,
}

impl Claimed {
    /// The chain is good. Does its key sign for this connection?
    fn check_signature(self, _: &mut Cx<'_>) -> Result<Server, Error> {
        let config = &self.flown.config;
        let verifier = &config.verifier;
        let rules = Rules {
            by: Side::Client,
            schemes: &delegated_offered(config, CertificateType::X509),
            of_certificates: &|scheme| self.schemes.contains(&scheme),
            now: self.now,
            algorithms: &config.provider.signature_verification_algorithms,
        };
        let since = certs::check_signature13(
            &self.chain,
            self.message.as_ref(),
            &self.signature,
            &rules,
            |message, leaf, signature| verifier.verify_tls13_signature(message, leaf, signature),
        )?;
        let Self { mut flown, chain, .. } = self;
        flown.peer = chain.certificates;
        flown.authenticated = since;
        Ok(WaitFinished(flown))
    }
}

/// With what the keys of clients' delegated credentials may sign. Only a certificate delegates. RFC 9345 section 4.
fn delegated_offered(config: &ServerConfig, typ: CertificateType) -> Vec<SignatureScheme> {
    if typ != CertificateType::X509 {
        return Vec::new();
    }
    let algorithms = &config.provider.signature_verification_algorithms;
    delegation::offered(&config.delegated_credential_schemes, algorithms)
}

// ---- the client's Finished

impl Flown {
    fn read_finished(mut self: Box<Self>, m: Message<'_>, cx: &mut Cx<'_>) -> Result<Server, Error> {
        certs::check_finished(&self.handshake, &self.hash, m.body)?;
        self.transcript.add(m.raw);
        let Self { config, transcript, master, peer, tie, authenticated, resumes, tickets, .. } = *self;
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

/// Authorities that are named to clients. More do not fit beside the rest of the extensions.
pub(crate) const MAX_AUTHORITIES: usize = 60 * 1024;
