//! Which signatures of certificates were found to be good before.
//!
//! "This key verified this signature over these bytes" is true for ever, so asking again tells nothing. Everything else about a
//! path (dates, names, constraints, revocation) is looked at each time, by others. Nothing here knows of it, nor of the signatures
//! that prove a handshake: CertificateVerify and ServerKeyExchange have their own way.

use alloc::sync::Arc;
use alloc::vec::Vec;
use core::fmt;
use core::sync::atomic::{AtomicUsize, Ordering};

use chitin_pki::{Digests, SignatureCheck};
use pki_types::{InvalidSignature, SignatureVerificationAlgorithm};

use super::digests::Hashes;
#[cfg(not(feature = "std"))]
use crate::config::lock::MakeMutex;
use crate::config::lock::Mutex;
use crate::crypto::CryptoProvider;
use crate::crypto::kept_keys::KeptKeys;
use crate::crypto::verify::WebPkiSupportedAlgorithms;

/// Remembers which signatures of certificates were good, so that chains which come again are verified faster. Not in rustls 0.23.
///
/// An entry is the SHA-256 of all that a verification looks at: the provider's list of algorithms, the algorithm, the key, what was
/// signed, and the signature. Only successes are kept. A hit stands for that one computation; dates, names, constraints, policies
/// and revocation are checked for every chain, and so are the signatures of handshakes, of OCSP responses and of certificate
/// transparency. (Of its revocation lists a verifier remembers by itself which are signed with which key.)
///
/// With `std` the verifiers of paths have one each unless they are given one, with room for [`Self::DEFAULT_SIZE`] entries. It is shared by all connections of a
/// config, and by copies of this handle. Under a provider in FIPS mode it is off, whatever its size.
///
/// It has a fixed number of places, four of which fit an entry: the next one that does takes the place of one of them. A peer who
/// makes many chains that lead to a trusted root can therefore crowd out the entries of others, which costs them a verification and
/// no more. How long a handshake takes tells the peer whether its chain was here before; who minds that switches it off.
#[derive(Clone)]
pub struct SignatureMemo(Arc<Shared>);

struct Shared {
    size: AtomicUsize,
    hits: AtomicUsize,
    misses: AtomicUsize,
    shards: [Mutex<Shard>; SHARDS],
}

/// A part of the entries, behind a lock of its own. Memory is taken with the first entry.
#[derive(Default)]
struct Shard {
    sets: Vec<[Digest; WAYS]>,
    /// Which place of a full set is given up next.
    hand: usize,
}

/// No hash is zero: that is a free place.
type Digest = [u8; 32];

impl SignatureMemo {
    /// How many entries there are room for unless something else is said: the intermediates of all large authorities, and a few
    /// hundred servers. They take 32 KiB when all are used.
    pub const DEFAULT_SIZE: usize = 1024;

    /// The largest size there is: 32 MiB. One that is asked for and larger is this.
    pub const MAX_SIZE: usize = 1 << 20;

    /// Makes one with room for about this many entries: the next multiple of 64. 0 switches it off.
    #[cfg(feature = "std")]
    pub fn new(size: usize) -> Self {
        Self::with_locks(size, Mutex::new)
    }

    /// Makes one with room for about this many entries: the next multiple of 64. 0 switches it off. The locks are of `M`.
    #[cfg(not(feature = "std"))]
    pub fn new<M: MakeMutex>(size: usize) -> Self {
        Self::with_locks(size, Mutex::new::<M>)
    }

    fn with_locks(size: usize, lock: impl Fn(Shard) -> Mutex<Shard>) -> Self {
        Self(Arc::new(Shared {
            size: AtomicUsize::new(size.min(Self::MAX_SIZE)),
            hits: AtomicUsize::new(0),
            misses: AtomicUsize::new(0),
            shards: core::array::from_fn(|_| lock(Shard::default())),
        }))
    }

    /// Returns how many entries there is room for, as it was set.
    pub fn size(&self) -> usize {
        self.0.size.load(Ordering::Relaxed)
    }

    /// Changes the size, and forgets all entries. 0 switches it off.
    pub fn set_size(&self, size: usize) {
        self.0.size.store(size.min(Self::MAX_SIZE), Ordering::Relaxed);
        self.clear();
    }

    /// Forgets all entries, and gives their memory back. The counts stay.
    pub fn clear(&self) {
        for shard in &self.0.shards {
            if let Some(mut shard) = shard.lock() {
                shard.forget();
            }
        }
    }

    /// Returns how many entries there are.
    pub fn len(&self) -> usize {
        let used = |shard: &Mutex<Shard>| {
            let shard = shard.lock()?;
            Some(shard.sets.iter().flatten().filter(|digest| **digest != FREE).count())
        };
        self.0.shards.iter().filter_map(used).sum()
    }

    /// Says whether there are no entries.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Returns how many verifications were saved.
    pub fn hits(&self) -> usize {
        self.0.hits.load(Ordering::Relaxed)
    }

    /// Returns how many signatures were asked for that were not known to be good, whether they turned out to be or not.
    pub fn misses(&self) -> usize {
        self.0.misses.load(Ordering::Relaxed)
    }

    fn shard(&self, digest: &Digest) -> Option<&Mutex<Shard>> {
        self.0.shards.get(usize::from(digest[0]) % SHARDS)
    }

