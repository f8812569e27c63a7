//! What a server keeps of a session.

use alloc::vec::Vec;
use core::fmt;

use chitin::internal::msgs::persist::{creation_time, Zeroizing};

use super::codec::{Codec, Reader};
use crate::InvalidMessage;

/// A session as a store of sessions holds it. When it was made can be changed, all else is kept as it is.
pub struct ServerSessionValue {
    /// When it was made, in seconds of UNIX time.
    pub creation_time_sec: u64,
    /// With the session's secret in them.
    bytes: Zeroizing<Vec<u8>>,
}

impl Codec<'_> for ServerSessionValue {
    fn encode(&self, bytes: &mut Vec<u8>) {
        let start = bytes.len();
        bytes.extend_from_slice(&self.bytes);
        let time = creation_time(&self.bytes).and_then(|at| bytes.get_mut(start..)?.get_mut(at));
        if let Some(time) = time {
            time.copy_from_slice(&self.creation_time_sec.to_be_bytes());
        }
    }

    /// Nothing says where a session ends, so it takes all that is left.
    fn read(r: &mut Reader<'_>) -> Result<Self, InvalidMessage> {
        const NAME: &str = "ServerSessionValue";
        let bytes = Zeroizing::new(r.rest().to_vec());
        let time = creation_time(&bytes).and_then(|at| bytes.get(at)?.try_into().ok());
        let creation_time_sec = time.map(u64::from_be_bytes).ok_or(InvalidMessage::MissingData(NAME))?;
        Ok(Self { creation_time_sec, bytes })
    }
}

/// The bytes have secrets in them.
impl fmt::Debug for ServerSessionValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut out = f.debug_struct("ServerSessionValue");
        out.field("creation_time_sec", &self.creation_time_sec).finish_non_exhaustive()
    }
}
