//! A server whose first question, the config, only the application can answer. It shares every line with a normal server.

use alloc::sync::Arc;
use core::fmt;
use std::io::{self, Read, Write};

use crate::config::server::ServerConfig;
use crate::engine::Engine;
use crate::error::Error;
use crate::names::AlertDescription;
use crate::record::outbox::Outbox;

use super::ServerConnectionData;
use super::accepted::Accepted;
use super::buffered::ServerConnection;
use super::common::ConnectionCommon;

/// Reads a ClientHello before a [`ServerConfig`] has to be chosen.
///
/// Feed it with [`read_tls`](Self::read_tls) and ask [`accept`](Self::accept) after each read, until that gives an [`Accepted`].
pub struct Acceptor {
    inner: Option<ConnectionCommon<ServerConnectionData>>,
}

impl Default for Acceptor {
    /// Waits for a new client.
    fn default() -> Self {
        // Only a config could be refused, and there is none.
        Self { inner: Engine::server(None).ok().map(ConnectionCommon::new) }
    }
}

impl Acceptor {
    /// Reads bytes from the client, once. See [`ConnectionCommon::read_tls`].
    ///
    /// # Errors
    ///
    /// Those of `rd`, and one if the hello has been taken already.
    pub fn read_tls(&mut self, rd: &mut dyn Read) -> Result<usize, io::Error> {
        match &mut self.inner {
            Some(conn) => conn.read_tls(rd),
            None => Err(io::Error::other("acceptor cannot read after successful acceptance")),
        }
    }

    /// Gives the hello once it is whole; `Ok(None)` if more has to be read.
    ///
    /// # Errors
    ///
    /// What is wrong with the hello, and the alert to send for it; [`Error::AlertReceived`] with close_notify, and nothing to send,
    /// for a client that has closed before its hello. Afterwards the acceptor is used up.
    pub fn accept(&mut self) -> Result<Option<Accepted>, (Error, AcceptedAlert)> {
        let Some(mut conn) = self.inner.take() else {
            let used_up = Error::General("Acceptor polled after completion".into());
            return Err((used_up, AcceptedAlert(Outbox::default())));
        };
        match conn.process_new_packets() {
            Err(error) => Err((error, conn.into())),
            Ok(_) if conn.client_hello().is_some() => Ok(Some(Accepted { conn })),
            // Nothing is read behind it, so whoever went on to wait for a hello would not even be stopped by the socket.
            Ok(state) if state.peer_has_closed() => {
                Err((Error::AlertReceived(AlertDescription::CloseNotify), conn.into()))
            }
            Ok(_) => {
                self.inner = Some(conn);
                Ok(None)
            }
        }
    }
}

impl fmt::Debug for Acceptor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Acceptor").finish_non_exhaustive()
    }
}

impl Accepted {
    /// Goes on with `config`.
    ///
    /// # Errors
    ///
    /// What keeps this config from serving this hello, and the alert to send for it.
    pub fn into_connection(
        mut self,
        config: Arc<ServerConfig>,
    ) -> Result<ServerConnection, (Error, AcceptedAlert)> {
        let fips = config.fips();
        match self.conn.answer_config(config) {
            Ok(()) => Ok(ServerConnection::from_accepted(self.conn, fips)),
            Err(error) => Err((error, self.conn.into())),
        }
    }
}

/// The alert for a client that was not accepted. Nothing is sent by itself.
// Only the outbox: bytes, so every auto trait holds, as in 0.23.
pub struct AcceptedAlert(Outbox);

impl AcceptedAlert {
    /// Writes some of the alert to `wr` and returns how many bytes; zero once all is written.
    ///
    /// # Errors
    ///
    /// Those of `wr`.
    pub fn write(&mut self, wr: &mut dyn Write) -> Result<usize, io::Error> {
        self.0.write_to(wr)
    }

    /// Writes all of the alert to `wr`.
    ///
    /// # Errors
    ///
    /// Those of `wr`.
    pub fn write_all(&mut self, wr: &mut dyn Write) -> Result<(), io::Error> {
        while !self.0.is_empty() {
            if self.write(wr)? == 0 {
                return Err(io::ErrorKind::WriteZero.into());
            }
        }
        Ok(())
    }
}

impl From<ConnectionCommon<ServerConnectionData>> for AcceptedAlert {
    fn from(mut conn: ConnectionCommon<ServerConnectionData>) -> Self {
        Self(conn.outbox().map(Outbox::take).unwrap_or_default())
    }
}

impl fmt::Debug for AcceptedAlert {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AcceptedAlert").finish_non_exhaustive()
    }
}
