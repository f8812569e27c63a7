//! The registries, except the long one of cipher suites.
//!
//! Values are those of the IANA registries "Transport Layer Security (TLS) Parameters", "TLS Extensions" and "Hybrid
//! Public Key Encryption (HPKE)", unless a comment says where else they come from. Their names, also
//! the shouting ones, are those of the 0.23 API.

#![allow(clippy::upper_case_acronyms)]

use super::data::KeyExchangeAlgorithm;
use super::open_enum;

open_enum! {
    /// What an alert says. RFC 8446 section 6.
    pub enum AlertDescription: u8 {
        CloseNotify = 0,
        UnexpectedMessage = 10,
        BadRecordMac = 20,
        DecryptionFailed = 21,
        RecordOverflow = 22,
        DecompressionFailure = 30,
        HandshakeFailure = 40,
        NoCertificate = 41,
        BadCertificate = 42,
        UnsupportedCertificate = 43,
        CertificateRevoked = 44,
        CertificateExpired = 45,
        CertificateUnknown = 46,
        IllegalParameter = 47,
        UnknownCA = 48,
        AccessDenied = 49,
        DecodeError = 50,
        DecryptError = 51,
        ExportRestriction = 60,
        ProtocolVersion = 70,
        InsufficientSecurity = 71,
        InternalError = 80,
        InappropriateFallback = 86,
        UserCanceled = 90,
        NoRenegotiation = 100,
        MissingExtension = 109,
        UnsupportedExtension = 110,
        CertificateUnobtainable = 111,
        UnrecognisedName = 112,
        BadCertificateStatusResponse = 113,
        BadCertificateHashValue = 114,
        UnknownPSKIdentity = 115,
        CertificateRequired = 116,
        NoApplicationProtocol = 120,
        /// RFC 9849 section 5.
        EncryptedClientHelloRequired = 121,
    }
}

open_enum! {
    /// How grave an alert calls itself. TLS 1.3 goes by the description instead. RFC 8446 section 6.
    pub enum AlertLevel: u8 {
        Warning = 1,
        Fatal = 2,
    }
}

open_enum! {
    /// What a record contains. RFC 8446 section 5.1.
    pub enum ContentType: u8 {
        ChangeCipherSpec = 20,
        Alert = 21,
        Handshake = 22,
        ApplicationData = 23,
        /// RFC 6520. Never accepted here.
        Heartbeat = 24,
    }
}

open_enum! {
    /// The type of a handshake message. RFC 8446 section 4.
    pub enum HandshakeType: u8 {
        HelloRequest = 0x00,
        ClientHello = 0x01,
        ServerHello = 0x02,
        HelloVerifyRequest = 0x03,
        NewSessionTicket = 0x04,
        EndOfEarlyData = 0x05,
        /// Only drafts of TLS 1.3 sent this. The final protocol has a ServerHello with a known random in its place
        /// (RFC 8446 section 4.1.3), which errors and observers nevertheless call by this name.
        HelloRetryRequest = 0x06,
        EncryptedExtensions = 0x08,
        Certificate = 0x0b,
        ServerKeyExchange = 0x0c,
        CertificateRequest = 0x0d,
        ServerHelloDone = 0x0e,
        CertificateVerify = 0x0f,
        ClientKeyExchange = 0x10,
        Finished = 0x14,
        CertificateURL = 0x15,
        CertificateStatus = 0x16,
        KeyUpdate = 0x18,
        /// RFC 8879.
        CompressedCertificate = 0x19,
        /// Never sent: it stands for the first ClientHello in a transcript. RFC 8446 section 4.4.1.
        MessageHash = 0xfe,
    }
}

open_enum! {
    /// A version of the protocol.
    #[allow(non_camel_case_types)]
    pub enum ProtocolVersion: u16 {
        /// As its hello writes it, unlike those that came after it.
        SSLv2 = 0x0002,
        SSLv3 = 0x0300,
        TLSv1_0 = 0x0301,
        TLSv1_1 = 0x0302,
        TLSv1_2 = 0x0303,
        TLSv1_3 = 0x0304,
        DTLSv1_0 = 0xfeff,
        DTLSv1_2 = 0xfefd,
        DTLSv1_3 = 0xfefc,
    }
}

