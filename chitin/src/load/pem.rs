//! PEM (RFC 7468), read laxly as its section 2 has it: text around the sections, any blanks within, lines of any length.

use alloc::string::String;
use alloc::vec::Vec;
use core::str;

use base64ct::{Base64, Encoding};
use zeroize::Zeroizing;

use super::{LoadError, Wanted, What};

/// One section: what stands between a line of BEGIN and the line of END that fits it.
pub(super) struct Section<'a> {
    label: &'a str,
    body: &'a [u8],
    /// Of the BEGIN, counted from one.
    line: usize,
}

/// All sections of a file. None means that it is not PEM.
pub(super) fn sections(contents: &[u8]) -> Result<Vec<Section<'_>>, LoadError> {
    let mut sections = Vec::new();
    let mut open: Option<(&str, usize, usize)> = None;
    let mut at = 0_usize;
    for (number, line) in contents.split_inclusive(|byte| *byte == b'\n').enumerate() {
        let begin = at;
        at = at.saturating_add(line.len());
        let text = line.strip_prefix(BYTE_ORDER_MARK).unwrap_or(line).trim_ascii();
        if let Some(label) = label(text, b"-----BEGIN ") {
            if let Some((_, line, _)) = open {
                return Err(broken("its END is missing", line));
            }
            open = Some((label, number.saturating_add(1), at));
        } else if let Some(ends) = label_of_end(text) {
            let Some((label, line, from)) = open.take() else { continue };
            if ends != label {
                return Err(broken("its END has another label than its BEGIN", line));
            }
            sections.push(Section { label, body: contents.get(from..begin).unwrap_or_default(), line });
        }
    }
    match open {
        Some((_, line, _)) => Err(broken("its END is missing", line)),
        None => Ok(sections),
    }
}

fn label<'a>(line: &'a [u8], start: &[u8]) -> Option<&'a str> {
    str::from_utf8(line.strip_prefix(start)?.strip_suffix(b"-----")?).ok()
}

fn label_of_end(line: &[u8]) -> Option<&str> {
    label(line, b"-----END ")
}

fn broken(how: &'static str, line: usize) -> LoadError {
    LoadError::Damaged { what: What::OtherPem, how, line: Some(line) }
}

impl Section<'_> {
    /// What it is, if that is clear without decoding it: what is not wanted, or not read.
    pub(super) fn what(&self, wanted: Wanted) -> Option<What> {
        match self.label {
            "OPENSSH PRIVATE KEY" => Some(What::OpenSshKey),
            "CERTIFICATE" | "X509 CERTIFICATE" if wanted.certificates() => None,
            "CERTIFICATE" | "X509 CERTIFICATE" => Some(What::Certificate),
            "PRIVATE KEY" | "ENCRYPTED PRIVATE KEY" | "RSA PRIVATE KEY" | "EC PRIVATE KEY" => {
                match (wanted.key(), self.label) {
                    (true, _) => None,
                    (false, "ENCRYPTED PRIVATE KEY") => Some(What::EncryptedPrivateKey),
                    (false, _) => Some(What::PrivateKey),
                }
            }
            "PKCS12" => None,
            "PKCS7" | "CMS" => Some(What::Pkcs7),
            "CERTIFICATE REQUEST" | "NEW CERTIFICATE REQUEST" => Some(What::CertificateRequest),
            "X509 CRL" => Some(What::RevocationList),
            "PUBLIC KEY" | "RSA PUBLIC KEY" => Some(What::PublicKey),
            "EC PARAMETERS" | "DH PARAMETERS" | "DSA PARAMETERS" | "X9.42 DH PARAMETERS" => {
                Some(What::Parameters)
            }
            label if label.starts_with("PGP ") => Some(What::PgpKey),
            _ => Some(What::OtherPem),
        }
    }

    /// What is in it, in a buffer that wipes itself. The decoder takes the same time for all bytes.
    pub(super) fn decode(&self) -> Result<Zeroizing<Vec<u8>>, LoadError> {
        if let Some(cipher) = self.legacy_cipher() {
            return Err(LoadError::Unsupported { what: What::LegacyEncryptedKey, algorithm: cipher });
        }
        let mut digits = Zeroizing::new(Vec::with_capacity(self.body.len()));
        digits.extend(self.body.iter().filter(|byte| !byte.is_ascii_whitespace()));
        let mut decoded = Zeroizing::new(Vec::new());
        decoded.resize(digits.len(), 0);
        let length = match Base64::decode(&**digits, &mut decoded) {
            Ok(bytes) if !bytes.is_empty() => bytes.len(),
            Ok(_) => return Err(broken("there is nothing in it", self.line)),
            Err(_) => return Err(broken("its Base64 is damaged", self.line)),
        };
        decoded.truncate(length);
        Ok(decoded)
    }

    /// The cipher of OpenSSL's old encryption, which its headers name.
    fn legacy_cipher(&self) -> Option<String> {
        let mut lines = self.body.split(|byte| *byte == b'\n').map(<[u8]>::trim_ascii);
        if !lines.next()?.starts_with(b"Proc-Type:") {
            return None;
        }
        let info = lines.find_map(|line| line.strip_prefix(b"DEK-Info:")).unwrap_or_default();
        let cipher = info.split(|byte| *byte == b',').next().unwrap_or_default().trim_ascii();
        // It goes into an error, and so to a terminal.
        let plain = |byte: &&u8| byte.is_ascii_alphanumeric() || **byte == b'-';
        Some(cipher.iter().filter(plain).take(LONGEST_NAME).map(|byte| char::from(*byte)).collect())
    }
}

/// Some editors of Windows begin UTF-8 with it.
const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// Of a cipher, as far as it is named in an error.
const LONGEST_NAME: usize = 32;
