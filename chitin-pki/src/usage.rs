//! What a key may be used for.

use core::fmt;

use crate::der::{self, Element, Reader};
use crate::error::Problem;
use crate::oid;

/// What a chain is checked for: an extended key usage of RFC 5280 section 4.2.1.12.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// The leaf is a TLS server's.
    ServerAuth,
    /// The leaf is a TLS client's.
    ClientAuth,
    /// The leaf is anything, for whatever it will be used: the rules of RFC 5280 section 6 alone.
    ///
    /// Its key usage and extended key usage are for the caller to look at, and so is whether it is a CA certificate.
    Any,
}

impl Purpose {
    pub(crate) fn oid(self) -> Option<&'static [u8]> {
        match self {
            Self::ServerAuth => Some(oid::SERVER_AUTH),
            Self::ClientAuth => Some(oid::CLIENT_AUTH),
            Self::Any => None,
        }
    }
}

impl fmt::Display for Purpose {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::ServerAuth => "TLS server authentication",
            Self::ClientAuth => "TLS client authentication",
            Self::Any => "any purpose",
        })
    }
}

/// The key usage extension. RFC 5280 section 4.2.1.3.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KeyUsage(u16);

impl KeyUsage {
    /// May sign other things than certificates and revocation lists.
    pub fn digital_signature(self) -> bool {
        self.0 & 0x8000 != 0
    }

    /// May sign certificates.
    pub fn key_cert_sign(self) -> bool {
        self.0 & 0x0400 != 0
    }

    /// May sign revocation lists.
    pub fn crl_sign(self) -> bool {
        self.0 & 0x0200 != 0
    }

    /// Some use is a signature, and none is anything else.
    pub(crate) fn only_signs(self) -> bool {
        self.0 & SIGNS != 0 && self.0 & !SIGNS == 0
    }

    pub(crate) fn read(value: &Element<'_>) -> Result<Self, Problem> {
        let mut reader = value.reader();
        let bits = reader.expect(der::BIT_STRING, "key usage")?.bits()?;
        reader.end("end of key usage")?;
        let octet = |at: usize| bits.get(at).copied().unwrap_or(0);
        Ok(Self(u16::from_be_bytes([octet(0), octet(1)])))
    }
}

/// digitalSignature, nonRepudiation, keyCertSign and cRLSign.
const SIGNS: u16 = 0xc600;

/// The extended key usage extension: one purpose or more.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ExtendedKeyUsage<'a>(Reader<'a>);

impl<'a> ExtendedKeyUsage<'a> {
    pub(crate) fn read(value: &Element<'a>) -> Result<Self, Problem> {
        let mut reader = value.reader();
        let list = reader.expect(der::SEQUENCE, "extended key usage")?;
        reader.end("end of extended key usage")?;
        let mut purposes = list.reader();
        if purposes.is_empty() {
            return Err(list.bad("empty extended key usage"));
        }
        while !purposes.is_empty() {
            oid::read(&mut purposes)?;
        }
        Ok(Self(list.reader()))
    }

    pub(crate) fn purposes(self) -> impl Iterator<Item = &'a [u8]> {
        let mut reader = self.0;
        core::iter::from_fn(move || oid::read(reader.unless_empty()?).ok())
    }

    /// The problem of not being for a purpose.
    pub(crate) fn lacks(self, required: Purpose) -> Problem {
        let presented = self.purposes().take(PURPOSES_SHOWN).map(oid::arcs).collect();
        Problem::ExtendedKeyUsage { required, presented }
    }

    pub(crate) fn includes(self, purpose: &[u8]) -> bool {
        self.purposes().any(|presented| presented == purpose)
    }
}

/// Purposes that an error shows.
const PURPOSES_SHOWN: usize = 32;
