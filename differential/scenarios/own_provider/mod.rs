//! A provider of one's own, and whatever else an application can bring, with every trait that 0.23 lets it implement: whole connections
//! with each, against itself and against the built-in provider; and which methods the library calls.
//!
//! Everything is there twice: `Full` says the methods that have a default itself, `Bare` leaves them out.

mod application;
mod primitives;

use std::collections::{BTreeMap, BTreeSet};
use std::io::{Read, Write};
use std::sync::{Arc, Mutex, PoisonError};

use tls::client::{EchGreaseConfig, EchMode, Resumption};
use tls::crypto::hpke::Hpke;
use tls::crypto::{CryptoProvider, SupportedKxGroup, aws_lc_rs};
use tls::pki_types::CertificateDer;
use tls::quic::{self, KeyChange, Keys, Version};
use tls::sign::CertifiedKey;
use tls::time_provider::TimeProvider;
use tls::version::TLS13;
use tls::{
    ClientConfig, ClientConnection, Error, ServerConfig, ServerConnection, Side, SupportedProtocolVersion,
};
use world::{Notes, World};

use crate::base::*;
use application::{BarePinned, BareShown, ClientStore, Pinned, ServerStore, Shown, Turned};
use primitives::{BARE13, Bare, FULL13, Full, bare, full};

static CALLS: Mutex<BTreeMap<&'static str, u64>> = Mutex::new(BTreeMap::new());

fn called(what: &'static str) {
    *CALLS.lock().unwrap_or_else(PoisonError::into_inner).entry(what).or_default() += 1;
}

/// Every method that is counted, from the text that counts them.
fn methods() -> BTreeSet<String> {
    let text = [include_str!("primitives.rs"), include_str!("application.rs")].concat();
    let mut methods = BTreeSet::new();
    for call in text.split("called(").skip(1).filter_map(|call| call.split(';').next()) {
        for quoted in call.split('"').skip(1).step_by(2).filter(|quoted| quoted.contains("::")) {
            match quoted.starts_with(' ') {
                true => methods.extend(["Full", "Bare"].map(|who| format!("{who}{quoted}"))),
                false => _ = methods.insert(quoted.to_owned()),
            }
        }
    }
    methods
}

/// One of the two, and what an application brings along.
struct Own {
    name: &'static str,
    provider: CryptoProvider,
    clock: Arc<dyn TimeProvider>,
}

pub fn run(world: &World, notes: &mut Notes) {
    let both = [
        Own { name: "full", provider: full(), clock: Arc::new(Full) },
        Own { name: "bare", provider: bare(), clock: Arc::new(Bare) },
    ];
    for own in &both {
        for (version_name, version) in BOTH {
            connections(world, notes, own, version_name, version);
            authenticated(world, notes, own, version_name, version);
            extracted(world, notes, own, version_name, version);
        }
        raw_keys(world, notes, own);
        compressed(world, notes, own);
        packets(world, notes, own);
        encrypted_hello(world, notes, own);
        flags(world, notes, own);
    }
    let calls = CALLS.lock().unwrap_or_else(PoisonError::into_inner);
    for method in methods() {
        notes.text(format_args!("called, {method}"), calls.contains_key(method.as_str()));
    }
}

type Versions = &'static SupportedProtocolVersion;

fn client_of(
    world: &World,
    provider: &CryptoProvider,
    clock: &Arc<dyn TimeProvider>,
    version: Versions,
) -> ClientConfig {
    ClientConfig::builder_with_details(Arc::new(provider.clone()), clock.clone())
        .with_protocol_versions(&[version])
        .unwrap()
        .with_root_certificates(roots(world))
        .with_no_client_auth()
}

fn server_of(
    world: &World,
    provider: &CryptoProvider,
    clock: &Arc<dyn TimeProvider>,
    version: Versions,
) -> ServerConfig {
    ServerConfig::builder_with_details(Arc::new(provider.clone()), clock.clone())
        .with_protocol_versions(&[version])
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(world.good.chain.clone(), world.good.key.clone_key())
        .unwrap()
}

