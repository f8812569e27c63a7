//! Errors: each begins its text with its name, as rustls 0.23 does, so that searches in logs find it.

use std::sync::Arc;
use std::time::Duration;

use chitin::crypto::KeyExchangeAlgorithm;
use chitin::pki_types::{UnixTime, alg_id};
use chitin::{
    AlertDescription, CertRevocationListError, CertificateError, ContentType, EncryptedClientHelloError,
    Error, ExtendedKeyPurpose, HandshakeType, InconsistentKeys, InvalidMessage, OtherError, PeerIncompatible,
    PeerMisbehaved,
};

/// What stands before the name in the text of the error around it.
fn begins(error: impl Into<Error>, before: &str, name: &str) {
    let text = error.into().to_string();
    assert!(
        text.starts_with(&format!("{before}: {name} (")) || text.starts_with(&format!("{before} {name} (")),
        "{text}"
    );
}

macro_rules! named {
    ($before:literal, $typ:ident: $($name:ident,)*) => {
        $(begins($typ::$name, $before, stringify!($name));)*
    };
}

#[test]
fn a_misbehaving_peer() {
    named! { "peer misbehaved", PeerMisbehaved:
        AttemptedDowngradeToTls12WhenTls13IsSupported, BadCertChainExtensions, CipherSuiteDifferedOnRetry,
        DisallowedEncryptedExtension, DuplicateClientHelloExtensions, DuplicateEncryptedExtensions,
        DuplicateHelloRetryRequestExtensions, DuplicateNewSessionTicketExtensions,
        DuplicateServerHelloExtensions, DuplicateServerNameTypes, EarlyDataAttemptedInSecondClientHello,
        EarlyDataExtensionWithoutResumption, EarlyDataOfferedWithVariedCipherSuite,
        EchAcceptanceVariedAfterRetry, HandshakeHashVariedAfterRetry,
        IllegalHelloRetryRequestWithEmptyCookie, IllegalHelloRetryRequestWithInvalidEch,
        IllegalHelloRetryRequestWithNoChanges, IllegalHelloRetryRequestWithOfferedGroup,
        IllegalHelloRetryRequestWithUnofferedCipherSuite, IllegalHelloRetryRequestWithUnofferedNamedGroup,
        IllegalHelloRetryRequestWithUnsupportedVersion, IllegalHelloRetryRequestWithWrongSessionId,
        IllegalMiddleboxChangeCipherSpec, IllegalTlsInnerPlaintext, IncorrectBinder,
        InvalidCertCompression, InvalidKeyShare, InvalidMaxEarlyDataSize, KeyEpochWithPendingFragment,
        KeyUpdateReceivedInQuicConnection, MessageInterleavedWithHandshakeMessage,
        MissingBinderInPskExtension, MissingKeyShare, MissingPskExtensionInSecondClientHello,
        MissingPskModesExtension, MissingQuicTransportParameters, OfferedDuplicateCertificateCompressions,
        OfferedDuplicateKeyShares, OfferedEarlyDataWithOldProtocolVersion, OfferedEmptyApplicationProtocol,
        OfferedIncorrectCompressions, PskExtensionMustBeLast, PskExtensionWithMismatchedIdsAndBinders,
        RefusedToFollowHelloRetryRequest, RejectedEarlyDataInterleavedWithHandshakeMessage,
        ResumptionAttemptedWithVariedEms, ResumptionOfferedWithIncompatibleCipherSuite,
        ResumptionOfferedWithVariedCipherSuite, ResumptionOfferedWithVariedEms,
        SelectedDifferentCipherSuiteAfterRetry, SelectedInvalidPsk,
        SelectedTls12UsingTls13VersionExtension, SelectedUnofferedApplicationProtocol,
        SelectedUnofferedCertCompression, SelectedUnofferedCipherSuite, SelectedUnofferedCompression,
        SelectedUnofferedKxGroup, SelectedUnofferedPsk, SelectedUnusableCipherSuiteForVersion,
        ServerEchoedCompatibilitySessionId, ServerHelloMustOfferUncompressedEcPoints,
        ServerNameDifferedOnRetry, ServerNameMustContainOneHostName,
        SignedHandshakeWithUnadvertisedSigScheme, SignedKxWithWrongAlgorithm, TooManyEmptyFragments,
        TooManyKeyUpdateRequests, TooManyRenegotiationRequests, TooManyWarningAlertsReceived,
        TooMuchEarlyDataReceived, UnexpectedCleartextExtension, UnsolicitedCertExtension,
        UnsolicitedEchExtension, UnsolicitedEncryptedExtension, UnsolicitedSctList,
        UnsolicitedServerHelloExtension, WrongGroupForKeyShare,
    }
}

