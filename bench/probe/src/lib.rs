//! Counts what a process allocates, in Rust and in C alike, by standing in the place of `malloc` and its kin.
//!
//! A program that links this has its own `malloc`, `calloc`, `realloc`, `free`, `posix_memalign`, `aligned_alloc` and `memalign`, which
//! hand on to those of glibc. Rust's allocator and every library in C come through them. While nothing is counted they cost
//! one test of a flag. While something is, each new block is noted with its size and with whose it is, so that memory which one side
//! takes and another frees is told apart, and what lived before is left alone.
//!
//! Beside the adapters of libraries in C it is the one crate of the workspace with `unsafe` in it. It counts one thread; others pass uncounted.

#[cfg(not(all(target_os = "linux", target_env = "gnu")))]
compile_error!("the doors behind malloc that this uses are glibc's");

use std::cell::{Cell, RefCell};
use std::ffi::{c_int, c_void};
use std::sync::LazyLock;
use std::time::Instant;

/// What one owner has had since counting began.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Calls that allocate, growing included.
    pub calls: usize,
    /// Bytes that were asked for and not yet given back.
    pub live: usize,
    /// The most of them at one time.
    pub peak: usize,
}

/// Whose a block is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Owner {
    Client,
    Server,
}

/// Forgets all tallies and blocks, and begins to note them; nothing is noted before `owned` says whose it is.
pub fn start() {
    BLOCKS.with_borrow_mut(Blocks::clear);
    TALLIES.set([Tally::default(); 2]);
}

/// Runs something whose allocations are one owner's.
pub fn owned<T>(owner: Owner, run: impl FnOnce() -> T) -> T {
    OWNER.set(Some(owner));
    let out = run();
    OWNER.set(None);
    out
}

/// What an owner has had since `start`.
pub fn tally(owner: Owner) -> Tally {
    TALLIES.get()[owner as usize]
}

/// Calls of the current peaks the peaks so far: from here on they are found anew.
pub fn restart_peaks() {
    let mut tallies = TALLIES.get();
    for tally in &mut tallies {
        tally.peak = tally.live;
    }
    TALLIES.set(tallies);
}

thread_local! {
    // Constants without destructors, so that looking at them never allocates.
    static OWNER: Cell<Option<Owner>> = const { Cell::new(None) };
    static TALLIES: Cell<[Tally; 2]> = const { Cell::new([Tally { calls: 0, live: 0, peak: 0 }; 2]) };
    static BLOCKS: RefCell<Blocks> = const { RefCell::new(Blocks::new()) };
}

/// Open addressing without tombstones: a removal moves the rest of its run up. Most blocks that one connection holds are few hundred.
struct Blocks {
    slots: [Block; SLOTS],
    used: usize,
}

#[derive(Clone, Copy)]
struct Block {
    address: usize,
    size: usize,
    owner: Owner,
}

const SLOTS: usize = 1 << 14;
const FREE: Block = Block { address: 0, size: 0, owner: Owner::Client };

impl Blocks {
    const fn new() -> Self {
        Self { slots: [FREE; SLOTS], used: 0 }
    }

    fn clear(&mut self) {
        self.slots.fill(FREE);
        self.used = 0;
    }

    fn home(address: usize) -> usize {
        // Blocks are aligned to 16; the multiplication spreads what is left.
        ((address >> 4).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 40) % SLOTS
    }

    fn insert(&mut self, block: Block) {
        self.used += 1;
        if self.used >= SLOTS / 2 {
            // What a panic prints takes memory.
            OWNER.set(None);
            eprintln!("more blocks than the table of the counter holds");
            std::process::abort();
        }
        let mut at = Self::home(block.address);
        while self.slots[at].address != 0 {
            at = (at + 1) % SLOTS;
        }
        self.slots[at] = block;
    }

    fn remove(&mut self, address: usize) -> Option<Block> {
        let mut at = Self::home(address);
        while self.slots[at].address != address {
            if self.slots[at].address == 0 {
                return None;
            }
            at = (at + 1) % SLOTS;
        }
        let found = std::mem::replace(&mut self.slots[at], FREE);
        self.used -= 1;
        let mut next = (at + 1) % SLOTS;
        while self.slots[next].address != 0 {
            let home = Self::home(self.slots[next].address);
            // It may fill the gap unless its home lies between the gap and itself.
            if (next + SLOTS - home) % SLOTS >= (next + SLOTS - at) % SLOTS {
                self.slots[at] = std::mem::replace(&mut self.slots[next], FREE);
                at = next;
            }
            next = (next + 1) % SLOTS;
        }
        Some(found)
    }
}

