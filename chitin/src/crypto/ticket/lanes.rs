//! Memory that many threads write to at once: each has a lane of its own, so that none waits for what another processor has written.

use core::array;
use core::sync::atomic::{AtomicU32, AtomicUsize, Ordering};

/// More threads than this share lanes: they are slower then, and nothing else.
const LANES: u32 = 16;

/// Something with lines of memory to itself. They are of 64 bytes on most processors, which fetch two at a time, and of 128 on some.
#[repr(align(128))]
pub(crate) struct Apart<T>(pub(crate) T);

/// One for each lane.
pub(crate) struct Lanes<T>([Apart<T>; LANES as usize]);

impl<T> Lanes<T> {
    pub(crate) fn new(mut make: impl FnMut(u32) -> T) -> Self {
        let mut lanes = 0..LANES;
        Self(array::from_fn(|_| Apart(make(lanes.next().unwrap_or_default()))))
    }

    /// All of them, beginning with that of this thread.
    pub(crate) fn mine_first(&self) -> impl Iterator<Item = &T> {
        let (before, from) = self.0.split_at_checked(mine()).unwrap_or_default();
        from.iter().chain(before).map(|lane| &lane.0)
    }

    /// All of them, in an order that is the same for all threads.
    pub(crate) fn all(&self) -> impl Iterator<Item = &T> {
        self.0.iter().map(|lane| &lane.0)
    }
}

/// The lane of this thread. Threads get them in turn.
fn mine() -> usize {
    static NEXT: AtomicUsize = AtomicUsize::new(0);
    std::thread_local! {
        static MINE: usize = NEXT.fetch_add(1, Ordering::Relaxed) % LANES as usize;
    }
    MINE.with(|mine| *mine)
}

/// How often something may still be done, by all threads together. Each has a share, and takes from the others' when that is used up.
pub(crate) struct Countdown(Lanes<AtomicU32>);

impl Countdown {
    pub(crate) fn new(times: u32) -> Self {
        let (each, rest) = (times / LANES, times % LANES);
        Self(Lanes::new(|lane| AtomicU32::new(if lane < rest { each + 1 } else { each })))
    }

    /// Says whether it may be done once more, and counts it.
    pub(crate) fn take(&self) -> bool {
        let take = |left: &AtomicU32| {
            left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(1)).is_ok()
        };
        self.0.mine_first().any(take)
    }
}

#[cfg(test)]
mod tests {
    use alloc::vec::Vec;
    use std::sync::Barrier;
    use std::thread;

    use super::*;

    #[test]
    fn threads_take_as_often_as_there_is_and_not_once_more() {
        const THREADS: usize = LANES as usize + 3;
        for times in [0, 1, LANES - 1, LANES + 1, 10_000] {
            let (countdown, ready) = (Countdown::new(times), Barrier::new(THREADS));
            let taken: usize = thread::scope(|scope| {
                let taking = || {
                    ready.wait();
                    (0..).take_while(|_| countdown.take()).count()
                };
                let threads: Vec<_> = (0..THREADS).map(|_| scope.spawn(taking)).collect();
                threads.into_iter().map(|thread| thread.join().unwrap()).sum()
            });
            assert_eq!(taken, times as usize);
            assert!(!countdown.take());
        }
    }

    /// Nothing is lost where all there could ever be is shared out.
    #[test]
    fn the_shares_come_to_all_there_is() {
        let countdown = Countdown::new(u32::MAX);
        let shares = countdown.0.all().map(|left| left.load(Ordering::Relaxed));
        assert_eq!(shares.map(u64::from).sum::<u64>(), u64::from(u32::MAX));
    }

    #[test]
    fn threads_get_lanes_in_turn() {
        let lanes: Vec<_> = (0..LANES).map(|_| thread::spawn(mine).join().unwrap()).collect();
        assert!(lanes.windows(2).any(|two| two[0] != two[1]), "{lanes:?}");
        let values = Lanes::new(|lane| lane as usize);
        let there: Vec<_> = values.mine_first().copied().collect();
        assert_eq!(there[0], mine());
        assert_eq!(there.iter().sum::<usize>(), values.all().sum::<usize>());
    }
}
