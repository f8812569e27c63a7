//! The traits of a provider, over primitives of aws-lc-rs: hashing, HKDF, the PRF, key exchange, records, packets, keys, signatures.

use std::fmt;
use std::sync::Arc;

use aws_lc_rs::aead::quic::{self as masks, HeaderProtectionKey as Mask};
use aws_lc_rs::aead::{self, Aad, LessSafeKey, UnboundKey};
use aws_lc_rs::agreement::{self, PrivateKey, UnparsedPublicKey};
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_ASN1, ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, KeyPair,
    UnparsedPublicKey as Verifier,
};
use aws_lc_rs::{digest, hmac as hmacs, kem, rand};
use tls::crypto::cipher::{
    AeadKey, InboundOpaqueMessage, InboundPlainMessage, Iv, KeyBlockShape, MessageDecrypter,
    MessageEncrypter, Nonce, OutboundOpaqueMessage, OutboundPlainMessage, PrefixedPayload,
    Tls12AeadAlgorithm, Tls13AeadAlgorithm, UnsupportedOperationError, make_tls12_aad, make_tls13_aad,
};
use tls::crypto::tls12::{Prf, PrfUsingHmac};
use tls::crypto::tls13::{Hkdf, HkdfExpander, HkdfUsingHmac, OkmBlock, OutputLengthError};
use tls::crypto::{
    ActiveKeyExchange, CompletedKeyExchange, CryptoProvider, GetRandomFailed, KeyExchangeAlgorithm,
    KeyProvider, SecureRandom, SharedSecret, SupportedKxGroup, WebPkiSupportedAlgorithms, hash, hmac,
};
use tls::ffdhe_groups::FfdheGroup;
use tls::pki_types::{
    AlgorithmIdentifier, InvalidSignature, PrivateKeyDer, SignatureVerificationAlgorithm,
    SubjectPublicKeyInfoDer, alg_id,
};
use tls::quic::{Algorithm, HeaderProtectionKey, PacketKey, Tag};
use tls::sign::{Signer, SigningKey, public_key_to_spki};
use tls::version::{TLS12, TLS13};
use tls::{
    CipherSuite, CipherSuiteCommon, ConnectionTrafficSecrets, ContentType, Error, NamedGroup, PeerMisbehaved,
    ProtocolVersion, SignatureAlgorithm, SignatureScheme, SupportedCipherSuite, SupportedProtocolVersion,
    Tls12CipherSuite, Tls13CipherSuite,
};

use super::called;

/// Says every method of every trait itself, also those that have a default.
#[derive(Clone, Copy, Debug)]
pub struct Full;

/// Says what has no default, and nothing else.
#[derive(Clone, Copy, Debug)]
pub struct Bare;

pub fn full() -> CryptoProvider {
    CryptoProvider {
        cipher_suites: vec![SupportedCipherSuite::Tls13(&FULL13), SupportedCipherSuite::Tls12(&FULL12)],
        // In TLS 1.2 ours wants the curve of a certificate to be among them. RFC 8422 section 5.1.
        kx_groups: vec![&FullHybrid, &FullX25519, &BareP256],
        signature_verification_algorithms: WebPkiSupportedAlgorithms {
            all: &[&Full],
            mapping: &[(SignatureScheme::ECDSA_NISTP256_SHA256, &[&Full])],
        },
        secure_random: &Full,
        key_provider: &Full,
    }
}

pub fn bare() -> CryptoProvider {
    CryptoProvider {
        cipher_suites: vec![SupportedCipherSuite::Tls13(&BARE13), SupportedCipherSuite::Tls12(&BARE12)],
        kx_groups: vec![&BareP256],
        signature_verification_algorithms: WebPkiSupportedAlgorithms {
            all: &[&Bare],
            mapping: &[(SignatureScheme::ECDSA_NISTP256_SHA256, &[&Bare])],
        },
        secure_random: &Bare,
        key_provider: &Bare,
    }
}

pub static FULL13: Tls13CipherSuite = Tls13CipherSuite {
    common: CipherSuiteCommon {
        suite: CipherSuite::TLS13_AES_128_GCM_SHA256,
        hash_provider: &Full,
        confidentiality_limit: 1 << 23,
    },
    hkdf_provider: &Full,
    aead_alg: &Full,
    quic: Some(&Full),
};

static FULL12: Tls12CipherSuite = Tls12CipherSuite {
    common: CipherSuiteCommon {
        suite: CipherSuite::TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256,
        hash_provider: &Full,
        confidentiality_limit: 1 << 23,
    },
    prf_provider: &Full,
    kx: KeyExchangeAlgorithm::ECDHE,
    sign: &[SignatureScheme::ECDSA_NISTP256_SHA256],
    aead_alg: &Full,
};

