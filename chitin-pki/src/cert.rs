//! A certificate, taken apart.
//!
//! Owns the structure of RFC 5280 section 4.1 and the rules that one certificate must meet by itself. What it may be
//! used for is the business of `path`.

use pki_types::{CertificateDer, UnixTime};

use crate::constraints::NameConstraints;
use crate::der::{self, Reader};
use crate::dn::DirectoryName;
use crate::error::Problem;
use crate::extensions::{BasicConstraints, Extension, Extensions};
use crate::general_name::GeneralName;
use crate::oid;
use crate::signature::Signed;
use crate::spki::{Ability, SubjectPublicKeyInfo};
use crate::time::Time;
use crate::usage::{ExtendedKeyUsage, KeyUsage, Purpose};

/// A well-formed X.509 certificate of version 3, borrowed from its DER.
///
/// Nothing is said about its signature: that takes a [`Verifier`](crate::Verifier).
#[derive(Clone, Copy, Debug)]
pub struct Certificate<'a> {
    der: &'a [u8],
    version: u32,
    serial: &'a [u8],
    signed: Signed<'a>,
    issuer: DirectoryName<'a>,
    subject: DirectoryName<'a>,
    /// Both names match, which is asked often and may take long to find out.
    self_issued: bool,
    not_before: Time,
    not_after: Time,
    spki: SubjectPublicKeyInfo<'a>,
    pub(crate) extensions: Extensions<'a>,
}

/// When a certificate is valid, both ends included. Times before 1970 are shown as 1970.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Validity {
    /// The first moment.
    pub not_before: UnixTime,
    /// The last moment.
    pub not_after: UnixTime,
}

impl Validity {
    /// Reads when a certificate is valid and nothing behind that: for one that has been looked at as a whole before.
    ///
    /// # Errors
    ///
    /// [`Problem::BadDer`] with the place, if it is no certificate as far as its dates.
    pub fn read(der: &CertificateDer<'_>) -> Result<Self, Problem> {
        let mut reader = Reader::new(der);
        let mut outer = reader.expect(der::SEQUENCE, "certificate")?.reader();
        reader.end("octets after the certificate")?;
        let mut fields = outer.expect(der::SEQUENCE, "signed part")?.reader();
        read_version(&mut fields)?;
        fields.expect(der::INTEGER, "serial number")?;
        fields.expect(der::SEQUENCE, "signature algorithm")?;
        fields.expect(der::SEQUENCE, "issuer")?;
        let (not_before, not_after) = read_times(&mut fields)?;
        Ok(Self { not_before: not_before.unix(), not_after: not_after.unix() })
    }

    /// Is it valid at this time?
    pub fn covers(&self, time: UnixTime) -> bool {
        (self.not_before..=self.not_after).contains(&time)
    }
}

/// RFC 5280 section 4.1.2.5.
fn read_times(fields: &mut Reader<'_>) -> Result<(Time, Time), Problem> {
    let mut validity = fields.expect(der::SEQUENCE, "validity")?.reader();
    let (not_before, not_after) = (Time::read(&mut validity)?, Time::read(&mut validity)?);
    validity.end("end of the validity")?;
    Ok((not_before, not_after))
}

impl<'a> Certificate<'a> {
    /// Reads a certificate.
    ///
    /// # Errors
    ///
    /// [`Problem::BadDer`] with the place; [`Problem::UnsupportedVersion`], [`Problem::BadSerial`],
    /// [`Problem::EmptyIssuer`], [`Problem::SignatureAlgorithmMismatch`], [`Problem::DuplicateExtension`],
    /// [`Problem::TooManyExtensions`], [`Problem::UnhandledCriticalExtension`], [`Problem::WrongCriticality`].
    pub fn parse(der: &'a CertificateDer<'_>) -> Result<Self, Problem> {
        let read = Self::parse_anchor(der);
        if let Ok(certificate) = &read {
            certificate.check_form()?;
        }
        // As it is, and not out of its place and back into it: it is large.
        read
    }

    /// What all certificates have to meet but trust anchors.
    pub(crate) fn check_form(&self) -> Result<(), Problem> {
        if self.version != V3 {
            return Err(Problem::UnsupportedVersion { version: self.version });
        }
        // RFC 5280 section 4.1.2.2: positive, and at most 20 octets. An octet for the sign alone is not counted.
        let magnitude = self.serial.strip_prefix(&[0]).unwrap_or(self.serial);
        let negative = self.serial.first().is_some_and(|sign| sign & 0x80 != 0);
        if negative || magnitude.is_empty() || magnitude.len() > SERIAL_OCTETS {
            return Err(Problem::BadSerial);
        }
        if self.issuer.is_empty() {
            return Err(Problem::EmptyIssuer);
        }
        Ok(())
    }

