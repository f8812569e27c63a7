//! Certificates and private keys from files: what a file holds is found out by looking, and errors say what it was.
//!
//! ```no_run
//! # #[cfg(feature = "aws_lc_rs")]
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! use chitin::{ServerConfig, load};
//!
//! // PEM, DER or PKCS#12; in one file or in two.
//! let (chain, key) = load::chain_and_key_file("server.p12", Some("the password"))?;
//! let config = ServerConfig::builder().with_no_client_auth().with_single_cert(chain, key)?;
//! # Ok(())
//! # }
//! # #[cfg(not(feature = "aws_lc_rs"))]
//! # fn main() {}
//! ```
//!
//! A file may have 16 MiB, and ask for ten million rounds of a hash and 256 MiB of memory to make a key from its password.
//!
//! Not in rustls 0.23.
// It owns the recognition of formats, the bounds and the errors. The encodings and the cryptography of passwords are those of the
// RustCrypto crates. Nothing here decides whether a key is a good one: a provider does that when it takes the key.

mod error;
mod limits;
mod pem;
mod pkcs12;
mod pkcs12_mac;
mod pkcs8;
mod what;

use alloc::vec::Vec;

use pki_types::{CertificateDer, PrivateKeyDer};
use zeroize::Zeroizing;

use self::pkcs8::Budget;

pub use self::error::{LoadError, Wanted};
pub(crate) use self::limits::Limits;
pub use self::what::What;

/// A chain, the end entity first, and the private key of its first certificate: what
/// [`with_single_cert`](crate::ConfigBuilder::with_single_cert) takes.
pub type ChainAndKey = (Vec<CertificateDer<'static>>, PrivateKeyDer<'static>);

/// Reads the private key of a file's contents.
///
/// It may be PEM or DER: PKCS#8 (RFC 5958), plain or encrypted with PBES2 (RFC 8018), SEC 1 (RFC 5915), PKCS#1 (RFC 8017), or the one
/// key of a PKCS#12 file (RFC 7292). In PEM it may stand among other things. The password is not looked at if nothing is encrypted.
///
/// What is returned does not wipe itself; every copy that is made on the way does, but for the derived key of the cipher in `pkcs5`.
///
/// # Errors
///
/// If there is no private key, or more than one; if one is encrypted and the password is missing or wrong; if it is damaged, of a kind
/// that is not read, or made to cost more than [`LoadError::TooCostly`] says. No error holds any of the password or of the key.
pub fn private_key(contents: &[u8], password: Option<&str>) -> Result<PrivateKeyDer<'static>, LoadError> {
    let found = look(contents, password, Wanted::PrivateKey, &Limits::DEFAULT)?;
    one_key(found.keys, Wanted::PrivateKey, &found.others)
}

/// Reads all certificates of a file's contents: PEM, in the order of the file; DER, one; or PKCS#12, in the order of the chain.
///
/// A password is needed only for PKCS#12.
///
/// # Errors
///
/// If there is none; if the file is damaged, of a kind that is not read, or bigger than [`LoadError::TooLarge`] says; for PKCS#12 also as
/// [`private_key`] says.
pub fn certificates(
    contents: &[u8],
    password: Option<&str>,
) -> Result<Vec<CertificateDer<'static>>, LoadError> {
    let found = look(contents, password, Wanted::Certificates, &Limits::DEFAULT)?;
    some_certificates(found.certificates, Wanted::Certificates, &found.others)
}

/// Reads a chain and its private key from one file: PKCS#12, or PEM with both in it.
///
/// From PKCS#12, whose certificates have no order, come the certificate that belongs to the key and its issuers, as far as they are
/// there; others are left out. From PEM come all, in the order of the file.
///
/// # Errors
///
/// As [`private_key`] and [`certificates`].
pub fn chain_and_key(contents: &[u8], password: Option<&str>) -> Result<ChainAndKey, LoadError> {
    let found = look(contents, password, Wanted::ChainAndKey, &Limits::DEFAULT)?;
    let mut others = found.others;
    if found.certificates.is_empty() && !found.keys.is_empty() {
        others.insert(0, What::PrivateKey);
    }
    if !found.certificates.is_empty() && found.keys.is_empty() {
        others.insert(0, What::Certificate);
    }
    let chain = some_certificates(found.certificates, Wanted::ChainAndKey, &others)?;
    Ok((chain, one_key(found.keys, Wanted::ChainAndKey, &others)?))
}

