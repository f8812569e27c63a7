//! `chitin client`: standard input and output through a connection.
//!
//! Three threads share the connection under one lock and never hold it while they wait for the outside: one reads standard
//! input, one writes to the socket, and the main one reads from it. So a peer that writes before it reads cannot make us
//! stop reading, and a slow one makes standard input wait.

use std::io::{self, Read, Write};
use std::net::{Shutdown, TcpStream, ToSocketAddrs};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use chitin::crypto::{aws_lc_rs, raw_public_key};
use chitin::pki_types::ServerName;
use chitin::server::CertificateType;
use chitin::trust::{PinSet, PinnedVerifier, ServerVerifier};
use chitin::{ClientConfig, ClientConnection, RootCertStore};

use crate::args::{ClientArgs, Version};
use crate::certificate;
use crate::diagram::End;
use crate::facts::{Facts, chain_rows, table};
use crate::link::{self, Timed};
use crate::text::{clean, note};
use crate::trace_view::{Recorder, observed_client};
use crate::{advice, files};

/// Connects, carries the bytes, and returns `Ok` only after a clean close.
pub fn run(args: &ClientArgs) -> Result<(), String> {
    let trusted = Trusted::of(args)?;
    let name = args.sni.as_deref().unwrap_or(&args.target.host);
    let server_name = ServerName::try_from(name.to_owned())
        .map_err(|_| format!("{} is neither a DNS name nor an IP address", clean(name)))?;
    let recorder = Recorder::new(End::Client);
    let config = observed_client(&config(args, &trusted)?, &recorder);
    let mut conn = ClientConnection::new(config, server_name).map_err(|error| error.to_string())?;

    let mut sock = Timed::new(connect(args)?, HANDSHAKE);
    sock.sock.set_nodelay(true).ok();
    if let Err(failure) = link::handshake(&mut conn, &mut sock) {
        return Err(format!(
            "{}: {}",
            address(args),
            advice::client(&failure, &recorder.log().presented, name)
        ));
    }
    note(report(&Facts::of(&conn), name, &trusted).trim_end());
    carry(conn, sock.sock)
}

/// By what the server is trusted.
struct Trusted {
    /// None if the pins are all there is.
    roots: Option<(RootCertStore, String)>,
    pins: PinSet,
}

impl Trusted {
    fn of(args: &ClientArgs) -> Result<Self, String> {
        let roots = match &args.ca {
            _ if args.pin_only => None,
            Some(file) => Some((files::roots(file)?, file.display().to_string())),
            None => Some((public_roots(), "the public web's roots (webpki-roots)".into())),
        };
        Ok(Self { roots, pins: args.pin.iter().cloned().fold(PinSet::new(), PinSet::with) })
    }
}

fn config(args: &ClientArgs, trusted: &Trusted) -> Result<ClientConfig, String> {
    let provider = Arc::new(aws_lc_rs::default_provider());
    let builder = ClientConfig::builder_with_provider(provider.clone())
        .with_protocol_versions(Version::or_all(args.tls))
        .map_err(|error| error.to_string())?;
    let pins = trusted.pins.clone();
    let builder = match &trusted.roots {
        None => {
            let verifier = PinnedVerifier::builder(pins, provider)
                .with_certificate_types([CertificateType::X509, CertificateType::RawPublicKey]);
            builder.with_pinned_servers(verifier.build().map_err(|error| error.to_string())?)
        }
        Some((roots, _)) => {
            let mut verifier = ServerVerifier::builder(roots.clone(), provider);
            if !pins.is_empty() {
                verifier = verifier.with_pins(pins);
            }
            builder.with_server_verifier(verifier.build().map_err(|error| error.to_string())?)
        }
    };
    let mut config = match &args.cert {
        Some(cert) => {
            let (chain, key) =
                files::chain_and_key(cert, args.key.as_deref(), args.password_file.as_deref())?;
            builder
                .with_client_auth_cert(chain, key)
                .map_err(|error| files::unfit(cert, args.key.as_deref(), &error))?
        }
        None => builder.with_no_client_auth(),
    };
    config.alpn_protocols = args.alpn.iter().map(|protocol| protocol.as_bytes().to_vec()).collect();
    Ok(config)
}

fn public_roots() -> RootCertStore {
    RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() }
}

fn address(args: &ClientArgs) -> String {
    match args.target.host.contains(':') {
        true => format!("[{}]:{}", args.target.host, args.target.port),
        false => format!("{}:{}", args.target.host, args.target.port),
    }
}