    /// Reads a certificate that is to be a trust anchor: of any version and serial number, as old roots have them.
    pub(crate) fn parse_anchor(der: &'a [u8]) -> Result<Self, Problem> {
        let mut reader = Reader::new(der);
        let mut outer = reader.expect(der::SEQUENCE, "certificate")?.reader();
        reader.end("octets after the certificate")?;
        let tbs = outer.expect(der::SEQUENCE, "signed part")?;
        let outer_algorithm = outer.expect(der::SEQUENCE, "signature algorithm")?.body;
        let signature = outer.expect(der::BIT_STRING, "signature")?.octet_bits()?;
        outer.end("end of the certificate")?;

        let mut fields = tbs.reader();
        let version = read_version(&mut fields)?;
        let serial = fields.expect(der::INTEGER, "serial number")?.integer()?;
        let algorithm = fields.expect(der::SEQUENCE, "signature algorithm")?.body;
        if algorithm != outer_algorithm {
            return Err(Problem::SignatureAlgorithmMismatch);
        }
        let issuer = DirectoryName::read(&mut fields)?;
        let (not_before, not_after) = read_times(&mut fields)?;
        let subject = DirectoryName::read(&mut fields)?;
        let spki = SubjectPublicKeyInfo::read(&mut fields)?;
        // The unique identifiers of version 2 mean nothing here. RFC 5280 section 4.1.2.8.
        fields.optional(der::context(1))?;
        fields.optional(der::context(2))?;
        let extensions = match fields.optional(der::context_constructed(3))? {
            Some(_) if version != V3 => return Err(fields.bad("extensions before version 3")),
            Some(tagged) => {
                let mut inner = tagged.reader();
                let list = inner.expect(der::SEQUENCE, "extensions")?;
                inner.end("end of the extensions")?;
                Extensions::read(&list)?
            }
            None => Extensions::default(),
        };
        fields.end("end of the signed part")?;

        let signed = Signed { message: tbs.raw, algorithm, signature };
        let self_issued = issuer.matches(&subject);
        Ok(Self {
            der,
            version,
            serial,
            signed,
            issuer,
            subject,
            self_issued,
            not_before,
            not_after,
            spki,
            extensions,
        })
    }

