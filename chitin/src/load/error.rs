//! Why a file was not taken: what it was, what was expected of it, and what can be done.

use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

use super::What;

/// What a caller expects of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Wanted {
    /// One private key.
    PrivateKey,
    /// One certificate or more.
    Certificates,
    /// Both, in one file.
    ChainAndKey,
}

impl Wanted {
    pub(super) fn key(self) -> bool {
        matches!(self, Self::PrivateKey | Self::ChainAndKey)
    }

    pub(super) fn certificates(self) -> bool {
        matches!(self, Self::Certificates | Self::ChainAndKey)
    }

    fn expected(self) -> &'static str {
        match self {
            Self::PrivateKey | Self::Certificates => "was expected",
            Self::ChainAndKey => "were expected",
        }
    }
}

impl fmt::Display for Wanted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::PrivateKey => "a private key",
            Self::Certificates => "a certificate",
            Self::ChainAndKey => "a certificate and its private key",
        })
    }
}

/// Why nothing could be loaded. It never holds a password or any of a key.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum LoadError {
    /// An error with the file that it is about.
    #[cfg(feature = "std")]
    InFile {
        /// The file.
        path: std::path::PathBuf,
        /// What is wrong with it.
        error: alloc::boxed::Box<LoadError>,
    },
    /// The file cannot be read.
    #[cfg(feature = "std")]
    Io {
        /// The kind of error.
        kind: std::io::ErrorKind,
        /// What the system says.
        text: String,
    },
    /// The file has more bytes than are read.
    TooLarge {
        /// The most that are read.
        limit: usize,
    },
    /// There is nothing in the file, or only blanks.
    Empty {
        /// What was expected.
        wanted: Wanted,
    },
    /// What was expected is not there.
    Unexpected {
        /// What was expected.
        wanted: Wanted,
        /// What there is, at most eight things.
        found: Vec<What>,
    },
    /// It is encrypted, and no password was given.
    NoPassword {
        /// What is encrypted.
        what: What,
    },
    /// The password does not fit. What is encrypted without a check of its own, and is damaged, looks the same.
    WrongPassword {
        /// What is encrypted.
        what: What,
    },
    /// Something does not keep to its format.
    Damaged {
        /// What it claims to be.
        what: What,
        /// What is wrong.
        how: &'static str,
        /// The line on which it begins, in PEM.
        line: Option<usize>,
    },
    /// It is encrypted or protected in a way that is not read.
    Unsupported {
        /// What it is.
        what: What,
        /// The algorithm: a name, or an object identifier.
        algorithm: String,
    },
    /// The work that the file asks for, to make a key from a password, is more than is done.
    TooCostly {
        /// What is counted.
        of: &'static str,
        /// How much it asks for.
        asked: u64,
        /// The most that is done.
        limit: u64,
    },
    /// There is more than one private key, and nothing says which one is meant.
    SeveralKeys {
        /// How many.
        count: usize,
    },
}

impl LoadError {
    pub(super) fn unexpected(wanted: Wanted, found: &[What]) -> Self {
        Self::Unexpected { wanted, found: found.iter().take(MOST_NAMED).copied().collect() }
    }

    pub(super) fn damaged(what: What, how: &'static str) -> Self {
        Self::Damaged { what, how, line: None }
    }

    #[cfg(feature = "std")]
    pub(super) fn io(error: &std::io::Error) -> Self {
        Self::Io { kind: error.kind(), text: alloc::format!("{error}") }
    }
}

