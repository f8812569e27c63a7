//! What fails under us: randomness, clocks, locks, and the objects that an application provides. A typed error each, never a
//! panic and never a weaker handshake.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use chitin::HandshakeKind::{Full, Resumed};
use chitin::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use chitin::client::{
    ClientSessionStore, ResolvesClientCert, Resumption, Tls12ClientSessionValue, Tls13ClientSessionValue,
};
use chitin::crypto::{GetRandomFailed, SecureRandom};
use chitin::pki_types::{CertificateDer, ServerName, UnixTime};
use chitin::server::danger::{ClientCertVerified, ClientCertVerifier};
use chitin::server::{ClientHello, ProducesTickets, ResolvesServerCert, StoresServerSessions};
use chitin::sign::{CertifiedKey, Signer, SigningKey};
use chitin::time_provider::TimeProvider;
use chitin::trace::{Event, Trace};
use chitin::{
    ClientConfig, ClientConnection, DigitallySignedStruct, DistinguishedName, Error, KeyLog, NamedGroup,
    RecordPadding, ServerConfig, ServerConnection, SignatureAlgorithm, SignatureScheme,
};
use testkit::pair::{Pair, Side};
use testkit::provided;

use crate::common::*;

/// Fails at one draw.
#[derive(Debug)]
struct FailingAt {
    draws: AtomicUsize,
    fail: AtomicUsize,
}

impl SecureRandom for FailingAt {
    fn fill(&self, buf: &mut [u8]) -> Result<(), GetRandomFailed> {
        match self.draws.fetch_add(1, Ordering::SeqCst) == self.fail.load(Ordering::SeqCst) {
            true => Err(GetRandomFailed),
            false => provided::default_provider().secure_random.fill(buf),
        }
    }
}

#[test]
fn a_failing_random_generator_is_a_typed_error() {
    let random: &'static FailingAt =
        Box::leak(Box::new(FailingAt { draws: AtomicUsize::new(0), fail: AtomicUsize::new(usize::MAX) }));
    let provider = || {
        let mut provider = provided::default_provider();
        provider.secure_random = random;
        provider
    };
    let client = || Arc::new(client_of(Arc::new(provider())));
    let server = |groups: bool| {
        let mut provider = provider();
        if groups {
            provider.kx_groups.retain(|group| group.name() == NamedGroup::secp384r1);
        }
        let mut config = server_of(Arc::new(provider));
        config.ticketer = provided::ticketer();
        // What the usual two need is drawn with the hello's random.
        config.send_tls13_tickets = 3;
        Arc::new(config)
    };
    // One connection from the beginning to the end, with a retry and tickets or resumed.
    let run = |client: &Arc<ClientConfig>, server: &Arc<ServerConfig>| -> Result<(), Error> {
        let name = ServerName::try_from("localhost").unwrap();
        let client = ClientConnection::new(client.clone(), name)?;
        let mut pair = Pair::of(client, ServerConnection::new(server.clone())?);
        pair.handshake().map_err(|failed| failed.error)
    };
    for retry in [false, true] {
        for resumed in [false, true] {
            let fresh = || {
                random.fail.store(usize::MAX, Ordering::SeqCst);
                let (client, server) = (client(), server(retry));
                if resumed {
                    run(&client, &server).unwrap();
                }
                random.draws.store(0, Ordering::SeqCst);
                (client, server)
            };
            let (client, server) = fresh();
            run(&client, &server).unwrap();
            let draws = random.draws.load(Ordering::SeqCst);
            let tickets = 1;
            // Client hello, server hello, the third ticket; and a cookie if there is a retry, which a resumption's hint avoids.
            assert_eq!(draws, 3 + usize::from(retry && !resumed));
            for n in 0..draws {
                let (client, server) = fresh();
                random.fail.store(n, Ordering::SeqCst);
                // Without a ticket the connection is as good as with one.
                let expected = match n < draws - tickets {
                    true => Err(Error::FailedToGetRandomBytes),
                    false => Ok(()),
                };
                assert_eq!(run(&client, &server), expected, "draw {n} of {draws}");
            }
        }
    }
}

