//! What hellos say, read back by our own reader of hellos.

use alloc::string::ToString;
use alloc::vec;

use super::*;
use crate::config::client::Resumption;
use crate::config::sessions::{ClientSessionMemoryCache, ClientSessionStore, SessionBinding};
use crate::config::testing::{anchors, at, provider};
use crate::crypto::hash::Output;
use crate::names::PskKeyExchangeMode;
use crate::schedule::tls13::{EarlyPsk, PskKind};
use crate::secret::Secret;
use crate::wire::client_hello::ClientHello;

fn config() -> ClientConfig {
    ClientConfig::builder_with_provider(provider())
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(anchors(&["root"]))
        .with_no_client_auth()
}

#[derive(Debug)]
struct At(u64);

impl crate::config::time::TimeProvider for At {
    fn current_time(&self) -> Option<UnixTime> {
        Some(at(self.0))
    }
}

fn with_groups(groups: &[NamedGroup]) -> ClientConfig {
    let mut config = config();
    let mut provider = crate::crypto::tested::default_provider();
    let all = crate::crypto::tested::all_kx_groups();
    provider.kx_groups =
        groups.iter().map(|name| *all.iter().find(|group| group.name() == *name).unwrap()).collect();
    config.provider = Arc::new(provider);
    config
}

fn name(text: &str) -> ServerName<'static> {
    ServerName::try_from(text.to_string()).unwrap()
}

fn offer(config: ClientConfig, text: &str) -> Box<Offer> {
    let protocols = config.alpn_protocols.clone();
    Offer::new(Arc::new(config), name(text), protocols, None).unwrap()
}

fn written(offer: &Offer) -> ClientHello {
    let raw = offer.write_hello(Form::Plain, |hash, cut| hash.hash(cut));
    *ClientHello::read(&raw).unwrap()
}

fn is_grease(code: u16) -> bool {
    code & 0x0f0f == 0x0a0a && code >> 8 == code & 0xff
}

fn shares(hello: &ClientHello) -> Vec<NamedGroup> {
    hello.key_shares().unwrap().iter().map(|share| share.group).collect()
}

/// The lists of suites, groups and schemes as they stand in the bytes: what is read of them leaves GREASE out.
fn lists(hello: &ClientHello) -> [Vec<u16>; 3] {
    // Behind the header, the version, the random and the session id.
    let suites = &hello.raw()[4 + 2 + 32 + 1 + hello.session_id().len()..];
    let list = |sized: &[u8]| {
        let length = usize::from(u16::from_be_bytes([sized[0], sized[1]]));
        sized[2..2 + length].chunks(2).map(|two| u16::from_be_bytes([two[0], two[1]])).collect()
    };
    let extension = |code| list(hello.extension(code).unwrap());
    [list(suites), extension(ext::supported_groups), extension(ext::signature_algorithms)]
}

#[test]
fn grease_stands_where_rfc_8701_says() {
    for _ in 0..50 {
        let hello = written(&offer(config(), "a.example"));
        // In front, and only one.
        let [suites, groups, schemes] = lists(&hello);
        for list in [&suites, &groups, &schemes] {
            assert!(is_grease(list[0]) && !list[1..].iter().any(|value| is_grease(*value)), "{list:x?}");
        }
        assert!(is_grease(hello.versions().unwrap().iter().next().unwrap().value()));
        // The share's group is the one that is in the list, and its one byte means nothing.
        let share = hello.key_shares().unwrap().iter().next().unwrap();
        assert_eq!((share.group.value(), share.key_exchange.0.len()), (groups[0], 1));
        let codes: Vec<u16> = hello.extension_codes().collect();
        let (first, last) = (codes[0], codes[codes.len() - 1]);
        assert!(is_grease(first) && is_grease(last) && first != last);
        assert_eq!(hello.extension(first), Some(&[][..]));
        assert_eq!(hello.extension(last), Some(&[0][..]));
        assert_eq!(codes.iter().filter(|code| is_grease(**code)).count(), 2);
        // Nobody is shown any of it.
        let groups = hello.lists().groups.iter().flatten().map(|group| group.value());
        let schemes = hello.lists().schemes.iter().flatten().map(|scheme| scheme.value());
        let mut shown =
            hello.lists().cipher_suites.iter().map(|suite| suite.value()).chain(groups).chain(schemes);
        assert!(!shown.any(is_grease));
    }
    // Every random byte makes one of the sixteen values.
    let mut values: Vec<u16> = (0..=255).map(grease).collect();
    assert!(values.iter().all(|value| is_grease(*value)));
    values.sort_unstable();
    values.dedup();
    assert_eq!(values.len(), 16);
}

