//! The mock algorithms for certificates that the runner knows, too: each shows in the bytes that it was used.

use chitin::CertificateCompressionAlgorithm;
use chitin::compress::{
    CertCompressor, CertDecompressor, CompressionFailed, CompressionLevel, DecompressionFailed,
};
use chitin::crypto::aws_lc_rs::default_provider;

use crate::options::CertCompression;

#[derive(Debug)]
enum Mock {
    /// Leaves out the two zero bytes that every certificate message of a server begins with.
    Shrinking,
    /// Puts four bytes in front.
    Expanding,
    /// Puts one byte in front, another one each time.
    Random,
}

/// In the order in which the runner expects them to be installed.
const ALL: [&Mock; 3] = [&Mock::Expanding, &Mock::Shrinking, &Mock::Random];

const EXPANDED: &[u8] = &[1, 2, 3, 4];
const SHRUNK: &[u8] = &[0, 0];

fn installed(which: CertCompression) -> impl Iterator<Item = &'static Mock> {
    ALL.into_iter().filter(move |mock| match which {
        CertCompression::None => false,
        CertCompression::All => true,
        CertCompression::One(number) => mock.number() == number,
    })
}

pub fn compressors(which: CertCompression) -> Vec<&'static dyn CertCompressor> {
    installed(which).map(|mock| -> &dyn CertCompressor { mock }).collect()
}

pub fn decompressors(which: CertCompression) -> Vec<&'static dyn CertDecompressor> {
    installed(which).map(|mock| -> &dyn CertDecompressor { mock }).collect()
}

impl Mock {
    fn number(&self) -> u16 {
        match self {
            Self::Shrinking => 0xff01,
            Self::Expanding => 0xff02,
            Self::Random => 0xff03,
        }
    }
}

impl CertCompressor for Mock {
    fn compress(&self, input: Vec<u8>, _: CompressionLevel) -> Result<Vec<u8>, CompressionFailed> {
        match self {
            Self::Shrinking => input.strip_prefix(SHRUNK).map(<[u8]>::to_vec).ok_or(CompressionFailed),
            Self::Expanding => Ok([EXPANDED, &input].concat()),
            Self::Random => {
                let mut byte = [0];
                default_provider().secure_random.fill(&mut byte).map_err(|_| CompressionFailed)?;
                Ok([&byte[..], &input].concat())
            }
        }
    }

    fn algorithm(&self) -> CertificateCompressionAlgorithm {
        self.number().into()
    }
}

impl CertDecompressor for Mock {
    fn decompress(&self, input: &[u8], output: &mut [u8]) -> Result<(), DecompressionFailed> {
        let (prefix, rest): (&[u8], _) = match self {
            Self::Shrinking => (SHRUNK, Some(input)),
            Self::Expanding => (&[], input.strip_prefix(EXPANDED)),
            Self::Random => (&[], input.split_first().map(|(_, rest)| rest)),
        };
        let whole = [prefix, rest.ok_or(DecompressionFailed)?].concat();
        if whole.len() != output.len() {
            return Err(DecompressionFailed);
        }
        output.copy_from_slice(&whole);
        Ok(())
    }

    fn algorithm(&self) -> CertificateCompressionAlgorithm {
        self.number().into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_mock_undoes_itself_and_only_to_the_announced_length() {
        let message = [0, 0, 7, 8];
        for mock in ALL {
            let small = mock.compress(message.to_vec(), CompressionLevel::Interactive).unwrap();
            assert_ne!(small, message);
            let mut back = [9; 4];
            mock.decompress(&small, &mut back).unwrap();
            assert_eq!(back, message);
            assert!(mock.decompress(&small, &mut [9; 5]).is_err());
        }
        assert!(Mock::Shrinking.compress(vec![1, 2], CompressionLevel::Interactive).is_err());
        assert_eq!(compressors(CertCompression::One(0xff01)).len(), 1);
    }
}