fn change(owner: Owner, by: impl FnOnce(&mut Tally)) {
    let mut tallies = TALLIES.get();
    by(&mut tallies[owner as usize]);
    TALLIES.set(tallies);
}

fn born(address: *mut c_void, size: usize) {
    let Some(owner) = OWNER.get() else { return };
    if address.is_null() {
        return;
    }
    BLOCKS.with_borrow_mut(|blocks| blocks.insert(Block { address: address as usize, size, owner }));
    change(owner, |tally| {
        tally.calls += 1;
        tally.live += size;
        tally.peak = tally.peak.max(tally.live);
    });
}

/// A block may be freed by whoever: it is taken off the account of the one that it was born under.
fn died(address: *mut c_void) -> Option<Block> {
    OWNER.get()?;
    // Anybody may free nothing, and empty places of the table look like it.
    if address.is_null() {
        return None;
    }
    let block = BLOCKS.with_borrow_mut(|blocks| blocks.remove(address as usize))?;
    change(block.owner, |tally| tally.live -= block.size);
    Some(block)
}

unsafe extern "C" {
    fn __libc_malloc(size: usize) -> *mut c_void;
    fn __libc_calloc(count: usize, size: usize) -> *mut c_void;
    fn __libc_realloc(old: *mut c_void, size: usize) -> *mut c_void;
    fn __libc_memalign(alignment: usize, size: usize) -> *mut c_void;
    fn __libc_free(old: *mut c_void);
}

// SAFETY, for all seven: glibc lets a program define these names, and the functions that it keeps for that are called with the very arguments
// that came in, so what the callers promise and ask for holds. The notes are in cells of the thread and touch no memory that is handed out.

#[unsafe(no_mangle)]
unsafe extern "C" fn malloc(size: usize) -> *mut c_void {
    let new = unsafe { __libc_malloc(size) };
    born(new, size);
    new
}

#[unsafe(no_mangle)]
unsafe extern "C" fn calloc(count: usize, size: usize) -> *mut c_void {
    let new = unsafe { __libc_calloc(count, size) };
    born(new, count.wrapping_mul(size));
    new
}

#[unsafe(no_mangle)]
unsafe extern "C" fn realloc(old: *mut c_void, size: usize) -> *mut c_void {
    // Noted as freed before it is: nobody else can be given the address in between, since one thread is counted.
    let before = died(old);
    let new = unsafe { __libc_realloc(old, size) };
    match before {
        // Nobody but its owner grows a block that it had, whoever is at work now.
        Some(block) if new.is_null() && size != 0 => {
            BLOCKS.with_borrow_mut(|blocks| blocks.insert(block));
            change(block.owner, |tally| tally.live += block.size);
        }
        _ => born(new, size),
    }
    new
}

#[unsafe(no_mangle)]
unsafe extern "C" fn free(old: *mut c_void) {
    died(old);
    unsafe { __libc_free(old) }
}

#[unsafe(no_mangle)]
unsafe extern "C" fn memalign(alignment: usize, size: usize) -> *mut c_void {
    let new = unsafe { __libc_memalign(alignment, size) };
    born(new, size);
    new
}

#[unsafe(no_mangle)]
unsafe extern "C" fn aligned_alloc(alignment: usize, size: usize) -> *mut c_void {
    unsafe { memalign(alignment, size) }
}

#[unsafe(no_mangle)]
unsafe extern "C" fn posix_memalign(out: *mut *mut c_void, alignment: usize, size: usize) -> c_int {
    const EINVAL: c_int = 22;
    const ENOMEM: c_int = 12;
    if !alignment.is_power_of_two() || !alignment.is_multiple_of(size_of::<*mut c_void>()) {
        return EINVAL;
    }
    let new = unsafe { memalign(alignment, size) };
    if new.is_null() {
        return ENOMEM;
    }
    unsafe { out.write(new) };
    0
}

