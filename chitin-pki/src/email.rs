//! Mailboxes in certificates and in name constraints. RFC 5280 sections 4.2.1.6 and 4.2.1.10.
//!
//! The local part is compared exactly, the domain without case (RFC 5280 section 7.5). No character is a wildcard.

use crate::dns;

/// A mailbox: `local@domain`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Mailbox<'a> {
    local: &'a [u8],
    domain: &'a [u8],
}

impl<'a> Mailbox<'a> {
    /// Reads a mailbox. None if it is not one; a quoted local part with an at sign is not read.
    pub(crate) fn new(mailbox: &'a [u8]) -> Option<Self> {
        let mut parts = mailbox.split(|&octet| octet == b'@');
        let (local, domain) = (parts.next()?, parts.next()?);
        let good = parts.next().is_none() && !local.is_empty() && local.iter().all(u8::is_ascii_graphic);
        if good && dns::is_name(domain) { Some(Self { local, domain }) } else { None }
    }

    /// Whether the mailbox is in the subtree.
    pub(crate) fn is_within(&self, subtree: &Subtree<'_>) -> bool {
        match subtree {
            Subtree::All => true,
            Subtree::Mailbox(mailbox) => {
                self.local == mailbox.local && self.domain.eq_ignore_ascii_case(mailbox.domain)
            }
            Subtree::Host(host) => self.domain.eq_ignore_ascii_case(host),
            Subtree::Below(domain) => {
                dns::is_same_or_below(self.domain, domain) && self.domain.len() != domain.len()
            }
        }
    }
}

/// A mailbox constraint.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Subtree<'a> {
    /// Any mailbox at all.
    All,
    /// One mailbox.
    Mailbox(Mailbox<'a>),
    /// All mailboxes on one host.
    Host(&'a [u8]),
    /// All mailboxes on hosts below a domain.
    Below(&'a [u8]),
}

impl<'a> Subtree<'a> {
    /// Reads a constraint. None if it is not one.
    pub(crate) fn new(constraint: &'a [u8]) -> Option<Self> {
        let subtree = Self::of_checked(constraint);
        let good = match subtree {
            Self::All => true,
            Self::Mailbox(_) => Mailbox::new(constraint).is_some(),
            Self::Host(name) | Self::Below(name) => dns::is_name(name),
        };
        good.then_some(subtree)
    }

    /// Takes a constraint apart that [`Self::new`] has read before. From the end: a local part may be of any length.
    pub(crate) fn of_checked(constraint: &'a [u8]) -> Self {
        match constraint {
            [] => Self::All,
            [b'.', domain @ ..] => Self::Below(domain),
            other => {
                let mut parts = other.rsplitn(2, |&octet| octet == b'@');
                let domain = parts.next().unwrap_or_default();
                match parts.next() {
                    Some(local) => Self::Mailbox(Mailbox { local, domain }),
                    None => Self::Host(domain),
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mailbox_constraints_by_rfc_5280() {
        for (constraint, mailbox, expected) in [
            ("root@example.com", "root@example.com", true),
            ("root@example.com", "root@EXAMPLE.com", true),
            ("root@example.com", "Root@example.com", false),
            ("root@example.com", "root@www.example.com", false),
            ("example.com", "anyone@example.com", true),
            ("example.com", "anyone@www.example.com", false),
            (".example.com", "anyone@www.example.com", true),
            (".example.com", "anyone@example.com", false),
            ("*@example.com", "user@example.com", false),
            ("*@example.com", "*@example.com", true),
            ("", "anyone@example.com", true),
        ] {
            let subtree = Subtree::new(constraint.as_bytes()).unwrap();
            let got = Mailbox::new(mailbox.as_bytes()).unwrap().is_within(&subtree);
            assert_eq!(got, expected, "{mailbox} within {constraint}");
        }
    }

    #[test]
    fn malformed_mailboxes_are_none() {
        for bad in ["", "a", "a@", "@a", "a@b@c", "a@b..c", "a b@c", "a@*.c", "a@\u{fc}.de"] {
            assert_eq!(Mailbox::new(bad.as_bytes()), None, "{bad}");
        }
        for bad in ["a@b@c", "a@", ".", "..a", "*.b"] {
            assert_eq!(Subtree::new(bad.as_bytes()), None, "{bad}");
        }
    }
}
