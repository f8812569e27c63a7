//! What records and idle connections cost in memory: figures, printed, with bounds that hold them.
//!
//! What the provider's library allocates in C is not counted. `cargo test -p chitin --test costs -- --nocapture` shows the figures.

use std::io::{self, BufRead, Read, Write};
use std::ops::DerefMut;
use std::sync::Arc;

use alloc_counter::{Counting, Spent};
use chitin::client::Resumption;
use chitin::crypto::hash::HashAlgorithm;
use chitin::pki_types::ServerName;
use chitin::psk::{ExternalPsk, PskList};
use chitin::quic::{ClientConnection as QuicClient, ServerConnection as QuicServer, Version};
use chitin::version::{TLS12, TLS13};
use chitin::{
    ClientConfig, ClientConnection, ConnectionCommon, PeerMisbehaved, ServerConfig, ServerConnection,
    SideData, SupportedProtocolVersion,
};
use chitin_pki::RevocationList;
use testkit::configs::{ClientOpts, ServerOpts, client_config, server_config};
use testkit::hello::Hello;
use testkit::pki::{Authority, KeyType, Pki, Spec};
use testkit::provided;
use testkit::status::{Book, List};

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// A wire that holds a fixed number of bytes and allocates nothing.
struct Wire {
    bytes: Vec<u8>,
    from: usize,
    to: usize,
}

impl Wire {
    fn new() -> Self {
        Self { bytes: vec![0; 512 * 1024], from: 0, to: 0 }
    }
}

impl Write for Wire {
    fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
        let n = buf.len().min(self.bytes.len() - self.to);
        self.bytes[self.to..self.to + n].copy_from_slice(&buf[..n]);
        self.to += n;
        Ok(n)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Read for Wire {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let n = buf.len().min(self.to - self.from);
        if n == 0 {
            return Err(io::ErrorKind::WouldBlock.into());
        }
        buf[..n].copy_from_slice(&self.bytes[self.from..self.from + n]);
        self.from += n;
        if self.from == self.to {
            (self.from, self.to) = (0, 0);
        }
        Ok(n)
    }
}

fn configs_of(version: &'static SupportedProtocolVersion) -> (Arc<ClientConfig>, Arc<ServerConfig>) {
    let pki = Pki::new();
    let versions = vec![version];
    let client = ClientOpts { versions: versions.clone(), ..ClientOpts::default() };
    let mut client = client_config(pki.root.store(), &client);
    let server = ServerOpts { versions, ..ServerOpts::default() };
    let mut server = server_config(&pki.server(KeyType::P256), &server);
    // What stores keep is theirs, not the connection's.
    client.resumption = Resumption::disabled();
    client.signature_memo().unwrap().set_size(0);
    server.send_tls13_tickets = 0;
    (Arc::new(client), Arc::new(server))
}

/// A connection, and what its own calls have spent.
struct End<C> {
    conn: C,
    spent: Spent,
}

struct Ends {
    client: End<ClientConnection>,
    server: End<ServerConnection>,
    up: Wire,
    down: Wire,
    /// Kept, so that no connection frees what others share.
    _configs: (Arc<ClientConfig>, Arc<ServerConfig>),
}

impl Ends {
    fn connected() -> Self {
        Self::connected_by(&TLS13)
    }

    fn connected_by(version: &'static SupportedProtocolVersion) -> Self {
        let configs = configs_of(version);
        // With the first connection configs take what they keep: keys of authorities as they were read.
        drop(Self::of(configs.clone()));
        Self::of(configs)
    }

    fn of((client, server): (Arc<ClientConfig>, Arc<ServerConfig>)) -> Self {
        let _configs = (client.clone(), server.clone());
        let (mut ours, mut theirs) = (Spent::default(), Spent::default());
        let name = ServerName::try_from("localhost").unwrap();
        let client = ours.on(|| ClientConnection::new(client, name)).unwrap();
        let server = theirs.on(|| ServerConnection::new(server)).unwrap();
        let mut ends = Self {
            client: End { conn: client, spent: ours },
            server: End { conn: server, spent: theirs },
            up: Wire::new(),
            down: Wire::new(),
            _configs,
        };
        while ends.client.conn.is_handshaking() || ends.server.conn.is_handshaking() {
            ends.client.send_all(&mut ends.up);
            ends.server.receive_all(&mut ends.up, &mut []);
            ends.server.send_all(&mut ends.down);
            ends.client.receive_all(&mut ends.down, &mut []);
        }
        // Both turn to reading and find nothing, as a server's event loop does.
        ends.client.receive_all(&mut ends.down, &mut []);
        ends.server.receive_all(&mut ends.up, &mut []);
        ends
    }
}

