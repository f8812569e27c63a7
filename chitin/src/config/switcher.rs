//! A rotating ticketer for programs without the standard library, which bring their clock and their lock.

use alloc::vec::Vec;
use core::fmt;
use core::time::Duration;

use super::lock::{MakeMutex, Mutex};
use super::time::TimeProvider;
use crate::crypto::ticket::rotation::{Generator, Rotation};
use crate::crypto::ticket::{ProducesTickets, SealedTicket, SpareNonce};
use crate::error::Error;

/// A ticketer that replaces itself.
///
/// Each ticketer makes tickets for one period and opens them for two, counted from when it was made. As long as
/// the clock does not go back within that time, it is never extended:
/// - when the clock goes back behind the time when they were made, the age of the keys is unknown, so they are changed at once, and the old ones go one
///   period later;
/// - when no new ticketer can be made for want of randomness, no tickets are made until one can;
/// - when the time is unknown, or the lock is poisoned, there are neither tickets nor resumption.
pub struct TicketSwitcher {
    period: u32,
    rotation: Mutex<Rotation>,
    clock: &'static dyn TimeProvider,
}

impl TicketSwitcher {
    /// Makes a switcher that asks `generator` for a new ticketer every `lifetime` seconds of `time_provider`'s, behind a lock of `M`.
    ///
    /// # Errors
    ///
    /// If the generator fails the first time, or the time is not known.
    pub fn new<M: MakeMutex>(
        lifetime: u32,
        generator: Generator,
        time_provider: &'static dyn TimeProvider,
    ) -> Result<Self, Error> {
        let now = now(time_provider).ok_or(Error::FailedToGetCurrentTime)?;
        let rotation = Mutex::new::<M>(Rotation::starting_at(now, lifetime, generator)?);
        Ok(Self { period: lifetime, rotation, clock: time_provider })
    }

    /// Asks the rotation that is right for the time. The clock is read under the lock, as in the one of the standard library.
    fn ask<A>(&self, question: impl FnOnce(&Rotation, Duration) -> Option<A>) -> Option<A> {
        let mut rotation = self.rotation.lock()?;
        let now = now(self.clock)?;
        if !rotation.is_ready(now) {
            rotation.turn(now);
        }
        question(&rotation, now)
    }
}

impl ProducesTickets for TicketSwitcher {
    fn enabled(&self) -> bool {
        true
    }

    /// Two periods: a ticket made at the end of one can still be opened during the next, no longer.
    fn lifetime(&self) -> u32 {
        self.period.saturating_mul(2)
    }

    fn encrypt(&self, plain: &[u8]) -> Option<Vec<u8>> {
        self.encrypt_next(plain, None).map(|sealed| sealed.ticket)
    }

    fn encrypt_next(&self, plain: &[u8], spare: Option<&SpareNonce>) -> Option<SealedTicket> {
        self.ask(|rotation, _| rotation.encrypt(plain, spare))
    }

    fn decrypt(&self, cipher: &[u8]) -> Option<Vec<u8>> {
        self.ask(|rotation, now| rotation.decrypt(now, cipher))
    }
}

impl fmt::Debug for TicketSwitcher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TicketSwitcher").field("period", &self.period).finish_non_exhaustive()
    }
}

fn now(clock: &dyn TimeProvider) -> Option<Duration> {
    clock.current_time().map(|now| Duration::from_secs(now.as_secs()))
}
