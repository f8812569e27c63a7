//! Opener and sealer against toy ciphers: one that has our in-place methods, and one that has only what 0.23's trait has.

use alloc::boxed::Box;
use alloc::vec;
use alloc::vec::Vec;

use super::inbox::Inbox;
use super::open::{Opener, Place, Pulled};
use super::outbox::Outbox;
use super::seal::{Sealer, SliceError};
use super::{MAX_PLAINTEXT, MAX_SEALED, header};
use crate::crypto::cipher::{
    InboundOpaqueMessage, InboundPlainMessage, MessageDecrypter, MessageEncrypter, OutboundChunks,
    OutboundOpaqueMessage, OutboundPlainMessage, PrefixedPayload, Sealed,
};
use crate::error::{Error, InvalidMessage, PeerMisbehaved};
use crate::names::ContentType::{Alert, ApplicationData, ChangeCipherSpec, Handshake, Heartbeat};
use crate::names::{ContentType, ProtocolVersion};

/// Xor and a checksum over key, number and content: enough to notice every change and every wrong number.
#[derive(Clone, Copy)]
pub(super) struct Toy(pub(super) u8);
/// The same without our methods: what a foreign provider looks like.
#[derive(Clone, Copy)]
pub(super) struct Foreign(pub(super) u8);
const TAG: usize = 8;

fn tag(key: u8, seq: u64, sealed: &[u8]) -> [u8; TAG] {
    let start = 0xcbf2_9ce4_8422_2325 ^ seq.wrapping_mul(0x9e37_79b9) ^ u64::from(key);
    sealed.iter().fold(start, |h, b| (h ^ u64::from(*b)).wrapping_mul(0x100_0000_01b3)).to_be_bytes()
}

fn toy_seal(key: u8, msg: &OutboundPlainMessage<'_>, pad: usize, seq: u64) -> Vec<u8> {
    let mut body = msg.payload.to_vec();
    body.push(msg.typ.into());
    body.resize(body.len() + pad, 0);
    body.iter_mut().for_each(|b| *b ^= key ^ seq as u8);
    let tag = tag(key, seq, &body);
    body.extend(tag);
    body
}

fn toy_open(key: u8, sealed: &[u8], seq: u64) -> Result<(u8, Vec<u8>), Error> {
    let at = sealed.len().checked_sub(TAG).ok_or(Error::DecryptError)?;
    let (body, end) = sealed.split_at(at);
    if tag(key, seq, body) != end {
        return Err(Error::DecryptError);
    }
    let mut body: Vec<u8> = body.iter().map(|b| b ^ key ^ seq as u8).collect();
    while let Some(last) = body.pop() {
        if last != 0 {
            return Ok((last, body));
        }
    }
    Err(PeerMisbehaved::IllegalTlsInnerPlaintext.into())
}

fn owned(key: u8, msg: &OutboundPlainMessage<'_>, seq: u64) -> OutboundOpaqueMessage {
    let body = toy_seal(key, msg, 0, seq);
    OutboundOpaqueMessage::new(ApplicationData, ProtocolVersion::TLSv1_2, PrefixedPayload::from(&body[..]))
}

fn written(body: &[u8], slot: &mut [u8]) -> Sealed {
    slot[..5].copy_from_slice(&header(ApplicationData, [3, 3], body.len()));
    slot[5..5 + body.len()].copy_from_slice(body);
    Sealed::Written(5 + body.len())
}

impl MessageEncrypter for Toy {
    fn encrypt(&mut self, msg: OutboundPlainMessage<'_>, seq: u64) -> Result<OutboundOpaqueMessage, Error> {
        Ok(owned(self.0, &msg, seq))
    }
    fn encrypted_payload_len(&self, n: usize) -> usize {
        n + 1 + TAG
    }
    fn seal(&mut self, msg: OutboundPlainMessage<'_>, seq: u64, slot: &mut [u8]) -> Result<Sealed, Error> {
        Ok(written(&toy_seal(self.0, &msg, 0, seq), slot))
    }
    fn seal_padded(
        &mut self,
        msg: OutboundPlainMessage<'_>,
        pad: usize,
        seq: u64,
        slot: &mut [u8],
    ) -> Option<Result<Sealed, Error>> {
        Some(Ok(written(&toy_seal(self.0, &msg, pad, seq), slot)))
    }
}

