//! What can be wrong, as data: which certificate, what about it, with the values.
//!
//! Owns the words for people too. Decides nothing, save how much an error tells when several paths fail.

use alloc::boxed::Box;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

use pki_types::{AlgorithmIdentifier, ServerName, UnixTime};

use crate::budget::Budget;
use crate::dn::DirectoryName;
use crate::identity::NotAccepted;
use crate::oid;
use crate::pins::PinProblem;
use crate::revocation::RevocationProblem;
use crate::sct::TransparencyProblem;
use crate::time::Shown;
use crate::usage::Purpose;

/// Why a certificate was refused, and which one it was.
///
/// When several paths were tried and all failed, this is the most telling of their problems: what was said against a path that
/// is whole, as that a certificate of it is revoked, before a rule broken by an otherwise fitting issuer, that before a
/// signature that does not verify, that before a certificate that cannot be read, and that before an issuer that is not there at
/// all; among equals, the one furthest from the leaf.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Error {
    /// The certificate at fault.
    pub certificate: Which,
    /// What is wrong with it.
    pub problem: Problem,
}

/// Names one of the certificates that took part.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Which {
    /// A certificate of the peer by its position: 0 is the leaf, 1 the first intermediate.
    Peer(usize),
    /// A trust anchor by its position in the caller's list.
    Anchor(usize),
}

