//! What the built-in providers have, item by item.

use chitin::crypto::SupportedKxGroup;
use chitin::crypto::hpke::{EncapsulatedSecret, Hpke, HpkeKeyPair, HpkePublicKey};
use chitin::{
    CipherSuite, NamedGroup, ProtocolVersion, SignatureAlgorithm, SignatureScheme, SupportedCipherSuite,
};

/// The suites of RFC 8446 appendix B.4, RFC 5289 and RFC 7905 that both providers have, by what they are called here and there.
macro_rules! suites {
    ($module:path) => {{
        use $module as provider;
        let all = [
            (provider::cipher_suite::TLS13_AES_256_GCM_SHA384, CipherSuite::TLS13_AES_256_GCM_SHA384),
            (provider::cipher_suite::TLS13_AES_128_GCM_SHA256, CipherSuite::TLS13_AES_128_GCM_SHA256),
            (
                provider::cipher_suite::TLS13_CHACHA20_POLY1305_SHA256,
                CipherSuite::TLS13_CHACHA20_POLY1305_SHA256,
            ),
            (
                provider::cipher_suite::TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384,
                CipherSuite::TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384,
            ),
            (
                provider::cipher_suite::TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256,
                CipherSuite::TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256,
            ),
            (
                provider::cipher_suite::TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256,
                CipherSuite::TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256,
            ),
            (
                provider::cipher_suite::TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384,
                CipherSuite::TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384,
            ),
            (
                provider::cipher_suite::TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256,
                CipherSuite::TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256,
            ),
            (
                provider::cipher_suite::TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256,
                CipherSuite::TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256,
            ),
        ];
        all.iter().for_each(|(suite, name)| suite_is(*suite, *name));
        // The order of preference is that of 0.23, and the defaults are all there are.
        let names: Vec<_> = all.iter().map(|(_, name)| *name).collect();
        let listed =
            |suites: &[SupportedCipherSuite]| suites.iter().map(|suite| suite.suite()).collect::<Vec<_>>();
        assert_eq!(listed(provider::ALL_CIPHER_SUITES), names);
        assert_eq!(listed(provider::DEFAULT_CIPHER_SUITES), names);
        assert_eq!(listed(&provider::default_provider().cipher_suites), names);
    }};
}

fn suite_is(suite: SupportedCipherSuite, name: CipherSuite) {
    assert_eq!(suite.suite(), name);
    let text = format!("{name:?}");
    assert!(!suite.fips(), "{text}");
    let signs = |algorithm| suite.usable_for_signature_algorithm(algorithm);
    let (ecdsa, rsa) = (signs(SignatureAlgorithm::ECDSA), signs(SignatureAlgorithm::RSA));
    match suite {
        SupportedCipherSuite::Tls13(suite) => {
            assert!(ecdsa && rsa && !suite.fips() && !suite.common.fips(), "{text}");
            assert_eq!(suite.aead_alg.key_len(), if text.contains("AES_128") { 16 } else { 32 });
            let quic = suite.quic_suite().unwrap();
            assert_eq!((quic.suite.common.suite, quic.quic.aead_key_len()), (name, suite.aead_alg.key_len()));
            assert!(!quic.quic.fips() && !suite.aead_alg.fips() && !suite.hkdf_provider.fips());
        }
        SupportedCipherSuite::Tls12(suite) => {
            // RFC 8422 section 2: the certificate's key is of the suite's kind.
            assert_eq!((ecdsa, rsa), (text.contains("ECDSA"), text.contains("_RSA_")));
            assert!(
                !suite.fips() && !suite.common.fips() && !suite.prf_provider.fips() && !suite.aead_alg.fips()
            );
            let offered = [SignatureScheme::RSA_PSS_SHA256, SignatureScheme::ECDSA_NISTP256_SHA256];
            assert_eq!(
                suite.resolve_sig_schemes(&offered),
                if ecdsa { &offered[1..] } else { &offered[..1] }
            );
            let shape = suite.aead_alg.key_block_shape();
            // RFC 5288 section 3 and RFC 7905 section 2.
            let expected = if text.contains("CHACHA20") { (32, 12, 0) } else { (shape.enc_key_len, 4, 8) };
            assert_eq!((shape.enc_key_len, shape.fixed_iv_len, shape.explicit_nonce_len), expected);
            assert_eq!(shape.enc_key_len, if text.contains("AES_128") { 16 } else { 32 });
        }
    }
}

/// Two of one group agree, and a share of none is refused.
fn group_is(group: &dyn SupportedKxGroup, name: NamedGroup, share: usize, hybrid: Option<NamedGroup>) {
    assert_eq!((group.name(), group.fips(), group.ffdhe_group()), (name, false, None));
    assert!(group.usable_for_version(ProtocolVersion::TLSv1_3));
    let ours = group.start().unwrap();
    assert_eq!((ours.pub_key().len(), ours.group()), (share, name));
    assert_eq!(ours.hybrid_component().map(|(group, _)| group), hybrid);
    let theirs = group.start_and_complete(ours.pub_key()).unwrap();
    assert_eq!(ours.complete(&theirs.pub_key).unwrap().secret_bytes(), theirs.secret.secret_bytes());
    assert!(group.start_and_complete(&[]).is_err());
}

