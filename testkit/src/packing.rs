//! Certificate compression that compresses nothing, under any number: for tests that are about the protocol, not about
//! algorithms. It needs no feature of the library.

use chitin::CertificateCompressionAlgorithm;
use chitin::compress::{
    CertCompressor, CertDecompressor, CompressionFailed, CompressionLevel, DecompressionFailed,
};

/// A pair of algorithms with this number: a byte is put in front, and taken away again.
#[derive(Debug)]
pub struct Packing(pub u16);

/// The byte in front.
pub const MARK: u8 = 0x5a;

/// Two of them.
pub static FIRST: Packing = Packing(0x7a01);
pub static SECOND: Packing = Packing(0x7a02);

impl CertCompressor for Packing {
    fn compress(&self, mut input: Vec<u8>, _: CompressionLevel) -> Result<Vec<u8>, CompressionFailed> {
        input.insert(0, MARK);
        Ok(input)
    }

    fn algorithm(&self) -> CertificateCompressionAlgorithm {
        self.0.into()
    }
}

impl CertDecompressor for Packing {
    fn decompress(&self, input: &[u8], output: &mut [u8]) -> Result<(), DecompressionFailed> {
        match input {
            [MARK, rest @ ..] if rest.len() == output.len() => {
                output.copy_from_slice(rest);
                Ok(())
            }
            _ => Err(DecompressionFailed),
        }
    }

    fn algorithm(&self) -> CertificateCompressionAlgorithm {
        self.0.into()
    }
}

/// Cannot.
#[derive(Debug)]
pub struct Broken(pub u16);

impl CertCompressor for Broken {
    fn compress(&self, _: Vec<u8>, _: CompressionLevel) -> Result<Vec<u8>, CompressionFailed> {
        Err(CompressionFailed)
    }

    fn algorithm(&self) -> CertificateCompressionAlgorithm {
        self.0.into()
    }
}
