//! How many timestamps of which logs are enough.
//!
//! The policy is that of Chrome: two or three logs, two operators, and one log that still works. Timestamps within the
//! certificate are judged by themselves, those that came beside it by themselves, and one of both has to be enough.

use alloc::vec::Vec;
use core::fmt;

use pki_types::{SignatureVerificationAlgorithm, UnixTime, alg_id};

use super::logs::{Log, LogList, LogState};
use super::timestamp::{Entry, Timestamp, in_extension};
use crate::cert::Certificate;
use crate::error::{Error, Problem, Which};
use crate::ocsp::Digests;
use crate::oid;
use crate::path::Path;
use crate::revocation::issuer_key;
use crate::signature::Signed;
use crate::spki::SubjectPublicKeyInfo;

/// What a certificate is asked for.
#[derive(Clone, Copy)]
pub struct Transparency<'t> {
    /// The logs that count.
    pub logs: &'t LogList,
    /// The signature algorithms that are allowed. Logs have ECDSA with P-256 or RSA, both with SHA-256.
    pub algorithms: &'t [&'t dyn SignatureVerificationAlgorithm],
    /// How logs and issuers are named.
    pub digests: &'t dyn Digests,
}

/// Timestamps that came beside a certificate.
#[derive(Clone, Copy, Debug, Default)]
pub struct Delivered<'t> {
    /// Those of the TLS extension, each as RFC 6962 section 3.3 serializes it.
    pub handshake: &'t [&'t [u8]],
    /// The value of the extension of an OCSP response that was verified.
    pub ocsp: Option<&'t [u8]>,
}

/// The timestamps are not enough.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TransparencyProblem {
    /// How many logs are asked for, of the kind of delivery that came closest.
    pub wanted: usize,
    /// How many logs have a timestamp that counts.
    pub logs: usize,
    /// How many operators these have.
    pub operators: usize,
    /// One of these logs still works.
    pub current: bool,
    /// Timestamps that count for nothing: of an unknown or rejected log, of a time to come, or with a bad signature.
    pub rejected: usize,
}

impl Transparency<'_> {
    /// Checks the timestamps of the leaf of a path. With an old list there is nothing to check, and the answer is `false`.
    ///
    /// # Errors
    ///
    /// [`Problem::Transparency`] if they are not enough.
    pub fn check(
        &self,
        path: &Path<'_, '_>,
        delivered: &Delivered<'_>,
        now: UnixTime,
    ) -> Result<bool, Error> {
        if !self.logs.is_fresh(now) {
            return Ok(false);
        }
        let issuer = issuer_key(path).map_err(|problem| problem.of(Which::Anchor(path.anchor_position)))?;
        match self.judge(&path.leaf, &issuer, delivered, now) {
            Ok(()) => Ok(true),
            Err(problem) => Err(Problem::Transparency(problem).of(Which::Peer(0))),
        }
    }

    fn judge(
        &self,
        leaf: &Certificate<'_>,
        issuer: &SubjectPublicKeyInfo<'_>,
        delivered: &Delivered<'_>,
        now: UnixTime,
    ) -> Result<(), TransparencyProblem> {
        let within = leaf.extensions().find(|extension| extension.oid == oid::TIMESTAMPS);
        let within = within.map(|extension| in_extension(extension.value)).unwrap_or_default();
        let beside = delivered.ocsp.map(in_extension).unwrap_or_default();
        let beside: Vec<_> = delivered.handshake.iter().copied().chain(beside).collect();

        let mut embedded = Count::new(logs_wanted(leaf));
        // What cannot be put back into the shape it was signed in was not signed.
        if let Ok(entry) = Entry::before(leaf, issuer, self.digests) {
            self.count(&mut embedded, &within, &entry, now, Retired::Count);
        }
        let mut handed = Count::new(BESIDE);
        self.count(&mut handed, &beside, &Entry::whole(leaf), now, Retired::Ignore);
        match embedded.is_enough() || handed.is_enough() {
            true => Ok(()),
            false if handed.came() > embedded.came() => Err(handed.problem()),
            false => Err(embedded.problem()),
        }
    }

    fn count<'l>(
        &'l self,
        count: &mut Count<'l>,
        scts: &[&[u8]],
        entry: &Entry,
        now: UnixTime,
        retired: Retired,
    ) {
        for sct in scts.iter().take(TIMESTAMPS) {
            match Timestamp::parse(sct).and_then(|sct| self.log_of(&sct, entry, now).map(|log| (sct, log))) {
                Some((sct, log)) => count.add(log, sct.time(), retired),
                None => count.rejected = count.rejected.saturating_add(1),
            }
        }
    }

    /// The log that has signed a timestamp, if it is one that we know.
    fn log_of(&self, sct: &Timestamp<'_>, entry: &Entry, now: UnixTime) -> Option<&Log> {
        let log = self.logs.logs.iter().find(|log| self.digests.sha256(&log.key) == sct.log)?;
        if sct.time() > now {
            return None;
        }
        let algorithm = match sct.scheme {
            ECDSA_SHA256 => alg_id::ECDSA_SHA256,
            RSA_SHA256 => alg_id::RSA_PKCS1_SHA256,
            _ => return None,
        };
        let key = SubjectPublicKeyInfo::parse(&log.key).ok()?;
        key.check().ok()?;
        let message = sct.signed(entry)?;
        let signed = Signed { message: &message, algorithm: &algorithm, signature: sct.signature };
        let algorithm = signed.algorithm_for(&key, self.algorithms).ok()?;
        signed.verify(&key, algorithm).ok()?;
        Some(log)
    }
}

