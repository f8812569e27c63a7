//! What an issuer must be.

use alloc::vec::Vec;

use rcgen::{
    BasicConstraints, CertificateParams, ExtendedKeyUsagePurpose as Eku, IsCa, KeyPair, KeyUsagePurpose,
    date_time_ymd,
};

use super::support::*;
use crate::{Error, Problem, Purpose, Which};

const SUB: Which = Which::Peer(1);

/// root, a CA with this change, leaf.
fn verify_sub(edit: Edit<'_>) -> Result<(), Error> {
    let root = Ca::root("root");
    let sub = root.sub_with("sub", edit);
    verify(&sub.leaf(), &[&sub.der], &[&root]).map(|_| ())
}

fn refused(problem: Problem) -> Result<(), Error> {
    Err(Error { certificate: SUB, problem })
}

fn path_len(params: &mut CertificateParams, len: u8) {
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(len));
}

#[test]
fn a_good_issuer_is_accepted() {
    assert_eq!(verify_sub(&as_is), Ok(()));
}

#[test]
fn an_issuer_is_valid_now() {
    let expired = |params: &mut CertificateParams| params.not_after = date_time_ymd(2025, 12, 31);
    // 2025-12-31, by `date -u -d`.
    assert_eq!(
        verify_sub(&expired),
        refused(Problem::Expired { time: at(NOW), not_after: at(1_767_139_200) })
    );
    let early = |params: &mut CertificateParams| params.not_before = date_time_ymd(2026, 1, 2);
    assert_eq!(
        verify_sub(&early),
        refused(Problem::NotYetValid { time: at(NOW), not_before: at(1_767_312_000) })
    );
}

#[test]
fn an_issuer_is_a_ca() {
    assert_eq!(verify_sub(&|params| params.is_ca = IsCa::NoCa), refused(Problem::EndEntityUsedAsCa));
    assert_eq!(verify_sub(&|params| params.is_ca = IsCa::ExplicitNoCa), refused(Problem::EndEntityUsedAsCa));
}

#[test]
fn every_issuer_may_sign_certificates() {
    let usage = |usages: &[KeyUsagePurpose]| verify_sub(&|params| params.key_usages = usages.to_vec());
    assert_eq!(usage(&[]), Ok(()));
    assert_eq!(usage(&[KeyUsagePurpose::KeyCertSign]), Ok(()));
    assert_eq!(usage(&[KeyUsagePurpose::CrlSign]), refused(Problem::IssuerMayNotSignCertificates));
    assert_eq!(usage(&[KeyUsagePurpose::DigitalSignature]), refused(Problem::IssuerMayNotSignCertificates));
    // An empty bit string is key usage too.
    let none = |params: &mut CertificateParams| {
        params.key_usages.clear();
        params.custom_extensions.push(extension(&[2, 5, 29, 15], true, &[3, 1, 0]));
    };
    assert_eq!(verify_sub(&none), refused(Problem::IssuerMayNotSignCertificates));

    // Also the issuer of an issuer.
    let root = Ca::root("root");
    let upper = root.sub_with("upper", &|params| params.key_usages = Vec::from([KeyUsagePurpose::CrlSign]));
    let lower = upper.sub("lower");
    assert_eq!(
        verify(&lower.leaf(), &[&lower.der, &upper.der], &[&root]),
        wrong(Which::Peer(2), Problem::IssuerMayNotSignCertificates)
    );
}

#[test]
fn path_length_counts_intermediates() {
    let root = Ca::root("root");
    for (allowed, good) in [(0, false), (1, true), (2, true)] {
        let upper = root.sub_with("upper", &|params| path_len(params, allowed));
        let lower = upper.sub("lower");
        let result = verify(&lower.leaf(), &[&lower.der, &upper.der], &[&root]);
        if good {
            assert_eq!(result, Ok((Vec::from([1, 2]), 0)));
        } else {
            let problem = Problem::PathTooLong { allowed: u32::from(allowed), found: 1 };
            assert_eq!(result, wrong(Which::Peer(2), problem));
        }
    }
    // The leaf does not count.
    assert_eq!(verify_sub(&|params| path_len(params, 0)), Ok(()));
    // A longer allowance below does not lift the one above.
    let upper = root.sub_with("upper", &|params| path_len(params, 0));
    let lower = upper.sub_with("lower", &|params| path_len(params, 5));
    assert!(verify(&lower.leaf(), &[&lower.der, &upper.der], &[&root]).is_err());
}

#[test]
fn path_length_does_not_count_self_issued_certificates() {
    let root = Ca::root("root");
    let old = root.sub_with("sub", &|params| path_len(params, 0));
    // The same name with a new key, certified by the old one.
    let new = old.sub("sub");
    assert_eq!(verify(&new.leaf(), &[&new.der, &old.der], &[&root]), Ok((Vec::from([1, 2]), 0)));
    let other = old.sub("other");
    assert!(verify(&other.leaf(), &[&other.der, &old.der], &[&root]).is_err());
}

#[test]
fn extended_key_usage_restricts_what_is_below() {
    let with = |purposes: &[Eku]| verify_sub(&|params| params.extended_key_usages = purposes.to_vec());
    assert_eq!(with(&[]), Ok(()));
    assert_eq!(with(&[Eku::ServerAuth]), Ok(()));
    assert_eq!(with(&[Eku::ClientAuth, Eku::ServerAuth]), Ok(()));
    assert_eq!(with(&[Eku::Any]), Ok(()));
    assert_eq!(
        with(&[Eku::CodeSigning]),
        refused(Problem::ExtendedKeyUsage {
            required: Purpose::ServerAuth,
            presented: Vec::from([Vec::from([1, 3, 6, 1, 5, 5, 7, 3, 3])]),
        })
    );
}

#[test]
fn an_issuer_key_is_checked_before_it_is_used() {
    let root = Ca::root("root");
    let mut parts = Parts::leaf("root", &root.key);
    parts.subject = common_name("weak");
    parts.spki = rsa_spki(1024, &[1, 0, 1]);
    parts.extensions = Vec::from([id_ce(19, &[0x01, 0x01, 0xff], &[0x30, 3, 0x01, 0x01, 0xff])]);
    let weak = parts.sign(&root.key);
    let key = KeyPair::generate().unwrap();
    let leaf = Parts::leaf("weak", &key).sign(&key);
    assert_eq!(verify(&leaf, &[&weak], &[&root]), wrong(SUB, Problem::RsaKeySize { bits: 1024 }));
}

#[test]
fn an_issuer_with_an_unknown_critical_extension_is_refused() {
    let unknown = |params: &mut CertificateParams| {
        params.custom_extensions.push(extension(&[1, 3, 6, 1, 4, 1, 55738, 666, 1], true, &[5, 0]));
    };
    let oid = Vec::from([1, 3, 6, 1, 4, 1, 55738, 666, 1]);
    assert_eq!(verify_sub(&unknown), refused(Problem::UnhandledCriticalExtension { oid }));
}
