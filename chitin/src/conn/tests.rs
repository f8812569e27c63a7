//! The skins over real handshakes, and what users of 0.23 rely on, as observed from outside.

#![cfg(all(feature = "std", feature = "aws_lc_rs"))]

use alloc::sync::Arc;
use alloc::vec;
use alloc::vec::Vec;
use core::mem;
use core::ops::{Deref, DerefMut};
use std::io::{self, BufRead, ErrorKind, IoSlice, Read, Write};

use pki_types::{CertificateDer, ServerName, UnixTime};

use crate::config::client::ClientConfig;
use crate::config::server::ServerConfig;
use crate::config::testing::{CLIENT, SERVER, SERVER_KEY, chain, day, key, provider};
use crate::config::time::TimeProvider;
use crate::config::verify::{ServerCertVerified, ServerCertVerifier};
use crate::conn::{
    Accepted, AcceptedAlert, Acceptor, ClientConnection, ClientConnectionData, Connection, ConnectionCommon,
    IoState, Reader, ServerConnection, ServerConnectionData, SideData, Stream, StreamOwned,
};
use crate::crypto::verify::{DigitallySignedStruct, HandshakeSignatureValid, verify_tls13_signature};
use crate::engine::common::CommonState;
use crate::error::{CertificateError, Error, InvalidMessage, PeerMisbehaved};
use crate::names::{AlertDescription, SignatureScheme};

#[derive(Debug)]
struct Day;
impl TimeProvider for Day {
    fn current_time(&self) -> Option<UnixTime> {
        Some(day())
    }
}

/// Trusts one certificate. What is tested here is not validation; the signature is checked for real.
#[derive(Debug)]
struct Pinned(&'static [u8]);
impl ServerCertVerifier for Pinned {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        match **end_entity == *self.0 {
            true => Ok(ServerCertVerified::assertion()),
            false => Err(CertificateError::UnknownIssuer.into()),
        }
    }
    fn verify_tls12_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        Err(CertificateError::BadSignature.into())
    }
    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls13_signature(message, cert, dss, &provider().signature_verification_algorithms)
    }
    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        provider().signature_verification_algorithms.supported_schemes()
    }
}

fn client_config(trusted: &'static [u8]) -> ClientConfig {
    ClientConfig::builder_with_details(provider(), Arc::new(Day))
        .with_safe_default_protocol_versions()
        .unwrap()
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(Pinned(trusted)))
        .with_no_client_auth()
}

fn server_config() -> ServerConfig {
    ServerConfig::builder_with_details(provider(), Arc::new(Day))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(chain(SERVER), key(SERVER_KEY))
        .unwrap()
}

fn client(config: ClientConfig) -> ClientConnection {
    ClientConnection::new(Arc::new(config), "host.example".try_into().unwrap()).unwrap()
}

fn pair() -> (ClientConnection, ServerConnection) {
    (client(client_config(SERVER)), ServerConnection::new(Arc::new(server_config())).unwrap())
}

fn sent<A, X: SideData>(from: &mut A) -> Vec<u8>
where
    A: DerefMut + Deref<Target = ConnectionCommon<X>>,
{
    let mut wire = vec![];
    while from.wants_write() {
        from.write_tls(&mut wire).unwrap();
    }
    wire
}

/// One way, in pieces, through the bounds that async streams put on a connection.
fn pump<A, B, X: SideData, Y: SideData>(from: &mut A, to: &mut B, piece: usize) -> Result<(), Error>
where
    A: DerefMut + Deref<Target = ConnectionCommon<X>>,
    B: DerefMut + Deref<Target = ConnectionCommon<Y>>,
{
    for part in sent(from).chunks(piece) {
        let mut part = part;
        while !part.is_empty() {
            to.read_tls(&mut part).unwrap();
            to.process_new_packets()?;
        }
    }
    Ok(())
}

fn shake(client: &mut ClientConnection, server: &mut ServerConnection) {
    for _ in 0..3 {
        pump(client, server, 4096).unwrap();
        pump(server, client, 4096).unwrap();
    }
    assert!(!client.is_handshaking() && !server.is_handshaking());
}

fn done() -> (ClientConnection, ServerConnection) {
    let (mut client, mut server) = pair();
    shake(&mut client, &mut server);
    (client, server)
}

