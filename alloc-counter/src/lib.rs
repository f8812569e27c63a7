//! Counts what the current thread allocates, for tests that say what something costs.
//!
//! A test binary installs [`Counting`] as its global allocator. What libraries in C allocate is not seen. This is the one crate
//! of the workspace with `unsafe` in it: a global allocator cannot be written without.

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

thread_local! {
    // Constants without destructors, so that looking at them never allocates.
    static CALLS: Cell<usize> = const { Cell::new(0) };
    static LIVE: Cell<isize> = const { Cell::new(0) };
    static PEAK: Cell<isize> = const { Cell::new(0) };
}

/// The system's allocator, with a tally.
pub struct Counting;

// SAFETY: every call goes to `System` with the very arguments that came in, so what it promises and asks for holds here too. The
// tally is in thread-local cells and touches no memory that is handed out.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        note(1, layout.size(), 0);
        // SAFETY: the caller keeps the contract of `GlobalAlloc::alloc`, which is that of `System`.
        unsafe { System.alloc(layout) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        note(1, layout.size(), 0);
        // SAFETY: as above.
        unsafe { System.alloc_zeroed(layout) }
    }

    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        note(1, size, layout.size());
        // SAFETY: as above; `pointer` came from `System`, since all of ours do.
        unsafe { System.realloc(pointer, layout, size) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        note(0, 0, layout.size());
        // SAFETY: as above.
        unsafe { System.dealloc(pointer, layout) }
    }
}

fn note(calls: usize, new: usize, old: usize) {
    // A thread that is ending may have no cells any more: then nobody measures in it.
    let _ = CALLS.try_with(|total| total.set(total.get().wrapping_add(calls)));
    let _ = LIVE.try_with(|live| {
        live.set(live.get().wrapping_add_unsigned(new).wrapping_sub_unsigned(old));
        let _ = PEAK.try_with(|peak| peak.set(peak.get().max(live.get())));
    });
}

/// What was spent, added up over calls.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Spent {
    /// Calls that allocate, growing included.
    pub calls: usize,
    /// Bytes that are still allocated.
    pub live: isize,
    /// The most bytes of these that were allocated at once.
    pub peak: isize,
}

impl Spent {
    /// Runs something of this thread and adds what it spends.
    pub fn on<T>(&mut self, run: impl FnOnce() -> T) -> T {
        let (calls, live) = (CALLS.get(), LIVE.get());
        PEAK.set(live);
        let out = run();
        self.calls += CALLS.get().wrapping_sub(calls);
        self.peak = self.peak.max(self.live + PEAK.get().wrapping_sub(live));
        self.live += LIVE.get().wrapping_sub(live);
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[global_allocator]
    static ALLOCATOR: Counting = Counting;

    #[test]
    fn counts_what_is_kept_and_what_is_not() {
        let mut spent = Spent::default();
        let kept = spent.on(|| {
            drop(vec![0_u8; 1000]);
            vec![1_u8; 100]
        });
        assert_eq!(spent, Spent { calls: 2, live: 100, peak: 1000 });
        spent.on(|| drop(vec![0_u8; 950]));
        assert_eq!(spent, Spent { calls: 3, live: 100, peak: 1050 });
        spent.on(|| drop(kept));
        assert_eq!(spent, Spent { calls: 3, live: 0, peak: 1050 });
        let mut growing = Spent::default();
        let mut vec = growing.on(|| Vec::<u8>::with_capacity(10));
        growing.on(|| vec.reserve_exact(50));
        assert_eq!((growing.calls, growing.live), (2, 50));
        let mut nothing = Spent::default();
        nothing.on(|| std::hint::black_box(1 + 1));
        assert_eq!(nothing, Spent::default());
    }
}
