//! Errors and names, as `Debug` and `Display` show them.

use std::error::Error as _;
use std::sync::Arc;
use std::time::Duration;

use tls::client::VerifierBuilderError;
use tls::pki_types::UnixTime;
use tls::unbuffered::{EncodeError, EncryptError, InsufficientSizeError};
use tls::{
    AlertDescription, CertRevocationListError, CertificateError, CipherSuite, ContentType,
    EncryptedClientHelloError, Error, ExtendedKeyPurpose, HandshakeType, InconsistentKeys, InvalidMessage,
    NamedGroup, OtherError, PeerIncompatible, PeerMisbehaved, ProtocolVersion, SignatureScheme,
};
use world::{Notes, World};

pub fn run(_: &World, notes: &mut Notes) {
    for error in errors() {
        notes.words(format_args!("{error:?}"), &error);
        notes.value(format_args!("{error:?}, source"), error.source().map(ToString::to_string));
    }
    for error in certificates() {
        notes.words(format_args!("certificate, {error:?}"), &error);
        notes.words(format_args!("certificate, {error:?}, as an error"), Error::from(error.clone()));
    }
    alerts(notes);
    numbers(notes);
    let size = InsufficientSizeError { required_size: 7 };
    notes.words("encode", EncodeError::from(size));
    notes.words("already encoded", EncodeError::AlreadyEncoded);
    notes.words("encrypt", EncryptError::InsufficientSize(InsufficientSizeError { required_size: 7 }));
    notes.words("exhausted", EncryptError::EncryptExhausted);
    notes.words("early", tls::client::EarlyDataError::ExceededAllowedEarlyData);
    notes.words("early encrypt", tls::client::EarlyDataError::Encrypt(EncryptError::EncryptExhausted));
    notes.words("no roots", VerifierBuilderError::NoRootAnchors);
    notes.words("bad list", VerifierBuilderError::InvalidCrl(CertRevocationListError::ParseError));
    notes.words("unsupported", tls::crypto::cipher::UnsupportedOperationError);
    notes.value("random", tls::crypto::GetRandomFailed);
}

fn other() -> OtherError {
    OtherError(Arc::new(std::io::Error::other("why")))
}

fn errors() -> Vec<Error> {
    vec![
        Error::InappropriateMessage {
            expect_types: vec![ContentType::Alert, ContentType::Handshake],
            got_type: ContentType::ApplicationData,
        },
        Error::InappropriateHandshakeMessage {
            expect_types: vec![HandshakeType::ClientHello, HandshakeType::Finished],
            got_type: HandshakeType::ServerHello,
        },
        Error::InappropriateHandshakeMessage {
            expect_types: vec![HandshakeType::ClientHello],
            got_type: HandshakeType::Unknown(77),
        },
        Error::InvalidEncryptedClientHello(EncryptedClientHelloError::InvalidConfigList),
        Error::InvalidEncryptedClientHello(EncryptedClientHelloError::NoCompatibleConfig),
        Error::InvalidEncryptedClientHello(EncryptedClientHelloError::SniRequired),
        Error::InvalidMessage(InvalidMessage::InvalidContentType),
        Error::InvalidMessage(InvalidMessage::MissingData("Thing")),
        Error::InvalidMessage(InvalidMessage::TrailingData("Thing")),
        Error::InvalidMessage(InvalidMessage::DuplicateExtension(7)),
        Error::NoCertificatesPresented,
        Error::UnsupportedNameType,
        Error::DecryptError,
        Error::EncryptError,
        Error::PeerIncompatible(PeerIncompatible::NoCipherSuitesInCommon),
        Error::PeerIncompatible(PeerIncompatible::ServerRejectedEncryptedClientHello(None)),
        Error::PeerMisbehaved(PeerMisbehaved::IncorrectBinder),
        Error::AlertReceived(AlertDescription::HandshakeFailure),
        Error::AlertReceived(AlertDescription::Unknown(99)),
        Error::InvalidCertificate(CertificateError::Expired),
        Error::InvalidCertRevocationList(CertRevocationListError::BadSignature),
        Error::InvalidCertRevocationList(CertRevocationListError::UnsupportedDeltaCrl),
        Error::General("why".into()),
        Error::FailedToGetCurrentTime,
        Error::FailedToGetRandomBytes,
        Error::HandshakeNotComplete,
        Error::PeerSentOversizedRecord,
        Error::NoApplicationProtocol,
        Error::BadMaxFragmentSize,
        Error::InconsistentKeys(InconsistentKeys::KeyMismatch),
        Error::InconsistentKeys(InconsistentKeys::Unknown),
        Error::Other(other()),
    ]
}

