//! Seals outgoing records: fragments, padding, sequence numbers, the limit of the key. It decides nothing about when to send;
//! the engine changes the key when [`Sealer::wants_rekey`] says so.

use alloc::boxed::Box;
use core::convert::Infallible;
use core::fmt;

use crate::crypto::cipher::{MessageEncrypter, OutboundChunks, OutboundPlainMessage, Sealed};
use crate::error::Error;
use crate::names::{ContentType, ProtocolVersion};

use super::outbox::Outbox;
use super::room::{CallersSlice, Room};
use super::{HEADER, MAX_PLAINTEXT, MAX_SEALED, header, record_len};

/// Says how many bytes of padding a record with so many bytes of content gets. The answer is cut to what fits; it fails only if
/// who is asked panics.
pub(crate) type Padding = Box<dyn Fn(usize) -> Result<usize, Error> + Send + Sync>;

/// The sending half of record protection.
pub(crate) struct Sealer {
    aead: Option<Box<dyn MessageEncrypter>>,
    seq: u64,
    limit: u64,
    max_fragment: usize,
    /// The most content that the peer takes in a protected record. RFC 8449.
    peer_limit: usize,
    padding: Option<Padding>,
    first_flight: bool,
    failure: Option<Error>,
}

/// Why nothing was put into the caller's slice.
#[derive(Debug, PartialEq)]
pub(crate) enum SliceError {
    /// It has to be this long. Nothing was sealed.
    TooSmall { required: usize },
    /// The provider or the limit of the key refused.
    Failed(Error),
}

impl Default for Sealer {
    fn default() -> Self {
        Self {
            aead: None,
            seq: 0,
            limit: u64::MAX,
            max_fragment: MAX_PLAINTEXT,
            peer_limit: MAX_PLAINTEXT,
            padding: None,
            first_flight: false,
            failure: None,
        }
    }
}

impl Sealer {
    /// A client's: its first flight says TLS 1.0 in its record headers, since old servers look at it. RFC 8446 section 5.1.
    pub(crate) fn for_client() -> Self {
        Self { first_flight: true, ..Self::default() }
    }

    /// Switches to the next write key. `limit` is how many records it may protect (RFC 8446 section 5.5).
    pub(crate) fn install(&mut self, aead: Box<dyn MessageEncrypter>, limit: u64) {
        self.aead = Some(aead);
        self.seq = 0;
        self.limit = limit;
        self.first_flight = false;
    }

    /// Goes back to the clear: a HelloRetryRequest has ended early data, and the second hello has no key. RFC 8446 section 4.2.10.
    pub(crate) fn uninstall(&mut self) {
        self.aead = None;
        self.seq = 0;
        self.limit = u64::MAX;
    }

    /// Sets the longest record from 0.23's `max_fragment_size`, which counts the header and neither type byte nor tag.
    pub(crate) fn set_max_fragment_size(&mut self, size: Option<usize>) -> Result<(), Error> {
        self.max_fragment = match size {
            None => MAX_PLAINTEXT,
            Some(size @ MIN_FRAGMENT_SIZE..=MAX_FRAGMENT_SIZE) => size - HEADER,
            Some(_) => return Err(Error::BadMaxFragmentSize),
        };
        Ok(())
    }

    /// Sets the most content and padding that the peer takes in a protected record. Never nothing, or there would be no end.
    pub(crate) fn set_peer_limit(&mut self, content: usize) {
        self.peer_limit = content.max(1);
    }

    /// The most content of the next record.
    fn fragment(&self) -> usize {
        match self.aead {
            Some(_) => self.max_fragment.min(self.peer_limit),
            None => self.max_fragment,
        }
    }

    /// Sets the padding of protected records. A provider that cannot pad sends them without.
    pub(crate) fn set_padding(&mut self, padding: Option<Padding>) {
        self.padding = padding;
    }

    /// The version is TLS 1.2, which has no padding. Its records are formed by their encrypter.
    pub(crate) fn set_version12(&mut self) {
        self.padding = None;
        self.first_flight = false;
    }

    /// The number that the next record under this key has.
    pub(crate) fn seq(&self) -> u64 {
        self.seq
    }

    #[cfg(test)]
    pub(crate) fn set_seq(&mut self, seq: u64) {
        self.seq = seq;
    }

