//! Configs that cannot be, and what builders say to them.

use std::sync::Arc;

use tls::client::WebPkiServerVerifier;
use tls::crypto::aws_lc_rs;
use tls::server::{ResolvesServerCertUsingSni, WebPkiClientVerifier};
use tls::sign::{CertifiedKey, SingleCertAndKey};
use tls::version::{TLS12, TLS13};
use tls::{ClientConfig, ClientConnection, RootCertStore, ServerConfig, ServerConnection};
use world::{Notes, World};

use crate::base::*;

pub fn run(world: &World, notes: &mut Notes) {
    versions(world, notes);
    keys(world, notes);
    limits(world, notes);
    verifiers(world, notes);
    names(world, notes);
    roots_of(world, notes);
}

fn versions(_: &World, notes: &mut Notes) {
    let provider = || Arc::new(aws_lc_rs::default_provider());
    let client = |versions: &[_]| {
        ClientConfig::builder_with_provider(provider()).with_protocol_versions(versions).map(|_| "fine")
    };
    notes.value("no versions", client(&[]));
    notes.value("a version twice", client(&[&TLS13, &TLS13]));
    let without = |change: fn(&mut tls::crypto::CryptoProvider), versions: &[_]| {
        let mut provider = aws_lc_rs::default_provider();
        change(&mut provider);
        let provider = Arc::new(provider);
        let server = ServerConfig::builder_with_provider(provider.clone())
            .with_protocol_versions(versions)
            .map(|_| "fine");
        let client =
            ClientConfig::builder_with_provider(provider).with_protocol_versions(versions).map(|_| "fine");
        (client, server)
    };
    notes.value("no suites", without(|p| p.cipher_suites.clear(), &[&TLS13]));
    notes.value("no groups", without(|p| p.kx_groups.clear(), &[&TLS13]));
    notes.value(
        "suites of 1.3 for 1.2",
        without(|p| p.cipher_suites.retain(|s| s.tls13().is_some()), &[&TLS12]),
    );
    notes.value(
        "suites of 1.3 for both",
        without(|p| p.cipher_suites.retain(|s| s.tls13().is_some()), &[&TLS12, &TLS13]),
    );
    notes.value(
        "groups of 1.3 for 1.2",
        without(|p| p.kx_groups = vec![aws_lc_rs::kx_group::MLKEM768], &[&TLS12]),
    );
    let default =
        ClientConfig::builder_with_provider(provider()).with_safe_default_protocol_versions().unwrap();
    notes.text("builder that wants a verifier", shape(&format!("{default:?}")));
}

/// The debug text of a builder without what is inside.
fn shape(debug: &str) -> String {
    debug.split(" {").next().unwrap_or_default().into()
}

fn keys(world: &World, notes: &mut Notes) {
    let server =
        |chain, key| ServerConfig::builder().with_no_client_auth().with_single_cert(chain, key).map(drop);
    let client = |chain, key| {
        ClientConfig::builder()
            .with_root_certificates(roots(world))
            .with_client_auth_cert(chain, key)
            .map(drop)
    };
    let (good, other) = (&world.good, &world.ed25519);
    let garbage = || tls::pki_types::PrivatePkcs8KeyDer::from(b"no key".to_vec()).into();
    notes.value("server, key of another", server(good.chain.clone(), other.key.clone_key()));
    notes.value("client, key of another", client(good.chain.clone(), other.key.clone_key()));
    notes.value("server, no chain", server(vec![], good.key.clone_key()));
    notes.value("client, no chain", client(vec![], good.key.clone_key()));
    notes.value("server, no key", server(good.chain.clone(), garbage()));
    notes.value("client, no key", client(good.chain.clone(), garbage()));
    notes.value("server, no certificate", server(vec![b"none".to_vec().into()], good.key.clone_key()));
    for (fault, bad) in &world.bad {
        notes.value(format_args!("server, {fault}"), server(bad.chain.clone(), bad.key.clone_key()));
    }
    notes.value(
        "server, with a staple",
        ServerConfig::builder()
            .with_no_client_auth()
            .with_single_cert_with_ocsp(good.chain.clone(), good.key.clone_key(), b"staple".to_vec())
            .map(drop),
    );
    let provider = aws_lc_rs::default_provider();
    let certified =
        |id: &world::Identity| CertifiedKey::from_der(id.chain.clone(), id.key.clone_key(), &provider);
    let key = certified(good).unwrap();
    notes.value("keys match", key.keys_match());
    notes.value("staple of a certified key", &key.ocsp);
    let crossed = CertifiedKey::new(good.chain.clone(), certified(other).unwrap().key);
    notes.value("crossed keys match", crossed.keys_match());
    let empty = CertifiedKey::new(vec![], certified(other).unwrap().key);
    notes.value("end entity of no chain", empty.end_entity_cert().map(|_| ()));
    notes.value("keys of no chain match", empty.keys_match());
    for id in [good, other, &world.rsa] {
        let key = certified(id).unwrap().key;
        let algorithm = key.algorithm();
        notes.text(format_args!("{algorithm:?}, a key"), shape(&format!("{key:?}")));
        for offered in tls::client::danger::ServerCertVerifier::supported_verify_schemes(
            &*WebPkiServerVerifier::builder(roots(world).into()).build().unwrap(),
        ) {
            notes.value(
                format_args!("{algorithm:?}, signer for {offered:?}"),
                key.choose_scheme(&[offered]).map(|signer| signer.scheme()),
            );
        }
        notes.value(format_args!("{algorithm:?}, public key"), key.public_key().map(|spki| spki.len()));
    }
    let single = SingleCertAndKey::from(certified(good).unwrap());
    notes.text("SingleCertAndKey", shape(&format!("{single:?}")));
    notes.value("it has certificates", tls::client::ResolvesClientCert::has_certs(&single));
    notes.value("it has raw keys", tls::client::ResolvesClientCert::only_raw_public_keys(&single));

    let mut by_name = ResolvesServerCertUsingSni::new();
    for name in ["localhost", "LOCALHOST", "a.example.com", "example.org", "not a name", "", "localhost."] {
        notes.value(format_args!("by name, {name:?}"), by_name.add(name, certified(good).unwrap()));
    }
}

