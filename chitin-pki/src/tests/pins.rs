//! Pins: their text, what meets them, and what is said when nothing does.

use alloc::string::{String, ToString};
use alloc::vec::Vec;

use aws_lc_rs::digest;
use pki_types::CertificateDer;
use rcgen::{CertificateParams, KeyPair, PublicKeyData, SerialNumber};

use super::support::*;
use crate::{
    Certificate, Diagnosis, Digests, Error, Pin, PinFault, PinOutcome, PinProblem, PinSet, Problem, Purpose,
    Root, Verifier, Which, anchor_from_der,
};

struct Sha256;

impl Digests for Sha256 {
    fn sha1(&self, _: &[u8]) -> [u8; 20] {
        panic!("pins have no SHA-1")
    }

    fn sha256(&self, data: &[u8]) -> [u8; 32] {
        digest::digest(&digest::SHA256, data).as_ref().try_into().unwrap()
    }
}

/// The pin of a key, by the encoding that `rcgen` makes of it.
fn pin(key: &KeyPair) -> Pin {
    Pin::key_hash(Sha256.sha256(&key.subject_public_key_info()))
}

/// A root, a CA below it, and a leaf with its key.
struct World {
    root: Ca,
    sub: Ca,
    key: KeyPair,
    leaf: CertificateDer<'static>,
}

impl World {
    fn new() -> Self {
        let root = Ca::root_with("Root CA", &|params| params.serial_number = Some(SerialNumber::from(11u64)));
        let sub = root.sub_with("Sub CA", &|params| params.serial_number = Some(SerialNumber::from(10u64)));
        let key = KeyPair::generate().unwrap();
        let leaf = sub.certify(&leaf_params(&numbered), &key);
        Self { root, sub, key, leaf }
    }

    fn check(&self, pins: &PinSet) -> Result<PinOutcome, Error> {
        self.check_with(pins, core::slice::from_ref(&self.sub.der))
    }

