//! Who hears all there is to say of certificates that are refused.

use alloc::sync::Arc;
use core::fmt;

use chitin_pki::Diagnosis;

/// A function of the application's.
#[derive(Clone)]
pub(in super::super) struct Report(Arc<dyn Fn(&Diagnosis) + Send + Sync>);

impl Report {
    pub(super) fn to(hear: impl Fn(&Diagnosis) + Send + Sync + 'static) -> Self {
        Self(Arc::new(hear))
    }

    pub(in super::super) fn tell(&self, diagnosis: &Diagnosis) {
        (self.0)(diagnosis);
    }
}

impl fmt::Debug for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Report(..)")
    }
}
