//! Handshakes and bulk transfer in memory, one thread doing both ends. `cargo bench -p chitin`.

use std::io::{Read, Write};
use std::sync::{Arc, LazyLock};

use chitin::{ClientConfig, HandshakeKind, ServerConfig};
use divan::Bencher;
use divan::counter::BytesCount;
use testkit::configs::{ClientOpts, ServerOpts, client_config, server_config};
use testkit::pair::Pair;
use testkit::pki::{KeyType, Pki};

fn main() {
    divan::main();
}

static CONFIGS: LazyLock<(Arc<ClientConfig>, Arc<ServerConfig>)> = LazyLock::new(|| {
    let pki = Pki::new();
    let client = client_config(pki.root.store(), &ClientOpts::default());
    let server =
        server_config(&pki.server(KeyType::P256), &ServerOpts { ticketer: true, ..ServerOpts::default() });
    (Arc::new(client), Arc::new(server))
});

fn connected(client: &Arc<ClientConfig>) -> Pair {
    let mut pair = Pair::new(client.clone(), CONFIGS.1.clone());
    pair.handshake().unwrap();
    pair
}

/// Both ends of a full handshake: X25519MLKEM768, P-256 certificates, two tickets.
#[divan::bench]
fn full_handshake(bencher: Bencher<'_, '_>) {
    let mut client = (*CONFIGS.0).clone();
    client.resumption = chitin::client::Resumption::disabled();
    let client = Arc::new(client);
    bencher.bench(|| {
        let pair = connected(&client);
        assert_ne!(pair.client.handshake_kind(), Some(HandshakeKind::Resumed));
    });
}

/// Both ends of a handshake from a ticket.
#[divan::bench]
fn resumed_handshake(bencher: Bencher<'_, '_>) {
    connected(&CONFIGS.0);
    bencher.bench(|| {
        let pair = connected(&CONFIGS.0);
        assert_eq!(pair.client.handshake_kind(), Some(HandshakeKind::Resumed));
    });
}

const RECORDS: usize = 64;

/// Sealing alone: into a sink.
#[divan::bench(args = [1024, 16 * 1024])]
fn send(bencher: Bencher<'_, '_>, len: usize) {
    let mut client = connected(&CONFIGS.0).client;
    let data = vec![7; len];
    bencher.counter(BytesCount::new(len * RECORDS)).bench_local(|| {
        for _ in 0..RECORDS {
            client.writer().write_all(&data).unwrap();
            client.write_tls(&mut std::io::sink()).unwrap();
        }
    });
}

/// Opening alone: records that were sealed beforehand, read through a slice.
#[divan::bench(args = [1024, 16 * 1024])]
fn receive(bencher: Bencher<'_, '_>, len: usize) {
    let data = vec![7; len];
    let mut out = vec![0; len];
    let (mut client, mut server) = {
        let pair = connected(&CONFIGS.0);
        (pair.client, pair.server)
    };
    let mut wire = Vec::new();
    bencher
        .with_inputs(|| {
            wire.clear();
            for _ in 0..RECORDS {
                client.writer().write_all(&data).unwrap();
                client.write_tls(&mut wire).unwrap();
            }
            wire.clone()
        })
        .counter(BytesCount::new(len * RECORDS))
        .bench_local_refs(|wire| {
            let mut rest = &wire[..];
            let mut got = 0;
            while got < len * RECORDS {
                if !rest.is_empty() {
                    server.read_tls(&mut rest).unwrap();
                    server.process_new_packets().unwrap();
                }
                while let Ok(n @ 1..) = server.reader().read(&mut out) {
                    got += n;
                }
            }
        });
}