open_enum! {
    /// A group for key exchange: a curve, a finite field, a KEM, or a hybrid of two. RFC 8446 section 4.2.7.
    #[allow(non_camel_case_types)]
    pub enum NamedGroup: u16 {
        secp256r1 = 0x0017,
        secp384r1 = 0x0018,
        secp521r1 = 0x0019,
        X25519 = 0x001d,
        X448 = 0x001e,
        FFDHE2048 = 0x0100,
        FFDHE3072 = 0x0101,
        FFDHE4096 = 0x0102,
        FFDHE6144 = 0x0103,
        FFDHE8192 = 0x0104,
        /// draft-ietf-tls-mlkem.
        MLKEM512 = 0x0200,
        /// draft-ietf-tls-mlkem.
        MLKEM768 = 0x0201,
        /// draft-ietf-tls-mlkem.
        MLKEM1024 = 0x0202,
        /// RFC 10024.
        secp256r1MLKEM768 = 0x11eb,
        /// RFC 10024.
        X25519MLKEM768 = 0x11ec,
    }
}

impl NamedGroup {
    /// Returns the kind of key exchange this group is for.
    ///
    /// `DHE` for the finite fields, that is the whole range 0x0100 to 0x01ff that RFC 7919 section 2 sets aside for them.
    /// `ECDHE` for everything else, KEMs included: TLS 1.3 treats them alike.
    pub fn key_exchange_algorithm(self) -> KeyExchangeAlgorithm {
        match self.value() {
            0x0100..=0x01ff => KeyExchangeAlgorithm::DHE,
            _ => KeyExchangeAlgorithm::ECDHE,
        }
    }
}

open_enum! {
    /// A signature algorithm with its parameters and hash. RFC 8446 section 4.2.3.
    #[allow(non_camel_case_types)]
    pub enum SignatureScheme: u16 {
        RSA_PKCS1_SHA1 = 0x0201,
        ECDSA_SHA1_Legacy = 0x0203,
        RSA_PKCS1_SHA256 = 0x0401,
        ECDSA_NISTP256_SHA256 = 0x0403,
        RSA_PKCS1_SHA384 = 0x0501,
        ECDSA_NISTP384_SHA384 = 0x0503,
        RSA_PKCS1_SHA512 = 0x0601,
        ECDSA_NISTP521_SHA512 = 0x0603,
        /// rsa_pss_rsae_sha256: the key is a plain RSA key.
        RSA_PSS_SHA256 = 0x0804,
        /// rsa_pss_rsae_sha384.
        RSA_PSS_SHA384 = 0x0805,
        /// rsa_pss_rsae_sha512.
        RSA_PSS_SHA512 = 0x0806,
        ED25519 = 0x0807,
        ED448 = 0x0808,
        /// draft-ietf-tls-mldsa.
        ML_DSA_44 = 0x0904,
        /// draft-ietf-tls-mldsa.
        ML_DSA_65 = 0x0905,
        /// draft-ietf-tls-mldsa.
        ML_DSA_87 = 0x0906,
    }
}

impl SignatureScheme {
    /// The kind of key that makes such signatures.
    ///
    /// The registry of TLS 1.2 knows no number for ML-DSA, and none for schemes we do not know: both give `Unknown` with
    /// the low byte of the scheme, which equals no known algorithm.
    pub(crate) fn algorithm(self) -> SignatureAlgorithm {
        match self {
            Self::RSA_PKCS1_SHA1
            | Self::RSA_PKCS1_SHA256
            | Self::RSA_PKCS1_SHA384
            | Self::RSA_PKCS1_SHA512
            | Self::RSA_PSS_SHA256
            | Self::RSA_PSS_SHA384
            | Self::RSA_PSS_SHA512 => SignatureAlgorithm::RSA,
            Self::ECDSA_SHA1_Legacy
            | Self::ECDSA_NISTP256_SHA256
            | Self::ECDSA_NISTP384_SHA384
            | Self::ECDSA_NISTP521_SHA512 => SignatureAlgorithm::ECDSA,
            Self::ED25519 => SignatureAlgorithm::ED25519,
            Self::ED448 => SignatureAlgorithm::ED448,
            Self::ML_DSA_44 | Self::ML_DSA_65 | Self::ML_DSA_87 | Self::Unknown(_) => {
                let [_, low] = self.to_array();
                SignatureAlgorithm::Unknown(low)
            }
        }
    }

    /// Whether TLS 1.2 allows it over a handshake: no SHA-1 (RFC 9155), and nothing that is for TLS 1.3 only
    /// (draft-ietf-tls-mldsa).
    pub(crate) fn supported_in_tls12(self) -> bool {
        match self {
            Self::RSA_PKCS1_SHA256
            | Self::RSA_PKCS1_SHA384
            | Self::RSA_PKCS1_SHA512
            | Self::ECDSA_NISTP256_SHA256
            | Self::ECDSA_NISTP384_SHA384
            | Self::ECDSA_NISTP521_SHA512
            | Self::RSA_PSS_SHA256
            | Self::RSA_PSS_SHA384
            | Self::RSA_PSS_SHA512
            | Self::ED25519
            | Self::ED448 => true,
            Self::RSA_PKCS1_SHA1
            | Self::ECDSA_SHA1_Legacy
            | Self::ML_DSA_44
            | Self::ML_DSA_65
            | Self::ML_DSA_87
            | Self::Unknown(_) => false,
        }
    }

