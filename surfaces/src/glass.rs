//! A provider that hides nothing: all its keys are known, its hash does not look at what it hashes, and it takes any
//! signature.
//!
//! So a changed message reaches the flow behind the record protection, and the handshake goes on after it: the transcript
//! is the same whatever was said, each Finished and binder is [`MAC`], and a record is what is in it and one byte. It is
//! written against the public traits alone, and the same input always gives the same bytes.

use std::sync::Arc;

use chitin::crypto::cipher::{
    AeadKey, InboundOpaqueMessage, InboundPlainMessage, Iv, KeyBlockShape, MessageDecrypter,
    MessageEncrypter, OutboundOpaqueMessage, OutboundPlainMessage, PrefixedPayload, Sealed,
    Tls12AeadAlgorithm, Tls13AeadAlgorithm, UnsupportedOperationError,
};
use chitin::crypto::{
    ActiveKeyExchange, CryptoProvider, GetRandomFailed, KeyExchangeAlgorithm, KeyProvider, SecureRandom,
    SharedSecret, SupportedKxGroup, WebPkiSupportedAlgorithms, hash, hmac, tls12, tls13,
};
use chitin::pki_types::{
    AlgorithmIdentifier, InvalidSignature, PrivateKeyDer, SignatureVerificationAlgorithm, alg_id,
};
use chitin::quic;
use chitin::sign::{Signer, SigningKey};
use chitin::{
    CipherSuite, CipherSuiteCommon, ConnectionTrafficSecrets, ContentType, Error, NamedGroup, PeerMisbehaved,
    ProtocolVersion, SignatureAlgorithm, SignatureScheme, SupportedCipherSuite, Tls12CipherSuite,
    Tls13CipherSuite,
};

/// What every hash and every MAC is, cut to the length of the hash.
pub const MAC: [u8; 48] = [0x4d; 48];

/// Ends each protected record. Any other byte there means that the record does not open.
pub const TAG: u8 = 0xa5;

/// How many bytes a share has.
const SHARE: usize = 32;

