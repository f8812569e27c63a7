//! The transcript hash. RFC 8446 section 4.4.1.

use alloc::boxed::Box;
use alloc::vec::Vec;

use crate::crypto::hash::{Context, Hash, Output};
use crate::names::HandshakeType;

/// A transcript that does not know its hash yet: a client's first hello, until the server has chosen a suite.
#[derive(Default)]
pub(crate) struct Unhashed {
    bytes: Vec<u8>,
}

impl Unhashed {
    /// One that begins with this message.
    pub(crate) fn of(message: Vec<u8>) -> Self {
        Self { bytes: message }
    }

    pub(crate) fn add(&mut self, message: &[u8]) {
        self.bytes.extend_from_slice(message);
    }

    pub(crate) fn as_bytes(&self) -> &[u8] {
        &self.bytes
    }

    pub(crate) fn into_bytes(self) -> Vec<u8> {
        self.bytes
    }

    /// The hash of what is there followed by `more`, for the binders of a first hello.
    pub(crate) fn hash_with(&self, hash: &'static dyn Hash, more: &[u8]) -> Output {
        let mut context = hash.start();
        context.update(&self.bytes);
        context.update(more);
        context.finish()
    }

    pub(crate) fn into_hashed(self, hash: &'static dyn Hash) -> Transcript {
        self.hashed(hash)
    }

    /// The same, and the bytes stay here.
    pub(crate) fn hashed(&self, hash: &'static dyn Hash) -> Transcript {
        let mut transcript = Transcript::new(hash);
        transcript.add(&self.bytes);
        transcript
    }
}

/// The running hash over all handshake messages, each once and whole.
pub(crate) struct Transcript {
    hash: &'static dyn Hash,
    context: Box<dyn Context>,
}

impl Transcript {
    pub(crate) fn new(hash: &'static dyn Hash) -> Self {
        Self { hash, context: hash.start() }
    }

    pub(crate) fn add(&mut self, message: &[u8]) {
        self.context.update(message);
    }

    /// Transcript-Hash over the messages so far.
    pub(crate) fn current(&self) -> Output {
        self.context.fork_finish()
    }

    /// The same, and nothing comes behind it.
    pub(crate) fn finish(self) -> Output {
        self.context.finish()
    }

    /// The hash of what is there followed by `more`, which is not added: for binders.
    pub(crate) fn current_with(&self, more: &[u8]) -> Output {
        let mut fork = self.context.fork();
        fork.update(more);
        fork.finish()
    }

    /// After a HelloRetryRequest the first hello counts as a message that holds its hash. RFC 8446 section 4.4.1.
    pub(crate) fn fold_first_hello(self) -> Self {
        let hash = self.hash;
        let first = self.finish();
        let mut folded = Self::new(hash);
        let len = u8::try_from(first.as_ref().len()).unwrap_or_default();
        folded.add(&[u8::from(HandshakeType::MessageHash), 0, 0, len]);
        folded.add(first.as_ref());
        folded
    }
}
