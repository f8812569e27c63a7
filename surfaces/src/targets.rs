//! The flows: a client and a server of each version against a peer that says whatever the input holds.

use std::cell::RefCell;
use std::collections::HashMap;
use std::io::Write;
use std::sync::Arc;

use chitin::server::StoresServerSessions;
use chitin::{ClientConfig, ClientConnection, ConnectionCommon, ServerConfig, ServerConnection, SideData};

use crate::configs::{self, Store, Version, has, knob};
use crate::flow::{self, Diary, Note, Outcome};
use crate::glass;
use crate::script;

/// A client of TLS 1.3.
pub fn client13(input: &[u8]) {
    run_client(Version::Tls13, input);
}

/// A client of TLS 1.2.
pub fn client12(input: &[u8]) {
    run_client(Version::Tls12, input);
}

/// A server of TLS 1.3.
pub fn server13(input: &[u8]) {
    run_server(Version::Tls13, input);
}

/// A server of TLS 1.2.
pub fn server12(input: &[u8]) {
    run_server(Version::Tls12, input);
}

/// Runs a client, and says what it did and what an observer saw.
pub fn run_client(version: Version, input: &[u8]) -> (Outcome, Vec<Note>) {
    let (options, steps) = script::parse(input);
    let run = |chop| {
        let (conn, diary) = new_client(version, options);
        flow::client(conn, &diary, &steps, has(options, knob::DEFER), chop)
    };
    let done = run(0);
    if has(options, knob::TWICE) {
        assert_eq!(done.0, run(1).0, "chopped bytes mean something else");
    }
    done
}

/// Runs a server, and says what it did and what an observer saw; nothing, if an acceptor took no hello.
pub fn run_server(version: Version, input: &[u8]) -> Option<(Outcome, Vec<Note>)> {
    let (options, steps) = script::parse(input);
    let run = |chop| {
        let (config, diary) = new_server(version, options);
        let accept = has(options, knob::EXTRA);
        flow::server(config, accept, &diary, &steps, has(options, knob::DEFER), chop)
    };
    let done = run(0);
    if has(options, knob::TWICE) {
        let (whole, chopped) = (done.as_ref().map(|done| &done.0), run(1));
        assert_eq!(whole, chopped.as_ref().map(|done| &done.0), "chopped bytes mean something else");
    }
    done
}

/// A client with what the options say, a session to offer among it.
pub fn new_client(version: Version, options: u16) -> (ClientConnection, Diary) {
    let diary = Diary::default();
    let mut config = configs::client(version, options, &glass::GROUPS);
    config.trace = Some(Arc::new(diary.clone()));
    let config = Arc::new(config);
    if has(options, knob::RESUME) {
        // The server of before seals tickets, but for early data, which is taken on stored sessions only.
        let seals = if has(options, knob::EARLY) { 0 } else { knob::RESUME };
        let kept = knob::ALPN | knob::EARLY | knob::PSK;
        let before = configs::server(version, options & kept | seals, &Arc::default());
        meet(&config, &Arc::new(before));
        diary.take();
    }
    let conn = ClientConnection::new(config, configs::server_name()).expect("the config is good");
    (conn, diary)
}

/// A server's config with what the options say, a session in its store among it.
pub fn new_server(version: Version, options: u16) -> (Arc<ServerConfig>, Diary) {
    let store = Arc::new(Store::default());
    if !has(options, knob::RESUME) {
        for (name, session) in sessions_before(version, options) {
            store.put(name, session);
        }
    }
    let diary = Diary::default();
    let mut config = configs::server(version, options, &store);
    config.trace = Some(Arc::new(diary.clone()));
    (Arc::new(config), diary)
}

type Sessions = Vec<(Vec<u8>, Vec<u8>)>;

/// What a server with these options has in its store after one handshake. The same options always give the same.
fn sessions_before(version: Version, options: u16) -> Sessions {
    thread_local! {
        static KNOWN: RefCell<HashMap<(bool, u16), Sessions>> = RefCell::default();
    }
    // They decide what a session is bound to; the rest is taken as it comes.
    let policy = knob::CLIENT_AUTH | knob::CREDULOUS | knob::STRICT | knob::RAW;
    let options = options & (knob::ALPN | knob::EARLY | policy);
    let key = (version == Version::Tls13, options);
    KNOWN.with_borrow_mut(|known| {
        let made = || {
            let store = Arc::new(Store::default());
            let server = configs::server(version, options, &store);
            meet(&Arc::new(configs::client(version, options, &glass::GROUPS)), &Arc::new(server));
            store.all()
        };
        known.entry(key).or_insert_with(made).clone()
    })
}

/// One handshake of two honest ends, with the tickets behind it.
pub fn meet(client: &Arc<ClientConfig>, server: &Arc<ServerConfig>) {
    let mut client =
        ClientConnection::new(client.clone(), configs::server_name()).expect("the config is good");
    let mut server = ServerConnection::new(server.clone()).expect("the config is good");
    // A handshake with a retry takes three turns.
    for _ in 0..4 {
        carry(&mut client, &mut server);
        carry(&mut server, &mut client);
    }
    assert!(!client.is_handshaking() && !server.is_handshaking(), "two honest ends did not meet");
}

/// Carries what one side has to say to the other, and gives it.
pub fn carry<A: SideData, B: SideData>(
    from: &mut ConnectionCommon<A>,
    to: &mut ConnectionCommon<B>,
) -> Vec<u8> {
    carry_as(from, to, |_| {})
}

/// The same with a hand in each record.
pub fn carry_as<A: SideData, B: SideData>(
    from: &mut ConnectionCommon<A>,
    to: &mut ConnectionCommon<B>,
    change: impl Fn(&mut [u8]),
) -> Vec<u8> {
    let mut bytes = Vec::new();
    while from.wants_write() {
        from.write_tls(&mut bytes).expect("a vector takes everything");
    }
    let mut records = &mut bytes[..];
    while let [_, _, _, high, low, ..] = *records {
        let (record, rest) = records.split_at_mut(5 + usize::from(u16::from_be_bytes([high, low])));
        change(record);
        records = rest;
    }
    let mut rest = &bytes[..];
    while !rest.is_empty() {
        to.read_tls(&mut rest).expect("there is room");
        to.process_new_packets().expect("an honest peer");
    }
    bytes
}

/// Writes application data.
pub fn write<S: SideData>(conn: &mut ConnectionCommon<S>, data: &[u8]) {
    conn.writer().write_all(data).expect("there is room");
}
