//! The engine: one TLS endpoint without sockets, clocks or input buffers.
//!
//! It takes a mutable slice of received bytes, opens records in place, joins handshake messages, hands each to the state of a
//! flow, and lets the flow's output be queued. Questions of a state are answered here unless only the application can. All
//! errors end in [`Engine::fail`], the only sender of fatal alerts.
//!
//! Records on their way in are in `read.rs`, application data on its way out in `write.rs`; messages and questions are here.

pub(crate) mod budget;
pub(crate) mod common;
#[cfg(test)]
#[cfg(all(feature = "aws_lc_rs", feature = "std"))]
mod hostile;
mod ledger;
mod read;
mod slices;
#[cfg(test)]
#[cfg(all(feature = "aws_lc_rs", feature = "std"))]
mod tests;
mod write;

pub(crate) use read::{Advance, Got};

use alloc::boxed::Box;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::mem;

use pki_types::ServerName;

use crate::carrier::{Carrier, Direction, Quic, Records};
use crate::config::client::ClientConfig;
use crate::config::hello::ClientHello;
use crate::config::server::ServerConfig;
use crate::engine::budget::Budget;
use crate::error::{Error, PeerMisbehaved};
use crate::flow::cx::{Cx, Gate, Inbound, Outbound, Policy};
use crate::flow::facts::Facts;
use crate::flow::question::{Answer, Question};
use crate::flow::traffic13::Traffic;
use crate::flow::{Client, Server, client12, client13, server12, server13};
use crate::log::log_line;
use crate::names::{AlertDescription, AlertLevel, HandshakeType, ProtocolVersion, Side};
use crate::observe::{self, Event};
use crate::record::joiner::{Joiner, Message, split_message};

/// Where the handshake is.
pub(crate) enum State {
    Client(Client),
    Server(Server),
    /// Over. Every further call gets this error.
    Failed(Error),
    /// A step has taken the state and has not come back.
    Interrupted,
}

impl State {
    fn take(&mut self) -> Self {
        mem::replace(self, Self::Interrupted)
    }

    /// Why there is nothing more to do.
    pub(crate) fn failure(&self) -> Option<Error> {
        match self {
            Self::Failed(error) => Some(error.clone()),
            Self::Interrupted => Some(interrupted()),
            Self::Client(_) | Self::Server(_) => None,
        }
    }

    /// Is there nothing more to do? Asked for each record.
    fn is_over(&self) -> bool {
        matches!(self, Self::Failed(_) | Self::Interrupted)
    }

    fn on_message(self, m: Message<'_>, cx: &mut Cx<'_>) -> Result<Self, Error> {
        match self {
            Self::Client(state) => state.on_message(m, cx).map(Self::Client),
            Self::Server(state) => state.on_message(m, cx).map(Self::Server),
            Self::Failed(error) => Err(error),
            Self::Interrupted => Err(interrupted()),
        }
    }

    fn on_ccs(self, cx: &mut Cx<'_>) -> Result<Self, Error> {
        match self {
            Self::Client(state) => state.on_ccs(cx).map(Self::Client),
            Self::Server(state) => state.on_ccs(cx).map(Self::Server),
            Self::Failed(error) => Err(error),
            Self::Interrupted => Err(interrupted()),
        }
    }

    fn on_answer(self, answer: Answer, cx: &mut Cx<'_>) -> Result<Self, Error> {
        match self {
            Self::Client(state) => state.on_answer(answer, cx).map(Self::Client),
            Self::Server(state) => state.on_answer(answer, cx).map(Self::Server),
            Self::Failed(error) => Err(error),
            Self::Interrupted => Err(interrupted()),
        }
    }

