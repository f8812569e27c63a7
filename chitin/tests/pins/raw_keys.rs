//! Raw public keys (RFC 7250) that are trusted by their pins, in whole handshakes of both versions.

use chitin::server::CertificateType::{self, RawPublicKey, X509};
use chitin::sign::{Credential, CredentialList};
use chitin::trust::pin_of_key;
use testkit::raw_keys::{raw, spki};

use super::*;

const VERSIONS: [&SupportedProtocolVersion; 2] = [&TLS12, &TLS13];

/// The pin of a raw key, by OpenSSL.
fn pin_of(identity: &Identity) -> Pin {
    let text = openssl(&["base64", "-A"], &openssl(&["dgst", "-sha256", "-binary"], &spki(identity)));
    format!("sha256//{}", String::from_utf8(text).unwrap()).parse().unwrap()
}

fn verifier(pins: PinSet, types: &[CertificateType]) -> PinnedVerifierBuilder {
    PinnedVerifier::builder(pins, provider()).with_certificate_types(types.iter().copied())
}

fn credentials(identity: &Identity, types: &[CertificateType]) -> Arc<CredentialList> {
    let credential = |typ: &CertificateType| -> Credential {
        match typ {
            RawPublicKey => raw(identity).into(),
            _ => {
                let (chain, key) = (identity.chain.clone(), identity.key.clone_key());
                CertifiedKey::from_der(chain, key, &provider()).unwrap().into()
            }
        }
    };
    Arc::new(CredentialList::new(types.iter().map(credential)))
}

fn client(pins: PinSet, types: &[CertificateType], shows: Option<&Identity>) -> Arc<ClientConfig> {
    let mut config = ClientConfig::builder_with_provider(provider())
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_pinned_servers(verifier(pins, types).build().unwrap())
        .with_no_client_auth();
    if let Some(identity) = shows {
        config.client_auth_cert_resolver = credentials(identity, &[RawPublicKey]);
    }
    Arc::new(config)
}

fn server(
    version: &'static SupportedProtocolVersion,
    shows: Arc<CredentialList>,
    clients: Option<PinSet>,
) -> Arc<ServerConfig> {
    let builder = ServerConfig::builder_with_provider(provider()).with_protocol_versions(&[version]).unwrap();
    let builder = match clients {
        Some(pins) => builder.with_client_cert_verifier(verifier(pins, &[RawPublicKey]).build().unwrap()),
        None => builder.with_no_client_auth(),
    };
    Arc::new(builder.with_cert_resolver(shows))
}

#[test]
fn both_sides_trust_each_others_raw_keys_and_resume() {
    let (ours, theirs) =
        (self_signed(&Spec::client(KeyType::P256)), self_signed(&Spec::server(KeyType::Ed25519)));
    for version in VERSIONS {
        let client = client(one(pin_of(&theirs)), &[RawPublicKey], Some(&ours));
        let server = server(version, credentials(&theirs, &[RawPublicKey]), Some(one(pin_of(&ours))));
        for kind in [HandshakeKind::Full, HandshakeKind::Resumed] {
            let mut pair = Pair::new(client.clone(), server.clone());
            pair.handshake().unwrap();
            pair.send(Side::Server, b"tickets come first").unwrap();
            assert_eq!(pair.client.handshake_kind(), Some(kind), "{version:?}");
            assert_eq!(pair.client.peer_certificates().unwrap(), [CertificateDer::from(spki(&theirs))]);
            assert_eq!(pair.server.peer_certificates().unwrap(), [CertificateDer::from(spki(&ours))]);
        }
    }
}

#[test]
fn a_raw_key_that_is_not_pinned_is_refused_on_both_sides() {
    let [mine, other] = [(); 2].map(|()| self_signed(&Spec::server(KeyType::P256)));
    for version in VERSIONS {
        let show = |identity| credentials(identity, &[RawPublicKey]);
        let refused =
            Pair::new(client(one(pin_of(&mine)), &[RawPublicKey], None), server(version, show(&other), None));
        let failed = { refused }.handshake().unwrap_err();
        assert_eq!(failed.side, Side::Client);
        let PinProblem::NotOwn(mismatch) = unmet(Err(failed.error.clone())) else {
            panic!("another problem")
        };
        assert_eq!((mismatch.seen.len(), &mismatch.seen[0].key), (1, &pin_of(&other)));
        let text = failed.error.to_string();
        assert!(text.ends_with(&format!("seen was {}", pin_of(&other))), "{text}");

        let mut pair = Pair::new(
            client(one(pin_of(&mine)), &[RawPublicKey], Some(&other)),
            server(version, show(&mine), Some(one(stranger()))),
        );
        let failed = pair.handshake().unwrap_err();
        assert_eq!(failed.side, Side::Server);
        unmet(Err(failed.error));
    }
}

