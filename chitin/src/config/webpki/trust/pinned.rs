//! The verifier of peers by pins alone, for those for whom nobody vouches.

use alloc::sync::Arc;
use alloc::vec::Vec;

use chitin_pki::{PinSet, Purpose, SubjectPublicKeyInfo, Which};
use pki_types::{CertificateDer, ServerName, UnixTime};

use super::rules::describe_pins;
use crate::config::verify::{ClientCertVerified, ClientCertVerifier, ServerCertVerified, ServerCertVerifier};
use crate::config::webpki::VerifierBuilderError;
use crate::config::webpki::digests::Hashes;
use crate::config::webpki::joined::joined;
use crate::config::webpki::pki::{ParsedCertificate, note_pins, refused, verify_server_name};
use crate::config::webpki::signatures::handshake_signatures;
use crate::crypto::CryptoProvider;
use crate::crypto::verify::{WebPkiSupportedAlgorithms, raw_public_key};
use crate::error::Error;
use crate::names::{CertificateType, DistinguishedName};

/// Trusts peers whose own certificate is pinned, by its key or as a whole, and nobody else: for peers with a self-signed certificate.
/// It is one for servers and for clients. Not in rustls 0.23.
///
/// The peer proves by its signature in the handshake that it has the key, as with any certificate. Beyond that its certificate has to
/// be valid now, to be for its role by key usage and extended key usage, and of a server to have the name that was asked for; the
/// builder can let names and dates be whatever they are. It may be one of a CA, as those that `openssl req -x509` makes are.
/// Nobody vouches for what it says: a name in it is one that the owner of a pinned key has given himself. Other certificates that
/// are sent do not count, revocation is not asked about, and the certificate's own signature is not looked at.
///
/// With [`with_certificate_types`](PinnedVerifierBuilder::with_certificate_types) it takes raw public keys (RFC 7250) as well, or alone. Such a
/// key has no name, no dates and no purpose, so the pin is all there is to be met.
///
/// A client takes it by [`with_pinned_servers`](crate::ConfigBuilder::with_pinned_servers), a server as any other verifier.
#[derive(Debug)]
pub struct PinnedVerifier {
    pins: PinSet,
    hashes: Hashes,
    any_name: bool,
    any_time: bool,
    mandatory: bool,
    types: Vec<CertificateType>,
    supported: WebPkiSupportedAlgorithms,
}

impl PinnedVerifier {
    /// Starts a verifier that trusts peers with one of `pins`, with the algorithms of `provider`.
    ///
    /// With several pins each of these peers can pass for another one, as far as the names in their certificates let it.
    pub fn builder(pins: PinSet, provider: Arc<CryptoProvider>) -> PinnedVerifierBuilder {
        let types = Vec::from([CertificateType::X509]);
        PinnedVerifierBuilder { pins, any_name: false, any_time: false, mandatory: true, types, provider }
    }

    /// A server has to have the name; a client is asked for none.
    fn verify(
        &self,
        shown: &CertificateDer<'_>,
        purpose: Purpose,
        name: Option<&ServerName<'_>>,
        now: UnixTime,
    ) -> Result<(), Error> {
        // Who takes no certificates reads one as a key, which it is not.
        let takes = |typ| self.types.contains(&typ);
        let raw = raw_public_key(shown).is_some() || !takes(CertificateType::X509);
        if raw && takes(CertificateType::RawPublicKey) {
            return self.verify_raw_key(shown, now);
        }
        let cert = ParsedCertificate::try_from(shown)?;
        note_pins(cert.check_pins(&self.pins, &self.hashes, now)?);
        if !self.any_time {
            cert.check_time(now)?;
        }
        cert.check_alone(purpose)?;
        name.map_or(Ok(()), |name| verify_server_name(&cert, name))
    }

    fn verify_raw_key(&self, spki: &[u8], now: UnixTime) -> Result<(), Error> {
        let refuse = |problem| refused(problem, Which::Peer(0));
        let key = SubjectPublicKeyInfo::parse(spki).map_err(refuse)?;
        let outcome = self.pins.check_raw_key(&key, &self.hashes, now);
        note_pins(outcome.map_err(|error| refuse(error.problem))?);
        key.check().map_err(refuse)
    }

    fn supported(&self) -> &WebPkiSupportedAlgorithms {
        &self.supported
    }
}

/// What 0.23 asks in place of the types.
fn takes_keys_alone(types: &[CertificateType]) -> bool {
    types.contains(&CertificateType::RawPublicKey) && !types.contains(&CertificateType::X509)
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
        let name = Some(server_name).filter(|_| !self.any_name);
        self.verify(end_entity, Purpose::ServerAuth, name, now)?;
        Ok(ServerCertVerified::assertion())
    }

    fn requires_raw_public_keys(&self) -> bool {
        takes_keys_alone(&self.types)
    }

    fn certificate_types(&self) -> &[CertificateType] {
        &self.types
    }

    handshake_signatures!(verify_tls12_signature_of_either, verify_tls13_signature_of_either);
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
        self.verify(end_entity, Purpose::ClientAuth, None, now)?;
        Ok(ClientCertVerified::assertion())
    }

    fn requires_raw_public_keys(&self) -> bool {
        takes_keys_alone(&self.types)
    }

    fn certificate_types(&self) -> &[CertificateType] {
        &self.types
    }

    fn policy_id(&self) -> Option<Vec<u8>> {
        let schemes = self.supported.supported_schemes();
        let schemes = schemes.iter().flat_map(|scheme| scheme.to_array()).collect();
        let parts = [describe_pins(&self.pins), schemes, Vec::from([u8::from(self.any_time)])];
        // Which types are taken, the config adds itself.
        Some(joined(core::iter::once(b"pins alone".to_vec()).chain(parts).collect()))
    }

    handshake_signatures!(verify_tls12_signature_of_either, verify_tls13_signature_of_either);
}

/// Builds a [`PinnedVerifier`]. Not in rustls 0.23.
#[derive(Clone, Debug)]
pub struct PinnedVerifierBuilder {
    pins: PinSet,
    any_name: bool,
    any_time: bool,
    mandatory: bool,
    types: Vec<CertificateType>,
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

    /// Takes these types of certificate, best first: X.509, raw public keys (RFC 7250), or both. Without this it is X.509 alone.
    ///
    /// Of a raw public key nothing is looked at but that it is pinned and of a good kind, since it has nothing else: neither the name
    /// that was asked for nor the time counts, and whoever has a pinned key may be any peer that has one.
    pub fn with_certificate_types(mut self, types: impl IntoIterator<Item = CertificateType>) -> Self {
        self.types = types.into_iter().collect();
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
    /// [`VerifierBuilderError::NoPins`] if nobody is trusted, [`VerifierBuilderError::NoCertificateTypes`] if no type of certificate
    /// is taken, [`VerifierBuilderError::NoSha256`] if the provider has no SHA-256.
    pub fn build(self) -> Result<Arc<PinnedVerifier>, VerifierBuilderError> {
        let Self { pins, any_name, any_time, mandatory, types, provider } = self;
        if pins.is_empty() {
            return Err(VerifierBuilderError::NoPins);
        }
        if !types.iter().any(|typ| matches!(typ, CertificateType::X509 | CertificateType::RawPublicKey)) {
            return Err(VerifierBuilderError::NoCertificateTypes);
        }
        let hashes = Hashes::of(&provider).ok_or(VerifierBuilderError::NoSha256)?;
        let supported = provider.signature_verification_algorithms;
        Ok(Arc::new(PinnedVerifier { pins, hashes, any_name, any_time, mandatory, types, supported }))
    }
}
