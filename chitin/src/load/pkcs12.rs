//! PKCS#12 (RFC 7292) in its mode by password: a MAC over everything, and bags of keys and certificates within, most of them
//! encrypted. Ciphers of PBES2 are read; the older ones (RC2, 3DES) are named and refused.

use alloc::string::ToString;
use alloc::vec::Vec;

use der::asn1::{AnyRef, ObjectIdentifier};
use der::{Decode, Tag, TagNumber, Tagged};
use pki_types::CertificateDer;
use zeroize::Zeroizing;

use super::pkcs8::{self, Budget, Key, identifier, octets};
use super::pkcs12_mac::MacData;
use super::what::{self, Elements};
use super::{Contents, LoadError, Wanted, What};

/// Opens a file, and puts its certificates into the order of a chain if one is wanted.
pub(super) fn open(
    der: &[u8],
    password: Option<&str>,
    wanted: Wanted,
    budget: &mut Budget,
) -> Result<Contents, LoadError> {
    let mut opening = Opening { password, budget, bags: Bags::default() };
    opening.read(der)?;
    opening.bags.sorted(wanted)
}

struct Opening<'p> {
    password: Option<&'p str>,
    budget: &'p mut Budget,
    bags: Bags,
}

impl<'p> Opening<'p> {
    /// PFX, section 4: version, what is protected, and the MAC over that.
    fn read(&mut self, der: &[u8]) -> Result<(), LoadError> {
        let mut elements = parts(der)?;
        let _version = elements.next();
        let (kind, content) = content_info(elements.next().ok_or_else(malformed)?)?;
        if kind == SIGNED_DATA {
            return Err(unsupported("a signature in place of a password"));
        }
        let content = AnyRef::from_der(content).ok().and_then(octets).ok_or_else(malformed)?;
        if let Some(mac) = elements.next() {
            MacData::read(mac)?.check(content, self.password()?, self.budget)?;
        }
        all(content, |info| self.safe(info))
    }

    /// One ContentInfo of the AuthenticatedSafe, section 4.1.
    fn safe(&mut self, info: AnyRef<'_>) -> Result<(), LoadError> {
        let (kind, content) = content_info(info)?;
        match kind {
            DATA => {
                let content = AnyRef::from_der(content).ok().and_then(octets).ok_or_else(malformed)?;
                self.bags_of(content, 0)
            }
            ENCRYPTED_DATA => {
                let content = self.decrypt(content)?;
                // What a wrong password leaves is noise.
                if AnyRef::from_der(&content).is_err() {
                    return Err(LoadError::WrongPassword { what: What::Pkcs12 });
                }
                self.bags_of(&content, 0)
            }
            _ => Err(unsupported("encryption to a public key")),
        }
    }

    /// EncryptedData, RFC 5652 section 8.
    fn decrypt(&mut self, encrypted: &[u8]) -> Result<Zeroizing<Vec<u8>>, LoadError> {
        let mut inner = parts(encrypted)?.nth(1).and_then(Elements::of).ok_or_else(malformed)?;
        let (_kind, algorithm) = (inner.next(), inner.next().ok_or_else(malformed)?);
        let data = inner.next().filter(|data| data.tag() == IMPLICIT_OCTETS).ok_or_else(malformed)?;
        let password = self.password()?;
        pkcs8::open(algorithm, data.value(), password, What::Pkcs12, self.budget)
    }

    /// SafeContents, section 4.2.
    fn bags_of(&mut self, contents: &[u8], depth: u8) -> Result<(), LoadError> {
        all(contents, |bag| self.bag(bag, depth))
    }

    fn bag(&mut self, bag: AnyRef<'_>, depth: u8) -> Result<(), LoadError> {
        let mut elements = Elements::of(bag).ok_or_else(malformed)?;
        let kind = elements.next().and_then(identifier).ok_or_else(malformed)?;
        let value = elements.next().and_then(explicit).ok_or_else(malformed)?;
        let id = elements.next().and_then(local_key_id);
        match kind {
            KEY_BAG => match what::of_der(value) {
                What::PrivateKey => self.bags.keys.push((id, pkcs8::plain(value)?)),
                _ => return Err(LoadError::damaged(What::Pkcs12, "what stands there for a key is none")),
            },
            SHROUDED_KEY_BAG => {
                let password = self.password()?;
                let key = pkcs8::decrypt(value, password, What::Pkcs12, self.budget)?;
                self.bags.keys.push((id, key));
            }
            CERT_BAG => match certificate(value)? {
                Some(certificate) => self.bags.certificates.push((id, certificate)),
                None => self.bags.others.push(What::OtherDer),
            },
            CRL_BAG => self.bags.others.push(What::RevocationList),
            SAFE_CONTENTS_BAG if depth < DEEPEST => self.bags_of(value, depth.saturating_add(1))?,
            SAFE_CONTENTS_BAG => {
                return Err(LoadError::damaged(What::Pkcs12, "its bags are nested too deeply"));
            }
            _ => self.bags.others.push(What::OtherDer),
        }
        Ok(())
    }

