//! The key schedule of TLS 1.3, as stages that consume each other. RFC 8446 section 7.1.
//!
//! ```text
//!             0 or PSK -> Early ----> binder keys, client_early_traffic_secret
//! (EC)DHE shared secret -> Handshake -> client and server handshake traffic secrets, Finished keys
//!                    0 -> Master ---> client and server application traffic secrets, exporter secret
//!                                 \-> resumption secret, once the client's Finished is in the transcript
//! ```

use alloc::boxed::Box;

use zeroize::Zeroizing;

use crate::crypto::ActiveKeyExchange;
use crate::crypto::cipher::{AeadKey, Iv, NONCE_LEN};
use crate::crypto::hash::Output;
use crate::crypto::hmac::Tag;
use crate::crypto::suites::Tls13CipherSuite;
use crate::crypto::tls13::{HkdfExpander, OkmBlock, OutputLengthError};
use crate::error::Error;
use crate::schedule::exporter::Exporter;
use crate::secret::Secret;

/// Which key a binder is made with: the label differs. RFC 8446 section 7.1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum PskKind {
    Resumption,
    External,
    /// RFC 9258 section 5.2.
    Imported,
}

/// Before any key exchange: the early secret.
pub(crate) struct Early {
    suite: &'static Tls13CipherSuite,
    secret: Box<dyn HkdfExpander>,
}

impl Early {
    pub(crate) fn without_psk(suite: &'static Tls13CipherSuite) -> Self {
        Self { suite, secret: suite.hkdf_provider.extract_from_zero_ikm(None) }
    }

    pub(crate) fn with_psk(suite: &'static Tls13CipherSuite, psk: &[u8]) -> Self {
        Self { suite, secret: suite.hkdf_provider.extract_from_secret(None, psk) }
    }

    /// The same for another suite of the same hash.
    pub(crate) fn under(self, suite: &'static Tls13CipherSuite) -> Self {
        Self { suite, ..self }
    }

    /// The binder of this PSK over a hello that is cut before its binders. RFC 8446 section 4.2.11.2.
    pub(crate) fn binder(&self, kind: PskKind, hello_hash: &Output) -> Tag {
        let label = match kind {
            PskKind::Resumption => b"res binder",
            PskKind::External => b"ext binder",
            PskKind::Imported => b"imp binder",
        };
        let key = derive(self.secret.as_ref(), label, self.suite.common.hash_provider.hash(b"").as_ref());
        TrafficSecret { suite: self.suite, secret: key }.finished(hello_hash)
    }

    /// Tells this PSK from others, and nothing else of it. No label of the protocol's.
    pub(crate) fn mark(&self) -> [u8; 16] {
        let block =
            derive(self.secret.as_ref(), b"chitin mark", self.suite.common.hash_provider.hash(b"").as_ref());
        block.as_ref().first_chunk().copied().unwrap_or_default()
    }

    /// The key of early data. `hello_hash` is over the whole hello. RFC 8446 section 7.1.
    fn client_traffic(&self, hello_hash: &Output) -> TrafficSecret {
        let secret = derive(self.secret.as_ref(), b"c e traffic", hello_hash.as_ref());
        TrafficSecret { suite: self.suite, secret }
    }

    /// All that comes from it once the whole hello is known.
    pub(crate) fn secrets(&self, hello_hash: &Output) -> EarlySecrets {
        let exporter = derive(self.secret.as_ref(), b"e exp master", hello_hash.as_ref());
        let exporter = Exporter::new(self.suite, exporter);
        EarlySecrets { traffic: self.client_traffic(hello_hash), exporter }
    }

    /// The client's side: the shared secret comes from its own key exchange and the server's share.
    pub(crate) fn agree(
        self,
        exchange: Box<dyn ActiveKeyExchange>,
        peer_share: &[u8],
        hello_hash: &Output,
    ) -> Result<Handshake, Error> {
        let salt = self.salt();
        let hkdf = self.suite.hkdf_provider;
        let secret = hkdf.extract_from_kx_shared_secret(Some(salt.as_ref()), exchange, peer_share)?;
        Ok(Handshake::new(self.suite, secret, hello_hash))
    }

