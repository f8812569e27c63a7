//! Pins: keys or certificates that a caller expects of a peer, or of those who vouch for it. After RFC 7469 section 2.6.
//!
//! Owns the set of them and the comparison. Nothing is remembered from what peers say: pins are the caller's.

use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::fmt;
use core::str::FromStr;

use pki_types::{CertificateDer, TrustAnchor, UnixTime};

use crate::anchor::anchor_from_der;
use crate::base64;
use crate::cert::Certificate;
use crate::der;
use crate::diagnosis::serial_text;
use crate::dn::DirectoryName;
use crate::error::{Error, Problem, Which};
use crate::ocsp::Digests;
use crate::path::Path;
use crate::spki::SubjectPublicKeyInfo;
use crate::time::Shown;

/// One key, or one certificate.
///
/// It is written, as `curl` has it, and read by [`FromStr`] as `sha256//` and the Base64 of the SHA-256 hash of the SubjectPublicKeyInfo
/// in DER: what `openssl x509 -pubkey -noout | openssl pkey -pubin -outform der | openssl dgst -sha256 -binary | base64` prints. With one
/// slash, as others have it, it is read, too.
#[derive(Clone, PartialEq, Eq)]
pub struct Pin(Form);

#[derive(Clone, PartialEq, Eq)]
enum Form {
    Key([u8; 32]),
    Certificate(Vec<u8>),
}

impl Pin {
    /// Expects a key, by the SHA-256 hash of its SubjectPublicKeyInfo in DER.
    pub fn key_hash(sha256: [u8; 32]) -> Self {
        Self(Form::Key(sha256))
    }

    /// Expects the key of this certificate, so that it may be renewed with the same key.
    ///
    /// # Errors
    ///
    /// As [`Certificate::parse`], save version and serial number.
    pub fn key_of(certificate: &CertificateDer<'_>, digests: &dyn Digests) -> Result<Self, Problem> {
        let certificate = Certificate::parse_anchor(certificate)?;
        Ok(Self::key_hash(hash(certificate.spki().contents(), digests)))
    }

    /// Expects this key, as the DER of a SubjectPublicKeyInfo.
    ///
    /// # Errors
    ///
    /// [`Problem::BadDer`] if it is none.
    pub fn key(spki: &[u8], digests: &dyn Digests) -> Result<Self, Problem> {
        SubjectPublicKeyInfo::parse(spki).map(|key| Self::key_hash(hash(key.contents(), digests)))
    }

    /// Expects just this certificate.
    ///
    /// Where a trust anchor is known by its name and key alone, and not by its certificate, that of which the same anchor would be
    /// made is taken for it.
    ///
    /// # Errors
    ///
    /// As [`Certificate::parse`], save version and serial number.
    pub fn certificate(certificate: &CertificateDer<'_>) -> Result<Self, Problem> {
        Certificate::parse_anchor(certificate)?;
        Ok(Self(Form::Certificate(certificate.to_vec())))
    }

    /// What tells it from others, in bytes.
    pub fn describe(&self) -> Vec<u8> {
        match &self.0 {
            Form::Key(hash) => hash.to_vec(),
            Form::Certificate(der) => der.clone(),
        }
    }

    fn is_met_by(&self, seen: &Seen<'_>) -> bool {
        match (&self.0, &seen.whole) {
            (Form::Key(hash), _) => *hash == seen.key,
            (Form::Certificate(der), Whole::Certificate(whole)) => der == whole,
            (Form::Certificate(_), Whole::Key) => false,
            (Form::Certificate(der), Whole::Anchor(anchor)) => {
                anchor_from_der(&CertificateDer::from(der.as_slice())).is_ok_and(|pinned| pinned == **anchor)
            }
        }
    }
}

impl FromStr for Pin {
    type Err = PinFault;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let encoded = text.strip_prefix("sha256/").ok_or(PinFault)?;
        let encoded = match encoded.strip_prefix('/') {
            // The first sign of the hash may be a slash itself.
            Some(rest) if encoded.len() > ENCODED => rest,
            _ => encoded,
        };
        if encoded.len() != ENCODED {
            return Err(PinFault);
        }
        let octets = base64::decode(encoded).ok_or(PinFault)?;
        let pin = Self::key_hash(octets.as_slice().try_into().map_err(|_| PinFault)?);
        // One hash has one text.
        if base64::encode(&octets) == encoded { Ok(pin) } else { Err(PinFault) }
    }
}

impl fmt::Display for Pin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Form::Key(hash) => write!(f, "sha256//{}", base64::encode(hash)),
            Form::Certificate(der) => match Certificate::parse_anchor(der) {
                Ok(certificate) => write!(
                    f,
                    "the certificate \"{}\" with serial number {}",
                    certificate.subject(),
                    serial_text(certificate.serial())
                ),
                Err(_) => f.write_str("a certificate that cannot be read"),
            },
        }
    }
}

impl fmt::Debug for Pin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Pin({self})")
    }
}

