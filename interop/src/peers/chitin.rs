//! Two servers of our own in two processes, which share ticket keys and nothing else: the second resumes what the first began.

use std::net::SocketAddr;

use chitin::crypto::aws_lc_rs::SharedTicketer;
use chitin::version::{TLS12, TLS13};
use testkit::args;
use testkit::configs::{ServerOpts, server_config};
use testkit::net::{Link, listen};
use testkit::peer::Peer;

use super::go::{listening, parse, report_line};
use super::{Client, Pins, Program, Row, Server};
use crate::case::{Case, Column, Keep, Role};
use crate::report::{Mute, Report};
use crate::site::{Credential, Site};

pub struct Chitin;

impl Program for Chitin {
    fn name(&self) -> &'static str {
        "chitin"
    }

    fn release(&self) -> String {
        "of this tree: two servers in two processes, the second with a newer ticket key before the shared one"
            .into()
    }

    fn lacks(&self, (role, _): Row, column: Column) -> Option<&'static str> {
        match (role, column) {
            (Role::Server, Column::Resumed) => None,
            _ => Some("two ends of ours meet in chitin/tests; here is what takes two servers"),
        }
    }

    fn lacks_case(&self, _: Row, case: &Case) -> Option<&'static str> {
        (case.keep == Keep::Store).then_some("a store is of one process; tickets are what two can share")
    }

    fn pins(&self, _: Row) -> Pins {
        Pins { version: true, suite: false }
    }

    fn mute(&self, _: Row, _: Column) -> Mute {
        &[]
    }

    fn serve(&self, site: &Site, case: &Case) -> Box<dyn Server> {
        let own = std::env::current_exe().expect("this program has a path");
        let files = &site.server(case.key).files;
        let servers = ["old", "new"].map(|keys| {
            let version = case.version.is("1.2", "1.3");
            let args = args!["--serve", keys, version, &files.chain, &files.key];
            let mut peer = Peer::spawn(&own.display().to_string(), &args);
            let address = listening(&mut peer);
            (peer, address)
        });
        Box::new(Serving { servers, number: 0 })
    }

    fn connect(&self, _: &Site, _: &Case, _: SocketAddr) -> Box<dyn Client> {
        unreachable!("chitin lacks that role")
    }
}

/// The first connection goes to the first server, the second to the second.
struct Serving {
    servers: [(Peer, SocketAddr); 2],
    number: usize,
}

impl Server for Serving {
    fn address(&self) -> SocketAddr {
        self.servers[self.number].1
    }

    fn report(&mut self) -> Report {
        let line = report_line(&mut self.servers[self.number].0, 0);
        self.number += 1;
        parse(&line)
    }
}

/// Is one of the two servers, for one connection: `old` or `new`, version, chain and key.
pub fn serve(words: &[String]) -> Option<()> {
    let [keys, version, chain, key] = words else { return None };
    let keys: &[[u8; 32]] = match &**keys {
        "old" => &[[1; 32]],
        // It has rotated, and still opens what the other one made.
        "new" => &[[2; 32], [1; 32]],
        _ => return None,
    };
    let version = if *version == "1.2" { &TLS12 } else { &TLS13 };
    let identity = Credential::load(chain.as_ref(), key.as_ref()).unwrap_or_else(|err| panic!("{err}"));
    let mut config =
        server_config(&identity, &ServerOpts { versions: vec![version], ..ServerOpts::default() });
    config.ticketer = SharedTicketer::new(3600, keys).expect("keys of the right length");
    let (listener, address) = listen();
    println!("listening {address}");
    let mut link = Link::server(&listener, config.into());
    link.handshake().expect("a handshake");
    assert_eq!(link.receive(12).expect("a line"), b"to the peer\n");
    let Report { version, suite, group, resumed, retried, .. } = crate::ours::report(&link);
    let hex = |number: Option<u16>| number.map_or("none".to_owned(), |number| format!("{number:04x}"));
    println!(
        "report version={} suite={} group={} resumed={} retried={} peerkey=none",
        hex(version.map(u16::from)),
        hex(suite.map(u16::from)),
        hex(group.map(u16::from)),
        resumed == Some(true),
        retried == Some(true)
    );
    link.send(b"from the peer\n").expect("a line back");
    let _ = link.receive_to_end();
    Some(())
}
