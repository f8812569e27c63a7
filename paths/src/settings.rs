//! What one run has in common for all its cases.

use std::sync::OnceLock;

use chitin_pki::{Profile, Purpose, Root, Verifier};
use pki_types::{CertificateDer, SignatureVerificationAlgorithm, UnixTime};

/// The profile of a run.
pub struct Settings {
    pub name: &'static str,
    /// The certificates of BetterTLS and PKITS are none for web servers, and do not try to be.
    pub for_the_web_alone: bool,
    profile: Profile,
    roots: Roots,
}

/// What the verifier is given of the trusted certificates.
#[derive(Clone, Copy)]
enum Roots {
    /// Names, keys and name constraints, as a store of roots keeps them.
    Anchors,
    /// The certificates.
    Whole,
}

const PROFILES: [Settings; 3] = [
    Settings { name: "default", for_the_web_alone: false, profile: Profile::Default, roots: Roots::Anchors },
    Settings {
        name: "strict",
        for_the_web_alone: false,
        profile: Profile::Rfc5280Strict,
        roots: Roots::Whole,
    },
    Settings { name: "cabf", for_the_web_alone: true, profile: Profile::CaBrowserForum, roots: Roots::Whole },
];

impl Settings {
    pub fn named(name: &str) -> Option<Self> {
        PROFILES.into_iter().find(|settings| settings.name == name)
    }

    /// Runs with a verifier for these trusted certificates. What is no root is left out, as a store does that is filled from
    /// files.
    pub fn with_verifier<T>(
        &self,
        trusted: &[CertificateDer<'_>],
        time: UnixTime,
        purpose: Purpose,
        run: impl FnOnce(Verifier<'_>) -> T,
    ) -> T {
        let roots: Vec<_> = trusted.iter().filter_map(|der| Root::parse(der).ok()).collect();
        match self.roots {
            Roots::Anchors => {
                let anchors: Vec<_> = roots.iter().map(|root| root.anchor().clone()).collect();
                run(Verifier::new(algorithms(), &anchors, time, purpose).with_profile(self.profile))
            }
            Roots::Whole => {
                run(Verifier::with_roots(algorithms(), &roots, time, purpose).with_profile(self.profile))
            }
        }
    }
}

/// Those of the default provider.
fn algorithms() -> &'static [&'static dyn SignatureVerificationAlgorithm] {
    static ALGORITHMS: OnceLock<&[&dyn SignatureVerificationAlgorithm]> = OnceLock::new();
    ALGORITHMS
        .get_or_init(|| chitin::crypto::aws_lc_rs::default_provider().signature_verification_algorithms.all)
}