    /// The server's side, and a client's when the shared secret is at hand already.
    pub(crate) fn with_shared_secret(self, shared: &[u8], hello_hash: &Output) -> Handshake {
        let salt = self.salt();
        let secret = self.suite.hkdf_provider.extract_from_secret(Some(salt.as_ref()), shared);
        Handshake::new(self.suite, secret, hello_hash)
    }

    fn salt(&self) -> OkmBlock {
        derive(self.secret.as_ref(), b"derived", self.suite.common.hash_provider.hash(b"").as_ref())
    }
}

/// Both secrets of a level. They are born together, although the two directions switch at different moments.
pub(crate) struct Pair {
    pub(crate) client: TrafficSecret,
    pub(crate) server: TrafficSecret,
}

/// From ServerHello to the Finished messages.
pub(crate) struct Handshake {
    suite: &'static Tls13CipherSuite,
    secret: Box<dyn HkdfExpander>,
    pub(crate) traffic: Pair,
}

impl Handshake {
    fn new(suite: &'static Tls13CipherSuite, secret: Box<dyn HkdfExpander>, hello_hash: &Output) -> Self {
        let traffic = pair(suite, secret.as_ref(), b"c hs traffic", b"s hs traffic", hello_hash);
        Self { suite, secret, traffic }
    }

    /// The server's Finished is in the transcript, whose hash is `finished_hash`. The handshake's own traffic secrets
    /// are handed back: the client's is still in use until its Finished.
    pub(crate) fn into_master(self, finished_hash: &Output) -> (Master, Pair) {
        let empty = self.suite.common.hash_provider.hash(b"");
        let salt = derive(self.secret.as_ref(), b"derived", empty.as_ref());
        let secret = self.suite.hkdf_provider.extract_from_zero_ikm(Some(salt.as_ref()));
        let traffic = pair(self.suite, secret.as_ref(), b"c ap traffic", b"s ap traffic", finished_hash);
        let exporter = derive(secret.as_ref(), b"exp master", finished_hash.as_ref());
        let exporter = Exporter::new(self.suite, exporter);
        (Master { suite: self.suite, secret, traffic, exporter }, self.traffic)
    }
}

/// After the server's Finished, before the client's.
pub(crate) struct Master {
    suite: &'static Tls13CipherSuite,
    secret: Box<dyn HkdfExpander>,
    pub(crate) traffic: Pair,
    pub(crate) exporter: Exporter,
}

impl Master {
    /// The client's Finished is in the transcript.
    pub(crate) fn into_traffic(self, finished_hash: &Output) -> (Pair, Exporter, Resumption) {
        let secret = derive(self.secret.as_ref(), b"res master", finished_hash.as_ref());
        (self.traffic, self.exporter, Resumption { suite: self.suite, secret })
    }
}

/// The secrets of early data. RFC 8446 section 7.1.
pub(crate) struct EarlySecrets {
    pub(crate) traffic: TrafficSecret,
    pub(crate) exporter: Exporter,
}

/// The resumption secret: one PSK for each ticket comes from it.
pub(crate) struct Resumption {
    suite: &'static Tls13CipherSuite,
    secret: OkmBlock,
}

impl Resumption {
    /// RFC 8446 section 4.6.1.
    pub(crate) fn psk(&self, nonce: &[u8]) -> Secret {
        let secret = self.suite.hkdf_provider.expander_for_okm(&self.secret);
        Secret::new(derive(secret.as_ref(), b"resumption", nonce).as_ref())
    }

    pub(crate) fn suite(&self) -> &'static Tls13CipherSuite {
        self.suite
    }
}

/// The key that is used in a handshake in place of an external one, `psk`: as long as the hash of the handshake, `len`. `own` is a
/// suite with the hash that belongs to the external one, `identity` the imported identity. RFC 9258 section 5.1.
pub(crate) fn import_psk(own: &Tls13CipherSuite, psk: &[u8], identity: &[u8], len: usize) -> Secret {
    let secret = own.hkdf_provider.extract_from_secret(None, psk);
    let context = own.common.hash_provider.hash(identity);
    let mut key = Zeroizing::new([0; Secret::MAX_LEN]);
    let used = key.get_mut(..len).unwrap_or_default();
    // A hash of 64 bytes is far shorter than what HKDF can give.
    let _ = expand_label(secret.as_ref(), b"derived psk", context.as_ref(), used);
    Secret::new(used)
}

