//! Directory names: X.501 names as subjects, issuers and constraints.

use core::fmt;

use crate::der::{self, Element, Reader};
use crate::error::Problem;
use crate::oid;

/// A directory name: the value of an `RDNSequence`, without its tag and length.
///
/// Equality is that of the encoding; [`Self::matches`] is that of the name.
///
/// Its display is for people: most attributes by short names, in the order of the encoding.
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
        if self.0 == other.0 {
            return true;
        }
        let mut names = self.rdns();
        other.rdns().all(|theirs| names.next().is_some_and(|ours| rdn_eq(&ours, &theirs)))
            && names.next().is_none()
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

    /// Whether this name starts with the relative names of another. RFC 5280 section 7.1 says which are equal.
    pub(crate) fn is_within(&self, subtree: Self) -> bool {
        let mut names = self.rdns();
        subtree.rdns().all(|constraint| names.next().is_some_and(|name| rdn_eq(&name, &constraint)))
    }

    /// The values of attributes of this type that are IA5 strings.
    pub(crate) fn ia5_values(&self, kind: &'static [u8]) -> impl Iterator<Item = &'a [u8]> + use<'a> {
        let ia5 = |attribute: &Attribute<'_>| attribute.value.tag == der::IA5_STRING;
        self.attributes(kind).filter(ia5).map(|attribute| attribute.value.body)
    }

    /// The values of attributes of this type.
    pub(crate) fn values(&self, kind: &'static [u8]) -> impl Iterator<Item = &'a [u8]> + use<'a> {
        self.attributes(kind).map(|attribute| attribute.value.body)
    }

    fn attributes(&self, kind: &'static [u8]) -> impl Iterator<Item = Attribute<'a>> + use<'a> {
        self.rdns().flat_map(|rdn| attributes(&rdn)).filter(move |attribute| attribute.kind == kind)
    }

    /// How many relative names there are: what one comparison may cost.
    pub(crate) fn len(&self) -> usize {
        self.rdns().count()
    }

    fn rdns(&self) -> impl Iterator<Item = Element<'a>> + use<'a> {
        let mut reader = Reader::new(self.0);
        core::iter::from_fn(move || reader.expect(der::SET, "relative distinguished name").ok())
    }
}

#[derive(Clone, Copy)]
struct Attribute<'a> {
    kind: &'a [u8],
    value: Element<'a>,
}

impl<'a> Attribute<'a> {
    fn read(reader: &mut Reader<'a>) -> Result<Self, Problem> {
        let mut fields = reader.expect(der::SEQUENCE, "attribute of a name")?.reader();
        let kind = oid::read(&mut fields)?;
        let value = fields.any()?;
        fields.end("end of an attribute of a name")?;
        Ok(Self { kind, value })
    }
}

fn attributes<'a>(rdn: &Element<'a>) -> impl Iterator<Item = Attribute<'a>> + use<'a> {
    let mut reader = rdn.reader();
    core::iter::from_fn(move || Attribute::read(&mut reader).ok())
}

/// Two relative names are equal if each attribute of one is in the other. Sets of more than a few attributes do not
/// occur, and only equal encodings of such are taken to be equal.
fn rdn_eq(a: &Element<'_>, b: &Element<'_>) -> bool {
    if a.body == b.body {
        return true;
    }
    let few = |rdn| Some(attributes(rdn).take(ATTRIBUTES + 1).count()).filter(|&count| count <= ATTRIBUTES);
    few(a).is_some_and(|count| few(b) == Some(count))
        && attributes(a).all(|left| attributes(b).any(|right| attribute_eq(&left, &right)))
}

fn attribute_eq(a: &Attribute<'_>, b: &Attribute<'_>) -> bool {
    if a.kind != b.kind {
        return false;
    }
    if a.value.raw == b.value.raw {
        return true;
    }
    if a.kind == oid::DOMAIN_COMPONENT && [a.value.tag, b.value.tag] == [der::IA5_STRING; 2] {
        return a.value.body.eq_ignore_ascii_case(b.value.body);
    }
    match (text(&a.value), text(&b.value)) {
        (Some(a), Some(b)) => folded(a).eq(folded(b)),
        _ => false,
    }
}

/// The two string types that RFC 5280 section 7.1 has compared with each other.
fn text<'a>(value: &Element<'a>) -> Option<&'a str> {
    match value.tag {
        der::PRINTABLE_STRING | der::UTF8_STRING => core::str::from_utf8(value.body).ok(),
        _ => None,
    }
}

/// Text without difference of case, without spaces at its ends, and with single spaces inside (RFC 4518, of which
/// this is the part that matters to names as they are).
fn folded(text: &str) -> impl Iterator<Item = char> {
    text.split_whitespace()
        .enumerate()
        .flat_map(|(i, word)| (i > 0).then_some(' ').into_iter().chain(word.chars()))
        .flat_map(char::to_lowercase)
}

impl fmt::Display for DirectoryName<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_empty() {
            return f.write_str("(empty name)");
        }
        let mut separator = "";
        for attribute in self.rdns().flat_map(|rdn| attributes(&rdn)).take(SHOWN) {
            f.write_str(separator)?;
            separator = ", ";
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
            match core::str::from_utf8(attribute.value.body) {
                Ok(text) => write!(f, "{}", text.escape_debug())?,
                Err(_) => f.write_str("(not text)")?,
            }
        }
        Ok(())
    }
}

/// Attributes in one relative name that are compared in any order. Two are rare already.
const ATTRIBUTES: usize = 8;
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
            assert_eq!(DirectoryName(&subject).is_within(DirectoryName(&subtree)), expected);
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
        assert!(DirectoryName(&one).is_within(DirectoryName(&rdn(&[b.clone(), a_lower]))));
        assert!(!DirectoryName(&one).is_within(DirectoryName(&rdn(&[a.clone(), c]))));
        assert!(!DirectoryName(&one).is_within(DirectoryName(&rdn(&[a]))));
    }

    #[test]
    fn names_are_written_for_people() {
        let name = [rdn(&[attribute(6, 0x13, "DE")]), rdn(&[attribute(3, 0x0c, "a\n\"b\"")])].concat();
        assert_eq!(DirectoryName(&name).to_string(), "C=DE, CN=a\\n\\\"b\\\"");
        assert_eq!(DirectoryName(&[]).to_string(), "(empty name)");
    }
}
