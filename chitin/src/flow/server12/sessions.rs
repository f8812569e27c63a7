//! The sessions of the server of TLS 1.2: how one is resumed, as in RFC 5246 figure 2, and how one is kept, in a ticket or in a store.
//! RFC 5077 sections 3.3 and 3.4.

use alloc::boxed::Box;
use alloc::vec::Vec;

use zeroize::Zeroizing;

use crate::config::sessions::MAX_TICKET_LIFETIME;
use crate::crypto::credential::Credential;
use crate::crypto::suites::SupportedCipherSuite;
use crate::error::Error;
use crate::flow::cert_types;
use crate::flow::certs::PeerChain;
use crate::flow::cx::Cx;
use crate::flow::offer::MAX_TICKET;
use crate::flow::psk::{self, Present12, Resumable12};
use crate::flow::question::{self, CLIENT_VERIFIER, Question, TICKETER, told};
use crate::flow::server12::Server::{
    self, AskResolver, AskServerCertificate, AskTicket, WaitChangeCipherSpec,
};
use crate::flow::server12::{Common, Keyed, Last, Says, Started, send_server_hello};
use crate::flow::transcript12::Messages;
use crate::names::{HandshakeKind, HandshakeType, ProtocolVersion};
use crate::schedule::tls12::{KeyBlock, MasterSecret, Randoms};
use crate::wire::codec::{Opaque, Wire};
use crate::wire::stored::{self, ServerSession12};
use crate::wire::tls12::NewSessionTicket12;

impl Started {
    /// A ticket, if there is one, says more than a session id that may have been made up for it. RFC 5077 section 3.4.
    pub(super) fn session_question(&self) -> Option<Question<'_>> {
        let config = &self.config;
        match self.ticket() {
            Some(ticket) => Some(Question::OpenTicket { ticketer: &config.ticketer, ticket }),
            // A client may take tickets and still have a session from when it got none. RFC 5077 section 3.4.
            None if self.hello.session_id().is_empty() => None,
            None => {
                Some(Question::LoadSession { store: &config.session_storage, id: self.hello.session_id() })
            }
        }
    }

    fn ticket(&self) -> Option<&[u8]> {
        self.hello.session_ticket().filter(|ticket| !ticket.is_empty() && self.tickets)
    }

    pub(super) fn choose_session(self, found: Option<Zeroizing<Vec<u8>>>) -> Result<Server, Error> {
        let present = Present12 {
            suites: &self.config.provider.cipher_suites,
            hello: &self.hello,
            ems: self.ems,
            policy: self.config.policy_fingerprint(),
            now: question::now(&self.config.time_provider)?,
        };
        let session = match found {
            Some(bytes) => psk::resumable12(&bytes, &present)?,
            None => None,
        };
        // A verifier that requires a certificate now does not take a session that was made without one.
        let verifier = &self.config.verifier;
        let anonymous_is_refused = told(CLIENT_VERIFIER, || verifier.client_auth_mandatory())?;
        let session = session.filter(|session| !session.chain.is_empty() || !anonymous_is_refused);
        Ok(match session {
            None => AskServerCertificate(self),
            Some(session) => AskResolver(Box::new(Found { started: self, session })),
        })
    }
}

/// A session that may be resumed.
pub(crate) struct Found {
    started: Started,
    session: Resumable12,
}

impl Found {
    /// Has the server still a certificate for this client? A resolver may be how names are taken out of service, and in 0.23 it is
    /// asked for each hello.
    pub(super) fn question(&self) -> Question<'_> {
        self.started.question()
    }

    /// What it is does not matter: none is sent.
    pub(super) fn resolved(self, credential: Option<Credential>, cx: &mut Cx<'_>) -> Result<Server, Error> {
        match credential {
            Some(_) => self.started.resume(self.session, cx),
            None => Err(Error::NoServerCertificateResolved),
        }
    }
}

impl Started {
    /// The abbreviated handshake: we go first. A session of TLS 1.2 may be resumed as often as it lives.
    fn resume(self, session: Resumable12, cx: &mut Cx<'_>) -> Result<Server, Error> {
        let randoms = Randoms { client: self.hello.random, server: self.server_random()? };
        let Self { config, hello, ems, .. } = self;
        let suite = session.suite;
        let mut messages = Messages::started(suite.common.hash_provider, hello.raw());
        cx.facts.suite = Some(SupportedCipherSuite::Tls12(suite));
        cx.facts.kind = Some(HandshakeKind::Resumed);
        cx.facts.session_group = Some(session.group);
        cx.facts.set_resumption_data(session.application);
        let types = cert_types::Says::resumed(&hello, &config)?;
        let says = Says { ems, types, ..Says::default() };
        let session_id = hello.session_id();
        send_server_hello(&config, &hello, suite, &randoms, session_id, says, &mut messages, cx)?;

        let master = MasterSecret::resumed(suite, session.secret, ems);
        cx.log_secret("CLIENT_RANDOM", master.as_secret().as_bytes())?;
        let KeyBlock { client, server } = master.key_block(&randoms);
        let chain = PeerChain::bare(session.chain);
        // The session is there already: it needs no name to be kept under.
        let session_id = Vec::new();
        let common = Common { config, suite, randoms, messages, ems, session_id, ticket: false };
        let last = Last::TheClient;
        let (read, write) = (Some(client), Some(server));
        let mut keyed = Box::new(Keyed { common, master, chain, read, write, last });
        keyed.emit_finished(cx)?;
        Ok(WaitChangeCipherSpec(keyed))
    }
}

