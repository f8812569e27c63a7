//! The traces of RFC 8448: every secret that they print and we derive, from their own messages and transcript hashes.
//!
//! Of section 4: the early secret, the binder and the early traffic secret.

use alloc::vec::Vec;

use super::*;
use crate::crypto::tested::all_cipher_suites;
use crate::names::CipherSuite;
use crate::schedule::transcript::{Transcript, Unhashed};
use crate::wire::client_hello::ClientHello;

/// TLS_AES_128_GCM_SHA256, which all of the traces use.
fn suite() -> &'static Tls13CipherSuite {
    let mut suites = all_cipher_suites().iter().filter_map(|suite| suite.tls13());
    suites.find(|suite| suite.common.suite == CipherSuite::TLS13_AES_128_GCM_SHA256).unwrap()
}

fn hex(text: &str) -> Vec<u8> {
    let digits: Vec<u8> = text.bytes().filter(u8::is_ascii_hexdigit).collect();
    let value = |digit: u8| char::from(digit).to_digit(16).unwrap() as u8;
    digits.chunks(2).map(|pair| value(pair[0]) << 4 | value(pair[1])).collect()
}

fn hash(text: &str) -> Output {
    Output::new(&hex(text))
}

impl AsRef<RestingSecret> for RestingSecret {
    fn as_ref(&self) -> &Self {
        self
    }
}

fn assert_secret(secret: impl AsRef<RestingSecret>, expected: &str) {
    assert_eq!(secret.as_ref().as_bytes(), hex(expected));
}

fn assert_keys(secret: impl AsRef<RestingSecret>, key: &str, iv: &str) {
    let (got_key, got_iv) = secret.as_ref().woken().key_and_iv();
    assert_eq!((got_key.as_ref(), got_iv.as_ref()), (&hex(key)[..], &hex(iv)[..]));
}

/// What a secret that does not leave its expander derives for the next stage.
fn derived(secret: &dyn HkdfExpander) -> Vec<u8> {
    derive(secret, b"derived", suite().common.hash_provider.hash(b"").as_ref()).as_ref().to_vec()
}

/// The same, of a secret that the RFC prints.
fn derived_from(printed: &str) -> Vec<u8> {
    derived(suite().hkdf_provider.expander_for_okm(&OkmBlock::new(&hex(printed))).as_ref())
}

impl AsRef<RestingSecret> for FinishedSecret {
    fn as_ref(&self) -> &RestingSecret {
        &self.secret
    }
}

/// Section 3, to the end of the handshake.
fn simple() -> (Pair<FinishedSecret>, Pair<RestingSecret>, Exporter, Resumption) {
    let early = Early::without_psk(suite());
    assert_eq!(early.salt.as_ref(), hex("6f2615a108c702c5678f54fc9dbab69716c076189c48250cebeac3576c3611ba"));
    assert_eq!(
        early.salt.as_ref(),
        derived_from("33ad0a1c607ec03b09e6cd9893680ce210adf300aa1f2660e1b22e10f170f92a")
    );
    let handshake = early.with_shared_secret(
        &hex("8bd4054fb55b9d63fdfbacf9f04b9f0d35e6d63f537563efd46272900f89492d"),
        &hash("860c06edc07858ee8e78f0e7428c58edd6b43f2ca3e6e95f02ed063cf0e1cad8"),
    );
    assert_eq!(
        handshake.salt.as_ref(),
        hex("43de77e0c77713859a944db9db2590b53190a65b3ee2e4f12dd7a0bb7ce254b4")
    );
    assert_eq!(
        handshake.salt.as_ref(),
        derived_from("1dc826e93606aa6fdc0aadc12f741b01046aa6b99f691ed221a9f0ca043fbeac")
    );
    let finished = |secret: &TrafficSecret| secret.as_ref().woken().into_finished();
    let Pair { client, server } = &handshake.traffic;
    let both = Pair { client: finished(client), server: finished(server) };
    let master = handshake
        .into_handshake()
        .master(&hash("9608102a0f1ccc6db6250b7b7e417b1a000eaada3daae4777a7686c9ff83df13"));
    assert_eq!(
        derived(master.secret.as_ref()),
        derived_from("18df06843d13a08bf2a449844c5f8a478001bc4d4c627984d5a41da8d0402919")
    );
    let (traffic, exporter, resumption) =
        master.into_traffic(&hash("209145a96ee8e2a122ff810047cc952684658d6049e86429426db87c54ad143d"));
    (both, traffic, exporter, resumption)
}

