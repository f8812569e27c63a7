//! HMAC (RFC 2104) as a provider implements it.

use alloc::boxed::Box;

use crate::secret::Secret;

/// HMAC over one hash function.
pub trait Hmac: Send + Sync {
    /// Takes a key.
    fn with_key(&self, key: &[u8]) -> Box<dyn Key>;

    /// The length of the hash function's output.
    fn hash_output_len(&self) -> usize;

    /// Whether this is a FIPS-approved implementation.
    fn fips(&self) -> bool {
        false
    }
}

/// HMAC with a key.
pub trait Key: Send + Sync {
    /// Computes the tag over the concatenation of `data`.
    fn sign(&self, data: &[&[u8]]) -> Tag {
        self.sign_concat(&[], data, &[])
    }

    /// Computes the tag over `first`, then all of `middle`, then `last`.
    fn sign_concat(&self, first: &[u8], middle: &[&[u8]], last: &[u8]) -> Tag;

    /// The length of the tag.
    fn tag_len(&self) -> usize;
}

/// An HMAC tag. Tags are used as keys too, so it is wiped on drop.
pub struct Tag {
    secret: Secret,
}

impl Tag {
    /// The longest tag in use (over SHA-512).
    pub const MAX_LEN: usize = Secret::MAX_LEN;

    /// Copies a tag; whatever is beyond [`Self::MAX_LEN`] is cut.
    pub fn new(bytes: &[u8]) -> Self {
        Self { secret: Secret::new(bytes) }
    }

    /// Compares in time that depends on the lengths only.
    pub(crate) fn matches(&self, other: &[u8]) -> bool {
        self.secret.matches(other)
    }
}

impl Clone for Tag {
    fn clone(&self) -> Tag {
        Self { secret: self.secret.duplicate() }
    }
}

// Said out loud, as 0.23 does. What is inside would see to it as well.
impl Drop for Tag {
    fn drop(&mut self) {
        self.secret.wipe();
    }
}

impl AsRef<[u8]> for Tag {
    fn as_ref(&self) -> &[u8] {
        self.secret.as_bytes()
    }
}