impl MessageEncrypter for Foreign {
    fn encrypt(&mut self, msg: OutboundPlainMessage<'_>, seq: u64) -> Result<OutboundOpaqueMessage, Error> {
        Ok(owned(self.0, &msg, seq))
    }
    fn encrypted_payload_len(&self, n: usize) -> usize {
        n + 1 + TAG
    }
}

fn toy_decrypt<'a>(
    key: u8,
    msg: InboundOpaqueMessage<'a>,
    seq: u64,
) -> Result<InboundPlainMessage<'a>, Error> {
    let (typ, plain) = toy_open(key, &msg.payload, seq)?;
    let n = plain.len();
    let mut msg = msg;
    msg.payload[..n].copy_from_slice(&plain);
    msg.typ = ContentType::from(typ);
    Ok(msg.into_plain_message_range(0..n))
}

impl MessageDecrypter for Foreign {
    fn decrypt<'a>(
        &mut self,
        msg: InboundOpaqueMessage<'a>,
        seq: u64,
    ) -> Result<InboundPlainMessage<'a>, Error> {
        toy_decrypt(self.0, msg, seq)
    }
}

impl MessageDecrypter for Toy {
    fn decrypt<'a>(
        &mut self,
        msg: InboundOpaqueMessage<'a>,
        seq: u64,
    ) -> Result<InboundPlainMessage<'a>, Error> {
        toy_decrypt(self.0, msg, seq)
    }
    fn open_into_len(&self, sealed_len: usize) -> Option<usize> {
        sealed_len.checked_sub(TAG)
    }
    fn open_into(
        &mut self,
        _: ContentType,
        sealed: &[u8],
        seq: u64,
        out: &mut [u8],
    ) -> Result<(ContentType, usize), Error> {
        let (typ, plain) = toy_open(self.0, sealed, seq)?;
        out[..plain.len()].copy_from_slice(&plain);
        Ok((ContentType::from(typ), plain.len()))
    }
}

pub(super) fn opener(key: u8) -> Opener {
    let mut opener = Opener::default();
    opener.install(Box::new(Toy(key)));
    opener
}

fn sealer(key: u8) -> Sealer {
    let mut sealer = Sealer::default();
    sealer.install(Box::new(Toy(key)), u64::MAX);
    sealer
}

fn seal(sealer: &mut Sealer, typ: ContentType, bytes: &[u8]) -> Vec<u8> {
    let mut out = Outbox::default();
    sealer.seal_out(typ, OutboundChunks::Single(bytes), &mut out).unwrap();
    out.pending().to_vec()
}

/// A protected record with any body and number.
pub(super) fn raw_record(key: u8, seq: u64, typ: u8, body: &[u8], pad: usize) -> Vec<u8> {
    let payload = OutboundChunks::Single(body);
    let msg =
        OutboundPlainMessage { typ: ContentType::from(typ), version: ProtocolVersion::TLSv1_2, payload };
    let sealed = toy_seal(key, &msg, pad, seq);
    [&header(ApplicationData, [3, 3], sealed.len())[..], &sealed].concat()
}

/// Small deterministic numbers for tests that try many inputs.
struct Dice(u64);
impl Dice {
    fn roll(&mut self, sides: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % sides
    }
}

fn unexpected(expected: ContentType, got_type: ContentType) -> Error {
    Error::InappropriateMessage { expect_types: vec![expected], got_type }
}

// ---- opening

#[test]
fn a_header_is_judged_as_soon_as_it_is_there() {
    let table: [(&[u8], Error); 12] = [
        (b"GET /", InvalidMessage::InvalidContentType.into()),
        (b"\x00\x00\x00\x00\x00", InvalidMessage::InvalidContentType.into()),
        (b"\x00\x03\x03\x00\x01", unexpected(Handshake, ContentType::Unknown(0))),
        (b"\x16\x02\x00\x00\x01", InvalidMessage::UnknownProtocolVersion.into()),
        (b"\x16\x7f\x03\x00\x01", InvalidMessage::UnknownProtocolVersion.into()),
        (b"\x16\x03\x01\x40\x01", InvalidMessage::MessageTooLarge.into()),
        (b"\x16\x03\x01\xff\xff", InvalidMessage::MessageTooLarge.into()),
        (b"\x16\x03\x01\x00\x00", InvalidMessage::InvalidEmptyPayload.into()),
        (b"\x15\x03\x01\x00\x00", InvalidMessage::InvalidEmptyPayload.into()),
        (b"\x17\x03\x03\x00\x01", unexpected(Handshake, ApplicationData)),
        (b"\x18\x03\x03\x00\x01", unexpected(Handshake, Heartbeat)),
        (b"\x14\x03\x03\x00\x01", unexpected(Handshake, ChangeCipherSpec)),
    ];
    for (bytes, error) in table {
        for n in 0..5 {
            assert_eq!(Opener::default().pull(&mut bytes[..n].to_vec(), None), Ok(Pulled::Incomplete));
        }
        assert_eq!(Opener::default().pull(&mut bytes.to_vec(), None), Err(error), "{bytes:?}");
    }
}

