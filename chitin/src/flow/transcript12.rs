//! The messages of a TLS 1.2 handshake: their hash, and for as long as a CertificateVerify may come, themselves. RFC 5246
//! section 7.4.8: there the signature is over the messages, hashed as its scheme says.

use alloc::vec::Vec;

use crate::crypto::hash::{Hash, Output};
use crate::flow::cx::Cx;
use crate::names::HandshakeType;
use crate::schedule::transcript::{Transcript, Unhashed};

/// Every message once, in its order.
pub(crate) struct Messages {
    transcript: Transcript,
    kept: Option<Vec<u8>>,
}

impl Messages {
    /// For a client, whose hello is out already.
    pub(crate) fn new(first: Unhashed, hash: &'static dyn Hash) -> Self {
        Self { transcript: first.hashed(hash), kept: Some(first.into_bytes()) }
    }

    /// The same where no CertificateVerify will come.
    pub(crate) fn unkept(first: &Unhashed, hash: &'static dyn Hash) -> Self {
        Self { transcript: first.hashed(hash), kept: None }
    }

    /// For a server, which has the client's hello, and is not going to ask for a certificate.
    pub(crate) fn started(hash: &'static dyn Hash, hello: &[u8]) -> Self {
        let mut transcript = Transcript::new(hash);
        transcript.add(hello);
        Self { transcript, kept: None }
    }

    /// The same where a CertificateVerify may come.
    pub(crate) fn started_and_kept(hash: &'static dyn Hash, hello: &[u8]) -> Self {
        Self { kept: Some(hello.to_vec()), ..Self::started(hash, hello) }
    }

    pub(crate) fn add(&mut self, message: &[u8]) {
        self.transcript.add(message);
        if let Some(kept) = &mut self.kept {
            // A handshake has ten messages, of which a chain is long: no need to have room for twice as much.
            if kept.capacity().saturating_sub(kept.len()) < message.len() {
                kept.reserve_exact(message.len().saturating_add(SHORT));
            }
            kept.extend_from_slice(message);
        }
    }

    /// Says a message, and adds it.
    pub(crate) fn emit(&mut self, cx: &mut Cx<'_>, typ: HandshakeType, body: impl FnOnce(&mut Vec<u8>)) {
        let at = cx.flight.len();
        cx.emit(&mut self.transcript, typ, body);
        if let Some(kept) = &mut self.kept {
            kept.extend_from_slice(cx.flight.get(at..).unwrap_or_default());
        }
    }

    pub(crate) fn current(&self) -> Output {
        self.transcript.current()
    }

    /// No CertificateVerify will come.
    pub(crate) fn forget(&mut self) {
        self.kept = None;
    }

    /// All messages so far, which are not kept any longer.
    pub(crate) fn take_kept(&mut self) -> Vec<u8> {
        self.kept.take().unwrap_or_default()
    }
}

/// The messages behind a server's chain: its key exchange, its wish and its end.
const SHORT: usize = 256;