#[test]
fn rfc_8448_section_3_secrets_and_keys() {
    let (handshake, traffic, exporter, _) = simple();
    assert_secret(&handshake.client, "b3eddb126e067f35a780b3abf45e2d8f3b1a950738f52e9600746a0e27a55a21");
    assert_secret(&handshake.server, "b67b7d690cc16c4e75e54213cb2d37b4e9c912bcded9105d42befd59d391ad38");
    assert_keys(&handshake.client, "dbfaa693d1762c5b666af5d950258d01", "5bd3c71b836e0b76bb73265f");
    assert_keys(&handshake.server, "3fce516009c21727d0f2e4e86ee403bc", "5d313eb2671276ee13000b30");
    assert_secret(&traffic.client, "9e40646ce79a7f9dc05af8889bce6552875afa0b06df0087f792ebb7c17504a5");
    assert_secret(&traffic.server, "a11af9f05531f856ad47116b45a950328204b4f44bfb6b3a4b4f1f3fcb631643");
    assert_keys(&traffic.client, "17422dda596ed5d9acd890e3c63f5051", "5b78923dee08579033e523d9");
    assert_keys(&traffic.server, "9f02283b6c9c07efc26bb9f2ac92e356", "cf782b88dd83549aadf1e984");
    assert_eq!(exporter.as_bytes(), hex("fe22f881176eda18eb8f44529e6792c50c9a3f89452f68d8ae311b4309d3cf50"));
}

/// What is written down must be what the functions give: of SHA-384 no RFC prints it.
#[test]
fn constants_are_what_would_be_computed() {
    let mut hashes = 0;
    for suite in all_cipher_suites().iter().filter_map(|suite| suite.tls13()) {
        assert_eq!(of_nothing(suite).as_ref(), suite.common.hash_provider.hash(b"").as_ref());
        assert_eq!(Early::without_psk(suite).salt.as_ref(), salt_without_psk(suite).as_ref());
        hashes += usize::from(suite.common.hash_provider.algorithm() == HashAlgorithm::SHA384);
    }
    assert!(hashes > 0);
}

#[test]
fn rfc_8448_section_3_finished() {
    let (handshake, ..) = simple();
    let server =
        handshake.server.finished(&hash("edb7725fa7a3473b031ec8ef65a2485493900138a2b91291407d7951a06110ed"));
    assert_eq!(server.as_ref(), hex("9b9b141d906337fbd2cbdce71df4deda4ab42c309572cb7fffee5454b78f0718"));
    let client =
        handshake.client.finished(&hash("9608102a0f1ccc6db6250b7b7e417b1a000eaada3daae4777a7686c9ff83df13"));
    assert_eq!(client.as_ref(), hex("a8ec436d677634ae525ac1fcebe11a039ec17694fac6e98527b642f2edd5ce61"));
}

#[test]
fn rfc_8448_section_3_resumption_psk() {
    let (_, _, _, resumption) = simple();
    assert_eq!(
        resumption.secret.as_ref(),
        hex("7df235f2031d2a051287d02b0241b0bfdaf86cc856231f2d5aba46c434ec196c")
    );
    assert_eq!(
        resumption.psk(&[0, 0]).as_bytes(),
        hex("4ecd0eb6ec3b4d87f5d6028f922ca4c5851a277fd41311c9e62d2c9492e1c4f3")
    );
}

