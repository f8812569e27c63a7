//! The client of TLS 1.3, in the order of RFC 8446 figure 1 and with the states of its appendix A.1.
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
//!  [Application Data]                <-->  [Application Data]
//! ```
//!
//! Three ways lead off it and have files of their own: a server that asks for another hello (`client13/retry.rs`), early data
//! (`client13/early_data.rs`), and a server that asks for a certificate (`client13/client_auth.rs`).

mod client_auth;
mod early_data;
mod retry;

use alloc::boxed::Box;
use alloc::sync::Arc;
use alloc::vec;
use alloc::vec::Vec;

use pki_types::{CertificateDer, ServerName, UnixTime};

use crate::carrier::Direction;
use crate::config::client::ClientConfig;
use crate::config::psk::ExternalPsk;
use crate::config::sessions::GoesBack;
use crate::crypto::hash::Output;
use crate::crypto::suites::{SupportedCipherSuite, Tls13CipherSuite};
use crate::crypto::verify::DigitallySignedStruct;
use crate::error::{Error, InvalidMessage, PeerIncompatible, PeerMisbehaved};
use crate::flow::cert_types;
use crate::flow::certs::{self, PeerChain, Signable, Signed};
use crate::flow::client13::client_auth::{Answering, Request, Signing};
use crate::flow::client13::early_data::{EarlyData, Reconsidered, begin_early_data, refuse_early_data};
use crate::flow::client13::retry::Retried;
use crate::flow::cx::Cx;
use crate::flow::delegation::Rules;
use crate::flow::ech_client::{self, Chosen, FirstHello, Hidden, Settled};
use crate::flow::facts::Facts;
use crate::flow::offer::{Asked, Offer};
use crate::flow::offer_psk::Origin;
use crate::flow::question::{Answer, Question, SERVER_VERIFIER, STORE, guarded, told};
use crate::flow::replies::{self, Reply};
use crate::flow::size_limit;
use crate::flow::traffic13::{Tickets, Traffic};
use crate::flow::unexpected;
use crate::flow::{self, client12};
use crate::names::{
    CertificateType, Compression, HandshakeKind, HandshakeType, NamedGroup, ProtocolVersion, Side,
};
use crate::observe::KeyLevel;
use crate::record::joiner::Message;
use crate::schedule::tls13::{Handshake, Master};
use crate::schedule::transcript::{Transcript, Unhashed};
use crate::wire::codec::Wire;
use crate::wire::extensions::{EncryptedExtensions, ext};
use crate::wire::server_hello::ServerHello;

/// The states of RFC 8446 appendix A.1, and between them the questions.
pub(crate) enum Client {
    // What is large lies in boxes, and what goes from state to state in one that stays: a state is moved with every message.
    WaitServerHello(Offered),
    WaitServerHelloAfterRetry(Box<Retried>),
    WaitEncryptedExtensions(Agreed),
    WaitCertificateOrRequest(Unauthenticated),
    WaitCertificate(Unauthenticated),
    WaitCertificateVerify(Box<Presented>),
    AskVerdict(Box<Claimed>),
    AskVerdictAgain(Box<Reconsidered>),
    WaitFinished(Authenticated),
    AskCertificate(Box<Answering>),
    AskSignature(Box<Signing>),
    Connected(Box<Open>),
}

use Client::*;

