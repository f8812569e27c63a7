//! Delegated credentials that are not good, of servers and of clients, and those that a config refuses. RFC 9345.

use std::sync::{Arc, OnceLock};

use chitin::sign::{CertifiedKey, Credential};
use chitin::{
    ClientConfig, Error, InconsistentKeys, PeerIncompatible, ServerConfig, SignatureScheme as Scheme,
};
use testkit::delegation::{Delegation, usage};
use testkit::liar::Liar;
use testkit::pair::Side;
use testkit::pki::{Identity, KeyType, Spec};

use crate::bench::errors::{Bad, Cert, Wrong};
use crate::bench::{
    Bench, Told, asking_server, certificate_body, client, client_of, extension, provider, server_of, world,
};

const DELEGATED_CREDENTIAL: u16 = 34;
const WEEK: i64 = 7 * 24 * 60 * 60;

/// Who may delegate, and to whom.
struct Delegating {
    server: Identity,
    client: Identity,
    rsa: Identity,
    delegate: Identity,
    of_p384: Identity,
}

fn delegating() -> &'static Delegating {
    static MADE: OnceLock<Delegating> = OnceLock::new();
    MADE.get_or_init(|| {
        let issue = |spec: Spec| world().issuing.issue(&Spec { extensions: vec![usage()], ..spec });
        Delegating {
            server: issue(Spec::server(KeyType::P256)),
            client: issue(Spec::client(KeyType::P256)),
            rsa: issue(Spec::server(KeyType::Rsa2048)),
            delegate: issue(Spec::server(KeyType::P256)),
            of_p384: issue(Spec::server(KeyType::P384)),
        }
    })
}

fn delegation() -> Delegation {
    Delegation::to(&delegating().delegate)
}

fn offering(schemes: &[Scheme]) -> ClientConfig {
    let mut client = client(provider());
    client.delegated_credential_schemes = schemes.to_vec();
    client
}

/// The leaf comes with this, and the handshake is signed with the leaf's key all the same.
fn shows_of(b: &Bench, client: ClientConfig, identity: &'static Identity, credential: Vec<u8>) -> Told {
    let liar = Liar::new();
    let server = server_of(liar.provider(&provider()), identity);
    with_leaf(&liar, identity, credential);
    b.fail(b.pair(client, server).tamper(Side::Server, liar.tamper()))
}

fn with_leaf(liar: &Liar, identity: &'static Identity, credential: Vec<u8>) {
    liar.edit(11, move |body| {
        let block = extension(DELEGATED_CREDENTIAL, &credential);
        let [leaf, issuer] = &identity.chain[..] else { panic!("a chain of two") };
        *body = certificate_body(&[], &[(leaf, &block), (issuer, &[])]);
    });
}

fn shows(b: &Bench, credential: Vec<u8>) -> Told {
    shows_of(b, offering(&[Scheme::ECDSA_NISTP256_SHA256]), &delegating().server, credential)
}

fn shows_signed(b: &Bench, delegation: Delegation) -> Told {
    shows(b, delegation.signed_by(&delegating().server))
}

/// The same of a client.
fn client_shows(b: &Bench, server: ServerConfig, credential: Vec<u8>) -> Told {
    let liar = Liar::new();
    let client = client_of(liar.provider(&provider()), &delegating().client);
    with_leaf(&liar, &delegating().client, credential);
    b.fail(b.pair(client, server).tamper(Side::Client, liar.tamper()))
}

fn asking() -> ServerConfig {
    let mut server = asking_server(provider());
    server.delegated_credential_schemes = vec![Scheme::ECDSA_NISTP256_SHA256];
    server
}

fn of_client() -> Delegation {
    Delegation { by: Side::Client, ..delegation() }
}

/// A credential of our own, with the key of `key`.
fn ours(of: &Identity, key: &Identity, encoded: &[u8]) -> Result<Credential, Error> {
    let key = provider().key_provider.load_private_key(key.key.clone_key()).unwrap();
    Credential::from(CertifiedKey::new(of.chain.clone(), key)).with_delegated_credential(encoded)
}

fn refused(of: &Identity, key: &Identity, encoded: &[u8]) -> Told {
    Told::alone(ours(of, key, encoded).expect_err("it is taken"))
}

/// A server that has nothing but this credential, whose key is that of the delegate.
fn delegate_only(encoded: &[u8]) -> ServerConfig {
    let credential = ours(&delegating().server, &delegating().delegate, encoded).unwrap();
    let mut server = server_of(provider(), &delegating().server);
    server.cert_resolver = Arc::new(chitin::sign::SingleCertAndKey::from(credential));
    server
}

