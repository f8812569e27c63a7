//! Mistakes of the caller: no peer hears of them.

use std::sync::Arc;

use chitin::client::{VerifierBuilderError, WebPkiServerVerifier};
use chitin::server::{AcceptedAlert, Acceptor};
use chitin::sign::CertifiedKey;
use chitin::sign::{Signer, SigningKey};
use chitin::version::TLS13;
use chitin::{
    CertRevocationListError, Error, InconsistentKeys, PeerIncompatible, PeerMisbehaved, RootCertStore,
    ServerConfig, SignatureAlgorithm, SignatureScheme,
};

use testkit::hello::Hello;
use testkit::pair::{Record, output};

use crate::bench::{Told, client, lone_client, lone_server, provider, server, world};

/// A key that does not say what its public half is.
#[derive(Debug)]
struct Secretive;

impl SigningKey for Secretive {
    fn choose_scheme(&self, _: &[SignatureScheme]) -> Option<Box<dyn Signer>> {
        None
    }

    fn algorithm(&self) -> SignatureAlgorithm {
        SignatureAlgorithm::ECDSA
    }
}

/// The config was wrong before there was a peer.
const NOBODY: Option<&str> = Some("nobody is connected yet");

cases! {
    an_export_before_the_handshake = Error::HandshakeNotComplete, |_| {
        let conn = lone_client(client(provider())).unwrap();
        Told::alone(conn.export_keying_material([0; 16], b"label", None).unwrap_err())
    };
    a_key_update_before_the_handshake = Error::HandshakeNotComplete, |_| {
        let mut conn = lone_server(server(provider())).unwrap();
        Told::alone(conn.refresh_traffic_keys().unwrap_err())
    };
    a_client_with_tiny_records = Error::BadMaxFragmentSize, |_| {
        let mut config = client(provider());
        config.max_fragment_size = Some(31);
        Told { silent: NOBODY, ..Told::alone(lone_client(config).unwrap_err()) }
    };
    a_server_with_huge_records = Error::BadMaxFragmentSize, |_| {
        let mut config = server(provider());
        config.max_fragment_size = Some((1 << 14) + 6);
        Told { silent: NOBODY, ..Told::alone(lone_server(config).unwrap_err()) }
    };
    a_key_of_another_certificate = InconsistentKeys::KeyMismatch, |_| {
        let config = ServerConfig::builder_with_provider(provider())
            .with_protocol_versions(&[&TLS13])
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(world().server.chain.clone(), world().client.key.clone_key());
        Told::alone(config.unwrap_err())
    };
    a_key_without_public_half = InconsistentKeys::Unknown, |_| {
        let certified = CertifiedKey::new(world().server.chain.clone(), Arc::new(Secretive));
        Told::alone(certified.keys_match().unwrap_err())
    };
    a_revocation_list_that_is_none = Error::InvalidCertRevocationList(CertRevocationListError::ParseError), |_| {
        let built = WebPkiServerVerifier::builder_with_provider(Arc::new(world().root.store()), provider())
            .with_crls([vec![0x30, 0].into()])
            .build();
        match built.unwrap_err() {
            VerifierBuilderError::InvalidCrl(why) => {
                Told { silent: Some("there is no connection"), ..Told::alone(why.into()) }
            }
            other => panic!("{other}"),
        }
    };
}

/// A verifier that would refuse everybody is not made.
#[test]
fn a_verifier_without_roots() {
    let built =
        WebPkiServerVerifier::builder_with_provider(Arc::new(RootCertStore::empty()), provider()).build();
    assert!(matches!(built, Err(VerifierBuilderError::NoRootAnchors)));
}

/// Changes the hello of a client, and gives it to an acceptor.
fn offered(edit: fn(&mut Hello)) -> Acceptor {
    let mut conn = lone_client(client(provider())).unwrap();
    let mut record = Record::split(&output(&mut conn)).remove(0);
    let mut hello = Hello::read(&record.body);
    edit(&mut hello);
    record.body = hello.write();
    let mut acceptor = Acceptor::default();
    let bytes = record.to_bytes();
    assert_eq!(acceptor.read_tls(&mut &bytes[..]).unwrap(), bytes.len());
    acceptor
}

fn written(mut alert: AcceptedAlert) -> Vec<u8> {
    let mut bytes = Vec::new();
    alert.write_all(&mut bytes).unwrap();
    bytes
}

/// A server that has not chosen its config yet refuses the same things, and leaves the alert to the application.
#[test]
fn an_acceptor_hands_the_alert_over() {
    let (error, alert) = offered(|hello| hello.add(44, &[0, 1, 9])).accept().unwrap_err();
    assert_eq!(error, PeerMisbehaved::CookieInFirstClientHello.into());
    // illegal_parameter, RFC 8446 section 6.
    assert_eq!(written(alert), [21, 3, 3, 0, 2, 2, 47]);

    let accepted = offered(|hello| hello.suites = vec![0xc02f]).accept().unwrap().unwrap();
    let (error, alert) = accepted.into_connection(Arc::new(server(provider()))).unwrap_err();
    assert_eq!(error, PeerIncompatible::NoCipherSuitesInCommon.into());
    // handshake_failure.
    assert_eq!(written(alert), [21, 3, 3, 0, 2, 2, 40]);

    let mut spent = offered(|_| ());
    assert!(spent.accept().unwrap().is_some());
    let (error, alert) = spent.accept().unwrap_err();
    assert!(matches!(error, Error::General(_)));
    assert!(written(alert).is_empty());
}
