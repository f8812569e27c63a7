//! Known attacks, each with a test whose name says what must not happen. `docs/attacks.md` has a line for each, with the tests of
//! other files that belong to it.

use std::collections::BTreeSet;
use std::sync::{Arc, LazyLock};

use chitin::crypto::{
    ActiveKeyExchange, CipherSuiteCommon, CryptoProvider, KeyExchangeAlgorithm, SupportedKxGroup,
};
use chitin::ffdhe_groups::{FFDHE3072, FfdheGroup};
use chitin::server::Acceptor;
use chitin::sign::{CertifiedKey, Credential, CredentialList};
use chitin::version::{TLS12, TLS13};
use chitin::{
    AlertDescription, CertificateError, CipherSuite, ClientConfig, ContentType, Error, HandshakeType,
    InvalidMessage, NamedGroup, PeerIncompatible, PeerMisbehaved, ServerConfig, SignatureScheme,
    SupportedCipherSuite, SupportedProtocolVersion, Tls12CipherSuite,
};
use testkit::hello::{
    Hello, edit_bodies, edit_hello, edit_hello_in_flight, edit_messages, edit_record, message, split_messages,
};
use testkit::liar::{Liar, Say};
use testkit::pair::{Failed, Pair, Record, Side, Tamper};
use testkit::pki::{Identity, KeyType, Spec};
use testkit::provided;

use crate::common::*;

const BOTH: [&[&SupportedProtocolVersion]; 2] = [&[&TLS13], &[&TLS12]];
const ONLY12: &[&SupportedProtocolVersion] = &[&TLS12];

const CERTIFICATE: u8 = 11;
const SERVER_KEY_EXCHANGE: u8 = 12;
const CERTIFICATE_REQUEST: u8 = 13;
const CERTIFICATE_VERIFY: u8 = 15;

const HEARTBEAT: u16 = 15;
const SUPPORTED_GROUPS: u16 = 10;
const SUPPORTED_VERSIONS: u16 = 43;
const SIGNATURE_ALGORITHMS: u16 = 13;
const EMS: u16 = 23;

