//! Diagnoses in full, one for each kind of failure, as people read them.

use alloc::string::ToString;
use alloc::vec::Vec;

use pki_types::CertificateDer;
use rcgen::{
    BasicConstraints, ExtendedKeyUsagePurpose as Eku, GeneralSubtree, IsCa, KeyPair, KeyUsagePurpose,
    NameConstraints, SerialNumber, date_time_ymd,
};

use super::support::*;
use crate::{
    Budget, Certificate, Diagnosis, ListFault, ListProblem, MissingCause, OcspProblem, PolicyInputs, Problem,
    Profile, Purpose, Reason, RevocationProblem, Revoked, TransparencyProblem, Verifier, Which,
    anchor_from_der, verify_name,
};

/// A CA with serial number 0a, so that the texts are the same in each run.
fn sub(issuer: &Ca, name: &str) -> Ca {
    sub_with(issuer, name, &as_is)
}

fn sub_with(issuer: &Ca, name: &str, edit: Edit<'_>) -> Ca {
    issuer.sub_with(name, &|params| {
        params.serial_number = Some(SerialNumber::from(10u64));
        edit(params);
    })
}

/// A leaf with serial number 01.
fn leaf_of(issuer: &Ca, edit: Edit<'_>) -> CertificateDer<'static> {
    issuer.leaf_with(&|params| {
        params.serial_number = Some(SerialNumber::from(1u64));
        edit(params);
    })
}

fn diagnose(leaf: &CertificateDer<'_>, pool: &[&CertificateDer<'_>], roots: &[&Ca]) -> Diagnosis {
    diagnose_by(leaf, pool, roots, &|verifier| verifier)
}

fn diagnose_by(
    leaf: &CertificateDer<'_>,
    pool: &[&CertificateDer<'_>],
    roots: &[&Ca],
    edit: &dyn for<'v> Fn(Verifier<'v>) -> Verifier<'v>,
) -> Diagnosis {
    let anchors: Vec<_> = roots.iter().map(|root| anchor_from_der(&root.der).unwrap()).collect();
    let pool: Vec<_> = pool.iter().map(|&der| der.clone()).collect();
    let leaf = Certificate::parse(leaf).unwrap();
    let verifier = edit(Verifier::new(ALL, &anchors, at(NOW), Purpose::ServerAuth));
    let diagnosis = verifier.diagnose(&leaf, &pool).map(|_| ()).unwrap_err();
    assert_eq!(verifier.verify(&leaf, &pool).map(|_| ()).unwrap_err(), diagnosis.error);
    *diagnosis
}

#[track_caller]
fn says(diagnosis: &Diagnosis, lines: &[&str]) {
    let text = diagnosis.to_string();
    let said: Vec<_> = text.lines().collect();
    assert_eq!(said, lines);
}

/// What is said of a leaf that a root has issued.
#[track_caller]
fn leaf_says(edit: Edit<'_>, problem: &str, advice: &str) {
    let root = Ca::root("Root CA");
    let first = std::format!("The peer's own certificate, \"CN=leaf\" with serial number 01, {problem}.");
    says(&diagnose(&leaf_of(&root, edit), &[], &[&root]), &[&first, advice]);
}

/// What is said of a CA between.
#[track_caller]
fn issuer_says(edit: Edit<'_>, problem: &str, advice: &str) {
    let root = Ca::root("Root CA");
    let sub = sub_with(&root, "Sub CA", edit);
    let first =
        std::format!("Certificate 1 of the peer's chain, \"CN=Sub CA\" with serial number 0a, {problem}.");
    let tried =
        std::format!("Tried: \"CN=leaf\", by \"CN=Sub CA\"; certificate 1 of the peer's chain {problem}.");
    says(&diagnose(&leaf_of(&sub, &as_is), &[&sub.der], &[&root]), &[&first, &tried, advice]);
}

