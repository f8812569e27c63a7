//! What a hostile peer can make one connection hold: each attack is measured, against the bound of `Limits` and against a figure of
//! its own that tells when it grows.
//!
//! What the provider's library allocates in C is not counted. `cargo test -p chitin --test memory -- --nocapture` shows the figures.

use std::io::{self, Read, Write};
use std::sync::Arc;

use alloc_counter::{Counting, Spent};
use chitin::client::Resumption;
use chitin::compress::{CertCompressor, CertDecompressor};
use chitin::crypto::CryptoProvider;
use chitin::pki_types::ServerName;
use chitin::quic::{ClientConnection as QuicClient, ServerConnection as QuicServer, Version};
use chitin::server::{Acceptor, UnbufferedServerConnection, WebPkiClientVerifier};
use chitin::sign::{CertifiedKey, SingleCertAndKey};
use chitin::version::{TLS12, TLS13};
use chitin::{
    ClientConfig, ClientConnection, ConnectionCommon, Limits, NamedGroup, ServerConfig, ServerConnection,
    SideData, SupportedProtocolVersion,
};
use testkit::configs::provider;
use testkit::hello::{Hello, edit_hello, join_messages, sized16, split_messages};
use testkit::liar::{Liar, Say};
use testkit::packing::FIRST;
use testkit::pair::{Pair, Record, Side, Tamper};
use testkit::pki::{Identity, KeyType, Pki};

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// With the default, and with a limit.
const SETTINGS: [Option<usize>; 2] = [None, Some(Limits::LEAST_MEMORY)];

/// Everything with which two sides are made.
struct World {
    pki: Pki,
    version: &'static SupportedProtocolVersion,
    memory: Option<usize>,
}

impl World {
    fn client(&self, provider: Arc<CryptoProvider>) -> ClientConfig {
        let identity = self.pki.client(KeyType::P256);
        let mut config = ClientConfig::builder_with_provider(provider)
            .with_protocol_versions(&[self.version])
            .unwrap()
            .with_root_certificates(self.pki.root.store())
            .with_client_auth_cert(identity.chain, identity.key)
            .unwrap();
        // What stores keep is theirs, not the connection's.
        config.resumption = Resumption::disabled();
        config.signature_memo().unwrap().set_size(0);
        config.cert_decompressors = vec![&FIRST as &dyn CertDecompressor];
        config.cert_compressors = vec![&FIRST as &dyn CertCompressor];
        config.limits.memory = self.memory;
        config
    }

    fn server(&self, provider: Arc<CryptoProvider>) -> ServerConfig {
        let identity = self.pki.server(KeyType::P256);
        let roots = Arc::new(self.pki.root.store());
        let verifier = WebPkiClientVerifier::builder_with_provider(roots, provider.clone());
        let mut config = ServerConfig::builder_with_provider(provider)
            .with_protocol_versions(&[self.version])
            .unwrap()
            .with_client_cert_verifier(verifier.allow_unauthenticated().build().unwrap())
            .with_single_cert(identity.chain, identity.key)
            .unwrap();
        config.send_tls13_tickets = 0;
        config.cert_decompressors = vec![&FIRST as &dyn CertDecompressor];
        config.cert_compressors = vec![&FIRST as &dyn CertCompressor];
        config.limits.memory = self.memory;
        config
    }

    /// What a connection may hold. What is written comes on top if nothing is set: 64 KiB, sealed, and room around that.
    fn bound(&self) -> usize {
        self.memory.unwrap_or(Limits::most_memory(100 * 1024) + 3 * 64 * 1024)
    }
}

