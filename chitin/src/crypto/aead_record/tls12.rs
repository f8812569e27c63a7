//! TLS 1.2 record protection (RFC 5246 section 6.2.3.3).
//!
//! The type stands in the header, there is no padding, and the additional data begins with the sequence number. The two
//! families of suites differ in their nonces only: that is [`NonceForm`].

use super::{MAX_PLAINTEXT, TAG_LEN};
use crate::crypto::aead::{Aead, Failed};
use crate::crypto::cipher::{
    HEADER_LEN, InboundOpaqueMessage, InboundPlainMessage, Iv, KeyBlockShape, MessageDecrypter,
    MessageEncrypter, Nonce, OutboundChunks, OutboundOpaqueMessage, OutboundPlainMessage, PrefixedPayload,
    Sealed, make_tls12_aad, record_header,
};
use crate::error::Error;
use crate::names::{ContentType, ProtocolVersion};
use crate::secret::copy;

/// Where the nonce of a record comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NonceForm {
    /// Four bytes of the key block, and eight that stand at the head of the record. RFC 5288 section 3.
    ///
    /// Ours are a start of our own, mixed with the sequence number: as that never comes twice under a key, neither do they.
    Explicit,

    /// Twelve bytes of the key block, mixed with the sequence number. RFC 7905 section 2.
    Implicit,
}

impl NonceForm {
    /// How many bytes of the nonce each record carries.
    const fn sent_len(self) -> usize {
        match self {
            Self::Explicit => 8,
            Self::Implicit => 0,
        }
    }

    /// What the key block has to give, for keys of that length.
    pub(crate) const fn key_block_shape(self, enc_key_len: usize) -> KeyBlockShape {
        let explicit_nonce_len = self.sent_len();
        KeyBlockShape {
            enc_key_len,
            fixed_iv_len: crate::crypto::cipher::NONCE_LEN - explicit_nonce_len,
            explicit_nonce_len,
        }
    }

    /// How many bytes protection adds to a record.
    const fn overhead(self) -> usize {
        self.sent_len() + TAG_LEN
    }
}

/// Puts the fixed part of the nonces and the start of the sent part together. In the implicit form there is no `extra`.
pub(crate) fn whole_iv(fixed: &[u8], extra: &[u8]) -> Iv {
    let mut iv = [0; crate::crypto::cipher::NONCE_LEN];
    copy(fixed, &mut iv);
    copy(extra, iv.get_mut(fixed.len()..).unwrap_or_default());
    Iv::new(iv)
}

/// Protects TLS 1.2 records.
pub(crate) struct Tls12Sealer<A> {
    aead: A,
    form: NonceForm,
    iv: Iv,
}

impl<A: Aead> Tls12Sealer<A> {
    /// `iv` has both parts of the nonce, see [`whole_iv`].
    pub(crate) fn new(aead: A, form: NonceForm, iv: Iv) -> Self {
        Self { aead, form, iv }
    }

    fn write(&self, msg: &OutboundPlainMessage<'_>, seq: u64, slot: &mut [u8]) -> Option<usize> {
        let len = msg.payload.len();
        let sealed_len = len.checked_add(self.form.overhead())?;
        let (header, body) = slot.split_first_chunk_mut::<HEADER_LEN>()?;
        *header = record_header(msg.typ, msg.version, sealed_len);
        let (sent, rest) = body.get_mut(..sealed_len)?.split_at_mut_checked(self.form.sent_len())?;

        let nonce = Nonce::new(&self.iv, seq);
        sent.copy_from_slice(nonce.0.get(nonce.0.len().checked_sub(sent.len())?..)?);
        let aad = make_tls12_aad(seq, msg.typ, msg.version, len);
        match msg.payload {
            OutboundChunks::Single(plain) => self.aead.seal_into(nonce, &aad, plain, &[], rest).ok()?,
            OutboundChunks::Multiple { .. } => {
                let (text, tag) = rest.split_last_chunk_mut::<TAG_LEN>()?;
                msg.payload.copy_to_slice(text)?;
                *tag = self.aead.seal_in_place(nonce, &aad, text).ok()?;
            }
        }
        HEADER_LEN.checked_add(sealed_len)
    }
}

