//! The transport: memory that was there before anything is measured.

use std::cell::RefCell;
use std::io::{self, Read, Write};
use std::rc::Rc;

/// One direction. Clones are the same pipe.
#[derive(Clone, Debug)]
pub struct Pipe(Rc<RefCell<Buffer>>);

#[derive(Debug)]
struct Buffer {
    bytes: Box<[u8]>,
    from: usize,
    to: usize,
    /// All that went through, while somebody wants to know.
    tap: Option<Vec<u8>>,
}

/// More than a burst with all its overhead, in records of the smallest size that we write.
const ROOM: usize = 256 * 1024;

impl Default for Pipe {
    fn default() -> Self {
        // Filled with something, so that its pages are there.
        let bytes = vec![0xff; ROOM].into();
        Self(Rc::new(RefCell::new(Buffer { bytes, from: 0, to: 0, tap: None })))
    }
}

impl Pipe {
    pub fn is_empty(&self) -> bool {
        let buffer = self.0.borrow();
        buffer.from == buffer.to
    }

    /// Forgets what is in it.
    pub fn clear(&self) {
        let mut buffer = self.0.borrow_mut();
        (buffer.from, buffer.to) = (0, 0);
    }

    pub fn tap(&self) {
        self.0.borrow_mut().tap = Some(Vec::new());
    }

    /// What went through since `tap`.
    pub fn untap(&self) -> Vec<u8> {
        self.0.borrow_mut().tap.take().unwrap_or_default()
    }

    /// As `write_all` of a socket that has room.
    pub fn put(&self, bytes: &[u8]) {
        let mut buffer = self.0.borrow_mut();
        let buffer = &mut *buffer;
        let to = buffer.to + bytes.len();
        buffer.bytes[buffer.to..to].copy_from_slice(bytes);
        buffer.to = to;
        if let Some(tap) = &mut buffer.tap {
            tap.extend_from_slice(bytes);
        }
    }

    /// As `read` of a socket; nothing there is zero.
    pub fn get(&self, into: &mut [u8]) -> usize {
        let mut buffer = self.0.borrow_mut();
        let buffer = &mut *buffer;
        let n = into.len().min(buffer.to - buffer.from);
        into[..n].copy_from_slice(&buffer.bytes[buffer.from..buffer.from + n]);
        buffer.from += n;
        if buffer.from == buffer.to {
            (buffer.from, buffer.to) = (0, 0);
        }
        n
    }
}

impl Write for Pipe {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.put(bytes);
        Ok(bytes.len())
    }

    fn write_vectored(&mut self, slices: &[io::IoSlice<'_>]) -> io::Result<usize> {
        Ok(slices
            .iter()
            .map(|slice| {
                self.put(slice);
                slice.len()
            })
            .sum())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Read for Pipe {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        match self.get(into) {
            0 if !into.is_empty() => Err(io::ErrorKind::WouldBlock.into()),
            n => Ok(n),
        }
    }
}

/// Both directions, as one end sees them.
#[derive(Clone, Debug, Default)]
pub struct Pipes {
    pub incoming: Pipe,
    pub outgoing: Pipe,
}

impl Pipes {
    /// The same as the other end sees them.
    pub fn turned(&self) -> Self {
        Self { incoming: self.outgoing.clone(), outgoing: self.incoming.clone() }
    }
}

impl Write for Pipes {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.outgoing.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Read for Pipes {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        self.incoming.read(into)
    }
}
