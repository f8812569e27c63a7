//! The whole of a connection behind one public name: the engine and the buffer it reads from. It has getters and the loop
//! between the two, and no protocol.

use alloc::boxed::Box;
use alloc::sync::Arc;
use core::fmt;
use core::ops::Range;

use chitin_pki::PeerIdentity;
use pki_types::CertificateDer;

use crate::carrier::{Carrier, Quic, Records};
use crate::config::hello::ClientHello;
use crate::config::server::ServerConfig;
use crate::crypto::SupportedKxGroup;
use crate::crypto::suites::{ConnectionTrafficSecrets, SupportedCipherSuite, Tls12CipherSuite};
use crate::engine::{Advance, Engine, Got, State};
use crate::error::Error;
use crate::flow::cx::Gate;
use crate::flow::facts::Facts;
use crate::flow::question::Answer;
use crate::flow::traffic13::Traffic;
use crate::flow::{Client, Server, client13, server13};
#[cfg(feature = "testing")]
use crate::names::AlertDescription;
use crate::names::{ContentType, HandshakeKind, NamedGroup, ProtocolVersion, Side};
use crate::record::inbox::Inbox;
use crate::record::outbox::Outbox;
use crate::schedule::tls12::{KeyBlock, KeyHalf};
use crate::schedule::tls13::TrafficSecret;

/// What every kind of connection has in common: what has been negotiated, and whether it wants to read or write.
///
/// All connection types lend it through `Deref`.
pub struct CommonState {
    engine: Engine,
    /// Beside the engine, because the engine borrows from it. Without memory in connections that do not buffer.
    inbox: Inbox,
    open_on_read: bool,
    /// The last `process` left application data sealed, because of `open_on_read`. What is left is for the reader, also if that is
    /// switched off meanwhile.
    left_sealed: bool,
}

impl CommonState {
    /// Says whether the handshake is still going on, in either direction.
    pub fn is_handshaking(&self) -> bool {
        self.engine.is_handshaking()
    }

    /// Returns the peer's certificate chain, end entity first, as it was sent or as the resumed session had it.
    ///
    /// `None` until the peer has been authenticated, and for a peer that showed no certificate. On the server the chain is that of
    /// RFC 8446 section 4.4.2 for client authentication.
    pub fn peer_certificates(&self) -> Option<&[CertificateDer<'static>]> {
        self.engine.facts.peer.as_deref()
    }

    /// Returns the names of the peer by its certificate, in types; of a resumed session, by that of the full handshake. Not in rustls 0.23.
    ///
    /// They are worth what the verifier of the config has checked. By those of this crate some trusted root's authority vouches for the
    /// alternative names, all of them and not only for the one that a client asked for; the subject is for people. By a
    /// [`PinnedVerifier`](crate::trust::PinnedVerifier) only the owner of the pinned key says so.
    ///
    /// `None` until the peer has been authenticated, for a peer without a certificate, and for what is no certificate that can be read:
    /// a raw public key, or what a verifier of the application's own has let in.
    pub fn peer_identity(&self) -> Option<PeerIdentity> {
        PeerIdentity::claimed_by(self.peer_certificates()?.first()?).ok()
    }

    /// Returns the name of the external pre-shared key that both sides have proved themselves with (RFC 8446 section 2.2), in this
    /// handshake or in the one that the session goes back to. Not in rustls 0.23.
    ///
    /// `None` until the peer has been authenticated, and where certificates were used. Whoever has that key is the peer: there is
    /// no other name for it.
    pub fn external_psk_identity(&self) -> Option<&[u8]> {
        self.engine.facts.external_psk()
    }

    /// Returns the application protocol that was agreed on (RFC 7301), `None` if there is none or not yet.
    pub fn alpn_protocol(&self) -> Option<&[u8]> {
        self.engine.facts.alpn.as_deref()
    }

    /// Returns the cipher suite, once it is chosen.
    pub fn negotiated_cipher_suite(&self) -> Option<SupportedCipherSuite> {
        self.engine.facts.suite
    }

