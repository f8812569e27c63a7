//! The certificates a verifier trusts without further proof.

use alloc::format;
use alloc::vec::Vec;
use core::fmt;

use pki_types::{CertificateDer, TrustAnchor};

use super::pki::anchor;
use crate::error::Error;
use crate::names::DistinguishedName;

/// Holds trust anchors: the names and keys of authorities whose word is taken.
///
/// Fill it from the `webpki-roots` crate with [`Extend`], or from DER certificates with [`RootCertStore::add`].
#[derive(Clone)]
pub struct RootCertStore {
    /// The trust anchors.
    pub roots: Vec<TrustAnchor<'static>>,
}

impl RootCertStore {
    /// Makes a store that trusts nobody.
    pub fn empty() -> Self {
        Self { roots: Vec::new() }
    }

    /// Trusts the DER certificate `der`. Of it, subject, key and name constraints are used, not the dates.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidCertificate`] if it cannot be read.
    pub fn add(&mut self, der: CertificateDer<'_>) -> Result<(), Error> {
        self.roots.push(anchor(&der)?);
        Ok(())
    }

    /// Trusts those of `der_certs` that can be read, and passes over the others.
    ///
    /// Returns how many were added and how many were not: operating systems ship odd certificates that nobody needs.
    pub fn add_parsable_certificates<'a>(
        &mut self,
        der_certs: impl IntoIterator<Item = CertificateDer<'a>>,
    ) -> (usize, usize) {
        let (mut added, mut ignored) = (0usize, 0usize);
        for der in der_certs {
            let count = if self.add(der).is_ok() { &mut added } else { &mut ignored };
            *count = count.saturating_add(1);
        }
        (added, ignored)
    }

    /// Returns the subject of each anchor, as a DER `Name`.
    pub fn subjects(&self) -> Vec<DistinguishedName> {
        self.roots.iter().map(|anchor| DistinguishedName::in_sequence(anchor.subject.as_ref())).collect()
    }

    /// Says whether nobody is trusted.
    pub fn is_empty(&self) -> bool {
        self.roots.is_empty()
    }

    /// Returns how many anchors there are.
    pub fn len(&self) -> usize {
        self.roots.len()
    }

    /// All of the anchors that a verifier looks at. Their order decides nothing, nor does one that is there twice.
    pub(super) fn describe(&self) -> Vec<Vec<u8>> {
        let mut all: Vec<_> = self.roots.iter().map(describe).collect();
        all.sort_unstable();
        all.dedup();
        all
    }
}

/// Everything a verifier looks at in an anchor, each part after its length.
fn describe(anchor: &TrustAnchor<'_>) -> Vec<u8> {
    let constraints = anchor.name_constraints.as_ref();
    let mut out = Vec::from([u8::from(constraints.is_some())]);
    for part in
        [Some(&anchor.subject), Some(&anchor.subject_public_key_info), constraints].into_iter().flatten()
    {
        out.extend(u32::try_from(part.len()).unwrap_or(u32::MAX).to_be_bytes());
        out.extend_from_slice(part);
    }
    out
}

impl FromIterator<TrustAnchor<'static>> for RootCertStore {
    fn from_iter<T: IntoIterator<Item = TrustAnchor<'static>>>(iter: T) -> Self {
        Self { roots: iter.into_iter().collect() }
    }
}

impl Extend<TrustAnchor<'static>> for RootCertStore {
    fn extend<T: IntoIterator<Item = TrustAnchor<'static>>>(&mut self, iter: T) {
        self.roots.extend(iter);
    }
}

impl fmt::Debug for RootCertStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Hundreds of names and keys would drown everything else.
        f.debug_struct("RootCertStore").field("roots", &format!("({} roots)", self.roots.len())).finish()
    }
}
