//! Name constraints by way of whole paths. The tables of rules are in `dns`, `ip`, `email` and `dn`.

use alloc::string::ToString;
use alloc::vec::Vec;

use rcgen::string::{BmpString, Ia5String};
use rcgen::{
    CertificateParams, CidrSubnet, CustomExtension, DistinguishedName, DnType, DnValue, GeneralSubtree,
    NameConstraints, SanType,
};

use super::support::*;
use crate::{ConstraintBreach, Error, PresentedName, Problem, Which};

fn constrain(permitted: &[GeneralSubtree], excluded: &[GeneralSubtree]) -> impl Fn(&mut CertificateParams) {
    let constraints =
        NameConstraints { permitted_subtrees: permitted.to_vec(), excluded_subtrees: excluded.to_vec() };
    move |params| params.name_constraints = Some(constraints.clone())
}

fn dns(name: &str) -> GeneralSubtree {
    GeneralSubtree::DnsName(name.to_string())
}

fn dns_san(name: &str) -> SanType {
    SanType::DnsName(name.try_into().unwrap())
}

fn ip_san(address: &str) -> SanType {
    SanType::IpAddress(address.parse().unwrap())
}

/// How a leaf with these names fares, once below a constrained intermediate and once below a constrained anchor.
fn fares(
    permitted: &[GeneralSubtree],
    excluded: &[GeneralSubtree],
    sans: &[SanType],
) -> Result<(), ConstraintBreach> {
    let edit = constrain(permitted, excluded);
    let names = |params: &mut CertificateParams| params.subject_alt_names = sans.to_vec();

    let root = Ca::root("root");
    let sub = root.sub_with("sub", &edit);
    let by_sub = breach(verify(&sub.leaf_with(&names), &[&sub.der], &[&root]), Which::Peer(1));

    let root = Ca::root_with("root", &edit);
    let by_anchor = breach(verify(&root.leaf_with(&names), &[], &[&root]), Which::Anchor(0));

    assert_eq!(by_sub, by_anchor);
    by_sub
}

fn breach(result: Result<(Vec<usize>, usize), Error>, by: Which) -> Result<(), ConstraintBreach> {
    match result {
        Ok(_) => Ok(()),
        Err(Error { certificate, problem: Problem::NameConstraint { breach, constrained_by, .. } }) => {
            assert_eq!((certificate, constrained_by), (LEAF, by));
            Err(breach)
        }
        Err(other) => panic!("{other}"),
    }
}

const EXCLUDED: Result<(), ConstraintBreach> = Err(ConstraintBreach::Excluded);
const NOT_PERMITTED: Result<(), ConstraintBreach> = Err(ConstraintBreach::NotPermitted);

#[test]
fn dns_names_are_constrained() {
    let com = [dns("example.com")];
    for (permitted, excluded, name, expected) in [
        (&com[..], &[][..], "example.com", Ok(())),
        (&com, &[], "www.example.com", Ok(())),
        (&com, &[], "example.org", NOT_PERMITTED),
        (&[dns("example.org"), dns("example.com")], &[], "example.com", Ok(())),
        (&[], &com, "example.org", Ok(())),
        (&[], &com, "www.example.com", EXCLUDED),
        (&com, &[dns("bad.example.com")], "good.example.com", Ok(())),
        (&com, &[dns("bad.example.com")], "bad.example.com", EXCLUDED),
        (&com, &com, "example.com", EXCLUDED),
    ] {
        assert_eq!(fares(permitted, excluded, &[dns_san(name)]), expected, "{name}");
    }
}

#[test]
fn every_name_must_meet_the_constraints() {
    let sans = [dns_san("www.example.com"), dns_san("example.org")];
    assert_eq!(fares(&[dns("example.com")], &[], &sans), NOT_PERMITTED);
    assert_eq!(fares(&[], &[dns("example.org")], &sans), EXCLUDED);
}

