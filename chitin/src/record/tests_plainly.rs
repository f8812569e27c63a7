//! The short ways of a record, in and out, beside the long ones: where they do anything, it is the same.

use alloc::boxed::Box;
use alloc::format;
use alloc::vec;
use alloc::vec::Vec;
use core::sync::atomic::{AtomicUsize, Ordering};

use super::open::{Opener, Place, Plain, Pulled};
use super::outbox::Outbox;
use super::room::{CallersSlice, Room};
use super::seal::{Sealer, SliceError};
use super::tests::{Foreign, Modest, Toy, opener, raw_record};
use super::{MAX_PLAINTEXT, MAX_SEALED};
use crate::crypto::cipher::{MessageEncrypter, OutboundChunks, OutboundOpaqueMessage, OutboundPlainMessage};
use crate::error::Error;
use crate::names::ContentType::ApplicationData;

/// Shows `input` to two openers. Gives whether the short way took it.
fn is_opened(make: &dyn Fn() -> Opener, input: &[u8]) -> bool {
    let (mut short, mut long) = (make(), make());
    let (mut here, mut there) = (input.to_vec(), input.to_vec());
    let (before, expected) = (format!("{short:?}"), long.pull(&mut there, None));
    match short.pull_plainly(&mut here) {
        Some(done) => {
            let done =
                done.map(|Plain { typ, body, end }| Pulled::Record { typ, body: Place::Input(body), end });
            let done = done.map_err(|error| *error);
            assert_eq!((done, here), (expected, there));
            assert_eq!(format!("{short:?}"), format!("{long:?}"));
            assert_eq!(short.plaintext_alerts_allowed, long.plaintext_alerts_allowed);
            true
        }
        None => {
            assert_eq!((&here[..], format!("{short:?}")), (input, before), "nothing was touched");
            false
        }
    }
}

#[test]
fn a_record_opens_the_short_way_as_the_long_one() {
    for version12 in [false, true] {
        let make = || {
            let mut opener = opener(5);
            opener.set_seq(3);
            opener.plaintext_alerts_allowed = true;
            if version12 {
                opener.set_version12();
            }
            opener
        };
        for typ in [0, 20, 21, 22, 23, 24, 255] {
            for body in
                [&[][..], &[1], &[2], &[1, 1], &[7; 600], &[7; MAX_PLAINTEXT], &[7; MAX_PLAINTEXT + 1]]
            {
                for pad in [0, 4] {
                    assert!(is_opened(&make, &raw_record(5, 3, typ, body, pad)), "{typ} {}", body.len());
                }
            }
        }
        // Another number, another key, a bent byte: an error, and the same one.
        let record = raw_record(5, 3, 23, b"data", 0);
        let bent: Vec<u8> = record.iter().enumerate().map(|(i, b)| if i == 7 { !b } else { *b }).collect();
        for record in [raw_record(5, 4, 23, b"data", 0), raw_record(6, 3, 23, b"data", 0), bent] {
            assert!(is_opened(&make, &record));
            assert!(make().pull_plainly(&mut record.clone()).is_some_and(|done| done.is_err()));
        }
        assert!(is_opened(&make, &[&record[..], b"more"].concat()));
    }
}

#[test]
fn what_is_not_plain_is_left_to_the_long_way() {
    let record = raw_record(5, 0, 23, b"data", 0);
    let make = || opener(5);
    assert!(is_opened(&make, &record));
    for len in 0..record.len() {
        assert!(!is_opened(&make, &record[..len]), "{len}");
    }
    for (at, byte) in [(0, 22), (0, 20), (1, 2), (2, 1)] {
        let mut other = record.clone();
        other[at] = byte;
        assert!(!is_opened(&make, &other));
    }
    let mut long = [&[23, 3, 3][..], &(MAX_SEALED as u16 + 1).to_be_bytes()].concat();
    long.resize(MAX_SEALED + 6, 0);
    assert!(!is_opened(&make, &long));

    let changed = |change: fn(&mut Opener)| {
        move || {
            let mut opener = opener(5);
            change(&mut opener);
            opener
        }
    };
    assert!(!is_opened(&changed(|opener| opener.set_limit(100)), &record));
    assert!(!is_opened(&changed(|opener| opener.skip_early_data(100, false)), &record));
    assert!(!is_opened(&changed(|opener| opener.skip_early_data(100, true)), &record));
    assert!(!is_opened(&changed(|opener| opener.set_seq(u64::MAX)), &record));
    assert!(!is_opened(&changed(|opener| *opener = Opener::default()), &record));
}

