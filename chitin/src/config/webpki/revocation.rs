//! What verifiers are told about revocation, and what 0.23 calls the ways to fail.

use alloc::sync::Arc;
use alloc::vec::Vec;
use core::fmt;

use chitin_pki::{
    Digests, Inquiry, ListFault, ListProblem, Problem, RevocationList, RevocationProblem, RevocationReport,
};
use pki_types::{CertificateDer, CertificateRevocationListDer};

use super::VerifierBuilderError;
use super::joined::joined;
use crate::error::{CertRevocationListError, CertificateError, Error, OtherError};
use crate::log::log_line;

/// Says what to ask about revocation, and what to make of the answers: one policy for all sources.
///
/// The sources are revocation lists, which the application has, and the OCSP response that a server staples, which speaks of
/// its own certificate alone. One rule joins them. A staple has to be a good one: malformed, out of date (but for one that revokes), about another
/// certificate or signed by the wrong one it ends the handshake (RFC 6066 section 8). A certificate that demands a staple (RFC
/// 7633) has to be shown with one that says "good". Revoked by a source is revoked. Otherwise it is good if a source says so.
/// Otherwise its status is unknown, and that is refused unless [`Self::allow_unknown_status`] says otherwise.
///
/// All certificates of the path are asked about, or the peer's own alone if there are no lists. Nothing is fetched. Not in rustls
/// 0.23.
#[derive(Clone, Default)]
pub struct Revocation {
    lists: Vec<RevocationList<'static>>,
    /// Which of the lists that were given each of `lists` is.
    positions: Vec<usize>,
    unusable: Vec<(usize, CertRevocationListError)>,
    issuers: Vec<CertificateDer<'static>>,
    staples: bool,
    end_entity_only: bool,
    allow_unknown: bool,
    accept_stale: bool,
}

impl Revocation {
    /// Starts a policy that asks no source.
    pub fn new() -> Self {
        Self::default()
    }

    /// Asks these lists, too. They are chosen among by RFC 5280 section 6.3.3, whatever their order: by issuer, distribution
    /// point and reason, the newest first, with deltas and indirect lists.
    ///
    /// One that cannot be read is left out, and stands in [`Self::unusable_lists`].
    pub fn with_lists(
        mut self,
        lists: impl IntoIterator<Item = CertificateRevocationListDer<'static>>,
    ) -> Self {
        for der in lists {
            let position = self.positions.len().saturating_add(self.unusable.len());
            match RevocationList::parse(der) {
                Ok(list) => {
                    self.lists.push(list);
                    self.positions.push(position);
                }
                Err(problem) => {
                    log_line!(
                        warn,
                        crate::log::target::CERTIFICATES,
                        "revocation list {position} cannot be used: it {problem}"
                    );
                    self.unusable.push((position, of_list(problem)));
                }
            }
        }
        self
    }

    /// Looks for the issuers of lists among these certificates and those that the peer sends. They are not trusted for it.
    ///
    /// That is for lists whose issuer is not the one of the certificates they are about, or signs them with another key.
    pub fn with_list_issuers(
        mut self,
        certificates: impl IntoIterator<Item = CertificateDer<'static>>,
    ) -> Self {
        self.issuers.extend(certificates);
        self
    }

    /// Asks the OCSP response that a server staples, and refuses a certificate without one that demands one.
    ///
    /// Servers are asked for it unless `ClientConfig::request_ocsp_response` is off. Of clients nothing is asked, nor
    /// expected: only lists tell their status.
    pub fn with_staples(mut self) -> Self {
        self.staples = true;
        self
    }

    /// Asks about the peer's own certificate only.
    pub fn end_entity_only(mut self) -> Self {
        self.end_entity_only = true;
        self
    }

    /// Accepts certificates of which no source speaks that can be used.
    pub fn allow_unknown_status(mut self) -> Self {
        self.allow_unknown = true;
        self
    }

    /// Lets lists count that are out of date. An OCSP response that is out of date counts only in what it revokes, with this or without.
    pub fn accept_stale_lists(mut self) -> Self {
        self.accept_stale = true;
        self
    }

    /// The lists that could not be read, by their positions among those that were given, and why.
    pub fn unusable_lists(&self) -> impl Iterator<Item = (usize, &CertRevocationListError)> {
        self.unusable.iter().map(|(position, why)| (*position, why))
    }

    pub(super) fn asks_staples(&self) -> bool {
        self.staples
    }

    /// All that decides about a certificate, for the fingerprint of a policy.
    pub(super) fn describe(&self) -> Vec<u8> {
        let flags = [self.staples, self.end_entity_only, self.allow_unknown, self.accept_stale];
        let mut out = Vec::from(flags.map(u8::from));
        let lists = self.lists.iter().map(|list| list.der().to_vec()).collect();
        let issuers = self.issuers.iter().map(|der| der.to_vec()).collect();
        for list in [lists, issuers] {
            out.extend(joined(list));
        }
        out
    }
}

