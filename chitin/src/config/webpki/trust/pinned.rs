//! The verifier of peers by pins alone, for those for whom nobody vouches.

use alloc::sync::Arc;
use alloc::vec::Vec;

use chitin_pki::{PinSet, Purpose};
use pki_types::{CertificateDer, ServerName, UnixTime};

use super::rules::describe_pins;
use crate::config::verify::{ClientCertVerified, ClientCertVerifier, ServerCertVerified, ServerCertVerifier};
use crate::config::webpki::VerifierBuilderError;
use crate::config::webpki::digests::Hashes;
use crate::config::webpki::joined::joined;
use crate::config::webpki::pki::{ParsedCertificate, note_pins, verify_server_name};
use crate::config::webpki::signatures::handshake_signatures;
use crate::crypto::CryptoProvider;
use crate::crypto::verify::WebPkiSupportedAlgorithms;
use crate::error::Error;
use crate::names::DistinguishedName;

/// Trusts peers whose own certificate is pinned, by its key or as a whole, and nobody else: for peers with a self-signed certificate.
/// It is one for servers and for clients. Not in rustls 0.23.
///
/// The peer proves by its signature in the handshake that it has the key, as with any certificate. Beyond that its certificate has to
/// be valid now, to be for its role by key usage and extended key usage, and of a server to have the name that was asked for; the
/// builder can let names and dates be whatever they are. It may be one of a CA, as those that `openssl req -x509` makes are.
/// Nobody vouches for what it says: a name in it is one that the owner of a pinned key has given himself. Other certificates that
/// are sent do not count, revocation is not asked about, and the certificate's own signature is not looked at.
///
/// A client takes it by [`with_pinned_servers`](crate::ConfigBuilder::with_pinned_servers), a server as any other verifier.
#[derive(Debug)]
pub struct PinnedVerifier {
    pins: PinSet,
    hashes: Hashes,
    any_name: bool,
    any_time: bool,
    mandatory: bool,
    supported: WebPkiSupportedAlgorithms,
}

impl PinnedVerifier {
    /// Starts a verifier that trusts peers with one of `pins`, with the algorithms of `provider`.
    ///
    /// With several pins each of these peers can pass for another one, as far as the names in their certificates let it.
    pub fn builder(pins: PinSet, provider: Arc<CryptoProvider>) -> PinnedVerifierBuilder {
        PinnedVerifierBuilder { pins, any_name: false, any_time: false, mandatory: true, provider }
    }

    fn verify(&self, cert: &ParsedCertificate<'_>, purpose: Purpose, now: UnixTime) -> Result<(), Error> {
        note_pins(cert.check_pins(&self.pins, &self.hashes, now)?);
        if !self.any_time {
            cert.check_time(now)?;
        }
        cert.check_alone(purpose)
    }

    fn supported(&self) -> &WebPkiSupportedAlgorithms {
        &self.supported
    }
}

impl ServerCertVerifier for PinnedVerifier {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        _intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        _ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let cert = ParsedCertificate::try_from(end_entity)?;
        self.verify(&cert, Purpose::ServerAuth, now)?;
        if !self.any_name {
            verify_server_name(&cert, server_name)?;
        }
        Ok(ServerCertVerified::assertion())
    }

    handshake_signatures!();
}

impl ClientCertVerifier for PinnedVerifier {
    fn client_auth_mandatory(&self) -> bool {
        self.mandatory
    }

    fn root_hint_subjects(&self) -> &[DistinguishedName] {
        &[]
    }

    fn verify_client_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        _intermediates: &[CertificateDer<'_>],
        now: UnixTime,
    ) -> Result<ClientCertVerified, Error> {
        let cert = ParsedCertificate::try_from(end_entity)?;
        self.verify(&cert, Purpose::ClientAuth, now)?;
        Ok(ClientCertVerified::assertion())
    }

    fn policy_id(&self) -> Option<Vec<u8>> {
        let schemes = self.supported.supported_schemes();
        let schemes = schemes.iter().flat_map(|scheme| scheme.to_array()).collect();
        let parts = [describe_pins(&self.pins), schemes, Vec::from([u8::from(self.any_time)])];
        Some(joined(core::iter::once(b"pins alone".to_vec()).chain(parts).collect()))
    }

    handshake_signatures!();
}

/// Builds a [`PinnedVerifier`]. Not in rustls 0.23.
#[derive(Clone, Debug)]
pub struct PinnedVerifierBuilder {
    pins: PinSet,
    any_name: bool,
    any_time: bool,
    mandatory: bool,
    provider: Arc<CryptoProvider>,
}

impl PinnedVerifierBuilder {
    /// Takes a server's certificate whatever names it has.
    ///
    /// Behind a rejection of Encrypted Client Hello the public name is then not looked at either (RFC 9849 section 6.1.7): whoever has a pinned
    /// key may send configs for a retry.
    pub fn allow_any_name(mut self) -> Self {
        self.any_name = true;
        self
    }

    /// Takes certificates before and after they are valid.
    ///
    /// A key that got into other hands is then trusted until its pin is taken away.
    pub fn allow_any_time(mut self) -> Self {
        self.any_time = true;
        self
    }

    /// Accepts clients that show no certificate. One that is shown is verified all the same.
    pub fn allow_unauthenticated(mut self) -> Self {
        self.mandatory = false;
        self
    }

    /// Makes the verifier.
    ///
    /// # Errors
    ///
    /// [`VerifierBuilderError::NoPins`] if nobody is trusted, [`VerifierBuilderError::NoSha256`] if the provider has no SHA-256.
    pub fn build(self) -> Result<Arc<PinnedVerifier>, VerifierBuilderError> {
        let Self { pins, any_name, any_time, mandatory, provider } = self;
        if pins.is_empty() {
            return Err(VerifierBuilderError::NoPins);
        }
        let hashes = Hashes::of(&provider).ok_or(VerifierBuilderError::NoSha256)?;
        let supported = provider.signature_verification_algorithms;
        Ok(Arc::new(PinnedVerifier { pins, hashes, any_name, any_time, mandatory, supported }))
    }
}
