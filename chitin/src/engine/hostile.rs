//! What hostile peers try, and what must not come of it.

use alloc::sync::Arc;
use alloc::vec;
use alloc::vec::Vec;

use super::tests::*;
use super::*;
use crate::config::resolve::{ResolvesClientCert, ResolvesServerCert};
use crate::config::testing::{SERVER, SERVER_KEY, anchors, chain, key, provider};
use crate::config::webpki::WebPkiClientVerifier;
use crate::crypto::cipher::OutboundChunks;
use crate::crypto::signer::CertifiedKey;
use crate::flow::choose::{self, Share};
use crate::names::{CipherSuite, DistinguishedName, HandshakeKind, NamedGroup, SignatureScheme};
use crate::wire::client_hello::ClientHello;
use crate::wire::codec::nest;
use crate::wire::server_hello::RETRY_RANDOM;

fn connected() -> (Engine, Engine) {
    let (mut client, mut server) = pair(&Arc::new(client_config()), &Arc::new(server_config()));
    shake(&mut client, &mut server, usize::MAX).unwrap();
    (client, server)
}

/// Everything that waits, taken from the outbox.
fn said(from: &mut Engine) -> Vec<u8> {
    let Carrier::Records(records) = &mut from.carrier else { panic!("these are records") };
    let out = records.out.pending().to_vec();
    records.out.advance(out.len());
    from.sent(out.len());
    out
}

fn hear(to: &mut Engine, bytes: &[u8]) -> Result<Got, Error> {
    to.advance(&mut bytes.to_vec(), None).got
}

const PLAIN_CLOSE: &[u8] = b"\x15\x03\x03\x00\x02\x01\x00";

#[test]
fn a_plaintext_close_notify_after_the_handshake_is_no_end_of_data() {
    let (_, mut server) = connected();
    let error = hear(&mut server, PLAIN_CLOSE).unwrap_err();
    assert!(matches!(error, Error::InappropriateMessage { .. }), "{error:?}");

    // Nor under the first number of later keys.
    let (mut client, mut server) = connected();
    client.write(OutboundChunks::Single(b"x")).unwrap();
    client.refresh_keys().unwrap();
    pump(&mut client, &mut server, &mut vec![], usize::MAX).unwrap();
    assert!(hear(&mut server, PLAIN_CLOSE).is_err());
    assert!(!server.read.peer_closed);
}

#[derive(Debug, Default)]
struct Clock(core::sync::atomic::AtomicU64);

impl crate::config::time::TimeProvider for Clock {
    fn current_time(&self) -> Option<pki_types::UnixTime> {
        let secs = self.0.load(core::sync::atomic::Ordering::Relaxed);
        Some(pki_types::UnixTime::since_unix_epoch(core::time::Duration::from_secs(secs)))
    }
}

#[test]
fn tickets_for_tickets_do_not_make_a_session_endless() {
    const HOUR: u64 = 60 * 60;
    let now = pki_types::UnixTime::now().as_secs();
    // Each side keeps to it alone: the other's clock stands still.
    for (client_moves, server_moves) in [(true, true), (true, false), (false, true)] {
        let (client_clock, server_clock) = (Arc::new(Clock::default()), Arc::new(Clock::default()));
        let (mut client, mut server) = (client_config(), server_config());
        client.time_provider = client_clock.clone();
        server.time_provider = server_clock.clone();
        let (client, server) = (Arc::new(client), Arc::new(server));
        for turn in 0..11 {
            for (clock, moves) in [(&client_clock, client_moves), (&server_clock, server_moves)] {
                let passed = if moves { turn * 20 * HOUR } else { 0 };
                clock.0.store(now + passed, core::sync::atomic::Ordering::Relaxed);
            }
            let (mut c, mut s) = pair(&client, &server);
            shake(&mut c, &mut s, usize::MAX).unwrap();
            // Seven days are 168 hours.
            let full = turn == 0 || turn == 9;
            let expected = if full { HandshakeKind::Full } else { HandshakeKind::Resumed };
            assert_eq!(s.facts.kind, Some(expected), "after {} hours", turn * 20);
        }
    }
}