    /// Whether TLS 1.3 allows it in a CertificateVerify: no PKCS#1 v1.5 and no SHA-1. RFC 8446 section 4.2.3.
    pub(crate) fn supported_in_tls13(self) -> bool {
        match self {
            Self::ECDSA_NISTP256_SHA256
            | Self::ECDSA_NISTP384_SHA384
            | Self::ECDSA_NISTP521_SHA512
            | Self::RSA_PSS_SHA256
            | Self::RSA_PSS_SHA384
            | Self::RSA_PSS_SHA512
            | Self::ED25519
            | Self::ED448
            | Self::ML_DSA_44
            | Self::ML_DSA_65
            | Self::ML_DSA_87 => true,
            Self::RSA_PKCS1_SHA1
            | Self::RSA_PKCS1_SHA256
            | Self::RSA_PKCS1_SHA384
            | Self::RSA_PKCS1_SHA512
            | Self::ECDSA_SHA1_Legacy
            | Self::Unknown(_) => false,
        }
    }
}

open_enum! {
    /// The signature half of a scheme, as TLS 1.2 splits it. RFC 5246 section 7.4.1.4.1, RFC 8422 section 5.1.3.
    pub enum SignatureAlgorithm: u8 {
        Anonymous = 0,
        RSA = 1,
        DSA = 2,
        ECDSA = 3,
        ED25519 = 7,
        ED448 = 8,
    }
}

open_enum! {
    /// The hash half of a scheme, as TLS 1.2 splits it. RFC 5246 section 7.4.1.4.1.
    pub enum HashAlgorithm: u8 {
        NONE = 0,
        MD5 = 1,
        SHA1 = 2,
        SHA224 = 3,
        SHA256 = 4,
        SHA384 = 5,
        SHA512 = 6,
    }
}

open_enum! {
    /// How a certificate chain may be compressed. RFC 8879 section 3.
    pub enum CertificateCompressionAlgorithm: u16 {
        Zlib = 1,
        Brotli = 2,
        Zstd = 3,
    }
}

open_enum! {
    /// What stands in a Certificate message. RFC 7250 section 3.
    #[derive(Default)]
    pub enum CertificateType: u8 {
        #[default]
        X509 = 0,
        RawPublicKey = 2,
    }
}

open_enum! {
    /// The type of an extension. RFC 8446 section 4.2.
    pub enum ExtensionType: u16 {
        ServerName = 0,
        MaxFragmentLength = 1,
        ClientCertificateUrl = 2,
        TrustedCAKeys = 3,
        TruncatedHMAC = 4,
        StatusRequest = 5,
        UserMapping = 6,
        ClientAuthz = 7,
        ServerAuthz = 8,
        CertificateType = 9,
        /// supported_groups, by its older name.
        EllipticCurves = 10,
        ECPointFormats = 11,
        SRP = 12,
        SignatureAlgorithms = 13,
        UseSRTP = 14,
        Heartbeat = 15,
        ALProtocolNegotiation = 16,
        /// RFC 6961.
        StatusRequestV2 = 17,
        SCT = 18,
        ClientCertificateType = 19,
        ServerCertificateType = 20,
        Padding = 21,
        /// RFC 7366.
        EncryptThenMac = 22,
        ExtendedMasterSecret = 23,
        CompressCertificate = 27,
        /// RFC 8449.
        RecordSizeLimit = 28,
        /// RFC 9973.
        CertWithExternPsk = 33,
        /// RFC 9345.
        DelegatedCredential = 34,
        SessionTicket = 35,
        PreSharedKey = 41,
        EarlyData = 42,
        SupportedVersions = 43,
        Cookie = 44,
        PSKKeyExchangeModes = 45,
        /// Only in drafts of TLS 1.3.
        TicketEarlyDataInfo = 46,
        CertificateAuthorities = 47,
        OIDFilters = 48,
        PostHandshakeAuth = 49,
        SignatureAlgorithmsCert = 50,
        KeyShare = 51,
        /// quic_transport_parameters. RFC 9001 section 8.2.
        TransportParameters = 57,
        /// RFC 9149.
        TicketRequest = 58,
        /// Never registered.
        NextProtocolNegotiation = 0x3374,
        /// Never registered.
        ChannelId = 0x7550,
        /// RFC 9849 section 5.1.
        EncryptedClientHelloOuterExtensions = 0xfd00,
        /// RFC 9849 section 5.
        EncryptedClientHello = 0xfe0d,
        RenegotiationInfo = 0xff01,
        /// quic_transport_parameters in drafts of RFC 9001.
        TransportParametersDraft = 0xffa5,
    }
}

