//! Revocation lists put together from parts: indirect ones, which `openssl ca` does not make, and odd ones.
//!
//! Those of ordinary shape come from OpenSSL, in the tests of the verifiers that use this crate.

use alloc::vec::Vec;
use core::cell::RefCell;

use pki_types::{CertificateDer, alg_id};
use rcgen::{
    BasicConstraints, CertificateParams, CustomExtension, IsCa, KeyPair, KeyUsagePurpose, SerialNumber,
    SigningKey,
};

use super::support::*;
use crate::dn::DirectoryName;
use crate::{
    Budget, Certificate, Error, ListFault, ListMemory, ListProblem, Problem, Purpose, Reason, Revocation,
    RevocationList, RevocationProblem, Verifier, Which, anchor_from_der,
};

/// A list from its parts, each of which can be replaced by bytes of any kind.
struct ListParts {
    version: Vec<u8>,
    issuer: Vec<u8>,
    next_update: Vec<u8>,
    entries: Vec<Vec<u8>>,
    extensions: Vec<Vec<u8>>,
}

impl ListParts {
    /// List number 1 of this issuer, of the year 2026, without entries.
    fn of(issuer: &str) -> Self {
        Self {
            version: Vec::from([2, 1, 1]),
            issuer: common_name(issuer),
            next_update: tlv(0x17, &[b"261231000000Z"]),
            entries: Vec::new(),
            extensions: Vec::from([id_ce(20, &[], &[2, 1, 1])]),
        }
    }

    fn scope(mut self, fields: &[&[u8]]) -> Self {
        self.extensions.push(id_ce(28, CRITICAL, &tlv(0x30, fields)));
        self
    }

    fn entry(mut self, serial: u8, extensions: &[Vec<u8>]) -> Self {
        let list = if extensions.is_empty() { Vec::new() } else { tlv(0x30, &[&extensions.concat()]) };
        let date = tlv(0x17, &[b"251231000000Z"]);
        self.entries.push(tlv(0x30, &[&[2, 1, serial], &date, &list]));
        self
    }

    fn sign(&self, key: &KeyPair) -> Vec<u8> {
        let algorithm = tlv(0x30, &[alg_id::ECDSA_SHA256.as_ref()]);
        let time = |text: &[u8]| tlv(0x17, &[text]);
        let entries = self.entries.concat();
        let entries = if entries.is_empty() { entries } else { tlv(0x30, &[&entries]) };
        let tbs = tlv(
            0x30,
            &[
                &self.version,
                &algorithm,
                &self.issuer,
                &time(b"251231000000Z"),
                &self.next_update,
                &entries,
                &tlv(0xa0, &[&tlv(0x30, &[&self.extensions.concat()])]),
            ],
        );
        let signature = tlv(0x03, &[&[0], &key.sign(&tbs).unwrap()]);
        tlv(0x30, &[&tbs, &algorithm, &signature])
    }
}

const CRITICAL: &[u8] = &[1, 1, 0xff];
/// indirectCRL in an issuing distribution point.
const INDIRECT: &[u8] = &[0x84, 1, 0xff];

/// A reason for an entry.
fn because(code: u8) -> Vec<u8> {
    id_ce(21, &[], &[10, 1, code])
}

/// A certificateIssuer for an entry.
fn issued_by(name: &str) -> Vec<u8> {
    id_ce(29, CRITICAL, &tlv(0x30, &[&tlv(0xa4, &[&common_name(name)])]))
}

fn parse(der: &[u8]) -> Result<RevocationList<'_>, ListProblem> {
    RevocationList::parse(der.into())
}

