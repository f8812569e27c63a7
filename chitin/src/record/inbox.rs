//! The incoming buffer of the buffered skins. Records are opened where they lie; plaintext stays there until it is read. It
//! never decides what the bytes mean.

use alloc::boxed::Box;
use alloc::collections::VecDeque;
use alloc::vec::Vec;
use core::ops::Range;

use super::{Drains, record_len, whole_record_len};

/// Received bytes in one buffer. The head of the module says what the indices mean.
#[derive(Default)]
pub(crate) struct Inbox {
    buf: Vec<u8>,
    /// The first piece of plaintext; empty if there is none. In bulk transfer it is the only one, and costs no queue.
    first: Range<usize>,
    more: VecDeque<Range<usize>>,
    sealed: usize,
    filled: usize,
    unread: usize,
    /// In few connections: the others have no room for it.
    early: Option<Box<EarlyIn>>,
    eof: bool,
    /// Application data has come, or is expected as an answer to ours.
    traffic: bool,
    /// By how much the buffer has to be shorter than [`Self::CAP`].
    less: u32,
    drains: Drains,
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
    const SLIDE: usize = 512;

    /// The whole buffer: four records of the largest kind and one read more. Opened records are used up at once, so this is met
    /// only if nobody processes, or if plaintext waits between large paddings.
    pub(crate) const CAP: usize = 4 * (super::HEADER + super::MAX_SEALED) + Self::HANDSHAKE_READ;

    /// More unread plaintext than this, and no more is taken from the socket: back pressure. One record.
    pub(crate) const PLAIN_LIMIT: usize = super::MAX_PLAINTEXT;

    /// What one read asks for when no record has begun and no application data has passed. A hello fits, and many connections may be
    /// waiting for one; and so do tickets.
    pub(super) const HANDSHAKE_READ: usize = 4096;

    /// What one read asks for afterwards: the longest record that peers send in bulk, without padding. One read of a socket then
    /// takes one record and leaves no tail that would have to be moved.
    const TRAFFIC_READ: usize = super::HEADER + super::MAX_PLAINTEXT + 1 + TAG;

    /// So many whole records that wait are looked past for the one that has begun. Few wait where what was read is processed and read. Behind
    /// more, while a question waits for its answer, each byte of a peer that sends empty records one by one would cost a look at thousands.
    const LOOK_PAST: usize = 64;

    /// The buffer may be so long, and never longer than [`Self::CAP`].
    pub(crate) fn set_most(&mut self, most: usize) {
        // CAP is a small number.
        self.less = u32::try_from(Self::CAP.saturating_sub(most)).unwrap_or(0);
    }

    fn most(&self) -> usize {
        Self::CAP.saturating_sub(usize::try_from(self.less).unwrap_or(0))
    }

    /// Bytes from the wire that the engine has not used.
    pub(crate) fn sealed(&mut self) -> &mut [u8] {
        self.buf.get_mut(self.sealed..self.filled).unwrap_or_default()
    }

    fn sealed_ref(&self) -> &[u8] {
        self.buf.get(self.sealed..self.filled).unwrap_or_default()
    }

    /// Is there anything that the engine has not used?
    pub(crate) fn has_sealed(&self) -> bool {
        self.sealed < self.filled
    }

    /// Outer type of the first sealed record, if that is whole.
    pub(crate) fn first_whole_record(&self) -> Option<u8> {
        let sealed = self.sealed_ref();
        whole_record_len(sealed).and(sealed.first().copied())
    }

    /// The engine has used `used` bytes of [`Self::sealed`].
    pub(crate) fn used(&mut self, used: usize) {
        self.sealed += used.min(self.filled - self.sealed);
        self.tidy();
    }

    /// The same, and it has left plaintext at `body` of them.
    #[inline]
    pub(crate) fn used_data(&mut self, used: usize, body: Range<usize>) {
        let used = used.min(self.filled - self.sealed);
        if body.start < body.end && body.end <= used {
            self.keep_plain(self.sealed + body.start..self.sealed + body.end);
        }
        self.sealed += used;
        // While plaintext waits there is nothing to tidy.
        if self.unread == 0 {
            self.tidy();
        }
    }