    fn check_with(&self, pins: &PinSet, sent: &[CertificateDer<'_>]) -> Result<PinOutcome, Error> {
        let anchors = [anchor_from_der(&self.root.der).unwrap()];
        let leaf = Certificate::parse(&self.leaf).unwrap();
        let verifier = Verifier::new(ALL, &anchors, at(NOW), Purpose::ServerAuth);
        pins.check(&verifier.verify(&leaf, sent).unwrap(), &Sha256, at(NOW))
    }
}

fn numbered(params: &mut CertificateParams) {
    params.serial_number = Some(SerialNumber::from(1u64));
}

fn one(pin: Pin) -> PinSet {
    PinSet::new().with(pin)
}

fn stranger() -> Pin {
    Pin::key_hash([7; 32])
}

#[test]
fn pins_are_written_as_curl_has_them_and_read_as_others_do_too() {
    // RFC 4648 by hand: the octets 0 to 31, all bits, and a hash whose text begins with a slash.
    let mut count = [0; 32];
    for (at, octet) in count.iter_mut().enumerate() {
        *octet = u8::try_from(at).unwrap();
    }
    let mut slash = [0; 32];
    slash[0] = 0xfc;
    for (text, hash) in [
        ("sha256/AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=", count),
        ("sha256///////////////////////////////////////////8=", [0xff; 32]),
        ("sha256//AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=", slash),
    ] {
        assert_eq!(text.parse(), Ok(Pin::key_hash(hash)), "{text}");
        let as_curl_has_it = text.replacen('/', "//", 1);
        assert_eq!(as_curl_has_it.parse(), Ok(Pin::key_hash(hash)), "{text}");
        assert_eq!(Pin::key_hash(hash).to_string(), as_curl_has_it);
    }
    for bad in [
        "",
        "sha256/",
        "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=",
        "sha1/AAECAwQFBgcICQoLDA0ODxAREhM=",
        "sha256/AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8",
        "sha256/AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh==",
        // The last sign has two bits to spare, which are zero.
        "sha256/AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh9=",
        "sha256/AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=AA",
        "sha256/AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdH*8=",
        "sha256/AAECAwQFBgcICQoLDA0O\nxAREhMUFRYXGBkaGxwdHh8=",
        "sha256/AAECAwQFBgcICQoLDA0O xAREhMUFRYXGBkaGxwdHh8=",
        "sha256///AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=",
        "sha256/-AECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=",
    ] {
        assert_eq!(bad.parse::<Pin>(), Err(PinFault), "{bad}");
    }
    assert_eq!(PinFault.to_string(), "a pin is `sha256//` and the 44 characters that Base64 makes of a hash");
}

#[test]
fn every_certificate_of_the_path_can_meet_a_pin() {
    let world = World::new();
    for pin in [pin(&world.key), pin(&world.sub.key), pin(&world.root.key)] {
        assert_eq!(world.check(&one(pin)), Ok(PinOutcome::Met));
    }
    for der in [&world.leaf, &world.sub.der, &world.root.der] {
        assert_eq!(world.check(&one(Pin::certificate(der).unwrap())), Ok(PinOutcome::Met));
        assert_eq!(world.check(&one(Pin::key_of(der, &Sha256).unwrap())), Ok(PinOutcome::Met));
    }
    assert_eq!(world.check(&one(stranger()).with(pin(&world.sub.key))), Ok(PinOutcome::Met));
    assert!(world.check(&one(stranger())).is_err());
    assert!(world.check(&PinSet::new()).is_err(), "an empty set");
}

#[test]
fn what_is_sent_beside_the_path_meets_no_pin() {
    let world = World::new();
    let other = Ca::root("Other CA");
    let sent = [other.der.clone(), world.sub.der.clone(), other.leaf()];
    for pin in [pin(&other.key), Pin::certificate(&other.der).unwrap()] {
        assert!(world.check_with(&one(pin), &sent).is_err());
    }
    assert_eq!(world.check_with(&one(pin(&world.sub.key)), &sent), Ok(PinOutcome::Met));
}

#[test]
fn another_certificate_of_the_same_key_meets_the_pin_of_the_key_alone() {
    let world = World::new();
    let renewed = world.sub.certify(&leaf_params(&as_is), &world.key);
    assert_ne!(renewed, world.leaf);
    assert_eq!(world.check(&one(Pin::key_of(&renewed, &Sha256).unwrap())), Ok(PinOutcome::Met));
    assert!(world.check(&one(Pin::certificate(&renewed).unwrap())).is_err());
}

#[test]
fn a_root_that_is_whole_is_compared_as_a_whole() {
    let world = World::new();
    // The same name and key, another certificate.
    let params = ca_params("Root CA");
    let again = params.self_signed(&world.root.key).unwrap().der().clone();
    assert_ne!(again, world.root.der);
    let pins = one(Pin::certificate(&again).unwrap());
    assert_eq!(world.check(&pins), Ok(PinOutcome::Met), "no more than name and key is known of the anchor");

    let roots = [Root::parse(&world.root.der).unwrap()];
    let leaf = Certificate::parse(&world.leaf).unwrap();
    let sent = [world.sub.der.clone()];
    let verifier = Verifier::with_roots(ALL, &roots, at(NOW), Purpose::ServerAuth);
    let path = verifier.verify(&leaf, &sent).unwrap();
    assert!(pins.check(&path, &Sha256, at(NOW)).is_err());
    let own = one(Pin::certificate(&world.root.der).unwrap());
    assert_eq!(own.check(&path, &Sha256, at(NOW)), Ok(PinOutcome::Met));
}

#[test]
fn a_backup_counts_and_is_told() {
    let world = World::new();
    let backup = one(stranger()).with_backup(pin(&world.key));
    assert_eq!(world.check(&backup), Ok(PinOutcome::Backup));
    let both = one(pin(&world.key)).with_backup(pin(&world.sub.key));
    assert_eq!(world.check(&both), Ok(PinOutcome::Met));
    let shown: Vec<_> = both.pins().map(|(pin, backup)| (pin.clone(), backup)).collect();
    assert_eq!(shown, [(pin(&world.key), false), (pin(&world.sub.key), true)]);
    assert!(PinSet::new().is_empty() && !PinSet::new().with_backup(stranger()).is_empty());
}

#[test]
fn pins_count_until_their_end_and_that_moment_is_within() {
    let world = World::new();
    let leaf = Certificate::parse(&world.leaf).unwrap();
    let wrong = |until| one(stranger()).until(at(until));
    assert!(world.check(&wrong(NOW)).is_err());
    assert_eq!(world.check(&wrong(NOW - 1)), Ok(PinOutcome::Over));

    let right = |until| one(pin(&world.key)).until(at(until)).check_alone(&leaf, &Sha256, at(NOW));
    assert_eq!(right(NOW), Ok(PinOutcome::Met));
    let over = PinProblem::Over { time: at(NOW), until: at(NOW - 1) };
    assert_eq!(right(NOW - 1), Err(Error { certificate: LEAF, problem: Problem::Pins(over.into()) }));
}

#[test]
fn alone_only_the_peers_own_certificate_meets_a_pin() {
    let world = World::new();
    let leaf = Certificate::parse(&world.leaf).unwrap();
    let check = |pin| one(pin).check_alone(&leaf, &Sha256, at(NOW));
    assert_eq!(check(pin(&world.key)), Ok(PinOutcome::Met));
    assert_eq!(check(Pin::certificate(&world.leaf).unwrap()), Ok(PinOutcome::Met));
    for pin in [pin(&world.sub.key), pin(&world.root.key), Pin::certificate(&world.root.der).unwrap()] {
        assert!(check(pin).is_err());
    }
}

#[track_caller]
fn says(diagnosis: &Diagnosis, lines: &[&str]) {
    let text = diagnosis.to_string();
    assert_eq!(text.lines().collect::<Vec<_>>(), lines);
}

#[test]
fn no_pin_on_the_path() {
    let world = World::new();
    let expected = PinSet::new()
        .with(stranger())
        .with_backup(Pin::certificate(&Ca::root_with("Next CA", &numbered).der).unwrap());
    let error = world.check(&expected).unwrap_err();
    let text = |key| pin(key).to_string();
    let (own, sub, root): (String, _, _) = (text(&world.key), text(&world.sub.key), text(&world.root.key));
    let first = std::format!(
        "The peer's own certificate, \"CN=leaf\" with serial number 01, leads to a trust anchor over no certificate that is \
         pinned; expected is sha256//BwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc= or the certificate \"CN=Next CA\" with serial \
         number 01 (a backup); seen were {own} of \"CN=leaf\", {sub} of \"CN=Sub CA\", {root} of \"CN=Root CA\"."
    );
    let leaf = Certificate::parse(&world.leaf).unwrap();
    says(
        &Diagnosis::of_leaf(&leaf, error.problem.clone()),
        &[
            &first,
            "If the peer or its authority has a new key on purpose, pin one of those that were seen. If not, somebody stands \
             between: a proxy that opens connections, or worse.",
        ],
    );
    let Problem::Pins(problem) = error.problem else { panic!() };
    let PinProblem::NotOnPath(mismatch) = *problem else { panic!() };
    assert_eq!(mismatch.expected, expected);
    let seen: Vec<_> = mismatch.seen.iter().map(|seen| (seen.which, seen.key.to_string())).collect();
    assert_eq!(seen, [(Which::Peer(0), own), (Which::Peer(1), sub), (Which::Anchor(0), root)]);
}

#[test]
fn a_key_that_is_not_pinned_alone() {
    let world = World::new();
    let leaf = Certificate::parse(&world.leaf).unwrap();
    let error = one(stranger()).check_alone(&leaf, &Sha256, at(NOW)).unwrap_err();
    let first = std::format!(
        "The peer's own certificate, \"CN=leaf\" with serial number 01, is not pinned; expected is \
         sha256//BwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc=; seen was {} of \"CN=leaf\".",
        pin(&world.key)
    );
    says(
        &Diagnosis::of_leaf(&leaf, error.problem),
        &[
            &first,
            "If the peer has a new key on purpose, and you know so from elsewhere, pin it. If not, this is another peer.",
        ],
    );
}

#[test]
fn pins_that_have_ended() {
    let world = World::new();
    let leaf = Certificate::parse(&world.leaf).unwrap();
    let error = one(stranger()).until(at(NOW - 1)).check_alone(&leaf, &Sha256, at(NOW)).unwrap_err();
    says(
        &Diagnosis::of_leaf(&leaf, error.problem),
        &[
            "The peer's own certificate, \"CN=leaf\" with serial number 01, could be trusted by pins alone, which ended at \
             2025-12-31 23:59:59 UTC, and it is 2026-01-01 00:00:00 UTC.",
            "See which key the peer has now, and pin it for longer.",
        ],
    );
}

#[test]
fn what_stands_alone_has_to_sign_for_its_purpose() {
    use rcgen::{ExtendedKeyUsagePurpose as Eku, KeyUsagePurpose as Usage};
    let root = Ca::root("Root CA");
    let check = |edit: Edit<'_>, purpose| {
        let der = root.leaf_with(edit);
        Certificate::parse(&der).unwrap().check_alone(purpose)
    };
    assert_eq!(check(&as_is, Purpose::ServerAuth), Ok(()));
    assert!(matches!(check(&as_is, Purpose::ClientAuth), Err(Problem::ExtendedKeyUsage { .. })));
    let both = |params: &mut CertificateParams| {
        params.extended_key_usages = [Eku::ServerAuth, Eku::ClientAuth].into()
    };
    assert_eq!(check(&both, Purpose::ClientAuth), Ok(()));
    let agrees = |params: &mut CertificateParams| params.key_usages = [Usage::KeyAgreement].into();
    assert_eq!(check(&agrees, Purpose::ServerAuth), Err(Problem::LeafMayNotSign));
    // One of a CA, as `openssl req -x509` makes it.
    let ca = |params: &mut CertificateParams| {
        params.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
        params.key_usages.clear();
        params.extended_key_usages.clear();
    };
    assert_eq!(check(&ca, Purpose::ServerAuth), Ok(()));
}