pub static BARE13: Tls13CipherSuite = Tls13CipherSuite {
    common: CipherSuiteCommon {
        suite: CipherSuite::TLS13_CHACHA20_POLY1305_SHA256,
        hash_provider: &Bare,
        confidentiality_limit: u64::MAX,
    },
    hkdf_provider: &HkdfUsingHmac(&Bare),
    aead_alg: &Bare,
    quic: Some(&Bare),
};

static BARE12: Tls12CipherSuite = Tls12CipherSuite {
    common: CipherSuiteCommon {
        suite: CipherSuite::TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256,
        hash_provider: &Bare,
        confidentiality_limit: u64::MAX,
    },
    prf_provider: &PrfUsingHmac(&Bare),
    kx: KeyExchangeAlgorithm::ECDHE,
    sign: &[SignatureScheme::ECDSA_NISTP256_SHA256],
    aead_alg: &Bare,
};

// ---------------------------------------------------------------- randomness, hashing

macro_rules! random {
    ($who:ident {$($more:tt)*}) => {
        impl SecureRandom for $who {
            fn fill(&self, buf: &mut [u8]) -> Result<(), GetRandomFailed> {
                called(concat!(stringify!($who), " SecureRandom::fill"));
                rand::fill(buf).map_err(|_| GetRandomFailed)
            }
            $($more)*
        }
    };
}

random!(Bare {});
random!(Full {
    fn fips(&self) -> bool {
        called("Full SecureRandom::fips");
        false
    }
});

macro_rules! hashing {
    ($who:ident, $context:ident {$($more:tt)*}) => {
        impl hash::Hash for $who {
            fn start(&self) -> Box<dyn hash::Context> {
                called(concat!(stringify!($who), " Hash::start"));
                Box::new($context(digest::Context::new(&digest::SHA256)))
            }
            fn hash(&self, data: &[u8]) -> hash::Output {
                called(concat!(stringify!($who), " Hash::hash"));
                hash::Output::new(digest::digest(&digest::SHA256, data).as_ref())
            }
            fn output_len(&self) -> usize {
                called(concat!(stringify!($who), " Hash::output_len"));
                32
            }
            fn algorithm(&self) -> hash::HashAlgorithm {
                called(concat!(stringify!($who), " Hash::algorithm"));
                hash::HashAlgorithm::SHA256
            }
            $($more)*
        }

        struct $context(digest::Context);

        impl hash::Context for $context {
            fn fork_finish(&self) -> hash::Output {
                called(concat!(stringify!($who), " Context::fork_finish"));
                hash::Output::new(self.0.clone().finish().as_ref())
            }
            fn fork(&self) -> Box<dyn hash::Context> {
                called(concat!(stringify!($who), " Context::fork"));
                Box::new($context(self.0.clone()))
            }
            fn finish(self: Box<Self>) -> hash::Output {
                called(concat!(stringify!($who), " Context::finish"));
                hash::Output::new(self.0.finish().as_ref())
            }
            fn update(&mut self, data: &[u8]) {
                called(concat!(stringify!($who), " Context::update"));
                self.0.update(data);
            }
        }
    };
}

hashing!(Bare, BareContext {});
hashing!(Full, FullContext {
    fn fips(&self) -> bool {
        called("Full Hash::fips");
        false
    }
});

macro_rules! authentication {
    ($who:ident, $key:ident {$($more:tt)*} {$($of_key:tt)*}) => {
        impl hmac::Hmac for $who {
            fn with_key(&self, key: &[u8]) -> Box<dyn hmac::Key> {
                called(concat!(stringify!($who), " Hmac::with_key"));
                Box::new($key(hmacs::Key::new(hmacs::HMAC_SHA256, key)))
            }
            fn hash_output_len(&self) -> usize {
                called(concat!(stringify!($who), " Hmac::hash_output_len"));
                32
            }
            $($more)*
        }

        struct $key(hmacs::Key);

        impl hmac::Key for $key {
            fn sign_concat(&self, first: &[u8], middle: &[&[u8]], last: &[u8]) -> hmac::Tag {
                called(concat!(stringify!($who), " Key::sign_concat"));
                let pieces = [&[first], middle, &[last]].concat();
                signed(&self.0, &pieces)
            }
            fn tag_len(&self) -> usize {
                called(concat!(stringify!($who), " Key::tag_len"));
                32
            }
            $($of_key)*
        }
    };
}

fn signed(key: &hmacs::Key, pieces: &[&[u8]]) -> hmac::Tag {
    let mut context = hmacs::Context::with_key(key);
    pieces.iter().for_each(|piece| context.update(piece));
    hmac::Tag::new(context.sign().as_ref())
}