    /// Returns the key exchange group, once it is chosen. `None` also for a resumption without key exchange.
    pub fn negotiated_key_exchange_group(&self) -> Option<&'static dyn SupportedKxGroup> {
        self.engine.facts.group
    }

    /// Returns the group of the key exchange that protects this connection. Not in rustls 0.23.
    ///
    /// It is that of [`Self::negotiated_key_exchange_group`], except where TLS 1.2 resumes a session without a key exchange: then
    /// that of the handshake which made the session.
    pub fn protecting_key_exchange_group(&self) -> Option<NamedGroup> {
        self.engine.facts.key_exchange_group()
    }

    /// Returns the version of TLS, once it is chosen.
    pub fn protocol_version(&self) -> Option<ProtocolVersion> {
        self.engine.facts.version
    }

    /// Says what kind of handshake this is, once that is decided.
    pub fn handshake_kind(&self) -> Option<HandshakeKind> {
        self.engine.facts.kind
    }

    /// Queues a close_notify (RFC 8446 section 6.1): we will send nothing more. Once only; a second call does nothing.
    pub fn send_close_notify(&mut self) {
        self.engine.close();
    }

    /// Says whether bytes from the peer would be of use now.
    ///
    /// `false` while received plaintext waits to be read, so that a reader who is slow slows the peer down; and while the
    /// answer to what was received last has not been sent, until the handshake allows application data.
    pub fn wants_read(&self) -> bool {
        let may = self.engine.write.gate == Gate::Open || self.engine.carrier.out_len() == 0;
        let waits = self.inbox.unread() > 0 || self.record_left();
        // Behind a close_notify there is nothing. But who reads until the handshake is done has to be shown the end of the stream,
        // which `read_tls` does.
        let ended = self.engine.read.peer_closed && !self.is_handshaking();
        may && !waits && !ended && !self.engine.paused()
    }

    /// Says whether bytes wait to be sent to the peer.
    pub fn wants_write(&self) -> bool {
        self.engine.carrier.out_len() > 0
    }
}

/// For tests alone: not part of the stable interface.
#[cfg(feature = "testing")]
impl CommonState {
    /// Lets every question that the connection asks from now on (a certificate, a signature, a verdict, a session) wait for
    /// [`answer_question`](Self::answer_question).
    pub fn defer_questions(&mut self) {
        self.engine.defers = true;
    }

    /// Asks the config's object the question that waits, goes on with what has been received, and says whether there was one.
    ///
    /// # Errors
    ///
    /// As `process_new_packets`.
    pub fn answer_question(&mut self) -> Result<bool, Error> {
        let answered = self.engine.answer_open()?;
        if answered {
            self.process()?;
        }
        Ok(answered)
    }

    /// Ends the connection with a fatal alert, whether or not there is an error that means it.
    pub fn end_with(&mut self, alert: AlertDescription) {
        self.engine.fail_with(Error::General("a test has ended the connection".into()), Some(alert));
    }
}

/// What the skins need. They see no state of a flow and no message.
impl CommonState {
    pub(crate) fn new(engine: Engine) -> Self {
        Self { engine, inbox: Inbox::default(), open_on_read: false, left_sealed: false }
    }

    pub(crate) fn engine(&mut self) -> &mut Engine {
        &mut self.engine
    }

    pub(crate) fn inbox(&mut self) -> &mut Inbox {
        &mut self.inbox
    }

    /// The inbox, as long as the limits of the connection allow.
    #[inline]
    pub(crate) fn fit_inbox(&mut self) -> &mut Inbox {
        if self.engine.policy.bounds.memory().is_some() {
            self.inbox.set_most(self.engine.policy.bounds.inbox());
        }
        &mut self.inbox
    }

    pub(crate) fn facts(&self) -> &Facts {
        &self.engine.facts
    }

