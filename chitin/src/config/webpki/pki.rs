//! The seam to `chitin_pki`: paths and names, and the way from its errors to ours.

use alloc::format;
use alloc::string::String;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::net::Ipv6Addr;

use chitin_pki::{
    AcceptedPeers, AnchorIndex, Certificate, Delivered, Diagnosis, Digests, Inquiry, LogList, Path,
    PinOutcome, PinProblem, PinSet, PolicyInputs, PresentedName, Problem, Profile, Purpose, RevocationReport,
    Root, Transparency, Verifier, Which,
};
use pki_types::{
    CertificateDer, ServerName, SignatureVerificationAlgorithm, SubjectPublicKeyInfoDer, TrustAnchor,
    UnixTime,
};

use super::RootCertStore;
use super::digests::Hashes;
use super::memo::Remembering;
use super::revocation::{self, Checker};
use super::trust::Report;
use crate::crypto::verify::spki_around;
use crate::error::{CertificateError, Error, ExtendedKeyPurpose, OtherError};
use crate::log::log_line;

/// A certificate that has been read.
pub struct ParsedCertificate<'a>(Certificate<'a>);

impl ParsedCertificate<'_> {
    /// Returns the subject's public key.
    pub fn subject_public_key_info(&self) -> SubjectPublicKeyInfoDer<'static> {
        spki_around(self.0.spki().contents())
    }

    /// Its extended key usage, if it has any, names the purpose.
    pub(super) fn serves(&self, purpose: Purpose) -> bool {
        self.0.check_purpose(purpose).is_ok()
    }

    /// Its key, or itself, is pinned.
    pub(super) fn check_pins(
        &self,
        pins: &PinSet,
        hashes: &Hashes,
        now: UnixTime,
    ) -> Result<PinOutcome, Error> {
        let outcome = pins.check_alone(&self.0, hashes, now);
        outcome.map_err(|error| refused(error.problem, error.certificate))
    }

    /// It is valid now.
    pub(super) fn check_time(&self, now: UnixTime) -> Result<(), Error> {
        self.0.check_time(now).map_err(|problem| refused(problem, Which::Peer(0)))
    }

    /// It is one for a peer of this role, whoever vouches for it.
    pub(super) fn check_alone(&self, purpose: Purpose) -> Result<(), Error> {
        self.0.check_alone(purpose).map_err(|problem| refused(problem, Which::Peer(0)))
    }
}

impl<'a> TryFrom<&'a CertificateDer<'a>> for ParsedCertificate<'a> {
    type Error = Error;

    fn try_from(der: &'a CertificateDer<'a>) -> Result<Self, Self::Error> {
        Self::read(der, None)
    }
}

impl<'a> ParsedCertificate<'a> {
    pub(super) fn read(der: &'a CertificateDer<'a>, report: Option<&Report>) -> Result<Self, Error> {
        let certificate = Certificate::parse(der).map_err(|problem| {
            let error = chitin_pki::Error { certificate: Which::Peer(0), problem };
            refused_and_told(error, report, Diagnosis::of_unread)
        })?;
        Ok(Self(certificate))
    }

    pub(super) fn check_name(&self, name: &ServerName<'_>, report: Option<&Report>) -> Result<(), Error> {
        let outcome = chitin_pki::verify_name(&self.0, name);
        outcome.map_err(|problem| self.refused(problem, report))
    }

    /// It is of one of those who are let in.
    fn check_accepted(&self, accepted: &AcceptedPeers, report: Option<&Report>) -> Result<(), Error> {
        accepted.check(&self.0).map_err(|problem| self.refused(problem, report))
    }

    fn refused(&self, problem: Problem, report: Option<&Report>) -> Error {
        let error = chitin_pki::Error { certificate: Which::Peer(0), problem };
        refused_and_told(error, report, |error| Diagnosis::of_leaf(&self.0, error.problem))
    }
}

/// Verifies that `cert` is valid for `server_name`, RFC 9525.
///
/// # Errors
///
/// [`Error::InvalidCertificate`] with the names that the certificate has.
pub fn verify_server_name(cert: &ParsedCertificate<'_>, server_name: &ServerName<'_>) -> Result<(), Error> {
    cert.check_name(server_name, None)
}