    #[inline(always)]
    fn keep_plain(&mut self, body: Range<usize>) {
        self.traffic = true;
        let before = self.unread;
        self.unread += body.len();
        if before == 0 {
            self.first = body;
        } else if body.len() > Self::SLIDE {
            self.more.push_back(body);
        } else {
            self.slide(body);
        }
    }

    fn slide(&mut self, body: Range<usize>) {
        let last = self.more.back_mut().unwrap_or(&mut self.first);
        let to = last.end;
        last.end += body.len();
        self.buf.copy_within(body, to);
    }

    /// How much plaintext waits.
    pub(crate) fn unread(&self) -> usize {
        self.unread
    }

    /// The first piece of plaintext; empty if there is none.
    pub(crate) fn first(&self) -> &[u8] {
        self.buf.get(self.first.clone()).unwrap_or_default()
    }

    /// Drops `n` bytes of plaintext, over several pieces if need be. What is too much is ignored, as in 0.23.
    pub(crate) fn consume(&mut self, n: usize) {
        let mut n = n.min(self.unread);
        self.unread -= n;
        while n >= self.first.len() && n > 0 {
            n -= self.first.len();
            self.first = self.more.pop_front().unwrap_or_default();
        }
        self.first.start += n;
        self.tidy();
    }

    /// Copies plaintext to `out`: the one copy it makes on its way.
    pub(crate) fn copy_out(&mut self, out: &mut [u8]) -> usize {
        let mut done = 0;
        while let Some(rest) = out.get_mut(done..).filter(|rest| !rest.is_empty()) {
            let piece = self.buf.get(self.first.clone()).unwrap_or_default();
            let (n, whole) = (copy_head(rest, piece), piece.len());
            if n < whole {
                self.first.start += n;
            } else {
                self.first = self.more.pop_front().unwrap_or_default();
            }
            // No range is empty while plaintext waits.
            if n == 0 {
                break;
            }
            done += n;
        }
        self.unread -= done.min(self.unread);
        self.tidy();
        done
    }

    /// Keeps `body` of [`Self::sealed`] as early data. To be called before `used` for that record.
    pub(crate) fn keep_early(&mut self, body: Range<usize>) {
        let start = self.sealed + body.start;
        let bytes = self.buf.get(start..self.sealed + body.end).unwrap_or_default();
        let early = &mut self.early.get_or_insert_default().buf;
        if early.capacity() - early.len() < bytes.len() {
            // By a quarter: there may be as much of it as the config allows, and twice that would be a waste.
            early.reserve_exact(bytes.len().max(early.len() / 4));
        }
        early.extend_from_slice(bytes);
    }

    /// Copies early data to `out`.
    pub(crate) fn read_early(&mut self, out: &mut [u8]) -> usize {
        let Some(early) = &mut self.early else { return 0 };
        let n = copy_head(out, early.buf.get(early.read..).unwrap_or_default());
        early.read += n;
        if early.read == early.buf.len() {
            self.early = None;
        }
        n
    }

    /// Forgets early data that nobody has read.
    pub(crate) fn drop_early(&mut self) {
        self.early = None;
    }

    /// Has the stream ended?
    pub(crate) fn eof(&self) -> bool {
        self.eof
    }

    /// The stream has ended.
    pub(crate) fn set_eof(&mut self) {
        self.eof = true;
    }

    /// Application data is expected: what is read next may be long.
    pub(crate) fn expect_traffic(&mut self) {
        self.traffic = true;
    }

    /// Is what comes next short, and no room for it? Then it may be read elsewhere and [`put`](Self::put) here, so that the buffer is
    /// as long as what came. While plaintext waits that would move it for every few bytes.
    pub(super) fn is_read_aside(&self, handshaking: bool) -> bool {
        let short = !self.traffic || handshaking;
        short
            && self.unread == 0
            && self.buf.len() - self.filled < Self::HANDSHAKE_READ
            && self.want(Self::HANDSHAKE_READ) == Self::HANDSHAKE_READ
            && self.filled - self.sealed + Self::HANDSHAKE_READ <= self.most()
    }

