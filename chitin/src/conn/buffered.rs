//! The buffered connections: bytes of a socket in and out, plaintext in and out, each when it suits the caller.

use alloc::sync::Arc;
use alloc::vec::Vec;
use core::fmt;
use std::io::{self, Read, Write};

use pki_types::ServerName;

use crate::config::client::ClientConfig;
use crate::config::server::ServerConfig;
use crate::engine::Engine;
use crate::engine::common::ExtractedSecrets;
use crate::error::Error;
use crate::names::EchStatus;

use super::common::{ConnectionCommon, IoState};
use super::io::{ReadEarlyData, Reader, WriteEarlyData, Writer, invalid};
use super::lend::{either, lend_common, lend_either};
use super::{ClientConnectionData, ServerConnectionData};

impl<Data> ConnectionCommon<Data> {
    /// Returns the end that received plaintext comes out of.
    pub fn reader(&mut self) -> Reader<'_> {
        Reader::new(&mut self.common)
    }

    /// Returns the end that plaintext to be sent goes into.
    pub fn writer(&mut self) -> Writer<'_> {
        // Who turns to writing has read what there was, and waits for an answer.
        self.common.inbox().rest();
        self.common.inbox().expect_traffic();
        Writer::new(&mut self.common)
    }

    /// Reads bytes of the peer from `rd`, once. Call [`process_new_packets`](Self::process_new_packets) afterwards.
    ///
    /// `Ok(0)` says that the stream has ended, or that the peer has said so before (then `rd` is not asked).
    ///
    /// # Errors
    ///
    /// Those of `rd`. Errors of our own when there is no room: received plaintext has to be read first, or what was read has to be
    /// processed. [`wants_read`](crate::CommonState::wants_read) tells when to call it.
    pub fn read_tls(&mut self, rd: &mut dyn Read) -> Result<usize, io::Error> {
        // Who turns to reading has sent what there was.
        if let Some(outbox) = self.common.outbox() {
            outbox.rest();
        }
        if self.common.peer_closed() {
            return Ok(0);
        }
        let handshaking = self.common.is_handshaking();
        let done = self.common.fit_inbox().read_from(rd, handshaking);
        if !matches!(done, Ok(1..)) {
            self.common.inbox().pause();
            if let Some(outbox) = self.common.outbox() {
                outbox.pause();
            }
        }
        done
    }

    /// Writes bytes for the peer to `wr`: one call of `write_vectored`, with a slice for each record.
    ///
    /// # Errors
    ///
    /// Those of `wr`.
    pub fn write_tls(&mut self, wr: &mut dyn Write) -> Result<usize, io::Error> {
        let Some(outbox) = self.common.outbox() else { return Ok(0) };
        let n = outbox.write_to(wr)?;
        self.common.sent(n);
        Ok(n)
    }

    /// Reads from and writes to `io` as far as the connection wants to: during the handshake until that is done, afterwards at most
    /// once in one direction. Returns how many bytes were read and written.
    ///
    /// # Errors
    ///
    /// Those of `io`, save `WouldBlock` in one direction when there was progress in the other or before. `UnexpectedEof` if the
    /// stream ended during the handshake. `InvalidData` around the TLS [`Error`], after an attempt to send the alert.
    pub fn complete_io<T>(&mut self, io: &mut T) -> Result<(usize, usize), io::Error>
    where
        Self: Sized,
        T: Read + Write,
    {
        let (mut read, mut written) = (0, 0);
        loop {
            let was_handshaking = self.is_handshaking();
            // Also when a question is open or the peer has closed: else we would turn here for ever.
            if !self.wants_write() && !self.wants_read() {
                // A handshake that the peer has closed will never be complete.
                return match was_handshaking && self.common.peer_closed() {
                    true => Err(io::ErrorKind::UnexpectedEof.into()),
                    false => Ok((read, written)),
                };
            }

            let (mut blocked, before) = (None, written);
            while self.wants_write() {
                match self.write_tls(io) {
                    Ok(0) => {
                        io.flush()?;
                        return Ok((read, written));
                    }
                    Ok(n) => written += n,
                    Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                        blocked = Some(error);
                        break;
                    }
                    Err(error) => return Err(error),
                }
            }
            if written > before {
                io.flush()?;
            }
            // Whatever came would change nothing, and a peer that has been told need not say anything more.
            if let Some(error) = self.common.failed() {
                return Err(invalid(error));
            }
            if !was_handshaking && written > 0 {
                return Ok((read, written));
            }

            let mut eof = false;
            if self.wants_read() {
                let got = loop {
                    match self.read_tls(io) {
                        Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                        done => break done,
                    }
                };
                match got {
                    Ok(0) => eof = true,
                    Ok(n) => read += n,
                    Err(error) if error.kind() == io::ErrorKind::WouldBlock && read > 0 => {
                        return Ok((read, written));
                    }
                    Err(error) => return Err(error),
                }
            } else if let Some(error) = blocked {
                return if read > 0 { Ok((read, written)) } else { Err(error) };
            }

            if let Err(error) = self.process_new_packets() {
                // The alert, if it can be sent at once. The error is worth more than the trouble of sending it.
                let _ = self.write_tls(io);
                let _ = io.flush();
                return Err(invalid(error));
            }
            match (was_handshaking, self.is_handshaking()) {
                (false, _) => return Ok((read, written)),
                (true, true) if eof => return Err(io::ErrorKind::UnexpectedEof.into()),
                (true, false) if !self.wants_write() => return Ok((read, written)),
                _ => {}
            }
        }
    }

    /// Leaves records of application data sealed until somebody reads, so that they can be opened straight into the reader's
    /// slice: one copy less. Off by default; [`Stream`](crate::Stream) uses it.
    ///
    /// Then errors of such records and the peer's close_notify come out of [`reader`](Self::reader), [`IoState`] does not count
    /// them, and a read may say `WouldBlock` although [`wants_read`](crate::CommonState::wants_read) was false, since what looked like
    /// data was a message to us.
    pub fn open_on_read(&mut self, on: bool) {
        self.common.set_open_on_read(on);
    }
}

