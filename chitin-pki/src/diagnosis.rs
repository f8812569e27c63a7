//! A refusal told in full: which certificate, which check, each path that was tried, and what can be done about it.
//!
//! Owns the words for people who have to put it right. An [`Error`] is what programs need; this costs more to make and is made on
//! request.

use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::fmt;

use crate::budget::Budget;
use crate::cert::Certificate;
use crate::error::{Error, Problem, Which};
use crate::pins::PinProblem;
use crate::revocation::RevocationProblem;

/// Why no path was found, with all that the search saw.
///
/// [`Verifier::diagnose`](crate::Verifier::diagnose) makes it. Its display is several lines for people, the last of which says what
/// to do. Names in it come from the peer and are escaped.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnosis {
    /// What [`Verifier::verify`](crate::Verifier::verify) says.
    pub error: Error,
    /// The certificate that the error is about; none if it could not be read.
    pub certificate: Option<Described>,
    /// Each way that was tried and where it ended, in the order of the search; the first [`Self::ATTEMPTS`] of them.
    pub attempts: Vec<Attempt>,
    /// How many more there were.
    pub attempts_left_out: usize,
    /// What is missing, if an issuer was not found or the peer's own certificate is not the first.
    pub missing: Option<Missing>,
}

/// A certificate, or an anchor, in words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Described {
    /// Where it was.
    pub which: Which,
    /// The name of its subject.
    pub subject: String,
    /// Its serial number in hexadecimal; none for an anchor.
    pub serial: Option<String>,
}

/// One way from the leaf upwards.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attempt {
    /// The certificates, from the leaf on; the last is the one with which it ended.
    pub path: Vec<Described>,
    /// Why it ended.
    pub error: Error,
}

/// What would have to be there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Missing {
    /// The name of the issuer that was looked for.
    pub issuer: String,
    /// Why it was not found.
    pub cause: MissingCause,
}

/// Why an issuer was not found.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MissingCause {
    /// The leaf's issuer was not sent, and is no trusted root: an intermediate is absent.
    IntermediateAbsent,
    /// The path ended with a root that was sent and is not trusted.
    RootUnknown,
    /// The path ended below an issuer that was neither sent nor is trusted: a root that is unknown, or else an intermediate that
    /// is absent.
    RootUnknownOrIntermediateAbsent,
    /// The leaf was issued by itself.
    SelfSigned,
    /// There are no trusted roots at all.
    NoRoots,
    /// The order is wrong: the peer's own certificate has to be the first, and is the one at this position.
    OrderWrong {
        /// The position of what looks like the peer's own certificate.
        leaf: usize,
    },
}

impl Diagnosis {
    /// How many attempts are kept. A crafted pool has thousands, and they say the same.
    pub const ATTEMPTS: usize = 16;

    /// Makes a diagnosis of a problem with a leaf that was found outside of a search, as by
    /// [`verify_name`](crate::verify_name).
    pub fn of_leaf(leaf: &Certificate<'_>, problem: Problem) -> Self {
        Self::of(problem.of(Which::Peer(0)), Some(leaf))
    }

    /// Makes a diagnosis of a certificate that could not even be read.
    pub fn of_unread(error: Error) -> Self {
        Self::of(error, None)
    }

    /// Of an error outside of a search, about this certificate.
    pub(crate) fn of(error: Error, certificate: Option<&Certificate<'_>>) -> Self {
        Self {
            certificate: certificate
                .map(|certificate| Described::certificate(error.certificate, certificate)),
            error,
            attempts: Vec::new(),
            attempts_left_out: 0,
            missing: None,
        }
    }

