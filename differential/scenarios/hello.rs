//! The bytes of a client's hello, and what stands first in a server's.

use std::sync::Arc;

use tls::ClientConfig;
use tls::version::{TLS12, TLS13};
use world::{Notes, World};

use crate::base::*;

pub fn run(world: &World, notes: &mut Notes) {
    let cases = [
        ("both", client_config(world, tls::DEFAULT_VERSIONS)),
        ("1.3", client_config(world, &[&TLS13])),
        ("1.2", client_config(world, &[&TLS12])),
        ("with much", much(client_config(world, tls::DEFAULT_VERSIONS))),
    ];
    for (case, config) in cases {
        let bytes = take(&mut client(&Arc::new(config)));
        let hello = Hello::parse(&bytes);
        notes.text(format_args!("{case}, record"), format_args!("{}.{}", bytes[1], bytes[2]));
        notes.value(format_args!("{case}, version"), hello.version);
        notes.value(format_args!("{case}, session id"), hello.session_id);
        notes.value(format_args!("{case}, suites"), honest(&hello.suites));
        notes.value(format_args!("{case}, compression"), hello.compression);
        let mut kinds: Vec<u16> =
            hello.extensions.iter().map(|(kind, _)| *kind).filter(|k| !grease(*k)).collect();
        notes.value(format_args!("{case}, last extension is of a PSK"), kinds.last() == Some(&41));
        kinds.sort_unstable();
        notes.value(format_args!("{case}, extensions"), &kinds);
        for (kind, body) in &hello.extensions {
            match kind {
                // server_name, status_request, supported_groups, point formats, signature schemes, ALPN, versions, PSK modes
                10 | 13 => {
                    notes.value(format_args!("{case}, extension {kind}"), honest(&numbers(&body[2..])));
                }
                43 => notes.value(format_args!("{case}, extension 43"), honest(&numbers(&body[1..]))),
                0 | 5 | 11 | 16 | 23 | 27 | 35 | 45 | 58 => {
                    notes.value(format_args!("{case}, extension {kind}"), body);
                }
                51 => notes.value(format_args!("{case}, shares"), shares(body)),
                _ => {}
            }
        }
    }
    server(world, notes);
}

fn much(mut config: ClientConfig) -> ClientConfig {
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    config.enable_early_data = true;
    config
}

struct Hello {
    version: [u8; 2],
    session_id: usize,
    suites: Vec<u16>,
    compression: Vec<u8>,
    extensions: Vec<(u16, Vec<u8>)>,
}

fn numbers(bytes: &[u8]) -> Vec<u16> {
    bytes.chunks_exact(2).map(|two| u16::from_be_bytes([two[0], two[1]])).collect()
}

/// RFC 8701: values that stand there so that peers get used to unknown ones.
fn grease(number: u16) -> bool {
    number & 0x0f0f == 0x0a0a && number >> 8 == number & 0xff
}

fn honest(all: &[u16]) -> Vec<String> {
    all.iter().filter(|number| !grease(**number)).map(|number| format!("{number:#06x}")).collect()
}

impl Hello {
    fn parse(record: &[u8]) -> Self {
        let mut rest = &record[9..];
        let mut next = |length: usize| {
            let (taken, left) = rest.split_at(length);
            rest = left;
            taken.to_vec()
        };
        let version = next(2).try_into().unwrap();
        next(32);
        let session_id = usize::from(next(1)[0]);
        next(session_id);
        let length = numbers(&next(2))[0];
        let suites = numbers(&next(length.into()));
        let length = next(1)[0];
        let compression = next(length.into());
        let mut left = numbers(&next(2))[0];
        let mut extensions = Vec::new();
        while left > 0 {
            let head = numbers(&next(4));
            extensions.push((head[0], next(head[1].into())));
            left -= 4 + head[1];
        }
        Self { version, session_id, suites, compression, extensions }
    }
}

fn shares(body: &[u8]) -> Vec<(String, usize)> {
    let (mut rest, mut shares) = (&body[2..], Vec::new());
    while let [g0, g1, l0, l1, tail @ ..] = rest {
        let (group, length) = (u16::from_be_bytes([*g0, *g1]), usize::from(u16::from_be_bytes([*l0, *l1])));
        if !grease(group) {
            shares.push((format!("{group:#06x}"), length));
        }
        rest = &tail[length..];
    }
    shares
}

fn server(world: &World, notes: &mut Notes) {
    for (name, version) in BOTH {
        let (client_config, server_config) = configs(world, version);
        let (mut client, mut server) = pair(client_config, server_config);
        feed(&mut server, &take(&mut client)).unwrap();
        let bytes = take(&mut server);
        notes.value(format_args!("{name}, server, version"), &bytes[9..11]);
        let session_id = usize::from(bytes[43]);
        notes.value(format_args!("{name}, server, session id"), session_id);
        let rest = &bytes[44 + session_id..];
        notes.value(format_args!("{name}, server, suite"), honest(&numbers(&rest[..2])));
        let length = usize::from(numbers(&rest[3..5])[0]);
        let (mut extensions, mut kinds) = (&rest[5..5 + length], Vec::new());
        while let [k0, k1, l0, l1, tail @ ..] = extensions {
            kinds.push(u16::from_be_bytes([*k0, *k1]));
            extensions = &tail[usize::from(u16::from_be_bytes([*l0, *l1]))..];
        }
        kinds.sort_unstable();
        notes.value(format_args!("{name}, server, extensions"), kinds);
    }
}