    /// Records that wait to be sent; `None` over QUIC.
    pub(crate) fn outbox(&mut self) -> Option<&mut Outbox> {
        self.engine.carrier.records_mut().map(|records| &mut records.out)
    }

    /// The transport of a QUIC connection; `None` over records.
    pub(crate) fn quic(&self) -> Option<&Quic> {
        match &self.engine.carrier {
            Carrier::Records(_) => None,
            Carrier::Quic(quic) => Some(quic),
        }
    }

    pub(crate) fn quic_mut(&mut self) -> Option<&mut Quic> {
        match &mut self.engine.carrier {
            Carrier::Records(_) => None,
            Carrier::Quic(quic) => Some(quic),
        }
    }

    pub(crate) fn out_len(&self) -> usize {
        self.engine.carrier.out_len()
    }

    pub(crate) fn unread(&self) -> usize {
        self.inbox.unread()
    }

    pub(crate) fn peer_closed(&self) -> bool {
        self.engine.read.peer_closed
    }

    /// Have we said that we send nothing more?
    pub(crate) fn closed_by_us(&self) -> bool {
        self.engine.write.closed || self.engine.write.closing
    }

    pub(crate) fn eof(&self) -> bool {
        self.inbox.eof()
    }

    /// The error that ended the connection, if one has.
    pub(crate) fn failed(&self) -> Option<Error> {
        self.engine.state.failure()
    }

    /// Counted in what waits: held plaintext before the handshake allows sending, bytes of records after it, as in 0.23.
    pub(crate) fn set_buffer_limit(&mut self, limit: Option<usize>) {
        self.engine.write.limit = limit;
        self.engine.write.limit_is_set = true;
    }

    /// Leaves whole application data records sealed until somebody reads, and says whether that was so before.
    pub(crate) fn set_open_on_read(&mut self, on: bool) -> bool {
        core::mem::replace(&mut self.open_on_read, on)
    }

