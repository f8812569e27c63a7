//! Key exchange: Diffie-Hellman on curves, and X25519 with ML-KEM-768.

use std::fmt;

use chitin::crypto::{ActiveKeyExchange, CompletedKeyExchange, SharedSecret, SupportedKxGroup};
use chitin::{Error, NamedGroup, PeerMisbehaved, ProtocolVersion};
use graviola::key_agreement::{mlkem768, p256, p384, x25519};

/// X25519 (RFC 7748).
pub static X25519: &dyn SupportedKxGroup =
    &Curve { name: NamedGroup::X25519, start: || Ok(Box::new(OverX25519::new()?)) };

/// ECDH over P-256 (RFC 8446 section 4.2.8.2).
pub static SECP256R1: &dyn SupportedKxGroup = &Curve {
    name: NamedGroup::secp256r1,
    start: || {
        let key = p256::PrivateKey::new_random().map_err(no_randomness)?;
        Ok(Box::new(OverP256 { share: key.public_key_uncompressed(), key }))
    },
};

/// ECDH over P-384 (RFC 8446 section 4.2.8.2).
pub static SECP384R1: &dyn SupportedKxGroup = &Curve {
    name: NamedGroup::secp384r1,
    start: || {
        let key = p384::PrivateKey::new_random().map_err(no_randomness)?;
        Ok(Box::new(OverP384 { share: key.public_key_uncompressed(), key }))
    },
};

/// ML-KEM-768 and X25519 (RFC 10024): shares and secrets in this order, which is not the one of the name.
pub static X25519MLKEM768: &dyn SupportedKxGroup = &Hybrid;

fn no_randomness(_: graviola::Error) -> Error {
    Error::FailedToGetRandomBytes
}

fn invalid_share() -> Error {
    PeerMisbehaved::InvalidKeyShare.into()
}

struct Curve {
    name: NamedGroup,
    start: fn() -> Result<Box<dyn ActiveKeyExchange>, Error>,
}

impl SupportedKxGroup for Curve {
    fn start(&self) -> Result<Box<dyn ActiveKeyExchange>, Error> {
        (self.start)()
    }

    fn name(&self) -> NamedGroup {
        self.name
    }
}

impl fmt::Debug for Curve {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.name.fmt(f)
    }
}

struct OverX25519 {
    key: x25519::PrivateKey,
    share: [u8; X25519_LEN],
}

impl OverX25519 {
    fn new() -> Result<Self, Error> {
        let key = x25519::PrivateKey::new_random().map_err(no_randomness)?;
        Ok(Self { share: key.public_key().as_bytes(), key })
    }

    /// graviola refuses an all-zero secret (RFC 8446 section 7.4.2), and wipes the one it gives: lend its bytes, copy none.
    fn agree(self, share: &[u8]) -> Result<x25519::SharedSecret, Error> {
        let share = share.try_into().map_err(|_| invalid_share())?;
        let secret = self.key.diffie_hellman(&x25519::PublicKey::from_array(share));
        secret.map_err(|_| invalid_share())
    }
}

impl ActiveKeyExchange for OverX25519 {
    fn complete(self: Box<Self>, peer_pub_key: &[u8]) -> Result<SharedSecret, Error> {
        self.agree(peer_pub_key).map(|secret| SharedSecret::from(&secret.0[..]))
    }

    fn pub_key(&self) -> &[u8] {
        &self.share
    }

    fn group(&self) -> NamedGroup {
        NamedGroup::X25519
    }
}

