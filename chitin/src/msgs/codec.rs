//! Reading and writing one value of the wire, as 0.23's public types can.

use alloc::vec::Vec;
use core::fmt::Debug;

use crate::error::InvalidMessage;
use crate::names::{
    AlertDescription, AlertLevel, CertificateCompressionAlgorithm, CertificateType, CipherSuite, ContentType,
    DistinguishedName, HandshakeType, HashAlgorithm, NamedGroup, ProtocolVersion, SignatureAlgorithm,
    SignatureScheme,
};

/// A cursor over borrowed bytes.
#[derive(Debug)]
pub struct Reader<'a> {
    all: &'a [u8],
    used: usize,
}

impl<'a> Reader<'a> {
    /// Begins at the front.
    pub fn init(bytes: &'a [u8]) -> Self {
        Self { all: bytes, used: 0 }
    }

    /// Takes the next `length` bytes, if there are so many.
    pub fn take(&mut self, length: usize) -> Option<&'a [u8]> {
        let taken = self.all.get(self.used..)?.get(..length)?;
        self.used = self.used.saturating_add(length);
        Some(taken)
    }

    /// Takes all that is left.
    pub fn rest(&mut self) -> &'a [u8] {
        let rest = self.all.get(self.used..).unwrap_or_default();
        self.used = self.all.len();
        rest
    }

    /// Begins anew with the next `length` bytes.
    ///
    /// # Errors
    ///
    /// There are fewer.
    pub fn sub(&mut self, length: usize) -> Result<Self, InvalidMessage> {
        self.take(length).map(Self::init).ok_or(InvalidMessage::MessageTooShort)
    }

    /// How many bytes have been taken.
    pub fn used(&self) -> usize {
        self.used
    }

    /// How many bytes are left.
    pub fn left(&self) -> usize {
        self.all.len().saturating_sub(self.used)
    }

    /// Whether bytes are left.
    pub fn any_left(&self) -> bool {
        self.left() > 0
    }

    /// Checks that all has been taken. `name` is what was read.
    ///
    /// # Errors
    ///
    /// Bytes are left.
    pub fn expect_empty(&self, name: &'static str) -> Result<(), InvalidMessage> {
        match self.any_left() {
            true => Err(InvalidMessage::TrailingData(name)),
            false => Ok(()),
        }
    }
}

/// Something with one form on the wire.
pub trait Codec<'a>: Debug + Sized {
    /// Appends the form to `bytes`.
    fn encode(&self, bytes: &mut Vec<u8>);

    /// Reads a value from the front.
    ///
    /// # Errors
    ///
    /// There is none.
    fn read(r: &mut Reader<'a>) -> Result<Self, InvalidMessage>;

    /// Returns the form.
    fn get_encoding(&self) -> Vec<u8> {
        let mut bytes = Vec::new();
        self.encode(&mut bytes);
        bytes
    }

    /// Reads a value that takes all of `bytes`.
    ///
    /// # Errors
    ///
    /// There is none, or there is something behind it.
    fn read_bytes(bytes: &'a [u8]) -> Result<Self, InvalidMessage> {
        let mut r = Reader::init(bytes);
        let value = Self::read(&mut r)?;
        r.expect_empty("read_bytes").map(|()| value)
    }
}

macro_rules! numbers {
    ($($name:ident: $int:ident;)*) => { $(
        impl Codec<'_> for $name {
            fn encode(&self, bytes: &mut Vec<u8>) {
                bytes.extend_from_slice(&self.to_array());
            }

            fn read(r: &mut Reader<'_>) -> Result<Self, InvalidMessage> {
                let number = r.take(size_of::<$int>()).and_then(|bytes| bytes.try_into().ok());
                let number = number.ok_or(InvalidMessage::MissingData(stringify!($name)))?;
                Ok(Self::from($int::from_be_bytes(number)))
            }
        }
    )* };
}

numbers! {
    AlertDescription: u8;
    AlertLevel: u8;
    CertificateCompressionAlgorithm: u16;
    CertificateType: u8;
    CipherSuite: u16;
    ContentType: u8;
    HandshakeType: u8;
    HashAlgorithm: u8;
    NamedGroup: u16;
    ProtocolVersion: u16;
    SignatureAlgorithm: u8;
    SignatureScheme: u16;
}

macro_rules! integers {
    ($($int:ident)*) => { $(
        impl Codec<'_> for $int {
            fn encode(&self, bytes: &mut Vec<u8>) {
                bytes.extend_from_slice(&self.to_be_bytes());
            }

            fn read(r: &mut Reader<'_>) -> Result<Self, InvalidMessage> {
                let number = r.take(size_of::<$int>()).and_then(|bytes| bytes.try_into().ok());
                number.map($int::from_be_bytes).ok_or(InvalidMessage::MissingData(stringify!($int)))
            }
        }
    )* };
}

