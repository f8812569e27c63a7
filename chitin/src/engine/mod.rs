//! The engine: one TLS endpoint without sockets, clocks or input buffers.
//!
//! It takes a mutable slice of received bytes, opens records in place, joins handshake messages, hands each to the state of a
//! flow, and lets the flow's output be queued. Questions of a state are answered here unless only the application can. All
//! errors end in [`Engine::fail`], the only sender of fatal alerts.

pub(crate) mod budget;
pub(crate) mod common;
#[cfg(test)]
#[cfg(all(feature = "aws_lc_rs", feature = "std"))]
mod hostile;
mod ledger;
mod slices;
#[cfg(test)]
#[cfg(all(feature = "aws_lc_rs", feature = "std"))]
mod tests;

use alloc::boxed::Box;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::mem;
use core::ops::Range;

use pki_types::ServerName;

use crate::carrier::{Carrier, Direction, Quic, Records};
use crate::config::client::ClientConfig;
use crate::config::server::{ClientHello, ServerConfig};
use crate::crypto::cipher::OutboundChunks;
use crate::engine::budget::Budget;
use crate::error::{Error, InvalidMessage, PeerMisbehaved};
use crate::flow::cx::{Cx, Gate, Inbound, Outbound, Policy};
use crate::flow::facts::Facts;
use crate::flow::question::{Answer, Question};
use crate::flow::traffic13::Traffic;
use crate::flow::{Client, Server, client12, client13, server12, server13};
use crate::log::log_line;
use crate::names::{
    AlertDescription, AlertLevel, ContentType, HandshakeType, KeyUpdateRequest, ProtocolVersion, Side,
};
use crate::observe::{self, Event, KeyLevel};
use crate::record::inbox::Inbox;
use crate::record::joiner::{Joiner, Message, split_message};
use crate::record::open::{Opener, Place, Plain, Pulled};

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

/// What became of a call of [`Engine::advance`]. `used` counts on errors too: what was opened must not be shown again.
pub(crate) struct Advance {
    pub(crate) used: usize,
    pub(crate) got: Result<Got, Error>,
}

/// What the caller is told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Got {
    /// All whole records are used up.
    NeedInput,
    /// Application data lies in this range of the input.
    Data(Range<usize>),
    /// Application data lies in so many bytes of `out`.
    DataInto(usize),
    /// Early data lies in this range of the input. RFC 8446 section 2.3.
    EarlyData(Range<usize>),
    /// The peer has said close_notify.
    PeerClosed,
    /// A question waits for the application.
    Paused,
}

/// What came of one record.
enum Step {
    /// It is not all there.
    NeedInput,
    /// The record of so many bytes is used up, and maybe the caller is to be told of something.
    Passed { end: usize, got: Option<Got> },
    /// It has data in it.
    Data { body: Place, end: usize },
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

    // ---- in

    /// Consumes records until there is something to tell the caller. With `out`, application data may be opened straight into
    /// it; everything else is as without.
    pub(crate) fn advance(&mut self, input: &mut [u8], out: Option<&mut [u8]>) -> Advance {
        // So ends each row of records, and where nothing is buffered each write begins so.
        if input.is_empty() && out.is_none() && self.plain_opener().is_some() {
            return Advance { used: 0, got: Ok(Got::NeedInput) };
        }
        let opened = match out {
            None => self.open_plainly(input),
            Some(_) => None,
        };
        match opened {
            // What comes all the time. The long way would come to the same.
            Some(Ok(plain)) if plain.is_data() => Advance { used: plain.end, got: Ok(Got::Data(plain.body)) },
            opened => self.advance_slowly(input, out, opened),
        }
    }

    /// Opens the record at the head of `input`, if there is plain traffic and nobody looks on. If it is no application data,
    /// [`Self::advance_slowly`] has to take it.
    #[inline]
    pub(crate) fn open_plainly(&mut self, input: &mut [u8]) -> Option<Result<Plain, Box<Error>>> {
        let opened = self.plain_opener()?.pull_plainly(input);
        if matches!(&opened, Some(Ok(plain)) if plain.is_data()) {
            self.budget.data();
        }
        opened
    }

