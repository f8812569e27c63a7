//! Sessions kept for resumption: what a client keeps, and the traits of stores. `sessions/memory.rs` has bounded stores in memory.
//!
//! Nothing in here prints a secret, and what is forgotten is wiped.

#[cfg(any(feature = "std", feature = "hashbrown"))]
pub(crate) mod memory;

use alloc::sync::{Arc, Weak};
use alloc::vec::Vec;
use core::fmt;
use core::ops::Deref;

use pki_types::{CertificateDer, ServerName, UnixTime};

use super::chain_dates::{ChainDates, ReadDates};
use super::client::ClientConfig;
use super::psk::ExternalPsk;
use super::resolve::ResolvesClientCert;
use super::verify::ServerCertVerifier;
use crate::crypto::suites::{Tls12CipherSuite, Tls13CipherSuite};
use crate::names::{NamedGroup, ProtocolVersion, SessionId};
use crate::secret::Secret;

#[cfg(any(feature = "std", feature = "hashbrown"))]
pub use memory::{ClientSessionMemoryCache, ServerSessionMemoryCache};

/// No ticket is used for longer than seven days, whatever its maker says. RFC 8446 section 4.6.1.
pub(crate) const MAX_TICKET_LIFETIME: u32 = 7 * 24 * 60 * 60;

/// Keeps the sessions of a server. Keys and values are opaque bytes; the values are secret.
///
/// All methods are called from within handshakes, so they should not block for long.
pub trait StoresServerSessions: fmt::Debug + Send + Sync {
    /// Stores `value` under `key`, in place of what was there. Returns whether it was stored.
    fn put(&self, key: Vec<u8>, value: Vec<u8>) -> bool;

    /// Returns what is stored under `key`.
    ///
    /// A server looks at a session before it [takes](Self::take) it: who knows the name of one, which is no secret, but does not have it,
    /// shall not use it up for the one who has. rustls 0.23 takes those of TLS 1.3 at once.
    fn get(&self, key: &[u8]) -> Option<Vec<u8>>;

    /// Returns what is stored under `key`, and forgets it: of two callers only one may get it.
    fn take(&self, key: &[u8]) -> Option<Vec<u8>>;

    /// Says whether `put` may ever store something. If not, clients are not told that they could resume.
    fn can_cache(&self) -> bool;

    /// Says whether what [`Self::take`] has given out stays gone for good: for every process that uses this store, after a crash
    /// just before or after the answer, and after its data were restored from a copy.
    ///
    /// A server accepts early data (0-RTT) on such a store's sessions whichever config made them, so also on those from before a
    /// restart and those of other processes. If the promise does not hold, early data can be replayed for ten seconds after it
    /// was sent. By default it is not made, and only the config that made a session accepts early data on it. Not in rustls
    /// 0.23.
    fn is_durable(&self) -> bool {
        false
    }
}

/// Stores nothing.
#[derive(Debug)]
pub struct NoServerSessionStorage;

impl StoresServerSessions for NoServerSessionStorage {
    fn put(&self, _: Vec<u8>, _: Vec<u8>) -> bool {
        false
    }

    fn get(&self, _: &[u8]) -> Option<Vec<u8>> {
        None
    }

    fn take(&self, _: &[u8]) -> Option<Vec<u8>> {
        None
    }

    fn can_cache(&self) -> bool {
        false
    }
}

