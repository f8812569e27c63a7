//! Chains that a verifier refuses, and what the verifiers of applications may say. RFC 8446 section 4.4.2.4.

use std::sync::Arc;
use std::time::Duration;

use chitin::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use chitin::crypto::WebPkiSupportedAlgorithms;
use chitin::pki_types::{AlgorithmIdentifier, CertificateDer, ServerName, UnixTime};
use chitin::version::TLS13;
use chitin::{
    CertificateError, ClientConfig, DigitallySignedStruct, Error, ExtendedKeyPurpose, OtherError,
    SignatureScheme,
};
use testkit::liar::Liar;
use testkit::pair::Side;
use testkit::pki::{Identity, KeyType, Spec, Validity, self_signed};

use crate::bench::errors::Cert;
use crate::bench::{
    Bench, Told, certificate_body, chain_body, client, client_with_certificate, provider, server, server_of,
    world,
};

/// A server whose certificate says this.
fn server_is(b: &Bench, identity: &Identity) -> Told {
    b.fail(b.pair(client(provider()), server_of(provider(), identity)))
}

/// A server that shows this chain, whoever's it is: the verdict comes before the proof of the key.
fn shows(b: &Bench, body: Vec<u8>) -> Told {
    let liar = Liar::new();
    liar.edit(11, move |certificate| *certificate = body.clone());
    let server = server(liar.provider(&provider()));
    b.fail(b.pair(client(provider()), server).tamper(Side::Server, liar.tamper()))
}

fn issue(spec: Spec) -> Identity {
    world().issuing.issue(&spec)
}

/// A verifier that says one thing.
#[derive(Debug)]
struct Says(Error);

impl ServerCertVerifier for Says {
    fn verify_server_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        Err(self.0.clone())
    }

    fn verify_tls12_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        Err(self.0.clone())
    }

    fn verify_tls13_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        Err(self.0.clone())
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        provider().signature_verification_algorithms.supported_schemes()
    }
}

/// A client whose application's verifier refuses with this.
pub fn verifier_says(b: &Bench, error: impl Into<Error>) -> Told {
    let config = ClientConfig::builder_with_provider(provider())
        .with_protocol_versions(&[&TLS13])
        .unwrap()
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(Says(error.into())))
        .with_no_client_auth();
    b.fail(b.pair(config, server(provider())))
}

fn day() -> UnixTime {
    UnixTime::since_unix_epoch(Duration::from_secs(1_700_000_000))
}

