//! What can be wrong with a certificate or a revocation list.

use alloc::boxed::Box;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;
use core::net;

use chitin_pki::{NotAccepted, PinProblem};
use pki_types::{AlgorithmIdentifier, IpAddr, ServerName, UnixTime};

use super::OtherError;

faults! {
    /// Why a certificate was not accepted.
    ///
    /// Variants come in pairs where 0.23 has them: the one ending in `Context` says more, and the plain one is what other
    /// verifiers may return. They mean the same alert, but are not equal to each other. Nothing that holds an
    /// [`OtherError`] equals anything.
    #[non_exhaustive]
    pub enum CertificateError {
        /// We send `access_denied`.
        ApplicationVerificationFailure = "the application's own verification refused it",
        /// RFC 5280 section 4.1. We send `bad_certificate`.
        BadEncoding = "the certificate is not a well-formed one",
        /// The certificate's, or one that was made with its key. RFC 8446 section 4.4.3. We send `decrypt_error`.
        BadSignature = "a signature does not verify",
        /// RFC 5280 section 4.1.2.5. We send `certificate_expired`.
        Expired = "certificate expired",
        /// RFC 5280 section 4.1.2.5. We send `certificate_expired`.
        ExpiredContext {
            /// The time of the check.
            time: UnixTime,
            /// The last time at which the certificate was valid.
            not_after: UnixTime,
        } = "certificate expired by the time of the check",
        /// RFC 5280 section 5.1.2.5. We send `unknown_ca`.
        ExpiredRevocationList = "the certificate revocation list is out of date",
        /// RFC 5280 section 5.1.2.5. We send `unknown_ca`.
        ExpiredRevocationListContext {
            /// The time of the check.
            time: UnixTime,
            /// When a newer list was due.
            next_update: UnixTime,
        } = "the certificate revocation list expired by the time of the check",
        /// RFC 6960. We send `bad_certificate_status_response`.
        InvalidOcspResponse = "the OCSP response sent along is not valid",
        /// RFC 5280 section 4.2.1.12. We send `unsupported_certificate`.
        InvalidPurpose = "its extended key usage does not allow this use",
        /// RFC 5280 section 4.2.1.12. We send `unsupported_certificate`.
        InvalidPurposeContext {
            /// The purpose that was needed.
            required: ExtendedKeyPurpose,
            /// The purposes that the certificate states.
            presented: Vec<ExtendedKeyPurpose>,
        } = "its extended key usage does not allow this purpose",
        /// RFC 9525 section 6. We send `bad_certificate`.
        NotValidForName = "it is not valid for the name of the server",
        /// RFC 9525 section 6. We send `bad_certificate`.
        NotValidForNameContext {
            /// The name that was asked for.
            expected: ServerName<'static>,
            /// The names that the certificate states, for people to read.
            presented: Vec<String>,
        } = "it is not valid for the name that was asked for",
        /// RFC 5280 section 4.1.2.5. We send `certificate_expired`.
        NotValidYet = "certificate not valid yet",
        /// RFC 5280 section 4.1.2.5. We send `certificate_expired`.
        NotValidYetContext {
            /// The time of the check.
            time: UnixTime,
            /// The first time at which the certificate is valid.
            not_before: UnixTime,
        } = "certificate not valid yet at the time of the check",
        /// We send `certificate_unknown`.
        Other(OtherError) = "the verifier found another fault",
        /// RFC 5280 section 5.3. We send `certificate_revoked`.
        Revoked = "the certificate was revoked",
        /// RFC 5280 section 4.2. We send `bad_certificate`.
        UnhandledCriticalExtension = "an extension marked critical is not understood",
        /// RFC 5280 section 6.1. We send `unknown_ca`.
        UnknownIssuer = "no path leads from it to a trusted root",
        /// RFC 5280 section 6.3. We send `unknown_ca`.
        UnknownRevocationStatus = "nothing tells whether it was revoked",
        /// RFC 8446 section 4.4.2.4. We send `bad_certificate`.
        UnsupportedSignatureAlgorithm = "the signature algorithm is not supported",
        /// RFC 8446 section 4.4.2.4. We send `bad_certificate`.
        UnsupportedSignatureAlgorithmContext {
            /// The algorithm of the signature: the content of its AlgorithmIdentifier, in DER.
            signature_algorithm_id: Vec<u8>,
            /// The algorithms that are supported.
            supported_algorithms: Vec<AlgorithmIdentifier>,
        } = "the signature algorithm is none of those supported",
        /// RFC 5280 section 4.1.1.2. We send `bad_certificate`.
        UnsupportedSignatureAlgorithmForPublicKeyContext {
            /// The algorithm of the signature: the content of its AlgorithmIdentifier, in DER.
            signature_algorithm_id: Vec<u8>,
            /// The algorithm of the key: the content of its AlgorithmIdentifier, in DER.
            public_key_algorithm_id: Vec<u8>,
        } = "the signature algorithm does not fit the public key",

        // From here on: what 0.23 has no variant for.
        /// Its names are those of nobody whom the application lets in. Both is in it. We send `access_denied`.
        NotAccepted(Box<NotAccepted>) = "it is not the certificate of a peer that is let in",
        /// In the way of RFC 7469 section 2.6. Both what was expected and what was seen is in it. We send `certificate_unknown`.
        NotPinned(Box<PinProblem>) = "it is none of those that are pinned",
        /// Checked before the public-key operation: short keys are weak, and long ones cost time that a peer should not
        /// make us spend. We send `unsupported_certificate`.
        RsaKeySizeOutOfRange {
            /// The length of the modulus.
            bits: usize,
            /// The shortest that is accepted.
            min_bits: usize,
            /// The longest that is accepted.
            max_bits: usize,
        } = "the RSA key is too short or too long",
    }
}

