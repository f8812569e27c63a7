//! What the two sides of a handshake compute.

mod tls12;
mod tls13;

use aws_lc_rs::aead::{AES_128_GCM, AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use aws_lc_rs::agreement::{self, EphemeralPrivateKey, X25519, agree_ephemeral};
use aws_lc_rs::kem::{Ciphertext, DecapsulationKey, EncapsulationKey, ML_KEM_768};
use aws_lc_rs::rand::{SecureRandom, SystemRandom};
use aws_lc_rs::signature::{
    self, ECDSA_P256_SHA256_ASN1, ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, RSA_PKCS1_2048_8192_SHA256,
    RSA_PSS_2048_8192_SHA256, RSA_PSS_SHA256, RsaKeyPair, VerificationAlgorithm,
};
use worker::{Case, Chain, Group, Heap, Material, Meter, Side, Version, count};

use crate::bulk::Bulk;
use crate::certificate::Certificate;
use crate::failed;

pub struct Handshake {
    case: Case,
    all: Primitives,
    v12: tls12::Fixed,
    v13: tls13::Fixed,
}

/// What both versions use.
struct Primitives {
    case: Case,
    random: SystemRandom,
    server: Identity,
    client: Identity,
    root: Certificate,
    ticket_key: LessSafeKey,
    /// Bytes that stand for messages.
    filler: Vec<u8>,
}

struct Identity {
    certificates: Vec<Certificate>,
    /// The message that shows the chain.
    message: usize,
    key: SigningKey,
}

enum SigningKey {
    Ecdsa(EcdsaKeyPair),
    Rsa(RsaKeyPair),
}

/// One side's key shares, private halves.
struct Shares {
    x25519: EphemeralPrivateKey,
    ml_kem: Option<DecapsulationKey>,
}

/// What goes over: public halves.
struct Public {
    x25519: agreement::PublicKey,
    ml_kem: Vec<u8>,
}

impl Handshake {
    pub fn new(material: &Material) -> Result<Self, String> {
        let all = Primitives::new(material)?;
        let (v12, v13) = (tls12::Fixed::new(), tls13::Fixed::new());
        Ok(Self { case: material.case, v12, v13, all })
    }

    pub fn run(&mut self, meter: &mut Meter) -> Result<(), String> {
        match self.case.version {
            Version::V12 => tls12::run(&self.all, &self.v12, meter),
            Version::V13 => tls13::run(&self.all, &self.v13, meter),
        }
        .map_err(failed)
    }

    /// None where a session of TLS 1.2 is resumed: nothing asks for another.
    pub fn tickets(&self) -> usize {
        match self.case.version {
            Version::V12 if self.case.resumed => 0,
            _ => self.case.tickets(),
        }
    }

    pub fn resumed(&self) -> bool {
        self.case.resumed
    }

    /// The primitives' own: what they allocate in a handshake, and two AEAD keys for a connection.
    pub fn heap(&mut self, bulk: &mut Bulk) -> Result<Heap, String> {
        count(|meter| {
            self.run(meter)?;
            let keys = [Side::Client, Side::Server].map(|side| meter.turn(side, || [bulk.key(), bulk.key()]));
            Ok(keys)
        })
    }
}

impl Primitives {
    fn new(material: &Material) -> Result<Self, String> {
        let root = Certificate::find(&material.client_roots.der).ok_or("the root")?;
        let mut filler = vec![0; 64 * 1024];
        SystemRandom::new().fill(&mut filler).map_err(failed)?;
        Ok(Self {
            case: material.case,
            random: SystemRandom::new(),
            server: Identity::new(&material.server, material.case.rsa)?,
            client: Identity::new(&material.client, material.case.rsa)?,
            root,
            ticket_key: LessSafeKey::new(UnboundKey::new(&AES_256_GCM, &[7; 32]).map_err(failed)?),
            filler,
        })
    }

    fn draw<const N: usize>(&self) -> Done<[u8; N]> {
        let mut out = [0; N];
        self.random.fill(&mut out)?;
        Ok(out)
    }

    /// A chain is as many signatures as it has certificates, the last by the root's key.
    fn verify_chain(&self, chain: &Identity) -> Done<()> {
        let issuers = chain.certificates.iter().skip(1).chain([&self.root]);
        for (certificate, issuer) in chain.certificates.iter().zip(issuers) {
            self.verify(&RSA_PKCS1_2048_8192_SHA256, issuer, &certificate.signed, &certificate.signature)?;
        }
        Ok(())
    }

    fn verify_message(&self, chain: &Identity, message: &[u8], signature: &[u8]) -> Done<()> {
        self.verify(&RSA_PSS_2048_8192_SHA256, &chain.certificates[0], message, signature)
    }

    fn verify(
        &self,
        rsa: &'static dyn VerificationAlgorithm,
        by: &Certificate,
        message: &[u8],
        signature: &[u8],
    ) -> Done<()> {
        let algorithm = if self.case.rsa { rsa } else { &ECDSA_P256_SHA256_ASN1 };
        signature::UnparsedPublicKey::new(algorithm, &by.key).verify(message, signature)
    }

    fn sign(&self, with: &Identity, message: &[u8]) -> Done<Vec<u8>> {
        match &with.key {
            SigningKey::Ecdsa(key) => Ok(key.sign(&self.random, message)?.as_ref().to_vec()),
            SigningKey::Rsa(key) => {
                let mut signature = vec![0; key.public_modulus_len()];
                key.sign(&RSA_PSS_SHA256, &self.random, message, &mut signature)?;
                Ok(signature)
            }
        }
    }

    /// The client's halves; a hybrid group has two.
    fn offer(&self) -> Done<(Shares, Public)> {
        let x25519 = EphemeralPrivateKey::generate(&X25519, &self.random)?;
        let public = x25519.compute_public_key()?;
        let mut ml_kem = None;
        let mut encapsulation = Vec::new();
        if self.case.group == Group::X25519MlKem768 {
            let key = DecapsulationKey::generate(&ML_KEM_768)?;
            encapsulation = key.encapsulation_key()?.key_bytes()?.as_ref().to_vec();
            ml_kem = Some(key);
        }
        Ok((Shares { x25519, ml_kem }, Public { x25519: public, ml_kem: encapsulation }))
    }

    /// The server's answer, and the shared secret.
    fn answer(&self, client: &Public) -> Done<(Public, Vec<u8>)> {
        let own = EphemeralPrivateKey::generate(&X25519, &self.random)?;
        let public = own.compute_public_key()?;
        let mut secret = Vec::with_capacity(64);
        let mut ml_kem = Vec::new();
        if self.case.group == Group::X25519MlKem768 {
            let key = EncapsulationKey::new(&ML_KEM_768, &client.ml_kem).map_err(|_| Unspecified)?;
            let (ciphertext, shared) = key.encapsulate()?;
            ml_kem = ciphertext.as_ref().to_vec();
            secret.extend_from_slice(shared.as_ref());
        }
        agree(own, &client.x25519, &mut secret)?;
        Ok((Public { x25519: public, ml_kem }, secret))
    }

    fn complete(&self, own: Shares, server: &Public) -> Done<Vec<u8>> {
        let mut secret = Vec::with_capacity(64);
        if let Some(key) = own.ml_kem {
            secret.extend_from_slice(key.decapsulate(Ciphertext::from(&server.ml_kem[..]))?.as_ref());
        }
        agree(own.x25519, &server.x25519, &mut secret)?;
        Ok(secret)
    }
}

fn agree(own: EphemeralPrivateKey, peer: &agreement::PublicKey, secret: &mut Vec<u8>) -> Done<()> {
    let peer = agreement::UnparsedPublicKey::new(&X25519, peer.as_ref());
    agree_ephemeral(own, peer, Unspecified, |shared| {
        secret.extend_from_slice(shared);
        Ok(())
    })
}

impl Identity {
    fn new(chain: &Chain, rsa: bool) -> Result<Self, String> {
        let key = if rsa {
            SigningKey::Rsa(RsaKeyPair::from_pkcs8(&chain.key).map_err(|e| e.to_string())?)
        } else {
            let key = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, &chain.key);
            SigningKey::Ecdsa(key.map_err(|e| e.to_string())?)
        };
        let certificates: Option<_> = chain.certificates.iter().map(|der| Certificate::find(der)).collect();
        // Each has its length before it and its extensions behind it.
        let message = 8 + chain.certificates.iter().map(|der| der.len() + 5).sum::<usize>();
        Ok(Self { certificates: certificates.ok_or("a certificate")?, message, key })
    }
}

