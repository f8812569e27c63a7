//! SHA-2, HMAC over it, and what is made of that: HKDF, and TLS 1.2's PRF. Both built-in providers have them from here.
//!
//! A handshake hashes few bytes often: it takes a dozen keys for HMAC, makes two dozen tags of a few dozen bytes each, and asks for the hash
//! of its messages so far half a dozen times. So what counts is what stands around the compressions of a hash. With the crate `sha2` that
//! is a copy of a small state, and no allocation: a tag takes half the time, and a key less than half, that the libraries behind the
//! providers take.

use alloc::boxed::Box;
use core::marker::PhantomData;

use sha2::block_api::{compress256, compress512};
use sha2::digest::array::Array;
use sha2::digest::typenum::{U64, U128};
use sha2::{Digest, Sha256, Sha384};
use zeroize::{Zeroize, Zeroizing};

use crate::crypto;
use crate::crypto::hash::Output;
use crate::crypto::hmac::Key as _;
#[cfg(feature = "tls12")]
use crate::crypto::tls12::PrfUsingHmac;
use crate::crypto::tls13::{Expander, HkdfExpander, OkmBlock};
use crate::names::HashAlgorithm;
use crate::secret::{Scratch, copy};

pub(super) static SHA256: Hash<Sha256> = Hash(HashAlgorithm::SHA256, PhantomData);
pub(super) static SHA384: Hash<Sha384> = Hash(HashAlgorithm::SHA384, PhantomData);

/// HMAC, and HKDF, with SHA-256.
pub(super) static HMAC_SHA256: KeyedHash<Sha256> = KeyedHash(PhantomData);
/// The same with SHA-384.
pub(super) static HMAC_SHA384: KeyedHash<Sha384> = KeyedHash(PhantomData);
#[cfg(feature = "tls12")]
pub(super) static PRF_SHA256: PrfUsingHmac<'static> = PrfUsingHmac(&HMAC_SHA256);
#[cfg(feature = "tls12")]
pub(super) static PRF_SHA384: PrfUsingHmac<'static> = PrfUsingHmac(&HMAC_SHA384);

/// One hash function, `D`.
pub(super) struct Hash<D>(HashAlgorithm, PhantomData<fn() -> D>);

impl<D: Digest + Clone + Send + Sync + 'static> crypto::hash::Hash for Hash<D> {
    fn start(&self) -> Box<dyn crypto::hash::Context> {
        Box::new(Context(D::new()))
    }

    fn hash(&self, data: &[u8]) -> Output {
        Output::new(&D::digest(data))
    }

    fn output_len(&self) -> usize {
        <D as Digest>::output_size()
    }

    fn algorithm(&self) -> HashAlgorithm {
        self.0
    }
}

/// A hash under way.
struct Context<D>(D);

impl<D: Digest + Clone + Send + Sync + 'static> crypto::hash::Context for Context<D> {
    fn fork_finish(&self) -> Output {
        Output::new(&self.0.clone().finalize())
    }

    fn fork(&self) -> Box<dyn crypto::hash::Context> {
        Box::new(Self(self.0.clone()))
    }

    fn finish(self: Box<Self>) -> Output {
        Output::new(&self.0.finalize())
    }

    fn update(&mut self, data: &[u8]) {
        self.0.update(data);
    }
}

/// A hash function of SHA-2 by its blocks, of which HMAC is made. FIPS 180-4.
pub(super) trait Blocks: Digest + Send + Sync + 'static {
    /// The words of the hash.
    type State: Clone + Zeroize + Send + Sync;
    /// Before the first block.
    const START: Self::State;
    const BLOCK: usize;
    const TAG: usize;
    /// The bytes at the end of the last block that say how long the text is.
    const LENGTH: usize;

    /// Takes whole blocks.
    fn compress(state: &mut Self::State, blocks: &[u8]);

    /// The hash, at the head of `out`.
    fn write(state: &Self::State, out: &mut [u8]);
}

macro_rules! blocks {
    ($hash:ident: $block:ident, $compress:ident, $word:ident, $tag:literal, $start:expr) => {
        impl Blocks for $hash {
            type State = [$word; 8];
            const START: Self::State = $start;
            const BLOCK: usize = 16 * size_of::<$word>();
            const TAG: usize = $tag;
            const LENGTH: usize = 2 * size_of::<$word>();

            fn compress(state: &mut Self::State, blocks: &[u8]) {
                let (blocks, _) = Array::<u8, $block>::slice_as_chunks(blocks);
                $compress(state, Array::cast_slice_to_core(blocks));
            }

            fn write(state: &Self::State, out: &mut [u8]) {
                let places = out.chunks_exact_mut(size_of::<$word>()).take($tag / size_of::<$word>());
                places.zip(state).for_each(|(place, word)| place.copy_from_slice(&word.to_be_bytes()));
            }
        }
    };
}

