//! What all connections of a server share, under one thread and under two: the store of sessions and the ticketer.
//!
//! Beside each stands a control that does the same work with nothing shared and no lock. Both are measured in turns, since the machine
//! itself gives two threads less than twice what it gives one. Each thread is held to a processor of its own and they begin together, or
//! one might run after the other and never meet it. What others on the machine disturb does not count.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant, SystemTime};

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use chitin::crypto::aws_lc_rs::Ticketer;
use chitin::server::{ProducesTickets, ServerSessionMemoryCache, StoresServerSessions};

use crate::{hold, time};

/// Rounds that are wanted, and that are tried.
const ROUNDS: usize = 100;
const TRIED: usize = 1000;

/// Bytes of a session that has a client's certificate in it, or a ticket.
const SESSION: usize = 200;

pub fn run() -> bool {
    let held = [store(), ticketer()];
    held.into_iter().all(|held| held)
}

fn store() -> bool {
    const EACH: u64 = 2000;
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
    const EACH: usize = 1000;
    /// Name of the key and nonce.
    const HEAD: usize = 16 + 12;
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
                let mut nonces = [0; 24];
                aws_lc_rs::rand::fill(&mut nonces).unwrap();
                let nonce = || Nonce::try_assume_unique_for_key(&nonces[..12]).unwrap();
                assert!(SystemTime::now() > SystemTime::UNIX_EPOCH);
                let mut ticket = Vec::with_capacity(HEAD + SESSION + 16);
                ticket.extend_from_slice(&[0; HEAD]);
                ticket.extend_from_slice(&[7; SESSION]);
                let tag =
                    key.seal_in_place_separate_tag(nonce(), Aad::from([0; 16]), &mut ticket[HEAD..]).unwrap();
                ticket.extend_from_slice(tag.as_ref());
                assert!(SystemTime::now() > SystemTime::UNIX_EPOCH);
                let mut opened = ticket[HEAD..].to_vec();
                assert_eq!(
                    key.open_in_place(nonce(), Aad::from([0; 16]), &mut opened).unwrap().len(),
                    SESSION
                );
            }
        }
    };
    compare("ticketer", |_| work(shared.clone()), control)
}

/// How much more two threads do than one, of what is shared and of the control: the median of what each undisturbed round says.
fn compare<W, C>(what: &str, shared: impl Fn(u64) -> W, control: impl Fn(u64) -> C) -> bool
where
    W: FnMut() + Send,
    C: FnMut() + Send,
{
    let mut rounds = [const { Vec::new() }; 3];
    let mut tried = 0;
    while rounds[0].len() < ROUNDS && tried < TRIED {
        let mut took = [None; 4];
        for turn in 0..4 {
            // The order changes, so that what a burst of others slows down is now this and now that.
            let which = (tried + turn) % 4;
            took[which] = match which {
                0 => seconds(tried, vec![shared(0)]),
                1 => seconds(tried, vec![shared(0), shared(1)]),
                2 => seconds(tried, vec![control(0)]),
                _ => seconds(tried, vec![control(0), control(1)]),
            };
        }
        tried += 1;
        let [Some(one), Some(two), Some(one_control), Some(two_control)] = took else { continue };
        let (scaling, control) = (2.0 * one / two, 2.0 * one_control / two_control);
        rounds.iter_mut().zip([scaling, control, scaling / control]).for_each(|(all, of)| all.push(of));
    }
    let there = rounds[0].len();
    if there < ROUNDS {
        println!(
            "NOT HELD {what}: only {there} of {tried} rounds were not disturbed, too few to say anything"
        );
        return false;
    }
    let [scaling, control, share] = rounds.map(time::median);
    println!(
        "{what}: two threads do {scaling:.2} times what one does; those of the control {control:.2} times ({there} of {tried} rounds)"
    );
    hold(&format!("scaling of the {what} against that of the control"), share, 0.95, 10.0)
}

/// How long the slower thread takes, from when both have begun. `None` if one was kept from its processor meanwhile.
fn seconds<W: FnMut() + Send>(round: usize, work: Vec<W>) -> Option<f64> {
    let (processors, ready, all) = (time::two_processors(), AtomicUsize::new(0), work.len());
    std::thread::scope(|scope| {
        let threads: Vec<_> = work
            .into_iter()
            .zip(round..)
            .map(|(mut work, turn)| {
                let ready = &ready;
                scope.spawn(move || {
                    time::hold_to(processors[turn % 2]);
                    work();
                    let waited = time::waited();
                    // Who sleeps here begins later than who wakes it.
                    ready.fetch_add(1, Ordering::SeqCst);
                    let there = Instant::now();
                    while ready.load(Ordering::SeqCst) < all {
                        // It may have failed, for want of `taskset` say.
                        assert!(there.elapsed() < Duration::from_secs(60), "the other thread does not begin");
                        std::hint::spin_loop();
                    }
                    let start = Instant::now();
                    work();
                    let took = start.elapsed().as_secs_f64();
                    (time::waited() == waited).then_some(took)
                })
            })
            .collect();
        threads
            .into_iter()
            .map(|thread| thread.join().unwrap())
            .try_fold(0.0, |most, took| Some(took?.max(most)))
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
