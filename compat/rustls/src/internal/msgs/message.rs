//! Messages outside record protection.

use alloc::vec::Vec;

use super::base::Payload;
use super::codec::{Codec, Length, Reader};
use super::enums::AlertLevel;
use crate::crypto::cipher::InboundPlainMessage;
use crate::{AlertDescription, ContentType, HandshakeType, InvalidMessage, ProtocolVersion};

pub use crate::crypto::cipher::{OutboundOpaqueMessage, PlainMessage};
use unnamed::{AlertMessagePayload, ChangeCipherSpecPayload, HandshakeMessagePayload};

/// One message, and the version of the record that it is or was in.
#[derive(Debug)]
pub struct Message<'a> {
    /// The version in the record's header.
    pub version: ProtocolVersion,
    /// What it says.
    pub payload: MessagePayload<'a>,
}

/// What a message says.
#[derive(Debug)]
pub enum MessagePayload<'a> {
    /// RFC 8446 section 6.
    Alert(AlertMessagePayload),
    /// One handshake message. RFC 8446 section 4.
    Handshake {
        /// Its parts.
        parsed: HandshakeMessagePayload<'a>,
        /// As it stands on the wire.
        encoded: Payload<'a>,
    },
    /// Several handshake messages, as they stand on the wire.
    HandshakeFlight(Payload<'a>),
    /// RFC 8446 section 5.
    ChangeCipherSpec(ChangeCipherSpecPayload),
    /// What applications say to each other.
    ApplicationData(Payload<'a>),
}

/// Public in 0.23 as well, and at no path.
mod unnamed {
    use super::{AlertDescription, AlertLevel, HandshakeType};

    /// How bad it is, and what.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct AlertMessagePayload {
        /// Warnings are there in TLS 1.2 alone.
        pub level: AlertLevel,
        /// What the peer says.
        pub description: AlertDescription,
    }

    /// The byte 1.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct ChangeCipherSpecPayload;

    /// The type of a handshake message, and what follows its length. What that says is not looked at.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct HandshakeMessagePayload<'a> {
        pub(super) typ: HandshakeType,
        pub(super) body: super::Payload<'a>,
    }
}

impl<'a> MessagePayload<'a> {
    /// Reads what a record of this type has in it. The version does not matter.
    ///
    /// # Errors
    ///
    /// The bytes are no message of the type, or none that is whole, or there are more of them than an alert or a ChangeCipherSpec has.
    pub fn new(typ: ContentType, _version: ProtocolVersion, bytes: &'a [u8]) -> Result<Self, InvalidMessage> {
        let mut r = Reader::init(bytes);
        let (payload, name) = match typ {
            ContentType::ApplicationData => (Self::ApplicationData(Payload::Borrowed(r.rest())), ""),
            ContentType::Alert => (Self::Alert(AlertMessagePayload::read(&mut r)?), "AlertMessagePayload"),
            ContentType::ChangeCipherSpec => {
                let ccs = ChangeCipherSpecPayload::read(&mut r)?;
                (Self::ChangeCipherSpec(ccs), "ChangeCipherSpecPayload")
            }
            ContentType::Handshake => {
                let parsed = HandshakeMessagePayload::read(&mut r)?;
                // As in 0.23, more may follow: it is not in the first part and in the second.
                r.rest();
                (Self::Handshake { parsed, encoded: Payload::Borrowed(bytes) }, "")
            }
            _ => return Err(InvalidMessage::InvalidContentType),
        };
        r.expect_empty(name).map(|()| payload)
    }

    /// Writes the message down for those who will want its bytes.
    pub fn handshake(parsed: HandshakeMessagePayload<'a>) -> Self {
        let encoded = Payload::new(parsed.get_encoding());
        Self::Handshake { parsed, encoded }
    }

    /// The type of the record that it goes into.
    pub fn content_type(&self) -> ContentType {
        match self {
            Self::Alert(_) => ContentType::Alert,
            Self::Handshake { .. } | Self::HandshakeFlight(_) => ContentType::Handshake,
            Self::ChangeCipherSpec(_) => ContentType::ChangeCipherSpec,
            Self::ApplicationData(_) => ContentType::ApplicationData,
        }
    }

    /// Appends it as it stands on the wire.
    pub fn encode(&self, bytes: &mut Vec<u8>) {
        match self {
            Self::Alert(alert) => alert.encode(bytes),
            Self::ChangeCipherSpec(ccs) => ccs.encode(bytes),
            Self::Handshake { encoded: payload, .. }
            | Self::HandshakeFlight(payload)
            | Self::ApplicationData(payload) => payload.encode(bytes),
        }
    }

