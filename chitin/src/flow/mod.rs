//! The handshakes: one file for each role and version, and what they share.
//!
//! A flow is an enum of states. It gets whole messages and answers, and gives the next state; it touches the connection only
//! through [`Cx`](cx::Cx). When it needs something from outside, its state is a [`Question`](question::Question).

pub(crate) mod cert_types;
pub(crate) mod certs;
pub(crate) mod choose;
pub(crate) mod client12;
pub(crate) mod client13;
mod codes;
pub(crate) mod cx;
pub(crate) mod delegation;
pub(crate) mod ech_client;
pub(crate) mod facts;
pub(crate) mod offer;
pub(crate) mod offer_psk;
pub(crate) mod psk;
pub(crate) mod question;
pub(crate) mod replies;
pub(crate) mod server12;
pub(crate) mod server13;
pub(crate) mod server_psk;
pub(crate) mod size_limit;
pub(crate) mod tickets13;
pub(crate) mod traffic13;
mod transcript12;

use alloc::vec::Vec;

use crate::error::Error;
use crate::flow::cx::Cx;
use crate::flow::question::{Answer, Question};
use crate::names::HandshakeType;
use crate::record::joiner::Message;

/// The one error for a message that may not come now.
#[cold]
pub(crate) fn unexpected(got_type: HandshakeType, expect_types: Vec<HandshakeType>) -> Error {
    Error::InappropriateHandshakeMessage { expect_types, got_type }
}

/// A flow of one role, in either version. It begins in the one for TLS 1.3, which hands over when the other is chosen.
macro_rules! both_versions {
    ($(#[$meta:meta])* $name:ident, $tls13:ident, $tls12:ident) => {
        $(#[$meta])*
        pub(crate) enum $name {
            Tls13($tls13::$name),
            Tls12($tls12::$name),
        }

        impl $name {
            pub(crate) fn on_message(self, m: Message<'_>, cx: &mut Cx<'_>) -> Result<Self, Error> {
                match self {
                    Self::Tls13(state) => state.on_message(m, cx),
                    Self::Tls12(state) => state.on_message(m, cx).map(Self::Tls12),
                }
            }

            /// A ChangeCipherSpec record: a step of TLS 1.2, and nothing in TLS 1.3, whose budget counts it.
            pub(crate) fn on_ccs(self, cx: &mut Cx<'_>) -> Result<Self, Error> {
                match self {
                    Self::Tls13(_) => Ok(self),
                    Self::Tls12(state) => state.on_ccs(cx).map(Self::Tls12),
                }
            }

            pub(crate) fn question(&self) -> Option<Question<'_>> {
                match self {
                    Self::Tls13(state) => state.question(),
                    Self::Tls12(state) => state.question(),
                }
            }

            pub(crate) fn on_answer(self, answer: Answer, cx: &mut Cx<'_>) -> Result<Self, Error> {
                match self {
                    Self::Tls13(state) => state.on_answer(answer, cx),
                    Self::Tls12(state) => state.on_answer(answer, cx).map(Self::Tls12),
                }
            }

            pub(crate) fn name(&self) -> &'static str {
                match self {
                    Self::Tls13(state) => state.name(),
                    Self::Tls12(state) => state.name(),
                }
            }
        }
    };
}
both_versions!(
    /// A client's flow.
    Client, client13, client12
);
both_versions!(
    /// A server's flow.
    Server, server13, server12
);
