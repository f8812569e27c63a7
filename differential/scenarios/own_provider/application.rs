//! What an application brings: verifiers, resolvers, stores, tickets, key log, clock, compression, HPKE.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard};

use tls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use tls::client::{ClientSessionStore, ResolvesClientCert, Tls12ClientSessionValue, Tls13ClientSessionValue};
use tls::compress::{
    CertCompressor, CertDecompressor, CompressionFailed, CompressionLevel, DecompressionFailed,
};
use tls::crypto::aws_lc_rs::hpke::DH_KEM_X25519_HKDF_SHA256_AES_128 as REAL;
use tls::crypto::hpke::{
    EncapsulatedSecret, Hpke, HpkeOpener, HpkePrivateKey, HpkePublicKey, HpkeSealer, HpkeSuite,
};
use tls::crypto::{
    CryptoProvider, WebPkiSupportedAlgorithms, verify_tls12_signature, verify_tls13_signature,
    verify_tls13_signature_with_raw_key,
};
use tls::pki_types::{CertificateDer, ServerName, SubjectPublicKeyInfoDer, UnixTime};
use tls::server::danger::{ClientCertVerified, ClientCertVerifier};
use tls::server::{ClientHello, ProducesTickets, ResolvesServerCert, StoresServerSessions};
use tls::sign::CertifiedKey;
use tls::time_provider::TimeProvider;
use tls::{
    CertificateCompressionAlgorithm, DigitallySignedStruct, DistinguishedName, Error, KeyLog, NamedGroup,
    SignatureScheme,
};
use world::World;

use super::called;
use super::primitives::{Bare, Full};

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap()
}

// ---------------------------------------------------------------- clock, key log, tickets

macro_rules! small {
    ($who:ident {$($of_log:tt)*}) => {
        impl TimeProvider for $who {
            fn current_time(&self) -> Option<UnixTime> {
                called(concat!(stringify!($who), " TimeProvider::current_time"));
                Some(World::NOW)
            }
        }

        impl KeyLog for $who {
            fn log(&self, _label: &str, _client_random: &[u8], _secret: &[u8]) {
                called(concat!(stringify!($who), " KeyLog::log"));
            }
            $($of_log)*
        }

        /// Tickets that a child could open.
        impl ProducesTickets for $who {
            fn enabled(&self) -> bool {
                called(concat!(stringify!($who), " ProducesTickets::enabled"));
                true
            }
            fn lifetime(&self) -> u32 {
                called(concat!(stringify!($who), " ProducesTickets::lifetime"));
                3600
            }
            fn encrypt(&self, plain: &[u8]) -> Option<Vec<u8>> {
                called(concat!(stringify!($who), " ProducesTickets::encrypt"));
                Some([b"ticket", plain].concat())
            }
            fn decrypt(&self, cipher: &[u8]) -> Option<Vec<u8>> {
                called(concat!(stringify!($who), " ProducesTickets::decrypt"));
                cipher.strip_prefix(b"ticket").map(<[u8]>::to_vec)
            }
        }
    };
}

small!(Bare {});
small!(Full {
    fn will_log(&self, _label: &str) -> bool {
        called("Full KeyLog::will_log");
        true
    }
});

// ---------------------------------------------------------------- stores

#[derive(Debug, Default)]
pub struct ServerStore(Mutex<BTreeMap<Vec<u8>, Vec<u8>>>);

impl StoresServerSessions for ServerStore {
    fn put(&self, key: Vec<u8>, value: Vec<u8>) -> bool {
        called("StoresServerSessions::put");
        locked(&self.0).insert(key, value);
        true
    }

    fn get(&self, key: &[u8]) -> Option<Vec<u8>> {
        called("StoresServerSessions::get");
        locked(&self.0).get(key).cloned()
    }

    fn take(&self, key: &[u8]) -> Option<Vec<u8>> {
        called("StoresServerSessions::take");
        locked(&self.0).remove(key)
    }

    fn can_cache(&self) -> bool {
        called("StoresServerSessions::can_cache");
        true
    }
}

#[derive(Debug, Default)]
pub struct ClientStore(Mutex<Kept>);

#[derive(Debug, Default)]
struct Kept {
    hint: Option<NamedGroup>,
    tls12: Option<Tls12ClientSessionValue>,
    tls13: Vec<Tls13ClientSessionValue>,
}

