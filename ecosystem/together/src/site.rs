//! An authority and a certificate by it, for all servers.

use std::path::{Path, PathBuf};

use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{RootCertStore, ServerConfig};

use crate::Outcome;

pub struct Site {
    pub root: CertificateDer<'static>,
    pub root_pem: String,
    pub certificate_pem: String,
    pub key_pem: String,
    certificate: CertificateDer<'static>,
    key: PrivateKeyDer<'static>,
    root_file: PathBuf,
}

impl Site {
    pub fn new() -> Outcome<Self> {
        let authority = rcgen::KeyPair::generate()?;
        let mut params = rcgen::CertificateParams::default();
        params.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
        let root = params.self_signed(&authority)?;
        let issuer = rcgen::Issuer::new(params, &authority);
        let key = rcgen::KeyPair::generate()?;
        let names = ["localhost".to_owned(), "127.0.0.1".to_owned()];
        let mut params = rcgen::CertificateParams::new(names)?;
        // Verifiers of platforms are strict.
        params.extended_key_usages = vec![rcgen::ExtendedKeyUsagePurpose::ServerAuth];
        let certificate = params.signed_by(&key, &issuer)?;

        let root_file = std::env::temp_dir().join(format!("together-{}.pem", std::process::id()));
        std::fs::write(&root_file, root.pem())?;
        Ok(Self {
            root: root.der().clone(),
            root_pem: root.pem(),
            certificate_pem: certificate.pem(),
            key_pem: key.serialize_pem(),
            certificate: certificate.der().clone(),
            key: PrivateKeyDer::try_from(key.serialize_der())?,
            root_file,
        })
    }

    pub fn root_file(&self) -> &Path {
        &self.root_file
    }

    pub fn roots(&self) -> Outcome<RootCertStore> {
        let mut roots = RootCertStore::empty();
        roots.add(self.root.clone())?;
        Ok(roots)
    }

    pub fn server(&self, protocols: &[&[u8]]) -> Outcome<ServerConfig> {
        let provider = std::sync::Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let mut config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()?
            .with_no_client_auth()
            .with_single_cert(vec![self.certificate.clone()], self.key.clone_key())?;
        config.alpn_protocols = protocols.iter().map(|name| name.to_vec()).collect();
        Ok(config)
    }
}

impl Drop for Site {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.root_file);
    }
}
