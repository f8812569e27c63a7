//! Connections that buffer nothing: the caller lends what was received, in which records are opened where they lie, and slices
//! that records are sealed into. No `std` is needed.

use alloc::boxed::Box;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::fmt;
use core::marker::PhantomData;
use core::mem;
use core::num::NonZeroUsize;
use core::ops::Deref;

use pki_types::ServerName;

use crate::config::client::ClientConfig;
use crate::config::server::ServerConfig;
use crate::engine::common::{CommonState, ExtractedSecrets};
use crate::engine::{Engine, Got};
use crate::error::Error;
use crate::record::open::Plain;
use crate::record::seal::SliceError;

use super::errors::{EncodeError, EncryptError, InsufficientSizeError};
use super::kernel::KernelConnection;
use super::lend::lend_common;
use super::{ClientConnectionData, ServerConnectionData};

/// A TLS client's end of one connection, without buffers.
pub struct UnbufferedClientConnection {
    inner: UnbufferedConnectionCommon<ClientConnectionData>,
}

impl UnbufferedClientConnection {
    /// Begins a connection to the server called `name`.
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
        Ok(Self { inner: UnbufferedConnectionCommon::new(Engine::client(config, name, alpn_protocols)?) })
    }

    /// Takes the traffic keys out. See [`UnbufferedConnectionCommon::dangerous_extract_secrets`].
    ///
    /// # Errors
    ///
    /// Those of that.
    #[deprecated = "with `dangerous_into_kernel_connection` keys can be updated, and tickets kept"]
    pub fn dangerous_extract_secrets(self) -> Result<ExtractedSecrets, Error> {
        self.inner.dangerous_extract_secrets()
    }

    /// Takes the traffic keys out, and what is needed to go on with the connection elsewhere: to follow key updates and to keep
    /// the server's tickets. See [`kernel`](crate::kernel).
    ///
    /// # Errors
    ///
    /// Those of [`dangerous_extract_secrets`](Self::dangerous_extract_secrets).
    pub fn dangerous_into_kernel_connection(
        self,
    ) -> Result<(ExtractedSecrets, KernelConnection<ClientConnectionData>), Error> {
        KernelConnection::take_over(self.inner.common)
    }

    /// Returns how many session tickets this connection has received.
    pub fn tls13_tickets_received(&self) -> u32 {
        self.inner.common.facts().tickets_received
    }
}

/// A TLS server's end of one connection, without buffers.
pub struct UnbufferedServerConnection {
    inner: UnbufferedConnectionCommon<ServerConnectionData>,
}

impl UnbufferedServerConnection {
    /// Waits for a client.
    ///
    /// # Errors
    ///
    /// If the config cannot serve anybody: a bad `max_fragment_size`, say.
    pub fn new(config: Arc<ServerConfig>) -> Result<Self, Error> {
        Ok(Self { inner: UnbufferedConnectionCommon::new(Engine::server(Some(config))?) })
    }

    /// Takes the traffic keys out. See [`UnbufferedConnectionCommon::dangerous_extract_secrets`].
    ///
    /// # Errors
    ///
    /// Those of that.
    #[deprecated = "with `dangerous_into_kernel_connection` keys can be updated, and tickets kept"]
    pub fn dangerous_extract_secrets(self) -> Result<ExtractedSecrets, Error> {
        self.inner.dangerous_extract_secrets()
    }

    /// Takes the traffic keys out, and what is needed to follow key updates elsewhere. See [`kernel`](crate::kernel).
    ///
    /// # Errors
    ///
    /// Those of [`dangerous_extract_secrets`](Self::dangerous_extract_secrets).
    pub fn dangerous_into_kernel_connection(
        self,
    ) -> Result<(ExtractedSecrets, KernelConnection<ServerConnectionData>), Error> {
        KernelConnection::take_over(self.inner.common)
    }
}

lend_common! {
    UnbufferedClientConnection => UnbufferedConnectionCommon<ClientConnectionData>;
    UnbufferedServerConnection => UnbufferedConnectionCommon<ServerConnectionData>;
}