/// The provider with these groups.
pub fn provider(groups: &[&'static dyn SupportedKxGroup]) -> Arc<CryptoProvider> {
    Arc::new(CryptoProvider {
        cipher_suites: vec![
            SupportedCipherSuite::Tls13(&SUITE_256),
            SupportedCipherSuite::Tls13(&SUITE_384),
            SupportedCipherSuite::Tls12(&SUITE12_256),
            SupportedCipherSuite::Tls12(&SUITE12_384),
        ],
        kx_groups: groups.to_vec(),
        signature_verification_algorithms: ALGORITHMS,
        secure_random: &Glass,
        key_provider: &Glass,
    })
}

/// The two groups of a victim.
pub const GROUPS: [&dyn SupportedKxGroup; 2] = [&Group(NamedGroup::X25519), &Group(NamedGroup::secp256r1)];

/// One that no victim has: a peer that prefers it is asked to try again.
pub const OTHER_GROUP: &dyn SupportedKxGroup = &Group(NamedGroup::secp384r1);

static SUITE_256: Tls13CipherSuite = Tls13CipherSuite {
    common: common(CipherSuite::TLS13_AES_128_GCM_SHA256, &Hash(hash::HashAlgorithm::SHA256, 32)),
    hkdf_provider: &tls13::HkdfUsingHmac(&Hmac(32)),
    aead_alg: &Glass,
    quic: Some(&Packets),
};

static SUITE_384: Tls13CipherSuite = Tls13CipherSuite {
    common: common(CipherSuite::TLS13_AES_256_GCM_SHA384, &Hash(hash::HashAlgorithm::SHA384, 48)),
    hkdf_provider: &tls13::HkdfUsingHmac(&Hmac(48)),
    aead_alg: &Glass,
    quic: Some(&Packets),
};

static SUITE12_256: Tls12CipherSuite = Tls12CipherSuite {
    common: common(
        CipherSuite::TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256,
        &Hash(hash::HashAlgorithm::SHA256, 32),
    ),
    prf_provider: &tls12::PrfUsingHmac(&Hmac(32)),
    kx: KeyExchangeAlgorithm::ECDHE,
    sign: &[SignatureScheme::ECDSA_NISTP256_SHA256],
    aead_alg: &Glass,
};

static SUITE12_384: Tls12CipherSuite = Tls12CipherSuite {
    common: common(
        CipherSuite::TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384,
        &Hash(hash::HashAlgorithm::SHA384, 48),
    ),
    prf_provider: &tls12::PrfUsingHmac(&Hmac(48)),
    kx: KeyExchangeAlgorithm::ECDHE,
    sign: &[SignatureScheme::ECDSA_NISTP256_SHA256],
    aead_alg: &Glass,
};

/// A low limit, so that keys change by themselves within one input.
const fn common(suite: CipherSuite, hash_provider: &'static dyn hash::Hash) -> CipherSuiteCommon {
    CipherSuiteCommon { suite, hash_provider, confidentiality_limit: 64 }
}

static ALGORITHMS: WebPkiSupportedAlgorithms = WebPkiSupportedAlgorithms {
    all: &[&ECDSA, &RSA],
    mapping: &[
        (SignatureScheme::ECDSA_NISTP256_SHA256, &[&ECDSA]),
        (SignatureScheme::RSA_PSS_SHA256, &[&RSA]),
    ],
};

static ECDSA: Credulous = Credulous { key: alg_id::ECDSA_P256, signature: alg_id::ECDSA_SHA256 };
static RSA: Credulous = Credulous { key: alg_id::RSA_ENCRYPTION, signature: alg_id::RSA_PSS_SHA256 };

#[derive(Debug)]
pub struct Glass;

// ---- randomness, keys, signatures

impl SecureRandom for Glass {
    /// The same bytes for the same length, and no two neighbours alike.
    fn fill(&self, buf: &mut [u8]) -> Result<(), GetRandomFailed> {
        buf.iter_mut().zip(0_u8..=u8::MAX).for_each(|(to, at)| *to = at.wrapping_mul(37).wrapping_add(11));
        Ok(())
    }
}

impl KeyProvider for Glass {
    fn load_private_key(&self, _: PrivateKeyDer<'static>) -> Result<Arc<dyn SigningKey>, Error> {
        Ok(Arc::new(Glass))
    }
}

impl SigningKey for Glass {
    fn choose_scheme(&self, offered: &[SignatureScheme]) -> Option<Box<dyn Signer>> {
        let known = offered.contains(&SignatureScheme::ECDSA_NISTP256_SHA256);
        known.then(|| Box::new(Glass) as Box<dyn Signer>)
    }

    fn algorithm(&self) -> SignatureAlgorithm {
        SignatureAlgorithm::ECDSA
    }
}

impl Signer for Glass {
    fn sign(&self, _: &[u8]) -> Result<Vec<u8>, Error> {
        Ok(b"signed".to_vec())
    }

    fn scheme(&self) -> SignatureScheme {
        SignatureScheme::ECDSA_NISTP256_SHA256
    }
}

/// Takes any signature that is not empty.
#[derive(Debug)]
struct Credulous {
    key: AlgorithmIdentifier,
    signature: AlgorithmIdentifier,
}

impl SignatureVerificationAlgorithm for Credulous {
    fn verify_signature(&self, _: &[u8], _: &[u8], signature: &[u8]) -> Result<(), InvalidSignature> {
        if signature.is_empty() { Err(InvalidSignature) } else { Ok(()) }
    }

    fn public_key_alg_id(&self) -> AlgorithmIdentifier {
        self.key
    }

    fn signature_alg_id(&self) -> AlgorithmIdentifier {
        self.signature
    }
}

/// The algorithms, for those who build paths themselves.
pub fn algorithms() -> &'static [&'static dyn SignatureVerificationAlgorithm] {
    ALGORITHMS.all
}

// ---- key exchange

#[derive(Clone, Copy, Debug)]
struct Group(NamedGroup);

impl SupportedKxGroup for Group {
    fn start(&self) -> Result<Box<dyn ActiveKeyExchange>, Error> {
        Ok(Box::new(*self))
    }

    fn name(&self) -> NamedGroup {
        self.0
    }
}

impl ActiveKeyExchange for Group {
    fn complete(self: Box<Self>, peer_pub_key: &[u8]) -> Result<SharedSecret, Error> {
        match peer_pub_key.len() {
            SHARE => Ok(MAC.as_slice().into()),
            _ => Err(PeerMisbehaved::InvalidKeyShare.into()),
        }
    }

