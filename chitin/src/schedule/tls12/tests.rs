//! The schedule against another implementation.
//!
//! The shared secret, the randoms and the master secret under SHA-256 are those of "The Illustrated TLS 1.2 Connection"
//! (tls12.xargs.org). All other values come from OpenSSL 3.0, for example the key block by
//! `openssl kdf -keylen 88 -kdfopt digest:SHA256 -kdfopt hexsecret:MASTER -kdfopt hexseed:LABEL,SERVER,CLIENT TLS1-PRF`.

use alloc::vec;
use alloc::vec::Vec;

use super::*;
use crate::crypto::SharedSecret;
use crate::crypto::suites::SupportedCipherSuite;
use crate::crypto::tested::all_cipher_suites;
use crate::error::PeerMisbehaved;
use crate::names::{CipherSuite, NamedGroup};

fn hex(text: &str) -> Vec<u8> {
    let digits: Vec<u8> = text.bytes().filter(u8::is_ascii_hexdigit).collect();
    let value = |digit: u8| char::from(digit).to_digit(16).unwrap() as u8;
    digits.chunks(2).map(|pair| value(pair[0]) << 4 | value(pair[1])).collect()
}

fn suite(name: CipherSuite) -> &'static Tls12CipherSuite {
    let found = all_cipher_suites().iter().find(|suite| suite.suite() == name);
    match found.unwrap() {
        SupportedCipherSuite::Tls12(suite) => suite,
        SupportedCipherSuite::Tls13(_) => panic!("{name:?}"),
    }
}

fn randoms() -> Randoms {
    let count_from = |start: u8| core::array::from_fn(|i| start + i as u8);
    Randoms { client: count_from(0x00), server: count_from(0x70) }
}