/// What [`UnbufferedClientConnection`] and [`UnbufferedServerConnection`] have in common.
///
/// `Data` only names the side.
pub struct UnbufferedConnectionCommon<Data> {
    common: CommonState,
    /// Records are with the caller, who has not said yet that they were sent.
    must_transmit: bool,
    told_peer_closed: bool,
    side: PhantomData<Data>,
}

impl UnbufferedConnectionCommon<ClientConnectionData> {
    /// Works off the records in `incoming_tls`, until there is something for the caller to do: that is the status' state.
    ///
    /// `incoming_tls` begins with the first byte that was received and not [discarded](UnbufferedStatus::discard). It may be
    /// empty.
    pub fn process_tls_records<'c, 'i>(
        &'c mut self,
        incoming_tls: &'i mut [u8],
    ) -> UnbufferedStatus<'c, 'i, ClientConnectionData> {
        self.process(incoming_tls)
    }

    pub(crate) fn takes_early_data(&self) -> bool {
        self.common.early_data_left().is_some()
    }

    /// `None`: the server does not take so much.
    pub(crate) fn seal_early_data(
        &mut self,
        data: &[u8],
        out: &mut [u8],
    ) -> Result<Option<usize>, SliceError> {
        self.common.engine().seal_early_into(data, out)
    }
}

impl UnbufferedConnectionCommon<ServerConnectionData> {
    /// Works off the records in `incoming_tls`, until there is something for the caller to do: that is the status' state.
    ///
    /// `incoming_tls` begins with the first byte that was received and not [discarded](UnbufferedStatus::discard). It may be
    /// empty.
    pub fn process_tls_records<'c, 'i>(
        &'c mut self,
        incoming_tls: &'i mut [u8],
    ) -> UnbufferedStatus<'c, 'i, ServerConnectionData> {
        self.process(incoming_tls)
    }
}

impl<Data> UnbufferedConnectionCommon<Data> {
    fn new(engine: Engine) -> Self {
        Self {
            common: CommonState::new(engine),
            must_transmit: false,
            told_peer_closed: false,
            side: PhantomData,
        }
    }

    /// Takes the traffic keys out, so that something else (a kernel, say) can go on with them.
    ///
    /// # Errors
    ///
    /// If the config does not allow it (`enable_secret_extraction`), if the handshake is not complete, if something waits to be
    /// sent, or if the provider does not give its keys out.
    pub fn dangerous_extract_secrets(self) -> Result<ExtractedSecrets, Error> {
        self.common.extract_secrets()
    }

    fn may_write(&self) -> bool {
        self.common.may_write()
    }

    // Each record that was opened counts in `discard` of the same call, on errors too: a caller never shows opened bytes again.
    fn process<'c, 'i>(&'c mut self, input: &'i mut [u8]) -> UnbufferedStatus<'c, 'i, Data> {
        let opened = match input.is_empty() || self.common.has_to_tell() {
            true => None,
            false => self.common.engine().open_plainly(input),
        };
        match opened {
            // What comes all the time. The long way would come to the same.
            Some(Ok(plain)) if plain.is_data() => {
                let payload = input.get(plain.body);
                UnbufferedStatus {
                    discard: plain.end,
                    state: Ok(ReadTraffic { _conn: self, payload }.into()),
                }
            }
            opened => self.process_slowly(input, opened),
        }
    }

