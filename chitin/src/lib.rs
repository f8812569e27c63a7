//! A TLS library.
#![no_std]
#![forbid(unsafe_code)]
#![warn(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::unreachable, clippy::todo)]
#![warn(clippy::unimplemented, clippy::indexing_slicing)]

extern crate alloc;
#[cfg(any(feature = "std", test))]
extern crate std;

pub mod crypto;
mod error;
mod names;
mod observe;
mod record;
pub(crate) mod secret;

pub use crate::error::{
    CertRevocationListError, CertificateError, EncryptedClientHelloError, Error, ExtendedKeyPurpose,
    InconsistentKeys, InvalidMessage, OtherError, PeerIncompatible, PeerMisbehaved,
};
pub use crate::names::{
    AlertDescription, CertificateCompressionAlgorithm, CipherSuite, ContentType, DistinguishedName,
    HandshakeKind, HandshakeType, NamedGroup, ProtocolVersion, Side, SignatureAlgorithm, SignatureScheme,
};

/// What a connection tells an observer.
pub mod trace {
    pub use crate::observe::*;
}

/// Types of the wire that 0.23 hides but names in a few public signatures. No promise of stability.
#[doc(hidden)]
pub mod internal {
    pub mod msgs {
        pub mod enums {
            pub use crate::names::{
                AlertLevel, CertificateStatusType, ClientCertificateType, Compression, EcCurveType,
                EcPointFormat, EchClientHelloType, EchVersion, ExtensionType, HpkeAead, HpkeKdf, HpkeKem,
                KeyUpdateRequest, PskKeyExchangeMode, ServerNameType,
            };
        }
        pub mod handshake {
            pub use crate::names::{
                EchConfigContents, EchConfigExtension, EchConfigPayload, HpkeKeyConfig,
                HpkeSymmetricCipherSuite,
            };
        }
    }
}

/// For our own tests only: lists that a test outside this crate needs in order to say that it left nothing out.
#[doc(hidden)]
pub mod internal_testing {
    pub use crate::error::variant_names;
}
