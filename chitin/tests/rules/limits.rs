//! What a peer may ask of us: the largest records (RFC 8449), and how many tickets (RFC 9149).

use std::sync::Arc;

use chitin::client::TicketRequest;
use chitin::pki_types::CertificateDer;
use chitin::version::{TLS12, TLS13};
use chitin::{
    ClientConfig, Error, HandshakeKind, HandshakeType, InvalidMessage, ProtocolVersion, RecordPadding,
    ServerConfig, SupportedProtocolVersion,
};
use testkit::hello::Hello;
use testkit::pair::{Pair, Record, Side};
use testkit::pki::Identity;

use crate::common::*;

fn server_of_version(version: &'static SupportedProtocolVersion) -> ServerConfig {
    let identity = &WORLD.server;
    ServerConfig::builder_with_provider(default_provider())
        .with_protocol_versions(&[version])
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(identity.chain.clone(), identity.key.clone_key())
        .unwrap()
}

/// The longest bodies of records that each side has sent under protection, client's first; all that was sent arrives.
fn longest(client: ClientConfig, server: ServerConfig) -> [usize; 2] {
    let mut pair = Pair::new(client, server);
    pair.handshake().unwrap();
    let data: Vec<u8> = (0..20_000u32).map(|n| n as u8).collect();
    let mut longest = [Side::Client, Side::Server].map(|from| {
        let before = pair.flown(from).len();
        assert!(pair.send(from, &data).unwrap() == data);
        let records = Record::split(&pair.flown(from)[before..]);
        records.iter().map(|record| record.body.len()).max().unwrap()
    });
    // The handshake of TLS 1.3 is under protection too.
    if pair.client.protocol_version() == Some(ProtocolVersion::TLSv1_3) {
        for (longest, from) in longest.iter_mut().zip([Side::Client, Side::Server]) {
            let records = Record::split(pair.flown(from));
            let protected = records.iter().filter(|record| record.typ == 23).map(|record| record.body.len());
            *longest = protected.max().unwrap();
        }
    }
    longest
}

const TAG: usize = 16;
/// The nonce that records of AES-GCM carry in TLS 1.2.
const NONCE: usize = 8;

#[test]
fn each_side_keeps_to_the_record_size_of_the_other() {
    // Asked of the client, of the server; what comes of it.
    let full = 16_384 + 1 + TAG;
    for (ours, theirs, sent) in [
        (None, None, [full, full]),
        // The setting bounds what is sent, whoever agrees.
        (None, Some(1005), [full, 1000 + 1 + TAG]),
        (Some(1005), None, [1000 + 1 + TAG, 1000 + 1 + TAG]),
        (Some(1005), Some(505), [500 + 1 + TAG, 500 + 1 + TAG]),
        (Some(505), Some(16_389), [500 + 1 + TAG, 500 + 1 + TAG]),
        // RFC 8449 knows no limit below 64, so the peer's records have 63 bytes of content and a type.
        (Some(32), None, [27 + 1 + TAG, 64 + TAG]),
    ] {
        let (mut client, mut server) = (client(), server_of_version(&TLS13));
        client.max_fragment_size = ours;
        server.max_fragment_size = theirs;
        assert_eq!(longest(client, server), sent, "{ours:?} {theirs:?}");
    }
}

#[test]
#[cfg(feature = "tls12")]
fn each_side_keeps_to_the_record_size_of_the_other_in_tls12() {
    let over = NONCE + TAG;
    for (ours, theirs, sent) in [
        (None, None, [16_384 + over, 16_384 + over]),
        // The client speaks of both versions, and TLS 1.3 counts the type byte.
        (Some(1005), None, [1000 + over, 1001 + over]),
        (Some(1005), Some(505), [500 + over, 500 + over]),
        (Some(505), Some(16_389), [500 + over, 501 + over]),
    ] {
        let (mut client, mut server) = (client(), server_of_version(&TLS12));
        client.max_fragment_size = ours;
        server.max_fragment_size = theirs;
        assert_eq!(longest(client, server), sent, "{ours:?} {theirs:?}");
    }
}

/// Wants more than there may be.
#[derive(Debug)]
struct Much;