    // What waits to be sent comes first, and only when all of it is with the caller, and all of the input is used, is it told to
    // send: so a flight, and the answer to what came meanwhile, go out at once. The first record may be `opened` already.
    #[inline(never)]
    fn process_slowly<'c, 'i>(
        &'c mut self,
        input: &'i mut [u8],
        mut opened: Option<Result<Plain, Box<Error>>>,
    ) -> UnbufferedStatus<'c, 'i, Data> {
        let mut discard = 0;
        let state = loop {
            if self.common.wants_write() {
                break Ok(ConnectionState::EncodeTlsData(EncodeTlsData { conn: self, encoded: false }));
            }
            if let Err(error) = self.common.check_sealing() {
                break Err(error);
            }
            // The alert goes out before the error is told again.
            if self.must_transmit && self.common.failed().is_some() {
                break Ok(ConnectionState::TransmitTlsData(TransmitTlsData { conn: self }));
            }
            let at = discard;
            let (engine, rest) = (self.common.engine(), input.get_mut(at..).unwrap_or_default());
            let step = match opened.take() {
                None => engine.advance(rest, None),
                opened => engine.advance_slowly(rest, None, opened),
            };
            discard += step.used;
            match step.got {
                Err(error) => break Err(error),
                Ok(Got::Data(body)) => {
                    let payload = input.get(at..).and_then(|rest| rest.get(body));
                    break Ok(ReadTraffic { _conn: self, payload }.into());
                }
                Ok(Got::EarlyData(body)) => {
                    let payload = input.get(at..).and_then(|rest| rest.get(body));
                    break Ok(ReadEarlyData { _conn: self, payload }.into());
                }
                Ok(Got::DataInto(_) | Got::PeerClosed) => {}
                Ok(Got::NeedInput | Got::Paused) if self.common.wants_write() => {}
                Ok(Got::NeedInput | Got::Paused) => {
                    // Nothing waits: whatever the next flight needs, it takes anew.
                    if let Some(outbox) = self.common.outbox() {
                        outbox.rest();
                    }
                    break Ok(self.at_rest());
                }
            }
        };
        UnbufferedStatus { discard, state }
    }

    /// The state when there is nothing to encode, and nothing more to read.
    fn at_rest<'i>(&mut self) -> ConnectionState<'_, 'i, Data> {
        if self.must_transmit {
            return ConnectionState::TransmitTlsData(TransmitTlsData { conn: self });
        }
        let (peer_closed, closed) = (self.common.peer_closed(), self.common.closed());
        match peer_closed {
            true if !mem::replace(&mut self.told_peer_closed, true) => ConnectionState::PeerClosed,
            true if closed => ConnectionState::Closed,
            // Behind our close_notify nothing can be sealed any more, but the handshake is not what is waited for.
            _ if self.may_write() || closed && !self.common.is_handshaking() => {
                ConnectionState::WriteTraffic(WriteTraffic { conn: self })
            }
            _ => ConnectionState::BlockedHandshake,
        }
    }
}

impl<T> Deref for UnbufferedConnectionCommon<T> {
    type Target = CommonState;

    fn deref(&self) -> &Self::Target {
        &self.common
    }
}

/// Where a connection without buffers is, and how much of the input is used up.
#[must_use]
#[derive(Debug)]
pub struct UnbufferedStatus<'c, 'i, Data> {
    /// So many bytes of the input have to be dropped from its front, once the state has been dealt with, and before the next
    /// call. It counts on errors too.
    pub discard: usize,

    /// What there is to do now.
    ///
    /// An error is final: it comes again with each call, once the alert for the peer, if there is one, has been encoded and sent.
    pub state: Result<ConnectionState<'c, 'i, Data>, Error>,
}

/// What there is to do for who drives a connection without buffers.
#[non_exhaustive]
pub enum ConnectionState<'c, 'i, Data> {
    /// Application data was received: take it out.
    ReadTraffic(ReadTraffic<'c, 'i, Data>),

    /// The peer has said close_notify (RFC 8446 section 6.1): all that it sent has been read. Comes once. We may still send.
    PeerClosed,

    /// Both sides have said close_notify. The end.
    Closed,

    /// Early data (0-RTT) was received and accepted: take it out. RFC 8446 section 2.3.
    ReadEarlyData(ReadEarlyData<'c, 'i, Data>),

