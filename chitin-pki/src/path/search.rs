//! Building a path from a leaf to a trust anchor. RFC 4158.
//!
//! The search goes upwards from the leaf, depth first. At each certificate it tries the trust anchors with the
//! issuer's name, then the peer's other certificates with that name, those whose key identifier fits first. Every rule
//! that a step can break is checked when the step is taken, cheap rules before signatures, so that a dead branch ends
//! early; then the search goes back and tries the next. A path that is whole is shown to whoever has more to ask of it, as
//! about revocation, and the search goes on behind one that is refused there. What the peer can make it do is bounded by
//! `budget`.

use alloc::boxed::Box;
use alloc::string::ToString;
use alloc::vec::Vec;

use pki_types::{CertificateDer, TrustAnchor};

use super::{Link, Path, Verifier};
use crate::budget::{Budget, DEPTH, Purse};
use crate::cert::{Certificate, HasKeyId};
use crate::constraints::NameConstraints;
use crate::diagnosis::{Attempt, Described, Diagnosis, Missing, MissingCause};
use crate::dn::{DirectoryName, Meter};
use crate::error::{Error, Problem, Which};
use crate::few::Few;
use crate::policies::{self, PolicySet};
use crate::profile::Role;
use crate::spki::SubjectPublicKeyInfo;

/// What a peer sent.
pub(super) struct Sent<'c> {
    leaf: Link<'c>,
    /// What was beside the leaf and could be read.
    pool: Few<Candidate<'c>, SENT>,
    /// Why others could not be.
    unread: Vec<Error>,
}

struct Candidate<'c> {
    link: Link<'c>,
    /// Whether it may be an issuer. That depends on nothing but the certificate, and may take long to find out.
    fit: Result<(), Problem>,
}

impl<'c> Sent<'c> {
    pub(super) fn read(
        verifier: &Verifier<'_>,
        leaf: &Certificate<'c>,
        intermediates: &'c [CertificateDer<'_>],
    ) -> Self {
        let leaf = Link { position: LEAF, certificate: *leaf };
        let mut sent = Self { leaf, pool: Few::new(), unread: Vec::new() };
        for (i, der) in intermediates.iter().enumerate() {
            let position = i.saturating_add(1);
            match Certificate::parse(der) {
                Ok(certificate) => {
                    let fit = verifier.check_issuer(&certificate, Role::Issuer);
                    sent.pool.push(Candidate { link: Link { position, certificate }, fit });
                }
                Err(problem) => sent.unread.push(problem.of(Which::Peer(position))),
            }
        }
        sent
    }

    fn links(&self) -> impl Iterator<Item = &Link<'c>> {
        self.pool.iter().map(|candidate| &candidate.link)
    }
}

/// An issuer that may be, and how likely it is.
type Ranked<'s, 'c> = (HasKeyId, &'s Candidate<'c>);

/// One search, with what it has found out so far.
pub(super) struct Search<'s, 'v, 'c> {
    verifier: &'s Verifier<'v>,
    sent: &'s Sent<'c>,
    /// The leaf, then the certificates above it.
    path: Few<&'s Link<'c>, FEW>,
    purse: &'s mut Purse,
    /// Signatures checked before: position of the signed certificate, the signer's key, result.
    checked: Few<(usize, &'s [u8], Result<(), Problem>), FEW>,
    failure: Option<Failure>,
    /// Certificates that no path can have: positions.
    condemned: Vec<usize>,
    /// Each end of a way, if somebody wants to know.
    notes: Option<Notes>,
}

/// The ends of the ways that were tried.
#[derive(Default)]
struct Notes {
    attempts: Vec<Attempt>,
    left_out: usize,
}

/// What else is asked of a path that breaks no rule.
pub(super) type Check<'k, 'v, 'c, T> = dyn FnMut(&Path<'v, 'c>) -> Result<T, Error> + 'k;

/// A path, and what was said of it.
type Arrival<'v, 'c, T> = (Path<'v, 'c>, T);

/// Where the search puts it. It is large, and would be moved at each level that it is handed down from.
type Place<'p, 'v, 'c, T> = &'p mut Option<Arrival<'v, 'c, T>>;

/// How two names were written that are the same.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Written {
    Alike,
    Otherwise,
}

/// How far a way had come when it ended.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Reached {
    Issuer,
    Anchor,
}

struct Failure {
    reached: Reached,
    rank: u8,
    depth: usize,
    error: Error,
}