/// The curves of NIST. graviola takes no form of a point but 4 and both coordinates, and refuses one that is not on the curve.
macro_rules! over_nist {
    ($name:ident, $curve:ident, $group:ident, $len:literal) => {
        struct $name {
            key: $curve::PrivateKey,
            share: [u8; $len],
        }

        impl ActiveKeyExchange for $name {
            fn complete(self: Box<Self>, peer_pub_key: &[u8]) -> Result<SharedSecret, Error> {
                let peer = $curve::PublicKey::from_x962_uncompressed(peer_pub_key);
                let secret = peer.and_then(|peer| self.key.diffie_hellman(&peer));
                secret.map(|secret| SharedSecret::from(&secret.0[..])).map_err(|_| invalid_share())
            }

            fn pub_key(&self) -> &[u8] {
                &self.share
            }

            fn group(&self) -> NamedGroup {
                NamedGroup::$group
            }
        }
    };
}

over_nist!(OverP256, p256, secp256r1, 65);
over_nist!(OverP384, p384, secp384r1, 97);

const X25519_LEN: usize = 32;

/// FIPS 203 table 3.
const ENCAPSULATION_KEY_LEN: usize = 1184;
const CIPHERTEXT_LEN: usize = 1088;

struct Hybrid;

impl SupportedKxGroup for Hybrid {
    fn start(&self) -> Result<Box<dyn ActiveKeyExchange>, Error> {
        let classical = OverX25519::new()?;
        let kem = mlkem768::DecapKey::generate().map_err(no_randomness)?;
        let share = [&kem.encapsulation_key().as_bytes()[..], &classical.share].concat();
        Ok(Box::new(OverHybrid { kem, classical, share }))
    }

    /// The server's half for ML-KEM is a ciphertext for the client's key, not a key of its own.
    fn start_and_complete(&self, peer_pub_key: &[u8]) -> Result<CompletedKeyExchange, Error> {
        let (key, share) = split::<ENCAPSULATION_KEY_LEN>(peer_pub_key)?;
        let key = mlkem768::EncapKey::from_bytes(key).map_err(|_| invalid_share())?;
        let (first, ciphertext) = key.encaps().map_err(no_randomness)?;
        let classical = OverX25519::new()?;
        let pub_key = [&ciphertext.as_ref()[..], &classical.share].concat();
        let second = classical.agree(share)?;
        Ok(CompletedKeyExchange {
            group: NamedGroup::X25519MLKEM768,
            pub_key,
            secret: SharedSecret::from([&first.as_ref()[..], &second.0].concat()),
        })
    }

    fn name(&self) -> NamedGroup {
        NamedGroup::X25519MLKEM768
    }

    fn usable_for_version(&self, version: ProtocolVersion) -> bool {
        version == ProtocolVersion::TLSv1_3
    }
}

impl fmt::Debug for Hybrid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.name().fmt(f)
    }
}

struct OverHybrid {
    kem: mlkem768::DecapKey,
    classical: OverX25519,
    share: Vec<u8>,
}

impl ActiveKeyExchange for OverHybrid {
    fn complete(self: Box<Self>, peer_pub_key: &[u8]) -> Result<SharedSecret, Error> {
        let (ciphertext, share) = split::<CIPHERTEXT_LEN>(peer_pub_key)?;
        let second = self.classical.agree(share)?;
        let first = self.kem.decaps(&(*ciphertext).into());
        Ok(SharedSecret::from([&first.as_ref()[..], &second.0].concat()))
    }

    fn hybrid_component(&self) -> Option<(NamedGroup, &[u8])> {
        Some((NamedGroup::X25519, &self.classical.share))
    }

    fn complete_hybrid_component(self: Box<Self>, peer_pub_key: &[u8]) -> Result<SharedSecret, Error> {
        Box::new(self.classical).complete(peer_pub_key)
    }

    fn pub_key(&self) -> &[u8] {
        &self.share
    }

    fn group(&self) -> NamedGroup {
        NamedGroup::X25519MLKEM768
    }
}

/// What is for ML-KEM, and what is for X25519.
fn split<const LEN: usize>(share: &[u8]) -> Result<(&[u8; LEN], &[u8]), Error> {
    let (first, second) = share.split_first_chunk().ok_or_else(invalid_share)?;
    match second.len() == X25519_LEN {
        true => Ok((first, second)),
        false => Err(invalid_share()),
    }
}