    /// Takes what was read elsewhere.
    pub(super) fn put(&mut self, bytes: &[u8]) {
        self.compact();
        self.buf.truncate(self.filled);
        match self.filled {
            0 => self.buf = bytes.to_vec(),
            _ => {
                self.grow(self.filled + bytes.len());
                self.buf.extend_from_slice(bytes);
            }
        }
        self.filled = self.buf.len();
    }

    /// Free room for at least one byte. What is written there counts after `filled`. `handshaking`: the room is small, whatever is
    /// expected for later.
    pub(crate) fn room(&mut self, handshaking: bool) -> Result<&mut [u8], Full> {
        if self.unread > Self::PLAIN_LIMIT {
            return Err(Full::Plaintext);
        }
        // While plaintext waits the buffer grows by steps: to have room for a long record behind each short one would move it all
        // for every few bytes.
        let want = self.want(match self.traffic && !handshaking && self.unread == 0 {
            true => Self::TRAFFIC_READ,
            false => Self::HANDSHAKE_READ,
        });
        if self.buf.len() - self.filled < want {
            self.compact();
            let wanted = self.filled + want;
            if wanted > self.most() {
                let full = self.full();
                // A little room may be left, and is worth a read.
                return match self.buf.get_mut(self.filled..) {
                    Some(room) if !room.is_empty() => Ok(room),
                    _ => Err(full),
                };
            }
            if self.buf.is_empty() {
                // Fresh zeros may cost nothing.
                self.buf = alloc::vec![0; wanted];
            } else if self.buf.len() < wanted {
                self.grow(wanted);
                self.buf.resize(wanted, 0);
            }
        }
        self.buf.get_mut(self.filled..).ok_or(Full::Messages)
    }

    /// The buffer gets room for so many bytes: as long as the record that comes, but by steps of half as much behind plaintext or records
    /// that wait, which would else move for every few bytes.
    fn grow(&mut self, wanted: usize) {
        let now = self.buf.capacity();
        if now < wanted {
            let grown = match self.unread == 0 && whole_record_len(self.sealed_ref()).is_none() {
                true => wanted,
                false => (now + now / 2).min(self.most()).max(wanted),
            };
            self.buf.reserve_exact(grown - self.buf.len());
        }
    }

    /// Why there is no room: who could make some?
    fn full(&self) -> Full {
        match self.unread > 0 && whole_record_len(self.sealed_ref()).is_none() {
            true => Full::Plaintext,
            false => Full::Messages,
        }
    }

    /// `n` bytes of the last `room` have been written.
    pub(crate) fn filled(&mut self, n: usize) {
        self.filled = (self.filled + n).min(self.buf.len());
    }

    /// How much to ask of the next read: `fresh` when no record has begun, and else the rest of it, if it is not behind many others. So a
    /// whole record takes two reads also in a buffer that is small, and after that the buffer is as long as the records that come.
    fn want(&self, fresh: usize) -> usize {
        let mut sealed = self.sealed_ref();
        for _ in 0..=Self::LOOK_PAST {
            match record_len(sealed) {
                None if sealed.is_empty() => return fresh,
                // The rest of the header, and what a small record has behind it.
                None => return Self::HANDSHAKE_READ,
                Some(len) if len > sealed.len() => {
                    let rest = len.min(super::HEADER + super::MAX_SEALED).saturating_sub(sealed.len());
                    // One that is too long is refused when its turn comes: until then there is no rest to ask for.
                    return if rest == 0 { Self::HANDSHAKE_READ } else { rest };
                }
                Some(len) => sealed = sealed.get(len..).unwrap_or_default(),
            }
        }
        Self::HANDSHAKE_READ
    }