/// A socket whose calls are counted.
#[derive(Default)]
struct Wire {
    input: Vec<u8>,
    output: Vec<u8>,
    ended: bool,
    blocked: bool,
    reads: usize,
    flushes: usize,
}
impl Read for Wire {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        self.reads += 1;
        assert!(self.reads < 1000, "turns for ever");
        let n = buf.len().min(self.input.len());
        if n == 0 && !self.ended {
            return Err(ErrorKind::WouldBlock.into());
        }
        buf[..n].copy_from_slice(&self.input[..n]);
        self.input.drain(..n);
        Ok(n)
    }
}
impl Write for Wire {
    fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
        if self.blocked {
            return Err(ErrorKind::WouldBlock.into());
        }
        self.output.extend_from_slice(buf);
        Ok(buf.len())
    }
    fn flush(&mut self) -> io::Result<()> {
        self.flushes += 1;
        Ok(())
    }
}

/// The TLS error inside an I/O error.
fn inner(error: io::Error) -> Error {
    assert_eq!(error.kind(), ErrorKind::InvalidData);
    error.into_inner().unwrap().downcast_ref::<Error>().unwrap().clone()
}

#[test]
fn any_chop_makes_the_same_connection() {
    for piece in [1, 2, 7, 64, 4096] {
        let (mut client, mut server) = pair();
        assert!(client.wants_write() && !client.wants_read() && server.wants_read());
        client.writer().write_all(b"written before the handshake, ").unwrap();
        for _ in 0..3 {
            pump(&mut client, &mut server, piece).unwrap();
            pump(&mut server, &mut client, piece).unwrap();
        }
        assert_eq!(server.server_name(), Some("host.example"));
        assert_eq!(client.peer_certificates().unwrap(), chain(SERVER));
        assert_eq!(
            client.negotiated_cipher_suite().unwrap().suite(),
            server.negotiated_cipher_suite().unwrap().suite()
        );
        let chunks = [IoSlice::new(b"vect"), IoSlice::new(b""), IoSlice::new(b"ored")];
        assert_eq!(client.writer().write_vectored(&chunks).unwrap(), 8);
        client.refresh_traffic_keys().unwrap();
        client.writer().write_all(b", new keys").unwrap();
        client.send_close_notify();
        client.send_close_notify();
        pump(&mut client, &mut server, piece).unwrap();
        let mut got = vec![];
        server.reader().read_to_end(&mut got).unwrap();
        assert_eq!(got, b"written before the handshake, vectored, new keys");
        assert!(!server.wants_read());
        let theirs = server.export_keying_material([0; 40], b"label", Some(b"context"));
        assert_eq!(client.export_keying_material([0; 40], b"label", Some(b"context")), theirs);
        assert_ne!(theirs, Ok([0; 40]));
        // the other direction is still open
        server.writer().write_all(&[7; 200]).unwrap();
        pump(&mut server, &mut client, piece).unwrap();
        let mut got = [0; 300];
        assert_eq!(client.reader().read(&mut got).unwrap(), 200);
    }
}

#[test]
fn io_state_says_what_waits() {
    let (mut client, mut server) = done();
    client.writer().write_all(b"hello").unwrap();
    let state = client.process_new_packets().unwrap();
    assert_eq!(
        (state.tls_bytes_to_write(), state.plaintext_bytes_to_read(), state.peer_has_closed()),
        (27, 0, false)
    );
    client.send_close_notify();
    pump(&mut client, &mut server, 4096).unwrap();
    let state = server.process_new_packets().unwrap();
    assert_eq!(
        (state.tls_bytes_to_write(), state.plaintext_bytes_to_read(), state.peer_has_closed()),
        (0, 5, true)
    );
    // nothing more is taken from the socket
    assert_eq!(server.read_tls(&mut &b"garbage"[..]).unwrap(), 0);
}

#[test]
fn buffer_limits_count_as_in_0_23() {
    let (mut client, mut server) = pair();
    client.set_buffer_limit(Some(32));
    assert_eq!(client.writer().write(&[0; 20]).unwrap(), 20);
    assert_eq!(client.writer().write(&[0; 20]).unwrap(), 12);
    shake(&mut client, &mut server);
    client.set_buffer_limit(Some(48));
    assert_eq!(client.writer().write(&[0; 20]).unwrap(), 20);
    assert_eq!(client.writer().write(&[0; 20]).unwrap(), 6); // 48 less one record of 42 bytes
    assert_eq!(client.writer().write(&[0; 20]).unwrap(), 0);
    server.set_buffer_limit(None);
    assert_eq!(server.writer().write(&[0; 100_000]).unwrap(), 100_000);
}

