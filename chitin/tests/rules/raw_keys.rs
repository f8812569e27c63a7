//! Raw public keys in place of certificates, of servers and of clients, in both versions. RFC 7250, RFC 8446 section 4.4.2.

use std::sync::{Arc, Mutex};

use chitin::client::{
    AlwaysResolvesClientRawPublicKeys, ResolvesClientCert, Resumption, UnbufferedClientConnection,
};
use chitin::server::CertificateType::{RawPublicKey, Unknown, X509};
use chitin::server::{AlwaysResolvesServerRawPublicKeys, CertificateType, UnbufferedServerConnection};
use chitin::sign::{CertifiedKey, Credential, CredentialList, SingleCertAndKey};
use chitin::version::{TLS12, TLS13};
use chitin::{
    CertificateError, ClientConfig, DistinguishedName, Error, HandshakeKind, NamedGroup, PeerIncompatible,
    ServerConfig, SignatureScheme, SupportedProtocolVersion,
};
use testkit::hello::{Hello, message, sized16};
use testkit::packing::FIRST;
use testkit::pair::{Chop, Failed, Pair, Record, Side};
use testkit::pki::{Identity, KeyType};
use testkit::quic::QuicPair;
use testkit::raw_keys::{Pins, raw, spki};
use testkit::unbuffered::{Duo, Step};

use crate::common::{Clock, DAY, WORLD, default_provider, failure, kind, messages, server as x509_server};

const VERSIONS: [&SupportedProtocolVersion; 2] = [&TLS13, &TLS12];
const CLIENT_TYPE: u16 = 19;
const SERVER_TYPE: u16 = 20;
/// RFC 7250 section 4.2.
const UNSUPPORTED_CERTIFICATE: [u8; 7] = [21, 3, 3, 0, 2, 2, 43];

/// A client that takes what `pins` says, and shows nothing.
fn client(version: &'static SupportedProtocolVersion, pins: Pins) -> ClientConfig {
    ClientConfig::builder_with_provider(default_provider())
        .with_protocol_versions(&[version])
        .unwrap()
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(pins))
        .with_no_client_auth()
}

/// The same, which can show these.
fn client_showing(
    version: &'static SupportedProtocolVersion,
    pins: Pins,
    credentials: impl IntoIterator<Item = Credential>,
) -> ClientConfig {
    let mut config = client(version, pins);
    config.client_auth_cert_resolver = Arc::new(CredentialList::new(credentials));
    config
}

/// A server that shows these and asks for nothing.
fn server(credentials: impl IntoIterator<Item = Credential>) -> ServerConfig {
    ServerConfig::builder_with_provider(default_provider())
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_cert_resolver(Arc::new(CredentialList::new(credentials)))
}

/// The same, which asks for what `pins` says.
fn server_asking(credentials: impl IntoIterator<Item = Credential>, pins: Pins) -> ServerConfig {
    ServerConfig::builder_with_provider(default_provider())
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_client_cert_verifier(Arc::new(pins))
        .with_cert_resolver(Arc::new(CredentialList::new(credentials)))
}

fn raw_of(identity: &Identity) -> Credential {
    raw(identity).into()
}

fn certified(identity: &Identity) -> Credential {
    let key = identity.key.clone_key();
    CertifiedKey::from_der(identity.chain.clone(), key, &default_provider()).unwrap().into()
}

fn shown(pair: &Pair, by: Side) -> Vec<Vec<u8>> {
    let certificates = match by {
        Side::Server => pair.client.peer_certificates(),
        Side::Client => pair.server.peer_certificates(),
    };
    certificates.unwrap_or_default().iter().map(|der| der.to_vec()).collect()
}

/// A certificate and a raw key of the same owner.
fn both(identity: &Identity, order: [CertificateType; 2]) -> [Credential; 2] {
    order.map(|typ| if typ == X509 { certified(identity) } else { raw_of(identity) })
}

fn ours() -> &'static Identity {
    &WORLD.client
}

fn theirs() -> &'static Identity {
    &WORLD.server
}

/// What a client says first.
fn hello_of(client: ClientConfig) -> Hello {
    let mut pair = Pair::new(client, x509_server());
    Hello::read(&Record::split(&pair.take(Side::Client))[0].body)
}

