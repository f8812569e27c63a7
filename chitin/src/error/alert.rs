//! The only place that knows which alert an error means.
//!
//! Every `match` here names each variant, with no default arm: who adds an error has to decide. RFC 8446 section 6.2 says
//! what each alert is for.

use super::{CertificateError, Error, InvalidMessage, PeerIncompatible, PeerMisbehaved};
use crate::names::AlertDescription;

impl Error {
    /// The fatal alert that tells the peer about this error, or `None` where it is no business of the peer's.
    pub(crate) fn alert(&self) -> Option<AlertDescription> {
        match self {
            // What the peer did or lacks.
            Self::DecryptError => Some(AlertDescription::BadRecordMac),
            Self::InappropriateHandshakeMessage { .. } | Self::InappropriateMessage { .. } => {
                Some(AlertDescription::UnexpectedMessage)
            }
            Self::InvalidCertificate(why) => Some(certificate(why)),
            Self::InvalidMessage(why) => Some(message(why)),
            Self::NoApplicationProtocol => Some(AlertDescription::NoApplicationProtocol),
            Self::NoCertificatesPresented => Some(AlertDescription::CertificateRequired),
            Self::NoServerCertificateResolved => Some(AlertDescription::AccessDenied),
            Self::PeerIncompatible(why) => Some(incompatible(why)),
            Self::PeerMisbehaved(why) => Some(misbehaved(why)),
            Self::PeerSentOversizedRecord => Some(AlertDescription::RecordOverflow),

            // What failed on our side in the midst of a connection.
            Self::BadMaxFragmentSize
            | Self::CallbackPanicked(_)
            | Self::MemoryLimit { .. }
            | Self::EncryptError
            | Self::FailedToGetCurrentTime
            | Self::FailedToGetRandomBytes
            | Self::General(_)
            | Self::InvalidCertRevocationList(_)
            | Self::Other(_) => Some(AlertDescription::InternalError),

            // The peer has closed already, or the caller asked for what cannot be.
            Self::AlertReceived(_)
            | Self::HandshakeNotComplete
            | Self::InconsistentKeys(_)
            | Self::InvalidEncryptedClientHello(_)
            | Self::UnsupportedNameType => None,
        }
    }
}

impl From<CertificateError> for AlertDescription {
    fn from(why: CertificateError) -> Self {
        certificate(&why)
    }
}

impl From<InvalidMessage> for AlertDescription {
    fn from(why: InvalidMessage) -> Self {
        message(&why)
    }
}

fn certificate(why: &CertificateError) -> AlertDescription {
    match why {
        // "A certificate was corrupt, contained signatures that did not verify correctly, etc." A signature algorithm that
        // is too weak belongs here too: RFC 8446 section 4.4.2.4 says so of MD5 and SHA-1.
        CertificateError::BadEncoding
        | CertificateError::NotValidForName
        | CertificateError::NotValidForNameContext { .. }
        | CertificateError::UnhandledCriticalExtension
        | CertificateError::UnsupportedSignatureAlgorithm
        | CertificateError::UnsupportedSignatureAlgorithmContext { .. }
        | CertificateError::UnsupportedSignatureAlgorithmForPublicKeyContext { .. } => {
            AlertDescription::BadCertificate
        }
        CertificateError::Expired
        | CertificateError::ExpiredContext { .. }
        | CertificateError::NotValidYet
        | CertificateError::NotValidYetContext { .. } => AlertDescription::CertificateExpired,
        CertificateError::Revoked => AlertDescription::CertificateRevoked,
        CertificateError::ExpiredRevocationList
        | CertificateError::ExpiredRevocationListContext { .. }
        | CertificateError::UnknownIssuer
        | CertificateError::UnknownRevocationStatus => AlertDescription::UnknownCA,
        CertificateError::InvalidOcspResponse => AlertDescription::BadCertificateStatusResponse,
        // That of a CertificateVerify is meant; a chain with a bad one is told as UnknownIssuer. RFC 8446 section 4.4.3.
        CertificateError::BadSignature => AlertDescription::DecryptError,
        CertificateError::InvalidPurpose
        | CertificateError::InvalidPurposeContext { .. }
        | CertificateError::RsaKeySizeOutOfRange { .. } => AlertDescription::UnsupportedCertificate,
        // "A valid certificate was received, but when access control was applied, the sender decided not to proceed."
        CertificateError::ApplicationVerificationFailure | CertificateError::NotAccepted(_) => {
            AlertDescription::AccessDenied
        }
        CertificateError::NotPinned(_) | CertificateError::Other(_) => AlertDescription::CertificateUnknown,
    }
}

