//! The sessions of the client of TLS 1.2: how one is resumed, as in RFC 5246 figure 2, and how one is kept.

use alloc::boxed::Box;

use crate::config::sessions::{SessionBinding, Tls12ClientSessionValue};
use crate::error::{Error, PeerMisbehaved};
use crate::flow::client12::Client::{self, WaitChangeCipherSpec, WaitNewSessionTicket};
use crate::flow::client12::{Common, Flown, Keys};
use crate::flow::cx::Cx;
use crate::flow::offer::MAX_TICKET;
use crate::flow::question::{STORE, guarded, told};
use crate::names::HandshakeKind;
use crate::schedule::tls12::MasterSecret;

/// The abbreviated handshake: the server goes first.
pub(super) fn resume(
    common: Common,
    session: Tls12ClientSessionValue,
    cx: &mut Cx<'_>,
) -> Result<Client, Error> {
    let same = match (session.suite() == common.suite, session.ems() == common.ems) {
        (false, _) => Err(PeerMisbehaved::ResumptionOfferedWithVariedCipherSuite),
        (true, false) => Err(PeerMisbehaved::ResumptionOfferedWithVariedEms),
        (true, true) => Ok(()),
    };
    same.inspect_err(|_| common.forget_session())?;
    cx.facts.kind = Some(HandshakeKind::Resumed);
    cx.facts.session_group = Some(session.group());
    let master = MasterSecret::resumed(common.suite, session.secret.duplicate(), common.ems);
    cx.log_secret("CLIENT_RANDOM", master.as_secret().as_bytes())?;
    let keys = master.key_block(&common.randoms);
    let chain = session.server_chain.clone();
    let ticket_comes = common.ticket_comes;
    let flown = Box::new(Flown { common, master, keys: Keys::Both(keys), chain });
    Ok(if ticket_comes { WaitNewSessionTicket(flown) } else { WaitChangeCipherSpec(flown) })
}

impl Common {
    /// The connection fails. If it was resuming a session, that is not offered again: RFC 5246 section 7.2.2. With a server that takes it and
    /// has lost its secret all connections would fail, for as long as the session lives.
    pub(super) fn forget_session(&self) {
        if self.goes_back.is_some() {
            let store = &self.asked.config.resumption.store;
            // The connection has failed before the store can, and that is the reason to tell.
            let _ = told(STORE, || store.remove_tls12_session(&self.asked.name));
        }
    }
}

/// Both Finished are right: the session may be kept, under the verifier and the credential that made it. One that was
/// resumed is kept already; only a ticket makes it another.
pub(super) fn store_session(common: &Common, master: &MasterSecret, cx: &Cx<'_>) -> Result<(), Error> {
    let config = &common.asked.config;
    let named = !common.session_id.is_empty() && common.goes_back.is_none();
    let said = common.ticket.clone().or_else(|| named.then(Default::default));
    let (Some((lifetime, ticket)), Some(group)) = (said, cx.facts.key_exchange_group()) else {
        return Ok(());
    };
    if (ticket.is_empty() && !named) || !config.resumption.keeps_tls12() || ticket.len() > MAX_TICKET {
        return Ok(());
    }
    let now = match common.asked.now() {
        // A clock that has stopped costs the resumption only.
        Err(Error::FailedToGetCurrentTime) => return Ok(()),
        now => now?,
    };
    let value = Tls12ClientSessionValue::new(
        common.suite,
        group,
        common.session_id,
        ticket,
        master.as_secret().duplicate(),
        master.extended(),
        lifetime,
        now,
        common.goes_back,
        cx.facts.peer.clone().unwrap_or_default(),
        SessionBinding::to(config),
    );
    guarded(STORE, || {
        config.resumption.store.set_tls12_session(common.asked.name.clone(), value);
        Ok(())
    })
}
