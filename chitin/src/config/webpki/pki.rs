//! The seam to `chitin_pki`: the only file that calls it, and the way from its errors to ours.
//!
//! NOT BUILT YET: `chitin_pki` has no validator to call, so everything here refuses. Nothing is ever accepted unseen.

use alloc::borrow::ToOwned;

use pki_types::{
    CertificateDer, ServerName, SignatureVerificationAlgorithm, SubjectPublicKeyInfoDer, TrustAnchor,
    UnixTime,
};

use super::RootCertStore;
use crate::crypto::verify::spki_of;
use crate::error::Error;

/// A certificate that has been read.
pub struct ParsedCertificate<'a> {
    spki: SubjectPublicKeyInfoDer<'static>,
    _der: &'a CertificateDer<'a>,
}

impl ParsedCertificate<'_> {
    /// Returns the subject's public key.
    pub fn subject_public_key_info(&self) -> SubjectPublicKeyInfoDer<'static> {
        self.spki.to_owned()
    }
}

impl<'a> TryFrom<&'a CertificateDer<'a>> for ParsedCertificate<'a> {
    type Error = Error;

    fn try_from(der: &'a CertificateDer<'a>) -> Result<Self, Error> {
        Ok(Self { spki: spki_of(der)?, _der: der })
    }
}

/// What a certificate is shown for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Role {
    Server,
    Client,
}

/// Verifies that `cert` is valid for `server_name`, RFC 9525.
///
/// # Errors
///
/// Always: there is no validator yet.
pub fn verify_server_name(_cert: &ParsedCertificate<'_>, _server_name: &ServerName<'_>) -> Result<(), Error> {
    Err(not_built())
}

/// Verifies that a path leads from `cert` to one of `roots`, for a server, at the time `now`. The name is not checked.
///
/// # Errors
///
/// Always: there is no validator yet.
pub fn verify_server_cert_signed_by_trust_anchor(
    cert: &ParsedCertificate<'_>,
    roots: &RootCertStore,
    intermediates: &[CertificateDer<'_>],
    now: UnixTime,
    supported_algs: &[&dyn SignatureVerificationAlgorithm],
) -> Result<(), Error> {
    verify_chain(cert, intermediates, roots, Role::Server, now, supported_algs)
}

pub(super) fn verify_chain(
    _cert: &ParsedCertificate<'_>,
    _intermediates: &[CertificateDer<'_>],
    _roots: &RootCertStore,
    _role: Role,
    _now: UnixTime,
    _algorithms: &[&dyn SignatureVerificationAlgorithm],
) -> Result<(), Error> {
    Err(not_built())
}

pub(super) fn anchor(_der: &CertificateDer<'_>) -> Result<TrustAnchor<'static>, Error> {
    Err(not_built())
}

fn not_built() -> Error {
    Error::General("certificate validation is not built yet".into())
}
