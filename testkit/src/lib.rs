//! What the tests of the workspace share: certificates, configs, a simulated pair, and peers of other makes.
//!
//! Nothing here knows the inside of the library: it is written against the public API alone, so that a test built on
//! it says something about what a user of the library would see.
#![forbid(unsafe_code)]
#![allow(clippy::result_large_err)] // A failed test shows all it knows.

pub mod configs;
pub mod delegation;
pub mod ech;
pub mod hello;
pub mod liar;
pub mod net;
pub mod packing;
pub mod pair;
pub mod peer;
pub mod pki;
pub mod provided;
pub mod quic;
pub mod raw_keys;
pub mod status;
pub mod tempdir;
pub mod unbuffered;