#[test]
fn a_missing_clock_is_a_typed_error() {
    for (client_stops, server_stops) in [(true, false), (false, true)] {
        let (ours, theirs) = (Clock::at(DAY), Clock::at(DAY));
        let mut client = client_with_cert();
        let mut server = server_asking(required(roots()));
        client.time_provider = ours.clone();
        server.time_provider = theirs.clone();
        let (client, server) = (Arc::new(client), Arc::new(server));
        // With a session and without.
        for with_session in [false, true] {
            if with_session {
                ours.set(DAY);
                theirs.set(DAY);
                shake(&client, &server);
            }
            if client_stops {
                ours.stop();
            }
            if server_stops {
                theirs.stop();
            }
            let name = ServerName::try_from("localhost").unwrap();
            let error = match ClientConnection::new(client.clone(), name) {
                Err(error) => error,
                Ok(conn) => {
                    let server = ServerConnection::new(server.clone()).unwrap();
                    Pair::of(conn, server).settle().unwrap_err().error
                }
            };
            assert_eq!(error, Error::FailedToGetCurrentTime);
        }
    }
}

/// The same config with one difference.
fn but<T>(mut config: T, change: impl FnOnce(&mut T)) -> T {
    change(&mut config);
    config
}

/// A clock that gives the time so many times.
#[derive(Debug)]
pub struct RunsDown(AtomicUsize);

impl RunsDown {
    pub fn after(times: usize) -> Arc<Self> {
        Arc::new(Self(AtomicUsize::new(times)))
    }
}

impl TimeProvider for RunsDown {
    fn current_time(&self) -> Option<UnixTime> {
        let left = self.0.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(1));
        left.ok().map(|_| UnixTime::since_unix_epoch(std::time::Duration::from_secs(DAY)))
    }
}

#[test]
fn a_clock_that_stops_after_the_handshake_costs_the_tickets_only() {
    /// How many tickets the client got, and whether the next handshake resumes.
    fn run(client: ClientConfig, server: ServerConfig) -> (u32, bool) {
        let (client, server) = (Arc::new(client), Arc::new(server));
        let mut pair = shake(&client, &server);
        let got = pair.client.tls13_tickets_received();
        assert_eq!(pair.send(Side::Client, b"still here").unwrap(), b"still here");
        assert_eq!(pair.send(Side::Server, b"so am I").unwrap(), b"so am I");
        let again = but((*server).clone(), |config| config.time_provider = Clock::at(DAY));
        let client = but((*client).clone(), |config| config.time_provider = Clock::at(DAY));
        (got, kind(&Arc::new(client), &Arc::new(again)) == Resumed)
    }
    let with = |ours: Arc<dyn TimeProvider>, theirs: Arc<dyn TimeProvider>| {
        let client = but(client(), |config| config.time_provider = ours);
        let server = but(server_with_tickets(), |config| config.time_provider = theirs);
        run(client, server)
    };
    // The server looks at its clock once, for all tickets.
    assert_eq!(with(Clock::at(DAY), RunsDown::after(0)), (0, false));
    assert_eq!(with(Clock::at(DAY), RunsDown::after(1)), (2, true));
    // The client once for the certificates, and then for each ticket: one of unknown age is not kept.
    assert_eq!(with(RunsDown::after(1), Clock::at(DAY)), (2, false));
    assert_eq!(with(RunsDown::after(2), Clock::at(DAY)), (2, true));
}

