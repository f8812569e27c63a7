//! Connections through memory: each keeps both its ends, and they are all open at the same time.

use std::fs;
use std::io::{Read, Write};
use std::sync::Arc;
use std::time::Instant;

use ::aws_lc_rs::rand::SystemRandom;
use ::aws_lc_rs::signature::{
    ECDSA_P256_SHA256_ASN1, ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, KeyPair as _, UnparsedPublicKey,
};
use alloc_counter::Spent;
use chitin::crypto::aws_lc_rs;
use chitin::pki_types::{PrivateKeyDer, ServerName};
use chitin::{ClientConfig, ClientConnection, RootCertStore, ServerConfig, ServerConnection};
use rcgen::{CertificateParams, KeyPair};

use crate::{hold, plot, time};

/// Where the figures are taken.
const MARKS: [usize; 7] = [1000, 2000, 5000, 10_000, 20_000, 50_000, 100_000];

/// Handshakes in a measurement: the last before a mark.
const BATCH: usize = 500;

/// Handshakes in a turn, and signatures made and verified in the turns of the control on both sides of it.
const TURN: usize = 5;

struct Mark {
    connections: usize,
    heap: f64,
    resident: f64,
    micros: f64,
    /// A handshake as a multiple of a signature that is made and verified.
    against: f64,
    echo: f64,
}

pub fn run(most: usize, svg: Option<&str>) -> bool {
    let (client, server) = configs();
    let control = control();
    // What the first handshake sets up stays out of the figures.
    (0..200).for_each(|_| drop(connect(&client, &server)));
    let mut open = Vec::with_capacity(most);
    let (mut spent, resident) = (Spent::default(), time::resident());
    let mut marks: Vec<Mark> = Vec::new();
    println!(
        "connections  heap of a pair  memory of a pair  handshake  against the control  64 bytes there and back"
    );
    // The heap is that of Rust; the memory is what the process has of the system for each pair, C and slack included.
    for count in MARKS.into_iter().filter(|count| *count <= most) {
        spent.on(|| open.extend((open.len()..count - BATCH).map(|_| connect(&client, &server))));
        let (micros, against) = in_turns(BATCH / TURN, &control, || {
            spent.on(|| open.extend((0..TURN).map(|_| connect(&client, &server))));
        });
        let mark = Mark {
            connections: count,
            heap: spent.live as f64 / count as f64,
            resident: (time::resident().saturating_sub(resident)) as f64 / count as f64,
            micros,
            against,
            echo: echo_on_old_and_new(&mut open),
        };
        println!(
            "{:>11}  {:>8.0} bytes  {:>10.0} bytes  {:>6.0} us  {:>19.3}  {:>20.2} us",
            mark.connections, mark.heap, mark.resident, mark.micros, mark.against, mark.echo
        );
        marks.push(mark);
    }
    let (Some(first), Some(last)) = (marks.first(), marks.last()) else { return false };
    if let Some(file) = svg {
        let curve = |of: fn(&Mark) -> f64| marks.iter().map(|mark| (mark.connections, of(mark))).collect();
        let drawn = plot::draw(&[
            ("heap of a connection, both ends, bytes", curve(|mark| mark.heap)),
            (
                "a full handshake, both ends, percent of a signature made and verified",
                curve(|mark| 100.0 * mark.against),
            ),
        ]);
        fs::write(file, drawn).unwrap_or_else(|error| panic!("{file}: {error}"));
    }
    let heap = hold("heap of a connection against that at the first mark", last.heap / first.heap, 0.9, 1.02);
    let least = marks.iter().map(|mark| mark.against).fold(f64::MAX, f64::min);
    let most = marks.iter().map(|mark| mark.against).fold(0.0, f64::max);
    let times = hold("the slowest handshake of all marks against the fastest", most / least, 1.0, 1.1);
    let resident = hold(
        "memory of a connection against that at the first mark",
        last.resident / first.resident,
        0.5,
        1.05,
    );
    heap && resident && times
}