/// A TLS client's end of one connection.
pub struct ClientConnection {
    inner: ConnectionCommon<ClientConnectionData>,
    fips: bool,
}

impl ClientConnection {
    /// Begins a connection to the server called `name`. The ClientHello waits to be written.
    ///
    /// # Errors
    ///
    /// If the config cannot make a ClientHello: no version, suite or group, a bad `max_fragment_size`, no randomness.
    pub fn new(config: Arc<ClientConfig>, name: ServerName<'static>) -> Result<Self, Error> {
        let protocols = config.alpn_protocols.clone();
        Self::new_with_alpn(config, name, protocols)
    }

    /// Begins a connection that offers these application protocols (RFC 7301) instead of the config's.
    ///
    /// # Errors
    ///
    /// Those of [`new`](Self::new).
    pub fn new_with_alpn(
        config: Arc<ClientConfig>,
        name: ServerName<'static>,
        alpn_protocols: Vec<Vec<u8>>,
    ) -> Result<Self, Error> {
        let fips = config.fips();
        let engine = Engine::client(config, name, alpn_protocols)?;
        Ok(Self { inner: ConnectionCommon::new(engine), fips })
    }

    /// Returns the end that early data (0-RTT) goes into, RFC 8446 section 2.3.
    ///
    /// `None` if none may be sent: `enable_early_data` is not set, there is no session that takes any, or the time for it is over,
    /// because the server has refused it or the handshake is done. What is written before
    /// [`is_early_data_accepted`](Self::is_early_data_accepted) says so may be refused: then the caller writes it again, with
    /// [`writer`](ConnectionCommon::writer).
    ///
    /// Early data is not forward secret, and the server may get it more than once.
    pub fn early_data(&mut self) -> Option<WriteEarlyData<'_>> {
        let common = &mut self.inner.common;
        common.early_data_left().is_some().then_some(WriteEarlyData::new(common))
    }

    /// Says whether the server has accepted the early data of this connection. It has said so, or not, when the handshake is
    /// complete.
    pub fn is_early_data_accepted(&self) -> bool {
        self.inner.common.early_data_accepted()
    }

    /// Returns what became of Encrypted Client Hello.
    pub fn ech_status(&self) -> EchStatus {
        self.inner.facts().ech
    }

    /// Returns how many session tickets this connection has received.
    pub fn tls13_tickets_received(&self) -> u32 {
        self.inner.facts().tickets_received
    }

    /// Says whether the config was in FIPS mode.
    pub fn fips(&self) -> bool {
        self.fips
    }

    /// Takes the traffic keys out. See [`ConnectionCommon::dangerous_extract_secrets`].
    ///
    /// # Errors
    ///
    /// Those of that.
    pub fn dangerous_extract_secrets(self) -> Result<ExtractedSecrets, Error> {
        self.inner.dangerous_extract_secrets()
    }
}