#[test]
fn a_peer_that_does_not_fit() {
    named! { "peer is incompatible", PeerIncompatible:
        EcPointsExtensionRequired, ExtendedMasterSecretExtensionRequired,
        IncorrectCertificateTypeExtension, KeyShareExtensionRequired, NamedGroupsExtensionRequired,
        NoCertificateRequestSignatureSchemesInCommon, NoCipherSuitesInCommon, NoEcPointFormatsInCommon,
        NoKxGroupsInCommon, NoSignatureSchemesInCommon, NullCompressionRequired,
        ServerDoesNotSupportTls12Or13, ServerSentHelloRetryRequestWithUnknownExtension,
        ServerTlsVersionIsDisabledByOurConfig, SignatureAlgorithmsExtensionRequired,
        SupportedVersionsExtensionRequired, Tls12NotOffered, Tls12NotOfferedOrEnabled,
        Tls13RequiredForQuic, UncompressedEcPointsRequired, UnsolicitedCertificateTypeExtension,
    }
    let rejected = PeerIncompatible::ServerRejectedEncryptedClientHello(None);
    begins(rejected, "peer is incompatible", "ServerRejectedEncryptedClientHello(None)");
}

#[test]
fn messages_that_are_malformed() {
    named! { "received corrupt message of type", InvalidMessage:
        CertificatePayloadTooLarge, EmptyTicketValue, HandshakePayloadTooLarge, IllegalEmptyValue,
        InvalidCcs, InvalidCertRequest, InvalidCertificateStatusType, InvalidContentType, InvalidDhParams,
        InvalidEmptyPayload, InvalidKeyUpdate, InvalidServerName, MessageTooLarge, MessageTooShort,
        MissingKeyExchange, NoSignatureSchemes, PreSharedKeyIsNotFinalExtension,
        UnknownCertificateExtension, UnknownHelloRetryRequestExtension, UnknownProtocolVersion,
        UnsupportedCompression, UnsupportedCurveType,
    }
    let before = "received corrupt message of type";
    begins(InvalidMessage::DuplicateExtension(7), before, "DuplicateExtension(7)");
    begins(InvalidMessage::IllegalEmptyList("x"), before, "IllegalEmptyList(\"x\")");
    begins(InvalidMessage::MissingData("x"), before, "MissingData(\"x\")");
    begins(InvalidMessage::TrailingData("x"), before, "TrailingData(\"x\")");
    begins(InvalidMessage::UnexpectedMessage("x"), before, "UnexpectedMessage(\"x\")");
    let unsupported = InvalidMessage::UnsupportedKeyExchangeAlgorithm(KeyExchangeAlgorithm::DHE);
    begins(unsupported, before, "UnsupportedKeyExchangeAlgorithm(DHE)");
}

#[test]
fn configurations_for_ech() {
    named! { "encrypted client hello failure", EncryptedClientHelloError:
        InvalidConfigList, NoCompatibleConfig, SniRequired,
    }
    named! { "keys may not be consistent", InconsistentKeys: KeyMismatch, Unknown, }
}

fn other() -> OtherError {
    OtherError(Arc::new(std::io::Error::other("why")))
}

#[test]
fn lists_of_revoked_certificates() {
    named! { "invalid certificate revocation list", CertRevocationListError:
        BadSignature, InvalidCrlNumber, InvalidRevokedCertSerialNumber, IssuerInvalidForCrl, ParseError,
        UnsupportedCriticalExtension, UnsupportedCrlVersion, UnsupportedDeltaCrl, UnsupportedIndirectCrl,
        UnsupportedRevocationReason,
    }
    let text = |why: CertRevocationListError| Error::from(why).to_string();
    let unsupported = CertRevocationListError::UnsupportedSignatureAlgorithmContext {
        signature_algorithm_id: vec![1, 2],
        supported_algorithms: vec![alg_id::ED25519],
    };
    assert!(
        text(unsupported).contains("UnsupportedSignatureAlgorithmContext { signature_algorithm_id: [1, 2]")
    );
    let unfit = CertRevocationListError::UnsupportedSignatureAlgorithmForPublicKeyContext {
        signature_algorithm_id: vec![1],
        public_key_algorithm_id: vec![2],
    };
    assert!(text(unfit).contains("signature_algorithm_id: [1], public_key_algorithm_id: [2] }"));
    let plain = CertRevocationListError::UnsupportedSignatureAlgorithm;
    assert!(text(plain).contains("UnsupportedSignatureAlgorithm ("));
    assert!(text(CertRevocationListError::Other(other())).contains("why"));
}