impl RecordPadding for Much {
    fn padding(&self, _: usize) -> usize {
        10_000
    }
}

#[test]
fn padding_counts_for_the_record_size() {
    let (mut client, mut server) = (client(), server_of_version(&TLS13));
    client.max_fragment_size = Some(505);
    server.record_padding = Some(Arc::new(Much));
    assert_eq!(longest(client, server)[1], 500 + 1 + TAG);
}

#[test]
fn a_record_size_is_spoken_of_only_if_it_is_set() {
    for (set, said) in [(None, None), (Some(4005), Some(vec![15, 161])), (Some(16_389), Some(vec![0x40, 1]))]
    {
        let mut client = client();
        client.max_fragment_size = set;
        let pair = shake(&Arc::new(client), &Arc::new(server()));
        let flown = pair.flown(Side::Client);
        let hello = Hello::read(&Record::split(flown)[0].body);
        let found = hello.extensions.into_iter().find(|(code, _)| *code == 28).map(|(_, body)| body);
        assert_eq!(found, said);
    }
}

/// Tickets that a client gets of a full handshake and of a resumption.
fn tickets(asked: Option<[u8; 2]>, change: fn(&mut ServerConfig)) -> [u32; 2] {
    let (mut client, mut server) = (client(), server_with_tickets());
    client.send_ticket_request = asked
        .map(|[new_session_count, resumption_count]| TicketRequest { new_session_count, resumption_count });
    change(&mut server);
    let (client, server) = (Arc::new(client), Arc::new(server));
    let first = shake(&client, &server);
    let second = shake(&client, &server);
    if first.client.tls13_tickets_received() > 0 {
        assert_eq!(kind_of(&second), HandshakeKind::Resumed);
        [&first, &second].map(|pair| pair.client.tls13_tickets_received())
    } else {
        assert_eq!(kind_of(&second), HandshakeKind::Full);
        [0, second.client.tls13_tickets_received()]
    }
}

#[test]
fn a_client_gets_as_many_tickets_as_it_asks_for_up_to_a_limit() {
    assert_eq!(tickets(None, |_| {}), [2, 2]);
    assert_eq!(tickets(Some([4, 1]), |_| {}), [2, 2], "by default nobody listens");
    let eight = |server: &mut ServerConfig| server.max_tls13_tickets = 8;
    assert_eq!(tickets(None, eight), [2, 2]);
    assert_eq!(tickets(Some([4, 1]), eight), [4, 1]);
    assert_eq!(tickets(Some([1, 0]), eight), [1, 0]);
    assert_eq!(tickets(Some([0, 5]), eight), [0, 0]);
    assert_eq!(tickets(Some([255, 9]), eight), [8, 8]);
    assert_eq!(tickets(Some([255, 3]), |server| server.max_tls13_tickets = 300), [255, 3]);
    assert_eq!(tickets(Some([3, 3]), |server| server.send_tls13_tickets = 0), [0, 0]);
    let only_those = |server: &mut ServerConfig| {
        server.send_tls13_tickets = 0;
        server.max_tls13_tickets = 8;
    };
    assert_eq!(tickets(None, only_those), [0, 0]);
    assert_eq!(tickets(Some([3, 1]), only_those), [3, 1]);
}

#[test]
fn a_client_that_keeps_no_sessions_asks_for_no_tickets() {
    for (keeps, asks) in [(true, Some(vec![3, 1])), (false, None)] {
        let mut client = client();
        client.send_ticket_request = Some(TicketRequest { new_session_count: 3, resumption_count: 1 });
        if !keeps {
            client.resumption = chitin::client::Resumption::disabled();
        }
        let pair = shake(&Arc::new(client), &Arc::new(server()));
        let hello = Hello::read(&Record::split(pair.flown(Side::Client))[0].body);
        let found = hello.extensions.into_iter().find(|(code, _)| *code == 58).map(|(_, body)| body);
        assert_eq!(found, asks);
    }
}

