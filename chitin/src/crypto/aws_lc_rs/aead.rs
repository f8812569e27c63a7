//! AEADs, and the cipher suites that are made of them.

use aws_lc_rs::aead::quic::{self as headers, HeaderProtectionKey};
use aws_lc_rs::aead::{self, Aad, CHACHA20_POLY1305, LessSafeKey, UnboundKey};

use super::parts::{AES_128, AES_256, HKDF_SHA256, HKDF_SHA384, SHA256, SHA384};
#[cfg(feature = "tls12")]
use super::parts::{PRF_SHA256, PRF_SHA384};
use crate::crypto::aead::{Aead, Failed, HeaderMask, Kind, MASK_LEN, Protection, SAMPLE_LEN, TAG_LEN};
use crate::crypto::cipher::Nonce;
use crate::crypto::suite_table::cipher_suites;

cipher_suites! {
    aes_256: AES_256, aes_128: AES_128, chacha20: CHACHA20,
    sha384: SHA384, HKDF_SHA384, PRF_SHA384,
    sha256: SHA256, HKDF_SHA256, PRF_SHA256,
}

static CHACHA20: Protection<Keyed, Masking> = Protection {
    kind: Kind::ChaCha20Poly1305,
    key: |key| bound(&CHACHA20_POLY1305, key),
    mask: |key| HeaderProtectionKey::new(&headers::CHACHA20, key).map(Masking).ok(),
    fips: false,
};

/// The adapter's own types, so that none of the library's shows up in our interface.
pub(super) struct Keyed(LessSafeKey);

pub(super) struct Masking(pub(super) HeaderProtectionKey);

pub(super) fn bound(algorithm: &'static aead::Algorithm, key: &[u8]) -> Option<Keyed> {
    UnboundKey::new(algorithm, key).map(|key| Keyed(LessSafeKey::new(key))).ok()
}

impl Aead for Keyed {
    fn seal_in_place(&self, nonce: Nonce, aad: &[u8], text: &mut [u8]) -> Result<[u8; TAG_LEN], Failed> {
        let mut tag = [0; TAG_LEN];
        self.0
            .seal_in_place_scatter(unique(nonce), Aad::from(aad), text, &[], &mut tag)
            .map_err(|_| Failed)?;
        Ok(tag)
    }

    fn open_in_place(
        &self,
        nonce: Nonce,
        aad: &[u8],
        text: &mut [u8],
        tag: &[u8; TAG_LEN],
    ) -> Result<(), Failed> {
        self.0
            .open_in_place_separate_tag(unique(nonce), Aad::from(aad), tag, text)
            .map(|_| ())
            .map_err(|_| Failed)
    }

    fn seal_into(
        &self,
        nonce: Nonce,
        aad: &[u8],
        plain: &[u8],
        tail: &[u8],
        out: &mut [u8],
    ) -> Result<(), Failed> {
        let (text, rest) = out.split_at_mut_checked(plain.len()).ok_or(Failed)?;
        self.0
            .seal_out_of_place_scatter(unique(nonce), Aad::from(aad), plain, text, tail, rest)
            .map_err(|_| Failed)
    }

    fn open_into(
        &self,
        nonce: Nonce,
        aad: &[u8],
        sealed: &[u8],
        tag: &[u8; TAG_LEN],
        out: &mut [u8],
    ) -> Result<(), Failed> {
        self.0.open_separate_gather(unique(nonce), Aad::from(aad), sealed, tag, out).map_err(|_| Failed)
    }
}

impl HeaderMask for Masking {
    fn mask(&self, sample: &[u8; SAMPLE_LEN]) -> Result<[u8; MASK_LEN], Failed> {
        self.0.new_mask(sample).map_err(|_| Failed)
    }
}

/// The record layer never uses a sequence number twice with one key, nor a QUIC endpoint a packet number.
pub(super) fn unique(nonce: Nonce) -> aead::Nonce {
    aead::Nonce::assume_unique_for_key(nonce.0)
}
