//! The profiles above the default one: what each asks for more, and that the one before does not.

use alloc::string::ToString;
use alloc::vec::Vec;

use pki_types::CertificateDer;
use rcgen::{
    CertificateParams, CustomExtension, DnType, ExtendedKeyUsagePurpose as Eku, GeneralSubtree, KeyPair,
    NameConstraints, SanType, date_time_ymd,
};

use super::support::*;
use crate::{Budget, Certificate, Error, PresentedName, Problem, Profile, Purpose, Root, Verifier, Which};

const STRICT: Profile = Profile::Rfc5280Strict;
const FORUM: Profile = Profile::CaBrowserForum;
const ROOT: Which = Which::Anchor(0);
const SUB: Which = Which::Peer(1);

/// Verifies with the whole root.
fn judge(
    profile: Profile,
    purpose: Purpose,
    root: &CertificateDer<'_>,
    pool: &[&CertificateDer<'_>],
    leaf: &CertificateDer<'_>,
) -> Result<(), Error> {
    let roots = [Root::parse(root).unwrap()];
    let pool: Vec<_> = pool.iter().map(|&der| der.clone()).collect();
    let leaf = Certificate::parse(leaf).unwrap();
    let verifier = Verifier::with_roots(ALL, &roots, at(NOW), purpose).with_profile(profile);
    verifier.verify(&leaf, &pool).map(|_| ())
}

/// What the first profile passes and the second refuses.
fn differs(
    [passes, refuses]: [Profile; 2],
    root: &CertificateDer<'_>,
    pool: &[&CertificateDer<'_>],
    leaf: &CertificateDer<'_>,
) -> Error {
    assert_eq!(judge(passes, Purpose::ServerAuth, root, pool, leaf), Ok(()), "{passes:?}");
    judge(refuses, Purpose::ServerAuth, root, pool, leaf).unwrap_err()
}

/// A root as both profiles want it. rcgen gives every CA a subject key identifier.
fn good_root() -> Ca {
    Ca::root("root")
}

/// A leaf as both want it, with this change.
fn leaf(root: &Ca, edit: Edit<'_>) -> CertificateDer<'static> {
    root.leaf_with(&|params| {
        params.distinguished_name = named("example.com");
        edit(params);
    })
}

fn strict_on_leaf(edit: Edit<'_>) -> Problem {
    let root = good_root();
    let error = differs([Profile::Default, STRICT], &root.der, &[], &leaf(&root, edit));
    assert_eq!(error.certificate, LEAF);
    error.problem
}

fn strict_on_issuer(edit: Edit<'_>) -> Problem {
    let root = good_root();
    let sub = root.sub_with("sub", edit);
    let error = differs([Profile::Default, STRICT], &root.der, &[&sub.der], &leaf(&sub, &as_is));
    assert_eq!(error.certificate, SUB);
    error.problem
}

fn strict_on_root(edit: Edit<'_>) -> Problem {
    let root = Ca::root_with("root", edit);
    let error = differs([Profile::Default, STRICT], &root.der, &[], &leaf(&root, &as_is));
    assert_eq!(error.certificate, ROOT);
    error.problem
}

fn forum_on_leaf(edit: Edit<'_>) -> Problem {
    let root = good_root();
    let error = differs([STRICT, FORUM], &root.der, &[], &leaf(&root, edit));
    assert_eq!(error.certificate, LEAF);
    error.problem
}

fn id_ce_oid(number: usize) -> Vec<usize> {
    Vec::from([2, 5, 29, number])
}

fn add(extension: CustomExtension) -> impl Fn(&mut CertificateParams) {
    move |params| params.custom_extensions.push(extension.clone())
}

#[test]
fn a_good_chain_passes_them_all() {
    let root = good_root();
    let sub = root.sub("sub");
    for profile in [Profile::Default, STRICT, FORUM] {
        for purpose in [Purpose::ServerAuth, Purpose::Any] {
            assert_eq!(judge(profile, purpose, &root.der, &[&sub.der], &leaf(&sub, &as_is)), Ok(()));
        }
    }
    assert!(Profile::Default < STRICT && STRICT < FORUM);
}

#[test]
fn bare_anchors_are_not_looked_at() {
    let root = Ca::root_with("root", &|params| params.not_after = date_time_ymd(2000, 1, 1));
    let strict = |verifier: Verifier<'_>| {
        let verifier = verifier.with_profile(STRICT);
        verifier.verify(&Certificate::parse(&leaf(&root, &as_is)).unwrap(), &[]).map(|_| ())
    };
    let anchors = [crate::anchor_from_der(&root.der).unwrap()];
    assert_eq!(strict(Verifier::new(ALL, &anchors, at(NOW), Purpose::ServerAuth)), Ok(()));
    let roots = [Root::parse(&root.der).unwrap()];
    let error = strict(Verifier::with_roots(ALL, &roots, at(NOW), Purpose::ServerAuth)).unwrap_err();
    assert!(matches!(error, Error { certificate: ROOT, problem: Problem::Expired { .. } }), "{error}");
}

#[test]
fn strict_wants_key_identifiers() {
    let no_authority = |params: &mut CertificateParams| params.use_authority_key_identifier_extension = false;
    let missing = Problem::MissingExtension { oid: id_ce_oid(35) };
    assert_eq!(strict_on_leaf(&no_authority), missing);
    assert_eq!(strict_on_issuer(&no_authority), missing);
    // A self-signed root needs none, one that was signed by another does.
    let root = Ca::root_with("root", &no_authority);
    assert_eq!(judge(STRICT, Purpose::ServerAuth, &root.der, &[], &leaf(&root, &as_is)), Ok(()));
    let sub = root.sub_with("sub", &no_authority);
    assert_eq!(
        differs([Profile::Default, STRICT], &sub.der, &[], &leaf(&sub, &as_is)),
        Error { certificate: ROOT, problem: missing }
    );

    // A CA without an identifier of its own.
    let key = KeyPair::generate().unwrap();
    let mut parts = Parts::leaf("root", &key);
    parts.subject = common_name("root");
    parts.extensions = Vec::from([id_ce(19, &CRITICAL, &tlv(0x30, &[&CRITICAL]))]);
    let bare = Ca { params: ca_params("root"), der: parts.sign(&key), key };
    assert_eq!(
        differs([Profile::Default, STRICT], &bare.der, &[], &leaf(&bare, &as_is)),
        Error { certificate: ROOT, problem: Problem::MissingExtension { oid: id_ce_oid(14) } }
    );
}

const CRITICAL: [u8; 3] = [0x01, 0x01, 0xff];

#[test]
fn strict_wants_whole_authority_key_identifiers() {
    let field = |tag: u8, body: &[u8]| tlv(tag, &[body]);
    let issuer = field(0xa1, &tlv(0xa4, &[&common_name("root")]));
    let with = |fields: &[&[u8]]| {
        let value = extension(&[2, 5, 29, 35], false, &tlv(0x30, fields));
        move |params: &mut CertificateParams| {
            params.use_authority_key_identifier_extension = false;
            params.custom_extensions.push(value.clone());
        }
    };
    let (id, serial) = (field(0x80, &[1]), field(0x82, &[1]));
    for fields in [&[&issuer[..], &serial[..]][..], &[], &[&id, &issuer], &[&id, &serial]] {
        assert_eq!(strict_on_leaf(&with(fields)), Problem::BadAuthorityKeyIdentifier, "{fields:02x?}");
    }
    // All three are for the Forum to forbid.
    assert_eq!(forum_on_leaf(&with(&[&id, &issuer, &serial])), Problem::BadAuthorityKeyIdentifier);
    // A root that says that another key has signed it.
    assert_eq!(strict_on_root(&with(&[&id])), Problem::BadAuthorityKeyIdentifier);
}

#[test]
fn strict_wants_critical_marks() {
    let wrong = |number| Problem::WrongCriticality { oid: id_ce_oid(number) };
    let sequence = |parts: &[&[u8]]| tlv(0x30, parts);
    let names = sequence(&[&tlv(0x82, &[b"example.com"])]);
    let unnamed = |critical| {
        let names = names.clone();
        move |params: &mut CertificateParams| {
            params.distinguished_name = rcgen::DistinguishedName::new();
            params.subject_alt_names.clear();
            params.custom_extensions.push(extension(&[2, 5, 29, 17], critical, &names));
        }
    };
    assert_eq!(strict_on_leaf(&unnamed(false)), wrong(17));
    let root = good_root();
    assert_eq!(judge(FORUM, Purpose::ServerAuth, &root.der, &[], &leaf(&root, &unnamed(true))), Ok(()));

    let permitted = sequence(&[&tlv(0xa0, &[&sequence(&[&tlv(0x82, &[b"example.com"])])])]);
    let constraints = extension(&[2, 5, 29, 30], false, &permitted);
    assert_eq!(strict_on_issuer(&add(constraints.clone())), wrong(30));
    assert_eq!(strict_on_root(&add(constraints.clone())), wrong(30));
    // The Forum lets this pass.
    let sub = root.sub_with("sub", &add(constraints));
    assert_eq!(judge(FORUM, Purpose::ServerAuth, &root.der, &[&sub.der], &leaf(&sub, &as_is)), Ok(()));

    // Basic constraints: of a whole root always, of those between for the Forum.
    let key = KeyPair::generate().unwrap();
    let soft = |name: &str, issuer: &Ca, key: &KeyPair| {
        let mut parts = Parts::leaf(name, key);
        parts.subject = common_name("soft");
        let id = |number, tag: u8| id_ce(number, &[], &sequence_or_octets(tag));
        parts.extensions = Vec::from([id_ce(19, &[], &sequence(&[&CRITICAL])), id(14, 0x04), id(35, 0x30)]);
        parts.sign(&issuer.key)
    };
    let sub = Ca { params: ca_params("soft"), der: soft("root", &root, &key), key };
    assert_eq!(
        differs([STRICT, FORUM], &root.der, &[&sub.der], &leaf(&sub, &as_is)),
        Error { certificate: SUB, problem: wrong(19) }
    );
    assert_eq!(
        differs([Profile::Default, STRICT], &sub.der, &[], &leaf(&sub, &as_is)),
        Error { certificate: ROOT, problem: wrong(19) }
    );
}

/// The value of a key identifier: of the subject's as octets, of the authority's in a sequence.
fn sequence_or_octets(tag: u8) -> Vec<u8> {
    match tag {
        0x04 => tlv(0x04, &[&[1]]),
        _ => tlv(0x30, &[&tlv(0x80, &[&[1]])]),
    }
}

#[test]
fn strict_wants_names_in_the_preferred_syntax() {
    let malformed = |name: &str| Problem::MalformedName { name: PresentedName::Dns(name.to_string()) };
    for name in ["a_b.example.com", "192.0.2.1", "a..example.com", "w*.example.com"] {
        let names = tlv(0x30, &[&tlv(0x82, &[name.as_bytes()]), &tlv(0x82, &[b"example.com"])]);
        let problem = strict_on_leaf(&|params| {
            params.subject_alt_names.clear();
            params.custom_extensions.push(extension(&[2, 5, 29, 17], false, &names));
        });
        assert_eq!(problem, malformed(name));
    }
    let dotted = |params: &mut CertificateParams| {
        params.name_constraints = Some(NameConstraints {
            permitted_subtrees: Vec::new(),
            excluded_subtrees: Vec::from([GeneralSubtree::DnsName(".example.org".to_string())]),
        });
    };
    assert_eq!(strict_on_issuer(&dotted), malformed(".example.org"));
}

#[test]
fn strict_reads_information_access() {
    let access = |value: &[u8]| extension(&[1, 3, 6, 1, 5, 5, 7, 1, 1], false, value);
    let ocsp = [0x06, 0x08, 0x2b, 6, 1, 5, 5, 7, 0x30, 1];
    let place = tlv(0x86, &[b"http://ocsp.example"]);
    let good = tlv(0x30, &[&tlv(0x30, &[&ocsp, &place])]);
    let root = good_root();
    let with_good = leaf(&root, &add(access(&good)));
    assert_eq!(judge(STRICT, Purpose::ServerAuth, &root.der, &[], &with_good), Ok(()));
    for bad in
        [&b"junk"[..], &[], &tlv(0x30, &[]), &tlv(0x30, &[&tlv(0x30, &[&ocsp])]), &good[..good.len() - 1]]
    {
        let problem = strict_on_leaf(&add(access(bad)));
        assert!(matches!(problem, Problem::BadDer { .. }), "{bad:02x?} {problem}");
    }
}

#[test]
fn strict_wants_whole_roots_to_be_issuers() {
    let no_ca = |params: &mut CertificateParams| params.is_ca = rcgen::IsCa::ExplicitNoCa;
    assert_eq!(strict_on_root(&no_ca), Problem::EndEntityUsedAsCa);
    let root = Ca::root_with("root", &|params| {
        params.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Constrained(0));
    });
    let sub = root.sub("sub");
    assert_eq!(
        differs([Profile::Default, STRICT], &root.der, &[&sub.der], &leaf(&sub, &as_is)),
        Error { certificate: ROOT, problem: Problem::PathTooLong { allowed: 0, found: 1 } }
    );
}

#[test]
fn strict_wants_a_key_that_some_algorithm_is_for() {
    // secp192r1, 1.2.840.10045.3.1.1: a curve with a name, and none of ours.
    let curve = [0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01];
    let p192 = [0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x01];
    let root = good_root();
    let mut parts = Parts::leaf("root", &root.key);
    parts.spki = tlv(0x30, &[&tlv(0x30, &[&curve, &p192]), &tlv(0x03, &[&[0], &[4; 49]])]);
    let identifier = id_ce(35, &[], &sequence_or_octets(0x30));
    parts.extensions.push(identifier);
    let error = differs([Profile::Default, STRICT], &root.der, &[], &parts.sign(&root.key));
    let algorithm_id = [&curve[..], &p192].concat();
    assert_eq!(error, Error { certificate: LEAF, problem: Problem::KeyNotAllowed { algorithm_id } });
}

#[test]
fn the_forum_wants_extended_key_usage_and_no_more() {
    let usages = |list: &[Eku]| {
        let list = list.to_vec();
        forum_on_leaf(&move |params| params.extended_key_usages = list.clone())
    };
    assert_eq!(usages(&[]), Problem::MissingExtension { oid: id_ce_oid(37) });
    let any = usages(&[Eku::ServerAuth, Eku::Any]);
    assert!(matches!(any, Problem::ExtendedKeyUsage { required: Purpose::ServerAuth, .. }), "{any}");
    let server = [0x06, 0x08, 0x2b, 6, 1, 5, 5, 7, 3, 1];
    let critical = extension(&[2, 5, 29, 37], true, &tlv(0x30, &[&server]));
    let problem = forum_on_leaf(&|params| {
        params.extended_key_usages.clear();
        params.custom_extensions.push(critical.clone());
    });
    assert_eq!(problem, Problem::WrongCriticality { oid: id_ce_oid(37) });

    let root = Ca::root_with("root", &|params| params.extended_key_usages = Vec::from([Eku::ServerAuth]));
    assert_eq!(
        differs([STRICT, FORUM], &root.der, &[], &leaf(&root, &as_is)),
        Error { certificate: ROOT, problem: Problem::ForbiddenExtension { oid: id_ce_oid(37) } }
    );
}

/// Each common name is held against each alternative name, before any signature.
#[test]
fn common_names_by_the_thousand_end_within_the_budget() {
    let root = good_root();
    let judge = |common_names: usize, text: &str, others: &[u8], same: &[u8]| {
        let key = KeyPair::generate().unwrap();
        let mut leaf = Parts::leaf("root", &key);
        let name = tlv(0x30, &[&[0x06, 0x03, 0x55, 0x04, 0x03], &tlv(0x0c, &[text.as_bytes()])]);
        leaf.subject = tlv(0x30, &[&tlv(0x31, &[&name]).repeat(common_names)]);
        leaf.extensions = Vec::from([
            id_ce(17, &[], &tlv(0x30, &[others, same])),
            id_ce(35, &[], &tlv(0x30, &[&tlv(0x80, &[b"k"])])),
            id_ce(37, &[], &tlv(0x30, &[&[0x06, 8, 0x2b, 6, 1, 5, 5, 7, 3, 1]])),
        ]);
        // Which nobody who is trusted has signed.
        let leaf = leaf.sign(&key);
        judge(FORUM, Purpose::ServerAuth, &root.der, &[], &leaf).unwrap_err().problem
    };
    let addresses = tlv(0x87, &[&[1, 1, 1, 2]]).repeat(8_000);
    let domains = tlv(0x82, &[b"b.cd"]).repeat(8_000);
    for (text, others, same) in
        [("1.1.1.1", &addresses, tlv(0x87, &[&[1, 1, 1, 1]])), ("a.cd", &domains, tlv(0x82, &[b"a.cd"]))]
    {
        let spent = Problem::BudgetExceeded { budget: Budget::Names };
        assert_eq!(judge(2_700, text, others, &same), spent, "{text}");
        assert_eq!(judge(3, text, others, &same), Problem::BadSignature, "{text}");
    }
}

#[test]
fn the_forum_wants_common_names_among_the_others() {
    let root = good_root();
    let judge = |common_name: &str, sans: &[&str]| {
        let der = leaf(&root, &|params| {
            params.distinguished_name.push(DnType::CommonName, common_name);
            params.subject_alt_names = sans
                .iter()
                .map(|name| match name.parse() {
                    Ok(address) => SanType::IpAddress(address),
                    Err(_) => SanType::DnsName((*name).try_into().unwrap()),
                })
                .collect();
        });
        match judge(FORUM, Purpose::ServerAuth, &root.der, &[], &der) {
            Err(Error {
                certificate: LEAF,
                problem: Problem::CommonNameIsNoAlternative { common_name: said },
            }) => {
                assert_eq!(said, common_name);
                false
            }
            other => other.is_ok(),
        }
    };
    for (common_name, sans, expected) in [
        ("example.com", &["a.example.org", "example.com"][..], true),
        ("EXAMPLE.com", &["example.com"], false),
        ("www.example.com", &["example.com"], false),
        ("xn--bcher-kva.example", &["b.example"], false),
        ("b\u{fc}cher.example", &["xn--bcher-kva.example"], false),
        ("*.example.com", &["*.example.com"], true),
        ("example.com", &["*.example.com"], true),
        ("ample.com", &["www.example.com"], false),
        ("192.0.2.1", &["192.0.2.1"], true),
        ("192.0.002.1", &["192.0.2.1"], false),
        ("0xC0000201", &["192.0.2.1"], false),
        ("2001:db8::1", &["2001:db8::1"], true),
        ("2001:DB8::1", &["2001:db8::1"], false),
        ("2001:db8:0::1", &["2001:db8::1"], false),
        ("example.com", &["192.0.2.1"], true),
        ("Some Product 2.0 of Ours", &["example.com"], true),
        ("server", &["example.com"], true),
    ] {
        assert_eq!(judge(common_name, sans), expected, "{common_name} {sans:?}");
    }
}

#[test]
fn the_forum_wants_few_kinds_of_keys_and_marks() {
    let names = tlv(0x30, &[&tlv(0x82, &[b"example.com"])]);
    let problem = forum_on_leaf(&|params| {
        params.subject_alt_names.clear();
        params.custom_extensions.push(extension(&[2, 5, 29, 17], true, &names));
    });
    assert_eq!(problem, Problem::WrongCriticality { oid: id_ce_oid(17) });

    let root = good_root();
    let ed25519 = KeyPair::generate_for(&rcgen::PKCS_ED25519).unwrap();
    let params = leaf_params(&|params| params.distinguished_name = named("example.com"));
    let der = root.certify(&params, &ed25519);
    let error = differs([STRICT, FORUM], &root.der, &[], &der);
    assert!(matches!(error.problem, Problem::KeyNotAllowed { .. }), "{error}");

    let mut parts = Parts::leaf("root", &root.key);
    parts.spki = rsa_spki(2049, &[1, 0, 1]);
    parts.subject = common_name("example.com");
    let server = tlv(0x30, &[&[0x06, 0x08, 0x2b, 6, 1, 5, 5, 7, 3, 1]]);
    parts.extensions.extend([id_ce(35, &[], &sequence_or_octets(0x30)), id_ce(37, &[], &server)]);
    let error = differs([STRICT, FORUM], &root.der, &[], &parts.sign(&root.key));
    assert!(matches!(error.problem, Problem::KeyNotAllowed { .. }), "{error}");
    parts.spki = rsa_spki(2056, &[1, 0, 1]);
    assert_eq!(judge(FORUM, Purpose::ServerAuth, &root.der, &[], &parts.sign(&root.key)), Ok(()));

    let loose = extension(&[2, 5, 29, 36], false, &tlv(0x30, &[&tlv(0x80, &[&[9]])]));
    let sub = root.sub_with("sub", &add(loose));
    assert_eq!(
        differs([STRICT, FORUM], &root.der, &[&sub.der], &leaf(&sub, &as_is)),
        Error { certificate: SUB, problem: Problem::WrongCriticality { oid: id_ce_oid(36) } }
    );
}
