//! A revocation list, taken apart. RFC 5280 section 5.1.

use alloc::vec::Vec;
use core::fmt;
use core::ops::Range;

use pki_types::{CertificateRevocationListDer, UnixTime};

use super::entry::{Entry, Revoked};
use super::index::{Index, Place};
use super::points::{self, Scope};
use super::problem::ListProblem;
use crate::der::{self, Reader};
use crate::dn::DirectoryName;
use crate::error::Problem;
use crate::extensions::{authority_key_id, read_one};
use crate::general_name::GeneralNames;
use crate::oid;
use crate::signature::Signed;
use crate::time::Time;

/// A well-formed revocation list of version 2, with an index of its entries.
///
/// It is read once, when it is made; a look-up in a list of a hundred thousand entries costs about what it costs in one
/// of a hundred. Nothing is said about its signature: that is checked when the list is used, since it takes the
/// certificate of its issuer.
#[derive(Clone)]
pub struct RevocationList<'a> {
    der: CertificateRevocationListDer<'a>,
    places: Places,
    this_update: Time,
    next_update: Time,
    index: Index,
}

/// Where the parts lie in the encoding.
#[derive(Clone, Debug, Default)]
struct Places {
    signed: Range<usize>,
    algorithm: Range<usize>,
    signature: Range<usize>,
    issuer: Range<usize>,
    number: Range<usize>,
    authority_key_id: Option<Range<usize>>,
    scope: Option<Range<usize>>,
    delta_base: Option<Range<usize>>,
}

impl<'a> RevocationList<'a> {
    /// Reads a list, each entry of it.
    ///
    /// # Errors
    ///
    /// [`ListProblem`] says what is wrong. A list with a critical extension that is not processed must not be used at
    /// all (RFC 5280 section 5.2), so that is an error here.
    pub fn parse(der: CertificateRevocationListDer<'a>) -> Result<Self, ListProblem> {
        let mut places = Places::default();
        let mut reader = Reader::new(&der);
        let mut outer = reader.expect(der::SEQUENCE, "revocation list")?.reader();
        reader.end("octets after the revocation list")?;
        let tbs = outer.expect(der::SEQUENCE, "signed part")?;
        let algorithm = outer.expect(der::SEQUENCE, "signature algorithm")?;
        let signature = outer.expect(der::BIT_STRING, "signature")?;
        signature.octet_bits()?;
        outer.end("end of the revocation list")?;
        places.signed = tbs.raw_span();
        places.algorithm = algorithm.span();
        // Behind the octet that says how many bits are unused.
        places.signature = signature.span().start.saturating_add(1)..signature.span().end;

        let mut fields = tbs.reader();
        let version = match fields.optional(der::INTEGER)? {
            Some(version) => version.small()?,
            None => V1,
        };
        if version != V2 {
            return Err(ListProblem::Version { version });
        }
        if fields.expect(der::SEQUENCE, "signature algorithm")?.body != algorithm.body {
            return Err(Problem::SignatureAlgorithmMismatch.into());
        }
        let mut name = fields;
        places.issuer = name.any()?.span();
        if DirectoryName::read(&mut fields)?.is_empty() {
            return Err(Problem::EmptyIssuer.into());
        }
        let this_update = Time::read(&mut fields)?;
        let next_update = match fields.peek() {
            Some(der::UTC_TIME | der::GENERALIZED_TIME) => Time::read(&mut fields)?,
            _ => return Err(ListProblem::NoNextUpdate),
        };
        let entries = fields.optional(der::SEQUENCE)?;
        let tagged = fields.expect(der::context_constructed(0), "extensions")?;
        fields.end("end of the signed part")?;
        let mut inner = tagged.reader();
        let extensions = inner.expect(der::SEQUENCE, "extensions")?;
        inner.end("end of the extensions")?;
        places.read_extensions(extensions.reader())?;
        let scope = match &places.scope {
            Some(span) => Scope::read(slice(&der, span))?,
            None => Scope::EVERYTHING,
        };
        let index = match entries {
            Some(entries) => read_entries(entries.reader(), scope.indirect)?,
            None => Index::default(),
        };
        Ok(Self { places, this_update, next_update, index, der })
    }

