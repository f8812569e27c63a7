//! Certificate compression (RFC 8879): algorithms, and the cache of what they made.
//!
//! It owns the traits that configs and applications name, the built-in algorithms behind the features `brotli` and `zlib`, and
//! the cache. When to compress, and how much a peer's certificate may grow, is for `flow/certs.rs` to say.

#[cfg(feature = "brotli")]
mod brotli;
#[cfg(feature = "std")]
mod cache;
#[cfg(test)]
#[cfg(feature = "std")]
mod tests;
#[cfg(feature = "zlib")]
mod zlib;

use alloc::vec::Vec;
use core::fmt;

use crate::names::CertificateCompressionAlgorithm;

#[cfg(feature = "std")]
pub use cache::CompressionCacheInner;

/// Decompresses brotli, with the feature of that name. RFC 7932.
///
/// Beside its output it takes the memory of the window that the peer's stream declares, at most 16 MiB, while it runs.
#[cfg(feature = "brotli")]
pub const BROTLI_DECOMPRESSOR: &dyn CertDecompressor = &brotli::BrotliDecompressor;

/// Compresses with brotli, with the feature of that name. RFC 7932.
#[cfg(feature = "brotli")]
pub const BROTLI_COMPRESSOR: &dyn CertCompressor = &brotli::BrotliCompressor;

/// Decompresses zlib, with the feature of that name. RFC 1950.
#[cfg(feature = "zlib")]
pub const ZLIB_DECOMPRESSOR: &dyn CertDecompressor = &zlib::ZlibDecompressor;

/// Compresses with zlib, with the feature of that name. RFC 1950.
#[cfg(feature = "zlib")]
pub const ZLIB_COMPRESSOR: &dyn CertCompressor = &zlib::ZlibCompressor;

/// Returns the decompressors a new config starts with: those of the features `brotli` and `zlib`, best first. Neither is a
/// default feature.
pub fn default_cert_decompressors() -> &'static [&'static dyn CertDecompressor] {
    &[
        #[cfg(feature = "brotli")]
        BROTLI_DECOMPRESSOR,
        #[cfg(feature = "zlib")]
        ZLIB_DECOMPRESSOR,
    ]
}

/// Returns the compressors a new config starts with: those of the features `brotli` and `zlib`, best first. Neither is a
/// default feature.
pub fn default_cert_compressors() -> &'static [&'static dyn CertCompressor] {
    &[
        #[cfg(feature = "brotli")]
        BROTLI_COMPRESSOR,
        #[cfg(feature = "zlib")]
        ZLIB_COMPRESSOR,
    ]
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
    /// Up to a number of messages are kept; the oldest goes first. More than 64 are kept in parts, and the oldest of its part goes.
    #[cfg(feature = "std")]
    Enabled(CompressionCacheInner),
}

impl CompressionCache {
    /// Makes a cache for `size` messages, each kept with its compressed form. With none it is disabled.
    #[cfg(feature = "std")]
    pub fn new(size: usize) -> Self {
        match size {
            0 => Self::Disabled,
            size => Self::Enabled(CompressionCacheInner::new(size)),
        }
    }

    /// The compressed form of `plain`, kept from before or made now.
    pub(crate) fn compress(
        &self,
        compressor: &dyn CertCompressor,
        plain: &[u8],
    ) -> Result<Vec<u8>, CompressionFailed> {
        match self {
            Self::Disabled => compressor.compress(plain.to_vec(), CompressionLevel::Interactive),
            #[cfg(feature = "std")]
            Self::Enabled(inner) => inner.compress(compressor, plain),
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