impl Client {
    /// The legal order of messages, whole. The first ServerHello may lead to the flow of TLS 1.2.
    pub(crate) fn on_message(self, m: Message<'_>, cx: &mut Cx<'_>) -> Result<flow::Client, Error> {
        use HandshakeType as T;
        match (self, m.typ) {
            (WaitServerHello(s), T::ServerHello) => return s.read_server_hello(m, cx),
            (WaitServerHelloAfterRetry(s), T::ServerHello) => s.read_server_hello(m, cx),
            (WaitEncryptedExtensions(s), T::EncryptedExtensions) => s.read_encrypted_extensions(m, cx),
            (WaitCertificateOrRequest(s), T::CertificateRequest) => s.read_certificate_request(m),
            (WaitCertificateOrRequest(s) | WaitCertificate(s), T::Certificate) => s.read_certificate(m),
            (WaitCertificateOrRequest(s) | WaitCertificate(s), T::CompressedCertificate)
                if s.takes_compressed() =>
            {
                s.read_compressed_certificate(m)
            }
            (WaitCertificateVerify(s), T::CertificateVerify) => s.read_certificate_verify(m),
            (WaitFinished(s), T::Finished) => s.read_finished(m, cx),
            (Connected(s), T::NewSessionTicket) => s.read_new_session_ticket(m, cx),
            (Connected(s), T::KeyUpdate) => s.read_key_update(m, cx),
            (state, got) => Err(unexpected(got, state.expects())),
        }
        .map(flow::Client::Tls13)
    }

    fn expects(&self) -> Vec<HandshakeType> {
        match self {
            WaitServerHello(_) | WaitServerHelloAfterRetry(_) => vec![HandshakeType::ServerHello],
            WaitEncryptedExtensions(_) => vec![HandshakeType::EncryptedExtensions],
            WaitCertificateOrRequest(s) => {
                let compressed = s.takes_compressed().then_some(HandshakeType::CompressedCertificate);
                let plain = [HandshakeType::Certificate, HandshakeType::CertificateRequest];
                plain.into_iter().chain(compressed).collect()
            }
            WaitCertificate(s) => certs::expected(s.takes_compressed()),
            WaitCertificateVerify(_) => vec![HandshakeType::CertificateVerify],
            WaitFinished(_) => vec![HandshakeType::Finished],
            Connected(_) => vec![HandshakeType::NewSessionTicket, HandshakeType::KeyUpdate],
            AskVerdict(_) | AskVerdictAgain(_) | AskCertificate(_) | AskSignature(_) => vec![],
        }
    }

    /// The name of the state, for observers and tests.
    pub(crate) fn name(&self) -> &'static str {
        match self {
            WaitServerHello(_) => "WaitServerHello",
            WaitServerHelloAfterRetry(_) => "WaitServerHelloAfterRetry",
            WaitEncryptedExtensions(_) => "WaitEncryptedExtensions",
            WaitCertificateOrRequest(_) => "WaitCertificateOrRequest",
            WaitCertificate(_) => "WaitCertificate",
            WaitCertificateVerify(_) => "WaitCertificateVerify",
            AskVerdict(_) => "AskVerdict",
            AskVerdictAgain(_) => "AskVerdictAgain",
            WaitFinished(_) => "WaitFinished",
            AskCertificate(_) => "AskCertificate",
            AskSignature(_) => "AskSignature",
            Connected(_) => "Connected",
        }
    }

    pub(crate) fn question(&self) -> Option<Question<'_>> {
        Some(match self {
            AskVerdict(s) => s.question(),
            AskVerdictAgain(s) => s.question(),
            AskCertificate(s) => s.question(),
            AskSignature(s) => s.question(),
            _ => return None,
        })
    }

    pub(crate) fn on_answer(self, answer: Answer, cx: &mut Cx<'_>) -> Result<flow::Client, Error> {
        match (self, answer) {
            (AskVerdict(s), Answer::Verified) => s.check_signature(cx),
            (AskVerdictAgain(s), Answer::Verified) => Ok(WaitFinished(s.authenticated)),
            (AskCertificate(s), Answer::Certificate(credential)) => s.send_certificate(credential, cx),
            (AskSignature(s), Answer::Signature(signature)) => s.send_certificate_verify(&signature, cx),
            _ => Err(Error::General("an answer to a question that was not asked".into())),
        }
        .map(flow::Client::Tls13)
    }
}

// ---- ClientHello

