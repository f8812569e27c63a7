//! DNS names in certificates: their syntax, and comparing them with a name or a constraint.
//!
//! Everything here is ASCII. Internationalised names are compared as A-labels, which is how RFC 9525 section 6.3 has
//! them both in certificates and in what the caller asks for; a U-label in a certificate is malformed.

/// A well-formed DNS name of a certificate: a name, or `*.` before one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Pattern<'a> {
    /// Without the wildcard label, if there is one.
    name: &'a [u8],
    wildcard: bool,
}

impl<'a> Pattern<'a> {
    /// Reads a presented name. None if it is not one that anything can match.
    pub(crate) fn new(presented: &'a [u8]) -> Option<Self> {
        let (name, wildcard) = match presented {
            [b'*', b'.', rest @ ..] => (rest, true),
            whole => (whole, false),
        };
        if presented.len() > MAX_NAME || !is_name(name) {
            return None;
        }
        Some(Self { name, wildcard })
    }

    /// Whether a server of this name may use the certificate. RFC 9525 section 6.3.
    ///
    /// A wildcard stands for exactly one whole label. At least two labels must follow it: nobody answers for all
    /// names of a top-level domain.
    pub(crate) fn matches(&self, reference: &str) -> bool {
        let reference = reference.as_bytes();
        // A final dot makes a name absolute; certificates never have it.
        let reference = reference.strip_suffix(b".").unwrap_or(reference);
        if !self.wildcard {
            return reference.eq_ignore_ascii_case(self.name);
        }
        let Some(dot) = reference.iter().position(|&octet| octet == b'.') else {
            return false;
        };
        let (label, rest) = reference.split_at(dot);
        !label.is_empty()
            && self.name.contains(&b'.')
            && rest.get(1..).is_some_and(|parent| parent.eq_ignore_ascii_case(self.name))
    }

    /// Whether every name that this one stands for is in the subtree.
    pub(crate) fn is_within(&self, subtree: &Subtree<'_>) -> bool {
        if self.wildcard {
            // What a wildcard stands for is below its parent, so the parent may be the subtree itself even where
            // that is not a member (a leading dot).
            return subtree.name.is_empty() || is_same_or_below(self.name, subtree.name);
        }
        subtree.contains(self.name)
    }

    /// Whether some name that this one stands for is in the subtree. RFC 5280 does not say how wildcards and
    /// exclusions meet; this reading lets no excluded name through.
    pub(crate) fn touches(&self, subtree: &Subtree<'_>) -> bool {
        if subtree.name.is_empty() || is_same_or_below(self.name, subtree.name) {
            return true;
        }
        // `*.parent` stands for `label.parent`, and the subtree may start at just that label.
        let parent = subtree.name.iter().position(|&octet| octet == b'.').and_then(|dot| {
            let (_, rest) = subtree.name.split_at_checked(dot)?;
            rest.get(1..)
        });
        self.wildcard && parent.is_some_and(|parent| parent.eq_ignore_ascii_case(self.name))
    }
}

/// A DNS name constraint. RFC 5280 section 4.2.1.10.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Subtree<'a> {
    /// Empty for all names.
    name: &'a [u8],
    /// It began with a dot. RFC 5280 does not have this, but roots in use do: subdomains only.
    below_only: bool,
}

impl<'a> Subtree<'a> {
    /// Reads a constraint. None if it is not one: a wildcard, a final dot, an empty label.
    pub(crate) fn new(constraint: &'a [u8]) -> Option<Self> {
        let subtree = Self::of_checked(constraint);
        let all = constraint.is_empty();
        if all || is_name(subtree.name) { Some(subtree) } else { None }
    }

    /// Takes a constraint apart that [`Self::new`] has read before. Looking at each octet again, for each name, would
    /// be most of the work of a comparison.
    pub(crate) fn of_checked(constraint: &'a [u8]) -> Self {
        match constraint.strip_prefix(b".") {
            Some(name) => Self { name, below_only: true },
            None => Self { name: constraint, below_only: false },
        }
    }

    fn contains(&self, name: &[u8]) -> bool {
        self.name.is_empty()
            || (is_same_or_below(name, self.name) && !(self.below_only && name.len() == self.name.len()))
    }
}

/// Whether `name` is `ancestor`, or `ancestor` with labels before it.
pub(crate) fn is_same_or_below(name: &[u8], ancestor: &[u8]) -> bool {
    let Some(extra) = name.len().checked_sub(ancestor.len()) else {
        return false;
    };
    let Some((labels, tail)) = name.split_at_checked(extra) else {
        return false;
    };
    tail.eq_ignore_ascii_case(ancestor) && (labels.is_empty() || labels.ends_with(b"."))
}

/// Labels of letters, digits, hyphens and underscores, with single dots between. Underscores are not hostnames by
/// RFC 1123, but private networks are full of them and nothing is confused by them.
pub(crate) fn is_name(name: &[u8]) -> bool {
    name.len() <= MAX_NAME && name.split(|&octet| octet == b'.').all(is_label)
}

