//! Directory names: X.501 names as subjects, issuers and constraints.

mod text;

use core::cell::Cell;
use core::fmt;

use crate::der::{self, Element, Reader};
use crate::error::Problem;
use crate::oid;
use crate::shown;

/// A directory name: the value of an `RDNSequence`, without its tag and length.
///
/// Equality is that of the encoding; [`Self::matches`] is that of the name.
///
/// Its display is for people: most attributes by short names, in the order of the encoding, and of a very long name the first
/// part.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DirectoryName<'a>(pub &'a [u8]);

impl<'a> DirectoryName<'a> {
    /// The empty name, which a subject may have.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether both are the same name, however it is written. RFC 5280 section 7.1.
    ///
    /// Of text in `PrintableString` and `UTF8String`, case and the number of spaces do not count, nor which of both it is;
    /// of a domain component, case does not count (section 7.3). Other types of text are the same only if their octets are.
    pub fn matches(&self, other: &Self) -> bool {
        self.matches_by(other, &Meter::default())
    }

    /// As [`Self::matches`], and counts what it costs.
    pub(crate) fn matches_by(&self, other: &Self, meter: &Meter) -> bool {
        if octets_eq(self.0, other.0, meter) {
            return true;
        }
        let mut names = self.rdns();
        let mut same =
            |theirs| names.next().is_some_and(|ours| rdn_eq(&ours, &theirs, Reading::AsNames, meter));
        other.rdns().all(&mut same) && names.next().is_none()
    }

    /// Reads a name and checks its structure.
    pub(crate) fn read(reader: &mut Reader<'a>) -> Result<Self, Problem> {
        let name = reader.expect(der::SEQUENCE, "name")?;
        let mut rdns = name.reader();
        while !rdns.is_empty() {
            let set = rdns.expect(der::SET, "relative distinguished name")?;
            let mut attributes = set.reader();
            if attributes.is_empty() {
                return Err(set.bad("empty relative distinguished name"));
            }
            while !attributes.is_empty() {
                Attribute::read(&mut attributes)?;
            }
        }
        Ok(Self(name.body))
    }

    /// Reads a name that [`Self::read`] has read before, without a look inside.
    pub(crate) fn read_checked(reader: &mut Reader<'a>) -> Result<Self, Problem> {
        Ok(Self(reader.expect(der::SEQUENCE, "name")?.body))
    }

    /// Whether this name starts with the relative names of another. RFC 5280 section 7.1 says which are equal.
    pub(crate) fn is_within(&self, subtree: Self, meter: &Meter) -> bool {
        self.starts_with(subtree, Reading::AsNames, meter)
    }

    /// Whether this name, read by people, starts with the relative names of another, or may do so: the type of text does not count
    /// either, and text that is not normalized may be any.
    ///
    /// That is for exclusions, which nobody shall get around by writing the same text in another type.
    pub(crate) fn reads_within(&self, subtree: Self, meter: &Meter) -> bool {
        self.starts_with(subtree, Reading::AsText, meter)
    }

    fn starts_with(&self, subtree: Self, reading: Reading, meter: &Meter) -> bool {
        let mut names = self.rdns();
        subtree.rdns().all(|theirs| names.next().is_some_and(|ours| rdn_eq(&ours, &theirs, reading, meter)))
    }

    /// The values of attributes of this type.
    pub(crate) fn values(&self, kind: &'static [u8]) -> impl Iterator<Item = &'a [u8]> + use<'a> {
        self.attributes(kind).map(|attribute| attribute.value.body)
    }

    fn attributes(&self, kind: &'static [u8]) -> impl Iterator<Item = Attribute<'a>> + use<'a> {
        self.rdns().flat_map(|rdn| attributes(&rdn)).filter(move |attribute| attribute.kind == kind)
    }

    fn rdns(&self) -> impl Iterator<Item = Element<'a>> + use<'a> {
        let mut reader = Reader::new(self.0);
        core::iter::from_fn(move || {
            reader.unless_empty()?.expect(der::SET, "relative distinguished name").ok()
        })
    }
}

#[derive(Clone, Copy)]
struct Attribute<'a> {
    kind: &'a [u8],
    value: Element<'a>,
}

impl<'a> Attribute<'a> {
    fn read(reader: &mut Reader<'a>) -> Result<Self, Problem> {
        Self::read_by(reader, oid::read)
    }

    /// Takes an attribute apart that [`Self::read`] has read before, in the same time however long it is.
    fn read_checked(reader: &mut Reader<'a>) -> Result<Self, Problem> {
        Self::read_by(reader, oid::read_checked)
    }

