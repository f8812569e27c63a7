use alloc::boxed::Box;
use alloc::collections::BTreeSet;
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec;

use chitin_pki::{AcceptedPeers, NotAccepted, PeerIdentity, PinProblem};
use core::time::Duration;
use pki_types::{AlgorithmIdentifier, CertificateDer, ServerName, UnixTime};

use super::*;
use crate::names::{EchConfigPayload, EchVersion, KeyExchangeAlgorithm, PayloadU16};

/// A value of any type that an error may carry, so that the macro can make one of each variant.
pub(in crate::error) trait Sample {
    fn sample() -> Self;
}

macro_rules! samples {
    ($($typ:ty => $value:expr),* $(,)?) => { $(
        impl Sample for $typ {
            fn sample() -> Self {
                $value
            }
        }
    )* };
}

samples! {
    u16 => 51,
    u32 => 1024,
    usize => 1024,
    &'static str => "somewhere",
    String => "something".to_string(),
    UnixTime => UnixTime::since_unix_epoch(Duration::from_secs(1_700_000_000)),
    AlertDescription => AlertDescription::UserCanceled,
    HandshakeType => HandshakeType::Finished,
    ContentType => ContentType::Heartbeat,
    KeyExchangeAlgorithm => KeyExchangeAlgorithm::DHE,
    Box<NotAccepted> => {
        let certificate = CertificateDer::from(&include_bytes!("../../testdata/config/server.der")[..]);
        let presented = PeerIdentity::claimed_by(&certificate).unwrap();
        let expected = AcceptedPeers::new().with_trust_domain("example.org").unwrap();
        Box::new(NotAccepted { expected, presented })
    },
    Box<PinProblem> => Box::new(PinProblem::Over {
        time: Sample::sample(),
        until: UnixTime::since_unix_epoch(Duration::from_secs(1_600_000_000)),
    }),
    ExtendedKeyPurpose => ExtendedKeyPurpose::ClientAuth,
    OtherError => OtherError(Arc::new(UnsupportedOperationError)),
    Vec<HandshakeType> => vec![HandshakeType::Certificate, HandshakeType::CertificateRequest],
    Vec<ContentType> => vec![ContentType::Handshake],
    Vec<ExtendedKeyPurpose> => vec![ExtendedKeyPurpose::Other(vec![1, 3, 6, 1])],
    Vec<String> => vec!["a.example".to_string(), "b.example".to_string()],
    Vec<u8> => vec![0x06, 0x03, 0x2b, 0x65, 0x70],
    Vec<AlgorithmIdentifier> => vec![pki_types::alg_id::ED25519],
    ServerName<'static> => ServerName::try_from("c.example").unwrap(),
    Option<Vec<EchConfigPayload>> =>
        Some(vec![EchConfigPayload::Unknown { version: EchVersion::Unknown(1), contents: PayloadU16::new(vec![]) }]),
    InconsistentKeys => InconsistentKeys::KeyMismatch,
    CertRevocationListError => CertRevocationListError::ParseError,
    CertificateError => CertificateError::UnknownIssuer,
    EncryptedClientHelloError => EncryptedClientHelloError::SniRequired,
    InvalidMessage => InvalidMessage::InvalidCcs,
    PeerIncompatible => PeerIncompatible::NoKxGroupsInCommon,
    PeerMisbehaved => PeerMisbehaved::IncorrectBinder,
}

/// Each variant of each enum, as the `Error` that a connection would return.
fn all() -> Vec<Error> {
    let mut all = Error::samples();
    all.extend(PeerMisbehaved::samples().into_iter().map(Error::from));
    all.extend(PeerIncompatible::samples().into_iter().map(Error::from));
    all.extend(InvalidMessage::samples().into_iter().map(Error::from));
    all.extend(CertificateError::samples().into_iter().map(Error::from));
    all.extend(CertRevocationListError::samples().into_iter().map(Error::from));
    all.extend(EncryptedClientHelloError::samples().into_iter().map(Error::from));
    all.extend(InconsistentKeys::samples().into_iter().map(Error::from));
    all
}

