//! Record protection as a provider implements it: messages before and after protection, keys, nonces, and the two
//! traits that turn one into the other.
//!
//! The types and signatures are those of rustls 0.23, so a provider written for it fits. Beyond it are a few
//! doc-hidden methods with defaults, by which our own adapters seal and open without allocating. A provider that wraps
//! another one should forward them to keep that speed; one that does not know them works as it always did.
//!
//! Nothing here protects anything itself, and no `Debug` in this file prints a payload.

use alloc::boxed::Box;
use alloc::vec::Vec;
use core::fmt;
use core::ops::{Deref, DerefMut, Range};

use zeroize::Zeroize;

use super::aead_record;
use super::suites::ConnectionTrafficSecrets;
use crate::error::Error;
use crate::msgs::base::Payload;
pub use crate::names::UnsupportedOperationError;
use crate::names::{ContentType, ProtocolVersion};
use crate::secret::copy;

/// Makes the record protection of one TLS 1.3 cipher suite (RFC 8446 section 5.2).
pub trait Tls13AeadAlgorithm: Send + Sync {
    /// Makes the half that protects what we send.
    fn encrypter(&self, key: AeadKey, iv: Iv) -> Box<dyn MessageEncrypter>;

    /// Makes the half that opens what we receive.
    fn decrypter(&self, key: AeadKey, iv: Iv) -> Box<dyn MessageDecrypter>;

    /// The length of the key, in bytes.
    fn key_len(&self) -> usize;

    /// Gives key and IV in the form that kernel offload takes.
    ///
    /// # Errors
    /// [`UnsupportedOperationError`] if this algorithm's keys do not leave the provider.
    fn extract_keys(
        &self,
        key: AeadKey,
        iv: Iv,
    ) -> Result<ConnectionTrafficSecrets, UnsupportedOperationError>;

    /// Whether this is a FIPS-approved implementation.
    fn fips(&self) -> bool {
        false
    }
}

/// Makes the record protection of one TLS 1.2 AEAD cipher suite (RFC 5246 section 6.2.3.3).
pub trait Tls12AeadAlgorithm: Send + Sync + 'static {
    /// Makes the half that protects what we send. `extra` is the start of the explicit nonce, for suites that have one.
    fn encrypter(&self, key: AeadKey, iv: &[u8], extra: &[u8]) -> Box<dyn MessageEncrypter>;

    /// Makes the half that opens what we receive.
    fn decrypter(&self, key: AeadKey, iv: &[u8]) -> Box<dyn MessageDecrypter>;

    /// How this algorithm's part of the key block is divided (RFC 5246 section 6.3).
    fn key_block_shape(&self) -> KeyBlockShape;

    /// Gives key and IV in the form that kernel offload takes.
    ///
    /// # Errors
    /// [`UnsupportedOperationError`] if this algorithm's keys do not leave the provider.
    fn extract_keys(
        &self,
        key: AeadKey,
        iv: &[u8],
        explicit: &[u8],
    ) -> Result<ConnectionTrafficSecrets, UnsupportedOperationError>;

    /// Whether this is a FIPS-approved implementation.
    fn fips(&self) -> bool {
        false
    }
}

/// How one direction's part of the TLS 1.2 key block is divided (RFC 5246 section 6.3).
pub struct KeyBlockShape {
    /// The length of each encryption key.
    pub enc_key_len: usize,

    /// The length of the part of each nonce that comes from the key block.
    pub fixed_iv_len: usize,

    /// The length of the random start of the nonces sent in records; not part of what the peer derives.
    pub explicit_nonce_len: usize,
}

