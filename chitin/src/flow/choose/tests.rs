//! Tables of hellos, and what a server makes of them. No connection.

use alloc::sync::Arc;
use alloc::vec;

use super::*;
use crate::config::testing::{SERVER, SERVER_KEY, chain, key, provider};
use crate::names::CipherSuite as S;
use crate::names::NamedGroup as G;
use crate::wire::client_hello::tests::hello;

fn config() -> ServerConfig {
    ServerConfig::builder_with_provider(provider())
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(chain(SERVER), key(SERVER_KEY))
        .unwrap()
}

const SUITES: [S; 1] = [S::TLS13_AES_128_GCM_SHA256];

fn versions() -> (u16, Vec<u8>) {
    (ext::supported_versions, vec![4, 3, 4, 3, 3])
}

fn read(suites: &[S], extensions: &[(u16, Vec<u8>)]) -> ClientHello {
    *ClientHello::read(&hello(suites, extensions)).unwrap()
}

fn groups(list: &[G]) -> (u16, Vec<u8>) {
    let body: Vec<u8> = list.iter().flat_map(|group| group.to_array()).collect();
    (ext::supported_groups, [&(body.len() as u16).to_be_bytes()[..], &body].concat())
}

fn shares(list: &[G]) -> (u16, Vec<u8>) {
    // A share of one byte, which is the last of its group's number.
    let body: Vec<u8> = list
        .iter()
        .flat_map(|group| [&group.to_array()[..], &[0, 1, group.to_array()[1]]].concat())
        .collect();
    (ext::key_share, [&(body.len() as u16).to_be_bytes()[..], &body].concat())
}

fn psks(identities: u8, binders: u8) -> (u16, Vec<u8>) {
    let mut body = vec![];
    let ids: Vec<u8> = (0..identities).flat_map(|n| [0, 1, n, 0, 0, 0, 0]).collect();
    body.extend((ids.len() as u16).to_be_bytes());
    body.extend(ids);
    let all: Vec<u8> = (0..binders).flat_map(|n| [&[32][..], &[n; 32]].concat()).collect();
    body.extend((all.len() as u16).to_be_bytes());
    body.extend(all);
    (ext::pre_shared_key, body)
}

#[test]
fn what_every_hello_must_be() {
    let check = |extensions: &[(u16, Vec<u8>)]| check_hello(&read(&SUITES, extensions));
    let modes = || (ext::psk_key_exchange_modes, vec![1, 1]);
    assert_eq!(check(&[versions()]), Ok(()));
    assert_eq!(check(&[versions(), modes(), psks(1, 1)]), Ok(()));
    let error = PeerMisbehaved::MissingPskModesExtension;
    assert_eq!(check(&[versions(), psks(1, 1)]), Err(error.into()));
    for (identities, binders) in [(1, 2), (2, 1), (3, 2)] {
        let error = PeerMisbehaved::PskExtensionWithMismatchedIdsAndBinders;
        assert_eq!(check(&[versions(), modes(), psks(identities, binders)]), Err(error.into()));
    }
    // An extension of other messages only: RFC 8446 section 4.2's table. What nobody knows is ignored.
    let error = PeerMisbehaved::MisplacedClientHelloExtension;
    assert_eq!(check(&[versions(), (ext::oid_filters, vec![0, 0])]), Err(error.into()));
    assert_eq!(check(&[versions(), (0x7777, vec![1, 2, 3])]), Ok(()));
    // Two compression methods. RFC 8446 section 4.1.2.
    let mut raw = hello(&SUITES, &[versions()]);
    let at = 4 + 2 + 32 + 3 + 4;
    assert_eq!(raw[at..at + 2], [1, 0]);
    raw.splice(at..at + 2, [2, 0, 1]);
    raw[3] += 1;
    let error = check_hello(&ClientHello::read(&raw).unwrap());
    assert_eq!(error, Err(PeerMisbehaved::OfferedIncorrectCompressions.into()));
}

