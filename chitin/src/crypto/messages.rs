//! Records that providers handle, turned into messages and back, and read from bytes: for those who write providers or tests
//! against 0.23. Nothing of ours calls it.

use alloc::vec::Vec;

use crate::crypto::cipher::{InboundPlainMessage, OutboundOpaqueMessage, PlainMessage, PrefixedPayload};
use crate::crypto::verify::DigitallySignedStruct;
use crate::error::InvalidMessage;
use crate::msgs::base::Payload;
use crate::msgs::codec::{Codec, Reader, read_prefixed, write_prefixed};
use crate::msgs::message::{Message, MessageError, MessagePayload};
use crate::names::{AlertDescription, AlertLevel, ContentType, ProtocolVersion, SignatureScheme};

/// The most bytes that a record may have behind its header. RFC 5246 section 6.2.3; in TLS 1.3 it is less.
const MAX_BODY: usize = (1 << 14) + 2048;

impl OutboundOpaqueMessage {
    /// Reads one record, header and body. Its protection, if it has any, stays.
    ///
    /// # Errors
    ///
    /// What keeps the bytes from being a record; the two that begin with `TooShort` may go away with more bytes.
    pub fn read(r: &mut Reader<'_>) -> Result<Self, MessageError> {
        let header = r.take(5).ok_or(MessageError::TooShortForHeader)?;
        let [typ, major, minor, high, low] = *header else { return Err(MessageError::TooShortForHeader) };
        let typ = ContentType::from(typ);
        if matches!(typ, ContentType::Unknown(_)) {
            return Err(MessageError::InvalidContentType);
        }
        // 0x0300 and everything since. RFC 8446 section 5.1 has no more than that to say of it.
        if major != 3 {
            return Err(MessageError::UnknownProtocolVersion);
        }
        let len = usize::from(u16::from_be_bytes([high, low]));
        if len == 0 && typ != ContentType::ApplicationData {
            return Err(MessageError::InvalidEmptyPayload);
        }
        if len > MAX_BODY {
            return Err(MessageError::MessageTooLarge);
        }
        let body = r.take(len).ok_or(MessageError::TooShortForLength)?;
        let version = ProtocolVersion::from(u16::from_be_bytes([major, minor]));
        Ok(Self::new(typ, version, PrefixedPayload::from(body)))
    }
}

impl<'a> MessagePayload<'a> {
    fn read(typ: ContentType, payload: Payload<'a>) -> Result<Self, InvalidMessage> {
        Ok(match typ {
            ContentType::ApplicationData => Self::ApplicationData(payload),
            ContentType::Handshake => Self::Handshake(payload),
            ContentType::Alert => match *payload.bytes() {
                [level, description] => {
                    Self::Alert(AlertLevel::from(level), AlertDescription::from(description))
                }
                [] | [_] => return Err(InvalidMessage::MissingData("alert")),
                _ => return Err(InvalidMessage::TrailingData("alert")),
            },
            ContentType::ChangeCipherSpec if *payload.bytes() == [1] => Self::ChangeCipherSpec,
            ContentType::ChangeCipherSpec => return Err(InvalidMessage::InvalidCcs),
            _ => return Err(InvalidMessage::InvalidContentType),
        })
    }
}

impl<'a> TryFrom<InboundPlainMessage<'a>> for Message<'a> {
    type Error = InvalidMessage;

    fn try_from(plain: InboundPlainMessage<'a>) -> Result<Self, Self::Error> {
        let payload = MessagePayload::read(plain.typ, Payload::Borrowed(plain.payload))?;
        Ok(Self { version: plain.version, payload })
    }
}

impl TryFrom<PlainMessage> for Message<'static> {
    type Error = InvalidMessage;

    fn try_from(plain: PlainMessage) -> Result<Self, Self::Error> {
        Ok(Self { version: plain.version, payload: MessagePayload::read(plain.typ, plain.payload)? })
    }
}

impl From<Message<'_>> for PlainMessage {
    fn from(message: Message<'_>) -> Self {
        let (typ, payload) = match message.payload {
            MessagePayload::Alert(level, description) => {
                (ContentType::Alert, Payload::new([level.into(), description.into()]))
            }
            MessagePayload::Handshake(bytes) => (ContentType::Handshake, bytes.into_owned()),
            MessagePayload::ChangeCipherSpec => (ContentType::ChangeCipherSpec, Payload::new([1])),
            MessagePayload::ApplicationData(bytes) => (ContentType::ApplicationData, bytes.into_owned()),
        };
        Self { typ, version: message.version, payload }
    }
}

