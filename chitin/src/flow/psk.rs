//! Which session may be resumed by whom: rules for both roles, as functions of a session and the present. RFC 8446
//! sections 4.2.11 and 4.6.1.

use alloc::boxed::Box;
use alloc::vec::Vec;
use core::time::Duration;

use pki_types::{CertificateDer, UnixTime};

use crate::config::chain_dates::ChainDates;
use crate::config::server::{ConfigId, PolicyFingerprint};
use crate::config::sessions::MAX_TICKET_LIFETIME;
use crate::crypto::suites::{SupportedCipherSuite, Tls12CipherSuite, Tls13CipherSuite};
use crate::error::{Error, PeerMisbehaved};
use crate::flow::server_psk::Tie;
use crate::names::{CipherSuite, NamedGroup, ProtocolVersion};
use crate::secret::Secret;
use crate::wire::client_hello::ClientHello;
use crate::wire::quic_parameters;
use crate::wire::stored::{ServerSession, ServerSession12};

/// Identities of one hello that a server looks at. Honest clients offer one or two; each costs an attempt to open a ticket.
pub(crate) const IDENTITIES: usize = 4;

/// A day: sessions in a store are bounded by its size, too.
pub(crate) const STORED_LIFETIME: u32 = 24 * 60 * 60;

/// What an application can put into a session; with more, none is kept. As in 0.23: half of what the field can hold.
pub(crate) const MAX_RESUMPTION_DATA: usize = 32 * 1024;

/// A session that a server has found, owned, with nothing left to check but the binder.
pub(crate) struct Resumable {
    pub(crate) secret: Secret,
    pub(crate) chain: Vec<CertificateDer<'static>>,
    pub(crate) application: Box<[u8]>,
    /// When the full handshake was that this session goes back to, in seconds of UNIX time.
    pub(crate) authenticated: u64,
    pub(crate) age: Age,
    /// The external key that it goes back to.
    pub(crate) tie: Option<Tie>,
    /// What early data has to agree with, if it is allowed on the session at all.
    pub(crate) early: Option<EarlyTerms>,
}

/// What the age that a client claims for its ticket is held against. RFC 8446 section 4.2.11.1.
#[derive(Clone, Copy)]
pub(crate) struct Age {
    add: u32,
    created: u64,
}

impl Age {
    /// Milliseconds by which the ticket is older for the client than for us. `None`: our clock has gone back behind its making.
    pub(crate) fn skew(self, obfuscated: u32, now: UnixTime) -> Option<i64> {
        let theirs = i64::from(obfuscated.wrapping_sub(self.add));
        let ours = now.as_secs().checked_sub(self.created).and_then(|age| age.checked_mul(1000))?;
        theirs.checked_sub(i64::try_from(ours).ok()?)
    }
}

/// What a session says of early data. RFC 8446 section 4.2.10.
pub(crate) struct EarlyTerms {
    /// How much the client was told that it may send.
    pub(crate) limit: u32,
    suite: CipherSuite,
    alpn: Vec<u8>,
    origin: Vec<u8>,
    /// What a client of QUIC counts on.
    promise: Vec<u8>,
}

/// What early data comes with.
pub(crate) struct EarlyOffer<'a> {
    pub(crate) suite: CipherSuite,
    pub(crate) alpn: &'a [u8],
    /// The transport parameters that the client is going to get, over QUIC.
    pub(crate) quic_parameters: Option<&'a [u8]>,
    /// Of the config, `None` if it could make none.
    pub(crate) origin: Option<ConfigId>,
    /// How much the config takes.
    pub(crate) limit: u32,
    /// How far the two ages of the ticket are apart, in milliseconds.
    pub(crate) skew: Option<i64>,
    /// How far they may be.
    pub(crate) window: Duration,
}

impl EarlyTerms {
    /// May early data be taken? Only as what the session was, by the config that made it, and while it is fresh: what has been
    /// recorded is of no use later, whatever becomes of the store.
    pub(crate) fn allow(&self, offer: &EarlyOffer<'_>) -> bool {
        self.limit > 0
            // What it was told before must fit what is allowed now.
            && self.limit <= offer.limit
            && self.suite == offer.suite
            && self.alpn == offer.alpn
            && offer.origin.is_some_and(|origin| self.origin == origin)
            // What it writes within the old limits must be within the new ones. RFC 9000 section 7.4.1.
            && offer.quic_parameters.is_none_or(|ours| quic_parameters::keep(ours, &self.promise))
            // RFC 8446 section 8.3.
            && offer.skew.is_some_and(|skew| Duration::from_millis(skew.unsigned_abs()) <= offer.window)
    }
}

