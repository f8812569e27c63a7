//! The samples of RFC 9001 appendix A and of RFC 9369 appendix A, from keys to packets and back.

use alloc::vec;
use alloc::vec::Vec;

use super::*;
use crate::crypto::tested::all_cipher_suites;
use crate::error::Error;
use crate::names::CipherSuite;

fn suite(name: CipherSuite) -> Suite {
    let mut suites = all_cipher_suites().iter().filter_map(|suite| suite.tls13());
    suites.find(|suite| suite.common.suite == name).and_then(Tls13CipherSuite::quic_suite).unwrap()
}

fn hex(text: &str) -> Vec<u8> {
    let digits: Vec<u8> = text.bytes().filter(u8::is_ascii_hexdigit).collect();
    let value = |digit: u8| char::from(digit).to_digit(16).unwrap() as u8;
    digits.chunks(2).map(|pair| value(pair[0]) << 4 | value(pair[1])).collect()
}

/// A packet as a sample prints it. `number_at` is where its number begins, in `number_len` bytes.
struct Sample {
    number: u64,
    number_at: usize,
    number_len: usize,
    header: Vec<u8>,
    payload: Vec<u8>,
    /// The beginning of the protected packet, and its end.
    begins: Vec<u8>,
    ends: Vec<u8>,
}

impl Sample {
    /// RFC 9001 section 5.4.2: as if the number had four bytes.
    fn sample_at(&self) -> usize {
        self.number_at + 4
    }

    fn protect(&self, keys: &DirectionalKeys) -> Vec<u8> {
        let mut packet = [&self.header[..], &self.payload].concat();
        let (header, payload) = packet.split_at_mut(self.header.len());
        let tag = keys.packet.encrypt_in_place(self.number, header, payload).unwrap();
        packet.extend_from_slice(tag.as_ref());
        let (head, tail) = packet.split_at_mut(self.sample_at());
        let mut first = head[0];
        keys.header.encrypt_in_place(&tail[..16], &mut first, &mut head[self.number_at..]).unwrap();
        head[0] = first;
        packet
    }

    fn unprotect(&self, keys: &DirectionalKeys, mut packet: Vec<u8>) -> Result<(Vec<u8>, Vec<u8>), Error> {
        let (head, tail) = packet.split_at_mut(self.sample_at());
        let mut first = head[0];
        keys.header.decrypt_in_place(&tail[..16], &mut first, &mut head[self.number_at..])?;
        head[0] = first;
        let (header, payload) = packet.split_at_mut(self.number_at + usize::from(first & 3) + 1);
        let payload = keys.packet.decrypt_in_place(self.number, header, payload)?.to_vec();
        Ok((header.to_vec(), payload))
    }

    fn check(&self, local: &DirectionalKeys, remote: &DirectionalKeys) {
        let packet = self.protect(local);
        assert_eq!(&packet[..self.begins.len()], self.begins);
        assert_eq!(&packet[packet.len() - self.ends.len()..], self.ends);
        let opened = self.unprotect(remote, packet.clone()).unwrap();
        assert_eq!(opened, (self.header.clone(), self.payload.clone()));
        assert_eq!(self.header.len(), self.number_at + self.number_len);

        // And each flipped bit in either part, and each cut end, is found.
        for at in [0, 1, self.number_at, self.sample_at(), packet.len() - 1] {
            let mut spoilt = packet.clone();
            spoilt[at] ^= 1;
            assert_eq!(self.unprotect(remote, spoilt), Err(Error::DecryptError), "{at}");
        }
        for len in self.sample_at() + 16..packet.len() {
            assert_eq!(self.unprotect(remote, packet[..len].to_vec()), Err(Error::DecryptError));
        }
    }
}