#[test]
fn an_absent_intermediate() {
    let root = Ca::root("Root CA");
    let sub = sub(&root, "Sub CA");
    let diagnosis = diagnose(&leaf_of(&sub, &as_is), &[], &[&root]);
    says(
        &diagnosis,
        &[
            "The peer's own certificate, \"CN=leaf\" with serial number 01, was issued by \"CN=Sub CA\", which is neither \
             trusted nor in the chain.",
            "The certificate of \"CN=Sub CA\" is missing. Have the peer send it after its own. If \"CN=Sub CA\" is itself a \
             root to be trusted, add it to the trusted roots.",
        ],
    );
    let missing = diagnosis.missing.unwrap();
    assert_eq!((missing.issuer.as_str(), missing.cause), ("CN=Sub CA", MissingCause::IntermediateAbsent));
    let described = diagnosis.certificate.unwrap();
    assert_eq!(
        (described.which, described.subject.as_str(), described.serial.as_deref()),
        (LEAF, "CN=leaf", Some("01"))
    );
}

#[test]
fn an_unknown_root() {
    let root = Ca::root_with("Root CA", &|params| params.serial_number = Some(SerialNumber::from(11u64)));
    let sub = sub(&root, "Sub CA");
    let (leaf, other) = (leaf_of(&sub, &as_is), Ca::root("Other CA"));
    let sent = diagnose(&leaf, &[&sub.der, &root.der], &[&other]);
    says(
        &sent,
        &[
            "Certificate 2 of the peer's chain, \"CN=Root CA\" with serial number 0b, was issued by \"CN=Root CA\", which is \
             neither trusted nor in the chain.",
            "Tried: \"CN=leaf\", by \"CN=Sub CA\", by \"CN=Root CA\"; certificate 2 of the peer's chain was issued by \
             \"CN=Root CA\", which is neither trusted nor in the chain.",
            "\"CN=Root CA\" is a root that is not trusted here. If it is to be, add its certificate to the trusted roots.",
        ],
    );
    assert_eq!(sent.missing.unwrap().cause, MissingCause::RootUnknown);

    let not_sent = diagnose(&leaf, &[&sub.der], &[&other]);
    says(
        &not_sent,
        &[
            "Certificate 1 of the peer's chain, \"CN=Sub CA\" with serial number 0a, was issued by \"CN=Root CA\", which is \
             neither trusted nor in the chain.",
            "Tried: \"CN=leaf\", by \"CN=Sub CA\"; certificate 1 of the peer's chain was issued by \"CN=Root CA\", which is \
             neither trusted nor in the chain.",
            "\"CN=Root CA\" is most likely a root that is not trusted here. If it is to be, add its certificate to the trusted \
             roots. If it is no root, have the peer send its certificate, too.",
        ],
    );
    assert_eq!(not_sent.missing.unwrap().cause, MissingCause::RootUnknownOrIntermediateAbsent);
}

#[test]
fn a_self_signed_leaf() {
    let key = KeyPair::generate().unwrap();
    let params = leaf_params(&|params| params.serial_number = Some(SerialNumber::from(1u64)));
    let diagnosis = diagnose(params.self_signed(&key).unwrap().der(), &[], &[&Ca::root("Root CA")]);
    says(
        &diagnosis,
        &[
            "The peer's own certificate, \"CN=leaf\" with serial number 01, was issued by \"CN=leaf\", which is neither trusted \
             nor in the chain.",
            "The certificate has vouched for itself. If this very certificate is to be trusted, add it to the trusted roots.",
        ],
    );
    assert_eq!(diagnosis.missing.unwrap().cause, MissingCause::SelfSigned);
}

#[test]
fn no_root_at_all() {
    let diagnosis = diagnose(&leaf_of(&Ca::root("Root CA"), &as_is), &[], &[]);
    says(
        &diagnosis,
        &[
            "The peer's own certificate, \"CN=leaf\" with serial number 01, was issued by \"CN=Root CA\", which is neither \
             trusted nor in the chain.",
            "No root is trusted here at all: the list of trusted roots is empty. Put the roots that are to be trusted into it.",
        ],
    );
    assert_eq!(diagnosis.missing.unwrap().cause, MissingCause::NoRoots);
}

