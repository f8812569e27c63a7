//! The suites of TLS 1.2, and what its signatures may be.
//!
//! The records were made with the AEADs of Python's `cryptography`, nonces and additional data put together by hand from
//! RFC 5246, RFC 5288 and RFC 7905.

use alloc::boxed::Box;
use alloc::vec;
use alloc::vec::Vec;

use pki_types::CertificateDer;

use super::suites::SupportedCipherSuite;
use super::tests::{Tested, each, hex, keys};
use crate::crypto::cipher::{
    AeadKey, InboundOpaqueMessage, MessageDecrypter, MessageEncrypter, OutboundChunks, OutboundPlainMessage,
    Sealed,
};
use crate::crypto::der;
use crate::crypto::suites::{ConnectionTrafficSecrets, TLS12, Tls12CipherSuite};
use crate::crypto::verify::{DigitallySignedStruct, verify_tls12_signature};
use crate::error::{CertificateError, Error, PeerMisbehaved};
use crate::names::{CipherSuite, ContentType, ProtocolVersion, SignatureAlgorithm, SignatureScheme};

fn suites(p: &Tested) -> impl Iterator<Item = &'static Tls12CipherSuite> {
    p.provider.cipher_suites.iter().filter_map(SupportedCipherSuite::tls12)
}

fn pair(suite: &Tls12CipherSuite) -> (Box<dyn MessageEncrypter>, Box<dyn MessageDecrypter>) {
    let shape = suite.aead_alg.key_block_shape();
    let key = || AeadKey::new(&vec![0x42; shape.enc_key_len]);
    let (iv, extra): (&[u8], &[u8]) = match shape.fixed_iv_len {
        4 => (&[1, 2, 3, 4], &[0x10, 0x11, 0x12, 0x13, 0x14, 0x15, 0x16, 0x17]),
        _ => (&[0x20, 0x21, 0x22, 0x23, 0x24, 0x25, 0x26, 0x27, 0x28, 0x29, 0x2a, 0x2b], &[]),
    };
    assert_eq!((iv.len(), extra.len()), (shape.fixed_iv_len, shape.explicit_nonce_len));
    (suite.aead_alg.encrypter(key(), iv, extra), suite.aead_alg.decrypter(key(), iv))
}

fn plain(typ: ContentType, payload: &[u8]) -> OutboundPlainMessage<'_> {
    OutboundPlainMessage { typ, version: ProtocolVersion::TLSv1_2, payload: OutboundChunks::Single(payload) }
}

/// Opens a record in both ways.
fn open(opener: &mut dyn MessageDecrypter, seq: u64, record: &[u8]) -> Result<(ContentType, Vec<u8>), Error> {
    let typ = ContentType::from(record[0]);
    let mut in_place = record[5..].to_vec();
    let msg = InboundOpaqueMessage::new(typ, ProtocolVersion::TLSv1_2, &mut in_place);
    let opened = opener.decrypt(msg, seq).map(|msg| (msg.typ, msg.payload.to_vec()));

    let mut out = vec![0; opener.open_into_len(record.len() - 5).unwrap_or(0)];
    let apart =
        opener.open_into(typ, &record[5..], seq, &mut out).map(|(typ, len)| (typ, out[..len].to_vec()));
    assert_eq!(opened, apart, "both ways of opening agree");
    opened
}

#[test]
fn the_list_is_tls13_first_then_ecdsa_then_rsa() {
    for p in each() {
        let names: Vec<CipherSuite> = p.provider.cipher_suites.iter().map(|suite| suite.suite()).collect();
        assert_eq!(
            names,
            [
                CipherSuite::TLS13_AES_256_GCM_SHA384,
                CipherSuite::TLS13_AES_128_GCM_SHA256,
                CipherSuite::TLS13_CHACHA20_POLY1305_SHA256,
                CipherSuite::TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384,
                CipherSuite::TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256,
                CipherSuite::TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256,
                CipherSuite::TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384,
                CipherSuite::TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256,
                CipherSuite::TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256,
            ]
        );
        assert_eq!(p.provider.cipher_suites, p.all_suites);
        for suite in suites(&p) {
            assert_eq!(SupportedCipherSuite::Tls12(suite).version(), &TLS12);
        }
    }
}

#[test]
fn records_are_those_of_another_implementation() {
    for p in each() {
        for (suite, typ, record) in [
            (
                CipherSuite::TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256,
                ContentType::ApplicationData,
                "170303001d1011121314151715b0c39058272b010d5815468981fd6f22f3bb4d27e2",
            ),
            (
                CipherSuite::TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384,
                ContentType::ApplicationData,
                "170303001d1011121314151715c80f4a91a3c020c723a3e28d2dd657395744cbb10d",
            ),
            (
                CipherSuite::TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256,
                ContentType::Handshake,
                "1603030015f5d4585d55b03b26385ee4464ce492aebaf8fac05f",
            ),
        ] {
            let record = hex(record);
            let (mut sealer, mut opener) = pair(p.tls12(suite));
            assert_eq!(sealer.encrypt(plain(typ, b"hello"), 0x0102).unwrap().encode(), record);
            let mut slot = vec![0xff; record.len() + 3];
            let sealed = sealer.seal(plain(typ, b"hello"), 0x0102, &mut slot).unwrap();
            assert!(matches!(sealed, Sealed::Written(n) if n == record.len()));
            assert_eq!((&slot[..record.len()], &slot[record.len()..]), (&record[..], &[0xff; 3][..]));
            assert_eq!(open(opener.as_mut(), 0x0102, &record), Ok((typ, b"hello".to_vec())));
        }
    }
}

