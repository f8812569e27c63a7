//! The verifier of clients by a set of roots.

use alloc::sync::Arc;
use alloc::vec::Vec;

use chitin_pki::Purpose;
use pki_types::{CertificateDer, CertificateRevocationListDer, UnixTime};

use super::joined::joined;
use super::memo::SignatureMemo;
use super::revocation;
use super::signatures::handshake_signatures;
use super::trust::{Rules, Settings, Shown};
use super::{RootCertStore, VerifierBuilderError};
use crate::config::verify::{ClientCertVerified, ClientCertVerifier, NoClientAuth};
use crate::crypto::CryptoProvider;
use crate::crypto::verify::WebPkiSupportedAlgorithms;
use crate::error::Error;
use crate::names::DistinguishedName;

/// Trusts clients whose certificate leads to a root, is valid now, and may be used by clients.
///
/// The client is then known by its certificate: who it is and what it may do is for the application to say.
#[derive(Debug)]
pub struct WebPkiClientVerifier {
    rules: Rules,
    root_hint_subjects: Vec<DistinguishedName>,
    mandatory: bool,
}

impl WebPkiClientVerifier {
    /// Starts a verifier that trusts `roots`, with the algorithms of the process-default provider.
    ///
    /// # Panics
    ///
    /// If there is no process-default [`CryptoProvider`] and none is built in.
    pub fn builder(roots: Arc<RootCertStore>) -> ClientCertVerifierBuilder {
        Self::builder_with_provider(roots, crate::config::builder::process_default_provider())
    }

    /// Starts a verifier that trusts `roots`, with the algorithms of `provider`.
    ///
    /// A certificate is required and the subjects of `roots` are named to clients, unless the builder is told otherwise.
    pub fn builder_with_provider(
        roots: Arc<RootCertStore>,
        provider: Arc<CryptoProvider>,
    ) -> ClientCertVerifierBuilder {
        ClientCertVerifierBuilder {
            root_hint_subjects: roots.subjects(),
            settings: Settings::new(roots.into()),
            revocation: revocation::Settings::default(),
            mandatory: true,
            provider,
        }
    }

    /// Returns a verifier that asks no client for a certificate.
    pub fn no_client_auth() -> Arc<dyn ClientCertVerifier> {
        Arc::new(NoClientAuth)
    }
}

impl WebPkiClientVerifier {
    fn supported(&self) -> &WebPkiSupportedAlgorithms {
        self.rules.supported()
    }
}

impl ClientCertVerifier for WebPkiClientVerifier {
    fn client_auth_mandatory(&self) -> bool {
        self.mandatory
    }

    fn root_hint_subjects(&self) -> &[DistinguishedName] {
        &self.root_hint_subjects
    }

    fn verify_client_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        now: UnixTime,
    ) -> Result<ClientCertVerified, Error> {
        let cert = self.rules.read(end_entity)?;
        let purpose = Purpose::ClientAuth;
        let shown = Shown { purpose, name: None, intermediates, staple: None, transparency: None };
        self.rules.verify(&cert, &shown, now)?;
        Ok(ClientCertVerified::assertion())
    }

    fn policy_id(&self) -> Option<Vec<u8>> {
        Some(joined(self.rules.describe()))
    }

    fn signature_memo(&self) -> Option<&SignatureMemo> {
        self.rules.signature_memo()
    }

    handshake_signatures!();
}

/// Builds a [`WebPkiClientVerifier`].
#[derive(Clone, Debug)]
pub struct ClientCertVerifierBuilder {
    settings: Settings,
    root_hint_subjects: Vec<DistinguishedName>,
    revocation: revocation::Settings,
    mandatory: bool,
    provider: Arc<CryptoProvider>,
}

impl ClientCertVerifierBuilder {
    /// Names no authorities to clients.
    pub fn clear_root_hint_subjects(mut self) -> Self {
        self.root_hint_subjects.clear();
        self
    }

    /// Names further authorities to clients. They are not trusted for it.
    pub fn add_root_hint_subjects(mut self, subjects: impl IntoIterator<Item = DistinguishedName>) -> Self {
        self.root_hint_subjects.extend(subjects);
        self
    }

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

    /// Accepts clients that show no certificate. One that is shown is verified all the same.
    pub fn allow_unauthenticated(mut self) -> Self {
        self.mandatory = false;
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
    pub fn build(self) -> Result<Arc<dyn ClientCertVerifier>, VerifierBuilderError> {
        let Self { settings, root_hint_subjects, revocation, mandatory, provider } = self;
        let rules = settings.build_as_in_0_23(revocation, &provider)?;
        Ok(Arc::new(WebPkiClientVerifier { rules, root_hint_subjects, mandatory }))
    }
}
