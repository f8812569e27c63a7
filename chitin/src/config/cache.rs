//! A small map that forgets what was written longest ago, so that it never holds more than it was told to. Large maps are made of many.
//!
//! It owns the bound and the order; what the values mean is its users' business.

use alloc::vec::Vec;
use core::borrow::Borrow;

/// At most `limit` values; writing one more forgets the one least recently written or changed.
///
/// All that says where a value is lies close together, since other threads write there from other processors: each line of a cache that another one
/// wrote last takes longer to come than a step has to compute. Who asks gives the key's hash along, which it has chosen the map by.
pub(super) struct Bounded<K, V> {
    len: usize,
    limit: usize,
    /// Places in `slots`. The first `len` are in use, in the order of writing; behind them are those that are free.
    order: [u8; MOST],
    /// A part of the hash of each value that is there, in the same order, so that hardly any other is looked at.
    marks: [u16; MOST],
    /// As many as ever were in use at once.
    slots: Vec<Option<(K, V)>>,
}

/// So many values are in one such map at most: few enough to look through.
pub(super) const MOST: usize = 64;

impl<K: Eq, V> Bounded<K, V> {
    /// An empty map for at most `limit` values, or [`MOST`] if that is less. Memory for them is taken as they come.
    pub(super) fn new(limit: usize) -> Self {
        let mut order = [0; MOST];
        order.iter_mut().zip(0..).for_each(|(place, free)| *place = free);
        Self { len: 0, limit: limit.min(MOST), order, marks: [0; MOST], slots: Vec::new() }
    }

    pub(super) fn get<Q>(&self, hash: u64, key: &Q) -> Option<&V>
    where
        K: Borrow<Q>,
        Q: ?Sized + Eq,
    {
        let (_, value) = self.entry(self.find(hash, key)?)?;
        Some(value)
    }

    pub(super) fn get_mut<Q>(&mut self, hash: u64, key: &Q) -> Option<&mut V>
    where
        K: Borrow<Q>,
        Q: ?Sized + Eq,
    {
        let at = self.find(hash, key)?;
        let (_, value) = self.slot_mut(at)?.as_mut()?;
        Some(value)
    }

    /// Puts `value` under `key`, and gives back what has to go for it: what was there, or the oldest; or itself, if there is room for
    /// nothing. So it is the caller who frees it, outside of a lock that it may hold.
    pub(super) fn insert(&mut self, hash: u64, key: K, value: V) -> Option<(K, V)> {
        const OLDEST: usize = 0;
        let at = match self.find(hash, &key) {
            Some(at) => at,
            None if self.limit == 0 => return Some((key, value)),
            None if self.len == self.limit => OLDEST,
            None => {
                let free = self.len;
                self.len = free.saturating_add(1);
                free
            }
        };
        let newest = self.make_newest(at)?;
        *self.marks.get_mut(newest)? = mark(hash);
        self.slot_mut(newest)?.replace((key, value))
    }

    /// Changes the value under `key`, after making one if there is none. Counts as a use. Gives back what has to go for it.
    pub(super) fn change(&mut self, hash: u64, key: K, change: impl FnOnce(&mut V)) -> Option<(K, V)>
    where
        V: Default,
    {
        let Some(at) = self.find(hash, &key) else {
            let mut value = V::default();
            change(&mut value);
            return self.insert(hash, key, value);
        };
        let newest = self.make_newest(at)?;
        let (_, value) = self.slot_mut(newest)?.as_mut()?;
        change(value);
        None
    }

    pub(super) fn remove<Q>(&mut self, hash: u64, key: &Q) -> Option<V>
    where
        K: Borrow<Q>,
        Q: ?Sized + Eq,
    {
        let at = self.find(hash, key)?;
        // The last of those in use: with one fewer it is the first that is free.
        self.len = self.make_newest(at)?;
        let (_, value) = self.slot_mut(self.len)?.take()?;
        Some(value)
    }

    pub(super) fn len(&self) -> usize {
        self.len
    }

    /// Where in the order a key is.
    fn find<Q>(&self, hash: u64, key: &Q) -> Option<usize>
    where
        K: Borrow<Q>,
        Q: ?Sized + Eq,
    {
        let mark = mark(hash);
        // All at once, the free ones with them: mostly it is not there.
        if !self.marks.contains(&mark) {
            return None;
        }
        let is_it = |at: &usize| {
            self.marks.get(*at) == Some(&mark)
                && self.entry(*at).is_some_and(|(there, _)| there.borrow() == key)
        };
        (0..self.len).rev().find(is_it)
    }

