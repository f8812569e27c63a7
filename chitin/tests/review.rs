//! What hostile peers and odd sockets try against the buffered connections.

use std::collections::VecDeque;
use std::io::{self, BufRead, ErrorKind, Read, Write};
use std::sync::Arc;

use chitin::pki_types::ServerName;
use chitin::{ClientConnection, ServerConnection, Stream};
use testkit::configs::{ClientOpts, ServerOpts, client_config, server_config};
use testkit::pair::{Pair, Side};
use testkit::pki::{KeyType, Pki};

/// Gives these bytes, with an interruption before each read if asked; takes everything.
struct Socket<'a> {
    bytes: &'a [u8],
    interrupts: bool,
    interrupted: bool,
}

impl<'a> Socket<'a> {
    fn of(bytes: &'a [u8]) -> Self {
        Self { bytes, interrupts: false, interrupted: false }
    }
}

impl Read for Socket<'_> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        self.interrupted = self.interrupts && !self.interrupted;
        match self.interrupted {
            true => Err(ErrorKind::Interrupted.into()),
            false => self.bytes.read(buf),
        }
    }
}

impl Write for Socket<'_> {
    fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
        Ok(buf.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// RUSTSEC-2024-0336, and worse: an end of data that looks clean, and that nobody has authenticated.
#[test]
fn a_close_during_the_handshake_is_an_error() {
    const CLOSE: &[u8] = b"\x15\x03\x03\x00\x02\x01\x00";
    let pki = Pki::new();
    let config = Arc::new(client_config(pki.root.store(), &ClientOpts::default()));
    let name = ServerName::try_from("localhost").unwrap();
    let mut client = ClientConnection::new(config, name).unwrap();
    assert_eq!(client.complete_io(&mut Socket::of(CLOSE)).unwrap_err().kind(), ErrorKind::UnexpectedEof);
    assert_eq!(client.reader().read(&mut [0; 9]).unwrap_err().kind(), ErrorKind::UnexpectedEof);
    assert_eq!(client.complete_io(&mut Socket::of(b"")).unwrap_err().kind(), ErrorKind::UnexpectedEof);

    let config = server_config(&pki.server(KeyType::P256), &ServerOpts::default());
    let mut server = ServerConnection::new(Arc::new(config)).unwrap();
    let mut socket = Socket::of(CLOSE);
    let error = Stream::new(&mut server, &mut socket).read(&mut [0; 9]).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::UnexpectedEof);
}

/// A socket that blocks, of a peer that says nothing; takes everything.
struct Silent;

impl Read for Silent {
    fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
        panic!("this would block");
    }
}

impl Write for Silent {
    fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
        Ok(buf.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn connected() -> Pair {
    let pki = Pki::new();
    let client = client_config(pki.root.store(), &ClientOpts::default());
    let server = server_config(&pki.server(KeyType::P256), &ServerOpts::default());
    let mut pair = Pair::new(client, server);
    pair.handshake().unwrap();
    pair
}

/// Waiting for a peer that need not say anything more would be for ever.
#[test]
fn a_failed_connection_reads_nothing_more() {
    let pki = Pki::new();
    let config = Arc::new(client_config(pki.root.store(), &ClientOpts::default()));
    let name = ServerName::try_from("localhost").unwrap();
    let mut client = ClientConnection::new(config, name).unwrap();
    let garbage = b"HTTP/1.1 400 Bad Request\r\n";
    assert_eq!(client.complete_io(&mut Socket::of(garbage)).unwrap_err().kind(), ErrorKind::InvalidData);
    let error = client.complete_io(&mut Silent).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidData);
    assert!(error.get_ref().is_some_and(|error| error.is::<chitin::Error>()));
    let error = Stream::new(&mut client, &mut Silent).read(&mut [0; 9]).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidData);
}

#[test]
fn an_interrupted_read_is_done_again() {
    let mut pair = connected();
    pair.server.writer().write_all(b"here").unwrap();
    let bytes = pair.take(Side::Server);
    let mut socket = Socket { bytes: &bytes, interrupts: true, interrupted: false };
    assert_eq!(pair.client.complete_io(&mut socket).unwrap(), (bytes.len(), 0));
    assert_eq!(pair.client.reader().read(&mut [0; 9]).unwrap(), 4);
}

/// A blocking socket: each piece is what one read gives, and behind them the stream ends. What is written is lost.
struct Pieces(VecDeque<Vec<u8>>);

impl Read for Pieces {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let Some(piece) = self.0.pop_front() else { return Ok(0) };
        buf[..piece.len()].copy_from_slice(&piece);
        Ok(piece.len())
    }
}

