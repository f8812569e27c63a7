use alloc::vec;
use alloc::vec::Vec;

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::{self, KeySize};
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, KeyPair, RSA_PKCS1_SHA256, RSA_PSS_SHA256, RsaEncoding,
};
use pki_types::{AlgorithmIdentifier, InvalidSignature, SignatureVerificationAlgorithm, alg_id};

use super::*;

fn algorithm(signature: AlgorithmIdentifier) -> &'static dyn SignatureVerificationAlgorithm {
    let all = crate::crypto::aws_lc_rs::default_provider().signature_verification_algorithms.all;
    let fits = |known: &&&'static dyn SignatureVerificationAlgorithm| known.signature_alg_id() == signature;
    *all.iter().find(fits).unwrap()
}

fn sign(pair: &rsa::KeyPair, padding: &'static dyn RsaEncoding) -> Vec<u8> {
    let mut signature = vec![0; pair.public_modulus_len()];
    pair.sign(padding, &SystemRandom::new(), b"message", &mut signature).unwrap();
    signature
}

#[test]
fn a_kept_key_says_what_the_algorithm_says() {
    let [pair, other] = [(); 2].map(|()| rsa::KeyPair::generate(KeySize::Rsa2048).unwrap());
    let [key, foreign] = [&pair, &other].map(|pair| pair.public_key().as_ref());
    let keys = KeptKeys::new([key, b"no key", key].map(<[u8]>::to_vec).into_iter());
    let (first, second) = (algorithm(alg_id::RSA_PKCS1_SHA256), algorithm(alg_id::RSA_PSS_SHA256));
    let (by_first, by_second) = (sign(&pair, &RSA_PKCS1_SHA256), sign(&pair, &RSA_PSS_SHA256));
    let by_other = sign(&other, &RSA_PKCS1_SHA256);
    // Before the key is kept, as it is, and when it is.
    for _ in 0..3 {
        for (verifier, key, message, signature, good) in [
            (first, key, &b"message"[..], &by_other, false),
            (first, key, b"another", &by_first, false),
            (first, foreign, b"message", &by_first, false),
            (first, b"no key", b"message", &by_first, false),
            (first, b"not there", b"message", &by_first, false),
            (first, foreign, b"message", &by_other, true),
            (first, key, b"message", &by_first, true),
            (first, key, b"message", &by_second, false),
            (second, key, b"message", &by_first, false),
            (second, key, b"message", &by_second, true),
        ] {
            assert_eq!(keys.verify(verifier, key, message, signature).is_ok(), good);
            assert_eq!(verifier.verify_signature(key, message, signature).is_ok(), good);
        }
    }
}

#[test]
fn a_key_is_kept_when_it_has_checked_a_good_signature() {
    let pair = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_ASN1_SIGNING).unwrap();
    let keys = KeptKeys::new([pair.public_key().as_ref().to_vec()].into_iter());
    let is_kept = || keys.all.first().unwrap().is_read();
    let verify = |signature: &[u8]| {
        keys.verify(algorithm(alg_id::ECDSA_SHA256), pair.public_key().as_ref(), b"message", signature)
    };
    assert!(verify(b"bad").is_err());
    assert!(!is_kept());
    verify(pair.sign(&SystemRandom::new(), b"message").unwrap().as_ref()).unwrap();
    assert!(is_kept());
}

/// An algorithm of somebody else's, even one that says it is the same, is asked itself.
#[test]
fn algorithms_of_others_are_asked_each_time() {
    #[derive(Debug)]
    struct TakesAll;

    impl SignatureVerificationAlgorithm for TakesAll {
        fn verify_signature(&self, _: &[u8], _: &[u8], _: &[u8]) -> Result<(), InvalidSignature> {
            Ok(())
        }

        fn public_key_alg_id(&self) -> AlgorithmIdentifier {
            alg_id::ECDSA_P256
        }

        fn signature_alg_id(&self) -> AlgorithmIdentifier {
            alg_id::ECDSA_SHA256
        }
    }

    let pair = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_ASN1_SIGNING).unwrap();
    let key = pair.public_key().as_ref();
    let keys = KeptKeys::new([key.to_vec()].into_iter());
    assert!(keys.verify(&TakesAll, key, b"message", b"bad").is_ok());
    assert!(!keys.all.first().unwrap().is_read());
    let good = pair.sign(&SystemRandom::new(), b"message").unwrap();
    keys.verify(algorithm(alg_id::ECDSA_SHA256), key, b"message", good.as_ref()).unwrap();
    assert!(keys.verify(&TakesAll, key, b"message", b"bad").is_ok());
    assert!(keys.verify(algorithm(alg_id::ECDSA_SHA256), key, b"message", b"bad").is_err());
}
