//! Private keys.

use alloc::boxed::Box;
use alloc::format;
use alloc::string::String;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::fmt;

use aws_lc_rs::error::{KeyRejected, Unspecified};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{
    self, EcdsaKeyPair, EcdsaSigningAlgorithm, Ed25519KeyPair, KeyPair, PqdsaKeyPair, PqdsaSigningAlgorithm,
    RsaEncoding, RsaKeyPair,
};
use pki_types::{AlgorithmIdentifier, PrivateKeyDer, PrivatePkcs8KeyDer, SubjectPublicKeyInfoDer, alg_id};

use crate::crypto::der;
use crate::crypto::signer::{Signer, SigningKey, public_key_to_spki};
use crate::crypto::verify::{acceptable_rsa_bits, rsa_modulus_bits};
use crate::error::Error;
use crate::names::{SignatureAlgorithm, SignatureScheme};

/// Loads a private key of any kind that the provider has: RSA, ECDSA, Ed25519, ML-DSA.
///
/// # Errors
/// If `der` is no key, or of another kind, or RSA of fewer than 2048 or more than 8192 bits.
pub fn any_supported_type(der: &PrivateKeyDer<'_>) -> Result<Arc<dyn SigningKey>, Error> {
    match der {
        PrivateKeyDer::Pkcs1(_) => Ok(Arc::new(RsaSigningKey::new(der)?)),
        PrivateKeyDer::Sec1(_) => any_ecdsa_type(der),
        PrivateKeyDer::Pkcs8(pkcs8) => {
            let algorithm =
                pkcs8_algorithm(pkcs8).ok_or_else(|| refused("the PKCS #8 structure is damaged"))?;
            if algorithm == alg_id::RSA_ENCRYPTION.as_ref() {
                Ok(Arc::new(RsaSigningKey::new(der)?))
            } else if algorithm == alg_id::ED25519.as_ref() {
                any_eddsa_type(pkcs8)
            } else if let Some(kind) = ML_DSA.iter().find(|kind| kind.id.as_ref() == algorithm) {
                Ok(Arc::new(MlDsaSigningKey::new(kind, pkcs8)?))
            } else if algorithm.starts_with(EC_PUBLIC_KEY) {
                any_ecdsa_type(der)
            } else {
                Err(refused("it is none of RSA, ECDSA, Ed25519 and ML-DSA"))
            }
        }
        _ => Err(refused("the encoding is not PKCS #8, PKCS #1 or SEC 1")),
    }
}

/// Loads an ECDSA key on P-256, P-384 or P-521, in PKCS #8 or SEC 1.
///
/// # Errors
/// If `der` is no such key.
pub fn any_ecdsa_type(der: &PrivateKeyDer<'_>) -> Result<Arc<dyn SigningKey>, Error> {
    for kind in &ECDSA {
        let loaded = match der {
            PrivateKeyDer::Pkcs8(pkcs8) => EcdsaKeyPair::from_pkcs8(kind.algorithm, pkcs8.secret_pkcs8_der()),
            PrivateKeyDer::Sec1(sec1) => {
                EcdsaKeyPair::from_private_key_der(kind.algorithm, sec1.secret_sec1_der())
            }
            _ => break,
        };
        if let Ok(pair) = loaded {
            let spki = public_key_to_spki(&kind.id, pair.public_key());
            return Ok(Arc::new(EcdsaSigningKey { pair: Arc::new(pair), scheme: kind.scheme, spki }));
        }
    }
    Err(refused("it is no ECDSA key on P-256, P-384 or P-521, or a damaged one"))
}

/// Loads an Ed25519 key, in PKCS #8 with or without the public half (RFC 8410).
///
/// # Errors
/// If `der` is no such key.
pub fn any_eddsa_type(der: &PrivatePkcs8KeyDer<'_>) -> Result<Arc<dyn SigningKey>, Error> {
    let pair =
        Ed25519KeyPair::from_pkcs8_maybe_unchecked(der.secret_pkcs8_der()).map_err(rejected("Ed25519"))?;
    let spki = public_key_to_spki(&alg_id::ED25519, pair.public_key());
    Ok(Arc::new(Ed25519SigningKey { pair: Arc::new(pair), spki }))
}

