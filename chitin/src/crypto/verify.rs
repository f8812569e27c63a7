//! Checking a peer's signature over the handshake, and the list of algorithms a provider checks with.
//!
//! Whether a certificate is to be believed is decided elsewhere; here its key is only used.

use alloc::vec::Vec;
use core::fmt;

use chitin_pki::SubjectPublicKeyInfo;
use pki_types::alg_id::{self, RSA_ENCRYPTION};
use pki_types::{CertificateDer, SignatureVerificationAlgorithm, SubjectPublicKeyInfoDer};

use super::der;
use crate::error::{CertificateError, Error, PeerMisbehaved};
use crate::names::{NamedGroup, SignatureAlgorithm, SignatureScheme};

/// A signature with the scheme that made it (RFC 8446 section 4.4.3, RFC 5246 section 4.7).
#[derive(Clone)]
pub struct DigitallySignedStruct {
    /// The scheme.
    pub scheme: SignatureScheme,
    signature: Vec<u8>,
}

impl DigitallySignedStruct {
    pub(crate) fn new(scheme: SignatureScheme, signature: Vec<u8>) -> Self {
        Self { scheme, signature }
    }

    /// The signature.
    pub fn signature(&self) -> &[u8] {
        &self.signature
    }
}

impl fmt::Debug for DigitallySignedStruct {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DigitallySignedStruct")
            .field("scheme", &self.scheme)
            .field("signature", &format_args!("{} bytes", self.signature.len()))
            .finish()
    }
}

/// A token that says: the signature over the handshake was checked, and is good.
#[derive(Debug)]
pub struct HandshakeSignatureValid(());

impl HandshakeSignatureValid {
    /// Says so.
    pub fn assertion() -> Self {
        Self(())
    }
}

/// The signature algorithms a provider checks with.
#[derive(Clone, Copy)]
pub struct WebPkiSupportedAlgorithms {
    /// All algorithms, for certificates.
    pub all: &'static [&'static dyn SignatureVerificationAlgorithm],

    /// Which algorithms a scheme of the handshake stands for, in order of preference of the schemes.
    ///
    /// TLS 1.3 takes the first of each. In TLS 1.2 the schemes of ECDSA name no curve, so there may be several.
    pub mapping: &'static [(SignatureScheme, &'static [&'static dyn SignatureVerificationAlgorithm])],
}

impl WebPkiSupportedAlgorithms {
    /// All schemes, in order of preference.
    pub fn supported_schemes(&self) -> Vec<SignatureScheme> {
        self.mapping.iter().map(|(scheme, _)| *scheme).collect()
    }

    /// Whether these are all FIPS-approved implementations.
    pub fn fips(&self) -> bool {
        self.all.iter().all(|alg| alg.fips())
            && self.mapping.iter().flat_map(|(_, algs)| algs.iter()).all(|alg| alg.fips())
    }

    /// What `scheme` stands for. A scheme not in the list is one that we did not offer.
    fn algorithms(
        &self,
        scheme: SignatureScheme,
    ) -> Result<&'static [&'static dyn SignatureVerificationAlgorithm], Error> {
        self.mapping
            .iter()
            .find_map(|(known, algs)| (*known == scheme).then_some(*algs))
            .ok_or_else(|| PeerMisbehaved::SignedHandshakeWithUnadvertisedSigScheme.into())
    }
}

impl fmt::Debug for WebPkiSupportedAlgorithms {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WebPkiSupportedAlgorithms")
            .field("mapping", &self.supported_schemes())
            .finish_non_exhaustive()
    }
}

/// Checks a TLS 1.2 signature over `message` with the key of `cert` (RFC 5246 section 7.4.3).
///
/// # Errors
/// If the scheme is not among `supported_schemes`, is none of TLS 1.2, does not fit the key, or the signature is wrong.
pub fn verify_tls12_signature(
    message: &[u8],
    cert: &CertificateDer<'_>,
    dss: &DigitallySignedStruct,
    supported_schemes: &WebPkiSupportedAlgorithms,
) -> Result<HandshakeSignatureValid, Error> {
    let algorithms = tls12_algorithms(dss, supported_schemes)?;
    verify(message, spki_content(cert), dss, algorithms)
}

