//! A client and a server in one thread, joined by memory; what flies between them can be cut, watched and spoilt.
//!
//! It owns the moving of bytes. It never waits and never retries: a pair that makes no progress says so.

use std::io::{self, Read, Write};
use std::ops::Not;
use std::sync::Arc;

use chitin::pki_types::ServerName;
use chitin::{
    ClientConfig, ClientConnection, ConnectionCommon, Error, ServerConfig, ServerConnection, SideData,
};

/// One end of a pair.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Side {
    Client,
    Server,
}

impl Not for Side {
    type Output = Self;

    fn not(self) -> Self {
        match self {
            Self::Client => Self::Server,
            Self::Server => Self::Client,
        }
    }
}

/// In what pieces bytes reach a connection.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Chop {
    /// As much as there is.
    #[default]
    Whole,
    /// At most this many bytes at a time.
    Bytes(usize),
    /// One record at a time.
    Records,
}

/// A record as it flies: RFC 8446 section 5.1, its length implied by its body.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Record {
    pub typ: u8,
    pub version: u16,
    pub body: Vec<u8>,
}

impl Record {
    /// What the record looks like on the wire.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = vec![self.typ];
        bytes.extend(self.version.to_be_bytes());
        bytes.extend(u16::try_from(self.body.len()).expect("a record body fits 16 bits").to_be_bytes());
        bytes.extend(&self.body);
        bytes
    }

    /// Cuts bytes into records.
    ///
    /// # Panics
    ///
    /// When the bytes end inside a record: our connections write whole ones.
    pub fn split(mut bytes: &[u8]) -> Vec<Self> {
        let mut records = Vec::new();
        while let [typ, v0, v1, l0, l1, rest @ ..] = bytes {
            let (body, rest) = rest.split_at(usize::from(u16::from_be_bytes([*l0, *l1])));
            records.push(Self { typ: *typ, version: u16::from_be_bytes([*v0, *v1]), body: body.to_vec() });
            bytes = rest;
        }
        assert!(bytes.is_empty(), "{} bytes after the last whole record", bytes.len());
        records
    }
}

/// Sees each record of one direction with its number, and says what flies on in its place.
pub type Tamper = Box<dyn FnMut(usize, Record) -> Vec<Record>>;

/// Ready-made ways to spoil a flight.
pub mod tamper {
    use super::{Record, Tamper};

    fn on(target: usize, mut change: impl FnMut(Record) -> Vec<Record> + 'static) -> Tamper {
        Box::new(move |number, record| if number == target { change(record) } else { vec![record] })
    }

    /// Flips bit `bit` (of the body, counted from its first byte's lowest) of one record.
    pub fn flip_bit(record: usize, bit: usize) -> Tamper {
        on(record, move |mut record| {
            record.body[bit / 8] ^= 1 << (bit % 8);
            vec![record]
        })
    }

    /// Loses one record.
    pub fn drop_record(record: usize) -> Tamper {
        on(record, |_| Vec::new())
    }

    /// Delivers one record twice.
    pub fn duplicate(record: usize) -> Tamper {
        on(record, |record| vec![record.clone(), record])
    }

    /// Keeps only the first bytes of one record's body, with a header that fits.
    pub fn truncate(record: usize, len: usize) -> Tamper {
        on(record, move |mut record| {
            record.body.truncate(len);
            vec![record]
        })
    }

    /// Delivers one record after its successor.
    pub fn swap_with_next(record: usize) -> Tamper {
        let mut held = None;
        Box::new(move |number, this| {
            if number == record {
                held = Some(this);
                return Vec::new();
            }
            [this].into_iter().chain(held.take()).collect()
        })
    }

    /// Puts a record of our own before one.
    pub fn insert_before(record: usize, extra: Record) -> Tamper {
        on(record, move |record| vec![extra.clone(), record])
    }

    /// Changes one record at will.
    pub fn map(record: usize, mut change: impl FnMut(&mut Record) + 'static) -> Tamper {
        on(record, move |mut record| {
            change(&mut record);
            vec![record]
        })
    }
}

/// A step that failed, and what the other end heard of it.
#[derive(Clone, PartialEq, Debug)]
pub struct Failed {
    /// Who found the fault.
    pub side: Side,
    pub error: Error,
    /// What that side still sent: with a plain record layer `[21, 3, 3, 0, 2, 2, description]`.
    pub last_words: Vec<u8>,
    /// What the other side said to these last words.
    pub echo: Option<Error>,
}

/// A client and a server joined by memory.
pub struct Pair {
    pub client: ClientConnection,
    pub server: ServerConnection,
    chop: Chop,
    from_client: Direction,
    from_server: Direction,
}