#[test]
fn an_idle_connection_holds_no_buffers() {
    let (mut client, mut server) = done();
    fn held(common: &mut CommonState) -> usize {
        common.inbox().capacity() + common.outbox().unwrap().capacity()
    }
    for bulk in [false, true] {
        for burst in 0..20 {
            client.writer().write_all(&[1; 30_000]).unwrap();
            server.writer();
            let wire = sent(&mut client);
            let (mut rest, mut got) = (&wire[..], vec![]);
            while !rest.is_empty() {
                server.read_tls(&mut rest).unwrap();
                server.process_new_packets().unwrap();
                let _ = server.reader().read_to_end(&mut got);
            }
            assert_eq!(got.len(), 30_000);
            // Nobody has said yet that this was all.
            if !bulk && burst == 3 {
                assert_eq!((held(&mut client), held(&mut server)), (0, 0));
                break;
            }
        }
        assert_eq!((held(&mut client) > 0, held(&mut server) > 0), (bulk, bulk));
    }
    let mut idle = Wire::default();
    assert!(client.read_tls(&mut idle).is_err() && server.read_tls(&mut idle).is_err());
    assert_eq!((held(&mut client), held(&mut server)), (0, 0));
}

#[test]
fn readers_tell_the_ways_of_ending_apart() {
    let mut buf = [0; 10];
    let (mut client, mut server) = done();
    assert_eq!(server.reader().read(&mut buf).unwrap_err().kind(), ErrorKind::WouldBlock);
    assert_eq!(server.reader().read(&mut []).unwrap(), 0);
    client.writer().write_all(b"last").unwrap();
    pump(&mut client, &mut server, 4096).unwrap();
    assert_eq!(server.read_tls(&mut &b""[..]).unwrap(), 0);
    assert_eq!(server.reader().read(&mut buf).unwrap(), 4);
    assert_eq!(server.reader().read(&mut buf).unwrap_err().kind(), ErrorKind::UnexpectedEof);
    assert_eq!(server.reader().into_first_chunk().unwrap_err().kind(), ErrorKind::UnexpectedEof);

    let (mut client, mut server) = done();
    client.send_close_notify();
    pump(&mut client, &mut server, 4096).unwrap();
    assert_eq!(server.read_tls(&mut &b""[..]).unwrap(), 0);
    assert_eq!(server.reader().read(&mut buf).unwrap(), 0);
    assert_eq!(server.reader().fill_buf().unwrap(), b"");
}

#[test]
fn chunks_are_lent_where_they_lie() {
    let (mut client, mut server) = done();
    client.writer().write_all(&[1; 2000]).unwrap();
    client.writer().write_all(&[2; 2000]).unwrap();
    pump(&mut client, &mut server, 4096).unwrap();
    assert_eq!(server.reader().into_first_chunk().unwrap(), [1; 2000]);
    server.reader().consume(1500);
    assert_eq!(server.reader().into_first_chunk().unwrap(), [1; 500]);
    server.reader().consume(500);
    assert_eq!(server.reader().fill_buf().unwrap(), [2; 2000]);
}

#[test]
fn complete_io_does_a_handshake_and_then_one_thing_at_a_time() {
    let (mut client, mut server) = pair();
    let (mut c, mut s) = (Wire::default(), Wire::default());
    assert_eq!(client.complete_io(&mut c).unwrap_err().kind(), ErrorKind::WouldBlock);
    s.input = mem::take(&mut c.output);
    let (read, written) = server.complete_io(&mut s).unwrap();
    assert!(read > 0 && written == s.output.len() && s.flushes == 1);
    c.input = mem::take(&mut s.output);
    // partial input is progress
    let rest = c.input.split_off(100);
    assert_eq!(client.complete_io(&mut c).unwrap(), (100, 0));
    assert_eq!(client.complete_io(&mut c).unwrap_err().kind(), ErrorKind::WouldBlock);
    c.input = rest;
    client.complete_io(&mut c).unwrap();
    assert!(!client.is_handshaking());
    s.input = mem::take(&mut c.output);
    server.complete_io(&mut s).unwrap();
    assert!(!server.is_handshaking());
    c.input = mem::take(&mut s.output);

    server.writer().write_all(b"hello").unwrap();
    c.input.extend(sent(&mut server));
    client.writer().write_all(b"abc").unwrap();
    assert_eq!(client.complete_io(&mut c).unwrap(), (0, 25));
    while client.unread() == 0 {
        assert!(client.complete_io(&mut c).unwrap().0 > 0);
    }
    let reads = c.reads;
    assert_eq!(client.complete_io(&mut c).unwrap(), (0, 0)); // unread plaintext: nothing to do
    assert_eq!(c.reads, reads);
}

