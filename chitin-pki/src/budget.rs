//! How much work one verification may take, whatever the peer sends.
//!
//! Path building is a search in a graph that the peer draws, so each kind of step is counted. A budget that is spent
//! ends the whole verification with an error that names it.

use core::fmt;

use crate::error::Problem;

/// A kind of work that has a limit.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Budget {
    /// Signatures checked.
    Signatures,
    /// Names compared: with constraints, to find an issuer, or those of one certificate with each other.
    Names,
    /// Issuers considered for the certificates of a path.
    Candidates,
    /// Certificates in one path.
    Depth,
    /// Policies and their mappings, in the certificates of all whole paths.
    Policies,
    /// Whole paths of which more was asked, as about revocation, and which were refused for it.
    Paths,
    /// Signatures checked and paths built to find out whether certificates are revoked.
    Revocation,
}

impl Budget {
    /// How many issuers of lists one verification may build paths to. It is a part of [`Self::Revocation`].
    pub const LIST_ISSUERS: usize = STATUS_ISSUERS;
    /// How many intermediates a path may have if nobody says otherwise, self-issued ones not counted.
    pub const DEFAULT_INTERMEDIATES: usize = INTERMEDIATES;

    /// Returns how much of this work one verification may take.
    pub fn limit(self) -> usize {
        match self {
            Self::Signatures => SIGNATURES,
            Self::Names => NAMES,
            Self::Candidates => CANDIDATES,
            Self::Depth => DEPTH,
            Self::Policies => POLICIES,
            Self::Paths => PATHS,
            Self::Revocation => STATUS_SIGNATURES,
        }
    }
}

impl fmt::Display for Budget {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Signatures => "it needs too many signature checks",
            Self::Names => "it needs too many name comparisons",
            Self::Candidates => "too many certificates could be the issuer",
            Self::Depth => "the chain is too long",
            Self::Policies => "it has too many policies",
            Self::Paths => "too many paths lead from it to a trust anchor",
            Self::Revocation => "it takes too much work to find out whether it is revoked",
        })
    }
}

/// What is left.
#[derive(Debug)]
pub(crate) struct Purse {
    signatures: usize,
    names: usize,
    candidates: usize,
    policies: usize,
    paths: usize,
}

impl Purse {
    pub(crate) fn new() -> Self {
        Self {
            signatures: SIGNATURES,
            names: NAMES,
            candidates: CANDIDATES,
            policies: POLICIES,
            paths: PATHS,
        }
    }

    pub(crate) fn signature(&mut self) -> Result<(), Problem> {
        spend(&mut self.signatures, 1, Budget::Signatures)
    }

    pub(crate) fn names(&mut self, count: usize) -> Result<(), Problem> {
        spend(&mut self.names, count, Budget::Names)
    }

    pub(crate) fn candidate(&mut self) -> Result<(), Problem> {
        spend(&mut self.candidates, 1, Budget::Candidates)
    }

    pub(crate) fn policies(&mut self, count: usize) -> Result<(), Problem> {
        spend(&mut self.policies, count, Budget::Policies)
    }

    pub(crate) fn path(&mut self) -> Result<(), Problem> {
        spend(&mut self.paths, 1, Budget::Paths)
    }
}

/// What is left for finding out whether certificates are revoked, over all paths of one verification.
#[derive(Debug)]
pub(crate) struct StatusPurse {
    signatures: usize,
    issuers: usize,
    /// For the paths to issuers of lists, all together.
    pub(crate) paths: Purse,
}

impl StatusPurse {
    pub(crate) fn new() -> Self {
        Self { signatures: STATUS_SIGNATURES, issuers: STATUS_ISSUERS, paths: Purse::new() }
    }

    pub(crate) fn signature(&mut self) -> Result<(), Problem> {
        spend(&mut self.signatures, 1, Budget::Revocation)
    }

    pub(crate) fn issuer(&mut self) -> Result<(), Problem> {
        spend(&mut self.issuers, 1, Budget::Revocation)
    }
}

fn spend(left: &mut usize, count: usize, budget: Budget) -> Result<(), Problem> {
    match left.checked_sub(count) {
        Some(rest) => {
            *left = rest;
            Ok(())
        }
        None => Err(Problem::BudgetExceeded { budget }),
    }
}

/// Signatures checked. An honest chain needs two to five, one with cross-signs perhaps a dozen; crafted pools of
/// issuers with the same name need thousands. At about 0.2 ms each, this is 20 ms at worst.
pub(crate) const SIGNATURES: usize = 100;

/// Comparisons of names. A leaf with 1,000 names under an issuer with 100 constraints needs 100,000; names and
/// constraints by the thousand each, which is the attack, need millions. At some 40 ns each, this is 10 ms: what takes longer,
/// for its length, counts as several.
pub(crate) const NAMES: usize = 250_000;

/// Issuers considered, over all paths. The search is exponential in a mesh of cross-signs, and a step that costs no
/// new signature and few names still costs. A chain of 8 in a pool of 30 with every name doubled needs some hundred.
pub(crate) const CANDIDATES: usize = 2_000;

/// Policies and mappings, over all paths that reach an anchor. A bridged government hierarchy has some 200 in a path, and
/// perhaps ten paths; crafted certificates have thousands each. At some 200 ns each, this is 4 ms.
pub(crate) const POLICIES: usize = 20_000;

/// Whole paths that are shown to whoever asks more of them. An authority that changes its root has two, one that was
/// cross-signed by several perhaps six; a mesh has thousands. What is asked may take a signature check for each certificate.
pub(crate) const PATHS: usize = 16;

/// Signatures of revocation lists and OCSP responses. A path has up to ten certificates, each with one list or two, which
/// more than one key may have signed; cross-signs add a few. One that was checked is not checked again.
pub(crate) const STATUS_SIGNATURES: usize = 64;

/// Issuers of lists to which paths are built. Most lists are signed by whoever signed the certificate.
pub(crate) const STATUS_ISSUERS: usize = 16;

/// Intermediates in one path, self-issued ones included: it bounds the recursion. Twice [`INTERMEDIATES`], since key
/// rollover may put one self-issued certificate beside each.
pub(crate) const DEPTH: usize = 16;

/// Intermediates in one path without self-issued ones, unless the caller says otherwise. The public web uses up to
/// three, bridged government hierarchies six or seven.
pub(crate) const INTERMEDIATES: usize = 8;