    fn knows(&self, digest: &Digest) -> bool {
        let known = self.shard(digest).and_then(Mutex::lock).is_some_and(|mut shard| {
            let set = shard.set(digest);
            set.is_some_and(|set| set.contains(digest))
        });
        let count = if known { &self.0.hits } else { &self.0.misses };
        count.fetch_add(1, Ordering::Relaxed);
        known
    }

    fn remember(&self, digest: Digest) {
        if let Some(mut shard) = self.shard(&digest).and_then(Mutex::lock) {
            // Behind the lock: whoever changes the size stores it first and then empties each part.
            shard.insert(digest, self.size().div_ceil(SHARDS * WAYS));
        }
    }
}

impl Shard {
    fn set(&mut self, digest: &Digest) -> Option<&mut [Digest; WAYS]> {
        let [_, a, b, c, d, ..] = *digest;
        let number = usize::try_from(u32::from_be_bytes([a, b, c, d])).unwrap_or(0);
        let at = number.checked_rem(self.sets.len())?;
        self.sets.get_mut(at)
    }

    fn forget(&mut self) {
        *self = Self::default();
    }

    fn insert(&mut self, digest: Digest, sets: usize) {
        if self.sets.len() != sets {
            // The first entry since the size was set.
            self.sets = alloc::vec![[FREE; WAYS]; sets];
        }
        let hand = self.hand;
        self.hand = hand.wrapping_add(1);
        let Some(set) = self.set(&digest) else { return };
        if digest == FREE || set.contains(&digest) {
            return;
        }
        let place = set.iter().position(|place| *place == FREE).unwrap_or(hand % WAYS);
        if let Some(place) = set.get_mut(place) {
            *place = digest;
        }
    }
}

#[cfg(feature = "std")]
impl Default for SignatureMemo {
    fn default() -> Self {
        Self::new(Self::DEFAULT_SIZE)
    }
}

impl fmt::Debug for SignatureMemo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SignatureMemo")
            .field("size", &self.size())
            .field("hits", &self.hits())
            .field("misses", &self.misses())
            .finish_non_exhaustive()
    }
}

/// A memo as one verifier uses it: under one provider.
#[derive(Clone, Debug)]
pub(super) struct Remembering {
    memo: SignatureMemo,
    hashes: Hashes,
    algorithms: WebPkiSupportedAlgorithms,
    /// Those of the authorities that are trusted.
    keys: Arc<KeptKeys>,
}

impl Remembering {
    /// With this memo or, without one, with one of its own. `None` if there may be none: under FIPS, where each verification has to
    /// be the module's, and without SHA-256.
    pub(super) fn new(
        memo: Option<SignatureMemo>,
        provider: &CryptoProvider,
        authorities: impl FnOnce() -> KeptKeys,
    ) -> Option<Self> {
        // Without `std` nobody has said yet what locks there are.
        #[cfg(feature = "std")]
        let memo = Some(memo.unwrap_or_default());
        let (memo, hashes) = (memo?, Hashes::of(provider)?);
        let algorithms = provider.signature_verification_algorithms;
        (!provider.fips()).then(|| Self { memo, hashes, algorithms, keys: Arc::new(authorities()) })
    }

    pub(super) fn memo(&self) -> &SignatureMemo {
        &self.memo
    }

    /// The hash of everything that decides whether a signature is good.
    fn digest(
        &self,
        algorithm: &dyn SignatureVerificationAlgorithm,
        key: &[u8],
        message: &[u8],
        signature: &[u8],
    ) -> Digest {
        // A provider is known by its list of algorithms, which is static: what lies at this place is never something else.
        let list = self.algorithms.all;
        let provider = [list.as_ptr().addr(), list.len()].map(usize::to_be_bytes);
        let (key_id, signature_id) = (algorithm.public_key_alg_id(), algorithm.signature_alg_id());
        let parts = [provider.as_flattened(), &key_id, &signature_id, key, message, signature];
        let mut all = Vec::with_capacity(parts.iter().map(|part| part.len().saturating_add(8)).sum());
        for part in parts {
            // Each after its length, so that no two lists of parts have the same bytes.
            all.extend(u64::try_from(part.len()).unwrap_or(u64::MAX).to_be_bytes());
            all.extend_from_slice(part);
        }
        self.hashes.sha256(&all)
    }
}

impl SignatureCheck for Remembering {
    fn verify(
        &self,
        algorithm: &dyn SignatureVerificationAlgorithm,
        key: &[u8],
        message: &[u8],
        signature: &[u8],
    ) -> Result<(), InvalidSignature> {
        if self.memo.size() == 0 {
            return self.keys.verify(algorithm, key, message, signature);
        }
        let digest = self.digest(algorithm, key, message, signature);
        if self.memo.knows(&digest) {
            return Ok(());
        }
        self.keys.verify(algorithm, key, message, signature)?;
        self.memo.remember(digest);
        Ok(())
    }
}

const FREE: Digest = [0; 32];

/// Locks: threads seldom want the same one at once, and each is held for a few comparisons.
const SHARDS: usize = 16;

/// Places that an entry may have. With four of them few entries are given up before all places are used.
const WAYS: usize = 4;

#[cfg(test)]
#[cfg(all(feature = "aws_lc_rs", feature = "std"))]
mod tests;
