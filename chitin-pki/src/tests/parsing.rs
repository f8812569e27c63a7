//! What a certificate must be by itself.

use alloc::vec::Vec;

use pki_types::{CertificateDer, alg_id};
use rcgen::KeyPair;

use super::support::*;
use crate::{Certificate, Problem, Validity, verify_name};

fn parse(edit: impl FnOnce(&mut Parts)) -> Result<(), Problem> {
    let key = KeyPair::generate().unwrap();
    let mut parts = Parts::leaf("root", &key);
    edit(&mut parts);
    Certificate::parse(&parts.sign(&key)).map(|_| ())
}

fn is_bad_der(result: Result<(), Problem>) -> bool {
    matches!(result, Err(Problem::BadDer { .. }))
}

#[test]
fn a_certificate_is_taken_apart() {
    let key = KeyPair::generate().unwrap();
    let der = Parts::leaf("root", &key).sign(&key);
    let certificate = Certificate::parse(&der).unwrap();
    assert_eq!(certificate.der(), &*der);
    assert_eq!(certificate.serial(), [1]);
    assert_eq!(std::format!("{}", certificate.issuer()), "CN=root");
    assert_eq!(std::format!("{}", certificate.subject()), "CN=leaf");
    assert_eq!(certificate.spki().algorithm_id(), alg_id::ECDSA_P256.as_ref());
    assert_eq!(certificate.spki().key(), rcgen::PublicKeyData::der_bytes(&key));
    // By `date -u -d`.
    assert_eq!(certificate.validity().not_before.as_secs(), 1_577_836_800);
    assert_eq!(certificate.validity().not_after.as_secs(), 2_524_607_999);
    assert_eq!(Validity::read(&der), Ok(certificate.validity()));
    assert_eq!(certificate.dns_names().collect::<Vec<_>>(), ["example.com"]);
    assert_eq!(certificate.extensions().count(), 1);
    assert!(!certificate.is_self_issued());
}

#[test]
fn every_prefix_is_refused() {
    let root = Ca::root("root");
    let leaf = root.leaf();
    for end in 0..leaf.len() {
        let cut = CertificateDer::from(&leaf[..end]);
        assert!(is_bad_der(Certificate::parse(&cut).map(|_| ())), "{end}");
        assert!(is_bad_der(Validity::read(&cut).map(|_| ())), "{end}");
    }
    assert!(Certificate::parse(&leaf).is_ok());
}

#[test]
fn every_flipped_bit_is_refused() {
    let root = Ca::root("root");
    let leaf = root.leaf();
    for i in 0..leaf.len() {
        for bit in 0..8 {
            let mut bytes = leaf.to_vec();
            bytes[i] ^= 1 << bit;
            let flipped = CertificateDer::from(bytes);
            if let Ok(certificate) = Certificate::parse(&flipped) {
                let _ = verify_name(&certificate, &"example.com".try_into().unwrap());
                certificate.extensions().for_each(|_| ());
            }
            assert!(verify(&flipped, &[], &[&root]).is_err(), "octet {i} bit {bit}");
        }
    }
}

#[test]
fn flipped_bits_in_issuers_and_anchors_do_no_harm() {
    let root = Ca::root_with("root", &|params| {
        params.name_constraints = Some(rcgen::NameConstraints {
            permitted_subtrees: Vec::from([rcgen::GeneralSubtree::DnsName("example.com".into())]),
            excluded_subtrees: Vec::new(),
        });
    });
    let sub = root.sub("sub");
    let leaf = sub.leaf();
    for i in 0..sub.der.len() {
        let mut bytes = sub.der.to_vec();
        bytes[i] ^= 0x10;
        assert!(verify(&leaf, &[&CertificateDer::from(bytes)], &[&root]).is_err(), "octet {i}");
    }
    for i in 0..root.der.len() {
        let mut bytes = root.der.to_vec();
        bytes[i] ^= 0x01;
        let der = CertificateDer::from(bytes);
        let _ = crate::anchor_from_der(&der);
    }
}

#[test]
fn octets_after_the_certificate_are_refused() {
    let mut bytes = Ca::root("root").leaf().to_vec();
    bytes.push(0);
    assert!(is_bad_der(Certificate::parse(&CertificateDer::from(bytes)).map(|_| ())));
}

