//! What a path is verified against, and the rules for each certificate in it by itself. RFC 5280 section 6.
//!
//! How one is found is in `search`.

mod search;

use alloc::boxed::Box;
use alloc::vec::Vec;

use pki_types::{CertificateDer, SignatureVerificationAlgorithm, TrustAnchor, UnixTime};

use crate::anchor::{Anchors, Root};
use crate::budget::{INTERMEDIATES, Purse};
use crate::cert::Certificate;
use crate::diagnosis::Diagnosis;
use crate::error::{Error, Problem, Which};
use crate::index::AnchorIndex;
use crate::oid;
use crate::policies::{PolicyInputs, PolicySet};
use crate::profile::{Profile, Role};
use crate::signature::SignatureCheck;
use crate::usage::Purpose;
use crate::{forum, strict};
use search::{Check, LEAF, Search, Sent};

/// What certificates are verified against.
#[derive(Clone, Copy, Debug)]
pub struct Verifier<'v> {
    algorithms: &'v [&'v dyn SignatureVerificationAlgorithm],
    anchors: Anchors<'v>,
    index: Option<&'v AnchorIndex>,
    time: UnixTime,
    purpose: Purpose,
    max_intermediates: usize,
    policies: PolicyInputs<'v>,
    profile: Profile,
    signatures: Option<&'v dyn SignatureCheck>,
}

/// A path that was found to be good.
#[derive(Clone, Debug)]
pub struct Path<'v, 'c> {
    /// The peer's own certificate.
    pub leaf: Certificate<'c>,
    /// The certificates between, from the leaf's issuer on.
    pub intermediates: Vec<Link<'c>>,
    /// Who vouches for all of them.
    pub anchor: &'v TrustAnchor<'v>,
    /// The position of the anchor in the caller's list.
    pub anchor_position: usize,
    /// The whole certificate of the anchor, if the caller gave it.
    pub root: Option<&'v Certificate<'v>>,
    /// The policies it is valid for, of those that the caller asked for.
    pub policies: PolicySet,
}

/// A certificate in the middle of a path.
#[derive(Clone, Copy, Debug)]
pub struct Link<'c> {
    /// Its position in the peer's chain, where the leaf is 0.
    pub position: usize,
    /// The certificate.
    pub certificate: Certificate<'c>,
}

impl Path<'_, '_> {
    /// Says all there is to say of an error about a certificate of this path, as by
    /// [`Revocation::check`](crate::Revocation::check).
    pub fn diagnose(&self, error: Error) -> Diagnosis {
        let mut links = self.intermediates.iter().map(|link| (link.position, &link.certificate));
        let certificate = match error.certificate {
            Which::Peer(LEAF) => Some(&self.leaf),
            Which::Peer(position) => links.find(|link| link.0 == position).map(|link| link.1),
            Which::Anchor(_) => None,
        };
        Diagnosis::of(error, certificate)
    }
}