#[test]
fn a_backward_clock_makes_no_session_live_longer() {
    // After the sessions were made the clock goes back by an hour, for one side or the other: nobody knows how old they are.
    for side in [Side::Client, Side::Server] {
        for tickets in [true, false] {
            let (ours, theirs) = (Clock::at(DAY), Clock::at(DAY));
            let mut client = client();
            let mut server = if tickets { server_with_tickets() } else { server() };
            client.time_provider = ours.clone();
            server.time_provider = theirs.clone();
            let (client, server) = (Arc::new(client), Arc::new(server));
            assert_eq!(kind(&client, &server), Full);
            match side {
                Side::Client => ours.set(DAY - 3600),
                Side::Server => theirs.set(DAY - 3600),
            }
            assert_eq!(kind(&client, &server), Full, "{side:?}, tickets {tickets}");
            // From then on it is consistent again.
            assert_eq!(kind(&client, &server), Resumed, "{side:?}, tickets {tickets}");
        }
    }
    // And before the certificates: refused, with the time in the error.
    let mut client = client();
    client.time_provider = Clock::at(1_000_000_000);
    let failed = failure(client, server());
    assert!(format!("{:?}", failed.error).contains("NotValidYet"), "{:?}", failed.error);
}

/// One object that panics, whatever it is asked.
#[derive(Debug, Clone)]
struct Panics(On);

/// At which method.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum On {
    Always,
    Signing,
    /// Of a verifier: not the chain, but the signature.
    Signature,
    Storing,
}

impl ResolvesServerCert for Panics {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        panic!("resolver")
    }
}

impl ResolvesClientCert for Panics {
    fn resolve(&self, _: &[&[u8]], _: &[SignatureScheme]) -> Option<Arc<CertifiedKey>> {
        panic!("client resolver")
    }

    fn has_certs(&self) -> bool {
        true
    }
}

impl ServerCertVerifier for Panics {
    fn verify_server_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        assert_eq!(self.0, On::Signature, "verifier");
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        panic!("verifier")
    }

    fn verify_tls13_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        panic!("signature")
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        provided::default_provider().signature_verification_algorithms.supported_schemes()
    }
}

impl ClientCertVerifier for Panics {
    fn root_hint_subjects(&self) -> &[DistinguishedName] {
        &[]
    }

    fn verify_client_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: UnixTime,
    ) -> Result<ClientCertVerified, Error> {
        assert_eq!(self.0, On::Signature, "client verifier");
        Ok(ClientCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        panic!("client verifier")
    }

    fn verify_tls13_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        panic!("client signature")
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        provided::default_provider().signature_verification_algorithms.supported_schemes()
    }
}

impl SigningKey for Panics {
    fn choose_scheme(&self, offered: &[SignatureScheme]) -> Option<Box<dyn Signer>> {
        assert_eq!(self.0, On::Signing, "choice of a scheme");
        offered.contains(&SignatureScheme::ED25519).then(|| Box::new(self.clone()) as Box<dyn Signer>)
    }

    fn algorithm(&self) -> SignatureAlgorithm {
        SignatureAlgorithm::ED25519
    }
}

impl Signer for Panics {
    fn sign(&self, _: &[u8]) -> Result<Vec<u8>, Error> {
        panic!("signer")
    }

    fn scheme(&self) -> SignatureScheme {
        SignatureScheme::ED25519
    }
}

impl ProducesTickets for Panics {
    fn enabled(&self) -> bool {
        true
    }

    fn lifetime(&self) -> u32 {
        1000
    }

    fn encrypt(&self, _: &[u8]) -> Option<Vec<u8>> {
        panic!("ticketer")
    }

    fn decrypt(&self, _: &[u8]) -> Option<Vec<u8>> {
        panic!("ticketer")
    }
}

impl StoresServerSessions for Panics {
    fn put(&self, _: Vec<u8>, _: Vec<u8>) -> bool {
        panic!("store")
    }

    fn get(&self, _: &[u8]) -> Option<Vec<u8>> {
        panic!("store")
    }

    fn take(&self, _: &[u8]) -> Option<Vec<u8>> {
        panic!("store")
    }

    fn can_cache(&self) -> bool {
        true
    }
}