impl Own {
    /// The store of sessions, the key log and the tickets are of its making, too.
    fn client(&self, world: &World, version: Versions) -> ClientConfig {
        let mut config = client_of(world, &self.provider, &self.clock, version);
        config.resumption = Resumption::store(Arc::new(ClientStore::default()));
        config.key_log = if self.name == "full" { Arc::new(Full) } else { Arc::new(Bare) };
        config
    }

    fn server(&self, world: &World, version: Versions, tickets: bool) -> ServerConfig {
        self.with_sessions(server_of(world, &self.provider, &self.clock, version), tickets)
    }

    fn with_sessions(&self, mut config: ServerConfig, tickets: bool) -> ServerConfig {
        config.session_storage = Arc::new(ServerStore::default());
        config.key_log = if self.name == "full" { Arc::new(Full) } else { Arc::new(Bare) };
        if tickets {
            config.ticketer = if self.name == "full" { Arc::new(Full) } else { Arc::new(Bare) };
        }
        config
    }

    /// The chain with a key that its provider has loaded.
    fn certified(
        &self,
        chain: &[CertificateDer<'static>],
        key: &tls::pki_types::PrivateKeyDer<'static>,
    ) -> Arc<CertifiedKey> {
        Arc::new(CertifiedKey::from_der(chain.to_vec(), key.clone_key(), &self.provider).unwrap())
    }
}

/// What is seen of a connection that shakes hands, and sends data both ways in pieces of all sizes.
fn connection(client: &Arc<ClientConfig>, server: &Arc<ServerConfig>) -> String {
    let (mut c, mut s) = (client_on(client), crate::base::server(server));
    if let Err(error) = shake(&mut c, &mut s) {
        return format!("{error:?}");
    }
    let told = told(&mut c, &mut s);
    let exported = [
        c.export_keying_material([0; 32], b"EXPERIMENTAL", Some(b"context")).unwrap(),
        s.export_keying_material([0; 32], b"EXPERIMENTAL", Some(b"context")).unwrap(),
    ];
    format!(
        "{:?} {:?} {:?} {:?} {:?}, data: {told}, exporters: {}, certificates: {:?} {:?}",
        c.protocol_version(),
        c.negotiated_cipher_suite().map(|suite| suite.suite()),
        c.negotiated_key_exchange_group().map(|group| group.name()),
        c.handshake_kind(),
        s.handshake_kind(),
        exported[0] == exported[1],
        c.peer_certificates().map(<[_]>::len),
        s.peer_certificates().map(<[_]>::len),
    )
}

fn client_on(config: &Arc<ClientConfig>) -> ClientConnection {
    crate::base::client(config)
}

fn told(client: &mut ClientConnection, server: &mut ServerConnection) -> bool {
    let mut same = true;
    for len in [1, 100, 10_000, 16_384] {
        let said: Vec<u8> = (0..len).map(|at: usize| at as u8).collect();
        let mut heard = vec![0; len];
        client.writer().write_all(&said).unwrap();
        let bytes = take(client);
        feed(server, &bytes).unwrap();
        server.reader().read_exact(&mut heard).unwrap();
        same &= said == heard;
        server.writer().write_all(&said).unwrap();
        let bytes = take(server);
        feed(client, &bytes).unwrap();
        heard.fill(0);
        client.reader().read_exact(&mut heard).unwrap();
        same &= said == heard;
    }
    same
}

/// Twice each: the second time resumes.
fn twice(notes: &mut Notes, key: &str, client: ClientConfig, server: ServerConfig) {
    let (client, server) = (Arc::new(client), Arc::new(server));
    for time in ["first", "again"] {
        notes.text(format_args!("{key}, {time}"), connection(&client, &server));
    }
}

fn connections(world: &World, notes: &mut Notes, own: &Own, version_name: &str, version: Versions) {
    let built_in = aws_lc_rs::default_provider();
    for (how, tickets) in [("store", false), ("tickets", true)] {
        let key = |peers: &str| format!("{}, {version_name}, {how}, {peers}", own.name);
        twice(notes, &key("itself"), own.client(world, version), own.server(world, version, tickets));
        let server = server_of(world, &built_in, &own.clock, version);
        twice(notes, &key("built-in server"), own.client(world, version), server);
        let client = client_of(world, &built_in, &own.clock, version);
        twice(notes, &key("built-in client"), client, own.server(world, version, tickets));
    }
    // A server that takes the share behind the hybrid one, and one that wants another.
    for (how, group) in [("X25519", aws_lc_rs::kx_group::X25519), ("P-256", aws_lc_rs::kx_group::SECP256R1)] {
        let provider = CryptoProvider { kx_groups: vec![group], ..built_in.clone() };
        let server = server_of(world, &provider, &own.clock, version);
        let key = format!("{}, {version_name}, server with {how} alone", own.name);
        twice(notes, &key, own.client(world, version), server);
    }
    // Keys of the peer's that are none.
    let kx_groups: Vec<&'static dyn SupportedKxGroup> = vec![&Broken, aws_lc_rs::kx_group::SECP256R1];
    let broken = CryptoProvider { kx_groups, ..built_in };
    let (client, server) =
        (client_of(world, &broken, &own.clock, version), own.server(world, version, false));
    twice(notes, &format!("{}, {version_name}, a share that is none", own.name), client, server);
}

/// A group by a name that both have, with shares of the wrong length.
#[derive(Debug)]
struct Broken;

impl SupportedKxGroup for Broken {
    fn start(&self) -> Result<Box<dyn tls::crypto::ActiveKeyExchange>, Error> {
        Ok(Box::new(Broken))
    }