    /// Is there a write key?
    pub(crate) fn protected(&self) -> bool {
        self.aead.is_some()
    }

    /// Has the key one record left? That one is for the KeyUpdate (or, in TLS 1.2, the close_notify): it has to be sealed under the
    /// old key, and the limit counts it too. Stopping earlier would be safe as well, but 0.23 stops here and users count records.
    pub(crate) fn wants_rekey(&self) -> bool {
        self.aead.is_some() && self.seq >= self.limit.saturating_sub(1)
    }

    /// Is the key good for `len` bytes of application data, and one record behind them?
    pub(crate) fn has_room_for(&self, len: usize) -> bool {
        let records = u64::try_from(len.div_ceil(self.fragment())).unwrap_or(u64::MAX);
        self.aead.is_none() || records < self.limit.saturating_sub(self.seq)
    }

    /// The first failure to seal, for callers who could not return it. The stream has a gap from there on, so everything
    /// afterwards fails in the same way.
    pub(crate) fn failure(&self) -> Option<&Error> {
        self.failure.as_ref()
    }

    /// Seals all of `payload` into as many records as it takes.
    pub(crate) fn seal_out(
        &mut self,
        typ: ContentType,
        payload: OutboundChunks<'_>,
        out: &mut Outbox,
    ) -> Result<(), Error> {
        let mut rest = payload;
        loop {
            rest = self.seal_one(typ, rest, out)?;
            if rest.is_empty() {
                self.first_flight = false;
                return Ok(());
            }
        }
    }

    /// Seals `data`, if neither padding, nor the limit of the key, nor an earlier failure, nor too little room is in the way. `None`: nothing was
    /// sealed, and [`Self::seal_some`] or [`Self::seal_slice`] does that or says why not. An error is what they would say. It is boxed: what is
    /// rare and long shall not share its place with what is good.
    ///
    /// It decides nothing that they do not, but is short: nearly every record goes this way.
    #[inline]
    pub(crate) fn seal_plainly(
        &mut self,
        data: &[u8],
        out: &mut impl Room,
    ) -> Option<Result<(), Box<Error>>> {
        let is_plain = self.aead.is_some() && self.padding.is_none() && self.failure.is_none();
        if !is_plain || data.is_empty() || self.wants_rekey() {
            return None;
        }
        if data.len() > self.fragment() {
            return self.seal_parts(data, out);
        }
        let sealed_len = self.sealed_len(data.len());
        out.reserve(sealed_len).then(|| self.seal_data(data, sealed_len, out))
    }

    /// The same of data that takes several records. Out of line: it would be in the way of short ones.
    #[inline(never)]
    fn seal_parts(&mut self, data: &[u8], out: &mut impl Room) -> Option<Result<(), Box<Error>>> {
        if !self.has_room_for(data.len()) || !out.reserve(self.bare_len(data.len())) {
            return None;
        }
        let mut parts = data.chunks(self.fragment());
        Some(parts.try_for_each(|part| self.seal_data(part, self.sealed_len(part.len()), out)))
    }

    /// Seals what fits into one record, without padding.
    #[inline(always)]
    fn seal_data(&mut self, data: &[u8], sealed_len: usize, out: &mut impl Room) -> Result<(), Box<Error>> {
        let slot = out.slot(sealed_len);
        match self.try_seal_into(ContentType::ApplicationData, || OutboundChunks::Single(data), 0, slot) {
            Ok(placed) => placed.count_in(out),
            Err(failure) => return Err(Box::new(self.failed(failure))),
        }
        Ok(())
    }

