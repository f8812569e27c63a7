//! Opener and sealer in the form of TLS 1.2, against a toy cipher.

use alloc::boxed::Box;
use alloc::vec;
use alloc::vec::Vec;

use super::open::{Opener, Place, Pulled};
use super::outbox::Outbox;
use super::seal::Sealer;
use super::{MAX_PLAINTEXT, MAX_SEALED, header};
use crate::crypto::cipher::{
    InboundOpaqueMessage, InboundPlainMessage, MessageDecrypter, MessageEncrypter, OutboundChunks,
    OutboundOpaqueMessage, OutboundPlainMessage, PrefixedPayload,
};
use crate::error::{Error, InvalidMessage, PeerMisbehaved};
use crate::names::ContentType::{self, Alert, ApplicationData, ChangeCipherSpec, Handshake, Heartbeat};

/// The text behind a byte that says which record it is: of which type, with which number.
struct Toy;

fn mark(typ: ContentType, seq: u64) -> u8 {
    typ.value() ^ (seq as u8) << 3
}

fn sealed(typ: ContentType, seq: u64, text: &[u8]) -> Vec<u8> {
    let mut record = header(typ, [3, 3], text.len() + 1).to_vec();
    record.push(mark(typ, seq));
    record.extend(text);
    record
}

impl MessageEncrypter for Toy {
    fn encrypt(&mut self, msg: OutboundPlainMessage<'_>, seq: u64) -> Result<OutboundOpaqueMessage, Error> {
        let record = sealed(msg.typ, seq, &msg.payload.to_vec());
        Ok(OutboundOpaqueMessage::new(msg.typ, msg.version, PrefixedPayload::from(&record[5..])))
    }
    fn encrypted_payload_len(&self, n: usize) -> usize {
        n + 1
    }
}

impl MessageDecrypter for Toy {
    fn decrypt<'a>(
        &mut self,
        msg: InboundOpaqueMessage<'a>,
        seq: u64,
    ) -> Result<InboundPlainMessage<'a>, Error> {
        let len = msg.payload.len();
        match msg.payload.first() {
            Some(first) if *first == mark(msg.typ, seq) => Ok(msg.into_plain_message_range(1..len)),
            _ => Err(Error::DecryptError),
        }
    }
    fn open_into_len(&self, sealed_len: usize) -> Option<usize> {
        sealed_len.checked_sub(1)
    }
    fn open_into(
        &mut self,
        typ: ContentType,
        sealed: &[u8],
        seq: u64,
        out: &mut [u8],
    ) -> Result<(ContentType, usize), Error> {
        match sealed.split_first() {
            Some((first, text)) if *first == mark(typ, seq) => {
                out.copy_from_slice(text);
                Ok((typ, text.len()))
            }
            _ => Err(Error::DecryptError),
        }
    }
}

fn in_the_clear() -> Opener {
    let mut opener = Opener::default();
    opener.set_version12();
    opener
}

fn protected() -> Opener {
    let mut opener = in_the_clear();
    opener.install(Box::new(Toy));
    opener
}

fn pull(opener: &mut Opener, record: &[u8]) -> Result<(ContentType, Vec<u8>), Error> {
    let mut bytes = record.to_vec();
    match opener.pull(&mut bytes, None)? {
        Pulled::Record { typ, body: Place::Input(body), end } => {
            assert_eq!(end, bytes.len());
            Ok((typ, bytes[body].to_vec()))
        }
        other => panic!("{other:?}"),
    }
}

fn clear(typ: ContentType, body: &[u8]) -> Vec<u8> {
    [&header(typ, [3, 3], body.len())[..], body].concat()
}

#[test]
fn the_change_is_given_to_the_caller_and_keys_count_from_there() {
    let mut opener = in_the_clear();
    assert!(!opener.ccs_allowed, "what TLS 1.3 says of it does not matter");
    assert_eq!(
        pull(&mut opener, &clear(Handshake, b"key exchange")),
        Ok((Handshake, b"key exchange".to_vec()))
    );
    assert_eq!(pull(&mut opener, &clear(ChangeCipherSpec, &[1])), Ok((ChangeCipherSpec, vec![1])));
    let before = opener.epoch();
    opener.install(Box::new(Toy));
    assert_eq!((opener.seq(), opener.epoch()), (0, before + 1));
    for (seq, typ) in [(0, Handshake), (1, ApplicationData), (2, Alert)] {
        assert_eq!(pull(&mut opener, &sealed(typ, seq, b"ok")), Ok((typ, b"ok".to_vec())));
    }
    assert_eq!(opener.seq(), 3);
    assert_eq!(pull(&mut opener, &sealed(Handshake, 2, b"again")), Err(Error::DecryptError));
}

