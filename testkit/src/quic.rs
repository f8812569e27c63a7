//! A client and a server of QUIC in one thread: handshake bytes by levels, and the keys that come between them.
//!
//! It stands in for two QUIC endpoints on a wire that loses nothing. Packets are only sealed and opened to see whether both ends
//! have the same keys.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use chitin::pki_types::ServerName;
use chitin::quic::{
    ClientConnection, DirectionalKeys, KeyChange, Keys, PacketKeySet, Secrets, ServerConnection, Version,
};
use chitin::{AlertDescription, ClientConfig, Error, ServerConfig};

use crate::hello::{Hello, join_messages, message, split_messages};
use crate::pair::Side;

/// Which packets handshake bytes go in. RFC 9001 section 4.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    Initial,
    Handshake,
    OneRtt,
}

/// One end, with the keys that it has been given.
struct End<C> {
    conn: C,
    level: Level,
    handshake: Option<Keys>,
    one_rtt: Option<Keys>,
    next: Option<Secrets>,
}

/// Changes one side's handshake messages: type and body of each, and what flies in its place.
pub type Edit = Box<dyn FnMut(u8, Vec<u8>) -> Vec<(u8, Vec<u8>)>>;

/// A step that failed, and what the end that found it has to tell the peer.
#[derive(Clone, PartialEq, Debug)]
pub struct QuicFailed {
    pub side: Side,
    pub error: Error,
    pub alert: Option<AlertDescription>,
}

/// A client and a server of QUIC.
pub struct QuicPair {
    client: End<ClientConnection>,
    server: End<ServerConnection>,
    chop: usize,
    edit: Option<(Side, Edit)>,
    /// Who got which keys, in order.
    pub changes: Vec<(Side, Level)>,
}

/// The transport parameters of a pair whose test does not care.
pub const PARAMETERS: [&[u8]; 2] = [b"\x04\x01\x07", b"\x04\x01\x09"];

impl QuicPair {
    /// Joins a client and a server for `localhost` over version 1.
    ///
    /// # Panics
    ///
    /// When the configs make no connection.
    pub fn new(client: impl Into<Arc<ClientConfig>>, server: impl Into<Arc<ServerConfig>>) -> Self {
        Self::of(client, server, Version::V1, PARAMETERS)
    }

    /// The same with another version and other transport parameters.
    ///
    /// # Panics
    ///
    /// When the configs make no connection.
    pub fn of(
        client: impl Into<Arc<ClientConfig>>,
        server: impl Into<Arc<ServerConfig>>,
        version: Version,
        [ours, theirs]: [&[u8]; 2],
    ) -> Self {
        let name = ServerName::try_from("localhost").unwrap();
        let client = ClientConnection::new(client.into(), version, name, ours.to_vec()).unwrap();
        let server = ServerConnection::new(server.into(), version, theirs.to_vec()).unwrap();
        Self::joined(client, server)
    }

    /// Joins two connections that exist already.
    pub fn joined(client: ClientConnection, server: ServerConnection) -> Self {
        Self {
            client: End::new(client),
            server: End::new(server),
            chop: usize::MAX,
            edit: None,
            changes: vec![],
        }
    }

    pub fn client(&mut self) -> &mut ClientConnection {
        &mut self.client.conn
    }

    pub fn server(&mut self) -> &mut ServerConnection {
        &mut self.server.conn
    }

    /// The same pair with its bytes delivered in pieces of at most this many.
    pub fn chop(mut self, most: usize) -> Self {
        self.chop = most;
        self
    }

    /// The same pair, both sides of which let each of their questions wait until all that has come is worked off.
    pub fn deferred(mut self) -> Self {
        self.client.conn.defer_questions();
        self.server.conn.defer_questions();
        self
    }

    /// The same pair with a hand in the messages of one side.
    pub fn edit(mut self, from: Side, edit: impl FnMut(u8, Vec<u8>) -> Vec<(u8, Vec<u8>)> + 'static) -> Self {
        self.edit = Some((from, Box::new(edit)));
        self
    }

    /// The same pair with a hand in the body of each message of one type of one side.
    pub fn edit_body(self, from: Side, target: u8, mut edit: impl FnMut(&mut Vec<u8>) + 'static) -> Self {
        self.edit(from, move |typ, mut body| {
            if typ == target {
                edit(&mut body);
            }
            vec![(typ, body)]
        })
    }

    /// The same pair with a hand in the client's hello, or the server's.
    pub fn edit_hello(self, from: Side, mut edit: impl FnMut(&mut Hello) + 'static) -> Self {
        let target = if from == Side::Client { 1 } else { 2 };
        self.edit_body(from, target, move |body| {
            let mut hello = Hello::read(&message(target, body));
            edit(&mut hello);
            *body = split_messages(&hello.write()).remove(0).1;
        })
    }

    /// Takes what one side has to say, by levels, after editing.
    pub fn take(&mut self, from: Side) -> Vec<(Level, Vec<u8>)> {
        let (mut flights, changes) = match from {
            Side::Client => self.client.take(|conn, buf| conn.write_hs(buf)),
            Side::Server => self.server.take(|conn, buf| conn.write_hs(buf)),
        };
        self.changes.extend(changes.into_iter().map(|level| (from, level)));
        if let Some((_, edit)) = self.edit.as_mut().filter(|(side, _)| *side == from) {
            for (_, flight) in &mut flights {
                let meant = split_messages(flight);
                let said: Vec<_> = meant.into_iter().flat_map(|(typ, body)| edit(typ, body)).collect();
                *flight = join_messages(&said);
            }
        }
        flights
    }

