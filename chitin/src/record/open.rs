//! Opens received records in place: header rules, decryption, the skipping of refused early data, sequence numbers. It
//! decides nothing about order and gates; that is the engine's.

use alloc::boxed::Box;
use alloc::vec;
use alloc::vec::Vec;
use core::fmt;
use core::ops::Range;

use crate::crypto::cipher::{InboundOpaqueMessage, MessageDecrypter};
use crate::error::{Error, InvalidMessage, PeerMisbehaved};
use crate::names::{ContentType, ProtocolVersion};

use super::{HEADER, MAX_PLAINTEXT, MAX_SEALED};

/// The receiving half of record protection.
#[derive(Default)]
pub(crate) struct Opener {
    aead: Option<Box<dyn MessageDecrypter>>,
    seq: u64,
    epoch: u8,
    skip: Skip,
    /// May the peer send `change_cipher_spec` now? Between the first ClientHello and the peer's Finished. RFC 8446 section 5.
    pub(crate) ccs_allowed: bool,
    /// May a plaintext alert come although there is a read key? A client that cannot accept our ServerHello has no keys to
    /// protect its alert with, so a server allows this until the first record opens. RFC 8446 section 6.
    pub(crate) plaintext_alerts_allowed: bool,
    form: Form,
    /// What a protected record may hold at most, as we have told the peer and it has agreed. RFC 8449.
    limit: Option<usize>,
}

/// How records look. Before there is a key both versions look the same, except for what a `change_cipher_spec` means.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Form {
    /// Until the version is known, and in TLS 1.3: a protected record says application data, its type is inside; and a
    /// `change_cipher_spec` means nothing.
    #[default]
    Tls13,
    /// The type is outside, and a `change_cipher_spec` is a step of the handshake: the caller is given it at any time.
    Tls12,
}

/// Refused early data, and how many bytes of it may still come. RFC 8446 section 4.2.10.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Skip {
    #[default]
    Nothing,
    /// We sent HelloRetryRequest: application data records are dropped until the second hello has been read.
    UntilSecondHello { left: usize },
    /// We have handshake keys: records that fail to open are dropped until the first that opens.
    UntilOpened { left: usize },
}

/// Where the body of a record is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    /// A range of the input: opened in place.
    Input(Range<usize>),
    /// So many bytes at the head of the caller's `out`.
    Out(usize),
}

impl Place {
    /// How long the body is.
    #[inline]
    pub(crate) fn len(&self) -> usize {
        match self {
            Self::Input(range) => range.len(),
            Self::Out(len) => *len,
        }
    }
}

/// What stood at the head of the input.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Pulled {
    /// Not yet a whole record.
    Incomplete,
    /// A record of refused early data; the input up to `end` is used up.
    Skipped {
        /// Length of the record.
        end: usize,
    },
    /// A record. `typ` is the true type: handshake, alert, application data, or a permitted `change_cipher_spec`, which in
    /// TLS 1.3 is never protected.
    Record {
        /// The type inside the protection.
        typ: ContentType,
        /// The content, without padding.
        body: Place,
        /// Length of the whole record on the wire.
        end: usize,
    },
}

/// What [`Opener::pull_plainly`] opened, where it lay. The fields are those of [`Pulled::Record`].
pub(crate) struct Plain {
    pub(crate) typ: ContentType,
    pub(crate) body: Range<usize>,
    pub(crate) end: usize,
}

impl Plain {
    /// Is it what comes all the time? Whatever else came takes the long way, as does an empty record, which costs its budget.
    #[inline]
    pub(crate) fn is_data(&self) -> bool {
        self.typ == ContentType::ApplicationData && !self.body.is_empty()
    }
}

/// A header that passed the rules of RFC 8446 section 5.1, or RFC 5246 section 6.2.
#[derive(Debug, PartialEq)]
struct Header {
    typ: ContentType,
    version: ProtocolVersion,
    len: usize,
}

