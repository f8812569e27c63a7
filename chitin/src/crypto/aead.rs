//! What a provider brings for the protection of records and packets: an AEAD of one of three kinds, and the cipher that
//! hides QUIC's headers. [`Protection`] makes of them all that a cipher suite needs, in TLS 1.3, TLS 1.2 and QUIC.
//!
//! Our own providers are written over these types, and a provider of somebody else's may be. rustls 0.23 does not have
//! them: over there a provider protects whole records itself, by the traits of [`cipher`](super::cipher), which work here as well.
//!
//! What a record or a packet is made of stands in `aead_record` and `quic/packet`; here nobody knows.

use alloc::boxed::Box;

pub use super::aead_record::TAG_LEN;
#[cfg(feature = "tls12")]
use super::aead_record::{NonceForm, Tls12Opener, Tls12Sealer, whole_iv};
use super::aead_record::{Tls13Opener, Tls13Sealer};
use super::cipher::{
    AeadKey, Iv, MessageDecrypter, MessageEncrypter, Nonce, Tls13AeadAlgorithm, UnsupportedOperationError,
};
#[cfg(feature = "tls12")]
use super::cipher::{KeyBlockShape, Tls12AeadAlgorithm};
use super::quic::packet::{Headers, Limits, Packets};
pub use super::quic::packet::{MASK_LEN, SAMPLE_LEN};
use super::quic::{self, HeaderProtectionKey, PacketKey};
use super::suites::ConnectionTrafficSecrets;
#[cfg(feature = "std")]
pub use super::ticket::aead::AeadTicketer;

/// An AEAD with its key. A sealed text is as long as the plain one, and its tag stands apart.
///
/// Only the first two methods are needed. The others are for those who can do them in one pass; by default they copy the
/// text to where it is wanted and go on in place. None of them may allocate.
pub trait Aead: Send + Sync {
    /// Encrypts `text` where it stands, and gives its tag.
    ///
    /// # Errors
    /// If the algorithm refuses.
    fn seal_in_place(&self, nonce: Nonce, aad: &[u8], text: &mut [u8]) -> Result<[u8; TAG_LEN], Failed>;

    /// Decrypts `text` where it stands.
    ///
    /// # Errors
    /// If it is not authentic. What `text` holds then is not used.
    fn open_in_place(
        &self,
        nonce: Nonce,
        aad: &[u8],
        text: &mut [u8],
        tag: &[u8; TAG_LEN],
    ) -> Result<(), Failed>;

    /// Encrypts `plain` and then `tail`, which is a byte or nothing, into `out`, and puts the tag behind them. `out` has just the room
    /// for that.
    ///
    /// # Errors
    /// If the algorithm refuses, or `out` has another length.
    fn seal_into(
        &self,
        nonce: Nonce,
        aad: &[u8],
        plain: &[u8],
        tail: &[u8],
        out: &mut [u8],
    ) -> Result<(), Failed> {
        let (text, tag) = out.split_last_chunk_mut::<TAG_LEN>().ok_or(Failed)?;
        let (head, rest) = text.split_at_mut_checked(plain.len()).ok_or(Failed)?;
        if rest.len() != tail.len() {
            return Err(Failed);
        }
        head.copy_from_slice(plain);
        rest.copy_from_slice(tail);
        *tag = self.seal_in_place(nonce, aad, text)?;
        Ok(())
    }

    /// Decrypts `sealed` into `out`, which has the same length.
    ///
    /// # Errors
    /// If it is not authentic, or `out` has another length. The caller wipes `out` then.
    fn open_into(
        &self,
        nonce: Nonce,
        aad: &[u8],
        sealed: &[u8],
        tag: &[u8; TAG_LEN],
        out: &mut [u8],
    ) -> Result<(), Failed> {
        if sealed.len() != out.len() {
            return Err(Failed);
        }
        out.copy_from_slice(sealed);
        self.open_in_place(nonce, aad, out, tag)
    }
}

/// Turns a sample of a packet into the mask of its header, under a key of its own.
pub trait HeaderMask: Send + Sync {
    /// RFC 9001 sections 5.4.3 and 5.4.4.
    ///
    /// # Errors
    /// If the algorithm refuses.
    fn mask(&self, sample: &[u8; SAMPLE_LEN]) -> Result<[u8; MASK_LEN], Failed>;
}

