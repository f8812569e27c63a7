//! AEADs, and the cipher suites that are made of them.

use ::ring::aead::quic::{self as headers, HeaderProtectionKey};
use ::ring::aead::{self, AES_128_GCM, AES_256_GCM, Aad, CHACHA20_POLY1305, LessSafeKey, UnboundKey};

use crate::crypto::aead::{Aead, Failed, HeaderMask, Kind, MASK_LEN, Protection, SAMPLE_LEN, TAG_LEN};
use crate::crypto::cipher::Nonce;
use crate::crypto::hashes::{HMAC_SHA256, HMAC_SHA384, SHA256, SHA384};
#[cfg(feature = "tls12")]
use crate::crypto::hashes::{PRF_SHA256, PRF_SHA384};
use crate::crypto::suite_table::cipher_suites;

cipher_suites! {
    aes_256: AES_256, aes_128: AES_128, chacha20: CHACHA20,
    sha384: SHA384, HMAC_SHA384, PRF_SHA384,
    sha256: SHA256, HMAC_SHA256, PRF_SHA256,
}

static AES_128: Protection<Keyed, Masking> = Protection {
    kind: Kind::Aes128Gcm,
    key: |key| bound(&AES_128_GCM, key),
    mask: |key| HeaderProtectionKey::new(&headers::AES_128, key).map(Masking).ok(),
    fips: false,
};

pub(super) static AES_256: Protection<Keyed, Masking> = Protection {
    kind: Kind::Aes256Gcm,
    key: |key| bound(&AES_256_GCM, key),
    mask: |key| HeaderProtectionKey::new(&headers::AES_256, key).map(Masking).ok(),
    fips: false,
};

static CHACHA20: Protection<Keyed, Masking> = Protection {
    kind: Kind::ChaCha20Poly1305,
    key: |key| bound(&CHACHA20_POLY1305, key),
    mask: |key| HeaderProtectionKey::new(&headers::CHACHA20, key).map(Masking).ok(),
    fips: false,
};

/// The adapter's own types, so that none of the library's shows up in our interface.
pub(super) struct Keyed(LessSafeKey);

pub(super) struct Masking(HeaderProtectionKey);

fn bound(algorithm: &'static aead::Algorithm, key: &[u8]) -> Option<Keyed> {
    UnboundKey::new(algorithm, key).map(|key| Keyed(LessSafeKey::new(key))).ok()
}

impl Aead for Keyed {
    fn seal_in_place(&self, nonce: Nonce, aad: &[u8], text: &mut [u8]) -> Result<[u8; TAG_LEN], Failed> {
        let tag =
            self.0.seal_in_place_separate_tag(unique(nonce), Aad::from(aad), text).map_err(|_| Failed)?;
        tag.as_ref().try_into().map_err(|_| Failed)
    }

    fn open_in_place(
        &self,
        nonce: Nonce,
        aad: &[u8],
        text: &mut [u8],
        tag: &[u8; TAG_LEN],
    ) -> Result<(), Failed> {
        self.0
            .open_in_place_separate_tag(unique(nonce), Aad::from(aad), (*tag).into(), text, 0..)
            .map(|_| ())
            .map_err(|_| Failed)
    }
}

impl HeaderMask for Masking {
    fn mask(&self, sample: &[u8; SAMPLE_LEN]) -> Result<[u8; MASK_LEN], Failed> {
        self.0.new_mask(sample).map_err(|_| Failed)
    }
}

/// The record layer never uses a sequence number twice with one key, nor a QUIC endpoint a packet number.
fn unique(nonce: Nonce) -> aead::Nonce {
    aead::Nonce::assume_unique_for_key(nonce.0)
}