impl fmt::Debug for Revocation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // A list may have a hundred thousand entries.
        f.debug_struct("Revocation")
            .field("lists", &self.lists.len())
            .field("unusable", &self.unusable)
            .field("list_issuers", &self.issuers.len())
            .field("staples", &self.staples)
            .field("end_entity_only", &self.end_entity_only)
            .field("allow_unknown_status", &self.allow_unknown)
            .field("accept_stale_lists", &self.accept_stale)
            .finish()
    }
}

/// What a builder of 0.23 is told about revocation.
#[derive(Clone, Debug, Default)]
pub(super) struct Settings {
    pub(super) lists: Vec<CertificateRevocationListDer<'static>>,
    pub(super) end_entity_only: bool,
    pub(super) allow_unknown: bool,
    pub(super) enforce_expiration: bool,
}

impl Settings {
    /// Reads the lists. `None` if there are none: the other settings mean something only beside lists.
    pub(super) fn build(self) -> Result<Option<Revocation>, VerifierBuilderError> {
        if self.lists.is_empty() {
            return Ok(None);
        }
        let mut policy = Revocation::new().with_lists(self.lists);
        if let Some((_, why)) = policy.unusable.pop() {
            return Err(why.into());
        }
        policy.end_entity_only = self.end_entity_only;
        policy.allow_unknown = self.allow_unknown;
        policy.accept_stale = !self.enforce_expiration;
        Ok(Some(policy))
    }
}

/// A policy at work in one verifier.
#[derive(Debug)]
pub(super) struct Checker {
    pub(super) policy: Revocation,
    #[cfg(feature = "std")]
    memory: memory::Memory,
}

impl Checker {
    pub(super) fn new(policy: Revocation) -> Self {
        Self {
            policy,
            #[cfg(feature = "std")]
            memory: memory::Memory::default(),
        }
    }

    /// What is asked in one verification. What the peer stapled is asked with digests only.
    pub(super) fn inquiry<'i>(
        &'i self,
        intermediates: &'i [CertificateDer<'_>],
        staple: Option<(&'i [u8], &'i dyn Digests)>,
    ) -> Inquiry<'i> {
        let policy = &self.policy;
        let mut question = chitin_pki::Revocation::by_lists(&policy.lists).with_list_issuers(&policy.issuers);
        #[cfg(feature = "std")]
        {
            question = question.with_memory(&self.memory);
        }
        if let Some((response, digests)) = staple {
            question = question.with_staple(response, digests);
        }
        if policy.end_entity_only {
            question = question.end_entity_only();
        }
        if policy.allow_unknown {
            question = question.allow_unknown_status();
        }
        if policy.accept_stale {
            question = question.accept_stale_lists();
        }
        Inquiry::new(question, intermediates)
    }

    /// Writes down what was found of lists on the way to a path that is good.
    pub(super) fn log(&self, report: &RevocationReport) {
        for ListFault { position, problem } in &report.faults {
            let position = self.policy.positions.get(*position).unwrap_or(position);
            log_line!(
                warn,
                crate::log::target::CERTIFICATES,
                "revocation list {position} was not used: it {problem}"
            );
            let _ = (position, problem);
        }
    }
}

/// What 0.23 calls a problem of revocation.
pub(super) fn of_problem(problem: RevocationProblem) -> Error {
    match problem {
        RevocationProblem::Revoked(_) => CertificateError::Revoked.into(),
        RevocationProblem::StaleList { time, next_update, .. } => {
            CertificateError::ExpiredRevocationListContext { time, next_update }.into()
        }
        // RFC 7633 section 4.3.3 names the alert of an invalid response for a missing one, too.
        RevocationProblem::Staple(_) | RevocationProblem::NoStaple => {
            CertificateError::InvalidOcspResponse.into()
        }
        // A list that would have told is the reason, if it is the list's own fault.
        RevocationProblem::Unknown { faults } => match faults.into_iter().find(is_own) {
            Some(fault) => Error::InvalidCertRevocationList(of_list(fault.problem)),
            None => CertificateError::UnknownRevocationStatus.into(),
        },
        _ => CertificateError::UnknownRevocationStatus.into(),
    }
}

/// The fault lies in the list, and not in what else is there or in the time.
fn is_own(fault: &ListFault) -> bool {
    !matches!(
        fault.problem,
        ListProblem::NoIssuer | ListProblem::NotYetValid { .. } | ListProblem::TooMuchWork
    )
}