/// The algorithm refused: a text is not authentic, or a length is wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Failed;

/// Which AEAD it is. Everything that TLS and QUIC say of it follows from that.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// AES-128 in GCM (RFC 5116 section 5.1).
    Aes128Gcm,

    /// AES-256 in GCM (RFC 5116 section 5.2).
    Aes256Gcm,

    /// ChaCha20 with Poly1305 (RFC 8439).
    ChaCha20Poly1305,
}

impl Kind {
    /// The length of the key, in bytes; that of the key of headers is the same.
    pub const fn key_len(self) -> usize {
        match self {
            Self::Aes128Gcm => 16,
            Self::Aes256Gcm | Self::ChaCha20Poly1305 => 32,
        }
    }

    /// How many records may be protected with one key, for
    /// [`CipherSuiteCommon::confidentiality_limit`](super::CipherSuiteCommon::confidentiality_limit).
    pub const fn records(self) -> u64 {
        match self {
            // RFC 8446 section 5.5 allows 2^24.5 full-size records under one key. We stop at 2^24, so that a key update that
            // is asked for at the limit has room to happen. TLS 1.2 has no key update: there the connection ends.
            Self::Aes128Gcm | Self::Aes256Gcm => 1 << 24,
            // RFC 8446 section 5.5: the sequence number would wrap before the safety limit is reached.
            Self::ChaCha20Poly1305 => u64::MAX,
        }
    }

    pub(crate) const fn packets(self) -> Limits {
        match self {
            Self::Aes128Gcm | Self::Aes256Gcm => Limits::AES_GCM,
            Self::ChaCha20Poly1305 => Limits::CHACHA20_POLY1305,
        }
    }

    #[cfg(feature = "tls12")]
    pub(crate) const fn nonces(self) -> NonceForm {
        match self {
            Self::Aes128Gcm | Self::Aes256Gcm => NonceForm::Explicit,
            Self::ChaCha20Poly1305 => NonceForm::Implicit,
        }
    }

    pub(crate) fn secrets(self, key: AeadKey, iv: Iv) -> ConnectionTrafficSecrets {
        match self {
            Self::Aes128Gcm => ConnectionTrafficSecrets::Aes128Gcm { key, iv },
            Self::Aes256Gcm => ConnectionTrafficSecrets::Aes256Gcm { key, iv },
            Self::ChaCha20Poly1305 => ConnectionTrafficSecrets::Chacha20Poly1305 { key, iv },
        }
    }
}

/// The protection of records and packets with one AEAD: what a cipher suite names as `aead_alg`, in either version, and as
/// `quic`.
///
/// ```
/// use chitin::crypto::aead::{Aead, Failed, HeaderMask, Kind, MASK_LEN, Protection, SAMPLE_LEN, TAG_LEN};
/// use chitin::crypto::cipher::Nonce;
///
/// /// AES-128-GCM of some library.
/// struct Gcm(/* its key */);
///
/// impl Aead for Gcm {
/// #   fn seal_in_place(&self, _: Nonce, _: &[u8], _: &mut [u8]) -> Result<[u8; TAG_LEN], Failed> { Err(Failed) }
/// #   fn open_in_place(&self, _: Nonce, _: &[u8], _: &mut [u8], _: &[u8; TAG_LEN]) -> Result<(), Failed> { Err(Failed) }
///     // ...
/// }
///
/// /// Its AES on a single block.
/// struct Block(/* its key */);
///
/// impl HeaderMask for Block {
/// #   fn mask(&self, _: &[u8; SAMPLE_LEN]) -> Result<[u8; MASK_LEN], Failed> { Err(Failed) }
///     // ...
/// }
///
/// static AES_128: Protection<Gcm, Block> = Protection {
///     kind: Kind::Aes128Gcm,
///     key: |key| (key.len() == 16).then(|| Gcm(/* key */)),
///     mask: |key| (key.len() == 16).then(|| Block(/* key */)),
///     fips: false,
/// };
/// ```
pub struct Protection<A, M> {
    /// Which AEAD it is.
    pub kind: Kind,

    /// Takes a key of [`Kind::key_len`] bytes. With `None` every operation fails, since the traits of rustls 0.23 have no error for it.
    pub key: fn(&[u8]) -> Option<A>,

