//! What a server puts into a ticket or into its session store. The bytes are ours alone: sealed by the ticketer, or never
//! leaving the store.
//!
//! The first byte is the version of this format. What an older or newer format wrote is "no such session", not an error.

use alloc::vec::Vec;
use core::ops::Range;

use zeroize::{Zeroize, Zeroizing};

use crate::names::{CipherSuite, NamedGroup, ProtocolVersion};
use crate::wire::codec::{MAX8, MAX16, MAX24, Opaque, Reader, Wire};

/// Changed with every change of [`ServerSession`]. It stays below 0x80: what is above belongs to TLS 1.2.
pub(crate) const FORMAT: u8 = 5;

/// Changed with every change of [`ServerSession12`]. Never a value of [`FORMAT`], so that a session of one version cannot be
/// taken for one of the other.
pub(crate) const FORMAT12: u8 = 0x82;

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
        /// The version of QUIC that it was made over; zero for records.
        transport:    u32,
        /// How much early data the client was told that it may send.
        early_data:   u32,
        /// What a client of QUIC was promised of the transport, which it counts on in early data; empty if there is none.
        promise:      Opaque<'a, 0, MAX16>,
        /// Which config made it, for as long as that lives. Only the same takes early data; empty if none ever does.
        origin:       Opaque<'a, 0, MAX8>,
        /// What the client-authentication policy was.
        policy:       Opaque<'a, 0, MAX8>,
        /// The client's chain, certificate by certificate.
        chain:        Opaque<'a, 0, MAX24>,
        /// The name of the external key that it goes back to; empty if there is none.
        psk:          Opaque<'a, 0, MAX16>,
        /// Tells that key from others of its name.
        psk_mark:     Opaque<'a, 0, MAX8>,
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
        stored_chain(self.chain.0)
    }

    /// Writes it in place of what is in `out`, which does not grow while the secret is in it.
    pub(crate) fn write_whole(&self, out: &mut Zeroizing<Vec<u8>>) {
        let Self {
            secret,
            server_name,
            alpn,
            promise,
            origin,
            policy,
            chain,
            psk,
            psk_mark,
            application,
            ..
        } = self;
        make_room(
            out,
            [
                secret.0,
                server_name.0,
                alpn.0,
                promise.0,
                origin.0,
                policy.0,
                chain.0,
                psk.0,
                psk_mark.0,
                application.0,
            ],
        );
        self.write(out);
    }
}

/// Makes of a session in `out` another of the same connection: another secret, and another `age_add`. `None` if there is no
/// session, or one with a secret of another length.
pub(crate) fn rewrite(out: &mut [u8], secret: &[u8], age_add: u32) -> Option<()> {
    // Behind format, version and suite.
    let (len, rest) = out.get_mut(5..)?.split_first_mut()?;
    let (to, rest) =
        rest.split_at_mut_checked(usize::from(*len)).filter(|(to, _)| to.len() == secret.len())?;
    let age = rest.first_chunk_mut()?;
    to.copy_from_slice(secret);
    *age = age_add.to_be_bytes();
    Some(())
}

/// Room for a session with these parts, and what is before and between them.
fn make_room<const N: usize>(out: &mut Zeroizing<Vec<u8>>, parts: [&[u8]; N]) {
    const NUMBERS: usize = 80;
    // Of a vector without memory there is nothing to wipe. The attempt costs hundreds of cycles: a store of no bytes to an address
    // that is not mapped is one that a processor looks into.
    if out.capacity() > 0 {
        out.zeroize();
    }
    out.reserve(parts.iter().fold(NUMBERS, |sum, part| sum.saturating_add(part.len())));
}