impl<C, S: SideData> End<C>
where
    C: DerefMut<Target = ConnectionCommon<S>>,
{
    fn send_all(&mut self, wire: &mut Wire) {
        self.spent.on(|| {
            while self.conn.wants_write() {
                self.conn.write_tls(wire).unwrap();
            }
        });
    }

    /// Reads until the wire says `WouldBlock`; plaintext goes to `out`, again and again.
    fn receive_all(&mut self, wire: &mut Wire, out: &mut [u8]) -> usize {
        self.spent.on(|| {
            let mut got = 0;
            loop {
                match self.conn.read_tls(wire) {
                    Ok(_) => {}
                    Err(error) if error.kind() == io::ErrorKind::WouldBlock => return got,
                    Err(error) => panic!("{error}"),
                }
                self.conn.process_new_packets().unwrap();
                while let Ok(n @ 1..) = self.conn.reader().read(out) {
                    got += n;
                }
            }
        })
    }

    /// One record out.
    fn send(&mut self, data: &[u8], wire: &mut Wire) {
        self.spent.on(|| self.conn.writer().write_all(data)).unwrap();
        self.send_all(wire);
    }
}

/// Reads one piece that is there, without asking for more than that.
fn receive<C, S: SideData>(end: &mut End<C>, wire: &mut Wire, out: &mut [u8], how: How)
where
    C: DerefMut<Target = ConnectionCommon<S>>,
{
    let want = out.len();
    end.spent.on(|| {
        end.conn.open_on_read(how == How::IntoTheSlice);
        let mut got = 0;
        while got < want {
            if wire.from < wire.to {
                end.conn.read_tls(wire).unwrap();
                end.conn.process_new_packets().unwrap();
            }
            match how {
                How::Copied | How::IntoTheSlice => {
                    while let Ok(n @ 1..) = end.conn.reader().read(&mut out[got..]) {
                        got += n;
                    }
                }
                How::Lent => {
                    let mut reader = end.conn.reader();
                    while let Ok(chunk @ [_, ..]) = reader.fill_buf() {
                        let n = chunk.len();
                        got += n;
                        reader.consume(n);
                    }
                }
            }
        }
    });
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum How {
    Copied,
    IntoTheSlice,
    Lent,
}

#[test]
fn records_cost_no_allocation_once_buffers_have_grown() {
    for how in [How::Copied, How::IntoTheSlice, How::Lent] {
        for len in [1, 1024, 16 * 1024, 64 * 1024] {
            let mut ends = Ends::connected();
            let data = vec![5; len];
            let mut out = vec![0; len];
            let mut round = |ends: &mut Ends| {
                ends.client.send(&data, &mut ends.up);
                receive(&mut ends.server, &mut ends.up, &mut out, how);
            };
            (0..WARM).for_each(|_| round(&mut ends));
            (ends.client.spent, ends.server.spent) = Default::default();
            (0..100).for_each(|_| round(&mut ends));
            println!(
                "{len:6} bytes, {how:?}: sent with {} and received with {} allocations in 100 rounds",
                ends.client.spent.calls, ends.server.spent.calls
            );
            assert_eq!((ends.client.spent.calls, ends.server.spent.calls), (0, 0), "client to server");

            // And the other way, in the same connection.
            let mut round = |ends: &mut Ends| {
                ends.server.send(&data, &mut ends.down);
                receive(&mut ends.client, &mut ends.down, &mut out, how);
            };
            (0..WARM).for_each(|_| round(&mut ends));
            (ends.client.spent, ends.server.spent) = Default::default();
            (0..100).for_each(|_| round(&mut ends));
            assert_eq!((ends.client.spent.calls, ends.server.spent.calls), (0, 0), "server to client");
        }
    }
}

#[test]
fn packets_of_quic_cost_no_allocation() {
    for suite in provided::all_cipher_suites() {
        let Some(suite) = suite.tls13().and_then(|suite| suite.quic_suite()) else { continue };
        let keys = suite.keys(b"an id", chitin::Side::Client, chitin::quic::Version::V1).local;
        let (header, mut payload) = ([0x41, 0, 7, 0, 0], vec![3; 1200]);
        let mut spent = Spent::default();
        spent.on(|| {
            for number in 0..100 {
                let tag = keys.packet.encrypt_in_place(number, &header, &mut payload).unwrap();
                let (mut first, mut masked) = (header[0], [0, 7, 0, 0]);
                keys.header.encrypt_in_place(tag.as_ref(), &mut first, &mut masked).unwrap();
                keys.header.decrypt_in_place(tag.as_ref(), &mut first, &mut masked).unwrap();
                let by_path = keys.packet.encrypt_in_place_for_path(1, number, &header, &mut payload);
                // And one that is not authentic.
                payload[1184..].copy_from_slice(by_path.unwrap().as_ref());
                assert!(keys.packet.decrypt_in_place(number, &header, &mut payload).is_err());
            }
        });
        assert_eq!(spent.calls, 0, "{:?}", suite.suite.common.suite);
    }
}

#[test]
fn an_idle_connection_holds_no_buffers() {
    let mut ends = Ends::connected();
    let after_handshake = (ends.client.spent.live, ends.server.spent.live);
    println!(
        "handshake: client {:?}, server {:?}; the connections themselves have {} and {} bytes",
        ends.client.spent,
        ends.server.spent,
        size_of::<ClientConnection>(),
        size_of::<ServerConnection>()
    );
    // The chain of the peer, the secrets and ciphers of now, what has been negotiated. No buffer is so small.
    let (keys, most) = match other_provider() {
        true => (KEYS_IDLE, [(OTHER_CALLS, OTHER_PEAK); 2]),
        false => (0, [(CLIENT_CALLS, CLIENT_PEAK), (SERVER_CALLS, SERVER_PEAK)]),
    };
    assert!(after_handshake.0 <= CLIENT_IDLE + keys, "client: {}", after_handshake.0);
    assert!(after_handshake.1 <= SERVER_IDLE + keys, "server: {}", after_handshake.1);
    for (spent, (calls, peak)) in [ends.client.spent, ends.server.spent].into_iter().zip(most) {
        assert!(spent.calls <= calls && spent.peak <= peak, "{spent:?}");
    }
    assert!(size_of::<ClientConnection>() <= 1024 && size_of::<ServerConnection>() <= 1024);

    let mut out = vec![0; 16 * 1024];
    for _ in 0..3 {
        let data = vec![9; 64 * 1024];
        let mut sent = 0;
        while sent < data.len() {
            let part = &data[sent..data.len().min(sent + 16 * 1024)];
            ends.client.send(part, &mut ends.up);
            sent += part.len();
        }
        assert_eq!(ends.server.receive_all(&mut ends.up, &mut out), data.len());
        let mut sent = 0;
        while sent < data.len() {
            let part = &data[sent..data.len().min(sent + 16 * 1024)];
            ends.server.send(part, &mut ends.down);
            sent += part.len();
        }
        assert_eq!(ends.client.receive_all(&mut ends.down, &mut out), data.len());
        // The server turns to reading once more, and finds nothing.
        ends.server.receive_all(&mut ends.up, &mut out);
        let idle = (ends.client.spent.live, ends.server.spent.live);
        println!(
            "after 64 KiB each way: {idle:?}, at most {} and {}",
            ends.client.spent.peak, ends.server.spent.peak
        );
        assert!(
            idle.0 <= after_handshake.0 && idle.1 <= after_handshake.1,
            "{after_handshake:?} became {idle:?}"
        );
    }
    // Key updates leave nothing behind either.
    ends.client.spent.on(|| ends.client.conn.refresh_traffic_keys()).unwrap();
    for _ in 0..3 {
        ends.client.send_all(&mut ends.up);
        ends.server.receive_all(&mut ends.up, &mut out);
        ends.server.send_all(&mut ends.down);
        ends.client.receive_all(&mut ends.down, &mut out);
    }
    ends.server.receive_all(&mut ends.up, &mut out);
    let idle = (ends.client.spent.live, ends.server.spent.live);
    assert!(
        idle.0 <= after_handshake.0 && idle.1 <= after_handshake.1,
        "{after_handshake:?} became {idle:?}"
    );
}

/// TLS 1.2, with what passes in it.
#[test]
fn an_idle_connection_of_tls12_holds_no_buffers() {
    let mut ends = Ends::connected_by(&TLS12);
    let idle = (ends.client.spent.live, ends.server.spent.live);
    println!("TLS 1.2: client {:?}, server {:?}", ends.client.spent, ends.server.spent);
    let (keys, room) = if other_provider() { (KEYS_IDLE, OTHER_PEAK) } else { (0, 0) };
    assert!(idle.0 <= CLIENT12_IDLE + keys && idle.1 <= SERVER12_IDLE + keys, "{idle:?}");
    assert!(ends.client.spent.peak <= CLIENT12_PEAK + room, "{:?}", ends.client.spent);
    assert!(other_provider() || ends.client.spent.calls <= CLIENT12_CALLS, "{:?}", ends.client.spent);
    assert!(ends.server.spent.peak <= SERVER12_PEAK + room, "{:?}", ends.server.spent);
    let mut out = vec![0; 16 * 1024];
    for _ in 0..3 {
        for _ in 0..4 {
            ends.client.send(&[9; 16 * 1024], &mut ends.up);
            ends.server.receive_all(&mut ends.up, &mut out);
            ends.server.send(&[9; 16 * 1024], &mut ends.down);
            ends.client.receive_all(&mut ends.down, &mut out);
        }
        ends.server.receive_all(&mut ends.up, &mut out);
        let after = (ends.client.spent.live, ends.server.spent.live);
        assert!(after.0 <= idle.0 && after.1 <= idle.1, "{idle:?} became {after:?}");
    }
}

/// QUIC, where handshake bytes pass alone.
#[test]
fn a_handshake_of_quic_leaves_no_buffers() {
    let configs = configs_of(&TLS13);
    // With the first connection configs take what they keep.
    quic_between(configs.clone());
    let (ours, theirs) = quic_between(configs);
    println!("QUIC: client {ours:?}, server {theirs:?}");
    let (keys, room) = if other_provider() { (KEYS_IDLE, OTHER_PEAK) } else { (0, 0) };
    assert!(
        ours.live <= CLIENT_QUIC_IDLE + keys && theirs.live <= SERVER_QUIC_IDLE + keys,
        "{ours:?}, {theirs:?}"
    );
    assert!(
        ours.peak <= CLIENT_QUIC_PEAK + room && theirs.peak <= SERVER_QUIC_PEAK + room,
        "{ours:?}, {theirs:?}"
    );
}

/// What a handshake of QUIC has spent, and left.
fn quic_between((client, server): (Arc<ClientConfig>, Arc<ServerConfig>)) -> (Spent, Spent) {
    let name = ServerName::try_from("localhost").unwrap();
    let (mut ours, mut theirs) = (Spent::default(), Spent::default());
    let mut client = ours.on(|| QuicClient::new(client.clone(), Version::V1, name, vec![1; 40])).unwrap();
    let mut server = theirs.on(|| QuicServer::new(server.clone(), Version::V1, vec![2; 40])).unwrap();
    for _ in 0..3 {
        // Buffers are the endpoint's, and do not grow. Keys that are given out are dropped on the account of who made them.
        let mut bytes = Vec::with_capacity(1 << 16);
        while ours.on(|| client.write_hs(&mut bytes).is_some()) {}
        theirs.on(|| server.read_hs(&bytes)).unwrap();
        loop {
            let mut bytes = Vec::with_capacity(1 << 16);
            let more = theirs.on(|| server.write_hs(&mut bytes).is_some());
            ours.on(|| client.read_hs(&bytes)).unwrap();
            if !more {
                break;
            }
        }
    }
    assert!(!client.is_handshaking() && !server.is_handshaking());
    (ours, theirs)
}

/// A server of external keys whose client names thirty thousand suites that nobody knows makes no more of its keys' names for that than
/// with a few suites: what a hello costs is what it weighs, and not the product of two of its lists.
#[test]
fn suites_that_nobody_knows_cost_a_server_of_external_keys_nothing() {
    let keys = || {
        let key = |name: u8| ExternalPsk::imported(&[name], &[7; 32], HashAlgorithm::SHA256, b"").unwrap();
        Arc::new(PskList::from((0..8).map(key).collect::<Vec<_>>()))
    };
    let builder = ClientConfig::builder_with_provider(provided::default_provider().into());
    let client = Arc::new(builder.with_protocol_versions(&[&TLS13]).unwrap().with_external_psks(keys()));
    let builder = ServerConfig::builder_with_provider(provided::default_provider().into());
    let server = Arc::new(builder.with_protocol_versions(&[&TLS13]).unwrap().with_external_psks(keys()));
    let allocations = |more: u16| {
        let name = ServerName::try_from("localhost").unwrap();
        let mut first = Vec::new();
        ClientConnection::new(client.clone(), name).unwrap().write_tls(&mut first).unwrap();
        let mut hello = Hello::read(&first[5..]);
        hello.suites.splice(0..0, 0x4000..0x4000 + more);
        let mut spent = Spent::default();
        let mut server = ServerConnection::new(server.clone()).unwrap();
        let mut last = Ok(());
        for piece in hello.write().chunks(16_000) {
            let length = u16::try_from(piece.len()).unwrap().to_be_bytes();
            let record = [&[22, 3, 1], &length[..], piece].concat();
            let mut rest = &record[..];
            while !rest.is_empty() {
                server.read_tls(&mut rest).unwrap();
                last = spent.on(|| server.process_new_packets()).map(drop);
            }
        }
        // So far it comes: the binder was made over another hello.
        assert_eq!(last, Err(PeerMisbehaved::IncorrectBinder.into()));
        spent.calls
    };
    let (few, many) = (allocations(30), allocations(30_000));
    println!("with 30 suites: {few} allocations, with 30,000: {many}");
    assert!(many <= few + 20);
}

fn other_provider() -> bool {
    std::env::var("CHITIN_TEST_PROVIDER").is_ok_and(|provider| provider != "aws_lc_rs")
}

/// The index of a large list, beside its bytes: a fixed size for each entry, and no allocation for each.
#[test]
fn a_revocation_list_costs_its_bytes_and_a_little_for_each_entry() {
    let root = Authority::root(&Spec::authority(KeyType::P256, "root"));
    for count in [1_000_u32, 100_000] {
        let der = Book::of(&root).revoked_many(count).list(&List::default());
        let mut spent = Spent::default();
        let list = spent.on(|| RevocationList::parse(der).unwrap());
        let entries = isize::try_from(list.len()).unwrap();
        assert_eq!(entries, isize::try_from(count).unwrap());
        println!("{entries} entries: {spent:?}");
        assert_eq!(spent.live, entries * LIST_ENTRY);
        // While it grows, it may be twice as long as it has to be.
        assert!(spent.peak <= 2 * entries * LIST_ENTRY + 4096, "{spent:?}");
        assert!(spent.calls <= 40, "{spent:?}");
    }
}

/// So many bursts, and buffers are kept.
const WARM: usize = 17;

/// Bytes in the index for each entry of a revocation list.
const LIST_ENTRY: isize = 16;

/// Bytes on the heap of an idle client, beside the connection itself. Most of it is the server's chain of two certificates.
const CLIENT_IDLE: isize = 1600;

/// The same of a server that has seen no client certificate.
const SERVER_IDLE: isize = 300;

/// The same of TLS 1.2, and the most while a handshake goes on.
const CLIENT12_IDLE: isize = 1_060;
const SERVER12_IDLE: isize = 640;
const CLIENT12_PEAK: isize = 5_300;
const SERVER12_PEAK: isize = 4_700;

/// The same of QUIC, whose transport has a box of its own: keys that were given out are not counted.
const CLIENT_QUIC_IDLE: isize = 2_010;
const SERVER_QUIC_IDLE: isize = 910;
const CLIENT_QUIC_PEAK: isize = 7_500;
const SERVER_QUIC_PEAK: isize = 7_000;

/// The keys of both directions: a schedule of AES-256 and a table for GHASH each. aws-lc has them in memory that is not counted here.
const KEYS_IDLE: isize = 2 * 896;

/// Allocations of one full handshake without tickets, those of `aws-lc-rs` in Rust included. They may become less, and not more unseen.
const CLIENT_CALLS: usize = 40;
/// One of them by chance: `aws-lc-rs` gives back what a short signature leaves over.
const SERVER_CALLS: usize = 46;

/// The same of a client of TLS 1.2.
const CLIENT12_CALLS: usize = 30;

/// The same under other providers, whose own are more.
const OTHER_CALLS: usize = 130;

/// The most bytes on the heap of a client while a handshake goes on: a hello with a hybrid's share, three times when it is sent, and
/// the share itself twice.
const CLIENT_PEAK: isize = 7_700;

/// The same of a server: a hello with a hybrid's share, twice, and our flight, sealed and not.
const SERVER_PEAK: isize = 7_500;

/// The same with other providers, whose objects are not ours.
const OTHER_PEAK: isize = 24 * 1024;
