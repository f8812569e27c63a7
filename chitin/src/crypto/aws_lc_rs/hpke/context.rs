//! What encrypts and decrypts, once the keys are there. RFC 9180 section 5.2.

use alloc::vec::Vec;
use core::fmt;

use aws_lc_rs::aead::{self, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};

use super::{Derived, failed};
use crate::crypto::hpke::{HpkeOpener, HpkeSealer};
use crate::error::Error;

/// A key, and the number of the next message under it.
pub(super) struct Context {
    key: LessSafeKey,
    base_nonce: [u8; NONCE_LEN],
    /// 64 of the 96 bits that the RFC gives it: nobody gets to the end of them.
    sequence: u64,
}

impl Context {
    pub(super) fn new(
        algorithm: &'static aead::Algorithm,
        key: &[u8],
        base_nonce: [u8; NONCE_LEN],
    ) -> Result<Self, Error> {
        let key = UnboundKey::new(algorithm, key).map_err(|_| failed())?;
        Ok(Self { key: LessSafeKey::new(key), base_nonce, sequence: 0 })
    }

    /// The base nonce with the number in its last bytes.
    fn nonce(&self) -> Nonce {
        let mut nonce = self.base_nonce;
        let number = self.sequence.to_be_bytes();
        nonce.iter_mut().rev().zip(number.iter().rev()).for_each(|(byte, number)| *byte ^= number);
        Nonce::assume_unique_for_key(nonce)
    }

    /// A nonce is never used again: with the numbers at their end, nothing is encrypted any more.
    fn advance(&mut self) -> Result<(), Error> {
        let next = self.sequence.checked_add(1);
        self.sequence = next.ok_or_else(|| Error::General("the HPKE context is used up".into()))?;
        Ok(())
    }
}

pub(super) struct Sealer<const KDF_SIZE: usize> {
    pub(super) context: Context,
    pub(super) shared: Derived<KDF_SIZE>,
}

impl<const KDF_SIZE: usize> HpkeSealer for Sealer<KDF_SIZE> {
    fn seal(&mut self, aad: &[u8], plaintext: &[u8]) -> Result<Vec<u8>, Error> {
        let nonce = self.context.nonce();
        self.context.advance()?;
        let mut out = plaintext.to_vec();
        self.context.key.seal_in_place_append_tag(nonce, Aad::from(aad), &mut out).map_err(|_| failed())?;
        Ok(out)
    }

    fn kem_shared_secret(&self) -> Option<&[u8]> {
        Some(&self.shared[..])
    }
}

pub(super) struct Opener(pub(super) Context);

impl HpkeOpener for Opener {
    /// A message that is not authentic does not count: the next one may still be.
    fn open(&mut self, aad: &[u8], ciphertext: &[u8]) -> Result<Vec<u8>, Error> {
        let mut out = ciphertext.to_vec();
        let opened = self.0.key.open_in_place(self.0.nonce(), Aad::from(aad), &mut out);
        let len = opened.map_err(|_| Error::DecryptError)?.len();
        self.0.advance()?;
        out.truncate(len);
        Ok(out)
    }
}

impl<const KDF_SIZE: usize> fmt::Debug for Sealer<KDF_SIZE> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sealer").finish_non_exhaustive()
    }
}

impl fmt::Debug for Opener {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Opener").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_nonce_is_used_twice() {
        let context = |sequence| Context {
            sequence,
            ..Context::new(&aead::AES_128_GCM, &[1; 16], [0xff; NONCE_LEN]).unwrap()
        };
        assert_eq!(
            context(0x0102_0304_0506_0708).nonce().as_ref(),
            &[0xff, 0xff, 0xff, 0xff, 0xfe, 0xfd, 0xfc, 0xfb, 0xfa, 0xf9, 0xf8, 0xf7]
        );
        let mut last = Sealer { context: context(u64::MAX - 1), shared: Derived::new([0; 32]) };
        assert!(last.seal(b"", b"one more").is_ok());
        let used_up = Error::General("the HPKE context is used up".into());
        assert_eq!(last.seal(b"", b"and another"), Err(used_up.clone()));
        assert_eq!(last.seal(b"", b"still"), Err(used_up));
    }
}
