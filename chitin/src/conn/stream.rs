//! A connection and its socket as one stream of plaintext.

use core::ops::{Deref, DerefMut};
use std::io::{self, BufRead, IoSlice, Read, Write};

use super::SideData;
use super::common::ConnectionCommon;

/// Reads and writes plaintext through a connection and the socket under it, both borrowed.
#[derive(Debug)]
pub struct Stream<'a, C: 'a + ?Sized, T: 'a + Read + Write + ?Sized> {
    /// The connection.
    pub conn: &'a mut C,

    /// The socket, or what carries the bytes.
    pub sock: &'a mut T,
}

impl<'a, C, T, S> Stream<'a, C, T>
where
    C: 'a + DerefMut + Deref<Target = ConnectionCommon<S>>,
    T: 'a + Read + Write,
    S: SideData,
{
    /// Joins the two. Nothing is read or written yet.
    pub fn new(conn: &'a mut C, sock: &'a mut T) -> Self {
        Self { conn, sock }
    }

    /// Ends the handshake, and sends what waits.
    fn complete_prior_io(&mut self) -> io::Result<()> {
        if self.conn.is_handshaking() {
            self.conn.complete_io(self.sock)?;
        }
        if self.conn.wants_write() {
            self.conn.complete_io(self.sock)?;
        }
        Ok(())
    }

    /// Reads until there seems to be plaintext or the stream has ended. `false`: the socket neither gives nor takes anything.
    fn prepare_read(&mut self) -> io::Result<bool> {
        self.complete_prior_io()?;
        while self.conn.wants_read() {
            let (read, written) = self.conn.complete_io(self.sock)?;
            if read == 0 {
                return Ok(written > 0);
            }
        }
        Ok(true)
    }

    /// Reads until `look` finds plaintext or the end of the stream. What looks like data may be a ticket, a key update or an empty record, and
    /// then it goes on. With `late` records may stay sealed, for a slice that is here.
    fn read_until<R>(&mut self, late: bool, mut look: impl FnMut(&mut C) -> io::Result<R>) -> io::Result<R> {
        loop {
            let was = self.conn.set_open_on_read(late);
            let ready = self.prepare_read();
            self.conn.set_open_on_read(was);
            let goes_on = ready?;
            match look(self.conn) {
                Err(error)
                    if goes_on && error.kind() == io::ErrorKind::WouldBlock && self.conn.wants_read() => {}
                done => return self.answered(done),
            }
        }
    }

    /// By value, so that the piece outlives a `Stream` made on the spot.
    fn fill(mut self) -> io::Result<&'a [u8]>
    where
        S: 'a,
    {
        self.read_until(false, |conn| conn.reader().into_first_chunk().map(|_| ()))?;
        self.conn.reader().into_first_chunk()
    }

    /// Sends what was written. What is accepted is accepted: an error of the socket shows at the next call.
    fn send(&mut self) {
        if self.conn.wants_write() {
            let _ = self.conn.complete_io(self.sock);
        }
    }

    /// Sends the alert for an error that showed when a record was opened late. The error is worth more than the trouble of sending it.
    fn answered<R>(&mut self, outcome: io::Result<R>) -> io::Result<R> {
        if outcome.is_err() && self.conn.wants_write() {
            let _ = self.conn.write_tls(self.sock);
            let _ = self.sock.flush();
        }
        outcome
    }
}

impl<'a, C, T, S> Read for Stream<'a, C, T>
where
    C: 'a + DerefMut + Deref<Target = ConnectionCommon<S>>,
    T: 'a + Read + Write,
    S: SideData,
{
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        self.read_until(true, |conn| conn.reader().read(buf))
    }
}

impl<'a, C, T, S> BufRead for Stream<'a, C, T>
where
    C: 'a + DerefMut + Deref<Target = ConnectionCommon<S>>,
    T: 'a + Read + Write,
    S: 'a + SideData,
{
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        Stream { conn: self.conn, sock: self.sock }.fill()
    }

    fn consume(&mut self, amt: usize) {
        self.conn.reader().consume(amt);
    }
}

impl<'a, C, T, S> Write for Stream<'a, C, T>
where
    C: 'a + DerefMut + Deref<Target = ConnectionCommon<S>>,
    T: 'a + Read + Write,
    S: SideData,
{
    fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
        self.complete_prior_io()?;
        let n = self.conn.writer().write(buf)?;
        self.send();
        Ok(n)
    }

    fn write_vectored(&mut self, bufs: &[IoSlice<'_>]) -> io::Result<usize> {
        self.complete_prior_io()?;
        let n = self.conn.writer().write_vectored(bufs)?;
        self.send();
        Ok(n)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.complete_prior_io()?;
        self.conn.writer().flush()?;
        self.sock.flush()?;
        // A socket that had something to read, and took nothing, is no error to `complete_io`. What waits has not been sent all the same.
        match self.conn.wants_write() || self.conn.is_handshaking() {
            true => Err(io::ErrorKind::WouldBlock.into()),
            false => Ok(()),
        }
    }
}

/// Reads and writes plaintext through a connection and the socket under it, both owned.
#[derive(Debug)]
pub struct StreamOwned<C: Sized, T: Read + Write + Sized> {
    /// The connection.
    pub conn: C,

    /// The socket, or what carries the bytes.
    pub sock: T,
}

impl<C, T, S> StreamOwned<C, T>
where
    C: DerefMut + Deref<Target = ConnectionCommon<S>>,
    T: Read + Write,
    S: SideData,
{
    /// Joins the two. Nothing is read or written yet.
    pub fn new(conn: C, sock: T) -> Self {
        Self { conn, sock }
    }

    /// Returns the socket.
    pub fn get_ref(&self) -> &T {
        &self.sock
    }

    /// Returns the socket, to be changed. Reading from it or writing to it breaks the connection.
    pub fn get_mut(&mut self) -> &mut T {
        &mut self.sock
    }

    /// Takes the two apart again.
    pub fn into_parts(self) -> (C, T) {
        (self.conn, self.sock)
    }

    fn stream(&mut self) -> Stream<'_, C, T> {
        Stream { conn: &mut self.conn, sock: &mut self.sock }
    }
}

impl<C, T, S> Read for StreamOwned<C, T>
where
    C: DerefMut + Deref<Target = ConnectionCommon<S>>,
    T: Read + Write,
    S: SideData,
{
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        self.stream().read(buf)
    }
}

impl<C, T, S> BufRead for StreamOwned<C, T>
where
    C: DerefMut + Deref<Target = ConnectionCommon<S>>,
    T: Read + Write,
    S: 'static + SideData,
{
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        self.stream().fill()
    }

    fn consume(&mut self, amt: usize) {
        self.stream().consume(amt);
    }
}

impl<C, T, S> Write for StreamOwned<C, T>
where
    C: DerefMut + Deref<Target = ConnectionCommon<S>>,
    T: Read + Write,
    S: SideData,
{
    fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
        self.stream().write(buf)
    }

    fn write_vectored(&mut self, bufs: &[IoSlice<'_>]) -> io::Result<usize> {
        self.stream().write_vectored(bufs)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.stream().flush()
    }
}
