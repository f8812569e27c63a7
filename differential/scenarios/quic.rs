//! TLS for QUIC: which bytes go under which keys, and errors.

use std::sync::Arc;

use tls::quic::{ClientConnection, Connection, KeyChange, ServerConnection, Version};
use tls::version::{TLS12, TLS13};
use tls::{ClientConfig, ServerConfig};
use world::{Notes, World};

use crate::base::*;

pub fn run(world: &World, notes: &mut Notes) {
    let (client_config, server_config) = configs(world, &TLS13);
    let (client_config, server_config) = (Arc::new(client_config), Arc::new(server_config));
    handshake(notes, "first", &client_config, &server_config);
    handshake(notes, "again", &client_config, &server_config);
    misused(world, notes, &client_config, &server_config);
    early(world, notes);
}

fn pair_of(client: &Arc<ClientConfig>, server: &Arc<ServerConfig>) -> (Connection, Connection) {
    (
        ClientConnection::new(client.clone(), Version::V1, localhost(), vec![1, 1, 7]).unwrap().into(),
        ServerConnection::new(server.clone(), Version::V1, vec![1, 1, 8]).unwrap().into(),
    )
}

fn types_of(mut messages: &[u8]) -> Vec<u8> {
    let mut types = Vec::new();
    while let [typ, l0, l1, l2, rest @ ..] = messages {
        types.push(*typ);
        let length = usize::from(*l0) << 16 | usize::from(*l1) << 8 | usize::from(*l2);
        messages = rest.get(length..).unwrap_or_default();
    }
    types
}

fn change(change: &Option<KeyChange>) -> &'static str {
    match change {
        None => "none",
        Some(KeyChange::Handshake { .. }) => "handshake",
        Some(KeyChange::OneRtt { .. }) => "1-RTT",
    }
}

fn handshake(notes: &mut Notes, name: &str, client: &Arc<ClientConfig>, server: &Arc<ServerConfig>) {
    let (mut client, mut server) = pair_of(client, server);
    let mut note = |key: String, value: String| notes.text(format_args!("{name}, {key}"), value);
    note("parameters before".into(), format!("{:?}", client.quic_transport_parameters()));
    for step in 0..8 {
        let (side, from, to) = if step % 2 == 0 {
            ("client", &mut client, &mut server)
        } else {
            ("server", &mut server, &mut client)
        };
        let mut silent = true;
        for call in 0..5 {
            let mut bytes = Vec::new();
            let keys = from.write_hs(&mut bytes);
            if bytes.is_empty() && keys.is_none() {
                break;
            }
            silent = false;
            note(
                format!("step {step} of the {side}, write {call}"),
                format!("{:?}, then keys: {}", types_of(&bytes), change(&keys)),
            );
            note(
                format!("step {step} of the {side}, write {call}, read"),
                format!("{:?}", to.read_hs(&bytes)),
            );
        }
        note(
            format!("step {step} of the {side}"),
            format!("{} {:?}", from.is_handshaking(), from.handshake_kind()),
        );
        if silent {
            break;
        }
    }
    note("client sees".into(), format!("{:?}", client.quic_transport_parameters()));
    note("server sees".into(), format!("{:?}", server.quic_transport_parameters()));
    note("alerts".into(), format!("{:?} {:?}", client.alert(), server.alert()));
    note(
        "0-RTT keys".into(),
        format!("{} {}", client.zero_rtt_keys().is_some(), server.zero_rtt_keys().is_some()),
    );
    note("wants".into(), format!("{} {}", client.wants_write(), client.wants_read()));
    if let Connection::Client(client) = &client {
        note("tickets".into(), client.tls13_tickets_received().to_string());
        note("early data accepted".into(), client.is_early_data_accepted().to_string());
    }
}

