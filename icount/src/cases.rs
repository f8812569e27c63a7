//! What is counted: each case with its configs. All of them with P-256 certificates (leaf, intermediate, root), X25519 and
//! AES-128-GCM.

use std::fmt;
use std::sync::Arc;

use chitin::client::{ClientSessionStore, Resumption};
use chitin::client::{Tls12ClientSessionValue, Tls13ClientSessionValue};
use chitin::pki_types::ServerName;
use chitin::server::WebPkiClientVerifier;
use chitin::{
    CipherSuite, ClientConfig, HandshakeKind, NamedGroup, ServerConfig, SupportedProtocolVersion, version,
};
use testkit::configs;
use testkit::pki::{Identity, KeyType, Pki};
use testkit::provided;

use crate::ends::{Ends, Meter};
use crate::quic::{FIRST_BYTE, QuicEnds};

pub enum Case {
    Handshake { client: Arc<ClientConfig>, server: Arc<ServerConfig>, kind: HandshakeKind },
    Records { client: Arc<ClientConfig>, server: Arc<ServerConfig>, len: usize },
    QuicHandshake { client: Arc<ClientConfig>, server: Arc<ServerConfig> },
    Packets { client: Arc<ClientConfig>, server: Arc<ServerConfig>, len: usize },
}

impl Case {
    pub const NAMES: [&str; 9] = [
        "full13",
        "mutual13",
        "resumed13",
        "full12",
        "resumed12",
        "records16k",
        "records1k",
        "fullquic",
        "packets1200",
    ];

    pub fn find(name: &str) -> Option<Self> {
        let full = |version, mutual| {
            let (client, server) = configs(version, mutual, false);
            Self::Handshake { client, server, kind: HandshakeKind::Full }
        };
        let resumed = |version| {
            let (client, server) = configs(version, false, true);
            Self::Handshake { client, server, kind: HandshakeKind::Resumed }
        };
        let records = |len| {
            let (client, server) = configs(&version::TLS13, false, false);
            Self::Records { client, server, len }
        };
        Some(match name {
            "full13" => full(&version::TLS13, false),
            "mutual13" => full(&version::TLS13, true),
            "resumed13" => resumed(&version::TLS13),
            "full12" => full(&version::TLS12, false),
            "resumed12" => resumed(&version::TLS12),
            "records16k" => records(16 * 1024),
            "records1k" => records(1024),
            "fullquic" => {
                let (client, server) = quic_configs();
                Self::QuicHandshake { client, server }
            }
            "packets1200" => {
                let (client, server) = quic_configs();
                Self::Packets { client, server, len: 1200 }
            }
            _ => return None,
        })
    }

    /// Runs so many handshakes, or moves so many records or packets in one connection.
    pub fn run(&self, rounds: usize, meter: &mut Meter) {
        match self {
            Self::Handshake { client, server, kind } => {
                for round in 0..rounds {
                    let ends = Ends::connected(client, server, meter);
                    let first = round == 0 && meter.0.is_none();
                    assert!(first || ends.client.handshake_kind() == Some(*kind));
                    ends.drop(meter);
                }
            }
            Self::Records { client, server, len } => {
                let mut ends = Ends::connected(client, server, &mut Meter(None));
                let (data, mut out) = (vec![7; *len], vec![0; *len]);
                // Buffers are kept from the seventeenth burst on.
                (0..20).for_each(|_| ends.send(&data, &mut out, &mut Meter(None)));
                (0..rounds).for_each(|_| ends.send(&data, &mut out, meter));
            }
            Self::QuicHandshake { client, server } => {
                for _ in 0..rounds {
                    let ends = QuicEnds::connected(client, server, meter);
                    assert!(ends.client.conn.handshake_kind() == Some(HandshakeKind::Full));
                    ends.drop(meter);
                }
            }
            Self::Packets { client, server, len } => {
                let ends = QuicEnds::connected(client, server, &mut Meter(None));
                let mut plain = vec![7; *len];
                plain[0] = FIRST_BYTE;
                (0..rounds as u64).for_each(|number| ends.send(number, &plain, meter));
            }
        }
    }
}

