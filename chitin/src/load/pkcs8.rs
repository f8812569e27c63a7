//! Private keys outside of PKCS#12: their three encodings, and the encryption of PKCS#8 with PBES2.

use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use der::asn1::{AnyRef, ObjectIdentifier, OctetStringRef};
use der::{Decode, Tag, Tagged};
use pkcs5::pbes2::{Kdf, PBES2_OID, Parameters, ScryptParams};
use pki_types::{PrivateKeyDer, PrivatePkcs1KeyDer, PrivatePkcs8KeyDer, PrivateSec1KeyDer};
use zeroize::Zeroizing;

use super::limits::Limits;
use super::what::{self, Elements};
use super::{LoadError, What};

/// A key that wipes itself.
pub(super) type Key = Zeroizing<PrivateKeyDer<'static>>;

/// A key that is not encrypted, by the second element of its SEQUENCE: the algorithm (RFC 5958), the key (RFC 5915), or the modulus
/// (RFC 8017).
pub(super) fn plain(der: &[u8]) -> Result<Key, LoadError> {
    let second = AnyRef::from_der(der).ok().and_then(Elements::of).and_then(|mut elements| elements.nth(1));
    Ok(Zeroizing::new(match second.map(|element| element.tag()) {
        Some(Tag::Sequence) => PrivatePkcs8KeyDer::from(der.to_vec()).into(),
        Some(Tag::OctetString) => PrivateSec1KeyDer::from(der.to_vec()).into(),
        Some(Tag::Integer) => PrivatePkcs1KeyDer::from(der.to_vec()).into(),
        _ => return Err(LoadError::damaged(What::PrivateKey, "it has no key in it")),
    }))
}

/// EncryptedPrivateKeyInfo, RFC 5958 section 3.
pub(super) fn decrypt(der: &[u8], password: &str, kind: What, budget: &mut Budget) -> Result<Key, LoadError> {
    let mut elements = AnyRef::from_der(der).ok().and_then(Elements::of).ok_or_else(|| no_data(kind))?;
    let algorithm = elements.next().ok_or_else(|| no_data(kind))?;
    let data = elements.next().and_then(octets).ok_or_else(|| no_data(kind))?;
    let plain_key = open(algorithm, data, password, kind, budget)?;
    // Padding that fits by chance (one wrong password in 256) leaves noise.
    match what::of_der(&plain_key) {
        What::PrivateKey => plain(&plain_key),
        _ => Err(LoadError::WrongPassword { what: kind }),
    }
}

fn no_data(kind: What) -> LoadError {
    LoadError::damaged(kind, "what is encrypted is missing")
}

/// Opens what was encrypted under a password. RFC 8018 section 6.2.2.
pub(super) fn open(
    algorithm: AnyRef<'_>,
    data: &[u8],
    password: &str,
    kind: What,
    budget: &mut Budget,
) -> Result<Zeroizing<Vec<u8>>, LoadError> {
    let scheme = scheme(algorithm, kind)?;
    budget.spend(&scheme.kdf, kind)?;
    let mut buffer = Zeroizing::new(data.to_vec());
    let length = match scheme.decrypt_in_place(password, &mut buffer) {
        Ok(plain) => plain.len(),
        Err(pkcs5::Error::DecryptFailed) => return Err(LoadError::WrongPassword { what: kind }),
        Err(_) => {
            return Err(LoadError::damaged(kind, "the parameters of its encryption do not fit together"));
        }
    };
    buffer.truncate(length);
    Ok(buffer)
}

fn scheme(algorithm: AnyRef<'_>, kind: What) -> Result<Parameters, LoadError> {
    let damaged = || LoadError::damaged(kind, "its algorithm is not well-formed");
    let mut elements = Elements::of(algorithm).ok_or_else(damaged)?;
    let oid = elements.next().and_then(identifier).ok_or_else(damaged)?;
    if oid != PBES2_OID {
        return Err(LoadError::Unsupported { what: kind, algorithm: name(&oid) });
    }
    let parameters = elements.next().ok_or_else(damaged)?;
    Parameters::try_from(parameters).map_err(|_| match unknown(parameters) {
        Some(oid) => LoadError::Unsupported { what: kind, algorithm: name(&oid) },
        None => LoadError::damaged(
            kind,
            "the parameters of its encryption are not well-formed, or not of a size that is read",
        ),
    })
}

/// The cipher of PBES2, if it is not one that is read; else its function for keys.
fn unknown(parameters: AnyRef<'_>) -> Option<ObjectIdentifier> {
    let mut parts = Elements::of(parameters)?;
    let mut oid = || parts.next().and_then(Elements::of)?.next().and_then(identifier);
    let (kdf, cipher) = (oid()?, oid()?);
    match CIPHERS.contains(&cipher) {
        false => Some(cipher),
        true if [pkcs5::pbes2::PBKDF2_OID, pkcs5::pbes2::SCRYPT_OID].contains(&kdf) => None,
        true => Some(kdf),
    }
}

