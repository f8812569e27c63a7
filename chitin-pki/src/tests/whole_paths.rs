//! What is asked of whole paths, and where the search goes on behind one that is refused.

use alloc::string::ToString;
use alloc::vec::Vec;

use pki_types::CertificateDer;
use rcgen::{GeneralSubtree, KeyUsagePurpose, NameConstraints, date_time_ymd};

use super::support::*;
use crate::{
    Budget, Certificate, Error, OcspProblem, Path, Problem, Purpose, RevocationProblem, Revoked, Verifier,
    Which, anchor_from_der,
};

/// Verifies with this check, and gives the path that it accepted or the error.
fn verify_with(
    leaf: &CertificateDer<'_>,
    pool: &[CertificateDer<'_>],
    roots: &[&Ca],
    mut check: impl FnMut(&Path<'_, '_>) -> Result<(), Error>,
) -> Result<(Vec<usize>, usize), Error> {
    let anchors: Vec<_> = roots.iter().map(|root| anchor_from_der(&root.der).unwrap()).collect();
    let leaf = Certificate::parse(leaf).unwrap();
    let verifier = Verifier::new(ALL, &anchors, at(NOW), Purpose::ServerAuth);
    let found = verifier.verify_with(&leaf, pool, &mut check);
    found.map(|(path, ())| positions(&path))
}

fn revoked() -> Problem {
    let revoked = Revoked { at: at(NOW - 1), reason: None, invalid_since: None };
    Problem::Revocation(RevocationProblem::Revoked(revoked))
}

fn unknown() -> Problem {
    Problem::Revocation(RevocationProblem::Unknown { faults: Vec::new() })
}

/// Refuses paths with one of these positions, with this problem of it.
fn without<'w>(
    positions: &'w [usize],
    problem: &'w Problem,
    asked: &'w mut usize,
) -> impl FnMut(&Path<'_, '_>) -> Result<(), Error> + 'w {
    move |path| {
        *asked += 1;
        let bad = path.intermediates.iter().find(|link| positions.contains(&link.position));
        match bad {
            Some(link) => Err(problem.clone().of(Which::Peer(link.position))),
            None => Ok(()),
        }
    }
}

#[test]
fn each_path_is_tried_until_one_is_accepted() {
    let roots: Vec<_> = ["a", "b", "c"].map(Ca::root).into();
    let roots: Vec<_> = roots.iter().collect();
    let sub = roots[0].sub("sub");
    let pool: Vec<_> = roots.iter().map(|root| root.cross(&sub)).collect();
    let leaf = sub.leaf();
    for problem in [revoked(), unknown(), Problem::BadSerial] {
        let mut asked = 0;
        let found = verify_with(&leaf, &pool, &roots, without(&[1, 2], &problem, &mut asked));
        assert_eq!(found, Ok((Vec::from([3]), 2)));
        assert_eq!(asked, 3);
        let found = verify_with(&leaf, &pool, &roots, without(&[1, 2, 3], &problem, &mut asked));
        // Of the same kind, the first.
        assert_eq!(found, wrong(Which::Peer(1), problem));
    }
}

#[test]
fn another_anchor_of_the_same_name_and_key_is_tried() {
    let root = Ca::root("root");
    let mut asked = Vec::new();
    let found = verify_with(&root.leaf(), &[], &[&root, &root], |path| {
        asked.push(path.anchor_position);
        if path.anchor_position == 1 { Ok(()) } else { Err(unknown().of(LEAF)) }
    });
    assert_eq!(found, Ok((Vec::new(), 1)));
    assert_eq!(asked, [0, 1]);
}