    /// Seals `payload` until the key needs changing, and gives back what is left: empty nearly always.
    pub(crate) fn seal_some<'a>(
        &mut self,
        typ: ContentType,
        payload: OutboundChunks<'a>,
        out: &mut Outbox,
    ) -> Result<OutboundChunks<'a>, Error> {
        let mut rest = payload;
        // Before the limit of the key, which a record that failed has come closer to.
        if let Some(failure) = self.failure.as_ref().filter(|_| !rest.is_empty()) {
            return Err(failure.clone());
        }
        if rest.len() > self.fragment() {
            // All records are going to lie side by side, without growing again for each. Padding is not known yet.
            out.reserve(self.bare_len(rest.len()));
        }
        // A fresh key always seals something: a nonsensical limit ends in an error, never in a row of key updates without end.
        while !rest.is_empty() && (self.seq == 0 || !self.wants_rekey()) {
            let (now, later) = rest.split_at(self.fragment());
            self.seal_record(typ, now, out)?;
            rest = later;
        }
        Ok(rest)
    }

    /// Seals application data into the caller's slice, all or nothing: only a failure that ends the connection may come in between.
    /// What waits in the outbox goes first, since it has the earlier numbers.
    pub(crate) fn seal_slice(
        &mut self,
        data: &[u8],
        outbox: &mut Outbox,
        out: &mut [u8],
    ) -> Result<usize, SliceError> {
        let waiting = outbox.len();
        let total = self.total_len(data.len(), |len| self.pad_for(len));
        let total = total.map_err(|failure| SliceError::Failed(self.failed(failure)))?;
        let required = waiting.saturating_add(total);
        if out.len() < required {
            return Err(SliceError::TooSmall { required });
        }
        let records = data.len().div_ceil(self.fragment());
        if u64::try_from(records).is_ok_and(|records| records > self.limit.saturating_sub(self.seq)) {
            return Err(SliceError::Failed(Error::EncryptError));
        }
        let mut room = CallersSlice::new(out, outbox);
        room.take_over();
        // A policy may answer differently when asked again; what it adds must still fit.
        let mut spare = room.left().saturating_sub(self.bare_len(data.len()));
        for part in data.chunks(self.fragment()) {
            let pad = self.pad_for(part.len());
            let pad = pad.map_err(|failure| SliceError::Failed(self.failed(failure)))?.min(spare);
            spare -= pad;
            let slot = room.slot(self.sealed_len(part.len() + pad));
            let sealed =
                self.seal_into(ContentType::ApplicationData, OutboundChunks::Single(part), pad, slot);
            sealed.map_err(SliceError::Failed)?.count_in(&mut room);
        }
        Ok(room.used())
    }

    /// Seals one record from the head of `payload` and gives back the rest.
    fn seal_one<'a>(
        &mut self,
        typ: ContentType,
        payload: OutboundChunks<'a>,
        out: &mut Outbox,
    ) -> Result<OutboundChunks<'a>, Error> {
        // Only application data may be empty. RFC 8446 section 5.1.
        if payload.is_empty() && typ != ContentType::ApplicationData {
            return Ok(payload);
        }
        let (now, later) = payload.split_at(self.fragment());
        self.seal_record(typ, now, out)?;
        Ok(later)
    }

    /// Seals `content`, which is no longer than a fragment, into one record.
    #[inline]
    fn seal_record(
        &mut self,
        typ: ContentType,
        content: OutboundChunks<'_>,
        out: &mut Outbox,
    ) -> Result<(), Error> {
        let pad = self.pad_for(content.len()).map_err(|failure| self.failed(failure))?;
        let room = self.sealed_len(content.len() + pad);
        self.seal_into(typ, content, pad, out.slot(room))?.count_in(out);
        Ok(())
    }

    /// One record, at the head of `slot` or owned. The only place where a sequence number is used.
    fn seal_into(
        &mut self,
        typ: ContentType,
        payload: OutboundChunks<'_>,
        pad: usize,
        slot: &mut [u8],
    ) -> Result<Placed, Error> {
        if let Some(failure) = &self.failure {
            return Err(failure.clone());
        }
        self.try_seal_into(typ, || payload.clone(), pad, slot).map_err(|failure| self.failed(failure))
    }

    // Known arguments leave little of it: it is worth its copies. The payload is made where it is given on: one that passes through memory in
    // pieces is waited for.
    #[inline(always)]
    fn try_seal_into<'a>(
        &mut self,
        typ: ContentType,
        payload: impl Fn() -> OutboundChunks<'a>,
        pad: usize,
        slot: &mut [u8],
    ) -> Result<Placed, Error> {
        let Some(aead) = &mut self.aead else {
            let payload = payload();
            let version = if self.first_flight { [3, 1] } else { [3, 3] };
            let (head, body) = slot.split_at_mut_checked(HEADER).ok_or_else(|| Error::EncryptError)?;
            head.copy_from_slice(&header(typ, version, payload.len()));
            let body = body.get_mut(..payload.len()).ok_or_else(|| Error::EncryptError)?;
            payload.copy_to_slice(body).ok_or_else(|| Error::EncryptError)?;
            return Ok(Placed::Slot(HEADER + payload.len()));
        };
        // Hard: at the limit the key is used up (RFC 8446 section 5.5), and a number never comes twice (section 5.3).
        if self.seq >= self.limit {
            return Err(Error::EncryptError);
        }
        let seq = self.seq;
        let Some(next) = seq.checked_add(1) else { return Err(Error::EncryptError) };
        self.seq = next;

        let message = || OutboundPlainMessage { typ, version: ProtocolVersion::TLSv1_2, payload: payload() };
        let sealed = match pad {
            0 => aead.seal(message(), seq, slot)?,
            pad => match aead.seal_padded(message(), pad, seq, slot) {
                Some(sealed) => sealed?,
                None => aead.seal(message(), seq, slot)?,
            },
        };
        // A record whose header does not fit its length would make nonsense of everything behind it.
        match sealed {
            Sealed::Written(n) => match slot.get(..n).is_some_and(|record| record_len(record) == Some(n)) {
                true => Ok(Placed::Slot(n)),
                false => Err(Error::EncryptError),
            },
            Sealed::Owned(record) => {
                let record = record.encode();
                match record.len() <= HEADER + MAX_SEALED && record_len(&record) == Some(record.len()) {
                    true => Ok(Placed::Owned(record)),
                    false => Err(Error::EncryptError),
                }
            }
        }
    }

    /// Size on the wire of one record with `n` bytes of content and padding.
    fn sealed_len(&self, n: usize) -> usize {
        HEADER + self.aead.as_ref().map_or(n, |aead| aead.encrypted_payload_len(n).min(MAX_SEALED))
    }

    /// Size on the wire of `n` bytes of application data, with the padding that `pad` gives a record.
    fn total_len<E>(&self, n: usize, pad: impl Fn(usize) -> Result<usize, E>) -> Result<usize, E> {
        let one = |len: usize| pad(len).map(|pad| self.sealed_len(len + pad));
        let (full, rest) = (n / self.fragment(), n % self.fragment());
        let full_len = if full > 0 { full.saturating_mul(one(self.fragment())?) } else { 0 };
        Ok(full_len.saturating_add(if rest > 0 { one(rest)? } else { 0 }))
    }

    /// The same without padding.
    fn bare_len(&self, n: usize) -> usize {
        let Ok(len) = self.total_len(n, |_| Ok::<_, Infallible>(0));
        len
    }

    /// Remembers why there is a gap in the stream: nothing is sealed any more.
    #[cold]
    fn failed(&mut self, failure: Error) -> Error {
        self.failure.insert(failure).clone()
    }

    /// How much padding a record with `len` bytes of content gets.
    fn pad_for(&self, len: usize) -> Result<usize, Error> {
        match &self.padding {
            Some(padding) if self.aead.is_some() => {
                Ok(padding(len)?.min(self.fragment().saturating_sub(len)))
            }
            _ => Ok(0),
        }
    }
}

/// Where a sealed record is.
enum Placed {
    Slot(usize),
    Owned(alloc::vec::Vec<u8>),
}

impl Placed {
    /// Counts it in, if it is in the slot that `out` gave, or puts it there.
    #[inline(always)]
    fn count_in(self, out: &mut impl Room) {
        match self {
            Self::Slot(n) => out.commit(n),
            Self::Owned(record) => out.put(&record),
        }
    }
}

impl fmt::Debug for Sealer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sealer")
            .field("protected", &self.protected())
            .field("seq", &self.seq)
            .field("limit", &self.limit)
            .field("max_fragment", &self.max_fragment)
            .finish_non_exhaustive()
    }
}

/// 0.23's smallest `max_fragment_size`: less would spend most of the bytes on headers and tags.
pub(crate) const MIN_FRAGMENT_SIZE: usize = 32;

/// 0.23's largest: a full record.
pub(crate) const MAX_FRAGMENT_SIZE: usize = MAX_PLAINTEXT + HEADER;