/// An RSA key, signing with PSS or PKCS #1 v1.5.
#[doc(hidden)]
pub struct RsaSigningKey {
    pair: Arc<RsaKeyPair>,
    spki: SubjectPublicKeyInfoDer<'static>,
}

impl RsaSigningKey {
    /// Loads an RSA key of 2048 to 8192 bits, in PKCS #8 or PKCS #1.
    ///
    /// # Errors
    /// If `der` is no such key.
    pub fn new(der: &PrivateKeyDer<'_>) -> Result<Self, Error> {
        let modulus_bits = match der {
            PrivateKeyDer::Pkcs8(pkcs8) => pkcs8_key(pkcs8).and_then(private_modulus_bits),
            PrivateKeyDer::Pkcs1(pkcs1) => private_modulus_bits(pkcs1.secret_pkcs1_der()),
            _ => None,
        };
        if let Some(bits) = modulus_bits.filter(|bits| !acceptable_rsa_bits(*bits)) {
            return Err(refused(&format!("an RSA key of {bits} bits is not within 2048 to 8192")));
        }
        let pair = match der {
            PrivateKeyDer::Pkcs8(pkcs8) => RsaKeyPair::from_pkcs8(pkcs8.secret_pkcs8_der()),
            PrivateKeyDer::Pkcs1(pkcs1) => RsaKeyPair::from_der(pkcs1.secret_pkcs1_der()),
            _ => return Err(refused("an RSA key comes in PKCS #8 or PKCS #1")),
        }
        .map_err(rejected("RSA"))?;
        // What decides is the key that was loaded; the look above is for the sake of a clear error.
        if !rsa_modulus_bits(pair.public_key().as_ref()).is_some_and(acceptable_rsa_bits) {
            return Err(refused("an RSA key must have 2048 to 8192 bits"));
        }
        let spki = public_key_to_spki(&alg_id::RSA_ENCRYPTION, pair.public_key());
        Ok(Self { pair: Arc::new(pair), spki })
    }
}

impl SigningKey for RsaSigningKey {
    fn choose_scheme(&self, offered: &[SignatureScheme]) -> Option<Box<dyn Signer>> {
        let (scheme, encoding) = RSA.iter().find(|(scheme, _)| offered.contains(scheme))?;
        Some(Box::new(RsaSigner { pair: Arc::clone(&self.pair), scheme: *scheme, encoding: *encoding }))
    }

    fn public_key(&self) -> Option<SubjectPublicKeyInfoDer<'_>> {
        Some(self.spki.clone())
    }

    fn algorithm(&self) -> SignatureAlgorithm {
        SignatureAlgorithm::RSA
    }
}

impl fmt::Debug for RsaSigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RsaSigningKey").finish_non_exhaustive()
    }
}

/// PSS before PKCS #1 v1.5, which only TLS 1.2 takes.
static RSA: [(SignatureScheme, &'static dyn RsaEncoding); 6] = [
    (SignatureScheme::RSA_PSS_SHA512, &signature::RSA_PSS_SHA512),
    (SignatureScheme::RSA_PSS_SHA384, &signature::RSA_PSS_SHA384),
    (SignatureScheme::RSA_PSS_SHA256, &signature::RSA_PSS_SHA256),
    (SignatureScheme::RSA_PKCS1_SHA512, &signature::RSA_PKCS1_SHA512),
    (SignatureScheme::RSA_PKCS1_SHA384, &signature::RSA_PKCS1_SHA384),
    (SignatureScheme::RSA_PKCS1_SHA256, &signature::RSA_PKCS1_SHA256),
];

struct RsaSigner {
    pair: Arc<RsaKeyPair>,
    scheme: SignatureScheme,
    encoding: &'static dyn RsaEncoding,
}

impl Signer for RsaSigner {
    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, Error> {
        let mut signature = alloc::vec![0; self.pair.public_modulus_len()];
        self.pair.sign(self.encoding, &SystemRandom::new(), message, &mut signature).map_err(failed)?;
        Ok(signature)
    }

    fn scheme(&self) -> SignatureScheme {
        self.scheme
    }
}

impl fmt::Debug for RsaSigner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RsaSigner").field("scheme", &self.scheme).finish_non_exhaustive()
    }
}