/// What is wrong with a certificate.
#[non_exhaustive]
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Problem {
    /// The encoding is not DER, or not what X.509 says stands there.
    BadDer {
        /// What was expected or is malformed.
        what: &'static str,
        /// How many octets into the certificate (or the other structure that was read).
        at: usize,
    },
    /// The certificate is not of version 3. RFC 5280 section 4.1.2.1: this is the value, so version 1 is 0.
    UnsupportedVersion {
        /// The value of the version field.
        version: u32,
    },
    /// The serial number is zero, negative or longer than 20 octets. RFC 5280 section 4.1.2.2.
    BadSerial,
    /// The issuer is an empty name. RFC 5280 section 4.1.2.4.
    EmptyIssuer,
    /// The signature algorithms inside and outside of the signed part differ. RFC 5280 section 4.1.1.2.
    SignatureAlgorithmMismatch,
    /// An extension occurs twice. RFC 5280 section 4.2.
    DuplicateExtension {
        /// Its object identifier.
        oid: Vec<usize>,
    },
    /// There are more extensions than any honest certificate has.
    TooManyExtensions,
    /// A critical extension is not one that we process. RFC 5280 section 4.2.
    UnhandledCriticalExtension {
        /// Its object identifier.
        oid: Vec<usize>,
    },
    /// An extension is critical that must not be, or the reverse.
    WrongCriticality {
        /// Its object identifier.
        oid: Vec<usize>,
    },
    /// An extension is not there that the profile asks for.
    MissingExtension {
        /// Its object identifier.
        oid: Vec<usize>,
    },
    /// An extension is there that the profile forbids.
    ForbiddenExtension {
        /// Its object identifier.
        oid: Vec<usize>,
    },
    /// The authority key identifier has no key identifier, half of a name and serial number, or what the profile forbids.
    /// RFC 5280 section 4.2.1.1.
    BadAuthorityKeyIdentifier,
    /// A CA has an empty name. RFC 5280 section 4.1.2.6.
    EmptySubject,
    /// A name, or a constraint on names, does not have the form that the profile asks for. RFC 5280 section 4.2.1.6.
    MalformedName {
        /// The name.
        name: PresentedName,
    },
    /// A common name is none of the alternative names, which the CA/Browser Forum asks for.
    CommonNameIsNoAlternative {
        /// The common name, of a very long one the first part.
        common_name: String,
    },
    /// The key is of a kind or size that the profile does not have.
    KeyNotAllowed {
        /// What the key says, as the value of an `AlgorithmIdentifier`.
        algorithm_id: Vec<u8>,
    },
    /// The validity period is still to come. RFC 5280 section 4.1.2.5.
    NotYetValid {
        /// The time of validation.
        time: UnixTime,
        /// When the certificate becomes valid.
        not_before: UnixTime,
    },
    /// The validity period is over. RFC 5280 section 4.1.2.5.
    Expired {
        /// The time of validation.
        time: UnixTime,
        /// When the certificate ceased to be valid.
        not_after: UnixTime,
    },
    /// The leaf is a CA certificate.
    CaUsedAsEndEntity,
    /// The leaf may sign certificates though it is no CA. RFC 5280 section 4.2.1.9.
    EndEntityMaySignCertificates,
    /// The leaf has name constraints though it is no CA. RFC 5280 section 4.2.1.10.
    EndEntityHasNameConstraints,
    /// The leaf's key usage does not include signatures. RFC 8446 section 4.4.2.2.
    LeafMayNotSign,
    /// The key usage says what a key of this kind cannot do, or nothing that it can. RFC 9881 section 5; RFC 9295 section 3.
    KeyUsageContradictsKey,
    /// An issuer is no CA. RFC 5280 section 6.1.4 (k).
    EndEntityUsedAsCa,
    /// An issuer's key usage does not include signing certificates. RFC 5280 section 6.1.4 (n).
    IssuerMayNotSignCertificates,
    /// More intermediates follow an issuer than it allows. RFC 5280 section 6.1.4 (l, m).
    PathTooLong {
        /// The issuer's path length constraint.
        allowed: u32,
        /// How many intermediates follow, without self-issued ones.
        found: usize,
    },
    /// The extended key usage does not include the purpose. RFC 5280 section 4.2.1.12.
    ExtendedKeyUsage {
        /// The purpose asked for.
        required: Purpose,
        /// The purposes in the certificate.
        presented: Vec<Vec<usize>>,
    },
    /// Explicit policies are demanded, and the path is valid for none, or for none of those asked for. RFC 5280 section
    /// 6.1.3 (f).
    NoValidPolicy,
    /// A name in the certificate is not within the name constraints above it. RFC 5280 section 4.2.1.10.
    NameConstraint {
        /// The name.
        name: PresentedName,
        /// How it breaks the constraints.
        breach: ConstraintBreach,
        /// Whose constraints these are.
        constrained_by: Which,
    },
    /// The certificate is not for this name. RFC 9525.
    NameMismatch {
        /// The name asked for.
        expected: ServerName<'static>,
        /// The names in the certificate, the first [`PresentedName::LIMIT`] of them.
        presented: Vec<PresentedName>,
    },
    /// The signature does not verify under the issuer's key.
    BadSignature,
    /// The signature algorithm is none of those allowed.
    UnsupportedSignatureAlgorithm {
        /// What the signature says, as the value of an `AlgorithmIdentifier`.
        signature_algorithm_id: Vec<u8>,
        /// What is allowed.
        supported: Vec<AlgorithmIdentifier>,
    },
    /// The signature algorithm is not one for the issuer's kind of key.
    UnsupportedSignatureAlgorithmForPublicKey {
        /// What the signature says, as the value of an `AlgorithmIdentifier`.
        signature_algorithm_id: Vec<u8>,
        /// What the issuer's key says, as the value of an `AlgorithmIdentifier`.
        public_key_algorithm_id: Vec<u8>,
    },
    /// An RSA modulus is not of 2048 to 8192 bits.
    RsaKeySize {
        /// Its length in bits.
        bits: usize,
    },
    /// An RSA exponent is even, below three or longer than eight octets.
    RsaExponent,
    /// An elliptic curve is not named, but spelled out or implied. RFC 5480 section 2.1.1.
    UnnamedCurve,
    /// Nobody we know issued this certificate: no trust anchor and no other certificate has the issuer's name.
    UnknownIssuer {
        /// The issuer's name, as the value of the `RDNSequence`.
        issuer: Vec<u8>,
    },
    /// It is revoked, or nobody knows whether it is.
    Revocation(RevocationProblem),
    /// Not enough logs have promised to show it to everybody. RFC 6962.
    Transparency(TransparencyProblem),
    /// It is none of those that the caller expects.
    Pins(Box<PinProblem>),
    /// It is of nobody whom the caller lets in.
    NotAccepted(Box<NotAccepted>),
    /// Checking was given up, because it took more work than any honest chain.
    BudgetExceeded {
        /// What was spent.
        budget: Budget,
    },
}

