//! The socket's side of a connection: a deadline over many reads, and the handshake with an eye on the first raw bytes.
//!
//! It decides nothing about TLS. It hands bytes over and remembers what the peer's first ones looked like.

use std::io::{self, Read, Write};
use std::net::TcpStream;
use std::ops::DerefMut;
use std::time::Duration;

use chitin::{ConnectionCommon, Deadline, Error, SideData};

/// A socket each of whose reads and writes ends at a deadline, however many of them it takes to get there.
#[derive(Debug)]
pub struct Timed {
    pub sock: TcpStream,
    deadline: Deadline,
    pub received: u64,
    pub sent: u64,
}

impl Timed {
    pub fn new(sock: TcpStream, time: Duration) -> Self {
        Self { sock, deadline: Deadline::after(time), received: 0, sent: 0 }
    }

    /// From now on there is this much time.
    pub fn allow(&mut self, time: Duration) {
        self.deadline = Deadline::after(time);
    }

    fn left(&self) -> io::Result<Duration> {
        match self.deadline.left() {
            // A zero timeout would mean none.
            Some(left) if left >= Duration::from_millis(1) => Ok(left),
            _ => Err(io::ErrorKind::TimedOut.into()),
        }
    }
}

impl Read for Timed {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        self.sock.set_read_timeout(Some(self.left()?))?;
        let count = self.sock.read(buf).map_err(timed_out)?;
        self.received += count as u64;
        Ok(count)
    }
}

impl Write for Timed {
    fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
        self.sock.set_write_timeout(Some(self.left()?))?;
        let count = self.sock.write(buf).map_err(timed_out)?;
        self.sent += count as u64;
        Ok(count)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Unix says "would block" when a socket timeout has passed.
fn timed_out(error: io::Error) -> io::Error {
    match error.kind() {
        io::ErrorKind::WouldBlock => io::ErrorKind::TimedOut.into(),
        _ => error,
    }
}

/// Why a handshake did not come about.
#[derive(Debug)]
pub enum Failure {
    /// One end refused, or could not make sense of the other.
    Tls {
        error: Error,
        first: Vec<u8>,
    },
    /// The peer closed before it was done.
    Closed {
        first: Vec<u8>,
    },
    /// The time was up.
    TimedOut {
        first: Vec<u8>,
    },
    Io(io::Error),
}

impl Failure {
    /// The first bytes that the peer sent.
    pub fn first(&self) -> &[u8] {
        match self {
            Self::Tls { first, .. } | Self::Closed { first } | Self::TimedOut { first } => first,
            Self::Io(_) => &[],
        }
    }
}

/// Drives a connection until the handshake is done and everything we had to say is sent.
///
/// On an error our alert is sent too, except where the peer's first bytes show that it does not speak TLS.
pub fn handshake<C, S>(conn: &mut C, sock: &mut Timed) -> Result<(), Failure>
where
    C: DerefMut<Target = ConnectionCommon<S>>,
    S: SideData,
{
    let mut first = Vec::new();
    match drive(conn, sock, &mut first) {
        Ok(true) => Ok(()),
        Ok(false) => Err(Failure::Closed { first }),
        Err(Stopped::Tls(error)) => {
            if foreign(&first).is_none() {
                // The peer may be gone already: the first error is the one to report.
                let _ = flush(conn, sock);
                linger(sock);
            }
            Err(Failure::Tls { error, first })
        }
        Err(Stopped::Io(error)) => Err(match error.kind() {
            io::ErrorKind::TimedOut => Failure::TimedOut { first },
            io::ErrorKind::ConnectionReset | io::ErrorKind::BrokenPipe | io::ErrorKind::ConnectionAborted => {
                Failure::Closed { first }
            }
            _ => Failure::Io(error),
        }),
    }
}

enum Stopped {
    Tls(Error),
    Io(io::Error),
}

impl From<io::Error> for Stopped {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

/// Whether the handshake was done (and not cut off by the end of the stream).
fn drive<C, S>(conn: &mut C, sock: &mut Timed, first: &mut Vec<u8>) -> Result<bool, Stopped>
where
    C: DerefMut<Target = ConnectionCommon<S>>,
    S: SideData,
{
    loop {
        // A broken pipe must not hide an alert, or a plain answer, that is already there to be read.
        let flushed = flush(conn, sock);
        if flushed.is_ok() && !conn.is_handshaking() {
            return Ok(true);
        }
        // The connection takes no more than it has room for: what follows the handshake stays in the socket.
        match conn.read_tls(&mut Listened { sock, first }) {
            Ok(0) => return Ok(false),
            Ok(_) => conn.process_new_packets().map_err(Stopped::Tls)?,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(Stopped::Io(flushed.err().unwrap_or(error))),
        };
        flushed?;
    }
}

/// Reads from the socket, and remembers the first bytes.
struct Listened<'a> {
    sock: &'a mut Timed,
    first: &'a mut Vec<u8>,
}

impl Read for Listened<'_> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let count = self.sock.read(buf)?;
        self.first.extend(buf.iter().take(count.min(FIRST.saturating_sub(self.first.len()))));
        Ok(count)
    }
}

