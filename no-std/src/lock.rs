//! A lock that spins, which is all that a program with one thread needs.

use alloc::boxed::Box;
use alloc::sync::Arc;
use core::fmt;

use chitin::lock::{Lock, MakeMutex, MutexGuard, Poisoned};

/// Makes spinning locks.
pub struct Spin;

impl MakeMutex for Spin {
    fn make_mutex<T>(value: T) -> Arc<dyn Lock<T>>
    where
        T: Send + 'static,
    {
        Arc::new(SpinLock(spin::Mutex::new(value)))
    }
}

struct SpinLock<T>(spin::Mutex<T>);

impl<T: Send> Lock<T> for SpinLock<T> {
    // A panic stops this program, so nobody can leave a lock behind.
    fn lock(&self) -> Result<MutexGuard<'_, T>, Poisoned> {
        Ok(Box::new(self.0.lock()))
    }
}

impl<T> fmt::Debug for SpinLock<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SpinLock").finish_non_exhaustive()
    }
}
