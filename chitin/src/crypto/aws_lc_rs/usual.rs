//! What suites are made of in an ordinary build: AES-GCM under nonces that the record layer counts, hashes, HMAC, and HKDF and the PRF by it.

#[cfg(feature = "std")]
use alloc::boxed::Box;

use aws_lc_rs::aead::quic::{self as headers, HeaderProtectionKey};
use aws_lc_rs::aead::{AES_128_GCM, AES_256_GCM};

#[cfg(feature = "std")]
use super::AwsLcRs;
use super::aead::{self, Keyed, Masking, bound};
use super::kx_group;
use crate::crypto::SupportedKxGroup;
use crate::crypto::aead::{Kind, Protection};
pub(super) use crate::crypto::hashes::{
    HMAC_SHA256 as HKDF_SHA256, HMAC_SHA384 as HKDF_SHA384, SHA256, SHA384,
};
#[cfg(feature = "tls12")]
pub(super) use crate::crypto::hashes::{PRF_SHA256, PRF_SHA384};
use crate::crypto::suites::SupportedCipherSuite;
#[cfg(feature = "std")]
use crate::crypto::ticket::{ProducesTickets, aead::AeadTicketer};
#[cfg(feature = "std")]
use crate::names::GetRandomFailed;

/// Whether the module does what these parts ask of it.
pub(super) const FIPS: bool = false;

pub(super) static AES_128: Protection<Keyed, Masking> = Protection {
    kind: Kind::Aes128Gcm,
    key: |key| bound(&AES_128_GCM, key),
    mask: |key| HeaderProtectionKey::new(&headers::AES_128, key).map(Masking).ok(),
    fips: false,
};

pub(super) static AES_256: Protection<Keyed, Masking> = Protection {
    kind: Kind::Aes256Gcm,
    key: |key| bound(&AES_256_GCM, key),
    mask: |key| HeaderProtectionKey::new(&headers::AES_256, key).map(Masking).ok(),
    fips: false,
};

/// The cipher suites that are on by default, in order of preference.
pub static DEFAULT_CIPHER_SUITES: &[SupportedCipherSuite] = aead::ALL_CIPHER_SUITES;

/// The key exchange groups that are on by default, in order of preference.
///
/// With the feature `prefer-post-quantum` the hybrid groups come first, else they come after all classical ones. The pure
/// KEMs are not here: who wants to rely on ML-KEM alone has to say so.
#[cfg(feature = "prefer-post-quantum")]
pub static DEFAULT_KX_GROUPS: &[&dyn SupportedKxGroup] = &[
    kx_group::X25519MLKEM768,
    kx_group::SECP256R1MLKEM768,
    kx_group::X25519,
    kx_group::SECP256R1,
    kx_group::SECP384R1,
    kx_group::SECP521R1,
];

/// The key exchange groups that are on by default, in order of preference.
#[cfg(not(feature = "prefer-post-quantum"))]
pub static DEFAULT_KX_GROUPS: &[&dyn SupportedKxGroup] = &[
    kx_group::X25519,
    kx_group::SECP256R1,
    kx_group::SECP384R1,
    kx_group::SECP521R1,
    kx_group::X25519MLKEM768,
    kx_group::SECP256R1MLKEM768,
];

/// Makes what `Ticketer` changes by and by.
#[cfg(feature = "std")]
pub(super) fn ticketer() -> Result<Box<dyn ProducesTickets>, GetRandomFailed> {
    Ok(Box::new(AeadTicketer::new(&AES_256, &AwsLcRs)?))
}

#[cfg(all(test, feature = "std"))]
mod tests {
    use core::sync::atomic::{AtomicU8, Ordering};

    use super::*;
    use crate::crypto::SecureRandom;
    use crate::crypto::ticket::SealedTicket;

    /// Says with each byte how often it has been called.
    #[derive(Debug)]
    struct Counting(AtomicU8);

    impl SecureRandom for Counting {
        fn fill(&self, buf: &mut [u8]) -> Result<(), GetRandomFailed> {
            let call = self.0.fetch_add(1, Ordering::Relaxed);
            buf.iter_mut().zip(0..).for_each(|(byte, at)| *byte = (call << 5) | at);
            Ok(())
        }
    }

    /// Two nonces of a call, each for one ticket, and none for a ticketer that did not draw it.
    #[test]
    fn a_nonce_that_was_drawn_ahead_is_for_one_ticket_of_its_own_key() {
        static RANDOM: Counting = Counting(AtomicU8::new(0));
        static OTHER: Counting = Counting(AtomicU8::new(4));
        let [ours, other] = [&RANDOM, &OTHER].map(|random| AeadTicketer::new(&AES_256, random).unwrap());
        let nonce = |ticket: &SealedTicket| (ticket.ticket[16] >> 5) | ((ticket.ticket[16] & 31) << 3);
        let (name, plain) = (2, b"a session");
        let first = ours.encrypt_next(plain, None).unwrap();
        let second = ours.encrypt_next(plain, first.spare.as_ref()).unwrap();
        let third = ours.encrypt_next(plain, second.spare.as_ref()).unwrap();
        assert_eq!([&first, &second, &third].map(nonce), [name, name | (12 << 3), name + 1]);
        assert!(first.spare.is_some() && second.spare.is_none() && third.spare.is_some());
        let foreign = other.encrypt_next(plain, third.spare.as_ref()).unwrap();
        assert_eq!(nonce(&foreign), 4 + name, "it draws by itself");
        for sealed in [first, second, third] {
            assert_eq!(ours.decrypt(&sealed.ticket).unwrap(), plain);
            assert!(other.decrypt(&sealed.ticket).is_none());
        }
        assert_eq!(other.decrypt(&foreign.ticket).unwrap(), plain);
        assert_eq!(RANDOM.0.load(Ordering::Relaxed), 4, "key, name, two for three tickets");
    }
}