/// A step was not good, and the search goes on; or the budget is spent, and it does not.
enum Refused {
    Step(Error),
    Search(Error),
}

impl<'s, 'v, 'c> Search<'s, 'v, 'c> {
    pub(super) fn new(verifier: &'s Verifier<'v>, sent: &'s Sent<'c>, purse: &'s mut Purse) -> Self {
        let mut search = Self {
            verifier,
            sent,
            path: Few::new(),
            purse,
            checked: Few::new(),
            failure: None,
            condemned: Vec::new(),
            notes: None,
        };
        search.path.push(&sent.leaf);
        for error in &sent.unread {
            // It may not be needed. If it is, this says more than a missing issuer.
            search.note(error.clone(), Reached::Issuer);
        }
        search
    }

    pub(super) fn run<T>(mut self, check: &mut Check<'_, 'v, 'c, T>) -> Result<Arrival<'v, 'c, T>, Error> {
        let mut arrival = None;
        self.climb(check, &mut arrival)?;
        arrival.ok_or_else(|| self.error())
    }

    pub(super) fn run_noting<T>(
        mut self,
        check: &mut Check<'_, 'v, 'c, T>,
    ) -> Result<Arrival<'v, 'c, T>, Box<Diagnosis>> {
        self.notes = Some(Notes::default());
        let mut arrival = None;
        let error = match (self.climb(check, &mut arrival), arrival) {
            (Ok(()), Some(arrival)) => return Ok(arrival),
            (Ok(()), None) => self.error(),
            (Err(spent), _) => {
                self.take_note(&spent);
                spent
            }
        };
        Err(Box::new(self.into_diagnosis(error)))
    }

    /// Looks for a way from the end of the path to an anchor.
    fn climb<T>(
        &mut self,
        check: &mut Check<'_, 'v, 'c, T>,
        arrival: Place<'_, 'v, 'c, T>,
    ) -> Result<(), Error> {
        let Some(&child) = self.path.last() else {
            return Ok(());
        };
        let mut known = false;
        // Comparing names that are written otherwise takes long, and there are many anchors: so that comes last.
        self.try_anchors(child, Written::Alike, &mut known, check, arrival)?;
        if arrival.is_some() {
            return Ok(());
        }
        let found = self.candidates(child)?;
        // Those alike stay in their order.
        let ranks = [HasKeyId::Yes, HasKeyId::Unsaid, HasKeyId::No];
        let ranked = ranks.iter().flat_map(|rank| found.iter().filter(move |(has, _)| has == rank));
        for (_, candidate) in ranked {
            known = true;
            if self.is_condemned() {
                return Ok(());
            }
            match self.step_to(child, candidate) {
                Ok(link) => self.path.push(link),
                Err(Refused::Step(error)) => {
                    self.note(error, Reached::Issuer);
                    continue;
                }
                Err(Refused::Search(error)) => return Err(error),
            }
            self.climb(check, arrival)?;
            if arrival.is_some() {
                return Ok(());
            }
            self.path.pop();
        }
        self.try_anchors(child, Written::Otherwise, &mut known, check, arrival)?;
        if !known {
            let problem = Problem::UnknownIssuer { issuer: child.certificate.issuer().0.to_vec() };
            self.note(problem.of(Which::Peer(child.position)), Reached::Issuer);
        }
        Ok(())
    }

    fn try_anchors<T>(
        &mut self,
        child: &Link<'c>,
        written: Written,
        known: &mut bool,
        check: &mut Check<'_, 'v, 'c, T>,
        arrival: Place<'_, 'v, 'c, T>,
    ) -> Result<(), Error> {
        let issuer = child.certificate.issuer();
        let (verifier, mut at) = (self.verifier, 0_usize);
        let mut indexed = match (written, verifier.index) {
            (Written::Alike, Some(index)) => index.find(issuer.0),
            _ => None,
        };
        loop {
            let position = match &mut indexed {
                Some(found) => found.next(),
                None => Some(at),
            };
            let Some((position, anchor)) = position.and_then(|at| Some((at, verifier.anchors.get(at)?)))
            else {
                return Ok(());
            };
            at = at.saturating_add(1);
            let subject = DirectoryName(&anchor.subject);
            let alike = if subject == issuer { Written::Alike } else { Written::Otherwise };
            if alike != written
                || (alike == Written::Otherwise && !self.same_name(child, &subject, &issuer)?)
            {
                continue;
            }
            *known = true;
            if self.is_condemned() {
                return Ok(());
            }
            let stepped = self.step_to_anchor(child, position, anchor);
            let path = match stepped.and_then(|policies| self.whole(position, anchor, policies)) {
                Ok(path) => path,
                Err(Refused::Step(error)) => {
                    self.note(error, Reached::Issuer);
                    continue;
                }
                Err(Refused::Search(error)) => return Err(error),
            };
            match check(&path) {
                Ok(said) => {
                    *arrival = Some((path, said));
                    return Ok(());
                }
                Err(error) if matches!(error.problem, Problem::BudgetExceeded { .. }) => return Err(error),
                Err(error) => self.refuse_whole(error),
            }
        }
    }

