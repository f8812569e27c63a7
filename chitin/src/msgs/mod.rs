//! Types of 0.23 that its public interface mentions and that nobody outside can name: how it reads and writes the wire, and its
//! messages. Our own messages have nothing to do with these.

pub mod base;
pub mod codec;
pub mod message;