    fn entry(&self, at: usize) -> Option<&(K, V)> {
        self.slots.get(usize::from(*self.order.get(at)?))?.as_ref()
    }

    /// The slot at `at` of the order, which is made if it was never in use.
    fn slot_mut(&mut self, at: usize) -> Option<&mut Option<(K, V)>> {
        let place = usize::from(*self.order.get(at)?);
        if place == self.slots.len() {
            self.slots.push(None);
        }
        self.slots.get_mut(place)
    }

    /// Makes what is at `at` of the order the newest, and says where that is.
    fn make_newest(&mut self, at: usize) -> Option<usize> {
        to_the_end(self.order.get_mut(at..self.len)?);
        to_the_end(self.marks.get_mut(at..self.len)?);
        self.len.checked_sub(1)
    }
}

/// As `rotate_left` by one, which takes longer for any number.
fn to_the_end<T: Copy>(items: &mut [T]) {
    let Some(&first) = items.first() else { return };
    items.copy_within(1.., 0);
    if let Some(last) = items.last_mut() {
        *last = first;
    }
}

fn mark(hash: u64) -> u16 {
    // The other half chooses the map.
    let [.., high, low] = hash.to_be_bytes();
    u16::from_be_bytes([high, low])
}

#[cfg(test)]
mod tests {
    use alloc::borrow::ToOwned;
    use alloc::collections::VecDeque;

    use super::*;

    #[test]
    fn forgets_the_one_changed_longest_ago() {
        let mut cache = Bounded::new(2);
        cache.insert(1, "a".to_owned(), 1);
        cache.insert(2, "b".to_owned(), 2);
        assert_eq!(cache.change(1, "a".to_owned(), |n| *n += 10), None);
        assert_eq!(cache.insert(3, "c".to_owned(), 3), Some(("b".to_owned(), 2)));
        assert_eq!((cache.get(1, "a"), cache.get(2, "b"), cache.get(3, "c")), (Some(&11), None, Some(&3)));
        assert_eq!(cache.len(), 2);
    }

    /// Beside a list that does the same slowly, with keys whose hashes differ, and with those whose hashes are all the same.
    #[test]
    fn stays_within_its_limit_and_in_order() {
        for (limit, hash) in
            [0, 1, 3, 7, MOST, MOST + 1].into_iter().flat_map(|limit| [(limit, 1), (limit, 0)])
        {
            let hash = |key: u32| u64::from(key) * hash;
            let mut cache = Bounded::new(limit);
            let limit = limit.min(MOST);
            let mut plain: VecDeque<(u32, u32)> = VecDeque::new();
            let mut random = 1_u32;
            for n in 0..5000 {
                random = random.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                let key = (random >> 16) % (limit as u32 + 4);
                let there = plain.iter().position(|(k, _)| *k == key).and_then(|at| plain.remove(at));
                match (random >> 8) % 3 {
                    0 => assert_eq!(cache.remove(hash(key), &key), there.map(|(_, value)| value)),
                    1 => {
                        let full = plain.len() >= limit && limit > 0;
                        let oldest = if full && there.is_none() { plain.pop_front() } else { None };
                        let gone = if limit == 0 { Some((key, n)) } else { there.or(oldest) };
                        assert_eq!(cache.insert(hash(key), key, n), gone);
                        if limit > 0 {
                            plain.push_back((key, n));
                        }
                    }
                    _ => {
                        cache.change(hash(key), key, |value| *value = value.wrapping_add(n));
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
                assert!(plain.iter().all(|(key, value)| cache.get(hash(*key), key) == Some(value)));
            }
        }
    }

    #[test]
    fn replacing_a_value_takes_no_second_place() {
        let mut cache = Bounded::new(2);
        cache.insert(1, 1, 'a');
        cache.insert(2, 2, 'b');
        assert_eq!(cache.insert(1, 1, 'c'), Some((1, 'a')));
        assert_eq!((cache.get(1, &1), cache.get(2, &2), cache.len()), (Some(&'c'), Some(&'b'), 2));
        assert_eq!(cache.get(1, &3), None, "of the same hash, but another key");
        assert_eq!(cache.remove(1, &3), None);
    }
}