fn misused(world: &World, notes: &mut Notes, client: &Arc<ClientConfig>, server: &Arc<ServerConfig>) {
    let old_client = Arc::new(client_config(world, &[&TLS12]));
    let old_server = Arc::new(server_config(world, &[&TLS12]));
    notes.value(
        "client of 1.2",
        ClientConnection::new(old_client, Version::V1, localhost(), vec![]).map(drop),
    );
    notes.value("server of 1.2", ServerConnection::new(old_server, Version::V1, vec![]).map(drop));
    let mut sized = server_config(world, &[&TLS13]);
    for size in [0, 1, u32::MAX - 1, u32::MAX] {
        sized.max_early_data_size = size;
        notes.value(
            format_args!("server with early data of {size}"),
            ServerConnection::new(sized.clone().into(), Version::V1, vec![]).map(drop),
        );
    }
    let cases: [(&str, &[u8]); 6] = [
        ("nothing", &[]),
        ("half a head", &[1, 0]),
        ("another message", &[14, 0, 0, 0]),
        ("a key update", &[24, 0, 0, 1, 0]),
        ("a hello of nothing", &[1, 0, 0, 0]),
        ("an unknown type", &[99, 0, 0, 0]),
    ];
    for (case, bytes) in cases {
        let (mut client, mut server) = pair_of(client, server);
        notes.value(format_args!("server, {case}"), (server.read_hs(bytes), server.alert()));
        client.write_hs(&mut Vec::new());
        notes.value(format_args!("client, {case}"), (client.read_hs(bytes), client.alert()));
    }
    let exported = pair_of(client, server).0.export_keying_material([0; 8], b"x", None).map(drop);
    notes.value("export before", exported);
    // A key update behind the handshake.
    let (mut client, mut server) = pair_of(client, server);
    for _ in 0..6 {
        for (from, to) in [(&mut client, &mut server)] {
            let mut bytes = Vec::new();
            while from.write_hs(&mut bytes).is_some() {}
            to.read_hs(&bytes).unwrap();
            let mut bytes = Vec::new();
            while to.write_hs(&mut bytes).is_some() {
                from.read_hs(&std::mem::take(&mut bytes)).unwrap();
            }
            from.read_hs(&bytes).unwrap();
        }
    }
    notes.value("both are through", (client.is_handshaking(), server.is_handshaking()));
    notes.value("a key update behind the handshake", (client.read_hs(&[24, 0, 0, 1, 0]), client.alert()));
    notes.value("protocol", (server.protocol_version(), server.alpn_protocol()));

    let (mut client_config, mut server_config) = configs(world, &TLS13);
    client_config.alpn_protocols = vec![b"a".to_vec()];
    server_config.alpn_protocols = vec![b"b".to_vec()];
    let (mut client, mut server) = pair_of(&client_config.into(), &server_config.into());
    let mut bytes = Vec::new();
    client.write_hs(&mut bytes);
    notes.value("no protocol in common", (server.read_hs(&bytes), server.alert()));
    let (client_config, mut server_config) = configs(world, &TLS13);
    server_config.alpn_protocols = vec![b"b".to_vec()];
    let (mut client, mut server) = pair_of(&client_config.into(), &server_config.into());
    let mut bytes = Vec::new();
    client.write_hs(&mut bytes);
    notes.value("no protocol at all", (server.read_hs(&bytes), server.alert()));
}

fn early(world: &World, notes: &mut Notes) {
    let (mut client_config, mut server_config) = configs(world, &TLS13);
    client_config.enable_early_data = true;
    server_config.max_early_data_size = u32::MAX;
    let (client_config, server_config) = (Arc::new(client_config), Arc::new(server_config));
    handshake(notes, "early, first", &client_config, &server_config);
    let (mut client, mut server) = pair_of(&client_config, &server_config);
    notes.value("early keys at once", client.zero_rtt_keys().is_some());
    let mut bytes = Vec::new();
    client.write_hs(&mut bytes);
    notes.value("early keys, then", client.zero_rtt_keys().is_some());
    notes.value("early, server", (server.read_hs(&bytes), server.zero_rtt_keys().is_some()));
    notes.value(
        "early, the name",
        match &server {
            Connection::Server(server) => server.server_name().map(str::to_owned),
            Connection::Client(_) => None,
        },
    );
}