#[test]
fn the_order_differs_between_connections_and_is_kept_in_the_second_hello() {
    let order = |hello: &ClientHello| -> Vec<u16> {
        let known = |code: &u16| ![ext::cookie, ext::key_share].contains(code);
        hello.extension_codes().filter(known).collect()
    };
    let mut orders = Vec::new();
    for _ in 0..8 {
        let mut offer = offer(config(), "a.example");
        let first = written(&offer);
        let suite = offer.suites().next().unwrap();
        offer.retry(suite, Some(NamedGroup::secp384r1), Some(b"cookie")).unwrap();
        let second = written(&offer);
        assert_eq!(order(&first), order(&second));
        assert_eq!(first.random, second.random);
        assert_eq!(first.session_id(), second.session_id());
        assert_eq!(first.suites().body(), second.suites().body());
        for code in order(&first) {
            assert_eq!(first.extension(code), second.extension(code), "{code:#x}");
        }
        // Our own server agrees that nothing has changed that may not.
        crate::flow::choose::check_second_hello(&first, &second).unwrap();
        let mut without_grease = order(&first);
        without_grease.retain(|code| !is_grease(*code));
        orders.push(without_grease);
    }
    assert!(orders.iter().any(|order| *order != orders[0]), "eight connections, one order");
}

#[test]
fn a_retry_brings_one_share_and_the_cookie() {
    let mut offer = offer(config(), "a.example");
    assert_eq!(written(&offer).cookie(), None);
    let suite = offer.suites().next().unwrap();
    offer.retry(suite, Some(NamedGroup::secp256r1), Some(b"cookie")).unwrap();
    let hello = written(&offer);
    assert_eq!(shares(&hello), [NamedGroup::secp256r1]);
    assert_eq!(hello.cookie(), Some(&b"cookie"[..]));
    assert!(offer.offered(ext::cookie));

    // A cookie alone leaves the shares as they were.
    let mut offer = self::offer(config(), "a.example");
    let before = shares(&written(&offer));
    offer.retry(suite, None, Some(b"cookie")).unwrap();
    assert_eq!(shares(&written(&offer)), before);
}

#[test]
fn a_retry_that_asks_for_nonsense_is_refused() {
    use PeerMisbehaved as M;
    for (group, cookie, expected) in [
        (None, None, M::IllegalHelloRetryRequestWithNoChanges),
        (Some(NamedGroup::X25519MLKEM768), None, M::IllegalHelloRetryRequestWithOfferedGroup),
        (Some(NamedGroup::X25519), None, M::IllegalHelloRetryRequestWithOfferedGroup),
        (Some(NamedGroup::FFDHE2048), None, M::IllegalHelloRetryRequestWithUnofferedNamedGroup),
        (Some(NamedGroup::FFDHE2048), Some(&b"x"[..]), M::IllegalHelloRetryRequestWithUnofferedNamedGroup),
        (Some(NamedGroup::from(0x1a1a)), None, M::IllegalHelloRetryRequestWithUnofferedNamedGroup),
    ] {
        let mut offer = offer(config(), "a.example");
        let suite = offer.suites().next().unwrap();
        assert_eq!(offer.retry(suite, group, cookie), Err(expected.into()));
    }
}

