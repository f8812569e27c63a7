//! Two ends without buffers, and the bytes between them.

use alloc::sync::Arc;
use alloc::vec;
use alloc::vec::Vec;

use chitin::client::UnbufferedClientConnection;
use chitin::server::UnbufferedServerConnection;
use chitin::unbuffered::{ConnectionState, UnbufferedStatus};
use chitin::{ClientConfig, Error, HandshakeKind, ProtocolVersion, ServerConfig};

const QUESTION: &[u8] = b"is there anybody without a standard library?";
const ANSWER: &[u8] = b"yes";

/// A handshake of the version, a word from each end, and the end. False if anything of it was not as it should be.
pub fn talk(
    client: &Arc<ClientConfig>,
    server: &Arc<ServerConfig>,
    version: ProtocolVersion,
    kind: HandshakeKind,
) -> Result<bool, Error> {
    let name = "localhost".try_into().map_err(|_| Error::General("a name".into()))?;
    let mut client = End::new(UnbufferedClientConnection::new(client.clone(), name)?, QUESTION);
    let mut server = End::new(UnbufferedServerConnection::new(server.clone())?, ANSWER);
    // A handshake takes two or three rounds, closing one more.
    for _ in 0..8 {
        client.run(|conn, input, talk| act(conn.process_tls_records(input), talk))?;
        server.talk.incoming.append(&mut client.talk.outgoing);
        server.run(|conn, input, talk| act(conn.process_tls_records(input), talk))?;
        client.talk.incoming.append(&mut server.talk.outgoing);
    }
    let spoken = [client.conn.protocol_version(), server.conn.protocol_version()] == [Some(version); 2];
    let kinds = [client.conn.handshake_kind(), server.conn.handshake_kind()] == [Some(kind); 2];
    let closed = client.talk.closed && server.talk.closed;
    Ok(spoken && kinds && closed && client.talk.heard == ANSWER && server.talk.heard == QUESTION)
}

struct End<C> {
    conn: C,
    talk: Talk,
}

struct Talk {
    incoming: Vec<u8>,
    outgoing: Vec<u8>,
    to_say: &'static [u8],
    heard: Vec<u8>,
    said_goodbye: bool,
    closed: bool,
}

impl<C> End<C> {
    fn new(conn: C, to_say: &'static [u8]) -> Self {
        let (incoming, outgoing, heard) = (Vec::new(), Vec::new(), Vec::new());
        Self { conn, talk: Talk { incoming, outgoing, to_say, heard, said_goodbye: false, closed: false } }
    }

    /// Goes on until it is the other end's turn.
    fn run(
        &mut self,
        mut act: impl FnMut(&mut C, &mut [u8], &mut Talk) -> Result<(usize, bool), Error>,
    ) -> Result<(), Error> {
        loop {
            let mut input = core::mem::take(&mut self.talk.incoming);
            let (discard, more) = act(&mut self.conn, &mut input, &mut self.talk)?;
            input.drain(..discard);
            self.talk.incoming = input;
            if !more {
                return Ok(());
            }
        }
    }
}

/// Does what the state says. Gives how much of the input is used, and whether there is more to do before the other end speaks.
fn act<Data>(status: UnbufferedStatus<'_, '_, Data>, talk: &mut Talk) -> Result<(usize, bool), Error> {
    let UnbufferedStatus { mut discard, state } = status;
    let mut out = vec![0; 4096];
    let more = match state? {
        ConnectionState::ReadTraffic(mut read) => {
            while let Some(record) = read.next_record() {
                let record = record?;
                talk.heard.extend_from_slice(record.payload);
                discard += record.discard;
            }
            true
        }
        ConnectionState::EncodeTlsData(mut encode) => {
            let n = encode.encode(&mut out).map_err(|_| Error::General("more room".into()))?;
            talk.outgoing.extend_from_slice(&out[..n]);
            true
        }
        ConnectionState::TransmitTlsData(transmit) => {
            transmit.done();
            true
        }
        ConnectionState::WriteTraffic(mut write) => {
            let mut say = |n: Result<usize, _>, out: &[u8]| {
                let n = n.map_err(|_| Error::General("more room".into()))?;
                talk.outgoing.extend_from_slice(&out[..n]);
                Ok::<(), Error>(())
            };
            let data = core::mem::take(&mut talk.to_say);
            if !data.is_empty() {
                say(write.encrypt(data, &mut out), &out)?;
            }
            if !talk.heard.is_empty() && !talk.said_goodbye {
                say(write.queue_close_notify(&mut out), &out)?;
                talk.said_goodbye = true;
            }
            false
        }
        ConnectionState::PeerClosed => true,
        ConnectionState::Closed => {
            talk.closed = true;
            false
        }
        _ => false,
    };
    Ok((discard, more))
}