/// The handshake messages that one side says. TLS 1.3 runs in QUIC for it, where all are in the clear.
fn said(
    version: &SupportedProtocolVersion,
    client: ClientConfig,
    server: ServerConfig,
    by: Side,
) -> Vec<(u8, Vec<u8>)> {
    if version.version == TLS13.version {
        let log = Arc::new(Mutex::new(Vec::new()));
        let notes = log.clone();
        let mut pair = QuicPair::new(client, server).edit(by, move |typ, body| {
            notes.lock().unwrap().push((typ, body.clone()));
            vec![(typ, body)]
        });
        pair.handshake().unwrap();
        return std::mem::take(&mut log.lock().unwrap());
    }
    let mut pair = Pair::new(client, server);
    pair.handshake().unwrap();
    let records = Record::split(pair.flown(by));
    let clear = records.into_iter().take_while(|record| record.typ == 22);
    messages(&clear.flat_map(|record| record.body).collect::<Vec<u8>>())
}

/// What the server says of certificate types, by the code of the extension: in ServerHello or in EncryptedExtensions.
fn types_said(
    version: &SupportedProtocolVersion,
    client: ClientConfig,
    server: ServerConfig,
) -> Vec<(u16, Vec<u8>)> {
    let said = said(version, client, server, Side::Server);
    let find = |typ| said.iter().find(|(found, _)| *found == typ).unwrap().1.clone();
    let extensions = match version.version == TLS13.version {
        // A block of extensions is what a ServerHello ends with.
        true => Hello::read(&message(2, &[&[0; 34][..], &[0, 0, 0, 0], &find(8)].concat())).extensions,
        false => Hello::read(&message(2, &find(2))).extensions,
    };
    let mut of_types: Vec<_> =
        extensions.into_iter().filter(|(code, _)| [CLIENT_TYPE, SERVER_TYPE].contains(code)).collect();
    of_types.sort();
    of_types
}

/// Says that it has keys, and has none.
#[derive(Debug)]
struct Nothing;

impl ResolvesClientCert for Nothing {
    fn resolve(&self, _: &[&[u8]], _: &[SignatureScheme]) -> Option<Arc<CertifiedKey>> {
        None
    }

    fn only_raw_public_keys(&self) -> bool {
        true
    }

    fn has_certs(&self) -> bool {
        false
    }
}

fn incompatible() -> Error {
    PeerIncompatible::IncorrectCertificateTypeExtension.into()
}

/// The server found that there is no type in common, and said so in the clear.
fn assert_refused(failed: &Failed) {
    assert_eq!((failed.side, &failed.error), (Side::Server, &incompatible()));
    assert_eq!(failed.last_words, UNSUPPORTED_CERTIFICATE);
}

// ---- it works

#[test]
fn both_sides_show_keys_of_every_kind() {
    for kind in [KeyType::P256, KeyType::P384, KeyType::Ed25519, KeyType::Rsa2048] {
        let (ours, theirs) = (WORLD.pki.client(kind), WORLD.pki.server(kind));
        for version in VERSIONS {
            for chop in [Chop::Whole, Chop::Bytes(1)] {
                let client = client_showing(version, Pins::raw(&theirs), [raw_of(&ours)]);
                let server = server_asking([raw_of(&theirs)], Pins::raw(&ours));
                let mut pair = Pair::new(client, server).chop(chop);
                pair.handshake().unwrap();
                assert_eq!(shown(&pair, Side::Server), [spki(&theirs)], "{kind:?}");
                assert_eq!(shown(&pair, Side::Client), [spki(&ours)], "{kind:?}");
                assert_eq!(pair.send(Side::Client, b"to a key").unwrap(), b"to a key");
            }
        }
    }
}

