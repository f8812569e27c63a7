//! All suites against known answers.
//!
//! The vectors named so are those of the RFC's appendix A; the recipients and ephemeral keys of other suites with P-256, P-521 and
//! X25519 come from the seeds in the test vectors that the appendix was taken from. An independent program computed the messages, and Go's
//! `crypto/hpke` has opened each one.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use super::*;
use crate::names::HpkeKem;

struct Vector {
    suite: &'static dyn Known,
    ephemeral: &'static str,
    private: &'static str,
    public: &'static str,
    enc: &'static str,
    /// Of the numbers 0, 1 and 256.
    messages: [&'static str; 3],
}

/// A suite that lets its ephemeral key be chosen.
trait Known: Hpke {
    fn seal_with(
        &self,
        ephemeral: &[u8],
        public: &HpkePublicKey,
    ) -> (EncapsulatedSecret, Box<dyn HpkeSealer>);
    fn accepts(&self, public: Vec<u8>) -> bool;
}

impl<const KEY_SIZE: usize, const KDF_SIZE: usize> Known for HpkeAwsLcRs<KEY_SIZE, KDF_SIZE> {
    fn seal_with(
        &self,
        ephemeral: &[u8],
        public: &HpkePublicKey,
    ) -> (EncapsulatedSecret, Box<dyn HpkeSealer>) {
        let ephemeral = self.kem.private_key(&HpkePrivateKey::from(ephemeral.to_vec())).unwrap();
        let (enc, sealer) = self.sealer_with(&ephemeral, INFO, public).unwrap();
        (enc, Box::new(sealer))
    }

