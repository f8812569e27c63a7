//! Values are typed from the RFCs and the IANA registries, or come from other implementations.

use alloc::format;
use alloc::vec;
use alloc::vec::Vec;

use super::foreign_suites::{GNUTLS, OPENSSL};
use super::*;

/// What must hold for each open enum, whatever its values.
macro_rules! behaves {
    ($($name:ident: $int:ident),* $(,)?) => { $(
        for value in 0..=$int::MAX {
            let name = $name::from(value);
            assert_eq!(name.value(), value);
            assert_eq!($int::from(name), value);
            assert_eq!(name.to_array(), value.to_be_bytes());
            match name {
                $name::Unknown(kept) => {
                    assert_eq!((kept, name.as_str()), (value, None));
                    // As 0.23 prints it: without zeros in front.
                    assert_eq!(format!("{name:?}"), format!("{}({value:#x})", stringify!($name)));
                }
                _ => {
                    assert!($name::NAMED.contains(&name));
                    assert_eq!(name.as_str(), Some(&*format!("{name:?}")));
                }
            }
        }
        // No two names share a value, else the later one would never be found.
        for name in $name::NAMED {
            assert_eq!($name::from(name.value()), *name);
        }
    )* };
}

#[test]
fn every_number_goes_in_and_out() {
    behaves! {
        AlertDescription: u8, AlertLevel: u8, CertificateCompressionAlgorithm: u16, CertificateStatusType: u8,
        CertificateType: u8, CipherSuite: u16, ClientCertificateType: u8, Compression: u8, ContentType: u8,
        EcCurveType: u8, EcPointFormat: u8, EchClientHelloType: u8, EchVersion: u16, ExtensionType: u16,
        HandshakeType: u8, HashAlgorithm: u8, HpkeAead: u16, HpkeKdf: u16, HpkeKem: u16, KeyUpdateRequest: u8,
        NamedGroup: u16, ProtocolVersion: u16, PskKeyExchangeMode: u8, ServerNameType: u8, SignatureAlgorithm: u8,
        SignatureScheme: u16,
    }
}

/// Asserts that each of `names` has the value beside it, and that no name is left out.
macro_rules! values {
    ($name:ident { $($variant:ident $value:literal),* $(,)? }) => {
        $( assert_eq!($name::$variant.value(), $value, stringify!($variant)); )*
        assert_eq!([$($name::$variant),*].len(), $name::NAMED.len());
    };
}

#[test]
fn records_and_messages_have_the_numbers_of_rfc_8446_appendix_b() {
    values!(ContentType { ChangeCipherSpec 20, Alert 21, Handshake 22, ApplicationData 23, Heartbeat 24 });
    values!(HandshakeType {
        HelloRequest 0, ClientHello 1, ServerHello 2, HelloVerifyRequest 3, NewSessionTicket 4, EndOfEarlyData 5,
        HelloRetryRequest 6, EncryptedExtensions 8, Certificate 11, ServerKeyExchange 12, CertificateRequest 13,
        ServerHelloDone 14, CertificateVerify 15, ClientKeyExchange 16, Finished 20, CertificateURL 21,
        CertificateStatus 22, KeyUpdate 24, CompressedCertificate 25, MessageHash 254,
    });
    values!(AlertLevel { Warning 1, Fatal 2 });
    values!(AlertDescription {
        CloseNotify 0, UnexpectedMessage 10, BadRecordMac 20, DecryptionFailed 21, RecordOverflow 22,
        DecompressionFailure 30, HandshakeFailure 40, NoCertificate 41, BadCertificate 42, UnsupportedCertificate 43,
        CertificateRevoked 44, CertificateExpired 45, CertificateUnknown 46, IllegalParameter 47, UnknownCA 48,
        AccessDenied 49, DecodeError 50, DecryptError 51, ExportRestriction 60, ProtocolVersion 70,
        InsufficientSecurity 71, InternalError 80, InappropriateFallback 86, UserCanceled 90, NoRenegotiation 100,
        MissingExtension 109, UnsupportedExtension 110, CertificateUnobtainable 111, UnrecognisedName 112,
        BadCertificateStatusResponse 113, BadCertificateHashValue 114, UnknownPSKIdentity 115,
        CertificateRequired 116, NoApplicationProtocol 120, EncryptedClientHelloRequired 121,
    });
    values!(ProtocolVersion {
        SSLv2 0x0002, SSLv3 0x0300, TLSv1_0 0x0301, TLSv1_1 0x0302, TLSv1_2 0x0303, TLSv1_3 0x0304, DTLSv1_0 0xfeff,
        DTLSv1_2 0xfefd, DTLSv1_3 0xfefc,
    });
    values!(ExtensionType {
        ServerName 0, MaxFragmentLength 1, ClientCertificateUrl 2, TrustedCAKeys 3, TruncatedHMAC 4, StatusRequest 5,
        UserMapping 6, ClientAuthz 7, ServerAuthz 8, CertificateType 9, EllipticCurves 10, ECPointFormats 11, SRP 12,
        SignatureAlgorithms 13, UseSRTP 14, Heartbeat 15, ALProtocolNegotiation 16, StatusRequestV2 17, SCT 18,
        ClientCertificateType 19, ServerCertificateType 20, Padding 21, EncryptThenMac 22, ExtendedMasterSecret 23,
        CompressCertificate 27, RecordSizeLimit 28, CertWithExternPsk 33, DelegatedCredential 34, SessionTicket 35,
        PreSharedKey 41, EarlyData 42, SupportedVersions 43, Cookie 44, PSKKeyExchangeModes 45,
        TicketEarlyDataInfo 46, CertificateAuthorities 47, OIDFilters 48, PostHandshakeAuth 49,
        SignatureAlgorithmsCert 50, KeyShare 51, TransportParameters 57, TicketRequest 58,
        NextProtocolNegotiation 13172, ChannelId 30032, EncryptedClientHelloOuterExtensions 64768,
        EncryptedClientHello 65037, RenegotiationInfo 65281, TransportParametersDraft 65445,
    });
    values!(PskKeyExchangeMode { PSK_KE 0, PSK_DHE_KE 1 });
    values!(KeyUpdateRequest { UpdateNotRequested 0, UpdateRequested 1 });
}

