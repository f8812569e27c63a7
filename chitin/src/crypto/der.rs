//! The few shapes of DER that keys come in. Certificates are read by `chitin-pki`.

use alloc::vec::Vec;

pub(crate) const INTEGER: u8 = 0x02;
pub(crate) const BIT_STRING: u8 = 0x03;
#[cfg_attr(not(any(feature = "aws_lc_rs", feature = "ring")), allow(dead_code))] // Only key formats of the provider have it.
pub(crate) const OCTET_STRING: u8 = 0x04;
pub(crate) const SEQUENCE: u8 = 0x30;

/// Takes the element with `tag` off the head of `input` and gives its content.
///
/// Lengths must be in DER's shortest form, of at most four bytes.
pub(crate) fn take<'a>(input: &mut &'a [u8], tag: u8) -> Option<&'a [u8]> {
    let (&[found, first], rest) = input.split_first_chunk()?;
    if found != tag {
        return None;
    }
    let (len, rest) = match first {
        // 0x80 would be BER's length of unknown extent.
        0..=0x7f => (usize::from(first), rest),
        0x81..=0x84 => {
            let (bytes, rest) = rest.split_at_checked(usize::from(first & 0x7f))?;
            let len = bytes
                .iter()
                .try_fold(0_usize, |len, byte| len.checked_mul(256)?.checked_add((*byte).into()))?;
            if len < 0x80 || bytes.first() == Some(&0) {
                return None;
            }
            (len, rest)
        }
        _ => return None,
    };
    let (content, rest) = rest.split_at_checked(len)?;
    *input = rest;
    Some(content)
}

/// Reads `input` as one element with `tag` and nothing after it.
pub(crate) fn only(mut input: &[u8], tag: u8) -> Option<&[u8]> {
    let content = take(&mut input, tag)?;
    input.is_empty().then_some(content)
}

/// Reads a BIT STRING's content that is a whole number of bytes.
pub(crate) fn bytes_of_bits(content: &[u8]) -> Option<&[u8]> {
    match content {
        [0, bytes @ ..] => Some(bytes),
        _ => None,
    }
}

/// Encodes an element. Its content is the concatenation of `parts`.
pub(crate) fn element(tag: u8, parts: &[&[u8]]) -> Vec<u8> {
    let len = parts.iter().map(|part| part.len()).sum::<usize>();
    // Room for all at once: a private key is not left behind in a smaller piece of memory.
    let mut out = Vec::with_capacity(len.saturating_add(2 + size_of::<usize>()));
    out.push(tag);
    match u8::try_from(len) {
        Ok(short @ 0..0x80) => out.push(short),
        _ => {
            let bytes = len.to_be_bytes();
            let zeros = bytes.iter().take_while(|byte| **byte == 0).count();
            let significant = bytes.get(zeros..).unwrap_or_default();
            out.push(0x80 | u8::try_from(significant.len()).unwrap_or_default());
            out.extend_from_slice(significant);
        }
    }
    parts.iter().for_each(|part| out.extend_from_slice(part));
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_round_trip() {
        for len in [0, 1, 127, 128, 255, 256, 65_535, 65_536] {
            let content = alloc::vec![7; len];
            let encoded = element(SEQUENCE, &[&content]);
            assert_eq!(only(&encoded, SEQUENCE), Some(content.as_slice()));
            assert_eq!(only(&encoded, INTEGER), None);
            for cut in [1, 2, encoded.len() / 2, encoded.len() - 1] {
                assert_eq!(only(&encoded[..cut.min(encoded.len() - 1)], SEQUENCE), None);
            }
        }
    }

    #[test]
    fn only_the_shortest_length_is_taken() {
        assert_eq!(only(b"\x02\x01\x05", INTEGER), Some(b"\x05".as_slice()));
        assert_eq!(only(b"\x02\x81\x01\x05", INTEGER), None);
        assert_eq!(only(b"\x02\x80\x05\x00\x00", INTEGER), None);
        assert_eq!(only(b"\x02\x82\x00\x81", INTEGER), None);
        assert_eq!(only(b"\x02\x85\x01\x00\x00\x00\x00", INTEGER), None);
        assert_eq!(only(b"\x02\x01\x05\x00", INTEGER), None);
    }
}