/// Whether the last label is a number, as in an IP address that is written as text: no top-level domain is one (RFC 3696
/// section 2).
pub(crate) fn looks_like_an_address(name: &[u8]) -> bool {
    name.rsplit(|&octet| octet == b'.').next().is_some_and(|label| label.iter().all(u8::is_ascii_digit))
}

fn is_label(label: &[u8]) -> bool {
    let edge = |octet: Option<&u8>| octet.is_some_and(|&octet| octet != b'-');
    label.len() <= MAX_LABEL
        && edge(label.first())
        && edge(label.last())
        && label.iter().all(|&octet| octet.is_ascii_alphanumeric() || octet == b'-' || octet == b'_')
}

/// RFC 1035 section 2.3.4, as text without a final dot.
const MAX_NAME: usize = 253;
/// RFC 1035 section 2.3.4.
const MAX_LABEL: usize = 63;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_match_by_rfc_9525() {
        for (presented, reference, expected) in [
            ("example.com", "example.com", true),
            ("EXAMPLE.com", "example.COM", true),
            ("example.com", "example.com.", true),
            ("example.com.", "example.com", false),
            ("example.com", "www.example.com", false),
            ("www.example.com", "example.com", false),
            ("example.com", "example2.com", false),
            ("xample.com", "example.com", false),
            ("*.example.com", "www.example.com", true),
            ("*.example.com", "xn--bcher-kva.example.com", true),
            ("*.example.com", "example.com", false),
            ("*.example.com", ".example.com", false),
            ("*.example.com", "a.b.example.com", false),
            ("*.example.com", "www.example.com.", true),
            ("*.b.example.com", "a.b.example.com", true),
            ("w*.example.com", "www.example.com", false),
            ("*w.example.com", "www.example.com", false),
            ("w*w.example.com", "www.example.com", false),
            ("**.example.com", "www.example.com", false),
            ("xn--*-kva.example.com", "xn--bcher-kva.example.com", false),
            ("www.*.com", "www.example.com", false),
            ("*.*.com", "www.example.com", false),
            ("*", "localhost", false),
            ("*.", "localhost.", false),
            ("*.com", "example.com", false),
            ("*.localhost", "a.localhost", false),
            ("*.co.uk", "example.co.uk", true),
            ("localhost", "localhost", true),
            ("a_b.example.com", "a_b.example.com", true),
            ("xn--bcher-kva.example", "xn--bcher-kva.example", true),
            ("b\u{fc}cher.example", "xn--bcher-kva.example", false),
            ("", "example.com", false),
            (".", "example.com", false),
            (".example.com", "www.example.com", false),
            ("www..example.com", "www.example.com", false),
            ("-www.example.com", "www.example.com", false),
            ("www-.example.com", "www.example.com", false),
            ("www.example.com\0", "www.example.com", false),
            (" www.example.com", "www.example.com", false),
        ] {
            let got = Pattern::new(presented.as_bytes()).is_some_and(|p| p.matches(reference));
            assert_eq!(got, expected, "{presented} for {reference}");
        }
    }

    #[test]
    fn lengths_of_names_and_labels_are_bounded() {
        use alloc::string::String;
        let label = |n: usize| String::from_iter(core::iter::repeat_n('a', n));
        let name = |parts: &[usize]| {
            let labels: alloc::vec::Vec<_> = parts.iter().map(|&n| label(n)).collect();
            labels.join(".")
        };
        assert!(Pattern::new(name(&[63, 63, 63, 61]).as_bytes()).is_some());
        assert!(Pattern::new(name(&[63, 63, 63, 62]).as_bytes()).is_none());
        assert!(Pattern::new(name(&[64]).as_bytes()).is_none());
    }

    #[test]
    fn dns_constraints_by_rfc_5280() {
        // (constraint, name, all of it is inside, some of it is inside)
        for (constraint, name, within, touches) in [
            ("example.com", "example.com", true, true),
            ("example.com", "EXAMPLE.COM", true, true),
            ("example.com", "www.example.com", true, true),
            ("example.com", "a.b.example.com", true, true),
            ("example.com", "notexample.com", false, false),
            ("example.com", "com", false, false),
            ("", "example.com", true, true),
            ("", "*.example.com", true, true),
            (".example.com", "www.example.com", true, true),
            (".example.com", "example.com", false, true),
            (".example.com", "*.example.com", true, true),
            ("example.com", "*.example.com", true, true),
            ("example.com", "*.a.example.com", true, true),
            ("foo.example.com", "*.example.com", false, true),
            ("b.foo.example.com", "*.example.com", false, false),
            ("foo.example.org", "*.example.com", false, false),
            ("com", "*.example.com", true, true),
            ("example.com", "*.com", false, true),
        ] {
            let subtree = Subtree::new(constraint.as_bytes()).unwrap();
            let pattern = Pattern::new(name.as_bytes()).unwrap();
            assert_eq!(pattern.is_within(&subtree), within, "{name} within {constraint}");
            assert_eq!(pattern.touches(&subtree), touches, "{name} touches {constraint}");
        }
        for bad in ["*.example.com", "example.com.", "a..b", ".", "..a", "a b", "\u{fc}.de"] {
            assert!(Subtree::new(bad.as_bytes()).is_none(), "{bad}");
        }
    }
}
