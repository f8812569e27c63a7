//! Where sealed records go, one behind the other: the outbox, or a slice of the caller's.

use super::outbox::Outbox;

/// Room for sealed records.
pub(crate) trait Room {
    /// Sees to it that there are `n` bytes. `false`: there are not.
    fn reserve(&mut self, n: usize) -> bool;

    /// So many free bytes, or all that are left. What is written there counts after [`commit`](Self::commit).
    fn slot(&mut self, n: usize) -> &mut [u8];

    /// The first `n` bytes of the last slot are one whole record now.
    fn commit(&mut self, n: usize);

    /// Appends a record that somebody else made.
    fn put(&mut self, record: &[u8]);
}

/// A slice of the caller's, filled from its head on.
pub(crate) struct CallersSlice<'a> {
    out: &'a mut [u8],
    used: usize,
    /// Takes what is longer than was announced.
    outbox: &'a mut Outbox,
}

impl<'a> CallersSlice<'a> {
    pub(crate) fn new(out: &'a mut [u8], outbox: &'a mut Outbox) -> Self {
        Self { out, used: 0, outbox }
    }

    /// What waits in the outbox goes first, if there is room for all of it.
    pub(crate) fn take_over(&mut self) {
        let waiting = self.outbox.len();
        if let Some(head) = self.out.get_mut(..waiting) {
            head.copy_from_slice(self.outbox.pending());
            self.outbox.advance(waiting);
            self.used = waiting;
        }
    }

    /// How much of it holds records.
    pub(crate) fn used(&self) -> usize {
        self.used
    }

    /// How much of it is free.
    pub(crate) fn left(&self) -> usize {
        self.out.len().saturating_sub(self.used)
    }
}

impl Room for CallersSlice<'_> {
    #[inline]
    fn reserve(&mut self, n: usize) -> bool {
        n <= self.left()
    }

    #[inline]
    fn slot(&mut self, n: usize) -> &mut [u8] {
        let free = self.out.get_mut(self.used..).unwrap_or_default();
        let n = n.min(free.len());
        free.get_mut(..n).unwrap_or_default()
    }

    /// What does not fit goes to the outbox, so that it is not lost, and all behind it follows.
    #[inline]
    fn commit(&mut self, n: usize) {
        match self.outbox.is_empty() {
            true => self.used += n,
            false => {
                self.outbox.put(self.out.get(self.used..).and_then(|free| free.get(..n)).unwrap_or_default())
            }
        }
    }

    fn put(&mut self, record: &[u8]) {
        if self.reserve(record.len()) {
            self.slot(record.len()).copy_from_slice(record);
            self.commit(record.len());
        } else {
            self.outbox.put(record);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_comes_behind_a_record_that_did_not_fit_follows_it() {
        let (mut out, mut outbox) = ([0; 30], Outbox::default());
        let mut room = CallersSlice::new(&mut out, &mut outbox);
        room.put(&[1; 20]);
        room.put(&[2; 20]);
        room.put(&[3; 8]);
        room.slot(8).fill(4);
        room.commit(8);
        assert_eq!(room.used(), 20);
        assert_eq!(outbox.pending(), [&[2; 20][..], &[3; 8], &[4; 8]].concat());
        assert_eq!(out[..20], [1; 20]);
    }
}
