//! What several tests of configs share: certificates from files, and verifiers that look at nothing.

use alloc::sync::Arc;
use alloc::vec;
use alloc::vec::Vec;
use core::time::Duration;

use pki_types::{CertificateDer, Der, PrivateKeyDer, PrivatePkcs8KeyDer, TrustAnchor, UnixTime};

use super::verify::{ClientCertVerified, ClientCertVerifier};
use super::webpki::RootCertStore;
use crate::crypto::signer::CertifiedKey;
use crate::crypto::verify::{DigitallySignedStruct, HandshakeSignatureValid};
use crate::crypto::{CryptoProvider, tested};
use crate::error::Error;
use crate::names::{DistinguishedName, SignatureScheme};

pub(crate) const CA: &[u8] = include_bytes!("../../testdata/config/ca.der");
pub(crate) const OTHER_CA: &[u8] = include_bytes!("../../testdata/config/other-ca.der");
pub(crate) const SERVER: &[u8] = include_bytes!("../../testdata/config/server.der");
pub(crate) const SERVER_KEY: &[u8] = include_bytes!("../../testdata/config/server.key.der");
pub(crate) const CLIENT: &[u8] = include_bytes!("../../testdata/config/client.der");
pub(crate) const CLIENT_KEY: &[u8] = include_bytes!("../../testdata/config/client.key.der");

pub(crate) fn provider() -> Arc<CryptoProvider> {
    Arc::new(tested::default_provider())
}

pub(crate) fn chain(der: &'static [u8]) -> Vec<CertificateDer<'static>> {
    vec![CertificateDer::from(der)]
}

pub(crate) fn key(der: &'static [u8]) -> PrivateKeyDer<'static> {
    PrivatePkcs8KeyDer::from(der).into()
}

pub(crate) fn server_key() -> CertifiedKey {
    CertifiedKey::from_der(chain(SERVER), key(SERVER_KEY), &provider()).unwrap()
}

pub(crate) fn roots(ders: &[&'static [u8]]) -> Arc<RootCertStore> {
    let mut store = RootCertStore::empty();
    for der in ders {
        store.add(CertificateDer::from(*der)).unwrap();
    }
    Arc::new(store)
}

/// Roots with these subjects and keys that are no keys: enough where nothing is verified.
pub(crate) fn anchors(subjects: &[&'static str]) -> Arc<RootCertStore> {
    let anchor = |subject: &&'static str| TrustAnchor {
        subject: Der::from_slice(subject.as_bytes()),
        subject_public_key_info: Der::from_slice(b"key"),
        name_constraints: None,
    };
    Arc::new(subjects.iter().map(anchor).collect())
}

/// A day in 2030, when all the certificates are valid.
pub(crate) fn day() -> UnixTime {
    at(1_900_000_000)
}

pub(crate) fn at(secs: u64) -> UnixTime {
    UnixTime::since_unix_epoch(Duration::from_secs(secs))
}

/// A client verifier of somebody else, which cannot be looked into.
#[derive(Debug)]
pub(crate) struct Foreign;

impl ClientCertVerifier for Foreign {
    fn root_hint_subjects(&self) -> &[DistinguishedName] {
        &[]
    }

    fn verify_client_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: UnixTime,
    ) -> Result<ClientCertVerified, Error> {
        Ok(ClientCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        Ok(HandshakeSignatureValid::assertion())
    }

    fn verify_tls13_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        Ok(HandshakeSignatureValid::assertion())
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        vec![SignatureScheme::ECDSA_NISTP256_SHA256]
    }
}

/// A hello that asks for `name` and nothing else.
pub(crate) fn hello<'a>(name: Option<&'a pki_types::DnsName<'a>>) -> super::hello::ClientHello<'a> {
    super::hello::ClientHello { server_name: name, hello: None, chosen: None }
}
