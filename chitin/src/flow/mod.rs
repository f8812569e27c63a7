//! The handshakes: one file for each role and version, and what they share.
//!
//! A flow is an enum of states. It gets whole messages and answers, and gives the next state; it touches the connection only
//! through [`Cx`](cx::Cx). When it needs something from outside, its state is a [`Question`](question::Question).

pub(crate) mod certs;
pub(crate) mod choose;
pub(crate) mod client13;
pub(crate) mod cx;
pub(crate) mod facts;
pub(crate) mod offer;
pub(crate) mod psk;
pub(crate) mod question;
pub(crate) mod replies;
pub(crate) mod server13;
pub(crate) mod traffic13;

use alloc::vec::Vec;

use crate::error::Error;
use crate::names::HandshakeType;

/// The one error for a message that may not come now.
pub(crate) fn unexpected(got_type: HandshakeType, expect_types: Vec<HandshakeType>) -> Error {
    Error::InappropriateHandshakeMessage { expect_types, got_type }
}
