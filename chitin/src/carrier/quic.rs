//! QUIC as the transport (RFC 9001 section 4): handshake bytes go out as they are, in the order in which keys come between them.
//!
//! It owns one queue of bytes and keys, the transport parameters, and the alert. The QUIC endpoint above protects the packets, so
//! no record and no application data pass here.

use alloc::boxed::Box;
use alloc::collections::VecDeque;
use alloc::sync::Arc;
use alloc::vec::Vec;

use crate::carrier::Direction;
use crate::carrier::observer::Observer;
use crate::crypto::quic::{DirectionalKeys, Keys, Version};
use crate::error::Error;
use crate::names::{AlertDescription, AlertLevel, Side};
use crate::observe::{self, Event, KeyLevel, Trace};
use crate::schedule::quic::{QuicSecret, Secrets};
use crate::schedule::tls13::{Pair, RestingSecret, TrafficSecret};
use crate::wire::extensions::ext;

/// Keys that a handshake has made.
#[allow(clippy::large_enum_variant)] // The shape is that of 0.23.
pub enum KeyChange {
    /// Those of Handshake packets.
    Handshake {
        /// Of both directions.
        keys: Keys,
    },

    /// Those of 1-RTT packets.
    OneRtt {
        /// Of both directions.
        keys: Keys,
        /// What the keys after these are made from.
        next: Secrets,
    },
}

/// What a connection says of its transport. RFC 9001 section 8.2.
#[derive(Clone)]
pub(crate) struct Parameters {
    version: Version,
    /// As the application has encoded them.
    pub(crate) ours: Vec<u8>,
    /// What the peer says of its end. Until it has: what it said when the session was made that a client writes early data on.
    pub(crate) theirs: Option<Vec<u8>>,
}

impl Parameters {
    /// The extension that carries them.
    pub(crate) fn code(&self) -> u16 {
        match self.version {
            Version::V1Draft => ext::quic_transport_parameters_draft,
            Version::V1 | Version::V2 => ext::quic_transport_parameters,
        }
    }

    /// The version, as packets name it. Sessions are bound to it: RFC 9369 section 5.
    pub(crate) fn version(&self) -> u32 {
        match self.version {
            // One of the four that share it.
            Version::V1Draft => 0xff00_001d,
            Version::V1 => 1,
            Version::V2 => 0x6b33_43cf,
        }
    }
}

/// The transport of a QUIC connection.
pub(crate) struct Quic {
    side: Side,
    pub(super) parameters: Parameters,
    /// Where a key change stands among the bytes is part of what a caller is told.
    out: VecDeque<Out>,
    early: Option<QuicSecret>,
    /// What a level has given, while neither direction uses it yet.
    derived: Option<(KeyLevel, Out)>,
    read_epoch: u8,
    read_level: KeyLevel,
    write_level: KeyLevel,
    alert: Option<AlertDescription>,
    observer: Observer,
}

enum Out {
    Bytes(Vec<u8>),
    Handshake(Keys),
    /// Its keys are made when somebody takes them.
    OneRtt(Box<Secrets>),
}

/// Transport parameters of ours. Endpoints have a few hundred bytes of them; all of EncryptedExtensions, where a server's stand,
/// is held to 16 KiB by clients of ours.
pub(crate) const MAX_PARAMETERS: usize = 8 * 1024;

impl Quic {
    /// # Errors
    ///
    /// The parameters are too long.
    pub(crate) fn new(side: Side, version: Version, parameters: Vec<u8>) -> Result<Self, Error> {
        if parameters.len() > MAX_PARAMETERS {
            return Err(Error::General("the QUIC transport parameters are longer than 8 KiB".into()));
        }
        Ok(Self {
            side,
            parameters: Parameters { version, ours: parameters, theirs: None },
            out: VecDeque::new(),
            early: None,
            derived: None,
            read_epoch: 0,
            read_level: KeyLevel::Plaintext,
            write_level: KeyLevel::Plaintext,
            alert: None,
            observer: Observer::default(),
        })
    }

    // ---- for the endpoint

    /// Moves what is to be sent to the end of `buf`, up to the next change of keys.
    pub(crate) fn take_output(&mut self, buf: &mut Vec<u8>) -> Option<KeyChange> {
        loop {
            match self.out.pop_front()? {
                Out::Bytes(bytes) => buf.extend_from_slice(&bytes),
                Out::Handshake(keys) => return Some(KeyChange::Handshake { keys }),
                Out::OneRtt(next) => return Some(KeyChange::OneRtt { keys: next.keys(), next: *next }),
            }
        }
    }