    /// The path up to this anchor, which is paid for here.
    fn whole(
        &mut self,
        anchor_position: usize,
        anchor: &'v TrustAnchor<'v>,
        policies: PolicySet,
    ) -> Result<Path<'v, 'c>, Refused> {
        let spent = |problem: Problem| Refused::Search(problem.of(Which::Peer(LEAF)));
        self.purse.path().map_err(spent)?;
        let root = self.verifier.anchors.certificate(anchor_position);
        let mut path = self.path.iter();
        let leaf = path.next().ok_or_else(|| Refused::Step(self.error()))?.certificate;
        let mut intermediates = Vec::with_capacity(self.path.len().saturating_sub(1));
        intermediates.extend(path.map(|link| **link));
        Ok(Path { leaf, intermediates, anchor, anchor_position, root, policies })
    }

    /// Takes note of what was said against a path that breaks no rule here.
    fn refuse_whole(&mut self, error: Error) {
        if let Which::Peer(position) = error.certificate {
            if error.problem.is_so_in_each_path() {
                self.condemned.push(position);
            }
        }
        self.note(error, Reached::Anchor);
    }

    /// Whatever else the path leads through, it has a certificate that is refused in each.
    fn is_condemned(&self) -> bool {
        self.path.iter().any(|link| self.condemned.contains(&link.position))
    }

    /// Compares names in full where a look does not tell, which the peer has to pay for.
    fn same_name(
        &mut self,
        child: &Link<'c>,
        left: &DirectoryName<'_>,
        right: &DirectoryName<'_>,
    ) -> Result<bool, Error> {
        if left == right {
            return Ok(true);
        }
        let meter = Meter::default();
        let same = left.matches_by(right, &meter);
        self.purse.names(meter.comparisons()).map_err(|problem| problem.of(Which::Peer(child.position)))?;
        Ok(same)
    }

    /// The certificates that could be the issuer by name and are not in the path, each with whether it has the key identifier
    /// that is wanted.
    fn candidates(&mut self, child: &Link<'c>) -> Result<Few<Ranked<'s, 'c>, FEW>, Error> {
        let sent = self.sent;
        self.purse.names(sent.pool.len()).map_err(|problem| problem.of(Which::Peer(child.position)))?;
        let issuer = child.certificate.issuer();
        let wanted = child.certificate.extensions.authority_key_id.and_then(|authority| authority.key_id);
        let mut found = Few::new();
        for candidate in sent.pool.iter() {
            let certificate = &candidate.link.certificate;
            if !self.same_name(child, &certificate.subject(), &issuer)?
                || self.is_in_path(child, certificate)?
            {
                continue;
            }
            found.push((certificate.has_key_id(wanted), candidate));
        }
        Ok(found)
    }

    /// The same name with the same key is the same entity, and passing it twice leads nowhere new. RFC 4158
    /// section 5.2.
    fn is_in_path(&mut self, child: &Link<'c>, candidate: &Certificate<'c>) -> Result<bool, Error> {
        for at in 0..self.path.len() {
            let Some(passed) = self.path.get(at).map(|link| &link.certificate) else { continue };
            if passed.spki() == candidate.spki()
                && self.same_name(child, &passed.subject(), &candidate.subject())?
            {
                return Ok(true);
            }
        }
        Ok(false)
    }

    fn step_to_anchor(
        &mut self,
        child: &Link<'c>,
        position: usize,
        anchor: &'v TrustAnchor<'v>,
    ) -> Result<PolicySet, Refused> {
        let which = Which::Anchor(position);
        self.spend_candidate(child)?;
        let key = SubjectPublicKeyInfo::from_contents(&anchor.subject_public_key_info)
            .and_then(|key| key.check().map(|()| key))
            .map_err(|problem| Refused::Step(problem.of(which)))?;
        self.verifier
            .check_root(position, self.intermediates_in_path())
            .map_err(|problem| Refused::Step(problem.of(which)))?;
        self.check_signature(child, &key)?;
        if let Some(contents) = &anchor.name_constraints {
            let constraints = NameConstraints::from_contents(contents)
                .map_err(|problem| Refused::Step(problem.of(which)))?;
            self.check_names(&constraints, which)?;
        }
        self.check_policies()
    }

