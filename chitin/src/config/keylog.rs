//! The key log: secrets written down for a tool that decrypts captures.
//!
//! No secret is logged unless the code puts a [`KeyLog`] other than [`NoKeyLog`] into a config. The environment variable
//! `SSLKEYLOGFILE` only names the file, and is read only by a [`KeyLogFile`]. The format is that of RFC 9850.

use core::fmt;

/// Receives the secrets of connections.
///
/// Whoever reads them can decrypt everything those connections sent and received.
pub trait KeyLog: fmt::Debug + Send + Sync {
    /// Takes one secret: `label` as in RFC 9850, `client_random` naming the connection.
    fn log(&self, label: &str, client_random: &[u8], secret: &[u8]);

    /// Says whether the secret called `label` is wanted. If not, it is not even made.
    fn will_log(&self, _label: &str) -> bool {
        true
    }
}

/// Logs nothing. It is what every config starts with.
#[derive(Debug)]
pub struct NoKeyLog;

impl KeyLog for NoKeyLog {
    fn log(&self, _: &str, _: &[u8], _: &[u8]) {}

    fn will_log(&self, _label: &str) -> bool {
        false
    }
}

#[cfg(feature = "std")]
pub use file::KeyLogFile;

#[cfg(feature = "std")]
mod file {
    use core::fmt;
    use std::ffi::OsString;
    use std::fs::{File, OpenOptions};
    use std::io::{self, Write};
    use std::string::String;

    use zeroize::Zeroizing;

    use super::KeyLog;
    use crate::config::lock::Mutex;

    /// Appends secrets to the file that `SSLKEYLOGFILE` names; without that variable it logs nothing.
    ///
    /// The file is made readable for its owner only. Failure to open or write it is noted in the log and otherwise
    /// ignored: a broken debugging aid must not break connections.
    pub struct KeyLogFile(Mutex<Target>);

    struct Target {
        file: Option<File>,
    }

    impl KeyLogFile {
        /// Opens the file that `SSLKEYLOGFILE` names at this moment.
        pub fn new() -> Self {
            Self::to(std::env::var_os("SSLKEYLOGFILE"))
        }

        pub(super) fn to(path: Option<OsString>) -> Self {
            let file = path.and_then(|path| open(&path).inspect_err(|error| complain("opened", error)).ok());
            Self(Mutex::new(Target { file }))
        }

        #[cfg(test)]
        pub(super) fn poison(&self) {
            crate::config::lock::poison(&self.0);
        }
    }

    impl Default for KeyLogFile {
        fn default() -> Self {
            Self::new()
        }
    }

    impl KeyLog for KeyLogFile {
        fn log(&self, label: &str, client_random: &[u8], secret: &[u8]) {
            let Some(mut target) = self.0.lock() else { return };
            let Some(file) = &mut target.file else { return };
            // One write for the whole line, so that lines of several processes do not mix.
            let line = line(label, client_random, secret);
            if let Err(error) = file.write_all(line.as_bytes()) {
                complain("written", &error);
            }
        }

        fn will_log(&self, _label: &str) -> bool {
            self.0.lock().is_some_and(|target| target.file.is_some())
        }
    }

    impl fmt::Debug for KeyLogFile {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.debug_struct("KeyLogFile").finish_non_exhaustive()
        }
    }

    fn open(path: &OsString) -> io::Result<File> {
        let mut options = OpenOptions::new();
        options.append(true).create(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        options.open(path)
    }

    /// `LABEL SP client_random SP secret LF`, both in lower-case hex. RFC 9850 section 2.
    fn line(label: &str, client_random: &[u8], secret: &[u8]) -> Zeroizing<String> {
        const HEX: &[u8; 16] = b"0123456789abcdef";
        let room =
            label.len().saturating_add(client_random.len().saturating_add(secret.len()).saturating_mul(2));
        let mut line = Zeroizing::new(String::with_capacity(room.saturating_add(3)));
        line.push_str(label);
        for bytes in [client_random, secret] {
            line.push(' ');
            for byte in bytes {
                for nibble in [byte >> 4, byte & 15] {
                    line.push(HEX.get(usize::from(nibble)).copied().unwrap_or(b'?').into());
                }
            }
        }
        line.push('\n');
        line
    }

    #[cfg_attr(not(feature = "logging"), allow(unused_variables))]
    fn complain(what: &str, error: &io::Error) {
        #[cfg(feature = "logging")]
        log::warn!("the key log file could not be {what}: {error}");
    }
}

#[cfg(test)]
#[cfg(feature = "std")]
mod tests {
    use std::fs;
    use std::path::PathBuf;

    use super::*;

    fn scratch(name: &str) -> PathBuf {
        let path = std::env::temp_dir().join(alloc::format!("chitin-keylog-{}-{name}", std::process::id()));
        let _ = fs::remove_file(&path);
        path
    }

    #[test]
    fn lines_are_those_of_rfc_9850() {
        let path = scratch("lines");
        let log = KeyLogFile::to(Some(path.clone().into()));
        assert!(log.will_log("anything"));
        log.log("CLIENT_RANDOM", &[0x01, 0xAB], &[0xFF, 0x00, 0x7e]);
        log.log("EXPORTER_SECRET", &[], &[1]);
        assert_eq!(fs::read_to_string(&path).unwrap(), "CLIENT_RANDOM 01ab ff007e\nEXPORTER_SECRET  01\n");
        fs::remove_file(path).unwrap();
    }

    #[test]
    #[cfg(unix)]
    fn the_file_is_for_its_owner_only() {
        use std::os::unix::fs::PermissionsExt;
        let path = scratch("mode");
        let log = KeyLogFile::to(Some(path.clone().into()));
        log.log("X", &[1], &[2]);
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        fs::remove_file(path).unwrap();
    }

    #[test]
    fn a_second_log_appends() {
        let path = scratch("append");
        for n in [1, 2] {
            KeyLogFile::to(Some(path.clone().into())).log("X", &[n], &[n]);
        }
        assert_eq!(fs::read_to_string(&path).unwrap(), "X 01 01\nX 02 02\n");
        fs::remove_file(path).unwrap();
    }

    #[test]
    fn no_path_a_bad_path_and_a_poisoned_lock_log_nothing() {
        let nowhere = scratch("no-such-directory").join("file");
        let path = scratch("poisoned");
        let poisoned = KeyLogFile::to(Some(path.clone().into()));
        poisoned.poison();
        for log in [KeyLogFile::to(None), KeyLogFile::to(Some(nowhere.into())), poisoned] {
            assert!(!log.will_log("X"));
            log.log("X", &[1], &[2]);
        }
        assert_eq!(fs::read(&path).unwrap(), b"");
        fs::remove_file(path).unwrap();
    }
}
