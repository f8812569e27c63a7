//! Ready-made choosers that show a raw public key. RFC 7250.

use alloc::sync::Arc;

use super::resolve::{ResolvesClientCert, ResolvesServerCert};
use super::server::ClientHello;
use crate::crypto::signer::CertifiedKey;
use crate::names::SignatureScheme;

/// Always shows servers the same raw public key (RFC 7250), and no certificate.
#[derive(Clone, Debug)]
pub struct AlwaysResolvesClientRawPublicKeys(Arc<CertifiedKey>);

impl AlwaysResolvesClientRawPublicKeys {
    /// Makes one for `certified_key`, which has one entry in place of a chain: the DER of a SubjectPublicKeyInfo, such as
    /// [`SigningKey::public_key`](crate::sign::SigningKey::public_key) gives.
    pub fn new(certified_key: Arc<CertifiedKey>) -> Self {
        Self(certified_key)
    }
}

impl ResolvesClientCert for AlwaysResolvesClientRawPublicKeys {
    fn resolve(&self, _: &[&[u8]], _: &[SignatureScheme]) -> Option<Arc<CertifiedKey>> {
        Some(Arc::clone(&self.0))
    }

    fn only_raw_public_keys(&self) -> bool {
        true
    }

    fn has_certs(&self) -> bool {
        true
    }
}

/// Always shows clients the same raw public key (RFC 7250), and no certificate.
#[derive(Clone, Debug)]
pub struct AlwaysResolvesServerRawPublicKeys(Arc<CertifiedKey>);

impl AlwaysResolvesServerRawPublicKeys {
    /// Makes one for `certified_key`, which has one entry in place of a chain: the DER of a SubjectPublicKeyInfo, such as
    /// [`SigningKey::public_key`](crate::sign::SigningKey::public_key) gives.
    pub fn new(certified_key: Arc<CertifiedKey>) -> Self {
        Self(certified_key)
    }
}

impl ResolvesServerCert for AlwaysResolvesServerRawPublicKeys {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(Arc::clone(&self.0))
    }

    fn only_raw_public_keys(&self) -> bool {
        true
    }
}
