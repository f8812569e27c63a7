//! Whom a verifier trusts: names and keys alone, or whole certificates.

use alloc::sync::Arc;
use alloc::vec::Vec;
use core::fmt;

use chitin_pki::AnchorIndex;
use pki_types::{CertificateDer, TrustAnchor};

use crate::config::webpki::RootCertStore;
use crate::config::webpki::pki::{Anchors, anchor};
use crate::crypto::kept_keys::KeptKeys;
use crate::crypto::verify::split_content;
use crate::error::Error;
use crate::names::DistinguishedName;

/// Holds the authorities that a verifier trusts. Not in rustls 0.23.
///
/// A [`RootCertStore`] becomes one by itself: of its authorities names, keys and name constraints are known. With
/// [`Self::whole`] their certificates are known as well, and a strict [`Profile`](chitin_pki::Profile) looks at them.
#[derive(Clone)]
pub struct Roots(Form);

#[derive(Clone)]
enum Form {
    Anchors(Arc<RootCertStore>),
    /// Each was read once, and found to make an anchor.
    Whole(Arc<[CertificateDer<'static>]>),
}

impl Roots {
    /// Trusts these certificates, and keeps all of them.
    ///
    /// By itself this changes little: a root is not part of the path below it (RFC 5280 section 6.1.1), so its dates, say, do not
    /// count. Profiles above the default one ask as much of it as of other issuers, and revocation lists whether its key
    /// may sign them. They are read again for each peer, which takes about a microsecond for each.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidCertificate`] for the first that cannot be read or cannot be a root.
    pub fn whole(certificates: impl IntoIterator<Item = CertificateDer<'static>>) -> Result<Self, Error> {
        let certificates: Vec<_> = certificates.into_iter().collect();
        for certificate in &certificates {
            anchor(certificate)?;
        }
        Ok(Self(Form::Whole(certificates.into())))
    }

    /// Says whether nobody is trusted.
    pub fn is_empty(&self) -> bool {
        match &self.0 {
            Form::Anchors(store) => store.is_empty(),
            Form::Whole(certificates) => certificates.is_empty(),
        }
    }

    pub(super) fn anchors(&self) -> Anchors<'_> {
        match &self.0 {
            Form::Anchors(store) => Anchors::Bare(&store.roots),
            Form::Whole(certificates) => Anchors::Whole(certificates),
        }
    }

    /// For whoever looks for one of them often. Whole certificates are read for each chain, and are few.
    pub(super) fn index(&self) -> AnchorIndex {
        match &self.0 {
            Form::Anchors(store) => AnchorIndex::new(store.roots.iter()),
            Form::Whole(_) => AnchorIndex::default(),
        }
    }

    /// The keys of all.
    pub(super) fn keys(&self) -> KeptKeys {
        let bits =
            |anchor: &'_ TrustAnchor<'_>| Some(split_content(&anchor.subject_public_key_info)?.1.to_vec());
        match &self.0 {
            Form::Anchors(store) => KeptKeys::new(store.roots.iter().filter_map(bits)),
            Form::Whole(certificates) => {
                KeptKeys::new(certificates.iter().filter_map(|der| bits(&anchor(der).ok()?)))
            }
        }
    }

    /// The names of all, to be hints.
    pub(super) fn subjects(&self) -> Vec<DistinguishedName> {
        match &self.0 {
            Form::Anchors(store) => store.subjects(),
            Form::Whole(certificates) => {
                let mut store = RootCertStore::empty();
                store.add_parsable_certificates(certificates.iter().cloned());
                store.subjects()
            }
        }
    }

    /// All that decides about a peer, the same in whatever order it was given.
    pub(super) fn describe(&self) -> Vec<Vec<u8>> {
        match &self.0 {
            Form::Anchors(store) => store.describe(),
            Form::Whole(certificates) => {
                let mut all: Vec<_> = certificates.iter().map(|der| der.as_ref().to_vec()).collect();
                all.sort_unstable();
                all.dedup();
                all
            }
        }
    }
}

impl From<Arc<RootCertStore>> for Roots {
    fn from(store: Arc<RootCertStore>) -> Self {
        Self(Form::Anchors(store))
    }
}

impl From<RootCertStore> for Roots {
    fn from(store: RootCertStore) -> Self {
        Arc::new(store).into()
    }
}

impl fmt::Debug for Roots {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Hundreds of names and keys would drown everything else.
        match &self.0 {
            Form::Anchors(store) => f.debug_tuple("Roots").field(store).finish(),
            Form::Whole(certificates) => write!(f, "Roots({} whole certificates)", certificates.len()),
        }
    }
}
