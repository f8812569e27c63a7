//! The extensions of a hello, by their codes, in the order of a connection.

use core::mem;
use core::ops::{Deref, DerefMut};

/// Codes of extensions, each once.
#[derive(Clone, Debug)]
pub(crate) struct Codes {
    list: [u16; MOST],
    len: usize,
}

/// Extensions of a hello, with GREASE and a cookie: room for all that there are.
const MOST: usize = 32;

impl Codes {
    pub(crate) const NONE: Self = Self { list: [0; MOST], len: 0 };

    /// Whoever adds an extension that has no room makes that larger.
    pub(crate) fn push(&mut self, code: u16) {
        debug_assert!(self.len < MOST, "no room for extension {code:#06x}");
        if let Some(place) = self.list.get_mut(self.len) {
            *place = code;
            self.len = self.len.saturating_add(1);
        }
    }

    /// Puts `code` before the one at this place.
    pub(crate) fn insert(&mut self, at: usize, mut code: u16) {
        // Each takes the place of the next, and the last goes behind them; without room nothing comes and nothing moves.
        if self.len < MOST {
            self.iter_mut().skip(at).for_each(|place| mem::swap(place, &mut code));
        }
        self.push(code);
    }

    pub(crate) fn retain(&mut self, keep: impl Fn(u16) -> bool) {
        let mut kept = Self::NONE;
        self.iter().filter(|code| keep(**code)).for_each(|code| kept.push(*code));
        *self = kept;
    }
}

impl Extend<u16> for Codes {
    fn extend<I: IntoIterator<Item = u16>>(&mut self, codes: I) {
        codes.into_iter().for_each(|code| self.push(code));
    }
}

impl Deref for Codes {
    type Target = [u16];

    fn deref(&self) -> &[u16] {
        self.list.get(..self.len).unwrap_or_default()
    }
}

impl DerefMut for Codes {
    fn deref_mut(&mut self) -> &mut [u16] {
        self.list.get_mut(..self.len).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_keep_their_order() {
        let mut codes = Codes::NONE;
        codes.extend([1, 2, 3, 4]);
        codes.insert(1, 9);
        assert_eq!(*codes, [1, 9, 2, 3, 4]);
        codes.insert(0, 8);
        codes.insert(6, 7);
        assert_eq!(*codes, [8, 1, 9, 2, 3, 4, 7]);
        codes.retain(|code| code != 9 && code != 8);
        assert_eq!(*codes, [1, 2, 3, 4, 7]);
        let mut empty = Codes::NONE;
        empty.insert(0, 5);
        assert_eq!(*empty, [5]);
    }

    fn full() -> Codes {
        let mut codes = Codes::NONE;
        codes.extend(1..32);
        codes.insert(0, 0);
        assert!(codes.iter().copied().eq(0..32));
        codes
    }

    #[test]
    #[cfg(debug_assertions)]
    #[should_panic(expected = "no room for extension 0x0063")]
    fn a_code_without_room_is_not_lost_in_silence() {
        full().push(99);
    }

    #[test]
    #[cfg(not(debug_assertions))]
    fn a_code_without_room_moves_no_other() {
        let mut codes = full();
        codes.insert(3, 99);
        assert!(codes.iter().copied().eq(0..32));
    }
}