fn client_with(versions: &[&'static SupportedProtocolVersion]) -> ClientConfig {
    ClientConfig::builder_with_provider(default_provider())
        .with_protocol_versions(versions)
        .unwrap()
        .with_root_certificates(roots())
        .with_client_auth_cert(WORLD.client.chain.clone(), WORLD.client.key.clone_key())
        .unwrap()
}

fn server_with(versions: &[&'static SupportedProtocolVersion], identity: &Identity) -> ServerConfig {
    ServerConfig::builder_with_provider(default_provider())
        .with_protocol_versions(versions)
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(identity.chain.clone(), identity.key.clone_key())
        .unwrap()
}

/// One that demands a certificate.
fn asking12() -> ServerConfig {
    ServerConfig::builder_with_provider(default_provider())
        .with_protocol_versions(ONLY12)
        .unwrap()
        .with_client_cert_verifier(required(roots()))
        .with_single_cert(WORLD.server.chain.clone(), WORLD.server.key.clone_key())
        .unwrap()
}

fn pair12() -> Pair {
    Pair::new(client_with(ONLY12), server_with(ONLY12, &WORLD.server))
}

/// The alert of somebody who has no keys yet, behind whatever was still to be sent.
fn plain_alert(failed: &Failed) -> u8 {
    let alert = failed.last_words.last_chunk::<7>().copied();
    let Some([21, 3, 3, 0, 2, 2, description]) = alert else { panic!("{failed:?}") };
    description
}

fn first_hello(pair: &Pair, side: Side) -> Hello {
    let body = &Record::split(pair.flown(side))[0].body;
    let (typ, body) = split_messages(body).remove(0);
    Hello::read(&message(typ, &body))
}

// ---- what is not there cannot be attacked

/// Nobody of ours offers one of these suites, takes one that is offered, or puts up with one that is chosen.
fn no_side_takes(suites: &[u16]) {
    let rsa = WORLD.pki.issuing.issue(&Spec::server(KeyType::Rsa2048));
    for identity in [&WORLD.server, &rsa] {
        for downgraded in [false, true] {
            let offered = suites.to_vec();
            let edit = edit_hello(0, move |hello| {
                hello.suites.clone_from(&offered);
                if downgraded {
                    hello.remove(SUPPORTED_VERSIONS);
                }
            });
            let server = server_with(chitin::ALL_VERSIONS, identity);
            let failed = Pair::new(client(), server).tamper(Side::Client, edit).settle().unwrap_err();
            assert_eq!(failed.side, Side::Server);
            assert_eq!(failed.error, PeerIncompatible::NoCipherSuitesInCommon.into());
            assert_eq!(plain_alert(&failed), 40, "handshake_failure");
        }
    }
    for suite in suites.iter().copied() {
        let choose = edit_hello_in_flight(2, move |hello| hello.suites = vec![suite]);
        let failed = pair12().tamper(Side::Server, choose).settle().unwrap_err();
        assert_eq!(failed.side, Side::Client);
        assert_eq!(failed.error, PeerMisbehaved::SelectedUnofferedCipherSuite.into(), "{suite:#06x}");
        assert_eq!(plain_alert(&failed), 47, "illegal_parameter");
    }
    let mut pair = Pair::new(client(), server());
    pair.handshake().unwrap();
    let hello = first_hello(&pair, Side::Client);
    assert!(hello.suites.len() > 8 && !hello.suites.iter().any(|suite| suites.contains(suite)));
}

/// RFC 7366 has the story: whoever pads, then authenticates, and encrypts last tells more than he wants.
#[test]
fn lucky13_poodle_and_beast_meet_no_suite_with_cbc() {
    no_side_takes(&[
        0x002f, 0x0035, 0x003c, 0x003d, 0x0033, 0x0039, 0x0067, 0x006b, 0xc009, 0xc00a, 0xc013, 0xc014,
        0xc023, 0xc024, 0xc027, 0xc028,
    ]);
}

#[test]
fn bleichenbacher_robot_and_drown_meet_no_key_that_decrypts() {
    no_side_takes(&[0x002f, 0x0035, 0x003c, 0x003d, 0x009c, 0x009d, 0xc09c, 0xc09d]);
}

#[test]
fn freak_and_logjam_meet_no_export_suite() {
    no_side_takes(&[
        0x0003, 0x0006, 0x0008, 0x000b, 0x000e, 0x0011, 0x0014, 0x0017, 0x0019, 0x0060, 0x0061, 0x0062,
        0x0064,
    ]);
}

#[test]
fn logjam_raccoon_and_dheat_meet_no_finite_field() {
    no_side_takes(&[0x0033, 0x0039, 0x0067, 0x006b, 0x009e, 0x009f, 0xccaa, 0x00a2, 0x00a3]);
    // TLS 1.3 could do it as well.
    let provider = provided::default_provider();
    assert!(provider.kx_groups.iter().all(|group| !(0x0100..=0x01ff).contains(&u16::from(group.name()))));
}

/// A finite field that a provider of other make puts before all groups.
#[derive(Debug)]
struct Field;

impl SupportedKxGroup for Field {
    fn start(&self) -> Result<Box<dyn ActiveKeyExchange>, Error> {
        panic!("a finite field is used")
    }

    fn name(&self) -> NamedGroup {
        NamedGroup::FFDHE2048
    }
}

/// The same under a number that says nothing.
#[derive(Debug)]
struct Hidden;

impl SupportedKxGroup for Hidden {
    fn start(&self) -> Result<Box<dyn ActiveKeyExchange>, Error> {
        panic!("a finite field is used")
    }

    fn ffdhe_group(&self) -> Option<FfdheGroup<'static>> {
        Some(FFDHE3072)
    }

    fn name(&self) -> NamedGroup {
        NamedGroup::Unknown(0xfe01)
    }
}

static OVER_A_FIELD: LazyLock<Tls12CipherSuite> = LazyLock::new(|| {
    let suites = provided::all_cipher_suites();
    let over_a_curve = suites.iter().find_map(|suite| match suite {
        SupportedCipherSuite::Tls12(suite) if format!("{suite:?}").contains("RSA") => Some(suite),
        _ => None,
    });
    let like = over_a_curve.unwrap();
    Tls12CipherSuite {
        common: CipherSuiteCommon {
            suite: CipherSuite::TLS_DHE_RSA_WITH_AES_128_GCM_SHA256,
            hash_provider: like.common.hash_provider,
            confidentiality_limit: like.common.confidentiality_limit,
        },
        prf_provider: like.prf_provider,
        kx: KeyExchangeAlgorithm::DHE,
        sign: like.sign,
        aead_alg: like.aead_alg,
    }
});

#[test]
fn a_provider_brings_no_finite_field_in() {
    let mut provider = provided::default_provider();
    let usual = provider.clone();
    provider.cipher_suites.insert(0, SupportedCipherSuite::Tls12(&OVER_A_FIELD));
    provider.kx_groups.splice(0..0, [&Field as &dyn SupportedKxGroup, &Hidden]);
    let client = |versions, provider: CryptoProvider| {
        ClientConfig::builder_with_provider(Arc::new(provider))
            .with_protocol_versions(versions)
            .map(|builder| builder.with_root_certificates(roots()).with_no_client_auth())
    };
    for versions in BOTH {
        let server = ServerConfig::builder_with_provider(Arc::new(provider.clone()))
            .with_protocol_versions(versions)
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(WORLD.server.chain.clone(), WORLD.server.key.clone_key())
            .unwrap();
        let mut pair = Pair::new(client(versions, provider.clone()).unwrap(), server.clone());
        pair.settle().unwrap();
        let mut hello = first_hello(&pair, Side::Client);
        assert!(!hello.suites.contains(&0x009e));
        let groups = hello.body(SUPPORTED_GROUPS);
        assert!(!groups[2..].chunks(2).any(|group| group == [0x01, 0x00] || group == [0xfe, 0x01]));
        // A client that asks for both first does not get them.
        let asks = edit_hello(0, |hello| {
            hello.suites.insert(0, 0x009e);
            let groups = hello.body(SUPPORTED_GROUPS);
            let len = u16::from_be_bytes([groups[0], groups[1]]) + 4;
            groups.splice(0..2, [&len.to_be_bytes()[..], &[0x01, 0x00, 0xfe, 0x01]].concat());
        });
        let honest = client(versions, usual.clone()).unwrap();
        // It comes as far as the first record under keys that are derived from both hellos.
        let failed = Pair::new(honest, server).tamper(Side::Client, asks).settle().unwrap_err();
        assert_eq!(failed.error, Error::DecryptError);

        // Nothing is left of a provider that has nothing else.
        let mut nothing = provider.clone();
        nothing.kx_groups.truncate(2);
        client(versions, nothing).unwrap_err();
    }
    // Nor does a certificate count that only such a suite could use.
    let rsa = WORLD.pki.issuing.issue(&Spec::server(KeyType::Rsa2048));
    let certified = |identity: &Identity| {
        let key = provider.key_provider.load_private_key(identity.key.clone_key()).unwrap();
        CertifiedKey::new(identity.chain.clone(), key)
    };
    let both = CredentialList::new([certified(&rsa), certified(&WORLD.server)].map(Credential::new));
    let server = ServerConfig::builder_with_provider(Arc::new(provider.clone()))
        .with_protocol_versions(ONLY12)
        .unwrap()
        .with_no_client_auth()
        .with_cert_resolver(Arc::new(both));
    let only_ecdsa = edit_hello(0, |hello| hello.suites = vec![0x009e, 0xc02b]);
    let failed = Pair::new(client(ONLY12, usual).unwrap(), server).tamper(Side::Client, only_ecdsa).settle();
    assert_eq!(failed.unwrap_err().error, Error::DecryptError);

    let mut nothing = provider;
    nothing.cipher_suites.truncate(1);
    client(ONLY12, nothing).unwrap_err();
}

#[test]
fn sweet32_and_the_biases_of_rc4_meet_no_old_cipher() {
    no_side_takes(&[0x0004, 0x0005, 0x0007, 0x0009, 0x000a, 0x0016, 0xc007, 0xc008, 0xc011, 0xc012]);
}

#[test]
fn nobody_talks_without_encryption_or_without_a_key_to_check() {
    no_side_takes(&[
        0x0000, 0x0001, 0x0002, 0x003b, 0xc006, 0xc010, 0x0018, 0x001b, 0x0034, 0x003a, 0x006c, 0x00a6,
        0x00a7, 0xc015, 0xc018, 0xc019,
    ]);
}

/// The list of all suites is short enough to be read.
#[test]
fn no_suite_lacks_forward_secrecy_or_aead() {
    for suite in provided::all_cipher_suites() {
        let name = format!("{:?}", suite.suite());
        let forward = name.starts_with("TLS13_") || name.starts_with("TLS_ECDHE_");
        assert!(forward && (name.contains("_GCM_") || name.contains("_CHACHA20_POLY1305_")), "{name}");
    }
}

#[test]
fn crime_finds_nothing_compressed() {
    // A client of TLS 1.2 that would like to.
    let mut pair = pair12().tamper(Side::Client, edit_hello(0, |hello| hello.compressions = vec![1, 0]));
    pair.settle().unwrap_err();
    assert_eq!(first_hello(&pair, Side::Server).compressions, [0]);
    // One that insists, and a server that does.
    let insists = edit_hello(0, |hello| hello.compressions = vec![1]);
    let failed = pair12().tamper(Side::Client, insists).settle().unwrap_err();
    assert_eq!(failed.error, PeerIncompatible::NullCompressionRequired.into());
    let does = edit_hello_in_flight(2, |hello| hello.compressions = vec![1]);
    let failed = pair12().tamper(Side::Server, does).settle().unwrap_err();
    assert_eq!(failed.error, PeerMisbehaved::SelectedUnofferedCompression.into());
    // RFC 8446 section 4.1.2: in TLS 1.3 even the wish is an error.
    let wish = edit_hello(0, |hello| hello.compressions = vec![1, 0]);
    let failed = Pair::new(client(), server()).tamper(Side::Client, wish).settle().unwrap_err();
    assert_eq!(failed.error, PeerMisbehaved::OfferedIncorrectCompressions.into());
}

/// MD5 and SHA-1, with RSA, DSA and ECDSA. RFC 5246 section 7.4.1.4.1.
const BROKEN_HASHES: [[u8; 2]; 6] = [[1, 1], [1, 2], [1, 3], [2, 1], [2, 2], [2, 3]];

#[test]
fn sloth_meets_no_signature_with_md5_or_sha1() {
    let broken = |list: &[u8]| list.chunks(2).any(|scheme| BROKEN_HASHES.iter().any(|b| scheme == b));
    // What we ask for, as a client and as a server.
    let mut pair = Pair::new(client_with(ONLY12), asking12());
    pair.handshake().unwrap();
    assert!(!broken(&first_hello(&pair, Side::Client).body(SIGNATURE_ALGORITHMS)[2..]));
    let flight = Record::split(pair.flown(Side::Server)).remove(0).body;
    let request = split_messages(&flight).into_iter().find(|(typ, _)| *typ == CERTIFICATE_REQUEST).unwrap().1;
    // RFC 5246 section 7.4.4: the types of certificates stand before the schemes.
    let list = &request[1 + usize::from(request[0])..];
    let len = usize::from(u16::from_be_bytes([list[0], list[1]]));
    assert!(len > 8 && !broken(&list[2..2 + len]));

    for scheme in BROKEN_HASHES {
        // What we would have to sign with.
        let only = edit_hello(0, move |hello| {
            *hello.body(SIGNATURE_ALGORITHMS) = [&[0, 2], &scheme[..]].concat();
        });
        let failed = pair12().tamper(Side::Client, only).settle().unwrap_err();
        assert_eq!((failed.side, plain_alert(&failed)), (Side::Server, 40), "{scheme:?}");
        assert_eq!(failed.error, PeerIncompatible::NoCipherSuiteForSignatureSchemes.into());
        // What is signed with it, by a server and by a client.
        let signed = edit_bodies(SERVER_KEY_EXCHANGE, move |body| {
            let at = 4 + usize::from(body[3]);
            body[at..at + 2].copy_from_slice(&scheme);
        });
        let failed = pair12().tamper(Side::Server, signed).settle().unwrap_err();
        assert_eq!(failed.error, PeerMisbehaved::SignedHandshakeWithUnadvertisedSigScheme.into());
        let signed = edit_bodies(CERTIFICATE_VERIFY, move |body| body[..2].copy_from_slice(&scheme));
        let mut pair = Pair::new(client_with(ONLY12), asking12()).tamper(Side::Client, signed);
        let failed = pair.settle().unwrap_err();
        assert_eq!(failed.error, PeerMisbehaved::SignedHandshakeWithUnadvertisedSigScheme.into());
    }
    let verified = provided::default_provider().signature_verification_algorithms.supported_schemes();
    assert!(!verified.contains(&SignatureScheme::RSA_PKCS1_SHA1));
    assert!(!verified.contains(&SignatureScheme::ECDSA_SHA1_Legacy));
}

// ---- lengths that lie

/// CVE-2014-0160. There is no heartbeat at all, so that there is nothing to answer with.
#[test]
fn heartbleed_gets_no_answer_and_no_memory() {
    // A request that says to have 16,384 bytes and has none. RFC 6520 section 4.
    let heartbeat = Record { typ: 24, version: 0x303, body: vec![1, 0x40, 0] };
    for versions in BOTH {
        for carried in 0..=2 {
            let mut pair = Pair::new(client_with(versions), server_with(versions, &WORLD.server));
            for turn in 0..carried {
                pair.carry([Side::Client, Side::Server][turn]).unwrap();
            }
            pair.take(Side::Server);
            let failed = pair.give(Side::Server, &heartbeat.to_bytes()).unwrap_err();
            let refused = matches!(
                failed.error,
                Error::InvalidMessage(InvalidMessage::InvalidContentType)
                    | Error::InappropriateMessage { .. }
            );
            assert!(refused, "{failed:?}");
            let [answer] = &Record::split(&failed.last_words)[..] else { panic!("{failed:?}") };
            assert!(answer.typ != 24 && answer.body.len() < 64, "{answer:?}");
        }
        // Under the keys of the connection.
        let liar = Liar::new();
        let mut config = client_with(versions);
        config = ClientConfig::builder_with_provider(liar.provider(config.crypto_provider()))
            .with_protocol_versions(versions)
            .unwrap()
            .with_root_certificates(roots())
            .with_no_client_auth();
        let mut pair =
            Pair::new(config, server_with(versions, &WORLD.server)).tamper(Side::Client, liar.tamper());
        pair.handshake().unwrap();
        liar.next(vec![Say::record(24, &[1, 0x40, 0])]);
        pair.send(Side::Client, b"!").unwrap_err();
        assert!(pair.arrived(Side::Client).is_empty());
    }
    // Whoever asks whether we would is not answered.
    let mut pair = pair12().tamper(Side::Client, edit_hello(0, |hello| hello.add(HEARTBEAT, &[1])));
    pair.settle().unwrap_err();
    assert!(first_hello(&pair, Side::Server).extensions.iter().all(|(code, _)| *code != HEARTBEAT));
}

/// CVE-2016-9244. What comes back is the client's session id, never more.
#[test]
fn ticketbleed_gets_back_no_more_than_it_gave() {
    for len in 0..=32_u8 {
        let id: Vec<u8> = (1..=len).collect();
        let put = id.clone();
        let edit = edit_hello(0, move |hello| hello.session_id.clone_from(&put));
        let mut pair = Pair::new(client(), server()).tamper(Side::Client, edit);
        let _ = pair.settle();
        assert_eq!(first_hello(&pair, Side::Server).session_id, id);

        // TLS 1.2, a ticket that is taken. RFC 5077 section 3.4.
        let mut ticketing = server_with(ONLY12, &WORLD.server);
        ticketing.ticketer = provided::ticketer();
        let (client, server) = (Arc::new(client_with(ONLY12)), Arc::new(ticketing));
        Pair::new(client.clone(), server.clone()).handshake().unwrap();
        let put = id.clone();
        let edit = edit_hello(0, move |hello| hello.session_id.clone_from(&put));
        let mut pair = Pair::new(client, server).tamper(Side::Client, edit);
        let _ = pair.settle();
        let answer = first_hello(&pair, Side::Server).session_id;
        // Without an id there is no way to say that a ticket was taken, but the new ticket's own.
        assert!(answer == id || id.is_empty() && answer.is_empty(), "{len}: {answer:?}");
    }
}

/// CVE-2022-0778 and CVE-2020-0601: curves have names, nobody describes one to us. RFC 8422 section 5.4.
#[test]
fn explicit_curves_are_never_read() {
    for curve_type in [1, 2, 0, 4, 255] {
        let explicit = edit_bodies(SERVER_KEY_EXCHANGE, move |body| body[0] = curve_type);
        let failed = pair12().tamper(Side::Server, explicit).settle().unwrap_err();
        assert_eq!(failed.error, InvalidMessage::UnsupportedCurveType.into());
    }
    // The two numbers that once stood for such curves are no groups of ours.
    for number in [0xff01, 0xff02_u16] {
        let asks = edit_hello(0, move |hello| {
            *hello.body(10) = [&[0, 2], &number.to_be_bytes()[..]].concat();
        });
        let failed = pair12().tamper(Side::Client, asks).settle().unwrap_err();
        assert_eq!(failed.error, PeerIncompatible::NoKxGroupsInCommon.into());
    }
}

/// RUSTSEC-2024-0399, and whatever else fragments may do to somebody who has no config yet.
#[test]
fn a_fragmented_hello_does_not_make_an_acceptor_panic() {
    let mut pair = Pair::new(client(), server());
    let hello = Record::split(&pair.take(Side::Client)).remove(0).body;
    for size in [1, 2, 3, 4, 5, 100, hello.len() - 1, hello.len()] {
        for rest in [&b""[..], b"\x14", b"\x16\x03\x03\x00\x01\x00", b"\x15\x03\x03\x00\x02\x02\x28"] {
            let fragments =
                hello.chunks(size).map(|part| Record { typ: 22, version: 0x301, body: part.to_vec() });
            let mut bytes: Vec<u8> = fragments.flat_map(|record| record.to_bytes()).collect();
            bytes.extend(rest);
            let mut acceptor = Acceptor::default();
            let mut accepted = None;
            let mut input = &bytes[..];
            while !input.is_empty() && accepted.is_none() {
                acceptor.read_tls(&mut input).unwrap();
                accepted = acceptor.accept().map_err(|(error, _)| error).unwrap();
            }
            assert_eq!(accepted.unwrap().client_hello().server_name(), Some("localhost"), "by {size}");
        }
    }
    // Cut off anywhere, and with a fragment of another kind between.
    for at in 0..hello.len() {
        let first = Record { typ: 22, version: 0x301, body: hello[..at].to_vec() };
        for typ in [20, 21, 23, 24] {
            let other = Record { typ, version: 0x303, body: vec![1] };
            let bytes = [first.to_bytes(), other.to_bytes()].concat();
            let mut acceptor = Acceptor::default();
            acceptor.read_tls(&mut &bytes[..]).unwrap();
            assert!(acceptor.accept().is_err(), "{typ} after {at} bytes");
        }
    }
}

/// rustls #3176: somebody met a limit of 64 KiB, and the message told neither which nor of what.
#[test]
fn no_limit_is_hit_without_being_named() {
    let too_long = |typ: u8, version, body: &[u8]| {
        let record = Record { typ, version, body: body.to_vec() };
        let failed = Pair::new(client(), server()).give(Side::Server, &record.to_bytes()).unwrap_err();
        failed.error.to_string()
    };
    let text = too_long(22, 0x301, &[1, 1, 0, 1]);
    assert!(text.contains("ClientHello, len: 65537, limit: 65536"), "{text}");
    let text = too_long(22, 0x301, &[11, 2, 0, 0]);
    assert!(text.contains("Certificate, len: 131072, limit: 102400"), "{text}");
    let text = too_long(22, 0x301, &[0; (1 << 14) + 1]);
    assert!(text.contains("a record") && text.contains("16,384"), "{text}");
    // Under a key.
    for versions in BOTH {
        let liar = Liar::new();
        let client = ClientConfig::builder_with_provider(liar.provider(&default_provider()))
            .with_protocol_versions(versions)
            .unwrap()
            .with_root_certificates(roots())
            .with_no_client_auth();
        let mut pair =
            Pair::new(client, server_with(versions, &WORLD.server)).tamper(Side::Client, liar.tamper());
        pair.handshake().unwrap();
        liar.next(vec![Say::record(23, &[0; (1 << 14) + 1])]);
        let text = pair.send(Side::Client, b"!").unwrap_err().error.to_string();
        assert!(text.contains("a record") && text.contains("16,384"), "{text}");
    }
    let text = Error::from(InvalidMessage::CertificatePayloadTooLarge).to_string();
    assert!(text.contains("chain") && text.contains("`max_certificate_message`"), "{text}");
}

// ---- messages that are skipped, come early, or come from elsewhere

/// CVE-2014-0224: keys are not switched to before they are agreed on, by either side, wherever it is tried.
#[test]
fn an_early_change_cipher_spec_does_not_switch_keys() {
    let ccs = Record { typ: 20, version: 0x303, body: vec![1] };
    for (to, carried) in
        [(Side::Server, 0), (Side::Server, 1), (Side::Server, 2), (Side::Client, 0), (Side::Client, 1)]
    {
        let mut pair = pair12();
        for turn in 0..carried {
            pair.carry([Side::Client, Side::Server][turn]).unwrap();
        }
        let Err(failed) = pair.give(to, &ccs.to_bytes()) else {
            // A client that does not know its version yet lets it pass, RFC 8446 section 5, and nothing comes of it.
            assert_eq!(to, Side::Client);
            pair.handshake().unwrap();
            assert_eq!(pair.send(Side::Server, b"in order").unwrap(), b"in order");
            continue;
        };
        let refused = matches!(
            failed.error,
            Error::InappropriateMessage { got_type: ContentType::ChangeCipherSpec, .. }
                | Error::PeerMisbehaved(_)
        );
        assert!(refused, "{to:?} {carried}: {failed:?}");
        assert_eq!(plain_alert(&failed), 10, "unexpected_message");
    }
    // Behind the hello of the server, before it has said anything that the client could have made keys of.
    let split = edit_record(0, |record| {
        let rest = record.body.split_off(4 + usize::from(record.body[3]));
        vec![Record { typ: 20, version: 0x303, body: vec![1] }, Record { body: rest, ..record.clone() }]
    });
    let failed = pair12().tamper(Side::Server, split).settle().unwrap_err();
    assert_eq!((failed.side, plain_alert(&failed)), (Side::Client, 10));
}

/// SMACK and its kin: each message of TLS 1.2 left out, doubled, or in the place of the one before it. For TLS 1.3, whose
/// messages are under keys, `misbehaviour/messages.rs` does the same.
#[test]
fn no_message_of_tls12_is_skipped_doubled_or_swapped() {
    let spoil = |side: Side, tamper: Tamper| {
        let mut pair = Pair::new(client_with(ONLY12), asking12()).tamper(side, tamper);
        let outcome = pair.settle();
        assert!(!pair.is_done());
        assert!(pair.arrived(Side::Client).is_empty() && pair.arrived(Side::Server).is_empty());
        outcome
    };
    for (side, types) in [
        (Side::Server, &[2, CERTIFICATE, SERVER_KEY_EXCHANGE, CERTIFICATE_REQUEST, 14][..]),
        (Side::Client, &[CERTIFICATE, 16, CERTIFICATE_VERIFY]),
    ] {
        for target in types.iter().copied() {
            let skip = edit_messages(move |typ, body| if typ == target { vec![] } else { vec![(typ, body)] });
            match spoil(side, skip) {
                Err(failed) => assert_eq!(plain_alert(&failed), 10, "{target} of the {side:?} left out"),
                // Nobody has said that the flight is over, so the client still waits.
                Ok(()) => assert_eq!(target, 14, "{side:?}"),
            }
            let double = edit_messages(move |typ, body| match typ == target {
                true => vec![(typ, body.clone()), (typ, body)],
                false => vec![(typ, body)],
            });
            assert!(spoil(side, double).is_err(), "{target} of the {side:?} doubled");
        }
        for pair in types.windows(2) {
            let (first, second) = (pair[0], pair[1]);
            let mut kept = None;
            let swap = edit_messages(move |typ, body| match typ {
                _ if typ == first => {
                    kept = Some((typ, body));
                    vec![]
                }
                _ if typ == second => [(typ, body)].into_iter().chain(kept.take()).collect(),
                _ => vec![(typ, body)],
            });
            // The records of one side are joined again, so that nothing but the order is wrong.
            let failed = spoil(side, swap).unwrap_err();
            assert_eq!(plain_alert(&failed), 10, "{second} of the {side:?} before {first}");
        }
    }
}

/// CVE-2014-1266: a signature that nobody looks at.
#[test]
fn a_key_exchange_is_not_believed_without_a_good_signature() {
    let cells: [fn(&mut Vec<u8>); 4] = [
        |body| *body.last_mut().unwrap() ^= 1,
        // An empty signature, and none at all.
        |body| {
            body.truncate(4 + usize::from(body[3]) + 2);
            body.extend([0, 0]);
        },
        |body| body.truncate(4 + usize::from(body[3])),
        // Another share under the good signature.
        |body| body[9] ^= 1,
    ];
    for (number, edit) in cells.into_iter().enumerate() {
        let failed =
            pair12().tamper(Side::Server, edit_bodies(SERVER_KEY_EXCHANGE, edit)).settle().unwrap_err();
        assert_eq!(failed.side, Side::Client);
        let expected = matches!(
            failed.error,
            Error::InvalidCertificate(CertificateError::BadSignature) | Error::InvalidMessage(_)
        );
        assert!(expected, "{number}: {failed:?}");
    }
    // The good signature of another connection: it is over other randoms.
    let mut other = pair12();
    other.carry(Side::Client).unwrap();
    let flight = Record::split(&other.take(Side::Server)).remove(0).body;
    let old = split_messages(&flight).into_iter().find(|(typ, _)| *typ == SERVER_KEY_EXCHANGE).unwrap().1;
    let replay = edit_bodies(SERVER_KEY_EXCHANGE, move |body| body.clone_from(&old));
    let failed = pair12().tamper(Side::Server, replay).settle().unwrap_err();
    assert_eq!(failed.error, CertificateError::BadSignature.into());
}

/// RUSTSEC-2026-0285: the rest of a message comes under the key that its beginning came under, or not at all.
#[test]
fn a_message_begun_before_a_key_change_is_not_completed_after_it() {
    // TLS 1.3: a server's plaintext record goes on behind its hello; a client's second one does.
    let behind = edit_record(0, |record| {
        record.body.extend([8, 0, 0]);
        Vec::new()
    });
    let failed = Pair::new(client(), server()).tamper(Side::Server, behind).settle().unwrap_err();
    assert_eq!(failed.error, PeerMisbehaved::KeyEpochWithPendingFragment.into());
    let behind = edit_record(0, |record| {
        record.body.extend([20, 0]);
        Vec::new()
    });
    let failed = Pair::new(client(), server()).tamper(Side::Client, behind).settle().unwrap_err();
    assert_eq!(failed.error, PeerMisbehaved::KeyEpochWithPendingFragment.into());
    // TLS 1.2: Finished begins in the clear and ends under the key, in either direction.
    for side in [Side::Client, Side::Server] {
        let begun: Tamper = Box::new(|_, record| match record.typ {
            20 => vec![Record { typ: 22, version: 0x303, body: vec![20, 0] }, record],
            _ => vec![record],
        });
        let failed = pair12().tamper(side, begun).settle().unwrap_err();
        let refused = matches!(
            failed.error,
            Error::PeerMisbehaved(
                PeerMisbehaved::MessageInterleavedWithHandshakeMessage
                    | PeerMisbehaved::KeyEpochWithPendingFragment
            )
        );
        assert!(refused, "{side:?}: {failed:?}");
        assert_eq!(failed.echo, Some(Error::AlertReceived(AlertDescription::UnexpectedMessage)));
    }
}

/// Selfie, and older reflections: what one side says is never taken for the word of the other.
#[test]
fn a_reflected_message_is_not_taken_for_the_peers() {
    for versions in BOTH {
        let pair = || Pair::new(client_with(versions), server_with(versions, &WORLD.server));
        // A hello.
        let mut reflected = pair();
        let hello = reflected.take(Side::Client);
        let failed = reflected.give(Side::Client, &hello).unwrap_err();
        let expected = matches!(
            failed.error,
            Error::InappropriateHandshakeMessage { got_type: HandshakeType::ClientHello, .. }
        );
        assert!(expected, "{failed:?}");
        // A server's flight.
        let mut reflected = pair();
        reflected.carry(Side::Client).unwrap();
        let flight = reflected.take(Side::Server);
        reflected.give(Side::Server, &flight).unwrap_err();
        // Data: each direction has a key of its own.
        for side in [Side::Client, Side::Server] {
            let mut reflected = pair();
            reflected.handshake().unwrap();
            match side {
                Side::Client => std::io::Write::write_all(&mut reflected.client.writer(), b"mine").unwrap(),
                Side::Server => std::io::Write::write_all(&mut reflected.server.writer(), b"mine").unwrap(),
            }
            let record = reflected.take(side);
            assert_eq!(reflected.give(side, &record).unwrap_err().error, Error::DecryptError);
            assert!(reflected.arrived(!side).is_empty());
        }
    }
}

/// RFC 7627: the master secret is bound to the handshake, and a session cannot be talked out of that.
#[test]
fn triple_handshake_finds_no_session_that_is_not_bound_to_its_handshake() {
    // Both sides of ours always ask for it and always take it.
    let mut pair = pair12();
    pair.handshake().unwrap();
    for side in [Side::Client, Side::Server] {
        assert!(first_hello(&pair, side).extensions.iter().any(|(code, _)| *code == EMS));
    }
    // Who takes it out of a hello of a full handshake makes two sides with different keys.
    let failed =
        pair12().tamper(Side::Client, edit_hello(0, |hello| hello.remove(EMS))).settle().unwrap_err();
    assert_eq!(failed.error, PeerMisbehaved::IncorrectFinished.into());
    // And out of one that resumes: RFC 7627 section 5.3.
    for (side, typ, expected) in [
        (Side::Client, 1, PeerMisbehaved::ResumptionAttemptedWithVariedEms),
        (Side::Server, 2, PeerMisbehaved::ResumptionOfferedWithVariedEms),
    ] {
        let (client, server) = (Arc::new(client_with(ONLY12)), Arc::new(server_with(ONLY12, &WORLD.server)));
        Pair::new(client.clone(), server.clone()).handshake().unwrap();
        let edit = edit_hello_in_flight(typ, |hello| hello.remove(EMS));
        let failed = Pair::new(client, server).tamper(side, edit).settle().unwrap_err();
        assert_eq!(failed.error, expected.into());
    }
}

/// CVE-2009-3555: a handshake in a connection of somebody else. There is no second handshake, and the first has nothing to renew.
#[test]
fn no_handshake_is_spliced_behind_another() {
    let claims = edit_hello(0, |hello| *hello.body(0xff01) = vec![12; 13]);
    let failed = pair12().tamper(Side::Client, claims).settle().unwrap_err();
    assert_eq!(failed.error, PeerMisbehaved::InvalidRenegotiationInfo.into());
    // The hello of one client, in the connection of another.
    let liar = Liar::new();
    let client = ClientConfig::builder_with_provider(liar.provider(&default_provider()))
        .with_protocol_versions(ONLY12)
        .unwrap()
        .with_root_certificates(roots())
        .with_no_client_auth();
    let mut pair = Pair::new(client, server_with(ONLY12, &WORLD.server)).tamper(Side::Client, liar.tamper());
    pair.handshake().unwrap();
    let victim = Record::split(&pair12().take(Side::Client)).remove(0).body;
    let said = pair.flown(Side::Server).len();
    liar.next(vec![Say::handshake(&victim)]);
    pair.send(Side::Client, b"!").unwrap();
    pair.carry(Side::Server).unwrap();
    // A warning, sealed, and no hello.
    let answer = Record::split(&pair.flown(Side::Server)[said..]);
    assert_eq!(answer.iter().map(|record| record.typ).collect::<BTreeSet<_>>(), BTreeSet::from([21]));
}

/// The hello of SSL 2.0, as DROWN and old clients send it, and of what came between.
#[test]
fn no_hello_of_an_older_version_is_answered() {
    let sslv2 = [
        0x80, 0x2e, 1, 0, 2, 0, 0x15, 0, 0, 0, 0x10, 1, 0, 0x80, 2, 0, 0x80, 3, 0, 0x80, 4, 0, 0x80, 5, 0,
        0x80, 6, 0, 0x40, 7, 0, 0xc0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16,
    ];
    let mut pair = Pair::new(client(), server());
    assert_eq!(pair.give(Side::Server, &sslv2).unwrap_err().error, InvalidMessage::InvalidContentType.into());
    for version in [0x300, 0x301, 0x302] {
        let older = edit_hello(0, move |hello| {
            hello.remove(SUPPORTED_VERSIONS);
            hello.version = version;
        });
        let failed = Pair::new(client(), server()).tamper(Side::Client, older).settle().unwrap_err();
        let expected = [PeerIncompatible::Tls12NotOffered, PeerIncompatible::Tls12NotOfferedOrEnabled];
        assert!(expected.map(Error::from).contains(&failed.error), "{failed:?}");
        assert_eq!(plain_alert(&failed), 70, "protocol_version");
        // And a server that answers with one.
        let older = edit_hello_in_flight(2, move |hello| hello.version = version);
        let failed = pair12().tamper(Side::Server, older).settle().unwrap_err();
        assert_eq!(failed.error, PeerIncompatible::ServerDoesNotSupportTls12Or13.into());
    }
}

/// Invalid-curve attacks and shares of low order: nothing is computed with them, in either version or role.
#[test]
fn a_point_that_is_none_gives_no_shared_secret() {
    use chitin::NamedGroup;
    for (group, bad) in [
        (NamedGroup::secp256r1, [&[4][..], &[1; 64]].concat()),
        (NamedGroup::secp256r1, [&[4][..], &[0; 64]].concat()),
        (NamedGroup::secp256r1, vec![0]),
        (NamedGroup::secp384r1, [&[4][..], &[1; 96]].concat()),
        (NamedGroup::X25519, vec![0; 32]),
        // Of order 2: u = 1. RFC 7748 section 6.1.
        (NamedGroup::X25519, [&[1][..], &[0; 31]].concat()),
    ] {
        // In TLS 1.2 the curve of the server's key has to be among the client's groups.
        let groups =
            if group == NamedGroup::secp256r1 { vec![group] } else { vec![group, NamedGroup::secp256r1] };
        for versions in BOTH {
            let client = ClientConfig::builder_with_provider(testkit::configs::provider(&[], &groups))
                .with_protocol_versions(versions)
                .unwrap()
                .with_root_certificates(roots())
                .with_no_client_auth();
            let identity = &WORLD.server;
            let server = ServerConfig::builder_with_provider(testkit::configs::provider(&[], &[group]))
                .with_protocol_versions(versions)
                .unwrap()
                .with_no_client_auth()
                .with_single_cert(identity.chain.clone(), identity.key.clone_key())
                .unwrap();
            let share = bad.clone();
            let tamper = match versions == ONLY12 {
                true => edit_bodies(16, move |body| {
                    *body = [&[u8::try_from(share.len()).unwrap()], &share[..]].concat();
                }),
                false => edit_hello(0, move |hello| {
                    let entry =
                        [&u16::from(group).to_be_bytes()[..], &testkit::hello::sized16(&share)].concat();
                    *hello.body(51) = testkit::hello::sized16(&entry);
                }),
            };
            let failed = Pair::new(client, server).tamper(Side::Client, tamper).settle().unwrap_err();
            assert_eq!(failed.error, PeerMisbehaved::InvalidKeyShare.into(), "{group:?} {bad:?}");
            assert_eq!(plain_alert(&failed), 47, "illegal_parameter");
        }
    }
}

/// The six suites of TLS 1.2 and the three of TLS 1.3, and no other.
#[test]
fn no_suite_is_offered_that_is_not_meant() {
    let mut pair = Pair::new(client(), server());
    pair.carry(Side::Client).unwrap();
    let offered: BTreeSet<u16> = first_hello(&pair, Side::Client).suites.into_iter().collect();
    // RFC 8701: GREASE. RFC 5746 section 3.3: the signal that we know of renegotiation.
    let grease = |suite: &u16| suite & 0x0f0f == 0x0a0a && suite >> 8 == suite & 0xff;
    let meant = [0x1301, 0x1302, 0x1303, 0xc02b, 0xc02c, 0xc02f, 0xc030, 0xcca8, 0xcca9];
    let rest: Vec<u16> = offered.iter().copied().filter(|s| !grease(s) && !meant.contains(s)).collect();
    assert!(rest.is_empty() || rest == [0x00ff], "{rest:x?}");
    assert!(meant.iter().all(|suite| offered.contains(suite)));
    assert_eq!(CipherSuite::from(0x1301), CipherSuite::TLS13_AES_128_GCM_SHA256);
}
