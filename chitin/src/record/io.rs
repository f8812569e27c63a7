//! The two places where buffers meet `std::io`.

use alloc::boxed::Box;
use alloc::vec;
use core::cell::Cell;
use std::io::{self, IoSlice, Read, Write};

use super::inbox::{Full, Inbox};
use super::outbox::{Outbox, Records};

impl Inbox {
    /// One read from `rd`, as [`Self::room`] allows. `Ok(0)` is the end of the stream.
    pub(crate) fn read_from(&mut self, rd: &mut dyn Read, handshaking: bool) -> io::Result<usize> {
        if self.is_read_aside(handshaking) {
            return self.read_aside(rd);
        }
        let room = self.room(handshaking).map_err(|full| match full {
            Full::Plaintext => io::Error::other("received plaintext buffer full"),
            Full::Messages => io::Error::new(io::ErrorKind::InvalidData, "message buffer full"),
        })?;
        let most = room.len();
        let n = rd.read(room)?;
        if n > most {
            return Err(claims_too_much());
        }
        self.filled(n);
        if n == 0 {
            self.set_eof();
        }
        Ok(n)
    }

    /// One read by way of [`ASIDE`].
    fn read_aside(&mut self, rd: &mut dyn Read) -> io::Result<usize> {
        // A reader that reads of another connection meanwhile makes memory for that one.
        let taken = ASIDE.try_with(Cell::take).ok().flatten();
        let mut aside = taken.unwrap_or_else(|| vec![0; Self::HANDSHAKE_READ].into());
        let done = rd.read(&mut aside).and_then(|n| {
            let read = aside.get_mut(..n).ok_or_else(claims_too_much)?;
            self.put(read);
            // The next reader of this thread may say that it has filled more than it has.
            read.fill(0);
            if n == 0 {
                self.set_eof();
            }
            Ok(n)
        });
        // A thread that ends has no more place for it.
        let _ = ASIDE.try_with(|place| place.set(Some(aside)));
        done
    }
}

std::thread_local! {
    /// Where a thread reads messages of handshakes to, before each gets as much memory as it has. Zeros on the stack for each read would
    /// drive other data out of the first cache.
    static ASIDE: Cell<Option<Box<[u8]>>> = const { Cell::new(None) };
}

fn claims_too_much() -> io::Error {
    io::Error::other("reader claims more than it was given room for")
}

impl Outbox {
    /// Records that one call offers. What the common systems take at once (`IOV_MAX`) is more; a bulk sender's 64 KiB is four.
    const SLICES: usize = 64;

    /// So many are nearly always enough, and filling a list of them costs next to nothing.
    const FEW: usize = 4;

    /// One `write_vectored` to `wr`, a slice for each record. It must call nothing else: 0.23 promises it, and there are writers
    /// that have only this.
    pub(crate) fn write_to(&mut self, wr: &mut dyn Write) -> io::Result<usize> {
        if self.is_empty() {
            return Ok(0);
        }
        let (n, offered) = match self.only_record() {
            // Short ones come alone.
            Some(record) => (wr.write_vectored(&[IoSlice::new(record)])?, record.len()),
            None => match self.records().nth(Self::FEW) {
                None => offer::<{ Self::FEW }>(self.records(), wr)?,
                Some(_) => offer::<{ Self::SLICES }>(self.records(), wr)?,
            },
        };
        if n > offered {
            return Err(io::Error::other("writer claims more than it was given"));
        }
        self.advance(n);
        Ok(n)
    }
}

/// Offers up to `N` records in one call. Gives how many bytes were taken, and how many there were.
fn offer<const N: usize>(records: Records<'_>, wr: &mut dyn Write) -> io::Result<(usize, usize)> {
    let mut slices = [IoSlice::new(&[]); N];
    let (mut count, mut offered) = (0, 0);
    for (slice, record) in slices.iter_mut().zip(records) {
        *slice = IoSlice::new(record);
        offered += record.len();
        count += 1;
    }
    Ok((wr.write_vectored(slices.get(..count).unwrap_or_default())?, offered))
}

#[cfg(test)]
mod tests {
    use alloc::vec::Vec;

    use super::super::room::Room;
    use super::*;

    /// Takes at most `most` bytes a call, and only vectored.
    struct Slow {
        most: usize,
        got: Vec<u8>,
        lengths: Vec<Vec<usize>>,
    }

    impl Write for Slow {
        fn write(&mut self, _: &[u8]) -> io::Result<usize> {
            panic!("only write_vectored")
        }

