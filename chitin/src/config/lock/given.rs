//! A mutex of the application's making, for programs without the standard library: whether one spins, waits or switches
//! interrupts off is not for us to say.

use alloc::boxed::Box;
use alloc::sync::Arc;
use core::fmt;
use core::ops::DerefMut;

/// Guards a value for one thread at a time.
pub struct Mutex<T> {
    inner: Arc<dyn Lock<T>>,
}

impl<T: Send + 'static> Mutex<T> {
    /// Makes a mutex around `data`, of the kind that `M` makes.
    pub fn new<M>(data: T) -> Self
    where
        M: MakeMutex,
        T: Send + 'static,
    {
        Self { inner: M::make_mutex(data) }
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

/// A locked value. Dropping it lets the next one in.
pub type MutexGuard<'a, T> = Box<dyn DerefMut<Target = T> + 'a>;

/// A value behind a lock, as an application without `std` makes it.
pub trait Lock<T>: fmt::Debug + Send + Sync {
    /// Waits until nobody else has the value, and lends it.
    ///
    /// # Errors
    ///
    /// [`Poisoned`] if a thread panicked while it held the lock. A lock that cannot tell need not.
    fn lock(&self) -> Result<MutexGuard<'_, T>, Poisoned>;
}

/// Makes the locks of an application without `std`.
pub trait MakeMutex {
    /// Puts `value` behind a lock.
    fn make_mutex<T>(value: T) -> Arc<dyn Lock<T>>
    where
        T: Send + 'static;
}

/// A thread panicked while it held the lock.
pub struct Poisoned;
