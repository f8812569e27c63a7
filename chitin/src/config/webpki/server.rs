//! The verifier of servers by a set of roots.

use alloc::sync::Arc;

use chitin_pki::Purpose;
use pki_types::{CertificateDer, CertificateRevocationListDer, ServerName, UnixTime};

use super::memo::SignatureMemo;
use super::revocation;
use super::signatures::handshake_signatures;
use super::trust::{Rules, Settings, Shown};
use super::{RootCertStore, VerifierBuilderError};
use crate::config::verify::{ServerCertVerified, ServerCertVerifier};
use crate::crypto::CryptoProvider;
use crate::crypto::verify::WebPkiSupportedAlgorithms;
use crate::error::Error;

/// Trusts servers whose certificate leads to a root, is valid now, may be used by servers, and names the server.
///
/// Paths are those of RFC 5280, names those of RFC 9525.
#[derive(Debug)]
pub struct WebPkiServerVerifier {
    rules: Rules,
}

impl WebPkiServerVerifier {
    /// Starts a verifier that trusts `roots`, with the algorithms of the process-default provider.
    ///
    /// # Panics
    ///
    /// If there is no process-default [`CryptoProvider`] and none is built in.
    pub fn builder(roots: Arc<RootCertStore>) -> ServerCertVerifierBuilder {
        Self::builder_with_provider(roots, crate::config::builder::process_default_provider())
    }

    /// Starts a verifier that trusts `roots`, with the algorithms of `provider`.
    pub fn builder_with_provider(
        roots: Arc<RootCertStore>,
        provider: Arc<CryptoProvider>,
    ) -> ServerCertVerifierBuilder {
        let settings = Settings::new(roots.into());
        ServerCertVerifierBuilder { settings, revocation: revocation::Settings::default(), provider }
    }

    pub(crate) fn new_without_revocation(
        roots: impl Into<Arc<RootCertStore>>,
        provider: &CryptoProvider,
    ) -> Self {
        let settings = Settings::new(Arc::<RootCertStore>::into(roots.into()));
        Self { rules: Rules::new(settings, provider) }
    }

    fn supported(&self) -> &WebPkiSupportedAlgorithms {
        self.rules.supported()
    }
}

impl ServerCertVerifier for WebPkiServerVerifier {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        _ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let cert = self.rules.read(end_entity)?;
        let (purpose, name) = (Purpose::ServerAuth, Some(server_name));
        let shown = Shown { purpose, name, intermediates, staple: None, transparency: None };
        self.rules.verify(&cert, &shown, now)?;
        Ok(ServerCertVerified::assertion())
    }

    fn signature_memo(&self) -> Option<&SignatureMemo> {
        self.rules.signature_memo()
    }

    handshake_signatures!();
}

/// Builds a [`WebPkiServerVerifier`].
#[derive(Clone, Debug)]
pub struct ServerCertVerifierBuilder {
    settings: Settings,
    revocation: revocation::Settings,
    provider: Arc<CryptoProvider>,
}

impl ServerCertVerifierBuilder {
    /// Adds revocation lists, and with the first one turns the checking on: each certificate of a path has to be spoken of by
    /// a list that can be used, and must not be revoked.
    ///
    /// Lists are chosen as RFC 5280 section 6.3.3 says, whatever their order here: by issuer, distribution point and reason,
    /// the newest first, with deltas and indirect lists. A list that turns out to be unusable counts as if it were not there, and
    /// is named in the log or in the error.
    pub fn with_crls(
        mut self,
        crls: impl IntoIterator<Item = CertificateRevocationListDer<'static>>,
    ) -> Self {
        self.revocation.lists.extend(crls);
        self
    }

    /// Looks for revocation of the end entity only. It has a meaning only beside revocation lists.
    pub fn only_check_end_entity_revocation(mut self) -> Self {
        self.revocation.end_entity_only = true;
        self
    }

    /// Accepts certificates that no usable revocation list speaks of. It has a meaning only beside revocation lists.
    pub fn allow_unknown_revocation_status(mut self) -> Self {
        self.revocation.allow_unknown = true;
        self
    }

    /// Refuses certificates of which a revocation list speaks that is out of date, unless it revokes them. It has a meaning only beside revocation lists.
    pub fn enforce_revocation_expiration(mut self) -> Self {
        self.revocation.enforce_expiration = true;
        self
    }

    /// Remembers signatures of certificates in this memo, which may be that of other verifiers, too. Without this it is one of its
    /// own, with `std`; [`SignatureMemo`] says what it does. Under a provider in FIPS mode there is none. Not in rustls 0.23.
    pub fn with_signature_memo(mut self, memo: SignatureMemo) -> Self {
        self.settings.memo = Some(memo);
        self
    }

    /// Makes the verifier.
    ///
    /// # Errors
    ///
    /// [`VerifierBuilderError::NoRootAnchors`] if nobody is trusted, [`VerifierBuilderError::InvalidCrl`] if a
    /// revocation list cannot be read.
    pub fn build(self) -> Result<Arc<WebPkiServerVerifier>, VerifierBuilderError> {
        let Self { settings, revocation, provider } = self;
        let rules = settings.build_as_in_0_23(revocation, &provider)?;
        Ok(Arc::new(WebPkiServerVerifier { rules }))
    }
}
