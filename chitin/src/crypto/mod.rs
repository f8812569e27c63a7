//! What the library asks of cryptography: traits for a provider to implement, and the types that go through them.
//!
//! All primitives come from a [`CryptoProvider`]. Its four parts and the traits below are those of rustls 0.23, so
//! providers written for it fit. Nothing on this floor knows messages, states or configurations.

use alloc::boxed::Box;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::fmt::Debug;

use pki_types::PrivateKeyDer;
use zeroize::{Zeroize, Zeroizing};

use crate::error::{Error, PeerMisbehaved};
pub use crate::names::{GetRandomFailed, KeyExchangeAlgorithm};
use crate::names::{NamedGroup, ProtocolVersion};
use crate::secret::Secret;

pub mod aead;
mod aead_record;
#[cfg(feature = "aws_lc_rs")]
pub mod aws_lc_rs;
pub mod cipher;
pub(crate) mod credential;
pub(crate) mod delegated;
mod der;
#[cfg(any(feature = "aws_lc_rs", feature = "ring"))]
mod ecdh;
pub(crate) mod ffdhe;
pub mod hash;
#[cfg(any(feature = "ring", all(feature = "aws_lc_rs", any(not(feature = "fips"), test))))]
mod hashes;
pub mod hmac;
pub mod hpke;
pub(crate) mod kept_keys;
#[cfg(any(feature = "aws_lc_rs", feature = "ring"))]
mod keys;
mod messages;
mod process;
#[cfg(any(feature = "aws_lc_rs", feature = "ring"))]
mod public_keys;
pub(crate) mod quic;
#[cfg(feature = "ring")]
pub mod ring;
pub(crate) mod signer;
#[cfg(any(feature = "aws_lc_rs", feature = "ring"))]
mod suite_table;
pub(crate) mod suites;
pub(crate) mod ticket;
pub mod tls12;
pub mod tls13;
pub(crate) mod verify;

pub use suites::CipherSuiteCommon;
use suites::{SupportedCipherSuite, SupportedProtocolVersion, Tls12CipherSuite, Tls13CipherSuite};
pub use verify::{
    WebPkiSupportedAlgorithms, raw_public_key, verify_tls12_signature, verify_tls12_signature_with_raw_key,
    verify_tls13_signature, verify_tls13_signature_with_raw_key,
};

/// The provider that is the FIPS module of aws-lc-rs, with what it approves of and nothing else.
///
/// Only the feature `fips` has this function: a program that calls it does not compile against something else. What
/// [`aws_lc_rs::default_provider`] gives is the same then. Whether a config that is made with it is still in
/// FIPS mode, its `fips()` says; the manual has [a page](crate::manual::_06_fips) on what to look after.
#[cfg(feature = "fips")]
pub fn default_fips_provider() -> CryptoProvider {
    aws_lc_rs::default_provider()
}

/// Everything that a connection asks of cryptography.
///
/// Take one as it comes, for example `aws_lc_rs::default_provider()` or `ring::default_provider()`, or
/// change its public parts first: leave out suites and groups, or put your own in.
///
/// # The process default
/// Configurations that are built without a provider take the one that was given to
/// [`install_default`](Self::install_default). Where none was, they take the one that is compiled in; `aws_lc_rs` is
/// preferred if there are several. With the feature `custom-provider` only an installed one is taken.
#[derive(Clone, Debug)]
pub struct CryptoProvider {
    /// The cipher suites, in order of preference.
    pub cipher_suites: Vec<SupportedCipherSuite>,

    /// The key exchange groups, in order of preference. A client sends a share of the first.
    pub kx_groups: Vec<&'static dyn SupportedKxGroup>,

    /// How signatures are checked, in certificates and handshakes.
    pub signature_verification_algorithms: WebPkiSupportedAlgorithms,

    /// The source of randomness.
    pub secure_random: &'static dyn SecureRandom,

    /// How private keys are loaded.
    pub key_provider: &'static dyn KeyProvider,
}

impl CryptoProvider {
    /// Makes this the process default.
    ///
    /// It can be done once in the life of a process, and is for the application to do, not for a library.
    ///
    /// # Errors
    /// If there is one already. The refused one is given back.
    pub fn install_default(self) -> Result<(), Arc<Self>> {
        process::install(self)
    }

