//! The pin of what a peer shows; pins that are only reported on, and who is told.

use alloc::sync::Arc;
use core::fmt;

use chitin_pki::{Pin, PinProblem, PinSet, Which};
use pki_types::{CertificateDer, ServerName};

use crate::config::webpki::digests::Hashes;
use crate::config::webpki::pki::refused;
use crate::crypto::CryptoProvider;
use crate::crypto::verify::raw_public_key;
use crate::error::Error;

/// Makes the pin of the key that a peer shows: in its certificate, which may then be renewed with the same key, or as a raw public
/// key (RFC 7250). Not in rustls 0.23.
///
/// To pin what a peer shows today is to trust it today.
///
/// # Errors
///
/// [`Error::InvalidCertificate`] if it is neither; [`Error::General`] if the provider has no SHA-256.
pub fn pin_of_key(shown: &CertificateDer<'_>, provider: &CryptoProvider) -> Result<Pin, Error> {
    let hashes = Hashes::of(provider).ok_or_else(|| Error::General("the provider has no SHA-256".into()))?;
    let pin = match raw_public_key(shown) {
        Some(key) => Pin::key(&key, &hashes),
        None => Pin::key_of(shown, &hashes),
    };
    pin.map_err(|problem| refused(problem, Which::Peer(0)))
}

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
