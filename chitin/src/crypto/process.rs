//! The one provider that a process takes where none is named.

use alloc::boxed::Box;
use alloc::sync::Arc;

use once_cell::race::OnceBox;

use super::CryptoProvider;

/// Written once. It needs no lock, so that it is the same without the standard library.
static DEFAULT: OnceBox<Arc<CryptoProvider>> = OnceBox::new();

pub(super) fn install(provider: CryptoProvider) -> Result<(), Arc<CryptoProvider>> {
    DEFAULT.set(Box::new(Arc::new(provider))).map_err(|refused| *refused)
}

pub(super) fn installed() -> Option<&'static Arc<CryptoProvider>> {
    DEFAULT.get()
}

pub(super) fn default_or_from_features() -> Option<Arc<CryptoProvider>> {
    if let Some(provider) = installed() {
        return Some(Arc::clone(provider));
    }
    let compiled_in = Box::new(Arc::new(from_features()?));
    // Another thread may have been faster; then its choice holds.
    Some(Arc::clone(DEFAULT.get_or_init(|| compiled_in)))
}

/// The order of preference where several are compiled in: `aws_lc_rs` comes first.
#[cfg(all(feature = "aws_lc_rs", not(feature = "custom-provider")))]
fn from_features() -> Option<CryptoProvider> {
    Some(super::aws_lc_rs::default_provider())
}

#[cfg(all(feature = "ring", not(feature = "aws_lc_rs"), not(feature = "custom-provider")))]
fn from_features() -> Option<CryptoProvider> {
    Some(super::ring::default_provider())
}

#[cfg(any(feature = "custom-provider", not(any(feature = "aws_lc_rs", feature = "ring"))))]
fn from_features() -> Option<CryptoProvider> {
    None
}