#[test]
fn groups_and_signatures_have_the_numbers_of_their_registries() {
    values!(NamedGroup {
        secp256r1 23, secp384r1 24, secp521r1 25, X25519 29, X448 30, FFDHE2048 256, FFDHE3072 257, FFDHE4096 258,
        FFDHE6144 259, FFDHE8192 260, MLKEM512 512, MLKEM768 513, MLKEM1024 514, secp256r1MLKEM768 4587,
        X25519MLKEM768 4588,
    });
    values!(SignatureScheme {
        RSA_PKCS1_SHA1 0x0201, ECDSA_SHA1_Legacy 0x0203, RSA_PKCS1_SHA256 0x0401, ECDSA_NISTP256_SHA256 0x0403,
        RSA_PKCS1_SHA384 0x0501, ECDSA_NISTP384_SHA384 0x0503, RSA_PKCS1_SHA512 0x0601, ECDSA_NISTP521_SHA512 0x0603,
        RSA_PSS_SHA256 0x0804, RSA_PSS_SHA384 0x0805, RSA_PSS_SHA512 0x0806, ED25519 0x0807, ED448 0x0808,
        ML_DSA_44 0x0904, ML_DSA_65 0x0905, ML_DSA_87 0x0906,
    });
    values!(SignatureAlgorithm { Anonymous 0, RSA 1, DSA 2, ECDSA 3, ED25519 7, ED448 8 });
    values!(HashAlgorithm { NONE 0, MD5 1, SHA1 2, SHA224 3, SHA256 4, SHA384 5, SHA512 6 });
    values!(HpkeKem {
        DHKEM_P256_HKDF_SHA256 0x10, DHKEM_P384_HKDF_SHA384 0x11, DHKEM_P521_HKDF_SHA512 0x12,
        DHKEM_X25519_HKDF_SHA256 0x20, DHKEM_X448_HKDF_SHA512 0x21,
    });
    values!(HpkeKdf { HKDF_SHA256 1, HKDF_SHA384 2, HKDF_SHA512 3 });
    values!(HpkeAead { AES_128_GCM 1, AES_256_GCM 2, CHACHA20_POLY_1305 3, EXPORT_ONLY 0xffff });
}

