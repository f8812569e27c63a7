//! Packet and header protection (RFC 9001 sections 5.3 and 5.4), written once over an AEAD and a cipher that makes masks.
//!
//! Neither allocates. A packet key has no counter: the caller gives each packet its number, and RFC 9000 section 12.3 forbids it
//! to give one twice.

use alloc::boxed::Box;

use super::{HeaderProtectionKey, PacketKey, Tag};
use crate::crypto::aead::{Aead, Failed, HeaderMask, TAG_LEN};
use crate::crypto::cipher::{Iv, Nonce};
use crate::error::Error;

/// RFC 9001 section 5.4.2: as long as a block of AES, and as what ChaCha20 takes for counter and nonce.
pub const SAMPLE_LEN: usize = 16;

/// A byte for the flags, and four for the longest packet number.
pub const MASK_LEN: usize = 5;

/// RFC 9000 section 17.1.
const MAX_NUMBER_LEN: usize = 4;

/// How often a key may be used. RFC 9001 section 6.6.
#[derive(Clone, Copy)]
pub(crate) struct Limits {
    pub(crate) confidentiality: u64,
    pub(crate) integrity: u64,
}

impl Limits {
    /// AES in GCM. RFC 9001 appendix B.1.
    pub(crate) const AES_GCM: Self = Self { confidentiality: 1 << 23, integrity: 1 << 52 };

    /// More packets than there are numbers for may be sent; forged ones still count. RFC 9001 section 6.6.
    pub(crate) const CHACHA20_POLY1305: Self = Self { confidentiality: u64::MAX, integrity: 1 << 36 };
}

/// Protects and opens packets.
pub(crate) struct Packets<A> {
    aead: A,
    iv: Iv,
    limits: Limits,
}

impl<A: Aead + 'static> Packets<A> {
    pub(crate) fn boxed(aead: A, iv: Iv, limits: Limits) -> Box<dyn PacketKey> {
        Box::new(Self { aead, iv, limits })
    }
}

impl<A: Aead> Packets<A> {
    fn seal(&self, nonce: Nonce, header: &[u8], payload: &mut [u8]) -> Result<Tag, Error> {
        match self.aead.seal_in_place(nonce, header, payload) {
            Ok(tag) => Ok(Tag(tag)),
            Err(Failed) => Err(Error::EncryptError),
        }
    }

    fn open<'a>(&self, nonce: Nonce, header: &[u8], payload: &'a mut [u8]) -> Result<&'a [u8], Error> {
        let (text, tag) = payload.split_last_chunk_mut::<TAG_LEN>().ok_or_else(|| Error::DecryptError)?;
        match self.aead.open_in_place(nonce, header, text, tag) {
            Ok(()) => Ok(text),
            Err(Failed) => Err(Error::DecryptError),
        }
    }
}

impl<A: Aead> PacketKey for Packets<A> {
    fn encrypt_in_place(&self, packet_number: u64, header: &[u8], payload: &mut [u8]) -> Result<Tag, Error> {
        self.seal(Nonce::new(&self.iv, packet_number), header, payload)
    }

    fn encrypt_in_place_for_path(
        &self,
        path_id: u32,
        packet_number: u64,
        header: &[u8],
        payload: &mut [u8],
    ) -> Result<Tag, Error> {
        self.seal(Nonce::for_path(path_id, &self.iv, packet_number), header, payload)
    }

    fn decrypt_in_place<'a>(
        &self,
        packet_number: u64,
        header: &[u8],
        payload: &'a mut [u8],
    ) -> Result<&'a [u8], Error> {
        self.open(Nonce::new(&self.iv, packet_number), header, payload)
    }

    fn decrypt_in_place_for_path<'a>(
        &self,
        path_id: u32,
        packet_number: u64,
        header: &[u8],
        payload: &'a mut [u8],
    ) -> Result<&'a [u8], Error> {
        self.open(Nonce::for_path(path_id, &self.iv, packet_number), header, payload)
    }

    fn tag_len(&self) -> usize {
        TAG_LEN
    }

    fn confidentiality_limit(&self) -> u64 {
        self.limits.confidentiality
    }

    fn integrity_limit(&self) -> u64 {
        self.limits.integrity
    }
}

/// Adds and removes the protection of headers.
pub(crate) struct Headers<C>(C);

impl<C: HeaderMask + 'static> Headers<C> {
    pub(crate) fn boxed(cipher: C) -> Box<dyn HeaderProtectionKey> {
        Box::new(Self(cipher))
    }
}

impl<C: HeaderMask> Headers<C> {
    fn mask(&self, sample: &[u8], packet_number: &[u8]) -> Result<[u8; MASK_LEN], Error> {
        let sample = sample.try_into().map_err(|_| Error::General("sample of invalid length".into()))?;
        if packet_number.len() > MAX_NUMBER_LEN {
            return Err(Error::General("packet number too long".into()));
        }
        self.0.mask(sample).map_err(|Failed| Error::EncryptError)
    }
}

impl<C: HeaderMask> HeaderProtectionKey for Headers<C> {
    fn encrypt_in_place(&self, sample: &[u8], first: &mut u8, packet_number: &mut [u8]) -> Result<(), Error> {
        let [flags, number @ ..] = self.mask(sample, packet_number)?;
        mask_number(packet_number, number, *first);
        *first ^= flags & protected_bits(*first);
        Ok(())
    }

    fn decrypt_in_place(&self, sample: &[u8], first: &mut u8, packet_number: &mut [u8]) -> Result<(), Error> {
        let [flags, number @ ..] = self.mask(sample, packet_number)?;
        *first ^= flags & protected_bits(*first);
        mask_number(packet_number, number, *first);
        Ok(())
    }

    fn sample_len(&self) -> usize {
        SAMPLE_LEN
    }
}

/// The length of the packet number, less one. RFC 9000 sections 17.2 and 17.3.
const NUMBER_LEN_BITS: u8 = 0b11;

/// Four bits of a long header are protected, five of a short one. The bit that tells which is not. RFC 9001 section 5.4.1.
fn protected_bits(first: u8) -> u8 {
    match first & 0x80 {
        0 => 0x1f,
        _ => 0x0f,
    }
}

/// Masks as many bytes as `first`, unprotected, says that the number has. How many that are is for nobody to see, so time does not
/// depend on it: each byte that is there is touched. RFC 9001 section 9.5.
fn mask_number(packet_number: &mut [u8], mask: [u8; MAX_NUMBER_LEN], first: u8) {
    let missing = NUMBER_LEN_BITS - (first & NUMBER_LEN_BITS);
    let mask = u32::from_be_bytes(mask) & (u32::MAX << (8 * u32::from(missing)));
    packet_number.iter_mut().zip(mask.to_be_bytes()).for_each(|(byte, mask)| *byte ^= mask);
}
