//! What the same program is given on either library: certificates, and a place to note what it sees.
#![forbid(unsafe_code)]

mod journal;
mod notes;
mod pki;

pub use journal::captured;
pub use notes::{Notes, Seen};
pub use pki::{Identity, World};
