//! The vectors of Wycheproof against the algorithms of the provider that the tests run under, through the traits that flows use.
//!
//! Each test prints what it ran and what it left out, and holds the number: a provider that loses an algorithm, or vectors that are
//! passed over by mistake, fail. What no trait reaches is this:
//!
//! - private keys of key exchanges, which a provider makes itself: so a secret is never compared, but whether a share is refused is;
//! - ML-DSA with a context, which TLS has none of (RFC 9881 section 3);
//! - nonces that have not 12 bytes, tags that have not 16;
//! - keys of HMAC that are longer than a hash, since all of TLS 1.3's are a hash or less.

use chitin::crypto::cipher::Iv;
use chitin::crypto::tls13::OkmBlock;
use chitin::internal_testing::aead_key;
use chitin::pki_types::{AlgorithmIdentifier, SignatureVerificationAlgorithm, alg_id};
use chitin::{CipherSuite, NamedGroup, Tls13CipherSuite};
use testkit::provided;
use wycheproof::TestResult;

/// What came of vectors.
#[derive(Debug, Default, PartialEq, Eq)]
struct Count {
    run: usize,
    left_out: usize,
}

impl Count {
    fn ran(&mut self) {
        self.run += 1;
    }

    /// `why` is for the reader of this file.
    fn leave_out(&mut self, _why: &str) {
        self.left_out += 1;
    }
}

/// Which provider it is, by its column in the expectations: `aws_lc_rs`, `ring`, `graviola`.
fn provider() -> usize {
    match std::env::var("CHITIN_TEST_PROVIDER").as_deref() {
        Err(_) | Ok("aws_lc_rs") => 0,
        Ok("ring") => 1,
        Ok("graviola") => 2,
        Ok(other) => panic!("{other} has no column here"),
    }
}

/// Prints the counts, and holds them against those of the provider.
fn expect(what: &str, there: Count, expected: [Count; 3]) {
    println!("{what}: {} run, {} left out", there.run, there.left_out);
    let [aws_lc_rs, ring, graviola] = expected;
    assert_eq!(there, [aws_lc_rs, ring, graviola].into_iter().nth(provider()).unwrap(), "{what}");
}

const fn of(run: usize, left_out: usize) -> Count {
    Count { run, left_out }
}

/// What a vector wants: both are right for one that is merely acceptable.
fn agrees(result: TestResult, accepted: bool) -> bool {
    match result {
        TestResult::Valid => accepted,
        TestResult::Invalid => !accepted,
        TestResult::Acceptable => true,
    }
}

/// The algorithm of the provider for a kind of key and of signature.
fn algorithm(
    key: AlgorithmIdentifier,
    signature: AlgorithmIdentifier,
) -> Option<&'static dyn SignatureVerificationAlgorithm> {
    let all = provided::default_provider().signature_verification_algorithms.all;
    all.iter()
        .copied()
        .find(|algorithm| algorithm.public_key_alg_id() == key && algorithm.signature_alg_id() == signature)
}

/// Verifies one signature with it, which is to be as the vector says.
#[track_caller]
fn verify(
    count: &mut Count,
    algorithm: Option<&'static dyn SignatureVerificationAlgorithm>,
    key: &[u8],
    (message, signature): (&[u8], &[u8]),
    (id, comment, result): (usize, &str, TestResult),
) {
    match algorithm {
        None => count.leave_out("the provider has no such algorithm"),
        Some(algorithm) => {
            let accepted = algorithm.verify_signature(key, message, signature).is_ok();
            assert!(
                agrees(result, accepted),
                "vector {id} ({comment}): {result:?}, and accepted is {accepted}"
            );
            count.ran();
        }
    }
}

