//! The extensions of a certificate: each read once, in its strict form.
//!
//! Owns which extensions are known and how critical each may be. What they mean for a path is decided elsewhere.

use crate::constraints::NameConstraints;
use crate::der::{self, Element, Reader};
use crate::error::Problem;
use crate::few::Few;
use crate::general_name::GeneralNames;
use crate::oid;
use crate::policies::{CertificatePolicies, PolicyConstraints, PolicyMappings, inhibit_any_policy};
use crate::usage::{ExtendedKeyUsage, KeyUsage};

/// The known extensions.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Extensions<'a> {
    all: &'a [u8],
    pub(crate) basic_constraints: Option<BasicConstraints>,
    pub(crate) key_usage: Option<KeyUsage>,
    pub(crate) extended_key_usage: Option<ExtendedKeyUsage<'a>>,
    pub(crate) subject_alt_name: Option<GeneralNames<'a>>,
    pub(crate) name_constraints: Option<NameConstraints<'a>>,
    pub(crate) policies: Option<CertificatePolicies<'a>>,
    pub(crate) policy_mappings: Option<PolicyMappings<'a>>,
    pub(crate) policy_constraints: Option<PolicyConstraints>,
    pub(crate) inhibit_any_policy: Option<u32>,
    pub(crate) subject_key_id: Option<&'a [u8]>,
    pub(crate) authority_key_id: Option<AuthorityKeyId<'a>>,
}

/// The authority key identifier extension. RFC 5280 section 4.2.1.1.
#[derive(Clone, Copy, Debug)]
pub(crate) struct AuthorityKeyId<'a> {
    pub(crate) key_id: Option<&'a [u8]>,
    pub(crate) has_issuer: bool,
    pub(crate) has_serial: bool,
}

/// The basic constraints extension. RFC 5280 section 4.2.1.9.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BasicConstraints {
    /// The certificate is one of a CA.
    pub ca: bool,
    /// How many intermediates may follow it.
    pub path_len: Option<u32>,
}

/// One extension as it stands in the certificate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Extension<'a> {
    /// The octets of its object identifier.
    pub oid: &'a [u8],
    /// A verifier that does not process it must refuse the certificate.
    pub critical: bool,
    /// The octets within its octet string.
    pub value: &'a [u8],
}

impl<'a> Extensions<'a> {
    pub(crate) fn read(list: &Element<'a>) -> Result<Self, Problem> {
        let mut extensions = Self { all: list.body, ..Self::default() };
        let mut reader = list.reader();
        if reader.is_empty() {
            return Err(list.bad("empty extensions"));
        }
        let mut seen = Seen::default();
        for _ in 0..=EXTENSIONS {
            if reader.is_empty() {
                return Ok(extensions);
            }
            let (extension, value) = read_one(&mut reader)?;
            if !seen.is_new(extension.oid) {
                return Err(Problem::DuplicateExtension { oid: oid::arcs(extension.oid) });
            }
            extensions.remember(&extension, &value)?;
        }
        Err(Problem::TooManyExtensions)
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = Extension<'a>> + use<'a> {
        let mut reader = Reader::new(self.all);
        core::iter::from_fn(move || read_one(reader.unless_empty()?).ok().map(|(extension, _)| extension))
    }

    fn remember(&mut self, extension: &Extension<'a>, value: &Element<'a>) -> Result<(), Problem> {
        let wrong = || Problem::WrongCriticality { oid: oid::arcs(extension.oid) };
        match extension.oid {
            oid::BASIC_CONSTRAINTS => self.basic_constraints = Some(BasicConstraints::read(value)?),
            oid::KEY_USAGE => self.key_usage = Some(KeyUsage::read(value)?),
            oid::EXTENDED_KEY_USAGE => self.extended_key_usage = Some(ExtendedKeyUsage::read(value)?),
            oid::SUBJECT_ALT_NAME => self.subject_alt_name = Some(GeneralNames::read(value)?),
            oid::NAME_CONSTRAINTS => self.name_constraints = Some(NameConstraints::read(value)?),
            // RFC 5280 sections 4.2.1.1 and 4.2.1.2: both must not be critical.
            oid::SUBJECT_KEY_IDENTIFIER | oid::AUTHORITY_KEY_IDENTIFIER if extension.critical => {
                return Err(wrong());
            }
            oid::SUBJECT_KEY_IDENTIFIER => self.subject_key_id = Some(subject_key_id(value)?),
            oid::AUTHORITY_KEY_IDENTIFIER => self.authority_key_id = Some(authority_key_id(value.reader())?),
            oid::CERTIFICATE_POLICIES => self.policies = Some(CertificatePolicies::read(value)?),
            oid::POLICY_MAPPINGS => self.policy_mappings = Some(PolicyMappings::read(value)?),
            // RFC 5280 sections 4.2.1.11 and 4.2.1.14 have those who issue these two mark them as critical. They are
            // honoured either way, so that a missing mark lets nobody in.
            oid::POLICY_CONSTRAINTS => self.policy_constraints = Some(PolicyConstraints::read(value)?),
            oid::INHIBIT_ANY_POLICY => self.inhibit_any_policy = Some(inhibit_any_policy(value)?),
            // Where to find revocation lists; whether one is wanted is the caller's decision.
            oid::CRL_DISTRIBUTION_POINTS => {}
            unknown if extension.critical => {
                return Err(Problem::UnhandledCriticalExtension { oid: oid::arcs(unknown) });
            }
            _ => {}
        }
        Ok(())
    }
}

/// Which extensions have been there.
struct Seen<'a> {
    /// Those below id-ce, 2.5.29, as most are: a bit each, by the last arc.
    standard: u64,
    others: Few<&'a [u8], OTHERS>,
}

