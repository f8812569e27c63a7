//! What the leaf must be.

use alloc::vec::Vec;

use rcgen::{
    BasicConstraints, ExtendedKeyUsagePurpose as Eku, IsCa, KeyPair, KeyUsagePurpose, date_time_ymd,
};

use super::support::*;
use crate::{Certificate, Problem, Purpose, Validity, Verifier, anchor_from_der};

fn verify_leaf(edit: Edit<'_>) -> Result<(), Problem> {
    let root = Ca::root("root");
    verify(&root.leaf_with(edit), &[], &[&root]).map(|_| ()).map_err(|error| {
        assert_eq!(error.certificate, LEAF);
        error.problem
    })
}

#[test]
fn a_good_leaf_is_accepted() {
    assert_eq!(verify_leaf(&as_is), Ok(()));
}

#[test]
fn validity_includes_both_ends() {
    // 2024-03-01 and 2024-04-01, by `date -u -d`.
    let (from, to) = (1_709_251_200, 1_711_929_600);
    let root = Ca::root("root");
    let der = root.leaf_with(&|params| {
        params.not_before = date_time_ymd(2024, 3, 1);
        params.not_after = date_time_ymd(2024, 4, 1);
    });
    let leaf = Certificate::parse(&der).unwrap();
    let anchors = [anchor_from_der(&root.der).unwrap()];
    let at_time = |time| {
        Verifier::new(ALL, &anchors, at(time), Purpose::ServerAuth)
            .verify(&leaf, &[])
            .map(|_| ())
            .map_err(|error| error.problem)
    };
    let covers = |time| Validity::read(&der).unwrap().covers(at(time));
    assert!(covers(from) && covers(to) && !covers(from - 1) && !covers(to + 1));
    assert_eq!(at_time(from), Ok(()));
    assert_eq!(at_time(to), Ok(()));
    assert_eq!(at_time(from - 1), Err(Problem::NotYetValid { time: at(from - 1), not_before: at(from) }));
    assert_eq!(at_time(to + 1), Err(Problem::Expired { time: at(to + 1), not_after: at(to) }));
    assert!(matches!(at_time(0), Err(Problem::NotYetValid { .. })));
    assert!(matches!(at_time(u64::MAX), Err(Problem::Expired { .. })));
}

#[test]
fn a_ca_is_no_leaf() {
    assert_eq!(verify_leaf(&|params| params.is_ca = IsCa::ExplicitNoCa), Ok(()));
    let ca =
        |params: &mut rcgen::CertificateParams| params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    assert_eq!(verify_leaf(&ca), Err(Problem::CaUsedAsEndEntity));
}

#[test]
fn a_leaf_must_be_allowed_to_sign_if_it_has_key_usage() {
    assert_eq!(verify_leaf(&|params| params.key_usages.clear()), Ok(()));
    let only = |usage: KeyUsagePurpose| verify_leaf(&|params| params.key_usages = Vec::from([usage]));
    assert_eq!(only(KeyUsagePurpose::DigitalSignature), Ok(()));
    assert_eq!(only(KeyUsagePurpose::KeyEncipherment), Err(Problem::LeafMayNotSign));
    assert_eq!(only(KeyUsagePurpose::DecipherOnly), Err(Problem::LeafMayNotSign));
}

#[test]
fn a_leaf_must_not_sign_certificates() {
    let both = |params: &mut rcgen::CertificateParams| params.key_usages.push(KeyUsagePurpose::KeyCertSign);
    assert_eq!(verify_leaf(&both), Err(Problem::EndEntityMaySignCertificates));
}

#[test]
fn a_leaf_must_not_constrain_names() {
    let constraints = |params: &mut rcgen::CertificateParams| {
        params.custom_extensions.push(extension(
            &[2, 5, 29, 30],
            false,
            &[0x30, 6, 0xa0, 4, 0x30, 2, 0x82, 0],
        ));
    };
    assert_eq!(verify_leaf(&constraints), Err(Problem::EndEntityHasNameConstraints));
}

