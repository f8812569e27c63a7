//! GnuTLS of Debian: `gnutls-serv` and `gnutls-cli`.

use std::ffi::OsString;
use std::net::SocketAddr;

use chitin::{CipherSuite, ClientConnection, NamedGroup, ProtocolVersion, ServerConnection};
use testkit::args;
use testkit::net::{Failure, Link};
use testkit::peer::{Peer, gnutls_client, gnutls_server};

use super::{
    Client, Program, Row, Server, Tail, between, first_line, group_name, group_of, suite_name, suite_of,
};
use crate::case::{Case, Column, Keep, Role, Version};
use crate::ours::{self, EARLY};
use crate::report::{Mute, Report};
use crate::site::Site;

pub struct GnuTls;

impl Program for GnuTls {
    fn name(&self) -> &'static str {
        "gnutls"
    }

    fn release(&self) -> String {
        first_line("gnutls-cli", "--version")
    }

    fn lacks(&self, _: Row, column: Column) -> Option<&'static str> {
        (column == Column::PostQuantum).then_some("GnuTLS 3.7 knows neither ML-KEM nor ML-DSA")
    }

    fn lacks_case(&self, (role, version): Row, case: &Case) -> Option<&'static str> {
        let stored = case.column == Column::Resumed && case.keep == Keep::Store;
        ((role, version) == (Role::Server, Version::V13) && stored)
            .then_some("in TLS 1.3 its server keeps sessions in tickets alone")
    }

    fn mute(&self, _: Row, _: Column) -> Mute {
        &[]
    }

    fn serve(&self, site: &Site, case: &Case) -> Box<dyn Server> {
        let files = &site.server(case.key).files;
        let mut args = args!["--echo", "-d", "4", "--priority", priority(case, Role::Server)];
        args.extend(args!["--x509certfile", &files.chain, "--x509keyfile", &files.key]);
        if let Some(key) = case.client {
            let root = site.root(key);
            args.extend(args!["--require-client-cert", "--verify-client-cert", "--x509cafile", root]);
        }
        if case.keep == Keep::Store && case.column != Column::Early {
            args.extend(args!["--noticket"]);
        }
        if case.column == Column::Early {
            args.extend(args!["--earlydata"]);
        }
        let (peer, address) = gnutls_server(&args);
        Box::new(Serving { peer, address, case: case.clone(), tail: Tail::default(), ended: 0 })
    }

    fn connect(&self, site: &Site, case: &Case, address: SocketAddr) -> Box<dyn Client> {
        let mut args = args!["-d", "4", "--priority", priority(case, Role::Client), "--single-key-share"];
        args.extend(args!["--x509cafile", site.root(case.key)]);
        args.extend(args!["--sni-hostname", "localhost", "--verify-hostname", "localhost"]);
        if let Some(key) = case.client {
            let files = &site.client(key).files;
            args.extend(args!["--x509certfile", &files.chain, "--x509keyfile", &files.key]);
        }
        if case.connections() > 1 {
            args.extend(args!["--resume", "--waitresumption"]);
        }
        if case.column == Column::Early {
            let early = site.path("early");
            std::fs::write(&early, EARLY).expect("a file for early data");
            args.extend(args!["--earlydata", early]);
        }
        Box::new(Connecting {
            address,
            args,
            case: case.clone(),
            peer: None,
            tail: Tail::default(),
            number: 0,
        })
    }
}

struct Serving {
    peer: Peer,
    address: SocketAddr,
    case: Case,
    tail: Tail,
    ended: usize,
}

impl Server for Serving {
    fn address(&self) -> SocketAddr {
        self.address
    }

    fn talk(&mut self, link: &mut Link<ClientConnection>) -> Result<(), Failure> {
        // It echoes.
        link.send(b"to the peer\n")?;
        assert_eq!(link.receive(12)?, b"to the peer\n");
        Ok(())
    }

    fn report(&mut self) -> Report {
        self.ended += 1;
        self.peer.expect_times("- Description: ", self.ended);
        let said = self.tail.rest(&self.peer);
        Report {
            client: Some(said.contains("Subject: CN=chitin test client")),
            early: early(&self.case, said.contains("early data accepted")),
            ..report(&said, &self.case)
        }
    }
}

struct Connecting {
    address: SocketAddr,
    args: Vec<OsString>,
    case: Case,
    peer: Option<Peer>,
    tail: Tail,
    number: usize,
}

impl Client for Connecting {
    fn dial(&mut self) {
        self.number += 1;
        // With --resume it comes a second time by itself.
        self.peer.get_or_insert_with(|| gnutls_client(self.address, &self.args));
    }

    fn talk(&mut self, link: &mut Link<ServerConnection>, _: &[u8]) -> Result<(), Failure> {
        if self.number < self.case.connections() {
            // The first of two connections it uses only to make the second possible.
            assert_eq!(link.receive_to_end()?, b"");
            return Ok(());
        }
        let peer = self.peer.as_mut().expect("it was dialled");
        peer.type_in("to our server\n");
        ours::answer(link)?;
        peer.expect("from our server");
        peer.hang_up();
        Ok(())
    }

