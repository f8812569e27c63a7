//! The incoming buffer of the buffered skins. Records are opened where they lie; plaintext stays there until it is read. It
//! never decides what the bytes mean.

use alloc::collections::VecDeque;
use alloc::vec::Vec;
use core::ops::Range;

use super::{record_len, whole_record_len};

/// Received bytes in one buffer. The head of the module says what the indices mean.
#[derive(Default)]
pub(crate) struct Inbox {
    buf: Vec<u8>,
    plain: VecDeque<Range<usize>>,
    sealed: usize,
    filled: usize,
    unread: usize,
    early: EarlyIn,
    eof: bool,
}

/// Received early data. It is copied out, since it may stay unread for ever and would pin the front of the inbox. The limit is
/// the engine's: it counts what it lets through.
#[derive(Default)]
struct EarlyIn {
    buf: Vec<u8>,
    read: usize,
}

/// Why there is no room for more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Full {
    /// The application does not read.
    Plaintext,
    /// Nobody processes what is there.
    Messages,
}

impl Inbox {
    /// A body of at most this length is moved next to the plaintext before it. That bounds the ranges, and the dead gaps of a
    /// flood of tiny records; the copy is small beside the opening of the record.
    const SLIDE: usize = 1024;

    /// The whole buffer: four records of the largest kind and one read more. Opened records are used up at once, so this is met
    /// only if nobody processes, or if plaintext waits between large paddings.
    pub(crate) const CAP: usize = 4 * (super::HEADER + super::MAX_SEALED) + Self::READ;

    /// More unread plaintext than this, and no more is taken from the socket: back pressure. One record.
    pub(crate) const PLAIN_LIMIT: usize = super::MAX_PLAINTEXT;

    /// What one read asks for when no record has begun. Handshakes and small requests fit.
    const READ: usize = 4096;

    /// Bytes from the wire that the engine has not used.
    pub(crate) fn sealed(&mut self) -> &mut [u8] {
        self.buf.get_mut(self.sealed..self.filled).unwrap_or_default()
    }

    fn sealed_ref(&self) -> &[u8] {
        self.buf.get(self.sealed..self.filled).unwrap_or_default()
    }

    /// Is there anything that the engine has not used?
    #[cfg(test)]
    pub(crate) fn has_sealed(&self) -> bool {
        self.sealed < self.filled
    }

    /// Outer type of the first sealed record, if that is whole.
    pub(crate) fn first_whole_record(&self) -> Option<u8> {
        let sealed = self.sealed_ref();
        whole_record_len(sealed).and(sealed.first().copied())
    }

    /// The engine has used `used` bytes of [`Self::sealed`], and left plaintext at `body` of it.
    pub(crate) fn used(&mut self, used: usize, body: Option<Range<usize>>) {
        let used = used.min(self.filled - self.sealed);
        if let Some(body) = body.filter(|body| body.start < body.end && body.end <= used) {
            let body = self.sealed + body.start..self.sealed + body.end;
            self.unread += body.len();
            match self.plain.back_mut().filter(|_| body.len() <= Self::SLIDE) {
                Some(last) => {
                    let to = last.end;
                    last.end += body.len();
                    self.buf.copy_within(body, to);
                }
                None => self.plain.push_back(body),
            }
        }
        self.sealed += used;
        self.tidy();
    }

    /// How much plaintext waits.
    pub(crate) fn unread(&self) -> usize {
        self.unread
    }

    /// The first piece of plaintext; empty if there is none.
    pub(crate) fn first(&self) -> &[u8] {
        self.plain.front().and_then(|range| self.buf.get(range.clone())).unwrap_or_default()
    }

    /// Drops `n` bytes of plaintext, over several pieces if need be. What is too much is ignored, as in 0.23.
    pub(crate) fn consume(&mut self, mut n: usize) {
        while let (Some(front), true) = (self.plain.front_mut(), n > 0) {
            let now = n.min(front.len());
            front.start += now;
            n -= now;
            self.unread -= now;
            if front.start == front.end {
                self.plain.pop_front();
            }
        }
        self.tidy();
    }

    /// Copies plaintext to `out`: the one copy it makes on its way.
    pub(crate) fn copy_out(&mut self, out: &mut [u8]) -> usize {
        let mut done = 0;
        while let Some(rest) = out.get_mut(done..).filter(|rest| !rest.is_empty() && self.unread > 0) {
            let first = self.first();
            let n = first.len().min(rest.len());
            rest.iter_mut().zip(first).for_each(|(to, from)| *to = *from);
            self.consume(n);
            done += n;
        }
        done
    }

