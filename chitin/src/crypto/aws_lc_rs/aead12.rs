//! The cipher suites of TLS 1.2: ECDHE with an AEAD, and nothing else of what TLS 1.2 allows.

use alloc::boxed::Box;

use aws_lc_rs::aead::{self, AES_128_GCM, AES_256_GCM, CHACHA20_POLY1305};

use super::aead::{GCM_RECORDS, Keyed};
use super::digest::{HMAC_SHA256, HMAC_SHA384, SHA256, SHA384};
use crate::crypto::CipherSuiteCommon;
use crate::crypto::aead_record::{NonceForm, Tls12Opener, Tls12Sealer, whole_iv};
use crate::crypto::cipher::{
    AeadKey, Iv, KeyBlockShape, MessageDecrypter, MessageEncrypter, Tls12AeadAlgorithm,
    UnsupportedOperationError,
};
use crate::crypto::suites::{ConnectionTrafficSecrets, SupportedCipherSuite, Tls12CipherSuite};
use crate::crypto::tls12::PrfUsingHmac;
use crate::names::{CipherSuite, KeyExchangeAlgorithm, SignatureScheme};

macro_rules! suites {
    ($($(#[$doc:meta])* $name:ident: $sign:ident, $aead:ident, $limit:expr, $hash:ident, $hmac:ident;)*) => {
        $(
            $(#[$doc])*
            pub static $name: SupportedCipherSuite = SupportedCipherSuite::Tls12(&Tls12CipherSuite {
                common: CipherSuiteCommon {
                    suite: CipherSuite::$name,
                    hash_provider: &$hash,
                    confidentiality_limit: $limit,
                },
                prf_provider: &PrfUsingHmac(&$hmac),
                kx: KeyExchangeAlgorithm::ECDHE,
                sign: $sign,
                aead_alg: &$aead,
            });
        )*
    };
}

suites! {
    /// TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384 (RFC 5289 section 3.2).
    TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384: ECDSA_SCHEMES, AES_256, GCM_RECORDS, SHA384, HMAC_SHA384;

    /// TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256 (RFC 5289 section 3.2).
    TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256: ECDSA_SCHEMES, AES_128, GCM_RECORDS, SHA256, HMAC_SHA256;

    /// TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256 (RFC 7905 section 2).
    TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256: ECDSA_SCHEMES, CHACHA20, u64::MAX, SHA256, HMAC_SHA256;

    /// TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384 (RFC 5289 section 3.2).
    TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384: RSA_SCHEMES, AES_256, GCM_RECORDS, SHA384, HMAC_SHA384;

    /// TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256 (RFC 5289 section 3.2).
    TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256: RSA_SCHEMES, AES_128, GCM_RECORDS, SHA256, HMAC_SHA256;

    /// TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256 (RFC 7905 section 2).
    TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256: RSA_SCHEMES, CHACHA20, u64::MAX, SHA256, HMAC_SHA256;
}

/// Ed25519 counts as ECDSA here. RFC 8422 section 5.10.
static ECDSA_SCHEMES: &[SignatureScheme] = &[
    SignatureScheme::ED25519,
    SignatureScheme::ECDSA_NISTP521_SHA512,
    SignatureScheme::ECDSA_NISTP384_SHA384,
    SignatureScheme::ECDSA_NISTP256_SHA256,
];

/// PSS may be used in TLS 1.2 too. RFC 8446 section 4.2.3.
static RSA_SCHEMES: &[SignatureScheme] = &[
    SignatureScheme::RSA_PSS_SHA512,
    SignatureScheme::RSA_PSS_SHA384,
    SignatureScheme::RSA_PSS_SHA256,
    SignatureScheme::RSA_PKCS1_SHA512,
    SignatureScheme::RSA_PKCS1_SHA384,
    SignatureScheme::RSA_PKCS1_SHA256,
];

static AES_128: Algorithm = Algorithm {
    aead: &AES_128_GCM,
    form: NonceForm::Explicit,
    secrets: |key, iv| ConnectionTrafficSecrets::Aes128Gcm { key, iv },
};

static AES_256: Algorithm = Algorithm {
    aead: &AES_256_GCM,
    form: NonceForm::Explicit,
    secrets: |key, iv| ConnectionTrafficSecrets::Aes256Gcm { key, iv },
};

static CHACHA20: Algorithm = Algorithm {
    aead: &CHACHA20_POLY1305,
    form: NonceForm::Implicit,
    secrets: |key, iv| ConnectionTrafficSecrets::Chacha20Poly1305 { key, iv },
};

struct Algorithm {
    aead: &'static aead::Algorithm,
    form: NonceForm,
    secrets: fn(AeadKey, Iv) -> ConnectionTrafficSecrets,
}

impl Tls12AeadAlgorithm for Algorithm {
    fn encrypter(&self, key: AeadKey, iv: &[u8], extra: &[u8]) -> Box<dyn MessageEncrypter> {
        Box::new(Tls12Sealer::new(Keyed::new(self.aead, &key), self.form, whole_iv(iv, extra)))
    }

    fn decrypter(&self, key: AeadKey, iv: &[u8]) -> Box<dyn MessageDecrypter> {
        Box::new(Tls12Opener::new(Keyed::new(self.aead, &key), self.form, iv))
    }

    fn key_block_shape(&self) -> KeyBlockShape {
        self.form.key_block_shape(self.aead.key_len())
    }

    fn extract_keys(
        &self,
        key: AeadKey,
        iv: &[u8],
        explicit: &[u8],
    ) -> Result<ConnectionTrafficSecrets, UnsupportedOperationError> {
        Ok((self.secrets)(key, whole_iv(iv, explicit)))
    }
}
