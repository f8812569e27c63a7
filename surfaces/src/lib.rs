//! What the fuzz targets run: one function for each surface that a peer's bytes reach.
//!
//! They live outside `fuzz/` so that the ordinary build checks them: each seed of `fuzz/corpus` goes through its target in a
//! test, and another test finds the arms of the flows' legal orders that no seed reaches. A target panics when something
//! does not hold that must hold for any input; what holds stands beside each.
#![forbid(unsafe_code)]
#![allow(clippy::result_large_err)]

pub mod arms;
pub mod configs;
mod ech;
pub mod flow;
pub mod glass;
mod limits;
mod load;
pub mod mutate;
mod parts;
pub mod quic;
mod revocation;
pub mod script;
pub mod seeds;
mod targets;
mod transparency;

pub use ech::ech;
pub use limits::{limits, unbuffered};
pub use load::{load, what_is_loaded};
pub use parts::{certificates, compressed, messages, records, sessions};
pub use revocation::{revocation, what_is_said};
pub use targets::{client12, client13, run_client, run_server, server12, server13};
pub use transparency::{are_enough, is_list, log_list, timestamps};

/// A target: its name, which is that of its corpus, and its body.
pub type Target = (&'static str, fn(&[u8]));

/// All of them.
pub const TARGETS: [Target; 17] = [
    ("records", records),
    ("messages", messages),
    ("client13", client13),
    ("client12", client12),
    ("server13", server13),
    ("server12", server12),
    ("quic", quic::quic),
    ("sessions", sessions),
    ("certificates", certificates),
    ("compressed", compressed),
    ("revocation", revocation),
    ("timestamps", timestamps),
    ("log_list", log_list),
    ("ech", ech),
    ("load", load),
    ("limits", limits),
    ("unbuffered", unbuffered),
];