    /// The hello of a server that has no config yet.
    pub(crate) fn client_hello(&self) -> Option<ClientHello<'_>> {
        self.engine.waiting_hello()
    }

    /// Gives that server its config, and goes on with what the inbox holds: a caller that now waited for the socket might wait for
    /// ever.
    pub(crate) fn answer_config(&mut self, config: Arc<ServerConfig>) -> Result<(), Error> {
        self.engine.answer(self.engine.asked(), Answer::Config(config))?;
        self.process()
    }

    /// Consumes what the inbox holds, as far as it goes.
    pub(crate) fn process(&mut self) -> Result<(), Error> {
        // Over QUIC bytes are worked off as they come, and there is no inbox.
        if self.quic().is_some() {
            return Ok(());
        }
        self.check_sealing()?;
        let came = self.inbox.has_sealed();
        loop {
            self.left_sealed = self.open_on_read && self.data_waits_sealed();
            if self.left_sealed {
                return Ok(());
            }
            let opened = self.engine.open_data(&mut self.inbox);
            // The engine would say that it needs input; unless an observer has panicked, which it tells with the next record.
            if came && !self.inbox.has_sealed() && !self.engine.carrier.is_observed() {
                return Ok(());
            }
            let Advance { used, got } = self.engine.advance_slowly(self.inbox.sealed(), None, opened);
            match got {
                Ok(Got::Data(body)) => self.inbox.used_data(used, body),
                Ok(Got::EarlyData(body)) => {
                    self.keep_early_data(body);
                    self.inbox.used(used);
                }
                Ok(Got::DataInto(_) | Got::PeerClosed) => self.inbox.used(used),
                Ok(Got::NeedInput | Got::Paused) => {
                    self.inbox.used(used);
                    return Ok(());
                }
                Err(error) => {
                    self.inbox.used(used);
                    return Err(error);
                }
            }
        }
    }

    /// What could not be sealed in a call that returns no error (an alert, say) is told here.
    pub(crate) fn check_sealing(&mut self) -> Result<(), Error> {
        match self.sealing_failure() {
            None => Ok(()),
            // A connection that has failed already says so itself.
            Some(_) if self.failed().is_some() => Ok(()),
            Some(error) => {
                let error = error.clone();
                Err(self.engine.fail(error))
            }
        }
    }

    fn sealing_failure(&self) -> Option<&Error> {
        self.engine.carrier.records()?.seal.failure()
    }

    /// Has the caller to be told of something before more is opened: that something waits to be sent, or that a record could not be sealed?
    pub(crate) fn has_to_tell(&self) -> bool {
        self.wants_write() || self.sealing_failure().is_some()
    }

    /// May application data be sealed?
    pub(crate) fn may_write(&self) -> bool {
        let write = &self.engine.write;
        write.gate == Gate::Open && !write.closed && !write.closing
    }

    /// Have we said our last word?
    pub(crate) fn closed(&self) -> bool {
        self.engine.write.closed
    }

    /// Opens what was left sealed, until there is plaintext: in `out` if it fits, else in place. Returns how much is in `out`.
    pub(crate) fn open_late(&mut self, mut out: Option<&mut [u8]>) -> Result<usize, Error> {
        while self.inbox.unread() == 0 && self.record_left() {
            let step = self.engine.advance(self.inbox.sealed(), out.as_deref_mut());
            let body: Option<Range<usize>> = match &step.got {
                Ok(Got::Data(body)) => Some(body.clone()),
                _ => None,
            };
            match body {
                Some(body) => self.inbox.used_data(step.used, body),
                None => self.inbox.used(step.used),
            }
            match step.got? {
                // An empty record is no plaintext: the next one may be.
                Got::DataInto(n) if n > 0 => return Ok(n),
                Got::NeedInput | Got::Paused => return Ok(0),
                Got::Data(_) | Got::DataInto(_) | Got::EarlyData(_) | Got::PeerClosed => {}
            }
        }
        Ok(0)
    }

    /// `body` of what the inbox holds is early data.
    fn keep_early_data(&mut self, body: Range<usize>) {
        if !self.engine.policy.refuses_early_data {
            self.inbox.keep_early(body);
        }
    }

    /// How much early data may still be written; `None` if none may be.
    pub(crate) fn early_data_left(&self) -> Option<usize> {
        self.engine.early_data_left().filter(|_| self.failed().is_none())
    }

    /// Has early data been accepted, by the server or by us?
    pub(crate) fn early_data_accepted(&self) -> bool {
        self.engine.facts.early_data
    }

    /// Where early data that was received lies, if any was accepted.
    pub(crate) fn received_early_data(&mut self) -> Option<&mut Inbox> {
        let wanted = self.engine.facts.early_data && !self.engine.policy.refuses_early_data;
        wanted.then_some(&mut self.inbox)
    }

    /// A server: the application wants none on this connection.
    pub(crate) fn refuse_early_data(&mut self) {
        self.engine.policy.refuses_early_data = true;
        self.inbox.drop_early();
    }

    /// Is there a whole record that was left for the reader?
    fn record_left(&self) -> bool {
        self.left_sealed && self.inbox.first_whole_record().is_some()
    }

    /// Is the next thing a whole record that looks like application data, in plain traffic?
    fn data_waits_sealed(&self) -> bool {
        let read = &self.engine.read;
        let traffic = read.gate == Gate::Open && !read.peer_closed && self.failed().is_none();
        traffic && self.inbox.first_whole_record() == Some(ContentType::ApplicationData.into())
    }

    /// `n` bytes of what was queued have been sent.
    pub(crate) fn sent(&mut self, n: usize) {
        self.engine.sent(n);
    }

    pub(crate) fn set_resumption_data(&mut self, data: &[u8]) {
        self.engine.policy.resumption_data = data.into();
    }

    pub(crate) fn export(&self, out: &mut [u8], label: &[u8], context: Option<&[u8]>) -> Result<(), Error> {
        match self.failed() {
            Some(error) => Err(error),
            None => self.engine.export(out, label, context),
        }
    }

    /// Ends the connection by giving its keys away.
    pub(crate) fn extract_secrets(self) -> Result<ExtractedSecrets, Error> {
        self.hand_over().map(|(secrets, _)| secrets)
    }

    /// The same, and what somebody who goes on with it needs beside the keys.
    pub(crate) fn hand_over(self) -> Result<(ExtractedSecrets, LeftOver), Error> {
        let handshaking = self.engine.is_handshaking();
        let Engine { state, facts, carrier, policy, joiner, .. } = self.engine;
        if !policy.secret_extraction {
            return Err(Error::General("Secret extraction is disabled".into()));
        }
        let Carrier::Records(Records { open, seal, out, .. }) = carrier else {
            return Err(Error::General("a QUIC connection has no records".into()));
        };
        // What is queued is under numbers that whoever goes on would use again.
        if !out.is_empty() || !joiner.is_empty() {
            if handshaking {
                return Err(Error::HandshakeNotComplete);
            }
            return Err(Error::General("messages wait to be sent or to be completed".into()));
        }
        if let Some(error) = state.failure() {
            return Err(error);
        }
        let suite = facts.suite.ok_or(Error::HandshakeNotComplete)?;
        if let Some(secrets) = policy.tls12_secrets {
            let (master, randoms) = *secrets;
            let KeyBlock { client, server } = master.key_block(&randoms);
            let (tx, rx) = match facts.side {
                Side::Client => (client, server),
                Side::Server => (server, client),
            };
            let suite12 = master.suite();
            let secrets = ExtractedSecrets {
                tx: (seal.seq(), extract12(tx, suite12)?),
                rx: (open.seq(), extract12(rx, suite12)?),
            };
            return Ok((secrets, LeftOver { suite, facts, after: After::Tls12 }));
        }
        let after = match state {
            State::Client(Client::Tls13(client13::Client::Connected(open))) => After::Client(open),
            State::Server(Server::Tls13(server13::Server::Connected(traffic))) => After::Server(traffic),
            _ => return Err(Error::HandshakeNotComplete),
        };
        let traffic = match &after {
            After::Client(open) => &open.traffic,
            After::Server(traffic) => traffic,
            After::Tls12 => return Err(Error::HandshakeNotComplete),
        };
        let secrets = ExtractedSecrets {
            tx: (seal.seq(), extract(&traffic.write.woken())?),
            rx: (open.seq(), extract(&traffic.read.woken())?),
        };
        Ok((secrets, LeftOver { suite, facts, after }))
    }
}

