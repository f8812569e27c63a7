//! The delegated credential of a peer: a key that signs the handshake in place of the certificate's. RFC 9345 section 4.1.3.

use alloc::vec::Vec;

use pki_types::{CertificateDer, SubjectPublicKeyInfoDer, UnixTime};

use crate::crypto::delegated::{self, Terms, Untimely};
use crate::crypto::verify::{
    DigitallySignedStruct, HandshakeSignatureValid, WebPkiSupportedAlgorithms,
    verify_tls13_signature_with_raw_key,
};
use crate::error::{CertificateError, Error, PeerMisbehaved};
use crate::names::{Side, SignatureScheme};
use crate::wire::codec::Opaque;
use crate::wire::extensions::DelegatedCredential;

/// What we offer for such keys: of the config's list, each that may be and that the provider can check, once.
pub(crate) fn offered(
    wanted: &[SignatureScheme],
    algorithms: &WebPkiSupportedAlgorithms,
) -> Vec<SignatureScheme> {
    let mut offered = Vec::new();
    for scheme in wanted {
        let known = algorithms.mapping.iter().any(|(known, _)| known == scheme);
        if known && delegated::may_sign(*scheme) && !offered.contains(scheme) {
            offered.push(*scheme);
        }
    }
    offered
}

/// A credential as the peer sent it. Nothing about it has been checked.
pub(crate) struct PeerDelegation {
    valid_time: u32,
    scheme: SignatureScheme,
    spki: Vec<u8>,
    algorithm: SignatureScheme,
    signature: Vec<u8>,
}

impl From<DelegatedCredential<'_>> for PeerDelegation {
    fn from(credential: DelegatedCredential<'_>) -> Self {
        Self {
            valid_time: credential.valid_time,
            scheme: credential.scheme,
            spki: credential.spki.0.to_vec(),
            algorithm: credential.algorithm,
            signature: credential.signature.0.to_vec(),
        }
    }
}

/// What a credential is held against.
pub(crate) struct Rules<'a> {
    /// Whose it is.
    pub(crate) by: Side,
    /// What we offered for such keys.
    pub(crate) schemes: &'a [SignatureScheme],
    /// What we offered for keys of certificates.
    pub(crate) of_certificates: &'a dyn Fn(SignatureScheme) -> bool,
    pub(crate) now: UnixTime,
    pub(crate) algorithms: &'a WebPkiSupportedAlgorithms,
}

impl PeerDelegation {
    /// The handshake has to be signed with what the credential says.
    pub(crate) fn check_scheme(&self, scheme: SignatureScheme) -> Result<(), Error> {
        match scheme == self.scheme {
            true => Ok(()),
            false => Err(PeerMisbehaved::DelegatedCredentialForAnotherScheme.into()),
        }
    }

    /// Checks that `leaf`, which has been verified, vouches for it, and gives its last second; `verify` checks signatures of the
    /// leaf's key.
    pub(crate) fn check(
        &self,
        leaf: &CertificateDer<'_>,
        rules: &Rules<'_>,
        verify: impl FnOnce(
            &[u8],
            &CertificateDer<'_>,
            &DigitallySignedStruct,
        ) -> Result<HandshakeSignatureValid, Error>,
    ) -> Result<u64, Error> {
        if !rules.schemes.contains(&self.scheme) {
            return Err(PeerMisbehaved::DelegatedCredentialWithUnofferedScheme.into());
        }
        if !self.algorithm.supported_in_tls13() || !(rules.of_certificates)(self.algorithm) {
            return Err(PeerMisbehaved::DelegatedCredentialSignedWithUnofferedScheme.into());
        }
        let Terms { last, allowed } = Terms::of(leaf, self.valid_time)?;
        if !allowed {
            return Err(PeerMisbehaved::DelegatedCredentialNotAllowed.into());
        }
        delegated::remaining(last, rules.now).map_err(|why| match why {
            Untimely::Expired => PeerMisbehaved::DelegatedCredentialExpired,
            Untimely::TooLong => PeerMisbehaved::DelegatedCredentialValidForTooLong,
        })?;

        let signed = DelegatedCredential {
            valid_time: self.valid_time,
            scheme: self.scheme,
            spki: Opaque(&self.spki),
            algorithm: self.algorithm,
            signature: Opaque(&self.signature),
        };
        let message = delegated::signed_message(rules.by, leaf, &signed);
        let signature = DigitallySignedStruct::new(self.algorithm, self.signature.clone());
        match verify(&message, leaf, &signature) {
            Ok(_) => Ok(last),
            // RFC 9345 section 4.1.3: `illegal_parameter` for all that is wrong with it.
            Err(Error::InvalidCertificate(_) | Error::PeerMisbehaved(_)) => {
                Err(PeerMisbehaved::IncorrectDelegatedCredential.into())
            }
            Err(other) => Err(other),
        }
    }

    /// Checks the signature of a CertificateVerify with the key of the credential.
    pub(crate) fn check_signature(
        &self,
        message: &[u8],
        signature: &DigitallySignedStruct,
        rules: &Rules<'_>,
    ) -> Result<(), Error> {
        let spki = SubjectPublicKeyInfoDer::from(&self.spki[..]);
        match verify_tls13_signature_with_raw_key(message, &spki, signature, rules.algorithms) {
            Ok(_) => Ok(()),
            Err(bad @ Error::InvalidCertificate(CertificateError::BadSignature)) => Err(bad),
            Err(_) => Err(PeerMisbehaved::DelegatedCredentialWithWrongKey.into()),
        }
    }
}
