//! AEADs, and the cipher suites of TLS 1.3.

use alloc::boxed::Box;

use aws_lc_rs::aead::quic::{self as headers, HeaderProtectionKey as HeaderCipher};
use aws_lc_rs::aead::{self, AES_128_GCM, AES_256_GCM, Aad, CHACHA20_POLY1305, LessSafeKey, UnboundKey};

use super::digest::{HMAC_SHA256, HMAC_SHA384, SHA256, SHA384};
use crate::crypto::CipherSuiteCommon;
use crate::crypto::aead_record::{Aead, Failed, Tls13Opener, Tls13Sealer};
use crate::crypto::cipher::{
    AeadKey, Iv, MessageDecrypter, MessageEncrypter, Nonce, Tls13AeadAlgorithm, UnsupportedOperationError,
};
use crate::crypto::quic::packet::{Headers, Limits, MASK_LEN, MaskCipher, Packets, SAMPLE_LEN};
use crate::crypto::quic::{self, HeaderProtectionKey, PacketKey};
use crate::crypto::suites::{ConnectionTrafficSecrets, SupportedCipherSuite, Tls13CipherSuite};
use crate::crypto::tls13::HkdfUsingHmac;
use crate::names::CipherSuite;

/// TLS_AES_256_GCM_SHA384 (RFC 8446 appendix B.4).
pub static TLS13_AES_256_GCM_SHA384: SupportedCipherSuite = SupportedCipherSuite::Tls13(&Tls13CipherSuite {
    common: CipherSuiteCommon {
        suite: CipherSuite::TLS13_AES_256_GCM_SHA384,
        hash_provider: &SHA384,
        confidentiality_limit: GCM_RECORDS,
    },
    hkdf_provider: &HkdfUsingHmac(&HMAC_SHA384),
    aead_alg: &Algorithm {
        aead: &AES_256_GCM,
        secrets: |key, iv| ConnectionTrafficSecrets::Aes256Gcm { key, iv },
    },
    quic: Some(&Packet { aead: &AES_256_GCM, header: &headers::AES_256, limits: Limits::AES_GCM }),
});

/// TLS_AES_128_GCM_SHA256 (RFC 8446 appendix B.4).
pub static TLS13_AES_128_GCM_SHA256: SupportedCipherSuite = SupportedCipherSuite::Tls13(&Tls13CipherSuite {
    common: CipherSuiteCommon {
        suite: CipherSuite::TLS13_AES_128_GCM_SHA256,
        hash_provider: &SHA256,
        confidentiality_limit: GCM_RECORDS,
    },
    hkdf_provider: &HkdfUsingHmac(&HMAC_SHA256),
    aead_alg: &Algorithm {
        aead: &AES_128_GCM,
        secrets: |key, iv| ConnectionTrafficSecrets::Aes128Gcm { key, iv },
    },
    quic: Some(&Packet { aead: &AES_128_GCM, header: &headers::AES_128, limits: Limits::AES_GCM }),
});

/// TLS_CHACHA20_POLY1305_SHA256 (RFC 8446 appendix B.4).
pub static TLS13_CHACHA20_POLY1305_SHA256: SupportedCipherSuite =
    SupportedCipherSuite::Tls13(&Tls13CipherSuite {
        common: CipherSuiteCommon {
            suite: CipherSuite::TLS13_CHACHA20_POLY1305_SHA256,
            hash_provider: &SHA256,
            // RFC 8446 section 5.5: the sequence number would wrap before the safety limit is reached.
            confidentiality_limit: u64::MAX,
        },
        hkdf_provider: &HkdfUsingHmac(&HMAC_SHA256),
        aead_alg: &Algorithm {
            aead: &CHACHA20_POLY1305,
            secrets: |key, iv| ConnectionTrafficSecrets::Chacha20Poly1305 { key, iv },
        },
        quic: Some(&Packet {
            aead: &CHACHA20_POLY1305,
            header: &headers::CHACHA20,
            limits: Limits::CHACHA20_POLY1305,
        }),
    });

/// RFC 8446 section 5.5 allows 2^24.5 full-size records under one AES-GCM key. We stop at 2^24, so that a key update
/// that is asked for at the limit has room to happen. TLS 1.2 has no key update: there the connection ends.
pub(super) const GCM_RECORDS: u64 = 1 << 24;