#[test]
fn data_is_sealed_the_short_way_as_the_long_one() {
    for (limit, pad, lens) in [
        (u64::MAX, None, &[1, 99, 100, 1, 0, 101, 250, 1][..]),
        (u64::MAX, Some(3), &[1, 99, 100, 1]),
        (4, None, &[1, 2, 3, 4, 5]),
        (4, None, &[250, 1]),
        (4, None, &[1, 201, 200, 1]),
        (3, None, &[250, 200, 1]),
        (2, None, &[1, 1]),
        (1, None, &[1, 1]),
        (0, None, &[1, 1]),
    ] {
        let make = || {
            let mut sealer = Sealer::default();
            sealer.install(Box::new(Toy(1)), limit);
            sealer.set_peer_limit(100);
            if let Some(pad) = pad {
                sealer.set_padding(Some(Box::new(move |_| Ok(pad))));
            }
            sealer
        };
        let (mut short, mut long) = (make(), make());
        let (mut here, mut there) = (Outbox::default(), Outbox::default());
        for &len in lens {
            let data = OutboundChunks::Single(&[7; 250][..len]);
            let (plain, before) = (&[7; 250][..len], (short.seq(), here.len()));
            let expected = long.seal_some(ApplicationData, data.clone(), &mut there).map(|rest| rest.len());
            // One record of the key is left for who changes it.
            let is_plain = len > 0 && pad.is_none() && before.0 + (len.div_ceil(100) as u64) < limit;
            let done = short.seal_plainly(plain, &mut here);
            assert_eq!(done, is_plain.then_some(Ok(())), "{limit} {pad:?} {len}");
            if is_plain {
                assert_eq!(expected, Ok(0));
            } else {
                assert_eq!((short.seq(), here.len()), before, "nothing was sealed");
                let done = short.seal_some(ApplicationData, data, &mut here).map(|rest| rest.len());
                assert_eq!(done, expected);
            }
            assert_eq!((short.seq(), here.pending()), (long.seq(), there.pending()));
            assert_eq!(short.failure(), long.failure());
        }
    }
    let (mut clear, mut out) = (Sealer::default(), Outbox::default());
    assert!(clear.seal_plainly(b"data", &mut out).is_none() && out.is_empty());
}

/// With slices that are too short, just right and longer; with records that wait, and with providers of all kinds.
#[test]
fn a_slice_is_filled_the_short_way_as_the_long_one() {
    type Make = fn() -> Box<dyn MessageEncrypter>;
    let makes: [Make; 5] = [
        || Box::new(Toy(1)),
        || Box::new(Foreign(1)),
        || Box::new(Modest),
        || Box::new(FailsAt(0)),
        || Box::new(FailsAt(2)),
    ];
    for (limit, pad) in [(u64::MAX, None), (u64::MAX, Some(3)), (5, None), (1, None), (0, None)] {
        for make in makes {
            for more in [-1, 0, 1, 100] {
                for waits in [0, 9] {
                    let [mut short, mut long] = [0, 1].map(|_| {
                        let (mut sealer, mut outbox) = (Sealer::default(), Outbox::default());
                        sealer.install(make(), limit);
                        sealer.set_peer_limit(100);
                        if let Some(pad) = pad {
                            sealer.set_padding(Some(Box::new(move |_| Ok(pad))));
                        }
                        outbox.put(&[23, 3, 3, 0, 4, 7, 7, 7, 7][..waits]);
                        (sealer, outbox)
                    });
                    for len in [1, 100, 0, 101, 250, 1] {
                        both_fill(&mut short, &mut long, (&[7; 250][..len], pad.is_some()), more);
                    }
                }
            }
        }
    }
}

/// Seals `data` into a slice that is so much longer than it has to be: the short way where it is there for that, and the long way.
fn both_fill(
    short: &mut (Sealer, Outbox),
    long: &mut (Sealer, Outbox),
    (data, is_padded): (&[u8], bool),
    more: isize,
) {
    let required = match long.0.seal_slice(data, &mut long.1, &mut []) {
        Err(SliceError::TooSmall { required }) => required,
        other => return assert_eq!(other, Ok(0)),
    };
    let room = required.saturating_add_signed(more);
    let (mut here, mut there) = (vec![0; room], vec![0; room]);
    let expected = long.0.seal_slice(data, &mut long.1, &mut there);

    let (sealer, outbox) = short;
    let before = format!("{sealer:?}");
    let is_plain = !is_padded && !data.is_empty() && sealer.failure().is_none() && more >= 0;
    let is_plain = is_plain && sealer.has_room_for(data.len());
    let mut done = None;
    if outbox.is_empty() {
        let mut free = CallersSlice::new(&mut here, outbox);
        done = sealer.seal_plainly(data, &mut free).map(|done| done.map(|()| free.used()));
        assert_eq!(done.is_some(), is_plain, "{before} {} {room}", data.len());
    }
    let done = match done {
        Some(done) => done.map_err(|error| SliceError::Failed(*error)),
        None => {
            assert_eq!((format!("{sealer:?}"), &here), (before, &vec![0; room]), "nothing was touched");
            sealer.seal_slice(data, outbox, &mut here)
        }
    };
    assert_eq!((done, &here), (expected, &there));
    assert_eq!(outbox.pending(), long.1.pending());
    assert_eq!(format!("{sealer:?}"), format!("{:?}", long.0));
    assert_eq!(sealer.failure(), long.0.failure());
}