    /// The process default, if there is one yet.
    pub fn get_default() -> Option<&'static Arc<Self>> {
        process::installed()
    }

    /// The process default, or the provider that is compiled in, which thereby becomes it.
    ///
    /// `None` if there is neither, or if the feature `custom-provider` forbids the latter.
    pub(crate) fn get_default_or_from_features() -> Option<Arc<Self>> {
        process::default_or_from_features()
    }

    /// Whether all parts are FIPS-approved implementations.
    pub fn fips(&self) -> bool {
        self.cipher_suites.iter().all(|suite| suite.fips())
            && self.kx_groups.iter().all(|group| group.fips())
            && self.signature_verification_algorithms.fips()
            && self.secure_random.fips()
            && self.key_provider.fips()
    }

    /// The groups that a version can use.
    pub(crate) fn groups(
        &self,
        version: ProtocolVersion,
    ) -> impl Iterator<Item = &'static dyn SupportedKxGroup> + '_ {
        let groups = self.kx_groups.iter().copied();
        groups.filter(move |group| is_usable(*group, version))
    }

    /// The suites of TLS 1.3.
    pub(crate) fn suites13(&self) -> impl Iterator<Item = &'static Tls13CipherSuite> + '_ {
        self.cipher_suites.iter().filter_map(|suite| suite.tls13())
    }

    /// The suites of TLS 1.2 that can be used.
    pub(crate) fn suites12(&self) -> impl Iterator<Item = &'static Tls12CipherSuite> + '_ {
        self.cipher_suites.iter().filter_map(|suite| suite.tls12())
    }
}

/// Can a version use the group? No version uses a finite field, whoever brings it: SECURITY.md says what is refused.
pub(crate) fn is_usable(group: &dyn SupportedKxGroup, version: ProtocolVersion) -> bool {
    let is_curve = || {
        group.name().key_exchange_algorithm() == KeyExchangeAlgorithm::ECDHE && group.ffdhe_group().is_none()
    };
    group.usable_for_version(version) && is_curve()
}

/// A source of randomness, good enough for keys.
pub trait SecureRandom: Send + Sync + Debug {
    /// Fills `buf`.
    ///
    /// # Errors
    /// [`GetRandomFailed`] if the source fails. What `buf` holds then is not used.
    fn fill(&self, buf: &mut [u8]) -> Result<(), GetRandomFailed>;

    /// Whether this is a FIPS-approved implementation.
    fn fips(&self) -> bool {
        false
    }
}

/// Loads private keys.
pub trait KeyProvider: Send + Sync + Debug {
    /// Makes a signing key of PKCS #8, PKCS #1 or SEC 1 bytes.
    ///
    /// # Errors
    /// If the bytes are no key, or one of a kind that the provider does not have.
    fn load_private_key(&self, key_der: PrivateKeyDer<'static>)
    -> Result<Arc<dyn signer::SigningKey>, Error>;

    /// Whether this is a FIPS-approved implementation.
    fn fips(&self) -> bool {
        false
    }
}

/// A key exchange group, or a KEM in its place (RFC 8446 section 4.2.8).
pub trait SupportedKxGroup: Send + Sync + Debug {
    /// Makes our half of a key exchange.
    ///
    /// # Errors
    /// [`Error::FailedToGetRandomBytes`] if there is no randomness.
    fn start(&self) -> Result<Box<dyn ActiveKeyExchange>, Error>;

    /// Makes our half and completes the exchange at once: what a server does, whose client spoke first. A KEM has to
    /// override it, since its two halves are of different kinds.
    ///
    /// # Errors
    /// Those of [`start`](Self::start) and of [`ActiveKeyExchange::complete`].
    fn start_and_complete(&self, peer_pub_key: &[u8]) -> Result<CompletedKeyExchange, Error> {
        let kx = self.start()?;
        Ok(CompletedKeyExchange {
            group: kx.group(),
            pub_key: kx.pub_key().to_vec(),
            secret: kx.complete(peer_pub_key)?,
        })
    }

    /// The numbers of the group, if it is a finite field. By default those that RFC 7919 gives to the name.
    fn ffdhe_group(&self) -> Option<ffdhe::FfdheGroup<'static>> {
        ffdhe::FfdheGroup::named(self.name())
    }

    /// The group's number on the wire.
    fn name(&self) -> NamedGroup;

    /// Whether this is a FIPS-approved implementation.
    fn fips(&self) -> bool {
        false
    }

    /// Whether the group can be used in that version of TLS.
    fn usable_for_version(&self, version: ProtocolVersion) -> bool {
        let _ = version;
        true
    }
}