impl Opener {
    /// Switches to the next read key. Ends the skipping that a HelloRetryRequest began.
    pub(crate) fn install(&mut self, aead: Box<dyn MessageDecrypter>) {
        self.aead = Some(aead);
        self.seq = 0;
        // An epoch is compared with the one before it only, so wrapping is harmless.
        self.epoch = self.epoch.wrapping_add(1);
        if matches!(self.skip, Skip::UntilSecondHello { .. }) {
            self.skip = Skip::Nothing;
        }
    }

    /// The version is TLS 1.2: from here on records have its form.
    pub(crate) fn set_version12(&mut self) {
        self.form = Form::Tls12;
    }

    /// The peer has agreed to put no more than this into a protected record: in TLS 1.3 with the type byte and the padding.
    pub(crate) fn set_limit(&mut self, limit: usize) {
        self.limit = Some(limit);
    }

    /// How many read keys there have been.
    pub(crate) fn epoch(&self) -> u8 {
        self.epoch
    }

    /// The number that the next record under this key has.
    pub(crate) fn seq(&self) -> u64 {
        self.seq
    }

    #[cfg(test)]
    pub(crate) fn set_seq(&mut self, seq: u64) {
        self.seq = seq;
    }

    /// Is there a read key?
    pub(crate) fn protected(&self) -> bool {
        self.aead.is_some()
    }

    /// Early data was refused: drops up to `at_most` bytes of record bodies (as on the wire: ciphertext, tags and all).
    ///
    /// `after_retry`: we sent HelloRetryRequest. Then every application data record is dropped until the next key is installed,
    /// which must be after the second hello. Otherwise those that fail to open are dropped until the first that opens.
    pub(crate) fn skip_early_data(&mut self, at_most: usize, after_retry: bool) {
        self.skip = match after_retry {
            true => Skip::UntilSecondHello { left: at_most },
            false => Skip::UntilOpened { left: at_most },
        };
    }

    /// Takes the record at the head of `input`. `out` is the caller's slice if a read is waiting; it is used only if the
    /// provider can and the record fits. After an error nothing in it may be looked at; it is wiped.
    pub(crate) fn pull(&mut self, input: &mut [u8], out: Option<&mut [u8]>) -> Result<Pulled, Error> {
        let Some(header) = self.header(input)? else { return Ok(Pulled::Incomplete) };
        let end = HEADER + header.len;
        let Some(body) = input.get(HEADER..end) else { return Ok(Pulled::Incomplete) };

        if self.in_the_clear(header.typ) {
            if header.typ == ContentType::ChangeCipherSpec && *body != [1] {
                return Err(self.bad_ccs());
            }
            return Ok(Pulled::Record { typ: header.typ, body: Place::Input(HEADER..end), end });
        }
        if self.aead.is_none() {
            return self.drop_early(header.len, end);
        }
        match self.skip {
            Skip::UntilOpened { .. } => match self.open(header, input, end, out) {
                Err(Error::DecryptError) => self.drop_early(end - HEADER, end),
                done => done,
            },
            // Given on as it is: to look at it would move it, for every record.
            Skip::Nothing | Skip::UntilSecondHello { .. } => self.open(header, input, end, out),
        }
    }

    /// Takes the record at the head of `input` if it is of the kind that comes all the time once there is traffic, and whole. `None`: it is
    /// not, nothing was touched, and [`Self::pull`] takes it.
    ///
    /// An error is boxed, since it is rare and long: else it would share its place with what is good, which would pass through memory in
    /// pieces, and the processor would have to wait for them.
    #[inline(always)]
    pub(crate) fn pull_plainly(&mut self, input: &mut [u8]) -> Option<Result<Plain, Box<Error>>> {
        let (&mut [23, 3, 3, high, low], rest) = input.split_first_chunk_mut()? else { return None };
        let len = usize::from(u16::from_be_bytes([high, low]));
        if len > MAX_SEALED || self.limit.is_some() || self.skip != Skip::Nothing {
            return None;
        }
        let (sealed, aead) = (rest.get_mut(..len)?, self.aead.as_mut()?);
        let next = self.seq.checked_add(1)?;
        let header = Header { typ: ContentType::ApplicationData, version: ProtocolVersion::TLSv1_2, len };
        let Inner { typ, body, bad_ccs } = match open_here(&mut **aead, header, sealed, self.seq) {
            Ok(inner) => inner,
            Err(error) => return Some(Err(Box::new(error))),
        };
        self.is_authentic(next);
        if let Err(error) = self.check_inner(typ, body.len()) {
            return Some(Err(Box::new(error)));
        }
        if bad_ccs {
            return Some(Err(Box::new(self.bad_ccs())));
        }
        Some(Ok(Plain { typ, body: HEADER + body.start..HEADER + body.end, end: HEADER + len }))
    }

