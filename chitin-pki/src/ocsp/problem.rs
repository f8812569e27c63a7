//! What can be wrong with an OCSP response.

use alloc::vec::Vec;
use core::fmt;

use pki_types::UnixTime;

use crate::error::{Named, Problem};
use crate::time::Shown;

/// Why an OCSP response cannot be used.
#[non_exhaustive]
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum OcspProblem {
    /// It is not DER, or not what RFC 6960 section 4.2.1 says stands there; or its signer's key or the algorithm of its
    /// signature is none that is accepted.
    Form(Problem),
    /// It is of a type that nobody but its inventor knows. RFC 6960 section 4.2.1.
    Type,
    /// A critical extension is not one that we process. RFC 6960 section 4.4.
    UnhandledCriticalExtension {
        /// Its object identifier.
        oid: Vec<usize>,
    },
    /// It is about other certificates. RFC 6960 section 3.2, 1.
    OtherCertificate,
    /// It is of a time to come. RFC 6960 section 4.2.2.1.
    NotYetValid {
        /// The time of validation.
        time: UnixTime,
        /// Since when it is right.
        this_update: UnixTime,
    },
    /// A newer one is there by now. RFC 6960 section 4.2.2.1.
    Expired {
        /// The time of validation.
        time: UnixTime,
        /// Until when it is right.
        next_update: UnixTime,
    },
    /// Neither the issuer nor a certificate in the response has the name or key of who signed it.
    NoSigner,
    /// Its signature does not verify under the key of its signer. RFC 6960 section 3.2, 2.
    Signature,
    /// Its signer is not the issuer of the certificate, nor somebody whom the issuer entrusted with it. RFC 6960 section
    /// 4.2.2.2.
    SignerNotAuthorized,
    /// The certificate of its signer is not good by itself.
    SignerCertificate(Problem),
    /// A revocation list revokes its signer. RFC 6960 section 4.2.2.2.1.
    SignerRevoked,
    /// Finding out who signed it had taken more work than any honest response.
    TooMuchWork,
}

impl From<Problem> for OcspProblem {
    fn from(problem: Problem) -> Self {
        match problem {
            Problem::BadSignature => Self::Signature,
            Problem::BudgetExceeded { .. } => Self::TooMuchWork,
            problem => Self::Form(problem),
        }
    }
}

impl core::error::Error for OcspProblem {}

impl fmt::Display for OcspProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Form(problem) => write!(f, "the OCSP response {problem}"),
            Self::Type => f.write_str("the OCSP response is of an unknown type"),
            Self::UnhandledCriticalExtension { oid } => {
                write!(
                    f,
                    "the OCSP response has the critical extension {}, which is not supported",
                    Named(oid)
                )
            }
            Self::OtherCertificate => f.write_str("the OCSP response is about another certificate"),
            Self::NotYetValid { time, this_update } => {
                let (from, time) = (Shown(*this_update), Shown(*time));
                write!(f, "the OCSP response is right from {from} on, and it is {time}")
            }
            Self::Expired { time, next_update } => {
                let (until, time) = (Shown(*next_update), Shown(*time));
                write!(f, "the OCSP response was right until {until}, and it is {time}")
            }
            Self::NoSigner => f.write_str("who signed the OCSP response is not there"),
            Self::Signature => f.write_str("the signature of the OCSP response does not verify"),
            Self::SignerNotAuthorized => {
                f.write_str("who signed the OCSP response is neither the issuer nor entrusted by it")
            }
            Self::SignerCertificate(problem) => {
                write!(f, "the certificate of who signed the OCSP response {problem}")
            }
            Self::SignerRevoked => f.write_str("who signed the OCSP response is revoked"),
            Self::TooMuchWork => f.write_str("finding out who signed the OCSP response takes too much work"),
        }
    }
}