    /// Says what can be done about it, in a sentence or two.
    pub fn advice(&self) -> String {
        if let Some(missing) = &self.missing {
            return missing.advice();
        }
        let of_leaf = self.error.certificate == Which::Peer(0);
        match &self.error.problem {
            Problem::Expired { .. } if of_leaf => {
                "Renew the certificate. If it should still be valid, check the clock of this machine.".into()
            }
            Problem::Expired { .. } => {
                "Install a current certificate of that authority. If this one should still be valid, check the clock of this \
                 machine."
                    .into()
            }
            Problem::NotYetValid { .. } => {
                "Check the clock of this machine. If it is right, wait, or have the certificate issued anew.".into()
            }
            Problem::NameMismatch { .. } => {
                "Ask for one of the names in the certificate, or have a certificate issued for the name that was asked for.".into()
            }
            Problem::NameConstraint { .. } => {
                "The authority above may not vouch for this name. Have the certificate issued by one that may, or without the name."
                    .into()
            }
            Problem::ExtendedKeyUsage { required, .. } => format!("Have the certificate issued anew for {required}."),
            Problem::LeafMayNotSign => {
                "Have the certificate issued anew with digital signatures among its key usage.".into()
            }
            Problem::KeyUsageContradictsKey => {
                "Have the certificate issued anew with signatures alone among its key usage.".into()
            }
            Problem::CaUsedAsEndEntity
            | Problem::EndEntityMaySignCertificates
            | Problem::EndEntityHasNameConstraints => {
                "Give the peer a certificate of its own. That of an authority is for signing certificates.".into()
            }
            Problem::EndEntityUsedAsCa
            | Problem::IssuerMayNotSignCertificates
            | Problem::PathTooLong { .. }
            | Problem::EmptyIssuer
            | Problem::EmptySubject => {
                "Whoever issued with this certificate was not entitled to. Have the peer's certificate issued by an authority that is."
                    .into()
            }
            Problem::BadSignature => {
                "The two certificates do not belong together, or one was changed. Install the issuer's certificate that signed \
                 this one: another of the same name does not do."
                    .into()
            }
            Problem::UnsupportedSignatureAlgorithm { .. }
            | Problem::UnsupportedSignatureAlgorithmForPublicKey { .. }
            | Problem::RsaKeySize { .. }
            | Problem::RsaExponent
            | Problem::UnnamedCurve => {
                "Have the certificate issued anew with a key and a signature of today, as ECDSA on P-256 with SHA-256.".into()
            }
            Problem::NoValidPolicy => {
                "Have the certificate issued under a policy that is asked for, or ask for one that its path has.".into()
            }
            Problem::BudgetExceeded { budget: Budget::Depth } => {
                "Have the peer send a shorter chain. If chains are to be this long, allow more intermediates.".into()
            }
            Problem::BudgetExceeded { .. } => {
                "Have the peer send the certificates of one chain and no others.".into()
            }
            Problem::Revocation(problem) => advice_on_revocation(problem, of_leaf).into(),
            Problem::Transparency(_) => {
                "Have the certificate issued by an authority that shows it to logs, or see whether the list of logs is a good one.".into()
            }
            Problem::NotAccepted(_) => {
                "Let this peer in by one of its names, or have it show a certificate with a name that is let in.".into()
            }
            Problem::Pins(problem) => match **problem {
                PinProblem::NotOnPath(_) => {
                    "If the peer or its authority has a new key on purpose, pin one of those that were seen. If not, somebody stands \
                     between: a proxy that opens connections, or worse."
                        .into()
                }
                PinProblem::NotOwn(_) => {
                    "If the peer has a new key on purpose, and you know so from elsewhere, pin it. If not, this is another peer.".into()
                }
                PinProblem::Over { .. } => "See which key the peer has now, and pin it for longer.".into(),
            },
            Problem::UnknownIssuer { .. } => "Trust a root that leads to this certificate.".into(),
            Problem::MissingExtension { .. }
            | Problem::ForbiddenExtension { .. }
            | Problem::BadAuthorityKeyIdentifier
            | Problem::MalformedName { .. }
            | Problem::CommonNameIsNoAlternative { .. }
            | Problem::KeyNotAllowed { .. } => {
                "Have the certificate issued anew, or choose a profile that asks for less.".into()
            }
            Problem::BadDer { .. }
            | Problem::UnsupportedVersion { .. }
            | Problem::BadSerial
            | Problem::SignatureAlgorithmMismatch
            | Problem::DuplicateExtension { .. }
            | Problem::TooManyExtensions
            | Problem::UnhandledCriticalExtension { .. }
            | Problem::WrongCriticality { .. } => {
                "The certificate does not keep to the standard. Have it issued anew by software that does.".into()
            }
        }
    }
}

