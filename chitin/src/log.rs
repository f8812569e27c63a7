//! Lines for the log that an application collects through the `log` crate: one macro, which is nothing without the feature
//! `logging`.
//!
//! The engine writes them, where connections are established, fail and hear alerts. Flows write none, and no line holds a
//! secret, a ticket or application data.

/// Writes a line of this level.
macro_rules! log_line {
    ($level:ident, $($line:tt)+) => {
        #[cfg(feature = "logging")]
        ::log::$level!($($line)+);
    };
}

pub(crate) use log_line;
