//! Ticket protection with AES-256-GCM.

use alloc::sync::Arc;

use super::parts;
use crate::crypto::ticket::ProducesTickets;
use crate::crypto::ticket::aead::PERIOD;
use crate::crypto::ticket::rotate::TicketRotator;
use crate::error::Error;

/// Makes ticketers that this provider recommends.
pub struct Ticketer {}

impl Ticketer {
    /// Makes a ticketer with a random key of its own, which it changes every six hours. Tickets can be opened for up to
    /// twelve.
    ///
    /// Tickets are encrypted with AES-256-GCM. Two ticketers cannot open each other's tickets.
    ///
    /// # Errors
    /// If there is no randomness or no clock.
    #[allow(clippy::new_ret_no_self, reason = "the signature of rustls 0.23")]
    pub fn new() -> Result<Arc<dyn ProducesTickets>, Error> {
        Ok(Arc::new(TicketRotator::new(PERIOD, parts::ticketer)?))
    }
}
