//! Ticket protection: the trait, and the change of keys over time.
//!
//! What a ticket says and how long it is believed is decided by who reads it; here bytes go in and come out.

use alloc::vec::Vec;
use core::fmt;

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
pub use rotate::{TicketRotator, TicketSwitcher};

#[cfg(feature = "std")]
mod rotate {
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
    /// Each ticketer makes tickets for one period and opens them for two; then it is dropped, and its tickets with it.
    /// It never lives longer:
    /// - when the clock goes back, the age of the keys is unknown, so they are changed at once;
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

        fn starting_at(now: Duration, period: u32, make: Generator) -> Result<Self, Error> {
            let state = State { current: Some(make()?), previous: None, since: now };
            Ok(Self { make, period, state: RwLock::new(state) })
        }

        /// The state that is right for `now`, after changing it where necessary.
        fn at(&self, now: Duration) -> Option<RwLockReadGuard<'_, State>> {
            {
                let state = self.state.read().ok()?;
                if state.age(now, self.period) == Age::Fresh && state.current.is_some() {
                    return Some(state);
                }
            }
            let mut state = self.state.write().ok()?;
            // Another thread may have been faster.
            let age = state.age(now, self.period);
            state.turn(age, now);
            if state.current.is_none() {
                state.current = (self.make)().ok();
            }
            drop(state);
            self.state.read().ok()
        }

        fn encrypt_at(&self, now: Duration, plain: &[u8]) -> Option<Vec<u8>> {
            self.at(now)?.current.as_ref()?.encrypt(plain)
        }

        fn decrypt_at(&self, now: Duration, cipher: &[u8]) -> Option<Vec<u8>> {
            let state = self.at(now)?;
            [&state.current, &state.previous]
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
        /// More than two periods, so nothing from then is good any more.
        Stale,
    }

    impl State {
        fn age(&self, now: Duration, period: u32) -> Age {
            let period = Duration::from_secs(period.into());
            match now.checked_sub(self.since) {
                Some(age) if age < period => Age::Fresh,
                Some(age) if age >= period.saturating_mul(2) => Age::Stale,
                _ => Age::Over,
            }
        }

        fn turn(&mut self, age: Age, now: Duration) {
            match age {
                Age::Fresh => return,
                Age::Over => self.previous = self.current.take(),
                Age::Stale => (self.current, self.previous) = (None, None),
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
            self.encrypt_at(now()?, plain)
        }

        fn decrypt(&self, cipher: &[u8]) -> Option<Vec<u8>> {
            self.decrypt_at(now()?, cipher)
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
    pub struct TicketSwitcher(TicketRotator);

    impl TicketSwitcher {
        /// Makes a switcher that asks `generator` for a new ticketer every `lifetime` seconds.
        ///
        /// # Errors
        /// If the generator fails the first time, or the clock cannot be read.
        pub fn new(lifetime: u32, generator: Generator) -> Result<Self, Error> {
            Ok(Self(TicketRotator::new(lifetime, generator)?))
        }
    }

    impl ProducesTickets for TicketSwitcher {
        fn enabled(&self) -> bool {
            self.0.enabled()
        }

        fn lifetime(&self) -> u32 {
            self.0.lifetime()
        }

        fn encrypt(&self, plain: &[u8]) -> Option<Vec<u8>> {
            self.0.encrypt(plain)
        }

        fn decrypt(&self, cipher: &[u8]) -> Option<Vec<u8>> {
            self.0.decrypt(cipher)
        }
    }
}
