//! Botan of Debian: `botan tls_client`.

use std::net::SocketAddr;
use std::path::PathBuf;

use chitin::{CipherSuite, NamedGroup, ProtocolVersion, ServerConnection};
use testkit::args;
use testkit::net::{Failure, Link};
use testkit::peer::Peer;

use super::{Client, IANA, Program, Row, Server, between, first_line, list, suite_name, suite_of};
use crate::case::{Case, Column, Role, Version};
use crate::ours;
use crate::report::{Field, Mute, Report};
use crate::site::Site;

pub struct Botan;

impl Program for Botan {
    fn name(&self) -> &'static str {
        "botan"
    }

    fn release(&self) -> String {
        format!("Botan {}", first_line("botan", "--version"))
    }

    fn lacks(&self, (role, version): Row, column: Column) -> Option<&'static str> {
        match (role, version, column) {
            (_, Version::V13, _) => Some("Botan 2 has no TLS 1.3"),
            (Role::Server, ..) => Some("left out: it is the library of the client, which is tried"),
            (.., Column::ClientAuth) => Some("botan tls_client has no option for a certificate"),
            _ => None,
        }
    }

    fn mute(&self, _: Row, _: Column) -> Mute {
        &[(
            Field::Group,
            "botan tls_client does not say; its policy allows this one alone, and the curve of the certificate",
        )]
    }

    fn serve(&self, _: &Site, _: &Case) -> Box<dyn Server> {
        unreachable!("botan lacks that role")
    }

    fn connect(&self, site: &Site, case: &Case, address: SocketAddr) -> Box<dyn Client> {
        let policy = site.path("policy");
        let words = format!(
            "allow_tls12 = true\nciphers = {}\nmacs = AEAD\nkey_exchange_methods = ECDH\nkey_exchange_groups = {}\n",
            suite_name(&CIPHERS, case.suite),
            list(&GROUPS, &case.groups(Role::Client), " "),
        );
        std::fs::write(&policy, words).expect("a file for botan's policy");
        let files = Files { policy, sessions: site.path("sessions"), root: site.root(case.key).to_owned() };
        Box::new(Connecting { files, address, peer: None, session: None })
    }
}

struct Files {
    policy: PathBuf,
    sessions: PathBuf,
    root: PathBuf,
}

struct Connecting {
    files: Files,
    address: SocketAddr,
    peer: Option<Peer>,
    /// The id of the last session.
    session: Option<String>,
}

impl Client for Connecting {
    fn dial(&mut self) {
        let Files { policy, sessions, root } = &self.files;
        let flag = |name: &str, value: &PathBuf| format!("--{name}={}", value.display());
        let mut args =
            args!["tls_client", "localhost", format!("--port={}", self.address.port()), "--tls1.2"];
        args.extend(args!["--skip-system-cert-store", flag("trusted-cas", root), flag("policy", policy)]);
        args.extend(args![flag("session-db", sessions), "--session-db-pass=none"]);
        self.peer = Some(Peer::spawn("botan", &args));
    }

    fn talk(&mut self, link: &mut Link<ServerConnection>, _: &[u8]) -> Result<(), Failure> {
        let peer = self.peer.as_mut().expect("it was dialled");
        peer.type_in("to our server\n");
        ours::answer(link)
    }

    fn report(&mut self) -> Report {
        let peer = self.peer.as_mut().expect("it was dialled");
        let (_, said) = peer.finish();
        // It keeps what it prints until its end.
        assert!(said.contains("from our server\n"), "{said}");
        let session = between(&said, "Session ID ", "\n").map(str::to_owned);
        // It goes on with a certificate that it does not believe, and says so.
        let status = between(&said, "Certificate validation status: ", "\n");
        assert!(matches!(status, None | Some("Verified")), "{said}");
        let resumed = status.is_none() && session.is_some() && session == self.session;
        self.session = session;
        let suite = between(&said, " using ", "\n").map(|name| format!("TLS_{name}"));
        Report {
            version: said.contains("Handshake complete, TLS v1.2").then_some(ProtocolVersion::TLSv1_2),
            suite: suite.and_then(|name| suite_of(&IANA, &name)),
            resumed: Some(resumed),
            ..Report::default()
        }
    }
}

const CIPHERS: [(CipherSuite, &str); 6] = [
    (CipherSuite::TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256, "AES-128/GCM"),
    (CipherSuite::TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384, "AES-256/GCM"),
    (CipherSuite::TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256, "ChaCha20Poly1305"),
    (CipherSuite::TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256, "AES-128/GCM"),
    (CipherSuite::TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384, "AES-256/GCM"),
    (CipherSuite::TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256, "ChaCha20Poly1305"),
];

const GROUPS: [(NamedGroup, &str); 4] = [
    (NamedGroup::X25519, "x25519"),
    (NamedGroup::secp256r1, "secp256r1"),
    (NamedGroup::secp384r1, "secp384r1"),
    (NamedGroup::secp521r1, "secp521r1"),
];
