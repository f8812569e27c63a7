//! A verifier of servers put together from parts: roots, further intermediates, and what is asked about revocation and
//! transparency.
//!
//! The verifiers of 0.23 have fixed parts; this is what goes beyond them, over the same path validation.

use alloc::sync::Arc;
use alloc::vec::Vec;

use chitin_pki::{LogList, Purpose};
use pki_types::{CertificateDer, ServerName, UnixTime};

use super::digests::Hashes;
use super::pki::{ParsedCertificate, Trust, verify_server_name};
use super::revocation::{Checker, Revocation};
use super::{RootCertStore, VerifierBuilderError};
use crate::config::verify::{ServerCertVerified, ServerCertVerifier};
use crate::crypto::CryptoProvider;
use crate::crypto::verify::{
    DigitallySignedStruct, HandshakeSignatureValid, WebPkiSupportedAlgorithms, verify_tls12_signature,
    verify_tls13_signature,
};
use crate::error::Error;
use crate::names::SignatureScheme;

/// Trusts servers whose certificate leads to a root, is valid now, may be used by servers, names the server, and meets the
/// further policies that it was built with. Not in rustls 0.23.
#[derive(Debug)]
pub struct ServerVerifier {
    roots: Arc<RootCertStore>,
    intermediates: Vec<CertificateDer<'static>>,
    revocation: Option<Checker>,
    logs: Option<LogList>,
    hashes: Option<Hashes>,
    supported: WebPkiSupportedAlgorithms,
}

impl ServerVerifier {
    /// Starts a verifier that trusts `roots`, with the algorithms of `provider`.
    pub fn builder(roots: Arc<RootCertStore>, provider: Arc<CryptoProvider>) -> ServerVerifierBuilder {
        ServerVerifierBuilder { roots, intermediates: Vec::new(), revocation: None, logs: None, provider }
    }
}

impl ServerCertVerifier for ServerVerifier {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        self.verify_server_cert_with_scts(end_entity, intermediates, server_name, ocsp_response, &[], now)
    }

    fn verify_server_cert_with_scts(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        scts: &[&[u8]],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let cert = ParsedCertificate::try_from(end_entity)?;
        let trust = Trust {
            roots: &self.roots,
            purpose: Purpose::ServerAuth,
            algorithms: self.supported.all,
            revocation: self.revocation.as_ref(),
            staple: ocsp_response,
            hashes: self.hashes.as_ref(),
            transparency: self.logs.as_ref().map(|logs| (logs, scts)),
        };
        // Those that the server sent come first, since it knows its own.
        let all = intermediates.iter().chain(&self.intermediates);
        let pool: Vec<_> = all.map(|der| CertificateDer::from(der.as_ref())).collect();
        trust.verify(&cert, &pool, now)?;
        verify_server_name(&cert, server_name)?;
        Ok(ServerCertVerified::assertion())
    }

    fn requests_scts(&self) -> bool {
        self.logs.is_some()
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls12_signature(message, cert, dss, &self.supported)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls13_signature(message, cert, dss, &self.supported)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.supported.supported_schemes()
    }
}

/// Builds a [`ServerVerifier`].
#[derive(Clone, Debug)]
pub struct ServerVerifierBuilder {
    roots: Arc<RootCertStore>,
    intermediates: Vec<CertificateDer<'static>>,
    revocation: Option<Revocation>,
    logs: Option<LogList>,
    provider: Arc<CryptoProvider>,
}

impl ServerVerifierBuilder {
    /// Lets paths go through these certificates, beside those that a server sends. They are not trusted for it.
    pub fn with_intermediates(
        mut self,
        certificates: impl IntoIterator<Item = CertificateDer<'static>>,
    ) -> Self {
        self.intermediates.extend(certificates);
        self
    }

    /// Asks about revocation. Without this nothing is asked.
    pub fn with_revocation(mut self, policy: Revocation) -> Self {
        self.revocation = Some(policy);
        self
    }

    /// Refuses certificates that not enough of these logs have promised to show to everybody (RFC 6962). Without this nothing is
    /// asked for.
    ///
    /// The policy is Chrome's. Within the certificate: timestamps of two logs, or three if it is valid for more than 180 days, of
    /// two operators, one of which is of a log that still works. Or beside it, in the handshake or (with [`Self::with_revocation`]
    /// and staples) in the OCSP response: of two working logs of two operators. A list older than ten weeks is not held against
    /// anybody, since logs come and go: then everything passes, and the application's log has a warning.
    pub fn with_transparency(mut self, logs: LogList) -> Self {
        self.logs = Some(logs);
        self
    }

    /// Makes the verifier.
    ///
    /// # Errors
    ///
    /// [`VerifierBuilderError::NoRootAnchors`] if nobody is trusted, [`VerifierBuilderError::NoSha256`] if the policies take
    /// SHA-256 and the provider has none.
    pub fn build(self) -> Result<Arc<ServerVerifier>, VerifierBuilderError> {
        let Self { roots, intermediates, revocation, logs, provider } = self;
        if roots.is_empty() {
            return Err(VerifierBuilderError::NoRootAnchors);
        }
        let hashes = Hashes::of(&provider);
        let named_by_hash = logs.is_some() || revocation.as_ref().is_some_and(Revocation::asks_staples);
        if hashes.is_none() && named_by_hash {
            return Err(VerifierBuilderError::NoSha256);
        }
        let revocation = revocation.map(Checker::new);
        let supported = provider.signature_verification_algorithms;
        Ok(Arc::new(ServerVerifier { roots, intermediates, revocation, logs, hashes, supported }))
    }
}
