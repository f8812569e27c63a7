//! An end that lies under protection: its record layer seals what a script says in place of what the connection meant.
//!
//! It owns a wrapping of a provider's suites, by public traits alone: the encrypter of a wrapped suite hands each outgoing
//! record to the script and seals whatever comes back, under the right keys and numbers. A connection takes exactly one
//! record from an encrypter, so it is given a placeholder; [`Liar::tamper`] puts the true records in its place on the way.
//! It never looks at received records: the lying end reads honestly.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use chitin::crypto::CryptoProvider;
use chitin::crypto::cipher::{
    AeadKey, Iv, KeyBlockShape, MessageDecrypter, MessageEncrypter, OutboundOpaqueMessage,
    OutboundPlainMessage, PrefixedPayload, Tls12AeadAlgorithm, Tls13AeadAlgorithm, UnsupportedOperationError,
};
use chitin::{
    CipherSuiteCommon, ConnectionTrafficSecrets, ContentType, Error, ProtocolVersion, SupportedCipherSuite,
    Tls12CipherSuite, Tls13CipherSuite,
};

use crate::hello::{join_messages, split_messages};
use crate::pair::{Record, Tamper};

/// A record that the lying end was about to protect.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Meant {
    /// Which write key of the connection it is for: 0 for the handshake, 1 for the first of the traffic, and so on.
    pub key: usize,
    /// Which record under that key.
    pub number: usize,
    pub typ: u8,
    pub body: Vec<u8>,
}

impl Meant {
    /// What an honest end sends.
    pub fn honest(&self) -> Vec<Say> {
        vec![Say::record(self.typ, &self.body)]
    }
}

/// What goes on the wire instead.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Say {
    /// A whole TLSInnerPlaintext (RFC 8446 section 5.2), type and padding included, to be sealed. It is not empty.
    Inner(Vec<u8>),
    /// A record as it is.
    Raw(Record),
}

impl Say {
    /// A protected record of this type.
    pub fn record(typ: u8, body: &[u8]) -> Self {
        Self::Inner([body, &[typ]].concat())
    }

    /// A protected record with handshake messages.
    pub fn handshake(bytes: &[u8]) -> Self {
        Self::record(22, bytes)
    }

    /// A protected alert.
    pub fn alert(level: u8, description: u8) -> Self {
        Self::record(21, &[level, description])
    }
}

/// Says what is sent in place of each record.
pub type Script = Box<dyn FnMut(Meant) -> Vec<Say> + Send>;

#[derive(Default)]
struct Inner {
    script: Option<Script>,
    /// What the next record is replaced with, before the script is asked.
    next: Option<Vec<Say>>,
    /// Sealed records, by the number in their placeholder.
    sealed: Vec<Vec<Record>>,
    keys: usize,
    refuses: bool,
}

/// The script of one connection, shared with the suites of its provider.
#[derive(Clone, Default)]
pub struct Liar(Arc<Mutex<Inner>>);

impl Liar {
    pub fn new() -> Self {
        Self::default()
    }

    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A provider like `base` whose suites ask this script. It lives as long as the process.
    pub fn provider(&self, base: &CryptoProvider) -> Arc<CryptoProvider> {
        let mut provider = base.clone();
        for suite in &mut provider.cipher_suites {
            *suite = match *suite {
                SupportedCipherSuite::Tls12(honest) => SupportedCipherSuite::Tls12(self.wrap12(honest)),
                SupportedCipherSuite::Tls13(honest) => SupportedCipherSuite::Tls13(self.wrap(honest)),
            };
        }
        Arc::new(provider)
    }

