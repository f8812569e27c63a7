//! Object identifiers: their encoding, and the ones this crate knows.

use alloc::vec::Vec;

use crate::der::{self, Element, Reader};
use crate::error::Problem;
use crate::shown;

/// Reads an object identifier and gives the octets of its value.
pub(crate) fn read<'a>(reader: &mut Reader<'a>) -> Result<&'a [u8], Problem> {
    let element = element(reader)?;
    // As most are, of attributes and extensions: X.520 and X.509 have theirs below 2.5.4 and 2.5.29.
    if let [0..=0x7f, 0..=0x7f, 0..=0x7f] = element.body {
        return Ok(element.body);
    }
    // Each sub-identifier ends in an octet below 0x80 and does not start with a padding 0x80 (X.690 section 8.19.2).
    let mut first = true;
    for &octet in element.body {
        if first && octet == 0x80 {
            return Err(element.bad("object identifier"));
        }
        first = octet & 0x80 == 0;
    }
    if element.body.is_empty() || !first {
        return Err(element.bad("object identifier"));
    }
    Ok(element.body)
}

/// The same for one that [`read`] has read before, without a look inside.
pub(crate) fn read_checked<'a>(reader: &mut Reader<'a>) -> Result<&'a [u8], Problem> {
    Ok(element(reader)?.body)
}

fn element<'a>(reader: &mut Reader<'a>) -> Result<Element<'a>, Problem> {
    reader.expect(der::OID, "object identifier")
}

/// The arcs of an object identifier, for people to read, and of a very long one the first. An arc that does not fit saturates.
pub(crate) fn arcs(oid: &[u8]) -> Vec<usize> {
    let mut arcs = Vec::new();
    let mut value = 0usize;
    for &octet in shown::first(oid, shown::OID) {
        value = value.saturating_mul(128).saturating_add(usize::from(octet & 0x7f));
        if octet & 0x80 != 0 {
            continue;
        }
        if arcs.is_empty() {
            // The first two arcs share a sub-identifier (X.690 section 8.19.4).
            let top = (value / 40).min(2);
            arcs.push(top);
            arcs.push(value.saturating_sub(top.saturating_mul(40)));
        } else {
            arcs.push(value);
        }
        value = 0;
    }
    arcs
}

/// Makes the octets of an object identifier, without tag and length, out of its arcs with dots between.
///
/// None if it is not one: fewer than two arcs, a first arc above 2, a second above 39 under the first two, an arc that does
/// not fit in 64 bits.
pub fn oid_from_text(text: &str) -> Option<Vec<u8>> {
    let mut arcs = text
        .split('.')
        .map(|arc| arc.parse::<u64>().ok().filter(|_| arc.bytes().all(|c| c.is_ascii_digit())));
    let (top, second) = (arcs.next()??, arcs.next()??);
    if top > 2 || (top < 2 && second > 39) {
        return None;
    }
    let mut octets = Vec::new();
    push_arc(&mut octets, top.checked_mul(40)?.checked_add(second)?);
    for arc in arcs {
        push_arc(&mut octets, arc?);
    }
    Some(octets)
}

/// Seven bits an octet, the top bit in all but the last (X.690 section 8.19.2).
fn push_arc(octets: &mut Vec<u8>, arc: u64) {
    let bits = 64u32.saturating_sub(arc.leading_zeros()).max(1);
    for group in (0..bits.div_ceil(7)).rev() {
        let low = u8::try_from((arc >> group.saturating_mul(7)) & 0x7f).unwrap_or(0);
        octets.push(if group == 0 { low } else { low | 0x80 });
    }
}