/// Our half of a key exchange, waiting for the peer's.
pub trait ActiveKeyExchange: Send + Sync {
    /// Completes the exchange with the peer's share. It must check that share as far as the group demands.
    ///
    /// # Errors
    /// `PeerMisbehaved::InvalidKeyShare` if it is no share of this group.
    fn complete(self: Box<Self>, peer_pub_key: &[u8]) -> Result<SharedSecret, Error>;

    /// Completes the exchange for one version of TLS. They differ in finite fields only: TLS 1.2 drops leading zeros of
    /// the secret (RFC 5246 section 8.1.2), TLS 1.3 keeps them (RFC 8446 section 7.4.1).
    ///
    /// # Errors
    /// Those of [`complete`](Self::complete).
    fn complete_for_tls_version(
        self: Box<Self>,
        peer_pub_key: &[u8],
        tls_version: &SupportedProtocolVersion,
    ) -> Result<SharedSecret, Error> {
        let finite_field = self.ffdhe_group().is_some();
        let secret = self.complete(peer_pub_key)?;
        Ok(match tls_version.version {
            ProtocolVersion::TLSv1_2 if finite_field => secret.without_leading_zeros(),
            _ => secret,
        })
    }

    /// The classical group inside a hybrid one, with our share in it, so that it can be offered at no cost.
    fn hybrid_component(&self) -> Option<(NamedGroup, &[u8])> {
        None
    }

    /// Completes the exchange of the classical group inside a hybrid one.
    ///
    /// # Errors
    /// Those of [`complete`](Self::complete); and `PeerMisbehaved::WrongGroupForKeyShare` where there is none.
    fn complete_hybrid_component(self: Box<Self>, peer_pub_key: &[u8]) -> Result<SharedSecret, Error> {
        let _ = peer_pub_key;
        Err(PeerMisbehaved::WrongGroupForKeyShare.into())
    }

    /// Our share, as it is sent.
    fn pub_key(&self) -> &[u8];

    /// The numbers of the group, if it is a finite field. By default those that RFC 7919 gives to the name.
    fn ffdhe_group(&self) -> Option<ffdhe::FfdheGroup<'static>> {
        ffdhe::FfdheGroup::named(self.group())
    }

    /// The group's number on the wire.
    fn group(&self) -> NamedGroup;
}

/// A key exchange that is complete on our side.
pub struct CompletedKeyExchange {
    /// Which group it was.
    pub group: NamedGroup,

    /// Our share, as it is sent.
    pub pub_key: Vec<u8>,

    /// What was agreed on.
    pub secret: SharedSecret,
}

/// What a key exchange agreed on, wiped on drop and never printed.
pub struct SharedSecret {
    bytes: Held,
    start: usize,
}

/// Nearly all are short, those of two exchanges together, too.
enum Held {
    Short(Secret),
    Long(Zeroizing<Vec<u8>>),
}

impl SharedSecret {
    /// Lends the secret.
    pub fn secret_bytes(&self) -> &[u8] {
        self.all().get(self.start..).unwrap_or_default()
    }

    fn all(&self) -> &[u8] {
        match &self.bytes {
            Held::Short(secret) => secret.as_bytes(),
            Held::Long(secret) => secret,
        }
    }

    fn without_leading_zeros(mut self) -> Self {
        self.start = self.all().iter().position(|byte| *byte != 0).unwrap_or(self.all().len());
        self
    }
}

// Said out loud, as 0.23 does. What is inside would see to it as well.
impl Drop for SharedSecret {
    fn drop(&mut self) {
        match &mut self.bytes {
            Held::Short(secret) => secret.wipe(),
            Held::Long(secret) => secret.zeroize(),
        }
    }
}

impl From<&[u8]> for SharedSecret {
    fn from(secret: &[u8]) -> Self {
        let bytes = match secret.len() <= Secret::MAX_LEN {
            true => Held::Short(Secret::new(secret)),
            false => Held::Long(Zeroizing::new(secret.to_vec())),
        };
        Self { bytes, start: 0 }
    }
}

impl From<Vec<u8>> for SharedSecret {
    fn from(secret: Vec<u8>) -> Self {
        Self { bytes: Held::Long(Zeroizing::new(secret)), start: 0 }
    }
}

#[cfg(test)]
#[cfg(all(feature = "aws_lc_rs", feature = "std"))]
pub(crate) mod tested;
#[cfg(test)]
#[cfg(all(feature = "aws_lc_rs", feature = "std", feature = "tls12"))]
mod tests;
#[cfg(test)]
#[cfg(all(feature = "aws_lc_rs", feature = "std", feature = "tls12"))]
mod tests12;