fn message(why: &InvalidMessage) -> AlertDescription {
    match why {
        InvalidMessage::CertificatePayloadTooLarge => AlertDescription::BadCertificate,
        InvalidMessage::InvalidKeyUpdate
        | InvalidMessage::NonMinimalFlags
        | InvalidMessage::PreSharedKeyIsNotFinalExtension => AlertDescription::IllegalParameter,
        InvalidMessage::InvalidCcs
        | InvalidMessage::InvalidEmptyPayload
        | InvalidMessage::UnexpectedMessage(_) => AlertDescription::UnexpectedMessage,
        InvalidMessage::MessageTooLarge => AlertDescription::RecordOverflow,
        // Of a CertificateRequest. RFC 8446 sections 4.3.2 and 9.2.
        InvalidMessage::NoSignatureSchemes => AlertDescription::MissingExtension,
        InvalidMessage::UnknownCertificateExtension | InvalidMessage::UnknownHelloRetryRequestExtension => {
            AlertDescription::UnsupportedExtension
        }
        InvalidMessage::UnknownProtocolVersion => AlertDescription::ProtocolVersion,
        // How often an extension stands in a block is a matter of its form, as other libraries see it too.
        InvalidMessage::DuplicateExtension(_)
        | InvalidMessage::EmptyTicketValue
        | InvalidMessage::HandshakeMessageTooLong { .. }
        | InvalidMessage::HandshakePayloadTooLarge
        | InvalidMessage::IllegalEmptyList(_)
        | InvalidMessage::IllegalEmptyValue
        | InvalidMessage::InvalidCertRequest
        | InvalidMessage::InvalidCertificateStatusType
        | InvalidMessage::InvalidContentType
        | InvalidMessage::InvalidDhParams
        | InvalidMessage::InvalidServerName
        | InvalidMessage::MessageTooShort
        | InvalidMessage::MissingData(_)
        | InvalidMessage::MissingKeyExchange
        | InvalidMessage::TooManyItems { .. }
        | InvalidMessage::TrailingData(_)
        | InvalidMessage::UnsupportedCompression
        | InvalidMessage::UnsupportedCurveType
        | InvalidMessage::UnsupportedKeyExchangeAlgorithm(_)
        | InvalidMessage::WrongCertificateType => AlertDescription::DecodeError,
    }
}

fn incompatible(why: &PeerIncompatible) -> AlertDescription {
    match why {
        PeerIncompatible::EcPointsExtensionRequired
        | PeerIncompatible::ExtendedMasterSecretExtensionRequired
        | PeerIncompatible::NoCertificateRequestSignatureSchemesInCommon
        | PeerIncompatible::NoCipherSuiteForCertificateCurve
        | PeerIncompatible::NoCipherSuiteForSignatureSchemes
        | PeerIncompatible::NoCipherSuiteWithoutNamedGroups
        | PeerIncompatible::NoCipherSuitesInCommon
        | PeerIncompatible::NoEcPointFormatsInCommon
        | PeerIncompatible::NoExternalPskInCommon
        | PeerIncompatible::NoKxGroupsInCommon
        | PeerIncompatible::NoSignatureSchemesInCommon
        | PeerIncompatible::PskKeyExchangeRequired => AlertDescription::HandshakeFailure,
        PeerIncompatible::UnknownExternalPsk => AlertDescription::DecryptError,
        PeerIncompatible::KeyShareExtensionRequired
        | PeerIncompatible::NamedGroupsExtensionRequired
        | PeerIncompatible::ServerTakesNoExternalPsk
        | PeerIncompatible::SignatureAlgorithmsExtensionRequired => AlertDescription::MissingExtension,
        PeerIncompatible::NullCompressionRequired | PeerIncompatible::UncompressedEcPointsRequired => {
            AlertDescription::IllegalParameter
        }
        PeerIncompatible::ServerDoesNotSupportTls12Or13
        | PeerIncompatible::ServerTlsVersionIsDisabledByOurConfig
        | PeerIncompatible::SupportedVersionsExtensionRequired
        | PeerIncompatible::Tls12NotOffered
        | PeerIncompatible::Tls12NotOfferedOrEnabled
        | PeerIncompatible::Tls13RequiredForQuic => AlertDescription::ProtocolVersion,
        PeerIncompatible::ServerRejectedEncryptedClientHello(_) => {
            AlertDescription::EncryptedClientHelloRequired
        }
        PeerIncompatible::ServerSentHelloRetryRequestWithUnknownExtension
        | PeerIncompatible::UnsolicitedCertificateTypeExtension => AlertDescription::UnsupportedExtension,
        PeerIncompatible::InappropriateFallback => AlertDescription::InappropriateFallback,
        PeerIncompatible::IncorrectCertificateTypeExtension => AlertDescription::UnsupportedCertificate,
    }
}

