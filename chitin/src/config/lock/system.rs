//! The system's mutex.

use core::fmt;

#[doc(no_inline)]
pub use std::sync::MutexGuard;

/// Guards a value for one thread at a time.
pub struct Mutex<T> {
    inner: std::sync::Mutex<T>,
}

impl<T> Mutex<T> {
    /// Makes a mutex around `data`.
    pub fn new(data: T) -> Self {
        Self { inner: std::sync::Mutex::new(data) }
    }

    /// Waits for the value. `None` if a thread panicked while it held the lock.
    pub fn lock(&self) -> Option<MutexGuard<'_, T>> {
        self.inner.lock().ok()
    }
}

impl<T: fmt::Debug> fmt::Debug for Mutex<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.inner.fmt(f)
    }
}

/// Leaves the mutex as a panicking holder would.
#[cfg(test)]
pub(crate) fn poison<T: Send>(mutex: &Mutex<T>) {
    std::thread::scope(|scope| {
        let holder = scope.spawn(|| {
            let _held = mutex.lock();
            panic!("poisons the lock on purpose");
        });
        assert!(holder.join().is_err());
    });
    assert!(mutex.lock().is_none());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_poisoned_lock_is_none() {
        let mutex = Mutex::new(7);
        assert_eq!(mutex.lock().map(|n| *n), Some(7));
        poison(&mutex);
        assert!(mutex.lock().is_none());
    }
}