/// What the session must have been made for, to be resumed now.
pub(crate) struct Present<'a> {
    pub(crate) suite: &'static Tls13CipherSuite,
    /// All that are enabled.
    pub(crate) suites: &'a [SupportedCipherSuite],
    pub(crate) hello: &'a ClientHello,
    pub(crate) policy: Option<PolicyFingerprint>,
    /// `None` over records.
    pub(crate) quic_version: Option<u32>,
    pub(crate) now: UnixTime,
}

/// Reads a stored session and asks whether it may be resumed. `None` means a full handshake, never an error: the bytes may be
/// older than this program, and the client does not know what has changed here.
pub(crate) fn resumable(bytes: &[u8], present: &Present<'_>) -> Option<Resumable> {
    let session = ServerSession::open(bytes)?;
    let mut suites = present.suites.iter().filter_map(|suite| suite.tls13());
    let made_with = suites.find(|suite| suite.common.suite == session.suite);
    // A client that offers the session and no longer its suite has changed its mind about that.
    let still_offered = present.hello.offers(session.suite);
    let same_hash = made_with.is_some_and(|suite| hash(suite) == hash(present.suite));
    let same_name = session.server_name.0
        == present.hello.server_name.as_ref().map_or("", |name| name.as_ref()).as_bytes();
    let same_policy = present.policy.is_some_and(|policy| session.policy.0 == policy);
    let good = session.version == ProtocolVersion::TLSv1_3
        && same_hash
        // Not what another version of QUIC made (RFC 9369 section 5), nor what was made over records.
        && session.transport == present.quic_version.unwrap_or(0)
        && still_offered
        && same_name
        && same_policy
        && is_alive(session.created, session.lifetime, present.now)
        && is_alive(session.authenticated, MAX_TICKET_LIFETIME, present.now)
        && chain_is_valid_at(session.chain(), present.now);
    good.then(|| Resumable {
        secret: Secret::new(session.secret.0),
        chain: session.chain().map(|der| CertificateDer::from(der.to_vec())).collect(),
        application: session.application.0.into(),
        authenticated: session.authenticated,
        tie: tie_of(&session),
        age: Age { add: session.age_add, created: session.created },
        early: (session.early_data > 0).then(|| EarlyTerms {
            limit: session.early_data,
            suite: session.suite,
            alpn: session.alpn.0.to_vec(),
            origin: session.origin.0.to_vec(),
            promise: session.promise.0.to_vec(),
        }),
    })
}

fn tie_of(session: &ServerSession<'_>) -> Option<Tie> {
    let identity = session.psk.0;
    let mark = *session.psk_mark.0.first_chunk()?;
    (!identity.is_empty()).then(|| Tie { identity: identity.to_vec(), mark })
}

fn hash(suite: &Tls13CipherSuite) -> crate::crypto::hash::HashAlgorithm {
    suite.common.hash_provider.algorithm()
}

/// How long a ticket that is made now may live, if the full handshake that it goes back to was at `authenticated`. A ticket
/// for a ticket must not make a session endless: seven days after the certificates were looked at, they are looked at again.
/// RFC 8446 section 4.6.1. `None`: not at all.
pub(crate) fn lifetime_left(authenticated: u64, now: UnixTime) -> Option<u32> {
    let age = u32::try_from(now.as_secs().checked_sub(authenticated)?).ok()?;
    MAX_TICKET_LIFETIME.checked_sub(age).filter(|left| *left > 0)
}

/// Within its lifetime, and within seven days of its making. A clock that has gone backward makes sessions from the future,
/// whose age nobody knows: they are dead.
fn is_alive(created: u64, lifetime: u32, now: UnixTime) -> bool {
    let lifetime = u64::from(lifetime.min(MAX_TICKET_LIFETIME));
    now.as_secs().checked_sub(created).is_some_and(|age| age < lifetime)
}

/// Are all certificates of a stored chain within their dates? The rest of validation was done when the session was made, under
/// the policy that it is bound to; dates pass while it lies. A raw public key, which stands alone, has none.
fn chain_is_valid_at<'c>(chain: impl Iterator<Item = &'c [u8]>, now: UnixTime) -> bool {
    ChainDates::of(chain).cover(now)
}

// ---- TLS 1.2

/// A session of TLS 1.2 that a server has found.
pub(crate) struct Resumable12 {
    pub(crate) suite: &'static Tls12CipherSuite,
    pub(crate) group: NamedGroup,
    pub(crate) secret: Secret,
    pub(crate) chain: Vec<CertificateDer<'static>>,
    pub(crate) application: Box<[u8]>,
}

