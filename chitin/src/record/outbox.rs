//! The outgoing buffer: whole sealed records, waiting for the socket. It never looks into a record.

use alloc::vec::Vec;

use super::room::Room;
use super::{Drains, record_len, whole_record_len};

/// Sealed records in one contiguous buffer. The head of the module says what the indices mean.
#[derive(Default)]
pub(crate) struct Outbox {
    buf: Vec<u8>,
    head: usize,
    cut: usize,
    tail: usize,
    drains: Drains,
}

impl Outbox {
    /// What has not been sent.
    pub(crate) fn pending(&self) -> &[u8] {
        self.buf.get(self.head..self.tail).unwrap_or_default()
    }

    pub(crate) fn len(&self) -> usize {
        self.tail - self.head
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.head == self.tail
    }

    #[cold]
    fn make_room(&mut self, n: usize) {
        // Moving what is pending pays off only if the sent part is larger: so each byte moves once at most, on average.
        if self.head > self.len() {
            self.buf.copy_within(self.head..self.tail, 0);
            self.cut -= self.head;
            self.tail -= self.head;
            self.head = 0;
        }
        if self.buf.is_empty() && n < MUCH {
            // And room for what comes behind a hello: six bytes should not make it grow.
            self.buf = Vec::with_capacity(n + SPARE);
            self.buf.resize(n, 0);
        } else if self.buf.is_empty() {
            // Fresh zeros may cost nothing.
            self.buf = alloc::vec![0; n];
        } else if self.buf.len() - self.tail < n {
            let wanted = self.tail + n;
            // By what is needed in a flight. Where much waits by a quarter at least, so that each byte moves a few times at most;
            // doubling would be a waste of what a slow peer makes us keep.
            let now = self.buf.capacity();
            if now < wanted {
                let more = if now < MUCH { now / 8 } else { now / 4 };
                self.buf.reserve_exact((now + more).max(wanted) - self.buf.len());
            }
            self.buf.resize(wanted, 0);
        }
    }

    /// `n` bytes have been sent.
    pub(crate) fn advance(&mut self, n: usize) {
        if n >= self.len() {
            self.drained();
            return;
        }
        self.head += n;
        while self.cut < self.head {
            let len = self.buf.get(self.cut..self.tail).and_then(record_len);
            self.cut = len.map_or(self.tail, |len| (self.cut + len).min(self.tail));
        }
    }

    /// Everything has been sent.
    fn drained(&mut self) {
        if self.tail > 0 {
            (self.head, self.cut, self.tail) = (0, 0, 0);
            if self.drains.gives_back() {
                self.rest();
            }
        }
    }

    /// Each pending record, the first maybe without its head.
    pub(crate) fn records(&self) -> Records<'_> {
        Records { rest: self.pending(), first: self.cut - self.head }
    }

    /// What is pending, if that is one record or the rest of one.
    pub(crate) fn only_record(&self) -> Option<&[u8]> {
        let pending = self.pending();
        let len = match self.cut == self.head {
            true => record_len(pending)?,
            false => self.cut - self.head,
        };
        (len == pending.len()).then_some(pending)
    }

    /// Gives the memory back if all is sent. Called by who turns to reading: a bulk sender keeps its buffer.
    pub(crate) fn rest(&mut self) {
        if self.is_empty() {
            self.buf = Vec::new();
        }
    }

    /// A read has found nothing.
    pub(crate) fn pause(&mut self) {
        self.rest();
        // A record on its way is no pause.
        if self.is_empty() {
            self.drains.pause();
        }
    }

    /// Takes everything out, pending bytes and memory.
    pub(crate) fn take(&mut self) -> Self {
        core::mem::take(self)
    }

    /// The memory of it.
    pub(crate) fn capacity(&self) -> usize {
        self.buf.capacity()
    }

    /// For tests that bend a record on its way.
    #[cfg(test)]
    pub(crate) fn pending_mut(&mut self) -> &mut [u8] {
        &mut self.buf[self.head..self.tail]
    }
}

/// Grows as it is needed, behind what is pending.
impl Room for Outbox {
    #[inline]
    fn reserve(&mut self, n: usize) -> bool {
        if self.buf.len() - self.tail < n {
            self.make_room(n);
        }
        true
    }

