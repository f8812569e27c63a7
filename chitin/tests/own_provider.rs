//! A provider written outside, against the public names only: what rustls 0.23 lets its users implement.
//!
//! The algorithms are toys. What is tested is that the traits can be implemented with 0.23's signatures, and what their
//! default methods do.

use std::sync::Arc;

use chitin::crypto::cipher::{
    AeadKey, InboundOpaqueMessage, InboundPlainMessage, Iv, MessageDecrypter, MessageEncrypter, Nonce,
    OutboundOpaqueMessage, OutboundPlainMessage, PrefixedPayload, Tls13AeadAlgorithm,
    UnsupportedOperationError,
};
use chitin::crypto::{
    ActiveKeyExchange, CryptoProvider, GetRandomFailed, KeyProvider, SecureRandom, SharedSecret,
    SupportedKxGroup, WebPkiSupportedAlgorithms, hash, hmac, tls13,
};
use chitin::pki_types::PrivateKeyDer;
use chitin::sign::SigningKey;
use chitin::version::{TLS12, TLS13};
use chitin::{
    CipherSuite, CipherSuiteCommon, ConnectionTrafficSecrets, ContentType, Error, NamedGroup, PeerMisbehaved,
    ProtocolVersion, SupportedCipherSuite, Tls13CipherSuite,
};

#[derive(Debug)]
struct Toy;

impl SecureRandom for Toy {
    fn fill(&self, buf: &mut [u8]) -> Result<(), GetRandomFailed> {
        buf.fill(4);
        Ok(())
    }
}

impl KeyProvider for Toy {
    fn load_private_key(&self, _: PrivateKeyDer<'static>) -> Result<Arc<dyn SigningKey>, Error> {
        Err(Error::General("no keys here".into()))
    }
}

/// A finite field of RFC 7919 by name, whose shared secret is the peer's share.
impl SupportedKxGroup for Toy {
    fn start(&self) -> Result<Box<dyn ActiveKeyExchange>, Error> {
        Ok(Box::new(Toy))
    }

    fn name(&self) -> NamedGroup {
        NamedGroup::FFDHE2048
    }
}

impl ActiveKeyExchange for Toy {
    fn complete(self: Box<Self>, peer_pub_key: &[u8]) -> Result<SharedSecret, Error> {
        Ok(peer_pub_key.into())
    }

    fn pub_key(&self) -> &[u8] {
        b"ours"
    }

    fn group(&self) -> NamedGroup {
        NamedGroup::FFDHE2048
    }
}

impl hash::Hash for Toy {
    fn start(&self) -> Box<dyn hash::Context> {
        Box::new(Toy)
    }

    fn hash(&self, data: &[u8]) -> hash::Output {
        hash::Output::new(&data[..data.len().min(32)])
    }

    fn output_len(&self) -> usize {
        32
    }

    fn algorithm(&self) -> hash::HashAlgorithm {
        hash::HashAlgorithm::SHA256
    }
}

impl hash::Context for Toy {
    fn fork_finish(&self) -> hash::Output {
        hash::Output::new(&[1; 32])
    }

    fn fork(&self) -> Box<dyn hash::Context> {
        Box::new(Toy)
    }

    fn finish(self: Box<Self>) -> hash::Output {
        self.fork_finish()
    }

    fn update(&mut self, _: &[u8]) {}
}

impl hmac::Hmac for Toy {
    fn with_key(&self, key: &[u8]) -> Box<dyn hmac::Key> {
        Box::new(ToyKey(key.to_vec()))
    }

    fn hash_output_len(&self) -> usize {
        32
    }
}

struct ToyKey(Vec<u8>);

impl hmac::Key for ToyKey {
    fn sign_concat(&self, first: &[u8], middle: &[&[u8]], last: &[u8]) -> hmac::Tag {
        let mut tag = [0; 32];
        let message = [&self.0, first, &middle.concat(), last].concat();
        message.iter().enumerate().for_each(|(at, byte)| tag[at % 32] ^= byte);
        hmac::Tag::new(&tag)
    }

    fn tag_len(&self) -> usize {
        32
    }
}

impl Tls13AeadAlgorithm for Toy {
    fn encrypter(&self, key: AeadKey, iv: Iv) -> Box<dyn MessageEncrypter> {
        Box::new(ToyCipher(key, iv))
    }

    fn decrypter(&self, key: AeadKey, iv: Iv) -> Box<dyn MessageDecrypter> {
        Box::new(ToyCipher(key, iv))
    }

    fn key_len(&self) -> usize {
        32
    }

    fn extract_keys(&self, _: AeadKey, _: Iv) -> Result<ConnectionTrafficSecrets, UnsupportedOperationError> {
        Err(UnsupportedOperationError)
    }
}

