//! What of a server's transport parameters a client counts on when it sends early data. RFC 9000 section 7.4.1.
//!
//! The parameters are the QUIC endpoint's: only the few limits that outlive a connection are looked at here, and nothing that a
//! peer sends.

use alloc::vec::Vec;

use crate::wire::codec::{Reader, Wire};

/// The limits that a server must not lower while it takes early data, by what they are if they are left out. RFC 9000 sections
/// 7.4.1 and 18.2; RFC 9221 section 3.
const REMEMBERED: [(u64, u64); 8] = [
    (0x04, 0), // initial_max_data
    (0x05, 0), // initial_max_stream_data_bidi_local
    (0x06, 0), // initial_max_stream_data_bidi_remote
    (0x07, 0), // initial_max_stream_data_uni
    (0x08, 0), // initial_max_streams_bidi
    (0x09, 0), // initial_max_streams_uni
    (0x0e, 2), // active_connection_id_limit
    (0x20, 0), // max_datagram_frame_size
];

/// The promise that `parameters` make to a client that comes back. What cannot be read is a promise as a whole.
pub(crate) fn promise(parameters: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    match limits(parameters) {
        Some(limits) => {
            out.push(LIMITS);
            limits.iter().for_each(|limit| limit.write(&mut out));
        }
        None => {
            out.push(WHOLE);
            out.extend_from_slice(parameters);
        }
    }
    out
}

/// Do `parameters` keep what was promised? None of the limits may be lower.
pub(crate) fn keep(parameters: &[u8], promised: &[u8]) -> bool {
    match (promised.split_first(), limits(parameters)) {
        (Some((&LIMITS, then)), Some(now)) => {
            let mut then = Reader::new(then);
            let kept = now.iter().all(|now| u64::read(&mut then).is_ok_and(|then| then <= *now));
            kept && !then.any_left()
        }
        (Some((&WHOLE, then)), None) => then == parameters,
        _ => false,
    }
}

const LIMITS: u8 = 0;
const WHOLE: u8 = 1;

/// `None` if these are not transport parameters as RFC 9000 section 18 has them, or one of the limits stands there twice.
fn limits(parameters: &[u8]) -> Option<[u64; REMEMBERED.len()]> {
    let mut found = [None; REMEMBERED.len()];
    let mut r = Reader::new(parameters);
    while r.any_left() {
        let (id, len) = (varint(&mut r)?, varint(&mut r)?);
        let mut value = Reader::new(r.take(usize::try_from(len).ok()?, "transport parameter").ok()?);
        let at = REMEMBERED.iter().position(|(remembered, _)| *remembered == id);
        if let Some(slot) = at.and_then(|at| found.get_mut(at)) {
            let limit = varint(&mut value)?;
            if value.any_left() || slot.replace(limit).is_some() {
                return None;
            }
        }
    }
    let mut limits = REMEMBERED.map(|(_, default)| default);
    limits.iter_mut().zip(found).for_each(|(limit, found)| *limit = found.unwrap_or(*limit));
    Some(limits)
}

/// RFC 9000 section 16.
fn varint(r: &mut Reader<'_>) -> Option<u64> {
    let first = r.u8("variable-length integer").ok()?;
    let more = (1usize << (first >> 6)) - 1;
    let rest = r.take(more, "variable-length integer").ok()?;
    Some(rest.iter().fold(u64::from(first & 0x3f), |value, byte| (value << 8) | u64::from(*byte)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(bytes: &[u8]) -> Option<u64> {
        varint(&mut Reader::new(bytes))
    }

    /// The examples of RFC 9000 appendix A.1.
    #[test]
    fn integers_of_each_length() {
        assert_eq!(read(&[0xc2, 0x19, 0x7c, 0x5e, 0xff, 0x14, 0xe8, 0x8c]), Some(151_288_809_941_952_652));
        assert_eq!(read(&[0x9d, 0x7f, 0x3e, 0x7d]), Some(494_878_333));
        assert_eq!(read(&[0x7b, 0xbd]), Some(15_293));
        assert_eq!(read(&[0x25]), Some(37));
        assert_eq!(read(&[0x40, 0x25]), Some(37));
        for cut in [&[][..], &[0x40], &[0x80, 0, 0], &[0xc0, 0, 0, 0, 0, 0, 0]] {
            assert_eq!(read(cut), None);
        }
    }

    /// initial_max_data 1000, initial_max_streams_bidi 3, a GREASE parameter, a connection id.
    const THEN: &[u8] = &[4, 2, 0x43, 0xe8, 8, 1, 3, 27, 0, 0, 4, 1, 2, 3, 4];

    #[test]
    fn limits_may_rise_and_not_fall() {
        let promised = promise(THEN);
        let keeps = |parameters: &[u8]| keep(parameters, &promised);
        assert!(keeps(THEN));
        assert!(keeps(&[0, 1, 9, 8, 1, 4, 4, 4, 0x80, 0, 0x10, 0]), "more of both, another connection");
        assert!(keeps(&[8, 1, 3, 4, 2, 0x43, 0xe8, 0x20, 1, 9, 14, 1, 2]), "another order, and more");
        assert!(!keeps(&[4, 2, 0x43, 0xe7, 8, 1, 3]), "a byte less");
        assert!(!keeps(&[4, 2, 0x43, 0xe8, 8, 1, 2]), "a stream less");
        assert!(!keeps(&[4, 2, 0x43, 0xe8]), "no streams");
        assert!(!keeps(&[4, 2, 0x43, 0xe8, 8, 1, 3, 14, 1, 1]), "fewer connection ids than by default");
        assert!(!keeps(&[]) && keep(&[], &promise(&[])));
    }

    #[test]
    fn what_cannot_be_read_must_be_the_same() {
        for bad in [&[1, 2][..], &[4], &[4, 1], &[4, 2, 3, 3], &[4, 1, 0x40], &[4, 1, 1, 4, 1, 1], &[0xff]] {
            assert_eq!(limits(bad), None, "{bad:?}");
            assert!(keep(bad, &promise(bad)));
            assert!(!keep(THEN, &promise(bad)) && !keep(bad, &promise(THEN)) && !keep(&[7], &promise(bad)));
        }
        let whole = promise(THEN);
        for len in 0..whole.len() {
            assert!(!keep(THEN, &whole[..len]), "{len}");
        }
        assert!(!keep(THEN, &[&whole[..], &[0]].concat()));
    }
}