/// Sends the first hello.
pub(crate) fn send_client_hello(
    config: Arc<ClientConfig>,
    name: ServerName<'static>,
    protocols: Vec<Vec<u8>>,
    cx: &mut Cx<'_>,
) -> Result<Client, Error> {
    cx.adopt_client_config(&config)?;
    let mut offer = Offer::new(config, name, protocols, cx.carrier.quic().cloned())?;
    cx.policy.client_random = offer.random;
    let (hello, hidden) = match guarded(SERVER_VERIFIER, || ech_client::first_hello(&mut offer))? {
        FirstHello::Open { hello } => (hello, None),
        FirstHello::Covering { outer, hidden } => (outer, Some(hidden)),
    };
    ech_client::state_facts(&offer, hidden.as_deref(), cx)?;
    cx.send_alone(HandshakeType::ClientHello, &hello)?;
    let transcript = Unhashed::of(hello);
    cx.carrier.allow_ccs(true);
    // Early data belongs to a session, and those are offered in the hello that is hidden.
    let offering = hidden.as_ref().map_or(&transcript, |hidden| &hidden.transcript);
    begin_early_data(&offer, offering, cx)?;
    Ok(WaitServerHello(Offered { offer, transcript, hidden }))
}

// ---- ServerHello

/// A hello is out.
pub(crate) struct Offered {
    offer: Box<Offer>,
    transcript: Unhashed,
    /// Another hello in it: the server may take either. RFC 9849.
    hidden: Option<Box<Hidden>>,
}

impl Offered {
    fn read_server_hello(self, m: Message<'_>, cx: &mut Cx<'_>) -> Result<flow::Client, Error> {
        let hello = ServerHello::read_all(m.body)?;
        if hello.is_retry() {
            return self.read_hello_retry_request(&hello, m, cx).map(flow::Client::Tls13);
        }
        let Self { mut offer, transcript, hidden } = self;
        if choose_version(&offer, &hello)? == ProtocolVersion::TLSv1_2 {
            // What it makes of our early data nobody knows. RFC 8446 appendix D.3.
            if offer.sends_early_data() {
                return Err(PeerMisbehaved::OfferedEarlyDataWithOldProtocolVersion.into());
            }
            return client12::read_server_hello(offer, transcript, &hello, m, cx).map(flow::Client::Tls12);
        }
        let suite = offer.suite(hello.cipher_suite).ok_or(PeerMisbehaved::SelectedUnofferedCipherSuite)?;
        let chosen = ech_client::settle(&mut offer, transcript, hidden, suite, m.raw, cx);
        agree(offer, suite, chosen, &hello, m, HandshakeKind::Full, cx).map(flow::Client::Tls13)
    }
}

/// What both forms of the message must have, and how an error calls it. RFC 8446 section 4.1.3.
fn check_head(
    offer: &Offer,
    hello: &ServerHello<'_>,
    version: PeerMisbehaved,
    echo: PeerMisbehaved,
) -> Result<(), Error> {
    if hello.legacy_version != ProtocolVersion::TLSv1_2 {
        return Err(version.into());
    }
    if hello.session_id.0 != offer.session_id.as_slice() {
        return Err(echo.into());
    }
    if hello.compression != Compression::Null {
        return Err(InvalidMessage::UnsupportedCompression.into());
    }
    Ok(())
}

/// RFC 8446 section 4.2.1: without the extension it is TLS 1.2 or older, and with it nothing older may be chosen.
fn choose_version(offer: &Offer, hello: &ServerHello<'_>) -> Result<ProtocolVersion, Error> {
    // Appendix D.5: whatever stands in the extension.
    if hello.legacy_version == ProtocolVersion::SSLv3 {
        return Err(PeerIncompatible::ServerDoesNotSupportTls12Or13.into());
    }
    match hello.chosen_version()? {
        Some(ProtocolVersion::TLSv1_3) if offer.offers(ProtocolVersion::TLSv1_3) => {
            Ok(ProtocolVersion::TLSv1_3)
        }
        Some(ProtocolVersion::TLSv1_3) => Err(PeerMisbehaved::UnsolicitedServerHelloExtension.into()),
        Some(ProtocolVersion::TLSv1_2) => Err(PeerMisbehaved::SelectedTls12UsingTls13VersionExtension.into()),
        Some(_) => Err(PeerMisbehaved::SelectedUnofferedVersion.into()),
        // A server that knows TLS 1.3 says so when it chooses less: somebody has changed our hello. RFC 8446 section 4.1.3.
        None if offer.offers(ProtocolVersion::TLSv1_3) && hello.is_downgrade() => {
            Err(PeerMisbehaved::AttemptedDowngradeToTls12WhenTls13IsSupported.into())
        }
        None if hello.legacy_version != ProtocolVersion::TLSv1_2 => {
            Err(PeerIncompatible::ServerDoesNotSupportTls12Or13.into())
        }
        None if offer.offers(ProtocolVersion::TLSv1_2) => Ok(ProtocolVersion::TLSv1_2),
        None => Err(PeerIncompatible::ServerTlsVersionIsDisabledByOurConfig.into()),
    }
}

