//! What a connection tells an observer: the events of [`Event`], raised at the few points that all traffic passes.
//!
//! An observer sees handshake messages as they are on the wire (certificates, tickets as the peer sees them) and never a
//! key, a secret or application data. Flows do not know that it exists.

use core::fmt;

use crate::error::Error;
use crate::names::{AlertDescription, ContentType, HandshakeType};

/// Receives the events of a connection, in order, on the thread that drives it.
///
/// It is set as `trace` in a config. To tell connections apart, clone the config for each and give each its own observer.
pub trait Trace: fmt::Debug + Send + Sync {
    /// Takes note of one event. It must not block: the connection waits for it.
    fn event(&self, event: Event<'_>);
}

/// Which way something went, seen from the observed end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// From the peer.
    In,
    /// To the peer.
    Out,
}

/// Under which kind of key something went.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum KeyLevel {
    /// No protection yet.
    Plaintext,
    /// The client's early traffic key (0-RTT).
    Early,
    /// Handshake traffic keys.
    Handshake,
    /// Application traffic keys, of any generation.
    Traffic,
}

/// One thing that happened on a connection.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub enum Event<'a> {
    /// A record was received or queued. `len` counts its bytes on the wire, header included; `content` is what was inside.
    Record {
        /// Received or sent.
        direction: Direction,
        /// The type inside the protection.
        content: ContentType,
        /// Bytes on the wire, header included.
        len: usize,
        /// The key it was under.
        level: KeyLevel,
    },
    /// A whole handshake message. A HelloRetryRequest is called by its name, though on the wire it is a ServerHello.
    Message {
        /// Received or sent.
        direction: Direction,
        /// Which message.
        typ: HandshakeType,
        /// The message with its four-byte header.
        bytes: &'a [u8],
        /// The key it was under.
        level: KeyLevel,
    },
    /// The client hello that the next one hides, with its four-byte header. RFC 9849.
    HiddenHello(&'a [u8]),
    /// An alert.
    Alert {
        /// Received or sent.
        direction: Direction,
        /// Fatal, or a warning such as close_notify.
        fatal: bool,
        /// What it says.
        description: AlertDescription,
    },
    /// From here on this direction is under new keys.
    Keys {
        /// Which direction switched.
        direction: Direction,
        /// To which level.
        level: KeyLevel,
    },
    /// The handshake entered a state, named as in RFC 8446 appendix A.
    State(&'static str),
    /// A question was put to the config's objects or to the application.
    Question(&'static str),
    /// The connection failed, for good.
    Failed(&'a Error),
}
