//! The parts for FIPS come to the same bytes as the usual ones, whatever the library was built for.

use alloc::boxed::Box;
use alloc::vec;
use alloc::vec::Vec;

use crate::crypto::aws_lc_rs::{fips, usual};
use crate::crypto::cipher::{
    AeadKey, InboundOpaqueMessage, Iv, MessageDecrypter, MessageEncrypter, OutboundPlainMessage,
    Tls12AeadAlgorithm, Tls13AeadAlgorithm,
};
use crate::crypto::hash::Hash;
use crate::crypto::quic::{Algorithm, PacketKey};
use crate::crypto::tests::hex;
use crate::crypto::tls12::Prf;
use crate::crypto::tls13::{Hkdf, HkdfExpander, OkmBlock};
use crate::error::Error;
use crate::names::{ContentType, ProtocolVersion};

fn expanded(expander: &dyn HkdfExpander) -> (Vec<u8>, Vec<u8>, usize) {
    let mut long = vec![0; 100];
    expander.expand_slice(&[b"one", b"two"], &mut long).unwrap();
    let block = expander.expand_block(&[b"", b"info"]).as_ref().to_vec();
    assert!(expander.expand_slice(&[b"x"], &mut vec![0; 255 * expander.hash_len() + 1]).is_err());
    (long, block, expander.hash_len())
}

/// RFC 5869 appendices A.1 and A.3, the latter with the zeros said that stand for no salt.
#[test]
fn hkdf_is_that_of_rfc_5869() {
    let okm = |expander: Box<dyn HkdfExpander>, info: &[u8]| {
        let mut okm = [0; 42];
        expander.expand_slice(&[info], &mut okm).unwrap();
        okm.to_vec()
    };
    let ikm = [0x0b; 22];
    let salt = hex("000102030405060708090a0b0c");
    assert_eq!(
        okm(fips::HKDF_SHA256.extract_from_secret(Some(&salt), &ikm), &hex("f0f1f2f3f4f5f6f7f8f9")),
        hex("3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865")
    );
    assert_eq!(
        okm(fips::HKDF_SHA256.extract_from_secret(None, &ikm), b""),
        hex("8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d9d201395faa4b61a96c8")
    );
}

#[test]
fn each_step_of_hkdf_is_the_usual_one() {
    let of = |one: &dyn Hkdf, other: &dyn Hkdf| {
        let len = expanded(one.extract_from_zero_ikm(None).as_ref()).2;
        let okm = OkmBlock::new(&vec![7; len]);
        let all = |hkdf: &dyn Hkdf| {
            let tag = hkdf.hmac_sign(&okm, b"message").as_ref().to_vec();
            let expanders = [
                hkdf.extract_from_zero_ikm(None),
                hkdf.extract_from_zero_ikm(Some(b"salt")),
                hkdf.extract_from_secret(None, b"secret"),
                hkdf.extract_from_secret(Some(b"salt"), b"secret"),
                hkdf.expander_for_okm(&okm),
            ];
            (tag, expanders.map(|expander| expanded(expander.as_ref())))
        };
        assert_eq!(all(one), all(other));
        assert!(one.fips() && !other.fips());
    };
    of(&fips::HKDF_SHA256, &usual::HKDF_SHA256);
    of(&fips::HKDF_SHA384, &usual::HKDF_SHA384);
}

/// The module's and those in Rust: at once and in pieces, across the ends of blocks, with a fork in between.
#[test]
fn each_hash_is_the_usual_one() {
    let of = |one: &'static dyn Hash, other: &'static dyn Hash| {
        let all = |hash: &dyn Hash, data: &[u8]| {
            let (first, second) = data.split_at(data.len() / 3);
            let mut whole = hash.start();
            whole.update(first);
            let half = whole.fork_finish();
            let fork = whole.fork();
            whole.update(second);
            let outputs = [hash.hash(data), half, fork.finish(), whole.fork_finish(), whole.finish()];
            (hash.algorithm(), hash.output_len(), outputs.map(|output| output.as_ref().to_vec()))
        };
        for len in [0, 1, 55, 56, 64, 111, 112, 128, 1000] {
            let data: Vec<u8> = (0..len).map(|n| (n % 251) as u8).collect();
            assert_eq!(all(one, &data), all(other, &data), "{len}");
        }
        assert!(one.fips() && !other.fips());
    };
    of(&fips::SHA256, &usual::SHA256);
    of(&fips::SHA384, &usual::SHA384);
}

