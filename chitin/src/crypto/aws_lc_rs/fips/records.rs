//! Records and packets under AES-GCM, with keys that refuse a nonce which does not go on from the one before.
//!
//! What a record or a packet is made of stands in `aead_record` and `quic/packet`, here as elsewhere. Opening needs no such
//! key: the module approves of it under any nonce.

// A key that counts is changed by sealing, and what seals packets is shared. aws-lc-rs links the standard library itself.
extern crate std;

use alloc::boxed::Box;
use std::sync::Mutex;

use aws_lc_rs::aead::quic::{self as headers, HeaderProtectionKey};
use aws_lc_rs::aead::{self, AES_128_GCM, AES_256_GCM, Aad, TlsProtocolId, TlsRecordSealingKey};
use aws_lc_rs::error::Unspecified;

use super::super::aead::{Keyed, Masking, bound, unique};
use crate::crypto::aead::{Aead, Failed, Held, Kind, TAG_LEN};
#[cfg(feature = "tls12")]
use crate::crypto::aead_record::{Tls12Opener, Tls12Sealer, whole_iv};
use crate::crypto::aead_record::{Tls13Opener, Tls13Sealer};
use crate::crypto::cipher::{
    AeadKey, Iv, MessageDecrypter, MessageEncrypter, NONCE_LEN, Nonce, Tls13AeadAlgorithm,
    UnsupportedOperationError,
};
#[cfg(feature = "tls12")]
use crate::crypto::cipher::{KeyBlockShape, Tls12AeadAlgorithm};
use crate::crypto::quic;
use crate::crypto::quic::packet::{Headers, Packets};
use crate::crypto::suites::ConnectionTrafficSecrets;

pub(in super::super) static AES_128: Counted =
    Counted { kind: Kind::Aes128Gcm, algorithm: &AES_128_GCM, headers: &headers::AES_128 };

pub(in super::super) static AES_256: Counted =
    Counted { kind: Kind::Aes256Gcm, algorithm: &AES_256_GCM, headers: &headers::AES_256 };

/// The protection of records and packets with one size of AES-GCM.
pub(in super::super) struct Counted {
    pub(in super::super) kind: Kind,
    algorithm: &'static aead::Algorithm,
    headers: &'static headers::Algorithm,
}

impl Counted {
    fn sealing(&self, protocol: TlsProtocolId, key: &AeadKey) -> Held<Sealing> {
        Held(Sealing::new(self.algorithm, protocol, key.as_ref()))
    }

    fn opening(&self, key: &AeadKey) -> Held<Keyed> {
        Held(bound(self.algorithm, key.as_ref()))
    }
}

impl Tls13AeadAlgorithm for Counted {
    fn encrypter(&self, key: AeadKey, iv: Iv) -> Box<dyn MessageEncrypter> {
        Box::new(Tls13Sealer::new(self.sealing(TlsProtocolId::TLS13, &key), iv))
    }

    fn decrypter(&self, key: AeadKey, iv: Iv) -> Box<dyn MessageDecrypter> {
        Box::new(Tls13Opener::new(self.opening(&key), iv))
    }

    fn key_len(&self) -> usize {
        self.kind.key_len()
    }

    fn extract_keys(
        &self,
        key: AeadKey,
        iv: Iv,
    ) -> Result<ConnectionTrafficSecrets, UnsupportedOperationError> {
        Ok(self.kind.secrets(key, iv))
    }

    fn fips(&self) -> bool {
        true
    }
}

#[cfg(feature = "tls12")]
impl Tls12AeadAlgorithm for Counted {
    /// The sent part of each nonce is the sequence number itself, as RFC 5288 section 3 allows: mixed with a start of our own, it
    /// would not go up.
    fn encrypter(&self, key: AeadKey, iv: &[u8], _extra: &[u8]) -> Box<dyn MessageEncrypter> {
        let sealing = self.sealing(TlsProtocolId::TLS12, &key);
        Box::new(Tls12Sealer::new(sealing, self.kind.nonces(), whole_iv(iv, &[])))
    }

    fn decrypter(&self, key: AeadKey, iv: &[u8]) -> Box<dyn MessageDecrypter> {
        Box::new(Tls12Opener::new(self.opening(&key), self.kind.nonces(), iv))
    }

    fn key_block_shape(&self) -> KeyBlockShape {
        self.kind.nonces().key_block_shape(self.kind.key_len())
    }

    /// Whoever seals on with the key takes `explicit` for a start, which is as good as random: so it meets none of our nonces,
    /// which begin with zero.
    fn extract_keys(
        &self,
        key: AeadKey,
        iv: &[u8],
        explicit: &[u8],
    ) -> Result<ConnectionTrafficSecrets, UnsupportedOperationError> {
        Ok(self.kind.secrets(key, whole_iv(iv, explicit)))
    }