/// Tries each address of the host in turn.
fn connect(args: &ClientArgs) -> Result<TcpStream, String> {
    let explain = |error: io::Error| format!("{}: {error}", address(args));
    let mut last = io::Error::new(io::ErrorKind::NotFound, "no address for this host");
    for addr in (&*args.target.host, args.target.port).to_socket_addrs().map_err(explain)? {
        match TcpStream::connect_timeout(&addr, CONNECT) {
            Ok(sock) => return Ok(sock),
            Err(error) => last = error,
        }
    }
    Err(explain(last))
}

fn report(facts: &Facts, name: &str, trusted: &Trusted) -> String {
    let mut rows = facts.rows();
    rows.extend(chain_rows("chain", &facts.peer));
    let name = clean(name);
    let pinned = if trusted.pins.is_empty() { "" } else { ", and by a pin" };
    let Some((roots, roots_name)) = &trusted.roots else {
        let raw = facts.peer.first().is_some_and(|shown| raw_public_key(shown).is_some());
        rows.push((
            "verified",
            match raw {
                true => "by the pin of its raw key alone; a key has no name".into(),
                false => format!("as {name} by its pin alone"),
            },
        ));
        return table(&rows);
    };
    // The library has verified the chain, or there would be no connection. Which root it found, the names tell.
    let issuer =
        facts.peer.last().and_then(|der| certificate::Summary::read(der)).map(|last| last.issuer_der);
    let anchor = roots.roots.iter().find(|root| Some(root.subject.as_ref()) == issuer.as_deref());
    let anchor = anchor.map(|root| format!(", by {}", certificate::name(&root.subject))).unwrap_or_default();
    let count = match roots.len() {
        1 => "1 root".into(),
        more => format!("{more} roots"),
    };
    rows.push(("verified", format!("as {name} against {roots_name} ({count}){anchor}{pinned}")));
    table(&rows)
}

/// The connection and what its threads tell each other.
struct Shared {
    state: Mutex<State>,
    changed: Condvar,
}

struct State {
    conn: ClientConnection,
    /// Reading is over, well or badly: send what is left, and stop.
    over: bool,
    /// The socket takes nothing any more.
    broken: Option<io::Error>,
    /// Writing is over: all is said, or the socket is broken.
    said: bool,
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn wait<'a>(&self, guard: MutexGuard<'a, State>) -> MutexGuard<'a, State> {
        self.changed.wait(guard).unwrap_or_else(PoisonError::into_inner)
    }

    /// Says too whether the time has passed without news.
    fn wait_for<'a>(&self, guard: MutexGuard<'a, State>, time: Duration) -> (MutexGuard<'a, State>, bool) {
        let (guard, waited) = self.changed.wait_timeout(guard, time).unwrap_or_else(PoisonError::into_inner);
        (guard, waited.timed_out())
    }
}

fn carry(mut conn: ClientConnection, sock: TcpStream) -> Result<(), String> {
    conn.set_buffer_limit(Some(PENDING));
    let explain = |error: io::Error| error.to_string();
    sock.set_read_timeout(None).map_err(explain)?;
    sock.set_write_timeout(None).map_err(explain)?;
    let write_half = sock.try_clone().map_err(explain)?;
    let state = Mutex::new(State { conn, over: false, broken: None, said: false });
    let shared = Arc::new(Shared { state, changed: Condvar::new() });

    // This one is never joined: nothing but input ends a read from a terminal.
    let feeder = shared.clone();
    thread::spawn(move || pump_input(&feeder));
    // Nor this one: it may be inside a call that waits for room, and no timeout that is set later ends that call.
    let writer = shared.clone();
    thread::spawn(move || {
        pump_output(&writer, write_half);
        writer.lock().said = true;
        writer.changed.notify_all();
    });

    let outcome = pump_incoming(&shared, &sock);
    let mut state = shared.lock();
    if outcome.is_ok() {
        state.conn.send_close_notify();
    }
    state.over = true;
    shared.changed.notify_all();
    // A peer that no longer reads must not keep us here. Of one that does, the writer brings news.
    let mut silent = false;
    while !state.said && !silent {
        (state, silent) = shared.wait_for(state, LAST_WORDS);
    }
    drop(state);
    sock.shutdown(Shutdown::Both).ok();
    outcome
}

