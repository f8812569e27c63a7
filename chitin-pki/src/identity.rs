//! Who a peer is, in types, and who is let in.
//!
//! Owns the names of one certificate and a list of those that will do. Whether somebody vouches for a name is the business of
//! `path`.

use alloc::borrow::ToOwned;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::fmt;
use core::net::IpAddr;

use pki_types::{CertificateDer, DnsName};

use crate::cert::Certificate;
use crate::email::Mailbox;
use crate::error::Problem;
use crate::general_name::GeneralName;
use crate::oid;
use crate::spiffe::{SpiffeFault, SpiffeId, is_trust_domain};
use crate::uri;

/// The names in a peer's own certificate, by their kinds.
///
/// They are worth what was checked of the certificate. Where a path was found to a trust anchor, its authorities vouch for the
/// alternative names, each within its name constraints; so it is with [`Self::of`] for the leaf of a [`Path`](crate::Path). Where a pin
/// stands alone, only the peer itself says so. Names that are malformed are left out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PeerIdentity {
    dns_names: Vec<String>,
    ip_addresses: Vec<IpAddr>,
    email_addresses: Vec<String>,
    uris: Vec<String>,
    spiffe_id: Result<SpiffeId, SpiffeFault>,
    subject: String,
    common_name: Option<String>,
}

impl PeerIdentity {
    /// Takes the names from a certificate that was verified.
    pub fn of(leaf: &Certificate<'_>) -> Self {
        let mut identity = Self {
            dns_names: leaf.dns_names().map(str::to_ascii_lowercase).collect(),
            ip_addresses: Vec::new(),
            email_addresses: Vec::new(),
            uris: Vec::new(),
            spiffe_id: SpiffeId::of_leaf(leaf),
            subject: leaf.subject().to_string(),
            common_name: leaf.subject().values(oid::COMMON_NAME).next().and_then(text),
        };
        for name in leaf.names() {
            match name {
                GeneralName::Ip(octets) => identity.ip_addresses.extend(address(octets)),
                GeneralName::Email(mailbox) if Mailbox::new(mailbox).is_some() => {
                    identity.email_addresses.extend(text(mailbox));
                }
                GeneralName::Uri(uri) if uri::has_scheme(uri) => identity.uris.extend(text(uri)),
                _ => {}
            }
        }
        identity
    }

    /// Takes the names from a certificate of which nothing is checked: they are claims, and anybody can make them.
    ///
    /// # Errors
    ///
    /// As [`Certificate::parse`].
    pub fn claimed_by(certificate: &CertificateDer<'_>) -> Result<Self, Problem> {
        Ok(Self::of(&Certificate::parse(certificate)?))
    }

    /// The DNS names, in lower case. One with a wildcard is as it stands in the certificate.
    pub fn dns_names(&self) -> &[String] {
        &self.dns_names
    }

    /// The IP addresses.
    pub fn ip_addresses(&self) -> &[IpAddr] {
        &self.ip_addresses
    }

    /// The mailboxes.
    pub fn email_addresses(&self) -> &[String] {
        &self.email_addresses
    }

    /// The URIs, the SPIFFE id among them.
    pub fn uris(&self) -> &[String] {
        &self.uris
    }

    /// The SPIFFE id.
    ///
    /// # Errors
    ///
    /// Why there is none: most often that there is no URI.
    pub fn spiffe_id(&self) -> Result<&SpiffeId, SpiffeFault> {
        self.spiffe_id.as_ref().map_err(|fault| *fault)
    }

    /// The name of the subject, to be shown to people. It is empty or says anything at all; nothing should be decided by it.
    pub fn subject(&self) -> &str {
        &self.subject
    }

    /// The first common name of the subject, to be shown to people. It is no host name even where it looks like one (RFC 9525
    /// section 2): no name constraint holds it.
    pub fn common_name(&self) -> Option<&str> {
        self.common_name.as_deref()
    }

    /// Says whether this DNS name is among the names, without difference of case. A wildcard in the certificate stands for no name
    /// here: it is for servers, of which a client asks for one.
    pub fn has_dns_name(&self, name: &str) -> bool {
        let name = name.strip_suffix('.').unwrap_or(name);
        !name.starts_with('*') && self.dns_names.iter().any(|held| held.eq_ignore_ascii_case(name))
    }
}

/// Shows the alternative names, or the subject if there is none.
impl fmt::Display for PeerIdentity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let texts = [&self.dns_names, &self.email_addresses, &self.uris].into_iter().flatten();
        let texts = texts.map(|text| alloc::format!("\"{}\"", text.escape_debug()));
        let all: Vec<_> = texts.chain(self.ip_addresses.iter().map(ToString::to_string)).collect();
        if all.is_empty() {
            return write!(f, "none but the subject \"{}\"", self.subject);
        }
        list(f, &all)
    }
}