#[test]
fn hellos_of_many_extensions_cost_what_they_weigh() {
    use crate::wire::client_hello::tests::hello;
    let groups: Vec<u8> = (0..16_000u16).flat_map(u16::to_be_bytes).collect();
    let groups = [&u16::try_from(groups.len()).unwrap().to_be_bytes()[..], &groups].concat();
    let shares: Vec<u8> = (9_500..16_000u16).flat_map(|g| [(g >> 8) as u8, g as u8, 0, 1, 0]).collect();
    let shares = [&u16::try_from(shares.len()).unwrap().to_be_bytes()[..], &shares].concat();
    let suites = [CipherSuite::TLS13_AES_128_GCM_SHA256];
    let wide = ClientHello::read(&hello(&suites, &[(10, groups), (51, shares)])).unwrap();
    // As many as there may be.
    let many: Vec<(u16, Vec<u8>)> = (0..511u16).map(|code| (code + 1000, vec![])).collect();
    let many = ClientHello::read(&hello(&suites, &many)).unwrap();

    let begin = std::time::Instant::now();
    assert!(choose::share(&wide, &server_config()).is_ok_and(|share| matches!(share, Share::Retry { .. })));
    assert_eq!(choose::check_second_hello(&many, &many), Ok(()));
    // Squared they took a second in a build without optimization, and sorted some milliseconds.
    assert!(begin.elapsed().as_millis() < 300, "{:?}", begin.elapsed());
}

/// A message of a server in plaintext records.
fn server_says(typ: u8, body: &[u8]) -> Vec<u8> {
    let mut message = vec![typ];
    nest(&mut message, 0xff_ffff, |out| out.extend_from_slice(body));
    let record =
        |part: &[u8]| [&[22, 3, 3][..], &u16::try_from(part.len()).unwrap().to_be_bytes(), part].concat();
    message.chunks(1 << 14).flat_map(record).collect()
}

/// A ServerHello for `client_hello` (a record), or with [`RETRY_RANDOM`] a HelloRetryRequest.
fn server_hello(client_hello: &[u8], random: &[u8; 32], extensions: &[(u16, Vec<u8>)]) -> Vec<u8> {
    let mut body = vec![3, 3];
    body.extend_from_slice(random);
    body.extend_from_slice(&client_hello[43..76]);
    body.extend([0x13, 0x02, 0]);
    nest(&mut body, 0xffff, |out| {
        for (code, ext) in extensions {
            out.extend_from_slice(&code.to_be_bytes());
            nest(out, 0xffff, |out| out.extend_from_slice(ext));
        }
    });
    server_says(2, &body)
}

/// What a fresh client says to an answer that `make` makes of its hello.
fn answered(config: &Arc<ClientConfig>, make: impl FnOnce(&[u8]) -> Vec<u8>) -> Error {
    let (mut client, _) = pair(config, &Arc::new(server_config()));
    let hello = said(&mut client);
    let mut answer = make(&hello);
    let mut at = 0;
    loop {
        let step = client.advance(&mut answer[at..], None);
        at += step.used;
        match step.got {
            Err(error) => return error,
            Ok(_) if step.used == 0 => panic!("the client takes it"),
            Ok(_) => {}
        }
    }
}

#[test]
fn a_cookie_that_fits_no_hello_is_an_error() {
    let mut cookie = vec![];
    nest(&mut cookie, 0xffff, |out| out.resize(out.len() + 65_000, 7));
    let extensions = [(43, vec![3, 4]), (44, cookie)];
    let error = answered(&Arc::new(client_config()), |hello| server_hello(hello, &RETRY_RANDOM, &extensions));
    assert!(matches!(&error, Error::General(why) if why.contains("cookie")), "{error:?}");
}

