//! Each primitive against the same one of aws-lc-rs: handshakes in every suite, group and kind of key, with graviola at one end,
//! and packets of QUIC.

use std::sync::Arc;

use chitin::crypto::cipher::{AeadKey, Iv};
use chitin::crypto::{CryptoProvider, aws_lc_rs};
use chitin::{
    CipherSuite, ClientConfig, NamedGroup, ServerConfig, SignatureScheme, SupportedCipherSuite,
    SupportedProtocolVersion, version,
};
use testkit::pair::{Pair, Side};
use testkit::pki::{KeyType, Pki, Spec};

fn with(
    base: CryptoProvider,
    all: &[SupportedCipherSuite],
    suite: CipherSuite,
    group: NamedGroup,
) -> Arc<CryptoProvider> {
    let mut provider = base;
    provider.cipher_suites = all.iter().copied().filter(|have| have.suite() == suite).collect();
    provider.kx_groups.retain(|have| have.name() == group);
    Arc::new(provider)
}

fn ours(suite: CipherSuite, group: NamedGroup) -> Arc<CryptoProvider> {
    with(chitin_graviola::default_provider(), chitin_graviola::ALL_CIPHER_SUITES, suite, group)
}

fn theirs(suite: CipherSuite, group: NamedGroup) -> Arc<CryptoProvider> {
    with(aws_lc_rs::default_provider(), aws_lc_rs::ALL_CIPHER_SUITES, suite, group)
}

/// A handshake with client authentication and data both ways, records of all sizes.
fn meets(
    pki: &Pki,
    key: KeyType,
    version: &'static SupportedProtocolVersion,
    client: Arc<CryptoProvider>,
    server: Arc<CryptoProvider>,
) {
    let identity = pki.issuing.issue(&Spec::server(key).dns(&["localhost"]));
    let shown = pki.client(key);
    let verifier = chitin::server::WebPkiClientVerifier::builder_with_provider(
        Arc::new(pki.root.store()),
        Arc::clone(&server),
    );
    let server = ServerConfig::builder_with_provider(server)
        .with_protocol_versions(&[version])
        .unwrap()
        .with_client_cert_verifier(verifier.build().unwrap())
        .with_single_cert(identity.chain.clone(), identity.key.clone_key())
        .unwrap();
    let client = ClientConfig::builder_with_provider(client)
        .with_protocol_versions(&[version])
        .unwrap()
        .with_root_certificates(pki.root.store())
        .with_client_auth_cert(shown.chain.clone(), shown.key.clone_key())
        .unwrap();
    let mut pair = Pair::new(client, server);
    pair.handshake().unwrap();
    for len in [1, 15, 16, 17, 4000, 16_384, 40_000] {
        let data = vec![len as u8; len];
        assert_eq!(pair.send(Side::Client, &data).unwrap(), data);
        assert_eq!(pair.send(Side::Server, &data).unwrap(), data);
    }
    assert!(pair.client.peer_certificates().is_some() && pair.server.peer_certificates().is_some());
}

const P256: NamedGroup = NamedGroup::secp256r1;
const AES_128: CipherSuite = CipherSuite::TLS13_AES_128_GCM_SHA256;

#[test]
fn every_suite_of_both_versions() {
    let pki = Pki::new();
    for suite in chitin_graviola::ALL_CIPHER_SUITES {
        let name = suite.suite();
        let key = match format!("{name:?}").contains("_RSA_") {
            true => KeyType::Rsa2048,
            false => KeyType::P256,
        };
        let version = match suite.tls13() {
            Some(_) => &version::TLS13,
            None => &version::TLS12,
        };
        meets(&pki, key, version, ours(name, P256), theirs(name, P256));
        meets(&pki, key, version, theirs(name, P256), ours(name, P256));
    }
    assert_eq!(chitin_graviola::ALL_CIPHER_SUITES.len(), aws_lc_rs::ALL_CIPHER_SUITES.len());
}

#[test]
fn every_group() {
    let pki = Pki::new();
    for group in chitin_graviola::ALL_KX_GROUPS {
        let name = group.name();
        meets(&pki, KeyType::P256, &version::TLS13, ours(AES_128, name), theirs(AES_128, name));
        meets(&pki, KeyType::P256, &version::TLS13, theirs(AES_128, name), ours(AES_128, name));
    }
}

#[test]
fn every_kind_of_key_signs_and_is_checked() {
    let pki = Pki::new();
    for key in
        [KeyType::P256, KeyType::P384, KeyType::Ed25519, KeyType::Rsa2048, KeyType::Rsa3072, KeyType::Rsa4096]
    {
        meets(&pki, key, &version::TLS13, ours(AES_128, P256), theirs(AES_128, P256));
        meets(&pki, key, &version::TLS13, theirs(AES_128, P256), ours(AES_128, P256));
    }
}

