//! Private keys.

use std::fmt;
use std::sync::Arc;

use chitin::pki_types::{PrivateKeyDer, SubjectPublicKeyInfoDer};
use chitin::sign::{Signer, SigningKey};
use chitin::{Error, SignatureAlgorithm, SignatureScheme};
use graviola::hashing::{Sha256, Sha384};
use graviola::signing::{ecdsa, eddsa, rsa};

/// Loads a key of RSA, ECDSA on P-256 or P-384, or Ed25519. Which it is, is what can be read.
pub(crate) fn load(der: &PrivateKeyDer<'_>) -> Result<Arc<dyn SigningKey>, Error> {
    use PrivateKeyDer::{Pkcs1, Pkcs8, Sec1};
    let pair = match der {
        Pkcs1(pkcs1) => {
            rsa::SigningKey::from_pkcs1_der(pkcs1.secret_pkcs1_der()).ok().map(Box::new).map(Pair::Rsa)
        }
        Sec1(sec1) => {
            let sec1 = sec1.secret_sec1_der();
            let p256 = || ecdsa::SigningKey::from_sec1_der(sec1).map(Pair::P256).ok();
            p256().or_else(|| ecdsa::SigningKey::from_sec1_der(sec1).map(Pair::P384).ok())
        }
        Pkcs8(pkcs8) => {
            let pkcs8 = pkcs8.secret_pkcs8_der();
            let p256 = || ecdsa::SigningKey::from_pkcs8_der(pkcs8).map(Pair::P256).ok();
            p256()
                .or_else(|| ecdsa::SigningKey::from_pkcs8_der(pkcs8).map(Pair::P384).ok())
                .or_else(|| eddsa::Ed25519SigningKey::from_pkcs8_der(pkcs8).map(Pair::Ed25519).ok())
                .or_else(|| rsa::SigningKey::from_pkcs8_der(pkcs8).map(Box::new).map(Pair::Rsa).ok())
        }
        _ => None,
    };
    let refused = || {
        Error::General(
            "the private key is none of RSA, ECDSA on P-256 or P-384, and Ed25519, or a damaged one".into(),
        )
    };
    let pair = pair.ok_or_else(refused)?;
    let spki = pair.spki().ok_or_else(refused)?;
    Ok(Arc::new(Key { pair: Arc::new(pair), spki }))
}

enum Pair {
    /// Much larger than the others.
    Rsa(Box<rsa::SigningKey>),
    P256(ecdsa::SigningKey<ecdsa::P256>),
    P384(ecdsa::SigningKey<ecdsa::P384>),
    Ed25519(eddsa::Ed25519SigningKey),
}

/// Longer than the SubjectPublicKeyInfo of any key, and than any signature: an RSA key of 8192 bits has 1024 bytes and some.
const LONGEST: usize = 1200;

impl Pair {
    /// In order of preference. Each curve signs with its own hash: TLS 1.3 demands it, and TLS 1.2's other combinations are not needed.
    fn schemes(&self) -> &'static [SignatureScheme] {
        match self {
            // PSS before PKCS #1 v1.5, which only TLS 1.2 takes.
            Self::Rsa(_) => &[
                SignatureScheme::RSA_PSS_SHA512,
                SignatureScheme::RSA_PSS_SHA384,
                SignatureScheme::RSA_PSS_SHA256,
                SignatureScheme::RSA_PKCS1_SHA512,
                SignatureScheme::RSA_PKCS1_SHA384,
                SignatureScheme::RSA_PKCS1_SHA256,
            ],
            Self::P256(_) => &[SignatureScheme::ECDSA_NISTP256_SHA256],
            Self::P384(_) => &[SignatureScheme::ECDSA_NISTP384_SHA384],
            Self::Ed25519(_) => &[SignatureScheme::ED25519],
        }
    }

    fn spki(&self) -> Option<SubjectPublicKeyInfoDer<'static>> {
        let mut out = [0; LONGEST];
        let spki = match self {
            Self::Rsa(key) => key.public_key().to_spki_der(&mut out).map(<[u8]>::to_vec),
            Self::P256(key) => key.to_spki_der(&mut out).map(<[u8]>::to_vec),
            Self::P384(key) => key.to_spki_der(&mut out).map(<[u8]>::to_vec),
            Self::Ed25519(key) => key.public_key().to_spki_der(&mut out).map(<[u8]>::to_vec),
        };
        spki.ok().map(SubjectPublicKeyInfoDer::from)
    }

    fn sign(&self, scheme: SignatureScheme, message: &[u8]) -> Option<Vec<u8>> {
        let mut out = [0; LONGEST];
        let signature = match (self, scheme) {
            (Self::Rsa(key), SignatureScheme::RSA_PSS_SHA512) => key.sign_pss_sha512(&mut out, message),
            (Self::Rsa(key), SignatureScheme::RSA_PSS_SHA384) => key.sign_pss_sha384(&mut out, message),
            (Self::Rsa(key), SignatureScheme::RSA_PSS_SHA256) => key.sign_pss_sha256(&mut out, message),
            (Self::Rsa(key), SignatureScheme::RSA_PKCS1_SHA512) => key.sign_pkcs1_sha512(&mut out, message),
            (Self::Rsa(key), SignatureScheme::RSA_PKCS1_SHA384) => key.sign_pkcs1_sha384(&mut out, message),
            (Self::Rsa(key), SignatureScheme::RSA_PKCS1_SHA256) => key.sign_pkcs1_sha256(&mut out, message),
            (Self::P256(key), _) => key.sign_asn1::<Sha256>(&[message], &mut out),
            (Self::P384(key), _) => key.sign_asn1::<Sha384>(&[message], &mut out),
            (Self::Ed25519(key), _) => return Some(key.sign(message).to_vec()),
            _ => return None,
        };
        signature.map(<[u8]>::to_vec).ok()
    }
}

struct Key {
    pair: Arc<Pair>,
    spki: SubjectPublicKeyInfoDer<'static>,
}

impl SigningKey for Key {
    fn choose_scheme(&self, offered: &[SignatureScheme]) -> Option<Box<dyn Signer>> {
        let scheme = *self.pair.schemes().iter().find(|scheme| offered.contains(scheme))?;
        Some(Box::new(KeySigner { pair: Arc::clone(&self.pair), scheme }))
    }

    fn public_key(&self) -> Option<SubjectPublicKeyInfoDer<'_>> {
        Some(self.spki.clone())
    }

    fn algorithm(&self) -> SignatureAlgorithm {
        match *self.pair {
            Pair::Rsa(_) => SignatureAlgorithm::RSA,
            Pair::P256(_) | Pair::P384(_) => SignatureAlgorithm::ECDSA,
            Pair::Ed25519(_) => SignatureAlgorithm::ED25519,
        }
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SigningKey").field("algorithm", &self.algorithm()).finish_non_exhaustive()
    }
}

struct KeySigner {
    pair: Arc<Pair>,
    scheme: SignatureScheme,
}

impl Signer for KeySigner {
    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, Error> {
        let signature = self.pair.sign(self.scheme, message);
        signature.ok_or_else(|| Error::General("the private key could not sign".into()))
    }

    fn scheme(&self) -> SignatureScheme {
        self.scheme
    }
}

impl fmt::Debug for KeySigner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Signer").field("scheme", &self.scheme).finish_non_exhaustive()
    }
}