    fn password(&self) -> Result<&'p str, LoadError> {
        self.password.ok_or(LoadError::NoPassword { what: What::Pkcs12 })
    }
}

/// Does something with each element of a SEQUENCE, which must be well-formed to its end.
fn all(der: &[u8], mut each: impl FnMut(AnyRef<'_>) -> Result<(), LoadError>) -> Result<(), LoadError> {
    let mut elements = parts(der)?;
    for element in elements.by_ref() {
        each(element)?;
    }
    match elements.is_done() {
        true => Ok(()),
        false => Err(malformed()),
    }
}

fn parts(der: &[u8]) -> Result<Elements<'_>, LoadError> {
    AnyRef::from_der(der).ok().and_then(Elements::of).ok_or_else(malformed)
}

/// ContentInfo, RFC 5652 section 3: its kind, and the whole element within.
fn content_info(element: AnyRef<'_>) -> Result<(ObjectIdentifier, &[u8]), LoadError> {
    let mut elements = Elements::of(element).ok_or_else(malformed)?;
    let kind = elements.next().and_then(identifier).ok_or_else(malformed)?;
    Ok((kind, elements.next().and_then(explicit).ok_or_else(malformed)?))
}

/// The element in an explicit tag [0], with its header.
fn explicit(element: AnyRef<'_>) -> Option<&[u8]> {
    (element.tag() == EXPLICIT).then(|| element.value())
}

/// The certificate of a CertBag, section 4.2.3, if it is one of X.509.
fn certificate(bag: &[u8]) -> Result<Option<CertificateDer<'static>>, LoadError> {
    let mut elements = parts(bag)?;
    let kind = elements.next().and_then(identifier).ok_or_else(malformed)?;
    let value = elements.next().and_then(explicit).ok_or_else(malformed)?;
    if kind != X509_CERTIFICATE {
        return Ok(None);
    }
    let certificate = AnyRef::from_der(value).ok().and_then(octets).ok_or_else(malformed)?;
    match what::of_der(certificate) {
        What::Certificate => Ok(Some(CertificateDer::from(certificate.to_vec()))),
        _ => Err(LoadError::damaged(What::Pkcs12, "what stands there for a certificate is none")),
    }
}

/// Which key and certificate belong together: the attribute localKeyId. RFC 2985 section 5.5.2.
fn local_key_id(attributes: AnyRef<'_>) -> Option<Vec<u8>> {
    Elements::of(attributes)?.find_map(|attribute| {
        let mut elements = Elements::of(attribute)?;
        (elements.next().and_then(identifier)? == LOCAL_KEY_ID).then_some(())?;
        octets(Elements::of(elements.next()?)?.next()?).map(<[u8]>::to_vec)
    })
}

/// What was in the bags, each key and certificate with its localKeyId.
#[derive(Default)]
struct Bags {
    keys: Vec<(Option<Vec<u8>>, Key)>,
    certificates: Vec<(Option<Vec<u8>>, CertificateDer<'static>)>,
    others: Vec<What>,
}

impl Bags {
    fn sorted(mut self, wanted: Wanted) -> Result<Contents, LoadError> {
        let certificates = self.chain(wanted)?;
        // What there is beside what is wanted, for the text of an error.
        if certificates.is_empty() && !self.keys.is_empty() {
            self.others.insert(0, What::PrivateKey);
        }
        if self.keys.is_empty() && !certificates.is_empty() {
            self.others.insert(0, What::Certificate);
        }
        self.others.insert(0, What::Pkcs12);
        let keys = self.keys.into_iter().map(|(_, key)| key).collect();
        Ok(Contents { certificates, keys, others: self.others })
    }

