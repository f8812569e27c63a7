use alloc::vec;
use alloc::vec::Vec;
use core::sync::atomic::{AtomicUsize, Ordering};

use super::*;

/// Gives back what it gets, and counts.
#[derive(Debug, Default)]
struct Counting(AtomicUsize);

impl CertCompressor for Counting {
    fn compress(&self, input: Vec<u8>, level: CompressionLevel) -> Result<Vec<u8>, CompressionFailed> {
        let count = self.0.fetch_add(1, Ordering::Relaxed);
        match (input.as_slice(), level) {
            (b"never", _) => Err(CompressionFailed),
            (_, CompressionLevel::Amortized) => Ok(vec![1, count as u8]),
            (_, CompressionLevel::Interactive) => Ok(vec![0, count as u8]),
        }
    }

    fn algorithm(&self) -> CertificateCompressionAlgorithm {
        CertificateCompressionAlgorithm::Unknown(0x7777)
    }
}

#[test]
fn a_disabled_cache_compresses_each_time_and_quickly() {
    for cache in [CompressionCache::Disabled, CompressionCache::new(0)] {
        let compressor = Counting::default();
        assert_eq!(cache.compress(&compressor, b"a").unwrap(), [0, 0]);
        assert_eq!(cache.compress(&compressor, b"a").unwrap(), [0, 1]);
    }
}

#[test]
fn a_cache_compresses_once_and_well_and_forgets_the_oldest() {
    let (cache, compressor) = (CompressionCache::new(2), Counting::default());
    let made = |plain: &[u8]| cache.compress(&compressor, plain).unwrap();
    assert_eq!(
        (made(b"a"), made(b"a"), made(b"b"), made(b"a")),
        (vec![1, 0], vec![1, 0], vec![1, 1], vec![1, 0])
    );
    assert_eq!((made(b"c"), made(b"b"), made(b"a")), (vec![1, 2], vec![1, 1], vec![1, 3]));
    // What fails is not kept.
    assert!(cache.compress(&compressor, b"never").is_err() && cache.compress(&compressor, b"never").is_err());
    assert_eq!(compressor.0.load(Ordering::Relaxed), 6);
}

/// "certificate number 0; certificate number 1; ..." up to 39.
#[cfg(any(feature = "brotli", feature = "zlib"))]
fn plain() -> Vec<u8> {
    (0..40).flat_map(|n| alloc::format!("certificate number {n}; ").into_bytes()).collect()
}

#[cfg(any(feature = "brotli", feature = "zlib"))]
fn hex(text: &str) -> Vec<u8> {
    (0..text.len()).step_by(2).map(|at| u8::from_str_radix(&text[at..at + 2], 16).unwrap()).collect()
}

#[cfg(all(feature = "brotli", feature = "zlib"))]
#[test]
fn a_list_that_is_printed_says_which_they_are() {
    let shown = alloc::format!("{:?} {:?}", default_cert_compressors(), default_cert_decompressors());
    assert_eq!(shown, "[BrotliCompressor, ZlibCompressor] [BrotliDecompressor, ZlibDecompressor]");
}

/// A vector of another implementation, and all that may be wrong with it; then there and back again.
#[cfg(any(feature = "brotli", feature = "zlib"))]
fn both_ways(decompressor: &dyn CertDecompressor, compressor: &dyn CertCompressor, vector: &str) {
    assert_eq!(decompressor.algorithm(), compressor.algorithm());
    let (plain, packed) = (plain(), hex(vector));
    let into = |packed: &[u8], len: usize| {
        let mut out = vec![0; len];
        decompressor.decompress(packed, &mut out).map(|()| out)
    };
    assert_eq!(into(&packed, plain.len()).unwrap(), plain);
    for len in [0, 1, plain.len() - 1, plain.len() + 1, 2 * plain.len()] {
        assert!(into(&packed, len).is_err(), "{len} bytes announced");
    }
    for len in 0..packed.len() {
        assert!(into(&packed[..len], plain.len()).is_err(), "cut to {len}");
    }
    assert!(into(&[&packed[..], &[0]].concat(), plain.len()).is_err(), "a byte too many");

    for level in [CompressionLevel::Interactive, CompressionLevel::Amortized] {
        let bomb = compressor.compress(vec![0; 1 << 20], level).unwrap();
        assert!(bomb.len() < 2000, "{}", bomb.len());
        assert!(into(&bomb, 100 * 1024).is_err());
        for plain in [&plain[..], &[7], &[]] {
            let packed = compressor.compress(plain.to_vec(), level).unwrap();
            assert_eq!(into(&packed, plain.len()).unwrap(), plain);
        }
    }
}

// The vectors are from Node 20.20.2, whose `zlib` module has Google's brotli and Chromium's zlib.

#[test]
#[cfg(feature = "brotli")]
fn brotli_both_ways() {
    both_ways(
        BROTLI_DECOMPRESSOR,
        BROTLI_COMPRESSOR,
        "1b8d03208cd45ef94231914ec662e5868c00a1a81d00dce223269451e32f562f2c9c90f78047ffea45a3d96a77ba7b7afb36e85b0020\
         080c818681ed1bb000401018020d03db375001802030041a06f6de03"
            .replace(' ', "")
            .as_str(),
    );
    // RFC 7932 section 9.1: a window of 2^24 bytes is the largest there is; the extension for larger ones is not ours.
    assert!(BROTLI_DECOMPRESSOR.decompress(&[0x11, 0x1e, 0x06], &mut [0; 10]).is_err());
}

#[test]
#[cfg(feature = "zlib")]
fn zlib_both_ways() {
    let vector = "789c75d2c10d83300043d1553202b65b28629a360a520ef48060ff0ed09febbf3dd9b59d57df7b7d5fad7cefe3d3ce326da5fe576135d6\
         607d607d629db12e585f5857560c70ac13f3c43e31502c1413c5463152ac342b3dd8909566a55969569a9566a5596956869561650657\
         6565581956869561655899752b3f3fcc4038"
        .replace(' ', "");
    both_ways(ZLIB_DECOMPRESSOR, ZLIB_COMPRESSOR, &vector);
    let mut spoilt = hex(&vector);
    *spoilt.last_mut().unwrap() ^= 1;
    assert!(ZLIB_DECOMPRESSOR.decompress(&spoilt, &mut vec![0; plain().len()]).is_err(), "the checksum");
}

#[test]
fn the_defaults_are_those_of_the_features() {
    let built_in = usize::from(cfg!(feature = "brotli")) + usize::from(cfg!(feature = "zlib"));
    assert_eq!(default_cert_compressors().len(), built_in);
    assert_eq!(default_cert_decompressors().len(), built_in);
}
