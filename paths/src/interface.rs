//! The same questions to the verifiers of the interface of rustls 0.23, which is what most programs ask.
//!
//! They have no word for a greatest depth, for policies or for mailboxes: of these, suites are answered without.

use std::sync::Arc;

use chitin::RootCertStore;
use chitin::client::WebPkiServerVerifier;
use chitin::client::danger::ServerCertVerifier;
use chitin::crypto::aws_lc_rs::default_provider;
use chitin::server::ParsedCertificate;
use chitin::server::WebPkiClientVerifier;
use pki_types::{CertificateDer, CertificateRevocationListDer, ServerName, UnixTime};

/// What verifiers are made of.
pub struct Trust<'q> {
    pub trusted: &'q [CertificateDer<'static>],
    pub lists: &'q [CertificateRevocationListDer<'static>],
}

/// What they are asked.
pub struct Peer<'q> {
    pub leaf: &'q CertificateDer<'static>,
    pub pool: &'q [CertificateDer<'static>],
    pub time: UnixTime,
}

impl Trust<'_> {
    fn roots(&self) -> Arc<RootCertStore> {
        let mut roots = RootCertStore::empty();
        roots.add_parsable_certificates(self.trusted.iter().cloned());
        Arc::new(roots)
    }

    /// Asks whether this is the server of that name.
    pub fn server(&self, peer: &Peer<'_>, name: &ServerName<'_>) -> Result<(), String> {
        let builder = WebPkiServerVerifier::builder_with_provider(self.roots(), Arc::new(default_provider()));
        let verifier = builder.with_crls(self.lists.iter().cloned()).build().map_err(|e| e.to_string())?;
        let verified = verifier.verify_server_cert(peer.leaf, peer.pool, name, &[], peer.time);
        verified.map(|_| ()).map_err(|e| e.to_string())
    }

    /// Asks whether this is a server, whatever its name.
    pub fn some_server(&self, peer: &Peer<'_>) -> Result<(), String> {
        let leaf = ParsedCertificate::try_from(peer.leaf).map_err(|e| e.to_string())?;
        let algorithms = default_provider().signature_verification_algorithms.all;
        let roots = self.roots();
        chitin::client::verify_server_cert_signed_by_trust_anchor(
            &leaf, &roots, peer.pool, peer.time, algorithms,
        )
        .map_err(|e| e.to_string())
    }

    /// Asks whether this is a client.
    pub fn client(&self, peer: &Peer<'_>) -> Result<(), String> {
        let builder = WebPkiClientVerifier::builder_with_provider(self.roots(), Arc::new(default_provider()));
        let verifier = builder.with_crls(self.lists.iter().cloned()).build().map_err(|e| e.to_string())?;
        let verified = verifier.verify_client_cert(peer.leaf, peer.pool, peer.time);
        verified.map(|_| ()).map_err(|e| e.to_string())
    }
}
