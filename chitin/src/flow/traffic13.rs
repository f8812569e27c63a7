//! After the handshake: key updates in both roles, and the tickets that a client receives. RFC 8446 section 4.6.

use alloc::sync::Arc;

use pki_types::ServerName;

use crate::carrier::{Direction, Parameters};
use crate::config::client::ClientConfig;
use crate::config::psk::ExternalPsk;
use crate::config::sessions::{GoesBack, SessionBinding, Tls13ClientSessionValue};
use crate::error::{Error, InvalidMessage, PeerMisbehaved};
use crate::flow::cx::Cx;
use crate::flow::facts::Facts;
use crate::flow::offer::MAX_TICKET;
use crate::flow::question::{self, STORE, told};
use crate::flow::replies;
use crate::names::{HandshakeType, KeyUpdateRequest};
use crate::observe::KeyLevel;
use crate::schedule::tls13::{RestingSecret, Resumption};
use crate::wire::codec::Wire;
use crate::wire::extensions::NST;
use crate::wire::tls13::NewSessionTicket;

/// The server takes the session also for its other names. draft-ietf-tls-cross-sni-resumption section 4.
const ACROSS_NAMES: usize = 8;

/// The traffic secrets of now.
pub(crate) struct Traffic {
    pub(crate) read: RestingSecret,
    pub(crate) write: RestingSecret,
}

impl Traffic {
    /// RFC 8446 section 4.6.3. QUIC has a way of its own: RFC 9001 section 6.
    pub(crate) fn read_key_update(&mut self, body: &[u8], cx: &mut Cx<'_>) -> Result<(), Error> {
        if cx.is_quic() {
            return Err(PeerMisbehaved::KeyUpdateReceivedInQuicConnection.into());
        }
        let wanted = match KeyUpdateRequest::read_all(body)? {
            KeyUpdateRequest::UpdateNotRequested => false,
            KeyUpdateRequest::UpdateRequested => true,
            _ => return Err(InvalidMessage::InvalidKeyUpdate.into()),
        };
        let next = self.read.next();
        cx.install(Direction::Read, &next, KeyLevel::Traffic)?;
        self.read = next.rest();
        // One that has not been sent answers this request too; and after our close_notify there is nothing to protect.
        if wanted && cx.write.update_waits == 0 && !cx.write.closed {
            self.send_key_update(KeyUpdateRequest::UpdateNotRequested, cx)?;
        }
        Ok(())
    }

    /// Says that from here on we write under the next keys, and does so.
    pub(crate) fn send_key_update(
        &mut self,
        request: KeyUpdateRequest,
        cx: &mut Cx<'_>,
    ) -> Result<(), Error> {
        let typ = HandshakeType::KeyUpdate;
        cx.emit_alone(typ, &[typ.into(), 0, 0, 1, request.into()]);
        let next = self.write.next();
        cx.install(Direction::Write, &next, KeyLevel::Traffic)?;
        self.write = next.rest();
        cx.write.update_waits = cx.carrier.out_len();
        Ok(())
    }
}

/// What a client needs to keep sessions.
pub(crate) struct Tickets {
    config: Arc<ClientConfig>,
    name: ServerName<'static>,
    resumption: Resumption,
    /// The full handshake that this connection goes back to; `None` if it was one.
    goes_back: Option<GoesBack>,
    /// The external key that the server has proved itself with, now or when the session was made.
    psk: Option<ExternalPsk>,
}

impl Tickets {
    pub(crate) fn new(
        config: Arc<ClientConfig>,
        name: ServerName<'static>,
        resumption: Resumption,
        goes_back: Option<GoesBack>,
        psk: Option<ExternalPsk>,
    ) -> Self {
        Self { config, name, resumption, goes_back, psk }
    }

    /// RFC 8446 section 4.6.1.
    pub(crate) fn read_new_session_ticket(
        &self,
        body: &[u8],
        facts: &mut Facts,
        quic: Option<&Parameters>,
    ) -> Result<(), Error> {
        let message = NewSessionTicket::read_all(body)
            .map_err(|error| replies::twice(error, PeerMisbehaved::DuplicateNewSessionTicketExtensions))?;
        replies::check_places(&message.extensions.seen, NST)?;
        // QUIC limits early data by itself. RFC 9001 section 4.6.1.
        if quic.is_some() && message.extensions.early_data.is_some_and(|limit| limit != u32::MAX) {
            return Err(PeerMisbehaved::InvalidMaxEarlyDataSize.into());
        }
        facts.tickets_received = facts.tickets_received.saturating_add(1);
        // A lifetime of zero says: do not keep it.
        let useless = message.lifetime == 0 || message.ticket.0.len() > MAX_TICKET;
        if useless || !self.config.resumption.enabled() {
            return Ok(());
        }
        // The connection stands without a ticket. One of unknown age is of no use.
        let obtained_at = match question::now(&self.config.time_provider) {
            Err(Error::FailedToGetCurrentTime) => return Ok(()),
            now => now?,
        };
        let mut value = Tls13ClientSessionValue::new(
            self.resumption.suite(),
            message.ticket.0,
            self.resumption.psk(message.nonce.0),
            message.age_add,
            message.lifetime,
            message.extensions.early_data.unwrap_or(0),
            obtained_at,
            facts.peer.clone().unwrap_or_default(),
            SessionBinding::to(&self.config),
        );
        value
            .going_back_to(self.goes_back)
            .proven_by(self.psk.clone())
            .speaking(facts.alpn.as_deref().map(<[u8]>::to_vec))
            .resumable_across(message.extensions.tls_flags.is_some_and(|flags| flags.has(ACROSS_NAMES)))
            .over_quic(
                quic.map(Parameters::version),
                quic.and_then(|quic| quic.theirs.as_deref()).unwrap_or_default(),
            );
        let store = &self.config.resumption.store;
        told(STORE, || store.insert_tls13_ticket(self.name.clone(), value))
    }
}