#[test]
fn complete_io_ends_with_the_stream() {
    let (mut client, mut server) = pair();
    let mut ended = Wire { ended: true, ..Wire::default() };
    assert_eq!(client.complete_io(&mut ended).unwrap_err().kind(), ErrorKind::UnexpectedEof);
    assert_eq!(server.complete_io(&mut ended).unwrap_err().kind(), ErrorKind::UnexpectedEof);
    let (mut client, _) = done();
    assert_eq!(client.complete_io(&mut ended).unwrap(), (0, 0));
    let mut buf = [0; 4];
    let error = Stream::new(&mut client, &mut ended).read(&mut buf).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::UnexpectedEof);
}

/// RUSTSEC-2024-0336.
#[test]
fn complete_io_returns_after_a_close_notify_during_the_handshake() {
    for alerts in [1, 3] {
        for ended in [false, true] {
            let (_, mut server) = pair();
            let input = b"\x15\x03\x03\x00\x02\x01\x00".repeat(alerts);
            let mut wire = Wire { input, ended, ..Wire::default() };
            for _ in 0..5 {
                let _ = server.complete_io(&mut wire);
            }
            assert!(wire.reads < 20);
        }
    }
}

/// tokio-rustls reads while more is wanted, until the end of the stream or an error, and turns for ever if it is shown neither.
#[test]
fn a_close_notify_during_the_handshake_reads_as_the_end_of_the_stream() {
    for end in 0..2 {
        let (client, server) = pair();
        let mut conn = [Connection::from(client), Connection::from(server)].into_iter().nth(end).unwrap();
        while conn.wants_write() {
            conn.write_tls(&mut Vec::new()).unwrap();
        }
        conn.read_tls(&mut &b"\x15\x03\x03\x00\x02\x01\x00"[..]).unwrap();
        assert!(conn.process_new_packets().unwrap().peer_has_closed());
        assert!(conn.is_handshaking() && conn.wants_read());
        assert_eq!(conn.read_tls(&mut &b"\x16"[..]).unwrap(), 0);
    }
}

/// As in 0.23, and tokio-rustls has a test of it.
#[test]
fn a_fatal_close_notify_during_the_handshake_is_an_error() {
    let (mut client, _) = pair();
    client.read_tls(&mut &b"\x15\x03\x01\x00\x02\x02\x00"[..]).unwrap();
    let error = Error::AlertReceived(AlertDescription::CloseNotify);
    assert_eq!(client.process_new_packets(), Err(error));
}

#[test]
fn complete_io_sends_the_alert_and_keeps_the_error() {
    for blocked in [false, true] {
        let (mut client, _) = done();
        let mut input = b"\x17\x03\x03\x00\x15".to_vec();
        input.resize(26, 0);
        let mut wire = Wire { input, blocked, ..Wire::default() };
        assert_eq!(inner(client.complete_io(&mut wire).unwrap_err()), Error::DecryptError);
        assert_eq!(wire.output.len(), if blocked { 0 } else { 24 });
        assert_eq!(client.process_new_packets(), Err(Error::DecryptError));
        assert_eq!(inner(client.writer().write(b"x").unwrap_err()), Error::DecryptError);
        assert_eq!(inner(client.writer().flush().unwrap_err()), Error::DecryptError);
        assert_eq!(client.refresh_traffic_keys(), Err(Error::DecryptError));
        assert_eq!(client.export_keying_material([0; 2], b"x", None), Err(Error::DecryptError));
    }
}

#[test]
fn a_blocked_writer_does_not_keep_from_reading() {
    let (mut client, mut server) = done();
    server.writer().write_all(b"hello").unwrap();
    let mut wire = Wire { input: sent(&mut server), blocked: true, ..Wire::default() };
    client.writer().write_all(b"x").unwrap();
    assert_eq!(client.complete_io(&mut wire).unwrap(), (27, 0));
    let mut buf = [0; 9];
    assert_eq!(client.reader().read(&mut buf).unwrap(), 5);
    assert_eq!(client.complete_io(&mut wire).unwrap_err().kind(), ErrorKind::WouldBlock);
}

#[test]
fn an_untrusted_server_is_told() {
    let (_, mut server) = pair();
    let mut client = client(client_config(CLIENT));
    pump(&mut client, &mut server, 4096).unwrap();
    let error = pump(&mut server, &mut client, 4096).unwrap_err();
    assert!(matches!(error, Error::InvalidCertificate(_)), "{error:?}");
    assert_eq!(client.peer_certificates(), None);
    let told = pump(&mut client, &mut server, 4096).unwrap_err();
    assert_eq!(told, Error::AlertReceived(AlertDescription::UnknownCA));
}

