//! Rotating ticketers with the system's clock and locks.

use alloc::sync::Arc;
use alloc::vec::Vec;
use core::fmt;
use core::time::Duration;
use std::time::SystemTime;

use super::lanes::Apart;
use super::rotation::{Generator, Rotation};
use super::shared::Shared;
use super::{ProducesTickets, SealedTicket, SpareNonce};
use crate::error::Error;

/// A ticketer that replaces itself.
///
/// Each ticketer makes tickets for one period and opens them for two, counted from when it was made. As long as
/// the clock does not go back within that time, it is never extended:
/// - when the clock goes back behind the time when they were made, the age of the keys is unknown, so they are changed at once, and the old ones go one
///   period later;
/// - when no new ticketer can be made for want of randomness, no tickets are made until one can;
/// - when the time is unknown, or another thread panicked in here, there are neither tickets nor resumption.
pub struct TicketRotator {
    period: u32,
    rotation: Shared<Rotation>,
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
        Ok(Self { period, rotation: Shared::new(Rotation::starting_at(now, period, make)?) })
    }

    /// The rotation that is right for the time, after changing it where necessary, and the time.
    ///
    /// Who changes it reads the clock anew, when nobody else can. Else a thread that waited for another one's change would come with an
    /// older time, and take it for a clock that went back.
    pub(super) fn at(
        &self,
        clock: impl Fn() -> Option<Duration>,
    ) -> Option<(Arc<Apart<Rotation>>, Duration)> {
        let rotation = self.rotation.get()?;
        let now = clock()?;
        if rotation.0.is_ready(now) {
            return Some((rotation, now));
        }
        // Not a moment longer than necessary: it may be the last to have an old key.
        drop(rotation);
        let mut read = None;
        // Those who have waited for another's change find it made, and change nothing.
        self.rotation.change(|rotation| {
            let now = *read.insert(clock()?);
            (!rotation.is_ready(now)).then(|| rotation.turn(now))
        });
        Some((self.rotation.get()?, read?))
    }

    pub(super) fn encrypt_at(
        &self,
        clock: impl Fn() -> Option<Duration>,
        plain: &[u8],
        spare: Option<&SpareNonce>,
    ) -> Option<SealedTicket> {
        let (rotation, _) = self.at(clock)?;
        rotation.0.encrypt(plain, spare)
    }

    pub(super) fn decrypt_at(&self, clock: impl Fn() -> Option<Duration>, cipher: &[u8]) -> Option<Vec<u8>> {
        let (rotation, now) = self.at(clock)?;
        rotation.0.decrypt(now, cipher)
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
        self.encrypt_next(plain, None).map(|sealed| sealed.ticket)
    }

    fn encrypt_next(&self, plain: &[u8], spare: Option<&SpareNonce>) -> Option<SealedTicket> {
        self.encrypt_at(now, plain, spare)
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
    #[deprecated = "`TicketRotator` is the same"]
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

    fn encrypt_next(&self, plain: &[u8], spare: Option<&SpareNonce>) -> Option<SealedTicket> {
        self.inner.encrypt_next(plain, spare)
    }

    fn decrypt(&self, cipher: &[u8]) -> Option<Vec<u8>> {
        self.inner.decrypt(cipher)
    }
}
