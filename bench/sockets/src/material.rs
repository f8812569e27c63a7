//! A folder with a certificate, its key, and the file that is sent; it goes with its owner.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use chitin::pki_types::pem::PemObject;
use chitin::pki_types::{CertificateDer, PrivateKeyDer};
use rcgen::{CertificateParams, KeyPair};

pub const NAME: &str = "localhost";

pub struct Folder(PathBuf);

const CERTIFICATE: &str = "certificate.pem";
const KEY: &str = "key.pem";
/// As it is asked for.
pub const FILE: &str = "file";

/// Larger than any cache of a processor, and small enough to stay in memory.
const SIZE: usize = 256 << 20;

impl Folder {
    pub fn make() -> Result<Self, String> {
        let path = std::env::temp_dir().join(format!("tls-sockets-{}", std::process::id()));
        fs::create_dir(&path).map_err(|e| format!("{}: {e}", path.display()))?;
        let folder = Self(path);
        folder.fill().map_err(|e| format!("{}: {e}", folder.0.display()))?;
        Ok(folder)
    }

    fn fill(&self) -> Result<(), Box<dyn std::error::Error>> {
        let key = KeyPair::generate()?;
        let certificate = CertificateParams::new(vec![NAME.into()])?.self_signed(&key)?;
        fs::write(self.0.join(CERTIFICATE), certificate.pem())?;
        fs::write(self.0.join(KEY), key.serialize_pem())?;
        let mut file = fs::File::create(self.0.join(FILE))?;
        (0..SIZE / PIECE).try_for_each(|number| file.write_all(&piece(number)))?;
        Ok(())
    }

    pub fn path(&self) -> &Path {
        &self.0
    }

    pub fn size(&self) -> usize {
        SIZE
    }

    pub fn about(&self, requests: u16) -> String {
        let each = SIZE >> 20;
        format!(
            "A file of {each} MiB, {requests} times over one connection of TLS 1.3 with AES-128-GCM and X25519."
        )
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        // What cannot be removed lies in the system's folder for such things.
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// The file is made of such pieces, no two alike.
pub const PIECE: usize = 1 << 20;

pub fn piece(number: usize) -> Vec<u8> {
    let mut state = number as u64 + 1;
    let words = std::iter::repeat_with(|| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state ^ state >> 33).to_le_bytes()
    });
    words.take(PIECE / 8).flatten().collect()
}

/// Where things lie in a folder, for processes that are given its name.
pub struct Paths {
    pub certificate: PathBuf,
    pub key: PathBuf,
    pub file: PathBuf,
}

impl Paths {
    pub fn of(folder: &Path) -> Self {
        let [certificate, key, file] = [CERTIFICATE, KEY, FILE].map(|name| folder.join(name));
        Self { certificate, key, file }
    }

    pub fn certificate(&self) -> Result<CertificateDer<'static>, String> {
        CertificateDer::from_pem_file(&self.certificate)
            .map_err(|e| format!("{}: {e}", self.certificate.display()))
    }

    pub fn key(&self) -> Result<PrivateKeyDer<'static>, String> {
        PrivateKeyDer::from_pem_file(&self.key).map_err(|e| format!("{}: {e}", self.key.display()))
    }
}
