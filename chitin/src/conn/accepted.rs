//! A server that has read a hello and waits for its config.

use core::fmt;

use crate::config::hello::ClientHello;

use super::ServerConnectionData;
use super::common::ConnectionCommon;

/// A connection whose ClientHello has been read and not yet answered.
pub struct Accepted {
    pub(super) conn: ConnectionCommon<ServerConnectionData>,
}

impl Accepted {
    /// Returns what the client offers.
    pub fn client_hello(&self) -> ClientHello<'_> {
        // `accept` saw the hello, and nothing else moves the state while we hold it.
        self.conn.client_hello().unwrap_or(NO_HELLO)
    }
}

impl fmt::Debug for Accepted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Accepted").finish_non_exhaustive()
    }
}

/// A client that says nothing.
const NO_HELLO: ClientHello<'static> = ClientHello { server_name: None, hello: None, chosen: None };
