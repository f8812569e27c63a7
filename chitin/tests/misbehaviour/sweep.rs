//! Every byte and every record of whole connections, spoilt one at a time: bits flipped, records cut, lost, doubled, swapped,
//! blown up, strangers put between them, the stream ended anywhere.
//!
//! Whatever is done, there is no panic and no endless talk; somebody refuses, and the other hears of it; application data comes
//! out after the handshake only, and as it was written. The few changes that mean nothing change nothing.

use std::io::{self, Read, Write};
use std::ops::DerefMut;
use std::sync::{Arc, Mutex, OnceLock};
use std::time::Duration;

use chitin::client::{
    ClientSessionMemoryCache, ClientSessionStore, Resumption, Tls12ClientSessionValue,
    Tls13ClientSessionValue,
};
use chitin::crypto::{
    ActiveKeyExchange, CryptoProvider, GetRandomFailed, SecureRandom, SharedSecret, SupportedKxGroup,
};
use chitin::pki_types::{ServerName, UnixTime};
use chitin::server::ProducesTickets;
use chitin::time_provider::TimeProvider;
use chitin::{
    ClientConfig, ClientConnection, ConnectionCommon, Error, HandshakeKind, NamedGroup, ServerConfig,
    ServerConnection, SideData,
};
use testkit::pair::{Chop, Pair, Side, feed, output};
use testkit::pki::{Identity, KeyType, Spec};

use crate::bench;

/// The same bytes at every call. With the parts below, each run of a scenario has the very same bytes on the wire, so that a
/// position means the same field in every run, and two runs can be compared.
#[derive(Debug)]
struct Same;

impl SecureRandom for Same {
    fn fill(&self, buf: &mut [u8]) -> Result<(), GetRandomFailed> {
        buf.iter_mut().zip(11u8..).for_each(|(to, n)| *to = n.wrapping_mul(37));
        Ok(())
    }
}

/// A key exchange in name only.
#[derive(Debug)]
struct SameShare(NamedGroup);

impl SupportedKxGroup for SameShare {
    fn start(&self) -> Result<Box<dyn ActiveKeyExchange>, Error> {
        Ok(Box::new(Self(self.0)))
    }

    fn name(&self) -> NamedGroup {
        self.0
    }
}

impl ActiveKeyExchange for SameShare {
    fn complete(self: Box<Self>, _: &[u8]) -> Result<SharedSecret, Error> {
        Ok(SharedSecret::from(&[8; 32][..]))
    }

    fn pub_key(&self) -> &[u8] {
        &[9; 32]
    }

    fn group(&self) -> NamedGroup {
        self.0
    }
}

/// A ticket is the session turned upside down.
#[derive(Debug)]
struct SameTickets;

impl ProducesTickets for SameTickets {
    fn enabled(&self) -> bool {
        true
    }

    fn lifetime(&self) -> u32 {
        1000
    }

    fn encrypt(&self, plain: &[u8]) -> Option<Vec<u8>> {
        Some(plain.iter().map(|byte| !byte).collect())
    }

    fn decrypt(&self, cipher: &[u8]) -> Option<Vec<u8>> {
        self.encrypt(cipher)
    }
}

/// A day in 2025.
#[derive(Debug)]
struct SameDay;

impl TimeProvider for SameDay {
    fn current_time(&self) -> Option<UnixTime> {
        Some(UnixTime::since_unix_epoch(Duration::from_secs(1_760_000_000)))
    }
}