/// An exchange whose result is known.
struct Known(&'static str);

impl ActiveKeyExchange for Known {
    fn complete(self: Box<Self>, peer: &[u8]) -> Result<SharedSecret, Error> {
        match peer {
            b"peer" => Ok(hex(self.0).into()),
            _ => Err(PeerMisbehaved::InvalidKeyShare.into()),
        }
    }
    fn pub_key(&self) -> &[u8] {
        &[]
    }
    fn group(&self) -> NamedGroup {
        NamedGroup::X25519
    }
}

fn agree(name: CipherSuite, seed: Option<&Output>) -> MasterSecret {
    let exchange = Known("df4a291baa1eb7cfa6934b29b474baad2697e29f1f920dcc77c8a0a088447624");
    MasterSecret::agree(suite(name), Box::new(exchange), b"peer", seed, &randoms()).unwrap()
}

struct Expected {
    suite: CipherSuite,
    master: &'static str,
    extended: &'static str,
    /// As much of it as any of the suites of that hash needs.
    key_block: &'static str,
    client_finished: &'static str,
    server_finished: &'static str,
    exported: [&'static str; 3],
}

const EXPECTED: [Expected; 2] = [
    Expected {
        suite: CipherSuite::TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256,
        master: "916abf9da55973e13614ae0a3f5d3f37b023ba129aee02cc9134338127cd7049
                 781c8e19fc1eb2a7387ac06ae237344c",
        extended: "cb1378f87335addd4edecc9885384bf3c25992fd6cc5eadf80f71f3863f36f47
                   b229bc71dea1bde89d670bc0bba61c69",
        key_block: "1b7d117c7d5f690bc263cae8ef60af0f1878acc22ad8bdd8c601a617126f6354
                    0eb20906f781fad2f656d037b173ef3e11169f27231a84b6752a18e7a9fcb7cb
                    cdd8f98dd8f769eba0d2550c9238eebfef5c32251abb67d6",
        client_finished: "f1dbe2d05935993d47a05b4c",
        server_finished: "8739b6d6ae365f0f617ada31",
        exported: [
            "b84421bcb54b6e175a232ef67fb83c7ad641b856",
            "74cb12de58523f271cd63e825dd20b144195c0f9",
            "b6fbc6ae855ffeef32a44eab3917c445e1f858b2",
        ],
    },
    Expected {
        suite: CipherSuite::TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384,
        master: "2c581ca005004401560f68f58307d5eff0ff3fdaed6c78338bef9028227089da
                 05d67ab6c13768876bfb65e4da65d937",
        extended: "b34bf0920902bd91449f8e2862e8b1a116568044f54a3541bcd0e9ca80912c47
                   069b498f52293e6a24aea759fed147f0",
        key_block: "58c9161e22cf734188aedb5d561980dd8a588b9167ad8dd2bdfdeb2b9e77f377
                    fb50104265b68756a7f41acbf16f7228293ac0d478caa10da862c1330d28b5ca
                    9b7b64f6d237031fc7f197d8b3addd2dd41870787964808d",
        client_finished: "ea9db66a0d9d9cc2bd99cf7f",
        server_finished: "c95df2e54b27fd05d37964fb",
        exported: [
            "0c167846e2b81873fb014cd6f2503bb1f6151fb9",
            "08bbee7ed2c3af29d9dd7724f15f3b21d9a9a548",
            "7eba0727b2e2aae5939a674a8ff8fbda544d6a23",
        ],
    },
];

#[test]
fn master_secrets() {
    for e in EXPECTED {
        let master = agree(e.suite, None);
        assert_eq!((master.as_secret().as_bytes(), master.extended()), (&hex(e.master)[..], false));
        let session_hash = suite(e.suite).common.hash_provider.hash(b"session");
        let master = agree(e.suite, Some(&session_hash));
        assert_eq!((master.as_secret().as_bytes(), master.extended()), (&hex(e.extended)[..], true));
    }
}

#[test]
fn a_bad_share_is_refused() {
    let suite = suite(CipherSuite::TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256);
    let refused = MasterSecret::agree(suite, Box::new(Known("00")), b"other", None, &randoms());
    assert_eq!(refused.err(), Some(PeerMisbehaved::InvalidKeyShare.into()));
}

#[test]
fn key_blocks_are_cut_as_the_suite_says() {
    for (name, expected, key, iv, extra) in [
        (CipherSuite::TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256, &EXPECTED[0], 16, 4, 8),
        (CipherSuite::TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256, &EXPECTED[0], 32, 12, 0),
        (CipherSuite::TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384, &EXPECTED[1], 32, 4, 8),
    ] {
        let master = MasterSecret::resumed(suite(name), Secret::new(&hex(expected.master)), false);
        let block = master.key_block(&randoms());
        let bytes = hex(expected.key_block);
        let mut at = 0;
        let mut next = |n: usize| {
            at += n;
            bytes[at - n..at].to_vec()
        };
        assert_eq!(block.client.key.as_ref(), next(key), "{name:?}");
        assert_eq!(block.server.key.as_ref(), next(key), "{name:?}");
        let (client_iv, server_iv, extra) = (next(iv), next(iv), next(extra));
        assert_eq!(block.client.nonces.parts(), (&client_iv[..], &extra[..]), "{name:?}");
        assert_eq!(block.server.nonces.parts(), (&server_iv[..], &extra[..]), "{name:?}");
    }
}

#[test]
fn finished() {
    for e in EXPECTED {
        let master = agree(e.suite, None);
        let hash = suite(e.suite).common.hash_provider.hash(b"session");
        let client = master.verify_data(Label::Client, &hash);
        let server = master.verify_data(Label::Server, &hash);
        assert_eq!(
            (client.as_bytes(), server.as_bytes()),
            (&hex(e.client_finished)[..], &hex(e.server_finished)[..])
        );
        assert!(client.matches(&hex(e.client_finished)) && !client.matches(server.as_bytes()));
        assert!(!client.matches(&client.as_bytes()[..11]) && !client.matches(&[]));
    }
}

#[test]
fn exporters() {
    for e in EXPECTED {
        let exporter = agree(e.suite, None).exporter(&randoms());
        let contexts = [None, Some(&b""[..]), Some(b"abc")];
        for (context, expected) in contexts.into_iter().zip(e.exported) {
            let mut out = [0; 20];
            exporter.export(&mut out, b"EXPORTER-test", context).unwrap();
            assert_eq!(out, hex(expected)[..]);
        }
        for label in [&b"key expansion"[..], b"master secret", b"client finished", b"server finished"] {
            assert!(exporter.export(&mut [0; 20], label, None).is_err());
        }
        assert!(exporter.export(&mut [], b"EXPORTER-test", None).is_err());
        assert!(exporter.export(&mut [0; 20], b"EXPORTER-test", Some(&vec![0; 0xffff])).is_ok());
        assert!(exporter.export(&mut [0; 20], b"EXPORTER-test", Some(&vec![0; 0x1_0000])).is_err());
        assert!(exporter.as_bytes().is_empty());
    }
}
