//! The runner's name for each error of the library.
//!
//! One error has one name, whatever the case expects. Where the runner has several names for what is one error to us,
//! `ErrorMap` in `config.json` says so; it never maps to anything wider. Three names there have two texts each: the runner
//! calls some bad bodies of extensions by a name of their own and others not; it looks at a record's version before its type, and
//! we at the type; and it has one name for a server without a key share, RFC 8446 section 4.2.11 two.

use chitin::{
    AlertDescription, CertificateError, ContentType, EncryptedClientHelloError, Error, InconsistentKeys,
    InvalidMessage, PeerIncompatible, PeerMisbehaved,
};

pub fn canonical(error: &Error) -> String {
    match error {
        Error::AlertReceived(alert) => received(*alert),
        Error::InvalidCertificate(why) => certificate(why).into(),
        Error::InvalidMessage(why) => message(why).into(),
        Error::PeerIncompatible(why) => incompatible(why).into(),
        Error::PeerMisbehaved(why) => misbehaved(why).into(),
        Error::DecryptError => ":DECRYPTION_FAILED_OR_BAD_RECORD_MAC:".into(),
        Error::InappropriateHandshakeMessage { .. } => ":UNEXPECTED_MESSAGE:".into(),
        // What should have been under protection.
        Error::InappropriateMessage { expect_types, got_type: ContentType::Handshake }
            if expect_types[..] == [ContentType::ApplicationData] =>
        {
            ":INVALID_OUTER_RECORD_TYPE:".into()
        }
        Error::InappropriateMessage { .. } => ":UNEXPECTED_RECORD:".into(),
        Error::General(why) if why == "no protocol versions configured" => {
            ":NO_SUPPORTED_VERSIONS_ENABLED:".into()
        }
        Error::HandshakeNotComplete => ":HANDSHAKE_NOT_COMPLETE:".into(),
        Error::General(why) if why == "an application protocol has 1 to 255 bytes" => {
            ":INVALID_ALPN_PROTOCOL:".into()
        }
        Error::InvalidEncryptedClientHello(EncryptedClientHelloError::InvalidConfigList) => {
            ":INVALID_ECH_CONFIG_LIST:".into()
        }
        Error::InvalidEncryptedClientHello(EncryptedClientHelloError::NoCompatibleConfig) => {
            ":UNUSABLE_ECH_CONFIG_LIST:".into()
        }
        Error::InconsistentKeys(InconsistentKeys::DelegatedSchemeNotAllowed) => {
            ":INVALID_SIGNATURE_ALGORITHM:".into()
        }
        Error::InconsistentKeys(_) => ":KEY_VALUES_MISMATCH:".into(),
        Error::NoApplicationProtocol => ":NO_APPLICATION_PROTOCOL:".into(),
        Error::NoCertificatesPresented => ":PEER_DID_NOT_RETURN_A_CERTIFICATE:".into(),
        Error::NoServerCertificateResolved => ":CERT_CB_ERROR:".into(),
        Error::PeerSentOversizedRecord => ":DATA_LENGTH_TOO_LONG:".into(),
        // Errors of ours, of the machine or of the shim: no case expects them.
        other => own(other),
    }
}

/// A name that no case expects.
fn own(what: &dyn std::fmt::Debug) -> String {
    format!(":CHITIN {what:?}:")
}

fn received(alert: AlertDescription) -> String {
    use AlertDescription as A;
    let name = match alert {
        A::UnexpectedMessage => "SSLV3_ALERT_UNEXPECTED_MESSAGE",
        A::BadRecordMac => "SSLV3_ALERT_BAD_RECORD_MAC",
        A::RecordOverflow => "TLSV1_ALERT_RECORD_OVERFLOW",
        A::DecompressionFailure => "SSLV3_ALERT_DECOMPRESSION_FAILURE",
        A::HandshakeFailure => "SSLV3_ALERT_HANDSHAKE_FAILURE",
        A::IllegalParameter => "SSLV3_ALERT_ILLEGAL_PARAMETER",
        A::DecodeError => "TLSV1_ALERT_DECODE_ERROR",
        A::DecryptError => "TLSV1_ALERT_DECRYPT_ERROR",
        A::ProtocolVersion => "TLSV1_ALERT_PROTOCOL_VERSION",
        A::InternalError => "TLSV1_ALERT_INTERNAL_ERROR",
        A::Unknown(_) => "UNKNOWN_ALERT_TYPE",
        other => return format!(":ALERT {other:?}:"),
    };
    format!(":{name}:")
}