/// Ticks of the processor's own counter: a reading costs a fifth of what the system's clock does, and a handshake has six.
#[cfg(target_arch = "x86_64")]
#[inline]
pub fn ticks() -> u64 {
    // SAFETY: every x86-64 has the instruction, and Linux lets programs use it.
    unsafe { std::arch::x86_64::_rdtsc() }
}

#[cfg(not(target_arch = "x86_64"))]
pub fn ticks() -> u64 {
    static START: LazyLock<Instant> = LazyLock::new(Instant::now);
    START.elapsed().as_nanos() as u64
}

/// Nanoseconds of one tick, held against the system's clock when it is first asked for.
pub fn nanoseconds_per_tick() -> f64 {
    static HELD: LazyLock<f64> = LazyLock::new(|| {
        let (began, from) = moment();
        while began.elapsed().as_millis() < 20 {}
        let (ended, to) = moment();
        (ended - began).as_nanos() as f64 / (to - from) as f64
    });
    *HELD
}

/// Both clocks at the same time: of a few readings, the one that nothing came between.
fn moment() -> (Instant, u64) {
    let readings = (0..20).map(|_| {
        let before = ticks();
        let now = Instant::now();
        let after = ticks();
        (after - before, now, before + (after - before) / 2)
    });
    let (_, now, ticks) =
        readings.min_by_key(|(took, ..)| *took).unwrap_or_else(|| (0, Instant::now(), ticks()));
    (now, ticks)
}

#[cfg(test)]
mod tests {
    use super::*;

    unsafe extern "C" {
        fn strdup(text: *const std::ffi::c_char) -> *mut std::ffi::c_char;
    }

    #[test]
    fn rust_and_c_are_counted_alike_and_by_owner() {
        start();
        let (kept, copy) = owned(Owner::Client, || {
            drop(vec![0_u8; 1000]);
            let kept = vec![1_u8; 100];
            // SAFETY: the text ends with a zero.
            (kept, unsafe { strdup(c"seven..".as_ptr()) })
        });
        assert_eq!(tally(Owner::Client), Tally { calls: 3, live: 108, peak: 1000 });
        owned(Owner::Server, || {
            drop(kept);
            // SAFETY: `strdup` gave it, and nobody has freed it.
            unsafe { free(copy.cast()) };
        });
        assert_eq!(tally(Owner::Client), Tally { calls: 3, live: 0, peak: 1000 });
        assert_eq!(tally(Owner::Server), Tally::default());
    }

    #[test]
    fn nothing_may_be_freed() {
        start();
        // SAFETY: C says that this does nothing.
        owned(Owner::Client, || unsafe { free(std::ptr::null_mut()) });
        assert_eq!(BLOCKS.with_borrow(|blocks| blocks.used), 0);
        assert_eq!(tally(Owner::Client), Tally::default());
    }

    #[test]
    fn growing_and_alignment_are_counted() {
        let old = vec![0_u8; 64];
        start();
        let (mut grown, aligned) = owned(Owner::Server, || {
            drop(old);
            let mut grown = Vec::<u8>::with_capacity(10);
            grown.reserve_exact(50);
            #[repr(align(128))]
            struct Wide([u8; 128]);
            (grown, Box::new(Wide([0; 128])))
        });
        assert_eq!(tally(Owner::Server), Tally { calls: 3, live: 178, peak: 178 });
        grown.push(aligned.0[0]);
        // Not under any owner, so not noted.
        drop(aligned);
        assert_eq!(tally(Owner::Server).live, 178);
    }

    #[test]
    fn the_table_finds_what_it_holds_whatever_was_removed() {
        let mut blocks = Box::new(Blocks::new());
        let block = |n: usize| Block { address: n * 16, size: n, owner: Owner::Client };
        for n in 1..6000 {
            blocks.insert(block(n));
        }
        for n in (1..6000).step_by(3) {
            assert_eq!(blocks.remove(n * 16).map(|b| b.size), Some(n));
        }
        for n in 1..6000 {
            let there = n % 3 != 1;
            assert_eq!(blocks.remove(n * 16).map(|b| b.size), there.then_some(n), "{n}");
        }
        assert_eq!(blocks.used, 0);
    }
}