#[test]
fn a_ticket_that_fits_no_hello_is_not_kept() {
    let (client_config, server_config) = (Arc::new(client_config()), Arc::new(server_config()));
    for len in [40_000, 65_500] {
        let (mut client, mut server) = pair(&client_config, &server_config);
        shake(&mut client, &mut server, usize::MAX).unwrap();
        let name = ServerName::try_from("server.example").unwrap();
        while client_config.resumption.store.take_tls13_ticket(&name).is_some() {}

        let mut ticket = vec![4];
        nest(&mut ticket, 0xff_ffff, |out| {
            out.extend([0, 0, 1, 0, 0, 0, 0, 0, 1, 9]);
            nest(out, 0xffff, |out| out.resize(out.len() + len, 7));
            out.extend([0, 0]);
        });
        server.carrier.send_flight(&ticket).unwrap();
        pump(&mut server, &mut client, &mut vec![], usize::MAX).unwrap();
        let (mut again, mut server) = pair(&client_config, &server_config);
        shake(&mut again, &mut server, usize::MAX).unwrap();
        assert_eq!(again.facts.kind, Some(HandshakeKind::Full));
    }
}

#[test]
fn what_the_config_makes_too_long_is_said_or_left_out() {
    let name = || ServerName::try_from("server.example").unwrap();
    for protocols in [vec![vec![]], vec![vec![b'x'; 256]], vec![vec![b'x'; 255]; 300]] {
        let error = Engine::client(Arc::new(client_config()), name(), protocols).err().unwrap();
        assert!(matches!(error, Error::General(_)), "{error:?}");
    }

    // Names of authorities that fit no request.
    let names =
        (0..1000u16).map(|n| DistinguishedName::in_sequence(&[&n.to_be_bytes()[..], &[7; 100]].concat()));
    let verifier = WebPkiClientVerifier::builder_with_provider(anchors(&["CA"]), provider())
        .add_root_hint_subjects(names)
        .allow_unauthenticated()
        .build()
        .unwrap();
    let mut config = server_config();
    config.verifier = verifier;
    let (mut client, mut server) = pair(&Arc::new(client_config()), &Arc::new(config));
    shake(&mut client, &mut server, usize::MAX).unwrap();

    // Data that fits no ticket.
    let (mut client, mut server) = pair(&Arc::new(client_config()), &Arc::new(server_config()));
    server.policy.resumption_data = vec![0; 70_000].into();
    shake(&mut client, &mut server, usize::MAX).unwrap();
    assert_eq!(client.facts.tickets_received, 0);
}

#[test]
fn each_key_update_request_is_answered_although_data_waits() {
    let (mut client, mut server) = connected();
    client.refresh_keys().unwrap();
    pump(&mut client, &mut server, &mut vec![], usize::MAX).unwrap();
    let update = server.carrier.out_len();
    assert!(update > 0);
    server.write(OutboundChunks::Single(b"always something behind it")).unwrap();
    // Not sent: one answer is enough.
    client.refresh_keys().unwrap();
    pump(&mut client, &mut server, &mut vec![], usize::MAX).unwrap();
    let both = server.carrier.out_len();
    // Sent, but the data not.
    let Carrier::Records(records) = &mut server.carrier else { panic!("these are records") };
    records.out.advance(update);
    server.sent(update);
    client.refresh_keys().unwrap();
    pump(&mut client, &mut server, &mut vec![], usize::MAX).unwrap();
    assert_eq!(server.carrier.out_len(), both);
}

#[test]
fn nothing_follows_a_close_notify() {
    let (mut client, _) = connected();
    client.close();
    let len = client.carrier.out_len();
    assert_eq!(client.refresh_keys(), Ok(()));
    assert_eq!(client.carrier.out_len(), len);
}

