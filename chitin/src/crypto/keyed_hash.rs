//! HMAC over SHA-2, and what the built-in providers make of it: HKDF, and TLS 1.2's PRF.
//!
//! A handshake takes a dozen keys for HMAC and makes forty tags of a few dozen bytes each, so what counts is what stands around the
//! compressions of the hash. In the crates `hmac` and `sha2` that is a copy of a small state: they take half the time, and a third of
//! it for a key, that HMAC of the libraries behind the providers takes. Messages, of which there are kilobytes, the libraries hash.

use alloc::boxed::Box;
use core::marker::PhantomData;

use hmac::digest::OutputSizeUser;
use hmac::{Hmac, KeyInit, Mac};
use sha2::{Sha256, Sha384};
use zeroize::Zeroize;

use crate::crypto;
#[cfg(feature = "tls12")]
use crate::crypto::tls12::PrfUsingHmac;
use crate::crypto::tls13::{Expander, HkdfExpander, OkmBlock};

/// HMAC, and HKDF, with SHA-256.
pub(super) static HMAC_SHA256: KeyedHash<Hmac<Sha256>> = KeyedHash(PhantomData);
/// The same with SHA-384.
pub(super) static HMAC_SHA384: KeyedHash<Hmac<Sha384>> = KeyedHash(PhantomData);
#[cfg(feature = "tls12")]
pub(super) static PRF_SHA256: PrfUsingHmac<'static> = PrfUsingHmac(&HMAC_SHA256);
#[cfg(feature = "tls12")]
pub(super) static PRF_SHA384: PrfUsingHmac<'static> = PrfUsingHmac(&HMAC_SHA384);

/// HMAC with one hash function, which `M` says.
pub(super) struct KeyedHash<M>(PhantomData<fn() -> M>);

/// HMAC with a key: the states of the hash behind the two blocks that are made of it.
struct Key<M>(M);

impl<M: Mac + KeyInit + Clone + Send + Sync + 'static> KeyedHash<M> {
    #[allow(clippy::expect_used, reason = "a key of HMAC has any length: RFC 2104 section 2")]
    fn key(&self, key: &[u8]) -> Key<M> {
        Key(M::new_from_slice(key).expect("a key of any length"))
    }

    fn extract(&self, salt: &[u8], secret: &[u8]) -> Box<dyn HkdfExpander> {
        let prk = self.key(salt).tag(&[], &[secret], &[]);
        Box::new(Expander(self.key(prk.as_ref())))
    }

    /// One hash length of them: what stands for a salt that is none, RFC 5869 section 2.2, and for a secret, RFC 8446 section 7.1.
    fn zeros(&self) -> &'static [u8] {
        const ZEROS: [u8; crypto::hmac::Tag::MAX_LEN] = [0; crypto::hmac::Tag::MAX_LEN];
        ZEROS.get(..<M as OutputSizeUser>::output_size()).unwrap_or_default()
    }
}

impl<M: Mac + Clone> Key<M> {
    fn tag(&self, first: &[u8], middle: &[&[u8]], last: &[u8]) -> crypto::hmac::Tag {
        let mut mac = self.0.clone();
        mac.update(first);
        middle.iter().for_each(|piece| mac.update(piece));
        mac.update(last);
        let mut bytes = mac.finalize().into_bytes();
        let tag = crypto::hmac::Tag::new(&bytes);
        bytes.as_mut_slice().zeroize();
        tag
    }
}

impl<M: Mac + KeyInit + Clone + Send + Sync + 'static> crypto::hmac::Hmac for KeyedHash<M> {
    fn with_key(&self, key: &[u8]) -> Box<dyn crypto::hmac::Key> {
        Box::new(self.key(key))
    }

    fn hash_output_len(&self) -> usize {
        <M as OutputSizeUser>::output_size()
    }
}

impl<M: Mac + Clone + Send + Sync> crypto::hmac::Key for Key<M> {
    fn sign_concat(&self, first: &[u8], middle: &[&[u8]], last: &[u8]) -> crypto::hmac::Tag {
        self.tag(first, middle, last)
    }

    fn tag_len(&self) -> usize {
        <M as OutputSizeUser>::output_size()
    }
}

/// HKDF by HMAC directly (RFC 5869): each key is set up once, in the one allocation that an expander is.
impl<M: Mac + KeyInit + Clone + Send + Sync + 'static> crypto::tls13::Hkdf for KeyedHash<M> {
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
        self.key(key.as_ref()).tag(&[], &[message], &[])
    }
}