#[test]
fn rfc_8448_section_4_early_secret_and_binder() {
    let raw = hex(RESUMED_HELLO);
    let hello = ClientHello::read(&raw).unwrap();
    let transcript = Unhashed::default();
    let cut = transcript.hash_with(suite().common.hash_provider, hello.without_binders());
    assert_eq!(cut.as_ref(), hex("63224b2e4573f2d3454ca84b9d009a04f6be9e05711a8396473aefa01e924a14"));
    let psk = hex("4ecd0eb6ec3b4d87f5d6028f922ca4c5851a277fd41311c9e62d2c9492e1c4f3");
    let early = EarlyPsk::new(suite(), &psk);
    assert_eq!(
        derived(early.secret.as_ref()),
        derived_from("9b2188e9b2fc6d64d71dc329900e20bb41915000f678aa839cbb797cb7d8332c")
    );
    let binder = early.binder(PskKind::Resumption, &cut);
    assert_eq!(binder.as_ref(), hex("3add4fb2d8fdf822a0ca3cf7678ef5e88dae990141c5924d57bb6fa31b9e5f9d"));
    let sent = hello.psks().unwrap().binders.iter().next().unwrap();
    assert!(binder.matches(sent.0));
    assert!(!binder.matches(&sent.0[..31]));
    let whole = transcript.hash_with(suite().common.hash_provider, &raw);
    assert_eq!(whole.as_ref(), hex("08ad0fa05d7c7233b1775ba2ff9f4c5b8b59276b7f227f13a976245f5d960913"));
    let traffic = early.client_traffic(&whole);
    assert_secret(&traffic, "3fbbe6a60deb66c30a32795aba0eff7eaa10105586e7be5c09678d63b6caab62");
    assert_keys(&traffic, "920205a5b7bf2115e6fc5c2942834f54", "6d475f0993c8e564610db2b9");
    assert_eq!(
        early.secrets(&whole).exporter.as_bytes(),
        hex("b2026866610937d7423e5be90862ccf24c0e6091186d34f812089ff5be2ef7df")
    );
    let other = EarlyPsk::new(suite(), &[7; 32]);
    assert!(!other.binder(PskKind::Resumption, &cut).matches(sent.0));
}

#[test]
fn rfc_8448_section_5_transcript_with_a_retry() {
    let provider = suite().common.hash_provider;
    let mut first = Unhashed::default();
    first.add(&hex(FIRST_HELLO));
    let mut transcript = first.into_hashed(provider).fold_first_hello();
    for message in [RETRY, SECOND_HELLO, SERVER_HELLO] {
        transcript.add(&hex(message));
    }
    let hellos = transcript.current();
    assert_eq!(hellos.as_ref(), hex("8aa8e828ec2f8a884fec95a3139de01c15a3daa7ff5bfc3f4bfcc21b438d7bf8"));

    let handshake = Early::without_psk(suite()).with_shared_secret(
        &hex("c142ce13ca11b5c2233652e63ad3d97844f1621fbfb9de69d547dc8fedeabeb4"),
        &hellos,
    );
    assert_eq!(
        handshake.salt.as_ref(),
        derived_from("ce022e5e6e81e50736d773f2d3adfce8220d049bf510f0dbfac927ef4243b148")
    );
    assert_secret(
        &handshake.traffic.client,
        "158aa7ab8855073582b41d674b4055cabcc534728f659314861b4e08e2011566",
    );
    assert_secret(
        &handshake.traffic.server,
        "3403e781e2af7b6508da28574f6e95a1abf162de83a97927c37672a4a0cef8a1",
    );
    assert_keys(&handshake.traffic.server, "4646bfac1712c426cd78d8a24a8a6f6b", "c7d395c08d62f297d13768ea");

    // EncryptedExtensions to CertificateVerify, then the Finished that is 36 bytes long.
    let flight = hex(SERVER_FLIGHT);
    let (before, finished) = flight.split_at(flight.len() - 36);
    transcript.add(before);
    let handshake = handshake.into_handshake();
    let verify_data = handshake.finished.server.finished(&transcript.current());
    assert_eq!(finished, [&[20, 0, 0, 32], verify_data.as_ref()].concat());
    transcript.add(finished);
    let master = handshake.master(&transcript.current());
    assert_eq!(
        transcript.current().as_ref(),
        hex("50f63cbf36b0dd049e7a0ba27d6455745ea2aaac54bb167f9950b2b7ce9509da")
    );
    assert_eq!(
        derived(master.secret.as_ref()),
        derived_from("1131545d0baf79ddce9b87f06945781a57dd18ef378dcd2060f8f9a569027ed8")
    );
    assert_secret(&master.traffic.client, "75ecf4b972525aa0dcd057c9944d4cd5d82671d8843141d7dc2a4ff15a21dc51");
    assert_secret(&master.traffic.server, "5c74f87df04225db0f8209c9de6429e49435fdefa7cad61864874d12f31cfc8d");
    assert_eq!(
        master.exporter.as_bytes(),
        hex("7c06d3ae106a3a374ace4837b3985cac67780a6e2c5c04b58319d584df09d223")
    );
}

