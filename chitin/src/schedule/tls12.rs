//! The key schedule of TLS 1.2. RFC 5246 sections 6.3, 7.4.9 and 8.1, RFC 7627.
//!
//! ```text
//! shared secret + randoms, or + session hash -> MasterSecret -> key block -> both directions' keys
//!                                                           \-> Finished, exporter
//! ```

use alloc::boxed::Box;
use core::fmt;

use zeroize::Zeroizing;

use crate::crypto::ActiveKeyExchange;
use crate::crypto::cipher::AeadKey;
use crate::crypto::hash::Output;
use crate::crypto::hmac::Key;
use crate::crypto::suites::Tls12CipherSuite;
use crate::crypto::tls12;
use crate::error::Error;
use crate::schedule::exporter::Exporter;
use crate::secret::{Scratch, Secret, copy};

/// The randoms of both hellos.
#[derive(Clone, Debug)]
pub(crate) struct Randoms {
    pub(crate) client: [u8; 32],
    pub(crate) server: [u8; 32],
}

impl Randoms {
    /// The order of the master secret, of signatures over key exchanges, and of exporters.
    pub(crate) fn client_first(&self) -> [u8; 64] {
        both(&self.client, &self.server)
    }

    /// The order of the key block. RFC 5246 section 6.3.
    fn server_first(&self) -> [u8; 64] {
        both(&self.server, &self.client)
    }
}

fn both(first: &[u8; 32], second: &[u8; 32]) -> [u8; 64] {
    let mut both = [0; 64];
    let (to_first, to_second) = both.split_at_mut(first.len());
    to_first.copy_from_slice(first);
    to_second.copy_from_slice(second);
    both
}

/// The secret of a session, from which all else is derived.
pub(crate) struct MasterSecret {
    suite: &'static Tls12CipherSuite,
    secret: Secret,
    extended: bool,
    /// The secret set up for HMAC, while keys and Finished are made from it; `None` also where the provider has no such thing.
    keyed: Option<Box<dyn Key>>,
}

impl MasterSecret {
    /// From a key exchange. With `ems_seed`, which is the hash of the messages up to and with the ClientKeyExchange, it is an
    /// extended master secret (RFC 7627 section 4), else one of RFC 5246 section 8.1.
    ///
    /// # Errors
    ///
    /// The peer's share is no share of that group.
    pub(crate) fn agree(
        suite: &'static Tls12CipherSuite,
        exchange: Box<dyn ActiveKeyExchange>,
        peer_public: &[u8],
        ems_seed: Option<&Output>,
        randoms: &Randoms,
    ) -> Result<Self, Error> {
        let randoms = randoms.client_first();
        let (label, seed) = match ems_seed {
            Some(hash) => (&b"extended master secret"[..], hash.as_ref()),
            None => (&b"master secret"[..], &randoms[..]),
        };
        let mut secret = Zeroizing::new([0; MASTER_SECRET]);
        suite.prf_provider.for_key_exchange(&mut secret, exchange, peer_public, label, seed)?;
        Ok(Self::new(suite, Secret::new(&secret[..]), ems_seed.is_some()))
    }

    /// From a session. `extended` says whether its secret is an extended one.
    pub(crate) fn resumed(suite: &'static Tls12CipherSuite, secret: Secret, extended: bool) -> Self {
        Self::new(suite, secret, extended)
    }

    fn new(suite: &'static Tls12CipherSuite, secret: Secret, extended: bool) -> Self {
        let keyed = suite.prf_provider.keyed(secret.as_bytes());
        Self { suite, secret, extended, keyed }
    }

    /// For a connection in which nothing more is asked of it: the bytes alone.
    pub(crate) fn rest(self) -> Self {
        Self { keyed: None, ..self }
    }

    /// What a session keeps.
    pub(crate) fn as_secret(&self) -> &Secret {
        &self.secret
    }

