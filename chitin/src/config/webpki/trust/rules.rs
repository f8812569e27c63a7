//! What servers and clients are asked alike, and the one place where it is asked.

use alloc::string::String;
use alloc::vec::Vec;

use chitin_pki::{AcceptedPeers, AnchorIndex, LogList, PinSet, PolicyInputs, Profile, Purpose};
use pki_types::{CertificateDer, ServerName, UnixTime};

use super::pins::ReportedPins;
use super::{PinReport, Policies, Report, Roots};
use crate::config::webpki::digests::Hashes;
use crate::config::webpki::joined::joined;
use crate::config::webpki::memo::Remembering;
use crate::config::webpki::pki::{ParsedCertificate, Trust};
use crate::config::webpki::revocation::{self, Checker, Revocation};
use crate::config::webpki::{SignatureMemo, VerifierBuilderError};
use crate::crypto::CryptoProvider;
use crate::crypto::verify::WebPkiSupportedAlgorithms;
use crate::error::Error;

/// What a builder is told about chains, whoever shows them.
#[derive(Clone, Debug)]
pub(in crate::config::webpki) struct Settings {
    pub(super) roots: Roots,
    pub(super) intermediates: Vec<CertificateDer<'static>>,
    pub(super) profile: Profile,
    pub(super) policies: Option<Policies>,
    pub(super) max_intermediates: Option<usize>,
    pub(super) revocation: Option<Revocation>,
    pub(in crate::config::webpki) memo: Option<SignatureMemo>,
    pub(super) accepted: Option<AcceptedPeers>,
    pub(super) pins: Option<PinSet>,
    pub(super) reported: Option<ReportedPins>,
    pub(super) report: Option<Report>,
}

impl Settings {
    pub(in crate::config::webpki) fn new(roots: Roots) -> Self {
        Self {
            roots,
            intermediates: Vec::new(),
            profile: Profile::Default,
            policies: None,
            max_intermediates: None,
            revocation: None,
            memo: None,
            accepted: None,
            pins: None,
            reported: None,
            report: None,
        }
    }

    /// Makes the rules. `named_by_hash`: something else than what is here takes hashes.
    pub(in crate::config::webpki) fn build(
        self,
        provider: &CryptoProvider,
        named_by_hash: bool,
    ) -> Result<Rules, VerifierBuilderError> {
        if self.roots.is_empty() {
            return Err(VerifierBuilderError::NoRootAnchors);
        }
        if self.accepted.as_ref().is_some_and(AcceptedPeers::is_empty) {
            return Err(VerifierBuilderError::NoAcceptedPeers);
        }
        let mut sets = self.pins.iter().chain(self.reported.as_ref().map(|reported| &reported.pins));
        if sets.any(PinSet::is_empty) {
            return Err(VerifierBuilderError::NoPins);
        }
        let hashes = Hashes::of(provider);
        let pinned = self.pins.is_some() || self.reported.is_some();
        let staples = self.revocation.as_ref().is_some_and(Revocation::asks_staples);
        let named_by_hash = named_by_hash || staples || pinned;
        if hashes.is_none() && named_by_hash {
            return Err(VerifierBuilderError::NoSha256);
        }
        Ok(Rules { hashes, ..Rules::new(self, provider) })
    }

    /// Makes the rules of a verifier of 0.23, which knows of lists alone and names nothing by a hash.
    pub(in crate::config::webpki) fn build_as_in_0_23(
        mut self,
        revocation: revocation::Settings,
        provider: &CryptoProvider,
    ) -> Result<Rules, VerifierBuilderError> {
        if self.roots.is_empty() {
            return Err(VerifierBuilderError::NoRootAnchors);
        }
        self.revocation = revocation.build()?;
        Ok(Rules::new(self, provider))
    }
}

/// What chains are held against, at work in one verifier.
#[derive(Debug)]
pub(in crate::config::webpki) struct Rules {
    settings: Settings,
    /// Of the roots in the settings.
    index: AnchorIndex,
    revocation: Option<Checker>,
    hashes: Option<Hashes>,
    remembering: Option<Remembering>,
    supported: WebPkiSupportedAlgorithms,
}

