//! Calls into objects that the application provides. If one panics, the connection fails with an error that names it: half a
//! step has been taken, and nobody can say what the object had in mind.

use super::Error;

/// Runs `run`, which calls the object named `what`.
#[cfg(feature = "std")]
pub(crate) fn guarded<T>(what: &'static str, run: impl FnOnce() -> Result<T, Error>) -> Result<T, Error> {
    match std::panic::catch_unwind(std::panic::AssertUnwindSafe(run)) {
        Ok(done) => done,
        Err(_) => Err(Error::CallbackPanicked(what)),
    }
}

/// Without `std` a panic cannot be caught.
#[cfg(not(feature = "std"))]
pub(crate) fn guarded<T>(_: &'static str, run: impl FnOnce() -> Result<T, Error>) -> Result<T, Error> {
    run()
}

/// The same for a call that gives no error of its own.
pub(crate) fn told<T>(what: &'static str, run: impl FnOnce() -> T) -> Result<T, Error> {
    guarded(what, || Ok(run()))
}
