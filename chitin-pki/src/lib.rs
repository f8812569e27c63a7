//! X.509 path validation for TLS.
//!
//! This crate answers one question: is this certificate, for this purpose and at this time, vouched for by one of
//! these trust anchors? It borrows the bytes it is given, owns only its errors and indices of anchors and of revocation
//! lists, has no unsafe code, does no cryptography itself (signatures go through [`pki_types::SignatureVerificationAlgorithm`]) and
//! never panics.
//!
//! ```no_run
//! # fn example(
//! #     algorithms: &[&dyn pki_types::SignatureVerificationAlgorithm],
//! #     chain: &[pki_types::CertificateDer<'_>],
//! #     root: &pki_types::CertificateDer<'_>,
//! #     now: pki_types::UnixTime,
//! # ) -> Option<()> {
//! use chitin_pki::{Certificate, Purpose, Verifier, anchor_from_der, verify_name};
//!
//! let anchors = [anchor_from_der(root).ok()?];
//! let (leaf, intermediates) = chain.split_first()?;
//! let leaf = Certificate::parse(leaf).ok()?;
//!
//! let path = Verifier::new(algorithms, &anchors, now, Purpose::ServerAuth).verify(&leaf, intermediates).ok()?;
//! verify_name(&path.leaf, &"example.com".try_into().ok()?).ok()?;
//! # Some(())
//! # }
//! ```
//!
//! # What is decided here, where the standards leave a choice
//!
//! - A CA certificate is not accepted as the end entity. RFC 5280 is silent; the CA/Browser Forum forbids it.
//! - A leaf without extended key usage serves any purpose (RFC 5280 section 4.2.1.12). A leaf that has it must name
//!   the purpose itself: `anyExtendedKeyUsage` does not stand in for it. On an issuer `anyExtendedKeyUsage` restricts
//!   nothing, and a list without the purpose restricts everything below it.
//! - A leaf with key usage must have `digitalSignature`: in TLS 1.3, and in TLS 1.2 as we speak it, the leaf signs.
//! - Names are taken from the subject alternative name only (RFC 9525). A wildcard is the whole left-most label, and
//!   at least two labels follow it.
//! - Name constraints are honoured on DNS names, IP addresses, mailboxes, URIs and directory names, on issuers and on
//!   trust anchors, critical or not. A constraint on another form of name refuses any certificate that has such a name.
//! - A DNS constraint with a leading dot is outside RFC 5280 but common. As a permission it covers subdomains only,
//!   as an exclusion also the name itself: each time the narrower reading.
//! - An exclusion is not got around by writing it otherwise: of directory names the type of text does not count there, an address
//!   of IPv4 that is written as one of IPv6 is meant, too, and a mailbox that is not ASCII (RFC 9598) falls under each constraint on
//!   mailboxes.
//! - Trust anchors are trusted as given: their validity and extensions are not part of a path (RFC 5280 section
//!   6.1.1). [`anchor_from_der`] refuses certificates that contradict the use as an anchor.
//! - Names of issuer and subject are chained by the comparison of RFC 5280 section 7.1: neither case nor spaces count, nor
//!   characters that nobody sees. Of the preparation of text by RFC 4518 only these steps are taken, so names that differ in
//!   the composition of their characters are different names.
//! - A [`Profile`] above the default one asks for what RFC 5280 section 4, or the CA/Browser Forum, demands of those who
//!   issue certificates. The default one is about those who verify them.
//! - Policies are evaluated by RFC 9618 on every path. Without [`PolicyInputs`] any policy will do, and what the
//!   certificates demand themselves holds, marked as critical or not.
//! - Revocation is asked about by [`Revocation`], of each path that breaks no other rule until one passes, with lists that the
//!   caller has. Which of them count is decided by RFC 5280 section 6.3.3. What a server staples is asked, too. Nothing is
//!   fetched.
//! - Pins ([`PinSet`]) are held against a path that was found, with its anchor, and not against what else the peer sent. Or they stand
//!   alone, for a peer's own certificate: then nobody vouches for it, and its signature by itself is not looked at.
//! - Who a peer is comes out of its certificate as a [`PeerIdentity`]; [`AcceptedPeers`] says who is let in. That the names are true
//!   is for the path to show.
//! - Certificate Transparency is asked about by [`Transparency`], with a list of logs that the caller has.

#![no_std]
#![forbid(unsafe_code)]
#![warn(missing_docs, clippy::missing_errors_doc)]
#![warn(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::unreachable, clippy::todo)]
#![warn(clippy::unimplemented, clippy::indexing_slicing, clippy::arithmetic_side_effects)]
#![cfg_attr(test, allow(clippy::arithmetic_side_effects))]

extern crate alloc;
#[cfg(test)]
extern crate std;

mod anchor;
mod base64;
mod budget;
mod cert;
mod constraints;
mod crl;
mod der;
mod diagnosis;
mod dn;
mod dns;
mod email;
mod error;
mod extensions;
mod few;
mod forum;
mod general_name;
mod identity;
mod index;
mod ip;
mod ocsp;
mod oid;
mod path;
mod pins;
mod policies;
mod profile;
mod revocation;
mod sct;
mod server_name;
mod shown;
mod signature;
mod spiffe;
mod spki;
mod strict;
mod time;
mod uri;
mod usage;

pub use crate::anchor::{Root, anchor_from_der};
pub use crate::budget::Budget;
pub use crate::cert::{Certificate, Validity};
pub use crate::crl::{ListFault, ListMemory, ListProblem, Reason, RevocationList, Revoked};
pub use crate::diagnosis::{Attempt, Described, Diagnosis, Missing, MissingCause};
pub use crate::dn::DirectoryName;
pub use crate::error::{ConstraintBreach, Error, PresentedName, Problem, Which};
pub use crate::extensions::{BasicConstraints, Extension};
pub use crate::general_name::GeneralName;
pub use crate::identity::{AcceptedPeers, NotAccepted, PeerIdentity};
pub use crate::index::AnchorIndex;
pub use crate::ocsp::{Digests, OcspProblem};
pub use crate::oid::oid_from_text;
pub use crate::path::{Link, Path, Verifier};
pub use crate::pins::{Pin, PinFault, PinMismatch, PinOutcome, PinProblem, PinSet, SeenKey};
pub use crate::policies::{PolicyInputs, PolicySet};
pub use crate::profile::Profile;
pub use crate::revocation::{Inquiry, Revocation, RevocationProblem, RevocationReport};
#[cfg(feature = "log-list")]
pub use crate::sct::LogListFault;
pub use crate::sct::{
    Delivered, Log, LogList, LogState, Operator, Transparency, TransparencyProblem, split_timestamps,
};
pub use crate::server_name::verify_name;
pub use crate::signature::{SignatureCheck, verify_signature};
pub use crate::spiffe::{SpiffeFault, SpiffeId};
pub use crate::spki::{SubjectPublicKeyInfo, check_spki};
pub use crate::usage::{KeyUsage, Purpose};

#[cfg(test)]
mod tests;