    fn into_owned(self) -> MessagePayload<'static> {
        match self {
            Self::Alert(alert) => MessagePayload::Alert(alert),
            Self::ChangeCipherSpec(ccs) => MessagePayload::ChangeCipherSpec(ccs),
            Self::HandshakeFlight(payload) => MessagePayload::HandshakeFlight(payload.into_owned()),
            Self::ApplicationData(payload) => MessagePayload::ApplicationData(payload.into_owned()),
            Self::Handshake { parsed: HandshakeMessagePayload { typ, body }, encoded } => {
                let parsed = HandshakeMessagePayload { typ, body: body.into_owned() };
                MessagePayload::Handshake { parsed, encoded: encoded.into_owned() }
            }
        }
    }
}

impl Message<'_> {
    /// An alert, in a record of TLS 1.2.
    pub fn build_alert(level: AlertLevel, description: AlertDescription) -> Self {
        let payload = MessagePayload::Alert(AlertMessagePayload { level, description });
        Self { version: ProtocolVersion::TLSv1_2, payload }
    }

    /// A KeyUpdate that wants none of the peer. RFC 8446 section 4.6.3.
    pub fn build_key_update_notify() -> Self {
        Self::key_update(0)
    }

    /// A KeyUpdate that wants one of the peer. RFC 8446 section 4.6.3.
    pub fn build_key_update_request() -> Self {
        Self::key_update(1)
    }

    fn key_update(request: u8) -> Self {
        let body = Payload::new([request]);
        let parsed = HandshakeMessagePayload { typ: HandshakeType::KeyUpdate, body };
        Self { version: ProtocolVersion::TLSv1_3, payload: MessagePayload::handshake(parsed) }
    }

    /// Whether it is one handshake message of this type.
    pub fn is_handshake_type(&self, typ: HandshakeType) -> bool {
        matches!(&self.payload, MessagePayload::Handshake { parsed, .. } if parsed.typ == typ)
    }
}

impl<'a> TryFrom<InboundPlainMessage<'a>> for Message<'a> {
    type Error = InvalidMessage;

    fn try_from(plain: InboundPlainMessage<'a>) -> Result<Self, Self::Error> {
        let payload = MessagePayload::new(plain.typ, plain.version, plain.payload)?;
        Ok(Self { version: plain.version, payload })
    }
}

impl TryFrom<PlainMessage> for Message<'static> {
    type Error = InvalidMessage;

    fn try_from(plain: PlainMessage) -> Result<Self, Self::Error> {
        let payload = MessagePayload::new(plain.typ, plain.version, plain.payload.bytes())?.into_owned();
        Ok(Self { version: plain.version, payload })
    }
}

impl From<Message<'_>> for PlainMessage {
    fn from(message: Message<'_>) -> Self {
        let mut bytes = Vec::new();
        message.payload.encode(&mut bytes);
        let typ = message.payload.content_type();
        Self { typ, version: message.version, payload: Payload::new(bytes) }
    }
}

impl Codec<'_> for AlertMessagePayload {
    fn encode(&self, bytes: &mut Vec<u8>) {
        self.level.encode(bytes);
        self.description.encode(bytes);
    }

    fn read(r: &mut Reader<'_>) -> Result<Self, InvalidMessage> {
        Ok(Self { level: AlertLevel::read(r)?, description: AlertDescription::read(r)? })
    }
}

impl Codec<'_> for ChangeCipherSpecPayload {
    fn encode(&self, bytes: &mut Vec<u8>) {
        bytes.push(1);
    }

    fn read(r: &mut Reader<'_>) -> Result<Self, InvalidMessage> {
        match u8::read(r)? {
            1 => Ok(Self),
            _ => Err(InvalidMessage::InvalidCcs),
        }
    }
}

impl<'a> Codec<'a> for HandshakeMessagePayload<'a> {
    fn encode(&self, bytes: &mut Vec<u8>) {
        self.typ.encode(bytes);
        Length::Three.nest(bytes, |bytes| self.body.encode(bytes));
    }

    fn read(r: &mut Reader<'a>) -> Result<Self, InvalidMessage> {
        let typ = HandshakeType::read(r)?;
        let body = Length::Three.sub(r)?.rest();
        Ok(Self { typ, body: Payload::Borrowed(body) })
    }
}
