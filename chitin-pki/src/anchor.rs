//! Trust anchors from certificates.

use pki_types::{CertificateDer, Der, TrustAnchor};

use crate::cert::Certificate;
use crate::der::{self, Reader};
use crate::error::Problem;
use crate::oid;

/// Takes the trust anchor out of a certificate that the caller trusts: its name, its key and its name constraints.
///
/// The certificate's validity, serial number and version do not count, as roots in use have all kinds of them. It need
/// not be a CA certificate, so that a self-signed certificate can be its own anchor. Nothing of it is remembered but
/// what is in the anchor; in particular an anchor made of a certificate that is not one of a CA may still issue others.
///
/// # Errors
///
/// As [`Certificate::parse`], save version and serial number; [`Problem::EmptyIssuer`] if its own name, which is the
/// issuer's name of others, is empty; [`Problem::IssuerMayNotSignCertificates`] if it is one of a CA and its key usage
/// says otherwise; those of [`crate::SubjectPublicKeyInfo::check`].
pub fn anchor_from_der<'a>(certificate: &'a CertificateDer<'_>) -> Result<TrustAnchor<'a>, Problem> {
    anchor_of(&Certificate::parse_anchor(certificate)?)
}

/// A trust anchor with its whole certificate.
///
/// The profiles above [`Profile::Default`](crate::Profile) look at it; for the default one it is its
/// [`TrustAnchor`] and no more.
#[derive(Clone, Debug)]
pub struct Root<'a> {
    certificate: Certificate<'a>,
    anchor: TrustAnchor<'a>,
}

impl<'a> Root<'a> {
    /// Reads the certificate of an anchor.
    ///
    /// # Errors
    ///
    /// As [`anchor_from_der`].
    pub fn parse(certificate: &'a CertificateDer<'_>) -> Result<Self, Problem> {
        let certificate = Certificate::parse_anchor(certificate)?;
        Ok(Self { anchor: anchor_of(&certificate)?, certificate })
    }

    /// The whole certificate.
    pub fn certificate(&self) -> &Certificate<'a> {
        &self.certificate
    }

    /// What is trusted of it.
    pub fn anchor(&self) -> &TrustAnchor<'a> {
        &self.anchor
    }
}

/// Anchors in either form.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Anchors<'v> {
    Bare(&'v [TrustAnchor<'v>]),
    Whole(&'v [Root<'v>]),
}

impl<'v> Anchors<'v> {
    pub(crate) fn get(&self, position: usize) -> Option<&'v TrustAnchor<'v>> {
        match self {
            Self::Bare(anchors) => anchors.get(position),
            Self::Whole(roots) => roots.get(position).map(|root| &root.anchor),
        }
    }

    pub(crate) fn certificate(&self, position: usize) -> Option<&'v Certificate<'v>> {
        match self {
            Self::Bare(_) => None,
            Self::Whole(roots) => roots.get(position).map(|root| &root.certificate),
        }
    }
}

fn anchor_of<'a>(certificate: &Certificate<'a>) -> Result<TrustAnchor<'a>, Problem> {
    if certificate.subject().is_empty() {
        return Err(Problem::EmptyIssuer);
    }
    let may_sign = certificate.key_usage().is_none_or(|usage| usage.key_cert_sign());
    if certificate.is_ca() && !may_sign {
        return Err(Problem::IssuerMayNotSignCertificates);
    }
    certificate.spki().check()?;
    let constraints = certificate.extensions().find(|extension| extension.oid == oid::NAME_CONSTRAINTS);
    let name_constraints = match constraints {
        // Without the outermost tag and length, like the other parts of an anchor.
        Some(extension) => {
            let contents = Reader::new(extension.value).expect(der::SEQUENCE, "name constraints")?.body;
            Some(Der::from_slice(contents))
        }
        None => None,
    };
    Ok(TrustAnchor {
        subject: Der::from_slice(certificate.subject().0),
        subject_public_key_info: Der::from_slice(certificate.spki().contents()),
        name_constraints,
    })
}
