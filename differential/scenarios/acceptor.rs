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