/// A TLS server's end of one connection.
pub struct ServerConnection {
    inner: ConnectionCommon<ServerConnectionData>,
    fips: bool,
}

impl ServerConnection {
    /// Waits for a client.
    ///
    /// # Errors
    ///
    /// If the config cannot serve anybody: a bad `max_fragment_size`, say.
    pub fn new(config: Arc<ServerConfig>) -> Result<Self, Error> {
        let fips = config.fips();
        let engine = Engine::server(Some(config))?;
        Ok(Self { inner: ConnectionCommon::new(engine), fips })
    }

    pub(super) fn from_accepted(inner: ConnectionCommon<ServerConnectionData>, fips: bool) -> Self {
        Self { inner, fips }
    }

    /// Returns the name that the client asked for (RFC 6066 section 3), once its hello has been read.
    pub fn server_name(&self) -> Option<&str> {
        self.inner.facts().server_name.as_ref().map(AsRef::as_ref)
    }

    /// Returns what an earlier connection of this session put into it with [`set_resumption_data`](Self::set_resumption_data).
    pub fn received_resumption_data(&self) -> Option<&[u8]> {
        self.inner.facts().resumption_data()
    }

    /// Returns by how many milliseconds the session that was resumed is older for the client than for us, RFC 8446
    /// section 4.2.11.1. Not in rustls 0.23.
    ///
    /// `None` if none was, and in TLS 1.2. What is far from zero comes from clocks that run at different speeds, long ways, or
    /// replays: [`ServerConfig::early_data_age_window`] is chosen by it.
    pub fn ticket_age_skew(&self) -> Option<i64> {
        self.inner.facts().ticket_age_skew()
    }

    /// Returns the end that early data (0-RTT) comes out of, RFC 8446 section 2.3.
    ///
    /// `None` if none was accepted: `max_early_data_size` says when that is possible. Early data may have been sent by somebody
    /// who recorded it, until the handshake is complete; treat it so. It never comes out of
    /// [`reader`](ConnectionCommon::reader).
    pub fn early_data(&mut self) -> Option<ReadEarlyData<'_>> {
        self.inner.common.received_early_data().map(ReadEarlyData::new)
    }

    /// Refuses early data on this connection.
    ///
    /// Called before the ClientHello has been read, the client is told. Later, what was accepted is thrown away, and
    /// [`early_data`](Self::early_data) is `None`.
    pub fn reject_early_data(&mut self) {
        self.inner.common.refuse_early_data();
    }

    /// Sets what goes into the session tickets of this connection. It is sealed in them, and comes back with the resumption.
    ///
    /// It has to be set before the handshake is complete. With more than 32 KiB no tickets are sent.
    pub fn set_resumption_data(&mut self, data: &[u8]) {
        self.inner.common.set_resumption_data(data);
    }

    /// Says whether the config was in FIPS mode.
    pub fn fips(&self) -> bool {
        self.fips
    }

    /// Takes the traffic keys out. See [`ConnectionCommon::dangerous_extract_secrets`].
    ///
    /// # Errors
    ///
    /// Those of that.
    pub fn dangerous_extract_secrets(self) -> Result<ExtractedSecrets, Error> {
        self.inner.dangerous_extract_secrets()
    }
}