#[test]
fn every_error_says_something_of_its_own() {
    let mut seen = BTreeSet::new();
    let nested = Error::samples().into_iter().filter(|error| {
        matches!(
            error,
            Error::InconsistentKeys(_)
                | Error::InvalidCertRevocationList(_)
                | Error::InvalidCertificate(_)
                | Error::InvalidEncryptedClientHello(_)
                | Error::InvalidMessage(_)
                | Error::PeerIncompatible(_)
                | Error::PeerMisbehaved(_)
        )
    });
    let repeated = nested.count();
    let all = all();
    for error in &all {
        let text = error.to_string();
        assert!(text.len() > 10 && !text.ends_with(": ") && !text.contains("{}"), "{error:?} says {text:?}");
        seen.insert(text);
    }
    // Each that wraps another stands in the list once more, as the sample of `Error` itself.
    assert_eq!(seen.len(), all.len() - repeated);
}

#[test]
fn names_of_variants_are_those_that_debug_prints() {
    for error in Error::samples() {
        let debug = format!("{error:?}");
        assert!(debug.starts_with(error.variant_name()), "{debug}");
    }
    let named: Vec<_> = PeerMisbehaved::samples().iter().map(|why| format!("{why:?}")).collect();
    assert_eq!(named, PeerMisbehaved::variant_names());
    for (name, variants) in variant_names() {
        assert!(!variants.is_empty(), "{name}");
        assert_eq!(variants.len(), variants.iter().collect::<BTreeSet<_>>().len());
    }
}

#[test]
fn times_are_told_so_that_people_can_read_them() {
    let at = |secs| UnixTime::since_unix_epoch(Duration::from_secs(secs));
    let texts = [
        (
            CertificateError::ExpiredContext { time: at(1_700_000_000), not_after: at(1_600_000_000) },
            "invalid peer certificate: certificate expired: verification time 1700000000 (UNIX), but certificate is not \
             valid after 1600000000 (100000000 seconds ago)",
        ),
        (
            CertificateError::NotValidYetContext { time: at(1_600_000_000), not_before: at(1_600_000_060) },
            "invalid peer certificate: certificate not valid yet: verification time 1600000000 (UNIX), but certificate is \
             not valid before 1600000060 (60 seconds in future)",
        ),
        (
            CertificateError::RsaKeySizeOutOfRange { bits: 1024, min_bits: 2048, max_bits: 8192 },
            "invalid peer certificate: the RSA key is too short or too long: 1024 bits, where 2048 to 8192 are accepted",
        ),
        (
            CertificateError::NotValidForNameContext {
                expected: ServerName::try_from("c.example").unwrap(),
                presented: vec![],
            },
            "invalid peer certificate: certificate not valid for name \"c.example\"; certificate is not valid for any names \
             (according to its subjectAltName extension)",
        ),
        (
            CertificateError::InvalidPurposeContext {
                required: ExtendedKeyPurpose::ServerAuth,
                presented: vec![ExtendedKeyPurpose::ClientAuth, ExtendedKeyPurpose::Other(vec![2, 5, 29])],
            },
            "invalid peer certificate: certificate does not allow extended key usage for server authentication, allows \
             client authentication, 2.5.29",
        ),
    ];
    for (error, text) in texts {
        assert_eq!(Error::from(error).to_string(), text);
    }
}

#[test]
fn unexpected_messages_name_what_was_expected() {
    let error = Error::InappropriateHandshakeMessage {
        expect_types: vec![HandshakeType::Certificate, HandshakeType::CertificateRequest],
        got_type: HandshakeType::Unknown(0x63),
    };
    assert_eq!(
        error.to_string(),
        "received unexpected handshake message: got HandshakeType(0x63) when expecting Certificate or CertificateRequest"
    );
    let error = Error::InappropriateMessage { expect_types: vec![], got_type: ContentType::Heartbeat };
    assert_eq!(error.to_string(), "received unexpected message: got Heartbeat when expecting nothing");
}

