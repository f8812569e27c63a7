//! Lines for the log that an application collects through the `log` crate: one macro, which is nothing without the feature
//! `logging`.
//!
//! Applications choose by target what they see. Ours begin with the crate's name, or with `rustls` under the feature `log-as-rustls`,
//! which the package of that name turns on: whoever wrote `rustls=off` means us then.
//!
//! The engine writes them, where connections are established, fail and hear alerts, and the verifiers of certificates. Flows write none,
//! and no line holds a secret, a ticket or application data.

/// Writes a line of this level, about one of the areas in [`target`].
macro_rules! log_line {
    ($level:ident, $area:expr, $($line:tt)+) => {
        #[cfg(feature = "logging")]
        ::log::$level!(target: $area, $($line)+);
    };
}

pub(crate) use log_line;

/// What a target says behind the name of the crate. 0.23 goes into more detail, by its own files.
#[cfg(feature = "logging")]
pub(crate) mod target {
    #[cfg(feature = "log-as-rustls")]
    macro_rules! named {
        ($area:literal) => {
            concat!("rustls::", $area)
        };
    }
    #[cfg(not(feature = "log-as-rustls"))]
    macro_rules! named {
        ($area:literal) => {
            concat!("chitin::", $area)
        };
    }

    pub(crate) const CLIENT: &str = named!("client");
    pub(crate) const SERVER: &str = named!("server");
    pub(crate) const CERTIFICATES: &str = named!("certificates");
}