impl ClientSessionStore for Panics {
    fn set_kx_hint(&self, _: ServerName<'static>, _: NamedGroup) {}

    fn kx_hint(&self, _: &ServerName<'_>) -> Option<NamedGroup> {
        None
    }

    fn set_tls12_session(&self, _: ServerName<'static>, _: Tls12ClientSessionValue) {}

    fn tls12_session(&self, _: &ServerName<'_>) -> Option<Tls12ClientSessionValue> {
        None
    }

    fn remove_tls12_session(&self, _: &ServerName<'static>) {}

    fn insert_tls13_ticket(&self, _: ServerName<'static>, _: Tls13ClientSessionValue) {
        assert_ne!(self.0, On::Storing, "client store");
    }

    fn take_tls13_ticket(&self, _: &ServerName<'static>) -> Option<Tls13ClientSessionValue> {
        assert_ne!(self.0, On::Always, "client store");
        None
    }
}

impl KeyLog for Panics {
    fn log(&self, _: &str, _: &[u8], _: &[u8]) {
        panic!("key log")
    }
}

impl TimeProvider for Panics {
    fn current_time(&self) -> Option<UnixTime> {
        panic!("clock")
    }
}

/// Runs a connection whose config holds a panicking object.
fn panicked(client: ClientConfig, server: ServerConfig) -> Error {
    let run = || {
        let name = ServerName::try_from("localhost").unwrap();
        let client = match ClientConnection::new(Arc::new(client), name) {
            Ok(client) => client,
            Err(error) => return error,
        };
        let mut pair = Pair::of(client, ServerConnection::new(Arc::new(server)).unwrap());
        let failed = pair.settle().unwrap_err();
        // The connection is over, and goes on saying so.
        let again = match failed.side {
            Side::Client => pair.client.process_new_packets(),
            Side::Server => pair.server.process_new_packets(),
        };
        assert_eq!(again.unwrap_err(), failed.error);
        failed.error
    };
    catch_unwind(AssertUnwindSafe(run)).expect("a panic came through")
}

fn is_panic(error: Error) {
    assert!(matches!(error, Error::CallbackPanicked(_)), "{error:?}");
}

#[test]
fn a_panicking_resolver_is_a_typed_error() {
    let mut server = server();
    server.cert_resolver = Arc::new(Panics(On::Always));
    is_panic(panicked(client(), server));
    let mut client = client();
    client.client_auth_cert_resolver = Arc::new(Panics(On::Always));
    is_panic(panicked(client, server_asking(optional(roots()))));
}

#[test]
fn a_panicking_verifier_is_a_typed_error() {
    for on in [On::Always, On::Signature] {
        let mut client = client();
        client.dangerous().set_certificate_verifier(Arc::new(Panics(on)));
        is_panic(panicked(client, server()));
        is_panic(panicked(client_with_cert(), server_asking(Arc::new(Panics(on)))));
    }
}

#[test]
fn a_panicking_signer_is_a_typed_error() {
    for on in [On::Always, On::Signing] {
        let key = || Arc::new(CertifiedKey::new(WORLD.server.chain.clone(), Arc::new(Panics(on))));
        let mut server = server();
        server.cert_resolver = Arc::new(chitin::sign::SingleCertAndKey::from(key()));
        is_panic(panicked(client(), server));
        let mut client = client();
        client.client_auth_cert_resolver = Arc::new(chitin::sign::SingleCertAndKey::from(key()));
        is_panic(panicked(client, server_asking(optional(roots()))));
    }
}

#[test]
fn a_panicking_ticketer_or_store_is_a_typed_error() {
    let mut server = server();
    server.ticketer = Arc::new(Panics(On::Always));
    is_panic(panicked(client(), server));
    let mut server = self::server();
    server.session_storage = Arc::new(Panics(On::Always));
    is_panic(panicked(client(), server));
    for on in [On::Always, On::Storing] {
        let mut client = client();
        client.resumption = Resumption::store(Arc::new(Panics(on)));
        is_panic(panicked(client, self::server()));
    }
}

#[test]
fn a_panicking_key_log_is_a_typed_error() {
    let mut client = client();
    client.key_log = Arc::new(Panics(On::Always));
    is_panic(panicked(client, server()));
    let mut server = crate::common::server();
    server.key_log = Arc::new(Panics(On::Always));
    is_panic(panicked(crate::common::client(), server));
}

/// Does what a good object does, and panics in one of its methods once it is armed.
#[derive(Debug)]
struct PanicsIn {
    method: &'static str,
    /// So many calls go well.
    after: AtomicUsize,
    client_verifier: Arc<dyn ClientCertVerifier>,
    ticketer: Arc<dyn ProducesTickets>,
}

impl PanicsIn {
    /// Building a config asks some of it already.
    fn new(method: &'static str) -> Arc<Self> {
        Arc::new(Self {
            method,
            after: AtomicUsize::new(usize::MAX),
            client_verifier: required(roots()),
            ticketer: provided::ticketer(),
        })
    }

    fn arm(&self, after: usize) {
        self.after.store(after, Ordering::SeqCst);
    }

    fn at(&self, method: &str) {
        if method == self.method {
            let left = self.after.fetch_sub(1, Ordering::SeqCst);
            assert_ne!(left, 0, "{method}");
        }
    }
}

impl ServerCertVerifier for PanicsIn {
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
        self.client_verifier.verify_tls12_signature(message, cert, dss)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.client_verifier.verify_tls13_signature(message, cert, dss)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.at("schemes");
        self.client_verifier.supported_verify_schemes()
    }

    fn root_hint_subjects(&self) -> Option<&[DistinguishedName]> {
        self.at("hints");
        Some(self.client_verifier.root_hint_subjects())
    }
}

impl ClientCertVerifier for PanicsIn {
    fn offer_client_auth(&self) -> bool {
        self.at("offer");
        true
    }

    fn client_auth_mandatory(&self) -> bool {
        self.at("mandatory");
        false
    }

    fn root_hint_subjects(&self) -> &[DistinguishedName] {
        self.at("hints");
        self.client_verifier.root_hint_subjects()
    }

    fn verify_client_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        now: UnixTime,
    ) -> Result<ClientCertVerified, Error> {
        self.client_verifier.verify_client_cert(end_entity, intermediates, now)
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.client_verifier.verify_tls12_signature(message, cert, dss)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.client_verifier.verify_tls13_signature(message, cert, dss)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.at("schemes");
        self.client_verifier.supported_verify_schemes()
    }
}

impl ProducesTickets for PanicsIn {
    fn enabled(&self) -> bool {
        self.at("enabled");
        true
    }

