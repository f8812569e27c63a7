//! What protects a PKCS#12 file from changes: an HMAC under a key made of the password.
//!
//! The derivation of RFC 7292 appendix B is here, since no library of the same family has it in a release; hash and HMAC are theirs.

use alloc::vec::Vec;

use der::asn1::{AnyRef, ObjectIdentifier};
use hmac::digest::Digest;
use hmac::digest::block_api::EagerHash;
use hmac::digest::common::BlockSizeUser;
use hmac::{Hmac, KeyInit, Mac};
use zeroize::{Zeroize, Zeroizing};

use super::pkcs8::{Budget, identifier, name, octets};
use super::what::Elements;
use super::{LoadError, What};

/// MacData, RFC 7292 section 4.
pub(super) struct MacData<'a> {
    hash: ObjectIdentifier,
    mac: &'a [u8],
    salt: &'a [u8],
    rounds: u64,
}

impl<'a> MacData<'a> {
    pub(super) fn read(element: AnyRef<'a>) -> Result<Self, LoadError> {
        Self::parse(element).ok_or(LoadError::damaged(What::Pkcs12, "its MacData is not well-formed"))
    }

    fn parse(element: AnyRef<'a>) -> Option<Self> {
        let mut elements = Elements::of(element)?;
        let mut info = Elements::of(elements.next()?)?;
        let hash = Elements::of(info.next()?)?.next().and_then(identifier)?;
        let mac = octets(info.next()?)?;
        let salt = octets(elements.next()?)?;
        let rounds = match elements.next() {
            Some(rounds) => rounds.decode_as().ok()?,
            None => 1,
        };
        Some(Self { hash, mac, salt, rounds })
    }

    /// Holds the MAC against what it protects, under each form that the password may have had.
    pub(super) fn check(
        &self,
        protected: &[u8],
        password: &str,
        budget: &mut Budget,
    ) -> Result<(), LoadError> {
        if self.salt.is_empty() || self.salt.len() > LONGEST_SALT {
            return Err(LoadError::damaged(What::Pkcs12, "the salt of its MAC is empty or very long"));
        }
        for form in forms(password) {
            budget.rounds(self.rounds, What::Pkcs12)?;
            if self.fits(protected, &form)? {
                return Ok(());
            }
        }
        Err(LoadError::WrongPassword { what: What::Pkcs12 })
    }

    fn fits(&self, protected: &[u8], password: &[u8]) -> Result<bool, LoadError> {
        Ok(match self.hash {
            SHA1 => self.fits_with::<sha1::Sha1>(protected, password),
            SHA224 => self.fits_with::<sha2::Sha224>(protected, password),
            SHA256 => self.fits_with::<sha2::Sha256>(protected, password),
            SHA384 => self.fits_with::<sha2::Sha384>(protected, password),
            SHA512 => self.fits_with::<sha2::Sha512>(protected, password),
            oid => return Err(LoadError::Unsupported { what: What::Pkcs12, algorithm: name(&oid) }),
        })
    }

    fn fits_with<H: EagerHash + Digest + BlockSizeUser>(&self, protected: &[u8], password: &[u8]) -> bool
    where
        Hmac<H>: Mac + KeyInit,
    {
        let key = mac_key::<H>(password, self.salt, self.rounds);
        let Ok(mut mac) = <Hmac<H> as KeyInit>::new_from_slice(&key) else { return false };
        Mac::update(&mut mac, protected);
        mac.verify_slice(self.mac).is_ok()
    }
}

/// A password as PKCS#12 hashes it: UTF-16 with two zeros behind it (RFC 7292 appendix B.1). The empty one has no zeros for some writers.
fn forms(password: &str) -> Vec<Zeroizing<Vec<u8>>> {
    let mut text = Zeroizing::new(Vec::with_capacity(password.len().saturating_add(1).saturating_mul(2)));
    text.extend(password.encode_utf16().chain([0]).flat_map(u16::to_be_bytes));
    match password.is_empty() {
        true => [text, Zeroizing::new(Vec::new())].into(),
        false => [text].into(),
    }
}

/// RFC 7292 appendix B.2, with the ID of a MAC. No more is needed than one output of the hash, so B.2's step 6 ends with its first part.
fn mac_key<H: Digest + BlockSizeUser>(password: &[u8], salt: &[u8], rounds: u64) -> Zeroizing<Vec<u8>> {
    let block = H::block_size();
    // Copies of the text up to a multiple of the block.
    let fill = |text: &[u8]| -> Zeroizing<Vec<u8>> {
        let length = text.len().next_multiple_of(block);
        Zeroizing::new(text.iter().copied().cycle().take(length).collect())
    };
    let diversifier = core::iter::repeat_n(ID_OF_MAC, block).collect::<Vec<u8>>();
    let (salt, password) = (fill(salt), fill(password));
    let first = H::new().chain_update(diversifier).chain_update(&*salt).chain_update(&*password);
    let mut digest = first.finalize();
    let mut output = Zeroizing::new(digest.to_vec());
    for _ in 1..rounds {
        H::new_with_prefix(&*output).finalize_into(&mut digest);
        output.copy_from_slice(&digest);
    }
    digest.as_mut_slice().zeroize();
    output
}

/// RFC 7292 appendix B.3.
const ID_OF_MAC: u8 = 3;

/// Writers take 8 to 64 bytes; a salt is copied.
const LONGEST_SALT: usize = 1024;

const SHA1: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.14.3.2.26");
const SHA224: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.16.840.1.101.3.4.2.4");
const SHA256: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.16.840.1.101.3.4.2.1");
const SHA384: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.16.840.1.101.3.4.2.2");
const SHA512: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.16.840.1.101.3.4.2.3");
