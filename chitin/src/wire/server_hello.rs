//! ServerHello and HelloRetryRequest, which are one message told apart by its random. RFC 8446 sections 4.1.3 and 4.1.4.
//!
//! Written by hand, not declared: what the extensions are depends on the random and on the version among them.

use alloc::vec::Vec;

use crate::error::InvalidMessage;
use crate::names::{CipherSuite, Compression, ProtocolVersion};
use crate::wire::codec::{MAX16, Opaque, Reader, Wire};
use crate::wire::extensions::{HelloRetryExtensions, ServerHello12Extensions, ServerHelloExtensions, ext};

/// SHA-256 of "HelloRetryRequest". RFC 8446 section 4.1.3.
pub(crate) const RETRY_RANDOM: [u8; 32] = [
    0xcf, 0x21, 0xad, 0x74, 0xe5, 0x9a, 0x61, 0x11, 0xbe, 0x1d, 0x8c, 0x02, 0x1e, 0x65, 0xb8, 0x91, 0xc2,
    0xa2, 0x11, 0x16, 0x7a, 0xbb, 0x8c, 0x5e, 0x07, 0x9e, 0x09, 0xe2, 0xc8, 0xa8, 0x33, 0x9c,
];

/// The head of the message; its extensions wait until it is known which they are.
#[derive(Clone, Debug)]
pub(crate) struct ServerHello<'a> {
    pub(crate) legacy_version: ProtocolVersion,
    pub(crate) random: [u8; 32],
    pub(crate) session_id: Opaque<'a, 0, 32>,
    pub(crate) cipher_suite: CipherSuite,
    pub(crate) compression: Compression,
    /// The block with its length. Empty: a server of TLS 1.2 that sent none.
    extensions: &'a [u8],
}

impl<'a> ServerHello<'a> {
    pub(crate) fn is_retry(&self) -> bool {
        self.random == RETRY_RANDOM
    }

    /// Does the random end with one of the two marks of a server that knows TLS 1.3 and chose less? RFC 8446 section 4.1.3.
    pub(crate) fn is_downgrade(&self) -> bool {
        self.random.ends_with(b"DOWNGRD\x01") || self.random.ends_with(b"DOWNGRD\x00")
    }

    /// The version that `supported_versions` names, whatever the rest of the block means in that version.
    pub(crate) fn chosen_version(&self) -> Result<Option<ProtocolVersion>, InvalidMessage> {
        let mut rest = match self.extensions {
            [] => return Ok(None),
            block => Reader::new(Opaque::<0, MAX16>::read_all(block)?.0),
        };
        while rest.any_left() {
            let (code, body) = (rest.u16("extension type")?, rest.prefixed(0, MAX16, "extension body")?);
            if code == ext::supported_versions {
                return ProtocolVersion::read_all(body).map(Some);
            }
        }
        Ok(None)
    }

    pub(crate) fn extensions(&self) -> Result<ServerHelloExtensions<'a>, InvalidMessage> {
        match self.extensions {
            [] => Ok(ServerHelloExtensions::default()),
            block => ServerHelloExtensions::read_all(block),
        }
    }

    /// The same block as a server of TLS 1.2 means it, who may leave it out.
    pub(crate) fn tls12_extensions(&self) -> Result<ServerHello12Extensions<'a>, InvalidMessage> {
        match self.extensions {
            [] => Ok(ServerHello12Extensions::default()),
            block => ServerHello12Extensions::read_all(block),
        }
    }

    pub(crate) fn retry_extensions(&self) -> Result<HelloRetryExtensions<'a>, InvalidMessage> {
        HelloRetryExtensions::read_all(self.extensions)
    }

    /// Appends a message with this head and a block of extensions.
    pub(crate) fn write<'b>(
        out: &mut Vec<u8>,
        random: &[u8; 32],
        session_id: &[u8],
        suite: CipherSuite,
        extensions: &impl Wire<'b>,
    ) {
        ProtocolVersion::TLSv1_2.write(out);
        out.extend_from_slice(random);
        Opaque::<0, 32>(session_id).write(out);
        suite.write(out);
        Compression::Null.write(out);
        extensions.write(out);
    }

    pub(crate) fn read_all(body: &'a [u8]) -> Result<Self, InvalidMessage> {
        let mut r = Reader::new(body);
        Ok(Self {
            legacy_version: ProtocolVersion::read(&mut r)?,
            random: r.array("random")?,
            session_id: Opaque::read_field(&mut r, "session_id")?,
            cipher_suite: CipherSuite::read(&mut r)?,
            compression: Compression::read(&mut r)?,
            extensions: r.rest(),
        })
    }
}

