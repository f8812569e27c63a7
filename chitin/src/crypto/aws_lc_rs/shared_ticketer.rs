//! Tickets under keys that the application gives, so that several processes open each other's.

use alloc::sync::Arc;
use alloc::vec::Vec;
use core::fmt;

use aws_lc_rs::aead::{AES_256_GCM, Aad, NONCE_LEN, Nonce, RandomizedNonceKey};
use aws_lc_rs::hkdf::{HKDF_SHA256, KeyType, Prk, Salt};
use aws_lc_rs::rand;
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

use crate::crypto::aead_record::TAG_LEN;
use crate::crypto::ticket::ProducesTickets;
use crate::crypto::ticket::lanes::Countdown;
use crate::crypto::ticket::shared::Shared;
use crate::error::Error;
#[cfg(any(feature = "fips", test))]
use crate::names::GetRandomFailed;

/// Makes and opens tickets with keys of the application's: all processes that are given the same keys resume each other's
/// sessions, and so does a process after a restart. Not in rustls 0.23.
///
/// The first key makes tickets, and every key opens them. To rotate, put a new one in front and keep the ones before until
/// their tickets are over ([`Self::set_keys`]); where several processes share them, first add the new key behind the current
/// one everywhere, and then bring it to the front.
///
/// # Security
///
/// Who has a key can open all tickets that it made. Of a connection of TLS 1.2 that was recorded they give away everything,
/// and of one of TLS 1.3 they let somebody take the server's place in a resumption. So keys have to be random, of 32 bytes or
/// more, made for this and used for nothing else, kept out of files that outlive them, and changed often: daily is usual, and
/// [`Ticketer`](super::Ticketer), which keeps its keys to itself, does it every six hours.
///
/// A session is bound to the server name, the hash of the suite and the policy of client authentication, whatever key its
/// ticket was made with: servers that differ in these may share keys, but why should they. A verifier of the application's own
/// is bound to its config, so its sessions are not resumed elsewhere. Tickets never carry early data, which could be replayed
/// to another process.
///
/// Tickets are encrypted with AES-256-GCM, under a key that HKDF-SHA-256 derives for each ticketer from the key given and a
/// random salt, so that the number of processes adds nothing to how often a nonce may be drawn. Nonces are drawn inside the library, as FIPS
/// asks for. After a fork the two halves
/// share that; for a server of billions of tickets, make the ticketer after it.
pub struct SharedTicketer {
    lifetime: u32,
    /// The first makes tickets. Never empty.
    keys: Shared<Arc<Vec<SharedKey>>>,
}

impl SharedTicketer {
    /// Makes a ticketer whose tickets can be opened for `lifetime` seconds (seven days at most), if their key is kept for so long.
    ///
    /// # Errors
    ///
    /// [`Error::General`] if there is no key or one has less than 32 bytes, [`Error::FailedToGetRandomBytes`] if there is no
    /// randomness.
    pub fn new<K: AsRef<[u8]>>(lifetime: u32, keys: &[K]) -> Result<Arc<Self>, Error> {
        Ok(Arc::new(Self { lifetime, keys: Shared::new(Arc::new(derived(keys)?)) }))
    }

    /// One that shares its key with nobody, for another ticketer to replace.
    #[cfg(any(feature = "fips", test))]
    pub(super) fn with_random_key(lifetime: u32) -> Result<Self, GetRandomFailed> {
        let mut key = Zeroizing::new([0; MIN_KEY]);
        rand::fill(&mut key[..]).map_err(|_| GetRandomFailed)?;
        let key = SharedKey::new(&key[..]).map_err(|_| GetRandomFailed)?;
        Ok(Self { lifetime, keys: Shared::new(Arc::new(alloc::vec![key])) })
    }

    /// Replaces all keys, for connections that ask from now on. Of a key that is not among `keys` no ticket is opened any more.
    ///
    /// # Errors
    ///
    /// Those of [`Self::new`], then the keys of before stay; [`Error::General`] if another thread panicked in here, then there are no tickets any more.
    pub fn set_keys<K: AsRef<[u8]>>(&self, keys: &[K]) -> Result<(), Error> {
        let keys = Arc::new(derived(keys)?);
        let changed = self.keys.change(|there| {
            *there = keys;
            Some(())
        });
        changed.ok_or_else(|| Error::General("ticket keys: another thread panicked".into()))
    }
}

