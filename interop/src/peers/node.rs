//! Node's newest release, and with it a recent OpenSSL, through a program of ours (`interop/node`).
//!
//! For what Node has no question, the trace of its OpenSSL answers: the server's group, and HelloRetryRequest.

use std::net::SocketAddr;

use chitin::{NamedGroup, ProtocolVersion, SignatureScheme};
use testkit::args;
use testkit::peer::Peer;

use super::go::{listening, report_line, word};
use super::openssl::SUITES;
use super::{Client, IANA, Program, Row, Server, Tail, between, group_of, list, suite_name, suite_of};
use crate::case::{Case, Column, Keep, Role, Version};
use crate::report::{Mute, Report};
use crate::site::Site;

pub struct Node {
    /// Node itself.
    pub program: String,
    /// Our program for it.
    pub script: String,
}

impl Program for Node {
    fn name(&self) -> &'static str {
        "node"
    }

    fn release(&self) -> String {
        let versions = "`Node ${process.version}, OpenSSL ${process.versions.openssl}`";
        let mut peer = Peer::spawn(&self.program, &args!["-p", versions]);
        peer.finish().1.trim().to_owned()
    }

    fn lacks(&self, _: Row, column: Column) -> Option<&'static str> {
        (column == Column::Early).then_some("Node's tls has no early data")
    }

    fn lacks_case(&self, row: Row, case: &Case) -> Option<&'static str> {
        let stored = case.column == Column::Resumed && case.keep == Keep::Store;
        (row == (Role::Server, Version::V13) && stored).then_some(
            "Node asks its store for the session id of the hello alone, not for what a ticket names",
        )
    }

    fn mute(&self, _: Row, _: Column) -> Mute {
        &[]
    }

    fn serve(&self, site: &Site, case: &Case) -> Box<dyn Server> {
        let files = &site.server(case.key).files;
        let mut words = common("server", case, Role::Server);
        words.push(("chain", quoted(&files.chain.display().to_string())));
        words.push(("key", quoted(&files.key.display().to_string())));
        words.push(("insist", case.client.is_some().to_string()));
        if let Some(key) = case.client {
            words.push(("roots", quoted(&site.root(key).display().to_string())));
        }
        let mut peer = Peer::spawn(&self.program, &args![&self.script, json(&words)]);
        let address = listening(&mut peer);
        Box::new(Running { peer, address, tail: Tail::default(), number: 0 })
    }

    fn connect(&self, site: &Site, case: &Case, address: SocketAddr) -> Box<dyn Client> {
        let mut words = common("client", case, Role::Client);
        words.push(("port", address.port().to_string()));
        words.push(("roots", quoted(&site.root(case.key).display().to_string())));
        if let Some(key) = case.client {
            let files = &site.client(key).files;
            words.push(("chain", quoted(&files.chain.display().to_string())));
            words.push(("key", quoted(&files.key.display().to_string())));
        }
        let peer = Peer::spawn(&self.program, &args![&self.script, json(&words)]);
        Box::new(Running { peer, address, tail: Tail::default(), number: 0 })
    }
}

struct Running {
    peer: Peer,
    address: SocketAddr,
    tail: Tail,
    number: usize,
}

impl Running {
    fn said(&mut self) -> Report {
        let line = report_line(&mut self.peer, self.number);
        self.number += 1;
        // Each side of each connection has its Finished in the trace.
        self.peer.expect_times("Finished, Length=", 2 * self.number);
        let trace = self.tail.rest(&self.peer);
        let hellos: Vec<&str> = trace.split("ServerHello, Length=").skip(1).collect();
        let share = hellos.last().and_then(|hello| in_key_share(hello)).or_else(|| in_exchange(&trace));
        let reported = word(&line, "group").and_then(|name| group_of(&REPORTED, name));
        let signed = trace.split("CertificateVerify, Length=").nth(1);
        Report {
            version: match word(&line, "version") {
                Some("TLSv1.2") => Some(ProtocolVersion::TLSv1_2),
                Some("TLSv1.3") => Some(ProtocolVersion::TLSv1_3),
                _ => None,
            },
            suite: word(&line, "suite").and_then(|name| suite_of(&IANA, name)),
            // Where it says both, they must be the same.
            group: if reported.is_some() && share.is_some() && reported != share {
                None
            } else {
                share.or(reported)
            },
            resumed: word(&line, "resumed").map(|word| word == "true"),
            retried: Some(hellos.len() == 2),
            client: word(&line, "authorized").map(|word| word == "true"),
            early: None,
            scheme: signed.and_then(|text| between(text, "Signature Algorithm: ", " ")).and_then(scheme),
        }
    }
}

