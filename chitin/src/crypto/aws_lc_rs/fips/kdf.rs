//! HKDF and TLS 1.2's PRF as services of the module.

use alloc::boxed::Box;

use aws_lc_rs::hkdf::{self, KeyType, Prk, Salt};
use aws_lc_rs::hmac;
#[cfg(feature = "tls12")]
use aws_lc_rs::tls_prf::{self, Secret};

use crate::crypto;
#[cfg(feature = "tls12")]
use crate::crypto::ActiveKeyExchange;
#[cfg(feature = "tls12")]
use crate::crypto::suites::TLS12;
use crate::crypto::tls13::{HkdfExpander, OkmBlock, OutputLengthError};
#[cfg(feature = "tls12")]
use crate::error::Error;

pub(in super::super) static HKDF_SHA256: Hkdf = Hkdf(&hkdf::HKDF_SHA256);
pub(in super::super) static HKDF_SHA384: Hkdf = Hkdf(&hkdf::HKDF_SHA384);

/// HKDF over one hash function.
pub(in super::super) struct Hkdf(&'static hkdf::Algorithm);

impl Hkdf {
    /// One hash length of zeros. As a salt it is what RFC 5869 section 2.2 puts in place of none; the module approves of no empty one.
    fn zeros(&self) -> &'static [u8] {
        ZEROS.get(..self.0.len()).unwrap_or_default()
    }
}

impl crypto::tls13::Hkdf for Hkdf {
    fn extract_from_zero_ikm(&self, salt: Option<&[u8]>) -> Box<dyn HkdfExpander> {
        self.extract_from_secret(salt, self.zeros())
    }

    fn extract_from_secret(&self, salt: Option<&[u8]>, secret: &[u8]) -> Box<dyn HkdfExpander> {
        // It keeps a copy that it does not wipe, and TLS 1.3's salts are secrets: SECURITY.md says so. Extraction by HMAC and expansion
        // as a service of its own would wipe all; that the module approves of each was not tried.
        let salt = Salt::new(*self.0, salt.unwrap_or(self.zeros()));
        Box::new(Expander { prk: salt.extract(secret), len: self.0.len() })
    }

    fn expander_for_okm(&self, okm: &OkmBlock) -> Box<dyn HkdfExpander> {
        // It takes up to 64 bytes, and no block has more.
        Box::new(Expander { prk: Prk::new_less_safe(*self.0, okm.as_ref()), len: self.0.len() })
    }

    fn hmac_sign(&self, key: &OkmBlock, message: &[u8]) -> crypto::hmac::Tag {
        let key = hmac::Key::new(self.0.hmac_algorithm(), key.as_ref());
        crypto::hmac::Tag::new(hmac::sign(&key, message).as_ref())
    }

    fn fips(&self) -> bool {
        true
    }
}

static ZEROS: [u8; crypto::hmac::Tag::MAX_LEN] = [0; crypto::hmac::Tag::MAX_LEN];

/// After an extraction, the module extracts anew each time that it expands: its service is both in one.
struct Expander {
    prk: Prk,
    len: usize,
}

impl HkdfExpander for Expander {
    fn expand_slice(&self, info: &[&[u8]], output: &mut [u8]) -> Result<(), OutputLengthError> {
        let okm = self.prk.expand(info, Len(output.len())).map_err(|_| OutputLengthError)?;
        okm.fill(output).map_err(|_| OutputLengthError)
    }

    #[allow(
        clippy::expect_used,
        reason = "one hash length is never too much, and keys that are none must not be used"
    )]
    fn expand_block(&self, info: &[&[u8]]) -> OkmBlock {
        let mut block = zeroize::Zeroizing::new([0; OkmBlock::MAX_LEN]);
        let block = block.get_mut(..self.len).unwrap_or_default();
        self.expand_slice(info, block).expect("the module expands one hash length");
        OkmBlock::new(block)
    }

    fn hash_len(&self) -> usize {
        self.len
    }
}

/// How many bytes are expanded.
struct Len(usize);

impl KeyType for Len {
    fn len(&self) -> usize {
        self.0
    }
}

#[cfg(feature = "tls12")]
pub(in super::super) static PRF_SHA256: Prf = Prf(&tls_prf::P_SHA256);
#[cfg(feature = "tls12")]
pub(in super::super) static PRF_SHA384: Prf = Prf(&tls_prf::P_SHA384);

/// The pseudorandom function over one hash function.
///
/// The module approves of a master secret only if it is extended (RFC 7627); that configs see to, by `require_ems`.
#[cfg(feature = "tls12")]
pub(in super::super) struct Prf(&'static tls_prf::Algorithm);

#[cfg(feature = "tls12")]
impl crypto::tls12::Prf for Prf {
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

    /// # Panics
    /// If `secret` is empty, which the module refuses. No secret of TLS is.
    #[allow(clippy::expect_used, reason = "as documented; keys that are none must not be used")]
    fn for_secret(&self, output: &mut [u8], secret: &[u8], label: &[u8], seed: &[u8]) {
        if output.is_empty() {
            return;
        }
        let derived = Secret::new(self.0, secret)
            .and_then(|secret| secret.derive(label, seed, output.len()))
            .expect("the module derives from a secret that is not empty");
        output.copy_from_slice(derived.as_ref());
    }

    fn fips(&self) -> bool {
        true
    }
}