#[test]
fn signatures_of_every_scheme_are_checked_by_the_other() {
    let (ours, theirs) = (chitin_graviola::default_provider(), aws_lc_rs::default_provider());
    for kind in [KeyType::P256, KeyType::P384, KeyType::Ed25519, KeyType::Rsa2048] {
        let identity = testkit::pki::self_signed(&Spec::server(kind));
        for (signing, checking) in [(&ours, &theirs), (&theirs, &ours)] {
            let key = signing.key_provider.load_private_key(identity.key.clone_key()).unwrap();
            let spki = key.public_key().unwrap().to_vec();
            let other = checking.key_provider.load_private_key(identity.key.clone_key()).unwrap();
            assert_eq!(spki, other.public_key().unwrap().to_vec(), "{kind:?}");
            let mut schemes = 0;
            for (scheme, algorithms) in checking.signature_verification_algorithms.mapping {
                let Some(signer) = key.choose_scheme(&[*scheme]) else { continue };
                schemes += 1;
                let signature = signer.sign(b"message").unwrap();
                // The bits of the key are the tail of what is around it.
                let public = algorithms.iter().find_map(|algorithm| {
                    (0..spki.len())
                        .find(|at| algorithm.verify_signature(&spki[*at..], b"message", &signature).is_ok())
                });
                let public = &spki[public.unwrap_or_else(|| panic!("{scheme:?}"))..];
                for algorithm in *algorithms {
                    assert!(algorithm.verify_signature(public, b"massage", &signature).is_err());
                }
            }
            let wanted = if kind == KeyType::Rsa2048 { 6 } else { 1 };
            assert_eq!(schemes, wanted, "{kind:?}");
            assert!(key.choose_scheme(&[SignatureScheme::ED448]).is_none());
        }
    }
}

#[test]
fn bad_shares_and_keys_are_errors() {
    for group in chitin_graviola::ALL_KX_GROUPS {
        let len = group.start().unwrap().pub_key().len();
        let answer_len = group.start_and_complete(group.start().unwrap().pub_key()).unwrap().pub_key.len();
        for share in [vec![], vec![0; len], vec![4; len - 1], vec![4; len + 1]] {
            assert!(group.start_and_complete(&share).is_err(), "{group:?} {}", share.len());
        }
        for share in [vec![], vec![0; answer_len], vec![4; answer_len - 1], vec![4; answer_len + 1]] {
            assert!(group.start().unwrap().complete(&share).is_err(), "{group:?} {}", share.len());
        }
    }
    // No point of a curve, and coefficients of ML-KEM that are not reduced.
    for (group, byte) in [
        (chitin_graviola::kx_group::SECP256R1, 4),
        (chitin_graviola::kx_group::SECP384R1, 4),
        (chitin_graviola::kx_group::X25519MLKEM768, 0xff),
    ] {
        let share = vec![byte; group.start().unwrap().pub_key().len()];
        assert!(group.start_and_complete(&share).is_err(), "{group:?}");
    }
    // A compressed point. RFC 8446 section 4.2.8.2.
    let point = chitin_graviola::kx_group::SECP256R1.start().unwrap();
    let compressed = [&[2 + (point.pub_key()[64] & 1)], &point.pub_key()[1..33]].concat();
    assert!(chitin_graviola::kx_group::SECP256R1.start_and_complete(&compressed).is_err());
    let key = testkit::pki::self_signed(&Spec::server(KeyType::P521)).key;
    assert!(chitin_graviola::default_provider().key_provider.load_private_key(key).is_err());
}

#[test]
fn packets_and_headers_of_quic() {
    for suite in chitin_graviola::ALL_CIPHER_SUITES.iter().filter_map(|suite| suite.tls13()) {
        let their = aws_lc_rs::ALL_CIPHER_SUITES.iter().filter_map(|other| other.tls13());
        let their = their.into_iter().find(|other| other.common.suite == suite.common.suite).unwrap();
        let quic = [suite.quic.unwrap(), their.quic.unwrap()];
        assert_eq!(quic[0].aead_key_len(), quic[1].aead_key_len());
        // Initial keys are those of AES-128, whose key has 16 bytes; others are made of 32.
        let keys: Vec<_> = match quic[0].aead_key_len() {
            16 => [suite, their]
                .map(|suite| {
                    suite.quic_suite().unwrap().keys(b"id", chitin::Side::Client, Default::default()).local
                })
                .into(),
            _ => quic
                .map(|quic| chitin::quic::DirectionalKeys {
                    header: quic.header_protection_key(AeadKey::from([7; 32])),
                    packet: quic.packet_key(AeadKey::from([8; 32]), Iv::new([9; 12])),
                })
                .into(),
        };
        let [ours, theirs] = [&keys[0], &keys[1]];
        let mut sealed = [b"payload".to_vec(), b"payload".to_vec()];
        let mut tags = vec![];
        for (keys, text) in [ours, theirs].into_iter().zip(&mut sealed) {
            tags.push(keys.packet.encrypt_in_place(5, b"header", text).unwrap().as_ref().to_vec());
        }
        assert_eq!((&sealed[0], &tags[0]), (&sealed[1], &tags[1]), "{:?}", suite.common.suite);
        // The last counter of ChaCha20 too.
        for sample in [[0; 16], [1; 16], [0xff; 16], *b"a random sample!"] {
            let mut masked = [(0x43, [1, 2, 3, 4]), (0x43, [1, 2, 3, 4])];
            for (keys, (first, number)) in [ours, theirs].into_iter().zip(&mut masked) {
                keys.header.encrypt_in_place(&sample, first, number).unwrap();
            }
            assert_eq!(masked[0], masked[1], "{:?} {sample:?}", suite.common.suite);
        }
    }
}

#[test]
fn tickets_open_where_they_were_made() {
    let (one, two) = (chitin_graviola::ticketer().unwrap(), chitin_graviola::ticketer().unwrap());
    let ticket = one.encrypt(b"session").unwrap();
    assert_eq!(one.decrypt(&ticket).unwrap(), b"session");
    assert_eq!(two.decrypt(&ticket), None);
    assert_eq!(one.lifetime(), 12 * 60 * 60);
}

#[test]
fn its_name_is_graviola_and_it_is_not_fips() {
    let provider = chitin_graviola::default_provider();
    assert!(chitin_graviola::is_supported());
    assert_eq!(format!("{:?}", provider.secure_random), "Graviola");
    assert!(!provider.fips());
}