/// One direction's traffic secret.
pub(crate) struct TrafficSecret {
    suite: &'static Tls13CipherSuite,
    secret: OkmBlock,
}

impl TrafficSecret {
    pub(crate) fn suite(&self) -> &'static Tls13CipherSuite {
        self.suite
    }

    pub(crate) fn as_bytes(&self) -> &[u8] {
        self.secret.as_ref()
    }

    /// The next generation, for a key update. RFC 8446 section 7.2.
    pub(crate) fn next(&self) -> Self {
        let expander = self.suite.hkdf_provider.expander_for_okm(&self.secret);
        Self { suite: self.suite, secret: derive(expander.as_ref(), b"traffic upd", &[]) }
    }

    /// RFC 8446 section 7.3.
    pub(crate) fn key_and_iv(&self) -> (AeadKey, Iv) {
        let expander = self.suite.hkdf_provider.expander_for_okm(&self.secret);
        let len = self.suite.aead_alg.key_len();
        let mut key = Zeroizing::new([0; AeadKey::MAX_LEN]);
        let mut iv = [0; NONCE_LEN];
        // Both are far shorter than the 255 hash outputs that HKDF can give.
        let used = key.get_mut(..len).unwrap_or_default();
        let _ = expand_label(expander.as_ref(), b"key", &[], used);
        let key = AeadKey::new(used);
        let _ = expand_label(expander.as_ref(), b"iv", &[], &mut iv);
        (key, Iv::new(iv))
    }

    /// The verify data of a Finished message, or of a binder. RFC 8446 section 4.4.4.
    pub(crate) fn finished(&self, transcript_hash: &Output) -> Tag {
        let expander = self.suite.hkdf_provider.expander_for_okm(&self.secret);
        let key = derive(expander.as_ref(), b"finished", &[]);
        self.suite.hkdf_provider.hmac_sign(&key, transcript_hash.as_ref())
    }
}

fn pair(
    suite: &'static Tls13CipherSuite,
    secret: &dyn HkdfExpander,
    client: &[u8],
    server: &[u8],
    hash: &Output,
) -> Pair {
    Pair {
        client: TrafficSecret { suite, secret: derive(secret, client, hash.as_ref()) },
        server: TrafficSecret { suite, secret: derive(secret, server, hash.as_ref()) },
    }
}

/// What an HkdfLabel has room for after "tls13 ".
pub(crate) const MAX_LABEL: usize = 249;

/// HKDF-Expand-Label with the length of the hash: Derive-Secret, once the messages are hashed. RFC 8446 section 7.1.
pub(crate) fn derive(secret: &dyn HkdfExpander, label: &[u8], context: &[u8]) -> OkmBlock {
    with_label(secret.hash_len(), label, context, |info| secret.expand_block(info))
}

/// HKDF-Expand-Label. RFC 8446 section 7.1.
pub(crate) fn expand_label(
    secret: &dyn HkdfExpander,
    label: &[u8],
    context: &[u8],
    out: &mut [u8],
) -> Result<(), OutputLengthError> {
    with_label(out.len(), label, context, |info| secret.expand_slice(info, out))
}

/// The structure HkdfLabel in pieces, so that it need not be copied together.
fn with_label<T>(len: usize, label: &[u8], context: &[u8], use_it: impl FnOnce(&[&[u8]]) -> T) -> T {
    const PREFIX: &[u8] = b"tls13 ";
    // Labels and contexts of ours are short, and the exporter has looked at the application's label.
    debug_assert!(label.len() <= MAX_LABEL && context.len() <= 0xff);
    let label_len = PREFIX.len().saturating_add(label.len()).min(0xff) as u8;
    let context_len = context.len().min(0xff) as u8;
    let len = (len.min(0xffff) as u16).to_be_bytes();
    use_it(&[&len, &[label_len], PREFIX, label, &[context_len], context])
}

#[cfg(test)]
#[cfg(all(feature = "aws_lc_rs", feature = "std"))]
mod tests;
