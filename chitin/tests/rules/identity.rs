//! Who the peer is: certificates, names, client authentication, and what happens before that is known.

use std::io::{Read, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use chitin::crypto::WebPkiSupportedAlgorithms;
use chitin::pki_types::{AlgorithmIdentifier, InvalidSignature, ServerName, SignatureVerificationAlgorithm};
use chitin::server::ResolvesServerCertUsingSni;
use chitin::sign::CertifiedKey;
use chitin::{
    CertificateError, ClientConnection, Error, HandshakeKind, InvalidMessage, PeerMisbehaved, ServerConfig,
    ServerConnection, SignatureScheme,
};
use testkit::pair::{Pair, Side};
use testkit::pki::{Identity, KeyType, Spec, Validity};
use testkit::provided;

use crate::common::*;

#[test]
fn nothing_reaches_the_application_before_the_peer_is_authenticated() {
    // Record by record, with client authentication and data written at once by both: before each step, neither side has
    // plaintext, a peer chain or an exporter unless its own handshake is over.
    let server = server_asking(required(roots()));
    let mut pair = Pair::new(client_with_cert(), server);
    pair.client.writer().write_all(b"early from the client").unwrap();
    pair.server.writer().write_all(b"early from the server").unwrap();
    let mut flown = 0;
    while !pair.is_done() {
        for from in [Side::Client, Side::Server] {
            let bytes = pair.take(from);
            for byte in bytes.chunks(1) {
                pair.give(other(from), byte).unwrap();
                let exported =
                    |done: Result<[u8; 32], Error>| assert_eq!(done, Err(Error::HandshakeNotComplete));
                if pair.client.is_handshaking() {
                    exported(pair.client.export_keying_material([0; 32], b"x", None));
                    assert!(pair.client.reader().read(&mut [0; 10]).is_err());
                    assert!(pair.arrived(Side::Server).is_empty());
                }
                if pair.server.is_handshaking() {
                    exported(pair.server.export_keying_material([0; 32], b"x", None));
                    assert!(pair.server.reader().read(&mut [0; 10]).is_err());
                    assert!(pair.arrived(Side::Client).is_empty());
                    assert_eq!(pair.server.peer_certificates(), None);
                }
            }
            flown += bytes.len();
        }
        assert!(flown < 100_000);
    }
    pair.settle().unwrap();
    assert_eq!(pair.arrived(Side::Client), b"early from the client");
    assert_eq!(pair.arrived(Side::Server), b"early from the server");
}

fn other(side: Side) -> Side {
    !side
}

#[test]
fn data_before_finished_is_refused() {
    // From the server, under its handshake keys, in front of its Finished.
    let log = Arc::new(Notebook::default());
    let mut server = server();
    server.key_log = log.clone();
    let keys = log.clone();
    let mut done = false;
    let mut pair = Pair::new(client(), server).tamper(
        Side::Server,
        Box::new(move |_, record| {
            if record.typ != 23 || std::mem::replace(&mut done, true) {
                return vec![record];
            }
            let mut keys = Keys::of(&keys, "SERVER_HANDSHAKE_TRAFFIC_SECRET");
            testkit::pair::Record::split(&keys.seal(chitin::ContentType::ApplicationData, b"too early"))
        }),
    );
    let failed = pair.settle().unwrap_err();
    assert_eq!(failed.side, Side::Client);
    assert!(matches!(failed.error, Error::InappropriateMessage { .. }), "{:?}", failed.error);
    assert!(pair.arrived(Side::Server).is_empty());

    // From the client, before its own Finished; it wants no more than to be early.
    let log = Arc::new(Notebook::default());
    let mut server = self::server();
    server.key_log = log.clone();
    let mut pair = Pair::new(client(), server);
    pair.carry(Side::Client).unwrap();
    let forged = Keys::of(&log, "CLIENT_HANDSHAKE_TRAFFIC_SECRET")
        .seal(chitin::ContentType::ApplicationData, b"too early");
    let failed = pair.give(Side::Server, &forged).unwrap_err();
    assert!(matches!(failed.error, Error::InappropriateMessage { .. }), "{:?}", failed.error);
    assert!(pair.arrived(Side::Client).is_empty());
    // And plaintext data, whoever it is from.
    let mut pair = Pair::new(client(), self::server());
    pair.carry(Side::Client).unwrap();
    assert!(pair.give(Side::Server, &[23, 3, 3, 0, 5, b'h', b'e', b'l', b'l', b'o']).is_err());
    assert!(pair.arrived(Side::Client).is_empty());
}

#[test]
fn a_server_that_does_not_sign_or_says_somebody_elses_name_is_refused() {
    let spoil = |typ: u8, at_end: bool| {
        let log = Arc::new(Notebook::default());
        let mut server = server();
        server.key_log = log.clone();
        let tamper = rewrite_flight(log, move |flight| {
            let mut all = messages(&flight);
            let body = &mut all.iter_mut().find(|(t, _)| *t == typ).unwrap().1;
            let at = if at_end { body.len() - 1 } else { 0 };
            body[at] ^= 1;
            joined(&all)
        });
        Pair::new(client(), server).tamper(Side::Server, tamper).settle().unwrap_err().error
    };
    assert_eq!(spoil(15, true), Error::InvalidCertificate(CertificateError::BadSignature));
    assert_eq!(spoil(20, true), PeerMisbehaved::IncorrectFinished.into());
    assert_eq!(spoil(20, false), PeerMisbehaved::IncorrectFinished.into());
    // A flight without Certificate and CertificateVerify.
    let log = Arc::new(Notebook::default());
    let mut server = server();
    server.key_log = log.clone();
    let tamper = rewrite_flight(log, |flight| {
        joined(&messages(&flight).into_iter().filter(|(typ, _)| ![11, 15].contains(typ)).collect::<Vec<_>>())
    });
    let error = Pair::new(client(), server).tamper(Side::Server, tamper).settle().unwrap_err().error;
    assert!(matches!(error, Error::InappropriateHandshakeMessage { .. }), "{error:?}");
}

/// Counts how often the primitive is asked.
#[derive(Debug)]
struct Counted(&'static dyn SignatureVerificationAlgorithm);

static ASKED: AtomicUsize = AtomicUsize::new(0);

impl SignatureVerificationAlgorithm for Counted {
    fn verify_signature(&self, key: &[u8], message: &[u8], signature: &[u8]) -> Result<(), InvalidSignature> {
        ASKED.fetch_add(1, Ordering::SeqCst);
        self.0.verify_signature(key, message, signature)
    }

    fn public_key_alg_id(&self) -> AlgorithmIdentifier {
        self.0.public_key_alg_id()
    }

    fn signature_alg_id(&self) -> AlgorithmIdentifier {
        self.0.signature_alg_id()
    }
}

#[test]
fn rsa_keys_outside_2048_to_8192_bits_are_refused_before_the_operation() {
    let built_in = provided::default_provider().signature_verification_algorithms;
    let (_, pss) = *built_in.mapping.iter().find(|(s, _)| *s == SignatureScheme::RSA_PSS_SHA256).unwrap();
    let counted: &'static dyn SignatureVerificationAlgorithm = Box::leak(Box::new(Counted(pss[0])));
    let list: &'static [&'static dyn SignatureVerificationAlgorithm] = Box::leak(vec![counted].into());
    let algorithms = WebPkiSupportedAlgorithms {
        all: list,
        mapping: Box::leak(vec![(SignatureScheme::RSA_PSS_SHA256, list)].into()),
    };

    // In handshakes: whatever signature, the primitive is not asked for a key that is too short or too long.
    let handshake = |cert: &chitin::pki_types::CertificateDer<'_>| {
        let before = ASKED.load(Ordering::SeqCst);
        // The scheme, and a signature of 256 bytes: the wire form of a CertificateVerify.
        let dss = dss(SignatureScheme::RSA_PSS_SHA256, &[7; 256]);
        let verdict = chitin::crypto::verify_tls13_signature(b"message", cert, &dss, &algorithms);
        (verdict.map(drop), ASKED.load(Ordering::SeqCst) - before)
    };
    for (kind, asked) in
        [(KeyType::Rsa1024, 0), (KeyType::Rsa1536, 0), (KeyType::Rsa2048, 1), (KeyType::Rsa4096, 1)]
    {
        let (verdict, times) = handshake(WORLD.pki.issuing.issue(&Spec::server(kind)).leaf());
        assert!(verdict.is_err(), "{kind:?}");
        assert_eq!(times, asked, "{kind:?}");
        assert_eq!(verdict == Err(Error::InvalidCertificate(CertificateError::BadSignature)), asked == 1);
    }
    // Of 2047, 8192 and 8200 bits, by changing the length of a modulus: no such key needs to exist to be refused.
    let real = WORLD.pki.issuing.issue(&Spec::server(KeyType::Rsa2048));
    for (bytes, top, asked) in [(256, 0x7f, 0), (1024, 0xff, 1), (1025, 0x01, 0), (1025, 0xff, 0)] {
        let (_, times) = handshake(&with_modulus(real.leaf(), bytes, top));
        assert_eq!(times, asked, "{bytes} bytes from {top:#x}");
    }
}

