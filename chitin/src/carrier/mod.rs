//! What carries handshake bytes: TLS records.
//!
//! The flows speak to this enum only, in its few verbs, so that QUIC's CRYPTO frames can be a second variant without a
//! word changed above. Nothing here knows a message or a state.

pub(crate) mod records;
mod tls12;

use crate::error::Error;
use crate::names::{AlertDescription, AlertLevel};
use crate::observe::{Event, KeyLevel, Trace};
use crate::record::seal::Padding;
use crate::schedule::tls13::TrafficSecret;

pub(crate) use records::Records;

/// Which direction of a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Direction {
    Read,
    Write,
}

/// The transport of a connection.
pub(crate) enum Carrier {
    Records(Records),
}

impl Carrier {
    /// Cuts a flight of handshake messages into records, seals them and queues them.
    pub(crate) fn send_flight(&mut self, plain: &[u8]) -> Result<(), Error> {
        match self {
            Self::Records(records) => records.send_handshake(plain),
        }
    }

    /// One direction switches to the keys of `secret`.
    pub(crate) fn install(&mut self, direction: Direction, secret: &TrafficSecret, level: KeyLevel) {
        match self {
            Self::Records(records) => records.install(direction, secret, level),
        }
    }

    /// Back to writing in the clear, after early data that a HelloRetryRequest has ended.
    pub(crate) fn uninstall_write(&mut self) {
        match self {
            Self::Records(records) => records.uninstall_write(),
        }
    }

    /// Which read key is in use: a number that each switch raises. Handshake bytes never outlive it.
    pub(crate) fn read_epoch(&self) -> u8 {
        match self {
            Self::Records(records) => records.open.epoch(),
        }
    }

    /// The change_cipher_spec record of middlebox compatibility mode. RFC 8446 appendix D.4.
    pub(crate) fn send_compat_ccs(&mut self) -> Result<(), Error> {
        match self {
            Self::Records(records) => records.send_ccs(),
        }
    }

    pub(crate) fn send_alert(&mut self, level: AlertLevel, what: AlertDescription) {
        match self {
            Self::Records(records) => records.send_alert(level, what),
        }
    }

    /// Early data that was not accepted is dropped, up to `limit` bytes of records. RFC 8446 section 4.2.10.
    pub(crate) fn skip_early_data(&mut self, limit: usize, after_retry: bool) {
        match self {
            Self::Records(records) => records.open.skip_early_data(limit, after_retry),
        }
    }

    /// May the peer send the record of middlebox compatibility mode now? RFC 8446 section 5.
    pub(crate) fn allow_ccs(&mut self, allowed: bool) {
        match self {
            Self::Records(records) => records.open.ccs_allowed = allowed,
        }
    }

    /// Until the first protected record: the peer may have no keys yet to protect an alert with.
    pub(crate) fn allow_plaintext_alerts(&mut self) {
        match self {
            Self::Records(records) => records.open.plaintext_alerts_allowed = true,
        }
    }

    /// Takes up what a config says about records.
    pub(crate) fn configure(
        &mut self,
        max_fragment_size: Option<usize>,
        padding: Option<Padding>,
    ) -> Result<(), Error> {
        match self {
            Self::Records(records) => records.configure(max_fragment_size, padding),
        }
    }

    /// What a protected record of ours may hold, type byte and header not counted. RFC 8449.
    pub(crate) fn limit_sent(&mut self, content: usize) {
        match self {
            Self::Records(records) => records.seal.set_peer_limit(content),
        }
    }

    /// What a protected record of the peer's may hold, type byte and padding counted where the version has them. RFC 8449.
    pub(crate) fn limit_received(&mut self, limit: usize) {
        match self {
            Self::Records(records) => records.limit_received(limit),
        }
    }

    /// Raises an event, if anybody looks.
    pub(crate) fn event(&self, event: Event<'_>) {
        match self {
            Self::Records(records) => records.event(event),
        }
    }

    /// Fails once the observer has panicked: an event cannot say so where it is raised.
    pub(crate) fn check_observer(&self) -> Result<(), Error> {
        match self {
            Self::Records(records) => records.check_observer(),
        }
    }

    pub(crate) fn set_trace(&mut self, trace: Option<alloc::sync::Arc<dyn Trace>>) {
        match self {
            Self::Records(records) => records.set_trace(trace),
        }
    }

    /// Under which kind of key this direction is.
    pub(crate) fn level(&self, direction: Direction) -> KeyLevel {
        match self {
            Self::Records(records) => records.level(direction),
        }
    }

    /// Bytes that wait to be written to the peer.
    pub(crate) fn out_len(&self) -> usize {
        match self {
            Self::Records(records) => records.out.pending().len(),
        }
    }
}