lend_common! {
    ClientConnection => ConnectionCommon<ClientConnectionData>;
    ServerConnection => ConnectionCommon<ServerConnectionData>;
}

impl fmt::Debug for ClientConnection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ClientConnection").field("common", &self.inner.common).finish()
    }
}

impl fmt::Debug for ServerConnection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ServerConnection").field("common", &self.inner.common).finish()
    }
}

/// A connection of either side.
#[derive(Debug)]
pub enum Connection {
    /// A client's.
    Client(ClientConnection),
    /// A server's.
    Server(ServerConnection),
}

impl Connection {
    /// Reads bytes of the peer. See [`ConnectionCommon::read_tls`].
    ///
    /// # Errors
    ///
    /// Those of that.
    pub fn read_tls(&mut self, rd: &mut dyn Read) -> Result<usize, io::Error> {
        either!(self, conn => conn.read_tls(rd))
    }

    /// Writes bytes for the peer. See [`ConnectionCommon::write_tls`].
    ///
    /// # Errors
    ///
    /// Those of that.
    pub fn write_tls(&mut self, wr: &mut dyn Write) -> Result<usize, io::Error> {
        either!(self, conn => conn.write_tls(wr))
    }

    /// Returns the end that received plaintext comes out of.
    pub fn reader(&mut self) -> Reader<'_> {
        either!(self, conn => conn.reader())
    }

    /// Returns the end that plaintext to be sent goes into.
    pub fn writer(&mut self) -> Writer<'_> {
        either!(self, conn => conn.writer())
    }

    /// Works off what has been read. See [`ConnectionCommon::process_new_packets`].
    ///
    /// # Errors
    ///
    /// Those of that.
    pub fn process_new_packets(&mut self) -> Result<IoState, Error> {
        either!(self, conn => conn.process_new_packets())
    }

    /// Reads and writes as far as the connection wants to. See [`ConnectionCommon::complete_io`].
    ///
    /// # Errors
    ///
    /// Those of that.
    pub fn complete_io<T>(&mut self, io: &mut T) -> Result<(usize, usize), io::Error>
    where
        Self: Sized,
        T: Read + Write,
    {
        either!(self, conn => conn.complete_io(io))
    }

    /// Derives keying material. See [`ConnectionCommon::export_keying_material`].
    ///
    /// # Errors
    ///
    /// Those of that.
    pub fn export_keying_material<T: AsMut<[u8]>>(
        &self,
        output: T,
        label: &[u8],
        context: Option<&[u8]>,
    ) -> Result<T, Error> {
        either!(self, conn => conn.export_keying_material(output, label, context))
    }

    /// Takes the traffic keys out. See [`ConnectionCommon::dangerous_extract_secrets`].
    ///
    /// # Errors
    ///
    /// Those of that.
    pub fn dangerous_extract_secrets(self) -> Result<ExtractedSecrets, Error> {
        either!(self, conn => conn.dangerous_extract_secrets())
    }

    /// Sets how much may wait to be sent. See [`ConnectionCommon::set_buffer_limit`].
    pub fn set_buffer_limit(&mut self, limit: Option<usize>) {
        either!(self, conn => conn.set_buffer_limit(limit))
    }

    /// Queues a KeyUpdate. See [`ConnectionCommon::refresh_traffic_keys`].
    ///
    /// # Errors
    ///
    /// Those of that.
    pub fn refresh_traffic_keys(&mut self) -> Result<(), Error> {
        either!(self, conn => conn.refresh_traffic_keys())
    }
}

lend_either!(Connection: ClientConnection, ServerConnection);
