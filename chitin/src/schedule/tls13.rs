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
use crate::names::HashAlgorithm;
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

/// Before any key exchange, with a PSK: the early secret.
pub(crate) struct EarlyPsk {
    suite: &'static Tls13CipherSuite,
    secret: Box<dyn HkdfExpander>,
}

impl EarlyPsk {
    pub(crate) fn new(suite: &'static Tls13CipherSuite, psk: &[u8]) -> Self {
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
        let key = derive(self.secret.as_ref(), label, of_nothing(self.suite).as_ref());
        TrafficSecret::new(self.suite, key).binder(hello_hash)
    }

    /// Tells this PSK from others, and nothing else of it. No label of the protocol's.
    pub(crate) fn mark(&self) -> [u8; 16] {
        let block = derive(self.secret.as_ref(), b"chitin mark", of_nothing(self.suite).as_ref());
        block.as_ref().first_chunk().copied().unwrap_or_default()
    }

    /// The key of early data. `hello_hash` is over the whole hello. RFC 8446 section 7.1.
    fn client_traffic(&self, hello_hash: &Output) -> TrafficSecret {
        let secret = derive(self.secret.as_ref(), b"c e traffic", hello_hash.as_ref());
        TrafficSecret::new(self.suite, secret)
    }

    /// All that comes from it once the whole hello is known.
    pub(crate) fn secrets(&self, hello_hash: &Output) -> EarlySecrets {
        let exporter = derive(self.secret.as_ref(), b"e exp master", hello_hash.as_ref());
        let exporter = Exporter::new(self.suite, exporter);
        EarlySecrets { traffic: self.client_traffic(hello_hash), exporter }
    }

    /// The early stage is over.
    pub(crate) fn into_early(self) -> Early {
        Early { suite: self.suite, salt: next_salt(self.suite, self.secret.as_ref()) }
    }
}

/// What the early stage leaves for the next one.
pub(crate) struct Early {
    suite: &'static Tls13CipherSuite,
    salt: OkmBlock,
}

impl Early {
    pub(crate) fn without_psk(suite: &'static Tls13CipherSuite) -> Self {
        let salt = match suite.common.hash_provider.algorithm() {
            HashAlgorithm::SHA256 => OkmBlock::new(&SALT_WITHOUT_PSK_SHA256),
            HashAlgorithm::SHA384 => OkmBlock::new(&SALT_WITHOUT_PSK_SHA384),
            _ => salt_without_psk(suite),
        };
        Self { suite, salt }
    }

    /// The client's side: the shared secret comes from its own key exchange and the server's share.
    pub(crate) fn agree(
        self,
        exchange: Box<dyn ActiveKeyExchange>,
        peer_share: &[u8],
        hello_hash: &Output,
    ) -> Result<Agreed, Error> {
        let hkdf = self.suite.hkdf_provider;
        let secret = hkdf.extract_from_kx_shared_secret(Some(self.salt.as_ref()), exchange, peer_share)?;
        Ok(Agreed::new(self.suite, secret.as_ref(), hello_hash))
    }

    /// The server's side, and a client's when the shared secret is at hand already.
    pub(crate) fn with_shared_secret(self, shared: &[u8], hello_hash: &Output) -> Agreed {
        let secret = self.suite.hkdf_provider.extract_from_secret(Some(self.salt.as_ref()), shared);
        Agreed::new(self.suite, secret.as_ref(), hello_hash)
    }
}

/// Derive-Secret with the label "derived": what the next secret is extracted with. RFC 8446 section 7.1.
fn next_salt(suite: &'static Tls13CipherSuite, secret: &dyn HkdfExpander) -> OkmBlock {
    derive(secret, b"derived", of_nothing(suite).as_ref())
}

/// Without a PSK the early secret is made of zeros, so nothing about it is secret and all handshakes of a hash have the same.
fn salt_without_psk(suite: &'static Tls13CipherSuite) -> OkmBlock {
    next_salt(suite, suite.hkdf_provider.extract_from_zero_ikm(None).as_ref())
}

