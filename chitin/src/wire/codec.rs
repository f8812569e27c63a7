//! Reading and writing of the presentation language of RFC 8446 section 3.

use alloc::vec::Vec;
use core::fmt;
use core::marker::PhantomData;

use crate::error::InvalidMessage;

/// The largest lengths that one, two and three bytes can say.
pub(crate) const MAX8: usize = 0xff;
pub(crate) const MAX16: usize = 0xffff;
pub(crate) const MAX24: usize = 0xff_ffff;

/// A cursor over borrowed bytes. It only moves forward and never past the end.
#[derive(Clone)]
pub(crate) struct Reader<'a> {
    rest: &'a [u8],
}

impl<'a> Reader<'a> {
    pub(crate) fn new(bytes: &'a [u8]) -> Self {
        Self { rest: bytes }
    }

    /// The next `n` bytes. `what` names the thing in the error.
    pub(crate) fn take(&mut self, n: usize, what: &'static str) -> Result<&'a [u8], InvalidMessage> {
        let (head, tail) = self.rest.split_at_checked(n).ok_or_else(|| missing(what))?;
        self.rest = tail;
        Ok(head)
    }

    pub(crate) fn array<const N: usize>(&mut self, what: &'static str) -> Result<[u8; N], InvalidMessage> {
        let (head, tail) = self.rest.split_first_chunk().ok_or_else(|| missing(what))?;
        self.rest = tail;
        Ok(*head)
    }

    pub(crate) fn u8(&mut self, what: &'static str) -> Result<u8, InvalidMessage> {
        Ok(u8::from_be_bytes(self.array(what)?))
    }

    pub(crate) fn u16(&mut self, what: &'static str) -> Result<u16, InvalidMessage> {
        Ok(u16::from_be_bytes(self.array(what)?))
    }

    pub(crate) fn u32(&mut self, what: &'static str) -> Result<u32, InvalidMessage> {
        Ok(u32::from_be_bytes(self.array(what)?))
    }

    pub(crate) fn u64(&mut self, what: &'static str) -> Result<u64, InvalidMessage> {
        Ok(u64::from_be_bytes(self.array(what)?))
    }

    /// `opaque x<min..max>`: a length, as wide as `max` needs, and that many bytes.
    pub(crate) fn prefixed(
        &mut self,
        min: usize,
        max: usize,
        what: &'static str,
    ) -> Result<&'a [u8], InvalidMessage> {
        let len = self.take(width(max), what)?.iter().fold(0, |len, b| (len << 8) | usize::from(*b));
        match len {
            0 if min > 0 => Err(InvalidMessage::IllegalEmptyList(what)),
            _ if len < min => Err(InvalidMessage::MissingData(what)),
            _ if len > max => Err(InvalidMessage::TrailingData(what)),
            _ => self.take(len, what),
        }
    }

    pub(crate) fn rest(&mut self) -> &'a [u8] {
        core::mem::take(&mut self.rest)
    }

    pub(crate) fn left(&self) -> usize {
        self.rest.len()
    }

    pub(crate) fn any_left(&self) -> bool {
        !self.rest.is_empty()
    }

    /// The end of a thing: nothing may follow.
    pub(crate) fn done(&self, what: &'static str) -> Result<(), InvalidMessage> {
        match self.any_left() {
            true => Err(InvalidMessage::TrailingData(what)),
            false => Ok(()),
        }
    }
}

/// Messages that are cut short are rare: what says so stays out of the way of what reads them.
#[cold]
fn missing(what: &'static str) -> InvalidMessage {
    InvalidMessage::MissingData(what)
}