authentication!(Bare, BareKey {} {});
authentication!(Full, FullKey {
    fn fips(&self) -> bool {
        called("Full Hmac::fips");
        false
    }
} {
    fn sign(&self, data: &[&[u8]]) -> hmac::Tag {
        called("Full Key::sign");
        signed(&self.0, data)
    }
});

// ---------------------------------------------------------------- the schedules

/// HKDF of its own, over its HMAC.
impl Hkdf for Full {
    fn extract_from_zero_ikm(&self, salt: Option<&[u8]>) -> Box<dyn HkdfExpander> {
        called("Full Hkdf::extract_from_zero_ikm");
        extracted(salt, &[0; 32])
    }

    fn extract_from_secret(&self, salt: Option<&[u8]>, secret: &[u8]) -> Box<dyn HkdfExpander> {
        called("Full Hkdf::extract_from_secret");
        extracted(salt, secret)
    }

    fn extract_from_kx_shared_secret(
        &self,
        salt: Option<&[u8]>,
        kx: Box<dyn ActiveKeyExchange>,
        peer_pub_key: &[u8],
    ) -> Result<Box<dyn HkdfExpander>, Error> {
        called("Full Hkdf::extract_from_kx_shared_secret");
        Ok(extracted(salt, kx.complete_for_tls_version(peer_pub_key, &TLS13)?.secret_bytes()))
    }

    fn expander_for_okm(&self, okm: &OkmBlock) -> Box<dyn HkdfExpander> {
        called("Full Hkdf::expander_for_okm");
        Box::new(FullExpander(hmac::Hmac::with_key(self, okm.as_ref())))
    }

    fn hmac_sign(&self, key: &OkmBlock, message: &[u8]) -> hmac::Tag {
        called("Full Hkdf::hmac_sign");
        hmac::Hmac::with_key(self, key.as_ref()).sign(&[message])
    }

    fn fips(&self) -> bool {
        called("Full Hkdf::fips");
        false
    }
}

fn extracted(salt: Option<&[u8]>, secret: &[u8]) -> Box<dyn HkdfExpander> {
    let zeros = vec![0; hmac::Hmac::hash_output_len(&Full)];
    let prk = hmac::Hmac::with_key(&Full, salt.unwrap_or(&zeros)).sign(&[secret]);
    Box::new(FullExpander(hmac::Hmac::with_key(&Full, prk.as_ref())))
}

struct FullExpander(Box<dyn hmac::Key>);

impl HkdfExpander for FullExpander {
    fn expand_slice(&self, info: &[&[u8]], output: &mut [u8]) -> Result<(), OutputLengthError> {
        called("Full HkdfExpander::expand_slice");
        let block_len = self.0.tag_len();
        if output.len() > 255 * block_len {
            return Err(OutputLengthError);
        }
        let mut block = Vec::new();
        for (number, part) in (1u8..).zip(output.chunks_mut(block_len)) {
            block = self.0.sign_concat(&block, info, &[number]).as_ref().to_vec();
            part.copy_from_slice(&block[..part.len()]);
        }
        Ok(())
    }

    fn expand_block(&self, info: &[&[u8]]) -> OkmBlock {
        called("Full HkdfExpander::expand_block");
        OkmBlock::new(self.0.sign_concat(&[], info, &[1]).as_ref())
    }

    fn hash_len(&self) -> usize {
        called("Full HkdfExpander::hash_len");
        32
    }
}

/// RFC 5246 section 5.
impl Prf for Full {
    fn for_key_exchange(
        &self,
        output: &mut [u8; 48],
        kx: Box<dyn ActiveKeyExchange>,
        peer_pub_key: &[u8],
        label: &[u8],
        seed: &[u8],
    ) -> Result<(), Error> {
        called("Full Prf::for_key_exchange");
        let secret = kx.complete_for_tls_version(peer_pub_key, &TLS12)?;
        p_hash(output, secret.secret_bytes(), label, seed);
        Ok(())
    }

    fn for_secret(&self, output: &mut [u8], secret: &[u8], label: &[u8], seed: &[u8]) {
        called("Full Prf::for_secret");
        p_hash(output, secret, label, seed);
    }

    fn fips(&self) -> bool {
        called("Full Prf::fips");
        false
    }
}

fn p_hash(output: &mut [u8], secret: &[u8], label: &[u8], seed: &[u8]) {
    let key = hmac::Hmac::with_key(&Full, secret);
    let mut a = key.sign(&[label, seed]);
    for part in output.chunks_mut(32) {
        part.copy_from_slice(&key.sign(&[a.as_ref(), label, seed]).as_ref()[..part.len()]);
        a = key.sign(&[a.as_ref()]);
    }
}

// ---------------------------------------------------------------- key exchange

fn generate(algorithm: &'static agreement::Algorithm) -> Result<(PrivateKey, Vec<u8>), Error> {
    let key = PrivateKey::generate(algorithm).map_err(|_| Error::FailedToGetRandomBytes)?;
    let public = key.compute_public_key().map_err(|_| Error::FailedToGetRandomBytes)?.as_ref().to_vec();
    Ok((key, public))
}

