//! One of our connections over a real socket, with every wait bounded.

use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::ops::DerefMut;
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use chitin::pki_types::ServerName;
use chitin::{
    CipherSuite, ClientConfig, ClientConnection, ConnectionCommon, Error, HandshakeKind, NamedGroup,
    ProtocolVersion, ServerConfig, ServerConnection, SideData, Stream,
};

/// How long one side may keep the other waiting. A loaded machine with two cores needs a second at most.
pub const PATIENCE: Duration = Duration::from_secs(20);

/// Why a step failed: the library said so, or the socket did.
#[derive(Debug)]
pub enum Failure {
    Tls(Error),
    Io(io::Error),
}

impl Failure {
    /// The library's error.
    ///
    /// # Panics
    ///
    /// When the socket failed instead.
    pub fn tls(self) -> Error {
        match self {
            Self::Tls(err) => err,
            Self::Io(err) => panic!("expected a TLS error, but the socket failed: {err} ({:?})", err.kind()),
        }
    }
}

impl From<io::Error> for Failure {
    fn from(err: io::Error) -> Self {
        match err.get_ref().and_then(|inner| inner.downcast_ref::<Error>()) {
            Some(tls) => Self::Tls(tls.clone()),
            None => Self::Io(err),
        }
    }
}

/// A connection and its socket.
pub struct Link<C> {
    pub conn: C,
    pub sock: TcpStream,
}

/// What a connection says about itself after the handshake.
#[derive(Clone, PartialEq, Debug)]
pub struct Report {
    pub version: Option<ProtocolVersion>,
    pub suite: Option<CipherSuite>,
    pub group: Option<NamedGroup>,
    pub kind: Option<HandshakeKind>,
    pub alpn: Option<Vec<u8>>,
    pub peer_certificates: usize,
}

impl Link<ClientConnection> {
    /// Connects and makes a client; nothing has been sent yet.
    ///
    /// # Panics
    ///
    /// When there is no TCP connection, or the config refuses the name.
    pub fn client(addr: SocketAddr, config: Arc<ClientConfig>, name: &str) -> Self {
        let conn = ClientConnection::new(config, ServerName::try_from(name.to_owned()).unwrap()).unwrap();
        Self { conn, sock: connect(addr) }
    }
}

impl Link<ServerConnection> {
    /// Waits for one client and makes a server for it.
    ///
    /// # Panics
    ///
    /// When none comes in time.
    pub fn server(listener: &TcpListener, config: Arc<ServerConfig>) -> Self {
        Self { conn: ServerConnection::new(config).unwrap(), sock: accept(listener) }
    }
}

impl<C, S> Link<C>
where
    C: DerefMut<Target = ConnectionCommon<S>>,
    S: SideData,
{
    /// Runs the handshake to its end.
    ///
    /// # Errors
    ///
    /// What went wrong first. Our alert, if any, has been sent.
    pub fn handshake(&mut self) -> Result<(), Failure> {
        while self.conn.is_handshaking() {
            self.conn.complete_io(&mut self.sock)?;
        }
        while self.conn.wants_write() {
            self.conn.write_tls(&mut self.sock)?;
        }
        Ok(())
    }

    /// What was negotiated.
    pub fn report(&self) -> Report {
        Report {
            version: self.conn.protocol_version(),
            suite: self.conn.negotiated_cipher_suite().map(|suite| suite.suite()),
            group: self.conn.negotiated_key_exchange_group().map(|group| group.name()),
            kind: self.conn.handshake_kind(),
            alpn: self.conn.alpn_protocol().map(<[u8]>::to_vec),
            peer_certificates: self.conn.peer_certificates().map_or(0, <[_]>::len),
        }
    }

    /// Sends all of it.
    ///
    /// # Errors
    ///
    /// What the stream says.
    pub fn send(&mut self, data: &[u8]) -> Result<(), Failure> {
        let mut stream = Stream::new(&mut self.conn, &mut self.sock);
        stream.write_all(data)?;
        stream.flush()?;
        Ok(())
    }

    /// Reads just this many bytes.
    ///
    /// # Errors
    ///
    /// What the stream says.
    pub fn receive(&mut self, len: usize) -> Result<Vec<u8>, Failure> {
        let mut data = vec![0; len];
        Stream::new(&mut self.conn, &mut self.sock).read_exact(&mut data)?;
        Ok(data)
    }

    /// Reads until the peer closes in the proper way.
    ///
    /// # Errors
    ///
    /// What the stream says; `UnexpectedEof` is a close without close_notify.
    pub fn receive_to_end(&mut self) -> Result<Vec<u8>, Failure> {
        let mut data = Vec::new();
        Stream::new(&mut self.conn, &mut self.sock).read_to_end(&mut data)?;
        Ok(data)
    }

    /// Echoes lines until the peer closes or a line is `stop`.
    ///
    /// # Errors
    ///
    /// What the stream says.
    pub fn echo(&mut self, mut total: usize) -> Result<(), Failure> {
        let mut chunk = vec![0; 16 * 1024];
        while total > 0 {
            let got = Stream::new(&mut self.conn, &mut self.sock).read(&mut chunk)?;
            if got == 0 {
                return Err(io::Error::from(io::ErrorKind::UnexpectedEof).into());
            }
            self.send(&chunk[..got])?;
            total = total.saturating_sub(got);
        }
        Ok(())
    }

    /// Asks for exported keying material.
    ///
    /// # Panics
    ///
    /// When the handshake is not over.
    pub fn export(&self, label: &str, len: usize) -> Vec<u8> {
        self.conn.export_keying_material(vec![0; len], label.as_bytes(), None).unwrap()
    }

    /// Sends close_notify and what else is waiting.
    ///
    /// # Errors
    ///
    /// What the socket says.
    pub fn close(&mut self) -> Result<(), Failure> {
        self.conn.send_close_notify();
        while self.conn.wants_write() {
            self.conn.write_tls(&mut self.sock)?;
        }
        Ok(())
    }
}

/// Listens on a free loopback port.
///
/// # Panics
///
/// When there is none.
pub fn listen() -> (TcpListener, SocketAddr) {
    let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let addr = listener.local_addr().unwrap();
    (listener, addr)
}

/// Connects, with timeouts set.
///
/// # Panics
///
/// When nobody listens.
pub fn connect(addr: SocketAddr) -> TcpStream {
    let sock = TcpStream::connect_timeout(&addr, PATIENCE).unwrap_or_else(|err| panic!("no {addr}: {err}"));
    bounded(sock)
}

/// Accepts one connection, with timeouts set.
///
/// # Panics
///
/// When none comes in time.
pub fn accept(listener: &TcpListener) -> TcpStream {
    listener.set_nonblocking(true).unwrap();
    let end = Instant::now() + PATIENCE;
    loop {
        match listener.accept() {
            Ok((sock, _)) => {
                sock.set_nonblocking(false).unwrap();
                return bounded(sock);
            }
            Err(err) if err.kind() == io::ErrorKind::WouldBlock && Instant::now() < end => {
                thread::sleep(Duration::from_millis(2));
            }
            Err(err) => panic!("nobody connected: {err}"),
        }
    }
}

fn bounded(sock: TcpStream) -> TcpStream {
    sock.set_read_timeout(Some(PATIENCE)).unwrap();
    sock.set_write_timeout(Some(PATIENCE)).unwrap();
    sock.set_nodelay(true).unwrap();
    sock
}