integers! { u8 u16 u32 u64 }

/// `opaque DistinguishedName<1..2^16-1>`, RFC 8446 section 4.2.4.
impl Codec<'_> for DistinguishedName {
    fn encode(&self, bytes: &mut Vec<u8>) {
        write_prefixed(self.as_ref(), bytes);
    }

    fn read(r: &mut Reader<'_>) -> Result<Self, InvalidMessage> {
        match read_prefixed(r, "DistinguishedName")? {
            [] => Err(InvalidMessage::IllegalEmptyList("DistinguishedName")),
            name => Ok(Self::from(name.to_vec())),
        }
    }
}

/// Appends `body` behind its length in two bytes. What does not fit there is cut: nothing of ours is so long.
pub(crate) fn write_prefixed(body: &[u8], bytes: &mut Vec<u8>) {
    let len = u16::try_from(body.len()).unwrap_or(u16::MAX);
    bytes.extend_from_slice(&len.to_be_bytes());
    bytes.extend_from_slice(body.get(..usize::from(len)).unwrap_or_default());
}

/// Takes bytes whose length stands before them in two bytes.
pub(crate) fn read_prefixed<'a>(r: &mut Reader<'a>, what: &'static str) -> Result<&'a [u8], InvalidMessage> {
    let len = r.take(2).and_then(|bytes| bytes.try_into().ok()).map(u16::from_be_bytes);
    len.and_then(|len| r.take(len.into())).ok_or(InvalidMessage::MissingData(what))
}

#[cfg(test)]
mod tests {
    use alloc::vec;

    use super::*;

    #[test]
    fn a_number_is_read_whole_or_not_at_all() {
        // RFC 8446 section 4.2.7: x25519 is 0x001d.
        assert_eq!(NamedGroup::X25519.get_encoding(), [0, 0x1d]);
        assert_eq!(NamedGroup::read_bytes(&[0, 0x1d]), Ok(NamedGroup::X25519));
        assert_eq!(NamedGroup::read_bytes(&[0, 0x1d, 9]), Err(InvalidMessage::TrailingData("read_bytes")));
        let mut r = Reader::init(&[0, 0x1d, 9]);
        assert_eq!((NamedGroup::read(&mut r), r.left()), (Ok(NamedGroup::X25519), 1), "the rest is left");
        assert_eq!(NamedGroup::read_bytes(&[0]), Err(InvalidMessage::MissingData("NamedGroup")));
        assert_eq!(ContentType::read_bytes(&[22]), Ok(ContentType::Handshake));
        assert_eq!(ContentType::read_bytes(&[]), Err(InvalidMessage::MissingData("ContentType")));
        assert_eq!(ContentType::Unknown(99).get_encoding(), [99]);
        assert_eq!(AlertLevel::Fatal.get_encoding(), [2]);
        assert_eq!((7_u8.get_encoding(), 2_u16.get_encoding()), (vec![7], vec![0, 2]));
        assert_eq!(u32::read_bytes(&[1, 2, 3, 4]), Ok(0x0102_0304));
        assert_eq!(u64::read_bytes(&[0; 7]), Err(InvalidMessage::MissingData("u64")));
    }

    #[test]
    fn a_name_has_its_length_before_it() {
        let name = DistinguishedName::from(vec![0x30, 0]);
        assert_eq!(name.get_encoding(), [0, 2, 0x30, 0]);
        let read = |bytes| DistinguishedName::read_bytes(bytes).map(|name| name.as_ref().to_vec());
        assert_eq!(read(&[0, 2, 0x30, 0]), Ok(vec![0x30, 0]));
        for cut in 0..4 {
            let read = read(&[0, 2, 0x30, 0][..cut]);
            assert_eq!(read, Err(InvalidMessage::MissingData("DistinguishedName")), "{cut}");
        }
        assert_eq!(read(&[0, 0]), Err(InvalidMessage::IllegalEmptyList("DistinguishedName")));
    }

    #[test]
    fn a_reader_never_goes_past_the_end() {
        let mut r = Reader::init(b"abcdef");
        assert_eq!(r.take(2), Some(&b"ab"[..]));
        assert_eq!(r.take(usize::MAX), None);
        assert_eq!((r.used(), r.left()), (2, 4));
        let mut inner = r.sub(3).unwrap();
        assert_eq!(inner.rest(), b"cde");
        assert_eq!(inner.expect_empty("inner"), Ok(()));
        assert_eq!(r.expect_empty("outer"), Err(InvalidMessage::TrailingData("outer")));
        assert!(r.sub(2).is_err() && r.any_left());
        assert_eq!(r.rest(), b"f");
        assert_eq!(r.rest(), b"");
    }
}