/// Protects records, one at a time.
pub trait MessageEncrypter: Send + Sync {
    /// Protects `msg` with the sequence number `seq`.
    ///
    /// # Errors
    /// [`Error::EncryptError`] if the algorithm refuses.
    fn encrypt(&mut self, msg: OutboundPlainMessage<'_>, seq: u64) -> Result<OutboundOpaqueMessage, Error>;

    /// How long a payload of `payload_len` bytes becomes, without the record header.
    fn encrypted_payload_len(&self, payload_len: usize) -> usize;

    /// Seals `msg` as a whole record, header included, out of place into `slot`, which has room for
    /// `5 + encrypted_payload_len(len)` bytes.
    ///
    /// The slot is the tail of the outgoing buffer or of the caller's slice. A provider without this method makes an
    /// owned record, so one that announces a wrong length does no harm.
    #[doc(hidden)]
    fn seal(&mut self, msg: OutboundPlainMessage<'_>, seq: u64, slot: &mut [u8]) -> Result<Sealed, Error> {
        let _ = slot;
        Ok(Sealed::Owned(self.encrypt(msg, seq)?))
    }

    /// Seals like [`seal`](Self::seal), with `pad` zero bytes of padding (RFC 8446 section 5.4) inside the protection.
    /// `slot` has room for `5 + encrypted_payload_len(len + pad)` bytes.
    ///
    /// `None`: this provider, or this version of TLS, cannot pad.
    #[doc(hidden)]
    fn seal_padded(
        &mut self,
        msg: OutboundPlainMessage<'_>,
        pad: usize,
        seq: u64,
        slot: &mut [u8],
    ) -> Option<Result<Sealed, Error>> {
        let _ = (msg, pad, seq, slot);
        None
    }
}

/// What [`MessageEncrypter::seal`] did: filled the head of the slot, or made an owned record.
#[doc(hidden)]
#[derive(Debug)]
pub enum Sealed {
    /// So many bytes at the head of the slot are the record.
    Written(usize),

    /// The provider has only `encrypt`; the slot is untouched.
    Owned(OutboundOpaqueMessage),
}

/// Opens records, one at a time.
pub trait MessageDecrypter: Send + Sync {
    /// Opens `msg` in place, with the sequence number `seq`.
    ///
    /// # Errors
    /// [`Error::DecryptError`] if the record is not authentic; others if what is inside breaks the protocol.
    fn decrypt<'a>(
        &mut self,
        msg: InboundOpaqueMessage<'a>,
        seq: u64,
    ) -> Result<InboundPlainMessage<'a>, Error>;

    /// How many bytes of `out` [`open_into`](Self::open_into) needs for a ciphertext of `sealed_len` bytes.
    ///
    /// `None`: this provider cannot open out of place, or no record of that length can be authentic.
    #[doc(hidden)]
    fn open_into_len(&self, sealed_len: usize) -> Option<usize> {
        let _ = sealed_len;
        None
    }

    /// Opens the body of a record out of place. On an error, and for everything but application data, the caller
    /// wipes `out`.
    #[doc(hidden)]
    fn open_into(
        &mut self,
        typ: ContentType,
        sealed: &[u8],
        seq: u64,
        out: &mut [u8],
    ) -> Result<(ContentType, usize), Error> {
        let _ = (typ, sealed, seq, out);
        Err(Error::DecryptError)
    }
}

/// A message that has no protection yet, borrowed from whoever sends it.
pub struct OutboundPlainMessage<'a> {
    /// What the message is.
    pub typ: ContentType,

    /// The version that goes into the record header.
    pub version: ProtocolVersion,

    /// The bytes to protect.
    pub payload: OutboundChunks<'a>,
}

impl<'a> fmt::Debug for OutboundPlainMessage<'a> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OutboundPlainMessage")
            .field("typ", &self.typ)
            .field("version", &self.version)
            .field("payload", &self.payload)
            .finish()
    }
}

/// Bytes to send, in one piece or in several.
///
/// `Debug` prints the length only.
#[derive(Clone)]
pub enum OutboundChunks<'a> {
    /// One piece.
    Single(&'a [u8]),

    /// Several pieces, of which the bytes from `start` to `end`, counted over all of them, are meant.
    Multiple {
        /// The pieces.
        chunks: &'a [&'a [u8]],
        /// The first byte that counts.
        start: usize,
        /// One after the last byte that counts.
        end: usize,
    },
}

