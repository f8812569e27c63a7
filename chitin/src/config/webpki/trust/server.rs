//! The verifier of servers.

use alloc::sync::Arc;

use chitin_pki::{LogList, Purpose};
use pki_types::{CertificateDer, ServerName, UnixTime};

use super::rules::{Rules, Shown};
use super::{Roots, ServerVerifierBuilder, VerifierBuilder};
use crate::config::verify::{ServerCertVerified, ServerCertVerifier};
use crate::config::webpki::signatures::handshake_signatures;
use crate::config::webpki::{SignatureMemo, VerifierBuilderError};
use crate::crypto::CryptoProvider;
use crate::crypto::verify::WebPkiSupportedAlgorithms;
use crate::error::Error;

/// Trusts servers whose certificate leads to a root, is valid now, may be used by servers, names the server, and meets the
/// further policies that it was built with. Not in rustls 0.23.
///
/// A client takes it by [`with_server_verifier`](crate::ConfigBuilder::with_server_verifier).
#[derive(Debug)]
pub struct ServerVerifier {
    rules: Rules,
    side: ServerSettings,
}

impl ServerVerifier {
    /// Starts a verifier that trusts `roots`, with the algorithms of `provider`.
    pub fn builder(roots: impl Into<Roots>, provider: Arc<CryptoProvider>) -> ServerVerifierBuilder {
        VerifierBuilder::new(roots.into(), provider, ServerSettings::default())
    }

    fn supported(&self) -> &WebPkiSupportedAlgorithms {
        self.rules.supported()
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
        let cert = self.rules.read(end_entity)?;
        let shown = Shown {
            purpose: Purpose::ServerAuth,
            name: Some(server_name).filter(|_| !self.side.any_name),
            intermediates,
            staple: Some(ocsp_response),
            transparency: self.side.logs.as_ref().map(|logs| (logs, scts)),
        };
        self.rules.verify(&cert, &shown, now)?;
        Ok(ServerCertVerified::assertion())
    }

    fn requests_scts(&self) -> bool {
        self.side.logs.is_some()
    }

    fn signature_memo(&self) -> Option<&SignatureMemo> {
        self.rules.signature_memo()
    }

    handshake_signatures!();
}

/// What a builder is told of servers alone.
#[derive(Clone, Debug, Default)]
pub struct ServerSettings {
    logs: Option<LogList>,
    any_name: bool,
}

impl ServerVerifierBuilder {
    /// Refuses certificates that not enough of these logs have promised to show to everybody (RFC 6962). Without this nothing is
    /// asked for.
    ///
    /// The policy is Chrome's. Within the certificate: timestamps of two logs, or three if it is valid for more than 180 days, of
    /// two operators, one of which is of a log that still works. Or beside it, in the handshake or (with [`Self::with_revocation`]
    /// and staples) in the OCSP response: of two working logs of two operators. A list older than ten weeks is not held against
    /// anybody, since logs come and go: then everything passes, and the application's log has a warning.
    pub fn with_transparency(mut self, logs: LogList) -> Self {
        self.side.logs = Some(logs);
        self
    }

    /// Holds no server against the name that was asked for, because those of [`Self::with_accepted_peers`] say who it may be.
    ///
    /// That is for services that know each other by SPIFFE ids: a client connects to whatever address it is given, and what counts
    /// is who answers.
    ///
    /// That is so behind a rejection of Encrypted Client Hello, too, where RFC 9849 section 6.1.7 has clients look at the public name: whoever
    /// is accepted may then send configs for a retry. The two do not go together where that matters.
    pub fn without_names(mut self) -> Self {
        self.side.any_name = true;
        self
    }

    /// Makes the verifier.
    ///
    /// # Errors
    ///
    /// [`VerifierBuilderError::NoRootAnchors`] if nobody is trusted, [`VerifierBuilderError::NoPins`] for an empty set of pins,
    /// [`VerifierBuilderError::NoAcceptedPeers`] if nobody is let in or neither names nor peers are asked for,
    /// [`VerifierBuilderError::NoSha256`] if the policies take SHA-256 and the provider has none.
    pub fn build(self) -> Result<Arc<ServerVerifier>, VerifierBuilderError> {
        let Self { settings, side, provider } = self;
        if side.any_name && settings.accepted.is_none() {
            return Err(VerifierBuilderError::NoAcceptedPeers);
        }
        let rules = settings.build(&provider, side.logs.is_some())?;
        Ok(Arc::new(ServerVerifier { rules, side }))
    }
}