#[test]
fn ecdsa() {
    use alg_id::{ECDSA_P256, ECDSA_P384, ECDSA_P521, ECDSA_SHA256, ECDSA_SHA384, ECDSA_SHA512};
    use wycheproof::ecdsa::{TestName, TestSet};

    // P-256 with SHA-384 and P-521 with SHA-256 and SHA-384 have no vectors.
    let sets = [
        (TestName::EcdsaSecp256r1Sha256, ECDSA_P256, ECDSA_SHA256),
        (TestName::EcdsaSecp256r1Sha512, ECDSA_P256, ECDSA_SHA512),
        (TestName::EcdsaSecp384r1Sha256, ECDSA_P384, ECDSA_SHA256),
        (TestName::EcdsaSecp384r1Sha384, ECDSA_P384, ECDSA_SHA384),
        (TestName::EcdsaSecp384r1Sha512, ECDSA_P384, ECDSA_SHA512),
        (TestName::EcdsaSecp521r1Sha512, ECDSA_P521, ECDSA_SHA512),
    ];
    let mut count = Count::default();
    for (set, key, signature) in sets {
        let algorithm = algorithm(key, signature);
        for group in TestSet::load(set).unwrap().test_groups {
            for test in group.tests {
                let signed = (&test.msg[..], &test.sig[..]);
                verify(
                    &mut count,
                    algorithm,
                    &group.key.key,
                    signed,
                    (test.tc_id, &test.comment, test.result),
                );
            }
        }
    }
    expect("ECDSA", count, [of(3098, 0), of(1460, 1638), of(2556, 542)]);
}

#[test]
fn ed25519() {
    use wycheproof::eddsa::{TestName, TestSet};

    let algorithm = algorithm(alg_id::ED25519, alg_id::ED25519);
    let mut count = Count::default();
    for group in TestSet::load(TestName::Ed25519).unwrap().test_groups {
        for test in group.tests {
            let signed = (&test.msg[..], &test.sig[..]);
            verify(&mut count, algorithm, &group.key.pk, signed, (test.tc_id, &test.comment, test.result));
        }
    }
    expect("Ed25519", count, [of(151, 0), of(151, 0), of(151, 0)]);
}

#[test]
fn rsa_of_pkcs1() {
    use alg_id::{RSA_ENCRYPTION, RSA_PKCS1_SHA256, RSA_PKCS1_SHA384, RSA_PKCS1_SHA512};
    use wycheproof::rsa_pkcs1_verify::{TestName, TestSet};

    let sets = [
        (TestName::Rsa2048Sha256, RSA_PKCS1_SHA256),
        (TestName::Rsa2048Sha384, RSA_PKCS1_SHA384),
        (TestName::Rsa2048Sha512, RSA_PKCS1_SHA512),
        (TestName::Rsa3072Sha256, RSA_PKCS1_SHA256),
        (TestName::Rsa3072Sha384, RSA_PKCS1_SHA384),
        (TestName::Rsa3072Sha512, RSA_PKCS1_SHA512),
        (TestName::Rsa4096Sha256, RSA_PKCS1_SHA256),
        (TestName::Rsa4096Sha384, RSA_PKCS1_SHA384),
        (TestName::Rsa4096Sha512, RSA_PKCS1_SHA512),
        (TestName::Rsa8192Sha256, RSA_PKCS1_SHA256),
        (TestName::Rsa8192Sha384, RSA_PKCS1_SHA384),
        (TestName::Rsa8192Sha512, RSA_PKCS1_SHA512),
    ];
    let mut count = Count::default();
    for (set, signature) in sets {
        let algorithm = algorithm(RSA_ENCRYPTION, signature);
        for group in TestSet::load(set).unwrap().test_groups {
            for test in group.tests {
                let signed = (&test.msg[..], &test.sig[..]);
                verify(
                    &mut count,
                    algorithm,
                    &group.asn_key,
                    signed,
                    (test.tc_id, &test.comment, test.result),
                );
            }
        }
    }
    expect("RSA of PKCS#1", count, [of(3106, 0), of(3106, 0), of(3106, 0)]);
}

