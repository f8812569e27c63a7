//! Our connections on a blocking socket, in the two ways that there are.

use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;
use std::sync::Arc;

use chitin::client::{ClientConnectionData, UnbufferedClientConnection};
use chitin::crypto::{CryptoProvider, aws_lc_rs};
use chitin::pki_types::ServerName;
use chitin::server::{ServerConnectionData, UnbufferedServerConnection};
use chitin::unbuffered::{ConnectionState, UnbufferedStatus};
use chitin::{
    CipherSuite, ClientConfig, ClientConnection, ConnectionCommon, NamedGroup, RootCertStore, ServerConfig,
    ServerConnection, SideData, StreamOwned,
};

use crate::material::{NAME, Paths};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// `Stream`, with the buffers of the connection.
    Buffered,
    /// The unbuffered API: records are sealed into a buffer that goes to the socket, and opened where the socket put them.
    Unbuffered,
}

impl Way {
    pub const ALL: [Self; 2] = [Self::Buffered, Self::Unbuffered];

    pub fn name(self) -> &'static str {
        match self {
            Self::Buffered => "buffered",
            Self::Unbuffered => "unbuffered",
        }
    }

    pub fn title(self) -> &'static str {
        match self {
            Self::Buffered => "chitin, `Stream`",
            Self::Unbuffered => "chitin, unbuffered",
        }
    }

    pub fn named(name: &str) -> Result<Self, String> {
        Self::ALL.into_iter().find(|way| way.name() == name).ok_or_else(|| format!("no way {name}"))
    }
}

/// A connection that stands, or is made by what is read and written first.
pub trait Link {
    /// Hands on what plaintext one read of the socket brings, if any. `false`: the peer has closed.
    fn read(&mut self, take: &mut dyn FnMut(&[u8])) -> Result<bool, String>;

    fn write(&mut self, data: &[u8]) -> Result<(), String>;
}

fn provider() -> Arc<CryptoProvider> {
    let mut provider = aws_lc_rs::default_provider();
    provider.cipher_suites.retain(|suite| suite.suite() == CipherSuite::TLS13_AES_128_GCM_SHA256);
    provider.kx_groups.retain(|group| group.name() == NamedGroup::X25519);
    Arc::new(provider)
}

pub fn client_config(paths: &Paths) -> Result<Arc<ClientConfig>, String> {
    let mut roots = RootCertStore::empty();
    roots.add(paths.certificate()?).map_err(text)?;
    let config = ClientConfig::builder_with_provider(provider())
        .with_protocol_versions(&[&chitin::version::TLS13])
        .map_err(text)?
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok(Arc::new(config))
}

pub fn server_config(paths: &Paths) -> Result<Arc<ServerConfig>, String> {
    let config = ServerConfig::builder_with_provider(provider())
        .with_protocol_versions(&[&chitin::version::TLS13])
        .map_err(text)?
        .with_no_client_auth()
        .with_single_cert(vec![paths.certificate()?], paths.key()?)
        .map_err(text)?;
    Ok(Arc::new(config))
}

pub fn client_link(way: Way, config: Arc<ClientConfig>, socket: TcpStream) -> Result<Box<dyn Link>, String> {
    let name = ServerName::try_from(NAME).map_err(text)?;
    Ok(match way {
        Way::Buffered => Box::new(Buffered::new(ClientConnection::new(config, name).map_err(text)?, socket)),
        Way::Unbuffered => {
            Box::new(Unbuffered::new(UnbufferedClientConnection::new(config, name).map_err(text)?, socket))
        }
    })
}

pub fn server_link(way: Way, config: &Arc<ServerConfig>, socket: TcpStream) -> Result<Box<dyn Link>, String> {
    let config = config.clone();
    Ok(match way {
        Way::Buffered => Box::new(Buffered::new(ServerConnection::new(config).map_err(text)?, socket)),
        Way::Unbuffered => {
            Box::new(Unbuffered::new(UnbufferedServerConnection::new(config).map_err(text)?, socket))
        }
    })
}

struct Buffered<C, S: SideData>
where
    C: std::ops::DerefMut<Target = ConnectionCommon<S>>,
{
    stream: StreamOwned<C, TcpStream>,
    /// The application's.
    buffer: Vec<u8>,
}

impl<C, S: SideData> Buffered<C, S>
where
    C: std::ops::DerefMut<Target = ConnectionCommon<S>>,
{
    fn new(conn: C, socket: TcpStream) -> Self {
        Self { stream: StreamOwned::new(conn, socket), buffer: vec![0; 64 * 1024] }
    }
}