    /// Moves everything from the first live byte on to the front.
    fn compact(&mut self) {
        let live = if self.unread > 0 { self.first.start } else { self.sealed };
        if live == 0 {
            return;
        }
        self.buf.copy_within(live..self.filled, 0);
        // If there is no plaintext the first range is empty, and what it says means nothing.
        for range in core::iter::once(&mut self.first).chain(&mut self.more) {
            *range = range.start.saturating_sub(live)..range.end.saturating_sub(live);
        }
        self.sealed -= live;
        self.filled -= live;
    }

    /// Nothing left: starts at the front again. (Moving a sealed tail down waits until room is needed.)
    fn tidy(&mut self) {
        if self.unread == 0 && self.sealed == self.filled && self.filled > 0 {
            (self.sealed, self.filled) = (0, 0);
            if self.drains.gives_back() {
                self.rest();
            }
        }
    }

    /// Gives the memory back if nothing is left. Called by `writer` and by a read that found nothing.
    pub(crate) fn rest(&mut self) {
        if self.filled == 0 && self.buf.capacity() > 0 {
            self.buf = Vec::new();
            self.more = VecDeque::new();
        }
    }

    /// A read has found nothing.
    pub(crate) fn pause(&mut self) {
        self.rest();
        // A record that has begun is no pause.
        if self.filled == 0 {
            self.drains.pause();
        }
    }

    #[cfg(test)]
    pub(crate) fn capacity(&self) -> usize {
        self.buf.capacity()
    }

    #[cfg(test)]
    pub(crate) fn pieces(&self) -> usize {
        usize::from(!self.first.is_empty()) + self.more.len()
    }
}

/// The tag of every AEAD in use.
const TAG: usize = 16;

/// Copies as much of `from` as fits to the head of `to`.
fn copy_head(to: &mut [u8], from: &[u8]) -> usize {
    let n = to.len().min(from.len());
    if let (Some(to), Some(from)) = (to.get_mut(..n), from.get(..n)) {
        to.copy_from_slice(from);
    }
    n
}

#[cfg(test)]
mod tests {
    use alloc::vec;

    use super::*;

