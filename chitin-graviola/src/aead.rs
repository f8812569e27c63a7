//! AEADs, and the masks of QUIC's headers.

use aes::cipher::{BlockCipherEncrypt, KeyInit};
use aes::{Aes128Enc, Aes256Enc};
use chacha20::cipher::{KeyIvInit, StreamCipherCore};
use chacha20::variants::Ietf;
use chacha20::{ChaChaCore, R20};
use chitin::crypto::aead::{Aead, Failed, HeaderMask, Kind, MASK_LEN, Protection, SAMPLE_LEN, TAG_LEN};
use chitin::crypto::cipher::Nonce;
use graviola::aead::{AesGcm, ChaCha20Poly1305};

pub(crate) static AES_128: Protection<Gcm, Block<Aes128Enc>> = Protection {
    kind: Kind::Aes128Gcm,
    key: |key| (key.len() == 16).then(|| Gcm(AesGcm::new(key))),
    mask: |key| Aes128Enc::new_from_slice(key).map(Block).ok(),
    fips: false,
};

pub(crate) static AES_256: Protection<Gcm, Block<Aes256Enc>> = Protection {
    kind: Kind::Aes256Gcm,
    key: |key| (key.len() == 32).then(|| Gcm(AesGcm::new(key))),
    mask: |key| Aes256Enc::new_from_slice(key).map(Block).ok(),
    fips: false,
};

pub(crate) static CHACHA20: Protection<Chacha, Stream> = Protection {
    kind: Kind::ChaCha20Poly1305,
    key: |key| Some(Chacha(ChaCha20Poly1305::new(key.try_into().ok()?))),
    mask: |key| Some(Stream(key.try_into().ok()?)),
    fips: false,
};

/// AES in GCM. Nobody gives it a nonce twice: the record layer counts, and so does a QUIC endpoint.
pub(crate) struct Gcm(AesGcm);

impl Aead for Gcm {
    fn seal_in_place(&self, nonce: Nonce, aad: &[u8], text: &mut [u8]) -> Result<[u8; TAG_LEN], Failed> {
        let mut tag = [0; TAG_LEN];
        self.0.encrypt(&nonce.0, aad, text, &mut tag);
        Ok(tag)
    }

    fn open_in_place(
        &self,
        nonce: Nonce,
        aad: &[u8],
        text: &mut [u8],
        tag: &[u8; TAG_LEN],
    ) -> Result<(), Failed> {
        self.0.decrypt(&nonce.0, aad, text, tag).map_err(|_| Failed)
    }
}

/// ChaCha20 with Poly1305.
pub(crate) struct Chacha(ChaCha20Poly1305);

impl Aead for Chacha {
    fn seal_in_place(&self, nonce: Nonce, aad: &[u8], text: &mut [u8]) -> Result<[u8; TAG_LEN], Failed> {
        let mut tag = [0; TAG_LEN];
        self.0.encrypt(&nonce.0, aad, text, &mut tag);
        Ok(tag)
    }

    fn open_in_place(
        &self,
        nonce: Nonce,
        aad: &[u8],
        text: &mut [u8],
        tag: &[u8; TAG_LEN],
    ) -> Result<(), Failed> {
        self.0.decrypt(&nonce.0, aad, text, tag).map_err(|_| Failed)
    }
}

/// RFC 9001 section 5.4.3: the sample is a block, and what it is encrypted to begins with the mask.
pub(crate) struct Block<C>(C);

impl<C: BlockCipherEncrypt<BlockSize = aes::cipher::consts::U16> + Send + Sync> HeaderMask for Block<C> {
    fn mask(&self, sample: &[u8; SAMPLE_LEN]) -> Result<[u8; MASK_LEN], Failed> {
        let mut block = (*sample).into();
        self.0.encrypt_block(&mut block);
        block.first_chunk().copied().ok_or(Failed)
    }
}

/// RFC 9001 section 5.4.4: the sample is a counter and a nonce, and the mask is what the cipher makes of zeros.
pub(crate) struct Stream(chacha20::Key);

impl HeaderMask for Stream {
    fn mask(&self, sample: &[u8; SAMPLE_LEN]) -> Result<[u8; MASK_LEN], Failed> {
        let (counter, nonce) = sample.split_first_chunk::<4>().ok_or(Failed)?;
        let nonce: [u8; 12] = nonce.try_into().map_err(|_| Failed)?;
        // The core, since what is around it refuses the last of all counters.
        let mut cipher = ChaChaCore::<R20, Ietf>::new(&self.0, &nonce.into());
        cipher.set_block_pos(u32::from_le_bytes(*counter));
        let mut block = Default::default();
        cipher.write_keystream_block(&mut block);
        block.first_chunk().copied().ok_or(Failed)
    }
}
