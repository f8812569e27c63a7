//! TLS under QUIC: which bytes at which level, which keys when, early data, and what QUIC forbids. RFC 9001.

use std::sync::Arc;

use chitin::HandshakeKind::{Full, FullWithHelloRetryRequest, Resumed};
use chitin::client::Tls13ClientSessionValue;
use chitin::crypto::CryptoProvider;
use chitin::quic::{ClientConnection, Connection, ServerConnection, Version};
use chitin::version::{TLS12, TLS13};
use chitin::{
    AlertDescription, CipherSuite, ClientConfig, Error, HandshakeKind, NamedGroup, PeerMisbehaved,
    ServerConfig, SupportedCipherSuite, Tls13CipherSuite,
};
use testkit::configs::{self, SUITES};
use testkit::hello::{Hello, message, split_messages};
use testkit::pair::{Pair, Side};
use testkit::provided;
use testkit::quic::{Level, PARAMETERS, QuicPair, fits};

use crate::common::*;

const VERSIONS: [Version; 3] = [Version::V1Draft, Version::V1, Version::V2];
const TRANSPORT_PARAMETERS: u16 = 57;

fn speaking(mut client: ClientConfig, mut server: ServerConfig) -> (ClientConfig, ServerConfig) {
    client.alpn_protocols = vec![b"h3".to_vec()];
    server.alpn_protocols = vec![b"hq".to_vec(), b"h3".to_vec()];
    (client, server)
}

/// A client that sends early data and a server that takes it.
fn eager() -> (ClientConfig, ServerConfig) {
    let (mut client, mut server) = speaking(client(), server());
    client.enable_early_data = true;
    server.max_early_data_size = u32::MAX;
    (client, server)
}

fn shaken(client: &Arc<ClientConfig>, server: &Arc<ServerConfig>) -> QuicPair {
    let mut pair = QuicPair::new(client.clone(), server.clone());
    pair.handshake().unwrap();
    pair
}

fn kind(pair: &mut QuicPair) -> HandshakeKind {
    assert_eq!(pair.client().handshake_kind(), pair.server().handshake_kind());
    pair.client().handshake_kind().unwrap()
}

/// What fails, and the alert that the peer is to be sent.
fn failure(mut pair: QuicPair) -> (Side, Error, Option<AlertDescription>) {
    let failed = pair.settle().unwrap_err();
    (failed.side, failed.error, failed.alert)
}

#[test]
fn handshakes_of_every_suite_and_version_in_pieces_and_with_late_answers() {
    for suite in SUITES {
        for version in VERSIONS {
            let provider = configs::provider(&[suite], &[NamedGroup::X25519]);
            let (client, server) = speaking(client_of(provider.clone()), server_of(provider));
            let (client, server) = (Arc::new(client), Arc::new(server));
            for (most, late) in [(usize::MAX, false), (1, false), (7, true), (64, true)] {
                let mut pair = QuicPair::of(client.clone(), server.clone(), version, PARAMETERS).chop(most);
                if late {
                    pair = pair.deferred();
                }
                pair.handshake().unwrap();
                assert_eq!(pair.client().alpn_protocol(), Some(&b"h3"[..]));
                assert_eq!(pair.server().alpn_protocol(), Some(&b"h3"[..]));
                assert_eq!(pair.client().quic_transport_parameters(), Some(PARAMETERS[1]));
                assert_eq!(pair.server().quic_transport_parameters(), Some(PARAMETERS[0]));
                assert_eq!(pair.client().negotiated_cipher_suite().unwrap().suite(), suite);
                assert_eq!(pair.client().tls13_tickets_received(), 2);
                assert!(pair.client().alert().is_none() && pair.server().alert().is_none());
                assert!(!pair.client().wants_write() && !pair.server().wants_write());
                // The server has its 1-RTT keys a round trip before the client's Finished.
                let order = [
                    (Side::Server, Level::Handshake),
                    (Side::Server, Level::OneRtt),
                    (Side::Client, Level::Handshake),
                    (Side::Client, Level::OneRtt),
                ];
                assert_eq!(pair.changes, order);
            }
            let mut again = QuicPair::of(client, server, version, PARAMETERS);
            again.handshake().unwrap();
            assert_eq!(kind(&mut again), Resumed);
        }
    }
}

