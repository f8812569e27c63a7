//! Records as a provider's code handles them.

use chitin::crypto::cipher::{
    InboundOpaqueMessage, Iv, NONCE_LEN, Nonce, OutboundChunks, OutboundOpaqueMessage, PlainMessage,
    PrefixedPayload, make_tls12_aad, make_tls13_aad,
};
use chitin::{ContentType, ProtocolVersion};

#[test]
fn additional_data_of_both_versions() {
    // RFC 5246 section 6.2.3.3: number, type, version, length.
    let aad = make_tls12_aad(0x0102, ContentType::ApplicationData, ProtocolVersion::TLSv1_2, 0x0304);
    assert_eq!(aad, [0, 0, 0, 0, 0, 0, 1, 2, 23, 3, 3, 3, 4]);
    // RFC 8446 section 5.2: the head of the record, with the length of what is sealed and its tag.
    assert_eq!(make_tls13_aad(0x0304), [23, 3, 3, 3, 4]);
}

#[test]
fn nonces_are_the_iv_and_the_number() {
    // RFC 8446 section 5.3: the number, as long as the IV, exclusive or.
    let iv = Iv::new([0xf0; NONCE_LEN]);
    assert_eq!(
        Nonce::new(&iv, 0x0102).0,
        [0xf0, 0xf0, 0xf0, 0xf0, 0xf0, 0xf0, 0xf0, 0xf0, 0xf0, 0xf0, 0xf1, 0xf2]
    );
    // Multipath QUIC: the path in front of the number.
    let path = Nonce::for_path(0x0304, &iv, 0x0102).0;
    assert_eq!(path, [0xf0, 0xf0, 0xf3, 0xf4, 0xf0, 0xf0, 0xf0, 0xf0, 0xf0, 0xf0, 0xf1, 0xf2]);
}

#[test]
fn chunks_are_one_text_wherever_they_are_cut() {
    let parts: [&[u8]; 4] = [b"he", b"", b"llo wor", b"ld"];
    let chunks = OutboundChunks::new(&parts);
    assert!(matches!(chunks, OutboundChunks::Multiple { chunks: &[_, _, _, _], start: 0, end: 11 }));
    assert_eq!((chunks.len(), chunks.to_vec()), (11, b"hello world".to_vec()));
    for at in 0..=11 {
        let (front, back) = chunks.split_at(at);
        assert_eq!((front.len(), back.len()), (at, 11 - at));
        let mut copy = front.to_vec();
        back.copy_to_vec(&mut copy);
        assert_eq!(copy, b"hello world", "{at}");
    }
    assert!(matches!(OutboundChunks::new(&parts[..1]), OutboundChunks::Single(b"he")));
    assert!(OutboundChunks::new_empty().is_empty() && !chunks.is_empty());
}

#[test]
fn a_record_is_read_and_written_in_each_form() {
    let mut payload = PrefixedPayload::with_capacity(16);
    payload.extend_from_slice(b"hello world");
    payload.truncate(5);
    let message = OutboundOpaqueMessage::new(ContentType::Handshake, ProtocolVersion::TLSv1_2, payload);
    assert_eq!((message.typ, message.version), (ContentType::Handshake, ProtocolVersion::TLSv1_2));
    assert_eq!(message.payload.as_ref(), b"hello");

    let plain: PlainMessage = message.into_plain_message();
    assert_eq!((plain.typ, plain.version), (ContentType::Handshake, ProtocolVersion::TLSv1_2));
    assert_eq!(plain.payload.bytes(), b"hello");
    assert_eq!(plain.borrow_inbound().payload, b"hello");
    assert_eq!(plain.borrow_outbound().payload.to_vec(), b"hello");
    // RFC 8446 section 5.1: type, version, length.
    let bytes = plain.into_unencrypted_opaque().encode();
    assert_eq!(bytes, b"\x16\x03\x03\x00\x05hello");

    let mut bytes = *b"hello world";
    let message = InboundOpaqueMessage::new(ContentType::Alert, ProtocolVersion::TLSv1_2, &mut bytes);
    assert_eq!((message.typ, message.version), (ContentType::Alert, ProtocolVersion::TLSv1_2));
    let part = message.into_plain_message_range(6..8);
    assert_eq!((part.typ, part.payload), (ContentType::Alert, &b"wo"[..]));
}