#[test]
fn plaintext_records_come_as_they_are() {
    let mut bytes = b"\x16\x03\x01\x00\x03abc\x15\x03\x03\x00\x02\x02\x28".to_vec();
    let mut opener = Opener::default();
    let first = Pulled::Record { typ: Handshake, body: Place::Input(5..8), end: 8 };
    assert_eq!(opener.pull(&mut bytes, None), Ok(first));
    let second = Pulled::Record { typ: Alert, body: Place::Input(5..7), end: 7 };
    assert_eq!(opener.pull(&mut bytes[8..], None), Ok(second));
    let mut largest = header(Handshake, [3, 4], MAX_PLAINTEXT).to_vec();
    largest.resize(5 + MAX_PLAINTEXT, 1);
    assert!(matches!(opener.pull(&mut largest, None), Ok(Pulled::Record { typ: Handshake, .. })));
}

#[test]
fn under_a_key_only_application_data_comes() {
    let mut opener = opener(1);
    opener.ccs_allowed = true;
    let table: [(&[u8], Error); 6] = [
        (b"\x16\x03\x03\x00\x01", unexpected(ApplicationData, Handshake)),
        (b"\x15\x03\x03\x00\x02", unexpected(ApplicationData, Alert)),
        (b"\x18\x03\x03\x00\x02", unexpected(ApplicationData, Heartbeat)),
        (b"\x17\x03\x03\x41\x01", InvalidMessage::MessageTooLarge.into()),
        (b"\x17\x03\x03\x00\x00", Error::DecryptError),
        (b"\x17\x03\x03\x00\x09123456789", Error::DecryptError),
    ];
    for (bytes, error) in table {
        assert_eq!(opener.pull(&mut bytes.to_vec(), None), Err(error), "{bytes:?}");
    }
    assert_eq!(
        opener.pull(&mut header(ApplicationData, [3, 3], MAX_SEALED).to_vec(), None),
        Ok(Pulled::Incomplete)
    );
}

#[test]
fn change_cipher_spec_is_one_byte_and_has_its_time() {
    let ccs = b"\x14\x03\x03\x00\x01\x01";
    for keyed in [false, true] {
        let mut opener = if keyed { opener(1) } else { Opener::default() };
        let refused = match keyed {
            true => PeerMisbehaved::IllegalMiddleboxChangeCipherSpec.into(),
            false => unexpected(Handshake, ChangeCipherSpec),
        };
        assert_eq!(opener.pull(&mut ccs.to_vec(), None), Err(refused));
        opener.ccs_allowed = true;
        let good = Pulled::Record { typ: ChangeCipherSpec, body: Place::Input(5..6), end: 6 };
        assert_eq!(opener.pull(&mut ccs.to_vec(), None), Ok(good));
        for bad in [&b"\x14\x03\x03\x00\x01\x02"[..], b"\x14\x03\x03\x00\x02\x01\x01"] {
            let error = PeerMisbehaved::IllegalMiddleboxChangeCipherSpec.into();
            assert_eq!(opener.pull(&mut bad.to_vec(), None), Err(error));
        }
    }
    // never protected
    let mut inside = raw_record(1, 0, ChangeCipherSpec.into(), &[1], 0);
    let refused = PeerMisbehaved::IllegalMiddleboxChangeCipherSpec.into();
    assert_eq!(opener(1).pull(&mut inside, None), Err(refused));
}

#[test]
fn a_plaintext_alert_is_taken_until_the_first_record_opens() {
    let alert = b"\x15\x03\x03\x00\x02\x02\x28";
    let mut opener = opener(1);
    opener.plaintext_alerts_allowed = true;
    let good = Pulled::Record { typ: Alert, body: Place::Input(5..7), end: 7 };
    assert_eq!(opener.pull(&mut alert.to_vec(), None), Ok(good));
    assert!(opener.pull(&mut raw_record(1, 0, 22, b"x", 0), None).is_ok());
    assert_eq!(opener.pull(&mut alert.to_vec(), None), Err(unexpected(ApplicationData, Alert)));
}

