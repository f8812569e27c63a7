//! Whether certificates of a path have been revoked: one policy, and what it makes of what the sources say.
//!
//! The sources are revocation lists, which the caller has, and an OCSP response that the peer staples, which speaks of the
//! leaf alone. One rule joins them:
//!
//! 1. A staple has to be one: malformed, out of date, about another certificate or signed by the wrong one it ends the
//!    matter (RFC 6066 section 8). One that does not know, or that says "later", is as if it were not there.
//! 2. A certificate that demands a staple (RFC 7633) has to be shown with one that says "good".
//! 3. Revoked by a source is revoked, whatever the other says.
//! 4. Otherwise it is good if a source says so.
//! 5. Otherwise its status is unknown. That is refused unless the policy allows it. A list that cannot be used is reported
//!    and makes nothing worse than unknown; save one that is out of date, which is an error by itself unless the policy
//!    accepts it.
//!
//! Each certificate of the path but the anchor is asked about; the leaf only, if so told, or if there are no lists.

use alloc::boxed::Box;
use alloc::vec::Vec;
use core::fmt;

use pki_types::{CertificateDer, UnixTime};

use crate::cert::Certificate;
use crate::crl::{Answer, ListFault, ListMemory, ListProblem, Lists, RevocationList, Revoked, Work};
use crate::der::{self, Reader};
use crate::error::{Error, Problem, Which};
use crate::ocsp::{Asked, Digests, OcspProblem, Status, Verdict};
use crate::oid;
use crate::path::{Path, Verifier};
use crate::spki::SubjectPublicKeyInfo;
use crate::time::Shown;

/// What to ask about revocation, and what to make of the answers.
///
/// Unless told otherwise, the whole path is asked about, a certificate of which no source speaks is refused, and so is
/// one of which only a list speaks that is out of date.
#[derive(Clone, Copy)]
pub struct Revocation<'r> {
    lists: &'r [RevocationList<'r>],
    issuers: &'r [CertificateDer<'r>],
    memory: Option<&'r dyn ListMemory>,
    staple: Option<Staple<'r>>,
    end_entity_only: bool,
    allow_unknown: bool,
    accept_stale: bool,
}

/// What a peer stapled; nothing, if it is empty.
#[derive(Clone, Copy)]
struct Staple<'r> {
    response: &'r [u8],
    digests: &'r dyn Digests,
}

/// What was found out beside the verdict.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RevocationReport {
    /// The lists about certificates of the path that could not be used.
    pub faults: Vec<ListFault>,
    /// The certificates whose status is not known.
    pub unknown: Vec<Which>,
    /// The signed certificate timestamps in the staple: the value of the extension of RFC 6962 section 3.3.
    pub stapled_timestamps: Option<Vec<u8>>,
}