/// Who is let in of those who can be verified: a peer needs one of these names.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AcceptedPeers {
    spiffe_ids: Vec<SpiffeId>,
    trust_domains: Vec<String>,
    dns_names: Vec<String>,
}

impl AcceptedPeers {
    /// Starts a list that lets nobody in.
    pub fn new() -> Self {
        Self::default()
    }

    /// Lets the peer with this SPIFFE id in.
    pub fn with_spiffe_id(mut self, id: SpiffeId) -> Self {
        self.spiffe_ids.push(id);
        self
    }

    /// Lets peers in with a SPIFFE id of this trust domain, such as `example.org`.
    ///
    /// # Errors
    ///
    /// [`SpiffeFault::Form`] if it cannot be the name of one.
    pub fn with_trust_domain(mut self, name: &str) -> Result<Self, SpiffeFault> {
        if !is_trust_domain(name) {
            return Err(SpiffeFault::Form);
        }
        self.trust_domains.push(name.to_owned());
        Ok(self)
    }

    /// Lets peers in whose certificate has this very DNS name; a wildcard in it is not enough.
    pub fn with_dns_name(mut self, name: DnsName<'_>) -> Self {
        self.dns_names.push(name.as_ref().to_ascii_lowercase());
        self
    }

    /// Says whether nobody is let in.
    pub fn is_empty(&self) -> bool {
        self.spiffe_ids.is_empty() && self.trust_domains.is_empty() && self.dns_names.is_empty()
    }

    /// Says whether this peer is let in. That its names are true is for others to check.
    pub fn accept(&self, peer: &PeerIdentity) -> bool {
        let by_id = peer.spiffe_id().is_ok_and(|id| {
            self.spiffe_ids.contains(id)
                || self.trust_domains.iter().any(|domain| domain == id.trust_domain())
        });
        by_id || self.dns_names.iter().any(|name| peer.has_dns_name(name))
    }

    /// Checks that the owner of a certificate is let in.
    ///
    /// # Errors
    ///
    /// [`Problem::NotAccepted`].
    pub fn check(&self, leaf: &Certificate<'_>) -> Result<(), Problem> {
        let presented = PeerIdentity::of(leaf);
        match self.accept(&presented) {
            true => Ok(()),
            false => Err(Problem::NotAccepted(NotAccepted { expected: self.clone(), presented }.into())),
        }
    }

    /// All names, each with its kind, sorted.
    pub fn describe(&self) -> Vec<String> {
        let ids = self.spiffe_ids.iter().map(ToString::to_string);
        let domains = self.trust_domains.iter().map(|name| alloc::format!("trust domain \"{name}\""));
        let names = self.dns_names.iter().map(|name| alloc::format!("\"{name}\""));
        let mut all: Vec<_> = ids.chain(domains).chain(names).collect();
        all.sort_unstable();
        all.dedup();
        all
    }
}

/// A peer is not one of those who are let in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NotAccepted {
    /// Who is.
    pub expected: AcceptedPeers,
    /// Who the peer is.
    pub presented: PeerIdentity,
}

impl fmt::Display for NotAccepted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("is of nobody who is let in, which ")?;
        let names = self.expected.describe();
        f.write_str(if names.len() == 1 { "is " } else { "are " })?;
        list(f, &names)?;
        write!(f, "; its names are {}", self.presented)?;
        // That an id is there and does not count is what nobody sees at a glance.
        let asked = !(self.expected.spiffe_ids.is_empty() && self.expected.trust_domains.is_empty());
        match self.presented.spiffe_id() {
            Err(fault) if asked => write!(f, "; it has no SPIFFE id, since {fault}"),
            _ => Ok(()),
        }
    }
}

/// The first names of a list, and how many there are beside them.
fn list(f: &mut fmt::Formatter<'_>, names: &[String]) -> fmt::Result {
    for (at, name) in names.iter().take(SHOWN).enumerate() {
        let before = if at > 0 { ", " } else { "" };
        write!(f, "{before}{name}")?;
    }
    match names.len().checked_sub(SHOWN) {
        Some(more @ 1..) => write!(f, " and {more} more"),
        _ => Ok(()),
    }
}

fn text(octets: &[u8]) -> Option<String> {
    core::str::from_utf8(octets).ok().map(ToOwned::to_owned)
}

fn address(octets: &[u8]) -> Option<IpAddr> {
    match octets.len() {
        4 => <[u8; 4]>::try_from(octets).ok().map(IpAddr::from),
        _ => <[u8; 16]>::try_from(octets).ok().map(IpAddr::from),
    }
}

/// Names of one kind that a text shows.
const SHOWN: usize = 16;