wire_struct! {
    /// One session of TLS 1.2, with all that its resumption is bound to.
    ServerSession12<'a> {
        format:        u8,
        version:       ProtocolVersion,
        suite:         CipherSuite,
        /// Of the key exchange that the secret comes from.
        group:         NamedGroup,
        master_secret: Opaque<'a, 48, 48>,
        /// 1: the secret is an extended master secret (RFC 7627). 0: it is not.
        ems:           u8,
        /// Seconds of UNIX time.
        created:       u64,
        lifetime:      u32,
        /// When both sides last proved who they are, in a full handshake. Seconds of UNIX time.
        authenticated: u64,
        /// The server name of the handshake that made it; empty if there was none.
        server_name:   Opaque<'a, 0, MAX8>,
        /// The protocol that was negotiated; empty if there was none.
        alpn:          Opaque<'a, 0, MAX8>,
        /// What the client-authentication policy was.
        policy:        Opaque<'a, 0, MAX8>,
        /// The client's chain, certificate by certificate.
        chain:         Opaque<'a, 0, MAX24>,
        /// What the application asked to be kept.
        application:   Opaque<'a, 0, MAX16>,
        /// The session id that it was made under; empty in a ticket.
        session_id:    Opaque<'a, 0, 32>,
    }
}

impl<'a> ServerSession12<'a> {
    /// As [`ServerSession::write_whole`].
    pub(crate) fn write_whole(&self, out: &mut Zeroizing<Vec<u8>>) {
        let Self { master_secret, server_name, alpn, policy, chain, application, session_id, .. } = self;
        make_room(
            out,
            [master_secret.0, server_name.0, alpn.0, policy.0, chain.0, application.0, session_id.0],
        );
        self.write(out);
    }

    /// `None` if it is not of this format.
    pub(crate) fn open(bytes: &'a [u8]) -> Option<Self> {
        let session = Self::read_all(bytes).ok()?;
        let ours = session.format == FORMAT12 && session.version == ProtocolVersion::TLSv1_2;
        (ours && session.ems <= 1).then_some(session)
    }

    /// Is the secret an extended master secret?
    pub(crate) fn extended(&self) -> bool {
        self.ems == 1
    }

    pub(crate) fn chain(&self) -> impl Iterator<Item = &'a [u8]> + use<'a> {
        stored_chain(self.chain.0)
    }
}

/// Where a stored session says when it was made, eight bytes of seconds of UNIX time: for `internal::msgs::persist` of 0.23, with which
/// tests make sessions older than they are. `None` if it is no session of ours.
pub fn creation_time(session: &[u8]) -> Option<Range<usize>> {
    let before = match ServerSession::open(session) {
        Some(session) => 1 + 2 + 2 + 1 + session.secret.0.len() + 4,
        None => {
            let ServerSession12 { master_secret, .. } = ServerSession12::open(session)?;
            1 + 2 + 2 + 2 + 1 + master_secret.0.len() + 1
        }
    };
    Some(before..before + 8)
}

fn stored_chain<'a>(chain: &'a [u8]) -> impl Iterator<Item = &'a [u8]> + use<'a> {
    let mut rest = Reader::new(chain);
    core::iter::from_fn(move || rest.prefixed(1, MAX24, "stored certificate").ok())
}

