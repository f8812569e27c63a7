//! What a step may do to the connection: say messages, switch keys, state facts, open gates. No queue, no record layer.

use alloc::boxed::Box;
use alloc::sync::Arc;
use alloc::vec::Vec;

use crate::carrier::{Carrier, Direction};
use crate::config::check_protocols;
use crate::config::client::ClientConfig;
use crate::config::keylog::KeyLog;
use crate::config::limits::Bounds;
use crate::config::server::ServerConfig;
use crate::crypto::suites::Tls12CipherSuite;
use crate::error::Error;
use crate::flow::facts::Facts;
use crate::flow::question::{KEY_LOG, told};
use crate::names::HandshakeType;
use crate::observe::{self, Event, KeyLevel};
use crate::schedule::tls12::{KeyHalf, MasterSecret, Randoms};
use crate::schedule::tls13::{EarlySecrets, Pair, RestingSecret, TrafficSecret};
use crate::schedule::transcript::Transcript;
use crate::wire::codec::{MAX24, close_prefix, open_prefix, width};

/// May application data pass in this direction?
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Gate {
    #[default]
    Closed,
    /// Early data only: so many bytes more. RFC 8446 section 4.2.10.
    Early {
        left: usize,
    },
    Open,
}

/// The receiving side of a connection, above the records.
#[derive(Default)]
pub(crate) struct Inbound {
    pub(crate) gate: Gate,
    /// The peer has said close_notify.
    pub(crate) peer_closed: bool,
    /// What the states keep of the messages that came, in bytes.
    pub(crate) kept: u32,
}

/// The sending side of a connection, above the records.
#[derive(Default)]
pub(crate) struct Outbound {
    pub(crate) gate: Gate,
    /// What was written before the gate opened.
    pub(crate) held: Vec<u8>,
    /// The most plaintext that may wait, here or sealed.
    pub(crate) limit: Option<usize>,
    /// The application has set that limit, and the memory is its own affair.
    pub(crate) limit_is_set: bool,
    /// close_notify or a fatal alert is out: nothing may follow.
    pub(crate) closed: bool,
    /// How many bytes have to be sent until our last KeyUpdate is wholly out. While it waits it answers every request that
    /// comes, so a peer that asks and never reads makes us keep one. What waits behind it does not count: a bulk sender's
    /// outbox may never be empty.
    pub(crate) update_waits: usize,
    /// close_notify is wanted, and goes out behind what is held, or behind what ends early data.
    pub(crate) closing: bool,
}

/// What the engine needs from a config. It arrives with the config, which may be after the hello.
#[derive(Default)]
pub(crate) struct Policy {
    pub(crate) key_log: Option<Arc<dyn KeyLog>>,
    pub(crate) client_random: [u8; 32],
    pub(crate) secret_extraction: bool,
    pub(crate) bounds: Bounds,
    /// Server only: what the application wants to find again when the session is resumed.
    pub(crate) resumption_data: Box<[u8]>,
    /// Server only: the application wants no early data on this connection.
    pub(crate) refuses_early_data: bool,
    /// What the keys of TLS 1.2 come from, for those who may take them out.
    pub(crate) tls12_secrets: Option<Box<(MasterSecret, Randoms)>>,
}

/// What a step gets.
pub(crate) struct Cx<'a> {
    pub(crate) facts: &'a mut Facts,
    pub(crate) carrier: &'a mut Carrier,
    pub(crate) read: &'a mut Inbound,
    pub(crate) write: &'a mut Outbound,
    pub(crate) policy: &'a mut Policy,
    /// Messages of the flight that is being composed. Emptied by each send, its memory kept until the flight is over.
    pub(crate) flight: &'a mut Vec<u8>,
}