impl fmt::Display for CertificateError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::ExpiredContext { time, not_after } => write!(
                f,
                "certificate expired: verification time {time} (UNIX), but certificate is not valid after {not_after} \
                 ({ago} seconds ago)",
                time = time.as_secs(),
                not_after = not_after.as_secs(),
                ago = time.as_secs().saturating_sub(not_after.as_secs()),
            ),
            Self::NotValidYetContext { time, not_before } => write!(
                f,
                "certificate not valid yet: verification time {time} (UNIX), but certificate is not valid before \
                 {not_before} ({left} seconds in future)",
                time = time.as_secs(),
                not_before = not_before.as_secs(),
                left = not_before.as_secs().saturating_sub(time.as_secs()),
            ),
            Self::ExpiredRevocationListContext { time, next_update } => write!(
                f,
                "certificate revocation list expired: verification time {time} (UNIX), but CRL is not valid after \
                 {next_update} ({ago} seconds ago)",
                time = time.as_secs(),
                next_update = next_update.as_secs(),
                ago = time.as_secs().saturating_sub(next_update.as_secs()),
            ),
            Self::InvalidPurposeContext { required, presented } => {
                write!(f, "certificate does not allow extended key usage for {required}, allows ")?;
                list(presented, "nothing", ", ", f)
            }
            Self::NotValidForNameContext { expected, presented } => {
                f.write_str("certificate not valid for name \"")?;
                name(expected, f)?;
                f.write_str(if presented.is_empty() {
                    "\"; certificate is not valid for "
                } else {
                    "\"; certificate is only valid for "
                })?;
                list(presented, "any names (according to its subjectAltName extension)", " or ", f)
            }
            Self::RsaKeySizeOutOfRange { bits, min_bits, max_bits } => {
                write!(f, "{}: {bits} bits, where {min_bits} to {max_bits} are accepted", self.text())
            }
            Self::NotAccepted(why) => write!(f, "the certificate {why}"),
            Self::NotPinned(why) => write!(f, "the certificate {why}"),
            // What it says itself. Its `Debug`, which 0.23 prints, is for who wrote it.
            Self::Other(why) => why.fmt(f),
            Self::ApplicationVerificationFailure
            | Self::BadEncoding
            | Self::BadSignature
            | Self::Expired
            | Self::ExpiredRevocationList
            | Self::InvalidOcspResponse
            | Self::InvalidPurpose
            | Self::NotValidForName
            | Self::NotValidYet
            | Self::Revoked
            | Self::UnhandledCriticalExtension
            | Self::UnknownIssuer
            | Self::UnknownRevocationStatus
            | Self::UnsupportedSignatureAlgorithm
            | Self::UnsupportedSignatureAlgorithmContext { .. }
            | Self::UnsupportedSignatureAlgorithmForPublicKeyContext { .. } => {
                write!(f, "{self:?} ({})", self.text())
            }
        }
    }
}