/// Does `turn` so many times, and the control before and behind each. What a handshake takes in microseconds, and as a multiple of the
/// control: the processor goes faster and slower, and others use it, which both see alike. The median of each.
fn in_turns(turns: usize, control: &impl Fn(), mut turn: impl FnMut()) -> (f64, f64) {
    let time = |work: &mut dyn FnMut()| {
        let start = Instant::now();
        work();
        start.elapsed().as_secs_f64() * 1e6 / TURN as f64
    };
    let of_control = || time(&mut || (0..TURN).for_each(|_| control()));
    let mut before = of_control();
    let both = (0..turns).map(|_| {
        let there = time(&mut turn);
        let behind = of_control();
        let against = there / ((before + behind) / 2.0);
        before = behind;
        (there, against)
    });
    let (micros, against) = both.unzip();
    (time::median(micros), time::median(against))
}

/// What nothing that grows can slow down: a signature, made and verified.
fn control() -> impl Fn() {
    let random = SystemRandom::new();
    let key = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_ASN1_SIGNING).unwrap();
    let public = UnparsedPublicKey::new(&ECDSA_P256_SHA256_ASN1, key.public_key().as_ref().to_vec());
    move || {
        let signature = key.sign(&random, &[7; 64]).unwrap();
        public.verify(&[7; 64], signature.as_ref()).unwrap();
    }
}

/// Data on connections of all ages: a table or list that grows with their number would show.
fn echo_on_old_and_new(open: &mut [(ClientConnection, ServerConnection)]) -> f64 {
    let step = open.len() / 200;
    let mut spent = Vec::new();
    for (client, server) in open.iter_mut().step_by(step) {
        let start = Instant::now();
        for _ in 0..4 {
            client.writer().write_all(&[7; 64]).unwrap();
            pump(client, server);
            let mut received = [0; 64];
            server.reader().read_exact(&mut received).unwrap();
            server.writer().write_all(&received).unwrap();
            pump(client, server);
            client.reader().read_exact(&mut received).unwrap();
            assert_eq!(received, [7; 64]);
        }
        spent.push(start.elapsed().as_secs_f64() * 1e6 / 4.0);
    }
    time::undisturbed(spent)
}

fn configs() -> (Arc<ClientConfig>, Arc<ServerConfig>) {
    let key = KeyPair::generate().unwrap();
    let certificate = CertificateParams::new(vec!["localhost".into()]).unwrap().self_signed(&key).unwrap();
    let mut roots = RootCertStore::empty();
    roots.add(certificate.der().clone()).unwrap();
    let client = ClientConfig::builder().with_root_certificates(roots).with_no_client_auth();
    let mut server = ServerConfig::builder()
        .with_no_client_auth()
        .with_single_cert(vec![certificate.der().clone()], PrivateKeyDer::Pkcs8(key.serialize_der().into()))
        .unwrap();
    server.ticketer = aws_lc_rs::Ticketer::new().unwrap();
    let mut client = client;
    // Each handshake is a full one: this is about connections.
    client.resumption = chitin::client::Resumption::disabled();
    (Arc::new(client), Arc::new(server))
}

fn connect(client: &Arc<ClientConfig>, server: &Arc<ServerConfig>) -> (ClientConnection, ServerConnection) {
    let name = ServerName::try_from("localhost").unwrap();
    let mut client = ClientConnection::new(client.clone(), name).unwrap();
    let mut server = ServerConnection::new(server.clone()).unwrap();
    while client.is_handshaking() || server.is_handshaking() {
        pump(&mut client, &mut server);
    }
    // The tickets.
    pump(&mut client, &mut server);
    (client, server)
}

fn pump(client: &mut ClientConnection, server: &mut ServerConnection) {
    let mut wire = [0; 8192];
    let mut sent = 0;
    while client.wants_write() {
        sent += client.write_tls(&mut &mut wire[sent..]).unwrap();
    }
    let mut rest = &wire[..sent];
    while !rest.is_empty() {
        server.read_tls(&mut rest).unwrap();
        server.process_new_packets().unwrap();
    }
    sent = 0;
    while server.wants_write() {
        sent += server.write_tls(&mut &mut wire[sent..]).unwrap();
    }
    let mut rest = &wire[..sent];
    while !rest.is_empty() {
        client.read_tls(&mut rest).unwrap();
        client.process_new_packets().unwrap();
    }
}
