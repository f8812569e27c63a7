//! Delegated credentials, RFC 9345: a short-lived key that the key of a certificate vouches for.
//!
//! Owns what both sides know of them: which schemes they may have, how long they last, and what is signed.

use alloc::sync::Arc;
use alloc::vec::Vec;

use pki_types::{CertificateDer, UnixTime};

use super::signer::CertifiedKey;
use crate::error::{CertificateError, Error, InconsistentKeys};
use crate::names::{Side, SignatureScheme};
use crate::wire::codec::Wire;
use crate::wire::extensions::DelegatedCredential;

/// One that we show. It is well-formed, and its private key is at hand.
#[derive(Clone, Debug)]
pub(crate) struct Delegated {
    encoded: Arc<[u8]>,
    /// With what its key signs handshakes.
    pub(crate) scheme: SignatureScheme,
    /// With what the key of the certificate signed it.
    pub(crate) algorithm: SignatureScheme,
    /// The last second of it, of UNIX time.
    last: u64,
}

impl Delegated {
    /// Reads one, for the certificate of `certified`, whose key is that of the credential.
    ///
    /// # Errors
    ///
    /// It is malformed, or does not go with the certificate or with the key. Its signature is not checked.
    pub(crate) fn read(encoded: &[u8], certified: &CertifiedKey) -> Result<Self, Error> {
        let credential = DelegatedCredential::read_all(encoded)?;
        if !may_sign(credential.scheme) {
            return Err(InconsistentKeys::DelegatedSchemeNotAllowed.into());
        }
        let Terms { last, allowed } = Terms::of(certified.end_entity_cert()?, credential.valid_time)?;
        if !allowed {
            // The peer has to refuse it, which is hard to see from here.
            crate::log::log_line!(
                warn,
                crate::log::target::CERTIFICATES,
                "a certificate does not allow its delegated credential: RFC 9345 section 4.2"
            );
        }
        let key = &certified.key;
        let other = key.public_key().is_some_and(|ours| ours.as_ref() != credential.spki.0);
        if other || key.choose_scheme(&[credential.scheme]).is_none() {
            return Err(InconsistentKeys::KeyMismatch.into());
        }
        let (scheme, algorithm) = (credential.scheme, credential.algorithm);
        Ok(Self { encoded: encoded.into(), scheme, algorithm, last })
    }

    /// As a certificate entry shows it.
    pub(crate) fn on_the_wire(&self) -> Option<DelegatedCredential<'_>> {
        DelegatedCredential::read_all(&self.encoded).ok()
    }

    /// Its bytes on the wire.
    pub(crate) fn len(&self) -> usize {
        self.encoded.len()
    }

    /// Would a peer take it now?
    pub(crate) fn is_valid_at(&self, now: UnixTime) -> bool {
        remaining(self.last, now).is_ok()
    }
}

/// May a key of a delegated credential sign with this? What a CertificateVerify may have, but for keys under the OID
/// rsaEncryption. RFC 9345 section 4.
pub(crate) fn may_sign(scheme: SignatureScheme) -> bool {
    let rsae =
        [SignatureScheme::RSA_PSS_SHA256, SignatureScheme::RSA_PSS_SHA384, SignatureScheme::RSA_PSS_SHA512];
    scheme.supported_in_tls13() && !rsae.contains(&scheme)
}

/// What a certificate makes of a credential. RFC 9345 sections 4 and 4.2.
pub(crate) struct Terms {
    /// The last second of the credential, of UNIX time.
    pub(crate) last: u64,
    /// The certificate allows delegated credentials.
    pub(crate) allowed: bool,
}

impl Terms {
    pub(crate) fn of(leaf: &CertificateDer<'_>, valid_time: u32) -> Result<Self, Error> {
        let certificate =
            chitin_pki::Certificate::parse(leaf).map_err(|_| Error::from(CertificateError::BadEncoding))?;
        let last = certificate.validity().not_before.as_secs().saturating_add(valid_time.into());
        Ok(Self { last, allowed: certificate.may_delegate() })
    }
}

/// Why a credential is not good at a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Untimely {
    Expired,
    /// For more than [`MAX_REMAINING`] to come.
    TooLong,
}

/// How many seconds of a credential are left. RFC 9345 section 4.1.3.
pub(crate) fn remaining(last: u64, now: UnixTime) -> Result<u64, Untimely> {
    match last.checked_sub(now.as_secs()) {
        None => Err(Untimely::Expired),
        Some(left) if left > MAX_REMAINING => Err(Untimely::TooLong),
        Some(left) => Ok(left),
    }
}

/// Seven days. RFC 9345 section 4.1.3: the maximum without an agreement to the contrary.
pub(crate) const MAX_REMAINING: u64 = 7 * 24 * 60 * 60;

/// What the key of the certificate signs. RFC 9345 section 4.
pub(crate) fn signed_message(
    by: Side,
    leaf: &CertificateDer<'_>,
    credential: &DelegatedCredential<'_>,
) -> Vec<u8> {
    let context: &[u8] = match by {
        Side::Server => b"TLS, server delegated credentials",
        Side::Client => b"TLS, client delegated credentials",
    };
    let mut message = [&[0x20; 64], context, &[0], leaf.as_ref()].concat();
    credential.write_signed(&mut message);
    message
}

#[cfg(test)]
mod tests {
    use core::time::Duration;

    use super::*;

    #[test]
    fn a_credential_lasts_to_its_end_and_no_more_than_seven_days() {
        let at = |secs| UnixTime::since_unix_epoch(Duration::from_secs(secs));
        let week = 7 * 86_400;
        assert_eq!(remaining(1_000_000, at(1_000_000)), Ok(0));
        assert_eq!(remaining(1_000_000, at(1_000_001)), Err(Untimely::Expired));
        assert_eq!(remaining(1_000_000, at(1_000_000 - week)), Ok(week));
        assert_eq!(remaining(1_000_000, at(1_000_000 - week - 1)), Err(Untimely::TooLong));
    }

    #[test]
    fn rsa_keys_of_certificates_are_not_for_delegation() {
        use SignatureScheme as S;
        for scheme in [S::ECDSA_NISTP256_SHA256, S::ECDSA_NISTP521_SHA512, S::ED25519, S::ML_DSA_65] {
            assert!(may_sign(scheme), "{scheme:?}");
        }
        for scheme in [
            S::RSA_PSS_SHA256,
            S::RSA_PSS_SHA384,
            S::RSA_PSS_SHA512,
            S::RSA_PKCS1_SHA256,
            S::ECDSA_SHA1_Legacy,
            S::from(0x1234),
        ] {
            assert!(!may_sign(scheme), "{scheme:?}");
        }
    }
}
