use std::sync::Mutex as StdMutex;
use std::vec;

use pki_types::{AlgorithmIdentifier, alg_id};

use super::*;
use crate::crypto::tested::default_provider;

/// Finds a signature good if it is the message backwards, and counts how often it was asked.
#[derive(Debug)]
struct Backwards {
    key: AlgorithmIdentifier,
    signature: AlgorithmIdentifier,
    asked: StdMutex<usize>,
}

impl Backwards {
    fn new(key: AlgorithmIdentifier, signature: AlgorithmIdentifier) -> Self {
        Self { key, signature, asked: StdMutex::new(0) }
    }

    fn asked(&self) -> usize {
        core::mem::take(&mut self.asked.lock().unwrap())
    }
}

impl SignatureVerificationAlgorithm for Backwards {
    fn verify_signature(&self, _: &[u8], message: &[u8], signature: &[u8]) -> Result<(), InvalidSignature> {
        *self.asked.lock().unwrap() += 1;
        match message.iter().rev().eq(signature) {
            true => Ok(()),
            false => Err(InvalidSignature),
        }
    }

    fn public_key_alg_id(&self) -> AlgorithmIdentifier {
        self.key
    }

    fn signature_alg_id(&self) -> AlgorithmIdentifier {
        self.signature
    }
}

fn ours() -> Backwards {
    Backwards::new(alg_id::ECDSA_P256, alg_id::ECDSA_SHA256)
}

fn remembering(size: usize) -> Remembering {
    Remembering::new(Some(SignatureMemo::new(size)), &default_provider(), none).unwrap()
}

fn none() -> KeptKeys {
    KeptKeys::new(core::iter::empty())
}

fn counts(memo: &SignatureMemo) -> (usize, usize, usize) {
    (memo.hits(), memo.misses(), memo.len())
}

#[test]
fn what_was_good_before_is_not_asked_again() {
    let (remembering, algorithm) = (remembering(64), ours());
    for _ in 0..3 {
        assert!(remembering.verify(&algorithm, b"key", b"abc", b"cba").is_ok());
    }
    assert_eq!((algorithm.asked(), counts(remembering.memo())), (1, (2, 1, 1)));
}

#[test]
fn nothing_else_is_taken_for_it() {
    let remembering = remembering(1024);
    let algorithm = ours();
    assert!(remembering.verify(&algorithm, b"key", b"abc", b"cba").is_ok());
    assert_eq!(algorithm.asked(), 1);
    // Another key, message or signature; and the same bytes, cut elsewhere.
    let others: [(&[u8], &[u8], &[u8]); 6] = [
        (b"kex", b"abc", b"cba"),
        (b"key", b"abd", b"cba"),
        (b"key", b"abc", b"cbb"),
        (b"keya", b"bc", b"cba"),
        (b"ke", b"yabc", b"cba"),
        (b"key", b"abcc", b"ba"),
    ];
    for (key, message, signature) in others {
        let good = message.iter().rev().eq(signature);
        assert_eq!(remembering.verify(&algorithm, key, message, signature).is_ok(), good, "{key:?}");
        assert_eq!(algorithm.asked(), 1, "{key:?} {message:?} {signature:?}");
    }
    // Another algorithm, by the key's identifier or by the signature's.
    for (key, signature) in
        [(alg_id::ECDSA_P384, alg_id::ECDSA_SHA256), (alg_id::ECDSA_P256, alg_id::ECDSA_SHA384)]
    {
        let other = Backwards::new(key, signature);
        assert!(remembering.verify(&other, b"key", b"abc", b"cba").is_ok());
        assert_eq!(other.asked(), 1);
    }
    // Another provider, which shares the memo.
    let mut provider = default_provider();
    provider.signature_verification_algorithms.all = &[];
    let elsewhere = Remembering::new(Some(remembering.memo().clone()), &provider, none).unwrap();
    assert!(elsewhere.verify(&algorithm, b"key", b"abc", b"cba").is_ok());
    assert_eq!(algorithm.asked(), 1);
    assert_eq!(remembering.memo().hits(), 0);
}