/// The names of RFC 8446 section 6 and RFC 9849 section 5, with their numbers.
const ALERTS: &[(&str, u8)] = &[
    ("unexpected_message", 10),
    ("bad_record_mac", 20),
    ("record_overflow", 22),
    ("handshake_failure", 40),
    ("bad_certificate", 42),
    ("unsupported_certificate", 43),
    ("certificate_revoked", 44),
    ("certificate_expired", 45),
    ("certificate_unknown", 46),
    ("illegal_parameter", 47),
    ("unknown_ca", 48),
    ("access_denied", 49),
    ("decode_error", 50),
    ("decrypt_error", 51),
    ("protocol_version", 70),
    ("internal_error", 80),
    ("inappropriate_fallback", 86),
    ("missing_extension", 109),
    ("unsupported_extension", 110),
    ("bad_certificate_status_response", 113),
    ("certificate_required", 116),
    ("no_application_protocol", 120),
    ("ech_required", 121),
];

/// The documentation of each variant in a source file: "We send `x`", "We send nothing", or neither.
fn documented(source: &'static str, name: &str) -> Vec<(String, String)> {
    let start = source.find(&format!("pub enum {name} {{")).unwrap();
    let mut variants = vec![];
    let mut doc = String::new();
    for line in source[start..].lines().skip(1) {
        let line = line.trim();
        if let Some(text) = line.strip_prefix("///") {
            doc.push_str(text);
        } else if line.starts_with(|first: char| first.is_ascii_uppercase()) {
            let end = line.find(|c: char| !c.is_ascii_alphanumeric()).unwrap();
            variants.push((line[..end].to_string(), core::mem::take(&mut doc)));
        } else {
            doc.clear();
            if line.starts_with("impl") {
                break;
            }
        }
    }
    variants
}

#[test]
fn every_variant_documents_the_alert_that_is_sent() {
    let peer = include_str!("peer.rs");
    let certificate = include_str!("certificate.rs");
    let own = include_str!("mod.rs");
    let alerts = |errors: Vec<Error>| errors.iter().map(Error::alert).collect::<Vec<_>>();
    let table = [
        (peer, "PeerMisbehaved", alerts(PeerMisbehaved::samples().into_iter().map(Error::from).collect())),
        (
            peer,
            "PeerIncompatible",
            alerts(PeerIncompatible::samples().into_iter().map(Error::from).collect()),
        ),
        (peer, "InvalidMessage", alerts(InvalidMessage::samples().into_iter().map(Error::from).collect())),
        (
            certificate,
            "CertificateError",
            alerts(CertificateError::samples().into_iter().map(Error::from).collect()),
        ),
        (own, "Error", alerts(Error::samples())),
    ];
    for (source, name, alerts) in table {
        let documented = documented(source, name);
        assert_eq!(documented.len(), alerts.len(), "{name}");
        for ((variant, doc), alert) in documented.iter().zip(alerts) {
            if doc.contains("We send what") {
                continue;
            }
            let expected = if doc.contains("We send nothing") {
                None
            } else {
                let (_, after) =
                    doc.split_once("We send `").unwrap_or_else(|| panic!("{name}::{variant} tells no alert"));
                let (said, _) = after.split_once('`').unwrap();
                let (_, number) = ALERTS.iter().find(|(alert, _)| *alert == said).expect(said);
                Some(AlertDescription::from(*number))
            };
            assert_eq!(alert, expected, "{name}::{variant}");
        }
    }
}