impl<'a> OutboundChunks<'a> {
    /// Takes all the bytes of `chunks`.
    pub fn new(chunks: &'a [&'a [u8]]) -> Self {
        match chunks {
            [one] => Self::Single(one),
            _ => Self::Multiple { chunks, start: 0, end: chunks.iter().map(|chunk| chunk.len()).sum() },
        }
    }

    /// Takes no bytes.
    pub fn new_empty() -> Self {
        Self::Single(&[])
    }

    /// How many bytes there are.
    pub fn len(&self) -> usize {
        match self {
            Self::Single(chunk) => chunk.len(),
            Self::Multiple { start, end, .. } => end.saturating_sub(*start),
        }
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Splits after `mid` bytes, or at the end if there are fewer.
    pub fn split_at(&self, mid: usize) -> (Self, Self) {
        match *self {
            Self::Single(chunk) => {
                let (head, tail) = chunk.split_at(mid.min(chunk.len()));
                (Self::Single(head), Self::Single(tail))
            }
            Self::Multiple { chunks, start, end } => {
                let mid = start.saturating_add(mid).min(end);
                (Self::Multiple { chunks, start, end: mid }, Self::Multiple { chunks, start: mid, end })
            }
        }
    }

    /// Copies the bytes into a new vector.
    pub fn to_vec(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(self.len());
        self.copy_to_vec(&mut out);
        out
    }

    /// Appends the bytes to `out`.
    pub fn copy_to_vec(&self, out: &mut Vec<u8>) {
        self.for_each(|chunk| out.extend_from_slice(chunk));
    }

    /// Shows each run of bytes in order.
    pub(crate) fn for_each(&self, mut f: impl FnMut(&[u8])) {
        match *self {
            Self::Single(chunk) => f(chunk),
            Self::Multiple { chunks, start, end } => {
                let mut at = 0_usize;
                for chunk in chunks {
                    let from = start.saturating_sub(at).min(chunk.len());
                    let to = end.saturating_sub(at).min(chunk.len());
                    if let Some(run) = chunk.get(from..to).filter(|run| !run.is_empty()) {
                        f(run);
                    }
                    at = at.saturating_add(chunk.len());
                }
            }
        }
    }

    /// Copies all bytes to the head of `out`; `None` if they do not fit.
    pub(crate) fn copy_to_slice(&self, out: &mut [u8]) -> Option<()> {
        let mut rest = out.get_mut(..self.len())?;
        self.for_each(|chunk| {
            let (now, later) = core::mem::take(&mut rest).split_at_mut(chunk.len());
            now.copy_from_slice(chunk);
            rest = later;
        });
        Some(())
    }
}

impl<'a> From<&'a [u8]> for OutboundChunks<'a> {
    fn from(payload: &'a [u8]) -> Self {
        Self::Single(payload)
    }
}

impl<'a> fmt::Debug for OutboundChunks<'a> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "OutboundChunks({} bytes)", self.len())
    }
}

/// A record ready to be sent, owned.
#[derive(Clone, Debug)]
pub struct OutboundOpaqueMessage {
    /// The type in the record header.
    pub typ: ContentType,

    /// The version in the record header.
    pub version: ProtocolVersion,

    /// The body, with room for the header before it.
    pub payload: PrefixedPayload,
}

impl OutboundOpaqueMessage {
    /// Puts the three parts together.
    pub fn new(typ: ContentType, version: ProtocolVersion, payload: PrefixedPayload) -> Self {
        Self { typ, version, payload }
    }

    /// Writes the header before the body and gives the record's bytes.
    pub fn encode(self) -> Vec<u8> {
        let Self { typ, version, payload: PrefixedPayload(mut bytes) } = self;
        let len = bytes.len().saturating_sub(HEADER_LEN);
        if let Some(head) = bytes.first_chunk_mut() {
            *head = record_header(typ, version, len);
        }
        bytes
    }

