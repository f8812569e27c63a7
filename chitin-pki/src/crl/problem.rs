//! What can be wrong with a revocation list.

use alloc::vec::Vec;
use core::fmt;

use pki_types::UnixTime;

use super::entry::Revoked;
use crate::error::{Named, Problem};
use crate::time::Shown;

/// A list that was not used, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListFault {
    /// Its position among those that were given.
    pub position: usize,
    /// What is wrong with it.
    pub problem: ListProblem,
}

/// Why a revocation list cannot be used.
#[non_exhaustive]
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ListProblem {
    /// It is not DER, or not what RFC 5280 section 5.1 says stands there; or its key or its signature's algorithm is
    /// none that is accepted.
    Form(Problem),
    /// It is not of version 2. RFC 5280 section 5.1.2.1: this is the value, so version 1 is 0.
    Version {
        /// The value of the version field.
        version: u32,
    },
    /// A critical extension of the list or of an entry is not one that we process. RFC 5280 sections 5.2 and 5.3.
    UnhandledCriticalExtension {
        /// Its object identifier.
        oid: Vec<usize>,
    },
    /// An extension is critical that must not be, or the reverse. RFC 5280 section 5.2.
    WrongCriticality {
        /// Its object identifier.
        oid: Vec<usize>,
    },
    /// It does not say when a newer one is due. RFC 5280 section 5.1.2.5.
    NoNextUpdate,
    /// Its number is missing, negative or longer than 20 octets. RFC 5280 section 5.2.3.
    Number,
    /// A serial number in it is not an integer. RFC 5280 section 5.1.2.6.
    Serial,
    /// It gives a reason that does not exist. RFC 5280 section 5.3.1.
    Reason {
        /// The value.
        code: u32,
    },
    /// It names another issuer in an entry without saying that it is an indirect list. RFC 5280 section 5.3.3.
    IssuerInDirectList,
    /// It is of a time to come. RFC 5280 section 5.1.2.4.
    NotYetValid {
        /// The time of validation.
        time: UnixTime,
        /// When the list was made.
        this_update: UnixTime,
    },
    /// A newer one was due, so it does not say what has been revoked since. RFC 5280 section 5.1.2.5.
    Stale {
        /// The time of validation.
        time: UnixTime,
        /// When a newer one was due.
        next_update: UnixTime,
    },
    /// Its signature does not verify under the key of any certificate with its issuer's name. RFC 5280 section 6.3.3 (g).
    Signature,
    /// The key usage of its issuer does not include signing revocation lists. RFC 5280 section 6.3.3 (f).
    IssuerMayNotSignLists,
    /// No certificate of its issuer is there. RFC 5280 section 6.3.3 (f).
    NoIssuer,
    /// No path leads from its issuer's certificate to the anchor of the certificate in question. RFC 5280 section 6.3.3
    /// (f).
    IssuerPath(Problem),
    /// Its issuer is revoked itself.
    IssuerRevoked(Revoked),
    /// It was not looked at, because finding out had taken more work than any honest set of lists.
    TooMuchWork,
}

impl ListProblem {
    /// The more telling of two: a missing issuer says least, a namesake whose key it was not little more.
    pub(super) fn or(self, other: Self) -> Self {
        let rank = |problem: &Self| match problem {
            Self::NoIssuer => 0,
            Self::Signature => 1,
            _ => 2,
        };
        if rank(&other) > rank(&self) { other } else { self }
    }
}

impl From<Problem> for ListProblem {
    fn from(problem: Problem) -> Self {
        match problem {
            Problem::BadSignature => Self::Signature,
            problem => Self::Form(problem),
        }
    }
}

impl core::error::Error for ListProblem {}

impl fmt::Display for ListProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Form(problem) => write!(f, "{problem}"),
            Self::Version { version } => write!(f, "is of version {}, not 2", version.saturating_add(1)),
            Self::UnhandledCriticalExtension { oid } => {
                write!(f, "has the critical extension {}, which is not supported", Named(oid))
            }
            Self::WrongCriticality { oid } => {
                write!(f, "has extension {} with the wrong criticality", Named(oid))
            }
            Self::NoNextUpdate => f.write_str("does not say when a newer one is due"),
            Self::Number => f.write_str("has no number that is positive and of at most 20 octets"),
            Self::Serial => f.write_str("has an entry whose serial number is not an integer"),
            Self::Reason { code } => write!(f, "gives the reason {code}, which does not exist"),
            Self::IssuerInDirectList => {
                f.write_str("names another issuer in an entry, and is not an indirect list")
            }
            Self::NotYetValid { time, this_update } => {
                write!(f, "was made at {}, and it is {}", Shown(*this_update), Shown(*time))
            }
            Self::Stale { time, next_update } => {
                let (due, time) = (Shown(*next_update), Shown(*time));
                write!(f, "is out of date: a newer one was due at {due}, and it is {time}")
            }
            Self::Signature => f.write_str("has a signature that does not verify under its issuer's key"),
            Self::IssuerMayNotSignLists => {
                f.write_str("is signed by an issuer whose key usage does not include revocation lists")
            }
            Self::NoIssuer => f.write_str("is signed by an issuer whose certificate is not there"),
            Self::IssuerPath(problem) => {
                write!(f, "is signed by an issuer that is not trusted for it: {problem}")
            }
            Self::IssuerRevoked(_) => f.write_str("is signed by an issuer that is revoked"),
            Self::TooMuchWork => f.write_str("was not looked at, because too much work had been done"),
        }
    }
}

impl fmt::Display for ListFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "revocation list {} {}", self.position, self.problem)
    }
}
