//! A bounded map that several threads use at once: it is in parts, each under a lock of its own.
//!
//! It owns the division of keys and of the bound; what the values mean is its users' business.

use alloc::boxed::Box;
use core::borrow::Borrow;
use core::hash::{BuildHasher, Hash};
#[cfg(feature = "std")]
use std::collections::hash_map::RandomState;

#[cfg(not(feature = "std"))]
use hashbrown::DefaultHashBuilder as RandomState;

use super::cache::Bounded;
use super::lock::{Mutex, MutexGuard};

/// At most `limit` values in all. Each part forgets its own oldest, so which one goes is the oldest of all only about; a small map has
/// one part, where it is exact.
pub(super) struct Sharded<K, V> {
    shards: Box<[Shard<K, V>]>,
    /// Seeded at random, so that nobody can choose keys that fall into one part.
    hasher: RandomState,
}

/// A line of a cache on its own (two, since processors fetch them in pairs), so that a lock taken on one core disturbs no other.
#[repr(align(128))]
struct Shard<K, V>(Mutex<Bounded<K, V>>);

impl<K: Clone + Eq + Hash + Send + 'static, V: Send + 'static> Sharded<K, V> {
    /// An empty map, each part behind a lock that `lock` makes.
    pub(super) fn new(limit: usize, lock: impl Fn(Bounded<K, V>) -> Mutex<Bounded<K, V>>) -> Self {
        let count = limit.checked_div(SMALLEST).unwrap_or(0).clamp(1, MOST_SHARDS);
        let (each, more) = (limit / count, limit % count);
        let shard = |at| Shard(lock(Bounded::new(if at < more { each.saturating_add(1) } else { each })));
        Self { shards: (0..count).map(shard).collect(), hasher: RandomState::default() }
    }

    /// The part that `key` is in, or would be. `None` if a thread panicked while it held this one.
    pub(super) fn lock<Q>(&self, key: &Q) -> Option<MutexGuard<'_, Bounded<K, V>>>
    where
        K: Borrow<Q>,
        Q: ?Sized + Eq + Hash,
    {
        let Shard(shard) = match &*self.shards {
            // There is nothing to choose, and the map in it hashes the key by itself.
            [only] => only,
            shards => {
                let hash = usize::try_from(self.hasher.hash_one(key) >> 32).unwrap_or(0);
                shards.get(hash.checked_rem(shards.len())?)?
            }
        };
        shard.lock()
    }

    /// How many there are, if all parts can be looked at.
    pub(super) fn len(&self) -> Option<usize> {
        self.shards.iter().map(|Shard(shard)| Some(shard.lock()?.len())).sum()
    }

    /// Leaves all parts as panicking holders would.
    #[cfg(all(test, feature = "std"))]
    pub(super) fn poison(&self) {
        self.shards.iter().for_each(|Shard(shard)| super::lock::poison(shard));
    }
}

/// Values in a part before there are more parts. In a part of this size, what is forgotten has seen at least half as many newer ones as
/// the bound says, all but never fewer.
const SMALLEST: usize = 32;

/// With this many, two of eight threads meet about every third time, and then for less than a microsecond.
const MOST_SHARDS: usize = 64;

#[cfg(all(test, feature = "std"))]
mod tests {
    use super::*;

    #[test]
    fn the_bound_is_that_of_all_parts_together() {
        for limit in [0, 1, 31, 64, 100, 5000] {
            let map = Sharded::new(limit, Mutex::new);
            for n in 0..20_000_usize {
                map.lock(&n).unwrap().insert(n, ());
            }
            assert_eq!(map.len(), Some(limit));
        }
    }

    #[test]
    fn a_key_is_always_in_the_same_part() {
        let map = Sharded::new(10_000, Mutex::new);
        for n in 0..1000 {
            map.lock(&n).unwrap().insert(n, n);
        }
        assert!((0..1000).all(|n| map.lock(&n).unwrap().get(&n) == Some(&n)));
        assert_eq!(map.shards.len(), MOST_SHARDS);
    }

    #[test]
    fn small_maps_are_exact() {
        let map = Sharded::new(63, Mutex::new);
        for n in 0..100 {
            map.lock(&n).unwrap().insert(n, ());
        }
        assert!((0..37).all(|n| map.lock(&n).unwrap().get(&n).is_none()));
        assert!((37..100).all(|n| map.lock(&n).unwrap().get(&n).is_some()));
    }
}