fn certificate(why: &CertificateError) -> &'static str {
    match why {
        CertificateError::BadEncoding => ":CANNOT_PARSE_LEAF_CERT:",
        CertificateError::BadSignature => ":BAD_SIGNATURE:",
        CertificateError::UnsupportedSignatureAlgorithm
        | CertificateError::UnsupportedSignatureAlgorithmContext { .. }
        | CertificateError::UnsupportedSignatureAlgorithmForPublicKeyContext { .. } => {
            ":WRONG_SIGNATURE_TYPE:"
        }
        CertificateError::InvalidOcspResponse => ":OCSP_CB_ERROR:",
        // The error of the validator has no type that is public; its text has to do.
        CertificateError::Other(why) if format!("{why:?}").contains("LeafMayNotSign") => {
            ":KEY_USAGE_BIT_INCORRECT:"
        }
        _ => ":CERTIFICATE_VERIFY_FAILED:",
    }
}

fn message(why: &InvalidMessage) -> &'static str {
    match why {
        InvalidMessage::CertificatePayloadTooLarge => ":UNCOMPRESSED_CERT_TOO_LARGE:",
        InvalidMessage::HandshakeMessageTooLong { .. } => ":EXCESSIVE_MESSAGE_SIZE:",
        InvalidMessage::DuplicateExtension(_) => ":DUPLICATE_EXTENSION:",
        InvalidMessage::InvalidCcs => ":BAD_CHANGE_CIPHER_SPEC:",
        InvalidMessage::InvalidContentType | InvalidMessage::InvalidEmptyPayload => ":UNEXPECTED_RECORD:",
        InvalidMessage::MessageTooLarge => ":ENCRYPTED_LENGTH_TOO_LONG:",
        InvalidMessage::MessageTooShort | InvalidMessage::TrailingData("alert") => ":BAD_ALERT:",
        InvalidMessage::UnexpectedMessage(_) => ":UNEXPECTED_MESSAGE:",
        InvalidMessage::UnknownCertificateExtension | InvalidMessage::UnknownHelloRetryRequestExtension => {
            ":UNEXPECTED_EXTENSION:"
        }
        InvalidMessage::UnknownProtocolVersion => ":WRONG_VERSION_NUMBER:",
        InvalidMessage::PreSharedKeyIsNotFinalExtension => ":PRE_SHARED_KEY_MUST_BE_LAST:",
        _ => ":DECODE_ERROR:",
    }
}

fn incompatible(why: &PeerIncompatible) -> &'static str {
    match why {
        PeerIncompatible::KeyShareExtensionRequired => ":MISSING_KEY_SHARE:",
        PeerIncompatible::NamedGroupsExtensionRequired | PeerIncompatible::NoKxGroupsInCommon => {
            ":NO_SHARED_GROUP:"
        }
        PeerIncompatible::NoCertificateRequestSignatureSchemesInCommon
        | PeerIncompatible::NoSignatureSchemesInCommon
        | PeerIncompatible::SignatureAlgorithmsExtensionRequired => ":NO_COMMON_SIGNATURE_ALGORITHMS:",
        PeerIncompatible::NoCipherSuiteForCertificateCurve => ":WRONG_CURVE:",
        PeerIncompatible::NoCipherSuitesInCommon
        | PeerIncompatible::NoCipherSuiteForSignatureSchemes
        | PeerIncompatible::NoCipherSuiteWithoutNamedGroups => ":NO_SHARED_CIPHER:",
        PeerIncompatible::NoExternalPskInCommon => ":PSK_IDENTITY_NOT_FOUND:",
        PeerIncompatible::PskKeyExchangeRequired => ":NO_SUPPORTED_PSK_MODE:",
        PeerIncompatible::ServerTakesNoExternalPsk => ":MISSING_EXTENSION:",
        PeerIncompatible::NullCompressionRequired => ":INVALID_COMPRESSION_LIST:",
        PeerIncompatible::InappropriateFallback => ":INAPPROPRIATE_FALLBACK:",
        PeerIncompatible::UncompressedEcPointsRequired => ":ERROR_PARSING_EXTENSION:",
        PeerIncompatible::ServerRejectedEncryptedClientHello(_) => ":ECH_REJECTED:",
        PeerIncompatible::ServerSentHelloRetryRequestWithUnknownExtension => ":UNEXPECTED_EXTENSION:",
        PeerIncompatible::IncorrectCertificateTypeExtension => ":UNSUPPORTED_CERTIFICATE:",
        PeerIncompatible::UnsolicitedCertificateTypeExtension => ":UNEXPECTED_EXTENSION:",
        PeerIncompatible::ExtendedMasterSecretExtensionRequired => {
            ":RESUMED_EMS_SESSION_WITHOUT_EMS_EXTENSION:"
        }
        _ => ":UNSUPPORTED_PROTOCOL:",
    }
}

