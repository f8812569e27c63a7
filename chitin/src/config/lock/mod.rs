//! A mutex whose poisoning is an answer, not a panic.
//!
//! Stores and logs share this one rule: if a thread panicked while it held the lock, what was inside is no longer
//! trusted and is treated as if it were not there. With `std` the system's mutex is inside, without it one of the application's.

#[cfg(not(feature = "std"))]
mod given;
#[cfg(feature = "std")]
mod system;

#[cfg(not(feature = "std"))]
pub use given::{Lock, MakeMutex, Mutex, MutexGuard, Poisoned};
#[cfg(all(test, feature = "std"))]
pub(crate) use system::poison;
#[cfg(feature = "std")]
pub use system::{Mutex, MutexGuard};