struct EcdsaKind {
    scheme: SignatureScheme,
    id: AlgorithmIdentifier,
    algorithm: &'static EcdsaSigningAlgorithm,
}

/// The object identifier id-ecPublicKey with its tag and length; the curve follows (RFC 5480 section 2.1.1).
const EC_PUBLIC_KEY: &[u8] = &[0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01];

/// Each curve signs with its own hash: TLS 1.3 demands it, and TLS 1.2's other combinations are not needed.
static ECDSA: [EcdsaKind; 3] = [
    EcdsaKind {
        scheme: SignatureScheme::ECDSA_NISTP256_SHA256,
        id: alg_id::ECDSA_P256,
        algorithm: &signature::ECDSA_P256_SHA256_ASN1_SIGNING,
    },
    EcdsaKind {
        scheme: SignatureScheme::ECDSA_NISTP384_SHA384,
        id: alg_id::ECDSA_P384,
        algorithm: &signature::ECDSA_P384_SHA384_ASN1_SIGNING,
    },
    EcdsaKind {
        scheme: SignatureScheme::ECDSA_NISTP521_SHA512,
        id: alg_id::ECDSA_P521,
        algorithm: &signature::ECDSA_P521_SHA512_ASN1_SIGNING,
    },
];

struct EcdsaSigningKey {
    pair: Arc<EcdsaKeyPair>,
    scheme: SignatureScheme,
    spki: SubjectPublicKeyInfoDer<'static>,
}

struct Ed25519SigningKey {
    pair: Arc<Ed25519KeyPair>,
    spki: SubjectPublicKeyInfoDer<'static>,
}

struct MlDsaKind {
    scheme: SignatureScheme,
    id: AlgorithmIdentifier,
    algorithm: &'static PqdsaSigningAlgorithm,
}

static ML_DSA: [MlDsaKind; 3] = [
    MlDsaKind {
        scheme: SignatureScheme::ML_DSA_44,
        id: alg_id::ML_DSA_44,
        algorithm: &signature::ML_DSA_44_SIGNING,
    },
    MlDsaKind {
        scheme: SignatureScheme::ML_DSA_65,
        id: alg_id::ML_DSA_65,
        algorithm: &signature::ML_DSA_65_SIGNING,
    },
    MlDsaKind {
        scheme: SignatureScheme::ML_DSA_87,
        id: alg_id::ML_DSA_87,
        algorithm: &signature::ML_DSA_87_SIGNING,
    },
];

struct MlDsaSigningKey {
    pair: Arc<PqdsaKeyPair>,
    scheme: SignatureScheme,
    spki: SubjectPublicKeyInfoDer<'static>,
}

impl MlDsaSigningKey {
    fn new(kind: &MlDsaKind, der: &PrivatePkcs8KeyDer<'_>) -> Result<Self, Error> {
        let pair =
            PqdsaKeyPair::from_pkcs8(kind.algorithm, der.secret_pkcs8_der()).map_err(rejected("ML-DSA"))?;
        let spki = public_key_to_spki(&kind.id, pair.public_key());
        Ok(Self { pair: Arc::new(pair), scheme: kind.scheme, spki })
    }
}

