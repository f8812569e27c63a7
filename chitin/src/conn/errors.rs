//! Errors of writing into a slice of the caller's.

use core::fmt;

/// A slice of the caller's is too short.
#[derive(Clone, Copy, Debug)]
pub struct InsufficientSizeError {
    /// How long it has to be.
    pub required_size: usize,
}

/// Why plaintext could not be sealed.
#[derive(Debug)]
pub enum EncryptError {
    /// The slice is too short. Nothing was sealed.
    InsufficientSize(InsufficientSizeError),
    /// The key is used up.
    EncryptExhausted,
}

impl From<InsufficientSizeError> for EncryptError {
    fn from(error: InsufficientSizeError) -> Self {
        Self::InsufficientSize(error)
    }
}

impl fmt::Display for EncryptError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::InsufficientSize(InsufficientSizeError { required_size }) => {
                write!(f, "cannot encrypt due to insufficient size, {required_size} bytes are required")
            }
            Self::EncryptExhausted => f.write_str("encrypter has been exhausted (the key is used up)"),
        }
    }
}

impl core::error::Error for EncryptError {}

/// Why a record could not be encoded.
#[derive(Debug)]
pub enum EncodeError {
    /// The slice is too short. Nothing was encoded.
    InsufficientSize(InsufficientSizeError),
    /// It has been encoded before: it is in another slice of the caller's.
    AlreadyEncoded,
}

impl From<InsufficientSizeError> for EncodeError {
    fn from(error: InsufficientSizeError) -> Self {
        Self::InsufficientSize(error)
    }
}

impl fmt::Display for EncodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::InsufficientSize(InsufficientSizeError { required_size }) => {
                write!(f, "cannot encode due to insufficient size, {required_size} bytes are required")
            }
            Self::AlreadyEncoded => f.write_str("cannot encode, data has already been encoded"),
        }
    }
}

impl core::error::Error for EncodeError {}

/// Why early data could not be sealed. RFC 8446 section 4.2.10.
#[derive(Debug)]
pub enum EarlyDataError {
    /// It is more than the server takes. Nothing was sealed.
    ExceededAllowedEarlyData,
    /// It could not be sealed.
    Encrypt(EncryptError),
}

impl From<EncryptError> for EarlyDataError {
    fn from(error: EncryptError) -> Self {
        Self::Encrypt(error)
    }
}

impl fmt::Display for EarlyDataError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::ExceededAllowedEarlyData => {
                f.write_str("cannot send any more early data (the server takes no more)")
            }
            Self::Encrypt(error) => error.fmt(f),
        }
    }
}

impl core::error::Error for EarlyDataError {}