fn advice_on_revocation(problem: &RevocationProblem, of_leaf: bool) -> &'static str {
    match problem {
        RevocationProblem::Revoked(_) if of_leaf => {
            "The authority has withdrawn the certificate. Have another one issued, with a new key."
        }
        RevocationProblem::Revoked(_) => {
            "The authority above has withdrawn this one. Have the peer send a chain that does not lead through it, or have the peer's \
             certificate issued by another."
        }
        RevocationProblem::Staple(_) => {
            "Have the server fetch a current OCSP response about its certificate and staple that."
        }
        RevocationProblem::NoStaple => {
            "Turn on OCSP stapling in the server. If it is on, see whether the server reaches the responder of its authority."
        }
        RevocationProblem::Unknown { .. } => {
            "Provide a current revocation list of the certificate's issuer, or choose a policy that accepts certificates of \
             unknown status."
        }
        RevocationProblem::StaleList { .. } => {
            "Provide a current revocation list of the certificate's issuer. If this one should still be current, check the clock of \
             this machine."
        }
    }
}

impl Described {
    pub(crate) fn certificate(which: Which, certificate: &Certificate<'_>) -> Self {
        let serial = Some(serial_text(certificate.serial()));
        Self { which, subject: certificate.subject().to_string(), serial }
    }
}

impl Missing {
    fn advice(&self) -> String {
        let issuer = &self.issuer;
        match self.cause {
            MissingCause::IntermediateAbsent => format!(
                "The certificate of \"{issuer}\" is missing. Have the peer send it after its own. If \"{issuer}\" is itself a root to \
                 be trusted, add it to the trusted roots."
            ),
            MissingCause::RootUnknown => format!(
                "\"{issuer}\" is a root that is not trusted here. If it is to be, add its certificate to the trusted roots."
            ),
            MissingCause::RootUnknownOrIntermediateAbsent => format!(
                "\"{issuer}\" is most likely a root that is not trusted here. If it is to be, add its certificate to the trusted \
                 roots. If it is no root, have the peer send its certificate, too."
            ),
            MissingCause::NoRoots => {
                "No root is trusted here at all: the list of trusted roots is empty. Put the roots that are to be trusted into it."
                    .into()
            }
            MissingCause::SelfSigned => {
                "The certificate has vouched for itself. If this very certificate is to be trusted, add it \
                 to the trusted roots."
                    .into()
            }
            MissingCause::OrderWrong { leaf } => format!(
                "The order is wrong: certificate {leaf} of the chain looks like the peer's own. Have the peer send its own first, \
                 and then those of its issuers."
            ),
        }
    }
}

impl core::error::Error for Diagnosis {}

impl fmt::Display for Diagnosis {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.certificate {
            Some(certificate) => begin(f, &format!("{certificate} {}", self.error.problem))?,
            None => begin(f, &self.error.to_string())?,
        }
        f.write_str(".\n")?;
        // A single one that ended where it began has nothing to add.
        let telling = self.attempts.len() > 1 || self.attempts.iter().any(|attempt| attempt.path.len() > 1);
        for attempt in self.attempts.iter().filter(|_| telling) {
            writeln!(f, "Tried: {attempt}.")?;
        }
        if self.attempts_left_out > 0 {
            writeln!(f, "And {} more.", self.attempts_left_out)?;
        }
        f.write_str(&self.advice())
    }
}

/// A serial number in hexadecimal.
pub(crate) fn serial_text(serial: &[u8]) -> String {
    serial.iter().take(SERIAL_SHOWN).map(|octet| format!("{octet:02x}")).collect()
}

/// A sentence begins with a capital letter.
fn begin(f: &mut fmt::Formatter<'_>, sentence: &str) -> fmt::Result {
    let mut rest = sentence.chars();
    match rest.next() {
        Some(first) => write!(f, "{}{}", first.to_ascii_uppercase(), rest.as_str()),
        None => Ok(()),
    }
}

/// The certificate with its name, so that a sentence goes on behind it.
impl fmt::Display for Described {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}, \"{}\"", self.which, self.subject)?;
        match &self.serial {
            Some(serial) => write!(f, " with serial number {serial},"),
            None => f.write_str(","),
        }
    }
}

impl fmt::Display for Attempt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, certificate) in self.path.iter().enumerate() {
            let by = if i > 0 { ", by " } else { "" };
            write!(f, "{by}\"{}\"", certificate.subject)?;
        }
        write!(f, "; {}", self.error)
    }
}

/// Octets of a serial number that are shown. RFC 5280 allows 20, old roots have more.
const SERIAL_SHOWN: usize = 32;
