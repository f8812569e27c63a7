//! What can go wrong, and which alert it means.
//!
//! Each way to fail is a variant of its own, with the requirement it breaks in its documentation. A step of a flow returns
//! the error and sends nothing; `alert.rs` alone knows which alert belongs to it. Nothing here knows about messages or
//! states.

use alloc::string::{String, ToString};
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::fmt;

use crate::names::{
    AlertDescription, ContentType, GetRandomFailed, HandshakeType, UnsupportedOperationError,
};

/// Declares an error enum: each variant with the text that says what happened.
///
/// The text serves both the documentation and `Display`. The list of names comes from the same declaration, so a test that
/// asks whether each variant is provoked somewhere cannot miss one.
macro_rules! faults {
    ($(#[$attr:meta])* pub enum $name:ident {
        $(
            $(#[$variant_attr:meta])*
            $variant:ident $( ( $payload:ty ) )? $( {
                $( $(#[$field_attr:meta])* $field:ident: $field_type:ty ),* $(,)?
            } )? = $text:literal
        ),* $(,)?
    }) => {
        $(#[$attr])*
        #[derive(Clone, Debug, PartialEq)]
        pub enum $name {
            $(
                #[doc = concat!("Raised when ", $text, ".")]
                #[doc = ""]
                $(#[$variant_attr])*
                $variant $( ( $payload ) )? $( { $( $(#[$field_attr])* $field: $field_type ),* } )?,
            )*
        }

        impl $name {
            /// The names of all variants, for tests that want to have seen each.
            #[doc(hidden)]
            pub fn variant_names() -> &'static [&'static str] {
                &[$(stringify!($variant)),*]
            }

            /// The name of this variant.
            #[doc(hidden)]
            pub fn variant_name(&self) -> &'static str {
                match self {
                    $(Self::$variant { .. } => stringify!($variant),)*
                }
            }

            /// One of each variant.
            #[cfg(test)]
            pub(in crate::error) fn samples() -> alloc::vec::Vec<Self> {
                #[allow(unused_imports)] // not every enum carries something
                use crate::error::tests::Sample;
                alloc::vec![$(
                    Self::$variant $( (<$payload as Sample>::sample()) )? $( { $($field: Sample::sample()),* } )?
                ),*]
            }

            /// What happened, without the particulars.
            fn text(&self) -> &'static str {
                match self {
                    $(Self::$variant { .. } => $text,)*
                }
            }
        }
    };
}
mod alert;
mod certificate;
pub(crate) mod guard;
mod peer;

pub use certificate::{CertRevocationListError, CertificateError, ExtendedKeyPurpose};
pub use peer::{InvalidMessage, PeerIncompatible, PeerMisbehaved};

faults! {
    /// Why a connection, or the making of one, failed.
    ///
    /// After a connection returned one of these it is over, and returns the same again. If the peer can be told, an alert
    /// has been queued; each variant says which.
    #[non_exhaustive]
    pub enum Error {
        /// RFC 8446 section 6. We send nothing in return.
        AlertReceived(AlertDescription) = "the peer sent a fatal alert",
        /// It has to leave room for at least 27 bytes of content, and is at most 16389 bytes with the header. We send
        /// `internal_error` if the peer has spoken already: a server whose config comes late.
        BadMaxFragmentSize = "the configured maximum fragment size is too small or too large",
        /// RFC 8446 section 5.2. We send `bad_record_mac`.
        DecryptError = "a record from the peer does not decrypt: it was changed on the way, or the keys differ",
        /// We send `internal_error`, unless it was our own record: what cannot be encrypted leaves a gap, behind which the alert
        /// would mean nothing.
        EncryptError = "a record could not be encrypted",
        /// Nothing that depends on the time is then believed. We send `internal_error`.
        FailedToGetCurrentTime = "the clock gives no time, or one before 1970",
        /// We send `internal_error`.
        FailedToGetRandomBytes = "the random number generator failed",
        /// We send `internal_error`.
        General(String) = "something unexpected happened",
        /// The caller asked for what only a finished handshake has. We send nothing.
        HandshakeNotComplete = "the handshake is not complete yet",
        /// RFC 8446 section 4. We send `unexpected_message`.
        InappropriateHandshakeMessage {
            /// What would have been right.
            expect_types: Vec<HandshakeType>,
            /// What came.
            got_type: HandshakeType,
        } = "a handshake message came at the wrong time",
        /// RFC 8446 section 5. We send `unexpected_message`.
        InappropriateMessage {
            /// What would have been right.
            expect_types: Vec<ContentType>,
            /// What came.
            got_type: ContentType,
        } = "a record of the wrong type came",
        /// A mistake in the configuration. We send nothing.
        InconsistentKeys(InconsistentKeys) = "the private key and the certificate do not belong together",
        /// A mistake in our own configuration, though it may surface in a handshake. We send `internal_error`.
        InvalidCertRevocationList(CertRevocationListError) = "a certificate revocation list cannot be used",
        /// RFC 8446 section 4.4.2.4. We send what [`CertificateError`] says.
        InvalidCertificate(CertificateError) = "the peer's certificate is not acceptable",
        /// A mistake in the configuration. We send nothing.
        InvalidEncryptedClientHello(EncryptedClientHelloError) = "encrypted client hello is not possible",
        /// We send what [`InvalidMessage`] says.
        InvalidMessage(InvalidMessage) = "a message cannot be understood",
        /// RFC 7301 section 3.2. We send `no_application_protocol`.
        NoApplicationProtocol = "the peer supports none of our application protocols",
        /// RFC 8446 section 4.4.2.4. We send `certificate_required`.
        NoCertificatesPresented = "the peer presented no certificate where one is required",
        /// Made by a verifier or another part that the application gave. We send `internal_error`.
        Other(OtherError) = "a part that the application provided failed",
        /// We send what [`PeerIncompatible`] says.
        PeerIncompatible(PeerIncompatible) = "the peer and we have not enough in common",
        /// We send what [`PeerMisbehaved`] says.
        PeerMisbehaved(PeerMisbehaved) = "the peer broke a rule of the protocol",
        /// More than 2^14 bytes of content. RFC 8446 section 5.1. We send `record_overflow`.
        PeerSentOversizedRecord = "a record from the peer has more content than the 16,384 bytes that any may have, or than the limit that we told it",
        /// A name is a DNS name or an IP address. We send nothing.
        UnsupportedNameType = "this kind of server name is not supported",

        // From here on: what 0.23 has no variant for.
        /// Named is what was called. We send `internal_error`.
        CallbackPanicked(&'static str) = "a part that the application provided panicked",
        /// A limit of ours, [`Limits::memory`](crate::Limits::memory). We send `internal_error`.
        MemoryLimit {
            /// The message that there is no room for; `Unknown(0)` for several that wait.
            typ: HandshakeType,
            /// What the connection holds, in bytes, with what it keeps free for its other parts.
            held: u32,
            /// What the message would need.
            wanted: u32,
            /// What the connection may hold.
            limit: u32,
        } = "a message of the peer would need more memory than the connection may hold",
        /// RFC 6066 section 3. We send `access_denied`.
        NoServerCertificateResolved = "the resolver gave no certificate for this client hello",
    }
}

/// Each text begins as 0.23's does, since people search logs for these, and then says more.
impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::AlertReceived(alert) => write!(f, "received fatal alert: {alert:?}"),
            Self::BadMaxFragmentSize => f.write_str("the supplied max_fragment_size was too small or large"),
            Self::DecryptError => {
                f.write_str("cannot decrypt peer's message (it was changed on the way, or the keys differ)")
            }
            Self::EncryptError => f.write_str("cannot encrypt message"),
            Self::FailedToGetCurrentTime => write!(f, "failed to get current time ({})", self.text()),
            Self::FailedToGetRandomBytes => write!(f, "failed to get random bytes ({})", self.text()),
            Self::General(what) => write!(f, "unexpected error: {what}"),
            Self::HandshakeNotComplete => f.write_str("handshake not complete"),
            Self::InappropriateHandshakeMessage { expect_types, got_type } => {
                write!(f, "received unexpected handshake message: got {got_type:?} when expecting ")?;
                one_of(expect_types, f)
            }
            Self::InappropriateMessage { expect_types, got_type } => {
                write!(f, "received unexpected message: got {got_type:?} when expecting ")?;
                one_of(expect_types, f)
            }
            Self::InconsistentKeys(why) => write!(f, "keys may not be consistent: {why}"),
            Self::InvalidCertRevocationList(why) => write!(f, "invalid certificate revocation list: {why}"),
            Self::InvalidCertificate(why) => write!(f, "invalid peer certificate: {why}"),
            Self::InvalidEncryptedClientHello(why) => write!(f, "encrypted client hello failure: {why}"),
            Self::InvalidMessage(why) => write!(f, "received corrupt message of type {why}"),
            Self::NoApplicationProtocol => f.write_str("peer doesn't support any known protocol"),
            Self::NoCertificatesPresented => f.write_str("peer sent no certificates"),
            Self::Other(why) => write!(f, "other error: {why}"),
            Self::PeerIncompatible(why) => write!(f, "peer is incompatible: {why}"),
            Self::PeerMisbehaved(why) => write!(f, "peer misbehaved: {why}"),
            Self::PeerSentOversizedRecord => write!(f, "peer sent excess record size ({})", self.text()),
            Self::UnsupportedNameType => f.write_str("presented server name type wasn't supported"),
            Self::CallbackPanicked(what) => write!(f, "{} ({what})", self.text()),
            Self::MemoryLimit { typ, held, wanted, limit } => {
                write!(
                    f,
                    "{} ({typ:?}: {wanted} bytes beside {held}, of {limit} by `limits.memory`)",
                    self.text()
                )
            }
            Self::NoServerCertificateResolved => f.write_str(self.text()),
        }
    }
}

impl core::error::Error for Error {}

/// Writes `A`, or `A or B or C`, or that nothing was expected.
fn one_of(types: &[impl fmt::Debug], f: &mut fmt::Formatter<'_>) -> fmt::Result {
    if types.is_empty() {
        return f.write_str("nothing");
    }
    types.iter().enumerate().try_for_each(|(at, typ)| {
        let before = if at == 0 { "" } else { " or " };
        write!(f, "{before}{typ:?}")
    })
}

/// Any other error, kept as it is.
///
/// Two of them are never equal, because what is inside cannot be compared.
#[derive(Clone, Debug)]
pub struct OtherError(pub Arc<dyn core::error::Error + Send + Sync>);

impl PartialEq for OtherError {
    fn eq(&self, _other: &Self) -> bool {
        false
    }
}

impl fmt::Display for OtherError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

impl core::error::Error for OtherError {
    fn source(&self) -> Option<&(dyn core::error::Error + 'static)> {
        Some(self.0.as_ref())
    }
}

faults! {
    /// Why a certificate and a private key cannot be used together.
    #[non_exhaustive]
    #[derive(Copy, Eq)]
    pub enum InconsistentKeys {
        KeyMismatch = "the certificate is for another public key than that of the private key",
        Unknown = "the provider cannot tell the public key of the private key",

        // From here on: what 0.23 has no variant for.
        /// RFC 9345 section 4.
        DelegatedSchemeNotAllowed = "delegated credentials do not sign with this scheme",
    }
}

impl fmt::Display for InconsistentKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self:?} ({})", self.text())
    }
}

faults! {
    /// Why encrypted client hello cannot be used as configured. RFC 9849.
    #[non_exhaustive]
    #[derive(Eq)]
    pub enum EncryptedClientHelloError {
        /// RFC 9849 section 4.
        InvalidConfigList = "the configuration list is malformed",
        /// RFC 9849 section 4.1: the version, the KEM and one symmetric suite must be known, and so each mandatory extension.
        NoCompatibleConfig = "no configuration in the list is one that we support",
        /// The outer hello has to say the public name. RFC 9849 section 6.1.
        SniRequired = "a name has to be sent in the clear, and that is turned off",
    }
}

impl fmt::Display for EncryptedClientHelloError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self:?} ({})", self.text())
    }
}