#[test]
fn what_is_inside_has_rules_too() {
    let open = |typ: u8, len: usize, pad: usize| {
        let mut record = raw_record(1, 0, typ, &vec![7; len], pad);
        let pulled = opener(1).pull(&mut record, None);
        pulled.map(|p| if let Pulled::Record { typ, body, .. } = p { (typ, body) } else { panic!("{p:?}") })
    };
    assert_eq!(open(23, 0, 0), Ok((ApplicationData, Place::Input(5..5))));
    assert_eq!(open(23, 0, 100), Ok((ApplicationData, Place::Input(5..5))));
    assert_eq!(open(22, 3, 100), Ok((Handshake, Place::Input(5..8))));
    assert_eq!(open(21, 2, 0), Ok((Alert, Place::Input(5..7))));
    for pad in [0, 4] {
        assert_eq!(open(21, 0, pad), Err(PeerMisbehaved::EmptyAlertOrCcsRecord.into()));
        assert_eq!(open(22, 0, pad), Err(PeerMisbehaved::EmptyHandshakeRecord.into()));
    }
    assert_eq!(open(0, 0, 4), Err(PeerMisbehaved::IllegalTlsInnerPlaintext.into()));
    for typ in [24, 25, 255] {
        assert!(matches!(open(typ, 1, 0), Err(Error::InappropriateMessage { .. })), "{typ}");
    }
    assert!(open(23, MAX_PLAINTEXT, 0).is_ok());
    assert_eq!(open(23, MAX_PLAINTEXT + 1, 0), Err(Error::PeerSentOversizedRecord));
}

#[test]
fn records_out_of_order_or_changed_do_not_open() {
    let records: Vec<_> = (0..3).map(|seq| raw_record(5, seq, 23, b"data", 0)).collect();
    let mut opener = opener(5);
    assert_eq!(opener.pull(&mut records[1].clone(), None), Err(Error::DecryptError));
    assert!(opener.pull(&mut records[0].clone(), None).is_ok());
    assert_eq!(opener.pull(&mut records[0].clone(), None), Err(Error::DecryptError));
    for at in 5..records[1].len() {
        let mut bent = records[1].clone();
        bent[at] ^= 0x10;
        assert_eq!(opener.pull(&mut bent, None), Err(Error::DecryptError));
    }
    assert!(opener.pull(&mut records[1].clone(), None).is_ok());
    assert_eq!((opener.seq(), opener.epoch()), (2, 1));
}

#[test]
fn the_last_number_is_never_used_twice() {
    let mut opener = opener(5);
    opener.set_seq(u64::MAX - 1);
    assert!(opener.pull(&mut raw_record(5, u64::MAX - 1, 23, b"last", 0), None).is_ok());
    for _ in 0..2 {
        assert_eq!(opener.pull(&mut raw_record(5, u64::MAX, 23, b"over", 0), None), Err(Error::DecryptError));
        assert_eq!(opener.seq(), u64::MAX);
    }
}

#[test]
fn refused_early_data_is_skipped_until_a_record_opens() {
    let early = raw_record(9, 0, 23, b"early data", 0);
    let body = early.len() - 5;
    for install_first in [true, false] {
        let mut opener = Opener::default();
        if install_first {
            opener.install(Box::new(Toy(1)));
        }
        opener.skip_early_data(3 * body + 1, false);
        if !install_first {
            opener.install(Box::new(Toy(1)));
        }
        for _ in 0..3 {
            assert_eq!(opener.pull(&mut early.clone(), None), Ok(Pulled::Skipped { end: early.len() }));
        }
        let too_much = PeerMisbehaved::TooMuchRefusedEarlyData.into();
        assert_eq!(opener.pull(&mut early.clone(), None), Err(too_much));
    }
    let mut opener = opener(1);
    opener.skip_early_data(1000, false);
    assert!(matches!(opener.pull(&mut early.clone(), None), Ok(Pulled::Skipped { .. })));
    assert!(matches!(opener.pull(&mut raw_record(1, 0, 22, b"fin", 0), None), Ok(Pulled::Record { .. })));
    assert_eq!(opener.pull(&mut early.clone(), None), Err(Error::DecryptError));
}

