//! Encrypted Client Hello (RFC 9849) of our client with Go's `crypto/tls`, the one peer of the table that is a server of it.
//!
//! What the table asks of every peer is not asked again here: these are the connections that only ECH has.

use std::sync::Arc;

use chitin::client::{EchConfig, EchGreaseConfig, EchMode, EchStatus, KeyShares};
use chitin::crypto::aws_lc_rs::hpke::{ALL_SUPPORTED_SUITES, DH_KEM_X25519_HKDF_SHA256_AES_128};
use chitin::crypto::hpke::Hpke;
use chitin::{ClientConfig, ClientConnection, Error, HandshakeKind, NamedGroup, PeerIncompatible};
use testkit::args;
use testkit::configs;
use testkit::ech::EchKey;
use testkit::net::{Failure, Link};
use testkit::peer::Peer;
use testkit::pki::{KeyType, Pki, Spec};

use crate::ours::ask;
use crate::peers::between;
use crate::peers::go::{listening, report_line};

const SECRET: &str = "secret.test";
const PUBLIC: &str = "public.test";

/// Makes all connections, and gives how many.
///
/// # Errors
///
/// What is not as it should be. What the peer said is kept then.
pub fn meet(program: &str) -> Result<usize, String> {
    // The helpers of the tests panic when a peer does not do as it should.
    let met = std::panic::catch_unwind(|| run(program));
    met.map_err(|why| crate::matrix::words(&*why))
}

fn run(program: &str) -> usize {
    let pki = Pki::new();
    let files = pki.write(&pki.issuing.issue(&Spec::server(KeyType::P256).dns(&[SECRET, PUBLIC])));
    let mut count = 0;
    for retried in [false, true] {
        let group = if retried { NamedGroup::secp384r1 } else { NamedGroup::X25519 };
        let args = args![
            "-role",
            "ech",
            "-connections",
            "6",
            "-version",
            "0304",
            "-public",
            PUBLIC,
            "-groups",
            format!("{:04x}", u16::from(group)),
            "-chain",
            &files.chain,
            "-key",
            &files.key,
        ];
        let mut server = Server::start(program, args, retried);
        let list = server.published.clone();
        let client = |mode: EchMode| client(&pki, mode);

        // Accepted, and resumed as such.
        let config = client(of_list(list.clone()));
        for resumed in [false, true] {
            let link = server.connect(&config).unwrap_or_else(|failure| panic!("{failure:?}"));
            assert_eq!(link.conn.ech_status(), EchStatus::Accepted);
            assert_eq!(link.conn.handshake_kind() == Some(HandshakeKind::Resumed), resumed);
            server.says(true, SECRET, resumed, "to the peer\\n");
        }

        // A key that the server does not have; then the one that it sends instead.
        let stale = client(of_list(EchKey::new(99, PUBLIC, 0).list()));
        let failure = server.connect(&stale).err().expect("a server that cannot read the hello");
        let Failure::Tls(Error::PeerIncompatible(PeerIncompatible::ServerRejectedEncryptedClientHello(
            Some(configs),
        ))) = failure
        else {
            panic!("{failure:?}")
        };
        server.says(false, PUBLIC, false, "remote error: tls: encrypted client hello required");
        let fresh = EchConfig::from_retry_configs(&configs, ALL_SUPPORTED_SUITES).unwrap();
        let link = server.connect(&client(fresh.into())).unwrap_or_else(|failure| panic!("{failure:?}"));
        assert_eq!(link.conn.ech_status(), EchStatus::Accepted);
        server.says(true, SECRET, false, "to the peer\\n");

        // Nothing, and what only looks like something.
        let (placeholder, _) = DH_KEM_X25519_HKDF_SHA256_AES_128.generate_key_pair().unwrap();
        let grease = EchGreaseConfig::new(DH_KEM_X25519_HKDF_SHA256_AES_128, placeholder);
        let link = server.connect(&client(grease.into())).unwrap_or_else(|failure| panic!("{failure:?}"));
        assert_eq!(link.conn.ech_status(), EchStatus::Grease);
        server.says(false, SECRET, false, "to the peer\\n");

        // Another AEAD of the server's list.
        let chacha = &ALL_SUPPORTED_SUITES[2..3];
        let config = client(EchConfig::new(list.into(), chacha).unwrap().into());
        let link = server.connect(&config).unwrap_or_else(|failure| panic!("{failure:?}"));
        assert_eq!(link.conn.ech_status(), EchStatus::Accepted);
        server.says(true, SECRET, false, "to the peer\\n");
        count += server.number;
    }
    count
}

fn of_list(list: Vec<u8>) -> EchMode {
    EchConfig::new(list.into(), ALL_SUPPORTED_SUITES).unwrap().into()
}

fn client(pki: &Pki, mode: EchMode) -> Arc<ClientConfig> {
    let groups = [NamedGroup::X25519, NamedGroup::secp384r1];
    let mut config = ClientConfig::builder_with_provider(configs::provider(&[], &groups))
        .with_ech(mode)
        .unwrap()
        .with_root_certificates(pki.root.store())
        .with_no_client_auth();
    // Or the second connection would know better.
    config.key_shares = KeyShares::Only(vec![NamedGroup::X25519]);
    config.into()
}

struct Server {
    peer: Peer,
    address: std::net::SocketAddr,
    published: Vec<u8>,
    /// It asks for another group.
    retried: bool,
    /// How many connections it has had.
    number: usize,
}

impl Server {
    fn start(program: &str, args: Vec<std::ffi::OsString>, retried: bool) -> Self {
        let mut peer = Peer::spawn(program, &args);
        let hex = peer
            .wait_for("its configuration", |output| between(output, "published ", "\n").map(str::to_owned));
        let published =
            (0..hex.len()).step_by(2).map(|at| u8::from_str_radix(&hex[at..at + 2], 16).unwrap()).collect();
        let address = listening(&mut peer);
        Self { peer, address, published, retried, number: 0 }
    }

    fn connect(&mut self, config: &Arc<ClientConfig>) -> Result<Link<ClientConnection>, Failure> {
        let mut link = Link::client(self.address, config.clone(), SECRET);
        link.handshake()?;
        ask(&mut link)?;
        link.close()?;
        Ok(link)
    }

    /// Holds what it says of the last connection against what it was.
    fn says(&mut self, ech: bool, name: &str, resumed: bool, outcome: &str) {
        let line = report_line(&mut self.peer, self.number);
        self.number += 1;
        let retried = self.retried;
        let due = format!("ech={ech} name={name} resumed={resumed} retried={retried} outcome=\"{outcome}\"");
        assert_eq!(line, due, "connection {}", self.number);
    }
}