    /// Opens all application data at the head of `inbox`, if there is plain traffic and nobody looks on. The record behind it may have been
    /// opened as well: then it is something else, and [`Self::advance_slowly`] has to take it.
    pub(crate) fn open_data(&mut self, inbox: &mut Inbox) -> Option<Result<Plain, Box<Error>>> {
        let open = self.plain_opener()?;
        let before = inbox.unread();
        let behind = loop {
            match open.pull_plainly(inbox.sealed()) {
                Some(Ok(plain)) if plain.is_data() => inbox.used_data(plain.end, plain.body),
                behind => break behind,
            }
        };
        if inbox.unread() > before {
            self.budget.data();
        }
        behind
    }

    /// What opens records, if there is plain traffic and nobody looks on.
    #[inline]
    fn plain_opener(&mut self) -> Option<&mut Opener> {
        let Carrier::Records(records) = &mut self.carrier else { return None };
        let is_plain = self.state.is_connected()
            && self.read.gate == Gate::Open
            && !self.read.peer_closed
            && self.joiner.is_empty()
            && !records.is_observed();
        is_plain.then_some(&mut records.open)
    }

    /// [`Self::advance`], whatever comes. The first record may be `opened` already.
    pub(crate) fn advance_slowly(
        &mut self,
        input: &mut [u8],
        mut out: Option<&mut [u8]>,
        mut opened: Option<Result<Plain, Box<Error>>>,
    ) -> Advance {
        let mut used = 0;
        let got = loop {
            if self.state.is_over() || self.paused {
                break self.state.failure().map_or(Ok(Got::Paused), Err);
            }
            // Whatever follows a close_notify is ignored. RFC 8446 section 6.1.
            if self.read.peer_closed {
                used = input.len();
                break Ok(Got::NeedInput);
            }
            let rest = input.get_mut(used..).unwrap_or_default();
            match self.one_record(rest, out.as_deref_mut(), opened.take()) {
                Err(error) => {
                    // What was opened into the caller's slice may have been refused behind that.
                    if let Some(out) = out {
                        out.fill(0);
                    }
                    break Err(self.fail(error));
                }
                Ok(Step::NeedInput) => break Ok(Got::NeedInput),
                Ok(Step::Passed { end, got }) => {
                    used = used.saturating_add(end);
                    if let Some(got) = got {
                        break Ok(got);
                    }
                }
                Ok(Step::Data { body, end }) => {
                    let at = used;
                    used = used.saturating_add(end);
                    break Ok(match body {
                        Place::Input(range) if self.read.gate != Gate::Open => {
                            Got::EarlyData(moved(range, at))
                        }
                        Place::Input(range) => Got::Data(moved(range, at)),
                        Place::Out(len) => Got::DataInto(len),
                    });
                }
            }
        };
        Advance { used, got }
    }

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

    /// Takes one record, and says what came of it. `opened`: what it was found to be already.
    fn one_record(
        &mut self,
        input: &mut [u8],
        out: Option<&mut [u8]>,
        opened: Option<Result<Plain, Box<Error>>>,
    ) -> Result<Step, Error> {
        self.carrier.check_observer()?;
        // Early data always lies in the input: it is not for whoever reads now.
        let mut out = out.filter(|_| self.read.gate == Gate::Open);
        let Carrier::Records(records) = &mut self.carrier else { return Err(no_records()) };
        let (typ, body, end) = match opened {
            Some(done) => {
                let Plain { typ, body, end } = done.map_err(|error| *error)?;
                (typ, Place::Input(body), end)
            }
            None => match records.open.pull(input, out.as_deref_mut())? {
                Pulled::Incomplete => return Ok(Step::NeedInput),
                // Early data that is passed over is a record of another type all the same. RFC 8446 section 5.1.
                Pulled::Skipped { .. } if !self.joiner.is_empty() => {
                    return Err(PeerMisbehaved::RejectedEarlyDataInterleavedWithHandshakeMessage.into());
                }
                Pulled::Skipped { end } => return Ok(Step::Passed { end, got: None }),
                Pulled::Record { typ, body, end } => (typ, body, end),
            },
        };
        if self.carrier.is_observed() {
            self.record_event(typ, end);
        }
        // A record of another type must not come between the fragments of a message. RFC 8446 section 5.1.
        if typ != ContentType::Handshake && !self.joiner.is_empty() {
            return Err(PeerMisbehaved::MessageInterleavedWithHandshakeMessage.into());
        }
        if typ == ContentType::ApplicationData {
            return Ok(match self.data_record(body.len())? {
                true => Step::Data { body, end },
                false => Step::Passed { end, got: None },
            });
        }
        let got = match body {
            Place::Input(range) => self.control_record(typ, input.get(range).unwrap_or_default())?,
            Place::Out(len) => {
                // It was no application data after all: nothing of it may stay in the caller's slice.
                let out = out.unwrap_or_default();
                let done = self.control_record(typ, out.get(..len).unwrap_or_default());
                out.fill(0);
                done?
            }
        };
        Ok(Step::Passed { end, got })
    }