/// The hash of nothing, which belongs to the labels that have no messages.
fn of_nothing(suite: &'static Tls13CipherSuite) -> Output {
    match suite.common.hash_provider.algorithm() {
        HashAlgorithm::SHA256 => Output::new(&SHA256_OF_NOTHING),
        HashAlgorithm::SHA384 => Output::new(&SHA384_OF_NOTHING),
        _ => suite.common.hash_provider.hash(b""),
    }
}

/// Both secrets of a level. They are born together, although the two directions switch at different moments.
pub(crate) struct Pair<S> {
    pub(crate) client: S,
    pub(crate) server: S,
}

/// The key exchange is done, and the keys of the handshake are about to be used.
pub(crate) struct Agreed {
    suite: &'static Tls13CipherSuite,
    /// What the next stage needs is known already, and what it comes from is no longer needed.
    salt: OkmBlock,
    pub(crate) traffic: Pair<TrafficSecret>,
}

impl Agreed {
    fn new(suite: &'static Tls13CipherSuite, secret: &dyn HkdfExpander, hello_hash: &Output) -> Self {
        let Pair { client, server } = pair(suite, secret, b"c hs traffic", b"s hs traffic", hello_hash);
        Self {
            suite,
            salt: next_salt(suite, secret),
            traffic: Pair { client: client.wake(), server: server.wake() },
        }
    }

    /// Keeps of the traffic secrets what the rest of the handshake asks for: their Finished keys.
    pub(crate) fn into_handshake(self) -> Handshake {
        let Pair { client, server } = self.traffic;
        let finished = Pair { client: client.into_finished(), server: server.into_finished() };
        Handshake { suite: self.suite, salt: self.salt, finished }
    }
}

/// From ServerHello to the Finished messages.
pub(crate) struct Handshake {
    suite: &'static Tls13CipherSuite,
    salt: OkmBlock,
    pub(crate) finished: Pair<FinishedSecret>,
}

impl Handshake {
    /// The server's Finished is in the transcript, whose hash is `finished_hash`.
    pub(crate) fn master(&self, finished_hash: &Output) -> Master {
        let secret = self.suite.hkdf_provider.extract_from_zero_ikm(Some(self.salt.as_ref()));
        let traffic = pair(self.suite, secret.as_ref(), b"c ap traffic", b"s ap traffic", finished_hash);
        let exporter = derive(secret.as_ref(), b"exp master", finished_hash.as_ref());
        let exporter = Exporter::new(self.suite, exporter);
        Master { suite: self.suite, secret, traffic, exporter }
    }
}

/// After the server's Finished, before the client's.
pub(crate) struct Master {
    suite: &'static Tls13CipherSuite,
    secret: Box<dyn HkdfExpander>,
    pub(crate) traffic: Pair<RestingSecret>,
    pub(crate) exporter: Exporter,
}

impl Master {
    /// The client's Finished is in the transcript.
    pub(crate) fn into_traffic(self, finished_hash: &Output) -> (Pair<RestingSecret>, Exporter, Resumption) {
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
        self.maker().psk(nonce)
    }

    pub(crate) fn suite(&self) -> &'static Tls13CipherSuite {
        self.suite
    }

    /// For whoever makes several tickets at once.
    pub(crate) fn maker(&self) -> PskMaker {
        PskMaker { suite: self.suite, keyed: self.suite.hkdf_provider.expander_for_okm(&self.secret) }
    }
}

/// The resumption secret, with what PSKs are expanded from set up.
pub(crate) struct PskMaker {
    suite: &'static Tls13CipherSuite,
    keyed: Box<dyn HkdfExpander>,
}