/// How a name breaks name constraints.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ConstraintBreach {
    /// It is in an excluded subtree.
    Excluded,
    /// There are permitted subtrees for its form, and it is in none of them.
    NotPermitted,
    /// It is malformed, so no constraint can clear it.
    Malformed,
    /// Its form is constrained, and it is a form that we do not compare.
    UnsupportedForm,
}

/// A name found in a certificate, owned for an error: of a very long one the first part.
#[non_exhaustive]
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PresentedName {
    /// A DNS name, maybe a wildcard.
    Dns(String),
    /// An IP address: 4 or 16 octets, or another number if malformed.
    Ip(Vec<u8>),
    /// A mailbox.
    Email(String),
    /// A URI.
    Uri(String),
    /// A directory name, written out.
    Directory(String),
    /// A name of another form.
    Other,
}

impl PresentedName {
    /// How many names an error carries. Certificates with thousands exist, and nobody reads that many.
    pub const LIMIT: usize = 100;
}

impl Problem {
    pub(crate) fn of(self, certificate: Which) -> Error {
        Error { certificate, problem: self }
    }

    /// Of a certificate of which more was asked: it would be so in whatever path, since the leaf's issuer is the same in each and
    /// a certificate is revoked once for all.
    pub(crate) fn is_so_in_each_path(&self) -> bool {
        match self {
            Self::Revocation(problem) => {
                matches!(problem, RevocationProblem::Revoked(_) | RevocationProblem::Staple(_))
            }
            Self::Transparency(_) => true,
            _ => false,
        }
    }

    /// How much this tells about a path that failed, compared with other paths.
    pub(crate) fn rank(&self) -> u8 {
        match self {
            Self::UnknownIssuer { .. } => 0,
            Self::BadDer { .. }
            | Self::UnsupportedVersion { .. }
            | Self::BadSerial
            | Self::EmptyIssuer
            | Self::SignatureAlgorithmMismatch
            | Self::DuplicateExtension { .. }
            | Self::TooManyExtensions
            | Self::WrongCriticality { .. } => 1,
            Self::BadSignature => 2,
            Self::UnsupportedSignatureAlgorithm { .. }
            | Self::UnsupportedSignatureAlgorithmForPublicKey { .. }
            | Self::RsaKeySize { .. }
            | Self::RsaExponent
            | Self::UnnamedCurve
            | Self::KeyNotAllowed { .. }
            | Self::UnhandledCriticalExtension { .. } => 3,
            Self::MissingExtension { .. }
            | Self::ForbiddenExtension { .. }
            | Self::BadAuthorityKeyIdentifier
            | Self::EmptySubject
            | Self::MalformedName { .. }
            | Self::CommonNameIsNoAlternative { .. }
            | Self::CaUsedAsEndEntity
            | Self::EndEntityMaySignCertificates
            | Self::EndEntityHasNameConstraints
            | Self::LeafMayNotSign
            | Self::KeyUsageContradictsKey
            | Self::EndEntityUsedAsCa
            | Self::IssuerMayNotSignCertificates
            | Self::PathTooLong { .. }
            | Self::ExtendedKeyUsage { .. }
            | Self::NoValidPolicy
            | Self::Revocation(RevocationProblem::Unknown { .. }) => 4,
            Self::NotYetValid { .. } | Self::Expired { .. } | Self::Revocation(_) | Self::Transparency(_) => {
                5
            }
            Self::NameConstraint { .. }
            | Self::NameMismatch { .. }
            | Self::Pins(_)
            | Self::NotAccepted(_) => 6,
            Self::BudgetExceeded { .. } => 7,
        }
    }
}