/// A text is no pin.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PinFault;

impl fmt::Display for PinFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a pin is `sha256//` and the 44 characters that Base64 makes of a hash")
    }
}

impl core::error::Error for PinFault {}

/// Pins of which one has to be met.
///
/// A set should have a backup: a pin for a key that is kept somewhere safe and not in use, so that the day on which the other key
/// is lost does not lock everybody out (RFC 7469 section 4.3).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PinSet {
    pins: Vec<Pin>,
    backups: Vec<Pin>,
    until: Option<UnixTime>,
}

impl PinSet {
    /// Starts a set that nothing meets.
    pub fn new() -> Self {
        Self::default()
    }

    /// Expects this one, too: another one of the set does as well.
    pub fn with(mut self, pin: Pin) -> Self {
        self.pins.push(pin);
        self
    }

    /// Expects this one, too, as one that is not in use yet. It counts as the others do; that it was met is told.
    pub fn with_backup(mut self, pin: Pin) -> Self {
        self.backups.push(pin);
        self
    }

    /// Lets the set count until this time, and no longer.
    ///
    /// That is for programs that may not be updated for so long that keys change meanwhile. Where a path is verified as well, nothing
    /// is pinned from then on; where the pins alone are trusted, nobody is.
    ///
    /// That is for handshakes in which a certificate or a key is shown. A session of TLS that began before the end may be resumed behind
    /// it for as long as sessions live, up to 7 days, unless the verifier is asked again (`Resumption::reverify` of a client).
    pub fn until(mut self, end: UnixTime) -> Self {
        self.until = Some(end);
        self
    }

    /// Says whether there is no pin in it.
    pub fn is_empty(&self) -> bool {
        self.pins.is_empty() && self.backups.is_empty()
    }

    /// The pins, backups last, each with whether it is one.
    pub fn pins(&self) -> impl Iterator<Item = (&Pin, bool)> {
        let pins = self.pins.iter().map(|pin| (pin, false));
        pins.chain(self.backups.iter().map(|pin| (pin, true)))
    }

    /// The time until which they count.
    pub fn end(&self) -> Option<UnixTime> {
        self.until
    }

    /// Checks that some certificate of a path is pinned: the peer's own, one between, or the trust anchor. RFC 7469 section 2.6.
    ///
    /// What else the peer has sent does not count: anybody can send anything.
    ///
    /// # Errors
    ///
    /// [`Problem::Pins`] with [`PinProblem::NotOnPath`].
    pub fn check(
        &self,
        path: &Path<'_, '_>,
        digests: &dyn Digests,
        now: UnixTime,
    ) -> Result<PinOutcome, Error> {
        if self.is_over(now) {
            return Ok(PinOutcome::Over);
        }
        let between = path.intermediates.iter();
        let between =
            between.map(|link| Seen::certificate(Which::Peer(link.position), &link.certificate, digests));
        let leaf = Seen::certificate(Which::Peer(0), &path.leaf, digests);
        let anchor = Seen::anchor(path, digests);
        let seen: Vec<_> = core::iter::once(leaf).chain(between).chain([anchor]).collect();
        self.met_by(&seen).ok_or_else(|| self.problem(PinProblem::NotOnPath, &seen))
    }

    /// Checks that the peer's own certificate is pinned, for a peer for whom nobody vouches.
    ///
    /// The peer proves by its signature in the handshake that it has the key. What else its certificate says, only itself says.
    ///
    /// # Errors
    ///
    /// [`Problem::Pins`] with [`PinProblem::NotOwn`], or with [`PinProblem::Over`].
    pub fn check_alone(
        &self,
        leaf: &Certificate<'_>,
        digests: &dyn Digests,
        now: UnixTime,
    ) -> Result<PinOutcome, Error> {
        self.check_only(Seen::certificate(Which::Peer(0), leaf, digests), now)
    }

    /// Checks that a raw public key (RFC 7250), which is shown in place of a certificate, is pinned. The key itself is not looked at.
    ///
    /// A pin of a certificate is not met by its key.
    ///
    /// # Errors
    ///
    /// As [`Self::check_alone`].
    pub fn check_raw_key(
        &self,
        key: &SubjectPublicKeyInfo<'_>,
        digests: &dyn Digests,
        now: UnixTime,
    ) -> Result<PinOutcome, Error> {
        let key = hash(key.contents(), digests);
        self.check_only(Seen { which: Which::Peer(0), subject: None, key, whole: Whole::Key }, now)
    }

    fn check_only(&self, seen: Seen<'_>, now: UnixTime) -> Result<PinOutcome, Error> {
        if let Some(until) = self.until.filter(|_| self.is_over(now)) {
            return Err(Problem::Pins(PinProblem::Over { time: now, until }.into()).of(Which::Peer(0)));
        }
        let seen = [seen];
        self.met_by(&seen).ok_or_else(|| self.problem(PinProblem::NotOwn, &seen))
    }