/// Verifies that a path leads from `cert` to one of `roots`, for a server, at the time `now`. The name is not checked.
///
/// `intermediates` may be in any order, with anything among them.
///
/// # Errors
///
/// [`Error::InvalidCertificate`] with what kept the most promising path from being one.
pub fn verify_server_cert_signed_by_trust_anchor(
    cert: &ParsedCertificate<'_>,
    roots: &RootCertStore,
    intermediates: &[CertificateDer<'_>],
    now: UnixTime,
    supported_algs: &[&dyn SignatureVerificationAlgorithm],
) -> Result<(), Error> {
    let trust = Trust::new(Anchors::Bare(&roots.roots), Purpose::ServerAuth, supported_algs, None);
    trust.verify(cert, intermediates, now)
}

/// Told of pins that are not met.
pub(super) type Tell<'t> = &'t dyn Fn(&PinProblem);

/// Who is trusted without further proof, in either form.
#[derive(Clone, Copy)]
pub(super) enum Anchors<'t> {
    Bare(&'t [TrustAnchor<'static>]),
    Whole(&'t [CertificateDer<'static>]),
}

/// What a chain is verified against.
pub(super) struct Trust<'t> {
    pub(super) anchors: Anchors<'t>,
    pub(super) purpose: Purpose,
    pub(super) algorithms: &'t [&'t dyn SignatureVerificationAlgorithm],
    pub(super) profile: Profile,
    pub(super) policies: PolicyInputs<'t>,
    /// As many as path validation allows by itself, if nothing else is said.
    pub(super) max_intermediates: Option<usize>,
    pub(super) revocation: Option<&'t Checker>,
    /// What the peer stapled, empty if it did not. `None` for clients, who cannot. Nobody asks it unless the policy does.
    pub(super) staple: Option<&'t [u8]>,
    pub(super) hashes: Option<&'t Hashes>,
    /// Of the anchors, if somebody has made one.
    pub(super) index: Option<&'t AnchorIndex>,
    /// Who knows signatures from before.
    pub(super) remembering: Option<&'t Remembering>,
    /// The logs that must have promised to show the certificate, and the timestamps of theirs that came in the handshake.
    pub(super) transparency: Option<(&'t LogList, &'t [&'t [u8]])>,
    /// The server that it has to be.
    pub(super) name: Option<&'t ServerName<'t>>,
    /// Who is let in of those who can be verified. Everybody, if nothing is said.
    pub(super) accepted: Option<&'t AcceptedPeers>,
    pub(super) pins: Option<&'t PinSet>,
    /// Pins that keep nobody out, and who is told if they are not met.
    pub(super) reported: Option<(&'t PinSet, Tell<'t>)>,
    /// Who wants to know all about a refusal.
    pub(super) report: Option<&'t Report>,
}

impl<'t> Trust<'t> {
    /// What the verifiers of 0.23 ask.
    pub(super) fn new(
        anchors: Anchors<'t>,
        purpose: Purpose,
        algorithms: &'t [&'t dyn SignatureVerificationAlgorithm],
        revocation: Option<&'t Checker>,
    ) -> Self {
        Self {
            anchors,
            purpose,
            algorithms,
            profile: Profile::Default,
            policies: PolicyInputs::default(),
            max_intermediates: None,
            revocation,
            staple: None,
            hashes: None,
            index: None,
            remembering: None,
            transparency: None,
            name: None,
            accepted: None,
            pins: None,
            reported: None,
            report: None,
        }
    }

    /// Verifies that a path leads from `cert` to a root, at the time `now`, and that none of its certificates is revoked.
    pub(super) fn verify(
        &self,
        cert: &ParsedCertificate<'_>,
        intermediates: &[CertificateDer<'_>],
        now: UnixTime,
    ) -> Result<(), Error> {
        match self.anchors {
            Anchors::Bare(anchors) => {
                let verifier = Verifier::new(self.algorithms, anchors, now, self.purpose);
                self.verify_by(verifier, cert, intermediates, now)
            }
            Anchors::Whole(certificates) => {
                let read = certificates
                    .iter()
                    .enumerate()
                    .map(|(at, der)| Root::parse(der).map_err(|problem| refused(problem, Which::Anchor(at))));
                let roots: Vec<_> = read.collect::<Result<_, _>>()?;
                let verifier = Verifier::with_roots(self.algorithms, &roots, now, self.purpose);
                self.verify_by(verifier, cert, intermediates, now)
            }
        }
    }

    fn verify_by<'v>(
        &'v self,
        verifier: Verifier<'v>,
        cert: &ParsedCertificate<'_>,
        intermediates: &[CertificateDer<'_>],
        now: UnixTime,
    ) -> Result<(), Error> {
        let mut verifier = verifier.with_profile(self.profile).with_policies(self.policies);
        if let Some(max) = self.max_intermediates {
            verifier = verifier.with_max_intermediates(max);
        }
        if let Some(index) = self.index {
            verifier = verifier.with_index(index);
        }
        if let Some(remembering) = self.remembering {
            verifier = verifier.with_signature_check(remembering);
        }
        let leaf = &cert.0;
        let mut inquiry = self.inquiry(intermediates);
        let check = |path: &Path<'_, '_>| self.check(&verifier, path, inquiry.as_mut(), now);
        // Taking notes on the way is for those who will read them.
        let found = match self.report.is_some() || is_logged() {
            true => verifier.diagnose_with(leaf, intermediates, check).map_err(|diagnosis| {
                tell(&diagnosis, self.report);
                diagnosis.error
            }),
            false => verifier.verify_with(leaf, intermediates, check),
        };
        let (path, report) = found.map_err(|error| refused(error.problem, error.certificate))?;
        if let Some(revocation) = self.revocation {
            revocation.log(&report);
        }
        if let Some(name) = self.name {
            cert.check_name(name, self.report)?;
        }
        if let Some(accepted) = self.accepted {
            cert.check_accepted(accepted, self.report)?;
        }
        self.report_pins(&path, now);
        Ok(())
    }

    fn inquiry<'i>(&'i self, intermediates: &'i [CertificateDer<'_>]) -> Option<Inquiry<'i>> {
        let revocation = self.revocation?;
        let digests = self.hashes.filter(|_| revocation.policy.asks_staples());
        let staple = self.staple.zip(digests.map(|hashes| hashes as &dyn Digests));
        Some(revocation.inquiry(intermediates, staple))
    }

    /// What is asked of a path that is good by itself.
    fn check(
        &self,
        verifier: &Verifier<'_>,
        path: &Path<'_, '_>,
        inquiry: Option<&mut Inquiry<'_>>,
        now: UnixTime,
    ) -> Result<RevocationReport, chitin_pki::Error> {
        let report = match inquiry {
            Some(inquiry) => inquiry.check(verifier, path)?,
            None => RevocationReport::default(),
        };
        self.check_transparency(path, report.stapled_timestamps.as_deref(), now)?;
        self.check_pins(path, now)?;
        Ok(report)
    }

    fn check_pins(&self, path: &Path<'_, '_>, now: UnixTime) -> Result<(), chitin_pki::Error> {
        let (Some(pins), Some(digests)) = (self.pins, self.hashes) else { return Ok(()) };
        note_pins(pins.check(path, digests, now)?);
        Ok(())
    }

    /// Says so if pins are not met that keep nobody out.
    fn report_pins(&self, path: &Path<'_, '_>, now: UnixTime) {
        let (Some((pins, tell)), Some(digests)) = (self.reported, self.hashes) else { return };
        let Err(error) = pins.check(path, digests, now) else { return };
        log_line!(
            warn,
            crate::log::target::CERTIFICATES,
            "pins that are only reported on are not met: {error}"
        );
        if let Problem::Pins(problem) = error.problem {
            tell(&problem);
        }
    }

    fn check_transparency(
        &self,
        path: &Path<'_, '_>,
        ocsp: Option<&[u8]>,
        now: UnixTime,
    ) -> Result<(), chitin_pki::Error> {
        let (Some((logs, handshake)), Some(digests)) = (self.transparency, self.hashes) else {
            return Ok(());
        };
        let policy = Transparency { logs, algorithms: self.algorithms, digests };
        if !policy.check(path, &Delivered { handshake, ocsp }, now)? {
            log_line!(
                warn,
                crate::log::target::CERTIFICATES,
                "the list of logs is too old, so certificates need not be in any"
            );
        }
        Ok(())
    }
}

