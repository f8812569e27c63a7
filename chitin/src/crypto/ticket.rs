//! Ticket protection: the trait, and the change of keys over time.
//!
//! What a ticket says and how long it is believed is decided by who reads it; here bytes go in and come out.

use alloc::vec::Vec;
use core::fmt;

pub(crate) mod aead;

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
}

#[cfg(feature = "std")]
pub(crate) mod rotate {
    use alloc::boxed::Box;
    use core::fmt;
    use core::time::Duration;
    use std::sync::{RwLock, RwLockReadGuard};
    use std::time::SystemTime;

    use alloc::vec::Vec;

    use super::ProducesTickets;
    use crate::error::Error;
    use crate::names::GetRandomFailed;

    type Generator = fn() -> Result<Box<dyn ProducesTickets>, GetRandomFailed>;

    /// A ticketer that replaces itself.
    ///
    /// Each ticketer makes tickets for one period and opens them for two, counted from when it was made. That is never
    /// extended:
    /// - when the clock goes back, the age of the keys is unknown, so they are changed at once, and the old ones go one
    ///   period later;
    /// - when no new ticketer can be made for want of randomness, no tickets are made until one can;
    /// - when the time is unknown, or another thread panicked in here, there are neither tickets nor resumption.
    pub struct TicketRotator {
        make: Generator,
        period: u32,
        state: RwLock<State>,
    }

    struct State {
        /// Makes tickets. `None` after its successor could not be made.
        current: Option<Box<dyn ProducesTickets>>,
        /// Opens the tickets of the period before.
        previous: Option<Box<dyn ProducesTickets>>,
        /// When it stops to do so: two periods after it was made, however late its successor came.
        previous_until: Duration,
        /// When this period began.
        since: Duration,
    }

    impl TicketRotator {
        /// Makes a rotator that asks `generator` for a new ticketer every `lifetime` seconds.
        ///
        /// # Errors
        /// If the generator fails the first time, or the clock cannot be read.
        pub fn new(lifetime: u32, generator: Generator) -> Result<Self, Error> {
            Self::starting_at(now().ok_or(Error::FailedToGetCurrentTime)?, lifetime, generator)
        }

        pub(super) fn starting_at(now: Duration, period: u32, make: Generator) -> Result<Self, Error> {
            let state = State { current: Some(make()?), previous: None, previous_until: now, since: now };
            Ok(Self { make, period, state: RwLock::new(state) })
        }

        /// The state that is right for the time, after changing it where necessary, and the time.
        ///
        /// The clock is read under the lock. Else a thread that waited for another one's change would come with an older
        /// time, and take it for a clock that went back.
        fn at(&self, clock: impl Fn() -> Option<Duration>) -> Option<(RwLockReadGuard<'_, State>, Duration)> {
            {
                let state = self.state.read().ok()?;
                let now = clock()?;
                if state.age(now, self.period()) == Age::Fresh && state.current.is_some() {
                    return Some((state, now));
                }
            }
            let mut state = self.state.write().ok()?;
            let now = clock()?;
            state.turn(now, self.period());
            if state.current.is_none() {
                state.current = (self.make)().ok();
            }
            drop(state);
            Some((self.state.read().ok()?, now))
        }

        fn period(&self) -> Duration {
            Duration::from_secs(self.period.into())
        }

        pub(super) fn encrypt_at(
            &self,
            clock: impl Fn() -> Option<Duration>,
            plain: &[u8],
        ) -> Option<Vec<u8>> {
            let (state, _) = self.at(clock)?;
            state.current.as_ref()?.encrypt(plain)
        }

        pub(super) fn decrypt_at(
            &self,
            clock: impl Fn() -> Option<Duration>,
            cipher: &[u8],
        ) -> Option<Vec<u8>> {
            let (state, now) = self.at(clock)?;
            let previous = state.previous.as_ref().filter(|_| now < state.previous_until);
            [state.current.as_ref(), previous]
                .into_iter()
                .flatten()
                .find_map(|ticketer| ticketer.decrypt(cipher))
        }
    }

    #[derive(Clone, Copy, PartialEq)]
    enum Age {
        /// The period is not over.
        Fresh,
        /// The current ticketer is due to be the previous one.
        Over,
        /// Two periods or more, so nothing from then is good any more.
        Stale,
        /// The clock went back.
        Unknown,
    }

    impl State {
        fn age(&self, now: Duration, period: Duration) -> Age {
            match now.checked_sub(self.since) {
                Some(age) if age < period => Age::Fresh,
                Some(age) if age < period.saturating_mul(2) => Age::Over,
                Some(_) => Age::Stale,
                None => Age::Unknown,
            }
        }

        fn turn(&mut self, now: Duration, period: Duration) {
            match self.age(now, period) {
                Age::Fresh => return,
                Age::Over => {
                    self.previous = self.current.take();
                    self.previous_until = self.since.saturating_add(period.saturating_mul(2));
                }
                Age::Stale => (self.current, self.previous) = (None, None),
                Age::Unknown => {
                    self.previous = self.current.take();
                    self.previous_until = now.saturating_add(period);
                }
            }
            self.since = now;
        }
    }

    impl ProducesTickets for TicketRotator {
        fn enabled(&self) -> bool {
            true
        }

        /// Two periods: a ticket made at the end of one can still be opened during the next, no longer.
        fn lifetime(&self) -> u32 {
            self.period.saturating_mul(2)
        }

        fn encrypt(&self, plain: &[u8]) -> Option<Vec<u8>> {
            self.encrypt_at(now, plain)
        }