    fn is_over(&self, now: UnixTime) -> bool {
        self.until.is_some_and(|until| now > until)
    }

    fn met_by(&self, seen: &[Seen<'_>]) -> Option<PinOutcome> {
        let (_, backup) = self.pins().find(|(pin, _)| seen.iter().any(|seen| pin.is_met_by(seen)))?;
        Some(if backup { PinOutcome::Backup } else { PinOutcome::Met })
    }

    fn problem(&self, kind: fn(PinMismatch) -> PinProblem, seen: &[Seen<'_>]) -> Error {
        let seen = seen.iter().map(|seen| SeenKey {
            which: seen.which,
            subject: seen.subject.map(|subject| subject.to_string()).unwrap_or_default(),
            key: Pin::key_hash(seen.key),
        });
        let mismatch = PinMismatch { expected: self.clone(), seen: seen.collect() };
        Problem::Pins(kind(mismatch).into()).of(Which::Peer(0))
    }
}

/// What came out of comparing with pins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PinOutcome {
    /// A pin is met.
    Met,
    /// One of the backups is met, and no other pin: it is time for a new backup.
    Backup,
    /// The set counts no longer.
    Over,
}

/// What pins have against a peer.
#[non_exhaustive]
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PinProblem {
    /// No certificate of the path is pinned.
    NotOnPath(PinMismatch),
    /// The peer's own certificate is not pinned, and nothing else could speak for it.
    NotOwn(PinMismatch),
    /// The pins, by which alone the peer was to be trusted, count no longer.
    Over {
        /// The time of validation.
        time: UnixTime,
        /// Until when they counted.
        until: UnixTime,
    },
}

/// What was expected, and what was seen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PinMismatch {
    /// The pins of which one had to be met.
    pub expected: PinSet,
    /// The certificates that could have met one, from the peer's own on.
    pub seen: Vec<SeenKey>,
}

/// A certificate that was compared with pins, and its key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SeenKey {
    /// Where it was.
    pub which: Which,
    /// The name of its subject. Without a letter for a raw public key, which has none.
    pub subject: String,
    /// The pin that its key would meet.
    pub key: Pin,
}

impl fmt::Display for PinProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotOnPath(mismatch) => {
                write!(f, "leads to a trust anchor over no certificate that is pinned; {mismatch}")
            }
            Self::NotOwn(mismatch) => write!(f, "is not pinned; {mismatch}"),
            Self::Over { time, until } => write!(
                f,
                "could be trusted by pins alone, which ended at {}, and it is {}",
                Shown(*until),
                Shown(*time)
            ),
        }
    }
}

impl fmt::Display for PinMismatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("expected is ")?;
        for (at, (pin, backup)) in self.expected.pins().enumerate() {
            let or = if at > 0 { " or " } else { "" };
            let mark = if backup { " (a backup)" } else { "" };
            write!(f, "{or}{pin}{mark}")?;
        }
        let were = if self.seen.len() == 1 { "; seen was " } else { "; seen were " };
        for (at, seen) in self.seen.iter().enumerate() {
            let before = if at > 0 { ", " } else { were };
            write!(f, "{before}{}", seen.key)?;
            if !seen.subject.is_empty() {
                write!(f, " of \"{}\"", seen.subject)?;
            }
        }
        Ok(())
    }
}

/// A certificate that may meet a pin.
struct Seen<'s> {
    which: Which,
    /// A raw public key has none.
    subject: Option<DirectoryName<'s>>,
    key: [u8; 32],
    whole: Whole<'s>,
}

enum Whole<'s> {
    Certificate(&'s [u8]),
    /// It is nothing but a key.
    Key,
    /// No more than this is known of it.
    Anchor(&'s TrustAnchor<'s>),
}

impl<'s> Seen<'s> {
    fn certificate(which: Which, certificate: &Certificate<'s>, digests: &dyn Digests) -> Self {
        Self {
            which,
            subject: Some(certificate.subject()),
            key: hash(certificate.spki().contents(), digests),
            whole: Whole::Certificate(certificate.der()),
        }
    }

    fn anchor(path: &Path<'s, '_>, digests: &dyn Digests) -> Self {
        let anchor = path.anchor;
        let whole = path.root.map_or(Whole::Anchor(anchor), |root| Whole::Certificate(root.der()));
        Self {
            which: Which::Anchor(path.anchor_position),
            subject: Some(DirectoryName(&anchor.subject)),
            key: hash(&anchor.subject_public_key_info, digests),
            whole,
        }
    }
}

/// Of a SubjectPublicKeyInfo, by what is within its outermost tag and length: these have one form only in DER.
fn hash(contents: &[u8], digests: &dyn Digests) -> [u8; 32] {
    let mut spki = Vec::with_capacity(contents.len().saturating_add(4));
    der::put(&mut spki, der::SEQUENCE, contents);
    digests.sha256(&spki)
}

/// What 32 octets take in Base64.
const ENCODED: usize = 44;