cases! {
    // What the built-in verifier finds.
    garbage = Cert::BadEncoding, |b| shows(b, certificate_body(&[], &[(b"no certificate", &[])]));
    a_certificate_with_a_byte_too_many = Cert::BadEncoding, |b| {
        let der = [world().server.leaf(), &[0][..]].concat();
        shows(b, certificate_body(&[], &[(&der, &[])]))
    };
    expired = like!(Error::InvalidCertificate(Cert::ExpiredContext { .. })), |b| {
        server_is(b, &issue(Spec::server(KeyType::P256).validity(Validity::Expired)))
    };
    not_yet_valid = like!(Error::InvalidCertificate(Cert::NotValidYetContext { .. })), |b| {
        server_is(b, &issue(Spec::server(KeyType::P256).validity(Validity::NotYet)))
    };
    for_another_name = Cert::NotValidForNameContext {
        expected: ServerName::try_from("localhost").unwrap(),
        presented: vec!["DnsName(\"other.example\")".into()],
    }, |b| server_is(b, &issue(Spec::server(KeyType::P256).dns(&["other.example"])));
    for_another_purpose = Cert::InvalidPurposeContext {
        required: ExtendedKeyPurpose::ServerAuth,
        presented: vec![ExtendedKeyPurpose::ClientAuth],
    }, |b| {
        let spec = Spec { extended_key_usages: Spec::client(KeyType::P256).extended_key_usages, ..Spec::server(KeyType::P256) };
        server_is(b, &issue(spec))
    };
    of_an_unknown_authority = Cert::UnknownIssuer, |b| server_is(b, &world().stranger.issue(&Spec::server(KeyType::P256)));
    signed_by_itself = Cert::UnknownIssuer, |b| server_is(b, &self_signed(&Spec::server(KeyType::P256)));
    without_its_issuer = Cert::UnknownIssuer, |b| shows(b, chain_body(&world().server.chain[..1]));
    with_an_unknown_critical_extension = Cert::UnhandledCriticalExtension, |b| {
        let mut extension = rcgen::CustomExtension::from_oid_content(&[1, 3, 6, 1, 4, 1, 99999, 1], vec![5, 0]);
        extension.set_criticality(true);
        server_is(b, &issue(Spec { extensions: vec![extension], ..Spec::server(KeyType::P256) }))
    };
    with_a_short_rsa_key = Cert::RsaKeySizeOutOfRange { bits: 1024, min_bits: 2048, max_bits: 8192 }, |b| {
        static SHORT: std::sync::OnceLock<Identity> = std::sync::OnceLock::new();
        shows(b, chain_body(&SHORT.get_or_init(|| issue(Spec::server(KeyType::Rsa1024))).chain))
    };
    signed_with_what_we_cannot_check = like!(Error::InvalidCertificate(Cert::UnsupportedSignatureAlgorithmContext { .. })), |b| {
        // All that the handshake needs, and for certificates Ed25519 alone.
        let all = provider().signature_verification_algorithms;
        let ed25519: Vec<_> =
            all.all.iter().copied().filter(|alg| alg.public_key_alg_id().as_ref() == chitin::pki_types::alg_id::ED25519.as_ref()).collect();
        let mut few = (*provider()).clone();
        few.signature_verification_algorithms = WebPkiSupportedAlgorithms { all: Box::leak(ed25519.into()), mapping: all.mapping };
        b.fail(b.pair(client(Arc::new(few)), server(provider())))
    };
    an_authority_as_a_server = like!(Error::InvalidCertificate(Cert::Other(_))), |b| {
        let authority = world().issuing.intermediate(&Spec { dns: vec!["localhost".into()], ..Spec::authority(KeyType::P256, "both") });
        shows(b, chain_body(&[authority.cert().clone(), world().issuing.cert().clone()]))
    };
    a_client_of_an_unknown_authority = Cert::UnknownIssuer, |b| {
        let liar = Liar::new();
        let chain = world().stranger.issue(&Spec::client(KeyType::P256)).chain;
        liar.edit(11, move |certificate| *certificate = chain_body(&chain));
        let client = client_with_certificate(liar.provider(&provider()));
        b.fail(b.pair(client, crate::bench::asking_server(provider())).tamper(Side::Client, liar.tamper()))
    };
    a_server_as_a_client = like!(Error::InvalidCertificate(Cert::InvalidPurposeContext { required: ExtendedKeyPurpose::ClientAuth, .. })), |b| {
        let liar = Liar::new();
        liar.edit(11, move |certificate| *certificate = chain_body(&world().server.chain));
        let client = client_with_certificate(liar.provider(&provider()));
        b.fail(b.pair(client, crate::bench::asking_server(provider())).tamper(Side::Client, liar.tamper()))
    };

    // What only the verifiers of applications say today: the alert follows from the error whoever makes it.
    the_application_refuses = Cert::ApplicationVerificationFailure, |b| verifier_says(b, Cert::ApplicationVerificationFailure);
    the_application_says_expired = Cert::Expired, |b| verifier_says(b, Cert::Expired);
    the_application_says_not_yet = Cert::NotValidYet, |b| verifier_says(b, Cert::NotValidYet);
    the_application_says_name = Cert::NotValidForName, |b| verifier_says(b, Cert::NotValidForName);
    the_application_says_purpose = Cert::InvalidPurpose, |b| verifier_says(b, Cert::InvalidPurpose);
    the_application_says_revoked = Cert::Revoked, |b| verifier_says(b, Cert::Revoked);
    the_application_says_unknown_status = Cert::UnknownRevocationStatus, |b| verifier_says(b, Cert::UnknownRevocationStatus);
    the_application_says_old_list = Cert::ExpiredRevocationList, |b| verifier_says(b, Cert::ExpiredRevocationList);
    the_application_says_how_old_the_list_is = Cert::ExpiredRevocationListContext { time: day(), next_update: day() }, |b| {
        verifier_says(b, Cert::ExpiredRevocationListContext { time: day(), next_update: day() })
    };
    the_application_says_ocsp = Cert::InvalidOcspResponse, |b| verifier_says(b, Cert::InvalidOcspResponse);
    the_application_says_algorithm = Cert::UnsupportedSignatureAlgorithm, |b| verifier_says(b, Cert::UnsupportedSignatureAlgorithm);
    the_application_has_words_of_its_own = like!(Error::InvalidCertificate(Cert::Other(_))), |b| {
        verifier_says(b, CertificateError::Other(OtherError(Arc::new(std::fmt::Error))))
    };
}

/// The ids in the error are those of the certificate.
#[test]
fn an_algorithm_that_is_refused_is_named() {
    let case = cases().into_iter().find(|case| case.name == "signed_with_what_we_cannot_check").unwrap();
    let told = (case.run)(&Bench { chop: testkit::pair::Chop::Whole });
    let Error::InvalidCertificate(Cert::UnsupportedSignatureAlgorithmContext {
        signature_algorithm_id,
        supported_algorithms,
    }) = told.error
    else {
        panic!("{:?}", told.error)
    };
    let ecdsa: AlgorithmIdentifier = chitin::pki_types::alg_id::ECDSA_SHA256;
    assert_eq!(signature_algorithm_id, ecdsa.as_ref());
    assert_eq!(supported_algorithms, [chitin::pki_types::alg_id::ED25519]);
}