#[test]
fn suites_are_chosen_by_the_clients_order_or_by_ours() {
    let unknown = S::from(0x1a1a);
    let (aes128, aes256, chacha) =
        (S::TLS13_AES_128_GCM_SHA256, S::TLS13_AES_256_GCM_SHA384, S::TLS13_CHACHA20_POLY1305_SHA256);
    let ours: Vec<S> = config().provider.cipher_suites.iter().map(|suite| suite.suite()).collect();
    for offered in [&[aes128, aes256, chacha][..], &[unknown, chacha, aes128], &[aes256], &[chacha, aes256]] {
        let hello = read(offered, &[versions()]);
        for ours_first in [false, true] {
            let mut config = config();
            config.ignore_client_order = ours_first;
            let expected = match ours_first {
                false => offered.iter().find(|suite| ours.contains(suite)),
                true => ours.iter().find(|suite| offered.contains(suite)),
            };
            assert_eq!(Some(&suite(&hello, &config, false, |_| true).unwrap().common.suite), expected);
        }
    }
    // One of those that are wanted, if that is possible.
    let wanted = |name| move |suite: &Tls13CipherSuite| suite.common.suite == name;
    let hello = read(&[aes256, aes128], &[versions()]);
    let chosen = |name| suite(&hello, &config(), false, wanted(name)).unwrap().common.suite;
    assert_eq!((chosen(aes128), chosen(chacha)), (aes128, aes256));
    for offered in [&[unknown][..], &[S::from(0x00ff)], &[S::TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256]] {
        let error = suite(&read(offered, &[versions()]), &config(), false, |_| true).err();
        assert_eq!(error, Some(PeerIncompatible::NoCipherSuitesInCommon.into()), "{offered:?}");
    }
}

#[test]
fn shares_are_taken_or_asked_for() {
    #[derive(Debug, PartialEq)]
    enum Choice {
        Ready(G, Vec<u8>),
        Retry(G),
    }
    let choose = |list: &[G], shared: &[G]| {
        let mut config = config();
        let mut provider = crate::crypto::tested::default_provider();
        let all = crate::crypto::tested::all_kx_groups();
        let find = |name| *all.iter().find(|group| group.name() == name).unwrap();
        provider.kx_groups = [G::X25519, G::secp256r1, G::secp384r1].map(find).to_vec();
        config.provider = Arc::new(provider);
        let hello = read(&SUITES, &[versions(), groups(list), shares(shared)]);
        share(&hello, &config).map(|share| match share {
            Share::Ready { group } => {
                Choice::Ready(group.name(), share_of(&hello, group.name()).unwrap().to_vec())
            }
            Share::Retry { group } => Choice::Retry(group.name()),
        })
    };
    let (grease, ours) = (G::from(0x2a2a), G::X25519);
    assert_eq!(choose(&[ours], &[ours]), Ok(Choice::Ready(ours, vec![29])));
    assert_eq!(choose(&[grease, ours], &[grease, ours]), Ok(Choice::Ready(ours, vec![29])));
    // Our order decides, between shares and beyond them.
    assert_eq!(choose(&[G::secp256r1, ours], &[G::secp256r1, ours]), Ok(Choice::Ready(ours, vec![29])));
    assert_eq!(choose(&[ours, G::secp384r1], &[G::secp384r1]), Ok(Choice::Retry(ours)));
    assert_eq!(choose(&[G::secp384r1], &[G::secp384r1]), Ok(Choice::Ready(G::secp384r1, vec![24])));
    assert_eq!(choose(&[G::secp384r1, G::secp256r1], &[]), Ok(Choice::Retry(G::secp256r1)));
    assert_eq!(choose(&[G::FFDHE2048, ours], &[G::FFDHE2048]), Ok(Choice::Retry(ours)));
    assert_eq!(choose(&[G::FFDHE2048], &[G::FFDHE2048]), Err(PeerIncompatible::NoKxGroupsInCommon.into()));
    let error = PeerMisbehaved::KeyShareForUnofferedGroup;
    assert_eq!(choose(&[G::secp256r1], &[ours]), Err(error.into()));
    let error = PeerMisbehaved::OfferedDuplicateKeyShares;
    assert_eq!(choose(&[ours, G::secp256r1], &[ours, G::secp256r1, ours]), Err(error.into()));

    // The same of hellos with more of both than anybody needs.
    let many: Vec<G> = (0x1000..0x1064).map(G::from).collect();
    for (known, shared) in [(&many[..], &many[..1]), (&many[..20], &many[..20]), (&many, &many[..20])] {
        let known = [&[ours], known].concat();
        let with = |last: &[G]| choose(&known, &[shared, &[ours], last].concat());
        assert_eq!(with(&[]), Ok(Choice::Ready(ours, vec![29])));
        assert_eq!(with(&[G::secp256r1]), Err(PeerMisbehaved::KeyShareForUnofferedGroup.into()));
        assert_eq!(with(&shared[..1]), Err(PeerMisbehaved::OfferedDuplicateKeyShares.into()));
    }

    let error = share(&read(&SUITES, &[versions(), shares(&[ours])]), &config()).err();
    assert_eq!(error, Some(PeerIncompatible::NamedGroupsExtensionRequired.into()));
    let error = share(&read(&SUITES, &[versions(), groups(&[ours])]), &config()).err();
    assert_eq!(error, Some(PeerIncompatible::KeyShareExtensionRequired.into()));
}

