//! The record layer: bytes of a stream to opened records, and back. It knows keys and limits, never states or messages'
//! meaning, and never a socket (`io` only takes `Read` and `Write`).
//!
//! # What each index means
//!
//! **[`Inbox`](inbox::Inbox)** is one buffer of received bytes in which records are opened where they lie:
//!
//! ```text
//! 0          first                        sealed              filled            buf.len()
//! | dead     | plaintext, with dead gaps  | not yet opened    | free            |
//! ```
//!
//! - `first` and behind it `more` are a sorted list of ranges, all below `sealed`. The gaps between them are headers, tags and
//!   padding of opened records. No range is empty while plaintext waits; when none does, `first` is, and `more` has nothing.
//! - `sealed..filled` came from the wire and has not been shown to the opener with success. It starts at a record's header.
//! - `filled..buf.len()` holds old bytes that mean nothing; it keeps its length so that reading costs no zeroing.
//! - Nothing unread and nothing sealed: `sealed == filled == 0`. The buffer may then be given back (`rest`).
//! - A body of at most 512 bytes is moved down to the end of the range before it. So the number of ranges is at most the length of
//!   the buffer over that, whatever sizes the peer chooses.
//! - A read asks for a whole record where data is expected, and for the rest of one that has begun, if not many wait before it. Full
//!   records of one size come to lie at the front of a buffer of their length: no tail is ever moved.
//! - When room is needed, everything from the first live byte on moves to the front, also while plaintext waits: a reader that
//!   always leaves one byte would else make the buffer grow for ever.
//!
//! **[`Outbox`](outbox::Outbox)** is one buffer of whole sealed records:
//!
//! ```text
//! 0        head        cut        tail             buf.len()
//! | sent   | pending ............. | free           |
//! ```
//!
//! - `head` is anywhere, since a socket may take half a record. `cut` is the first start of a record at or behind `head`.
//! - `tail..buf.len()` keeps its length: a slot for the next record costs no zeroing (safe code cannot seal into
//!   uninitialised memory). It holds ciphertext only; no application plaintext is ever in here.
//! - Everything sent: `head == cut == tail == 0`.
//!
//! **[`Joiner`](joiner::Joiner)** is empty nearly always. It holds the bytes of handshake messages that could not be
//! delivered: one cut by the end of a record, or whole ones behind a paused flow. All of them came under one read key, whose
//! number (`epoch`) is kept with them. Bytes of two epochs never meet here; the engine refuses a key change before that.
//!
//! # Who gives memory back
//!
//! A buffer itself, when it is drained; but only the first times ([`Drains`]), since it would allocate and zero a whole burst again and
//! again in bulk transfer. After those, the opposite direction: `read_tls` rests a drained outbox, `writer` an empty inbox. A
//! `read_tls` that got nothing rests both; if nothing was drained since the one before that got nothing, the first times begin anew.
//!
//! What is read while no application data is expected lands in 4 KiB of the thread's first: connections that wait for a hello hold no
//! buffer, and then one of the hello's length.

pub(crate) mod inbox;
#[cfg(feature = "std")]
mod io;
pub(crate) mod joiner;
pub(crate) mod open;
pub(crate) mod outbox;
pub(crate) mod room;
pub(crate) mod seal;
#[cfg(test)]
mod tests;
#[cfg(test)]
mod tests12;
#[cfg(test)]
mod tests_plainly;

use crate::names::ContentType;

/// Type, version, length. RFC 8446 section 5.1.
pub(crate) const HEADER: usize = 5;

/// The most plaintext a record may carry. RFC 8446 section 5.1.
pub(crate) const MAX_PLAINTEXT: usize = 1 << 14;

/// The most bytes a protected record may have behind its header. RFC 8446 section 5.2. TLS 1.2 would allow 2048 bytes of
/// expansion, but no AEAD suite of it adds more than 24.
pub(crate) const MAX_SEALED: usize = MAX_PLAINTEXT + 256;

/// How often a buffer has given its memory back when it was drained.
///
/// Whether a connection that is drained stays idle or goes on in bulk cannot be known. So it is idle, until it has gone on so often
/// that it is in bulk: then allocations per record come to an end.
#[derive(Clone, Default)]
struct Drains {
    given: u8,
    /// Since a read found nothing.
    any: bool,
}

impl Drains {
    /// A handshake takes up to four, and a burst of 64 KiB in each direction four more.
    const MOST: u8 = 16;

    /// Counts one more. Shall the memory be given back?
    fn gives_back(&mut self) -> bool {
        let gives_back = self.given < Self::MOST;
        self.given += u8::from(gives_back);
        self.any = true;
        gives_back
    }

    /// A read has found nothing. One that found something before it is what a loop of events ends with each time, in bulk as well.
    fn pause(&mut self) {
        match self.any {
            true => self.any = false,
            false => self.given = 0,
        }
    }
}

/// The header of a record. `len` is at most [`MAX_SEALED`], so it fits.
pub(crate) fn header(typ: ContentType, version: [u8; 2], len: usize) -> [u8; HEADER] {
    let [major, minor] = version;
    let [high, low] = u16::try_from(len).unwrap_or(u16::MAX).to_be_bytes();
    [typ.value(), major, minor, high, low]
}

/// Length of the record at the head of `bytes`, header included, if its header is all there. The record need not be.
pub(crate) fn record_len(bytes: &[u8]) -> Option<usize> {
    let [_, _, _, high, low, ..] = *bytes else { return None };
    Some(HEADER + usize::from(u16::from_be_bytes([high, low])))
}

/// Length of the record at the head of `bytes`, if the whole record is there.
pub(crate) fn whole_record_len(bytes: &[u8]) -> Option<usize> {
    record_len(bytes).filter(|len| *len <= bytes.len())
}
