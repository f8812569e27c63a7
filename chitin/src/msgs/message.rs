//! A message of any type, outside record protection. A handshake message stays in bytes here.

use core::fmt;

use crate::names::{AlertDescription, AlertLevel, ProtocolVersion};

use super::base::Payload;

/// One message and the version of the record that it is or was in.
#[derive(Debug)]
pub struct Message<'a> {
    /// The version in the record header.
    pub version: ProtocolVersion,

    /// What it says.
    pub payload: MessagePayload<'a>,
}

/// What a message says.
#[derive(Debug)]
pub enum MessagePayload<'a> {
    /// Two bytes, RFC 8446 section 6.
    Alert(AlertLevel, AlertDescription),

    /// One or more handshake messages, or part of one.
    Handshake(Payload<'a>),

    /// The byte 1, RFC 8446 section 5.
    ChangeCipherSpec,

    /// Application data.
    ApplicationData(Payload<'a>),
}

/// Why bytes are no record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MessageError {
    /// The header is not all there.
    TooShortForHeader,
    /// The body is not all there.
    TooShortForLength,
    /// There is no body, and only application data may be empty. RFC 8446 section 5.1.
    InvalidEmptyPayload,
    /// The body is longer than a record may be. RFC 8446 section 5.2.
    MessageTooLarge,
    /// There is no such type.
    InvalidContentType,
    /// The version is of no TLS.
    UnknownProtocolVersion,
}

impl fmt::Display for MessageError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::TooShortForHeader => "the header of the record is not all there",
            Self::TooShortForLength => "the body of the record is not all there",
            Self::InvalidEmptyPayload => "a record without a body that has to have one",
            Self::MessageTooLarge => "the record is too long",
            Self::InvalidContentType => "a record of no known type",
            Self::UnknownProtocolVersion => "a record of no version of TLS",
        })
    }
}

impl core::error::Error for MessageError {}
