//! Messages and their parts.

pub mod base;
pub mod codec;
pub mod enums;
pub mod handshake;
pub mod message;
pub mod persist;