#[test]
fn keys_are_shown_over_quic_and_without_buffers() {
    let client = || client_showing(&TLS13, Pins::raw(theirs()), [raw_of(ours())]);
    let server = || server_asking([raw_of(theirs())], Pins::raw(ours()));
    for chop in [usize::MAX, 1] {
        let mut pair = QuicPair::new(client(), server()).chop(chop);
        pair.handshake().unwrap();
        assert_eq!(pair.client().peer_certificates().unwrap()[0].as_ref(), spki(theirs()));
        assert_eq!(pair.client().peer_identity(), None, "a key has no names");
        assert_eq!(pair.server().peer_certificates().unwrap()[0].as_ref(), spki(ours()));
    }
    for version in VERSIONS {
        let client = client_showing(version, Pins::raw(theirs()), [raw_of(ours())]);
        let name = "localhost".try_into().unwrap();
        let mut pair = Duo::new(
            UnbufferedClientConnection::new(client.into(), name).unwrap(),
            UnbufferedServerConnection::new(server().into()).unwrap(),
        );
        assert_eq!(pair.settle(), Ok((Step::Write, Step::Write)));
        assert_eq!(pair.client.conn.peer_certificates().unwrap()[0].as_ref(), spki(theirs()));
        assert_eq!(pair.server.conn.peer_certificates().unwrap()[0].as_ref(), spki(ours()));
    }
}

/// The ready-made choosers of 0.23, behind questions that are answered late, and after a HelloRetryRequest.
#[test]
fn choosers_that_always_show_a_key_do() {
    for version in VERSIONS {
        let mut client = client(version, Pins::raw(theirs()));
        client.client_auth_cert_resolver = Arc::new(AlwaysResolvesClientRawPublicKeys::new(raw(ours())));
        let mut server = server_asking([], Pins::raw(ours()));
        server.cert_resolver = Arc::new(AlwaysResolvesServerRawPublicKeys::new(raw(theirs())));
        let mut pair = Pair::new(client, server).deferred();
        pair.handshake().unwrap();
        assert_eq!(shown(&pair, Side::Server), [spki(theirs())]);
        assert_eq!(shown(&pair, Side::Client), [spki(ours())]);
    }
    let provider = testkit::configs::provider(&[], &[NamedGroup::secp384r1]);
    let mut retrying = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_cert_resolver(Arc::new(SingleCertAndKey::from(raw(theirs()))));
    retrying.send_tls13_tickets = 0;
    let mut pair = Pair::new(client(&TLS13, Pins::raw(theirs())), retrying);
    pair.handshake().unwrap();
    assert_eq!(pair.client.handshake_kind(), Some(HandshakeKind::FullWithHelloRetryRequest));
}

// ---- what is on the wire

/// RFC 7250 section 3: in TLS 1.2 the key stands alone, in the place of the list. RFC 8446 section 4.4.2: in TLS 1.3 it is the one
/// entry of the list, without extensions.
#[test]
fn the_message_holds_the_bare_key() {
    let key = spki(theirs());
    let number = |len: usize| u32::try_from(len).unwrap().to_be_bytes()[1..].to_vec();
    let entry = [number(key.len()), key.clone(), vec![0, 0]].concat();
    let of_tls13 = [vec![0], number(entry.len()), entry].concat();
    let of_tls12 = [number(key.len()), key].concat();
    for (version, expected) in [(&TLS13, of_tls13), (&TLS12, of_tls12)] {
        let mut server = server([raw_of(theirs())]);
        server.cert_compressors = vec![&FIRST];
        let mut client = client(version, Pins::raw(theirs()));
        client.cert_decompressors = vec![&FIRST];
        let said = said(version, client, server, Side::Server);
        assert_eq!(said.iter().filter(|(typ, _)| [11, 25].contains(typ)).count(), 1);
        assert!(said.contains(&(11, expected)), "{:?}", version.version);
    }
}

/// An OCSP response and further certificates in the credential are not shown.
#[test]
fn nothing_is_shown_beside_a_key() {
    for version in VERSIONS {
        let mut key = CertifiedKey::clone(&raw(theirs()));
        key.ocsp = Some(b"a response".to_vec());
        key.cert.extend(theirs().chain.clone());
        let credential = Credential::from(key).with_scts([b"a timestamp"]).unwrap();
        let types = [RawPublicKey, X509];
        let mut pair = Pair::new(client(version, Pins::both(theirs(), &types)), server([credential]));
        pair.handshake().unwrap();
        assert_eq!(shown(&pair, Side::Server), [spki(theirs())]);
    }
}