/// What is different from peer to peer.
pub(in crate::config::webpki) struct Shown<'a> {
    pub(in crate::config::webpki) purpose: Purpose,
    /// The name that was asked for. A client has none.
    pub(in crate::config::webpki) name: Option<&'a ServerName<'a>>,
    /// The certificates that the peer sent beside its own.
    pub(in crate::config::webpki) intermediates: &'a [CertificateDer<'a>],
    /// What it stapled, empty if it did not. `None` for a client, who cannot.
    pub(in crate::config::webpki) staple: Option<&'a [u8]>,
    /// The logs that must have promised to show its certificate, and the timestamps that it sent.
    pub(in crate::config::webpki) transparency: Option<(&'a LogList, &'a [&'a [u8]])>,
}

impl Rules {
    /// Makes rules of settings that do not contradict themselves, without hashes.
    pub(in crate::config::webpki) fn new(mut settings: Settings, provider: &CryptoProvider) -> Self {
        let revocation = settings.revocation.take().map(Checker::new);
        let remembering = Remembering::new(settings.memo.take(), provider, || settings.roots.keys());
        let supported = provider.signature_verification_algorithms;
        let index = settings.roots.index();
        Self { settings, index, revocation, hashes: None, remembering, supported }
    }

    pub(in crate::config::webpki) fn supported(&self) -> &WebPkiSupportedAlgorithms {
        &self.supported
    }

    pub(in crate::config::webpki) fn signature_memo(&self) -> Option<&SignatureMemo> {
        self.remembering.as_ref().map(Remembering::memo)
    }

    /// Reads a peer's own certificate.
    pub(in crate::config::webpki) fn read<'a>(
        &self,
        der: &'a CertificateDer<'a>,
    ) -> Result<ParsedCertificate<'a>, Error> {
        ParsedCertificate::read(der, self.settings.report.as_ref())
    }

    /// Verifies a peer's own certificate.
    pub(in crate::config::webpki) fn verify(
        &self,
        cert: &ParsedCertificate<'_>,
        shown: &Shown<'_>,
        now: UnixTime,
    ) -> Result<(), Error> {
        let settings = &self.settings;
        let accepted = settings.policies.as_ref().map(Policies::accepted).unwrap_or_default();
        let trust = Trust {
            profile: settings.profile,
            policies: settings.policies.as_ref().map_or(PolicyInputs::default(), |all| all.inputs(&accepted)),
            max_intermediates: settings.max_intermediates,
            staple: shown.staple,
            name: shown.name,
            accepted: settings.accepted.as_ref(),
            pins: settings.pins.as_ref(),
            hashes: self.hashes.as_ref(),
            remembering: self.remembering.as_ref(),
            index: Some(&self.index),
            transparency: shown.transparency,
            report: settings.report.as_ref(),
            ..Trust::new(
                settings.roots.anchors(),
                shown.purpose,
                self.supported.all,
                self.revocation.as_ref(),
            )
        };
        let report = settings.reported.as_ref().map(|reported| {
            move |problem: &_| (reported.tell)(&PinReport { server_name: shown.name, problem })
        });
        let reported = settings.reported.as_ref().map(|reported| &reported.pins);
        let trust = Trust { reported: reported.zip(report.as_ref().map(|tell| tell as _)), ..trust };
        if settings.intermediates.is_empty() {
            return trust.verify(cert, shown.intermediates, now);
        }
        // Those that the peer sent come first, since it knows its own.
        let all = shown.intermediates.iter().chain(&settings.intermediates);
        let pool: Vec<_> = all.map(|der| CertificateDer::from(der.as_ref())).collect();
        trust.verify(cert, &pool, now)
    }

    /// All that decides about a peer, in bytes: two of equal bytes accept the same.
    pub(in crate::config::webpki) fn describe(&self) -> Vec<Vec<u8>> {
        let settings = &self.settings;
        let mut pool: Vec<_> = settings.intermediates.iter().map(|der| der.to_vec()).collect();
        pool.sort_unstable();
        let profile = alloc::format!("{:?}", settings.profile).into_bytes();
        let depth = alloc::format!("{:?}", settings.max_intermediates).into_bytes();
        let schemes = self.supported.supported_schemes();
        let schemes = schemes.iter().flat_map(|scheme| scheme.to_array()).collect();
        // Those of certificates are a list of their own.
        let algorithms = self.supported.all.iter().flat_map(|algorithm| {
            [algorithm.public_key_alg_id(), algorithm.signature_alg_id()].map(|id| id.as_ref().to_vec())
        });
        let algorithms = joined(algorithms.collect());
        let revocation = self.revocation.as_ref().map(|checker| checker.policy.describe());
        let policies = settings.policies.as_ref().map(Policies::describe).unwrap_or_default();
        // Pins that are only reported on decide nothing.
        let pins = settings.pins.as_ref().map(describe_pins).unwrap_or_default();
        let mut out = Vec::from([profile, depth, schemes, algorithms, revocation.unwrap_or_default(), pins]);
        let accepted = settings.accepted.as_ref().map(AcceptedPeers::describe).unwrap_or_default();
        let accepted = accepted.into_iter().map(String::into_bytes).collect();
        for list in [settings.roots.describe(), pool, policies, accepted] {
            out.push(joined(list));
        }
        out
    }
}

/// All that pins decide by, the same in whatever order they were given.
pub(in crate::config::webpki) fn describe_pins(set: &PinSet) -> Vec<u8> {
    let mut pins: Vec<_> = set.pins().map(|(pin, _)| pin.describe()).collect();
    pins.sort_unstable();
    pins.push(alloc::format!("{:?}", set.end()).into_bytes());
    joined(pins)
}
