//! The memo of signatures within whole handshakes, and what it must not save.

use std::sync::Arc;
use std::time::Duration;

use chitin::client::danger::ServerCertVerifier;
use chitin::client::{Resumption, WebPkiServerVerifier};
use chitin::pki_types::{CertificateDer, ServerName, UnixTime};
use chitin::server::WebPkiClientVerifier;
use chitin::trust::{ServerVerifier, SignatureMemo};
use chitin::{CertificateError, ClientConfig, Error, RootCertStore, ServerConfig};
use testkit::pair::Pair;
use testkit::pki::{Identity, KeyType, Pki};
use testkit::provided;

fn client(roots: RootCertStore, identity: &Identity) -> Arc<ClientConfig> {
    let mut config = ClientConfig::builder_with_provider(Arc::new(provided::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_client_auth_cert(identity.chain.clone(), identity.key.clone_key())
        .unwrap();
    config.resumption = Resumption::disabled();
    Arc::new(config)
}

fn server(roots: RootCertStore, identity: &Identity) -> Arc<ServerConfig> {
    let provider = Arc::new(provided::default_provider());
    let verifier =
        WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider.clone()).build().unwrap();
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_client_cert_verifier(verifier)
        .with_single_cert(identity.chain.clone(), identity.key.clone_key())
        .unwrap();
    Arc::new(config)
}

#[test]
fn both_sides_remember_chains_and_nothing_else() {
    let pki = Pki::new();
    let client = client(pki.root.store(), &pki.client(KeyType::P256));
    let server = server(pki.root.store(), &pki.server(KeyType::P256));
    for round in 0..3 {
        Pair::new(client.clone(), server.clone()).handshake().unwrap();
        for memo in [client.signature_memo().unwrap(), server.signature_memo().unwrap()] {
            // The leaf's and the intermediate's signature. CertificateVerify is not asked here, or there would be three.
            assert_eq!((memo.hits(), memo.misses(), memo.len()), (2 * round, 2, 2));
        }
    }
    // Another server below the same intermediate costs one verification.
    let other = self::server(pki.root.store(), &pki.server(KeyType::P256));
    Pair::new(client.clone(), other).handshake().unwrap();
    let memo = client.signature_memo().unwrap();
    assert_eq!((memo.hits(), memo.misses(), memo.len()), (5, 3, 3));
}

#[test]
fn a_server_that_asks_for_no_certificates_has_no_memo() {
    let pki = Pki::new();
    let identity = pki.server(KeyType::P256);
    let config = ServerConfig::builder_with_provider(Arc::new(provided::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(identity.chain, identity.key)
        .unwrap();
    assert!(config.signature_memo().is_none());
}

/// The verifiers of servers that there are, each with a memo of its own.
fn verifiers(pki: &Pki) -> Vec<Arc<dyn ServerCertVerifier>> {
    let provider = Arc::new(provided::default_provider());
    let memo = SignatureMemo::new(64);
    vec![
        WebPkiServerVerifier::builder_with_provider(Arc::new(pki.root.store()), provider.clone())
            .with_signature_memo(memo)
            .build()
            .unwrap(),
        ServerVerifier::builder(pki.root.store(), provider)
            .with_signature_memo(SignatureMemo::default())
            .build()
            .unwrap(),
    ]
}

fn verify(
    verifier: &dyn ServerCertVerifier,
    chain: &[CertificateDer<'_>],
    name: &str,
    year: u64,
) -> Result<(), Error> {
    let now = UnixTime::since_unix_epoch(Duration::from_secs((year - 1970) * 31_557_600));
    verifier
        .verify_server_cert(&chain[0], &chain[1..], &ServerName::try_from(name).unwrap(), &[], now)
        .map(|_| ())
}

#[test]
fn dates_names_and_changed_bytes_are_looked_at_every_time() {
    let pki = Pki::new();
    let chain = pki.server(KeyType::P256).chain;
    for verifier in verifiers(&pki) {
        let memo = verifier.signature_memo().unwrap().clone();
        assert_eq!(verify(&*verifier, &chain, "localhost", 2030), Ok(()));
        assert_eq!(verify(&*verifier, &chain, "localhost", 2031), Ok(()));
        assert_eq!((memo.hits(), memo.misses()), (2, 2));

        let error = verify(&*verifier, &chain, "localhost", 2050).unwrap_err();
        assert!(
            matches!(error, Error::InvalidCertificate(CertificateError::ExpiredContext { .. })),
            "{error:?}"
        );
        let error = verify(&*verifier, &chain, "elsewhere.test", 2030).unwrap_err();
        assert!(
            matches!(error, Error::InvalidCertificate(CertificateError::NotValidForNameContext { .. })),
            "{error:?}"
        );
        // The name is changed within what is signed: the chain is not the one that was seen.
        let mut changed = chain[0].to_vec();
        let at = changed.windows(9).position(|window| window == b"localhost").unwrap();
        changed[at..at + 9].copy_from_slice(b"lokalhost");
        let chain = [CertificateDer::from(changed), chain[1].clone()];
        for _ in 0..2 {
            let error = verify(&*verifier, &chain, "lokalhost", 2030).unwrap_err();
            assert_eq!(error, Error::InvalidCertificate(CertificateError::BadSignature));
        }
        assert_eq!(memo.len(), 2);
    }
}

#[test]
fn verifiers_may_share_one_and_a_stranger_stays_one() {
    let pki = Pki::new();
    let chain = pki.server(KeyType::P256).chain;
    let provider = Arc::new(provided::default_provider());
    let memo = SignatureMemo::default();
    let verifier = |roots: RootCertStore| {
        WebPkiServerVerifier::builder_with_provider(Arc::new(roots), provider.clone())
            .with_signature_memo(memo.clone())
            .build()
            .unwrap()
    };
    let (ours, theirs) = (verifier(pki.root.store()), verifier(pki.root.store()));
    assert_eq!(verify(&*ours, &chain, "localhost", 2030), Ok(()));
    assert_eq!(verify(&*theirs, &chain, "localhost", 2030), Ok(()));
    assert_eq!((memo.hits(), memo.misses()), (2, 2));
    // Good signatures make no root: who does not trust it, does not trust it.
    let error = verify(&*verifier(pki.stranger.store()), &chain, "localhost", 2030).unwrap_err();
    assert_eq!(error, Error::InvalidCertificate(CertificateError::UnknownIssuer));
}

#[test]
fn switched_off_every_signature_is_verified() {
    let pki = Pki::new();
    let client = client(pki.root.store(), &pki.client(KeyType::P256));
    let server = server(pki.root.store(), &pki.server(KeyType::P256));
    let memo = client.signature_memo().unwrap();
    memo.set_size(0);
    for _ in 0..2 {
        Pair::new(client.clone(), server.clone()).handshake().unwrap();
    }
    assert_eq!((memo.hits(), memo.misses(), memo.len()), (0, 0, 0));
}

#[test]
fn a_memo_says_how_large_it_is_and_can_be_emptied() {
    let pki = Pki::new();
    let chain = pki.server(KeyType::P256).chain;
    let memo = SignatureMemo::default();
    assert_eq!(memo.size(), SignatureMemo::DEFAULT_SIZE);
    assert_eq!(SignatureMemo::new(usize::MAX).size(), SignatureMemo::MAX_SIZE);
    let verifier = WebPkiServerVerifier::builder_with_provider(
        Arc::new(pki.root.store()),
        Arc::new(provided::default_provider()),
    )
    .with_signature_memo(memo.clone())
    .build()
    .unwrap();
    assert!(memo.is_empty());
    for misses in [2, 4] {
        assert_eq!(verify(&*verifier, &chain, "localhost", 2030), Ok(()));
        assert!(!memo.is_empty());
        memo.clear();
        assert!(memo.is_empty());
        // The counts stay, and so does the size.
        assert_eq!((memo.hits(), memo.misses(), memo.size()), (0, misses, SignatureMemo::DEFAULT_SIZE));
    }
}

#[test]
fn a_verifier_of_clients_remembers_in_the_memo_that_it_is_given() {
    let pki = Pki::new();
    let chain = pki.client(KeyType::P256).chain;
    let provider = Arc::new(provided::default_provider());
    let memo = SignatureMemo::new(64);
    let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(pki.root.store()), provider)
        .with_signature_memo(memo.clone())
        .build()
        .unwrap();
    let now = UnixTime::since_unix_epoch(Duration::from_secs((2030 - 1970) * 31_557_600));
    for hits in [0, 2] {
        verifier.verify_client_cert(&chain[0], &chain[1..], now).unwrap();
        assert_eq!((memo.hits(), memo.misses(), memo.len()), (hits, 2, 2));
    }
    // It is the same one that the verifier shows, and not a copy of its own.
    verifier.signature_memo().unwrap().clear();
    assert!(memo.is_empty());
}
