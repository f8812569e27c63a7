//! URIs in certificates and in name constraints. RFC 5280 section 4.2.1.10: only the host is constrained.

use crate::dns;

/// The host of a URI, which is a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Host<'a>(&'a [u8]);

impl<'a> Host<'a> {
    /// Takes the host out of a URI. None if there is none, or if it is no name: RFC 5280 has a URI without an authority,
    /// and one whose host is an IP address, fall under no constraint, and refuses the certificate.
    pub(crate) fn of(uri: &'a [u8]) -> Option<Self> {
        let colon = uri.iter().position(|&octet| octet == b':')?;
        let (scheme, rest) = uri.split_at_checked(colon)?;
        let rest = rest.strip_prefix(b"://")?;
        let authority = rest.split(|octet| b"/?#".contains(octet)).next()?;
        // RFC 3986 section 3.2: userinfo before the last at sign, a port behind the colon.
        let host = authority.rsplit(|&octet| octet == b'@').next()?;
        let mut parts = host.split(|&octet| octet == b':');
        let name = parts.next()?;
        let port = parts.next().unwrap_or_default();
        let good = is_scheme(scheme)
            && authority.iter().all(is_of_a_uri)
            && parts.next().is_none()
            && port.iter().all(u8::is_ascii_digit)
            && dns::is_name(name)
            && !dns::looks_like_an_address(name);
        good.then_some(Self(name))
    }

    /// Whether the host is in the subtree.
    pub(crate) fn is_within(&self, subtree: &Subtree<'_>) -> bool {
        match subtree {
            Subtree::All => true,
            Subtree::Host(host) => self.0.eq_ignore_ascii_case(host),
            Subtree::Below(domain) => dns::is_same_or_below(self.0, domain) && self.0.len() != domain.len(),
        }
    }
}

/// A URI constraint.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Subtree<'a> {
    /// Any host at all.
    All,
    /// One host.
    Host(&'a [u8]),
    /// All hosts below a domain, and not itself.
    Below(&'a [u8]),
}

impl<'a> Subtree<'a> {
    /// Reads a constraint. None if it is not one.
    pub(crate) fn new(constraint: &'a [u8]) -> Option<Self> {
        let subtree = Self::of_checked(constraint);
        let good = match subtree {
            Self::All => true,
            Self::Host(name) | Self::Below(name) => dns::is_name(name),
        };
        good.then_some(subtree)
    }

    /// Takes a constraint apart that [`Self::new`] has read before.
    pub(crate) fn of_checked(constraint: &'a [u8]) -> Self {
        match constraint {
            [] => Self::All,
            [b'.', domain @ ..] => Self::Below(domain),
            host => Self::Host(host),
        }
    }
}

/// Whether this is a URI by its signs and its scheme. RFC 3986 section 3.
pub(crate) fn has_scheme(uri: &[u8]) -> bool {
    let colon = uri.iter().position(|&octet| octet == b':');
    let scheme = colon.and_then(|colon| uri.get(..colon));
    let good = |octet: &u8| is_of_a_uri(octet) || b"/?#".contains(octet);
    scheme.is_some_and(is_scheme) && uri.iter().all(good)
}

/// Programs do not agree on where the host ends if there are others, a backslash above all. RFC 3986 section 2.
fn is_of_a_uri(octet: &u8) -> bool {
    octet.is_ascii_alphanumeric() || b"-._~:[]@!$&'()*+,;=%".contains(octet)
}

/// RFC 3986 section 3.1.
fn is_scheme(scheme: &[u8]) -> bool {
    scheme.first().is_some_and(u8::is_ascii_alphabetic)
        && scheme.iter().all(|octet| octet.is_ascii_alphanumeric() || b"+-.".contains(octet))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_are_found() {
        for (uri, host) in [
            ("http://www.example.com", Some("www.example.com")),
            ("https://www.example.com/a?b#c", Some("www.example.com")),
            ("https://WWW.example.com:8443/", Some("WWW.example.com")),
            ("ldap://user:pass@www.example.com?x", Some("www.example.com")),
            // Not the host that it seems to be.
            ("http://good.example@bad.example/", Some("bad.example")),
            ("http://good.example:80@bad.example/", Some("bad.example")),
            ("http://bad.example/@good.example", Some("bad.example")),
            ("http://bad.example#@good.example", Some("bad.example")),
            ("spiffe://trust.example/service", Some("trust.example")),
            ("urn:uuid:1", None),
            ("mailto:a@example.com", None),
            ("www.example.com", None),
            ("http:///path", None),
            ("http://192.0.2.1/", None),
            ("http://[2001:db8::1]/", None),
            ("http://www.example.com:80:80/", None),
            ("http://www.example.com:a/", None),
            ("http://www.ex%61mple.com/", None),
            ("http://good.example\\@bad.example/", None),
            ("http://a b@bad.example/", None),
            ("http://good.example\\.bad.example/", None),
            ("://example.com", None),
            ("1http://example.com", None),
            ("", None),
        ] {
            assert_eq!(Host::of(uri.as_bytes()), host.map(|host| Host(host.as_bytes())), "{uri}");
        }
    }

    #[test]
    fn uri_constraints_by_rfc_5280() {
        for (constraint, host, expected) in [
            ("host.example.com", "host.example.com", true),
            ("host.example.com", "HOST.EXAMPLE.COM", true),
            ("example.com", "host.example.com", false),
            (".example.com", "host.example.com", true),
            (".example.com", "my.host.example.com", true),
            (".example.com", "example.com", false),
            (".example.com", "notexample.com", false),
            ("", "host.example.com", true),
        ] {
            let subtree = Subtree::new(constraint.as_bytes()).unwrap();
            let uri = [b"http://", host.as_bytes()].concat();
            assert_eq!(Host::of(&uri).unwrap().is_within(&subtree), expected, "{host} within {constraint}");
        }
        for bad in ["http://example.com", "*.example.com", "..example.com", ".", "a b"] {
            assert_eq!(Subtree::new(bad.as_bytes()), None, "{bad}");
        }
    }
}
