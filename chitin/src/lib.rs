//! A TLS library without unsafe code and without I/O of its own, with the public interface of rustls 0.23.
//!
//! A client that fetches a page; with `chitin` and `webpki-roots` as dependencies it is complete:
//!
//! ```no_run
//! use std::io::{Read, Write};
//! use std::net::TcpStream;
//! use std::sync::Arc;
//!
//! use chitin::{ClientConfig, ClientConnection, RootCertStore, Stream};
//!
//! fn main() -> Result<(), Box<dyn std::error::Error>> {
//!     let roots = RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() };
//!     let config = ClientConfig::builder().with_root_certificates(roots).with_no_client_auth();
//!
//!     let mut connection = ClientConnection::new(Arc::new(config), "example.org".try_into()?)?;
//!     let mut socket = TcpStream::connect("example.org:443")?;
//!     let mut tls = Stream::new(&mut connection, &mut socket);
//!
//!     tls.write_all(b"GET / HTTP/1.1\r\nHost: example.org\r\nConnection: close\r\n\r\n")?;
//!     let mut page = Vec::new();
//!     tls.read_to_end(&mut page)?; // an error if the peer's data was cut off
//!     println!("{}", String::from_utf8_lossy(&page));
//!     Ok(())
//! }
//! ```
//!
//! A config is made once and shared by all connections. A server is made in the same way from a [`ServerConfig`]:
//!
//! ```no_run
//! # use std::sync::Arc;
//! use std::io::{Read, Write};
//! use std::net::TcpListener;
//!
//! use chitin::pki_types::pem::PemObject;
//! use chitin::pki_types::{CertificateDer, PrivateKeyDer};
//! use chitin::{ServerConfig, ServerConnection, StreamOwned};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let chain = CertificateDer::pem_file_iter("chain.pem")?.collect::<Result<Vec<_>, _>>()?;
//! let key = PrivateKeyDer::from_pem_file("key.pem")?;
//! let config = Arc::new(ServerConfig::builder().with_no_client_auth().with_single_cert(chain, key)?);
//!
//! let (socket, _) = TcpListener::bind("[::]:8443")?.accept()?;
//! let mut tls = StreamOwned::new(ServerConnection::new(config)?, socket);
//! let mut request = [0; 1024];
//! let length = tls.read(&mut request)?;
//! tls.write_all(&request[..length])?;
//! tls.conn.send_close_notify();
//! tls.flush()?;
//! # Ok(())
//! # }
//! ```
//!
//! # Where to look
//!
//! - Connections: [`ClientConnection`], [`ServerConnection`] and what they share, [`ConnectionCommon`]. They take received bytes
//!   and give bytes to send, and touch no socket; [`Stream`] and [`StreamOwned`] join them to one. [`server::Acceptor`] reads a
//!   client's hello before a config is chosen.
//! - Trust: [`RootCertStore`], [`client::WebPkiServerVerifier`], [`server::WebPkiClientVerifier`]. Whatever can switch checks off
//!   has `danger` in its path.
//! - Resumption: [`client::Resumption`], [`server::StoresServerSessions`], and tickets, [`server::ProducesTickets`].
//! - Cryptography comes from a provider, [`crypto::CryptoProvider`]; without further words it is `crypto::aws_lc_rs`, or
//!   `crypto::ring` if only that is compiled in. [`crypto::aead`] is for those who write one.
//! - What happens on a connection can be watched: [`trace::Trace`].
//! - Keys and certificates come from files of any usual format with the module `load`, behind the feature of that name.
//!
//! # Security
//!
//! The defaults are what we advise. `docs/defaults.md` in the repository lists them with all limits, `SECURITY.md` says what is
//! promised, and `docs/differences.md` where behaviour differs from rustls 0.23.
//!
//! # Features
//!
//! Their names are those of rustls 0.23. `std` and `aws_lc_rs` are on by default, as are `logging`, `prefer-post-quantum` and
//! `tls12`; `docs/features.md` says what each does here. Without `std` the crate needs `alloc` only.
#![no_std]
#![forbid(unsafe_code)]
#![warn(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::unreachable, clippy::todo)]
#![warn(clippy::unimplemented, clippy::indexing_slicing)]
#![warn(missing_docs, clippy::missing_errors_doc)]
// The buffered skins need `std`. What only they use below is no less compiled without it.
#![cfg_attr(not(feature = "std"), allow(dead_code))]

