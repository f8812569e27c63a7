//! TLS 1.3 record protection (RFC 8446 section 5.2), written once over the trait [`Aead`].
//!
//! This file owns what a record is made of: header, nonce, additional data, inner type, padding. An adapter brings the
//! AEAD, and nothing else. Protection of TLS 1.2 records has other nonces, other additional data and no inner type;
//! it is a second pair of types over the same trait, in `aead_record/tls12.rs`.
//!
//! Neither direction allocates: a record is sealed from the caller's slices into the slot it will be sent from, and
//! opened where it lies or into the slice where it is wanted.

#[cfg(feature = "tls12")]
mod tls12;

#[cfg(feature = "tls12")]
pub(crate) use tls12::{NonceForm, Tls12Opener, Tls12Sealer, whole_iv};

use super::aead::{Aead, Failed};
use super::cipher::{
    HEADER_LEN, InboundOpaqueMessage, InboundPlainMessage, Iv, MessageDecrypter, MessageEncrypter, Nonce,
    OutboundChunks, OutboundOpaqueMessage, OutboundPlainMessage, PrefixedPayload, Sealed, make_tls13_aad,
};
use crate::error::{Error, PeerMisbehaved};
use crate::names::{ContentType, ProtocolVersion};

/// The tag of every AEAD in use.
pub const TAG_LEN: usize = 16;

/// The longest message in a record. RFC 8446 section 5.1.
const MAX_PLAINTEXT: usize = 1 << 14;

/// Protects TLS 1.3 records.
pub(crate) struct Tls13Sealer<A> {
    aead: A,
    iv: Iv,
}

impl<A: Aead> Tls13Sealer<A> {
    pub(crate) fn new(aead: A, iv: Iv) -> Self {
        Self { aead, iv }
    }

    /// Writes the header and hands out, behind it, room for `inner` bytes and for the tag.
    fn lay_out(slot: &mut [u8], inner: usize) -> Option<([u8; HEADER_LEN], &mut [u8])> {
        let sealed_len = inner.checked_add(TAG_LEN)?;
        let (header, body) = slot.split_first_chunk_mut::<HEADER_LEN>()?;
        *header = make_tls13_aad(sealed_len);
        Some((*header, body.get_mut(..sealed_len)?))
    }

    // Its one caller is in a table of functions, where a call more would be one for each record.
    #[inline(always)]
    fn write(&self, msg: &OutboundPlainMessage<'_>, seq: u64, slot: &mut [u8]) -> Option<usize> {
        let len = msg.payload.len();
        let (aad, body) = Self::lay_out(slot, len.checked_add(1)?)?;
        let nonce = Nonce::new(&self.iv, seq);
        let typ = [msg.typ.value()];
        match msg.payload {
            OutboundChunks::Single(plain) => self.aead.seal_into(nonce, &aad, plain, &typ, body).ok()?,
            OutboundChunks::Multiple { .. } => {
                let (text, tag) = body.split_last_chunk_mut::<TAG_LEN>()?;
                msg.payload.copy_to_slice(text)?;
                *text.last_mut()? = msg.typ.value();
                *tag = self.aead.seal_in_place(nonce, &aad, text).ok()?;
            }
        }
        Some(HEADER_LEN + len + 1 + TAG_LEN)
    }

    /// TLSInnerPlaintext is the message, its type, and any number of zeros. RFC 8446 section 5.4.
    fn write_padded(
        &self,
        msg: &OutboundPlainMessage<'_>,
        pad: usize,
        seq: u64,
        slot: &mut [u8],
    ) -> Option<usize> {
        let len = msg.payload.len();
        let inner = len.checked_add(1)?.checked_add(pad).filter(|inner| *inner <= MAX_PLAINTEXT + 1)?;
        let (aad, body) = Self::lay_out(slot, inner)?;
        let (text, tag) = body.split_last_chunk_mut::<TAG_LEN>()?;
        msg.payload.copy_to_slice(text)?;
        let (typ, zeros) = text.get_mut(len..)?.split_first_mut()?;
        *typ = msg.typ.value();
        zeros.fill(0);
        *tag = self.aead.seal_in_place(Nonce::new(&self.iv, seq), &aad, text).ok()?;
        Some(HEADER_LEN + inner + TAG_LEN)
    }
}