impl From<CertRevocationListError> for Error {
    fn from(why: CertRevocationListError) -> Self {
        Self::InvalidCertRevocationList(why)
    }
}

impl From<CertificateError> for Error {
    fn from(why: CertificateError) -> Self {
        Self::InvalidCertificate(why)
    }
}

impl From<EncryptedClientHelloError> for Error {
    fn from(why: EncryptedClientHelloError) -> Self {
        Self::InvalidEncryptedClientHello(why)
    }
}

impl From<InconsistentKeys> for Error {
    fn from(why: InconsistentKeys) -> Self {
        Self::InconsistentKeys(why)
    }
}

impl From<InvalidMessage> for Error {
    #[cold]
    fn from(why: InvalidMessage) -> Self {
        Self::InvalidMessage(why)
    }
}

impl From<OtherError> for Error {
    fn from(why: OtherError) -> Self {
        Self::Other(why)
    }
}

impl From<PeerIncompatible> for Error {
    #[cold]
    fn from(why: PeerIncompatible) -> Self {
        Self::PeerIncompatible(why)
    }
}

impl From<PeerMisbehaved> for Error {
    #[cold]
    fn from(why: PeerMisbehaved) -> Self {
        Self::PeerMisbehaved(why)
    }
}

impl From<GetRandomFailed> for Error {
    fn from(_: GetRandomFailed) -> Self {
        Self::FailedToGetRandomBytes
    }
}

impl From<UnsupportedOperationError> for Error {
    fn from(why: UnsupportedOperationError) -> Self {
        // As in 0.23, so that what matches on it goes on to do so.
        Self::General(why.to_string())
    }
}

#[cfg(feature = "std")]
impl From<std::time::SystemTimeError> for Error {
    fn from(_: std::time::SystemTimeError) -> Self {
        Self::FailedToGetCurrentTime
    }
}

/// The names of the variants that a peer, a caller or a broken part can bring about, enum by enum.
///
/// A test outside asks that each of them is provoked by some other test.
#[doc(hidden)]
pub fn variant_names() -> [(&'static str, &'static [&'static str]); 8] {
    [
        ("Error", Error::variant_names()),
        ("PeerMisbehaved", PeerMisbehaved::variant_names()),
        ("PeerIncompatible", PeerIncompatible::variant_names()),
        ("InvalidMessage", InvalidMessage::variant_names()),
        ("CertificateError", CertificateError::variant_names()),
        ("CertRevocationListError", CertRevocationListError::variant_names()),
        ("EncryptedClientHelloError", EncryptedClientHelloError::variant_names()),
        ("InconsistentKeys", InconsistentKeys::variant_names()),
    ]
}

#[cfg(test)]
mod tests;