/// Writes to the log what an application should know of pins that let a peer in.
pub(super) fn note_pins(outcome: PinOutcome) {
    match outcome {
        PinOutcome::Met => {}
        PinOutcome::Backup => {
            log_line!(
                warn,
                crate::log::target::CERTIFICATES,
                "a peer met a backup pin and no other: a new backup is due"
            );
        }
        PinOutcome::Over => {
            log_line!(warn, crate::log::target::CERTIFICATES, "the pins have ended, so nothing is pinned");
        }
    }
}

/// What is to be trusted of the certificate `der` of an authority.
pub(super) fn anchor(der: &CertificateDer<'_>) -> Result<TrustAnchor<'static>, Error> {
    match chitin_pki::anchor_from_der(der) {
        Ok(anchor) => Ok(anchor.to_owned()),
        Err(problem) => Err(refused(problem, Which::Anchor(0))),
    }
}

/// Tells those who want to know all about it, and gives the error.
fn refused_and_told(
    error: chitin_pki::Error,
    report: Option<&Report>,
    diagnose: impl FnOnce(chitin_pki::Error) -> Diagnosis,
) -> Error {
    if report.is_some() || is_logged() {
        tell(&diagnose(error.clone()), report);
    }
    refused(error.problem, error.certificate)
}

fn tell(diagnosis: &Diagnosis, report: Option<&Report>) {
    log_line!(debug, crate::log::target::CERTIFICATES, "{diagnosis}");
    if let Some(report) = report {
        report.tell(diagnosis);
    }
}

/// Whether what is written down of refusals goes anywhere.
fn is_logged() -> bool {
    #[cfg(feature = "logging")]
    return log::log_enabled!(target: crate::log::target::CERTIFICATES, log::Level::Debug);
    #[cfg(not(feature = "logging"))]
    false
}

/// The error that 0.23 knows for `problem`, or else the problem itself with the certificate it is about.
pub(super) fn refused(problem: Problem, certificate: Which) -> Error {
    // The errors of 0.23 do not say which certificate it was.
    log_line!(debug, crate::log::target::CERTIFICATES, "a certificate was refused: {certificate}: {problem}");
    match problem {
        Problem::Revocation(problem) => revocation::of_problem(problem),
        problem => Error::InvalidCertificate(certificate_error(problem, certificate)),
    }
}

fn certificate_error(problem: Problem, certificate: Which) -> CertificateError {
    match problem {
        Problem::BadDer { .. }
        | Problem::BadSerial
        | Problem::EmptyIssuer
        | Problem::DuplicateExtension { .. }
        | Problem::TooManyExtensions
        | Problem::WrongCriticality { .. } => CertificateError::BadEncoding,
        Problem::UnhandledCriticalExtension { .. } => CertificateError::UnhandledCriticalExtension,
        Problem::NotYetValid { time, not_before } => {
            CertificateError::NotValidYetContext { time, not_before }
        }
        Problem::Expired { time, not_after } => CertificateError::ExpiredContext { time, not_after },
        Problem::ExtendedKeyUsage { required, presented } => CertificateError::InvalidPurposeContext {
            required: match required {
                Purpose::ClientAuth => ExtendedKeyPurpose::ClientAuth,
                _ => ExtendedKeyPurpose::ServerAuth,
            },
            presented: presented.into_iter().map(purpose).collect(),
        },
        Problem::NameMismatch { expected, presented } => CertificateError::NotValidForNameContext {
            expected,
            presented: presented.iter().map(describe).collect(),
        },
        Problem::BadSignature => CertificateError::BadSignature,
        Problem::UnsupportedSignatureAlgorithm { signature_algorithm_id, supported } => {
            CertificateError::UnsupportedSignatureAlgorithmContext {
                signature_algorithm_id,
                supported_algorithms: supported,
            }
        }
        Problem::UnsupportedSignatureAlgorithmForPublicKey {
            signature_algorithm_id,
            public_key_algorithm_id,
        } => CertificateError::UnsupportedSignatureAlgorithmForPublicKeyContext {
            signature_algorithm_id,
            public_key_algorithm_id,
        },
        Problem::RsaKeySize { bits } => {
            CertificateError::RsaKeySizeOutOfRange { bits, min_bits: MIN_RSA_BITS, max_bits: MAX_RSA_BITS }
        }
        Problem::UnknownIssuer { .. } => CertificateError::UnknownIssuer,
        Problem::Pins(problem) => CertificateError::NotPinned(problem),
        Problem::NotAccepted(problem) => CertificateError::NotAccepted(problem),
        problem => CertificateError::Other(OtherError(Arc::new(chitin_pki::Error { certificate, problem }))),
    }
}

/// The object identifiers of RFC 5280 section 4.2.1.12 that have a name here.
fn purpose(oid: Vec<usize>) -> ExtendedKeyPurpose {
    match oid[..] {
        [1, 3, 6, 1, 5, 5, 7, 3, 1] => ExtendedKeyPurpose::ServerAuth,
        [1, 3, 6, 1, 5, 5, 7, 3, 2] => ExtendedKeyPurpose::ClientAuth,
        _ => ExtendedKeyPurpose::Other(oid),
    }
}

/// A name with its kind, in the words that 0.23 uses.
fn describe(name: &PresentedName) -> String {
    match name {
        PresentedName::Dns(name) => format!("DnsName({name:?})"),
        PresentedName::Ip(octets) => match as_in_0_23(octets) {
            Some(address) => format!("IpAddress({address})"),
            None => format!("IpAddress({name})"),
        },
        PresentedName::Email(name) => format!("Rfc822Name({name:?})"),
        PresentedName::Uri(name) => format!("UniformResourceIdentifier({name:?})"),
        name => format!("{name}"),
    }
}

/// The address as 0.23 writes one of IPv6: the first group always, for each row of zeros behind it one colon more, and none at the
/// end. What dependents compare with. `None` where that is no address, or another one, as it is with two such rows.
fn as_in_0_23(octets: &[u8]) -> Option<String> {
    let address = Ipv6Addr::from(<[u8; 16]>::try_from(octets).ok()?);
    let [first, rest @ ..] = address.segments();
    let mut text = format!("{first:x}");
    let mut zeros = false;
    for group in rest {
        if group != 0 {
            text += if zeros { "::" } else { ":" };
            text += &format!("{group:x}");
        }
        zeros = group == 0;
    }
    (text.parse() == Ok(address)).then_some(text)
}

/// The RSA keys that `chitin_pki` accepts, for the words of the error.
pub(crate) const MIN_RSA_BITS: usize = 2048;
pub(crate) const MAX_RSA_BITS: usize = 8192;

#[cfg(test)]
#[cfg(all(feature = "aws_lc_rs", feature = "std"))]
mod tests {
    use super::*;
    use crate::config::testing::*;

    /// Expected: what a verifier of rustls 0.23.46 said of such certificates; where that is ambiguous, the form of RFC 5952.
    #[test]
    fn addresses_are_described_as_in_0_23() {
        for (address, expected) in [
            ("::1", "0::1"),
            ("2001:db8::1", "2001:db8::1"),
            ("1:2:3:4:5:6:7:8", "1:2:3:4:5:6:7:8"),
            ("0:2:3:4:5:6:7:8", "0:2:3:4:5:6:7:8"),
            ("0:0:3:4:5:6:7:8", "0::3:4:5:6:7:8"),
            ("1:0:3:4:5:6:7:8", "1::3:4:5:6:7:8"),
            ("::ffff:1.2.3.4", "0::ffff:102:304"),
            // Here 0.23 says `0`, `1:2:3:4:5:6:7`, `2001:db8::1::1`, `1::2` and `0::1`.
            ("::", "::"),
            ("1:2:3:4:5:6:7:0", "1:2:3:4:5:6:7:0"),
            ("2001:db8:0:1::1", "2001:db8:0:1::1"),
            ("1:0:0:0:2:0:0:0", "1::2:0:0:0"),
            ("0:0:0:1::", "0:0:0:1::"),
        ] {
            let octets = address.parse::<Ipv6Addr>().unwrap().octets();
            let described = describe(&PresentedName::Ip(octets.to_vec()));
            assert_eq!(described, format!("IpAddress({expected})"), "{address}");
        }
        assert_eq!(describe(&PresentedName::Ip(Vec::from([192, 0, 2, 1]))), "IpAddress(192.0.2.1)");
    }
    use crate::config::verify::ServerCertVerifier;
    use crate::config::webpki::{VerifierBuilderError, WebPkiClientVerifier, WebPkiServerVerifier};
    use crate::error::CertRevocationListError;
    use crate::names::AlertDescription;

    fn server(root: &'static [u8]) -> Arc<WebPkiServerVerifier> {
        WebPkiServerVerifier::builder_with_provider(roots(&[root]), provider()).build().unwrap()
    }

    fn verify(
        root: &'static [u8],
        leaf: &'static [u8],
        name: &str,
        now: UnixTime,
    ) -> Result<(), CertificateError> {
        let name = ServerName::try_from(name).unwrap();
        match server(root).verify_server_cert(&CertificateDer::from(leaf), &[], &name, &[], now) {
            Ok(_) => Ok(()),
            Err(Error::InvalidCertificate(error)) => Err(error),
            Err(error) => panic!("{error:?}"),
        }
    }

    #[test]
    fn a_good_server_is_verified() {
        for name in ["host.example", "HOST.example", "one.wild.example"] {
            assert_eq!(verify(CA, SERVER, name, day()), Ok(()), "{name}");
        }
    }

    #[test]
    fn a_wrong_name_is_refused_with_both_names() {
        let expected = ServerName::try_from("other.example").unwrap();
        assert_eq!(
            verify(CA, SERVER, "other.example", day()),
            Err(CertificateError::NotValidForNameContext {
                expected,
                presented: Vec::from([
                    "DnsName(\"host.example\")".into(),
                    "DnsName(\"*.wild.example\")".into()
                ]),
            })
        );
        assert!(verify(CA, SERVER, "127.0.0.1", day()).is_err());
        assert!(verify(CA, SERVER, "two.labels.wild.example", day()).is_err());
    }

    #[test]
    fn an_unknown_authority_is_refused() {
        assert_eq!(verify(OTHER_CA, SERVER, "host.example", day()), Err(CertificateError::UnknownIssuer));
    }

    #[test]
    fn a_wrong_time_is_refused() {
        let (early, late) = (at(1_000_000_000), at(5_500_000_000));
        let not_yet = verify(CA, SERVER, "host.example", early);
        assert!(
            matches!(not_yet, Err(CertificateError::NotValidYetContext { time, .. }) if time == early),
            "{not_yet:?}"
        );
        let expired = verify(CA, SERVER, "host.example", late);
        assert!(
            matches!(expired, Err(CertificateError::ExpiredContext { time, .. }) if time == late),
            "{expired:?}"
        );
    }

    #[test]
    fn a_certificate_of_the_other_role_is_refused() {
        use ExtendedKeyPurpose::{ClientAuth, ServerAuth};
        assert_eq!(
            verify(CA, CLIENT, "client.example", day()),
            Err(CertificateError::InvalidPurposeContext {
                required: ServerAuth,
                presented: Vec::from([ClientAuth])
            })
        );
        let verifier = WebPkiClientVerifier::builder_with_provider(roots(&[CA]), provider()).build().unwrap();
        let verify =
            |leaf: &'static [u8]| verifier.verify_client_cert(&CertificateDer::from(leaf), &[], day());
        assert!(verify(CLIENT).is_ok());
        assert_eq!(
            verify(SERVER).unwrap_err(),
            CertificateError::InvalidPurposeContext {
                required: ClientAuth,
                presented: Vec::from([ServerAuth])
            }
            .into()
        );
    }

    #[test]
    fn an_authority_as_server_says_what_is_wrong() {
        let error = verify(CA, CA, "host.example", day()).unwrap_err();
        assert!(
            matches!(&error, CertificateError::Other(other) if format!("{other}").contains("CA certificate")),
            "{error:?}"
        );
    }

    #[test]
    fn a_changed_certificate_is_refused() {
        let mut changed = SERVER.to_vec();
        *changed.last_mut().unwrap() ^= 1;
        let name = ServerName::try_from("host.example").unwrap();
        let error = server(CA)
            .verify_server_cert(&CertificateDer::from(changed), &[], &name, &[], day())
            .unwrap_err();
        assert_eq!(error, CertificateError::BadSignature.into());
        assert_eq!(error.alert(), Some(AlertDescription::DecryptError));
        assert_eq!(verify(CA, &SERVER[..100], "host.example", day()), Err(CertificateError::BadEncoding));
        assert_eq!(verify(CA, b"", "host.example", day()), Err(CertificateError::BadEncoding));
    }

    #[test]
    fn the_parts_of_a_verification_can_be_had_alone() {
        let leaf = CertificateDer::from(SERVER);
        let cert = ParsedCertificate::try_from(&leaf).unwrap();
        let algorithms = provider().signature_verification_algorithms.all;
        let trusted =
            |root| verify_server_cert_signed_by_trust_anchor(&cert, &roots(&[root]), &[], day(), algorithms);
        assert_eq!(trusted(CA), Ok(()));
        assert_eq!(trusted(OTHER_CA), Err(CertificateError::UnknownIssuer.into()));
        let ours = server_key().key.public_key().unwrap().to_vec();
        assert_eq!(cert.subject_public_key_info().to_vec(), ours);
    }

    #[test]
    fn roots_are_read_from_certificates() {
        let mut store = RootCertStore::empty();
        let count = store.add_parsable_certificates([CA.into(), b"garbage"[..].into(), OTHER_CA.into()]);
        assert_eq!((count, store.len(), store.is_empty()), ((2, 1), 2, false));
        assert!(matches!(store.add(b"garbage"[..].into()), Err(Error::InvalidCertificate(_))));
        // The subject "CN=Chitin test ca", as OpenSSL wrote it into the certificate it issued.
        let subject = store.subjects().remove(0);
        assert!(SERVER.windows(subject.as_ref().len()).any(|window| window == subject.as_ref()));
        assert_eq!(format!("{store:?}"), "RootCertStore { roots: \"(2 roots)\" }");
    }

    #[test]
    fn verifiers_that_could_verify_nothing_are_not_built() {
        let none = || Arc::new(RootCertStore::empty());
        let server = WebPkiServerVerifier::builder_with_provider(none(), provider()).build();
        assert!(matches!(server, Err(VerifierBuilderError::NoRootAnchors)));
        let client = WebPkiClientVerifier::builder_with_provider(none(), provider()).build();
        assert!(matches!(client, Err(VerifierBuilderError::NoRootAnchors)));
    }

    #[test]
    fn revocation_lists_are_never_ignored() {
        let lists = || [pki_types::CertificateRevocationListDer::from(&b"any list"[..])];
        let server =
            WebPkiServerVerifier::builder_with_provider(roots(&[CA]), provider()).with_crls(lists()).build();
        let malformed = CertRevocationListError::ParseError;
        assert!(matches!(server.unwrap_err(), VerifierBuilderError::InvalidCrl(error) if error == malformed));
        let client =
            WebPkiClientVerifier::builder_with_provider(roots(&[CA]), provider()).with_crls(lists()).build();
        assert!(matches!(client, Err(VerifierBuilderError::InvalidCrl(error)) if error == malformed));
        let no_list = WebPkiServerVerifier::builder_with_provider(roots(&[CA]), provider()).with_crls([]);
        assert!(no_list.enforce_revocation_expiration().build().is_ok());
    }
}
