//! Bytes that wipe themselves.
//!
//! Every secret of a connection that is not inside a provider's own key object lives in a [`Secret`]. It has no
//! `Clone`: the one place that needs a copy says `duplicate()`, which stands out in review. What is needed within one step
//! lies in a [`Scratch`].

use alloc::vec::Vec;
use core::fmt;

use subtle::ConstantTimeEq;
use zeroize::Zeroize;

/// Up to 64 bytes that are wiped on drop, compared in constant time and never printed.
pub(crate) struct Secret {
    buf: [u8; Self::MAX_LEN],
    used: usize,
}

impl Secret {
    /// The longest hash output in use (SHA-512) bounds every secret of TLS 1.3 and 1.2.
    pub(crate) const MAX_LEN: usize = 64;

    /// Copies `bytes`; whatever is beyond [`Self::MAX_LEN`] is cut, which no caller of ours reaches.
    pub(crate) fn new(bytes: &[u8]) -> Self {
        let mut secret = Self { buf: [0; Self::MAX_LEN], used: bytes.len().min(Self::MAX_LEN) };
        copy(bytes, &mut secret.buf);
        secret
    }

    /// Has `fill` write `len` bytes where they are going to stay; whatever is beyond [`Self::MAX_LEN`] is cut.
    pub(crate) fn filled(len: usize, fill: impl FnOnce(&mut [u8])) -> Self {
        let mut secret = Self { buf: [0; Self::MAX_LEN], used: len.min(Self::MAX_LEN) };
        fill(secret.buf.get_mut(..secret.used).unwrap_or_default());
        secret
    }

    pub(crate) fn as_bytes(&self) -> &[u8] {
        self.buf.get(..self.used).unwrap_or_default()
    }

    /// A second copy, wiped like the first.
    pub(crate) fn duplicate(&self) -> Self {
        Self::new(self.as_bytes())
    }

    /// Makes it zeros, before its end.
    pub(crate) fn wipe(&mut self) {
        // As a slice, which `zeroize` fills at once: an array it would go through byte by byte.
        self.buf.as_mut_slice().zeroize();
    }

    /// Compares in time that depends on the lengths only.
    pub(crate) fn matches(&self, other: &[u8]) -> bool {
        self.as_bytes().ct_eq(other).into()
    }
}

impl Drop for Secret {
    fn drop(&mut self) {
        self.wipe();
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Secret({} bytes)", self.used)
    }
}

/// Zeros to be written over within one step, as many as it asks for, wiped on drop.
pub(crate) struct Scratch {
    usual: [u8; Self::USUAL],
    longer: Vec<u8>,
    len: usize,
}

impl Scratch {
    /// No part of the protocol needs more: the block of a hash of 48 bytes with a label and both randoms has 125, all keys of a connection
    /// have 96. More takes memory of its own.
    const USUAL: usize = 128;

    pub(crate) fn new(len: usize) -> Self {
        let mut longer = Vec::new();
        if len > Self::USUAL {
            longer.resize(len, 0);
        }
        Self { usual: [0; Self::USUAL], longer, len }
    }

    pub(crate) fn as_mut_slice(&mut self) -> &mut [u8] {
        match self.usual.get_mut(..self.len) {
            Some(usual) => usual,
            None => &mut self.longer,
        }
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        self.as_mut_slice().zeroize();
    }
}

/// Copies as many bytes as both have.
pub(crate) fn copy(from: &[u8], to: &mut [u8]) {
    // The length of nearly all secrets: known to the compiler it is two moves, and no call.
    match (<&[u8; 32]>::try_from(from), to.first_chunk_mut()) {
        (Ok(from), Some(to)) => *to = *from,
        _ => copy_any(from, to),
    }
}

/// In a function of its own: beside the moves the compiler would make one call of both.
#[inline(never)]
fn copy_any(from: &[u8], to: &mut [u8]) {
    let len = from.len().min(to.len());
    if let (Some(from), Some(to)) = (from.get(..len), to.get_mut(..len)) {
        to.copy_from_slice(from);
    }
}

#[cfg(test)]
mod tests {
    use alloc::format;

    use super::*;

    #[test]
    fn keeps_compares_and_never_prints() {
        let secret = Secret::new(b"sixteen bytes ok");
        assert_eq!(secret.as_bytes(), b"sixteen bytes ok");
        assert!(secret.matches(b"sixteen bytes ok"));
        assert!(!secret.matches(b"sixteen bytes oK"));
        assert!(!secret.matches(b"sixteen bytes o"));
        assert!(secret.duplicate().matches(secret.as_bytes()));
        assert_eq!(format!("{secret:?}"), "Secret(16 bytes)");
    }

    #[test]
    fn a_secret_is_filled_up_to_what_it_holds() {
        assert!(Secret::filled(12, |out| out.fill(7)).matches(&[7; 12]));
        assert!(Secret::filled(65, |out| out.fill(7)).matches(&[7; 64]));
    }

    #[test]
    fn a_scratch_has_the_length_that_was_asked_for() {
        for len in [0, 1, 128, 129, 70_000] {
            let mut scratch = Scratch::new(len);
            assert!(
                scratch.as_mut_slice().len() == len && scratch.as_mut_slice().iter().all(|byte| *byte == 0)
            );
        }
    }

    #[test]
    fn as_much_is_copied_as_both_have() {
        for (from, to) in [(32, 32), (32, 40), (32, 20), (5, 9), (9, 5), (0, 3), (3, 0)] {
            let (source, mut target) = ([7; 64], [0; 64]);
            copy(&source[..from], &mut target[..to]);
            let both = from.min(to);
            assert_eq!((&target[..both], &target[both..]), (&source[..both], &[0; 64][both..]));
        }
    }
}
