//! Go's `crypto/tls`, through a program of ours (`interop/go`).

use std::ffi::OsString;
use std::net::SocketAddr;

use chitin::{CipherSuite, NamedGroup, ProtocolVersion, SignatureScheme};
use testkit::args;
use testkit::peer::Peer;

use super::{Client, Pins, Program, Row, Server, between};
use crate::case::{Case, Column, Keep, Role, Version};
use crate::report::{Mute, Report};
use crate::site::Site;

pub struct Go {
    /// Our program, compiled.
    pub program: String,
    pub release: String,
}

impl Program for Go {
    fn name(&self) -> &'static str {
        "go"
    }

    fn release(&self) -> String {
        self.release.clone()
    }

    fn lacks(&self, _: Row, column: Column) -> Option<&'static str> {
        (column == Column::Early).then_some("crypto/tls has early data for QUIC alone")
    }

    fn lacks_case(&self, (role, version): Row, case: &Case) -> Option<&'static str> {
        let stored = case.column == Column::Resumed && case.keep == Keep::Store;
        // A name in a ticket of TLS 1.3 is a ticket for its client.
        let taken = role == Role::Client && version == Version::V13;
        (stored && !taken).then_some("crypto/tls has no session ids, and no store for a server")
    }

    fn pins(&self, (_, version): Row) -> Pins {
        Pins { version: true, suite: version == Version::V12 }
    }

    fn mute(&self, _: Row, _: Column) -> Mute {
        &[]
    }

    fn serve(&self, site: &Site, case: &Case) -> Box<dyn Server> {
        let files = &site.server(case.key).files;
        let mut args = common("server", case, Role::Server);
        args.extend(args!["-chain", &files.chain, "-key", &files.key]);
        if let Some(key) = case.client {
            args.extend(args!["-roots", site.root(key)]);
        }
        let mut peer = Peer::spawn(&self.program, &args);
        let address = listening(&mut peer);
        Box::new(Running { peer: Some(peer), address, number: 0, start: (String::new(), vec![]) })
    }

    fn connect(&self, site: &Site, case: &Case, address: SocketAddr) -> Box<dyn Client> {
        let mut args = common("client", case, Role::Client);
        args.extend(args!["-address", address.to_string(), "-roots", site.root(case.key)]);
        if let Some(key) = case.client {
            let files = &site.client(key).files;
            args.extend(args!["-chain", &files.chain, "-key", &files.key]);
        }
        let start = (self.program.clone(), args);
        Box::new(Running { peer: None, address, number: 0, start })
    }
}

/// The line with which our programs say where they listen.
pub fn listening(peer: &mut Peer) -> SocketAddr {
    peer.wait_for("its address", |output| between(output, "listening ", "\n")?.parse().ok())
}

/// The line with this number in which our programs say what a connection was, from 0 on.
pub fn report_line(peer: &mut Peer, number: usize) -> String {
    peer.wait_for("its report", |output| {
        let (whole, _) = output.rsplit_once('\n')?;
        whole.lines().filter_map(|line| line.strip_prefix("report ")).nth(number).map(str::to_owned)
    })
}

/// The value of a word in such a line.
pub fn word<'a>(line: &'a str, key: &str) -> Option<&'a str> {
    line.split(' ').find_map(|word| word.strip_prefix(key)?.strip_prefix('='))
}

/// Such a line, read.
pub fn parse(line: &str) -> Report {
    let number = |key| word(line, key).and_then(|hex| u16::from_str_radix(hex, 16).ok());
    Report {
        version: number("version").map(ProtocolVersion::from),
        suite: number("suite").map(CipherSuite::from),
        group: number("group").map(NamedGroup::from),
        resumed: word(line, "resumed").map(|word| word == "true"),
        retried: word(line, "retried").map(|word| word == "true"),
        client: word(line, "peerkey").map(|key| key != "none"),
        early: None,
        // With a key of ML-DSA there is one scheme.
        scheme: match word(line, "peerkey") {
            Some("ML-DSA-44") => Some(SignatureScheme::ML_DSA_44),
            Some("ML-DSA-65") => Some(SignatureScheme::ML_DSA_65),
            Some("ML-DSA-87") => Some(SignatureScheme::ML_DSA_87),
            _ => None,
        },
    }
}

struct Running {
    peer: Option<Peer>,
    address: SocketAddr,
    number: usize,
    start: (String, Vec<OsString>),
}

impl Running {
    fn said(&mut self) -> Report {
        let peer = self.peer.as_mut().expect("it runs");
        let line = report_line(peer, self.number);
        self.number += 1;
        parse(&line)
    }
}

impl Server for Running {
    fn address(&self) -> SocketAddr {
        self.address
    }

    fn report(&mut self) -> Report {
        self.said()
    }
}

impl Client for Running {
    fn dial(&mut self) {
        let (program, args) = &self.start;
        self.peer.get_or_insert_with(|| Peer::spawn(program, args));
    }

    fn report(&mut self) -> Report {
        self.said()
    }
}

fn common(role: &str, case: &Case, by: Role) -> Vec<OsString> {
    let groups: Vec<_> = case.groups(by).iter().map(|group| format!("{:04x}", u16::from(*group))).collect();
    let mut args = args!["-role", role, "-connections", case.connections().to_string()];
    args.extend(args!["-version", format!("{:04x}", u16::from(case.version.number()))]);
    args.extend(args!["-groups", groups.join(",")]);
    if case.version == Version::V12 {
        args.extend(args!["-suite", format!("{:04x}", u16::from(case.suite))]);
    }
    args
}