    fn report(&mut self) -> Report {
        let peer = self.peer.as_mut().expect("it was dialled");
        peer.expect_times("- Description: ", self.number);
        let said = self.tail.rest(peer);
        Report { early: early(&self.case, said.contains(END_OF_EARLY_DATA)), ..report(&said, &self.case) }
    }
}

/// `- Description: (TLS1.3-X.509)-(ECDHE-X25519)-(ECDSA-SECP256R1-SHA256)-(AES-256-GCM)`, and what it logs of the handshake. A
/// resumption leaves parts of the first out.
fn report(said: &str, case: &Case) -> Report {
    let version = match between(said, "- Description: (", ")") {
        Some("TLS1.2-X.509") => Some(ProtocolVersion::TLSv1_2),
        Some("TLS1.3-X.509") => Some(ProtocolVersion::TLSv1_3),
        _ => None,
    };
    let described = between(said, "-(ECDHE-", ")");
    let logged = said.rsplit("Selected group ").next().and_then(|rest| rest.split(' ').next());
    Report {
        version,
        suite: match between(said, "Selected cipher suite: GNUTLS_", "\n") {
            Some(name) => suite_of(&LOGGED, name),
            // Of a resumption in TLS 1.2 it names the cipher alone.
            None => said.contains(&format!("-({})\n", suite_name(&SUITES, case.suite))).then_some(case.suite),
        },
        group: described.or(logged).and_then(|name| group_of(&NAMES, name)),
        resumed: Some(said.contains("This is a resumed session")),
        retried: Some(RETRY.iter().any(|words| said.contains(words))),
        ..Report::default()
    }
}

/// A client sends it only after early data that was accepted. RFC 8446 section 4.5.
const END_OF_EARLY_DATA: &str = "END OF EARLY DATA was queued";

/// How a server and a client log it.
const RETRY: [&str; 2] = ["HELLO RETRY REQUEST was queued", "HELLO RETRY REQUEST (1025) was received"];

fn early(case: &Case, said: bool) -> Option<bool> {
    (case.column == Column::Early).then_some(said)
}

fn priority(case: &Case, by: Role) -> String {
    let mut words = format!(
        "NORMAL:-VERS-ALL:+VERS-{}:-CIPHER-ALL:+{}:-GROUP-ALL",
        case.version.is("TLS1.2", "TLS1.3"),
        suite_name(&SUITES, case.suite)
    );
    for group in case.groups(by) {
        words += &format!(":+GROUP-{}", group_name(&NAMES, group));
    }
    words
}

const SUITES: [(CipherSuite, &str); 9] = [
    (CipherSuite::TLS13_AES_128_GCM_SHA256, "AES-128-GCM"),
    (CipherSuite::TLS13_AES_256_GCM_SHA384, "AES-256-GCM"),
    (CipherSuite::TLS13_CHACHA20_POLY1305_SHA256, "CHACHA20-POLY1305"),
    (CipherSuite::TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256, "AES-128-GCM"),
    (CipherSuite::TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384, "AES-256-GCM"),
    (CipherSuite::TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256, "CHACHA20-POLY1305"),
    (CipherSuite::TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256, "AES-128-GCM"),
    (CipherSuite::TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384, "AES-256-GCM"),
    (CipherSuite::TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256, "CHACHA20-POLY1305"),
];

/// As it logs them.
const LOGGED: [(CipherSuite, &str); 9] = [
    (CipherSuite::TLS13_AES_128_GCM_SHA256, "AES_128_GCM_SHA256"),
    (CipherSuite::TLS13_AES_256_GCM_SHA384, "AES_256_GCM_SHA384"),
    (CipherSuite::TLS13_CHACHA20_POLY1305_SHA256, "CHACHA20_POLY1305_SHA256"),
    (CipherSuite::TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256, "ECDHE_ECDSA_AES_128_GCM_SHA256"),
    (CipherSuite::TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384, "ECDHE_ECDSA_AES_256_GCM_SHA384"),
    (CipherSuite::TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256, "ECDHE_ECDSA_CHACHA20_POLY1305"),
    (CipherSuite::TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256, "ECDHE_RSA_AES_128_GCM_SHA256"),
    (CipherSuite::TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384, "ECDHE_RSA_AES_256_GCM_SHA384"),
    (CipherSuite::TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256, "ECDHE_RSA_CHACHA20_POLY1305"),
];

const NAMES: [(NamedGroup, &str); 4] = [
    (NamedGroup::X25519, "X25519"),
    (NamedGroup::secp256r1, "SECP256R1"),
    (NamedGroup::secp384r1, "SECP384R1"),
    (NamedGroup::secp521r1, "SECP521R1"),
];