fn misbehaved(why: &PeerMisbehaved) -> AlertDescription {
    match why {
        PeerMisbehaved::AttemptedDowngradeToTls12WhenTls13IsSupported
        | PeerMisbehaved::BadCertChainExtensions
        | PeerMisbehaved::CertificateForAnotherCipherSuite
        | PeerMisbehaved::CertificateOnUnofferedCurve
        | PeerMisbehaved::CipherSuiteDifferedOnRetry
        | PeerMisbehaved::CookieDifferedOnRetry
        | PeerMisbehaved::CookieInFirstClientHello
        | PeerMisbehaved::DelegatedCredentialExpired
        | PeerMisbehaved::ExternalPskDroppedOnRetry
        | PeerMisbehaved::DelegatedCredentialForAnotherScheme
        | PeerMisbehaved::DelegatedCredentialNotAllowed
        | PeerMisbehaved::DelegatedCredentialSignedWithUnofferedScheme
        | PeerMisbehaved::DelegatedCredentialValidForTooLong
        | PeerMisbehaved::DelegatedCredentialWithUnofferedScheme
        | PeerMisbehaved::DelegatedCredentialWithWrongKey
        | PeerMisbehaved::DisallowedEncryptedExtension
        | PeerMisbehaved::DuplicateHelloRetryRequestExtensions
        | PeerMisbehaved::DuplicateNewSessionTicketExtensions
        | PeerMisbehaved::DuplicateServerNameTypes
        | PeerMisbehaved::EarlyDataAttemptedInSecondClientHello
        | PeerMisbehaved::EarlyDataAcceptedWithVariedApplicationProtocol
        | PeerMisbehaved::EarlyDataExtensionWithoutResumption
        | PeerMisbehaved::EarlyDataOfferedWithVariedCipherSuite
        | PeerMisbehaved::EchAcceptanceVariedAfterRetry
        | PeerMisbehaved::HandshakeHashVariedAfterRetry
        | PeerMisbehaved::IllegalHelloRetryRequestWithEmptyCookie
        | PeerMisbehaved::IllegalHelloRetryRequestWithInvalidEch
        | PeerMisbehaved::IllegalHelloRetryRequestWithNoChanges
        | PeerMisbehaved::IllegalHelloRetryRequestWithOfferedGroup
        | PeerMisbehaved::IllegalHelloRetryRequestWithUnofferedCipherSuite
        | PeerMisbehaved::IllegalHelloRetryRequestWithUnofferedNamedGroup
        | PeerMisbehaved::IllegalHelloRetryRequestWithUnsupportedVersion
        | PeerMisbehaved::IllegalHelloRetryRequestWithWrongLegacyVersion
        | PeerMisbehaved::IllegalHelloRetryRequestWithWrongSessionId
        | PeerMisbehaved::IncorrectDelegatedCredential
        | PeerMisbehaved::OfferedOnlyDefaultCertificateType
        | PeerMisbehaved::RawPublicKeyWithIssuers
        | PeerMisbehaved::RawPublicKeyWithStaples
        | PeerMisbehaved::InvalidKeyShare
        | PeerMisbehaved::InvalidMaxEarlyDataSize
        | PeerMisbehaved::KeyShareForUnofferedGroup
        | PeerMisbehaved::LegacyVersionVariedAfterRetry
        | PeerMisbehaved::MissingBinderInPskExtension
        | PeerMisbehaved::NonEmptyCertificateRequestContext
        | PeerMisbehaved::OfferedDuplicateCertificateCompressions
        | PeerMisbehaved::OfferedDuplicateKeyShares
        | PeerMisbehaved::OfferedIncorrectCompressions
        | PeerMisbehaved::OfferedTooSmallRecordSizeLimit
        | PeerMisbehaved::PskExtensionMustBeLast
        | PeerMisbehaved::PskExtensionWithMismatchedIdsAndBinders
        | PeerMisbehaved::RandomDifferedOnRetry
        | PeerMisbehaved::RefusedToFollowHelloRetryRequest
        | PeerMisbehaved::ResumptionAttemptedWithVariedEms
        | PeerMisbehaved::ResumptionOfferedWithIncompatibleCipherSuite
        | PeerMisbehaved::ResumptionOfferedWithVariedCipherSuite
        | PeerMisbehaved::ResumptionOfferedWithVariedEms
        | PeerMisbehaved::ResumptionOfferedWithVariedVersion
        | PeerMisbehaved::SelectedDifferentCipherSuiteAfterRetry
        | PeerMisbehaved::SelectedInvalidPsk
        | PeerMisbehaved::SelectedTls12UsingTls13VersionExtension
        | PeerMisbehaved::SelectedUnofferedApplicationProtocol
        | PeerMisbehaved::SelectedUnofferedCertCompression
        | PeerMisbehaved::SelectedUnofferedCipherSuite
        | PeerMisbehaved::SelectedUnofferedCompression
        | PeerMisbehaved::SelectedUnofferedKxGroup
        | PeerMisbehaved::SelectedUnofferedPsk
        | PeerMisbehaved::SelectedUnofferedVersion
        | PeerMisbehaved::SelectedUnusableCipherSuiteForVersion
        | PeerMisbehaved::ServerEchoedCompatibilitySessionId
        | PeerMisbehaved::ServerHelloMustOfferUncompressedEcPoints
        | PeerMisbehaved::ServerHelloWithWrongSessionId
        | PeerMisbehaved::ServerNameDifferedOnRetry
        | PeerMisbehaved::ServerNameMustContainOneHostName
        | PeerMisbehaved::SessionIdDifferedOnRetry
        | PeerMisbehaved::SignedHandshakeWithUnadvertisedSigScheme
        | PeerMisbehaved::SignedKxWithWrongAlgorithm
        | PeerMisbehaved::UnexpectedChangesInSecondClientHello
        | PeerMisbehaved::UnexpectedCleartextExtension
        | PeerMisbehaved::WrongCertificateContext
        | PeerMisbehaved::WrongGroupForKeyShare
        | PeerMisbehaved::CompatibilitySessionIdInQuicConnection
        | PeerMisbehaved::MisplacedClientHelloExtension
        | PeerMisbehaved::MisplacedServerExtension
        | PeerMisbehaved::SelectedDifferentVersionAfterRetry
        | PeerMisbehaved::UnknownAlertLevel
        | PeerMisbehaved::WrongLegacyVersion => AlertDescription::IllegalParameter,
        PeerMisbehaved::EmptyAlertOrCcsRecord
        | PeerMisbehaved::EmptyHandshakeRecord
        | PeerMisbehaved::IllegalMiddleboxChangeCipherSpec
        | PeerMisbehaved::IllegalTlsInnerPlaintext
        | PeerMisbehaved::KeyEpochWithPendingFragment
        | PeerMisbehaved::KeyUpdateReceivedInQuicConnection
        | PeerMisbehaved::MessageInterleavedWithHandshakeMessage
        | PeerMisbehaved::RejectedEarlyDataInterleavedWithHandshakeMessage
        | PeerMisbehaved::SecondHelloRetryRequest
        | PeerMisbehaved::TooManyChangeCipherSpecs
        | PeerMisbehaved::TooManyEmptyFragments
        | PeerMisbehaved::TooManyKeyUpdateRequests
        | PeerMisbehaved::TooManyRenegotiationRequests
        | PeerMisbehaved::TooManyUselessRecords
        | PeerMisbehaved::TooManyWarningAlertsReceived
        | PeerMisbehaved::TooMuchEarlyDataReceived
        | PeerMisbehaved::TooMuchRefusedEarlyData
        | PeerMisbehaved::UnsolicitedDelegatedCredential => AlertDescription::UnexpectedMessage,
        PeerMisbehaved::IncorrectBinder | PeerMisbehaved::IncorrectFinished => AlertDescription::DecryptError,
        PeerMisbehaved::InvalidRenegotiationInfo => AlertDescription::HandshakeFailure,
        PeerMisbehaved::InvalidCertCompression => AlertDescription::BadCertificate,
        PeerMisbehaved::MissingKeyShare
        | PeerMisbehaved::MissingPskExtensionInSecondClientHello
        | PeerMisbehaved::MissingPskModesExtension
        | PeerMisbehaved::MissingQuicTransportParameters => AlertDescription::MissingExtension,
        PeerMisbehaved::OfferedEarlyDataWithOldProtocolVersion => AlertDescription::ProtocolVersion,
        PeerMisbehaved::DuplicateClientHelloExtensions
        | PeerMisbehaved::DuplicateEncryptedExtensions
        | PeerMisbehaved::DuplicateServerHelloExtensions
        | PeerMisbehaved::OfferedEmptyApplicationProtocol
        | PeerMisbehaved::ServerSentEmptyCertificateList => AlertDescription::DecodeError,
        PeerMisbehaved::UnsolicitedCertExtension
        | PeerMisbehaved::UnsolicitedEchExtension
        | PeerMisbehaved::UnsolicitedEncryptedExtension
        | PeerMisbehaved::UnsolicitedSctList
        | PeerMisbehaved::UnsolicitedServerHelloExtension
        | PeerMisbehaved::QuicTransportParametersWithoutQuic => AlertDescription::UnsupportedExtension,
    }
}
