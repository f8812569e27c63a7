//! The hashes by which certificates, keys and logs are named.

use chitin_pki::Digests;

use crate::crypto::CryptoProvider;
use crate::crypto::hash::{Hash, HashAlgorithm};
use crate::crypto::suites::SupportedCipherSuite;

/// SHA-256 of the provider, and SHA-1, which no provider has.
#[derive(Clone, Copy)]
pub(super) struct Hashes {
    sha256: &'static dyn Hash,
}

impl Hashes {
    /// `None` if no suite of the provider has SHA-256.
    pub(super) fn of(provider: &CryptoProvider) -> Option<Self> {
        let hashes = provider.cipher_suites.iter().map(|suite| match suite {
            SupportedCipherSuite::Tls12(suite) => suite.common.hash_provider,
            SupportedCipherSuite::Tls13(suite) => suite.common.hash_provider,
        });
        let sha256 = hashes.into_iter().find(|hash| hash.algorithm() == HashAlgorithm::SHA256)?;
        Some(Self { sha256 })
    }
}

impl Digests for Hashes {
    fn sha1(&self, data: &[u8]) -> [u8; 20] {
        sha1_smol::Sha1::from(data).digest().bytes()
    }

    fn sha256(&self, data: &[u8]) -> [u8; 32] {
        let output = self.sha256.hash(data);
        // A provider whose SHA-256 is of another length names nothing: zeros are the hash of nothing that is known.
        output.as_ref().try_into().unwrap_or([0; 32])
    }
}

impl core::fmt::Debug for Hashes {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("Hashes")
    }
}