#[test]
fn each_message_goes_out_at_its_level() {
    let mut pair = QuicPair::new(client_with_cert(), server_asking(required(roots())));
    let types = |flights: &[(Level, Vec<u8>)]| -> Vec<(Level, Vec<u8>)> {
        let types = |bytes: &[u8]| split_messages(bytes).iter().map(|(typ, _)| *typ).collect();
        flights.iter().map(|(level, bytes)| (*level, types(bytes))).collect()
    };
    let mut turn = |from: Side| {
        let flights = pair.take(from);
        for (_, bytes) in &flights {
            pair.give(!from, bytes).unwrap();
        }
        types(&flights)
    };
    assert_eq!(turn(Side::Client), [(Level::Initial, vec![1])]);
    assert_eq!(turn(Side::Server), [(Level::Initial, vec![2]), (Level::Handshake, vec![8, 13, 11, 15, 20])]);
    assert_eq!(turn(Side::Client), [(Level::Handshake, vec![11, 15, 20])]);
    assert_eq!(turn(Side::Server), [(Level::OneRtt, vec![4, 4])]);
    assert_eq!((turn(Side::Client), turn(Side::Server)), (vec![], vec![]));
}

/// RFC 9001 sections 4.2, 8.2 and 8.4. RFC 8449 is about records.
#[test]
fn a_hello_over_quic_offers_nothing_that_quic_does_not_have() {
    let builder = ClientConfig::builder_with_provider(default_provider());
    let builder = builder.with_protocol_versions(&[&TLS12, &TLS13]).unwrap();
    let mut config = builder.with_root_certificates(roots()).with_no_client_auth();
    config.max_fragment_size = Some(1000);
    let mut pair = QuicPair::new(config, server());
    let flights = pair.take(Side::Client);
    let mut hello = Hello::read(&flights[0].1);
    assert!(hello.session_id.is_empty());
    assert_eq!(hello.body(TRANSPORT_PARAMETERS), PARAMETERS[0]);
    let versions: Vec<_> = hello.body(43)[1..].chunks(2).filter(|v| v[0] & 0x0f != 0x0a).collect();
    assert_eq!(versions, [[3, 4]]);
    let suites: Vec<_> = hello.suites.iter().filter(|suite| **suite & 0x0f0f != 0x0a0a).collect();
    assert!(suites.iter().all(|suite| **suite >> 8 == 0x13), "{suites:x?}");
    // record_size_limit, extended_master_secret, ec_point_formats, session_ticket, renegotiation_info.
    for code in [28, 23, 11, 35, 0xff01] {
        assert!(hello.extensions.iter().all(|(have, _)| *have != code), "{code}");
    }
}

/// A suite that has no packet protection: a provider's own, say.
fn without_packets(of: CipherSuite) -> SupportedCipherSuite {
    let suites = default_provider().cipher_suites.clone();
    let honest = suites.iter().filter_map(|suite| suite.tls13()).find(|s| s.common.suite == of).unwrap();
    SupportedCipherSuite::Tls13(Box::leak(Box::new(Tls13CipherSuite {
        common: chitin::crypto::CipherSuiteCommon {
            suite: honest.common.suite,
            hash_provider: honest.common.hash_provider,
            confidentiality_limit: honest.common.confidentiality_limit,
        },
        hkdf_provider: honest.hkdf_provider,
        aead_alg: honest.aead_alg,
        quic: None,
    })))
}

#[test]
fn suites_without_packet_protection_are_neither_offered_nor_chosen() {
    let (aes, chacha) = (CipherSuite::TLS13_AES_128_GCM_SHA256, CipherSuite::TLS13_CHACHA20_POLY1305_SHA256);
    let half = || {
        let mut provider = CryptoProvider::clone(&configs::provider(&[chacha], &[]));
        provider.cipher_suites.insert(0, without_packets(aes));
        Arc::new(provider)
    };
    let mut pair = QuicPair::new(client_of(half()), server());
    pair.handshake().unwrap();
    assert_eq!(pair.client().negotiated_cipher_suite().unwrap().suite(), chacha);
    let mut pair = QuicPair::new(client(), server_of(half()));
    pair.handshake().unwrap();
    assert_eq!(pair.client().negotiated_cipher_suite().unwrap().suite(), chacha);
    // Over records both are good.
    let mut pair = Pair::new(client_of(half()), server_of(half()));
    pair.handshake().unwrap();
    assert_eq!(pair.client.negotiated_cipher_suite().unwrap().suite(), aes);
}

