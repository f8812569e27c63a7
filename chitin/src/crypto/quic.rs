//! QUIC's packet protection (RFC 9001 section 5) as a provider implements it.
//!
//! These are the shapes that a cipher suite names. `quic/packet.rs` fills them for our providers, `schedule/quic.rs` derives the
//! keys, and `conn/quic.rs` has the connections.

pub(super) mod packet;

use alloc::boxed::Box;

use super::cipher::{AeadKey, Iv};
use super::suites::Tls13CipherSuite;
use crate::error::Error;

/// Makes the packet and header protection of one cipher suite.
pub trait Algorithm: Send + Sync {
    /// Makes the protection of packets.
    fn packet_key(&self, key: AeadKey, iv: Iv) -> Box<dyn PacketKey>;

    /// Makes the protection of headers.
    fn header_protection_key(&self, key: AeadKey) -> Box<dyn HeaderProtectionKey>;

    /// The length of both keys, in bytes.
    fn aead_key_len(&self) -> usize;

    /// Whether this is a FIPS-approved implementation.
    fn fips(&self) -> bool {
        false
    }
}

/// Protects packets, or opens them (RFC 9001 section 5.3).
pub trait PacketKey: Send + Sync {
    /// Encrypts `payload` in place and gives its tag.
    ///
    /// # Errors
    /// [`Error::EncryptError`] if the algorithm refuses.
    fn encrypt_in_place(&self, packet_number: u64, header: &[u8], payload: &mut [u8]) -> Result<Tag, Error>;

    /// Encrypts `payload` in place for one path of a multipath connection.
    ///
    /// # Errors
    /// [`Error::EncryptError`] if the algorithm refuses, or knows no paths.
    fn encrypt_in_place_for_path(
        &self,
        path_id: u32,
        packet_number: u64,
        header: &[u8],
        payload: &mut [u8],
    ) -> Result<Tag, Error> {
        let _ = (path_id, packet_number, header, payload);
        Err(Error::EncryptError)
    }

    /// Opens `payload`, which ends with the tag, in place, and gives what is inside.
    ///
    /// # Errors
    /// [`Error::DecryptError`] if it is not authentic.
    fn decrypt_in_place<'a>(
        &self,
        packet_number: u64,
        header: &[u8],
        payload: &'a mut [u8],
    ) -> Result<&'a [u8], Error>;

    /// Opens `payload` in place for one path of a multipath connection.
    ///
    /// # Errors
    /// [`Error::DecryptError`] if it is not authentic, or the algorithm knows no paths.
    fn decrypt_in_place_for_path<'a>(
        &self,
        path_id: u32,
        packet_number: u64,
        header: &[u8],
        payload: &'a mut [u8],
    ) -> Result<&'a [u8], Error> {
        let _ = (path_id, packet_number, header, payload);
        Err(Error::DecryptError)
    }

    /// The length of the tag.
    fn tag_len(&self) -> usize;

    /// How many packets may be protected with one key (RFC 9001 section 6.6).
    fn confidentiality_limit(&self) -> u64;

    /// How many packets may fail to open before the connection must be closed (RFC 9001 section 6.6).
    fn integrity_limit(&self) -> u64;
}

/// Protects headers, or removes that protection (RFC 9001 section 5.4).
pub trait HeaderProtectionKey: Send + Sync {
    /// Adds the protection. `first` says how many bytes of `packet_number` there are; it may lie in a longer slice.
    ///
    /// # Errors
    /// If `sample` has the wrong length, or `packet_number` is longer than four bytes.
    fn encrypt_in_place(&self, sample: &[u8], first: &mut u8, packet_number: &mut [u8]) -> Result<(), Error>;

    /// Removes the protection. `packet_number` may be longer than the number turns out to be; what follows it stays as it is.
    ///
    /// What is left unprotected is not authenticated yet.
    ///
    /// # Errors
    /// If `sample` has the wrong length, or `packet_number` is longer than four bytes.
    fn decrypt_in_place(&self, sample: &[u8], first: &mut u8, packet_number: &mut [u8]) -> Result<(), Error>;

    /// The length of the sample.
    fn sample_len(&self) -> usize;
}

/// A version of QUIC.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, Default)]
pub enum Version {
    /// The drafts 29 to 32 of version 1.
    V1Draft,

    /// Version 1 (RFC 9000).
    #[default]
    V1,

    /// Version 2 (RFC 9369).
    V2,
}

/// A cipher suite with its packet protection.
#[derive(Clone, Copy)]
pub struct Suite {
    /// The suite.
    pub suite: &'static Tls13CipherSuite,

    /// Its packet protection.
    pub quic: &'static dyn Algorithm,
}

/// The keys of both directions.
pub struct Keys {
    /// What we send with.
    pub local: DirectionalKeys,

    /// What the peer sends with.
    pub remote: DirectionalKeys,
}

/// The keys of one direction.
pub struct DirectionalKeys {
    /// The protection of headers.
    pub header: Box<dyn HeaderProtectionKey>,

    /// The protection of packets.
    pub packet: Box<dyn PacketKey>,
}

/// The packet keys of both directions. Header keys stay as they are when these change (RFC 9001 section 6).
pub struct PacketKeySet {
    /// What we send with.
    pub local: Box<dyn PacketKey>,

    /// What the peer sends with.
    pub remote: Box<dyn PacketKey>,
}

/// An authentication tag. Every AEAD of TLS 1.3 has one of sixteen bytes.
pub struct Tag([u8; Self::LEN]);

impl Tag {
    const LEN: usize = 16;
}

impl From<&[u8]> for Tag {
    /// Copies sixteen bytes: missing ones are zero, superfluous ones are dropped.
    fn from(value: &[u8]) -> Self {
        let mut tag = Self([0; Self::LEN]);
        tag.0.iter_mut().zip(value).for_each(|(to, from)| *to = *from);
        tag
    }
}

impl AsRef<[u8]> for Tag {
    fn as_ref(&self) -> &[u8] {
        &self.0
    }
}
