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

use alloc::boxed::Box;
use alloc::sync::Arc;
use alloc::vec;
use alloc::vec::Vec;

use pki_types::{CertificateDer, ServerName, UnixTime};

use crate::carrier::Direction;
use crate::config::client::ClientConfig;
use crate::config::compress::CertCompressor;
use crate::config::psk::ExternalPsk;
use crate::config::resolve::CertificateRequest as CertificateRequestView;
use crate::config::sessions::GoesBack;
use crate::crypto::credential::{Checks, Credential, ReadySigner};
use crate::crypto::hash::Output;
use crate::crypto::suites::{SupportedCipherSuite, Tls13CipherSuite};
use crate::crypto::verify::DigitallySignedStruct;
use crate::error::{Error, InvalidMessage, PeerIncompatible, PeerMisbehaved};
use crate::flow::cert_types;
use crate::flow::certs::{self, PeerChain, Signable, Signed, Staples};
use crate::flow::cx::{Cx, Gate};
use crate::flow::delegation::Rules;
use crate::flow::ech_client::{self, Chosen, FirstHello, Hidden, SecondHello, Settled};
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
    CertificateType, CipherSuite, Compression, HandshakeKind, HandshakeType, NamedGroup, ProtocolVersion,
    Side, SignatureScheme,
};
use crate::observe::KeyLevel;
use crate::record::joiner::Message;
use crate::schedule::tls13::{Handshake, Master, TrafficSecret};
use crate::schedule::transcript::{Transcript, Unhashed};
use crate::wire::codec::{Wire, hints};
use crate::wire::extensions::{CR, EncryptedExtensions, ext};
use crate::wire::server_hello::ServerHello;
use crate::wire::tls13::CertificateRequest;

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

/// Behind the hello, if it offers a session whose server takes early data.
fn begin_early_data(offer: &Offer, transcript: &Unhashed, cx: &mut Cx<'_>) -> Result<(), Error> {
    let Some((secrets, left)) = offer.early_data(transcript) else { return Ok(()) };
    // RFC 8446 appendix D.4: behind the hello, if early data follows.
    cx.send_compat_ccs()?;
    cx.begin_early_data(Direction::Write, &secrets)?;
    cx.write.gate = Gate::Early { left };
    // Early data is written within the limits that the server had then. RFC 9000 section 7.4.1.
    cx.carrier.set_peer_parameters(offer.remembered_quic_parameters());
    Ok(())
}

// ---- ServerHello and HelloRetryRequest

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

    /// RFC 8446 section 4.1.4.
    fn read_hello_retry_request(
        self,
        hello: &ServerHello<'_>,
        m: Message<'_>,
        cx: &mut Cx<'_>,
    ) -> Result<Client, Error> {
        let Self { mut offer, transcript, hidden } = self;
        let asked = hello
            .retry_extensions()
            .map_err(|error| replies::twice(error, PeerMisbehaved::DuplicateHelloRetryRequestExtensions))?;
        check_head(
            &offer,
            hello,
            PeerMisbehaved::IllegalHelloRetryRequestWithWrongLegacyVersion,
            PeerMisbehaved::IllegalHelloRetryRequestWithWrongSessionId,
        )?;
        if asked.supported_versions != Some(ProtocolVersion::TLSv1_3) {
            return Err(PeerMisbehaved::IllegalHelloRetryRequestWithUnsupportedVersion.into());
        }
        replies::check(&asked.seen, Reply::HelloRetryRequest, |code| offer.offered(code))?;
        let suite = offer
            .suite(hello.cipher_suite)
            .ok_or(PeerMisbehaved::IllegalHelloRetryRequestWithUnofferedCipherSuite)?;
        offer.retry(suite, asked.key_share, asked.cookie.map(|cookie| cookie.0))?;

        match offer.sends_early_data() {
            // A retry refuses early data, and the second hello is in the clear. RFC 8446 section 4.2.10.
            true => {
                cx.write.gate = Gate::Closed;
                cx.carrier.uninstall_write();
            }
            false => cx.send_compat_ccs()?,
        }
        let second = guarded(SERVER_VERIFIER, || {
            ech_client::second_hello(&mut offer, transcript, hidden, suite, m.raw, cx)
        })?;
        cx.send_alone(HandshakeType::ClientHello, second.seen())?;
        Ok(WaitServerHelloAfterRetry(Box::new(Retried { offer, second, suite })))
    }
}

/// The second hello is out.
pub(crate) struct Retried {
    offer: Box<Offer>,
    second: SecondHello,
    suite: &'static Tls13CipherSuite,
}