impl<A: Aead> MessageEncrypter for Tls13Sealer<A> {
    fn encrypt(&mut self, msg: OutboundPlainMessage<'_>, seq: u64) -> Result<OutboundOpaqueMessage, Error> {
        let mut payload = PrefixedPayload::zeroed(self.encrypted_payload_len(msg.payload.len()));
        self.seal(msg, seq, payload.record_mut())?;
        Ok(OutboundOpaqueMessage::new(ContentType::ApplicationData, ProtocolVersion::TLSv1_2, payload))
    }

    fn encrypted_payload_len(&self, payload_len: usize) -> usize {
        payload_len.saturating_add(1 + TAG_LEN)
    }

    fn seal(&mut self, msg: OutboundPlainMessage<'_>, seq: u64, slot: &mut [u8]) -> Result<Sealed, Error> {
        match self.write(&msg, seq, slot) {
            Some(n) => Ok(Sealed::Written(n)),
            None => Err(Error::EncryptError),
        }
    }

    fn seal_padded(
        &mut self,
        msg: OutboundPlainMessage<'_>,
        pad: usize,
        seq: u64,
        slot: &mut [u8],
    ) -> Option<Result<Sealed, Error>> {
        Some(self.write_padded(&msg, pad, seq, slot).map(Sealed::Written).ok_or_else(|| Error::EncryptError))
    }
}

/// Opens TLS 1.3 records.
pub(crate) struct Tls13Opener<A> {
    aead: A,
    iv: Iv,
}

impl<A: Aead> Tls13Opener<A> {
    pub(crate) fn new(aead: A, iv: Iv) -> Self {
        Self { aead, iv }
    }
}

impl<A: Aead> MessageDecrypter for Tls13Opener<A> {
    fn decrypt<'a>(
        &mut self,
        mut msg: InboundOpaqueMessage<'a>,
        seq: u64,
    ) -> Result<InboundPlainMessage<'a>, Error> {
        let aad = make_tls13_aad(msg.payload.len());
        let Some((text, tag)) = msg.payload.split_last_chunk_mut::<TAG_LEN>() else {
            return Err(Error::DecryptError);
        };
        let len = text.len();
        self.aead
            .open_in_place(Nonce::new(&self.iv, seq), &aad, text, tag)
            .map_err(|Failed| Error::DecryptError)?;
        msg.payload.truncate(len);
        msg.into_tls13_unpadded_message()
    }

    fn open_into_len(&self, sealed_len: usize) -> Option<usize> {
        sealed_len.checked_sub(TAG_LEN)
    }

    fn open_into(
        &mut self,
        _typ: ContentType,
        sealed: &[u8],
        seq: u64,
        out: &mut [u8],
    ) -> Result<(ContentType, usize), Error> {
        let aad = make_tls13_aad(sealed.len());
        let (text, tag) = sealed.split_last_chunk::<TAG_LEN>().ok_or_else(|| Error::DecryptError)?;
        let out = out.get_mut(..text.len()).ok_or_else(|| Error::DecryptError)?;
        self.aead
            .open_into(Nonce::new(&self.iv, seq), &aad, text, tag, out)
            .map_err(|Failed| Error::DecryptError)?;
        inner_plaintext(out)
    }
}

/// Takes a TLSInnerPlaintext apart: the type of the message and its length (RFC 8446 section 5.4).
///
/// Finding the end of the padding takes a time that depends on its length. The RFC accepts that (appendix E.3), and the
/// record has been authenticated before.
pub(super) fn inner_plaintext(opened: &[u8]) -> Result<(ContentType, usize), Error> {
    if opened.len() > MAX_PLAINTEXT + 1 {
        return Err(Error::PeerSentOversizedRecord);
    }
    let end = opened.iter().rposition(|byte| *byte != 0).ok_or(PeerMisbehaved::IllegalTlsInnerPlaintext)?;
    let typ = opened.get(end).copied().ok_or(PeerMisbehaved::IllegalTlsInnerPlaintext)?;
    Ok((ContentType::from(typ), end))
}