/// A peer at the other end of a stream, that sends back what it gets.
struct Echo(ServerConnection);
impl Read for Echo {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        self.0.write_tls(&mut &mut buf[..])
    }
}
impl Write for Echo {
    fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
        let n = self.0.read_tls(&mut &buf[..])?;
        self.0.process_new_packets().map_err(io::Error::other)?;
        let mut echo = [0; 1000];
        while let Ok(n @ 1..) = self.0.reader().read(&mut echo) {
            self.0.writer().write_all(&echo[..n])?;
        }
        Ok(n)
    }
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[test]
fn streams_read_lines_and_write() {
    let (mut client, server) = pair();
    let mut peer = Echo(server);
    let mut stream = Stream::new(&mut client, &mut peer);
    stream.write_all(b"one line\nand more").unwrap();
    stream.flush().unwrap();
    let mut line = std::string::String::new();
    stream.read_line(&mut line).unwrap();
    let mut rest = [0; 8];
    stream.read_exact(&mut rest).unwrap();
    assert_eq!((&line[..], &rest), ("one line\n", b"and more"));

    let mut owned = StreamOwned::new(client, peer);
    owned.write_all(b"again\n").unwrap();
    line.clear();
    owned.read_line(&mut line).unwrap();
    assert_eq!(line, "again\n");
    // a record that looks like data and is none does not end a blocking read
    owned.sock.0.refresh_traffic_keys().unwrap();
    owned.sock.0.writer().write_all(b"behind a key update").unwrap();
    let mut buf = [0; 100];
    assert_eq!(owned.read(&mut buf).unwrap(), 19);
    assert_eq!(owned.read(&mut buf).unwrap_err().kind(), ErrorKind::UnexpectedEof);
    let (client, _) = owned.into_parts();
    assert!(!client.is_handshaking());
}

#[test]
fn what_a_stream_left_sealed_is_found_by_every_door() {
    for door in 0..3 {
        let (mut client, mut server) = done();
        for text in [&b"first"[..], b"second", b"third"] {
            server.writer().write_all(text).unwrap();
        }
        let mut wire = Wire { input: sent(&mut server), ..Wire::default() };
        let mut buf = [0; 100];
        assert_eq!(Stream::new(&mut client, &mut wire).read(&mut buf).unwrap(), 5);
        assert!(!client.wants_read(), "two records wait");
        let reads = wire.reads;
        match door {
            0 => assert_eq!(Stream::new(&mut client, &mut wire).read(&mut buf).unwrap(), 6),
            1 => assert_eq!(Stream::new(&mut client, &mut wire).fill_buf().unwrap(), b"second"),
            _ => assert_eq!(client.reader().read(&mut buf).unwrap(), 6),
        }
        assert_eq!(wire.reads, reads);
        client.process_new_packets().unwrap();
        let mut all = vec![];
        let _ = client.reader().read_to_end(&mut all);
        assert_eq!(all, if door == 1 { &b"secondthird"[..] } else { b"third" });
        assert!(client.wants_read());
    }
}

#[test]
fn late_errors_come_out_of_the_reader() {
    let (mut client, mut server) = done();
    client.open_on_read(true);
    server.writer().write_all(b"tampered").unwrap();
    *server.outbox().unwrap().pending_mut().last_mut().unwrap() ^= 1;
    pump(&mut server, &mut client, 4096).unwrap();
    let mut buf = [7; 100];
    assert_eq!(inner(client.reader().read(&mut buf).unwrap_err()), Error::DecryptError);
    assert!(!buf.starts_with(b"tampered") && client.wants_write());
    assert_eq!(client.process_new_packets(), Err(Error::DecryptError));
}

#[test]
fn nothing_of_a_refused_record_stays_with_the_reader() {
    let (mut client, mut server) = done();
    client.open_on_read(true);
    // The beginning of a message, and data before its end. RFC 8446 section 5.1.
    server.engine().carrier.records_mut().unwrap().send_handshake(&[24, 0]).unwrap();
    server.writer().write_all(b"refused").unwrap();
    pump(&mut server, &mut client, 4096).unwrap();
    let mut buf = [1; 100];
    let error = Error::from(PeerMisbehaved::MessageInterleavedWithHandshakeMessage);
    assert_eq!(inner(client.reader().read(&mut buf).unwrap_err()), error);
    assert_eq!(buf, [0; 100]);
}