#[test]
fn a_retried_share_is_the_one_that_was_asked_for() {
    let retried = |shared: &[G]| {
        let all = [G::X25519, G::secp256r1];
        check_retried_share(&read(&SUITES, &[versions(), groups(&all), shares(shared)]), G::secp256r1)
    };
    assert_eq!(retried(&[G::secp256r1]), Ok(()));
    for wrong in [&[][..], &[G::X25519], &[G::secp256r1, G::X25519], &[G::X25519, G::secp256r1]] {
        assert_eq!(retried(wrong), Err(PeerMisbehaved::RefusedToFollowHelloRetryRequest.into()), "{wrong:?}");
    }
}

#[test]
fn a_second_hello_may_change_what_the_rfc_lists() {
    let name = |text: &[u8]| {
        let len = text.len() as u8;
        (ext::server_name, [&[0, len + 3, 0, 0, len][..], text].concat())
    };
    let base = || vec![versions(), groups(&[G::X25519, G::secp256r1]), name(b"a.example")];
    let first = || {
        let mut all = base();
        all.push(shares(&[G::X25519]));
        all.push((ext::early_data, vec![]));
        hello(&SUITES, &all)
    };
    let second = |extra: &[(u16, Vec<u8>)]| hello(&SUITES, &[base(), extra.to_vec()].concat());
    let check = |second: &[u8]| {
        check_second_hello(&ClientHello::read(&first()).unwrap(), &ClientHello::read(second).unwrap())
    };
    use PeerMisbehaved as M;
    let share = || shares(&[G::secp256r1]);
    assert_eq!(check(&second(&[share()])), Ok(()));
    assert_eq!(check(&second(&[(ext::cookie, vec![0, 1, 9]), share(), (ext::padding, vec![0; 9])])), Ok(()));
    // Another order of extensions is not forbidden in so many words.
    let mut turned = base();
    turned.reverse();
    turned.push(share());
    assert_eq!(check(&hello(&SUITES, &turned)), Ok(()));

    let early = check(&second(&[share(), (ext::early_data, vec![])]));
    assert_eq!(early, Err(M::EarlyDataAttemptedInSecondClientHello.into()));
    let unexpected = Err(Error::from(M::UnexpectedChangesInSecondClientHello));
    assert_eq!(check(&second(&[share(), (0x7777, vec![])])), unexpected, "one more");
    assert_eq!(check(&hello(&SUITES, &[versions(), name(b"a.example"), share()])), unexpected, "one less");
    let other = [versions(), groups(&[G::secp256r1]), name(b"a.example"), share()];
    assert_eq!(check(&hello(&SUITES, &other)), unexpected, "another body");
    let mut all = base();
    all.push(share());
    assert_eq!(check(&hello(&[S::TLS13_AES_256_GCM_SHA384], &all)), unexpected, "other suites");
    let renamed = [versions(), groups(&[G::X25519, G::secp256r1]), name(b"b.example"), share()];
    assert_eq!(check(&hello(&SUITES, &renamed)), Err(M::ServerNameDifferedOnRetry.into()));
    let mut bent = second(&[share()]);
    bent[6] ^= 1;
    assert_eq!(check(&bent), Err(M::RandomDifferedOnRetry.into()));
    let mut bent = second(&[share()]);
    bent[4 + 2 + 32 + 1] ^= 1;
    assert_eq!(check(&bent), Err(M::SessionIdDifferedOnRetry.into()));
}

