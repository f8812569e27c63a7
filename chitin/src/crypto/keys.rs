//! Private keys of our providers: in what encodings they come, and how a key pair becomes something that signs. The pair
//! itself is the provider's.

use alloc::boxed::Box;
use alloc::format;
use alloc::string::String;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::fmt;

use pki_types::{AlgorithmIdentifier, PrivateKeyDer, PrivatePkcs8KeyDer, SubjectPublicKeyInfoDer, alg_id};

#[cfg(feature = "ring")]
use zeroize::Zeroizing;

use super::der;
use super::signer::{Signer, SigningKey, public_key_to_spki};
use super::verify::{ID_EC_PUBLIC_KEY, acceptable_rsa_bits, rsa_modulus_bits};
use crate::error::Error;
use crate::names::{SignatureAlgorithm, SignatureScheme};

/// A key pair of a provider.
pub(crate) trait KeyPair: Send + Sync + 'static {
    /// Signs with one of the schemes of the key. `None` if the provider fails.
    fn sign(&self, scheme: SignatureScheme, message: &[u8]) -> Option<Vec<u8>>;
}

/// A key pair, with what it can do. The signers share it.
pub(crate) struct Key<P> {
    /// For `Debug` only.
    name: &'static str,
    pair: Arc<P>,
    /// In order of preference, and never empty.
    schemes: &'static [SignatureScheme],
    spki: SubjectPublicKeyInfoDer<'static>,
}

impl<P> Key<P> {
    pub(crate) fn new(
        name: &'static str,
        pair: P,
        schemes: &'static [SignatureScheme],
        id: &AlgorithmIdentifier,
        public: impl AsRef<[u8]>,
    ) -> Self {
        Self { name, pair: Arc::new(pair), schemes, spki: public_key_to_spki(id, public) }
    }
}

impl<P: KeyPair> SigningKey for Key<P> {
    fn choose_scheme(&self, offered: &[SignatureScheme]) -> Option<Box<dyn Signer>> {
        let scheme = *self.schemes.iter().find(|scheme| offered.contains(scheme))?;
        Some(Box::new(KeySigner { pair: Arc::clone(&self.pair), scheme }))
    }

    fn public_key(&self) -> Option<SubjectPublicKeyInfoDer<'_>> {
        Some(self.spki.clone())
    }

    fn algorithm(&self) -> SignatureAlgorithm {
        self.schemes.first().map_or(SignatureAlgorithm::Anonymous, |scheme| scheme.algorithm())
    }
}

impl<P: KeyPair> fmt::Debug for Key<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct(self.name).field("algorithm", &self.algorithm()).finish_non_exhaustive()
    }
}

struct KeySigner<P> {
    pair: Arc<P>,
    scheme: SignatureScheme,
}

impl<P: KeyPair> Signer for KeySigner<P> {
    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, Error> {
        self.pair
            .sign(self.scheme, message)
            .ok_or_else(|| Error::General(String::from("the private key could not sign")))
    }

    fn scheme(&self) -> SignatureScheme {
        self.scheme
    }
}

impl<P> fmt::Debug for KeySigner<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Signer").field("scheme", &self.scheme).finish_non_exhaustive()
    }
}

/// PSS before PKCS #1 v1.5, which only TLS 1.2 takes.
pub(crate) const RSA_SCHEMES: &[SignatureScheme] = &[
    SignatureScheme::RSA_PSS_SHA512,
    SignatureScheme::RSA_PSS_SHA384,
    SignatureScheme::RSA_PSS_SHA256,
    SignatureScheme::RSA_PKCS1_SHA512,
    SignatureScheme::RSA_PKCS1_SHA384,
    SignatureScheme::RSA_PKCS1_SHA256,
];

