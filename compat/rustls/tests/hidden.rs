//! What 0.23 hides, used as the tests of its dependents use it: to make signatures, messages and configurations by hand, and sessions
//! older than they are. The bytes that are expected come from the RFCs.
#![cfg(all(feature = "aws_lc_rs", feature = "std", feature = "tls12"))]

use std::sync::Arc;

use rustls::client::{ClientSessionMemoryCache, EchConfig, Resumption};
use rustls::crypto::aws_lc_rs;
use rustls::internal::msgs::base::{Payload, PayloadU16};
use rustls::internal::msgs::codec::{Codec, Reader};
use rustls::internal::msgs::enums::{AlertLevel, EchVersion, ExtensionType, HpkeAead, HpkeKdf, HpkeKem};
use rustls::internal::msgs::handshake::{
    EchConfigContents, EchConfigPayload, HpkeKeyConfig, HpkeSymmetricCipherSuite,
};
use rustls::internal::msgs::message::{Message, MessagePayload, OutboundOpaqueMessage, PlainMessage};
use rustls::internal::msgs::persist::ServerSessionValue;
use rustls::pki_types::{CertificateDer, EchConfigListBytes, PrivateKeyDer};
use rustls::server::{ServerSessionMemoryCache, StoresServerSessions};
use rustls::{
    AlertDescription, CipherSuite, ClientConfig, ClientConnection, ContentType, DigitallySignedStruct, Error,
    HandshakeKind, HandshakeType, InvalidMessage, NamedGroup, ProtocolVersion, RootCertStore, ServerConfig,
    ServerConnection, SignatureScheme, SupportedProtocolVersion,
};

const ROOT: &[u8] = include_bytes!("../../../no-std/root.der");
const LEAF: &[u8] = include_bytes!("../../../no-std/leaf.der");
const KEY: &[u8] = include_bytes!("../../../no-std/leaf.key.der");

fn key() -> PrivateKeyDer<'static> {
    PrivateKeyDer::try_from(KEY).unwrap()
}

fn client(version: &'static SupportedProtocolVersion) -> ClientConfig {
    let mut roots = RootCertStore::empty();
    roots.add(ROOT.into()).unwrap();
    ClientConfig::builder_with_protocol_versions(&[version])
        .with_root_certificates(roots)
        .with_no_client_auth()
}

fn server(version: &'static SupportedProtocolVersion) -> ServerConfig {
    ServerConfig::builder_with_protocol_versions(&[version])
        .with_no_client_auth()
        .with_single_cert(vec![LEAF.into()], key())
        .unwrap()
}

#[test]
fn a_signature_is_made_from_its_bytes_and_verified() {
    // What a client signs in TLS 1.3, with the context of RFC 8446 section 4.4.3 in front.
    let message = b"something that was signed";
    let signer = aws_lc_rs::sign::any_supported_type(&key()).unwrap();
    let signer = signer.choose_scheme(&[SignatureScheme::ECDSA_NISTP256_SHA256]).unwrap();
    let signature = signer.sign(message).unwrap();
    let mut bytes = vec![4, 3, 0, u8::try_from(signature.len()).unwrap()];
    bytes.extend(&signature);

    let dss = DigitallySignedStruct::read(&mut Reader::init(&bytes)).unwrap();
    assert_eq!((dss.scheme, dss.signature()), (SignatureScheme::ECDSA_NISTP256_SHA256, &signature[..]));
    assert_eq!(dss.get_encoding(), bytes);
    let algorithms = aws_lc_rs::default_provider().signature_verification_algorithms;
    let verify = |message: &[u8], dss| {
        rustls::crypto::verify_tls13_signature(message, &CertificateDer::from(LEAF), dss, &algorithms)
    };
    assert!(verify(message, &dss).is_ok());
    assert!(verify(b"something else", &dss).is_err());
    for cut in 0..bytes.len() {
        assert!(DigitallySignedStruct::read_bytes(&bytes[..cut]).is_err(), "{cut}");
    }
}

