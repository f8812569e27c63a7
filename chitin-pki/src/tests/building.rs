//! Finding a path, whatever the pool looks like, and giving up in time.

use alloc::string::ToString;
use alloc::vec::Vec;
use std::time::{Duration, Instant};

use pki_types::CertificateDer;
use rcgen::{CertificateParams, DnType, GeneralSubtree, KeyPair, NameConstraints, SanType, date_time_ymd};

use super::support::*;
use crate::{Budget, Certificate, Problem, Purpose, Verifier, Which, anchor_from_der};

fn unknown(issuer: &str) -> Problem {
    Problem::UnknownIssuer { issuer: common_name(issuer)[2..].to_vec() }
}

#[test]
fn a_path_says_who_verified_what() {
    let root = Ca::root("root");
    let upper = root.sub("upper");
    let lower = upper.sub("lower");
    let der = lower.leaf();
    let leaf = Certificate::parse(&der).unwrap();
    let anchors = [anchor_from_der(&upper.der).unwrap(), anchor_from_der(&root.der).unwrap()];
    let pool = [upper.der.clone(), lower.der.clone()];
    let path = Verifier::new(ALL, &anchors[1..], at(NOW), Purpose::ServerAuth).verify(&leaf, &pool).unwrap();
    assert_eq!(path.leaf.der(), &*der);
    let links: Vec<_> = path.intermediates.iter().map(|l| (l.position, l.certificate.der())).collect();
    assert_eq!(links, [(2, &*lower.der), (1, &*upper.der)]);
    assert_eq!(*path.anchor, anchors[1]);
    // The nearest anchor ends the path.
    let path = Verifier::new(ALL, &anchors, at(NOW), Purpose::ServerAuth).verify(&leaf, &pool).unwrap();
    assert_eq!(positions(&path), (Vec::from([2]), 0));
}

#[test]
fn the_pool_may_be_in_any_order_and_have_more_than_needed() {
    let root = Ca::root("root");
    let upper = root.sub("upper");
    let lower = upper.sub("lower");
    let leaf = lower.leaf();
    let noise = Ca::root("noise");
    let junk = CertificateDer::from(&b"junk"[..]);
    assert_eq!(verify(&leaf, &[&lower.der, &upper.der], &[&root]), Ok((Vec::from([1, 2]), 0)));
    assert_eq!(verify(&leaf, &[&upper.der, &lower.der], &[&root]), Ok((Vec::from([2, 1]), 0)));
    assert_eq!(
        verify(
            &leaf,
            &[&root.der, &junk, &upper.der, &noise.der, &upper.der, &lower.der, &leaf],
            &[&noise, &root]
        ),
        Ok((Vec::from([6, 3]), 1))
    );
}

#[test]
fn a_missing_issuer_is_named() {
    let root = Ca::root("root");
    let upper = root.sub("upper");
    let lower = upper.sub("lower");
    let leaf = lower.leaf();
    assert_eq!(verify(&leaf, &[&upper.der], &[&root]), wrong(LEAF, unknown("lower")));
    assert_eq!(verify(&leaf, &[&lower.der], &[&root]), wrong(Which::Peer(1), unknown("upper")));
    assert_eq!(verify(&leaf, &[&upper.der, &lower.der], &[]), wrong(Which::Peer(1), unknown("root")));
}

#[test]
fn an_unreadable_certificate_is_named_when_no_path_is_found() {
    let root = Ca::root("root");
    let sub = root.sub("sub");
    let cut = CertificateDer::from(&sub.der[..100]);
    let error = verify(&sub.leaf(), &[&cut], &[&root]).unwrap_err();
    assert_eq!(error.certificate, Which::Peer(1));
    assert!(matches!(error.problem, Problem::BadDer { .. }));
}

#[test]
fn cross_signs_are_tried_until_one_is_good() {
    let (old, new) = (Ca::root("old"), Ca::root("new"));
    let sub = old.sub("sub");
    let cross = new.cross(&sub);
    let leaf = sub.leaf();
    assert_eq!(verify(&leaf, &[&sub.der, &cross], &[&old]), Ok((Vec::from([1]), 0)));
    assert_eq!(verify(&leaf, &[&sub.der, &cross], &[&new]), Ok((Vec::from([2]), 0)));
    assert_eq!(verify(&leaf, &[&cross, &sub.der], &[&old]), Ok((Vec::from([2]), 0)));
}