    fn pub_key(&self) -> &[u8] {
        &[0x11; SHARE]
    }

    fn group(&self) -> NamedGroup {
        self.0
    }
}

// ---- hashes

struct Hash(hash::HashAlgorithm, usize);

impl hash::Hash for Hash {
    fn start(&self) -> Box<dyn hash::Context> {
        Box::new(Context(self.1))
    }

    fn hash(&self, _: &[u8]) -> hash::Output {
        hash::Output::new(&MAC[..self.1])
    }

    fn output_len(&self) -> usize {
        self.1
    }

    fn algorithm(&self) -> hash::HashAlgorithm {
        self.0
    }
}

struct Context(usize);

impl hash::Context for Context {
    fn fork_finish(&self) -> hash::Output {
        hash::Output::new(&MAC[..self.0])
    }

    fn fork(&self) -> Box<dyn hash::Context> {
        Box::new(Context(self.0))
    }

    fn finish(self: Box<Self>) -> hash::Output {
        self.fork_finish()
    }

    fn update(&mut self, _: &[u8]) {}
}

struct Hmac(usize);

impl hmac::Hmac for Hmac {
    fn with_key(&self, _: &[u8]) -> Box<dyn hmac::Key> {
        Box::new(Hmac(self.0))
    }

    fn hash_output_len(&self) -> usize {
        self.0
    }
}

impl hmac::Key for Hmac {
    fn sign_concat(&self, _: &[u8], _: &[&[u8]], _: &[u8]) -> hmac::Tag {
        hmac::Tag::new(&MAC[..self.0])
    }

    fn tag_len(&self) -> usize {
        self.0
    }
}

// ---- records

impl Tls13AeadAlgorithm for Glass {
    fn encrypter(&self, _: AeadKey, _: Iv) -> Box<dyn MessageEncrypter> {
        Box::new(Glass13)
    }

    fn decrypter(&self, _: AeadKey, _: Iv) -> Box<dyn MessageDecrypter> {
        Box::new(Glass13)
    }

    fn key_len(&self) -> usize {
        32
    }

    fn extract_keys(
        &self,
        key: AeadKey,
        iv: Iv,
    ) -> Result<ConnectionTrafficSecrets, UnsupportedOperationError> {
        let _ = (key, iv);
        Err(UnsupportedOperationError)
    }
}

impl Tls12AeadAlgorithm for Glass {
    fn encrypter(&self, _: AeadKey, _: &[u8], _: &[u8]) -> Box<dyn MessageEncrypter> {
        Box::new(Glass12)
    }

    fn decrypter(&self, _: AeadKey, _: &[u8]) -> Box<dyn MessageDecrypter> {
        Box::new(Glass12)
    }

    fn key_block_shape(&self) -> KeyBlockShape {
        KeyBlockShape { enc_key_len: 32, fixed_iv_len: 4, explicit_nonce_len: 8 }
    }

    fn extract_keys(
        &self,
        key: AeadKey,
        iv: &[u8],
        explicit: &[u8],
    ) -> Result<ConnectionTrafficSecrets, UnsupportedOperationError> {
        let _ = (key, iv, explicit);
        Err(UnsupportedOperationError)
    }
}

/// TLSInnerPlaintext (RFC 8446 section 5.2) and [`TAG`].
pub struct Glass13;

impl MessageEncrypter for Glass13 {
    fn encrypt(&mut self, msg: OutboundPlainMessage<'_>, _: u64) -> Result<OutboundOpaqueMessage, Error> {
        let mut payload = PrefixedPayload::with_capacity(self.encrypted_payload_len(msg.payload.len()));
        payload.extend_from_chunks(&msg.payload);
        payload.extend_from_slice(&[u8::from(msg.typ), TAG]);
        Ok(OutboundOpaqueMessage::new(ContentType::ApplicationData, ProtocolVersion::TLSv1_2, payload))
    }

    fn encrypted_payload_len(&self, payload_len: usize) -> usize {
        payload_len + 2
    }

    fn seal_padded(
        &mut self,
        msg: OutboundPlainMessage<'_>,
        pad: usize,
        _: u64,
        slot: &mut [u8],
    ) -> Option<Result<Sealed, Error>> {
        let mut inner = msg.payload.to_vec();
        inner.push(u8::from(msg.typ));
        inner.resize(inner.len() + pad, 0);
        inner.push(TAG);
        let [high, low] = u16::try_from(inner.len()).ok()?.to_be_bytes();
        let record = [&[23, 3, 3, high, low][..], &inner].concat();
        slot.get_mut(..record.len())?.copy_from_slice(&record);
        Some(Ok(Sealed::Written(record.len())))
    }
}

