//! Raw public keys, and choices of certificate types, of peers that lie. RFC 7250, RFC 8446 section 4.4.2.

use std::sync::Arc;

use chitin::crypto::CryptoProvider;
use chitin::server::CertificateType;
use chitin::server::CertificateType::{RawPublicKey, X509};
use chitin::sign::{CertifiedKey, Credential, CredentialList};
use chitin::version::{TLS12, TLS13};
use chitin::{ClientConfig, Error, ServerConfig, SupportedProtocolVersion};
use testkit::hello::{Hello, edit_bodies, edit_hello, edit_hello_in_flight, message, sized16};
use testkit::liar::Liar;
use testkit::pair::Side;
use testkit::pki::Identity;
use testkit::raw_keys::{Pins, raw, spki};

use crate::bench::errors::{Bad, Lacks, Wrong};
use crate::bench::{Bench, Told, certificate_body, extension, provider, world};

const STATUS_REQUEST: u16 = 5;
const SCT: u16 = 18;
const CLIENT_TYPE: u16 = 19;
const SERVER_TYPE: u16 = 20;

const ENCRYPTED_EXTENSIONS: u8 = 8;
const CERTIFICATE: u8 = 11;

const RAW: &[CertificateType] = &[RawPublicKey];
const CERTIFIED: &[CertificateType] = &[X509];
const BOTH: &[CertificateType] = &[RawPublicKey, X509];

type Version = &'static SupportedProtocolVersion;

/// What the two sides are like: what each takes of the other, and what each has.
#[derive(Clone, Copy)]
struct Cast {
    version: Version,
    client_takes: &'static [CertificateType],
    server_has: &'static [CertificateType],
    server_takes: &'static [CertificateType],
    client_has: &'static [CertificateType],
}

/// A server is asked for one of these types and has what is asked for; the client has nothing to show.
fn of_server(version: Version, takes: &'static [CertificateType]) -> Cast {
    Cast { version, client_takes: takes, server_has: takes, server_takes: &[], client_has: CERTIFIED }
}

/// The same the other way round, in front of a server that shows a certificate.
fn of_client(version: Version, takes: &'static [CertificateType]) -> Cast {
    Cast { version, client_takes: CERTIFIED, server_has: CERTIFIED, server_takes: takes, client_has: takes }
}

fn credentials(identity: &Identity, types: &[CertificateType]) -> CredentialList {
    CredentialList::new(types.iter().map(|typ| match typ {
        RawPublicKey => Credential::from(raw(identity)),
        _ => {
            let key = identity.key.clone_key();
            CertifiedKey::from_der(identity.chain.clone(), key, &provider()).unwrap().into()
        }
    }))
}

impl Cast {
    fn client(&self, provider: Arc<CryptoProvider>) -> ClientConfig {
        let mut config = ClientConfig::builder_with_provider(provider)
            .with_protocol_versions(&[self.version])
            .unwrap()
            .dangerous()
            .with_custom_certificate_verifier(Arc::new(Pins::both(&world().server, self.client_takes)))
            .with_no_client_auth();
        config.client_auth_cert_resolver = Arc::new(credentials(&world().client, self.client_has));
        config.cert_decompressors.clear();
        config.cert_compressors.clear();
        config
    }

    fn server(&self, provider: Arc<CryptoProvider>) -> ServerConfig {
        let builder =
            ServerConfig::builder_with_provider(provider).with_protocol_versions(&[self.version]).unwrap();
        let builder = match self.server_takes.is_empty() {
            true => builder.with_no_client_auth(),
            false => {
                builder.with_client_cert_verifier(Arc::new(Pins::both(&world().client, self.server_takes)))
            }
        };
        let mut config = builder.with_cert_resolver(Arc::new(credentials(&world().server, self.server_has)));
        config.cert_decompressors.clear();
        config.cert_compressors.clear();
        config
    }

    /// The client's hello is changed.
    fn client_hello(self, b: &Bench, edit: impl FnMut(&mut Hello) + 'static) -> Told {
        let pair = b.pair(self.client(provider()), self.server(provider()));
        b.fail(pair.tamper(Side::Client, edit_hello(0, edit)))
    }

    /// A message of one side is changed, before it is protected where it is.
    fn edited(
        self,
        b: &Bench,
        by: Side,
        target: u8,
        edit: impl FnMut(&mut Vec<u8>) + Send + 'static,
    ) -> Told {
        if self.version.version == TLS12.version {
            let pair = b.pair(self.client(provider()), self.server(provider()));
            return b.fail(pair.tamper(by, edit_bodies(target, edit)));
        }
        let liar = Liar::new();
        let wrapped = liar.provider(&provider());
        let pair = match by {
            Side::Server => b.pair(self.client(provider()), self.server(wrapped)),
            Side::Client => b.pair(self.client(wrapped), self.server(provider())),
        };
        liar.edit(target, edit);
        b.fail(pair.tamper(by, liar.tamper()))
    }