#[cfg(test)]
mod tests {
    use alloc::vec;

    use super::*;
    use crate::names::NamedGroup;
    use crate::wire::codec::tests::cut_and_extended;
    use crate::wire::extensions::KeyShareEntry;

    #[test]
    fn hello_and_its_truncations() {
        let extensions = ServerHelloExtensions {
            supported_versions: Some(ProtocolVersion::TLSv1_3),
            key_share: Some(KeyShareEntry { group: NamedGroup::X25519, key_exchange: Opaque(&[5; 32]) }),
            ..Default::default()
        };
        let mut bytes = vec![];
        ServerHello::write(&mut bytes, &[7; 32], &[1, 2], CipherSuite::TLS13_AES_128_GCM_SHA256, &extensions);
        let hello = ServerHello::read_all(&bytes).unwrap();
        assert!(!hello.is_retry());
        assert_eq!(hello.session_id.0, [1, 2]);
        assert_eq!(hello.extensions().unwrap().key_share.unwrap().key_exchange.0, [5; 32]);
        let whole = |b: &[u8]| ServerHello::read_all(b).and_then(|h| h.extensions()).is_ok();
        // Exactly one truncation is a message too: the one of a TLS 1.2 server without extensions.
        let head = 2 + 32 + 3 + 2 + 1;
        assert!(whole(&bytes[..head]));
        for n in (0..bytes.len()).filter(|n| *n != head) {
            assert!(!whole(&bytes[..n]), "{n}");
        }
        assert!(!whole(&[&bytes[..], &[0]].concat()));
    }

    #[test]
    fn hello_of_tls12() {
        let extensions = ServerHello12Extensions { extended_master_secret: Some(()), ..Default::default() };
        let suite = CipherSuite::TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256;
        let mut bytes = vec![];
        ServerHello::write(&mut bytes, &[7; 32], &[1, 2], suite, &extensions);
        let hello = ServerHello::read_all(&bytes).unwrap();
        assert!(hello.tls12_extensions().unwrap().extended_master_secret.is_some());
        assert!(hello.extensions().unwrap().supported_versions.is_none());
        let head = &bytes[..2 + 32 + 3 + 2 + 1];
        let bare = ServerHello::read_all(head).unwrap().tls12_extensions().unwrap();
        assert_eq!(bare.seen.iter().count(), 0);
        for n in head.len() + 1..bytes.len() {
            assert!(ServerHello::read_all(&bytes[..n]).unwrap().tls12_extensions().is_err(), "{n}");
        }
    }

    #[test]
    fn retry() {
        let extensions =
            HelloRetryExtensions { supported_versions: Some(ProtocolVersion::TLSv1_3), ..Default::default() };
        let mut bytes = vec![];
        let suite = CipherSuite::TLS13_AES_256_GCM_SHA384;
        ServerHello::write(&mut bytes, &RETRY_RANDOM, &[], suite, &extensions);
        assert!(ServerHello::read_all(&bytes).unwrap().is_retry());
        cut_and_extended(&bytes, |b| ServerHello::read_all(b).and_then(|h| h.retry_extensions()).is_ok());
    }

    #[test]
    fn session_id_has_at_most_32_bytes() {
        let mut bytes = vec![3, 3];
        bytes.extend([7; 32]);
        bytes.push(33);
        bytes.extend([0; 33]);
        bytes.extend([0x13, 1, 0]);
        assert!(ServerHello::read_all(&bytes).is_err());
    }
}
