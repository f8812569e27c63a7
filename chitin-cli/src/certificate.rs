//! What a certificate says about itself, for people to read.
//!
//! It borrows from the DER and gives up (`None`) at the first thing it does not understand. Nothing here decides whether a
//! certificate is to be trusted: that is the verifier's work, which reads it with its own, strict reader.

use std::net::IpAddr;

use crate::text::{clean, clean_bytes};

/// The readable part of a certificate. Every text in it is fit for a terminal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Summary {
    pub subject: String,
    pub issuer: String,
    /// The DER of the two names, without the outer header, as trust anchors hold theirs.
    pub subject_der: Vec<u8>,
    pub issuer_der: Vec<u8>,
    pub key: String,
    pub not_before: String,
    pub not_after: String,
    /// Names from the subjectAltName extension.
    pub names: Vec<String>,
    /// It says that it is one of a CA.
    pub ca: bool,
}

impl Summary {
    /// Reads a certificate. RFC 5280 section 4.1.
    pub fn read(der: &[u8]) -> Option<Self> {
        let mut certificate = Der(Der(der).take(SEQUENCE)?);
        let mut tbs = Der(certificate.take(SEQUENCE)?);
        tbs.optional(VERSION);
        tbs.take(INTEGER)?;
        tbs.take(SEQUENCE)?;
        let issuer = tbs.take(SEQUENCE)?;
        let mut validity = Der(tbs.take(SEQUENCE)?);
        let (not_before, not_after) = (time(validity.any()?)?, time(validity.any()?)?);
        let subject = tbs.take(SEQUENCE)?;
        let key = key_type(tbs.take(SEQUENCE)?)?;
        tbs.optional(ISSUER_UNIQUE_ID);
        tbs.optional(SUBJECT_UNIQUE_ID);
        let extensions = tbs.optional(EXTENSIONS).unwrap_or_default();
        Some(Self {
            subject: name(subject),
            issuer: name(issuer),
            subject_der: subject.to_vec(),
            issuer_der: issuer.to_vec(),
            key,
            not_before,
            not_after,
            names: extension(extensions, SUBJECT_ALT_NAME).map(alternative_names).unwrap_or_default(),
            // RFC 5280 section 4.2.1.9: the first element, if it is there, says so.
            ca: extension(extensions, BASIC_CONSTRAINTS)
                .is_some_and(|value| Der(value).take(BOOLEAN) == Some(&[0xff])),
        })
    }

    /// Issued by itself, as far as the names say.
    pub fn is_self_issued(&self) -> bool {
        self.subject_der == self.issuer_der
    }

    /// One line for each fact.
    pub fn lines(&self) -> Vec<String> {
        let mut lines = vec![
            format!("subject  {}", self.subject),
            format!("issuer   {}{}", self.issuer, if self.is_self_issued() { " (itself)" } else { "" }),
            format!("key      {}", self.key),
            format!("valid    {} to {}", self.not_before, self.not_after),
        ];
        if !self.names.is_empty() {
            lines.push(format!("names    {}", self.names.join(", ")));
        }
        lines
    }
}

/// A distinguished name the way people write it: `CN=example, O=Example Ltd`. Takes the DER without its outer header.
pub fn name(der: &[u8]) -> String {
    let mut parts = Vec::new();
    let mut sets = Der(der);
    while let Some(set) = sets.take(SET) {
        let mut set = Der(set);
        while let Some(pair) = set.take(SEQUENCE) {
            let mut pair = Der(pair);
            let (Some(oid), Some((_, value))) = (pair.take(OID), pair.any()) else { continue };
            parts.push(format!("{}={}", attribute(oid), clean_bytes(value)));
        }
        if parts.len() >= MOST_NAMES {
            break;
        }
    }
    // Most significant first in DER, least significant first for people. RFC 4514 section 2.1.
    parts.reverse();
    match parts.is_empty() {
        true => "(empty)".into(),
        false => parts.join(", "),
    }
}

fn attribute(oid: &[u8]) -> String {
    let short = match oid {
        [0x55, 0x04, 0x03] => "CN",
        [0x55, 0x04, 0x05] => "serialNumber",
        [0x55, 0x04, 0x06] => "C",
        [0x55, 0x04, 0x07] => "L",
        [0x55, 0x04, 0x08] => "ST",
        [0x55, 0x04, 0x0a] => "O",
        [0x55, 0x04, 0x0b] => "OU",
        [0x09, 0x92, 0x26, 0x89, 0x93, 0xf2, 0x2c, 0x64, 0x01, 0x19] => "DC",
        [0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x09, 0x01] => "email",
        _ => return dotted(oid),
    };
    short.into()
}