        fn decrypt(&self, cipher: &[u8]) -> Option<Vec<u8>> {
            self.decrypt_at(now, cipher)
        }
    }

    impl fmt::Debug for TicketRotator {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.debug_struct("TicketRotator").field("period", &self.period).finish_non_exhaustive()
        }
    }

    fn now() -> Option<Duration> {
        SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).ok()
    }

    /// A ticketer that replaces itself: rustls 0.23's older name for [`TicketRotator`].
    #[derive(Debug)]
    pub struct TicketSwitcher {
        inner: TicketRotator,
    }

    impl TicketSwitcher {
        /// Makes a switcher that asks `generator` for a new ticketer every `lifetime` seconds.
        ///
        /// # Errors
        /// If the generator fails the first time, or the clock cannot be read.
        pub fn new(lifetime: u32, generator: Generator) -> Result<Self, Error> {
            Ok(Self { inner: TicketRotator::new(lifetime, generator)? })
        }
    }

    impl ProducesTickets for TicketSwitcher {
        fn enabled(&self) -> bool {
            self.inner.enabled()
        }

        fn lifetime(&self) -> u32 {
            self.inner.lifetime()
        }

        fn encrypt(&self, plain: &[u8]) -> Option<Vec<u8>> {
            self.inner.encrypt(plain)
        }

        fn decrypt(&self, cipher: &[u8]) -> Option<Vec<u8>> {
            self.inner.decrypt(cipher)
        }
    }
}

#[cfg(test)]
#[cfg(feature = "std")]
mod tests {
    use alloc::boxed::Box;
    use core::cell::Cell;
    use core::time::Duration;
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

    fn opens(rotator: &TicketRotator, now: u64, ticketer: u8) -> bool {
        rotator.decrypt_at(at(now), &[ticketer, 7]).is_some()
    }

    #[test]
    fn a_key_makes_tickets_for_one_period_and_opens_them_for_two() {
        let rotator = rotator();
        assert_eq!(rotator.lifetime(), 200);
        assert_eq!(rotator.encrypt_at(at(0), b"x").unwrap(), b"\x01x");
        assert_eq!(rotator.encrypt_at(at(99), b"x").unwrap(), b"\x01x");
        assert_eq!(rotator.encrypt_at(at(100), b"x").unwrap(), b"\x02x");
        assert!(opens(&rotator, 100, 1) && opens(&rotator, 199, 1) && opens(&rotator, 199, 2));
        assert!(!opens(&rotator, 200, 1) && opens(&rotator, 200, 2));
        assert_eq!(rotator.encrypt_at(at(200), b"x").unwrap(), b"\x03x");
    }

    #[test]
    fn after_a_long_rest_nothing_old_opens() {
        let rotator = rotator();
        assert!(!opens(&rotator, 200, 1));
        assert_eq!(rotator.encrypt_at(at(200), b"x").unwrap(), b"\x02x");
    }

    #[test]
    fn a_backward_clock_ends_the_period() {
        let rotator = rotator();
        let after = |seconds| move || Some(Duration::from_secs(START - 50 + seconds));
        assert_eq!(rotator.encrypt_at(after(0), b"x").unwrap(), b"\x02x");
        assert!(rotator.decrypt_at(after(99), b"\x01x").is_some());
        // Counted from the clock as it is now, the first key is gone after one more period.
        assert!(rotator.decrypt_at(after(100), b"\x01x").is_none());
        assert!(rotator.decrypt_at(after(100), b"\x02x").is_some());
    }

    #[test]
    fn a_late_successor_does_not_prolong_a_key() {
        let rotator = rotator();
        assert_eq!(rotator.encrypt_at(at(199), b"x").unwrap(), b"\x02x");
        assert!(opens(&rotator, 199, 1));
        assert!(!opens(&rotator, 200, 1) && opens(&rotator, 200, 2));
    }

    #[test]
    fn without_a_clock_there_are_no_tickets() {
        let rotator = rotator();
        assert_eq!(rotator.encrypt_at(|| None, b"x"), None);
        assert_eq!(rotator.decrypt_at(|| None, b"\x01x"), None);
        assert!(opens(&rotator, 0, 1), "until it is back");
    }

    #[test]
    fn without_randomness_there_are_no_new_tickets() {
        let rotator = rotator();
        BROKEN.set(true);
        assert_eq!(rotator.encrypt_at(at(100), b"x"), None);
        assert!(opens(&rotator, 199, 1), "what was issued still opens");
        assert!(!opens(&rotator, 200, 1), "but no longer than usual");
        BROKEN.set(false);
        assert_eq!(rotator.encrypt_at(at(200), b"x").unwrap(), b"\x02x");
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
                rotator.encrypt_at(at(100), b"x")
            });
            assert!(thread.join().is_err());
        });
        assert_eq!(rotator.encrypt_at(at(0), b"x"), None);
        assert_eq!(rotator.decrypt_at(at(0), b"\x01x"), None);
        assert!(ProducesTickets::encrypt(&rotator, b"x").is_none());
    }

    #[test]
    fn the_real_clock_works_too() {
        let rotator = TicketRotator::new(100, make).unwrap();
        let ticket = rotator.encrypt(b"x").unwrap();
        assert_eq!(rotator.decrypt(&ticket).unwrap(), b"x");
        let switcher = TicketSwitcher::new(100, make).unwrap();
        assert!(switcher.enabled() && switcher.lifetime() == 200);
        assert_eq!(switcher.decrypt(&switcher.encrypt(b"x").unwrap()).unwrap(), b"x");
    }
}