/// Something with one form on the wire.
pub(crate) trait Wire<'a>: Sized {
    /// How an error calls it.
    const NAME: &'static str;

    /// How many bytes it takes, if any so many are one: a number. 0 for all else.
    const NUMBER: usize = 0;

    fn read(r: &mut Reader<'a>) -> Result<Self, InvalidMessage>;
    fn write(&self, out: &mut Vec<u8>);

    /// Reads a field that the RFC calls `field`: what has no name of its own is called so in errors.
    fn read_field(r: &mut Reader<'a>, field: &'static str) -> Result<Self, InvalidMessage> {
        let _ = field;
        Self::read(r)
    }

    /// Reads a value that fills `bytes` exactly.
    fn read_all(bytes: &'a [u8]) -> Result<Self, InvalidMessage> {
        Self::read_all_of(bytes, Self::NAME)
    }

    /// The same of a field that the RFC calls `field`.
    fn read_all_of(bytes: &'a [u8], field: &'static str) -> Result<Self, InvalidMessage> {
        let mut r = Reader::new(bytes);
        let value = Self::read_field(&mut r, field)?;
        r.done(field)?;
        Ok(value)
    }
}

/// Appends what `body` writes behind a length prefix that is wide enough for `max`.
///
/// Nothing of ours is longer than `max`: callers bound what they write. The assertion is for tests.
#[inline]
pub(crate) fn nest(out: &mut Vec<u8>, max: usize, body: impl FnOnce(&mut Vec<u8>)) {
    let at = open_prefix(out, width(max));
    body(out);
    close_prefix(out, at, width(max), max);
}

/// Room for a prefix of one to three bytes. Gives where it is.
#[inline]
pub(crate) fn open_prefix(out: &mut Vec<u8>, width: usize) -> usize {
    let at = out.len();
    out.extend_from_slice([0; 3].get(..width).unwrap_or_default());
    at
}

/// The length of what was written behind it.
#[inline]
pub(crate) fn close_prefix(out: &mut [u8], at: usize, width: usize, max: usize) {
    let len = out.len() - at - width;
    debug_assert!(len <= max, "{len} bytes do not fit a prefix for {max}");
    let prefix = (len as u32).to_be_bytes();
    if let (Some(to), Some(from)) = (out.get_mut(at..at + width), prefix.get(4 - width..)) {
        to.copy_from_slice(from);
    }
}

pub(crate) const fn width(max: usize) -> usize {
    if max <= MAX8 {
        1
    } else if max <= MAX16 {
        2
    } else {
        3
    }
}

impl Wire<'_> for u8 {
    const NAME: &'static str = "u8";
    fn read(r: &mut Reader<'_>) -> Result<Self, InvalidMessage> {
        r.u8(Self::NAME)
    }
    fn write(&self, out: &mut Vec<u8>) {
        out.push(*self);
    }
}

impl Wire<'_> for u16 {
    const NAME: &'static str = "u16";
    const NUMBER: usize = 2;
    fn read(r: &mut Reader<'_>) -> Result<Self, InvalidMessage> {
        r.u16(Self::NAME)
    }
    fn write(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.to_be_bytes());
    }
}

impl Wire<'_> for u32 {
    const NAME: &'static str = "u32";
    fn read(r: &mut Reader<'_>) -> Result<Self, InvalidMessage> {
        r.u32(Self::NAME)
    }
    fn write(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.to_be_bytes());
    }
}

impl Wire<'_> for u64 {
    const NAME: &'static str = "u64";
    fn read(r: &mut Reader<'_>) -> Result<Self, InvalidMessage> {
        r.u64(Self::NAME)
    }
    fn write(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.to_be_bytes());
    }
}

/// An extension that says all by being there.
impl Wire<'_> for () {
    const NAME: &'static str = "empty extension";
    fn read(_: &mut Reader<'_>) -> Result<Self, InvalidMessage> {
        Ok(())
    }
    fn write(&self, _: &mut Vec<u8>) {}
}