#[test]
fn configs_that_cannot_serve_quic_are_refused_at_once() {
    let general = |error: Error| match error {
        Error::General(why) => why,
        other => panic!("{other:?}"),
    };
    let new_client = |config: ClientConfig, params: usize| {
        let name = "localhost".try_into().unwrap();
        general(ClientConnection::new(Arc::new(config), Version::V1, name, vec![0; params]).unwrap_err())
    };
    let new_server = |config: ServerConfig, params: usize| {
        general(ServerConnection::new(Arc::new(config), Version::V1, vec![0; params]).unwrap_err())
    };
    let old = || [&TLS12];
    let old_client = ClientConfig::builder_with_provider(default_provider())
        .with_protocol_versions(&old())
        .unwrap()
        .with_root_certificates(roots())
        .with_no_client_auth();
    let old_server = ServerConfig::builder_with_provider(default_provider())
        .with_protocol_versions(&old())
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(WORLD.server.chain.clone(), WORLD.server.key.clone_key())
        .unwrap();
    assert_eq!(new_client(old_client, 0), "TLS 1.3 support is required for QUIC");
    assert_eq!(new_server(old_server, 0), "TLS 1.3 support is required for QUIC");

    let mut provider = CryptoProvider::clone(&default_provider());
    provider.cipher_suites = vec![without_packets(CipherSuite::TLS13_AES_128_GCM_SHA256)];
    let provider = Arc::new(provider);
    assert_eq!(new_client(client_of(provider.clone()), 0), "at least one ciphersuite must support QUIC");
    assert_eq!(new_server(server_of(provider), 0), "at least one ciphersuite must support QUIC");

    let mut limited = server();
    limited.max_early_data_size = 16384;
    assert_eq!(new_server(limited, 0), "QUIC sessions must set a max early data of 0 or 2^32-1");
    assert!(new_client(client(), 8193).contains("8 KiB") && new_server(server(), 8193).contains("8 KiB"));
    let name = "localhost".try_into().unwrap();
    assert!(ClientConnection::new(Arc::new(client()), Version::V1, name, vec![0; 8192]).is_ok());
}

#[test]
fn the_longest_transport_parameters_arrive() {
    let long = [vec![0x40, 0x7f, 0x5f, 0xfc], vec![7; 8188]].concat();
    let mut pair = QuicPair::of(client(), server(), Version::V1, [&long, &long]).chop(1000);
    pair.handshake().unwrap();
    assert_eq!(pair.client().quic_transport_parameters(), Some(&long[..]));
    assert_eq!(pair.server().quic_transport_parameters(), Some(&long[..]));
    // Also none is something.
    let mut pair = QuicPair::of(client(), server(), Version::V1, [b"", b""]);
    assert_eq!(pair.client().quic_transport_parameters(), None);
    pair.handshake().unwrap();
    assert_eq!(pair.client().quic_transport_parameters(), Some(&b""[..]));
}

/// RFC 9001 section 8.1: there is a protocol, unless both sides leave ALPN out.
#[test]
fn a_protocol_is_agreed_on_or_nobody_speaks_of_any() {
    let with = |ours: &[&str], theirs: &[&str]| {
        let names = |names: &[&str]| names.iter().map(|name| name.as_bytes().to_vec()).collect();
        let (mut client, mut server) = (client(), server());
        client.alpn_protocols = names(ours);
        server.alpn_protocols = names(theirs);
        QuicPair::new(client, server)
    };
    for (ours, theirs, agreed) in [(&[][..], &[][..], None), (&["a", "b"], &["b"], Some(&b"b"[..]))] {
        let mut pair = with(ours, theirs);
        pair.handshake().unwrap();
        assert_eq!(pair.server().alpn_protocol(), agreed);
    }
    for (ours, theirs) in [(&["a"][..], &[][..]), (&[], &["a"]), (&["a"], &["b"])] {
        let failed = failure(with(ours, theirs));
        let alert = Some(AlertDescription::NoApplicationProtocol);
        assert_eq!(failed, (Side::Server, Error::NoApplicationProtocol, alert), "{ours:?} {theirs:?}");
    }
}