/// A world for each version and setting.
fn worlds(versions: &[&'static SupportedProtocolVersion]) -> Vec<World> {
    let all = versions.iter().flat_map(|version| SETTINGS.map(|memory| (*version, memory)));
    all.map(|(version, memory)| World { pki: Pki::new(), version, memory }).collect()
}

fn base() -> Arc<CryptoProvider> {
    provider(&[], &[NamedGroup::X25519, NamedGroup::secp256r1])
}

/// Two ends, one of which is honest, and measured.
struct Attack {
    pair: Pair,
    victim: Side,
    spent: Spent,
    bound: usize,
    /// What ended it: an error of the connection, or that it read no more.
    end: Option<String>,
    /// Its application takes what comes.
    reads: bool,
    /// Its socket takes what it has to say.
    is_heard: bool,
    sink: Vec<u8>,
    /// Kept, so that no connection frees what others share.
    _configs: (Arc<ClientConfig>, Arc<ServerConfig>),
}

impl Attack {
    fn on(world: &World, victim: Side, liar: &Liar) -> Self {
        Self::tampering(world, victim, liar, liar.tamper())
    }

    /// `tamper` has the bytes of the one that attacks, whose record layer is `liar`.
    fn tampering(world: &World, victim: Side, liar: &Liar, tamper: Tamper) -> Self {
        let (honest, lying) = (base(), liar.provider(&base()));
        let (client, server) = match victim {
            Side::Client => (world.client(honest), world.server(lying)),
            Side::Server => (world.client(lying), world.server(honest)),
        };
        let (client, server) = (Arc::new(client), Arc::new(server));
        let _configs = (client.clone(), server.clone());
        let name = ServerName::try_from("localhost").unwrap();
        let mut spent = Spent::default();
        let pair = match victim {
            Side::Client => {
                let conn = spent.on(|| ClientConnection::new(client, name)).unwrap();
                Pair::of(conn, ServerConnection::new(server).unwrap())
            }
            Side::Server => {
                let conn = spent.on(|| ServerConnection::new(server)).unwrap();
                Pair::of(ClientConnection::new(client, name).unwrap(), conn)
            }
        };
        Self {
            pair: pair.tamper(!victim, tamper),
            victim,
            spent,
            bound: world.bound(),
            end: None,
            reads: true,
            is_heard: true,
            sink: vec![0; 1 << 16],
            _configs,
        }
    }

    /// The attacker says this, and that is all the victim gets of it: `chop` bytes at a time.
    fn give(&mut self, bytes: &[u8], chop: usize) {
        let Self { pair, spent, reads, sink, end, .. } = self;
        if end.is_some() {
            return;
        }
        let done = match self.victim {
            Side::Client => spent.on(|| swallow(&mut pair.client, bytes, chop, *reads, sink)),
            Side::Server => spent.on(|| swallow(&mut pair.server, bytes, chop, *reads, sink)),
        };
        *end = done.err();
    }

    /// What the attacker has to say now.
    fn said(&mut self) -> Vec<u8> {
        self.pair.take(!self.victim)
    }

    /// The victim speaks, if anybody listens.
    fn hear(&mut self) {
        if !self.is_heard {
            return;
        }
        let mut wire = Wire { bytes: vec![0; 1 << 20], at: 0 };
        let Self { pair, spent, .. } = self;
        spent.on(|| match self.victim {
            Side::Client => {
                while pair.client.wants_write() {
                    pair.client.write_tls(&mut wire).unwrap();
                }
            }
            Side::Server => {
                while pair.server.wants_write() {
                    pair.server.write_tls(&mut wire).unwrap();
                }
            }
        });
        let _ = self.pair.give(!self.victim, &wire.bytes[..wire.at]);
    }

    fn handshake(&mut self, chop: usize) {
        for _ in 0..4 {
            self.hear();
            let said = self.said();
            self.give(&said, chop);
        }
    }

    /// A handshake of which nothing is measured but what is left; then the attack.
    fn connected(world: &World, victim: Side, liar: &Liar) -> Self {
        let mut attack = Self::on(world, victim, liar);
        attack.handshake(usize::MAX);
        assert!(attack.pair.is_done(), "{:?}", attack.end);
        attack.spent.peak = attack.spent.live;
        attack
    }

    /// The attacker says so many times, under its keys, what `say` gives.
    fn flood(&mut self, liar: &Liar, rounds: usize, say: impl Fn() -> Vec<Say>) {
        for _ in 0..rounds {
            liar.next(say());
            let wrote = match self.victim {
                Side::Client => self.pair.server.writer().write(b"!"),
                Side::Server => self.pair.client.writer().write(b"!"),
            };
            wrote.unwrap();
            let said = self.said();
            self.give(&said, usize::MAX);
            self.hear();
            if self.end.is_some() {
                return;
            }
        }
    }

    /// Nothing was held beyond the bound, nor beyond `most`, which is what was measured and a little.
    #[track_caller]
    fn held(&self, what: &str, most: isize) {
        let Spent { peak, live, .. } = self.spent;
        println!(
            "{what:46} {:6?} peak {peak:7} left {live:6} of {:7}; {:?}",
            self.victim, self.bound, self.end
        );
        assert!(
            peak <= isize::try_from(self.bound).unwrap(),
            "{what}: {peak} bytes, and the bound is {}",
            self.bound
        );
        let most = most + other_provider();
        assert!(peak <= most, "{what}: {peak} bytes, and it was less than {most}");
    }
}

/// What providers whose objects are in Rust have more.
fn other_provider() -> isize {
    match std::env::var("CHITIN_TEST_PROVIDER") {
        Ok(provider) if provider != "aws_lc_rs" => 12 * 1024,
        _ => 0,
    }
}

/// A wire that allocates nothing.
struct Wire {
    bytes: Vec<u8>,
    at: usize,
}

impl Write for Wire {
    fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
        let n = buf.len().min(self.bytes.len() - self.at);
        self.bytes[self.at..self.at + n].copy_from_slice(&buf[..n]);
        self.at += n;
        Ok(n)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Gives `bytes` to a connection, `chop` at a time. The error that ends it is all that is left of it.
fn swallow<S: SideData>(
    conn: &mut ConnectionCommon<S>,
    bytes: &[u8],
    chop: usize,
    reads: bool,
    sink: &mut [u8],
) -> Result<(), String> {
    for mut piece in bytes.chunks(chop.max(1)) {
        while !piece.is_empty() {
            if conn.read_tls(&mut piece).map_err(|error| error.to_string())? == 0 {
                return Ok(());
            }
            conn.process_new_packets().map_err(|error| error.to_string())?;
            while reads && conn.reader().read(sink).is_ok_and(|n| n > 0) {}
        }
    }
    Ok(())
}

/// Handshake bytes in the clear, in records of so many.
fn records(bytes: &[u8], most: usize) -> Vec<u8> {
    let record = |body: &[u8]| Record { typ: 22, version: 0x303, body: body.to_vec() }.to_bytes();
    bytes.chunks(most).flat_map(record).collect()
}

/// The largest hello that a server takes, with as much in it that takes memory of its own as may be.
fn fat_hello(hello: &mut Hello) {
    hello.add(47, &sized16(&[0, 1, 7].repeat(1000)));
    (0x5000..0x5000 + 480).for_each(|code| hello.add(code, &[]));
    let padding = 0x1_0000 - hello.write().len() - 100;
    hello.add(21, &vec![0; padding]);
}

fn fat_chain(pki: &Pki, side: Side, len: usize) -> Vec<u8> {
    let identity = match side {
        Side::Client => pki.client(KeyType::P256),
        Side::Server => pki.server(KeyType::P256),
    };
    let sized24 = |bytes: &[u8]| [&(bytes.len() as u32).to_be_bytes()[1..], bytes].concat();
    let entry = |der: &[u8]| [sized24(der), vec![0, 0]].concat();
    let mut list: Vec<u8> = identity.chain.iter().flat_map(|der| entry(der)).collect();
    let each = (len - list.len() - 8) / 200;
    while list.len() + each + 8 <= len {
        list.extend(entry(&vec![0x30; each - 5]));
    }
    [&[0][..], &sized24(&list)].concat()
}

#[test]
fn hellos_that_are_as_large_as_may_be() {
    for world in worlds(&[&TLS13, &TLS12]) {
        let most = if world.memory.is_none() { 340_000 } else { 90_000 };
        for chop in [1, 1000, usize::MAX] {
            let liar = Liar::new();
            let mut attack = Attack::tampering(&world, Side::Server, &liar, edit_hello(0, fat_hello));
            attack.is_heard = false;
            let said = attack.said();
            let hello: Vec<u8> = Record::split(&said).into_iter().flat_map(|record| record.body).collect();
            attack.give(&records(&hello, chop.min(1 << 14)), chop);
            attack.held("a large hello", most);
        }
    }
}

/// What a server looks for in it is copied once, and not as often as it stands there.
#[test]
fn hellos_that_name_one_scheme_over_and_over() {
    for world in worlds(&[&TLS13, &TLS12]) {
        let most = if world.memory.is_none() { 290_000 } else { 90_000 };
        let schemes = |hello: &mut Hello| {
            let room = 0x1_0000 - hello.write().len() - 100;
            *hello.body(13) = sized16(&[8, 7].repeat(room / 2));
        };
        let liar = Liar::new();
        let mut attack = Attack::tampering(&world, Side::Server, &liar, edit_hello(0, schemes));
        let said = attack.said();
        let hello: Vec<u8> = Record::split(&said).into_iter().flat_map(|record| record.body).collect();
        attack.give(&records(&hello, 1 << 14), usize::MAX);
        attack.held("a hello of one scheme", most);
    }
}

#[test]
fn chains_that_are_as_large_as_may_be() {
    for world in worlds(&[&TLS13, &TLS12]) {
        let most = if world.memory.is_none() { 420_000 } else { 90_000 };
        for victim in [Side::Client, Side::Server] {
            let chain = fat_chain(&world.pki, !victim, 100 * 1024);
            for (chop, fragment) in [(1, 1), (usize::MAX, 1 << 14)] {
                let liar = Liar::new();
                let mut attack = Attack::on(&world, victim, &liar);
                let body = chain.clone();
                liar.script(move |meant| match (meant.key, meant.typ) {
                    (0, 22) => {
                        let edit = |(typ, old): (u8, Vec<u8>)| match typ {
                            25 => vec![(11, body.clone())],
                            _ => vec![(typ, old)],
                        };
                        let messages =
                            split_messages(&meant.body).into_iter().flat_map(edit).collect::<Vec<_>>();
                        join_messages(&messages).chunks(fragment).map(Say::handshake).collect()
                    }
                    _ => meant.honest(),
                });
                attack.handshake(chop);
                attack.held("a large chain", most);
            }
        }
    }
}

#[test]
fn less_memory_than_a_connection_needs_is_refused_when_it_begins() {
    for (memory, good) in [(0, false), (196_607, false), (196_608, true)] {
        let world = World { pki: Pki::new(), version: &TLS13, memory: Some(memory) };
        let expected = (!good).then(|| {
            let why = format!("`limits.memory` is {memory}, and a connection needs at least 196608 bytes");
            chitin::Error::General(why)
        });
        let name = ServerName::try_from("localhost").unwrap();
        let client = ClientConnection::new(world.client(base()).into(), name);
        assert_eq!(client.err(), expected);
        assert_eq!(ServerConnection::new(world.server(base()).into()).err(), expected);
    }
}

/// What is said, again and again.
type Flood = fn() -> Vec<Say>;

/// A protected record of application data, so that no budget of useless traffic ends it.
fn data() -> Say {
    Say::record(23, b"data")
}

#[test]
fn floods_to_somebody_whose_answers_nobody_reads() {
    for world in worlds(&[&TLS13, &TLS12]) {
        for victim in [Side::Client, Side::Server] {
            let what: [(&str, Flood); 4] = [
                ("empty records", || vec![data(), Say::record(23, b""), Say::record(23, b"")]),
                ("warnings", || vec![data(), Say::alert(1, 90)]),
                ("change_cipher_spec", || {
                    vec![data(), Say::Raw(Record { typ: 20, version: 0x303, body: vec![1] })]
                }),
                ("hello requests", || {
                    vec![data(), Say::handshake(&[0, 0, 0, 0]), Say::handshake(&[0, 0, 0, 0])]
                }),
            ];
            for (what, say) in what {
                let liar = Liar::new();
                let mut attack = Attack::connected(&world, victim, &liar);
                attack.is_heard = false;
                attack.flood(&liar, 500, say);
                attack.held(what, 30_000);
            }
        }
    }
}

#[test]
fn data_that_nobody_takes_stops_the_reading() {
    for world in worlds(&[&TLS13, &TLS12]) {
        for victim in [Side::Client, Side::Server] {
            for len in [1, 300, 16 * 1024] {
                let liar = Liar::new();
                let mut attack = Attack::connected(&world, victim, &liar);
                (attack.reads, attack.is_heard) = (false, false);
                for _ in 0..200 {
                    attack.flood(&liar, 100, || (0..20).map(|_| Say::record(23, &vec![7; len])).collect());
                    if attack.end.is_some() {
                        break;
                    }
                }
                assert_eq!(attack.end.as_deref(), Some("received plaintext buffer full"), "{len}");
                // Of records of one byte 22 are dead.
                let most = if world.memory.is_none() { 80_000 } else { 58_000 };
                attack.held("data that nobody takes", most);
            }
        }
    }
}

/// Each asks for an answer. RFC 8446 section 4.6.3.
#[test]
fn key_updates_to_somebody_whose_answers_nobody_reads() {
    for world in worlds(&[&TLS13]) {
        for victim in [Side::Client, Side::Server] {
            let liar = Liar::new();
            let mut attack = Attack::connected(&world, victim, &liar);
            attack.is_heard = false;
            for _ in 0..500 {
                match victim {
                    Side::Client => attack.pair.server.refresh_traffic_keys().unwrap(),
                    Side::Server => attack.pair.client.refresh_traffic_keys().unwrap(),
                }
                attack.flood(&liar, 1, || vec![data()]);
            }
            assert_eq!(attack.end, None);
            attack.held("key updates", 30_000);
        }
    }
}

#[test]
fn tickets_without_end() {
    for world in worlds(&[&TLS13]) {
        for len in [100, 60_000] {
            let liar = Liar::new();
            let mut attack = Attack::connected(&world, Side::Client, &liar);
            attack.is_heard = false;
            attack.flood(&liar, 300, || {
                let body = [&[0; 3][..], &[1], &[0; 4], &[1, 7], &sized16(&vec![9; len]), &[0, 0]].concat();
                let records = testkit::hello::message(4, &body);
                records.chunks(1 << 14).map(Say::handshake).chain([data()]).collect()
            });
            // A message that is not a handshake's costs twice its length, for which there is no room at the least limit.
            let refused = attack.end.as_deref().is_some_and(|end| end.contains("NewSessionTicket: 120"));
            assert_eq!(refused, len == 60_000 && world.memory.is_some(), "{:?}", attack.end);
            attack.held("tickets", 110_000);
        }
    }
}

/// With a limit an application can write as much as there is room for, and no more.
#[test]
fn writing_to_somebody_who_never_reads() {
    for world in worlds(&[&TLS13, &TLS12]) {
        for victim in [Side::Client, Side::Server] {
            for len in [1, 1000, 1 << 20] {
                let liar = Liar::new();
                let mut attack = Attack::connected(&world, victim, &liar);
                let data = vec![5; len];
                let Attack { pair, spent, .. } = &mut attack;
                let mut write = |data: &[u8]| match victim {
                    Side::Client => pair.client.writer().write(data).unwrap(),
                    Side::Server => pair.server.writer().write(data).unwrap(),
                };
                let taken: usize = spent.on(|| (0..70_000).map(|_| write(&data)).sum());
                let least = if world.memory.is_some() { 500 } else { 1500 };
                assert!((least..=65_536).contains(&taken), "{taken}");
                let most = if world.memory.is_none() { 96_000 } else { 54_000 };
                attack.held("what waits to be sent", most);
            }
        }
    }
}

/// An identity with a chain of nearly this length.
fn padded(pki: &Pki, Identity { mut chain, key }: Identity, len: usize) -> Arc<SingleCertAndKey> {
    let padding = pki.root.cert();
    while chain.iter().map(|der| der.len() + 5).sum::<usize>() + padding.len() + 5 < len {
        chain.push(padding.clone());
    }
    let key = base().key_provider.load_private_key(key).unwrap();
    Arc::new(SingleCertAndKey::from(CertifiedKey::new(chain, key)))
}

/// What an application writes before the handshake is done leaves room for it: for what `Limits::LEAST_MEMORY` promises, hellos with
/// a post-quantum share and a retry and a chain of 8 KiB, and for more where less of that comes.
#[test]
fn what_is_written_before_the_handshake_leaves_room_for_it() {
    for version in [&TLS13, &TLS12] {
        for memory in [Limits::LEAST_MEMORY, 400_000] {
            let world = World { pki: Pki::new(), version, memory: Some(memory) };
            let mut client =
                world.client(provider(&[], &[NamedGroup::X25519MLKEM768, NamedGroup::secp256r1]));
            client.client_auth_cert_resolver = padded(&world.pki, world.pki.client(KeyType::P256), 8192);
            let mut server = world.server(provider(&[], &[NamedGroup::secp256r1]));
            // A client has one short hello.
            server.cert_resolver = padded(&world.pki, world.pki.server(KeyType::P256), memory / 10);

            let mut pair = Pair::new(client, server);
            let data = vec![5; 1 << 20];
            let write = |pair: &mut Pair| {
                [pair.client.writer().write(&data).unwrap(), pair.server.writer().write(&data).unwrap()]
            };
            let before = write(&mut pair);
            pair.handshake().unwrap();
            let arrived = [Side::Client, Side::Server].map(|side| pair.arrived(side).len());
            assert_eq!(arrived, before);
            // A request fits, and afterwards there is more room.
            assert!(before.iter().all(|taken| (4096..=memory / 30).contains(taken)), "{before:?}");
            let behind = write(&mut pair);
            assert!(behind.iter().zip(before).all(|(behind, before)| *behind > 4 * before), "{behind:?}");
        }
    }
}

/// Half a round trip early no chain can come any more: nothing has to be left free for one, however long our own flight is.
#[test]
fn half_a_round_trip_early_there_is_room() {
    let memory = Limits::LEAST_MEMORY;
    let world = World { pki: Pki::new(), version: &TLS13, memory: Some(memory) };
    let mut server = ServerConfig::builder_with_provider(base())
        .with_protocol_versions(&[&TLS13])
        .unwrap()
        .with_no_client_auth()
        .with_cert_resolver(padded(&world.pki, world.pki.server(KeyType::P256), 6000));
    server.limits.memory = Some(memory);
    server.send_half_rtt_data = true;
    let (client, server) = (Arc::new(world.client(base())), Arc::new(server));
    let data = vec![5; 1 << 20];
    for is_out in [false, true] {
        let mut pair = Pair::new(client.clone(), server.clone());
        pair.carry(Side::Client).unwrap();
        if is_out {
            pair.carry(Side::Server).unwrap();
        }
        assert!(pair.server.is_handshaking());
        pair.server.writer().write_all(&data[..8192]).unwrap();
        let taken = 8192 + pair.server.writer().write(&data).unwrap();
        assert!((16_384..memory / 3).contains(&taken), "{taken}");
        if is_out {
            // The client's Finished comes while all of it waits.
            pair.carry(Side::Client).unwrap();
            assert!(!pair.server.is_handshaking());
        }
        pair.handshake().unwrap();
        assert_eq!(pair.arrived(Side::Server).len(), taken, "{is_out}");
    }
}

/// Whoever has not chosen a config holds a hello at most.
#[test]
fn an_acceptor_holds_one_hello() {
    let [world, small] = SETTINGS.map(|memory| World { pki: Pki::new(), version: &TLS13, memory });
    let mut pair =
        Pair::new(world.client(base()), world.server(base())).tamper(Side::Client, edit_hello(0, fat_hello));
    let said = pair.take(Side::Client);
    let hello: Vec<u8> = Record::split(&said).into_iter().flat_map(|record| record.body).collect();
    for (most, world) in [(1, &world), (1 << 14, &world), (1, &small), (1 << 14, &small)] {
        let bytes = records(&hello, most);
        let mut spent = Spent::default();
        let accepted = spent.on(|| {
            let mut acceptor = Acceptor::default();
            let mut rest = &bytes[..];
            loop {
                acceptor.read_tls(&mut rest).unwrap();
                if let Some(accepted) = acceptor.accept().unwrap() {
                    return accepted;
                }
            }
        });
        println!("an acceptor: peak {}, left {}", spent.peak, spent.live);
        assert!(spent.peak <= 210_000 && spent.live <= 150_000, "{spent:?}");
        // A limit holds as soon as there is a config that says so.
        let error = accepted.into_connection(world.server(base()).into()).err().map(|(error, _)| error);
        match world.memory {
            Some(most) => assert!(
                matches!(error, Some(chitin::Error::MemoryLimit { limit, .. }) if limit as usize == most),
                "{error:?}"
            ),
            None => assert_eq!(error, None),
        }
    }
}

/// CRYPTO frames have no records around them: as many bytes at a time as the endpoint likes.
#[test]
fn handshakes_of_quic() {
    for memory in SETTINGS {
        let world = World { pki: Pki::new(), version: &TLS13, memory };
        let (client, server) = (Arc::new(world.client(base())), Arc::new(world.server(base())));
        // An ordinary hello is the most that is honest; behind it comes what has no end.
        let endless = [&[1, 0, 0xff, 0xff][..], &[7; 0xfffe]].concat();
        for chop in [1, 1000, usize::MAX] {
            let mut spent = Spent::default();
            let mut conn = spent.on(|| QuicServer::new(server.clone(), Version::V1, vec![1; 20])).unwrap();
            let end = spent.on(|| endless.chunks(chop).try_for_each(|part| conn.read_hs(part)));
            println!("quic, a server's {chop}: peak {}, left {}; {end:?}", spent.peak, spent.live);
            assert!(
                spent.peak <= isize::try_from(world.bound()).unwrap() && spent.peak <= 140_000,
                "{spent:?}"
            );
            assert_eq!(end.is_err(), memory.is_some());
            // Nothing is nothing, also where half a message waits.
            let mut spent = Spent::default();
            assert_eq!(spent.on(|| conn.read_hs(&[])), end);
            assert_eq!(spent.calls, 0, "quic, {chop}");

            let name = ServerName::try_from("localhost").unwrap();
            let mut spent = Spent::default();
            let conn = spent.on(|| QuicClient::new(client.clone(), Version::V1, name, vec![1; 20]));
            let mut conn = conn.unwrap();
            let endless = [&[2, 1, 0, 0x80][..], &[7; 0x1_0000]].concat();
            let end = spent.on(|| endless.chunks(chop).try_for_each(|part| conn.read_hs(part)));
            println!("quic, a client's {chop}: peak {}, left {}; {end:?}", spent.peak, spent.live);
            assert!(
                spent.peak <= isize::try_from(world.bound()).unwrap() && spent.peak <= 140_000,
                "{spent:?}"
            );
            // The least limit has room for the longest that a ServerHello may be.
            assert_eq!(end.err(), None);
        }
    }
}

/// The caller has the buffer; what the connection itself holds is a message and its answer.
#[test]
fn hellos_to_a_connection_without_buffers() {
    for memory in SETTINGS {
        let world = World { pki: Pki::new(), version: &TLS13, memory };
        let mut pair = Pair::new(world.client(base()), world.server(base()))
            .tamper(Side::Client, edit_hello(0, fat_hello));
        let said = pair.take(Side::Client);
        let hello: Vec<u8> = Record::split(&said).into_iter().flat_map(|record| record.body).collect();
        let config = Arc::new(world.server(base()));
        for most in [1, 1 << 14] {
            let mut bytes = records(&hello, most);
            let mut spent = Spent::default();
            let mut conn = spent.on(|| UnbufferedServerConnection::new(config.clone())).unwrap();
            let failed = spent.on(|| conn.process_tls_records(&mut bytes).state.is_err());
            println!("unbuffered, {most}: peak {}, left {}", spent.peak, spent.live);
            assert!(
                spent.peak <= isize::try_from(world.bound()).unwrap() && spent.peak <= 200_000,
                "{spent:?}"
            );
            assert!(!failed || memory.is_some());
        }
    }
}