#[test]
fn wildcards_must_be_permitted_in_all_they_stand_for() {
    for (permitted, excluded, expected) in [
        (&[dns("example.com")][..], &[][..], Ok(())),
        (&[dns("foo.example.com")], &[], NOT_PERMITTED),
        (&[], &[dns("foo.example.com")], EXCLUDED),
        (&[], &[dns("foo.example.org")], Ok(())),
        (&[], &[dns("example.com")], EXCLUDED),
    ] {
        assert_eq!(fares(permitted, excluded, &[dns_san("*.example.com")]), expected);
    }
}

#[test]
fn ip_addresses_are_constrained() {
    let v4 = [GeneralSubtree::IpAddress(CidrSubnet::from_v4_prefix([192, 0, 2, 0], 24))];
    let all_v6 = [GeneralSubtree::IpAddress(CidrSubnet::from_v6_prefix([0; 16], 0))];
    for (permitted, excluded, address, expected) in [
        (&v4[..], &[][..], "192.0.2.7", Ok(())),
        (&v4, &[], "192.0.3.7", NOT_PERMITTED),
        (&v4, &[], "2001:db8::1", NOT_PERMITTED),
        (&[], &v4, "192.0.2.7", EXCLUDED),
        (&[], &v4, "192.0.3.7", Ok(())),
        (&[], &all_v6, "2001:db8::1", EXCLUDED),
        (&[], &all_v6, "192.0.2.7", Ok(())),
        (&all_v6, &[], "192.0.2.7", NOT_PERMITTED),
    ] {
        assert_eq!(fares(permitted, excluded, &[ip_san(address)]), expected, "{address}");
    }
}

#[test]
fn constraints_on_one_form_leave_the_others_alone() {
    let v4 = [GeneralSubtree::IpAddress(CidrSubnet::from_v4_prefix([192, 0, 2, 0], 24))];
    assert_eq!(fares(&v4, &[], &[dns_san("example.com")]), Ok(()));
    assert_eq!(fares(&[dns("example.com")], &[], &[ip_san("192.0.2.1")]), Ok(()));
}

/// rcgen 0.14 gives a directory name an implicit tag, which X.680 section 31.2.7 does not allow for a CHOICE.
fn directory(list: u8, name: &str) -> Vec<u8> {
    tlv(0x30, &[&tlv(list, &[&tlv(0x30, &[&tlv(0xa4, &[&common_name(name)])])])])
}

#[test]
fn subjects_are_constrained_as_directory_names() {
    const PERMITTED: u8 = 0xa0;
    const EXCLUDE: u8 = 0xa1;
    for (list, name, expected) in [
        (PERMITTED, "leaf", Ok(())),
        (PERMITTED, "LEAF", Ok(())),
        (PERMITTED, "other", NOT_PERMITTED),
        (EXCLUDE, "leaf", EXCLUDED),
        (EXCLUDE, "other", Ok(())),
    ] {
        let root = Ca::root_with("root", &|params| {
            params.custom_extensions.push(extension(&[2, 5, 29, 30], true, &directory(list, name)));
        });
        assert_eq!(breach(verify(&root.leaf(), &[], &[&root]), Which::Anchor(0)), expected, "{name}");
    }
}

#[test]
fn mailboxes_are_constrained() {
    let mail = |name: &str| SanType::Rfc822Name(name.try_into().unwrap());
    let com = [GeneralSubtree::Rfc822Name("example.com".to_string())];
    assert_eq!(fares(&com, &[], &[mail("a@example.com")]), Ok(()));
    assert_eq!(fares(&com, &[], &[mail("a@example.org")]), NOT_PERMITTED);
    assert_eq!(fares(&[], &com, &[mail("a@example.com")]), EXCLUDED);
    assert_eq!(fares(&com, &[], &[mail("a@b@example.com")]), Err(ConstraintBreach::Malformed));
}