/// Keeps the sessions of a client, by the name of the server.
///
/// All methods are called from within handshakes, so they should not block for long.
pub trait ClientSessionStore: fmt::Debug + Send + Sync {
    /// Remembers which group `server_name` chose, so that the next hello guesses right.
    fn set_kx_hint(&self, server_name: ServerName<'static>, group: NamedGroup);

    /// Returns the group remembered for `server_name`.
    fn kx_hint(&self, server_name: &ServerName<'_>) -> Option<NamedGroup>;

    /// Stores the TLS 1.2 session with `server_name`; there is at most one.
    fn set_tls12_session(&self, server_name: ServerName<'static>, value: Tls12ClientSessionValue);

    /// Returns the TLS 1.2 session with `server_name`.
    fn tls12_session(&self, server_name: &ServerName<'_>) -> Option<Tls12ClientSessionValue>;

    /// Forgets the TLS 1.2 session with `server_name`.
    fn remove_tls12_session(&self, server_name: &ServerName<'static>);

    /// Stores one more TLS 1.3 ticket of `server_name`. Older ones may be forgotten for it.
    fn insert_tls13_ticket(&self, server_name: ServerName<'static>, value: Tls13ClientSessionValue);

    /// Returns a ticket of `server_name` and forgets it: a ticket is used once, so that connections cannot be linked by
    /// it (RFC 8446 appendix C.4).
    fn take_tls13_ticket(&self, server_name: &ServerName<'static>) -> Option<Tls13ClientSessionValue>;
}

/// Stores nothing.
#[derive(Debug)]
pub(crate) struct NoClientSessionStorage;

impl ClientSessionStore for NoClientSessionStorage {
    fn set_kx_hint(&self, _: ServerName<'static>, _: NamedGroup) {}

    fn kx_hint(&self, _: &ServerName<'_>) -> Option<NamedGroup> {
        None
    }

    fn set_tls12_session(&self, _: ServerName<'static>, _: Tls12ClientSessionValue) {}

    fn tls12_session(&self, _: &ServerName<'_>) -> Option<Tls12ClientSessionValue> {
        None
    }

    fn remove_tls12_session(&self, _: &ServerName<'static>) {}

    fn insert_tls13_ticket(&self, _: ServerName<'static>, _: Tls13ClientSessionValue) {}

    fn take_tls13_ticket(&self, _: &ServerName<'static>) -> Option<Tls13ClientSessionValue> {
        None
    }
}

/// What a client keeps of a session of either version.
pub struct ClientSessionCommon {
    pub(crate) ticket: Arc<[u8]>,
    pub(crate) secret: Secret,
    pub(crate) obtained_at: UnixTime,
    pub(crate) lifetime_secs: u32,
    /// When the full handshake was that the session goes back to. A ticket for a ticket does not make it later.
    authenticated_at: UnixTime,
    dates: ReadDates,
    /// The chain the server showed in the full handshake. A resumed connection gives it back and checks its dates again.
    pub(crate) server_chain: Arc<[CertificateDer<'static>]>,
    pub(crate) binding: SessionBinding,
}

/// What a session that a resumed connection makes takes over of the one that was resumed.
#[derive(Clone, Copy, Debug)]
pub(crate) struct GoesBack {
    /// To a full handshake at this time.
    at: UnixTime,
    /// To a chain with these dates; `None`: nobody has looked.
    dates: Option<ChainDates>,
}

impl GoesBack {
    pub(crate) fn to(at: UnixTime) -> Self {
        Self { at, dates: None }
    }
}

/// Who accepted the server of a session, and as whom the client appeared there.
///
/// Weak, so that a store does not keep a config's parts alive; and a weak reference still reserves the address, so that
/// nothing new can be mistaken for what is gone.
#[derive(Clone)]
pub(crate) struct SessionBinding {
    verifier: Weak<dyn ServerCertVerifier>,
    client_auth: Weak<dyn ResolvesClientCert>,
}

impl SessionBinding {
    pub(crate) fn to(config: &ClientConfig) -> Self {
        Self {
            verifier: Arc::downgrade(&config.verifier),
            client_auth: Arc::downgrade(&config.client_auth_cert_resolver),
        }
    }

    fn fits(&self, config: &ClientConfig) -> bool {
        // By their addresses: a weak reference of now, to compare with, would be counted and given back.
        core::ptr::addr_eq(self.verifier.as_ptr(), Arc::as_ptr(&config.verifier))
            && core::ptr::addr_eq(self.client_auth.as_ptr(), Arc::as_ptr(&config.client_auth_cert_resolver))
    }
}

impl ClientSessionCommon {
    /// How old the session is, or `None` if the clock says it is from the future.
    pub(crate) fn age_secs(&self, now: UnixTime) -> Option<u64> {
        now.as_secs().checked_sub(self.obtained_at.as_secs())
    }

    /// When the server's certificates are valid.
    pub(crate) fn dates(&self) -> ChainDates {
        self.dates.of(&self.server_chain)
    }

    /// For the sessions that a connection makes which resumes this one.
    pub(crate) fn goes_back(&self) -> GoesBack {
        GoesBack { at: self.authenticated_at, dates: self.dates.so_far() }
    }

    /// Says whether the session must not be used any more. If the clock went backward its age is not known, and that is
    /// too old.
    pub(crate) fn expired_at(&self, now: UnixTime) -> bool {
        let lifetime = u64::from(self.lifetime_secs.min(MAX_TICKET_LIFETIME));
        let authentication = now.as_secs().checked_sub(self.authenticated_at.as_secs());
        self.age_secs(now).is_none_or(|age| age >= lifetime)
            || authentication.is_none_or(|age| age >= u64::from(MAX_TICKET_LIFETIME))
    }
}

/// A TLS 1.3 session that a client may resume. Opaque but for what QUIC needs.
pub struct Tls13ClientSessionValue {
    pub(crate) suite: &'static Tls13CipherSuite,
    pub(crate) age_add: u32,
    pub(crate) max_early_data_size: u32,
    /// The protocol that was agreed on; empty if there was none. Early data is written in it.
    pub(crate) alpn: Vec<u8>,
    pub(crate) quic_params: Vec<u8>,
    /// The version of QUIC that it was made over; `None` for records.
    pub(crate) quic_version: Option<u32>,
    across_names: bool,
    /// The external key that authenticated the server in the full handshake; `None` if a certificate did.
    pub(crate) psk: Option<ExternalPsk>,
    pub(crate) common: ClientSessionCommon,
}

impl Tls13ClientSessionValue {
    /// A session that a NewSessionTicket message made. RFC 8446 section 4.6.1.
    #[allow(clippy::too_many_arguments)] // It is what the message, the schedule and the connection each know of a session.
    pub(crate) fn new(
        suite: &'static Tls13CipherSuite,
        ticket: &[u8],
        secret: Secret,
        age_add: u32,
        lifetime_secs: u32,
        max_early_data_size: u32,
        obtained_at: UnixTime,
        server_chain: Arc<[CertificateDer<'static>]>,
        binding: SessionBinding,
    ) -> Self {
        let ticket = Arc::from(ticket);
        let authenticated_at = obtained_at;
        let common = ClientSessionCommon {
            ticket,
            secret,
            obtained_at,
            lifetime_secs,
            authenticated_at,
            dates: ReadDates::default(),
            server_chain,
            binding,
        };
        Self {
            suite,
            age_add,
            max_early_data_size,
            alpn: Vec::new(),
            quic_params: Vec::new(),
            quic_version: None,
            across_names: false,
            psk: None,
            common,
        }
    }

    /// The same session, made by a connection that speaks this protocol.
    pub(crate) fn speaking(&mut self, alpn: Option<Vec<u8>>) -> &mut Self {
        self.alpn = alpn.unwrap_or_default();
        self
    }

    /// The same session, made over this version of QUIC by a server with these transport parameters.
    pub(crate) fn over_quic(&mut self, version: Option<u32>, parameters: &[u8]) -> &mut Self {
        self.quic_version = version;
        self.set_quic_params(parameters);
        self
    }

    /// The same session, with what the server says of its other names.
    pub(crate) fn resumable_across(&mut self, names: bool) -> &mut Self {
        self.across_names = names;
        self
    }

    /// The same session, made by a connection that goes back to an external key.
    pub(crate) fn proven_by(&mut self, psk: Option<ExternalPsk>) -> &mut Self {
        self.psk = psk;
        self
    }

    /// The same session, made by a connection that was a resumption itself.
    pub(crate) fn going_back_to(&mut self, resumed: Option<GoesBack>) -> &mut Self {
        if let Some(GoesBack { at, dates }) = resumed {
            (self.common.authenticated_at, self.common.dates) = (at, ReadDates::known(dates));
        }
        self
    }

    /// Returns how much early data the server accepts on this session; zero if none.
    pub fn max_early_data_size(&self) -> u32 {
        self.max_early_data_size
    }

    /// Says whether the server takes the session for other names, too, if its certificate is valid for them
    /// (draft-ietf-tls-cross-sni-resumption). Not in rustls 0.23.
    ///
    /// Nothing is made of it here: a store gets and gives sessions by name.
    pub fn resumable_across_names(&self) -> bool {
        self.across_names
    }

    /// Returns the suite of the connection that made the session.
    pub fn suite(&self) -> &'static Tls13CipherSuite {
        self.suite
    }

    /// Keeps the server's QUIC transport parameters with the session, RFC 9001 section 4.6.
    pub fn set_quic_params(&mut self, quic_params: &[u8]) {
        self.quic_params = quic_params.to_vec();
    }

    /// Returns what [`Self::set_quic_params`] kept.
    pub fn quic_params(&self) -> Vec<u8> {
        self.quic_params.clone()
    }

    /// Makes the session seem older, for tests.
    #[doc(hidden)]
    pub fn rewind_epoch(&mut self, delta: u32) {
        for time in [&mut self.common.obtained_at, &mut self.common.authenticated_at] {
            let secs = time.as_secs().saturating_sub(u64::from(delta));
            *time = UnixTime::since_unix_epoch(core::time::Duration::from_secs(secs));
        }
    }

    /// Changes the early-data limit, for tests.
    #[doc(hidden)]
    pub fn _private_set_max_early_data_size(&mut self, new: u32) {
        self.max_early_data_size = new;
    }

    /// Says whether `config` may offer this session: the same verifier accepted the server, the client would appear with
    /// the same credential, and a suite of the session's hash is still enabled.
    pub(crate) fn fits(&self, config: &ClientConfig) -> bool {
        let hash = |suite: &Tls13CipherSuite| suite.common.hash_provider.algorithm();
        config.versions.contains(ProtocolVersion::TLSv1_3)
            && self.common.binding.fits(config)
            && config.provider.suites13().any(|suite| hash(suite) == hash(self.suite))
    }

    /// Says whether `config` may send early data on this session: the server takes some, and would choose the same suite. RFC 8446
    /// section 4.2.10.
    pub(crate) fn takes_early_data(&self, config: &ClientConfig) -> bool {
        config.enable_early_data && self.max_early_data_size > 0 && self.enabled_suite(config).is_some()
    }

    /// Could the server choose the protocol of this session again, if these are offered?
    pub(crate) fn agrees_with(&self, protocols: &[Vec<u8>]) -> bool {
        self.alpn.is_empty() || protocols.contains(&self.alpn)
    }

    /// The very suite of the session, as `config` has it.
    pub(crate) fn enabled_suite(&self, config: &ClientConfig) -> Option<&'static Tls13CipherSuite> {
        config.provider.suites13().find(|suite| suite.common.suite == self.suite.common.suite)
    }

    /// The age as the ticket extension wants it: in milliseconds, plus `age_add`. RFC 8446 section 4.2.11.1.
    pub(crate) fn obfuscated_age(&self, now: UnixTime) -> Option<u32> {
        let millis = u32::try_from(self.common.age_secs(now)?.checked_mul(1000)?).ok()?;
        Some(millis.wrapping_add(self.age_add))
    }
}

impl Deref for Tls13ClientSessionValue {
    type Target = ClientSessionCommon;

    fn deref(&self) -> &Self::Target {
        &self.common
    }
}

impl fmt::Debug for Tls13ClientSessionValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The ticket and the secret together resume the session: neither is printed.
        f.debug_struct("Tls13ClientSessionValue")
            .field("suite", &self.suite.common.suite)
            .field("obtained_at", &self.common.obtained_at)
            .field("lifetime_secs", &self.common.lifetime_secs)
            .finish_non_exhaustive()
    }
}

/// A TLS 1.2 session that a client may resume. Opaque.
#[derive(Clone)]
pub struct Tls12ClientSessionValue {
    suite: &'static Tls12CipherSuite,
    group: NamedGroup,
    session_id: SessionId,
    ems: bool,
    common: Arc<ClientSessionCommon>,
}

impl Tls12ClientSessionValue {
    /// A session that a handshake made. `lifetime_secs` is zero if the server did not say.
    #[allow(clippy::too_many_arguments)] // It is what the messages, the schedule and the connection each know of a session.
    pub(crate) fn new(
        suite: &'static Tls12CipherSuite,
        group: NamedGroup,
        session_id: SessionId,
        ticket: Arc<[u8]>,
        master_secret: Secret,
        ems: bool,
        lifetime_secs: u32,
        obtained_at: UnixTime,
        resumed: Option<GoesBack>,
        server_chain: Arc<[CertificateDer<'static>]>,
        binding: SessionBinding,
    ) -> Self {
        // A server that says nothing leaves it to us. RFC 5246 section F.1.4 suggests a day at most.
        let lifetime_secs = if lifetime_secs == 0 { UNSAID_LIFETIME } else { lifetime_secs };
        let common = ClientSessionCommon {
            ticket,
            secret: master_secret,
            obtained_at,
            lifetime_secs,
            authenticated_at: resumed.map_or(obtained_at, |resumed| resumed.at),
            dates: ReadDates::known(resumed.and_then(|resumed| resumed.dates)),
            server_chain,
            binding,
        };
        Self { suite, group, session_id, ems, common: Arc::new(common) }
    }

    pub(crate) fn suite(&self) -> &'static Tls12CipherSuite {
        self.suite
    }

    /// Of the key exchange that made the session.
    pub(crate) fn group(&self) -> NamedGroup {
        self.group
    }

    pub(crate) fn session_id(&self) -> &SessionId {
        &self.session_id
    }

    pub(crate) fn ems(&self) -> bool {
        self.ems
    }

    /// Says whether `config` may offer this session: as for TLS 1.3, and with the very suite, and with the extended master
    /// secret if that is required.
    pub(crate) fn fits(&self, config: &ClientConfig) -> bool {
        config.versions.contains(ProtocolVersion::TLSv1_2)
            && self.common.binding.fits(config)
            && (self.ems || !config.require_ems)
            && config.provider.suites12().any(|suite| suite.common.suite == self.suite.common.suite)
    }
}

/// How long a TLS 1.2 session is kept whose server did not say.
const UNSAID_LIFETIME: u32 = 24 * 60 * 60;

impl Deref for Tls12ClientSessionValue {
    type Target = ClientSessionCommon;

    fn deref(&self) -> &Self::Target {
        &self.common
    }
}

impl fmt::Debug for Tls12ClientSessionValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tls12ClientSessionValue").finish_non_exhaustive()
    }
}

#[cfg(test)]
#[cfg(all(feature = "aws_lc_rs", feature = "std"))]
mod tests {
    use alloc::format;
    use alloc::vec;

    use super::*;
    use crate::config::client::Resumption;
    use crate::config::testing::{CLIENT, CLIENT_KEY, anchors, at, chain, key, provider};
    use crate::error::Error;
    use crate::names::CipherSuite;

    fn config() -> ClientConfig {
        ClientConfig::builder_with_provider(provider())
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_root_certificates(anchors(&["root"]))
            .with_no_client_auth()
    }

    /// A session of `config`, made at the second 1,000,000, with a number to tell it by.
    fn session(config: &ClientConfig, number: u8) -> Tls13ClientSessionValue {
        let suite = config.provider.suites13().next().unwrap();
        Tls13ClientSessionValue::new(
            suite,
            &[number],
            Secret::new(&[0xA5; 32]),
            0xFFFF_FFFF,
            3600,
            0,
            at(1_000_000),
            Arc::default(),
            SessionBinding::to(config),
        )
    }

    fn name(n: u32) -> ServerName<'static> {
        ServerName::try_from(format!("host{n}.example")).unwrap()
    }

    #[test]
    fn a_ticket_is_given_out_once_and_the_newest_first() {
        let (config, store) = (config(), ClientSessionMemoryCache::new(64));
        for n in 0..20 {
            store.insert_tls13_ticket(name(1), session(&config, n));
        }
        let taken: Vec<u8> = core::iter::from_fn(|| store.take_tls13_ticket(&name(1)))
            .map(|session| session.ticket[0])
            .collect();
        assert_eq!(taken, [19, 18, 17, 16, 15, 14, 13, 12], "eight for one server");
        assert!(store.take_tls13_ticket(&name(2)).is_none());
    }

    #[test]
    fn the_client_store_forgets_servers_not_heard_of_for_longest() {
        let (config, store) = (config(), ClientSessionMemoryCache::new(3 * 8));
        for n in 0..3 {
            store.insert_tls13_ticket(name(n), session(&config, 0));
            store.set_kx_hint(name(n), NamedGroup::X25519);
        }
        store.set_kx_hint(name(0), NamedGroup::secp256r1);
        store.set_kx_hint(name(3), NamedGroup::X25519);
        assert_eq!(store.kx_hint(&name(0)), Some(NamedGroup::secp256r1));
        assert_eq!(store.kx_hint(&name(1)), None);
        assert!(store.take_tls13_ticket(&name(1)).is_none());
        assert!(store.take_tls13_ticket(&name(0)).is_some());
        assert!(store.take_tls13_ticket(&name(2)).is_some());
    }

    #[test]
    fn stores_of_size_zero_keep_nothing() {
        let (config, client) = (config(), ClientSessionMemoryCache::new(0));
        client.insert_tls13_ticket(name(1), session(&config, 0));
        assert!(client.take_tls13_ticket(&name(1)).is_none());
        let server = ServerSessionMemoryCache::new(0);
        assert!(!server.put(vec![1], vec![2]));
        assert_eq!(server.get(&[1]), None);
    }

    #[test]
    fn the_server_store_is_bounded_and_take_takes() {
        let store = ServerSessionMemoryCache::new(4);
        for n in 0..6 {
            assert!(store.put(vec![n], vec![n, n]));
        }
        assert_eq!((store.get(&[0]), store.get(&[1]), store.get(&[2])), (None, None, Some(vec![2, 2])));
        assert_eq!(store.take(&[5]), Some(vec![5, 5]));
        assert_eq!((store.take(&[5]), store.get(&[5])), (None, None));
        assert!(store.put(vec![2], vec![9]));
        assert_eq!(store.get(&[2]), Some(vec![9]));
    }

    #[test]
    fn a_poisoned_store_is_an_empty_one() {
        let config = config();
        let server = ServerSessionMemoryCache::new(4);
        assert!(server.put(vec![1], vec![2]));
        server.poison();
        assert!(!server.put(vec![1], vec![2]));
        assert_eq!((server.get(&[1]), server.take(&[1])), (None, None));

        let client = ClientSessionMemoryCache::new(64);
        client.insert_tls13_ticket(name(1), session(&config, 0));
        client.poison();
        client.insert_tls13_ticket(name(1), session(&config, 0));
        client.set_kx_hint(name(1), NamedGroup::X25519);
        client.remove_tls12_session(&name(1));
        assert!(client.take_tls13_ticket(&name(1)).is_none());
        assert!(client.kx_hint(&name(1)).is_none() && client.tls12_session(&name(1)).is_none());
        assert!(format!("{server:?} {client:?}").contains("None"));
    }

    #[test]
    fn a_session_expires_at_its_lifetime_at_seven_days_and_when_the_clock_went_back() {
        let config = config();
        let usable = |lifetime, now| {
            let mut session = session(&config, 0);
            session.common.lifetime_secs = lifetime;
            !session.expired_at(at(now))
        };
        const T: u64 = 1_000_000;
        assert!(usable(3600, T) && usable(3600, T + 3599) && !usable(3600, T + 3600));
        assert!(usable(u32::MAX, T + 604_799) && !usable(u32::MAX, T + 604_800));
        assert!(!usable(3600, T - 1));
        assert!(!usable(0, T));
    }

    #[test]
    fn the_obfuscated_age_wraps() {
        let config = config();
        // age_add is 2^32 - 1: two seconds are 2000 ms, and 2000 - 1 after the wrap.
        assert_eq!(session(&config, 0).obfuscated_age(at(1_000_002)), Some(1999));
        assert_eq!(session(&config, 0).obfuscated_age(at(999_999)), None);
    }

    #[test]
    fn a_session_fits_only_the_verifier_and_the_credential_that_made_it() {
        let made_by = config();
        let session = session(&made_by, 0);
        assert!(session.fits(&made_by) && session.fits(&made_by.clone()));
        assert!(!session.fits(&config()), "an equal config, but another verifier object");

        let mut other_verifier = made_by.clone();
        other_verifier.dangerous().set_certificate_verifier(config().verifier);
        assert!(!session.fits(&other_verifier));

        let mut other_credential = made_by.clone();
        other_credential.client_auth_cert_resolver = ClientConfig::builder_with_provider(provider())
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_root_certificates(anchors(&["root"]))
            .with_client_auth_cert(chain(CLIENT), key(CLIENT_KEY))
            .unwrap()
            .client_auth_cert_resolver;
        assert!(!session.fits(&other_credential));
        drop(made_by);
        assert!(!session.fits(&config()), "an address is not taken again while a session remembers it");
    }

    #[test]
    fn a_session_fits_only_where_its_hash_is_enabled() -> Result<(), Error> {
        let made_by = config();
        let of = |suite| {
            let suite = made_by.provider.suites13().find(|s| s.common.suite == suite).unwrap();
            Tls13ClientSessionValue { suite, ..session(&made_by, 0) }
        };
        let mut only_sha256 = made_by.clone();
        let mut provider = (*provider()).clone();
        provider.cipher_suites.retain(|suite| suite.suite() == CipherSuite::TLS13_CHACHA20_POLY1305_SHA256);
        only_sha256.provider = Arc::new(provider);
        assert!(of(CipherSuite::TLS13_AES_128_GCM_SHA256).fits(&only_sha256));
        assert!(!of(CipherSuite::TLS13_AES_256_GCM_SHA384).fits(&only_sha256));
        Ok(())
    }

    #[test]
    fn printing_sessions_and_stores_shows_no_secret() {
        let config = config();
        let store = ClientSessionMemoryCache::new(8);
        store.insert_tls13_ticket(name(7), session(&config, 0x5A));
        let server = ServerSessionMemoryCache::new(4);
        server.put(vec![0x5A; 4], vec![0xA5; 32]);
        let shown = format!("{:?} {store:?} {server:?} {:?}", session(&config, 0x5A), Resumption::default());
        for secret in ["165", "a5", "A5", "90", "5a", "5A", "host7"] {
            assert!(!shown.contains(secret), "{secret} in {shown}");
        }
    }

    #[test]
    fn storage_that_stores_nothing_says_so() {
        assert!(!NoServerSessionStorage.can_cache() && !NoServerSessionStorage.put(vec![1], vec![1]));
        assert_eq!((NoServerSessionStorage.get(&[1]), NoServerSessionStorage.take(&[1])), (None, None));
        let resumption = Resumption::disabled();
        resumption.store.insert_tls13_ticket(name(1), session(&config(), 0));
        assert!(resumption.store.take_tls13_ticket(&name(1)).is_none());
    }
}