/// What a session of TLS 1.2 must have been made for, to be resumed now.
pub(crate) struct Present12<'a> {
    /// All that are enabled.
    pub(crate) suites: &'a [SupportedCipherSuite],
    pub(crate) hello: &'a ClientHello,
    pub(crate) ems: bool,
    pub(crate) policy: Option<PolicyFingerprint>,
    pub(crate) now: UnixTime,
}

/// Reads a stored session and asks whether it may be resumed. `Ok(None)` means a full handshake.
///
/// # Errors
///
/// The session had an extended master secret and the client no longer offers one. RFC 7627 section 5.3.
pub(crate) fn resumable12(bytes: &[u8], present: &Present12<'_>) -> Result<Option<Resumable12>, Error> {
    let Some(session) = ServerSession12::open(bytes) else { return Ok(None) };
    let mut suites = present.suites.iter().filter_map(|suite| suite.tls12());
    let enabled = suites.find(|suite| suite.common.suite == session.suite);
    let Some(suite) = enabled.filter(|suite| present.hello.offers(suite.common.suite)) else {
        return Ok(None);
    };
    let good = session.version == ProtocolVersion::TLSv1_2
        && session.server_name.0 == name_of(present.hello)
        && present.policy.is_some_and(|policy| session.policy.0 == policy)
        && is_alive(session.created, session.lifetime, present.now)
        && chain_is_valid_at(session.chain(), present.now);
    if !good {
        return Ok(None);
    }
    match (session.extended(), present.ems) {
        (true, false) => return Err(PeerMisbehaved::ResumptionAttemptedWithVariedEms.into()),
        // Made without it, and now it could be had: better a full handshake.
        (false, true) => return Ok(None),
        _ => {}
    }
    Ok(Some(Resumable12 {
        suite,
        group: session.group,
        secret: Secret::new(session.master_secret.0),
        chain: session.chain().map(|der| CertificateDer::from(der.to_vec())).collect(),
        application: session.application.0.into(),
    }))
}

/// The server name that a session is bound to; empty if there is none.
pub(crate) fn name_of(hello: &ClientHello) -> &[u8] {
    hello.server_name.as_ref().map_or("", |name| name.as_ref()).as_bytes()
}

#[cfg(test)]
mod tests {
    use core::time::Duration;

    use super::*;

    /// A session is resumed only in a present that is like its past: each row changes one thing.
    #[test]
    #[cfg(all(feature = "aws_lc_rs", feature = "std"))]
    fn each_thing_that_a_session_is_bound_to_is_checked() {
        use alloc::vec;

        use crate::config::testing::{CLIENT, at, provider};
        use crate::names::CipherSuite;
        use crate::wire::client_hello::tests::hello;
        use crate::wire::codec::{Opaque, Wire};
        use crate::wire::extensions::ext;
        use crate::wire::stored::{self, ServerSession};

        let provider = provider();
        let find = |name| provider.suites13().find(|suite| suite.common.suite == name).unwrap();
        let (aes128, aes256) = (CipherSuite::TLS13_AES_128_GCM_SHA256, CipherSuite::TLS13_AES_256_GCM_SHA384);
        let name = |text: &[u8]| {
            let len = text.len() as u8;
            (ext::server_name, [&[0, len + 3, 0, 0, len][..], text].concat())
        };
        let named = ClientHello::read(&hello(&[aes128], &[name(b"a.example")])).unwrap();
        let other = ClientHello::read(&hello(&[aes128], &[name(b"b.example")])).unwrap();
        let nameless = ClientHello::read(&hello(&[aes128], &[])).unwrap();
        // A day in 2030; the certificate is valid then.
        const DAY: u64 = 1_900_000_000;
        let chain = stored::encode_chain([CLIENT].into_iter());

        let good = || ServerSession {
            format: stored::FORMAT,
            version: ProtocolVersion::TLSv1_3,
            suite: aes128,
            secret: Opaque(&[9; 32]),
            age_add: 1,
            created: DAY,
            authenticated: DAY - 100,
            lifetime: 1000,
            server_name: Opaque(b"a.example"),
            alpn: Opaque(b""),
            transport: 0,
            early_data: 0,
            promise: Opaque(&[]),
            origin: Opaque(&[]),
            policy: Opaque(&[7; 32]),
            chain: Opaque(&chain),
            psk: Opaque(b""),
            psk_mark: Opaque(b""),
            application: Opaque(b"data"),
        };
        let now = |secs| at(secs);
        let present = |suite, hello, policy, secs| Present {
            suite: find(suite),
            suites: &provider.cipher_suites,
            hello,
            policy,
            quic_version: None,
            now: now(secs),
        };
        let usual = || present(aes128, &named, Some([7; 32]), DAY + 10);
        let bytes = |session: &ServerSession<'_>| {
            let mut out = vec![];
            session.write(&mut out);
            out
        };
        let resumed = resumable(&bytes(&good()), &usual()).unwrap();
        assert_eq!(resumed.secret.as_bytes(), [9; 32]);
        assert_eq!((resumed.chain.len(), resumed.chain[0].as_ref()), (1, CLIENT));
        assert_eq!(resumed.application.as_ref(), b"data");

