//! One entry of a revocation list. RFC 5280 sections 5.1.2.6 and 5.3.

use core::fmt;
use core::ops::Range;

use pki_types::UnixTime;

use super::problem::ListProblem;
use crate::der::{self, Reader};
use crate::error::Problem;
use crate::extensions::read_one;
use crate::general_name::GeneralNames;
use crate::oid;
use crate::time::Time;

/// What a source says of a certificate that is revoked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Revoked {
    /// When it was revoked. Times before 1970 are shown as 1970.
    pub at: UnixTime,
    /// Why, if that is said.
    pub reason: Option<Reason>,
    /// Since when it is known or suspected to be bad, if that is said. RFC 5280 section 5.3.2.
    pub invalid_since: Option<UnixTime>,
}

/// Why a certificate was revoked. RFC 5280 section 5.3.1.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names are those of the RFC, which says no more of them")]
pub enum Reason {
    Unspecified,
    KeyCompromise,
    CaCompromise,
    AffiliationChanged,
    Superseded,
    CessationOfOperation,
    CertificateHold,
    RemoveFromCrl,
    PrivilegeWithdrawn,
    AaCompromise,
}

impl Reason {
    pub(crate) fn from_code(code: u32) -> Option<Self> {
        Some(match code {
            0 => Self::Unspecified,
            1 => Self::KeyCompromise,
            2 => Self::CaCompromise,
            3 => Self::AffiliationChanged,
            4 => Self::Superseded,
            5 => Self::CessationOfOperation,
            6 => Self::CertificateHold,
            8 => Self::RemoveFromCrl,
            9 => Self::PrivilegeWithdrawn,
            10 => Self::AaCompromise,
            _ => return None,
        })
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Unspecified => "unspecified",
            Self::KeyCompromise => "the key is compromised",
            Self::CaCompromise => "the CA is compromised",
            Self::AffiliationChanged => "the affiliation changed",
            Self::Superseded => "it was superseded",
            Self::CessationOfOperation => "it is no longer needed",
            Self::CertificateHold => "it is on hold",
            Self::RemoveFromCrl => "it was taken off hold",
            Self::PrivilegeWithdrawn => "the privilege was withdrawn",
            Self::AaCompromise => "the attribute authority is compromised",
        })
    }
}

/// An entry as it stands in a list.
pub(super) struct Entry<'a> {
    /// The octets of its serial number, sign included.
    pub(super) serial: &'a [u8],
    pub(super) date: Time,
    pub(super) reason: Option<Reason>,
    pub(super) invalid_since: Option<Time>,
    /// Where the certificateIssuer lies: it is for this entry and those that follow. RFC 5280 section 5.3.3.
    pub(super) issuer: Option<Range<usize>>,
}

impl<'a> Entry<'a> {
    pub(super) fn read(reader: &mut Reader<'a>) -> Result<Self, ListProblem> {
        let mut fields = reader.expect(der::SEQUENCE, "entry of a revocation list")?.reader();
        let serial =
            fields.expect(der::INTEGER, "serial number")?.integer().map_err(|_| ListProblem::Serial)?;
        let date = Time::read(&mut fields)?;
        let mut entry = Self { serial, date, reason: None, invalid_since: None, issuer: None };
        if let Some(list) = fields.optional(der::SEQUENCE)? {
            let mut extensions = list.reader();
            let mut seen = 0usize;
            while !extensions.is_empty() {
                seen = seen.saturating_add(1);
                if seen > EXTENSIONS {
                    return Err(Problem::TooManyExtensions.into());
                }
                entry.read_extension(&mut extensions)?;
            }
        }
        fields.end("end of an entry")?;
        Ok(entry)
    }

    pub(super) fn revoked(&self) -> Revoked {
        Revoked {
            at: self.date.unix(),
            reason: self.reason,
            invalid_since: self.invalid_since.map(Time::unix),
        }
    }

    fn read_extension(&mut self, reader: &mut Reader<'a>) -> Result<(), ListProblem> {
        let (extension, value) = read_one(reader)?;
        let mut inner = value.reader();
        let twice = || Problem::DuplicateExtension { oid: oid::arcs(extension.oid) };
        match extension.oid {
            oid::CRL_REASON => {
                let code = inner.expect(der::ENUMERATED, "reason")?.small()?;
                let reason = Reason::from_code(code).ok_or(ListProblem::Reason { code })?;
                if self.reason.replace(reason).is_some() {
                    return Err(twice().into());
                }
            }
            oid::INVALIDITY_DATE => {
                if inner.peek() != Some(der::GENERALIZED_TIME) {
                    return Err(value.bad("invalidity date").into());
                }
                if self.invalid_since.replace(Time::read(&mut inner)?).is_some() {
                    return Err(twice().into());
                }
            }
            oid::CERTIFICATE_ISSUER => {
                GeneralNames::read(&value)?;
                if self.issuer.replace(value.span()).is_some() {
                    return Err(twice().into());
                }
                return Ok(());
            }
            unknown if extension.critical => {
                return Err(ListProblem::UnhandledCriticalExtension { oid: oid::arcs(unknown) });
            }
            _ => return Ok(()),
        }
        Ok(inner.end("end of an extension of an entry")?)
    }
}

/// Extensions of one entry. Four are defined.
const EXTENSIONS: usize = 16;
