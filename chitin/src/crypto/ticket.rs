//! Ticket protection: the trait, and the change of keys over time.
//!
//! What a ticket says and how long it is believed is decided by who reads it; here bytes go in and come out.

use alloc::vec::Vec;
use core::fmt;

#[cfg(feature = "std")]
pub(crate) mod aead;
#[cfg(feature = "std")]
pub(crate) mod lanes;
#[cfg(feature = "std")]
pub(crate) mod rotate;
pub(crate) mod rotation;
#[cfg(feature = "std")]
pub(crate) mod shared;

/// Protects session tickets (RFC 8446 section 4.6.1, RFC 5077).
pub trait ProducesTickets: fmt::Debug + Send + Sync {
    /// Whether tickets are to be issued at all.
    fn enabled(&self) -> bool;

    /// How long a ticket can be opened, in seconds.
    fn lifetime(&self) -> u32;

    /// Encrypts and authenticates `plain`; `None` if that is not possible, and then no ticket is sent.
    fn encrypt(&self, plain: &[u8]) -> Option<Vec<u8>>;

    /// Opens a ticket; `None` if it is not one of ours, or too old.
    fn decrypt(&self, cipher: &[u8]) -> Option<Vec<u8>>;

    /// As [`Self::encrypt`], for one of several tickets of a connection, which are made one behind the other: a generator is called
    /// once for two of them. `spare` is what the one before has left; what this one leaves is for the next, and for no other.
    #[doc(hidden)]
    fn encrypt_next(&self, plain: &[u8], spare: Option<&SpareNonce>) -> Option<SealedTicket> {
        let _ = spare;
        Some(SealedTicket { ticket: self.encrypt(plain)?, spare: None })
    }
}

/// A nonce that was drawn with the one of another ticket, for the key that it was drawn for.
///
/// It cannot be copied. It waits for as long as its connection needs for the next of its tickets, never for the peer: nothing that
/// a fork or a snapshot could find twice.
pub struct SpareNonce {
    /// The name of the key.
    key: [u8; 16],
    nonce: [u8; 12],
}

/// A ticket, and what it leaves for the next one.
pub struct SealedTicket {
    pub(crate) ticket: Vec<u8>,
    pub(crate) spare: Option<SpareNonce>,
}

#[cfg(test)]
#[cfg(feature = "std")]
mod tests {
    use alloc::boxed::Box;
    use alloc::sync::Arc;
    use core::cell::{Cell, RefCell};
    use core::sync::atomic::{AtomicU64, Ordering};
    use core::time::Duration;
    use std::sync::{Barrier, Mutex};
    use std::thread;

    use super::rotate::{TicketRotator, TicketSwitcher};
    use super::*;
    use crate::names::GetRandomFailed;

    std::thread_local! {
        static MADE: Cell<u8> = const { Cell::new(0) };
        static BROKEN: Cell<bool> = const { Cell::new(false) };
    }

    /// Puts its number before the ticket.
    #[derive(Debug)]
    struct Numbered(u8);

    impl ProducesTickets for Numbered {
        fn enabled(&self) -> bool {
            true
        }

        fn lifetime(&self) -> u32 {
            1
        }

        fn encrypt(&self, plain: &[u8]) -> Option<Vec<u8>> {
            assert_ne!(plain, b"panic");
            Some([&[self.0], plain].concat())
        }

        fn decrypt(&self, cipher: &[u8]) -> Option<Vec<u8>> {
            cipher.strip_prefix(&[self.0]).map(<[u8]>::to_vec)
        }
    }

    fn make() -> Result<Box<dyn ProducesTickets>, GetRandomFailed> {
        if BROKEN.get() {
            return Err(GetRandomFailed);
        }
        MADE.set(MADE.get() + 1);
        Ok(Box::new(Numbered(MADE.get())))
    }

    const START: u64 = 1_000_000;

    fn at(seconds: u64) -> impl Fn() -> Option<Duration> {
        move || Some(Duration::from_secs(START + seconds))
    }

    fn rotator() -> TicketRotator {
        TicketRotator::starting_at(Duration::from_secs(START), 100, make).unwrap()
    }

    fn encrypt_at(
        rotator: &TicketRotator,
        clock: impl Fn() -> Option<Duration>,
        plain: &[u8],
    ) -> Option<Vec<u8>> {
        rotator.encrypt_at(clock, plain, None).map(|sealed| sealed.ticket)
    }

    fn opens(rotator: &TicketRotator, now: u64, ticketer: u8) -> bool {
        rotator.decrypt_at(at(now), &[ticketer, 7]).is_some()
    }