#[test]
fn the_prf_is_the_usual_one() {
    let of = |one: &dyn Prf, other: &dyn Prf| {
        for len in [0, 1, 12, 48, 104, 200] {
            let derived = |prf: &dyn Prf| {
                let mut out = vec![0; len];
                prf.for_secret(&mut out, b"secret", b"extended master secret", b"seed");
                out
            };
            assert_eq!(derived(one), derived(other), "{len}");
        }
        assert!(one.fips() && !other.fips());
    };
    of(&fips::PRF_SHA256, &usual::PRF_SHA256);
    of(&fips::PRF_SHA384, &usual::PRF_SHA384);
}

/// That of 16 bytes is the beginning of it: `AeadKey` is cut to what an algorithm takes.
fn key(len: usize) -> AeadKey {
    AeadKey::new(&[0x42; 32][..len])
}

const IV: [u8; 12] = *b"\x9f\xab\x40\x17\x7c\x90\x0a\xad\x9f\xc2\x8c\xc3";

fn sealed(
    encrypter: &mut dyn MessageEncrypter,
    seq: u64,
    version: ProtocolVersion,
) -> Result<Vec<u8>, Error> {
    let message = OutboundPlainMessage {
        typ: ContentType::ApplicationData,
        version,
        payload: (&b"a message"[..]).into(),
    };
    Ok(encrypter.encrypt(message, seq)?.encode())
}

fn open(decrypter: &mut dyn MessageDecrypter, record: &[u8], seq: u64) -> Vec<u8> {
    let mut body = record[5..].to_vec();
    let message =
        InboundOpaqueMessage::new(ContentType::ApplicationData, ProtocolVersion::TLSv1_2, &mut body);
    decrypter.decrypt(message, seq).unwrap().payload.to_vec()
}

#[test]
fn records_of_tls13_are_the_usual_ones_and_no_number_comes_again() {
    let of = |one: &dyn Tls13AeadAlgorithm, other: &dyn Tls13AeadAlgorithm| {
        let (len, v13) = (one.key_len(), ProtocolVersion::TLSv1_3);
        assert!(one.fips() && !other.fips() && len == other.key_len());
        let mut counted = one.encrypter(key(len), Iv::new(IV));
        let mut usual = other.encrypter(key(len), Iv::new(IV));
        let mut opener = one.decrypter(key(len), Iv::new(IV));
        for seq in [0, 1, 2, 255, 256, 1 << 24] {
            let record = sealed(counted.as_mut(), seq, v13).unwrap();
            assert_eq!(record, sealed(usual.as_mut(), seq, v13).unwrap(), "{seq}");
            assert_eq!(open(opener.as_mut(), &record, seq), b"a message");
        }
        for seq in [1 << 24, 3, 0] {
            assert_eq!(sealed(counted.as_mut(), seq, v13), Err(Error::EncryptError), "{seq}");
        }
        assert!(sealed(counted.as_mut(), (1 << 24) + 1, v13).is_ok(), "it still goes on");
    };
    of(&fips::AES_128, &usual::AES_128);
    of(&fips::AES_256, &usual::AES_256);
}

#[test]
fn records_of_tls12_count_from_zero_and_the_usual_opener_takes_them() {
    let of = |one: &dyn Tls12AeadAlgorithm, other: &dyn Tls12AeadAlgorithm| {
        let (shape, v12) = (one.key_block_shape(), ProtocolVersion::TLSv1_2);
        assert!(one.fips() && !other.fips());
        let parts = |shape: crate::crypto::cipher::KeyBlockShape| {
            (shape.enc_key_len, shape.fixed_iv_len, shape.explicit_nonce_len)
        };
        assert_eq!(parts(one.key_block_shape()), parts(other.key_block_shape()));
        let len = shape.enc_key_len;
        let mut counted = one.encrypter(key(len), &IV[..4], &[0xff; 8]);
        let mut from_zero = other.encrypter(key(len), &IV[..4], &[0; 8]);
        let mut openers = [one.decrypter(key(len), &IV[..4]), other.decrypter(key(len), &IV[..4])];
        for seq in [0, 1, 2, 255, 256, 1 << 24] {
            let record = sealed(counted.as_mut(), seq, v12).unwrap();
            assert_eq!(record[5..13], seq.to_be_bytes(), "RFC 5288 section 3: it may be the sequence number");
            assert_eq!(record, sealed(from_zero.as_mut(), seq, v12).unwrap());
            openers
                .iter_mut()
                .for_each(|opener| assert_eq!(open(opener.as_mut(), &record, seq), b"a message"));
        }
        assert_eq!(sealed(counted.as_mut(), 1, v12), Err(Error::EncryptError));
    };
    of(&fips::AES_128, &usual::AES_128);
    of(&fips::AES_256, &usual::AES_256);
}

fn packet(key: &dyn PacketKey, number: u64) -> Result<Vec<u8>, Error> {
    let mut payload = b"a packet".to_vec();
    let tag = key.encrypt_in_place(number, b"header", &mut payload)?;
    payload.extend_from_slice(tag.as_ref());
    Ok(payload)
}