/// RFC 7250 section 4.1: in the order of preference; not at all if it is X.509 alone.
#[test]
fn a_client_lists_what_it_takes_and_has() {
    let pins = |types: &[CertificateType]| Pins { types: types.to_vec(), ..Pins::raw(theirs()) };
    for (types, listed) in [
        (&[RawPublicKey][..], Some(vec![1, 2])),
        (&[RawPublicKey, X509], Some(vec![2, 2, 0])),
        (&[X509, RawPublicKey], Some(vec![2, 0, 2])),
        (&[Unknown(1), RawPublicKey, RawPublicKey], Some(vec![1, 2])),
        (&[X509], None),
        (&[], None),
    ] {
        let hello = hello_of(client(&TLS13, pins(types)));
        let found = hello.extensions.iter().find(|(code, _)| *code == SERVER_TYPE);
        assert_eq!(found.map(|(_, body)| body.clone()), listed, "{types:?}");
        assert!(hello.extensions.iter().all(|(code, _)| *code != CLIENT_TYPE), "there is nothing to show");
    }
    let listed = |credentials: Vec<Credential>| {
        let hello = hello_of(client_showing(&TLS13, pins(&[X509]), credentials));
        hello.extensions.into_iter().find(|(code, _)| *code == CLIENT_TYPE).map(|(_, body)| body)
    };
    assert_eq!(listed(vec![raw_of(ours())]), Some(vec![1, 2]));
    assert_eq!(listed(both(ours(), [X509, RawPublicKey]).into()), Some(vec![2, 0, 2]));
    assert_eq!(listed(both(ours(), [RawPublicKey, X509]).into()), Some(vec![2, 2, 0]));
    assert_eq!(listed(vec![certified(ours())]), None);
    assert_eq!(listed(vec![]), None);
}

/// OCSP, timestamps, authorities and delegated credentials are about certificates.
#[test]
fn a_client_that_takes_keys_only_asks_for_nothing_beside_them() {
    const ABOUT_CERTIFICATES: [u16; 4] = [5, 18, 34, 47];
    let hello = |types: &[CertificateType]| {
        let hints = vec![DistinguishedName::in_sequence(b"somebody")];
        let mut client = client(&TLS13, Pins { types: types.to_vec(), hints, ..Pins::raw(theirs()) });
        client.delegated_credential_schemes = vec![SignatureScheme::ECDSA_NISTP256_SHA256];
        let mut codes: Vec<u16> = hello_of(client).extensions.iter().map(|(code, _)| *code).collect();
        codes.retain(|code| ABOUT_CERTIFICATES.contains(code));
        codes.sort_unstable();
        codes
    };
    assert!(hello(&[RawPublicKey]).is_empty());
    assert_eq!(hello(&[RawPublicKey, X509]), ABOUT_CERTIFICATES);
    assert_eq!(hello(&[X509]), ABOUT_CERTIFICATES);
}

/// The same of a server that asks for a key: in TLS 1.3 there is `signature_algorithms` alone, in TLS 1.2 no authority.
#[test]
fn a_request_for_a_key_asks_for_nothing_beside_it() {
    for version in VERSIONS {
        let hints = vec![DistinguishedName::in_sequence(b"somebody")];
        let client = client_showing(version, Pins::raw(theirs()), [raw_of(ours())]);
        let mut server = server_asking([raw_of(theirs())], Pins { hints, ..Pins::raw(ours()) });
        server.cert_decompressors.clear();
        server.delegated_credential_schemes = vec![SignatureScheme::ECDSA_NISTP256_SHA256];
        let said = said(version, client, server, Side::Server);
        let request = &said.iter().find(|(typ, _)| *typ == 13).unwrap().1;
        match version.version == TLS13.version {
            true => {
                let extension = [&[0, 13][..], &request[5..]].concat();
                assert_eq!(*request, [vec![0], sized16(&extension)].concat());
            }
            false => assert!(request.ends_with(&[0, 0])),
        }
    }
}

/// RFC 7250 section 3: an empty key, and an empty list in TLS 1.3. The server decides whether that will do.
#[test]
fn a_client_without_a_key_says_so() {
    for (version, expected) in [(&TLS13, vec![0; 4]), (&TLS12, vec![0; 3])] {
        let client_of = || {
            let mut client = client(version, Pins::raw(theirs()));
            client.client_auth_cert_resolver = Arc::new(Nothing);
            client
        };
        let pins = |optional| Pins { optional, ..Pins::raw(ours()) };
        let said = said(version, client_of(), server_asking([raw_of(theirs())], pins(true)), Side::Client);
        assert!(said.contains(&(11, expected)));
        assert!(said.iter().all(|(typ, _)| *typ != 15), "and signs nothing");
        let failed = failure(client_of(), server_asking([raw_of(theirs())], pins(false)));
        assert_eq!((failed.side, failed.error), (Side::Server, Error::NoCertificatesPresented));
    }
}

