//! OCSP responses, as servers staple them: reading them, and telling whether one may be believed. RFC 6960.
//!
//! Owns the response and the rules for who may sign it. Sends no request: a response comes with the handshake. What is
//! made of its answer is decided in `revocation`.

mod problem;
mod response;
mod verify;

pub use problem::OcspProblem;
pub(crate) use response::Status;
pub(crate) use verify::{Asked, Verdict};

/// Hashes by which certificates and keys are named. Nothing is signed with them.
///
/// SHA-1 is among them because OCSP names issuers by it (RFC 5019 section 2.1.1). Who finds two issuers of the same
/// hash still has the key of neither.
pub trait Digests {
    /// SHA-1.
    fn sha1(&self, data: &[u8]) -> [u8; 20];

    /// SHA-256.
    fn sha256(&self, data: &[u8]) -> [u8; 32];
}