// FIPS 180-4 sections 5.3.3 and 5.3.4.
blocks!(Sha256: U64, compress256, u32, 32, [
    0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19,
]);
blocks!(Sha384: U128, compress512, u64, 48, [
    0xcbbb9d5dc1059ed8, 0x629a292a367cd507, 0x9159015a3070dd17, 0x152fecd8f70e5939,
    0x67332667ffc00b31, 0x8eb44a8768581511, 0xdb0c2e0d64f98fa7, 0x47b5481dbefa4fa4,
]);

/// HMAC with one hash function, `D`.
pub(super) struct KeyedHash<D>(PhantomData<fn() -> D>);

impl<D: Blocks> KeyedHash<D> {
    fn extract(&self, salt: &[u8], secret: &[u8]) -> Box<dyn HkdfExpander> {
        let prk = Key::<D>::new(salt).sign(&[secret]);
        Box::new(Expander(Key::<D>::new(prk.as_ref())))
    }

    /// One hash length of them: what stands for a salt that is none, RFC 5869 section 2.2, and for a secret, RFC 8446 section 7.1.
    fn zeros(&self) -> &'static [u8] {
        const ZEROS: [u8; crypto::hmac::Tag::MAX_LEN] = [0; crypto::hmac::Tag::MAX_LEN];
        ZEROS.get(..D::TAG).unwrap_or_default()
    }
}

/// HMAC with a key: the hash behind each of the two blocks that are made of it. RFC 2104 section 2.
struct Key<D: Blocks> {
    inner: D::State,
    outer: D::State,
}

impl<D: Blocks> Key<D> {
    fn new(key: &[u8]) -> Self {
        if key.len() > D::BLOCK {
            let mut hash = D::digest(key);
            let keyed = Self::new(&hash);
            hash.as_mut_slice().zeroize();
            return keyed;
        }
        let behind = |pad: u8| {
            let mut block = Scratch::new(D::BLOCK);
            copy(key, block.as_mut_slice());
            block.as_mut_slice().iter_mut().for_each(|byte| *byte ^= pad);
            let mut state = D::START;
            D::compress(&mut state, block.as_mut_slice());
            state
        };
        Self { inner: behind(0x36), outer: behind(0x5c) }
    }
}

impl<D: Blocks> Drop for Key<D> {
    fn drop(&mut self) {
        self.inner.zeroize();
        self.outer.zeroize();
    }
}

/// Pieces in whole blocks, behind the block of a key, with what ends them: a bit, zeros, and how many bits they and the key's block
/// have. FIPS 180-4 section 5.1.
fn text<'a, D: Blocks>(pieces: impl Iterator<Item = &'a [u8]> + Clone) -> Scratch {
    let len = pieces.clone().fold(0, |len: usize, piece| len.saturating_add(piece.len()));
    let ended = len.saturating_add(1).saturating_add(D::LENGTH);
    let mut text = Scratch::new(ended.checked_next_multiple_of(D::BLOCK).unwrap_or_default());
    let mut rest = text.as_mut_slice();
    for piece in pieces {
        let (place, behind) = rest.split_at_mut_checked(piece.len()).unwrap_or_default();
        copy(piece, place);
        rest = behind;
    }
    if let Some(bit) = rest.first_mut() {
        *bit = 0x80;
    }
    if let Some(bits) = rest.last_chunk_mut() {
        *bits = (len as u64).saturating_add(D::BLOCK as u64).saturating_mul(8).to_be_bytes();
    }
    text
}

/// The text that one hash is.
fn text_of_hash<D: Blocks>() -> Scratch {
    const ZEROS: [u8; Output::MAX_LEN] = [0; Output::MAX_LEN];
    text::<D>([ZEROS.get(..D::TAG).unwrap_or_default()].into_iter())
}

impl<D: Blocks> Key<D> {
    /// The words of the tag of a text. `hash` has the form of a hash's text, and is written over.
    fn tag(&self, text: &[u8], hash: &mut [u8]) -> Zeroizing<D::State> {
        let mut inner = Zeroizing::new(self.inner.clone());
        D::compress(&mut inner, text);
        D::write(&inner, hash);
        let mut outer = Zeroizing::new(self.outer.clone());
        D::compress(&mut outer, hash);
        outer
    }
}

impl<D: Blocks> crypto::hmac::Hmac for KeyedHash<D> {
    fn with_key(&self, key: &[u8]) -> Box<dyn crypto::hmac::Key> {
        Box::new(Key::<D>::new(key))
    }

    fn hash_output_len(&self) -> usize {
        D::TAG
    }
}

impl<D: Blocks> crypto::hmac::Key for Key<D> {
    fn sign_concat(&self, first: &[u8], middle: &[&[u8]], last: &[u8]) -> crypto::hmac::Tag {
        let pieces = [first].into_iter().chain(middle.iter().copied()).chain([last]);
        let tag = self.tag(text::<D>(pieces).as_mut_slice(), text_of_hash::<D>().as_mut_slice());
        crypto::hmac::Tag::filled(D::TAG, |out| D::write(&tag, out))
    }

