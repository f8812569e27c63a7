//! Reading DER (X.690) without copying.
//!
//! Owns tags, lengths and the primitive values that certificates use, in their one distinguished form. Knows
//! nothing of certificates. Every function takes what it can from a slice or says what was wrong and where.

use alloc::vec::Vec;
use core::ops::Range;

use crate::error::Problem;

/// A cursor over DER, which knows how far from the start of the whole it is.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Reader<'a> {
    rest: &'a [u8],
    /// Where in the whole it ends: so only `rest` changes, and where it stands is worked out for those who ask.
    end: usize,
}

impl<'a> Reader<'a> {
    pub(crate) fn new(bytes: &'a [u8]) -> Self {
        Self { rest: bytes, end: bytes.len() }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.rest.is_empty()
    }

    /// For those who read until there is no more: at the end nothing is wrong that would have to be told.
    pub(crate) fn unless_empty(&mut self) -> Option<&mut Self> {
        if self.is_empty() { None } else { Some(self) }
    }

    pub(crate) fn peek(&self) -> Option<u8> {
        self.rest.first().copied()
    }

    /// Reads the next element, whatever its tag.
    pub(crate) fn any(&mut self) -> Result<Element<'a>, Problem> {
        // As most are: one octet of tag, one of length.
        if let [tag, len @ 0..=0x7f, ..] = *self.rest {
            if !is_high(tag) {
                if let Some(element) = self.take(tag, 2, usize::from(len)) {
                    return Ok(element);
                }
            }
        }
        self.any_long()
    }

    /// The same for longer ones, and for what is wrong with any.
    #[inline(never)]
    fn any_long(&mut self) -> Result<Element<'a>, Problem> {
        let mut head = *self;
        let tag = head.byte()?;
        if is_high(tag) {
            return Err(self.bad("tag number"));
        }
        let len = head.length()?;
        let octets = self.rest.len().saturating_sub(head.rest.len());
        self.take(tag, octets, len).ok_or_else(|| self.bad("length beyond the end"))
    }

    /// Takes an element whose tag and length are `head` octets, and whose value is `len`, if there is as much.
    fn take(&mut self, tag: u8, head: usize, len: usize) -> Option<Element<'a>> {
        let (raw, rest) = self.rest.split_at_checked(head.saturating_add(len))?;
        let body = raw.get(head..)?;
        self.rest = rest;
        Some(Element { tag, body, raw, end: self.at() })
    }

    /// Reads the next element, which must have this tag.
    pub(crate) fn expect(&mut self, tag: u8, what: &'static str) -> Result<Element<'a>, Problem> {
        match self.peek() {
            Some(found) if found == tag => self.any(),
            _ => Err(self.bad(what)),
        }
    }

    /// Reads the next element if it has this tag.
    pub(crate) fn optional(&mut self, tag: u8) -> Result<Option<Element<'a>>, Problem> {
        match self.peek() {
            Some(found) if found == tag => self.any().map(Some),
            _ => Ok(None),
        }
    }

    /// Refuses anything left over.
    pub(crate) fn end(&self, what: &'static str) -> Result<(), Problem> {
        if self.is_empty() { Ok(()) } else { Err(self.bad(what)) }
    }

    #[cold]
    pub(crate) fn bad(&self, what: &'static str) -> Problem {
        Problem::BadDer { what, at: self.at() }
    }

    fn at(&self) -> usize {
        self.end.saturating_sub(self.rest.len())
    }

    fn byte(&mut self) -> Result<u8, Problem> {
        let Some((&byte, rest)) = self.rest.split_first() else {
            return Err(self.bad("early end"));
        };
        self.rest = rest;
        Ok(byte)
    }

    /// A length in its shortest form (X.690 section 10.1).
    fn length(&mut self) -> Result<usize, Problem> {
        let start = *self;
        let first = self.byte()?;
        let count = match first {
            0..=0x7f => return Ok(usize::from(first)),
            0x81..=MAX_LENGTH_OCTETS => first & 0x7f,
            // 0x80 is the indefinite form; five octets and more are beyond anything that fits in memory here.
            _ => return Err(start.bad("length form")),
        };
        let mut len = 0u32;
        for _ in 0..count {
            len = (len << 8) | u32::from(self.byte()?);
        }
        let shortest = match count {
            1 => 0x80,
            2 => 0x100,
            3 => 0x1_0000,
            _ => 0x100_0000,
        };
        if len < shortest {
            return Err(start.bad("length not in its shortest form"));
        }
        usize::try_from(len).map_err(|_| start.bad("length"))
    }
}

