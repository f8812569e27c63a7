//! The key schedules, with SHA-256: every secret is keyed once, and used as often as the RFC does.

use aws_lc_rs::hmac::{Context, HMAC_SHA256, Key, Tag, sign};

/// A secret, ready to be expanded.
pub struct Secret(Key);

/// HKDF-Expand-Label of one block: length, label, context, counter.
pub struct Label(Vec<u8>);

impl Label {
    pub fn new(label: &str, context: usize) -> Self {
        let mut info = vec![0, 32, 6 + label.len() as u8];
        info.extend_from_slice(b"tls13 ");
        info.extend_from_slice(label.as_bytes());
        info.push(context as u8);
        info.resize(info.len() + context, 0x5a);
        info.push(1);
        Self(info)
    }
}

impl Secret {
    pub fn new(secret: &[u8]) -> Self {
        Self(Key::new(HMAC_SHA256, secret))
    }

    /// Expanding, extracting and authenticating are all one HMAC here.
    pub fn mac(&self, over: &[u8]) -> Tag {
        sign(&self.0, over)
    }

    pub fn expand(&self, label: &Label) -> Tag {
        self.mac(&label.0)
    }

    pub fn next(&self, label: &Label) -> Self {
        Self::new(self.expand(label).as_ref())
    }

    /// P_hash of TLS 1.2 (RFC 5246 section 5), of so many blocks.
    pub fn prf(&self, seed: &[u8], blocks: usize) -> Tag {
        let mut a = self.mac(seed);
        let mut out = a;
        for block in 0..blocks {
            if block > 0 {
                a = self.mac(a.as_ref());
            }
            let mut context = Context::with_key(&self.0);
            context.update(a.as_ref());
            context.update(seed);
            out = context.sign();
        }
        out
    }
}