/// The peer of a stream heard nothing of a record that does not open: only the reader was told.
#[test]
fn what_a_stream_opens_late_is_answered_with_an_alert() {
    for (door, good) in [(0, 0), (0, 1), (1, 0), (1, 1)] {
        let (mut client, mut server) = done();
        for _ in 0..good {
            server.writer().write_all(b"good").unwrap();
        }
        server.writer().write_all(b"tampered").unwrap();
        *server.outbox().unwrap().pending_mut().last_mut().unwrap() ^= 1;
        let mut wire = Wire { input: sent(&mut server), ..Wire::default() };
        let mut stream = Stream::new(&mut client, &mut wire);
        for _ in 0..good {
            assert_eq!(stream.read(&mut [0; 100]).unwrap(), 4);
        }
        let error = match door {
            0 => stream.read(&mut [0; 100]).unwrap_err(),
            _ => stream.fill_buf().unwrap_err(),
        };
        assert_eq!(inner(error), Error::DecryptError);
        server.read_tls(&mut &wire.output[..]).unwrap();
        let told = Error::AlertReceived(AlertDescription::BadRecordMac);
        assert_eq!(server.process_new_packets(), Err(told), "{door} {good}");
        assert!(wire.flushes > 0);
    }
}

#[test]
fn a_config_may_come_after_the_hello() {
    let mut client = client(client_config(SERVER));
    let mut acceptor = Acceptor::default();
    let mut accepted: Option<Accepted> = None;
    assert!(acceptor.accept().unwrap().is_none());
    for byte in sent(&mut client) {
        assert!(accepted.is_none());
        acceptor.read_tls(&mut &[byte][..]).unwrap();
        accepted = acceptor.accept().unwrap();
    }
    assert!(acceptor.accept().is_err());
    assert!(acceptor.read_tls(&mut &b"x"[..]).is_err());
    let accepted = accepted.unwrap();
    assert_eq!(accepted.client_hello().server_name(), Some("host.example"));
    let mut server = accepted.into_connection(Arc::new(server_config())).unwrap();
    pump(&mut server, &mut client, 4096).unwrap();
    shake(&mut client, &mut server);
}

#[test]
fn an_acceptor_gives_out_the_alert() {
    let mut acceptor = Acceptor::default();
    acceptor.read_tls(&mut &b"GET / HTTP/1.1\r\n"[..]).unwrap();
    let (error, mut alert) = acceptor.accept().err().unwrap();
    assert_eq!(error, InvalidMessage::InvalidContentType.into());
    let mut out = vec![];
    alert.write_all(&mut out).unwrap();
    assert_eq!(out, [21, 3, 3, 0, 2, 2, AlertDescription::DecodeError.into()]);
    // the hello is good, the config is not
    let mut client = client(client_config(SERVER));
    let mut acceptor = Acceptor::default();
    acceptor.read_tls(&mut &sent(&mut client)[..]).unwrap();
    let accepted = acceptor.accept().unwrap().unwrap();
    let mut config = server_config();
    config.max_fragment_size = Some(1);
    let (error, mut alert) = accepted.into_connection(Arc::new(config)).err().unwrap();
    assert_eq!(error, Error::BadMaxFragmentSize);
    let mut out = vec![];
    alert.write_all(&mut out).unwrap();
    assert_eq!(out, [21, 3, 3, 0, 2, 2, AlertDescription::InternalError.into()]);
}

/// The usual loop around an acceptor reads and asks until there is a hello. Nothing is read behind a close_notify, so for a
/// client that begins with one it would turn for ever.
#[test]
fn an_acceptor_does_not_wait_for_who_has_closed() {
    let mut acceptor = Acceptor::default();
    let mut socket = &[21, 3, 1, 0, 2, 1, 0, 22, 3, 1, 0, 1, 1][..];
    assert_eq!(acceptor.read_tls(&mut socket).unwrap(), 13);
    let (error, mut alert) = acceptor.accept().err().unwrap();
    assert_eq!(error, Error::AlertReceived(AlertDescription::CloseNotify));
    let mut out = vec![];
    alert.write_all(&mut out).unwrap();
    assert!(out.is_empty());
    assert!(acceptor.read_tls(&mut socket).is_err());
}