    fn feed(inbox: &mut Inbox, mut bytes: &[u8]) -> Result<(), Full> {
        while !bytes.is_empty() {
            let room = inbox.room(false)?;
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
            inbox.used_data(end, 5..end - after);
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
    fn a_buffer_with_plaintext_that_waits_grows_in_few_steps() {
        let mut inbox = Inbox::default();
        let (mut steps, mut capacity) = (0, 0);
        for i in 0..2500 {
            feed(&mut inbox, &record(i, 1, 17)).unwrap();
            open_all(&mut inbox, 17);
            steps += usize::from(inbox.capacity() != capacity);
            capacity = inbox.capacity();
        }
        assert!(steps <= 8, "{steps} steps to {capacity} bytes");
    }

    #[test]
    fn a_buffer_with_records_that_nobody_processes_grows_in_few_steps() {
        let endless = record(0, 1, 17).repeat(5000);
        for aside in [false, true] {
            let mut inbox = Inbox::default();
            let (mut steps, mut capacity) = (0, 0);
            for byte in &endless[..60_000] {
                match aside && inbox.is_read_aside(true) {
                    true => inbox.put(&[*byte]),
                    false => feed(&mut inbox, &[*byte]).unwrap(),
                }
                steps += usize::from(inbox.capacity() != capacity);
                capacity = inbox.capacity();
            }
            assert!(steps <= 32, "{steps} steps to {capacity} bytes, {aside}");
        }
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
        assert!(inbox.room(false).is_ok());
    }

    #[test]
    fn a_read_looks_past_few_records_that_nobody_has_used() {
        let begun = &record(0, 9000, 17)[..100];
        for (waiting, asked) in
            [(Inbox::LOOK_PAST, 9000 + 17 + 5 - 100), (Inbox::LOOK_PAST + 1, Inbox::HANDSHAKE_READ)]
        {
            let mut inbox = Inbox::default();
            feed(&mut inbox, &[&record(0, 0, 0).repeat(waiting), begun].concat()).unwrap();
            assert_eq!(inbox.want(Inbox::HANDSHAKE_READ), asked, "behind {waiting}");
        }
    }

    #[test]
    fn behind_a_record_that_is_too_long_bytes_are_not_read_one_by_one() {
        let mut inbox = Inbox::default();
        feed(&mut inbox, &[&[22, 3, 3, 0xff, 0xff][..], &[0; super::super::MAX_SEALED]].concat()).unwrap();
        assert_eq!(inbox.want(Inbox::HANDSHAKE_READ), Inbox::HANDSHAKE_READ);
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
        assert!(inbox.room(false).is_ok());
    }

    /// How many reads it takes to get all of `bytes`, opening what is whole and reading the plaintext.
    fn reads(inbox: &mut Inbox, mut bytes: &[u8], after: usize) -> usize {
        let mut reads = 0;
        while !bytes.is_empty() {
            let room = inbox.room(false).unwrap();
            let n = room.len().min(bytes.len());
            room[..n].copy_from_slice(&bytes[..n]);
            inbox.filled(n);
            bytes = &bytes[n..];
            reads += 1;
            open_all(inbox, after);
            inbox.consume(usize::MAX);
        }
        reads
    }

    #[test]
    fn a_large_record_takes_one_read_where_it_is_expected_and_else_two() {
        let bytes = record(0, 16384, 17);
        let mut inbox = Inbox::default();
        assert_eq!(reads(&mut inbox, &bytes, 17), 2);
        inbox.rest();
        assert_eq!(reads(&mut inbox, &bytes, 17), 1, "data has come before");
        let mut inbox = Inbox::default();
        inbox.expect_traffic();
        assert_eq!(inbox.room(true).unwrap().len(), Inbox::HANDSHAKE_READ);
        inbox.rest();
        assert_eq!(reads(&mut inbox, &bytes, 17), 1);
    }

    #[test]
    fn full_records_settle_at_one_read_each_without_a_tail() {
        // The last are those of AES-GCM in TLS 1.2: a nonce, and no type inside. They are longer than what a first read asks for.
        for (after, first) in [(17, 1), (24, 2)] {
            let bytes = record(0, 16384, after);
            let mut inbox = Inbox::default();
            inbox.expect_traffic();
            assert_eq!(reads(&mut inbox, &bytes, after), first);
            // Until it is known to be in bulk.
            (0..Drains::MOST).for_each(|_| assert!(reads(&mut inbox, &bytes, after) <= 2));
            for _ in 0..3 {
                assert_eq!(reads(&mut inbox, &bytes.repeat(4), after), 4);
            }
            assert_eq!(inbox.capacity(), bytes.len());
        }
    }

    #[test]
    fn memory_goes_back_when_drained_until_it_is_bulk() {
        let mut inbox = Inbox::default();
        inbox.expect_traffic();
        let bytes = record(0, 16384, 17);
        for _ in 0..2 {
            for _ in 0..Drains::MOST {
                reads(&mut inbox, &bytes, 17);
                assert_eq!(inbox.capacity(), 0);
            }
            reads(&mut inbox, &bytes, 17);
            assert_eq!(inbox.capacity(), bytes.len());
            // As a loop of events goes on: what it keeps until its next pause is bulk still.
            for _ in 0..3 {
                inbox.pause();
                assert_eq!(inbox.capacity(), 0);
                // Nor is it one that a record takes several reads.
                inbox.put(&bytes[..100]);
                (0..2).for_each(|_| inbox.pause());
                inbox.used(100);
                inbox.rest();
                reads(&mut inbox, &bytes, 17);
                assert_eq!(inbox.capacity(), bytes.len());
            }
            // And as one ends.
            inbox.pause();
            inbox.pause();
            assert_eq!(inbox.capacity(), 0);
        }
    }

    #[test]
    fn early_data_lies_apart() {
        let mut inbox = Inbox::default();
        feed(&mut inbox, &record(0, 10, 0)).unwrap();
        inbox.keep_early(5..15);
        inbox.used(15);
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
