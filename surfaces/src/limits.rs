//! A connection with the least limit there is, which is measured; and connections without buffers.
//!
//! An input is a byte that says who is driven and how, and a script; of that only what a peer says is taken.

use std::io::{self, Read};
use std::sync::Arc;

use alloc_counter::Spent;
use chitin::client::UnbufferedClientConnection;
use chitin::server::UnbufferedServerConnection;
use chitin::unbuffered::{ConnectionState, EncodeError, InsufficientSizeError, UnbufferedStatus};
use chitin::{
    ClientConfig, ClientConnection, ConnectionCommon, Limits, ServerConfig, ServerConnection, SideData,
};

use crate::configs::{self, Store, Version};
use crate::flow::{check_error, plain_bytes};
use crate::glass;
use crate::script;

/// What the objects of glass have, and a store of sessions.
const GLASS: usize = 64 * 1024;

/// The most that one input may deliver.
const DELIVERY: usize = 1 << 19;

struct Case {
    client: bool,
    version: Version,
    chop: usize,
    /// Its application takes nothing, and nobody hears its answers.
    deaf: bool,
    options: u16,
    bytes: Vec<u8>,
}

fn case(input: &[u8]) -> Option<Case> {
    let (how, rest) = input.split_first()?;
    let (options, steps) = script::parse(rest);
    let bytes: Vec<u8> = steps.iter().filter_map(plain_bytes).flatten().take(DELIVERY).collect();
    let version = if how & 2 == 0 { Version::Tls13 } else { Version::Tls12 };
    let chop = [usize::MAX, 1, 7, 1000][usize::from(how >> 2 & 3)];
    Some(Case { client: how & 1 == 0, version, chop, deaf: how & 16 != 0, options, bytes })
}

impl Case {
    fn client(&self) -> Arc<ClientConfig> {
        let mut config = configs::client(self.version, self.options, &glass::GROUPS);
        config.limits.memory = Some(Limits::LEAST_MEMORY);
        Arc::new(config)
    }

    fn server(&self) -> Arc<ServerConfig> {
        let mut config = configs::server(self.version, self.options, &Arc::new(Store::default()));
        config.limits.memory = Some(Limits::LEAST_MEMORY);
        Arc::new(config)
    }
}

/// A buffered connection never holds more than its limit, if somebody counts (`alloc_counter::Counting`).
pub fn limits(input: &[u8]) {
    let Some(case) = case(input) else { return };
    let mut spent = Spent::default();
    match case.client {
        true => {
            let config = case.client();
            let conn = spent.on(|| ClientConnection::new(config.clone(), configs::server_name()));
            drive(conn.expect("the config is good"), &case, spent);
        }
        false => {
            let config = case.server();
            let conn = spent.on(|| ServerConnection::new(config.clone()));
            drive(conn.expect("the config is good"), &case, spent);
        }
    }
}

fn drive<C, S>(mut conn: C, case: &Case, mut spent: Spent)
where
    C: std::ops::DerefMut<Target = ConnectionCommon<S>>,
    S: SideData,
{
    let mut sink = [0; 256];
    for piece in case.bytes.chunks(case.chop) {
        let end = spent.on(|| give(&mut conn, piece, case.deaf, &mut sink));
        let most = Limits::LEAST_MEMORY + GLASS;
        assert!(usize::try_from(spent.peak).is_ok_and(|peak| peak <= most), "{} bytes of {most}", spent.peak);
        if end.is_err() {
            return;
        }
    }
}

/// Gives a piece to a connection, and says whether it goes on.
fn give<S: SideData>(
    conn: &mut ConnectionCommon<S>,
    mut piece: &[u8],
    deaf: bool,
    sink: &mut [u8],
) -> Result<(), ()> {
    while !piece.is_empty() {
        if !matches!(conn.read_tls(&mut piece), Ok(1..)) {
            return Err(());
        }
        if let Err(error) = conn.process_new_packets() {
            check_error(&error);
            return Err(());
        }
        if !deaf {
            while conn.reader().read(sink).is_ok_and(|n| n > 0) {}
            while conn.wants_write() {
                conn.write_tls(&mut io::sink()).expect("nothing refuses nothing");
            }
        }
    }
    Ok(())
}

/// Connections without buffers: what they discard was there, what they ask for is enough, errors stay, and they come to rest.
pub fn unbuffered(input: &[u8]) {
    let Some(case) = case(input) else { return };
    macro_rules! run {
        ($conn:expr) => {{
            let mut conn = $conn.expect("the config is good");
            let mut incoming = Vec::new();
            for piece in case.bytes.chunks(case.chop.min(1 << 14).max(32)) {
                incoming.extend_from_slice(piece);
                let mut turns = 0;
                loop {
                    turns += 1;
                    assert!(turns <= 4 * incoming.len() + 100, "it never comes to rest");
                    let UnbufferedStatus { mut discard, state } = conn.process_tls_records(&mut incoming);
                    let mut rests = false;
                    match state {
                        Err(error) => {
                            check_error(&error);
                            // What was to be said can be had, and its alert; then it comes again.
                            for _ in 0..64 {
                                match conn.process_tls_records(&mut []).state {
                                    Err(again) => {
                                        assert_eq!(again.to_string(), error.to_string(), "another error");
                                        return;
                                    }
                                    Ok(ConnectionState::EncodeTlsData(mut encode)) => {
                                        encode
                                            .encode(&mut [0; 4096])
                                            .expect("an alert, and a flight at most");
                                    }
                                    Ok(ConnectionState::TransmitTlsData(transmit)) => transmit.done(),
                                    Ok(other) => panic!("an error that went away: {other:?}"),
                                }
                            }
                            panic!("an error that does not come again");
                        }
                        Ok(ConnectionState::ReadTraffic(mut read)) => {
                            while let Some(record) = read.next_record() {
                                discard += record.expect("an open record").discard;
                            }
                        }
                        Ok(ConnectionState::EncodeTlsData(mut encode)) => match encode.encode(&mut []) {
                            Err(EncodeError::InsufficientSize(InsufficientSizeError { required_size })) => {
                                let mut out = vec![0; required_size];
                                assert_eq!(encode.encode(&mut out).ok(), Some(required_size));
                            }
                            other => panic!("nothing is enough for a record: {other:?}"),
                        },
                        Ok(ConnectionState::TransmitTlsData(transmit)) => transmit.done(),
                        Ok(ConnectionState::BlockedHandshake | ConnectionState::WriteTraffic(_)) => {
                            rests = true
                        }
                        Ok(ConnectionState::Closed) => return,
                        Ok(_) => {}
                    }
                    assert!(discard <= incoming.len(), "{discard} of {}", incoming.len());
                    incoming.drain(..discard);
                    if rests {
                        break;
                    }
                }
            }
        }};
    }
    match case.client {
        true => run!(UnbufferedClientConnection::new(case.client(), configs::server_name())),
        false => run!(UnbufferedServerConnection::new(case.server())),
    }
}