    fn read_by(
        reader: &mut Reader<'a>,
        oid: impl Fn(&mut Reader<'a>) -> Result<&'a [u8], Problem>,
    ) -> Result<Self, Problem> {
        let mut fields = reader.expect(der::SEQUENCE, "attribute of a name")?.reader();
        let kind = oid(&mut fields)?;
        let value = fields.any()?;
        fields.end("end of an attribute of a name")?;
        Ok(Self { kind, value })
    }
}

fn attributes<'a>(rdn: &Element<'a>) -> impl Iterator<Item = Attribute<'a>> + use<'a> {
    let mut reader = rdn.reader();
    core::iter::from_fn(move || Attribute::read_checked(reader.unless_empty()?).ok())
}

/// The attribute of a relative name that has one.
fn only<'a>(rdn: &Element<'a>) -> Option<Attribute<'a>> {
    let mut all = attributes(rdn);
    all.next().filter(|_| all.next().is_none())
}

/// How two names are compared.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Reading {
    /// By RFC 5280 section 7.1.
    AsNames,
    /// As people read them: the type of text does not count either.
    AsText,
}

/// What comparing names has cost so far. Names come from peers, and comparing two that are nearly the same takes long.
#[derive(Debug, Default)]
pub(crate) struct Meter(Cell<usize>);

impl Meter {
    fn add(&self, octets: usize) {
        self.0.set(self.0.get().saturating_add(octets));
    }

    /// How many comparisons of short names would have cost as much.
    pub(crate) fn comparisons(&self) -> usize {
        (self.0.get() / OCTETS_A_COMPARISON).max(1)
    }
}

/// Two relative names are equal if each attribute of one is in the other. Sets of more than a few attributes do not
/// occur, and only equal encodings of such are taken to be equal.
fn rdn_eq(a: &Element<'_>, b: &Element<'_>, reading: Reading, meter: &Meter) -> bool {
    if octets_eq(a.body, b.body, meter) {
        return true;
    }
    // As nearly all are.
    if let (Some(left), Some(right)) = (only(a), only(b)) {
        return attribute_eq(&left, &right, reading, meter);
    }
    let few = |rdn| Some(attributes(rdn).take(ATTRIBUTES + 1).count()).filter(|&count| count <= ATTRIBUTES);
    few(a).is_some_and(|count| few(b) == Some(count))
        && attributes(a).all(|left| attributes(b).any(|right| attribute_eq(&left, &right, reading, meter)))
}

fn attribute_eq(a: &Attribute<'_>, b: &Attribute<'_>, reading: Reading, meter: &Meter) -> bool {
    meter.add(ATTRIBUTE);
    if a.kind != b.kind {
        return false;
    }
    if octets_eq(a.value.raw, b.value.raw, meter) {
        return true;
    }
    // RFC 5280 section 7.2: a label of the DNS. Read as text, it is folded as all text is, below.
    let label = reading == Reading::AsNames && a.kind == oid::DOMAIN_COMPONENT;
    if label && [a.value.tag, b.value.tag] == [der::IA5_STRING; 2] {
        meter.add(a.value.body.len());
        return a.value.body.eq_ignore_ascii_case(b.value.body);
    }
    text::same(&a.value, &b.value, reading, meter)
}

fn octets_eq(a: &[u8], b: &[u8], meter: &Meter) -> bool {
    // Eight octets are compared in the time that one takes to be folded.
    meter.add(if a.len() == b.len() { a.len() / 8 } else { 0 });
    a == b
}

impl fmt::Display for DirectoryName<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_empty() {
            return f.write_str("(empty name)");
        }
        let mut separator = "";
        let mut left = shown::NAME;
        for attribute in self.rdns().flat_map(|rdn| attributes(&rdn)).take(SHOWN) {
            f.write_str(separator)?;
            separator = ", ";
            if left == 0 {
                return f.write_str("...");
            }
            match attribute.kind {
                [0x55, 4, 3] => f.write_str("CN")?,
                [0x55, 4, 5] => f.write_str("serialNumber")?,
                [0x55, 4, 6] => f.write_str("C")?,
                [0x55, 4, 7] => f.write_str("L")?,
                [0x55, 4, 8] => f.write_str("ST")?,
                [0x55, 4, 10] => f.write_str("O")?,
                [0x55, 4, 11] => f.write_str("OU")?,
                oid::EMAIL_ADDRESS => f.write_str("emailAddress")?,
                oid::DOMAIN_COMPONENT => f.write_str("DC")?,
                other => {
                    for (i, arc) in oid::arcs(other).iter().enumerate() {
                        if i > 0 {
                            f.write_str(".")?;
                        }
                        write!(f, "{arc}")?;
                    }
                }
            }
            f.write_str("=")?;
            let value = attribute.value.body;
            match shown::first_text(value, left) {
                Some(text) => write!(f, "{}", text.escape_debug())?,
                None => f.write_str("(not text)")?,
            }
            if value.len() > left {
                return f.write_str("...");
            }
            left = left.saturating_sub(value.len());
        }
        Ok(())
    }
}

/// Attributes in one relative name that are compared in any order. Two are rare already.
const ATTRIBUTES: usize = 8;
/// What an attribute costs beside its octets.
const ATTRIBUTE: usize = 4;
/// Octets that are compared in about the time that comparing two short names takes.
const OCTETS_A_COMPARISON: usize = 8;
/// Attributes that are written out for people.
const SHOWN: usize = 16;