/// A signature as a peer would send it, by way of the verifier that gets it: there is no public constructor.
fn dss(scheme: SignatureScheme, signature: &[u8]) -> chitin::DigitallySignedStruct {
    caught::signature(scheme, signature)
}

/// The only way to a `DigitallySignedStruct` from outside is a handshake whose CertificateVerify the test has written.
mod caught {
    use std::sync::Mutex;

    use chitin::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
    use chitin::pki_types::{CertificateDer, UnixTime};

    use super::*;

    #[derive(Debug, Default)]
    struct Catcher(Mutex<Option<chitin::DigitallySignedStruct>>);

    impl ServerCertVerifier for Catcher {
        fn verify_server_cert(
            &self,
            _: &CertificateDer<'_>,
            _: &[CertificateDer<'_>],
            _: &ServerName<'_>,
            _: &[u8],
            _: UnixTime,
        ) -> Result<ServerCertVerified, Error> {
            Ok(ServerCertVerified::assertion())
        }

        fn verify_tls12_signature(
            &self,
            _: &[u8],
            _: &CertificateDer<'_>,
            _: &chitin::DigitallySignedStruct,
        ) -> Result<HandshakeSignatureValid, Error> {
            Err(Error::General("no TLS 1.2".into()))
        }

        fn verify_tls13_signature(
            &self,
            _: &[u8],
            _: &CertificateDer<'_>,
            dss: &chitin::DigitallySignedStruct,
        ) -> Result<HandshakeSignatureValid, Error> {
            *self.0.lock().unwrap() = Some(dss.clone());
            Err(Error::General("caught".into()))
        }

        fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
            provided::default_provider().signature_verification_algorithms.supported_schemes()
        }
    }

