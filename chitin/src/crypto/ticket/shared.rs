//! What all threads use all the time, and somebody changes now and then.

use alloc::sync::Arc;
use alloc::vec::Vec;
use std::sync::RwLock;

use super::lanes::{Apart, Lanes};

/// A value whose users do not wait for each other, but only while somebody changes it.
///
/// Each lane has a copy under a lock of its own. Threads of that lane take the lock to get hold of the copy, and give it back before they use it; who
/// changes the value takes the locks of all. So in between no thread writes to memory that one of another lane looks at.
pub(crate) struct Shared<T>(Lanes<RwLock<Arc<Apart<T>>>>);

impl<T: Clone> Shared<T> {
    pub(crate) fn new(value: T) -> Self {
        Self(Lanes::new(|_| RwLock::new(Arc::new(Apart(value.clone())))))
    }

    /// The value as it is now. `None` if a thread panicked while it changed it.
    pub(crate) fn get(&self) -> Option<Arc<Apart<T>>> {
        Some(Arc::clone(&*self.0.mine_first().next()?.read().ok()?))
    }

    /// Changes the value for all who ask from now on. Nobody gets it meanwhile. `None` if `how` says so, and then nothing is changed, or as above.
    pub(crate) fn change<R>(&self, how: impl FnOnce(&mut T) -> Option<R>) -> Option<R> {
        // Whoever takes the locks takes them in this order, so that no two wait for each other.
        let mut lanes = self.0.all().map(|lane| lane.write().ok()).collect::<Option<Vec<_>>>()?;
        let mut value = T::clone(&lanes.first()?.0);
        let out = how(&mut value)?;
        for lane in &mut lanes {
            **lane = Arc::new(Apart(value.clone()));
        }
        Some(out)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Barrier;
    use std::thread;

    use super::*;

    /// More threads than there are lanes.
    const THREADS: usize = 20;

    #[test]
    fn a_change_reaches_all_threads_and_nothing_old_stays_for_those_that_linger() {
        let old = Arc::new(1);
        let (gone, shared) = (Arc::downgrade(&old), Shared::new(old));
        let barrier = Barrier::new(THREADS + 1);
        thread::scope(|scope| {
            for _ in 0..THREADS {
                scope.spawn(|| {
                    let first = *shared.get().unwrap().0;
                    barrier.wait();
                    barrier.wait();
                    assert_eq!((first, *shared.get().unwrap().0), (1, 2));
                });
            }
            barrier.wait();
            shared.change(|value| {
                *value = Arc::new(2);
                Some(())
            });
            let there = gone.upgrade();
            barrier.wait();
            assert_eq!(there, None);
        });
    }

    #[test]
    fn a_change_that_is_given_up_changes_nothing() {
        let shared = Shared::new(1);
        let change = shared.change(|value| {
            *value = 2;
            None::<()>
        });
        assert_eq!((change, shared.get().unwrap().0), (None, 1));
    }

    #[test]
    fn after_a_panic_no_thread_gets_anything() {
        let shared = Shared::new(1);
        thread::scope(|scope| {
            let panics = scope.spawn(|| shared.change(|_| -> Option<()> { panic!("on purpose") }));
            assert!(panics.join().is_err());
            for _ in 0..THREADS {
                scope.spawn(|| assert!(shared.get().is_none()));
            }
        });
        assert_eq!(shared.change(|_| Some(())), None);
    }
}
