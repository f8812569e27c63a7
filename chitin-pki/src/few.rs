//! A list that takes memory only when it is longer than usual.

use alloc::vec::Vec;
use core::ops::Range;

/// The first `N` lie where the list does, the others on the heap.
pub(crate) struct Few<T, const N: usize> {
    first: [Option<T>; N],
    more: Vec<T>,
    len: usize,
}

impl<T, const N: usize> Few<T, N> {
    pub(crate) const fn new() -> Self {
        Self { first: [const { None }; N], more: Vec::new(), len: 0 }
    }

    pub(crate) fn push(&mut self, item: T) {
        match self.first.get_mut(self.len) {
            Some(place) => *place = Some(item),
            None => self.more.push(item),
        }
        self.len = self.len.saturating_add(1);
    }

    pub(crate) fn pop(&mut self) -> Option<T> {
        self.len = self.len.checked_sub(1)?;
        match self.first.get_mut(self.len) {
            Some(place) => place.take(),
            None => self.more.pop(),
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.len
    }

    pub(crate) fn get(&self, at: usize) -> Option<&T> {
        match self.first.get(at) {
            Some(place) => place.as_ref(),
            None => self.more.get(at.checked_sub(N)?),
        }
    }

    pub(crate) fn last(&self) -> Option<&T> {
        self.get(self.len.checked_sub(1)?)
    }

    pub(crate) fn iter(&self) -> Iter<'_, T, N> {
        Iter { few: self, places: 0..self.len }
    }
}

/// The items in their order.
pub(crate) struct Iter<'f, T, const N: usize> {
    few: &'f Few<T, N>,
    places: Range<usize>,
}

impl<T, const N: usize> Clone for Iter<'_, T, N> {
    fn clone(&self) -> Self {
        Self { few: self.few, places: self.places.clone() }
    }
}

impl<'f, T, const N: usize> Iterator for Iter<'f, T, N> {
    type Item = &'f T;

    fn next(&mut self) -> Option<&'f T> {
        self.few.get(self.places.next()?)
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        self.places.size_hint()
    }
}

impl<T, const N: usize> DoubleEndedIterator for Iter<'_, T, N> {
    fn next_back(&mut self) -> Option<Self::Item> {
        self.few.get(self.places.next_back()?)
    }
}

impl<T, const N: usize> ExactSizeIterator for Iter<'_, T, N> {}

#[cfg(test)]
mod tests {
    use super::*;

    /// Beside a plain vector.
    #[test]
    fn it_is_a_list_below_and_above_what_is_usual() {
        let (mut few, mut plain) = (Few::<usize, 3>::new(), Vec::new());
        let mut same = |step: usize| {
            match step % 7 {
                0..5 => {
                    few.push(step);
                    plain.push(step);
                }
                _ => assert_eq!(few.pop(), plain.pop()),
            }
            assert_eq!((few.len(), few.last()), (plain.len(), plain.last()));
            assert!(few.iter().eq(&plain) && few.iter().rev().eq(plain.iter().rev()));
            assert!((0..=plain.len()).all(|at| few.get(at) == plain.get(at)));
        };
        // Up to ten, and down again.
        (0..20).chain([5; 14]).for_each(&mut same);
        assert_eq!(plain, []);
        assert_eq!(few.pop(), None);
    }
}
