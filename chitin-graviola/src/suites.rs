//! The cipher suites.

use chitin::SupportedCipherSuite;

/// All cipher suites, those of TLS 1.3 first.
pub static ALL_CIPHER_SUITES: &[SupportedCipherSuite] = &[
    cipher_suite::TLS13_AES_256_GCM_SHA384,
    cipher_suite::TLS13_AES_128_GCM_SHA256,
    cipher_suite::TLS13_CHACHA20_POLY1305_SHA256,
    #[cfg(feature = "tls12")]
    cipher_suite::TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384,
    #[cfg(feature = "tls12")]
    cipher_suite::TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256,
    #[cfg(feature = "tls12")]
    cipher_suite::TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256,
    #[cfg(feature = "tls12")]
    cipher_suite::TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384,
    #[cfg(feature = "tls12")]
    cipher_suite::TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256,
    #[cfg(feature = "tls12")]
    cipher_suite::TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256,
];

/// The cipher suites, one by one.
pub mod cipher_suite {
    use chitin::crypto::tls13::HkdfUsingHmac;
    use chitin::{CipherSuite, CipherSuiteCommon, SupportedCipherSuite, Tls13CipherSuite};
    #[cfg(feature = "tls12")]
    use chitin::{
        SignatureScheme, Tls12CipherSuite,
        crypto::{KeyExchangeAlgorithm, tls12::PrfUsingHmac},
    };

    use crate::aead::{AES_128, AES_256, CHACHA20};
    use crate::hash::{SHA256, SHA384};

    macro_rules! tls13 {
        ($($(#[$doc:meta])* $name:ident: $aead:ident, $hash:ident;)*) => {
            $(
                $(#[$doc])*
                pub static $name: SupportedCipherSuite = SupportedCipherSuite::Tls13(&Tls13CipherSuite {
                    common: CipherSuiteCommon {
                        suite: CipherSuite::$name,
                        hash_provider: &$hash,
                        confidentiality_limit: $aead.kind.records(),
                    },
                    hkdf_provider: &HkdfUsingHmac(&$hash),
                    aead_alg: &$aead,
                    quic: Some(&$aead),
                });
            )*
        };
    }

    tls13! {
        /// TLS_AES_256_GCM_SHA384 (RFC 8446 appendix B.4).
        TLS13_AES_256_GCM_SHA384: AES_256, SHA384;

        /// TLS_AES_128_GCM_SHA256 (RFC 8446 appendix B.4).
        TLS13_AES_128_GCM_SHA256: AES_128, SHA256;

        /// TLS_CHACHA20_POLY1305_SHA256 (RFC 8446 appendix B.4).
        TLS13_CHACHA20_POLY1305_SHA256: CHACHA20, SHA256;
    }

    #[cfg(feature = "tls12")]
    macro_rules! tls12 {
        ($($(#[$doc:meta])* $name:ident: $key:ident, $aead:ident, $hash:ident;)*) => {
            $(
                $(#[$doc])*
                pub static $name: SupportedCipherSuite = SupportedCipherSuite::Tls12(&Tls12CipherSuite {
                    common: CipherSuiteCommon {
                        suite: CipherSuite::$name,
                        hash_provider: &$hash,
                        confidentiality_limit: $aead.kind.records(),
                    },
                    prf_provider: &PrfUsingHmac(&$hash),
                    kx: KeyExchangeAlgorithm::ECDHE,
                    sign: $key,
                    aead_alg: &$aead,
                });
            )*
        };
    }

    #[cfg(feature = "tls12")]
    tls12! {
        /// TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384 (RFC 5289 section 3.2).
        TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384: ECDSA, AES_256, SHA384;

        /// TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256 (RFC 5289 section 3.2).
        TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256: ECDSA, AES_128, SHA256;

        /// TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256 (RFC 7905 section 2).
        TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256: ECDSA, CHACHA20, SHA256;

        /// TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384 (RFC 5289 section 3.2).
        TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384: RSA, AES_256, SHA384;

        /// TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256 (RFC 5289 section 3.2).
        TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256: RSA, AES_128, SHA256;

        /// TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256 (RFC 7905 section 2).
        TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256: RSA, CHACHA20, SHA256;
    }

    /// Ed25519 counts as ECDSA here. RFC 8422 section 5.10.
    #[cfg(feature = "tls12")]
    static ECDSA: &[SignatureScheme] = &[
        SignatureScheme::ED25519,
        SignatureScheme::ECDSA_NISTP384_SHA384,
        SignatureScheme::ECDSA_NISTP256_SHA256,
    ];

    /// PSS may be used in TLS 1.2 too. RFC 8446 section 4.2.3.
    #[cfg(feature = "tls12")]
    static RSA: &[SignatureScheme] = &[
        SignatureScheme::RSA_PSS_SHA512,
        SignatureScheme::RSA_PSS_SHA384,
        SignatureScheme::RSA_PSS_SHA256,
        SignatureScheme::RSA_PKCS1_SHA512,
        SignatureScheme::RSA_PKCS1_SHA384,
        SignatureScheme::RSA_PKCS1_SHA256,
    ];
}
