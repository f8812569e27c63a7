//! Name constraints: which names the certificates below an issuer may have. RFC 5280 section 4.2.1.10.

use core::mem::discriminant;

use crate::budget::Purse;
use crate::cert::Certificate;
use crate::der::{self, Element, Reader};
use crate::dn::{DirectoryName, Meter};
use crate::error::{ConstraintBreach, Problem, Which};
use crate::general_name::GeneralName;
use crate::{dns, email, ip, oid, uri};

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
        // Of whatever type the text is: one that is none for mailboxes must not get around a constraint on them.
        for mailbox in subject.values(oid::EMAIL_ADDRESS) {
            self.check_name(GeneralName::Email(mailbox), owner, purse)?;
        }
        for name in certificate.names() {
            self.check_name(name, owner, purse)?;
        }
        Ok(())
    }

    /// The DNS subtrees of both lists.
    pub(crate) fn dns_bases(&self) -> impl Iterator<Item = &'a [u8]> + use<'a> {
        let both = [self.permitted, self.excluded];
        both.into_iter().flat_map(subtrees).filter_map(|subtree| match subtree {
            GeneralName::Dns(base) => Some(base),
            _ => None,
        })
    }

    fn check_name(&self, name: GeneralName<'_>, owner: Which, purse: &mut Purse) -> Result<(), Problem> {
        let breach =
            |breach| Problem::NameConstraint { name: name.to_presented(), breach, constrained_by: owner };
        purse.names(reading(&name))?;
        let read = Name::of(name);

        for subtree in subtrees(self.excluded) {
            let meter = Meter::default();
            let fit = read.fit(&subtree, Side::Excluded, &meter);
            purse.names(meter.comparisons())?;
            match fit {
                Fit::OtherForm | Fit::Outside => {}
                Fit::Inside => return Err(breach(ConstraintBreach::Excluded)),
                Fit::Malformed => return Err(breach(ConstraintBreach::Malformed)),
                Fit::Unsupported => return Err(breach(ConstraintBreach::UnsupportedForm)),
            }
        }
        let mut outside = false;
        for subtree in subtrees(self.permitted) {
            let meter = Meter::default();
            let fit = read.fit(&subtree, Side::Permitted, &meter);
            purse.names(meter.comparisons())?;
            match fit {
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

/// A name to be compared with many subtrees, so it is read once. None where it is malformed.
enum Name<'a> {
    Dns(Option<dns::Pattern<'a>>),
    Ip(Option<&'a [u8]>),
    Email(Option<email::Mailbox<'a>>),
    /// A mailbox that is not ASCII, which is an other name by its form. RFC 9598 section 3.
    OtherMailbox(GeneralName<'a>),
    Uri(Option<uri::Host<'a>>),
    Directory(DirectoryName<'a>),
    /// Of a form that we do not compare.
    Unsupported(GeneralName<'a>),
}

/// What reading a name costs, in comparisons of short ones. Those that are not here are short or not read.
fn reading(name: &GeneralName<'_>) -> usize {
    let octets = match name {
        GeneralName::Email(octets) | GeneralName::Uri(octets) | GeneralName::Other(octets) => octets.len(),
        // A subject is looked through for mailboxes.
        GeneralName::Directory(name) => name.0.len(),
        _ => 0,
    };
    octets / OCTETS_A_COMPARISON
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

impl<'a> Name<'a> {
    fn of(name: GeneralName<'a>) -> Self {
        match name {
            GeneralName::Dns(name) => Self::Dns(dns::Pattern::new(name)),
            GeneralName::Ip(address) => Self::Ip(ip::is_address(address).then_some(address)),
            GeneralName::Email(mailbox) => Self::Email(email::Mailbox::new(mailbox)),
            GeneralName::Uri(uri) => Self::Uri(uri::Host::of(uri)),
            GeneralName::Directory(name) => Self::Directory(name),
            GeneralName::Other(body) if other_kind(body) == Some(oid::SMTP_UTF8_MAILBOX) => {
                Self::OtherMailbox(name)
            }
            other => Self::Unsupported(other),
        }
    }

    fn fit(&self, subtree: &GeneralName<'_>, side: Side, meter: &Meter) -> Fit {
        match (self, subtree) {
            (Self::Dns(name), GeneralName::Dns(subtree)) => match (name, dns::Subtree::of_checked(subtree)) {
                (Some(name), subtree) if side == Side::Excluded => Fit::inside(name.touches(&subtree)),
                (Some(name), subtree) => Fit::inside(name.is_within(&subtree)),
                (None, _) => Fit::Malformed,
            },
            (Self::Ip(address), GeneralName::Ip(subnet)) => match (address, ip::Subnet::new(subnet)) {
                (Some(address), Some(subnet)) if side == Side::Excluded => {
                    Fit::inside(subnet.reaches(address))
                }
                (Some(address), Some(subnet)) => Fit::inside(subnet.contains(address)),
                _ => Fit::Malformed,
            },
            (Self::Email(name), GeneralName::Email(subtree)) => match name {
                Some(name) => Fit::inside(name.is_within(&email::Subtree::of_checked(subtree))),
                None => Fit::Malformed,
            },
            // Constraints on mailboxes apply to it (RFC 9598 section 6). We compare none, so it is as good as malformed.
            (Self::OtherMailbox(_), GeneralName::Email(_)) => Fit::Malformed,
            (Self::Uri(host), GeneralName::Uri(subtree)) => match host {
                Some(host) => Fit::inside(host.is_within(&uri::Subtree::of_checked(subtree))),
                None => Fit::Malformed,
            },
            (Self::Directory(name), GeneralName::Directory(subtree)) if side == Side::Excluded => {
                Fit::inside(name.reads_within(*subtree, meter))
            }
            (Self::Directory(name), GeneralName::Directory(subtree)) => {
                Fit::inside(name.is_within(*subtree, meter))
            }
            // RFC 5280 section 4.2.1.10: process the constraint or reject the certificate.
            (Self::Unsupported(name) | Self::OtherMailbox(name), subtree)
                if discriminant(name) == discriminant(subtree) =>
            {
                Fit::Unsupported
            }
            _ => Fit::OtherForm,
        }
    }
}

impl Fit {
    fn inside(inside: bool) -> Self {
        if inside { Self::Inside } else { Self::Outside }
    }
}

/// Of what kind an other name is.
fn other_kind(body: &[u8]) -> Option<&[u8]> {
    oid::read(&mut Reader::new(body)).ok()
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
        let well_formed = match read_subtree(&mut reader, GeneralName::read)? {
            GeneralName::Dns(base) => dns::Subtree::new(base).is_some(),
            GeneralName::Ip(base) => ip::Subnet::new(base).is_some(),
            GeneralName::Email(base) => email::Subtree::new(base).is_some(),
            GeneralName::Uri(base) => uri::Subtree::new(base).is_some(),
            _ => true,
        };
        if !well_formed {
            return Err(start.bad("name constraint"));
        }
    }
    Ok(Some(list.reader()))
}

/// `minimum` must be its default, zero, which DER does not encode, and `maximum` absent.
fn read_subtree<'a>(
    reader: &mut Reader<'a>,
    read: impl Fn(&mut Reader<'a>) -> Result<GeneralName<'a>, Problem>,
) -> Result<GeneralName<'a>, Problem> {
    let mut fields = reader.expect(der::SEQUENCE, "subtree")?.reader();
    let base = read(&mut fields)?;
    fields.end("end of a subtree")?;
    Ok(base)
}

/// Octets that are looked at in about the time that comparing two short names takes.
const OCTETS_A_COMPARISON: usize = 16;

/// They are gone through for each name, so none may take the longer the longer it is, unless a [`Meter`] counts that.
fn subtrees(list: Option<Reader<'_>>) -> impl Iterator<Item = GeneralName<'_>> {
    let mut reader = list.unwrap_or(Reader::new(&[]));
    core::iter::from_fn(move || read_subtree(&mut reader, GeneralName::read_checked).ok())
}