/// What is revoked is revoked in each path, so that a mesh above it is not walked through for it.
#[test]
fn no_second_path_is_built_through_what_is_revoked() {
    let root = Ca::root("root");
    let upper: Vec<_> = (0..6).map(|i| root.sub(&i.to_string())).collect();
    let sub = upper[0].sub("sub");
    let mut pool = Vec::from([sub.der.clone()]);
    for (i, issuer) in upper.iter().enumerate() {
        for subject in upper.iter().skip(i + 1) {
            pool.push(issuer.cross(subject));
            pool.push(subject.cross(issuer));
        }
        pool.push(issuer.der.clone());
    }
    let leaf = sub.leaf();
    let mut asked = 0;
    let found = verify_with(&leaf, &pool, &[&root], without(&[1], &revoked(), &mut asked));
    assert_eq!((found, asked), (wrong(Which::Peer(1), revoked()), 1));

    for of_the_leaf in
        [revoked(), Problem::Revocation(RevocationProblem::Staple(OcspProblem::Signature.into()))]
    {
        let mut asked = 0;
        let found = verify_with(&leaf, &pool, &[&root], |_| {
            asked += 1;
            Err(of_the_leaf.clone().of(LEAF))
        });
        assert_eq!((found, asked), (wrong(LEAF, of_the_leaf), 1));
    }

    // What is merely not known may be known on another path; but not on thousands.
    let mut asked = 0;
    let found = verify_with(&leaf, &pool, &[&root], without(&[1], &unknown(), &mut asked));
    assert_eq!(found, wrong(LEAF, Problem::BudgetExceeded { budget: Budget::Paths }));
    assert_eq!(asked, Budget::Paths.limit());
}

/// A dead end on the way says less than what was said of a path that is whole.
#[test]
fn the_error_is_that_of_the_path_that_came_furthest() {
    let (good, other) = (Ca::root("good"), Ca::root("other"));
    let mut sub = good.sub("sub");
    sub.params.not_after = date_time_ymd(2025, 12, 31);
    let expired = other.cross(&sub);
    sub.params.not_after = date_time_ymd(2040, 1, 1);
    sub.params.name_constraints = Some(NameConstraints {
        permitted_subtrees: Vec::from([GeneralSubtree::DnsName("example.org".to_string())]),
        excluded_subtrees: Vec::new(),
    });
    let constrained = other.cross(&sub);
    sub.params.name_constraints = None;
    sub.params.key_usages = Vec::from([KeyUsagePurpose::CrlSign]);
    let may_not = other.cross(&sub);
    let pool = [expired, sub.der.clone(), constrained, may_not];
    let leaf = sub.leaf();
    for problem in [revoked(), unknown()] {
        let found = verify_with(&leaf, &pool, &[&good, &other], without(&[2], &problem, &mut 0));
        assert_eq!(found, wrong(Which::Peer(2), problem));
    }
}

#[test]
fn a_diagnosis_names_each_path_that_was_refused() {
    let (a, b) = (Ca::root("A"), Ca::root("B"));
    let sub = a.sub("Sub");
    let pool = [sub.der.clone(), b.cross(&sub)];
    let leaf = sub.leaf();
    let leaf = Certificate::parse(&leaf).unwrap();
    let anchors = [&a, &b].map(|root| anchor_from_der(&root.der).unwrap());
    let verifier = Verifier::new(ALL, &anchors, at(NOW), Purpose::ServerAuth);
    let mut check = |path: &Path<'_, '_>| match path.intermediates[0].position {
        1 => Err::<(), _>(revoked().of(Which::Peer(1))),
        _ => Err(unknown().of(Which::Peer(2))),
    };
    let diagnosis = verifier.diagnose_with(&leaf, &pool, &mut check).map(|_| ()).unwrap_err();
    assert_eq!(diagnosis.error, revoked().of(Which::Peer(1)));
    assert_eq!(verifier.verify_with(&leaf, &pool, &mut check).map(|_| ()).unwrap_err(), diagnosis.error);
    let tried: Vec<_> = diagnosis.attempts.iter().map(|attempt| attempt.error.clone()).collect();
    assert_eq!(tried, [revoked().of(Which::Peer(1)), unknown().of(Which::Peer(2))]);
    let text = diagnosis.to_string();
    assert_eq!(text.lines().filter(|line| line.starts_with("Tried: \"CN=leaf\", by \"CN=Sub\"")).count(), 2);
}
