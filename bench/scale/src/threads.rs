//! What all connections of a server share, under one thread and under two: the store of sessions and the ticketer.
//!
//! Beside each stands a control that does the same work with nothing shared and no lock. Both are measured in turns, since the machine
//! itself gives two threads less than twice what it gives one. The two threads live through all turns, as those of a server do, each on a
//! processor of its own, and begin each turn together, or one might run after the other and never meet it. What others on the machine disturb
//! does not count.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant, SystemTime};

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use chitin::crypto::aws_lc_rs::Ticketer;
use chitin::server::{ProducesTickets, ServerSessionMemoryCache, StoresServerSessions};

use crate::own::Own;
use crate::{hold, time};

/// Rounds that are wanted, and that are tried.
const ROUNDS: usize = 100;
const TRIED: usize = 1000;

/// Bytes of a session that has a client's certificate in it, or a ticket.
const SESSION: usize = 200;

pub fn run() -> bool {
    // A server's store is full after a while, and then mostly holds what no cache does any more. One that a core has all of in its cache shows what
    // it takes to write there by turns: the other core's cache has to give up each line.
    let small = store(1000);
    println!("     (a store so small is held to nothing: {small:.3} of the control's scaling)");
    let word = word();
    println!("     (what any map needs that threads share: {word:.3} of the control's scaling)");
    let full =
        hold("scaling of the store of sessions against that of the control", store(100_000), 0.95, 10.0);
    full & hold("scaling of the ticketer against that of the control", ticketer(), 0.95, 10.0)
}

/// Sessions that a thread puts into a store in a turn; it takes half of them out again.
const SESSIONS: usize = 2000;

/// A full one.
fn store(size: usize) -> f64 {
    let shared = ServerSessionMemoryCache::new(size);
    let work = |thread| {
        let (shared, mut keys) = (shared.clone(), fresh(thread));
        keys.by_ref().take(size).for_each(|key| assert!(shared.put(key, vec![7; SESSION])));
        move || {
            let mut lost = 0;
            for (n, key) in keys.by_ref().take(SESSIONS).enumerate() {
                assert!(shared.put(key.clone(), vec![7; SESSION]));
                if n % 2 == 0 {
                    lost += usize::from(shared.take(&key).is_none());
                }
            }
            // Of a small one the other thread may have pushed some out, while this one was kept from its processor.
            assert!(lost <= SESSIONS / 100, "{lost} sessions were not there");
        }
    };
    compare(&format!("full store of {size} sessions"), work, |thread| own(thread, size, |_| ()))
}

/// The control of two threads at a full store: each has a map of half the size, which nobody else can see. Calls `beside` with each key that it
/// puts there.
fn own(thread: u64, size: usize, beside: impl Fn(&[u8])) -> impl FnMut() {
    let (mut own, mut keys) = (Own::new(size / 2), fresh(thread));
    keys.by_ref().take(size).for_each(|key| own.put(key, vec![7; SESSION]));
    move || {
        for (n, key) in keys.by_ref().take(SESSIONS).enumerate() {
            beside(&key);
            own.put(key.clone(), vec![7; SESSION]);
            if n % 2 == 0 {
                assert!(own.take(&key).is_some());
            }
        }
    }
}

/// The control, and a word that a thread writes in a place that the key chooses. No map that threads share does without at least that: the other
/// thread would not see what was put there.
fn word() -> f64 {
    #[derive(Default)]
    #[repr(align(128))]
    struct Word(AtomicUsize);
    const SIZE: usize = 100_000;
    let words: Vec<Word> = (0..SIZE / 32).map(|_| Word::default()).collect();
    let write = |key: &[u8]| {
        let chosen = usize::from_be_bytes(key[..8].try_into().expect("a key has 32 bytes")) % words.len();
        words[chosen].0.fetch_add(1, Ordering::AcqRel);
    };
    compare(
        "maps of their own and a shared word",
        |thread| own(thread, SIZE, write),
        |thread| own(thread, SIZE, |_| ()),
    )
}

