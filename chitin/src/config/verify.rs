//! The traits that decide whether a peer is who it should be, and the tokens that prove they were asked.
//!
//! A token can be made only by saying `assertion()`; a flow that has one knows that some verifier said yes.

use alloc::vec::Vec;
use core::fmt;

use pki_types::{CertificateDer, ServerName, UnixTime};

use super::webpki::SignatureMemo;
use crate::crypto::verify::{DigitallySignedStruct, HandshakeSignatureValid};
use crate::error::Error;
use crate::names::{CertificateType, DistinguishedName, SignatureScheme};

/// Proof that a server's certificate chain was verified.
#[derive(Debug)]
pub struct ServerCertVerified(());

impl ServerCertVerified {
    /// Asserts that the certificate chain of a server was verified.
    pub fn assertion() -> Self {
        Self(())
    }
}

/// Proof that a client's certificate chain was verified.
#[derive(Debug)]
pub struct ClientCertVerified(());

impl ClientCertVerified {
    /// Asserts that the certificate chain of a client was verified.
    pub fn assertion() -> Self {
        Self(())
    }
}

/// Decides whether a server may be trusted.
///
/// To write one is to take over the authentication of servers: a mistake lets anybody read and change everything.
pub trait ServerCertVerifier: fmt::Debug + Send + Sync {
    /// Verifies that `end_entity` belongs to `server_name` and is vouched for by somebody trusted, at the time `now`.
    ///
    /// `intermediates` are as the server sent them: in any order, with anything among them. `ocsp_response` is empty if
    /// the server sent none. Nothing here has been parsed or checked before.
    ///
    /// # Errors
    ///
    /// Whatever is returned ends the handshake; [`Error::InvalidCertificate`] chooses the alert that fits.
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error>;

    /// Does as [`Self::verify_server_cert`], and is given the signed certificate timestamps that the server sent, each as RFC
    /// 6962 section 3.3 serializes it. This is what connections call.
    ///
    /// There are none unless [`Self::requests_scts`] asked for them, and a server need not send any. Those within the
    /// certificate or the OCSP response are not among them. By default the timestamps are dropped; a verifier that asks another
    /// one has to pass on this call too. Not in rustls 0.23.
    ///
    /// # Errors
    ///
    /// Those of [`Self::verify_server_cert`].
    fn verify_server_cert_with_scts(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        scts: &[&[u8]],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let _ = scts;
        self.verify_server_cert(end_entity, intermediates, server_name, ocsp_response, now)
    }

    /// Returns what this verifier remembers signatures of certificates in. Without one, as by default, each is verified again. Not
    /// in rustls 0.23.
    fn signature_memo(&self) -> Option<&SignatureMemo> {
        None
    }

    /// Says whether servers are asked for signed certificate timestamps, RFC 6962 section 3.3. By default they are not. Not in
    /// rustls 0.23.
    fn requests_scts(&self) -> bool {
        false
    }

    /// Verifies the signature of a TLS 1.2 ServerKeyExchange, RFC 5246 section 7.4.3.
    ///
    /// # Errors
    ///
    /// Whatever is returned ends the handshake.
    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error>;

    /// Verifies the signature of a TLS 1.3 CertificateVerify, RFC 8446 section 4.4.3.
    ///
    /// # Errors
    ///
    /// Whatever is returned ends the handshake. A scheme that is not allowed in TLS 1.3 has to be refused here.
    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error>;

    /// Returns the signature schemes to offer, best first.
    fn supported_verify_schemes(&self) -> Vec<SignatureScheme>;

    /// Says whether servers have to present a raw public key (RFC 7250) in place of a certificate.
    fn requires_raw_public_keys(&self) -> bool {
        false
    }

    /// Returns the certificate types that are taken of servers, best first: X.509, raw public keys (RFC 7250), or both.
    ///
    /// A raw public key comes as `end_entity` and `cert` of the other methods, without intermediates and staples;
    /// [`raw_public_key`](crate::crypto::raw_public_key) tells it from a certificate. Other types are left out. By default it is
    /// the one type that [`Self::requires_raw_public_keys`] names. A verifier that asks another one has to pass on this call too.
    /// Not in rustls 0.23.
    fn certificate_types(&self) -> &[CertificateType] {
        only(self.requires_raw_public_keys())
    }

    /// Returns the subjects of trusted roots to send as a hint in `certificate_authorities`, RFC 8446 section 4.2.4.
    fn root_hint_subjects(&self) -> Option<&[DistinguishedName]> {
        None
    }
}