#[test]
fn extracted_keys_are_those_of_the_peer() {
    use crate::crypto::suites::ConnectionTrafficSecrets as Secrets;
    let (client, server) = done();
    assert!(client.dangerous_extract_secrets().is_err());
    drop(server);
    let (mut client, mut server) = (
        client_with(|config| config.enable_secret_extraction = true),
        ServerConnection::new(Arc::new({
            let mut config = server_config();
            config.enable_secret_extraction = true;
            config
        }))
        .unwrap(),
    );
    shake(&mut client, &mut server);
    client.writer().write_all(b"counted").unwrap();
    pump(&mut client, &mut server, 4096).unwrap();
    let (ours, theirs) =
        (client.dangerous_extract_secrets().unwrap(), server.dangerous_extract_secrets().unwrap());
    let bytes = |secrets: &Secrets| match secrets {
        Secrets::Aes128Gcm { key, iv }
        | Secrets::Aes256Gcm { key, iv }
        | Secrets::Chacha20Poly1305 { key, iv } => (key.as_ref().to_vec(), iv.as_ref().to_vec()),
    };
    assert_eq!((ours.tx.0, bytes(&ours.tx.1)), (theirs.rx.0, bytes(&theirs.rx.1)));
    assert_eq!((ours.rx.0, bytes(&ours.rx.1)), (theirs.tx.0, bytes(&theirs.tx.1)));
    assert_eq!(ours.tx.0, 1);
}

fn client_with(change: impl FnOnce(&mut ClientConfig)) -> ClientConnection {
    let mut config = client_config(SERVER);
    change(&mut config);
    client(config)
}

#[test]
fn exchanging_states_does_not_panic() {
    let (mut client, mut server) = done();
    let (a, b): (&mut CommonState, &mut CommonState) = (&mut client, &mut server);
    mem::swap(a, b);
    assert_eq!(client.server_name_of_the_other(), Some("host.example"));
    client.writer().write_all(b"x").unwrap();
    pump(&mut client, &mut server, 4096).unwrap();
    assert_eq!(server.reader().into_first_chunk().unwrap(), b"x");
}

impl ClientConnection {
    fn server_name_of_the_other(&self) -> Option<&str> {
        self.facts().server_name.as_ref().map(AsRef::as_ref)
    }
}

#[test]
fn auto_traits_are_those_of_0_23() {
    use std::panic::{RefUnwindSafe, UnwindSafe};
    fn sync<T: Send + Sync + Unpin>() {}
    fn safe<T: RefUnwindSafe>() {}
    fn unwind<T: UnwindSafe>() {}
    sync::<CommonState>();
    sync::<ConnectionCommon<ClientConnectionData>>();
    sync::<Connection>();
    sync::<ClientConnection>();
    sync::<ServerConnection>();
    sync::<IoState>();
    sync::<Reader<'_>>();
    sync::<Acceptor>();
    sync::<Accepted>();
    sync::<AcceptedAlert>();
    sync::<Stream<'_, ClientConnection, Wire>>();
    sync::<StreamOwned<ServerConnection, Wire>>();
    safe::<Reader<'_>>();
    safe::<AcceptedAlert>();
    unwind::<AcceptedAlert>();
    unwind::<IoState>();
    unwind::<ClientConnectionData>();
    unwind::<ServerConnectionData>();
}

#[test]
fn keys_change_by_themselves_before_their_limit() {
    use crate::crypto::aws_lc_rs::cipher_suite::TLS13_AES_128_GCM_SHA256 as SUITE;
    use crate::crypto::suites::{CipherSuiteCommon, SupportedCipherSuite, Tls13CipherSuite};

    const LIMIT: u64 = 16;
    let full = SUITE.tls13().unwrap();
    let short: &'static Tls13CipherSuite = std::boxed::Box::leak(std::boxed::Box::new(Tls13CipherSuite {
        common: CipherSuiteCommon {
            suite: full.common.suite,
            hash_provider: full.common.hash_provider,
            confidentiality_limit: LIMIT,
        },
        hkdf_provider: full.hkdf_provider,
        aead_alg: full.aead_alg,
        quic: full.quic,
    }));
    let mut provider = provider();
    Arc::get_mut(&mut provider).unwrap().cipher_suites = vec![SupportedCipherSuite::Tls13(short)];
    let config = ClientConfig::builder_with_details(provider, Arc::new(Day))
        .with_safe_default_protocol_versions()
        .unwrap()
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(Pinned(SERVER)))
        .with_no_client_auth();
    let (mut client, mut server) =
        (client(config), ServerConnection::new(Arc::new(server_config())).unwrap());
    shake(&mut client, &mut server);

    let record = 5 + 10 + 1 + 16;
    let key_update = 5 + 5 + 1 + 16;
    for i in 0..100 {
        client.writer().write_all(&[i; 10]).unwrap();
        // the last number of each key is for the KeyUpdate
        let updates = i > 0 && u64::from(i) % (LIMIT - 1) == 0;
        assert_eq!(client.out_len(), if updates { key_update + record } else { record }, "{i}");
        pump(&mut client, &mut server, 4096).unwrap();
        let mut got = [0; 11];
        assert_eq!(server.reader().read(&mut got).unwrap(), 10);
        assert_eq!(got[..10], [i; 10]);
    }
    // also inside one long write
    client.set_buffer_limit(None);
    let data: Vec<u8> = (0..16384 * 40).map(|i| (i / 1000) as u8).collect();
    client.writer().write_all(&data).unwrap();
    let wire = sent(&mut client);
    let (mut rest, mut got) = (&wire[..], vec![]);
    while !rest.is_empty() {
        server.read_tls(&mut rest).unwrap();
        server.process_new_packets().unwrap();
        let _ = server.reader().read_to_end(&mut got);
    }
    assert!(got == data);
}

