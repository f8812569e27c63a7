//! Zlib, RFC 1950.

use alloc::boxed::Box;
use alloc::vec::Vec;

use miniz_oxide::deflate::compress_to_vec_zlib;
use miniz_oxide::inflate::TINFLStatus;
use miniz_oxide::inflate::core::{DecompressorOxide, decompress, inflate_flags};

use super::{CertCompressor, CertDecompressor, CompressionFailed, CompressionLevel, DecompressionFailed};
use crate::names::CertificateCompressionAlgorithm;

#[derive(Debug)]
pub(super) struct ZlibDecompressor;

impl CertDecompressor for ZlibDecompressor {
    /// The whole input gives exactly the output, with the right checksum, or it is refused.
    fn decompress(&self, input: &[u8], output: &mut [u8]) -> Result<(), DecompressionFailed> {
        let flags = inflate_flags::TINFL_FLAG_PARSE_ZLIB_HEADER
            | inflate_flags::TINFL_FLAG_USING_NON_WRAPPING_OUTPUT_BUF;
        // Some 10 KiB, too much for a stack that may be small.
        let mut state = Box::<DecompressorOxide>::default();
        match decompress(&mut state, input, output, 0, flags) {
            (TINFLStatus::Done, read, written) if read == input.len() && written == output.len() => Ok(()),
            _ => Err(DecompressionFailed),
        }
    }

    fn algorithm(&self) -> CertificateCompressionAlgorithm {
        CertificateCompressionAlgorithm::Zlib
    }
}

#[derive(Debug)]
pub(super) struct ZlibCompressor;

impl CertCompressor for ZlibCompressor {
    fn compress(&self, input: Vec<u8>, level: CompressionLevel) -> Result<Vec<u8>, CompressionFailed> {
        let level = match level {
            CompressionLevel::Interactive => 6,
            CompressionLevel::Amortized => 9,
        };
        Ok(compress_to_vec_zlib(&input, level))
    }

    fn algorithm(&self) -> CertificateCompressionAlgorithm {
        CertificateCompressionAlgorithm::Zlib
    }
}
