//! The connections of QUIC: handshake bytes in and out, and keys between them. The QUIC endpoint does the rest. RFC 9001.

use alloc::sync::Arc;
use alloc::vec::Vec;
use core::fmt;
use core::marker::PhantomData;
use core::ops::{Deref, DerefMut};

use pki_types::ServerName;

use crate::carrier::Quic;
use crate::carrier::quic::KeyChange;
use crate::config::client::ClientConfig;
use crate::config::server::ServerConfig;
use crate::crypto::CryptoProvider;
use crate::crypto::quic::{DirectionalKeys, Version};
use crate::engine::Engine;
use crate::engine::common::CommonState;
use crate::error::Error;
use crate::names::{AlertDescription, EchStatus, ProtocolVersion, Side};

use super::lend::{either, lend_common, lend_either};
use super::{ClientConnectionData, ServerConnectionData, SideData};

/// What [`ClientConnection`] and [`ServerConnection`] have in common.
///
/// `Data` only names the side.
pub struct ConnectionCommon<Data> {
    common: CommonState,
    side: PhantomData<Data>,
}

impl<Data: SideData> ConnectionCommon<Data> {
    fn new(engine: Engine) -> Self {
        Self { common: CommonState::new(engine), side: PhantomData }
    }

    /// Returns the peer's transport parameters as it has encoded them (RFC 9001 section 8.2), once they are there.
    ///
    /// Whoever changes them on the way makes the handshake fail, which is known at its end: until then rely on them as little as
    /// can be. A client that writes early data has those of the session that it resumes until the server's come.
    pub fn quic_transport_parameters(&self) -> Option<&[u8]> {
        self.common.quic()?.peer_parameters()
    }

    /// Returns the keys of 0-RTT packets, if there may be any: for a client those to write with, for a server those to read with.
    ///
    /// [`ClientConnection::is_early_data_accepted`] says whether the server takes them.
    pub fn zero_rtt_keys(&self) -> Option<DirectionalKeys> {
        self.common.quic()?.early_keys()
    }

    /// Takes in handshake bytes of the peer.
    ///
    /// They are those of CRYPTO frames, in their order, and a call gets bytes of one level only. The caller makes sure that they
    /// came in packets of the level that is current: that of the last [`KeyChange`] that [`write_hs`](Self::write_hs) has given,
    /// or 1-RTT once the handshake is done (RFC 9001 section 4.1.3).
    ///
    /// # Errors
    ///
    /// What the peer did wrong, or what we could not do. It is final: every later call returns it again. If there is something to
    /// tell the peer, [`alert`](Self::alert) has it.
    pub fn read_hs(&mut self, plaintext: &[u8]) -> Result<(), Error> {
        self.common.engine().crypto_bytes(plaintext)
    }

    /// Appends handshake bytes for the peer to `buf`, up to the next change of keys, which it returns.
    ///
    /// What was appended belongs into packets under the keys of before; what comes next into packets under the new ones. Call it
    /// until it returns `None`.
    pub fn write_hs(&mut self, buf: &mut Vec<u8>) -> Option<KeyChange> {
        self.common.quic_mut()?.take_output(buf)
    }

    /// Returns the alert that the peer is to be sent, as a CRYPTO_ERROR (RFC 9001 section 4.8).
    pub fn alert(&self) -> Option<AlertDescription> {
        self.common.quic()?.alert()
    }
}

impl<Data> Deref for ConnectionCommon<Data> {
    type Target = CommonState;

    fn deref(&self) -> &Self::Target {
        &self.common
    }
}

impl<Data> DerefMut for ConnectionCommon<Data> {
    fn deref_mut(&mut self) -> &mut Self::Target {
        &mut self.common
    }
}

/// A client's end of one QUIC connection, as far as TLS goes.
pub struct ClientConnection {
    inner: ConnectionCommon<ClientConnectionData>,
}

impl ClientConnection {
    /// Begins a connection to the server called `name`. The ClientHello, with our transport parameters `params` in it, waits to be
    /// written.
    ///
    /// # Errors
    ///
    /// If the config has no TLS 1.3 or no suite for QUIC, if `params` has more than 8 KiB, or if no ClientHello can be made.
    pub fn new(
        config: Arc<ClientConfig>,
        quic_version: Version,
        name: ServerName<'static>,
        params: Vec<u8>,
    ) -> Result<Self, Error> {
        let protocols = config.alpn_protocols.clone();
        Self::new_with_alpn(config, quic_version, name, params, protocols)
    }

    /// Begins a connection that offers these application protocols (RFC 7301) instead of the config's.
    ///
    /// # Errors
    ///
    /// Those of [`new`](Self::new).
    pub fn new_with_alpn(
        config: Arc<ClientConfig>,
        quic_version: Version,
        name: ServerName<'static>,
        params: Vec<u8>,
        alpn_protocols: Vec<Vec<u8>>,
    ) -> Result<Self, Error> {
        check(config.versions.contains(ProtocolVersion::TLSv1_3), &config.provider)?;
        let quic = Quic::new(Side::Client, quic_version, params)?;
        let engine = Engine::quic_client(quic, config, name, alpn_protocols)?;
        Ok(Self { inner: ConnectionCommon::new(engine) })
    }

