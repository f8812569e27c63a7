//! Brotli, RFC 7932.

use alloc::vec::Vec;

use brotli::enc::BrotliEncoderParams;
use brotli::{BrotliCompress, BrotliDecompressStream, BrotliResult, BrotliState, HeapAlloc, HuffmanCode};

use super::{CertCompressor, CertDecompressor, CompressionFailed, CompressionLevel, DecompressionFailed};
use crate::names::CertificateCompressionAlgorithm;

#[derive(Debug)]
pub(super) struct BrotliDecompressor;

impl CertDecompressor for BrotliDecompressor {
    /// The whole input gives exactly the output, or it is refused. Nothing is written behind the output.
    fn decompress(&self, input: &[u8], output: &mut [u8]) -> Result<(), DecompressionFailed> {
        let mut state =
            BrotliState::new(HeapAlloc::new(0), HeapAlloc::new(0), HeapAlloc::new(HuffmanCode::default()));
        let (mut left, mut read, mut room, mut written, mut total) = (input.len(), 0, output.len(), 0, 0);
        let result = BrotliDecompressStream(
            &mut left,
            &mut read,
            input,
            &mut room,
            &mut written,
            output,
            &mut total,
            &mut state,
        );
        match (result, left, room) {
            (BrotliResult::ResultSuccess, 0, 0) => Ok(()),
            _ => Err(DecompressionFailed),
        }
    }

    fn algorithm(&self) -> CertificateCompressionAlgorithm {
        CertificateCompressionAlgorithm::Brotli
    }
}

#[derive(Debug)]
pub(super) struct BrotliCompressor;

impl CertCompressor for BrotliCompressor {
    fn compress(&self, input: Vec<u8>, level: CompressionLevel) -> Result<Vec<u8>, CompressionFailed> {
        let quality = match level {
            CompressionLevel::Interactive => 4,
            CompressionLevel::Amortized => 11,
        };
        // A window of 2^16 bytes: chains are rarely longer, and the peer has to make room for what we declare.
        let params = BrotliEncoderParams { quality, lgwin: 16, size_hint: input.len(), ..Default::default() };
        let mut out = Vec::new();
        BrotliCompress(&mut input.as_slice(), &mut out, &params).map_err(|_| CompressionFailed)?;
        Ok(out)
    }

    fn algorithm(&self) -> CertificateCompressionAlgorithm {
        CertificateCompressionAlgorithm::Brotli
    }
}
