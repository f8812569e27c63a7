//! A search by an index of anchors finds what a search without one does.

use alloc::string::ToString;
use alloc::vec::Vec;

use pki_types::CertificateDer;
use rcgen::{DistinguishedName, DnType, DnValue};

use super::support::*;
use crate::{AnchorIndex, Certificate, Error, Problem, Purpose, Verifier, Which, anchor_from_der};

/// What is found without an index, which is what is found with one.
#[track_caller]
fn both_ways(
    leaf: &CertificateDer<'_>,
    pool: &[&CertificateDer<'_>],
    roots: &[Ca],
) -> Result<(Vec<usize>, usize), Error> {
    let anchors: Vec<_> = roots.iter().map(|root| anchor_from_der(&root.der).unwrap()).collect();
    let index = AnchorIndex::new(anchors.iter());
    let pool: Vec<_> = pool.iter().map(|&der| der.clone()).collect();
    let leaf = Certificate::parse(leaf).unwrap();
    let plain = Verifier::new(ALL, &anchors, at(NOW), Purpose::ServerAuth);
    let by_index = plain.with_index(&index);
    let [plain, by_index] =
        [plain, by_index].map(|verifier| verifier.verify(&leaf, &pool).map(|path| positions(&path)));
    assert_eq!(by_index, plain);
    plain
}

/// Ten with an index worth having: two of them are called alike.
fn roots() -> Vec<Ca> {
    ["a", "b", "c", "same", "d", "e", "same", "f", "Some CA", "g"].iter().map(|name| Ca::root(name)).collect()
}

/// What this CA calls itself in what it issues.
fn renamed(root: &mut Ca, name: DnValue) {
    let mut dn = DistinguishedName::new();
    dn.push(DnType::CommonName, name);
    root.params.distinguished_name = dn;
}

#[test]
fn each_anchor_is_found() {
    let roots = roots();
    for (at, root) in roots.iter().enumerate() {
        // Where two have the name, the keys tell.
        assert_eq!(both_ways(&root.leaf(), &[], &roots), Ok((Vec::new(), at)));
        let sub = root.sub("sub");
        assert_eq!(both_ways(&sub.leaf(), &[&sub.der], &roots), Ok((Vec::from([1]), at)));
    }
    // A third of that name, which is not among them.
    let error = both_ways(&Ca::root("same").leaf(), &[], &roots).unwrap_err();
    assert_eq!(error, Error { certificate: LEAF, problem: Problem::BadSignature });
}

/// RFC 5280 section 7.1: neither case nor the kind of string counts.
#[test]
fn an_issuer_that_is_written_otherwise_is_found() {
    for name in [
        DnValue::Utf8String("SOME  ca ".to_string()),
        DnValue::PrintableString("Some CA".try_into().unwrap()),
        DnValue::PrintableString("some ca".try_into().unwrap()),
    ] {
        let mut roots = roots();
        renamed(&mut roots[8], name);
        let sub = roots[8].sub("sub");
        assert_eq!(both_ways(&roots[8].leaf(), &[], &roots), Ok((Vec::new(), 8)));
        assert_eq!(both_ways(&sub.leaf(), &[&sub.der], &roots), Ok((Vec::from([1]), 8)));
    }
}

#[test]
fn an_issuer_that_nobody_knows_is_not_found() {
    let (roots, other) = (roots(), Ca::root("other"));
    let unknown = || Problem::UnknownIssuer { issuer: common_name("other")[2..].to_vec() };
    assert_eq!(both_ways(&other.leaf(), &[], &roots), wrong(LEAF, unknown()));
    let sub = other.sub("sub");
    assert_eq!(both_ways(&sub.leaf(), &[&sub.der], &roots), wrong(Which::Peer(1), unknown()));
}

#[test]
fn by_the_index_of_another_list_nothing_more_is_trusted() {
    let roots = roots();
    let anchors: Vec<_> = roots.iter().map(|root| anchor_from_der(&root.der).unwrap()).collect();
    let index = AnchorIndex::new(anchors.iter());
    let verifier = Verifier::new(ALL, &anchors[1..], at(NOW), Purpose::ServerAuth).with_index(&index);
    // The index leads to where another anchor is, or behind the last.
    for at in [8, 9] {
        let der = roots[at].leaf();
        let leaf = Certificate::parse(&der).unwrap();
        let error = verifier.verify(&leaf, &[]).map(|path| positions(&path)).unwrap_err();
        assert!(matches!(error.problem, Problem::UnknownIssuer { .. }), "{error}");
    }
}