/// No certificate uses a tag number above 30 (X.690 section 8.1.2.4).
fn is_high(tag: u8) -> bool {
    tag & 0x1f == 0x1f
}

/// Four octets of length: elements below 4 GiB.
const MAX_LENGTH_OCTETS: u8 = 0x84;

/// One tag, length and value.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Element<'a> {
    pub(crate) tag: u8,
    /// The value.
    pub(crate) body: &'a [u8],
    /// Tag, length and value.
    pub(crate) raw: &'a [u8],
    /// Where in the whole it ends.
    end: usize,
}

impl<'a> Element<'a> {
    /// Reads the elements inside.
    pub(crate) fn reader(&self) -> Reader<'a> {
        Reader { rest: self.body, end: self.end }
    }

    #[cold]
    pub(crate) fn bad(&self, what: &'static str) -> Problem {
        Problem::BadDer { what, at: self.span().start }
    }

    /// Where the value lies in the whole.
    pub(crate) fn span(&self) -> Range<usize> {
        self.end.saturating_sub(self.body.len())..self.end
    }

    /// Where tag, length and value lie in the whole.
    pub(crate) fn raw_span(&self) -> Range<usize> {
        self.end.saturating_sub(self.raw.len())..self.end
    }

    /// A boolean is one octet, 00 or FF (X.690 section 11.1).
    pub(crate) fn boolean(&self) -> Result<bool, Problem> {
        match self.body {
            [0x00] => Ok(false),
            [0xff] => Ok(true),
            _ => Err(self.bad("boolean")),
        }
    }

    /// The octets of an integer in its shortest form (X.690 section 8.3.2), sign included.
    pub(crate) fn integer(&self) -> Result<&'a [u8], Problem> {
        match self.body {
            [] => Err(self.bad("empty integer")),
            [0x00, next, ..] if next & 0x80 == 0 => Err(self.bad("integer not in its shortest form")),
            [0xff, next, ..] if next & 0x80 != 0 => Err(self.bad("integer not in its shortest form")),
            body => Ok(body),
        }
    }

    /// The magnitude of an integer that must not be negative, without leading zeros.
    pub(crate) fn unsigned(&self) -> Result<&'a [u8], Problem> {
        match self.integer()? {
            [first, ..] if first & 0x80 != 0 => Err(self.bad("negative integer")),
            [0x00, rest @ ..] => Ok(rest),
            body => Ok(body),
        }
    }

    /// A small integer that must not be negative.
    pub(crate) fn small(&self) -> Result<u32, Problem> {
        let magnitude = self.unsigned()?;
        if magnitude.len() > size_of::<u32>() {
            return Err(self.bad("integer too large"));
        }
        Ok(magnitude.iter().fold(0u32, |value, &octet| (value << 8) | u32::from(octet)))
    }

    /// The octets of a bit string; unused bits must be zero (X.690 section 11.2.1).
    pub(crate) fn bits(&self) -> Result<&'a [u8], Problem> {
        let Some((&unused, octets)) = self.body.split_first() else {
            return Err(self.bad("empty bit string"));
        };
        let padding = match unused {
            0..=7 => (1u8 << unused).saturating_sub(1),
            _ => return Err(self.bad("unused bits")),
        };
        match octets.last() {
            None if unused != 0 => Err(self.bad("unused bits")),
            Some(last) if last & padding != 0 => Err(self.bad("padding of a bit string")),
            _ => Ok(octets),
        }
    }

    /// A bit string of whole octets, as keys and signatures are.
    pub(crate) fn octet_bits(&self) -> Result<&'a [u8], Problem> {
        match self.body.first() {
            Some(0) => self.bits(),
            _ => Err(self.bad("bit string of whole octets")),
        }
    }
}