#[test]
fn after_a_retry_early_data_is_skipped_until_the_second_hello() {
    let early = raw_record(9, 0, 23, b"early data", 0);
    let mut opener = Opener::default();
    opener.skip_early_data(2 * early.len(), true);
    assert_eq!(opener.pull(&mut early.clone(), None), Ok(Pulled::Skipped { end: early.len() }));
    assert!(matches!(opener.pull(&mut b"\x16\x03\x03\x00\x01x".to_vec(), None), Ok(Pulled::Record { .. })));
    assert_eq!(opener.pull(&mut early.clone(), None), Ok(Pulled::Skipped { end: early.len() }));
    let too_much = PeerMisbehaved::TooMuchRefusedEarlyData.into();
    assert_eq!(opener.pull(&mut early.clone(), None), Err(too_much));

    let mut opener = Opener::default();
    opener.skip_early_data(2 * early.len(), true);
    opener.install(Box::new(Toy(1)));
    assert_eq!(opener.pull(&mut early.clone(), None), Err(Error::DecryptError));
}

#[test]
fn empty_early_records_are_not_free() {
    let mut opener = opener(1);
    opener.skip_early_data(10, false);
    let skipped =
        (0..).take_while(|_| opener.pull(&mut b"\x17\x03\x03\x00\x00".to_vec(), None).is_ok()).count();
    assert_eq!(skipped, 10);
}

#[test]
fn a_record_opens_into_the_readers_slice_if_it_fits() {
    let record = raw_record(3, 0, 23, b"plaintext", 2);
    let mut out = [0xaa; 12];
    let pulled = opener(3).pull(&mut record.clone(), Some(&mut out));
    assert_eq!(pulled, Ok(Pulled::Record { typ: ApplicationData, body: Place::Out(9), end: record.len() }));
    assert_eq!(&out[..9], b"plaintext");
    // no room: in place
    let mut short = [0xaa; 11];
    let pulled = opener(3).pull(&mut record.clone(), Some(&mut short));
    assert_eq!(
        pulled,
        Ok(Pulled::Record { typ: ApplicationData, body: Place::Input(5..14), end: record.len() })
    );
    assert_eq!(short, [0xaa; 11]);
    // an error leaves nothing behind
    let mut out = [0xaa; 12];
    assert_eq!(opener(4).pull(&mut record.clone(), Some(&mut out)), Err(Error::DecryptError));
    assert_eq!(out, [0; 12]);
}

#[test]
fn a_provider_may_return_an_empty_constant_but_no_foreign_bytes() {
    struct Constant(&'static [u8]);
    impl MessageDecrypter for Constant {
        fn decrypt<'a>(
            &mut self,
            msg: InboundOpaqueMessage<'a>,
            _: u64,
        ) -> Result<InboundPlainMessage<'a>, Error> {
            Ok(InboundPlainMessage { typ: ApplicationData, version: msg.version, payload: self.0 })
        }
    }
    let open = |constant| {
        let mut opener = Opener::default();
        opener.install(Box::new(Constant(constant)));
        opener.pull(&mut b"\x17\x03\x03\x00\x05ABCDE".to_vec(), None)
    };
    assert_eq!(open(b""), Ok(Pulled::Record { typ: ApplicationData, body: Place::Input(5..5), end: 10 }));
    assert!(matches!(open(b"xyz"), Err(Error::General(_))));
}

#[test]
fn garbage_never_panics() {
    let mut dice = Dice(7);
    for round in 0..20_000 {
        let mut opener = if round % 2 == 0 { opener(1) } else { Opener::default() };
        opener.ccs_allowed = dice.roll(2) == 0;
        opener.plaintext_alerts_allowed = dice.roll(2) == 0;
        if dice.roll(2) == 0 {
            opener.skip_early_data(dice.roll(50), dice.roll(2) == 0);
        }
        let mut bytes: Vec<u8> = (0..dice.roll(40)).map(|_| dice.roll(256) as u8).collect();
        if let [typ, major, minor, high, low, ..] = &mut bytes[..] {
            (*typ, *major, *minor) = (20 + dice.roll(5) as u8, 3, 3);
            (*high, *low) = (0, dice.roll(40) as u8);
        }
        let mut at = 0;
        let mut out = [0; 64];
        while let Ok(Pulled::Record { end, .. } | Pulled::Skipped { end }) =
            opener.pull(&mut bytes[at..], (dice.roll(2) == 0).then_some(&mut out[..]))
        {
            assert!(end >= 5 && at + end <= bytes.len());
            at += end;
        }
    }
}

// ---- sealing, and both together

