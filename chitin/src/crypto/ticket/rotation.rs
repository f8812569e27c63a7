//! How the keys of tickets follow each other. It has neither a clock nor a lock: both belong to whoever holds it.

use alloc::boxed::Box;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::time::Duration;

use super::{ProducesTickets, SealedTicket, SpareNonce};
use crate::error::Error;
use crate::names::GetRandomFailed;

pub(crate) type Generator = fn() -> Result<Box<dyn ProducesTickets>, GetRandomFailed>;

/// A ticketer, in the box that it came in: to move it would leave its keys behind in memory.
type Made = Arc<Box<dyn ProducesTickets>>;

/// The ticketer of this period and that of the one before. A clone has the same two.
#[derive(Clone)]
pub(crate) struct Rotation {
    make: Generator,
    period: Duration,
    /// Makes tickets. `None` after its successor could not be made.
    current: Option<Made>,
    /// Opens the tickets of the period before.
    previous: Option<Made>,
    /// When it stops to do so: two periods after it was made, however late its successor came.
    previous_until: Duration,
    /// When this period began.
    since: Duration,
}

impl Rotation {
    /// Begins a period of `period` seconds at `now`.
    ///
    /// # Errors
    /// If `make` fails.
    pub(crate) fn starting_at(now: Duration, period: u32, make: Generator) -> Result<Self, Error> {
        let period = Duration::from_secs(period.into());
        let current = Some(Arc::new(make()?));
        Ok(Self { make, period, current, previous: None, previous_until: now, since: now })
    }

    /// Says whether nothing has to be changed before it is used at `now`.
    pub(crate) fn is_ready(&self, now: Duration) -> bool {
        self.age(now) == Age::Fresh && self.current.is_some()
    }

    /// Changes what is due to be changed at `now`.
    pub(crate) fn turn(&mut self, now: Duration) {
        let age = self.age(now);
        match age {
            Age::Fresh => {}
            Age::Over => {
                self.previous = self.current.take();
                self.previous_until = self.since.saturating_add(self.period.saturating_mul(2));
            }
            Age::Stale => (self.current, self.previous) = (None, None),
            Age::Unknown => {
                self.previous = self.current.take();
                self.previous_until = now.saturating_add(self.period);
            }
        }
        if age != Age::Fresh {
            self.since = now;
        }
        if self.current.is_none() {
            self.current = (self.make)().ok().map(Arc::new);
        }
    }

    pub(crate) fn encrypt(&self, plain: &[u8], spare: Option<&SpareNonce>) -> Option<SealedTicket> {
        self.current.as_ref()?.encrypt_next(plain, spare)
    }

    pub(crate) fn decrypt(&self, now: Duration, cipher: &[u8]) -> Option<Vec<u8>> {
        let previous = self.previous.as_ref().filter(|_| now < self.previous_until);
        [self.current.as_ref(), previous].into_iter().flatten().find_map(|ticketer| ticketer.decrypt(cipher))
    }

    fn age(&self, now: Duration) -> Age {
        match now.checked_sub(self.since) {
            Some(age) if age < self.period => Age::Fresh,
            Some(age) if age < self.period.saturating_mul(2) => Age::Over,
            Some(_) => Age::Stale,
            None => Age::Unknown,
        }
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
