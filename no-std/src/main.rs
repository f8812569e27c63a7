//! A client and a server in one process that has no standard library: no allocator, no clock and no panic handler but its own.
//!
//! They make a handshake in memory, say something, and close. The exit code is zero if all of that went well.
#![no_std]
#![no_main]
#![deny(unsafe_code)]

extern crate alloc;

mod provider;

use alloc::sync::Arc;
use alloc::vec;
use alloc::vec::Vec;
use core::ffi::{c_char, c_int};
use core::panic::PanicInfo;
use core::time::Duration;

use chitin::client::UnbufferedClientConnection;
use chitin::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer, UnixTime};
use chitin::server::UnbufferedServerConnection;
use chitin::time_provider::TimeProvider;
use chitin::unbuffered::{ConnectionState, UnbufferedStatus};
use chitin::{ClientConfig, Error, ProtocolVersion, RootCertStore, ServerConfig};

#[global_allocator]
static ALLOCATOR: dlmalloc::GlobalDlmalloc = dlmalloc::GlobalDlmalloc;

/// There is nobody to tell. Whoever runs this gives up waiting.
#[panic_handler]
fn panic(_: &PanicInfo<'_>) -> ! {
    loop {
        core::hint::spin_loop();
    }
}

// The C library, on which `ring` and the allocator stand, calls this. Its name may be said once in a program, and that is what the attribute
// promises.
#[allow(unsafe_code)]
#[unsafe(no_mangle)]
extern "C" fn main(_: c_int, _: *const *const c_char) -> c_int {
    match talk() {
        Ok(true) => 0,
        Ok(false) => 1,
        Err(_) => 2,
    }
}

// The parts of `alloc` that come compiled name these two for unwinding. This program is built to abort, and nothing calls them.
#[allow(unsafe_code)]
#[unsafe(no_mangle)]
extern "C" fn rust_eh_personality() {}

#[allow(unsafe_code)]
#[unsafe(no_mangle)]
extern "C" fn _Unwind_Resume() -> ! {
    loop {
        core::hint::spin_loop();
    }
}

/// A day on which the certificates are valid.
#[derive(Debug)]
struct Day;

impl TimeProvider for Day {
    fn current_time(&self) -> Option<UnixTime> {
        Some(UnixTime::since_unix_epoch(Duration::from_secs(1_900_000_000)))
    }
}

const QUESTION: &[u8] = b"is there anybody without a standard library?";
const ANSWER: &[u8] = b"yes";

/// Did both hear what the other said, and how it closed?
fn talk() -> Result<bool, Error> {
    let provider = Arc::new(provider::provider());
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from(&include_bytes!("../root.der")[..]))?;
    let client = ClientConfig::builder_with_details(provider.clone(), Arc::new(Day))
        .with_safe_default_protocol_versions()?
        .with_root_certificates(roots)
        .with_no_client_auth();
    let chain = vec![CertificateDer::from(&include_bytes!("../leaf.der")[..])];
    let key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(&include_bytes!("../leaf.key.der")[..]));
    let server = ServerConfig::builder_with_details(provider, Arc::new(Day))
        .with_safe_default_protocol_versions()?
        .with_no_client_auth()
        .with_single_cert(chain, key)?;

    let name = "localhost".try_into().map_err(|_| Error::General("a name".into()))?;
    let mut client = End::new(UnbufferedClientConnection::new(Arc::new(client), name)?, QUESTION);
    let mut server = End::new(UnbufferedServerConnection::new(Arc::new(server))?, ANSWER);
    // A handshake takes two or three rounds, closing one more.
    for _ in 0..8 {
        client.run(|conn, input, talk| act(conn.process_tls_records(input), talk))?;
        server.talk.incoming.append(&mut client.talk.outgoing);
        server.run(|conn, input, talk| act(conn.process_tls_records(input), talk))?;
        client.talk.incoming.append(&mut server.talk.outgoing);
    }
    let ours = client.conn.protocol_version() == Some(ProtocolVersion::TLSv1_3);
    let closed = client.talk.closed && server.talk.closed;
    Ok(ours && closed && client.talk.heard == ANSWER && server.talk.heard == QUESTION)
}

struct End<C> {
    conn: C,
    talk: Talk,
}

struct Talk {
    incoming: Vec<u8>,
    outgoing: Vec<u8>,
    to_say: &'static [u8],
    heard: Vec<u8>,
    said_goodbye: bool,
    closed: bool,
}

impl<C> End<C> {
    fn new(conn: C, to_say: &'static [u8]) -> Self {
        let (incoming, outgoing, heard) = (Vec::new(), Vec::new(), Vec::new());
        Self { conn, talk: Talk { incoming, outgoing, to_say, heard, said_goodbye: false, closed: false } }
    }

    /// Goes on until it is the other end's turn.
    fn run(
        &mut self,
        mut act: impl FnMut(&mut C, &mut [u8], &mut Talk) -> Result<(usize, bool), Error>,
    ) -> Result<(), Error> {
        loop {
            let mut input = core::mem::take(&mut self.talk.incoming);
            let (discard, more) = act(&mut self.conn, &mut input, &mut self.talk)?;
            input.drain(..discard);
            self.talk.incoming = input;
            if !more {
                return Ok(());
            }
        }
    }
}

/// Does what the state says. Gives how much of the input is used, and whether there is more to do before the other end speaks.
fn act<Data>(status: UnbufferedStatus<'_, '_, Data>, talk: &mut Talk) -> Result<(usize, bool), Error> {
    let UnbufferedStatus { mut discard, state } = status;
    let mut out = vec![0; 4096];
    let more = match state? {
        ConnectionState::ReadTraffic(mut read) => {
            while let Some(record) = read.next_record() {
                let record = record?;
                talk.heard.extend_from_slice(record.payload);
                discard += record.discard;
            }
            true
        }
        ConnectionState::EncodeTlsData(mut encode) => {
            let n = encode.encode(&mut out).map_err(|_| Error::General("more room".into()))?;
            talk.outgoing.extend_from_slice(&out[..n]);
            true
        }
        ConnectionState::TransmitTlsData(transmit) => {
            transmit.done();
            true
        }
        ConnectionState::WriteTraffic(mut write) => {
            let mut say = |n: Result<usize, _>, out: &[u8]| {
                let n = n.map_err(|_| Error::General("more room".into()))?;
                talk.outgoing.extend_from_slice(&out[..n]);
                Ok::<(), Error>(())
            };
            let data = core::mem::take(&mut talk.to_say);
            if !data.is_empty() {
                say(write.encrypt(data, &mut out), &out)?;
            }
            if !talk.heard.is_empty() && !talk.said_goodbye {
                say(write.queue_close_notify(&mut out), &out)?;
                talk.said_goodbye = true;
            }
            false
        }
        ConnectionState::PeerClosed => true,
        ConnectionState::Closed => {
            talk.closed = true;
            false
        }
        _ => false,
    };
    Ok((discard, more))
}
