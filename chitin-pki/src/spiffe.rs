//! SPIFFE ids, and which certificate has one: the documents SPIFFE-ID and X509-SVID of the SPIFFE project.

use alloc::string::String;
use core::fmt;
use core::str::FromStr;

use crate::cert::Certificate;
use crate::general_name::GeneralName;

/// The name of a workload: `spiffe://trust-domain/path`. SPIFFE-ID section 2.
///
/// It is read by [`FromStr`], strictly: a trust domain of lower-case letters, digits, dots, dashes and underscores; a path without
/// empty, `.` and `..` segments, of letters, digits and the same signs, or none; nothing that is percent-encoded, no port, no query.
/// So two ids are the same if their texts are.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SpiffeId {
    text: String,
    /// Where the path begins.
    path: usize,
}

impl SpiffeId {
    /// Takes the id of a workload from its certificate: X509-SVID section 5.2.
    ///
    /// Who vouches for it, this does not say. A trust domain's authorities speak for that domain alone; which ones they are is for
    /// the caller to know.
    ///
    /// # Errors
    ///
    /// A [`SpiffeFault`] if it is the certificate of an authority, or does not have exactly one URI, which is an id with a path.
    pub fn of_leaf(leaf: &Certificate<'_>) -> Result<Self, SpiffeFault> {
        if leaf.is_ca() || leaf.key_usage().is_some_and(|usage| usage.key_cert_sign() || usage.crl_sign()) {
            return Err(SpiffeFault::Authority);
        }
        let mut uris = leaf.names().filter_map(|name| match name {
            GeneralName::Uri(uri) => Some(uri),
            _ => None,
        });
        let uri = uris.next().ok_or(SpiffeFault::NoUri)?;
        if uris.next().is_some() {
            return Err(SpiffeFault::SeveralUris);
        }
        let id: Self = core::str::from_utf8(uri).map_err(|_| SpiffeFault::Form)?.parse()?;
        if id.path().is_empty() { Err(SpiffeFault::NoPath) } else { Ok(id) }
    }

    /// The whole text.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The name of the trust domain.
    pub fn trust_domain(&self) -> &str {
        self.text.get(SCHEME.len()..self.path).unwrap_or_default()
    }

    /// The path, with its slash before each segment. The name of a trust domain itself has none.
    pub fn path(&self) -> &str {
        self.text.get(self.path..).unwrap_or_default()
    }
}

impl FromStr for SpiffeId {
    type Err = SpiffeFault;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let rest = text.strip_prefix(SCHEME).ok_or(SpiffeFault::Scheme)?;
        let (domain, path) =
            rest.split_at_checked(rest.find('/').unwrap_or(rest.len())).unwrap_or((rest, ""));
        let good = text.len() <= MAX && is_trust_domain(domain) && is_path(path);
        match good {
            true => Ok(Self { text: text.into(), path: SCHEME.len().saturating_add(domain.len()) }),
            false => Err(SpiffeFault::Form),
        }
    }
}

impl fmt::Display for SpiffeId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl fmt::Debug for SpiffeId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SpiffeId({self})")
    }
}

/// Why a text is no SPIFFE id, or a certificate has none.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SpiffeFault {
    /// It is the certificate of an authority, which is not for saying who one is. X509-SVID sections 3.2 and 5.2.
    Authority,
    /// The certificate has no URI.
    NoUri,
    /// The certificate has more than one URI. X509-SVID section 2.
    SeveralUris,
    /// The scheme is not `spiffe`.
    Scheme,
    /// It breaks the rules of trust domains or of paths, or is too long. SPIFFE-ID section 2.
    Form,
    /// It names a trust domain and nobody in it. X509-SVID section 3.1.
    NoPath,
}

impl fmt::Display for SpiffeFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Authority => "the certificate is one of an authority",
            Self::NoUri => "there is no URI",
            Self::SeveralUris => "there is more than one URI",
            Self::Scheme => "the scheme of the URI is not \"spiffe\"",
            Self::Form => "the URI is malformed as a SPIFFE id",
            Self::NoPath => "the URI names a trust domain alone",
        })
    }
}

impl core::error::Error for SpiffeFault {}

/// SPIFFE-ID section 2.1.
pub(crate) fn is_trust_domain(name: &str) -> bool {
    let allowed = |octet: u8| octet.is_ascii_lowercase() || octet.is_ascii_digit() || b".-_".contains(&octet);
    (1..=MAX_TRUST_DOMAIN).contains(&name.len()) && name.bytes().all(allowed)
}

/// SPIFFE-ID section 2.2.
fn is_path(path: &str) -> bool {
    let allowed = |octet: u8| octet.is_ascii_alphanumeric() || b".-_".contains(&octet);
    let is_segment = |segment: &str| !["", ".", ".."].contains(&segment) && segment.bytes().all(allowed);
    path.is_empty() || path.strip_prefix('/').is_some_and(|path| path.split('/').all(is_segment))
}

const SCHEME: &str = "spiffe://";
/// SPIFFE-ID section 2.3.
const MAX: usize = 2048;
/// SPIFFE-ID section 2.3.
const MAX_TRUST_DOMAIN: usize = 255;