impl MessageDecrypter for Glass13 {
    fn decrypt<'a>(
        &mut self,
        msg: InboundOpaqueMessage<'a>,
        _: u64,
    ) -> Result<InboundPlainMessage<'a>, Error> {
        without_tag(msg)?.into_tls13_unpadded_message()
    }

    fn open_into_len(&self, sealed_len: usize) -> Option<usize> {
        sealed_len.checked_sub(1)
    }

    fn open_into(
        &mut self,
        _: ContentType,
        sealed: &[u8],
        seq: u64,
        out: &mut [u8],
    ) -> Result<(ContentType, usize), Error> {
        let mut copy = sealed.to_vec();
        let message =
            InboundOpaqueMessage::new(ContentType::ApplicationData, ProtocolVersion::TLSv1_2, &mut copy);
        let plain = self.decrypt(message, seq)?;
        out.get_mut(..plain.payload.len()).ok_or(Error::DecryptError)?.copy_from_slice(plain.payload);
        Ok((plain.typ, plain.payload.len()))
    }
}

/// The content (RFC 5246 section 6.2.3.3) and [`TAG`].
pub struct Glass12;

impl MessageEncrypter for Glass12 {
    fn encrypt(&mut self, msg: OutboundPlainMessage<'_>, _: u64) -> Result<OutboundOpaqueMessage, Error> {
        let mut payload = PrefixedPayload::with_capacity(self.encrypted_payload_len(msg.payload.len()));
        payload.extend_from_chunks(&msg.payload);
        payload.extend_from_slice(&[TAG]);
        Ok(OutboundOpaqueMessage::new(msg.typ, msg.version, payload))
    }

    fn encrypted_payload_len(&self, payload_len: usize) -> usize {
        payload_len + 1
    }
}

impl MessageDecrypter for Glass12 {
    fn decrypt<'a>(
        &mut self,
        msg: InboundOpaqueMessage<'a>,
        _: u64,
    ) -> Result<InboundPlainMessage<'a>, Error> {
        Ok(without_tag(msg)?.into_plain_message())
    }
}

fn without_tag(mut msg: InboundOpaqueMessage<'_>) -> Result<InboundOpaqueMessage<'_>, Error> {
    match *msg.payload {
        [.., TAG] => {
            let len = msg.payload.len() - 1;
            msg.payload.truncate(len);
            Ok(msg)
        }
        _ => Err(Error::DecryptError),
    }
}

// ---- packets of QUIC

/// Keys that do nothing. An endpoint protects packets with them; here nobody sends one.
struct Packets;

impl quic::Algorithm for Packets {
    fn packet_key(&self, _: AeadKey, _: Iv) -> Box<dyn quic::PacketKey> {
        Box::new(Packets)
    }

    fn header_protection_key(&self, _: AeadKey) -> Box<dyn quic::HeaderProtectionKey> {
        Box::new(Packets)
    }

    fn aead_key_len(&self) -> usize {
        32
    }
}

impl quic::PacketKey for Packets {
    fn encrypt_in_place(&self, _: u64, _: &[u8], _: &mut [u8]) -> Result<quic::Tag, Error> {
        Ok(quic::Tag::from(&MAC[..16]))
    }

    fn decrypt_in_place<'a>(&self, _: u64, _: &[u8], payload: &'a mut [u8]) -> Result<&'a [u8], Error> {
        Ok(payload)
    }

    fn tag_len(&self) -> usize {
        16
    }

    fn confidentiality_limit(&self) -> u64 {
        64
    }

    fn integrity_limit(&self) -> u64 {
        64
    }
}

impl quic::HeaderProtectionKey for Packets {
    fn encrypt_in_place(&self, _: &[u8], _: &mut u8, _: &mut [u8]) -> Result<(), Error> {
        Ok(())
    }

    fn decrypt_in_place(&self, _: &[u8], _: &mut u8, _: &mut [u8]) -> Result<(), Error> {
        Ok(())
    }

    fn sample_len(&self) -> usize {
        16
    }
}