/// The server has chosen: from here on everything is encrypted.
fn agree(
    offer: Box<Offer>,
    suite: &'static Tls13CipherSuite,
    chosen: Chosen,
    hello: &ServerHello<'_>,
    m: Message<'_>,
    full: HandshakeKind,
    cx: &mut Cx<'_>,
) -> Result<Client, Error> {
    let version = match full {
        HandshakeKind::FullWithHelloRetryRequest => PeerMisbehaved::LegacyVersionVariedAfterRetry,
        _ => PeerMisbehaved::WrongLegacyVersion,
    };
    check_head(&offer, hello, version, PeerMisbehaved::ServerHelloWithWrongSessionId)?;
    let extensions = hello.extensions()?;
    replies::check(&extensions.seen, Reply::ServerHello, |code| offer.offered(code))?;
    // Always with a key exchange: we never offer a PSK alone. For a choice that does not fit what we said of PSKs, RFC 8446
    // section 4.2.11 names another alert.
    let share = extensions.key_share.ok_or(match extensions.pre_shared_key {
        Some(_) => PeerMisbehaved::SelectedInvalidPsk,
        None => PeerMisbehaved::MissingKeyShare,
    })?;

    let Chosen { mut transcript, settled: ech } = chosen;
    let sends_early = offer.sends_early_data();
    let settled = offer.settle(suite, share.group, extensions.pre_shared_key)?;
    transcript.add(m.raw);
    let (exchange, early, hash) = (settled.exchange, settled.early, transcript.current());
    let keys = match settled.whole {
        true => early.agree(exchange, share.key_exchange.0, &hash)?,
        false => {
            let shared = exchange.complete_hybrid_component(share.key_exchange.0)?;
            early.with_shared_secret(shared.secret_bytes(), &hash)
        }
    };

    cx.facts.version = Some(ProtocolVersion::TLSv1_3);
    cx.facts.suite = Some(SupportedCipherSuite::Tls13(suite));
    cx.facts.group = Some(settled.group);
    let resumes = matches!(settled.key, Some(Origin::Session(_)));
    cx.facts.kind = Some(if resumes { HandshakeKind::Resumed } else { full });

    cx.derived_handshake(&keys.traffic)?;
    cx.install(Direction::Read, &keys.traffic.server, KeyLevel::Handshake)?;
    if full == HandshakeKind::Full && !sends_early {
        cx.send_compat_ccs()?;
    }
    let early = match &settled.key {
        Some(Origin::Session(session)) if sends_early && full == HandshakeKind::Full => {
            // EncryptedExtensions will tell whether the server takes it. RFC 8446 section 4.2.10.
            EarlyData::Offered { suite: session.suite.common.suite, alpn: session.alpn.clone() }
        }
        _ => {
            refuse_early_data(&keys.traffic.client, cx)?;
            if sends_early { EarlyData::Refused } else { EarlyData::Not }
        }
    };

    let psk = settled.key.as_ref().and_then(Origin::external).cloned();
    let (goes_back, known) = match settled.key {
        Some(Origin::Session(session)) => (Some(session.goes_back()), Some(session.server_chain.clone())),
        // The key alone says who the server is.
        Some(Origin::External(_)) => (None, Some(Arc::from([]))),
        None => (None, None),
    };
    let (asked, group, keys) = (settled.asked, share.group, keys.into_handshake());
    let common = Box::new(Common { asked, group, transcript, keys, goes_back, psk, early, ech });
    Ok(WaitEncryptedExtensions(Agreed { common, known }))
}