impl PskMaker {
    /// RFC 8446 section 4.6.1.
    pub(crate) fn psk(&self, nonce: &[u8]) -> Secret {
        Secret::new(derive(self.keyed.as_ref(), b"resumption", nonce).as_ref())
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

/// One direction's traffic secret, with what its keys are expanded from set up.
pub(crate) struct TrafficSecret {
    secret: RestingSecret,
    keyed: Box<dyn HkdfExpander>,
}

/// One direction's traffic secret while its keys are in use and nothing is asked of it: the bytes alone.
pub(crate) struct RestingSecret {
    suite: &'static Tls13CipherSuite,
    bytes: OkmBlock,
}

impl AsRef<RestingSecret> for TrafficSecret {
    fn as_ref(&self) -> &RestingSecret {
        &self.secret
    }
}

impl RestingSecret {
    pub(crate) fn suite(&self) -> &'static Tls13CipherSuite {
        self.suite
    }

    pub(crate) fn as_bytes(&self) -> &[u8] {
        self.bytes.as_ref()
    }

    pub(crate) fn wake(self) -> TrafficSecret {
        let keyed = self.suite.hkdf_provider.expander_for_okm(&self.bytes);
        TrafficSecret { secret: self, keyed }
    }

    /// For a look at its keys.
    pub(crate) fn woken(&self) -> TrafficSecret {
        Self { suite: self.suite, bytes: self.bytes.clone() }.wake()
    }

    /// The next generation, for a key update. RFC 8446 section 7.2.
    pub(crate) fn next(&self) -> TrafficSecret {
        self.woken().next()
    }
}

impl TrafficSecret {
    fn new(suite: &'static Tls13CipherSuite, bytes: OkmBlock) -> Self {
        RestingSecret { suite, bytes }.wake()
    }

    pub(crate) fn rest(self) -> RestingSecret {
        self.secret
    }

    pub(crate) fn suite(&self) -> &'static Tls13CipherSuite {
        self.secret.suite
    }

    pub(crate) fn as_bytes(&self) -> &[u8] {
        self.secret.bytes.as_ref()
    }

    /// For the keys of QUIC, which have labels of their own.
    pub(crate) fn expander(&self) -> &dyn HkdfExpander {
        self.keyed.as_ref()
    }

    fn next(&self) -> Self {
        Self::new(self.suite(), derive(self.keyed.as_ref(), b"traffic upd", &[]))
    }

    /// RFC 8446 section 7.3.
    pub(crate) fn key_and_iv(&self) -> (AeadKey, Iv) {
        // Both are far shorter than the 255 hash outputs that HKDF can give.
        let key = AeadKey::filled(self.suite().aead_alg.key_len(), |key| {
            let _ = expand_label(self.keyed.as_ref(), b"key", &[], key);
        });
        let mut iv = [0; NONCE_LEN];
        let _ = expand_label(self.keyed.as_ref(), b"iv", &[], &mut iv);
        (key, Iv::new(iv))
    }

    /// RFC 8446 section 4.4.4.
    fn into_finished(self) -> FinishedSecret {
        let key = derive(self.keyed.as_ref(), b"finished", &[]);
        FinishedSecret { secret: self.secret, key }
    }

    /// The verify data of a binder. RFC 8446 section 4.2.11.2.
    fn binder(self, transcript_hash: &Output) -> Tag {
        self.into_finished().finished(transcript_hash)
    }
}

/// One direction's traffic secret of the handshake, with the key of its Finished message.
pub(crate) struct FinishedSecret {
    secret: RestingSecret,
    key: OkmBlock,
}

impl FinishedSecret {
    /// For keys that are used later than others of the handshake: behind early data.
    pub(crate) fn woken(&self) -> TrafficSecret {
        self.secret.woken()
    }

    /// The verify data of a Finished message. RFC 8446 section 4.4.4.
    pub(crate) fn finished(&self, transcript_hash: &Output) -> Tag {
        self.secret.suite.hkdf_provider.hmac_sign(&self.key, transcript_hash.as_ref())
    }
}

