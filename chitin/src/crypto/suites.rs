//! What a cipher suite consists of, and the protocol versions it belongs to.
//!
//! The structs are plain records of references to a provider's algorithms: nothing here computes anything.

use alloc::vec::Vec;
use core::fmt;

use super::cipher::{AeadKey, Iv, Tls12AeadAlgorithm, Tls13AeadAlgorithm};
use super::{hash, quic, tls12, tls13};
use crate::names::{CipherSuite, KeyExchangeAlgorithm, ProtocolVersion, SignatureAlgorithm, SignatureScheme};

/// A protocol version that can be enabled in a configuration.
#[non_exhaustive]
#[derive(Eq, PartialEq)]
pub struct SupportedProtocolVersion {
    /// The version's number on the wire.
    pub version: ProtocolVersion,
}

/// Shows the version, since there is nothing else.
impl fmt::Debug for SupportedProtocolVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.version.fmt(f)
    }
}

/// TLS 1.2 (RFC 5246).
pub static TLS12: SupportedProtocolVersion = SupportedProtocolVersion { version: ProtocolVersion::TLSv1_2 };

/// TLS 1.3 (RFC 8446).
pub static TLS13: SupportedProtocolVersion = SupportedProtocolVersion { version: ProtocolVersion::TLSv1_3 };

/// What the cipher suites of both versions have in common.
pub struct CipherSuiteCommon {
    /// The suite's number on the wire.
    pub suite: CipherSuite,

    /// The hash function of the handshake and the key schedule.
    pub hash_provider: &'static dyn hash::Hash,

    /// How many records may be protected with one key before it must be changed (RFC 8446 section 5.5).
    ///
    /// [`u64::MAX`] if the sequence number runs out first.
    pub confidentiality_limit: u64,
}

impl CipherSuiteCommon {
    /// Whether this is a FIPS-approved implementation.
    pub fn fips(&self) -> bool {
        self.hash_provider.fips()
    }
}

/// A TLS 1.3 cipher suite (RFC 8446 appendix B.4).
pub struct Tls13CipherSuite {
    /// What both versions have in common.
    pub common: CipherSuiteCommon,

    /// HKDF for the key schedule.
    pub hkdf_provider: &'static dyn tls13::Hkdf,

    /// The record protection.
    pub aead_alg: &'static dyn Tls13AeadAlgorithm,

    /// The packet protection, if the suite can be used in QUIC.
    pub quic: Option<&'static dyn quic::Algorithm>,
}

impl Tls13CipherSuite {
    /// Whether a session of `prev` can be resumed with this suite, and if so, gives `prev` back.
    ///
    /// It can if both have the same hash function (RFC 8446 section 4.2.11).
    pub fn can_resume_from(&self, prev: &'static Self) -> Option<&'static Self> {
        (prev.common.hash_provider.algorithm() == self.common.hash_provider.algorithm()).then_some(prev)
    }

    /// Whether this is a FIPS-approved implementation.
    pub fn fips(&self) -> bool {
        self.common.fips()
            && self.hkdf_provider.fips()
            && self.aead_alg.fips()
            && self.quic.is_none_or(|quic| quic.fips())
    }

    /// The suite together with its packet protection, if it can be used in QUIC.
    pub fn quic_suite(&'static self) -> Option<quic::Suite> {
        self.quic.map(|quic| quic::Suite { quic, suite: self })
    }
}

impl PartialEq for Tls13CipherSuite {
    fn eq(&self, other: &Self) -> bool {
        self.common.suite == other.common.suite
    }
}

impl fmt::Debug for Tls13CipherSuite {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tls13CipherSuite").field("suite", &self.common.suite).finish()
    }
}

/// A TLS 1.2 cipher suite.
pub struct Tls12CipherSuite {
    /// What both versions have in common.
    pub common: CipherSuiteCommon,

    /// The pseudorandom function for the key schedule.
    pub prf_provider: &'static dyn tls12::Prf,

    /// How keys are agreed on.
    pub kx: KeyExchangeAlgorithm,

    /// How a server signs its share, in order of preference.
    pub sign: &'static [SignatureScheme],

    /// The record protection.
    pub aead_alg: &'static dyn Tls12AeadAlgorithm,
}

