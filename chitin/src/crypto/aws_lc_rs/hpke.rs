//! HPKE in base mode (RFC 9180): the composition is ours, the primitives are the library's.

mod context;
mod kem;
#[cfg(test)]
mod tests;

use alloc::boxed::Box;
use alloc::vec::Vec;

use aws_lc_rs::aead::{AES_128_GCM, AES_256_GCM, CHACHA20_POLY1305};
use aws_lc_rs::cipher::{AES_128_KEY_LEN, AES_256_KEY_LEN};
use aws_lc_rs::digest::{SHA256_OUTPUT_LEN, SHA384_OUTPUT_LEN, SHA512_OUTPUT_LEN};
use aws_lc_rs::{aead, hkdf};

use context::{Context, Opener, Sealer};
use kem::DhKem;

use crate::crypto::hpke::{
    EncapsulatedSecret, Hpke, HpkeOpener, HpkePrivateKey, HpkePublicKey, HpkeSealer, HpkeSuite,
};
use crate::error::Error;
use crate::names::{HpkeAead, HpkeSymmetricCipherSuite};

/// All suites, those of X25519 first.
///
/// The order is one of preference only where a caller makes it one: a client of ECH takes the server's.
pub static ALL_SUPPORTED_SUITES: &[&dyn Hpke] = &[
    DH_KEM_X25519_HKDF_SHA256_AES_128,
    DH_KEM_X25519_HKDF_SHA256_AES_256,
    DH_KEM_X25519_HKDF_SHA256_CHACHA20_POLY1305,
    DH_KEM_P256_HKDF_SHA256_AES_128,
    DH_KEM_P256_HKDF_SHA256_AES_256,
    DH_KEM_P256_HKDF_SHA256_CHACHA20_POLY1305,
    DH_KEM_P384_HKDF_SHA384_AES_128,
    DH_KEM_P384_HKDF_SHA384_AES_256,
    DH_KEM_P384_HKDF_SHA384_CHACHA20_POLY1305,
    DH_KEM_P521_HKDF_SHA512_AES_128,
    DH_KEM_P521_HKDF_SHA512_AES_256,
    DH_KEM_P521_HKDF_SHA512_CHACHA20_POLY1305,
];

/// X25519, HKDF-SHA256 and AES-128-GCM.
pub static DH_KEM_X25519_HKDF_SHA256_AES_128: &HpkeAwsLcRs<AES_128_KEY_LEN, SHA256_OUTPUT_LEN> =
    &HpkeAwsLcRs { kem: &kem::X25519, aead: AES_128 };

/// X25519, HKDF-SHA256 and AES-256-GCM.
pub static DH_KEM_X25519_HKDF_SHA256_AES_256: &HpkeAwsLcRs<AES_256_KEY_LEN, SHA256_OUTPUT_LEN> =
    &HpkeAwsLcRs { kem: &kem::X25519, aead: AES_256 };

/// X25519, HKDF-SHA256 and ChaCha20-Poly1305.
pub static DH_KEM_X25519_HKDF_SHA256_CHACHA20_POLY1305: &HpkeAwsLcRs<CHACHA_KEY_LEN, SHA256_OUTPUT_LEN> =
    &HpkeAwsLcRs { kem: &kem::X25519, aead: CHACHA };

/// P-256, HKDF-SHA256 and AES-128-GCM.
pub static DH_KEM_P256_HKDF_SHA256_AES_128: &HpkeAwsLcRs<AES_128_KEY_LEN, SHA256_OUTPUT_LEN> =
    &HpkeAwsLcRs { kem: &kem::P256, aead: AES_128 };

/// P-256, HKDF-SHA256 and AES-256-GCM.
pub static DH_KEM_P256_HKDF_SHA256_AES_256: &HpkeAwsLcRs<AES_256_KEY_LEN, SHA256_OUTPUT_LEN> =
    &HpkeAwsLcRs { kem: &kem::P256, aead: AES_256 };

/// P-256, HKDF-SHA256 and ChaCha20-Poly1305.
pub static DH_KEM_P256_HKDF_SHA256_CHACHA20_POLY1305: &HpkeAwsLcRs<CHACHA_KEY_LEN, SHA256_OUTPUT_LEN> =
    &HpkeAwsLcRs { kem: &kem::P256, aead: CHACHA };

/// P-384, HKDF-SHA384 and AES-128-GCM.
pub static DH_KEM_P384_HKDF_SHA384_AES_128: &HpkeAwsLcRs<AES_128_KEY_LEN, SHA384_OUTPUT_LEN> =
    &HpkeAwsLcRs { kem: &kem::P384, aead: AES_128 };

