//! A store of a million sessions: that it is bounded, and what a step costs when it is full.

use std::time::Instant;

use alloc_counter::Spent;
use chitin::server::{ServerSessionMemoryCache, StoresServerSessions};

use crate::own::Own;
use crate::{hold, time};

const MOST: usize = 1_000_000;

pub fn run() -> bool {
    let mut costs = Vec::new();
    println!(
        "sessions  bytes of one  put      get      take and put  slowest of 100 puts  put into a plain map"
    );
    for size in [1000, 10_000, 100_000, MOST] {
        let mut spent = Spent::default();
        let mut keys = 0..;
        let mut new = || key(keys.next().expect("there is no end"));
        let store = spent.on(|| {
            let store = ServerSessionMemoryCache::new(size);
            // Each key goes to one of many parts by chance: with thrice as many all of them are full.
            (0..3 * size).for_each(|_| assert!(store.put(new(), vec![7; 200])));
            store
        });
        let bytes = spent.live as f64 / size as f64;
        // Each forgets one.
        let put = per_step(|_| assert!(store.put(new(), vec![7; 200])));
        let slowest = slowest(|| assert!(store.put(new(), vec![7; 200])));
        let newest = keys.start;
        let there = |n: usize| key(newest - 1 - n % (size / 4));
        let get = per_step(|n| assert!(store.get(&there(n)).is_some()));
        let both = per_step(|n| {
            assert!(store.take(&there(n)).is_some());
            store.put(there(n), vec![7; 200]);
        });
        let text = format!("{store:?}");
        assert!(text.contains(&format!("{size}")), "it does not hold {size}: {text}");
        drop(store);
        let (mut own, mut keys) = (Own::new(size), (0..).map(key));
        keys.by_ref().take(2 * size).for_each(|key| own.put(key, vec![7; 200]));
        let plain = per_step(|_| own.put(keys.next().expect("there is no end"), vec![7; 200]));
        println!(
            "{size:>8}  {bytes:>12.0}  {put:>4.0} ns  {get:>4.0} ns  {both:>9.0} ns  {slowest:>16.0} ns  {plain:>17.0} ns"
        );
        costs.push((put / plain, bytes));
    }
    let (against_plain, bytes) = costs.last().copied().unwrap_or_default();
    // A map of a million does not fit into the caches of a processor, and so each step waits for memory. A map and an order without a lock wait as
    // much, and what they compute is the same for any number.
    let time = hold("a step of a million against one of a plain map of a million", against_plain, 0.0, 2.0);
    hold("bytes of a session beyond its 232", bytes - 232.0, 0.0, 300.0) && time
}

/// Nanoseconds: the middle one of pieces, each long enough that the clock of a thread, which goes by ticks, has moved.
fn per_step(mut step: impl FnMut(usize)) -> f64 {
    const PIECE: usize = 100_000;
    let mut n = 0;
    let pieces = (0..20).map(|_| {
        let start = time::of_thread();
        for _ in 0..PIECE {
            step(n);
            n += 1;
        }
        (time::of_thread() - start).as_nanos() as f64 / PIECE as f64
    });
    time::median(pieces.collect())
}

/// The slowest of a hundred, as it is when nobody else has the processor: the least of ten such.
fn slowest(mut step: impl FnMut()) -> f64 {
    let slow = (0..10).map(|_| {
        let slowest = (0..100).map(|_| {
            let start = Instant::now();
            step();
            start.elapsed().as_nanos() as f64
        });
        slowest.fold(0.0, f64::max)
    });
    slow.fold(f64::MAX, f64::min)
}

fn key(n: usize) -> Vec<u8> {
    let mixed = (n as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    [mixed, mixed ^ mixed >> 31, !mixed, n as u64].iter().flat_map(|part| part.to_be_bytes()).collect()
}
