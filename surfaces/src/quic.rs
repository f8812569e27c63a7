//! Both roles over QUIC: handshake bytes in and out, and keys between them. RFC 9001.
//!
//! A script is that of the flows. Its seals mean nothing here, since an endpoint opens packets before TLS sees them, and of a
//! record only the body counts.

use std::sync::Arc;

use chitin::quic::{ClientConnection, Connection, KeyChange, ServerConnection, Version as Quic};
use chitin::{ClientConfig, ServerConfig};

use crate::configs::{self, Store, Version, has, knob};
use crate::flow::check_error;
use crate::glass;
use crate::script::{self, Call, Step, message};

/// The script is for a server.
pub const SERVER: u16 = 1 << 13;

/// Transport parameters: initial_max_data, and max_udp_payload_size. RFC 9000 section 18.2.
const PARAMETERS: [u8; 8] = [0x04, 0x02, 0x40, 0x64, 0x03, 0x02, 0x45, 0xc0];

/// As for records, since a level of QUIC has no more to say.
const OUTPUT: usize = 256 * 1024;

const DELIVERY: usize = 1 << 18;

/// What came of a run.
#[derive(Debug, Default, PartialEq)]
struct Outcome {
    error: Option<String>,
    alert: Option<u8>,
    sent: Vec<u8>,
    /// 1: handshake keys; 2: those of 1-RTT. In their order.
    keys: Vec<u8>,
    parameters: Option<Vec<u8>>,
    complete: bool,
}

/// A client or a server of QUIC.
pub fn quic(input: &[u8]) {
    let (options, steps) = script::parse(input);
    let done = run(options, &steps, 0);
    // Behind a message that ends a flight nothing may come at its level. Whole bytes are of one level, so that is an error; chopped
    // ones may be of the next, and only the endpoint would know.
    let level = done.error.as_ref().is_some_and(|error| error.contains("KeyEpochWithPendingFragment"));
    if has(options, knob::TWICE) && !level {
        assert_eq!(done, run(options, &steps, 1), "chopped bytes mean something else");
    }
}

/// Runs an input, and says whether its handshake came to its end.
pub fn completes(input: &[u8]) -> bool {
    let (options, steps) = script::parse(input);
    run(options, &steps, 0).complete
}

fn run(options: u16, steps: &[Step], chop: usize) -> Outcome {
    let mut run = Run { conn: new(options), chop, delivered: 0, outcome: Outcome::default(), calls: 0 };
    if has(options, knob::DEFER) {
        run.conn.defer_questions();
    }
    run.take();
    let mut times = 1_usize;
    for step in steps {
        for _ in 0..std::mem::replace(&mut times, 1) {
            if run.delivered > DELIVERY {
                break;
            }
            match step {
                Step::Message { typ, body, .. } => run.give(&message(*typ, body)),
                Step::Record { body, .. } | Step::Raw(body) => run.give(body),
                Step::Filler { typ, len, .. } => {
                    let [_, a, b, c] = len.to_be_bytes();
                    let most = (*len as usize).min(DELIVERY / 2);
                    run.give(&[vec![*typ, a, b, c], vec![0; most]].concat());
                }
                Step::Chop(n) if chop == 0 => run.chop = usize::from(*n),
                Step::Repeat(n) => times = usize::from(*n),
                Step::Call(call, how) => run.call(*call, *how),
                Step::Join(_) | Step::Chop(_) => {}
            }
            run.take();
        }
    }
    run.finish(has(options, knob::DEFER))
}

struct Run {
    conn: Connection,
    chop: usize,
    delivered: usize,
    calls: usize,
    outcome: Outcome,
}

impl Run {
    fn give(&mut self, bytes: &[u8]) {
        self.delivered += bytes.len();
        // As many small pieces as are soon over.
        let small = self.chop > 0 && self.calls < 5000;
        let most = if small { self.chop } else { bytes.len().max(1) };
        for piece in bytes.chunks(most) {
            self.calls += 1;
            match self.conn.read_hs(piece) {
                Ok(()) => assert_eq!(self.outcome.error, None, "an error that went away"),
                // It stays as it is.
                Err(error) => return self.failed(&error),
            }
        }
    }

    fn failed(&mut self, error: &chitin::Error) {
        check_error(error);
        let error = format!("{error:?}");
        match &self.outcome.error {
            Some(first) => assert_eq!(*first, error, "a second error"),
            None => self.outcome.error = Some(error),
        }
    }

    fn take(&mut self) {
        let mut out = Vec::new();
        while let Some(change) = self.conn.write_hs(&mut out) {
            self.outcome.keys.push(match change {
                KeyChange::Handshake { .. } => 1,
                KeyChange::OneRtt { mut next, .. } => {
                    let _ = next.next_packet_keys();
                    2
                }
            });
        }
        assert!(out.len() <= OUTPUT, "{} bytes waited to be sent", out.len());
        assert!([&[][..], &[1], &[1, 2]].contains(&&self.outcome.keys[..]), "keys: {:?}", self.outcome.keys);
        self.outcome.sent.extend(out);
    }