#[test]
fn an_expired_cross_sign_does_not_hide_the_good_one() {
    let root = Ca::root("root");
    let mut sub = root.sub("sub");
    let good = sub.der.clone();
    sub.params.not_after = date_time_ymd(2020, 1, 1);
    let expired = root.cross(&sub);
    assert_eq!(verify(&sub.leaf(), &[&expired, &good], &[&root]), Ok((Vec::from([2]), 0)));
}

#[test]
fn a_name_constraint_on_one_way_does_not_bar_the_other() {
    let (free, strict) = (
        Ca::root("free"),
        Ca::root_with("strict", &|params| {
            params.name_constraints = Some(NameConstraints {
                permitted_subtrees: Vec::from([GeneralSubtree::DnsName("example.org".to_string())]),
                excluded_subtrees: Vec::new(),
            });
        }),
    );
    let sub = strict.sub("sub");
    let cross = free.cross(&sub);
    assert_eq!(verify(&sub.leaf(), &[&sub.der, &cross], &[&strict, &free]), Ok((Vec::from([2]), 1)));
}

#[test]
fn two_issuers_of_one_name_are_told_apart() {
    let root = Ca::root("root");
    let (one, two) = (root.sub("sub"), root.sub("sub"));
    assert_eq!(verify(&one.leaf(), &[&two.der, &one.der], &[&root]), Ok((Vec::from([2]), 0)));
    assert_eq!(verify(&two.leaf(), &[&two.der, &one.der], &[&root]), Ok((Vec::from([1]), 0)));
    let (a, b) = (Ca::root("root"), Ca::root("root"));
    assert_eq!(verify(&b.leaf(), &[], &[&a, &b]), Ok((Vec::new(), 1)));
    // Also without key identifiers.
    let plain = one.leaf_with(&|params| params.use_authority_key_identifier_extension = false);
    assert_eq!(verify(&plain, &[&two.der, &one.der], &[&root]), Ok((Vec::from([2]), 0)));
}

#[test]
fn names_are_chained_however_they_are_written() {
    // RFC 5280 section 7.1: rcgen writes UTF8String, and PrintableString if it is told to.
    use rcgen::{DistinguishedName, DnType, DnValue};
    let written = |value: DnValue| {
        move |params: &mut CertificateParams| {
            let mut name = DistinguishedName::new();
            name.push(DnType::OrganizationName, value.clone());
            params.distinguished_name = name;
        }
    };
    let utf8 = |text: &str| DnValue::Utf8String(text.to_string());
    let printable = |text: &str| DnValue::PrintableString(text.try_into().unwrap());
    for (subject, issuer, expected) in [
        (utf8("Some CA"), utf8("SOME  ca "), true),
        (utf8("Some CA"), printable("some ca"), true),
        (utf8("Some CA"), utf8("SomeCA"), false),
    ] {
        let mut root = Ca::root_with("", &written(subject.clone()));
        let mut sub = root.sub_with("", &written(utf8("Sub")));
        // What the CA calls itself in the certificates that it issues.
        written(issuer)(&mut root.params);
        let by_root = root.leaf();
        assert_eq!(verify(&by_root, &[], &[&root]).is_ok(), expected, "{subject:?}");
        written(utf8(if expected { "sUB" } else { "Sup" }))(&mut sub.params);
        let by_sub = sub.leaf();
        assert_eq!(verify(&by_sub, &[&sub.der], &[&sub, &root]).is_ok(), expected);
        assert_eq!(verify(&by_sub, &[&sub.der], &[&root]).is_ok(), expected);
    }
}

#[test]
fn loops_end() {
    let root = Ca::root("root");
    let (a, b) = (Ca::root("a"), Ca::root("b"));
    let (a_by_b, b_by_a) = (b.cross(&a), a.cross(&b));
    let leaf = a.leaf();
    let pool = [&a_by_b, &b_by_a, &a.der, &b.der];
    assert!(matches!(verify(&leaf, &pool, &[&root]).unwrap_err().problem, Problem::UnknownIssuer { .. }));
    // The way out of the loop is found.
    let b_by_root = root.cross(&b);
    assert_eq!(
        verify(&leaf, &[&a_by_b, &b_by_a, &a.der, &b.der, &b_by_root], &[&root]),
        Ok((Vec::from([1, 5]), 0))
    );
}