    /// Policies go down from the anchor, so they are looked at when all of a path is there.
    fn check_policies(&mut self) -> Result<PolicySet, Refused> {
        let path = self.path.iter().rev().map(|link| &link.certificate);
        policies::evaluate(path, &self.verifier.policies, self.purse).map_err(|refusal| {
            let position = self.path.iter().rev().nth(refusal.depth).map_or(LEAF, |link| link.position);
            let spent = matches!(refusal.problem, Problem::BudgetExceeded { .. });
            let error = refusal.problem.of(Which::Peer(position));
            if spent { Refused::Search(error) } else { Refused::Step(error) }
        })
    }

    fn step_to(&mut self, child: &Link<'c>, candidate: &'s Candidate<'c>) -> Result<&'s Link<'c>, Refused> {
        self.spend_candidate(child)?;
        let issuer = &candidate.link;
        let which = Which::Peer(issuer.position);
        let refuse = |problem: Problem| Refused::Step(problem.of(which));

        let below = self.intermediates_in_path();
        let with_it = below.saturating_add(usize::from(!issuer.certificate.is_self_issued()));
        if with_it > self.verifier.max_intermediates || self.path.len() > DEPTH {
            return Err(refuse(Problem::BudgetExceeded { budget: Budget::Depth }));
        }
        candidate.fit.clone().map_err(refuse)?;
        Verifier::check_length(&issuer.certificate, below).map_err(refuse)?;
        self.check_signature(child, issuer.certificate.spki())?;
        if let Some(constraints) = issuer.certificate.name_constraints() {
            self.check_names(&constraints, which)?;
        }
        Ok(issuer)
    }

    fn spend_candidate(&mut self, child: &Link<'c>) -> Result<(), Refused> {
        self.purse.candidate().map_err(|problem| Refused::Search(problem.of(Which::Peer(child.position))))
    }

    /// Intermediates so far that count for path lengths: not the leaf, not the self-issued. RFC 5280 section 6.1.4 (l).
    fn intermediates_in_path(&self) -> usize {
        self.path.iter().skip(1).filter(|link| !link.certificate.is_self_issued()).count()
    }

    /// Checks the child's signature, once for each key.
    fn check_signature(&mut self, child: &Link<'c>, key: &SubjectPublicKeyInfo<'s>) -> Result<(), Refused> {
        let which = Which::Peer(child.position);
        let step = |problem: Problem| Refused::Step(problem.of(which));
        // Cross-signs give one key many certificates, so it is the key that is remembered.
        let mut checked = self.checked.iter();
        let before = checked.find(|(position, by, _)| *position == child.position && *by == key.contents());
        if let Some((_, _, result)) = before {
            return result.clone().map_err(step);
        }
        let signed = child.certificate.signed();
        let algorithm = signed.algorithm_for(key, self.verifier.algorithms).map_err(step)?;
        self.purse.signature().map_err(|problem| Refused::Search(problem.of(which)))?;
        let result = match self.verifier.signatures {
            None => signed.verify(key, algorithm),
            Some(check) => signed.verify_by(key, algorithm, check),
        };
        self.checked.push((child.position, key.contents(), result.clone()));
        result.map_err(step)
    }

    /// Checks the names of everything below. RFC 5280 section 6.1.3 (b): not those of self-issued certificates, unless
    /// it is the leaf.
    fn check_names(&mut self, constraints: &NameConstraints<'_>, owner: Which) -> Result<(), Refused> {
        for (i, link) in self.path.iter().enumerate() {
            if i > 0 && link.certificate.is_self_issued() {
                continue;
            }
            let which = Which::Peer(link.position);
            match constraints.check(&link.certificate, owner, self.purse) {
                Ok(()) => {}
                Err(problem @ Problem::BudgetExceeded { .. }) => {
                    return Err(Refused::Search(problem.of(which)));
                }
                Err(problem) => return Err(Refused::Step(problem.of(which))),
            }
        }
        Ok(())
    }

