//! What a server puts into a ticket or into its session store. The bytes are ours alone: sealed by the ticketer, or never
//! leaving the store.
//!
//! The first byte is the version of this format. What an older or newer format wrote is "no such session", not an error.

use crate::names::{CipherSuite, ProtocolVersion};
use crate::wire::codec::{MAX8, MAX16, MAX24, Opaque, Reader, Wire};

/// Changed with every change of [`ServerSession`].
pub(crate) const FORMAT: u8 = 2;

wire_struct! {
    /// One session, with all that its resumption is bound to.
    ServerSession<'a> {
        format:       u8,
        version:      ProtocolVersion,
        suite:        CipherSuite,
        /// The resumption PSK of RFC 8446 section 4.6.1.
        secret:       Opaque<'a, 1, MAX8>,
        age_add:      u32,
        /// Seconds of UNIX time.
        created:      u64,
        lifetime:     u32,
        /// When both sides last proved who they are, in a full handshake. Seconds of UNIX time.
        authenticated: u64,
        /// The server name of the handshake that made it; empty if there was none.
        server_name:  Opaque<'a, 0, MAX8>,
        /// The protocol that was negotiated; empty if there was none. Gates early data.
        alpn:         Opaque<'a, 0, MAX8>,
        /// What the client-authentication policy was.
        policy:       Opaque<'a, 0, MAX8>,
        /// The client's chain, certificate by certificate.
        chain:        Opaque<'a, 0, MAX24>,
        /// What the application asked to be kept.
        application:  Opaque<'a, 0, MAX16>,
    }
}

impl<'a> ServerSession<'a> {
    /// `None` if it is not of this format.
    pub(crate) fn open(bytes: &'a [u8]) -> Option<Self> {
        Self::read_all(bytes).ok().filter(|session| session.format == FORMAT)
    }

    pub(crate) fn chain(&self) -> impl Iterator<Item = &'a [u8]> + use<'a> {
        let mut rest = Reader::new(self.chain.0);
        core::iter::from_fn(move || rest.prefixed(1, MAX24, "stored certificate").ok())
    }
}

/// A chain in the form that [`ServerSession::chain`] reads.
pub(crate) fn encode_chain<'c>(chain: impl Iterator<Item = &'c [u8]>) -> alloc::vec::Vec<u8> {
    let mut out = alloc::vec::Vec::new();
    chain.for_each(|der| Opaque::<1, MAX24>(der).write(&mut out));
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::codec::tests::{cut_and_extended, good};

    #[test]
    fn round_trip_and_other_formats() {
        let chain = encode_chain([&b"leaf"[..], b"issuer"].into_iter());
        let session = ServerSession {
            format: FORMAT,
            version: ProtocolVersion::TLSv1_3,
            suite: CipherSuite::TLS13_AES_128_GCM_SHA256,
            secret: Opaque(&[3; 32]),
            age_add: 5,
            created: 1_700_000_000,
            lifetime: 7200,
            authenticated: 1_699_999_000,
            server_name: Opaque(b"a.example"),
            alpn: Opaque(b"h2"),
            policy: Opaque(&[8; 32]),
            chain: Opaque(&chain),
            application: Opaque(b""),
        };
        let mut bytes = alloc::vec![];
        session.write(&mut bytes);
        assert!(good::<ServerSession<'_>>(&bytes).chain().eq([&b"leaf"[..], b"issuer"]));
        cut_and_extended(&bytes, |b| ServerSession::open(b).is_some());
        bytes[0] = FORMAT + 1;
        assert!(ServerSession::open(&bytes).is_none());
    }
}