#[test]
fn any_chop_and_any_provider_give_the_same() {
    let mut dice = Dice(3);
    let sent: Vec<(ContentType, Vec<u8>)> = (0..60)
        .map(|i| {
            let typ = if i % 3 == 0 { Handshake } else { ApplicationData };
            (typ, vec![i as u8; [1, 10, 900, 1500, 16384, 40_000][dice.roll(6)]])
        })
        .collect();
    let mut wires = vec![];
    for foreign in [false, true] {
        let mut sealer = Sealer::default();
        let aead: Box<dyn MessageEncrypter> = if foreign { Box::new(Foreign(8)) } else { Box::new(Toy(8)) };
        sealer.install(aead, u64::MAX);
        let mut out = Outbox::default();
        for (typ, bytes) in &sent {
            sealer.seal_out(*typ, OutboundChunks::Single(bytes), &mut out).unwrap();
        }
        assert_eq!(out.records().map(<[u8]>::len).sum::<usize>(), out.len());
        wires.push(out.pending().to_vec());
    }
    assert_eq!(wires[0], wires[1]);

    let expected: [Vec<u8>; 2] = [Handshake, ApplicationData]
        .map(|typ| sent.iter().filter(|(t, _)| *t == typ).flat_map(|(_, b)| b.clone()).collect());
    for chop in [1, 2, 7, 64, 4096, usize::MAX] {
        for foreign in [false, true] {
            let mut opener = Opener::default();
            let aead: Box<dyn MessageDecrypter> =
                if foreign { Box::new(Foreign(8)) } else { Box::new(Toy(8)) };
            opener.install(aead);
            let mut inbox = Inbox::default();
            let (mut messages, mut data) = (vec![], vec![]);
            let mut wire = &wires[0][..];
            while !wire.is_empty() {
                let room = inbox.room(chop % 2 == 0).unwrap();
                let n = room.len().min(wire.len()).min(chop);
                room[..n].copy_from_slice(&wire[..n]);
                inbox.filled(n);
                wire = &wire[n..];
                loop {
                    let (body, end) = match opener.pull(inbox.sealed(), None).unwrap() {
                        Pulled::Incomplete => break,
                        Pulled::Record { typ: Handshake, body: Place::Input(body), end } => {
                            messages.extend_from_slice(&inbox.sealed()[body]);
                            (None, end)
                        }
                        Pulled::Record { typ: ApplicationData, body: Place::Input(body), end } => {
                            (Some(body), end)
                        }
                        other => panic!("{other:?}"),
                    };
                    match body {
                        Some(body) => inbox.used_data(end, body),
                        None => inbox.used(end),
                    }
                    while inbox.unread() > 10_000 {
                        let mut part = vec![0; 9000];
                        let n = inbox.copy_out(&mut part);
                        data.extend_from_slice(&part[..n]);
                    }
                }
            }
            let mut rest = vec![0; inbox.unread()];
            inbox.copy_out(&mut rest);
            data.extend(rest);
            assert!(messages == expected[0] && data == expected[1], "{chop} {foreign}");
        }
    }
}

#[test]
fn the_first_flight_of_a_client_says_tls_1_0() {
    let mut client = Sealer::for_client();
    client.set_max_fragment_size(Some(32)).unwrap();
    let hello = seal(&mut client, Handshake, &[1; 30]);
    assert_eq!((&hello[..5], &hello[32..37]), (&[22, 3, 1, 0, 27][..], &[22, 3, 1, 0, 3][..]));
    assert_eq!(seal(&mut client, Alert, &[2, 40]), [21, 3, 3, 0, 2, 2, 40]);
    assert_eq!(seal(&mut Sealer::default(), Handshake, &[9]), [22, 3, 3, 0, 1, 9]);
}

#[test]
fn fragments_are_as_long_as_asked() {
    let lengths = |size: Option<usize>, n: usize| {
        let mut sealer = sealer(1);
        sealer.set_max_fragment_size(size).unwrap();
        let mut out = Outbox::default();
        let data = vec![7; n];
        let (a, b) = data.split_at(n / 3);
        sealer.seal_out(ApplicationData, OutboundChunks::new(&[a, b]), &mut out).unwrap();
        out.records().map(|r| r.len() - 5 - 1 - TAG).collect::<Vec<_>>()
    };
    assert_eq!(lengths(None, 40_000), [16384, 16384, 7232]);
    assert_eq!(lengths(Some(16389), 16384), [16384]);
    assert_eq!(lengths(Some(32), 60), [27, 27, 6]);
    assert_eq!(lengths(Some(32), 54), [27, 27]);
    for bad in [0, 31, 16390, usize::MAX] {
        assert_eq!(sealer(1).set_max_fragment_size(Some(bad)), Err(Error::BadMaxFragmentSize));
    }
}

