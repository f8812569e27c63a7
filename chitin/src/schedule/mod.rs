//! Transcripts and key schedules: bytes in, secrets out.
//!
//! Nothing here knows a connection, a record or a state. Each stage of the schedule is a value that the next stage
//! consumes, so a secret cannot be asked for before it exists or after it should be gone. The vectors of RFC 8448
//! and RFC 9001 test this floor alone.

pub(crate) mod ech;
pub(crate) mod exporter;
pub(crate) mod quic;
pub(crate) mod tls12;
pub(crate) mod tls13;
pub(crate) mod transcript;
