//! Diffie-Hellman on curves (RFC 8446 section 4.2.8.2), written once over what a provider has for it.

use alloc::boxed::Box;
use core::fmt;

use super::{ActiveKeyExchange, CompletedKeyExchange, SharedSecret, SupportedKxGroup};
use crate::error::{Error, PeerMisbehaved};
use crate::names::NamedGroup;

/// A private key of one curve, with its public half.
pub(crate) trait EcdhKey: Send + Sync + Sized + 'static {
    /// Agrees with the owner of `share`; `None` if it is no point of the curve, or gives an all-zero secret (RFC 8446 section 7.4.2).
    /// Its form has been looked at.
    fn agree(self, share: &[u8]) -> Option<SharedSecret>;

    /// The public half, as it is sent.
    fn share(&self) -> &[u8];
}

/// A group that is a curve.
pub(crate) struct Ecdh<K> {
    pub(crate) curve: Curve,
    /// Makes a key; `None` if there is no randomness.
    pub(crate) generate: fn() -> Option<K>,
    pub(crate) fips: bool,
}

#[derive(Clone, Copy)]
pub(crate) enum Curve {
    P256,
    P384,
    #[cfg_attr(not(feature = "aws_lc_rs"), allow(dead_code, reason = "not every provider has it"))]
    P521,
    X25519,
}

impl Curve {
    const fn name(self) -> NamedGroup {
        match self {
            Self::P256 => NamedGroup::secp256r1,
            Self::P384 => NamedGroup::secp384r1,
            Self::P521 => NamedGroup::secp521r1,
            Self::X25519 => NamedGroup::X25519,
        }
    }

    /// Whether a share has the form of one. A point is 4, then both coordinates; RFC 8446 section 4.2.8.2 allows no other
    /// form. X25519 has one coordinate (RFC 7748 section 6).
    fn fits(self, share: &[u8]) -> bool {
        let coordinate = match self {
            Self::P256 | Self::X25519 => 32,
            Self::P384 => 48,
            Self::P521 => 66,
        };
        match self {
            Self::X25519 => share.len() == coordinate,
            _ => share.len() == 1 + 2 * coordinate && share.first() == Some(&4),
        }
    }
}

impl<K: EcdhKey> SupportedKxGroup for Ecdh<K> {
    fn start(&self) -> Result<Box<dyn ActiveKeyExchange>, Error> {
        Ok(Box::new(self.started()?))
    }

    /// The key, which has both halves in it, stays where it was made.
    fn start_and_complete(&self, peer_pub_key: &[u8]) -> Result<CompletedKeyExchange, Error> {
        let Started { curve, key } = self.started()?;
        let pub_key = key.share().to_vec();
        Ok(CompletedKeyExchange { group: curve.name(), pub_key, secret: agreed(curve, key, peer_pub_key)? })
    }

    fn name(&self) -> NamedGroup {
        self.curve.name()
    }

    fn fips(&self) -> bool {
        self.fips
    }
}

impl<K> Ecdh<K> {
    #[inline]
    fn started(&self) -> Result<Started<K>, Error> {
        let key = (self.generate)().ok_or(Error::FailedToGetRandomBytes)?;
        Ok(Started { curve: self.curve, key })
    }
}

impl<K> fmt::Debug for Ecdh<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.curve.name().fmt(f)
    }
}

struct Started<K> {
    curve: Curve,
    key: K,
}

impl<K: EcdhKey> ActiveKeyExchange for Started<K> {
    fn complete(self: Box<Self>, peer_pub_key: &[u8]) -> Result<SharedSecret, Error> {
        agreed(self.curve, self.key, peer_pub_key)
    }

    fn pub_key(&self) -> &[u8] {
        self.key.share()
    }

    fn group(&self) -> NamedGroup {
        self.curve.name()
    }
}

#[inline]
fn agreed(curve: Curve, key: impl EcdhKey, peer_pub_key: &[u8]) -> Result<SharedSecret, Error> {
    let secret = match curve.fits(peer_pub_key) {
        true => key.agree(peer_pub_key),
        false => None,
    };
    secret.ok_or_else(|| PeerMisbehaved::InvalidKeyShare.into())
}