impl ClientSessionStore for ClientStore {
    fn set_kx_hint(&self, _: ServerName<'static>, group: NamedGroup) {
        called("ClientSessionStore::set_kx_hint");
        locked(&self.0).hint = Some(group);
    }

    fn kx_hint(&self, _: &ServerName<'_>) -> Option<NamedGroup> {
        called("ClientSessionStore::kx_hint");
        locked(&self.0).hint
    }

    fn set_tls12_session(&self, _: ServerName<'static>, value: Tls12ClientSessionValue) {
        called("ClientSessionStore::set_tls12_session");
        locked(&self.0).tls12 = Some(value);
    }

    fn tls12_session(&self, _: &ServerName<'_>) -> Option<Tls12ClientSessionValue> {
        called("ClientSessionStore::tls12_session");
        locked(&self.0).tls12.clone()
    }

    fn remove_tls12_session(&self, _: &ServerName<'static>) {
        called("ClientSessionStore::remove_tls12_session");
        locked(&self.0).tls12 = None;
    }

    fn insert_tls13_ticket(&self, _: ServerName<'static>, value: Tls13ClientSessionValue) {
        called("ClientSessionStore::insert_tls13_ticket");
        locked(&self.0).tls13.push(value);
    }

    fn take_tls13_ticket(&self, _: &ServerName<'static>) -> Option<Tls13ClientSessionValue> {
        called("ClientSessionStore::take_tls13_ticket");
        locked(&self.0).tls13.pop()
    }
}

// ---------------------------------------------------------------- certificates

/// What is shown, and whether it is a raw public key.
#[derive(Debug)]
pub struct Shown {
    pub key: Arc<CertifiedKey>,
    pub raw: bool,
}

impl ResolvesServerCert for Shown {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        called("Full ResolvesServerCert::resolve");
        Some(self.key.clone())
    }

    fn only_raw_public_keys(&self) -> bool {
        called("Full ResolvesServerCert::only_raw_public_keys");
        self.raw
    }
}

impl ResolvesClientCert for Shown {
    fn resolve(&self, _hints: &[&[u8]], _: &[SignatureScheme]) -> Option<Arc<CertifiedKey>> {
        called("Full ResolvesClientCert::resolve");
        Some(self.key.clone())
    }

    fn only_raw_public_keys(&self) -> bool {
        called("Full ResolvesClientCert::only_raw_public_keys");
        self.raw
    }

    fn has_certs(&self) -> bool {
        called("Full ResolvesClientCert::has_certs");
        true
    }
}

/// The same without the methods that have a default.
#[derive(Debug)]
pub struct BareShown(pub Arc<CertifiedKey>);

impl ResolvesServerCert for BareShown {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        called("Bare ResolvesServerCert::resolve");
        Some(self.0.clone())
    }
}

impl ResolvesClientCert for BareShown {
    fn resolve(&self, _hints: &[&[u8]], _: &[SignatureScheme]) -> Option<Arc<CertifiedKey>> {
        called("Bare ResolvesClientCert::resolve");
        Some(self.0.clone())
    }

    fn has_certs(&self) -> bool {
        called("Bare ResolvesClientCert::has_certs");
        true
    }
}

/// Takes one certificate, or one raw public key, for good.
pub struct Pinned {
    pub end: CertificateDer<'static>,
    pub raw: bool,
    pub hints: Vec<DistinguishedName>,
    pub algorithms: WebPkiSupportedAlgorithms,
}

impl Pinned {
    pub fn new(end: &CertificateDer<'_>, raw: bool, provider: &CryptoProvider) -> Self {
        let algorithms = provider.signature_verification_algorithms;
        Self { end: end.clone().into_owned(), raw, hints: vec![], algorithms }
    }

    fn is(&self, end: &CertificateDer<'_>) -> Result<(), Error> {
        if *end == self.end { Ok(()) } else { Err(Error::General("somebody else".into())) }
    }

    fn signed12(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls12_signature(message, cert, signed, &self.algorithms)
    }

    fn signed13(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        if !self.raw {
            return verify_tls13_signature(message, cert, signed, &self.algorithms);
        }
        let key = SubjectPublicKeyInfoDer::from(cert.as_ref());
        verify_tls13_signature_with_raw_key(message, &key, signed, &self.algorithms)
    }
}

