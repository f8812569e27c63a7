//! What a peer can do wrong, what it can lack, and how its messages can be malformed.
//!
//! One variant for each distinct fault. Its documentation names the requirement and the alert; a test holds the latter
//! against the table in `alert.rs`.

use alloc::vec::Vec;
use core::fmt;

use crate::names::{EchConfigPayload, HandshakeType, KeyExchangeAlgorithm};

faults! {
    /// How a peer broke the rules of the protocol.
    #[non_exhaustive]
    pub enum PeerMisbehaved {
        /// RFC 8446 section 4.1.3. We send `illegal_parameter`.
        AttemptedDowngradeToTls12WhenTls13IsSupported = "the server chose TLS 1.2 and its random says that it knows TLS 1.3",
        /// RFC 8446 section 4.4.2. We send `illegal_parameter`.
        BadCertChainExtensions = "an entry of the certificate chain has extensions that may not be there",
        /// RFC 8446 section 4.1.4. We send `illegal_parameter`.
        CipherSuiteDifferedOnRetry = "the second client hello no longer offers the cipher suite that the first led to",
        /// RFC 8446 section 4.2. We send `illegal_parameter`.
        DisallowedEncryptedExtension = "EncryptedExtensions has an extension that belongs elsewhere",
        /// RFC 8446 section 4.2. We send `decode_error`.
        DuplicateClientHelloExtensions = "an extension stands twice in the client hello",
        /// RFC 8446 section 4.2. We send `decode_error`.
        DuplicateEncryptedExtensions = "an extension stands twice in EncryptedExtensions",
        /// RFC 8446 section 4.2. We send `illegal_parameter`.
        DuplicateHelloRetryRequestExtensions = "an extension stands twice in the HelloRetryRequest",
        /// RFC 8446 section 4.2. We send `illegal_parameter`.
        DuplicateNewSessionTicketExtensions = "an extension stands twice in a session ticket",
        /// RFC 8446 section 4.2. We send `decode_error`.
        DuplicateServerHelloExtensions = "an extension stands twice in the server hello",
        /// RFC 6066 section 3. We send `illegal_parameter`.
        DuplicateServerNameTypes = "the client sent two server names of the same type",
        /// RFC 8446 section 4.1.2. We send `illegal_parameter`.
        EarlyDataAttemptedInSecondClientHello = "the client offers early data in its second hello",
        /// RFC 8446 section 4.2.10. We send `illegal_parameter`.
        EarlyDataExtensionWithoutResumption = "early data is offered or accepted without the PSK that it needs",
        /// RFC 8446 section 4.2.10. We send `illegal_parameter`.
        EarlyDataOfferedWithVariedCipherSuite = "early data was accepted with a cipher suite other than that of the ticket",
        /// RFC 9849 section 6.1.5. We send `illegal_parameter`.
        EchAcceptanceVariedAfterRetry = "the server first accepted and then rejected encrypted client hello, or the reverse",
        /// RFC 8446 section 4.1.4. We send `illegal_parameter`.
        HandshakeHashVariedAfterRetry = "the cipher suite after the retry has another hash than the one before",
        /// RFC 8446 section 4.2.2. We send `illegal_parameter`.
        IllegalHelloRetryRequestWithEmptyCookie = "the HelloRetryRequest has an empty cookie",
        /// RFC 9849 section 6.1.5. We send `illegal_parameter`.
        IllegalHelloRetryRequestWithInvalidEch = "the HelloRetryRequest has a malformed encrypted_client_hello extension",
        /// RFC 8446 section 4.1.4. We send `illegal_parameter`.
        IllegalHelloRetryRequestWithNoChanges = "the HelloRetryRequest asks for nothing that would change the client hello",
        /// RFC 8446 section 4.2.8. We send `illegal_parameter`.
        IllegalHelloRetryRequestWithOfferedGroup = "the HelloRetryRequest asks for a key share that was already sent",
        /// RFC 8446 section 4.1.4. We send `illegal_parameter`.
        IllegalHelloRetryRequestWithUnofferedCipherSuite = "the HelloRetryRequest chose a cipher suite that we did not offer",
        /// RFC 8446 section 4.2.8. We send `illegal_parameter`.
        IllegalHelloRetryRequestWithUnofferedNamedGroup = "the HelloRetryRequest asks for a group that we did not offer",
        /// RFC 8446 section 4.1.4. We send `illegal_parameter`.
        IllegalHelloRetryRequestWithUnsupportedVersion = "the HelloRetryRequest does not choose TLS 1.3",
        /// RFC 8446 section 4.1.4. We send `illegal_parameter`.
        IllegalHelloRetryRequestWithWrongSessionId = "the HelloRetryRequest does not echo our session id",
        /// Another value than 1, under protection, or after the handshake. RFC 8446 section 5. We send
        /// `unexpected_message`.
        IllegalMiddleboxChangeCipherSpec = "a ChangeCipherSpec came that TLS 1.3 does not tolerate",
        /// RFC 8446 section 5.4. We send `unexpected_message`.
        IllegalTlsInnerPlaintext = "a protected record holds nothing but padding",
        /// RFC 8446 section 4.2.11. We send `decrypt_error`.
        IncorrectBinder = "the PSK binder does not verify",
        /// RFC 8879 section 4. We send `bad_certificate`.
        InvalidCertCompression = "the compressed certificate does not decompress to what it says",
        /// RFC 8446 section 4.2.8. We send `illegal_parameter`.
        InvalidKeyShare = "the peer's key share is not a valid one of its group",
        /// RFC 9001 section 4.6.1. We send `illegal_parameter`.
        InvalidMaxEarlyDataSize = "a ticket for QUIC gives a limit for early data other than 0xffffffff",
        /// RFC 8446 section 5.1. We send `unexpected_message`.
        KeyEpochWithPendingFragment = "a handshake message goes on across a change of keys",
        /// RFC 9001 section 6. We send `unexpected_message`.
        KeyUpdateReceivedInQuicConnection = "the peer sent a KeyUpdate message, which QUIC forbids",
        /// RFC 8446 section 5.1. We send `unexpected_message`.
        MessageInterleavedWithHandshakeMessage = "a record of another type came in the midst of a handshake message",
        /// RFC 8446 section 4.2.11. We send `illegal_parameter`.
        MissingBinderInPskExtension = "the pre_shared_key extension has no binder",
        /// RFC 8446 section 4.2.8. We send `missing_extension`.
        MissingKeyShare = "the server hello has no key share where one is needed",
        /// RFC 8446 section 4.1.2. We send `missing_extension`.
        MissingPskExtensionInSecondClientHello = "the second client hello dropped its PSKs",
        /// RFC 8446 section 4.2.9. We send `missing_extension`.
        MissingPskModesExtension = "the client offers PSKs and does not say in which modes",
        /// RFC 9001 section 8.2. We send `missing_extension`.
        MissingQuicTransportParameters = "the peer sent no QUIC transport parameters",
        /// RFC 8879 section 3. We send `illegal_parameter`.
        OfferedDuplicateCertificateCompressions = "the peer lists a certificate compression algorithm twice",
        /// RFC 8446 section 4.2.8. We send `illegal_parameter`.
        OfferedDuplicateKeyShares = "the client sent two key shares for the same group",
        /// RFC 8446 appendix D.3. We send `protocol_version`.
        OfferedEarlyDataWithOldProtocolVersion = "early data met a version of the protocol that has none",
        /// RFC 7301 section 3.1. We send `decode_error`.
        OfferedEmptyApplicationProtocol = "the peer lists an application protocol with an empty name",
        /// RFC 8446 section 4.1.2. We send `illegal_parameter`.
        OfferedIncorrectCompressions = "the client offers compression methods other than null alone",
        /// RFC 8449 section 4. We send `illegal_parameter`.
        OfferedTooSmallRecordSizeLimit = "the peer takes only records that are shorter than the protocol allows",
        /// RFC 8446 section 4.2.11. We send `illegal_parameter`.
        PskExtensionMustBeLast = "the pre_shared_key extension is not the last of the client hello",
        /// RFC 8446 section 4.2.11. We send `illegal_parameter`.
        PskExtensionWithMismatchedIdsAndBinders = "the pre_shared_key extension has not as many binders as identities",
        /// RFC 8446 section 4.1.2. We send `illegal_parameter`.
        RefusedToFollowHelloRetryRequest = "the second client hello does not do what the HelloRetryRequest asked",
        /// RFC 8446 section 5.1. We send `unexpected_message`.
        RejectedEarlyDataInterleavedWithHandshakeMessage = "early data came in the midst of a handshake message",
        /// RFC 7627 section 5.3. We send `illegal_parameter`.
        ResumptionAttemptedWithVariedEms = "the client resumes a session without the extended master secret that made it",
        /// RFC 8446 section 4.2.11. We send `illegal_parameter`.
        ResumptionOfferedWithIncompatibleCipherSuite = "the server resumes with a cipher suite whose hash is not that of the PSK",
        /// RFC 5246 section 7.4.1.3. We send `illegal_parameter`.
        ResumptionOfferedWithVariedCipherSuite = "the server resumes a TLS 1.2 session with another cipher suite",
        /// RFC 7627 section 5.3. We send `illegal_parameter`.
        ResumptionOfferedWithVariedEms = "the server resumes a session and changes whether it has an extended master secret",
        /// RFC 8446 section 4.1.4. We send `illegal_parameter`.
        SelectedDifferentCipherSuiteAfterRetry = "the server hello has another cipher suite than the HelloRetryRequest",
        /// RFC 8446 section 4.2.11. We send `illegal_parameter`.
        SelectedInvalidPsk = "the server chose a PSK that is not in our list",
        /// RFC 8446 section 4.2.1. We send `illegal_parameter`.
        SelectedTls12UsingTls13VersionExtension = "the server chose TLS 1.2 by supported_versions, which is for TLS 1.3",
        /// RFC 7301 section 3.1. We send `illegal_parameter`.
        SelectedUnofferedApplicationProtocol = "the server chose an application protocol that we did not offer",
        /// RFC 8879 section 4. We send `illegal_parameter`.
        SelectedUnofferedCertCompression = "the peer compressed its certificate in a way that we did not offer",
        /// RFC 8446 section 4.1.3. We send `illegal_parameter`.
        SelectedUnofferedCipherSuite = "the server chose a cipher suite that we did not offer",
        /// In TLS 1.2. RFC 5246 section 7.4.1.3. We send `illegal_parameter`.
        SelectedUnofferedCompression = "the server chose a compression method other than null",
        /// RFC 8446 section 4.2.8. We send `illegal_parameter`.
        SelectedUnofferedKxGroup = "the server chose a key exchange group that we did not offer",
        /// RFC 8446 section 4.2.11. We send `illegal_parameter`.
        SelectedUnofferedPsk = "the server chose a PSK and we offered none",
        /// RFC 8446 appendix B.4. We send `illegal_parameter`.
        SelectedUnusableCipherSuiteForVersion = "the server chose a cipher suite that its version does not have",
        /// RFC 8446 appendix D.4. We send `illegal_parameter`.
        ServerEchoedCompatibilitySessionId = "a TLS 1.2 server resumes a session that we made up for middleboxes",
        /// RFC 8422 section 5.2. We send `illegal_parameter`.
        ServerHelloMustOfferUncompressedEcPoints = "the server does not know uncompressed points",
        /// RFC 8446 section 4.1.2. We send `illegal_parameter`.
        ServerNameDifferedOnRetry = "the second client hello is for another server name",
        /// RFC 6066 section 3. We send `illegal_parameter`.
        ServerNameMustContainOneHostName = "the server_name extension has no host name, or more than one",
        /// RFC 8446 section 4.4.3. We send `illegal_parameter`.
        SignedHandshakeWithUnadvertisedSigScheme = "the handshake is signed with a scheme that we did not offer",
        /// RFC 5246 section 7.4.3. We send `illegal_parameter`.
        SignedKxWithWrongAlgorithm = "the key exchange is signed with an algorithm that does not fit the cipher suite",
        /// RFC 8446 section 5.1. We send `unexpected_message`.
        TooManyEmptyFragments = "too many records without content came in a row",
        /// RFC 8446 section 4.6.3. We send `unexpected_message`.
        TooManyKeyUpdateRequests = "too many KeyUpdate messages came without data between them",
        /// RFC 5246 section 7.2.2. We send `unexpected_message`.
        TooManyRenegotiationRequests = "too many requests to renegotiate came",
        /// RFC 8446 section 6. We send `unexpected_message`.
        TooManyWarningAlertsReceived = "too many warning alerts came",
        /// RFC 8446 section 4.2.10. We send `unexpected_message`.
        TooMuchEarlyDataReceived = "more early data came than we allowed",
        /// RFC 8446 section 4.2. We send `illegal_parameter`.
        UnexpectedCleartextExtension = "the server hello has an extension that must be encrypted",
        /// RFC 8446 section 4.4.2. We send `unsupported_extension`.
        UnsolicitedCertExtension = "an entry of the certificate chain has an extension that we did not ask for",
        /// RFC 9849 section 5. We send `unsupported_extension`.
        UnsolicitedEchExtension = "the server sent ECH retry configurations, and we offered no ECH or it has accepted ours",
        /// RFC 8446 section 4.2. We send `unsupported_extension`.
        UnsolicitedEncryptedExtension = "EncryptedExtensions answers an extension that we did not send",
        /// RFC 6962 section 3.3.1. We send `unsupported_extension`.
        UnsolicitedSctList = "the server sent certificate timestamps that we did not ask for",
        /// RFC 8446 section 4.2. We send `unsupported_extension`.
        UnsolicitedServerHelloExtension = "the server hello answers an extension that we did not send",
        /// RFC 8446 section 4.1.4. We send `illegal_parameter`.
        WrongGroupForKeyShare = "the key share is for another group than the one agreed on",

        // From here on: what 0.23 has no variant for.
        /// RFC 9345 section 4.1.3. We send `illegal_parameter`.
        DelegatedCredentialExpired = "the delegated credential has expired",
        /// RFC 9345 section 4.1.3. We send `illegal_parameter`.
        DelegatedCredentialForAnotherScheme = "the handshake is signed with another scheme than the delegated credential says",
        /// RFC 9345 section 4.2. We send `illegal_parameter`.
        DelegatedCredentialNotAllowed = "there is a delegated credential, and the certificate does not allow any",
        /// RFC 9345 section 4.1.1. We send `illegal_parameter`.
        DelegatedCredentialSignedWithUnofferedScheme = "the delegated credential is signed with a scheme that we did not offer",
        /// RFC 9345 section 4.1.3. We send `illegal_parameter`.
        DelegatedCredentialValidForTooLong = "the delegated credential is valid for more than seven days to come",
        /// RFC 9345 section 4.1.1. We send `illegal_parameter`.
        DelegatedCredentialWithUnofferedScheme = "the delegated credential is for a scheme that we did not offer for any",
        /// RFC 9345 section 4. We send `illegal_parameter`.
        DelegatedCredentialWithWrongKey = "the key of the delegated credential is none of the scheme that it is for",
        /// RFC 9345 section 4.1.3. We send `illegal_parameter`.
        IncorrectDelegatedCredential = "the certificate's signature over the delegated credential does not verify",
        /// RFC 9345 sections 4.1.1 and 4.1.2. We send `unexpected_message`.
        UnsolicitedDelegatedCredential = "there is a delegated credential, and we did not ask for any",
        /// RFC 8446 section 4.1.2. We send `illegal_parameter`.
        CookieDifferedOnRetry = "the second client hello does not bring back the cookie that we sent",
        /// RFC 8446 section 4.1.2. We send `illegal_parameter`.
        SessionIdDifferedOnRetry = "the second client hello has another session id than the first",
        /// RFC 8446 section 4.1.2. We send `illegal_parameter`.
        RandomDifferedOnRetry = "the second client hello has another random than the first",
        /// Other than those that RFC 8446 section 4.1.2 lists. We send `illegal_parameter`.
        UnexpectedChangesInSecondClientHello = "the second client hello changes what must stay as it was",
        /// RFC 8446 section 4.2.2. We send `illegal_parameter`.
        CookieInFirstClientHello = "the first client hello has a cookie, and we sent none",
        /// RFC 8446 sections 4.1.2 and 4.1.3. We send `illegal_parameter`.
        MisplacedClientHelloExtension = "the client hello has an extension that only other messages may have",
        /// RFC 8446 section 4.2: in a CertificateRequest or a NewSessionTicket. We send `illegal_parameter`.
        MisplacedServerExtension = "a message of the server has an extension that only other messages may have",
        /// RFC 8446 section 4.1.4. We send `illegal_parameter`.
        SelectedDifferentVersionAfterRetry = "the server hello has another version than the HelloRetryRequest",
        /// RFC 5746 sections 3.4 and 3.6. We send `handshake_failure`.
        InvalidRenegotiationInfo = "a first handshake is said to be a renegotiation",
        /// RFC 9001 section 8.4. We send `illegal_parameter`.
        CompatibilitySessionIdInQuicConnection = "the client hello has a session id for middleboxes, and the transport is QUIC",
        /// RFC 9001 section 8.2. We send `unsupported_extension`.
        QuicTransportParametersWithoutQuic = "the client sent QUIC transport parameters, and the transport is not QUIC",
        /// RFC 8446 section 6. We send `illegal_parameter`.
        UnknownAlertLevel = "an alert is neither a warning nor fatal",
        /// RFC 8446 section 4.1.3. We send `illegal_parameter`.
        WrongLegacyVersion = "the legacy_version of a TLS 1.3 server hello is not 0x0303",
        /// A limit of ours. RFC 8446 section 4.2.10. We send `unexpected_message`.
        TooMuchRefusedEarlyData = "more early data came after we had refused it than we pass over: what we grant and 16,384 bytes",
        /// RFC 8446 section 4.1.4. We send `illegal_parameter`.
        LegacyVersionVariedAfterRetry = "the server hello has another legacy_version than the HelloRetryRequest",
        /// RFC 8446 section 4.1.4. We send `illegal_parameter`.
        IllegalHelloRetryRequestWithWrongLegacyVersion = "the legacy_version of the HelloRetryRequest is not 0x0303",
        /// Neither TLS 1.3 nor TLS 1.2. RFC 8446 section 4.2.1. We send `illegal_parameter`.
        SelectedUnofferedVersion = "the server chose by supported_versions a version that we did not offer",
        /// RFC 8446 section 4.6.1. We send `illegal_parameter`.
        ResumptionOfferedWithVariedVersion = "the server answers the offer of a TLS 1.3 session as if it resumed one of TLS 1.2",
        /// In TLS 1.2. RFC 5246 section 7.4.2. We send `illegal_parameter`.
        CertificateForAnotherCipherSuite = "the key of the server's certificate does not go with the cipher suite",
        /// In TLS 1.2. RFC 8422 sections 5.1 and 5.3. We send `illegal_parameter`.
        CertificateOnUnofferedCurve = "the key of the server's certificate lies on a curve that we did not name",
        /// RFC 8446 section 4.1.3. We send `illegal_parameter`.
        ServerHelloWithWrongSessionId = "the server hello does not echo our session id",
        /// RFC 8446 section 4.1.4. We send `unexpected_message`.
        SecondHelloRetryRequest = "the server sent a second HelloRetryRequest",
        /// RFC 8446 section 4.2.8. We send `illegal_parameter`.
        KeyShareForUnofferedGroup = "the client sent a key share for a group that is not in its supported_groups",
        /// RFC 8446 section 4.4.4. We send `decrypt_error`.
        IncorrectFinished = "the Finished message does not verify",
        /// RFC 8446 section 4.3.2. We send `illegal_parameter`.
        NonEmptyCertificateRequestContext = "a certificate request within the handshake has a context",
        /// RFC 8446 section 4.4.2. We send `illegal_parameter`.
        WrongCertificateContext = "a Certificate message has another context than the request it answers",
        /// RFC 8446 section 4.2.10. We send `illegal_parameter`.
        EarlyDataAcceptedWithVariedApplicationProtocol = "early data was accepted with an application protocol other than that of the ticket",
        /// In TLS 1.3, where a client's list may be empty. RFC 8446 section 4.4.2.4. We send `decode_error`.
        ServerSentEmptyCertificateList = "the server sent an empty certificate list",
        /// RFC 7250 section 4.1. We send `illegal_parameter`.
        OfferedOnlyDefaultCertificateType = "the client lists X.509 as its only certificate type, which is not to be said",
        /// RFC 8446 section 4.4.2. We send `illegal_parameter`.
        RawPublicKeyWithIssuers = "a raw public key is followed by further certificates",
        /// They are about certificates. RFC 6066 section 8, RFC 6962 section 3.3, RFC 9345 section 4. We send `illegal_parameter`.
        RawPublicKeyWithStaples = "a raw public key comes with an OCSP response, timestamps or a delegated credential",
        /// RFC 8446 section 5.1. We send `unexpected_message`.
        EmptyHandshakeRecord = "a handshake record has no content",
        /// RFC 8446 section 5.1. We send `unexpected_message`.
        EmptyAlertOrCcsRecord = "an alert or ChangeCipherSpec record has no content",
        /// RFC 8446 appendix D.4. We send `unexpected_message`.
        TooManyChangeCipherSpecs = "too many ChangeCipherSpec records came",
        /// We bound what a peer may make us do for nothing. We send `unexpected_message`.
        TooManyUselessRecords = "too many records came that bring nothing forward",
        /// It goes with the suite, so it has to stay. RFC 8446 section 4.1.2. We send `illegal_parameter`.
        ExternalPskDroppedOnRetry = "the second client hello dropped the pre-shared key that we had chosen",
    }
}