extern crate alloc;
#[cfg(any(feature = "std", test))]
extern crate std;

mod builder;
mod carrier;
mod config;
mod conn;
pub mod crypto;
#[cfg(test)]
#[cfg(all(feature = "aws_lc_rs", feature = "std"))]
mod defaults;
mod engine;
mod error;
mod flow;
#[cfg(feature = "load")]
pub mod load;
mod log;
pub mod manual;
mod msgs;
mod names;
mod observe;
mod record;
mod schedule;
pub(crate) mod secret;
#[cfg(feature = "testing")]
mod surfaces;
mod wire;

pub use crate::config::builder::{ConfigBuilder, ConfigSide, WantsVerifier, WantsVersions};
pub use crate::config::client::ClientConfig;
pub use crate::config::deadline::Deadline;
#[cfg(feature = "std")]
pub use crate::config::deadline::Guarded;
#[cfg(feature = "std")]
pub use crate::config::keylog::KeyLogFile;
pub use crate::config::keylog::{KeyLog, NoKeyLog};
pub use crate::config::limits::Limits;
pub use crate::config::padding::RecordPadding;
pub use crate::config::server::ServerConfig;
pub use crate::config::versions::{ALL_VERSIONS, DEFAULT_VERSIONS};
pub use crate::config::webpki::RootCertStore;
#[cfg(feature = "std")]
pub use crate::conn::{ClientConnection, Connection, Reader, ServerConnection, Stream, StreamOwned, Writer};
pub use crate::conn::{ConnectionCommon, IoState, SideData};
pub use crate::crypto::suites::{
    CipherSuiteCommon, ConnectionTrafficSecrets, SupportedCipherSuite, SupportedProtocolVersion,
    Tls12CipherSuite, Tls13CipherSuite,
};
pub use crate::crypto::verify::DigitallySignedStruct;
pub use crate::engine::common::{CommonState, ExtractedSecrets};
pub use crate::error::{
    CertRevocationListError, CertificateError, EncryptedClientHelloError, Error, ExtendedKeyPurpose,
    InconsistentKeys, InvalidMessage, OtherError, PeerIncompatible, PeerMisbehaved,
};
pub use crate::names::{
    AlertDescription, CertificateCompressionAlgorithm, CipherSuite, ContentType, DistinguishedName,
    HandshakeKind, HandshakeType, NamedGroup, ProtocolVersion, Side, SignatureAlgorithm, SignatureScheme,
};
#[cfg(feature = "std")]
pub use crate::ticketer::TicketRotator;
#[cfg(any(feature = "std", feature = "hashbrown"))]
pub use crate::ticketer::TicketSwitcher;

/// What clients are made of.
pub mod client {
    mod client_conn;

    pub use crate::config::client::{
        ClientConfig, KeyShares, Resumption, TicketRequest, Tls12Resumption, WantsClientCert,
    };
    pub use crate::config::ech::{EchConfig, EchGreaseConfig, EchMode};
    pub use crate::config::raw_keys::AlwaysResolvesClientRawPublicKeys;
    pub use crate::config::resolve::{CertificateRequest, ResolvesClientCert};
    #[cfg(any(feature = "std", feature = "hashbrown"))]
    pub use crate::config::sessions::ClientSessionMemoryCache;
    pub use crate::config::sessions::{ClientSessionStore, Tls12ClientSessionValue, Tls13ClientSessionValue};
    pub use crate::config::webpki::{
        ServerCertVerifierBuilder, VerifierBuilderError, WebPkiServerVerifier,
        verify_server_cert_signed_by_trust_anchor, verify_server_name,
    };
    #[cfg(feature = "std")]
    pub use crate::conn::{ClientConnection, WriteEarlyData};
    pub use crate::conn::{ClientConnectionData, EarlyDataError, UnbufferedClientConnection};
    pub use crate::names::EchStatus;