// ---- which type it is

/// RFC 7250 section 4.2: one that both have, by the order of the side that chooses; and it is said to whom has asked.
#[test]
fn the_server_chooses_by_its_order() {
    let (x, r) = (X509, RawPublicKey);
    for (takes, order, chosen) in [
        (vec![r], vec![r], r),
        (vec![r, x], vec![r], r),
        (vec![x, r], vec![r], r),
        (vec![r, x], vec![x], x),
        (vec![r], vec![x, r], r),
        (vec![r, x], vec![x, r], x),
        (vec![x, r], vec![r, x], r),
        (vec![x], vec![r, x], x),
    ] {
        for version in VERSIONS {
            // What the server shows.
            let has =
                || order.iter().map(|typ| if *typ == x { certified(theirs()) } else { raw_of(theirs()) });
            let client_of = || client(version, Pins::both(theirs(), &takes));
            let mut pair = Pair::new(client_of(), server(has()));
            pair.handshake().unwrap();
            let leaf = if chosen == x { theirs().leaf().to_vec() } else { spki(theirs()) };
            assert_eq!(shown(&pair, Side::Server)[0], leaf, "{takes:?} {order:?}");
            let reply = (takes != [x]).then(|| (SERVER_TYPE, vec![u8::from(chosen)]));
            assert_eq!(
                types_said(version, client_of(), server(has())),
                reply.into_iter().collect::<Vec<_>>()
            );

            // What the client shows: its order is that of `takes` now.
            let has = || takes.iter().map(|typ| if *typ == x { certified(ours()) } else { raw_of(ours()) });
            let client_of = || client_showing(version, Pins::both(theirs(), &[x]), has());
            let server_of = || server_asking([certified(theirs())], Pins::both(ours(), &order));
            let mut pair = Pair::new(client_of(), server_of());
            pair.handshake().unwrap();
            let leaf = if chosen == x { ours().leaf().to_vec() } else { spki(ours()) };
            assert_eq!(shown(&pair, Side::Client)[0], leaf, "{takes:?} {order:?}");
            let reply = (takes != [x]).then(|| (CLIENT_TYPE, vec![u8::from(chosen)]));
            assert_eq!(types_said(version, client_of(), server_of()), reply.into_iter().collect::<Vec<_>>());
        }
    }
}

/// RFC 7250 section 4.2, third case, either way; also if a list names nothing that we know.
#[test]
fn without_a_common_type_the_server_gives_up() {
    for version in VERSIONS {
        for (takes, has) in [(RawPublicKey, X509), (X509, RawPublicKey)] {
            let credential = |identity| if has == X509 { certified(identity) } else { raw_of(identity) };
            let client_of = client(version, Pins::both(theirs(), &[takes]));
            assert_refused(&failure(client_of, server([credential(theirs())])));

            for optional in [false, true] {
                let client_of = client_showing(version, Pins::both(theirs(), &[X509]), [credential(ours())]);
                let pins = Pins { optional, ..Pins::both(ours(), &[takes]) };
                assert_refused(&failure(client_of, server_asking([certified(theirs())], pins)));
            }
        }
        let client = client(version, Pins::raw(theirs()));
        let only_unknown = testkit::hello::edit_hello(0, |hello| *hello.body(SERVER_TYPE) = vec![2, 1, 3]);
        let mut pair = Pair::new(client, server([raw_of(theirs())])).tamper(Side::Client, only_unknown);
        assert_refused(&pair.settle().unwrap_err());
    }
}

/// RFC 7250 section 4.2: a server that asks for no certificate says nothing of its type.
#[test]
fn who_asks_for_nothing_chooses_nothing() {
    for version in VERSIONS {
        let client_of = || client_showing(version, Pins::both(theirs(), &[X509]), [raw_of(ours())]);
        let server_of = || server([certified(theirs())]);
        let mut pair = Pair::new(client_of(), server_of());
        pair.handshake().unwrap();
        assert_eq!(types_said(version, client_of(), server_of()), []);
    }
}