impl fmt::Debug for Pinned {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Pinned")
    }
}

/// The same without the methods that have a default.
#[derive(Debug)]
pub struct BarePinned(pub Pinned);

macro_rules! verifiers {
    ($for:ident, $who:literal, $inner:ident => $pinned:expr, {$($of_server:tt)*} {$($of_client:tt)*}) => {
        impl ServerCertVerifier for $for {
            fn verify_server_cert(
                &self,
                end_entity: &CertificateDer<'_>,
                _: &[CertificateDer<'_>],
                _: &ServerName<'_>,
                _ocsp_response: &[u8],
                _: UnixTime,
            ) -> Result<ServerCertVerified, Error> {
                called(concat!($who, " ServerCertVerifier::verify_server_cert"));
                let $inner = self;
                $pinned.is(end_entity).map(|()| ServerCertVerified::assertion())
            }
            fn verify_tls12_signature(
                &self,
                message: &[u8],
                cert: &CertificateDer<'_>,
                signed: &DigitallySignedStruct,
            ) -> Result<HandshakeSignatureValid, Error> {
                called(concat!($who, " ServerCertVerifier::verify_tls12_signature"));
                let $inner = self;
                $pinned.signed12(message, cert, signed)
            }
            fn verify_tls13_signature(
                &self,
                message: &[u8],
                cert: &CertificateDer<'_>,
                signed: &DigitallySignedStruct,
            ) -> Result<HandshakeSignatureValid, Error> {
                called(concat!($who, " ServerCertVerifier::verify_tls13_signature"));
                let $inner = self;
                $pinned.signed13(message, cert, signed)
            }
            fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
                called(concat!($who, " ServerCertVerifier::supported_verify_schemes"));
                let $inner = self;
                $pinned.algorithms.supported_schemes()
            }
            $($of_server)*
        }

        impl ClientCertVerifier for $for {
            fn root_hint_subjects(&self) -> &[DistinguishedName] {
                called(concat!($who, " ClientCertVerifier::root_hint_subjects"));
                let $inner = self;
                &$pinned.hints
            }
            fn verify_client_cert(
                &self,
                end_entity: &CertificateDer<'_>,
                _: &[CertificateDer<'_>],
                _: UnixTime,
            ) -> Result<ClientCertVerified, Error> {
                called(concat!($who, " ClientCertVerifier::verify_client_cert"));
                let $inner = self;
                $pinned.is(end_entity).map(|()| ClientCertVerified::assertion())
            }
            fn verify_tls12_signature(
                &self,
                message: &[u8],
                cert: &CertificateDer<'_>,
                signed: &DigitallySignedStruct,
            ) -> Result<HandshakeSignatureValid, Error> {
                called(concat!($who, " ClientCertVerifier::verify_tls12_signature"));
                let $inner = self;
                $pinned.signed12(message, cert, signed)
            }
            fn verify_tls13_signature(
                &self,
                message: &[u8],
                cert: &CertificateDer<'_>,
                signed: &DigitallySignedStruct,
            ) -> Result<HandshakeSignatureValid, Error> {
                called(concat!($who, " ClientCertVerifier::verify_tls13_signature"));
                let $inner = self;
                $pinned.signed13(message, cert, signed)
            }
            fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
                called(concat!($who, " ClientCertVerifier::supported_verify_schemes"));
                let $inner = self;
                $pinned.algorithms.supported_schemes()
            }
            $($of_client)*
        }
    };
}

verifiers!(BarePinned, "Bare", this => this.0, {} {});
verifiers!(Pinned, "Full", this => this, {
    fn requires_raw_public_keys(&self) -> bool {
        called("Full ServerCertVerifier::requires_raw_public_keys");
        self.raw
    }
    fn root_hint_subjects(&self) -> Option<&[DistinguishedName]> {
        called("Full ServerCertVerifier::root_hint_subjects");
        Some(&self.hints)
    }
} {
    fn offer_client_auth(&self) -> bool {
        called("Full ClientCertVerifier::offer_client_auth");
        true
    }
    fn client_auth_mandatory(&self) -> bool {
        called("Full ClientCertVerifier::client_auth_mandatory");
        true
    }
    fn requires_raw_public_keys(&self) -> bool {
        called("Full ClientCertVerifier::requires_raw_public_keys");
        self.raw
    }
});