    /// Takes the body for what it is, without opening anything: for records that have no protection.
    pub fn into_plain_message(self) -> PlainMessage {
        let Self { typ, version, payload: PrefixedPayload(mut bytes) } = self;
        bytes.drain(..HEADER_LEN.min(bytes.len()));
        PlainMessage { typ, version, payload: Payload::Owned(bytes) }
    }
}

/// An owned message without protection.
#[derive(Clone, Debug)]
pub struct PlainMessage {
    /// What the message is.
    pub typ: ContentType,

    /// The version of the record it came from or goes to.
    pub version: ProtocolVersion,

    /// The message's bytes.
    pub payload: Payload<'static>,
}

impl PlainMessage {
    /// Makes a record of it as it is.
    pub fn into_unencrypted_opaque(self) -> OutboundOpaqueMessage {
        OutboundOpaqueMessage {
            typ: self.typ,
            version: self.version,
            payload: PrefixedPayload::from(self.payload.bytes()),
        }
    }

    /// Lends it as a received message.
    pub fn borrow_inbound(&self) -> InboundPlainMessage<'_> {
        InboundPlainMessage { typ: self.typ, version: self.version, payload: self.payload.bytes() }
    }

    /// Lends it as a message to send.
    pub fn borrow_outbound(&self) -> OutboundPlainMessage<'_> {
        OutboundPlainMessage { typ: self.typ, version: self.version, payload: self.payload.bytes().into() }
    }
}

/// A record's body with room for the record header before it, so that sending needs no copy.
///
/// `Debug` prints the length only.
#[derive(Clone)]
pub struct PrefixedPayload(Vec<u8>);

impl PrefixedPayload {
    /// Makes an empty body with room for `capacity` bytes.
    pub fn with_capacity(capacity: usize) -> Self {
        let mut bytes = Vec::with_capacity(HEADER_LEN.saturating_add(capacity));
        bytes.resize(HEADER_LEN, 0);
        Self(bytes)
    }

    /// Makes a body of `len` zero bytes, to be overwritten.
    pub(crate) fn zeroed(len: usize) -> Self {
        Self(alloc::vec![0; HEADER_LEN.saturating_add(len)])
    }

    /// The whole record: header and body.
    pub(crate) fn record_mut(&mut self) -> &mut [u8] {
        &mut self.0
    }

    /// Appends `slice`.
    pub fn extend_from_slice(&mut self, slice: &[u8]) {
        self.0.extend_from_slice(slice);
    }

    /// Appends the bytes of `chunks`.
    pub fn extend_from_chunks(&mut self, chunks: &OutboundChunks<'_>) {
        chunks.copy_to_vec(&mut self.0);
    }

    /// Shortens the body to `len` bytes.
    pub fn truncate(&mut self, len: usize) {
        self.0.truncate(HEADER_LEN.saturating_add(len));
    }
}

impl AsRef<[u8]> for PrefixedPayload {
    fn as_ref(&self) -> &[u8] {
        self.0.get(HEADER_LEN..).unwrap_or_default()
    }
}

impl AsMut<[u8]> for PrefixedPayload {
    fn as_mut(&mut self) -> &mut [u8] {
        self.0.get_mut(HEADER_LEN..).unwrap_or_default()
    }
}

impl<'a> Extend<&'a u8> for PrefixedPayload {
    fn extend<T: IntoIterator<Item = &'a u8>>(&mut self, iter: T) {
        self.0.extend(iter);
    }
}

impl From<&[u8]> for PrefixedPayload {
    fn from(body: &[u8]) -> Self {
        let mut payload = Self::with_capacity(body.len());
        payload.extend_from_slice(body);
        payload
    }
}

impl<const N: usize> From<&[u8; N]> for PrefixedPayload {
    fn from(body: &[u8; N]) -> Self {
        Self::from(body.as_slice())
    }
}

impl fmt::Debug for PrefixedPayload {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PrefixedPayload({} bytes)", self.as_ref().len())
    }
}