#[test]
fn a_wrong_order() {
    let root = Ca::root("Root CA");
    let sub = sub(&root, "Sub CA");
    let leaf = leaf_of(&sub, &as_is);
    let diagnosis = diagnose(&sub.der, &[&leaf], &[&root]);
    says(
        &diagnosis,
        &[
            "The peer's own certificate, \"CN=Sub CA\" with serial number 0a, is a CA certificate, not one of a server or client.",
            "The order is wrong: certificate 1 of the chain looks like the peer's own. Have the peer send its own first, and \
             then those of its issuers.",
        ],
    );
    assert_eq!(diagnosis.missing.unwrap().cause, MissingCause::OrderWrong { leaf: 1 });

    // The first is of another chain.
    let stray = leaf_of(&self::sub(&root, "Stray CA"), &as_is);
    let diagnosis = diagnose(&stray, &[&leaf, &sub.der], &[&root]);
    assert_eq!(diagnosis.missing.unwrap().cause, MissingCause::OrderWrong { leaf: 1 });
    // In whatever order the others are, nothing is wrong.
    assert!(verify(&leaf, &[&root.der, &sub.der], &[&root]).is_ok());
}

#[test]
fn each_path_that_was_tried() {
    let (known, unknown) = (Ca::root("Known CA"), Ca::root("Unknown CA"));
    let mut sub = sub(&unknown, "Sub CA");
    sub.params.serial_number = Some(SerialNumber::from(12u64));
    sub.params.not_after = date_time_ymd(2025, 12, 31);
    let expired = known.cross(&sub);
    let diagnosis = diagnose(&leaf_of(&sub, &as_is), &[&sub.der, &expired], &[&known]);
    says(
        &diagnosis,
        &[
            "Certificate 2 of the peer's chain, \"CN=Sub CA\" with serial number 0c, expired at 2025-12-31 00:00:00 UTC, and it \
             is 2026-01-01 00:00:00 UTC.",
            "Tried: \"CN=leaf\", by \"CN=Sub CA\"; certificate 1 of the peer's chain was issued by \"CN=Unknown CA\", which is \
             neither trusted nor in the chain.",
            "Tried: \"CN=leaf\", by \"CN=Sub CA\"; certificate 2 of the peer's chain expired at 2025-12-31 00:00:00 UTC, and \
             it is 2026-01-01 00:00:00 UTC.",
            "Install a current certificate of that authority. If this one should still be valid, check the clock of this machine.",
        ],
    );
    let tried: Vec<Vec<_>> =
        diagnosis.attempts.iter().map(|attempt| attempt.path.iter().map(|d| d.which).collect()).collect();
    assert_eq!(tried, [[LEAF, Which::Peer(1)], [LEAF, Which::Peer(2)]]);
}

#[test]
fn a_signature_of_another_key() {
    let (root, namesake) = (Ca::root("Root CA"), Ca::root("Root CA"));
    says(
        &diagnose(&leaf_of(&root, &as_is), &[], &[&namesake]),
        &[
            "The peer's own certificate, \"CN=leaf\" with serial number 01, has a signature that does not verify under its \
             issuer's key.",
            "The two certificates do not belong together, or one was changed. Install the issuer's certificate that signed this \
             one: another of the same name does not do.",
        ],
    );
}

#[test]
fn times() {
    leaf_says(
        &|params| params.not_after = date_time_ymd(2025, 12, 31),
        "expired at 2025-12-31 00:00:00 UTC, and it is 2026-01-01 00:00:00 UTC",
        "Renew the certificate. If it should still be valid, check the clock of this machine.",
    );
    leaf_says(
        &|params| params.not_before = date_time_ymd(2026, 1, 2),
        "is not valid before 2026-01-02 00:00:00 UTC, and it is 2026-01-01 00:00:00 UTC",
        "Check the clock of this machine. If it is right, wait, or have the certificate issued anew.",
    );
}

