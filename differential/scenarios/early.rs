//! 0-RTT, on both sides.

use std::io::{Read, Write};
use std::sync::Arc;

use tls::version::TLS13;
use tls::{ClientConfig, ServerConfig};
use world::{Notes, World};

use crate::base::*;

pub fn run(world: &World, notes: &mut Notes) {
    for (case, size, reject) in [
        ("accepted", 10, false),
        ("rejected", 10, true),
        ("not allowed", 0, false),
        ("unlimited", u32::MAX, false),
    ] {
        attempt(world, notes, case, size, reject);
    }
    let (client, server) = prepared(world, 10);
    let mut fresh = base_client(&client, world);
    notes.value("without a session", fresh.early_data().is_some());
    let mut server = crate::base::server(&server);
    notes.value("a server without any", server.early_data().is_some());
    closed(world, notes);
}

fn base_client(config: &Arc<ClientConfig>, world: &World) -> tls::ClientConnection {
    let mut other = client_config(world, &[&TLS13]);
    other.enable_early_data = config.enable_early_data;
    client(&other.into())
}

/// Configs that have met before.
fn prepared(world: &World, size: u32) -> (Arc<ClientConfig>, Arc<ServerConfig>) {
    let (mut client_config, mut server_config) = configs(world, &TLS13);
    client_config.enable_early_data = true;
    server_config.max_early_data_size = size;
    let (client_config, server_config) = (Arc::new(client_config), Arc::new(server_config));
    let (mut first, mut accepting) = (client(&client_config), server(&server_config));
    shake(&mut first, &mut accepting).unwrap();
    (client_config, server_config)
}

fn attempt(world: &World, notes: &mut Notes, case: &str, size: u32, reject: bool) {
    let (client_config, server_config) = prepared(world, size);
    let (mut client, mut server) = (client(&client_config), server(&server_config));
    let mut note = |key: &str, value: String| notes.text(format_args!("{case}, {key}"), value);
    if reject {
        server.reject_early_data();
    }
    match client.early_data() {
        None => note("client's early data", "none".into()),
        Some(mut early) => {
            note("bytes left", format!("{}", early.bytes_left()));
            note("write", outcome(early.write(b"0123456789abc")));
            note("bytes left then", format!("{}", early.bytes_left()));
            note("write again", outcome(early.write(b"0123456789abc")));
            note("flush", outcome(early.flush()));
        }
    }
    note("accepted before the answer", format!("{}", client.is_early_data_accepted()));
    let bytes = take(&mut client);
    note("records of the client", format!("{:?}", types(&bytes)));
    note("server's state", state(&feed(&mut server, &bytes)));
    let read_early = server.early_data().map(|mut early| {
        let mut buffer = [0; 64];
        let read = early.read(&mut buffer).map(|n| String::from_utf8_lossy(&buffer[..n]).into_owned());
        let again = early.read(&mut buffer);
        format!("{}, then {}", outcome(read), outcome(again))
    });
    note("server reads early", format!("{read_early:?}"));
    note("server reads", read(&mut server));
    let answer = take(&mut server);
    note("client's state", state(&feed(&mut client, &answer)));
    note("accepted", format!("{}", client.is_early_data_accepted()));
    note("the rest", format!("{:?}", shake(&mut client, &mut server)));
    note("kinds", format!("{:?} {:?}", client.handshake_kind(), server.handshake_kind()));
    note(
        "early data at the end",
        format!("{} {}", client.early_data().is_some(), server.early_data().is_some()),
    );
}

/// A client that says all it has to say early, and closes.
fn closed(world: &World, notes: &mut Notes) {
    let (client_config, server_config) = prepared(world, 1000);
    let (mut client, mut server) = (client(&client_config), server(&server_config));
    client.early_data().unwrap().write_all(b"request").unwrap();
    client.send_close_notify();
    let hello = take(&mut client);
    notes.value("closed, records of the client", types(&hello));
    let result = feed(&mut server, &hello).and_then(|_| shake(&mut client, &mut server));
    notes.value("closed, the rest", result);
    notes.value("closed, handshaking", (client.is_handshaking(), server.is_handshaking()));
}