/// Checks a TLS 1.3 signature over `message` with the key of `cert` (RFC 8446 section 4.4.3).
///
/// # Errors
/// If the scheme is not among `supported_schemes`, is none of TLS 1.3, does not fit the key, or the signature is wrong.
pub fn verify_tls13_signature(
    message: &[u8],
    cert: &CertificateDer<'_>,
    dss: &DigitallySignedStruct,
    supported_schemes: &WebPkiSupportedAlgorithms,
) -> Result<HandshakeSignatureValid, Error> {
    let algorithms = tls13_algorithms(dss, supported_schemes)?;
    verify(message, spki_content(cert), dss, algorithms)
}

/// Checks a TLS 1.3 signature over `message` with a raw public key (RFC 7250).
///
/// # Errors
/// If the scheme is not among `supported_schemes`, is none of TLS 1.3, does not fit the key, or the signature is wrong.
pub fn verify_tls13_signature_with_raw_key(
    message: &[u8],
    spki: &SubjectPublicKeyInfoDer<'_>,
    dss: &DigitallySignedStruct,
    supported_schemes: &WebPkiSupportedAlgorithms,
) -> Result<HandshakeSignatureValid, Error> {
    let algorithms = tls13_algorithms(dss, supported_schemes)?;
    verify(message, der::only(spki, der::SEQUENCE), dss, algorithms)
}

/// Checks a TLS 1.2 signature over `message` with a raw public key (RFC 7250). Not in rustls 0.23.
///
/// # Errors
/// If the scheme is not among `supported_schemes`, is none of TLS 1.2, does not fit the key, or the signature is wrong.
pub fn verify_tls12_signature_with_raw_key(
    message: &[u8],
    spki: &SubjectPublicKeyInfoDer<'_>,
    dss: &DigitallySignedStruct,
    supported_schemes: &WebPkiSupportedAlgorithms,
) -> Result<HandshakeSignatureValid, Error> {
    let algorithms = tls12_algorithms(dss, supported_schemes)?;
    verify(message, der::only(spki, der::SEQUENCE), dss, algorithms)
}

/// Checks a TLS 1.3 signature with what a peer has shown, a certificate or a raw public key.
pub(crate) fn verify_tls13_signature_of_either(
    message: &[u8],
    shown: &CertificateDer<'_>,
    dss: &DigitallySignedStruct,
    supported: &WebPkiSupportedAlgorithms,
) -> Result<HandshakeSignatureValid, Error> {
    match raw_public_key(shown) {
        Some(key) => verify_tls13_signature_with_raw_key(message, &key, dss, supported),
        None => verify_tls13_signature(message, shown, dss, supported),
    }
}

/// Checks a TLS 1.2 signature with what a peer has shown, a certificate or a raw public key.
pub(crate) fn verify_tls12_signature_of_either(
    message: &[u8],
    shown: &CertificateDer<'_>,
    dss: &DigitallySignedStruct,
    supported: &WebPkiSupportedAlgorithms,
) -> Result<HandshakeSignatureValid, Error> {
    match raw_public_key(shown) {
        Some(key) => verify_tls12_signature_with_raw_key(message, &key, dss, supported),
        None => verify_tls12_signature(message, shown, dss, supported),
    }
}

/// Returns the key in `shown` if that is no certificate but a raw public key, a SubjectPublicKeyInfo (RFC 7250 section 3).
///
/// A verifier that takes both kinds tells by this what it was given: nothing is both. Whatever kind was agreed on, a connection
/// refuses the other before a verifier is asked. Not in rustls 0.23.
pub fn raw_public_key<'a>(shown: &'a CertificateDer<'_>) -> Option<SubjectPublicKeyInfoDer<'a>> {
    SubjectPublicKeyInfo::parse(shown).is_ok().then(|| SubjectPublicKeyInfoDer::from(shown.as_ref()))
}