#[test]
fn schemes_are_those_of_tls_1_3() {
    let with = |list: &[u8]| {
        let body = [&(list.len() as u16).to_be_bytes()[..], list].concat();
        schemes13(&read(&SUITES, &[versions(), (ext::signature_algorithms, body)]))
    };
    // ecdsa_secp256r1_sha256, rsa_pkcs1_sha256 (certificates only), rsa_pss_rsae_sha256, ed25519, GREASE.
    assert_eq!(
        with(&[4, 3, 4, 1, 8, 4, 8, 7]).unwrap(),
        [SignatureScheme::ECDSA_NISTP256_SHA256, SignatureScheme::RSA_PSS_SHA256, SignatureScheme::ED25519]
    );
    assert_eq!(with(&[4, 1]).unwrap(), []);
    let error = PeerIncompatible::SignatureAlgorithmsExtensionRequired;
    assert_eq!(schemes13(&read(&SUITES, &[versions()])), Err(error.into()));
}

#[test]
fn protocols_are_ours_first_and_never_invented() {
    let choose = |ours: &[&[u8]], theirs: Option<&[&[u8]]>| {
        let mut config = config();
        config.alpn_protocols = ours.iter().map(|name| name.to_vec()).collect();
        let mut extensions = vec![versions()];
        extensions.extend(theirs.map(|names| {
            let list: Vec<u8> =
                names.iter().flat_map(|name| [&[name.len() as u8][..], name].concat()).collect();
            let body = [&(list.len() as u16).to_be_bytes()[..], &list].concat();
            (ext::application_layer_protocol_negotiation, body)
        }));
        protocol(&read(&SUITES, &extensions), &config, false)
    };
    assert_eq!(choose(&[b"h2", b"h1"], Some(&[b"h1", b"h2"])), Ok(Some(b"h2"[..].into())));
    assert_eq!(choose(&[b"h2", b"h1"], Some(&[b"h1"])), Ok(Some(b"h1"[..].into())));
    assert_eq!(choose(&[], Some(&[b"h1"])), Ok(None));
    assert_eq!(choose(&[b"h2"], None), Ok(None));
    assert_eq!(choose(&[b"h2"], Some(&[b"h", b"h22", b"H2"])), Err(Error::NoApplicationProtocol));
}

#[test]
fn sessions_are_resumed_with_a_key_exchange_only() {
    for (modes, expected) in [
        (Some(vec![1, 1]), true),
        (Some(vec![2, 0, 1]), true),
        (Some(vec![1, 0]), false),
        (Some(vec![1, 0x0b]), false),
        (None, false),
    ] {
        let extension = modes.clone().map(|body| (ext::psk_key_exchange_modes, body));
        let extensions: Vec<_> = [Some(versions()), extension].into_iter().flatten().collect();
        assert_eq!(resumes(&read(&SUITES, &extensions)), expected, "{modes:?}");
    }
}