pub(crate) const SUBJECT_KEY_IDENTIFIER: &[u8] = &[0x55, 0x1d, 14];
pub(crate) const KEY_USAGE: &[u8] = &[0x55, 0x1d, 15];
pub(crate) const SUBJECT_ALT_NAME: &[u8] = &[0x55, 0x1d, 17];
pub(crate) const BASIC_CONSTRAINTS: &[u8] = &[0x55, 0x1d, 19];
pub(crate) const CRL_NUMBER: &[u8] = &[0x55, 0x1d, 20];
pub(crate) const CRL_REASON: &[u8] = &[0x55, 0x1d, 21];
pub(crate) const INVALIDITY_DATE: &[u8] = &[0x55, 0x1d, 24];
pub(crate) const DELTA_CRL_INDICATOR: &[u8] = &[0x55, 0x1d, 27];
pub(crate) const ISSUING_DISTRIBUTION_POINT: &[u8] = &[0x55, 0x1d, 28];
pub(crate) const CERTIFICATE_ISSUER: &[u8] = &[0x55, 0x1d, 29];
pub(crate) const NAME_CONSTRAINTS: &[u8] = &[0x55, 0x1d, 30];
pub(crate) const CRL_DISTRIBUTION_POINTS: &[u8] = &[0x55, 0x1d, 31];
pub(crate) const CERTIFICATE_POLICIES: &[u8] = &[0x55, 0x1d, 32];
/// anyPolicy, 2.5.29.32.0.
pub(crate) const ANY_POLICY: &[u8] = &[0x55, 0x1d, 32, 0];
pub(crate) const POLICY_MAPPINGS: &[u8] = &[0x55, 0x1d, 33];
pub(crate) const AUTHORITY_KEY_IDENTIFIER: &[u8] = &[0x55, 0x1d, 35];
pub(crate) const POLICY_CONSTRAINTS: &[u8] = &[0x55, 0x1d, 36];
pub(crate) const EXTENDED_KEY_USAGE: &[u8] = &[0x55, 0x1d, 37];
pub(crate) const FRESHEST_CRL: &[u8] = &[0x55, 0x1d, 46];
pub(crate) const INHIBIT_ANY_POLICY: &[u8] = &[0x55, 0x1d, 54];
/// id-ce-delegationUsage, 1.3.6.1.4.1.44363.44.
pub(crate) const DELEGATION_USAGE: &[u8] = &[0x2b, 6, 1, 4, 1, 0x82, 0xda, 0x4b, 44];
/// id-kp-OCSPSigning, 1.3.6.1.5.5.7.3.9.
pub(crate) const OCSP_SIGNING: &[u8] = &[0x2b, 6, 1, 5, 5, 7, 3, 9];
/// id-pkix-ocsp-basic, 1.3.6.1.5.5.7.48.1.1.
pub(crate) const OCSP_BASIC: &[u8] = &[0x2b, 6, 1, 5, 5, 7, 48, 1, 1];
/// id-pkix-ocsp-nonce, 1.3.6.1.5.5.7.48.1.2.
pub(crate) const OCSP_NONCE: &[u8] = &[0x2b, 6, 1, 5, 5, 7, 48, 1, 2];
/// RFC 6962 section 3.3: 1.3.6.1.4.1.11129.2.4.5.
pub(crate) const OCSP_TIMESTAMPS: &[u8] = &[0x2b, 6, 1, 4, 1, 0xd6, 0x79, 2, 4, 5];
/// RFC 6962 section 3.3: 1.3.6.1.4.1.11129.2.4.2.
pub(crate) const TIMESTAMPS: &[u8] = &[0x2b, 6, 1, 4, 1, 0xd6, 0x79, 2, 4, 2];
/// id-pe-tlsfeature, 1.3.6.1.5.5.7.1.24.
pub(crate) const TLS_FEATURE: &[u8] = &[0x2b, 6, 1, 5, 5, 7, 1, 24];
/// id-sha1, 1.3.14.3.2.26.
pub(crate) const SHA1: &[u8] = &[0x2b, 14, 3, 2, 26];
/// id-sha256, 2.16.840.1.101.3.4.2.1.
pub(crate) const SHA256: &[u8] = &[0x60, 0x86, 0x48, 1, 0x65, 3, 4, 2, 1];
/// id-kp-serverAuth, 1.3.6.1.5.5.7.3.1.
pub(crate) const SERVER_AUTH: &[u8] = &[0x2b, 6, 1, 5, 5, 7, 3, 1];
/// id-kp-clientAuth, 1.3.6.1.5.5.7.3.2.
pub(crate) const CLIENT_AUTH: &[u8] = &[0x2b, 6, 1, 5, 5, 7, 3, 2];
/// anyExtendedKeyUsage, 2.5.29.37.0.
pub(crate) const ANY_EXTENDED_KEY_USAGE: &[u8] = &[0x55, 0x1d, 37, 0];
/// rsaEncryption, 1.2.840.113549.1.1.1.
pub(crate) const RSA_ENCRYPTION: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 1];
/// id-RSASSA-PSS, 1.2.840.113549.1.1.10.
pub(crate) const RSASSA_PSS: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 10];
/// id-ml-dsa-44, id-ml-dsa-65 and id-ml-dsa-87, 2.16.840.1.101.3.4.3.17 to 19.
pub(crate) const ML_DSA_44: &[u8] = &[0x60, 0x86, 0x48, 1, 0x65, 3, 4, 3, 17];
pub(crate) const ML_DSA_65: &[u8] = &[0x60, 0x86, 0x48, 1, 0x65, 3, 4, 3, 18];
pub(crate) const ML_DSA_87: &[u8] = &[0x60, 0x86, 0x48, 1, 0x65, 3, 4, 3, 19];
/// id-Ed25519 and id-Ed448, 1.3.101.112 and 113.
pub(crate) const ED25519: &[u8] = &[0x2b, 0x65, 112];
pub(crate) const ED448: &[u8] = &[0x2b, 0x65, 113];
/// id-ecPublicKey, 1.2.840.10045.2.1.
pub(crate) const EC_PUBLIC_KEY: &[u8] = &[0x2a, 0x86, 0x48, 0xce, 0x3d, 2, 1];
/// id-on-SmtpUTF8Mailbox, 1.3.6.1.5.5.7.8.9. RFC 9598 section 3.
pub(crate) const SMTP_UTF8_MAILBOX: &[u8] = &[0x2b, 6, 1, 5, 5, 7, 8, 9];
/// emailAddress, 1.2.840.113549.1.9.1.
pub(crate) const EMAIL_ADDRESS: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 9, 1];
/// id-pe-authorityInfoAccess, 1.3.6.1.5.5.7.1.1.
pub(crate) const AUTHORITY_INFO_ACCESS: &[u8] = &[0x2b, 6, 1, 5, 5, 7, 1, 1];
/// id-pe-subjectInfoAccess, 1.3.6.1.5.5.7.1.11.
pub(crate) const SUBJECT_INFO_ACCESS: &[u8] = &[0x2b, 6, 1, 5, 5, 7, 1, 11];
/// commonName, 2.5.4.3.
pub(crate) const COMMON_NAME: &[u8] = &[0x55, 4, 3];
/// domainComponent, 0.9.2342.19200300.100.1.25.
pub(crate) const DOMAIN_COMPONENT: &[u8] = &[0x09, 0x92, 0x26, 0x89, 0x93, 0xf2, 0x2c, 0x64, 1, 25];