#[test]
fn a_leaf_serves_the_purposes_it_names() {
    let root = Ca::root("root");
    let serves = |purposes: &[Eku], purpose| {
        let leaf = root.leaf_with(&|params| params.extended_key_usages = purposes.to_vec());
        verify_by(&leaf, &[], &[&root], purpose, &|v| v).map(|_| ()).map_err(|error| error.problem)
    };
    let (server, client) = (Purpose::ServerAuth, Purpose::ClientAuth);
    let (server_oid, client_oid) =
        (Vec::from([1, 3, 6, 1, 5, 5, 7, 3, 1]), Vec::from([1, 3, 6, 1, 5, 5, 7, 3, 2]));
    let refused = |required, presented| Err(Problem::ExtendedKeyUsage { required, presented });

    for (purposes, purpose, expected) in [
        (&[][..], server, Ok(())),
        (&[], client, Ok(())),
        (&[Eku::ServerAuth], server, Ok(())),
        (&[Eku::ServerAuth], client, refused(client, Vec::from([server_oid]))),
        (&[Eku::ClientAuth], client, Ok(())),
        (&[Eku::ClientAuth], server, refused(server, Vec::from([client_oid]))),
        (&[Eku::CodeSigning, Eku::ServerAuth], server, Ok(())),
        (&[Eku::Any], server, refused(server, Vec::from([Vec::from([2, 5, 29, 37, 0])]))),
        (&[Eku::Any, Eku::ServerAuth], server, Ok(())),
    ] {
        assert_eq!(serves(purposes, purpose), expected, "{purposes:?} for {purpose}");
    }
}

#[test]
fn a_leaf_key_has_a_good_size() {
    let root = Ca::root("root");
    let leaf_with = |bits| {
        let mut parts = Parts::leaf("root", &root.key);
        parts.spki = rsa_spki(bits, &[1, 0, 1]);
        verify(&parts.sign(&root.key), &[], &[&root])
    };
    assert!(leaf_with(2048).is_ok());
    assert!(leaf_with(8192).is_ok());
    assert_eq!(leaf_with(2047), wrong(LEAF, Problem::RsaKeySize { bits: 2047 }));
    assert_eq!(leaf_with(8193), wrong(LEAF, Problem::RsaKeySize { bits: 8193 }));
}

#[test]
fn a_self_signed_leaf_can_be_its_own_anchor() {
    let key = KeyPair::generate().unwrap();
    let der = leaf_params(&as_is).self_signed(&key).unwrap().der().clone();
    let own = Ca { params: leaf_params(&as_is), key, der: der.clone() };
    assert_eq!(verify(&der, &[], &[&own]), Ok((Vec::new(), 0)));
    let other = Ca::root("other");
    assert!(matches!(verify(&der, &[], &[&other]).unwrap_err().problem, Problem::UnknownIssuer { .. }));
}

#[test]
fn a_leaf_may_delegate_if_it_says_so_and_may_sign() {
    // 1.3.6.1.4.1.44363.44 with NULL: RFC 9345 section 4.2.
    const OID: &[u64] = &[1, 3, 6, 1, 4, 1, 44363, 44];
    let root = Ca::root("root");
    let may = |usages: &[KeyUsagePurpose], content: Option<&[u8]>| {
        let der = root.leaf_with(&|params| {
            params.key_usages = usages.to_vec();
            params.custom_extensions.extend(content.map(|content| extension(OID, false, content)));
        });
        Certificate::parse(&der).unwrap().may_delegate()
    };
    let signs = &[KeyUsagePurpose::DigitalSignature];
    assert!(may(signs, Some(&[5, 0])));
    assert!(!may(signs, None));
    assert!(!may(signs, Some(&[])), "no NULL");
    assert!(!may(&[], Some(&[5, 0])), "without a key usage");
    assert!(!may(&[KeyUsagePurpose::KeyEncipherment], Some(&[5, 0])));

    let der = root.leaf_with(&|params| params.custom_extensions.push(extension(OID, true, &[5, 0])));
    assert!(Certificate::parse(&der).is_err(), "it must not be critical");
}