fn limits(world: &World, notes: &mut Notes) {
    for size in [None, Some(0), Some(31), Some(32), Some(64), Some(16389), Some(16390), Some(100_000)] {
        let (mut client, mut server) = configs(world, &TLS13);
        (client.max_fragment_size, server.max_fragment_size) = (size, size);
        notes.value(
            format_args!("max_fragment_size {size:?}"),
            (
                ClientConnection::new(client.into(), localhost()).map(drop),
                ServerConnection::new(server.into()).map(drop),
            ),
        );
    }
    for (case, protocol) in
        [("empty", vec![]), ("of 255 bytes", vec![1; 255]), ("of 256 bytes", vec![1; 256])]
    {
        let (mut client, mut server) = configs(world, &TLS13);
        (client.alpn_protocols, server.alpn_protocols) = (vec![protocol.clone()], vec![protocol]);
        notes.value(
            format_args!("a protocol {case}"),
            (
                ClientConnection::new(client.into(), localhost()).map(drop),
                ServerConnection::new(server.into()).map(drop),
            ),
        );
    }
}

fn verifiers(world: &World, notes: &mut Notes) {
    let none = || Arc::new(RootCertStore::empty());
    notes.value("server verifier without roots", WebPkiServerVerifier::builder(none()).build().map(drop));
    notes.value("client verifier without roots", WebPkiClientVerifier::builder(none()).build().map(drop));
    let junk = || vec![b"no list".to_vec().into()];
    let some = || Arc::new(roots(world));
    notes.value(
        "server verifier with junk",
        WebPkiServerVerifier::builder(some()).with_crls(junk()).build().map(drop),
    );
    notes.value(
        "client verifier with junk",
        WebPkiClientVerifier::builder(some()).with_crls(junk()).build().map(drop),
    );
    let build = |builder: tls::server::ClientCertVerifierBuilder| {
        let verifier = builder.build().unwrap();
        let hints: Vec<usize> =
            verifier.root_hint_subjects().iter().map(|name| name.as_ref().len()).collect();
        (verifier.offer_client_auth(), verifier.client_auth_mandatory(), hints)
    };
    let builder = || WebPkiClientVerifier::builder(some());
    notes.value("client verifier", build(builder()));
    notes.value("client verifier for anybody", build(builder().allow_unauthenticated()));
    notes.value("client verifier without hints", build(builder().clear_root_hint_subjects()));
    notes.value(
        "client verifier with more hints",
        build(builder().add_root_hint_subjects(roots(world).subjects())),
    );
    let nobody = WebPkiClientVerifier::no_client_auth();
    notes.value("no client verifier", (nobody.offer_client_auth(), nobody.client_auth_mandatory()));
}

fn names(world: &World, notes: &mut Notes) {
    for name in ["localhost", "localhost.", "127.0.0.1", "::1", "a_b.example.com"] {
        let name_of = tls::pki_types::ServerName::try_from(name).unwrap();
        let mut conn = ClientConnection::new(client_config(world, &[&TLS13]).into(), name_of).unwrap();
        let mut server = server(&server_config(world, &[&TLS13]).into());
        feed(&mut server, &take(&mut conn)).unwrap();
        notes.value(format_args!("server sees {name}"), server.server_name());
    }
    let mut config = client_config(world, &[&TLS13]);
    config.enable_sni = false;
    let mut server = server(&server_config(world, &[&TLS13]).into());
    feed(&mut server, &take(&mut client(&config.into()))).unwrap();
    notes.value("server sees no name", server.server_name());
}

fn roots_of(world: &World, notes: &mut Notes) {
    let mut store = RootCertStore::empty();
    notes.value("empty store", (&store, store.len(), store.is_empty()));
    notes.value("junk as a root", store.add(b"junk".to_vec().into()));
    let mixed = vec![world.root.clone(), b"junk".to_vec().into(), world.stranger.clone(), world.root.clone()];
    notes.value("added and ignored", store.add_parsable_certificates(mixed));
    notes.value("filled store", (&store, store.len(), store.is_empty()));
    notes.value("subjects", store.subjects());
}