impl<A: Aead> MessageEncrypter for Tls12Sealer<A> {
    fn encrypt(&mut self, msg: OutboundPlainMessage<'_>, seq: u64) -> Result<OutboundOpaqueMessage, Error> {
        let mut payload = PrefixedPayload::zeroed(self.encrypted_payload_len(msg.payload.len()));
        self.write(&msg, seq, payload.record_mut()).ok_or_else(|| Error::EncryptError)?;
        Ok(OutboundOpaqueMessage::new(msg.typ, msg.version, payload))
    }

    fn encrypted_payload_len(&self, payload_len: usize) -> usize {
        payload_len.saturating_add(self.form.overhead())
    }

    fn seal(&mut self, msg: OutboundPlainMessage<'_>, seq: u64, slot: &mut [u8]) -> Result<Sealed, Error> {
        self.write(&msg, seq, slot).map(Sealed::Written).ok_or_else(|| Error::EncryptError)
    }
}

/// Opens TLS 1.2 records.
pub(crate) struct Tls12Opener<A> {
    aead: A,
    form: NonceForm,
    iv: Iv,
}

impl<A: Aead> Tls12Opener<A> {
    /// `fixed` is the part of the nonces that the key block gives.
    pub(crate) fn new(aead: A, form: NonceForm, fixed: &[u8]) -> Self {
        Self { aead, form, iv: whole_iv(fixed, &[]) }
    }

    /// The nonce of a record that begins with `sent`.
    fn nonce(&self, sent: &[u8], seq: u64) -> Nonce {
        match self.form {
            NonceForm::Implicit => Nonce::new(&self.iv, seq),
            // The IV has zeros in the place of what is sent.
            NonceForm::Explicit => {
                let mut nonce = Nonce::new(&self.iv, 0);
                nonce.0.iter_mut().rev().zip(sent.iter().rev()).for_each(|(to, from)| *to = *from);
                nonce
            }
        }
    }

    /// How long the text in a sealed body of that length is; `None` if there is no room for nonce and tag.
    fn text_len(&self, sealed_len: usize) -> Option<usize> {
        sealed_len.checked_sub(self.form.overhead())
    }
}

impl<A: Aead> MessageDecrypter for Tls12Opener<A> {
    fn decrypt<'a>(
        &mut self,
        mut msg: InboundOpaqueMessage<'a>,
        seq: u64,
    ) -> Result<InboundPlainMessage<'a>, Error> {
        let len = self.text_len(msg.payload.len()).ok_or_else(|| Error::DecryptError)?;
        let aad = make_tls12_aad(seq, msg.typ, ProtocolVersion::TLSv1_2, len);
        let at = self.form.sent_len();
        let (sent, rest) = msg.payload.split_at_mut_checked(at).ok_or_else(|| Error::DecryptError)?;
        let (text, tag) = rest.split_last_chunk_mut::<TAG_LEN>().ok_or_else(|| Error::DecryptError)?;
        let nonce = self.nonce(sent, seq);
        self.aead.open_in_place(nonce, &aad, text, tag).map_err(|Failed| Error::DecryptError)?;
        within_limit(len)?;
        // Both ends are within the payload: `text_len` has seen that.
        Ok(msg.into_plain_message_range(at..at.saturating_add(len)))
    }

    fn open_into_len(&self, sealed_len: usize) -> Option<usize> {
        self.text_len(sealed_len)
    }

    fn open_into(
        &mut self,
        typ: ContentType,
        sealed: &[u8],
        seq: u64,
        out: &mut [u8],
    ) -> Result<(ContentType, usize), Error> {
        let len = self.text_len(sealed.len()).ok_or_else(|| Error::DecryptError)?;
        let aad = make_tls12_aad(seq, typ, ProtocolVersion::TLSv1_2, len);
        let (sent, rest) =
            sealed.split_at_checked(self.form.sent_len()).ok_or_else(|| Error::DecryptError)?;
        let (text, tag) = rest.split_last_chunk::<TAG_LEN>().ok_or_else(|| Error::DecryptError)?;
        let out = out.get_mut(..len).ok_or_else(|| Error::DecryptError)?;
        let nonce = self.nonce(sent, seq);
        self.aead.open_into(nonce, &aad, text, tag, out).map_err(|Failed| Error::DecryptError)?;
        within_limit(len)?;
        Ok((typ, len))
    }
}

/// RFC 5246 section 6.2.1.
fn within_limit(len: usize) -> Result<(), Error> {
    match len <= MAX_PLAINTEXT {
        true => Ok(()),
        false => Err(Error::PeerSentOversizedRecord),
    }
}