/// In TLS 1.2 a scheme of ECDSA names the hash, and the curve may be any. RFC 8422 section 5.1.3.
fn tls12_algorithms(
    dss: &DigitallySignedStruct,
    supported: &WebPkiSupportedAlgorithms,
) -> Result<&'static [&'static dyn SignatureVerificationAlgorithm], Error> {
    if !dss.scheme.supported_in_tls12() {
        return Err(PeerMisbehaved::SignedHandshakeWithUnadvertisedSigScheme.into());
    }
    supported.algorithms(dss.scheme)
}

/// In TLS 1.3 a scheme of ECDSA names its curve, and PKCS #1 v1.5 is for certificates only. RFC 8446 section 4.2.3.
fn tls13_algorithms(
    dss: &DigitallySignedStruct,
    supported: &WebPkiSupportedAlgorithms,
) -> Result<&'static [&'static dyn SignatureVerificationAlgorithm], Error> {
    if !dss.scheme.supported_in_tls13() {
        return Err(PeerMisbehaved::SignedHandshakeWithUnadvertisedSigScheme.into());
    }
    let algorithms = supported.algorithms(dss.scheme)?;
    Ok(algorithms.get(..1).unwrap_or_default())
}

/// `spki` is what is inside a SubjectPublicKeyInfo, if there was one.
fn verify(
    message: &[u8],
    spki: Option<&[u8]>,
    dss: &DigitallySignedStruct,
    candidates: &[&'static dyn SignatureVerificationAlgorithm],
) -> Result<HandshakeSignatureValid, Error> {
    let (key_algorithm, key) = spki.and_then(split_content).ok_or(CertificateError::BadEncoding)?;
    let algorithm = candidates
        .iter()
        .find(|alg| alg.public_key_alg_id().as_ref() == key_algorithm)
        .ok_or_else(|| CertificateError::UnsupportedSignatureAlgorithmForPublicKeyContext {
            signature_algorithm_id: candidates
                .first()
                .map(|alg| alg.signature_alg_id().as_ref().to_vec())
                .unwrap_or_default(),
            public_key_algorithm_id: key_algorithm.to_vec(),
        })?;
    if key_algorithm == RSA_ENCRYPTION.as_ref() && !rsa_modulus_bits(key).is_some_and(acceptable_rsa_bits) {
        return Err(CertificateError::UnsupportedSignatureAlgorithmForPublicKeyContext {
            signature_algorithm_id: algorithm.signature_alg_id().as_ref().to_vec(),
            public_key_algorithm_id: key_algorithm.to_vec(),
        }
        .into());
    }
    algorithm.verify_signature(key, message, dss.signature()).map_err(|_| CertificateError::BadSignature)?;
    Ok(HandshakeSignatureValid::assertion())
}

/// The SubjectPublicKeyInfo of a certificate (RFC 5280 section 4.1), as it stands there.
///
/// It walks to it and looks at nothing else.
pub(crate) fn spki_of(cert: &CertificateDer<'_>) -> Result<SubjectPublicKeyInfoDer<'static>, Error> {
    Ok(spki_around(spki_content(cert).ok_or(CertificateError::BadEncoding)?))
}

/// The SubjectPublicKeyInfo that has `content` inside.
pub(crate) fn spki_around(content: &[u8]) -> SubjectPublicKeyInfoDer<'static> {
    der::element(der::SEQUENCE, &[content]).into()
}

/// What is inside the SEQUENCE of that SubjectPublicKeyInfo.
fn spki_content<'a>(cert: &'a CertificateDer<'_>) -> Option<&'a [u8]> {
    const VERSION: u8 = 0xa0;

    let mut tbs = der::take(&mut der::only(cert, der::SEQUENCE)?, der::SEQUENCE)?;
    if tbs.first() == Some(&VERSION) {
        der::take(&mut tbs, VERSION)?;
    }
    der::take(&mut tbs, der::INTEGER)?; // serialNumber
    der::take(&mut tbs, der::SEQUENCE)?; // signature
    der::take(&mut tbs, der::SEQUENCE)?; // issuer
    der::take(&mut tbs, der::SEQUENCE)?; // validity
    der::take(&mut tbs, der::SEQUENCE)?; // subject
    der::take(&mut tbs, der::SEQUENCE)
}

/// What a handshake of TLS 1.2 has to know of the key in a certificate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct CertifiedKeyType {
    /// `None`: one that TLS 1.2 does not know.
    pub(crate) algorithm: Option<SignatureAlgorithm>,
    /// Of a key for ECDSA, if it is one that has a number.
    pub(crate) curve: Option<NamedGroup>,
}

