//! Compressed certificate messages that are kept: a few, by the very bytes they were made of.

use alloc::vec::Vec;
use core::fmt;

use super::{CertCompressor, CompressionFailed, CompressionLevel};
use crate::config::lock::Mutex;
use crate::config::shards::Sharded;

/// The inside of an enabled [`CompressionCache`](super::CompressionCache).
pub struct CompressionCacheInner {
    size: usize,
    /// By algorithm and message. What is kept is what the config's own certificates gave: no peer puts anything here, save
    /// that it chooses among the algorithms and asks for an OCSP response or not.
    kept: Sharded<Vec<u8>, Vec<u8>>,
}

impl CompressionCacheInner {
    pub(super) fn new(size: usize) -> Self {
        Self { size, kept: Sharded::new(size, Mutex::new) }
    }

    /// Two threads may make the same at the same time; nobody waits for a compressor.
    pub(super) fn compress(
        &self,
        compressor: &dyn CertCompressor,
        plain: &[u8],
    ) -> Result<Vec<u8>, CompressionFailed> {
        let key = [&compressor.algorithm().to_array()[..], plain].concat();
        if let Some(kept) = self.kept.lock(&key).and_then(|kept| kept.get(&key).cloned()) {
            return Ok(kept);
        }
        let made = compressor.compress(plain.to_vec(), CompressionLevel::Amortized)?;
        if let Some(mut kept) = self.kept.lock(&key) {
            kept.insert(key, made.clone());
        }
        Ok(made)
    }
}

impl fmt::Debug for CompressionCacheInner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CompressionCacheInner").field("size", &self.size).finish_non_exhaustive()
    }
}