/// What revocation has against a certificate.
#[non_exhaustive]
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RevocationProblem {
    /// It is revoked. RFC 5280 section 3.3.
    Revoked(Revoked),
    /// The staple cannot be used. RFC 6066 section 8.
    Staple(Box<OcspProblem>),
    /// It demands a staple (or an issuer of it does), and there is none that says it is good. RFC 7633 section 4.2.3.1.
    NoStaple,
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

impl From<OcspProblem> for RevocationProblem {
    fn from(problem: OcspProblem) -> Self {
        Self::Staple(Box::new(problem))
    }
}

impl<'r> Revocation<'r> {
    /// Asks these lists, in whatever order they are.
    pub fn by_lists(lists: &'r [RevocationList<'r>]) -> Self {
        Self {
            lists,
            issuers: &[],
            memory: None,
            staple: None,
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

    /// Asks what the peer has stapled, too; it is empty if the peer has stapled nothing. From then on a certificate that
    /// demands a staple is refused without one (RFC 7633).
    ///
    /// [`Self::by_lists`] with no lists is a policy that asks the staple alone.
    pub fn with_staple(self, response: &'r [u8], digests: &'r dyn Digests) -> Self {
        Self { staple: Some(Staple { response, digests }), ..self }
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

    /// Asks about the certificates of one path that `verifier` found.
    ///
    /// `intermediates` are what the peer sent: issuers of lists may be among them, too. To go on to another path behind one
    /// that is refused, an [`Inquiry`] is asked by [`Verifier::verify_with`].
    ///
    /// # Errors
    ///
    /// As [`Inquiry::check`].
    pub fn check(
        &self,
        verifier: &Verifier<'_>,
        path: &Path<'_, '_>,
        intermediates: &[CertificateDer<'_>],
    ) -> Result<RevocationReport, Error> {
        Inquiry::new(*self, intermediates).check(verifier, path)
    }

    /// Asks about the certificates of a path, from the issuers down.
    fn ask_about(
        &self,
        verifier: &Verifier<'_>,
        path: &Path<'_, '_>,
        pool: &[CertificateDer<'_>],
        work: &mut Work,
        stapled: &mut Vec<Stapled<'r>>,
    ) -> Result<RevocationReport, Error> {
        let mut lists = Lists::new(self.lists, verifier, path, pool, work);
        lists.memory = self.memory;
        lists.accept_stale = self.accept_stale;
        let mut report = RevocationReport::default();
        if !self.end_entity_only && !self.lists.is_empty() {
            for link in path.intermediates.iter().rev() {
                let which = Which::Peer(link.position);
                let known = self.ask(&mut lists, &link.certificate, None);
                note(&mut report, which, known, &mut lists.faults)?;
            }
        }
        let leaf = Which::Peer(0);
        let refuse = |problem| Problem::Revocation(problem).of(leaf);
        let verdict = self.ask_staple(&mut lists, path, stapled).map_err(refuse)?;
        let status = verdict.as_ref().map(|verdict| verdict.status);
        if self.staple.is_some() && demands_staple(path) && status != Some(Status::Good) {
            return Err(refuse(RevocationProblem::NoStaple));
        }
        report.stapled_timestamps = verdict.and_then(|verdict| verdict.timestamps).map(<[u8]>::to_vec);
        let known = self.ask(&mut lists, &path.leaf, status);
        note(&mut report, leaf, known, &mut lists.faults)?;
        Ok(report)
    }

    /// Asks the staple, if there is one. One that revokes is an error here.
    fn ask_staple(
        &self,
        lists: &mut Lists<'_, '_, '_>,
        path: &Path<'_, '_>,
        stapled: &mut Vec<Stapled<'r>>,
    ) -> Result<Option<Verdict<'r>>, RevocationProblem> {
        let Some(Staple { response, digests }) = self.staple.filter(|staple| !staple.response.is_empty())
        else {
            return Ok(None);
        };
        let form = |problem| RevocationProblem::from(OcspProblem::Form(problem));
        let issuer = issuer_key(path).map_err(form)?;
        let known =
            stapled.iter().find(|known| known.leaf == path.leaf.der() && known.issuer == issuer.contents());
        let verdict = match known {
            Some(known) => known.verdict.clone(),
            None => {
                let (algorithms, time) = (lists.verifier.algorithms(), lists.verifier.time());
                let asked = Asked { certificate: &path.leaf, issuer, algorithms, time, digests };
                let verdict = asked.ask(response, lists.purse());
                let (leaf, issuer) = (path.leaf.der().to_vec(), issuer.contents().to_vec());
                stapled.push(Stapled { leaf, issuer, verdict: verdict.clone() });
                verdict
            }
        }?;
        if let Status::Revoked(revoked) = verdict.status {
            return Err(RevocationProblem::Revoked(revoked));
        }
        if let Some(delegate) = verdict.delegate {
            let der = CertificateDer::from(delegate);
            let delegate = Certificate::parse(&der).map_err(form)?;
            if let Answer::Revoked(_) = lists.ask(&delegate) {
                return Err(OcspProblem::SignerRevoked.into());
            }
        }
        Ok(Some(verdict))
    }

    /// Asks the lists about one certificate of which a staple says this, and says whether its status is known.
    fn ask(
        &self,
        lists: &mut Lists<'_, '_, '_>,
        certificate: &Certificate<'_>,
        stapled: Option<Status>,
    ) -> Result<bool, RevocationProblem> {
        match lists.ask(certificate) {
            Answer::Good => return Ok(true),
            Answer::Revoked(revoked) => return Err(RevocationProblem::Revoked(revoked)),
            Answer::Unknown if stapled == Some(Status::Good) => return Ok(true),
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

/// One verification's questions about revocation, over all the paths that are tried in it.
///
/// What was found out about a list for one path is known for the next, and what may be spent is bounded for all of them
/// together: peers can make many paths, and lists may be of many megabytes.
#[derive(Debug)]
pub struct Inquiry<'i> {
    policy: Revocation<'i>,
    /// Where issuers of lists may be.
    pool: Vec<CertificateDer<'i>>,
    work: Work,
    stapled: Vec<Stapled<'i>>,
}

/// What the staple says where a key is the issuer's: all paths through that key have one answer.
#[derive(Debug)]
struct Stapled<'i> {
    leaf: Vec<u8>,
    /// The contents of the key.
    issuer: Vec<u8>,
    verdict: Result<Verdict<'i>, OcspProblem>,
}

impl<'i> Inquiry<'i> {
    /// Begins with a policy and what the peer sent beside its own certificate.
    pub fn new(policy: Revocation<'i>, intermediates: &'i [CertificateDer<'_>]) -> Self {
        // Those of the caller come first: a peer that sends many must not keep them from being looked at.
        let pool = policy.issuers.iter().chain(intermediates);
        let pool = pool.map(|certificate| CertificateDer::from(certificate.as_ref())).collect();
        Self { policy, pool, work: Work::new(), stapled: Vec::new() }
    }

    /// Asks about the certificates of a path that `verifier` found, from the issuers down.
    ///
    /// # Errors
    ///
    /// [`Problem::Revocation`] with the certificate; [`Problem::BudgetExceeded`] if finding out took more work than any honest
    /// peer causes.
    pub fn check(&mut self, verifier: &Verifier<'_>, path: &Path<'_, '_>) -> Result<RevocationReport, Error> {
        let answer = self.policy.ask_about(verifier, path, &self.pool, &mut self.work, &mut self.stapled);
        match (answer, self.work.spent.take()) {
            (Err(error), _) if error.problem.is_so_in_each_path() => Err(error),
            // Not even a lenient policy takes this for an unknown status: the peer could bring it about.
            (_, Some(problem)) => Err(problem.of(Which::Peer(0))),
            (answer, None) => answer,
        }
    }
}

/// The key that signed the leaf.
pub(crate) fn issuer_key<'p>(path: &'p Path<'_, '_>) -> Result<SubjectPublicKeyInfo<'p>, Problem> {
    match path.intermediates.first() {
        Some(link) => Ok(*link.certificate.spki()),
        None => SubjectPublicKeyInfo::from_contents(&path.anchor.subject_public_key_info),
    }
}

/// Writes down what was found out of a certificate.
fn note(
    report: &mut RevocationReport,
    which: Which,
    known: Result<bool, RevocationProblem>,
    faults: &mut Vec<ListFault>,
) -> Result<(), Error> {
    if !known.map_err(|problem| Problem::Revocation(problem).of(which))? {
        report.unknown.push(which);
    }
    report.faults.append(faults);
    Ok(())
}

/// The leaf says that it is shown with a staple, or an issuer of it says so of all that it issues. RFC 7633 section 4.2.
fn demands_staple(path: &Path<'_, '_>) -> bool {
    let above = path.intermediates.iter().map(|link| &link.certificate);
    core::iter::once(&path.leaf).chain(above).any(|certificate| {
        let feature = certificate.extensions().find(|extension| extension.oid == oid::TLS_FEATURE);
        // What it demands that cannot be read is taken to be this.
        feature.is_some_and(|extension| features(extension.value).unwrap_or(true))
    })
}

/// The features of TLS that a certificate demands have `status_request` among them. RFC 7633 section 4.1.
fn features(value: &[u8]) -> Result<bool, Problem> {
    let mut reader = Reader::new(value);
    let mut list = reader.expect(der::SEQUENCE, "features")?.reader();
    reader.end("end of the features")?;
    let mut demanded = false;
    while !list.is_empty() {
        demanded |= list.expect(der::INTEGER, "feature")?.small()? == STATUS_REQUEST;
    }
    Ok(demanded)
}

/// The number of the extension in a hello. RFC 6066 section 8.
const STATUS_REQUEST: u32 = 5;

impl fmt::Debug for Revocation<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Revocation")
            .field("lists", &self.lists.len())
            .field("issuers", &self.issuers.len())
            .field("staple", &self.staple.map(|staple| staple.response.len()))
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
                write!(f, "was revoked at {}", Shown(revoked.at))?;
                match revoked.reason {
                    Some(reason) => write!(f, ": {reason}"),
                    None => Ok(()),
                }
            }
            Self::Staple(problem) => write!(f, "may have been revoked: {problem}"),
            Self::NoStaple => {
                f.write_str("demands an OCSP response beside it, and there is none that says it is good")
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
