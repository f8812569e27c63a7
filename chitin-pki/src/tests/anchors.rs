//! Trust anchors.

use alloc::vec::Vec;

use pki_types::{CertificateDer, Der, TrustAnchor};
use rcgen::{KeyPair, KeyUsagePurpose, PublicKeyData, date_time_ymd};

use super::support::*;
use crate::constraints::NameConstraints;
use crate::spki::SubjectPublicKeyInfo;
use crate::{Certificate, Problem, Purpose, Verifier, Which, anchor_from_der};

#[test]
fn an_anchor_has_name_key_and_constraints() {
    let constraints = tlv(0x30, &[&tlv(0xa0, &[&tlv(0x30, &[&tlv(0x82, &[b"example.com"])])])]);
    let root = Ca::root_with("root", &|params| {
        params.custom_extensions.push(extension(&[2, 5, 29, 30], true, &constraints));
    });
    let anchor = anchor_from_der(&root.der).unwrap();
    // All three without the outermost tag and length.
    assert_eq!(&*anchor.subject, &common_name("root")[2..]);
    assert_eq!(&*anchor.subject_public_key_info, &root.key.subject_public_key_info()[2..]);
    assert_eq!(anchor.name_constraints.as_deref(), Some(&constraints[2..]));
}

#[test]
fn an_anchor_may_be_old_and_odd() {
    let expired = Ca::root_with("root", &|params| params.not_after = date_time_ymd(2000, 1, 1));
    assert!(verify(&expired.leaf(), &[], &[&expired]).is_ok());

    let key = KeyPair::generate().unwrap();
    let mut parts = Parts::leaf("root", &key);
    parts.subject = common_name("root");
    parts.serial = Vec::from([0x02, 0x01, 0x00]);
    parts.version.clear();
    parts.extensions.clear();
    let v1 = Ca { params: ca_params("root"), der: parts.sign(&key), key };
    assert!(Certificate::parse(&v1.der).is_err());
    assert!(verify(&v1.leaf(), &[], &[&v1]).is_ok());
}

#[test]
fn an_anchor_must_not_contradict_its_use() {
    let refused = |edit: Edit<'_>| anchor_from_der(&Ca::root_with("root", edit).der).map(|_| ()).unwrap_err();
    assert_eq!(
        refused(&|params| params.key_usages = Vec::from([KeyUsagePurpose::CrlSign])),
        Problem::IssuerMayNotSignCertificates
    );
    assert_eq!(
        refused(&|params| params.custom_extensions.push(extension(&[1, 2, 3], true, &[]))),
        Problem::UnhandledCriticalExtension { oid: Vec::from([1, 2, 3]) }
    );
    let key = KeyPair::generate().unwrap();
    let mut parts = Parts::leaf("root", &key);
    parts.subject = tlv(0x30, &[]);
    assert_eq!(anchor_from_der(&parts.sign(&key)), Err(Problem::EmptyIssuer));
    let mut parts = Parts::leaf("root", &key);
    parts.spki = rsa_spki(1024, &[1, 0, 1]);
    assert_eq!(anchor_from_der(&parts.sign(&key)), Err(Problem::RsaKeySize { bits: 1024 }));
    assert!(anchor_from_der(&CertificateDer::from(&[0x30, 0x00][..])).is_err());
}

#[test]
fn anchors_made_elsewhere_are_checked_when_used() {
    let root = Ca::root("root");
    let der = root.leaf();
    let leaf = Certificate::parse(&der).unwrap();
    let good = anchor_from_der(&root.der).unwrap();
    let verify = |anchor: TrustAnchor<'_>| {
        let anchors = [anchor];
        Verifier::new(ALL, &anchors, at(NOW), Purpose::ServerAuth).verify(&leaf, &[]).map(|_| ()).unwrap_err()
    };
    let weak = rsa_spki(1024, &[1, 0, 1]);
    let error = verify(TrustAnchor { subject_public_key_info: Der::from_slice(&weak[4..]), ..good.clone() });
    assert_eq!(
        (error.certificate, error.problem),
        (Which::Anchor(0), Problem::BadDer { what: "public key algorithm", at: 0 })
    );
    let weak_contents = &weak[3..];
    let error =
        verify(TrustAnchor { subject_public_key_info: Der::from_slice(weak_contents), ..good.clone() });
    assert_eq!((error.certificate, error.problem), (Which::Anchor(0), Problem::RsaKeySize { bits: 1024 }));
    let error = verify(TrustAnchor { name_constraints: Some(Der::from_slice(b"\x01")), ..good });
    assert_eq!(error.certificate, Which::Anchor(0));
    assert!(matches!(error.problem, Problem::BadDer { .. }));
}

#[test]
fn the_roots_of_the_web_are_usable() {
    assert!(webpki_roots::TLS_SERVER_ROOTS.len() > 100);
    for anchor in webpki_roots::TLS_SERVER_ROOTS {
        SubjectPublicKeyInfo::from_contents(&anchor.subject_public_key_info).unwrap().check().unwrap();
        if let Some(constraints) = &anchor.name_constraints {
            NameConstraints::from_contents(constraints).unwrap();
        }
    }
}