fn configs(
    version: &'static SupportedProtocolVersion,
    mutual: bool,
    resumed: bool,
) -> (Arc<ClientConfig>, Arc<ServerConfig>) {
    let (pki, identity) = of_usual_length();
    let suites =
        [CipherSuite::TLS13_AES_128_GCM_SHA256, CipherSuite::TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256];
    // The second is what TLS 1.2 allows the certificate for; its share is never sent.
    let provider = configs::provider(&suites, &[NamedGroup::X25519, NamedGroup::secp256r1]);
    let client = ClientConfig::builder_with_provider(provider.clone())
        .with_protocol_versions(&[version])
        .unwrap()
        .with_root_certificates(pki.root.store());
    let mut client = match mutual {
        true => {
            let identity = pki.client(KeyType::P256);
            client.with_client_auth_cert(identity.chain, identity.key).unwrap()
        }
        false => client.with_no_client_auth(),
    };
    if !resumed {
        client.resumption = Resumption::store(Arc::new(Forgetful));
    }
    let verifier = match mutual {
        true => WebPkiClientVerifier::builder_with_provider(pki.root.store().into(), provider.clone())
            .build()
            .unwrap(),
        false => WebPkiClientVerifier::no_client_auth(),
    };
    let mut server = ServerConfig::builder_with_provider(provider)
        .with_protocol_versions(&[version])
        .unwrap()
        .with_client_cert_verifier(verifier)
        .with_single_cert(identity.chain, identity.key)
        .unwrap();
    server.ticketer = provided::ticketer();
    // Each handshake is to verify all signatures, as the first one does.
    for memo in [client.signature_memo(), server.signature_memo()].into_iter().flatten() {
        memo.set_size(0);
    }
    (Arc::new(client), Arc::new(server))
}

/// Over QUIC both sides agree on a protocol: RFC 9001 section 8.1.
fn quic_configs() -> (Arc<ClientConfig>, Arc<ServerConfig>) {
    let (mut client, mut server) = configs(&version::TLS13, false, false);
    Arc::make_mut(&mut client).alpn_protocols = vec![b"h3".to_vec()];
    Arc::make_mut(&mut server).alpn_protocols = vec![b"h3".to_vec()];
    (client, server)
}

/// Certificates whose ECDSA signatures have the length that half of them have: another one moves what is allocated behind it.
fn of_usual_length() -> (Pki, Identity) {
    let mut seen = Vec::new();
    for _ in 0..TRIES {
        let pki = Pki::new();
        let identity = pki.server(KeyType::P256);
        seen = identity.chain.iter().map(|certificate| certificate.len()).collect();
        if seen == USUAL {
            return (pki, identity);
        }
    }
    panic!("no chain of {TRIES} had the lengths {USUAL:?}; the last had {seen:?}");
}

/// One in three or four is as it should be.
const TRIES: usize = 1000;

/// Of the leaf and of the intermediate.
const USUAL: [usize; 2] = [476, 405];

/// Takes tickets, so that they are read, and has none.
struct Forgetful;

impl fmt::Debug for Forgetful {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Forgetful")
    }
}

impl ClientSessionStore for Forgetful {
    fn set_kx_hint(&self, _: ServerName<'static>, _: NamedGroup) {}

    fn kx_hint(&self, _: &ServerName<'_>) -> Option<NamedGroup> {
        None
    }

    fn set_tls12_session(&self, _: ServerName<'static>, _: Tls12ClientSessionValue) {}

    fn tls12_session(&self, _: &ServerName<'_>) -> Option<Tls12ClientSessionValue> {
        None
    }

    fn remove_tls12_session(&self, _: &ServerName<'static>) {}

    fn insert_tls13_ticket(&self, _: ServerName<'static>, _: Tls13ClientSessionValue) {}

    fn take_tls13_ticket(&self, _: &ServerName<'static>) -> Option<Tls13ClientSessionValue> {
        None
    }
}
