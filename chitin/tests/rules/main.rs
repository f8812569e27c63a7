//! The rules that hold for every connection, each with a test named after it, and the items of the protocol that no other
//! peer is needed for. A client and a server of ours, joined by memory, and hands of ours in between.

mod attacks;
mod common;
mod compression;
mod credentials;
mod early;
mod ech;
mod external_psk;
mod failures;
mod hostile;
mod identity;
mod limits;
mod protocol;
mod quic;
mod raw_keys;
mod resumption;
mod secrecy;
mod shared_tickets;
mod staples;
mod tls12;