impl fmt::Display for PeerMisbehaved {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self:?} ({})", self.text())
    }
}

faults! {
    /// What a peer lacks, or has turned off, so that no connection is possible.
    #[non_exhaustive]
    pub enum PeerIncompatible {
        /// RFC 8422 section 5.1. We send `handshake_failure`.
        EcPointsExtensionRequired = "the peer sent no ec_point_formats",
        /// RFC 7627 section 5.3. We send `handshake_failure`.
        ExtendedMasterSecretExtensionRequired = "the peer does not know extended_master_secret, which we require",
        /// RFC 7507 section 3. We send `inappropriate_fallback`.
        InappropriateFallback = "the client fell back to a version before the best that we have in common",
        /// RFC 7250 section 4.2. We send `unsupported_certificate`.
        IncorrectCertificateTypeExtension = "the peer and we have no certificate type in common",
        /// RFC 8446 section 9.2. We send `missing_extension`.
        KeyShareExtensionRequired = "the client sent no key_share",
        /// RFC 8446 section 9.2. We send `missing_extension`.
        NamedGroupsExtensionRequired = "the client sent no supported_groups",
        /// RFC 8446 section 4.4.2.3. We send `handshake_failure`.
        NoCertificateRequestSignatureSchemesInCommon = "the certificate request allows no signature scheme that we can check or make",
        /// RFC 8446 section 4.1.1. We send `handshake_failure`.
        NoCipherSuitesInCommon = "the peer and we have no cipher suite in common",
        /// RFC 8422 section 5.1.2. We send `handshake_failure`.
        NoEcPointFormatsInCommon = "the peer and we have no point format in common",
        /// RFC 8446 section 4.1.1. We send `handshake_failure`.
        NoKxGroupsInCommon = "the peer and we have no key exchange group in common",
        /// RFC 8446 section 4.4.2.2. We send `handshake_failure`.
        NoSignatureSchemesInCommon = "the peer and we have no signature scheme in common",
        /// RFC 8446 section 4.1.2. We send `illegal_parameter`.
        NullCompressionRequired = "the client does not offer to leave records uncompressed",
        /// RFC 8446 section 4.1.3. We send `protocol_version`.
        ServerDoesNotSupportTls12Or13 = "the server chose a version before TLS 1.2",
        /// The configurations, if there are any, are to be tried next. RFC 9849 section 6.1.6. We send `ech_required`.
        ServerRejectedEncryptedClientHello(Option<Vec<EchConfigPayload>>) = "the server rejected encrypted client hello",
        /// RFC 8446 section 4.1.4. We send `unsupported_extension`.
        ServerSentHelloRetryRequestWithUnknownExtension = "the HelloRetryRequest has an extension that we do not know",
        /// RFC 8446 section 4.1.3. We send `protocol_version`.
        ServerTlsVersionIsDisabledByOurConfig = "the server chose a version that our configuration turns off",
        /// RFC 8446 section 9.2. We send `missing_extension`.
        SignatureAlgorithmsExtensionRequired = "the peer sent no signature_algorithms",
        /// RFC 8446 section 4.2.1. We send `protocol_version`.
        SupportedVersionsExtensionRequired = "the client sent no supported_versions, which TLS 1.3 needs",
        /// RFC 8446 section 4.2.1. We send `protocol_version`.
        Tls12NotOffered = "the client offers neither TLS 1.3 nor TLS 1.2",
        /// RFC 8446 section 4.2.1. We send `protocol_version`.
        Tls12NotOfferedOrEnabled = "the client offers no version that our configuration turns on",
        /// RFC 9001 section 4.2. We send `protocol_version`.
        Tls13RequiredForQuic = "the peer does not offer TLS 1.3 over QUIC",
        /// RFC 8422 section 5.1.2. We send `illegal_parameter`.
        UncompressedEcPointsRequired = "the peer does not know uncompressed points",
        /// RFC 7250 section 4.2. We send `unsupported_extension`.
        UnsolicitedCertificateTypeExtension = "the server chose a certificate type and we offered no choice",

        // From here on: what 0.23 has no variant for.
        /// In TLS 1.2. RFC 5246 section 7.4.3. We send `handshake_failure`.
        NoCipherSuiteForSignatureSchemes = "no cipher suite that the client offers goes with a signature that our key makes and it can check",
        /// In TLS 1.2. RFC 8422 section 5.1. We send `handshake_failure`.
        NoCipherSuiteForCertificateCurve = "the client does not name the curve of our certificate's key among its groups",
        /// In TLS 1.2. RFC 8422 sections 4 and 5.1. We send `handshake_failure`.
        NoCipherSuiteWithoutNamedGroups = "the client names no groups, and all our cipher suites need one",
        /// RFC 8446 section 4.2.11. We send `handshake_failure`.
        NoExternalPskInCommon = "the client offers none of our pre-shared keys, and we require one",
        /// RFC 8446 section 4.2.9. We send `handshake_failure`.
        PskKeyExchangeRequired = "the client offers pre-shared keys without a key exchange, which we require",
        /// As if the key were wrong, so that nobody can find out names. RFC 8446 appendix E.6. We send `decrypt_error`.
        UnknownExternalPsk = "the client offers none of our pre-shared keys, and is not told so",
        /// RFC 8446 section 4.2.11. We send `missing_extension`.
        ServerTakesNoExternalPsk = "the server takes none of our pre-shared keys, and we require it",
    }
}

