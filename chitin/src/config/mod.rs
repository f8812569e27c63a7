//! Everything a connection is told before it starts: configs, builders, verifiers, resolvers, stores.
//!
//! What a config holds is shared by many connections and never changes under them. Nothing here knows a message, a
//! state or a record; a flow asks these types and acts on the answer.

pub(crate) mod builder;
#[cfg(any(feature = "std", feature = "hashbrown"))]
mod cache;
pub(crate) mod chain_dates;
pub(crate) mod client;
pub(crate) mod compress;
pub(crate) mod credentials;
pub(crate) mod deadline;
pub(crate) mod ech;
pub(crate) mod hello;
pub(crate) mod keylog;
pub(crate) mod limits;
pub(crate) mod lock;
#[cfg(any(feature = "std", feature = "hashbrown"))]
mod name_key;
pub(crate) mod padding;
pub(crate) mod psk;
pub(crate) mod raw_keys;
pub(crate) mod resolve;
pub(crate) mod server;
pub(crate) mod sessions;
#[cfg(any(feature = "std", feature = "hashbrown"))]
mod shards;
#[cfg(all(feature = "hashbrown", not(feature = "std")))]
pub(crate) mod switcher;
#[cfg(test)]
#[cfg(all(feature = "aws_lc_rs", feature = "std"))]
pub(crate) mod testing;
pub(crate) mod time;
pub(crate) mod verify;
pub(crate) mod versions;
pub(crate) mod webpki;

use alloc::vec::Vec;

use crate::error::Error;

/// The longest Certificate message, if nothing else is asked for. A chain with ML-DSA-87 certificates has about 40 KiB; other
/// libraries draw the line at 64 to 100 KiB.
pub(crate) const CERTIFICATE_MESSAGE: usize = 100 * 1024;

/// Can these names of application protocols be said at all? RFC 7301 section 3.1.
pub(crate) fn check_protocols(names: &[Vec<u8>]) -> Result<(), Error> {
    match names.iter().all(|name| (1..=255).contains(&name.len())) {
        true => Ok(()),
        false => Err(Error::General("an application protocol has 1 to 255 bytes".into())),
    }
}
