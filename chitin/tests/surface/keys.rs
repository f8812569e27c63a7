//! Key schedules as a provider's code uses them, and private keys.

use chitin::crypto::tls13::{HkdfExpander, OkmBlock, OutputLengthError, expand};
use chitin::crypto::{aws_lc_rs, hash, hmac};
use chitin::pki_types::PrivateKeyDer;
use chitin::{SignatureAlgorithm, SupportedCipherSuite};
use testkit::pki::{KeyType, Pki};

fn hex(text: &str) -> Vec<u8> {
    (0..text.len() / 2).map(|at| u8::from_str_radix(&text[2 * at..2 * at + 2], 16).unwrap()).collect()
}

#[test]
fn hkdf_is_that_of_rfc_5869() {
    let SupportedCipherSuite::Tls13(suite) = aws_lc_rs::cipher_suite::TLS13_AES_128_GCM_SHA256 else {
        panic!("a suite of TLS 1.3");
    };
    let hkdf = suite.hkdf_provider;
    // Appendix A.1.
    let salt = hex("000102030405060708090a0b0c");
    let info = hex("f0f1f2f3f4f5f6f7f8f9");
    let expander: Box<dyn HkdfExpander> = hkdf.extract_from_secret(Some(&salt), &[0x0b; 22]);
    assert_eq!(expander.hash_len(), 32);
    let okm = hex("3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865");
    let mut output = [0; 42];
    expander.expand_slice(&[&info[..4], &info[4..]], &mut output).unwrap();
    assert_eq!(output[..], okm);
    let block: OkmBlock = expander.expand_block(&[&info]);
    assert_eq!(block.as_ref(), &okm[..32]);
    // Sixteen bytes are a part of the first block.
    struct Sixteen([u8; 16]);
    impl From<[u8; 16]> for Sixteen {
        fn from(bytes: [u8; 16]) -> Self {
            Self(bytes)
        }
    }
    assert_eq!(expand::<Sixteen, 16>(&*expander, &[&info]).0, okm[..16]);
    // Section 2.3: 255 blocks are the most.
    let too_long: Result<(), OutputLengthError> = expander.expand_slice(&[], &mut [0; 255 * 32 + 1]);
    assert!(too_long.is_err());

    // Appendix A.3: no salt is a salt of zeros.
    let mut output = [0; 42];
    hkdf.extract_from_secret(None, &[0x0b; 22]).expand_slice(&[], &mut output).unwrap();
    assert_eq!(
        output[..],
        hex("8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d9d201395faa4b61a96c8")
    );
    // RFC 8446 section 7.1: a missing secret is zeros, as long as the hash.
    let zeros = |expander: Box<dyn HkdfExpander>| expander.expand_block(&[b"x"]).as_ref().to_vec();
    assert_eq!(zeros(hkdf.extract_from_zero_ikm(None)), zeros(hkdf.extract_from_secret(None, &[0; 32])));

    // RFC 4231 section 4.2: HMAC-SHA-256 under a key of 20 bytes.
    let tag = hkdf.hmac_sign(&OkmBlock::new(&[0x0b; 20]), b"Hi There");
    assert_eq!(tag.as_ref(), hex("b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"));
    assert_eq!((OkmBlock::MAX_LEN, hmac::Tag::MAX_LEN, hash::Output::MAX_LEN), (64, 64, 64));

    // A key exchange gives the same secret as its bytes do.
    let group = aws_lc_rs::kx_group::X25519;
    let (ours, theirs) = (group.start().unwrap(), group.start().unwrap());
    let (our_share, their_share) = (ours.pub_key().to_vec(), theirs.pub_key().to_vec());
    let first = hkdf.extract_from_kx_shared_secret(None, ours, &their_share).unwrap();
    let secret = theirs.complete(&our_share).unwrap();
    assert_eq!(zeros(first), zeros(hkdf.extract_from_secret(None, secret.secret_bytes())));
}

#[test]
fn the_prf_of_tls12() {
    let SupportedCipherSuite::Tls12(suite) = aws_lc_rs::cipher_suite::TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256
    else {
        panic!("a suite of TLS 1.2");
    };
    // The vector for P_SHA256 that was sent to the TLS list on 2009-02-19, and that others test with.
    let secret = hex("9bbe436ba940f017b17652849a71db35");
    let seed = hex("a0ba9f936cda311827a6f796ffd5198c");
    let mut output = [0; 100];
    suite.prf_provider.for_secret(&mut output, &secret, b"test label", &seed);
    assert_eq!(output[..16], hex("e3f229ba727be17b8d122620557cd453"));
    assert_eq!(output[96..], hex("87347b66"));

    let group = aws_lc_rs::kx_group::X25519;
    let (ours, theirs) = (group.start().unwrap(), group.start().unwrap());
    let (our_share, their_share) = (ours.pub_key().to_vec(), theirs.pub_key().to_vec());
    let (mut first, mut second) = ([0; 48], [0; 48]);
    suite.prf_provider.for_key_exchange(&mut first, ours, &their_share, b"label", b"seed").unwrap();
    let secret = theirs.complete(&our_share).unwrap();
    suite.prf_provider.for_secret(&mut second, secret.secret_bytes(), b"label", b"seed");
    assert_eq!(first, second);
}

/// Each loader takes the kinds that its name says.
fn loaders(
    any: impl Fn(&PrivateKeyDer<'_>) -> Option<SignatureAlgorithm>,
    ecdsa: impl Fn(&PrivateKeyDer<'_>) -> Option<SignatureAlgorithm>,
    eddsa: impl Fn(&PrivateKeyDer<'_>) -> Option<SignatureAlgorithm>,
) {
    let pki = Pki::new();
    for (kind, algorithm) in [
        (KeyType::P256, SignatureAlgorithm::ECDSA),
        (KeyType::P384, SignatureAlgorithm::ECDSA),
        (KeyType::Ed25519, SignatureAlgorithm::ED25519),
        (KeyType::Rsa2048, SignatureAlgorithm::RSA),
    ] {
        let key = pki.server(kind).key;
        let only = |wanted| (algorithm == wanted).then_some(wanted);
        assert_eq!(any(&key), Some(algorithm), "{kind:?}");
        assert_eq!(ecdsa(&key), only(SignatureAlgorithm::ECDSA), "{kind:?}");
        assert_eq!(eddsa(&key), only(SignatureAlgorithm::ED25519), "{kind:?}");
    }
}

macro_rules! loads {
    ($test:ident, $($module:tt)*) => {
        #[test]
        fn $test() {
            use $($module)*::sign::{any_ecdsa_type, any_eddsa_type, any_supported_type};
            loaders(
                |key| any_supported_type(key).ok().map(|key| key.algorithm()),
                |key| any_ecdsa_type(key).ok().map(|key| key.algorithm()),
                |key| match key {
                    PrivateKeyDer::Pkcs8(key) => any_eddsa_type(key).ok().map(|key| key.algorithm()),
                    _ => None,
                },
            );
        }
    };
}

loads!(aws_lc_rs_loads_keys, chitin::crypto::aws_lc_rs);
#[cfg(feature = "ring")]
loads!(ring_loads_keys, chitin::crypto::ring);