impl fmt::Display for PeerIncompatible {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self:?} ({})", self.text())
    }
}

faults! {
    /// How a message is malformed.
    #[non_exhaustive]
    #[derive(Copy)]
    pub enum InvalidMessage {
        /// A limit of ours, on what an unknown peer may make us keep. RFC 8446 section 4.4.2. We send `bad_certificate`.
        CertificatePayloadTooLarge = "the certificate chain is longer than `max_certificate_message` allows, by default 102,400 bytes",
        /// RFC 8446 section 4.2. We send `decode_error`.
        DuplicateExtension(u16) = "an extension stands twice in one message",
        /// RFC 8446 section 4.6.1. We send `decode_error`.
        EmptyTicketValue = "a session ticket is empty",
        /// A limit of ours, on what a peer may make us keep. RFC 8446 section 4. We send `decode_error`.
        HandshakePayloadTooLarge = "more handshake data waits than any flight has",
        /// RFC 8446 section 3.4. We send `decode_error`.
        IllegalEmptyList(&'static str) = "a list is empty that may not be",
        /// RFC 8446 section 3.4. We send `decode_error`.
        IllegalEmptyValue = "a value is empty that may not be",
        /// RFC 8446 section 5. We send `unexpected_message`.
        InvalidCcs = "a ChangeCipherSpec holds something other than a single 1",
        /// RFC 8446 section 4.3.2. We send `decode_error`.
        InvalidCertRequest = "a certificate request is malformed",
        /// RFC 6066 section 8. We send `decode_error`.
        InvalidCertificateStatusType = "a certificate status is of an unknown type",
        /// Not TLS at all: neither the type nor the version is of TLS. We send `decode_error`. Records of TLS whose type is
        /// unknown are [`crate::Error::InappropriateMessage`].
        InvalidContentType = "this is no record of TLS",
        /// RFC 7919 section 4. We send `decode_error`.
        InvalidDhParams = "the parameters of a finite-field key exchange are malformed",
        /// RFC 8446 section 5.1. We send `unexpected_message`.
        InvalidEmptyPayload = "a record has no content and is not application data",
        /// RFC 8446 section 4.6.3. We send `illegal_parameter`.
        InvalidKeyUpdate = "a KeyUpdate asks for something other than yes or no",
        /// RFC 6066 section 3. We send `decode_error`.
        InvalidServerName = "the server_name extension is malformed",
        /// RFC 8446 section 5.2. We send `record_overflow`.
        MessageTooLarge = "a record says that it is longer than any may be: 16,384 bytes, and 256 more under a key",
        /// RFC 8446 section 6.2. We send `decode_error`.
        MessageTooShort = "a message ends too early",
        /// RFC 8446 section 6.2. We send `decode_error`.
        MissingData(&'static str) = "bytes are missing at the end of a field",
        /// RFC 5246 section 7.4.3. We send `decode_error`.
        MissingKeyExchange = "there is no key exchange to read the message for",
        /// RFC 8446 section 4.3.2. We send `missing_extension`.
        NoSignatureSchemes = "a list of signature schemes is empty",
        /// RFC 8446 section 4.2.11. We send `illegal_parameter`.
        PreSharedKeyIsNotFinalExtension = "pre_shared_key is not the last extension of the client hello",
        /// RFC 8446 section 6.2. We send `decode_error`.
        TrailingData(&'static str) = "bytes are left over at the end of a field",
        /// RFC 8446 section 4. We send `unexpected_message`.
        UnexpectedMessage(&'static str) = "a message is of a type that has no meaning here",
        /// RFC 8446 section 4.4.2. We send `unsupported_extension`.
        UnknownCertificateExtension = "an entry of the certificate chain has an extension that we do not know",
        /// RFC 8446 section 4.1.4. We send `unsupported_extension`.
        UnknownHelloRetryRequestExtension = "an extension of the HelloRetryRequest is not known",
        /// The major version of a record is 3, and that of a protected one is the one of the connection. RFC 8446 sections 5.1 and
        /// 5.2. We send `protocol_version`.
        UnknownProtocolVersion = "a record is of no version of TLS, or of another than its connection",
        /// The syntax of TLS 1.3 has a zero there. RFC 8446 sections 4.1.3 and 6. We send `decode_error`.
        UnsupportedCompression = "a server hello or HelloRetryRequest of TLS 1.3 has a compression method",
        /// RFC 8422 section 5.4. We send `decode_error`.
        UnsupportedCurveType = "a key exchange describes its curve instead of naming it",
        /// RFC 5246 section 7.4.3. We send `decode_error`.
        UnsupportedKeyExchangeAlgorithm(KeyExchangeAlgorithm) = "a message is for a key exchange that we do not support",

        // From here on: what 0.23 has no variant for.
        /// RFC 7250 section 3, RFC 8446 section 4.4.2. We send `decode_error`.
        WrongCertificateType = "a raw public key stands in the place of a certificate, or something else in that of a raw public key",
        /// draft-ietf-tls-tlsflags section 2. We send `illegal_parameter`.
        NonMinimalFlags = "the flags extension ends with a byte that has no flag",
        /// A limit of ours: each takes memory of its own, however short it is. We send `decode_error`.
        TooManyItems {
            /// Of what.
            what: &'static str,
            /// How many there may be.
            limit: u32,
        } = "a message has more items of a kind than we accept",
        /// A limit of ours, on what a peer may make us keep. RFC 8446 section 4. We send `decode_error`.
        HandshakeMessageTooLong {
            /// Which message.
            typ: HandshakeType,
            /// How long it says that it is, without its header.
            len: usize,
            /// How long one of its type may be.
            limit: usize,
        } = "a handshake message is longer than we accept",
    }
}

impl fmt::Display for InvalidMessage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self:?} ({})", self.text())
    }
}