    #[cold]
    fn record_event(&self, content: ContentType, len: usize) {
        // The record of middlebox compatibility mode is never protected.
        let level = match content {
            ContentType::ChangeCipherSpec => KeyLevel::Plaintext,
            _ => self.carrier.level(Direction::Read),
        };
        self.carrier.event(Event::Record { direction: observe::Direction::In, content, len, level });
    }

    /// Application data of `len` bytes has come. Is there anything in it?
    fn data_record(&mut self, len: usize) -> Result<bool, Error> {
        match &mut self.read.gate {
            Gate::Closed => return Err(unexpected_data()),
            // The plaintext counts, without padding and type. RFC 8446 section 4.2.10.
            Gate::Early { left } => {
                *left = left.checked_sub(len).ok_or(PeerMisbehaved::TooMuchEarlyDataReceived)?;
            }
            Gate::Open => {}
        }
        match len {
            0 => self.budget.empty_record()?,
            _ => self.budget.data(),
        }
        Ok(len > 0)
    }

    fn control_record(&mut self, typ: ContentType, body: &[u8]) -> Result<Option<Got>, Error> {
        match typ {
            ContentType::Handshake => self.handshake_bytes(body).map(|()| None),
            ContentType::Alert => self.read_alert(body),
            ContentType::ChangeCipherSpec => self.read_change_cipher_spec().map(|()| None),
            got_type => Err(unexpected_record(got_type)),
        }
    }

    /// In TLS 1.3 it is no step, and nothing that an observer should hear of: looked at by nobody, but not for ever. RFC 8446
    /// section 5.
    #[inline(never)]
    fn read_change_cipher_spec(&mut self) -> Result<(), Error> {
        self.budget.ccs()?;
        if self.is_tls12() {
            let (state, mut cx) = self.split();
            let next = state.take().on_ccs(&mut cx)?;
            self.enter(next);
        }
        Ok(())
    }

