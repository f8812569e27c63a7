//! Protocol versions a config may name, and those it ends up with.

use core::fmt;

use crate::crypto::suites::{SupportedProtocolVersion, TLS12, TLS13};
use crate::error::Error;
use crate::names::ProtocolVersion;

/// Every version that is built, newest first.
#[cfg(feature = "tls12")]
pub static ALL_VERSIONS: &[&SupportedProtocolVersion] = &[&TLS13, &TLS12];

/// Every version that is built. Without the feature `tls12`, [`TLS12`](crate::version::TLS12) can be named, and a config that
/// names nothing else is refused.
#[cfg(not(feature = "tls12"))]
pub static ALL_VERSIONS: &[&SupportedProtocolVersion] = &[&TLS13];

/// The versions of a config that names none.
pub static DEFAULT_VERSIONS: &[&SupportedProtocolVersion] = ALL_VERSIONS;

/// The versions of one config: not empty, and each of them built.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct EnabledVersions {
    tls12: bool,
    tls13: bool,
}

impl EnabledVersions {
    /// Keeps of `asked` what is built.
    ///
    /// # Errors
    ///
    /// [`Error::General`] if nothing remains: a config never falls back to a version that was not asked for.
    pub(crate) fn new(asked: &[&'static SupportedProtocolVersion]) -> Result<Self, Error> {
        let enabled =
            |version: &SupportedProtocolVersion| asked.contains(&version) && ALL_VERSIONS.contains(&version);
        let versions = Self { tls12: enabled(&TLS12), tls13: enabled(&TLS13) };
        match (versions.tls12 || versions.tls13, asked) {
            (true, _) => Ok(versions),
            (false, []) => Err(Error::General("no protocol versions configured".into())),
            (false, _) => Err(Error::General(
                "no usable protocol version configured: TLS 1.2 was asked for and is not available in this build".into(),
            )),
        }
    }

    pub(crate) fn contains(self, version: ProtocolVersion) -> bool {
        match version {
            ProtocolVersion::TLSv1_3 => self.tls13,
            ProtocolVersion::TLSv1_2 => self.tls12,
            _ => false,
        }
    }

    /// Those of which `keep` holds; `None` if there are none.
    pub(crate) fn retain(self, keep: impl Fn(ProtocolVersion) -> bool) -> Option<Self> {
        let kept = Self {
            tls12: self.tls12 && keep(ProtocolVersion::TLSv1_2),
            tls13: self.tls13 && keep(ProtocolVersion::TLSv1_3),
        };
        (kept.tls12 || kept.tls13).then_some(kept)
    }

    /// The enabled versions, newest first.
    pub(crate) fn iter(self) -> impl Iterator<Item = ProtocolVersion> {
        [ProtocolVersion::TLSv1_3, ProtocolVersion::TLSv1_2]
            .into_iter()
            .filter(move |version| self.contains(*version))
    }
}

impl fmt::Debug for EnabledVersions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.iter()).finish()
    }
}

#[cfg(test)]
mod tests {
    use alloc::format;

    use super::*;

    #[test]
    #[cfg(feature = "tls12")]
    fn what_is_asked_for_is_enabled() {
        let table: [(&[&'static SupportedProtocolVersion], &str); 5] = [
            (&[&TLS13], "[TLSv1_3]"),
            (&[&TLS12], "[TLSv1_2]"),
            (&[&TLS12, &TLS13], "[TLSv1_3, TLSv1_2]"),
            (ALL_VERSIONS, "[TLSv1_3, TLSv1_2]"),
            (DEFAULT_VERSIONS, "[TLSv1_3, TLSv1_2]"),
        ];
        for (asked, enabled) in table {
            let versions = EnabledVersions::new(asked).unwrap();
            assert_eq!(format!("{versions:?}"), enabled);
            assert!(!versions.contains(ProtocolVersion::TLSv1_1));
        }
    }

    #[test]
    fn no_usable_version_is_an_error() {
        let message = |asked: &[&'static SupportedProtocolVersion]| match EnabledVersions::new(asked) {
            Err(Error::General(message)) => message,
            other => panic!("{other:?}"),
        };
        #[cfg(not(feature = "tls12"))]
        assert!(message(&[&TLS12]).contains("TLS 1.2"));
        assert!(message(&[]).contains("no protocol versions"));
    }
}
