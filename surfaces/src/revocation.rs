//! Revocation lists and OCSP responses, about certificates that are good.

use std::time::Duration;

use chitin_pki::{
    Certificate, Digests, Problem, Purpose, Revocation, RevocationList, RevocationProblem, Verifier,
    anchor_from_der,
};
use pki_types::{AlgorithmIdentifier, CertificateDer, InvalidSignature, SignatureVerificationAlgorithm};
use pki_types::{UnixTime, alg_id};

use crate::configs;
use crate::script::Rest;

/// What stands behind its length: a staple, then lists, about the server's certificate. All signatures are good.
///
/// There is an answer, and it is the same whatever the order of the lists.
pub fn revocation(input: &[u8]) {
    what_is_said(input);
}

/// What the staple and the lists of an input say.
pub fn what_is_said(input: &[u8]) -> &'static str {
    let mut rest = Rest(input);
    let how = rest.byte();
    let staple = rest.sized().to_vec();
    let mut lists = Vec::new();
    while !rest.0.is_empty() && lists.len() < 12 {
        match RevocationList::parse(rest.sized().to_vec().into()) {
            Ok(list) => lists.push(list),
            Err(problem) => drop(format!("{problem} {problem:?}")),
        }
    }
    let there = ask(how, &staple, &lists);
    lists.reverse();
    assert_eq!(there, ask(how, &staple, &lists), "the order of the lists counts");
    there
}

/// What comes out, without the positions of lists.
fn ask(how: u8, staple: &[u8], lists: &[RevocationList<'_>]) -> &'static str {
    let (root, leaf) = (CertificateDer::from(configs::CA), CertificateDer::from(configs::SERVER));
    let anchors = [anchor_from_der(&root).expect("a good root")];
    let leaf = Certificate::parse(&leaf).expect("a good leaf");
    let algorithms: &[&dyn SignatureVerificationAlgorithm] = &[&Good];
    let now = UnixTime::since_unix_epoch(Duration::from_secs(configs::NOW));
    let verifier = Verifier::new(algorithms, &anchors, now, Purpose::ServerAuth);
    let path = verifier.verify(&leaf, &[]).expect("all signatures are good");
    let mut policy = Revocation::by_lists(lists);
    if how & 1 != 0 {
        policy = policy.with_staple(staple, &Zeros);
    }
    if how & 2 != 0 {
        policy = policy.accept_stale_lists();
    }
    match policy.check(&verifier, &path, &[]) {
        Ok(report) => {
            assert!(report.unknown.is_empty());
            "good"
        }
        Err(error) => {
            drop(format!("{error} {error:?}"));
            match error.problem {
                Problem::Revocation(RevocationProblem::Revoked(_)) => "revoked",
                Problem::Revocation(RevocationProblem::Staple(_)) => "staple",
                Problem::Revocation(RevocationProblem::StaleList { .. }) => "stale",
                _ => "unknown",
            }
        }
    }
}

/// Hashes of which all are met by zeros.
struct Zeros;

impl Digests for Zeros {
    fn sha1(&self, _: &[u8]) -> [u8; 20] {
        [0; 20]
    }

    fn sha256(&self, _: &[u8]) -> [u8; 32] {
        [0; 32]
    }
}

/// Finds every signature good.
#[derive(Debug)]
pub(crate) struct Good;

impl SignatureVerificationAlgorithm for Good {
    fn verify_signature(&self, _: &[u8], _: &[u8], _: &[u8]) -> Result<(), InvalidSignature> {
        Ok(())
    }

    fn public_key_alg_id(&self) -> AlgorithmIdentifier {
        alg_id::ECDSA_P256
    }

    fn signature_alg_id(&self) -> AlgorithmIdentifier {
        alg_id::ECDSA_SHA256
    }
}
