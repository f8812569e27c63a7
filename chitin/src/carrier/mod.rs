//! What carries handshake bytes: TLS records, or QUIC.
//!
//! The flows speak to this enum only, in its few verbs. Some of them mean nothing over QUIC, which has no records, no
//! compatibility with middleboxes and no early data in its handshake. Nothing here knows a message or a state.

mod observer;
pub(crate) mod quic;
pub(crate) mod records;
mod tls12;

use alloc::boxed::Box;
use alloc::vec::Vec;

use crate::error::Error;
use crate::names::{AlertDescription, AlertLevel};
use crate::observe::{Event, KeyLevel, Trace};
use crate::record::seal::Padding;
use crate::schedule::tls13::{Pair, RestingSecret, TrafficSecret};

pub(crate) use quic::{Parameters, Quic};
pub(crate) use records::Records;

/// Which direction of a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Direction {
    Read,
    Write,
}

/// The transport of a connection.
#[allow(clippy::large_enum_variant)] // Records are what most connections have: they need no box.
pub(crate) enum Carrier {
    Records(Records),
    Quic(Box<Quic>),
}

impl Carrier {
    /// What only records have.
    pub(crate) fn records(&self) -> Option<&Records> {
        match self {
            Self::Records(records) => Some(records),
            Self::Quic(_) => None,
        }
    }

    pub(crate) fn records_mut(&mut self) -> Option<&mut Records> {
        match self {
            Self::Records(records) => Some(records),
            Self::Quic(_) => None,
        }
    }

    /// Cuts a flight of handshake messages into records, seals them and queues them.
    pub(crate) fn send_flight(&mut self, plain: &[u8]) -> Result<(), Error> {
        match self {
            Self::Records(records) => records.send_handshake(plain),
            Self::Quic(quic) => {
                quic.send_handshake(plain);
                Ok(())
            }
        }
    }

    /// Both secrets of the handshake exist: QUIC hands out their keys together, although the two directions switch at different
    /// moments.
    pub(crate) fn derived_handshake(&mut self, pair: &Pair<TrafficSecret>) -> Result<(), Error> {
        match self {
            Self::Records(_) => Ok(()),
            Self::Quic(quic) => quic.derived_handshake(pair),
        }
    }

    /// The same of application traffic.
    pub(crate) fn derived_traffic(&mut self, pair: &Pair<RestingSecret>) -> Result<(), Error> {
        match self {
            Self::Records(_) => Ok(()),
            Self::Quic(quic) => quic.derived_traffic(pair),
        }
    }

    /// The secret of early data exists. Over records its key is installed as any other; in QUIC the handshake goes on beside it.
    pub(crate) fn begin_early_data(
        &mut self,
        direction: Direction,
        secret: &TrafficSecret,
    ) -> Result<(), Error> {
        match self {
            Self::Records(records) => {
                records.install(direction, secret, KeyLevel::Early);
                Ok(())
            }
            Self::Quic(quic) => quic.derived_early(secret.as_ref()),
        }
    }

    /// What a connection over QUIC says of its transport; `None` over records.
    pub(crate) fn quic(&self) -> Option<&Parameters> {
        match self {
            Self::Records(_) => None,
            Self::Quic(quic) => Some(&quic.parameters),
        }
    }

    /// The peer has said what is true of its end of a QUIC connection.
    pub(crate) fn set_peer_parameters(&mut self, theirs: Option<Vec<u8>>) {
        match self {
            Self::Records(_) => {}
            Self::Quic(quic) => quic.parameters.theirs = theirs,
        }
    }

    /// One direction switches to the keys of `secret`.
    pub(crate) fn install(&mut self, direction: Direction, secret: &TrafficSecret, level: KeyLevel) {
        match self {
            Self::Records(records) => records.install(direction, secret, level),
            Self::Quic(quic) => quic.install(direction, level),
        }
    }

    /// The same with a secret of application traffic, of which QUIC has made its keys already.
    pub(crate) fn install_traffic(&mut self, direction: Direction, secret: &RestingSecret) {
        match self {
            Self::Records(records) => records.install(direction, &secret.woken(), KeyLevel::Traffic),
            Self::Quic(quic) => quic.install(direction, KeyLevel::Traffic),
        }
    }

