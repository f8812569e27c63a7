//! The keys of QUIC, derived from connection ids and from traffic secrets. RFC 9001 sections 5.1, 5.2 and 6.1; RFC 9369 section 3.3.

use alloc::boxed::Box;

use crate::crypto::cipher::{AeadKey, Iv, NONCE_LEN};
use crate::crypto::quic::{
    Algorithm, DirectionalKeys, HeaderProtectionKey, Keys, PacketKey, PacketKeySet, Suite, Version,
};
use crate::crypto::suites::Tls13CipherSuite;
use crate::crypto::tls13::{HkdfExpander, OkmBlock};
use crate::names::Side;
use crate::schedule::tls13::{Pair, RestingSecret, TrafficSecret, derive, expand_label};

/// The secret that one direction's keys are made from.
#[derive(Clone)]
pub(crate) struct QuicSecret {
    suite: Suite,
    version: Version,
    secret: OkmBlock,
}

impl QuicSecret {
    /// `None` if QUIC does not have the suite.
    pub(crate) fn new(secret: &RestingSecret, version: Version) -> Option<Self> {
        let suite = secret.suite().quic_suite()?;
        Some(Self { suite, version, secret: OkmBlock::new(secret.as_bytes()) })
    }

    pub(crate) fn keys(&self) -> DirectionalKeys {
        self.keys_from(self.expander().as_ref())
    }

    /// With `expander` set up from this secret already.
    fn keys_from(&self, expander: &dyn HkdfExpander) -> DirectionalKeys {
        DirectionalKeys { header: self.header_key(expander), packet: self.packet_key(expander) }
    }

    /// The next generation. RFC 9001 section 6.1.
    fn next(&self) -> Self {
        let secret = derive(self.expander().as_ref(), self.version.labels().update, &[]);
        Self { secret, ..self.clone() }
    }

    fn expander(&self) -> Box<dyn HkdfExpander> {
        self.suite.suite.hkdf_provider.expander_for_okm(&self.secret)
    }

    fn packet_key(&self, expander: &dyn HkdfExpander) -> Box<dyn PacketKey> {
        let labels = self.version.labels();
        let mut iv = [0; NONCE_LEN];
        // Far shorter than the 255 hash outputs that HKDF can give.
        let _ = expand_label(expander, labels.iv, &[], &mut iv);
        self.suite.quic.packet_key(self.key(expander, labels.key), Iv::new(iv))
    }

    fn header_key(&self, expander: &dyn HkdfExpander) -> Box<dyn HeaderProtectionKey> {
        self.suite.quic.header_protection_key(self.key(expander, self.version.labels().header))
    }

    fn key(&self, expander: &dyn HkdfExpander, label: &[u8]) -> AeadKey {
        AeadKey::filled(self.suite.quic.aead_key_len(), |key| {
            let _ = expand_label(expander, label, &[], key);
        })
    }
}

/// The secrets of both directions, from which the keys after the present ones are made.
///
/// A QUIC connection changes its keys by itself (RFC 9001 section 6): TLS has no part in it.
#[derive(Clone)]
pub struct Secrets {
    local: QuicSecret,
    remote: QuicSecret,
}

impl Secrets {
    /// `None` if QUIC does not have the suite.
    pub(crate) fn new(pair: &Pair<RestingSecret>, side: Side, version: Version) -> Option<Self> {
        let client = QuicSecret::new(&pair.client, version)?;
        let server = QuicSecret::new(&pair.server, version)?;
        Some(match side {
            Side::Client => Self { local: client, remote: server },
            Side::Server => Self { local: server, remote: client },
        })
    }

    /// The keys of this generation.
    pub(crate) fn keys(&self) -> Keys {
        Keys { local: self.local.keys(), remote: self.remote.keys() }
    }

