//! The four extensions about policies. RFC 5280 sections 4.2.1.4, 4.2.1.5, 4.2.1.11 and 4.2.1.14.

use crate::der::{self, Element, Reader};
use crate::error::Problem;
use crate::oid;

/// The certificate policies extension: one policy or more.
#[derive(Clone, Copy, Debug)]
pub(crate) struct CertificatePolicies<'a>(Reader<'a>);

impl<'a> CertificatePolicies<'a> {
    pub(crate) fn read(value: &Element<'a>) -> Result<Self, Problem> {
        let list = sequence(value, "certificate policies", "end of the certificate policies")?;
        let mut policies = list.reader();
        if policies.is_empty() {
            return Err(list.bad("empty certificate policies"));
        }
        while !policies.is_empty() {
            read_policy(&mut policies)?;
        }
        Ok(Self(list.reader()))
    }

    /// The octets of the identifiers, in their order.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &'a [u8]> + use<'a> {
        let mut reader = self.0;
        core::iter::from_fn(move || read_policy(&mut reader).ok())
    }

    pub(crate) fn len(&self) -> usize {
        self.iter().count()
    }
}

fn read_policy<'a>(reader: &mut Reader<'a>) -> Result<&'a [u8], Problem> {
    let mut fields = reader.expect(der::SEQUENCE, "policy")?.reader();
    let policy = oid::read(&mut fields)?;
    if let Some(qualifiers) = fields.optional(der::SEQUENCE)? {
        let mut list = qualifiers.reader();
        if list.is_empty() {
            return Err(qualifiers.bad("empty qualifiers of a policy"));
        }
        while !list.is_empty() {
            let mut qualifier = list.expect(der::SEQUENCE, "qualifier of a policy")?.reader();
            oid::read(&mut qualifier)?;
            qualifier.any()?;
            qualifier.end("end of a qualifier of a policy")?;
        }
    }
    fields.end("end of a policy")?;
    Ok(policy)
}

/// The policy mappings extension: pairs of a policy of the issuer's and one of the subject's.
#[derive(Clone, Copy, Debug)]
pub(crate) struct PolicyMappings<'a>(Reader<'a>);

impl<'a> PolicyMappings<'a> {
    pub(crate) fn read(value: &Element<'a>) -> Result<Self, Problem> {
        let list = sequence(value, "policy mappings", "end of the policy mappings")?;
        let mut mappings = list.reader();
        if mappings.is_empty() {
            return Err(list.bad("empty policy mappings"));
        }
        while !mappings.is_empty() {
            let (issuers, subjects) = read_mapping(&mut mappings)?;
            // RFC 5280 section 6.1.4 (a).
            if issuers == oid::ANY_POLICY || subjects == oid::ANY_POLICY {
                return Err(list.bad("mapping of anyPolicy"));
            }
        }
        Ok(Self(list.reader()))
    }

    /// Pairs of the issuer's and the subject's policy.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (&'a [u8], &'a [u8])> + use<'a> {
        let mut reader = self.0;
        core::iter::from_fn(move || read_mapping(&mut reader).ok())
    }

    pub(crate) fn len(&self) -> usize {
        self.iter().count()
    }
}

fn read_mapping<'a>(reader: &mut Reader<'a>) -> Result<(&'a [u8], &'a [u8]), Problem> {
    let mut fields = reader.expect(der::SEQUENCE, "policy mapping")?.reader();
    let pair = (oid::read(&mut fields)?, oid::read(&mut fields)?);
    fields.end("end of a policy mapping")?;
    Ok(pair)
}

/// The policy constraints extension: after how many certificates each holds.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct PolicyConstraints {
    pub(crate) require_explicit: Option<u32>,
    pub(crate) inhibit_mapping: Option<u32>,
}

impl PolicyConstraints {
    pub(crate) fn read(value: &Element<'_>) -> Result<Self, Problem> {
        let list = sequence(value, "policy constraints", "end of the policy constraints")?;
        let mut fields = list.reader();
        if fields.is_empty() {
            return Err(list.bad("empty policy constraints"));
        }
        let mut skip = |number| fields.optional(der::context(number))?.map(|count| count.small()).transpose();
        let read = Self { require_explicit: skip(0)?, inhibit_mapping: skip(1)? };
        fields.end("end of the policy constraints")?;
        Ok(read)
    }
}

/// The inhibit anyPolicy extension: after how many certificates it holds.
pub(crate) fn inhibit_any_policy(value: &Element<'_>) -> Result<u32, Problem> {
    let mut reader = value.reader();
    let count = reader.expect(der::INTEGER, "inhibit anyPolicy")?.small()?;
    reader.end("end of inhibit anyPolicy")?;
    Ok(count)
}

fn sequence<'a>(value: &Element<'a>, what: &'static str, end: &'static str) -> Result<Element<'a>, Problem> {
    let mut reader = value.reader();
    let list = reader.expect(der::SEQUENCE, what)?;
    reader.end(end)?;
    Ok(list)
}
