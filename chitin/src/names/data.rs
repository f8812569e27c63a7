//! Plain data that errors and the public API carry.

use alloc::vec::Vec;
use core::fmt;

use pki_types::DnsName;

use super::{EchVersion, HpkeAead, HpkeKdf, HpkeKem};

/// An X.501 distinguished name in DER: a SEQUENCE, with its tag and length.
///
/// RFC 5280 section 4.1.2.4. It is not looked into: the bytes came from a peer or from a certificate, and go to the
/// application as they are.
#[derive(Clone)]
pub struct DistinguishedName(Vec<u8>);

impl DistinguishedName {
    /// Makes a name from what is inside the SEQUENCE, which is how a trust anchor keeps its subject.
    ///
    /// Puts tag and length before `bytes`. Its content is not checked.
    pub fn in_sequence(bytes: &[u8]) -> Self {
        const SEQUENCE: u8 = 0x30;
        let len = bytes.len().to_be_bytes();
        let leading_zeros = len.iter().take_while(|byte| **byte == 0).count();
        let significant = len.get(leading_zeros..).unwrap_or_default();

        let mut der = Vec::with_capacity(2 + len.len() + bytes.len());
        der.push(SEQUENCE);
        match significant {
            // X.690 section 8.1.3.4: one byte as long as bit 8 stays free; else 0x80 plus the number of bytes that follow.
            [] => der.push(0),
            [short @ ..=0x7f] => der.push(*short),
            long => {
                der.push(0x80 | long.len() as u8); // at most eight
                der.extend_from_slice(long);
            }
        }
        der.extend_from_slice(bytes);
        Self(der)
    }
}

impl AsRef<[u8]> for DistinguishedName {
    fn as_ref(&self) -> &[u8] {
        &self.0
    }
}

impl From<Vec<u8>> for DistinguishedName {
    fn from(der: Vec<u8>) -> Self {
        Self(der)
    }
}

impl fmt::Debug for DistinguishedName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("DistinguishedName(")?;
        hex(&self.0, f)?;
        f.write_str(")")
    }
}

/// The random number generator failed. Nothing secret is made from what it may have written.
#[derive(Debug)]
pub struct GetRandomFailed;

/// An operation was asked of a provider that it does not support.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UnsupportedOperationError;

impl fmt::Display for UnsupportedOperationError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("operation not supported")
    }
}

impl core::error::Error for UnsupportedOperationError {}

/// Which end of a connection.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Side {
    /// The end that sends the ClientHello.
    Client,
    /// The end that answers it.
    Server,
}

/// How a handshake came to its keys.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum HandshakeKind {
    /// A full handshake, with certificates.
    Full,
    /// A full handshake that took another round trip, because the server asked for a different key share or a cookie.
    FullWithHelloRetryRequest,
    /// An earlier session was resumed, without certificates. It may also have needed the extra round trip.
    Resumed,
}

/// A kind of key exchange.
#[allow(clippy::upper_case_acronyms)] // the names of the 0.23 API
#[non_exhaustive]
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum KeyExchangeAlgorithm {
    /// Diffie-Hellman over a finite field. RFC 7919.
    DHE,
    /// Diffie-Hellman over a curve, or anything that takes its place in TLS 1.3, such as a KEM.
    ECDHE,
}

/// One entry of an ECH configuration list. RFC 9849 section 4.
#[derive(Clone, Debug, PartialEq)]
pub enum EchConfigPayload {
    /// A configuration of the version we know.
    V18(EchConfigContents),
    /// Another version, kept as it came.
    Unknown {
        /// Its version.
        version: EchVersion,
        /// What follows the length.
        contents: PayloadU16,
    },
}

/// What an ECH configuration says. RFC 9849 section 4.
#[derive(Clone, Debug, PartialEq)]
pub struct EchConfigContents {
    /// The key to encrypt to, and how.
    pub key_config: HpkeKeyConfig,
    /// The longest name the server expects; padding hides all shorter ones.
    pub maximum_name_length: u8,
    /// The name that stands in the outer hello.
    pub public_name: DnsName<'static>,
    /// Extensions of the configuration.
    pub extensions: Vec<EchConfigExtension>,
}

/// Bytes that have their length in two bytes before them on the wire.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PayloadU16(Vec<u8>);

impl PayloadU16 {
    /// Takes the bytes.
    pub fn new(bytes: Vec<u8>) -> Self {
        Self(bytes)
    }
}

impl AsRef<[u8]> for PayloadU16 {
    fn as_ref(&self) -> &[u8] {
        &self.0
    }
}

/// An extension of an ECH configuration. RFC 9849 section 4.2.
#[derive(Clone, Debug, PartialEq)]
pub struct EchConfigExtension {
    /// Its type, from a registry of its own. With the high bit set it must be understood.
    pub typ: u16,
    /// Its content, kept as it came.
    pub contents: Vec<u8>,
}

/// The HPKE key of an ECH configuration. RFC 9849 section 4.
#[derive(Clone, Debug, PartialEq)]
pub struct HpkeKeyConfig {
    /// Which key of the server it is.
    pub config_id: u8,
    /// For which KEM.
    pub kem_id: HpkeKem,
    /// The public key, never empty.
    pub public_key: PayloadU16,
    /// With which symmetric algorithms it may be used.
    pub symmetric_cipher_suites: Vec<HpkeSymmetricCipherSuite>,
}

/// What became of Encrypted Client Hello on a client's connection. RFC 9849.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EchStatus {
    /// Not configured.
    NotOffered,
    /// Something was sent that looks like it and means nothing. RFC 9849 section 6.2.
    Grease,
    /// It was offered, and the server has not answered yet.
    Offered,
    /// The server has taken the hidden hello: nobody on the way knows which name was asked for.
    Accepted,
    /// The server has not taken it. The connection fails, with what to try next if the server said it:
    /// [`ServerRejectedEncryptedClientHello`](crate::PeerIncompatible::ServerRejectedEncryptedClientHello).
    Rejected,
}

/// The symmetric half of an HPKE suite. RFC 9849 section 4.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct HpkeSymmetricCipherSuite {
    /// The key derivation function.
    pub kdf_id: HpkeKdf,
    /// The AEAD.
    pub aead_id: HpkeAead,
}

/// Writes bytes as pairs of hex digits.
fn hex(bytes: &[u8], f: &mut fmt::Formatter<'_>) -> fmt::Result {
    bytes.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
}
