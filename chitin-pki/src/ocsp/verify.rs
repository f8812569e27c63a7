//! Whether an OCSP response is about a certificate, of now, and from somebody who may say so. RFC 6960 sections 3.2 and
//! 4.2.2.2.

use alloc::vec::Vec;
use core::time::Duration;

use pki_types::{CertificateDer, SignatureVerificationAlgorithm, UnixTime};

use super::Digests;
use super::problem::OcspProblem;
use super::response::{Basic, CertId, Responder, Response, Single, Status};
use crate::budget::StatusPurse;
use crate::cert::Certificate;
use crate::der;
use crate::dn::DirectoryName;
use crate::oid;
use crate::spki::SubjectPublicKeyInfo;
use crate::time::Time;

/// What a response is asked about.
pub(crate) struct Asked<'q> {
    pub(crate) certificate: &'q Certificate<'q>,
    /// The key that signed the certificate.
    pub(crate) issuer: SubjectPublicKeyInfo<'q>,
    pub(crate) algorithms: &'q [&'q dyn SignatureVerificationAlgorithm],
    pub(crate) time: UnixTime,
    pub(crate) digests: &'q dyn Digests,
}

/// What a response that may be believed says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Verdict<'a> {
    pub(crate) status: Status,
    /// Who signed it in the issuer's place, and may be revoked.
    pub(crate) delegate: Option<&'a [u8]>,
    /// The value of the extension with signed certificate timestamps.
    pub(crate) timestamps: Option<&'a [u8]>,
}

