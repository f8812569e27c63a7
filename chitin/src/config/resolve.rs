//! The traits that choose a certificate and key for a handshake, and ready-made choosers.

use alloc::collections::BTreeMap;
use alloc::string::String;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::fmt;

use pki_types::{DnsName, ServerName};

use super::hello::ClientHello;
use super::time::TimeProvider;
use super::verify::only;
use super::webpki::{ParsedCertificate, verify_server_name};
use crate::crypto::credential::Credential;
use crate::crypto::signer::CertifiedKey;
use crate::error::Error;
use crate::names::{CertificateType, SignatureScheme};

/// Chooses the certificate a server shows.
pub trait ResolvesServerCert: fmt::Debug + Send + Sync {
    /// Returns the certificate and key for the client that sent `client_hello`. `None` ends the handshake.
    ///
    /// It is asked for each handshake, also if a session is resumed and no certificate is sent; but not if an external key is used,
    /// or a session that began with one.
    fn resolve(&self, client_hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>>;

    /// Does as [`Self::resolve`], and gives what is to be shown beside the chain as well. This is what connections call.
    ///
    /// By default it is what [`Self::resolve`] gives, with nothing beside it. A resolver that asks another one has to pass
    /// on this call too. Not in rustls 0.23.
    fn resolve_credential(&self, client_hello: ClientHello<'_>) -> Option<Credential> {
        self.resolve(client_hello).map(Credential::from)
    }

    /// Says whether what is resolved are raw public keys (RFC 7250).
    fn only_raw_public_keys(&self) -> bool {
        false
    }

    /// Returns the certificate types that may be resolved, best first: X.509, raw public keys (RFC 7250), or both. Others are
    /// left out.
    ///
    /// Which of them a client takes stands in [`ClientHello::server_cert_types`]; what is resolved decides which one it is.
    /// By default it is the one type that [`Self::only_raw_public_keys`] names. A resolver that asks another one has to pass on
    /// this call too. Not in rustls 0.23.
    fn certificate_types(&self) -> &[CertificateType] {
        only(self.only_raw_public_keys())
    }
}

/// Chooses the certificate a client shows, if a server asks for one.
pub trait ResolvesClientCert: fmt::Debug + Send + Sync {
    /// Returns the certificate and key to answer a request with, or `None` to show none.
    ///
    /// `root_hint_subjects` are the DER names of the authorities the server trusts; it may be empty. `sigschemes` are
    /// the signature schemes it accepts.
    fn resolve(
        &self,
        root_hint_subjects: &[&[u8]],
        sigschemes: &[SignatureScheme],
    ) -> Option<Arc<CertifiedKey>>;

    /// Does as [`Self::resolve`], with all that the server asks for before it, and gives what is to be shown beside the chain
    /// as well. This is what connections call.
    ///
    /// By default it is what [`Self::resolve`] gives, with nothing beside it. A resolver that asks another one has to pass
    /// on this call too. Not in rustls 0.23.
    fn resolve_credential(&self, request: CertificateRequest<'_>) -> Option<Credential> {
        let authorities: Vec<&[u8]> = request.authorities().collect();
        self.resolve(&authorities, request.signature_schemes()).map(Credential::from)
    }

    /// Says whether what is resolved are raw public keys (RFC 7250).
    fn only_raw_public_keys(&self) -> bool {
        false
    }

    /// Returns the certificate types that may be resolved, best first: X.509, raw public keys (RFC 7250), or both. Others are
    /// left out.
    ///
    /// They are offered to servers, and a server that asks for a certificate says which one it wants:
    /// [`CertificateRequest::certificate_type`].
    /// By default it is the one type that [`Self::only_raw_public_keys`] names. A resolver that asks another one has to pass on
    /// this call too. Not in rustls 0.23.
    fn certificate_types(&self) -> &[CertificateType] {
        only(self.only_raw_public_keys())
    }