/// What a certificate may be used for. RFC 5280 section 4.2.1.12.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ExtendedKeyPurpose {
    /// To show who a client is: `id-kp-clientAuth`.
    ClientAuth,
    /// To show who a server is: `id-kp-serverAuth`.
    ServerAuth,
    /// Anything else, by the numbers of its object identifier.
    Other(Vec<usize>),
}

impl fmt::Display for ExtendedKeyPurpose {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::ClientAuth => f.write_str("client authentication"),
            Self::ServerAuth => f.write_str("server authentication"),
            Self::Other(arcs) => arcs.iter().enumerate().try_for_each(|(at, arc)| {
                let before = if at == 0 { "" } else { "." };
                write!(f, "{before}{arc}")
            }),
        }
    }
}

faults! {
    /// Why a certificate revocation list cannot be used. RFC 5280 section 5.
    #[non_exhaustive]
    pub enum CertRevocationListError {
        /// RFC 5280 section 5.1.1.3.
        BadSignature = "its signature does not verify",
        /// RFC 5280 section 5.2.3.
        InvalidCrlNumber = "its number is missing or not a positive integer of at most 20 bytes",
        /// RFC 5280 section 5.1.2.6.
        InvalidRevokedCertSerialNumber = "the serial number of a revoked certificate is malformed",
        /// RFC 5280 section 6.3.3.
        IssuerInvalidForCrl = "its issuer may not sign revocation lists",
        Other(OtherError) = "the verifier found another fault in it",
        /// RFC 5280 section 5.1.
        ParseError = "it is not a well-formed list",
        /// RFC 5280 section 5.2.
        UnsupportedCriticalExtension = "an extension marked critical is not understood",
        /// Only version 2 is in use. RFC 5280 section 5.1.2.1.
        UnsupportedCrlVersion = "it is not of version 2",
        /// RFC 5280 section 5.2.4.
        UnsupportedDeltaCrl = "it is a delta to another list",
        /// RFC 5280 section 5.2.5.
        UnsupportedIndirectCrl = "it covers certificates of other issuers",
        /// RFC 5280 section 5.3.1.
        UnsupportedRevocationReason = "it gives a reason for a revocation that does not exist",
        /// RFC 5280 section 5.1.1.2.
        UnsupportedSignatureAlgorithm = "its signature algorithm is not supported",
        /// RFC 5280 section 5.1.1.2.
        UnsupportedSignatureAlgorithmContext {
            /// The algorithm of the signature: the content of its AlgorithmIdentifier, in DER.
            signature_algorithm_id: Vec<u8>,
            /// The algorithms that are supported.
            supported_algorithms: Vec<AlgorithmIdentifier>,
        } = "its signature algorithm is none of those supported",
        /// RFC 5280 section 5.1.1.2.
        UnsupportedSignatureAlgorithmForPublicKeyContext {
            /// The algorithm of the signature: the content of its AlgorithmIdentifier, in DER.
            signature_algorithm_id: Vec<u8>,
            /// The algorithm of the key: the content of its AlgorithmIdentifier, in DER.
            public_key_algorithm_id: Vec<u8>,
        } = "its signature algorithm does not fit the issuer's public key",
    }
}

impl fmt::Display for CertRevocationListError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            // What it says itself. Its `Debug`, which 0.23 prints, is for who wrote it.
            Self::Other(why) => why.fmt(f),
            _ => write!(f, "{self:?} ({})", self.text()),
        }
    }
}

/// Writes a list, or what stands for none.
fn list(items: &[impl fmt::Display], none: &str, between: &str, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    if items.is_empty() {
        return f.write_str(none);
    }
    items.iter().enumerate().try_for_each(|(at, item)| {
        let before = if at == 0 { "" } else { between };
        write!(f, "{before}{item}")
    })
}

// `ServerName` has words of its own with the standard library only.
fn name(name: &ServerName<'_>, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    match name {
        ServerName::DnsName(name) => f.write_str(name.as_ref()),
        ServerName::IpAddress(IpAddr::V4(address)) => write!(f, "{}", net::Ipv4Addr::from(*address.as_ref())),
        ServerName::IpAddress(IpAddr::V6(address)) => write!(f, "{}", net::Ipv6Addr::from(*address.as_ref())),
        other => write!(f, "{other:?}"),
    }
}