/// Salts of TLS are as long as the hash, and masks use that hash (RFC 8446 section 4.2.3): what was signed with others is refused.
#[test]
fn rsa_pss() {
    use alg_id::{RSA_ENCRYPTION, RSA_PSS_SHA256, RSA_PSS_SHA384, RSA_PSS_SHA512};
    use wycheproof::rsa_pss_verify::{TestName, TestSet};

    let sets = [
        (TestName::RsaPss2048Sha256Mgf1SaltLen32, RSA_PSS_SHA256, true),
        (TestName::RsaPss3072Sha256Mgf1SaltLen32, RSA_PSS_SHA256, true),
        (TestName::RsaPss4096Sha256Mgf1SaltLen32, RSA_PSS_SHA256, true),
        (TestName::RsaPss2048Sha384Mgf1SaltLen48, RSA_PSS_SHA384, true),
        (TestName::RsaPss4096Sha384Mgf1SaltLen48, RSA_PSS_SHA384, true),
        (TestName::RsaPss4096Sha512Mgf1SaltLen64, RSA_PSS_SHA512, true),
        (TestName::RsaPss2048Sha256Mgf1SaltLen0, RSA_PSS_SHA256, false),
        (TestName::RsaPss2048Sha256Mgf1Sha1_20, RSA_PSS_SHA256, false),
        (TestName::RsaPss4096Sha512Mgf1SaltLen32, RSA_PSS_SHA512, false),
    ];
    let mut count = Count::default();
    for (set, signature, ours) in sets {
        let algorithm = algorithm(RSA_ENCRYPTION, signature);
        let unsalted = matches!(set, TestName::RsaPss2048Sha256Mgf1SaltLen0);
        for group in TestSet::load(set).unwrap().test_groups {
            for test in group.tests {
                let signed = (&test.msg[..], &test.sig[..]);
                let result = match (ours, test.result) {
                    (true, result) => result,
                    // Wrong for its set, and as we want it: the salt is as long as the hash.
                    (false, _) if unsalted && test.comment == "s_len changed to 32" => TestResult::Valid,
                    (false, _) => TestResult::Invalid,
                };
                verify(&mut count, algorithm, &group.asn_key, signed, (test.tc_id, &test.comment, result));
            }
        }
    }
    expect("RSA-PSS", count, [of(1173, 0), of(1173, 0), of(1173, 0)]);
}

#[test]
fn ml_dsa() {
    use wycheproof::mldsa_verify::{TestName, TestSet};

    let sets = [
        (TestName::MlDsa44Verify, alg_id::ML_DSA_44),
        (TestName::MlDsa65Verify, alg_id::ML_DSA_65),
        (TestName::MlDsa87Verify, alg_id::ML_DSA_87),
    ];
    let mut count = Count::default();
    for (set, id) in sets {
        let algorithm = algorithm(id, id);
        for group in TestSet::load(set).unwrap().test_groups {
            for test in group.tests {
                if test.ctx.as_ref().is_some_and(|context| !context.is_empty()) {
                    count.leave_out("it has a context");
                    continue;
                }
                let signed = (&test.msg[..], &test.sig[..]);
                verify(
                    &mut count,
                    algorithm,
                    &group.pubkey,
                    signed,
                    (test.tc_id, &test.comment, test.result),
                );
            }
        }
    }
    expect("ML-DSA", count, [of(610, 21), of(0, 631), of(0, 631)]);
}

fn suite(wanted: CipherSuite) -> &'static Tls13CipherSuite {
    provided::all_cipher_suites()
        .iter()
        .filter(|suite| suite.suite() == wanted)
        .find_map(|suite| suite.tls13())
        .expect("each provider has the suites of TLS 1.3")
}

/// By the protection of QUIC's packets, whose additional data is free. Both directions: what is sealed is compared, what is opened too.
#[test]
fn aeads() {
    use wycheproof::aead::{TestName, TestSet};

    let mut count = Count::default();
    for name in [TestName::AesGcm, TestName::ChaCha20Poly1305] {
        for group in TestSet::load(name).unwrap().test_groups {
            let suite = match (name, group.key_size) {
                (TestName::AesGcm, 128) => CipherSuite::TLS13_AES_128_GCM_SHA256,
                (TestName::AesGcm, 256) => CipherSuite::TLS13_AES_256_GCM_SHA384,
                (TestName::ChaCha20Poly1305, 256) => CipherSuite::TLS13_CHACHA20_POLY1305_SHA256,
                (TestName::AesGcm, 192) => {
                    group.tests.iter().for_each(|_| count.leave_out("TLS has no AES-192"));
                    continue;
                }
                other => panic!("{other:?} is new"),
            };
            let quic = suite_quic(suite);
            for test in group.tests {
                let Ok(nonce) = <[u8; 12]>::try_from(&**test.nonce) else {
                    count.leave_out("a nonce of another length");
                    continue;
                };
                if test.tag.len() != 16 {
                    count.leave_out("a tag of another length");
                    continue;
                }
                let key = quic.packet_key(aead_key(&test.key), Iv::new(nonce));
                let mut sealed = [&test.ct[..], &test.tag[..]].concat();
                let opened = key.decrypt_in_place(0, &test.aad, &mut sealed).map(<[u8]>::to_vec).ok();
                assert!(agrees(test.result, opened.is_some()), "vector {} ({})", test.tc_id, test.comment);
                if let Some(opened) = opened {
                    assert_eq!(opened, *test.pt, "vector {} opens to something else", test.tc_id);
                    let mut sealed = test.pt.to_vec();
                    let tag = key.encrypt_in_place(0, &test.aad, &mut sealed).unwrap();
                    assert_eq!(sealed, *test.ct, "vector {} seals to something else", test.tc_id);
                    assert_eq!(tag.as_ref(), &**test.tag, "vector {} has another tag", test.tc_id);
                }
                count.ran();
            }
        }
    }
    expect("AEADs", count, [of(449, 192), of(449, 192), of(449, 192)]);
}