#[test]
fn records_round_trip_in_each_suite() {
    for p in each() {
        for suite in suites(&p) {
            let (mut sealer, mut opener) = pair(suite);
            for len in [0, 1, 15, 16, 17, 255, 16_383, 16_384] {
                let payload: Vec<u8> = (0..len).map(|at| at as u8).collect();
                let whole = sealer.encrypt(plain(ContentType::Alert, &payload), 9).unwrap().encode();
                assert_eq!(whole.len(), 5 + sealer.encrypted_payload_len(len));
                assert_eq!(open(opener.as_mut(), 9, &whole), Ok((ContentType::Alert, payload.clone())));

                let (head, tail) = payload.split_at(len / 3);
                let chunks = [head, &[], tail];
                let pieces = OutboundPlainMessage {
                    payload: OutboundChunks::new(&chunks),
                    ..plain(ContentType::Alert, &[])
                };
                let mut slot = vec![0xff; whole.len() + 1];
                assert!(
                    matches!(sealer.seal(pieces, 9, &mut slot), Ok(Sealed::Written(n)) if n == whole.len())
                );
                assert_eq!((&slot[..whole.len()], slot[whole.len()]), (whole.as_slice(), 0xff));
                let short = &mut slot[..whole.len() - 1];
                assert!(
                    sealer.seal(plain(ContentType::Alert, &payload), 9, short).is_err(),
                    "slot too small"
                );
            }
            let long = sealer.encrypt(plain(ContentType::Alert, &[7; 16_385]), 9).unwrap().encode();
            assert_eq!(open(opener.as_mut(), 9, &long), Err(Error::PeerSentOversizedRecord));
            assert!(sealer.seal_padded(plain(ContentType::Alert, b"x"), 1, 9, &mut [0; 99]).is_none());
        }
    }
}

#[test]
fn every_changed_bit_is_seen() {
    for p in each() {
        for suite in suites(&p) {
            let (mut sealer, mut opener) = pair(suite);
            let record = sealer.encrypt(plain(ContentType::ApplicationData, b"hello"), 3).unwrap().encode();
            assert!(open(opener.as_mut(), 3, &record).is_ok());
            assert_eq!(open(opener.as_mut(), 4, &record), Err(Error::DecryptError), "another number");
            // The type is authenticated too; version and length are not taken from the header.
            for bit in (0..8).chain(40..record.len() * 8) {
                let mut changed = record.clone();
                changed[bit / 8] ^= 1 << (bit % 8);
                assert_eq!(open(opener.as_mut(), 3, &changed), Err(Error::DecryptError), "{bit}");
            }
            for len in 5..record.len() {
                assert_eq!(open(opener.as_mut(), 3, &record[..len]), Err(Error::DecryptError), "{len}");
            }
        }
    }
}

#[test]
fn sent_nonces_never_repeat() {
    for p in each() {
        let (mut sealer, _) = pair(p.tls12(CipherSuite::TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256));
        let mut nonce = |seq| {
            let record = sealer.encrypt(plain(ContentType::ApplicationData, b"x"), seq).unwrap().encode();
            <[u8; 8]>::try_from(&record[5..13]).unwrap()
        };
        let numbers = [0, 1, 2, 255, 256, 65_536, u64::from(u32::MAX), 1 << 63, u64::MAX];
        let mut nonces: Vec<[u8; 8]> = numbers.into_iter().map(&mut nonce).collect();
        assert_eq!(
            (nonces[0], nonces[1]),
            (*b"\x10\x11\x12\x13\x14\x15\x16\x17", *b"\x10\x11\x12\x13\x14\x15\x16\x16")
        );
        nonces.sort_unstable();
        nonces.dedup();
        assert_eq!(nonces.len(), numbers.len());
    }
}

#[test]
fn keys_for_offload_have_the_whole_nonce() {
    for p in each() {
        for suite in suites(&p) {
            let shape = suite.aead_alg.key_block_shape();
            let key = AeadKey::new(&vec![9; shape.enc_key_len]);
            let iv: Vec<u8> = (1..=12).collect();
            let (fixed, explicit) = iv.split_at(shape.fixed_iv_len);
            let secrets = suite.aead_alg.extract_keys(key, fixed, explicit).unwrap();
            let (key, whole) = match secrets {
                ConnectionTrafficSecrets::Aes128Gcm { key, iv } => (key, iv),
                ConnectionTrafficSecrets::Aes256Gcm { key, iv } => (key, iv),
                ConnectionTrafficSecrets::Chacha20Poly1305 { key, iv } => (key, iv),
            };
            assert_eq!((key.as_ref(), whole.as_ref()), (&vec![9; shape.enc_key_len][..], &iv[..]));
        }
    }
}

