//! Parts of the application or the provider that fail in the midst of a handshake: a typed error and an alert, never a panic.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use chitin::client::{ClientSessionStore, Resumption, Tls12ClientSessionValue, Tls13ClientSessionValue};
use chitin::crypto::{CryptoProvider, GetRandomFailed, SecureRandom};
use chitin::pki_types::{ServerName, UnixTime};
use chitin::server::{ClientHello, ProducesTickets, ResolvesServerCert, WebPkiClientVerifier};
use chitin::sign::{CertifiedKey, Signer, SigningKey, SingleCertAndKey};
use chitin::time_provider::TimeProvider;
use chitin::version::{TLS12, TLS13};
use chitin::{
    ClientConfig, Error, NamedGroup, OtherError, ServerConfig, SignatureAlgorithm, SignatureScheme,
};
use testkit::liar::Liar;
use testkit::pair::Side;
use testkit::pki::Identity;

use crate::bench::{Bench, Told, asking_server, client, client_with_certificate, provider, server};
use crate::certificates::verifier_says;

/// A generator that works so many times.
#[derive(Debug)]
struct Drying(AtomicUsize);

impl SecureRandom for Drying {
    fn fill(&self, buf: &mut [u8]) -> Result<(), GetRandomFailed> {
        match self.0.load(Ordering::Relaxed) {
            0 => Err(GetRandomFailed),
            left => {
                self.0.store(left - 1, Ordering::Relaxed);
                provider().secure_random.fill(buf)
            }
        }
    }
}

fn drying(times: usize) -> Arc<CryptoProvider> {
    let random: &'static Drying = Box::leak(Box::new(Drying(AtomicUsize::new(times))));
    Arc::new(CryptoProvider { secure_random: random, ..(*provider()).clone() })
}

#[derive(Debug)]
struct Stopped;

impl TimeProvider for Stopped {
    fn current_time(&self) -> Option<UnixTime> {
        None
    }
}

#[derive(Debug)]
struct PanickingClock;

impl TimeProvider for PanickingClock {
    fn current_time(&self) -> Option<UnixTime> {
        panic!("on purpose")
    }
}

/// A store of client sessions that panics when a ticket is to be kept.
#[derive(Debug)]
struct PanickingStore;

