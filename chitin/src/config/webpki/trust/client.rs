//! The verifier of clients.

use alloc::sync::Arc;
use alloc::vec::Vec;

use chitin_pki::Purpose;
use pki_types::{CertificateDer, UnixTime};

use super::rules::{Rules, Shown};
use super::{ClientVerifierBuilder, Roots, VerifierBuilder};
use crate::config::verify::{ClientCertVerified, ClientCertVerifier};
use crate::config::webpki::joined::joined;
use crate::config::webpki::pki::ParsedCertificate;
use crate::config::webpki::signatures::handshake_signatures;
use crate::config::webpki::{SignatureMemo, VerifierBuilderError};
use crate::crypto::CryptoProvider;
use crate::crypto::verify::WebPkiSupportedAlgorithms;
use crate::error::Error;
use crate::names::DistinguishedName;

/// Trusts clients whose certificate leads to a root, is valid now, may be used by clients, and meets the further policies that it
/// was built with. Not in rustls 0.23.
///
/// Who the client is, [`peer_identity`](crate::CommonState::peer_identity) of the connection says; what it may do is for the application to
/// say. A session is resumed only under the rules that made it.
#[derive(Debug)]
pub struct ClientVerifier {
    rules: Rules,
    side: ClientSettings,
}

impl ClientVerifier {
    /// Starts a verifier that trusts `roots`, with the algorithms of `provider`.
    ///
    /// A certificate is required and the subjects of `roots` are named to clients, unless the builder is told otherwise.
    pub fn builder(roots: impl Into<Roots>, provider: Arc<CryptoProvider>) -> ClientVerifierBuilder {
        let roots = roots.into();
        let hints = roots.subjects();
        VerifierBuilder::new(
            roots,
            provider,
            ClientSettings { hints, mandatory: true, purposes: Purposes::Client },
        )
    }

    fn supported(&self) -> &WebPkiSupportedAlgorithms {
        self.rules.supported()
    }
}

impl ClientCertVerifier for ClientVerifier {
    fn client_auth_mandatory(&self) -> bool {
        self.side.mandatory
    }

    fn root_hint_subjects(&self) -> &[DistinguishedName] {
        &self.side.hints
    }

    fn verify_client_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        now: UnixTime,
    ) -> Result<ClientCertVerified, Error> {
        let cert = self.rules.read(end_entity)?;
        let purpose = self.side.purposes.of(&cert);
        let shown = Shown { purpose, name: None, intermediates, staple: None, transparency: None };
        self.rules.verify(&cert, &shown, now)?;
        Ok(ClientCertVerified::assertion())
    }

    fn policy_id(&self) -> Option<Vec<u8>> {
        let mut parts = self.rules.describe();
        // Whether a certificate is asked for, and with which hints, the config adds itself.
        parts.push(Vec::from([u8::from(self.side.purposes == Purposes::ClientOrServer)]));
        Some(joined(parts))
    }

    fn signature_memo(&self) -> Option<&SignatureMemo> {
        self.rules.signature_memo()
    }

    handshake_signatures!();
}

/// What a builder is told of clients alone.
#[derive(Clone, Debug)]
pub struct ClientSettings {
    hints: Vec<DistinguishedName>,
    mandatory: bool,
    purposes: Purposes,
}

/// What a client's certificate may have been made for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Purposes {
    Client,
    ClientOrServer,
}

impl Purposes {
    fn of(self, cert: &ParsedCertificate<'_>) -> Purpose {
        match self {
            Self::ClientOrServer if !cert.serves(Purpose::ClientAuth) => Purpose::ServerAuth,
            _ => Purpose::ClientAuth,
        }
    }
}

impl ClientVerifierBuilder {
    /// Accepts clients that show no certificate. One that is shown is verified all the same.
    pub fn allow_unauthenticated(mut self) -> Self {
        self.side.mandatory = false;
        self
    }

    /// Names no authorities to clients.
    pub fn clear_root_hint_subjects(mut self) -> Self {
        self.side.hints.clear();
        self
    }

    /// Names further authorities to clients. They are not trusted for it.
    pub fn add_root_hint_subjects(mut self, subjects: impl IntoIterator<Item = DistinguishedName>) -> Self {
        self.side.hints.extend(subjects);
        self
    }

    /// Takes certificates that were made for servers, too: those whose extended key usage names servers and not clients.
    ///
    /// That is for servers that call each other, as those of XMPP and mail do. Authorities of the public web make no other
    /// certificates.
    pub fn accept_server_certificates(mut self) -> Self {
        self.side.purposes = Purposes::ClientOrServer;
        self
    }

    /// Makes the verifier.
    ///
    /// # Errors
    ///
    /// [`VerifierBuilderError::NoRootAnchors`] if nobody is trusted, [`VerifierBuilderError::NoPins`] for an empty set of pins,
    /// [`VerifierBuilderError::NoAcceptedPeers`] if nobody is let in, [`VerifierBuilderError::NoSha256`] if the policies take SHA-256
    /// and the provider has none.
    pub fn build(self) -> Result<Arc<ClientVerifier>, VerifierBuilderError> {
        let Self { settings, side, provider } = self;
        Ok(Arc::new(ClientVerifier { rules: settings.build(&provider, false)?, side }))
    }
}