/// What people call the extensions that an error can be about.
pub(crate) const EXTENSION_NAMES: &[(&[u8], &str)] = &[
    (SUBJECT_KEY_IDENTIFIER, "subject key identifier"),
    (KEY_USAGE, "key usage"),
    (SUBJECT_ALT_NAME, "subject alternative name"),
    (BASIC_CONSTRAINTS, "basic constraints"),
    (CRL_NUMBER, "CRL number"),
    (CRL_REASON, "reason code"),
    (INVALIDITY_DATE, "invalidity date"),
    (DELTA_CRL_INDICATOR, "delta CRL indicator"),
    (ISSUING_DISTRIBUTION_POINT, "issuing distribution point"),
    (CERTIFICATE_ISSUER, "certificate issuer"),
    (NAME_CONSTRAINTS, "name constraints"),
    (CRL_DISTRIBUTION_POINTS, "CRL distribution points"),
    (CERTIFICATE_POLICIES, "certificate policies"),
    (POLICY_MAPPINGS, "policy mappings"),
    (AUTHORITY_KEY_IDENTIFIER, "authority key identifier"),
    (POLICY_CONSTRAINTS, "policy constraints"),
    (EXTENDED_KEY_USAGE, "extended key usage"),
    (FRESHEST_CRL, "freshest CRL"),
    (INHIBIT_ANY_POLICY, "inhibit anyPolicy"),
    (DELEGATION_USAGE, "delegation usage"),
    (TLS_FEATURE, "TLS feature"),
    (AUTHORITY_INFO_ACCESS, "authority information access"),
    (SUBJECT_INFO_ACCESS, "subject information access"),
    (TIMESTAMPS, "signed certificate timestamps"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arcs_read_as_written() {
        assert_eq!(arcs(RSA_ENCRYPTION), [1, 2, 840, 113549, 1, 1, 1]);
        assert_eq!(arcs(SERVER_AUTH), [1, 3, 6, 1, 5, 5, 7, 3, 1]);
        assert_eq!(arcs(ANY_EXTENDED_KEY_USAGE), [2, 5, 29, 37, 0]);
        // X.690 section 8.19.5: {2 999 3}.
        assert_eq!(arcs(&[0x88, 0x37, 0x03]), [2, 999, 3]);
        assert!(arcs(&[0xff; 40]).is_empty());
    }

    #[test]
    fn identifiers_are_made_of_text() {
        for (text, octets) in [
            ("1.2.840.113549.1.1.1", RSA_ENCRYPTION),
            ("2.5.29.32.0", ANY_POLICY),
            ("2.999.3", &[0x88, 0x37, 0x03]),
            ("0.0", &[0]),
            ("1.3.128.16384", &[0x2b, 0x81, 0x00, 0x81, 0x80, 0x00]),
        ] {
            assert_eq!(oid_from_text(text).as_deref(), Some(octets), "{text}");
        }
        for bad in ["", "1", "3.1", "1.40", "1..2", "1.2.", "1.+2", "1.2.x", "2.5.18446744073709551616"] {
            assert_eq!(oid_from_text(bad), None, "{bad}");
        }
    }

    #[test]
    fn padded_or_cut_identifiers_are_refused() {
        for bad in [&[6, 0][..], &[6, 1, 0x88], &[6, 2, 0x80, 0x01], &[6, 3, 0x55, 0x80, 0x01]] {
            assert!(read(&mut Reader::new(bad)).is_err(), "{bad:02x?}");
        }
        assert!(read(&mut Reader::new(&[6, 3, 0x88, 0x37, 0x03])).is_ok());
    }
}
