//! Hash functions as a provider implements them.

use alloc::boxed::Box;

use crate::secret::copy;

pub use crate::names::HashAlgorithm;

/// A hash function.
pub trait Hash: Send + Sync {
    /// Starts hashing piece by piece.
    fn start(&self) -> Box<dyn Context>;

    /// Hashes `data` at once.
    fn hash(&self, data: &[u8]) -> Output;

    /// The length of the output, in bytes.
    fn output_len(&self) -> usize;

    /// Which hash function this is.
    fn algorithm(&self) -> HashAlgorithm;

    /// Whether this is a FIPS-approved implementation.
    fn fips(&self) -> bool {
        false
    }
}

/// A hash computation under way.
pub trait Context: Send + Sync {
    /// Gives the hash of what has been seen, and goes on.
    fn fork_finish(&self) -> Output;

    /// Makes a second computation that has seen the same.
    fn fork(&self) -> Box<dyn Context>;

    /// Gives the hash of what has been seen.
    fn finish(self: Box<Self>) -> Output;

    /// Hashes `data` too.
    fn update(&mut self, data: &[u8]);
}

/// A hash value.
pub struct Output {
    buf: [u8; Self::MAX_LEN],
    used: usize,
}

impl Output {
    /// The longest hash value in use (SHA-512).
    pub const MAX_LEN: usize = 64;

    /// Copies a hash value; whatever is beyond [`Self::MAX_LEN`] is cut.
    pub fn new(bytes: &[u8]) -> Self {
        let mut output = Self { buf: [0; Self::MAX_LEN], used: bytes.len().min(Self::MAX_LEN) };
        copy(bytes, &mut output.buf);
        output
    }
}

impl AsRef<[u8]> for Output {
    fn as_ref(&self) -> &[u8] {
        self.buf.get(..self.used).unwrap_or_default()
    }
}