impl Default for Seen<'_> {
    fn default() -> Self {
        Self { standard: 0, others: Few::new() }
    }
}

impl<'a> Seen<'a> {
    fn is_new(&mut self, oid: &'a [u8]) -> bool {
        if let [0x55, 0x1d, arc @ 0..=63] = *oid {
            let before = self.standard;
            self.standard |= 1 << arc;
            return self.standard != before;
        }
        let new = !self.others.iter().any(|before| *before == oid);
        self.others.push(oid);
        new
    }
}

/// An explicit `FALSE` is not DER for a default, but so many certificates have it that it is accepted.
pub(crate) fn read_one<'a>(reader: &mut Reader<'a>) -> Result<(Extension<'a>, Element<'a>), Problem> {
    let mut fields = reader.expect(der::SEQUENCE, "extension")?.reader();
    let oid = oid::read(&mut fields)?;
    let critical = match fields.optional(der::BOOLEAN)? {
        Some(flag) => flag.boolean()?,
        None => false,
    };
    let value = fields.expect(der::OCTET_STRING, "value of an extension")?;
    fields.end("end of an extension")?;
    Ok((Extension { oid, critical, value: value.body }, value))
}

impl BasicConstraints {
    fn read(value: &Element<'_>) -> Result<Self, Problem> {
        let mut reader = value.reader();
        let mut fields = reader.expect(der::SEQUENCE, "basic constraints")?.reader();
        reader.end("end of basic constraints")?;
        let ca = match fields.optional(der::BOOLEAN)? {
            Some(flag) => flag.boolean()?,
            None => false,
        };
        let path_len = match fields.optional(der::INTEGER)? {
            Some(length) => Some(length.small()?),
            None => None,
        };
        fields.end("end of basic constraints")?;
        Ok(Self { ca, path_len })
    }
}

fn subject_key_id<'a>(value: &Element<'a>) -> Result<&'a [u8], Problem> {
    let mut reader = value.reader();
    let id = reader.expect(der::OCTET_STRING, "subject key identifier")?;
    reader.end("end of the subject key identifier")?;
    Ok(id.body)
}

/// Reads the value of an authority key identifier.
pub(crate) fn authority_key_id<'a>(mut reader: Reader<'a>) -> Result<AuthorityKeyId<'a>, Problem> {
    let mut fields = reader.expect(der::SEQUENCE, "authority key identifier")?.reader();
    reader.end("end of the authority key identifier")?;
    let key_id = fields.optional(der::context(0))?.map(|id| id.body);
    let has_issuer = fields.optional(der::context_constructed(1))?.is_some();
    let has_serial = fields.optional(der::context(2))?.is_some();
    fields.end("end of the authority key identifier")?;
    Ok(AuthorityKeyId { key_id, has_issuer, has_serial })
}

/// Extensions in one certificate. Those on the web have about ten; finding duplicates is quadratic.
const EXTENSIONS: usize = 64;
/// Extensions of other authors in one certificate that take no memory: access to the authority, timestamps, and two more.
const OTHERS: usize = 4;