    /// Gives handshake bytes of one level to one side, in pieces as set.
    ///
    /// # Errors
    ///
    /// What that side found.
    pub fn give(&mut self, to: Side, bytes: &[u8]) -> Result<(), Box<QuicFailed>> {
        for piece in bytes.chunks(self.chop) {
            let (done, alert) = match to {
                Side::Client => {
                    let conn = &mut self.client.conn;
                    let done = conn.read_hs(piece).and_then(|()| answer(|| conn.answer_question()));
                    (done, conn.alert())
                }
                Side::Server => {
                    let conn = &mut self.server.conn;
                    let done = conn.read_hs(piece).and_then(|()| answer(|| conn.answer_question()));
                    (done, conn.alert())
                }
            };
            done.map_err(|error| Box::new(QuicFailed { side: to, error, alert }))?;
        }
        Ok(())
    }

    /// Carries what one side has to say to the other, and says whether there was anything.
    ///
    /// # Errors
    ///
    /// As [`QuicPair::give`].
    pub fn carry(&mut self, from: Side) -> Result<bool, Box<QuicFailed>> {
        let flights = self.take(from);
        for (_, flight) in &flights {
            self.give(!from, flight)?;
        }
        Ok(!flights.is_empty())
    }

    /// Carries both ways until nothing moves.
    ///
    /// # Errors
    ///
    /// As [`QuicPair::give`].
    ///
    /// # Panics
    ///
    /// When the two never fall silent.
    pub fn settle(&mut self) -> Result<(), Box<QuicFailed>> {
        for _ in 0..20 {
            if !(self.carry(Side::Client)? | self.carry(Side::Server)?) {
                return Ok(());
            }
        }
        panic!("the two keep talking")
    }

    /// Runs the handshake to its end on both sides, tickets included, and looks whether both have the same keys.
    ///
    /// # Errors
    ///
    /// As [`QuicPair::give`].
    ///
    /// # Panics
    ///
    /// When both wait for each other, or have different keys.
    pub fn handshake(&mut self) -> Result<(), Box<QuicFailed>> {
        self.settle()?;
        assert!(!self.client.conn.is_handshaking(), "the client still waits");
        assert!(!self.server.conn.is_handshaking(), "the server still waits");
        let (client, server) = (&self.client, &self.server);
        assert_agree(client.handshake.as_ref().unwrap(), server.handshake.as_ref().unwrap());
        assert_agree(client.one_rtt.as_ref().unwrap(), server.one_rtt.as_ref().unwrap());
        Ok(())
    }

    /// The packet keys of the next generation, of both sides.
    ///
    /// # Panics
    ///
    /// Before the handshake is done.
    pub fn update_keys(&mut self) -> (PacketKeySet, PacketKeySet) {
        let next = |secrets: &mut Option<Secrets>| secrets.as_mut().unwrap().next_packet_keys();
        (next(&mut self.client.next), next(&mut self.server.next))
    }
}

impl<C> End<C> {
    fn new(conn: C) -> Self {
        Self { conn, level: Level::Initial, handshake: None, one_rtt: None, next: None }
    }

    fn take(
        &mut self,
        mut write_hs: impl FnMut(&mut C, &mut Vec<u8>) -> Option<KeyChange>,
    ) -> (Vec<(Level, Vec<u8>)>, Vec<Level>) {
        let (mut flights, mut changes) = (Vec::new(), Vec::new());
        loop {
            let mut buf = Vec::new();
            let change = write_hs(&mut self.conn, &mut buf);
            if !buf.is_empty() {
                flights.push((self.level, buf));
            }
            self.level = match change {
                None => return (flights, changes),
                Some(KeyChange::Handshake { keys }) => {
                    assert!(self.handshake.replace(keys).is_none(), "handshake keys twice");
                    Level::Handshake
                }
                Some(KeyChange::OneRtt { keys, next }) => {
                    assert!(self.one_rtt.replace(keys).is_none(), "1-RTT keys twice");
                    self.next = Some(next);
                    Level::OneRtt
                }
            };
            changes.push(self.level);
        }
    }
}

fn answer(mut answer_question: impl FnMut() -> Result<bool, Error>) -> Result<(), Error> {
    while answer_question()? {}
    Ok(())
}

/// Both directions, each from its writer to its reader.
fn assert_agree(client: &Keys, server: &Keys) {
    assert!(fits(&client.local, &server.remote) && fits(&server.local, &client.remote), "the same keys");
    assert!(!fits(&client.local, &client.remote), "of one direction each");
}

/// Can `reader` open what `writer` protects, header and packet?
///
/// Each packet has a number above those before: a key may refuse any other.
pub fn fits(writer: &DirectionalKeys, reader: &DirectionalKeys) -> bool {
    static NEXT: AtomicU64 = AtomicU64::new(7);
    let number = NEXT.fetch_add(1, Ordering::Relaxed);
    let [.., n0, n1] = number.to_be_bytes();
    let (header, mut payload) = ([0x41, n0, n1], *b"some frames of a packet");
    let tag = writer.packet.encrypt_in_place(number, &header, &mut payload).unwrap();
    let mut packet = [&header[..], &payload, tag.as_ref()].concat();
    // As if the number had four bytes. RFC 9001 section 5.4.2.
    let sample: Vec<u8> = packet[5..21].to_vec();
    let (first, rest) = packet.split_at_mut(1);
    writer.header.encrypt_in_place(&sample, &mut first[0], &mut rest[..4]).unwrap();
    reader.header.decrypt_in_place(&sample, &mut first[0], &mut rest[..4]).unwrap();
    let (header, payload) = packet.split_at_mut(3);
    reader
        .packet
        .decrypt_in_place(number, header, payload)
        .is_ok_and(|open| open == b"some frames of a packet")
}