    pub(crate) fn question(&self) -> Option<Question<'_>> {
        match self {
            Self::Client(state) => state.question(),
            Self::Server(state) => state.question(),
            Self::Failed(_) | Self::Interrupted => None,
        }
    }

    /// Is the handshake over, and with it all questions?
    fn is_connected(&self) -> bool {
        matches!(
            self,
            Self::Client(
                Client::Tls13(client13::Client::Connected(_)) | Client::Tls12(client12::Client::Connected)
            ) | Self::Server(
                Server::Tls13(server13::Server::Connected(_)) | Server::Tls12(server12::Server::Connected)
            )
        )
    }

    pub(crate) fn name(&self) -> &'static str {
        match self {
            Self::Client(state) => state.name(),
            Self::Server(state) => state.name(),
            Self::Failed(_) | Self::Interrupted => "Failed",
        }
    }

    fn traffic(&mut self) -> Option<&mut Traffic> {
        match self {
            Self::Client(Client::Tls13(client13::Client::Connected(open))) => Some(&mut open.traffic),
            Self::Server(Server::Tls13(server13::Server::Connected(traffic))) => Some(traffic),
            _ => None,
        }
    }
}

/// One TLS endpoint.
pub(crate) struct Engine {
    pub(crate) state: State,
    pub(crate) facts: Facts,
    pub(crate) carrier: Carrier,
    pub(crate) read: Inbound,
    pub(crate) write: Outbound,
    pub(crate) policy: Policy,
    joiner: Joiner,
    flight: Vec<u8>,
    budget: Budget,
    /// The number of the open question; an answer has to carry it.
    asked: u32,
    /// The state waits for an answer of the application: what the last [`Engine::settle`] found. Each record asks for it, and the
    /// state would have to make its question to tell.
    paused: bool,
    /// Every question waits for [`Engine::answer_open`].
    #[cfg(feature = "testing")]
    pub(crate) defers: bool,
}

/// What is written may wait so long, unless the application says otherwise.
pub(crate) const DEFAULT_BUFFER_LIMIT: usize = 64 * 1024;

impl Engine {
    /// A client, with its hello queued.
    ///
    /// # Errors
    ///
    /// The config cannot be used, or a provider failed.
    pub(crate) fn client(
        config: Arc<ClientConfig>,
        name: ServerName<'static>,
        protocols: Vec<Vec<u8>>,
    ) -> Result<Self, Error> {
        Self::client_over(Carrier::Records(Records::new(Side::Client)), config, name, protocols)
    }

    /// A client of QUIC.
    ///
    /// # Errors
    ///
    /// Those of [`Self::client`].
    pub(crate) fn quic_client(
        quic: Quic,
        config: Arc<ClientConfig>,
        name: ServerName<'static>,
        protocols: Vec<Vec<u8>>,
    ) -> Result<Self, Error> {
        Self::client_over(Carrier::Quic(Box::new(quic)), config, name, protocols)
    }

    fn client_over(
        carrier: Carrier,
        config: Arc<ClientConfig>,
        name: ServerName<'static>,
        protocols: Vec<Vec<u8>>,
    ) -> Result<Self, Error> {
        let mut engine = Self::new(State::Failed(Error::HandshakeNotComplete), Side::Client, carrier);
        let state = client13::send_client_hello(config, name, protocols, &mut engine.split().1)?;
        engine.enter(State::Client(Client::Tls13(state)));
        engine.carrier.check_observer()?;
        Ok(engine)
    }

    /// A server. Without a config it will ask for one when it has seen the hello.
    ///
    /// # Errors
    ///
    /// The config cannot be used.
    pub(crate) fn server(config: Option<Arc<ServerConfig>>) -> Result<Self, Error> {
        Self::server_over(Carrier::Records(Records::new(Side::Server)), config)
    }

    /// A server of QUIC.
    ///
    /// # Errors
    ///
    /// Those of [`Self::server`].
    pub(crate) fn quic_server(quic: Quic, config: Arc<ServerConfig>) -> Result<Self, Error> {
        Self::server_over(Carrier::Quic(Box::new(quic)), Some(config))
    }

    fn server_over(carrier: Carrier, config: Option<Arc<ServerConfig>>) -> Result<Self, Error> {
        let mut engine = Self::new(State::Failed(Error::HandshakeNotComplete), Side::Server, carrier);
        if let Some(config) = &config {
            engine.split().1.adopt_server_config(config)?;
        }
        engine.enter(State::Server(Server::Tls13(server13::Server::WaitClientHello(config))));
        Ok(engine)
    }

