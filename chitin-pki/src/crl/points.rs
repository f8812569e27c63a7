//! Distribution points: which part of an issuer's certificates a list is about. RFC 5280 sections 4.2.1.13 and 5.2.5.
//!
//! Certificates name the points at which lists about them are, and lists name their own; a list is about a certificate
//! if the two meet. Nothing is fetched from a point, it is only a name.

use alloc::vec::Vec;

use super::list::RevocationList;
use crate::cert::Certificate;
use crate::der::{self, Element, Reader};
use crate::dn::DirectoryName;
use crate::error::Problem;
use crate::general_name::{GeneralName, GeneralNames};
use crate::oid;

/// A set of reasons, as the bits of a `ReasonFlags`. The first bit means nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Reasons(u16);

impl Reasons {
    pub(super) const NONE: Self = Self(0);
    /// Bits 1 to 8. RFC 5280 section 6.3.2 (a).
    pub(super) const ALL: Self = Self(0x7f80);

    pub(super) fn and(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }

    pub(super) fn or(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// Has something that the other one lacks.
    pub(super) fn exceeds(self, other: Self) -> bool {
        self.0 & !other.0 != 0
    }

    fn read(element: &Element<'_>) -> Result<Self, Problem> {
        let octets = element.bits()?;
        let octet = |at| u16::from(octets.get(at).copied().unwrap_or(0));
        Ok(Self((octet(0) << 8) | octet(1)).and(Self::ALL))
    }
}

/// The name of a point.
#[derive(Clone, Copy, Debug)]
pub(super) enum PointName<'a> {
    /// Names, each of which is its name.
    Full(GeneralNames<'a>),
    /// The last part of a directory name that starts with that of the lists' issuer: the attributes of the SET.
    Relative(&'a [u8]),
    /// One directory name, which is that of an issuer.
    Issuer(DirectoryName<'a>),
}

impl<'a> PointName<'a> {
    /// Reads a `DistributionPointName` from within its tag, which is explicit, since it is a CHOICE.
    pub(super) fn read(tagged: &Element<'a>) -> Result<Self, Problem> {
        let mut reader = tagged.reader();
        let name = reader.any()?;
        reader.end("end of the name of a distribution point")?;
        match name.tag {
            0xa0 => Ok(Self::Full(GeneralNames::read_implicit(&name)?)),
            0xa1 => Ok(Self::Relative(name.body)),
            _ => Err(name.bad("name of a distribution point")),
        }
    }

    /// The directory name that a relative name stands for.
    fn whole(&self, issuer: DirectoryName<'_>) -> Option<Vec<u8>> {
        match self {
            Self::Full(_) => None,
            Self::Issuer(name) => Some(name.0.to_vec()),
            Self::Relative(attributes) => {
                let mut name = issuer.0.to_vec();
                der::put(&mut name, der::SET, attributes);
                Some(name)
            }
        }
    }
}

/// Two names of points meet. Relative ones are completed with the issuer of the lists.
pub(super) fn meet(a: PointName<'_>, b: PointName<'_>, issuer: DirectoryName<'_>) -> bool {
    match (a, b) {
        (PointName::Full(a), PointName::Full(b)) => {
            a.iter().take(NAMES).any(|name| b.iter().take(NAMES).any(|other| same_general(name, other)))
        }
        (PointName::Full(names), one) | (one, PointName::Full(names)) => {
            one.whole(issuer).is_some_and(|whole| includes(names, DirectoryName(&whole)))
        }
        (a, b) => match (a.whole(issuer), b.whole(issuer)) {
            (Some(a), Some(b)) => same(DirectoryName(&a), DirectoryName(&b)),
            _ => false,
        },
    }
}

/// One of the names is this directory name.
pub(super) fn includes(names: GeneralNames<'_>, wanted: DirectoryName<'_>) -> bool {
    names.iter().take(NAMES).any(|name| matches!(name, GeneralName::Directory(name) if same(name, wanted)))
}

fn same_general(a: GeneralName<'_>, b: GeneralName<'_>) -> bool {
    match (a, b) {
        (GeneralName::Directory(a), GeneralName::Directory(b)) => same(a, b),
        (a, b) => a == b,
    }
}

/// Two directory names are equal by RFC 5280 section 7.1.
pub(crate) fn same(a: DirectoryName<'_>, b: DirectoryName<'_>) -> bool {
    a.matches(&b)
}

/// A point that a certificate names.
#[derive(Clone, Copy, Debug)]
pub(super) struct Point<'a> {
    pub(super) name: Option<PointName<'a>>,
    pub(super) reasons: Reasons,
    /// Who signs the lists there, if not the certificate's issuer.
    pub(super) issuer: Option<GeneralNames<'a>>,
}

impl<'a> Point<'a> {
    /// The points of a certificate. None if it has no such extension.
    pub(super) fn of(certificate: &Certificate<'a>) -> Result<Vec<Self>, Problem> {
        let Some(extension) = certificate.extensions().find(|ext| ext.oid == oid::CRL_DISTRIBUTION_POINTS)
        else {
            return Ok(Vec::new());
        };
        let mut reader = Reader::new(extension.value);
        let list = reader.expect(der::SEQUENCE, "distribution points")?;
        reader.end("end of the distribution points")?;
        let mut points = list.reader();
        let mut found = Vec::new();
        while !points.is_empty() {
            if found.len() >= POINTS {
                return Err(list.bad("so many distribution points"));
            }
            found.push(Self::read(&mut points)?);
        }
        Ok(found)
    }

    /// Where lists of a certificate's issuer are that no point names. RFC 5280 section 6.3.3.
    pub(super) fn implied(certificate: &Certificate<'a>) -> Self {
        Self { name: Some(PointName::Issuer(certificate.issuer())), reasons: Reasons::ALL, issuer: None }
    }

    /// A list is one of this point, and about the certificate. RFC 5280 section 6.3.3 (b).
    pub(super) fn has(&self, list: &RevocationList<'_>, certificate: &Certificate<'_>) -> bool {
        let scope = list.scope();
        let issued = || match self.issuer {
            Some(names) => scope.indirect && includes(names, list.issuer()),
            None => same(list.issuer(), certificate.issuer()),
        };
        let named = || match (scope.name, self.name, self.issuer) {
            (None, _, _) => true,
            (Some(of_list), Some(of_point), _) => meet(of_list, of_point, list.issuer()),
            (Some(of_list), None, Some(names)) => meet(of_list, PointName::Full(names), list.issuer()),
            (Some(_), None, None) => false,
        };
        let kind = match scope.only {
            Only::All => true,
            Only::EndEntities => !certificate.is_ca(),
            Only::Authorities => certificate.is_ca(),
            Only::Attributes => false,
        };
        // The dear ones last: names are compared with many others.
        kind && issued() && named()
    }

    fn read(reader: &mut Reader<'a>) -> Result<Self, Problem> {
        let mut fields = reader.expect(der::SEQUENCE, "distribution point")?.reader();
        let name = match fields.optional(der::context_constructed(0))? {
            Some(tagged) => Some(PointName::read(&tagged)?),
            None => None,
        };
        let reasons = match fields.optional(der::context(1))? {
            Some(bits) => Reasons::read(&bits)?,
            None => Reasons::ALL,
        };
        let issuer = match fields.optional(der::context_constructed(2))? {
            Some(names) => Some(GeneralNames::read_implicit(&names)?),
            None => None,
        };
        fields.end("end of a distribution point")?;
        Ok(Self { name, reasons, issuer })
    }
}

/// The issuing distribution point of a list. RFC 5280 section 5.2.5.
#[derive(Clone, Copy, Debug)]
pub(super) struct Scope<'a> {
    pub(super) name: Option<PointName<'a>>,
    pub(super) only: Only,
    pub(super) reasons: Reasons,
    pub(super) indirect: bool,
}

/// Which kind of certificate a list is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Only {
    All,
    EndEntities,
    Authorities,
    /// None that can be in a path.
    Attributes,
}