    fn accepts(&self, public: Vec<u8>) -> bool {
        self.setup_sealer(INFO, &HpkePublicKey(public)).is_ok()
    }
}

const INFO: &[u8] = b"Ode on a Grecian Urn";
const PLAINTEXT: &[u8] = b"Beauty is truth, truth beauty";

fn unhex(text: &str) -> Vec<u8> {
    (0..text.len()).step_by(2).map(|at| u8::from_str_radix(&text[at..at + 2], 16).unwrap()).collect()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// What the sender says, and what the recipient makes of it, number by number.
#[test]
fn vectors() {
    assert_eq!(VECTORS.len(), ALL_SUPPORTED_SUITES.len());
    for vector in VECTORS {
        let suite = vector.suite.suite();
        let public = HpkePublicKey(unhex(vector.public));
        let (enc, mut sealer) = vector.suite.seal_with(&unhex(vector.ephemeral), &public);
        assert_eq!(hex(&enc.0), vector.enc, "{suite:?}");
        let private = HpkePrivateKey::from(unhex(vector.private));
        let mut opener = vector.suite.setup_opener(&enc, INFO, &private).unwrap();
        let mut expected = [0, 1, 256].into_iter().zip(vector.messages).peekable();
        for number in 0..=256 {
            let aad = format!("Count-{number}");
            let sealed = sealer.seal(aad.as_bytes(), PLAINTEXT).unwrap();
            if let Some((_, message)) = expected.next_if(|(at, _)| *at == number) {
                assert_eq!(hex(&sealed), message, "{suite:?}, {number}");
            }
            // What is not authentic does not count.
            assert_eq!(opener.open(b"Count", &sealed), Err(Error::DecryptError));
            assert_eq!(opener.open(aad.as_bytes(), &sealed).unwrap(), PLAINTEXT);
        }
        assert!(expected.next().is_none());
    }
}

#[test]
fn single_messages_with_keys_of_ones_own() {
    for suite in ALL_SUPPORTED_SUITES {
        let (public, private) = suite.generate_key_pair().unwrap();
        let (enc, sealed) = suite.seal(INFO, b"aad", PLAINTEXT, &public).unwrap();
        let open = |info: &[u8], aad: &[u8], sealed: &[u8], key: &HpkePrivateKey| {
            suite.open(&enc, info, aad, sealed, key)
        };
        assert_eq!(open(INFO, b"aad", &sealed, &private).unwrap(), PLAINTEXT);
        assert_eq!(open(b"", b"aad", &sealed, &private), Err(Error::DecryptError));
        assert_eq!(open(INFO, b"", &sealed, &private), Err(Error::DecryptError));
        assert_eq!(open(INFO, b"aad", &sealed[..sealed.len() - 1], &private), Err(Error::DecryptError));
        assert_eq!(open(INFO, b"aad", &[], &private), Err(Error::DecryptError));
        let (_, other) = suite.generate_key_pair().unwrap();
        assert_eq!(open(INFO, b"aad", &sealed, &other), Err(Error::DecryptError));
        let none = HpkePrivateKey::from(Vec::new());
        assert!(matches!(open(INFO, b"aad", &sealed, &none), Err(Error::General(_))));
        let (again, _) = suite.seal(INFO, b"aad", PLAINTEXT, &public).unwrap();
        assert_ne!(enc.0, again.0, "a new key each time");
    }
}

#[test]
fn keys_that_are_none_are_refused() {
    for Vector { suite, public, .. } in VECTORS {
        let key = unhex(public);
        assert!(suite.accepts(key.clone()));
        assert!(!suite.accepts(Vec::new()) && !suite.accepts(key[1..].to_vec()));
        assert!(!suite.accepts([&key[..], &[0]].concat()));
        assert!(!suite.accepts([0].repeat(key.len())), "zero on every curve");
        if suite.suite().kem == HpkeKem::DHKEM_X25519_HKDF_SHA256 {
            continue;
        }
        let mut off_the_curve = key.clone();
        *off_the_curve.last_mut().unwrap() ^= 1;
        assert!(!suite.accepts(off_the_curve));
        let half = 1 + (key.len() - 1) / 2;
        let compressed = [&[2 + (key[key.len() - 1] & 1)], &key[1..half]].concat();
        assert!(!suite.accepts(compressed), "RFC 9180 section 7.1.1 has one form");
    }
}

#[test]
fn suites_have_their_numbers_and_print_no_keys() {
    let numbers = |suite: &&dyn Hpke| {
        let HpkeSuite { kem, sym } = suite.suite();
        (u16::from(kem), u16::from(sym.kdf_id), u16::from(sym.aead_id))
    };
    let kems = [(0x20, 1), (0x10, 1), (0x11, 2), (0x12, 3)];
    let expected = kems.into_iter().flat_map(|(kem, kdf)| [1, 2, 3].map(|aead| (kem, kdf, aead)));
    assert!(ALL_SUPPORTED_SUITES.iter().map(numbers).eq(expected));
    assert!(ALL_SUPPORTED_SUITES.iter().all(|suite| !suite.fips()));

    let vector = &VECTORS[0];
    let public = HpkePublicKey(unhex(vector.public));
    let (enc, sealer) = vector.suite.seal_with(&unhex(vector.ephemeral), &public);
    let opener = vector.suite.setup_opener(&enc, INFO, &HpkePrivateKey::from(unhex(vector.private))).unwrap();
    assert_eq!(format!("{sealer:?} {opener:?}"), "Sealer { .. } Opener { .. }");
}

const VECTORS: &[Vector] = &[
    Vector {
        // RFC 9180 appendix A.3.1.
        suite: DH_KEM_P256_HKDF_SHA256_AES_128,
        ephemeral: "4995788ef4b9d6132b249ce59a77281493eb39af373d236a1fe415cb0c2d7beb",
        private: "f3ce7fdae57e1a310d87f1ebbde6f328be0a99cdbcadf4d6589cf29de4b8ffd2",
        public: "04fe8c19ce0905191ebc298a9245792531f26f0cece2460639e8bc39cb7f706a826a779b4cf969b8a0e539c7f62fb3d3\
            0ad6aa8f80e30f1d128aafd68a2ce72ea0",
        enc: "04a92719c6195d5085104f469a8b9814d5838ff72b60501e2c4466e5e67b325ac98536d7b61a1af4b78e5b7f951c0900\
            be863c403ce65c9bfcb9382657222d18c4",
        messages: [
            "5ad590bb8baa577f8619db35a36311226a896e7342a6d836d8b7bcd2f20b6c7f9076ac232e3ab2523f39513434",
            "fa6f037b47fc21826b610172ca9637e82d6e5801eb31cbd3748271affd4ecb06646e0329cbdf3c3cd655b28e82",
            "10f179686aa2caec1758c8e554513f16472bd0a11e2a907dde0b212cbe87d74f367f8ffe5e41cd3e9962a6afb2",
        ],
    },
    Vector {
        suite: DH_KEM_P256_HKDF_SHA256_AES_256,
        ephemeral: "90345e3a1d116c1dd39ae76d95ab858c142223a63e44f8f85318cfa91a84858e",
        private: "317f915db7bc629c48fe765587897e01e282d3e8445f79f27f65d031a88082b2",
        public: "04abc7e49a4c6b3566d77d0304addc6ed0e98512ffccf505e6a8e3eb25c685136f853148544876de76c0f2ef99cdc3a0\
            5ccf5ded7860c7c021238f9e2073d2356c",
        enc: "04c06b4f6bebc7bb495cb797ab753f911aff80aefb86fd8b6fcc35525f3ab5f03e0b21bd31a86c6048af3cb2d98e0d3b\
            f01da5cc4c39ff5370d331a4f1f7d5a4e0",
        messages: [
            "58c61a45059d0c5704560e9d88b564a8b63f1364b8d1fcb3c4c6ddc1d291742465e902cd216f8908da49f8f96f",
            "b4e7c90d1dd62cb563694956eb517ab55d5e7d1f6366a0066c04ababaa444dbaf60a30d7bb7d3e91b969762dee",
            "fcc4c798b73d45d4a241f4d05886befed63b8bdf0252454072c9f6170f6e262f2738cf2ea290053b2181ad46d6",
        ],
    },
    Vector {
        // RFC 9180 appendix A.5.1.
        suite: DH_KEM_P256_HKDF_SHA256_CHACHA20_POLY1305,
        ephemeral: "7550253e1147aae48839c1f8af80d2770fb7a4c763afe7d0afa7e0f42a5b3689",
        private: "a4d1c55836aa30f9b3fbb6ac98d338c877c2867dd3a77396d13f68d3ab150d3b",
        public: "04a697bffde9405c992883c5c439d6cc358170b51af72812333b015621dc0f40bad9bb726f68a5c013806a790ec716ab\
            8669f84f6b694596c2987cf35baba2a006",
        enc: "04c07836a0206e04e31d8ae99bfd549380b072a1b1b82e563c935c095827824fc1559eac6fb9e3c70cd3193968994e7f\
            e9781aa103f5b50e934b5b2f387e381291",
        messages: [
            "6469c41c5c81d3aa85432531ecf6460ec945bde1eb428cb2fedf7a29f5a685b4ccb0d057f03ea2952a27bb458b",
            "f1564199f7e0e110ec9c1bcdde332177fc35c1adf6e57f8d1df24022227ffa8716862dbda2b1dc546c9d114374",
            "b45b69d419a9be7219d8c94365b89ad6951caf4576ea4774ea40e9b7047a09d6537d1aa2f7c12d6ae4b729b4d0",
        ],
    },
    Vector {
        suite: DH_KEM_P384_HKDF_SHA384_AES_128,
        ephemeral: "55b3c498ee62a72aeb9dd7f35938656f4e98aaabddfcb3785a429bf48ee245a3964456dbcdc8e573a089b345e7c1b88e",
        private: "07665cabd7d2a501438f11de838e507507fdefd993345ff1337c0a6f80674ab1efc31fa57def6542cd053272da276b99",
        public: "04acdb1a033d473168a2b2beb367c9982f737dd3c537966f49e0ab8f41924f56d75d8e769040201217f20cad0fb4fba0\
            2f0e5670b0495ce767b5cd40cc86b37fa0434d5f81220690af3f60f13c6f390822fbac70e5d0a40584bc1b7bc6ca9827\
            53",
        enc: "0494140ff87970f90d8f2d4f8d0c5564e21ddd8276dc89e04c155ea39b491a46265444f22a1abc02a597de2fee8098ee\
            b80a2b13115ec82db8d99a1d5592451ce84cde1a61d30384242ea770250151f4c37a008bd965a9bf6ed3e96193f102fa\
            ef",
        messages: [
            "e17a09e2336500c0291cf0ec56353b8858a6982fef745f0dbb8d298951ad5e7a47ab9016a4d2942ca45afd4e5b",
            "e0f18af946d723291817886e26ee0697380c8b25a3a14809e2ca26b2d6d39a785182beb15f34facf3d016d1dc0",
            "7f1962660bb53cb398cfa8c5ccf2437e2b22b2deec72e3134f4c06d7f4ca4424e6b6a84e71fdc7ef0f0db87f0f",
        ],
    },
    Vector {
        suite: DH_KEM_P384_HKDF_SHA384_AES_256,
        ephemeral: "fe20481bc8d662eb8cb64da7b49219fbd600af56e3150282aaa39bc11a78630d31212a30c01b555b79d71d6dc5468030",
        private: "fa877e1608e5218c70d7f0964136a7f19fea31e27e558e4ae5cffef351378493e9c50b4e34606e6ce2b8594e75357e80",
        public: "0495b436307d6001a8bd926c2f0cfb369b76c8f480dee18c05e7bc7e353dcbbad475b4718c6e8a16f235bd42cb67336f\
            ca1300a021bafbd9556234dc0425581104c8bd226e8e974e01861b5e2dbcda69f8aa1b89812ddb5484a2371affd695a9\
            5a",
        enc: "046781e51d781e3384ef7f524497600358ad00e1af248b58520e246b94fa68ca76b5179ff1e684cc163660f0fd7b7593\
            5cb8f9bf04043f25c5b2dc6da45749d1b77bb95ef7fd5845cdf9439e5521d2d1d5c671019025abf1cef15aca9c9a5069\
            6c",
        messages: [
            "c397b2350925dd71e8ba4741ebd2e452867a46ce5c677ef7582e724a6f3ddc86c68c5bf2ec9f8fe34df830903c",
            "7afe05589fac2b329048fda8cf6721e174f84d75ca202e64d787cf73c76a20f59229229d51b5eefdd18dbaecce",
            "6c7a79a921778f73e9bf4d6b7931b469581ba003793bf00b2b5f0fc7a2a6f0c9df79c2077839519aec5d75684d",
        ],
    },
    Vector {
        suite: DH_KEM_P384_HKDF_SHA384_CHACHA20_POLY1305,
        ephemeral: "178b9c2f0efe3fcd05ae821e1c468e035658503ed9f7160023b8dccff0517465cdda254cb3e28b94a885e9951c51c2c7",
        private: "afda864abf3ec194cee79426dbd564906f3bd99e1d4daf078efe37ab6166b675dec471260eb0804a000b7ec37df092c8",
        public: "04dfbddf59cf27cc1702897bbbce554565e070692f7de360f6346090a914db167f7a7064030b517476f0122b8222e9ae\
            9e8a80117648129dbb1f8c701eab1171661d082e04738b22a5fa5d00056bcd46d86aab0dbf9b7bc4a9e8a0603db7f388\
            f2",
        enc: "0438703ba474e6e17cc7ee0d53481ad5c6beee927c07a92e786901979fa178e7ece282700c54e517065955766fac65e0\
            7abd95de1a3fda3387a16dd9979029e239eadf354f89cf5ab341cdccac5c5238ef068ec78ae3620b16528c5f5395f1da\
            91",
        messages: [
            "f9987295dfe53d4c745b61a18f28fe634fc01f8fd4cae235b30e2f65f96b1433757cd931a04e04eeb3983bb4d0",
            "76270ac819985bf420d66d5d03289721e48bc99815e3763037e406000a87f8d35a16f7829c49280d5d388b5a9a",
            "4f9a1a208dc4cc0521e12d9c48ec5ca903dc886ab53fa4edc9b80ea77450cd9b9cb3ff1e010caaaa8dc038f6f8",
        ],
    },
    Vector {
        suite: DH_KEM_P521_HKDF_SHA512_AES_128,
        ephemeral: "01bbe3a4e3be70cf3c589d340fcb0e221ea6db07af3ac673bdc2d74188ca70b9086aeba2e39e497461363419cd1691d9\
            ae453f8092e4df26eaa63f866738310d9328",
        private: "019db24a3e8b1f383436cd06997dd864eb091418ff561e3876cee2e4762a0cc0b69688af9a7a4963c90d394b2be57914\
            4af97d4933c0e6c2c2d13e7505ea51a06b0d",
        public: "0401e06b350786c48a60dfc50eed324b58ecafc4efba26242c46c14274bd97f0989487a6fae0626188fea971ae1cb53f\
            5d0e87188c1c62af92254f17138bbcebf5acd0018e574ee1d695813ce9dc45b404d2cf9c04f27627c4c55da1f936d813\
            fd39435d0713d4a3cdc5409954a1180eb2672bdfc4e0e79c04eda89f857f625e058742a1c8",
        enc: "0400ac8d1611948105f23cf5e6842b07bd39b352d9d1e7bff2c93ac063731d6372e2661eff2afce604d4a679b49195f1\
            5e4fa228432aed971f2d46c1beb51fb3e5812501fe199c3d94c1b199393642500443dd82ce1c01701a1279cc3d74e297\
            73030e26a70d3512f761e1eb0d7882209599eb9acd295f5939311c55e737f11c19988878d6",
        messages: [
            "15eeadf40282492721baac39290f4ff45b85884fb72f5ae9f491ec3d9ba72c7e1cd73d73fa9c110b3dbf0d867c",
            "17374a68d97404f696efbc03b00b20df5f8e0a1626f58f9f8db45531fc9f4b6412219321e67cc5abccbaa95e90",
            "a8c995a51ac8e58c0992556ffb90f5dbc3fe6c75fd7ceb58367081b02854132602498ee1dee09322b868ca780c",
        ],
    },
    Vector {
        // RFC 9180 appendix A.6.1.
        suite: DH_KEM_P521_HKDF_SHA512_AES_256,
        ephemeral: "014784c692da35df6ecde98ee43ac425dbdd0969c0c72b42f2e708ab9d535415a8569bdacfcc0a114c85b8e3f26acf4d\
            68115f8c91a66178cdbd03b7bcc5291e374b",
        private: "01462680369ae375e4b3791070a7458ed527842f6a98a79ff5e0d4cbde83c27196a3916956655523a6a2556a7af62c5c\
            adabe2ef9da3760bb21e005202f7b2462847",
        public: "0401b45498c1714e2dce167d3caf162e45e0642afc7ed435df7902ccae0e84ba0f7d373f646b7738bbbdca11ed91bdea\
            e3cdcba3301f2457be452f271fa6837580e661012af49583a62e48d44bed350c7118c0d8dc861c238c72a2bda17f6470\
            4f464b57338e7f40b60959480c0e58e6559b190d81663ed816e523b6b6a418f66d2451ec64",
        enc: "040138b385ca16bb0d5fa0c0665fbbd7e69e3ee29f63991d3e9b5fa740aab8900aaeed46ed73a49055758425a0ce3650\
            7c54b29cc5b85a5cee6bae0cf1c21f2731ece2013dc3fb7c8d21654bb161b463962ca19e8c654ff24c94dd2898de1205\
            1f1ed0692237fb02b2f8d1dc1c73e9b366b529eb436e98a996ee522aef863dd5739d2f29b0",
        messages: [
            "170f8beddfe949b75ef9c387e201baf4132fa7374593dfafa90768788b7b2b200aafcc6d80ea4c795a7c5b841a",
            "d9ee248e220ca24ac00bbbe7e221a832e4f7fa64c4fbab3945b6f3af0c5ecd5e16815b328be4954a05fd352256",
            "dbbfc44ae037864e75f136e8b4b4123351d480e6619ae0e0ae437f036f2f8f1ef677686323977a1ccbb4b4f16a",
        ],
    },
    Vector {
        suite: DH_KEM_P521_HKDF_SHA512_CHACHA20_POLY1305,
        ephemeral: "013fed613d0626aa01fef8d67ff6a683a9a173ce683fba2e833b1e4edf8598234736149ef1e91088e78a91ac4691d0f4\
            5e22505dc818a934897981955b3c6d4c080d",
        private: "015b59f17366a1d4442e5b92d883a8f35fe8d88fea0e5bac6dfac7153c78fd0c6248c618b083899a7d62ba6e00e8a22c\
            dde628dd5399b9a3377bb898792ff6f54ab9",
        public: "040084698a47358f06a92926ee826a6784341285ee45f4b8269de271a8c6f03d5e8e24f628de13f5c37377b7cabfbd67\
            bc98f9e8e758dfbee128b2fe752cd32f0f3ccd0061baec1ed7c6b52b7558bc120f783e5999c8952242d9a20baf421ccf\
            c2a2b87c42d7b5b806fea6d518d5e9cd7bfd6c85beb5adeb72da41ac3d4f27bba83cff24d7",
        enc: "0400edc201c9b32988897a7f7b19104ebb54fc749faa41a67e9931e87ec30677194898074afb9a5f40a97df2972368a0\
            c594e5b60e90d1ff83e9e35f8ff3ad200fd6d70028b5645debe9f1f335dbc1225c066218e85cf82a05fbe361fa477740\
            b906cb3083076e4d17232513d102627597d38e354762cf05b3bd0f33dc4d0fb78531afd3fd",
        messages: [
            "16d0a57d7dc5106a947b8ed6cb759af864fe8f60aa7f7e4665df083167aebecc9e423badf1ccb4937ac4ee96df",
            "db7edac349c7ff2dfe32ff51502e51641eb8361c1be4b75f46f0459efca968dd3ebd177b4348d69f85b28cbb2b",
            "b00796d08dea71e3bb9309886d1fde0f35c68b093c7c15d4cc2a1df40ba157a982deac8a2251b4d6f942cc8d76",
        ],
    },
    Vector {
        // RFC 9180 appendix A.1.1.
        suite: DH_KEM_X25519_HKDF_SHA256_AES_128,
        ephemeral: "52c4a758a802cd8b936eceea314432798d5baf2d7e9235dc084ab1b9cfa2f736",
        private: "4612c550263fc8ad58375df3f557aac531d26850903e55a9f23f21d8534e8ac8",
        public: "3948cfe0ad1ddb695d780e59077195da6c56506b027329794ab02bca80815c4d",
        enc: "37fda3567bdbd628e88668c3c8d7e97d1d1253b6d4ea6d44c150f741f1bf4431",
        messages: [
            "f938558b5d72f1a23810b4be2ab4f84331acc02fc97babc53a52ae8218a355a96d8770ac83d07bea87e13c512a",
            "af2d7e9ac9ae7e270f46ba1f975be53c09f8d875bdc8535458c2494e8a6eab251c03d0c22a56b8ca42c2063b84",
            "957f9800542b0b8891badb026d79cc54597cb2d225b54c00c5238c25d05c30e3fbeda97d2e0e1aba483a2df9f2",
        ],
    },
    Vector {
        suite: DH_KEM_X25519_HKDF_SHA256_AES_256,
        ephemeral: "179d4b53b6365c45b600c4163b61d95cbc2f4d9e36f1695558dce265ab8bab11",
        private: "497b4502664cfea5d5af0b39934dac72242a74f8480451e1aee7d6a53320333d",
        public: "430f4b9859665145a6b1ba274024487bd66f03a2dd577d7753c68d7d7d00c00c",
        enc: "6c93e09869df3402d7bf231bf540fadd35cd56be14f97178f0954db94b7fc256",
        messages: [
            "e5d84cd531cfb583096e7cfa9641bd3079cf3a91cda813c52deb5f512be9931980a41de125a925cdad859d5b7a",
            "2c43aff25343fdbff864506f0818b9d87df84ea01b1a2144d23b4d40c26bf655fdf197fe40297a8aebeed5cc2d",
            "53624f4f9f173453b14e633b45390ff54cacaa4428d44baee1bff8133fab1ab3afe60f88e4634b525c54e92eda",
        ],
    },
    Vector {
        // RFC 9180 appendix A.2.1.
        suite: DH_KEM_X25519_HKDF_SHA256_CHACHA20_POLY1305,
        ephemeral: "f4ec9b33b792c372c1d2c2063507b684ef925b8c75a42dbcbf57d63ccd381600",
        private: "8057991eef8f1f1af18f4a9491d16a1ce333f695d4db8e38da75975c4478e0fb",
        public: "4310ee97d88cc1f088a5576c77ab0cf5c3ac797f3d95139c6c84b5429c59662a",
        enc: "1afa08d3dec047a643885163f1180476fa7ddb54c6a8029ea33f95796bf2ac4a",
        messages: [
            "1c5250d8034ec2b784ba2cfd69dbdb8af406cfe3ff938e131f0def8c8b60b4db21993c62ce81883d2dd1b51a28",
            "6b53c051e4199c518de79594e1c4ab18b96f081549d45ce015be002090bb119e85285337cc95ba5f59992dc98c",
            "7a4a13e9ef23978e2c520fd4d2e757514ae160cd0cd05e556ef692370ca53076214c0c40d4c728d6ed9e727a5b",
        ],
    },
];