impl Keyed {
    /// The client's Finished is right: the session may be kept.
    pub(super) fn keep_session(self: Box<Self>, cx: &mut Cx<'_>) -> Result<Server, Error> {
        let Common { config, suite, ticket, session_id, .. } = &self.common;
        if !*ticket && session_id.is_empty() {
            return self.send_finished(cx);
        }
        let Some(exchange_group) = cx.facts.key_exchange_group() else { return self.keep_none(cx) };
        let now = match question::now(&config.time_provider) {
            // A clock that has stopped costs the resumption only.
            Err(Error::FailedToGetCurrentTime) => return self.keep_none(cx),
            _ if cx.policy.resumption_data.len() > psk::MAX_RESUMPTION_DATA => return self.keep_none(cx),
            now => now?,
        };
        let lifetime = match *ticket {
            true => told(TICKETER, || config.ticketer.lifetime())?,
            false => psk::STORED_LIFETIME,
        };
        let lifetime = lifetime.min(MAX_TICKET_LIFETIME);
        let chain = stored::encode_chain(self.chain.certificates.iter().map(AsRef::as_ref));
        let policy = config.policy_fingerprint().unwrap_or_default();
        let session = ServerSession12 {
            format: stored::FORMAT12,
            version: ProtocolVersion::TLSv1_2,
            suite: suite.common.suite,
            group: exchange_group,
            master_secret: Opaque(self.master.as_secret().as_bytes()),
            ems: u8::from(self.master.extended()),
            created: now.as_secs(),
            lifetime,
            authenticated: now.as_secs(),
            server_name: Opaque(cx.facts.server_name.as_ref().map_or("", |name| name.as_ref()).as_bytes()),
            alpn: Opaque(cx.facts.alpn.as_deref().unwrap_or_default()),
            policy: Opaque(&policy),
            chain: Opaque(&chain),
            application: Opaque(&cx.policy.resumption_data),
            session_id: Opaque(session_id),
        };
        let mut bytes = Zeroizing::default();
        session.write_whole(&mut bytes);
        let mut keyed = self;
        // A ticket goes in front of our Finished; a store gets the session when both Finished are there.
        if !keyed.common.ticket {
            keyed.emit_finished(cx)?;
        }
        Ok(AskTicket(Box::new(Ticketing { keyed, session: bytes, lifetime })))
    }

    /// No session, though one was announced.
    fn keep_none(self: Box<Self>, cx: &mut Cx<'_>) -> Result<Server, Error> {
        match self.common.ticket {
            true => {
                Ticketing { keyed: self, session: Zeroizing::default(), lifetime: 0 }.send_ticket(None, cx)
            }
            false => self.send_finished(cx),
        }
    }
}

/// A session waits to be sealed or stored.
pub(crate) struct Ticketing {
    pub(super) keyed: Box<Keyed>,
    session: Zeroizing<Vec<u8>>,
    lifetime: u32,
}

impl Ticketing {
    pub(super) fn question(&self) -> Question<'_> {
        let Common { config, ticket, session_id, .. } = &self.keyed.common;
        match ticket {
            true => Question::SealTicket { ticketer: &config.ticketer, plain: &self.session, spare: None },
            false => Question::StoreSession {
                store: &config.session_storage,
                id: session_id,
                session: &self.session,
            },
        }
    }

    /// It was announced, so it comes: empty, if the ticketer gives none. RFC 5077 section 3.3.
    pub(super) fn send_ticket(mut self, ticket: Option<Vec<u8>>, cx: &mut Cx<'_>) -> Result<Server, Error> {
        let ticket = ticket.filter(|ticket| ticket.len() <= MAX_TICKET).unwrap_or_default();
        let lifetime_hint = self.lifetime;
        self.keyed.common.messages.emit(cx, HandshakeType::NewSessionTicket, |out| {
            NewSessionTicket12 { lifetime_hint, ticket: Opaque(&ticket) }.write(out);
        });
        self.keyed.send_finished(cx)
    }
}
