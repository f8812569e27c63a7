//! A map that forgets what was used longest ago, so that it never holds more than it was told to.
//!
//! It owns the bound and the order; what the values mean is its users' business.

use alloc::collections::BTreeMap;
use core::borrow::Borrow;
use core::hash::Hash;
#[cfg(feature = "std")]
use std::collections::HashMap;

// Keys are names that the application asks for, or random ones of our own, so nobody can choose them to collide.
#[cfg(not(feature = "std"))]
use hashbrown::HashMap;

/// At most `limit` values; writing one more forgets the one least recently written or changed.
pub(super) struct Bounded<K, V> {
    map: HashMap<K, Slot<V>>,
    order: BTreeMap<u64, K>,
    clock: u64,
    limit: usize,
}

struct Slot<V> {
    value: V,
    stamp: u64,
}

impl<K: Clone + Eq + Hash, V> Bounded<K, V> {
    /// An empty map. Memory is taken as values come, not ahead of them.
    pub(super) fn new(limit: usize) -> Self {
        Self { map: HashMap::new(), order: BTreeMap::new(), clock: 0, limit }
    }

    pub(super) fn get<Q>(&self, key: &Q) -> Option<&V>
    where
        K: Borrow<Q>,
        Q: ?Sized + Eq + Hash,
    {
        self.map.get(key).map(|slot| &slot.value)
    }

    pub(super) fn get_mut<Q>(&mut self, key: &Q) -> Option<&mut V>
    where
        K: Borrow<Q>,
        Q: ?Sized + Eq + Hash,
    {
        self.map.get_mut(key).map(|slot| &mut slot.value)
    }

    /// Puts `value` under `key`, in place of what was there. False if there is room for nothing.
    pub(super) fn insert(&mut self, key: K, value: V) -> bool {
        if self.limit == 0 {
            return false;
        }
        let stamp = self.tick();
        if let Some(old) = self.map.insert(key.clone(), Slot { value, stamp }) {
            self.order.remove(&old.stamp);
        }
        self.order.insert(stamp, key);
        self.shrink();
        true
    }

    /// Changes the value under `key`, after making one if there is none. Counts as a use.
    pub(super) fn change(&mut self, key: K, change: impl FnOnce(&mut V))
    where
        V: Default,
    {
        let mut value = self.remove(&key).unwrap_or_default();
        change(&mut value);
        self.insert(key, value);
    }

    pub(super) fn remove<Q>(&mut self, key: &Q) -> Option<V>
    where
        K: Borrow<Q>,
        Q: ?Sized + Eq + Hash,
    {
        let slot = self.map.remove(key)?;
        self.order.remove(&slot.stamp);
        Some(slot.value)
    }

    pub(super) fn len(&self) -> usize {
        self.map.len()
    }

    /// A stamp later than any other. At a billion writes a second, 64 bits last for centuries.
    fn tick(&mut self) -> u64 {
        self.clock = self.clock.wrapping_add(1);
        self.clock
    }

    fn shrink(&mut self) {
        while self.map.len() > self.limit {
            let Some((_, oldest)) = self.order.pop_first() else { return };
            self.map.remove(&oldest);
        }
    }
}

#[cfg(test)]
mod tests {
    use alloc::borrow::ToOwned;

    use super::*;

    #[test]
    fn forgets_the_one_changed_longest_ago() {
        let mut cache = Bounded::new(2);
        cache.insert("a".to_owned(), 1);
        cache.insert("b".to_owned(), 2);
        cache.change("a".to_owned(), |n| *n += 10);
        cache.insert("c".to_owned(), 3);
        assert_eq!((cache.get("a"), cache.get("b"), cache.get("c")), (Some(&11), None, Some(&3)));
        assert_eq!(cache.len(), 2);
    }

    #[test]
    fn stays_within_its_limit_and_its_two_halves_agree() {
        for limit in [0, 1, 3] {
            let mut cache = Bounded::new(limit);
            for n in 0..20u8 {
                cache.insert(n % 7, n);
                cache.remove(&(n % 5));
                assert!(cache.len() <= limit);
                assert_eq!(cache.map.len(), cache.order.len());
            }
        }
    }

    #[test]
    fn replacing_a_value_takes_no_second_place() {
        let mut cache = Bounded::new(2);
        cache.insert(1, 'a');
        cache.insert(2, 'b');
        cache.insert(1, 'c');
        assert_eq!((cache.get(&1), cache.get(&2), cache.len()), (Some(&'c'), Some(&'b'), 2));
    }
}