// ---- EncryptedExtensions

/// What every state from here on has.
pub(crate) struct Common {
    asked: Asked,
    group: NamedGroup,
    transcript: Transcript,
    keys: Handshake,
    /// The full handshake that the session goes back to; `None` if this is one. After a delegated credential, what
    /// `certs::check_signature13` says.
    goes_back: Option<GoesBack>,
    /// The external key that the server proves itself with, or has proved itself with when the session was made.
    psk: Option<ExternalPsk>,
    early: EarlyData,
    ech: Settled,
}

/// Keys are agreed.
pub(crate) struct Agreed {
    common: Box<Common>,
    /// The server proves itself with a key: the chain that it has shown for it once, empty if the key is an external one. `None`: it
    /// is going to show one now.
    known: Option<Arc<[CertificateDer<'static>]>>,
}

impl Agreed {
    fn read_encrypted_extensions(mut self, m: Message<'_>, cx: &mut Cx<'_>) -> Result<Client, Error> {
        let extensions = EncryptedExtensions::read_all(m.body)?;
        let asked = &self.common.asked;
        replies::check(&extensions.seen, Reply::EncryptedExtensions, |code| asked.offered(code))?;
        match extensions.application_layer_protocol_negotiation {
            Some(protocol) => {
                if asked.config.check_selected_alpn && !asked.offered_protocol(protocol.0) {
                    return Err(PeerMisbehaved::SelectedUnofferedApplicationProtocol.into());
                }
                cx.facts.alpn = Some(protocol.0.into());
            }
            // QUIC has to know what it carries. RFC 9001 section 8.1.
            None if cx.is_quic() && asked.config.check_selected_alpn && asked.offers_protocols() => {
                return Err(Error::NoApplicationProtocol);
            }
            None => {}
        }
        if let Some(code) = asked.quic {
            let parameters = match code {
                ext::quic_transport_parameters => extensions.quic_transport_parameters,
                _ => extensions.quic_transport_parameters_draft,
            };
            let parameters = parameters.ok_or(PeerMisbehaved::MissingQuicTransportParameters)?;
            cx.carrier.set_peer_parameters(Some(parameters.0.to_vec()));
        }
        if let Some(limit) = extensions.record_size_limit {
            size_limit::check(Some(limit))?;
            size_limit::obey(limit, ProtocolVersion::TLSv1_3, cx);
            size_limit::enforce(asked.size_limit, cx);
        }
        let (server, client) = (extensions.server_certificate_type, extensions.client_certificate_type);
        let client_type = cert_types::chosen(client, asked.client_types.as_slice())?;
        let server_type = match &self.known {
            // Nothing is shown, so nothing has to be chosen.
            Some(_) => cert_types::chosen(server, asked.server_types.as_slice())?,
            None => cert_types::of_server(server, asked.server_types.as_slice())?,
        };
        self.settle_early_data(extensions.early_data.is_some(), cx)?;
        self.common.ech.take_retry_configs(extensions.encrypted_client_hello);
        self.common.transcript.add(m.raw);
        let Self { common, known } = self;
        Ok(match known {
            // The PSK authenticates the server as whoever made the session, or was given the key.
            Some(chain) => {
                // The verdict that the early data was sent on went with it.
                let reverifies = common.asked.config.resumption.reverifies() && !chain.is_empty();
                let again = common.early == EarlyData::Refused && reverifies;
                let authenticated = Authenticated { common, chain, request: None };
                match again {
                    true => AskVerdictAgain(Box::new(Reconsidered::new(authenticated)?)),
                    false => WaitFinished(authenticated),
                }
            }
            None => {
                WaitCertificateOrRequest(Unauthenticated { common, server_type, client_type, request: None })
            }
        })
    }
}

// ---- Certificate

/// The server has to show who it is.
pub(crate) struct Unauthenticated {
    common: Box<Common>,
    /// What it has to show, and what we have to, if it asks.
    server_type: CertificateType,
    client_type: CertificateType,
    request: Option<Box<Request>>,
}

impl Unauthenticated {
    fn read_certificate(self, m: Message<'_>) -> Result<Client, Error> {
        self.read_chain(m.body, m.raw)
    }

