//! What every measured library is driven by.
//!
//! A worker is a process with one library in it. It reads orders from its standard input, one a line, and answers each with a line of JSON.
//! A library is an adapter ([`Library`]): how it makes its two ends, and how they are moved. What a handshake is, what is measured
//! and what has to have happened is decided here, for all of them alike.

#![forbid(unsafe_code)]

mod case;
mod check;
mod material;
mod meter;
mod orders;
mod pair;
mod pipe;
mod quiet;
mod seen;

pub use case::{BURST, CASES, Case, Group, Kind, Suite, Version};
pub use material::{Chain, Material, NAME, Root, files};
pub use meter::{Meter, Side};
pub use orders::{Facts, Heap, Slice, is_known, serve, serve_subject};
pub use pair::{End, Library, Pair, Tickets, count};
pub use pipe::{Pipe, Pipes};

/// How an adapter's complaint begins when its library does not have what the case is about.
pub const LACKING: &str = "not offered:";

/// What a worker measures: a library, or the limit.
pub trait Subject {
    /// Makes one connection, from nothing to its last ticket, and lets go of it.
    fn handshake(&mut self, meter: &mut Meter) -> Result<(), String>;

    /// Brings one burst from the client to the server, over a connection that stands.
    fn burst(&mut self, meter: &mut Meter) -> Result<(), String>;

    /// Makes connections that are looked at closely, and says what was seen.
    fn check(&mut self) -> Result<Facts, String>;

    /// Counts what one connection allocates.
    fn heap(&mut self) -> Result<Heap, String>;
}