    fn name(&self) -> tls::NamedGroup {
        tls::NamedGroup::X25519
    }
}

impl tls::crypto::ActiveKeyExchange for Broken {
    fn complete(self: Box<Self>, _: &[u8]) -> Result<tls::crypto::SharedSecret, Error> {
        Err(Error::General("it never comes to that".into()))
    }

    fn pub_key(&self) -> &[u8] {
        b"short"
    }

    fn group(&self) -> tls::NamedGroup {
        tls::NamedGroup::X25519
    }
}

/// Verifiers and resolvers of its own, on both sides.
fn authenticated(world: &World, notes: &mut Notes, own: &Own, version_name: &str, version: Versions) {
    let server_key = own.certified(&world.good.chain, &world.good.key);
    let client_key = own.certified(&world.client.chain, &world.client.key);
    let of_server = Pinned::new(&world.good.chain[0], false, &own.provider);
    let of_client = Pinned::new(&world.client.chain[0], false, &own.provider);
    let (client, server) = match own.name {
        "full" => sides(
            own,
            version,
            (Arc::new(of_server), Arc::new(Shown { key: client_key, raw: false })),
            (Arc::new(of_client), Arc::new(Shown { key: server_key, raw: false })),
        ),
        _ => sides(
            own,
            version,
            (Arc::new(BarePinned(of_server)), Arc::new(BareShown(client_key))),
            (Arc::new(BarePinned(of_client)), Arc::new(BareShown(server_key))),
        ),
    };
    twice(notes, &format!("{}, {version_name}, client authentication", own.name), client, server);
}

type OfClient = (Arc<dyn tls::client::danger::ServerCertVerifier>, Arc<dyn tls::client::ResolvesClientCert>);
type OfServer = (Arc<dyn tls::server::danger::ClientCertVerifier>, Arc<dyn tls::server::ResolvesServerCert>);

fn sides(
    own: &Own,
    version: Versions,
    (server_verifier, client_resolver): OfClient,
    (client_verifier, server_resolver): OfServer,
) -> (ClientConfig, ServerConfig) {
    let provider = Arc::new(own.provider.clone());
    let client = ClientConfig::builder_with_details(provider.clone(), own.clock.clone())
        .with_protocol_versions(&[version])
        .unwrap()
        .dangerous()
        .with_custom_certificate_verifier(server_verifier)
        .with_client_cert_resolver(client_resolver);
    let server = ServerConfig::builder_with_details(provider, own.clock.clone())
        .with_protocol_versions(&[version])
        .unwrap()
        .with_client_cert_verifier(client_verifier)
        .with_cert_resolver(server_resolver);
    (client, own.with_sessions(server, false))
}

fn raw_keys(world: &World, notes: &mut Notes, own: &Own) {
    let load = |key: &tls::pki_types::PrivateKeyDer<'static>| {
        own.provider.key_provider.load_private_key(key.clone_key()).unwrap()
    };
    let raw = |key: &tls::pki_types::PrivateKeyDer<'static>| {
        // What a key of `Bare` does not say of itself, the other one does.
        let public = full().key_provider.load_private_key(key.clone_key()).unwrap();
        let public = CertificateDer::from(public.public_key().unwrap().to_vec());
        Arc::new(CertifiedKey::new(vec![public], load(key)))
    };
    let (client_key, server_key) = (raw(&world.client.key), raw(&world.good.key));
    let of_server = Pinned::new(&server_key.cert[0], true, &own.provider);
    let of_client = Pinned::new(&client_key.cert[0], true, &own.provider);
    let (client, server) = sides(
        own,
        &TLS13,
        (Arc::new(of_server), Arc::new(Shown { key: client_key, raw: true })),
        (Arc::new(of_client), Arc::new(Shown { key: server_key, raw: true })),
    );
    twice(notes, &format!("{}, raw keys", own.name), client, server);
}