    /// Ways to decide for yourself which servers to trust. A mistake there takes all security away.
    pub mod danger {
        pub use crate::config::client::danger::{DangerousClientConfig, DangerousClientConfigBuilder};
        pub use crate::config::verify::{ServerCertVerified, ServerCertVerifier};
        pub use crate::crypto::verify::HandshakeSignatureValid;
    }
}

/// What servers are made of.
pub mod server {
    pub use crate::config::hello::ClientHello;
    pub use crate::config::raw_keys::AlwaysResolvesServerRawPublicKeys;
    pub use crate::config::resolve::{ResolvesServerCert, ResolvesServerCertUsingSni};
    pub use crate::config::server::{ServerConfig, WantsServerCert};
    #[cfg(any(feature = "std", feature = "hashbrown"))]
    pub use crate::config::sessions::ServerSessionMemoryCache;
    pub use crate::config::sessions::{NoServerSessionStorage, StoresServerSessions};
    pub use crate::config::verify::NoClientAuth;
    pub use crate::config::webpki::{
        ClientCertVerifierBuilder, ParsedCertificate, VerifierBuilderError, WebPkiClientVerifier,
    };
    pub use crate::conn::{Accepted, ServerConnectionData, UnbufferedServerConnection};
    #[cfg(feature = "std")]
    pub use crate::conn::{AcceptedAlert, Acceptor, ReadEarlyData, ServerConnection};
    pub use crate::crypto::ticket::ProducesTickets;
    pub use crate::names::CertificateType;

    /// Ways to decide for yourself which clients to trust. A mistake there takes their authentication away.
    pub mod danger {
        pub use crate::config::verify::{ClientCertVerified, ClientCertVerifier};
    }
}

/// Verifiers put together from parts, and the policies that are parts of them. Not in rustls 0.23.
pub mod trust {
    #[cfg(feature = "log-list")]
    pub use chitin_pki::LogListFault;
    pub use chitin_pki::{
        AcceptedPeers, Log, LogList, LogState, NotAccepted, Operator, PeerIdentity, Pin, PinFault,
        PinMismatch, PinProblem, PinSet, Problem, Profile, SeenKey, SpiffeFault, SpiffeId, Which,
    };
    pub use chitin_pki::{Attempt, Described, Diagnosis, Missing, MissingCause};

    pub use crate::config::webpki::{
        ClientSettings, ClientVerifier, ClientVerifierBuilder, PinReport, PinnedVerifier,
        PinnedVerifierBuilder, Policies, Revocation, Roots, ServerSettings, ServerVerifier,
        ServerVerifierBuilder, SignatureMemo, VerifierBuilder, pin_of_key,
    };
}

/// Certificates with their keys, and how they sign.
pub mod sign {
    pub use crate::config::credentials::CredentialList;
    pub use crate::config::resolve::SingleCertAndKey;
    pub use crate::crypto::credential::Credential;
    pub use crate::crypto::signer::{CertifiedKey, Signer, SigningKey, public_key_to_spki};
}

/// External pre-shared keys of TLS 1.3 (RFC 8446 section 2.2): both sides prove that they have a key that they were given before
/// they met, and no certificate is shown. Not in rustls 0.23.
///
/// A client and a server that have such a key, and trust nothing else:
///
/// ```
/// # #[cfg(feature = "aws_lc_rs")] {
/// use std::sync::Arc;
///
/// use chitin::crypto::hash::HashAlgorithm;
/// use chitin::psk::{ExternalPsk, PskList, between};
/// use chitin::{ClientConfig, ServerConfig};
///
/// # fn main() -> Result<(), chitin::Error> {
/// # let secret = [7; 32];
/// let context = between(b"sensor 5", b"collector");
/// let key = ExternalPsk::imported(b"sensor 5", &secret, HashAlgorithm::SHA256, &context)?;
/// let keys = Arc::new(PskList::from(vec![key]));
/// let client = ClientConfig::builder().with_external_psks(keys.clone());
/// // The server has the same key and the same context.
/// let server = ServerConfig::builder().with_external_psks(keys);
/// # Ok(())
/// # }
/// # main().unwrap(); }
/// ```
pub mod psk {
    pub use crate::config::psk::{ClientPsks, ExternalPsk, OfferedPsks, PskList, ServerPsks, between};
}