struct ToyCipher(AeadKey, Iv);

impl ToyCipher {
    fn byte(&self, seq: u64) -> u8 {
        Nonce::new(&self.1, seq).0[11] ^ self.0.as_ref()[0]
    }
}

impl MessageEncrypter for ToyCipher {
    fn encrypt(&mut self, msg: OutboundPlainMessage<'_>, seq: u64) -> Result<OutboundOpaqueMessage, Error> {
        let mut payload = PrefixedPayload::with_capacity(self.encrypted_payload_len(msg.payload.len()));
        payload.extend_from_chunks(&msg.payload);
        payload.extend_from_slice(&msg.typ.to_array());
        payload.as_mut().iter_mut().for_each(|byte| *byte ^= self.byte(seq));
        Ok(OutboundOpaqueMessage::new(ContentType::ApplicationData, ProtocolVersion::TLSv1_2, payload))
    }

    fn encrypted_payload_len(&self, payload_len: usize) -> usize {
        payload_len + 1
    }
}

impl MessageDecrypter for ToyCipher {
    fn decrypt<'a>(
        &mut self,
        mut msg: InboundOpaqueMessage<'a>,
        seq: u64,
    ) -> Result<InboundPlainMessage<'a>, Error> {
        let byte = self.byte(seq);
        msg.payload.iter_mut().for_each(|at| *at ^= byte);
        msg.into_tls13_unpadded_message()
    }
}

static SUITE: Tls13CipherSuite = Tls13CipherSuite {
    common: CipherSuiteCommon {
        suite: CipherSuite::TLS13_AES_128_GCM_SHA256,
        hash_provider: &Toy,
        confidentiality_limit: u64::MAX,
    },
    hkdf_provider: &tls13::HkdfUsingHmac(&Toy),
    aead_alg: &Toy,
    quic: None,
};

fn provider() -> CryptoProvider {
    CryptoProvider {
        cipher_suites: vec![SupportedCipherSuite::Tls13(&SUITE)],
        kx_groups: vec![&Toy],
        signature_verification_algorithms: WebPkiSupportedAlgorithms { all: &[], mapping: &[] },
        secure_random: &Toy,
        key_provider: &Toy,
    }
}

#[test]
fn a_provider_of_ones_own_can_be_put_together() {
    let provider = provider();
    assert!(!provider.fips());
    let suite = provider.cipher_suites[0].tls13().unwrap();
    assert_eq!(provider.cipher_suites[0].version(), &TLS13);
    assert!(suite.quic_suite().is_none());
    assert_eq!(suite.can_resume_from(&SUITE), Some(&SUITE));

    let key = || AeadKey::from([9; 32]);
    let mut encrypter = suite.aead_alg.encrypter(key(), Iv::from([1; 12]));
    let mut decrypter = suite.aead_alg.decrypter(key(), Iv::copy(&[1; 12]));
    let message = OutboundPlainMessage {
        typ: ContentType::Handshake,
        version: ProtocolVersion::TLSv1_2,
        payload: (&b"hello"[..]).into(),
    };
    let mut record = encrypter.encrypt(message, 7).unwrap().encode();
    assert_eq!(record[..5], [23, 3, 3, 0, 6]);
    let sealed =
        InboundOpaqueMessage::new(ContentType::ApplicationData, ProtocolVersion::TLSv1_2, &mut record[5..]);
    let opened = decrypter.decrypt(sealed, 7).unwrap();
    assert_eq!(
        (opened.typ, opened.version, opened.payload),
        (ContentType::Handshake, ProtocolVersion::TLSv1_3, &b"hello"[..])
    );
}

#[test]
fn the_secret_of_a_finite_field_loses_its_leading_zeros_in_tls12_only() {
    let secret = |version| Box::new(Toy).complete_for_tls_version(b"\0\0x\0", version).unwrap();
    assert_eq!(secret(&TLS12).secret_bytes(), b"x\0");
    assert_eq!(secret(&TLS13).secret_bytes(), b"\0\0x\0");
}

#[test]
fn the_default_methods_of_a_group() {
    let done = Toy.start_and_complete(b"theirs").unwrap();
    assert_eq!((done.group, done.pub_key.as_slice()), (NamedGroup::FFDHE2048, &b"ours"[..]));
    assert_eq!(done.secret.secret_bytes(), b"theirs");
    assert_eq!(Toy.start().unwrap().ffdhe_group().unwrap(), chitin::ffdhe_groups::FFDHE2048);
    assert!(Toy.usable_for_version(ProtocolVersion::TLSv1_2));
    assert_eq!(
        Toy.start().unwrap().complete_hybrid_component(b"x").err(),
        Some(Error::PeerMisbehaved(PeerMisbehaved::WrongGroupForKeyShare))
    );
}
