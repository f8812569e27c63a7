//! What lists say of a certificate: which of them count, and in which order. RFC 5280 section 6.3.3.
//!
//! For each distribution point, the newest list that is about the certificate and is signed by its issuer decides; the
//! order in which the lists were given means nothing. Where date and number do not agree on which is the newest, all that may be
//! count, and the worst of what they say. Lists for some reasons are put together until all reasons are covered. A delta counts
//! before the list it updates. A list that cannot be used is noted and passed over; but what a list revokes is revoked, be it out of
//! date or of a time to come by our clock.

use alloc::vec::Vec;
use core::cmp::Reverse;

use pki_types::CertificateDer;

use super::Reason;
use super::entry::Revoked;
use super::list::RevocationList;
use super::points::{Point, Reasons, same};
use super::problem::{ListFault, ListProblem};
use crate::budget::{Budget, StatusPurse};
use crate::cert::Certificate;
use crate::dn::DirectoryName;
use crate::error::Problem;
use crate::path::{Path, Verifier};
use crate::spki::SubjectPublicKeyInfo;

/// Remembers which lists were found to be signed with which keys.
///
/// The cost of a signature grows with what is signed, and a list may be of many megabytes, so it is to be checked once
/// and not in every handshake. A memory belongs to one set of lists and one set of algorithms, which never change.
pub trait ListMemory {
    /// The list at this position is known to be signed with this key: the contents of a `SubjectPublicKeyInfo`.
    fn is_signed(&self, position: usize, key: &[u8]) -> bool;

    /// Takes note that it is. Nothing has to be kept.
    fn learn(&self, position: usize, key: &[u8]);
}

/// The answer about one certificate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Answer {
    /// It is not revoked for any reason.
    Good,
    /// A list says so.
    Revoked(Revoked),
    /// Lists that count are not there, or not for all reasons.
    Unknown,
}

/// What a delta says of a certificate.
#[derive(Clone, Copy)]
enum Update {
    Revokes(Revoked),
    /// It was on hold, or has expired.
    Releases,
    /// What its base says still holds.
    Silent,
}

/// The lists, with all it takes to tell which count.
pub(crate) struct Lists<'s, 'v, 'c> {
    pub(crate) lists: &'s [RevocationList<'s>],
    pub(crate) verifier: &'s Verifier<'v>,
    /// The path whose certificates are asked about.
    pub(crate) path: &'s Path<'v, 'c>,
    /// Further certificates, among which issuers of lists may be.
    pub(crate) pool: &'s [CertificateDer<'s>],
    pub(crate) memory: Option<&'s dyn ListMemory>,
    /// Lists that are out of date count, too.
    pub(crate) accept_stale: bool,
    /// What could not be used.
    pub(crate) faults: Vec<ListFault>,
    work: &'s mut Work,
    /// How many issuers of lists are asked about, one because of the other.
    nested: usize,
}

/// What one verification has spent on finding out who is revoked, and what came of it, over all its paths.
#[derive(Debug)]
pub(crate) struct Work {
    pub(crate) purse: StatusPurse,
    /// What was made of signatures: the position of the list, the contents of the key, and the result.
    checked: Vec<(usize, Vec<u8>, Result<(), ListProblem>)>,
    /// It was to be more than there was. An answer from then on may lack what would have revoked, so there is none.
    pub(crate) spent: Option<Problem>,
}

impl Work {
    pub(crate) fn new() -> Self {
        Self { purse: StatusPurse::new(), checked: Vec::new(), spent: None }
    }

    fn signature(&mut self) -> Result<(), ListProblem> {
        let paid = self.purse.signature();
        self.paid(paid)
    }

    fn issuer(&mut self) -> Result<(), ListProblem> {
        let paid = self.purse.issuer();
        self.paid(paid)
    }

    fn paid(&mut self, paid: Result<(), Problem>) -> Result<(), ListProblem> {
        paid.map_err(|problem| {
            self.spent = Some(problem);
            ListProblem::TooMuchWork
        })
    }
}

