//! The session tickets of a server of TLS 1.3, made one after another once the client's Finished has been checked
//! (RFC 8446 section 4.6.1). A ticket holds the session, sealed by the ticketer, or names one that the store keeps.

use alloc::boxed::Box;
use alloc::sync::Arc;
use alloc::vec::Vec;

use pki_types::UnixTime;
use zeroize::Zeroizing;

use crate::carrier::Parameters;
use crate::config::server::{ConfigId, ServerConfig};
use crate::crypto::SecureRandom;
use crate::crypto::ticket::{SealedTicket, SpareNonce};
use crate::error::Error;
use crate::flow::cx::Cx;
use crate::flow::offer::grease;
use crate::flow::psk;
use crate::flow::question::{self, Question, SERVER_STORE, TICKETER, told};
use crate::flow::server_psk::Tie;
use crate::flow::server13::Server::{self, AskTicket, Connected};
use crate::flow::traffic13::Traffic;
use crate::names::{GetRandomFailed, HandshakeType, ProtocolVersion};
use crate::schedule::tls13::{PskMaker, Resumption};
use crate::wire::codec::{MAX8, MAX16, Opaque, Wire, nest};
use crate::wire::extensions::ext;
use crate::wire::quic_parameters::promise;
use crate::wire::stored::{self, ServerSession};

/// Do sessions go into tickets, and not into the store?
pub(crate) fn seals_tickets(config: &ServerConfig) -> Result<bool, Error> {
    told(TICKETER, || config.ticketer.enabled())
}

/// Is there a ticketer or a store that keeps sessions?
pub(crate) fn keeps_sessions(config: &ServerConfig) -> Result<bool, Error> {
    Ok(seals_tickets(config)? || told(SERVER_STORE, || config.session_storage.can_cache())?)
}

/// Makes as many tickets as the client asked for (RFC 9149), or the config says; none if nothing would keep the sessions.
pub(crate) fn make_tickets(
    config: Arc<ServerConfig>,
    resumption: Resumption,
    traffic: Box<Traffic>,
    authenticated: Option<u64>,
    tie: Option<Tie>,
    plan: Plan,
    cx: &mut Cx<'_>,
) -> Result<Server, Error> {
    // Nothing follows a close_notify. RFC 8446 section 6.1.
    if cx.write.closed || config.policy_fingerprint().is_none() {
        return Ok(Connected(traffic));
    }
    // What the ticketer says is asked for at once: how long its tickets last, if it makes any.
    let lifetime = told(TICKETER, || config.ticketer.enabled().then(|| config.ticketer.lifetime()))?;
    let tickets = lifetime.is_some();
    if !tickets && !told(SERVER_STORE, || config.session_storage.can_cache())? {
        return Ok(Connected(traffic));
    }
    let left = plan.told.map_or(config.send_tls13_tickets.min(MAX_TICKETS), usize::from);
    if left == 0 {
        return Ok(Connected(traffic));
    }
    // The connection stands without tickets. A clock that has stopped, or a generator, costs the resumption only.
    let now = match question::now(&config.time_provider) {
        Err(Error::FailedToGetCurrentTime) => return Ok(Connected(traffic)),
        now => now?,
    };
    let authenticated = authenticated.unwrap_or(now.as_secs());
    let Some(most) = psk::lifetime_left(authenticated, now) else { return Ok(Connected(traffic)) };
    if cx.policy.resumption_data.len() > psk::MAX_RESUMPTION_DATA {
        return Ok(Connected(traffic));
    }
    let lifetime = lifetime.unwrap_or(psk::STORED_LIFETIME);
    // A ticket can be used again, and so could its early data.
    let origin = if tickets { None } else { told(SERVER_STORE, || config.origin())? };
    let maker = Maker {
        config,
        psks: resumption.maker(),
        traffic,
        now,
        authenticated,
        lifetime: lifetime.min(most),
        tie,
        tickets,
        origin,
        left,
        nonce: 0,
        drawn: plan.drawn,
        fresh: USUAL,
    };
    maker.make_first(cx)
}

/// The tickets of a connection, before it is known whether there are to be any.
pub(crate) struct Plan {
    /// How many we have said that we are going to send.
    pub(crate) told: Option<u8>,
    drawn: [[u8; DRAW]; USUAL],
}

