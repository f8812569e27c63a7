//! Policies of revocation in verifiers that are put together from parts, where no test of behaviour comes by.

use std::sync::Arc;
use std::time::Duration;

use chitin::client::danger::ServerCertVerifier;
use chitin::crypto::aws_lc_rs::default_provider;
use chitin::pki_types::UnixTime;
use chitin::server::VerifierBuilderError;
use chitin::trust::{Revocation, ServerVerifier};
use chitin::{CertRevocationListError, CertificateError, CipherSuite, Error};
use rcgen::KeyUsagePurpose;
use testkit::pki::{Authority, Identity, KeyType, Spec};
use testkit::status::{Book, List};

/// On the first of June of 2030; the lists are of January.
fn verify(root: &Authority, server: &Identity, revocation: Revocation) -> Result<(), Error> {
    let verifier = ServerVerifier::builder(Arc::new(root.store()), Arc::new(default_provider()))
        .with_revocation(revocation.accept_stale_lists())
        .build()
        .unwrap();
    let (leaf, rest) = server.chain.split_first().unwrap();
    let now = UnixTime::since_unix_epoch(Duration::from_secs(1_906_502_400));
    verifier.verify_server_cert(leaf, rest, &"localhost".try_into().unwrap(), &[], now).map(|_| ())
}

#[test]
fn a_revoked_authority_does_not_matter_when_only_the_leaf_is_asked_about() {
    let root = Authority::root(&Spec::authority(KeyType::P256, "root"));
    let issuing = root.intermediate(&Spec::authority(KeyType::P256, "issuing"));
    let server = issuing.issue(&Spec::server(KeyType::P256));
    let mut book = Book::of(&root);
    let of_root = book.revoked(issuing.cert(), "CACompromise").list(&List::default());
    let lists = [of_root, Book::of(&issuing).list(&List::default())];

    let policy = Revocation::new().with_lists(lists);
    let revoked = Err(Error::InvalidCertificate(CertificateError::Revoked));
    assert_eq!(verify(&root, &server, policy.clone()), revoked);
    assert_eq!(verify(&root, &server, policy.end_entity_only()), Ok(()));
}

#[test]
fn a_list_may_be_signed_by_a_key_that_only_we_have_the_certificate_of() {
    let root = Authority::root(&Spec::authority(KeyType::P256, "root"));
    let with_usage = |usage| Spec { key_usages: vec![usage], ..Spec::authority(KeyType::P256, "issuing") };
    let issuing = root.intermediate(&with_usage(KeyUsagePurpose::KeyCertSign));
    let signer = root.intermediate(&with_usage(KeyUsagePurpose::CrlSign));
    let server = issuing.issue(&Spec::server(KeyType::P256));
    let lists = [Book::of(&root).list(&List::default()), Book::of(&signer).list(&List::default())];

    let policy = Revocation::new().with_lists(lists);
    let nobody_signed = Err(Error::InvalidCertRevocationList(CertRevocationListError::IssuerInvalidForCrl));
    assert_eq!(verify(&root, &server, policy.clone()), nobody_signed);
    assert_eq!(verify(&root, &server, policy.with_list_issuers([signer.cert().clone()])), Ok(()));
}

/// OCSP names certificates by hashes.
#[test]
fn a_provider_without_sha256_cannot_serve_policies_that_need_it() {
    let root = Authority::root(&Spec::authority(KeyType::P256, "root"));
    let mut provider = default_provider();
    provider.cipher_suites.retain(|suite| suite.suite() == CipherSuite::TLS13_AES_256_GCM_SHA384);
    let builder = || ServerVerifier::builder(Arc::new(root.store()), Arc::new(provider.clone()));
    assert!(builder().build().is_ok());
    let built = builder().with_revocation(Revocation::new().with_staples()).build();
    assert!(matches!(built, Err(VerifierBuilderError::NoSha256)), "{built:?}");
}