    fn takes_compressed(&self) -> bool {
        self.common.asked.offered(ext::compress_certificate)
    }

    /// RFC 8879 section 4: the transcript has the message as it came, compressed.
    fn read_compressed_certificate(self, m: Message<'_>) -> Result<Client, Error> {
        let config = &self.common.asked.config;
        let body = certs::decompress(m.body, &config.cert_decompressors, config.max_certificate_message)?;
        self.read_chain(&body, m.raw)
    }

    /// Takes the body of a Certificate message, and what of it goes into the transcript.
    fn read_chain(mut self, body: &[u8], raw: &[u8]) -> Result<Client, Error> {
        let asked = &self.common.asked;
        let chain = certs::read_chain(body, self.server_type, |code| asked.offered(code))?;
        // A server always has one. RFC 8446 section 4.4.2.4.
        if chain.certificates.is_empty() {
            return Err(PeerMisbehaved::ServerSentEmptyCertificateList.into());
        }
        self.common.transcript.add(raw);
        let Self { common, request, .. } = self;
        Ok(WaitCertificateVerify(Box::new(Presented { common, request, chain })))
    }
}

// ---- CertificateVerify

/// A chain has been seen; who sent it is not known yet.
pub(crate) struct Presented {
    common: Box<Common>,
    request: Option<Box<Request>>,
    chain: PeerChain,
}

impl Presented {
    fn read_certificate_verify(mut self: Box<Self>, m: Message<'_>) -> Result<Client, Error> {
        let asked = &self.common.asked;
        let signed = self.common.transcript.current();
        let delegated = self.chain.delegated.as_ref();
        let signature =
            certs::read_certificate_verify(m.body, delegated, |scheme| asked.offered_scheme(scheme))?;
        let now = asked.now()?;
        self.common.transcript.add(m.raw);
        Ok(AskVerdict(Box::new(Claimed { presented: self, signed, signature, now })))
    }
}

/// A chain and a signature are here; neither has been checked.
pub(crate) struct Claimed {
    presented: Box<Presented>,
    /// The hash of the transcript that is said to be signed.
    signed: Output,
    signature: DigitallySignedStruct,
    now: UnixTime,
}

impl Claimed {
    fn question(&self) -> Question<'_> {
        let Presented { common, chain, .. } = &*self.presented;
        Question::VerifyServer {
            verifier: &common.asked.config.verifier,
            chain: &chain.certificates,
            name: &common.asked.name,
            ocsp: &chain.ocsp,
            scts: &chain.scts,
            now: self.now,
        }
    }

    /// The chain is good. Does its key sign for this connection?
    fn check_signature(self, cx: &mut Cx<'_>) -> Result<Client, Error> {
        let Self { presented, signed, signature, now } = self;
        let asked = &presented.common.asked;
        let verifier = &asked.config.verifier;
        let rules = Rules {
            by: Side::Server,
            schemes: &asked.delegated,
            of_certificates: &|scheme| asked.offered_scheme(scheme),
            now,
            algorithms: &asked.config.provider.signature_verification_algorithms,
        };
        let since = certs::check_signature13(
            &presented.chain,
            Signable::new(Signed::ByServer, &signed).as_ref(),
            &signature,
            &rules,
            |message, leaf, signature| verifier.verify_tls13_signature(message, leaf, signature),
        )?;
        let Presented { mut common, request, chain } = *presented;
        let at = |secs| UnixTime::since_unix_epoch(core::time::Duration::from_secs(secs));
        common.goes_back = since.map(|secs| GoesBack::to(at(secs)));
        let chain: Arc<[_]> = chain.certificates.into();
        cx.facts.peer = Some(chain.clone());
        Ok(WaitFinished(Authenticated { common, chain, request }))
    }
}