impl Plan {
    /// Draws the random of a hello, and behind it, by the same call, what the tickets of that connection will need.
    pub(crate) fn behind_random(generator: &dyn SecureRandom) -> Result<([u8; 32], Self), GetRandomFailed> {
        let mut bytes = [0; 32 + USUAL * DRAW];
        generator.fill(&mut bytes)?;
        let (random, rest) = bytes.split_first_chunk().ok_or(GetRandomFailed)?;
        let mut drawn = [[0; DRAW]; USUAL];
        drawn.as_flattened_mut().copy_from_slice(rest);
        Ok((*random, Self { told: None, drawn }))
    }
}

/// Tickets that a client gets, unless config or client say otherwise.
const USUAL: usize = 2;

/// Makes the tickets of a connection, all at once.
struct Maker {
    config: Arc<ServerConfig>,
    psks: PskMaker,
    traffic: Box<Traffic>,
    now: UnixTime,
    authenticated: u64,
    lifetime: u32,
    /// The external key that the session goes back to.
    tie: Option<Tie>,
    /// They hold the session, and do not name a stored one.
    tickets: bool,
    /// What early data on the sessions is bound to; `None` if they take none.
    origin: Option<ConfigId>,
    /// How many are still to be made.
    left: usize,
    /// Of the next one.
    nonce: u8,
    /// Randomness of the usual number of tickets: a call of the generator costs as much as the bytes of many.
    drawn: [[u8; DRAW]; USUAL],
    /// How many of these have not been used.
    fresh: usize,
}

/// What is drawn for one ticket.
struct Drawn {
    age_add: u32,
    /// An extension that means nothing: clients must not come to rely on there being none. RFC 8701 section 4.1.
    grease: u16,
    /// The name of the session, if it goes into the store.
    id: [u8; 32],
}

const DRAW: usize = 4 + 1 + 32;

impl From<[u8; DRAW]> for Drawn {
    fn from(bytes: [u8; DRAW]) -> Self {
        let [a, b, c, d, e, id @ ..] = bytes;
        Self { age_add: u32::from_be_bytes([a, b, c, d]), grease: grease(e), id }
    }
}

/// A session waits to be sealed or stored.
pub(crate) struct Ticketing {
    maker: Maker,
    drawn: Drawn,
    session: Zeroizing<Vec<u8>>,
    /// What the ticketer has left over from the ticket before. Were it asked twice, it would seal the same session both times.
    spare: Option<SpareNonce>,
}

impl Maker {
    fn make_first(mut self, cx: &mut Cx<'_>) -> Result<Server, Error> {
        let Some(drawn) = self.draw() else { return Ok(Connected(self.traffic)) };
        let mut session = Zeroizing::default();
        self.write_session(&drawn, cx, &mut session);
        Ok(AskTicket(Box::new(Ticketing { maker: self, drawn, session, spare: None })))
    }

    /// How much early data the sessions take: none in tickets, which can be used again.
    fn early_data(&self) -> Option<u32> {
        Some(self.config.max_early_data_size).filter(|limit| *limit > 0 && self.origin.is_some())
    }

    /// What one more ticket draws; `None` if there are to be no more, or there is no randomness: the connection stands without.
    fn draw(&mut self) -> Option<Drawn> {
        if self.left == 0 {
            return None;
        }
        if self.fresh == 0 {
            self.fresh = self.left.min(self.drawn.len());
            let wanted = self.drawn.get_mut(..self.fresh)?.as_flattened_mut();
            self.config.provider.secure_random.fill(wanted).ok()?;
        }
        self.left = self.left.saturating_sub(1);
        self.fresh = self.fresh.saturating_sub(1);
        self.drawn.get(self.fresh).copied().map(Drawn::from)
    }

    /// Never to a peer that has proved nothing: its Finished has been checked.
    fn write_session(&self, drawn: &Drawn, cx: &Cx<'_>, out: &mut Zeroizing<Vec<u8>>) {
        let config = &self.config;
        let early_data = self.early_data();
        let origin = self.origin.unwrap_or_default();
        let secret = self.psks.psk(&[self.nonce]);
        let chain = cx.facts.peer.iter().flat_map(|chain| chain.iter()).map(AsRef::as_ref);
        let chain = stored::encode_chain(chain);
        let policy = config.policy_fingerprint().unwrap_or_default();
        let promise = cx.carrier.quic().filter(|_| early_data.is_some()).map(|quic| promise(&quic.ours));
        let promise = promise.unwrap_or_default();
        let session = ServerSession {
            format: stored::FORMAT,
            version: ProtocolVersion::TLSv1_3,
            suite: self.psks.suite().common.suite,
            secret: Opaque(secret.as_bytes()),
            age_add: drawn.age_add,
            created: self.now.as_secs(),
            lifetime: self.lifetime,
            authenticated: self.authenticated,
            server_name: Opaque(cx.facts.server_name.as_ref().map_or("", |name| name.as_ref()).as_bytes()),
            alpn: Opaque(cx.facts.alpn.as_deref().unwrap_or_default()),
            transport: cx.carrier.quic().map_or(0, Parameters::version),
            early_data: early_data.unwrap_or(0),
            promise: Opaque(&promise),
            origin: Opaque(if early_data.is_some() { &origin } else { &[] }),
            policy: Opaque(&policy),
            chain: Opaque(&chain),
            psk: Opaque(self.tie.as_ref().map_or(&[], |tie| &tie.identity)),
            psk_mark: Opaque(self.tie.as_ref().map_or(&[], |tie| &tie.mark)),
            application: Opaque(&cx.policy.resumption_data),
        };
        session.write_whole(out);
    }
}

