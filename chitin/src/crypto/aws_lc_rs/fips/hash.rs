//! Hash functions of the module.

use alloc::boxed::Box;

use aws_lc_rs::digest;

use crate::crypto;
use crate::crypto::hash::Output;
use crate::names::HashAlgorithm;

pub(in super::super) static SHA256: Hash = Hash(&digest::SHA256, HashAlgorithm::SHA256);
pub(in super::super) static SHA384: Hash = Hash(&digest::SHA384, HashAlgorithm::SHA384);

pub(in super::super) struct Hash(&'static digest::Algorithm, HashAlgorithm);

struct Context(digest::Context);

impl crypto::hash::Hash for Hash {
    fn start(&self) -> Box<dyn crypto::hash::Context> {
        Box::new(Context(digest::Context::new(self.0)))
    }

    fn hash(&self, data: &[u8]) -> Output {
        Output::new(digest::digest(self.0, data).as_ref())
    }

    fn output_len(&self) -> usize {
        self.0.output_len()
    }

    fn algorithm(&self) -> HashAlgorithm {
        self.1
    }

    fn fips(&self) -> bool {
        true
    }
}

impl crypto::hash::Context for Context {
    fn fork_finish(&self) -> Output {
        Output::new(self.0.clone().finish().as_ref())
    }

    fn fork(&self) -> Box<dyn crypto::hash::Context> {
        Box::new(Self(self.0.clone()))
    }

    fn finish(self: Box<Self>) -> Output {
        Output::new(self.0.finish().as_ref())
    }

    fn update(&mut self, data: &[u8]) {
        self.0.update(data);
    }
}
