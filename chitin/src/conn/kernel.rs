//! What is left of a connection whose records somebody else protects: following key updates, and keeping tickets.

use core::marker::PhantomData;

use crate::crypto::suites::{ConnectionTrafficSecrets, SupportedCipherSuite};
use crate::engine::common::{After, CommonState, ExtractedSecrets, LeftOver, extract};
use crate::error::Error;
use crate::flow::traffic13::Traffic;
use crate::names::ProtocolVersion;
use crate::schedule::tls13::RestingSecret;

use super::ClientConnectionData;

/// The rest of a connection whose keys have been taken out: it knows the traffic secrets, and neither sends nor receives.
///
/// `Data` only names the side. The module says how to use it.
pub struct KernelConnection<Data> {
    left: LeftOver,
    side: PhantomData<Data>,
}

impl<Data> KernelConnection<Data> {
    pub(super) fn take_over(common: CommonState) -> Result<(ExtractedSecrets, Self), Error> {
        let (secrets, left) = common.hand_over()?;
        Ok((secrets, Self { left, side: PhantomData }))
    }

    /// Returns the cipher suite.
    pub fn negotiated_cipher_suite(&self) -> SupportedCipherSuite {
        self.left.suite
    }

    /// Returns the version of TLS.
    pub fn protocol_version(&self) -> ProtocolVersion {
        self.left.suite.version().version
    }

    /// Computes the next keys for what we send, and the number that their first record has. RFC 8446 section 7.2.
    ///
    /// The caller sends a KeyUpdate under the present ones first, and records under the new ones only behind it.
    ///
    /// # Errors
    ///
    /// TLS 1.2 has no key updates. The provider may not give its keys out.
    pub fn update_tx_secret(&mut self) -> Result<(u64, ConnectionTrafficSecrets), Error> {
        self.traffic().and_then(|traffic| update(&mut traffic.write))
    }

    /// Computes the next keys for what the peer sends, and the number that their first record has. RFC 8446 section 7.2.
    ///
    /// For when a KeyUpdate of the peer's has come. If it asks for ours (`update_requested`), the caller also sends one.
    ///
    /// # Errors
    ///
    /// TLS 1.2 has no key updates. The provider may not give its keys out.
    pub fn update_rx_secret(&mut self) -> Result<(u64, ConnectionTrafficSecrets), Error> {
        self.traffic().and_then(|traffic| update(&mut traffic.read))
    }

    fn traffic(&mut self) -> Result<&mut Traffic, Error> {
        match &mut self.left.after {
            After::Tls12 => Err(Error::General("TLS 1.2 has no key updates".into())),
            After::Client(open) => Ok(&mut open.traffic),
            After::Server(traffic) => Ok(traffic),
        }
    }
}

impl KernelConnection<ClientConnectionData> {
    /// Keeps a ticket of the server's for later connections. RFC 8446 section 4.6.1.
    ///
    /// `payload` is the body of a NewSessionTicket, without the four bytes of type and length before it. A caller joins what
    /// several records have of it.
    ///
    /// # Errors
    ///
    /// If it is malformed, if a callback panics, or with TLS 1.2, where tickets come during the handshake.
    pub fn handle_new_session_ticket(&mut self, payload: &[u8]) -> Result<(), Error> {
        match &self.left.after {
            After::Client(open) => open.keep_ticket(payload, &mut self.left.facts),
            After::Tls12 | After::Server(_) => {
                Err(Error::General("TLS 1.2 has no tickets after the handshake".into()))
            }
        }
    }
}

fn update(secret: &mut RestingSecret) -> Result<(u64, ConnectionTrafficSecrets), Error> {
    let next = secret.next();
    let keys = extract(&next)?;
    *secret = next.rest();
    Ok((0, keys))
}