#[test]
fn an_alert_that_is_made_by_hand_ends_a_connection() {
    let mut client =
        ClientConnection::new(client(&rustls::version::TLS13).into(), "localhost".try_into().unwrap())
            .unwrap();
    let alert = Message::build_alert(AlertLevel::Fatal, AlertDescription::HandshakeFailure);
    assert_eq!(alert.payload.content_type(), ContentType::Alert);
    let record = PlainMessage::from(alert).into_unencrypted_opaque().encode();
    // RFC 8446 section 6: 2 is fatal, 40 is handshake_failure.
    assert_eq!(record, [21, 3, 3, 0, 2, 2, 40]);
    client.read_tls(&mut &record[..]).unwrap();
    let error = client.process_new_packets().unwrap_err();
    assert_eq!(error, Error::AlertReceived(AlertDescription::HandshakeFailure));
}

#[test]
fn a_hello_is_read_from_what_a_client_sends() {
    let mut client =
        ClientConnection::new(client(&rustls::version::TLS12).into(), "localhost".try_into().unwrap())
            .unwrap();
    let mut sent = Vec::new();
    client.write_tls(&mut sent).unwrap();
    let mut r = Reader::init(&sent);
    let record = OutboundOpaqueMessage::read(&mut r).unwrap();
    r.expect_empty("what a client sends").unwrap();
    let message = Message::try_from(record.into_plain_message()).unwrap();
    assert!(message.is_handshake_type(HandshakeType::ClientHello));
    assert!(!message.is_handshake_type(HandshakeType::ServerHello));
    let MessagePayload::Handshake { parsed, encoded } = &message.payload else { panic!("{message:?}") };
    assert_eq!(encoded.bytes(), &sent[5..]);
    // In 0.23 the order of extensions is another one each time.
    assert_eq!(parsed.get_encoding().len(), sent.len() - 5);
    let back = PlainMessage::from(message).into_unencrypted_opaque().encode();
    assert_eq!(&back[5..], &sent[5..]);
}

#[test]
fn messages_are_read_and_written() {
    let bytes = |message: Message<'_>| PlainMessage::from(message).payload.into_vec();
    // RFC 8446 section 4.6.3.
    assert_eq!(bytes(Message::build_key_update_notify()), [24, 0, 0, 1, 0]);
    assert_eq!(bytes(Message::build_key_update_request()), [24, 0, 0, 1, 1]);

    let read = |typ, bytes| MessagePayload::new(typ, ProtocolVersion::TLSv1_3, bytes);
    let good: [(ContentType, &[u8]); 5] = [
        (ContentType::Alert, &[1, 0]),
        (ContentType::ChangeCipherSpec, &[1]),
        (ContentType::Handshake, &[24, 0, 0, 1, 0]),
        (ContentType::Handshake, &[24, 0, 0, 1, 0, 7]),
        (ContentType::ApplicationData, b"data"),
    ];
    for (typ, bytes) in good {
        let payload = read(typ, bytes).unwrap();
        let mut written = Vec::new();
        payload.encode(&mut written);
        assert_eq!((payload.content_type(), &written[..]), (typ, bytes));
    }
    let bad: [(ContentType, &[u8], InvalidMessage); 8] = [
        (ContentType::Alert, &[1], InvalidMessage::MissingData("AlertDescription")),
        (ContentType::Alert, &[1, 0, 0], InvalidMessage::TrailingData("AlertMessagePayload")),
        (ContentType::ChangeCipherSpec, &[2], InvalidMessage::InvalidCcs),
        (ContentType::ChangeCipherSpec, &[1, 1], InvalidMessage::TrailingData("ChangeCipherSpecPayload")),
        (ContentType::Handshake, &[24, 0, 0], InvalidMessage::MissingData("u24")),
        (ContentType::Handshake, &[24, 0, 0, 2, 0], InvalidMessage::MessageTooShort),
        (ContentType::Handshake, &[], InvalidMessage::MissingData("HandshakeType")),
        (ContentType::Unknown(99), &[1], InvalidMessage::InvalidContentType),
    ];
    let (read, expected): (Vec<_>, Vec<_>) =
        bad.into_iter().map(|(typ, bytes, error)| (read(typ, bytes).unwrap_err(), error)).unzip();
    assert_eq!(read, expected);
    let flight = MessagePayload::HandshakeFlight(Payload::new([14, 0, 0, 0, 14, 0, 0, 0]));
    assert_eq!(flight.content_type(), ContentType::Handshake);
    let plain = PlainMessage::from(Message { version: ProtocolVersion::TLSv1_2, payload: flight });
    assert_eq!(plain.payload.bytes(), [14, 0, 0, 0, 14, 0, 0, 0]);
    let alert = PlainMessage { payload: Payload::new([2, 40]), typ: ContentType::Alert, ..plain };
    assert!(Message::try_from(alert.borrow_inbound()).is_ok());
}