/// A connection without its records.
pub(crate) struct LeftOver {
    pub(crate) suite: SupportedCipherSuite,
    pub(crate) facts: Facts,
    pub(crate) after: After,
}

/// What may still happen to it.
pub(crate) enum After {
    /// Nothing.
    Tls12,
    Client(Box<client13::Open>),
    Server(Box<Traffic>),
}

/// The keys of a direction, as the provider gives them out.
pub(crate) fn extract(secret: &TrafficSecret) -> Result<ConnectionTrafficSecrets, Error> {
    let (key, iv) = secret.key_and_iv();
    Ok(secret.suite().aead_alg.extract_keys(key, iv)?)
}

fn extract12(half: KeyHalf, suite: &'static Tls12CipherSuite) -> Result<ConnectionTrafficSecrets, Error> {
    let (iv, extra) = half.nonces.parts();
    Ok(suite.aead_alg.extract_keys(half.key, iv, extra)?)
}

impl fmt::Debug for CommonState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CommonState")
            .field("facts", &self.engine.facts)
            .field("is_handshaking", &self.is_handshaking())
            .finish_non_exhaustive()
    }
}

/// The keys of a connection, taken out of it, with the number that the next record has under each.
pub struct ExtractedSecrets {
    /// For what we send.
    pub tx: (u64, ConnectionTrafficSecrets),

    /// For what we receive.
    pub rx: (u64, ConnectionTrafficSecrets),
}