    /// Reads the header and checks all that it tells, so that nobody makes us wait for 16 KiB of garbage.
    fn header(&self, input: &[u8]) -> Result<Option<Header>, Error> {
        match *input {
            // What comes all the time, once there are keys. `any_header` says the same of it.
            [23, 3, 3, high, low, ..] if self.aead.is_some() => {
                let len = usize::from(u16::from_be_bytes([high, low]));
                match len <= MAX_SEALED {
                    true => Ok(Some(Header {
                        typ: ContentType::ApplicationData,
                        version: ProtocolVersion::TLSv1_2,
                        len,
                    })),
                    false => Err(InvalidMessage::MessageTooLarge.into()),
                }
            }
            _ => self.any_header(input),
        }
    }

    fn any_header(&self, input: &[u8]) -> Result<Option<Header>, Error> {
        let [typ, major, minor, high, low, ..] = *input else { return Ok(None) };
        let typ = ContentType::from(typ);
        let version = ProtocolVersion::from(u16::from_be_bytes([major, minor]));
        let len = usize::from(u16::from_be_bytes([high, low]));

        let known = matches!(
            typ,
            ContentType::ChangeCipherSpec
                | ContentType::Alert
                | ContentType::Handshake
                | ContentType::ApplicationData
                | ContentType::Heartbeat
        );
        // The minor byte is to be ignored (RFC 8446 section 5.1); a different major one is not TLS.
        if major != 3 {
            let not_tls = if known {
                InvalidMessage::UnknownProtocolVersion
            } else {
                InvalidMessage::InvalidContentType
            };
            return Err(not_tls.into());
        }
        if !known || !self.may_come(typ) {
            return Err(self.unexpected(typ));
        }
        // From the hellos on TLS 1.2 says its own number. An alert in the clear is read all the same: it tells why.
        let exempt = typ == ContentType::Alert && self.aead.is_none();
        if self.form == Form::Tls12 && version != ProtocolVersion::TLSv1_2 && !exempt {
            return Err(InvalidMessage::UnknownProtocolVersion.into());
        }
        // It is part of what the tag covers, and always the same. RFC 8446 section 5.2.
        let protected = typ == ContentType::ApplicationData && self.aead.is_some();
        if self.form == Form::Tls13 && protected && version != ProtocolVersion::TLSv1_2 {
            return Err(InvalidMessage::UnknownProtocolVersion.into());
        }
        let in_the_clear = self.in_the_clear(typ);
        let most = if in_the_clear { MAX_PLAINTEXT } else { MAX_SEALED };
        if len > most {
            return Err(InvalidMessage::MessageTooLarge.into());
        }
        // Only application data may be empty. RFC 8446 section 5.1, RFC 5246 section 6.2.1.
        if len == 0 && in_the_clear {
            return Err(InvalidMessage::InvalidEmptyPayload.into());
        }
        Ok(Some(Header { typ, version, len }))
    }

    /// Is a record of this outer type without protection?
    fn in_the_clear(&self, typ: ContentType) -> bool {
        match self.form {
            Form::Tls12 if self.aead.is_some() => false,
            _ => typ != ContentType::ApplicationData,
        }
    }

    /// Is a record of this outer type possible now?
    fn may_come(&self, typ: ContentType) -> bool {
        let protected = self.aead.is_some();
        match typ {
            ContentType::ChangeCipherSpec | ContentType::Alert | ContentType::Handshake
                if self.form == Form::Tls12 =>
            {
                true
            }
            ContentType::ChangeCipherSpec => self.ccs_allowed,
            ContentType::ApplicationData => protected || matches!(self.skip, Skip::UntilSecondHello { .. }),
            ContentType::Alert => !protected || self.plaintext_alerts_allowed,
            ContentType::Handshake => !protected,
            _ => false,
        }
    }