#[test]
fn smaller_registries_have_their_numbers() {
    values!(CertificateType { X509 0, RawPublicKey 2 });
    values!(CertificateCompressionAlgorithm { Zlib 1, Brotli 2, Zstd 3 });
    values!(Compression { Null 0, Deflate 1, LSZ 64 });
    values!(EcPointFormat { Uncompressed 0, ANSIX962CompressedPrime 1, ANSIX962CompressedChar2 2 });
    values!(EcCurveType { ExplicitPrime 1, ExplicitChar2 2, NamedCurve 3 });
    values!(CertificateStatusType { OCSP 1 });
    values!(ServerNameType { HostName 0 });
    values!(ClientCertificateType {
        RSASign 1, DSSSign 2, RSAFixedDH 3, DSSFixedDH 4, RSAEphemeralDH 5, DSSEphemeralDH 6, FortezzaDMS 20,
        ECDSASign 64, RSAFixedECDH 65, ECDSAFixedECDH 66,
    });
    values!(EchVersion { V18 0xfe0d });
    values!(EchClientHelloType { Outer 0, Inner 1 });
    assert_eq!(CertificateType::default(), CertificateType::X509);
    assert_eq!(HpkeKdf::default(), HpkeKdf::HKDF_SHA256);
    assert_eq!(HpkeAead::default(), HpkeAead::AES_128_GCM);
}

#[test]
fn cipher_suites_are_called_as_openssl_and_gnutls_call_them() {
    for (value, name) in OPENSSL.iter().chain(GNUTLS) {
        assert_eq!(CipherSuite::from(*value).as_str(), Some(*name), "{value:#06x}");
    }
}

/// Families that neither OpenSSL nor GnuTLS still has: first and last of each, or all where the order is odd.
#[test]
fn cipher_suites_have_the_numbers_of_their_rfcs() {
    let rows: &[(CipherSuite, u16)] = &[
        // RFC 5246 appendix A.5, RFC 4346 appendix A.5, RFC 5469
        (CipherSuite::TLS_NULL_WITH_NULL_NULL, 0x0000),
        (CipherSuite::TLS_RSA_EXPORT_WITH_RC4_40_MD5, 0x0003),
        (CipherSuite::TLS_RSA_WITH_DES_CBC_SHA, 0x0009),
        (CipherSuite::TLS_DH_RSA_EXPORT_WITH_DES40_CBC_SHA, 0x000e),
        (CipherSuite::TLS_DHE_RSA_WITH_DES_CBC_SHA, 0x0015),
        (CipherSuite::TLS_DH_DSS_WITH_AES_128_CBC_SHA, 0x0030),
        (CipherSuite::TLS_DH_RSA_WITH_AES_256_CBC_SHA, 0x0037),
        (CipherSuite::TLS_DH_DSS_WITH_AES_128_CBC_SHA256, 0x003e),
        (CipherSuite::TLS_DH_RSA_WITH_AES_256_CBC_SHA256, 0x0069),
        // RFC 2712 section 3
        (CipherSuite::TLS_KRB5_WITH_DES_CBC_SHA_or_SSL_FORTEZZA_KEA_WITH_RC4_128_SHA, 0x001e),
        (CipherSuite::TLS_KRB5_WITH_3DES_EDE_CBC_SHA, 0x001f),
        (CipherSuite::TLS_KRB5_WITH_IDEA_CBC_MD5, 0x0025),
        (CipherSuite::TLS_KRB5_EXPORT_WITH_DES_CBC_40_SHA, 0x0026),
        (CipherSuite::TLS_KRB5_EXPORT_WITH_RC4_40_MD5, 0x002b),
        // RFC 4162 section 2
        (CipherSuite::TLS_RSA_WITH_SEED_CBC_SHA, 0x0096),
        (CipherSuite::TLS_DH_DSS_WITH_SEED_CBC_SHA, 0x0097),
        (CipherSuite::TLS_DH_anon_WITH_SEED_CBC_SHA, 0x009b),
        // RFC 5288 section 3
        (CipherSuite::TLS_DH_RSA_WITH_AES_128_GCM_SHA256, 0x00a0),
        (CipherSuite::TLS_DH_DSS_WITH_AES_256_GCM_SHA384, 0x00a5),
        // RFC 5746 section 3.3
        (CipherSuite::TLS_EMPTY_RENEGOTIATION_INFO_SCSV, 0x00ff),
        // RFC 4492 section 6, RFC 5289 section 3
        (CipherSuite::TLS_ECDH_ECDSA_WITH_NULL_SHA, 0xc001),
        (CipherSuite::TLS_ECDH_RSA_WITH_AES_256_CBC_SHA, 0xc00f),
        (CipherSuite::TLS_ECDH_ECDSA_WITH_AES_128_CBC_SHA256, 0xc025),
        (CipherSuite::TLS_ECDH_RSA_WITH_AES_256_GCM_SHA384, 0xc032),
        // RFC 6209 section 2
        (CipherSuite::TLS_RSA_WITH_ARIA_128_CBC_SHA256, 0xc03c),
        (CipherSuite::TLS_ECDH_RSA_WITH_ARIA_256_CBC_SHA384, 0xc04f),
        (CipherSuite::TLS_DH_RSA_WITH_ARIA_128_GCM_SHA256, 0xc054),
        (CipherSuite::TLS_ECDHE_PSK_WITH_ARIA_256_CBC_SHA384, 0xc071),
        // RFC 6367 section 2
        (CipherSuite::TLS_ECDH_ECDSA_WITH_CAMELLIA_128_CBC_SHA256, 0xc074),
        (CipherSuite::TLS_ECDH_RSA_WITH_CAMELLIA_256_GCM_SHA384, 0xc08d),
    ];
    for (suite, value) in rows {
        assert_eq!(suite.value(), *value, "{suite:?}");
    }
    assert_eq!(CipherSuite::NAMED.len(), 376);
}