fn derived<K: AsRef<[u8]>>(keys: &[K]) -> Result<Vec<SharedKey>, Error> {
    match keys.iter().any(|key| key.as_ref().len() < MIN_KEY) || keys.is_empty() {
        true => Err(Error::General("ticket keys: at least one, and each of 32 bytes or more".into())),
        false => keys.iter().map(|key| SharedKey::new(key.as_ref())).collect(),
    }
}

impl ProducesTickets for SharedTicketer {
    fn enabled(&self) -> bool {
        true
    }

    fn lifetime(&self) -> u32 {
        self.lifetime
    }

    fn encrypt(&self, plain: &[u8]) -> Option<Vec<u8>> {
        self.keys.get()?.0.first()?.seal(plain)
    }

    fn decrypt(&self, ticket: &[u8]) -> Option<Vec<u8>> {
        self.keys.get()?.0.iter().find_map(|key| key.open(ticket))
    }
}

impl fmt::Debug for SharedTicketer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SharedTicketer").field("lifetime", &self.lifetime).finish_non_exhaustive()
    }
}

/// One key. A ticket is: name of the key, salt of its maker, nonce, ciphertext, tag. Name and salt are authenticated too.
struct SharedKey {
    prk: Prk,
    name: [u8; NAME_LEN],
    salt: [u8; SALT_LEN],
    /// What the key and our salt give.
    ours: RandomizedNonceKey,
    /// How many more tickets may be made under it: nonces are random, and NIST SP 800-38D section 8.3 allows 2^32 of them.
    left: Countdown,
}

impl SharedKey {
    fn new(key: &[u8]) -> Result<Self, Error> {
        let prk = Salt::new(HKDF_SHA256, b"chitin ticket key, version 1").extract(key);
        let mut name = [0; NAME_LEN];
        prk.expand(&[b"name"], Len(NAME_LEN))
            .and_then(|okm| okm.fill(&mut name))
            .map_err(|_| Error::General("HKDF failed".into()))?;
        let mut salt = [0; SALT_LEN];
        rand::fill(&mut salt).map_err(|_| Error::FailedToGetRandomBytes)?;
        let ours = salted(&prk, &salt).ok_or_else(|| Error::General("HKDF failed".into()))?;
        Ok(Self { prk, name, salt, ours, left: Countdown::new(u32::MAX) })
    }

    fn seal(&self, plain: &[u8]) -> Option<Vec<u8>> {
        if !self.left.take() {
            return None;
        }
        let mut ticket = alloc::vec![0; NAME_LEN + SALT_LEN + NONCE_LEN + plain.len() + TAG_LEN];
        let (head, rest) = ticket.split_first_chunk_mut::<{ NAME_LEN + SALT_LEN }>()?;
        let (nonce_out, rest) = rest.split_first_chunk_mut::<NONCE_LEN>()?;
        let (text, tag) = rest.split_last_chunk_mut::<TAG_LEN>()?;
        let (name, salt) = head.split_first_chunk_mut::<NAME_LEN>()?;
        *name = self.name;
        salt.copy_from_slice(&self.salt);
        text.copy_from_slice(plain);
        let (nonce, made) = self.ours.seal_in_place_separate_tag(Aad::from(*head), text).ok()?;
        *nonce_out = *nonce.as_ref();
        *tag = made.as_ref().try_into().ok()?;
        Some(ticket)
    }

    fn open(&self, ticket: &[u8]) -> Option<Vec<u8>> {
        let (head, rest) = ticket.split_first_chunk::<{ NAME_LEN + SALT_LEN }>()?;
        let (name, salt) = head.split_first_chunk::<NAME_LEN>()?;
        let (nonce, rest) = rest.split_first_chunk::<NONCE_LEN>()?;
        if !bool::from(name.ct_eq(&self.name)) {
            return None;
        }
        let theirs; // another process has made it
        let key = match salt == self.salt {
            true => &self.ours,
            false => {
                theirs = salted(&self.prk, salt)?;
                &theirs
            }
        };
        let mut plain = Zeroizing::new(rest.to_vec());
        let opened = key.open_in_place(Nonce::from(nonce), Aad::from(*head), &mut plain).ok()?.len();
        plain.truncate(opened);
        Some(core::mem::take(&mut *plain))
    }
}