#[test]
fn elements_after_the_last_are_refused() {
    let null = [0x05, 0x00];
    let key = KeyPair::generate().unwrap();
    let whole = Parts::leaf("root", &key).sign(&key);
    // Past the header 30 82 xx xx or 30 81 xx.
    let header = if whole[1] == 0x82 { 4 } else { 3 };
    let longer = CertificateDer::from(tlv(0x30, &[&whole[header..], &null]));
    assert!(is_bad_der(Certificate::parse(&longer).map(|_| ())));

    let time = tlv(0x17, &[b"200101000000Z"]);
    assert_eq!(parse(|parts| parts.validity = tlv(0x30, &[&time, &time])), Ok(()));
    assert!(is_bad_der(parse(|parts| parts.validity = tlv(0x30, &[&time, &time, &time]))));
    assert!(is_bad_der(parse(|parts| {
        parts.extensions.clear();
        parts.spki.extend(null);
    })));
    assert!(is_bad_der(parse(|parts| {
        parts.extensions.push(tlv(0x30, &[&[0x06, 0x03, 0x55, 0x1d, 99], &[0x04, 0x00], &null]));
    })));
    let constraints = |parts: &[&[u8]]| {
        let value = tlv(0x30, parts);
        parse(|parts| parts.extensions.push(id_ce(19, &[], &value)))
    };
    assert_eq!(constraints(&[&[0x01, 0x01, 0xff], &[0x02, 0x01, 0x00]]), Ok(()));
    assert!(is_bad_der(constraints(&[&[0x01, 0x01, 0xff], &[0x02, 0x01, 0x00], &null])));
}

#[test]
fn only_version_3_is_read() {
    assert_eq!(parse(|_| ()), Ok(()));
    let v1 = |parts: &mut Parts| {
        parts.version.clear();
        parts.extensions.clear();
    };
    assert_eq!(parse(v1), Err(Problem::UnsupportedVersion { version: 0 }));
    let v2 = |parts: &mut Parts| {
        parts.version[4] = 1;
        parts.extensions.clear();
    };
    assert_eq!(parse(v2), Err(Problem::UnsupportedVersion { version: 1 }));
    let v4 = |parts: &mut Parts| {
        parts.version[4] = 3;
        parts.extensions.clear();
    };
    assert_eq!(parse(v4), Err(Problem::UnsupportedVersion { version: 3 }));
    let spelled_out = |parts: &mut Parts| {
        parts.version[4] = 0;
        parts.extensions.clear();
    };
    assert!(is_bad_der(parse(spelled_out)));
    assert!(is_bad_der(parse(|parts| parts.version.clear())));
}

#[test]
fn serial_numbers_are_positive_and_at_most_20_octets() {
    let serial = |body: &[u8]| parse(|parts| parts.serial = tlv(0x02, &[body]));
    assert_eq!(serial(&[1]), Ok(()));
    assert_eq!(serial(&[0x7f; 20]), Ok(()));
    assert_eq!(serial(&[&[0][..], &[0xff; 20]].concat()), Ok(()));
    assert_eq!(serial(&[0]), Err(Problem::BadSerial));
    assert_eq!(serial(&[0xff]), Err(Problem::BadSerial));
    assert_eq!(serial(&[0x7f; 21]), Err(Problem::BadSerial));
    assert!(is_bad_der(serial(&[0, 1])));
    assert!(is_bad_der(serial(&[])));
}

#[test]
fn inner_and_outer_signature_algorithm_are_equal() {
    let other = tlv(0x30, &[alg_id::ECDSA_SHA384.as_ref()]);
    assert_eq!(
        parse(|parts| parts.outer_algorithm = other.clone()),
        Err(Problem::SignatureAlgorithmMismatch)
    );
    assert_eq!(parse(|parts| parts.inner_algorithm = other), Err(Problem::SignatureAlgorithmMismatch));
}

#[test]
fn the_issuer_has_a_name() {
    assert_eq!(parse(|parts| parts.issuer = tlv(0x30, &[])), Err(Problem::EmptyIssuer));
    assert_eq!(parse(|parts| parts.subject = tlv(0x30, &[])), Ok(()));
}

#[test]
fn names_are_sets_of_attributes() {
    for bad in [
        tlv(0x30, &[&tlv(0x31, &[])]),
        tlv(0x30, &[&tlv(0x30, &[])]),
        tlv(0x30, &[&tlv(0x31, &[&tlv(0x30, &[])])]),
    ] {
        assert!(is_bad_der(parse(|parts| parts.subject = bad)));
    }
}