#[test]
fn mailboxes_in_subjects_are_constrained() {
    let root =
        Ca::root_with("root", &constrain(&[GeneralSubtree::Rfc822Name("example.com".to_string())], &[]));
    let with = |mailbox: &str| {
        let kind = rcgen::DnType::CustomDnType(Vec::from([1, 2, 840, 113549, 1, 9, 1]));
        let value = rcgen::DnValue::Ia5String(mailbox.try_into().unwrap());
        let leaf = root.leaf_with(&|params| params.distinguished_name.push(kind.clone(), value.clone()));
        breach(verify(&leaf, &[], &[&root]), Which::Anchor(0))
    };
    assert_eq!(with("a@example.com"), Ok(()));
    assert_eq!(with("a@example.org"), NOT_PERMITTED);
}

#[test]
fn malformed_names_meet_no_constraint() {
    let com = [dns("example.com")];
    for bad in [".example.com", "a..example.com", "w*.example.com"] {
        assert_eq!(fares(&com, &[], &[dns_san(bad)]), Err(ConstraintBreach::Malformed), "{bad}");
        assert_eq!(fares(&[], &com, &[dns_san(bad)]), Err(ConstraintBreach::Malformed), "{bad}");
    }
}

/// A CA below the root that permits one subtree, or excludes it, whatever its form.
fn subtree(root: &Ca, side: u8, base: &[u8]) -> Ca {
    let content = tlv(0x30, &[&tlv(side, &[&tlv(0x30, &[base])])]);
    root.sub_with("sub", &|params| params.custom_extensions.push(extension(&[2, 5, 29, 30], true, &content)))
}

const PERMIT: u8 = 0xa0;
const EXCLUDE: u8 = 0xa1;

#[test]
fn constraints_that_cannot_be_compared_refuse_the_names_they_are_about() {
    let root = Ca::root("root");
    let registered = |arc: u8| tlv(0x88, &[&[0x2a, arc]]);
    let sub = subtree(&root, PERMIT, &registered(1));
    assert!(verify(&sub.leaf(), &[&sub.der], &[&root]).is_ok());
    let names = tlv(0x30, &[&registered(1)]);
    let leaf = sub.leaf_with(&|params| {
        params.subject_alt_names.clear();
        params.custom_extensions.push(extension(&[2, 5, 29, 17], false, &names));
    });
    let problem = Problem::NameConstraint {
        name: PresentedName::Other,
        breach: ConstraintBreach::UnsupportedForm,
        constrained_by: Which::Peer(1),
    };
    assert_eq!(verify(&leaf, &[&sub.der], &[&root]), wrong(LEAF, problem));
}

#[test]
fn uris_are_constrained_by_their_hosts() {
    let root = Ca::root("root");
    let fares = |side, base: &str, uri: &str| {
        let sub = subtree(&root, side, &tlv(0x86, &[base.as_bytes()]));
        let leaf = sub.leaf_with(&|params| {
            params.subject_alt_names = Vec::from([SanType::URI(uri.try_into().unwrap())]);
        });
        breach(verify(&leaf, &[&sub.der], &[&root]), Which::Peer(1))
    };
    let not_permitted = Err(ConstraintBreach::NotPermitted);
    let malformed = Err(ConstraintBreach::Malformed);
    for (side, base, uri, expected) in [
        (PERMIT, "www.example.com", "https://www.example.com/path", Ok(())),
        (PERMIT, "example.com", "https://www.example.com/", not_permitted),
        (PERMIT, ".example.com", "https://www.example.com/", Ok(())),
        (PERMIT, ".example.com", "https://example.com/", not_permitted),
        (PERMIT, "example.com", "https://example.com@evil.example/", not_permitted),
        (EXCLUDE, ".example.com", "https://www.example.com/", EXCLUDED),
        (EXCLUDE, ".example.com", "https://www.example.org/", Ok(())),
        // RFC 5280 section 4.2.1.10: refused without a host, and with one that is an address.
        (EXCLUDE, ".example.com", "urn:example:a", malformed),
        (EXCLUDE, ".example.com", "https://192.0.2.1/", malformed),
    ] {
        assert_eq!(fares(side, base, uri), expected, "{base} {uri}");
    }
}