#[test]
fn a_close_does_not_overtake_what_was_written() {
    let (mut client, mut server) = pair(&Arc::new(client_config()), &Arc::new(server_config()));
    client.write(OutboundChunks::Single(b"all I have to say")).unwrap();
    client.close();
    let mut got = vec![];
    for _ in 0..4 {
        got.extend(pump(&mut client, &mut server, &mut vec![], usize::MAX).unwrap());
        pump(&mut server, &mut client, &mut vec![], usize::MAX).unwrap();
    }
    assert_eq!(got, b"all I have to say");
    assert!(server.read.peer_closed);
}

/// RFC 8446 appendix D.5.
#[test]
fn a_hello_of_ssl_3_is_no_hello() {
    let (mut client, mut server) = pair(&Arc::new(client_config()), &Arc::new(server_config()));
    let mut hello = said(&mut client);
    hello[9..11].copy_from_slice(&[3, 0]);
    let error = hear(&mut server, &hello).unwrap_err();
    assert_eq!(error.alert(), Some(AlertDescription::ProtocolVersion), "{error:?}");

    let error = answered(&Arc::new(client_config()), |hello| {
        let mut answer = server_hello(hello, &[7; 32], &[(43, vec![3, 4])]);
        answer[9..11].copy_from_slice(&[3, 0]);
        answer
    });
    assert_eq!(error.alert(), Some(AlertDescription::ProtocolVersion), "{error:?}");
}

/// RFC 8446 section 4.1.3.
#[test]
fn a_mark_of_a_downgrade_is_seen() {
    for mark in [*b"DOWNGRD\x01", *b"DOWNGRD\x00"] {
        let mut random = [7; 32];
        random[24..].copy_from_slice(&mark);
        let error = answered(&Arc::new(client_config()), |hello| server_hello(hello, &random, &[]));
        assert_eq!(error, PeerMisbehaved::AttemptedDowngradeToTls12WhenTls13IsSupported.into());
    }
}

/// RFC 8446 section 4.2.11.
#[test]
fn a_psk_without_key_exchange_is_an_illegal_choice() {
    let client = Arc::new(client_config());
    let (mut c, mut s) = pair(&client, &Arc::new(server_config()));
    shake(&mut c, &mut s, usize::MAX).unwrap();
    let extensions = [(43, vec![3, 4]), (41, vec![0, 0])];
    let error = answered(&client, |hello| server_hello(hello, &[7; 32], &extensions));
    assert_eq!(error.alert(), Some(AlertDescription::IllegalParameter), "{error:?}");
}

/// RFC 8446 section 4.1.2: a retry may take its time.
#[test]
fn the_age_of_a_ticket_is_told_anew_after_a_retry() {
    let clock = Arc::new(Clock::default());
    clock.0.store(pki_types::UnixTime::now().as_secs(), core::sync::atomic::Ordering::Relaxed);
    let mut client = client_config();
    client.time_provider = clock.clone();
    let (client, server) = (Arc::new(client), Arc::new(server_config()));
    let (mut c, mut s) = pair(&client, &server);
    shake(&mut c, &mut s, usize::MAX).unwrap();
    let suite = c.facts.suite.unwrap().suite();

    let age = |records: &[u8]| {
        // Behind the record of middlebox compatibility mode, if that comes first.
        let records = if records[0] == 20 { &records[6..] } else { records };
        let hello = ClientHello::read(&records[5..]).unwrap();
        let psks = hello.psks().unwrap();
        psks.identities.iter().next().unwrap().obfuscated_ticket_age
    };
    let (mut c, _) = pair(&client, &server);
    let first = said(&mut c);
    let mut retry = server_hello(&first, &RETRY_RANDOM, &[(43, vec![3, 4]), (44, vec![0, 1, 9])]);
    retry[76..78].copy_from_slice(&suite.to_array());
    clock.0.fetch_add(3, core::sync::atomic::Ordering::Relaxed);
    hear(&mut c, &retry).unwrap();
    assert_eq!(age(&said(&mut c)).wrapping_sub(age(&first)), 3000);
}