    /// What the server says of types is changed: in ServerHello or in EncryptedExtensions.
    fn reply(self, b: &Bench, mut edit: impl FnMut(&mut Vec<(u16, Vec<u8>)>) + Send + 'static) -> Told {
        if self.version.version == TLS12.version {
            let pair = b.pair(self.client(provider()), self.server(provider()));
            let edit = edit_hello_in_flight(2, move |hello| edit(&mut hello.extensions));
            return b.fail(pair.tamper(Side::Server, edit));
        }
        self.edited(b, Side::Server, ENCRYPTED_EXTENSIONS, move |body| {
            // The block is what a ServerHello ends with.
            let head = [0; 34 + 1 + 2 + 1];
            let mut extensions = Hello::read(&message(2, &[&head[..], body].concat())).extensions;
            edit(&mut extensions);
            let block: Vec<u8> = extensions.iter().flat_map(|(code, body)| extension(*code, body)).collect();
            *body = sized16(&block);
        })
    }

    fn chooses(self, b: &Bench, code: u16, body: &'static [u8]) -> Told {
        self.reply(b, move |extensions| {
            extensions.retain(|(have, _)| *have != code);
            extensions.push((code, body.to_vec()));
        })
    }

    fn says_nothing_of(self, b: &Bench, code: u16) -> Told {
        self.reply(b, move |extensions| extensions.retain(|(have, _)| *have != code))
    }

    /// Another Certificate message comes.
    fn shows(self, b: &Bench, by: Side, body: Vec<u8>) -> Told {
        self.edited(b, by, CERTIFICATE, move |old| *old = body.clone())
    }
}

fn sized24(bytes: &[u8]) -> Vec<u8> {
    [&u32::try_from(bytes.len()).unwrap().to_be_bytes()[1..], bytes].concat()
}

/// The body of a Certificate message with a chain.
fn chain(version: Version, identity: &Identity) -> Vec<u8> {
    match version.version == TLS12.version {
        true => sized24(&identity.chain.iter().flat_map(|der| sized24(der)).collect::<Vec<u8>>()),
        false => crate::bench::chain_body(&identity.chain),
    }
}

/// The body of one with a raw key.
fn key(version: Version, identity: &Identity) -> Vec<u8> {
    match version.version == TLS12.version {
        true => sized24(&spki(identity)),
        false => certificate_body(&[], &[(&spki(identity), &[])]),
    }
}

/// The same in TLS 1.3, with something beside it.
fn key_with(code: u16, body: &[u8]) -> Vec<u8> {
    certificate_body(&[], &[(&spki(&world().server), &extension(code, body))])
}

fn none_in_common() -> Error {
    Lacks::IncorrectCertificateTypeExtension.into()
}