cases! {
    nobody_asked_for_it = Wrong::UnsolicitedDelegatedCredential, |b| {
        shows_of(b, client(provider()), &delegating().server, delegation().signed_by(&delegating().server))
    };
    it_is_cut_short = like!(Error::InvalidMessage(Bad::MissingData(_))), |b| {
        let mut credential = delegation().signed_by(&delegating().server);
        credential.pop();
        shows(b, credential)
    };
    a_byte_follows_it = like!(Error::InvalidMessage(Bad::TrailingData(_))), |b| {
        shows(b, [delegation().signed_by(&delegating().server), vec![0]].concat())
    };
    it_has_no_key = like!(Error::InvalidMessage(Bad::IllegalEmptyList(_))), |b| {
        shows_signed(b, Delegation { spki: vec![], ..delegation() })
    };
    it_has_expired = Wrong::DelegatedCredentialExpired, |b| shows_signed(b, Delegation { left: -2, ..delegation() });
    it_is_for_more_than_a_week = Wrong::DelegatedCredentialValidForTooLong, |b| {
        shows_signed(b, Delegation { left: WEEK + 60, ..delegation() })
    };
    its_certificate_does_not_say_so = Wrong::DelegatedCredentialNotAllowed, |b| {
        let credential = delegation().signed_by(&world().server);
        shows_of(b, offering(&[Scheme::ECDSA_NISTP256_SHA256]), &world().server, credential)
    };
    /// Without a key usage the certificate is good for all else.
    its_certificate_has_no_key_usage = Wrong::DelegatedCredentialNotAllowed, |b| {
        static LAX: OnceLock<Identity> = OnceLock::new();
        let lax = LAX.get_or_init(|| {
            let spec = Spec { key_usages: vec![], extensions: vec![usage()], ..Spec::server(KeyType::P256) };
            world().issuing.issue(&spec)
        });
        shows_of(b, offering(&[Scheme::ECDSA_NISTP256_SHA256]), lax, delegation().signed_by(lax))
    };
    its_scheme_was_not_offered = Wrong::DelegatedCredentialWithUnofferedScheme, |b| {
        let credential = delegation().signed_by(&delegating().server);
        shows_of(b, offering(&[Scheme::ED25519]), &delegating().server, credential)
    };
    /// Whatever the config says: RFC 9345 section 4.
    it_is_for_a_key_under_rsa_encryption = Wrong::DelegatedCredentialWithUnofferedScheme, |b| {
        let d = delegating();
        // The scheme that the server signs with, so that it is the same one in both places.
        let offered = provider().signature_verification_algorithms.supported_schemes();
        let key = provider().key_provider.load_private_key(d.rsa.key.clone_key()).unwrap();
        let scheme = key.choose_scheme(&offered).unwrap().scheme();
        let credential = Delegation { scheme, algorithm: scheme, ..Delegation::to(&d.rsa) };
        shows_of(b, offering(&[Scheme::ECDSA_NISTP256_SHA256, scheme]), &d.rsa, credential.signed_by(&d.rsa))
    };
    the_handshake_is_signed_with_another_scheme = Wrong::DelegatedCredentialForAnotherScheme, |b| {
        shows_signed(b, Delegation { scheme: Scheme::ECDSA_NISTP384_SHA384, ..Delegation::to(&delegating().of_p384) })
    };
    /// PKCS #1 is offered for certificates, and a delegated credential is none.
    it_is_signed_as_certificates_are = Wrong::DelegatedCredentialSignedWithUnofferedScheme, |b| {
        let mut credential = delegation().signed_by(&delegating().server);
        let at = 4 + 2 + 3 + delegation().spki.len();
        credential[at..at + 2].copy_from_slice(&u16::from(Scheme::RSA_PKCS1_SHA256).to_be_bytes());
        shows(b, credential)
    };
    it_is_signed_with_what_nobody_knows = Wrong::DelegatedCredentialSignedWithUnofferedScheme, |b| {
        let mut credential = delegation().signed_by(&delegating().server);
        let at = 4 + 2 + 3 + delegation().spki.len();
        credential[at..at + 2].copy_from_slice(&[0x12, 0x34]);
        shows(b, credential)
    };
    it_was_changed_after_it_was_signed = Wrong::IncorrectDelegatedCredential, |b| {
        let mut credential = delegation().signed_by(&delegating().server);
        credential[3] ^= 1;
        shows(b, credential)
    };
    it_is_signed_by_somebody_else = Wrong::IncorrectDelegatedCredential, |b| {
        let somebody = Identity { key: delegating().delegate.key.clone_key(), ..delegating().server.clone() };
        shows(b, delegation().signed_by(&somebody))
    };
    /// With the same key, but for another certificate.
    it_is_of_another_certificate = Wrong::IncorrectDelegatedCredential, |b| {
        let another = Identity { chain: delegating().client.chain.clone(), ..delegating().server.clone() };
        shows(b, delegation().signed_by(&another))
    };
    it_is_a_clients = Wrong::IncorrectDelegatedCredential, |b| shows_signed(b, of_client());
    its_key_is_of_another_curve = Wrong::DelegatedCredentialWithWrongKey, |b| {
        let spki = Delegation::to(&delegating().of_p384).spki;
        shows_signed(b, Delegation { spki, ..delegation() })
    };
    its_key_is_none = Wrong::DelegatedCredentialWithWrongKey, |b| {
        shows_signed(b, Delegation { spki: b"no key".to_vec(), ..delegation() })
    };
    the_handshake_is_signed_with_the_key_of_the_certificate = Cert::BadSignature, |b| shows_signed(b, delegation());

    no_server_asked_a_client_for_it = Wrong::UnsolicitedDelegatedCredential, |b| {
        client_shows(b, asking_server(provider()), of_client().signed_by(&delegating().client))
    };
    a_clients_has_expired = Wrong::DelegatedCredentialExpired, |b| {
        client_shows(b, asking(), Delegation { left: -2, ..of_client() }.signed_by(&delegating().client))
    };
    a_clients_is_for_an_unoffered_scheme = Wrong::DelegatedCredentialWithUnofferedScheme, |b| {
        let mut server = asking();
        server.delegated_credential_schemes = vec![Scheme::ED25519];
        client_shows(b, server, of_client().signed_by(&delegating().client))
    };
    a_clients_is_a_servers = Wrong::IncorrectDelegatedCredential, |b| {
        client_shows(b, asking(), delegation().signed_by(&delegating().client))
    };
    a_client_signs_with_the_key_of_its_certificate = Cert::BadSignature, |b| {
        client_shows(b, asking(), of_client().signed_by(&delegating().client))
    };

    // Of our own.
    a_config_with_the_key_of_the_certificate = InconsistentKeys::KeyMismatch, |_| {
        let d = delegating();
        refused(&d.server, &d.server, &delegation().signed_by(&d.server))
    };
    a_config_with_a_scheme_of_another_key = InconsistentKeys::KeyMismatch, |_| {
        let d = delegating();
        let other = Delegation { scheme: Scheme::ED25519, ..delegation() };
        refused(&d.server, &d.delegate, &other.signed_by(&d.server))
    };
    a_config_without_a_certificate = Error::NoCertificatesPresented, |_| {
        let nobody = Identity { chain: vec![], ..delegating().server.clone() };
        let told = refused(&nobody, &delegating().delegate, &delegation().signed_by(&delegating().server));
        Told { silent: Some("there is no peer yet"), ..told }
    };
    a_config_with_a_key_under_rsa_encryption = InconsistentKeys::DelegatedSchemeNotAllowed, |_| {
        let d = delegating();
        let rsa = Delegation { scheme: Scheme::RSA_PSS_SHA256, ..Delegation::to(&d.rsa) };
        refused(&d.server, &d.rsa, &rsa.signed_by(&d.server))
    };
    a_config_with_half_a_credential = like!(Error::InvalidMessage(Bad::MissingData(_))), |_| {
        let told = refused(&delegating().server, &delegating().delegate, &[0, 0, 0]);
        Told { silent: Some("there is no peer yet"), ..told }
    };
    a_client_that_takes_no_delegated_credential = PeerIncompatible::NoSignatureSchemesInCommon, |b| {
        let server = delegate_only(&delegation().signed_by(&delegating().server));
        b.fail(b.pair(client(provider()), server))
    };
    ours_has_expired = like!(Error::General(_)), |b| {
        let server = delegate_only(&Delegation { left: -2, ..delegation() }.signed_by(&delegating().server));
        b.fail(b.pair(offering(&[Scheme::ECDSA_NISTP256_SHA256]), server))
    };
}