fn compressed(world: &World, notes: &mut Notes, own: &Own) {
    let (mut client, mut server) = (own.client(world, &TLS13), own.server(world, &TLS13, false));
    client.cert_compressors = vec![&Turned];
    client.cert_decompressors = vec![&Turned];
    server.cert_compressors = vec![&Turned];
    server.cert_decompressors = vec![&Turned];
    twice(notes, &format!("{}, compression", own.name), client, server);
}

/// The secrets of a connection, which the other end's keys have to fit: so they are compared.
fn extracted(world: &World, notes: &mut Notes, own: &Own, version_name: &str, version: Versions) {
    let (mut client, mut server) = (own.client(world, version), own.server(world, version, false));
    client.enable_secret_extraction = true;
    server.enable_secret_extraction = true;
    let (mut c, mut s) = pair(client, server);
    shake(&mut c, &mut s).unwrap();
    let said = match (c.dangerous_extract_secrets(), s.dangerous_extract_secrets()) {
        (Ok(c), Ok(s)) => format!(
            "numbers: {} {} {} {}, the same: {} {}",
            c.tx.0,
            c.rx.0,
            s.tx.0,
            s.rx.0,
            key_of(&c.tx.1) == key_of(&s.rx.1),
            key_of(&c.rx.1) == key_of(&s.tx.1)
        ),
        (c, s) => format!("{:?} {:?}", c.err(), s.err()),
    };
    notes.text(format_args!("{}, {version_name}, secrets", own.name), said);
}

fn key_of(secrets: &tls::ConnectionTrafficSecrets) -> Vec<u8> {
    use tls::ConnectionTrafficSecrets as Of;
    match secrets {
        Of::Aes128Gcm { key, .. } | Of::Aes256Gcm { key, .. } | Of::Chacha20Poly1305 { key, .. } => {
            key.as_ref().to_vec()
        }
        _ => Vec::new(),
    }
}

// ---------------------------------------------------------------- QUIC

fn packets(world: &World, notes: &mut Notes, own: &Own) {
    let built_in = aws_lc_rs::default_provider();
    let ours = || (Arc::new(own.client(world, &TLS13)), Arc::new(own.server(world, &TLS13, false)));
    let (client, server) = ours();
    shaken(notes, &format!("{}, QUIC, itself, first", own.name), &client, &server);
    shaken(notes, &format!("{}, QUIC, itself, again", own.name), &client, &server);
    // A suite for Initial packets has to be there on both sides; the built-in ones have it all.
    if own.name == "full" {
        let theirs = Arc::new(server_of(world, &built_in, &own.clock, &TLS13));
        shaken(notes, "full, QUIC, built-in server", &ours().0, &theirs);
        let theirs = Arc::new(client_of(world, &built_in, &own.clock, &TLS13));
        shaken(notes, "full, QUIC, built-in client", &theirs, &ours().1);
    }
    let suite = if own.name == "full" { &FULL13 } else { &BARE13 };
    let suite = suite.quic_suite().unwrap();
    for version in [Version::V1, Version::V2] {
        let keys = |side| suite.keys(b"connection", side, version);
        let (client, server) = (keys(Side::Client), keys(Side::Server));
        notes.text(
            format_args!("{}, QUIC, initial keys of {version:?}", own.name),
            format!("{} {}", fits(&client, &server), fits(&server, &client)),
        );
    }
}

