//! What one run has in common for all its cases.

use std::sync::OnceLock;

use chitin_pki::{Profile, Purpose, Root, Verifier};
use pki_types::{CertificateDer, SignatureVerificationAlgorithm, UnixTime};

/// The profile of a run.
pub struct Settings {
    pub name: &'static str,
    pub suites: Suites,
    /// The verifiers of the interface of rustls 0.23 are asked, and not the validator itself.
    pub by_interface: bool,
    profile: Profile,
    roots: Roots,
}

/// What a profile has an answer to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Suites {
    All,
    /// The interface of rustls 0.23 has no words for the inputs of PKITS.
    ForTls,
    /// The certificates of BetterTLS and PKITS are none for web servers, and do not try to be.
    Limbo,
}

/// What the verifier is given of the trusted certificates.
#[derive(Clone, Copy)]
enum Roots {
    /// Names, keys and name constraints, as a store of roots keeps them.
    Anchors,
    /// The certificates.
    Whole,
}

const DEFAULT: Settings = Settings {
    name: "default",
    suites: Suites::All,
    by_interface: false,
    profile: Profile::Default,
    roots: Roots::Anchors,
};

const PROFILES: [Settings; 4] = [
    DEFAULT,
    Settings { name: "strict", profile: Profile::Rfc5280Strict, roots: Roots::Whole, ..DEFAULT },
    Settings {
        name: "cabf",
        suites: Suites::Limbo,
        profile: Profile::CaBrowserForum,
        roots: Roots::Whole,
        ..DEFAULT
    },
    Settings { name: "api", suites: Suites::ForTls, by_interface: true, ..DEFAULT },
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