/// The type of the key in a certificate, or of a raw public key; `None` if it is neither.
pub(crate) fn key_type_of(cert: &CertificateDer<'_>) -> Option<CertifiedKeyType> {
    let algorithm = match SubjectPublicKeyInfo::parse(cert) {
        Ok(raw) => raw.algorithm_id(),
        Err(_) => der::take(&mut spki_content(cert)?, der::SEQUENCE)?,
    };
    let curves = [
        (alg_id::ECDSA_P256, NamedGroup::secp256r1),
        (alg_id::ECDSA_P384, NamedGroup::secp384r1),
        (alg_id::ECDSA_P521, NamedGroup::secp521r1),
    ];
    let curve = curves.into_iter().find(|(id, _)| id.as_ref() == algorithm).map(|(_, curve)| curve);
    let kinds = [
        (RSA_ENCRYPTION.as_ref(), SignatureAlgorithm::RSA),
        (ID_RSASSA_PSS, SignatureAlgorithm::RSA),
        (ID_EC_PUBLIC_KEY, SignatureAlgorithm::ECDSA),
        (alg_id::ED25519.as_ref(), SignatureAlgorithm::ED25519),
        (alg_id::ED448.as_ref(), SignatureAlgorithm::ED448),
    ];
    let kind = kinds.into_iter().find(|(id, _)| algorithm.starts_with(id));
    Some(CertifiedKeyType { algorithm: kind.map(|(_, algorithm)| algorithm), curve })
}

/// 1.2.840.113549.1.1.10, RFC 4055 section 1.2.
const ID_RSASSA_PSS: &[u8] = &[0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x0a];

/// 1.2.840.10045.2.1, RFC 5480 section 2.1.1.
pub(crate) const ID_EC_PUBLIC_KEY: &[u8] = &[0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01];

/// Algorithm (what is inside its SEQUENCE) and key of what is inside a SubjectPublicKeyInfo.
pub(crate) fn split_content(mut content: &[u8]) -> Option<(&[u8], &[u8])> {
    let algorithm = der::take(&mut content, der::SEQUENCE)?;
    let key = der::bytes_of_bits(der::only(content, der::BIT_STRING)?)?;
    Some((algorithm, key))
}

/// How many bits the modulus of an RSAPublicKey (RFC 8017 appendix A.1.1) has.
pub(crate) fn rsa_modulus_bits(key: &[u8]) -> Option<usize> {
    let modulus = der::take(&mut der::only(key, der::SEQUENCE)?, der::INTEGER)?;
    let [first, rest @ ..] = (match modulus {
        [0, rest @ ..] => rest,
        _ => modulus,
    }) else {
        return None;
    };
    let unused = usize::try_from(first.leading_zeros()).ok()?;
    rest.len().checked_add(1)?.checked_mul(8)?.checked_sub(unused)
}

/// Below 2048 bits RSA is weak; above 8192 a peer could make us spend seconds on one signature.
pub(crate) fn acceptable_rsa_bits(bits: usize) -> bool {
    (2048..=8192).contains(&bits)
}
