//! Public keys as certificates carry them.
//!
//! Owns the rules that hold for every key before anything is computed with it. Computes nothing itself.

use crate::der::{self, Element, Reader};
use crate::error::Problem;
use crate::oid;

/// A `SubjectPublicKeyInfo`, taken apart. RFC 5280 section 4.1.2.7.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SubjectPublicKeyInfo<'a> {
    contents: &'a [u8],
    algorithm: &'a [u8],
    /// The object identifier that the algorithm begins with.
    kind: &'a [u8],
    key: &'a [u8],
}

impl<'a> SubjectPublicKeyInfo<'a> {
    /// Reads a key from the DER of a whole `SubjectPublicKeyInfo`.
    ///
    /// # Errors
    ///
    /// [`Problem::BadDer`] if it is not one. The key itself is not looked at; [`Self::check`] does that.
    pub fn parse(spki: &'a [u8]) -> Result<Self, Problem> {
        let mut reader = Reader::new(spki);
        let key = Self::read(&mut reader)?;
        reader.end("end of the public key")?;
        Ok(key)
    }

    /// The `AlgorithmIdentifier`, without its tag and length.
    pub fn algorithm_id(&self) -> &'a [u8] {
        self.algorithm
    }

    /// The `subjectPublicKey` bits.
    pub fn key(&self) -> &'a [u8] {
        self.key
    }

    /// Checks that the key is of an acceptable shape and size: RSA moduli of 2048 to 8192 bits, curves by name, ML-DSA
    /// keys of their one length.
    ///
    /// This comes before any operation with the key, because the cost of an RSA operation grows with its size.
    ///
    /// # Errors
    ///
    /// [`Problem::RsaKeySize`], [`Problem::RsaExponent`], [`Problem::UnnamedCurve`], or [`Problem::BadDer`] if an RSA
    /// or ML-DSA key cannot be read.
    pub fn check(&self) -> Result<(), Problem> {
        match self.kind {
            oid::RSA_ENCRYPTION | oid::RSASSA_PSS => check_rsa(self.key).map(|_| ()),
            // RFC 5480 section 2.1.1: implicitCurve and specifiedCurve must not be used.
            oid::EC_PUBLIC_KEY => match oid::read(&mut self.parameters()?) {
                Ok(_) => Ok(()),
                Err(_) => Err(Problem::UnnamedCurve),
            },
            oid::ML_DSA_44 => check_ml_dsa(&self.parameters()?, self.key, 1312),
            oid::ML_DSA_65 => check_ml_dsa(&self.parameters()?, self.key, 1952),
            oid::ML_DSA_87 => check_ml_dsa(&self.parameters()?, self.key, 2592),
            _ => Ok(()),
        }
    }

    /// What stands in the algorithm behind its object identifier.
    fn parameters(&self) -> Result<Reader<'a>, Problem> {
        let mut algorithm = Reader::new(self.algorithm);
        algorithm.any()?;
        Ok(algorithm)
    }

    /// What the key is for by its kind, whatever the certificate says.
    pub(crate) fn ability(&self) -> Ability {
        match self.kind {
            oid::ML_DSA_44 | oid::ML_DSA_65 | oid::ML_DSA_87 => Ability::SignsByMlDsa,
            oid::ED25519 | oid::ED448 => Ability::SignsByEdDsa,
            _ => Ability::Open,
        }
    }

    /// The length of the modulus of a good `rsaEncryption` key. None if it is none.
    pub(crate) fn rsa_bits(&self) -> Option<usize> {
        match self.kind {
            oid::RSA_ENCRYPTION => check_rsa(self.key).ok(),
            _ => None,
        }
    }

    pub(crate) fn read(reader: &mut Reader<'a>) -> Result<Self, Problem> {
        Self::from_element(&reader.expect(der::SEQUENCE, "public key")?)
    }

    /// Reads the form that trust anchors have, without the outermost tag and length.
    pub(crate) fn from_contents(contents: &'a [u8]) -> Result<Self, Problem> {
        Self::from_reader(Reader::new(contents), contents)
    }

    /// Everything within the outermost tag and length.
    pub fn contents(&self) -> &'a [u8] {
        self.contents
    }

    fn from_element(element: &Element<'a>) -> Result<Self, Problem> {
        Self::from_reader(element.reader(), element.body)
    }

    fn from_reader(mut reader: Reader<'a>, contents: &'a [u8]) -> Result<Self, Problem> {
        let algorithm = reader.expect(der::SEQUENCE, "public key algorithm")?;
        let kind = oid::read(&mut algorithm.reader())?;
        let key = reader.expect(der::BIT_STRING, "public key bits")?.octet_bits()?;
        reader.end("end of the public key")?;
        Ok(Self { contents, algorithm: algorithm.body, kind, key })
    }
}

/// What a key can do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ability {
    SignsByMlDsa,
    SignsByEdDsa,
    /// More than to sign, or we do not know.
    Open,
}

/// RFC 9881 sections 2 and 4: no parameters, and the octets of FIPS 204.
fn check_ml_dsa(parameters: &Reader<'_>, key: &[u8], len: usize) -> Result<(), Problem> {
    parameters.end("parameters of an ML-DSA key")?;
    match key.len() == len {
        true => Ok(()),
        false => Err(parameters.bad("length of an ML-DSA key")),
    }
}

/// Checks a whole `SubjectPublicKeyInfo` before a public-key operation, as [`SubjectPublicKeyInfo::check`] does.
///
/// # Errors
///
/// As [`SubjectPublicKeyInfo::parse`] and [`SubjectPublicKeyInfo::check`].
pub fn check_spki(spki: &[u8]) -> Result<(), Problem> {
    SubjectPublicKeyInfo::parse(spki)?.check()
}

/// RFC 8017 appendix A.1.1: `RSAPublicKey`. Gives the length of the modulus in bits.
fn check_rsa(key: &[u8]) -> Result<usize, Problem> {
    let mut reader = Reader::new(key);
    let mut numbers = reader.expect(der::SEQUENCE, "RSA public key")?.reader();
    reader.end("end of an RSA public key")?;
    let modulus = numbers.expect(der::INTEGER, "RSA modulus")?.unsigned()?;
    let exponent = numbers.expect(der::INTEGER, "RSA exponent")?.unsigned()?;
    numbers.end("end of an RSA public key")?;

    let top = modulus.first().map_or(0, |octet| octet.leading_zeros());
    let bits = modulus.len().saturating_mul(8).saturating_sub(usize::try_from(top).unwrap_or(0));
    if !(RSA_MIN_BITS..=RSA_MAX_BITS).contains(&bits) {
        return Err(Problem::RsaKeySize { bits });
    }
    let odd = exponent.last().is_some_and(|octet| octet & 1 == 1);
    if !odd || exponent == [1] || exponent.len() > RSA_MAX_EXPONENT {
        return Err(Problem::RsaExponent);
    }
    Ok(bits)
}

/// Below 2048 bits RSA has less than 112 bits of strength (NIST SP 800-57).
const RSA_MIN_BITS: usize = 2048;
/// Above 8192 bits a check takes milliseconds and more, and the peer chooses the key.
const RSA_MAX_BITS: usize = 8192;
/// A peer with a huge exponent makes verification as slow as signing. 65537 needs three octets.
const RSA_MAX_EXPONENT: usize = 8;