/// The key of the maker that has drawn this salt.
fn salted(prk: &Prk, salt: &[u8]) -> Option<RandomizedNonceKey> {
    let info = [&b"key"[..], salt];
    let mut key = Zeroizing::new([0; MIN_KEY]);
    prk.expand(&info, Len(key.len())).and_then(|okm| okm.fill(&mut key[..])).ok()?;
    RandomizedNonceKey::new(&AES_256_GCM, &key[..]).ok()
}

/// How many bytes are expanded.
struct Len(usize);

impl KeyType for Len {
    fn len(&self) -> usize {
        self.0
    }
}

const NAME_LEN: usize = 16;
const SALT_LEN: usize = 16;

/// As strong as AES-256.
const MIN_KEY: usize = 32;

#[cfg(test)]
mod tests {
    use alloc::format;

    use super::*;

    const OLD: [u8; 32] = [1; 32];
    const NEW: [u8; 32] = [2; 32];

    fn with(keys: &[[u8; 32]]) -> Arc<SharedTicketer> {
        SharedTicketer::new(3600, keys).unwrap()
    }

    #[test]
    fn ticketers_with_the_same_key_open_each_others_tickets() {
        let (one, two) = (with(&[NEW]), with(&[NEW]));
        assert!(one.enabled() && one.lifetime() == 3600);
        let ticket = one.encrypt(b"session").unwrap();
        assert_ne!(ticket, one.encrypt(b"session").unwrap(), "another nonce");
        for ticketer in [&one, &two] {
            assert_eq!(ticketer.decrypt(&ticket).unwrap(), b"session");
        }
        assert_eq!(with(&[OLD]).decrypt(&ticket), None);
        // The longer key begins with the other one.
        let longer = SharedTicketer::new(3600, &[[2; 33]]).unwrap();
        assert_eq!(longer.decrypt(&ticket), None);
    }

    #[test]
    fn the_first_key_makes_and_all_open() {
        let old = with(&[OLD]).encrypt(b"session").unwrap();
        let both = with(&[NEW, OLD]);
        assert_eq!(both.decrypt(&old).unwrap(), b"session");
        let new = both.encrypt(b"session").unwrap();
        assert_eq!(with(&[NEW]).decrypt(&new).unwrap(), b"session");
        assert_eq!(with(&[OLD]).decrypt(&new), None);

        let rotated = with(&[OLD]);
        rotated.set_keys(&[NEW, OLD]).unwrap();
        assert!(rotated.decrypt(&old).is_some() && rotated.decrypt(&new).is_some());
        rotated.set_keys(&[NEW]).unwrap();
        assert!(rotated.decrypt(&old).is_none() && rotated.decrypt(&new).is_some());
        assert!(rotated.set_keys::<[u8; 32]>(&[]).is_err());
        assert!(rotated.decrypt(&new).is_some(), "the keys of before stay");
    }

    #[test]
    fn a_ticket_that_was_changed_or_cut_is_none() {
        let ticketer = with(&[NEW]);
        let ticket = ticketer.encrypt(b"session").unwrap();
        for at in 0..ticket.len() {
            let mut changed = ticket.clone();
            changed[at] ^= 1;
            assert_eq!(ticketer.decrypt(&changed), None, "byte {at}");
            assert_eq!(ticketer.decrypt(&ticket[..at]), None, "cut to {at}");
        }
        assert_eq!(ticketer.decrypt(&[&ticket[..], &[0]].concat()), None);
    }

    #[test]
    fn keys_are_at_least_32_bytes_long_and_never_shown() {
        assert!(SharedTicketer::new::<&[u8]>(3600, &[]).is_err());
        assert!(SharedTicketer::new(3600, &[&[7; 31][..]]).is_err());
        assert!(SharedTicketer::new(3600, &[&[7; 32][..], &[8; 31]]).is_err());
        assert_eq!(format!("{:?}", with(&[[0xab; 32]])), "SharedTicketer { lifetime: 3600, .. }");
    }

    #[test]
    fn a_key_makes_as_many_tickets_as_random_nonces_allow() {
        let key = SharedKey::new(&NEW).unwrap();
        let key = SharedKey { left: Countdown::new(1), ..key };
        assert!(key.seal(b"x").is_some());
        assert!(key.seal(b"x").is_none() && key.seal(b"x").is_none());
    }
}