#[test]
fn bridges_are_crossed() {
    let (ours, bridge, theirs) = (Ca::root("ours"), Ca::root("bridge"), Ca::root("theirs"));
    let sub = theirs.sub("sub");
    let mesh = [
        ours.cross(&bridge),
        bridge.cross(&ours),
        theirs.cross(&bridge),
        bridge.cross(&theirs),
        sub.der.clone(),
    ];
    let pool: Vec<_> = mesh.iter().collect();
    assert_eq!(verify(&sub.leaf(), &pool, &[&ours]), Ok((Vec::from([5, 4, 1]), 0)));
}

#[test]
fn a_telling_error_wins_over_a_missing_issuer() {
    let (known, unknown_root) = (Ca::root("known"), Ca::root("unknown"));
    let mut sub = unknown_root.sub("sub");
    let dead_end = sub.der.clone();
    sub.params.not_after = date_time_ymd(2025, 12, 31);
    let expired = known.cross(&sub);
    let problem = Problem::Expired { time: at(NOW), not_after: at(1_767_139_200) };
    let leaf = sub.leaf();
    assert_eq!(verify(&leaf, &[&dead_end, &expired], &[&known]), wrong(Which::Peer(2), problem.clone()));
    assert_eq!(verify(&leaf, &[&expired, &dead_end], &[&known]), wrong(Which::Peer(1), problem));
}

#[test]
fn the_number_of_intermediates_is_bounded() {
    let root = Ca::root("root");
    let mut chain = Vec::from([root.sub("1")]);
    for i in 2..=9 {
        let next = chain[chain.len() - 1].sub(&i.to_string());
        chain.push(next);
    }
    let depth = Problem::BudgetExceeded { budget: Budget::Depth };
    let verify_to = |count: usize, max: Option<usize>| {
        let leaf = chain[count - 1].leaf();
        let pool: Vec<_> = chain[..count].iter().map(|ca| &ca.der).collect();
        verify_by(&leaf, &pool, &[&root], Purpose::ServerAuth, &|verifier| match max {
            Some(max) => verifier.with_max_intermediates(max),
            None => verifier,
        })
    };
    assert!(verify_to(8, None).is_ok());
    assert_eq!(verify_to(9, None), wrong(Which::Peer(1), depth.clone()));
    assert!(verify_to(9, Some(9)).is_ok());
    assert!(verify_to(2, Some(2)).is_ok());
    assert_eq!(verify_to(2, Some(1)), wrong(Which::Peer(1), depth.clone()));
    assert_eq!(verify_to(1, Some(0)), wrong(Which::Peer(1), depth));
    assert!(verify(&root.leaf(), &[], &[&root]).is_ok());
}

#[test]
fn self_issued_certificates_are_bounded_too() {
    let root = Ca::root("root");
    let mut chain = Vec::from([root.sub("sub")]);
    for _ in 1..17 {
        let next = chain[chain.len() - 1].sub("sub");
        chain.push(next);
    }
    let verify_to = |count: usize| {
        let pool: Vec<_> = chain[..count].iter().map(|ca| &ca.der).collect();
        verify(&chain[count - 1].leaf(), &pool, &[&root])
    };
    assert!(verify_to(16).is_ok());
    // Depth ends the right branch, signatures the search for another.
    assert!(matches!(verify_to(17).unwrap_err().problem, Problem::BudgetExceeded { .. }));
}

/// Far above what it takes, and far below what it took without a budget.
const QUICK: Duration = Duration::from_secs(5);

#[test]
fn a_mesh_of_cross_signs_ends_within_the_budget() {
    let cas: Vec<_> = (0..12).map(|i| Ca::root(&i.to_string())).collect();
    let mut mesh = Vec::new();
    for (i, issuer) in cas.iter().enumerate() {
        for (j, subject) in cas.iter().enumerate() {
            if i != j {
                mesh.push(issuer.cross(subject));
            }
        }
    }
    let pool: Vec<_> = mesh.iter().collect();
    let leaf = cas[0].leaf();
    let stranger = Ca::root("stranger");

    let start = Instant::now();
    let error = verify(&leaf, &pool, &[&stranger]).unwrap_err();
    assert_eq!(error.problem, Problem::BudgetExceeded { budget: Budget::Candidates });
    assert!(start.elapsed() < QUICK, "{:?}", start.elapsed());

    // A root in the mesh is found.
    assert!(verify(&leaf, &pool, &[&cas[7]]).is_ok());
}