/// Who shows the pinned key without having its private half gets no further than to its signature.
#[test]
fn a_pinned_raw_key_without_its_private_half_is_worth_nothing() {
    let [mine, thief] = [(); 2].map(|()| self_signed(&Spec::server(KeyType::P256)));
    for version in VERSIONS {
        let key = provided::load(&thief.key).unwrap();
        let stolen = CertifiedKey::new(vec![CertificateDer::from(spki(&mine))], key);
        let stolen = Arc::new(CredentialList::new([Credential::from(Arc::new(stolen))]));
        let mut pair =
            Pair::new(client(one(pin_of(&mine)), &[RawPublicKey], None), server(version, stolen, None));
        let failed = pair.handshake().unwrap_err();
        assert_eq!((failed.side, failed.error), (Side::Client, CertificateError::BadSignature.into()));
    }
}

#[test]
fn keys_and_certificates_may_stand_beside_each_other() {
    let identity = self_signed(&Spec::server(KeyType::P256));
    for version in VERSIONS {
        for (order, shown) in
            [([RawPublicKey, X509], spki(&identity)), ([X509, RawPublicKey], identity.leaf().to_vec())]
        {
            let server = server(version, credentials(&identity, &order), None);
            let mut pair = Pair::new(client(one(pin_of(&identity)), &order, None), server);
            pair.handshake().unwrap();
            assert_eq!(pair.client.peer_certificates().unwrap(), [CertificateDer::from(shown)]);
        }
    }
    // The certificate is held to its name and its dates, the key has none.
    let der = |der: Vec<u8>| CertificateDer::from(der);
    let both = || verifier(one(pin_of(&identity)), &[RawPublicKey, X509]);
    assert!(alone(both(), identity.leaf(), "other.example").is_err());
    assert_eq!(alone(both(), &der(spki(&identity)), "other.example"), Ok(()));
    // Who takes certificates alone takes no key, and a pinned certificate is not a pinned key.
    let certificates = PinnedVerifier::builder(one(pin_of(&identity)), provider());
    assert_eq!(
        alone(certificates, &der(spki(&identity)), "localhost"),
        Err(CertificateError::BadEncoding.into())
    );
    unmet(alone(verifier(one(whole(identity.leaf())), &[RawPublicKey]), &der(spki(&identity)), "localhost"));
    // Who takes keys alone takes no certificate, asked directly too, of either side.
    let keys = || verifier(one(pin_of(&identity)), &[RawPublicKey]);
    let none = Err(CertificateError::BadEncoding.into());
    assert_eq!(alone(keys(), identity.leaf(), "localhost"), none);
    let client = self_signed(&Spec::client(KeyType::P256));
    let keys = verifier(one(pin_of(&client)), &[RawPublicKey]).build().unwrap();
    assert_eq!(keys.verify_client_cert(client.leaf(), &[], UnixTime::now()).map(drop), none);
    assert!(keys.verify_client_cert(&der(spki(&client)), &[], UnixTime::now()).is_ok());
}

#[test]
fn a_verifier_takes_some_type_of_certificate() {
    for types in [&[][..], &[CertificateType::Unknown(1)]] {
        let built = verifier(one(stranger()), types).build().map(drop);
        assert!(matches!(built, Err(VerifierBuilderError::NoCertificateTypes)), "{types:?}");
    }
    assert!(verifier(one(stranger()), &[CertificateType::Unknown(1), RawPublicKey]).build().is_ok());
}

#[test]
fn pins_that_have_ended_trust_no_raw_key() {
    let identity = self_signed(&Spec::server(KeyType::P256));
    let pins = one(pin_of(&identity)).until(UnixTime::since_unix_epoch(std::time::Duration::from_secs(1)));
    let result = alone(verifier(pins, &[RawPublicKey]), &CertificateDer::from(spki(&identity)), "localhost");
    assert!(matches!(unmet(result), PinProblem::Over { .. }));
}

#[test]
fn a_pinned_raw_key_of_a_size_that_nobody_may_have_is_refused() {
    let short = World::new().issuing.issue(&Spec { key: KeyType::Rsa1536, ..Spec::server(KeyType::P256) });
    let key = openssl(&["x509", "-inform", "DER", "-noout", "-pubkey"], short.leaf());
    let key = CertificateDer::from(openssl(&["pkey", "-pubin", "-outform", "DER"], &key));
    let pins = one(pin_of_key(&key, &provider()).unwrap());
    let error = alone(verifier(pins, &[RawPublicKey]), &key, "localhost").unwrap_err();
    assert!(matches!(
        error,
        Error::InvalidCertificate(CertificateError::RsaKeySizeOutOfRange { bits: 1536, .. })
    ));
}

#[test]
fn the_pin_of_what_a_peer_shows_is_that_of_its_key() {
    let identity = self_signed(&Spec::server(KeyType::P256));
    let of = |shown: &CertificateDer<'_>| pin_of_key(shown, &provider());
    assert_eq!(of(identity.leaf()).unwrap(), pin(identity.leaf()));
    assert_eq!(of(&CertificateDer::from(spki(&identity))).unwrap(), pin_of(&identity));
    assert_eq!(pin_of(&identity), pin(identity.leaf()), "one key has one pin");
    assert_eq!(of(&CertificateDer::from(vec![0x30, 0])).unwrap_err(), CertificateError::BadEncoding.into());
}