    /// A record of the handshake, an alert or a key update has to be encoded into a slice of the caller's.
    EncodeTlsData(EncodeTlsData<'c, Data>),

    /// What has been encoded has to be sent to the peer.
    TransmitTlsData(TransmitTlsData<'c, Data>),

    /// The handshake needs more input.
    BlockedHandshake,

    /// The handshake is complete: data may be sealed, or more input shown. After our close_notify only the latter.
    WriteTraffic(WriteTraffic<'c, Data>),
}

impl<'c, 'i, Data> From<ReadTraffic<'c, 'i, Data>> for ConnectionState<'c, 'i, Data> {
    fn from(state: ReadTraffic<'c, 'i, Data>) -> Self {
        Self::ReadTraffic(state)
    }
}

impl<'c, 'i, Data> From<ReadEarlyData<'c, 'i, Data>> for ConnectionState<'c, 'i, Data> {
    fn from(state: ReadEarlyData<'c, 'i, Data>) -> Self {
        Self::ReadEarlyData(state)
    }
}

impl<'c, Data> From<EncodeTlsData<'c, Data>> for ConnectionState<'c, '_, Data> {
    fn from(state: EncodeTlsData<'c, Data>) -> Self {
        Self::EncodeTlsData(state)
    }
}

impl<'c, Data> From<TransmitTlsData<'c, Data>> for ConnectionState<'c, '_, Data> {
    fn from(state: TransmitTlsData<'c, Data>) -> Self {
        Self::TransmitTlsData(state)
    }
}

impl<Data> fmt::Debug for ConnectionState<'_, '_, Data> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::ReadTraffic(_) => "ReadTraffic",
            Self::PeerClosed => "PeerClosed",
            Self::Closed => "Closed",
            Self::ReadEarlyData(_) => "ReadEarlyData",
            Self::EncodeTlsData(_) => "EncodeTlsData",
            Self::TransmitTlsData(_) => "TransmitTlsData",
            Self::BlockedHandshake => "BlockedHandshake",
            Self::WriteTraffic(_) => "WriteTraffic",
        })
    }
}

/// Gives out application data that was received, where it lies in the input.
pub struct ReadTraffic<'c, 'i, Data> {
    // Nothing else may be done with the connection until the caller is through.
    _conn: &'c mut UnbufferedConnectionCommon<Data>,
    payload: Option<&'i [u8]>,
}

impl<'c, 'i, Data> ReadTraffic<'c, 'i, Data> {
    /// Returns the next record, `None` when there are no more of them here.
    ///
    /// # Errors
    ///
    /// None of ours: a record that cannot be opened is an error of the call that gives this state. A caller should treat one as
    /// final all the same.
    pub fn next_record(&mut self) -> Option<Result<AppDataRecord<'_>, Error>> {
        self.payload.take().map(|payload| Ok(AppDataRecord { discard: 0, payload }))
    }

    /// Returns the length of the next record's data.
    pub fn peek_len(&self) -> Option<NonZeroUsize> {
        NonZeroUsize::new(self.payload?.len())
    }
}

/// Gives out early data (0-RTT, RFC 8446 section 2.3) that was received and accepted, where it lies in the input.
///
/// It may have been sent by somebody who recorded it, until the handshake is complete; treat it so.
pub struct ReadEarlyData<'c, 'i, Data> {
    _conn: &'c mut UnbufferedConnectionCommon<Data>,
    payload: Option<&'i [u8]>,
}

impl<'c, 'i> ReadEarlyData<'c, 'i, ServerConnectionData> {
    /// Returns the next record, `None` when there are no more of them here.
    ///
    /// # Errors
    ///
    /// None of ours, as with [`ReadTraffic::next_record`].
    pub fn next_record(&mut self) -> Option<Result<AppDataRecord<'_>, Error>> {
        self.payload.take().map(|payload| Ok(AppDataRecord { discard: 0, payload }))
    }

    /// Returns the length of the next record's data.
    pub fn peek_len(&self) -> Option<NonZeroUsize> {
        NonZeroUsize::new(self.payload?.len())
    }
}

/// Application data of one record.
pub struct AppDataRecord<'i> {
    /// So many bytes more have to be dropped from the input, beside those of [`UnbufferedStatus::discard`]. Here it is zero; a
    /// caller adds it all the same.
    pub discard: usize,

    /// The data.
    pub payload: &'i [u8],
}