/// What belongs to the bytes of one side: what it sent, and what its peer's plaintext was.
#[derive(Default)]
struct Direction {
    tamper: Option<Tamper>,
    /// Records that came out so far.
    records: usize,
    /// Every byte that flew, after tampering.
    flown: Vec<u8>,
    /// Plaintext of this side that arrived and was not taken yet.
    arrived: Vec<u8>,
}

impl Pair {
    /// Joins a client and a server for `localhost`.
    ///
    /// # Panics
    ///
    /// When the configs make no connection.
    pub fn new(client: impl Into<Arc<ClientConfig>>, server: impl Into<Arc<ServerConfig>>) -> Self {
        Self::named(client, server, "localhost")
    }

    /// Joins a client and a server of this name.
    ///
    /// # Panics
    ///
    /// When the configs make no connection.
    pub fn named(
        client: impl Into<Arc<ClientConfig>>,
        server: impl Into<Arc<ServerConfig>>,
        name: &str,
    ) -> Self {
        let name = ServerName::try_from(name.to_owned()).unwrap();
        Self::of(
            ClientConnection::new(client.into(), name).unwrap(),
            ServerConnection::new(server.into()).unwrap(),
        )
    }

    /// Joins two connections that exist already.
    pub fn of(client: ClientConnection, server: ServerConnection) -> Self {
        let (from_client, from_server) = (Direction::default(), Direction::default());
        Self { client, server, chop: Chop::Whole, from_client, from_server }
    }

    /// The same pair with its bytes delivered in other pieces.
    pub fn chop(mut self, chop: Chop) -> Self {
        self.chop = chop;
        self
    }

    /// The same pair, both sides of which let each of their questions wait until all that has come is worked off.
    pub fn deferred(mut self) -> Self {
        self.client.defer_questions();
        self.server.defer_questions();
        self
    }

    /// The same pair with a hand in what one side sends.
    pub fn tamper(mut self, from: Side, tamper: Tamper) -> Self {
        self.direction(from).tamper = Some(tamper);
        self
    }

    fn direction(&mut self, from: Side) -> &mut Direction {
        match from {
            Side::Client => &mut self.from_client,
            Side::Server => &mut self.from_server,
        }
    }

    /// Takes what one side wants to send, after tampering; the other side does not get it.
    pub fn take(&mut self, from: Side) -> Vec<u8> {
        let bytes = match from {
            Side::Client => output(&mut self.client),
            Side::Server => output(&mut self.server),
        };
        let direction = self.direction(from);
        let mut flying = Vec::new();
        for record in Record::split(&bytes) {
            let number = direction.records;
            direction.records += 1;
            let instead = match &mut direction.tamper {
                Some(tamper) => tamper(number, record),
                None => vec![record],
            };
            flying.extend(instead.iter().flat_map(Record::to_bytes));
        }
        direction.flown.extend(&flying);
        flying
    }

    /// Gives bytes to one side, in pieces as set.
    ///
    /// # Errors
    ///
    /// What that side found, with its last words and what the other side made of them.
    pub fn give(&mut self, to: Side, bytes: &[u8]) -> Result<(), Box<Failed>> {
        let chop = self.chop;
        let mut plaintext = Vec::new();
        let outcome = match to {
            Side::Client => feed(&mut self.client, bytes, chop, &mut plaintext),
            Side::Server => feed(&mut self.server, bytes, chop, &mut plaintext),
        };
        self.direction(!to).arrived.extend(plaintext);
        outcome.map_err(|error| {
            let last_words = self.take(to);
            let mut rest = Vec::new();
            let echo = match !to {
                Side::Client => feed(&mut self.client, &last_words, chop, &mut rest).err(),
                Side::Server => feed(&mut self.server, &last_words, chop, &mut rest).err(),
            };
            Box::new(Failed { side: to, error, last_words, echo })
        })
    }

    /// Carries what one side has to say to the other, and says how many bytes flew.
    ///
    /// # Errors
    ///
    /// As [`Pair::give`].
    pub fn carry(&mut self, from: Side) -> Result<usize, Box<Failed>> {
        let bytes = self.take(from);
        self.give(!from, &bytes)?;
        Ok(bytes.len())
    }

    /// Carries bytes both ways until nothing moves.
    ///
    /// # Errors
    ///
    /// As [`Pair::give`].
    ///
    /// # Panics
    ///
    /// When the two never fall silent.
    pub fn settle(&mut self) -> Result<(), Box<Failed>> {
        // A handshake with HelloRetryRequest, tickets and key updates takes six turns.
        for _ in 0..50 {
            if self.carry(Side::Client)? + self.carry(Side::Server)? == 0 {
                return Ok(());
            }
        }
        panic!("the two keep talking")
    }

