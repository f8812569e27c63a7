//! Whoever looks on, whatever the transport.

use alloc::sync::Arc;
use core::sync::atomic::{AtomicBool, Ordering};

use crate::error::Error;
use crate::error::guard::told;
use crate::observe::{Event, Trace};

/// An observer, if there is one. One that has panicked is told nothing more, and the connection ends with an error that says so.
#[derive(Default)]
pub(super) struct Observer {
    pub(super) trace: Option<Arc<dyn Trace>>,
    /// Events are raised where nothing may be changed, so this has to change by itself.
    panicked: AtomicBool,
}

impl Observer {
    #[inline]
    pub(super) fn tell(&self, event: Event<'_>) {
        if let Some(trace) = &self.trace {
            self.tell_it(&**trace, event);
        }
    }

    #[cold]
    fn tell_it(&self, trace: &dyn Trace, event: Event<'_>) {
        if !self.panicked.load(Ordering::Relaxed) && told(TRACE, || trace.event(event)).is_err() {
            self.panicked.store(true, Ordering::Relaxed);
        }
    }

    /// Has the observer panicked?
    pub(super) fn check(&self) -> Result<(), Error> {
        match self.panicked.load(Ordering::Relaxed) {
            true => Err(Error::CallbackPanicked(TRACE)),
            false => Ok(()),
        }
    }
}

const TRACE: &str = "trace";