    pub(crate) fn suite(&self) -> &'static Tls12CipherSuite {
        self.suite
    }

    /// Is it an extended master secret? A resumption asks, and so does whoever stores the session. RFC 7627 section 5.3.
    pub(crate) fn extended(&self) -> bool {
        self.extended
    }

    /// The keys of both directions. RFC 5246 section 6.3; no AEAD suite has MAC keys.
    pub(crate) fn key_block(&self, randoms: &Randoms) -> KeyBlock {
        let shape = self.suite.aead_alg.key_block_shape();
        let (key, iv, extra) = (shape.enc_key_len, shape.fixed_iv_len, shape.explicit_nonce_len);
        let len = [key, key, iv, iv, extra].into_iter().fold(0, usize::saturating_add);
        let mut scratch = Scratch::new(len);
        let block = scratch.as_mut_slice();
        self.prf(b"key expansion", &randoms.server_first(), block);

        let mut rest = &block[..];
        let mut take = |n: usize| {
            let (head, tail) = rest.split_at_checked(n).unwrap_or_default();
            rest = tail;
            head
        };
        let (client_key, server_key) = (AeadKey::new(take(key)), AeadKey::new(take(key)));
        let (client_iv, server_iv) = (take(iv), take(iv));
        // Each direction has its own key, so both may begin at the same nonce; and it is the sender's own choice.
        let extra = take(extra);
        KeyBlock {
            client: KeyHalf { key: client_key, nonces: NonceStart::new(client_iv, extra) },
            server: KeyHalf { key: server_key, nonces: NonceStart::new(server_iv, extra) },
        }
    }

    /// What the Finished of that side holds. RFC 5246 section 7.4.9.
    pub(crate) fn verify_data(&self, label: Label, transcript_hash: &Output) -> VerifyData {
        let label: &[u8] = match label {
            Label::Client => b"client finished",
            Label::Server => b"server finished",
        };
        VerifyData(Secret::filled(VERIFY_DATA, |data| self.prf(label, transcript_hash.as_ref(), data)))
    }

    /// What remains for `export_keying_material`.
    pub(crate) fn exporter(&self, randoms: &Randoms) -> Exporter {
        Exporter::for_tls12(self.suite, self.secret.duplicate(), randoms.client_first())
    }

    fn prf(&self, label: &[u8], seed: &[u8], out: &mut [u8]) {
        match &self.keyed {
            Some(key) => tls12::fill(out, key.as_ref(), label, seed),
            None => self.suite.prf_provider.for_secret(out, self.secret.as_bytes(), label, seed),
        }
    }
}

impl fmt::Debug for MasterSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MasterSecret")
            .field("suite", &self.suite)
            .field("extended", &self.extended)
            .finish_non_exhaustive()
    }
}

/// Whose Finished.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Label {
    Client,
    Server,
}

/// What a Finished holds. It is known to the peer only, until it is sent, so it is compared in constant time.
#[derive(Debug)]
pub(crate) struct VerifyData(Secret);

impl VerifyData {
    pub(crate) fn as_bytes(&self) -> &[u8] {
        self.0.as_bytes()
    }

    /// Is this the body of a Finished that we expect?
    pub(crate) fn matches(&self, body: &[u8]) -> bool {
        self.0.matches(body)
    }
}

/// The keys of both directions, by who writes with them.
pub(crate) struct KeyBlock {
    pub(crate) client: KeyHalf,
    pub(crate) server: KeyHalf,
}

/// The key of one direction, with what its nonces begin with.
pub(crate) struct KeyHalf {
    pub(crate) key: AeadKey,
    pub(crate) nonces: NonceStart,
}

/// Both parts of nonces, one behind the other: a state that waits with its keys is moved with each message, so they are kept small.
pub(crate) struct NonceStart {
    parts: Secret,
    first: usize,
}

impl NonceStart {
    fn new(iv: &[u8], extra: &[u8]) -> Self {
        let parts = Secret::filled(iv.len().saturating_add(extra.len()), |parts| {
            copy(iv, parts);
            copy(extra, parts.get_mut(iv.len()..).unwrap_or_default());
        });
        Self { parts, first: iv.len() }
    }

    /// The part that both sides derive, and the start of the part that the writer sends; that is empty where none is sent.
    pub(crate) fn parts(&self) -> (&[u8], &[u8]) {
        self.parts.as_bytes().split_at_checked(self.first).unwrap_or_default()
    }
}

/// RFC 5246 section 8.1.
const MASTER_SECRET: usize = 48;

/// RFC 5246 section 7.4.9: no suite of ours says otherwise.
const VERIFY_DATA: usize = 12;

#[cfg(test)]
#[cfg(all(feature = "aws_lc_rs", feature = "std"))]
mod tests;