    /// Says whether `resolve` may ever return something.
    fn has_certs(&self) -> bool;
}

/// What a server asks for when it wants to see a client's certificate, RFC 8446 section 4.3.2.
///
/// When it is shown the server has proved who it is.
#[derive(Clone, Copy, Debug)]
pub struct CertificateRequest<'a> {
    pub(crate) authorities: &'a [Vec<u8>],
    pub(crate) schemes: &'a [SignatureScheme],
    pub(crate) schemes_cert: Option<&'a [SignatureScheme]>,
    pub(crate) certificate_type: CertificateType,
    pub(crate) delegated: &'a [SignatureScheme],
    pub(crate) clock: &'a Arc<dyn TimeProvider>,
}

impl<'a> CertificateRequest<'a> {
    /// Returns the DER names of the authorities that the server trusts, RFC 8446 section 4.2.4. There may be none.
    pub fn authorities(&self) -> impl Iterator<Item = &'a [u8]> + use<'a> {
        self.authorities.iter().map(Vec::as_slice)
    }

    /// Returns the signature schemes that the server accepts of the client itself, best first.
    pub fn signature_schemes(&self) -> &'a [SignatureScheme] {
        self.schemes
    }

    /// Returns the signature schemes that the server accepts within a certificate chain, if it names them apart from those of
    /// the handshake: RFC 8446 section 4.2.3.
    pub fn signature_schemes_cert(&self) -> Option<&'a [SignatureScheme]> {
        self.schemes_cert
    }

    /// Returns the type of certificate that was agreed on, RFC 7250 section 4.2. Of another type none is shown.
    pub fn certificate_type(&self) -> CertificateType {
        self.certificate_type
    }

    /// Returns the signature schemes that the server accepts of delegated credentials, RFC 9345 section 4.1.2; none if it takes
    /// no such credentials.
    pub fn delegated_credential_schemes(&self) -> &'a [SignatureScheme] {
        self.delegated
    }
}

/// Shows no client certificate, whatever is asked.
#[derive(Debug)]
pub(crate) struct FailResolveClientCert;

impl ResolvesClientCert for FailResolveClientCert {
    fn resolve(&self, _: &[&[u8]], _: &[SignatureScheme]) -> Option<Arc<CertifiedKey>> {
        None
    }

    fn has_certs(&self) -> bool {
        false
    }
}

/// Always shows the same certificate, or the same raw public key (RFC 7250), as a server or as a client.
#[derive(Debug)]
pub struct SingleCertAndKey(Credential);

impl From<CertifiedKey> for SingleCertAndKey {
    fn from(key: CertifiedKey) -> Self {
        Self(key.into())
    }
}

impl From<Arc<CertifiedKey>> for SingleCertAndKey {
    fn from(key: Arc<CertifiedKey>) -> Self {
        Self(key.into())
    }
}

impl From<Credential> for SingleCertAndKey {
    fn from(credential: Credential) -> Self {
        Self(credential)
    }
}

impl ResolvesServerCert for SingleCertAndKey {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        self.0.alone()
    }

    fn resolve_credential(&self, _: ClientHello<'_>) -> Option<Credential> {
        Some(self.0.clone())
    }

    fn only_raw_public_keys(&self) -> bool {
        self.0.certificate_type() == CertificateType::RawPublicKey
    }
}

impl ResolvesClientCert for SingleCertAndKey {
    fn resolve(&self, _: &[&[u8]], _: &[SignatureScheme]) -> Option<Arc<CertifiedKey>> {
        self.0.alone()
    }

    fn resolve_credential(&self, _: CertificateRequest<'_>) -> Option<Credential> {
        Some(self.0.clone())
    }

    fn only_raw_public_keys(&self) -> bool {
        self.0.certificate_type() == CertificateType::RawPublicKey
    }

    fn has_certs(&self) -> bool {
        true
    }
}

/// Chooses a server's certificate by the name the client asks for (RFC 6066 section 3).
///
/// A client that sends no name, or a name that was not added, gets none and is refused. Names are compared as a whole
/// and without regard to case: a wildcard certificate has to be added under each name it is for.
#[derive(Debug, Default)]
pub struct ResolvesServerCertUsingSni {
    by_name: BTreeMap<String, Arc<CertifiedKey>>,
}

