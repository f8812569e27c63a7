//! The certificates that all workers are given: a root, an intermediate, and leaves, of each kind of key.

use std::fs;
use std::path::{Path, PathBuf};

use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    KeyUsagePurpose, PKCS_ECDSA_P256_SHA256, PKCS_RSA_SHA256, RsaKeySize, SigningKey,
};
use worker::{NAME, files};

/// A folder that goes with its owner.
pub struct Folder(PathBuf);

impl Folder {
    pub fn make() -> Result<Self, String> {
        let path = std::env::temp_dir().join(format!("tls-bench-{}", std::process::id()));
        fs::create_dir(&path).map_err(|e| format!("{}: {e}", path.display()))?;
        let folder = Self(path);
        for (name, rsa) in [("p256", false), ("rsa", true)] {
            Kind { folder: folder.0.join(name), rsa }.make().map_err(|e| format!("certificates: {e}"))?;
        }
        Ok(folder)
    }

    pub fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        // What cannot be removed lies in the system's folder for such things.
        let _ = fs::remove_dir_all(&self.0);
    }
}

struct Kind {
    folder: PathBuf,
    rsa: bool,
}

type Made<T> = Result<T, Box<dyn std::error::Error>>;

impl Kind {
    fn make(&self) -> Made<()> {
        fs::create_dir(&self.folder)?;
        let root = self.authority("Root", None, files::ROOT)?;
        // With the name of the true one.
        self.authority("Root", None, files::STRANGER)?;
        let intermediate = self.authority("Intermediate", Some(&root), "intermediate")?;
        self.leaf(NAME, ExtendedKeyUsagePurpose::ServerAuth, &intermediate, files::SERVER)?;
        self.leaf("client.example", ExtendedKeyUsagePurpose::ClientAuth, &intermediate, files::CLIENT)
    }

    fn key(&self) -> Made<KeyPair> {
        Ok(if self.rsa {
            KeyPair::generate_rsa_for(&PKCS_RSA_SHA256, RsaKeySize::_2048)?
        } else {
            KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256)?
        })
    }

    fn authority(
        &self,
        name: &str,
        issuer: Option<&Issuer<'_, KeyPair>>,
        file: &str,
    ) -> Made<Issuer<'static, KeyPair>> {
        let key = self.key()?;
        let mut params = CertificateParams::new([])?;
        params.distinguished_name.push(DnType::CommonName, name);
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        self.sign_and_write(&params, &key, issuer, file)?;
        Ok(Issuer::new(params, key))
    }

    fn leaf(
        &self,
        name: &str,
        usage: ExtendedKeyUsagePurpose,
        issuer: &Issuer<'_, KeyPair>,
        file: &str,
    ) -> Made<()> {
        let key = self.key()?;
        let mut params = CertificateParams::new([name.to_owned()])?;
        params.distinguished_name.push(DnType::CommonName, name);
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.extended_key_usages = vec![usage];
        params.use_authority_key_identifier_extension = true;
        self.sign_and_write(&params, &key, Some(issuer), file)?;
        fs::write(self.folder.join(format!("{file}.key.der")), key.serialize_der())?;
        fs::write(self.folder.join(format!("{file}.key.pem")), key.serialize_pem())?;
        Ok(())
    }

    fn sign_and_write(
        &self,
        params: &CertificateParams,
        key: &KeyPair,
        issuer: Option<&Issuer<'_, impl SigningKey>>,
        file: &str,
    ) -> Made<()> {
        let certificate = match issuer {
            Some(issuer) => params.signed_by(key, issuer)?,
            None => params.self_signed(key)?,
        };
        fs::write(self.folder.join(format!("{file}.der")), certificate.der())?;
        fs::write(self.folder.join(format!("{file}.pem")), certificate.pem())?;
        Ok(())
    }
}