#[test]
fn constraints_hold_for_intermediates_too() {
    let root = Ca::root_with("root", &constrain(&[dns("example.com")], &[]));
    let sub = root.sub_with("sub", &|params| params.subject_alt_names = Vec::from([dns_san("example.org")]));
    let error = verify(&sub.leaf(), &[&sub.der], &[&root]).unwrap_err();
    assert_eq!(error.certificate, Which::Peer(1));
    assert!(matches!(error.problem, Problem::NameConstraint { .. }));
}

#[test]
fn constraints_skip_self_issued_intermediates_but_not_a_self_issued_leaf() {
    let root = Ca::root_with("root", &constrain(&[dns("example.com")], &[]));
    let foreign =
        |params: &mut CertificateParams| params.subject_alt_names = Vec::from([dns_san("example.org")]);
    let rolled = root.sub_with("root", &foreign);
    assert!(verify(&rolled.leaf(), &[&rolled.der], &[&root]).is_ok());

    let self_issued = root.leaf_with(&|params| {
        params.distinguished_name = named("root");
        foreign(params);
    });
    assert!(verify(&self_issued, &[], &[&root]).is_err());
}

#[test]
fn constraints_of_all_issuers_hold_together() {
    let root = Ca::root("root");
    let upper = root.sub_with("upper", &constrain(&[dns("a.example.com")], &[]));
    let lower = upper.sub_with("lower", &constrain(&[dns("example.com")], &[]));
    let leaf = |name: &str| {
        let leaf = lower.leaf_with(&|params| params.subject_alt_names = Vec::from([dns_san(name)]));
        verify(&leaf, &[&lower.der, &upper.der], &[&root]).map(|_| ())
    };
    assert!(leaf("x.a.example.com").is_ok());
    assert!(leaf("b.example.com").is_err());
}

