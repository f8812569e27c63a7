//! The one provider that a process takes where none is named.

use alloc::sync::Arc;

use super::CryptoProvider;

#[cfg(feature = "std")]
static DEFAULT: std::sync::OnceLock<Arc<CryptoProvider>> = std::sync::OnceLock::new();

#[cfg(feature = "std")]
pub(super) fn install(provider: CryptoProvider) -> Result<(), Arc<CryptoProvider>> {
    DEFAULT.set(Arc::new(provider))
}

#[cfg(feature = "std")]
pub(super) fn installed() -> Option<&'static Arc<CryptoProvider>> {
    DEFAULT.get()
}

#[cfg(feature = "std")]
pub(super) fn default_or_from_features() -> Option<Arc<CryptoProvider>> {
    if let Some(provider) = installed() {
        return Some(Arc::clone(provider));
    }
    let compiled_in = Arc::new(from_features()?);
    // Another thread may have been faster; then its choice holds.
    Some(Arc::clone(DEFAULT.get_or_init(|| compiled_in)))
}

/// Without `std` there is no place to install one.
#[cfg(not(feature = "std"))]
pub(super) fn default_or_from_features() -> Option<Arc<CryptoProvider>> {
    from_features().map(Arc::new)
}

/// The order of preference where several are compiled in: `aws_lc_rs` comes first.
#[cfg(all(feature = "aws_lc_rs", not(feature = "custom-provider")))]
fn from_features() -> Option<CryptoProvider> {
    Some(super::aws_lc_rs::default_provider())
}

#[cfg(not(all(feature = "aws_lc_rs", not(feature = "custom-provider"))))]
fn from_features() -> Option<CryptoProvider> {
    None
}
