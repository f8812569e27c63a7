//! Tickets under one random key: what the providers' ticketers are made of.

use alloc::vec::Vec;
use core::fmt;

use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

use super::lanes::Countdown;
use super::{ProducesTickets, SealedTicket, SpareNonce};
use crate::crypto::SecureRandom;
use crate::crypto::aead::{Aead, Protection, TAG_LEN};
use crate::crypto::cipher::{AeadKey, NONCE_LEN, Nonce};
use crate::names::GetRandomFailed;

/// How long one key makes tickets, in seconds, where it is changed by itself.
pub(crate) const PERIOD: u32 = 6 * 60 * 60;

/// Makes and opens tickets with one random key, which it never changes: something for
/// [`TicketRotator`](crate::ticketer::TicketRotator) to replace.
///
/// A ticket is: name of the key, nonce, ciphertext, tag. The name is authenticated too.
pub struct AeadTicketer<A> {
    key: A,
    name: [u8; NAME_LEN],
    /// How many more tickets may be made: nonces are random, and NIST SP 800-38D section 8.3 allows 2^32 of them.
    left: Countdown,
    random: &'static dyn SecureRandom,
}

const NAME_LEN: usize = 16;

impl<A: Aead> AeadTicketer<A> {
    /// Makes a key.
    ///
    /// # Errors
    /// If there is no randomness, or the key cannot be set up.
    pub fn new<M>(
        protection: &Protection<A, M>,
        random: &'static dyn SecureRandom,
    ) -> Result<Self, GetRandomFailed> {
        let mut key = Zeroizing::new([0; AeadKey::MAX_LEN]);
        let key = key.get_mut(..protection.kind.key_len()).ok_or(GetRandomFailed)?;
        random.fill(key)?;
        let mut name = [0; NAME_LEN];
        random.fill(&mut name)?;
        let key = (protection.key)(key).ok_or(GetRandomFailed)?;
        Ok(Self { key, name, left: Countdown::new(u32::MAX), random })
    }

    /// Two nonces. By the generator that the key comes from, and no other: that no nonce comes twice under it hangs on this one
    /// alone, whatever the configs are made of that share the ticketer.
    fn draw(&self) -> Option<([u8; NONCE_LEN], [u8; NONCE_LEN])> {
        let mut nonces = [[0; NONCE_LEN]; 2];
        self.random.fill(nonces.as_flattened_mut()).ok()?;
        let [nonce, spare] = nonces;
        Some((nonce, spare))
    }
}

impl<A: Aead> ProducesTickets for AeadTicketer<A> {
    fn enabled(&self) -> bool {
        true
    }

    fn lifetime(&self) -> u32 {
        PERIOD * 2
    }

    fn encrypt(&self, plain: &[u8]) -> Option<Vec<u8>> {
        self.encrypt_next(plain, None).map(|sealed| sealed.ticket)
    }

    fn encrypt_next(&self, plain: &[u8], spare: Option<&SpareNonce>) -> Option<SealedTicket> {
        if !self.left.take() {
            return None;
        }
        // One of another key may have been drawn by another generator.
        let (nonce, spare) = match spare.filter(|spare| spare.key == self.name) {
            Some(spare) => (spare.nonce, None),
            None => {
                let (nonce, spare) = self.draw()?;
                (nonce, Some(SpareNonce { key: self.name, nonce: spare }))
            }
        };
        let mut ticket = Vec::with_capacity(NAME_LEN + NONCE_LEN + plain.len() + TAG_LEN);
        ticket.extend_from_slice(&self.name);
        ticket.extend_from_slice(&nonce);
        let sealed = room(&mut ticket, plain.len() + TAG_LEN)?;
        self.key.seal_into(Nonce(nonce), &self.name, plain, &[], sealed).ok()?;
        Some(SealedTicket { ticket, spare })
    }

    fn decrypt(&self, cipher: &[u8]) -> Option<Vec<u8>> {
        let (name, rest) = cipher.split_first_chunk::<NAME_LEN>()?;
        let (nonce, rest) = rest.split_first_chunk::<NONCE_LEN>()?;
        let (text, tag) = rest.split_last_chunk::<TAG_LEN>()?;
        if !bool::from(name.ct_eq(&self.name)) {
            return None;
        }
        let mut plain = Zeroizing::new(Vec::with_capacity(text.len()));
        let opened = room(&mut plain, text.len())?;
        self.key.open_into(Nonce(*nonce), &self.name, text, tag, opened).ok()?;
        Some(core::mem::take(&mut *plain))
    }
}

/// So many zeros behind what is there. Memory that is asked for as zeros takes a longer way through the allocator than this little does.
fn room(bytes: &mut Vec<u8>, len: usize) -> Option<&mut [u8]> {
    let at = bytes.len();
    bytes.resize(at.checked_add(len)?, 0);
    bytes.get_mut(at..)
}

impl<A> fmt::Debug for AeadTicketer<A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AeadTicketer").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crypto::aead::Failed;

    /// Neither hides nor authenticates anything, nor draws.
    #[derive(Debug)]
    struct Glass;

    impl Aead for Glass {
        fn seal_in_place(&self, _: Nonce, _: &[u8], _: &mut [u8]) -> Result<[u8; TAG_LEN], Failed> {
            Ok([0; TAG_LEN])
        }

        fn open_in_place(&self, _: Nonce, _: &[u8], _: &mut [u8], _: &[u8; TAG_LEN]) -> Result<(), Failed> {
            Ok(())
        }
    }

    impl SecureRandom for Glass {
        fn fill(&self, _: &mut [u8]) -> Result<(), GetRandomFailed> {
            Ok(())
        }
    }

    #[test]
    fn a_key_makes_as_many_tickets_as_random_nonces_allow() {
        let ticketer =
            AeadTicketer { key: Glass, name: [1; NAME_LEN], left: Countdown::new(2), random: &Glass };
        let first = ticketer.encrypt_next(b"x", None).unwrap();
        assert!(ticketer.encrypt_next(b"x", first.spare.as_ref()).is_some());
        let third = ticketer.encrypt_next(b"x", None);
        assert!(third.is_none() && ticketer.encrypt(b"x").is_none());
        assert_eq!(ticketer.decrypt(&first.ticket).unwrap(), b"x", "what it made it opens");
    }
}
