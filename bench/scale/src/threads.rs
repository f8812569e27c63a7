//! What all connections of a server share, under one thread and under two: the store of sessions and the ticketer.
//!
//! Beside each stands a control that does the same work with nothing shared and no lock. Both are measured in turns, since the machine
//! itself gives two threads less than twice what it gives one. It takes two processors that nobody else uses all the time.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Barrier};
use std::time::Instant;

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use chitin::crypto::aws_lc_rs::Ticketer;
use chitin::server::{ProducesTickets, ServerSessionMemoryCache, StoresServerSessions};

use crate::hold;

const ROUNDS: usize = 100;

/// Bytes of a session that has a client's certificate in it, or a ticket.
const SESSION: usize = 200;

pub fn run() -> bool {
    let held = [store(), ticketer()];
    held.into_iter().all(|held| held)
}

fn store() -> bool {
    const EACH: u64 = 5000;
    let shared = ServerSessionMemoryCache::new(100_000);
    let work = |store: Arc<ServerSessionMemoryCache>, thread: u64| {
        move || {
            for n in 0..EACH {
                store.put(key(thread, n), vec![7; SESSION]);
                if n % 2 == 0 {
                    assert!(store.take(&key(thread, n)).is_some());
                }
            }
        }
    };
    let control = |_| {
        let mut own = Own::default();
        move || {
            for n in 0..EACH {
                own.put(key(0, n), vec![7; SESSION]);
                if n % 2 == 0 {
                    assert!(own.take(&key(0, n)).is_some());
                }
            }
        }
    };
    compare("store of sessions", |thread| work(shared.clone(), thread), control)
}

fn ticketer() -> bool {
    const EACH: usize = 5000;
    let shared = Ticketer::new().unwrap();
    let work = |ticketer: Arc<dyn ProducesTickets>| {
        move || {
            for _ in 0..EACH {
                let ticket = ticketer.encrypt(&[7; SESSION]).unwrap();
                assert_eq!(ticketer.decrypt(&ticket).unwrap().len(), SESSION);
            }
        }
    };
    let control = |thread: u64| {
        let key = LessSafeKey::new(UnboundKey::new(&AES_256_GCM, &[thread as u8; 32]).unwrap());
        move || {
            for _ in 0..EACH {
                let mut nonce = [0; 12];
                aws_lc_rs::rand::fill(&mut nonce).unwrap();
                let mut sealed = vec![7; SESSION];
                let nonce = || Nonce::assume_unique_for_key(nonce);
                key.seal_in_place_append_tag(nonce(), Aad::empty(), &mut sealed).unwrap();
                assert_eq!(
                    key.open_in_place(nonce(), Aad::empty(), &mut sealed.clone()).unwrap().len(),
                    SESSION
                );
            }
        }
    };
    compare("ticketer", |_| work(shared.clone()), control)
}

/// How much more two threads do than one, of what is shared and of the control: the median of what each round says. What others do on the machine
/// slows down a round here and there, of the one as of the other.
fn compare<W, C>(what: &str, shared: impl Fn(u64) -> W, control: impl Fn(u64) -> C) -> bool
where
    W: FnMut() + Send,
    C: FnMut() + Send,
{
    let mut rounds = [const { Vec::new() }; 3];
    for round in 0..ROUNDS {
        let mut took = [0.0; 4];
        for turn in 0..4 {
            // The order changes, so that what a burst of others slows down is now this and now that.
            let which = (round + turn) % 4;
            took[which] = match which {
                0 => seconds(vec![shared(0)]),
                1 => seconds(vec![shared(0), shared(1)]),
                2 => seconds(vec![control(0)]),
                _ => seconds(vec![control(0), control(1)]),
            };
        }
        let [one, two, one_control, two_control] = took;
        let (scaling, control) = (2.0 * one / two, 2.0 * one_control / two_control);
        rounds.iter_mut().zip([scaling, control, scaling / control]).for_each(|(all, of)| all.push(of));
    }
    let [scaling, control, share] = rounds.map(median);
    println!(
        "{what}: two threads do {scaling:.2} times what one does; those of the control {control:.2} times"
    );
    hold(&format!("scaling of the {what} against that of the control"), share, 0.95, 10.0)
}

fn median(mut all: Vec<f64>) -> f64 {
    all.sort_unstable_by(f64::total_cmp);
    all[all.len() / 2]
}

/// How long the slower thread takes, from when both are ready.
fn seconds<W: FnMut() + Send>(work: Vec<W>) -> f64 {
    let ready = Barrier::new(work.len());
    std::thread::scope(|scope| {
        let threads: Vec<_> = work
            .into_iter()
            .map(|mut work| {
                let ready = &ready;
                scope.spawn(move || {
                    work();
                    ready.wait();
                    let start = Instant::now();
                    work();
                    start.elapsed().as_secs_f64()
                })
            })
            .collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).fold(0.0, f64::max)
    })
}

/// Names of sessions look random, as real ones do.
fn key(thread: u64, n: u64) -> Vec<u8> {
    let mut key = Vec::with_capacity(32);
    for part in 0..4_u64 {
        let mixed = (n ^ thread << 40 ^ part << 50).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        key.extend((mixed ^ mixed >> 29).to_be_bytes());
    }
    key
}

/// The control: a map and an order, of one thread alone.
#[derive(Default)]
struct Own {
    map: HashMap<Vec<u8>, Vec<u8>>,
    order: VecDeque<Vec<u8>>,
}

impl Own {
    fn put(&mut self, key: Vec<u8>, value: Vec<u8>) {
        if self.map.insert(key.clone(), value).is_none() {
            self.order.push_back(key);
        }
        if self.order.len() > 50_000
            && let Some(oldest) = self.order.pop_front()
        {
            self.map.remove(&oldest);
        }
    }

    fn take(&mut self, key: &[u8]) -> Option<Vec<u8>> {
        self.map.remove(key)
    }
}