impl<'v> Verifier<'v> {
    /// Verifies with these signature algorithms, against these anchors, at this time, for this purpose.
    pub fn new(
        algorithms: &'v [&'v dyn SignatureVerificationAlgorithm],
        anchors: &'v [TrustAnchor<'v>],
        time: UnixTime,
        purpose: Purpose,
    ) -> Self {
        Self::of(algorithms, Anchors::Bare(anchors), time, purpose)
    }

    /// As [`Self::new`], with the whole certificates of the anchors.
    ///
    /// By itself this says no more than whether the anchor may sign revocation lists: its certificate is not part of a path
    /// (RFC 5280 section 6.1.1). A [`Profile`] may ask more of it.
    pub fn with_roots(
        algorithms: &'v [&'v dyn SignatureVerificationAlgorithm],
        roots: &'v [Root<'v>],
        time: UnixTime,
        purpose: Purpose,
    ) -> Self {
        Self::of(algorithms, Anchors::Whole(roots), time, purpose)
    }

    fn of(
        algorithms: &'v [&'v dyn SignatureVerificationAlgorithm],
        anchors: Anchors<'v>,
        time: UnixTime,
        purpose: Purpose,
    ) -> Self {
        let (policies, profile) = Default::default();
        let max_intermediates = INTERMEDIATES;
        Self {
            algorithms,
            anchors,
            index: None,
            time,
            purpose,
            max_intermediates,
            policies,
            profile,
            signatures: None,
        }
    }

    /// Allows at most this many certificates between leaf and anchor, not counting self-issued ones.
    ///
    /// The default is 8. More than 16, self-issued ones included, are never allowed.
    pub fn with_max_intermediates(self, max: usize) -> Self {
        Self { max_intermediates: max, ..self }
    }

    /// Finds anchors by this index, which must have been made of the list of this verifier's.
    ///
    /// With an index of another list, anchors are missed; none is trusted that the list does not have.
    pub fn with_index(self, index: &'v AnchorIndex) -> Self {
        Self { index: Some(index), ..self }
    }

    /// Asks for certificate policies. By default any will do, and none need be there.
    pub fn with_policies(self, policies: PolicyInputs<'v>) -> Self {
        Self { policies, ..self }
    }

    /// Asks more of the certificates.
    pub fn with_profile(self, profile: Profile) -> Self {
        Self { profile, ..self }
    }

    /// Lets somebody else check the signatures of the path's certificates: one who remembers those that were good before, say.
    ///
    /// It is asked about nothing else: revocation lists, OCSP responses and timestamps are checked by the algorithms themselves.
    pub fn with_signature_check(self, check: &'v dyn SignatureCheck) -> Self {
        Self { signatures: Some(check), ..self }
    }

    /// Finds a path from the leaf to a trust anchor that breaks no rule.
    ///
    /// The intermediates may be in any order, and some may be unfit or useless. The leaf's name is not compared with
    /// anything: [`verify_name`](crate::verify_name) does that.
    ///
    /// # Errors
    ///
    /// An [`Error`] with the certificate at fault, in which the leaf is 0 and `intermediates[0]` is 1. The leaf's own
    /// rules come first; [`Error`] says which problem is given when several paths fail.
    pub fn verify<'c>(
        &self,
        leaf: &Certificate<'c>,
        intermediates: &'c [CertificateDer<'_>],
    ) -> Result<Path<'v, 'c>, Error> {
        let (path, ()) = self.verify_with(leaf, intermediates, |_| Ok(()))?;
        Ok(path)
    }

    /// As [`Self::verify`], and asks `check` about each path that breaks no rule, until it accepts one. Gives what it said.
    ///
    /// This is for what is asked of a whole path, above all [`Inquiry::check`](crate::Inquiry::check): of two authorities that
    /// have vouched for a third, one may have revoked that, and the other's path is as good as ever. A path that leads through
    /// a certificate that `check` has called revoked is not built again.
    ///
    /// # Errors
    ///
    /// As [`Self::verify`]; what `check` has against a path that is whole tells more than why others ended before. After
    /// [`Budget::Paths`](crate::Budget::Paths) paths the search is given up.
    pub fn verify_with<'c, T>(
        &self,
        leaf: &Certificate<'c>,
        intermediates: &'c [CertificateDer<'_>],
        mut check: impl FnMut(&Path<'v, 'c>) -> Result<T, Error>,
    ) -> Result<(Path<'v, 'c>, T), Error> {
        let mut purse = Purse::new();
        self.check_leaf(leaf, &mut purse).map_err(|problem| problem.of(Which::Peer(LEAF)))?;
        let check: &mut Check<'_, 'v, 'c, T> = &mut check;
        Search::new(self, &Sent::read(self, leaf, intermediates), &mut purse).run(check)
    }

    /// Finds a path from any certificate, of which by itself nothing is checked.
    pub(crate) fn path_of<'c>(
        &self,
        leaf: &Certificate<'c>,
        intermediates: &'c [CertificateDer<'_>],
        purse: &mut Purse,
    ) -> Result<Path<'v, 'c>, Error> {
        let sent = Sent::read(self, leaf, intermediates);
        let (path, ()) = Search::new(self, &sent, purse).run(&mut |_: &Path<'v, 'c>| Ok(()))?;
        Ok(path)
    }

    /// The same rules with one anchor only, and for any policy.
    pub(crate) fn below<'a>(&self, anchor: &'a TrustAnchor<'a>) -> Verifier<'a>
    where
        'v: 'a,
    {
        Verifier {
            anchors: Anchors::Bare(core::slice::from_ref(anchor)),
            index: None,
            policies: PolicyInputs::default(),
            ..*self
        }
    }

    pub(crate) fn algorithms(&self) -> &'v [&'v dyn SignatureVerificationAlgorithm] {
        self.algorithms
    }

    pub(crate) fn time(&self) -> UnixTime {
        self.time
    }

    /// As [`Self::verify`], and says all there is to say if there is no path.
    ///
    /// The search is the same, but each of its ways is noted, so this is for when somebody wants to know.
    ///
    /// # Errors
    ///
    /// A [`Diagnosis`] with the error that [`Self::verify`] gives.
    pub fn diagnose<'c>(
        &self,
        leaf: &Certificate<'c>,
        intermediates: &'c [CertificateDer<'_>],
    ) -> Result<Path<'v, 'c>, Box<Diagnosis>> {
        let (path, ()) = self.diagnose_with(leaf, intermediates, |_| Ok(()))?;
        Ok(path)
    }

    /// As [`Self::verify_with`], and says all there is to say if there is no path.
    ///
    /// # Errors
    ///
    /// A [`Diagnosis`] with the error that [`Self::verify_with`] gives.
    pub fn diagnose_with<'c, T>(
        &self,
        leaf: &Certificate<'c>,
        intermediates: &'c [CertificateDer<'_>],
        mut check: impl FnMut(&Path<'v, 'c>) -> Result<T, Error>,
    ) -> Result<(Path<'v, 'c>, T), Box<Diagnosis>> {
        let (sent, mut purse) = (Sent::read(self, leaf, intermediates), Purse::new());
        let judged = self.check_leaf(leaf, &mut purse);
        let search = Search::new(self, &sent, &mut purse);
        let check: &mut Check<'_, 'v, 'c, T> = &mut check;
        match judged {
            Ok(()) => search.run_noting(check),
            Err(problem) => Err(Box::new(search.into_diagnosis(problem.of(Which::Peer(LEAF))))),
        }
    }

    fn check_leaf(&self, leaf: &Certificate<'_>, purse: &mut Purse) -> Result<(), Problem> {
        leaf.check_time(self.time)?;
        match self.purpose {
            Purpose::Any => {}
            Purpose::ServerAuth | Purpose::ClientAuth => self.check_peer(leaf)?,
        }
        leaf.check_key()?;
        if self.profile >= Profile::Rfc5280Strict && self.purpose != Purpose::Any {
            self.check_usable(leaf)?;
        }
        self.check_profile(leaf, Role::Leaf)?;
        if self.profile >= Profile::CaBrowserForum && self.purpose != Purpose::Any {
            forum::check_common_names(leaf, purse)?;
        }
        Ok(())
    }

    /// A peer of TLS signs, and we have an algorithm for its key.
    fn check_usable(&self, leaf: &Certificate<'_>) -> Result<(), Problem> {
        let id = leaf.spki().algorithm_id();
        match self.algorithms.iter().any(|algorithm| *algorithm.public_key_alg_id() == *id) {
            true => Ok(()),
            false => Err(Problem::KeyNotAllowed { algorithm_id: id.to_vec() }),
        }
    }

    fn check_profile(&self, certificate: &Certificate<'_>, role: Role) -> Result<(), Problem> {
        if self.profile >= Profile::Rfc5280Strict {
            strict::check(certificate, role, self.profile)?;
        }
        if self.profile >= Profile::CaBrowserForum {
            forum::check(certificate, role, self.purpose)?;
        }
        Ok(())
    }

    /// A whole root of the caller's is an issuer like others where the profile says so.
    fn check_root(&self, position: usize, below: usize) -> Result<(), Problem> {
        match self.anchors.certificate(position) {
            Some(root) if self.profile >= Profile::Rfc5280Strict => {
                Self::check_length(root, below)?;
                self.check_issuer(root, Role::Root)
            }
            _ => Ok(()),
        }
    }

    /// What a peer of TLS has to be beyond RFC 5280.
    fn check_peer(&self, leaf: &Certificate<'_>) -> Result<(), Problem> {
        if leaf.is_ca() {
            return Err(Problem::CaUsedAsEndEntity);
        }
        if let Some(usage) = leaf.key_usage() {
            if usage.key_cert_sign() {
                return Err(Problem::EndEntityMaySignCertificates);
            }
            if !usage.digital_signature() {
                return Err(Problem::LeafMayNotSign);
            }
        }
        if leaf.name_constraints().is_some() {
            return Err(Problem::EndEntityHasNameConstraints);
        }
        leaf.check_purpose(self.purpose)
    }

    /// The rules for an issuer with so many others below it. RFC 5280 section 6.1.4 (l) and (m).
    fn check_length(issuer: &Certificate<'_>, below: usize) -> Result<(), Problem> {
        match issuer.basic_constraints().and_then(|constraints| constraints.path_len) {
            Some(allowed) if usize::try_from(allowed).is_ok_and(|allowed| below > allowed) => {
                Err(Problem::PathTooLong { allowed, found: below })
            }
            _ => Ok(()),
        }
    }

    /// The rules for an issuer by itself, wherever it is. RFC 5280 section 6.1.4 (k) and (n).
    fn check_issuer(&self, issuer: &Certificate<'_>, role: Role) -> Result<(), Problem> {
        issuer.check_time(self.time)?;
        if !issuer.is_ca() {
            return Err(Problem::EndEntityUsedAsCa);
        }
        if issuer.key_usage().is_some_and(|usage| !usage.key_cert_sign()) {
            return Err(Problem::IssuerMayNotSignCertificates);
        }
        self.check_issuer_purpose(issuer)?;
        issuer.check_key()?;
        self.check_profile(issuer, role)
    }

    /// On an issuer, `anyExtendedKeyUsage` restricts nothing.
    fn check_issuer_purpose(&self, issuer: &Certificate<'_>) -> Result<(), Problem> {
        match issuer.extended_key_usage() {
            Some(usage) if usage.includes(oid::ANY_EXTENDED_KEY_USAGE) => Ok(()),
            _ => issuer.check_purpose(self.purpose),
        }
    }
}