/// Asks lists about the leaf.
fn ask(
    ca: &Ca,
    leaf: &CertificateDer<'_>,
    pool: &[CertificateDer<'_>],
    lists: &[Vec<u8>],
) -> Result<(), Error> {
    let lists: Vec<_> = lists.iter().map(|der| parse(der).unwrap()).collect();
    let anchors = [anchor_from_der(&ca.der).unwrap()];
    let leaf = Certificate::parse(leaf).unwrap();
    let verifier = Verifier::new(ALL, &anchors, at(NOW), Purpose::ServerAuth);
    let path = verifier.verify(&leaf, pool).unwrap();
    Revocation::by_lists(&lists).end_entity_only().check(&verifier, &path, pool).map(|_| ())
}

fn found(der: &[u8], serial: u8, issuer: &str) -> Option<Option<Reason>> {
    let name = common_name(issuer);
    // Without the tag and length of the SEQUENCE.
    parse(der).unwrap().find(&[serial], DirectoryName(&name[2..])).map(|revoked| revoked.reason)
}

#[test]
fn entries_of_an_indirect_list_are_for_the_last_issuer_named() {
    let key = KeyPair::generate().unwrap();
    let list = ListParts::of("lists")
        .scope(&[INDIRECT])
        .entry(1, &[because(1)])
        .entry(2, &[issued_by("a"), because(4)])
        .entry(3, &[because(5)])
        .entry(1, &[issued_by("b")])
        .sign(&key);
    for (serial, issuer, expected) in [
        (1, "lists", Some(Some(Reason::KeyCompromise))),
        (2, "lists", None),
        (2, "a", Some(Some(Reason::Superseded))),
        (2, "A", Some(Some(Reason::Superseded))),
        (3, "a", Some(Some(Reason::CessationOfOperation))),
        (3, "lists", None),
        (3, "b", None),
        (1, "b", Some(None)),
        (1, "a", None),
    ] {
        assert_eq!(found(&list, serial, issuer), expected, "{serial} of {issuer}");
    }
}

#[test]
fn an_indirect_list_counts_where_the_certificate_names_its_issuer() {
    let root = Ca::root("root");
    let lists = root.sub("lists");
    let names_it = |params: &mut CertificateParams| {
        params.serial_number = Some(SerialNumber::from(7u64));
        let issuer = tlv(0xa2, &[&tlv(0xa4, &[&common_name("lists")])]);
        let points = tlv(0x30, &[&tlv(0x30, &[&issuer])]);
        params.custom_extensions.push(CustomExtension::from_oid_content(&[2, 5, 29, 31], points));
    };
    let leaf = root.leaf_with(&names_it);
    let other = root.leaf_with(&|params| params.serial_number = Some(SerialNumber::from(7u64)));
    let pool = [lists.der.clone()];
    let clean = ListParts::of("lists").scope(&[INDIRECT]).entry(8, &[issued_by("root")]).sign(&lists.key);
    let revoking = ListParts::of("lists").scope(&[INDIRECT]).entry(7, &[issued_by("root")]).sign(&lists.key);
    let for_others = ListParts::of("lists").scope(&[INDIRECT]).entry(7, &[issued_by("x")]).sign(&lists.key);
    let direct = ListParts::of("lists").sign(&lists.key);

    let problem = |leaf, list: &Vec<u8>| match ask(&root, leaf, &pool, core::slice::from_ref(list)) {
        Ok(()) => None,
        Err(Error { problem: Problem::Revocation(problem), certificate: Which::Peer(0) }) => Some(problem),
        Err(error) => panic!("{error}"),
    };
    let unknown = || Some(RevocationProblem::Unknown { faults: Vec::new() });
    assert_eq!(problem(&leaf, &clean), None);
    assert_eq!(problem(&leaf, &for_others), None);
    assert!(matches!(problem(&leaf, &revoking), Some(RevocationProblem::Revoked(_))));
    // A list that does not say it is indirect; a certificate that does not say who else may speak of it.
    assert_eq!(problem(&leaf, &direct), unknown());
    assert_eq!(problem(&other, &clean), unknown());
}

#[test]
fn relative_names_of_points_are_completed_with_the_issuers_name() {
    let root = Ca::root("root");
    let relative = |unit: &str| {
        let attribute = tlv(0x30, &[&[0x06, 0x03, 0x55, 0x04, 0x0b], &tlv(0x0c, &[unit.as_bytes()])]);
        tlv(0xa0, &[&tlv(0xa1, &[&attribute])])
    };
    let full = |unit: &str| {
        let attribute = tlv(0x30, &[&[0x06, 0x03, 0x55, 0x04, 0x0b], &tlv(0x0c, &[unit.as_bytes()])]);
        let whole = tlv(0x30, &[&common_name("root")[2..], &tlv(0x31, &[&attribute])]);
        tlv(0xa0, &[&tlv(0xa0, &[&tlv(0xa4, &[&whole])])])
    };
    for (of_leaf, of_list, same) in [
        (relative("one"), relative("one"), true),
        (relative("one"), relative("two"), false),
        (relative("one"), full("One"), true),
        (full("one"), relative("one"), true),
        (full("one"), relative("two"), false),
        (full("one"), full("one"), true),
    ] {
        let leaf = root.leaf_with(&|params| {
            let points = tlv(0x30, &[&tlv(0x30, &[&of_leaf])]);
            params.custom_extensions.push(CustomExtension::from_oid_content(&[2, 5, 29, 31], points));
        });
        let list = ListParts::of("root").scope(&[&of_list]).sign(&root.key);
        assert_eq!(ask(&root, &leaf, &[], &[list]).is_ok(), same, "{of_leaf:02x?} {of_list:02x?}");
    }
}

#[test]
fn lists_in_other_forms_are_refused() {
    let key = KeyPair::generate().unwrap();
    let with = |edit: &dyn Fn(ListParts) -> ListParts| parse(&edit(ListParts::of("ca")).sign(&key)).err();
    let version = |version: &[u8]| with(&|list| ListParts { version: version.to_vec(), ..list });
    assert_eq!(with(&|list| list), None);
    assert_eq!(version(&[]), Some(ListProblem::Version { version: 0 }));
    assert_eq!(version(&[2, 1, 2]), Some(ListProblem::Version { version: 2 }));
    let due = |next_update: &[u8]| with(&|list| ListParts { next_update: next_update.to_vec(), ..list });
    assert_eq!(due(&[]), Some(ListProblem::NoNextUpdate));
    assert_eq!(due(&tlv(0x18, &[b"20501231000000Z"])), None);
    assert_eq!(with(&|list| list.entry(1, &[issued_by("a")])), Some(ListProblem::IssuerInDirectList));
    for code in [7, 11, 127] {
        let reason = ListProblem::Reason { code: u32::from(code) };
        assert_eq!(with(&|list| list.entry(1, &[because(code)])), Some(reason));
    }
    let unknown = || id_ce(99, CRITICAL, &[5, 0]);
    let oid = || Vec::from([2, 5, 29, 99]);
    let unhandled = Some(ListProblem::UnhandledCriticalExtension { oid: oid() });
    assert_eq!(with(&|list| list.entry(1, &[unknown()])), unhandled);
    assert_eq!(with(&|list| list.entry(1, &[id_ce(99, &[], &[5, 0])])), None);
    let extended = |extension: &[u8]| {
        with(&|mut list| {
            list.extensions.push(extension.to_vec());
            list
        })
    };
    assert_eq!(extended(&unknown()), unhandled);
    let twice = Problem::DuplicateExtension { oid: Vec::from([2, 5, 29, 20]) };
    assert_eq!(extended(&id_ce(20, &[], &[2, 1, 1])), Some(ListProblem::Form(twice)));
    let twice = Problem::DuplicateExtension { oid: Vec::from([2, 5, 29, 21]) };
    assert_eq!(with(&|list| list.entry(1, &[because(1), because(1)])), Some(ListProblem::Form(twice)));
    // Numbers: negative, of 21 octets, none.
    let numbered =
        |integer: &[u8]| with(&|list| ListParts { extensions: Vec::from([id_ce(20, &[], integer)]), ..list });
    assert_eq!(numbered(&[2, 1, 0xff]), Some(ListProblem::Number));
    assert_eq!(numbered(&tlv(2, &[&[1; 21]])), Some(ListProblem::Number));
    assert_eq!(numbered(&tlv(2, &[&[1; 20]])), None);
    // Reasons and kinds that are malformed, or more than one kind.
    for scope in [
        &[0x83, 0][..],
        &[0x83, 1, 1],
        &[0x83, 1, 8],
        &[0x83, 2, 8, 0],
        &[0x81, 1, 1],
        &[0x81, 0],
        &[0x81, 1, 0xff, 0x82, 1, 0xff],
        &[0xa0, 0],
        &[0xa0, 2, 0xa0, 0],
        &[0xa0, 2, 0xa2, 0],
        &[0x84, 1, 0xff, 0x83, 2, 0, 0],
    ] {
        assert!(matches!(with(&|list| list.scope(&[scope])), Some(ListProblem::Form(_))), "{scope:02x?}");
    }
    for good in [&[0x83, 2, 7, 0x80][..], &[0x83, 1, 0], &[0x81, 1, 0xff]] {
        assert_eq!(with(&|list| list.scope(&[good])), None, "{good:02x?}");
    }
}

#[test]
fn no_changed_octet_of_a_list_makes_reading_it_panic() {
    let key = KeyPair::generate().unwrap();
    let point = tlv(0xa0, &[&tlv(0xa0, &[&tlv(0x86, &[b"http://a.test"])])]);
    let list = ListParts::of("ca").scope(&[&point, &[0x83, 2, 1, 6], INDIRECT]);
    let list = list.entry(1, &[because(1), issued_by("a")]).entry(2, &[]).sign(&key);
    assert_eq!(found(&list, 2, "a"), Some(None));
    let name = common_name("a");
    let (mut read, mut refused) = (0, 0);
    for place in 0..list.len() {
        for value in [0, 1, 0x30, 0x7f, 0x80, 0x81, 0xff] {
            let mut changed = list.clone();
            changed[place] = value;
            match parse(&changed) {
                Ok(list) => {
                    list.find(&[2], DirectoryName(&name[2..]));
                    read += 1;
                }
                Err(problem) => {
                    assert!(!alloc::format!("{problem}").is_empty());
                    refused += 1;
                }
            }
        }
    }
    // Those in the signature, in times and in names are none of the form.
    assert!(read > 500 && refused > 500, "{read} {refused}");
}

/// Counts what it is asked, and remembers.
#[derive(Default)]
struct Notes {
    known: RefCell<Vec<(usize, Vec<u8>)>>,
    hits: RefCell<usize>,
}

impl ListMemory for Notes {
    fn is_signed(&self, position: usize, key: &[u8]) -> bool {
        let hit = self.known.borrow().contains(&(position, key.to_vec()));
        *self.hits.borrow_mut() += usize::from(hit);
        hit
    }

    fn learn(&self, position: usize, key: &[u8]) {
        self.known.borrow_mut().push((position, key.to_vec()));
    }
}

#[test]
fn a_signature_that_was_checked_is_remembered_and_a_bad_one_is_not() {
    let root = Ca::root("root");
    let leaf = root.leaf();
    let lists =
        [ListParts::of("root").sign(&root.key), ListParts::of("root").sign(&KeyPair::generate().unwrap())];
    let lists: Vec<_> = lists.iter().map(|der| parse(der).unwrap()).collect();
    let anchors = [anchor_from_der(&root.der).unwrap()];
    let leaf = Certificate::parse(&leaf).unwrap();
    let verifier = Verifier::new(ALL, &anchors, at(NOW), Purpose::ServerAuth);
    let path = verifier.verify(&leaf, &[]).unwrap();
    let notes = Notes::default();
    let ask = |lists| Revocation::by_lists(lists).with_memory(&notes).check(&verifier, &path, &[]);
    for hits in 0..3 {
        assert_eq!(ask(&lists[..1]).unwrap().faults, []);
        assert_eq!((notes.known.borrow().len(), *notes.hits.borrow()), (1, hits));
    }
    // At the same position another list: the caller keeps a memory for each set of lists.
    let notes = Notes::default();
    let ask = |lists| Revocation::by_lists(lists).with_memory(&notes).check(&verifier, &path, &[]);
    let fault = ListFault { position: 0, problem: ListProblem::Signature };
    for _ in 0..2 {
        let problem = Problem::Revocation(RevocationProblem::Unknown { faults: Vec::from([fault.clone()]) });
        assert_eq!(ask(&lists[1..]).unwrap_err().problem, problem);
        assert_eq!((notes.known.borrow().len(), *notes.hits.borrow()), (0, 0));
    }
}

/// Whoever gets a certificate in the name of an issuer of lists does not get its right to sign them.
#[test]
fn a_certificate_without_key_usage_signs_no_lists_unless_it_is_one_of_a_ca() {
    let root = Ca::root("root");
    let leaf = root.leaf_with(&|params| {
        let issuer = tlv(0xa2, &[&tlv(0xa4, &[&common_name("lists")])]);
        let points = tlv(0x30, &[&tlv(0x30, &[&issuer])]);
        params.custom_extensions.push(CustomExtension::from_oid_content(&[2, 5, 29, 31], points));
    });
    let with = |is_ca: IsCa, usages: &[KeyUsagePurpose]| {
        let lists = root.sub_with("lists", &|params| {
            params.is_ca = is_ca;
            params.key_usages = usages.to_vec();
        });
        let list = ListParts::of("lists").scope(&[INDIRECT]).sign(&lists.key);
        ask(&root, &leaf, core::slice::from_ref(&lists.der), &[list]).map_err(|error| error.problem)
    };
    let ca = || IsCa::Ca(BasicConstraints::Unconstrained);
    let fault = ListFault { position: 0, problem: ListProblem::IssuerMayNotSignLists };
    let refused = Err(Problem::Revocation(RevocationProblem::Unknown { faults: Vec::from([fault]) }));
    assert_eq!(with(ca(), &[]), Ok(()));
    assert_eq!(with(ca(), &[KeyUsagePurpose::CrlSign]), Ok(()));
    assert_eq!(with(ca(), &[KeyUsagePurpose::KeyCertSign]), refused);
    assert_eq!(with(IsCa::ExplicitNoCa, &[KeyUsagePurpose::CrlSign]), Ok(()));
    assert_eq!(with(IsCa::NoCa, &[KeyUsagePurpose::DigitalSignature]), refused);
    assert_eq!(with(IsCa::ExplicitNoCa, &[]), refused);
    assert_eq!(with(IsCa::NoCa, &[]), refused);
}

/// Certificates in the name of a list's issuer, which anybody can make, cost a signature check each, and the peer sends as many
/// as it likes. That must not end in a status that is unknown, which a lenient policy accepts.
#[test]
fn namesakes_do_not_hide_what_a_list_revokes() {
    let root = Ca::root("root");
    let lists = root.sub("lists");
    let leaf = root.leaf_with(&|params| {
        params.serial_number = Some(SerialNumber::from(7u64));
        let issuer = tlv(0xa2, &[&tlv(0xa4, &[&common_name("lists")])]);
        let points = tlv(0x30, &[&tlv(0x30, &[&issuer])]);
        params.custom_extensions.push(CustomExtension::from_oid_content(&[2, 5, 29, 31], points));
    });
    let list = ListParts::of("lists").scope(&[INDIRECT]).entry(7, &[issued_by("root")]).sign(&lists.key);
    let list = [parse(&list).unwrap()];
    let anchors = [anchor_from_der(&root.der).unwrap()];
    let leaf = Certificate::parse(&leaf).unwrap();
    let verifier = Verifier::new(ALL, &anchors, at(NOW), Purpose::ServerAuth);
    let ask = |pool: &[CertificateDer<'_>], issuers: &[CertificateDer<'_>]| {
        let path = verifier.verify(&leaf, pool).unwrap();
        let policy = Revocation::by_lists(&list).with_list_issuers(issuers).allow_unknown_status();
        policy.check(&verifier, &path, pool).map(|report| report.unknown.len()).map_err(|error| error.problem)
    };
    let revoked = |found: Result<usize, Problem>| {
        matches!(found, Err(Problem::Revocation(RevocationProblem::Revoked(_))))
    };
    let namesakes: Vec<_> = (0..100).map(|_| Ca::root("lists").der).collect();
    let with_its_issuer = [&namesakes[..], core::slice::from_ref(&lists.der)].concat();
    assert!(revoked(ask(core::slice::from_ref(&lists.der), &[])));
    assert!(revoked(ask(&namesakes, core::slice::from_ref(&lists.der))));
    let spent = || Err(Problem::BudgetExceeded { budget: Budget::Revocation });
    assert_eq!(ask(&with_its_issuer, &[]), spent());
    assert_eq!(ask(&namesakes, &[]), spent());
    assert_eq!(ask(&namesakes[..4], &[]), Ok(1));
}
