//! Reading and writing one value of the wire.
//!
//! The library has a trait of this shape for its own types. This one is for all that 0.23 has it for, foreign types included, and
//! where the two meet it asks the other.

use alloc::vec::Vec;
use core::fmt::Debug;

use chitin::internal::msgs::codec::Codec as Ours;
use pki_types::{CertificateDer, DnsName};

use super::base::{Payload, PayloadU16};
use super::enums::{AlertLevel, EchVersion, ExtensionType, HpkeAead, HpkeKdf, HpkeKem};
use super::handshake::{EchConfigContents, EchConfigPayload, HpkeKeyConfig, HpkeSymmetricCipherSuite};
use crate::crypto::hash::HashAlgorithm;
use crate::server::CertificateType;
use crate::{
    pki_types, AlertDescription, CertificateCompressionAlgorithm, CipherSuite, ContentType,
    DigitallySignedStruct, DistinguishedName, HandshakeType, InvalidMessage, NamedGroup, ProtocolVersion,
    SignatureAlgorithm, SignatureScheme,
};
use chitin::internal::msgs::handshake::EchConfigExtension;

pub use chitin::internal::msgs::codec::Reader;

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

macro_rules! as_the_library_does {
    ($($name:ident)*) => { $(
        impl Codec<'_> for $name {
            fn encode(&self, bytes: &mut Vec<u8>) {
                Ours::encode(self, bytes);
            }

            fn read(r: &mut Reader<'_>) -> Result<Self, InvalidMessage> {
                Ours::read(r)
            }
        }
    )* };
}

as_the_library_does! {
    u8 u16 u32 u64
    AlertDescription AlertLevel CertificateCompressionAlgorithm CertificateType CipherSuite ContentType DigitallySignedStruct
    DistinguishedName HandshakeType HashAlgorithm NamedGroup ProtocolVersion SignatureAlgorithm SignatureScheme
}

macro_rules! two_bytes {
    ($($name:ident)*) => { $(
        impl Codec<'_> for $name {
            fn encode(&self, bytes: &mut Vec<u8>) {
                Codec::encode(&u16::from(*self), bytes);
            }

            fn read(r: &mut Reader<'_>) -> Result<Self, InvalidMessage> {
                <u16 as Codec>::read(r).map(Self::from).map_err(|_| InvalidMessage::MissingData(stringify!($name)))
            }
        }
    )* };
}

two_bytes! { EchVersion ExtensionType HpkeAead HpkeKdf HpkeKem }

impl Codec<'_> for () {
    fn encode(&self, _: &mut Vec<u8>) {}

    fn read(r: &mut Reader<'_>) -> Result<Self, InvalidMessage> {
        r.expect_empty("Empty")
    }
}

/// Takes all that is left.
impl<'a> Codec<'a> for Payload<'a> {
    fn encode(&self, bytes: &mut Vec<u8>) {
        bytes.extend_from_slice(self.bytes());
    }

    fn read(r: &mut Reader<'a>) -> Result<Self, InvalidMessage> {
        Ok(Self::Borrowed(r.rest()))
    }
}

impl Codec<'_> for PayloadU16 {
    fn encode(&self, bytes: &mut Vec<u8>) {
        Length::Two.nest(bytes, |bytes| bytes.extend_from_slice(self.as_ref()));
    }

    fn read(r: &mut Reader<'_>) -> Result<Self, InvalidMessage> {
        Length::Two.sub(r).map(|mut body| Self::new(body.rest().to_vec()))
    }
}

/// `opaque cert_data<1..2^24-1>`, RFC 8446 section 4.4.2.
impl<'a> Codec<'a> for CertificateDer<'a> {
    fn encode(&self, bytes: &mut Vec<u8>) {
        Length::Three.nest(bytes, |bytes| bytes.extend_from_slice(self));
    }

    fn read(r: &mut Reader<'a>) -> Result<Self, InvalidMessage> {
        Length::Three.sub(r).map(|mut body| body.rest().into())
    }
}

/// How many bytes say how long something is.
#[derive(Clone, Copy)]
pub(super) enum Length {
    One,
    Two,
    Three,
}

impl Length {
    fn bytes(self) -> usize {
        match self {
            Self::One => 1,
            Self::Two => 2,
            Self::Three => 3,
        }
    }

    /// Writes something behind its length. What is too long for that says it is as long as it could be.
    pub(super) fn nest(self, bytes: &mut Vec<u8>, write: impl FnOnce(&mut Vec<u8>)) {
        let start = bytes.len();
        bytes.resize(start + self.bytes(), 0xff);
        write(bytes);
        let body = bytes.len() - start - self.bytes();
        let length = body.to_be_bytes();
        let (over, length) = length.split_at(length.len() - self.bytes());
        if over.iter().all(|byte| *byte == 0) {
            bytes[start..start + self.bytes()].copy_from_slice(length);
        }
    }

    /// Takes what stands behind its length.
    pub(super) fn sub<'a>(self, r: &mut Reader<'a>) -> Result<Reader<'a>, InvalidMessage> {
        let missing = match self {
            Self::One => InvalidMessage::MissingData("u8"),
            Self::Two => InvalidMessage::MissingData("u16"),
            Self::Three => InvalidMessage::MissingData("u24"),
        };
        let length = r.take(self.bytes()).ok_or(missing)?;
        r.sub(length.iter().fold(0, |length, byte| (length << 8) | usize::from(*byte)))
    }
}

/// What comes in lists: how many bytes say how long such a list is, and what is wrong with an empty one, if anything is.
trait InList {
    const LENGTH: Length;
    const EMPTY: Option<InvalidMessage>;
}