    #[inline]
    fn slot(&mut self, n: usize) -> &mut [u8] {
        self.reserve(n);
        self.buf.get_mut(self.tail..self.tail + n).unwrap_or_default()
    }

    fn commit(&mut self, n: usize) {
        self.tail = (self.tail + n).min(self.buf.len());
    }

    fn put(&mut self, record: &[u8]) {
        self.slot(record.len()).copy_from_slice(record);
        self.commit(record.len());
    }
}

/// What one flight does not reach.
const MUCH: usize = 16 * 1024;

/// A change_cipher_spec, an alert.
const SPARE: usize = 32;

/// Walks the pending records by their headers.
pub(crate) struct Records<'a> {
    rest: &'a [u8],
    first: usize,
}

impl<'a> Iterator for Records<'a> {
    type Item = &'a [u8];

    fn next(&mut self) -> Option<&'a [u8]> {
        if self.rest.is_empty() {
            return None;
        }
        let len = match core::mem::take(&mut self.first) {
            0 => whole_record_len(self.rest).unwrap_or(self.rest.len()),
            rest_of_first => rest_of_first,
        };
        let (record, rest) = self.rest.split_at_checked(len).unwrap_or((self.rest, &[]));
        self.rest = rest;
        Some(record)
    }
}

#[cfg(test)]
mod tests {
    use alloc::vec;

    use super::*;

    fn record(fill: u8, len: usize) -> Vec<u8> {
        let mut record = vec![23, 3, 3, 0, len as u8];
        record.resize(5 + len, fill);
        record
    }

    #[test]
    fn records_are_cut_after_partial_writes_too() {
        let mut out = Outbox::default();
        let all = [record(1, 10), record(2, 0), record(3, 7)];
        all.iter().for_each(|r| out.put(r));
        for sent in 0..=all.concat().len() {
            let mut out = Outbox {
                buf: out.buf.clone(),
                head: out.head,
                cut: out.cut,
                tail: out.tail,
                ..Outbox::default()
            };
            out.advance(sent);
            assert_eq!(out.pending(), &all.concat()[sent..]);
            assert_eq!(out.records().collect::<Vec<_>>().concat(), out.pending());
            let starts = [0, 15, 20, 32].into_iter().filter(|at| *at > sent && *at < 32).count();
            assert_eq!(out.records().count(), if sent < 32 { starts + 1 } else { 0 }, "{sent}");
            let only = (out.records().count() == 1).then(|| out.pending());
            assert_eq!(out.only_record(), only, "{sent}");
            // byte by byte comes to the same
            let (cut, tail) = (out.cut, out.tail);
            let mut slow = Outbox { buf: out.buf.clone(), tail: 32, ..Outbox::default() };
            (0..sent).for_each(|_| slow.advance(1));
            assert_eq!((slow.cut, slow.tail), (cut, tail));
        }
    }

    #[test]
    fn a_slow_socket_does_not_make_the_sent_part_grow() {
        let mut out = Outbox::default();
        out.put(&record(0, 100));
        for i in 0..10_000usize {
            out.put(&record(i as u8, 100));
            out.advance(105);
            assert_eq!(out.pending(), record(i as u8, 100));
        }
        assert!(out.capacity() < 2000, "{}", out.capacity());
    }

    #[test]
    fn memory_goes_back_when_all_is_sent() {
        let mut out = Outbox::default();
        for _ in 0..2 {
            for _ in 0..Drains::MOST {
                out.put(&record(1, 100));
                out.rest();
                out.advance(104);
                assert_eq!((out.len(), out.capacity()), (1, 105 + SPARE));
                out.advance(1);
                assert_eq!(out.capacity(), 0);
            }
            // Now it is bulk.
            out.put(&record(1, 100));
            out.advance(105);
            assert!(out.capacity() > 0);
            out.rest();
            assert_eq!(out.capacity(), 0);
            // As a loop of events goes on, with a record on its way now and then; and as one ends.
            for _ in 0..3 {
                out.pause();
                out.put(&record(1, 100));
                (0..2).for_each(|_| out.pause());
                out.advance(105);
                assert!(out.capacity() > 0);
            }
            out.pause();
            out.pause();
        }
    }
}