/// Flips one bit of `wire` at every third place, hands it over, and says at which places the handshake went on as if nothing had
/// been.
fn unnoticed(
    fresh: impl Fn() -> (ClientConnection, ServerConnection, Vec<u8>),
    from_client: bool,
) -> Vec<usize> {
    let len = fresh().2.len();
    let mut unnoticed = vec![];
    for at in (0..len).step_by(3).chain(0..5) {
        let (mut client, mut server, mut wire) = fresh();
        // A signature of ECDSA is a byte shorter now and then.
        let Some(byte) = wire.get_mut(at) else { continue };
        *byte ^= 1 << (at % 8);
        if from_client {
            let _ = server.read_tls(&mut &wire[..]);
            let _ = server.process_new_packets();
            wire = sent(&mut server);
        }
        let mut rest = &wire[..];
        while !rest.is_empty() {
            client.read_tls(&mut rest).unwrap();
            if let Err(error) = client.process_new_packets() {
                assert_eq!(client.process_new_packets(), Err(error));
                break;
            }
        }
        if !client.is_handshaking() {
            unnoticed.push(at);
        }
    }
    unnoticed
}

#[test]
fn flipped_bits_end_in_an_error_or_make_no_difference() {
    let hello = || {
        let (mut client, server) = pair();
        let wire = sent(&mut client);
        (client, server, wire)
    };
    // The transcript covers all but the record header, in which the minor version is to be ignored.
    assert_eq!(unnoticed(hello, true), [2]);
    let flight = || {
        let (mut client, mut server) = pair();
        pump(&mut client, &mut server, 4096).unwrap();
        let wire = sent(&mut server);
        (client, server, wire)
    };
    let (_, _, wire) = flight();
    for at in unnoticed(flight, false) {
        assert!(is_minor_version(&wire, at), "byte {at}");
    }
}

/// Is `at` the minor version in the header of a record? RFC 8446 section 5.1 says to ignore it.
fn is_minor_version(wire: &[u8], at: usize) -> bool {
    let mut start = 0;
    while let Some(len) = crate::record::record_len(&wire[start..]) {
        if at < start + len {
            return at == start + 2;
        }
        start += len;
    }
    false
}

/// What a peer announces and never sends must not keep us from writing: nothing waits that could be sent to make room.
#[test]
fn a_message_that_has_begun_does_not_stop_what_we_write() {
    // A server that has been told that a hello of so many bytes comes.
    let told = |len: u16| {
        let mut config = server_config();
        config.limits.memory = Some(256 * 1024);
        let mut client = client(client_config(SERVER));
        let mut server = ServerConnection::new(Arc::new(config)).unwrap();
        shake(&mut client, &mut server);
        let [high, low] = len.to_be_bytes();
        client.engine().carrier.records_mut().unwrap().send_handshake(&[1, 0, high, low]).unwrap();
        pump(&mut client, &mut server, 4096).map(|_| server)
    };
    // All that is let in, up to the most; without the floor the most left no room at all.
    let (mut most, mut refused) = (0, 0);
    for len in (0x6000..0x7000).step_by(64) {
        match told(len) {
            Ok(mut server) => {
                assert!(refused == 0 && !server.wants_write());
                assert_eq!(server.writer().write(&[7; 1024]).unwrap(), 1024);
                most = len;
            }
            Err(_) => refused = len,
        }
    }
    assert!(most > 0 && refused > most, "{most} {refused}");
}
