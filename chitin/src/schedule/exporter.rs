//! Exporters. RFC 8446 section 7.5, and RFC 5705 for TLS 1.2.

use alloc::vec::Vec;

use crate::crypto::suites::{Tls12CipherSuite, Tls13CipherSuite};
use crate::crypto::tls13::OkmBlock;
use crate::error::Error;
use crate::schedule::tls13::{MAX_LABEL, derive, expand_label};
use crate::secret::Secret;

/// What remains of a handshake for `export_keying_material`.
pub(crate) struct Exporter(Kind);

enum Kind {
    Tls13 {
        suite: &'static Tls13CipherSuite,
        secret: OkmBlock,
    },
    Tls12 {
        suite: &'static Tls12CipherSuite,
        master_secret: Secret,
        /// The client's, then the server's.
        randoms: [u8; 64],
    },
}

impl Exporter {
    pub(crate) fn new(suite: &'static Tls13CipherSuite, secret: OkmBlock) -> Self {
        Self(Kind::Tls13 { suite, secret })
    }

    pub(crate) fn for_tls12(
        suite: &'static Tls12CipherSuite,
        master_secret: Secret,
        randoms: [u8; 64],
    ) -> Self {
        Self(Kind::Tls12 { suite, master_secret, randoms })
    }

    /// For the key log, which only TLS 1.3 has a line for: the master secret of TLS 1.2 stands there already.
    pub(crate) fn as_bytes(&self) -> &[u8] {
        match &self.0 {
            Kind::Tls13 { secret, .. } => secret.as_ref(),
            Kind::Tls12 { .. } => &[],
        }
    }

    /// Fills `out`. In TLS 1.3 no context and an empty one are the same; in TLS 1.2 they are not.
    ///
    /// # Errors
    ///
    /// `out` is empty. In TLS 1.3: `out` is longer than 255 hash outputs, or `label` is longer than the 249 bytes that an
    /// HkdfLabel can hold. In TLS 1.2: `label` is one of the protocol's own, or the context is longer than two bytes can say.
    pub(crate) fn export(&self, out: &mut [u8], label: &[u8], context: Option<&[u8]>) -> Result<(), Error> {
        if out.is_empty() {
            return Err(Error::General("cannot export zero bytes of keying material".into()));
        }
        match &self.0 {
            Kind::Tls13 { suite, secret } => export_tls13(suite, secret, out, label, context),
            Kind::Tls12 { suite, master_secret, randoms } => {
                export_tls12(suite, master_secret, randoms, out, label, context)
            }
        }
    }
}

fn export_tls13(
    suite: &Tls13CipherSuite,
    secret: &OkmBlock,
    out: &mut [u8],
    label: &[u8],
    context: Option<&[u8]>,
) -> Result<(), Error> {
    if label.len() > MAX_LABEL {
        return Err(Error::General("exporter label is longer than 249 bytes".into()));
    }
    let hash = suite.common.hash_provider;
    let secret = suite.hkdf_provider.expander_for_okm(secret);
    let derived = derive(secret.as_ref(), label, hash.hash(b"").as_ref());
    let derived = suite.hkdf_provider.expander_for_okm(&derived);
    let context = hash.hash(context.unwrap_or_default());
    expand_label(derived.as_ref(), b"exporter", context.as_ref(), out)
        .map_err(|_| Error::General("exporting too much".into()))
}

/// RFC 5705 section 4.
fn export_tls12(
    suite: &Tls12CipherSuite,
    master_secret: &Secret,
    randoms: &[u8; 64],
    out: &mut [u8],
    label: &[u8],
    context: Option<&[u8]>,
) -> Result<(), Error> {
    if RESERVED.contains(&label) {
        return Err(Error::General("exporter label is one that TLS 1.2 itself uses".into()));
    }
    let mut seed = Vec::from(&randoms[..]);
    if let Some(context) = context {
        let len = u16::try_from(context.len())
            .map_err(|_| Error::General("exporter context is longer than 65535 bytes".into()))?;
        seed.extend_from_slice(&len.to_be_bytes());
        seed.extend_from_slice(context);
    }
    suite.prf_provider.for_secret(out, master_secret.as_bytes(), label, &seed);
    Ok(())
}

/// What the protocol derives with the same secret and function. RFC 5705 section 4, RFC 7627 section 4.
const RESERVED: [&[u8]; 5] =
    [b"client finished", b"server finished", b"master secret", b"key expansion", b"extended master secret"];