/// P-384, HKDF-SHA384 and AES-256-GCM.
pub static DH_KEM_P384_HKDF_SHA384_AES_256: &HpkeAwsLcRs<AES_256_KEY_LEN, SHA384_OUTPUT_LEN> =
    &HpkeAwsLcRs { kem: &kem::P384, aead: AES_256 };

/// P-384, HKDF-SHA384 and ChaCha20-Poly1305.
pub static DH_KEM_P384_HKDF_SHA384_CHACHA20_POLY1305: &HpkeAwsLcRs<CHACHA_KEY_LEN, SHA384_OUTPUT_LEN> =
    &HpkeAwsLcRs { kem: &kem::P384, aead: CHACHA };

/// P-521, HKDF-SHA512 and AES-128-GCM.
pub static DH_KEM_P521_HKDF_SHA512_AES_128: &HpkeAwsLcRs<AES_128_KEY_LEN, SHA512_OUTPUT_LEN> =
    &HpkeAwsLcRs { kem: &kem::P521, aead: AES_128 };

/// P-521, HKDF-SHA512 and AES-256-GCM.
pub static DH_KEM_P521_HKDF_SHA512_AES_256: &HpkeAwsLcRs<AES_256_KEY_LEN, SHA512_OUTPUT_LEN> =
    &HpkeAwsLcRs { kem: &kem::P521, aead: AES_256 };

/// P-521, HKDF-SHA512 and ChaCha20-Poly1305.
pub static DH_KEM_P521_HKDF_SHA512_CHACHA20_POLY1305: &HpkeAwsLcRs<CHACHA_KEY_LEN, SHA512_OUTPUT_LEN> =
    &HpkeAwsLcRs { kem: &kem::P521, aead: CHACHA };

/// One suite: a KEM with the hash function of its own, and an AEAD.
#[derive(Debug)]
pub struct HpkeAwsLcRs<const KEY_SIZE: usize, const KDF_SIZE: usize> {
    kem: &'static DhKem<KDF_SIZE>,
    aead: Aead<KEY_SIZE>,
}

/// RFC 9180 section 7.3.
#[derive(Debug)]
struct Aead<const KEY_SIZE: usize> {
    id: HpkeAead,
    algorithm: &'static aead::Algorithm,
}

const CHACHA_KEY_LEN: usize = 32;

const AES_128: Aead<AES_128_KEY_LEN> = Aead { id: HpkeAead::AES_128_GCM, algorithm: &AES_128_GCM };
const AES_256: Aead<AES_256_KEY_LEN> = Aead { id: HpkeAead::AES_256_GCM, algorithm: &AES_256_GCM };
const CHACHA: Aead<CHACHA_KEY_LEN> = Aead { id: HpkeAead::CHACHA20_POLY_1305, algorithm: &CHACHA20_POLY1305 };

impl<const KEY_SIZE: usize, const KDF_SIZE: usize> Hpke for HpkeAwsLcRs<KEY_SIZE, KDF_SIZE> {
    fn seal(
        &self,
        info: &[u8],
        aad: &[u8],
        plaintext: &[u8],
        pub_key: &HpkePublicKey,
    ) -> Result<(EncapsulatedSecret, Vec<u8>), Error> {
        let (enc, mut sealer) = self.setup_sealer(info, pub_key)?;
        Ok((enc, sealer.seal(aad, plaintext)?))
    }

    fn setup_sealer(
        &self,
        info: &[u8],
        pub_key: &HpkePublicKey,
    ) -> Result<(EncapsulatedSecret, Box<dyn HpkeSealer + 'static>), Error> {
        let ephemeral = self.kem.generate()?;
        let (enc, sealer) = self.sealer_with(&ephemeral, info, pub_key)?;
        Ok((enc, Box::new(sealer)))
    }

    fn open(
        &self,
        enc: &EncapsulatedSecret,
        info: &[u8],
        aad: &[u8],
        ciphertext: &[u8],
        secret_key: &HpkePrivateKey,
    ) -> Result<Vec<u8>, Error> {
        self.setup_opener(enc, info, secret_key)?.open(aad, ciphertext)
    }

    fn setup_opener(
        &self,
        enc: &EncapsulatedSecret,
        info: &[u8],
        secret_key: &HpkePrivateKey,
    ) -> Result<Box<dyn HpkeOpener + 'static>, Error> {
        let shared = self.kem.decap(&enc.0, secret_key)?;
        Ok(Box::new(Opener(self.schedule(&shared, info)?)))
    }

    fn generate_key_pair(&self) -> Result<(HpkePublicKey, HpkePrivateKey), Error> {
        self.kem.key_pair()
    }

    fn suite(&self) -> HpkeSuite {
        HpkeSuite {
            kem: self.kem.id,
            sym: HpkeSymmetricCipherSuite { kdf_id: self.kem.kdf, aead_id: self.aead.id },
        }
    }
}