#[test]
fn finite_fields_are_a_range() {
    let kinds: &[(u16, KeyExchangeAlgorithm)] = &[
        (0x001d, KeyExchangeAlgorithm::ECDHE),
        (0x00ff, KeyExchangeAlgorithm::ECDHE),
        (0x0100, KeyExchangeAlgorithm::DHE),
        (0x0104, KeyExchangeAlgorithm::DHE),
        (0x01fc, KeyExchangeAlgorithm::DHE),
        (0x0200, KeyExchangeAlgorithm::ECDHE),
        (0x11ec, KeyExchangeAlgorithm::ECDHE),
    ];
    for (group, kind) in kinds {
        assert_eq!(NamedGroup::from(*group).key_exchange_algorithm(), *kind, "{group:#06x}");
    }
}

#[test]
fn schemes_know_their_algorithm() {
    assert_eq!(SignatureScheme::RSA_PSS_SHA384.algorithm(), SignatureAlgorithm::RSA);
    assert_eq!(SignatureScheme::RSA_PKCS1_SHA1.algorithm(), SignatureAlgorithm::RSA);
    assert_eq!(SignatureScheme::ECDSA_NISTP521_SHA512.algorithm(), SignatureAlgorithm::ECDSA);
    assert_eq!(SignatureScheme::ED25519.algorithm(), SignatureAlgorithm::ED25519);
    assert_eq!(SignatureScheme::ED448.algorithm(), SignatureAlgorithm::ED448);
    assert_eq!(SignatureScheme::ML_DSA_65.algorithm(), SignatureAlgorithm::Unknown(5));
    // Its low byte is that of RSA in TLS 1.2, and yet it is not taken for RSA.
    assert_ne!(SignatureScheme::from(0x0a01).algorithm(), SignatureAlgorithm::RSA);
}

#[test]
fn tls13_has_neither_sha1_nor_pkcs1() {
    let refused: Vec<_> = SignatureScheme::NAMED
        .iter()
        .filter(|scheme| !scheme.supported_in_tls13())
        .map(|s| s.value())
        .collect();
    assert_eq!(refused, [0x0201, 0x0203, 0x0401, 0x0501, 0x0601]);
    assert!(!SignatureScheme::from(0x0809).supported_in_tls13());
}

/// X.690 section 8.1.3: lengths around each change of form.
#[test]
fn names_are_wrapped_with_a_der_length() {
    let heads: &[(usize, &[u8])] = &[
        (0, &[0x30, 0x00]),
        (1, &[0x30, 0x01]),
        (127, &[0x30, 0x7f]),
        (128, &[0x30, 0x81, 0x80]),
        (255, &[0x30, 0x81, 0xff]),
        (256, &[0x30, 0x82, 0x01, 0x00]),
        (65535, &[0x30, 0x82, 0xff, 0xff]),
        (65536, &[0x30, 0x83, 0x01, 0x00, 0x00]),
    ];
    for (len, head) in heads {
        let content = vec![0x5a; *len];
        let name = DistinguishedName::in_sequence(&content);
        assert_eq!(name.as_ref(), [head, content.as_slice()].concat());
    }
    let name = DistinguishedName::from(vec![0x30, 0x00]);
    assert_eq!(name.clone().as_ref(), [0x30, 0x00]);
    assert_eq!(format!("{name:?}"), "DistinguishedName(3000)");
}