fn agreed(key: &PrivateKey, peer: &[u8]) -> Result<SharedSecret, Error> {
    let peer = UnparsedPublicKey::new(key.algorithm(), peer);
    agreement::agree(key, peer, (), |secret| Ok(SharedSecret::from(secret)))
        .map_err(|()| PeerMisbehaved::InvalidKeyShare.into())
}

/// A group without any of the defaults replaced.
#[derive(Debug)]
struct BareP256;

impl SupportedKxGroup for BareP256 {
    fn start(&self) -> Result<Box<dyn ActiveKeyExchange>, Error> {
        called("Bare SupportedKxGroup::start");
        let (key, public) = generate(&agreement::ECDH_P256)?;
        Ok(Box::new(BareActive { key, public }))
    }

    fn name(&self) -> NamedGroup {
        called("Bare SupportedKxGroup::name");
        NamedGroup::secp256r1
    }
}

struct BareActive {
    key: PrivateKey,
    public: Vec<u8>,
}

impl ActiveKeyExchange for BareActive {
    fn complete(self: Box<Self>, peer_pub_key: &[u8]) -> Result<SharedSecret, Error> {
        called("Bare ActiveKeyExchange::complete");
        agreed(&self.key, peer_pub_key)
    }

    fn pub_key(&self) -> &[u8] {
        called("Bare ActiveKeyExchange::pub_key");
        &self.public
    }

    fn group(&self) -> NamedGroup {
        called("Bare ActiveKeyExchange::group");
        NamedGroup::secp256r1
    }
}

/// What both groups of `Full` say beside their keys.
macro_rules! full_group {
    ($name:expr, $versions:expr) => {
        fn ffdhe_group(&self) -> Option<FfdheGroup<'static>> {
            called("Full SupportedKxGroup::ffdhe_group");
            None
        }

        fn name(&self) -> NamedGroup {
            called("Full SupportedKxGroup::name");
            $name
        }

        fn fips(&self) -> bool {
            called("Full SupportedKxGroup::fips");
            false
        }

        fn usable_for_version(&self, version: ProtocolVersion) -> bool {
            called("Full SupportedKxGroup::usable_for_version");
            $versions.contains(&version)
        }
    };
}

#[derive(Debug)]
struct FullX25519;

impl SupportedKxGroup for FullX25519 {
    fn start(&self) -> Result<Box<dyn ActiveKeyExchange>, Error> {
        called("Full SupportedKxGroup::start");
        let (key, public) = generate(&agreement::X25519)?;
        Ok(Box::new(FullActive { name: NamedGroup::X25519, kem: None, key, public, classical: Vec::new() }))
    }

    fn start_and_complete(&self, peer_pub_key: &[u8]) -> Result<CompletedKeyExchange, Error> {
        called("Full SupportedKxGroup::start_and_complete");
        let (key, pub_key) = generate(&agreement::X25519)?;
        let secret = agreed(&key, peer_pub_key)?;
        Ok(CompletedKeyExchange { group: NamedGroup::X25519, pub_key, secret })
    }

    full_group!(NamedGroup::X25519, [ProtocolVersion::TLSv1_2, ProtocolVersion::TLSv1_3]);
}

/// ML-KEM-768 and X25519, in this order.
#[derive(Debug)]
struct FullHybrid;

const KEM_PUBLIC: usize = 1184;
const KEM_CIPHERTEXT: usize = 1088;

impl SupportedKxGroup for FullHybrid {
    fn start(&self) -> Result<Box<dyn ActiveKeyExchange>, Error> {
        called("Full SupportedKxGroup::start");
        let (key, classical) = generate(&agreement::X25519)?;
        let kem =
            kem::DecapsulationKey::generate(&kem::ML_KEM_768).map_err(|_| Error::FailedToGetRandomBytes)?;
        let of_kem = kem.encapsulation_key().and_then(|key| key.key_bytes()).unwrap();
        let public = [of_kem.as_ref(), &classical].concat();
        Ok(Box::new(FullActive { name: NamedGroup::X25519MLKEM768, kem: Some(kem), key, public, classical }))
    }

    fn start_and_complete(&self, peer_pub_key: &[u8]) -> Result<CompletedKeyExchange, Error> {
        called("Full SupportedKxGroup::start_and_complete");
        let invalid = || Error::from(PeerMisbehaved::InvalidKeyShare);
        let (to_kem, classical) = peer_pub_key.split_at_checked(KEM_PUBLIC).ok_or_else(invalid)?;
        let kem = kem::EncapsulationKey::new(&kem::ML_KEM_768, to_kem).map_err(|_| invalid())?;
        let (ciphertext, from_kem) = kem.encapsulate().map_err(|_| invalid())?;
        let (key, public) = generate(&agreement::X25519)?;
        let secret = agreed(&key, classical)?;
        Ok(CompletedKeyExchange {
            group: NamedGroup::X25519MLKEM768,
            pub_key: [ciphertext.as_ref(), &public].concat(),
            secret: [from_kem.as_ref(), secret.secret_bytes()].concat().into(),
        })
    }