#[cfg(test)]
mod tests {
    use alloc::string::ToString;
    use alloc::vec::Vec;

    use super::*;

    fn tlv(tag: u8, body: &[u8]) -> Vec<u8> {
        [&[tag, body.len() as u8], body].concat()
    }

    fn attribute(kind: u8, tag: u8, value: &str) -> Vec<u8> {
        tlv(0x30, &[tlv(6, &[0x55, 4, kind]), tlv(tag, value.as_bytes())].concat())
    }

    fn rdn(attributes: &[Vec<u8>]) -> Vec<u8> {
        tlv(0x31, &attributes.concat())
    }

    #[test]
    fn directory_names_are_within_by_rfc_5280() {
        let de = rdn(&[attribute(6, 0x13, "DE")]);
        let org = rdn(&[attribute(10, 0x0c, "Some  Org ")]);
        let same_org = rdn(&[attribute(10, 0x13, "some org")]);
        let other_org = rdn(&[attribute(10, 0x13, "someorg")]);
        let as_unit = rdn(&[attribute(11, 0x13, "some org")]);
        let as_ia5 = rdn(&[attribute(10, 0x16, "some org")]);
        let name = |rdns: &[&Vec<u8>]| -> Vec<u8> { rdns.iter().flat_map(|r| r.iter().copied()).collect() };

        let subject = name(&[&de, &org]);
        for (subtree, expected) in [
            (name(&[]), true),
            (name(&[&de]), true),
            (name(&[&de, &org]), true),
            (name(&[&de, &same_org]), true),
            (name(&[&de, &other_org]), false),
            (name(&[&de, &as_unit]), false),
            (name(&[&de, &as_ia5]), false),
            (name(&[&org]), false),
            (name(&[&de, &org, &org]), false),
        ] {
            assert_eq!(
                DirectoryName(&subject).is_within(DirectoryName(&subtree), &Meter::default()),
                expected
            );
        }
    }

    #[test]
    fn names_match_by_rfc_5280() {
        let de = rdn(&[attribute(6, 0x13, "DE")]);
        let dc = |tag, value: &str| {
            rdn(&[tlv(0x30, &[tlv(6, oid::DOMAIN_COMPONENT), tlv(tag, value.as_bytes())].concat())])
        };
        let org = |tag, value| rdn(&[attribute(10, tag, value)]);
        for (left, right, expected) in [
            (org(0x0c, "Some Org"), org(0x0c, "Some Org"), true),
            (org(0x0c, " some   ORG "), org(0x13, "Some Org"), true),
            (org(0x0c, "\u{c4}rger"), org(0x0c, "\u{e4}rger"), true),
            (org(0x0c, "Some Org"), org(0x0c, "SomeOrg"), false),
            (org(0x0c, "Some Org"), org(0x16, "Some Org"), false),
            (org(0x16, "Some Org"), org(0x16, "some org"), false),
            (org(0x0c, "Some Org"), [org(0x0c, "Some Org"), de.clone()].concat(), false),
            (
                [de.clone(), org(0x0c, "Some Org")].concat(),
                [org(0x0c, "Some Org"), de.clone()].concat(),
                false,
            ),
            (dc(0x16, "Example"), dc(0x16, "eXAMPLE"), true),
            (dc(0x16, "Example"), dc(0x16, " example"), false),
            (Vec::new(), Vec::new(), true),
            (Vec::new(), de.clone(), false),
        ] {
            let (left, right) = (DirectoryName(&left), DirectoryName(&right));
            assert_eq!((left.matches(&right), right.matches(&left)), (expected, expected), "{left} {right}");
        }
    }

    #[test]
    fn attributes_of_one_relative_name_have_no_order() {
        let (a, b) = (attribute(3, 0x0c, "A"), attribute(10, 0x0c, "B"));
        let (a_lower, c) = (attribute(3, 0x0c, "a"), attribute(10, 0x0c, "C"));
        let one = rdn(&[a.clone(), b.clone()]);
        assert!(DirectoryName(&one).is_within(DirectoryName(&rdn(&[b.clone(), a_lower])), &Meter::default()));
        assert!(!DirectoryName(&one).is_within(DirectoryName(&rdn(&[a.clone(), c])), &Meter::default()));
        assert!(!DirectoryName(&one).is_within(DirectoryName(&rdn(&[a])), &Meter::default()));
    }

    #[test]
    fn names_are_written_for_people() {
        let name = [rdn(&[attribute(6, 0x13, "DE")]), rdn(&[attribute(3, 0x0c, "a\n\"b\"")])].concat();
        assert_eq!(DirectoryName(&name).to_string(), "C=DE, CN=a\\n\\\"b\\\"");
        assert_eq!(DirectoryName(&[]).to_string(), "(empty name)");
    }
}
