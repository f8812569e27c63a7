//! A certified key with what a handshake shows beside its chain.
//!
//! [`CertifiedKey`] is as in rustls 0.23, with public fields and no room for more; what came later stands here.

use alloc::boxed::Box;
use alloc::sync::Arc;
use alloc::vec::Vec;

use pki_types::{CertificateDer, UnixTime};

use super::delegated::Delegated;
use super::signer::{CertifiedKey, Signer};
use super::verify::raw_public_key;
use crate::error::Error;
use crate::names::{CertificateType, SignatureScheme};
use crate::wire::codec::{MAX16, Opaque, Wire};

/// A certificate chain with its private key, and what is shown beside it.
///
/// Resolvers give it in [`ResolvesServerCert::resolve_credential`](crate::server::ResolvesServerCert::resolve_credential)
/// and [`ResolvesClientCert::resolve_credential`](crate::client::ResolvesClientCert::resolve_credential);
/// [`SingleCertAndKey`](crate::sign::SingleCertAndKey) is a resolver for one. Not in rustls 0.23.
#[derive(Clone, Debug)]
pub struct Credential {
    pub(crate) certified: Arc<CertifiedKey>,
    /// Whether that is a raw public key: found out once, and not by each handshake.
    raw: bool,
    /// SCTs, each after its length.
    scts: Arc<[u8]>,
    /// The key of `certified` is that of this, and not that of the certificate.
    pub(crate) delegated: Option<Delegated>,
}

/// What a peer can check.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Checks<'a> {
    /// With these the key of a certificate may sign the handshake.
    pub(crate) schemes: &'a [SignatureScheme],
    /// And with these the key of a delegated credential; empty where there can be none.
    pub(crate) delegated: &'a [SignatureScheme],
}

/// Of the schemes that a peer names those that are `allowed`, in its order. There are some ten. A hostile list names them thousands of times, so of a long
/// one each is taken once.
pub(crate) fn allowed_schemes(
    named: &[SignatureScheme],
    allowed: impl Fn(SignatureScheme) -> bool,
) -> Vec<SignatureScheme> {
    let long = named.len() > HONEST_SCHEMES;
    let mut found = Vec::with_capacity(named.len().min(HONEST_SCHEMES));
    for scheme in named.iter().copied().filter(|scheme| allowed(*scheme)) {
        if !long || !found.contains(&scheme) {
            found.push(scheme);
        }
    }
    found
}

/// No honest list is longer: there are names for half as many.
const HONEST_SCHEMES: usize = 32;

/// What signs a handshake. It is the key's answer, which is asked once for it: a key may be far away.
pub(crate) struct ReadySigner {
    /// What `signer` said of itself.
    pub(crate) scheme: SignatureScheme,
    pub(crate) signer: Box<dyn Signer>,
}

impl Delegated {
    /// Can the peer check both signatures, that of the certificate's key over this, too? RFC 9345 section 4.1.1.
    fn fits(&self, peer: &Checks<'_>) -> bool {
        peer.delegated.contains(&self.scheme) && peer.schemes.contains(&self.algorithm)
    }
}

impl Credential {
    /// Shows the chain of `certified`, and its OCSP response if it has one.
    pub fn new(certified: impl Into<Arc<CertifiedKey>>) -> Self {
        let certified = certified.into();
        let raw = certified.cert.first().and_then(raw_public_key).is_some();
        Self { certified, raw, scts: Arc::default(), delegated: None }
    }

    /// Shows these signed certificate timestamps to clients that ask for them, RFC 6962 section 3.3. Each is a serialized
    /// SCT, as a log gives it. They are not looked at.
    ///
    /// A client's certificate is shown without: no server of ours asks for them.
    ///
    /// # Errors
    ///
    /// [`Error::General`] if there is none, if one is empty, or if together they have more than 60 KiB.
    pub fn with_scts<S: AsRef<[u8]>>(mut self, scts: impl IntoIterator<Item = S>) -> Result<Self, Error> {
        let mut list = Vec::new();
        for sct in scts {
            let sct = sct.as_ref();
            if sct.is_empty() || list.len().saturating_add(sct.len()).saturating_add(2) > MAX_SCTS {
                return Err(Error::General(WRONG_SCTS.into()));
            }
            Opaque::<1, MAX16>(sct).write(&mut list);
        }
        if list.is_empty() {
            return Err(Error::General(WRONG_SCTS.into()));
        }
        self.scts = list.into();
        Ok(self)
    }

    /// Signs with the key of a delegated credential, RFC 9345, in place of the certificate's.
    ///
    /// `encoded` is the DelegatedCredential structure of section 4. The private key that this credential was made with has to
    /// be the one it is for; that of the certificate need not be here at all. It is for TLS 1.3, and for peers that ask for
    /// delegated credentials: who serves others too has a second credential for them, in a
    /// [`CredentialList`](crate::sign::CredentialList).
    ///
    /// When it has expired, or is valid for more than seven days to come, connections fail until another one is given.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidMessage`] if it is malformed; [`InconsistentKeys::DelegatedSchemeNotAllowed`] if no delegated credential
    /// may have its scheme (RSA keys of the usual kind may not); [`InconsistentKeys::KeyMismatch`] if it is for another key;
    /// [`Error::InvalidCertificate`] and [`Error::NoCertificatesPresented`] if there is no certificate that can be read. Whether
    /// the certificate allows it (section 4.2) and its key has signed it is left to the peers, who have to check that.
    ///
    /// [`InconsistentKeys::DelegatedSchemeNotAllowed`]: crate::InconsistentKeys::DelegatedSchemeNotAllowed
    /// [`InconsistentKeys::KeyMismatch`]: crate::InconsistentKeys::KeyMismatch
    pub fn with_delegated_credential(mut self, encoded: &[u8]) -> Result<Self, Error> {
        self.delegated = Some(Delegated::read(encoded, &self.certified)?);
        Ok(self)
    }