impl Ticketing {
    pub(crate) fn question(&self) -> Question<'_> {
        let Maker { config, tickets, .. } = &self.maker;
        match tickets {
            true => Question::SealTicket {
                ticketer: &config.ticketer,
                plain: &self.session,
                spare: self.spare.as_ref(),
            },
            false => Question::StoreSession {
                store: &config.session_storage,
                id: &self.drawn.id,
                session: &self.session,
            },
        }
    }

    /// A ticketer that gives none ends the tickets, not the connection.
    pub(crate) fn send_ticket(
        mut self: Box<Self>,
        sealed: Option<SealedTicket>,
        cx: &mut Cx<'_>,
    ) -> Result<Server, Error> {
        let Some(SealedTicket { ticket, spare }) = sealed else { return Ok(Connected(self.maker.traffic)) };
        // The one that was there is used up.
        self.spare = spare;
        // A sealed session of a client with a long chain may not fit the extension that would bring it back.
        match (1..=MAX_TICKET).contains(&ticket.len()) {
            true => self.send_new_session_ticket(&ticket, cx),
            false => Ok(Connected(self.maker.traffic)),
        }
    }

    pub(crate) fn send_session_id(self: Box<Self>, stored: bool, cx: &mut Cx<'_>) -> Result<Server, Error> {
        let id = self.drawn.id;
        match stored {
            true => self.send_new_session_ticket(&id, cx),
            false => Ok(Connected(self.maker.traffic)),
        }
    }

    /// RFC 8446 section 4.6.1; and on to the next ticket, if there is one.
    fn send_new_session_ticket(mut self: Box<Self>, ticket: &[u8], cx: &mut Cx<'_>) -> Result<Server, Error> {
        let Self { maker, drawn, .. } = &*self;
        // Room for this one and for those behind it, which are as long, as far as they are the usual ones.
        let more = maker.left.min(USUAL.saturating_sub(1)).saturating_add(1);
        cx.flight.reserve(ticket.len().saturating_add(TICKET_HEAD).saturating_mul(more));
        cx.emit_behind(HandshakeType::NewSessionTicket, |out| {
            maker.lifetime.write(out);
            drawn.age_add.write(out);
            Opaque::<0, MAX8>(&[maker.nonce]).write(out);
            Opaque::<1, MAX16>(ticket).write(out);
            nest(out, MAX16, |out| {
                if let Some(limit) = maker.early_data() {
                    ext::early_data.write(out);
                    nest(out, MAX16, |out| limit.write(out));
                }
                drawn.grease.write(out);
                nest(out, MAX16, |_| {});
            });
        });
        self.maker.nonce = self.maker.nonce.saturating_add(1);
        let Some(drawn) = self.maker.draw() else { return Ok(Connected(self.maker.traffic)) };
        self.drawn = drawn;
        let secret = self.maker.psks.psk(&[self.maker.nonce]);
        // All else of it is as in the one before.
        if stored::rewrite(&mut self.session, secret.as_bytes(), self.drawn.age_add).is_none() {
            return Ok(Connected(self.maker.traffic));
        }
        Ok(AskTicket(self))
    }
}

/// What a NewSessionTicket is longer than its ticket, with a limit of early data and GREASE.
const TICKET_HEAD: usize = 4 + 4 + 4 + 2 + 2 + 2 + 8 + 4;

/// Each ticket has a nonce of its own, a byte long.
const MAX_TICKETS: usize = 255;

/// A hello that brings the ticket back has to fit 64 KiB with all else that it says.
pub(crate) const MAX_TICKET: usize = 48 * 1024;
