//! Each provider against vectors of the RFCs, and against itself from the other side. The keys are made by aws-lc-rs.

use alloc::boxed::Box;
use alloc::format;
use alloc::sync::Arc;
use alloc::vec;
use alloc::vec::Vec;

use ::aws_lc_rs::encoding::AsDer;
use ::aws_lc_rs::rsa::KeySize;
use ::aws_lc_rs::signature::{self, EcdsaKeyPair, Ed25519KeyPair, PqdsaKeyPair, RsaKeyPair};
use pki_types::{
    CertificateDer, PrivateKeyDer, PrivatePkcs1KeyDer, PrivatePkcs8KeyDer, PrivateSec1KeyDer,
    SubjectPublicKeyInfoDer, alg_id,
};

use super::aws_lc_rs::kx_group as groups;
use super::hash::Hash;
use super::suites::{SupportedCipherSuite, Tls12CipherSuite, Tls13CipherSuite};
use super::ticket::ProducesTickets;
use super::tls13::Hkdf;
use super::*;
use crate::crypto::cipher::{
    AeadKey, InboundOpaqueMessage, Iv, MessageDecrypter, MessageEncrypter, OutboundChunks,
    OutboundPlainMessage, Sealed,
};
use crate::crypto::signer::{CertifiedKey, public_key_to_spki};
use crate::crypto::suites::{ConnectionTrafficSecrets, TLS13};
use crate::crypto::tls12::Prf;
use crate::crypto::tls13::{OkmBlock, expand};
use crate::crypto::verify::DigitallySignedStruct;
use crate::crypto::{
    der, verify_tls12_signature, verify_tls13_signature, verify_tls13_signature_with_raw_key,
};
use crate::error::{CertificateError, InconsistentKeys, PeerMisbehaved};
use crate::names::{
    CipherSuite, ContentType, NamedGroup, ProtocolVersion, SignatureAlgorithm, SignatureScheme,
};

pub(super) fn hex(text: &str) -> Vec<u8> {
    let digits: Vec<u8> = text.chars().filter_map(|c| c.to_digit(16)).map(|digit| digit as u8).collect();
    digits.chunks(2).map(|pair| pair[0] << 4 | pair[1]).collect()
}

/// A provider of ours, with everything on.
pub(super) struct Tested {
    name: &'static str,
    pub(super) provider: CryptoProvider,
    pub(super) all_suites: &'static [SupportedCipherSuite],
    groups: &'static [&'static dyn SupportedKxGroup],
    ticketer: fn() -> Result<Arc<dyn ProducesTickets>, Error>,
}

/// All that are compiled in.
pub(super) fn each() -> Vec<Tested> {
    vec![
        Tested {
            name: "aws_lc_rs",
            provider: super::aws_lc_rs::default_provider(),
            all_suites: super::aws_lc_rs::ALL_CIPHER_SUITES,
            groups: super::aws_lc_rs::ALL_KX_GROUPS,
            ticketer: super::aws_lc_rs::Ticketer::new,
        },
        #[cfg(feature = "ring")]
        Tested {
            name: "ring",
            provider: super::ring::default_provider(),
            all_suites: super::ring::ALL_CIPHER_SUITES,
            groups: super::ring::ALL_KX_GROUPS,
            ticketer: super::ring::Ticketer::new,
        },
    ]
}

impl Tested {
    fn tls13_suites(&self) -> impl Iterator<Item = &'static Tls13CipherSuite> {
        self.provider.cipher_suites.iter().filter_map(SupportedCipherSuite::tls13)
    }

    fn tls13(&self, name: CipherSuite) -> &'static Tls13CipherSuite {
        self.tls13_suites().find(|suite| suite.common.suite == name).unwrap()
    }

    pub(super) fn tls12(&self, name: CipherSuite) -> &'static Tls12CipherSuite {
        let mut suites = self.provider.cipher_suites.iter().filter_map(SupportedCipherSuite::tls12);
        suites.find(|suite| suite.common.suite == name).unwrap()
    }

    fn sha256(&self) -> &'static dyn Hash {
        self.tls13(CipherSuite::TLS13_AES_128_GCM_SHA256).common.hash_provider
    }

    fn sha384(&self) -> &'static dyn Hash {
        self.tls13(CipherSuite::TLS13_AES_256_GCM_SHA384).common.hash_provider
    }

    fn hkdf_sha256(&self) -> &'static dyn Hkdf {
        self.tls13(CipherSuite::TLS13_AES_128_GCM_SHA256).hkdf_provider
    }

    fn hkdf_sha384(&self) -> &'static dyn Hkdf {
        self.tls13(CipherSuite::TLS13_AES_256_GCM_SHA384).hkdf_provider
    }

    fn prf_sha256(&self) -> &'static dyn Prf {
        self.tls12(CipherSuite::TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256).prf_provider
    }

    fn prf_sha384(&self) -> &'static dyn Prf {
        self.tls12(CipherSuite::TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384).prf_provider
    }

    fn group(&self, name: NamedGroup) -> Option<&'static dyn SupportedKxGroup> {
        self.groups.iter().copied().find(|group| group.name() == name)
    }

    fn load(&self, key: &PrivateKeyDer<'_>) -> Result<Arc<dyn signer::SigningKey>, Error> {
        self.provider.key_provider.load_private_key(key.clone_key())
    }
}

// ---------------------------------------------------------------- hash, HMAC, HKDF, PRF