impl core::error::Error for Error {}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.certificate, self.problem)
    }
}

impl fmt::Display for Which {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Peer(0) => f.write_str("the peer's own certificate"),
            Self::Peer(n) => write!(f, "certificate {n} of the peer's chain"),
            Self::Anchor(n) => write!(f, "trust anchor {n}"),
        }
    }
}

impl core::error::Error for Problem {}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::BadDer { what, at } => write!(f, "is malformed: {what}, {at} octets in"),
            Self::UnsupportedVersion { version } => {
                write!(f, "is of X.509 version {}, not 3", version.saturating_add(1))
            }
            Self::BadSerial => {
                f.write_str("has a serial number that is not between 1 and 20 octets long and positive")
            }
            Self::EmptyIssuer => f.write_str("has an empty issuer name"),
            Self::SignatureAlgorithmMismatch => {
                f.write_str("names one signature algorithm inside the signed part and another outside")
            }
            Self::DuplicateExtension { oid } => write!(f, "has extension {} twice", Named(oid)),
            Self::TooManyExtensions => f.write_str("has too many extensions"),
            Self::UnhandledCriticalExtension { oid } => {
                write!(f, "has the critical extension {}, which is not supported", Named(oid))
            }
            Self::WrongCriticality { oid } => {
                write!(f, "has extension {} with the wrong criticality", Named(oid))
            }
            Self::MissingExtension { oid } => write!(f, "lacks the extension {}", Named(oid)),
            Self::ForbiddenExtension { oid } => {
                write!(f, "has the extension {}, which it must not have", Named(oid))
            }
            Self::BadAuthorityKeyIdentifier => f.write_str(
                "has an authority key identifier that does not name the issuer's key as it should",
            ),
            Self::EmptySubject => f.write_str("is one of a CA and has an empty subject"),
            Self::MalformedName { name } => write!(f, "has the malformed name {name}"),
            Self::CommonNameIsNoAlternative { common_name } => {
                let common_name = common_name.escape_debug();
                write!(f, "has the common name \"{common_name}\", which is none of its alternative names")
            }
            Self::KeyNotAllowed { algorithm_id } => {
                f.write_str("has a key that the profile does not allow: ")?;
                algorithm(f, algorithm_id)
            }
            Self::NotYetValid { time, not_before } => {
                write!(f, "is not valid before {}, and it is {}", Shown(*not_before), Shown(*time))
            }
            Self::Expired { time, not_after } => {
                write!(f, "expired at {}, and it is {}", Shown(*not_after), Shown(*time))
            }
            Self::CaUsedAsEndEntity => f.write_str("is a CA certificate, not one of a server or client"),
            Self::EndEntityMaySignCertificates => {
                f.write_str("may sign certificates but is not a CA certificate")
            }
            Self::EndEntityHasNameConstraints => {
                f.write_str("has name constraints but is not a CA certificate")
            }
            Self::LeafMayNotSign => f.write_str("has a key usage without digital signatures"),
            Self::KeyUsageContradictsKey => {
                f.write_str("has a key that can only sign and a key usage that says otherwise")
            }
            Self::EndEntityUsedAsCa => f.write_str("is not a CA certificate but issued another certificate"),
            Self::IssuerMayNotSignCertificates => f.write_str("has a key usage without signing certificates"),
            Self::PathTooLong { allowed, found } => {
                write!(f, "allows {allowed} further CA certificates below it, and there are {found}")
            }
            Self::ExtendedKeyUsage { required, presented } => {
                write!(f, "is not for {required}; its purposes are ")?;
                list(f, presented.iter().map(|oid| Dotted(oid)))
            }
            Self::NoValidPolicy => f.write_str(
                "is the end of a path that is valid for none of the certificate policies asked for",
            ),
            Self::NameConstraint { name, breach, constrained_by } => {
                write!(f, "has the name {name}, which {breach} of {constrained_by}")
            }
            Self::NameMismatch { expected, presented } => {
                f.write_str("is not for ")?;
                match expected {
                    ServerName::DnsName(name) => f.write_str(name.as_ref())?,
                    ServerName::IpAddress(address) => crate::ip::fmt(f, crate::ip::octets(address))?,
                    _ => f.write_str("that name")?,
                }
                f.write_str("; its names are ")?;
                list(f, presented.iter())
            }
            Self::BadSignature => f.write_str("has a signature that does not verify under its issuer's key"),
            Self::UnsupportedSignatureAlgorithm { signature_algorithm_id, .. } => {
                f.write_str("is signed with an algorithm that is not allowed: ")?;
                algorithm(f, signature_algorithm_id)
            }
            Self::UnsupportedSignatureAlgorithmForPublicKey {
                signature_algorithm_id,
                public_key_algorithm_id,
            } => {
                f.write_str("is signed with algorithm ")?;
                algorithm(f, signature_algorithm_id)?;
                f.write_str(", which is not for the issuer's key of type ")?;
                algorithm(f, public_key_algorithm_id)
            }
            Self::RsaKeySize { bits } => write!(f, "has an RSA key of {bits} bits, not 2048 to 8192"),
            Self::RsaExponent => f.write_str("has an RSA key with an unusable exponent"),
            Self::UnnamedCurve => f.write_str("has a key on an elliptic curve that is not named"),
            Self::UnknownIssuer { issuer } => {
                write!(
                    f,
                    "was issued by \"{}\", which is neither trusted nor in the chain",
                    DirectoryName(issuer)
                )
            }
            Self::Revocation(problem) => write!(f, "{problem}"),
            Self::Transparency(problem) => write!(f, "{problem}"),
            Self::Pins(problem) => write!(f, "{problem}"),
            Self::NotAccepted(problem) => write!(f, "{problem}"),
            Self::BudgetExceeded { budget } => write!(f, "could not be checked to the end: {budget}"),
        }
    }
}

