//! The other programs: how each is told what to be, and how it says what it was.

pub mod botan;
pub mod chitin;
pub mod gnutls;
pub mod go;
pub mod lighttpd;
pub mod node;
pub mod nss;
pub mod openssl;

use std::net::SocketAddr;
use std::process::Command;
use std::time::Duration;

use ::chitin::{CipherSuite, ClientConnection, NamedGroup, ServerConnection};
use testkit::net::{Failure, Link};

use crate::case::{Case, Column, Role, Version};
use crate::ours;
use crate::report::{Mute, Report};
use crate::site::Site;

/// A row of the table, for one peer.
pub type Row = (Role, Version);

/// What a peer limits itself to when told. The rest we limit on our side.
#[derive(Clone, Copy)]
pub struct Pins {
    pub version: bool,
    pub suite: bool,
}

/// Both.
pub const PINS: Pins = Pins { version: true, suite: true };

/// A program of another make.
pub trait Program: Sync {
    fn name(&self) -> &'static str;

    /// What it says of its release.
    fn release(&self) -> String;

    /// Why it cannot take this row, or fill this cell of it.
    fn lacks(&self, row: Row, column: Column) -> Option<&'static str>;

    /// Whether it can make this case of a cell, and why not.
    fn lacks_case(&self, _row: Row, _case: &Case) -> Option<&'static str> {
        None
    }

    fn pins(&self, _row: Row) -> Pins {
        PINS
    }

    /// A group that its server can be kept from, so that a share of it makes it ask for another.
    fn unknown_group(&self) -> NamedGroup {
        NamedGroup::X25519
    }

    /// What it has no words for in this cell.
    fn mute(&self, row: Row, column: Column) -> Mute;

    fn serve(&self, site: &Site, case: &Case) -> Box<dyn Server>;

    fn connect(&self, site: &Site, case: &Case, address: SocketAddr) -> Box<dyn Client>;
}

/// Their server, running.
pub trait Server {
    fn address(&self) -> SocketAddr;

    /// Says something and hears something.
    fn talk(&mut self, link: &mut Link<ClientConnection>) -> Result<(), Failure> {
        ours::ask(link)
    }

    /// What it says of the connection that has just ended.
    fn report(&mut self) -> Report;
}

/// Their client, running or about to.
pub trait Client {
    /// Makes it connect, unless it does so by itself.
    fn dial(&mut self);

    /// How long our server waits with its answer to a hello, so that the client gets to its early data.
    fn head_start(&self) -> Duration {
        Duration::ZERO
    }

    /// Hears something and says something. What came early has been read.
    fn talk(&mut self, link: &mut Link<ServerConnection>, _early: &[u8]) -> Result<(), Failure> {
        ours::answer(link)
    }

    /// What it says of the connection that has just ended.
    fn report(&mut self) -> Report;
}

/// The output of a program from one connection on.
#[derive(Default)]
pub struct Tail {
    stdout: usize,
    stderr: usize,
}

impl Tail {
    /// What came since the last call.
    pub fn rest(&mut self, peer: &testkit::peer::Peer) -> String {
        let (stdout, stderr) = (peer.stdout(), peer.stderr());
        let fresh = [&stdout[self.stdout..], b"\n", &stderr[self.stderr..]].concat();
        (self.stdout, self.stderr) = (stdout.len(), stderr.len());
        String::from_utf8_lossy(&fresh).into_owned()
    }
}

/// The text between two others.
pub fn between<'a>(text: &'a str, before: &str, after: &str) -> Option<&'a str> {
    let (_, rest) = text.split_once(before)?;
    rest.split_once(after).map(|(found, _)| found)
}

/// The first line of what a program says of its release.
pub fn first_line(program: &str, argument: &str) -> String {
    let out = Command::new(program).arg(argument).output();
    let out = out.unwrap_or_else(|err| panic!("{}", testkit::peer::missing(program, &err)));
    let said = [out.stdout, out.stderr].concat();
    String::from_utf8_lossy(&said).lines().next().unwrap_or_default().trim().to_owned()
}

/// Debian's version of a package, for programs that do not say theirs.
pub fn package(name: &str) -> String {
    let out = Command::new("dpkg-query").args(["-W", "-f", "${Version}", name]).output();
    out.ok().map(|out| String::from_utf8_lossy(&out.stdout).into_owned()).unwrap_or_default()
}

/// The names of IANA, which many peers use.
pub const IANA: [(CipherSuite, &str); 9] = [
    (CipherSuite::TLS13_AES_128_GCM_SHA256, "TLS_AES_128_GCM_SHA256"),
    (CipherSuite::TLS13_AES_256_GCM_SHA384, "TLS_AES_256_GCM_SHA384"),
    (CipherSuite::TLS13_CHACHA20_POLY1305_SHA256, "TLS_CHACHA20_POLY1305_SHA256"),
    (CipherSuite::TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256, "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256"),
    (CipherSuite::TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384, "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384"),
    (
        CipherSuite::TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256,
        "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256",
    ),
    (CipherSuite::TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256, "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256"),
    (CipherSuite::TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384, "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384"),
    (CipherSuite::TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256, "TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256"),
];

/// The name of a suite in a table.
pub fn suite_name(table: &[(CipherSuite, &'static str)], suite: CipherSuite) -> &'static str {
    table
        .iter()
        .find(|(have, _)| *have == suite)
        .map_or_else(|| panic!("no name for {suite:?}"), |(_, name)| name)
}

/// The suite of a name in a table.
pub fn suite_of(table: &[(CipherSuite, &str)], name: &str) -> Option<CipherSuite> {
    table.iter().find(|(_, have)| *have == name).map(|(suite, _)| *suite)
}

/// The name of a group in a table.
pub fn group_name(table: &[(NamedGroup, &'static str)], group: NamedGroup) -> &'static str {
    table
        .iter()
        .find(|(have, _)| *have == group)
        .map_or_else(|| panic!("no name for {group:?}"), |(_, name)| name)
}

/// The group of a name in a table.
pub fn group_of(table: &[(NamedGroup, &str)], name: &str) -> Option<NamedGroup> {
    table.iter().find(|(_, have)| *have == name).map(|(group, _)| *group)
}

/// The groups as a peer wants them told.
pub fn list(table: &[(NamedGroup, &'static str)], groups: &[NamedGroup], separator: &str) -> String {
    groups.iter().map(|group| group_name(table, *group)).collect::<Vec<_>>().join(separator)
}

/// All of them.
pub const NAMES: [&str; 9] =
    ["openssl", "gnutls", "go", "node", "nss", "mbedtls", "wolfssl", "botan", "chitin"];