#[test]
fn empty_handshake_and_alert_records_are_never_sent() {
    for typ in [Handshake, Alert] {
        assert_eq!(seal(&mut sealer(1), typ, b""), b"");
    }
    assert_eq!(seal(&mut sealer(1), ApplicationData, b"").len(), 5 + 1 + TAG);
}

#[test]
fn padding_is_added_and_removed() {
    let mut sealer = sealer(1);
    sealer.set_padding(Some(Box::new(|len| Ok(100 - len % 100))));
    let mut record = seal(&mut sealer, ApplicationData, b"hello");
    assert_eq!(record.len(), 5 + 100 + 1 + TAG);
    let pulled = opener(1).pull(&mut record, None);
    assert_eq!(pulled, Ok(Pulled::Record { typ: ApplicationData, body: Place::Input(5..10), end: 114 }));
    // never longer than a record may be
    sealer.set_padding(Some(Box::new(|_| Ok(usize::MAX))));
    assert_eq!(seal(&mut sealer, ApplicationData, b"hello").len(), 5 + MAX_PLAINTEXT + 1 + TAG);
    // a provider that cannot pad
    sealer.install(Box::new(Foreign(1)), u64::MAX);
    assert_eq!(seal(&mut sealer, ApplicationData, b"hello").len(), 5 + 5 + 1 + TAG);
}

#[test]
fn the_key_changes_before_its_limit_and_stops_at_it() {
    let mut sealer = Sealer::default();
    assert!(!sealer.wants_rekey());
    sealer.install(Box::new(Toy(1)), 4);
    sealer.set_max_fragment_size(Some(105)).unwrap();
    let mut out = Outbox::default();
    let data = [7; 1000];
    let rest = sealer.seal_some(ApplicationData, OutboundChunks::Single(&data), &mut out).unwrap();
    assert_eq!((rest.len(), sealer.seq(), sealer.wants_rekey()), (700, 3, true));
    let again = sealer.seal_some(ApplicationData, rest, &mut out).unwrap();
    assert_eq!((again.len(), sealer.seq()), (700, 3));
    assert!(sealer.seal_out(Handshake, OutboundChunks::Single(b"key update"), &mut out).is_ok());
    let before = out.len();
    for _ in 0..2 {
        let refused = sealer.seal_out(ApplicationData, OutboundChunks::Single(b"x"), &mut out);
        assert_eq!((refused, out.len()), (Err(Error::EncryptError), before));
    }
    assert_eq!(sealer.failure(), Some(&Error::EncryptError));
    // nonsensical limits end
    for limit in [0, 1] {
        let mut sealer = Sealer::default();
        sealer.install(Box::new(Toy(1)), limit);
        let done = sealer.seal_some(ApplicationData, OutboundChunks::Single(&data), &mut out);
        assert_eq!(done.is_ok(), limit == 1);
    }
}

#[test]
fn sequence_numbers_never_wrap() {
    let mut sealer = sealer(1);
    sealer.set_seq(u64::MAX - 1);
    let mut out = Outbox::default();
    assert!(sealer.seal_out(Alert, OutboundChunks::Single(&[1, 0]), &mut out).is_ok());
    assert_eq!(sealer.seal_out(Alert, OutboundChunks::Single(&[1, 0]), &mut out), Err(Error::EncryptError));
    assert_eq!(sealer.seq(), u64::MAX);
}

#[test]
fn the_callers_slice_gets_all_or_nothing() {
    for foreign in [false, true] {
        let mut sealer = Sealer::default();
        let aead: Box<dyn MessageEncrypter> = if foreign { Box::new(Foreign(1)) } else { Box::new(Toy(1)) };
        sealer.install(aead, u64::MAX);
        sealer.set_max_fragment_size(Some(105)).unwrap();
        let mut outbox = Outbox::default();
        sealer.seal_out(Alert, OutboundChunks::Single(&[1, 0]), &mut outbox).unwrap();
        let waiting = outbox.pending().to_vec();
        let data: Vec<u8> = (0..250).map(|i| i as u8).collect();
        let required = waiting.len() + 250 + 3 * (5 + 1 + TAG);
        let mut out = vec![0; required];
        let refused = sealer.seal_slice(&data, &mut outbox, &mut out[..required - 1]);
        assert_eq!(refused, Err(SliceError::TooSmall { required }));
        assert_eq!((outbox.pending(), sealer.seq()), (&waiting[..], 1));
        assert_eq!(sealer.seal_slice(&data, &mut outbox, &mut out), Ok(required));
        assert!(outbox.is_empty());

        let mut opener = opener(1);
        let (mut at, mut got) = (0, vec![]);
        while let Pulled::Record { typ, body: Place::Input(body), end } =
            opener.pull(&mut out[at..], None).unwrap()
        {
            if typ == ApplicationData {
                got.extend_from_slice(&out[at..][body]);
            }
            at += end;
        }
        assert_eq!((got, at), (data, required));
    }
}