#[test]
fn a_hybrid_brings_its_classical_half_if_that_is_enabled() {
    use NamedGroup as G;
    let of = |groups: &[G]| {
        let all = shares(&written(&offer(with_groups(groups), "a.example")));
        assert!(is_grease(all[0].value()));
        all[1..].to_vec()
    };
    assert_eq!(of(&[G::X25519MLKEM768, G::X25519]), [G::X25519MLKEM768, G::X25519]);
    assert_eq!(of(&[G::X25519MLKEM768, G::secp256r1, G::X25519]), [G::X25519MLKEM768, G::X25519]);
    assert_eq!(of(&[G::X25519MLKEM768, G::secp256r1]), [G::X25519MLKEM768]);
    assert_eq!(of(&[G::secp256r1, G::X25519MLKEM768, G::X25519]), [G::secp256r1]);
    // The half is the end of the hybrid's share: draft-ietf-tls-ecdhe-mlkem section 4.1, where X25519 comes second.
    let hello = written(&offer(with_groups(&[G::X25519MLKEM768, G::X25519]), "a.example"));
    let both: Vec<_> =
        hello.key_shares().unwrap().iter().skip(1).map(|s| s.key_exchange.0.to_vec()).collect();
    assert_eq!((both[0].len(), both[1].len()), (1184 + 32, 32));
    assert!(both[0].ends_with(&both[1]));
}

#[test]
fn the_first_share_is_what_the_server_took_last_time() {
    let store = Arc::new(ClientSessionMemoryCache::new(64));
    store.set_kx_hint(name("a.example"), NamedGroup::secp384r1);
    store.set_kx_hint(name("b.example"), NamedGroup::FFDHE2048);
    let mut config = config();
    config.resumption = Resumption::store(store);
    let first = |text| shares(&written(&offer(config.clone(), text)))[1];
    assert_eq!(first("a.example"), NamedGroup::secp384r1);
    assert_eq!(first("b.example"), NamedGroup::X25519MLKEM768, "a hint that cannot be followed");
    assert_eq!(first("c.example"), NamedGroup::X25519MLKEM768);
    assert!(Offer::new(Arc::new(with_groups(&[])), name("a.example"), vec![], None).is_err());
}

/// An application that knows what its servers take says so; the shares are in the order of the groups, and each stands alone.
#[test]
fn an_application_may_choose_the_key_shares() {
    use NamedGroup as G;
    let groups = [G::secp256r1, G::X25519MLKEM768, G::X25519];
    let with = |wanted: &[G]| {
        let mut config = with_groups(&groups);
        config.key_shares = KeyShares::Only(wanted.to_vec());
        config.grease = false;
        offer(config, "a.example")
    };
    let of = |wanted: &[G]| shares(&written(&with(wanted)));
    assert_eq!(of(&[]), []);
    assert_eq!(of(&[G::X25519]), [G::X25519]);
    assert_eq!(of(&[G::X25519MLKEM768]), [G::X25519MLKEM768], "without its half");
    assert_eq!(of(&[G::X25519, G::secp256r1]), [G::secp256r1, G::X25519]);
    assert_eq!(of(&[G::secp384r1, G::X25519]), [G::X25519], "what the provider does not have is left out");
    assert_eq!(of(&groups), groups);

    // What was not shared may be asked for, what was may be taken, and nothing else.
    let mut none = with(&[]);
    let suite = none.suites().next().unwrap();
    none.retry(suite, Some(G::X25519), None).unwrap();
    assert_eq!(shares(&written(&none)), [G::X25519]);
    assert_eq!(
        with(&[G::secp256r1, G::X25519]).settle(suite, G::X25519, None).unwrap().group.name(),
        G::X25519
    );
    let refused = with(&[G::X25519]).settle(suite, G::secp256r1, None).err();
    assert_eq!(refused, Some(PeerMisbehaved::WrongGroupForKeyShare.into()));
}

#[test]
fn grease_is_everywhere_or_nowhere() {
    let count = |grease: bool| {
        let mut config = config();
        config.grease = grease;
        let hello = written(&offer(config, "a.example"));
        let mut codes: Vec<u16> = hello.extension_codes().collect();
        codes.extend(lists(&hello).concat());
        codes.extend(hello.versions().unwrap().iter().map(u16::from));
        codes.extend(shares(&hello).into_iter().map(u16::from));
        codes.into_iter().filter(|code| is_grease(*code)).count()
    };
    // Two extensions; one each of suites, groups, schemes, versions and shares.
    assert_eq!((count(true), count(false)), (7, 0));
}

