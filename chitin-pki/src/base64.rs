//! Base64 with padding. RFC 4648 section 4.

use alloc::string::String;
use alloc::vec::Vec;

use pki_types::SubjectPublicKeyInfoDer;
use pki_types::pem::PemObject;

/// Reads octets. It takes white space between, so that one text is not the only one for its octets.
pub(crate) fn decode(text: &str) -> Option<Vec<u8>> {
    // The armour makes of the text what there is a reader for.
    let armour = alloc::format!("-----BEGIN PUBLIC KEY-----\n{text}\n-----END PUBLIC KEY-----\n");
    let octets = SubjectPublicKeyInfoDer::from_pem_slice(armour.as_bytes()).ok()?;
    Some(octets.as_ref().to_vec())
}

/// Writes octets, padded.
pub(crate) fn encode(octets: &[u8]) -> String {
    let mut out = String::with_capacity(octets.len().div_ceil(3).saturating_mul(4));
    for group in octets.chunks(3) {
        let octet = |at: usize| u32::from(group.get(at).copied().unwrap_or(0));
        let bits = octet(0) << 16 | octet(1) << 8 | octet(2);
        for (place, shift) in [18, 12, 6, 0].into_iter().enumerate() {
            let sign = usize::try_from((bits >> shift) & 63).ok().and_then(|at| ALPHABET.get(at));
            let sign = sign.filter(|_| place <= group.len()).unwrap_or(&b'=');
            out.push(char::from(*sign));
        }
    }
    out
}

const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 4648 section 10, and the last two of the alphabet.
    #[test]
    fn text_and_octets_belong_together() {
        for (octets, text) in [
            (&b"f"[..], "Zg=="),
            (b"fo", "Zm8="),
            (b"foo", "Zm9v"),
            (b"foob", "Zm9vYg=="),
            (b"fooba", "Zm9vYmE="),
            (b"foobar", "Zm9vYmFy"),
            (b"\xfb\xff", "+/8="),
        ] {
            assert_eq!(encode(octets), text);
            assert_eq!(decode(text).as_deref(), Some(octets));
        }
        assert_eq!(decode("Zm9*"), None);
    }
}
