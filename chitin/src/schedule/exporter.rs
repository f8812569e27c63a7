//! Exporters. RFC 8446 section 7.5.

use crate::crypto::suites::Tls13CipherSuite;
use crate::crypto::tls13::OkmBlock;
use crate::error::Error;
use crate::schedule::tls13::{MAX_LABEL, derive, expand_label};

/// What remains of a handshake for `export_keying_material`.
pub(crate) struct Exporter {
    suite: &'static Tls13CipherSuite,
    secret: OkmBlock,
}

impl Exporter {
    pub(crate) fn new(suite: &'static Tls13CipherSuite, secret: OkmBlock) -> Self {
        Self { suite, secret }
    }

    /// For the key log.
    pub(crate) fn as_bytes(&self) -> &[u8] {
        self.secret.as_ref()
    }

    /// Fills `out`. In TLS 1.3 no context and an empty one are the same.
    ///
    /// # Errors
    ///
    /// `out` is empty or longer than 255 hash outputs, or `label` is longer than the 249 bytes that an HkdfLabel can hold.
    pub(crate) fn export(&self, out: &mut [u8], label: &[u8], context: Option<&[u8]>) -> Result<(), Error> {
        if out.is_empty() {
            return Err(Error::General("cannot export zero bytes of keying material".into()));
        }
        if label.len() > MAX_LABEL {
            return Err(Error::General("exporter label is longer than 249 bytes".into()));
        }
        let hash = self.suite.common.hash_provider;
        let secret = self.suite.hkdf_provider.expander_for_okm(&self.secret);
        let derived = derive(secret.as_ref(), label, hash.hash(b"").as_ref());
        let derived = self.suite.hkdf_provider.expander_for_okm(&derived);
        let context = hash.hash(context.unwrap_or_default());
        expand_label(derived.as_ref(), b"exporter", context.as_ref(), out)
            .map_err(|_| Error::General("exporting too much keying material".into()))
    }
}
