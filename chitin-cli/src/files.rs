//! Certificates and keys from files, in any format that `chitin::load` reads. An error names the file, what it is and what was expected.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use chitin::load::{self, ChainAndKey, LoadError, Wanted, What};
use chitin::{Error, RootCertStore};
use zeroize::Zeroizing;

/// Reads a chain, end entity first, and its private key: from one file, or from two.
pub fn chain_and_key(
    cert: &Path,
    key: Option<&Path>,
    password: Option<&Path>,
) -> Result<ChainAndKey, String> {
    let password = password.map(first_line).transpose()?;
    let password = password.as_ref().map(|password| password.as_str());
    let read = match key {
        None => load::chain_and_key_file(cert, password),
        Some(key) => load::certificates_file(cert, password)
            .and_then(|chain| Ok((chain, load::private_key_file(key, password)?))),
    };
    read.map_err(|error| format!("{error}{}", advice(&error)))
}

/// What of the command line puts an error right.
fn advice(error: &LoadError) -> &'static str {
    match error {
        LoadError::InFile { error, .. } => advice(error),
        LoadError::NoPassword { .. } => " (--password-file FILE gives one)",
        LoadError::Unexpected { wanted: Wanted::ChainAndKey, found }
            if found.contains(&What::Certificate) =>
        {
            " (--key FILE names the file of the key)"
        }
        _ => "",
    }
}

/// Says that a chain and a key cannot be used, or not together, and names all files they came from.
pub fn unfit(cert: &Path, key: Option<&Path>, error: &Error) -> String {
    match key {
        Some(key) => format!("{} and {}: {error}", cert.display(), key.display()),
        None => format!("{}: {error}", cert.display()),
    }
}

/// Reads every certificate in a file as a root to trust.
pub fn roots(file: &Path) -> Result<RootCertStore, String> {
    let mut roots = RootCertStore::empty();
    let certificates = load::certificates_file(file, None).map_err(|error| error.to_string())?;
    for (at, certificate) in certificates.into_iter().enumerate() {
        roots.add(certificate).map_err(|error| {
            format!("{}: certificate {} cannot be a root: {error}", file.display(), at + 1)
        })?;
    }
    Ok(roots)
}

/// A password is the first line of its file: what a command line says can be read by others on the machine.
fn first_line(file: &Path) -> Result<Zeroizing<String>, String> {
    let wrong = |what: &str| format!("{}: {what}", file.display());
    let mut text = Zeroizing::new(String::with_capacity(MOST_OF_PASSWORD));
    let opened = File::open(file).map_err(|error| wrong(&error.to_string()))?;
    opened
        .take(MOST_OF_PASSWORD as u64)
        .read_to_string(&mut text)
        .map_err(|error| wrong(&error.to_string()))?;
    match text.lines().next() {
        Some(line) if text.len() < MOST_OF_PASSWORD => Ok(Zeroizing::new(line.to_owned())),
        Some(_) => Err(wrong("this is too long for a file with a password")),
        None => Err(wrong("the file is empty; a password was expected")),
    }
}

const MOST_OF_PASSWORD: usize = 4096;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_missing_file_is_named() {
        let missing = Path::new("no-such-file.pem");
        assert!(chain_and_key(missing, None, None).unwrap_err().starts_with("no-such-file.pem: "));
        assert!(chain_and_key(missing, None, Some(missing)).unwrap_err().starts_with("no-such-file.pem: "));
        assert!(roots(missing).unwrap_err().starts_with("no-such-file.pem: "));
    }

    #[test]
    fn a_password_is_the_first_line_of_its_file() {
        let file = std::env::temp_dir().join(format!("chitin-password-{}", std::process::id()));
        for (contents, password) in
            [("secret", Some("secret")), (" a b \r\nc\n", Some(" a b ")), ("\n", Some("")), ("", None)]
        {
            std::fs::write(&file, contents).unwrap();
            assert_eq!(first_line(&file).ok().as_ref().map(|line| line.as_str()), password, "{contents:?}");
        }
        std::fs::write(&file, "x".repeat(MOST_OF_PASSWORD)).unwrap();
        assert!(first_line(&file).unwrap_err().contains("too long"));
        std::fs::remove_file(file).unwrap();
    }
}
