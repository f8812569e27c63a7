//! Certificate policies by way of whole paths. What is expected is worked out by hand from RFC 5280 section 6.1 and RFC 9618.

use alloc::vec::Vec;
use std::time::{Duration, Instant};

use rcgen::{CertificateParams, CustomExtension};

use super::support::*;
use crate::{Budget, Certificate, Error, PolicyInputs, PolicySet, Problem, Purpose, Verifier, Which};
use crate::{anchor_from_der, oid_from_text};

/// The policy 1.2.n, as the octets of its identifier.
fn policy(n: u8) -> Vec<u8> {
    Vec::from([0x2a, n])
}

const ANY: u8 = 0;

fn oid(n: u8) -> Vec<u8> {
    match n {
        ANY => tlv(0x06, &[&oid_from_text("2.5.29.32.0").unwrap()]),
        n => tlv(0x06, &[&policy(n)]),
    }
}

fn policies(list: &[u8]) -> CustomExtension {
    let list: Vec<_> = list.iter().map(|n| tlv(0x30, &[&oid(*n)])).collect();
    extension(&[2, 5, 29, 32], false, &tlv(0x30, &[&list.concat()]))
}

fn mappings(pairs: &[(u8, u8)]) -> CustomExtension {
    let pairs: Vec<_> = pairs.iter().map(|(a, b)| tlv(0x30, &[&oid(*a), &oid(*b)])).collect();
    extension(&[2, 5, 29, 33], true, &tlv(0x30, &[&pairs.concat()]))
}

/// requireExplicitPolicy after so many certificates.
fn explicit(after: u8) -> CustomExtension {
    extension(&[2, 5, 29, 36], true, &tlv(0x30, &[&tlv(0x80, &[&[after]])]))
}

/// inhibitPolicyMapping after so many certificates.
fn no_mapping(after: u8) -> CustomExtension {
    extension(&[2, 5, 29, 36], true, &tlv(0x30, &[&tlv(0x81, &[&[after]])]))
}

fn no_any(after: u8) -> CustomExtension {
    extension(&[2, 5, 29, 54], true, &[0x02, 0x01, after])
}

/// A root, a CA for each list of extensions, and a leaf with the last list.
fn path(extensions: &[&[CustomExtension]]) -> (Ca, Vec<Ca>, pki_types::CertificateDer<'static>) {
    let with = |list: &[CustomExtension]| {
        let list = list.to_vec();
        move |params: &mut CertificateParams| params.custom_extensions.extend(list.iter().cloned())
    };
    let root = Ca::root("root");
    let (leaf, subs) = extensions.split_last().unwrap();
    let mut cas: Vec<Ca> = Vec::new();
    for (i, list) in subs.iter().enumerate() {
        let name = std::format!("sub {i}");
        let sub = cas.last().unwrap_or(&root).sub_with(&name, &with(list));
        cas.push(sub);
    }
    let leaf = cas.last().unwrap_or(&root).leaf_with(&with(leaf));
    (root, cas, leaf)
}

fn judge(extensions: &[&[CustomExtension]], inputs: PolicyInputs<'_>) -> Result<PolicySet, Error> {
    let (root, cas, leaf) = path(extensions);
    let anchors = [anchor_from_der(&root.der).unwrap()];
    let pool: Vec<_> = cas.iter().map(|ca| ca.der.clone()).collect();
    let leaf = Certificate::parse(&leaf).unwrap();
    let verifier = Verifier::new(ALL, &anchors, at(NOW), Purpose::ServerAuth).with_policies(inputs);
    verifier.verify(&leaf, &pool).map(|path| path.policies)
}

fn valid(list: &[u8]) -> Result<PolicySet, Error> {
    Ok(PolicySet { any: false, policies: list.iter().map(|n| policy(*n)).collect() })
}

fn any() -> Result<PolicySet, Error> {
    Ok(PolicySet { any: true, policies: Vec::new() })
}

fn none_at(position: usize) -> Result<PolicySet, Error> {
    Err(Problem::NoValidPolicy.of(Which::Peer(position)))
}