    /// The whole encoding.
    pub fn der(&self) -> &CertificateRevocationListDer<'a> {
        &self.der
    }

    /// The name of who signed the list.
    pub fn issuer(&self) -> DirectoryName<'_> {
        DirectoryName(self.part(&self.places.issuer))
    }

    /// Its number: the octets without leading zeros, most significant first.
    pub fn number(&self) -> &[u8] {
        magnitude(self.part(&self.places.number))
    }

    /// When it was made.
    pub fn this_update(&self) -> UnixTime {
        self.this_update.unix()
    }

    /// By when a newer one is to be there.
    pub fn next_update(&self) -> UnixTime {
        self.next_update.unix()
    }

    /// It says what has changed since another list. RFC 5280 section 5.2.4.
    pub fn is_delta(&self) -> bool {
        self.places.delta_base.is_some()
    }

    /// How many entries it has.
    pub fn len(&self) -> usize {
        self.index.len()
    }

    /// It has no entries.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// What it says of the certificate with this serial number (the octets of the integer, sign included) and issuer.
    pub fn find(&self, serial: &[u8], issuer: DirectoryName<'_>) -> Option<Revoked> {
        let of_list = points::same(self.issuer(), issuer);
        let mut found: Option<Revoked> = None;
        for place in self.index.find(serial) {
            let Ok(entry) = Entry::read(&mut Reader::new(self.from(place.at))) else { continue };
            let of_issuer = match place.issuer {
                None => of_list,
                Some(at) => self.names_at(at).is_some_and(|names| points::includes(names, issuer)),
            };
            // No serial number occurs twice; if one does, the first that revokes counts.
            let released = found.is_none_or(|found| found.reason == Some(super::Reason::RemoveFromCrl));
            if of_issuer && entry.serial == serial && released {
                found = Some(entry.revoked());
            }
        }
        found
    }

    pub(super) fn authority_key_id(&self) -> Option<&[u8]> {
        let value = self.part(self.places.authority_key_id.as_ref()?);
        authority_key_id(Reader::new(value)).ok()?.key_id
    }

    /// What it is about. It was read before, so it can be read again.
    pub(super) fn scope(&self) -> Scope<'_> {
        let scope = self.places.scope.as_ref().map(|span| Scope::read(self.part(span)));
        scope.and_then(Result::ok).unwrap_or(Scope::EVERYTHING)
    }

    pub(super) fn signed(&self) -> Signed<'_> {
        Signed {
            message: self.part(&self.places.signed),
            algorithm: self.part(&self.places.algorithm),
            signature: self.part(&self.places.signature),
        }
    }

    pub(super) fn is_of_the_future(&self, now: UnixTime) -> bool {
        self.this_update.is_after(now)
    }

    pub(super) fn is_stale(&self, now: UnixTime) -> bool {
        self.next_update.is_before(now)
    }

    /// Orders lists by their age: by when they were made, then by their numbers. An issuer makes no two of the same age; of
    /// such ones the octets decide, so that the order in which they were given does not.
    pub(super) fn age(&self) -> impl Ord + use<'_> {
        (self.this_update, self.order(), self.der.as_ref())
    }

    /// Whoever has this list needs the other one no longer: it is newer by its date and by its number. RFC 5280 section 5.2.3.
    ///
    /// An issuer for whom the two do not agree has lost count, or has signed two lists as one: then neither supersedes the other.
    pub(super) fn supersedes(&self, other: &RevocationList<'_>) -> bool {
        if self.der == other.der {
            return true;
        }
        // Lists of other issuers and other scopes have numbers of their own.
        if !points::same(self.issuer(), other.issuer()) || self.scope_octets() != other.scope_octets() {
            return self.this_update > other.this_update;
        }
        self.this_update >= other.this_update
            && self.order() >= other.order()
            && (self.this_update, self.order()) != (other.this_update, other.order())
    }

    /// It says what has changed since `base`, or since one before it. RFC 5280 section 5.2.4.
    pub(super) fn updates(&self, base: &RevocationList<'_>) -> bool {
        let Some(since) = &self.places.delta_base else { return false };
        let since = order(magnitude(self.part(since)));
        points::same(self.issuer(), base.issuer())
            && self.scope_octets() == base.scope_octets()
            && self.authority_key_id() == base.authority_key_id()
            && since <= base.order()
            && base.order() < self.order()
    }

    fn scope_octets(&self) -> Option<&[u8]> {
        self.places.scope.as_ref().map(|span| self.part(span))
    }

    fn order(&self) -> (usize, &[u8]) {
        order(self.number())
    }

    fn names_at(&self, at: usize) -> Option<GeneralNames<'_>> {
        let value = Reader::new(self.from(at)).any().ok()?;
        GeneralNames::read_implicit(&value).ok()
    }

    fn part(&self, span: &Range<usize>) -> &[u8] {
        slice(&self.der, span)
    }

    fn from(&self, at: usize) -> &[u8] {
        self.der.get(at..).unwrap_or_default()
    }
}