#[test]
fn duplicate_extensions_are_refused() {
    let result = parse(|parts| parts.extensions.push(parts.extensions[0].clone()));
    assert_eq!(result, Err(Problem::DuplicateExtension { oid: [2, 5, 29, 17].into() }));
    let unknown = id_ce(99, &[], &[]);
    assert_eq!(parse(|parts| parts.extensions.push(unknown.clone())), Ok(()));
    let result = parse(|parts| parts.extensions.extend([unknown.clone(), unknown.clone()]));
    assert_eq!(result, Err(Problem::DuplicateExtension { oid: [2, 5, 29, 99].into() }));
}

#[test]
fn unknown_critical_extensions_are_refused() {
    let critical = [0x01, 0x01, 0xff];
    let unknown = |flag: &[u8]| {
        let flag = flag.to_vec();
        parse(move |parts| parts.extensions.push(id_ce(99, &flag, &[])))
    };
    assert_eq!(unknown(&[]), Ok(()));
    assert_eq!(unknown(&[0x01, 0x01, 0x00]), Ok(()));
    assert_eq!(unknown(&critical), Err(Problem::UnhandledCriticalExtension { oid: [2, 5, 29, 99].into() }));
    assert!(is_bad_der(unknown(&[0x01, 0x01, 0x01])));
}

#[test]
fn known_critical_extensions_are_accepted() {
    let critical = [0x01, 0x01, 0xff];
    for (number, value) in [
        (15u8, tlv(0x03, &[&[7, 0x80]])),
        (19, tlv(0x30, &[])),
        (37, tlv(0x30, &[&[0x06, 0x08, 0x2b, 6, 1, 5, 5, 7, 3, 1]])),
        (31, tlv(0x30, &[])),
        (32, tlv(0x30, &[&tlv(0x30, &[&[0x06, 0x01, 0x2a]])])),
        (33, tlv(0x30, &[&tlv(0x30, &[&[0x06, 0x01, 0x2a], &[0x06, 0x01, 0x2b]])])),
        (36, tlv(0x30, &[&tlv(0x80, &[&[0]])])),
        (54, Vec::from([0x02, 0x01, 0x00])),
    ] {
        assert_eq!(
            parse(|parts| parts.extensions.push(id_ce(number, &critical, &value))),
            Ok(()),
            "{number}"
        );
    }
}

#[test]
fn key_identifiers_must_not_be_critical() {
    for (number, value) in [(14u8, tlv(0x04, &[&[1]])), (35, tlv(0x30, &[&tlv(0x80, &[&[1]])]))] {
        let with = |flag: &[u8]| {
            let extension = id_ce(number, flag, &value);
            parse(|parts| parts.extensions.push(extension))
        };
        assert_eq!(with(&[]), Ok(()));
        let oid = [2, 5, 29, usize::from(number)].into();
        assert_eq!(with(&[0x01, 0x01, 0xff]), Err(Problem::WrongCriticality { oid }));
    }
}

#[test]
fn extensions_about_policies_are_well_formed() {
    let oid = |arc: u8| [0x06, 0x01, arc];
    let any = [0x06, 0x04, 0x55, 0x1d, 0x20, 0x00];
    let qualifier = tlv(0x30, &[&oid(0x2a), &tlv(0x16, &[b"https://cps.example"])]);
    let sequence = |parts: &[&[u8]]| tlv(0x30, parts);
    let with = |number: u8, value: &[u8]| {
        let extension = id_ce(number, &[], value);
        parse(|parts| parts.extensions.push(extension))
    };
    for (number, good) in [
        (32, sequence(&[&sequence(&[&oid(0x2a)]), &sequence(&[&any])])),
        (32, sequence(&[&sequence(&[&oid(0x2a), &sequence(&[&qualifier])])])),
        (33, sequence(&[&sequence(&[&oid(0x2a), &oid(0x2b)]), &sequence(&[&oid(0x2a), &oid(0x2c)])])),
        (36, sequence(&[&tlv(0x80, &[&[3]])])),
        (36, sequence(&[&tlv(0x81, &[&[0]])])),
        (36, sequence(&[&tlv(0x80, &[&[0]]), &tlv(0x81, &[&[1]])])),
        (54, tlv(0x02, &[&[0x7f]])),
    ] {
        assert_eq!(with(number, &good), Ok(()), "{number} {good:02x?}");
        for end in 0..good.len() {
            assert!(with(number, &good[..end]).is_err(), "{number} cut at {end}");
        }
        assert!(with(number, &[&good[..], &[0]].concat()).is_err(), "{number} with an octet after it");
    }
    for (number, bad) in [
        (32, sequence(&[])),
        (32, sequence(&[&sequence(&[])])),
        (32, sequence(&[&oid(0x2a)])),
        (32, sequence(&[&sequence(&[&oid(0x2a), &sequence(&[])])])),
        (33, sequence(&[])),
        (33, sequence(&[&sequence(&[&oid(0x2a)])])),
        // RFC 5280 section 6.1.4 (a): anyPolicy is mapped neither way.
        (33, sequence(&[&sequence(&[&any, &oid(0x2a)])])),
        (33, sequence(&[&sequence(&[&oid(0x2a), &any])])),
        (36, sequence(&[])),
        (36, sequence(&[&tlv(0x81, &[&[0]]), &tlv(0x80, &[&[1]])])),
        (36, sequence(&[&tlv(0x80, &[&[0xff]])])),
        (36, sequence(&[&tlv(0x80, &[&[1, 0, 0, 0, 0]])])),
        (54, tlv(0x02, &[&[0xff]])),
        (54, sequence(&[])),
    ] {
        assert!(is_bad_der(with(number, &bad)), "{number} {bad:02x?}");
    }
}