/// Tickets under keys that change by themselves.
#[cfg(any(feature = "std", feature = "hashbrown"))]
pub mod ticketer {
    #[cfg(not(feature = "std"))]
    pub use crate::config::switcher::*;
    #[cfg(feature = "std")]
    pub use crate::crypto::ticket::rotate::*;
}

/// TLS for QUIC (RFC 9001): connections for an endpoint to drive, the keys that they give it, and packet protection as a
/// provider implements it.
///
/// There are no records here: the endpoint takes handshake bytes out of CRYPTO frames and puts them into such, packet by packet
/// under the keys that it has been given. This is the heart of it:
///
/// ```
/// use chitin::Error;
/// use chitin::quic::{Connection, KeyChange, Keys};
///
/// /// What is to be sent, each piece with the number of key changes before it: 0 are Initial packets.
/// fn step(
///     conn: &mut Connection,
///     received: &[u8],
///     keys: &mut Vec<Keys>,
/// ) -> Result<Vec<(usize, Vec<u8>)>, Error> {
///     // An error has an alert, which closes the connection: `conn.alert()`.
///     conn.read_hs(received)?;
///     let mut flights = Vec::new();
///     loop {
///         let mut bytes = Vec::new();
///         let change = conn.write_hs(&mut bytes);
///         flights.push((keys.len(), bytes));
///         match change {
///             None => return Ok(flights),
///             Some(KeyChange::Handshake { keys: new }) => keys.push(new),
///             // `next` makes the keys after these, when the endpoint wants to change them.
///             Some(KeyChange::OneRtt { keys: new, next: _ }) => keys.push(new),
///         }
///     }
/// }
/// ```
pub mod quic {
    pub use crate::carrier::quic::KeyChange;
    pub use crate::conn::quic::{ClientConnection, Connection, ConnectionCommon, ServerConnection};
    pub use crate::crypto::quic::{
        Algorithm, DirectionalKeys, HeaderProtectionKey, Keys, PacketKey, PacketKeySet, Suite, Tag, Version,
    };
    pub use crate::schedule::quic::Secrets;
}

/// Connections that buffer nothing, for callers that keep what was received and what is to be sent themselves. They need no `std`.
///
/// A caller asks [`process_tls_records`](crate::unbuffered::UnbufferedConnectionCommon::process_tls_records) what there is to do, does it, drops as
/// many bytes of its input as it was told, and asks again. Records are opened in place, in the caller's input.
///
/// The connections are [`UnbufferedClientConnection`](crate::client::UnbufferedClientConnection) and
/// [`UnbufferedServerConnection`](crate::server::UnbufferedServerConnection).
pub mod unbuffered {
    pub use crate::conn::{
        AppDataRecord, ConnectionState, EncodeError, EncodeTlsData, EncryptError, InsufficientSizeError,
        ReadEarlyRecords as ReadEarlyData, ReadTraffic, TransmitTlsData, UnbufferedConnectionCommon,
        UnbufferedStatus, WriteTraffic,
    };
}