#[test]
fn aws_lc_rs_has_its_suites_and_groups() {
    suites!(chitin::crypto::aws_lc_rs);
    use chitin::crypto::aws_lc_rs::kx_group::*;
    group_is(X25519, NamedGroup::X25519, 32, None);
    group_is(SECP256R1, NamedGroup::secp256r1, 65, None);
    group_is(SECP384R1, NamedGroup::secp384r1, 97, None);
    group_is(SECP521R1, NamedGroup::secp521r1, 133, None);
    // FIPS 203: encapsulation keys of 1184 and 1568 bytes. The classical share stands beside it.
    group_is(MLKEM768, NamedGroup::MLKEM768, 1184, None);
    group_is(MLKEM1024, NamedGroup::MLKEM1024, 1568, None);
    group_is(X25519MLKEM768, NamedGroup::X25519MLKEM768, 1184 + 32, Some(NamedGroup::X25519));
    group_is(SECP256R1MLKEM768, NamedGroup::secp256r1MLKEM768, 65 + 1184, Some(NamedGroup::secp256r1));
    let provider = chitin::crypto::aws_lc_rs::default_provider();
    // All but the bare ML-KEM groups, of which 0.23 says that one has to ask for them.
    use chitin::crypto::aws_lc_rs::{ALL_KX_GROUPS, DEFAULT_KX_GROUPS};
    let names =
        |groups: &[&dyn SupportedKxGroup]| groups.iter().map(|group| group.name()).collect::<Vec<_>>();
    assert_eq!(names(&provider.kx_groups), names(DEFAULT_KX_GROUPS));
    let asked_for = ALL_KX_GROUPS.iter().filter(|group| !names(DEFAULT_KX_GROUPS).contains(&group.name()));
    assert_eq!(
        asked_for.map(|group| group.name()).collect::<Vec<_>>(),
        [NamedGroup::MLKEM768, NamedGroup::MLKEM1024]
    );
    assert!(!provider.key_provider.fips() && !provider.secure_random.fips());
    assert!(!provider.signature_verification_algorithms.fips());
}

#[cfg(feature = "ring")]
#[test]
fn ring_has_its_suites_and_groups() {
    suites!(chitin::crypto::ring);
    use chitin::crypto::ring::kx_group::*;
    use chitin::crypto::ring::{ALL_KX_GROUPS, DEFAULT_KX_GROUPS, Ticketer};
    group_is(X25519, NamedGroup::X25519, 32, None);
    group_is(SECP256R1, NamedGroup::secp256r1, 65, None);
    group_is(SECP384R1, NamedGroup::secp384r1, 97, None);
    let names =
        |groups: &[&dyn SupportedKxGroup]| groups.iter().map(|group| group.name()).collect::<Vec<_>>();
    assert_eq!(names(ALL_KX_GROUPS), [NamedGroup::X25519, NamedGroup::secp256r1, NamedGroup::secp384r1]);
    assert_eq!(names(DEFAULT_KX_GROUPS), names(ALL_KX_GROUPS));
    let ticketer = Ticketer::new().unwrap();
    assert_eq!(ticketer.decrypt(&ticketer.encrypt(b"x").unwrap()).unwrap(), b"x");
}

/// All twelve combinations of RFC 9180 that 0.23 has; its vectors are tested beside the code.
#[test]
fn hpke_seals_and_opens() {
    use chitin::crypto::aws_lc_rs::hpke::*;
    let suites: [&dyn Hpke; 12] = [
        DH_KEM_P256_HKDF_SHA256_AES_128,
        DH_KEM_P256_HKDF_SHA256_AES_256,
        DH_KEM_P256_HKDF_SHA256_CHACHA20_POLY1305,
        DH_KEM_P384_HKDF_SHA384_AES_128,
        DH_KEM_P384_HKDF_SHA384_AES_256,
        DH_KEM_P384_HKDF_SHA384_CHACHA20_POLY1305,
        DH_KEM_P521_HKDF_SHA512_AES_128,
        DH_KEM_P521_HKDF_SHA512_AES_256,
        DH_KEM_P521_HKDF_SHA512_CHACHA20_POLY1305,
        DH_KEM_X25519_HKDF_SHA256_AES_128,
        DH_KEM_X25519_HKDF_SHA256_AES_256,
        DH_KEM_X25519_HKDF_SHA256_CHACHA20_POLY1305,
    ];
    for hpke in suites {
        assert!(!hpke.fips());
        let (public_key, private_key) = hpke.generate_key_pair().unwrap();
        let pair = HpkeKeyPair { public_key, private_key };
        let (public, private): (HpkePublicKey, _) = (pair.public_key, pair.private_key);
        assert!(!private.secret_bytes().is_empty());
        let (enc, sealed) = hpke.seal(b"info", b"aad", b"plain", &public).unwrap();
        // RFC 9180 section 7.3: a tag of 16 bytes with each AEAD.
        assert_eq!(sealed.len(), b"plain".len() + 16);
        assert_eq!(hpke.open(&enc, b"info", b"aad", &sealed, &private).unwrap(), b"plain");
        assert!(hpke.open(&enc, b"other", b"aad", &sealed, &private).is_err());
        assert!(hpke.open(&enc, b"info", b"other", &sealed, &private).is_err());
        assert!(hpke.open(&EncapsulatedSecret(vec![1]), b"info", b"aad", &sealed, &private).is_err());

        let (enc, mut sealer) = hpke.setup_sealer(b"info", &public).unwrap();
        let mut opener = hpke.setup_opener(&enc, b"info", &private).unwrap();
        let (first, second) = (sealer.seal(b"1", b"one").unwrap(), sealer.seal(b"2", b"two").unwrap());
        // Section 5.2: each message has a number of its own, so the order counts.
        assert_eq!(opener.open(b"1", &first).unwrap(), b"one");
        assert!(opener.open(b"1", &first).is_err());
        assert_eq!(opener.open(b"2", &second).unwrap(), b"two");
    }
    let ids: Vec<_> = suites.iter().map(|hpke| hpke.suite()).map(|s| (s.kem, s.sym)).collect();
    assert!(ids.iter().enumerate().all(|(at, id)| !ids[..at].contains(id)), "each is another");
    assert_eq!(ALL_SUPPORTED_SUITES.len(), suites.len());
}