#[test]
fn many_issuers_of_one_name_end_within_the_budget() {
    let many: Vec<_> = (0..120).map(|_| Ca::root("same")).collect();
    let pool: Vec<_> = many.iter().map(|ca| &ca.der).collect();
    let missing = Ca::root("same");
    let leaf = missing.leaf();
    let root = Ca::root("root");
    let start = Instant::now();
    let error = verify(&leaf, &pool, &[&root]).unwrap_err();
    assert_eq!(
        (error.certificate, error.problem),
        (LEAF, Problem::BudgetExceeded { budget: Budget::Signatures })
    );
    assert!(start.elapsed() < QUICK);
}

#[test]
fn names_by_the_thousand_end_within_the_budget() {
    let constraints: Vec<_> =
        (0..1000).map(|i| GeneralSubtree::DnsName(std::format!("c{i}.example"))).collect();
    let root = Ca::root("root");
    let sub = root.sub_with("sub", &|params| {
        params.name_constraints =
            Some(NameConstraints { permitted_subtrees: Vec::new(), excluded_subtrees: constraints.clone() });
    });
    let leaf_with = |count: usize| {
        sub.leaf_with(&|params: &mut CertificateParams| {
            params.subject_alt_names = (0..count)
                .map(|i| SanType::DnsName(std::format!("n{i}.example").try_into().unwrap()))
                .collect();
        })
    };
    assert!(verify(&leaf_with(200), &[&sub.der], &[&root]).is_ok());
    let start = Instant::now();
    assert_eq!(
        verify(&leaf_with(1000), &[&sub.der], &[&root]),
        wrong(LEAF, Problem::BudgetExceeded { budget: Budget::Names })
    );
    assert!(start.elapsed() < QUICK);
}

