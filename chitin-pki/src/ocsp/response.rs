//! The structure of an OCSP response. RFC 6960 section 4.2.1.

use alloc::vec::Vec;

use super::problem::OcspProblem;
use crate::crl::{Reason, Revoked};
use crate::der::{self, Element, Reader};
use crate::dn::DirectoryName;
use crate::error::Problem;
use crate::extensions::read_one;
use crate::oid;
use crate::signature::Signed;
use crate::time::Time;

/// What a responder says.
#[derive(Debug)]
pub(super) enum Response<'a> {
    /// It has answers.
    Basic(Basic<'a>),
    /// It has none, at the moment or in principle; anybody may say so, since it is not signed. RFC 6960 section 2.3.
    Unsuccessful,
}

/// A response of the one type that is in use.
#[derive(Debug)]
pub(super) struct Basic<'a> {
    pub(super) signed: Signed<'a>,
    pub(super) responder: Responder<'a>,
    pub(super) produced_at: Time,
    pub(super) answers: Vec<Single<'a>>,
    /// The encodings of the certificates in it.
    pub(super) certificates: Vec<&'a [u8]>,
}

/// Who signed.
#[derive(Clone, Copy, Debug)]
pub(super) enum Responder<'a> {
    Named(DirectoryName<'a>),
    /// SHA-1 of the bits of the public key.
    Keyed(&'a [u8]),
}

/// The answer about one certificate.
#[derive(Clone, Copy, Debug)]
pub(super) struct Single<'a> {
    pub(super) id: CertId<'a>,
    pub(super) status: Status,
    pub(super) this_update: Time,
    pub(super) next_update: Option<Time>,
    /// The value of the extension with signed certificate timestamps. RFC 6962 section 3.3.
    pub(super) timestamps: Option<&'a [u8]>,
}

/// Names a certificate.
#[derive(Clone, Copy, Debug)]
pub(super) struct CertId<'a> {
    /// The object identifier of the hash.
    pub(super) hash: &'a [u8],
    pub(super) name_hash: &'a [u8],
    pub(super) key_hash: &'a [u8],
    pub(super) serial: &'a [u8],
}

/// What is known of a certificate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Status {
    Good,
    Revoked(Revoked),
    Unknown,
}

impl Status {
    /// Orders answers that contradict each other.
    pub(super) fn badness(self) -> u8 {
        match self {
            Self::Good => 0,
            Self::Unknown => 1,
            Self::Revoked(_) => 2,
        }
    }
}

impl<'a> Response<'a> {
    pub(super) fn parse(response: &'a [u8]) -> Result<Self, OcspProblem> {
        let mut reader = Reader::new(response);
        let mut fields = reader.expect(der::SEQUENCE, "OCSP response")?.reader();
        reader.end("octets after the OCSP response")?;
        let status = fields.expect(der::ENUMERATED, "response status")?;
        let bytes = fields.optional(der::context_constructed(0))?;
        fields.end("end of the OCSP response")?;
        match status.small()? {
            SUCCESSFUL => {}
            unsuccessful if UNSUCCESSFUL.contains(&unsuccessful) => return Ok(Self::Unsuccessful),
            _ => return Err(status.bad("response status").into()),
        }
        let Some(bytes) = bytes else { return Err(status.bad("response bytes").into()) };
        let mut inner = bytes.reader();
        let mut fields = inner.expect(der::SEQUENCE, "response bytes")?.reader();
        inner.end("end of the response bytes")?;
        let kind = oid::read(&mut fields)?;
        let basic = fields.expect(der::OCTET_STRING, "basic response")?;
        fields.end("end of the response bytes")?;
        if kind != oid::OCSP_BASIC {
            Err(OcspProblem::Type)
        } else {
            Basic::read(basic.reader()).map(Self::Basic)
        }
    }
}

impl<'a> Basic<'a> {
    fn read(mut reader: Reader<'a>) -> Result<Self, OcspProblem> {
        let mut outer = reader.expect(der::SEQUENCE, "basic response")?.reader();
        reader.end("end of the basic response")?;
        let tbs = outer.expect(der::SEQUENCE, "signed part")?;
        let algorithm = outer.expect(der::SEQUENCE, "signature algorithm")?.body;
        let signature = outer.expect(der::BIT_STRING, "signature")?.octet_bits()?;
        let certificates = match outer.optional(der::context_constructed(0))? {
            Some(tagged) => {
                let mut inner = tagged.reader();
                let list = inner.expect(der::SEQUENCE, "certificates")?;
                inner.end("end of the certificates")?;
                elements(&list, CERTIFICATES)?.into_iter().map(|certificate| certificate.raw).collect()
            }
            None => Vec::new(),
        };
        outer.end("end of the basic response")?;

        let mut fields = tbs.reader();
        if let Some(tagged) = fields.optional(der::context_constructed(0))? {
            let mut inner = tagged.reader();
            if inner.expect(der::INTEGER, "version")?.small()? != V1 {
                return Err(tagged.bad("version 1").into());
            }
            inner.end("end of the version")?;
        }
        let responder = Responder::read(&mut fields)?;
        let produced_at = read_time(&mut fields)?;
        let list = fields.expect(der::SEQUENCE, "answers")?;
        let answers = elements(&list, ANSWERS)?.iter().map(Single::read).collect::<Result<Vec<_>, _>>()?;
        read_extensions(&mut fields)?;
        fields.end("end of the signed part")?;
        let signed = Signed { message: tbs.raw, algorithm, signature };
        Ok(Self { signed, responder, produced_at, answers, certificates })
    }
}