/// Has a record that waits to be sent.
pub struct EncodeTlsData<'c, Data> {
    conn: &'c mut UnbufferedConnectionCommon<Data>,
    encoded: bool,
}

impl<'c, Data> EncodeTlsData<'c, Data> {
    /// Copies the record to the head of `outgoing_tls` and returns its length. Nothing is lost if it is not called: the state
    /// comes again.
    ///
    /// # Errors
    ///
    /// The slice is too short, and nothing was written; or the record has been encoded already.
    pub fn encode(&mut self, outgoing_tls: &mut [u8]) -> Result<usize, EncodeError> {
        if self.encoded {
            return Err(EncodeError::AlreadyEncoded);
        }
        let engine = self.conn.common.engine();
        let record = engine.first_record();
        let required_size = record.len();
        let to = outgoing_tls.get_mut(..required_size).ok_or(InsufficientSizeError { required_size })?;
        to.copy_from_slice(record);
        engine.drop_first_record();
        self.encoded = true;
        self.conn.must_transmit = true;
        Ok(required_size)
    }
}

/// Waits for the caller to send what has been encoded.
pub struct TransmitTlsData<'c, Data> {
    conn: &'c mut UnbufferedConnectionCommon<Data>,
}

impl<Data> TransmitTlsData<'_, Data> {
    /// Says that everything has been sent, or that the caller will see to it. Until then this state comes again.
    pub fn done(self) {
        self.conn.must_transmit = false;
    }

    /// Returns what seals application data to be sent along, if the handshake allows it already.
    pub fn may_encrypt_app_data(&mut self) -> Option<WriteTraffic<'_, Data>> {
        self.conn.may_write().then_some(WriteTraffic { conn: self.conn })
    }

    pub(crate) fn connection(&mut self) -> &mut UnbufferedConnectionCommon<Data> {
        self.conn
    }
}

/// Seals application data.
pub struct WriteTraffic<'c, Data> {
    conn: &'c mut UnbufferedConnectionCommon<Data>,
}

impl<Data> WriteTraffic<'_, Data> {
    /// Seals `application_data` into `outgoing_tls` and returns how many bytes of that are to be sent.
    ///
    /// # Errors
    ///
    /// The slice is too short, and is not touched; or the key is used up and cannot be changed, or close_notify has been said.
    pub fn encrypt(
        &mut self,
        application_data: &[u8],
        outgoing_tls: &mut [u8],
    ) -> Result<usize, EncryptError> {
        let engine = self.conn.common.engine();
        match engine.seal_plainly_into(application_data, outgoing_tls) {
            Some(done) => done.map_err(|error| SliceError::Failed(*error).into()),
            None => Ok(engine.seal_into(application_data, outgoing_tls)?),
        }
    }

    /// Seals a close_notify (RFC 8446 section 6.1) into `outgoing_tls` and returns how many bytes of that are to be sent. Nothing
    /// can be sealed afterwards.
    ///
    /// # Errors
    ///
    /// The slice is too short, and is not touched. It is said all the same: by another call, or by the next state.
    pub fn queue_close_notify(&mut self, outgoing_tls: &mut [u8]) -> Result<usize, EncryptError> {
        let engine = self.conn.common.engine();
        engine.close();
        Ok(engine.drain_into(outgoing_tls)?)
    }

    /// Switches to fresh sending keys and asks the peer for the same (RFC 8446 section 4.6.3). The message is encoded by the next
    /// states.
    ///
    /// # Errors
    ///
    /// [`Error::HandshakeNotComplete`], also for TLS 1.2, which has no such thing.
    pub fn refresh_traffic_keys(self) -> Result<(), Error> {
        self.conn.common.engine().refresh_keys()
    }
}

impl From<SliceError> for EncryptError {
    fn from(error: SliceError) -> Self {
        match error {
            SliceError::TooSmall { required } => InsufficientSizeError { required_size: required }.into(),
            SliceError::Failed(_) => Self::EncryptExhausted,
        }
    }
}
