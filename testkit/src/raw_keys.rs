//! Raw public keys (RFC 7250): who shows them, and who trusts the owners of certain ones.

use std::sync::Arc;

use chitin::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use chitin::crypto::aws_lc_rs::{default_provider, sign::any_supported_type};
use chitin::crypto::{
    raw_public_key, verify_tls12_signature, verify_tls12_signature_with_raw_key, verify_tls13_signature,
    verify_tls13_signature_with_raw_key,
};
use chitin::pki_types::{CertificateDer, ServerName, UnixTime};
use chitin::server::CertificateType;
use chitin::server::danger::{ClientCertVerified, ClientCertVerifier};
use chitin::sign::CertifiedKey;
use chitin::{CertificateError, DigitallySignedStruct, DistinguishedName, Error, SignatureScheme};

use crate::pki::Identity;

/// The SubjectPublicKeyInfo of an identity's key.
///
/// # Panics
///
/// When the provider does not know the key.
pub fn spki(identity: &Identity) -> Vec<u8> {
    any_supported_type(&identity.key).unwrap().public_key().unwrap().to_vec()
}

/// An identity's key with nothing but its public half.
///
/// # Panics
///
/// When the provider does not know the key.
pub fn raw(identity: &Identity) -> Arc<CertifiedKey> {
    let key = any_supported_type(&identity.key).unwrap();
    Arc::new(CertifiedKey::new(vec![CertificateDer::from(spki(identity))], key))
}

/// Trusts whoever shows, and signs with, one of these keys: raw, or in a certificate that is one of these itself.
#[derive(Clone, Debug)]
pub struct Pins {
    /// The whole DER of what may be shown.
    pub pinned: Vec<Vec<u8>>,
    /// Best first.
    pub types: Vec<CertificateType>,
    /// Clients may also show nothing.
    pub optional: bool,
    /// Names of authorities to ask for.
    pub hints: Vec<DistinguishedName>,
    /// Empty for all that the provider checks.
    pub schemes: Vec<SignatureScheme>,
    /// Says what the policy for clients is, as the verifiers of the library do.
    pub described: bool,
}

impl Pins {
    /// Trusts the key of one identity, raw.
    pub fn raw(identity: &Identity) -> Self {
        Self::of(vec![spki(identity)], &[CertificateType::RawPublicKey])
    }

    /// Trusts one identity by its certificate, too.
    pub fn both(identity: &Identity, types: &[CertificateType]) -> Self {
        Self::of(vec![spki(identity), identity.leaf().to_vec()], types)
    }

    fn of(pinned: Vec<Vec<u8>>, types: &[CertificateType]) -> Self {
        let (hints, schemes) = (vec![], vec![]);
        Self { pinned, types: types.to_vec(), optional: false, hints, schemes, described: false }
    }

    fn schemes(&self) -> Vec<SignatureScheme> {
        match self.schemes.is_empty() {
            true => default_provider().signature_verification_algorithms.supported_schemes(),
            false => self.schemes.clone(),
        }
    }

    fn check(&self, shown: &CertificateDer<'_>, others: usize, beside: usize) -> Result<(), Error> {
        let raw = raw_public_key(shown).is_some();
        if raw && (others > 0 || beside > 0) {
            return Err(Error::General("a raw public key with something beside it".into()));
        }
        match self.pinned.iter().any(|pin| pin == shown.as_ref()) {
            true => Ok(()),
            false => Err(CertificateError::ApplicationVerificationFailure.into()),
        }
    }
}

fn verify12(
    message: &[u8],
    shown: &CertificateDer<'_>,
    dss: &DigitallySignedStruct,
) -> Result<HandshakeSignatureValid, Error> {
    let algorithms = default_provider().signature_verification_algorithms;
    match raw_public_key(shown) {
        Some(key) => verify_tls12_signature_with_raw_key(message, &key, dss, &algorithms),
        None => verify_tls12_signature(message, shown, dss, &algorithms),
    }
}

fn verify13(
    message: &[u8],
    shown: &CertificateDer<'_>,
    dss: &DigitallySignedStruct,
) -> Result<HandshakeSignatureValid, Error> {
    let algorithms = default_provider().signature_verification_algorithms;
    match raw_public_key(shown) {
        Some(key) => verify_tls13_signature_with_raw_key(message, &key, dss, &algorithms),
        None => verify_tls13_signature(message, shown, dss, &algorithms),
    }
}

impl ServerCertVerifier for Pins {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        ocsp: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        self.check(end_entity, intermediates.len(), ocsp.len()).map(|()| ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify12(message, cert, dss)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify13(message, cert, dss)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.schemes()
    }

    fn requires_raw_public_keys(&self) -> bool {
        self.types == [CertificateType::RawPublicKey]
    }

    fn certificate_types(&self) -> &[CertificateType] {
        &self.types
    }

    fn root_hint_subjects(&self) -> Option<&[DistinguishedName]> {
        Some(&self.hints)
    }

    fn requests_scts(&self) -> bool {
        true
    }
}

impl ClientCertVerifier for Pins {
    fn client_auth_mandatory(&self) -> bool {
        !self.optional
    }

    fn root_hint_subjects(&self) -> &[DistinguishedName] {
        &self.hints
    }

    fn verify_client_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        _: UnixTime,
    ) -> Result<ClientCertVerified, Error> {
        self.check(end_entity, intermediates.len(), 0).map(|()| ClientCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify12(message, cert, dss)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify13(message, cert, dss)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.schemes()
    }

    fn requires_raw_public_keys(&self) -> bool {
        self.types == [CertificateType::RawPublicKey]
    }

    fn certificate_types(&self) -> &[CertificateType] {
        &self.types
    }

    fn policy_id(&self) -> Option<Vec<u8>> {
        self.described.then(|| self.pinned.concat())
    }
}