fn suite_quic(wanted: CipherSuite) -> &'static dyn chitin::quic::Algorithm {
    suite(wanted).quic.expect("each provider has QUIC")
}

#[test]
fn hkdf() {
    use wycheproof::hkdf::{TestName, TestSet};

    let sets = [
        (TestName::HkdfSha256, CipherSuite::TLS13_AES_128_GCM_SHA256),
        (TestName::HkdfSha384, CipherSuite::TLS13_AES_256_GCM_SHA384),
    ];
    let mut count = Count::default();
    for (set, wanted) in sets {
        let hkdf = suite(wanted).hkdf_provider;
        for group in TestSet::load(set).unwrap().test_groups {
            for test in group.tests {
                let mut output = vec![0; test.size];
                let expander = hkdf.extract_from_secret(Some(&test.salt), &test.ikm);
                // The pieces of info are put together: in two they are the same.
                let (start, end) = test.info.split_at(test.info.len() / 2);
                let done = expander.expand_slice(&[start, end], &mut output).is_ok();
                assert!(agrees(test.result, done), "vector {} ({})", test.tc_id, test.comment);
                if done {
                    assert_eq!(output, *test.okm, "vector {}", test.tc_id);
                }
                count.ran();
            }
        }
    }
    expect("HKDF", count, [of(169, 0), of(169, 0), of(169, 0)]);
}

#[test]
fn hmac() {
    use wycheproof::mac::{TestName, TestSet};

    let sets = [
        (TestName::HmacSha256, CipherSuite::TLS13_AES_128_GCM_SHA256, 32),
        (TestName::HmacSha384, CipherSuite::TLS13_AES_256_GCM_SHA384, 48),
    ];
    let mut count = Count::default();
    for (set, wanted, length) in sets {
        let hkdf = suite(wanted).hkdf_provider;
        for group in TestSet::load(set).unwrap().test_groups {
            for test in group.tests {
                if test.key.len() > 64 {
                    count.leave_out("a key of more than 64 bytes");
                    continue;
                }
                let tag = hkdf.hmac_sign(&OkmBlock::new(&test.key), &test.msg);
                assert_eq!(tag.as_ref().len(), length);
                // A truncated tag of a vector is the start of ours.
                let fits = tag.as_ref().starts_with(&test.tag);
                assert!(agrees(test.result, fits), "vector {} ({})", test.tc_id, test.comment);
                count.ran();
            }
        }
    }
    expect("HMAC", count, [of(336, 12), of(336, 12), of(336, 12)]);
}

/// Whether a share is taken for one of the group, in the client's role and in the server's; none if the provider lacks the group.
fn takes(group: NamedGroup, share: &[u8]) -> Option<bool> {
    let group = provided::all_kx_groups().iter().find(|there| there.name() == group)?;
    let client = group.start().unwrap().complete(share).is_ok();
    let server = group.start_and_complete(share).is_ok();
    assert_eq!(client, server, "the two roles do not agree");
    Some(client)
}