    /// Keeps `body` of [`Self::sealed`] as early data. To be called before `used` for that record.
    pub(crate) fn keep_early(&mut self, body: Range<usize>) {
        let start = self.sealed + body.start;
        let bytes = self.buf.get(start..self.sealed + body.end).unwrap_or_default();
        self.early.buf.extend_from_slice(bytes);
    }

    /// Copies early data to `out`.
    pub(crate) fn read_early(&mut self, out: &mut [u8]) -> usize {
        let rest = self.early.buf.get(self.early.read..).unwrap_or_default();
        let n = rest.len().min(out.len());
        out.iter_mut().zip(rest).for_each(|(to, from)| *to = *from);
        self.early.read += n;
        if self.early.read == self.early.buf.len() {
            self.early = EarlyIn::default();
        }
        n
    }

    /// Forgets early data that nobody has read.
    pub(crate) fn drop_early(&mut self) {
        self.early = EarlyIn::default();
    }

    /// Has the stream ended?
    pub(crate) fn eof(&self) -> bool {
        self.eof
    }

    /// The stream has ended.
    pub(crate) fn set_eof(&mut self) {
        self.eof = true;
    }

    /// Free room for at least one byte. What is written there counts after `filled`.
    pub(crate) fn room(&mut self) -> Result<&mut [u8], Full> {
        if self.unread > Self::PLAIN_LIMIT {
            return Err(Full::Plaintext);
        }
        let want = self.want();
        if self.buf.len() - self.filled < want {
            self.compact();
            let wanted = self.filled + want;
            if wanted > Self::CAP {
                // A little room may be left, and is worth a read.
                return match self.buf.get_mut(self.filled..) {
                    Some(room) if !room.is_empty() => Ok(room),
                    _ => Err(Full::Messages),
                };
            }
            if self.buf.len() < wanted {
                self.buf.resize(wanted, 0);
            }
        }
        self.buf.get_mut(self.filled..).ok_or(Full::Messages)
    }

    /// `n` bytes of the last `room` have been written.
    pub(crate) fn filled(&mut self, n: usize) {
        self.filled = (self.filled + n).min(self.buf.len());
    }

    /// How much to ask of the next read. When a record has begun: the rest of it, so that a whole record takes two reads also in a
    /// fresh buffer, and one more piece, so that the next header comes along.
    fn want(&self) -> usize {
        let mut sealed = self.sealed_ref();
        loop {
            match record_len(sealed) {
                None => return Self::READ,
                Some(len) if len > sealed.len() => {
                    return Self::READ
                        + len.min(super::HEADER + super::MAX_SEALED).saturating_sub(sealed.len());
                }
                Some(len) => sealed = sealed.get(len..).unwrap_or_default(),
            }
        }
    }

    /// Moves everything from the first live byte on to the front.
    fn compact(&mut self) {
        let live = self.plain.front().map_or(self.sealed, |range| range.start);
        self.buf.copy_within(live..self.filled, 0);
        for range in &mut self.plain {
            *range = range.start - live..range.end - live;
        }
        self.sealed -= live;
        self.filled -= live;
    }

    /// Nothing left: starts at the front again. (Moving a sealed tail down waits until room is needed.)
    fn tidy(&mut self) {
        if self.plain.is_empty() && self.sealed == self.filled {
            (self.sealed, self.filled) = (0, 0);
        }
    }

    /// Gives the memory back if nothing is left. Called by `writer` and by a read that found nothing.
    pub(crate) fn rest(&mut self) {
        if self.filled == 0 {
            self.buf = Vec::new();
            self.plain = VecDeque::new();
        }
    }

    #[cfg(test)]
    pub(crate) fn capacity(&self) -> usize {
        self.buf.capacity()
    }

    #[cfg(test)]
    pub(crate) fn pieces(&self) -> usize {
        self.plain.len()
    }
}

#[cfg(test)]
mod tests {
    use alloc::vec;

    use super::*;

    fn feed(inbox: &mut Inbox, mut bytes: &[u8]) -> Result<(), Full> {
        while !bytes.is_empty() {
            let room = inbox.room()?;
            let n = room.len().min(bytes.len());
            room[..n].copy_from_slice(&bytes[..n]);
            inbox.filled(n);
            bytes = &bytes[n..];
        }
        Ok(())
    }