impl Tls12CipherSuite {
    /// Those of the suite's schemes that are `offered`, in the suite's order of preference.
    pub fn resolve_sig_schemes(&self, offered: &[SignatureScheme]) -> Vec<SignatureScheme> {
        self.sign.iter().copied().filter(|scheme| offered.contains(scheme)).collect()
    }

    /// Whether this is a FIPS-approved implementation.
    pub fn fips(&self) -> bool {
        self.common.fips() && self.prf_provider.fips() && self.aead_alg.fips()
    }
}

impl PartialEq for Tls12CipherSuite {
    fn eq(&self, other: &Self) -> bool {
        self.common.suite == other.common.suite
    }
}

impl fmt::Debug for Tls12CipherSuite {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tls12CipherSuite").field("suite", &self.common.suite).finish()
    }
}

/// A cipher suite of either version.
#[derive(Clone, Copy, PartialEq)]
pub enum SupportedCipherSuite {
    /// A suite of TLS 1.2.
    Tls12(&'static Tls12CipherSuite),

    /// A suite of TLS 1.3.
    Tls13(&'static Tls13CipherSuite),
}

impl SupportedCipherSuite {
    /// The suite's number on the wire.
    pub fn suite(&self) -> CipherSuite {
        self.common().suite
    }

    /// The version the suite belongs to.
    pub fn version(&self) -> &'static SupportedProtocolVersion {
        match self {
            Self::Tls12(_) => &TLS12,
            Self::Tls13(_) => &TLS13,
        }
    }

    /// The suite, if it is one of TLS 1.3.
    pub const fn tls13(&self) -> Option<&'static Tls13CipherSuite> {
        match self {
            Self::Tls12(_) => None,
            Self::Tls13(suite) => Some(suite),
        }
    }

    /// The suite, if it is one of TLS 1.2 that can be used: those over finite fields are refused (SECURITY.md), whoever brings them.
    pub(crate) const fn tls12(&self) -> Option<&'static Tls12CipherSuite> {
        match self {
            Self::Tls12(suite) if matches!(suite.kx, KeyExchangeAlgorithm::ECDHE) => Some(suite),
            Self::Tls12(_) | Self::Tls13(_) => None,
        }
    }

    /// Whether a server with a key of `sig_alg` can use the suite. TLS 1.3's suites leave that open.
    pub fn usable_for_signature_algorithm(&self, sig_alg: SignatureAlgorithm) -> bool {
        match self {
            Self::Tls12(suite) => suite.sign.iter().any(|scheme| scheme.algorithm() == sig_alg),
            Self::Tls13(_) => true,
        }
    }

    /// Whether this is a FIPS-approved implementation.
    pub fn fips(&self) -> bool {
        match self {
            Self::Tls12(suite) => suite.fips(),
            Self::Tls13(suite) => suite.fips(),
        }
    }

    /// What both versions have in common.
    pub(crate) fn common(&self) -> &'static CipherSuiteCommon {
        match self {
            Self::Tls12(suite) => &suite.common,
            Self::Tls13(suite) => &suite.common,
        }
    }
}

impl From<&'static Tls12CipherSuite> for SupportedCipherSuite {
    fn from(suite: &'static Tls12CipherSuite) -> Self {
        Self::Tls12(suite)
    }
}

impl From<&'static Tls13CipherSuite> for SupportedCipherSuite {
    fn from(suite: &'static Tls13CipherSuite) -> Self {
        Self::Tls13(suite)
    }
}

impl fmt::Debug for SupportedCipherSuite {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.suite().fmt(f)
    }
}

/// The keys of one direction, taken out of a connection so that something else can go on with it.
///
/// It has no `Debug`: that would print keys.
#[non_exhaustive]
pub enum ConnectionTrafficSecrets {
    /// AES-128 in GCM.
    Aes128Gcm {
        /// The key.
        key: AeadKey,
        /// The IV.
        iv: Iv,
    },

    /// AES-256 in GCM.
    Aes256Gcm {
        /// The key.
        key: AeadKey,
        /// The IV.
        iv: Iv,
    },

    /// ChaCha20 with Poly1305.
    Chacha20Poly1305 {
        /// The key.
        key: AeadKey,
        /// The IV.
        iv: Iv,
    },
}