/// An authority that may not vouch for a name must not get around that by writing it in another type of text. As a permission, only
/// what RFC 5280 section 7.1 calls the same is the same.
#[test]
fn an_exclusion_holds_in_whatever_type_the_text_is() {
    let named = |kind: &[u8], (tag, text): (u8, Vec<u8>)| {
        tlv(0x30, &[&tlv(0x31, &[&tlv(0x30, &[&tlv(6, &[kind]), &tlv(tag, &[&text])])])])
    };
    let utf8 = |text: &str| (0x0c, text.as_bytes().to_vec());
    let octets =
        |tag: u8, text: &str| (tag, text.chars().map(|c| u8::try_from(u32::from(c)).unwrap()).collect());
    let printable = |text: &str| octets(0x13, text);
    let teletex = |text: &str| octets(0x14, text);
    let ia5 = |text: &str| octets(0x16, text);
    let graphic = |text: &str| octets(0x19, text);
    let general = |text: &str| octets(0x1b, text);
    let bmp = |text: &str| (0x1e, text.encode_utf16().flat_map(u16::to_be_bytes).collect::<Vec<u8>>());
    let universal =
        |text: &str| (0x1c, text.chars().flat_map(|c| u32::from(c).to_be_bytes()).collect::<Vec<u8>>());
    let organization: &[u8] = &[0x55, 4, 10];
    let component: &[u8] = &[0x09, 0x92, 0x26, 0x89, 0x93, 0xf2, 0x2c, 0x64, 1, 25];
    let rows = [
        (utf8("Some Org"), utf8("Some Org"), true, true),
        (utf8("Some Org"), printable(" some  ORG"), true, true),
        (utf8("Some Org"), bmp("Some Org"), false, true),
        (utf8("Some Org"), teletex("Some Org"), false, true),
        (utf8("Some Org"), universal("SOME ORG"), false, true),
        (printable("Some Org"), ia5("some org"), false, true),
        (bmp("Some Org"), teletex("Some Org"), false, true),
        (bmp("S\u{f6}me Org"), utf8("s\u{d6}me Org"), false, true),
        (teletex("S\u{f6}me Org"), utf8("s\u{d6}me Org"), false, true),
        (utf8("Some Org"), general("some  ORG"), false, true),
        (utf8("Some Org"), graphic("Some Org"), false, true),
        (general("S\u{f6}me Org"), utf8("s\u{d6}me Org"), false, true),
        (utf8("Some Org"), general("Some Organ"), false, false),
        // Strings in parts, which DER does not have: nobody knows what is read there.
        (utf8("Some Org"), (0x2c, tlv(0x0c, &[b"Some Org"])), false, true),
        (utf8("Some Org"), (0x33, [tlv(0x13, &[b"Some"]), tlv(0x13, &[b" Org"])].concat()), false, true),
        (utf8("Some Org"), (0x3b, tlv(0x1b, &[b"Some Org"])), false, true),
        ((0x3e, tlv(0x1e, &[b"\0A"])), utf8("Some Org"), false, true),
        // The same text behind a shift to ASCII, and what may be anything behind one to another set. ISO 2022.
        (utf8("Some Org"), general("\u{1b}(BSome Org"), false, true),
        (utf8("Some Org"), teletex("\u{e}abc"), false, true),
        // A sequence is no text.
        (utf8("Some Org"), (0x30, tlv(0x0c, &[b"Some Org"])), false, false),
        // What nobody sees. RFC 4518 section 2.2.
        (utf8("Some Org"), utf8("So\u{ad}me\u{200b} \u{feff} O\u{200d}rg"), true, true),
        (utf8("Some Org"), utf8("Some\u{a0}Org"), true, true),
        (utf8("Some Org"), bmp("Some Organ"), false, false),
        (utf8("Some Org"), bmp("SomeOrg"), false, false),
        // What normalization makes the same, and what it does not. RFC 5280 section 7.1.
        (utf8("Some Org"), utf8("\u{ff33}ome Org"), false, true),
        (utf8("S\u{f6}me Org"), utf8("So\u{308}me Org"), false, true),
        (utf8("Some Org"), utf8("S\u{f6}me Org"), false, false),
        // Neither is text; octets that are the same are the same.
        (utf8("Some Org"), (4, b"Some Org".to_vec()), false, false),
        ((4, b"Some Org".to_vec()), (4, b"Some Org".to_vec()), true, true),
    ];
    let rows = rows.map(|row| (organization, row));
    // Labels of the DNS, RFC 5280 section 7.2.
    let labels = [
        (ia5("evil"), ia5("EVIL"), true, true),
        (ia5("evil"), ia5("evil "), false, true),
        (ia5("evil"), ia5("ev\0il"), false, true),
        (ia5("evil"), utf8("evil"), false, true),
        (ia5("evil"), ia5("evils"), false, false),
    ];
    for (kind, (constraint, subject, same, reads_same)) in
        rows.into_iter().chain(labels.map(|row| (component, row)))
    {
        let subtree = tlv(0x30, &[&tlv(0xa4, &[&named(kind, constraint)])]);
        let fares = |list: u8| {
            let value = tlv(0x30, &[&tlv(list, &[&subtree])]);
            let constraints = CustomExtension::from_oid_content(&[2, 5, 29, 30], value);
            let root = Ca::root_with("root", &|params| params.custom_extensions.push(constraints.clone()));
            let mut leaf = Parts::leaf("root", &root.key);
            leaf.subject = named(kind, subject.clone());
            breach(verify(&leaf.sign(&root.key), &[], &[&root]), Which::Anchor(0))
        };
        assert_eq!(fares(0xa0).is_ok(), same, "{subject:?} is permitted");
        assert_eq!(fares(0xa1), if reads_same { EXCLUDED } else { Ok(()) }, "{subject:?} is excluded");
    }
}

