//! Bytes that wipe themselves.
//!
//! Every secret of a connection that is not inside a provider's own key object lives in a [`Secret`]. It has no
//! `Clone`: the one place that needs a copy says `duplicate()`, which stands out in review.

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
        // The length of nearly all: known to the compiler it is two moves, and no call.
        if let (Ok(usual), Some(to)) = (<&[u8; 32]>::try_from(bytes), secret.buf.first_chunk_mut()) {
            *to = *usual;
            return secret;
        }
        if let (Some(to), Some(from)) = (secret.buf.get_mut(..secret.used), bytes.get(..secret.used)) {
            to.copy_from_slice(from);
        }
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
}