    fn unexpected(&self, got_type: ContentType) -> Error {
        let expected = match self.aead {
            Some(_) if got_type == ContentType::ChangeCipherSpec => {
                return PeerMisbehaved::IllegalMiddleboxChangeCipherSpec.into();
            }
            Some(_) => ContentType::ApplicationData,
            None => ContentType::Handshake,
        };
        Error::InappropriateMessage { expect_types: vec![expected], got_type }
    }

    /// The one byte of a `change_cipher_spec` is wrong. RFC 8446 section 5, RFC 5246 section 7.1.
    fn bad_ccs(&self) -> Error {
        match self.form {
            Form::Tls13 => PeerMisbehaved::IllegalMiddleboxChangeCipherSpec.into(),
            Form::Tls12 => InvalidMessage::InvalidCcs.into(),
        }
    }

    fn drop_early(&mut self, len: usize, end: usize) -> Result<Pulled, Error> {
        match &mut self.skip {
            Skip::UntilSecondHello { left } | Skip::UntilOpened { left } => {
                // An empty record costs something too, or an endless row of them would be free.
                *left = left.checked_sub(len.max(1)).ok_or(PeerMisbehaved::TooMuchRefusedEarlyData)?;
                Ok(Pulled::Skipped { end })
            }
            Skip::Nothing => Err(self.unexpected(ContentType::ApplicationData)),
        }
    }

    fn open(
        &mut self,
        header: Header,
        input: &mut [u8],
        end: usize,
        out: Option<&mut [u8]>,
    ) -> Result<Pulled, Error> {
        let Some(aead) = &mut self.aead else { return Err(Error::DecryptError) };
        // The number must never wrap (RFC 8446 section 5.3). Nobody gets here honestly.
        let Some(next) = self.seq.checked_add(1) else { return Err(Error::DecryptError) };
        let Some(sealed) = input.get_mut(HEADER..end) else { return Ok(Pulled::Incomplete) };
        let mut bad_ccs = false;

        // Asked only where the answer counts.
        let inner = match out.is_some() || self.limit.is_some() {
            true => aead.open_into_len(header.len),
            false => None,
        };
        // In TLS 1.2 it is known beforehand what is no application data: nothing of it has to touch the caller's slice.
        let out = out.filter(|_| header.typ == ContentType::ApplicationData);
        let out = out.zip(inner).and_then(|(out, need)| out.get_mut(..need));
        let (typ, len, place) = match out {
            Some(out) => {
                let opened = aead.open_into(header.typ, sealed, self.seq, out);
                match opened {
                    Ok((typ, len)) if len <= out.len() => (typ, len, Place::Out(len)),
                    Ok(_) => {
                        out.fill(0);
                        return Err(Error::General("a provider opened more than it announced".into()));
                    }
                    Err(error) => {
                        out.fill(0);
                        return Err(error);
                    }
                }
            }
            None => {
                let inner = open_here(&mut **aead, header, sealed, self.seq)?;
                bad_ccs = inner.bad_ccs;
                let body = inner.body;
                (inner.typ, body.len(), Place::Input(HEADER + body.start..HEADER + body.end))
            }
        };
        self.is_authentic(next);
        self.check_inner(typ, len)?;
        // Without an exact length from the provider the padding of a record is not known, and is not counted.
        let least = match self.form {
            Form::Tls13 => len.saturating_add(1),
            Form::Tls12 => len,
        };
        if self.limit.is_some_and(|limit| inner.unwrap_or(least) > limit) {
            return Err(Error::PeerSentOversizedRecord);
        }
        if bad_ccs {
            return Err(self.bad_ccs());
        }
        Ok(Pulled::Record { typ, body: place, end })
    }

    /// A record has opened, and `next` is the number of the one behind it.
    fn is_authentic(&mut self, next: u64) {
        self.seq = next;
        self.skip = Skip::Nothing;
        // For good: under later keys the number starts again, but the peer has had keys since.
        self.plaintext_alerts_allowed = false;
    }