#[test]
fn a_mailbox_is_constrained_in_whatever_type_the_text_is() {
    let com = [GeneralSubtree::Rfc822Name("example.com".to_string())];
    let mailbox = |value: DnValue| {
        let root = Ca::root_with("root", &constrain(&[], &com));
        let leaf = root.leaf_with(&|params| {
            params.distinguished_name = DistinguishedName::new();
            let kind = DnType::CustomDnType(Vec::from([1, 2, 840, 113549, 1, 9, 1]));
            params.distinguished_name.push(kind, value.clone());
        });
        breach(verify(&leaf, &[], &[&root]), Which::Anchor(0))
    };
    let ia5 = |text: &str| DnValue::Ia5String(Ia5String::try_from(text).unwrap());
    assert_eq!(mailbox(ia5("a@example.com")), EXCLUDED);
    assert_eq!(mailbox(ia5("a@example.org")), Ok(()));
    assert_eq!(mailbox(DnValue::Utf8String("a@example.com".to_string())), EXCLUDED);
    let bmp = BmpString::try_from("a@example.com").unwrap();
    assert_eq!(mailbox(DnValue::BmpString(bmp)), Err(ConstraintBreach::Malformed));

    // One that is not ASCII is an other name (RFC 9598). Other kinds of those have nothing to do with mailboxes.
    let other = |kind: &[u8]| of_kind(&Ca::root_with("root", &constrain(&com, &[])), kind);
    assert_eq!(other(&[0x2b, 6, 1, 5, 5, 7, 8, 9]), Err(ConstraintBreach::Malformed));
    assert_eq!(other(&[0x2b, 6, 1, 5, 5, 7, 8, 5]), Ok(()));

    // And a constraint on other names says of it what it says of all of them: we do not compare such.
    for list in [0xa0, 0xa1] {
        let value =
            tlv(0x30, &[&tlv(list, &[&tlv(0x30, &[&mailbox_beyond_ascii(&[0x2b, 6, 1, 5, 5, 7, 8, 9])])])]);
        let constraints = CustomExtension::from_oid_content(&[2, 5, 29, 30], value);
        let root = Ca::root_with("root", &|params| params.custom_extensions.push(constraints.clone()));
        for kind in [&[0x2b, 6, 1, 5, 5, 7, 8, 9], &[0x2b, 6, 1, 5, 5, 7, 8, 5]] {
            assert_eq!(of_kind(&root, kind), Err(ConstraintBreach::UnsupportedForm), "{list:x} {kind:?}");
        }
    }
}

fn mailbox_beyond_ascii(kind: &[u8]) -> Vec<u8> {
    tlv(0xa0, &[&tlv(6, &[kind]), &tlv(0xa0, &[&tlv(0x0c, &["\u{e9}@example.com".as_bytes()])])])
}

/// How a leaf below `root` fares whose only name is an other name of this kind.
fn of_kind(root: &Ca, kind: &[u8]) -> Result<(), ConstraintBreach> {
    let leaf = root.leaf_with(&|params| {
        params.subject_alt_names = Vec::new();
        let names = tlv(0x30, &[&mailbox_beyond_ascii(kind)]);
        params.custom_extensions.push(CustomExtension::from_oid_content(&[2, 5, 29, 17], names));
    });
    breach(verify(&leaf, &[], &[root]), Which::Anchor(0))
}

/// RFC 4291 section 2.5.5.2: who connects to such an address gets the host of IPv4.
#[test]
fn an_excluded_address_is_excluded_in_its_other_family() {
    let v4 = [GeneralSubtree::IpAddress(CidrSubnet::from_v4_prefix([192, 0, 2, 0], 24))];
    let all_v6 = [GeneralSubtree::IpAddress(CidrSubnet::from_v6_prefix([0; 16], 0))];
    assert_eq!(fares(&[], &v4, &[ip_san("::ffff:192.0.2.7")]), EXCLUDED);
    assert_eq!(fares(&[], &v4, &[ip_san("::ffff:192.0.3.7")]), Ok(()));
    assert_eq!(fares(&[], &v4, &[ip_san("::fffe:192.0.2.7")]), Ok(()));
    assert_eq!(fares(&v4, &[], &[ip_san("::ffff:192.0.2.7")]), NOT_PERMITTED);
    assert_eq!(fares(&all_v6, &v4, &[ip_san("::ffff:192.0.2.7")]), EXCLUDED);
}
