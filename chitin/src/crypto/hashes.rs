//! SHA-2, HMAC over it, and what is made of that: HKDF, and TLS 1.2's PRF. Both built-in providers have them from here.
//!
//! A handshake hashes few bytes often: it takes a dozen keys for HMAC, makes two dozen tags of a few dozen bytes each, and asks for the hash
//! of its messages so far half a dozen times. So what counts is what stands around the compressions of a hash. In the crates `hmac` and
//! `sha2` that is a copy of a small state, and no allocation: they take half the time for a tag, and for a key less than half, that the
//! libraries behind the providers take.

use alloc::boxed::Box;
use core::marker::PhantomData;

use hmac::block_api::HmacCore;
use hmac::digest::block_api::{Buffer, FixedOutputCore, UpdateCore};
use hmac::digest::{Output as Bytes, OutputSizeUser};
use hmac::{EagerHash, KeyInit};
use sha2::{Digest, Sha256, Sha384};
use zeroize::Zeroize;

use crate::crypto;
use crate::crypto::hash::Output;
use crate::crypto::hmac::Key as _;
#[cfg(feature = "tls12")]
use crate::crypto::tls12::PrfUsingHmac;
use crate::crypto::tls13::{Expander, HkdfExpander, OkmBlock};
use crate::names::HashAlgorithm;

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

/// HMAC with one hash function, `D`.
pub(super) struct KeyedHash<D>(PhantomData<fn() -> D>);

impl<D: EagerHash<Core: Send + Sync> + 'static> KeyedHash<D> {
    #[allow(clippy::expect_used, reason = "a key of HMAC has any length: RFC 2104 section 2")]
    fn key(&self, key: &[u8]) -> Key<D> {
        Key(HmacCore::new_from_slice(key).expect("a key of any length"))
    }

    fn extract(&self, salt: &[u8], secret: &[u8]) -> Box<dyn HkdfExpander> {
        let prk = self.key(salt).sign(&[secret]);
        Box::new(Expander(self.key(prk.as_ref())))
    }

    /// One hash length of them: what stands for a salt that is none, RFC 5869 section 2.2, and for a secret, RFC 8446 section 7.1.
    fn zeros(&self) -> &'static [u8] {
        const ZEROS: [u8; crypto::hmac::Tag::MAX_LEN] = [0; crypto::hmac::Tag::MAX_LEN];
        ZEROS.get(..<D as Digest>::output_size()).unwrap_or_default()
    }
}

/// HMAC with a key: the states of the hash behind the two blocks that are made of it. Each tag begins with a copy of them, and with a
/// buffer of its own: that of `hmac::Hmac` is empty at that point, but would be copied with them.
struct Key<D: EagerHash>(HmacCore<D>);

impl<D: EagerHash<Core: Send + Sync> + 'static> crypto::hmac::Hmac for KeyedHash<D> {
    fn with_key(&self, key: &[u8]) -> Box<dyn crypto::hmac::Key> {
        Box::new(self.key(key))
    }

    fn hash_output_len(&self) -> usize {
        <D as Digest>::output_size()
    }
}

impl<D: EagerHash<Core: Send + Sync>> crypto::hmac::Key for Key<D> {
    fn sign_concat(&self, first: &[u8], middle: &[&[u8]], last: &[u8]) -> crypto::hmac::Tag {
        let (mut hmac, mut buffer) = (self.0.clone(), Buffer::<HmacCore<D>>::default());
        let mut update = |piece: &[u8]| {
            if !piece.is_empty() {
                buffer.digest_blocks(piece, |blocks| hmac.update_blocks(blocks));
            }
        };
        update(first);
        middle.iter().for_each(|piece| update(piece));
        update(last);
        let mut bytes = Bytes::<HmacCore<D>>::default();
        hmac.finalize_fixed_core(&mut buffer, &mut bytes);
        let tag = crypto::hmac::Tag::new(&bytes);
        bytes.as_mut_slice().zeroize();
        tag
    }

    fn tag_len(&self) -> usize {
        <HmacCore<D> as OutputSizeUser>::output_size()
    }
}

/// HKDF by HMAC directly (RFC 5869): each key is set up once, in the one allocation that an expander is.
impl<D: EagerHash<Core: Send + Sync> + 'static> crypto::tls13::Hkdf for KeyedHash<D> {
    fn extract_from_zero_ikm(&self, salt: Option<&[u8]>) -> Box<dyn HkdfExpander> {
        self.extract(salt.unwrap_or(self.zeros()), self.zeros())
    }

    fn extract_from_secret(&self, salt: Option<&[u8]>, secret: &[u8]) -> Box<dyn HkdfExpander> {
        self.extract(salt.unwrap_or(self.zeros()), secret)
    }

    fn expander_for_okm(&self, okm: &OkmBlock) -> Box<dyn HkdfExpander> {
        Box::new(Expander(self.key(okm.as_ref())))
    }

    fn hmac_sign(&self, key: &OkmBlock, message: &[u8]) -> crypto::hmac::Tag {
        self.key(key.as_ref()).sign(&[message])
    }
}