    /// Keeps the most telling failure.
    fn note(&mut self, error: Error, reached: Reached) {
        self.take_note(&error);
        let failure = Failure { reached, rank: error.problem.rank(), depth: self.path.len(), error };
        let order = |failure: &Failure| (failure.reached, failure.rank, failure.depth);
        if self.failure.as_ref().is_none_or(|kept| order(&failure) > order(kept)) {
            self.failure = Some(failure);
        }
    }

    fn error(&self) -> Error {
        match &self.failure {
            Some(failure) => failure.error.clone(),
            // All candidates were in the path already: a leaf that says it issued itself.
            None => {
                let issuer = self.path.get(0).map(|leaf| leaf.certificate.issuer().0.to_vec());
                Problem::UnknownIssuer { issuer: issuer.unwrap_or_default() }.of(Which::Peer(LEAF))
            }
        }
    }

    /// Remembers the way so far and the certificate with which it ended.
    fn take_note(&mut self, error: &Error) {
        let Some(mut notes) = self.notes.take() else { return };
        if notes.attempts.len() < Diagnosis::ATTEMPTS {
            let passed = self.path.iter().map(|link| Which::Peer(link.position));
            let mut ways: Vec<Which> = passed.collect();
            if !ways.contains(&error.certificate) {
                ways.push(error.certificate);
            }
            let path = ways.into_iter().filter_map(|which| self.describe(which)).collect();
            notes.attempts.push(Attempt { path, error: error.clone() });
        } else {
            notes.left_out = notes.left_out.saturating_add(1);
        }
        self.notes = Some(notes);
    }

    fn describe(&self, which: Which) -> Option<Described> {
        match which {
            Which::Peer(position) => {
                self.certificate(position).map(|certificate| Described::certificate(which, certificate))
            }
            Which::Anchor(position) => {
                let anchor = self.verifier.anchors.get(position)?;
                let subject = DirectoryName(&anchor.subject).to_string();
                Some(Described { which, subject, serial: None })
            }
        }
    }

    fn certificate(&self, position: usize) -> Option<&Certificate<'c>> {
        let mut all = core::iter::once(&self.sent.leaf).chain(self.sent.links());
        all.find(|link| link.position == position).map(|link| &link.certificate)
    }

    pub(super) fn into_diagnosis(mut self, error: Error) -> Diagnosis {
        let notes = self.notes.take().unwrap_or_default();
        Diagnosis {
            certificate: self.describe(error.certificate),
            missing: self.missing(&error),
            error,
            attempts: notes.attempts,
            attempts_left_out: notes.left_out,
        }
    }

    /// What would have to be there for an issuer to be found.
    fn missing(&self, error: &Error) -> Option<Missing> {
        let (Which::Peer(position), Problem::UnknownIssuer { .. } | Problem::CaUsedAsEndEntity) =
            (error.certificate, &error.problem)
        else {
            return None;
        };
        let child = self.certificate(position)?;
        let cause = match self.misplaced_leaf().filter(|_| position == LEAF) {
            Some(leaf) => MissingCause::OrderWrong { leaf },
            None if error.problem == Problem::CaUsedAsEndEntity => return None,
            None if self.verifier.anchors.get(0).is_none() => MissingCause::NoRoots,
            None => match (position, child.is_self_issued()) {
                (LEAF, true) => MissingCause::SelfSigned,
                (LEAF, false) => MissingCause::IntermediateAbsent,
                (_, true) => MissingCause::RootUnknown,
                (_, false) => MissingCause::RootUnknownOrIntermediateAbsent,
            },
        };
        Some(Missing { issuer: child.issuer().to_string(), cause })
    }

    /// Another certificate than the first that is one of no CA, and whose issuer was sent.
    fn misplaced_leaf(&self) -> Option<usize> {
        let first = &self.sent.leaf;
        let sent = |name: &DirectoryName<'_>| {
            let mut all = core::iter::once(first).chain(self.sent.links());
            all.any(|link| link.certificate.is_ca() && link.certificate.subject().matches(name))
        };
        let stray = self.sent.links().take(STRAYS).find(|link| {
            let certificate = &link.certificate;
            !certificate.is_ca()
                && certificate.der() != first.certificate.der()
                && sent(&certificate.issuer())
        });
        stray.map(|link| link.position)
    }
}

pub(super) const LEAF: usize = 0;
/// Certificates that are looked at for a leaf in the wrong place, each with all others. Chains have five.
const STRAYS: usize = 32;

/// Certificates of a path, and signatures of it, that take no memory of their own.
const FEW: usize = 4;
/// The same of those that were sent beside the leaf, which are larger: most chains have one or two.
const SENT: usize = 2;
