//! What a file may cost before it is refused.

/// The bounds of one reading.
pub(crate) struct Limits {
    /// Bytes of a file.
    pub(crate) file: usize,
    /// Rounds of a hash, for all that is encrypted in a file together.
    pub(crate) rounds: u64,
    /// Bytes of memory of scrypt, which is 128 r (N + p).
    pub(crate) scrypt_memory: u64,
}

impl Limits {
    pub(crate) const DEFAULT: Self = Self { file: FILE, rounds: ROUNDS, scrypt_memory: SCRYPT_MEMORY };

    /// Those of fuzz targets, which are to see many files a second.
    #[cfg(feature = "testing")]
    pub(crate) const SMALL: Self = Self { file: FILE, rounds: 4096, scrypt_memory: 1 << 20 };
}

/// All public roots of the web are a quarter of a MiB in PEM; a file of a hundred times that is none of certificates and keys.
const FILE: usize = 16 << 20;

/// Advice for PBKDF2 with SHA-256 is 600,000 (OWASP, 2023), and some tools write a million; PKCS#12 has three parts that each have a count.
/// Ten million take some seconds, which one who starts a program may wait. A count of RFC 8018 may be 2^32 and more.
const ROUNDS: u64 = 10_000_000;

/// The highest common advice, N = 2^17 with r = 8, takes 128 MiB. RFC 7914 has no bound.
const SCRYPT_MEMORY: u64 = 256 << 20;
