//! Names for certificate compression (RFC 8879).
//!
//! The traits and the cache are what configs and applications name. No connection compresses or accepts a compressed
//! certificate yet, and no algorithm is built in: the default lists are empty and what an application puts into them
//! is not used.

use alloc::vec::Vec;
use core::fmt;

use crate::names::CertificateCompressionAlgorithm;

/// Returns the decompressors a new config starts with: none are built in yet.
pub fn default_cert_decompressors() -> &'static [&'static dyn CertDecompressor] {
    &[]
}

/// Returns the compressors a new config starts with: none are built in yet.
pub fn default_cert_compressors() -> &'static [&'static dyn CertCompressor] {
    &[]
}

/// Undoes the compression of a certificate message.
pub trait CertDecompressor: fmt::Debug + Send + Sync {
    /// Fills `output` from `input`; it has exactly the length that the peer announced.
    ///
    /// # Errors
    ///
    /// [`DecompressionFailed`] if `input` is not valid or does not give exactly `output.len()` bytes.
    fn decompress(&self, input: &[u8], output: &mut [u8]) -> Result<(), DecompressionFailed>;

    /// Returns the algorithm this handles.
    fn algorithm(&self) -> CertificateCompressionAlgorithm;
}

/// Compresses a certificate message.
pub trait CertCompressor: fmt::Debug + Send + Sync {
    /// Returns the compressed form of `input`.
    ///
    /// # Errors
    ///
    /// [`CompressionFailed`] if it cannot be compressed; it is then sent as it is.
    fn compress(&self, input: Vec<u8>, level: CompressionLevel) -> Result<Vec<u8>, CompressionFailed>;

    /// Returns the algorithm this handles.
    fn algorithm(&self) -> CertificateCompressionAlgorithm;
}

/// Says how much work a compression is worth.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CompressionLevel {
    /// The result is used once: prefer speed.
    Interactive,
    /// The result is kept and used many times: prefer size.
    Amortized,
}

/// Says that a certificate message could not be decompressed.
#[derive(Debug)]
pub struct DecompressionFailed;

/// Says that a certificate message could not be compressed.
#[derive(Debug)]
pub struct CompressionFailed;

/// Keeps compressed certificate messages for later handshakes.
#[derive(Debug)]
pub enum CompressionCache {
    /// Nothing is kept.
    Disabled,
    /// Up to a number of messages are kept.
    #[cfg(feature = "std")]
    Enabled(CompressionCacheInner),
}

/// The inside of an enabled [`CompressionCache`]. It holds only its bound until certificate compression is built.
#[cfg(feature = "std")]
pub struct CompressionCacheInner {
    size: usize,
}

impl CompressionCache {
    /// Makes a cache for `size` messages.
    #[cfg(feature = "std")]
    pub fn new(size: usize) -> Self {
        match size {
            0 => Self::Disabled,
            size => Self::Enabled(CompressionCacheInner { size }),
        }
    }
}

impl Default for CompressionCache {
    /// Room for four messages, enough for a certificate or two under each algorithm. Disabled without `std`.
    fn default() -> Self {
        #[cfg(feature = "std")]
        return Self::new(4);
        #[cfg(not(feature = "std"))]
        Self::Disabled
    }
}

#[cfg(feature = "std")]
impl fmt::Debug for CompressionCacheInner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CompressionCacheInner").field("size", &self.size).finish_non_exhaustive()
    }
}