#[test]
fn a_transcript_can_look_ahead_without_going_there() {
    let provider = suite().common.hash_provider;
    let mut transcript = Transcript::new(provider);
    transcript.add(b"one");
    assert_eq!(transcript.current_with(b"two").as_ref(), provider.hash(b"onetwo").as_ref());
    assert_eq!(transcript.current().as_ref(), provider.hash(b"one").as_ref());
}

#[test]
fn each_generation_of_traffic_secrets_is_another() {
    let (_, traffic, ..) = simple();
    let next = traffic.client.next();
    assert_ne!(next.as_bytes(), traffic.client.as_bytes());
    // RFC 8446 section 7.2, by hand: HKDF-Expand-Label(secret, "traffic upd", "", 32) is one HMAC over the label's
    // structure and a counter of one.
    let mut info = alloc::vec![0, 32, 17];
    info.extend(b"tls13 traffic upd\0\x01");
    let by_hand = suite().hkdf_provider.hmac_sign(&OkmBlock::new(traffic.client.as_bytes()), &info);
    assert_eq!(next.as_bytes(), by_hand.as_ref());
}

#[test]
fn exporters_refuse_what_hkdf_cannot_give() {
    let (_, _, exporter, _) = simple();
    assert!(exporter.export(&mut [], b"label", None).is_err());
    assert!(exporter.export(&mut [0; 32], &[b'x'; 250], None).is_err());
    assert!(exporter.export(&mut [0; 32], &[b'x'; 249], None).is_ok());
    assert!(exporter.export(&mut [0; 255 * 32], b"label", None).is_ok());
    assert!(exporter.export(&mut [0; 255 * 32 + 1], b"label", None).is_err());
    let (mut none, mut empty, mut other) = ([0; 32], [0; 32], [0; 32]);
    exporter.export(&mut none, b"label", None).unwrap();
    exporter.export(&mut empty, b"label", Some(b"")).unwrap();
    exporter.export(&mut other, b"label", Some(b"context")).unwrap();
    assert_eq!(none, empty, "in TLS 1.3 no context and an empty one are the same");
    assert_ne!(none, other);
}

// ---- section 4