    /// The rules for what was inside a protected record.
    #[inline(always)]
    fn check_inner(&self, typ: ContentType, len: usize) -> Result<(), Error> {
        match typ {
            ContentType::ApplicationData if len <= MAX_PLAINTEXT => Ok(()),
            _ => self.check_rare(typ, len),
        }
    }

    /// What is no application data, or too long.
    fn check_rare(&self, typ: ContentType, len: usize) -> Result<(), Error> {
        if len > MAX_PLAINTEXT {
            return Err(Error::PeerSentOversizedRecord);
        }
        match typ {
            ContentType::ApplicationData => Ok(()),
            // RFC 8446 section 5.4: not even with padding around it.
            ContentType::Handshake if len == 0 => Err(PeerMisbehaved::EmptyHandshakeRecord.into()),
            ContentType::Alert if len == 0 => Err(PeerMisbehaved::EmptyAlertOrCcsRecord.into()),
            ContentType::Handshake | ContentType::Alert => Ok(()),
            // A second one, under the keys of the first. What it means is for the caller to say.
            ContentType::ChangeCipherSpec if self.form == Form::Tls12 => match len {
                0 => Err(PeerMisbehaved::EmptyAlertOrCcsRecord.into()),
                _ => Ok(()),
            },
            ContentType::ChangeCipherSpec => Err(PeerMisbehaved::IllegalMiddleboxChangeCipherSpec.into()),
            got_type => Err(Error::InappropriateMessage { expect_types: inner_types(), got_type }),
        }
    }
}

impl fmt::Debug for Opener {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Opener")
            .field("protected", &self.protected())
            .field("seq", &self.seq)
            .field("epoch", &self.epoch)
            .field("skip", &self.skip)
            .finish_non_exhaustive()
    }
}

fn inner_types() -> Vec<ContentType> {
    vec![ContentType::ApplicationData, ContentType::Handshake, ContentType::Alert]
}

/// What was inside a protected record, and where in its body.
struct Inner {
    typ: ContentType,
    body: Range<usize>,
    /// A `change_cipher_spec` whose one byte is wrong.
    bad_ccs: bool,
}

// What it is given and what it gives would else pass through memory in pieces, which the processor has to wait for.
#[inline(always)]
fn open_here(
    aead: &mut dyn MessageDecrypter,
    header: Header,
    sealed: &mut [u8],
    seq: u64,
) -> Result<Inner, Error> {
    let base = sealed.as_ptr().addr();
    let room = sealed.len();
    let plain = aead.decrypt(InboundOpaqueMessage::new(header.typ, header.version, sealed), seq)?;
    let body = position(base, room, plain.payload)?;
    let bad_ccs = plain.typ == ContentType::ChangeCipherSpec && *plain.payload != [1];
    Ok(Inner { typ: plain.typ, body, bad_ccs })
}

/// Where `payload` lies in the record body of `room` bytes at address `base`.
///
/// The trait returns a slice, we need a position. A provider may return a slice that is not ours: an empty constant is
/// harmless, anything else is the provider's error.
fn position(base: usize, room: usize, payload: &[u8]) -> Result<Range<usize>, Error> {
    if payload.is_empty() {
        return Ok(0..0);
    }
    let start = payload.as_ptr().addr().wrapping_sub(base);
    match start.checked_add(payload.len()) {
        Some(end) if end <= room => Ok(start..end),
        _ => Err(Error::General("a provider returned a payload outside the record".into())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crypto::cipher::InboundPlainMessage;

    struct Never;

    impl MessageDecrypter for Never {
        fn decrypt<'a>(
            &mut self,
            _: InboundOpaqueMessage<'a>,
            _: u64,
        ) -> Result<InboundPlainMessage<'a>, Error> {
            Err(Error::DecryptError)
        }
    }

    #[test]
    fn the_short_way_says_of_a_header_what_the_long_one_says() {
        for version12 in [false, true] {
            let mut opener = Opener::default();
            opener.install(Box::new(Never));
            if version12 {
                opener.set_version12();
            }
            for len in 0..=u16::MAX {
                let [high, low] = len.to_be_bytes();
                let header = [23, 3, 3, high, low];
                assert_eq!(opener.header(&header), opener.any_header(&header), "{len} {version12}");
            }
        }
    }
}