    pub fn signature(scheme: SignatureScheme, signature: &[u8]) -> chitin::DigitallySignedStruct {
        let catcher = Arc::new(Catcher::default());
        let (mut client, mut server) = (client(), server());
        client.dangerous().set_certificate_verifier(catcher.clone());
        let log = Arc::new(Notebook::default());
        server.key_log = log.clone();
        let mut body = scheme.to_array().to_vec();
        body.extend(u16::try_from(signature.len()).unwrap().to_be_bytes());
        body.extend(signature);
        let tamper = rewrite_flight(log, move |flight| {
            let mut all = messages(&flight);
            all.iter_mut().find(|(typ, _)| *typ == 15).unwrap().1 = body.clone();
            joined(&all)
        });
        Pair::new(client, server).tamper(Side::Server, tamper).settle().unwrap_err();
        let caught = catcher.0.lock().unwrap().take();
        caught.unwrap()
    }
}

/// The certificate with a modulus of so many bytes that begins with `top`, all lengths made to fit.
fn with_modulus(cert: &[u8], bytes: usize, top: u8) -> chitin::pki_types::CertificateDer<'static> {
    fn tlv(tag: u8, content: &[u8]) -> Vec<u8> {
        let mut out = vec![tag];
        match content.len() {
            len @ 0..=127 => out.push(len as u8),
            len => {
                let len = (len as u32).to_be_bytes();
                let skip = len.iter().take_while(|byte| **byte == 0).count();
                out.push(0x80 | (4 - skip) as u8);
                out.extend(&len[skip..]);
            }
        }
        out.extend(content);
        out
    }
    fn split(der: &[u8]) -> (u8, &[u8], &[u8]) {
        let (len, head) = match der[1] {
            len @ 0..=127 => (usize::from(len), 2),
            n => {
                let n = usize::from(n & 0x7f);
                (der[2..2 + n].iter().fold(0, |len, byte| len << 8 | usize::from(*byte)), 2 + n)
            }
        };
        (der[0], &der[head..head + len], &der[head + len..])
    }
    fn fields(mut content: &[u8]) -> Vec<Vec<u8>> {
        let mut out = Vec::new();
        while !content.is_empty() {
            let (tag, inner, rest) = split(content);
            out.push(tlv(tag, inner));
            content = rest;
        }
        out
    }
    let mut modulus = vec![0x11; bytes];
    modulus[0] = top;
    if top >= 0x80 {
        modulus.insert(0, 0);
    }
    let key = tlv(0x30, &[tlv(2, &modulus), tlv(2, &[1, 0, 1])].concat());
    let bits = tlv(3, &[&[0][..], &key].concat());
    let mut outer = fields(split(cert).1);
    let mut tbs = fields(split(&outer[0]).1);
    let algorithm = fields(split(&tbs[6]).1)[0].clone();
    tbs[6] = tlv(0x30, &[algorithm, bits].concat());
    outer[0] = tlv(0x30, &tbs.concat());
    tlv(0x30, &outer.concat()).into()
}