#[test]
fn extensions_are_bounded() {
    let many = |count: u8| {
        parse(|parts| {
            parts.extensions.extend((0..count).map(|i| id_ce(128 - i, &[], &[])).map(|mut e| {
                // Arcs from 128 need a second octet; below they are themselves.
                e[6] &= 0x7f;
                e
            }))
        })
    };
    assert_eq!(many(63), Ok(()));
    assert_eq!(many(64), Err(Problem::TooManyExtensions));
}

#[test]
fn malformed_extensions_are_refused() {
    for (number, value) in [
        (15u8, tlv(0x04, &[&[7, 0x80]])),
        (15, tlv(0x03, &[&[7, 0xff]])),
        (17, tlv(0x30, &[])),
        (17, tlv(0x30, &[&tlv(0x89, &[b"x"])])),
        (17, b"example.com".to_vec()),
        (19, tlv(0x30, &[&[0x01, 0x01, 0x01]])),
        (19, tlv(0x30, &[&[0x01, 0x01, 0xff], &[0x02, 0x01, 0xff]])),
        (19, [tlv(0x30, &[]), [0].to_vec()].concat()),
        (37, tlv(0x30, &[])),
        (37, tlv(0x30, &[&[0x06, 0x00]])),
        (30, tlv(0x30, &[])),
        (30, tlv(0x30, &[&tlv(0xa0, &[])])),
        (14, tlv(0x30, &[])),
        (35, tlv(0x04, &[])),
    ] {
        assert!(
            is_bad_der(parse(|parts| parts.extensions = [id_ce(number, &[], &value)].into())),
            "{number}"
        );
    }
}

#[test]
fn name_constraints_are_well_formed() {
    let dns = |name: &[u8]| tlv(0x30, &[&tlv(0x82, &[name])]);
    let with = |subtree: Vec<u8>| {
        let value = tlv(0x30, &[&tlv(0xa0, &[&subtree])]);
        parse(|parts| parts.extensions.push(id_ce(30, &[], &value)))
    };
    assert_eq!(with(dns(b"example.com")), Ok(()));
    assert_eq!(with(dns(b".example.com")), Ok(()));
    assert_eq!(with(tlv(0x30, &[&tlv(0x87, &[&[10, 0, 0, 0, 255, 0, 0, 0]])])), Ok(()));
    for bad in [
        dns(b"*.example.com"),
        dns(b"example.com."),
        tlv(0x30, &[&tlv(0x87, &[&[10, 0, 0, 0]])]),
        tlv(0x30, &[&tlv(0x87, &[&[10, 0, 0, 0, 0, 255, 0, 0]])]),
        tlv(0x30, &[&tlv(0x81, &[b"a@b@c"])]),
        // minimum 1, minimum 0 spelled out, maximum 1
        tlv(0x30, &[&tlv(0x82, &[b"a"]), &tlv(0x80, &[&[1]])]),
        tlv(0x30, &[&tlv(0x82, &[b"a"]), &tlv(0x80, &[&[0]])]),
        tlv(0x30, &[&tlv(0x82, &[b"a"]), &tlv(0x81, &[&[1]])]),
    ] {
        assert!(is_bad_der(with(bad)));
    }
}