    full_group!(NamedGroup::X25519MLKEM768, [ProtocolVersion::TLSv1_3]);
}

struct FullActive {
    name: NamedGroup,
    kem: Option<kem::DecapsulationKey>,
    key: PrivateKey,
    public: Vec<u8>,
    /// The public half of the curve, in a hybrid.
    classical: Vec<u8>,
}

impl ActiveKeyExchange for FullActive {
    fn complete_for_tls_version(
        self: Box<Self>,
        peer_pub_key: &[u8],
        _: &SupportedProtocolVersion,
    ) -> Result<SharedSecret, Error> {
        called("Full ActiveKeyExchange::complete_for_tls_version");
        self.complete(peer_pub_key)
    }

    fn complete(self: Box<Self>, peer_pub_key: &[u8]) -> Result<SharedSecret, Error> {
        called("Full ActiveKeyExchange::complete");
        let Some(kem) = &self.kem else { return agreed(&self.key, peer_pub_key) };
        let invalid = || Error::from(PeerMisbehaved::InvalidKeyShare);
        let (ciphertext, classical) = peer_pub_key.split_at_checked(KEM_CIPHERTEXT).ok_or_else(invalid)?;
        let from_kem = kem.decapsulate(ciphertext.into()).map_err(|_| invalid())?;
        Ok([from_kem.as_ref(), agreed(&self.key, classical)?.secret_bytes()].concat().into())
    }

    fn hybrid_component(&self) -> Option<(NamedGroup, &[u8])> {
        called("Full ActiveKeyExchange::hybrid_component");
        self.kem.as_ref().map(|_| (NamedGroup::X25519, &self.classical[..]))
    }

    fn complete_hybrid_component(self: Box<Self>, peer_pub_key: &[u8]) -> Result<SharedSecret, Error> {
        called("Full ActiveKeyExchange::complete_hybrid_component");
        agreed(&self.key, peer_pub_key)
    }

    fn pub_key(&self) -> &[u8] {
        called("Full ActiveKeyExchange::pub_key");
        &self.public
    }

    fn ffdhe_group(&self) -> Option<FfdheGroup<'static>> {
        called("Full ActiveKeyExchange::ffdhe_group");
        None
    }

    fn group(&self) -> NamedGroup {
        called("Full ActiveKeyExchange::group");
        self.name
    }
}

// ---------------------------------------------------------------- records

fn bound(algorithm: &'static aead::Algorithm, key: &AeadKey) -> LessSafeKey {
    LessSafeKey::new(UnboundKey::new(algorithm, key.as_ref()).unwrap())
}

fn unique(nonce: Nonce) -> aead::Nonce {
    aead::Nonce::assume_unique_for_key(nonce.0)
}