impl Cx<'_> {
    /// Appends a message to the flight and to the transcript.
    pub(crate) fn emit(
        &mut self,
        transcript: &mut Transcript,
        typ: HandshakeType,
        body: impl FnOnce(&mut Vec<u8>),
    ) {
        self.emit_as(transcript, typ, typ, body);
    }

    /// The same for a message that looks like another: a HelloRetryRequest is a ServerHello on the wire.
    pub(crate) fn emit_as(
        &mut self,
        transcript: &mut Transcript,
        typ: HandshakeType,
        named: HandshakeType,
        body: impl FnOnce(&mut Vec<u8>),
    ) {
        let at = self.begin_message(typ, SHORT_FLIGHT);
        body(self.flight);
        self.end_message(at, named, Some(transcript));
    }

    /// The head of a message: what is the same of all stands here once. A buffer that is not there yet gets so much `room`.
    #[inline(never)]
    fn begin_message(&mut self, typ: HandshakeType, room: usize) -> usize {
        let at = self.flight.len();
        if self.flight.capacity() == 0 {
            self.flight.reserve(room);
        }
        self.flight.push(typ.into());
        open_prefix(self.flight, LENGTH);
        at
    }

    /// The message that begins `at` is whole.
    #[inline(never)]
    fn end_message(&mut self, at: usize, named: HandshakeType, transcript: Option<&mut Transcript>) {
        close_prefix(self.flight, at.saturating_add(1), LENGTH, MAX24);
        let message = self.flight.get(at..).unwrap_or_default();
        if let Some(transcript) = transcript {
            transcript.add(message);
        }
        self.message_event(named, message);
    }

    /// The flight is going to have about `len` bytes more. To grow a buffer is to copy it, also one with nothing in it, which goes
    /// before another comes.
    pub(crate) fn make_room(&mut self, len: usize) {
        if self.flight.is_empty() && self.flight.capacity() < len {
            *self.flight = Vec::new();
        }
        self.flight.reserve(len);
    }

    /// Sends a message that is a flight by itself, from where it was written. The caller keeps its transcript.
    pub(crate) fn send_alone(&mut self, typ: HandshakeType, message: &[u8]) -> Result<(), Error> {
        self.flush()?;
        self.message_event(typ, message);
        self.carrier.send_flight(message)
    }

    /// Appends a message that is in no transcript.
    pub(crate) fn emit_alone(&mut self, typ: HandshakeType, message: &[u8]) {
        self.flight.extend_from_slice(message);
        self.message_event(typ, message);
    }

    /// Writes a message that is in no transcript.
    pub(crate) fn emit_behind(&mut self, typ: HandshakeType, body: impl FnOnce(&mut Vec<u8>)) {
        let at = self.begin_message(typ, 0);
        body(self.flight);
        self.end_message(at, typ, None);
    }

    fn message_event(&self, typ: HandshakeType, bytes: &[u8]) {
        let level = self.carrier.level(Direction::Write);
        self.carrier.event(Event::Message { direction: observe::Direction::Out, typ, bytes, level });
    }

    /// Lets an observer see what is sent within another hello.
    pub(crate) fn hidden_hello(&self, bytes: &[u8]) {
        self.carrier.event(Event::HiddenHello(bytes));
    }

    /// Sends what the flight holds.
    pub(crate) fn flush(&mut self) -> Result<(), Error> {
        if !self.flight.is_empty() {
            self.carrier.send_flight(self.flight)?;
            match self.flight.capacity() > SHORT_FLIGHT {
                // A chain is not sent twice: what comes is short.
                true => *self.flight = Vec::new(),
                false => self.flight.clear(),
            }
        }
        Ok(())
    }

    /// Both secrets of the handshake exist. One of the two doors through which a secret leaves the schedule: to the key log, and to
    /// QUIC.
    pub(crate) fn derived_handshake(&mut self, pair: &Pair<TrafficSecret>) -> Result<(), Error> {
        self.flush()?;
        self.log_secrets([
            ("CLIENT_HANDSHAKE_TRAFFIC_SECRET", pair.client.as_bytes()),
            ("SERVER_HANDSHAKE_TRAFFIC_SECRET", pair.server.as_bytes()),
        ])?;
        self.carrier.derived_handshake(pair)
    }

    /// The same of application traffic.
    pub(crate) fn derived_traffic(&mut self, pair: &Pair<RestingSecret>) -> Result<(), Error> {
        self.flush()?;
        self.log_secrets([
            ("CLIENT_TRAFFIC_SECRET_0", pair.client.as_bytes()),
            ("SERVER_TRAFFIC_SECRET_0", pair.server.as_bytes()),
        ])?;
        self.carrier.derived_traffic(pair)
    }

    /// The secrets of early data exist, and the key is used from here on: `direction` is that of the client's data.
    pub(crate) fn begin_early_data(
        &mut self,
        direction: Direction,
        secrets: &EarlySecrets,
    ) -> Result<(), Error> {
        self.flush()?;
        self.log_secret("CLIENT_EARLY_TRAFFIC_SECRET", secrets.traffic.as_bytes())?;
        self.log_secret("EARLY_EXPORTER_SECRET", secrets.exporter.as_bytes())?;
        self.carrier.begin_early_data(direction, &secrets.traffic)
    }

    /// Is the transport QUIC?
    pub(crate) fn is_quic(&self) -> bool {
        self.carrier.quic().is_some()
    }

    pub(crate) fn log_secret(&self, label: &str, secret: &[u8]) -> Result<(), Error> {
        self.log_secrets([(label, secret)])
    }

    fn log_secrets<const N: usize>(&self, secrets: [(&str, &[u8]); N]) -> Result<(), Error> {
        told(KEY_LOG, || {
            for (label, secret) in secrets {
                if let Some(log) = self.policy.key_log.as_ref().filter(|log| log.will_log(label)) {
                    log.log(label, &self.policy.client_random, secret);
                }
            }
        })
    }

    /// One direction switches keys: the other door. What was said under the old key is sent first.
    pub(crate) fn install(
        &mut self,
        direction: Direction,
        secret: &TrafficSecret,
        level: KeyLevel,
    ) -> Result<(), Error> {
        self.flush()?;
        self.carrier.install(direction, secret, level);
        Ok(())
    }

    /// The same of a secret of application traffic, which is nothing but bytes: over QUIC its keys are out already, and nothing is set up.
    pub(crate) fn install_traffic(
        &mut self,
        direction: Direction,
        secret: &RestingSecret,
    ) -> Result<(), Error> {
        self.flush()?;
        self.carrier.install_traffic(direction, secret);
        Ok(())
    }

    /// The record of middlebox compatibility mode goes out behind what was said so far. RFC 8446 appendix D.4.
    pub(crate) fn send_compat_ccs(&mut self) -> Result<(), Error> {
        self.flush()?;
        self.carrier.send_compat_ccs()
    }

    /// The config is known: what the engine needs of it.
    pub(crate) fn adopt_server_config(&mut self, config: &ServerConfig) -> Result<(), Error> {
        check_protocols(&config.alpn_protocols)?;
        self.policy.key_log = Some(config.key_log.clone());
        self.policy.secret_extraction = config.enable_secret_extraction;
        self.policy.bounds = config.limits.bounds(config.max_certificate_message)?;
        self.carrier.set_trace(config.trace.clone());
        self.carrier.configure(config.max_fragment_size, config.padding())
    }

    /// The same for a client.
    pub(crate) fn adopt_client_config(&mut self, config: &ClientConfig) -> Result<(), Error> {
        self.policy.key_log = Some(config.key_log.clone());
        self.policy.secret_extraction = config.enable_secret_extraction;
        self.policy.bounds = config.limits.bounds(config.max_certificate_message)?;
        self.carrier.set_trace(config.trace.clone());
        self.carrier.configure(config.max_fragment_size, config.padding())
    }

    /// TLS 1.2: says ChangeCipherSpec behind what was said so far, and switches our keys. RFC 5246 section 7.1.
    pub(crate) fn change_cipher_spec(
        &mut self,
        keys: KeyHalf,
        suite: &'static Tls12CipherSuite,
    ) -> Result<(), Error> {
        self.flush()?;
        self.carrier.change_cipher_spec(keys, suite)
    }

    /// TLS 1.2: both Finished are right.
    pub(crate) fn finish_tls12(&mut self, master: MasterSecret, randoms: Randoms) {
        self.facts.exporter = Some(master.exporter(&randoms));
        if self.policy.secret_extraction {
            self.policy.tls12_secrets = Some(Box::new((master.rest(), randoms)));
        }
        self.open_gates();
    }

    /// Both directions carry application data from here on.
    pub(crate) fn open_gates(&mut self) {
        self.carrier.allow_ccs(false);
        self.read.gate = Gate::Open;
        self.write.gate = Gate::Open;
    }
}

/// The bytes of a message's length. RFC 8446 section 4.
const LENGTH: usize = width(MAX24);

/// What holds a flight without certificates and without a share of ML-KEM: a hello of a server, its extensions and a Finished.
const SHORT_FLIGHT: usize = 256;
