//! Errors in words.

use alloc::string::ToString;
use alloc::vec::Vec;

use rcgen::date_time_ymd;

use super::support::*;
use crate::{Budget, Certificate, Problem, Which, verify_name};

#[test]
fn errors_read_well() {
    let root = Ca::root("root");
    let sub = root.sub("Some CA");
    let expired = root.leaf_with(&|params| params.not_after = date_time_ymd(2025, 12, 31));

    assert_eq!(
        verify(&sub.leaf(), &[], &[&root]).unwrap_err().to_string(),
        "the peer's own certificate was issued by \"CN=Some CA\", which is neither trusted nor in the chain"
    );
    assert_eq!(
        verify(&expired, &[], &[&root]).unwrap_err().to_string(),
        "the peer's own certificate expired at 2025-12-31 00:00:00 UTC, and it is 2026-01-01 00:00:00 UTC"
    );
    assert_eq!(
        verify(&root.leaf(), &[], &[&Ca::root("root")]).unwrap_err().to_string(),
        "the peer's own certificate has a signature that does not verify under its issuer's key"
    );
    let leaf = root.leaf();
    let problem = verify_name(&Certificate::parse(&leaf).unwrap(), &"192.0.2.1".try_into().unwrap());
    assert_eq!(problem.unwrap_err().to_string(), "is not for 192.0.2.1; its names are \"example.com\"");
    assert_eq!(
        Problem::BudgetExceeded { budget: Budget::Names }.of(Which::Peer(2)).to_string(),
        "certificate 2 of the peer's chain could not be checked to the end: it needs too many name comparisons"
    );
    assert_eq!(
        Problem::UnhandledCriticalExtension { oid: Vec::from([1, 2, 840]) }.of(Which::Anchor(3)).to_string(),
        "trust anchor 3 has the critical extension 1.2.840, which is not supported"
    );
    assert_eq!(
        Problem::MissingExtension { oid: Vec::from([2, 5, 29, 37]) }.of(Which::Peer(0)).to_string(),
        "the peer's own certificate lacks the extension 2.5.29.37 (extended key usage)"
    );
}

#[test]
fn names_from_certificates_cannot_forge_a_line() {
    let root = Ca::root("a\nb\u{1b}[31m");
    let text = verify(&root.leaf(), &[], &[]).unwrap_err().to_string();
    assert!(!text.contains(['\n', '\u{1b}']), "{text:?}");
}
