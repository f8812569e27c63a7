//! The table of cipher suites: which parts of a provider each one is made of. All of our providers have all of them.
//!
//! Of what TLS 1.2 allows there is ECDHE with an AEAD, and nothing else.

#[cfg(feature = "tls12")]
use crate::names::SignatureScheme;

/// Writes the module `cipher_suite` with a static for each suite, and the list of all. An AEAD is a
/// [`Protection`](super::aead::Protection) or something else with a `kind`; hash functions come with their HKDF and their PRF.
macro_rules! cipher_suites {
    (
        aes_256: $aes_256:ident, aes_128: $aes_128:ident, chacha20: $chacha20:ident,
        sha384: $sha384:ident, $hkdf_sha384:ident, $prf_sha384:ident,
        sha256: $sha256:ident, $hkdf_sha256:ident, $prf_sha256:ident,
    ) => {
        /// All cipher suites, those of TLS 1.3 first.
        pub static ALL_CIPHER_SUITES: &[crate::crypto::suites::SupportedCipherSuite] = &[
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
            use super::*;
            #[cfg(feature = "tls12")]
            use crate::crypto::suite_table::tls12_suites;
            use crate::crypto::suite_table::tls13_suites;

            tls13_suites! {
                /// TLS_AES_256_GCM_SHA384 (RFC 8446 appendix B.4).
                TLS13_AES_256_GCM_SHA384: $aes_256, $sha384, $hkdf_sha384;

                /// TLS_AES_128_GCM_SHA256 (RFC 8446 appendix B.4).
                TLS13_AES_128_GCM_SHA256: $aes_128, $sha256, $hkdf_sha256;

                /// TLS_CHACHA20_POLY1305_SHA256 (RFC 8446 appendix B.4).
                TLS13_CHACHA20_POLY1305_SHA256: $chacha20, $sha256, $hkdf_sha256;
            }

            #[cfg(feature = "tls12")]
            tls12_suites! {
                /// TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384 (RFC 5289 section 3.2).
                TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384: ECDSA, $aes_256, $sha384, $prf_sha384;

                /// TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256 (RFC 5289 section 3.2).
                TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256: ECDSA, $aes_128, $sha256, $prf_sha256;

                /// TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256 (RFC 7905 section 2).
                TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256: ECDSA, $chacha20, $sha256, $prf_sha256;

                /// TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384 (RFC 5289 section 3.2).
                TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384: RSA, $aes_256, $sha384, $prf_sha384;

                /// TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256 (RFC 5289 section 3.2).
                TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256: RSA, $aes_128, $sha256, $prf_sha256;

                /// TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256 (RFC 7905 section 2).
                TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256: RSA, $chacha20, $sha256, $prf_sha256;
            }
        }
    };
}

macro_rules! tls13_suites {
    ($($(#[$doc:meta])* $name:ident: $aead:ident, $hash:ident, $hkdf:ident;)*) => {
        $(
            $(#[$doc])*
            pub static $name: crate::crypto::suites::SupportedCipherSuite =
                crate::crypto::suites::SupportedCipherSuite::Tls13(&crate::crypto::suites::Tls13CipherSuite {
                    common: crate::crypto::CipherSuiteCommon {
                        suite: crate::names::CipherSuite::$name,
                        hash_provider: &$hash,
                        confidentiality_limit: $aead.kind.records(),
                    },
                    hkdf_provider: &$hkdf,
                    aead_alg: &$aead,
                    quic: Some(&$aead),
                });
        )*
    };
}

#[cfg(feature = "tls12")]
macro_rules! tls12_suites {
    ($($(#[$doc:meta])* $name:ident: $key:ident, $aead:ident, $hash:ident, $prf:ident;)*) => {
        $(
            $(#[$doc])*
            pub static $name: crate::crypto::suites::SupportedCipherSuite =
                crate::crypto::suites::SupportedCipherSuite::Tls12(&crate::crypto::suites::Tls12CipherSuite {
                    common: crate::crypto::CipherSuiteCommon {
                        suite: crate::names::CipherSuite::$name,
                        hash_provider: &$hash,
                        confidentiality_limit: $aead.kind.records(),
                    },
                    prf_provider: &$prf,
                    kx: crate::crypto::KeyExchangeAlgorithm::ECDHE,
                    sign: crate::crypto::suite_table::$key,
                    aead_alg: &$aead,
                });
        )*
    };
}

#[cfg(feature = "tls12")]
pub(crate) use tls12_suites;
pub(crate) use {cipher_suites, tls13_suites};

/// How a server of TLS 1.2 signs with such a key. Ed25519 counts as ECDSA here. RFC 8422 section 5.10.
#[cfg(feature = "tls12")]
pub(crate) static ECDSA: &[SignatureScheme] = &[
    SignatureScheme::ED25519,
    SignatureScheme::ECDSA_NISTP521_SHA512,
    SignatureScheme::ECDSA_NISTP384_SHA384,
    SignatureScheme::ECDSA_NISTP256_SHA256,
];

/// PSS may be used in TLS 1.2 too. RFC 8446 section 4.2.3.
#[cfg(feature = "tls12")]
pub(crate) static RSA: &[SignatureScheme] = &[
    SignatureScheme::RSA_PSS_SHA512,
    SignatureScheme::RSA_PSS_SHA384,
    SignatureScheme::RSA_PSS_SHA256,
    SignatureScheme::RSA_PKCS1_SHA512,
    SignatureScheme::RSA_PKCS1_SHA384,
    SignatureScheme::RSA_PKCS1_SHA256,
];
