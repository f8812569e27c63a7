//! A server of Encrypted Client Hello (RFC 9849), out of an honest server of ours that has none.
//!
//! It stands in two places. On the way from the client it opens outer hellos and lets the inner one fly on in their place. In the
//! provider of the server it is the hash function: what the server says goes through it into the transcript, and there it puts
//! the signal of acceptance, and what else a script wants, into a ServerHello, a HelloRetryRequest or EncryptedExtensions; on the
//! way to the client the same is put into the bytes. All that it uses is public.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use chitin::crypto::CryptoProvider;
use chitin::crypto::aws_lc_rs::hpke::DH_KEM_X25519_HKDF_SHA256_AES_128;
use chitin::crypto::hash::{Context, Hash, HashAlgorithm, Output};
use chitin::crypto::hpke::{EncapsulatedSecret, Hpke, HpkeOpener, HpkePrivateKey};
use chitin::crypto::tls13::Hkdf;
use chitin::{CipherSuiteCommon, SupportedCipherSuite, Tls13CipherSuite};

use crate::hello::{Hello, join_messages, message, sized16, split_messages};
use crate::liar::Liar;
use crate::pair::{Record, Tamper};

/// The code of the extension in all hellos, and of the one that stands for copied extensions.
pub const ECH: u16 = 0xfe0d;
const OUTER_EXTENSIONS: u16 = 0xfd00;

const SUITE: &dyn Hpke = DH_KEM_X25519_HKDF_SHA256_AES_128;

/// A key, published.
pub struct EchKey {
    id: u8,
    /// The configuration, one entry of a list.
    pub config: Vec<u8>,
    private: HpkePrivateKey,
}

impl EchKey {
    pub fn new(id: u8, public_name: &str, maximum_name_length: u8) -> Self {
        let (public, private) = SUITE.generate_key_pair().unwrap();
        // X25519 and HKDF-SHA256 with AES-128-GCM, and no extensions.
        let mut body = vec![id, 0, 0x20];
        body.extend(sized16(&public.0));
        body.extend([0, 4, 0, 1, 0, 1, maximum_name_length, public_name.len() as u8]);
        body.extend(public_name.as_bytes());
        body.extend([0, 0]);
        let config = [&ECH.to_be_bytes()[..], &sized16(&body)].concat();
        Self { id, config, private }
    }

    /// A list with this one configuration.
    pub fn list(&self) -> Vec<u8> {
        sized16(&self.config)
    }
}

/// What it does that an honest one does not, or need not.
#[derive(Clone, Default)]
pub struct Script {
    /// The body of the extension in EncryptedExtensions.
    pub retry_configs: Option<Vec<u8>>,
    /// The body of the extension in a HelloRetryRequest in place of the signal, or also if nothing was accepted.
    pub retry_signal: Option<Vec<u8>>,
    /// There is no signal in the ServerHello.
    pub forgets: bool,
    /// A pre_shared_key extension in the ServerHello that selects this.
    pub selects_psk: Option<u16>,
    /// Early data is accepted, whatever the server of ours thinks of it.
    pub accepts_early_data: bool,
}

#[derive(Default)]
struct State {
    script: Script,
    /// Of the inner hello that was opened.
    inner_random: Option<[u8; 32]>,
    opener: Option<Box<dyn HpkeOpener>>,
    /// Outer hellos and, where they could be opened, inner ones.
    hellos: Vec<(Vec<u8>, Option<Vec<u8>>)>,
    /// What stands for a hello of the server.
    said: Vec<u8>,
}

/// One server's end.
#[derive(Clone)]
pub struct EchServer {
    key: Arc<EchKey>,
    state: Arc<Mutex<State>>,
    liar: Liar,
}

