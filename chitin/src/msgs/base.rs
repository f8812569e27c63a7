//! Bytes that are borrowed or owned.

use alloc::vec::Vec;
use core::fmt;

/// The bytes of a message.
///
/// `Debug` prints the length only.
#[derive(Clone, Eq, PartialEq)]
pub enum Payload<'a> {
    /// Bytes of somebody else's.
    Borrowed(&'a [u8]),

    /// Bytes of its own.
    Owned(Vec<u8>),
}

impl<'a> Payload<'a> {
    /// Lends the bytes.
    pub fn bytes(&self) -> &[u8] {
        match self {
            Self::Borrowed(bytes) => bytes,
            Self::Owned(bytes) => bytes,
        }
    }

    /// Copies borrowed bytes, so that the result lives on its own.
    pub fn into_owned(self) -> Payload<'static> {
        Payload::Owned(self.into_vec())
    }

    /// Gives the bytes as a vector.
    pub fn into_vec(self) -> Vec<u8> {
        match self {
            Self::Borrowed(bytes) => bytes.to_vec(),
            Self::Owned(bytes) => bytes,
        }
    }
}

impl Payload<'static> {
    /// Takes owned bytes.
    pub fn new(bytes: impl Into<Vec<u8>>) -> Self {
        Self::Owned(bytes.into())
    }

    /// No bytes at all.
    pub fn empty() -> Self {
        Self::Borrowed(&[])
    }
}

impl fmt::Debug for Payload<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Payload({} bytes)", self.bytes().len())
    }
}