impl fmt::Display for LoadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            #[cfg(feature = "std")]
            Self::InFile { path, error } => write!(f, "{}: {error}", path.display()),
            #[cfg(feature = "std")]
            Self::Io { text, .. } => f.write_str(text),
            Self::TooLarge { limit } => {
                write!(f, "the file has more than {limit} bytes, the most that is read")
            }
            Self::Empty { wanted } => write!(f, "{wanted} {}, but the file is empty", wanted.expected()),
            Self::Unexpected { wanted, found } => unexpected(f, *wanted, found),
            Self::NoPassword { what: What::Pkcs12 } => {
                f.write_str("this is a PKCS#12 file under a password, and no password was given")
            }
            Self::NoPassword { what } => write!(f, "this is {what}, and no password was given"),
            Self::WrongPassword { what } => {
                write!(f, "the password does not fit {what}, or what is encrypted there is damaged")
            }
            Self::Damaged { what, how, line } => {
                write!(f, "this looks like {what}, but {how}")?;
                line.map_or(Ok(()), |line| write!(f, " (it begins on line {line})"))
            }
            Self::Unsupported { what, algorithm } => unsupported(f, *what, algorithm),
            Self::TooCostly { of, asked, limit } => {
                write!(
                    f,
                    "the file asks for {asked} {of} to make a key from the password; at most {limit} are done"
                )
            }
            Self::SeveralKeys { count } => write!(f, "one private key was expected, {count} are there"),
        }
    }
}

impl core::error::Error for LoadError {
    fn source(&self) -> Option<&(dyn core::error::Error + 'static)> {
        match self {
            #[cfg(feature = "std")]
            Self::InFile { error, .. } => Some(error.as_ref()),
            _ => None,
        }
    }
}

fn unexpected(f: &mut fmt::Formatter<'_>, wanted: Wanted, found: &[What]) -> fmt::Result {
    let Some((first, rest)) = found.split_first() else {
        return write!(f, "{wanted} {}, and nothing was found", wanted.expected());
    };
    write!(f, "{} {first}", if *first == What::Parameters { "these are" } else { "this is" })?;
    let mut named = 1;
    for (at, what) in rest.iter().enumerate() {
        // A chain of ten certificates is named once.
        if !found.iter().take(at.saturating_add(1)).any(|earlier| earlier == what) {
            write!(f, "{} {what}", if named == 1 { " with" } else { "," })?;
            named += 1;
        }
    }
    write!(f, "; {wanted} {}", wanted.expected())?;
    match advice(*first) {
        Some(advice) => write!(f, ". {advice}"),
        None => Ok(()),
    }
}

/// What can be done with things that are not read, where there is something.
fn advice(found: What) -> Option<&'static str> {
    Some(match found {
        What::Pkcs7 => "Take the certificates out: openssl pkcs7 -print_certs -in FILE -out certificates.pem",
        What::OpenSshKey => "Convert it: ssh-keygen -p -m PKCS8 -f FILE",
        What::PuttyKey => {
            "Convert it: puttygen FILE -O private-openssh -o key, then ssh-keygen -p -m PKCS8 -f key"
        }
        What::JavaKeyStore => {
            "Convert it: keytool -importkeystore -srckeystore FILE -destkeystore new.p12 -deststoretype pkcs12"
        }
        What::Utf16 => "Save it as UTF-8 or ASCII",
        What::IndefiniteBer => {
            "If it is PKCS#12, pack it anew: openssl pkcs12 -in FILE -out all.pem, then openssl pkcs12 -export -in all.pem -out new.p12"
        }
        _ => return None,
    })
}

fn unsupported(f: &mut fmt::Formatter<'_>, what: What, algorithm: &str) -> fmt::Result {
    write!(f, "this is {what} under {algorithm}, which is not read. ")?;
    f.write_str(match what {
        What::Pkcs12 => {
            "Pack it anew: openssl pkcs12 -legacy -in FILE -out all.pem, then openssl pkcs12 -export -in all.pem -out new.p12"
        }
        What::LegacyEncryptedKey | What::EncryptedPrivateKey => {
            "Encrypt it anew: openssl pkcs8 -topk8 -v2 aes-256-cbc -in FILE -out new.pem"
        }
        _ => "Convert it with openssl",
    })
}

/// Things that an error names. What is in a file beyond them does not make it clearer.
const MOST_NAMED: usize = 8;
