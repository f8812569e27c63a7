//! The KEMs: Diffie-Hellman on a curve, and HKDF over its result. RFC 9180 section 4.1.

use alloc::vec::Vec;
use core::fmt;

use aws_lc_rs::agreement::{self, PrivateKey, UnparsedPublicKey};
use aws_lc_rs::encoding::{AsBigEndian, Curve25519SeedBin, EcPrivateKeyBin};
use aws_lc_rs::hkdf;

use super::{Derived, Labeled, failed};
use crate::crypto::hpke::{HpkePrivateKey, HpkePublicKey};
use crate::error::Error;
use crate::names::{HpkeKdf, HpkeKem};

pub(super) static X25519: DhKem<32> = DhKem {
    id: HpkeKem::DHKEM_X25519_HKDF_SHA256,
    kdf: HpkeKdf::HKDF_SHA256,
    hkdf: hkdf::HKDF_SHA256,
    agreement: &agreement::X25519,
    format: Format::Montgomery,
    public_len: 32,
};

pub(super) static P256: DhKem<32> = DhKem {
    id: HpkeKem::DHKEM_P256_HKDF_SHA256,
    kdf: HpkeKdf::HKDF_SHA256,
    hkdf: hkdf::HKDF_SHA256,
    agreement: &agreement::ECDH_P256,
    format: Format::Uncompressed,
    public_len: 65,
};

pub(super) static P384: DhKem<48> = DhKem {
    id: HpkeKem::DHKEM_P384_HKDF_SHA384,
    kdf: HpkeKdf::HKDF_SHA384,
    hkdf: hkdf::HKDF_SHA384,
    agreement: &agreement::ECDH_P384,
    format: Format::Uncompressed,
    public_len: 97,
};

pub(super) static P521: DhKem<64> = DhKem {
    id: HpkeKem::DHKEM_P521_HKDF_SHA512,
    kdf: HpkeKdf::HKDF_SHA512,
    hkdf: hkdf::HKDF_SHA512,
    agreement: &agreement::ECDH_P521,
    format: Format::Uncompressed,
    public_len: 133,
};

/// A KEM, whose shared secret is as long as its hash. RFC 9180 section 7.1.
pub(super) struct DhKem<const KDF_SIZE: usize> {
    pub(super) id: HpkeKem,
    pub(super) kdf: HpkeKdf,
    pub(super) hkdf: hkdf::Algorithm,
    agreement: &'static agreement::Algorithm,
    format: Format,
    public_len: usize,
}

/// How keys are written. RFC 9180 section 7.1.1.
enum Format {
    /// RFC 7748 section 6.
    Montgomery,
    /// 4, then both coordinates; private keys as a number of fixed length.
    Uncompressed,
}

impl<const KDF_SIZE: usize> DhKem<KDF_SIZE> {
    pub(super) fn generate(&self) -> Result<PrivateKey, Error> {
        PrivateKey::generate(self.agreement).map_err(|_| Error::FailedToGetRandomBytes)
    }

    pub(super) fn key_pair(&self) -> Result<(HpkePublicKey, HpkePrivateKey), Error> {
        let key = self.generate()?;
        let public = public_of(&key)?;
        let private = match self.format {
            Format::Montgomery => {
                let seed: Curve25519SeedBin<'_> = key.as_be_bytes().map_err(|_| failed())?;
                seed.as_ref().to_vec()
            }
            Format::Uncompressed => {
                let number: EcPrivateKeyBin<'_> = key.as_be_bytes().map_err(|_| failed())?;
                number.as_ref().to_vec()
            }
        };
        Ok((HpkePublicKey(public), HpkePrivateKey::from(private)))
    }

    /// Gives the shared secret, and what the recipient needs to have it, too.
    pub(super) fn encap(
        &self,
        ephemeral: &PrivateKey,
        recipient: &[u8],
    ) -> Result<(Derived<KDF_SIZE>, Vec<u8>), Error> {
        let enc = public_of(ephemeral)?;
        let shared = self.shared_secret(ephemeral, recipient, [&enc, recipient])?;
        Ok((shared, enc))
    }

    pub(super) fn decap(&self, enc: &[u8], private: &HpkePrivateKey) -> Result<Derived<KDF_SIZE>, Error> {
        let key = self.private_key(private)?;
        let public = public_of(&key)?;
        self.shared_secret(&key, enc, [enc, &public])
    }

    pub(super) fn private_key(&self, private: &HpkePrivateKey) -> Result<PrivateKey, Error> {
        PrivateKey::from_private_key(self.agreement, private.secret_bytes())
            .map_err(|_| Error::General("this is no private key of the HPKE suite's KEM".into()))
    }

    /// DH, then ExtractAndExpand with the two public keys as context. The primitive refuses a point off the curve, and an
    /// all-zero result of X25519. RFC 9180 section 7.1.4.
    fn shared_secret(
        &self,
        ours: &PrivateKey,
        theirs: &[u8],
        context: [&[u8]; 2],
    ) -> Result<Derived<KDF_SIZE>, Error> {
        let well_formed = match self.format {
            Format::Montgomery => true,
            Format::Uncompressed => theirs.first() == Some(&4),
        };
        if !well_formed || theirs.len() != self.public_len {
            return Err(invalid_key());
        }
        let theirs = UnparsedPublicKey::new(self.agreement, theirs);
        agreement::agree(ours, theirs, invalid_key(), |dh| {
            let kdf = Labeled::<KDF_SIZE>::new(self.hkdf, &[b"KEM", &u16::from(self.id).to_be_bytes()]);
            let prk = kdf.extract(&[], b"eae_prk", dh);
            kdf.expand(&prk, b"shared_secret", &context)
        })
    }
}

impl<const KDF_SIZE: usize> fmt::Debug for DhKem<KDF_SIZE> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.id.fmt(f)
    }
}

fn public_of(key: &PrivateKey) -> Result<Vec<u8>, Error> {
    key.compute_public_key().map(|public| public.as_ref().to_vec()).map_err(|_| failed())
}

fn invalid_key() -> Error {
    Error::General("this is no public key of the HPKE suite's KEM".into())
}
