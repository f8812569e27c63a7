//! Revocation for both verifiers: the lists they were given, read once, and what 0.23 calls the ways to fail.

use alloc::sync::Arc;
use alloc::vec::Vec;

use chitin_pki::{ListFault, ListProblem, Path, Problem, RevocationList, RevocationProblem, Verifier};
use pki_types::{CertificateDer, CertificateRevocationListDer};

use super::VerifierBuilderError;
use crate::error::{CertRevocationListError, CertificateError, Error, OtherError};
use crate::log::log_line;

/// What a builder is told about revocation.
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
        let Self { lists, end_entity_only, allow_unknown, enforce_expiration } = self;
        let lists =
            lists.into_iter().map(RevocationList::parse).collect::<Result<Vec<_>, _>>().map_err(of_list)?;
        Ok(Some(Revocation {
            lists,
            end_entity_only,
            allow_unknown,
            enforce_expiration,
            #[cfg(feature = "std")]
            memory: memory::Memory::default(),
        }))
    }
}

/// Lists, and how they are to be used.
#[derive(Debug)]
pub(super) struct Revocation {
    lists: Vec<RevocationList<'static>>,
    end_entity_only: bool,
    allow_unknown: bool,
    enforce_expiration: bool,
    #[cfg(feature = "std")]
    memory: memory::Memory,
}

impl Revocation {
    /// Asks about the certificates of a path that `verifier` found.
    pub(super) fn check(
        &self,
        verifier: &Verifier<'_>,
        path: &Path<'_, '_>,
        intermediates: &[CertificateDer<'_>],
    ) -> Result<(), chitin_pki::Error> {
        let mut policy = chitin_pki::Revocation::by_lists(&self.lists);
        #[cfg(feature = "std")]
        {
            policy = policy.with_memory(&self.memory);
        }
        if self.end_entity_only {
            policy = policy.end_entity_only();
        }
        if self.allow_unknown {
            policy = policy.allow_unknown_status();
        }
        if !self.enforce_expiration {
            policy = policy.accept_stale_lists();
        }
        let report = policy.check(verifier, path, intermediates)?;
        for fault in &report.faults {
            log_line!(warn, "a revocation list was not used: {fault}");
            let _ = fault;
        }
        Ok(())
    }

    /// All that decides about a certificate, for the fingerprint of a policy.
    pub(super) fn describe(&self) -> Vec<u8> {
        let mut out =
            Vec::from([self.end_entity_only, self.allow_unknown, self.enforce_expiration].map(u8::from));
        for list in &self.lists {
            // Issuer, number and time name a list among those of an honest issuer.
            for part in [list.issuer().0, list.number(), &list.this_update().as_secs().to_be_bytes()] {
                out.extend(u64::try_from(part.len()).unwrap_or(u64::MAX).to_be_bytes());
                out.extend_from_slice(part);
            }
        }
        out
    }
}

/// What 0.23 calls a problem of revocation.
pub(super) fn of_problem(problem: RevocationProblem) -> Error {
    match problem {
        RevocationProblem::Revoked(_) => CertificateError::Revoked.into(),
        RevocationProblem::StaleList { time, next_update, .. } => {
            CertificateError::ExpiredRevocationListContext { time, next_update }.into()
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
        ListProblem::Form(_) | ListProblem::WrongCriticality { .. } | ListProblem::IssuerInDirectList => {
            CertRevocationListError::ParseError
        }
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