impl<'a> Scope<'a> {
    /// What a list without this extension is about.
    pub(super) const EVERYTHING: Self =
        Self { name: None, only: Only::All, reasons: Reasons::ALL, indirect: false };

    /// Reads the value of the extension.
    pub(super) fn read(value: &'a [u8]) -> Result<Self, Problem> {
        let mut reader = Reader::new(value);
        let mut fields = reader.expect(der::SEQUENCE, "issuing distribution point")?.reader();
        reader.end("end of the issuing distribution point")?;
        let name = match fields.optional(der::context_constructed(0))? {
            Some(tagged) => Some(PointName::read(&tagged)?),
            None => None,
        };
        let users = flag(&mut fields, 1)?;
        let authorities = flag(&mut fields, 2)?;
        let reasons = match fields.optional(der::context(3))? {
            Some(bits) => Reasons::read(&bits)?,
            None => Reasons::ALL,
        };
        let indirect = flag(&mut fields, 4)?;
        let attributes = flag(&mut fields, 5)?;
        fields.end("end of the issuing distribution point")?;
        let only = match (users, authorities, attributes) {
            (false, false, false) => Only::All,
            (true, false, false) => Only::EndEntities,
            (false, true, false) => Only::Authorities,
            (false, false, true) => Only::Attributes,
            _ => return Err(fields.bad("one kind of certificate")),
        };
        Ok(Self { name, only, reasons, indirect })
    }
}

fn flag(fields: &mut Reader<'_>, number: u8) -> Result<bool, Problem> {
    match fields.optional(der::context(number))? {
        Some(flag) => flag.boolean(),
        None => Ok(false),
    }
}

/// Points in one certificate. One is usual, a list for each reason would make eight.
const POINTS: usize = 32;
/// Names of one point that are compared: each with each of the other side. One or two are usual.
const NAMES: usize = 32;