const RESUMED_HELLO: &str = "
    010001fc03031bc3ceb6bbe39cff938355b5a50adb6db21b7a6af649d7b4bc41
    9d7876487d95000006130113031302010001cd0000000b000900000673657276
    6572ff01000100000a00140012001d0017001800190100010101020103010400
    3300260024001d0020e4ffb68ac05f8d96c99da26698346c6be16482badddafe
    051a66b4f18d668f0b002a0000002b0003020304000d0020001e040305030603
    020308040805080604010501060102010402050206020202002d00020101001c
    0002400100150057000000000000000000000000000000000000000000000000
    0000000000000000000000000000000000000000000000000000000000000000
    0000000000000000000000000000000000000000000000000000000000000000
    2900dd00b800b22c035d829359ee5ff7af4ec900000000262a6494dc486d2c8a
    34cb33fa90bf1b0070ad3c498883c9367c09a2be785abc55cd226097a3a98211
    7283f82a03a143efd3ff5dd36d64e861be7fd61d2827db279cce145077d454a3
    664d4e6da4d29ee03725a6a4dafcd0fc67d2aea70529513e3da2677fa5906c5b
    3f7d8f92f228bda40dda721470f9fbf297b5aea617646fac5c03272e970727c6
    21a79141ef5f7de6505e5bfbc388e93343694093934ae4d357fad6aacb002120
    3add4fb2d8fdf822a0ca3cf7678ef5e88dae990141c5924d57bb6fa31b9e5f9d";

// ---- section 5

const FIRST_HELLO: &str = "
    010000b00303b0b1c5a5aa37c5919f2ed1d5c6fff7fcb7849716945a2b8cee92
    58a346677b6f000006130113031302010000810000000b000900000673657276
    6572ff01000100000a00080006001d00170018003300260024001d0020e8e8e3
    f3b93a25ed97a14a7dcacb8a272c6288e585c6484d05262fcad062ad1f002b00
    03020304000d0020001e04030503060302030804080508060401050106010201
    0402050206020202002d00020101001c00024001";

const RETRY: &str = "
    020000ac0303cf21ad74e59a6111be1d8c021e65b891c2a211167abb8c5e079e
    09e2c8a8339c001301000084003300020017002c0074007271dcd04bb88bc318
    9119398a00000000eefafc76c146b823b096f8aacad365dd0030953f4edf6256
    36e5f21bb2e23fcc654b1b5b40318d10d137abcbb87574e36e8a1f025f7dfa5d
    6e50781b5eda4aa15b0c8be778257d16aa3030e9e7841dd9e4c0342267e8ca0c
    af571fb2b7cff0f934b0002b00020304";

const SECOND_HELLO: &str = "
    010001fc0303b0b1c5a5aa37c5919f2ed1d5c6fff7fcb7849716945a2b8cee92
    58a346677b6f000006130113031302010001cd0000000b000900000673657276
    6572ff01000100000a00080006001d001700180033004700450017004104a6da
    7392ec591e17abfd535964b99894d13befb221b3def2ebe3830eac8f01518126
    77c4d6d2237e85cf01d6910cfb83954e76ba7352830534159897e8065780002b
    0003020304000d0020001e040305030603020308040805080604010501060102
    010402050206020202002c0074007271dcd04bb88bc3189119398a00000000ee
    fafc76c146b823b096f8aacad365dd0030953f4edf625636e5f21bb2e23fcc65
    4b1b5b40318d10d137abcbb87574e36e8a1f025f7dfa5d6e50781b5eda4aa15b
    0c8be778257d16aa3030e9e7841dd9e4c0342267e8ca0caf571fb2b7cff0f934
    b0002d00020101001c00024001001500af000000000000000000000000000000
    0000000000000000000000000000000000000000000000000000000000000000
    0000000000000000000000000000000000000000000000000000000000000000
    0000000000000000000000000000000000000000000000000000000000000000
    0000000000000000000000000000000000000000000000000000000000000000
    0000000000000000000000000000000000000000000000000000000000000000";

const SERVER_HELLO: &str = "
    020000770303bb341d847fd789c47c387172dc0c9bf147fccacb5043d86ca4c5
    98d3ff571b9800130100004f003300450017004104583e054b7a66672ae020ad
    9d2686fcc85b5ad41a134a0f03ee72b893052bd85b4c8de6776f5b04ac07d835
    40eab3e3d9c547bc6528c4317d294686093a6cad7d002b00020304";