    /// The certificate of the key and its issuers. Without a key, all: then the file is a store of roots.
    fn chain(&mut self, wanted: Wanted) -> Result<Vec<CertificateDer<'static>>, LoadError> {
        let all = core::mem::take(&mut self.certificates);
        let Some((id, _)) = self.keys.first() else {
            return Ok(all.into_iter().map(|(_, certificate)| certificate).collect());
        };
        if wanted == Wanted::PrivateKey {
            return Ok(Vec::new());
        }
        if all.len() > BESIDE_A_KEY {
            return Err(LoadError::damaged(
                What::Pkcs12,
                "it has more than a thousand certificates beside a key",
            ));
        }
        let names: Vec<_> = all.iter().map(|(_, certificate)| Names::of(certificate)).collect();
        let by_id = id.as_ref().and_then(|id| all.iter().position(|(other, _)| other.as_ref() == Some(id)));
        let mut left: Vec<usize> = (0..all.len()).collect();
        let mut chain = Vec::new();
        let mut next = by_id.or_else(|| first(&names));
        while let Some(at) = next.and_then(|at| left.iter().position(|other| *other == at)) {
            let at = left.swap_remove(at);
            chain.extend(all.get(at).map(|(_, certificate)| certificate.clone()));
            let of = |at: usize| names.get(at).and_then(Option::as_ref);
            // A root is its own issuer: nobody is above it.
            let issuer = of(at).filter(|names| names.issuer != names.subject).map(|names| names.issuer);
            next = issuer.and_then(|issuer| {
                left.iter().copied().find(|other| of(*other).is_some_and(|other| other.subject == issuer))
            });
        }
        Ok(chain)
    }
}

/// The end entity, if none bears the key's id: one that issued no other; else the first.
fn first(all: &[Option<Names<'_>>]) -> Option<usize> {
    let issued_none = |subject: &[u8]| {
        !all.iter().flatten().any(|other| other.issuer == subject && other.subject != subject)
    };
    let position =
        all.iter().position(|names| names.as_ref().is_some_and(|names| issued_none(names.subject)));
    position.or(if all.is_empty() { None } else { Some(0) })
}

/// The names of a certificate, by which it is put into its place. RFC 5280 section 4.1.
struct Names<'a> {
    issuer: &'a [u8],
    subject: &'a [u8],
}

impl<'a> Names<'a> {
    fn of(certificate: &'a [u8]) -> Option<Self> {
        let outer = AnyRef::from_der(certificate).ok()?;
        let mut fields = Elements::of(Elements::of(outer)?.next()?)?;
        // The serial number is first or, behind a version, second.
        let _serial = match fields.next()?.tag() {
            Tag::Integer => None,
            _ => fields.next(),
        };
        let (_algorithm, issuer, _validity, subject) =
            (fields.next()?, fields.next()?, fields.next()?, fields.next()?);
        Some(Self { issuer: issuer.value(), subject: subject.value() })
    }
}

fn malformed() -> LoadError {
    LoadError::damaged(What::Pkcs12, "it is not well-formed")
}

fn unsupported(how: &str) -> LoadError {
    LoadError::Unsupported { what: What::Pkcs12, algorithm: how.to_string() }
}

/// Certificates that are put into order, each beside all others. A chain has a handful.
const BESIDE_A_KEY: usize = 1000;

/// Bags within bags. No writer is known that nests them at all.
const DEEPEST: u8 = 4;

const EXPLICIT: Tag = Tag::ContextSpecific { constructed: true, number: TagNumber(0) };
const IMPLICIT_OCTETS: Tag = Tag::ContextSpecific { constructed: false, number: TagNumber(0) };

// RFC 5652 section 14, RFC 7292 appendix D, RFC 2985 appendix A.
const DATA: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.7.1");
const SIGNED_DATA: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.7.2");
const ENCRYPTED_DATA: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.7.6");
const KEY_BAG: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.12.10.1.1");
const SHROUDED_KEY_BAG: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.12.10.1.2");
const CERT_BAG: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.12.10.1.3");
const CRL_BAG: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.12.10.1.4");
const SAFE_CONTENTS_BAG: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.12.10.1.6");
const X509_CERTIFICATE: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.9.22.1");
const LOCAL_KEY_ID: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.9.21");
