//! Is every variant of every error brought about by a case? What cannot occur yet, or never will, is listed with the reason.

use std::collections::{BTreeMap, BTreeSet};

use chitin::internal_testing::variant_names;
use testkit::pair::Chop;

use crate::bench::{Bench, Case, path};

fn all_cases() -> Vec<Case> {
    let files = [
        crate::calls::cases(),
        crate::certificates::cases(),
        crate::early::cases(),
        crate::compression::cases(),
        crate::delegated::cases(),
        crate::encrypted::cases(),
        crate::external_psk::cases(),
        crate::hello_to_client::cases(),
        crate::hello_to_server::cases(),
        crate::limits::cases(),
        crate::parts::cases(),
        crate::quic::cases(),
        crate::raw_keys::cases(),
        crate::records::cases(),
        crate::staples::cases(),
        crate::tls12::cases(),
        crate::traffic::cases(),
    ];
    files.into_iter().flatten().collect()
}

const ECH: &str = "in rules/ech.rs, which has a server of ECH";
const ECH_LIST: &str = "in config/ech.rs: a list is refused before there is a connection";
const REVOCATION: &str = "in tests/revocation.rs, with lists of OpenSSL's making";
const PEERS: &str = "in tests/identity.rs, with verifiers that let in only some";
const PINS: &str = "in tests/pins.rs, with verifiers that have pins";
const LIST_NAMES: &str = "in chitin-pki's tests of lists; its name in config/webpki/revocation.rs";