#[test]
fn failures_are_not_kept() {
    let (remembering, algorithm) = (remembering(64), ours());
    for _ in 0..3 {
        assert!(remembering.verify(&algorithm, b"key", b"abc", b"abc").is_err());
    }
    assert_eq!((algorithm.asked(), counts(remembering.memo())), (3, (0, 3, 0)));
}

#[test]
fn the_number_of_entries_is_bounded_and_old_ones_make_way() {
    let (remembering, algorithm) = (remembering(100), ours());
    for n in 0..5000_u32 {
        let (message, mut signature) = (n.to_be_bytes(), n.to_be_bytes());
        signature.reverse();
        assert!(remembering.verify(&algorithm, b"key", &message, &signature).is_ok());
        assert!(remembering.verify(&algorithm, b"key", &message, &signature).is_ok(), "the newest is there");
    }
    // 100 and up to the next multiple of 64.
    assert_eq!(counts(remembering.memo()), (5000, 5000, 128));
    assert_eq!(algorithm.asked(), 5000);
    // What has made way is asked again.
    for n in 0..5000_u32 {
        let (message, mut signature) = (n.to_be_bytes(), n.to_be_bytes());
        signature.reverse();
        assert!(remembering.verify(&algorithm, b"key", &message, &signature).is_ok());
    }
    assert!(algorithm.asked() >= 5000 - 128);
    assert_eq!(remembering.memo().len(), 128);
}

#[test]
fn it_can_be_cleared_resized_and_switched_off() {
    let (remembering, algorithm) = (remembering(64), ours());
    let ask = || remembering.verify(&algorithm, b"key", b"abc", b"cba").unwrap();
    ask();
    remembering.memo().clear();
    assert_eq!((remembering.memo().is_empty(), remembering.memo().misses()), (true, 1));
    ask();
    assert_eq!(algorithm.asked(), 2);
    remembering.memo().set_size(0);
    assert_eq!(remembering.memo().size(), 0);
    ask();
    ask();
    assert_eq!((algorithm.asked(), counts(remembering.memo())), (2, (0, 2, 0)), "off: nothing is counted");
    remembering.memo().clone().set_size(4096);
    ask();
    ask();
    assert_eq!((algorithm.asked(), counts(remembering.memo())), (1, (1, 3, 1)));
}

#[test]
fn a_poisoned_lock_costs_a_verification_and_nothing_else() {
    let (remembering, algorithm) = (remembering(64), ours());
    for shard in &remembering.memo().0.shards {
        crate::config::lock::poison(shard);
    }
    for _ in 0..2 {
        assert!(remembering.verify(&algorithm, b"key", b"abc", b"cba").is_ok());
        assert!(remembering.verify(&algorithm, b"key", b"abc", b"abc").is_err());
    }
    assert_eq!((algorithm.asked(), counts(remembering.memo())), (4, (0, 4, 0)));
}

#[test]
fn a_provider_without_sha_256_has_none() {
    let mut provider = default_provider();
    assert!(Remembering::new(None, &provider, none).is_some());
    provider.cipher_suites = vec![];
    assert!(Remembering::new(None, &provider, none).is_none());
}

#[test]
fn threads_share_one() {
    // So large that no five of the entries want the same four places.
    let (remembering, algorithm) = (remembering(1 << 16), ours());
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                for n in 0..200_u8 {
                    assert!(remembering.verify(&algorithm, b"key", &[n, 1], &[1, n]).is_ok());
                }
            });
        }
    });
    let (hits, misses, len) = counts(remembering.memo());
    assert_eq!((hits + misses, len), (800, 200));
    assert!((200..=800).contains(&misses));
}

#[test]
fn a_size_beyond_all_reason_is_the_largest_there_is() {
    for size in [usize::MAX, SignatureMemo::MAX_SIZE + 1] {
        let memo = SignatureMemo::new(size);
        assert_eq!(memo.size(), SignatureMemo::MAX_SIZE);
        memo.set_size(1);
        memo.set_size(size);
        assert_eq!(memo.size(), SignatureMemo::MAX_SIZE);
        let (verifier, algorithm) =
            (Remembering::new(Some(memo.clone()), &default_provider(), none).unwrap(), ours());
        for _ in 0..2 {
            verifier.verify(&algorithm, b"key", b"abc", b"cba").unwrap();
        }
        assert_eq!(counts(&memo), (1, 1, 1));
    }
}