#[test]
#[cfg(feature = "tls12")]
fn the_version_is_the_best_of_both() {
    use crate::config::versions::EnabledVersions;
    use crate::crypto::suites::{TLS12, TLS13};

    let choose = |ours: &[&'static crate::crypto::suites::SupportedProtocolVersion],
                  theirs: &[(u16, Vec<u8>)]| {
        let mut config = config();
        config.versions = EnabledVersions::new(ours).unwrap();
        protocol_version(&read(&SUITES, theirs), &config)
    };
    let offers =
        |versions: &[u8]| vec![(ext::supported_versions, [&[versions.len() as u8][..], versions].concat())];
    let (new, old) = (ProtocolVersion::TLSv1_3, ProtocolVersion::TLSv1_2);
    let both: &[_] = &[&TLS13, &TLS12];
    assert_eq!(choose(both, &offers(&[3, 3, 3, 4])), Ok(new), "ours is the order");
    assert_eq!(choose(both, &offers(&[3, 3])), Ok(old));
    assert_eq!(choose(both, &[]), Ok(old), "a hello of TLS 1.2");
    assert_eq!(choose(&[&TLS12], &offers(&[3, 4, 3, 3])), Ok(old));
    let disabled = Err(PeerIncompatible::Tls12NotOfferedOrEnabled.into());
    assert_eq!(choose(&[&TLS13], &offers(&[3, 3])), disabled);
    assert_eq!(choose(both, &offers(&[3, 2])), disabled);
    assert_eq!(choose(&[&TLS13], &[]), Err(PeerIncompatible::SupportedVersionsExtensionRequired.into()));
}

/// RFC 7507 section 3: by the highest version that the hello says, whether or not there is one in common.
#[test]
fn a_fallback_is_refused_if_we_know_better() {
    let check = |legacy: u16, suites: &[S], extensions: &[(u16, Vec<u8>)]| {
        let mut raw = hello(suites, extensions);
        raw[4..6].copy_from_slice(&legacy.to_be_bytes());
        protocol_version(&ClientHello::read(&raw).unwrap(), &config())
    };
    let (suite, signal) = (S::TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256, S::TLS_FALLBACK_SCSV);
    let fallback = || Err(PeerIncompatible::InappropriateFallback.into());
    for legacy in [0x300, 0x301, 0x302, 0x303] {
        assert_eq!(check(legacy, &[suite, signal], &[]), fallback(), "{legacy:x}");
    }
    let only12 = [(ext::supported_versions, vec![2, 3, 3])];
    assert_eq!(check(0x303, &[suite, signal], &only12), fallback());
    assert_eq!(check(0x303, &[suite, signal], &[versions()]), Ok(ProtocolVersion::TLSv1_3));
    assert_eq!(check(0x302, &[suite], &[]), Err(PeerIncompatible::Tls12NotOffered.into()));
}

/// A client that fills its hello with one suite, over and over, and with schemes that nobody has, has our key asked once. Before anybody has proved anything no hello may cost the product of two of its lists.
#[test]
#[cfg(feature = "tls12")]
fn a_suite_of_tls12_that_is_named_again_is_not_tried_again() {
    use core::sync::atomic::{AtomicUsize, Ordering};

    use crate::crypto::signer::{CertifiedKey, Signer, SigningKey};
    use crate::names::SignatureAlgorithm;

    /// Signs with nothing, and counts how often it is asked.
    #[derive(Debug, Default)]
    struct Asked(AtomicUsize);

    impl SigningKey for Asked {
        fn choose_scheme(&self, _: &[SignatureScheme]) -> Option<Box<dyn Signer>> {
            self.0.fetch_add(1, Ordering::Relaxed);
            None
        }

        fn algorithm(&self) -> SignatureAlgorithm {
            SignatureAlgorithm::ECDSA
        }
    }

    let key = Arc::new(Asked::default());
    let credential = Credential::new(CertifiedKey::new(chain(SERVER), key.clone()));
    let suites = [S::TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256; 16_000];
    let schemes = [&32_000_u16.to_be_bytes()[..], &[0x2a, 0x2b].repeat(16_000)].concat();
    let extensions = [groups(&[G::X25519, G::secp256r1]), (ext::signature_algorithms, schemes)];
    let hello = read(&suites, &extensions);
    for ours_first in [false, true] {
        let mut config = config();
        config.ignore_client_order = ours_first;
        key.0.store(0, Ordering::Relaxed);
        let error = parameters12(&hello, &config, &credential).err();
        assert_eq!(error, Some(PeerIncompatible::NoCipherSuiteForSignatureSchemes.into()));
        assert_eq!(key.0.load(Ordering::Relaxed), 1, "times that the key was asked");
    }
}