    /// Runs the handshake to its end on both sides, tickets included.
    ///
    /// # Errors
    ///
    /// As [`Pair::give`].
    ///
    /// # Panics
    ///
    /// When both wait for each other.
    pub fn handshake(&mut self) -> Result<(), Box<Failed>> {
        self.settle()?;
        assert!(!self.client.is_handshaking(), "the client still waits");
        assert!(!self.server.is_handshaking(), "the server still waits");
        Ok(())
    }

    /// Whether both sides are past the handshake.
    pub fn is_done(&self) -> bool {
        !self.client.is_handshaking() && !self.server.is_handshaking()
    }

    /// Sends data and gives what arrived on the other side.
    ///
    /// # Errors
    ///
    /// As [`Pair::give`].
    pub fn send(&mut self, from: Side, data: &[u8]) -> Result<Vec<u8>, Box<Failed>> {
        let mut rest = data;
        while !rest.is_empty() {
            let taken = match from {
                Side::Client => self.client.writer().write(rest),
                Side::Server => self.server.writer().write(rest),
            }
            .expect("a writer in memory does not fail");
            rest = &rest[taken..];
            let flown = self.carry(from)?;
            assert!(taken + flown > 0, "the writer takes nothing");
        }
        Ok(self.arrived(from))
    }

    /// Takes the plaintext of one side that has arrived at the other.
    pub fn arrived(&mut self, from: Side) -> Vec<u8> {
        std::mem::take(&mut self.direction(from).arrived)
    }

    /// Every byte that one side has put on the wire, after tampering.
    pub fn flown(&self, from: Side) -> &[u8] {
        match from {
            Side::Client => &self.from_client.flown,
            Side::Server => &self.from_server.flown,
        }
    }

    /// Lets one side send close_notify and carries it.
    ///
    /// # Errors
    ///
    /// As [`Pair::give`].
    pub fn close(&mut self, from: Side) -> Result<(), Box<Failed>> {
        match from {
            Side::Client => self.client.send_close_notify(),
            Side::Server => self.server.send_close_notify(),
        }
        self.carry(from).map(drop)
    }

    /// Ends the transport towards one side, with or without a close_notify before, and reads there.
    ///
    /// # Errors
    ///
    /// What the reader says: `UnexpectedEof` for a truncation.
    pub fn hang_up(&mut self, on: Side) -> io::Result<usize> {
        match on {
            Side::Client => end(&mut self.client),
            Side::Server => end(&mut self.server),
        }
    }
}

fn end<S: SideData>(conn: &mut ConnectionCommon<S>) -> io::Result<usize> {
    conn.read_tls(&mut io::empty())?;
    conn.process_new_packets().map_err(io::Error::other)?;
    conn.reader().read(&mut [0; 1])
}

/// Everything a connection wants to send now.
///
/// # Panics
///
/// When it wants to write and then writes nothing.
pub fn output<S: SideData>(conn: &mut ConnectionCommon<S>) -> Vec<u8> {
    let mut bytes = Vec::new();
    while conn.wants_write() {
        let wrote = conn.write_tls(&mut bytes).expect("a vector takes everything");
        assert!(wrote > 0, "it wants to write and has nothing");
    }
    bytes
}

/// Gives bytes to a connection in pieces, and takes plaintext out as it comes.
///
/// # Errors
///
/// What the connection found; the bytes after that are not given.
///
/// # Panics
///
/// When the connection takes no bytes, and has not been told of an end.
pub fn feed<S: SideData>(
    conn: &mut ConnectionCommon<S>,
    bytes: &[u8],
    chop: Chop,
    plaintext: &mut Vec<u8>,
) -> Result<(), Error> {
    for mut piece in pieces(bytes, chop) {
        while !piece.is_empty() {
            let took =
                conn.read_tls(&mut piece).unwrap_or_else(|err| panic!("read_tls refuses bytes: {err}"));
            if took == 0 {
                // Nothing is read behind a close_notify.
                assert!(conn.process_new_packets()?.peer_has_closed(), "read_tls takes no bytes");
                return Ok(());
            }
            conn.process_new_packets()?;
            while conn.answer_question()? {}
            let state = conn.process_new_packets()?;
            let mut chunk = vec![0; state.plaintext_bytes_to_read()];
            conn.reader().read_exact(&mut chunk).expect("the plaintext that was announced");
            plaintext.append(&mut chunk);
        }
    }
    Ok(())
}

fn pieces(bytes: &[u8], chop: Chop) -> Vec<&[u8]> {
    match chop {
        Chop::Whole => vec![bytes],
        Chop::Bytes(most) => bytes.chunks(most).collect(),
        Chop::Records => {
            let (mut rest, mut records) = (bytes, Vec::new());
            while let [_, _, _, l0, l1, ..] = rest {
                let (record, after) =
                    rest.split_at((5 + usize::from(u16::from_be_bytes([*l0, *l1]))).min(rest.len()));
                records.push(record);
                rest = after;
            }
            records.push(rest);
            records
        }
    }
}
