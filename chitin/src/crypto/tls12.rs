//! TLS 1.2's pseudorandom function (RFC 5246 section 5): the trait, and one implementation over any HMAC.

use alloc::boxed::Box;

use super::suites::TLS12;
use super::{ActiveKeyExchange, hmac};
use crate::error::Error;
use crate::secret::{Scratch, copy};

/// TLS 1.2's pseudorandom function over one hash function.
pub trait Prf: Send + Sync {
    /// Computes a master secret from the secret that `kx` agrees on with the peer.
    ///
    /// # Errors
    /// If the peer's share is no share of that group.
    fn for_key_exchange(
        &self,
        output: &mut [u8; 48],
        kx: Box<dyn ActiveKeyExchange>,
        peer_pub_key: &[u8],
        label: &[u8],
        seed: &[u8],
    ) -> Result<(), Error>;

    /// Fills `output` with PRF(`secret`, `label`, `seed`).
    fn for_secret(&self, output: &mut [u8], secret: &[u8], label: &[u8], seed: &[u8]);

    /// Sets `secret` up for several calls, which are then those of HMAC; `None` if it cannot be.
    #[doc(hidden)]
    fn keyed(&self, secret: &[u8]) -> Option<Box<dyn hmac::Key>> {
        let _ = secret;
        None
    }

    /// Whether this is a FIPS-approved implementation.
    fn fips(&self) -> bool {
        false
    }
}

/// The pseudorandom function over any HMAC.
pub struct PrfUsingHmac<'a>(pub &'a dyn hmac::Hmac);

impl Prf for PrfUsingHmac<'_> {
    fn for_key_exchange(
        &self,
        output: &mut [u8; 48],
        kx: Box<dyn ActiveKeyExchange>,
        peer_pub_key: &[u8],
        label: &[u8],
        seed: &[u8],
    ) -> Result<(), Error> {
        let secret = kx.complete_for_tls_version(peer_pub_key, &TLS12)?;
        self.for_secret(output, secret.secret_bytes(), label, seed);
        Ok(())
    }

    fn for_secret(&self, output: &mut [u8], secret: &[u8], label: &[u8], seed: &[u8]) {
        fill(output, self.0.with_key(secret).as_ref(), label, seed);
    }

    fn keyed(&self, secret: &[u8]) -> Option<Box<dyn hmac::Key>> {
        Some(self.0.with_key(secret))
    }

    fn fips(&self) -> bool {
        self.0.fips()
    }
}

/// Fills `output` with PRF(`key`, `label`, `seed`), where the key is that of HMAC with the hash of the suite.
pub(crate) fn fill(output: &mut [u8], key: &dyn hmac::Key, label: &[u8], seed: &[u8]) {
    // A(0) = label + seed; A(i) = HMAC(A(i-1)); output = HMAC(A(1) + label + seed) | HMAC(A(2) + ...) | ...
    // Each lies in front of label and seed, so that all of it is one piece: several take a hash as long as another block.
    let tag_len = key.tag_len().max(1);
    let len = [tag_len, label.len(), seed.len()].into_iter().fold(0, usize::saturating_add);
    let mut scratch = Scratch::new(len);
    let text = scratch.as_mut_slice();
    let sign = |text: Option<&[u8]>| key.sign_concat(text.unwrap_or_default(), &[], &[]);
    if let Some((to_label, to_seed)) =
        text.get_mut(tag_len..).and_then(|rest| rest.split_at_mut_checked(label.len()))
    {
        copy(label, to_label);
        copy(seed, to_seed);
    }
    for (number, part) in output.chunks_mut(tag_len).enumerate() {
        let a = match number {
            0 => sign(text.get(tag_len..)),
            _ => sign(text.get(..tag_len)),
        };
        copy(a.as_ref(), text);
        copy(sign(Some(text)).as_ref(), part);
    }
}