        fn write_vectored(&mut self, bufs: &[IoSlice<'_>]) -> io::Result<usize> {
            self.lengths.push(bufs.iter().map(|b| b.len()).collect());
            let before = self.got.len();
            for buf in bufs {
                let n = buf.len().min(self.most - (self.got.len() - before));
                self.got.extend_from_slice(&buf[..n]);
            }
            Ok(self.got.len() - before)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn one_slice_for_each_record_also_after_a_partial_write() {
        let mut out = Outbox::default();
        let records = [[23, 3, 3, 0, 3, 7, 7, 7].to_vec(), [23, 3, 3, 0, 1, 8].to_vec()];
        records.iter().for_each(|r| out.put(r));
        let mut wr = Slow { most: 5, got: vec![], lengths: vec![] };
        while !out.is_empty() {
            out.write_to(&mut wr).unwrap();
        }
        assert_eq!(wr.got, records.concat());
        assert_eq!(wr.lengths, [vec![8, 6], vec![3, 6], vec![4]]);
        assert_eq!(out.write_to(&mut wr).unwrap(), 0);
        assert_eq!(wr.lengths.len(), 3);
    }

    #[test]
    fn many_records_take_several_calls() {
        let mut out = Outbox::default();
        (0..150).for_each(|_| out.put(&[23, 3, 3, 0, 0]));
        let mut wr = Slow { most: usize::MAX, got: vec![], lengths: vec![] };
        while !out.is_empty() {
            out.write_to(&mut wr).unwrap();
        }
        assert_eq!(wr.lengths.iter().map(Vec::len).collect::<Vec<_>>(), [64, 64, 22]);
    }

    #[test]
    fn a_handshake_is_read_in_as_much_memory_as_came() {
        let mut inbox = Inbox::default();
        let hello = [&[22, 3, 3, 1, 0][..], &[7; 256]].concat();
        assert_eq!(inbox.read_from(&mut &hello[..3], true).unwrap(), 3);
        assert_eq!(inbox.read_from(&mut &hello[3..], true).unwrap(), 258);
        assert_eq!(inbox.sealed(), hello);
        assert!(inbox.capacity() < 300, "{}", inbox.capacity());
        // More than that read takes: the rest of the record is asked for.
        let long = [&[22, 3, 3, 0x20, 0][..], &[8; 0x2000]].concat();
        let both = [hello, long].concat();
        let mut inbox = Inbox::default();
        let mut rest = &both[..];
        while !rest.is_empty() {
            inbox.read_from(&mut rest, true).unwrap();
        }
        assert_eq!(inbox.sealed(), both);
        assert!(inbox.capacity() <= both.len(), "{}", inbox.capacity());
    }

    #[test]
    fn a_reader_may_read_of_another_connection_and_may_fail() {
        struct Nested(Inbox);
        impl Read for Nested {
            fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
                buf[..6].copy_from_slice(&[22, 3, 3, 0, 1, 7]);
                self.0.read_from(&mut &[22, 3, 3, 0, 2, 8, 8][..], true)?;
                assert_eq!(buf[..6], [22, 3, 3, 0, 1, 7]);
                Ok(6)
            }
        }
        struct Broken;
        impl Read for Broken {
            fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
                Err(io::ErrorKind::WouldBlock.into())
            }
        }
        let mut inner = Nested(Inbox::default());
        let mut outer = Inbox::default();
        assert_eq!(outer.read_from(&mut Broken, true).unwrap_err().kind(), io::ErrorKind::WouldBlock);
        assert_eq!(outer.read_from(&mut inner, true).unwrap(), 6);
        assert_eq!(outer.sealed(), [22, 3, 3, 0, 1, 7]);
        assert_eq!(inner.0.sealed(), [22, 3, 3, 0, 2, 8, 8]);
    }

    #[test]
    fn a_reader_that_fills_less_than_it_says_passes_on_nothing_of_others() {
        struct Lazy;
        impl Read for Lazy {
            fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
                Ok(6)
            }
        }
        let (mut other, mut inbox) = (Inbox::default(), Inbox::default());
        assert_eq!(other.read_from(&mut &[22, 3, 3, 0, 1, 7][..], true).unwrap(), 6);
        assert_eq!(inbox.read_from(&mut Lazy, true).unwrap(), 6);
        assert_eq!(inbox.sealed(), [0; 6]);
    }

    #[test]
    fn a_reader_that_lies_is_refused() {
        struct Liar;
        impl Read for Liar {
            fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
                Ok(buf.len() + 1)
            }
        }
        let mut inbox = Inbox::default();
        assert!(inbox.read_from(&mut Liar, false).is_err());
        assert!(!inbox.has_sealed() && !inbox.eof());
        assert_eq!(inbox.read_from(&mut &[][..], true).unwrap(), 0);
        assert!(inbox.eof());
    }
}
