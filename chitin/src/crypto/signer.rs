//! Private keys: what signs a handshake, and the certificate chain that belongs to it.

use alloc::boxed::Box;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::fmt;

use pki_types::{AlgorithmIdentifier, CertificateDer, PrivateKeyDer, SubjectPublicKeyInfoDer};

use super::{CryptoProvider, der, verify};
use crate::error::{Error, InconsistentKeys};
use crate::names::{SignatureAlgorithm, SignatureScheme};

/// A private key, which may live anywhere.
pub trait SigningKey: fmt::Debug + Send + Sync {
    /// Chooses a scheme among those `offered`, and gives what signs with it; `None` if none of them suits the key.
    fn choose_scheme(&self, offered: &[SignatureScheme]) -> Option<Box<dyn Signer>>;

    /// The public half, if it is known.
    fn public_key(&self) -> Option<SubjectPublicKeyInfoDer<'_>> {
        None
    }

    /// What kind of key this is.
    fn algorithm(&self) -> SignatureAlgorithm;
}

/// Signs with one scheme.
pub trait Signer: fmt::Debug + Send + Sync {
    /// Signs `message`, which is not hashed yet.
    ///
    /// # Errors
    /// If the provider or the place of the key fails.
    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, Error>;

    /// The scheme it signs with.
    fn scheme(&self) -> SignatureScheme;
}

/// A certificate chain with its private key.
#[derive(Clone, Debug)]
pub struct CertifiedKey {
    /// The chain, the end entity's certificate first; or one raw public key (RFC 7250).
    pub cert: Vec<CertificateDer<'static>>,

    /// The private key of the first certificate.
    pub key: Arc<dyn SigningKey>,

    /// An OCSP response about the first certificate.
    pub ocsp: Option<Vec<u8>>,
}

impl CertifiedKey {
    /// Loads the private key `key` with `provider` and checks that it belongs to the first certificate of
    /// `cert_chain`.
    ///
    /// # Errors
    /// If there is no certificate, the key cannot be loaded, or the two do not belong together. A key whose public half
    /// is not known passes.
    pub fn from_der(
        cert_chain: Vec<CertificateDer<'static>>,
        key: PrivateKeyDer<'static>,
        provider: &CryptoProvider,
    ) -> Result<Self, Error> {
        let certified = Self::new(cert_chain, provider.key_provider.load_private_key(key)?);
        match certified.keys_match() {
            Ok(()) | Err(Error::InconsistentKeys(InconsistentKeys::Unknown)) => Ok(certified),
            Err(error) => Err(error),
        }
    }

    /// Puts chain and key together without looking at either.
    pub fn new(cert: Vec<CertificateDer<'static>>, key: Arc<dyn SigningKey>) -> Self {
        Self { cert, key, ocsp: None }
    }

    /// Checks that the first certificate has this key.
    ///
    /// # Errors
    /// [`InconsistentKeys::Unknown`] if the public half of the key is not known, [`InconsistentKeys::KeyMismatch`] if
    /// the two differ, and others if there is no readable certificate.
    pub fn keys_match(&self) -> Result<(), Error> {
        let Some(ours) = self.key.public_key() else {
            return Err(InconsistentKeys::Unknown.into());
        };
        let shown = self.end_entity_cert()?;
        let certified = match verify::raw_public_key(shown) {
            Some(raw) => raw,
            None => verify::spki_of(shown)?,
        };
        if certified.as_ref() != ours.as_ref() {
            return Err(InconsistentKeys::KeyMismatch.into());
        }
        Ok(())
    }

    /// The first certificate.
    ///
    /// # Errors
    /// [`Error::NoCertificatesPresented`] if there is none.
    pub fn end_entity_cert(&self) -> Result<&CertificateDer<'_>, Error> {
        self.cert.first().ok_or(Error::NoCertificatesPresented)
    }
}

/// Encodes a public key as a SubjectPublicKeyInfo (RFC 5280 section 4.1).
pub fn public_key_to_spki(
    alg_id: &AlgorithmIdentifier,
    public_key: impl AsRef<[u8]>,
) -> SubjectPublicKeyInfoDer<'static> {
    // An `AlgorithmIdentifier` of pki-types is what is inside the SEQUENCE. No bits of the last byte are unused.
    let algorithm = der::element(der::SEQUENCE, &[alg_id.as_ref()]);
    let key = der::element(der::BIT_STRING, &[&[0], public_key.as_ref()]);
    der::element(der::SEQUENCE, &[&algorithm, &key]).into()
}