    fn wrap(&self, honest: &'static Tls13CipherSuite) -> &'static Tls13CipherSuite {
        Box::leak(Box::new(Tls13CipherSuite {
            common: CipherSuiteCommon {
                suite: honest.common.suite,
                hash_provider: honest.common.hash_provider,
                confidentiality_limit: honest.common.confidentiality_limit,
            },
            hkdf_provider: honest.hkdf_provider,
            aead_alg: Box::leak(Box::new(Wrapped { honest: honest.aead_alg, liar: self.clone() })),
            quic: None,
        }))
    }

    fn wrap12(&self, honest: &'static Tls12CipherSuite) -> &'static Tls12CipherSuite {
        Box::leak(Box::new(Tls12CipherSuite {
            common: CipherSuiteCommon {
                suite: honest.common.suite,
                hash_provider: honest.common.hash_provider,
                confidentiality_limit: honest.common.confidentiality_limit,
            },
            prf_provider: honest.prf_provider,
            kx: honest.kx,
            sign: honest.sign,
            aead_alg: Box::leak(Box::new(Wrapped { honest: honest.aead_alg, liar: self.clone() })),
        }))
    }

    /// Sets the script; keys are counted from 0 again, for the next connection.
    pub fn script(&self, script: impl FnMut(Meant) -> Vec<Say> + Send + 'static) {
        let mut inner = self.inner();
        inner.script = Some(Box::new(script));
        inner.keys = 0;
    }

    /// Replaces the next record, whatever it is: write a byte and it is gone for this.
    pub fn next(&self, say: Vec<Say>) {
        self.inner().next = Some(say);
    }

    /// From now on the encrypter fails.
    pub fn refuse(&self) {
        self.inner().refuses = true;
    }

    /// Changes the handshake messages that are sent under the handshake keys; they go on in records as full as may be. `edit`
    /// gets type and body of each and gives what is to stand in its place.
    pub fn messages(&self, mut edit: impl FnMut(u8, Vec<u8>) -> Vec<(u8, Vec<u8>)> + Send + 'static) {
        self.script(move |meant| match (meant.key, meant.typ) {
            (0, 22) => {
                let messages = split_messages(&meant.body);
                let edited: Vec<_> = messages.into_iter().flat_map(|(typ, body)| edit(typ, body)).collect();
                join_messages(&edited).chunks(1 << 14).map(Say::handshake).collect()
            }
            _ => meant.honest(),
        });
    }

    /// Changes the body of each handshake message of one type that is sent under the handshake keys.
    pub fn edit(&self, target: u8, mut edit: impl FnMut(&mut Vec<u8>) + Send + 'static) {
        self.messages(move |typ, mut body| {
            if typ == target {
                edit(&mut body);
            }
            vec![(typ, body)]
        });
    }

    /// What has to stand in the way of the lying end's bytes.
    pub fn tamper(&self) -> Tamper {
        self.tamper_and(Box::new(|_, record| vec![record]))
    }

    /// The same, with another hand on the records that are in the clear.
    pub fn tamper_and(&self, mut clear: Tamper) -> Tamper {
        let liar = self.clone();
        Box::new(move |number, record| match placeholder(&record) {
            Some(index) => std::mem::take(&mut liar.inner().sealed[index]),
            None => clear(number, record),
        })
    }

    fn told(&self, meant: Meant) -> Result<Vec<Say>, Error> {
        let mut inner = self.inner();
        if inner.refuses {
            return Err(Error::EncryptError);
        }
        if let Some(next) = inner.next.take() {
            return Ok(next);
        }
        Ok(match &mut inner.script {
            Some(script) => script(meant),
            None => meant.honest(),
        })
    }
}

/// Begins the body of each placeholder. No AEAD gives it by chance.
const PLACEHOLDER: &[u8; 24] = b"a placeholder for a lie:";

fn placeholder(record: &Record) -> Option<usize> {
    let index = record.body.strip_prefix(PLACEHOLDER)?;
    Some(u32::from_be_bytes(index.try_into().ok()?) as usize)
}

struct Wrapped<A: ?Sized + 'static> {
    honest: &'static A,
    liar: Liar,
}

impl<A: ?Sized> Wrapped<A> {
    fn twist(&self, honest: Box<dyn MessageEncrypter>) -> Box<dyn MessageEncrypter> {
        let mut inner = self.liar.inner();
        let number = inner.keys;
        inner.keys += 1;
        Box::new(Twisted { honest, liar: self.liar.clone(), key: number, number: 0, seq: 0 })
    }
}

impl Tls12AeadAlgorithm for Wrapped<dyn Tls12AeadAlgorithm> {
    fn encrypter(&self, key: AeadKey, iv: &[u8], extra: &[u8]) -> Box<dyn MessageEncrypter> {
        self.twist(self.honest.encrypter(key, iv, extra))
    }

