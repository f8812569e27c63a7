//! Certificate Transparency: whether enough logs have promised to show a certificate to everybody. RFC 6962.
//!
//! Owns signed certificate timestamps, the list of logs, and the policy. Talks to no log: the list is the caller's, and the
//! timestamps come with the handshake.

#[cfg(feature = "log-list")]
mod json;
mod logs;
mod policy;
mod timestamp;

#[cfg(feature = "log-list")]
pub use json::LogListFault;
pub use logs::{Log, LogList, LogState, Operator};
pub use policy::{Delivered, Transparency, TransparencyProblem};
pub use timestamp::split_timestamps;