/// Numbers with names: one codec for all of them.
macro_rules! wire_numbers {
    ($($number:ty as $name:ident),* $(,)?) => { $(
        impl Wire<'_> for crate::names::$name {
            const NAME: &'static str = stringify!($name);
            const NUMBER: usize = size_of::<$number>();
            fn read(r: &mut Reader<'_>) -> Result<Self, InvalidMessage> {
                <$number>::read(r).map(Self::from).map_err(|_| InvalidMessage::MissingData(Self::NAME))
            }
            fn write(&self, out: &mut Vec<u8>) {
                <$number>::from(*self).write(out)
            }
        }
    )* };
}
wire_numbers! {
    u8 as AlertDescription, u8 as AlertLevel, u8 as CertificateStatusType, u8 as CertificateType,
    u8 as ClientCertificateType, u8 as Compression, u8 as ContentType, u8 as EcCurveType, u8 as EcPointFormat,
    u8 as HandshakeType, u8 as KeyUpdateRequest, u8 as PskKeyExchangeMode, u8 as ServerNameType, u16 as CertificateCompressionAlgorithm,
    u16 as CipherSuite, u16 as ExtensionType, u16 as NamedGroup, u16 as ProtocolVersion, u16 as SignatureScheme,
}

/// `opaque x<MIN..MAX>`.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct Opaque<'a, const MIN: usize, const MAX: usize>(pub(crate) &'a [u8]);

impl<'a, const MIN: usize, const MAX: usize> Wire<'a> for Opaque<'a, MIN, MAX> {
    const NAME: &'static str = "opaque";
    fn read(r: &mut Reader<'a>) -> Result<Self, InvalidMessage> {
        Self::read_field(r, Self::NAME)
    }
    fn read_field(r: &mut Reader<'a>, field: &'static str) -> Result<Self, InvalidMessage> {
        r.prefixed(MIN, MAX, field).map(Self)
    }
    fn write(&self, out: &mut Vec<u8>) {
        nest(out, MAX, |out| out.extend_from_slice(self.0));
    }
}

impl<const MIN: usize, const MAX: usize> fmt::Debug for Opaque<'_, MIN, MAX> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} bytes", self.0.len())
    }
}

/// `T x<MIN..MAX>`, bounds in bytes: checked once when read, then walked without allocating.
pub(crate) struct List<'a, T, const MIN: usize, const MAX: usize> {
    body: &'a [u8],
    of: PhantomData<fn() -> T>,
}

impl<T, const MIN: usize, const MAX: usize> Clone for List<'_, T, MIN, MAX> {
    fn clone(&self) -> Self {
        *self
    }
}
impl<T, const MIN: usize, const MAX: usize> Copy for List<'_, T, MIN, MAX> {}

impl<'a, T: Wire<'a>, const MIN: usize, const MAX: usize> List<'a, T, MIN, MAX> {
    pub(crate) fn iter(&self) -> impl Iterator<Item = T> + Clone + use<'a, T, MIN, MAX> {
        let mut r = Reader::new(self.body);
        core::iter::from_fn(move || r.any_left().then(|| T::read(&mut r).ok()).flatten())
    }

    /// Is there a number of two bytes, of which the list consists? Without giving each of them its name.
    pub(crate) fn names(&self, value: impl Into<u16>) -> bool {
        let value = value.into().to_be_bytes();
        self.body.chunks_exact(2).any(|item| item == value)
    }

    /// A list of items that are encoded already, one after the other. Nothing is checked: they are ours, or were read as a list before.
    pub(crate) const fn of_encoded(body: &'a [u8]) -> Self {
        Self { body, of: PhantomData }
    }

    /// The numbers that are to be kept, in one allocation that is no longer than all of them take.
    pub(crate) fn numbers(&self, kept: impl Fn(&T) -> bool) -> Vec<T> {
        let mut numbers = Vec::with_capacity(self.body.len().checked_div(T::NUMBER).unwrap_or(0));
        numbers.extend(self.iter().filter(kept));
        numbers
    }

    /// What is made of each of the first `most` items, in one allocation that is as long as that takes.
    pub(crate) fn first<U>(&self, most: usize, make: impl FnMut(T) -> U) -> Vec<U> {
        let mut made = Vec::with_capacity(self.iter().take(most).count());
        made.extend(self.iter().take(most).map(make));
        made
    }

    /// The encoded items, without the length in front.
    pub(crate) fn body(&self) -> &'a [u8] {
        self.body
    }
}