    fn decrypter(&self, key: AeadKey, iv: &[u8]) -> Box<dyn MessageDecrypter> {
        self.honest.decrypter(key, iv)
    }

    fn key_block_shape(&self) -> KeyBlockShape {
        self.honest.key_block_shape()
    }

    fn extract_keys(
        &self,
        key: AeadKey,
        iv: &[u8],
        explicit: &[u8],
    ) -> Result<ConnectionTrafficSecrets, UnsupportedOperationError> {
        self.honest.extract_keys(key, iv, explicit)
    }
}

impl Tls13AeadAlgorithm for Wrapped<dyn Tls13AeadAlgorithm> {
    fn encrypter(&self, key: AeadKey, iv: Iv) -> Box<dyn MessageEncrypter> {
        self.twist(self.honest.encrypter(key, iv))
    }

    fn decrypter(&self, key: AeadKey, iv: Iv) -> Box<dyn MessageDecrypter> {
        self.honest.decrypter(key, iv)
    }

    fn key_len(&self) -> usize {
        self.honest.key_len()
    }

    fn extract_keys(
        &self,
        key: AeadKey,
        iv: Iv,
    ) -> Result<ConnectionTrafficSecrets, UnsupportedOperationError> {
        self.honest.extract_keys(key, iv)
    }
}

struct Twisted {
    honest: Box<dyn MessageEncrypter>,
    liar: Liar,
    key: usize,
    number: usize,
    /// Its own count: a lie may take more or fewer records than the truth.
    seq: u64,
}

impl Twisted {
    fn seal(&mut self, inner: &[u8]) -> Result<Vec<Record>, Error> {
        let (typ, body) = inner.split_last().expect("an inner plaintext has a type");
        let message = OutboundPlainMessage {
            typ: ContentType::from(*typ),
            version: ProtocolVersion::TLSv1_2,
            payload: body.into(),
        };
        let sealed = self.honest.encrypt(message, self.seq)?.encode();
        self.seq += 1;
        Ok(Record::split(&sealed))
    }
}

impl MessageEncrypter for Twisted {
    fn encrypt(&mut self, msg: OutboundPlainMessage<'_>, _: u64) -> Result<OutboundOpaqueMessage, Error> {
        let (typ, body) = (u8::from(msg.typ), msg.payload.to_vec());
        let meant = Meant { key: self.key, number: self.number, typ, body };
        self.number += 1;
        let mut records = Vec::new();
        for say in self.liar.told(meant)? {
            match say {
                Say::Raw(record) => records.push(record),
                Say::Inner(inner) => records.extend(self.seal(&inner)?),
            }
        }
        let mut inner = self.liar.inner();
        inner.sealed.push(records);
        let index = u32::try_from(inner.sealed.len() - 1).expect("fewer lies than that");
        let mut payload = PrefixedPayload::with_capacity(PLACEHOLDER.len() + 4);
        payload.extend_from_slice(PLACEHOLDER);
        payload.extend_from_slice(&index.to_be_bytes());
        Ok(OutboundOpaqueMessage::new(ContentType::ApplicationData, ProtocolVersion::TLSv1_2, payload))
    }

    fn encrypted_payload_len(&self, payload_len: usize) -> usize {
        self.honest.encrypted_payload_len(payload_len)
    }
}