/// Whether timestamps of retired logs count, from before they were retired.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Retired {
    /// Within certificates, which cannot be changed any more.
    Count,
    /// Beside them, where others can be had.
    Ignore,
}

/// The timestamps of one kind of delivery.
struct Count<'l> {
    wanted: usize,
    logs: Vec<&'l [u8]>,
    operators: Vec<&'l str>,
    current: bool,
    rejected: usize,
}

impl<'l> Count<'l> {
    fn new(wanted: usize) -> Self {
        Self { wanted, logs: Vec::new(), operators: Vec::new(), current: false, rejected: 0 }
    }

    fn add(&mut self, log: &'l Log, time: UnixTime, retired: Retired) {
        match log.state {
            LogState::Qualified | LogState::Usable | LogState::ReadOnly => self.current = true,
            LogState::Retired { since } if retired == Retired::Count && time < since => {}
            LogState::Retired { .. } | LogState::Pending | LogState::Rejected => {
                self.rejected = self.rejected.saturating_add(1);
                return;
            }
        }
        // The same log twice is one log.
        if !self.logs.contains(&&log.key[..]) {
            self.logs.push(&log.key);
        }
        let operator = log.operator_at(time);
        if !self.operators.contains(&operator) {
            self.operators.push(operator);
        }
    }

    /// How much there was, for the error that tells more.
    fn came(&self) -> (usize, usize) {
        (self.logs.len(), self.rejected)
    }

    fn is_enough(&self) -> bool {
        self.logs.len() >= self.wanted && self.operators.len() >= OPERATORS && self.current
    }

    fn problem(&self) -> TransparencyProblem {
        TransparencyProblem {
            wanted: self.wanted,
            logs: self.logs.len(),
            operators: self.operators.len(),
            current: self.current,
            rejected: self.rejected,
        }
    }
}

/// Within a certificate: two logs, or three if it is valid for more than 180 days.
fn logs_wanted(leaf: &Certificate<'_>) -> usize {
    let validity = leaf.validity();
    // Both ends are included. RFC 5280 section 4.1.2.5.
    let life = validity.not_after.as_secs().saturating_sub(validity.not_before.as_secs()).saturating_add(1);
    if life > LONG { 3 } else { 2 }
}

impl core::error::Error for TransparencyProblem {}

impl fmt::Display for TransparencyProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let s = |count: usize| if count == 1 { "" } else { "s" };
        let (logs, operators) = (self.logs, self.operators);
        write!(
            f,
            "is not public enough: it has timestamps of {logs} log{} of {operators} operator{}",
            s(logs),
            s(operators)
        )?;
        if logs > 0 && !self.current {
            f.write_str(", none of which still works")?;
        }
        write!(f, ", and it takes {} logs of {OPERATORS}", self.wanted)?;
        match self.rejected {
            0 => Ok(()),
            1 => f.write_str("; 1 more counts for nothing"),
            more => write!(f, "; {more} more count for nothing"),
        }
    }
}

/// RFC 5246 section 7.4.1.4.1: sha256 and ecdsa.
const ECDSA_SHA256: [u8; 2] = [4, 3];
/// sha256 and rsa.
const RSA_SHA256: [u8; 2] = [4, 1];
/// 180 days.
const LONG: u64 = 180 * 86_400;
/// Logs beside a certificate, however long it is valid.
const BESIDE: usize = 2;
/// Operators, so that no one of them can hide a certificate alone.
const OPERATORS: usize = 2;
/// Timestamps of one delivery that are looked at. Certificates have two to five; each may cost a signature check.
const TIMESTAMPS: usize = 16;
