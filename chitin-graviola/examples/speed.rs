//! How fast the providers are: records sealed and opened, and handshakes, in one thread.
//!
//! `cargo run --release -p chitin-graviola --example speed`

use std::sync::Arc;
use std::time::{Duration, Instant};

use chitin::crypto::cipher::{AeadKey, InboundOpaqueMessage, Iv, OutboundChunks, OutboundPlainMessage};
use chitin::crypto::{CryptoProvider, aws_lc_rs, ring};
use chitin::{ClientConfig, ContentType, NamedGroup, ProtocolVersion, ServerConfig};
use testkit::pair::Pair;
use testkit::pki::{KeyType, Pki, Spec};

fn main() {
    let providers = [
        ("aws_lc_rs", aws_lc_rs::default_provider()),
        ("ring", ring::default_provider()),
        ("graviola", chitin_graviola::default_provider()),
    ];
    let pki = Pki::new();
    for (name, provider) in providers {
        // The suites whose keys have 32 bytes, which is what a key can be made of outside of a connection.
        for suite in provider.cipher_suites.iter().filter_map(|suite| suite.tls13()) {
            if suite.aead_alg.key_len() != 32 {
                continue;
            }
            let (seal, open) = records(suite);
            println!("{name:<10} {:?}: sealed {seal:.0} MB/s, opened {open:.0} MB/s", suite.common.suite);
        }
        for key in [KeyType::P256, KeyType::Rsa2048] {
            let per_second = handshakes(&pki, key, &provider);
            println!("{name:<10} {key:?}, X25519: {per_second:.0} handshakes/s, both sides");
        }
    }
}

const RECORD: usize = 16 * 1024;

fn records(suite: &chitin::Tls13CipherSuite) -> (f64, f64) {
    let mut sealer = suite.aead_alg.encrypter(AeadKey::from([1; 32]), Iv::new([2; 12]));
    let mut opener = suite.aead_alg.decrypter(AeadKey::from([1; 32]), Iv::new([2; 12]));
    let plain = vec![3; RECORD];
    let mut slot = vec![0; RECORD + 64];
    let mut out = vec![0; RECORD + 1];
    let mut number = 0;
    let sealed = rate(|| {
        let payload = OutboundChunks::Single(&plain);
        let version = ProtocolVersion::TLSv1_2;
        let message = OutboundPlainMessage { typ: ContentType::ApplicationData, version, payload };
        sealer.seal(message, number, &mut slot).unwrap();
        number += 1;
    });
    let record = slot[5..5 + RECORD + 17].to_vec();
    let opened = rate(|| {
        opener.open_into(ContentType::ApplicationData, &record, number - 1, &mut out).unwrap();
    });
    // As a check that this is what was sealed.
    let mut record = record;
    let message =
        InboundOpaqueMessage::new(ContentType::ApplicationData, ProtocolVersion::TLSv1_2, &mut record);
    assert_eq!(opener.decrypt(message, number - 1).unwrap().payload, plain);
    (sealed * RECORD as f64 / 1e6, opened * RECORD as f64 / 1e6)
}

fn handshakes(pki: &Pki, key: KeyType, provider: &CryptoProvider) -> f64 {
    let mut provider = provider.clone();
    provider.kx_groups.retain(|group| group.name() == NamedGroup::X25519);
    let provider = Arc::new(provider);
    let identity = pki.issuing.issue(&Spec::server(key).dns(&["localhost"]));
    let mut server = ServerConfig::builder_with_provider(provider.clone())
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(identity.chain.clone(), identity.key.clone_key())
        .unwrap();
    server.send_tls13_tickets = 0;
    let mut client = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(pki.root.store())
        .with_no_client_auth();
    client.resumption = chitin::client::Resumption::disabled();
    let (client, server) = (Arc::new(client), Arc::new(server));
    rate(|| Pair::new((*client).clone(), (*server).clone()).handshake().unwrap())
}

/// Calls a second: the best of many short whiles, since the machine may have something else to do in others.
fn rate(mut call: impl FnMut()) -> f64 {
    const SHORT: Duration = Duration::from_millis(10);
    let while_of = |_| {
        let (start, mut calls) = (Instant::now(), 0_u32);
        while start.elapsed() < SHORT {
            call();
            calls += 1;
        }
        f64::from(calls) / start.elapsed().as_secs_f64()
    };
    (0..100).map(while_of).fold(0.0, f64::max)
}