#[test]
fn a_short_rsa_key_is_refused_in_a_whole_handshake() {
    // In a chain, where the leaf's key is short. Our own key loader would not take it, so the wire is written by hand.
    let short = WORLD.pki.issuing.issue(&Spec::server(KeyType::Rsa1024));
    let log = Arc::new(Notebook::default());
    let mut server = server();
    server.key_log = log.clone();
    let chain = short.chain.clone();
    let tamper = rewrite_flight(log, move |flight| {
        let mut all = messages(&flight);
        let mut list = Vec::new();
        for cert in &chain {
            list.extend(&u32::try_from(cert.len()).unwrap().to_be_bytes()[1..]);
            list.extend(cert.as_ref());
            list.extend([0, 0]);
        }
        let mut body = vec![0];
        body.extend(&u32::try_from(list.len()).unwrap().to_be_bytes()[1..]);
        body.extend(list);
        all.iter_mut().find(|(typ, _)| *typ == 11).unwrap().1 = body;
        let verify = &mut all.iter_mut().find(|(typ, _)| *typ == 15).unwrap().1;
        *verify = [&[8, 4, 0, 128][..], &[9; 128]].concat();
        joined(&all)
    });
    let failed = Pair::new(client(), server).tamper(Side::Server, tamper).settle().unwrap_err();
    assert_eq!(failed.side, Side::Client);
    assert!(matches!(failed.error, Error::InvalidCertificate(_)), "{:?}", failed.error);
}

fn server_showing(identity: &Identity) -> ServerConfig {
    ServerConfig::builder_with_provider(default_provider())
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(identity.chain.clone(), identity.key.clone_key())
        .unwrap()
}