/// RFC 9149 section 2: what is said in EncryptedExtensions is what comes.
#[test]
fn the_server_says_how_many_tickets_and_which_records() {
    let log = Arc::new(Notebook::default());
    let provider = testkit::configs::provider(&[chitin::CipherSuite::TLS13_AES_256_GCM_SHA384], &[]);
    let (mut client, mut server) = (client_of(provider), server_with_tickets());
    client.send_ticket_request = Some(TicketRequest { new_session_count: 200, resumption_count: 1 });
    client.max_fragment_size = Some(16_389);
    server.max_tls13_tickets = 8;
    server.key_log = log.clone();
    let pair = shake(&Arc::new(client), &Arc::new(server));
    let first = Record::split(pair.flown(Side::Server)).into_iter().find(|record| record.typ == 23).unwrap();
    let (_, flight) = Keys::of(&log, "SERVER_HANDSHAKE_TRAFFIC_SECRET").open(first);
    let (typ, body) = messages(&flight).swap_remove(0);
    let has = |extension: &[u8]| body.windows(extension.len()).any(|window| window == extension);
    assert_eq!(typ, 8);
    assert!(has(&[0, 58, 0, 1, 8]) && has(&[0, 28, 0, 2, 0x40, 1]), "{body:?}");
}

/// A chain that is `len` bytes long as a Certificate message of `version`: the honest one, and intermediates that nobody needs.
fn chain_of(identity: &Identity, version: ProtocolVersion, len: usize) -> Vec<CertificateDer<'static>> {
    let tls13 = usize::from(version == ProtocolVersion::TLSv1_3);
    // The context and the length of the list; for each certificate its length and that of its extensions.
    let (head, each) = (tls13 + 3, 3 + 2 * tls13);
    let mut chain = identity.chain.clone();
    let taken = chain.iter().fold(head + each, |sum, der| sum + each + der.len());
    let mut rest = vec![0x30, 0x83];
    let content = len - taken - 5;
    rest.extend_from_slice(&u32::try_from(content).unwrap().to_be_bytes()[1..]);
    rest.resize(rest.len() + content, 0);
    chain.push(rest.into());
    chain
}

/// What becomes of a Certificate message of this length, from the one side, under this limit of the other.
fn shown(
    version: &'static SupportedProtocolVersion,
    by: Side,
    len: usize,
    limit: Option<usize>,
) -> Result<(), Error> {
    let provider = default_provider();
    let builder = ClientConfig::builder_with_provider(provider.clone()).with_protocol_versions(&[version]);
    let builder = builder.unwrap().with_root_certificates(roots());
    let chain = chain_of(&WORLD.client, version.version, len);
    let key = WORLD.client.key.clone_key();
    let mut client = match by {
        Side::Client => builder.with_client_auth_cert(chain, key).unwrap(),
        Side::Server => builder.with_no_client_auth(),
    };
    let builder = ServerConfig::builder_with_provider(provider).with_protocol_versions(&[version]).unwrap();
    let (builder, chain) = match by {
        Side::Client => (builder.with_client_cert_verifier(required(roots())), WORLD.server.chain.clone()),
        Side::Server => (builder.with_no_client_auth(), chain_of(&WORLD.server, version.version, len)),
    };
    let mut server = builder.with_single_cert(chain, WORLD.server.key.clone_key()).unwrap();
    client.cert_decompressors.clear();
    server.cert_decompressors.clear();
    match (by, limit) {
        (Side::Client, Some(limit)) => server.max_certificate_message = limit,
        (Side::Server, Some(limit)) => client.max_certificate_message = limit,
        (_, None) => {}
    }
    Pair::new(client, server).settle().map_err(|failed| failed.error)
}

#[test]
fn the_longest_certificate_message_is_a_setting() {
    let typ = HandshakeType::Certificate;
    let refused = |len, limit| Err(InvalidMessage::HandshakeMessageTooLong { typ, len, limit }.into());
    for version in [&TLS12, &TLS13] {
        for by in [Side::Client, Side::Server] {
            let shown = |len, limit| shown(version, by, len, limit);
            assert_eq!(shown(16_384, Some(16_384)), Ok(()));
            assert_eq!(shown(16_385, Some(16_384)), refused(16_385, 16_384));
            // 100 KiB by default.
            assert_eq!(shown(102_400, None), Ok(()));
            assert_eq!(shown(102_401, None), refused(102_401, 102_400));
            assert_eq!(shown(200_000, Some(200_000)), Ok(()));
        }
    }
}