pub(super) fn identifier(element: AnyRef<'_>) -> Option<ObjectIdentifier> {
    element.decode_as().ok()
}

pub(super) fn octets(element: AnyRef<'_>) -> Option<&[u8]> {
    element.decode_as::<&OctetStringRef>().ok().map(|octets| octets.as_bytes())
}

/// Names that people know; anything else is its object identifier. RFC 8018 appendix B, RFC 7292 appendix C.
pub(super) fn name(oid: &ObjectIdentifier) -> String {
    let text = oid.to_string();
    let name = match text.as_str() {
        "1.2.840.113549.1.5.1" | "1.2.840.113549.1.5.3" => "DES of PKCS#5 v1.5",
        "1.2.840.113549.1.5.10" => "DES with SHA-1",
        "1.2.840.113549.1.5.4" | "1.2.840.113549.1.5.6" | "1.2.840.113549.1.5.11" => "RC2 of PKCS#5 v1.5",
        "1.2.840.113549.1.5.14" => "PBMAC1",
        "1.2.840.113549.1.12.1.1" | "1.2.840.113549.1.12.1.2" => "RC4",
        "1.2.840.113549.1.12.1.3" | "1.2.840.113549.1.12.1.4" => "3DES with SHA-1",
        "1.2.840.113549.1.12.1.5" => "RC2 of 128 bits",
        "1.2.840.113549.1.12.1.6" => "RC2 of 40 bits",
        "1.2.840.113549.3.2" => "RC2",
        "1.2.840.113549.3.7" => "3DES",
        "1.3.14.3.2.7" => "DES",
        _ => return text,
    };
    format!("{name} ({text})")
}

/// The work on passwords that a file may still ask for, all that is in it together.
pub(super) struct Budget {
    left: u64,
    rounds: u64,
    scrypt_memory: u64,
}

impl Budget {
    pub(super) fn new(limits: &Limits) -> Self {
        Self { left: limits.rounds, rounds: limits.rounds, scrypt_memory: limits.scrypt_memory }
    }

    /// Takes rounds of a hash away.
    pub(super) fn rounds(&mut self, asked: u64, kind: What) -> Result<(), LoadError> {
        if asked == 0 {
            return Err(LoadError::damaged(kind, "its count of rounds is zero"));
        }
        self.left = self.left.checked_sub(asked).ok_or(LoadError::TooCostly {
            of: "rounds of a hash",
            asked: self.rounds.saturating_sub(self.left).saturating_add(asked),
            limit: self.rounds,
        })?;
        Ok(())
    }

    fn spend(&mut self, kdf: &Kdf, kind: What) -> Result<(), LoadError> {
        match kdf {
            Kdf::Pbkdf2(parameters) => self.rounds(parameters.iteration_count.into(), kind),
            Kdf::Scrypt(parameters) => self.scrypt(parameters, kind),
            _ => Err(LoadError::Unsupported { what: kind, algorithm: name(&kdf.oid()) }),
        }
    }

    /// RFC 7914 section 6. There are N blocks at a time, and p to be mixed. A block of 128 r bytes is mixed 2 N p times, which is counted as N r p rounds: on a machine of today both take
    /// about as long.
    fn scrypt(&mut self, parameters: &ScryptParams, kind: What) -> Result<(), LoadError> {
        let ScryptParams { cost_parameter: n, block_size: r, parallelization: p, .. } = *parameters;
        // Its library takes a logarithm of N, which has none if N is zero.
        if n < 2 || !n.is_power_of_two() || r == 0 || p == 0 {
            return Err(LoadError::damaged(kind, "the parameters of scrypt are not allowed"));
        }
        let memory = n.saturating_add(p.into()).saturating_mul(r.into()).saturating_mul(128);
        if memory > self.scrypt_memory {
            return Err(LoadError::TooCostly {
                of: "bytes of memory",
                asked: memory,
                limit: self.scrypt_memory,
            });
        }
        self.rounds(n.saturating_mul(r.into()).saturating_mul(p.into()), kind)
    }
}

/// What the library has under the features that we take.
const CIPHERS: [ObjectIdentifier; 5] = [
    pkcs5::pbes2::AES_128_CBC_OID,
    pkcs5::pbes2::AES_192_CBC_OID,
    pkcs5::pbes2::AES_256_CBC_OID,
    pkcs5::pbes2::AES_128_GCM_OID,
    pkcs5::pbes2::AES_256_GCM_OID,
];