#[test]
fn usages() {
    leaf_says(
        &|params| params.extended_key_usages = Vec::from([Eku::ClientAuth]),
        "is not for TLS server authentication; its purposes are 1.3.6.1.5.5.7.3.2",
        "Have the certificate issued anew for TLS server authentication.",
    );
    leaf_says(
        &|params| params.key_usages = Vec::from([KeyUsagePurpose::KeyEncipherment]),
        "has a key usage without digital signatures",
        "Have the certificate issued anew with digital signatures among its key usage.",
    );
    leaf_says(
        &|params| params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained),
        "is a CA certificate, not one of a server or client",
        "Give the peer a certificate of its own. That of an authority is for signing certificates.",
    );
    let not_entitled = "Whoever issued with this certificate was not entitled to. Have the peer's certificate issued by an \
                        authority that is.";
    issuer_says(
        &|params| params.is_ca = IsCa::ExplicitNoCa,
        "is not a CA certificate but issued another certificate",
        not_entitled,
    );
    issuer_says(
        &|params| params.key_usages = Vec::from([KeyUsagePurpose::CrlSign]),
        "has a key usage without signing certificates",
        not_entitled,
    );
}

#[test]
fn a_path_length() {
    let root = Ca::root("Root CA");
    let upper =
        sub_with(&root, "Upper CA", &|params| params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0)));
    let lower = sub(&upper, "Lower CA");
    says(
        &diagnose(&leaf_of(&lower, &as_is), &[&lower.der, &upper.der], &[&root]),
        &[
            "Certificate 2 of the peer's chain, \"CN=Upper CA\" with serial number 0a, allows 0 further CA certificates below \
             it, and there are 1.",
            "Tried: \"CN=leaf\", by \"CN=Lower CA\", by \"CN=Upper CA\"; certificate 2 of the peer's chain allows 0 further CA \
             certificates below it, and there are 1.",
            "Whoever issued with this certificate was not entitled to. Have the peer's certificate issued by an authority that is.",
        ],
    );
}

#[test]
fn names() {
    let root = Ca::root_with("Root CA", &|params| {
        params.name_constraints = Some(NameConstraints {
            permitted_subtrees: Vec::from([GeneralSubtree::DnsName("example.org".to_string())]),
            excluded_subtrees: Vec::new(),
        });
    });
    says(
        &diagnose(&leaf_of(&root, &as_is), &[], &[&root]),
        &[
            "The peer's own certificate, \"CN=leaf\" with serial number 01, has the name \"example.com\", which is not permitted \
             by the name constraints of trust anchor 0.",
            "The authority above may not vouch for this name. Have the certificate issued by one that may, or without the name.",
        ],
    );
    let der = leaf_of(&root, &as_is);
    let leaf = Certificate::parse(&der).unwrap();
    let problem = verify_name(&leaf, &"www.example.com".try_into().unwrap()).unwrap_err();
    says(
        &Diagnosis::of_leaf(&leaf, problem),
        &[
            "The peer's own certificate, \"CN=leaf\" with serial number 01, is not for www.example.com; its names are \
             \"example.com\".",
            "Ask for one of the names in the certificate, or have a certificate issued for the name that was asked for.",
        ],
    );
}

#[test]
fn policies_and_profiles() {
    let root = Ca::root("Root CA");
    let leaf = leaf_of(&root, &|params| params.use_authority_key_identifier_extension = false);
    let explicit = PolicyInputs { require_explicit: true, ..PolicyInputs::default() };
    says(
        &diagnose_by(&leaf, &[], &[&root], &|verifier| verifier.with_policies(explicit)),
        &[
            "The peer's own certificate, \"CN=leaf\" with serial number 01, is the end of a path that is valid for none of the \
             certificate policies asked for.",
            "Have the certificate issued under a policy that is asked for, or ask for one that its path has.",
        ],
    );
    says(
        &diagnose_by(&leaf, &[], &[&root], &|verifier| verifier.with_profile(Profile::Rfc5280Strict)),
        &[
            "The peer's own certificate, \"CN=leaf\" with serial number 01, lacks the extension 2.5.29.35 (authority key identifier).",
            "Have the certificate issued anew, or choose a profile that asks for less.",
        ],
    );
}

