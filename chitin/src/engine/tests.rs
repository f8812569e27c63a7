//! Two engines, back to back, without skins.

use alloc::format;
use alloc::sync::Arc;
use alloc::vec;
use alloc::vec::Vec;

use pki_types::{CertificateDer, ServerName, UnixTime};

use super::*;
use crate::config::limits::Limits;
use crate::config::testing::{SERVER, SERVER_KEY, chain, key, provider};
use crate::config::verify::{ServerCertVerified, ServerCertVerifier};
use crate::crypto::cipher::OutboundChunks;
use crate::crypto::verify::{DigitallySignedStruct, HandshakeSignatureValid};
use crate::names::{HandshakeKind, NamedGroup, ProtocolVersion, SignatureScheme};
use crate::observe::Trace;
use crate::record::room::Room;
use crate::record::seal::SliceError;

/// Looks at signatures of the handshake, and at nothing of the chain.
#[derive(Debug)]
struct AnyChain(crate::crypto::WebPkiSupportedAlgorithms);

impl ServerCertVerifier for AnyChain {
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
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        crate::crypto::verify_tls12_signature(message, cert, dss, &self.0)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        crate::crypto::verify_tls13_signature(message, cert, dss, &self.0)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.supported_schemes()
    }
}

pub(super) fn client_config() -> ClientConfig {
    let provider = provider();
    let verifier = Arc::new(AnyChain(provider.signature_verification_algorithms));
    ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .dangerous()
        .with_custom_certificate_verifier(verifier)
        .with_no_client_auth()
}

pub(super) fn server_config() -> ServerConfig {
    ServerConfig::builder_with_provider(provider())
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(chain(SERVER), key(SERVER_KEY))
        .unwrap()
}

pub(super) fn pair(client: &Arc<ClientConfig>, server: &Arc<ServerConfig>) -> (Engine, Engine) {
    let name = ServerName::try_from("server.example").unwrap();
    let client = Engine::client(client.clone(), name, client.alpn_protocols.clone()).unwrap();
    (client, Engine::server(Some(server.clone())).unwrap())
}

/// Moves what `from` has to say to `to`, `chop` bytes at a time. Gives the application data that came out.
pub(super) fn pump(
    from: &mut Engine,
    to: &mut Engine,
    input: &mut Vec<u8>,
    chop: usize,
) -> Result<Vec<u8>, Error> {
    let mut data = vec![];
    let Carrier::Records(records) = &mut from.carrier else { panic!("these are records") };
    let sent = records.out.pending().to_vec();
    records.out.advance(sent.len());
    from.sent(sent.len());
    for part in sent.chunks(chop) {
        input.extend_from_slice(part);
        loop {
            let step = to.advance(input, None);
            if let Ok(Got::Data(range)) = &step.got {
                data.extend_from_slice(&input[range.clone()]);
            }
            input.drain(..step.used);
            match step.got? {
                Got::NeedInput | Got::Paused => break,
                _ => {}
            }
        }
    }
    Ok(data)
}

pub(super) fn shake(client: &mut Engine, server: &mut Engine, chop: usize) -> Result<(), Error> {
    let (mut to_client, mut to_server) = (vec![], vec![]);
    for _ in 0..6 {
        pump(client, server, &mut to_server, chop)?;
        pump(server, client, &mut to_client, chop)?;
    }
    assert!(to_client.is_empty() && to_server.is_empty());
    assert!(!client.is_handshaking() && !server.is_handshaking());
    Ok(())
}

