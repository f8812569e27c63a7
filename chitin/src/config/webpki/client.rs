//! The verifier of clients by a set of roots.

use alloc::sync::Arc;
use alloc::vec::Vec;

use chitin_pki::Purpose;
use pki_types::{CertificateDer, CertificateRevocationListDer, UnixTime};

use super::memo::{Remembering, SignatureMemo};
use super::pki::{Anchors, ParsedCertificate, Trust};
use super::revocation::{Checker, Settings};
use super::signatures::handshake_signatures;
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
    roots: Arc<RootCertStore>,
    root_hint_subjects: Vec<DistinguishedName>,
    revocation: Option<Checker>,
    mandatory: bool,
    supported: WebPkiSupportedAlgorithms,
    remembering: Option<Remembering>,
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
            roots,
            revocation: Settings::default(),
            mandatory: true,
            provider,
            memo: None,
        }
    }

    /// Returns a verifier that asks no client for a certificate.
    pub fn no_client_auth() -> Arc<dyn ClientCertVerifier> {
        Arc::new(NoClientAuth)
    }
}

impl WebPkiClientVerifier {
    fn trust(&self) -> Trust<'_> {
        let anchors = Anchors::Bare(&self.roots.roots);
        let revocation = self.revocation.as_ref();
        Trust {
            remembering: self.remembering.as_ref(),
            ..Trust::new(anchors, Purpose::ClientAuth, self.supported.all, revocation)
        }
    }

    fn supported(&self) -> &WebPkiSupportedAlgorithms {
        &self.supported
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
        let cert = ParsedCertificate::try_from(end_entity)?;
        self.trust().verify(&cert, intermediates, now)?;
        Ok(ClientCertVerified::assertion())
    }

    fn policy_id(&self) -> Option<Vec<u8>> {
        let roots = self.roots.describe();
        let schemes = self.supported.supported_schemes();
        let schemes = schemes.iter().flat_map(|scheme| scheme.to_array());
        let revocation =
            self.revocation.as_ref().map(|checker| checker.policy.describe()).unwrap_or_default();
        Some(roots.into_iter().flatten().chain(schemes).chain(revocation).collect())
    }

    fn signature_memo(&self) -> Option<&SignatureMemo> {
        self.remembering.as_ref().map(Remembering::memo)
    }

    handshake_signatures!();
}

/// Builds a [`WebPkiClientVerifier`].
#[derive(Clone, Debug)]
pub struct ClientCertVerifierBuilder {
    roots: Arc<RootCertStore>,
    root_hint_subjects: Vec<DistinguishedName>,
    revocation: Settings,
    mandatory: bool,
    provider: Arc<CryptoProvider>,
    memo: Option<SignatureMemo>,
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
        self.memo = Some(memo);
        self
    }

    /// Makes the verifier.
    ///
    /// # Errors
    ///
    /// [`VerifierBuilderError::NoRootAnchors`] if nobody is trusted, [`VerifierBuilderError::InvalidCrl`] if a
    /// revocation list cannot be read.
    pub fn build(self) -> Result<Arc<dyn ClientCertVerifier>, VerifierBuilderError> {
        if self.roots.is_empty() {
            return Err(VerifierBuilderError::NoRootAnchors);
        }
        let Self { roots, root_hint_subjects, revocation, mandatory, provider, memo } = self;
        Ok(Arc::new(WebPkiClientVerifier {
            roots,
            root_hint_subjects,
            revocation: revocation.build()?,
            mandatory,
            supported: provider.signature_verification_algorithms,
            remembering: Remembering::new(memo, &provider),
        }))
    }
}