/// A received record before it is opened, borrowed so that it can be opened in place.
pub struct InboundOpaqueMessage<'a> {
    /// The type in the record header.
    pub typ: ContentType,

    /// The version in the record header.
    pub version: ProtocolVersion,

    /// The body.
    pub payload: BorrowedPayload<'a>,
}

impl<'a> InboundOpaqueMessage<'a> {
    /// Puts the three parts together.
    pub fn new(typ: ContentType, version: ProtocolVersion, payload: &'a mut [u8]) -> Self {
        Self { typ, version, payload: BorrowedPayload(payload) }
    }

    /// Takes the body for what it is: after a provider has opened it in place, or where there is no protection.
    pub fn into_plain_message(self) -> InboundPlainMessage<'a> {
        InboundPlainMessage { typ: self.typ, version: self.version, payload: self.payload.0 }
    }

    /// Takes the bytes of `range` for the message.
    ///
    /// # Panics
    /// If `range` is not within the payload. It is the provider that names it, never the peer.
    #[allow(clippy::indexing_slicing, reason = "as documented: a provider's mistake, not a peer's")]
    pub fn into_plain_message_range(self, range: Range<usize>) -> InboundPlainMessage<'a> {
        InboundPlainMessage { typ: self.typ, version: self.version, payload: &self.payload.0[range] }
    }

    /// Takes an opened TLS 1.3 body apart: removes the padding and the inner type (RFC 8446 section 5.4).
    ///
    /// # Errors
    /// [`Error::PeerSentOversizedRecord`] if there is more than 2^14 bytes and the type; and
    /// `PeerMisbehaved::IllegalTlsInnerPlaintext` if there is nothing but padding.
    pub fn into_tls13_unpadded_message(self) -> Result<InboundPlainMessage<'a>, Error> {
        let opened: &'a [u8] = self.payload.0;
        let (typ, len) = aead_record::inner_plaintext(opened)?;
        let payload = opened.get(..len).unwrap_or_default();
        Ok(InboundPlainMessage { typ, version: ProtocolVersion::TLSv1_3, payload })
    }
}

/// The body of a received record, to be opened in place and then shortened.
pub struct BorrowedPayload<'a>(&'a mut [u8]);

impl<'a> BorrowedPayload<'a> {
    /// Shortens the body to `len` bytes; nothing happens if it is no longer than that.
    pub fn truncate(&mut self, len: usize) {
        if len < self.0.len() {
            let (head, _) = core::mem::take(&mut self.0).split_at_mut(len);
            self.0 = head;
        }
    }
}

impl Deref for BorrowedPayload<'_> {
    type Target = [u8];

    fn deref(&self) -> &Self::Target {
        self.0
    }
}

impl DerefMut for BorrowedPayload<'_> {
    fn deref_mut(&mut self) -> &mut Self::Target {
        self.0
    }
}

/// A received message without protection, borrowed from where it was opened.
pub struct InboundPlainMessage<'a> {
    /// What the message is.
    pub typ: ContentType,

    /// The version of the record it came in.
    pub version: ProtocolVersion,

    /// The message's bytes.
    pub payload: &'a [u8],
}

impl<'a> fmt::Debug for InboundPlainMessage<'a> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("InboundPlainMessage")
            .field("typ", &self.typ)
            .field("version", &self.version)
            .field("payload", &format_args!("{} bytes", self.payload.len()))
            .finish()
    }
}

/// An AEAD key of up to 32 bytes, wiped on drop.
pub struct AeadKey {
    buf: [u8; Self::MAX_LEN],
    used: usize,
}

impl AeadKey {
    /// The longest AEAD key in use.
    pub(crate) const MAX_LEN: usize = 32;

    /// Copies a key; whatever is beyond [`Self::MAX_LEN`] is cut.
    pub(crate) fn new(bytes: &[u8]) -> Self {
        let mut key = Self { buf: [0; Self::MAX_LEN], used: bytes.len().min(Self::MAX_LEN) };
        copy(bytes, &mut key.buf);
        key
    }

