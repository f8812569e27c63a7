//! Signed certificate timestamps, and what exactly a log has signed. RFC 6962 section 3.2.

use alloc::vec::Vec;
use core::time::Duration;

use pki_types::UnixTime;

use crate::cert::Certificate;
use crate::der::{self, Reader};
use crate::error::Problem;
use crate::extensions::read_one;
use crate::ocsp::Digests;
use crate::oid;
use crate::spki::SubjectPublicKeyInfo;

/// A timestamp of version 1.
#[derive(Clone, Copy, Debug)]
pub(super) struct Timestamp<'a> {
    /// SHA-256 of the log's key.
    pub(super) log: [u8; 32],
    milliseconds: u64,
    extensions: &'a [u8],
    /// The hash and the kind of signature, in the numbers of TLS 1.2.
    pub(super) scheme: [u8; 2],
    pub(super) signature: &'a [u8],
}

impl<'a> Timestamp<'a> {
    /// `None` if it is of another version or malformed: such a one counts for nothing, and says nothing of others.
    pub(super) fn parse(sct: &'a [u8]) -> Option<Self> {
        let (version, rest) = sct.split_first()?;
        let (log, rest) = rest.split_first_chunk::<32>()?;
        let (time, rest) = rest.split_first_chunk::<8>()?;
        let (extensions, rest) = sized(rest)?;
        let (scheme, rest) = rest.split_first_chunk::<2>()?;
        let (signature, rest) = sized(rest)?;
        (*version == V1 && rest.is_empty()).then(|| Self {
            log: *log,
            milliseconds: u64::from_be_bytes(*time),
            extensions,
            scheme: *scheme,
            signature,
        })
    }

    /// When the log saw the certificate.
    pub(super) fn time(&self) -> UnixTime {
        UnixTime::since_unix_epoch(Duration::from_millis(self.milliseconds))
    }

    /// What the log has signed, if it has seen this.
    pub(super) fn signed(&self, entry: &Entry) -> Option<Vec<u8>> {
        let mut out = Vec::from([V1, CERTIFICATE_TIMESTAMP]);
        out.extend(self.milliseconds.to_be_bytes());
        out.extend(&entry.kind);
        out.extend(&entry.issuer);
        let [0, length @ ..] = u32::try_from(entry.body.len()).ok()?.to_be_bytes() else { return None };
        out.extend(length);
        out.extend(&entry.body);
        out.extend(u16::try_from(self.extensions.len()).ok()?.to_be_bytes());
        out.extend(self.extensions);
        Some(out)
    }
}

/// What a log was shown.
pub(super) struct Entry {
    kind: [u8; 2],
    issuer: Vec<u8>,
    body: Vec<u8>,
}

impl Entry {
    /// The certificate as it is: for timestamps that are not within it.
    pub(super) fn whole(certificate: &Certificate<'_>) -> Self {
        Self { kind: [0, 0], issuer: Vec::new(), body: certificate.der().to_vec() }
    }

    /// The certificate as it was before the timestamps were put into it.
    pub(super) fn before(
        certificate: &Certificate<'_>,
        issuer: &SubjectPublicKeyInfo<'_>,
        digests: &dyn Digests,
    ) -> Result<Self, Problem> {
        let mut key = Vec::new();
        der::put(&mut key, der::SEQUENCE, issuer.contents());
        let body = without_timestamps(certificate.signed().message)?;
        Ok(Self { kind: [0, 1], issuer: digests.sha256(&key).to_vec(), body })
    }
}

/// The signed part of a certificate without the extension of the timestamps.
fn without_timestamps(tbs: &[u8]) -> Result<Vec<u8>, Problem> {
    let mut reader = Reader::new(tbs);
    let mut fields = reader.expect(der::SEQUENCE, "signed part")?.reader();
    let mut body = Vec::new();
    while !fields.is_empty() {
        let field = fields.any()?;
        if field.tag != der::context_constructed(3) {
            body.extend_from_slice(field.raw);
            continue;
        }
        let mut extensions = field.reader().expect(der::SEQUENCE, "extensions")?.reader();
        let mut kept = Vec::new();
        while !extensions.is_empty() {
            let raw = { extensions }.any()?.raw;
            let (extension, _) = read_one(&mut extensions)?;
            if extension.oid != oid::TIMESTAMPS {
                kept.extend_from_slice(raw);
            }
        }
        let mut list = Vec::new();
        der::put(&mut list, der::SEQUENCE, &kept);
        der::put(&mut body, field.tag, &list);
    }
    let mut out = Vec::new();
    der::put(&mut out, der::SEQUENCE, &body);
    Ok(out)
}

/// The timestamps in the value of an extension of a certificate or an OCSP response; none, if they are malformed.
pub(super) fn in_extension(value: &[u8]) -> Vec<&[u8]> {
    let mut reader = Reader::new(value);
    let list = reader.expect(der::OCTET_STRING, "timestamps");
    list.ok().and_then(|list| split_timestamps(list.body)).unwrap_or_default()
}

/// Takes a `SignedCertificateTimestampList` apart. RFC 6962 section 3.3. `None` if it is malformed.
pub fn split_timestamps(list: &[u8]) -> Option<Vec<&[u8]>> {
    let (mut rest, after) = sized(list)?;
    let mut found = Vec::new();
    while !rest.is_empty() {
        let (sct, others) = sized(rest)?;
        found.push(sct);
        rest = others;
    }
    after.is_empty().then_some(found)
}

/// Octets behind their length in two octets, and what follows them.
fn sized(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let (length, rest) = bytes.split_first_chunk::<2>()?;
    rest.split_at_checked(usize::from(u16::from_be_bytes(*length)))
}

const V1: u8 = 0;
const CERTIFICATE_TIMESTAMP: u8 = 0;