    /// The keys of 0-RTT packets: the client writes with them, the server reads.
    pub(crate) fn early_keys(&self) -> Option<DirectionalKeys> {
        self.early.as_ref().map(QuicSecret::keys)
    }

    pub(crate) fn peer_parameters(&self) -> Option<&[u8]> {
        self.parameters.theirs.as_deref()
    }

    pub(crate) fn alert(&self) -> Option<AlertDescription> {
        self.alert
    }

    /// The memory of what waits to be taken.
    pub(crate) fn out_capacity(&self) -> usize {
        let bytes = |out: &Out| match out {
            Out::Bytes(bytes) => bytes.capacity(),
            Out::Handshake(_) | Out::OneRtt(_) => 0,
        };
        self.out.iter().map(bytes).fold(0, usize::saturating_add)
    }

    // ---- for the flows

    pub(super) fn send_handshake(&mut self, plain: &[u8]) {
        match self.out.back_mut() {
            Some(Out::Bytes(bytes)) => bytes.extend_from_slice(plain),
            _ => self.out.push_back(Out::Bytes(plain.to_vec())),
        }
    }

    /// Handed out when the first direction switches to them, behind what was said before.
    pub(super) fn derived_handshake(&mut self, pair: &Pair<TrafficSecret>) -> Result<(), Error> {
        let keys = Keys::handshake(pair, self.side, self.parameters.version).ok_or_else(no_quic_suite)?;
        self.derived = Some((KeyLevel::Handshake, Out::Handshake(keys)));
        Ok(())
    }

    /// The same of application traffic.
    pub(super) fn derived_traffic(&mut self, pair: &Pair<RestingSecret>) -> Result<(), Error> {
        let next = Secrets::new(pair, self.side, self.parameters.version).ok_or_else(no_quic_suite)?;
        self.derived = Some((KeyLevel::Traffic, Out::OneRtt(Box::new(next))));
        Ok(())
    }

    /// The secret of early data stays, since an endpoint may ask for its keys at any time; when to discard them is its own affair:
    /// RFC 9001 section 4.9.3.
    pub(super) fn derived_early(&mut self, secret: &RestingSecret) -> Result<(), Error> {
        self.early = Some(QuicSecret::new(secret, self.parameters.version).ok_or_else(no_quic_suite)?);
        Ok(())
    }

    pub(super) fn install(&mut self, direction: Direction, level: KeyLevel) {
        if let Some((_, keys)) = self.derived.take_if(|(derived, _)| *derived == level) {
            self.out.push_back(keys);
        }
        let seen = match direction {
            Direction::Read => {
                self.read_epoch = self.read_epoch.saturating_add(1);
                self.read_level = level;
                observe::Direction::In
            }
            Direction::Write => {
                self.write_level = level;
                observe::Direction::Out
            }
        };
        self.event(Event::Keys { direction: seen, level });
    }

    /// Each key is installed once: QUIC changes those of 1-RTT by itself.
    pub(super) fn read_epoch(&self) -> u8 {
        self.read_epoch
    }

    pub(super) fn level(&self, direction: Direction) -> KeyLevel {
        match direction {
            Direction::Read => self.read_level,
            Direction::Write => self.write_level,
        }
    }

    /// All are fatal, whatever they are called: RFC 9001 section 4.8.
    pub(super) fn send_alert(&mut self, level: AlertLevel, what: AlertDescription) {
        self.alert = Some(what);
        let fatal = level == AlertLevel::Fatal;
        self.event(Event::Alert { direction: observe::Direction::Out, fatal, description: what });
    }

    // ---- for the observer

    pub(super) fn set_trace(&mut self, trace: Option<Arc<dyn Trace>>) {
        self.observer.trace = trace;
    }

    pub(super) fn event(&self, event: Event<'_>) {
        self.observer.tell(event);
    }

    pub(super) fn is_observed(&self) -> bool {
        self.observer.trace.is_some()
    }

    pub(super) fn check_observer(&self) -> Result<(), Error> {
        self.observer.check()
    }
}

/// A suite that QUIC does not have is neither offered nor chosen, so nobody gets here.
fn no_quic_suite() -> Error {
    Error::General("the cipher suite has no packet protection".into())
}