macro_rules! records {
    ($who:ident, $algorithm:ident, $key_len:expr, $secrets:ident, $explicit:expr,
     $sealer:ident, $opener:ident {$($more13:tt)*} {$($more12:tt)*}) => {
        impl Tls13AeadAlgorithm for $who {
            fn encrypter(&self, key: AeadKey, iv: Iv) -> Box<dyn MessageEncrypter> {
                called(concat!(stringify!($who), " Tls13AeadAlgorithm::encrypter"));
                Box::new($sealer { key: bound(&aead::$algorithm, &key), iv, tls12: false })
            }
            fn decrypter(&self, key: AeadKey, iv: Iv) -> Box<dyn MessageDecrypter> {
                called(concat!(stringify!($who), " Tls13AeadAlgorithm::decrypter"));
                Box::new($opener { key: bound(&aead::$algorithm, &key), iv, tls12: false })
            }
            fn key_len(&self) -> usize {
                called(concat!(stringify!($who), " Tls13AeadAlgorithm::key_len"));
                $key_len
            }
            fn extract_keys(&self, key: AeadKey, iv: Iv) -> Result<ConnectionTrafficSecrets, UnsupportedOperationError> {
                called(concat!(stringify!($who), " Tls13AeadAlgorithm::extract_keys"));
                Ok(ConnectionTrafficSecrets::$secrets { key, iv })
            }
            $($more13)*
        }

        impl Tls12AeadAlgorithm for $who {
            fn encrypter(&self, key: AeadKey, iv: &[u8], extra: &[u8]) -> Box<dyn MessageEncrypter> {
                called(concat!(stringify!($who), " Tls12AeadAlgorithm::encrypter"));
                let iv = Iv::copy(&[iv, extra].concat());
                Box::new($sealer { key: bound(&aead::$algorithm, &key), iv, tls12: true })
            }
            fn decrypter(&self, key: AeadKey, iv: &[u8]) -> Box<dyn MessageDecrypter> {
                called(concat!(stringify!($who), " Tls12AeadAlgorithm::decrypter"));
                let iv = Iv::copy(&[iv, &[0; $explicit]].concat());
                Box::new($opener { key: bound(&aead::$algorithm, &key), iv, tls12: true })
            }
            fn key_block_shape(&self) -> KeyBlockShape {
                called(concat!(stringify!($who), " Tls12AeadAlgorithm::key_block_shape"));
                KeyBlockShape { enc_key_len: $key_len, fixed_iv_len: 12 - $explicit, explicit_nonce_len: $explicit }
            }
            fn extract_keys(
                &self,
                key: AeadKey,
                iv: &[u8],
                explicit: &[u8],
            ) -> Result<ConnectionTrafficSecrets, UnsupportedOperationError> {
                called(concat!(stringify!($who), " Tls12AeadAlgorithm::extract_keys"));
                Ok(ConnectionTrafficSecrets::$secrets { key, iv: Iv::copy(&[iv, explicit].concat()) })
            }
            $($more12)*
        }

        struct $sealer {
            key: LessSafeKey,
            iv: Iv,
            tls12: bool,
        }

        impl MessageEncrypter for $sealer {
            fn encrypt(&mut self, msg: OutboundPlainMessage<'_>, seq: u64) -> Result<OutboundOpaqueMessage, Error> {
                called(concat!(stringify!($who), " MessageEncrypter::encrypt"));
                let (nonce, len) = (Nonce::new(&self.iv, seq), msg.payload.len());
                let mut payload = PrefixedPayload::with_capacity(self.encrypted_payload_len(len));
                if !self.tls12 {
                    payload.extend_from_chunks(&msg.payload);
                    payload.extend_from_slice(&msg.typ.to_array());
                    let aad = Aad::from(make_tls13_aad(len + 17));
                    self.key
                        .seal_in_place_append_tag(unique(nonce), aad, &mut payload)
                        .map_err(|_| Error::EncryptError)?;
                    let (typ, version) = (ContentType::ApplicationData, ProtocolVersion::TLSv1_2);
                    return Ok(OutboundOpaqueMessage::new(typ, version, payload));
                }
                payload.extend_from_slice(&nonce.0[12 - $explicit..]);
                payload.extend_from_chunks(&msg.payload);
                let aad = Aad::from(make_tls12_aad(seq, msg.typ, msg.version, len));
                let tag = self
                    .key
                    .seal_in_place_separate_tag(unique(nonce), aad, &mut payload.as_mut()[$explicit..])
                    .map_err(|_| Error::EncryptError)?;
                payload.extend(tag.as_ref());
                Ok(OutboundOpaqueMessage::new(msg.typ, msg.version, payload))
            }
            fn encrypted_payload_len(&self, payload_len: usize) -> usize {
                called(concat!(stringify!($who), " MessageEncrypter::encrypted_payload_len"));
                payload_len + 16 + if self.tls12 { $explicit } else { 1 }
            }
        }

        struct $opener {
            key: LessSafeKey,
            iv: Iv,
            tls12: bool,
        }

        impl MessageDecrypter for $opener {
            fn decrypt<'a>(
                &mut self,
                mut msg: InboundOpaqueMessage<'a>,
                seq: u64,
            ) -> Result<InboundPlainMessage<'a>, Error> {
                called(concat!(stringify!($who), " MessageDecrypter::decrypt"));
                let mut nonce = Nonce::new(&self.iv, if self.tls12 && $explicit > 0 { 0 } else { seq });
                let payload = &mut msg.payload;
                if !self.tls12 {
                    let aad = Aad::from(make_tls13_aad(payload.len()));
                    let len = self
                        .key
                        .open_in_place(unique(nonce), aad, payload)
                        .map_err(|_| Error::DecryptError)?
                        .len();
                    payload.truncate(len);
                    return msg.into_tls13_unpadded_message();
                }
                let len = payload.len().checked_sub($explicit + 16).ok_or(Error::DecryptError)?;
                nonce.0[12 - $explicit..].copy_from_slice(&payload[..$explicit]);
                if $explicit == 0 {
                    nonce = Nonce::new(&self.iv, seq);
                }
                let aad = Aad::from(make_tls12_aad(seq, msg.typ, msg.version, len));
                self.key
                    .open_in_place(unique(nonce), aad, &mut payload[$explicit..])
                    .map_err(|_| Error::DecryptError)?;
                Ok(msg.into_plain_message_range($explicit..$explicit + len))
            }
        }
    };
}

