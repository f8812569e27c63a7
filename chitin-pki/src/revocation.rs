//! Whether certificates of a path have been revoked: one policy, and what it makes of what the sources say.
//!
//! The rule: each certificate of the path but the anchor is asked about (or the leaf only, if so told). Revoked by a
//! source is revoked. Otherwise it is good if a source says so. Otherwise its status is unknown, which is refused unless
//! the policy allows it. A list that cannot be used is reported and makes nothing worse than unknown; save one that is
//! out of date, which is an error by itself unless the policy accepts it.

use alloc::vec::Vec;
use core::fmt;

use pki_types::{CertificateDer, UnixTime};

use crate::cert::Certificate;
use crate::crl::{Answer, ListFault, ListMemory, ListProblem, Lists, RevocationList, Revoked};
use crate::error::{Error, Problem, Which};
use crate::path::{Path, Verifier};

/// What to ask about revocation, and what to make of the answers.
///
/// Unless told otherwise, the whole path is asked about, a certificate of which no source speaks is refused, and so is
/// one of which only a list speaks that is out of date.
#[derive(Clone, Copy)]
pub struct Revocation<'r> {
    lists: &'r [RevocationList<'r>],
    issuers: &'r [CertificateDer<'r>],
    memory: Option<&'r dyn ListMemory>,
    end_entity_only: bool,
    allow_unknown: bool,
    accept_stale: bool,
}

/// What was found out beside the verdict.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RevocationReport {
    /// The lists about certificates of the path that could not be used.
    pub faults: Vec<ListFault>,
    /// The certificates whose status is not known.
    pub unknown: Vec<Which>,
}

/// What revocation has against a certificate.
#[non_exhaustive]
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RevocationProblem {
    /// It is revoked. RFC 5280 section 3.3.
    Revoked(Revoked),
    /// No source that can be used speaks of it. RFC 5280 section 6.3.3.
    Unknown {
        /// The lists that could not be used, and why.
        faults: Vec<ListFault>,
    },
    /// The list that speaks of it is out of date. RFC 5280 section 5.1.2.5.
    StaleList {
        /// The position of the list among those that were given.
        position: usize,
        /// The time of validation.
        time: UnixTime,
        /// When a newer list was due.
        next_update: UnixTime,
    },
}

impl<'r> Revocation<'r> {
    /// Asks these lists, in whatever order they are.
    pub fn by_lists(lists: &'r [RevocationList<'r>]) -> Self {
        Self {
            lists,
            issuers: &[],
            memory: None,
            end_entity_only: false,
            allow_unknown: false,
            accept_stale: false,
        }
    }

    /// Looks for the issuers of lists among these certificates, too. They are not trusted for being here.
    ///
    /// It takes them for lists that are not signed by the issuer of the certificates they are about, with the key that
    /// signed these. RFC 5280 section 6.3.3 (f).
    pub fn with_list_issuers(self, issuers: &'r [CertificateDer<'r>]) -> Self {
        Self { issuers, ..self }
    }

    /// Remembers which lists are signed with which keys, so that each signature is checked once.
    pub fn with_memory(self, memory: &'r dyn ListMemory) -> Self {
        Self { memory: Some(memory), ..self }
    }

    /// Asks about the leaf only.
    pub fn end_entity_only(self) -> Self {
        Self { end_entity_only: true, ..self }
    }

    /// Accepts certificates of which no source speaks.
    pub fn allow_unknown_status(self) -> Self {
        Self { allow_unknown: true, ..self }
    }

    /// Lets lists count that are out of date.
    pub fn accept_stale_lists(self) -> Self {
        Self { accept_stale: true, ..self }
    }

    /// Asks about the certificates of a path that `verifier` found, from the issuers down.
    ///
    /// `intermediates` are what the peer sent: issuers of lists may be among them, too.
    ///
    /// # Errors
    ///
    /// [`Problem::Revocation`] with the certificate.
    pub fn check(
        &self,
        verifier: &Verifier<'_>,
        path: &Path<'_, '_>,
        intermediates: &[CertificateDer<'_>],
    ) -> Result<RevocationReport, Error> {
        let pool: Vec<_> = intermediates
            .iter()
            .chain(self.issuers)
            .map(|certificate| CertificateDer::from(certificate.as_ref()))
            .collect();
        let mut lists = Lists::new(self.lists, verifier, path, &pool);
        lists.memory = self.memory;
        lists.accept_stale = self.accept_stale;
        let mut report = RevocationReport::default();
        let issuers =
            path.intermediates.iter().rev().map(|link| (Which::Peer(link.position), &link.certificate));
        let asked = issuers.filter(|_| !self.end_entity_only).chain([(Which::Peer(0), &path.leaf)]);
        for (which, certificate) in asked {
            let refuse = |problem| Problem::Revocation(problem).of(which);
            let known = self.ask(&mut lists, certificate).map_err(refuse)?;
            if !known {
                report.unknown.push(which);
            }
            report.faults.append(&mut lists.faults);
        }
        Ok(report)
    }

    /// Asks about one certificate, and says whether its status is known.
    fn ask(
        &self,
        lists: &mut Lists<'_, '_, '_>,
        certificate: &Certificate<'_>,
    ) -> Result<bool, RevocationProblem> {
        match lists.ask(certificate) {
            Answer::Good => return Ok(true),
            Answer::Revoked(revoked) => return Err(RevocationProblem::Revoked(revoked)),
            Answer::Unknown => {}
        }
        for fault in &lists.faults {
            if let ListProblem::Stale { time, next_update } = fault.problem {
                return Err(RevocationProblem::StaleList { position: fault.position, time, next_update });
            }
        }
        if self.allow_unknown {
            return Ok(false);
        }
        Err(RevocationProblem::Unknown { faults: core::mem::take(&mut lists.faults) })
    }
}

impl fmt::Debug for Revocation<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Revocation")
            .field("lists", &self.lists.len())
            .field("issuers", &self.issuers.len())
            .field("end_entity_only", &self.end_entity_only)
            .field("allow_unknown", &self.allow_unknown)
            .field("accept_stale", &self.accept_stale)
            .finish()
    }
}

impl fmt::Display for RevocationProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Revoked(revoked) => {
                write!(f, "was revoked at {} (Unix time)", revoked.at.as_secs())?;
                match revoked.reason {
                    Some(reason) => write!(f, ": {reason}"),
                    None => Ok(()),
                }
            }
            Self::Unknown { faults } => {
                f.write_str("may have been revoked: no usable source speaks of it")?;
                faults.iter().try_for_each(|fault| write!(f, "; {fault}"))
            }
            Self::StaleList { position, time, next_update } => {
                let problem = ListProblem::Stale { time: *time, next_update: *next_update };
                write!(f, "may have been revoked: {}", ListFault { position: *position, problem })
            }
        }
    }
}
