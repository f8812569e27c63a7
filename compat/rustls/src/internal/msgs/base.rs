//! Bytes, alone and behind their length.

pub use chitin::internal::msgs::base::{Payload, PayloadU16};