#[test]
fn a_client_that_wants_no_ocsp_response_does_not_ask() {
    for wanted in [true, false] {
        let mut config = config();
        config.request_ocsp_response = wanted;
        let offer = offer(config, "a.example");
        assert_eq!(written(&offer).extension(ext::status_request).is_some(), wanted);
        assert_eq!(offer.offered(ext::status_request), wanted);
    }
}

#[test]
fn names_are_sent_only_if_they_are_names() {
    let sent = |config: ClientConfig, text| {
        let hello = written(&offer(config, text));
        let has = hello.extension_codes().any(|code| code == ext::server_name);
        assert_eq!(has, hello.server_name.is_some());
        hello.server_name.map(|name| name.as_ref().to_string())
    };
    assert_eq!(sent(config(), "a.example").as_deref(), Some("a.example"));
    assert_eq!(
        sent(config(), "a.example.").as_deref(),
        Some("a.example"),
        "RFC 6066 section 3: no trailing dot"
    );
    assert_eq!(sent(config(), "192.0.2.1"), None);
    assert_eq!(sent(config(), "2001:db8::1"), None);
    let mut quiet = config();
    quiet.enable_sni = false;
    assert_eq!(sent(quiet, "a.example"), None);
}

#[test]
fn what_a_config_asks_for_is_in_the_hello() {
    let mut config = config();
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    let with_all = offer(config.clone(), "a.example");
    let hello = written(&with_all);
    assert!(hello.protocols().unwrap().iter().map(|p| p.0.to_vec()).eq(config.alpn_protocols.clone()));
    assert!(hello.psk_modes().unwrap().iter().eq([PskKeyExchangeMode::PSK_DHE_KE]));
    let suites: Vec<_> = hello.lists().cipher_suites.clone();
    let ours = config.provider.cipher_suites.iter();
    let enabled = ours.filter(|suite| config.versions.contains(suite.version().version));
    assert!(suites.iter().copied().eq(enabled.map(|suite| suite.suite())));
    assert!(
        hello.versions().unwrap().iter().skip(1).eq([ProtocolVersion::TLSv1_3, ProtocolVersion::TLSv1_2])
    );
    assert_eq!(hello.extension(ext::status_request), Some(&[1, 0, 0, 0, 0][..]));
    let schemes = hello.lists().schemes.as_ref().unwrap();
    assert_eq!(schemes[..], config.verifier.supported_verify_schemes());
    assert!(schemes.contains(&SignatureScheme::RSA_PKCS1_SHA256), "most chains are signed so");
    assert!(hello.offers_only_null_compression());
    assert_eq!(hello.session_id().len(), 32, "middlebox compatibility mode");
    // What was not asked for is neither said nor counted as offered.
    config.alpn_protocols.clear();
    config.resumption = Resumption::disabled();
    let with_less = offer(config, "a.example");
    let hello = written(&with_less);
    assert!(hello.protocols().is_none() && hello.psk_modes().is_none() && hello.psks().is_none());
    for code in
        [ext::application_layer_protocol_negotiation, ext::psk_key_exchange_modes, ext::pre_shared_key]
    {
        assert!(!with_less.offered(code), "{code}");
        assert_eq!(with_all.offered(code), code != ext::pre_shared_key);
    }
    // GREASE is never an offer that could be taken up.
    for code in hello.extension_codes().filter(|code| is_grease(*code)) {
        assert!(!with_less.offered(code));
    }
    assert!(!with_less.offered(ext::cookie));
}

/// An offer with one session of this suite in its store, made at 1,000,000 and offered an hour later.
fn resuming(suite: CipherSuite) -> Box<Offer> {
    let store = Arc::new(ClientSessionMemoryCache::new(64));
    let mut config = config();
    config.resumption = Resumption::store(store.clone());
    config.time_provider = Arc::new(At(1_003_600));
    let value = Tls13ClientSessionValue::new(
        config.provider.suites13().find(|s| s.common.suite == suite).unwrap(),
        b"the ticket",
        Secret::new(&[0x5A; 32]),
        7,
        7200,
        0,
        at(1_000_000),
        Arc::default(),
        SessionBinding::to(&config),
    );
    store.insert_tls13_ticket(name("a.example"), value);
    offer(config, "a.example")
}

