//! Hash functions and HMAC.

use std::marker::PhantomData;

use chitin::crypto::{hash, hmac};
use graviola::hashing::{self, HashContext, hmac::Hmac};

pub(crate) static SHA256: Function<hashing::Sha256> = Function(PhantomData, hash::HashAlgorithm::SHA256, 32);
pub(crate) static SHA384: Function<hashing::Sha384> = Function(PhantomData, hash::HashAlgorithm::SHA384, 48);

/// A hash function, with its name and the length of its output. As an HMAC it is the one over that function.
pub(crate) struct Function<H>(PhantomData<fn() -> H>, hash::HashAlgorithm, usize);

impl<H: hashing::Hash + 'static> hash::Hash for Function<H>
where
    H::Context: Send + Sync,
{
    fn start(&self) -> Box<dyn hash::Context> {
        Box::new(Context::<H>(H::new()))
    }

    fn hash(&self, data: &[u8]) -> hash::Output {
        hash::Output::new(H::hash(data).as_ref())
    }

    fn output_len(&self) -> usize {
        self.2
    }

    fn algorithm(&self) -> hash::HashAlgorithm {
        self.1
    }
}

struct Context<H: hashing::Hash>(H::Context);

impl<H: hashing::Hash + 'static> hash::Context for Context<H>
where
    H::Context: Send + Sync,
{
    fn fork_finish(&self) -> hash::Output {
        hash::Output::new(self.0.clone().finish().as_ref())
    }

    fn fork(&self) -> Box<dyn hash::Context> {
        Box::new(Self(self.0.clone()))
    }

    fn finish(self: Box<Self>) -> hash::Output {
        hash::Output::new(self.0.finish().as_ref())
    }

    fn update(&mut self, data: &[u8]) {
        self.0.update(data);
    }
}

impl<H: hashing::Hash + Clone + 'static> hmac::Hmac for Function<H>
where
    H::Context: Send + Sync,
{
    fn with_key(&self, key: &[u8]) -> Box<dyn hmac::Key> {
        Box::new(HmacKey(Hmac::<H>::new(key), self.2))
    }

    fn hash_output_len(&self) -> usize {
        self.2
    }
}

struct HmacKey<H: hashing::Hash>(Hmac<H>, usize);

impl<H: hashing::Hash + Clone + 'static> hmac::Key for HmacKey<H>
where
    H::Context: Send + Sync,
{
    fn sign_concat(&self, first: &[u8], middle: &[&[u8]], last: &[u8]) -> hmac::Tag {
        let mut hmac = self.0.clone();
        hmac.update(first);
        middle.iter().for_each(|piece| hmac.update(piece));
        hmac.update(last);
        hmac::Tag::new(hmac.finish().as_ref())
    }

    fn tag_len(&self) -> usize {
        self.1
    }
}
