//! The skins: what an application holds. Each is thin over [`CommonState`](crate::engine::common::CommonState); none knows a
//! message, a state or a key.

mod accepted;
#[cfg(feature = "std")]
mod acceptor;
#[cfg(feature = "std")]
mod buffered;
mod common;
mod errors;
#[cfg(feature = "std")]
mod io;
mod kernel;
mod lend;
pub(crate) mod quic;
#[cfg(feature = "std")]
mod stream;
#[cfg(test)]
mod tests;
mod unbuffered;

pub use accepted::Accepted;
#[cfg(feature = "std")]
pub use acceptor::{AcceptedAlert, Acceptor};
#[cfg(feature = "std")]
pub use buffered::{ClientConnection, Connection, ServerConnection};
pub use common::{ConnectionCommon, IoState};
pub use errors::{EarlyDataError, EncodeError, EncryptError, InsufficientSizeError};
#[cfg(feature = "std")]
pub use io::{ReadEarlyData, Reader, WriteEarlyData, Writer};
pub use kernel::KernelConnection;
#[cfg(feature = "std")]
pub use stream::{Stream, StreamOwned};
pub use unbuffered::{
    AppDataRecord, ConnectionState, EncodeTlsData, ReadEarlyData as ReadEarlyRecords, ReadTraffic,
    TransmitTlsData, UnbufferedClientConnection, UnbufferedConnectionCommon, UnbufferedServerConnection,
    UnbufferedStatus, WriteTraffic,
};

use core::fmt;

/// Names the side that a connection is on. There are two, and no more can be made outside.
pub trait SideData: fmt::Debug {}

/// Marks the connections of a client.
#[derive(Debug)]
pub struct ClientConnectionData {
    _private: (),
}

impl SideData for ClientConnectionData {}

/// Marks the connections of a server.
#[derive(Debug, Default)]
pub struct ServerConnectionData {
    _private: (),
}

impl SideData for ServerConnectionData {}
