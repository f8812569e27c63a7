//! Bytes that are wrong: the error, the alert, and what the connection is afterwards.

use std::sync::Arc;

use tls::crypto::{CryptoProvider, aws_lc_rs};
use tls::version::{TLS12, TLS13};
use tls::{ClientConfig, ServerConfig};
use world::{Notes, World};

use crate::base::*;

pub fn run(world: &World, notes: &mut Notes) {
    first_bytes(world, notes);
    behind_the_handshake(world, notes);
    nothing_in_common(world, notes);
    spoilt_hellos(world, notes);
}

/// What a side that has heard nothing says to what it cannot use.
fn first_bytes(world: &World, notes: &mut Notes) {
    let long = |length: u16| [&[22, 3, 3][..], &length.to_be_bytes(), &vec![0; length.into()]].concat();
    let cases: [(&str, Vec<u8>); 22] = [
        ("http", b"GET / HTTP/1.0\r\n\r\n".to_vec()),
        ("zeros", vec![0; 20]),
        ("type 99", vec![99, 3, 3, 0, 1, 0]),
        ("version 2.0", vec![22, 2, 0, 0, 1, 0]),
        ("version 9.9", vec![22, 9, 9, 0, 1, 0]),
        ("empty handshake record", record(22, &[])),
        ("empty alert", record(21, &[])),
        ("long alert", record(21, &[2, 40, 0])),
        ("empty data", record(23, &[])),
        ("data", record(23, b"hello")),
        ("heartbeat", record(24, &[1, 0, 0])),
        ("fatal alert", record(21, &[2, 40])),
        ("fatal alert without a name", record(21, &[2, 177])),
        ("warning alert", record(21, &[1, 90])),
        ("unrecognized_name as a warning", record(21, &[1, 112])),
        ("alert of level 3", record(21, &[3, 40])),
        ("close_notify", record(21, &[1, 0])),
        ("change_cipher_spec", record(20, &[1])),
        ("spoilt change_cipher_spec", record(20, &[2])),
        ("record of 16384 zeros", long(16384)),
        ("record of 18433 bytes", long(18433)),
        ("message of 16 MB announced", record(22, &[1, 0xff, 0xff, 0xff, 0])),
    ];
    let (client_config, server_config) = (
        Arc::new(client_config(world, &[&TLS13, &TLS12])),
        Arc::new(server_config(world, &[&TLS13, &TLS12])),
    );
    for (case, bytes) in cases {
        let mut server = server(&server_config);
        let result = feed(&mut server, &bytes);
        notes.text(format_args!("server, {case}"), state(&result));
        notes.value(format_args!("server, {case}, says"), records(&take(&mut server)));
        notes.text(format_args!("server, {case}, then"), wishes(&server));
        notes.text(format_args!("server, {case}, again"), state(&server.process_new_packets()));

        let mut client = client(&client_config);
        take(&mut client);
        let result = feed(&mut client, &bytes);
        notes.text(format_args!("client, {case}"), state(&result));
        notes.value(format_args!("client, {case}, says"), records(&take(&mut client)));
        notes.text(format_args!("client, {case}, then"), wishes(&client));
    }
}

/// The same, where records are under keys.
fn behind_the_handshake(world: &World, notes: &mut Notes) {
    let cases: [(&str, Vec<u8>); 8] = [
        ("data that does not open", record(23, &[7; 40])),
        ("short data", record(23, &[7; 8])),
        ("plain alert", record(21, &[2, 40])),
        ("plain close_notify", record(21, &[1, 0])),
        ("plain handshake message", record(22, &[0, 0, 0, 0])),
        ("change_cipher_spec", record(20, &[1])),
        ("type 99", vec![99, 3, 3, 0, 1, 0]),
        ("record of 18433 bytes", [&[23, 3, 3, 0x48, 0x01][..], &[0; 18433]].concat()),
    ];
    for (version, which) in BOTH {
        for (case, bytes) in &cases {
            let (mut client, mut server) = connected(world, which);
            notes.text(format_args!("{version}, server, {case}"), state(&feed(&mut server, bytes)));
            let said = take(&mut server);
            let heard = if said.is_empty() { "nothing".into() } else { state(&feed(&mut client, &said)) };
            notes.text(format_args!("{version}, server, {case}, the client hears"), heard);
            let (mut client, mut server) = connected(world, which);
            notes.text(format_args!("{version}, client, {case}"), state(&feed(&mut client, bytes)));
            let said = take(&mut client);
            let heard = if said.is_empty() { "nothing".into() } else { state(&feed(&mut server, &said)) };
            notes.text(format_args!("{version}, client, {case}, the server hears"), heard);
        }
    }
}

