//! Pins that are only reported on, and who is told.

use alloc::sync::Arc;
use core::fmt;

use chitin_pki::{PinProblem, PinSet};
use pki_types::ServerName;

/// What a verifier tells of a peer that met no pin of those it only reports on. Not in rustls 0.23.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct PinReport<'a> {
    /// The name that was asked for, if the peer is a server and has to have it.
    pub server_name: Option<&'a ServerName<'a>>,
    /// What was expected and what was seen. As text it goes on behind the words "the certificate".
    pub problem: &'a PinProblem,
}

/// Pins that keep nobody out. RFC 7469 section 2.1.3.
#[derive(Clone)]
pub(super) struct ReportedPins {
    pub(super) pins: PinSet,
    pub(super) tell: Arc<dyn Fn(&PinReport<'_>) + Send + Sync>,
}

impl fmt::Debug for ReportedPins {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ReportedPins").field("pins", &self.pins).finish_non_exhaustive()
    }
}