#[test]
fn under_a_key_nothing_comes_in_the_clear() {
    for typ in [Handshake, Alert, ApplicationData, ChangeCipherSpec] {
        let mut opener = protected();
        opener.plaintext_alerts_allowed = true;
        opener.ccs_allowed = true;
        assert_eq!(pull(&mut opener, &clear(typ, &[1])), Err(Error::DecryptError), "{typ:?}");
    }
    // The type in the header is authenticated: one record is not taken for another.
    let mut record = sealed(Handshake, 0, b"x");
    record[0] = ApplicationData.value();
    assert_eq!(pull(&mut protected(), &record), Err(Error::DecryptError));
}

#[test]
fn without_a_key_there_is_no_application_data() {
    let unexpected = Error::InappropriateMessage { expect_types: vec![Handshake], got_type: ApplicationData };
    assert_eq!(pull(&mut in_the_clear(), &clear(ApplicationData, b"x")), Err(unexpected));
    for mut opener in [in_the_clear(), protected()] {
        let refused = pull(&mut opener, &clear(Heartbeat, b"x"));
        assert!(
            matches!(refused, Err(Error::InappropriateMessage { got_type: Heartbeat, .. })),
            "{refused:?}"
        );
    }
}

#[test]
fn a_change_is_one_byte_of_one() {
    for bad in [&[0][..], &[2], &[1, 1]] {
        let refused = Err(InvalidMessage::InvalidCcs.into());
        assert_eq!(pull(&mut in_the_clear(), &clear(ChangeCipherSpec, bad)), refused);
        assert_eq!(pull(&mut protected(), &sealed(ChangeCipherSpec, 0, bad)), refused);
    }
    // A second one is for the caller to refuse.
    assert_eq!(pull(&mut protected(), &sealed(ChangeCipherSpec, 0, &[1])), Ok((ChangeCipherSpec, vec![1])));
}

#[test]
fn only_application_data_may_be_empty() {
    assert_eq!(pull(&mut protected(), &sealed(ApplicationData, 0, b"")), Ok((ApplicationData, vec![])));
    for typ in [Handshake, Alert, ChangeCipherSpec] {
        let refused = pull(&mut in_the_clear(), &clear(typ, b""));
        assert_eq!(refused, Err(InvalidMessage::InvalidEmptyPayload.into()), "{typ:?}");
    }
    let refused = |typ| pull(&mut protected(), &sealed(typ, 0, b"")).unwrap_err();
    assert_eq!(refused(Handshake), PeerMisbehaved::EmptyHandshakeRecord.into());
    assert_eq!(refused(Alert), PeerMisbehaved::EmptyAlertOrCcsRecord.into());
    assert_eq!(refused(ChangeCipherSpec), PeerMisbehaved::EmptyAlertOrCcsRecord.into());
    assert_eq!(
        pull(&mut protected(), &clear(ApplicationData, b"")),
        Err(Error::DecryptError),
        "not even a tag"
    );
}

#[test]
fn lengths_have_their_limits() {
    for typ in [Handshake, Alert, ApplicationData] {
        let full = vec![7; MAX_PLAINTEXT];
        assert_eq!(pull(&mut protected(), &sealed(typ, 0, &full)), Ok((typ, full)));
        let long = pull(&mut protected(), &sealed(typ, 0, &[7; MAX_PLAINTEXT + 1]));
        assert_eq!(long, Err(Error::PeerSentOversizedRecord));
        // The header alone is enough to know.
        let head = header(typ, [3, 3], MAX_SEALED + 1);
        let refused = protected().pull(&mut head.to_vec(), None);
        assert_eq!(refused, Err(InvalidMessage::MessageTooLarge.into()));
    }
    let head = header(Handshake, [3, 3], MAX_PLAINTEXT + 1);
    let refused = in_the_clear().pull(&mut head.to_vec(), None);
    assert_eq!(refused, Err(InvalidMessage::MessageTooLarge.into()));
}