/// A chain in the form that [`ServerSession::chain`] reads.
pub(crate) fn encode_chain<'c>(chain: impl Iterator<Item = &'c [u8]>) -> Vec<u8> {
    let mut out = Vec::new();
    chain.for_each(|der| Opaque::<1, MAX24>(der).write(&mut out));
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::codec::tests::{cut_and_extended, good};

    /// Each growth would leave a copy of the secret in freed memory.
    fn writes_without_growing(write: impl Fn(&mut Zeroizing<Vec<u8>>), expected: &[u8]) {
        for mut out in [Zeroizing::default(), Zeroizing::new(alloc::vec![9; 8])] {
            write(&mut out);
            assert_eq!(**out, *expected);
            // One that has grown is as long as it has to be, or twice as long as it was.
            let spare = out.capacity() - expected.len();
            assert!((1..80).contains(&spare), "{spare}");
        }
    }

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
            transport: 1,
            early_data: 16384,
            promise: Opaque(&[1, 2]),
            origin: Opaque(&[4; 16]),
            policy: Opaque(&[8; 32]),
            chain: Opaque(&chain),
            psk: Opaque(b"sensor 5"),
            psk_mark: Opaque(&[6; 16]),
            application: Opaque(b""),
        };
        let mut bytes = alloc::vec![];
        session.write(&mut bytes);
        assert!(good::<ServerSession<'_>>(&bytes).chain().eq([&b"leaf"[..], b"issuer"]));
        assert_eq!(creation_time(&bytes).map(|at| &bytes[at]), Some(&1_700_000_000_u64.to_be_bytes()[..]));
        writes_without_growing(|out| session.write_whole(out), &bytes);
        let mut next = Vec::new();
        ServerSession { secret: Opaque(&[9; 32]), age_add: 0x0102_0304, ..session.clone() }.write(&mut next);
        let mut again = bytes.clone();
        assert_eq!(rewrite(&mut again, &[9; 32], 0x0102_0304), Some(()));
        assert_eq!(again, next);
        assert_eq!(rewrite(&mut again, &[9; 48], 7), None);
        assert_eq!(rewrite(&mut bytes[..41].to_vec(), &[9; 32], 7), None);
        let long = ServerSession {
            server_name: Opaque(&[b'a'; 253]),
            alpn: Opaque(&[b'h'; 255]),
            promise: Opaque(&[1; 65]),
            psk: Opaque(&[b's'; 1024]),
            application: Opaque(&[7; 32_768]),
            secret: Opaque(&[3; 48]),
            origin: Opaque(&[4; 100]),
            policy: Opaque(&[8; 100]),
            chain: Opaque(&[5; 5000]),
            psk_mark: Opaque(&[6; 100]),
            ..session
        };
        let mut written = Vec::new();
        long.write(&mut written);
        writes_without_growing(|out| long.write_whole(out), &written);
        cut_and_extended(&bytes, |b| ServerSession::open(b).is_some());
        bytes[0] = FORMAT + 1;
        assert!(ServerSession::open(&bytes).is_none());
    }

    #[test]
    fn sessions_of_tls12() {
        let chain = encode_chain([&b"leaf"[..], b"issuer"].into_iter());
        let session = ServerSession12 {
            format: FORMAT12,
            version: ProtocolVersion::TLSv1_2,
            suite: CipherSuite::TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256,
            group: NamedGroup::secp256r1,
            master_secret: Opaque(&[3; 48]),
            ems: 1,
            created: 1_700_000_000,
            lifetime: 7200,
            authenticated: 1_699_999_000,
            server_name: Opaque(b"a.example"),
            alpn: Opaque(b"h2"),
            policy: Opaque(&[8; 32]),
            chain: Opaque(&chain),
            application: Opaque(b"app"),
            session_id: Opaque(&[5; 32]),
        };
        let mut bytes = alloc::vec![];
        session.write(&mut bytes);
        let read = good::<ServerSession12<'_>>(&bytes);
        assert!(read.chain().eq([&b"leaf"[..], b"issuer"]) && read.extended());
        assert_eq!(creation_time(&bytes).map(|at| &bytes[at]), Some(&1_700_000_000_u64.to_be_bytes()[..]));
        cut_and_extended(&bytes, |b| ServerSession12::open(b).is_some());
        for format in (0..=255).filter(|format| *format != FORMAT12) {
            bytes[0] = format;
            assert!(ServerSession12::open(&bytes).is_none());
            assert_eq!(creation_time(&bytes), None);
        }
        // Not of the other version, whatever the format says.
        for format in 0..=255 {
            bytes[0] = format;
            assert!(ServerSession::open(&bytes).is_none());
        }
        bytes[0] = FORMAT12;
        bytes[2] = 4;
        assert!(ServerSession12::open(&bytes).is_none(), "TLS 1.3 in it");
        let mut unsure = alloc::vec![];
        ServerSession12 { ems: 2, ..session }.write(&mut unsure);
        assert!(ServerSession12::open(&unsure).is_none());
        let long = ServerSession12 {
            server_name: Opaque(&[b'a'; 253]),
            alpn: Opaque(&[b'h'; 255]),
            policy: Opaque(&[8; 100]),
            chain: Opaque(&[5; 5000]),
            application: Opaque(&[7; 32_768]),
            ..session
        };
        let mut written = Vec::new();
        long.write(&mut written);
        writes_without_growing(|out| long.write_whole(out), &written);
    }
}