impl Write for Pieces {
    fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
        Ok(buf.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Lines were read from a healthy connection, and one of them was `WouldBlock` where nothing would block: a key update was in front of it.
#[test]
fn fill_buf_goes_on_behind_a_record_without_data() {
    for (with_data, late) in [(false, false), (true, false), (false, true)] {
        let mut pair = connected();
        let mut first = Vec::new();
        if with_data {
            pair.server.writer().write_all(b"first").unwrap();
            first = pair.take(Side::Server);
        }
        // The client owes an answer to this.
        pair.server.refresh_traffic_keys().unwrap();
        first.extend(pair.take(Side::Server));
        pair.server.writer().write_all(b"second").unwrap();
        let mut sock = Pieces([first, pair.take(Side::Server)].into());
        pair.client.open_on_read(late);
        let mut stream = Stream::new(&mut pair.client, &mut sock);
        if with_data {
            assert_eq!(stream.read(&mut [0; 9]).unwrap(), 5);
        }
        assert_eq!(stream.fill_buf().unwrap(), b"second");
    }
}

/// A socket that does not block: it gives these bytes and then nothing for now, and takes so much of each write.
struct Ready<'a> {
    bytes: &'a [u8],
    takes: Takes,
    writes: usize,
}

#[derive(Clone, Copy)]
enum Takes {
    All,
    Nothing,
    /// `Ok(0)`.
    NoBytes,
}

impl<'a> Ready<'a> {
    fn new(bytes: &'a [u8], takes: Takes) -> Self {
        Self { bytes, takes, writes: 0 }
    }
}

impl Read for Ready<'_> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        match self.bytes.is_empty() {
            true => Err(ErrorKind::WouldBlock.into()),
            false => self.bytes.read(buf),
        }
    }
}

impl Write for Ready<'_> {
    fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
        self.writes += 1;
        assert!(self.writes < 100, "the stream turns for ever");
        match self.takes {
            Takes::All => Ok(buf.len()),
            Takes::Nothing => Err(ErrorKind::WouldBlock.into()),
            Takes::NoBytes => Ok(0),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[test]
fn flush_tells_that_a_full_socket_took_nothing_also_if_there_is_something_to_read() {
    let mut pair = connected();
    pair.server.writer().write_all(b"here").unwrap();
    let bytes = pair.take(Side::Server);
    pair.client.writer().write_all(b"request").unwrap();
    for bytes in [&[][..], &bytes] {
        let mut sock = Ready::new(bytes, Takes::Nothing);
        let done = Stream::new(&mut pair.client, &mut sock).flush().map_err(|error| error.kind());
        assert!(pair.client.wants_write());
        assert_eq!(done, Err(ErrorKind::WouldBlock), "{} bytes to read", bytes.len());
    }
    let mut sock = Ready::new(&[], Takes::All);
    Stream::new(&mut pair.client, &mut sock).flush().unwrap();
    assert!(!pair.client.wants_write());
}

#[test]
fn flush_tells_that_what_was_written_waits_for_the_handshake() {
    let pki = Pki::new();
    let config = Arc::new(client_config(pki.root.store(), &ClientOpts::default()));
    let mut client = ClientConnection::new(config, ServerName::try_from("localhost").unwrap()).unwrap();
    client.writer().write_all(b"request").unwrap();
    // The beginning of a ServerHello's record.
    for bytes in [&[][..], &[22, 3, 3]] {
        let mut sock = Ready::new(bytes, Takes::All);
        let done = Stream::new(&mut client, &mut sock).flush().map_err(|error| error.kind());
        assert!(client.is_handshaking());
        assert_eq!(done, Err(ErrorKind::WouldBlock), "{} bytes to read", bytes.len());
    }
}

#[test]
fn a_read_ends_where_the_socket_takes_nothing() {
    let mut pair = connected();
    pair.client.writer().write_all(b"x").unwrap();
    let mut sock = Ready::new(&[], Takes::NoBytes);
    let done = Stream::new(&mut pair.client, &mut sock).read(&mut [0; 9]);
    assert_eq!(done.unwrap_err().kind(), ErrorKind::WouldBlock);
}

/// There is nothing to send, so there is nothing to wait for: a socket that blocks would hold the writer for as long as its peer is silent.
#[test]
fn a_write_of_nothing_does_not_read() {
    let mut pair = connected();
    assert_eq!(Stream::new(&mut pair.client, &mut Silent).write(&[]).unwrap(), 0);
    pair.client.set_buffer_limit(Some(0));
    assert_eq!(Stream::new(&mut pair.client, &mut Silent).write(b"x").unwrap(), 0);
}