impl Retried {
    fn read_server_hello(self, m: Message<'_>, cx: &mut Cx<'_>) -> Result<Client, Error> {
        let hello = ServerHello::read_all(m.body)?;
        // There is one retry. RFC 8446 section 4.1.4.
        if hello.is_retry() {
            return Err(PeerMisbehaved::SecondHelloRetryRequest.into());
        }
        if hello.cipher_suite != self.suite.common.suite {
            return Err(PeerMisbehaved::SelectedDifferentCipherSuiteAfterRetry.into());
        }
        let Self { mut offer, second, suite } = self;
        // The retry was one of TLS 1.3, and the version stays, whatever else was offered. RFC 8446 section 4.1.4.
        if hello.chosen_version()? != Some(ProtocolVersion::TLSv1_3) {
            return Err(PeerMisbehaved::SelectedDifferentVersionAfterRetry.into());
        }
        let chosen = second.settle(&mut offer, suite, m.raw, cx)?;
        agree(offer, suite, chosen, &hello, m, HandshakeKind::FullWithHelloRetryRequest, cx)
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

    cx.derived(KeyLevel::Handshake, keys.traffic.resting())?;
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

/// No early data from here on, if there was any: what follows is under the handshake key.
fn refuse_early_data(secret: &TrafficSecret, cx: &mut Cx<'_>) -> Result<(), Error> {
    cx.write.gate = Gate::Closed;
    cx.install(Direction::Write, secret, KeyLevel::Handshake)
}

// ---- EncryptedExtensions

/// Early data of this connection.
#[derive(Clone, Debug, PartialEq, Eq)]
enum EarlyData {
    Not,
    /// What was sent is lost.
    Refused,
    /// On a session of this suite and this protocol, and the server has taken the session.
    Offered {
        suite: CipherSuite,
        alpn: Vec<u8>,
    },
    /// We write under the early key until EndOfEarlyData.
    Accepted,
}

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

impl Agreed {
    /// The server takes early data, or does not. It may take it only as what the session was: the same suite, the same protocol.
    /// RFC 8446 section 4.2.10.
    fn settle_early_data(&mut self, accepted: bool, cx: &mut Cx<'_>) -> Result<(), Error> {
        let chosen = cx.facts.suite.map(|suite| suite.suite());
        match (&self.common.early, accepted) {
            (EarlyData::Not | EarlyData::Refused | EarlyData::Accepted, true) => {
                return Err(PeerMisbehaved::EarlyDataExtensionWithoutResumption.into());
            }
            (EarlyData::Not | EarlyData::Refused | EarlyData::Accepted, false) => {}
            (EarlyData::Offered { .. }, false) => {
                refuse_early_data(&self.common.keys.finished.client.woken(), cx)?;
                self.common.early = EarlyData::Refused;
            }
            (EarlyData::Offered { suite, .. }, true) if chosen != Some(*suite) => {
                return Err(PeerMisbehaved::EarlyDataOfferedWithVariedCipherSuite.into());
            }
            (EarlyData::Offered { alpn, .. }, true)
                if cx.facts.alpn.as_deref().unwrap_or_default() != alpn =>
            {
                return Err(PeerMisbehaved::EarlyDataAcceptedWithVariedApplicationProtocol.into());
            }
            (EarlyData::Offered { .. }, true) => {
                cx.facts.early_data = true;
                self.common.early = EarlyData::Accepted;
            }
        }
        Ok(())
    }
}

// ---- CertificateRequest, Certificate

/// The server has to show who it is.
pub(crate) struct Unauthenticated {
    common: Box<Common>,
    /// What it has to show, and what we have to, if it asks.
    server_type: CertificateType,
    client_type: CertificateType,
    request: Option<Box<Request>>,
}

/// What the server wants to see of us. RFC 8446 section 4.3.2.
pub(crate) struct Request {
    schemes: Vec<SignatureScheme>,
    certificate_type: CertificateType,
    /// Of certificates, where that is another list.
    schemes_cert: Option<Vec<SignatureScheme>>,
    /// Of the keys of delegated credentials.
    delegated: Vec<SignatureScheme>,
    authorities: Vec<Vec<u8>>,
    /// Ours, of those that the server can undo.
    compressor: Option<&'static dyn CertCompressor>,
}

impl Request {
    /// What resolvers see of it.
    fn view<'a>(&'a self, config: &'a ClientConfig) -> CertificateRequestView<'a> {
        CertificateRequestView {
            authorities: &self.authorities,
            schemes: &self.schemes,
            schemes_cert: self.schemes_cert.as_deref(),
            certificate_type: self.certificate_type,
            delegated: &self.delegated,
            clock: &config.time_provider,
        }
    }

    fn checks(&self) -> Checks<'_> {
        Checks { schemes: &self.schemes, delegated: &self.delegated }
    }
}

impl Unauthenticated {
    fn read_certificate_request(mut self, m: Message<'_>) -> Result<Client, Error> {
        let message = CertificateRequest::read_all(m.body)?;
        if !message.context.0.is_empty() {
            return Err(PeerMisbehaved::NonEmptyCertificateRequestContext.into());
        }
        let extensions = message.extensions;
        replies::check_places(&extensions.seen, CR)?;
        let schemes = extensions.signature_algorithms.ok_or(InvalidMessage::NoSignatureSchemes)?;
        let schemes = schemes.numbers(|scheme| scheme.supported_in_tls13());
        // Such a request asks for certificates and allows no signature with them. RFC 8446 section 4.2.3.
        if schemes.is_empty() {
            return Err(PeerIncompatible::NoCertificateRequestSignatureSchemesInCommon.into());
        }
        let authorities = extensions.certificate_authorities;
        let authorities =
            authorities.and_then(|names| hints(names, |name| name.0.to_vec())).unwrap_or_default();
        certs::check_compressions(extensions.compress_certificate)?;
        let ours = &self.common.asked.config.cert_compressors;
        self.request = Some(Box::new(Request {
            compressor: certs::choose_compressor(ours, extensions.compress_certificate)?,
            schemes,
            certificate_type: self.client_type,
            schemes_cert: extensions.signature_algorithms_cert.map(|list| list.numbers(|_| true)),
            delegated: extensions.delegated_credential.map(|list| list.numbers(|_| true)).unwrap_or_default(),
            authorities,
        }));
        self.common.transcript.add(m.raw);
        Ok(WaitCertificate(self))
    }

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

/// The server has taken the session and refused the early data on it: the application begins anew, and so does its verifier.
pub(crate) struct Reconsidered {
    authenticated: Authenticated,
    now: UnixTime,
}

impl Reconsidered {
    fn new(authenticated: Authenticated) -> Result<Self, Error> {
        let now = authenticated.common.asked.now()?;
        Ok(Self { authenticated, now })
    }

