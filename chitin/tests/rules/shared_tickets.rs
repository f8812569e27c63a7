//! Sessions across servers that know nothing of each other but the keys of their tickets.

use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};
use std::sync::Arc;

use chitin::HandshakeKind::{Full, Resumed};
use chitin::crypto::aws_lc_rs::SharedTicketer;
use chitin::version::{TLS12, TLS13};
use chitin::{ClientConfig, ServerConfig, SupportedProtocolVersion};
use testkit::configs::{ClientOpts, client_config};
use testkit::net::{Link, listen};

use crate::common::*;

const VERSIONS: [&SupportedProtocolVersion; 2] = [&TLS13, &TLS12];
const OLD: [u8; 32] = [1; 32];
const NEW: [u8; 32] = [2; 32];

fn client_of(version: &'static SupportedProtocolVersion) -> Arc<ClientConfig> {
    let opts = ClientOpts { versions: vec![version], ..ClientOpts::default() };
    Arc::new(client_config(roots(), &opts))
}

/// A config of its own, as another process makes it.
fn server_with_keys(keys: &[[u8; 32]]) -> Arc<ServerConfig> {
    let mut server = server();
    server.ticketer = SharedTicketer::new(3600, keys).unwrap();
    Arc::new(server)
}

#[test]
fn a_session_is_resumed_by_every_server_that_has_its_key() {
    for version in VERSIONS {
        let client = client_of(version);
        assert_eq!(kind(&client, &server_with_keys(&[OLD])), Full);
        let pair = shake(&client, &server_with_keys(&[NEW, OLD]));
        assert_eq!(pair.client.protocol_version(), Some(version.version));
        assert_eq!(kind_of(&pair), Resumed);

        // One that has rotated makes tickets with the new key.
        let client = client_of(version);
        assert_eq!(kind(&client, &server_with_keys(&[NEW, OLD])), Full);
        assert_eq!(kind(&client, &server_with_keys(&[NEW])), Resumed);
        let client = client_of(version);
        assert_eq!(kind(&client, &server_with_keys(&[NEW, OLD])), Full);
        assert_eq!(kind(&client, &server_with_keys(&[OLD])), Full);
    }
}

/// Whatever the key opens: RFC 8446 section 4.6.1, and what `docs/differences.md` says of sessions.
#[test]
fn a_session_of_a_shared_key_is_bound_to_the_policy_all_the_same() {
    let client = client_of(&TLS13);
    assert_eq!(kind(&client, &server_with_keys(&[OLD])), Full);
    let mut asking = server_asking(optional(roots()));
    asking.ticketer = SharedTicketer::new(3600, &[OLD]).unwrap();
    assert_eq!(kind(&client, &Arc::new(asking)), Full);
}

/// Never early data: nobody could tell that another process has had it.
#[test]
fn a_shared_ticket_takes_no_early_data() {
    let mut client = (*client_of(&TLS13)).clone();
    client.enable_early_data = true;
    let mut server = (*server_with_keys(&[OLD])).clone();
    server.max_early_data_size = 1000;
    let (client, server) = (Arc::new(client), Arc::new(server));
    shake(&client, &server);
    assert!(testkit::pair::Pair::new(client, server).client.early_data().is_none());
}

/// Set for the other process, which is this test once more.
const OTHER: &str = "CHITIN_TEST_OTHER_SERVER";

#[test]
fn a_session_is_resumed_by_another_process() {
    if std::env::var_os(OTHER).is_some() {
        let (listener, addr) = listen();
        println!("\naddress {addr}");
        for _ in VERSIONS {
            let mut link = Link::server(&listener, server_with_keys(&[NEW, OLD]));
            link.handshake().unwrap();
            println!("\nkind {:?}", link.report().kind.unwrap());
            let _ = link.close();
        }
        return;
    }
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "shared_tickets::a_session_is_resumed_by_another_process", "--nocapture"])
        .env(OTHER, "1")
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let mut told = |what: &str| loop {
        let line = lines.next().expect("the other process has ended").unwrap();
        if let Some(rest) = line.strip_prefix(what) {
            return rest.to_owned();
        }
    };
    let addr = told("address ").parse().unwrap();
    for version in VERSIONS {
        // The certificate of the other process is one that this client would refuse: it makes its own.
        let client = client_of(version);
        assert_eq!(kind(&client, &server_with_keys(&[OLD])), Full);
        let mut link = Link::client(addr, client, "localhost");
        link.handshake().unwrap();
        let report = link.report();
        assert_eq!((report.version, report.kind), (Some(version.version), Some(Resumed)));
        assert_eq!(told("kind "), "Resumed");
        let _ = link.close();
    }
    assert!(child.wait().unwrap().success());
}
