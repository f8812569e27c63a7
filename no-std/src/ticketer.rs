//! Tickets sealed by ChaCha20-Poly1305 under a random key, each with a random nonce in front.

use alloc::boxed::Box;
use alloc::vec::Vec;
use core::fmt;

use chitin::crypto::GetRandomFailed;
use chitin::server::ProducesTickets;
use ring::aead::{Aad, CHACHA20_POLY1305, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use ring::rand::{SecureRandom as _, SystemRandom};

pub struct SealedTickets(LessSafeKey);

impl SealedTickets {
    pub fn make() -> Result<Box<dyn ProducesTickets>, GetRandomFailed> {
        let key = UnboundKey::new(&CHACHA20_POLY1305, &random::<32>()?).map_err(|_| GetRandomFailed)?;
        Ok(Box::new(Self(LessSafeKey::new(key))))
    }
}

impl ProducesTickets for SealedTickets {
    fn enabled(&self) -> bool {
        true
    }

    fn lifetime(&self) -> u32 {
        3600
    }

    fn encrypt(&self, plain: &[u8]) -> Option<Vec<u8>> {
        let nonce = random::<NONCE_LEN>().ok()?;
        let mut sealed = plain.to_vec();
        let nonce_to_use = Nonce::assume_unique_for_key(nonce);
        self.0.seal_in_place_append_tag(nonce_to_use, Aad::empty(), &mut sealed).ok()?;
        Some([&nonce[..], &sealed].concat())
    }

    fn decrypt(&self, ticket: &[u8]) -> Option<Vec<u8>> {
        let (nonce, sealed) = ticket.split_at_checked(NONCE_LEN)?;
        let nonce = Nonce::try_assume_unique_for_key(nonce).ok()?;
        let mut sealed = sealed.to_vec();
        let plain = self.0.open_in_place(nonce, Aad::empty(), &mut sealed).ok()?;
        Some(plain.to_vec())
    }
}

impl fmt::Debug for SealedTickets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SealedTickets").finish_non_exhaustive()
    }
}

fn random<const N: usize>() -> Result<[u8; N], GetRandomFailed> {
    let mut bytes = [0; N];
    SystemRandom::new().fill(&mut bytes).map_err(|_| GetRandomFailed)?;
    Ok(bytes)
}
