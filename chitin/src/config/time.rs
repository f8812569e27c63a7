//! Where the time comes from.
//!
//! The library itself never reads a clock. A clock that has no answer is an error of the handshake that asked, never a
//! made-up time.

use core::fmt;

use pki_types::UnixTime;

/// Tells the time to a connection, for the validity of certificates and the age of tickets.
pub trait TimeProvider: fmt::Debug + Send + Sync {
    /// Returns the current wall-clock time, or `None` if it is not known.
    fn current_time(&self) -> Option<UnixTime>;
}

/// Tells the time of the operating system.
#[derive(Debug)]
#[cfg(feature = "std")]
pub struct DefaultTimeProvider;

#[cfg(feature = "std")]
impl TimeProvider for DefaultTimeProvider {
    fn current_time(&self) -> Option<UnixTime> {
        // A clock set before 1970 has no answer that certificates could be measured with.
        std::time::SystemTime::now()
            .duration_since(std::time::UNIX_EPOCH)
            .ok()
            .map(UnixTime::since_unix_epoch)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[cfg(feature = "std")]
    fn the_system_clock_is_past_the_day_this_was_written() {
        let now = DefaultTimeProvider.current_time().unwrap();
        assert!(now.as_secs() > 1_735_689_600);
    }
}