/// With the shares of these groups.
fn same(groups: &[&'static dyn SupportedKxGroup]) -> Arc<CryptoProvider> {
    let provider = (*bench::provider()).clone();
    Arc::new(CryptoProvider { secure_random: &Same, kx_groups: groups.to_vec(), ..provider })
}

/// Keeps every session, so that a run can be given the one it needs.
#[derive(Debug, Default)]
struct Stock(Mutex<Vec<Tls13ClientSessionValue>>);

impl ClientSessionStore for Stock {
    fn set_kx_hint(&self, _: ServerName<'static>, _: NamedGroup) {}
    fn kx_hint(&self, _: &ServerName<'_>) -> Option<NamedGroup> {
        None
    }
    fn set_tls12_session(&self, _: ServerName<'static>, _: Tls12ClientSessionValue) {}
    fn tls12_session(&self, _: &ServerName<'_>) -> Option<Tls12ClientSessionValue> {
        None
    }
    fn remove_tls12_session(&self, _: &ServerName<'static>) {}
    fn insert_tls13_ticket(&self, _: ServerName<'static>, value: Tls13ClientSessionValue) {
        self.0.lock().unwrap().push(value);
    }
    fn take_tls13_ticket(&self, _: &ServerName<'static>) -> Option<Tls13ClientSessionValue> {
        self.0.lock().unwrap().pop()
    }
}

/// What kind of handshake is spoilt.
struct Scenario {
    client: Arc<ClientConfig>,
    server: Arc<ServerConfig>,
    /// The sessions of the client, if it is to resume.
    stock: Option<Arc<Stock>>,
    /// The records of an honest run, of the client and of the server.
    honest: [Vec<Vec<u8>>; 2],
}

#[derive(Clone, Copy, PartialEq, Debug)]
enum Kind {
    Full,
    Retry,
    Resumed,
    Mutual,
}

impl Scenario {
    fn new(kind: Kind) -> Self {
        let (first, second) = (&SameShare(NamedGroup::X25519), &SameShare(NamedGroup::secp256r1));
        let (ours, theirs) = match kind {
            Kind::Retry => (same(&[first, second]), same(&[second])),
            _ => (same(&[first, second]), same(&[first])),
        };
        // Signatures of Ed25519 are the same each time, too.
        static IDENTITIES: OnceLock<[Identity; 2]> = OnceLock::new();
        let [of_client, of_server] = IDENTITIES.get_or_init(|| {
            let issuing = &bench::world().issuing;
            [issuing.issue(&Spec::client(KeyType::Ed25519)), issuing.issue(&Spec::server(KeyType::Ed25519))]
        });
        let mut client = bench::client(ours.clone());
        let mut server = bench::server_of(theirs.clone(), of_server);
        if kind == Kind::Mutual {
            client = bench::client_of(ours, of_client);
            server = bench::asking_server_of(theirs, of_server);
        }
        client.time_provider = Arc::new(SameDay);
        server.time_provider = Arc::new(SameDay);
        server.ticketer = Arc::new(SameTickets);
        server.send_tls13_tickets = 1;
        let stock = (kind == Kind::Resumed).then(Arc::<Stock>::default);
        client.resumption = match &stock {
            Some(stock) => Resumption::store(stock.clone()),
            None => Resumption::store(Arc::new(ClientSessionMemoryCache::new(0))),
        };
        let honest = [Vec::new(), Vec::new()];
        let mut scenario = Self { client: client.into(), server: server.into(), stock, honest };
        let run = scenario.run(Chop::Whole, &mut Spoil::nothing());
        let expected = match kind {
            Kind::Full | Kind::Mutual => HandshakeKind::Full,
            Kind::Retry => HandshakeKind::FullWithHelloRetryRequest,
            Kind::Resumed => HandshakeKind::Resumed,
        };
        assert_eq!((run.outcome, run.kind), (Outcome::Unchanged, Some(expected)));
        scenario.honest = run.records;
        scenario
    }

    /// Connects the two, each with something to say, while `spoil` has its hand in between.
    fn run(&self, chop: Chop, spoil: &mut Spoil) -> Run {
        if let Some(stock) = &self.stock {
            // The first session, not that of the run before: it would have other keys.
            stock.0.lock().unwrap().clear();
            Pair::new(self.client.clone(), self.server.clone()).handshake().unwrap();
        }
        let name = ServerName::try_from("localhost").unwrap();
        let mut client = End::new(ClientConnection::new(self.client.clone(), name).unwrap());
        let mut server = End::new(ServerConnection::new(self.server.clone()).unwrap());
        client.conn.writer().write_all(PING).unwrap();
        server.conn.writer().write_all(PONG).unwrap();
        let mut records = [Vec::new(), Vec::new()];
        for turn in 0.. {
            assert!(turn < 20, "they keep talking");
            let to_server = client.speak(Side::Client, spoil, &mut records[0]);
            server.hear(&to_server, chop);
            let to_client = server.speak(Side::Server, spoil, &mut records[1]);
            client.hear(&to_client, chop);
            if to_server.is_empty() && to_client.is_empty() {
                break;
            }
        }
        client.hang_up();
        server.hang_up();
        // What arrived is what was written, from its beginning.
        assert!(PING.starts_with(&server.heard), "{:?}", server.heard);
        assert!(PONG.starts_with(&client.heard), "{:?}", client.heard);
        let done = !client.conn.is_handshaking() && !server.conn.is_handshaking();
        let outcome = match (client.error, server.error) {
            (None, None) if !done => Outcome::Stuck,
            (None, None) if client.heard == PONG && server.heard == PING => Outcome::Unchanged,
            (None, None) => Outcome::Short,
            (client, server) => Outcome::Refused { client, server },
        };
        Run { outcome, kind: client.conn.handshake_kind(), records }
    }
}

const PING: &[u8] = b"what the client has to say";
const PONG: &[u8] = b"and what the server answers";

struct Run {
    outcome: Outcome,
    kind: Option<HandshakeKind>,
    /// What each side would have sent.
    records: [Vec<Vec<u8>>; 2],
}

#[derive(Clone, PartialEq, Debug)]
enum Outcome {
    /// As if nothing had happened.
    Unchanged,
    /// The handshake is over, but not all was heard.
    Short,
    /// Both wait; the transport will end it.
    Stuck,
    Refused {
        client: Option<Error>,
        server: Option<Error>,
    },
}

struct End<C> {
    conn: C,
    error: Option<Error>,
    heard: Vec<u8>,
}

impl<S: SideData, C: DerefMut<Target = ConnectionCommon<S>>> End<C> {
    fn new(conn: C) -> Self {
        Self { conn, error: None, heard: Vec::new() }
    }

    fn speak(&mut self, side: Side, spoil: &mut Spoil, all: &mut Vec<Vec<u8>>) -> Vec<u8> {
        let bytes = output(&mut self.conn);
        let mut rest = &bytes[..];
        let mut flying = Vec::new();
        while let [_, _, _, high, low, ..] = rest {
            let (record, after) = rest.split_at(5 + usize::from(u16::from_be_bytes([*high, *low])));
            flying.extend(spoil.pass(side, all.len(), record));
            all.push(record.to_vec());
            rest = after;
        }
        flying
    }

    fn hear(&mut self, bytes: &[u8], chop: Chop) {
        if self.error.is_none() {
            let mut plaintext = Vec::new();
            self.error = feed(&mut self.conn, bytes, chop, &mut plaintext).err();
            assert!(plaintext.is_empty() || !self.conn.is_handshaking(), "data before the handshake is done");
            self.heard.extend(plaintext);
        }
    }

    /// The transport ends. Nobody has said close_notify, so nobody may take this for an end.
    fn hang_up(&mut self) {
        self.conn.read_tls(&mut io::empty()).unwrap();
        let again = self.conn.process_new_packets().err();
        assert_eq!(again, self.error, "an error stays");
        // What came before the fault may still be read.
        let mut rest = Vec::new();
        let read = self.conn.reader().read_to_end(&mut rest);
        assert!(read.is_err(), "a truncation that looks like an end");
        assert!(rest.is_empty() || !self.conn.is_handshaking(), "data before the handshake is done");
        self.heard.extend(rest);
    }
}

/// What is done to one record.
#[derive(Clone, Copy, PartialEq, Debug)]
enum How {
    Nothing,
    /// A bit of this byte, header included, is flipped.
    Flip(usize, u8),
    /// The body is cut to this length, and the header says so.
    Cut(usize),
    /// Nothing comes from this byte on.
    End(usize),
    Drop,
    Twice,
    /// It comes after the next.
    Swap,
    /// It is longer than any record may be, and has a header that says so.
    Oversize,
    /// A record of this type comes before it.
    Before(u8),
    /// A close_notify in the clear comes before it.
    Close,
}

#[derive(Clone, Debug)]
struct Spoil {
    side: Side,
    record: usize,
    how: How,
    held: Vec<u8>,
    ended: bool,
}

impl Spoil {
    fn new(side: Side, record: usize, how: How) -> Self {
        Self { side, record, how, held: Vec::new(), ended: false }
    }

    fn nothing() -> Self {
        Self::new(Side::Client, usize::MAX, How::Nothing)
    }

    fn pass(&mut self, side: Side, number: usize, record: &[u8]) -> Vec<u8> {
        if side != self.side {
            return record.to_vec();
        }
        if self.ended {
            return Vec::new();
        }
        if number != self.record {
            return [record, &std::mem::take(&mut self.held)].concat();
        }
        let mut record = record.to_vec();
        match self.how {
            How::Nothing => record,
            How::Flip(at, bit) => {
                record[at] ^= 1 << bit;
                record
            }
            How::Cut(len) => rebuilt(&record, &record[5..5 + len]),
            How::End(at) => {
                self.ended = true;
                record.truncate(at);
                record
            }
            How::Drop => Vec::new(),
            How::Twice => record.repeat(2),
            How::Swap => {
                self.held = record;
                Vec::new()
            }
            How::Oversize => rebuilt(&record, &[7; (1 << 14) + 257]),
            How::Close => [rebuilt(&[21, 3, 3], &[1, 0]), record].concat(),
            How::Before(typ) => {
                let body: &[u8] = match typ {
                    20 => &[1],
                    21 => &[2, 40],
                    22 => &[20, 0, 0, 1, 7],
                    _ => &[7; 40],
                };
                [rebuilt(&[typ, 3, 3], body), record].concat()
            }
        }
    }
}

/// A record with this one's type and version, and another body.
fn rebuilt(like: &[u8], body: &[u8]) -> Vec<u8> {
    [&like[..3], &u16::try_from(body.len()).unwrap().to_be_bytes(), body].concat()
}

/// Does nobody have to mind?
fn may_be(outcome: &Outcome, how: How, record: &[u8], next: Option<&Vec<u8>>) -> bool {
    let (handshake, ccs) = (record[0] == 22, record[0] == 20);
    let next_is_ccs = next.is_some_and(|next| next[0] == 20);
    match (how, outcome) {
        // In the clear "legacy_record_version ... MUST be ignored for all purposes" (RFC 8446 section 5.1); under protection it "is
        // always 0x0303" and authenticated (section 5.2).
        (How::Flip(2, _), outcome) if record[0] != 23 => *outcome == Outcome::Unchanged,
        // A length: the rest is missing, or is taken for something else. Of a record, or of a message in the clear.
        (How::Flip(3 | 4, _), Outcome::Stuck | Outcome::Short) => true,
        (How::Flip(6..=8, _), Outcome::Stuck) => handshake,
        (How::Cut(1..), Outcome::Stuck) => handshake,
        (How::End(_), Outcome::Stuck | Outcome::Short) => true,
        // Its one byte is then taken for the first of a message, and those behind it for a length.
        (How::Flip(0, _), Outcome::Stuck) => ccs,
        // The record of middlebox compatibility mode may be there or not. RFC 8446 appendix D.4.
        (How::Drop | How::Twice, outcome) if ccs => *outcome == Outcome::Unchanged,
        (How::Drop, Outcome::Stuck | Outcome::Short) => true,
        (How::Swap, Outcome::Unchanged) => ccs || next_is_ccs,
        (How::Swap, Outcome::Stuck | Outcome::Short) => true,
        (How::Before(20), Outcome::Unchanged) => true,
        // Whoever believes it waits for nothing more, and is not told that this was the end of the data.
        (How::Close, Outcome::Stuck) => true,
        (_, Outcome::Refused { client, server }) => match (client, server) {
            (Some(_), Some(_)) => true,
            // Whoever is told of a fatal alert has nobody to tell: this one was ours.
            (Some(Error::AlertReceived(_)), None) | (None, Some(Error::AlertReceived(_))) => {
                matches!(how, How::Before(21))
            }
            _ => false,
        },
        _ => false,
    }
}

/// All that is done to a record: in the clear every bit is flipped, under protection one of each byte; it is cut at every byte,
/// or at each seventh.
fn hows(record: &[u8]) -> Vec<How> {
    let sealed = record[0] == 23;
    let mut hows = vec![How::Drop, How::Twice, How::Swap, How::Oversize, How::Close];
    hows.extend((20..=24).map(How::Before));
    for at in 0..record.len() {
        let flips = (0..8).filter(|bit| !sealed || at < 5 || at % 8 == usize::from(*bit));
        hows.extend(flips.map(|bit| How::Flip(at, bit)));
    }
    let step = if sealed { 7 } else { 1 };
    hows.extend((0..record.len()).step_by(step).map(How::End));
    hows.extend((0..record.len() - 5).step_by(step).map(How::Cut));
    hows
}

fn sweep(kind: Kind) {
    let scenario = Scenario::new(kind);
    let mut tried = 0;
    for (side, records) in [Side::Client, Side::Server].into_iter().zip(&scenario.honest) {
        for (number, record) in records.iter().enumerate() {
            for how in hows(record) {
                let outcome = scenario.run(Chop::Whole, &mut Spoil::new(side, number, how)).outcome;
                assert!(
                    may_be(&outcome, how, record, records.get(number + 1)),
                    "{kind:?}, record {number} (type {}) of the {side:?}, {how:?}: {outcome:?}",
                    record[0]
                );
                tried += 1;
            }
        }
    }
    assert!(tried > 1000, "only {tried} ways were tried");
}

#[test]
fn a_full_handshake() {
    sweep(Kind::Full);
}

#[test]
fn a_handshake_with_a_retry() {
    sweep(Kind::Retry);
}

#[test]
fn a_resumed_handshake() {
    sweep(Kind::Resumed);
}

#[test]
fn a_mutual_handshake() {
    sweep(Kind::Mutual);
}

/// In what pieces the bytes come changes nothing: not the errors either.
#[test]
fn pieces_do_not_matter() {
    for kind in [Kind::Full, Kind::Retry, Kind::Resumed, Kind::Mutual] {
        let scenario = Scenario::new(kind);
        for chop in [Chop::Whole, Chop::Records, Chop::Bytes(1), Chop::Bytes(2), Chop::Bytes(7)] {
            let run = scenario.run(chop, &mut Spoil::nothing());
            assert!(run.records == scenario.honest, "the same bytes on the wire, {kind:?}, {chop:?}");
        }
        for (side, records) in [Side::Client, Side::Server].into_iter().zip(&scenario.honest) {
            for (number, record) in records.iter().enumerate() {
                for how in hows(record).into_iter().step_by(17) {
                    let of = |chop| scenario.run(chop, &mut Spoil::new(side, number, how)).outcome;
                    let whole = of(Chop::Whole);
                    for chop in [Chop::Bytes(1), Chop::Bytes(2), Chop::Bytes(7)] {
                        assert_eq!(
                            of(chop),
                            whole,
                            "{kind:?}, record {number} (type {}) of the {side:?}, {how:?}, {chop:?}",
                            record[0]
                        );
                    }
                }
            }
        }
    }
}