impl<'a> Responder<'a> {
    fn read(fields: &mut Reader<'a>) -> Result<Self, Problem> {
        let tagged = fields.any()?;
        let mut inner = tagged.reader();
        let responder = match tagged.tag {
            0xa1 => Self::Named(DirectoryName::read(&mut inner)?),
            0xa2 => Self::Keyed(inner.expect(der::OCTET_STRING, "hash of a key")?.body),
            _ => return Err(tagged.bad("responder")),
        };
        inner.end("end of the responder")?;
        Ok(responder)
    }
}

impl<'a> Single<'a> {
    fn read(element: &Element<'a>) -> Result<Self, OcspProblem> {
        if element.tag != der::SEQUENCE {
            return Err(element.bad("answer").into());
        }
        let mut fields = element.reader();
        let id = CertId::read(&mut fields)?;
        let status = read_status(&mut fields)?;
        let this_update = read_time(&mut fields)?;
        let next_update = match fields.optional(der::context_constructed(0))? {
            Some(tagged) => {
                let mut inner = tagged.reader();
                let time = read_time(&mut inner)?;
                inner.end("end of the next update")?;
                Some(time)
            }
            None => None,
        };
        let timestamps = read_extensions(&mut fields)?;
        fields.end("end of an answer")?;
        Ok(Self { id, status, this_update, next_update, timestamps })
    }
}

impl<'a> CertId<'a> {
    fn read(reader: &mut Reader<'a>) -> Result<Self, Problem> {
        let mut fields = reader.expect(der::SEQUENCE, "certificate identifier")?.reader();
        let mut algorithm = fields.expect(der::SEQUENCE, "hash algorithm")?.reader();
        let hash = oid::read(&mut algorithm)?;
        let name_hash = fields.expect(der::OCTET_STRING, "hash of the issuer's name")?.body;
        let key_hash = fields.expect(der::OCTET_STRING, "hash of the issuer's key")?.body;
        let serial = fields.expect(der::INTEGER, "serial number")?.integer()?;
        fields.end("end of a certificate identifier")?;
        Ok(Self { hash, name_hash, key_hash, serial })
    }
}

fn read_status(fields: &mut Reader<'_>) -> Result<Status, Problem> {
    let element = fields.any()?;
    match element.tag {
        0x80 if element.body.is_empty() => Ok(Status::Good),
        0x82 if element.body.is_empty() => Ok(Status::Unknown),
        0xa1 => {
            let mut inner = element.reader();
            let at = read_time(&mut inner)?;
            let reason = match inner.optional(der::context_constructed(0))? {
                Some(tagged) => {
                    let mut reason = tagged.reader();
                    let code = reason.expect(der::ENUMERATED, "reason")?.small()?;
                    reason.end("end of a reason")?;
                    // Whatever it means, it is a reason.
                    Reason::from_code(code)
                }
                None => None,
            };
            inner.end("end of a revocation")?;
            Ok(Status::Revoked(Revoked { at: at.unix(), reason, invalid_since: None }))
        }
        _ => Err(element.bad("status of a certificate")),
    }
}

/// RFC 6960 section 4.2.2.1: times are of one type here.
fn read_time(fields: &mut Reader<'_>) -> Result<Time, Problem> {
    match fields.peek() {
        Some(der::GENERALIZED_TIME) => Time::read(fields),
        _ => Err(fields.bad("GeneralizedTime")),
    }
}

/// Reads extensions, and gives those timestamps that may be among them.
fn read_extensions<'a>(fields: &mut Reader<'a>) -> Result<Option<&'a [u8]>, OcspProblem> {
    let Some(tagged) = fields.optional(der::context_constructed(1))? else { return Ok(None) };
    let mut inner = tagged.reader();
    let list = inner.expect(der::SEQUENCE, "extensions")?;
    inner.end("end of the extensions")?;
    let mut timestamps = None;
    let mut reader = list.reader();
    for _ in 0..EXTENSIONS {
        if reader.is_empty() {
            return Ok(timestamps);
        }
        let (extension, _) = read_one(&mut reader)?;
        match extension.oid {
            oid::OCSP_TIMESTAMPS => timestamps = Some(extension.value),
            // We ask without a nonce, so whatever is here was for somebody else.
            oid::OCSP_NONCE => {}
            unknown if extension.critical => {
                return Err(OcspProblem::UnhandledCriticalExtension { oid: oid::arcs(unknown) });
            }
            _ => {}
        }
    }
    Err(Problem::TooManyExtensions.into())
}

/// The elements of a list, of which there may be so many.
fn elements<'a>(list: &Element<'a>, most: usize) -> Result<Vec<Element<'a>>, Problem> {
    let mut reader = list.reader();
    let mut found = Vec::new();
    while !reader.is_empty() {
        if found.len() >= most {
            return Err(list.bad("so many elements"));
        }
        found.push(reader.any()?);
    }
    Ok(found)
}

const SUCCESSFUL: u32 = 0;
/// malformedRequest, internalError, tryLater, sigRequired, unauthorized.
const UNSUCCESSFUL: [u32; 5] = [1, 2, 3, 5, 6];
const V1: u32 = 0;
/// Certificates in a response. One is needed, its own chain may be with it.
const CERTIFICATES: usize = 8;
/// Answers in a response. A staple has one; some responders answer for a handful of certificates at once.
const ANSWERS: usize = 32;
/// Extensions of a response or an answer. Six are defined.
const EXTENSIONS: usize = 32;