/// Seals as a foreign provider does, but for one record.
struct FailsAt(u64);

impl MessageEncrypter for FailsAt {
    fn encrypt(&mut self, msg: OutboundPlainMessage<'_>, seq: u64) -> Result<OutboundOpaqueMessage, Error> {
        if seq == self.0 { Err(gone()) } else { Foreign(1).encrypt(msg, seq) }
    }
    fn encrypted_payload_len(&self, n: usize) -> usize {
        Foreign(1).encrypted_payload_len(n)
    }
}

fn gone() -> Error {
    Error::General("the token is gone".into())
}

/// Also with the last number but one of a key, behind which it would seem to be time for another key.
#[test]
fn a_record_that_failed_the_short_way_is_not_tried_the_long_one() {
    for (limit, at) in [(u64::MAX, 0), (u64::MAX, 2), (4, 2)] {
        let (mut sealer, mut out) = (Sealer::default(), Outbox::default());
        sealer.install(Box::new(FailsAt(at)), limit);
        for n in 1..=at {
            assert_eq!(sealer.seal_plainly(b"data", &mut out), Some(Ok(())));
            // Header, data, type and tag.
            assert_eq!(out.len() as u64, n * (5 + 4 + 1 + 8));
        }
        let before = out.pending().to_vec();
        assert_eq!(sealer.seal_plainly(b"data", &mut out), Some(Err(Box::new(gone()))), "{limit} {at}");
        for _ in 0..2 {
            assert_eq!(sealer.failure(), Some(&gone()));
            assert_eq!(sealer.seal_plainly(b"data", &mut out), None);
            let long = sealer.seal_some(ApplicationData, OutboundChunks::Single(b"data"), &mut out);
            assert_eq!(long.map(|rest| rest.len()), Err(gone()), "{limit} {at}");
            assert_eq!(out.pending(), before);
        }
    }
}

#[test]
fn a_failure_in_the_midst_of_a_write_leaves_what_was_sealed_before() {
    let mut ways = [false, true].map(|is_short| {
        let (mut sealer, mut out) = (Sealer::default(), Outbox::default());
        sealer.install(Box::new(FailsAt(2)), u64::MAX);
        sealer.set_peer_limit(100);
        let failure = match is_short {
            true => sealer.seal_plainly(&[7; 350], &mut out).and_then(Result::err).map(|error| *error),
            false => sealer.seal_some(ApplicationData, OutboundChunks::Single(&[7; 350]), &mut out).err(),
        };
        assert_eq!((failure.as_ref(), sealer.failure()), (Some(&gone()), Some(&gone())));
        (sealer.seq(), out)
    });
    let [(long, there), (short, here)] = &mut ways;
    assert_eq!((long, there.pending()), (short, here.pending()));
    assert_eq!(here.records().count(), 2);
}

/// A policy is asked for the lengths first, and again for each record.
#[test]
fn padding_that_fails_between_two_records_ends_it() {
    for at in 0..5 {
        let asked = AtomicUsize::new(0);
        let (mut sealer, mut outbox) = (Sealer::default(), Outbox::default());
        sealer.install(Box::new(Toy(1)), u64::MAX);
        sealer.set_peer_limit(100);
        sealer.set_padding(Some(Box::new(move |_| {
            if asked.fetch_add(1, Ordering::Relaxed) == at { Err(gone()) } else { Ok(0) }
        })));
        outbox.put(&[21, 3, 3, 0, 0]);
        let sealed = sealer.seal_slice(&[7; 250], &mut outbox, &mut [0; 1000]);
        assert!(matches!(sealed, Err(SliceError::Failed(error)) if error == gone()), "{at}");
        assert_eq!(sealer.failure(), Some(&gone()), "{at}");
    }
}
