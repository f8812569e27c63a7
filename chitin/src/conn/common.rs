//! What the buffered connections have in common and needs no I/O. Without the standard library nobody can make one, and the names
//! are there as they are in 0.23.

use core::fmt;
use core::marker::PhantomData;
use core::ops::{Deref, DerefMut};

use crate::engine::Engine;
use crate::engine::common::{CommonState, ExtractedSecrets};
use crate::error::Error;

/// What [`ClientConnection`](crate::ClientConnection) and [`ServerConnection`](crate::ServerConnection) have in common.
///
/// `Data` only names the side.
pub struct ConnectionCommon<Data> {
    pub(super) common: CommonState,
    side: PhantomData<Data>,
}

impl<Data> ConnectionCommon<Data> {
    pub(super) fn new(engine: Engine) -> Self {
        Self { common: CommonState::new(engine), side: PhantomData }
    }

    /// Works off what [`read_tls`](Self::read_tls) has read.
    ///
    /// # Errors
    ///
    /// What the peer did wrong, or what we could not do. It is final: every later call returns it again. If there is something to
    /// tell the peer, an alert waits for [`write_tls`](Self::write_tls).
    pub fn process_new_packets(&mut self) -> Result<IoState, Error> {
        self.common.process()?;
        Ok(IoState::of(&self.common))
    }

    /// Sets how much may wait to be sent: plaintext held during the handshake, bytes of records after it. `None`: no limit.
    ///
    /// Handshake messages and alerts are not held back by it.
    pub fn set_buffer_limit(&mut self, limit: Option<usize>) {
        self.common.set_buffer_limit(limit);
    }

    /// Queues a KeyUpdate, switches to fresh sending keys, and asks the peer for the same. RFC 8446 section 4.6.3.
    ///
    /// # Errors
    ///
    /// [`Error::HandshakeNotComplete`], or the error that ended the connection.
    pub fn refresh_traffic_keys(&mut self) -> Result<(), Error> {
        self.common.engine().refresh_keys()
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
        self.common.export(output.as_mut(), label, context)?;
        Ok(output)
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
}

impl<T> Deref for ConnectionCommon<T> {
    type Target = CommonState;

    fn deref(&self) -> &Self::Target {
        &self.common
    }
}

impl<T> DerefMut for ConnectionCommon<T> {
    fn deref_mut(&mut self) -> &mut Self::Target {
        &mut self.common
    }
}

impl<T> fmt::Debug for ConnectionCommon<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ConnectionCommon").field("common", &self.common).finish()
    }
}

/// What is waiting, after [`process_new_packets`](crate::ConnectionCommon::process_new_packets).
#[derive(Debug, Eq, PartialEq)]
pub struct IoState {
    tls_bytes_to_write: usize,
    plaintext_bytes_to_read: usize,
    peer_has_closed: bool,
}

impl IoState {
    pub(super) fn of(common: &CommonState) -> Self {
        Self {
            tls_bytes_to_write: common.out_len(),
            plaintext_bytes_to_read: common.unread(),
            peer_has_closed: common.peer_closed(),
        }
    }

    /// Returns how many bytes [`write_tls`](crate::ConnectionCommon::write_tls) has to write.
    pub fn tls_bytes_to_write(&self) -> usize {
        self.tls_bytes_to_write
    }

    /// Returns how many bytes of plaintext can be read without blocking.
    pub fn plaintext_bytes_to_read(&self) -> usize {
        self.plaintext_bytes_to_read
    }

    /// Says whether the peer has sent close_notify: nothing more will come. RFC 8446 section 6.1.
    pub fn peer_has_closed(&self) -> bool {
        self.peer_has_closed
    }
}