#[test]
fn hashes() {
    for p in each() {
        // FIPS 180-4 examples.
        let abc = hex("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
        assert_eq!(p.sha256().hash(b"abc").as_ref(), abc);
        assert_eq!(
            p.sha384().hash(b"abc").as_ref(),
            hex("cb00753f45a35e8bb5a03d699ac65007272c32ab0eded1631a8b605a43ff5bed
             8086072ba1e7cc2358baeca134c825a7")
        );
        let mut context = p.sha256().start();
        context.update(b"ab");
        let mut fork = context.fork();
        fork.update(b"c");
        assert_eq!(fork.fork_finish().as_ref(), abc);
        context.update(b"c");
        assert_eq!(context.finish().as_ref(), abc);
        assert_eq!(fork.finish().as_ref(), abc);
        assert_eq!((p.sha256().output_len(), p.sha384().output_len()), (32, 48));
    }
}

#[test]
fn hkdf_of_rfc_5869() {
    for p in each() {
        let hkdf = p.hkdf_sha256();
        let check = |salt: Option<&[u8]>, ikm: &[u8], info: &[&[u8]], expected: &str| {
            let expected = hex(expected);
            let mut okm = vec![0; expected.len()];
            hkdf.extract_from_secret(salt, ikm).expand_slice(info, &mut okm).unwrap();
            assert_eq!(okm, expected);
        };
        // Appendix A.1, with info in pieces.
        check(
            Some(&hex("000102030405060708090a0b0c")),
            &[0x0b; 22],
            &[&hex("f0f1f2f3"), &[], &hex("f4f5f6f7f8f9")],
            "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865",
        );
        // Appendix A.2.
        check(
            Some(&(0x60..=0xaf).collect::<Vec<u8>>()),
            &(0x00..=0x4f).collect::<Vec<u8>>(),
            &[&(0xb0..=0xff).collect::<Vec<u8>>()],
            "b11e398dc80327a1c8e7f78c596a49344f012eda2d4efad8a050cc4c19afa97c59045a99cac7827271cb41c65e590e09
         da3275600c2f09b8367793a9aca3db71cc30c58179ec3e87c14c01d5c1f3434f1d87",
        );
        // Appendix A.3: no salt, no info.
        check(
            None,
            &[0x0b; 22],
            &[],
            "8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d9d201395faa4b61a96c8",
        );
    }
}

#[test]
fn hkdf_stops_at_255_blocks() {
    for p in each() {
        let expander = p.hkdf_sha384().extract_from_zero_ikm(None);
        assert_eq!(expander.hash_len(), 48);
        assert!(expander.expand_slice(&[], &mut vec![0; 255 * 48]).is_ok());
        assert!(expander.expand_slice(&[], &mut vec![0; 255 * 48 + 1]).is_err());
    }
}

/// HkdfLabel, RFC 8446 section 7.1.
fn label(len: u8, label: &[u8], context: &[u8]) -> Vec<u8> {
    [&[0, len, label.len() as u8], label, &[context.len() as u8], context].concat()
}

#[test]
fn first_steps_of_rfc_8448() {
    for p in each() {
        let hkdf = p.hkdf_sha256();
        let early = hkdf.extract_from_zero_ikm(None);
        let derived = early.expand_block(&[&label(32, b"tls13 derived", p.sha256().hash(&[]).as_ref())]);
        assert_eq!(derived.as_ref(), hex("6f2615a108c702c5678f54fc9dbab69716c076189c48250cebeac3576c3611ba"));

        let handshake = hkdf.extract_from_secret(
            Some(derived.as_ref()),
            &hex("8bd4054fb55b9d63fdfbacf9f04b9f0d35e6d63f537563efd46272900f89492d"),
        );
        let derived = handshake.expand_block(&[&label(32, b"tls13 derived", p.sha256().hash(&[]).as_ref())]);
        assert_eq!(derived.as_ref(), hex("43de77e0c77713859a944db9db2590b53190a65b3ee2e4f12dd7a0bb7ce254b4"));

        let (key, iv) = client_application_keys(&p);
        assert_eq!(key.as_ref(), hex("17422dda596ed5d9acd890e3c63f5051"));
        assert_eq!(iv.as_ref(), hex("5b78923dee08579033e523d9"));
    }
}

fn client_application_keys(p: &Tested) -> (AeadKey, Iv) {
    let secret = OkmBlock::new(&hex("9e40646ce79a7f9dc05af8889bce6552875afa0b06df0087f792ebb7c17504a5"));
    let expander = p.hkdf_sha256().expander_for_okm(&secret);
    let key: [u8; 16] = expand(expander.as_ref(), &[&label(16, b"tls13 key", &[])]);
    (AeadKey::new(&key), expand(expander.as_ref(), &[&label(12, b"tls13 iv", &[])]))
}

#[test]
fn prf_of_tls12() {
    for p in each() {
        // The vector for SHA-256 that was sent to the TLS working group's list in 2009; RFC 5246 has none.
        let mut output = [0; 100];
        p.prf_sha256().for_secret(
            &mut output,
            &hex("9bbe436ba940f017b17652849a71db35"),
            b"test label",
            &hex("a0ba9f936cda311827a6f796ffd5198c"),
        );
        assert_eq!(
            output.as_slice(),
            hex("e3f229ba727be17b8d122620557cd453c2aab21d07c3d495329b52d4e61edb5a
             6b301791e90d35c9c9a46b4e14baf9af0fa022f7077def17abfd3797c0564bab
             4fbc91666e9def9b97fce34f796789baa48082d122ee42c5a72e5a5110fff701
             87347b66")
        );
        // The one for SHA-384 of the same series.
        let mut output = [0; 148];
        p.prf_sha384().for_secret(
            &mut output,
            &hex("b80b733d6ceefcdc71566ea48e5567df"),
            b"test label",
            &hex("cd665cf6a8447dd6ff8b27555edb7465"),
        );
        assert_eq!(
            output.as_slice(),
            hex("7b0c18e9ced410ed1804f2cfa34a336a1c14dffb4900bb5fd7942107e81c83cd
             e9ca0faa60be9fe34f82b1233c9146a0e534cb400fed2700884f9dc236f80edd
             8bfa961144c9e8d792eca722a7b32fc3d416d473ebc2c5fd4abfdad05d918425
             9b5bf8cd4d90fa0d31e2dec479e4f1a26066f2eea9a69236a3e52655c9e9aee6
             91c8f3a26854308d5eaa3be85e0990703d73e56f")
        );
    }
}

// ---------------------------------------------------------------- record protection

fn plain(payload: &[u8]) -> OutboundPlainMessage<'_> {
    OutboundPlainMessage {
        typ: ContentType::ApplicationData,
        version: ProtocolVersion::TLSv1_2,
        payload: OutboundChunks::Single(payload),
    }
}

fn open(opener: &mut dyn MessageDecrypter, seq: u64, record: &[u8]) -> Result<(ContentType, Vec<u8>), Error> {
    let mut in_place = record[5..].to_vec();
    let msg =
        InboundOpaqueMessage::new(ContentType::ApplicationData, ProtocolVersion::TLSv1_2, &mut in_place);
    let opened = opener.decrypt(msg, seq).map(|msg| (msg.typ, msg.payload.to_vec()));

    let mut out = vec![0; opener.open_into_len(record.len() - 5).unwrap_or(0)];
    let apart = opener
        .open_into(ContentType::ApplicationData, &record[5..], seq, &mut out)
        .map(|(typ, len)| (typ, out[..len].to_vec()));
    assert_eq!(opened, apart, "both ways of opening agree");
    opened
}

#[test]
fn client_records_of_rfc_8448() {
    for p in each() {
        let suite = p.tls13(CipherSuite::TLS13_AES_128_GCM_SHA256);
        let (key, iv) = client_application_keys(&p);
        let mut sealer = suite.aead_alg.encrypter(key, iv);
        let (key, iv) = client_application_keys(&p);
        let mut opener = suite.aead_alg.decrypter(key, iv);

        let payload: Vec<u8> = (0..50).collect();
        let record = hex(
            "1703030043a23f7054b62c94d0affafe8228ba55cbefacea42f914aa66bcab3f2b9819a8a5b46b395bd54a9a20441e2b
         62974e1f5a6292a2977014bd1e3deae63aeebb21694915e4",
        );
        let mut slot = [0xff; 80];
        let sealed = sealer.seal(plain(&payload), 0, &mut slot).unwrap();
        assert!(matches!(sealed, Sealed::Written(72)), "{sealed:?}");
        assert_eq!(&slot[..72], record);
        assert_eq!(sealer.encrypt(plain(&payload), 0).unwrap().encode(), record);
        assert_eq!(open(opener.as_mut(), 0, &record), Ok((ContentType::ApplicationData, payload)));

        let alert = OutboundPlainMessage {
            typ: ContentType::Alert,
            version: ProtocolVersion::TLSv1_2,
            payload: OutboundChunks::Single(&[1, 0]),
        };
        let record = hex("1703030013c9872760655666b74d7ff1153efd6db6d0b0e3");
        assert_eq!(sealer.encrypt(alert, 1).unwrap().encode(), record);
        assert_eq!(open(opener.as_mut(), 1, &record), Ok((ContentType::Alert, vec![1, 0])));
        assert_eq!(open(opener.as_mut(), 2, &record), Err(Error::DecryptError));
    }
}

fn pair(suite: &Tls13CipherSuite) -> (Box<dyn MessageEncrypter>, Box<dyn MessageDecrypter>) {
    let aead = suite.aead_alg;
    let key = || AeadKey::new(&[0x42; 32][..aead.key_len()]);
    (aead.encrypter(key(), Iv::new([7; 12])), aead.decrypter(key(), Iv::new([7; 12])))
}

#[test]
fn records_round_trip_in_each_suite() {
    for p in each() {
        for suite in p.tls13_suites() {
            let (mut sealer, mut opener) = pair(suite);
            for len in [0, 1, 15, 16, 17, 255, 16_383, 16_384] {
                let payload: Vec<u8> = (0..len).map(|at| at as u8).collect();
                let whole = sealer.encrypt(plain(&payload), 9).unwrap().encode();
                assert_eq!(whole.len(), 5 + sealer.encrypted_payload_len(len));
                assert_eq!(
                    open(opener.as_mut(), 9, &whole),
                    Ok((ContentType::ApplicationData, payload.clone()))
                );

                // In pieces, the same bytes come out.
                let (head, tail) = payload.split_at(len / 3);
                let chunks = [head, &[], tail];
                let pieces = OutboundPlainMessage { payload: OutboundChunks::new(&chunks), ..plain(&[]) };
                let mut slot = vec![0xff; whole.len() + 1];
                assert!(
                    matches!(sealer.seal(pieces, 9, &mut slot), Ok(Sealed::Written(n)) if n == whole.len())
                );
                assert_eq!((&slot[..whole.len()], slot[whole.len()]), (whole.as_slice(), 0xff));
                assert!(
                    sealer.seal(plain(&payload), 9, &mut slot[..whole.len() - 1]).is_err(),
                    "slot too small"
                );
            }
        }
    }
}

#[test]
fn every_changed_bit_is_seen() {
    for p in each() {
        for suite in p.tls13_suites() {
            let (mut sealer, mut opener) = pair(suite);
            let record = sealer.encrypt(plain(b"hello"), 3).unwrap().encode();
            for bit in 40..record.len() * 8 {
                let mut changed = record.clone();
                changed[bit / 8] ^= 1 << (bit % 8);
                assert_eq!(open(opener.as_mut(), 3, &changed), Err(Error::DecryptError));
            }
            for len in 5..record.len() {
                assert_eq!(open(opener.as_mut(), 3, &record[..len]), Err(Error::DecryptError));
            }
        }
    }
}

#[test]
fn padding_comes_and_goes() {
    for p in each() {
        let (mut sealer, mut opener) = pair(p.tls13(CipherSuite::TLS13_AES_128_GCM_SHA256));
        let mut slot = vec![0xff; 5 + 16_384 + 1 + 16];
        for (payload, pad) in
            [(&b""[..], 1), (b"", 16_384), (b"padded", 0), (b"padded\0", 300), (&[9; 16_000], 384)]
        {
            let sealed = sealer.seal_padded(plain(payload), pad, 5, &mut slot).unwrap();
            let Ok(Sealed::Written(len)) = sealed else { panic!("{sealed:?}") };
            assert_eq!(len, 5 + sealer.encrypted_payload_len(payload.len() + pad));
            assert_eq!(
                open(opener.as_mut(), 5, &slot[..len]),
                Ok((ContentType::ApplicationData, payload.to_vec()))
            );
        }
        assert!(
            sealer.seal_padded(plain(b"x"), 16_384, 5, &mut slot).unwrap().is_err(),
            "longer than a record"
        );
    }
}

/// Seals any bytes as a TLSInnerPlaintext, type and padding included.
fn seal_inner(inner: &[u8]) -> Vec<u8> {
    let key = ::aws_lc_rs::aead::UnboundKey::new(&::aws_lc_rs::aead::AES_128_GCM, &[0x42; 16]).unwrap();
    let key = ::aws_lc_rs::aead::LessSafeKey::new(key);
    let mut body = inner.to_vec();
    let aad = crate::crypto::cipher::make_tls13_aad(inner.len() + 16);
    let nonce = ::aws_lc_rs::aead::Nonce::assume_unique_for_key([7; 12]);
    key.seal_in_place_append_tag(nonce, ::aws_lc_rs::aead::Aad::from(aad), &mut body).unwrap();
    [aad.to_vec(), body].concat()
}

#[test]
fn inner_plaintext_rules() {
    for p in each() {
        let (_, mut opener) = pair(p.tls13(CipherSuite::TLS13_AES_128_GCM_SHA256));
        let mut open = |inner: &[u8]| open(opener.as_mut(), 0, &seal_inner(inner));
        let only_padding = Error::PeerMisbehaved(PeerMisbehaved::IllegalTlsInnerPlaintext);
        assert_eq!(open(&[]), Err(only_padding.clone()));
        assert_eq!(open(&[0]), Err(only_padding.clone()));
        assert_eq!(open(&[0; 16_385]), Err(only_padding));
        assert_eq!(open(&[0; 16_386]), Err(Error::PeerSentOversizedRecord));
        assert_eq!(open(&[22; 16_386]), Err(Error::PeerSentOversizedRecord));
        assert_eq!(open(&[22; 16_385]), Ok((ContentType::Handshake, vec![22; 16_384])));
        assert_eq!(open(&[22]), Ok((ContentType::Handshake, vec![])));
        assert_eq!(open(&[99, 0, 0]), Ok((ContentType::Unknown(99), vec![])));
    }
}

#[test]
fn keys_for_offload_are_the_ones_given() {
    for p in each() {
        for suite in p.tls13_suites() {
            let aead = suite.aead_alg;
            let key = [0x42; 32];
            let secrets = aead.extract_keys(AeadKey::new(&key[..aead.key_len()]), Iv::new([7; 12])).unwrap();
            let (key, iv, len) = match secrets {
                ConnectionTrafficSecrets::Aes128Gcm { key, iv } => (key, iv, 16),
                ConnectionTrafficSecrets::Aes256Gcm { key, iv } => (key, iv, 32),
                ConnectionTrafficSecrets::Chacha20Poly1305 { key, iv } => (key, iv, 32),
            };
            assert_eq!((key.as_ref(), iv.as_ref()), (&[0x42; 32][..len], &[7; 12][..]));
        }
    }
}

#[test]
fn a_key_of_wrong_length_seals_and_opens_nothing() {
    for p in each() {
        let aead = p.tls13(CipherSuite::TLS13_AES_128_GCM_SHA256).aead_alg;
        let mut sealer = aead.encrypter(AeadKey::new(&[1; 15]), Iv::default());
        assert!(matches!(sealer.encrypt(plain(b"x"), 0), Err(Error::EncryptError)));
        let mut opener = aead.decrypter(AeadKey::new(&[1; 15]), Iv::default());
        assert_eq!(open(opener.as_mut(), 0, &[0; 40]), Err(Error::DecryptError));
    }
}

// ---------------------------------------------------------------- key exchange

#[test]
fn both_sides_agree_in_each_group() {
    for p in each() {
        for group in p.groups {
            let client = group.start().unwrap();
            assert_eq!(client.group(), group.name());
            let server = group.start_and_complete(client.pub_key()).unwrap();
            assert_eq!(server.group, group.name());
            let secret = client.complete_for_tls_version(&server.pub_key, &TLS13).unwrap();
            assert_eq!(secret.secret_bytes(), server.secret.secret_bytes(), "{group:?}");
            assert!(secret.secret_bytes().len() >= 32 && secret.secret_bytes().iter().any(|byte| *byte != 0));
        }
    }
}

#[test]
fn diffie_hellman_agrees_through_start_and_complete() {
    for p in each() {
        for group in p.groups.iter().filter(|group| group.usable_for_version(ProtocolVersion::TLSv1_2)) {
            let (a, b) = (group.start().unwrap(), group.start().unwrap());
            let (to_a, to_b) = (b.pub_key().to_vec(), a.pub_key().to_vec());
            let (from_a, from_b) = (a.complete(&to_a).unwrap(), b.complete(&to_b).unwrap());
            assert_eq!(from_a.secret_bytes(), from_b.secret_bytes(), "{group:?}");
            assert!(group.usable_for_version(ProtocolVersion::TLSv1_2));
        }
    }
}

#[test]
fn shares_have_the_lengths_of_the_standards() {
    for p in each() {
        // RFC 7748, RFC 8446 section 4.2.8.2, FIPS 203 table 3, and the sums of them.
        for (group, client, server, secret) in [
            (NamedGroup::X25519, 32, 32, 32),
            (NamedGroup::secp256r1, 65, 65, 32),
            (NamedGroup::secp384r1, 97, 97, 48),
            (NamedGroup::secp521r1, 133, 133, 66),
            (NamedGroup::MLKEM768, 1184, 1088, 32),
            (NamedGroup::MLKEM1024, 1568, 1568, 32),
            (NamedGroup::X25519MLKEM768, 1216, 1120, 64),
            (NamedGroup::secp256r1MLKEM768, 1249, 1153, 64),
        ] {
            let Some(group) = p.group(group) else { continue };
            let started = group.start().unwrap();
            let completed = group.start_and_complete(started.pub_key()).unwrap();
            assert_eq!(
                (started.pub_key().len(), completed.pub_key.len(), completed.secret.secret_bytes().len()),
                (client, server, secret),
                "{group:?}"
            );
        }
    }
}

#[test]
fn hybrids_concatenate_in_their_order() {
    // X25519MLKEM768: ML-KEM first. SecP256r1MLKEM768: P-256 first. Both for shares and secrets.
    for (group, classical, client_at, server_at, secret_at) in [
        (groups::X25519MLKEM768, NamedGroup::X25519, 1184..1216, 1088..1120, 32..64),
        (groups::SECP256R1MLKEM768, NamedGroup::secp256r1, 0..65, 0..65, 0..32),
    ] {
        let client = group.start().unwrap();
        let (name, share) = client.hybrid_component().unwrap();
        assert_eq!((name, share), (classical, &client.pub_key()[client_at]));
        let server = group.start_and_complete(client.pub_key()).unwrap();
        let secret = client.complete_hybrid_component(&server.pub_key[server_at]).unwrap();
        assert_eq!(secret.secret_bytes(), &server.secret.secret_bytes()[secret_at]);
        assert!(!group.usable_for_version(ProtocolVersion::TLSv1_2));
    }
    assert!(groups::X25519.start().unwrap().hybrid_component().is_none());
    assert_eq!(
        groups::X25519.start().unwrap().complete_hybrid_component(&[9; 32]).err(),
        Some(PeerMisbehaved::WrongGroupForKeyShare.into())
    );
}

#[test]
fn bad_shares_are_errors() {
    for p in each() {
        let invalid = Some(Error::PeerMisbehaved(PeerMisbehaved::InvalidKeyShare));
        for group in p.groups {
            let good = group.start().unwrap();
            let answer = group.start_and_complete(good.pub_key()).unwrap().pub_key;
            for len in [0, 1, 31, good.pub_key().len() - 1, good.pub_key().len() + 1, 5000] {
                let share: Vec<u8> = good.pub_key().iter().copied().chain([0; 5000]).take(len).collect();
                assert_eq!(group.start_and_complete(&share).err(), invalid, "{group:?} {len}");
            }
            for len in [0, 1, 31, answer.len() - 1, answer.len() + 1, 5000] {
                let share: Vec<u8> = answer.iter().copied().chain([0; 5000]).take(len).collect();
                assert_eq!(group.start().unwrap().complete(&share).err(), invalid, "{group:?} {len}");
            }
        }
        // All of one byte: a low-order point of X25519; no point of a curve; ML-KEM coefficients that are not reduced.
        for (group, byte) in [
            (NamedGroup::X25519, 0),
            (NamedGroup::secp256r1, 4),
            (NamedGroup::secp384r1, 4),
            (NamedGroup::secp521r1, 4),
            (NamedGroup::MLKEM768, 0xff),
            (NamedGroup::MLKEM1024, 0xff),
            (NamedGroup::X25519MLKEM768, 0xff),
            (NamedGroup::secp256r1MLKEM768, 4),
        ] {
            let Some(group) = p.group(group) else { continue };
            let share = vec![byte; group.start().unwrap().pub_key().len()];
            assert_eq!(group.start_and_complete(&share).err(), invalid, "{group:?}");
        }
        // A compressed point, which the primitive would take. RFC 8446 section 4.2.8.2.
        let p256 = p.group(NamedGroup::secp256r1).unwrap();
        let point = p256.start().unwrap();
        let compressed = [&[2 + (point.pub_key()[64] & 1)], &point.pub_key()[1..33]].concat();
        assert_eq!(p256.start_and_complete(&compressed).err(), invalid);
    }
}

#[test]
fn a_hybrid_with_a_bad_classical_half_is_refused() {
    let client = groups::X25519MLKEM768.start().unwrap();
    let mut share = client.pub_key().to_vec();
    share[1184..].fill(0);
    let invalid = Some(Error::PeerMisbehaved(PeerMisbehaved::InvalidKeyShare));
    assert_eq!(groups::X25519MLKEM768.start_and_complete(&share).err(), invalid);
}

#[test]
fn the_default_order_follows_the_feature() {
    let first = super::aws_lc_rs::default_provider().kx_groups[0].name();
    let expected = match cfg!(feature = "prefer-post-quantum") {
        true => NamedGroup::X25519MLKEM768,
        false => NamedGroup::X25519,
    };
    assert_eq!((first, super::aws_lc_rs::DEFAULT_KX_GROUPS.len()), (expected, 6));
}

// ---------------------------------------------------------------- keys and signatures

fn pkcs8(der: impl AsRef<[u8]>) -> PrivateKeyDer<'static> {
    PrivatePkcs8KeyDer::from(der.as_ref().to_vec()).into()
}

fn ecdsa_pkcs8(alg: &'static signature::EcdsaSigningAlgorithm) -> PrivateKeyDer<'static> {
    pkcs8(EcdsaKeyPair::generate(alg).unwrap().to_pkcs8v1().unwrap())
}

fn ml_dsa_pkcs8(alg: &'static signature::PqdsaSigningAlgorithm) -> PrivateKeyDer<'static> {
    pkcs8(PqdsaKeyPair::generate(alg).unwrap().to_pkcs8v1().unwrap())
}

fn rsa_pkcs8() -> PrivateKeyDer<'static> {
    let der: ::aws_lc_rs::encoding::Pkcs8V1Der<'_> =
        RsaKeyPair::generate(KeySize::Rsa2048).unwrap().as_der().unwrap();
    pkcs8(&*der)
}

/// The keys that a provider has the schemes of.
pub(super) fn keys(
    p: &Tested,
) -> Vec<(PrivateKeyDer<'static>, SignatureAlgorithm, &'static [SignatureScheme])> {
    let has = p.provider.signature_verification_algorithms.supported_schemes();
    all_keys()
        .into_iter()
        .filter(|(_, _, schemes)| schemes.iter().all(|scheme| has.contains(scheme)))
        .collect()
}

fn all_keys() -> Vec<(PrivateKeyDer<'static>, SignatureAlgorithm, &'static [SignatureScheme])> {
    vec![
        (
            rsa_pkcs8(),
            SignatureAlgorithm::RSA,
            &[
                SignatureScheme::RSA_PSS_SHA512,
                SignatureScheme::RSA_PSS_SHA384,
                SignatureScheme::RSA_PSS_SHA256,
                SignatureScheme::RSA_PKCS1_SHA512,
                SignatureScheme::RSA_PKCS1_SHA384,
                SignatureScheme::RSA_PKCS1_SHA256,
            ],
        ),
        (
            ecdsa_pkcs8(&signature::ECDSA_P256_SHA256_ASN1_SIGNING),
            SignatureAlgorithm::ECDSA,
            &[SignatureScheme::ECDSA_NISTP256_SHA256],
        ),
        (
            ecdsa_pkcs8(&signature::ECDSA_P384_SHA384_ASN1_SIGNING),
            SignatureAlgorithm::ECDSA,
            &[SignatureScheme::ECDSA_NISTP384_SHA384],
        ),
        (
            ecdsa_pkcs8(&signature::ECDSA_P521_SHA512_ASN1_SIGNING),
            SignatureAlgorithm::ECDSA,
            &[SignatureScheme::ECDSA_NISTP521_SHA512],
        ),
        (
            pkcs8(Ed25519KeyPair::generate().unwrap().to_pkcs8().unwrap()),
            SignatureAlgorithm::ED25519,
            &[SignatureScheme::ED25519],
        ),
        (
            pkcs8(Ed25519KeyPair::generate().unwrap().to_pkcs8v1().unwrap()),
            SignatureAlgorithm::ED25519,
            &[SignatureScheme::ED25519],
        ),
        (
            ml_dsa_pkcs8(&signature::ML_DSA_44_SIGNING),
            SignatureScheme::ML_DSA_44.algorithm(),
            &[SignatureScheme::ML_DSA_44],
        ),
        (
            ml_dsa_pkcs8(&signature::ML_DSA_65_SIGNING),
            SignatureScheme::ML_DSA_65.algorithm(),
            &[SignatureScheme::ML_DSA_65],
        ),
        (
            ml_dsa_pkcs8(&signature::ML_DSA_87_SIGNING),
            SignatureScheme::ML_DSA_87.algorithm(),
            &[SignatureScheme::ML_DSA_87],
        ),
    ]
}

fn verify_raw(p: &Tested, message: &[u8], spki: &[u8], dss: &DigitallySignedStruct) -> Result<(), Error> {
    let algorithms = p.provider.signature_verification_algorithms;
    verify_tls13_signature_with_raw_key(message, &SubjectPublicKeyInfoDer::from(spki), dss, &algorithms)
        .map(|_| ())
}

#[test]
fn what_each_key_signs_verifies() {
    for p in each() {
        let provider = &p.provider;
        let all = provider.signature_verification_algorithms.supported_schemes();
        for (der, algorithm, schemes) in keys(&p) {
            let key = provider.key_provider.load_private_key(der.clone_key()).unwrap();
            assert_eq!(key.algorithm(), algorithm);
            assert_eq!(key.choose_scheme(&all).map(|signer| signer.scheme()), schemes.first().copied());
            assert!(key.choose_scheme(&[SignatureScheme::ED448]).is_none());
            let spki = key.public_key().unwrap();

            for scheme in schemes {
                let signer = key.choose_scheme(&[SignatureScheme::ED448, *scheme]).unwrap();
                assert_eq!(signer.scheme(), *scheme);
                let signed = DigitallySignedStruct::new(*scheme, signer.sign(b"message").unwrap());
                if !scheme.supported_in_tls13() {
                    let refused = Err(PeerMisbehaved::SignedHandshakeWithUnadvertisedSigScheme.into());
                    assert_eq!(verify_raw(&p, b"message", spki.as_ref(), &signed), refused);
                    continue;
                }
                assert_eq!(verify_raw(&p, b"message", spki.as_ref(), &signed), Ok(()), "{scheme:?}");

                let wrong = Err(CertificateError::BadSignature.into());
                assert_eq!(verify_raw(&p, b"massage", spki.as_ref(), &signed), wrong, "{scheme:?}");
                let mut bytes = signed.signature().to_vec();
                bytes[10] ^= 1;
                assert_eq!(
                    verify_raw(&p, b"message", spki.as_ref(), &DigitallySignedStruct::new(*scheme, bytes)),
                    wrong
                );
                let empty = DigitallySignedStruct::new(*scheme, vec![]);
                assert_eq!(verify_raw(&p, b"message", spki.as_ref(), &empty), wrong);
            }

            let debug = format!("{key:?} {:?}", key.choose_scheme(schemes).unwrap());
            assert!(debug.len() < 160, "{debug}");
        }
    }
}

#[test]
fn a_scheme_that_does_not_fit_the_key_is_refused() {
    for p in each() {
        let provider = &p.provider;
        let key = provider
            .key_provider
            .load_private_key(ecdsa_pkcs8(&signature::ECDSA_P384_SHA384_ASN1_SIGNING))
            .unwrap();
        // TLS 1.3 binds ECDSA's hash to the curve; TLS 1.2 does not.
        let signed = DigitallySignedStruct::new(SignatureScheme::ECDSA_NISTP256_SHA256, vec![0x30; 70]);
        let spki = key.public_key().unwrap();
        assert!(matches!(
            verify_raw(&p, b"message", spki.as_ref(), &signed),
            Err(Error::InvalidCertificate(
                CertificateError::UnsupportedSignatureAlgorithmForPublicKeyContext { .. }
            ))
        ));
        let unknown = DigitallySignedStruct::new(SignatureScheme::Unknown(0x1234), vec![1]);
        assert_eq!(
            verify_raw(&p, b"message", spki.as_ref(), &unknown),
            Err(PeerMisbehaved::SignedHandshakeWithUnadvertisedSigScheme.into())
        );
        assert_eq!(
            verify_raw(&p, b"message", b"\x30\x00", &signed),
            Err(Error::InvalidCertificate(CertificateError::BadEncoding))
        );
    }
}

#[test]
fn certificates_are_walked_to_their_key() {
    for p in each() {
        let made = rcgen::generate_simple_self_signed(vec!["a.example".into()]).unwrap();
        let cert = made.cert.der().clone();
        let key_der: PrivateKeyDer<'static> =
            PrivatePkcs8KeyDer::from(made.signing_key.serialize_der()).into();
        let provider = &p.provider;

        let certified = CertifiedKey::from_der(vec![cert.clone()], key_der.clone_key(), provider).unwrap();
        assert_eq!(certified.keys_match(), Ok(()));
        let signer = certified.key.choose_scheme(&[SignatureScheme::ECDSA_NISTP256_SHA256]).unwrap();
        let signed = DigitallySignedStruct::new(signer.scheme(), signer.sign(b"message").unwrap());
        let algorithms = provider.signature_verification_algorithms;
        assert!(verify_tls13_signature(b"message", &cert, &signed, &algorithms).is_ok());
        assert!(verify_tls12_signature(b"message", &cert, &signed, &algorithms).is_ok());
        assert!(verify_tls13_signature(b"massage", &cert, &signed, &algorithms).is_err());
        for len in 0..cert.len() {
            let cut = CertificateDer::from(cert[..len].to_vec());
            assert_eq!(
                verify_tls13_signature(b"message", &cut, &signed, &algorithms).err(),
                Some(CertificateError::BadEncoding.into())
            );
        }

        let other = ecdsa_pkcs8(&signature::ECDSA_P256_SHA256_ASN1_SIGNING);
        assert_eq!(
            CertifiedKey::from_der(vec![cert], other, provider).err(),
            Some(InconsistentKeys::KeyMismatch.into())
        );
        assert_eq!(
            CertifiedKey::from_der(vec![], key_der, provider).err(),
            Some(Error::NoCertificatesPresented)
        );
    }
}

/// RFC 7250 section 3: a SubjectPublicKeyInfo, and nothing is that and a certificate.
#[test]
fn raw_keys_are_told_from_certificates() {
    use crate::crypto::credential::Credential;
    use crate::crypto::verify::{key_type_of, raw_public_key, verify_tls12_signature_with_raw_key};
    use crate::names::{CertificateType, SignatureAlgorithm};

    for p in each() {
        let made = rcgen::generate_simple_self_signed(vec!["a.example".into()]).unwrap();
        let cert = made.cert.der().clone();
        let raw = CertificateDer::from(rcgen::PublicKeyData::subject_public_key_info(&made.signing_key));
        let key = PrivatePkcs8KeyDer::from(made.signing_key.serialize_der()).into();
        let key = p.provider.key_provider.load_private_key(key).unwrap();
        assert_eq!(raw_public_key(&raw).as_deref(), Some(raw.as_ref()));
        assert_eq!(raw_public_key(&cert), None);
        let both = [raw.as_ref(), cert.as_ref()];
        for len in 0..raw.len() {
            assert_eq!(raw_public_key(&CertificateDer::from(&raw[..len])), None, "cut to {len}");
        }
        assert_eq!(raw_public_key(&CertificateDer::from(both.concat())), None, "something follows");

        assert_eq!(key_type_of(&raw), key_type_of(&cert));
        assert_eq!(key_type_of(&raw).unwrap().algorithm, Some(SignatureAlgorithm::ECDSA));
        assert_eq!(key_type_of(&raw).unwrap().curve, Some(NamedGroup::secp256r1));

        let shown = |chain: &[&CertificateDer<'static>]| {
            let chain = chain.iter().map(|der| (*der).clone()).collect();
            let certified = CertifiedKey::new(chain, key.clone());
            assert_eq!(certified.keys_match(), Ok(()));
            Credential::from(certified)
        };
        let of_raw = shown(&[&raw, &cert]);
        assert_eq!(
            (of_raw.certificate_type(), of_raw.shown()),
            (CertificateType::RawPublicKey, &[raw.clone()][..])
        );
        let of_cert = shown(&[&cert, &raw]);
        assert_eq!((of_cert.certificate_type(), of_cert.shown().len()), (CertificateType::X509, 2));
        let other =
            p.provider.key_provider.load_private_key(ecdsa_pkcs8(&signature::ECDSA_P256_SHA256_ASN1_SIGNING));
        let mismatch = CertifiedKey::new(vec![raw.clone()], other.unwrap()).keys_match();
        assert_eq!(mismatch, Err(InconsistentKeys::KeyMismatch.into()));

        let signer = key.choose_scheme(&[SignatureScheme::ECDSA_NISTP256_SHA256]).unwrap();
        let signed = DigitallySignedStruct::new(signer.scheme(), signer.sign(b"message").unwrap());
        let algorithms = p.provider.signature_verification_algorithms;
        let spki = raw_public_key(&raw).unwrap();
        assert!(verify_tls12_signature_with_raw_key(b"message", &spki, &signed, &algorithms).is_ok());
        assert!(verify_tls12_signature_with_raw_key(b"massage", &spki, &signed, &algorithms).is_err());
        let of_tls13 = DigitallySignedStruct::new(SignatureScheme::ML_DSA_44, vec![7]);
        assert_eq!(
            verify_tls12_signature_with_raw_key(b"message", &spki, &of_tls13, &algorithms).err(),
            Some(PeerMisbehaved::SignedHandshakeWithUnadvertisedSigScheme.into())
        );
        // A verifier of 0.23 that takes what it gets for a certificate.
        assert_eq!(
            verify_tls12_signature(b"message", &raw, &signed, &algorithms).err(),
            Some(CertificateError::BadEncoding.into())
        );
    }
}

/// What is inside a PKCS #8 structure: the older encoding of the same key.
fn inside(key: &PrivateKeyDer<'_>) -> Vec<u8> {
    let mut content = der::only(key.secret_der(), der::SEQUENCE).unwrap();
    der::take(&mut content, der::INTEGER).unwrap();
    der::take(&mut content, der::SEQUENCE).unwrap();
    der::take(&mut content, der::OCTET_STRING).unwrap().to_vec()
}

#[test]
fn the_older_encodings_load_too() {
    for p in each() {
        let rsa = rsa_pkcs8();
        let older = PrivateKeyDer::from(PrivatePkcs1KeyDer::from(inside(&rsa)));
        let both = [p.load(&rsa).unwrap(), p.load(&older).unwrap()];
        assert_eq!(both[0].public_key(), both[1].public_key());

        let ecdsa = ecdsa_pkcs8(&signature::ECDSA_P384_SHA384_ASN1_SIGNING);
        let key =
            EcdsaKeyPair::from_pkcs8(&signature::ECDSA_P384_SHA384_ASN1_SIGNING, ecdsa.secret_der()).unwrap();
        let sec1: ::aws_lc_rs::encoding::EcPrivateKeyRfc5915Der<'_> = key.private_key().as_der().unwrap();
        let older = PrivateKeyDer::from(PrivateSec1KeyDer::from(sec1.as_ref().to_vec()));
        let both = [p.load(&ecdsa).unwrap(), p.load(&older).unwrap()];
        assert_eq!(both[0].public_key(), both[1].public_key());
    }
}

#[test]
fn keys_that_are_none_are_errors() {
    for p in each() {
        for junk in [vec![], vec![0x30, 0x00], vec![0xff; 100], b"\x30\x03\x02\x01\x00".to_vec()] {
            for der in [
                PrivateKeyDer::from(PrivatePkcs8KeyDer::from(junk.clone())),
                PrivateKeyDer::from(PrivatePkcs1KeyDer::from(junk.clone())),
                PrivateKeyDer::from(PrivateSec1KeyDer::from(junk.clone())),
            ] {
                assert!(matches!(p.load(&der), Err(Error::General(_))));
            }
        }
        let ed448 = der::element(
            der::SEQUENCE,
            &[
                &der::element(der::INTEGER, &[&[0]]),
                &der::element(der::SEQUENCE, &[alg_id::ED448.as_ref()]),
                &der::element(der::OCTET_STRING, &[&[7; 59]]),
            ],
        );
        let error = p.load(&PrivatePkcs8KeyDer::from(ed448).into()).unwrap_err();
        assert!(format!("{error}").contains("it is none of RSA, ECDSA"), "{error}");
        for (der, ..) in keys(&p) {
            let cut = der.secret_der()[..der.secret_der().len() - 1].to_vec();
            assert!(p.load(&PrivatePkcs8KeyDer::from(cut).into()).is_err());
        }
    }
}

fn rsa_modulus(bits: usize) -> Vec<u8> {
    let len = bits.div_ceil(8);
    let mut modulus = vec![0xff; len];
    modulus[0] = 0xff >> (len * 8 - bits);
    der::element(der::INTEGER, &[if modulus[0] >= 0x80 { &[0] } else { &[] }, &modulus])
}

#[test]
fn rsa_keys_outside_the_range_are_refused_before_use() {
    for p in each() {
        let exponent = der::element(der::INTEGER, &[&[1, 0, 1]]);
        for bits in [512, 1024, 2047, 8193, 16_384] {
            let private = der::element(
                der::SEQUENCE,
                &[&der::element(der::INTEGER, &[&[0]]), &rsa_modulus(bits), &exponent, &exponent],
            );
            let error = p.load(&PrivatePkcs1KeyDer::from(private).into()).unwrap_err();
            assert!(
                format!("{error}").contains(&format!("{bits} bits is not within 2048 to 8192")),
                "{error}"
            );

            let public = der::element(der::SEQUENCE, &[&rsa_modulus(bits), &exponent]);
            let spki = public_key_to_spki(&alg_id::RSA_ENCRYPTION, &public);
            let signed =
                DigitallySignedStruct::new(SignatureScheme::RSA_PSS_SHA256, vec![1; bits.div_ceil(8)]);
            assert!(matches!(
                verify_raw(&p, b"message", spki.as_ref(), &signed),
                Err(Error::InvalidCertificate(
                    CertificateError::UnsupportedSignatureAlgorithmForPublicKeyContext { .. }
                ))
            ));
            for algorithm in p.provider.signature_verification_algorithms.all {
                assert!(algorithm.verify_signature(&public, b"message", signed.signature()).is_err());
            }
        }
        let public = der::element(der::SEQUENCE, &[&rsa_modulus(2048), &exponent]);
        let spki = public_key_to_spki(&alg_id::RSA_ENCRYPTION, &public);
        let signed = DigitallySignedStruct::new(SignatureScheme::RSA_PSS_SHA256, vec![1; 256]);
        assert_eq!(
            verify_raw(&p, b"message", spki.as_ref(), &signed),
            Err(CertificateError::BadSignature.into())
        );
    }
}

#[test]
fn a_public_key_in_another_shape_is_refused() {
    for p in each() {
        // The primitive would take a whole SubjectPublicKeyInfo, or a compressed point, where the key belongs.
        let pair = EcdsaKeyPair::generate(&signature::ECDSA_P256_SHA256_ASN1_SIGNING).unwrap();
        let good = signature::KeyPair::public_key(&pair).as_ref().to_vec();
        let signed = pair.sign(&::aws_lc_rs::rand::SystemRandom::new(), b"message").unwrap();
        let algorithm = p
            .provider
            .signature_verification_algorithms
            .all
            .iter()
            .find(|alg| {
                alg.public_key_alg_id() == alg_id::ECDSA_P256
                    && alg.signature_alg_id() == alg_id::ECDSA_SHA256
            })
            .unwrap();
        assert!(algorithm.verify_signature(&good, b"message", signed.as_ref()).is_ok());
        let compressed = [&[2 + (good[64] & 1)], &good[1..33]].concat();
        let wrapped = public_key_to_spki(&alg_id::ECDSA_P256, &good);
        for other in [compressed.as_slice(), wrapped.as_ref(), &good[..64], &[]] {
            assert!(algorithm.verify_signature(other, b"message", signed.as_ref()).is_err());
        }
    }
}

#[test]
fn every_scheme_has_its_algorithms_in_the_list() {
    for p in each() {
        let algorithms = p.provider.signature_verification_algorithms;
        assert_eq!(algorithms.supported_schemes().len(), if p.name == "aws_lc_rs" { 13 } else { 9 });
        for (scheme, candidates) in algorithms.mapping {
            for candidate in *candidates {
                assert!(
                    algorithms.all.iter().any(|alg| format!("{alg:?}") == format!("{candidate:?}")),
                    "{scheme:?}"
                );
            }
        }
    }
}

// ---------------------------------------------------------------- provider and tickets

#[test]
fn the_compiled_in_provider_becomes_the_default() {
    let first = CryptoProvider::get_default_or_from_features().unwrap();
    let second = CryptoProvider::get_default().unwrap();
    assert!(Arc::ptr_eq(&first, second));
    assert!(super::aws_lc_rs::default_provider().install_default().is_err());
    assert!(!first.fips());
    assert!(format!("{first:?}").contains("X25519MLKEM768"));
}

#[test]
fn random_is_not_constant() {
    for p in each() {
        let (mut a, mut b) = ([0; 32], [0; 32]);
        p.provider.secure_random.fill(&mut a).unwrap();
        p.provider.secure_random.fill(&mut b).unwrap();
        assert!(a != b && a != [0; 32]);
    }
}

#[test]
fn tickets_open_only_where_they_were_made() {
    for p in each() {
        let (ours, theirs) = ((p.ticketer)().unwrap(), (p.ticketer)().unwrap());
        assert!(ours.enabled());
        assert_eq!(ours.lifetime(), 12 * 60 * 60);
        for plain in [&b""[..], b"state", &[7; 4000]] {
            let ticket = ours.encrypt(plain).unwrap();
            assert_ne!(ticket, ours.encrypt(plain).unwrap(), "nonces differ");
            assert_eq!(ours.decrypt(&ticket).as_deref(), Some(plain));
            assert_eq!(theirs.decrypt(&ticket), None);
            assert!(plain.is_empty() || !ticket.windows(plain.len()).any(|window| window == plain));
        }
        let ticket = ours.encrypt(b"state").unwrap();
        for at in 0..ticket.len() {
            for bit in 0..8 {
                let mut changed = ticket.clone();
                changed[at] ^= 1 << bit;
                assert_eq!(ours.decrypt(&changed), None);
            }
            assert_eq!(ours.decrypt(&ticket[..at]), None);
        }
        assert_eq!(ours.decrypt(&[ticket, vec![0]].concat()), None);
        assert!(format!("{ours:?}").starts_with("TicketRotator { period: 21600"));
    }
}
