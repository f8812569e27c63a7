//! What one run has in common for all its cases.

use std::sync::OnceLock;

use pki_types::SignatureVerificationAlgorithm;

/// The profile of a run.
pub struct Settings {
    pub name: &'static str,
}

const PROFILES: [Settings; 1] = [Settings { name: "default" }];

impl Settings {
    pub fn named(name: &str) -> Option<Self> {
        PROFILES.into_iter().find(|settings| settings.name == name)
    }
}

/// Those of the default provider.
pub fn algorithms() -> &'static [&'static dyn SignatureVerificationAlgorithm] {
    static ALGORITHMS: OnceLock<&[&dyn SignatureVerificationAlgorithm]> = OnceLock::new();
    ALGORITHMS
        .get_or_init(|| chitin::crypto::aws_lc_rs::default_provider().signature_verification_algorithms.all)
}
