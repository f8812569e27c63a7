//! The same with the unbuffered API, where buffers are the caller's: plaintext stays in the one that its record came in.

use tls::CommonState;
use tls::client::{ClientConnectionData, UnbufferedClientConnection};
use tls::server::{ServerConnectionData, UnbufferedServerConnection};
use tls::unbuffered::{ConnectionState, UnbufferedStatus};
use worker::{End, Library, Pipes};

use crate::rustls_api::{Ours, text};

pub struct Known(pub Ours);

impl Library for Known {
    type Client = Unbuffered<UnbufferedClientConnection>;
    type Server = Unbuffered<UnbufferedServerConnection>;

    fn client(&self, pipes: Pipes) -> Result<Self::Client, String> {
        let conn = UnbufferedClientConnection::new(self.0.client.clone(), self.0.name.clone());
        conn.map(|conn| Unbuffered::new(conn, pipes)).map_err(text)
    }

    fn server(&self, pipes: Pipes) -> Result<Self::Server, String> {
        let conn = UnbufferedServerConnection::new(self.0.server.clone());
        conn.map(|conn| Unbuffered::new(conn, pipes)).map_err(text)
    }

    fn tickets(&self) -> usize {
        self.0.tickets()
    }

    fn memo_hits(&self) -> usize {
        self.0.memo_hits()
    }

    fn remembers(&self) -> bool {
        self.0.remembers()
    }
}

/// The two kinds of connection, which have this by the same name and no trait for it.
pub trait Connection {
    type Data;

    fn process<'c, 'i>(&'c mut self, incoming: &'i mut [u8]) -> UnbufferedStatus<'c, 'i, Self::Data>;
    fn common(&self) -> &CommonState;
}

impl Connection for UnbufferedClientConnection {
    type Data = ClientConnectionData;

    fn process<'c, 'i>(&'c mut self, incoming: &'i mut [u8]) -> UnbufferedStatus<'c, 'i, Self::Data> {
        self.process_tls_records(incoming)
    }

    fn common(&self) -> &CommonState {
        self
    }
}

impl Connection for UnbufferedServerConnection {
    type Data = ServerConnectionData;

    fn process<'c, 'i>(&'c mut self, incoming: &'i mut [u8]) -> UnbufferedStatus<'c, 'i, Self::Data> {
        self.process_tls_records(incoming)
    }

    fn common(&self) -> &CommonState {
        self
    }
}

pub struct Unbuffered<C> {
    conn: C,
    pipes: Pipes,
    incoming: Vec<u8>,
    /// The end of what is in it.
    to: usize,
    outgoing: Vec<u8>,
}

impl<C: Connection> Unbuffered<C> {
    fn new(conn: C, pipes: Pipes) -> Self {
        Self { conn, pipes, incoming: vec![0; 160 * 1024], to: 0, outgoing: vec![0; 160 * 1024] }
    }

    /// Processes what is there and sends what comes of it, and `data` once that is allowed. Returns how much plaintext came.
    fn run(&mut self, mut data: Option<&[u8]>) -> Result<usize, String> {
        let mut got = 0;
        let mut from = 0;
        let mut filled = 0;
        self.to += self.pipes.incoming.get(&mut self.incoming[self.to..]);
        loop {
            let UnbufferedStatus { mut discard, state } =
                self.conn.process(&mut self.incoming[from..self.to]);
            let mut over = false;
            match state.map_err(text)? {
                ConnectionState::ReadTraffic(mut records) => {
                    while let Some(record) = records.next_record() {
                        let record = record.map_err(text)?;
                        got += std::hint::black_box(record.payload).len();
                        discard += record.discard;
                    }
                }
                ConnectionState::EncodeTlsData(mut message) => {
                    filled += message.encode(&mut self.outgoing[filled..]).map_err(text)?;
                }
                ConnectionState::TransmitTlsData(sent) => {
                    self.pipes.outgoing.put(&self.outgoing[..filled]);
                    filled = 0;
                    sent.done();
                }
                ConnectionState::WriteTraffic(mut seal) => {
                    if let Some(data) = data.take() {
                        let n = seal.encrypt(data, &mut self.outgoing).map_err(text)?;
                        self.pipes.outgoing.put(&self.outgoing[..n]);
                    }
                    over = true;
                }
                _ => over = true,
            }
            from += discard;
            if over {
                break;
            }
        }
        self.incoming.copy_within(from..self.to, 0);
        self.to -= from;
        Ok(got)
    }
}

impl<C: Connection> End for Unbuffered<C> {
    fn advance(&mut self) -> Result<(), String> {
        self.run(None).map(drop)
    }

    fn is_handshaking(&self) -> bool {
        self.conn.common().is_handshaking()
    }

    fn send(&mut self, data: &[u8]) -> Result<(), String> {
        self.run(Some(data)).map(drop)
    }

    fn receive(&mut self, _: &mut [u8]) -> Result<usize, String> {
        self.run(None)
    }
}