impl Asked<'_> {
    /// Asks a response.
    pub(crate) fn ask<'a>(
        &self,
        response: &'a [u8],
        purse: &mut StatusPurse,
    ) -> Result<Verdict<'a>, OcspProblem> {
        let basic = match Response::parse(response)? {
            Response::Basic(basic) => basic,
            Response::Unsuccessful => {
                return Ok(Verdict { status: Status::Unknown, delegate: None, timestamps: None });
            }
        };
        // RFC 6960 section 2.4: when it was signed, which cannot lie ahead.
        self.check_begun(basic.produced_at)?;
        let answer = self.answer(&basic)?;
        let delegate = self.check_signer(&basic, purse)?;
        Ok(Verdict { status: answer.status, delegate, timestamps: answer.timestamps })
    }

    /// The answer about the certificate that is right now, or one that revokes it, whenever that is of: as of lists, what is revoked
    /// stays so. If there are several, the worst of them: a responder that contradicts itself has not said that all is well.
    fn answer<'a>(&self, basic: &Basic<'a>) -> Result<Single<'a>, OcspProblem> {
        let mut problem = OcspProblem::OtherCertificate;
        let mut found: Option<Single<'a>> = None;
        for answer in basic.answers.iter().filter(|answer| self.is_meant(&answer.id)) {
            let counts = match answer.status {
                Status::Revoked(_) => Ok(()),
                Status::Good | Status::Unknown => self.check_time(answer),
            };
            match counts {
                Ok(()) if found.is_some_and(|found| found.status.badness() >= answer.status.badness()) => {}
                Ok(()) => found = Some(*answer),
                Err(other) => problem = other,
            }
        }
        found.ok_or(problem)
    }

    /// RFC 6960 section 4.1.1.
    fn is_meant(&self, id: &CertId<'_>) -> bool {
        if id.serial != self.certificate.serial() {
            return false;
        }
        let hash = |data: &[u8]| -> Option<Vec<u8>> {
            match id.hash {
                oid::SHA1 => Some(self.digests.sha1(data).to_vec()),
                oid::SHA256 => Some(self.digests.sha256(data).to_vec()),
                _ => None,
            }
        };
        let mut name = Vec::new();
        der::put(&mut name, der::SEQUENCE, self.certificate.issuer().0);
        hash(&name).is_some_and(|hash| hash == id.name_hash)
            && hash(self.issuer.key()).is_some_and(|hash| hash == id.key_hash)
    }

    fn check_time(&self, answer: &Single<'_>) -> Result<(), OcspProblem> {
        let time = self.time;
        self.check_begun(answer.this_update)?;
        let next_update = match answer.next_update {
            Some(next_update) => next_update.unix(),
            None => {
                let made = answer.this_update.unix().as_secs();
                UnixTime::since_unix_epoch(Duration::from_secs(made.saturating_add(LIFE)))
            }
        };
        if next_update < time {
            return Err(OcspProblem::Expired { time, next_update });
        }
        Ok(())
    }

    fn check_begun(&self, from: Time) -> Result<(), OcspProblem> {
        let time = self.time;
        let soon = UnixTime::since_unix_epoch(Duration::from_secs(time.as_secs().saturating_add(SKEW)));
        match from.is_after(soon) {
            true => Err(OcspProblem::NotYetValid { time, this_update: from.unix() }),
            false => Ok(()),
        }
    }

    /// Finds who signed, and gives the certificate if it was not the issuer itself.
    fn check_signer<'a>(
        &self,
        basic: &Basic<'a>,
        purse: &mut StatusPurse,
    ) -> Result<Option<&'a [u8]>, OcspProblem> {
        let mut problem = OcspProblem::NoSigner;
        if self.is_signer(basic, self.certificate.issuer(), &self.issuer) {
            match self.check_signature(basic, &self.issuer, purse) {
                Ok(()) => return Ok(None),
                Err(other) => problem = other,
            }
        }
        for der in &basic.certificates {
            let der = CertificateDer::from(*der);
            let certificate = match Certificate::parse(&der) {
                Ok(certificate) => certificate,
                Err(other) => {
                    problem = OcspProblem::SignerCertificate(other);
                    continue;
                }
            };
            if !self.is_signer(basic, certificate.subject(), certificate.spki()) {
                continue;
            }
            let checked = self
                .check_delegate(&certificate, purse)
                .and_then(|()| self.check_signature(basic, certificate.spki(), purse));
            match checked {
                // The slice of the response, which lives longer than its wrapper.
                Ok(()) => return Ok(basic.certificates.iter().copied().find(|found| *found == &*der)),
                Err(other) => problem = other,
            }
        }
        Err(problem)
    }

    fn is_signer(&self, basic: &Basic<'_>, name: DirectoryName<'_>, key: &SubjectPublicKeyInfo<'_>) -> bool {
        match basic.responder {
            Responder::Named(responder) => responder.matches(&name),
            Responder::Keyed(hash) => self.digests.sha1(key.key()) == *hash,
        }
    }

    /// The issuer has entrusted it with answering, directly and by name of the purpose. RFC 6960 section 4.2.2.2.
    fn check_delegate(&self, delegate: &Certificate<'_>, purse: &mut StatusPurse) -> Result<(), OcspProblem> {
        let entrusted = delegate.extended_key_usage().is_some_and(|usage| usage.includes(oid::OCSP_SIGNING));
        let may_sign = delegate.key_usage().is_none_or(|usage| usage.digital_signature());
        let issued = delegate.issuer().matches(&self.certificate.issuer());
        // Nobody vouches for itself, even if it is entrusted with vouching for others.
        let itself = delegate.spki() == self.certificate.spki();
        if !entrusted || !may_sign || !issued || itself {
            return Err(OcspProblem::SignerNotAuthorized);
        }
        delegate.check_time(self.time).map_err(OcspProblem::SignerCertificate)?;
        let signed = delegate.signed();
        let algorithm =
            signed.algorithm_for(&self.issuer, self.algorithms).map_err(OcspProblem::SignerCertificate)?;
        purse.signature()?;
        signed.verify(&self.issuer, algorithm).map_err(|_| OcspProblem::SignerNotAuthorized)
    }

    fn check_signature(
        &self,
        basic: &Basic<'_>,
        key: &SubjectPublicKeyInfo<'_>,
        purse: &mut StatusPurse,
    ) -> Result<(), OcspProblem> {
        key.check()?;
        let algorithm = basic.signed.algorithm_for(key, self.algorithms)?;
        purse.signature()?;
        Ok(basic.signed.verify(key, algorithm)?)
    }
}

/// Seconds by which a responder's clock may be ahead of ours. A server staples what it was given a moment ago.
const SKEW: u64 = 300;
/// Seconds for which an answer is right that does not say for how long. RFC 6960 section 4.2.2.1 has no number: that
/// there is always newer information. A day is what responders need to be asked again by servers.
const LIFE: u64 = 86_400;
