//! A store of a million sessions: that it is bounded, and what a step costs when it is full.

use std::time::Instant;

use alloc_counter::Spent;
use chitin::server::{ServerSessionMemoryCache, StoresServerSessions};

use crate::{hold, time};

const MOST: usize = 1_000_000;

pub fn run() -> bool {
    let mut costs = Vec::new();
    println!("sessions  bytes of one  put      get      take and put  slowest of 100 puts");
    for size in [1000, 10_000, 100_000, MOST] {
        let mut spent = Spent::default();
        let store = spent.on(|| {
            let store = ServerSessionMemoryCache::new(size);
            (0..size).for_each(|n| assert!(store.put(key(n), vec![7; 200])));
            store
        });
        let bytes = spent.live as f64 / size as f64;
        // Once more as many: each forgets one.
        let put = per_step(size, |n| assert!(store.put(key(size + n), vec![7; 200])));
        let slowest = slowest(|n| assert!(store.put(key(2 * size + n), vec![7; 200])));
        let there = |n: usize| key(size + 2000 + n % (size - 2000).max(1));
        let get = per_step(size, |n| drop(store.get(&there(n))));
        let both = per_step(size, |n| {
            drop(store.take(&there(n)));
            store.put(there(n), vec![7; 200]);
        });
        println!(
            "{size:>8}  {bytes:>12.0}  {put:>4.0} ns  {get:>4.0} ns  {both:>9.0} ns  {slowest:>12.0} ns"
        );
        let text = format!("{store:?}");
        assert!(text.contains(&format!("{size}")), "it does not hold {size}: {text}");
        costs.push((size, put, bytes));
    }
    let cost = |size| costs.iter().find(|(there, ..)| *there == size).map(|(_, put, _)| *put).unwrap();
    // A map of a million does not fit into the caches of a processor, and so each step waits for memory: that is no more work.
    let time =
        hold("a step of a million against one of a hundred thousand", cost(MOST) / cost(100_000), 0.0, 2.0);
    let bytes = costs.last().map_or(0.0, |(.., bytes)| *bytes);
    hold("bytes of a session beyond its 232", bytes - 232.0, 0.0, 300.0) && time
}

/// Nanoseconds: the middle one of pieces, each long enough that the clock of a thread, which goes by ticks, has moved. A small store is gone
/// through several times.
fn per_step(steps: usize, mut step: impl FnMut(usize)) -> f64 {
    let piece = (steps / 20).max(100_000);
    let mut n = 0;
    let pieces = (0..20).map(|_| {
        let start = time::of_thread();
        for _ in 0..piece {
            step(n % steps);
            n += 1;
        }
        (time::of_thread() - start).as_nanos() as f64 / piece as f64
    });
    time::median(pieces.collect())
}

/// The slowest of a hundred, as it is when nobody else has the processor: the least of ten such.
fn slowest(mut step: impl FnMut(usize)) -> f64 {
    let slow = (0..10).map(|piece| {
        let slowest = (0..100).map(|n| {
            let start = Instant::now();
            step(piece * 100 + n);
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