impl<const KEY_SIZE: usize, const KDF_SIZE: usize> HpkeAwsLcRs<KEY_SIZE, KDF_SIZE> {
    /// The sender's side with an ephemeral key that is given, as the vectors need it.
    fn sealer_with(
        &self,
        ephemeral: &aws_lc_rs::agreement::PrivateKey,
        info: &[u8],
        pub_key: &HpkePublicKey,
    ) -> Result<(EncapsulatedSecret, Sealer<KDF_SIZE>), Error> {
        let (shared, enc) = self.kem.encap(ephemeral, &pub_key.0)?;
        let context = self.schedule(&shared, info)?;
        Ok((EncapsulatedSecret(enc), Sealer { context, shared }))
    }

    /// The key schedule of base mode: no PSK, and an empty id of it. RFC 9180 section 5.1.
    fn schedule(&self, shared: &Derived<KDF_SIZE>, info: &[u8]) -> Result<Context, Error> {
        const MODE_BASE: u8 = 0;
        let suite = self.suite();
        let kdf = Labeled::<KDF_SIZE>::new(
            self.kem.hkdf,
            &[
                b"HPKE",
                &u16::from(suite.kem).to_be_bytes(),
                &u16::from(suite.sym.kdf_id).to_be_bytes(),
                &u16::from(suite.sym.aead_id).to_be_bytes(),
            ],
        );
        let psk_id_hash = kdf.extract(&[], b"psk_id_hash", &[]);
        let info_hash = kdf.extract(&[], b"info_hash", info);
        let context: &[&[u8]] = &[&[MODE_BASE], &psk_id_hash[..], &info_hash[..]];
        let secret = kdf.extract(&shared[..], b"secret", &[]);
        let key: Derived<KEY_SIZE> = kdf.expand(&secret, b"key", context)?;
        let nonce: Derived<{ aead::NONCE_LEN }> = kdf.expand(&secret, b"base_nonce", context)?;
        Context::new(self.aead.algorithm, &key[..], *nonce)
    }
}

/// What HKDF gives, wiped on drop.
type Derived<const N: usize> = zeroize::Zeroizing<[u8; N]>;

/// HKDF with the labels of one suite. RFC 9180 section 4.
struct Labeled<const KDF_SIZE: usize> {
    hkdf: hkdf::Algorithm,
    suite_id: Vec<u8>,
}

impl<const KDF_SIZE: usize> Labeled<KDF_SIZE> {
    fn new(hkdf: hkdf::Algorithm, suite_id: &[&[u8]]) -> Self {
        Self { hkdf, suite_id: suite_id.concat() }
    }

    /// LabeledExtract. Extracting is one HMAC under the salt, and done as that, since two of its results are hashed on.
    fn extract(&self, salt: &[u8], label: &[u8], ikm: &[u8]) -> Derived<KDF_SIZE> {
        let key = aws_lc_rs::hmac::Key::new(self.hkdf.hmac_algorithm(), salt);
        let mut hmac = aws_lc_rs::hmac::Context::with_key(&key);
        [VERSION, &self.suite_id, label, ikm].iter().for_each(|piece| hmac.update(piece));
        let mut out = Derived::new([0; KDF_SIZE]);
        out.iter_mut().zip(hmac.sign().as_ref()).for_each(|(to, from)| *to = *from);
        out
    }

    /// LabeledExpand, of as many bytes as are asked for.
    fn expand<const N: usize>(
        &self,
        prk: &Derived<KDF_SIZE>,
        label: &[u8],
        info: &[&[u8]],
    ) -> Result<Derived<N>, Error> {
        let len = u16::try_from(N).map_err(|_| failed())?.to_be_bytes();
        let head: [&[u8]; 4] = [&len, VERSION, &self.suite_id, label];
        let info: Vec<&[u8]> = head.iter().chain(info).copied().collect();
        let prk = hkdf::Prk::new_less_safe(self.hkdf, &prk[..]);
        let mut out = Derived::new([0; N]);
        prk.expand(&info, Len(N)).and_then(|okm| okm.fill(&mut out[..])).map_err(|_| failed())?;
        Ok(out)
    }
}

const VERSION: &[u8] = b"HPKE-v1";

/// How many bytes are expanded.
struct Len(usize);

impl hkdf::KeyType for Len {
    fn len(&self) -> usize {
        self.0
    }
}

/// What no input of a peer's leads to.
fn failed() -> Error {
    Error::General("HPKE failed in the provider".into())
}
