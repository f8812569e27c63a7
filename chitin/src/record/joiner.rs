//! Handshake bytes that could not be delivered yet, and the cutting of messages. It knows lengths and types of messages,
//! never their meaning.

use alloc::vec::Vec;

use crate::error::{Error, InvalidMessage};
use crate::names::HandshakeType;

/// Type and 24-bit length. RFC 8446 section 4.
pub(crate) const MESSAGE_HEADER: usize = 4;

/// Bytes of messages not yet whole, or waiting behind a paused flow, and the read epoch they arrived under.
#[derive(Default)]
pub(crate) struct Joiner {
    partial: Vec<u8>,
    epoch: u8,
}

impl Joiner {
    pub(crate) fn is_empty(&self) -> bool {
        self.partial.is_empty()
    }

    pub(crate) fn len(&self) -> usize {
        self.partial.len()
    }

    /// What there is of the message that waits to become whole.
    pub(crate) fn begun(&self) -> &[u8] {
        &self.partial
    }

    pub(crate) fn capacity(&self) -> usize {
        self.partial.capacity()
    }

    /// Would the message that has begun still be incomplete with `body` behind it? Then `body` is kept, and there is nothing
    /// to split. This makes a message that comes in many small records cost its length, not its square.
    pub(crate) fn still_waits(&mut self, body: &[u8]) -> bool {
        // A length that is known has been checked against its limit by the `split_message` that left it here; but for what waited
        // behind a question, and goes on with nothing behind it: no record of handshake messages is empty.
        let len = message_len(&self.partial).filter(|_| !body.is_empty());
        let waits = len.is_some_and(|len| self.partial.len() + body.len() < len);
        if let Some(len) = len.filter(|_| waits) {
            // What is announced need not come: so it is no more than twice what came, and no more than there will be.
            let free = self.partial.capacity() - self.partial.len();
            if free < body.len() {
                let more = self.partial.len().max(body.len()).min(len - self.partial.len());
                self.partial.reserve_exact(more);
            }
            self.partial.extend_from_slice(body);
        }
        waits
    }

    /// Gives out what waits with `body` behind it, and its epoch.
    pub(crate) fn take_with(&mut self, body: &[u8]) -> (Vec<u8>, u8) {
        let mut joined = core::mem::take(&mut self.partial);
        joined.reserve_exact(body.len());
        joined.extend_from_slice(body);
        (joined, self.epoch)
    }

    /// Keeps what is left. Bounded by one record behind one message of the size that `split_message` allowed.
    pub(crate) fn keep(&mut self, rest: &[u8], epoch: u8) {
        self.partial = rest.to_vec();
        self.epoch = epoch;
    }
}

/// One whole handshake message, borrowed from where it arrived.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Message<'a> {
    /// Which message.
    pub(crate) typ: HandshakeType,
    /// Without its header.
    pub(crate) body: &'a [u8],
    /// With its header, as it goes into the transcript.
    pub(crate) raw: &'a [u8],
}

/// Cuts the first whole message off `rest`. `max_len` gives the longest body that a type may have now; it is asked as soon
/// as the header is there, so that a peer cannot make us collect what we would refuse.
pub(crate) fn split_message<'a>(
    rest: &mut &'a [u8],
    max_len: impl Fn(HandshakeType) -> usize,
) -> Result<Option<Message<'a>>, Error> {
    let (Some(end), Some(typ)) = (message_len(rest), rest.first()) else { return Ok(None) };
    let typ = HandshakeType::from(*typ);
    let (len, limit) = (end - MESSAGE_HEADER, max_len(typ));
    if len > limit {
        return Err(InvalidMessage::HandshakeMessageTooLong { typ, len, limit }.into());
    }
    let Some((raw, tail)) = rest.split_at_checked(end) else { return Ok(None) };
    let Some(body) = raw.get(MESSAGE_HEADER..) else { return Ok(None) };
    *rest = tail;
    Ok(Some(Message { typ, body, raw }))
}

/// Type and length of the message at the head of `bytes`, header included, if its header is there.
pub(crate) fn announced(bytes: &[u8]) -> Option<(HandshakeType, usize)> {
    Some((HandshakeType::from(*bytes.first()?), message_len(bytes)?))
}

/// Length of the message at the head of `bytes`, header included, if its header is there.
fn message_len(bytes: &[u8]) -> Option<usize> {
    let [_, a, b, c, ..] = *bytes else { return None };
    // 24 bits: cannot overflow, even where usize has 32.
    Some(MESSAGE_HEADER + (usize::from(a) << 16 | usize::from(b) << 8 | usize::from(c)))
}

#[cfg(test)]
mod tests {
    use alloc::vec;

    use super::*;

    fn any(_: HandshakeType) -> usize {
        usize::MAX
    }

    #[test]
    fn messages_are_cut_where_their_length_says() {
        let bytes = [20, 0, 0, 2, 7, 8, 4, 0, 0, 0, 24, 0, 0, 1];
        let mut rest = &bytes[..];
        let first = split_message(&mut rest, any).unwrap().unwrap();
        assert_eq!((first.typ, first.body, first.raw), (HandshakeType::Finished, &[7, 8][..], &bytes[..6]));
        let second = split_message(&mut rest, any).unwrap().unwrap();
        assert_eq!((second.typ, second.body), (HandshakeType::NewSessionTicket, &[][..]));
        assert_eq!(split_message(&mut rest, any), Ok(None));
        assert_eq!(rest, [24, 0, 0, 1]);
        for n in 0..4 {
            assert_eq!(split_message(&mut &bytes[..n], any), Ok(None));
        }
    }

    #[test]
    fn a_limit_holds_from_the_header_on() {
        let limit = |typ| if typ == HandshakeType::Certificate { 0x1_0000 } else { 8 };
        let too_long = |typ, len, limit| InvalidMessage::HandshakeMessageTooLong { typ, len, limit };
        let cases = [
            ([11, 1, 0, 0], None),
            ([11, 1, 0, 1], Some(too_long(HandshakeType::Certificate, 0x1_0001, 0x1_0000))),
            ([11, 0xff, 0xff, 0xff], Some(too_long(HandshakeType::Certificate, 0xff_ffff, 0x1_0000))),
            ([20, 0, 0, 8], None),
            ([20, 0, 0, 9], Some(too_long(HandshakeType::Finished, 9, 8))),
        ];
        for (header, refused) in cases {
            let expected = refused.map_or(Ok(None), |why| Err(why.into()));
            assert_eq!(split_message(&mut &header[..], limit), expected, "{header:?}");
        }
    }

    #[test]
    fn a_message_in_pieces_is_joined() {
        let bytes: Vec<u8> = [11, 0, 0, 200].into_iter().chain(0..200).chain([20, 0]).collect();
        for piece in [1, 3, 4, 5, 100, 203] {
            let mut joiner = Joiner { partial: vec![], epoch: 3 };
            let mut got = vec![];
            for part in bytes.chunks(piece) {
                if joiner.still_waits(part) {
                    continue;
                }
                let (joined, epoch) = joiner.take_with(part);
                assert_eq!(epoch, 3);
                let mut rest = &joined[..];
                while let Some(message) = split_message(&mut rest, any).unwrap() {
                    got.push(message.raw.to_vec());
                }
                joiner.keep(rest, epoch);
            }
            assert_eq!(got, [&bytes[..204]], "{piece}");
            assert_eq!(joiner.take_with(&[]), (vec![20, 0], 3));
            assert!(joiner.is_empty());
        }
    }
}