#[test]
fn keys_and_algorithms() {
    let root = Ca::root("Root CA");
    let mut parts = Parts::leaf("Root CA", &root.key);
    parts.spki = rsa_spki(1024, &[1, 0, 1]);
    let advice = "Have the certificate issued anew with a key and a signature of today, as ECDSA on P-256 with SHA-256.";
    says(
        &diagnose(&parts.sign(&root.key), &[], &[&root]),
        &[
            "The peer's own certificate, \"CN=leaf\" with serial number 01, has an RSA key of 1024 bits, not 2048 to 8192.",
            advice,
        ],
    );
    // ecdsa-with-SHA1, 1.2.840.10045.4.1.
    let mut parts = Parts::leaf("Root CA", &root.key);
    parts.inner_algorithm = tlv(0x30, &[&[0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x01]]);
    parts.outer_algorithm = parts.inner_algorithm.clone();
    says(
        &diagnose(&parts.sign(&root.key), &[], &[&root]),
        &[
            "The peer's own certificate, \"CN=leaf\" with serial number 01, is signed with an algorithm that is not allowed: \
             1.2.840.10045.4.1.",
            advice,
        ],
    );
}

#[test]
fn a_spent_budget() {
    let root = Ca::root("Root CA");
    let sub = sub(&root, "Sub CA");
    says(
        &diagnose_by(&leaf_of(&sub, &as_is), &[&sub.der], &[&root], &|verifier| {
            verifier.with_max_intermediates(0)
        }),
        &[
            "Certificate 1 of the peer's chain, \"CN=Sub CA\" with serial number 0a, could not be checked to the end: the chain \
             is too long.",
            "Tried: \"CN=leaf\", by \"CN=Sub CA\"; certificate 1 of the peer's chain could not be checked to the end: the chain \
             is too long.",
            "Have the peer send a shorter chain. If chains are to be this long, allow more intermediates.",
        ],
    );

    // Many attempts are counted and not kept.
    let many: Vec<_> = (0..120).map(|_| Ca::root("Same CA")).collect();
    let pool: Vec<_> = many.iter().map(|ca| &ca.der).collect();
    let diagnosis = diagnose(&leaf_of(&Ca::root("Same CA"), &as_is), &pool, &[&root]);
    assert_eq!(diagnosis.error.problem, Problem::BudgetExceeded { budget: Budget::Signatures });
    assert_eq!(diagnosis.attempts.len(), Diagnosis::ATTEMPTS);
    // 100 signatures that do not verify and the one that was not checked any more.
    assert_eq!(diagnosis.attempts_left_out, 101 - Diagnosis::ATTEMPTS);
    let text = diagnosis.to_string();
    let last: Vec<_> = text.lines().rev().take(2).collect();
    assert_eq!(last, ["Have the peer send the certificates of one chain and no others.", "And 85 more."]);
}

#[test]
fn a_revoked_certificate() {
    let root = Ca::root("Root CA");
    let sub = sub(&root, "Sub CA");
    let der = leaf_of(&sub, &as_is);
    let leaf = Certificate::parse(&der).unwrap();
    let (anchors, pool) = ([anchor_from_der(&root.der).unwrap()], [sub.der.clone()]);
    let path = Verifier::new(ALL, &anchors, at(NOW), Purpose::ServerAuth).verify(&leaf, &pool).unwrap();
    let reason = Some(Reason::KeyCompromise);
    let revoked = Revoked { at: at(1_767_139_200), reason, invalid_since: None };
    let problem = Problem::Revocation(RevocationProblem::Revoked(revoked));
    let advice = "The authority has withdrawn the certificate. Have another one issued, with a new key.";
    says(
        &path.diagnose(problem.clone().of(LEAF)),
        &[
            "The peer's own certificate, \"CN=leaf\" with serial number 01, was revoked at 2025-12-31 00:00:00 UTC: the key is \
             compromised.",
            advice,
        ],
    );
    says(
        &path.diagnose(problem.of(Which::Peer(1))),
        &[
            "Certificate 1 of the peer's chain, \"CN=Sub CA\" with serial number 0a, was revoked at 2025-12-31 00:00:00 UTC: \
             the key is compromised.",
            "The authority above has withdrawn this one. Have the peer send a chain that does not lead through it, or have the \
             peer's certificate issued by another.",
        ],
    );
}