/// The key of one direction, of records and of tickets.
fn record_key(key: &[u8]) -> Done<LessSafeKey> {
    Ok(LessSafeKey::new(UnboundKey::new(&AES_128_GCM, key)?))
}

/// Seals so many bytes; what comes out has its tag at the end.
fn seal(key: &LessSafeKey, plain: &[u8]) -> Done<Vec<u8>> {
    let mut out = plain.to_vec();
    key.seal_in_place_append_tag(nonce(), Aad::from([0x17, 3, 3, 0, 0]), &mut out)?;
    Ok(out)
}

fn open<'a>(key: &LessSafeKey, sealed: &'a mut [u8]) -> Done<&'a mut [u8]> {
    key.open_in_place(nonce(), Aad::from([0x17, 3, 3, 0, 0]), sealed)
}

fn nonce() -> Nonce {
    Nonce::assume_unique_for_key([0; 12])
}

pub use aws_lc_rs::error::Unspecified;
type Done<T> = Result<T, Unspecified>;

/// Lengths of messages, as they are on the wire of the cases.
mod sizes {
    /// Both hellos, without key shares.
    pub const CLIENT_HELLO: usize = 180;
    pub const SERVER_HELLO: usize = 90;
    pub const ENCRYPTED_EXTENSIONS: usize = 6;
    pub const CERTIFICATE_REQUEST: usize = 50;
    pub const CERTIFICATE_VERIFY: usize = 8;
    pub const FINISHED: usize = 36;
    pub const FINISHED_12: usize = 16;
    pub const TICKET_STATE: usize = 100;
    pub const TICKET_MESSAGE: usize = 30;
    pub const KEY_EXCHANGE: usize = 44;
    pub const KEY_EXCHANGE_BACK: usize = 37;
    /// What is signed of a transcript. RFC 8446 section 4.4.3.
    pub const SIGNED: usize = 98;
}