    /// RFC 8446 section 6: only close_notify and user_canceled are no errors, whatever the level says; but for a fatal close_notify
    /// during the handshake.
    #[cold]
    fn read_alert(&mut self, body: &[u8]) -> Result<Option<Got>, Error> {
        let [level, description] = *body else {
            return Err(match body.len() {
                0 | 1 => InvalidMessage::MessageTooShort.into(),
                _ => InvalidMessage::TrailingData("alert").into(),
            });
        };
        let (level, description) = (AlertLevel::from(level), AlertDescription::from(description));
        if !matches!(level, AlertLevel::Warning | AlertLevel::Fatal) {
            return Err(PeerMisbehaved::UnknownAlertLevel.into());
        }
        let fatal = level == AlertLevel::Fatal;
        self.carrier.event(Event::Alert { direction: observe::Direction::In, fatal, description });
        log_line!(
            debug,
            log_target(self.facts.side),
            "{:?}: the peer sent an alert: {description:?}",
            self.facts.side
        );
        match description {
            // Whoever closes has no cause to call it fatal, and what the peer means is that there will be no connection.
            AlertDescription::CloseNotify if fatal && self.is_handshaking() => {
                Err(Error::AlertReceived(description))
            }
            AlertDescription::CloseNotify => {
                self.read.peer_closed = true;
                Ok(Some(Got::PeerClosed))
            }
            AlertDescription::UserCanceled => self.budget.warning().map(|()| None),
            // In TLS 1.2 a warning ends nothing. RFC 5246 section 7.2.
            _ if !fatal && self.is_tls12() => self.budget.warning().map(|()| None),
            // The one that comes before such a server has chosen. RFC 6066 section 3.
            AlertDescription::UnrecognisedName
                if !fatal && self.facts.version.is_none() && self.facts.side == Side::Client =>
            {
                self.budget.warning().map(|()| None)
            }
            _ => Err(Error::AlertReceived(description)),
        }
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
            if self.read.gate == Gate::Open {
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
        if self.write.gate == Gate::Open && !self.write.held.is_empty() && !self.write.closed {
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

    // ---- out

    /// Seals application data with the gate open and nothing in its way: what comes all the time. `None`: none of it was sealed, and
    /// [`Self::write`] does that or says why not.
    ///
    /// # Errors
    ///
    /// A record could not be sealed: the stream has a hole.
    #[inline]
    pub(crate) fn write_plainly(&mut self, data: &[u8]) -> Option<Result<(), Box<Error>>> {
        let Carrier::Records(records) = &mut self.carrier else { return None };
        let write = &self.write;
        let is_open = !self.state.is_over()
            && write.gate == Gate::Open
            && write.held.is_empty()
            && !write.closed
            && !write.closing;
        let waits = records.out.len();
        let has_room = write.limit.is_none_or(|limit| data.len() <= limit.saturating_sub(waits));
        match is_open && has_room && self.policy.bounds.memory().is_none() {
            true => records.send_plainly(data),
            false => None,
        }
    }

    /// Seals application data into the outbox, or holds it until the handshake allows it, within the limit. Gives how much was
    /// taken.
    ///
    /// # Errors
    ///
    /// An earlier record could not be sealed: the stream has a hole.
    pub(crate) fn write(&mut self, data: OutboundChunks<'_>) -> Result<usize, Error> {
        // What is held goes first, also if the gate is open and only the key is not there for it.
        let now = self.write.gate == Gate::Open && self.write.held.is_empty();
        let waiting = if now { self.carrier.out_len() } else { self.write.held.len() };
        let room = self.write.limit.map_or(usize::MAX, |limit| limit.saturating_sub(waiting));
        let mut taken = data.len().min(room);
        if self.policy.bounds.memory().is_some() {
            taken = taken.min(self.write_room(waiting));
        }
        let (data, _) = data.split_at(taken);
        if self.write.closed || self.write.closing || taken == 0 {
            return Ok(taken);
        }
        match now {
            true => self.seal(data)?,
            false => data.copy_to_vec(&mut self.write.held),
        }
        Ok(taken)
    }

    /// How much more early data may be written; `None` if none may be. RFC 8446 section 4.2.10.
    pub(crate) fn early_data_left(&self) -> Option<usize> {
        match self.write.gate {
            Gate::Early { left } if !self.write.closed && !self.write.closing => Some(left),
            _ => None,
        }
    }

    /// Seals early data into the outbox, as much as the server takes and as the limit for what waits allows. Gives how much.
    ///
    /// # Errors
    ///
    /// A record could not be sealed: the stream has a hole.
    pub(crate) fn write_early_data(&mut self, data: &[u8]) -> Result<usize, Error> {
        let Some(left) = self.early_data_left() else { return Ok(0) };
        let waiting = self.carrier.out_len();
        let room = self.write.limit.map_or(usize::MAX, |limit| limit.saturating_sub(waiting));
        let room = room.min(self.write_room(waiting));
        let now = data.get(..room.min(left).min(data.len())).unwrap_or_default();
        let Carrier::Records(records) = &mut self.carrier else { return Err(no_records()) };
        let rest = records.send_some_data(OutboundChunks::Single(now))?.len();
        let taken = now.len().saturating_sub(rest);
        // There is no KeyUpdate yet: when the key is used up, that was all.
        let left = if rest > 0 { 0 } else { left.saturating_sub(taken) };
        self.write.gate = Gate::Early { left };
        Ok(taken)
    }

    /// Seals, and changes keys before the limit of the present one. RFC 8446 section 5.5.
    #[inline]
    fn seal(&mut self, data: OutboundChunks<'_>) -> Result<(), Error> {
        let mut rest = data;
        loop {
            let Carrier::Records(records) = &mut self.carrier else { return Err(no_records()) };
            rest = records.send_some_data(rest)?;
            if rest.is_empty() {
                return Ok(());
            }
            if self.facts.version == Some(ProtocolVersion::TLSv1_2) {
                // TLS 1.2 has no way to change keys: the connection ends, in good order, before the key is used up.
                self.close();
                return Err(Error::EncryptError);
            }
            if self.is_handshaking() {
                // Half a round trip before the client's Finished there is no KeyUpdate: the rest waits for it.
                rest.copy_to_vec(&mut self.write.held);
                return Ok(());
            }
            self.send_key_update(KeyUpdateRequest::UpdateNotRequested)?;
        }
    }

    /// What was written before the gate opened goes out as soon as it does, whichever call opened it.
    #[cold]
    fn release_held(&mut self) -> Result<(), Error> {
        let held = mem::take(&mut self.write.held);
        self.seal(OutboundChunks::Single(&held))?;
        if self.write.closing {
            self.close();
        }
        Ok(())
    }

    /// Switches our write keys and asks the peer to do the same. RFC 8446 section 4.6.3.
    pub(crate) fn refresh_keys(&mut self) -> Result<(), Error> {
        if let Some(error) = self.state.failure() {
            return Err(error);
        }
        // Nothing may follow a close_notify (RFC 8446 section 6.1), and there is nothing left to protect.
        match self.write.closed {
            true => Ok(()),
            false => self.send_key_update(KeyUpdateRequest::UpdateRequested),
        }
    }

    fn send_key_update(&mut self, request: KeyUpdateRequest) -> Result<(), Error> {
        let (state, mut cx) = self.split();
        let traffic = state.traffic().ok_or(Error::HandshakeNotComplete)?;
        let done = traffic.send_key_update(request, &mut cx);
        self.give_back_flight();
        done
    }

    /// `n` bytes of what was queued have been written to the peer.
    pub(crate) fn sent(&mut self, n: usize) {
        self.write.update_waits = self.write.update_waits.saturating_sub(n);
    }

    /// Says close_notify, once. What was written before goes first: if the handshake does not allow it yet, both wait.
    pub(crate) fn close(&mut self) {
        if !self.write.held.is_empty() {
            self.write.closing = true;
        } else if !mem::replace(&mut self.write.closed, true) {
            self.carrier.send_alert(AlertLevel::Warning, AlertDescription::CloseNotify);
        }
    }

    /// Ends the connection, with the alert that the error means.
    #[cold]
    pub(crate) fn fail(&mut self, error: Error) -> Error {
        let alert = error.alert();
        self.fail_with(error, alert)
    }

    /// The only way into the failed state, and the only sender of fatal alerts.
    pub(crate) fn fail_with(&mut self, error: Error, alert: Option<AlertDescription>) -> Error {
        self.flight = Vec::new();
        self.write.held = Vec::new();
        self.joiner = Joiner::default();
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

fn moved(range: Range<usize>, by: usize) -> Range<usize> {
    by.saturating_add(range.start)..by.saturating_add(range.end)
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

/// Application data before the handshake allows it.
#[cold]
fn unexpected_data() -> Error {
    Error::InappropriateMessage {
        expect_types: [ContentType::Handshake].to_vec(),
        got_type: ContentType::ApplicationData,
    }
}

#[cold]
fn unexpected_record(got_type: ContentType) -> Error {
    let expect_types = [ContentType::Handshake, ContentType::Alert].to_vec();
    Error::InappropriateMessage { expect_types, got_type }
}