    fn lifetime(&self) -> u32 {
        self.at("lifetime");
        self.ticketer.lifetime()
    }

    fn encrypt(&self, plain: &[u8]) -> Option<Vec<u8>> {
        self.ticketer.encrypt(plain)
    }

    fn decrypt(&self, cipher: &[u8]) -> Option<Vec<u8>> {
        self.ticketer.decrypt(cipher)
    }
}

impl StoresServerSessions for PanicsIn {
    fn put(&self, _: Vec<u8>, _: Vec<u8>) -> bool {
        true
    }

    fn get(&self, _: &[u8]) -> Option<Vec<u8>> {
        None
    }

    fn take(&self, _: &[u8]) -> Option<Vec<u8>> {
        None
    }

    fn can_cache(&self) -> bool {
        self.at("can_cache");
        true
    }
}

#[test]
fn a_panic_in_any_other_method_is_a_typed_error() {
    // Of a client's verifier, at each call of the method.
    for (method, calls) in [("schemes", 1), ("hints", 3)] {
        for after in 0..calls {
            let object = PanicsIn::new(method);
            let mut client = client();
            client.dangerous().set_certificate_verifier(object.clone());
            object.arm(after);
            is_panic(panicked(client, server()));
        }
    }
    // Of a server's, with a client that shows a certificate and with one that does not.
    for (client, methods) in [
        (client_with_cert as fn() -> ClientConfig, &[("offer", 1), ("hints", 1), ("schemes", 2)][..]),
        (client, &[("offer", 1), ("mandatory", 1)]),
    ] {
        for (method, calls) in methods {
            for after in 0..*calls {
                let object = PanicsIn::new(method);
                let server = server_asking(object.clone());
                object.arm(after);
                is_panic(panicked(client(), server));
            }
        }
    }
    for (method, after) in [("enabled", 0), ("lifetime", 0)] {
        let object = PanicsIn::new(method);
        let mut server = server();
        server.ticketer = object.clone();
        object.arm(after);
        is_panic(panicked(client(), server));
    }
    let object = PanicsIn::new("can_cache");
    let mut server = server();
    server.session_storage = object.clone();
    object.arm(0);
    is_panic(panicked(client(), server));
}

/// Panics at one event, or at one record.
#[derive(Debug)]
struct PanicsAt(AtomicUsize);

impl PanicsAt {
    fn count(&self) {
        let left = self.0.fetch_sub(1, Ordering::SeqCst);
        assert_ne!(left, 0, "now");
    }
}

impl Trace for PanicsAt {
    fn event(&self, _: Event<'_>) {
        self.count();
    }
}

impl RecordPadding for PanicsAt {
    fn padding(&self, _: usize) -> usize {
        self.count();
        0
    }
}

#[test]
fn a_panicking_observer_is_a_typed_error_and_is_told_nothing_more() {
    // Of the events of a handshake there are more than these on each side.
    for n in 0..20 {
        let (ours, theirs) = (Arc::new(PanicsAt(n.into())), Arc::new(PanicsAt(n.into())));
        let watched = but(client(), |config| config.trace = Some(ours.clone()));
        is_panic(panicked(watched, server()));
        let watched = but(server(), |config| config.trace = Some(theirs.clone()));
        is_panic(panicked(client(), watched));
        for observer in [ours, theirs] {
            assert_eq!(observer.0.load(Ordering::SeqCst), usize::MAX);
        }
    }
}

#[test]
fn panicking_padding_is_a_typed_error() {
    // A client's first protected record is its Finished, a server's its flight; its tickets come in one.
    let padded = but(client(), |config| config.record_padding = Some(Arc::new(PanicsAt(0.into()))));
    is_panic(panicked(padded, server()));
    for n in 0..2 {
        let padded = but(server(), |config| config.record_padding = Some(Arc::new(PanicsAt(n.into()))));
        is_panic(panicked(client(), padded));
    }
}

#[test]
fn a_panicking_clock_is_a_typed_error() {
    let mut client = client();
    client.time_provider = Arc::new(Panics(On::Always));
    is_panic(panicked(client, server()));
    let mut server = server_asking(required(roots()));
    server.time_provider = Arc::new(Panics(On::Always));
    is_panic(panicked(client_with_cert(), server));
}

#[test]
fn a_poisoned_lock_means_a_full_handshake_without_tickets() {
    use chitin::ticketer::TicketRotator;
    static CALLS: AtomicUsize = AtomicUsize::new(0);
    // The second ticketer is made while the rotator's lock is held.
    let rotator = Arc::new(
        TicketRotator::new(1, || match CALLS.fetch_add(1, Ordering::SeqCst) {
            0 => Ok(Box::new(Wrapped(provided::ticketer()))),
            _ => panic!("the generator panics"),
        })
        .unwrap(),
    );
    let mut server = server();
    server.ticketer = rotator.clone();
    let (client, server) = (Arc::new(client()), Arc::new(server));
    assert_eq!(kind(&client, &server), Full);
    std::thread::sleep(std::time::Duration::from_millis(1200));
    // Whoever meets the panic gets an error; afterwards there are no tickets, and nothing else.
    let error = Pair::new(client.clone(), server.clone()).settle().unwrap_err().error;
    is_panic(error);
    let pair = shake(&client, &server);
    assert_eq!(kind_of(&pair), Full);
    assert_eq!(pair.client.tls13_tickets_received(), 0);
}

#[derive(Debug)]
struct Wrapped(Arc<dyn ProducesTickets>);

impl ProducesTickets for Wrapped {
    fn enabled(&self) -> bool {
        self.0.enabled()
    }

    fn lifetime(&self) -> u32 {
        self.0.lifetime()
    }

    fn encrypt(&self, plain: &[u8]) -> Option<Vec<u8>> {
        self.0.encrypt(plain)
    }

    fn decrypt(&self, cipher: &[u8]) -> Option<Vec<u8>> {
        self.0.decrypt(cipher)
    }
}
