//! Delegated credentials of all kinds, honest ones and others. RFC 9345 section 4.

use std::time::{SystemTime, UNIX_EPOCH};

use chitin::SignatureScheme;
use rcgen::CustomExtension;

use crate::pair::Side;
use crate::pki::Identity;
use crate::provided;

/// The extension of a certificate that may delegate: 1.3.6.1.4.1.44363.44, with NULL. RFC 9345 section 4.2.
pub fn usage() -> CustomExtension {
    CustomExtension::from_oid_content(&[1, 3, 6, 1, 4, 1, 44363, 44], vec![5, 0])
}

/// What a delegated credential is to say.
#[derive(Clone, Debug)]
pub struct Delegation {
    /// Whose it is.
    pub by: Side,
    /// Seconds from now until it ends.
    pub left: i64,
    /// With what its key signs.
    pub scheme: SignatureScheme,
    pub spki: Vec<u8>,
    /// With what the certificate's key signs it.
    pub algorithm: SignatureScheme,
}

impl Delegation {
    /// An honest one for the key of `delegate`, for an hour. All is for P-256.
    pub fn to(delegate: &Identity) -> Self {
        let key = provided::load(&delegate.key).unwrap();
        Self {
            by: Side::Server,
            left: 3600,
            scheme: SignatureScheme::ECDSA_NISTP256_SHA256,
            spki: key.public_key().unwrap().to_vec(),
            algorithm: SignatureScheme::ECDSA_NISTP256_SHA256,
        }
    }

    /// The DelegatedCredential structure, signed by the key of `issuer`. Its certificate has to be valid since 2020, as those
    /// of this crate are.
    ///
    /// # Panics
    ///
    /// If the key cannot sign with the algorithm.
    pub fn signed_by(&self, issuer: &Identity) -> Vec<u8> {
        const YEAR_2020: i64 = 1_577_836_800; // `date -u -d 2020-01-01 +%s`
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
        let valid_time = u32::try_from(i64::try_from(now).unwrap() + self.left - YEAR_2020).unwrap();

        let mut signed = valid_time.to_be_bytes().to_vec();
        signed.extend(u16::from(self.scheme).to_be_bytes());
        signed.extend(&u32::try_from(self.spki.len()).unwrap().to_be_bytes()[1..]);
        signed.extend(&self.spki);
        signed.extend(u16::from(self.algorithm).to_be_bytes());

        let context = match self.by {
            Side::Server => "TLS, server delegated credentials",
            Side::Client => "TLS, client delegated credentials",
        };
        let message = [&[b' '; 64], context.as_bytes(), &[0], issuer.leaf(), &signed].concat();
        let signer = provided::load(&issuer.key).unwrap().choose_scheme(&[self.algorithm]);
        let signature = signer.expect("a scheme of the key").sign(&message).unwrap();
        signed.extend(u16::try_from(signature.len()).unwrap().to_be_bytes());
        signed.extend(signature);
        signed
    }
}