#[test]
fn full_handshake_in_any_pieces() {
    for chop in [1, 7, 64, 1000, usize::MAX] {
        let (mut client, mut server) = pair(&Arc::new(client_config()), &Arc::new(server_config()));
        shake(&mut client, &mut server, chop).unwrap();
        for end in [&client, &server] {
            assert_eq!(end.facts.kind, Some(HandshakeKind::Full));
            assert_eq!(end.facts.version, Some(ProtocolVersion::TLSv1_3));
            let best = crate::crypto::tested::default_provider().kx_groups[0].name();
            assert_eq!(end.facts.group.unwrap().name(), best);
        }
        assert_eq!(client.facts.peer.as_ref().unwrap().len(), 1);
        assert_eq!(client.facts.tickets_received, 2);
        let mut exported = [[0; 20]; 2];
        client.export(&mut exported[0], b"label", Some(b"context")).unwrap();
        server.export(&mut exported[1], b"label", Some(b"context")).unwrap();
        assert_eq!(exported[0], exported[1]);
        assert_ne!(exported[0], [0; 20]);

        client.write(OutboundChunks::Single(b"to the server")).unwrap();
        assert_eq!(pump(&mut client, &mut server, &mut vec![], chop).unwrap(), b"to the server");
        server.refresh_keys().unwrap();
        server.write(OutboundChunks::Single(b"to the client")).unwrap();
        assert_eq!(pump(&mut server, &mut client, &mut vec![], chop).unwrap(), b"to the client");
        client.write(OutboundChunks::Single(b"under new keys")).unwrap();
        assert_eq!(pump(&mut client, &mut server, &mut vec![], chop).unwrap(), b"under new keys");
    }
}

#[test]
fn retry_and_resumption() {
    let mut server = server_config();
    let mut provider = crate::crypto::tested::default_provider();
    provider.kx_groups.retain(|group| group.name() == NamedGroup::secp384r1);
    server.provider = Arc::new(provider);
    let (client, server) = (Arc::new(client_config()), Arc::new(server));
    for (round, expected) in
        [HandshakeKind::FullWithHelloRetryRequest, HandshakeKind::Resumed, HandshakeKind::Resumed]
            .into_iter()
            .enumerate()
    {
        let (mut c, mut s) = pair(&client, &server);
        shake(&mut c, &mut s, 100).unwrap();
        assert_eq!((c.facts.kind, s.facts.kind), (Some(expected), Some(expected)), "{round}");
        assert_eq!(c.facts.group.unwrap().name(), NamedGroup::secp384r1);
        assert_eq!(c.facts.peer.as_ref().unwrap().len(), 1);
    }
}

#[test]
fn protocols_are_negotiated_or_refused() {
    for (ours, theirs, expected) in [
        (vec![b"h2".to_vec()], vec![b"http/1.1".to_vec(), b"h2".to_vec()], Ok(Some(b"h2".to_vec()))),
        (vec![], vec![b"h2".to_vec()], Ok(None)),
        (vec![b"h2".to_vec()], vec![], Ok(None)),
        (vec![b"h3".to_vec()], vec![b"h2".to_vec()], Err(Error::NoApplicationProtocol)),
    ] {
        let (mut client, mut server) = (client_config(), server_config());
        (client.alpn_protocols, server.alpn_protocols) = (theirs, ours);
        let (mut c, mut s) = pair(&Arc::new(client), &Arc::new(server));
        let done = shake(&mut c, &mut s, 500);
        assert_eq!(done.map(|()| c.facts.alpn.as_deref().map(<[u8]>::to_vec)), expected);
    }
}