// ---- Finished

/// The server is who it should be, by its certificate or by the session that is resumed.
pub(crate) struct Authenticated {
    common: Box<Common>,
    chain: Arc<[CertificateDer<'static>]>,
    request: Option<Box<Request>>,
}

impl Authenticated {
    fn read_finished(self, m: Message<'_>, cx: &mut Cx<'_>) -> Result<Client, Error> {
        let Self { mut common, chain, request } = self;
        certs::check_finished(&common.keys.finished.server, &common.transcript.current(), m.body)?;
        common.transcript.add(m.raw);
        cx.facts.peer = Some(chain).filter(|chain| !chain.is_empty());
        cx.facts.set_external_psk(common.psk.as_ref().map(|psk| psk.identity()));
        let master = common.keys.master(&common.transcript.current());
        cx.derived_traffic(&master.traffic)?;
        cx.log_secret("EXPORTER_SECRET", master.exporter.as_bytes())?;
        // Whom the public name stands for need not know who we are. RFC 9849 section 6.1.7.
        let shows_nothing = common.ech.is_rejected();
        let finishing = Finishing { common, master };
        match request {
            Some(request) if shows_nothing => Answering { finishing, request }.send_certificate(None, cx),
            Some(request) => Ok(AskCertificate(Box::new(Answering { finishing, request }))),
            None => finishing.send_finished(cx),
        }
    }
}

// ---- the client's own flight

/// The server's part is over.
pub(crate) struct Finishing {
    common: Box<Common>,
    master: Master,
}

impl Finishing {
    fn send_finished(self, cx: &mut Cx<'_>) -> Result<Client, Error> {
        let Self { mut common, master } = self;
        if common.early == EarlyData::Accepted {
            common.send_end_of_early_data(cx)?;
        }
        let verify_data = common.keys.finished.client.finished(&common.transcript.current());
        cx.emit(&mut common.transcript, HandshakeType::Finished, |out| {
            out.extend_from_slice(verify_data.as_ref());
        });
        let (traffic, exporter, resumption) = master.into_traffic(&common.transcript.current());
        cx.install_traffic(Direction::Write, &traffic.client)?;
        // This is not the server that was wanted: nothing is said to it and nothing kept of it. RFC 9849 section 6.1.6.
        common.ech.check()?;
        cx.install_traffic(Direction::Read, &traffic.server)?;
        cx.facts.exporter = Some(exporter);
        cx.open_gates();

        let Common { asked, group, goes_back, psk, .. } = *common;
        let store = &asked.config.resumption.store;
        told(STORE, || store.set_kx_hint(asked.name.clone(), group))?;
        let traffic = Traffic { read: traffic.server, write: traffic.client };
        let tickets = Tickets::new(asked.config, asked.name, resumption, goes_back, psk);
        Ok(Connected(Box::new(Open { traffic, tickets })))
    }
}

// ---- after the handshake

/// Application data flows.
pub(crate) struct Open {
    pub(crate) traffic: Traffic,
    tickets: Tickets,
}

impl Open {
    fn read_new_session_ticket(self: Box<Self>, m: Message<'_>, cx: &mut Cx<'_>) -> Result<Client, Error> {
        self.tickets.read_new_session_ticket(m.body, cx.facts, cx.carrier.quic())?;
        Ok(Connected(self))
    }

    /// One that came after the connection's records were given to somebody else.
    pub(crate) fn keep_ticket(&self, body: &[u8], facts: &mut Facts) -> Result<(), Error> {
        self.tickets.read_new_session_ticket(body, facts, None)
    }

    fn read_key_update(mut self: Box<Self>, m: Message<'_>, cx: &mut Cx<'_>) -> Result<Client, Error> {
        self.traffic.read_key_update(m.body, cx)?;
        Ok(Connected(self))
    }
}
