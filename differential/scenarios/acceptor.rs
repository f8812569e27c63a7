//! A server that reads the hello before it has a config.

use std::sync::Arc;

use tls::server::Acceptor;
use tls::version::TLS13;
use world::{Notes, World};

use crate::base::*;

pub fn run(world: &World, notes: &mut Notes) {
    hello(world, notes);
    refused(world, notes);
    misused(world, notes);
    unknown(notes);
}

fn accept(acceptor: &mut Acceptor, mut bytes: &[u8]) -> String {
    while !bytes.is_empty() {
        match acceptor.read_tls(&mut bytes) {
            Ok(0) => break,
            Ok(_) => {}
            error => return outcome(error),
        }
        match acceptor.accept() {
            Ok(None) => {}
            Ok(Some(_)) => return "accepted".into(),
            Err((error, mut alert)) => {
                let mut said = Vec::new();
                alert.write_all(&mut said).unwrap();
                return format!("{error:?}, alert {:?}", records(&said));
            }
        }
    }
    "waits".into()
}

fn hello(world: &World, notes: &mut Notes) {
    let mut config = client_config(world, &[&TLS13]);
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    let mut client = client(&Arc::new(config));
    let bytes = take(&mut client);

    let mut acceptor = Acceptor::default();
    notes.value("accept before bytes", acceptor.accept().map(|a| a.is_some()).map_err(|(e, _)| e));
    acceptor.read_tls(&mut &bytes[..bytes.len() - 1]).unwrap();
    notes.value("accept before the last byte", acceptor.accept().map(|a| a.is_some()).map_err(|(e, _)| e));
    acceptor.read_tls(&mut &bytes[bytes.len() - 1..]).unwrap();
    let accepted = acceptor.accept().map_err(|(e, _)| e).unwrap().unwrap();
    let hello = accepted.client_hello();
    notes.value("name", hello.server_name());
    notes.value("protocols", hello.alpn().map(|all| all.map(<[u8]>::to_vec).collect::<Vec<_>>()));
    notes.value("authorities", hello.certificate_authorities());
    notes.value("client's certificate types", hello.client_cert_types());
    notes.value("server's certificate types", hello.server_cert_types());

    let mut server =
        accepted.into_connection(Arc::new(server_config(world, &[&TLS13]))).map_err(|(e, _)| e).unwrap();
    shake(&mut client, &mut server).unwrap();
    notes.text("goes on", wishes(&server));
}

fn refused(world: &World, notes: &mut Notes) {
    let hello = |version| take(&mut client(&Arc::new(client_config(world, &[version]))));
    let cases: [(&str, Vec<u8>); 7] = [
        ("http", b"GET / HTTP/1.0\r\n\r\n".to_vec()),
        ("empty handshake record", record(22, &[])),
        ("application data", record(23, b"hello")),
        ("alert", record(21, &[2, 40])),
        ("close_notify", record(21, &[1, 0])),
        ("another message", record(22, &[14, 0, 0, 0])),
        ("a hello of nothing", record(22, &[1, 0, 0, 0])),
    ];
    for (case, bytes) in cases {
        notes.text(format_args!("{case}"), accept(&mut Acceptor::default(), &bytes));
    }
    // The config comes late, and then does not fit.
    for (case, offered, had) in [("1.2 for 1.3", 1, 0), ("1.3 for 1.2", 0, 1)] {
        let mut acceptor = Acceptor::default();
        acceptor.read_tls(&mut &hello(BOTH[offered].1)[..]).unwrap();
        let accepted = acceptor.accept().map_err(|(e, _)| e).unwrap().unwrap();
        let error = accepted.into_connection(Arc::new(server_config(world, &[BOTH[had].1])));
        notes.text(
            case,
            match error {
                Ok(conn) => wishes(&conn),
                Err((error, mut alert)) => {
                    let mut said = Vec::new();
                    let first = alert.write(&mut said).unwrap();
                    let then = alert.write(&mut said).unwrap();
                    format!("{error:?}, alert {:?} in {first} and {then} bytes", records(&said))
                }
            },
        );
    }
}

fn misused(world: &World, notes: &mut Notes) {
    let bytes = take(&mut client(&Arc::new(client_config(world, &[&TLS13]))));
    let mut acceptor = Acceptor::default();
    notes.text("hello", accept(&mut acceptor, &bytes));
    notes.value("accept again", acceptor.accept().map(|a| a.is_some()).map_err(|(e, _)| e));
    notes.text("read again", outcome(acceptor.read_tls(&mut &bytes[..])));
}

/// A hello made by hand, with values that nobody knows, some of them GREASE (RFC 8701).
fn unknown(notes: &mut Notes) {
    let list = |numbers: &[u16]| numbers.iter().flat_map(|n| n.to_be_bytes()).collect::<Vec<u8>>();
    let sized = |bytes: Vec<u8>| [&u16::try_from(bytes.len()).unwrap().to_be_bytes()[..], &bytes].concat();
    let extension = |kind: u16, body: Vec<u8>| [&kind.to_be_bytes()[..], &sized(body)].concat();
    let suites = list(&[0x2a2a, 0x1301, 0x1234]);
    let groups = list(&[0x3a3a, 0x001d, 0x4321]);
    let schemes = list(&[0x4a4a, 0x0403, 0x2345, 0x0804]);
    let extensions = [
        extension(0x1a1a, Vec::new()),
        extension(10, sized(groups)),
        extension(13, sized(schemes.clone())),
        extension(43, [&[4][..], &list(&[0x5a5a, 0x0304])].concat()),
        extension(50, sized(schemes)),
        extension(51, sized([&list(&[0x001d])[..], &sized(vec![9; 32])].concat())),
    ];
    let hello =
        [&[3, 3][..], &[7; 32], &[0], &sized(suites), &[1, 0], &sized(extensions.concat())].concat();
    let length = u32::try_from(hello.len()).unwrap().to_be_bytes();
    let mut acceptor = Acceptor::default();
    acceptor.read_tls(&mut &record(22, &[&[1], &length[1..], &hello].concat())[..]).unwrap();
    let accepted = acceptor.accept().map_err(|(e, _)| e).unwrap().unwrap();
    let hello = accepted.client_hello();
    notes.value("unknown among schemes", hello.signature_schemes());
    notes.value("unknown among suites", hello.cipher_suites());
    notes.value("unknown among groups", hello.named_groups());
}