    /// Has `fill` write a key of `len` bytes where it is going to stay; whatever is beyond [`Self::MAX_LEN`] is cut.
    pub(crate) fn filled(len: usize, fill: impl FnOnce(&mut [u8])) -> Self {
        let mut key = Self { buf: [0; Self::MAX_LEN], used: len.min(Self::MAX_LEN) };
        fill(key.buf.get_mut(..key.used).unwrap_or_default());
        key
    }
}

impl AsRef<[u8]> for AeadKey {
    fn as_ref(&self) -> &[u8] {
        self.buf.get(..self.used).unwrap_or_default()
    }
}

impl From<[u8; Self::MAX_LEN]> for AeadKey {
    fn from(mut bytes: [u8; Self::MAX_LEN]) -> Self {
        let key = Self::new(&bytes);
        bytes.zeroize();
        key
    }
}

impl Drop for AeadKey {
    fn drop(&mut self) {
        self.buf.as_mut_slice().zeroize();
    }
}

/// The per-connection value that sequence numbers are mixed with to make nonces, wiped on drop (RFC 8446 section 5.3).
#[derive(Default)]
pub struct Iv([u8; NONCE_LEN]);

impl Iv {
    /// Takes twelve bytes.
    pub fn new(value: [u8; NONCE_LEN]) -> Self {
        Self(value)
    }

    /// Copies `value`, which is meant to have twelve bytes: missing ones are zero, superfluous ones are dropped.
    pub fn copy(value: &[u8]) -> Self {
        let mut iv = Self::default();
        copy(value, &mut iv.0);
        iv
    }
}

impl From<[u8; NONCE_LEN]> for Iv {
    fn from(value: [u8; NONCE_LEN]) -> Self {
        Self::new(value)
    }
}

impl AsRef<[u8]> for Iv {
    fn as_ref(&self) -> &[u8] {
        &self.0
    }
}

impl Drop for Iv {
    fn drop(&mut self) {
        self.0.as_mut_slice().zeroize();
    }
}

/// A nonce, to be used for one record only.
pub struct Nonce(pub [u8; NONCE_LEN]);

impl Nonce {
    /// Mixes an IV with a sequence number (RFC 8446 section 5.3, RFC 9001 section 5.3).
    pub fn new(iv: &Iv, seq: u64) -> Self {
        let mut nonce = iv.0;
        let [_, _, _, _, number @ ..] = &mut nonce;
        // A number rather than eight bytes: this is done for every record.
        *number = (u64::from_be_bytes(*number) ^ seq).to_be_bytes();
        Self(nonce)
    }

    /// Mixes an IV with a path number and a packet number, as multipath QUIC does: 32 bits of path, then 64 of packet.
    pub fn for_path(path_id: u32, iv: &Iv, pn: u64) -> Self {
        let Self(mut nonce) = Self::new(iv, pn);
        let [path @ .., _, _, _, _, _, _, _, _] = &mut nonce;
        *path = (u32::from_be_bytes(*path) ^ path_id).to_be_bytes();
        Self(nonce)
    }
}

/// The length of every nonce in use.
pub const NONCE_LEN: usize = 12;

/// The additional data of a TLS 1.3 record: the header it will have (RFC 8446 section 5.2).
pub fn make_tls13_aad(payload_len: usize) -> [u8; 5] {
    record_header(ContentType::ApplicationData, ProtocolVersion::TLSv1_2, payload_len)
}

/// The additional data of a TLS 1.2 AEAD record: sequence number and plaintext header (RFC 5246 section 6.2.3.3).
pub fn make_tls12_aad(seq: u64, typ: ContentType, vers: ProtocolVersion, len: usize) -> [u8; 13] {
    let [s0, s1, s2, s3, s4, s5, s6, s7] = seq.to_be_bytes();
    let [typ, v0, v1, l0, l1] = record_header(typ, vers, len);
    [s0, s1, s2, s3, s4, s5, s6, s7, typ, v0, v1, l0, l1]
}