    /// The whole encoding.
    pub fn der(&self) -> &'a [u8] {
        self.der
    }

    /// The serial number: its octets as a signed integer, most significant first.
    pub fn serial(&self) -> &'a [u8] {
        self.serial
    }

    /// The name of the issuer.
    pub fn issuer(&self) -> DirectoryName<'a> {
        self.issuer
    }

    /// The name of the subject.
    pub fn subject(&self) -> DirectoryName<'a> {
        self.subject
    }

    /// The subject's public key.
    pub fn spki(&self) -> &SubjectPublicKeyInfo<'a> {
        &self.spki
    }

    /// When the certificate is valid.
    pub fn validity(&self) -> Validity {
        Validity { not_before: self.not_before.unix(), not_after: self.not_after.unix() }
    }

    /// The names in the subject alternative name, of all forms, in their order.
    pub fn names(&self) -> impl Iterator<Item = GeneralName<'a>> + use<'a> {
        self.extensions.subject_alt_name.unwrap_or_default().iter()
    }

    /// The DNS names in the subject alternative name that are well-formed, wildcards included.
    pub fn dns_names(&self) -> impl Iterator<Item = &'a str> + use<'a> {
        self.names().filter_map(|name| match name {
            GeneralName::Dns(name) => {
                crate::dns::Pattern::new(name).and_then(|_| core::str::from_utf8(name).ok())
            }
            _ => None,
        })
    }

    /// The basic constraints, if the certificate has them.
    pub fn basic_constraints(&self) -> Option<BasicConstraints> {
        self.extensions.basic_constraints
    }

    /// The key usage, if the certificate has it.
    pub fn key_usage(&self) -> Option<KeyUsage> {
        self.extensions.key_usage
    }

    /// All extensions, in their order.
    pub fn extensions(&self) -> impl Iterator<Item = Extension<'a>> + use<'a> {
        self.extensions.iter()
    }

    /// The key may vouch for delegated credentials: the certificate says so, and lets it sign. RFC 9345 section 4.2.
    pub fn may_delegate(&self) -> bool {
        let says_so =
            |extension: Extension<'_>| extension.oid == oid::DELEGATION_USAGE && extension.value == NULL;
        self.extensions().any(says_so) && self.key_usage().is_some_and(KeyUsage::digital_signature)
    }

    /// The algorithm of the issuer's signature: what is inside the SEQUENCE of its identifier.
    pub fn signature_algorithm_id(&self) -> &'a [u8] {
        self.signed.algorithm
    }

    /// Issuer and subject have the same name. RFC 5280 section 6.1.
    pub fn is_self_issued(&self) -> bool {
        self.self_issued
    }

    /// Checks that `time` is within the validity, both ends included. RFC 5280 section 4.1.2.5.
    ///
    /// # Errors
    ///
    /// [`Problem::NotYetValid`] or [`Problem::Expired`].
    pub fn check_time(&self, time: UnixTime) -> Result<(), Problem> {
        if self.not_before.is_after(time) {
            return Err(Problem::NotYetValid { time, not_before: self.not_before.unix() });
        }
        if self.not_after.is_before(time) {
            return Err(Problem::Expired { time, not_after: self.not_after.unix() });
        }
        Ok(())
    }

    /// Checks that the extended key usage names the purpose, or that there is none. RFC 5280 section 4.2.1.12.
    ///
    /// # Errors
    ///
    /// [`Problem::ExtendedKeyUsage`].
    pub fn check_purpose(&self, purpose: Purpose) -> Result<(), Problem> {
        match (self.extended_key_usage(), purpose.oid()) {
            (Some(usage), Some(oid)) if !usage.includes(oid) => Err(usage.lacks(purpose)),
            _ => Ok(()),
        }
    }

    /// Checks what the certificate of a peer that nobody vouches for has to be by itself: its key is a good one that may sign, for this
    /// purpose. It may be one of a CA, as self-signed ones often are. Its dates are not looked at.
    ///
    /// # Errors
    ///
    /// [`Problem::LeafMayNotSign`], those of [`Self::check_purpose`] and of [`SubjectPublicKeyInfo::check`].
    pub fn check_alone(&self, purpose: Purpose) -> Result<(), Problem> {
        if self.key_usage().is_some_and(|usage| !usage.digital_signature()) {
            return Err(Problem::LeafMayNotSign);
        }
        self.check_purpose(purpose)?;
        self.check_key()
    }

    /// Checks the key, and that what it is for is something that a key of its kind can do.
    pub(crate) fn check_key(&self) -> Result<(), Problem> {
        self.spki.check()?;
        match self.spki.ability() {
            Ability::SignsByMlDsa => self.check_only_signs(),
            // Certificates of before RFC 9295 say more; the strict profile does not take them.
            Ability::SignsByEdDsa | Ability::Open => Ok(()),
        }
    }

    /// RFC 9881 section 5 and RFC 9295 section 3, for keys that can only sign.
    pub(crate) fn check_only_signs(&self) -> Result<(), Problem> {
        match self.key_usage() {
            Some(usage) if !usage.only_signs() => Err(Problem::KeyUsageContradictsKey),
            _ => Ok(()),
        }
    }

    /// Whether this is the key that an authority key identifier means, as far as the identifiers tell.
    pub(crate) fn has_key_id(&self, wanted: Option<&[u8]>) -> HasKeyId {
        match (wanted, self.extensions.subject_key_id) {
            (Some(wanted), Some(presented)) if wanted == presented => HasKeyId::Yes,
            (Some(_), Some(_)) => HasKeyId::No,
            _ => HasKeyId::Unsaid,
        }
    }

    pub(crate) fn is_ca(&self) -> bool {
        self.extensions.basic_constraints.is_some_and(|constraints| constraints.ca)
    }

    pub(crate) fn extended_key_usage(&self) -> Option<ExtendedKeyUsage<'a>> {
        self.extensions.extended_key_usage
    }

    pub(crate) fn name_constraints(&self) -> Option<NameConstraints<'a>> {
        self.extensions.name_constraints
    }

    pub(crate) fn signed(&self) -> &Signed<'a> {
        &self.signed
    }
}

/// Key identifiers help to find an issuer and prove nothing, so this is the order in which issuers are tried.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum HasKeyId {
    Yes,
    Unsaid,
    No,
}

fn read_version(fields: &mut Reader<'_>) -> Result<u32, Problem> {
    let Some(tagged) = fields.optional(der::context_constructed(0))? else {
        return Ok(V1);
    };
    let mut inner = tagged.reader();
    let version = inner.expect(der::INTEGER, "version")?.small()?;
    inner.end("end of the version")?;
    // The default is not encoded (X.690 section 11.5).
    if version == V1 { Err(tagged.bad("version 1 spelled out")) } else { Ok(version) }
}

/// The value of an extension that says all by being there.
const NULL: &[u8] = &[5, 0];
const V1: u32 = 0;
const V3: u32 = 2;
/// RFC 5280 section 4.1.2.2.
const SERIAL_OCTETS: usize = 20;