impl EchServer {
    pub fn new(key: Arc<EchKey>) -> Self {
        Self { key, state: Arc::default(), liar: Liar::new() }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Says what is done in the next connection.
    pub fn begin(&self, script: Script) {
        *self.state() = State { script: script.clone(), ..State::default() };
        let server = self.clone();
        self.liar.messages(move |typ, body| match typ {
            8 => vec![(8, server.encrypted_extensions(body))],
            _ => vec![(typ, body)],
        });
    }

    /// The outer hellos that came, each with the inner one if there was one.
    pub fn hellos(&self) -> Vec<(Hello, Option<Hello>)> {
        let read = |bytes: &Vec<u8>| Hello::read(bytes);
        self.state().hellos.iter().map(|(outer, inner)| (read(outer), inner.as_ref().map(read))).collect()
    }

    /// The provider that the server needs. It lives as long as the process.
    pub fn provider(&self, base: &CryptoProvider) -> Arc<CryptoProvider> {
        let mut provider = base.clone();
        provider.cipher_suites.retain(|suite| suite.tls13().is_some());
        for suite in &mut provider.cipher_suites {
            let SupportedCipherSuite::Tls13(honest) = *suite else { unreachable!("only those are left") };
            let hash = Hashing {
                honest: honest.common.hash_provider,
                hkdf: honest.hkdf_provider,
                server: self.clone(),
            };
            *suite = SupportedCipherSuite::Tls13(Box::leak(Box::new(Tls13CipherSuite {
                common: CipherSuiteCommon {
                    suite: honest.common.suite,
                    hash_provider: Box::leak(Box::new(hash)),
                    confidentiality_limit: honest.common.confidentiality_limit,
                },
                hkdf_provider: honest.hkdf_provider,
                aead_alg: honest.aead_alg,
                quic: None,
            })));
        }
        self.liar.provider(&provider)
    }

    /// What has to stand in the way of the client's bytes.
    pub fn from_client(&self) -> Tamper {
        let server = self.clone();
        Box::new(move |_, mut record: Record| {
            if record.typ == 22 && record.body.first() == Some(&1) {
                let inner = server.open(&record.body);
                let outer = std::mem::take(&mut record.body);
                record.body = inner.clone().unwrap_or_else(|| outer.clone());
                server.state().hellos.push((outer, inner));
            }
            vec![record]
        })
    }

    /// What has to stand in the way of the server's bytes.
    pub fn from_server(&self) -> Tamper {
        let server = self.clone();
        self.liar.tamper_and(Box::new(move |_, mut record: Record| {
            if record.typ == 22 && record.body.first() == Some(&2) {
                record.body = server.state().said.clone();
            }
            vec![record]
        }))
    }

    /// The inner hello, if this key opens it. RFC 9849 section 7.1.
    fn open(&self, outer: &[u8]) -> Option<Vec<u8>> {
        let mut hello = Hello::read(outer);
        let (_, ech) = hello.extensions.iter().find(|(code, _)| *code == ECH)?;
        // Type, KDF, AEAD, config id, and then the two lengths with what they are of.
        let [0, 0, 1, 0, 1, id, rest @ ..] = &ech[..] else { return None };
        let enc_len = usize::from(u16::from_be_bytes([rest[0], rest[1]]));
        let (enc, payload) = (rest[2..2 + enc_len].to_vec(), rest[2 + enc_len + 2..].to_vec());
        if *id != self.key.id {
            return None;
        }
        let ech = hello.body(ECH);
        let payload_at = ech.len() - payload.len();
        ech[payload_at..].fill(0);
        let aad = hello.write()[4..].to_vec();

        let mut state = self.state();
        if state.inner_random.is_none() {
            let info = [b"tls ech\0", &self.key.config[..]].concat();
            state.opener = SUITE.setup_opener(&EncapsulatedSecret(enc), &info, &self.key.private).ok();
        } else {
            assert!(enc.is_empty(), "the second hello has no key of its own");
        }
        let encoded = state.opener.as_mut()?.open(&aad, &payload).ok()?;
        let inner = decode(&encoded, &hello);
        state.inner_random = Some(inner.random);
        Some(inner.write())
    }

    /// What is said in place of a ServerHello or a HelloRetryRequest.
    fn server_hello(&self, honest: &dyn Context, hkdf: &dyn Hkdf, raw: &[u8]) -> Vec<u8> {
        let mut state = self.state();
        let Script { retry_signal, forgets, selects_psk, .. } = state.script.clone();
        let mut hello = Hello::read(raw);
        let retry = hello.random[..4] == [0xcf, 0x21, 0xad, 0x74];
        let hash = |hello: &Hello| {
            let mut fork = honest.fork();
            fork.update(&hello.write());
            fork.finish()
        };
        match (retry, state.inner_random) {
            (true, random) => {
                if random.is_some() || retry_signal.is_some() {
                    hello.extensions.push((ECH, vec![0; 8]));
                }
                if let Some(random) = random {
                    *hello.body(ECH) =
                        signal(hkdf, b"hrr ech accept confirmation", &random, &hash(&hello)).into();
                }
                if let Some(instead) = retry_signal {
                    *hello.body(ECH) = instead;
                }
            }
            (false, Some(random)) if !forgets => {
                hello.random[24..].fill(0);
                let signal = signal(hkdf, b"ech accept confirmation", &random, &hash(&hello));
                hello.random[24..].copy_from_slice(&signal);
            }
            (false, _) => {}
        }
        if let (false, Some(index)) = (retry, selects_psk) {
            hello.extensions.push((41, index.to_be_bytes().to_vec()));
        }
        state.said = hello.write();
        state.said.clone()
    }

    fn encrypted_extensions(&self, body: Vec<u8>) -> Vec<u8> {
        let Script { retry_configs, accepts_early_data, .. } = self.state().script.clone();
        let mut block = body[2..].to_vec();
        if let Some(configs) = retry_configs {
            block.extend([&ECH.to_be_bytes()[..], &sized16(&configs)].concat());
        }
        if accepts_early_data {
            block.extend([0, 42, 0, 0]);
        }
        sized16(&block)
    }
}

/// RFC 9849 section 7.2.
fn signal(hkdf: &dyn Hkdf, label: &[u8], random: &[u8; 32], hash: &Output) -> [u8; 8] {
    let (len, hash) = (6 + label.len() as u8, hash.as_ref());
    let mut out = [0; 8];
    let info: [&[u8]; 6] = [&[0, 8], &[len], b"tls13 ", label, &[hash.len() as u8], hash];
    hkdf.extract_from_secret(None, random).expand_slice(&info, &mut out).unwrap();
    out
}

/// RFC 9849 section 5.1.
fn decode(encoded: &[u8], outer: &Hello) -> Hello {
    // The hello ends with its extensions, whose length tells where the padding begins.
    let mut at = 2 + 32 + 1;
    assert_eq!(encoded[at - 1], 0, "the session id is the outer one's");
    let number = |at: usize| usize::from(u16::from_be_bytes([encoded[at], encoded[at + 1]]));
    at += 2 + number(at);
    at += 1 + usize::from(encoded[at]);
    at += 2 + number(at);
    let (hello, padding) = encoded.split_at(at);
    assert!(padding.iter().all(|byte| *byte == 0) && encoded.len() % 32 == 0);

    let mut inner = Hello::read(&message(1, hello));
    inner.session_id.clone_from(&outer.session_id);
    let mut extensions = Vec::new();
    for (code, body) in std::mem::take(&mut inner.extensions) {
        if code != OUTER_EXTENSIONS {
            extensions.push((code, body));
            continue;
        }
        let mut theirs = outer.extensions.iter();
        for wanted in body[1..].chunks(2).map(|code| u16::from_be_bytes([code[0], code[1]])) {
            assert!(wanted != ECH, "it is never copied");
            let found = theirs.find(|(code, _)| *code == wanted);
            extensions.push(found.expect("in the order of the outer hello").clone());
        }
    }
    inner.extensions = extensions;
    inner
}

struct Hashing {
    honest: &'static dyn Hash,
    hkdf: &'static dyn Hkdf,
    server: EchServer,
}

impl Hash for Hashing {
    fn start(&self) -> Box<dyn Context> {
        Box::new(Heard { honest: self.honest.start(), hkdf: self.hkdf, server: self.server.clone() })
    }