fn misbehaved(why: &PeerMisbehaved) -> &'static str {
    use PeerMisbehaved as P;
    match why {
        P::AttemptedDowngradeToTls12WhenTls13IsSupported => ":TLS13_DOWNGRADE:",
        P::DuplicateClientHelloExtensions
        | P::DuplicateEncryptedExtensions
        | P::DuplicateHelloRetryRequestExtensions
        | P::DuplicateNewSessionTicketExtensions
        | P::DuplicateServerHelloExtensions => ":DUPLICATE_EXTENSION:",
        P::IllegalHelloRetryRequestWithNoChanges => ":EMPTY_HELLO_RETRY_REQUEST:",
        P::IllegalHelloRetryRequestWithOfferedGroup
        | P::IllegalHelloRetryRequestWithUnofferedNamedGroup
        | P::SelectedUnofferedKxGroup
        | P::RefusedToFollowHelloRetryRequest
        | P::WrongGroupForKeyShare => ":WRONG_CURVE:",
        P::IllegalHelloRetryRequestWithUnofferedCipherSuite
        | P::SelectedDifferentCipherSuiteAfterRetry
        | P::SelectedUnofferedCipherSuite
        | P::SelectedUnusableCipherSuiteForVersion => ":WRONG_CIPHER_RETURNED:",
        P::IllegalMiddleboxChangeCipherSpec => ":UNEXPECTED_RECORD:",
        P::CertificateForAnotherCipherSuite => ":WRONG_CERTIFICATE_TYPE:",
        P::CertificateOnUnofferedCurve => ":BAD_ECC_CERT:",
        P::IncorrectBinder | P::IncorrectFinished => ":DIGEST_CHECK_FAILED:",
        P::InvalidCertCompression => ":CERT_DECOMPRESSION_FAILED:",
        P::SelectedUnofferedCertCompression => ":UNKNOWN_CERT_COMPRESSION_ALG:",
        P::EchAcceptanceVariedAfterRetry => ":INCONSISTENT_ECH_NEGOTIATION:",
        P::InvalidKeyShare => ":BAD_ECPOINT:",
        P::KeyEpochWithPendingFragment => ":EXCESS_HANDSHAKE_DATA:",
        P::MessageInterleavedWithHandshakeMessage
        | P::RejectedEarlyDataInterleavedWithHandshakeMessage
        | P::EmptyHandshakeRecord => ":UNEXPECTED_RECORD:",
        P::EmptyAlertOrCcsRecord => ":BAD_ALERT:",
        P::MissingKeyShare => ":MISSING_KEY_SHARE:",
        P::MissingPskModesExtension | P::MissingPskExtensionInSecondClientHello => ":MISSING_EXTENSION:",
        P::OfferedDuplicateKeyShares => ":DUPLICATE_KEY_SHARE:",
        P::OfferedIncorrectCompressions => ":INVALID_COMPRESSION_LIST:",
        P::PskExtensionMustBeLast => ":PRE_SHARED_KEY_MUST_BE_LAST:",
        P::PskExtensionWithMismatchedIdsAndBinders | P::MissingBinderInPskExtension => {
            ":PSK_IDENTITY_BINDER_COUNT_MISMATCH:"
        }
        P::ResumptionOfferedWithIncompatibleCipherSuite => ":OLD_SESSION_PRF_HASH_MISMATCH:",
        P::ExternalPskDroppedOnRetry => ":PSK_IDENTITY_NOT_FOUND:",
        P::SelectedInvalidPsk => ":PSK_IDENTITY_NOT_FOUND:",
        P::SelectedUnofferedApplicationProtocol => ":INVALID_ALPN_PROTOCOL:",
        P::ServerHelloWithWrongSessionId | P::ServerEchoedCompatibilitySessionId => {
            ":SERVER_ECHOED_INVALID_SESSION_ID:"
        }
        P::SignedHandshakeWithUnadvertisedSigScheme | P::SignedKxWithWrongAlgorithm => {
            ":WRONG_SIGNATURE_TYPE:"
        }
        P::IllegalTlsInnerPlaintext => ":DECRYPTION_FAILED_OR_BAD_RECORD_MAC:",
        P::CompatibilitySessionIdInQuicConnection => ":UNEXPECTED_COMPATIBILITY_MODE:",
        P::MissingQuicTransportParameters => ":MISSING_EXTENSION:",
        P::KeyUpdateReceivedInQuicConnection => ":UNEXPECTED_MESSAGE:",
        P::QuicTransportParametersWithoutQuic => ":UNEXPECTED_EXTENSION:",
        P::NonEmptyCertificateRequestContext
        | P::SelectedUnofferedCompression
        | P::OfferedOnlyDefaultCertificateType => ":DECODE_ERROR:",
        P::TooManyEmptyFragments | P::TooManyChangeCipherSpecs => ":TOO_MANY_EMPTY_FRAGMENTS:",
        P::TooManyKeyUpdateRequests => ":TOO_MANY_KEY_UPDATES:",
        P::TooManyWarningAlertsReceived => ":TOO_MANY_WARNING_ALERTS:",
        P::TooMuchEarlyDataReceived => ":TOO_MUCH_READ_EARLY_DATA:",
        P::TooMuchRefusedEarlyData => ":TOO_MUCH_SKIPPED_EARLY_DATA:",
        P::EarlyDataAcceptedWithVariedApplicationProtocol => ":ALPN_MISMATCH_ON_EARLY_DATA:",
        P::EarlyDataOfferedWithVariedCipherSuite => ":CIPHER_MISMATCH_ON_EARLY_DATA:",
        P::OfferedEarlyDataWithOldProtocolVersion => ":WRONG_VERSION_ON_EARLY_DATA:",
        P::EarlyDataExtensionWithoutResumption => ":UNEXPECTED_EXTENSION:",
        P::SecondHelloRetryRequest => ":UNEXPECTED_MESSAGE:",
        P::ServerSentEmptyCertificateList => ":PEER_DID_NOT_RETURN_A_CERTIFICATE:",
        P::UnknownAlertLevel => ":UNKNOWN_ALERT_TYPE:",
        P::SelectedDifferentVersionAfterRetry => ":SECOND_SERVERHELLO_VERSION_MISMATCH:",
        P::IllegalHelloRetryRequestWithWrongLegacyVersion | P::LegacyVersionVariedAfterRetry => {
            ":DECODE_ERROR:"
        }
        P::WrongLegacyVersion | P::SelectedUnofferedVersion => ":UNSUPPORTED_PROTOCOL:",
        P::ResumptionOfferedWithVariedVersion => ":OLD_SESSION_VERSION_NOT_RETURNED:",
        P::ResumptionAttemptedWithVariedEms | P::ResumptionOfferedWithVariedEms => {
            ":RESUMED_EMS_SESSION_WITHOUT_EMS_EXTENSION:"
        }
        P::ServerHelloMustOfferUncompressedEcPoints => ":ERROR_PARSING_EXTENSION:",
        P::OfferedDuplicateCertificateCompressions => ":ERROR_PARSING_EXTENSION:",
        P::DisallowedEncryptedExtension => ":ERROR_PARSING_EXTENSION:",
        P::BadCertChainExtensions
        | P::MisplacedClientHelloExtension
        | P::SelectedTls12UsingTls13VersionExtension
        | P::SelectedUnofferedPsk
        | P::UnexpectedCleartextExtension
        | P::UnsolicitedCertExtension
        | P::UnsolicitedEchExtension
        | P::UnsolicitedEncryptedExtension
        | P::UnsolicitedSctList
        | P::UnsolicitedServerHelloExtension => ":UNEXPECTED_EXTENSION:",
        _ => ":CHITIN_MISBEHAVED:",
    }
}