/// Names of authorities, each of its own. `None` if there are more than [`MAX_NAMES`]: a place in a list and a small allocation take ten
/// times what a short name does on the wire. Names are a hint, and without it any authority will do (RFC 8446 section 4.2.4).
pub(crate) fn hints<'a, T: Wire<'a>, U, const MIN: usize, const MAX: usize>(
    names: List<'a, T, MIN, MAX>,
    make: impl FnMut(T) -> U,
) -> Option<Vec<U>> {
    names.iter().nth(MAX_NAMES).is_none().then(|| names.first(MAX_NAMES, make))
}

/// Names of authorities in a message that are kept. Servers that take every qualified certificate of Europe name some 500, in 60 KiB.
pub(crate) const MAX_NAMES: usize = 1024;

/// How many whole items are in `bytes`, each of parts whose lengths stand before them, as wide as these bounds need. What is in them
/// nobody reads.
pub(crate) fn items<const PARTS: usize>(bytes: &[u8], bounds: [usize; PARTS]) -> usize {
    let mut rest = Reader::new(bytes);
    core::iter::from_fn(|| bounds.iter().try_for_each(|max| rest.prefixed(0, *max, "item").map(drop)).ok())
        .count()
}

/// May one more come to `count` items?
pub(crate) fn has_room(count: usize, limit: u32) -> bool {
    u32::try_from(count).is_ok_and(|count| count < limit)
}

impl<'a, T: Wire<'a>, const MIN: usize, const MAX: usize> Wire<'a> for List<'a, T, MIN, MAX> {
    const NAME: &'static str = T::NAME;
    fn read(r: &mut Reader<'a>) -> Result<Self, InvalidMessage> {
        Self::read_field(r, T::NAME)
    }
    fn read_field(r: &mut Reader<'a>, field: &'static str) -> Result<Self, InvalidMessage> {
        let body = r.prefixed(MIN, MAX, field)?;
        // Of numbers it is enough that none is cut.
        if body.len().checked_rem(T::NUMBER) == Some(0) {
            return Ok(Self { body, of: PhantomData });
        }
        let mut items = Reader::new(body);
        while items.any_left() {
            T::read_field(&mut items, field)?;
        }
        Ok(Self { body, of: PhantomData })
    }
    fn write(&self, out: &mut Vec<u8>) {
        nest(out, MAX, |out| out.extend_from_slice(self.body));
    }
}