/// Each of the issuers has the long name read anew, and costs no signature beyond the first.
#[test]
fn long_names_under_many_cross_signs_end_within_the_budget() {
    let constrained = |params: &mut CertificateParams| {
        let host = tlv(0x86, &[b"www.example.com"]);
        let constraints = tlv(0x30, &[&tlv(0xa0, &[&tlv(0x30, &[&host])])]);
        params.custom_extensions.push(extension(&[2, 5, 29, 30], true, &constraints));
    };
    let sub = Ca::root("elsewhere").sub_with("sub", &constrained);
    let others: Vec<_> = (0..100).map(|i| Ca::root(&std::format!("other {i}")).cross(&sub)).collect();
    let leaf_with = |octets: usize| {
        sub.leaf_with(&|params| {
            let uri = std::format!("https://www.example.com/{}", "a".repeat(octets));
            params.subject_alt_names = Vec::from([SanType::URI(uri.try_into().unwrap())]);
        })
    };
    let leaf_of = |octets: usize| {
        sub.leaf_with(&|params| {
            params.distinguished_name.push(DnType::OrganizationName, "a".repeat(octets));
        })
    };
    let root = Ca::root("root");
    let pool: Vec<_> = others.iter().collect();
    let good = root.cross(&sub);
    let leaves: [&dyn Fn(usize) -> CertificateDer<'static>; 2] = [&leaf_with, &leaf_of];
    for leaf in leaves {
        let judge = |octets| verify(&leaf(octets), &pool, &[&root]).unwrap_err().problem;
        assert_eq!(judge(60_000), Problem::BudgetExceeded { budget: Budget::Names });
        assert!(matches!(judge(100), Problem::UnknownIssuer { .. }));
        assert!(verify(&leaf(60_000), &[&good], &[&root]).is_ok());
    }
}

#[test]
fn many_anchors_of_one_name_end_within_the_budget() {
    let many: Vec<_> = (0..120).map(|_| Ca::root("same")).collect();
    let roots: Vec<_> = many.iter().collect();
    let leaf = Ca::root("same").leaf();
    assert_eq!(
        verify(&leaf, &[], &roots),
        wrong(LEAF, Problem::BudgetExceeded { budget: Budget::Signatures })
    );
    assert_eq!(verify(&many[99].leaf(), &[], &roots), Ok((Vec::new(), 99)));
}

/// Names of eight attributes in one set, all of a kind, that differ in the last character: each attribute is compared with each.
fn long_name(last: usize) -> Vec<u8> {
    let values: Vec<_> = (0..8)
        .map(|i| {
            let text = std::format!("{}{i}{last:04}", "Aa ".repeat(70));
            // Alternately in two types of text, so that equal octets are rare.
            let tag = if (i + last) % 2 == 0 { 0x0c } else { 0x13 };
            tlv(0x30, &[&[0x06, 0x03, 0x55, 0x04, 0x0b], &tlv(tag, &[text.as_bytes()])])
        })
        .collect();
    tlv(0x30, &[&tlv(0x31, &[&values.concat()])])
}

#[test]
fn long_names_that_are_nearly_the_same_end_within_the_budget() {
    let keys: Vec<_> = (0..5).map(|_| KeyPair::generate().unwrap()).collect();
    let mut mesh = Vec::new();
    for (i, issuer) in keys.iter().enumerate() {
        for (j, subject) in keys.iter().enumerate().filter(|(j, _)| *j != i) {
            let mut parts = Parts::leaf("", subject);
            (parts.issuer, parts.subject) = (long_name(i), long_name(j));
            parts.extensions = Vec::from([id_ce(19, &[1, 1, 0xff], &tlv(0x30, &[&[1, 1, 0xff]]))]);
            mesh.push(parts.sign(issuer));
        }
    }
    let mut leaf = Parts::leaf("", &keys[0]);
    leaf.issuer = long_name(0);
    let leaf = leaf.sign(&keys[0]);
    // What fits into a Certificate message.
    assert!(mesh.iter().chain([&leaf]).map(|der| der.len()).sum::<usize>() < 102_400);
    let pool: Vec<_> = mesh.iter().collect();
    let start = Instant::now();
    let error = verify(&leaf, &pool, &[&Ca::root("root")]).unwrap_err();
    assert_eq!(error.problem, Problem::BudgetExceeded { budget: Budget::Names });
    assert!(start.elapsed() < QUICK, "{:?}", start.elapsed());
}

/// An issuer with this subtree that its names may not be in, below nobody who is trusted; others between it and the leaf; and a leaf
/// with these names.
fn below_a_subtree(
    subtree: &[u8],
    between: usize,
    names: &[u8],
) -> (CertificateDer<'static>, Vec<CertificateDer<'static>>) {
    let key = KeyPair::generate().unwrap();
    let ca = |issuer: &str, subject: &str, serial: usize, extensions: Vec<Vec<u8>>| {
        let mut parts = Parts::leaf(issuer, &key);
        parts.serial = Vec::from([2, 1, 1 + serial as u8]);
        parts.subject = common_name(subject);
        parts.extensions =
            [Vec::from([id_ce(19, &[1, 1, 0xff], &tlv(0x30, &[&[1, 1, 0xff]]))]), extensions].concat();
        parts.sign(&key)
    };
    let constraints = tlv(0x30, &[&tlv(0xa1, &[&tlv(0x30, &[subtree])])]);
    let mut pool: Vec<_> = (0..between).map(|i| ca("upper", "lower", i, Vec::new())).collect();
    pool.push(ca("elsewhere", "upper", 0, Vec::from([id_ce(30, &[1, 1, 0xff], &constraints)])));
    let mut leaf = Parts::leaf("lower", &KeyPair::generate().unwrap());
    leaf.extensions = Vec::from([id_ce(17, &[], &tlv(0x30, &[names]))]);
    let leaf = leaf.sign(&key);
    // What fits into a Certificate message.
    assert!(pool.iter().chain([&leaf]).map(|der| der.len()).sum::<usize>() < 102_000);
    (leaf, pool)
}

/// However long a subtree is, a name that is of another form, or that differs at once, is held against it in one comparison.
fn costs_as_much_as_a_short_one(subtree: &[u8], names: &[u8]) {
    let judge = |between: usize| {
        let (leaf, pool) = below_a_subtree(subtree, between, names);
        let pool: Vec<_> = pool.iter().collect();
        let start = Instant::now();
        let error = verify(&leaf, &pool, &[&Ca::root("root")]).unwrap_err();
        assert!(start.elapsed() < QUICK, "{:?}", start.elapsed());
        error.problem
    };
    assert!(matches!(judge(1), Problem::UnknownIssuer { .. }));
    // Each is a way to the subtree, on which each name is held against it.
    assert_eq!(judge(20), Problem::BudgetExceeded { budget: Budget::Names });
}

#[test]
fn long_directory_subtrees_cost_as_much_as_short_ones() {
    // The shortest relative names there are.
    let relative = tlv(0x31, &[&tlv(0x30, &[&[0x06, 0x03, 0x55, 0x04, 0x03], &[0x0c, 0x00]])]);
    let subtree = tlv(0xa4, &[&tlv(0x30, &[&relative.repeat(3_400)])]);
    costs_as_much_as_a_short_one(&subtree, &tlv(0x82, &[b"a"]).repeat(15_000));
}

#[test]
fn long_mailbox_subtrees_cost_as_much_as_short_ones() {
    let subtree = tlv(0x81, &[std::format!("{}@b", "a".repeat(15_000)).as_bytes()]);
    costs_as_much_as_a_short_one(&subtree, &tlv(0x81, &[b"a@b"]).repeat(15_000));
}

#[test]
fn long_types_of_attributes_cost_as_much_as_short_ones() {
    let directory = |kind: &[u8]| {
        let attribute = tlv(0x30, &[&tlv(0x06, &[kind]), &[0x0c, 0x00]]);
        tlv(0xa4, &[&tlv(0x30, &[&tlv(0x31, &[&attribute])])])
    };
    let subtree = directory(&[0x55; 40_000]);
    let (leaf, pool) = below_a_subtree(&subtree, 20, &directory(&[0x55]).repeat(3_400));
    let pool: Vec<_> = pool.iter().collect();
    let start = Instant::now();
    let error = verify(&leaf, &pool, &[&Ca::root("root")]).unwrap_err();
    assert!(matches!(error.problem, Problem::UnknownIssuer { .. }), "{error}");
    assert!(start.elapsed() < QUICK, "{:?}", start.elapsed());
}

/// Each issuer refuses the leaf for its subject, and an error is made each time.
#[test]
fn refusals_of_long_names_show_little_of_them() {
    let key = KeyPair::generate().unwrap();
    let all = tlv(0x30, &[&tlv(0xa1, &[&tlv(0x30, &[&tlv(0xa4, &[&[0x30, 0x00]])])])]);
    let ca = |issuer: &str, subject: &str, serial: usize, constrained: bool| {
        let mut parts = Parts::leaf(issuer, &key);
        parts.serial = Vec::from([2, 1, 1 + serial as u8]);
        parts.subject = common_name(subject);
        parts.extensions = Vec::from([id_ce(19, &[1, 1, 0xff], &tlv(0x30, &[&[1, 1, 0xff]]))]);
        if constrained {
            parts.extensions.push(id_ce(30, &[1, 1, 0xff], &all));
        }
        parts.sign(&key)
    };
    let lower = (0..40).map(|i| ca("upper", "lower", i, false));
    let upper = (0..48).map(|i| ca("elsewhere", "upper", i, true));
    let pool: Vec<_> = lower.chain(upper).collect();
    let pool: Vec<_> = pool.iter().collect();
    let judge = |subject: Vec<u8>| {
        let mut leaf = Parts::leaf("lower", &KeyPair::generate().unwrap());
        leaf.subject = subject;
        let start = Instant::now();
        let error = verify(&leaf.sign(&key), &pool, &[&Ca::root("root")]).unwrap_err();
        assert!(start.elapsed() < QUICK, "{:?}", start.elapsed());
        error
    };
    // With characters that are written as escapes.
    let long = judge(common_name(&"\u{e9}\u{301}".repeat(17_000)));
    assert!(long.to_string().len() < 8 * 1024, "{}", long.to_string().len());
    // And with a type that is no less long.
    let attribute = tlv(0x30, &[&tlv(0x06, &[&[0x55; 40_000]]), &[0x0c, 0x00]]);
    let long = judge(tlv(0x30, &[&tlv(0x31, &[&attribute])]));
    assert!(long.to_string().len() < 8 * 1024, "{}", long.to_string().len());
}