/// A record's header (RFC 8446 section 5.1). No record is longer than its two bytes of length can say.
pub(crate) fn record_header(typ: ContentType, version: ProtocolVersion, len: usize) -> [u8; HEADER_LEN] {
    let [v0, v1] = version.to_array();
    let [l0, l1] = u16::try_from(len).unwrap_or(u16::MAX).to_be_bytes();
    [typ.value(), v0, v1, l0, l1]
}

/// Type, version and length.
pub(crate) const HEADER_LEN: usize = 5;

#[cfg(test)]
mod tests {
    use alloc::format;

    use super::*;

    #[test]
    fn chunks_split_anywhere() {
        let chunks: [&[u8]; 4] = [b"abc", b"", b"d", b"efgh"];
        let all = OutboundChunks::new(&chunks);
        assert_eq!((all.len(), all.to_vec().as_slice()), (8, b"abcdefgh".as_slice()));
        for outer in 0..10 {
            let (head, tail) = all.split_at(outer);
            assert_eq!([head.to_vec(), tail.to_vec()].concat(), b"abcdefgh");
            assert_eq!(head.len(), outer.min(8));
            for inner in 0..10 {
                let (a, b) = tail.split_at(inner);
                assert_eq!([a.to_vec(), b.to_vec()].concat(), tail.to_vec());
                let mut flat = [0; 8];
                assert!(a.copy_to_slice(&mut flat).is_some());
                assert_eq!(&flat[..a.len()], a.to_vec());
            }
        }
        assert!(all.copy_to_slice(&mut [0; 7]).is_none());
        assert!(OutboundChunks::new_empty().is_empty());
    }

    #[test]
    fn debug_prints_no_payload() {
        let mut body = *b"secret";
        let plain = PlainMessage {
            typ: ContentType::ApplicationData,
            version: ProtocolVersion::TLSv1_3,
            payload: Payload::new(b"secret".to_vec()),
        };
        let printed = format!(
            "{:?} {:?} {:?} {:?} {:?}",
            plain,
            plain.borrow_inbound(),
            plain.borrow_outbound(),
            plain.clone().into_unencrypted_opaque(),
            InboundOpaqueMessage::new(ContentType::Alert, ProtocolVersion::TLSv1_2, &mut body)
                .into_plain_message(),
        );
        assert!(!printed.contains("secret") && !printed.contains("115"), "{printed}");
    }

    #[test]
    fn owned_record_has_its_header() {
        let mut payload = PrefixedPayload::with_capacity(4);
        payload.extend_from_slice(b"ab");
        payload.extend(b"cdef");
        payload.truncate(5);
        payload.as_mut()[0] = b'A';
        let record = OutboundOpaqueMessage::new(ContentType::Handshake, ProtocolVersion::TLSv1_2, payload);
        assert_eq!(record.clone().encode(), b"\x16\x03\x03\x00\x05Abcde");
        assert_eq!(record.into_plain_message().payload.bytes(), b"Abcde");
    }

    #[test]
    fn nonce_mixes_from_the_right() {
        let iv = Iv::new([0x10; 12]);
        assert_eq!(Nonce::new(&iv, 1).0, *b"\x10\x10\x10\x10\x10\x10\x10\x10\x10\x10\x10\x11");
        assert_eq!(Nonce::for_path(2, &iv, 3 << 56).0, *b"\x10\x10\x10\x12\x13\x10\x10\x10\x10\x10\x10\x10");
    }

    #[test]
    fn additional_data() {
        assert_eq!(make_tls13_aad(0x1234), *b"\x17\x03\x03\x12\x34");
        assert_eq!(
            make_tls12_aad(0x0102_0304_0506_0708, ContentType::Alert, ProtocolVersion::TLSv1_2, 2),
            *b"\x01\x02\x03\x04\x05\x06\x07\x08\x15\x03\x03\x00\x02"
        );
    }
}