    fn hash(&self, data: &[u8]) -> Output {
        self.honest.hash(data)
    }

    fn output_len(&self) -> usize {
        self.honest.output_len()
    }

    fn algorithm(&self) -> HashAlgorithm {
        self.honest.algorithm()
    }
}

/// The transcript: each message comes whole, and alone.
struct Heard {
    honest: Box<dyn Context>,
    hkdf: &'static dyn Hkdf,
    server: EchServer,
}

impl Context for Heard {
    fn fork_finish(&self) -> Output {
        self.honest.fork_finish()
    }

    fn fork(&self) -> Box<dyn Context> {
        Box::new(Self { honest: self.honest.fork(), hkdf: self.hkdf, server: self.server.clone() })
    }

    fn finish(self: Box<Self>) -> Output {
        self.honest.finish()
    }

    fn update(&mut self, data: &[u8]) {
        // Hashes come here, too, behind a retry.
        let message = match data {
            [typ, a, b, c, body @ ..] if u32::from_be_bytes([0, *a, *b, *c]) as usize == body.len() => {
                Some(typ)
            }
            _ => None,
        };
        match message {
            Some(2) => {
                let said = self.server.server_hello(&*self.honest, self.hkdf, data);
                self.honest.update(&said);
            }
            Some(8) => {
                let mut messages = split_messages(data);
                let (_, body) = messages.remove(0);
                self.honest.update(&join_messages(&[(8, self.server.encrypted_extensions(body))]));
            }
            _ => self.honest.update(data),
        }
    }
}