/// RFC 8446 section 4.2: known, and in the wrong message.
#[test]
fn misplaced_extensions_are_illegal_everywhere() {
    let extensions = [(43, vec![3, 4]), (51, vec![0, 24]), (10, vec![0, 2, 0, 29])];
    let error = answered(&Arc::new(client_config()), |hello| server_hello(hello, &RETRY_RANDOM, &extensions));
    assert_eq!(error.alert(), Some(AlertDescription::IllegalParameter), "{error:?}");

    let (mut client, mut server) = connected();
    let ticket = [4, 0, 0, 18, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 1, 7, 0, 4, 0, 51, 0, 0];
    server.carrier.send_flight(&ticket[..]).unwrap();
    let error = pump(&mut server, &mut client, &mut vec![], usize::MAX).unwrap_err();
    assert_eq!(error, PeerMisbehaved::MisplacedServerExtension.into());

    let mut seen = crate::wire::extensions::Seen::default();
    seen.push(13);
    seen.push(0x7777);
    assert_eq!(crate::flow::replies::check_places(&seen, crate::wire::extensions::CR), Ok(()));
    seen.push(51);
    assert!(crate::flow::replies::check_places(&seen, crate::wire::extensions::CR).is_err());
}

/// RFC 8446 section 5.1.
#[test]
fn dropped_early_data_must_not_come_inside_a_message() {
    let mut server = Engine::server(Some(Arc::new(server_config()))).unwrap();
    server.carrier.skip_early_data(1000, true);
    let error = hear(&mut server, b"\x16\x03\x03\x00\x02\x01\x00\x17\x03\x03\x00\x03abc").unwrap_err();
    assert_eq!(error, PeerMisbehaved::RejectedEarlyDataInterleavedWithHandshakeMessage.into());
}

/// RFC 8446 section 4.2.8.
#[test]
fn key_shares_stand_in_the_order_of_the_groups() {
    let mut provider = crate::crypto::tested::default_provider();
    provider.kx_groups.sort_by_key(|group| group.name() != NamedGroup::X25519);
    let mut config = client_config();
    config.provider = Arc::new(provider);
    let name = ServerName::try_from("server.example").unwrap();
    config.resumption.store.set_kx_hint(name, NamedGroup::X25519MLKEM768);
    let (mut client, _) = pair(&Arc::new(config), &Arc::new(server_config()));
    let hello = ClientHello::read(&said(&mut client)[5..]).unwrap();
    let groups: Vec<NamedGroup> = hello.named_groups().unwrap().iter().collect();
    let places: Vec<usize> = hello
        .key_shares()
        .unwrap()
        .iter()
        .map(|share| groups.iter().position(|group| *group == share.group).unwrap())
        .collect();
    assert!(places.is_sorted() && places.len() >= 2, "{places:?}");
}

#[derive(Debug)]
struct Resolver(Arc<CertifiedKey>);

impl ResolvesServerCert for Resolver {
    fn resolve(&self, _: crate::config::hello::ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(self.0.clone())
    }
}

impl ResolvesClientCert for Resolver {
    fn resolve(&self, _: &[&[u8]], _: &[SignatureScheme]) -> Option<Arc<CertifiedKey>> {
        Some(self.0.clone())
    }

    fn has_certs(&self) -> bool {
        true
    }
}

#[test]
fn a_key_without_a_certificate_signs_nothing() {
    let signing = provider().key_provider.load_private_key(key(SERVER_KEY)).unwrap();
    let resolver = Arc::new(Resolver(Arc::new(CertifiedKey::new(vec![], signing))));
    let mut config = server_config();
    config.cert_resolver = resolver.clone();
    let (mut client, mut server) = pair(&Arc::new(client_config()), &Arc::new(config));
    let error = shake(&mut client, &mut server, usize::MAX).unwrap_err();
    assert_eq!(error, Error::NoServerCertificateResolved);

    // A client's empty chain is an answer, without a signature behind it.
    let (mut client, mut server) = (client_config(), server_config());
    client.client_auth_cert_resolver = resolver;
    let verifier = WebPkiClientVerifier::builder_with_provider(anchors(&["CA"]), provider());
    server.verifier = verifier.allow_unauthenticated().build().unwrap();
    let (mut client, mut server) = pair(&Arc::new(client), &Arc::new(server));
    shake(&mut client, &mut server, usize::MAX).unwrap();
    assert_eq!(server.facts.peer, None);
}

