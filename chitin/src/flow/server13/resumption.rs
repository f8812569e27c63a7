//! The sessions that a client offers: which one is good, whether the client has it, and the handshake that resumes it, with its
//! early data. RFC 8446 sections 2.2, 2.3 and 4.2.11.

use alloc::boxed::Box;
use alloc::vec::Vec;

use pki_types::UnixTime;
use zeroize::Zeroizing;

use crate::carrier::Parameters;
use crate::config::psk::ExternalPsk;
use crate::crypto::credential::Credential;
use crate::error::{Error, PeerMisbehaved};
use crate::flow::cert_types;
use crate::flow::choose;
use crate::flow::cx::Cx;
use crate::flow::psk::{self, EarlyOffer, Present, Resumable};
use crate::flow::question::{self, CLIENT_VERIFIER, Question, SERVER_STORE, told};
use crate::flow::server_psk::Tie;
use crate::flow::server13::Server::{
    self, AskPskAgain, AskResolver, AskSession, AskToSpend, WaitEndOfEarlyData, WaitFinished,
};
use crate::flow::server13::{Chosen, Named};
use crate::flow::tickets13::seals_tickets;
use crate::names::HandshakeKind;
use crate::schedule::tls13::{EarlyPsk, PskKind};
use crate::wire::extensions::ext;

impl Chosen {
    pub(super) fn choose_psk(self, cx: &mut Cx<'_>) -> Result<Server, Error> {
        let psks = self.hello.psks().filter(|_| choose::resumes(&self.hello));
        let identities: Vec<Vec<u8>> = psks
            .into_iter()
            .flat_map(|psks| psks.identities.iter())
            .take(psk::IDENTITIES)
            .map(|psk| psk.identity.0.to_vec())
            .collect();
        let chosen = Box::new(self);
        match identities.is_empty() {
            true => chosen.without_session(cx),
            false => {
                let tickets = seals_tickets(&chosen.config)?;
                Ok(AskSession(Box::new(Resuming { chosen, identities, at: 0, tickets })))
            }
        }
    }

    fn now(&self) -> Result<UnixTime, Error> {
        question::now(&self.config.time_provider)
    }
}

/// The client offers sessions, of which one is looked at.
pub(crate) struct Resuming {
    chosen: Box<Chosen>,
    identities: Vec<Vec<u8>>,
    at: usize,
    /// They are tickets, and not names of stored sessions.
    tickets: bool,
}

impl Resuming {
    pub(super) fn question(&self) -> Option<Question<'_>> {
        let identity = self.identities.get(self.at)?;
        let config = &self.chosen.config;
        Some(match self.tickets {
            true => Question::OpenTicket { ticketer: &config.ticketer, ticket: identity },
            false => Question::LoadSession { store: &config.session_storage, id: identity },
        })
    }

    /// A session that may not be resumed is passed over; one that may, with a binder that is wrong, is an attack. RFC 8446
    /// section 4.2.11.
    pub(super) fn choose_psk(
        mut self: Box<Self>,
        found: Option<Zeroizing<Vec<u8>>>,
        cx: &mut Cx<'_>,
    ) -> Result<Server, Error> {
        let now = self.chosen.now()?;
        let chosen = &self.chosen;
        let present = Present {
            suite: chosen.suite,
            suites: &chosen.config.provider.cipher_suites,
            hello: &chosen.hello,
            policy: chosen.config.policy_fingerprint(),
            quic_version: cx.carrier.quic().map(Parameters::version),
            now,
        };
        // The fingerprint says what the verifier wanted when the config was made. One that reloads its rules may want more now.
        let verifier = &chosen.config.verifier;
        let anonymous_is_refused = told(CLIENT_VERIFIER, || verifier.client_auth_mandatory())?;
        let session =
            found.and_then(|bytes| psk::resumable(&bytes, &present)).filter(|session| match &session.tie {
                Some(_) => chosen.config.external_psks.is_some(),
                None if chosen.config.require_external_psk => false,
                None => !(session.chain.is_empty() && anonymous_is_refused),
            });
        let Some(session) = session else {
            self.at = self.at.saturating_add(1);
            return match self.at < self.identities.len() {
                true => Ok(AskSession(self)),
                false => self.chosen.without_session(cx),
            };
        };
        let early = self.check_binder(&session)?;
        let Self { chosen, mut identities, at, tickets } = *self;
        let id = identities.swap_remove(at);
        let tie = session.tie.clone();
        let bound = Box::new(Bound { chosen, session, early, at, id, tickets });
        Ok(match tie {
            Some(tie) => AskPskAgain(bound, tie),
            None => AskResolver(bound),
        })
    }

    /// RFC 8446 section 4.2.11.2.
    fn check_binder(&self, session: &Resumable) -> Result<EarlyPsk, Error> {
        let chosen = &self.chosen;
        let binder = chosen.hello.psks().and_then(|psks| psks.binders.iter().nth(self.at));
        let binder = binder.ok_or(PeerMisbehaved::MissingBinderInPskExtension)?;
        let hash = chosen.transcript.current_with(chosen.hello.without_binders());
        let early = EarlyPsk::new(chosen.suite, session.secret.as_bytes());
        let expected = early.binder(PskKind::Resumption, &hash);
        match expected.matches(binder.0) {
            true => Ok(early),
            false => Err(PeerMisbehaved::IncorrectBinder.into()),
        }
    }
}

