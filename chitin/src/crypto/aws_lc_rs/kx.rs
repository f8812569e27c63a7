//! Key exchange: Diffie-Hellman on curves, ML-KEM, and hybrids of one of each.

use alloc::boxed::Box;
use alloc::vec::Vec;
use core::fmt;

use aws_lc_rs::{agreement, kem};
use zeroize::Zeroizing;

use super::FIPS;
use crate::crypto::ecdh::{Curve, Ecdh, EcdhKey};
use crate::crypto::{ActiveKeyExchange, CompletedKeyExchange, SharedSecret, SupportedKxGroup};
use crate::error::{Error, PeerMisbehaved};
use crate::names::{NamedGroup, ProtocolVersion};
use crate::secret::Secret;

/// X25519 (RFC 7748).
pub static X25519: &dyn SupportedKxGroup =
    &Ecdh { curve: Curve::X25519, generate: || EcdhPair::generate(&agreement::X25519), fips: false };

/// ECDH over P-256 (RFC 8446 section 4.2.8.2).
pub static SECP256R1: &dyn SupportedKxGroup =
    &Ecdh { curve: Curve::P256, generate: || EcdhPair::generate(&agreement::ECDH_P256), fips: FIPS };

/// ECDH over P-384 (RFC 8446 section 4.2.8.2).
pub static SECP384R1: &dyn SupportedKxGroup =
    &Ecdh { curve: Curve::P384, generate: || EcdhPair::generate(&agreement::ECDH_P384), fips: FIPS };

/// ECDH over P-521 (RFC 8446 section 4.2.8.2).
pub static SECP521R1: &dyn SupportedKxGroup =
    &Ecdh { curve: Curve::P521, generate: || EcdhPair::generate(&agreement::ECDH_P521), fips: FIPS };

/// ML-KEM-768 alone (FIPS 203).
pub static MLKEM768: &dyn SupportedKxGroup =
    &MlKem { name: NamedGroup::MLKEM768, algorithm: &kem::ML_KEM_768, ciphertext_len: 1088 };

/// ML-KEM-1024 alone (FIPS 203).
pub static MLKEM1024: &dyn SupportedKxGroup =
    &MlKem { name: NamedGroup::MLKEM1024, algorithm: &kem::ML_KEM_1024, ciphertext_len: 1568 };

/// ML-KEM-768 and X25519 (RFC 10024): shares and secrets in this order, which is not the one of the name.
pub static X25519MLKEM768: &dyn SupportedKxGroup = &Hybrid {
    name: NamedGroup::X25519MLKEM768,
    first: Part { group: &MLKEM768, client_len: 1184, server_len: 1088 },
    second: Part { group: &X25519, client_len: 32, server_len: 32 },
    classical: Position::Second,
};

/// P-256 and ML-KEM-768 (RFC 10024), in this order.
pub static SECP256R1MLKEM768: &dyn SupportedKxGroup = &Hybrid {
    name: NamedGroup::secp256r1MLKEM768,
    first: Part { group: &SECP256R1, client_len: 65, server_len: 65 },
    second: Part { group: &MLKEM768, client_len: 1184, server_len: 1088 },
    classical: Position::First,
};

fn invalid_share() -> Error {
    PeerMisbehaved::InvalidKeyShare.into()
}

struct EcdhPair {
    key: agreement::PrivateKey,
    public: agreement::PublicKey,
}

impl EcdhPair {
    fn generate(algorithm: &'static agreement::Algorithm) -> Option<Self> {
        let key = agreement::PrivateKey::generate(algorithm).ok()?;
        let public = key.compute_public_key().ok()?;
        Some(Self { key, public })
    }
}

impl EcdhKey for EcdhPair {
    fn agree(self, share: &[u8]) -> Option<SharedSecret> {
        let peer = agreement::UnparsedPublicKey::new(self.key.algorithm(), share);
        agreement::agree(&self.key, peer, (), |secret| Ok(SharedSecret::from(secret))).ok()
    }

    fn share(&self) -> &[u8] {
        self.public.as_ref()
    }
}

struct MlKem {
    name: NamedGroup,
    algorithm: &'static kem::Algorithm,
    ciphertext_len: usize,
}

impl SupportedKxGroup for MlKem {
    fn start(&self) -> Result<Box<dyn ActiveKeyExchange>, Error> {
        let key =
            kem::DecapsulationKey::generate(self.algorithm).map_err(|_| Error::FailedToGetRandomBytes)?;
        let public = key
            .encapsulation_key()
            .and_then(|public| public.key_bytes())
            .map_err(|_| Error::FailedToGetRandomBytes)?;
        Ok(Box::new(MlKemActive { name: self.name, ciphertext_len: self.ciphertext_len, key, public }))
    }

    /// The server's share is a ciphertext for the client's key, not a key of its own.
    fn start_and_complete(&self, peer_pub_key: &[u8]) -> Result<CompletedKeyExchange, Error> {
        let key = kem::EncapsulationKey::new(self.algorithm, peer_pub_key).map_err(|_| invalid_share())?;
        let (ciphertext, secret) = key.encapsulate().map_err(|_| invalid_share())?;
        Ok(CompletedKeyExchange {
            group: self.name,
            pub_key: ciphertext.as_ref().to_vec(),
            secret: SharedSecret::from(secret.as_ref()),
        })
    }