    fn new(state: State, side: Side, carrier: Carrier) -> Self {
        Self {
            state,
            facts: Facts::new(side),
            carrier,
            read: Inbound::default(),
            write: Outbound { limit: Some(DEFAULT_BUFFER_LIMIT), ..Outbound::default() },
            policy: Policy::default(),
            joiner: Joiner::default(),
            flight: Vec::new(),
            budget: Budget::default(),
            asked: 0,
            paused: false,
            #[cfg(feature = "testing")]
            defers: false,
        }
    }

    fn split(&mut self) -> (&mut State, Cx<'_>) {
        let Self { state, facts, carrier, read, write, policy, flight, .. } = self;
        (state, Cx { facts, carrier, read, write, policy, flight })
    }

    fn enter(&mut self, state: State) {
        self.state = state;
        if self.carrier.is_observed() {
            self.carrier.event(Event::State(self.state.name()));
        }
    }

    /// Waits the flow for an answer of the application?
    pub(crate) fn paused(&self) -> bool {
        self.paused
    }

    pub(crate) fn is_handshaking(&self) -> bool {
        !(self.read.gate == Gate::Open && self.write.gate == Gate::Open)
    }

    // ---- messages

    /// QUIC's way in: bytes of CRYPTO frames in their order, all of one level. RFC 9001 section 4.1.3.
    pub(crate) fn crypto_bytes(&mut self, bytes: &[u8]) -> Result<(), Error> {
        if let Some(error) = self.state.failure() {
            return Err(error);
        }
        let done = self.carrier.check_observer().and_then(|()| {
            // What waits goes on with an answer. To look at it again for nothing would copy all of it.
            if bytes.is_empty() {
                return Ok(());
            }
            if self.paused() {
                self.let_wait(self.joiner.len().saturating_add(bytes.len()))?;
            }
            self.handshake_bytes(bytes)
        });
        done.map_err(|error| self.fail(error))
    }

    /// Takes handshake bytes, which may be the end of a message that has begun.
    #[inline]
    fn handshake_bytes(&mut self, body: &[u8]) -> Result<(), Error> {
        match self.joiner.is_empty() {
            true => self.deliver(body, self.carrier.read_epoch()),
            false => self.join(body),
        }
    }

    /// Most messages are whole in their record.
    #[cold]
    #[inline(never)]
    fn join(&mut self, body: &[u8]) -> Result<(), Error> {
        if self.joiner.still_waits(body) {
            return Ok(());
        }
        let (joined, epoch) = self.joiner.take_with(body);
        self.check_epoch(epoch, &joined)?;
        self.deliver(&joined, epoch)
    }

    /// Delivers handshake bytes, message by message, each whole and under the key it began with.
    #[inline(never)]
    fn deliver(&mut self, mut rest: &[u8], epoch: u8) -> Result<(), Error> {
        while !self.paused {
            let bytes = rest;
            let message = split_message(&mut rest, |typ| self.longest(typ))?;
            self.admit(bytes)?;
            let Some(message) = message else { break };
            if self.carrier.is_observed() {
                self.message_event(&message);
            }
            if self.is_tls12() && self.refuses_renegotiation(&message)? {
                continue;
            }
            // Nobody can go on before the other side has answered these. RFC 8446 section 5.1.
            if !rest.is_empty() && self.ends_flight(&message) {
                return Err(PeerMisbehaved::KeyEpochWithPendingFragment.into());
            }
            let was_handshaking = self.is_handshaking();
            if self.read.gate == Gate::Open && self.carrier.quic().is_none() {
                self.budget.message_in_traffic(message.typ)?;
            }
            let (state, mut cx) = self.split();
            let next = state.take().on_message(message, &mut cx)?;
            self.enter(next);
            if was_handshaking {
                self.delivered(message.raw);
            }
            self.settle()?;
            if was_handshaking && !self.is_handshaking() {
                self.settle_account();
                self.log_established();
            }
            self.check_epoch(epoch, rest)?;
        }
        if !rest.is_empty() {
            if self.paused {
                self.let_wait(rest.len())?;
            }
            self.joiner.keep(rest, epoch);
        }
        self.split().1.flush()?;
        self.give_back_flight();
        let waits = !self.write.held.is_empty() || self.write.closing;
        if self.write.gate == Gate::Open && waits && !self.write.closed {
            self.release_held()?;
        }
        Ok(())
    }