/// A resolver of 0.23 that gives what was not agreed on: the server does not show it, and the client shows nothing.
#[test]
fn what_is_of_another_type_is_not_shown() {
    for version in VERSIONS {
        let mut server = server([]);
        server.cert_resolver =
            Arc::new(AlwaysResolvesServerRawPublicKeys::new(certified(theirs()).certified_key().clone()));
        assert_refused(&failure(client(version, Pins::both(theirs(), &[RawPublicKey, X509])), server));

        let mut client = client(version, Pins::raw(theirs()));
        client.client_auth_cert_resolver =
            Arc::new(AlwaysResolvesClientRawPublicKeys::new(certified(ours()).certified_key().clone()));
        let pins = Pins { optional: true, ..Pins::raw(ours()) };
        let mut pair = Pair::new(client, server_asking([raw_of(theirs())], pins));
        pair.handshake().unwrap();
        assert_eq!(shown(&pair, Side::Client), <[Vec<u8>; 0]>::default());
    }
}

// ---- who is trusted

#[test]
fn a_key_that_nobody_trusts_is_refused() {
    for version in VERSIONS {
        let failed = failure(client(version, Pins::raw(ours())), server([raw_of(theirs())]));
        let refusal = Error::from(CertificateError::ApplicationVerificationFailure);
        assert_eq!((failed.side, &failed.error), (Side::Client, &refusal));
        let client = client_showing(version, Pins::raw(theirs()), [raw_of(ours())]);
        let failed = failure(client, server_asking([raw_of(theirs())], Pins::raw(theirs())));
        assert_eq!((failed.side, &failed.error), (Side::Server, &refusal));
    }
}

/// Whoever shows somebody else's key cannot sign with it.
#[test]
fn a_key_has_to_sign() {
    let stolen = |from: &Identity| {
        let key = raw(&WORLD.pki.server(KeyType::P256)).key.clone();
        Credential::from(CertifiedKey::new(raw(from).cert.clone(), key))
    };
    let wrong = Error::from(CertificateError::BadSignature);
    for version in VERSIONS {
        let failed = failure(client(version, Pins::raw(theirs())), server([stolen(theirs())]));
        assert_eq!((failed.side, &failed.error), (Side::Client, &wrong));
        let client = client_showing(version, Pins::raw(theirs()), [stolen(ours())]);
        let failed = failure(client, server_asking([raw_of(theirs())], Pins::raw(ours())));
        assert_eq!((failed.side, &failed.error), (Side::Server, &wrong));
    }
}

/// RFC 7250 knows no key without a signature of its scheme: the suite, the groups and the schemes hold for raw keys as well.
#[test]
fn a_key_that_the_client_cannot_check_is_not_chosen() {
    let (p256, p384) = (WORLD.pki.server(KeyType::P256), WORLD.pki.server(KeyType::P384));
    // In TLS 1.3 the scheme names the curve, in TLS 1.2 the groups do. RFC 8446 section 4.2.3, RFC 8422 section 5.1.
    let schemes = vec![SignatureScheme::ECDSA_NISTP256_SHA256];
    for version in VERSIONS {
        let mut client = ClientConfig::builder_with_provider(testkit::configs::provider(
            &[],
            &[NamedGroup::X25519, NamedGroup::secp256r1],
        ))
        .with_protocol_versions(&[version])
        .unwrap()
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(Pins { schemes: schemes.clone(), ..Pins::raw(&p256) }))
        .with_no_client_auth();
        client.resumption = Resumption::disabled();
        let mut pair = Pair::new(client, server([raw_of(&p384), raw_of(&p256)]));
        pair.handshake().unwrap();
        assert_eq!(shown(&pair, Side::Server), [spki(&p256)]);
    }
}

// ---- sessions

fn sessions(version: &'static SupportedProtocolVersion) -> [(Arc<ClientConfig>, Arc<ServerConfig>); 2] {
    [false, true].map(|tickets| {
        let client = client_showing(version, Pins::raw(theirs()), [raw_of(ours())]);
        let mut server = server_asking([raw_of(theirs())], Pins::raw(ours()));
        if tickets {
            server.ticketer = chitin::crypto::aws_lc_rs::Ticketer::new().unwrap();
        }
        (Arc::new(client), Arc::new(server))
    })
}