    #[test]
    fn a_key_makes_tickets_for_one_period_and_opens_them_for_two() {
        let rotator = rotator();
        assert_eq!(rotator.lifetime(), 200);
        assert_eq!(encrypt_at(&rotator, at(0), b"x").unwrap(), b"\x01x");
        assert_eq!(encrypt_at(&rotator, at(99), b"x").unwrap(), b"\x01x");
        assert_eq!(encrypt_at(&rotator, at(100), b"x").unwrap(), b"\x02x");
        assert!(opens(&rotator, 100, 1) && opens(&rotator, 199, 1) && opens(&rotator, 199, 2));
        assert!(!opens(&rotator, 200, 1) && opens(&rotator, 200, 2));
        assert_eq!(encrypt_at(&rotator, at(200), b"x").unwrap(), b"\x03x");
    }

    #[test]
    fn after_a_long_rest_nothing_old_opens() {
        let rotator = rotator();
        assert!(!opens(&rotator, 200, 1));
        assert_eq!(encrypt_at(&rotator, at(200), b"x").unwrap(), b"\x02x");
    }

    #[test]
    fn a_backward_clock_ends_the_period() {
        let rotator = rotator();
        let after = |seconds| move || Some(Duration::from_secs(START - 50 + seconds));
        assert_eq!(encrypt_at(&rotator, after(0), b"x").unwrap(), b"\x02x");
        assert!(rotator.decrypt_at(after(99), b"\x01x").is_some());
        // Counted from the clock as it is now, the first key is gone after one more period.
        assert!(rotator.decrypt_at(after(100), b"\x01x").is_none());
        assert!(rotator.decrypt_at(after(100), b"\x02x").is_some());
    }

    #[test]
    fn a_late_successor_does_not_prolong_a_key() {
        let rotator = rotator();
        assert_eq!(encrypt_at(&rotator, at(199), b"x").unwrap(), b"\x02x");
        assert!(opens(&rotator, 199, 1));
        assert!(!opens(&rotator, 200, 1) && opens(&rotator, 200, 2));
    }

    #[test]
    fn without_a_clock_there_are_no_tickets() {
        let rotator = rotator();
        assert_eq!(encrypt_at(&rotator, || None, b"x"), None);
        assert_eq!(rotator.decrypt_at(|| None, b"\x01x"), None);
        assert!(opens(&rotator, 0, 1), "until it is back");
    }

    #[test]
    fn without_randomness_there_are_no_new_tickets() {
        let rotator = rotator();
        BROKEN.set(true);
        assert_eq!(encrypt_at(&rotator, at(100), b"x"), None);
        assert!(opens(&rotator, 199, 1), "what was issued still opens");
        assert!(!opens(&rotator, 200, 1), "but no longer than usual");
        BROKEN.set(false);
        assert_eq!(encrypt_at(&rotator, at(200), b"x").unwrap(), b"\x02x");
        BROKEN.set(true);
        assert!(TicketRotator::new(1, make).is_err());
    }

    #[test]
    fn a_poisoned_lock_means_no_tickets() {
        fn panics() -> Result<Box<dyn ProducesTickets>, GetRandomFailed> {
            match BROKEN.get() {
                true => panic!("on purpose"),
                false => make(),
            }
        }
        let rotator = TicketRotator::starting_at(Duration::from_secs(START), 100, panics).unwrap();
        thread::scope(|scope| {
            let thread = scope.spawn(|| {
                BROKEN.set(true);
                encrypt_at(&rotator, at(100), b"x")
            });
            assert!(thread.join().is_err());
        });
        assert_eq!(encrypt_at(&rotator, at(0), b"x"), None);
        assert_eq!(rotator.decrypt_at(at(0), b"\x01x"), None);
        assert!(ProducesTickets::encrypt(&rotator, b"x").is_none());
    }