impl ResolvesServerCertUsingSni {
    /// Makes a resolver that knows no name.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds the certificate to show to clients that ask for `name`, in place of an earlier one.
    ///
    /// # Errors
    ///
    /// [`Error::General`] if `name` is not a DNS name, [`Error::NoCertificatesPresented`] if `ck` has no certificate,
    /// [`Error::InvalidCertificate`] if its certificate cannot be read or is not valid for `name`.
    pub fn add(&mut self, name: &str, ck: CertifiedKey) -> Result<(), Error> {
        let dns =
            DnsName::try_from(name).map_err(|_| Error::General("Bad DNS name".into()))?.to_lowercase_owned();
        let key = String::from(dns.as_ref());
        verify_server_name(&ParsedCertificate::try_from(ck.end_entity_cert()?)?, &ServerName::DnsName(dns))?;
        self.by_name.insert(key, Arc::new(ck));
        Ok(())
    }
}

impl ResolvesServerCert for ResolvesServerCertUsingSni {
    fn resolve(&self, client_hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        self.by_name.get(&client_hello.server_name()?.to_ascii_lowercase()).map(Arc::clone)
    }
}

#[cfg(test)]
#[cfg(all(feature = "aws_lc_rs", feature = "std"))]
mod tests {
    use super::*;
    use crate::config::testing::{hello, server_key};
    use pki_types::CertificateDer;

    use crate::error::CertificateError;

    #[test]
    fn a_name_finds_its_certificate_whatever_its_case() {
        let mut resolver = ResolvesServerCertUsingSni::new();
        resolver.add("Host.Example", server_key()).unwrap();
        resolver.add("one.wild.example", server_key()).unwrap();
        for (name, found) in [
            ("host.example", true),
            ("HOST.example", true),
            ("one.wild.example", true),
            ("two.wild.example", false),
            ("example", false),
        ] {
            let dns = DnsName::try_from(name).unwrap();
            assert_eq!(resolver.resolve(hello(Some(&dns))).is_some(), found, "{name}");
        }
        assert!(resolver.resolve(hello(None)).is_none());
        let dns = DnsName::try_from("host.example").unwrap();
        assert!(ResolvesServerCertUsingSni::new().resolve(hello(Some(&dns))).is_none());
    }

    #[test]
    fn a_certificate_is_added_only_under_its_names() {
        let mut resolver = ResolvesServerCertUsingSni::new();
        let wrong = resolver.add("other.example", server_key()).unwrap_err();
        assert!(
            matches!(wrong, Error::InvalidCertificate(CertificateError::NotValidForNameContext { .. })),
            "{wrong:?}"
        );
        assert_eq!(resolver.add("not a name", server_key()), Err(Error::General("Bad DNS name".into())));
        let empty = CertifiedKey { cert: alloc::vec::Vec::new(), ..server_key() };
        assert_eq!(resolver.add("host.example", empty), Err(Error::NoCertificatesPresented));
        let garbage = CertifiedKey { cert: alloc::vec![b"garbage"[..].into()], ..server_key() };
        assert!(matches!(resolver.add("host.example", garbage), Err(Error::InvalidCertificate(_))));
        assert!(resolver.by_name.is_empty());
    }

    #[test]
    fn a_single_certificate_is_shown_to_everybody() {
        let single = SingleCertAndKey::from(server_key());
        assert!(single.has_certs());
        assert!(ResolvesServerCert::resolve(&single, hello(None)).is_some());
        assert!(ResolvesClientCert::resolve(&single, &[b"some authority"], &[]).is_some());
        assert!(!ResolvesServerCert::only_raw_public_keys(&single));
        assert_eq!(ResolvesServerCert::certificate_types(&single), [CertificateType::X509]);

        let key = server_key().key;
        let public = CertificateDer::from(key.public_key().unwrap().to_vec());
        let single = SingleCertAndKey::from(CertifiedKey::new(alloc::vec![public], key));
        assert!(ResolvesServerCert::only_raw_public_keys(&single));
        assert_eq!(ResolvesClientCert::certificate_types(&single), [CertificateType::RawPublicKey]);
    }
}
