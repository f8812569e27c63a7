//! Everything that a peer, a caller or a part of the application's can do wrong: each error has a test here that brings it
//! about by bytes of a peer or by public calls, and looks at the error and at the alert that went out.
//!
//! `complete.rs` fails when a variant of an error is brought about by no case and excused by no line of its list.
#![cfg(all(feature = "aws_lc_rs", feature = "std"))]

#[macro_use]
mod bench;

mod calls;
mod certificates;
mod complete;
mod compression;
mod delegated;
mod early;
mod encrypted;
mod external_psk;
mod hello_to_client;
mod hello_to_server;
mod limits;
mod messages;
mod parts;
mod quic;
mod raw_keys;
mod records;
mod staples;
mod sweep;
mod tls12;
mod traffic;