/// Reads the private key of a file, as [`private_key`] does.
///
/// # Errors
///
/// As there, and if the file cannot be read; each within [`LoadError::InFile`].
#[cfg(feature = "std")]
pub fn private_key_file(
    path: impl AsRef<std::path::Path>,
    password: Option<&str>,
) -> Result<PrivateKeyDer<'static>, LoadError> {
    in_file(path.as_ref(), |contents| private_key(contents, password))
}

/// Reads all certificates of a file, as [`certificates`] does.
///
/// # Errors
///
/// As there, and if the file cannot be read; each within [`LoadError::InFile`].
#[cfg(feature = "std")]
pub fn certificates_file(
    path: impl AsRef<std::path::Path>,
    password: Option<&str>,
) -> Result<Vec<CertificateDer<'static>>, LoadError> {
    in_file(path.as_ref(), |contents| certificates(contents, password))
}

/// Reads a chain and its private key from one file, as [`chain_and_key`] does.
///
/// # Errors
///
/// As there, and if the file cannot be read; each within [`LoadError::InFile`].
#[cfg(feature = "std")]
pub fn chain_and_key_file(
    path: impl AsRef<std::path::Path>,
    password: Option<&str>,
) -> Result<ChainAndKey, LoadError> {
    in_file(path.as_ref(), |contents| chain_and_key(contents, password))
}

/// What was found in a file, sorted.
#[derive(Default)]
pub(crate) struct Contents {
    pub(crate) certificates: Vec<CertificateDer<'static>>,
    pub(crate) keys: Vec<Zeroizing<PrivateKeyDer<'static>>>,
    /// What is neither, in the order of the file. An error tells of it.
    pub(crate) others: Vec<What>,
}

/// Sorts what is there. Only what is wanted is decoded and decrypted; the rest is named. A store of PKCS#12 is opened whole.
pub(crate) fn look(
    contents: &[u8],
    password: Option<&str>,
    wanted: Wanted,
    limits: &Limits,
) -> Result<Contents, LoadError> {
    if contents.len() > limits.file {
        return Err(LoadError::TooLarge { limit: limits.file });
    }
    if contents.iter().all(u8::is_ascii_whitespace) {
        return Err(LoadError::Empty { wanted });
    }
    let mut found = Contents::default();
    let mut budget = Budget::new(limits);
    let sections = pem::sections(contents)?;
    if sections.is_empty() {
        found.add(what::of_der(contents), contents, password, wanted, &mut budget)?;
        return Ok(found);
    }
    for section in &sections {
        match section.what(wanted) {
            Some(what) => found.others.push(what),
            None => {
                let der = section.decode()?;
                found.add(what::of_der(&der), &der, password, wanted, &mut budget)?;
            }
        }
    }
    Ok(found)
}

impl Contents {
    /// Adds one thing in DER.
    fn add(
        &mut self,
        what: What,
        der: &[u8],
        password: Option<&str>,
        wanted: Wanted,
        budget: &mut Budget,
    ) -> Result<(), LoadError> {
        match what {
            What::Certificate if wanted.certificates() => {
                self.certificates.push(CertificateDer::from(der.to_vec()));
            }
            What::PrivateKey if wanted.key() => self.keys.push(pkcs8::plain(der)?),
            What::EncryptedPrivateKey if wanted.key() => {
                let password = password.ok_or(LoadError::NoPassword { what })?;
                self.keys.push(pkcs8::decrypt(der, password, what, budget)?);
            }
            What::Pkcs12 => {
                let mut inside = pkcs12::open(der, password, wanted, budget)?;
                self.certificates.append(&mut inside.certificates);
                self.keys.append(&mut inside.keys);
                self.others.append(&mut inside.others);
            }
            other => self.others.push(other),
        }
        Ok(())
    }
}