/// The rest of a connection whose records somebody else protects, a kernel (kTLS) for example.
///
/// A connection without buffers whose config has `enable_secret_extraction` gives its keys out, and a [`KernelConnection`](crate::kernel::KernelConnection), by
/// [`dangerous_into_kernel_connection`](crate::client::UnbufferedClientConnection::dangerous_into_kernel_connection). The right
/// moment is [`WriteTraffic`](crate::unbuffered::ConnectionState::WriteTraffic): the handshake is complete, and nothing waits to
/// be sent. What the caller had not shown to the connection by then, it gives to the kernel itself.
///
/// From then on the caller reads handshake messages and alerts, and keeps count of records: keys have to be changed before their
/// limit, `CipherSuiteCommon::confidentiality_limit`. What is left here is to compute the keys of a key update, and to keep tickets.
pub mod kernel {
    pub use crate::conn::KernelConnection;
}

/// The finite-field groups of RFC 7919, as numbers.
pub mod ffdhe_groups {
    pub use crate::crypto::ffdhe::{FFDHE2048, FFDHE3072, FFDHE4096, FFDHE6144, FFDHE8192, FfdheGroup};
}

/// The clock that connections are given.
pub mod time_provider {
    #[cfg(feature = "std")]
    pub use crate::config::time::DefaultTimeProvider;
    pub use crate::config::time::TimeProvider;
}

/// The protocol versions that can be named.
pub mod version {
    pub use crate::crypto::suites::{TLS12, TLS13};
}

/// Certificate compression (RFC 8879).
pub mod compress {
    #[cfg(feature = "std")]
    pub use crate::config::compress::CompressionCacheInner;
    #[cfg(feature = "brotli")]
    pub use crate::config::compress::{BROTLI_COMPRESSOR, BROTLI_DECOMPRESSOR};
    pub use crate::config::compress::{
        CertCompressor, CertDecompressor, CompressionCache, CompressionFailed, CompressionLevel,
        DecompressionFailed, default_cert_compressors, default_cert_decompressors,
    };
    #[cfg(feature = "zlib")]
    pub use crate::config::compress::{ZLIB_COMPRESSOR, ZLIB_DECOMPRESSOR};
}

/// A mutex that answers `None` when it is poisoned. Without `std` it is made by the application.
pub mod lock {
    #[cfg(not(feature = "std"))]
    pub use crate::config::lock::{Lock, MakeMutex, Poisoned};
    pub use crate::config::lock::{Mutex, MutexGuard};
}

/// The types that certificates, keys, names and times are handed over in, shared with other crates.
pub mod pki_types {
    #[doc(no_inline)]
    pub use pki_types::*;
}

/// What a connection tells an observer.
pub mod trace {
    pub use crate::observe::*;
}

/// Types of the wire that 0.23 hides but names in a few public signatures. No promise of stability.
#[doc(hidden)]
pub mod internal {
    pub mod msgs {
        pub mod base {
            pub use crate::msgs::base::*;
            pub use crate::names::PayloadU16;
        }
        pub mod codec {
            pub use crate::msgs::codec::{Codec, Reader};
        }
        pub mod enums {
            pub use crate::names::{
                AlertLevel, CertificateStatusType, ClientCertificateType, Compression, EcCurveType,
                EcPointFormat, EchClientHelloType, EchVersion, ExtensionType, HpkeAead, HpkeKdf, HpkeKem,
                KeyUpdateRequest, PskKeyExchangeMode, ServerNameType,
            };
        }
        pub mod message {
            pub use crate::crypto::cipher::{OutboundOpaqueMessage, PlainMessage};
            pub use crate::msgs::message::*;
        }
        pub mod persist {
            pub use crate::wire::stored::creation_time;
            pub use zeroize::Zeroizing;
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
    #[cfg(feature = "testing")]
    pub use crate::surfaces::aead_key;
    #[cfg(all(feature = "testing", feature = "load"))]
    pub use crate::surfaces::load;
    #[cfg(feature = "testing")]
    pub use crate::surfaces::{DECODERS, Decoder, Opened, RecordsIn, RecordsOut, decompress};
}

/// The programs in the README compile.
#[cfg(doctest)]
#[doc = include_str!("../../README.md")]
mod readme {}

/// Those in the manual of certificates do, too.
#[cfg(all(doctest, feature = "load", feature = "log-list"))]
#[doc = include_str!("../../docs/certificates.md")]
mod certificates {}
