//! Hybrid public key encryption (RFC 9180) as a provider implements it.

use alloc::boxed::Box;
use alloc::vec::Vec;
use core::fmt::Debug;

use zeroize::Zeroize;

use crate::error::Error;
use crate::names::{HpkeKem, HpkeSymmetricCipherSuite};

/// One combination of KEM, KDF and AEAD, in HPKE's base mode.
pub trait Hpke: Debug + Send + Sync {
    /// Encrypts one message for `pub_key` (RFC 9180 section 6.1).
    ///
    /// # Errors
    /// If the public key is no key of this KEM, or the provider fails.
    fn seal(
        &self,
        info: &[u8],
        aad: &[u8],
        plaintext: &[u8],
        pub_key: &HpkePublicKey,
    ) -> Result<(EncapsulatedSecret, Vec<u8>), Error>;

    /// Sets up a context that encrypts several messages for `pub_key`.
    ///
    /// # Errors
    /// If the public key is no key of this KEM, or the provider fails.
    fn setup_sealer(
        &self,
        info: &[u8],
        pub_key: &HpkePublicKey,
    ) -> Result<(EncapsulatedSecret, Box<dyn HpkeSealer + 'static>), Error>;

    /// Decrypts one message.
    ///
    /// # Errors
    /// If it is not authentic, or the provider fails.
    fn open(
        &self,
        enc: &EncapsulatedSecret,
        info: &[u8],
        aad: &[u8],
        ciphertext: &[u8],
        secret_key: &HpkePrivateKey,
    ) -> Result<Vec<u8>, Error>;

    /// Sets up a context that decrypts several messages.
    ///
    /// # Errors
    /// If the encapsulated secret is none of this KEM, or the provider fails.
    fn setup_opener(
        &self,
        enc: &EncapsulatedSecret,
        info: &[u8],
        secret_key: &HpkePrivateKey,
    ) -> Result<Box<dyn HpkeOpener + 'static>, Error>;

    /// Makes a key pair of this KEM.
    ///
    /// # Errors
    /// If the provider fails.
    fn generate_key_pair(&self) -> Result<(HpkePublicKey, HpkePrivateKey), Error>;

    /// Which combination this is.
    fn suite(&self) -> HpkeSuite;

    /// Whether this is a FIPS-approved implementation.
    fn fips(&self) -> bool {
        false
    }
}

/// Encrypts the messages of one context, in order.
pub trait HpkeSealer: Debug + Send + Sync + 'static {
    /// Encrypts the next message.
    ///
    /// # Errors
    /// If the context is used up, or the provider fails.
    fn seal(&mut self, aad: &[u8], plaintext: &[u8]) -> Result<Vec<u8>, Error>;

    /// Lends the shared secret of the KEM, for a key log (`ECH_SECRET` of RFC 9850). `None`, as by default, if it is not kept.
    /// Not in rustls 0.23.
    fn kem_shared_secret(&self) -> Option<&[u8]> {
        None
    }
}

/// Decrypts the messages of one context, in order.
pub trait HpkeOpener: Debug + Send + Sync + 'static {
    /// Decrypts the next message.
    ///
    /// # Errors
    /// If it is not authentic, or the provider fails.
    fn open(&mut self, aad: &[u8], ciphertext: &[u8]) -> Result<Vec<u8>, Error>;
}

/// The numbers of one combination of KEM, KDF and AEAD.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct HpkeSuite {
    /// How the key is encapsulated.
    pub kem: HpkeKem,

    /// What is done with it.
    pub sym: HpkeSymmetricCipherSuite,
}

/// A key pair.
pub struct HpkeKeyPair {
    /// The public half.
    pub public_key: HpkePublicKey,

    /// The private half.
    pub private_key: HpkePrivateKey,
}

/// An encapsulated key, as it is sent.
#[derive(Debug)]
pub struct EncapsulatedSecret(pub Vec<u8>);

/// A serialised public key.
#[derive(Clone, Debug)]
pub struct HpkePublicKey(pub Vec<u8>);

/// A serialised private key, wiped on drop and never printed.
pub struct HpkePrivateKey(Vec<u8>);

impl HpkePrivateKey {
    /// Lends the key's bytes.
    pub fn secret_bytes(&self) -> &[u8] {
        &self.0
    }
}

impl From<Vec<u8>> for HpkePrivateKey {
    fn from(bytes: Vec<u8>) -> Self {
        Self(bytes)
    }
}

impl Drop for HpkePrivateKey {
    fn drop(&mut self) {
        self.0.zeroize();
    }
}
