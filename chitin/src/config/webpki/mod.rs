//! The built-in verifiers over `chitin_pki`: roots, builders, and the way from its results to the errors of this crate.

mod client;
mod digests;
mod joined;
mod memo;
pub(crate) mod pki;
mod revocation;
mod roots;
mod server;
mod signatures;
mod trust;

use core::fmt;

pub use client::{ClientCertVerifierBuilder, WebPkiClientVerifier};
pub use memo::SignatureMemo;
pub use pki::{ParsedCertificate, verify_server_cert_signed_by_trust_anchor, verify_server_name};
pub use revocation::Revocation;
pub use roots::RootCertStore;
pub use server::{ServerCertVerifierBuilder, WebPkiServerVerifier};
pub use trust::{
    ClientSettings, ClientVerifier, ClientVerifierBuilder, PinReport, PinnedVerifier, PinnedVerifierBuilder,
    Policies, Roots, ServerSettings, ServerVerifier, ServerVerifierBuilder, VerifierBuilder, pin_of_key,
};

use crate::error::CertRevocationListError;

/// Says why a verifier could not be built.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum VerifierBuilderError {
    /// Nobody is trusted, so every peer would be refused.
    NoRootAnchors,
    /// A revocation list cannot be used.
    InvalidCrl(CertRevocationListError),
    /// Nobody would be let in: a list of peers is empty, or servers go without names and there is no list. Not in rustls 0.23.
    NoAcceptedPeers,
    /// There is no pin in a set of pins, so every peer would be refused. Not in rustls 0.23.
    NoPins,
    /// No type of certificate that there is would be taken. Not in rustls 0.23.
    NoCertificateTypes,
    /// What was asked for takes SHA-256, and no cipher suite of the provider has it. Not in rustls 0.23.
    NoSha256,
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
            Self::InvalidCrl(error) => write!(f, "provided CRL could not be parsed: {error}"),
            Self::NoAcceptedPeers => f.write_str("no peers to let in were provided"),
            Self::NoPins => f.write_str("no pins were provided"),
            Self::NoCertificateTypes => f.write_str("no type of certificate would be taken"),
            Self::NoSha256 => f.write_str("the provider has no SHA-256, by which certificates are named"),
        }
    }
}

impl core::error::Error for VerifierBuilderError {}