/// Writes `RsaSigningKey` over `$library`, which is `ring` or `aws_lc_rs`: their interfaces for RSA are the same.
macro_rules! rsa_signing_key {
    ($library:ident) => {
        /// An RSA key, signing with PSS or PKCS #1 v1.5.
        #[doc(hidden)]
        pub struct RsaSigningKey(crate::crypto::keys::Key<RsaPair>);

        impl RsaSigningKey {
            /// Loads an RSA key of 2048 to 8192 bits, in PKCS #8 or PKCS #1.
            ///
            /// # Errors
            /// If `der` is no such key.
            pub fn new(der: &PrivateKeyDer<'_>) -> Result<Self, Error> {
                use crate::crypto::keys;

                keys::look_at_rsa(der)?;
                let pair = match der {
                    PrivateKeyDer::Pkcs8(pkcs8) => signature::RsaKeyPair::from_pkcs8(pkcs8.secret_pkcs8_der()),
                    PrivateKeyDer::Pkcs1(pkcs1) => signature::RsaKeyPair::from_der(pkcs1.secret_pkcs1_der()),
                    _ => return Err(keys::refused("an RSA key comes in PKCS #8 or PKCS #1")),
                }
                .map_err(|why| keys::rejected("RSA", why))?;
                let public = signature::KeyPair::public_key(&pair).as_ref().to_vec();
                let signature_len = keys::rsa_signature_len(&public)?;
                let id = alg_id::RSA_ENCRYPTION;
                let pair = RsaPair { pair, signature_len };
                Ok(Self(keys::Key::new("RsaSigningKey", pair, keys::RSA_SCHEMES, &id, public)))
            }
        }

        impl SigningKey for RsaSigningKey {
            fn choose_scheme(&self, offered: &[SignatureScheme]) -> Option<Box<dyn Signer>> {
                self.0.choose_scheme(offered)
            }

            fn public_key(&self) -> Option<SubjectPublicKeyInfoDer<'_>> {
                self.0.public_key()
            }

            fn algorithm(&self) -> SignatureAlgorithm {
                self.0.algorithm()
            }
        }

        impl core::fmt::Debug for RsaSigningKey {
            fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
                self.0.fmt(f)
            }
        }

        struct RsaPair {
            pair: signature::RsaKeyPair,
            signature_len: usize,
        }

        impl crate::crypto::keys::KeyPair for RsaPair {
            fn sign(&self, scheme: SignatureScheme, message: &[u8]) -> Option<Vec<u8>> {
                let encoding: &'static dyn signature::RsaEncoding = match scheme {
                    SignatureScheme::RSA_PSS_SHA512 => &signature::RSA_PSS_SHA512,
                    SignatureScheme::RSA_PSS_SHA384 => &signature::RSA_PSS_SHA384,
                    SignatureScheme::RSA_PSS_SHA256 => &signature::RSA_PSS_SHA256,
                    SignatureScheme::RSA_PKCS1_SHA512 => &signature::RSA_PKCS1_SHA512,
                    SignatureScheme::RSA_PKCS1_SHA384 => &signature::RSA_PKCS1_SHA384,
                    SignatureScheme::RSA_PKCS1_SHA256 => &signature::RSA_PKCS1_SHA256,
                    _ => return None,
                };
                let mut signature = alloc::vec![0; self.signature_len];
                self.pair.sign(encoding, &SystemRandom::new(), message, &mut signature).ok()?;
                Some(signature)
            }
        }
    };
}

pub(crate) use rsa_signing_key;

/// What a private key says that it is.
pub(crate) enum Claim<'a> {
    Rsa,
    Ecdsa,
    Ed25519(&'a PrivatePkcs8KeyDer<'a>),
    /// Something in PKCS #8, under the algorithm that the second value is.
    #[cfg_attr(not(feature = "aws_lc_rs"), allow(dead_code, reason = "ring has no others"))]
    Other(&'a PrivatePkcs8KeyDer<'a>, &'a [u8]),
}