/// RFC 8446 section 4.2.8.2: points are uncompressed, on the curve, and not at infinity.
#[test]
fn shares_of_curves() {
    use wycheproof::ecdh::{TestFlag, TestName, TestSet};

    let sets = [
        (TestName::EcdhSecp256r1Ecpoint, NamedGroup::secp256r1),
        (TestName::EcdhSecp384r1Ecpoint, NamedGroup::secp384r1),
        (TestName::EcdhSecp521r1Ecpoint, NamedGroup::secp521r1),
    ];
    let mut count = Count::default();
    for (set, group) in sets {
        for test in TestSet::load(set).unwrap().test_groups.into_iter().flat_map(|group| group.tests) {
            let Some(taken) = takes(group, &test.public_key) else {
                count.leave_out("the provider has no such group");
                continue;
            };
            let compressed = test.flags.contains(&TestFlag::CompressedPoint);
            let result = if compressed { TestResult::Invalid } else { test.result };
            assert!(agrees(result, taken), "vector {} ({})", test.tc_id, test.comment);
            count.ran();
        }
    }
    expect("shares of curves", count, [of(1806, 0), of(1145, 661), of(1145, 661)]);
}

/// RFC 8446 section 7.4.2: a secret of zeros is refused, whatever the private key.
#[test]
fn shares_of_x25519() {
    use wycheproof::xdh::{TestFlag, TestName, TestSet};

    let mut count = Count::default();
    for test in TestSet::load(TestName::X25519).unwrap().test_groups.into_iter().flat_map(|group| group.tests)
    {
        let zero = test.flags.contains(&TestFlag::ZeroSharedSecret);
        let result = match (zero, test.result) {
            (true, _) => TestResult::Invalid,
            // Such as points of the twist or not in canonical form: RFC 7748 section 5 takes them.
            (false, TestResult::Acceptable) => TestResult::Valid,
            (false, result) => result,
        };
        let taken = takes(NamedGroup::X25519, &test.public_key).expect("each provider has X25519");
        assert!(agrees(result, taken), "vector {} ({}): {:?}", test.tc_id, test.comment, test.flags);
        count.ran();
    }
    expect("shares of X25519", count, [of(518, 0), of(518, 0), of(518, 0)]);
}

/// A server checks the client's key (FIPS 203 section 7.2), a client the length of the ciphertext (section 7.3).
#[test]
fn shares_of_ml_kem_768() {
    use wycheproof::mlkem::{TestName, TestSet};

    let hybrid = provided::all_kx_groups().iter().find(|group| group.name() == NamedGroup::X25519MLKEM768);
    let mut count = Count::default();
    let set = |name| TestSet::load(name).unwrap().test_groups.into_iter().flat_map(|group| group.tests);
    for test in set(TestName::MlKem768Encaps) {
        let Some(group) = hybrid else {
            count.leave_out("the provider has no such group");
            continue;
        };
        // draft-ietf-tls-ecdhe-mlkem section 4.1: the key of ML-KEM comes first.
        let share = [&test.encaps_key.as_ref().unwrap()[..], &BASE_POINT].concat();
        let taken = group.start_and_complete(&share).is_ok();
        assert!(agrees(test.result, taken), "vector {} ({})", test.tc_id, test.comment);
        count.ran();
    }
    for test in set(TestName::MlKem768) {
        let Some(group) = hybrid else {
            count.leave_out("the provider has no such group");
            continue;
        };
        let share = [&test.ct.as_ref().unwrap()[..], &BASE_POINT].concat();
        // One of the right length is taken, since ML-KEM answers a wrong one with a secret that nobody else has.
        let taken = group.start().unwrap().complete(&share).is_ok();
        assert_eq!(taken, test.ct.unwrap().len() == 1088, "vector {} ({})", test.tc_id, test.comment);
        count.ran();
    }
    expect("shares of ML-KEM-768", count, [of(466, 0), of(0, 466), of(466, 0)]);
}

/// A good share of X25519. RFC 7748 section 6.1.
const BASE_POINT: [u8; 32] = {
    let mut point = [0; 32];
    point[0] = 9;
    point
};

/// An algorithm that a provider gains is to be tried here, too.
#[test]
fn each_algorithm_of_the_provider_is_in_a_table_here() {
    let known = [
        alg_id::ECDSA_P256,
        alg_id::ECDSA_P384,
        alg_id::ECDSA_P521,
        alg_id::ED25519,
        alg_id::RSA_ENCRYPTION,
        alg_id::ML_DSA_44,
        alg_id::ML_DSA_65,
        alg_id::ML_DSA_87,
    ];
    for algorithm in provided::default_provider().signature_verification_algorithms.all {
        assert!(known.contains(&algorithm.public_key_alg_id()), "{algorithm:?} is not tried");
    }
}