/// In each state that writing may be in, one end that tries the short way first and one that goes the long way only do the same.
#[test]
fn data_is_written_the_short_way_as_the_long_one() {
    let mut short = 0;
    for memory in [None, Some(Limits::LEAST_MEMORY)] {
        let (mut client, server) = (client_config(), Arc::new(server_config()));
        client.limits.memory = memory;
        let client = Arc::new(client);
        let mut ends = [0, 1].map(|_| {
            let (mut c, mut s) = pair(&client, &server);
            shake(&mut c, &mut s, usize::MAX).unwrap();
            c
        });
        for gate in [Gate::Open, Gate::Closed, Gate::Early { left: 10 }] {
            for (held, closed, closing) in
                [(&b""[..], false, false), (b"held", false, false), (b"", true, false), (b"", false, true)]
            {
                for (limit, waits) in
                    [(None, 0), (Some(0), 0), (Some(20), 0), (Some(40_000), 0), (Some(40), 30)]
                {
                    for data in [&[7; 0][..], &[7; 1], &[7; 20], &[7; 21], &[7; 40_000]] {
                        let what = format!(
                            "{memory:?} {gate:?} {held:?} {closed} {closing} {limit:?} {waits} {}",
                            data.len()
                        );
                        let [one, other] = ends.each_mut().map(|end| {
                            let Carrier::Records(records) = &mut end.carrier else {
                                panic!("these are records")
                            };
                            records.out.advance(records.out.len());
                            records.out.put(&[0; 30][..waits]);
                            end.write.gate = gate;
                            end.write.held = held.to_vec();
                            (end.write.closed, end.write.closing, end.write.limit) = (closed, closing, limit);
                            end
                        });
                        let quickly = one.write_plainly(data);
                        let expected = memory.is_none()
                            && gate == Gate::Open
                            && !(closed || closing)
                            && held.is_empty()
                            && !data.is_empty()
                            && limit.is_none_or(|limit| waits + data.len() <= limit);
                        assert_eq!(quickly, expected.then_some(Ok(())), "{what}");
                        short += usize::from(expected);
                        let taken = match quickly {
                            Some(_) => data.len(),
                            None => one.write(OutboundChunks::Single(data)).unwrap(),
                        };
                        assert_eq!(other.write(OutboundChunks::Single(data)), Ok(taken), "{what}");
                        assert_eq!(one.carrier.out_len(), other.carrier.out_len(), "{what}");
                        assert_eq!(one.write.held, other.write.held, "{what}");
                    }
                }
            }
        }
    }
    // Of the lengths 1 to 40,000, as the limits let: without one, with none for any, with 20, with 40,000, and with 10 left.
    assert_eq!(short, 4 + 2 + 4 + 1);
}

/// Looks on, and does nothing.
#[derive(Debug)]
struct Onlooker;