    fn fips(&self) -> bool {
        true
    }
}

impl quic::Algorithm for Counted {
    fn packet_key(&self, key: AeadKey, iv: Iv) -> Box<dyn quic::PacketKey> {
        let sealing = Sealing::from_anywhere(self.algorithm, key.as_ref(), &iv);
        let both = sealing.zip(bound(self.algorithm, key.as_ref()));
        let both = both.map(|(sealing, opening)| Both { sealing, opening });
        Packets::boxed(Held(both), iv, self.kind.packets())
    }

    fn header_protection_key(&self, key: AeadKey) -> Box<dyn quic::HeaderProtectionKey> {
        Headers::boxed(Held(HeaderProtectionKey::new(self.headers, key.as_ref()).map(Masking).ok()))
    }

    fn aead_key_len(&self) -> usize {
        self.kind.key_len()
    }

    fn fips(&self) -> bool {
        true
    }
}

/// A key that seals and does not open.
pub(in super::super) struct Sealing(Mutex<Counter>);

struct Counter {
    key: TlsRecordSealingKey,
    /// The nonce of number zero, if it is not sure that counting begins there, and until it has begun.
    zero: Option<[u8; NONCE_LEN]>,
}

impl Sealing {
    /// A key under which the first number is zero.
    pub(in super::super) fn new(
        algorithm: &'static aead::Algorithm,
        protocol: TlsProtocolId,
        key: &[u8],
    ) -> Option<Self> {
        let key = TlsRecordSealingKey::new(algorithm, protocol, key).ok()?;
        Some(Self(Mutex::new(Counter { key, zero: None })))
    }

    /// A key under which any number may be the first, as after a key update of QUIC.
    fn from_anywhere(algorithm: &'static aead::Algorithm, key: &[u8], iv: &Iv) -> Option<Self> {
        let key = TlsRecordSealingKey::new(algorithm, TlsProtocolId::TLS13, key).ok()?;
        Some(Self(Mutex::new(Counter { key, zero: Some(Nonce::new(iv, 0).0) })))
    }

    fn with_key<T>(
        &self,
        nonce: Nonce,
        seal: impl FnOnce(&mut TlsRecordSealingKey, aead::Nonce) -> Result<T, Unspecified>,
    ) -> Result<T, Failed> {
        let mut counter = self.0.lock().map_err(|_| Failed)?;
        counter.begin(&nonce).and_then(|()| seal(&mut counter.key, unique(nonce))).map_err(|_| Failed)
    }
}

impl Counter {
    /// The module takes the first nonce that it sees for the one of number zero, to tell the numbers of the others by. If that
    /// is another one, it is shown the right one first, by sealing nothing. Never twice: after that it refuses zero.
    fn begin(&mut self, nonce: &Nonce) -> Result<(), Unspecified> {
        match self.zero.take() {
            Some(zero) if zero != nonce.0 => {
                self.key.seal_in_place_separate_tag(unique(Nonce(zero)), Aad::empty(), &mut []).map(|_| ())
            }
            _ => Ok(()),
        }
    }
}

impl Aead for Sealing {
    fn seal_in_place(&self, nonce: Nonce, aad: &[u8], text: &mut [u8]) -> Result<[u8; TAG_LEN], Failed> {
        let tag =
            self.with_key(nonce, |key, nonce| key.seal_in_place_separate_tag(nonce, Aad::from(aad), text))?;
        tag.as_ref().try_into().map_err(|_| Failed)
    }

    fn open_in_place(&self, _: Nonce, _: &[u8], _: &mut [u8], _: &[u8; TAG_LEN]) -> Result<(), Failed> {
        Err(Failed)
    }

    fn seal_into(
        &self,
        nonce: Nonce,
        aad: &[u8],
        plain: &[u8],
        tail: &[u8],
        out: &mut [u8],
    ) -> Result<(), Failed> {
        let (text, rest) = out.split_at_mut_checked(plain.len()).ok_or(Failed)?;
        self.with_key(nonce, |key, nonce| {
            key.seal_out_of_place_scatter(nonce, Aad::from(aad), plain, text, tail, rest)
        })
    }
}

/// QUIC has one key for both directions of work; an endpoint uses one of them.
struct Both {
    sealing: Sealing,
    opening: Keyed,
}

impl Aead for Both {
    fn seal_in_place(&self, nonce: Nonce, aad: &[u8], text: &mut [u8]) -> Result<[u8; TAG_LEN], Failed> {
        self.sealing.seal_in_place(nonce, aad, text)
    }

    fn open_in_place(
        &self,
        nonce: Nonce,
        aad: &[u8],
        text: &mut [u8],
        tag: &[u8; TAG_LEN],
    ) -> Result<(), Failed> {
        self.opening.open_in_place(nonce, aad, text, tag)
    }
}