/// Keys that sign with one scheme only. The signer shares the key pair.
macro_rules! one_scheme {
    ($key:ident, $signer:ident, $pair:ident, |$this:ident| $scheme:expr, |$with:ident, $message:ident| $sign:expr) => {
        impl SigningKey for $key {
            fn choose_scheme(&self, offered: &[SignatureScheme]) -> Option<Box<dyn Signer>> {
                let $this = self;
                let scheme = $scheme;
                offered
                    .contains(&scheme)
                    .then(|| Box::new($signer { pair: Arc::clone(&self.pair), scheme }) as Box<dyn Signer>)
            }

            fn public_key(&self) -> Option<SubjectPublicKeyInfoDer<'_>> {
                Some(self.spki.clone())
            }

            fn algorithm(&self) -> SignatureAlgorithm {
                let $this = self;
                $scheme.algorithm()
            }
        }

        impl fmt::Debug for $key {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.debug_struct(stringify!($key)).field("algorithm", &self.algorithm()).finish_non_exhaustive()
            }
        }

        struct $signer {
            pair: Arc<$pair>,
            scheme: SignatureScheme,
        }

        impl Signer for $signer {
            fn sign(&self, $message: &[u8]) -> Result<Vec<u8>, Error> {
                let $with = &self.pair;
                $sign.map_err(failed)
            }

            fn scheme(&self) -> SignatureScheme {
                self.scheme
            }
        }

        impl fmt::Debug for $signer {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.debug_struct(stringify!($signer)).field("scheme", &self.scheme).finish_non_exhaustive()
            }
        }
    };
}

one_scheme!(EcdsaSigningKey, EcdsaSigner, EcdsaKeyPair, |key| key.scheme, |pair, message| {
    pair.sign(&SystemRandom::new(), message).map(|signature| signature.as_ref().to_vec())
});

one_scheme!(
    Ed25519SigningKey,
    Ed25519Signer,
    Ed25519KeyPair,
    |_key| SignatureScheme::ED25519,
    |pair, message| { pair.try_sign(message).map(|signature| signature.as_ref().to_vec()) }
);

one_scheme!(MlDsaSigningKey, MlDsaSigner, PqdsaKeyPair, |key| key.scheme, |pair, message| {
    let mut signature = alloc::vec![0; pair.algorithm().signature_len()];
    pair.sign(message, &mut signature).map(|len| {
        signature.truncate(len);
        signature
    })
});

fn refused(why: &str) -> Error {
    Error::General(format!("the private key cannot be loaded: {why}"))
}

fn rejected(kind: &'static str) -> impl Fn(KeyRejected) -> Error {
    move |why| refused(&format!("as {kind}: {why}"))
}

fn failed(_: Unspecified) -> Error {
    Error::General(String::from("the private key could not sign"))
}

/// The algorithm (what is inside its SEQUENCE) of a PrivateKeyInfo (RFC 5958 section 2).
fn pkcs8_algorithm<'a>(key: &'a PrivatePkcs8KeyDer<'_>) -> Option<&'a [u8]> {
    pkcs8_parts(key.secret_pkcs8_der()).map(|(algorithm, _)| algorithm)
}

/// The key inside a PrivateKeyInfo.
fn pkcs8_key<'a>(key: &'a PrivatePkcs8KeyDer<'_>) -> Option<&'a [u8]> {
    pkcs8_parts(key.secret_pkcs8_der()).map(|(_, key)| key)
}

fn pkcs8_parts(pkcs8: &[u8]) -> Option<(&[u8], &[u8])> {
    let mut content = der::only(pkcs8, der::SEQUENCE)?;
    der::take(&mut content, der::INTEGER)?; // version
    let algorithm = der::take(&mut content, der::SEQUENCE)?;
    Some((algorithm, der::take(&mut content, der::OCTET_STRING)?))
}

/// An RSAPrivateKey (RFC 8017 appendix A.1.2) is an RSAPublicKey with a version before it and more behind.
fn private_modulus_bits(key: &[u8]) -> Option<usize> {
    let mut content = der::only(key, der::SEQUENCE)?;
    der::take(&mut content, der::INTEGER)?; // version
    rsa_modulus_bits(&der::element(der::SEQUENCE, &[content]))
}
