//! NSS of Debian: `selfserv` and `tstclnt`.

use std::ffi::OsString;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread;
use std::time::Duration;

use chitin::{CipherSuite, ClientConnection, NamedGroup, ProtocolVersion, ServerConnection};
use testkit::args;
use testkit::net::{Failure, Link};
use testkit::peer::{Peer, server_on_free_port};

use super::{Client, Pins, Program, Row, Server, Tail, between, group_of, list, package};
use crate::case::{Case, Column, Keep, Role, Version, is_rsa};
use crate::ours;
use crate::report::{Field, Mute, Report};
use crate::site::{Credential, Site};

pub struct Nss;

impl Program for Nss {
    fn name(&self) -> &'static str {
        "nss"
    }

    fn release(&self) -> String {
        format!("NSS {}", package("libnss3-tools"))
    }

    fn lacks(&self, _: Row, column: Column) -> Option<&'static str> {
        (column == Column::PostQuantum).then_some("NSS 3.87 knows neither ML-KEM nor ML-DSA")
    }

    fn pins(&self, (role, _): Row) -> Pins {
        // A second connection of tstclnt dies of a free of its list of suites.
        Pins { version: true, suite: role == Role::Server }
    }

    fn mute(&self, (role, _): Row, column: Column) -> Mute {
        match (role, column) {
            (Role::Server, Column::Early) => &[
                (Field::Retried, "its tools do not say whether there was one"),
                (
                    Field::Version,
                    "of a connection with early data selfserv prints resumption and what came early alone",
                ),
                (
                    Field::Suite,
                    "of a connection with early data selfserv prints resumption and what came early alone",
                ),
                (
                    Field::Group,
                    "of a connection with early data selfserv prints resumption and what came early alone",
                ),
            ],
            (Role::Client, Column::Early) => &[
                (Field::Retried, "its tools do not say whether there was one"),
                (Field::Early, "tstclnt does not say whether what it sent early was taken"),
            ],
            _ => &[(Field::Retried, "its tools do not say whether there was one")],
        }
    }

    fn serve(&self, site: &Site, case: &Case) -> Box<dyn Server> {
        let base = site.path("nss");
        database(&base, site.root(case.client.unwrap_or(case.key)));
        import(&base, site.server(case.key));
        let args = |port: u16| {
            let mut args = args!["-d", format!("sql:{}", base.display()), "-p", port.to_string(), "-v"];
            args.extend(args![if is_rsa(case.suite) { "-n" } else { "-e" }, "ours"]);
            args.extend(common(case, Role::Server));
            args.extend(args!["-c", format!(":{:04x}", u16::from(case.suite))]);
            if case.keep == Keep::Ticket || case.version == Version::V13 {
                args.extend(args!["-u"]);
            }
            if case.client.is_some() {
                args.extend(args!["-r", "-r"]);
            }
            if case.column == Column::Early {
                args.extend(args!["-Z"]);
            }
            args
        };
        let up = |_| "About to call accept".to_owned();
        let (peer, address) = server_on_free_port("selfserv", args, up, "PR_Bind");
        if case.column == Column::Early {
            // It refuses all early data for ten seconds after its start, since it cannot know what it took before. RFC 8446 section 8.2.
            thread::sleep(Duration::from_secs(11));
        }
        Box::new(Running { peer, address, said: Said::default(), page: String::new() })
    }

    fn connect(&self, site: &Site, case: &Case, address: SocketAddr) -> Box<dyn Client> {
        let base = site.path("nss");
        database(&base, site.root(case.key));
        let request = site.path("request");
        std::fs::write(&request, "to our server\n").expect("a file for the request");
        let mut args = args!["-h", "127.0.0.1", "-a", "localhost", "-p", address.port().to_string(), "-v"];
        args.extend(args!["-d", format!("sql:{}", base.display()), "-A", request, "-u"]);
        args.extend(args!["-L", case.connections().to_string()]);
        args.extend(common(case, Role::Client));
        if let Some(key) = case.client {
            import(&base, site.client(key));
            args.extend(args!["-n", "ours"]);
        }
        if case.column == Column::Early {
            args.extend(args!["-Z"]);
        }
        let peer = Peer::spawn("tstclnt", &args);
        Box::new(Running { peer, address, said: Said::default(), page: String::new() })
    }
}

struct Running {
    peer: Peer,
    address: SocketAddr,
    said: Said,
    /// What its server answered last.
    page: String,
}

/// What it said, connection by connection.
#[derive(Default)]
struct Said {
    tail: Tail,
    ended: usize,
    hits: usize,
}

impl Said {
    fn next(&mut self, peer: &mut Peer) -> (Report, String) {
        self.ended += 1;
        // The one on its standard output, the other the last line about the connection on its standard error.
        peer.expect_times("stateless resumes", self.ended);
        peer.expect_times("issuer  DN: ", self.ended);
        let said = self.tail.rest(peer);
        // It counts over all connections.
        let hits =
            between(&said, "", " cache hits").and_then(|head| head.rsplit([' ', '\n']).next()?.parse().ok());
        let hits: usize = hits.unwrap_or(self.hits);
        let resumed = hits > self.hits;
        self.hits = hits;
        (Report { resumed: Some(resumed), ..report(&said) }, said)
    }
}

