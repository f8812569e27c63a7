//! Compressed certificates between two honest ends. RFC 8879.

use std::sync::{Arc, Mutex};

use chitin::compress::CompressionCache;
use chitin::trace::{Direction, Event, Trace};
use chitin::{ClientConfig, HandshakeKind, HandshakeType, InvalidMessage, NamedGroup, ServerConfig};
use testkit::configs::provider;
use testkit::hello::Hello;
use testkit::packing::{Broken, FIRST, SECOND};
use testkit::pair::{Pair, Record, Side};

use crate::common::*;

/// The certificate messages that went out, with what they say of their compression.
#[derive(Debug, Default)]
struct Chains(Mutex<Vec<(HandshakeType, Vec<u8>)>>);

impl Trace for Chains {
    fn event(&self, event: Event<'_>) {
        if let Event::Message { direction: Direction::Out, typ, bytes, .. } = event {
            if matches!(typ, HandshakeType::Certificate | HandshakeType::CompressedCertificate) {
                self.0.lock().unwrap().push((typ, bytes.to_vec()));
            }
        }
    }
}

/// Connects, and gives what server and client sent: the number of the algorithm, or none.
fn sent(mut client: ClientConfig, mut server: ServerConfig) -> (Pair, [Vec<Option<u16>>; 2]) {
    let of: [Arc<Chains>; 2] = Default::default();
    client.trace = Some(of[1].clone());
    server.trace = Some(of[0].clone());
    let mut pair = Pair::new(client, server);
    pair.handshake().unwrap();
    assert_eq!(pair.send(Side::Client, b"ping").unwrap(), b"ping");
    assert_eq!(pair.send(Side::Server, b"pong").unwrap(), b"pong");
    let algorithm = |(typ, bytes): &(HandshakeType, Vec<u8>)| match typ {
        HandshakeType::CompressedCertificate => Some(u16::from_be_bytes([bytes[4], bytes[5]])),
        _ => None,
    };
    let sent = of.map(|chains| chains.0.lock().unwrap().iter().map(algorithm).collect());
    (pair, sent)
}

fn mutual() -> (ClientConfig, ServerConfig) {
    (client_with_cert(), server_asking(required(roots())))
}

#[test]
fn both_sides_compress_what_the_other_can_undo() {
    let (mut client, mut server) = mutual();
    // Each prefers among its compressors; the peer's order is no matter.
    client.cert_decompressors = vec![&SECOND, &FIRST, &SECOND];
    server.cert_compressors = vec![&FIRST, &SECOND];
    server.cert_decompressors = vec![&SECOND];
    client.cert_compressors = vec![&FIRST, &SECOND];
    let (pair, sent) = sent(client, server);
    assert_eq!(sent, [vec![Some(FIRST.0)], vec![Some(SECOND.0)]]);
    assert_eq!(pair.client.peer_certificates().unwrap(), WORLD.server.chain);
    assert_eq!(pair.server.peer_certificates().unwrap(), WORLD.client.chain);

    let flown = Record::split(pair.flown(Side::Client));
    let mut hello = Hello::read(&flown[0].body);
    assert_eq!(*hello.body(27), [4, 0x7a, 2, 0x7a, 1], "each once, in the order of the config");
}

#[test]
fn one_direction_says_nothing_of_the_other() {
    let (mut client, mut server) = mutual();
    client.cert_decompressors = vec![&FIRST];
    server.cert_compressors = vec![&FIRST];
    assert_eq!(sent(client, server).1, [vec![Some(FIRST.0)], vec![None]]);
    let (mut client, mut server) = mutual();
    client.cert_compressors = vec![&FIRST];
    server.cert_decompressors = vec![&FIRST];
    assert_eq!(sent(client, server).1, [vec![None], vec![Some(FIRST.0)]]);
}

#[test]
fn without_an_algorithm_in_common_nothing_is_compressed() {
    let (mut client, mut server) = mutual();
    client.cert_decompressors = vec![&FIRST];
    server.cert_compressors = vec![&SECOND];
    client.cert_compressors = vec![&FIRST];
    let (pair, sent) = sent(client, server);
    assert_eq!(sent, [vec![None], vec![None]]);
    // A client that knows none does not speak of it.
    drop(pair);
    let (pair, _) = self::sent(crate::common::client(), crate::common::server());
    let hello = Hello::read(&Record::split(pair.flown(Side::Client))[0].body);
    assert!(hello.extensions.iter().all(|(code, _)| *code != 27));
}