#[test]
fn the_version_is_that_of_tls12_once_it_is_known() {
    for version in [[3, 0], [3, 1], [3, 2], [3, 4]] {
        let with = |mut record: Vec<u8>| {
            record[1..3].copy_from_slice(&version);
            record
        };
        let refused = Err(InvalidMessage::UnknownProtocolVersion.into());
        assert_eq!(pull(&mut in_the_clear(), &with(clear(Handshake, b"x"))), refused);
        assert_eq!(pull(&mut in_the_clear(), &with(clear(ChangeCipherSpec, &[1]))), refused);
        for typ in [Handshake, Alert, ApplicationData] {
            assert_eq!(pull(&mut protected(), &with(sealed(typ, 0, b"x"))), refused);
        }
        // Before: any. And an alert in the clear tells why, whatever it says of the version.
        assert!(pull(&mut Opener::default(), &with(clear(Handshake, b"x"))).is_ok());
        assert!(pull(&mut in_the_clear(), &with(clear(Alert, &[2, 40]))).is_ok());
    }
}

#[test]
fn only_application_data_opens_into_the_readers_slice() {
    for (typ, into) in [(ApplicationData, true), (Handshake, false), (Alert, false)] {
        let mut out = [0xaa; 8];
        let pulled = protected().pull(&mut sealed(typ, 0, b"hello"), Some(&mut out));
        let body = if into { Place::Out(5) } else { Place::Input(6..11) };
        assert_eq!(pulled, Ok(Pulled::Record { typ, body, end: 11 }));
        assert_eq!(out[0], if into { b'h' } else { 0xaa });
    }
}

#[test]
fn garbage_never_panics() {
    let mut dice = 7_u64;
    let mut roll = |sides: usize| {
        dice = dice.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (dice >> 33) as usize % sides
    };
    for round in 0..20_000 {
        let mut opener = if round % 2 == 0 { protected() } else { in_the_clear() };
        let mut bytes: Vec<u8> = (0..roll(40)).map(|_| roll(256) as u8).collect();
        if let [typ, major, minor, high, low, first, ..] = &mut bytes[..] {
            (*typ, *major, *minor) = (20 + roll(5) as u8, 3, 3);
            (*high, *low) = (0, roll(40) as u8);
            *first = *typ;
        }
        let (mut at, mut out) = (0, [0; 64]);
        while let Ok(Pulled::Record { end, .. } | Pulled::Skipped { end }) =
            opener.pull(&mut bytes[at..], (roll(2) == 0).then_some(&mut out[..]))
        {
            assert!(end >= 5 && at + end <= bytes.len());
            at += end;
        }
    }
}

#[test]
fn the_sealer_keeps_the_type_outside_and_pads_nothing() {
    let mut sealer = Sealer::for_client();
    sealer.set_padding(Some(Box::new(|_| Ok(100))));
    sealer.set_version12();
    let mut out = Outbox::default();
    let send = |sealer: &mut Sealer, typ, bytes: &[u8], out: &mut Outbox| {
        sealer.seal_out(typ, OutboundChunks::Single(bytes), out).unwrap();
    };
    send(&mut sealer, Handshake, b"key exchange", &mut out);
    assert_eq!(out.pending(), clear(Handshake, b"key exchange"), "no longer the first flight");
    sealer.install(Box::new(Toy), u64::MAX);
    let before = out.len();
    send(&mut sealer, Handshake, b"finished", &mut out);
    send(&mut sealer, ApplicationData, b"", &mut out);
    send(&mut sealer, Alert, &[1, 0], &mut out);
    let expected =
        [sealed(Handshake, 0, b"finished"), sealed(ApplicationData, 1, b""), sealed(Alert, 2, &[1, 0])];
    assert_eq!(&out.pending()[before..], expected.concat());
    let n = sealer.seal_slice(b"data", &mut Outbox::default(), &mut [0; 10]);
    assert_eq!(n, Ok(10), "and no room for padding is asked for");
}
