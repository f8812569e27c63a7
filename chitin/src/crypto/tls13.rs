//! HKDF (RFC 5869) as TLS 1.3's key schedule needs it: the traits, and one implementation over any HMAC.

use alloc::boxed::Box;

use zeroize::Zeroize;

use super::suites::TLS13;
use super::{ActiveKeyExchange, hmac};
use crate::error::Error;
use crate::secret::Secret;

/// HKDF with the pseudorandom key in place.
pub trait HkdfExpander: Send + Sync {
    /// Fills `output` (HKDF-Expand, RFC 5869 section 2.3). `info` is a sequence of pieces.
    ///
    /// # Errors
    /// [`OutputLengthError`] if more than 255 hash lengths are asked for.
    fn expand_slice(&self, info: &[&[u8]], output: &mut [u8]) -> Result<(), OutputLengthError>;

    /// Derives one hash length.
    fn expand_block(&self, info: &[&[u8]]) -> OkmBlock;

    /// The length of the hash.
    fn hash_len(&self) -> usize;
}

/// HKDF over one hash function, with the steps that TLS 1.3's key schedule takes (RFC 8446 section 7.1).
pub trait Hkdf: Send + Sync {
    /// HKDF-Extract with zeros, one hash length of them, in place of a secret. No `salt`: zeros too.
    fn extract_from_zero_ikm(&self, salt: Option<&[u8]>) -> Box<dyn HkdfExpander>;

    /// HKDF-Extract with `secret`. No `salt`: zeros, one hash length of them.
    fn extract_from_secret(&self, salt: Option<&[u8]>, secret: &[u8]) -> Box<dyn HkdfExpander>;

    /// HKDF-Extract with the secret that `kx` agrees on with the peer. A provider may override it to keep that secret
    /// inside.
    ///
    /// # Errors
    /// If the peer's share is no share of that group.
    fn extract_from_kx_shared_secret(
        &self,
        salt: Option<&[u8]>,
        kx: Box<dyn ActiveKeyExchange>,
        peer_pub_key: &[u8],
    ) -> Result<Box<dyn HkdfExpander>, Error> {
        let secret = kx.complete_for_tls_version(peer_pub_key, &TLS13)?;
        Ok(self.extract_from_secret(salt, secret.secret_bytes()))
    }

    /// Takes `okm`, which came from HKDF-Expand, for the pseudorandom key.
    fn expander_for_okm(&self, okm: &OkmBlock) -> Box<dyn HkdfExpander>;

    /// Computes the HMAC of `message` with `key`, which came from HKDF-Expand.
    fn hmac_sign(&self, key: &OkmBlock, message: &[u8]) -> hmac::Tag;

    /// Whether this is a FIPS-approved implementation.
    fn fips(&self) -> bool {
        false
    }
}

/// HKDF over any HMAC.
pub struct HkdfUsingHmac<'a>(pub &'a dyn hmac::Hmac);

impl HkdfUsingHmac<'_> {
    fn zeros(&self) -> impl AsRef<[u8]> + use<> {
        hmac::Tag::new([0; hmac::Tag::MAX_LEN].get(..self.0.hash_output_len()).unwrap_or_default())
    }
}

impl Hkdf for HkdfUsingHmac<'_> {
    fn extract_from_zero_ikm(&self, salt: Option<&[u8]>) -> Box<dyn HkdfExpander> {
        self.extract_from_secret(salt, self.zeros().as_ref())
    }

    fn extract_from_secret(&self, salt: Option<&[u8]>, secret: &[u8]) -> Box<dyn HkdfExpander> {
        let extractor = match salt {
            Some(salt) => self.0.with_key(salt),
            None => self.0.with_key(self.zeros().as_ref()),
        };
        let prk = extractor.sign(&[secret]);
        Box::new(HkdfExpanderUsingHmac(self.0.with_key(prk.as_ref())))
    }

    fn expander_for_okm(&self, okm: &OkmBlock) -> Box<dyn HkdfExpander> {
        Box::new(HkdfExpanderUsingHmac(self.0.with_key(okm.as_ref())))
    }

    fn hmac_sign(&self, key: &OkmBlock, message: &[u8]) -> hmac::Tag {
        self.0.with_key(key.as_ref()).sign(&[message])
    }

    fn fips(&self) -> bool {
        self.0.fips()
    }
}