open_enum! {
    /// A method of compressing records. Only `Null` is ever used. RFC 8446 section 4.1.2, RFC 3749, RFC 3943.
    pub enum Compression: u8 {
        Null = 0,
        Deflate = 1,
        LSZ = 64,
    }
}

open_enum! {
    /// How a point of a curve is written. RFC 8422 section 5.1.2.
    pub enum EcPointFormat: u8 {
        Uncompressed = 0,
        ANSIX962CompressedPrime = 1,
        ANSIX962CompressedChar2 = 2,
    }
}

open_enum! {
    /// How a ServerKeyExchange of TLS 1.2 tells its curve. RFC 8422 section 5.4.
    pub enum EcCurveType: u8 {
        ExplicitPrime = 1,
        ExplicitChar2 = 2,
        NamedCurve = 3,
    }
}

open_enum! {
    /// Whether a PSK is used alone or with a key exchange. RFC 8446 section 4.2.9.
    #[allow(non_camel_case_types)]
    pub enum PskKeyExchangeMode: u8 {
        PSK_KE = 0,
        PSK_DHE_KE = 1,
    }
}

open_enum! {
    /// Whether the sender of a KeyUpdate asks for one in return. RFC 8446 section 4.6.3.
    pub enum KeyUpdateRequest: u8 {
        UpdateNotRequested = 0,
        UpdateRequested = 1,
    }
}

open_enum! {
    /// The type of a certificate status. RFC 6066 section 8.
    pub enum CertificateStatusType: u8 {
        OCSP = 1,
    }
}

open_enum! {
    /// The type of a name in server_name. RFC 6066 section 3.
    pub enum ServerNameType: u8 {
        HostName = 0,
    }
}

open_enum! {
    /// The kind of certificate that a server of TLS 1.2 asks for. RFC 5246 section 7.4.4, RFC 8422 section 5.5.
    pub enum ClientCertificateType: u8 {
        RSASign = 1,
        DSSSign = 2,
        RSAFixedDH = 3,
        DSSFixedDH = 4,
        RSAEphemeralDH = 5,
        DSSEphemeralDH = 6,
        FortezzaDMS = 20,
        ECDSASign = 64,
        RSAFixedECDH = 65,
        ECDSAFixedECDH = 66,
    }
}

open_enum! {
    /// A key encapsulation mechanism of HPKE. RFC 9180 section 7.1.
    #[allow(non_camel_case_types)]
    pub enum HpkeKem: u16 {
        DHKEM_P256_HKDF_SHA256 = 0x0010,
        DHKEM_P384_HKDF_SHA384 = 0x0011,
        DHKEM_P521_HKDF_SHA512 = 0x0012,
        DHKEM_X25519_HKDF_SHA256 = 0x0020,
        DHKEM_X448_HKDF_SHA512 = 0x0021,
    }
}

open_enum! {
    /// A key derivation function of HPKE. RFC 9180 section 7.2.
    #[allow(non_camel_case_types)]
    #[derive(Default)]
    pub enum HpkeKdf: u16 {
        /// Every implementation of ECH has it. RFC 9849 section 9.
        #[default]
        HKDF_SHA256 = 0x0001,
        HKDF_SHA384 = 0x0002,
        HKDF_SHA512 = 0x0003,
    }
}

open_enum! {
    /// An AEAD of HPKE. RFC 9180 section 7.3.
    #[allow(non_camel_case_types)]
    #[derive(Default)]
    pub enum HpkeAead: u16 {
        /// Every implementation of ECH has it. RFC 9849 section 9.
        #[default]
        AES_128_GCM = 0x0001,
        AES_256_GCM = 0x0002,
        CHACHA20_POLY_1305 = 0x0003,
        EXPORT_ONLY = 0xffff,
    }
}

open_enum! {
    /// The version of an ECH configuration. RFC 9849 section 4.
    pub enum EchVersion: u16 {
        /// The number of draft 18, which the RFC kept.
        V18 = 0xfe0d,
    }
}

open_enum! {
    /// Which of the two hellos an ECH extension is in. RFC 9849 section 5.
    pub enum EchClientHelloType: u8 {
        Outer = 0,
        Inner = 1,
    }
}
