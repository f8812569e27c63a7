//! A map that forgets what was written longest ago, so that it never holds more than it was told to. Each step takes the same time
//! however much there is, but for the growth of its tables.
//!
//! It owns the bound and the order; what the values mean is its users' business.

use alloc::vec::Vec;
use core::borrow::Borrow;
use core::hash::Hash;
use core::mem;
#[cfg(feature = "std")]
use std::collections::HashMap;

// Keys are names that the application asks for, or random ones of our own, so nobody can choose them to collide.
#[cfg(not(feature = "std"))]
use hashbrown::HashMap;

/// At most `limit` values; writing one more forgets the one least recently written or changed.
pub(super) struct Bounded<K, V> {
    places: HashMap<K, Place>,
    /// The values, and two lists through them: those in use, in the order of writing, and those that are free.
    slots: Vec<Slot<K, V>>,
    newest: Place,
    oldest: Place,
    free: Place,
    limit: usize,
}

/// A position in `slots`.
type Place = u32;

/// No position. There are fewer slots than this.
const NOWHERE: Place = u32::MAX;

struct Slot<K, V> {
    /// None: it is free.
    entry: Option<(K, V)>,
    newer: Place,
    /// Of a free one, the next free one.
    older: Place,
}

impl<K: Clone + Eq + Hash, V> Bounded<K, V> {
    /// An empty map. Memory is taken as values come, not ahead of them.
    pub(super) fn new(limit: usize) -> Self {
        Self {
            places: HashMap::new(),
            slots: Vec::new(),
            newest: NOWHERE,
            oldest: NOWHERE,
            free: NOWHERE,
            limit: limit.min(MOST),
        }
    }

    pub(super) fn get<Q>(&self, key: &Q) -> Option<&V>
    where
        K: Borrow<Q>,
        Q: ?Sized + Eq + Hash,
    {
        let (_, value) = self.slot(*self.places.get(key)?)?.entry.as_ref()?;
        Some(value)
    }

    pub(super) fn get_mut<Q>(&mut self, key: &Q) -> Option<&mut V>
    where
        K: Borrow<Q>,
        Q: ?Sized + Eq + Hash,
    {
        let place = *self.places.get(key)?;
        let (_, value) = self.slot_mut(place)?.entry.as_mut()?;
        Some(value)
    }

    /// Puts `value` under `key`, and gives back what has to go for it: what was there, or the oldest; or itself, if there is room for
    /// nothing. So it is the caller who frees it, outside of a lock that it may hold.
    pub(super) fn insert(&mut self, key: K, value: V) -> Option<(K, V)> {
        if self.limit == 0 {
            return Some((key, value));
        }
        if let Some(&place) = self.places.get(&key) {
            self.unlink(place);
            self.link(place);
            return self.slot_mut(place)?.entry.replace((key, value));
        }
        let gone = if self.places.len() >= self.limit { self.forget(self.oldest) } else { None };
        let place = self.take_free();
        self.places.insert(key.clone(), place);
        if let Some(slot) = self.slot_mut(place) {
            slot.entry = Some((key, value));
        }
        self.link(place);
        gone
    }

    /// Changes the value under `key`, after making one if there is none. Counts as a use. Gives back what has to go for it.
    pub(super) fn change(&mut self, key: K, change: impl FnOnce(&mut V)) -> Option<(K, V)>
    where
        V: Default,
    {
        if let Some(&place) = self.places.get(&key) {
            self.unlink(place);
            self.link(place);
            if let Some((_, value)) = self.slot_mut(place).and_then(|slot| slot.entry.as_mut()) {
                change(value);
            }
            return None;
        }
        let mut value = V::default();
        change(&mut value);
        self.insert(key, value)
    }

    pub(super) fn remove<Q>(&mut self, key: &Q) -> Option<V>
    where
        K: Borrow<Q>,
        Q: ?Sized + Eq + Hash,
    {
        let place = *self.places.get(key)?;
        self.forget(place).map(|(_, value)| value)
    }

    pub(super) fn len(&self) -> usize {
        self.places.len()
    }

    fn slot(&self, place: Place) -> Option<&Slot<K, V>> {
        self.slots.get(usize::try_from(place).ok()?)
    }

    fn slot_mut(&mut self, place: Place) -> Option<&mut Slot<K, V>> {
        self.slots.get_mut(usize::try_from(place).ok()?)
    }