/// `2.5.4.3` from the bytes of an object identifier. X.690 section 8.19.
fn dotted(oid: &[u8]) -> String {
    let mut arcs: Vec<u64> = Vec::new();
    let mut arc: u64 = 0;
    for byte in oid.iter().take(32) {
        arc = arc.wrapping_shl(7) | u64::from(byte & 0x7f);
        if byte & 0x80 == 0 {
            if arcs.is_empty() {
                let first = (arc / 40).min(2);
                arcs.push(first);
                arc -= first * 40;
            }
            arcs.push(arc);
            arc = 0;
        }
    }
    arcs.iter().map(u64::to_string).collect::<Vec<_>>().join(".")
}

/// The kind of key in a SubjectPublicKeyInfo, and its size where that varies.
fn key_type(spki: &[u8]) -> Option<String> {
    let mut spki = Der(spki);
    let mut algorithm = Der(spki.take(SEQUENCE)?);
    let oid = algorithm.take(OID)?;
    let bits = spki.take(BIT_STRING)?;
    Some(match oid {
        [0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01] => match algorithm.take(OID) {
            Some([0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07]) => "ECDSA P-256".into(),
            Some([0x2b, 0x81, 0x04, 0x00, 0x22]) => "ECDSA P-384".into(),
            Some([0x2b, 0x81, 0x04, 0x00, 0x23]) => "ECDSA P-521".into(),
            Some(curve) => format!("ECDSA on {}", dotted(curve)),
            None => "ECDSA".into(),
        },
        // RFC 8017 appendix A.1.1: the modulus comes first, after the count of unused bits of the BIT STRING.
        [0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01 | 0x0a] => {
            let mut key = Der(Der(bits.get(1..)?).take(SEQUENCE)?);
            let modulus = key.take(INTEGER)?;
            let start = modulus.iter().position(|byte| *byte != 0)?;
            let modulus = modulus.get(start..)?;
            format!("RSA {}", modulus.len() * 8 - modulus.first()?.leading_zeros() as usize)
        }
        [0x2b, 0x65, 0x70] => "Ed25519".into(),
        [0x2b, 0x65, 0x71] => "Ed448".into(),
        [0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x03, 0x11] => "ML-DSA-44".into(),
        [0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x03, 0x12] => "ML-DSA-65".into(),
        [0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x03, 0x13] => "ML-DSA-87".into(),
        other => dotted(other),
    })
}

/// The content of the SEQUENCE that this extension is. RFC 5280 section 4.2.
fn extension<'a>(extensions: &'a [u8], wanted: &[u8]) -> Option<&'a [u8]> {
    let mut list = Der(Der(extensions).take(SEQUENCE)?);
    while let Some(extension) = list.take(SEQUENCE) {
        let mut extension = Der(extension);
        if extension.take(OID) == Some(wanted) {
            extension.optional(BOOLEAN);
            return Der(extension.take(OCTET_STRING)?).take(SEQUENCE);
        }
    }
    None
}

/// RFC 5280 section 4.2.1.6.
fn alternative_names(general: &[u8]) -> Vec<String> {
    let mut names = Vec::new();
    let mut general = Der(general);
    while let Some((tag, value)) = general.any() {
        names.push(match tag {
            0x81 => format!("email:{}", clean_bytes(value)),
            0x82 => clean_bytes(value),
            0x86 => clean_bytes(value),
            0x87 => match (<[u8; 4]>::try_from(value), <[u8; 16]>::try_from(value)) {
                (Ok(v4), _) => IpAddr::from(v4).to_string(),
                (_, Ok(v6)) => IpAddr::from(v6).to_string(),
                _ => "(bad address)".into(),
            },
            _ => "(other)".into(),
        });
        if names.len() >= MOST_NAMES {
            names.push("...".into());
            return names;
        }
    }
    names
}

/// UTCTime and GeneralizedTime as RFC 5280 section 4.1.2.5 allows them, both ending in Z.
fn time((tag, value): (u8, &[u8])) -> Option<String> {
    let text = core::str::from_utf8(value).ok()?.strip_suffix('Z')?;
    if !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let full = match (tag, text.len()) {
        (UTC_TIME, 12) if text < "5" => format!("20{text}"),
        (UTC_TIME, 12) => format!("19{text}"),
        (GENERALIZED_TIME, 14) => text.into(),
        _ => return None,
    };
    let part = |range| full.get(range).map(clean);
    Some(format!("{}-{}-{} {}:{}", part(0..4)?, part(4..6)?, part(6..8)?, part(8..10)?, part(10..12)?))
}

/// A position in DER.
struct Der<'a>(&'a [u8]);