/// A key has no dates: the session lives as long as any. Both sides get the peer's key back.
#[test]
fn a_session_is_resumed_with_the_keys_that_made_it() {
    for version in VERSIONS {
        for (client, server) in sessions(version) {
            assert_eq!(kind(&client, &server), HandshakeKind::Full);
            for _ in 0..2 {
                let mut pair = Pair::new(client.clone(), server.clone());
                pair.handshake().unwrap();
                assert_eq!(pair.client.handshake_kind(), Some(HandshakeKind::Resumed));
                assert_eq!(shown(&pair, Side::Server), [spki(theirs())]);
                assert_eq!(shown(&pair, Side::Client), [spki(ours())]);
            }
        }
    }
}

#[test]
fn seven_days_are_the_end_of_a_session_with_a_key() {
    for version in VERSIONS {
        for (client, server) in sessions(version) {
            let clock = Clock::at(DAY);
            let (mut client, mut server) = (ClientConfig::clone(&client), ServerConfig::clone(&server));
            client.time_provider = clock.clone();
            server.time_provider = clock.clone();
            let (client, server) = (Arc::new(client), Arc::new(server));
            assert_eq!(kind(&client, &server), HandshakeKind::Full);
            clock.set(DAY + 7 * 24 * 60 * 60);
            assert_eq!(kind(&client, &server), HandshakeKind::Full);
        }
    }
}

/// The types are part of a server's policy: who takes keys no longer does not resume what a key began.
#[test]
fn a_session_is_not_resumed_under_other_types() {
    for version in VERSIONS {
        let client =
            Arc::new(client_showing(version, Pins::raw(theirs()), both(ours(), [RawPublicKey, X509])));
        let store = chitin::server::ServerSessionMemoryCache::new(16);
        let server_of = |types: &[CertificateType]| {
            let pins = Pins { described: true, ..Pins::both(ours(), types) };
            let mut server = server_asking([raw_of(theirs())], pins);
            server.session_storage = store.clone();
            Arc::new(server)
        };
        assert_eq!(kind(&client, &server_of(&[RawPublicKey])), HandshakeKind::Full);
        assert_eq!(kind(&client, &server_of(&[RawPublicKey])), HandshakeKind::Resumed);
        assert_eq!(kind(&client, &server_of(&[X509])), HandshakeKind::Full);
    }
}

/// The verifier that would be asked is another one.
#[test]
fn a_client_resumes_only_under_the_verifier_that_took_the_key() {
    for version in VERSIONS {
        let [(client, server), _] = sessions(version);
        assert_eq!(kind(&client, &server), HandshakeKind::Full);
        let mut other = self::client(version, Pins::raw(theirs()));
        other.client_auth_cert_resolver = client.client_auth_cert_resolver.clone();
        other.resumption = client.resumption.clone();
        assert_eq!(kind(&Arc::new(other), &server), HandshakeKind::Full);
    }
}

/// Nothing is shown in a resumption. What would be is said nevertheless: RFC 7250 lets no answer be left out. The client's type is
/// not, since nothing is asked for.
#[test]
fn a_resumption_says_the_servers_type_only() {
    for (client, server) in sessions(&TLS12) {
        kind(&client, &server);
        let said = types_said(&TLS12, ClientConfig::clone(&client), ServerConfig::clone(&server));
        assert_eq!(said, [(SERVER_TYPE, vec![2])]);
    }
}

#[test]
fn early_data_goes_with_a_session_that_a_key_began() {
    let mut client = client(&TLS13, Pins::raw(theirs()));
    client.enable_early_data = true;
    let mut server = server([raw_of(theirs())]);
    server.max_early_data_size = 1000;
    let (client, server) = (Arc::new(client), Arc::new(server));
    assert_eq!(kind(&client, &server), HandshakeKind::Full);
    let mut pair = Pair::new(client, server);
    std::io::Write::write_all(&mut pair.client.early_data().unwrap(), b"early").unwrap();
    pair.handshake().unwrap();
    assert!(pair.client.is_early_data_accepted());
}