    /// Frees a slot that is in use.
    fn forget(&mut self, place: Place) -> Option<(K, V)> {
        self.unlink(place);
        let next = mem::replace(&mut self.free, place);
        let slot = self.slot_mut(place)?;
        (slot.newer, slot.older) = (NOWHERE, next);
        let gone = slot.entry.take()?;
        self.places.remove(&gone.0);
        Some(gone)
    }

    /// A slot that is not in use: one that was, or a new one.
    fn take_free(&mut self) -> Place {
        let place = self.free;
        if let Some(slot) = self.slot(place) {
            self.free = slot.older;
            return place;
        }
        let place = Place::try_from(self.slots.len()).unwrap_or(NOWHERE);
        self.slots.push(Slot { entry: None, newer: NOWHERE, older: NOWHERE });
        place
    }

    /// Takes a slot out of the order.
    fn unlink(&mut self, place: Place) {
        let Some(slot) = self.slot(place) else { return };
        let (newer, older) = (slot.newer, slot.older);
        match self.slot_mut(newer) {
            Some(slot) => slot.older = older,
            None => self.newest = older,
        }
        match self.slot_mut(older) {
            Some(slot) => slot.newer = newer,
            None => self.oldest = newer,
        }
    }

    /// Puts a slot in front of the order.
    fn link(&mut self, place: Place) {
        let second = mem::replace(&mut self.newest, place);
        match self.slot_mut(second) {
            Some(slot) => slot.newer = place,
            None => self.oldest = place,
        }
        if let Some(slot) = self.slot_mut(place) {
            (slot.newer, slot.older) = (NOWHERE, second);
        }
    }
}

/// So that each has a place, and none has the place of none.
const MOST: usize = (NOWHERE - 1) as usize;

#[cfg(test)]
mod tests {
    use alloc::borrow::ToOwned;
    use alloc::collections::VecDeque;

    use super::*;

    #[test]
    fn forgets_the_one_changed_longest_ago() {
        let mut cache = Bounded::new(2);
        cache.insert("a".to_owned(), 1);
        cache.insert("b".to_owned(), 2);
        assert_eq!(cache.change("a".to_owned(), |n| *n += 10), None);
        assert_eq!(cache.insert("c".to_owned(), 3), Some(("b".to_owned(), 2)));
        assert_eq!((cache.get("a"), cache.get("b"), cache.get("c")), (Some(&11), None, Some(&3)));
        assert_eq!(cache.len(), 2);
    }

    /// Beside a list that does the same slowly.
    #[test]
    fn stays_within_its_limit_and_in_order() {
        for limit in [0, 1, 3, 7] {
            let mut cache = Bounded::new(limit);
            let mut plain: VecDeque<(u32, u32)> = VecDeque::new();
            let mut random = 1_u32;
            for n in 0..5000 {
                random = random.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                let key = (random >> 16) % 11;
                let there = plain.iter().position(|(k, _)| *k == key).and_then(|at| plain.remove(at));
                match (random >> 8) % 3 {
                    0 => assert_eq!(cache.remove(&key), there.map(|(_, value)| value)),
                    1 => {
                        let full = plain.len() >= limit && limit > 0;
                        let oldest = if full && there.is_none() { plain.pop_front() } else { None };
                        let gone = if limit == 0 { Some((key, n)) } else { there.or(oldest) };
                        assert_eq!(cache.insert(key, n), gone);
                        if limit > 0 {
                            plain.push_back((key, n));
                        }
                    }
                    _ => {
                        cache.change(key, |value| *value = value.wrapping_add(n));
                        if limit > 0 {
                            if there.is_none() && plain.len() >= limit {
                                plain.pop_front();
                            }
                            let value = there.map_or(0, |(_, value)| value).wrapping_add(n);
                            plain.push_back((key, value));
                        }
                    }
                }
                assert_eq!(cache.len(), plain.len());
                assert!(cache.slots.len() <= limit, "slots are used again");
                assert!(plain.iter().all(|(key, value)| cache.get(key) == Some(value)));
            }
        }
    }

    #[test]
    fn replacing_a_value_takes_no_second_place() {
        let mut cache = Bounded::new(2);
        cache.insert(1, 'a');
        cache.insert(2, 'b');
        assert_eq!(cache.insert(1, 'c'), Some((1, 'a')));
        assert_eq!((cache.get(&1), cache.get(&2), cache.len()), (Some(&'c'), Some(&'b'), 2));
    }
}