#[test]
fn retries_and_client_certificates_work_as_over_records() {
    let retrying = configs::provider(&[], &[NamedGroup::secp384r1]);
    let mut pair = QuicPair::new(client(), server_of(retrying)).chop(3);
    pair.handshake().unwrap();
    assert_eq!(kind(&mut pair), FullWithHelloRetryRequest);

    for late in [false, true] {
        let mut pair = QuicPair::new(client_with_cert(), server_asking(required(roots())));
        if late {
            pair = pair.deferred();
        }
        pair.handshake().unwrap();
        assert_eq!(pair.server().peer_certificates(), Some(&WORLD.client.chain[..]));
        assert_eq!(pair.client().peer_certificates(), Some(&WORLD.server.chain[..]));
    }
    let (side, error, alert) = failure(QuicPair::new(client(), server_asking(required(roots()))));
    let required = Some(AlertDescription::CertificateRequired);
    assert_eq!((side, error, alert), (Side::Server, Error::NoCertificatesPresented, required));
}

#[test]
fn exporters_agree_and_names_are_seen() {
    let mut pair = QuicPair::new(client(), server());
    pair.handshake().unwrap();
    assert_eq!(pair.server().server_name(), Some("localhost"));
    let (client, server) = (Arc::new(client()), Arc::new(server()));
    let name = "localhost".try_into().unwrap();
    let mut client: Connection =
        ClientConnection::new(client, Version::V2, name, b"".to_vec()).unwrap().into();
    let mut server: Connection = ServerConnection::new(server, Version::V2, b"".to_vec()).unwrap().into();
    assert_eq!(
        client.export_keying_material([0; 16], b"label", None).unwrap_err(),
        Error::HandshakeNotComplete
    );
    while client.is_handshaking() || server.is_handshaking() {
        let mut flights = Vec::new();
        while client.write_hs(&mut flights).is_some() {}
        server.read_hs(&flights).unwrap();
        loop {
            let mut flight = Vec::new();
            let more = server.write_hs(&mut flight).is_some();
            client.read_hs(&flight).unwrap();
            if !more {
                break;
            }
        }
    }
    let export = |conn: &Connection| conn.export_keying_material([0; 16], b"label", Some(b"c")).unwrap();
    assert_eq!(export(&client), export(&server));
    assert_ne!(export(&client), [0; 16]);
    assert!(client.zero_rtt_keys().is_none() && client.alert().is_none());
    assert_eq!(client.quic_transport_parameters(), Some(&b""[..]));
    // QUIC closes in its own way; what this says is left for whoever asks, as in 0.23.
    client.send_close_notify();
    assert_eq!(client.alert(), Some(AlertDescription::CloseNotify));
    assert!(format!("{client:?}").contains("quic::ClientConnection"));
}

#[test]
fn keys_change_without_a_message() {
    let (client, server) = (Arc::new(client()), Arc::new(server()));
    let mut pair = shaken(&client, &server);
    let mut sealed = Vec::new();
    for _ in 0..3 {
        let (client, server) = pair.update_keys();
        for (writer, reader) in [(client.local, &server.remote), (server.local, &client.remote)] {
            let mut payload = *b"frames";
            let tag = writer.encrypt_in_place(1, b"header", &mut payload).unwrap();
            let packet = [&payload[..], tag.as_ref()].concat();
            let opened = reader.decrypt_in_place(1, b"header", &mut packet.clone()).map(<[u8]>::to_vec);
            assert_eq!(opened, Ok(b"frames".to_vec()));
            assert!(!sealed.contains(&packet), "a generation of its own");
            sealed.push(packet);
        }
    }
    assert_eq!((pair.take(Side::Client), pair.take(Side::Server)), (vec![], vec![]));
}

// ---- early data