#[test]
fn a_signing_key_that_panics_is_an_error() {
    #[derive(Debug)]
    struct Panics;
    impl crate::crypto::signer::SigningKey for Panics {
        fn choose_scheme(
            &self,
            _: &[SignatureScheme],
        ) -> Option<alloc::boxed::Box<dyn crate::crypto::signer::Signer>> {
            panic!("on purpose")
        }
        fn algorithm(&self) -> crate::names::SignatureAlgorithm {
            crate::names::SignatureAlgorithm::RSA
        }
    }
    let mut config = server_config();
    config.cert_resolver = Arc::new(Resolver(Arc::new(CertifiedKey::new(chain(SERVER), Arc::new(Panics)))));
    let (mut client, mut server) = pair(&Arc::new(client_config()), &Arc::new(config));
    let error = shake(&mut client, &mut server, usize::MAX).unwrap_err();
    assert_eq!(error, Error::CallbackPanicked("signing key"));
}

#[test]
fn a_session_without_a_certificate_does_not_outlive_the_choice() {
    use core::sync::atomic::{AtomicBool, Ordering};

    use crate::config::testing::Foreign;
    use crate::config::verify::{ClientCertVerified, ClientCertVerifier};

    /// Changes its mind, as one that reloads its rules may.
    #[derive(Debug, Default)]
    struct Moody(AtomicBool);
    impl ClientCertVerifier for Moody {
        fn client_auth_mandatory(&self) -> bool {
            self.0.load(Ordering::Relaxed)
        }
        fn root_hint_subjects(&self) -> &[DistinguishedName] {
            &[]
        }
        fn verify_client_cert(
            &self,
            leaf: &pki_types::CertificateDer<'_>,
            others: &[pki_types::CertificateDer<'_>],
            now: pki_types::UnixTime,
        ) -> Result<ClientCertVerified, Error> {
            Foreign.verify_client_cert(leaf, others, now)
        }
        fn verify_tls12_signature(
            &self,
            message: &[u8],
            cert: &pki_types::CertificateDer<'_>,
            dss: &crate::crypto::verify::DigitallySignedStruct,
        ) -> Result<crate::crypto::verify::HandshakeSignatureValid, Error> {
            Foreign.verify_tls12_signature(message, cert, dss)
        }
        fn verify_tls13_signature(
            &self,
            message: &[u8],
            cert: &pki_types::CertificateDer<'_>,
            dss: &crate::crypto::verify::DigitallySignedStruct,
        ) -> Result<crate::crypto::verify::HandshakeSignatureValid, Error> {
            Foreign.verify_tls13_signature(message, cert, dss)
        }
        fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
            Foreign.supported_verify_schemes()
        }
    }

    let verifier = Arc::new(Moody::default());
    let server = ServerConfig::builder_with_provider(provider())
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_client_cert_verifier(verifier.clone())
        .with_single_cert(chain(SERVER), key(SERVER_KEY))
        .unwrap();
    let (client, server) = (Arc::new(client_config()), Arc::new(server));
    for expected in [HandshakeKind::Full, HandshakeKind::Resumed] {
        let (mut c, mut s) = pair(&client, &server);
        shake(&mut c, &mut s, usize::MAX).unwrap();
        assert_eq!(s.facts.kind, Some(expected));
    }
    verifier.0.store(true, Ordering::Relaxed);
    let (mut c, mut s) = pair(&client, &server);
    assert_eq!(shake(&mut c, &mut s, usize::MAX), Err(Error::NoCertificatesPresented));
}