    fn name(&self) -> NamedGroup {
        self.name
    }

    fn usable_for_version(&self, version: ProtocolVersion) -> bool {
        version == ProtocolVersion::TLSv1_3
    }

    fn fips(&self) -> bool {
        FIPS
    }
}

impl fmt::Debug for MlKem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.name.fmt(f)
    }
}

struct MlKemActive {
    name: NamedGroup,
    ciphertext_len: usize,
    key: kem::DecapsulationKey,
    public: kem::EncapsulationKeyBytes<'static>,
}

impl ActiveKeyExchange for MlKemActive {
    fn complete(self: Box<Self>, peer_pub_key: &[u8]) -> Result<SharedSecret, Error> {
        if peer_pub_key.len() != self.ciphertext_len {
            return Err(invalid_share());
        }
        let secret = self.key.decapsulate(peer_pub_key.into()).map_err(|_| invalid_share())?;
        Ok(SharedSecret::from(secret.as_ref()))
    }

    fn pub_key(&self) -> &[u8] {
        self.public.as_ref()
    }

    fn group(&self) -> NamedGroup {
        self.name
    }
}

/// Two groups at once: shares and secrets are concatenated, in the order of `first` and `second`. RFC 10024.
struct Hybrid {
    name: NamedGroup,
    first: Part,
    second: Part,
    classical: Position,
}

struct Part {
    group: &'static &'static dyn SupportedKxGroup,
    client_len: usize,
    server_len: usize,
}

#[derive(Clone, Copy)]
enum Position {
    First,
    Second,
}

impl SupportedKxGroup for Hybrid {
    fn start(&self) -> Result<Box<dyn ActiveKeyExchange>, Error> {
        let (first, second) = (self.first.group.start()?, self.second.group.start()?);
        Ok(Box::new(HybridActive {
            name: self.name,
            public: [first.pub_key(), second.pub_key()].concat(),
            first,
            second,
            server_lens: (self.first.server_len, self.second.server_len),
            classical: self.classical,
        }))
    }

    fn start_and_complete(&self, peer_pub_key: &[u8]) -> Result<CompletedKeyExchange, Error> {
        let (to_first, to_second) =
            split(peer_pub_key, (self.first.client_len, self.second.client_len)).ok_or_else(invalid_share)?;
        let first = self.first.group.start_and_complete(to_first)?;
        let second = self.second.group.start_and_complete(to_second)?;
        Ok(CompletedKeyExchange {
            group: self.name,
            pub_key: [first.pub_key, second.pub_key].concat(),
            secret: both(&first.secret, &second.secret),
        })
    }

    fn name(&self) -> NamedGroup {
        self.name
    }

    fn usable_for_version(&self, version: ProtocolVersion) -> bool {
        version == ProtocolVersion::TLSv1_3
    }

    /// NIST SP 800-56C revision 2, section 2: behind a secret from an approved scheme may stand any other.
    fn fips(&self) -> bool {
        self.first.group.fips()
    }
}

impl fmt::Debug for Hybrid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.name.fmt(f)
    }
}

struct HybridActive {
    name: NamedGroup,
    public: Vec<u8>,
    first: Box<dyn ActiveKeyExchange>,
    second: Box<dyn ActiveKeyExchange>,
    server_lens: (usize, usize),
    classical: Position,
}

impl ActiveKeyExchange for HybridActive {
    fn complete(self: Box<Self>, peer_pub_key: &[u8]) -> Result<SharedSecret, Error> {
        let (to_first, to_second) = split(peer_pub_key, self.server_lens).ok_or_else(invalid_share)?;
        Ok(both(&self.first.complete(to_first)?, &self.second.complete(to_second)?))
    }

    fn hybrid_component(&self) -> Option<(NamedGroup, &[u8])> {
        let classical = match self.classical {
            Position::First => &self.first,
            Position::Second => &self.second,
        };
        Some((classical.group(), classical.pub_key()))
    }

    fn complete_hybrid_component(self: Box<Self>, peer_pub_key: &[u8]) -> Result<SharedSecret, Error> {
        match self.classical {
            Position::First => self.first.complete(peer_pub_key),
            Position::Second => self.second.complete(peer_pub_key),
        }
    }

    fn pub_key(&self) -> &[u8] {
        &self.public
    }

    fn group(&self) -> NamedGroup {
        self.name
    }
}

fn split(share: &[u8], (first, second): (usize, usize)) -> Option<(&[u8], &[u8])> {
    share.split_at_checked(first).filter(|(_, rest)| rest.len() == second)
}

fn both(first: &SharedSecret, second: &SharedSecret) -> SharedSecret {
    let (first, second) = (first.secret_bytes(), second.secret_bytes());
    let mut joined = Zeroizing::new([0; Secret::MAX_LEN]);
    match joined.get_mut(..first.len().saturating_add(second.len())) {
        Some(joined) => {
            joined.iter_mut().zip(first.iter().chain(second)).for_each(|(to, from)| *to = *from);
            SharedSecret::from(&*joined)
        }
        None => SharedSecret::from([first, second].concat()),
    }
}