#[test]
fn suites_go_with_the_key_of_the_certificate() {
    for p in each() {
        let fits = |suite: &'static Tls12CipherSuite, key| {
            SupportedCipherSuite::from(suite).usable_for_signature_algorithm(key)
        };
        let rsa = p.tls12(CipherSuite::TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256);
        let ecdsa = p.tls12(CipherSuite::TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256);
        assert!(fits(rsa, SignatureAlgorithm::RSA) && !fits(ecdsa, SignatureAlgorithm::RSA));
        for key in [SignatureAlgorithm::ECDSA, SignatureAlgorithm::ED25519] {
            assert!(fits(ecdsa, key) && !fits(rsa, key), "{key:?}");
        }
        let ml_dsa = SignatureScheme::ML_DSA_44.algorithm();
        assert!(!fits(ecdsa, ml_dsa) && !fits(rsa, ml_dsa));

        let offered =
            [SignatureScheme::RSA_PKCS1_SHA256, SignatureScheme::ED25519, SignatureScheme::RSA_PSS_SHA384];
        assert_eq!(
            rsa.resolve_sig_schemes(&offered),
            [SignatureScheme::RSA_PSS_SHA384, SignatureScheme::RSA_PKCS1_SHA256]
        );
        assert_eq!(ecdsa.resolve_sig_schemes(&offered), [SignatureScheme::ED25519]);
        assert!(suites(&p).flat_map(|suite| suite.sign).all(|scheme| scheme.supported_in_tls12()));
    }
}

/// A certificate with that key and nothing else: as much of one as the check of a signature looks at.
fn certificate(spki: &[u8]) -> CertificateDer<'static> {
    let empty = || der::element(der::SEQUENCE, &[]);
    let serial = der::element(der::INTEGER, &[&[1]]);
    let tbs = der::element(der::SEQUENCE, &[&serial, &empty(), &empty(), &empty(), &empty(), spki]);
    der::element(der::SEQUENCE, &[&tbs]).into()
}

#[test]
fn signatures_of_tls12() {
    for p in each() {
        let algorithms = p.provider.signature_verification_algorithms;
        let unadvertised = Some(Error::from(PeerMisbehaved::SignedHandshakeWithUnadvertisedSigScheme));
        for (der, _, schemes) in keys(&p) {
            let key = p.provider.key_provider.load_private_key(der).unwrap();
            let cert = certificate(key.public_key().unwrap().as_ref());
            let verify = |message: &[u8], scheme, signature: &[u8]| {
                let dss = DigitallySignedStruct::new(scheme, signature.to_vec());
                verify_tls12_signature(message, &cert, &dss, &algorithms).err()
            };
            for scheme in schemes {
                let signature = key.choose_scheme(&[*scheme]).unwrap().sign(b"message").unwrap();
                if !scheme.supported_in_tls12() {
                    assert_eq!(verify(b"message", *scheme, &signature), unadvertised, "{scheme:?}");
                    continue;
                }
                assert_eq!(verify(b"message", *scheme, &signature), None, "{scheme:?}");
                assert_eq!(
                    verify(b"massage", *scheme, &signature),
                    Some(CertificateError::BadSignature.into()),
                    "{scheme:?}"
                );
                for other in algorithms.supported_schemes() {
                    if other != *scheme {
                        assert!(verify(b"message", other, &signature).is_some(), "{scheme:?} as {other:?}");
                    }
                }
                for old in [SignatureScheme::RSA_PKCS1_SHA1, SignatureScheme::ECDSA_SHA1_Legacy] {
                    assert_eq!(verify(b"message", old, &signature), unadvertised);
                }
            }
        }
    }
}

#[test]
fn in_tls12_any_hash_goes_with_any_curve() {
    use ::aws_lc_rs::rand::SystemRandom;
    use ::aws_lc_rs::signature::{ECDSA_P521_SHA384_ASN1_SIGNING, EcdsaKeyPair, KeyPair};

    let pkcs8 = EcdsaKeyPair::generate_pkcs8(&ECDSA_P521_SHA384_ASN1_SIGNING, &SystemRandom::new()).unwrap();
    let key = EcdsaKeyPair::from_pkcs8(&ECDSA_P521_SHA384_ASN1_SIGNING, pkcs8.as_ref()).unwrap();
    let spki = crate::crypto::signer::public_key_to_spki(&pki_types::alg_id::ECDSA_P521, key.public_key());
    let signature = key.sign(&SystemRandom::new(), b"message").unwrap().as_ref().to_vec();
    let dss = DigitallySignedStruct::new(SignatureScheme::ECDSA_NISTP384_SHA384, signature);
    let algorithms = super::aws_lc_rs::default_provider().signature_verification_algorithms;
    assert!(verify_tls12_signature(b"message", &certificate(spki.as_ref()), &dss, &algorithms).is_ok());
}