impl<'s, 'v, 'c> Lists<'s, 'v, 'c> {
    pub(crate) fn new(
        lists: &'s [RevocationList<'s>],
        verifier: &'s Verifier<'v>,
        path: &'s Path<'v, 'c>,
        pool: &'s [CertificateDer<'s>],
        work: &'s mut Work,
    ) -> Self {
        Self {
            lists,
            verifier,
            path,
            pool,
            memory: None,
            accept_stale: false,
            faults: Vec::new(),
            work,
            nested: 0,
        }
    }

    pub(crate) fn purse(&mut self) -> &mut StatusPurse {
        &mut self.work.purse
    }

    /// Asks about a certificate of the path, or of the path to the issuer of a list.
    pub(crate) fn ask(&mut self, certificate: &Certificate<'_>) -> Answer {
        // Points that cannot be read name no list. Those of the issuer that need no point are looked at all the same.
        let mut points = Point::of(certificate).unwrap_or_default();
        points.push(Point::implied(certificate));
        let mut covered = Reasons::NONE;
        let mut asked: Vec<&RevocationList<'_>> = Vec::new();
        for point in &points {
            for position in self.newest_first(point, certificate) {
                let Some(list) = self.lists.get(position) else { continue };
                let reasons = point.reasons.and(list.scope().reasons);
                if !reasons.exceeds(covered) && asked.iter().any(|newer| newer.supersedes(list)) {
                    continue;
                }
                match self.look_up(position, list, certificate) {
                    Ok(Some(revoked)) => return Answer::Revoked(revoked),
                    Ok(None) => {
                        covered = covered.or(reasons);
                        asked.push(list);
                    }
                    Err(problem) => self.note(position, problem),
                }
            }
        }
        if Reasons::ALL.exceeds(covered) { Answer::Unknown } else { Answer::Good }
    }

    /// The complete lists of a point that are about the certificate.
    fn newest_first(&self, point: &Point<'_>, certificate: &Certificate<'_>) -> Vec<usize> {
        let fits = |list: &RevocationList<'_>| !list.is_delta() && point.has(list, certificate);
        let mut found: Vec<_> = self.lists.iter().enumerate().filter(|(_, list)| fits(list)).collect();
        found.sort_by_key(|(_, list)| Reverse(list.age()));
        found.into_iter().map(|(position, _)| position).collect()
    }

    /// What a list says, together with the newest delta to it.
    fn look_up(
        &mut self,
        position: usize,
        list: &RevocationList<'_>,
        certificate: &Certificate<'_>,
    ) -> Result<Option<Revoked>, ListProblem> {
        let key = self.signer(position, list, certificate)?;
        let update = self.update_of(list, &key, certificate);
        let revoked = match update {
            Some(Update::Revokes(revoked)) => Some(revoked),
            Some(Update::Releases) => None,
            Some(Update::Silent) | None => list.find(certificate.serial(), certificate.issuer()),
        };
        // That it revokes nothing counts in its time only: it does not know what came since, and we do not know what comes.
        match self.out_of_time(list) {
            // A delta of now makes up for the age of its base.
            Some(ListProblem::Stale { .. }) if update.is_some() => Ok(revoked),
            Some(problem) if revoked.is_none() => Err(problem),
            _ => Ok(revoked),
        }
    }

    /// What the newest delta to a list says, signed with the same key. RFC 5280 section 6.3.3 (c) and (h). Where several may be
    /// the newest, it is the worst of what they say.
    fn update_of(
        &mut self,
        base: &RevocationList<'_>,
        key: &[u8],
        certificate: &Certificate<'_>,
    ) -> Option<Update> {
        let mut found: Vec<_> =
            self.lists.iter().enumerate().filter(|(_, list)| list.updates(base)).collect();
        found.sort_by_key(|(_, list)| Reverse(list.age()));
        // Those that were asked, and whether they are of now.
        let mut asked: Vec<(&RevocationList<'_>, bool)> = Vec::new();
        let (mut said, mut silence) = (None, false);
        for (position, list) in found {
            let problem = self.out_of_time(list);
            let is_of_now = problem.is_none();
            // One out of date has still taken back what an older one said, but not what one of now does.
            if asked.iter().any(|(newer, of_now)| newer.supersedes(list) && (*of_now || !is_of_now)) {
                continue;
            }
            let checked = SubjectPublicKeyInfo::from_contents(key)
                .map_err(ListProblem::from)
                .and_then(|key| self.check_signature(position, list, &key));
            if let Err(problem) = checked {
                self.note(position, problem);
                continue;
            }
            let update = match list.find(certificate.serial(), certificate.issuer()) {
                Some(Revoked { reason: Some(Reason::RemoveFromCrl), .. }) => Update::Releases,
                Some(revoked) => Update::Revokes(revoked),
                None => Update::Silent,
            };
            if matches!(update, Update::Revokes(_)) {
                return Some(update);
            }
            let silent = matches!(update, Update::Silent);
            match problem {
                // One of a time to come has taken nothing back yet.
                Some(problem @ ListProblem::NotYetValid { .. }) => {
                    self.note(position, problem);
                    continue;
                }
                Some(problem) => self.note(position, problem),
                None => said = said.or(Some(update)),
            }
            silence |= silent;
            asked.push((list, is_of_now));
        }
        // Silence is worse than a release: the base may have it on hold.
        match said {
            Some(Update::Releases) if silence => Some(Update::Silent),
            said => said,
        }
    }

    /// Our time is not that of the list.
    fn out_of_time(&self, list: &RevocationList<'_>) -> Option<ListProblem> {
        let time = self.verifier.time();
        if list.is_of_the_future(time) {
            Some(ListProblem::NotYetValid { time, this_update: list.this_update() })
        } else if list.is_stale(time) && !self.accept_stale {
            Some(ListProblem::Stale { time, next_update: list.next_update() })
        } else {
            None
        }
    }

    /// Finds who signed a list: the anchor or an issuer in the path, or else somebody with its name to whom a path leads
    /// from the same anchor. RFC 5280 section 6.3.3 (f) and (g). Gives the contents of the key.
    fn signer(
        &mut self,
        position: usize,
        list: &RevocationList<'_>,
        certificate: &Certificate<'_>,
    ) -> Result<Vec<u8>, ListProblem> {
        let path = self.path;
        let mut problem = ListProblem::NoIssuer;
        if same(DirectoryName(&path.anchor.subject), list.issuer()) {
            let key = SubjectPublicKeyInfo::from_contents(&path.anchor.subject_public_key_info)?;
            // A bare anchor has no key usage.
            let checked = match path.root {
                Some(root) => self.check_signer(position, list, root),
                None => self.check_signature(position, list, &key),
            };
            match checked {
                Ok(()) => return Ok(key.contents().to_vec()),
                Err(found) => problem = problem.or(found),
            }
        }
        let above = path.intermediates.iter().rev().map(|link| &link.certificate);
        // Nobody vouches for itself.
        let fits = |issuer: &Certificate<'s>| {
            same(issuer.subject(), list.issuer()) && issuer.spki() != certificate.spki()
        };
        for issuer in above.take_while(|above| above.der() != certificate.der()).filter(|issuer| fits(issuer))
        {
            match self.check_signer(position, list, issuer) {
                Ok(()) => return Ok(issuer.spki().contents().to_vec()),
                Err(found) => problem = problem.or(found),
            }
        }
        for issuer in
            in_order(list, self.pool.iter().filter_map(|der| Certificate::parse(der).ok()).filter(fits))
        {
            let checked = may_sign_lists(&issuer)
                .and_then(|()| self.check_signer(position, list, &issuer))
                .and_then(|()| self.check_path(&issuer));
            match checked {
                Ok(()) => return Ok(issuer.spki().contents().to_vec()),
                Err(found) => problem = problem.or(found),
            }
        }
        Err(problem)
    }

    fn check_signer(
        &mut self,
        position: usize,
        list: &RevocationList<'_>,
        issuer: &Certificate<'_>,
    ) -> Result<(), ListProblem> {
        if issuer.key_usage().is_some_and(|usage| !usage.crl_sign()) {
            return Err(ListProblem::IssuerMayNotSignLists);
        }
        self.check_signature(position, list, issuer.spki())
    }

    fn check_path(&mut self, issuer: &Certificate<'_>) -> Result<(), ListProblem> {
        self.work.issuer()?;
        issuer.check_time(self.verifier.time()).map_err(ListProblem::IssuerPath)?;
        let below = self.verifier.below(self.path.anchor);
        let path = match below.path_of(issuer, self.pool, &mut self.work.purse.paths) {
            Ok(path) => path,
            Err(error) => {
                if matches!(error.problem, Problem::BudgetExceeded { budget } if budget != Budget::Depth) {
                    self.work.spent = Some(error.problem.clone());
                }
                return Err(ListProblem::IssuerPath(error.problem));
            }
        };
        // Whoever signs lists may be revoked by others. That nobody speaks of it is no fault: often it would have to be
        // its own list.
        if self.nested < NESTED {
            self.nested = self.nested.saturating_add(1);
            let above = path.intermediates.iter().map(|link| &link.certificate);
            let revoked = above.chain([issuer]).find_map(|certificate| match self.ask(certificate) {
                Answer::Revoked(revoked) => Some(revoked),
                Answer::Good | Answer::Unknown => None,
            });
            self.nested = self.nested.saturating_sub(1);
            if let Some(revoked) = revoked {
                return Err(ListProblem::IssuerRevoked(revoked));
            }
        }
        Ok(())
    }

    fn check_signature(
        &mut self,
        position: usize,
        list: &RevocationList<'_>,
        key: &SubjectPublicKeyInfo<'_>,
    ) -> Result<(), ListProblem> {
        if self.memory.is_some_and(|memory| memory.is_signed(position, key.contents())) {
            return Ok(());
        }
        let of_this = |(at, by, _): &&(usize, Vec<u8>, _)| *at == position && by == key.contents();
        if let Some((_, _, result)) = self.work.checked.iter().find(of_this) {
            return result.clone();
        }
        let failed = self.work.checked.iter().filter(|(at, ..)| *at == position).count();
        if failed >= KEYS {
            return self.work.paid(Err(Problem::BudgetExceeded { budget: Budget::Revocation }));
        }
        key.check()?;
        let signed = list.signed();
        let algorithm = signed.algorithm_for(key, self.verifier.algorithms())?;
        self.work.signature()?;
        let result = signed.verify(key, algorithm).map_err(ListProblem::from);
        self.work.checked.push((position, key.contents().to_vec(), result.clone()));
        if let (Some(memory), Ok(())) = (self.memory, &result) {
            memory.learn(position, key.contents());
        }
        result
    }

    fn note(&mut self, position: usize, problem: ListProblem) {
        let fault = ListFault { position, problem };
        if !self.faults.contains(&fault) {
            self.faults.push(fault);
        }
    }
}

/// Of an authority that is to be one of lists it is enough that nothing speaks against it. Anybody else whose certificate happens to
/// have the name needs the permission in writing. RFC 5280 section 4.2.1.3.
fn may_sign_lists(issuer: &Certificate<'_>) -> Result<(), ListProblem> {
    match issuer.key_usage() {
        None if !issuer.is_ca() => Err(ListProblem::IssuerMayNotSignLists),
        _ => Ok(()),
    }
}

/// Those whose key identifier is the one that the list names come first, and those with another one last.
fn in_order<'a>(
    list: &RevocationList<'_>,
    issuers: impl Iterator<Item = Certificate<'a>>,
) -> Vec<Certificate<'a>> {
    let wanted = list.authority_key_id();
    let mut issuers: Vec<_> = issuers.collect();
    issuers.sort_by_key(|issuer| issuer.has_key_id(wanted));
    issuers
}

/// Keys with which the signature of one list is checked. The cost of each grows with the list, and the peer can send any number
/// of certificates in the name of its issuer; an honest one has two or three keys, and the list says which it is.
const KEYS: usize = 8;
/// Issuers of lists that are asked about because of each other: the one whose list it is, and the one whose list says
/// that this one is revoked.
const NESTED: usize = 2;