fn one_key(
    keys: Vec<Zeroizing<PrivateKeyDer<'static>>>,
    wanted: Wanted,
    others: &[What],
) -> Result<PrivateKeyDer<'static>, LoadError> {
    match &*keys {
        [key] => Ok(key.clone_key()),
        [] => Err(LoadError::unexpected(wanted, others)),
        several => Err(LoadError::SeveralKeys { count: several.len() }),
    }
}

fn some_certificates(
    certificates: Vec<CertificateDer<'static>>,
    wanted: Wanted,
    others: &[What],
) -> Result<Vec<CertificateDer<'static>>, LoadError> {
    match certificates.is_empty() {
        true => Err(LoadError::unexpected(wanted, others)),
        false => Ok(certificates),
    }
}

#[cfg(feature = "std")]
fn in_file<T>(
    path: &std::path::Path,
    read: impl FnOnce(&[u8]) -> Result<T, LoadError>,
) -> Result<T, LoadError> {
    bounded(path)
        .and_then(|contents| read(&contents))
        .map_err(|error| LoadError::InFile { path: path.to_path_buf(), error: alloc::boxed::Box::new(error) })
}

/// The file's contents, in one buffer that wipes itself and does not grow, since growing would leave copies behind.
#[cfg(feature = "std")]
fn bounded(path: &std::path::Path) -> Result<Zeroizing<Vec<u8>>, LoadError> {
    use std::io::Read;

    let limit = Limits::DEFAULT.file;
    let mut file = std::fs::File::open(path).map_err(|error| LoadError::io(&error))?;
    let length = file.metadata().map_err(|error| LoadError::io(&error))?.len();
    // What has no length that can be told (a pipe) gets room for the most that is read.
    let room = match usize::try_from(length) {
        Ok(length) if (1..=limit).contains(&length) => length,
        _ => limit,
    };
    let mut contents = Zeroizing::new(Vec::with_capacity(room.saturating_add(1)));
    let most = u64::try_from(limit).unwrap_or(u64::MAX).saturating_add(1);
    file.by_ref().take(most).read_to_end(&mut contents).map_err(|error| LoadError::io(&error))?;
    Ok(contents)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// By OpenSSL 3.0: `openssl pkcs8 -topk8 -v2 aes-256-cbc -iter 2000 -passout pass:secret`.
    const KEY: &str = "\
-----BEGIN ENCRYPTED PRIVATE KEY-----\n\
MIGbMFcGCSqGSIb3DQEFDTBKMCkGCSqGSIb3DQEFDDAcBAjFa5L+bJHZaAICB9Aw\n\
DAYIKoZIhvcNAgkFADAdBglghkgBZQMEASoEEKkYM3wwaE2NGQhLhycBkgsEQE+o\n\
30+VhPgHOsQjkBdZuC0FgsW381Vbh1T/C0JVcp7FgVDp8nfeH7hGCwsXU2sSh2O0\n\
bVDhEZT1IJO28DHeMQg=\n\
-----END ENCRYPTED PRIVATE KEY-----\n\
";

    /// A file could have thousands.
    #[test]
    fn sections_of_a_file_share_the_work_that_is_done_for_it() {
        let limits = |rounds| Limits { rounds, ..Limits::DEFAULT };
        let read = |times: usize, rounds| {
            look(KEY.repeat(times).as_bytes(), Some("secret"), Wanted::PrivateKey, &limits(rounds))
        };
        assert_eq!(read(1, 2000).unwrap().keys.len(), 1);
        assert_eq!(read(2, 4000).unwrap().keys.len(), 2);
        let costly = LoadError::TooCostly { of: "rounds of a hash", asked: 4000, limit: 3999 };
        assert_eq!(read(2, 3999).map(|found| found.keys.len()), Err(costly));
    }
}