/// RFC 5246 section 4.7; RFC 8446 has it in CertificateVerify, section 4.4.3.
impl Codec<'_> for DigitallySignedStruct {
    fn encode(&self, bytes: &mut Vec<u8>) {
        self.scheme.encode(bytes);
        write_prefixed(self.signature(), bytes);
    }

    fn read(r: &mut Reader<'_>) -> Result<Self, InvalidMessage> {
        let scheme = SignatureScheme::read(r)?;
        Ok(Self::new(scheme, read_prefixed(r, "DigitallySignedStruct")?.to_vec()))
    }
}

#[cfg(test)]
mod tests {
    use alloc::vec;

    use super::*;

    #[test]
    fn a_record_is_read_or_what_is_wrong_is_named() {
        let read = |bytes: &[u8]| OutboundOpaqueMessage::read(&mut Reader::init(bytes));
        let record = read(&[22, 3, 3, 0, 2, 0xa, 0xb, 0xff]).unwrap();
        assert_eq!((record.typ, record.version), (ContentType::Handshake, ProtocolVersion::TLSv1_2));
        assert_eq!(record.payload.as_ref(), [0xa, 0xb]);
        assert_eq!(record.encode(), [22, 3, 3, 0, 2, 0xa, 0xb]);
        assert!(read(&[23, 3, 3, 0, 0]).is_ok(), "application data may be empty");
        let wrong: [(&[u8], MessageError); 7] = [
            (&[], MessageError::TooShortForHeader),
            (&[22, 3, 3, 0], MessageError::TooShortForHeader),
            (&[22, 3, 3, 0, 2, 0xa], MessageError::TooShortForLength),
            (&[99, 3, 3, 0, 1, 0], MessageError::InvalidContentType),
            (&[22, 2, 0, 0, 1, 0], MessageError::UnknownProtocolVersion),
            (&[22, 3, 3, 0, 0], MessageError::InvalidEmptyPayload),
            (&[23, 3, 3, 0x48, 1], MessageError::MessageTooLarge),
        ];
        for (bytes, error) in wrong {
            assert_eq!(read(bytes).unwrap_err(), error, "{bytes:?}");
        }
        assert_eq!(
            read(&[23, 3, 3, 0x48, 0]).unwrap_err(),
            MessageError::TooShortForLength,
            "just not too large"
        );
    }

    #[test]
    fn messages_go_both_ways() {
        let plain = |typ, bytes: &[u8]| PlainMessage {
            typ,
            version: ProtocolVersion::TLSv1_2,
            payload: Payload::new(bytes.to_vec()),
        };
        let good: [(ContentType, &[u8]); 4] = [
            (ContentType::Alert, &[1, 0]),
            (ContentType::ChangeCipherSpec, &[1]),
            (ContentType::Handshake, &[0, 0, 0, 0]),
            (ContentType::ApplicationData, b"data"),
        ];
        for (typ, bytes) in good {
            let back = PlainMessage::from(Message::try_from(plain(typ, bytes)).unwrap());
            assert_eq!((back.typ, back.payload.bytes()), (typ, bytes));
            let lent = InboundPlainMessage { typ, version: ProtocolVersion::TLSv1_2, payload: bytes };
            let back = PlainMessage::from(Message::try_from(lent).unwrap());
            assert_eq!((back.typ, back.payload.bytes()), (typ, bytes));
        }
        let bad: [(ContentType, &[u8], InvalidMessage); 4] = [
            (ContentType::Alert, &[1], InvalidMessage::MissingData("alert")),
            (ContentType::Alert, &[1, 0, 0], InvalidMessage::TrailingData("alert")),
            (ContentType::ChangeCipherSpec, &[2], InvalidMessage::InvalidCcs),
            (ContentType::Unknown(99), &[1], InvalidMessage::InvalidContentType),
        ];
        for (typ, bytes, error) in bad {
            assert_eq!(Message::try_from(plain(typ, bytes)).unwrap_err(), error);
        }
    }

    #[test]
    fn a_signature_has_its_scheme_before_it() {
        // RFC 8446 section 4.2.3: ecdsa_secp256r1_sha256 is 0x0403.
        let signed = DigitallySignedStruct::new(SignatureScheme::ECDSA_NISTP256_SHA256, vec![7, 8]);
        assert_eq!(signed.get_encoding(), [4, 3, 0, 2, 7, 8]);
        let read = DigitallySignedStruct::read_bytes(&[4, 3, 0, 2, 7, 8]).unwrap();
        assert_eq!((read.scheme, read.signature()), (signed.scheme, signed.signature()));
        for cut in 0..6 {
            assert!(DigitallySignedStruct::read_bytes(&[4, 3, 0, 2, 7, 8][..cut]).is_err(), "{cut}");
        }
    }
}
