//! Name constraints: which names the certificates below an issuer may have. RFC 5280 section 4.2.1.10.

use crate::budget::Purse;
use crate::cert::Certificate;
use crate::der::{self, Element, Reader};
use crate::error::{ConstraintBreach, Problem, Which};
use crate::general_name::GeneralName;
use crate::{dns, email, ip, oid};

/// The two lists of subtrees, known to be well-formed.
#[derive(Clone, Copy, Debug)]
pub(crate) struct NameConstraints<'a> {
    permitted: Option<Reader<'a>>,
    excluded: Option<Reader<'a>>,
}

impl<'a> NameConstraints<'a> {
    pub(crate) fn read(value: &Element<'a>) -> Result<Self, Problem> {
        let mut reader = value.reader();
        let fields = reader.expect(der::SEQUENCE, "name constraints")?;
        reader.end("end of the name constraints")?;
        Self::read_fields(fields.reader())
    }

    /// Reads the form that trust anchors have, without the outermost tag and length.
    pub(crate) fn from_contents(contents: &'a [u8]) -> Result<Self, Problem> {
        Self::read_fields(Reader::new(contents))
    }

    fn read_fields(mut fields: Reader<'a>) -> Result<Self, Problem> {
        let permitted = read_subtrees(&mut fields, der::context_constructed(0))?;
        let excluded = read_subtrees(&mut fields, der::context_constructed(1))?;
        fields.end("end of the name constraints")?;
        if permitted.is_none() && excluded.is_none() {
            return Err(fields.bad("empty name constraints"));
        }
        Ok(Self { permitted, excluded })
    }

    /// Checks every name of a certificate: its subject, the mailboxes in that, and its alternative names.
    ///
    /// `owner` is whose constraints these are.
    pub(crate) fn check(
        &self,
        certificate: &Certificate<'_>,
        owner: Which,
        purse: &mut Purse,
    ) -> Result<(), Problem> {
        let subject = certificate.subject();
        if !subject.is_empty() {
            self.check_name(GeneralName::Directory(subject), owner, purse)?;
        }
        for mailbox in subject.ia5_values(oid::EMAIL_ADDRESS) {
            self.check_name(GeneralName::Email(mailbox), owner, purse)?;
        }
        for name in certificate.names() {
            self.check_name(name, owner, purse)?;
        }
        Ok(())
    }

    fn check_name(&self, name: GeneralName<'_>, owner: Which, purse: &mut Purse) -> Result<(), Problem> {
        let breach =
            |breach| Problem::NameConstraint { name: name.to_presented(), breach, constrained_by: owner };

        for subtree in subtrees(self.excluded) {
            purse.names(cost(&subtree))?;
            match Fit::of(name, subtree, Side::Excluded) {
                Fit::OtherForm | Fit::Outside => {}
                Fit::Inside => return Err(breach(ConstraintBreach::Excluded)),
                Fit::Malformed => return Err(breach(ConstraintBreach::Malformed)),
                Fit::Unsupported => return Err(breach(ConstraintBreach::UnsupportedForm)),
            }
        }
        let mut outside = false;
        for subtree in subtrees(self.permitted) {
            purse.names(cost(&subtree))?;
            match Fit::of(name, subtree, Side::Permitted) {
                Fit::OtherForm => {}
                Fit::Outside => outside = true,
                Fit::Inside => return Ok(()),
                Fit::Malformed => return Err(breach(ConstraintBreach::Malformed)),
                Fit::Unsupported => return Err(breach(ConstraintBreach::UnsupportedForm)),
            }
        }
        if outside { Err(breach(ConstraintBreach::NotPermitted)) } else { Ok(()) }
    }
}

/// What one subtree says about one name.
enum Fit {
    OtherForm,
    Outside,
    Inside,
    Malformed,
    Unsupported,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Side {
    Permitted,
    Excluded,
}

impl Fit {
    fn of(name: GeneralName<'_>, subtree: GeneralName<'_>, side: Side) -> Self {
        use GeneralName::{Directory, Dns, EdiParty, Email, Ip, Other, RegisteredId, Uri, X400};
        match (name, subtree) {
            (Dns(name), Dns(subtree)) => match (dns::Pattern::new(name), dns::Subtree::new(subtree)) {
                (Some(name), Some(subtree)) if side == Side::Excluded => Self::inside(name.touches(&subtree)),
                (Some(name), Some(subtree)) => Self::inside(name.is_within(&subtree)),
                _ => Self::Malformed,
            },
            (Ip(address), Ip(subnet)) => match ip::Subnet::new(subnet) {
                Some(subnet) if ip::is_address(address) => Self::inside(subnet.contains(address)),
                _ => Self::Malformed,
            },
            (Email(name), Email(subtree)) => {
                match (email::Mailbox::new(name), email::Subtree::new(subtree)) {
                    (Some(name), Some(subtree)) => Self::inside(name.is_within(&subtree)),
                    _ => Self::Malformed,
                }
            }
            (Directory(name), Directory(subtree)) => Self::inside(name.is_within(subtree)),
            // RFC 5280 section 4.2.1.10: process the constraint or reject the certificate.
            (Uri(_), Uri(_))
            | (Other(_), Other(_))
            | (X400(_), X400(_))
            | (EdiParty(_), EdiParty(_))
            | (RegisteredId(_), RegisteredId(_)) => Self::Unsupported,
            _ => Self::OtherForm,
        }
    }

    fn inside(inside: bool) -> Self {
        if inside { Self::Inside } else { Self::Outside }
    }
}

/// Comparing a directory name costs a step for each of its parts.
fn cost(subtree: &GeneralName<'_>) -> usize {
    match subtree {
        GeneralName::Directory(name) => name.len().max(1),
        _ => 1,
    }
}

fn read_subtrees<'a>(fields: &mut Reader<'a>, tag: u8) -> Result<Option<Reader<'a>>, Problem> {
    let Some(list) = fields.optional(tag)? else {
        return Ok(None);
    };
    let mut reader = list.reader();
    if reader.is_empty() {
        return Err(list.bad("empty list of subtrees"));
    }
    while !reader.is_empty() {
        let start = reader;
        let well_formed = match read_subtree(&mut reader)? {
            GeneralName::Dns(base) => dns::Subtree::new(base).is_some(),
            GeneralName::Ip(base) => ip::Subnet::new(base).is_some(),
            GeneralName::Email(base) => email::Subtree::new(base).is_some(),
            _ => true,
        };
        if !well_formed {
            return Err(start.bad("name constraint"));
        }
    }
    Ok(Some(list.reader()))
}

/// `minimum` must be its default, zero, which DER does not encode, and `maximum` absent.
fn read_subtree<'a>(reader: &mut Reader<'a>) -> Result<GeneralName<'a>, Problem> {
    let mut fields = reader.expect(der::SEQUENCE, "subtree")?.reader();
    let base = GeneralName::read(&mut fields)?;
    fields.end("end of a subtree")?;
    Ok(base)
}

fn subtrees(list: Option<Reader<'_>>) -> impl Iterator<Item = GeneralName<'_>> {
    let mut reader = list.unwrap_or(Reader::new(&[]));
    core::iter::from_fn(move || read_subtree(&mut reader).ok())
}
