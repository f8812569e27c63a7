//! Verifiers put together from parts: roots, further intermediates, and what is asked about policies, revocation,
//! transparency, peers that are let in and pins.
//!
//! The verifiers of 0.23 have fixed parts; this is what goes beyond them, over the same path validation. `rules` is what
//! servers and clients are asked alike, also by the verifiers of 0.23, `builder` how it is told; `server` and `client` have the rest. `pinned` is for peers for whom
//! nobody vouches, and finds no path.

mod builder;
mod client;
mod pinned;
mod pins;
mod policies;
mod report;
mod roots;
mod rules;
mod server;

pub use builder::{ClientVerifierBuilder, ServerVerifierBuilder, VerifierBuilder};
pub use client::{ClientSettings, ClientVerifier};
pub use pinned::{PinnedVerifier, PinnedVerifierBuilder};
pub use pins::{PinReport, pin_of_key};
pub use policies::Policies;
pub(super) use report::Report;
pub use roots::Roots;
pub(super) use rules::{Rules, Settings, Shown};
pub use server::{ServerSettings, ServerVerifier};