fn ticketer() -> f64 {
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

/// How much more two threads do than one, of what is shared against the control: the median of what each undisturbed round says, or nothing,
/// which is less than anything is held to.
fn compare<W: FnMut(), C: FnMut()>(
    what: &str,
    shared: impl Fn(u64) -> W + Sync,
    control: impl Fn(u64) -> C + Sync,
) -> f64 {
    let rounds = Rounds::default();
    std::thread::scope(|scope| {
        for (me, processor) in time::two_processors().into_iter().enumerate() {
            let (rounds, shared, control) = (&rounds, &shared, &control);
            scope.spawn(move || {
                time::hold_to(processor);
                rounds.take_part(me, shared(me as u64), control(me as u64));
            });
        }
    });
    let tried = rounds.tried.into_inner();
    let there = rounds.undisturbed.into_inner().expect("no thread failed");
    if there.len() < ROUNDS {
        println!(
            "{what}: only {} of {tried} rounds were not disturbed, too few to say anything",
            there.len()
        );
        return 0.0;
    }
    let there: Vec<&Round> = there.iter().collect();
    println!("{what}: {} of {tried} rounds; in microseconds what one thread takes, and two", there.len());
    let (near, far): (Vec<&Round>, _) = there.iter().partition(|round| round.distance < FAR);
    for (place, rounds) in [("near", near), ("far", far)].into_iter().filter(|(_, rounds)| !rounds.is_empty())
    {
        let turns = [0, 1, 2, 3].map(|turn| median(&rounds, |round| round.took[turn] * 1e6));
        let [one, two, control_one, control_two] = turns;
        println!(
            "     {:>3} rounds with processors {place}, {:.0} ns there and back: {one:.0} and {two:.0}, of the control {control_one:.0} and {control_two:.0}; {:.3} of its scaling",
            rounds.len(),
            median(&rounds, |round| round.distance),
            median(&rounds, Round::scaling),
        );
    }
    median(&there, Round::scaling)
}

fn median(rounds: &[&Round], of: impl Fn(&Round) -> f64) -> f64 {
    time::median(rounds.iter().map(|round| of(round)).collect())
}

/// From so many nanoseconds on, there and back, two processors do not lie beside each other. A virtual machine may be moved from such a place to
/// another within seconds, and what was measured in one says little about the other.
const FAR: f64 = 150.0;

/// What was measured in a round that nobody disturbed.
struct Round {
    /// Seconds of the slower thread in each turn: one of them the shared work, both, one the control, both.
    took: [f64; 4],
    /// Nanoseconds from one processor to the other and back.
    distance: f64,
}

impl Round {
    /// How much more two threads do than one, of what is shared against the control.
    fn scaling(&self) -> f64 {
        let [one, two, control_one, control_two] = self.took;
        (one / two) / (control_one / control_two)
    }
}

/// Where two threads meet.
#[derive(Default)]
struct Rounds {
    /// How often a thread has come to where both wait for each other.
    arrivals: AtomicUsize,
    /// Goes from one to the other.
    ball: AtomicUsize,
    /// Of this round, by turn and thread: seconds, none if it rested; or nothing if it was kept from its processor.
    took: Mutex<[[Option<f64>; 2]; 4]>,
    tried: AtomicUsize,
    undisturbed: Mutex<Vec<Round>>,
}

impl Rounds {
    fn take_part(&self, me: usize, mut shared: impl FnMut(), mut control: impl FnMut()) {
        for round in 0..TRIED {
            for turn in 0..4 {
                // The order changes, so that what a burst of others slows down is now this and now that.
                let which = (round + turn) % 4;
                let mut work = || if which < 2 { shared() } else { control() };
                let rests = which % 2 == 0 && round % 2 != me;
                // What the other thread did in the turn before is not to be paid for in this one.
                if !rests {
                    work();
                }
                let waited = time::waited();
                self.meet();
                let start = Instant::now();
                if !rests {
                    work();
                }
                let took = start.elapsed().as_secs_f64();
                let undisturbed = rests || time::waited() == waited;
                self.took.lock().expect("no thread failed")[which][me] =
                    undisturbed.then_some(if rests { 0.0 } else { took });
                self.meet();
            }
            let distance = self.there_and_back(me);
            if me == 0 {
                self.note_round(distance);
            }
            self.meet();
            if self.undisturbed.lock().expect("no thread failed").len() >= ROUNDS {
                return;
            }
        }
    }

    fn note_round(&self, distance: f64) {
        self.tried.fetch_add(1, Ordering::SeqCst);
        let took = *self.took.lock().expect("no thread failed");
        let slower = took.map(|[one, other]| Some(f64::max(one?, other?)));
        if let [Some(a), Some(b), Some(c), Some(d)] = slower {
            let round = Round { took: [a, b, c, d], distance };
            self.undisturbed.lock().expect("no thread failed").push(round);
        }
    }

    /// Nanoseconds until a processor sees that the other has seen what it wrote.
    fn there_and_back(&self, me: usize) -> f64 {
        const TIMES: usize = 2000;
        let start = Instant::now();
        for turn in (me..2 * TIMES).step_by(2) {
            while self.ball.load(Ordering::Acquire) != turn {
                std::hint::spin_loop();
            }
            let next = (turn + 1) % (2 * TIMES);
            self.ball.store(next, Ordering::Release);
        }
        start.elapsed().as_nanos() as f64 / TIMES as f64
    }

    /// Waits for the other thread, without sleeping: who sleeps begins later than who wakes it.
    fn meet(&self) {
        let meeting = self.arrivals.fetch_add(1, Ordering::SeqCst) / 2;
        let there = Instant::now();
        while self.arrivals.load(Ordering::SeqCst) < 2 * (meeting + 1) {
            // It may have failed, for want of `taskset` say.
            assert!(there.elapsed() < Duration::from_secs(60), "the other thread does not come");
            std::hint::spin_loop();
        }
    }
}

fn fresh(thread: u64) -> impl Iterator<Item = Vec<u8>> {
    (0_u64..).map(move |n| key(thread, n))
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