pub(crate) const BOOLEAN: u8 = 0x01;
pub(crate) const INTEGER: u8 = 0x02;
pub(crate) const BIT_STRING: u8 = 0x03;
pub(crate) const OCTET_STRING: u8 = 0x04;
pub(crate) const OID: u8 = 0x06;
pub(crate) const ENUMERATED: u8 = 0x0a;
pub(crate) const UTF8_STRING: u8 = 0x0c;
pub(crate) const PRINTABLE_STRING: u8 = 0x13;
pub(crate) const IA5_STRING: u8 = 0x16;
pub(crate) const UTC_TIME: u8 = 0x17;
pub(crate) const GENERALIZED_TIME: u8 = 0x18;
pub(crate) const SEQUENCE: u8 = 0x30;
pub(crate) const SET: u8 = 0x31;

/// Writes an element, for the few structures that are compared or signed in another form than they came in.
pub(crate) fn put(out: &mut Vec<u8>, tag: u8, body: &[u8]) {
    out.push(tag);
    let len = body.len().to_be_bytes();
    let significant = len.iter().position(|&octet| octet != 0).and_then(|at| len.get(at..)).unwrap_or(&[0]);
    match significant {
        [short @ 0..=0x7f] => out.push(*short),
        long => {
            // At most eight octets of length.
            out.push(0x80 | u8::try_from(long.len()).unwrap_or(0));
            out.extend_from_slice(long);
        }
    }
    out.extend_from_slice(body);
}

/// The tag `[number]`, primitive.
pub(crate) const fn context(number: u8) -> u8 {
    0x80 | number
}

/// The tag `[number]`, constructed.
pub(crate) const fn context_constructed(number: u8) -> u8 {
    0xa0 | number
}

#[cfg(test)]
mod tests {
    use super::*;