    /// Goes on to the next generation and returns its packet keys. The header keys stay as they are (RFC 9001 section 6.1).
    pub fn next_packet_keys(&mut self) -> PacketKeySet {
        *self = Self { local: self.local.next(), remote: self.remote.next() };
        let packet_key = |secret: &QuicSecret| secret.packet_key(secret.expander().as_ref());
        PacketKeySet { local: packet_key(&self.local), remote: packet_key(&self.remote) }
    }
}

impl Keys {
    /// Derives the keys of Initial packets (RFC 9001 section 5.2) from the connection id that the client chose for the server in
    /// its first packet.
    ///
    /// The suite is always the one of AES-128-GCM. These keys keep nothing secret: everybody on the way can derive them.
    pub fn initial(
        version: Version,
        suite: &'static Tls13CipherSuite,
        quic: &'static dyn Algorithm,
        client_dst_connection_id: &[u8],
        side: Side,
    ) -> Self {
        let suite = Suite { suite, quic };
        let salt = version.initial_salt();
        let initial = suite.suite.hkdf_provider.extract_from_secret(Some(salt), client_dst_connection_id);
        let keys =
            |label: &[u8]| QuicSecret { suite, version, secret: derive(initial.as_ref(), label, &[]) }.keys();
        Self::of(side, keys(b"client in"), keys(b"server in"))
    }

    /// Those of Handshake packets. `None` if QUIC does not have the suite.
    pub(crate) fn handshake(pair: &Pair<TrafficSecret>, side: Side, version: Version) -> Option<Self> {
        let keys = |secret: &TrafficSecret| {
            Some(QuicSecret::new(secret.as_ref(), version)?.keys_from(secret.expander()))
        };
        Some(Self::of(side, keys(&pair.client)?, keys(&pair.server)?))
    }

    /// `side` is ours.
    fn of(side: Side, client: DirectionalKeys, server: DirectionalKeys) -> Self {
        match side {
            Side::Client => Self { local: client, remote: server },
            Side::Server => Self { local: server, remote: client },
        }
    }
}

impl Suite {
    /// Derives the keys of Initial packets with this suite. See [`Keys::initial`].
    pub fn keys(&self, client_dst_connection_id: &[u8], side: Side, version: Version) -> Keys {
        Keys::initial(version, self.suite, self.quic, client_dst_connection_id, side)
    }
}

/// What HKDF-Expand-Label is told in a version.
struct Labels {
    key: &'static [u8],
    iv: &'static [u8],
    header: &'static [u8],
    update: &'static [u8],
}

impl Version {
    fn labels(self) -> &'static Labels {
        match self {
            // RFC 9001 sections 5.1 and 6.1.
            Self::V1Draft | Self::V1 => {
                &Labels { key: b"quic key", iv: b"quic iv", header: b"quic hp", update: b"quic ku" }
            }
            // RFC 9369 section 3.3.2.
            Self::V2 => {
                &Labels { key: b"quicv2 key", iv: b"quicv2 iv", header: b"quicv2 hp", update: b"quicv2 ku" }
            }
        }
    }

    fn initial_salt(self) -> &'static [u8; 20] {
        match self {
            // draft-ietf-quic-tls-29 section 5.2.
            Self::V1Draft => {
                b"\xaf\xbf\xec\x28\x99\x93\xd2\x4c\x9e\x97\x86\xf1\x9c\x61\x11\xe0\x43\x90\xa8\x99"
            }
            // RFC 9001 section 5.2.
            Self::V1 => b"\x38\x76\x2c\xf7\xf5\x59\x34\xb3\x4d\x17\x9a\xe6\xa4\xc8\x0c\xad\xcc\xbb\x7f\x0a",
            // RFC 9369 section 3.3.1.
            Self::V2 => b"\x0d\xed\xe3\xde\xf7\x00\xa6\xdb\x81\x93\x81\xbe\x6e\x26\x9d\xcb\xf9\xbd\x2e\xd9",
        }
    }
}

#[cfg(test)]
#[cfg(all(feature = "aws_lc_rs", feature = "std"))]
mod tests;
