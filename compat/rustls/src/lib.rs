//! Chitin under the name of rustls 0.23.
//!
//! A program that depends on `rustls`, itself or through others, runs on Chitin once its top-level `Cargo.toml` says
//!
//! ```toml
//! [patch.crates-io]
//! rustls = { path = "chitin/compat/rustls" }
//! ```
//!
//! Everything is defined in [`chitin`], and is documented there; `docs/differences.md` in its repository says where behaviour is not that of
//! rustls. `cargo tree -i rustls` shows whether the patch is in use: Cargo only warns when it is not.
#![no_std]
#![forbid(unsafe_code)]

extern crate alloc;

pub use chitin::*;

/// In the place of the module of this name that [`chitin`] has, and more than that one.
#[doc(hidden)]
pub mod internal;