records!(Bare, CHACHA20_POLY1305, 32, Chacha20Poly1305, 0, BareSealer, BareOpener {} {});
records!(Full, AES_128_GCM, 16, Aes128Gcm, 8, FullSealer, FullOpener {
    fn fips(&self) -> bool {
        called("Full Tls13AeadAlgorithm::fips");
        false
    }
} {
    fn fips(&self) -> bool {
        called("Full Tls12AeadAlgorithm::fips");
        false
    }
});

// ---------------------------------------------------------------- packets

macro_rules! packets {
    ($who:ident, $algorithm:ident, $mask:ident, $key_len:expr, $packet:ident, $header:ident
     {$($more:tt)*} {$($of_paths:tt)*}) => {
        impl Algorithm for $who {
            fn packet_key(&self, key: AeadKey, iv: Iv) -> Box<dyn PacketKey> {
                called(concat!(stringify!($who), " Algorithm::packet_key"));
                Box::new($packet(bound(&aead::$algorithm, &key), iv))
            }
            fn header_protection_key(&self, key: AeadKey) -> Box<dyn HeaderProtectionKey> {
                called(concat!(stringify!($who), " Algorithm::header_protection_key"));
                Box::new($header(Mask::new(&masks::$mask, key.as_ref()).unwrap()))
            }
            fn aead_key_len(&self) -> usize {
                called(concat!(stringify!($who), " Algorithm::aead_key_len"));
                $key_len
            }
            $($more)*
        }

        struct $packet(LessSafeKey, Iv);

        impl PacketKey for $packet {
            fn encrypt_in_place(&self, number: u64, header: &[u8], payload: &mut [u8]) -> Result<Tag, Error> {
                called(concat!(stringify!($who), " PacketKey::encrypt_in_place"));
                seal(&self.0, Nonce::new(&self.1, number), header, payload)
            }
            fn decrypt_in_place<'a>(&self, number: u64, header: &[u8], payload: &'a mut [u8]) -> Result<&'a [u8], Error> {
                called(concat!(stringify!($who), " PacketKey::decrypt_in_place"));
                open(&self.0, Nonce::new(&self.1, number), header, payload)
            }
            fn tag_len(&self) -> usize {
                called(concat!(stringify!($who), " PacketKey::tag_len"));
                16
            }
            fn confidentiality_limit(&self) -> u64 {
                called(concat!(stringify!($who), " PacketKey::confidentiality_limit"));
                1 << 23
            }
            fn integrity_limit(&self) -> u64 {
                called(concat!(stringify!($who), " PacketKey::integrity_limit"));
                1 << 36
            }
            $($of_paths)*
        }

        struct $header(Mask);

        impl HeaderProtectionKey for $header {
            fn encrypt_in_place(&self, sample: &[u8], first: &mut u8, number: &mut [u8]) -> Result<(), Error> {
                called(concat!(stringify!($who), " HeaderProtectionKey::encrypt_in_place"));
                let len = usize::from(*first & 3) + 1;
                masked(&self.0, sample, first, number, |_| len)
            }
            fn decrypt_in_place(&self, sample: &[u8], first: &mut u8, number: &mut [u8]) -> Result<(), Error> {
                called(concat!(stringify!($who), " HeaderProtectionKey::decrypt_in_place"));
                masked(&self.0, sample, first, number, |first| usize::from(first & 3) + 1)
            }
            fn sample_len(&self) -> usize {
                called(concat!(stringify!($who), " HeaderProtectionKey::sample_len"));
                16
            }
        }
    };
}

fn seal(key: &LessSafeKey, nonce: Nonce, header: &[u8], payload: &mut [u8]) -> Result<Tag, Error> {
    let tag = key.seal_in_place_separate_tag(unique(nonce), Aad::from(header), payload);
    tag.map(|tag| Tag::from(tag.as_ref())).map_err(|_| Error::EncryptError)
}

fn open<'a>(
    key: &LessSafeKey,
    nonce: Nonce,
    header: &[u8],
    payload: &'a mut [u8],
) -> Result<&'a [u8], Error> {
    key.open_in_place(unique(nonce), Aad::from(header), payload)
        .map(|open| &*open)
        .map_err(|_| Error::DecryptError)
}

/// RFC 9001 section 5.4.1.
fn masked(
    key: &Mask,
    sample: &[u8],
    first: &mut u8,
    number: &mut [u8],
    len: impl Fn(u8) -> usize,
) -> Result<(), Error> {
    let [flags, rest @ ..] = key.new_mask(sample).map_err(|_| Error::EncryptError)?;
    *first ^= flags & if *first & 0x80 == 0 { 0x1f } else { 0x0f };
    number.iter_mut().zip(rest).take(len(*first)).for_each(|(byte, mask)| *byte ^= mask);
    Ok(())
}