impl Server for Running {
    fn address(&self) -> SocketAddr {
        self.address
    }

    fn talk(&mut self, link: &mut Link<ClientConnection>) -> Result<(), Failure> {
        self.page = ours::get(link, "/", "EOF")?;
        Ok(())
    }

    fn report(&mut self) -> Report {
        let (report, said) = self.said.next(&mut self.peer);
        Report {
            client: Some(said.contains("CN=chitin test client")),
            // Its page repeats the request, and what came early is the head of that.
            early: Some(self.page.contains("said early")),
            ..report
        }
    }
}

impl Client for Running {
    fn dial(&mut self) {}

    fn head_start(&self) -> Duration {
        // It reads its file only once it has nothing else to do, and then says early what it reads.
        Duration::from_millis(500)
    }

    fn talk(&mut self, link: &mut Link<ServerConnection>, early: &[u8]) -> Result<(), Failure> {
        if early.is_empty() { ours::answer(link) } else { link.send(b"from our server\n") }
    }

    fn report(&mut self) -> Report {
        self.said.next(&mut self.peer).0
    }
}

/// `SSL version 3.4 using 128-bit AES-GCM with 128-bit AEAD MAC`, `Server Auth: 256-bit TLS 1.3, Key Exchange: 255-bit TLS 1.3`.
fn report(said: &str) -> Report {
    let version = match between(said, "SSL version ", " ") {
        Some("3.3") => Some(ProtocolVersion::TLSv1_2),
        Some("3.4") => Some(ProtocolVersion::TLSv1_3),
        _ => None,
    };
    let auth = between(said, "Server Auth: ", ",").and_then(|auth| auth.split("-bit ").nth(1));
    let negotiated = said.split("SSL version ").nth(1).unwrap_or_default();
    let suite = between(negotiated, " using ", " with").and_then(|cipher| suite(version, auth?, cipher));
    Report {
        version,
        suite,
        group: between(said, "Key Exchange: ", "-bit").and_then(|bits| group_of(&BITS, bits)),
        ..Report::default()
    }
}

fn suite(version: Option<ProtocolVersion>, auth: &str, cipher: &str) -> Option<CipherSuite> {
    let all = crate::case::SUITES_12;
    let of_kind = match (version?, auth) {
        (ProtocolVersion::TLSv1_3, _) => &testkit::configs::SUITES,
        (_, "ECDSA") => &all[..3],
        (_, "RSA") => &all[3..],
        _ => return None,
    };
    let at = ["128-bit AES-GCM", "256-bit AES-GCM", "256-bit CHACHA20POLY1305"]
        .iter()
        .position(|name| *name == cipher);
    of_kind.get(at?).copied()
}

fn common(case: &Case, by: Role) -> Vec<OsString> {
    let version = case.version.is("tls1.2", "tls1.3");
    args!["-V", format!("{version}:{version}"), "-I", list(&NAMES, &case.groups(by), ",")]
}

/// A fresh database that believes this root.
fn database(base: &Path, root: &Path) {
    std::fs::create_dir(base).expect("a folder for NSS");
    run("certutil", &args!["-N", "-d", format!("sql:{}", base.display()), "--empty-password"]);
    let believe =
        args!["-A", "-d", format!("sql:{}", base.display()), "-n", "root", "-t", "CT,C,C", "-i", root];
    run("certutil", &believe);
}

/// Brings somebody's chain and key into it, under the name `ours`.
fn import(base: &Path, who: &Credential) {
    let bundle: PathBuf = base.join("bundle.p12");
    let files = &who.files;
    let mut export = args!["pkcs12", "-export", "-in", &files.chain, "-inkey", &files.key, "-name", "ours"];
    export.extend(args!["-out", &bundle, "-passout", "pass:"]);
    run("openssl", &export);
    let database = format!("sql:{}", base.display());
    run("pk12util", &args!["-i", &bundle, "-d", database, "-W", "", "-K", ""]);
}

fn run(program: &str, args: &[OsString]) {
    let out = Command::new(program).args(args).stdin(Stdio::null()).output();
    let out = out.unwrap_or_else(|err| panic!("{}", testkit::peer::missing(program, &err)));
    assert!(out.status.success(), "{program} {args:?}: {}", String::from_utf8_lossy(&out.stderr));
}

const NAMES: [(NamedGroup, &str); 4] = [
    (NamedGroup::X25519, "x25519"),
    (NamedGroup::secp256r1, "P256"),
    (NamedGroup::secp384r1, "P384"),
    (NamedGroup::secp521r1, "P521"),
];

/// It says no name of a group, but how many bits its keys have, which tells them apart.
const BITS: [(NamedGroup, &str); 4] = [
    (NamedGroup::X25519, "255"),
    (NamedGroup::secp256r1, "256"),
    (NamedGroup::secp384r1, "384"),
    (NamedGroup::secp521r1, "521"),
];