    /// Takes a key for the headers of packets, of the same length.
    pub mask: fn(&[u8]) -> Option<M>,

    /// Whether this is a FIPS-approved implementation.
    pub fips: bool,
}

impl<A: Aead + 'static, M: HeaderMask + 'static> Tls13AeadAlgorithm for Protection<A, M> {
    fn encrypter(&self, key: AeadKey, iv: Iv) -> Box<dyn MessageEncrypter> {
        Box::new(Tls13Sealer::new(Held((self.key)(key.as_ref())), iv))
    }

    fn decrypter(&self, key: AeadKey, iv: Iv) -> Box<dyn MessageDecrypter> {
        Box::new(Tls13Opener::new(Held((self.key)(key.as_ref())), iv))
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
        self.fips
    }
}

#[cfg(feature = "tls12")]
impl<A: Aead + 'static, M: HeaderMask + 'static> Tls12AeadAlgorithm for Protection<A, M> {
    fn encrypter(&self, key: AeadKey, iv: &[u8], extra: &[u8]) -> Box<dyn MessageEncrypter> {
        Box::new(Tls12Sealer::new(Held((self.key)(key.as_ref())), self.kind.nonces(), whole_iv(iv, extra)))
    }

    fn decrypter(&self, key: AeadKey, iv: &[u8]) -> Box<dyn MessageDecrypter> {
        Box::new(Tls12Opener::new(Held((self.key)(key.as_ref())), self.kind.nonces(), iv))
    }

    fn key_block_shape(&self) -> KeyBlockShape {
        self.kind.nonces().key_block_shape(self.kind.key_len())
    }

    fn extract_keys(
        &self,
        key: AeadKey,
        iv: &[u8],
        explicit: &[u8],
    ) -> Result<ConnectionTrafficSecrets, UnsupportedOperationError> {
        Ok(self.kind.secrets(key, whole_iv(iv, explicit)))
    }

    fn fips(&self) -> bool {
        self.fips
    }
}

impl<A: Aead + 'static, M: HeaderMask + 'static> quic::Algorithm for Protection<A, M> {
    fn packet_key(&self, key: AeadKey, iv: Iv) -> Box<dyn PacketKey> {
        Packets::boxed(Held((self.key)(key.as_ref())), iv, self.kind.packets())
    }

    fn header_protection_key(&self, key: AeadKey) -> Box<dyn HeaderProtectionKey> {
        Headers::boxed(Held((self.mask)(key.as_ref())))
    }

    fn aead_key_len(&self) -> usize {
        self.kind.key_len()
    }

    fn fips(&self) -> bool {
        self.fips
    }
}

/// A key that could not be set up refuses everything.
pub(crate) struct Held<T>(pub(crate) Option<T>);

impl<T> Held<T> {
    fn key(&self) -> Result<&T, Failed> {
        self.0.as_ref().ok_or(Failed)
    }
}

impl<A: Aead> Aead for Held<A> {
    fn seal_in_place(&self, nonce: Nonce, aad: &[u8], text: &mut [u8]) -> Result<[u8; TAG_LEN], Failed> {
        self.key()?.seal_in_place(nonce, aad, text)
    }

    fn open_in_place(
        &self,
        nonce: Nonce,
        aad: &[u8],
        text: &mut [u8],
        tag: &[u8; TAG_LEN],
    ) -> Result<(), Failed> {
        self.key()?.open_in_place(nonce, aad, text, tag)
    }

    fn seal_into(
        &self,
        nonce: Nonce,
        aad: &[u8],
        plain: &[u8],
        tail: &[u8],
        out: &mut [u8],
    ) -> Result<(), Failed> {
        self.key()?.seal_into(nonce, aad, plain, tail, out)
    }

    fn open_into(
        &self,
        nonce: Nonce,
        aad: &[u8],
        sealed: &[u8],
        tag: &[u8; TAG_LEN],
        out: &mut [u8],
    ) -> Result<(), Failed> {
        self.key()?.open_into(nonce, aad, sealed, tag, out)
    }
}

impl<M: HeaderMask> HeaderMask for Held<M> {
    fn mask(&self, sample: &[u8; SAMPLE_LEN]) -> Result<[u8; MASK_LEN], Failed> {
        self.key()?.mask(sample)
    }
}