#[test]
fn a_slice_is_refused_before_the_key_runs_out() {
    let mut sealer = Sealer::default();
    sealer.install(Box::new(Toy(1)), 2);
    sealer.set_max_fragment_size(Some(32)).unwrap();
    let mut out = [0; 1000];
    let refused = sealer.seal_slice(&[7; 28 * 3], &mut Outbox::default(), &mut out);
    assert_eq!((refused, sealer.seq()), (Err(SliceError::Failed(Error::EncryptError)), 0));
}

#[test]
fn a_changing_padding_policy_still_fits_the_slice() {
    use core::sync::atomic::{AtomicUsize, Ordering};
    let mut sealer = sealer(1);
    let calls = AtomicUsize::new(0);
    sealer.set_padding(Some(Box::new(move |_| Ok(calls.fetch_add(1, Ordering::Relaxed) * 50))));
    let Err(SliceError::TooSmall { required }) = sealer.seal_slice(b"hello", &mut Outbox::default(), &mut [])
    else {
        panic!()
    };
    let mut out = vec![0; required + 60];
    let n = sealer.seal_slice(b"hello", &mut Outbox::default(), &mut out).unwrap();
    let Ok(Pulled::Record { body: Place::Input(body), end, .. }) = opener(1).pull(&mut out, None) else {
        panic!()
    };
    assert_eq!((&out[body], end), (&b"hello"[..], n));
}

/// Announces nothing, and makes a record.
pub(super) struct Modest;

impl MessageEncrypter for Modest {
    fn encrypt(&mut self, msg: OutboundPlainMessage<'_>, seq: u64) -> Result<OutboundOpaqueMessage, Error> {
        Ok(owned(1, &msg, seq))
    }
    fn encrypted_payload_len(&self, _: usize) -> usize {
        0
    }
}

#[test]
fn a_provider_with_wrong_lengths_does_no_harm() {
    /// Claims to have written more than there is, or what is no record.
    struct Boaster(usize);
    impl MessageEncrypter for Boaster {
        fn encrypt(&mut self, _: OutboundPlainMessage<'_>, _: u64) -> Result<OutboundOpaqueMessage, Error> {
            Err(Error::EncryptError)
        }
        fn encrypted_payload_len(&self, n: usize) -> usize {
            n
        }
        fn seal(&mut self, _: OutboundPlainMessage<'_>, _: u64, _: &mut [u8]) -> Result<Sealed, Error> {
            Ok(Sealed::Written(self.0))
        }
    }
    let mut sealer = Sealer::default();
    sealer.install(Box::new(Modest), u64::MAX);
    let mut outbox = Outbox::default();
    sealer.seal_out(ApplicationData, OutboundChunks::Single(b"one"), &mut outbox).unwrap();
    let mut out = vec![0; outbox.len() + 5];
    let n = sealer.seal_slice(b"two", &mut outbox, &mut out).unwrap();
    let mut wire = [&out[..n], outbox.pending()].concat();
    let mut opener = opener(1);
    for expected in [b"one", b"two"] {
        let Ok(Pulled::Record { body: Place::Input(body), end, .. }) = opener.pull(&mut wire, None) else {
            panic!()
        };
        assert_eq!(&wire[body], expected);
        wire.drain(..end);
    }
    for claim in [3, 8, 9, usize::MAX] {
        let mut sealer = Sealer::default();
        sealer.install(Box::new(Boaster(claim)), u64::MAX);
        let mut outbox = Outbox::default();
        let done = sealer.seal_out(ApplicationData, OutboundChunks::Single(b"one"), &mut outbox);
        assert_eq!((done, outbox.len()), (Err(Error::EncryptError), 0), "{claim}");
    }
}