#[test]
fn a_psk_comes_last_with_a_binder_as_long_as_its_hash() {
    for (suite, len) in [
        (CipherSuite::TLS13_AES_128_GCM_SHA256, 32),
        (CipherSuite::TLS13_AES_256_GCM_SHA384, 48),
        (CipherSuite::TLS13_CHACHA20_POLY1305_SHA256, 32),
    ] {
        let offer = resuming(suite);
        let hello = written(&offer);
        assert_eq!(hello.extension_codes().last(), Some(ext::pre_shared_key));
        assert!(offer.offered(ext::pre_shared_key));
        let psks = hello.psks().unwrap();
        let identity = psks.identities.iter().next().unwrap();
        assert_eq!(identity.identity.0, b"the ticket");
        // An hour in milliseconds, and age_add. RFC 8446 section 4.2.11.1.
        assert_eq!(identity.obfuscated_ticket_age, 3_600_000 + 7);
        assert_eq!(psks.identities.iter().count(), 1);
        let binder = psks.binders.iter().next().unwrap().0.to_vec();
        assert_eq!((binder.len(), psks.binders.iter().count()), (len, 1));
        // It is the one that the schedule makes over the hello without its binders, as RFC 8448's is.
        let suite = offer.suite(suite).unwrap();
        let hash = suite.common.hash_provider.hash(hello.without_binders());
        let early = EarlyPsk::new(suite, &[0x5A; 32]);
        assert!(early.binder(PskKind::Resumption, &hash).matches(&binder));
        assert_eq!(hello.without_binders().len() + 2 + 1 + len, hello.raw().len());
    }
}

#[test]
fn a_psk_that_cannot_go_with_the_retrys_suite_is_withdrawn() {
    for (retry_suite, kept) in
        [(CipherSuite::TLS13_AES_256_GCM_SHA384, false), (CipherSuite::TLS13_CHACHA20_POLY1305_SHA256, true)]
    {
        let mut offer = resuming(CipherSuite::TLS13_AES_128_GCM_SHA256);
        let suite = offer.suite(retry_suite).unwrap();
        offer.retry(suite, Some(NamedGroup::secp384r1), None).unwrap();
        let raw = offer.write_hello(Form::Plain, |_, _| Output::new(&[1; 32]));
        assert_eq!(ClientHello::read(&raw).unwrap().psks().is_some(), kept);
        assert_eq!(offer.offered(ext::pre_shared_key), kept);
    }
}

#[test]
fn the_servers_choice_is_held_against_the_offer() {
    use PeerMisbehaved as M;
    let (sha256, sha384) = (CipherSuite::TLS13_AES_128_GCM_SHA256, CipherSuite::TLS13_AES_256_GCM_SHA384);
    let settle = |resume: bool, suite, group, psk| {
        let offer = match resume {
            true => resuming(sha256),
            false => offer(config(), "a.example"),
        };
        let suite = offer.suite(suite).unwrap();
        offer.settle(suite, group, psk).map(|settled| (settled.whole, settled.key.is_some()))
    };
    let first = NamedGroup::X25519MLKEM768;
    assert_eq!(settle(false, sha256, first, None), Ok((true, false)));
    assert_eq!(settle(false, sha256, NamedGroup::X25519, None), Ok((false, false)));
    assert_eq!(settle(false, sha256, NamedGroup::secp256r1, None), Err(M::WrongGroupForKeyShare.into()));
    assert_eq!(settle(false, sha256, NamedGroup::FFDHE2048, None), Err(M::SelectedUnofferedKxGroup.into()));
    assert_eq!(settle(false, sha256, first, Some(0)), Err(M::SelectedInvalidPsk.into()));
    assert_eq!(settle(true, sha256, first, Some(0)), Ok((true, true)));
    assert_eq!(settle(true, sha256, first, None), Ok((true, false)));
    assert_eq!(settle(true, sha256, first, Some(1)), Err(M::SelectedInvalidPsk.into()));
    let error = M::ResumptionOfferedWithIncompatibleCipherSuite;
    assert_eq!(settle(true, sha384, first, Some(0)), Err(error.into()));
    let offer = offer(config(), "a.example");
    assert!(offer.suite(CipherSuite::from(0x1304)).is_none());
}