/// Of a ServerHello of TLS 1.3.
fn in_key_share(hello: &str) -> Option<NamedGroup> {
    let share = hello.split("extension_type=key_share(51)").nth(1)?;
    group_of(&TRACED, between(share, "NamedGroup: ", " ")?)
}

/// Of a ServerKeyExchange of TLS 1.2.
fn in_exchange(trace: &str) -> Option<NamedGroup> {
    let exchange = trace.split("ServerKeyExchange, Length=").nth(1)?;
    group_of(&TRACED, between(exchange, "named_curve: ", " ")?)
}

fn scheme(name: &str) -> Option<SignatureScheme> {
    match name {
        "mldsa44" => Some(SignatureScheme::ML_DSA_44),
        "mldsa65" => Some(SignatureScheme::ML_DSA_65),
        "mldsa87" => Some(SignatureScheme::ML_DSA_87),
        _ => None,
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
    fn dial(&mut self) {}

    fn report(&mut self) -> Report {
        self.said()
    }
}

fn common(role: &str, case: &Case, by: Role) -> Vec<(&'static str, String)> {
    // Without this its server keeps sessions by id in TLS 1.2, and behind tickets that are names in TLS 1.3.
    let tickets = case.keep == Keep::Ticket || by == Role::Client;
    vec![
        ("role", quoted(role)),
        ("connections", case.connections().to_string()),
        ("version", quoted(case.version.is("TLSv1.2", "TLSv1.3"))),
        ("cipher", quoted(suite_name(&SUITES, case.suite))),
        ("groups", quoted(&list(&OPTIONS, &case.groups(by), ":"))),
        ("tickets", tickets.to_string()),
    ]
}

/// None of our words holds a quote or a backslash.
fn quoted(text: &str) -> String {
    format!("\"{text}\"")
}

fn json(words: &[(&str, String)]) -> String {
    let pairs: Vec<_> = words.iter().map(|(key, value)| format!("\"{key}\":{value}")).collect();
    format!("{{{}}}", pairs.join(","))
}

/// As its options take them.
const OPTIONS: [(NamedGroup, &str); 6] = [
    (NamedGroup::X25519, "X25519"),
    (NamedGroup::secp256r1, "P-256"),
    (NamedGroup::secp384r1, "P-384"),
    (NamedGroup::secp521r1, "P-521"),
    (NamedGroup::X25519MLKEM768, "X25519MLKEM768"),
    (NamedGroup::secp256r1MLKEM768, "SecP256r1MLKEM768"),
];

/// As the trace has them.
const TRACED: [(NamedGroup, &str); 6] = [
    (NamedGroup::X25519, "ecdh_x25519"),
    (NamedGroup::secp256r1, "secp256r1"),
    (NamedGroup::secp384r1, "secp384r1"),
    (NamedGroup::secp521r1, "secp521r1"),
    (NamedGroup::X25519MLKEM768, "X25519MLKEM768"),
    (NamedGroup::secp256r1MLKEM768, "SecP256r1MLKEM768"),
];

/// As a client of Node reports them.
const REPORTED: [(NamedGroup, &str); 6] = [
    (NamedGroup::X25519, "X25519"),
    (NamedGroup::secp256r1, "prime256v1"),
    (NamedGroup::secp384r1, "secp384r1"),
    (NamedGroup::secp521r1, "secp521r1"),
    (NamedGroup::X25519MLKEM768, "X25519MLKEM768"),
    (NamedGroup::secp256r1MLKEM768, "SecP256r1MLKEM768"),
];