cases! {
    // ---- a server's choice
    a_server_chooses_certificates_of_a_client_that_takes_keys = none_in_common(),
        |b| of_server(&TLS13, RAW).chooses(b, SERVER_TYPE, &[0]);
    a_server_chooses_certificates_of_a_client_that_takes_keys_in_tls12 = none_in_common(),
        |b| of_server(&TLS12, RAW).chooses(b, SERVER_TYPE, &[0]);
    /// RFC 7250 section 4.2: then it would be X.509.
    a_server_says_nothing_to_a_client_that_takes_keys = none_in_common(),
        |b| of_server(&TLS13, RAW).says_nothing_of(b, SERVER_TYPE);
    a_server_says_nothing_to_a_client_that_takes_keys_in_tls12 = none_in_common(),
        |b| of_server(&TLS12, RAW).says_nothing_of(b, SERVER_TYPE);
    a_server_chooses_a_type_that_nobody_knows = none_in_common(), |b| of_server(&TLS13, BOTH).chooses(b, SERVER_TYPE, &[1]);
    a_server_chooses_a_type_that_nobody_knows_in_tls12 = none_in_common(),
        |b| of_server(&TLS12, BOTH).chooses(b, SERVER_TYPE, &[1]);
    a_server_asks_for_certificates_of_a_client_that_has_keys = none_in_common(),
        |b| of_client(&TLS13, RAW).chooses(b, CLIENT_TYPE, &[0]);
    a_server_asks_for_certificates_of_a_client_that_has_keys_in_tls12 = none_in_common(),
        |b| of_client(&TLS12, RAW).chooses(b, CLIENT_TYPE, &[0]);
    a_server_chooses_where_no_choice_was_given = Wrong::UnsolicitedEncryptedExtension,
        |b| of_server(&TLS13, CERTIFIED).chooses(b, SERVER_TYPE, &[2]);
    a_server_chooses_where_no_choice_was_given_in_tls12 = Wrong::UnsolicitedServerHelloExtension,
        |b| of_server(&TLS12, CERTIFIED).chooses(b, SERVER_TYPE, &[2]);
    a_server_says_what_is_not_to_be_said = Wrong::UnsolicitedEncryptedExtension,
        |b| of_server(&TLS13, CERTIFIED).chooses(b, SERVER_TYPE, &[0]);
    a_server_chooses_for_a_client_without_a_choice = Wrong::UnsolicitedEncryptedExtension,
        |b| of_client(&TLS13, CERTIFIED).chooses(b, CLIENT_TYPE, &[2]);
    a_server_chooses_for_a_client_without_a_choice_in_tls12 = Wrong::UnsolicitedServerHelloExtension,
        |b| of_client(&TLS12, CERTIFIED).chooses(b, CLIENT_TYPE, &[2]);
    a_server_chooses_two_types = like!(Error::InvalidMessage(Bad::TrailingData(_))),
        |b| of_server(&TLS13, BOTH).chooses(b, SERVER_TYPE, &[2, 0]);
    a_server_chooses_no_type = like!(Error::InvalidMessage(Bad::MissingData(_))),
        |b| of_server(&TLS12, BOTH).chooses(b, SERVER_TYPE, &[]);
    /// The choice is encrypted in TLS 1.3.
    a_server_chooses_in_the_clear = Wrong::UnexpectedCleartextExtension, |b| {
        let cast = of_server(&TLS13, RAW);
        let pair = b.pair(cast.client(provider()), cast.server(provider()));
        b.fail(pair.tamper(Side::Server, edit_hello(0, |hello| hello.add(SERVER_TYPE, &[2]))))
    };

    // ---- what a server shows
    a_server_shows_a_certificate_for_a_key = Bad::WrongCertificateType,
        |b| of_server(&TLS13, RAW).shows(b, Side::Server, chain(&TLS13, &world().server));
    a_server_shows_a_certificate_for_a_key_in_tls12 = Bad::WrongCertificateType,
        |b| of_server(&TLS12, RAW).shows(b, Side::Server, chain(&TLS12, &world().server));
    a_server_shows_a_key_for_a_certificate = Bad::WrongCertificateType,
        |b| of_server(&TLS13, CERTIFIED).shows(b, Side::Server, key(&TLS13, &world().server));
    a_server_shows_a_key_for_a_certificate_in_tls12 = Bad::WrongCertificateType, |b| {
        let listed = sized24(&key(&TLS12, &world().server));
        of_server(&TLS12, CERTIFIED).shows(b, Side::Server, listed)
    };
    /// The client would take either, but not the one for the other.
    a_server_shows_a_key_after_it_chose_certificates = Bad::WrongCertificateType, |b| {
        let cast = Cast { server_has: CERTIFIED, ..of_server(&TLS13, BOTH) };
        cast.shows(b, Side::Server, key(&TLS13, &world().server))
    };
    a_server_shows_a_key_behind_which_something_follows = Bad::WrongCertificateType, |b| {
        let long = [spki(&world().server), vec![0]].concat();
        of_server(&TLS13, RAW).shows(b, Side::Server, certificate_body(&[], &[(&long, &[])]))
    };
    a_server_shows_two_keys = Wrong::RawPublicKeyWithIssuers, |b| {
        let key = spki(&world().server);
        of_server(&TLS13, RAW).shows(b, Side::Server, certificate_body(&[], &[(&key, &[]), (&key, &[])]))
    };
    a_server_shows_no_key = Wrong::ServerSentEmptyCertificateList,
        |b| of_server(&TLS13, RAW).shows(b, Side::Server, certificate_body(&[], &[]));
    a_server_shows_an_empty_key = like!(Error::InvalidMessage(Bad::IllegalEmptyList("cert_data"))),
        |b| of_server(&TLS13, RAW).shows(b, Side::Server, certificate_body(&[], &[(&[], &[])]));
    a_server_shows_no_key_in_tls12 = Bad::IllegalEmptyList("certificate_list"),
        |b| of_server(&TLS12, RAW).shows(b, Side::Server, vec![0, 0, 0]);
    a_byte_follows_the_key_in_tls12 = like!(Error::InvalidMessage(Bad::TrailingData(_))),
        |b| of_server(&TLS12, RAW).edited(b, Side::Server, CERTIFICATE, |body| body.push(0));
    a_key_comes_with_an_ocsp_response = Wrong::RawPublicKeyWithStaples,
        |b| of_server(&TLS13, BOTH).shows(b, Side::Server, key_with(STATUS_REQUEST, &[1, 0, 0, 1, 7]));
    a_key_comes_with_timestamps = Wrong::RawPublicKeyWithStaples,
        |b| of_server(&TLS13, BOTH).shows(b, Side::Server, key_with(SCT, &[0, 3, 0, 1, 7]));
    a_key_comes_with_timestamps_in_tls12 = Wrong::RawPublicKeyWithStaples, |b| {
        of_server(&TLS12, BOTH).reply(b, |extensions| extensions.push((SCT, vec![0, 3, 0, 1, 7])))
    };
    an_ocsp_response_is_announced_with_a_key = Wrong::RawPublicKeyWithStaples, |b| {
        of_server(&TLS12, BOTH).reply(b, |extensions| extensions.push((STATUS_REQUEST, vec![])))
    };
    /// Who takes keys only has not asked for it.
    a_key_comes_with_what_nobody_asked_for = Wrong::UnsolicitedCertExtension,
        |b| of_server(&TLS13, RAW).shows(b, Side::Server, key_with(STATUS_REQUEST, &[1, 0, 0, 1, 7]));

    // ---- a client
    a_client_lists_certificates_only = Wrong::OfferedOnlyDefaultCertificateType,
        |b| of_server(&TLS13, RAW).client_hello(b, |hello| *hello.body(SERVER_TYPE) = vec![1, 0]);
    a_client_lists_certificates_only_in_tls12 = Wrong::OfferedOnlyDefaultCertificateType,
        |b| of_server(&TLS12, RAW).client_hello(b, |hello| *hello.body(SERVER_TYPE) = vec![1, 0]);
    a_client_lists_its_own_certificates_only = Wrong::OfferedOnlyDefaultCertificateType,
        |b| of_client(&TLS13, RAW).client_hello(b, |hello| *hello.body(CLIENT_TYPE) = vec![1, 0]);
    a_client_lists_nothing = like!(Error::InvalidMessage(Bad::IllegalEmptyList(_))),
        |b| of_server(&TLS13, RAW).client_hello(b, |hello| *hello.body(SERVER_TYPE) = vec![0]);
    a_client_lists_nothing_that_we_have = none_in_common(),
        |b| of_server(&TLS13, RAW).client_hello(b, |hello| *hello.body(SERVER_TYPE) = vec![2, 0, 1]);
    a_client_shows_a_certificate_for_a_key = Bad::WrongCertificateType,
        |b| of_client(&TLS13, RAW).shows(b, Side::Client, chain(&TLS13, &world().client));
    a_client_shows_a_certificate_for_a_key_in_tls12 = Bad::WrongCertificateType,
        |b| of_client(&TLS12, RAW).shows(b, Side::Client, chain(&TLS12, &world().client));
    a_client_shows_a_key_for_a_certificate = Bad::WrongCertificateType,
        |b| of_client(&TLS13, CERTIFIED).shows(b, Side::Client, key(&TLS13, &world().client));
    a_client_shows_two_keys = Wrong::RawPublicKeyWithIssuers, |b| {
        let key = spki(&world().client);
        of_client(&TLS13, RAW).shows(b, Side::Client, certificate_body(&[], &[(&key, &[]), (&key, &[])]))
    };
    a_client_shows_no_key_although_it_must = Error::NoCertificatesPresented,
        |b| Cast { client_has: &[], ..of_client(&TLS13, RAW) }.without_a_key(b);
    a_delegated_credential_is_not_asked_for_with_a_key = Wrong::UnsolicitedDelegatedCredential, |b| {
        let cast = of_client(&TLS13, RAW);
        let liar = Liar::new();
        let mut server = cast.server(provider());
        server.delegated_credential_schemes = vec![chitin::SignatureScheme::ECDSA_NISTP256_SHA256];
        // RFC 9345 section 4: times, schemes, a key and a signature of one byte each.
        let delegated = [&[0, 0, 0, 1, 4, 3, 0, 0, 1, 7][..], &[4, 3, 0, 1, 9]].concat();
        let body = certificate_body(&[], &[(&spki(&world().client), &extension(34, &delegated))]);
        liar.edit(CERTIFICATE, move |old| *old = body.clone());
        let client = cast.client(liar.provider(&provider()));
        b.fail(b.pair(client, server).tamper(Side::Client, liar.tamper()))
    };
}

impl Cast {
    /// The client has said that it has a key, and has none when it is asked.
    fn without_a_key(self, b: &Bench) -> Told {
        let mut client = self.client(provider());
        client.client_auth_cert_resolver = Arc::new(Empty);
        b.fail(b.pair(client, self.server(provider())))
    }
}

/// Has nothing, and says that it has keys.
#[derive(Debug)]
struct Empty;

impl chitin::client::ResolvesClientCert for Empty {
    fn resolve(&self, _: &[&[u8]], _: &[chitin::SignatureScheme]) -> Option<Arc<CertifiedKey>> {
        None
    }

    fn only_raw_public_keys(&self) -> bool {
        true
    }

    fn has_certs(&self) -> bool {
        false
    }
}