    /// Is it the other side's turn behind this message? In TLS 1.2 that is known of more of them: a key changes behind each.
    fn ends_flight(&self, message: &Message<'_>) -> bool {
        use HandshakeType as T;
        match message.typ {
            T::ClientHello => true,
            T::ServerHelloDone | T::Finished => self.is_tls12(),
            _ => is_retry(message),
        }
    }

    fn is_tls12(&self) -> bool {
        self.facts.version == Some(ProtocolVersion::TLSv1_2)
    }

    fn log_established(&self) {
        #[cfg(feature = "logging")]
        {
            let Facts { side, version, suite, group, kind, .. } = &self.facts;
            let (suite, group) = (suite.map(|suite| suite.suite()), group.map(|group| group.name()));
            log_line!(
                debug,
                log_target(*side),
                "{side:?}: connected: {version:?} {suite:?} {group:?} {kind:?}"
            );
        }
    }

    /// TLS 1.2: whoever asks for another handshake on this connection is told no, and not often. RFC 5246 section 7.4.1.1.
    fn refuses_renegotiation(&mut self, message: &Message<'_>) -> Result<bool, Error> {
        let asks = match self.facts.side {
            Side::Client => HandshakeType::HelloRequest,
            Side::Server => HandshakeType::ClientHello,
        };
        let traffic = self.read.gate == Gate::Open;
        // A client that is negotiating already ignores the wish; a server's second hello is out of order then.
        let ignored = traffic || self.facts.side == Side::Client;
        if message.typ != asks || !ignored {
            return Ok(false);
        }
        self.budget.renegotiation()?;
        if traffic && !self.write.closed {
            self.carrier.send_alert(AlertLevel::Warning, AlertDescription::NoRenegotiation);
        }
        Ok(true)
    }

    #[cold]
    fn message_event(&self, message: &Message<'_>) {
        let typ = if is_retry(message) { HandshakeType::HelloRetryRequest } else { message.typ };
        let level = self.carrier.level(Direction::Read);
        let direction = observe::Direction::In;
        self.carrier.event(Event::Message { direction, typ, bytes: message.raw, level });
    }

    /// No handshake bytes outlive the read key that they came under. RFC 8446 section 5.1.
    fn check_epoch(&self, epoch: u8, rest: &[u8]) -> Result<(), Error> {
        match self.carrier.read_epoch() == epoch || rest.is_empty() {
            true => Ok(()),
            false => Err(PeerMisbehaved::KeyEpochWithPendingFragment.into()),
        }
    }

    /// The flight's buffer is for handshakes: an idle connection holds none.
    fn give_back_flight(&mut self) {
        if !self.is_handshaking() {
            self.flight = Vec::new();
        }
    }

    // ---- questions

    /// Answers what the state asks, until it waits for a message or, which pauses it, for the application.
    fn settle(&mut self) -> Result<(), Error> {
        while let Some(question) = self.state.question() {
            if self.carrier.is_observed() {
                self.carrier.event(Event::Question(question.name()));
            }
            #[cfg(feature = "testing")]
            if self.defers {
                self.pause();
                return Ok(());
            }
            match question.answer_now() {
                Some(answer) => self.apply(answer?)?,
                None => {
                    self.pause();
                    return Ok(());
                }
            }
        }
        Ok(())
    }

    /// There is a question, with a number of its own, for the application.
    #[cold]
    fn pause(&mut self) {
        self.asked = self.asked.wrapping_add(1);
        self.paused = true;
    }

    fn apply(&mut self, answer: Answer) -> Result<(), Error> {
        self.paused = false;
        let (state, mut cx) = self.split();
        let next = state.take().on_answer(answer, &mut cx)?;
        self.enter(next);
        Ok(())
    }

    /// The number of the question that is open.
    pub(crate) fn asked(&self) -> u32 {
        self.asked
    }