    /// A record whose body is `len` bytes counting up from `start`, behind `before` and before `after` bytes of overhead.
    fn record(start: usize, len: usize, after: usize) -> Vec<u8> {
        let mut record = vec![23, 3, 3];
        record.extend(((len + after) as u16).to_be_bytes());
        record.extend((start..start + len).map(|i| i as u8));
        record.resize(5 + len + after, 0xee);
        record
    }

    /// "Opens" every whole record.
    fn open_all(inbox: &mut Inbox, after: usize) {
        while let Some(end) = whole_record_len(inbox.sealed()) {
            inbox.used(end, Some(5..end - after));
        }
    }

    #[test]
    fn plaintext_comes_out_whole_whatever_the_reader_leaves() {
        let (mut sent, mut read, mut most) = (0, 0, 0);
        let mut inbox = Inbox::default();
        for round in 0..2000usize {
            let len = [1, 3000, 17, 1025, 1024, 9000][round % 6];
            let record = record(sent, len, 17);
            sent += len;
            for part in record.chunks(1 + round * 37 % 5000) {
                feed(&mut inbox, part).unwrap();
                open_all(&mut inbox, 17);
            }
            assert_eq!(inbox.unread(), sent - read);
            let keep = 1 + round % 7;
            while inbox.unread() > keep {
                let mut out = vec![0; (inbox.unread() - keep).min(700)];
                assert_eq!(inbox.copy_out(&mut out), out.len());
                assert!(out.iter().enumerate().all(|(i, b)| *b == (read + i) as u8));
                read += out.len();
            }
            most = most.max(inbox.capacity());
        }
        assert!(most < 64 * 1024, "{most}");
        let left = inbox.unread();
        inbox.consume(left + 5);
        assert_eq!((inbox.unread(), inbox.first()), (0, &[][..]));
        inbox.rest();
        assert_eq!(inbox.capacity(), 0);
    }

    #[test]
    fn tiny_records_stay_one_piece() {
        let mut inbox = Inbox::default();
        for i in 0..2000 {
            feed(&mut inbox, &record(i, 1, 17)).unwrap();
            open_all(&mut inbox, 17);
        }
        assert_eq!((inbox.unread(), inbox.pieces()), (2000, 1));
        assert!(inbox.first().iter().enumerate().all(|(i, b)| *b == i as u8));
    }

    #[test]
    fn a_reader_that_does_not_read_stops_the_socket() {
        let mut inbox = Inbox::default();
        let mut sent = 0;
        let full = loop {
            match feed(&mut inbox, &record(sent, 1000, 17)) {
                Ok(()) => open_all(&mut inbox, 17),
                Err(full) => break full,
            }
            sent += 1000;
        };
        assert_eq!((full, sent), (Full::Plaintext, 17_000));
        inbox.consume(616);
        assert!(inbox.room().is_ok());
    }

    #[test]
    fn unprocessed_bytes_are_bounded() {
        let mut inbox = Inbox::default();
        let endless = record(0, 16000, 17).repeat(100);
        assert_eq!(feed(&mut inbox, &endless), Err(Full::Messages));
        assert!(inbox.capacity() < 2 * Inbox::CAP);
        assert!(inbox.sealed().len() >= 4 * 16000);
        open_all(&mut inbox, 17);
        inbox.consume(usize::MAX);
        assert!(inbox.room().is_ok());
    }

    #[test]
    fn a_large_record_takes_two_reads() {
        let mut inbox = Inbox::default();
        let bytes = record(0, 16384, 17);
        let mut rest = &bytes[..];
        let mut reads = 0;
        while !rest.is_empty() {
            let room = inbox.room().unwrap();
            let n = room.len().min(rest.len());
            room[..n].copy_from_slice(&rest[..n]);
            inbox.filled(n);
            rest = &rest[n..];
            reads += 1;
        }
        assert_eq!(reads, 2);
    }

    #[test]
    fn early_data_lies_apart() {
        let mut inbox = Inbox::default();
        feed(&mut inbox, &record(0, 10, 0)).unwrap();
        inbox.keep_early(5..15);
        inbox.used(15, None);
        assert_eq!((inbox.unread(), inbox.has_sealed()), (0, false));
        inbox.rest();
        let mut out = [0; 4];
        assert_eq!((inbox.read_early(&mut out), out), (4, [0, 1, 2, 3]));
        let mut out = [0; 9];
        assert_eq!(inbox.read_early(&mut out), 6);
        assert_eq!(&out[..6], [4, 5, 6, 7, 8, 9]);
        assert_eq!(inbox.read_early(&mut out), 0);
    }
}