#[test]
fn bad_server_certificates_are_refused_with_an_error_that_says_why() {
    let issue = |spec: Spec| WORLD.pki.issuing.issue(&spec);
    let p256 = || Spec::server(KeyType::P256);
    for (identity, expected) in [
        (issue(p256().validity(Validity::Expired)), "xpired"),
        (issue(p256().validity(Validity::NotYet)), "NotValidYet"),
        (issue(p256().dns(&["elsewhere.test"])), "NotValidForName"),
        (WORLD.pki.stranger.issue(&p256()), "UnknownIssuer"),
        (testkit::pki::self_signed(&p256()), "UnknownIssuer"),
        (WORLD.pki.client(KeyType::P256), "Purpose"),
    ] {
        let failed = failure(client(), server_showing(&identity));
        assert_eq!(failed.side, Side::Client);
        let said = format!("{:?}", failed.error);
        assert!(said.contains(expected), "{expected}: {said}");
    }
}

#[test]
fn ip_names_are_verified_and_never_sent() {
    for name in ["127.0.0.1", "::1"] {
        let log = Arc::new(Notebook::default());
        let mut server = server_showing(&WORLD.pki.server(KeyType::P256));
        server.key_log = log;
        let mut pair = Pair::named(client(), server, name);
        pair.handshake().unwrap();
        assert_eq!(pair.server.server_name(), None);
        // Extension 0 is not in the hello, which is the first record.
        let hello = &testkit::pair::Record::split(pair.flown(Side::Client))[0].body;
        assert!(!extension_codes(hello).contains(&0), "{name}");
    }
    let failed =
        Pair::named(client(), server_showing(&WORLD.pki.server(KeyType::P256)), "127.0.0.2").settle();
    assert!(format!("{:?}", failed.unwrap_err().error).contains("NotValidForName"));
    let mut quiet = client();
    quiet.enable_sni = false;
    let mut pair = Pair::new(quiet, server());
    pair.handshake().unwrap();
    assert_eq!(pair.server.server_name(), None, "switched off");
    let mut pair = Pair::new(client(), server());
    pair.handshake().unwrap();
    assert_eq!(pair.server.server_name(), Some("localhost"));
}

/// The codes of a hello's extensions, in order. RFC 8446 section 4.1.2.
pub fn extension_codes(hello: &[u8]) -> Vec<u16> {
    let u16_at = |at: usize| usize::from(u16::from_be_bytes([hello[at], hello[at + 1]]));
    let mut at = 4 + 2 + 32;
    at += 1 + usize::from(hello[at]);
    at += 2 + u16_at(at);
    at += 1 + usize::from(hello[at]);
    let end = at + 2 + u16_at(at);
    at += 2;
    let mut codes = Vec::new();
    while at < end {
        codes.push(u16_at(at) as u16);
        at += 4 + u16_at(at + 2);
    }
    codes
}

#[test]
fn certificates_are_chosen_by_server_name() {
    let mut resolver = ResolvesServerCertUsingSni::new();
    let mut leaves = Vec::new();
    for name in ["one.test", "two.test"] {
        let identity = WORLD.pki.issuing.issue(&Spec::server(KeyType::P256).dns(&[name]));
        leaves.push(identity.leaf().clone());
        let key = CertifiedKey::from_der(identity.chain, identity.key, &default_provider()).unwrap();
        resolver.add(name, key).unwrap();
    }
    let server = Arc::new(
        ServerConfig::builder_with_provider(default_provider())
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_cert_resolver(Arc::new(resolver)),
    );
    let client = Arc::new(client());
    for (name, leaf) in ["one.test", "TWO.test"].into_iter().zip(&leaves) {
        let mut pair = Pair::named(client.clone(), server.clone(), name);
        pair.handshake().unwrap();
        assert_eq!(&pair.client.peer_certificates().unwrap()[0], leaf);
    }
    for name in ["three.test", "127.0.0.1"] {
        let failed = Pair::named(client.clone(), server.clone(), name).settle().unwrap_err();
        assert_eq!((failed.side, failed.error), (Side::Server, Error::NoServerCertificateResolved));
    }
}