// ---------------------------------------------------------------- compression

/// Makes each byte another one, which no other does.
#[derive(Debug)]
pub struct Turned;

fn turned(byte: &u8) -> u8 {
    !byte
}

impl CertCompressor for Turned {
    fn compress(&self, input: Vec<u8>, _: CompressionLevel) -> Result<Vec<u8>, CompressionFailed> {
        called("CertCompressor::compress");
        Ok(input.iter().map(turned).collect())
    }

    fn algorithm(&self) -> CertificateCompressionAlgorithm {
        called("CertCompressor::algorithm");
        CertificateCompressionAlgorithm::Unknown(0x4242)
    }
}

impl CertDecompressor for Turned {
    fn decompress(&self, input: &[u8], output: &mut [u8]) -> Result<(), DecompressionFailed> {
        called("CertDecompressor::decompress");
        if input.len() != output.len() {
            return Err(DecompressionFailed);
        }
        output.iter_mut().zip(input).for_each(|(to, from)| *to = turned(from));
        Ok(())
    }

    fn algorithm(&self) -> CertificateCompressionAlgorithm {
        called("CertDecompressor::algorithm");
        CertificateCompressionAlgorithm::Unknown(0x4242)
    }
}

// ---------------------------------------------------------------- HPKE

#[derive(Debug)]
struct Sealer(Box<dyn HpkeSealer>);

impl HpkeSealer for Sealer {
    fn seal(&mut self, aad: &[u8], plaintext: &[u8]) -> Result<Vec<u8>, Error> {
        called("HpkeSealer::seal");
        self.0.seal(aad, plaintext)
    }
}

#[derive(Debug)]
struct Opener(Box<dyn HpkeOpener>);

impl HpkeOpener for Opener {
    fn open(&mut self, aad: &[u8], ciphertext: &[u8]) -> Result<Vec<u8>, Error> {
        called("HpkeOpener::open");
        self.0.open(aad, ciphertext)
    }
}

macro_rules! hpke {
    ($who:ident {$($more:tt)*}) => {
        impl Hpke for $who {
            fn seal(
                &self,
                info: &[u8],
                aad: &[u8],
                plaintext: &[u8],
                key: &HpkePublicKey,
            ) -> Result<(EncapsulatedSecret, Vec<u8>), Error> {
                called(concat!(stringify!($who), " Hpke::seal"));
                REAL.seal(info, aad, plaintext, key)
            }
            fn setup_sealer(
                &self,
                info: &[u8],
                key: &HpkePublicKey,
            ) -> Result<(EncapsulatedSecret, Box<dyn HpkeSealer + 'static>), Error> {
                called(concat!(stringify!($who), " Hpke::setup_sealer"));
                let (secret, sealer) = REAL.setup_sealer(info, key)?;
                Ok((secret, Box::new(Sealer(sealer))))
            }
            fn open(
                &self,
                secret: &EncapsulatedSecret,
                info: &[u8],
                aad: &[u8],
                ciphertext: &[u8],
                key: &HpkePrivateKey,
            ) -> Result<Vec<u8>, Error> {
                called(concat!(stringify!($who), " Hpke::open"));
                REAL.open(secret, info, aad, ciphertext, key)
            }
            fn setup_opener(
                &self,
                secret: &EncapsulatedSecret,
                info: &[u8],
                key: &HpkePrivateKey,
            ) -> Result<Box<dyn HpkeOpener + 'static>, Error> {
                called(concat!(stringify!($who), " Hpke::setup_opener"));
                Ok(Box::new(Opener(REAL.setup_opener(secret, info, key)?)))
            }
            fn generate_key_pair(&self) -> Result<(HpkePublicKey, HpkePrivateKey), Error> {
                called(concat!(stringify!($who), " Hpke::generate_key_pair"));
                REAL.generate_key_pair()
            }
            fn suite(&self) -> HpkeSuite {
                called(concat!(stringify!($who), " Hpke::suite"));
                REAL.suite()
            }
            $($more)*
        }
    };
}

hpke!(Bare {});
hpke!(Full {
    fn fips(&self) -> bool {
        called("Full Hpke::fips");
        false
    }
});
