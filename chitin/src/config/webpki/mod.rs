//! The built-in verifiers over `chitin_pki`: roots, builders, and the way from its results to the errors of this crate.
//!
//! Revocation is not built yet. A verifier that was given revocation lists cannot be made, so that none is ignored.

mod client;
pub(crate) mod pki;
mod roots;
mod server;

use alloc::sync::Arc;
use core::fmt;

pub use client::{ClientCertVerifierBuilder, WebPkiClientVerifier};
pub use pki::{ParsedCertificate, verify_server_cert_signed_by_trust_anchor, verify_server_name};
use pki_types::CertificateRevocationListDer;
pub use roots::RootCertStore;
pub use server::{ServerCertVerifierBuilder, WebPkiServerVerifier};

use crate::error::{CertRevocationListError, OtherError};

/// Says why a verifier could not be built.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum VerifierBuilderError {
    /// Nobody is trusted, so every peer would be refused.
    NoRootAnchors,
    /// A revocation list cannot be used.
    InvalidCrl(CertRevocationListError),
}

impl From<CertRevocationListError> for VerifierBuilderError {
    fn from(error: CertRevocationListError) -> Self {
        Self::InvalidCrl(error)
    }
}

impl fmt::Display for VerifierBuilderError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoRootAnchors => f.write_str("no root trust anchors were provided"),
            Self::InvalidCrl(error) => write!(f, "a certificate revocation list cannot be used: {error}"),
        }
    }
}

impl core::error::Error for VerifierBuilderError {}

/// What both verifiers are told about revocation.
#[derive(Clone, Debug, Default)]
struct Revocation {
    lists: alloc::vec::Vec<CertificateRevocationListDer<'static>>,
    end_entity_only: bool,
    allow_unknown: bool,
    enforce_expiration: bool,
}

impl Revocation {
    /// Nothing but an empty set of lists can be honoured yet. The other settings mean something only beside lists.
    fn check(&self) -> Result<(), VerifierBuilderError> {
        match self.lists.is_empty() {
            true => Ok(()),
            false => Err(CertRevocationListError::Other(OtherError(Arc::new(RevocationUnsupported))).into()),
        }
    }
}

/// Revocation lists are not looked at in this version, so a verifier does not accept any.
#[derive(Debug)]
struct RevocationUnsupported;

impl fmt::Display for RevocationUnsupported {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("revocation checking is not supported in this version")
    }
}

impl core::error::Error for RevocationUnsupported {}