/// Looks at what kind of key it is. Errors: it is in no encoding that we know.
pub(crate) fn claim<'a>(der: &'a PrivateKeyDer<'_>) -> Result<Claim<'a>, Error> {
    match der {
        PrivateKeyDer::Pkcs1(_) => Ok(Claim::Rsa),
        PrivateKeyDer::Sec1(_) => Ok(Claim::Ecdsa),
        PrivateKeyDer::Pkcs8(pkcs8) => {
            let (algorithm, _) = pkcs8_parts(pkcs8.secret_pkcs8_der())
                .ok_or_else(|| refused("the PKCS #8 structure is damaged"))?;
            Ok(match algorithm {
                rsa if rsa == alg_id::RSA_ENCRYPTION.as_ref() => Claim::Rsa,
                ed25519 if ed25519 == alg_id::ED25519.as_ref() => Claim::Ed25519(pkcs8),
                ec if ec.starts_with(ID_EC_PUBLIC_KEY) => Claim::Ecdsa,
                other => Claim::Other(pkcs8, other),
            })
        }
        _ => Err(refused("the encoding is not PKCS #8, PKCS #1 or SEC 1")),
    }
}

/// Says of an RSA key that it is too short or too long, for the sake of a clear error. What decides is [`rsa_signature_len`].
pub(crate) fn look_at_rsa(der: &PrivateKeyDer<'_>) -> Result<(), Error> {
    let bits = match der {
        PrivateKeyDer::Pkcs8(pkcs8) => {
            pkcs8_parts(pkcs8.secret_pkcs8_der()).and_then(|(_, key)| private_modulus_bits(key))
        }
        PrivateKeyDer::Pkcs1(pkcs1) => private_modulus_bits(pkcs1.secret_pkcs1_der()),
        _ => None,
    };
    match bits.filter(|bits| !acceptable_rsa_bits(*bits)) {
        Some(bits) => Err(refused(&format!("an RSA key of {bits} bits is not within 2048 to 8192"))),
        None => Ok(()),
    }
}

/// How long the signatures of an RSA key are that was loaded, and has this public half. Errors: it is too short or too long.
pub(crate) fn rsa_signature_len(public: &[u8]) -> Result<usize, Error> {
    let bits = rsa_modulus_bits(public).filter(|bits| acceptable_rsa_bits(*bits));
    bits.map(|bits| bits.div_ceil(8)).ok_or_else(|| refused("an RSA key must have 2048 to 8192 bits"))
}

pub(crate) fn refused(why: &str) -> Error {
    Error::General(format!("the private key cannot be loaded: {why}"))
}

pub(crate) fn rejected(kind: &str, why: impl fmt::Display) -> Error {
    refused(&format!("as {kind}: {why}"))
}

/// The algorithm (what is inside its SEQUENCE) and the key of a PrivateKeyInfo (RFC 5958 section 2).
fn pkcs8_parts(pkcs8: &[u8]) -> Option<(&[u8], &[u8])> {
    let mut content = der::only(pkcs8, der::SEQUENCE)?;
    der::take(&mut content, der::INTEGER)?; // version
    let algorithm = der::take(&mut content, der::SEQUENCE)?;
    Some((algorithm, der::take(&mut content, der::OCTET_STRING)?))
}

/// A key of SEC 1 (RFC 5915) in PKCS #8, for a provider that takes no other.
#[cfg(feature = "ring")]
pub(crate) fn in_pkcs8(id: &AlgorithmIdentifier, key: &[u8]) -> Zeroizing<Vec<u8>> {
    let version = der::element(der::INTEGER, &[&[0]]);
    let algorithm = der::element(der::SEQUENCE, &[id.as_ref()]);
    let key = Zeroizing::new(der::element(der::OCTET_STRING, &[key]));
    Zeroizing::new(der::element(der::SEQUENCE, &[&version, &algorithm, &key]))
}

/// An RSAPrivateKey (RFC 8017 appendix A.1.2) is an RSAPublicKey with a version before it and more behind.
fn private_modulus_bits(key: &[u8]) -> Option<usize> {
    let mut content = der::only(key, der::SEQUENCE)?;
    der::take(&mut content, der::INTEGER)?; // version
    rsa_modulus_bits(&der::element(der::SEQUENCE, &[content]))
}