/// The client has proved that it has the session.
pub(crate) struct Bound {
    chosen: Box<Chosen>,
    session: Resumable,
    early: EarlyPsk,
    at: usize,
    id: Vec<u8>,
    tickets: bool,
}

impl Bound {
    /// Has the server still a certificate for this client? A resolver may be how names are taken out of service, and in 0.23 it is
    /// asked for each hello.
    pub(super) fn question_of_certificate(&self) -> Question<'_> {
        self.chosen.question()
    }

    /// What it is does not matter: none is sent.
    pub(super) fn resolved(
        self: Box<Self>,
        credential: Option<Credential>,
        cx: &mut Cx<'_>,
    ) -> Result<Server, Error> {
        match credential {
            Some(_) => self.spend(cx),
            None => Err(Error::NoServerCertificateResolved),
        }
    }

    /// Is the external key still there that the session goes back to?
    pub(super) fn question_of<'a>(&'a self, tie: &'a Tie) -> Option<Question<'a>> {
        let psks = self.chosen.config.external_psks.as_ref()?;
        Some(Question::FindPsk { psks, identity: &tie.identity })
    }

    pub(super) fn question(&self) -> Question<'_> {
        Question::SpendSession { store: &self.chosen.config.session_storage, id: &self.id }
    }

    /// A session that goes back to an external key is good while that key is. Then it may be another one's turn.
    pub(super) fn tied(
        self: Box<Self>,
        tie: &Tie,
        found: Option<ExternalPsk>,
        cx: &mut Cx<'_>,
    ) -> Result<Server, Error> {
        match tie.holds(found, self.chosen.suite, &self.chosen.config) {
            true => self.spend(cx),
            false => self.chosen.without_session(cx),
        }
    }

    fn spend(self: Box<Self>, cx: &mut Cx<'_>) -> Result<Server, Error> {
        match self.tickets {
            // A ticket can be used again, and so could its early data.
            true => self.resume(None, cx),
            false => Ok(AskToSpend(self)),
        }
    }

    /// A stored session is used once. If somebody else has just taken it, this is a full handshake.
    pub(super) fn spent(self, got_it: bool, cx: &mut Cx<'_>) -> Result<Server, Error> {
        match got_it {
            true => {
                let early_data = self.early_data_limit(cx)?;
                self.resume(early_data, cx)
            }
            false => self.chosen.without_session(cx),
        }
    }

    /// How much early data is taken on the session that has just been spent; `None` for none. RFC 8446 section 4.2.10.
    fn early_data_limit(&self, cx: &Cx<'_>) -> Result<Option<u32>, Error> {
        let Self { chosen, session, at, .. } = self;
        let Chosen { hello, config, .. } = &**chosen;
        // Only on the first session that is offered: its key is the one that the client used. And never after a retry.
        let offered = *at == 0
            && chosen.kind == HandshakeKind::Full
            && hello.has(ext::early_data)
            && !cx.policy.refuses_early_data;
        let Some(terms) = session.early.as_ref().filter(|_| offered) else { return Ok(None) };
        let offer = EarlyOffer {
            suite: chosen.suite.common.suite,
            alpn: &choose::protocol(hello, config, cx.is_quic())?.unwrap_or_default(),
            quic_parameters: cx.carrier.quic().map(|quic| &quic.ours[..]),
            origin: told(SERVER_STORE, || config.origin())?,
            limit: config.max_early_data_size,
            skew: self.age_skew()?,
            window: config.early_data_age_window,
        };
        Ok(terms.allow(&offer).then_some(terms.limit))
    }

    /// By how much the client's age of the session differs from ours.
    fn age_skew(&self) -> Result<Option<i64>, Error> {
        let Self { chosen, session, at, .. } = self;
        let identity = chosen.hello.psks().and_then(|psks| psks.identities.iter().nth(*at));
        let now = chosen.now()?;
        Ok(identity.and_then(|identity| session.age.skew(identity.obfuscated_ticket_age, now)))
    }

    fn resume(self, early_data: Option<u32>, cx: &mut Cx<'_>) -> Result<Server, Error> {
        cx.facts.set_ticket_age_skew(self.age_skew()?);
        let Self { mut chosen, session, early, at, .. } = self;
        let index = u16::try_from(at).map_err(|_| PeerMisbehaved::SelectedInvalidPsk)?;
        chosen.transcript.add(chosen.hello.raw());
        let secrets = early_data.map(|limit| (early.secrets(&chosen.transcript.current()), limit));
        let (mut agreed, hello) = chosen.send_server_hello(early.into_early(), Some(index), secrets, cx)?;
        let types = cert_types::Says::resumed(&hello, &agreed.common.config)?;
        agreed.common.send_encrypted_extensions(&hello, Named::Before, types, cx)?;
        drop(hello);
        agreed.common.peer = session.chain;
        agreed.common.authenticated = Some(session.authenticated);
        agreed.common.tie = session.tie;
        cx.facts.set_resumption_data(session.application);
        cx.facts.kind = Some(HandshakeKind::Resumed);
        let flown = agreed.send_finished(cx)?;
        // QUIC sees the end of early data by its packets. RFC 9001 section 8.3.
        Ok(if early_data.is_some() && !cx.is_quic() {
            WaitEndOfEarlyData(flown)
        } else {
            WaitFinished(flown)
        })
    }
}