fn certificates() -> Vec<CertificateError> {
    let at = |seconds| UnixTime::since_unix_epoch(Duration::from_secs(seconds));
    let name = tls::pki_types::ServerName::try_from("localhost").unwrap();
    let for_name = |presented: &[&str]| CertificateError::NotValidForNameContext {
        expected: name.clone(),
        presented: presented.iter().map(|name| (*name).to_owned()).collect(),
    };
    let purpose = |presented| CertificateError::InvalidPurposeContext {
        required: ExtendedKeyPurpose::ServerAuth,
        presented,
    };
    vec![
        CertificateError::BadEncoding,
        CertificateError::Expired,
        CertificateError::ExpiredContext { time: at(1_700_000_000), not_after: at(1_600_000_000) },
        CertificateError::NotValidYet,
        CertificateError::NotValidYetContext { time: at(1_600_000_000), not_before: at(1_700_000_000) },
        CertificateError::Revoked,
        CertificateError::UnhandledCriticalExtension,
        CertificateError::UnknownIssuer,
        CertificateError::UnknownRevocationStatus,
        CertificateError::ExpiredRevocationList,
        CertificateError::ExpiredRevocationListContext {
            time: at(1_700_000_000),
            next_update: at(1_600_000_000),
        },
        CertificateError::BadSignature,
        CertificateError::UnsupportedSignatureAlgorithmContext {
            signature_algorithm_id: vec![1, 2],
            supported_algorithms: vec![],
        },
        CertificateError::UnsupportedSignatureAlgorithmForPublicKeyContext {
            signature_algorithm_id: vec![1, 2],
            public_key_algorithm_id: vec![3],
        },
        CertificateError::NotValidForName,
        for_name(&[]),
        for_name(&["DnsName(\"a\")"]),
        for_name(&["DnsName(\"a\")", "DnsName(\"b\")"]),
        CertificateError::InvalidPurpose,
        purpose(vec![]),
        purpose(vec![ExtendedKeyPurpose::ClientAuth]),
        purpose(vec![ExtendedKeyPurpose::ClientAuth, ExtendedKeyPurpose::Other(vec![1, 2, 3])]),
        CertificateError::InvalidOcspResponse,
        CertificateError::ApplicationVerificationFailure,
        CertificateError::Other(other()),
    ]
}

fn alerts(notes: &mut Notes) {
    // Which alert goes with an error, as others may ask.
    for error in certificates() {
        notes.value(format_args!("alert of {error:?}"), AlertDescription::from(error.clone()));
    }
    notes.value("equal", other() == other());
    notes.value("equal errors", Error::Other(other()) == Error::Other(other()));
    notes.value("equal certificates", CertificateError::Other(other()) == CertificateError::Other(other()));
    notes.words("other", other());
    notes.value("other, source", other().source().map(ToString::to_string));
}

fn numbers(notes: &mut Notes) {
    // Every number of a byte, and those of two bytes that somebody has named.
    for number in 0..=255_u8 {
        let (alert, content, message) =
            (AlertDescription::from(number), ContentType::from(number), HandshakeType::from(number));
        notes.value(format_args!("alert {number}"), (alert, alert.as_str(), u8::from(alert)));
        notes.value(format_args!("content {number}"), (content, content.as_str(), u8::from(content)));
        notes.value(format_args!("message {number}"), (message, message.as_str(), u8::from(message)));
        notes.value(format_args!("signature {number}"), tls::SignatureAlgorithm::from(number));
        notes.value(format_args!("hash {number}"), tls::crypto::hash::HashAlgorithm::from(number));
        notes.value(format_args!("certificate type {number}"), tls::server::CertificateType::from(number));
    }
    let shown = |number: u16| {
        format!(
            "{:?} {:?} {:?} {:?} {:?}",
            CipherSuite::from(number),
            NamedGroup::from(number),
            SignatureScheme::from(number),
            ProtocolVersion::from(number),
            tls::CertificateCompressionAlgorithm::from(number),
        )
    };
    // One note for each block of 256, since most of them are nobody's.
    for block in 0..=255_u8 {
        let all: Vec<String> = (0..=255).map(|low| shown(u16::from_be_bytes([block, low]))).collect();
        notes.value(format_args!("numbers {block:#04x}xx"), all);
    }
}