    /// Continues with the answer to question `number`.
    ///
    /// # Errors
    ///
    /// An answer to another question changes nothing. Every other error ends the connection.
    pub(crate) fn answer(&mut self, number: u32, answer: Answer) -> Result<(), Error> {
        let fits = self.state.question().is_some_and(|question| question.fits(&answer));
        if number != self.asked || !fits {
            return Err(Error::General("an answer to a question that is not open".into()));
        }
        // With its config a server without one has got a limit.
        let config = matches!(answer, Answer::Config(_));
        let done = self.apply(answer).and_then(|()| match config {
            true => self.check_account(HandshakeType::ClientHello),
            false => Ok(()),
        });
        let done = done.and_then(|()| self.settle()).and_then(|()| self.handshake_bytes(&[]));
        done.map_err(|error| self.fail(error))
    }

    /// Answers the open question as [`Self::settle`] would have, late. `false`: there is none.
    #[cfg(feature = "testing")]
    pub(crate) fn answer_open(&mut self) -> Result<bool, Error> {
        match self.state.question().and_then(|question| question.answer_now()) {
            None => Ok(false),
            Some(Ok(answer)) => self.answer(self.asked, answer).map(|()| true),
            Some(Err(error)) => Err(self.fail(error)),
        }
    }

    /// The hello that a server without a config has seen.
    pub(crate) fn waiting_hello(&self) -> Option<ClientHello<'_>> {
        match &self.state {
            State::Server(Server::Tls13(server)) => server.hello(),
            _ => None,
        }
    }

    // ---- failure

    /// Ends the connection, with the alert that the error means.
    #[cold]
    pub(crate) fn fail(&mut self, error: Error) -> Error {
        let alert = error.alert();
        self.fail_with(error, alert)
    }

    /// The only way into the failed state, and the only sender of fatal alerts.
    pub(crate) fn fail_with(&mut self, error: Error, alert: Option<AlertDescription>) -> Error {
        // A step that has failed has done so itself: its state is gone.
        if let State::Client(Client::Tls12(state)) = &self.state {
            state.forget_session();
        }
        self.flight = Vec::new();
        self.write.held = Vec::new();
        self.joiner = Joiner::default();
        // What a failed connection had agreed on is forgotten. RFC 8446 section 6.2, RFC 5246 section 7.2.2.
        self.policy.tls12_secrets = None;
        self.facts.exporter = None;
        if let Some(alert) = alert {
            // A peer of TLS 1.2 does not know what RFC 8446 added, and has a wider one. RFC 5246 sections 7.2.2 and 7.4.6.
            let alert = match alert {
                AlertDescription::CertificateRequired | AlertDescription::MissingExtension
                    if self.is_tls12() =>
                {
                    AlertDescription::HandshakeFailure
                }
                alert => alert,
            };
            if !mem::replace(&mut self.write.closed, true) {
                self.carrier.send_alert(AlertLevel::Fatal, alert);
            }
        }
        self.write.closed = true;
        self.carrier.event(Event::Failed(&error));
        log_line!(debug, log_target(self.facts.side), "{:?}: connection failed: {error}", self.facts.side);
        self.state = State::Failed(error.clone());
        self.paused = false;
        error
    }

    // ---- what is left of a handshake

    /// RFC 8446 section 7.5.
    pub(crate) fn export(&self, out: &mut [u8], label: &[u8], context: Option<&[u8]>) -> Result<(), Error> {
        self.facts.exporter.as_ref().ok_or(Error::HandshakeNotComplete)?.export(out, label, context)
    }
}

/// Where lines about a connection of this side belong in the log.
#[cfg(feature = "logging")]
fn log_target(side: Side) -> &'static str {
    match side {
        Side::Client => crate::log::target::CLIENT,
        Side::Server => crate::log::target::SERVER,
    }
}

/// What is left behind when a step panics.
#[cold]
fn interrupted() -> Error {
    Error::General("a step of the handshake was interrupted".into())
}

fn is_retry(message: &Message<'_>) -> bool {
    message.typ == HandshakeType::ServerHello
        && message.body.get(2..34) == Some(&crate::wire::server_hello::RETRY_RANDOM)
}

/// The skins of QUIC have no way to ask for any.
#[cold]
fn no_records() -> Error {
    Error::General("there are no records in a QUIC connection".into())
}
