//! mbedTLS and wolfSSL, as lighttpd's modules bring them into a server.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use chitin::{CipherSuite, ClientConnection, NamedGroup, ProtocolVersion};
use testkit::args;
use testkit::net::{Failure, Link};
use testkit::peer::{Peer, server_on_free_port};

use super::go::word;
use super::{Client, Pins, Program, Row, Server, list, package, suite_of};
use crate::case::{Case, Column, Keep, Role, Version};
use crate::ours;
use crate::report::{Field, Mute, Report};
use crate::site::Site;

struct Lighttpd {
    name: &'static str,
    module: &'static str,
    library: &'static str,
    suites: &'static [(CipherSuite, &'static str)],
    /// The root of the tree that it is in.
    folder: PathBuf,
}

/// One for each of the two libraries. `folder` is the root of the machine, or what lighttpd is unpacked into.
pub fn both(folder: &Path) -> [Box<dyn Program>; 2] {
    [
        ("mbedtls", "mod_mbedtls", "libmbedtls14", &MBEDTLS[..]),
        ("wolfssl", "mod_wolfssl", "libwolfssl35", &WOLFSSL[..]),
    ]
    .map(|(name, module, library, suites)| -> Box<dyn Program> {
        Box::new(Lighttpd { name, module, library, suites, folder: folder.to_owned() })
    })
}

impl Program for Lighttpd {
    fn name(&self) -> &'static str {
        self.name
    }

    fn release(&self) -> String {
        format!("{} {} in lighttpd {}", self.library, self.version(self.library), self.version("lighttpd"))
    }

    fn lacks(&self, (role, version): Row, column: Column) -> Option<&'static str> {
        match (role, version, column) {
            (Role::Client, ..) => Some("Debian has no program that makes a client of it"),
            (_, Version::V13, _) if self.name == "mbedtls" => Some("mbedTLS 2.28 has no TLS 1.3"),
            (.., Column::Early) => Some("lighttpd asks the library for no early data"),
            (.., Column::PostQuantum) => Some("wolfSSL 5.5 knows neither ML-KEM nor ML-DSA"),
            _ => None,
        }
    }

    fn lacks_case(&self, _: Row, case: &Case) -> Option<&'static str> {
        let stored = case.column == Column::Resumed && case.keep == Keep::Store;
        stored.then_some("lighttpd gives mbedTLS and wolfSSL no store for sessions, only tickets")
    }

    fn unknown_group(&self) -> NamedGroup {
        NamedGroup::X25519MLKEM768
    }

    fn pins(&self, _: Row) -> Pins {
        Pins { version: true, suite: false }
    }

    fn mute(&self, _: Row, _: Column) -> Mute {
        &[
            (Field::Group, "a page of lighttpd can be told version, suite and certificate, no more"),
            (Field::Resumed, "a page of lighttpd can be told version, suite and certificate, no more"),
            (Field::Retried, "a page of lighttpd can be told version, suite and certificate, no more"),
        ]
    }

    fn serve(&self, site: &Site, case: &Case) -> Box<dyn Server> {
        let home = site.path("lighttpd");
        std::fs::create_dir(&home).expect("a folder for lighttpd");
        let write = |name: &str, text: &str| {
            let path = home.join(name);
            std::fs::write(&path, text).expect("a file for lighttpd");
            path
        };
        write("report.sh", PAGE);
        let settings = self.settings(site, case, &home);
        let args = |port: u16| {
            let settings = write("lighttpd.conf", &settings.replace("PORT", &port.to_string()));
            let libraries = self.folder.join("usr/lib").join(format!("{}-linux-gnu", std::env::consts::ARCH));
            let mut args = args![format!("LD_LIBRARY_PATH={}", libraries.display())];
            args.extend(args![self.folder.join("usr/sbin/lighttpd"), "-D", "-f", settings]);
            args.extend(args!["-m", self.folder.join("usr/lib/lighttpd")]);
            args
        };
        // `env` becomes lighttpd, so that what we start is what we end.
        let (peer, address) =
            server_on_free_port("env", args, |_| "server started".into(), "Address already in use");
        Box::new(Serving { _peer: peer, address, suites: self.suites, page: String::new() })
    }

    fn connect(&self, _: &Site, _: &Case, _: SocketAddr) -> Box<dyn Client> {
        unreachable!("{} lacks that role", self.name)
    }
}

impl Lighttpd {
    /// The version of a package that was unpacked, or else installed.
    fn version(&self, name: &str) -> String {
        let head = format!("{name}_");
        let mut files = std::fs::read_dir(&self.folder).into_iter().flatten().flatten();
        let unpacked = files.find_map(|file| {
            let file = file.file_name().into_string().ok()?;
            file.strip_prefix(&head)?.split('_').next().map(str::to_owned)
        });
        unpacked.unwrap_or_else(|| package(name))
    }