        // Another present.
        let refuses = |what: &str, present: Present<'_>| {
            assert!(resumable(&bytes(&good()), &present).is_none(), "{what}");
        };
        refuses("another name", present(aes128, &other, Some([7; 32]), DAY + 10));
        refuses("no name", present(aes128, &nameless, Some([7; 32]), DAY + 10));
        refuses("another hash", present(aes256, &named, Some([7; 32]), DAY + 10));
        let chacha = CipherSuite::TLS13_CHACHA20_POLY1305_SHA256;
        let elsewhere = ClientHello::read(&hello(&[chacha], &[name(b"a.example")])).unwrap();
        refuses("a hello without its suite", present(chacha, &elsewhere, Some([7; 32]), DAY + 10));
        refuses("another policy", present(aes128, &named, Some([8; 32]), DAY + 10));
        refuses("no policy could be made", present(aes128, &named, None, DAY + 10));
        refuses("over", present(aes128, &named, Some([7; 32]), DAY + 1000));
        refuses("from the future", present(aes128, &named, Some([7; 32]), DAY - 1));
        refuses("over QUIC", Present { quic_version: Some(1), ..usual() });
        let without_suite = Present { suites: &[], ..usual() };
        refuses("its suite is switched off", without_suite);

        // Another past.
        let changed = |what: &str, change: &dyn Fn(&mut ServerSession<'_>)| {
            let mut session = good();
            change(&mut session);
            assert!(resumable(&bytes(&session), &usual()).is_none(), "{what}");
        };
        changed("another format", &|s| s.format += 1);
        changed("another version", &|s| s.version = ProtocolVersion::TLSv1_2);
        changed("a suite that nobody knows", &|s| s.suite = CipherSuite::from(0x1304));
        changed("made over QUIC", &|s| s.transport = 1);
        changed("no lifetime", &|s| s.lifetime = 0);
        changed("a chain that is none", &|s| s.chain = Opaque(&[0, 0, 1, 5]));
        changed("a policy of another length", &|s| s.policy = Opaque(&[7; 31]));
        let long = ServerSession { lifetime: u32::MAX, created: DAY - 604_800, ..good() };
        assert!(resumable(&bytes(&long), &usual()).is_none(), "seven days");
        changed("a full handshake a week ago", &|s| s.authenticated = DAY + 10 - 604_800);
        changed("a full handshake to come", &|s| s.authenticated = DAY + 11);
        // And every end that the bytes may have.
        let whole = bytes(&good());
        for len in 0..whole.len() {
            assert!(resumable(&whole[..len], &usual()).is_none(), "cut to {len}");
        }
        assert!(resumable(&[&whole[..], &[0]].concat(), &usual()).is_none(), "one byte more");
    }

    /// The same for TLS 1.2: each row changes one thing.
    #[test]
    #[cfg(all(feature = "aws_lc_rs", feature = "std"))]
    fn each_thing_that_a_session_of_tls12_is_bound_to_is_checked() {
        use alloc::vec;

        use crate::config::testing::{CLIENT, at, provider};
        use crate::names::CipherSuite;
        use crate::wire::client_hello::tests::hello;
        use crate::wire::codec::{Opaque, Wire};
        use crate::wire::extensions::ext;
        use crate::wire::stored;

        const SUITE: CipherSuite = CipherSuite::TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256;
        const OTHER: CipherSuite = CipherSuite::TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384;
        // A day in 2030; the certificate is valid then.
        const DAY: u64 = 1_900_000_000;
        let provider = provider();
        let name = |text: &[u8]| {
            let len = text.len() as u8;
            (ext::server_name, [&[0, len + 3, 0, 0, len][..], text].concat())
        };
        let named = ClientHello::read(&hello(&[OTHER, SUITE], &[name(b"a.example")])).unwrap();
        let other = ClientHello::read(&hello(&[SUITE], &[name(b"b.example")])).unwrap();
        let nameless = ClientHello::read(&hello(&[SUITE], &[])).unwrap();
        let elsewhere = ClientHello::read(&hello(&[OTHER], &[name(b"a.example")])).unwrap();
        let chain = stored::encode_chain([CLIENT].into_iter());
        let good = || ServerSession12 {
            format: stored::FORMAT12,
            version: ProtocolVersion::TLSv1_2,
            suite: SUITE,
            group: NamedGroup::X25519,
            master_secret: Opaque(&[9; 48]),
            ems: 1,
            created: DAY,
            lifetime: 1000,
            authenticated: DAY,
            server_name: Opaque(b"a.example"),
            alpn: Opaque(b""),
            policy: Opaque(&[7; 32]),
            chain: Opaque(&chain),
            application: Opaque(b"data"),
            session_id: Opaque(&[5; 32]),
        };
        let usual = || Present12 {
            suites: &provider.cipher_suites,
            hello: &named,
            ems: true,
            policy: Some([7; 32]),
            now: at(DAY + 10),
        };
        let bytes = |session: &ServerSession12<'_>| {
            let mut out = vec![];
            session.write(&mut out);
            out
        };
        let resumed = resumable12(&bytes(&good()), &usual()).unwrap().unwrap();
        assert_eq!((resumed.secret.as_bytes(), resumed.suite.common.suite), (&[9; 48][..], SUITE));
        assert_eq!(resumed.group, NamedGroup::X25519);
        assert_eq!((resumed.chain.len(), resumed.chain[0].as_ref()), (1, CLIENT));
        assert_eq!(resumed.application.as_ref(), b"data");

        // Another present.
        let refuses = |what: &str, present: Present12<'_>| {
            assert!(resumable12(&bytes(&good()), &present).unwrap().is_none(), "{what}");
        };
        refuses("another name", Present12 { hello: &other, ..usual() });
        refuses("no name", Present12 { hello: &nameless, ..usual() });
        refuses("a hello without its suite", Present12 { hello: &elsewhere, ..usual() });
        refuses("its suite is switched off", Present12 { suites: &[], ..usual() });
        refuses("another policy", Present12 { policy: Some([8; 32]), ..usual() });
        refuses("no policy could be made", Present12 { policy: None, ..usual() });
        refuses("over", Present12 { now: at(DAY + 1000), ..usual() });
        refuses("from the future", Present12 { now: at(DAY - 1), ..usual() });

        // RFC 7627 section 5.3.
        let varied = resumable12(&bytes(&good()), &Present12 { ems: false, ..usual() }).err();
        assert_eq!(varied, Some(PeerMisbehaved::ResumptionAttemptedWithVariedEms.into()));
        let plain = ServerSession12 { ems: 0, ..good() };
        assert!(resumable12(&bytes(&plain), &usual()).unwrap().is_none(), "it can be had now");
        let present = Present12 { ems: false, ..usual() };
        assert!(resumable12(&bytes(&plain), &present).unwrap().is_some(), "without it, as before");

        // Another past.
        let changed = |what: &str, change: &dyn Fn(&mut ServerSession12<'_>)| {
            let mut session = good();
            change(&mut session);
            assert!(resumable12(&bytes(&session), &usual()).unwrap().is_none(), "{what}");
        };
        changed("another format", &|s| s.format += 1);
        changed("another version", &|s| s.version = ProtocolVersion::TLSv1_3);
        changed("another suite", &|s| s.suite = CipherSuite::from(0xc013));
        changed("no lifetime", &|s| s.lifetime = 0);
        changed("a chain that is none", &|s| s.chain = Opaque(&[0, 0, 1, 5]));
        changed("seven days", &|s| (s.lifetime, s.created) = (u32::MAX, DAY + 10 - 604_800));
        let whole = bytes(&good());
        for len in 0..whole.len() {
            assert!(resumable12(&whole[..len], &usual()).unwrap().is_none(), "cut to {len}");
        }
    }

    #[test]
    fn sessions_die() {
        let at = |secs| UnixTime::since_unix_epoch(Duration::from_secs(secs));
        assert!(is_alive(1000, 100, at(1000)));
        assert!(is_alive(1000, 100, at(1099)));
        assert!(!is_alive(1000, 100, at(1100)), "over");
        assert!(!is_alive(1000, 100, at(999)), "the clock went backward");
        let week = 7 * 24 * 60 * 60;
        assert!(is_alive(1000, u32::MAX, at(1000 + week - 1)));
        assert!(!is_alive(1000, u32::MAX, at(1000 + week)), "seven days, whatever the session says");
    }
}