/// Variants that nothing brings about. Those of rustls 0.23 stay so that its users' code compiles.
const EXCUSED: &[(&str, &str, &str)] = &[
    ("Error", "InvalidEncryptedClientHello", ECH),
    (
        "Error",
        "UnsupportedNameType",
        "in 0.23; a ServerName is a DNS name or an address, and nothing else yet",
    ),
    ("EncryptedClientHelloError", "InvalidConfigList", ECH_LIST),
    ("EncryptedClientHelloError", "NoCompatibleConfig", ECH_LIST),
    ("EncryptedClientHelloError", "SniRequired", ECH),
    (
        "PeerMisbehaved",
        "DuplicateClientHelloExtensions",
        "in 0.23; InvalidMessage::DuplicateExtension names the extension",
    ),
    (
        "PeerMisbehaved",
        "DuplicateEncryptedExtensions",
        "in 0.23; InvalidMessage::DuplicateExtension names the extension",
    ),
    (
        "PeerMisbehaved",
        "DuplicateServerHelloExtensions",
        "in 0.23; InvalidMessage::DuplicateExtension names the extension",
    ),
    ("PeerMisbehaved", "DuplicateServerNameTypes", "in 0.23; InvalidMessage::InvalidServerName"),
    ("PeerMisbehaved", "EchAcceptanceVariedAfterRetry", ECH),
    (
        "PeerMisbehaved",
        "HandshakeHashVariedAfterRetry",
        "in 0.23; SelectedDifferentCipherSuiteAfterRetry comes first",
    ),
    (
        "PeerMisbehaved",
        "IllegalHelloRetryRequestWithEmptyCookie",
        "in 0.23; InvalidMessage::IllegalEmptyList names the field",
    ),
    (
        "PeerMisbehaved",
        "IllegalHelloRetryRequestWithInvalidEch",
        "in 0.23; InvalidMessage says what is malformed about the extension",
    ),
    (
        "PeerMisbehaved",
        "MissingBinderInPskExtension",
        "in 0.23; PskExtensionWithMismatchedIdsAndBinders comes first",
    ),
    (
        "PeerMisbehaved",
        "OfferedEmptyApplicationProtocol",
        "in 0.23; InvalidMessage::IllegalEmptyList names the field",
    ),
    ("PeerMisbehaved", "PskExtensionMustBeLast", "in 0.23; InvalidMessage::PreSharedKeyIsNotFinalExtension"),
    (
        "PeerMisbehaved",
        "SelectedUnofferedPsk",
        "in 0.23; UnsolicitedServerHelloExtension, as RFC 8446 section 4.2 has it",
    ),
    (
        "PeerMisbehaved",
        "SelectedUnusableCipherSuiteForVersion",
        "in 0.23; SelectedUnofferedCipherSuite: what is not offered for the version",
    ),
    ("PeerMisbehaved", "ServerNameMustContainOneHostName", "in 0.23; InvalidMessage::InvalidServerName"),
    ("PeerMisbehaved", "UnsolicitedEchExtension", ECH),
    ("PeerMisbehaved", "UnsolicitedSctList", "in 0.23; UnsolicitedCertExtension"),
    (
        "PeerIncompatible",
        "EcPointsExtensionRequired",
        "in 0.23; RFC 8422 section 5.1.2 takes a missing list for the uncompressed form",
    ),
    ("PeerIncompatible", "NoEcPointFormatsInCommon", "in 0.23; UncompressedEcPointsRequired"),
    ("PeerIncompatible", "ServerRejectedEncryptedClientHello", ECH),
    (
        "PeerIncompatible",
        "ServerSentHelloRetryRequestWithUnknownExtension",
        "in 0.23; InvalidMessage::UnknownHelloRetryRequestExtension",
    ),
    (
        "PeerIncompatible",
        "UnsolicitedCertificateTypeExtension",
        "in 0.23; UnsolicitedEncryptedExtension and UnsolicitedServerHelloExtension",
    ),
    ("InvalidMessage", "EmptyTicketValue", "in 0.23; InvalidMessage::IllegalEmptyList names the field"),
    ("InvalidMessage", "IllegalEmptyValue", "in 0.23; InvalidMessage::IllegalEmptyList names the field"),
    ("InvalidMessage", "InvalidCcs", "in 0.23; PeerMisbehaved::IllegalMiddleboxChangeCipherSpec"),
    ("InvalidMessage", "InvalidCertRequest", "in 0.23; the fault in its fields is named"),
    ("InvalidMessage", "InvalidDhParams", "in 0.23; there is no finite-field key exchange of TLS 1.2"),
    ("InvalidMessage", "MissingKeyExchange", "in 0.23; every suite that we have names its key exchange"),
    (
        "InvalidMessage",
        "UnexpectedMessage",
        "in 0.23; Error::InappropriateHandshakeMessage says what was expected",
    ),
    ("InvalidMessage", "UnknownCertificateExtension", "in 0.23; PeerMisbehaved::UnsolicitedCertExtension"),
    (
        "InvalidMessage",
        "UnsupportedKeyExchangeAlgorithm",
        "in 0.23; every suite that we have is one of ECDHE",
    ),
    ("CertificateError", "NotAccepted", PEERS),
    ("CertificateError", "NotPinned", PINS),
    ("CertRevocationListError", "BadSignature", REVOCATION),
    ("CertRevocationListError", "InvalidCrlNumber", REVOCATION),
    ("CertRevocationListError", "InvalidRevokedCertSerialNumber", LIST_NAMES),
    ("CertRevocationListError", "IssuerInvalidForCrl", REVOCATION),
    ("CertRevocationListError", "Other", LIST_NAMES),
    ("CertRevocationListError", "UnsupportedCriticalExtension", REVOCATION),
    ("CertRevocationListError", "UnsupportedCrlVersion", LIST_NAMES),
    ("CertRevocationListError", "UnsupportedDeltaCrl", "in 0.23; we process such lists"),
    ("CertRevocationListError", "UnsupportedIndirectCrl", "in 0.23; we process such lists"),
    ("CertRevocationListError", "UnsupportedRevocationReason", LIST_NAMES),
    (
        "CertRevocationListError",
        "UnsupportedSignatureAlgorithm",
        "in 0.23; UnsupportedSignatureAlgorithmContext says which",
    ),
    ("CertRevocationListError", "UnsupportedSignatureAlgorithmContext", LIST_NAMES),
    ("CertRevocationListError", "UnsupportedSignatureAlgorithmForPublicKeyContext", LIST_NAMES),
];

#[test]
fn every_variant_is_brought_about_or_excused() {
    let mut provoked: BTreeMap<_, &str> = BTreeMap::new();
    for case in all_cases() {
        let told = (case.run)(&Bench { chop: Chop::Whole });
        provoked.extend(path(&told.error).into_iter().map(|variant| (variant, case.name)));
    }
    let excused: BTreeSet<_> = EXCUSED.iter().map(|(of, variant, _)| (*of, *variant)).collect();
    assert_eq!(excused.len(), EXCUSED.len(), "an excuse stands twice");
    let exist: BTreeSet<_> = variant_names()
        .into_iter()
        .flat_map(|(of, variants)| variants.iter().map(move |variant| (of, *variant)))
        .collect();

    let missing: Vec<_> =
        exist.iter().filter(|v| !provoked.contains_key(*v) && !excused.contains(*v)).collect();
    assert!(missing.is_empty(), "no case brings these about: {missing:?}");
    let needless: Vec<_> = excused.iter().filter_map(|v| Some((v, provoked.get(v)?))).collect();
    assert!(needless.is_empty(), "excused, and yet brought about: {needless:?}");
    let gone: Vec<_> = excused.difference(&exist).collect();
    assert!(gone.is_empty(), "excused, and not there any more: {gone:?}");
}
