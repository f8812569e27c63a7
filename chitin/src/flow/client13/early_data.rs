//! Early data: begun behind the hello, refused or accepted, and ended. RFC 8446 sections 2.3, 4.2.10 and 4.5.

use alloc::vec::Vec;

use pki_types::UnixTime;

use crate::carrier::Direction;
use crate::error::{Error, PeerMisbehaved};
use crate::flow::client13::{Agreed, Authenticated, Common};
use crate::flow::cx::{Cx, Gate};
use crate::flow::offer::Offer;
use crate::flow::question::Question;
use crate::names::{CipherSuite, HandshakeType};
use crate::observe::KeyLevel;
use crate::schedule::tls13::TrafficSecret;
use crate::schedule::transcript::Unhashed;

/// Behind the hello, if it offers a session whose server takes early data.
pub(super) fn begin_early_data(offer: &Offer, transcript: &Unhashed, cx: &mut Cx<'_>) -> Result<(), Error> {
    let Some((secrets, left)) = offer.early_data(transcript) else { return Ok(()) };
    // RFC 8446 appendix D.4: behind the hello, if early data follows.
    cx.send_compat_ccs()?;
    cx.begin_early_data(Direction::Write, &secrets)?;
    cx.write.gate = Gate::Early { left };
    // Early data is written within the limits that the server had then. RFC 9000 section 7.4.1.
    cx.carrier.set_peer_parameters(offer.remembered_quic_parameters());
    Ok(())
}

/// Early data of this connection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum EarlyData {
    Not,
    /// What was sent is lost.
    Refused,
    /// On a session of this suite and this protocol, and the server has taken the session.
    Offered {
        suite: CipherSuite,
        alpn: Vec<u8>,
    },
    /// We write under the early key until EndOfEarlyData.
    Accepted,
}

/// No early data from here on, if there was any: what follows is under the handshake key.
pub(super) fn refuse_early_data(secret: &TrafficSecret, cx: &mut Cx<'_>) -> Result<(), Error> {
    cx.write.gate = Gate::Closed;
    cx.install(Direction::Write, secret, KeyLevel::Handshake)
}

impl Agreed {
    /// The server takes early data, or does not. It may take it only as what the session was: the same suite, the same protocol.
    /// RFC 8446 section 4.2.10.
    pub(super) fn settle_early_data(&mut self, accepted: bool, cx: &mut Cx<'_>) -> Result<(), Error> {
        let chosen = cx.facts.suite.map(|suite| suite.suite());
        match (&self.common.early, accepted) {
            (EarlyData::Not | EarlyData::Refused | EarlyData::Accepted, true) => {
                return Err(PeerMisbehaved::EarlyDataExtensionWithoutResumption.into());
            }
            (EarlyData::Not | EarlyData::Refused | EarlyData::Accepted, false) => {}
            (EarlyData::Offered { .. }, false) => {
                refuse_early_data(&self.common.keys.finished.client.woken(), cx)?;
                self.common.early = EarlyData::Refused;
            }
            (EarlyData::Offered { suite, .. }, true) if chosen != Some(*suite) => {
                return Err(PeerMisbehaved::EarlyDataOfferedWithVariedCipherSuite.into());
            }
            (EarlyData::Offered { alpn, .. }, true)
                if cx.facts.alpn.as_deref().unwrap_or_default() != alpn =>
            {
                return Err(PeerMisbehaved::EarlyDataAcceptedWithVariedApplicationProtocol.into());
            }
            (EarlyData::Offered { .. }, true) => {
                cx.facts.early_data = true;
                self.common.early = EarlyData::Accepted;
            }
        }
        Ok(())
    }
}

/// The server has taken the session and refused the early data on it: the application begins anew, and so does its verifier.
pub(crate) struct Reconsidered {
    pub(super) authenticated: Authenticated,
    now: UnixTime,
}

impl Reconsidered {
    pub(super) fn new(authenticated: Authenticated) -> Result<Self, Error> {
        let now = authenticated.common.asked.now()?;
        Ok(Self { authenticated, now })
    }

    pub(super) fn question(&self) -> Question<'_> {
        let Authenticated { common, chain, .. } = &self.authenticated;
        Question::VerifyServer {
            verifier: &common.asked.config.verifier,
            chain,
            name: &common.asked.name,
            ocsp: &[],
            scts: &[],
            now: self.now,
        }
    }
}

impl Common {
    /// The last thing under the early key. It is sent only if early data was accepted. RFC 8446 section 4.5. QUIC sees the end by its
    /// packets: RFC 9001 section 8.3.
    pub(super) fn send_end_of_early_data(&mut self, cx: &mut Cx<'_>) -> Result<(), Error> {
        cx.write.gate = Gate::Closed;
        if !cx.is_quic() {
            cx.emit(&mut self.transcript, HandshakeType::EndOfEarlyData, |_| {});
        }
        cx.install(Direction::Write, &self.keys.finished.client.woken(), KeyLevel::Handshake)
    }
}