    fn settings(&self, site: &Site, case: &Case, home: &Path) -> String {
        let files = &site.server(case.key).files;
        let version = case.version.is("TLSv1.2", "TLSv1.3");
        let mut options = format!("\"MinProtocol\" => \"{version}\", \"MaxProtocol\" => \"{version}\"");
        // wolfSSL takes what we offer: its module has no name for X25519, and the others do not keep it from taking that.
        if self.name == "mbedtls" {
            options += &format!(", \"Curves\" => \"{}\"", list(&CURVES, &case.groups(Role::Server), ":"));
        }
        let mut text = format!(
            "server.document-root = \"{home}\"\nserver.bind = \"127.0.0.1\"\nserver.port = PORT\n\
             server.modules = (\"mod_cgi\", \"{module}\")\ncgi.assign = (\".sh\" => \"/bin/sh\")\n\
             ssl.engine = \"enable\"\nssl.pemfile = \"{chain}\"\nssl.privkey = \"{key}\"\n\
             ssl.openssl.ssl-conf-cmd = ({options})\nssl.ca-file = \"{authorities}\"\n",
            home = home.display(),
            module = self.module,
            chain = files.chain.display(),
            key = files.key.display(),
            // wolfSSL ends the handshake with any client that asks for a staple, unless it knows who issued its certificates.
            authorities = site.authorities().display(),
        );
        if case.client.is_some() {
            text += "ssl.verifyclient.activate = \"enable\"\nssl.verifyclient.enforce = \"enable\"\n";
        }
        text
    }
}

struct Serving {
    _peer: Peer,
    address: SocketAddr,
    suites: &'static [(CipherSuite, &'static str)],
    page: String,
}

impl Server for Serving {
    fn address(&self) -> SocketAddr {
        self.address
    }

    fn talk(&mut self, link: &mut Link<ClientConnection>) -> Result<(), Failure> {
        self.page = ours::get(link, "/report.sh", " over\n")?;
        Ok(())
    }

    fn report(&mut self) -> Report {
        let line = self.page.lines().find(|line| line.starts_with("report ")).unwrap_or_default();
        Report {
            version: match word(line, "version") {
                Some("TLSv1.2") => Some(ProtocolVersion::TLSv1_2),
                Some("TLSv1.3") => Some(ProtocolVersion::TLSv1_3),
                _ => None,
            },
            suite: word(line, "suite").and_then(|name| suite_of(self.suites, name)),
            client: word(line, "client").map(|word| word == "SUCCESS"),
            ..Report::default()
        }
    }
}

/// A page in which lighttpd says what it knows of the connection.
const PAGE: &str = "\
echo 'Content-Type: text/plain'
echo
echo \"report version=$SSL_PROTOCOL suite=$SSL_CIPHER client=$SSL_CLIENT_VERIFY over\"
";

const CURVES: [(NamedGroup, &str); 4] = [
    (NamedGroup::X25519, "x25519"),
    (NamedGroup::secp256r1, "secp256r1"),
    (NamedGroup::secp384r1, "secp384r1"),
    (NamedGroup::secp521r1, "secp521r1"),
];

const MBEDTLS: [(CipherSuite, &str); 6] = [
    (CipherSuite::TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256, "TLS-ECDHE-ECDSA-WITH-AES-128-GCM-SHA256"),
    (CipherSuite::TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384, "TLS-ECDHE-ECDSA-WITH-AES-256-GCM-SHA384"),
    (
        CipherSuite::TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256,
        "TLS-ECDHE-ECDSA-WITH-CHACHA20-POLY1305-SHA256",
    ),
    (CipherSuite::TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256, "TLS-ECDHE-RSA-WITH-AES-128-GCM-SHA256"),
    (CipherSuite::TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384, "TLS-ECDHE-RSA-WITH-AES-256-GCM-SHA384"),
    (CipherSuite::TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256, "TLS-ECDHE-RSA-WITH-CHACHA20-POLY1305-SHA256"),
];

const WOLFSSL: [(CipherSuite, &str); 9] = [
    (CipherSuite::TLS13_AES_128_GCM_SHA256, "TLS13-AES128-GCM-SHA256"),
    (CipherSuite::TLS13_AES_256_GCM_SHA384, "TLS13-AES256-GCM-SHA384"),
    (CipherSuite::TLS13_CHACHA20_POLY1305_SHA256, "TLS13-CHACHA20-POLY1305-SHA256"),
    (CipherSuite::TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256, "ECDHE-ECDSA-AES128-GCM-SHA256"),
    (CipherSuite::TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384, "ECDHE-ECDSA-AES256-GCM-SHA384"),
    (CipherSuite::TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256, "ECDHE-ECDSA-CHACHA20-POLY1305"),
    (CipherSuite::TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256, "ECDHE-RSA-AES128-GCM-SHA256"),
    (CipherSuite::TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384, "ECDHE-RSA-AES256-GCM-SHA384"),
    (CipherSuite::TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256, "ECDHE-RSA-CHACHA20-POLY1305"),
];