#[test]
fn alerts_of_certificates_and_messages_can_be_asked_for() {
    let certificates = [
        (CertificateError::UnknownIssuer, AlertDescription::UnknownCA),
        (CertificateError::BadEncoding, AlertDescription::BadCertificate),
        (CertificateError::NotValidForName, AlertDescription::BadCertificate),
        (CertificateError::Expired, AlertDescription::CertificateExpired),
        (CertificateError::NotValidYet, AlertDescription::CertificateExpired),
        (CertificateError::Revoked, AlertDescription::CertificateRevoked),
        (CertificateError::BadSignature, AlertDescription::DecryptError),
        (CertificateError::InvalidPurpose, AlertDescription::UnsupportedCertificate),
        (CertificateError::ApplicationVerificationFailure, AlertDescription::AccessDenied),
        (CertificateError::UnknownRevocationStatus, AlertDescription::UnknownCA),
        (CertificateError::ExpiredRevocationList, AlertDescription::UnknownCA),
        (CertificateError::InvalidOcspResponse, AlertDescription::BadCertificateStatusResponse),
        (CertificateError::Other(Sample::sample()), AlertDescription::CertificateUnknown),
    ];
    for (error, alert) in certificates {
        assert_eq!(AlertDescription::from(error.clone()), alert, "{error:?}");
    }
    let messages = [
        (InvalidMessage::MissingData("x"), AlertDescription::DecodeError),
        (InvalidMessage::PreSharedKeyIsNotFinalExtension, AlertDescription::IllegalParameter),
        (InvalidMessage::DuplicateExtension(0), AlertDescription::DecodeError),
        (InvalidMessage::UnknownHelloRetryRequestExtension, AlertDescription::UnsupportedExtension),
        (InvalidMessage::CertificatePayloadTooLarge, AlertDescription::BadCertificate),
    ];
    for (error, alert) in messages {
        assert_eq!(AlertDescription::from(error), alert, "{error:?}");
    }
}

#[test]
fn whoever_received_an_alert_sends_none() {
    assert_eq!(Error::AlertReceived(AlertDescription::HandshakeFailure).alert(), None);
    assert_eq!(Error::HandshakeNotComplete.alert(), None);
    assert_eq!(Error::DecryptError.alert(), Some(AlertDescription::BadRecordMac));
    assert_eq!(Error::from(GetRandomFailed).alert(), Some(AlertDescription::InternalError));
}

#[test]
fn other_errors_equal_nothing_and_all_else_equals_itself() {
    let other = OtherError(Arc::new(UnsupportedOperationError));
    assert_ne!(other, other.clone());
    assert_ne!(Error::from(other.clone()), Error::from(other.clone()));
    assert_ne!(CertificateError::Other(other.clone()), CertificateError::Other(other.clone()));
    assert_ne!(CertRevocationListError::Other(other.clone()), CertRevocationListError::Other(other.clone()));
    for error in all() {
        let holds_other = matches!(
            error,
            Error::Other(_)
                | Error::InvalidCertificate(CertificateError::Other(_))
                | Error::InvalidCertRevocationList(CertRevocationListError::Other(_))
        );
        assert_eq!(error == error.clone(), !holds_other, "{error:?}");
    }
    assert_ne!(CertificateError::Expired, CertificateError::NotValidYet);
    assert_ne!(
        InvalidMessage::MissingData("one place").clone(),
        InvalidMessage::MissingData("another").clone()
    );
}

#[test]
fn other_errors_show_what_is_inside() {
    let other = OtherError(Arc::new(UnsupportedOperationError));
    assert_eq!(other.to_string(), UnsupportedOperationError.to_string());
    let boxed: Box<dyn core::error::Error> = Box::new(other);
    assert!(boxed.source().unwrap().is::<UnsupportedOperationError>());
}

#[test]
fn what_a_provider_cannot_do_is_what_0_23_makes_of_it() {
    assert_eq!(Error::from(UnsupportedOperationError), Error::General("operation not supported".into()));
}

#[cfg(feature = "std")]
#[test]
fn a_clock_before_1970_is_no_clock() {
    let early = std::time::UNIX_EPOCH - Duration::from_secs(1);
    let why = early.duration_since(std::time::UNIX_EPOCH).unwrap_err();
    assert_eq!(Error::from(why), Error::FailedToGetCurrentTime);
}