const SERVER_FLIGHT: &str = "
    080000180016000a0008000600170018001d001c00024001000000000b0001b9
    000001b50001b0308201ac30820115a003020102020102300d06092a864886f7
    0d01010b0500300e310c300a06035504031303727361301e170d313630373330
    3031323335395a170d3236303733303031323335395a300e310c300a06035504
    03130372736130819f300d06092a864886f70d010101050003818d0030818902
    818100b4bb498f8279303d980836399b36c6988c0c68de55e1bdb826d3901a24
    61eafd2de49a91d015abbc9a95137ace6c1af19eaa6af98c7ced43120998e187
    a80ee0ccb0524b1b018c3e0b63264d449a6d38e22a5fda430846748030530ef0
    461c8ca9d9efbfae8ea6d1d03e2bd193eff0ab9a8002c47428a6d35a8d88d79f
    7f1e3f0203010001a31a301830090603551d1304023000300b0603551d0f0404
    030205a0300d06092a864886f70d01010b05000381810085aad2a0e5b9276b90
    8c65f73a7267170618a54c5f8a7b337d2df7a594365417f2eae8f8a58c8f8172
    f9319cf36b7fd6c55b80f21a03015156726096fd335e5e67f2dbf102702e608c
    cae6bec1fc63a42a99be5c3eb7107c3c54e9b9eb2bd5203b1c3b84e0a8b2f759
    409ba3eac9d91d402dcc0cc8f8961229ac9187b42b4de100000f000084080400
    8033ab13d4462707231b5dcae6c8190b63d1dabc74f28c395370da0b07e5b830
    66d0246a31acd95df475bfd799a4a70d33ad93d3a317a9b2c0d237a5685b219e
    774112e391a247607d1aeff1bbd0a39f382ee1a5fe88ae99ec59228e6497e45d
    48ce275a6d5ef40d169fb6f9d33b052ed3dcdd6b5a48baafffbcb290128415bd
    38140000208863e6bfb0420a927fa27f34336a70ae426e968e3eb884945b9685
    6dba3976d1";

/// RFC 9258 has no vectors. These keys come from a dozen lines over Python's `hmac`, written from its section 5.1.
#[test]
fn external_keys_are_imported() {
    let of = |name| {
        let mut suites = all_cipher_suites().iter().filter_map(|suite| suite.tls13());
        suites.find(|suite| suite.common.suite == name).unwrap()
    };
    let (sha256, sha384) = (CipherSuite::TLS13_AES_128_GCM_SHA256, CipherSuite::TLS13_AES_256_GCM_SHA384);
    let psk: Vec<u8> = (0..32).collect();
    for (own, target, len, expected) in [
        (sha256, "01", 32, "ce5f9a985d10ccb52ff2046ea131d4cdff49f7d5afc3cf44d0901452ea6f9d34"),
        (
            sha256,
            "02",
            48,
            "3be50b55be949d1a79208af3c2e7b6c468cab2750346a6c23942cab6e5f11381094aae2d1bd68278f6c34ec04c5ea6ea",
        ),
        (sha384, "01", 32, "83a24c1fdc8d81da81b8b146a58b56fab0634cb51b576825cd83e08879d0b9a0"),
        (
            sha384,
            "02",
            48,
            "36654310ac81b465da27f149c1f68009e622a656a0fc544fc6e60f167cf699aab05426155f2a97bd8ac1a3458e85400b",
        ),
    ] {
        // "sensor 5", "context", TLS 1.3 and HKDF with that hash.
        let identity = hex(&alloc::format!("000873656e736f7220350007636f6e74657874030400{target}"));
        assert_eq!(import_psk(of(own), &psk, &identity, len).as_bytes(), hex(expected), "{own:?} {len}");
    }
}