/// The handshake, and whether the keys that came out on both sides fit each other.
fn shaken(notes: &mut Notes, key: &str, client: &Arc<ClientConfig>, server: &Arc<ServerConfig>) {
    let made = (
        quic::ClientConnection::new(client.clone(), Version::V1, localhost(), vec![1, 1, 7]),
        quic::ServerConnection::new(server.clone(), Version::V1, vec![1, 1, 8]),
    );
    let (mut client, mut server): (quic::Connection, quic::Connection) = match made {
        (Ok(client), Ok(server)) => (client.into(), server.into()),
        (client, server) => {
            notes.text(key, format!("{:?} {:?}", client.err(), server.err()));
            return;
        }
    };
    let (mut of_client, mut of_server): (Vec<Keys>, Vec<Keys>) = Default::default();
    let mut next = Vec::new();
    for _ in 0..8 {
        for client_speaks in [true, false] {
            let (from, to, keys) = match client_speaks {
                true => (&mut client, &mut server, &mut of_client),
                false => (&mut server, &mut client, &mut of_server),
            };
            for _ in 0..5 {
                let mut bytes = Vec::new();
                match from.write_hs(&mut bytes) {
                    Some(KeyChange::Handshake { keys: new }) => keys.push(new),
                    Some(KeyChange::OneRtt { keys: new, next: after }) => {
                        keys.push(new);
                        next.push(after);
                    }
                    None if bytes.is_empty() => break,
                    None => {}
                }
                if let Err(error) = to.read_hs(&bytes) {
                    notes.text(key, format!("{error:?}"));
                    return;
                }
            }
        }
    }
    let fit = of_client.iter().zip(&of_server).map(|(c, s)| fits(c, s) && fits(s, c));
    let fit: Vec<bool> = fit.collect();
    let [mut c, mut s] = <[_; 2]>::try_from(next).ok().unwrap();
    let (c, s) = (c.next_packet_keys(), s.next_packet_keys());
    let updated = opens(&*c.local, &*s.remote) && opens(&*s.local, &*c.remote);
    notes.text(
        key,
        format!(
            "{:?} {:?}, fit: {fit:?}, after an update: {updated}",
            client.handshake_kind(),
            server.handshake_kind()
        ),
    );
}

/// Whether one side opens what the other has sealed, packet and header.
fn fits(from: &Keys, to: &Keys) -> bool {
    let (sealing, opening) = (&from.local, &to.remote);
    let sample = [7; 16];
    assert_eq!(sealing.header.sample_len(), sample.len());
    let (mut first, mut number) = (0x41, [0, 9]);
    sealing.header.encrypt_in_place(&sample, &mut first, &mut number).unwrap();
    let hidden = (first, number) != (0x41, [0, 9]);
    opening.header.decrypt_in_place(&sample, &mut first, &mut number).unwrap();
    hidden && (first, number) == (0x41, [0, 9]) && opens(&*sealing.packet, &*opening.packet)
}