#[test]
fn certificates_have_their_alerts() {
    // RFC 8446 section 6.2.
    use AlertDescription as Alert;
    let at = |seconds| UnixTime::since_unix_epoch(Duration::from_secs(seconds));
    let cases = [
        (CertificateError::BadEncoding, Alert::BadCertificate),
        (CertificateError::UnhandledCriticalExtension, Alert::BadCertificate),
        (CertificateError::NotValidForName, Alert::BadCertificate),
        (CertificateError::Expired, Alert::CertificateExpired),
        (CertificateError::ExpiredContext { time: at(9), not_after: at(1) }, Alert::CertificateExpired),
        (CertificateError::NotValidYet, Alert::CertificateExpired),
        (CertificateError::NotValidYetContext { time: at(1), not_before: at(9) }, Alert::CertificateExpired),
        (CertificateError::Revoked, Alert::CertificateRevoked),
        (CertificateError::UnknownIssuer, Alert::UnknownCA),
        (CertificateError::UnknownRevocationStatus, Alert::UnknownCA),
        (CertificateError::ExpiredRevocationList, Alert::UnknownCA),
        (
            CertificateError::ExpiredRevocationListContext { time: at(9), next_update: at(1) },
            Alert::UnknownCA,
        ),
        (CertificateError::BadSignature, Alert::DecryptError),
        (CertificateError::InvalidPurpose, Alert::UnsupportedCertificate),
        (CertificateError::InvalidOcspResponse, Alert::BadCertificateStatusResponse),
        (CertificateError::ApplicationVerificationFailure, Alert::AccessDenied),
        (CertificateError::Other(other()), Alert::CertificateUnknown),
        (
            CertificateError::InvalidPurposeContext {
                required: ExtendedKeyPurpose::ServerAuth,
                presented: vec![ExtendedKeyPurpose::Other(vec![1, 2]), ExtendedKeyPurpose::ClientAuth],
            },
            Alert::UnsupportedCertificate,
        ),
        (
            CertificateError::NotValidForNameContext {
                expected: "localhost".try_into().unwrap(),
                presented: vec!["DnsName(\"a\")".into()],
            },
            Alert::BadCertificate,
        ),
    ];
    for (error, alert) in cases {
        assert_eq!(AlertDescription::from(error.clone()), alert, "{error:?}");
        assert!(Error::from(error).to_string().starts_with("invalid peer certificate: "));
    }
    // What the signature is made with is told by its object identifiers.
    let unsupported = CertificateError::UnsupportedSignatureAlgorithmContext {
        signature_algorithm_id: vec![1, 2],
        supported_algorithms: vec![],
    };
    assert!(unsupported.to_string().contains("signature_algorithm_id: [1, 2], supported_algorithms: []"));
    let unfit = CertificateError::UnsupportedSignatureAlgorithmForPublicKeyContext {
        signature_algorithm_id: vec![1],
        public_key_algorithm_id: vec![2],
    };
    assert!(unfit.to_string().contains("signature_algorithm_id: [1], public_key_algorithm_id: [2]"));
    let plain = CertificateError::UnsupportedSignatureAlgorithm;
    assert!(plain.to_string().starts_with("UnsupportedSignatureAlgorithm ("));
}

#[test]
fn the_rest_says_what_0_23_says_of_it() {
    let begins = [
        (Error::AlertReceived(AlertDescription::HandshakeFailure), "received fatal alert: HandshakeFailure"),
        (Error::BadMaxFragmentSize, "the supplied max_fragment_size was too small or large"),
        (Error::DecryptError, "cannot decrypt peer's message"),
        (Error::EncryptError, "cannot encrypt message"),
        (Error::FailedToGetCurrentTime, "failed to get current time"),
        (Error::FailedToGetRandomBytes, "failed to get random bytes"),
        (Error::General("why".into()), "unexpected error: why"),
        (Error::HandshakeNotComplete, "handshake not complete"),
        (Error::NoApplicationProtocol, "peer doesn't support any known protocol"),
        (Error::NoCertificatesPresented, "peer sent no certificates"),
        (Error::Other(other()), "other error: why"),
        (Error::PeerSentOversizedRecord, "peer sent excess record size"),
        (Error::UnsupportedNameType, "presented server name type wasn't supported"),
        (
            Error::InappropriateMessage {
                expect_types: vec![ContentType::Alert, ContentType::Handshake],
                got_type: ContentType::ApplicationData,
            },
            "received unexpected message: got ApplicationData when expecting Alert or Handshake",
        ),
        (
            Error::InappropriateHandshakeMessage {
                expect_types: vec![HandshakeType::ClientHello],
                got_type: HandshakeType::Finished,
            },
            "received unexpected handshake message: got Finished when expecting ClientHello",
        ),
    ];
    for (error, text) in begins {
        assert!(error.to_string().starts_with(text), "{error}");
    }
}