fn nothing_in_common(world: &World, notes: &mut Notes) {
    let with = |change: &dyn Fn(&mut CryptoProvider)| {
        let mut provider = aws_lc_rs::default_provider();
        change(&mut provider);
        Arc::new(provider)
    };
    for (name, version) in BOTH {
        let suites: Vec<_> =
            aws_lc_rs::ALL_CIPHER_SUITES.iter().filter(|suite| suite.version() == version).copied().collect();
        let groups = [aws_lc_rs::kx_group::X25519, aws_lc_rs::kx_group::SECP384R1];
        let suite = |at: usize| with(&|p: &mut CryptoProvider| p.cipher_suites = vec![suites[at]]);
        let group = |at: usize| with(&|p: &mut CryptoProvider| p.kx_groups = vec![groups[at]]);
        for (case, client_has, server_has) in [("suites", suite(0), suite(1)), ("groups", group(0), group(1))]
        {
            let client = ClientConfig::builder_with_provider(client_has)
                .with_protocol_versions(&[version])
                .unwrap()
                .with_root_certificates(roots(world))
                .with_no_client_auth();
            let server = ServerConfig::builder_with_provider(server_has)
                .with_protocol_versions(&[version])
                .unwrap()
                .with_no_client_auth()
                .with_single_cert(world.good.chain.clone(), world.good.key.clone_key())
                .unwrap();
            let (mut client, mut server) = pair(client, server);
            notes.value(format_args!("{name}, no {case} in common"), outcomes(&mut client, &mut server));
        }
        let (mut client, mut server) = configs(world, version);
        client.alpn_protocols = vec![b"a".to_vec()];
        server.alpn_protocols = vec![b"b".to_vec()];
        let (mut client, mut server) = pair(client, server);
        notes.value(format_args!("{name}, no protocol in common"), outcomes(&mut client, &mut server));
        let (mut client, mut server) = configs(world, version);
        client.alpn_protocols = vec![b"a".to_vec()];
        server.alpn_protocols.clear();
        let (mut client, mut server) = pair(client, server);
        notes.value(format_args!("{name}, a server without protocols"), outcomes(&mut client, &mut server));
    }
    for (case, offered, had) in [("1.3 for 1.2", &TLS13, &TLS12), ("1.2 for 1.3", &TLS12, &TLS13)] {
        let (mut client, mut server) = pair(client_config(world, &[offered]), server_config(world, &[had]));
        notes.value(format_args!("version {case}"), outcomes(&mut client, &mut server));
    }
}

/// A hello of ours, changed where every hello has the same place.
fn spoilt_hellos(world: &World, notes: &mut Notes) {
    for (name, version) in BOTH {
        let config = Arc::new(client_config(world, &[version]));
        let server_config = Arc::new(server_config(world, &[version]));
        let hello = take(&mut client(&config));
        let changed = |change: &dyn Fn(&mut Vec<u8>)| {
            let mut hello = hello.clone();
            change(&mut hello);
            hello
        };
        // Behind the record's head: type, length, version, random, and the length of the session id.
        let cases: [(&str, Vec<u8>); 6] = [
            ("another type", changed(&|h| h[5] = 2)),
            ("version 3.0", changed(&|h| h[10] = 0)),
            ("version 3.4", changed(&|h| h[10] = 4)),
            ("a session id of 33 bytes", changed(&|h| h[43] = 33)),
            ("cut short", {
                let mut short = hello[..hello.len() - 1].to_vec();
                let length = u16::try_from(short.len() - 5).unwrap().to_be_bytes();
                short[3..5].copy_from_slice(&length);
                let length = u16::try_from(short.len() - 9).unwrap().to_be_bytes();
                short[7..9].copy_from_slice(&length);
                short
            }),
            ("twice", [&hello[..], &hello].concat()),
        ];
        for (case, bytes) in cases {
            let mut server = server(&server_config);
            let result = feed(&mut server, &bytes);
            notes.text(format_args!("{name}, hello, {case}"), state(&result));
            let said = records(&take(&mut server));
            let alert = said.iter().find(|record| record.starts_with("21"));
            notes.value(format_args!("{name}, hello, {case}, says"), alert);
        }
    }
}