packets!(Bare, CHACHA20_POLY1305, CHACHA20, 32, BarePacket, BareHeader {} {});
packets!(Full, AES_128_GCM, AES_128, 16, FullPacket, FullHeader {
    fn fips(&self) -> bool {
        called("Full Algorithm::fips");
        false
    }
} {
    fn encrypt_in_place_for_path(&self, path: u32, number: u64, header: &[u8], payload: &mut [u8]) -> Result<Tag, Error> {
        called("Full PacketKey::encrypt_in_place_for_path");
        seal(&self.0, Nonce::for_path(path, &self.1, number), header, payload)
    }
    fn decrypt_in_place_for_path<'a>(
        &self,
        path: u32,
        number: u64,
        header: &[u8],
        payload: &'a mut [u8],
    ) -> Result<&'a [u8], Error> {
        called("Full PacketKey::decrypt_in_place_for_path");
        open(&self.0, Nonce::for_path(path, &self.1, number), header, payload)
    }
});

// ---------------------------------------------------------------- keys and signatures

macro_rules! keys {
    ($who:ident, $key:ident {$($more:tt)*} {$($of_key:tt)*} {$($of_algorithm:tt)*}) => {
        impl KeyProvider for $who {
            fn load_private_key(&self, der: PrivateKeyDer<'static>) -> Result<Arc<dyn SigningKey>, Error> {
                called(concat!(stringify!($who), " KeyProvider::load_private_key"));
                let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, der.secret_der());
                pair.map(|pair| Arc::new($key(Arc::new(pair))) as _)
                    .map_err(|_| Error::General("it is no key on P-256".into()))
            }
            $($more)*
        }

        #[derive(Debug)]
        struct $key(Arc<EcdsaKeyPair>);

        impl SigningKey for $key {
            fn choose_scheme(&self, offered: &[SignatureScheme]) -> Option<Box<dyn Signer>> {
                called(concat!(stringify!($who), " SigningKey::choose_scheme"));
                let signer = OwnSigner { who: stringify!($who), pair: self.0.clone() };
                offered.contains(&SignatureScheme::ECDSA_NISTP256_SHA256).then(|| Box::new(signer) as _)
            }
            fn algorithm(&self) -> SignatureAlgorithm {
                called(concat!(stringify!($who), " SigningKey::algorithm"));
                SignatureAlgorithm::ECDSA
            }
            $($of_key)*
        }

        impl SignatureVerificationAlgorithm for $who {
            fn verify_signature(&self, key: &[u8], message: &[u8], signature: &[u8]) -> Result<(), InvalidSignature> {
                called(concat!(stringify!($who), " SignatureVerificationAlgorithm::verify_signature"));
                let key = Verifier::new(&ECDSA_P256_SHA256_ASN1, key);
                key.verify(message, signature).map_err(|_| InvalidSignature)
            }
            fn public_key_alg_id(&self) -> AlgorithmIdentifier {
                called(concat!(stringify!($who), " SignatureVerificationAlgorithm::public_key_alg_id"));
                alg_id::ECDSA_P256
            }
            fn signature_alg_id(&self) -> AlgorithmIdentifier {
                called(concat!(stringify!($who), " SignatureVerificationAlgorithm::signature_alg_id"));
                alg_id::ECDSA_SHA256
            }
            $($of_algorithm)*
        }
    };
}

keys!(Bare, BareSigning {} {} {});
keys!(Full, FullSigning {
    fn fips(&self) -> bool {
        called("Full KeyProvider::fips");
        false
    }
} {
    fn public_key(&self) -> Option<SubjectPublicKeyInfoDer<'_>> {
        called("Full SigningKey::public_key");
        Some(public_key_to_spki(&alg_id::ECDSA_P256, self.0.public_key()))
    }
} {
    fn fips(&self) -> bool {
        called("Full SignatureVerificationAlgorithm::fips");
        false
    }
});

struct OwnSigner {
    who: &'static str,
    pair: Arc<EcdsaKeyPair>,
}

impl Signer for OwnSigner {
    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, Error> {
        called(if self.who == "Full" { "Full Signer::sign" } else { "Bare Signer::sign" });
        let signature = self.pair.sign(&rand::SystemRandom::new(), message);
        signature
            .map(|signature| signature.as_ref().to_vec())
            .map_err(|_| Error::General("cannot sign".into()))
    }

    fn scheme(&self) -> SignatureScheme {
        called(if self.who == "Full" { "Full Signer::scheme" } else { "Bare Signer::scheme" });
        SignatureScheme::ECDSA_NISTP256_SHA256
    }
}

impl fmt::Debug for OwnSigner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("OwnSigner")
    }
}