#[test]
fn early_data_has_keys_from_the_start_and_no_end_of_early_data() {
    for version in VERSIONS {
        for most in [usize::MAX, 1] {
            let (mut client, server) = eager();
            let log = Arc::new(Notebook::default());
            client.key_log = log.clone();
            let (client, server) = (Arc::new(client), Arc::new(server));
            let pair = || QuicPair::of(client.clone(), server.clone(), version, PARAMETERS).chop(most);
            let mut first = pair();
            assert!(first.client().zero_rtt_keys().is_none());
            first.handshake().unwrap();
            assert!(first.server().zero_rtt_keys().is_none());
            assert!(!first.client().is_early_data_accepted());

            let mut pair = pair();
            let writing = pair.client().zero_rtt_keys().expect("early data is offered");
            // The limits of the first connection hold for it. RFC 9000 section 7.4.1.
            assert_eq!(pair.client().quic_transport_parameters(), Some(PARAMETERS[1]));
            pair.carry(Side::Client).unwrap();
            let reading = pair.server().zero_rtt_keys().expect("and accepted");
            assert!(fits(&writing, &reading));
            assert!(log.secret("CLIENT_EARLY_TRAFFIC_SECRET").is_some());
            pair.carry(Side::Server).unwrap();
            assert!(pair.client().is_early_data_accepted());
            let last = pair.take(Side::Client);
            let [(Level::Handshake, flight)] = &last[..] else { panic!("{last:?}") };
            let types: Vec<_> = split_messages(flight).iter().map(|(typ, _)| *typ).collect();
            assert_eq!(types, [20], "Finished alone");
            pair.give(Side::Server, flight).unwrap();
            pair.handshake().unwrap();
            assert_eq!(kind(&mut pair), Resumed);
            let order = [
                (Side::Server, Level::Handshake),
                (Side::Server, Level::OneRtt),
                (Side::Client, Level::Handshake),
                (Side::Client, Level::OneRtt),
            ];
            assert_eq!(pair.changes, order);
        }
    }
}

/// One connection as given, to get a session, and then a second whose early data is accepted, or not.
fn second(
    client: &Arc<ClientConfig>,
    server: &Arc<ServerConfig>,
    version: Version,
    parameters: &[u8],
) -> QuicPair {
    let mut pair = QuicPair::of(client.clone(), server.clone(), version, [PARAMETERS[0], parameters]);
    assert!(pair.client().zero_rtt_keys().is_some(), "early data is offered");
    pair.handshake().unwrap();
    let accepted = pair.client().is_early_data_accepted();
    assert_eq!(pair.server().zero_rtt_keys().is_some(), accepted);
    pair
}

#[test]
fn early_data_is_refused_when_the_transport_promises_less() {
    let (client, server) = eager();
    let (client, server) = (Arc::new(client), Arc::new(server));
    shaken(&client, &server);
    // initial_max_data was 9.
    for (parameters, accepted) in
        [(&[4, 1, 9][..], true), (&[4, 1, 10, 0, 1, 5], true), (&[4, 1, 8], false), (&[], false)]
    {
        shaken(&client, &server);
        let mut pair = second(&client, &server, Version::V1, parameters);
        assert_eq!((kind(&mut pair), pair.client().is_early_data_accepted()), (Resumed, accepted));
    }
}

#[test]
fn early_data_is_refused_for_another_protocol_and_on_demand() {
    let (client, server) = eager();
    let client = Arc::new(client);
    // The config that made the session, but for its protocols.
    let mut other = server.clone();
    other.alpn_protocols = vec![b"hq".to_vec(), b"hx".to_vec()];
    let mut hq = ClientConfig::clone(&client);
    hq.alpn_protocols = vec![b"h3".to_vec(), b"hq".to_vec()];
    let (hq, server, other) = (Arc::new(hq), Arc::new(server), Arc::new(other));
    shaken(&client, &server);
    let mut pair = second(&hq, &other, Version::V1, PARAMETERS[1]);
    assert_eq!((kind(&mut pair), pair.client().is_early_data_accepted()), (Resumed, false));
    assert_eq!(pair.client().alpn_protocol(), Some(&b"hq"[..]));

    // Also for one that the client does not offer any more: there are keys, as in 0.23, and the server refuses.
    let mut only = ClientConfig::clone(&client);
    only.alpn_protocols = vec![b"hq".to_vec()];
    shaken(&client, &server);
    let mut pair = second(&Arc::new(only), &other, Version::V1, PARAMETERS[1]);
    assert_eq!((kind(&mut pair), pair.client().is_early_data_accepted()), (Resumed, false));

    shaken(&client, &server);
    let mut pair = QuicPair::new(client.clone(), server.clone());
    pair.server().reject_early_data();
    pair.handshake().unwrap();
    assert!(!pair.client().is_early_data_accepted() && pair.server().zero_rtt_keys().is_none());
    assert_eq!(kind(&mut pair), Resumed);
}

