//! How much of a peer's text goes into errors and what else is for people to read.
//!
//! An error is made for each way that a search refuses, so it must not take the longer the longer a name is.

use core::str;

/// Octets of one name that are shown. Common names have 64 at most (RFC 5280 appendix A.1), DNS names 253.
pub(crate) const NAME: usize = 1024;

/// Octets of one object identifier that are shown. Those in use have less than 40.
pub(crate) const OID: usize = 64;

/// The first of these octets, so many at most.
pub(crate) fn first(octets: &[u8], most: usize) -> &[u8] {
    octets.get(..most).unwrap_or(octets)
}

/// The first of these octets if they are text, without a last character that is not whole because there are more.
pub(crate) fn first_text(octets: &[u8], most: usize) -> Option<&str> {
    let start = first(octets, most);
    match str::from_utf8(start) {
        Ok(text) => Some(text),
        Err(cut) if cut.error_len().is_none() && start.len() < octets.len() => {
            str::from_utf8(first(start, cut.valid_up_to())).ok()
        }
        Err(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_ends_between_two_characters() {
        for (octets, most, expected) in [
            (&b"abc"[..], 3, Some("abc")),
            (b"abc", 2, Some("ab")),
            (b"a\xc3\xa4", 3, Some("a\u{e4}")),
            (b"a\xc3\xa4", 2, Some("a")),
            (b"a\xc3", 3, None),
            (b"a\xffb", 2, None),
        ] {
            assert_eq!(first_text(octets, most), expected, "{octets:?}");
        }
    }
}
