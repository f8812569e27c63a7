//! Ready-made choosers that show a raw public key. RFC 7250.

use alloc::sync::Arc;

use super::hello::ClientHello;
use super::resolve::{ResolvesClientCert, ResolvesServerCert};
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
///
/// A client's verifier that takes it says so by
/// [`requires_raw_public_keys`](crate::client::danger::ServerCertVerifier::requires_raw_public_keys).
///
/// ```
/// # #[cfg(all(feature = "aws_lc_rs", feature = "std"))]
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # use std::sync::Arc;
/// # use chitin::ServerConfig;
/// # use chitin::crypto::aws_lc_rs::default_provider;
/// # use chitin::pki_types::{CertificateDer, PrivatePkcs8KeyDer};
/// # use chitin::server::AlwaysResolvesServerRawPublicKeys;
/// # use chitin::sign::CertifiedKey;
/// # let private = PrivatePkcs8KeyDer::from(&include_bytes!("../../testdata/config/server.key.der")[..]);
/// let key = default_provider().key_provider.load_private_key(private.into())?;
/// let public = CertificateDer::from(key.public_key().ok_or("no public half")?.to_vec());
/// let shown = Arc::new(CertifiedKey::new(vec![public], key));
/// let config = ServerConfig::builder()
///     .with_no_client_auth()
///     .with_cert_resolver(Arc::new(AlwaysResolvesServerRawPublicKeys::new(shown)));
/// # Ok(())
/// # }
/// # #[cfg(not(all(feature = "aws_lc_rs", feature = "std")))]
/// # fn main() {}
/// ```
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
