//! Wire formats: what the bytes of handshake messages mean, and nothing about when they may come.
//!
//! Formats are declared once, near to the notation of RFC 8446, with their bounds in the type. Parsing borrows from the
//! input and returns [`InvalidMessage`](crate::error::InvalidMessage); it never looks at state. What is allowed when, and
//! what was offered, is the flows' business.

#[macro_use]
mod macros;

pub(crate) mod client_hello;
pub(crate) mod codec;
pub(crate) mod ech;
pub(crate) mod extensions;
pub(crate) mod quic_parameters;
pub(crate) mod server_hello;
pub(crate) mod stored;
pub(crate) mod tls12;
pub(crate) mod tls13;