impl<'a> Der<'a> {
    /// The next element, whatever it is: tag and content.
    fn any(&mut self) -> Option<(u8, &'a [u8])> {
        let (&tag, rest) = self.0.split_first()?;
        let (&first, mut rest) = rest.split_first()?;
        let mut len = usize::from(first & 0x7f);
        if first & 0x80 != 0 {
            // Three bytes of length reach 16 MiB, the most that a TLS certificate can have.
            if len == 0 || len > 3 {
                return None;
            }
            let (digits, after) = rest.split_at_checked(len)?;
            len = digits.iter().fold(0, |sum, digit| sum << 8 | usize::from(*digit));
            rest = after;
        }
        let (content, rest) = rest.split_at_checked(len)?;
        self.0 = rest;
        Some((tag, content))
    }

    fn take(&mut self, wanted: u8) -> Option<&'a [u8]> {
        match self.0.first() {
            Some(tag) if *tag == wanted => self.any().map(|(_, content)| content),
            _ => None,
        }
    }

    fn optional(&mut self, wanted: u8) -> Option<&'a [u8]> {
        self.take(wanted)
    }
}

const BOOLEAN: u8 = 0x01;
const INTEGER: u8 = 0x02;
const BIT_STRING: u8 = 0x03;
const OCTET_STRING: u8 = 0x04;
const OID: u8 = 0x06;
const UTC_TIME: u8 = 0x17;
const GENERALIZED_TIME: u8 = 0x18;
const SEQUENCE: u8 = 0x30;
const SET: u8 = 0x31;
const VERSION: u8 = 0xa0;
const ISSUER_UNIQUE_ID: u8 = 0x81;
const SUBJECT_UNIQUE_ID: u8 = 0x82;
const EXTENSIONS: u8 = 0xa3;
const SUBJECT_ALT_NAME: &[u8] = &[0x55, 0x1d, 17];
const BASIC_CONSTRAINTS: &[u8] = &[0x55, 0x1d, 19];
/// Names shown of one certificate; some carry hundreds.
const MOST_NAMES: usize = 20;

#[cfg(test)]
mod tests {
    use super::*;
    use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, KeyPair, SanType};

    fn sample() -> Vec<u8> {
        let mut params = CertificateParams::new(vec!["a.example".into()]).unwrap();
        params.subject_alt_names.push(SanType::IpAddress("192.0.2.7".parse().unwrap()));
        params.distinguished_name.remove(DnType::CommonName);
        params.distinguished_name.push(DnType::OrganizationName, "Example");
        params.distinguished_name.push(DnType::CommonName, "a\x1bb");
        params.not_before = rcgen::date_time_ymd(2024, 2, 29);
        params.not_after = rcgen::date_time_ymd(2051, 1, 2);
        params.self_signed(&KeyPair::generate().unwrap()).unwrap().der().to_vec()
    }

    #[test]
    fn reads_what_rcgen_wrote() {
        let read = Summary::read(&sample()).unwrap();
        assert_eq!(read.subject, "CN=a\\u{1b}b, O=Example");
        assert!(read.is_self_issued());
        assert_eq!(read.key, "ECDSA P-256");
        assert_eq!((&*read.not_before, &*read.not_after), ("2024-02-29 00:00", "2051-01-02 00:00"));
        assert_eq!(read.names, ["a.example", "192.0.2.7"]);
        assert!(!read.ca);
    }

    #[test]
    fn a_ca_certificate_says_so() {
        for (is_ca, expected) in [
            (IsCa::Ca(BasicConstraints::Constrained(0)), true),
            (IsCa::ExplicitNoCa, false),
            (IsCa::NoCa, false),
        ] {
            let mut params = CertificateParams::new(Vec::new()).unwrap();
            params.is_ca = is_ca;
            let der = params.self_signed(&KeyPair::generate().unwrap()).unwrap().der().to_vec();
            assert_eq!(Summary::read(&der).unwrap().ca, expected);
        }
    }

    #[test]
    fn every_truncation_and_every_changed_byte_is_survived() {
        let whole = sample();
        for end in 0..whole.len() {
            assert_eq!(Summary::read(&whole[..end]), None);
            let mut changed = whole.clone();
            changed[end] ^= 0xff;
            let _ = Summary::read(&changed);
        }
    }

    #[test]
    fn object_identifiers() {
        assert_eq!(dotted(&[0x55, 0x04, 0x03]), "2.5.4.3");
        assert_eq!(dotted(&[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d]), "1.2.840.113549");
    }

    #[test]
    fn two_digit_years_turn_at_fifty() {
        assert_eq!(time((UTC_TIME, b"491231235959Z")).unwrap(), "2049-12-31 23:59");
        assert_eq!(time((UTC_TIME, b"500101000000Z")).unwrap(), "1950-01-01 00:00");
        assert_eq!(time((UTC_TIME, b"5001010000Z")), None);
    }
}
