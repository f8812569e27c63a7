//! Both ends of a QUIC connection: handshake bytes from one to the other, and packets under the keys that they come to.

use std::ops::DerefMut;
use std::sync::Arc;

use chitin::pki_types::ServerName;
use chitin::quic::{
    ClientConnection, ConnectionCommon, DirectionalKeys, KeyChange, Keys, Secrets, ServerConnection, Version,
};
use chitin::{ClientConfig, ServerConfig, SideData};
use testkit::pair::Side;
use testkit::quic::PARAMETERS;

use crate::ends::Meter;

/// One end with what it was given, which an endpoint keeps.
pub struct End<C> {
    pub conn: C,
    handshake: Option<Keys>,
    one_rtt: Option<(Keys, Secrets)>,
}

impl<C> End<C> {
    fn new(conn: C) -> Self {
        Self { conn, handshake: None, one_rtt: None }
    }

    fn keys(&self) -> &Keys {
        let (keys, _) = self.one_rtt.as_ref().expect("the handshake is done");
        keys
    }
}

pub struct QuicEnds {
    pub client: End<ClientConnection>,
    pub server: End<ServerConnection>,
}

impl QuicEnds {
    /// Runs a handshake, with what each side has to say at its end.
    pub fn connected(client: &Arc<ClientConfig>, server: &Arc<ServerConfig>, meter: &mut Meter) -> Self {
        let name = ServerName::try_from("localhost").unwrap();
        let [ours, theirs] = PARAMETERS.map(<[u8]>::to_vec);
        let client = meter
            .on(Side::Client, || ClientConnection::new(client.clone(), Version::V1, name, ours).unwrap());
        let server =
            meter.on(Side::Server, || ServerConnection::new(server.clone(), Version::V1, theirs).unwrap());
        let (mut client, mut server) = (End::new(client), End::new(server));
        let mut wire = Vec::with_capacity(16 * 1024);
        while carry(Side::Client, &mut client, &mut server, &mut wire, meter)
            | carry(Side::Server, &mut server, &mut client, &mut wire, meter)
        {}
        assert!(!client.conn.is_handshaking() && !server.conn.is_handshaking());
        Self { client, server }
    }

    /// Ends both connections, which is part of what they cost.
    pub fn drop(self, meter: &mut Meter) {
        let Self { client, server } = self;
        meter.on(Side::Client, || drop(client));
        meter.on(Side::Server, || drop(server));
    }

    /// One packet from the client to the server. `plain` is as long as it, and ends with room for its tag.
    pub fn send(&self, number: u64, plain: &[u8], meter: &mut Meter) {
        let mut packet = plain.to_vec();
        meter.on(Side::Client, || protect(&self.client.keys().local, number, &mut packet));
        assert!(packet != plain);
        meter.on(Side::Server, || unprotect(&self.server.keys().remote, number, &mut packet));
        let end = plain.len() - self.server.keys().remote.packet.tag_len();
        assert!(packet[..end] == plain[..end]);
    }
}

/// Carries what one end has to say to the other, the bytes of each level by themselves, and says whether there was anything.
fn carry<F: SideData, T: SideData>(
    side: Side,
    from: &mut End<impl DerefMut<Target = ConnectionCommon<F>>>,
    to: &mut End<impl DerefMut<Target = ConnectionCommon<T>>>,
    wire: &mut Vec<u8>,
    meter: &mut Meter,
) -> bool {
    let mut said = false;
    loop {
        wire.clear();
        let change = meter.on(side, || from.conn.write_hs(wire));
        if !wire.is_empty() {
            said = true;
            meter.on(!side, || to.conn.read_hs(wire).unwrap());
        }
        match change {
            Some(KeyChange::Handshake { keys }) => from.handshake = Some(keys),
            Some(KeyChange::OneRtt { keys, next }) => from.one_rtt = Some((keys, next)),
            None => return said,
        }
    }
}

/// Of a short header: flags, a connection id of eight bytes, and a packet number of two. RFC 9000 section 17.3.1.
const HEADER_LEN: usize = 11;
const NUMBER_AT: usize = 9;

/// As if the number had four bytes. RFC 9001 section 5.4.2.
const SAMPLE_AT: usize = NUMBER_AT + 4;

pub const FIRST_BYTE: u8 = 0x41;

fn protect(keys: &DirectionalKeys, number: u64, packet: &mut [u8]) {
    let (header, payload) = packet.split_at_mut(HEADER_LEN);
    let (payload, room) = payload.split_at_mut(payload.len() - keys.packet.tag_len());
    let tag = keys.packet.encrypt_in_place(number, header, payload).unwrap();
    room.copy_from_slice(tag.as_ref());
    let (first, number_bytes, sample) = parts(packet, keys);
    keys.header.encrypt_in_place(sample, first, number_bytes).unwrap();
}

fn unprotect(keys: &DirectionalKeys, number: u64, packet: &mut [u8]) {
    let (first, number_bytes, sample) = parts(packet, keys);
    keys.header.decrypt_in_place(sample, first, number_bytes).unwrap();
    let (header, payload) = packet.split_at_mut(HEADER_LEN);
    keys.packet.decrypt_in_place(number, header, payload).unwrap();
}

/// What header protection is told: the first byte, the number with the bytes that may belong to it, and the sample.
fn parts<'a>(packet: &'a mut [u8], keys: &DirectionalKeys) -> (&'a mut u8, &'a mut [u8], &'a [u8]) {
    let (header, rest) = packet.split_at_mut(SAMPLE_AT);
    let (first, header) = header.split_first_mut().unwrap();
    (first, &mut header[NUMBER_AT - 1..], &rest[..keys.header.sample_len()])
}