    /// Says whether the server has accepted early data. It has said so, or not, when the handshake is complete.
    pub fn is_early_data_accepted(&self) -> bool {
        self.inner.common.early_data_accepted()
    }

    /// Returns what became of Encrypted Client Hello. Not in rustls 0.23.
    pub fn ech_status(&self) -> EchStatus {
        self.inner.common.facts().ech
    }

    /// Returns how many session tickets this connection has received.
    pub fn tls13_tickets_received(&self) -> u32 {
        self.inner.common.facts().tickets_received
    }
}

/// A server's end of one QUIC connection, as far as TLS goes.
pub struct ServerConnection {
    inner: ConnectionCommon<ServerConnectionData>,
}

impl ServerConnection {
    /// Waits for a client. `params` are our transport parameters.
    ///
    /// Early data is taken only on a session of the same version of QUIC, and only if `params` keep the limits that those of the
    /// session's connection had (RFC 9000 section 7.4.1). Whatever else early data depends on (the SETTINGS of HTTP/3, say) is
    /// the application's: with other ones it makes another config, which takes no early data on sessions of the old.
    ///
    /// # Errors
    ///
    /// If the config has no TLS 1.3 or no suite for QUIC, if its `max_early_data_size` is neither 0 nor 2^32-1 (RFC 9001 section
    /// 4.6.1), or if `params` has more than 8 KiB.
    pub fn new(config: Arc<ServerConfig>, quic_version: Version, params: Vec<u8>) -> Result<Self, Error> {
        check(config.versions.contains(ProtocolVersion::TLSv1_3), &config.provider)?;
        if !matches!(config.max_early_data_size, 0 | u32::MAX) {
            let why = "QUIC sessions must set a max early data of 0 or 2^32-1";
            return Err(Error::General(why.into()));
        }
        let quic = Quic::new(Side::Server, quic_version, params)?;
        Ok(Self { inner: ConnectionCommon::new(Engine::quic_server(quic, config)?) })
    }

    /// Refuses early data, and lets the client know. It has to be called before the ClientHello has been read.
    pub fn reject_early_data(&mut self) {
        self.inner.common.refuse_early_data();
    }

    /// Returns the name that the client asked for (RFC 6066 section 3), once its hello has been read.
    pub fn server_name(&self) -> Option<&str> {
        self.inner.common.facts().server_name.as_ref().map(AsRef::as_ref)
    }
}

/// RFC 9001 sections 4.2 and 5.3.
fn check(tls13: bool, provider: &CryptoProvider) -> Result<(), Error> {
    if !tls13 {
        return Err(Error::General("TLS 1.3 support is required for QUIC".into()));
    }
    match provider.suites13().any(|suite| suite.quic.is_some()) {
        true => Ok(()),
        false => Err(Error::General("at least one ciphersuite must support QUIC".into())),
    }
}

lend_common! {
    ClientConnection => ConnectionCommon<ClientConnectionData>;
    ServerConnection => ConnectionCommon<ServerConnectionData>;
}

impl fmt::Debug for ClientConnection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("quic::ClientConnection").field("common", &self.inner.common).finish()
    }
}

impl fmt::Debug for ServerConnection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("quic::ServerConnection").field("common", &self.inner.common).finish()
    }
}

/// A QUIC connection of either side.
#[derive(Debug)]
pub enum Connection {
    /// A client's.
    Client(ClientConnection),
    /// A server's.
    Server(ServerConnection),
}

impl Connection {
    /// Returns the peer's transport parameters. See [`ConnectionCommon::quic_transport_parameters`].
    pub fn quic_transport_parameters(&self) -> Option<&[u8]> {
        either!(self, conn => conn.quic_transport_parameters())
    }

    /// Returns the keys of 0-RTT packets. See [`ConnectionCommon::zero_rtt_keys`].
    pub fn zero_rtt_keys(&self) -> Option<DirectionalKeys> {
        either!(self, conn => conn.zero_rtt_keys())
    }

    /// Takes in handshake bytes of the peer. See [`ConnectionCommon::read_hs`].
    ///
    /// # Errors
    ///
    /// Those of that.
    pub fn read_hs(&mut self, plaintext: &[u8]) -> Result<(), Error> {
        either!(self, conn => conn.read_hs(plaintext))
    }

    /// Gives out handshake bytes for the peer. See [`ConnectionCommon::write_hs`].
    pub fn write_hs(&mut self, buf: &mut Vec<u8>) -> Option<KeyChange> {
        either!(self, conn => conn.write_hs(buf))
    }

    /// Returns the alert that the peer is to be sent. See [`ConnectionCommon::alert`].
    pub fn alert(&self) -> Option<AlertDescription> {
        either!(self, conn => conn.alert())
    }

    /// Derives keying material for `label` and `context` and fills `output` with it. RFC 8446 section 7.5.
    ///
    /// # Errors
    ///
    /// [`Error::HandshakeNotComplete`], the error that ended the connection, or one for an `output` that is empty or too long.
    pub fn export_keying_material<T: AsMut<[u8]>>(
        &self,
        mut output: T,
        label: &[u8],
        context: Option<&[u8]>,
    ) -> Result<T, Error> {
        self.deref().export(output.as_mut(), label, context)?;
        Ok(output)
    }
}

lend_either!(Connection: ClientConnection, ServerConnection);