    /// Threads make tickets and open each other's while the clock goes on: no key makes any after its period or opens any after two,
    /// and what one thread made is good in all others.
    #[test]
    fn threads_agree_on_the_keys_of_each_moment() {
        const PERIOD: u64 = 100;
        static CLOCK: AtomicU64 = AtomicU64::new(START);

        /// Puts the time when it was made before the ticket.
        #[derive(Debug)]
        struct Dated([u8; 8]);

        impl ProducesTickets for Dated {
            fn enabled(&self) -> bool {
                true
            }

            fn lifetime(&self) -> u32 {
                1
            }

            fn encrypt(&self, plain: &[u8]) -> Option<Vec<u8>> {
                Some([&self.0, plain].concat())
            }

            fn decrypt(&self, cipher: &[u8]) -> Option<Vec<u8>> {
                cipher.strip_prefix(&self.0).map(<[u8]>::to_vec)
            }
        }

        fn time() -> u64 {
            CLOCK.load(Ordering::SeqCst)
        }

        let make = || -> Result<Box<dyn ProducesTickets>, _> { Ok(Box::new(Dated(time().to_be_bytes()))) };
        let clock = || Some(Duration::from_secs(time()));
        let rotator = TicketRotator::starting_at(Duration::from_secs(START), PERIOD as u32, make).unwrap();
        let last = Mutex::new((START, encrypt_at(&rotator, clock, b"x").unwrap()));
        let work = || {
            for _ in 0..5000 {
                CLOCK.fetch_add(1, Ordering::SeqCst);
                let (made, ticket) = last.lock().unwrap().clone();
                let born = u64::from_be_bytes(*ticket.first_chunk().unwrap());
                let before = time();
                let opened = rotator.decrypt_at(clock, &ticket).is_some();
                assert!(!opened || before < born + 2 * PERIOD, "opened by a key that is gone");
                assert!(opened || time() >= made + PERIOD, "not opened by another thread in time");
                let before = time();
                let ticket = encrypt_at(&rotator, clock, b"x").unwrap();
                let born = u64::from_be_bytes(*ticket.first_chunk().unwrap());
                assert!(before < born + PERIOD, "made by a key whose period is over");
                *last.lock().unwrap() = (before, ticket);
            }
        };
        thread::scope(|scope| (0..20).for_each(|_| drop(scope.spawn(work))));
    }

    /// Many may have waited for a change: each but the first finds it done, and leaves the lanes as they are.
    #[test]
    fn a_change_that_another_thread_has_made_is_not_made_again() {
        let (rotator, other) = (rotator(), RefCell::new(None));
        let clock = || {
            other.borrow_mut().get_or_insert_with(|| rotator.at(at(100)).unwrap().0);
            at(100)()
        };
        let (rotation, _) = rotator.at(clock).unwrap();
        assert!(Arc::ptr_eq(&rotation, other.borrow().as_ref().unwrap()));
        assert_eq!(encrypt_at(&rotator, at(100), b"x").unwrap(), b"\x02x");
    }

    /// They stay in no thread's memory, however long that does not come back.
    #[test]
    fn old_keys_are_dropped_while_their_users_live_on() {
        static DROPPED: AtomicU64 = AtomicU64::new(0);

        #[derive(Debug)]
        struct Dropped(Numbered);

        impl Drop for Dropped {
            fn drop(&mut self) {
                DROPPED.fetch_add(1, Ordering::SeqCst);
            }
        }

        impl ProducesTickets for Dropped {
            fn enabled(&self) -> bool {
                true
            }

            fn lifetime(&self) -> u32 {
                1
            }

            fn encrypt(&self, plain: &[u8]) -> Option<Vec<u8>> {
                self.0.encrypt(plain)
            }

            fn decrypt(&self, cipher: &[u8]) -> Option<Vec<u8>> {
                self.0.decrypt(cipher)
            }
        }

        let make = || -> Result<Box<dyn ProducesTickets>, _> { Ok(Box::new(Dropped(Numbered(1)))) };
        let rotator = TicketRotator::starting_at(Duration::from_secs(START), 100, make).unwrap();
        let barrier = Barrier::new(21);
        thread::scope(|scope| {
            for _ in 0..20 {
                scope.spawn(|| {
                    let ticket = encrypt_at(&rotator, at(0), b"x");
                    barrier.wait();
                    barrier.wait();
                    assert!(ticket.is_some());
                });
            }
            barrier.wait();
            let dropped = [99, 100, 200, 300, 500].map(|now| {
                let made = encrypt_at(&rotator, at(now), b"x").is_some();
                (made, DROPPED.load(Ordering::SeqCst))
            });
            barrier.wait();
            assert_eq!(dropped, [0, 0, 1, 2, 4].map(|dropped| (true, dropped)));
        });
    }

    #[test]
    #[allow(deprecated)]
    fn the_real_clock_works_too() {
        let rotator = TicketRotator::new(100, make).unwrap();
        let ticket = rotator.encrypt(b"x").unwrap();
        assert_eq!(rotator.decrypt(&ticket).unwrap(), b"x");
        let switcher = TicketSwitcher::new(100, make).unwrap();
        assert!(switcher.enabled() && switcher.lifetime() == 200);
        assert_eq!(switcher.decrypt(&switcher.encrypt(b"x").unwrap()).unwrap(), b"x");
    }
}
