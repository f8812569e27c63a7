//! The forms of name that a subject alternative name or a name constraint can have.

use alloc::string::String;

use crate::der::{self, Element, Reader};
use crate::dn::DirectoryName;
use crate::error::{PresentedName, Problem};
use crate::shown;

/// A `GeneralName`. RFC 5280 section 4.2.1.6. The octets are as in the certificate: not checked to be a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GeneralName<'a> {
    /// A form defined elsewhere.
    Other(&'a [u8]),
    /// A mailbox.
    Email(&'a [u8]),
    /// A DNS name, maybe a wildcard.
    Dns(&'a [u8]),
    /// An X.400 address.
    X400(&'a [u8]),
    /// A directory name: the value of its `RDNSequence`.
    Directory(DirectoryName<'a>),
    /// An EDI party name.
    EdiParty(&'a [u8]),
    /// A URI.
    Uri(&'a [u8]),
    /// An IP address of 4 or 16 octets; in constraints, address and mask.
    Ip(&'a [u8]),
    /// An object identifier.
    RegisteredId(&'a [u8]),
}

impl<'a> GeneralName<'a> {
    pub(crate) fn read(reader: &mut Reader<'a>) -> Result<Self, Problem> {
        Self::read_by(reader, DirectoryName::read)
    }

    /// Takes a name apart that [`Self::read`] has read before, in the same time however long it is.
    pub(crate) fn read_checked(reader: &mut Reader<'a>) -> Result<Self, Problem> {
        Self::read_by(reader, DirectoryName::read_checked)
    }

    fn read_by(
        reader: &mut Reader<'a>,
        directory: impl Fn(&mut Reader<'a>) -> Result<DirectoryName<'a>, Problem>,
    ) -> Result<Self, Problem> {
        let element = reader.any()?;
        let body = element.body;
        Ok(match element.tag {
            0xa0 => Self::Other(body),
            0x81 => Self::Email(body),
            0x82 => Self::Dns(body),
            0xa3 => Self::X400(body),
            // A Name is a CHOICE, so its tag is explicit (X.680 section 31.2.7).
            0xa4 => {
                let mut inner = element.reader();
                let name = directory(&mut inner)?;
                inner.end("end of a directory name")?;
                Self::Directory(name)
            }
            0xa5 => Self::EdiParty(body),
            0x86 => Self::Uri(body),
            0x87 => Self::Ip(body),
            0x88 => Self::RegisteredId(body),
            _ => return Err(element.bad("form of a name")),
        })
    }

    pub(crate) fn to_presented(self) -> PresentedName {
        let text = |octets: &[u8]| String::from_utf8_lossy(shown::first(octets, shown::NAME)).into_owned();
        match self {
            Self::Dns(name) => PresentedName::Dns(text(name)),
            Self::Ip(address) => PresentedName::Ip(shown::first(address, shown::NAME).into()),
            Self::Email(mailbox) => PresentedName::Email(text(mailbox)),
            Self::Uri(uri) => PresentedName::Uri(text(uri)),
            Self::Directory(name) => PresentedName::Directory(alloc::format!("{name}")),
            Self::Other(_) | Self::X400(_) | Self::EdiParty(_) | Self::RegisteredId(_) => {
                PresentedName::Other
            }
        }
    }
}

/// The names of a subject alternative name, known to be well-formed.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct GeneralNames<'a>(Reader<'a>);

impl<'a> GeneralNames<'a> {
    pub(crate) fn read(value: &Element<'a>) -> Result<Self, Problem> {
        let mut reader = value.reader();
        let list = reader.expect(der::SEQUENCE, "subject alternative name")?;
        reader.end("end of the subject alternative name")?;
        Self::read_implicit(&list)
    }

    /// Reads names from an element whose tag does not say so.
    pub(crate) fn read_implicit(list: &Element<'a>) -> Result<Self, Problem> {
        let mut names = list.reader();
        if names.is_empty() {
            return Err(list.bad("empty subject alternative name"));
        }
        while !names.is_empty() {
            GeneralName::read(&mut names)?;
        }
        Ok(Self(list.reader()))
    }

    pub(crate) fn iter(self) -> impl Iterator<Item = GeneralName<'a>> {
        let mut reader = self.0;
        core::iter::from_fn(move || GeneralName::read_checked(reader.unless_empty()?).ok())
    }
}