#[test]
fn packets_of_quic_may_begin_at_any_number_and_go_up() {
    let of = |one: &dyn Algorithm, other: &dyn Algorithm| {
        assert!(one.fips() && !other.fips());
        let len = one.aead_key_len();
        let new = |algorithm: &dyn Algorithm| algorithm.packet_key(key(len), Iv::new(IV));
        let usual = new(other);
        for first in [0, 1, 7, 0x1_0000_0000] {
            let counted = new(one);
            for number in [first, first + 1, first + 2, first + 9, 0x2_0000_0000] {
                let sealed = packet(counted.as_ref(), number).unwrap();
                assert_eq!(sealed, packet(usual.as_ref(), number).unwrap(), "{number} after {first}");
                let mut opened = sealed.clone();
                assert_eq!(counted.decrypt_in_place(number, b"header", &mut opened).unwrap(), b"a packet");
            }
            for number in [first, 0] {
                assert_eq!(packet(counted.as_ref(), number), Err(Error::EncryptError), "{number} again");
            }
        }
        let masks = |algorithm: &dyn Algorithm| {
            let (mut flags, mut number) = (0x43, [0; 4]);
            let header = algorithm.header_protection_key(key(len));
            header.encrypt_in_place(&[5; 16], &mut flags, &mut number).unwrap();
            (flags, number)
        };
        assert_eq!(masks(one), masks(other));
    };
    of(&fips::AES_128, &usual::AES_128);
    of(&fips::AES_256, &usual::AES_256);
}

/// The module tells the numbers of all paths of one key by one count.
#[test]
fn each_path_of_quic_has_its_nonces_and_all_have_one_count() {
    let of = |one: &dyn Algorithm, other: &dyn Algorithm| {
        let len = one.aead_key_len();
        let [counted, usual] = [one, other].map(|algorithm| algorithm.packet_key(key(len), Iv::new(IV)));
        let seal = |key: &dyn PacketKey, path, number| {
            let mut payload = b"a packet".to_vec();
            let tag = key.encrypt_in_place_for_path(path, number, b"header", &mut payload)?;
            Ok([&payload[..], tag.as_ref()].concat())
        };
        for (path, number) in [(0, 5), (3, 6), (0, 7), (1, 100), (3, 101)] {
            let sealed = seal(counted.as_ref(), path, number).unwrap();
            assert_eq!(sealed, seal(usual.as_ref(), path, number).unwrap(), "{number} of path {path}");
        }
        for (path, number) in [(0, 101), (0, 8), (1, 101), (2, 0)] {
            let refused: Result<Vec<u8>, Error> = seal(counted.as_ref(), path, number);
            assert_eq!(refused, Err(Error::EncryptError), "{number} of path {path}");
        }
    };
    of(&fips::AES_128, &usual::AES_128);
    of(&fips::AES_256, &usual::AES_256);
}

#[test]
fn what_is_on_by_default_is_what_is_approved_of() {
    use crate::crypto::aws_lc_rs::{ALL_CIPHER_SUITES, ALL_KX_GROUPS, kx_group};
    let without: Vec<_> = usual::DEFAULT_CIPHER_SUITES
        .iter()
        .map(|suite| suite.suite())
        .filter(|suite| !alloc::format!("{suite:?}").contains("CHACHA20"))
        .collect();
    let on: Vec<_> = fips::DEFAULT_CIPHER_SUITES.iter().map(|suite| suite.suite()).collect();
    assert_eq!((&on, ALL_CIPHER_SUITES.len()), (&without, 9));
    let groups = |list: &[&dyn crate::crypto::SupportedKxGroup]| -> Vec<_> {
        list.iter().map(|group| group.name()).collect()
    };
    let without: Vec<_> = groups(usual::DEFAULT_KX_GROUPS)
        .into_iter()
        .filter(|name| *name != kx_group::X25519.name())
        .collect();
    assert_eq!((groups(fips::DEFAULT_KX_GROUPS), ALL_KX_GROUPS.len()), (without, 8));
}

/// A ticket of the one is none of the other's, and what was made is opened.
#[test]
fn tickets_are_made_under_nonces_of_the_library() {
    let (one, other) = (fips::ticketer().unwrap(), fips::ticketer().unwrap());
    let (first, second) = (one.encrypt(b"session").unwrap(), one.encrypt(b"session").unwrap());
    assert_ne!(first, second);
    assert_eq!(one.decrypt(&first).unwrap(), b"session");
    assert_eq!(one.decrypt(&second).unwrap(), b"session");
    assert!(other.decrypt(&first).is_none());
    assert_eq!(one.lifetime(), usual::ticketer().unwrap().lifetime());
}