fn pair(
    suite: &'static Tls13CipherSuite,
    secret: &dyn HkdfExpander,
    client: &[u8],
    server: &[u8],
    hash: &Output,
) -> Pair<RestingSecret> {
    Pair {
        client: RestingSecret { suite, bytes: derive(secret, client, hash.as_ref()) },
        server: RestingSecret { suite, bytes: derive(secret, server, hash.as_ref()) },
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

/// The structure HkdfLabel.
fn with_label<T>(len: usize, label: &[u8], context: &[u8], use_it: impl FnOnce(&[&[u8]]) -> T) -> T {
    const PREFIX: &[u8] = b"tls13 ";
    // Labels and contexts of ours are short, and the exporter has looked at the application's label.
    debug_assert!(label.len() <= MAX_LABEL && context.len() <= 0xff);
    let label_len = PREFIX.len().saturating_add(label.len()).min(0xff) as u8;
    let context_len = context.len().min(0xff) as u8;
    let [high, low] = (len.min(0xffff) as u16).to_be_bytes();
    let pieces = [&[high, low, label_len][..], PREFIX, label, &[context_len], context];
    // Hashing it at once is cheaper than hashing the pieces, each by a call of its own.
    let mut joined = [0; JOINED_LABEL];
    match join(&pieces, &mut joined) {
        Some(whole) => use_it(&[whole]),
        None => use_it(&pieces),
    }
}

/// `None`: they do not fit.
fn join<'a>(pieces: &[&[u8]], into: &'a mut [u8]) -> Option<&'a [u8]> {
    let mut at: usize = 0;
    for piece in pieces {
        let end = at.checked_add(piece.len())?;
        into.get_mut(at..end)?.copy_from_slice(piece);
        at = end;
    }
    into.get(..at)
}

/// Room for each label of the protocol's with the longest hash. An exporter's may be longer.
const JOINED_LABEL: usize = 96;

const SHA256_OF_NOTHING: [u8; 32] = *b"\
    \xe3\xb0\xc4\x42\x98\xfc\x1c\x14\x9a\xfb\xf4\xc8\x99\x6f\xb9\x24\
    \x27\xae\x41\xe4\x64\x9b\x93\x4c\xa4\x95\x99\x1b\x78\x52\xb8\x55";

const SHA384_OF_NOTHING: [u8; 48] = *b"\
    \x38\xb0\x60\xa7\x51\xac\x96\x38\x4c\xd9\x32\x7e\xb1\xb1\xe3\x6a\
    \x21\xfd\xb7\x11\x14\xbe\x07\x43\x4c\x0c\xc7\xbf\x63\xf6\xe1\xda\
    \x27\x4e\xde\xbf\xe7\x6f\x65\xfb\xd5\x1a\xd2\xf1\x48\x98\xb9\x5b";

/// RFC 8448 section 3 prints it.
const SALT_WITHOUT_PSK_SHA256: [u8; 32] = *b"\
    \x6f\x26\x15\xa1\x08\xc7\x02\xc5\x67\x8f\x54\xfc\x9d\xba\xb6\x97\
    \x16\xc0\x76\x18\x9c\x48\x25\x0c\xeb\xea\xc3\x57\x6c\x36\x11\xba";

const SALT_WITHOUT_PSK_SHA384: [u8; 48] = *b"\
    \x15\x91\xda\xc5\xcb\xbf\x03\x30\xa4\xa8\x4d\xe9\xc7\x53\x33\x0e\
    \x92\xd0\x1f\x0a\x88\x21\x4b\x44\x64\x97\x2f\xd6\x68\x04\x9e\x93\
    \xe5\x2f\x2b\x16\xfa\xd9\x22\xfd\xc0\x58\x44\x78\x42\x8f\x28\x2b";

#[cfg(test)]
#[cfg(all(feature = "aws_lc_rs", feature = "std"))]
mod tests;