fn opens(sealing: &dyn quic::PacketKey, opening: &dyn quic::PacketKey) -> bool {
    let limits = |key: &dyn quic::PacketKey| {
        (key.tag_len(), key.confidentiality_limit() > 0, key.integrity_limit() > 0)
    };
    assert_eq!(limits(sealing), limits(opening));
    let mut payload = b"frames".to_vec();
    let tag = sealing.encrypt_in_place(9, b"header", &mut payload).unwrap();
    payload.extend(tag.as_ref());
    let plain =
        opening.decrypt_in_place(9, b"header", &mut payload).map(<[u8]>::to_vec) == Ok(b"frames".to_vec());
    let mut payload = b"frames".to_vec();
    // What has no word on paths has a default that says no.
    let of_path = match sealing.encrypt_in_place_for_path(1, 9, b"header", &mut payload) {
        Err(_) => opening.decrypt_in_place_for_path(1, 9, b"header", &mut payload).is_err(),
        Ok(tag) => {
            payload.extend(tag.as_ref());
            opening
                .decrypt_in_place_for_path(1, 9, b"header", &mut payload)
                .is_ok_and(|plain| plain == b"frames")
        }
    };
    plain && of_path
}

// ---------------------------------------------------------------- the rest

/// GREASE of ECH is sealed with HPKE; no server of ours opens it, so what opens is called by hand.
fn encrypted_hello(world: &World, notes: &mut Notes, own: &Own) {
    let suite: &'static dyn Hpke = if own.name == "full" { &Full } else { &Bare };
    let (public, private) = suite.generate_key_pair().unwrap();
    let client = ClientConfig::builder_with_details(Arc::new(own.provider.clone()), own.clock.clone())
        .with_ech(EchMode::Grease(EchGreaseConfig::new(suite, public.clone())))
        .unwrap()
        .with_root_certificates(roots(world))
        .with_no_client_auth();
    let fips = client.fips();
    let client = Arc::new(client);
    let server = Arc::new(own.server(world, &TLS13, false));
    notes.text(format_args!("{}, GREASE", own.name), connection(&client, &server));
    notes.text(format_args!("{}, GREASE, fips", own.name), fips);

    let (secret, sealed) = suite.seal(b"info", b"aad", b"text", &public).unwrap();
    let opened = suite.open(&secret, b"info", b"aad", &sealed, &private).unwrap();
    let (secret, mut sealer) = suite.setup_sealer(b"info", &public).unwrap();
    let sealed = sealer.seal(b"aad", b"text").unwrap();
    let again = suite.setup_opener(&secret, b"info", &private).unwrap().open(b"aad", &sealed).unwrap();
    notes.text(format_args!("{}, HPKE", own.name), format!("{} {}", opened == b"text", again == b"text"));
}

/// What says of itself whether it is approved. `Full` says no, as `Bare` does by default.
fn flags(world: &World, notes: &mut Notes, own: &Own) {
    let provider = &own.provider;
    let suites: Vec<_> = provider.cipher_suites.iter().map(|suite| suite.fips()).collect();
    let groups: Vec<_> = provider
        .kx_groups
        .iter()
        .map(|group| {
            (group.fips(), group.ffdhe_group().is_some(), group.start().unwrap().ffdhe_group().is_some())
        })
        .collect();
    notes.value(format_args!("{}, suites", own.name), suites);
    notes.value(format_args!("{}, groups", own.name), groups);
    let parts = [
        provider.secure_random.fips(),
        provider.key_provider.fips(),
        provider.signature_verification_algorithms.fips(),
        provider.fips(),
        own.client(world, &TLS13).fips(),
        own.server(world, &TLS13, false).fips(),
    ];
    notes.value(format_args!("{}, parts", own.name), parts);
    let (hash, hmac, prf, hkdf): (&dyn tls::crypto::hash::Hash, &dyn tls::crypto::hmac::Hmac, _, _) =
        match own.name {
            "full" => (&Full, &Full, provider.cipher_suites[1], provider.cipher_suites[0]),
            _ => (&Bare, &Bare, provider.cipher_suites[1], provider.cipher_suites[0]),
        };
    let suite13 = hkdf.tls13().unwrap();
    let tls::SupportedCipherSuite::Tls12(suite12) = prf else { panic!("the second is of TLS 1.2") };
    let each = [
        hash.fips(),
        hmac.fips(),
        suite12.prf_provider.fips(),
        suite12.aead_alg.fips(),
        suite13.hkdf_provider.fips(),
        suite13.aead_alg.fips(),
        suite13.quic.unwrap().fips(),
    ];
    notes.value(format_args!("{}, each part", own.name), each);
}