#[test]
fn numbers_lists_and_bytes_have_their_lengths_before_them() {
    assert_eq!(ExtensionType::KeyShare.get_encoding(), [0, 51]);
    assert_eq!(ExtensionType::read_bytes(&[0, 43]), Ok(ExtensionType::SupportedVersions));
    assert_eq!(ExtensionType::read_bytes(&[0]), Err(InvalidMessage::MissingData("ExtensionType")));
    assert_eq!(EchVersion::V18.get_encoding(), [0xfe, 0x0d]);
    assert_eq!((7_u8.get_encoding(), 0x0102_u16.get_encoding()), (vec![7], vec![1, 2]));
    assert_eq!(<()>::read_bytes(&[]), Ok(()));
    assert!(<()>::read_bytes(&[0]).is_err());
    assert_eq!(<PayloadU16>::new(vec![7, 8]).get_encoding(), [0, 2, 7, 8]);
    assert_eq!(<PayloadU16>::read_bytes(&[0, 1, 7]), Ok(PayloadU16::new(vec![7])));
    assert_eq!(<PayloadU16>::read_bytes(&[0, 1, 7, 8]), Err(InvalidMessage::TrailingData("read_bytes")));
    assert_eq!(Payload::read_bytes(&[1, 2]).unwrap().bytes(), [1, 2]);

    let suites = vec![CipherSuite::TLS13_AES_128_GCM_SHA256, CipherSuite::TLS13_AES_256_GCM_SHA384];
    assert_eq!(suites.get_encoding(), [0, 4, 0x13, 1, 0x13, 2]);
    assert_eq!(Vec::<CipherSuite>::read_bytes(&[0, 4, 0x13, 1, 0x13, 2]), Ok(suites));
    assert_eq!(vec![ProtocolVersion::TLSv1_3, ProtocolVersion::TLSv1_2].get_encoding(), [4, 3, 4, 3, 3]);
    let empty = InvalidMessage::IllegalEmptyList;
    assert_eq!(Vec::<NamedGroup>::read_bytes(&[0, 0]), Err(empty("NamedGroups")));
    assert_eq!(Vec::<CipherSuite>::read_bytes(&[0, 0]), Err(empty("CipherSuites")));
    assert_eq!(Vec::<SignatureScheme>::read_bytes(&[0, 0]), Err(InvalidMessage::NoSignatureSchemes));
    assert_eq!(Vec::<ProtocolVersion>::read_bytes(&[0]), Err(empty("ProtocolVersions")));
    assert_eq!(Vec::<EchConfigPayload>::read_bytes(&[0, 0]), Ok(vec![]));
    for odd in [&[0, 3, 0, 29, 0][..], &[0, 4, 0, 29], &[0]] {
        assert!(Vec::<NamedGroup>::read_bytes(odd).is_err(), "{odd:?}");
    }
    let chain = vec![CertificateDer::from(&[0x30, 0][..])];
    assert_eq!(chain.get_encoding(), [0, 0, 5, 0, 0, 2, 0x30, 0]);
    assert_eq!(Vec::<CertificateDer<'_>>::read_bytes(&chain.get_encoding()), Ok(chain));
}

#[test]
fn a_configuration_of_ech_is_made_by_hand() {
    let suite = HpkeSymmetricCipherSuite { kdf_id: HpkeKdf::HKDF_SHA256, aead_id: HpkeAead::AES_128_GCM };
    let config = EchConfigPayload::V18(EchConfigContents {
        key_config: HpkeKeyConfig {
            config_id: 7,
            kem_id: HpkeKem::DHKEM_X25519_HKDF_SHA256,
            public_key: PayloadU16::new(vec![9; 32]),
            symmetric_cipher_suites: vec![suite],
        },
        maximum_name_length: 64,
        public_name: "a.example".try_into().unwrap(),
        extensions: vec![],
    });
    // RFC 9849 section 4; the numbers of HPKE are those of RFC 9180 section 7.
    let key = [&[7, 0, 0x20, 0, 32][..], &[9; 32], &[0, 4, 0, 1, 0, 1]].concat();
    let contents = [&key[..], &[64, 9], b"a.example", &[0, 0]].concat();
    let expected = [&[0xfe, 0x0d, 0, u8::try_from(contents.len()).unwrap()][..], &contents].concat();
    assert_eq!(config.get_encoding(), expected);
    assert_eq!(EchConfigPayload::read_bytes(&expected), Ok(config.clone()));
    for cut in 0..expected.len() {
        assert!(EchConfigPayload::read_bytes(&expected[..cut]).is_err(), "{cut}");
    }
    let unknown = EchConfigPayload::Unknown {
        version: EchVersion::Unknown(0xfe0c),
        contents: PayloadU16::new(vec![1]),
    };
    assert_eq!(unknown.get_encoding(), [0xfe, 0x0c, 0, 1, 1]);

    // The library reads the list as it was written here, and passes over what it does not know.
    let list = EchConfigListBytes::from(vec![unknown, config].get_encoding());
    assert!(EchConfig::new(list, aws_lc_rs::hpke::ALL_SUPPORTED_SUITES).is_ok());
}

/// Gives sessions back as if they were made so many seconds earlier.
#[derive(Debug)]
struct Earlier(Arc<ServerSessionMemoryCache>, u64);

impl Earlier {
    fn rewind(&self, session: Vec<u8>) -> Vec<u8> {
        let mut value = ServerSessionValue::read_bytes(&session).unwrap();
        assert!(!format!("{value:?}").contains("bytes"), "there are secrets in it");
        value.creation_time_sec -= self.1;
        let rewound = value.get_encoding();
        assert_eq!(rewound == session, self.1 == 0);
        rewound
    }
}

impl StoresServerSessions for Earlier {
    fn put(&self, key: Vec<u8>, value: Vec<u8>) -> bool {
        self.0.put(key, value)
    }

    fn get(&self, key: &[u8]) -> Option<Vec<u8>> {
        self.0.get(key).map(|session| self.rewind(session))
    }

    fn take(&self, key: &[u8]) -> Option<Vec<u8>> {
        self.0.take(key).map(|session| self.rewind(session))
    }

    fn can_cache(&self) -> bool {
        true
    }
}

fn handshake(client: &Arc<ClientConfig>, server: &Arc<ServerConfig>) -> Option<HandshakeKind> {
    let mut client = ClientConnection::new(client.clone(), "localhost".try_into().unwrap()).unwrap();
    let mut server = ServerConnection::new(server.clone()).unwrap();
    let mut bytes = Vec::new();
    // Three flights and the tickets.
    for _ in 0..4 {
        while client.wants_write() {
            client.write_tls(&mut bytes).unwrap();
        }
        server.read_tls(&mut &std::mem::take(&mut bytes)[..]).unwrap();
        server.process_new_packets().unwrap();
        while server.wants_write() {
            server.write_tls(&mut bytes).unwrap();
        }
        client.read_tls(&mut &std::mem::take(&mut bytes)[..]).unwrap();
        client.process_new_packets().unwrap();
    }
    assert!(!client.is_handshaking() && !server.is_handshaking());
    server.handshake_kind()
}

// 0.23 resumes sessions of any age that a store gives it; here none is older than seven days.
#[test]
fn a_session_of_another_time_is_not_resumed() {
    const DAY: u64 = 24 * 60 * 60;
    for version in [&rustls::version::TLS12, &rustls::version::TLS13] {
        for (earlier, expected) in [(0, HandshakeKind::Resumed), (8 * DAY, HandshakeKind::Full)] {
            let mut client = client(version);
            client.resumption = Resumption::store(Arc::new(ClientSessionMemoryCache::new(8)));
            let mut server = server(version);
            server.session_storage = Arc::new(Earlier(ServerSessionMemoryCache::new(8), earlier));
            let (client, server) = (Arc::new(client), Arc::new(server));
            assert_eq!(handshake(&client, &server), Some(HandshakeKind::Full));
            assert_eq!(handshake(&client, &server), Some(expected), "{version:?}, {earlier}");
        }
    }
    assert!(ServerSessionValue::read_bytes(b"not a session").is_err());
}