macro_rules! in_lists {
    ($($name:ty: $length:ident, $empty:expr;)*) => { $(
        impl InList for $name {
            const LENGTH: Length = Length::$length;
            const EMPTY: Option<InvalidMessage> = $empty;
        }
    )* };
}

in_lists! {
    // RFC 8446 section 4.4.2.
    CertificateDer<'_>: Three, None;
    // RFC 8879 section 3.
    CertificateCompressionAlgorithm: One, Some(InvalidMessage::IllegalEmptyList("CertificateCompressionAlgorithms"));
    // RFC 7250 section 3.
    CertificateType: One, Some(InvalidMessage::IllegalEmptyList("CertificateTypes"));
    // RFC 8446 section 4.1.2.
    CipherSuite: Two, Some(InvalidMessage::IllegalEmptyList("CipherSuites"));
    // RFC 5246 section 7.4.4, where it may be empty.
    DistinguishedName: Two, None;
    // RFC 9849 section 4.
    EchConfigPayload: Two, None;
    HpkeSymmetricCipherSuite: Two, Some(InvalidMessage::IllegalEmptyList("HpkeSymmetricCipherSuites"));
    // RFC 8446 section 4.2.7.
    NamedGroup: Two, Some(InvalidMessage::IllegalEmptyList("NamedGroups"));
    // RFC 8446 section 4.2.1, where a client has it.
    ProtocolVersion: One, Some(InvalidMessage::IllegalEmptyList("ProtocolVersions"));
    // RFC 8446 section 4.2.3.
    SignatureScheme: Two, Some(InvalidMessage::NoSignatureSchemes);
}

#[allow(private_bounds)] // as in 0.23: others have nothing to put into lists
impl<'a, T: Codec<'a> + InList> Codec<'a> for Vec<T> {
    fn encode(&self, bytes: &mut Vec<u8>) {
        T::LENGTH.nest(bytes, |bytes| self.iter().for_each(|one| one.encode(bytes)));
    }

    fn read(r: &mut Reader<'a>) -> Result<Self, InvalidMessage> {
        let mut body = T::LENGTH.sub(r)?;
        if let (false, Some(error)) = (body.any_left(), T::EMPTY) {
            return Err(error);
        }
        let mut all = Vec::new();
        while body.any_left() {
            all.push(T::read(&mut body)?);
        }
        Ok(all)
    }
}

impl Codec<'_> for HpkeSymmetricCipherSuite {
    fn encode(&self, bytes: &mut Vec<u8>) {
        self.kdf_id.encode(bytes);
        self.aead_id.encode(bytes);
    }

    fn read(r: &mut Reader<'_>) -> Result<Self, InvalidMessage> {
        Ok(Self { kdf_id: HpkeKdf::read(r)?, aead_id: HpkeAead::read(r)? })
    }
}

impl Codec<'_> for HpkeKeyConfig {
    fn encode(&self, bytes: &mut Vec<u8>) {
        Codec::encode(&self.config_id, bytes);
        self.kem_id.encode(bytes);
        self.public_key.encode(bytes);
        self.symmetric_cipher_suites.encode(bytes);
    }

    fn read(r: &mut Reader<'_>) -> Result<Self, InvalidMessage> {
        let config_id = Codec::read(r)?;
        let (kem_id, public_key) = (HpkeKem::read(r)?, PayloadU16::read(r)?);
        if public_key.as_ref().is_empty() {
            return Err(InvalidMessage::IllegalEmptyValue);
        }
        Ok(Self { config_id, kem_id, public_key, symmetric_cipher_suites: Codec::read(r)? })
    }
}

impl Codec<'_> for EchConfigContents {
    fn encode(&self, bytes: &mut Vec<u8>) {
        self.key_config.encode(bytes);
        Codec::encode(&self.maximum_name_length, bytes);
        Length::One.nest(bytes, |bytes| bytes.extend_from_slice(self.public_name.as_ref().as_bytes()));
        Length::Two.nest(bytes, |bytes| {
            for extension in &self.extensions {
                Codec::encode(&extension.typ, bytes);
                Length::Two.nest(bytes, |bytes| bytes.extend_from_slice(&extension.contents));
            }
        });
    }

    fn read(r: &mut Reader<'_>) -> Result<Self, InvalidMessage> {
        let key_config = HpkeKeyConfig::read(r)?;
        let maximum_name_length = Codec::read(r)?;
        let name = Length::One.sub(r)?.rest();
        let name = DnsName::try_from(name).map_err(|_| InvalidMessage::InvalidServerName)?;
        let (mut body, mut extensions) = (Length::Two.sub(r)?, Vec::new());
        while body.any_left() {
            let typ = Codec::read(&mut body)?;
            extensions
                .push(EchConfigExtension { typ, contents: Length::Two.sub(&mut body)?.rest().to_vec() });
        }
        Ok(Self { key_config, maximum_name_length, public_name: name.to_owned(), extensions })
    }
}

impl Codec<'_> for EchConfigPayload {
    fn encode(&self, bytes: &mut Vec<u8>) {
        match self {
            Self::V18(contents) => {
                EchVersion::V18.encode(bytes);
                Length::Two.nest(bytes, |bytes| contents.encode(bytes));
            }
            Self::Unknown { version, contents } => {
                version.encode(bytes);
                contents.encode(bytes);
            }
        }
    }

    fn read(r: &mut Reader<'_>) -> Result<Self, InvalidMessage> {
        let version = EchVersion::read(r)?;
        let mut body = Length::Two.sub(r)?;
        if version != EchVersion::V18 {
            return Ok(Self::Unknown { version, contents: PayloadU16::new(body.rest().to_vec()) });
        }
        let contents = EchConfigContents::read(&mut body)?;
        body.expect_empty("EchConfigPayload").map(|()| Self::V18(contents))
    }
}