/// What 0.23 calls a problem of a list.
fn of_list(problem: ListProblem) -> CertRevocationListError {
    match problem {
        ListProblem::Form(Problem::UnsupportedSignatureAlgorithm { signature_algorithm_id, supported }) => {
            CertRevocationListError::UnsupportedSignatureAlgorithmContext {
                signature_algorithm_id,
                supported_algorithms: supported,
            }
        }
        ListProblem::Form(Problem::UnsupportedSignatureAlgorithmForPublicKey {
            signature_algorithm_id,
            public_key_algorithm_id,
        }) => CertRevocationListError::UnsupportedSignatureAlgorithmForPublicKeyContext {
            signature_algorithm_id,
            public_key_algorithm_id,
        },
        ListProblem::Form(_)
        | ListProblem::WrongCriticality { .. }
        | ListProblem::IssuerInDirectList
        | ListProblem::NoNextUpdate => CertRevocationListError::ParseError,
        ListProblem::Version { .. } => CertRevocationListError::UnsupportedCrlVersion,
        ListProblem::UnhandledCriticalExtension { .. } => {
            CertRevocationListError::UnsupportedCriticalExtension
        }
        ListProblem::Number => CertRevocationListError::InvalidCrlNumber,
        ListProblem::Serial => CertRevocationListError::InvalidRevokedCertSerialNumber,
        ListProblem::Reason { .. } => CertRevocationListError::UnsupportedRevocationReason,
        ListProblem::Signature => CertRevocationListError::BadSignature,
        ListProblem::IssuerMayNotSignLists
        | ListProblem::IssuerPath(_)
        | ListProblem::IssuerRevoked(_)
        | ListProblem::NoIssuer => CertRevocationListError::IssuerInvalidForCrl,
        problem => CertRevocationListError::Other(OtherError(Arc::new(problem))),
    }
}

#[cfg(feature = "std")]
mod memory {
    use std::vec::Vec;

    use chitin_pki::ListMemory;

    use crate::config::lock::Mutex;

    /// Which lists were found to be signed with which keys. It belongs to one verifier, whose lists and algorithms never
    /// change, and ends with it.
    #[derive(Debug)]
    pub(super) struct Memory(Mutex<Vec<(usize, Vec<u8>)>>);

    impl Default for Memory {
        fn default() -> Self {
            Self(Mutex::new(Vec::new()))
        }
    }

    impl ListMemory for Memory {
        fn is_signed(&self, position: usize, key: &[u8]) -> bool {
            self.0.lock().is_some_and(|known| known.iter().any(|(at, by)| *at == position && by == key))
        }

        fn learn(&self, position: usize, key: &[u8]) {
            if let Some(mut known) = self.0.lock() {
                // The list was just checked with this key, so it is an honest one; but keys are the peers'.
                if known.iter().filter(|(at, _)| *at == position).count() < KEYS
                    && !known.iter().any(|(at, by)| *at == position && by == key)
                {
                    known.push((position, key.to_vec()));
                }
            }
        }
    }

    /// Keys that are remembered for one list. A list has one signature, so a second key would be a wonder.
    const KEYS: usize = 2;
}

#[cfg(test)]
mod tests {
    use alloc::string::ToString as _;
    use alloc::vec;

    use pki_types::UnixTime;

    use super::*;

    /// What chitin-pki's own tests do not see: the names that 0.23 has for what they bring about.
    #[test]
    fn problems_of_lists_have_the_names_of_0_23() {
        let time = UnixTime::since_unix_epoch;
        let (now, later) = (time(core::time::Duration::ZERO), time(core::time::Duration::from_secs(1)));
        let unsupported =
            Problem::UnsupportedSignatureAlgorithm { signature_algorithm_id: vec![1], supported: vec![] };
        let unfit = Problem::UnsupportedSignatureAlgorithmForPublicKey {
            signature_algorithm_id: vec![1],
            public_key_algorithm_id: vec![2],
        };
        for (problem, name) in [
            (
                ListProblem::Form(unsupported),
                CertRevocationListError::UnsupportedSignatureAlgorithmContext {
                    signature_algorithm_id: vec![1],
                    supported_algorithms: vec![],
                },
            ),
            (
                ListProblem::Form(unfit),
                CertRevocationListError::UnsupportedSignatureAlgorithmForPublicKeyContext {
                    signature_algorithm_id: vec![1],
                    public_key_algorithm_id: vec![2],
                },
            ),
            (ListProblem::Version { version: 0 }, CertRevocationListError::UnsupportedCrlVersion),
            (ListProblem::Serial, CertRevocationListError::InvalidRevokedCertSerialNumber),
            (ListProblem::Reason { code: 7 }, CertRevocationListError::UnsupportedRevocationReason),
            (ListProblem::IssuerMayNotSignLists, CertRevocationListError::IssuerInvalidForCrl),
            (ListProblem::IssuerInDirectList, CertRevocationListError::ParseError),
            (ListProblem::NoNextUpdate, CertRevocationListError::ParseError),
        ] {
            assert_eq!(of_list(problem.clone()), name, "{problem:?}");
        }
        for problem in [ListProblem::NotYetValid { time: now, this_update: later }, ListProblem::TooMuchWork]
        {
            let CertRevocationListError::Other(why) = of_list(problem.clone()) else { panic!("{problem:?}") };
            assert_eq!(why.to_string(), problem.to_string());
        }
    }
}