    fn call(&mut self, call: Call, how: u8) {
        match call {
            Call::Answer => self.answer(usize::from(how).max(1)),
            Call::Defer => self.conn.defer_questions(),
            Call::EarlyData => drop(self.conn.zero_rtt_keys()),
            Call::Print => drop(format!("{:?}", self.conn)),
            Call::Export => {
                let exported = self.conn.export_keying_material([0; 40], b"EXPORTER-test", None);
                assert!(exported.is_err() || !self.conn.is_handshaking(), "exported before the end");
            }
            Call::RejectEarlyData => {
                if let Connection::Server(server) = &mut self.conn {
                    server.reject_early_data();
                }
            }
            _ => {}
        }
    }

    fn answer(&mut self, most: usize) {
        for _ in 0..most {
            match self.conn.answer_question() {
                Ok(true) => {}
                Ok(false) => return,
                Err(error) => return self.failed(&error),
            }
        }
    }

    fn finish(mut self, defers: bool) -> Outcome {
        if defers {
            self.answer(1000);
        }
        self.take();
        if self.outcome.error.is_some() {
            let before = self.outcome.sent.len();
            assert!(self.conn.read_hs(&[1]).is_err(), "it goes on after an error");
            self.take();
            assert_eq!(self.outcome.sent.len(), before, "something to say after an error");
        } else {
            assert_eq!(self.conn.alert(), None, "an alert without an error");
        }
        self.outcome.alert = self.conn.alert().map(u8::from);
        self.outcome.parameters = self.conn.quic_transport_parameters().map(<[u8]>::to_vec);
        self.outcome.complete = self.outcome.error.is_none() && !self.conn.is_handshaking();
        if self.outcome.complete {
            assert_eq!(self.outcome.keys, [1, 2], "all keys are there");
            assert!(self.outcome.parameters.is_some(), "the peer's parameters are there");
        }
        self.outcome
    }
}

/// An end with what the options say, a session of before among it.
pub fn new(options: u16) -> Connection {
    if has(options, SERVER) {
        let store = Arc::new(Store::default());
        let config = server_config(options, &store);
        if has(options, knob::EARLY) {
            let kept = options & (knob::ALPN | knob::EARLY);
            meet(client_end(&client_config(kept)), server_end(&server_config(kept, &store)));
        }
        return Connection::Server(server_end(&config));
    }
    let config = client_config(options);
    if has(options, knob::RESUME) {
        let seals = if has(options, knob::EARLY) { 0 } else { knob::RESUME };
        let before = server_config(options & (knob::ALPN | knob::EARLY) | seals, &Arc::default());
        meet(client_end(&config), server_end(&before));
    }
    Connection::Client(client_end(&config))
}

fn client_config(options: u16) -> Arc<ClientConfig> {
    Arc::new(configs::client(Version::Tls13, options, &glass::GROUPS))
}

fn server_config(options: u16, store: &Arc<Store>) -> Arc<ServerConfig> {
    let mut config = configs::server(Version::Tls13, options, store);
    // RFC 9001 section 4.6.1: all or nothing.
    config.max_early_data_size = if has(options, knob::EARLY) { u32::MAX } else { 0 };
    Arc::new(config)
}

fn client_end(config: &Arc<ClientConfig>) -> ClientConnection {
    ClientConnection::new(config.clone(), Quic::V1, configs::server_name(), PARAMETERS.to_vec())
        .expect("the config is good")
}

fn server_end(config: &Arc<ServerConfig>) -> ServerConnection {
    ServerConnection::new(config.clone(), Quic::V1, PARAMETERS.to_vec()).expect("the config is good")
}

/// One handshake of two honest ends.
fn meet(client: ClientConnection, server: ServerConnection) {
    talk(&mut Connection::Client(client), &mut Connection::Server(server));
}

/// Lets two honest ends talk, and gives what each said: the client's bytes, then the server's.
pub fn talk(client: &mut Connection, server: &mut Connection) -> (Vec<u8>, Vec<u8>) {
    let (mut from_client, mut from_server) = (Vec::new(), Vec::new());
    for _ in 0..4 {
        from_client.extend(carry(client, server));
        from_server.extend(carry(server, client));
    }
    assert!(!client.is_handshaking() && !server.is_handshaking(), "two honest ends did not meet");
    (from_client, from_server)
}

fn carry(from: &mut Connection, to: &mut Connection) -> Vec<u8> {
    let mut all = Vec::new();
    loop {
        let mut level = Vec::new();
        let change = from.write_hs(&mut level);
        if !level.is_empty() {
            to.read_hs(&level).expect("an honest peer");
            all.extend(level);
        }
        if change.is_none() {
            return all;
        }
    }
}