struct Algorithm {
    aead: &'static aead::Algorithm,
    secrets: fn(AeadKey, Iv) -> ConnectionTrafficSecrets,
}

impl Tls13AeadAlgorithm for Algorithm {
    fn encrypter(&self, key: AeadKey, iv: Iv) -> Box<dyn MessageEncrypter> {
        Box::new(Tls13Sealer::new(Keyed::new(self.aead, &key), iv))
    }

    fn decrypter(&self, key: AeadKey, iv: Iv) -> Box<dyn MessageDecrypter> {
        Box::new(Tls13Opener::new(Keyed::new(self.aead, &key), iv))
    }

    fn key_len(&self) -> usize {
        self.aead.key_len()
    }

    fn extract_keys(
        &self,
        key: AeadKey,
        iv: Iv,
    ) -> Result<ConnectionTrafficSecrets, UnsupportedOperationError> {
        Ok((self.secrets)(key, iv))
    }
}

/// The protection of QUIC's packets and headers.
struct Packet {
    aead: &'static aead::Algorithm,
    header: &'static headers::Algorithm,
    limits: Limits,
}

impl quic::Algorithm for Packet {
    fn packet_key(&self, key: AeadKey, iv: Iv) -> Box<dyn PacketKey> {
        Packets::boxed(Keyed::new(self.aead, &key), iv, self.limits)
    }

    fn header_protection_key(&self, key: AeadKey) -> Box<dyn HeaderProtectionKey> {
        Headers::boxed(KeyedHeaders(HeaderCipher::new(self.header, key.as_ref()).ok()))
    }

    fn aead_key_len(&self) -> usize {
        self.aead.key_len()
    }
}

/// `None` for the same reason as in [`Keyed`].
struct KeyedHeaders(Option<HeaderCipher>);

impl MaskCipher for KeyedHeaders {
    fn mask(&self, sample: &[u8; SAMPLE_LEN]) -> Result<[u8; MASK_LEN], Failed> {
        self.0.as_ref().and_then(|key| key.new_mask(sample).ok()).ok_or(Failed)
    }
}

/// `None` if the key could not be set up (a wrong length, no memory): then every operation fails, since the traits have
/// no error for it.
pub(super) struct Keyed(Option<LessSafeKey>);

impl Keyed {
    pub(super) fn new(algorithm: &'static aead::Algorithm, key: &AeadKey) -> Self {
        Self(UnboundKey::new(algorithm, key.as_ref()).ok().map(LessSafeKey::new))
    }

    fn key(&self) -> Result<&LessSafeKey, Failed> {
        self.0.as_ref().ok_or(Failed)
    }
}

impl Aead for Keyed {
    fn seal_into(
        &self,
        nonce: Nonce,
        aad: &[u8],
        plain: &[u8],
        out: &mut [u8],
        tail_in: &[u8],
        tail_out: &mut [u8],
    ) -> Result<(), Failed> {
        self.key()?
            .seal_out_of_place_scatter(unique(nonce), Aad::from(aad), plain, out, tail_in, tail_out)
            .map_err(|_| Failed)
    }

    fn seal_in_place(
        &self,
        nonce: Nonce,
        aad: &[u8],
        text: &mut [u8],
        tail_in: &[u8],
        tail_out: &mut [u8],
    ) -> Result<(), Failed> {
        self.key()?
            .seal_in_place_scatter(unique(nonce), Aad::from(aad), text, tail_in, tail_out)
            .map_err(|_| Failed)
    }

    fn open_in_place(&self, nonce: Nonce, aad: &[u8], text: &mut [u8], tag: &[u8]) -> Result<(), Failed> {
        self.key()?
            .open_in_place_separate_tag(unique(nonce), Aad::from(aad), tag, text)
            .map(|_| ())
            .map_err(|_| Failed)
    }

    fn open_into(
        &self,
        nonce: Nonce,
        aad: &[u8],
        sealed: &[u8],
        tag: &[u8],
        out: &mut [u8],
    ) -> Result<(), Failed> {
        self.key()?.open_separate_gather(unique(nonce), Aad::from(aad), sealed, tag, out).map_err(|_| Failed)
    }
}

/// The record layer never uses a sequence number twice with one key, nor a QUIC endpoint a packet number.
fn unique(nonce: Nonce) -> aead::Nonce {
    aead::Nonce::assume_unique_for_key(nonce.0)
}