/// The payload of the client's Initial packet, the same in both documents.
fn client_hello() -> Vec<u8> {
    let mut payload = hex("060040f1010000ed0303ebf8fa56f129 39b9584a3896472ec40bb863cfd3e868
         04fe3a47f06a2b69484c000004130113 02010000c000000010000e00000b6578
         616d706c652e636f6dff01000100000a 00080006001d00170018001000070005
         04616c706e0005000501000000000033 00260024001d00209370b2c9caa47fba
         baf4559fedba753de171fa71f50f1ce1 5d43e994ec74d748002b000302030400
         0d0010000e0403050306030203080408 050806002d00020101001c0002400100
         3900320408ffffffffffffffff050480 00ffff07048000ffff08011001048000
         75300901100f088394c8f03e51570806 048000ffff");
    payload.resize(1162, 0);
    payload
}

/// The payload of the server's.
fn server_hello() -> Vec<u8> {
    hex("02000000000600405a020000560303ee fce7f7b37ba1d1632e96677825ddf739
         88cfc79825df566dc5430b9a045a1200 130100002e00330024001d00209d3c94
         0d89690b84d08a60993c144eca684d10 81287c834d5311bcf32bb9da1a002b00
         020304")
}

fn client_initial(header: &str, begins: &str, ends: &str) -> Sample {
    Sample {
        number: 2,
        number_at: 18,
        number_len: 4,
        header: hex(header),
        payload: client_hello(),
        begins: hex(begins),
        ends: hex(ends),
    }
}

fn server_initial(header: &str, packet: &str) -> Sample {
    Sample {
        number: 1,
        number_at: 18,
        number_len: 2,
        header: hex(header),
        payload: server_hello(),
        begins: hex(packet),
        ends: vec![],
    }
}

fn initial_keys(version: Version) -> (Keys, Keys) {
    let suite = suite(CipherSuite::TLS13_AES_128_GCM_SHA256);
    let keys = |side| suite.keys(&hex("8394c8f03e515708"), side, version);
    (keys(Side::Client), keys(Side::Server))
}

/// RFC 9001 appendices A.2 and A.3.
#[test]
fn initial_packets_of_version_1() {
    let (client, server) = initial_keys(Version::V1);
    client_initial(
        "c300000001088394c8f03e5157080000449e00000002",
        "c000000001088394c8f03e5157080000 449e7b9aec34d1b1c98dd7689fb8ec11
         d242b123dc9bd8bab936b47d92ec356c 0bab7df5976d27cd449f63300099f399",
        "e221af44860018ab0856972e194cd934",
    )
    .check(&client.local, &server.remote);
    server_initial(
        "c1000000010008f067a5502a4262b50040750001",
        "cf000000010008f067a5502a4262b500 4075c0d95a482cd0991cd25b0aac406a
         5816b6394100f37a1c69797554780bb3 8cc5a99f5ede4cf73c3ec2493a1839b3
         dbcba3f6ea46c5b7684df3548e7ddeb9 c3bf9c73cc3f3bded74b562bfb19fb84
         022f8ef4cdd93795d77d06edbb7aaf2f 58891850abbdca3d20398c276456cbc4
         2158407dd074ee",
    )
    .check(&server.local, &client.remote);
}

/// RFC 9369 appendices A.2 and A.3.
#[test]
fn initial_packets_of_version_2() {
    let (client, server) = initial_keys(Version::V2);
    client_initial(
        "d36b3343cf088394c8f03e5157080000449e00000002",
        "d76b3343cf088394c8f03e5157080000 449ea0c95e82ffe67b6abcdb4298b485
         dd04de806071bf03dceebfa162e75d6c 96058bdbfb127cdfcbf903388e99ad04",
        "a18b2faa745b6fe189cf772a9f84cbfc",
    )
    .check(&client.local, &server.remote);
    server_initial(
        "d16b3343cf0008f067a5502a4262b50040750001",
        "dc6b3343cf0008f067a5502a4262b500 4075d92faaf16f05d8a4398c47089698
         baeea26b91eb761d9b89237bbf872630 17915358230035f7fd3945d88965cf17
         f9af6e16886c61bfc703106fbaf3cb4c fa52382dd16a393e42757507698075b2
         c984c707f0a0812d8cd5a6881eaf21ce da98f4bd23f6fe1a3e2c43edd9ce7ca8
         4bed8521e2e140",
    )
    .check(&server.local, &client.remote);
}

/// RFC 9001 appendix A.5 and RFC 9369 appendix A.5: a short header, and the secret after a key update.
#[test]
fn short_headers_under_chacha20_and_the_next_secret() {
    let cases = [
        (
            Version::V1,
            "4cfe4189655e5cd55c41f69080575d7999c25a5bfb",
            "1223504755036d556342ee9361d253421a826c9ecdf3c7148684b36b714881f9",
        ),
        (
            Version::V2,
            "5558b1c60ae7b6b932bc27d786f4bc2bb20f2162ba",
            "c69374c49e3d2a9466fa689e49d476db5d0dfbc87d32ceeaa6343fd0ae4c7d88",
        ),
    ];
    for (version, packet, next) in cases {
        let secret = QuicSecret {
            suite: suite(CipherSuite::TLS13_CHACHA20_POLY1305_SHA256),
            version,
            secret: OkmBlock::new(&hex("9ac312a7f877468ebe69422748ad00a15443f18203a07d6060f688f30f21632b")),
        };
        let sample = Sample {
            number: 654_360_564,
            number_at: 1,
            number_len: 3,
            header: hex("4200bff4"),
            payload: hex("01"),
            begins: hex(packet),
            ends: vec![],
        };
        sample.check(&secret.keys(), &secret.keys());
        assert_eq!(secret.next().secret.as_ref(), hex(next));
    }
}

/// draft-ietf-quic-tls-29 appendix A.1.
#[test]
fn initial_keys_of_the_drafts() {
    let (client, server) = initial_keys(Version::V1Draft);
    let suite = suite(CipherSuite::TLS13_AES_128_GCM_SHA256);
    let cases = [
        (
            &client.local,
            "175257a31eb09dea9366d8bb79ad80ba",
            "6b26114b9cba2b63a9e8dd4f",
            "9ddd12c994c0698b89374a9c077a3077",
        ),
        (
            &server.local,
            "149d0b1662ab871fbe63c49b5e655a5d",
            "bab2b12a4c76016ace47856d",
            "c0c499a65a60024a18a250974ea01dfa",
        ),
    ];
    for (keys, key, iv, header) in cases {
        let by_hand = DirectionalKeys {
            packet: suite.quic.packet_key(AeadKey::new(&hex(key)), Iv::copy(&hex(iv))),
            header: suite.quic.header_protection_key(AeadKey::new(&hex(header))),
        };
        let seen = |keys: &DirectionalKeys| {
            let (mut text, mut first, mut number) = (*b"frames", 0xc3, [0; 4]);
            let tag = keys.packet.encrypt_in_place(1, b"", &mut text).unwrap();
            keys.header.encrypt_in_place(tag.as_ref(), &mut first, &mut number).unwrap();
            (text, tag.as_ref().to_vec(), first, number)
        };
        assert_eq!(seen(keys), seen(&by_hand));
    }
}

/// Keys of different versions, sides and connections do not open each other's packets.
#[test]
fn initial_keys_belong_to_their_version_side_and_connection() {
    let (client, server) = initial_keys(Version::V1);
    let (_, draft) = initial_keys(Version::V1Draft);
    let (_, second) = initial_keys(Version::V2);
    let suite = suite(CipherSuite::TLS13_AES_128_GCM_SHA256);
    let other = suite.keys(b"another", Side::Server, Version::V1);
    let mut text = *b"some frames";
    let tag = client.local.packet.encrypt_in_place(7, b"header", &mut text).unwrap();
    let sealed = [&text[..], tag.as_ref()].concat();
    let open = |keys: &DirectionalKeys| {
        keys.packet.decrypt_in_place(7, b"header", &mut sealed.clone()).map(<[u8]>::to_vec)
    };
    assert_eq!(open(&server.remote), Ok(b"some frames".to_vec()));
    for wrong in [&server.local, &draft.remote, &second.remote, &other.remote] {
        assert_eq!(open(wrong), Err(Error::DecryptError));
    }
}

/// draft-ietf-quic-multipath, "Nonce Calculation": the path number stands before the packet number, in 32 bits.
#[test]
fn each_path_has_nonces_of_its_own() {
    for name in [
        CipherSuite::TLS13_AES_128_GCM_SHA256,
        CipherSuite::TLS13_AES_256_GCM_SHA384,
        CipherSuite::TLS13_CHACHA20_POLY1305_SHA256,
    ] {
        let suite = suite(name);
        // The example of the draft.
        let iv = || Iv::copy(&hex("6b26114b9cba2b63a9e8dd4f"));
        let expected = Iv::copy(&hex("6b2611489cba2b63a9e873e2"));
        let key = |iv| {
            let bytes = [7; AeadKey::MAX_LEN];
            suite.quic.packet_key(AeadKey::new(&bytes[..suite.quic.aead_key_len()]), iv)
        };
        let mut by_path = *b"frames";
        let tag = key(iv()).encrypt_in_place_for_path(3, 0xaead, b"", &mut by_path).unwrap();
        let mut by_hand = *b"frames";
        let same = key(expected).encrypt_in_place(0, b"", &mut by_hand).unwrap();
        assert_eq!((by_path, tag.as_ref()), (by_hand, same.as_ref()));

        let mut sealed = [&by_path[..], tag.as_ref()].concat();
        let wrong = key(iv()).decrypt_in_place_for_path(4, 0xaead, b"", &mut sealed.clone()).is_err();
        assert!(wrong && key(iv()).decrypt_in_place(0xaead, b"", &mut sealed.clone()).is_err());
        let opened = key(iv());
        let opened = opened.decrypt_in_place_for_path(3, 0xaead, b"", &mut sealed);
        assert_eq!(opened, Ok(&b"frames"[..]));
    }
}

/// RFC 9001 section 6.6, and the lengths of section 5.4.
#[test]
fn limits_and_lengths() {
    let cases = [
        (CipherSuite::TLS13_AES_128_GCM_SHA256, 16, 1 << 23, 1 << 52),
        (CipherSuite::TLS13_AES_256_GCM_SHA384, 32, 1 << 23, 1 << 52),
        (CipherSuite::TLS13_CHACHA20_POLY1305_SHA256, 32, u64::MAX, 1 << 36),
    ];
    for (name, key_len, confidentiality, integrity) in cases {
        let suite = suite(name);
        let keys = suite.keys(b"id", Side::Client, Version::V1).local;
        assert_eq!(suite.quic.aead_key_len(), key_len);
        assert_eq!(keys.packet.confidentiality_limit(), confidentiality);
        assert_eq!(keys.packet.integrity_limit(), integrity);
        assert_eq!((keys.packet.tag_len(), keys.header.sample_len()), (16, 16));

        let short = keys.packet.decrypt_in_place(0, b"", &mut [0; 15]).is_err();
        assert!(short, "no tag");
        let mut first = 0x43;
        for (sample, number) in [(15, 4), (17, 4), (16, 5)] {
            let (sample, mut number) = (vec![0; sample], vec![0; number]);
            assert!(keys.header.encrypt_in_place(&sample, &mut first, &mut number).is_err());
            assert!(keys.header.decrypt_in_place(&sample, &mut first, &mut number).is_err());
            assert_eq!((first, number.iter().all(|byte| *byte == 0)), (0x43, true), "nothing was touched");
        }
    }
}

/// Only the bytes that belong to the number are masked, for each length of it, and the form bit never.
#[test]
fn headers_of_each_form_and_number_length() {
    let keys = suite(CipherSuite::TLS13_AES_128_GCM_SHA256).keys(b"id", Side::Client, Version::V1).local;
    for form in [0x40, 0xc0] {
        for len in 1..=4u8 {
            let (mut first, mut number) = (form | (len - 1), [0; 4]);
            keys.header.encrypt_in_place(&[9; 16], &mut first, &mut number).unwrap();
            assert_eq!(first & 0x80, form & 0x80);
            assert!(number[usize::from(len)..].iter().all(|byte| *byte == 0), "{len}");
            let (protected, masked) = (first, number);
            keys.header.decrypt_in_place(&[9; 16], &mut first, &mut number).unwrap();
            assert_eq!((first, number), (form | (len - 1), [0; 4]));
            assert!(protected != first || masked != number);
        }
    }
}

#[test]
fn each_generation_has_packet_keys_of_its_own_on_both_sides() {
    let suite = suite(CipherSuite::TLS13_AES_256_GCM_SHA384);
    let secret = |byte: u8| QuicSecret { suite, version: Version::V1, secret: OkmBlock::new(&[byte; 48]) };
    let mut client = Secrets { local: secret(1), remote: secret(2) };
    let mut server = Secrets { local: secret(2), remote: secret(1) };
    let first = client.keys().local.packet;
    let (second, theirs) = (client.next_packet_keys().local, server.clone().next_packet_keys().remote);
    let third = client.next_packet_keys().local;
    let seal = |key: &dyn PacketKey| {
        let mut text = *b"frames";
        let tag = key.encrypt_in_place(1, b"", &mut text).unwrap();
        [&text[..], tag.as_ref()].concat()
    };
    let all = [seal(first.as_ref()), seal(second.as_ref()), seal(third.as_ref())];
    assert!(all[0] != all[1] && all[1] != all[2] && all[0] != all[2]);
    assert!(theirs.decrypt_in_place(1, b"", &mut all[1].clone()).is_ok());
    assert!(theirs.decrypt_in_place(1, b"", &mut all[0].clone()).is_err());
    server.next_packet_keys();
    assert!(server.next_packet_keys().remote.decrypt_in_place(1, b"", &mut all[2].clone()).is_ok());
}
