//! OpenSSL of Debian: `s_server` and `s_client`.

use std::ffi::OsString;
use std::net::SocketAddr;
use std::path::PathBuf;

use chitin::{CipherSuite, ClientConnection, NamedGroup, ProtocolVersion, ServerConnection};
use testkit::args;
use testkit::net::{Failure, Link};
use testkit::peer::{Peer, openssl_server_with};
use testkit::pki::PemFiles;

use super::{Client, Program, Row, Server, Tail, between, first_line, group_of, list, suite_name, suite_of};
use crate::case::{Case, Column, Keep, Role};
use crate::ours::{self, EARLY};
use crate::report::{Mute, Report};
use crate::site::Site;

pub struct OpenSsl;

impl Program for OpenSsl {
    fn name(&self) -> &'static str {
        "openssl"
    }

    fn release(&self) -> String {
        first_line("openssl", "version")
    }

    fn lacks(&self, _: Row, column: Column) -> Option<&'static str> {
        (column == Column::PostQuantum).then_some("OpenSSL 3.0 knows neither ML-KEM nor ML-DSA")
    }

    fn mute(&self, _: Row, _: Column) -> Mute {
        &[]
    }

    fn serve(&self, site: &Site, case: &Case) -> Box<dyn Server> {
        let mut args = args!["s_server", "-accept", "127.0.0.1:0", "-msg"];
        args.extend(common(case, Role::Server));
        args.extend(identity(&site.server(case.key).files));
        args.extend(args!["-naccept", case.connections().to_string()]);
        if let Some(key) = case.client {
            args.extend(args!["-Verify", "3", "-verify_return_error", "-CAfile", site.root(key)]);
        }
        if case.keep == Keep::Store {
            args.extend(args!["-no_ticket"]);
        }
        if case.column == Column::Early {
            args.extend(args!["-early_data"]);
        }
        let (peer, address) = openssl_server_with(&args);
        Box::new(Serving { peer, address, case: case.clone(), tail: Tail::default(), ended: 0 })
    }

    fn connect(&self, site: &Site, case: &Case, address: SocketAddr) -> Box<dyn Client> {
        let mut args =
            args!["s_client", "-connect", address.to_string(), "-msg", "-CAfile", site.root(case.key)];
        args.extend(args![
            "-verify_return_error",
            "-verify_hostname",
            "localhost",
            "-servername",
            "localhost"
        ]);
        args.extend(common(case, Role::Client));
        if let Some(key) = case.client {
            args.extend(identity(&site.client(key).files));
        }
        let early = site.path("early");
        std::fs::write(&early, EARLY).expect("a file for early data");
        Box::new(Connecting {
            args,
            case: case.clone(),
            session: site.path("session"),
            early,
            peer: None,
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
        link.send(b"to the peer\n")?;
        self.peer.expect_times("to the peer", self.ended + 1);
        self.peer.type_in("from the peer\n");
        assert_eq!(link.receive(14)?, b"from the peer\n");
        Ok(())
    }

    fn report(&mut self) -> Report {
        self.ended += 1;
        self.peer.expect_times("shutting down SSL", self.ended);
        let said = self.tail.rest(&self.peer);
        Report {
            suite: between(&said, "CIPHER is ", "\n").and_then(|name| suite_of(&SUITES, name)),
            group: between(&said, "Shared groups: ", "\n")
                .and_then(|names| group_of(&SHARED, names.split(':').next()?)),
            resumed: Some(said.contains("Reused session-id")),
            client: Some(said.contains("subject=CN = chitin test client")),
            early: early(&self.case, said.contains("Early data received:") && said.contains("said early")),
            ..handshake(&said)
        }
    }
}

struct Connecting {
    args: Vec<OsString>,
    case: Case,
    session: PathBuf,
    early: PathBuf,
    peer: Option<Peer>,
    number: usize,
}

impl Client for Connecting {
    fn dial(&mut self) {
        let mut args = self.args.clone();
        args.extend(match self.number {
            0 => args!["-sess_out", &self.session],
            _ => args!["-sess_in", &self.session],
        });
        if self.number > 0 && self.case.column == Column::Early {
            args.extend(args!["-early_data", &self.early]);
        }
        self.number += 1;
        self.peer = Some(Peer::spawn("openssl", &args));
    }

    fn talk(&mut self, link: &mut Link<ServerConnection>, _: &[u8]) -> Result<(), Failure> {
        let peer = self.peer.as_mut().expect("it was dialled");
        peer.type_in("to our server\n");
        ours::answer(link)?;
        peer.expect("from our server");
        Ok(())
    }

    fn report(&mut self) -> Report {
        let (_, said) = self.peer.as_mut().expect("it was dialled").finish();
        let line = ["New", "Reused"].iter().find_map(|kind| {
            let head = format!("\n{kind}, TLSv1.{}, Cipher is ", self.case.version.is("2", "3"));
            between(&said, &head, "\n").map(|suite| (*kind, suite))
        });
        Report {
            suite: line.and_then(|(_, name)| suite_of(&SUITES, name)),
            group: between(&said, "Server Temp Key: ", " bits").and_then(|name| group_of(&TEMPORARY, name)),
            resumed: line.map(|(kind, _)| kind == "Reused"),
            early: early(&self.case, said.contains("Early data was accepted")),
            ..handshake(&said)
        }
    }
}

/// What the messages say, which `-msg` names with their version.
fn handshake(said: &str) -> Report {
    let finished = said.lines().find(|line| line.ends_with(", Finished"));
    let version = finished.and_then(|line| match between(line, "TLS 1.", ",")? {
        "2" => Some(ProtocolVersion::TLSv1_2),
        "3" => Some(ProtocolVersion::TLSv1_3),
        _ => None,
    });
    let hellos = said.lines().filter(|line| line.ends_with(", ServerHello")).count();
    Report { version, retried: Some(hellos == 2), ..Report::default() }
}

fn early(case: &Case, said: bool) -> Option<bool> {
    (case.column == Column::Early).then_some(said)
}

fn common(case: &Case, by: Role) -> Vec<OsString> {
    let suite = suite_name(&SUITES, case.suite);
    args![
        case.version.is("-tls1_2", "-tls1_3"),
        case.version.is("-cipher", "-ciphersuites"),
        suite,
        "-groups",
        list(&GROUPS, &case.groups(by), ":"),
    ]
}

fn identity(files: &PemFiles) -> Vec<OsString> {
    let mut args = args!["-cert", &files.leaf, "-key", &files.key];
    if files.has_rest {
        args.extend(args!["-cert_chain", &files.rest]);
    }
    args
}

pub const SUITES: [(CipherSuite, &str); 9] = [
    (CipherSuite::TLS13_AES_128_GCM_SHA256, "TLS_AES_128_GCM_SHA256"),
    (CipherSuite::TLS13_AES_256_GCM_SHA384, "TLS_AES_256_GCM_SHA384"),
    (CipherSuite::TLS13_CHACHA20_POLY1305_SHA256, "TLS_CHACHA20_POLY1305_SHA256"),
    (CipherSuite::TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256, "ECDHE-ECDSA-AES128-GCM-SHA256"),
    (CipherSuite::TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384, "ECDHE-ECDSA-AES256-GCM-SHA384"),
    (CipherSuite::TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256, "ECDHE-ECDSA-CHACHA20-POLY1305"),
    (CipherSuite::TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256, "ECDHE-RSA-AES128-GCM-SHA256"),
    (CipherSuite::TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384, "ECDHE-RSA-AES256-GCM-SHA384"),
    (CipherSuite::TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256, "ECDHE-RSA-CHACHA20-POLY1305"),
];

const GROUPS: [(NamedGroup, &str); 4] = [
    (NamedGroup::X25519, "X25519"),
    (NamedGroup::secp256r1, "P-256"),
    (NamedGroup::secp384r1, "P-384"),
    (NamedGroup::secp521r1, "P-521"),
];

/// The same, where a server of OpenSSL names them.
const SHARED: [(NamedGroup, &str); 4] = [
    (NamedGroup::X25519, "x25519"),
    (NamedGroup::secp256r1, "secp256r1"),
    (NamedGroup::secp384r1, "secp384r1"),
    (NamedGroup::secp521r1, "secp521r1"),
];

/// And where a client does.
const TEMPORARY: [(NamedGroup, &str); 4] = [
    (NamedGroup::X25519, "X25519, 253"),
    (NamedGroup::secp256r1, "ECDH, prime256v1, 256"),
    (NamedGroup::secp384r1, "ECDH, secp384r1, 384"),
    (NamedGroup::secp521r1, "ECDH, secp521r1, 521"),
];