fn asked(set: &[Vec<u8>], require_explicit: bool, check: impl Fn(PolicyInputs<'_>)) {
    let set: Vec<&[u8]> = set.iter().map(Vec::as_slice).collect();
    check(PolicyInputs { initial_set: Some(&set), require_explicit, ..PolicyInputs::default() });
}

const NOTHING: PolicyInputs<'_> =
    PolicyInputs { initial_set: None, require_explicit: false, inhibit_mapping: false, inhibit_any: false };
const EXPLICIT: PolicyInputs<'_> = PolicyInputs { require_explicit: true, ..NOTHING };

#[test]
fn a_policy_has_to_be_in_every_certificate() {
    assert_eq!(judge(&[&[policies(&[1, 2])], &[policies(&[2, 3])]], NOTHING), valid(&[2]));
    assert_eq!(judge(&[&[policies(&[1])], &[policies(&[2])]], NOTHING), valid(&[]));
    assert_eq!(judge(&[&[policies(&[1])], &[]], NOTHING), valid(&[]));
    assert_eq!(judge(&[&[], &[policies(&[1])]], NOTHING), valid(&[]));
    // If it has to be there, the path ends where it is not. Position 1 is the CA, 0 the leaf.
    assert_eq!(judge(&[&[policies(&[1, 2])], &[policies(&[2, 3])]], EXPLICIT), valid(&[2]));
    assert_eq!(judge(&[&[policies(&[1])], &[policies(&[2])]], EXPLICIT), none_at(0));
    assert_eq!(judge(&[&[], &[policies(&[1])]], EXPLICIT), none_at(1));
}

#[test]
fn any_policy_stands_for_all() {
    assert_eq!(judge(&[&[policies(&[ANY])], &[policies(&[ANY])]], EXPLICIT), any());
    assert_eq!(judge(&[&[policies(&[ANY])], &[policies(&[1])]], EXPLICIT), valid(&[1]));
    assert_eq!(judge(&[&[policies(&[1])], &[policies(&[ANY])]], EXPLICIT), valid(&[1]));
    assert_eq!(
        judge(&[&[policies(&[1, ANY])], &[policies(&[ANY, 2])]], EXPLICIT).unwrap().policies,
        [policy(1), policy(2)]
    );
}

#[test]
fn the_caller_says_which_policies_will_do() {
    let good: &[&[CustomExtension]] = &[&[policies(&[1, 2])], &[policies(&[1, 2])]];
    asked(&[policy(1), policy(9)], true, |inputs| assert_eq!(judge(good, inputs), valid(&[1])));
    asked(&[policy(9)], true, |inputs| assert_eq!(judge(good, inputs), none_at(0)));
    // Without the demand the path is good for none of them, and good all the same.
    asked(&[policy(9)], false, |inputs| assert_eq!(judge(good, inputs), valid(&[])));
    let all: &[&[CustomExtension]] = &[&[policies(&[ANY])], &[policies(&[ANY])]];
    asked(&[policy(4), policy(3)], true, |inputs| assert_eq!(judge(all, inputs), valid(&[3, 4])));
    let any_asked = oid_from_text("2.5.29.32.0").unwrap();
    asked(&[any_asked], true, |inputs| assert_eq!(judge(good, inputs), valid(&[1, 2])));
}

#[test]
fn certificates_may_demand_a_policy() {
    // After none, one or two certificates, not counted this one; the leaf counts.
    // The CA that the root has signed is at position 1, the one below at 2.
    assert_eq!(judge(&[&[explicit(0)], &[], &[]], NOTHING), none_at(2));
    assert_eq!(judge(&[&[explicit(1)], &[], &[]], NOTHING), none_at(0));
    assert_eq!(judge(&[&[explicit(2)], &[], &[]], NOTHING), none_at(0));
    assert_eq!(judge(&[&[explicit(3)], &[], &[]], NOTHING), valid(&[]));
    assert_eq!(judge(&[&[], &[], &[explicit(0)]], NOTHING), none_at(0));
    assert_eq!(judge(&[&[], &[], &[explicit(1)]], NOTHING), valid(&[]));
    // One below cannot loosen what one above has said.
    assert_eq!(judge(&[&[explicit(1)], &[explicit(5)], &[]], NOTHING), none_at(0));
    // It need not be marked as critical.
    let loose = extension(&[2, 5, 29, 36], false, &tlv(0x30, &[&tlv(0x80, &[&[0]])]));
    assert_eq!(judge(&[&[loose], &[]], NOTHING), none_at(0));
}

#[test]
fn mapped_policies_are_those_of_the_anchor() {
    let mapped: &[&[CustomExtension]] = &[&[policies(&[1]), mappings(&[(1, 2)])], &[policies(&[2])]];
    assert_eq!(judge(mapped, EXPLICIT), valid(&[1]));
    asked(&[policy(2)], true, |inputs| assert_eq!(judge(mapped, inputs), none_at(0)));
    // A policy that is mapped is not itself any more.
    assert_eq!(judge(&[&[policies(&[1]), mappings(&[(1, 2)])], &[policies(&[1])]], EXPLICIT), none_at(0));
    // One to two, two to one, and on.
    assert_eq!(
        judge(&[&[policies(&[1]), mappings(&[(1, 2), (1, 3)])], &[policies(&[3])]], EXPLICIT),
        valid(&[1])
    );
    assert_eq!(
        judge(&[&[policies(&[1, 2]), mappings(&[(1, 3), (2, 3)])], &[policies(&[3])]], EXPLICIT),
        valid(&[1, 2])
    );
    assert_eq!(
        judge(
            &[
                &[policies(&[1]), mappings(&[(1, 2)])],
                &[policies(&[2]), mappings(&[(2, 3)])],
                &[policies(&[3])]
            ],
            EXPLICIT
        ),
        valid(&[1])
    );
    // What anyPolicy stands for may be mapped, too; the rest of it stands for itself.
    let some: &[CustomExtension] = &[policies(&[ANY]), mappings(&[(1, 2)])];
    assert_eq!(judge(&[some, &[policies(&[2])]], EXPLICIT), valid(&[1]));
    assert_eq!(judge(&[some, &[policies(&[3])]], EXPLICIT), valid(&[3]));
}

#[test]
fn mapping_may_be_forbidden() {
    let mapped: &[&[CustomExtension]] = &[&[policies(&[1, 2]), mappings(&[(1, 3)])], &[policies(&[1, 2, 3])]];
    let forbidden = PolicyInputs { inhibit_mapping: true, ..EXPLICIT };
    assert_eq!(judge(mapped, forbidden), valid(&[2]));
    let third = |constraint: CustomExtension| {
        judge(
            &[&[policies(&[1]), constraint], &[policies(&[1]), mappings(&[(1, 2)])], &[policies(&[2])]],
            EXPLICIT,
        )
    };
    assert_eq!(third(no_mapping(1)), valid(&[1]));
    assert_eq!(third(no_mapping(0)), none_at(0));
}

#[test]
fn any_policy_may_be_forbidden() {
    let inputs = PolicyInputs { inhibit_any: true, ..EXPLICIT };
    assert_eq!(judge(&[&[policies(&[ANY])], &[policies(&[1])]], inputs), none_at(1));
    let below =
        |after| judge(&[&[policies(&[1]), no_any(after)], &[policies(&[ANY])], &[policies(&[1])]], EXPLICIT);
    assert_eq!(below(0), none_at(2));
    assert_eq!(below(1), valid(&[1]));
}

#[test]
fn self_issued_certificates_do_not_count() {
    let root = Ca::root("root");
    let with = |list: Vec<CustomExtension>| {
        move |params: &mut CertificateParams| params.custom_extensions.extend(list.iter().cloned())
    };
    let old = root.sub_with("sub", &with(Vec::from([policies(&[1]), explicit(1), no_any(0)])));
    // The new key of the same CA: anyPolicy is still for it to say, and it is not one of the certificates that may pass.
    let new = old.sub_with("sub", &with(Vec::from([policies(&[ANY])])));
    let sub = new.sub_with("lower", &with(Vec::from([policies(&[1])])));
    let leaf = sub.leaf_with(&with(Vec::from([policies(&[1])])));
    let bare = sub.leaf();
    let pool = [&old.der, &new.der, &sub.der];
    assert!(verify(&leaf, &pool, &[&root]).is_ok());
    assert_eq!(verify(&bare, &pool, &[&root]), wrong(LEAF, Problem::NoValidPolicy));
}

#[test]
fn another_path_is_tried_if_the_policies_of_one_do_not_fit() {
    let root = Ca::root("root");
    let with = |list: Vec<CustomExtension>| {
        move |params: &mut CertificateParams| params.custom_extensions.extend(list.iter().cloned())
    };
    let mut sub = root.sub_with("sub", &with(Vec::from([policies(&[2]), explicit(0)])));
    let strict = sub.der.clone();
    sub.params.custom_extensions = Vec::from([policies(&[1])]);
    let fitting = root.cross(&sub);
    let leaf = sub.leaf_with(&with(Vec::from([policies(&[1])])));
    assert_eq!(verify(&leaf, &[&strict], &[&root]), wrong(LEAF, Problem::NoValidPolicy));
    assert_eq!(verify(&leaf, &[&strict, &fitting], &[&root]), Ok((Vec::from([2]), 0)));
}

/// In the tree of RFC 5280 this has 16 to the power of 8 nodes.
#[test]
fn policies_that_all_map_to_all_do_not_grow() {
    let all: Vec<u8> = (1..=16).collect();
    let pairs: Vec<_> = all.iter().flat_map(|a| all.iter().map(move |b| (*a, *b))).collect();
    let mesh = [policies(&all), mappings(&pairs)];
    let leaf = [policies(&[1])];
    let levels: Vec<&[CustomExtension]> =
        core::iter::repeat_n(&mesh[..], 8).chain(core::iter::once(&leaf[..])).collect();
    let start = Instant::now();
    assert_eq!(judge(&levels, EXPLICIT), valid(&all));
    assert!(start.elapsed() < Duration::from_secs(5));
}

#[test]
fn policies_by_the_thousand_end_within_the_budget() {
    let list = |count: u16| {
        let list: Vec<_> = (0..count)
            .map(|n| tlv(0x30, &[&tlv(0x06, &[&[0x2a, 0x81 + (n >> 7) as u8, (n & 0x7f) as u8]])]))
            .collect();
        extension(&[2, 5, 29, 32], false, &tlv(0x30, &[&list.concat()]))
    };
    assert!(judge(&[&[list(5_000)], &[list(5_000)]], EXPLICIT).is_ok());
    let spent = Problem::BudgetExceeded { budget: Budget::Policies };
    assert_eq!(
        judge(&[&[list(7_000)], &[list(7_000)], &[list(7_000)]], EXPLICIT),
        Err(spent.of(Which::Peer(0)))
    );
}