    /// Back to writing in the clear, after early data that a HelloRetryRequest has ended.
    pub(crate) fn uninstall_write(&mut self) {
        match self {
            Self::Records(records) => records.uninstall_write(),
            Self::Quic(quic) => quic.install(Direction::Write, KeyLevel::Plaintext),
        }
    }

    /// Which read key is in use: a number that each switch raises. Handshake bytes never outlive it.
    pub(crate) fn read_epoch(&self) -> u8 {
        match self {
            Self::Records(records) => records.open.epoch(),
            Self::Quic(quic) => quic.read_epoch(),
        }
    }

    /// The change_cipher_spec record of middlebox compatibility mode. RFC 8446 appendix D.4.
    pub(crate) fn send_compat_ccs(&mut self) -> Result<(), Error> {
        match self {
            Self::Records(records) => records.send_ccs(),
            Self::Quic(_) => Ok(()),
        }
    }

    pub(crate) fn send_alert(&mut self, level: AlertLevel, what: AlertDescription) {
        match self {
            Self::Records(records) => records.send_alert(level, what),
            Self::Quic(quic) => quic.send_alert(level, what),
        }
    }

    /// Early data that was not accepted is dropped, up to `limit` bytes of records. RFC 8446 section 4.2.10.
    pub(crate) fn skip_early_data(&mut self, limit: usize, after_retry: bool) {
        match self {
            Self::Records(records) => records.open.skip_early_data(limit, after_retry),
            Self::Quic(_) => {}
        }
    }

    /// May the peer send the record of middlebox compatibility mode now? RFC 8446 section 5.
    pub(crate) fn allow_ccs(&mut self, allowed: bool) {
        match self {
            Self::Records(records) => records.open.ccs_allowed = allowed,
            Self::Quic(_) => {}
        }
    }

    /// Until the first protected record: the peer may have no keys yet to protect an alert with.
    pub(crate) fn allow_plaintext_alerts(&mut self) {
        match self {
            Self::Records(records) => records.open.plaintext_alerts_allowed = true,
            Self::Quic(_) => {}
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
            Self::Quic(_) => Ok(()),
        }
    }

    /// What a protected record of ours may hold, type byte and header not counted. RFC 8449.
    pub(crate) fn limit_sent(&mut self, content: usize) {
        match self {
            Self::Records(records) => records.seal.set_peer_limit(content),
            Self::Quic(_) => {}
        }
    }

    /// What a protected record of the peer's may hold, type byte and padding counted where the version has them. RFC 8449.
    pub(crate) fn limit_received(&mut self, limit: usize) {
        match self {
            Self::Records(records) => records.limit_received(limit),
            Self::Quic(_) => {}
        }
    }

    /// Raises an event, if anybody looks.
    #[inline]
    pub(crate) fn event(&self, event: Event<'_>) {
        match self {
            Self::Records(records) => records.event(event),
            Self::Quic(quic) => quic.event(event),
        }
    }

    /// Does anybody look? What an event would say need not be found out else.
    #[inline]
    pub(crate) fn is_observed(&self) -> bool {
        match self {
            Self::Records(records) => records.is_observed(),
            Self::Quic(quic) => quic.is_observed(),
        }
    }

    /// Fails once the observer has panicked: an event cannot say so where it is raised.
    pub(crate) fn check_observer(&self) -> Result<(), Error> {
        match self {
            Self::Records(records) => records.check_observer(),
            Self::Quic(quic) => quic.check_observer(),
        }
    }

    pub(crate) fn set_trace(&mut self, trace: Option<alloc::sync::Arc<dyn Trace>>) {
        match self {
            Self::Records(records) => records.set_trace(trace),
            Self::Quic(quic) => quic.set_trace(trace),
        }
    }

    /// Under which kind of key this direction is.
    pub(crate) fn level(&self, direction: Direction) -> KeyLevel {
        match self {
            Self::Records(records) => records.level(direction),
            Self::Quic(quic) => quic.level(direction),
        }
    }

    /// Bytes that wait to be written to the peer. What QUIC takes is not counted: it asks for it.
    pub(crate) fn out_len(&self) -> usize {
        match self {
            Self::Records(records) => records.out.len(),
            Self::Quic(_) => 0,
        }
    }

    /// The memory of what waits to be sent.
    pub(crate) fn out_capacity(&self) -> usize {
        match self {
            Self::Records(records) => records.out.capacity(),
            Self::Quic(quic) => quic.out_capacity(),
        }
    }
}
