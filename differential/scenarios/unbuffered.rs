//! Connections without buffers: the states that the application sees, in order.

use std::sync::Arc;

use tls::client::UnbufferedClientConnection;
use tls::server::UnbufferedServerConnection;
use tls::unbuffered::{ConnectionState, EncodeError, EncryptError, InsufficientSizeError, UnbufferedStatus};
use tls::version::TLS13;
use world::{Notes, World};

use crate::base::*;

pub fn run(world: &World, notes: &mut Notes) {
    for (name, version) in BOTH {
        let (client, server) = configs(world, version);
        handshake(notes, name, client, server);
    }
    refused(world, notes);
    let size = InsufficientSizeError { required_size: 7 };
    notes.value(
        "errors",
        (EncodeError::from(size), EncodeError::AlreadyEncoded, EncryptError::EncryptExhausted),
    );
}

/// What one call says, and what it wants the application to send.
struct Turn {
    says: String,
    sends: Vec<u8>,
    discard: usize,
}

const MESSAGE: &[u8] = b"message";

/// One turn of either side; `$write` is whether this side has something to say and close.
macro_rules! turn {
    ($conn:expr, $input:expr, $write:expr) => {{
        let UnbufferedStatus { discard, state, .. } = $conn.process_tls_records($input);
        let (mut sends, mut read) = (Vec::new(), 0);
        let says;
        match state {
            Err(error) => says = format!("{error:?}"),
            Ok(ConnectionState::EncodeTlsData(mut state)) => {
                let none = state.encode(&mut []);
                let needed = match &none {
                    Err(EncodeError::InsufficientSize(size)) => size.required_size,
                    _ => 0,
                };
                sends.resize(needed, 0);
                let written = state.encode(&mut sends);
                let fits = written.as_ref().is_ok_and(|written| *written == needed);
                says = format!("EncodeTlsData, fits {fits}, again {:?}", state.encode(&mut [0; 9]));
            }
            Ok(ConnectionState::TransmitTlsData(mut state)) => {
                says = format!("TransmitTlsData, may write {}", state.may_encrypt_app_data().is_some());
                state.done();
            }
            Ok(ConnectionState::BlockedHandshake) => says = "BlockedHandshake".into(),
            Ok(ConnectionState::WriteTraffic(mut state)) => {
                if !$write {
                    says = "WriteTraffic".into();
                } else {
                    let short = match state.encrypt(MESSAGE, &mut [0; 3]) {
                        Err(EncryptError::InsufficientSize(size)) => size.required_size > MESSAGE.len(),
                        _ => false,
                    };
                    let mut out = vec![0; 200];
                    let data = state.encrypt(MESSAGE, &mut out).unwrap();
                    let close = state.queue_close_notify(&mut out[data..]).unwrap();
                    out.truncate(data + close);
                    sends = out;
                    says = format!("WriteTraffic, short buffer is said: {short}");
                }
            }
            Ok(ConnectionState::ReadTraffic(mut state)) => {
                let mut all = format!("ReadTraffic, peek {:?}", state.peek_len());
                while let Some(record) = state.next_record() {
                    let record = record.unwrap();
                    all += &format!(", {}", String::from_utf8_lossy(record.payload));
                    read += record.discard;
                }
                says = all;
            }
            Ok(ConnectionState::PeerClosed) => says = "PeerClosed".into(),
            Ok(ConnectionState::Closed) => says = "Closed".into(),
            Ok(other) => says = format!("{other:?}"),
        }
        Turn { says, sends, discard: discard + read }
    }};
}

/// Notes what is not the same as before.
fn note(states: &mut Vec<String>, says: String) {
    if states.last() != Some(&says) {
        states.push(says);
    }
}

fn handshake(
    notes: &mut Notes,
    name: &str,
    client_config: tls::ClientConfig,
    server_config: tls::ServerConfig,
) {
    let mut client = UnbufferedClientConnection::new(Arc::new(client_config), localhost()).unwrap();
    let mut server = UnbufferedServerConnection::new(Arc::new(server_config)).unwrap();
    let (mut to_client, mut to_server) = (Vec::new(), Vec::new());
    let (mut states_of_client, mut states_of_server) = (Vec::new(), Vec::new());
    let (mut client_wrote, mut server_wrote) = (false, false);
    for _ in 0..20 {
        // Each goes on until nothing comes of it any more.
        for _ in 0..20 {
            let may = !client.is_handshaking() && !client_wrote;
            let turn = turn!(client, &mut to_client, may);
            client_wrote |= may && turn.says.starts_with("WriteTraffic");
            let idle =
                turn.discard == 0 && turn.sends.is_empty() && !turn.says.starts_with("TransmitTlsData");
            to_client.drain(..turn.discard);
            to_server.extend(turn.sends);
            note(&mut states_of_client, turn.says);
            if idle {
                break;
            }
        }
        for _ in 0..20 {
            let may = !server.is_handshaking() && !server_wrote;
            let turn = turn!(server, &mut to_server, may);
            server_wrote |= may && turn.says.starts_with("WriteTraffic");
            let idle =
                turn.discard == 0 && turn.sends.is_empty() && !turn.says.starts_with("TransmitTlsData");
            to_server.drain(..turn.discard);
            to_client.extend(turn.sends);
            note(&mut states_of_server, turn.says);
            if idle {
                break;
            }
        }
    }
    notes.text(format_args!("{name}, states of the client"), states_of_client.join("; "));
    notes.text(format_args!("{name}, states of the server"), states_of_server.join("; "));
    notes.value(format_args!("{name}, kinds"), (client.handshake_kind(), server.handshake_kind()));
    notes.value(format_args!("{name}, tickets"), client.tls13_tickets_received());
    notes.value(format_args!("{name}, left over"), (to_client.len(), to_server.len()));
}

/// Input that is wrong, twice.
fn refused(world: &World, notes: &mut Notes) {
    let config = Arc::new(server_config(world, &[&TLS13]));
    let cases = [
        ("http", b"GET / HTTP/1.0\r\n\r\n".to_vec()),
        ("half a head", vec![22, 3]),
        ("nothing", vec![]),
        ("alert", record(21, &[2, 40])),
        ("close_notify", record(21, &[1, 0])),
        ("another message", record(22, &[14, 0, 0, 0])),
    ];
    for (case, mut bytes) in cases {
        let mut server = UnbufferedServerConnection::new(config.clone()).unwrap();
        let mut said = Vec::new();
        for _ in 0..4 {
            let turn = turn!(server, &mut bytes, false);
            said.push(format!("{} (discard {}, sends {:?})", turn.says, turn.discard, records(&turn.sends)));
            bytes.drain(..turn.discard);
        }
        notes.text(case, said.join("; "));
    }
}