/// HKDF-Expand over any HMAC; the key is set up once.
pub struct HkdfExpanderUsingHmac(Box<dyn hmac::Key>);

impl HkdfExpander for HkdfExpanderUsingHmac {
    fn expand_slice(&self, info: &[&[u8]], output: &mut [u8]) -> Result<(), OutputLengthError> {
        expand_slice(self.0.as_ref(), info, output)
    }

    fn expand_block(&self, info: &[&[u8]]) -> OkmBlock {
        expand_block(self.0.as_ref(), info)
    }

    fn hash_len(&self) -> usize {
        self.0.tag_len()
    }
}

/// The same over a key whose type is known, which needs no box of its own.
#[cfg(any(feature = "aws_lc_rs", feature = "ring"))]
#[cfg_attr(feature = "fips", allow(dead_code, reason = "the module has its own"))]
pub(crate) struct Expander<K>(pub(crate) K);

#[cfg(any(feature = "aws_lc_rs", feature = "ring"))]
impl<K: hmac::Key> HkdfExpander for Expander<K> {
    fn expand_slice(&self, info: &[&[u8]], output: &mut [u8]) -> Result<(), OutputLengthError> {
        expand_slice(&self.0, info, output)
    }

    fn expand_block(&self, info: &[&[u8]]) -> OkmBlock {
        expand_block(&self.0, info)
    }

    fn hash_len(&self) -> usize {
        self.0.tag_len()
    }
}

fn expand_slice(
    key: &(impl hmac::Key + ?Sized),
    info: &[&[u8]],
    output: &mut [u8],
) -> Result<(), OutputLengthError> {
    let block_len = key.tag_len();
    if block_len == 0 || output.len() > block_len.saturating_mul(255) {
        return Err(OutputLengthError);
    }
    // T(n) = HMAC(PRK, T(n-1) | info | n), RFC 5869 section 2.3.
    let mut block = hmac::Tag::new(&[]);
    for (number, part) in (1..=u8::MAX).zip(output.chunks_mut(block_len)) {
        block = key.sign_concat(block.as_ref(), info, &[number]);
        part.iter_mut().zip(block.as_ref()).for_each(|(to, from)| *to = *from);
    }
    Ok(())
}

fn expand_block(key: &(impl hmac::Key + ?Sized), info: &[&[u8]]) -> OkmBlock {
    OkmBlock::new(key.sign_concat(&[], info, &[1]).as_ref())
}

/// Derives a value of fixed length.
///
/// # Panics
/// If `N` is more than 255 hash lengths, which no value of TLS comes near.
#[allow(
    clippy::expect_used,
    reason = "as documented: the length is the caller's constant, not a peer's number"
)]
pub fn expand<T, const N: usize>(expander: &dyn HkdfExpander, info: &[&[u8]]) -> T
where
    T: From<[u8; N]>,
{
    let mut output = [0; N];
    expander.expand_slice(info, &mut output).expect("more than 255 hash lengths asked for");
    let value = T::from(output);
    output.zeroize();
    value
}

/// One hash length of derived key material, wiped on drop.
pub struct OkmBlock {
    secret: Secret,
}

impl OkmBlock {
    /// The longest block in use (SHA-512).
    pub const MAX_LEN: usize = Secret::MAX_LEN;

    /// Copies a block; whatever is beyond [`Self::MAX_LEN`] is cut.
    pub fn new(bytes: &[u8]) -> Self {
        Self { secret: Secret::new(bytes) }
    }
}

impl Clone for OkmBlock {
    fn clone(&self) -> OkmBlock {
        Self { secret: self.secret.duplicate() }
    }
}

// Said out loud, as 0.23 does. What is inside would see to it as well.
impl Drop for OkmBlock {
    fn drop(&mut self) {
        self.secret.wipe();
    }
}

impl AsRef<[u8]> for OkmBlock {
    fn as_ref(&self) -> &[u8] {
        self.secret.as_bytes()
    }
}

/// More than 255 hash lengths were asked for.
#[derive(Debug)]
pub struct OutputLengthError;