/// Sends everything that is waiting.
pub fn flush<C, S>(conn: &mut C, sock: &mut Timed) -> io::Result<()>
where
    C: DerefMut<Target = ConnectionCommon<S>>,
    S: SideData,
{
    while conn.wants_write() {
        if conn.write_tls(sock)? == 0 {
            return Err(io::ErrorKind::WriteZero.into());
        }
    }
    Ok(())
}

/// Says that no more comes, and drops what the peer is still sending, until it closes or a limit is reached.
///
/// Closing a socket with unread bytes resets the connection, and a reset can overtake our last words: the peer would see it, and
/// not the alert or the answer.
pub fn linger(sock: &mut Timed) {
    sock.sock.shutdown(std::net::Shutdown::Write).ok();
    sock.allow(LINGER);
    let mut dropped = vec![0; BUFFER];
    for _ in 0..MOST_DROPPED / BUFFER {
        if !matches!(sock.read(&mut dropped), Ok(1..)) {
            break;
        }
    }
}

/// What the peer speaks instead of TLS, judged by its first bytes.
pub fn foreign(first: &[u8]) -> Option<Foreign> {
    let starts = |words: &[&str]| words.iter().any(|word| first.starts_with(word.as_bytes()));
    Some(match first {
        // Some servers answer what they cannot read with a page and no header, as before HTTP/1.0.
        _ if starts(&["HTTP/", "<"]) => Foreign::HttpResponse,
        _ if starts(&METHODS) => Foreign::HttpRequest,
        _ if starts(&["SSH-"]) => Foreign::Other("SSH"),
        _ if starts(&["220 ", "220-", "421 ", "554 "]) => {
            Foreign::Other("SMTP or FTP in plain text (STARTTLS?)")
        }
        _ if starts(&["* OK", "+OK", "-ERR"]) => Foreign::Other("IMAP or POP3 in plain text (STARTTLS?)"),
        _ => return None,
    })
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Foreign {
    HttpRequest,
    HttpResponse,
    Other(&'static str),
}

/// RFC 9110 section 9.1, PATCH, and the preface of HTTP/2 (RFC 9113 section 3.4).
const METHODS: [&str; 10] =
    ["GET ", "HEAD ", "POST ", "PUT ", "DELETE ", "CONNECT ", "OPTIONS ", "TRACE ", "PATCH ", "PRI * HTTP/2"];
/// Two full records.
const BUFFER: usize = 2 * (16_384 + 261);
/// A peer that listens closes within a round trip.
const LINGER: Duration = Duration::from_secs(2);
/// What can be under way on a fast path of a round trip's length.
const MOST_DROPPED: usize = 4 << 20;
/// Enough to tell protocols apart.
const FIRST: usize = 64;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn other_protocols_are_recognised_by_their_first_bytes() {
        assert_eq!(foreign(b"HTTP/1.1 400 Bad Request\r\n"), Some(Foreign::HttpResponse));
        assert_eq!(foreign(b"<!DOCTYPE HTML>"), Some(Foreign::HttpResponse));
        assert_eq!(foreign(b"GET / HTTP/1.1\r\n"), Some(Foreign::HttpRequest));
        assert!(matches!(foreign(b"220 mail.example ESMTP"), Some(Foreign::Other(_))));
        for tls in [&[0x16, 3, 1, 2, 0][..], &[0x15, 3, 3, 0, 2, 2, 40], b"", b"GE"] {
            assert_eq!(foreign(tls), None);
        }
    }
}
