//! Names by way of whole certificates. The table of rules is in `dns`.

use alloc::string::ToString;
use alloc::vec::Vec;

use pki_types::ServerName;
use rcgen::{DnType, SanType};

use super::support::*;
use crate::{Certificate, PresentedName, Problem, verify_name};

fn check(sans: &[SanType], name: &str) -> Result<(), Problem> {
    let root = Ca::root("root");
    let der = root.leaf_with(&|params| params.subject_alt_names = sans.to_vec());
    verify_name(&Certificate::parse(&der).unwrap(), &ServerName::try_from(name).unwrap())
}

fn dns(name: &str) -> SanType {
    SanType::DnsName(name.try_into().unwrap())
}

fn ip(address: &str) -> SanType {
    SanType::IpAddress(address.parse().unwrap())
}

#[test]
fn any_of_the_names_will_do() {
    let sans = [dns("a.example"), dns("*.b.example"), ip("192.0.2.1"), ip("2001:db8::1")];
    for good in ["a.example", "A.EXAMPLE", "x.b.example", "192.0.2.1", "2001:db8::1", "2001:DB8:0::1"] {
        assert_eq!(check(&sans, good), Ok(()), "{good}");
    }
    for bad in ["b.example", "x.a.example", "192.0.2.2", "2001:db8::2", "::ffff:192.0.2.1", "x.y.b.example"] {
        assert!(matches!(check(&sans, bad), Err(Problem::NameMismatch { .. })), "{bad}");
    }
}

#[test]
fn a_mismatch_says_both_sides() {
    let sans = [dns("*.a.example"), ip("192.0.2.1")];
    let expected = ServerName::try_from("b.example").unwrap();
    let presented = Vec::from([
        PresentedName::Dns("*.a.example".to_string()),
        PresentedName::Ip(Vec::from([192, 0, 2, 1])),
    ]);
    assert_eq!(check(&sans, "b.example"), Err(Problem::NameMismatch { expected, presented }));
}

#[test]
fn addresses_and_dns_names_do_not_mix() {
    assert!(check(&[dns("192.0.2.1")], "192.0.2.1").is_err());
    assert!(check(&[dns("*.0.2.1")], "192.0.2.1").is_err());
    assert!(check(&[ip("192.0.2.1")], "example.com").is_err());
}

#[test]
fn the_common_name_does_not_count() {
    let root = Ca::root("root");
    let der = root.leaf_with(&|params| {
        params.subject_alt_names.clear();
        params.distinguished_name.push(DnType::CommonName, "example.com");
    });
    let problem = Problem::NameMismatch {
        expected: ServerName::try_from("example.com").unwrap(),
        presented: Vec::new(),
    };
    let leaf = Certificate::parse(&der).unwrap();
    assert_eq!(verify_name(&leaf, &"example.com".try_into().unwrap()), Err(problem));
}

#[test]
fn errors_carry_a_bounded_number_of_names() {
    let sans: Vec<_> = (0..300).map(|i| dns(&std::format!("{i}.example"))).collect();
    match check(&sans, "example.com") {
        Err(Problem::NameMismatch { presented, .. }) => assert_eq!(presented.len(), 100),
        other => panic!("{other:?}"),
    }
}
