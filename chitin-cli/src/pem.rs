//! Certificates and keys from PEM files. An error names the file, what was expected in it and what it held.

use std::fs;
use std::path::Path;

use chitin::RootCertStore;
use chitin::pki_types::pem::{self, PemObject};
use chitin::pki_types::{CertificateDer, PrivateKeyDer};

/// Reads a certificate chain, end entity first.
pub fn chain(file: &Path) -> Result<Vec<CertificateDer<'static>>, String> {
    let bytes = read(file)?;
    let chain = CertificateDer::pem_slice_iter(&bytes)
        .collect::<Result<Vec<_>, _>>()
        .map_err(|error| wrong(file, &bytes, "a certificate", &error))?;
    match chain.is_empty() {
        true => Err(wrong(file, &bytes, "a certificate", &pem::Error::NoItemsFound)),
        false => Ok(chain),
    }
}

/// Reads a private key: PKCS#8, PKCS#1 (RSA) or SEC 1 (EC).
pub fn key(file: &Path) -> Result<PrivateKeyDer<'static>, String> {
    let bytes = read(file)?;
    PrivateKeyDer::from_pem_slice(&bytes).map_err(|error| wrong(file, &bytes, "a private key", &error))
}

/// Reads every certificate in a file as a root to trust.
pub fn roots(file: &Path) -> Result<RootCertStore, String> {
    let mut roots = RootCertStore::empty();
    for (at, certificate) in chain(file)?.into_iter().enumerate() {
        roots.add(certificate).map_err(|error| {
            format!("{}: certificate {} cannot be a root: {error}", file.display(), at + 1)
        })?;
    }
    Ok(roots)
}

fn read(file: &Path) -> Result<Vec<u8>, String> {
    fs::read(file).map_err(|error| format!("{}: {error}", file.display()))
}

fn wrong(file: &Path, bytes: &[u8], wanted: &str, error: &pem::Error) -> String {
    let file = file.display();
    let labels = labels(bytes);
    let encrypted = labels.iter().any(|label| label.starts_with("ENCRYPTED"))
        || contains(bytes, b"Proc-Type: 4,ENCRYPTED");
    // The body is bad, rather than absent: then what stands around it does not matter.
    if !matches!(error, pem::Error::NoItemsFound) {
        return format!("{file}: expected {wanted} in PEM, but the PEM is damaged: {error}");
    }
    if encrypted && wanted == "a private key" {
        return format!(
            "{file}: the private key is encrypted; decrypt it first (openssl pkey -in {file} -out plain.pem)"
        );
    }
    if !labels.is_empty() {
        return format!("{file}: expected {wanted}, found {}", labels.join(", "));
    }
    match bytes.first() {
        None => format!("{file}: expected {wanted}, but the file is empty"),
        // Every certificate and key is a DER SEQUENCE.
        Some(0x30) => format!(
            "{file}: expected {wanted} in PEM; this looks like DER (convert with openssl -inform der)"
        ),
        Some(_) => format!("{file}: expected {wanted} in PEM (\"-----BEGIN ...\"), found no PEM at all"),
    }
}

/// What the file says it holds: the words after BEGIN.
fn labels(bytes: &[u8]) -> Vec<String> {
    String::from_utf8_lossy(bytes)
        .lines()
        .filter_map(|line| line.trim().strip_prefix("-----BEGIN ")?.strip_suffix("-----"))
        .map(crate::text::clean)
        .take(8)
        .collect()
}

fn contains(bytes: &[u8], wanted: &[u8]) -> bool {
    bytes.windows(wanted.len()).any(|window| window == wanted)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key_error(content: &[u8]) -> String {
        wrong(Path::new("k.pem"), content, "a private key", &pem::Error::NoItemsFound)
    }

    #[test]
    fn a_certificate_where_a_key_belongs_is_named() {
        let text = key_error(b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n");
        assert_eq!(text, "k.pem: expected a private key, found CERTIFICATE");
    }

    #[test]
    fn der_empty_encrypted_and_other_files_are_told_apart() {
        assert!(key_error(b"\x30\x82\x01\x00").contains("looks like DER"));
        assert!(key_error(b"").contains("is empty"));
        assert!(key_error(b"hello").contains("no PEM at all"));
        assert!(key_error(b"-----BEGIN ENCRYPTED PRIVATE KEY-----\n").contains("decrypt it first"));
    }

    #[test]
    fn a_missing_file_is_named() {
        assert!(chain(Path::new("no-such-file.pem")).unwrap_err().starts_with("no-such-file.pem: "));
    }
}
