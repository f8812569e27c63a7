//! The plaintext ends of a buffered connection: [`Reader`] and [`Writer`].

use std::io::{self, BufRead, IoSlice, Read, Write};
use std::panic::RefUnwindSafe;

use crate::crypto::cipher::OutboundChunks;
use crate::engine::common::CommonState;
use crate::error::Error;
use crate::record::inbox::Inbox;

/// Gives out the plaintext that was received.
///
/// When none is there: `Ok(0)` after the peer's close_notify; `UnexpectedEof` if the stream ended without one, since then
/// somebody may have cut it off (RFC 8446 section 6.1); else `WouldBlock`.
#[derive(Debug)]
pub struct Reader<'a> {
    common: &'a mut CommonState,
}

// 0.23's is; ours has boxed ciphers behind it. A panic inside a provider leaves a connection that fails, never a wrong one. It
// is a promise, not `unsafe`.
impl RefUnwindSafe for Reader<'_> {}

impl<'a> Reader<'a> {
    pub(super) fn new(common: &'a mut CommonState) -> Self {
        Self { common }
    }

    /// Lends the first piece of plaintext where it was opened, without copying. [`BufRead::consume`] marks it as read.
    ///
    /// # Errors
    ///
    /// Those of [`Reader`] when there is none.
    pub fn into_first_chunk(self) -> io::Result<&'a [u8]> {
        // Moved out of `self`, so that the piece may live for 'a.
        let common: &'a mut CommonState = self.common;
        common.open_late(None).map_err(invalid)?;
        if common.unread() == 0 {
            nothing_to_read(common)?;
        }
        Ok(common.inbox().first())
    }
}

impl Read for Reader<'_> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        if buf.is_empty() {
            return Ok(0);
        }
        if let n @ 1.. = self.common.open_late(Some(buf)).map_err(invalid)? {
            return Ok(n);
        }
        if self.common.unread() == 0 {
            nothing_to_read(self.common)?;
        }
        Ok(self.common.inbox().copy_out(buf))
    }
}

impl BufRead for Reader<'_> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        Reader { common: self.common }.into_first_chunk()
    }

    fn consume(&mut self, amt: usize) {
        self.common.inbox().consume(amt);
    }
}

/// What a read without plaintext says.
fn nothing_to_read(common: &CommonState) -> io::Result<()> {
    match (common.peer_closed(), common.eof()) {
        // Before the handshake is complete nobody knows who said that.
        (true, _) if common.is_handshaking() => Err(io::Error::new(
            io::ErrorKind::UnexpectedEof,
            "the connection was closed during the TLS handshake",
        )),
        (true, _) => Ok(()),
        (false, true) => Err(io::Error::new(
            io::ErrorKind::UnexpectedEof,
            "peer closed connection without sending TLS close_notify: what came may be cut short",
        )),
        (false, false) => Err(io::ErrorKind::WouldBlock.into()),
    }
}

/// Takes plaintext to be sent.
///
/// It never blocks: what is written is sealed at once, or held until the handshake allows it. A short write means that the buffer
/// limit is reached. After `send_close_notify` a write fails with [`io::ErrorKind::BrokenPipe`].
#[derive(Debug)]
pub struct Writer<'a> {
    sink: &'a mut dyn Sink,
}

impl<'a> Writer<'a> {
    pub(super) fn new(common: &'a mut CommonState) -> Self {
        Self { sink: common }
    }
}

impl Write for Writer<'_> {
    fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
        self.sink.accept_one(buf)
    }

    fn write_vectored(&mut self, bufs: &[IoSlice<'_>]) -> io::Result<usize> {
        // A short write is always allowed, and so many pieces cover what systems pass at once.
        const MOST: usize = 64;
        let mut chunks: [&[u8]; MOST] = [&[]; MOST];
        let mut count = 0;
        for (chunk, buf) in chunks.iter_mut().zip(bufs.iter().filter(|buf| !buf.is_empty())) {
            *chunk = buf;
            count += 1;
        }
        self.sink.accept(OutboundChunks::new(chunks.get(..count).unwrap_or_default()))
    }

    fn flush(&mut self) -> io::Result<()> {
        self.sink.accept(OutboundChunks::new_empty()).map(|_| ())
    }
}

/// Behind a trait object, because 0.23's writer is neither `Send` nor `Sync`, and users' bounds should not come to rely on more.
trait Sink: core::fmt::Debug {
    fn accept_one(&mut self, data: &[u8]) -> io::Result<usize>;

    fn accept(&mut self, data: OutboundChunks<'_>) -> io::Result<usize>;
}

impl Sink for CommonState {
    fn accept_one(&mut self, data: &[u8]) -> io::Result<usize> {
        match self.engine().write_plainly(data) {
            Some(Ok(())) => Ok(data.len()),
            Some(Err(error)) => Err(invalid(*error)),
            None => self.accept(OutboundChunks::Single(data)),
        }
    }

    fn accept(&mut self, data: OutboundChunks<'_>) -> io::Result<usize> {
        match self.failed() {
            Some(error) => Err(invalid(error)),
            // RFC 8446 section 6.1. To take it and drop it would be to lie.
            None if self.closed_by_us() && !data.is_empty() => Err(io::Error::new(
                io::ErrorKind::BrokenPipe,
                "this side has sent close_notify, and nothing may follow that",
            )),
            None => self.engine().write(data).map_err(invalid),
        }
    }
}

/// Takes early data (0-RTT, RFC 8446 section 2.3), which goes out with the client's first flight.
///
/// Writes become short, and then zero, when the server's limit is reached, or the limit of what may wait to be sent. It is not
/// held back, and not sent again: if the server refuses it, that is for the caller to do.
pub struct WriteEarlyData<'a> {
    common: &'a mut CommonState,
}

impl<'a> WriteEarlyData<'a> {
    pub(super) fn new(common: &'a mut CommonState) -> Self {
        Self { common }
    }

    /// Returns how many bytes the server would still take.
    pub fn bytes_left(&self) -> usize {
        self.common.early_data_left().unwrap_or(0)
    }
}

impl Write for WriteEarlyData<'_> {
    fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
        match self.common.failed() {
            Some(error) => Err(invalid(error)),
            None => self.common.engine().write_early_data(buf).map_err(invalid),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Gives out early data (0-RTT, RFC 8446 section 2.3) that was received and accepted.
///
/// `Ok(0)` says that no more is there now. More may come until the handshake is complete.
pub struct ReadEarlyData<'a> {
    inbox: &'a mut Inbox,
}

impl<'a> ReadEarlyData<'a> {
    pub(super) fn new(inbox: &'a mut Inbox) -> Self {
        Self { inbox }
    }
}

impl Read for ReadEarlyData<'_> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        Ok(self.inbox.read_early(buf))
    }
}

/// A TLS error as an I/O error.
pub(super) fn invalid(error: Error) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, error)
}