impl fmt::Debug for RevocationList<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RevocationList")
            .field("issuer", &format_args!("{}", self.issuer()))
            .field("number", &self.number())
            .field("this_update", &self.this_update())
            .field("next_update", &self.next_update())
            .field("delta", &self.is_delta())
            .field("entries", &self.len())
            .finish()
    }
}

impl Places {
    fn read_extensions(&mut self, mut reader: Reader<'_>) -> Result<(), ListProblem> {
        let mut seen = Vec::new();
        while !reader.is_empty() {
            let (extension, value) = read_one(&mut reader)?;
            if seen.contains(&extension.oid) {
                return Err(Problem::DuplicateExtension { oid: oid::arcs(extension.oid) }.into());
            }
            if seen.len() >= EXTENSIONS {
                return Err(Problem::TooManyExtensions.into());
            }
            seen.push(extension.oid);
            let critical = match extension.oid {
                oid::ISSUING_DISTRIBUTION_POINT | oid::DELTA_CRL_INDICATOR => true,
                oid::CRL_NUMBER | oid::AUTHORITY_KEY_IDENTIFIER | oid::FRESHEST_CRL => false,
                unknown if extension.critical => {
                    return Err(ListProblem::UnhandledCriticalExtension { oid: oid::arcs(unknown) });
                }
                _ => continue,
            };
            if extension.critical != critical {
                return Err(ListProblem::WrongCriticality { oid: oid::arcs(extension.oid) });
            }
            match extension.oid {
                oid::CRL_NUMBER => self.number = number(value.reader())?,
                oid::DELTA_CRL_INDICATOR => self.delta_base = Some(number(value.reader())?),
                oid::ISSUING_DISTRIBUTION_POINT => self.scope = Some(value.span()),
                oid::AUTHORITY_KEY_IDENTIFIER => {
                    authority_key_id(value.reader())?;
                    self.authority_key_id = Some(value.span());
                }
                // Where deltas to this list are: whoever hands over lists has fetched them.
                _ => {}
            }
        }
        if self.number.is_empty() { Err(ListProblem::Number) } else { Ok(()) }
    }
}

/// Where the octets of a list's number lie.
fn number(mut reader: Reader<'_>) -> Result<Range<usize>, ListProblem> {
    let element = reader.expect(der::INTEGER, "number")?;
    reader.end("end of the number")?;
    let octets = element.unsigned().map_err(|_| ListProblem::Number)?;
    if octets.len() > NUMBER_OCTETS { Err(ListProblem::Number) } else { Ok(element.span()) }
}

fn magnitude(integer: &[u8]) -> &[u8] {
    integer.strip_prefix(&[0]).unwrap_or(integer)
}

/// Numbers of any length, without leading zeros, in their order.
fn order(number: &[u8]) -> (usize, &[u8]) {
    (number.len(), number)
}

fn read_entries(mut entries: Reader<'_>, indirect: bool) -> Result<Index, ListProblem> {
    let mut index = Index::default();
    let mut issuer = None;
    while !entries.is_empty() {
        let at = { entries }.any()?.raw_span().start;
        let entry = Entry::read(&mut entries)?;
        if let Some(names) = entry.issuer {
            if !indirect {
                return Err(ListProblem::IssuerInDirectList);
            }
            issuer = Some(names.start);
        }
        index.push(entry.serial, Place { at, issuer }).ok_or_else(|| entries.bad("list below 4 GiB"))?;
    }
    index.sort();
    Ok(index)
}

fn slice<'a>(der: &'a [u8], span: &Range<usize>) -> &'a [u8] {
    der.get(span.clone()).unwrap_or_default()
}

const V1: u32 = 0;
const V2: u32 = 1;
/// RFC 5280 section 5.2.3.
const NUMBER_OCTETS: usize = 20;
/// Extensions in one list. Seven are defined.
const EXTENSIONS: usize = 32;