    /// Says whether there is a delegated credential. If so, the key is its key.
    pub fn is_delegated(&self) -> bool {
        self.delegated.is_some()
    }

    /// Returns what it is to a peer: a raw public key (RFC 7250) if its first certificate is no certificate but a
    /// SubjectPublicKeyInfo, else a chain of X.509.
    pub fn certificate_type(&self) -> CertificateType {
        if self.raw { CertificateType::RawPublicKey } else { CertificateType::X509 }
    }

    /// What stands in a Certificate message: a raw public key alone, or the whole chain.
    pub(crate) fn shown(&self) -> &[CertificateDer<'static>] {
        let chain = &self.certified.cert;
        match self.certificate_type() {
            CertificateType::RawPublicKey => chain.get(..1).unwrap_or_default(),
            _ => chain,
        }
    }

    /// What signs a handshake, with the first of our key's schemes that the peer can check.
    pub(crate) fn signer_for(&self, peer: &Checks<'_>) -> Option<ReadySigner> {
        let key = &self.certified.key;
        match &self.delegated {
            Some(delegated) if !delegated.fits(peer) => None,
            Some(Delegated { scheme, .. }) => {
                let signer = key.choose_scheme(&[*scheme])?;
                (signer.scheme() == *scheme).then_some(ReadySigner { scheme: *scheme, signer })
            }
            None => {
                let signer = key.choose_scheme(peer.schemes)?;
                let scheme = signer.scheme();
                peer.schemes.contains(&scheme).then_some(ReadySigner { scheme, signer })
            }
        }
    }

    /// Is there a scheme of our key's that the peer can check?
    pub(crate) fn can_sign_for(&self, peer: &Checks<'_>) -> bool {
        match &self.delegated {
            Some(delegated) => delegated.fits(peer),
            None => self.signer_for(peer).is_some(),
        }
    }

    /// Is there a delegated credential that peers would not take now?
    pub(crate) fn is_untimely(&self, now: impl FnOnce() -> Option<UnixTime>) -> bool {
        let Some(delegated) = &self.delegated else { return false };
        !now().is_some_and(|now| delegated.is_valid_at(now))
    }

    /// Returns the chain with its key and OCSP response.
    pub fn certified_key(&self) -> &Arc<CertifiedKey> {
        &self.certified
    }

    /// What somebody may have who shows a chain with nothing beside it: `None` if the key is not the certificate's.
    pub(crate) fn alone(&self) -> Option<Arc<CertifiedKey>> {
        (!self.is_delegated()).then(|| Arc::clone(&self.certified))
    }

    /// The items of the list, encoded; `None` if there is none.
    pub(crate) fn scts(&self) -> Option<&[u8]> {
        Some(&*self.scts).filter(|scts| !scts.is_empty())
    }
}

impl From<CertifiedKey> for Credential {
    fn from(certified: CertifiedKey) -> Self {
        Self::new(certified)
    }
}

impl From<Arc<CertifiedKey>> for Credential {
    fn from(certified: Arc<CertifiedKey>) -> Self {
        Self::new(certified)
    }
}

/// Bytes of all SCTs with their lengths. In TLS 1.2 they share 64 KiB with the rest of ServerHello's extensions; a hundred
/// bytes each is usual, and a handful of them.
const MAX_SCTS: usize = 60 * 1024;

const WRONG_SCTS: &str = "SCTs: at least one, none of them empty, and 60 KiB together at most";

#[cfg(test)]
#[cfg(all(feature = "aws_lc_rs", feature = "std"))]
mod tests {
    use alloc::vec;

    use super::*;
    use crate::crypto::aws_lc_rs::default_provider;

    fn credential() -> Credential {
        let key = include_bytes!("../../testdata/config/server.key.der");
        let key = pki_types::PrivatePkcs8KeyDer::from(&key[..]).into();
        let key = default_provider().key_provider.load_private_key(key).unwrap();
        Credential::from(CertifiedKey::new(Vec::new(), key))
    }

    #[test]
    fn timestamps_are_a_list_with_something_in_it() {
        assert_eq!(credential().scts(), None);
        // RFC 6962 section 3.3: each with two bytes of length.
        let two = credential().with_scts([&b"ab"[..], b"c"]).unwrap();
        assert_eq!(two.scts(), Some(&b"\x00\x02ab\x00\x01c"[..]));
        assert!(credential().with_scts::<&[u8]>([]).is_err());
        assert!(credential().with_scts([&b"ab"[..], b""]).is_err());
        assert!(credential().with_scts([vec![7; MAX_SCTS - 2]]).is_ok());
        assert!(credential().with_scts([vec![7; MAX_SCTS - 1]]).is_err());
        assert!(credential().with_scts([vec![7; MAX_SCTS - 5], vec![7]]).is_ok());
        assert!(credential().with_scts([vec![7; MAX_SCTS - 5], vec![7; 2]]).is_err());
    }
}