#[test]
fn client_authentication_is_required_optional_or_not_asked_for() {
    let strangers = WORLD.pki.stranger.issue(&Spec::client(KeyType::P256));
    let chain = |pair: &Pair| pair.server.peer_certificates().map(<[_]>::to_vec);
    let ok = |client, server| {
        let mut pair = Pair::new(client, server);
        pair.handshake().unwrap();
        chain(&pair)
    };
    let ours = Some(WORLD.client.chain.clone());
    assert_eq!(ok(client_with_cert(), server_asking(required(roots()))), ours);
    assert_eq!(ok(client_with_cert(), server_asking(optional(roots()))), ours);
    assert_eq!(ok(client(), server_asking(optional(roots()))), None);
    assert_eq!(ok(client_with_cert(), server()), None);
    assert_eq!(ok(client(), server()), None);

    let failed = failure(client(), server_asking(required(roots())));
    assert_eq!((failed.side, failed.error), (Side::Server, Error::NoCertificatesPresented));
    for verifier in [required(roots()), optional(roots())] {
        let failed = failure(client_showing(&strangers), server_asking(verifier));
        assert_eq!(failed.side, Side::Server);
        assert!(matches!(failed.error, Error::InvalidCertificate(_)), "{:?}", failed.error);
    }
    // A server certificate is none for clients.
    let failed = failure(client_showing(&WORLD.server), server_asking(required(roots())));
    assert!(format!("{:?}", failed.error).contains("Purpose"), "{:?}", failed.error);
}

#[test]
fn a_client_certificate_that_nobody_signs_for_is_refused() {
    // Certificate without CertificateVerify, straight to Finished; and a CertificateVerify that is wrong.
    for remove in [true, false] {
        let log = Arc::new(Notebook::default());
        let mut server = server_asking(required(roots()));
        server.key_log = log.clone();
        let keys = log.clone();
        let mut seen = 0;
        let mut pair = Pair::new(client_with_cert(), server).tamper(
            Side::Client,
            Box::new(move |_, record| {
                if record.typ == 23 {
                    seen += 1;
                }
                if record.typ != 23 || seen > 1 {
                    return vec![record];
                }
                let label = "CLIENT_HANDSHAKE_TRAFFIC_SECRET";
                let (typ, body) = Keys::of(&keys, label).open(record);
                let mut all = messages(&body);
                match remove {
                    true => all.retain(|(typ, _)| *typ != 15),
                    false => {
                        let body = &mut all.iter_mut().find(|(typ, _)| *typ == 15).unwrap().1;
                        *body.last_mut().unwrap() ^= 1;
                    }
                }
                testkit::pair::Record::split(&Keys::of(&keys, label).seal(typ, &joined(&all)))
            }),
        );
        let failed = pair.settle().unwrap_err();
        assert_eq!(failed.side, Side::Server);
        match remove {
            true => assert!(matches!(failed.error, Error::InappropriateHandshakeMessage { .. })),
            false => assert_eq!(failed.error, Error::InvalidCertificate(CertificateError::BadSignature)),
        }
        assert_eq!(pair.server.peer_certificates(), None);
    }
}

#[test]
fn names_that_are_no_names_are_refused() {
    let name = |name: &str| ServerName::try_from(name.to_owned());
    assert!(name("exa mple").is_err() && name("").is_err());
    let client = ClientConnection::new(Arc::new(client()), name("localhost").unwrap()).unwrap();
    let server = ServerConnection::new(Arc::new(server())).unwrap();
    let mut pair = Pair::of(client, server);
    pair.handshake().unwrap();
    assert_eq!(kind_of(&pair), HandshakeKind::Full);
    // A hello whose server_name is nonsense.
    let mut pair = Pair::new(self::client(), self::server()).tamper(
        Side::Client,
        testkit::pair::tamper::map(0, |record| {
            let at = record.body.windows(9).position(|name| name == b"localhost").unwrap();
            record.body[at] = b' ';
        }),
    );
    assert_eq!(pair.settle().unwrap_err().error, InvalidMessage::InvalidServerName.into());
}