impl<C, S: SideData> Link for Buffered<C, S>
where
    C: std::ops::DerefMut<Target = ConnectionCommon<S>>,
{
    fn read(&mut self, take: &mut dyn FnMut(&[u8])) -> Result<bool, String> {
        match self.stream.read(&mut self.buffer) {
            Ok(n) => {
                take(&self.buffer[..n]);
                Ok(n > 0)
            }
            // curl and nginx close without saying so.
            Err(error) if matches!(error.kind(), ErrorKind::UnexpectedEof | ErrorKind::ConnectionReset) => {
                Ok(false)
            }
            Err(error) => Err(text(error)),
        }
    }

    fn write(&mut self, data: &[u8]) -> Result<(), String> {
        self.stream.write_all(data).map_err(text)?;
        self.stream.flush().map_err(text)
    }
}

/// The two kinds of connection, which have this by the same name and no trait for it.
trait Connection {
    type Data;

    fn process<'c, 'i>(&'c mut self, incoming: &'i mut [u8]) -> UnbufferedStatus<'c, 'i, Self::Data>;
}

impl Connection for UnbufferedClientConnection {
    type Data = ClientConnectionData;

    fn process<'c, 'i>(&'c mut self, incoming: &'i mut [u8]) -> UnbufferedStatus<'c, 'i, Self::Data> {
        self.process_tls_records(incoming)
    }
}

impl Connection for UnbufferedServerConnection {
    type Data = ServerConnectionData;

    fn process<'c, 'i>(&'c mut self, incoming: &'i mut [u8]) -> UnbufferedStatus<'c, 'i, Self::Data> {
        self.process_tls_records(incoming)
    }
}

struct Unbuffered<C> {
    conn: C,
    socket: TcpStream,
    incoming: Vec<u8>,
    /// The end of what is in it.
    to: usize,
    outgoing: Vec<u8>,
}

/// What a step came to.
enum Step {
    /// Nothing goes on without more from the peer.
    Waits,
    /// What was to be written has been.
    Written,
    Closed,
}

impl<C: Connection> Unbuffered<C> {
    fn new(conn: C, socket: TcpStream) -> Self {
        // Four full records and a little, as the other way has them.
        Self { conn, socket, incoming: vec![0; 80 * 1024], to: 0, outgoing: vec![0; 80 * 1024] }
    }

    /// Goes on as far as what has come allows.
    fn step(&mut self, mut data: Option<&[u8]>, take: &mut dyn FnMut(&[u8])) -> Result<Step, String> {
        let (mut from, mut filled) = (0, 0);
        let step = loop {
            let UnbufferedStatus { mut discard, state } =
                self.conn.process(&mut self.incoming[from..self.to]);
            let mut over = None;
            match state.map_err(text)? {
                ConnectionState::ReadTraffic(mut records) => {
                    while let Some(record) = records.next_record() {
                        let record = record.map_err(text)?;
                        take(record.payload);
                        discard += record.discard;
                    }
                }
                ConnectionState::EncodeTlsData(mut message) => {
                    filled += message.encode(&mut self.outgoing[filled..]).map_err(text)?;
                }
                ConnectionState::TransmitTlsData(sent) => {
                    self.socket.write_all(&self.outgoing[..filled]).map_err(text)?;
                    filled = 0;
                    sent.done();
                }
                ConnectionState::WriteTraffic(mut seal) => match data.take() {
                    Some(data) => {
                        let n = seal.encrypt(data, &mut self.outgoing).map_err(text)?;
                        self.socket.write_all(&self.outgoing[..n]).map_err(text)?;
                        over = Some(Step::Written);
                    }
                    None => over = Some(Step::Waits),
                },
                ConnectionState::BlockedHandshake => over = Some(Step::Waits),
                ConnectionState::PeerClosed | ConnectionState::Closed => over = Some(Step::Closed),
                _ => return Err("a state that was not asked for".into()),
            }
            from += discard;
            if let Some(step) = over {
                break step;
            }
        };
        self.incoming.copy_within(from..self.to, 0);
        self.to -= from;
        Ok(step)
    }

    /// `false`: the stream has ended.
    fn receive(&mut self) -> Result<bool, String> {
        match self.socket.read(&mut self.incoming[self.to..]) {
            Ok(n) => {
                self.to += n;
                Ok(n > 0)
            }
            Err(error) if error.kind() == ErrorKind::ConnectionReset => Ok(false),
            Err(error) => Err(text(error)),
        }
    }
}

impl<C: Connection> Link for Unbuffered<C> {
    fn read(&mut self, take: &mut dyn FnMut(&[u8])) -> Result<bool, String> {
        let more = self.receive()?;
        let step = self.step(None, take)?;
        Ok(more && !matches!(step, Step::Closed))
    }

    fn write(&mut self, data: &[u8]) -> Result<(), String> {
        loop {
            // Nobody here sends while the other does.
            match self.step(Some(data), &mut |_| ())? {
                Step::Written => return Ok(()),
                Step::Waits if self.receive()? => {}
                Step::Waits | Step::Closed => return Err("the connection ended".into()),
            }
        }
    }
}

fn text(error: impl std::fmt::Display) -> String {
    error.to_string()
}