    fn question(&self) -> Question<'_> {
        let Authenticated { common, chain, .. } = &self.authenticated;
        Question::VerifyServer {
            verifier: &common.asked.config.verifier,
            chain,
            name: &common.asked.name,
            ocsp: &[],
            scts: &[],
            now: self.now,
        }
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
        cx.derived(KeyLevel::Traffic, master.traffic.resting())?;
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

/// The server wants a certificate.
pub(crate) struct Answering {
    finishing: Finishing,
    request: Box<Request>,
}

impl Answering {
    fn question(&self) -> Question<'_> {
        let config = &self.finishing.common.asked.config;
        Question::ClientCertificate {
            resolver: &config.client_auth_cert_resolver,
            request: self.request.view(config),
        }
    }

    /// Without a credential that fits, an empty list says so. RFC 8446 section 4.4.2.
    fn send_certificate(self, credential: Option<Credential>, cx: &mut Cx<'_>) -> Result<Client, Error> {
        let Self { mut finishing, request } = self;
        let transcript = &mut finishing.common.transcript;
        // An empty chain is no certificate, and must not be followed by a signature. Nor is one of another type what was asked for.
        let fits = |credential: &Credential| {
            !credential.certified.cert.is_empty() && credential.certificate_type() == request.certificate_type
        };
        let usable = match credential.filter(fits) {
            Some(credential) => {
                certs::choose_signer(&credential, &request.checks())?.map(|signer| (credential, signer))
            }
            None => None,
        };
        let Some((credential, signer)) = usable else {
            cx.emit(transcript, HandshakeType::Certificate, |out| {
                certs::write_chain(out, &[], Staples::default())
            });
            return finishing.send_finished(cx);
        };
        let cache = &finishing.common.asked.config.cert_compression_cache;
        let staples = Staples::of_client(&credential);
        cx.make_room(certs::room_for(credential.shown(), request.compressor));
        certs::emit_chain(cx, transcript, &credential, staples, request.compressor, cache)?;
        let message = Signable::new(Signed::ByClient, &transcript.current());
        Ok(AskSignature(Box::new(Signing { finishing, signer, message })))
    }
}

/// A signature is being made.
pub(crate) struct Signing {
    finishing: Finishing,
    signer: ReadySigner,
    message: Signable,
}

impl Signing {
    fn question(&self) -> Question<'_> {
        Question::Sign { signer: &*self.signer.signer, message: self.message.as_ref() }
    }

    fn send_certificate_verify(mut self, signature: &[u8], cx: &mut Cx<'_>) -> Result<Client, Error> {
        let transcript = &mut self.finishing.common.transcript;
        certs::emit_certificate_verify(cx, transcript, self.signer.scheme, signature);
        self.finishing.send_finished(cx)
    }
}

impl Common {
    /// The last thing under the early key. It is sent only if early data was accepted. RFC 8446 section 4.5. QUIC sees the end by its
    /// packets: RFC 9001 section 8.3.
    fn send_end_of_early_data(&mut self, cx: &mut Cx<'_>) -> Result<(), Error> {
        cx.write.gate = Gate::Closed;
        if !cx.is_quic() {
            cx.emit(&mut self.transcript, HandshakeType::EndOfEarlyData, |_| {});
        }
        cx.install(Direction::Write, &self.keys.finished.client.woken(), KeyLevel::Handshake)
    }
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