impl Trace for Onlooker {
    fn event(&self, _: Event<'_>) {}
}

/// The same for writing into a slice of the caller's.
#[test]
fn a_slice_is_written_the_short_way_as_the_long_one() {
    let mut short = 0;
    let (client, server) = (Arc::new(client_config()), Arc::new(server_config()));
    let mut ends = [0, 1].map(|_| {
        let (mut c, mut s) = pair(&client, &server);
        shake(&mut c, &mut s, usize::MAX).unwrap();
        c
    });
    for gate in [Gate::Open, Gate::Closed, Gate::Early { left: 10 }] {
        for (closed, closing) in [(false, false), (true, false), (false, true)] {
            for (waits, observed) in [(0, false), (30, false), (0, true)] {
                for data in [&[7; 0][..], &[7; 1], &[7; 20], &[7; 40_000]] {
                    for room in [0, 20, 42, 52, 72, 39_999, 40_065, 40_066, 50_000] {
                        let what =
                            format!("{gate:?} {closed} {closing} {waits} {observed} {} {room}", data.len());
                        let [one, other] = ends.each_mut().map(|end| {
                            let Carrier::Records(records) = &mut end.carrier else {
                                panic!("these are records")
                            };
                            records.set_trace(observed.then_some(Arc::new(Onlooker)));
                            records.out.advance(records.out.len());
                            records.out.put(&[0; 30][..waits]);
                            end.write.gate = gate;
                            (end.write.closed, end.write.closing) = (closed, closing);
                            end
                        });
                        let (mut here, mut there) = (vec![0; room], vec![0; room]);
                        // Header, type and tag of each record.
                        let fits = data.len() + 22 * data.len().div_ceil(0x4000) <= room;
                        let is_plain = gate == Gate::Open
                            && !(closed || observed)
                            && waits == 0
                            && fits
                            && !data.is_empty();
                        let quickly = one.seal_plainly_into(data, &mut here);
                        assert_eq!(quickly.is_some(), is_plain, "{what}");
                        short += usize::from(is_plain);
                        assert!(is_plain || here == vec![0; room], "{what}: touched");
                        let done = match quickly {
                            Some(done) => done.map_err(|error| SliceError::Failed(*error)),
                            None => one.seal_into(data, &mut here),
                        };
                        assert_eq!(done, other.seal_into(data, &mut there), "{what}");
                        assert_eq!(one.carrier.out_len(), other.carrier.out_len(), "{what}");
                        let heads = [here, there].map(|out| out.get(..5).map(<[u8]>::to_vec));
                        assert_eq!(heads[0], heads[1], "{what}");
                    }
                }
            }
        }
    }
    // Closing or not: 1 byte fits into 42 and what is longer, 20 do as well, and 40,000 into the last two.
    assert_eq!(short, 2 * (7 + 7 + 2));
}

// ---- TLS 1.2

/// The same configs for one version.
fn only(version: &'static crate::crypto::suites::SupportedProtocolVersion) -> (ClientConfig, ServerConfig) {
    let versions = crate::config::versions::EnabledVersions::new(&[version]).unwrap();
    let (mut client, mut server) = (client_config(), server_config());
    (client.versions, server.versions) = (versions, versions);
    (client, server)
}

/// RFC 5246 section 7.2.2; of TLS 1.3 RFC 8446 section 6.2.
#[test]
fn a_connection_that_fails_forgets_its_secrets() {
    for (version, is_12) in [(&crate::crypto::suites::TLS13, false), (&crate::crypto::suites::TLS12, true)] {
        let (client, mut server) = only(version);
        server.enable_secret_extraction = true;
        let (mut client, mut server) = pair(&Arc::new(client), &Arc::new(server));
        shake(&mut client, &mut server, 1000).unwrap();
        let kept = |end: &Engine| (end.facts.exporter.is_some(), end.policy.tls12_secrets.is_some());
        assert_eq!(kept(&server), (true, is_12));
        server.fail(Error::DecryptError);
        assert_eq!(kept(&server), (false, false));
    }
}

#[test]
fn tls12_full_and_resumed_in_any_pieces() {
    for tickets in [false, true] {
        for chop in [1, 7, 64, usize::MAX] {
            let (client, mut server) = only(&crate::crypto::suites::TLS12);
            if tickets {
                server.ticketer = crate::crypto::tested::ticketer();
            }
            let (client, server) = (Arc::new(client), Arc::new(server));
            for expected in [HandshakeKind::Full, HandshakeKind::Resumed, HandshakeKind::Resumed] {
                let (mut c, mut s) = pair(&client, &server);
                shake(&mut c, &mut s, chop).unwrap();
                for end in [&c, &s] {
                    assert_eq!(end.facts.kind, Some(expected), "tickets {tickets}");
                    assert_eq!(end.facts.version, Some(ProtocolVersion::TLSv1_2));
                }
                assert_eq!(c.facts.peer.as_ref().unwrap().len(), 1);
                let mut exported = [[0; 20]; 2];
                c.export(&mut exported[0], b"label", Some(b"context")).unwrap();
                s.export(&mut exported[1], b"label", Some(b"context")).unwrap();
                assert_eq!(exported[0], exported[1]);
                c.write(OutboundChunks::Single(b"to the server")).unwrap();
                assert_eq!(pump(&mut c, &mut s, &mut vec![], chop).unwrap(), b"to the server");
                s.write(OutboundChunks::Single(b"to the client")).unwrap();
                assert_eq!(pump(&mut s, &mut c, &mut vec![], chop).unwrap(), b"to the client");
            }
        }
    }
}

#[test]
fn the_better_version_is_chosen() {
    let (client12, server12) = only(&crate::crypto::suites::TLS12);
    let (client13, server13) = only(&crate::crypto::suites::TLS13);
    let both = || (client_config(), server_config());
    let table = [
        (both().0, both().1, Some(ProtocolVersion::TLSv1_3)),
        (both().0, server12.clone(), Some(ProtocolVersion::TLSv1_2)),
        (client12.clone(), both().1, Some(ProtocolVersion::TLSv1_2)),
        (client13.clone(), both().1, Some(ProtocolVersion::TLSv1_3)),
        (client13, server12, None),
        (client12, server13, None),
    ];
    for (client, server, expected) in table {
        let (mut c, mut s) = pair(&Arc::new(client), &Arc::new(server));
        let got = shake(&mut c, &mut s, usize::MAX).ok().and(c.facts.version);
        assert_eq!(got, expected);
    }
}

/// Early data is under the key of the first session that is offered. A server that resumes another takes none. RFC 8446
/// section 4.2.10.
#[test]
fn early_data_comes_with_the_first_session_only() {
    use crate::config::server::PolicyFingerprint;
    use crate::names::CipherSuite;
    use crate::schedule::tls13::{EarlyPsk, PskKind};
    use crate::wire::client_hello::tests::hello;
    use crate::wire::codec::{Opaque, Wire};
    use crate::wire::extensions::ext;
    use crate::wire::stored::{self, ServerSession};

    let suite = CipherSuite::TLS13_AES_128_GCM_SHA256;
    let secret = [0x5a; 32];
    // Names of sessions; that of the one that the server has is "known".
    let flight = |names: &[&[u8]]| {
        let mut suites = provider().cipher_suites.clone().into_iter().filter_map(|suite| suite.tls13());
        let suite = suites.find(|s| s.common.suite == suite).unwrap();
        let mut psks = vec![];
        crate::wire::codec::nest(&mut psks, 0xffff, |out| {
            for name in names {
                Opaque::<1, 0xffff>(name).write(out);
                7u32.write(out);
            }
        });
        crate::wire::codec::nest(&mut psks, 0xffff, |out| {
            for _ in names {
                Opaque::<32, 255>(&[0; 32]).write(out);
            }
        });
        let share = [&[0, 36, 0, 29, 0, 32, 9][..], &[0; 31]].concat();
        let mut message = hello(
            &[suite.common.suite],
            &[
                (ext::supported_groups, vec![0, 2, 0, 29]),
                (ext::signature_algorithms, vec![0, 2, 4, 3]),
                (ext::supported_versions, vec![2, 3, 4]),
                (ext::psk_key_exchange_modes, vec![1, 1]),
                (ext::key_share, share),
                (ext::early_data, vec![]),
                (ext::pre_shared_key, psks),
            ],
        );
        let cut = message.len() - 2 - 33 * names.len();
        let hash = suite.common.hash_provider.hash(&message[..cut]);
        let binder = EarlyPsk::new(suite, &secret).binder(PskKind::Resumption, &hash);
        for at in (0..names.len()).map(|i| cut + 3 + 33 * i) {
            message[at..at + 32].copy_from_slice(binder.as_ref());
        }
        let len = (message.len() as u16).to_be_bytes();
        [&[22, 3, 1, len[0], len[1]], &message[..]].concat()
    };
    for (names, accepted) in [(&[&b"known"[..]][..], true), (&[b"other", b"known"], false)] {
        let mut config = server_config();
        config.max_early_data_size = 1000;
        let now = crate::flow::question::now(&config.time_provider).unwrap().as_secs();
        let policy: PolicyFingerprint = config.policy_fingerprint().unwrap();
        let origin = config.origin().unwrap();
        let session = ServerSession {
            format: stored::FORMAT,
            version: ProtocolVersion::TLSv1_3,
            suite,
            secret: Opaque(&secret),
            age_add: 7,
            created: now,
            lifetime: 1000,
            authenticated: now,
            server_name: Opaque(b""),
            alpn: Opaque(b""),
            transport: 0,
            early_data: 1000,
            promise: Opaque(b""),
            origin: Opaque(&origin),
            policy: Opaque(&policy),
            chain: Opaque(b""),
            psk: Opaque(b""),
            psk_mark: Opaque(b""),
            application: Opaque(b""),
        };
        let mut bytes = vec![];
        session.write(&mut bytes);
        assert!(config.session_storage.put(b"known".to_vec(), bytes));
        let mut server = Engine::server(Some(Arc::new(config))).unwrap();
        let done = server.advance(&mut flight(names), None);
        assert_eq!(done.got, Ok(Got::NeedInput));
        assert_eq!(server.facts.kind, Some(HandshakeKind::Resumed), "{names:?}");
        assert_eq!(server.facts.early_data, accepted, "{names:?}");
        let state = if accepted { "WaitEndOfEarlyData" } else { "WaitFinished" };
        assert_eq!(server.state.name(), state);
    }
}