    fn tag_len(&self) -> usize {
        D::TAG
    }

    /// All texts lie in their blocks from the beginning: what changes of them is the hash that each begins with.
    fn prf(&self, output: &mut [u8], label: &[u8], seed: &[u8]) {
        let (mut hash, mut a, mut tag) = (text_of_hash::<D>(), text_of_hash::<D>(), text_of_hash::<D>());
        let (hash, a, tag) = (hash.as_mut_slice(), a.as_mut_slice(), tag.as_mut_slice());
        let mut behind_a = text::<D>([a.get(..D::TAG).unwrap_or_default(), label, seed].into_iter());
        let behind_a = behind_a.as_mut_slice();
        D::write(&self.tag(text::<D>([label, seed].into_iter()).as_mut_slice(), hash), a);
        let mut parts = output.chunks_mut(D::TAG);
        while let Some(part) = parts.next() {
            copy(a.get(..D::TAG).unwrap_or_default(), behind_a);
            D::write(&self.tag(behind_a, hash), tag);
            copy(tag, part);
            if parts.len() > 0 {
                let next = self.tag(a, hash);
                D::write(&next, a);
            }
        }
    }
}

/// HKDF by HMAC directly (RFC 5869): each key is set up once, in the one allocation that an expander is.
impl<D: Blocks> crypto::tls13::Hkdf for KeyedHash<D> {
    fn extract_from_zero_ikm(&self, salt: Option<&[u8]>) -> Box<dyn HkdfExpander> {
        self.extract(salt.unwrap_or(self.zeros()), self.zeros())
    }

    fn extract_from_secret(&self, salt: Option<&[u8]>, secret: &[u8]) -> Box<dyn HkdfExpander> {
        self.extract(salt.unwrap_or(self.zeros()), secret)
    }

    fn expander_for_okm(&self, okm: &OkmBlock) -> Box<dyn HkdfExpander> {
        Box::new(Expander(Key::<D>::new(okm.as_ref())))
    }

    fn hmac_sign(&self, key: &OkmBlock, message: &[u8]) -> crypto::hmac::Tag {
        Key::<D>::new(key.as_ref()).sign(&[message])
    }
}

#[cfg(test)]
mod tests {
    use alloc::vec;
    use alloc::vec::Vec;

    use super::*;
    use crate::crypto::tls12;

    /// As RFC 2104 section 2 writes it.
    fn hmac<D: Blocks>(key: &[u8], text: &[u8]) -> Vec<u8> {
        let mut block = if key.len() > D::BLOCK { D::digest(key).to_vec() } else { key.to_vec() };
        block.resize(D::BLOCK, 0);
        let padded = |pad: u8| -> Vec<u8> { block.iter().map(|byte| byte ^ pad).collect() };
        let inner = D::digest([&padded(0x36), text].concat());
        D::digest([&padded(0x5c), &inner[..]].concat()).to_vec()
    }

    fn tags_are_those_of_the_definition<D: Blocks>() {
        let bytes: Vec<u8> = (0..=255).cycle().take(700).collect();
        for key in [0, 1, 32, 48, 63, 64, 65, 127, 128, 129, 300] {
            let key = &bytes[3..][..key];
            for len in (0..300).chain([600]) {
                let text = &bytes[..len];
                let expected = hmac::<D>(key, text);
                let keyed = Key::<D>::new(key);
                assert_eq!(keyed.sign(&[text]).as_ref(), expected, "{} bytes, {len}", key.len());
                let (first, rest) = text.split_at(len / 3);
                let (middle, last) = rest.split_at(len / 3);
                let tag = keyed.sign_concat(first, &[&[], middle], last);
                assert_eq!(tag.as_ref(), expected, "{} bytes, {len} in pieces", key.len());
            }
        }
    }

    fn prf_is_that_of_any_hmac<D: Blocks>() {
        let key = Key::<D>::new(&[7; 48]);
        for (label, seed) in [(0, 0), (13, 64), (15, 32), (15, 48), (22, 48), (30, 200)] {
            let (label, seed) = (vec![1; label], vec![2; seed]);
            for len in 0..150 {
                let (mut plain, mut ours) = (vec![0; len], vec![0; len]);
                tls12::fill(&mut plain, &key, &label, &seed);
                key.prf(&mut ours, &label, &seed);
                assert_eq!(ours, plain, "{} and {} bytes, {len}", label.len(), seed.len());
            }
        }
    }

    #[test]
    fn hmac_and_prf_of_each_hash() {
        tags_are_those_of_the_definition::<Sha256>();
        tags_are_those_of_the_definition::<Sha384>();
        prf_is_that_of_any_hmac::<Sha256>();
        prf_is_that_of_any_hmac::<Sha384>();
    }
}