    fn one(bytes: &[u8]) -> Result<Element<'_>, Problem> {
        let mut reader = Reader::new(bytes);
        let element = reader.any()?;
        reader.end("trailing")?;
        Ok(element)
    }

    #[test]
    fn lengths_are_in_their_shortest_form() {
        let body = [0u8; 0x1_0000];
        let with = |header: &[u8], len: usize| [&[0x04], header, &body[..len]].concat();

        for (header, len) in [
            (&[0x00][..], 0),
            (&[0x7f], 0x7f),
            (&[0x81, 0x80], 0x80),
            (&[0x82, 0x01, 0x00], 0x100),
            (&[0x83, 0x01, 0x00, 0x00], 0x1_0000),
        ] {
            assert_eq!(one(&with(header, len)).unwrap().body.len(), len);
        }
        for (header, len) in [
            (&[0x80][..], 0),
            (&[0x81, 0x7f], 0x7f),
            (&[0x82, 0x00, 0xff], 0xff),
            (&[0x83, 0x00, 0xff, 0xff], 0xffff),
            (&[0x84, 0x00, 0x01, 0x00, 0x00], 0x1_0000),
            (&[0x85, 0x00, 0x00, 0x00, 0x00, 0x01], 1),
            (&[0x01], 0),
            (&[0x84, 0xff, 0xff, 0xff, 0xff], 4),
            (&[0xff], 4),
        ] {
            assert!(one(&with(header, len)).is_err(), "{header:02x?}");
        }
    }

    #[test]
    fn high_tag_numbers_are_refused() {
        assert!(one(&[0x1f, 0x01, 0x00]).is_err());
        assert!(one(&[0xbf, 0x81, 0x01, 0x00]).is_err());
    }

    #[test]
    fn booleans_are_00_or_ff() {
        assert_eq!(one(&[0x01, 0x01, 0x00]).unwrap().boolean(), Ok(false));
        assert_eq!(one(&[0x01, 0x01, 0xff]).unwrap().boolean(), Ok(true));
        for bad in [&[0x01, 0x01, 0x01][..], &[0x01, 0x00], &[0x01, 0x02, 0xff, 0xff]] {
            assert!(one(bad).unwrap().boolean().is_err());
        }
    }

    #[test]
    fn integers_are_in_their_shortest_form() {
        let integer = |body: &[u8]| {
            let der = [&[0x02, body.len() as u8], body].concat();
            one(&der).unwrap().integer().map(|i| i.to_vec())
        };
        for good in [&[0x00][..], &[0x7f], &[0x00, 0x80], &[0x80], &[0xff], &[0xff, 0x7f]] {
            assert_eq!(integer(good).unwrap(), good);
        }
        for bad in [&[][..], &[0x00, 0x00], &[0x00, 0x7f], &[0xff, 0x80], &[0xff, 0xff]] {
            assert!(integer(bad).is_err(), "{bad:02x?}");
        }
    }

    #[test]
    fn small_integers_are_not_negative_and_fit() {
        let small = |der: &[u8]| one(der).unwrap().small();
        assert_eq!(small(&[2, 1, 0]), Ok(0));
        assert_eq!(small(&[2, 5, 0, 0xff, 0xff, 0xff, 0xff]), Ok(u32::MAX));
        assert!(small(&[2, 1, 0x80]).is_err());
        assert!(small(&[2, 5, 1, 0, 0, 0, 0]).is_err());
    }

    #[test]
    fn bit_strings_have_zero_padding() {
        let bits = |der: &[u8]| one(der).unwrap().bits().map(|b| b.to_vec());
        assert!(bits(&[3, 1, 0]).unwrap().is_empty());
        assert_eq!(bits(&[3, 2, 7, 0x80]).unwrap(), [0x80]);
        for bad in [&[3, 0][..], &[3, 1, 1], &[3, 2, 8, 0], &[3, 2, 7, 0xc0], &[3, 2, 1, 0x01]] {
            assert!(bits(bad).is_err(), "{bad:02x?}");
        }
        assert!(one(&[3, 2, 1, 0]).unwrap().octet_bits().is_err());
    }

    #[test]
    fn what_is_written_can_be_read() {
        let body = [7u8; 0x1_0000];
        for len in [0, 1, 0x7f, 0x80, 0xff, 0x100, 0xffff, 0x1_0000] {
            let mut out = Vec::new();
            put(&mut out, OCTET_STRING, &body[..len]);
            let element = one(&out).unwrap();
            assert_eq!((element.tag, element.body), (OCTET_STRING, &body[..len]));
        }
    }

    #[test]
    fn elements_know_where_they_lie() {
        let outer = [0x30, 0x03, 0x01, 0x01, 0x02];
        let sequence = one(&outer).unwrap();
        let inner = sequence.reader().any().unwrap();
        assert_eq!((sequence.raw_span(), sequence.span()), (0..5, 2..5));
        assert_eq!((inner.raw_span(), inner.span()), (2..5, 4..5));
    }

    #[test]
    fn errors_say_where() {
        let outer = [0x30, 0x03, 0x01, 0x01, 0x02];
        let mut reader = Reader::new(&outer);
        let mut inner = reader.expect(SEQUENCE, "sequence").unwrap().reader();
        assert_eq!(
            inner.expect(INTEGER, "version").map(|_| ()),
            Err(Problem::BadDer { what: "version", at: 2 })
        );
    }
}
