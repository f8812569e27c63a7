//! What hostile peers and odd sockets try against the buffered connections.

use std::io::{self, ErrorKind, Read, Write};
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

/// Waiting for a peer that need not say anything more would be for ever.
#[test]
fn a_failed_connection_reads_nothing_more() {
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
    let pki = Pki::new();
    let client = client_config(pki.root.store(), &ClientOpts::default());
    let server = server_config(&pki.server(KeyType::P256), &ServerOpts::default());
    let mut pair = Pair::new(client, server);
    pair.handshake().unwrap();
    pair.server.writer().write_all(b"here").unwrap();
    let bytes = pair.take(Side::Server);
    let mut socket = Socket { bytes: &bytes, interrupts: true, interrupted: false };
    assert_eq!(pair.client.complete_io(&mut socket).unwrap(), (bytes.len(), 0));
    assert_eq!(pair.client.reader().read(&mut [0; 9]).unwrap(), 4);
}