impl ClientSessionStore for PanickingStore {
    fn set_kx_hint(&self, _: ServerName<'static>, _: NamedGroup) {}
    fn kx_hint(&self, _: &ServerName<'_>) -> Option<NamedGroup> {
        None
    }
    fn set_tls12_session(&self, _: ServerName<'static>, _: Tls12ClientSessionValue) {}
    fn tls12_session(&self, _: &ServerName<'_>) -> Option<Tls12ClientSessionValue> {
        None
    }
    fn remove_tls12_session(&self, _: &ServerName<'static>) {}
    fn insert_tls13_ticket(&self, _: ServerName<'static>, _: Tls13ClientSessionValue) {
        panic!("on purpose")
    }
    fn take_tls13_ticket(&self, _: &ServerName<'static>) -> Option<Tls13ClientSessionValue> {
        None
    }
}

#[derive(Debug)]
struct Knows(fn() -> Option<Arc<CertifiedKey>>);

impl ResolvesServerCert for Knows {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        (self.0)()
    }
}

fn resolving(b: &Bench, resolve: fn() -> Option<Arc<CertifiedKey>>) -> Told {
    let mut config = server(provider());
    config.cert_resolver = Arc::new(Knows(resolve));
    b.fail(b.pair(client(provider()), config))
}

/// A key that chooses a scheme and then does something else.
#[derive(Debug)]
struct Fickle(fn() -> Result<Vec<u8>, Error>);

#[derive(Debug)]
struct Signs(fn() -> Result<Vec<u8>, Error>);

impl SigningKey for Fickle {
    fn choose_scheme(&self, _: &[SignatureScheme]) -> Option<Box<dyn Signer>> {
        Some(Box::new(Signs(self.0)))
    }

    fn algorithm(&self) -> SignatureAlgorithm {
        SignatureAlgorithm::ECDSA
    }
}

impl Signer for Signs {
    fn sign(&self, _: &[u8]) -> Result<Vec<u8>, Error> {
        (self.0)()
    }

    fn scheme(&self) -> SignatureScheme {
        SignatureScheme::ECDSA_NISTP256_SHA256
    }
}

fn signing(b: &Bench, sign: fn() -> Result<Vec<u8>, Error>) -> Told {
    let key = Fickle(sign);
    let certified = CertifiedKey::new(crate::bench::world().server.chain.clone(), Arc::new(key));
    let mut config = server(provider());
    config.cert_resolver = Arc::new(chitin::sign::SingleCertAndKey::from(certified));
    b.fail(b.pair(client(provider()), config))
}

/// A ticketer that panics.
#[derive(Debug)]
struct Panics;

impl ProducesTickets for Panics {
    fn enabled(&self) -> bool {
        true
    }

    fn lifetime(&self) -> u32 {
        100
    }

    fn encrypt(&self, _: &[u8]) -> Option<Vec<u8>> {
        panic!("on purpose")
    }

    fn decrypt(&self, _: &[u8]) -> Option<Vec<u8>> {
        panic!("on purpose")
    }
}

cases! {
    no_randomness_for_the_server_hello = Error::FailedToGetRandomBytes, |b| {
        b.fail(b.pair(client(provider()), server(drying(0))))
    };
    no_randomness_for_the_client_hello = Error::FailedToGetRandomBytes, |_| {
        Told { silent: Some("nobody is connected yet"), ..Told::alone(crate::bench::lone_client(client(drying(0))).unwrap_err()) }
    };
    no_time_for_the_chain = Error::FailedToGetCurrentTime, |b| {
        let mut config = client(provider());
        config.time_provider = Arc::new(Stopped);
        b.fail(b.pair(config, server(provider())))
    };
    no_time_for_the_chain_of_the_client = Error::FailedToGetCurrentTime, |b| {
        let mut config = asking_server(provider());
        config.time_provider = Arc::new(Stopped);
        b.fail(b.pair(client_with_certificate(provider()), config))
    };
    no_certificate_for_this_name = Error::NoServerCertificateResolved, |b| resolving(b, || None);
    a_panicking_resolver = Error::CallbackPanicked("server certificate resolver"), |b| resolving(b, || panic!("on purpose"));
    a_panicking_key = Error::CallbackPanicked("signing key"), |b| signing(b, || panic!("on purpose"));
    a_panicking_clock = Error::CallbackPanicked("time provider"), |b| {
        let mut config = client(provider());
        config.time_provider = Arc::new(PanickingClock);
        b.fail(b.pair(config, server(provider())))
    };
    a_panicking_session_store = Error::CallbackPanicked("client session store"), |b| {
        let mut config = client(provider());
        config.resumption = Resumption::store(Arc::new(PanickingStore));
        b.fail(b.pair(config, server(provider())))
    };
    a_panicking_ticketer = Error::CallbackPanicked("ticketer"), |b| {
        let mut config = server(provider());
        config.ticketer = Arc::new(Panics);
        b.fail(b.pair(client(provider()), config))
    };
    a_key_that_fails = Error::General("the token is gone".into()), |b| signing(b, || Err(Error::General("the token is gone".into())));
    a_verifier_that_fails = like!(Error::Other(_)), |b| verifier_says(b, OtherError(Arc::new(std::fmt::Error)));
    an_encrypter_that_fails = Error::EncryptError, |b| {
        let liar = Liar::new();
        let config = server(liar.provider(&provider()));
        liar.refuse();
        let pair = b.pair(client(provider()), config).tamper(Side::Server, liar.tamper());
        Told { silent: Some("what cannot encrypt cannot send the alert either"), ..b.fail(pair) }
    };
    a_part_that_says_encryption_failed = Error::EncryptError, |b| verifier_says(b, Error::EncryptError);
}

/// A key that has one signer, and no second one for the same handshake. In 0.23 it signs, too.
#[test]
fn a_key_is_asked_for_one_signer() {
    #[derive(Debug)]
    struct Once(Arc<dyn SigningKey>, AtomicUsize);
    impl SigningKey for Once {
        fn choose_scheme(&self, offered: &[SignatureScheme]) -> Option<Box<dyn Signer>> {
            match self.1.fetch_add(1, Ordering::Relaxed) {
                0 => self.0.choose_scheme(offered),
                _ => None,
            }
        }
        fn algorithm(&self) -> SignatureAlgorithm {
            self.0.algorithm()
        }
    }
    let world = crate::bench::world();
    let once = |identity: &Identity| {
        let key = provider().key_provider.load_private_key(identity.key.clone_key()).unwrap();
        Arc::new(Once(key, AtomicUsize::new(0)))
    };
    let resolver = |identity: &Identity, key: &Arc<Once>| {
        let certified = CertifiedKey::new(identity.chain.clone(), key.clone());
        Arc::new(SingleCertAndKey::from(certified))
    };
    let roots = Arc::new(world.root.store());
    let verifier = WebPkiClientVerifier::builder_with_provider(roots.clone(), provider()).build().unwrap();
    for version in [&TLS12, &TLS13] {
        let keys = [once(&world.server), once(&world.client)];
        let server = ServerConfig::builder_with_provider(provider())
            .with_protocol_versions(&[version])
            .unwrap()
            .with_client_cert_verifier(verifier.clone())
            .with_cert_resolver(resolver(&world.server, &keys[0]));
        let client = ClientConfig::builder_with_provider(provider())
            .with_protocol_versions(&[version])
            .unwrap()
            .with_root_certificates(roots.clone())
            .with_client_cert_resolver(resolver(&world.client, &keys[1]));
        testkit::pair::Pair::new(client, server).handshake().unwrap();
        assert_eq!(keys.map(|key| key.1.load(Ordering::Relaxed)), [1, 1], "{version:?}");
    }
}

/// A ticketer that cannot is no reason to end a connection.
#[test]
fn without_tickets_there_is_still_a_connection() {
    #[derive(Debug)]
    struct Cannot;
    impl ProducesTickets for Cannot {
        fn enabled(&self) -> bool {
            true
        }
        fn lifetime(&self) -> u32 {
            100
        }
        fn encrypt(&self, _: &[u8]) -> Option<Vec<u8>> {
            None
        }
        fn decrypt(&self, _: &[u8]) -> Option<Vec<u8>> {
            None
        }
    }
    let mut config = server(provider());
    config.ticketer = Arc::new(Cannot);
    let mut pair = testkit::pair::Pair::new(client(provider()), config);
    pair.handshake().unwrap();
    assert_eq!(pair.client.tls13_tickets_received(), 0);
    assert_eq!(pair.send(Side::Server, b"data").unwrap(), b"data");
}
