//! Ticket protection with AES-256-GCM.

use alloc::boxed::Box;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::fmt;
use core::sync::atomic::{AtomicU32, Ordering};

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use aws_lc_rs::rand;
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

use crate::crypto::aead_record::TAG_LEN;
use crate::crypto::ticket::ProducesTickets;
use crate::crypto::ticket::rotate::TicketRotator;
use crate::error::Error;
use crate::names::GetRandomFailed;

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
        Ok(Arc::new(TicketRotator::new(PERIOD, || Ok(Box::new(AeadTicketer::new()?)))?))
    }
}

/// How long one key makes tickets, in seconds.
const PERIOD: u32 = 6 * 60 * 60;

/// One key. A ticket is: name of the key, nonce, ciphertext, tag. The name is authenticated too.
struct AeadTicketer {
    key: LessSafeKey,
    name: [u8; NAME_LEN],
    /// How many more tickets may be made: nonces are random, and NIST SP 800-38D section 8.3 allows 2^32 of them.
    left: AtomicU32,
}

const NAME_LEN: usize = 16;

impl AeadTicketer {
    fn new() -> Result<Self, GetRandomFailed> {
        let mut key = Zeroizing::new([0; 32]);
        rand::fill(key.as_mut_slice()).map_err(|_| GetRandomFailed)?;
        let mut name = [0; NAME_LEN];
        rand::fill(&mut name).map_err(|_| GetRandomFailed)?;
        let key = UnboundKey::new(&AES_256_GCM, key.as_slice()).map_err(|_| GetRandomFailed)?;
        Ok(Self { key: LessSafeKey::new(key), name, left: AtomicU32::new(u32::MAX) })
    }
}

impl ProducesTickets for AeadTicketer {
    fn enabled(&self) -> bool {
        true
    }

    fn lifetime(&self) -> u32 {
        PERIOD * 2
    }

    fn encrypt(&self, plain: &[u8]) -> Option<Vec<u8>> {
        self.left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(1)).ok()?;
        let mut nonce = [0; NONCE_LEN];
        rand::fill(&mut nonce).ok()?;

        let mut ticket = alloc::vec![0; NAME_LEN + NONCE_LEN + plain.len() + TAG_LEN];
        let (name, rest) = ticket.split_first_chunk_mut::<NAME_LEN>()?;
        let (nonce_out, rest) = rest.split_first_chunk_mut::<NONCE_LEN>()?;
        let (text, tag) = rest.split_last_chunk_mut::<TAG_LEN>()?;
        *name = self.name;
        *nonce_out = nonce;
        self.key
            .seal_out_of_place_scatter(
                Nonce::assume_unique_for_key(nonce),
                Aad::from(self.name),
                plain,
                text,
                &[],
                tag,
            )
            .ok()?;
        Some(ticket)
    }

    fn decrypt(&self, cipher: &[u8]) -> Option<Vec<u8>> {
        let (name, rest) = cipher.split_first_chunk::<NAME_LEN>()?;
        let (nonce, rest) = rest.split_first_chunk::<NONCE_LEN>()?;
        let (text, tag) = rest.split_last_chunk::<TAG_LEN>()?;
        if !bool::from(name.ct_eq(&self.name)) {
            return None;
        }
        let mut plain = Zeroizing::new(alloc::vec![0; text.len()]);
        self.key
            .open_separate_gather(
                Nonce::assume_unique_for_key(*nonce),
                Aad::from(self.name),
                text,
                tag,
                &mut plain,
            )
            .ok()?;
        Some(core::mem::take(&mut *plain))
    }
}

impl fmt::Debug for AeadTicketer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AeadTicketer").finish_non_exhaustive()
    }
}