impl fmt::Display for ConstraintBreach {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Excluded => "is excluded by the name constraints",
            Self::NotPermitted => "is not permitted by the name constraints",
            Self::Malformed => "is malformed and falls under the name constraints",
            Self::UnsupportedForm => "is of a form that cannot be compared with the name constraints",
        })
    }
}

impl fmt::Display for PresentedName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Dns(name) | Self::Email(name) | Self::Uri(name) | Self::Directory(name) => {
                write!(f, "\"{}\"", name.escape_debug())
            }
            Self::Ip(octets) => crate::ip::fmt(f, octets),
            Self::Other => f.write_str("of another form"),
        }
    }
}

/// An object identifier with dots.
pub(crate) struct Dotted<'a>(pub(crate) &'a [usize]);

impl fmt::Display for Dotted<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, arc) in self.0.iter().enumerate() {
            if i > 0 {
                f.write_str(".")?;
            }
            write!(f, "{arc}")?;
        }
        Ok(())
    }
}

/// The object identifier of an extension, with its name where it has one here.
pub(crate) struct Named<'a>(pub(crate) &'a [usize]);

impl fmt::Display for Named<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", Dotted(self.0))?;
        match oid::EXTENSION_NAMES.iter().find(|(oid, _)| oid::arcs(oid) == self.0) {
            Some((_, name)) => write!(f, " ({name})"),
            None => Ok(()),
        }
    }
}

/// The identifier of an algorithm, without its parameters.
fn algorithm(f: &mut fmt::Formatter<'_>, id: &[u8]) -> fmt::Result {
    match oid::read(&mut crate::der::Reader::new(id)) {
        Ok(oid) => write!(f, "{}", Dotted(&oid::arcs(oid))),
        Err(_) => f.write_str("malformed"),
    }
}

fn list<T: fmt::Display>(f: &mut fmt::Formatter<'_>, mut items: impl Iterator<Item = T>) -> fmt::Result {
    match items.next() {
        None => return f.write_str("none"),
        Some(first) => write!(f, "{first}")?,
    }
    items.try_for_each(|item| write!(f, ", {item}"))
}