#[test]
fn early_data_ends_with_a_retry() {
    let (client, server) = eager();
    let client = Arc::new(client);
    let server = Arc::new(server);
    shaken(&client, &server);
    let mut retrying = server_of(configs::provider(&[], &[NamedGroup::secp384r1]));
    retrying.session_storage = server.session_storage.clone();
    retrying.alpn_protocols = server.alpn_protocols.clone();
    let mut pair = QuicPair::new(client, retrying);
    assert!(pair.client().zero_rtt_keys().is_some());
    pair.handshake().unwrap();
    assert!(!pair.client().is_early_data_accepted() && pair.server().zero_rtt_keys().is_none());
}

/// RFC 9369 section 5, and the other transport.
#[test]
fn a_session_of_another_version_or_transport_means_a_full_handshake() {
    let (client, server) = eager();
    let mut stateless = server.clone();
    stateless.ticketer = provided::ticketer();
    let client = Arc::new(client);
    for server in [Arc::new(server), Arc::new(stateless)] {
        let over = |version| QuicPair::of(client.clone(), server.clone(), version, PARAMETERS);
        over(Version::V1).handshake().unwrap();
        let mut other = over(Version::V2);
        assert!(other.client().zero_rtt_keys().is_none(), "not even offered");
        other.handshake().unwrap();
        assert_eq!(kind(&mut other), Full);
        // Over records, with what QUIC left and then over QUIC with what that left.
        let mut records = Pair::new(client.clone(), server.clone());
        assert!(records.client.early_data().is_none());
        records.handshake().unwrap();
        assert_eq!(kind_of(&records), Full);
        let mut back = over(Version::V1);
        back.handshake().unwrap();
        assert_eq!(kind(&mut back), Full);
    }
}

/// The server does not rely on the client's care: here one that forgets what its session was made over.
#[test]
fn a_server_looks_itself_whether_a_session_is_of_its_transport() {
    let (client, server) = eager();
    let (client, server) = (Arc::new(client), Arc::new(server));
    let over = |version| QuicPair::of(client.clone(), server.clone(), version, PARAMETERS);
    over(Version::V1).handshake().unwrap();
    // The hello of version 1, to a server of version 2. Both have the same form.
    let hello = over(Version::V1).take(Side::Client).remove(0).1;
    let mut server = ServerConnection::new(server.clone(), Version::V2, vec![]).unwrap();
    server.read_hs(&hello).unwrap();
    assert_eq!(server.handshake_kind(), Some(Full));
    assert!(server.zero_rtt_keys().is_none());
}

// ---- what goes wrong

#[test]
fn an_error_is_final_and_has_an_alert() {
    let mut server = ServerConnection::new(Arc::new(server()), Version::V1, vec![]).unwrap();
    let error = server.read_hs(&message(20, &[0; 32])).unwrap_err();
    assert!(matches!(error, Error::InappropriateHandshakeMessage { .. }), "{error:?}");
    assert_eq!(server.alert(), Some(AlertDescription::UnexpectedMessage));
    assert_eq!(server.read_hs(&[]), Err(error.clone()));
    assert_eq!(server.read_hs(b"more"), Err(error));
    assert!(server.write_hs(&mut vec![]).is_none());
}

/// RFC 9001 section 4.1.3: what is left of a message when the keys change belongs to nobody.
#[test]
fn no_message_goes_on_across_a_change_of_keys() {
    for cut in [1, 4, 9] {
        let mut pair = QuicPair::new(client(), server());
        pair.carry(Side::Client).unwrap();
        let flights = pair.take(Side::Server);
        let both = [&flights[0].1[..], &flights[1].1[..cut]].concat();
        let failed = pair.give(Side::Client, &both).unwrap_err();
        assert_eq!(failed.error, PeerMisbehaved::KeyEpochWithPendingFragment.into());
        assert_eq!(failed.alert, Some(AlertDescription::UnexpectedMessage));
    }
}

#[test]
fn quic_types_are_send_and_sync() {
    fn sync<T: Send + Sync + Unpin>() {}
    sync::<ClientConnection>();
    sync::<ServerConnection>();
    sync::<Connection>();
    sync::<chitin::quic::Keys>();
    sync::<chitin::quic::KeyChange>();
    sync::<chitin::quic::Secrets>();
    sync::<chitin::quic::PacketKeySet>();
    sync::<chitin::quic::Suite>();
    sync::<chitin::quic::Tag>();
    sync::<Tls13ClientSessionValue>();
}
