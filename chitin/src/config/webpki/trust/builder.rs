//! How the parts of a verifier are told.

use alloc::sync::Arc;

use chitin_pki::{AcceptedPeers, Diagnosis, PinSet, Profile};
use pki_types::CertificateDer;

use super::pins::ReportedPins;
use super::report::Report;
use super::rules::Settings;
use super::{ClientSettings, PinReport, Policies, Roots, ServerSettings};
use crate::config::webpki::SignatureMemo;
use crate::config::webpki::revocation::Revocation;
use crate::crypto::CryptoProvider;

/// Builds a [`ServerVerifier`](super::ServerVerifier) or a [`ClientVerifier`](super::ClientVerifier). Not in rustls 0.23.
///
/// What is not asked for is not checked beyond what every path is: signatures, dates, what keys are for, names and their
/// constraints.
#[derive(Clone, Debug)]
pub struct VerifierBuilder<Side> {
    pub(super) settings: Settings,
    pub(super) side: Side,
    pub(super) provider: Arc<CryptoProvider>,
}

/// Builds a [`ServerVerifier`](super::ServerVerifier).
pub type ServerVerifierBuilder = VerifierBuilder<ServerSettings>;

/// Builds a [`ClientVerifier`](super::ClientVerifier).
pub type ClientVerifierBuilder = VerifierBuilder<ClientSettings>;

impl<Side> VerifierBuilder<Side> {
    pub(super) fn new(roots: Roots, provider: Arc<CryptoProvider>, side: Side) -> Self {
        Self { settings: Settings::new(roots), side, provider }
    }

    /// Lets paths go through these certificates, beside those that a peer sends. They are not trusted for it.
    pub fn with_intermediates(
        mut self,
        certificates: impl IntoIterator<Item = CertificateDer<'static>>,
    ) -> Self {
        self.settings.intermediates.extend(certificates);
        self
    }

    /// Asks more of certificates than that they can be verified. [`Profile::Default`] is what there is without this.
    ///
    /// It looks at roots that are whole ([`Roots::whole`]), too.
    pub fn with_profile(mut self, profile: Profile) -> Self {
        self.settings.profile = profile;
        self
    }

    /// Asks about certificate policies. Without this any will do, and none.
    pub fn with_policies(mut self, policies: Policies) -> Self {
        self.settings.policies = Some(policies);
        self
    }

    /// Takes at most this many certificates between a peer's and a root, not counting those that have their issuer's name. Without
    /// this it is 8.
    pub fn with_max_intermediates(mut self, max: usize) -> Self {
        self.settings.max_intermediates = Some(max);
        self
    }

    /// Tells this function of each peer's certificate that is refused: which certificate of the chain it was, what is wrong with it, each
    /// path that was tried, what is missing, and what can be done, as data and as a text for people.
    ///
    /// The handshake waits for it, and the search for a path takes notes: that is for when somebody will read them. What is in it comes
    /// from the peer, and names are escaped in the text.
    pub fn with_report(mut self, hear: impl Fn(&Diagnosis) + Send + Sync + 'static) -> Self {
        self.settings.report = Some(Report::to(hear));
        self
    }

    /// Asks about revocation. Without this nothing is asked.
    pub fn with_revocation(mut self, policy: Revocation) -> Self {
        self.settings.revocation = Some(policy);
        self
    }

    /// Remembers signatures of certificates in this memo, which may be that of other verifiers, too. Without this it is one of its
    /// own, with `std`; [`SignatureMemo`] says what it does. Under a provider in FIPS mode there is none.
    pub fn with_signature_memo(mut self, memo: SignatureMemo) -> Self {
        self.settings.memo = Some(memo);
        self
    }

    /// Lets in only peers with one of these names, of those who meet everything else.
    ///
    /// Every root vouches for every name, unless it has name constraints. So where an authority is to speak for its own trust domain
    /// alone, give it a verifier of its own.
    ///
    /// A server that rejects Encrypted Client Hello has to be one of them, too, or the error is [`CertificateError::NotAccepted`] and not the
    /// rejection with what to try next.
    ///
    /// [`CertificateError::NotAccepted`]: crate::CertificateError::NotAccepted
    pub fn with_accepted_peers(mut self, peers: AcceptedPeers) -> Self {
        self.settings.accepted = Some(peers);
        self
    }

    /// Refuses peers of whose path no certificate is pinned: the peer's own, one between, or the root. RFC 7469 section 2.6.
    ///
    /// That comes on top of everything else. If several paths lead to a root, it has to be so on one of them. A set without a backup
    /// is one lost key away from refusing everybody. Pins are this verifier's alone: none is taken from a peer, none is remembered,
    /// and a set that has ended ([`PinSet::until`]) asks for nothing more.
    pub fn with_pins(mut self, pins: PinSet) -> Self {
        self.settings.pins = Some(pins);
        self
    }

    /// Tells of peers that meet none of these pins, and lets them in. RFC 7469 section 2.1.3.
    ///
    /// That is for trying pins out before [`Self::with_pins`] has them; both can be there. `tell` is called during the handshake, after
    /// all else was found to be good, and again when a session is about to be resumed if the config asks for that. The application's log
    /// has a warning, too.
    pub fn with_reported_pins(
        mut self,
        pins: PinSet,
        tell: impl Fn(&PinReport<'_>) + Send + Sync + 'static,
    ) -> Self {
        self.settings.reported = Some(ReportedPins { pins, tell: Arc::new(tell) });
        self
    }
}