impl<'a, T: Wire<'a> + fmt::Debug, const MIN: usize, const MAX: usize> fmt::Debug for List<'a, T, MIN, MAX> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.iter()).finish()
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use alloc::vec;

    use super::*;

    /// The table every wire type goes through: a good vector, each truncation, each trailing byte.
    pub(crate) fn good<'a, T: Wire<'a> + fmt::Debug>(bytes: &'a [u8]) -> T {
        let value = T::read_all(bytes).unwrap();
        let mut again = vec![];
        value.write(&mut again);
        assert_eq!(again, bytes, "{value:?} is written as it was read");
        value
    }

    /// Each prefix of a good value is refused, and so is a byte more.
    pub(crate) fn cut_and_extended(bytes: &[u8], read: impl Fn(&[u8]) -> bool) {
        assert!(read(bytes));
        for n in 0..bytes.len() {
            assert!(!read(&bytes[..n]), "cut to {n} of {} bytes", bytes.len());
        }
        for extra in [0x00, 0x01, 0xff] {
            assert!(!read(&[bytes, &[extra]].concat()), "followed by {extra:#04x}");
        }
    }

    #[test]
    fn prefixes_are_as_wide_as_their_bound() {
        let mut out = vec![];
        nest(&mut out, MAX8, |out| out.push(1));
        nest(&mut out, MAX16, |out| out.push(2));
        nest(&mut out, MAX24, |out| out.push(3));
        assert_eq!(out, [1, 1, 0, 1, 2, 0, 0, 1, 3]);
        assert_eq!((width(254), width(255), width(256), width(65535), width(65536)), (1, 1, 2, 2, 3));
    }

    #[test]
    fn errors_name_the_field() {
        use InvalidMessage as I;
        wire_struct! {
            Pair<'a> {
                cookie: Opaque<'a, 1, 3>,
                names:  List<'a, Opaque<'a, 1, 255>, 2, 9>,
            }
        }
        let error = |bytes| Pair::read_all(bytes).err();
        assert_eq!(error(&[0]), Some(I::IllegalEmptyList("cookie")));
        assert_eq!(error(&[2, 7]), Some(I::MissingData("cookie")));
        assert_eq!(error(&[1, 7, 0]), Some(I::IllegalEmptyList("names")));
        assert_eq!(error(&[1, 7, 2, 5, 7]), Some(I::MissingData("names")));
        assert_eq!(error(&[1, 7, 2, 1, 7, 7]), Some(I::TrailingData("Pair")));
    }

    #[test]
    fn what_is_made_of_a_list_is_no_longer_than_the_list() {
        let bytes: Vec<u8> = [0, 10].into_iter().chain([1, 7].repeat(5)).collect();
        let list = List::<'_, Opaque<'_, 1, 255>, 0, MAX16>::read_all(&bytes).unwrap();
        for most in 0..8 {
            let made = list.first(most, |item| item.0.to_vec());
            assert_eq!((made.len(), made.capacity()), (most.min(5), most.min(5)));
            assert!(made.iter().all(|item| item == &[7]));
        }
        let many = |count: usize| {
            let body = [1, 7].repeat(count);
            hints(List::<'_, Opaque<'_, 1, 255>, 0, MAX16>::of_encoded(&body), |item| item.0[0])
        };
        assert_eq!(
            many(MAX_NAMES).map(|names| (names.len(), names.capacity())),
            Some((MAX_NAMES, MAX_NAMES))
        );
        assert_eq!(many(MAX_NAMES + 1), None);
        assert_eq!(many(0), Some(vec![]));

        // Two parts each, the second two bytes or none; and one that is cut in its second part, or in its length.
        let pairs = [0, 0, 1, 7, 0, 2, 7, 7, 0, 0, 0, 0, 0, 0, 0, 0, 1, 7, 0, 2, 7];
        assert_eq!(
            [21, 20, 14, 13, 8, 7, 1, 0].map(|n| items(&pairs[..n], [MAX24, MAX16])),
            [2, 2, 2, 2, 1, 0, 0, 0]
        );
    }

    #[test]
    fn bounds_of_opaque_and_list() {
        assert!(Opaque::<1, 3>::read_all(&[0]).is_err());
        assert_eq!(good::<Opaque<'_, 1, 3>>(&[3, 7, 8, 9]).0, [7, 8, 9]);
        assert!(Opaque::<1, 3>::read_all(&[4, 7, 8, 9, 9]).is_err());
        assert!(Opaque::<2, 3>::read_all(&[1, 7]).is_err());
        assert!(List::<'_, u16, 2, 4>::read_all(&[0]).is_err());
        assert!(good::<List<'_, u16, 2, 4>>(&[4, 0, 1, 0, 2]).iter().eq([1, 2]));
        assert!(List::<'_, u16, 2, 4>::read_all(&[3, 0, 1, 0]).is_err(), "half an item");
        assert!(List::<'_, u16, 2, 4>::read_all(&[6, 0, 1, 0, 2, 0, 3]).is_err());
        cut_and_extended(&[4, 0, 1, 0, 2], |b| List::<'_, u16, 2, 4>::read_all(b).is_ok());
    }
}