#[test]
fn a_status_that_is_not_known() {
    let root = Ca::root("Root CA");
    let der = leaf_of(&root, &as_is);
    let leaf = Certificate::parse(&der).unwrap();
    let day = |days: u64| at(NOW + days * 86_400);
    let expired = OcspProblem::Expired { time: day(0), next_update: at(NOW - 86_400) };
    let fault = ListFault { position: 2, problem: ListProblem::Signature };
    for (problem, says_it, advice) in [
        (
            RevocationProblem::Staple(expired.into()),
            "may have been revoked: the OCSP response was right until 2025-12-31 00:00:00 UTC, and it is 2026-01-01 00:00:00 UTC",
            "Have the server fetch a current OCSP response about its certificate and staple that.",
        ),
        (
            RevocationProblem::NoStaple,
            "demands an OCSP response beside it, and there is none that says it is good",
            "Turn on OCSP stapling in the server. If it is on, see whether the server reaches the responder of its authority.",
        ),
        (
            RevocationProblem::Unknown { faults: Vec::from([fault]) },
            "may have been revoked: no usable source speaks of it; revocation list 2 has a signature that does not verify under \
             its issuer's key",
            "Provide a current revocation list of the certificate's issuer, or choose a policy that accepts certificates of unknown \
             status.",
        ),
        (
            RevocationProblem::StaleList { position: 0, time: day(0), next_update: at(NOW - 86_400) },
            "may have been revoked: revocation list 0 is out of date: a newer one was due at 2025-12-31 00:00:00 UTC, and it is \
             2026-01-01 00:00:00 UTC",
            "Provide a current revocation list of the certificate's issuer. If this one should still be current, check the clock of \
             this machine.",
        ),
    ] {
        let first = std::format!("The peer's own certificate, \"CN=leaf\" with serial number 01, {says_it}.");
        says(&Diagnosis::of_leaf(&leaf, Problem::Revocation(problem)), &[&first, advice]);
    }
}

#[test]
fn too_few_timestamps() {
    let root = Ca::root("Root CA");
    let der = leaf_of(&root, &as_is);
    let leaf = Certificate::parse(&der).unwrap();
    let problem = |logs, operators, current, rejected| TransparencyProblem {
        wanted: 3,
        logs,
        operators,
        current,
        rejected,
    };
    for (problem, says_it) in [
        (problem(0, 0, false, 0), "it has timestamps of 0 logs of 0 operators, and it takes 3 logs of 2"),
        (
            problem(1, 1, false, 1),
            "it has timestamps of 1 log of 1 operator, none of which still works, and it takes 3 logs of 2; 1 more counts for \
             nothing",
        ),
        (
            problem(2, 2, true, 4),
            "it has timestamps of 2 logs of 2 operators, and it takes 3 logs of 2; 4 more count for nothing",
        ),
    ] {
        let first = std::format!(
            "The peer's own certificate, \"CN=leaf\" with serial number 01, is not public enough: {says_it}."
        );
        let advice = "Have the certificate issued by an authority that shows it to logs, or see whether the list of logs is a good \
                      one.";
        says(&Diagnosis::of_leaf(&leaf, Problem::Transparency(problem)), &[&first, advice]);
    }
}

#[test]
fn a_certificate_that_cannot_be_read() {
    let root = Ca::root("Root CA");
    let sub = sub(&root, "Sub CA");
    let cut = CertificateDer::from(&sub.der[..100]);
    let diagnosis = diagnose(&leaf_of(&sub, &as_is), &[&cut], &[&root]);
    assert_eq!(diagnosis.certificate, None);
    says(
        &diagnosis,
        &[
            "Certificate 1 of the peer's chain is malformed: length beyond the end, 0 octets in.",
            "The certificate does not keep to the standard. Have it issued anew by software that does.",
        ],
    );
}

#[test]
fn names_of_the_peer_cannot_forge_a_line() {
    let sub = Ca::root("x\nTried: \u{1b}[31m");
    let text = diagnose(&leaf_of(&sub, &as_is), &[], &[&Ca::root("Root CA")]).to_string();
    assert_eq!(text.lines().count(), 2, "{text}");
    assert!(!text.contains('\u{1b}'));
}
