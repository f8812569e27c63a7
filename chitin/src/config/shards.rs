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

use super::cache::{Bounded, MOST};
use super::lock::{Mutex, MutexGuard};

/// At most `limit` values in all, or [`MOST_VALUES`] if that is less. Each part forgets its own oldest, so which one goes is the oldest of
/// all only about; a small map has one part, where it is exact.
pub(super) struct Sharded<K, V> {
    shards: Box<[Shard<K, V>]>,
    /// Seeded at random, so that nobody can choose keys that fall into one part. Without `std` the seed is a weak one, but keys are names that the
    /// application asks for, or random ones of our own.
    hasher: RandomState,
}

/// Lines of a cache on their own (an even number, since processors fetch them in pairs), so that a lock taken on one core disturbs no other.
#[repr(align(128))]
struct Shard<K, V>(Mutex<Bounded<K, V>>);

/// The part of a map that one key is in, or would be, for as long as this thread has it.
pub(super) struct Part<'a, K, V> {
    values: MutexGuard<'a, Bounded<K, V>>,
    hash: u64,
}

impl<K: Eq + Hash + Send + 'static, V: Send + 'static> Sharded<K, V> {
    /// An empty map, each part behind a lock that `lock` makes.
    pub(super) fn new(limit: usize, lock: impl Fn(Bounded<K, V>) -> Mutex<Bounded<K, V>>) -> Self {
        let limit = limit.min(MOST_VALUES);
        let count = if limit <= MOST { 1 } else { (limit / USUAL).min(MOST_SHARDS) };
        let (each, more) = (limit / count, limit % count);
        let shard = |at| Shard(lock(Bounded::new(if at < more { each.saturating_add(1) } else { each })));
        Self { shards: (0..count).map(shard).collect(), hasher: RandomState::default() }
    }

    /// The part that `key` is in, or would be. `None` if a thread panicked while it held this one.
    pub(super) fn lock<Q>(&self, key: &Q) -> Option<Part<'_, K, V>>
    where
        K: Borrow<Q>,
        Q: ?Sized + Eq + Hash,
    {
        let hash = self.hasher.hash_one(key);
        let chosen = usize::try_from(hash >> 32).unwrap_or(0).checked_rem(self.shards.len())?;
        let Shard(shard) = self.shards.get(chosen)?;
        Some(Part { values: shard.lock()?, hash })
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

impl<K: Eq, V> Part<'_, K, V> {
    pub(super) fn get<Q>(&self, key: &Q) -> Option<&V>
    where
        K: Borrow<Q>,
        Q: ?Sized + Eq,
    {
        self.values.get(self.hash, key)
    }

    pub(super) fn get_mut<Q>(&mut self, key: &Q) -> Option<&mut V>
    where
        K: Borrow<Q>,
        Q: ?Sized + Eq,
    {
        self.values.get_mut(self.hash, key)
    }

    pub(super) fn insert(&mut self, key: K, value: V) -> Option<(K, V)> {
        self.values.insert(self.hash, key, value)
    }

    pub(super) fn change(&mut self, key: K, change: impl FnOnce(&mut V)) -> Option<(K, V)>
    where
        V: Default,
    {
        self.values.change(self.hash, key, change)
    }

    pub(super) fn remove<Q>(&mut self, key: &Q) -> Option<V>
    where
        K: Borrow<Q>,
        Q: ?Sized + Eq,
    {
        self.values.remove(self.hash, key)
    }
}

/// Values in a part, if there are several. Of 3,500 that are forgotten one has seen fewer than half as many newer ones as the bound says.
///
/// So few that there are many parts: two threads that write to the same ones take each other's lines from the caches of their processors, again
/// and again.
const USUAL: usize = 32;

/// Each takes a quarter of a kilobyte before there is anything in it: 64 MiB, if somebody asks for as many values as there can be.
const MOST_SHARDS: usize = 1 << 18;

/// So many values a map has at most, whatever it is told.
pub(super) const MOST_VALUES: usize = MOST_SHARDS * MOST;

#[cfg(all(test, feature = "std"))]
mod tests {
    use super::*;

    #[test]
    fn the_bound_is_that_of_all_parts_together() {
        for limit in [0, 1, 31, 64, 65, 95, 100, 5000] {
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
        assert_eq!(map.shards.len(), 10_000 / USUAL);
    }

    #[test]
    fn whoever_asks_for_no_bound_gets_one() {
        let map = Sharded::<usize, ()>::new(usize::MAX, Mutex::new);
        assert_eq!((map.shards.len(), size_of::<Shard<usize, ()>>()), (MOST_SHARDS, 256));
    }

    #[test]
    fn small_maps_are_exact() {
        let map = Sharded::new(MOST, Mutex::new);
        for n in 0..100 {
            map.lock(&n).unwrap().insert(n, ());
        }
        assert!((0..36).all(|n| map.lock(&n).unwrap().get(&n).is_none()));
        assert!((36..100).all(|n| map.lock(&n).unwrap().get(&n).is_some()));
    }
}