/// Standard input into the connection. Its end becomes our close_notify; the peer may go on sending.
fn pump_input(shared: &Shared) {
    let mut buffer = vec![0; CHUNK];
    let mut stdin = io::stdin().lock();
    loop {
        let count = match stdin.read(&mut buffer) {
            Ok(0) => break,
            Ok(count) => count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => {
                note(format_args!("chitin: standard input: {error}"));
                break;
            }
        };
        let mut rest = &buffer[..count];
        let mut state = shared.lock();
        while !rest.is_empty() {
            if state.over || state.broken.is_some() {
                return;
            }
            match state.conn.writer().write(rest) {
                Ok(0) => state = shared.wait(state),
                Ok(taken) => {
                    rest = &rest[taken..];
                    shared.changed.notify_all();
                }
                Err(error) => {
                    state.broken = Some(error);
                    shared.changed.notify_all();
                    return;
                }
            }
        }
    }
    shared.lock().conn.send_close_notify();
    shared.changed.notify_all();
}

/// From the connection to the socket, until all is said.
fn pump_output(shared: &Shared, mut sock: TcpStream) {
    let mut out = Vec::with_capacity(CHUNK);
    let mut state = shared.lock();
    loop {
        if !state.conn.wants_write() {
            if state.over {
                return;
            }
            state = shared.wait(state);
            continue;
        }
        out.clear();
        while state.conn.wants_write() && out.len() < CHUNK {
            if !matches!(state.conn.write_tls(&mut out), Ok(1..)) {
                break;
            }
        }
        drop(state);
        shared.changed.notify_all();
        let sent = sock.write_all(&out);
        state = shared.lock();
        if let Err(error) = sent {
            state.broken = Some(error);
            shared.changed.notify_all();
            return;
        }
    }
}

/// From the socket to standard output, until the peer's close_notify.
fn pump_incoming(shared: &Shared, mut sock: &TcpStream) -> Result<(), String> {
    let mut buffer = vec![0; CHUNK];
    let mut plain = Vec::new();
    let mut stdout = io::stdout().lock();
    let mut total = 0;
    loop {
        // What came with the end of the handshake is in the connection already: so look there first, then at the socket.
        let closed = {
            let mut state = shared.lock();
            collect(&mut state.conn, &mut plain)?
        };
        total += plain.len();
        put(&mut stdout, &mut plain)?;
        if closed {
            return Ok(());
        }
        let count = match sock.read(&mut buffer) {
            Ok(count) => count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(truncated(total, Some(&error))),
        };
        if count == 0 {
            return Err(truncated(total, None));
        }
        let mut received = &buffer[..count];
        while !received.is_empty() {
            let mut state = shared.lock();
            let taken = state.conn.read_tls(&mut received).map_err(|error| error.to_string())?;
            let closed = collect(&mut state.conn, &mut plain);
            drop(state);
            shared.changed.notify_all();
            total += plain.len();
            put(&mut stdout, &mut plain)?;
            if closed? {
                return Ok(());
            }
            if taken == 0 {
                break;
            }
        }
    }
}

/// Opens what has arrived and moves the plaintext out. Says whether the peer has closed, cleanly.
fn collect(conn: &mut ClientConnection, plain: &mut Vec<u8>) -> Result<bool, String> {
    let outcome = conn.process_new_packets();
    // Data that came before an error, and was authenticated, is still the peer's.
    let mut chunk = [0; 16_384];
    while let Ok(count @ 1..) = conn.reader().read(&mut chunk) {
        plain.extend_from_slice(&chunk[..count]);
    }
    outcome.map(|state| state.peer_has_closed()).map_err(|error| advice::tls(&error, &[], None))
}

fn put(stdout: &mut impl Write, plain: &mut Vec<u8>) -> Result<(), String> {
    let written = stdout.write_all(plain).and_then(|()| stdout.flush());
    plain.clear();
    written.map_err(|error| format!("standard output: {error}"))
}

fn truncated(total: usize, error: Option<&io::Error>) -> String {
    let how = error.map_or_else(|| "end of stream".into(), ToString::to_string);
    format!("truncated: the connection ended without close_notify after {total} bytes of data ({how})")
}

const CONNECT: Duration = Duration::from_secs(10);
const HANDSHAKE: Duration = Duration::from_secs(30);
/// For each piece of what is still to be sent when the peer has closed.
const LAST_WORDS: Duration = Duration::from_secs(2);
/// Bytes that wait in the connection for the socket before standard input has to wait.
const PENDING: usize = 64 * 1024;
const CHUNK: usize = 32 * 1024;