#[test]
fn what_cannot_be_compressed_goes_as_it_is() {
    static BROKEN: Broken = Broken(0x7a01);
    let (mut client, mut server) = mutual();
    client.cert_decompressors = vec![&FIRST];
    server.cert_compressors = vec![&BROKEN];
    assert_eq!(sent(client, server).1, [vec![None], vec![None]]);
}

#[test]
fn a_client_without_a_certificate_compresses_nothing() {
    let (mut client, mut server) = (client(), server_asking(optional(roots())));
    client.cert_compressors = vec![&FIRST];
    server.cert_decompressors = vec![&FIRST];
    assert_eq!(sent(client, server).1[1], [None]);
}

#[test]
fn compression_after_a_retry_and_none_when_resuming() {
    let provider = provider(&[], &[NamedGroup::secp384r1]);
    let (mut client, mut server) = (client(), server_of(provider));
    client.cert_decompressors = vec![&FIRST];
    server.cert_compressors = vec![&FIRST];
    server.cert_compression_cache = Arc::new(CompressionCache::Disabled);
    let (pair, sent) = sent(client.clone(), server.clone());
    assert_eq!(kind_of(&pair), HandshakeKind::FullWithHelloRetryRequest);
    assert_eq!(sent[0], [Some(FIRST.0)]);
    let (pair, sent) = self::sent(client, server);
    assert_eq!((kind_of(&pair), sent[0].len()), (HandshakeKind::Resumed, 0));
}

#[test]
#[cfg(feature = "tls12")]
fn tls12_has_no_compression() {
    let (mut client, mut server) = (client(), server());
    client.cert_decompressors = vec![&FIRST];
    server = only(server, &chitin::version::TLS12);
    server.cert_compressors = vec![&FIRST];
    let (pair, sent) = sent(client, server);
    assert_eq!(pair.client.protocol_version(), Some(chitin::ProtocolVersion::TLSv1_2));
    assert_eq!(sent[0], [None]);
}

/// A server like this one, of one version.
#[cfg(feature = "tls12")]
fn only(like: ServerConfig, version: &'static chitin::SupportedProtocolVersion) -> ServerConfig {
    let identity = &WORLD.server;
    ServerConfig::builder_with_provider(like.crypto_provider().clone())
        .with_protocol_versions(&[version])
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(identity.chain.clone(), identity.key.clone_key())
        .unwrap()
}

/// The built-in algorithms, with the defaults that the features bring.
#[test]
#[cfg(any(feature = "brotli", feature = "zlib"))]
fn the_built_in_algorithms() {
    use chitin::compress::{default_cert_compressors, default_cert_decompressors};
    for number in 0..default_cert_compressors().len() {
        let (mut client, mut server) = mutual();
        let algorithm = default_cert_compressors()[number].algorithm();
        (client.cert_compressors, server.cert_decompressors) =
            (vec![default_cert_compressors()[number]], vec![default_cert_decompressors()[number]]);
        (server.cert_compressors, client.cert_decompressors) =
            (vec![default_cert_compressors()[number]], vec![default_cert_decompressors()[number]]);
        let (_, sent) = sent(client, server);
        assert_eq!(sent, [vec![Some(u16::from(algorithm))], vec![Some(u16::from(algorithm))]]);
    }
    // A config as it is made has all of them, best first.
    let (mut client, mut server) = (client(), server());
    client.cert_decompressors = default_cert_decompressors().to_vec();
    server.cert_compressors = default_cert_compressors().to_vec();
    let (_, sent) = sent(client, server);
    assert_eq!(sent[0], [Some(u16::from(default_cert_compressors()[0].algorithm()))]);
}

#[test]
fn the_longest_certificate_message_counts_what_it_decompresses_to() {
    // The chain has about a thousand bytes, and is a little shorter or longer when compressed.
    for (limit, expected) in [
        (200, Err(InvalidMessage::CertificatePayloadTooLarge.into())),
        (WORLD.server.chain.iter().map(|der| der.len() + 5).sum::<usize>() + 4, Ok(())),
    ] {
        let (mut client, mut server) = (client(), server());
        client.cert_decompressors = vec![&FIRST];
        server.cert_compressors = vec![&FIRST];
        client.max_certificate_message = limit;
        let got = Pair::new(client, server).settle().map_err(|failed| failed.error);
        assert_eq!(got, expected, "{limit}");
    }
}