/// Decides whether a client may be trusted.
///
/// To write one is to take over the authentication of clients.
pub trait ClientCertVerifier: fmt::Debug + Send + Sync {
    /// Says whether clients are asked for a certificate at all.
    fn offer_client_auth(&self) -> bool {
        true
    }

    /// Says whether a client without a certificate is refused.
    fn client_auth_mandatory(&self) -> bool {
        self.offer_client_auth()
    }

    /// Returns the subjects of trusted roots to name in the request, so that clients can choose. It may be empty.
    ///
    /// RFC 8446 section 4.2.4.
    fn root_hint_subjects(&self) -> &[DistinguishedName];

    /// Verifies that `end_entity` is vouched for by somebody trusted, at the time `now`.
    ///
    /// `intermediates` are as the client sent them: in any order, with anything among them.
    ///
    /// # Errors
    ///
    /// Whatever is returned ends the handshake; [`Error::InvalidCertificate`] chooses the alert that fits.
    fn verify_client_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        now: UnixTime,
    ) -> Result<ClientCertVerified, Error>;

    /// Verifies the signature of a TLS 1.2 CertificateVerify, RFC 5246 section 7.4.8.
    ///
    /// # Errors
    ///
    /// Whatever is returned ends the handshake.
    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error>;

    /// Verifies the signature of a TLS 1.3 CertificateVerify, RFC 8446 section 4.4.3.
    ///
    /// # Errors
    ///
    /// Whatever is returned ends the handshake. A scheme that is not allowed in TLS 1.3 has to be refused here.
    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error>;

    /// Returns the signature schemes to ask for, best first.
    fn supported_verify_schemes(&self) -> Vec<SignatureScheme>;

    /// Says whether clients have to present a raw public key (RFC 7250) in place of a certificate.
    fn requires_raw_public_keys(&self) -> bool {
        false
    }

    /// Returns the certificate types that are taken of clients, best first: X.509, raw public keys (RFC 7250), or both.
    ///
    /// A raw public key comes as `end_entity` and `cert` of the other methods, without intermediates;
    /// [`raw_public_key`](crate::crypto::raw_public_key) tells it from a certificate. Other types are left out. By default it is
    /// the one type that [`Self::requires_raw_public_keys`] names. A verifier that asks another one has to pass on this call too.
    /// Not in rustls 0.23.
    fn certificate_types(&self) -> &[CertificateType] {
        only(self.requires_raw_public_keys())
    }

    /// Returns what this verifier remembers signatures of certificates in. Without one, as by default, each is verified again. Not
    /// in rustls 0.23.
    fn signature_memo(&self) -> Option<&SignatureMemo> {
        None
    }

    /// Describes the whole policy in bytes, if that can be done: two verifiers with equal bytes accept the same clients.
    ///
    /// A session is resumed only under the policy that made it. Without such bytes the session is bound to the config
    /// it was made under, and a new one (after a restart, say) means a full handshake.
    #[doc(hidden)]
    fn policy_id(&self) -> Option<Vec<u8>> {
        None
    }
}

/// The list of one type.
pub(crate) fn only(raw_public_keys: bool) -> &'static [CertificateType] {
    match raw_public_keys {
        true => &[CertificateType::RawPublicKey],
        false => &[CertificateType::X509],
    }
}

/// Asks no client for a certificate.
#[derive(Debug)]
pub struct NoClientAuth;

impl ClientCertVerifier for NoClientAuth {
    fn offer_client_auth(&self) -> bool {
        false
    }

    fn root_hint_subjects(&self) -> &[DistinguishedName] {
        &[]
    }

    // No flow gets here, since no certificate is asked for; a caller that does anyway is told no.

    fn verify_client_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: UnixTime,
    ) -> Result<ClientCertVerified, Error> {
        Err(not_asked_for())
    }

    fn verify_tls12_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        Err(not_asked_for())
    }

    fn verify_tls13_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        Err(not_asked_for())
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        Vec::new()
    }

    fn policy_id(&self) -> Option<Vec<u8>> {
        Some(b"no client authentication".to_vec())
    }
}

fn not_asked_for() -> Error {
    Error::General("this server does not authenticate clients".into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_client_auth_says_no_to_everything() {
        let cert = CertificateDer::from(&b"anything"[..]);
        assert!(!NoClientAuth.offer_client_auth() && !NoClientAuth.client_auth_mandatory());
        assert!(NoClientAuth.root_hint_subjects().is_empty());
        assert!(NoClientAuth.supported_verify_schemes().is_empty());
        let now = UnixTime::since_unix_epoch(core::time::Duration::ZERO);
        assert!(NoClientAuth.verify_client_cert(&cert, &[], now).is_err());
    }
}
