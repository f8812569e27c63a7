//! `chitin server`: listens, and answers each connection in a thread of its own.
//!
//! Every wait has an end: handshakes, idle connections and the number of both are limited. What a connection says is in
//! `http` and in the echo below; standard error gets a line when it is open and one when it is over.

use std::fmt;
use std::io::{self, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::PathBuf;
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use chitin::crypto::aws_lc_rs;
use chitin::server::WebPkiClientVerifier;
use chitin::{ServerConfig, ServerConnection, StreamOwned};

use crate::args::{ServerArgs, Version};
use crate::diagram::End;
use crate::facts::{Facts, chain_rows, peer_name, table};
use crate::http::{self, Answers};
use crate::link::{self, Foreign, Timed, foreign};
use crate::text::{clean, commas, note, span};
use crate::trace_view::{Recorder, observed_server};
use crate::{advice, files};

/// Listens until the process is ended.
pub fn run(args: &ServerArgs) -> Result<(), String> {
    let server = Arc::new(Server::new(args)?);
    let explain = |error: io::Error| format!("{}: {error}", args.listen);
    let listener = TcpListener::bind(args.listen).map_err(explain)?;
    note(format_args!("listening on {}, {}", listener.local_addr().map_err(explain)?, server.service));

    let slots = Arc::new(Slots::new(args.max_connections));
    for number in 1_u64.. {
        let slot = slots.take();
        let sock = match listener.accept() {
            Ok((sock, _)) => sock,
            Err(error) => {
                // A peer that went away, or no file descriptors left: wait a little for better times.
                note(format_args!("accept: {error}"));
                thread::sleep(Duration::from_millis(100));
                continue;
            }
        };
        let server = server.clone();
        let spawned = thread::Builder::new().spawn(move || {
            server.serve(number, sock);
            drop(slot);
        });
        if let Err(error) = spawned {
            note(format_args!("#{number} no thread for it: {error}"));
        }
    }
    Ok(())
}

struct Server {
    config: ServerConfig,
    service: Service,
    handshake: Duration,
    idle: Duration,
}

enum Service {
    Echo,
    Files(PathBuf),
    Status,
}

impl fmt::Display for Service {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Echo => f.write_str("echo"),
            Self::Files(root) => write!(f, "files of {}", root.display()),
            Self::Status => f.write_str("status page"),
        }
    }
}

impl Server {
    fn new(args: &ServerArgs) -> Result<Self, String> {
        let service = match (&args.www, args.echo) {
            (Some(dir), _) => Service::Files(http::root(dir)?),
            (None, true) => Service::Echo,
            (None, false) => Service::Status,
        };
        let provider = Arc::new(aws_lc_rs::default_provider());
        let builder = ServerConfig::builder_with_provider(provider.clone())
            .with_protocol_versions(Version::or_all(args.tls))
            .map_err(|error| error.to_string())?;
        let builder = match &args.client_ca {
            Some(file) => {
                let roots = Arc::new(files::roots(file)?);
                let verifier = WebPkiClientVerifier::builder_with_provider(roots, provider)
                    .build()
                    .map_err(|error| format!("{}: {error}", file.display()))?;
                builder.with_client_cert_verifier(verifier)
            }
            None => builder.with_no_client_auth(),
        };
        let (chain, key) =
            files::chain_and_key(&args.cert, args.key.as_deref(), args.password_file.as_deref())?;
        let mut config = builder
            .with_single_cert(chain, key)
            .map_err(|error| files::unfit(&args.cert, args.key.as_deref(), &error))?;
        config.ticketer = aws_lc_rs::Ticketer::new().map_err(|error| error.to_string())?;
        // Ours is ordered by strength. Clients that list AES-128 first do so for speed, and often without thinking of it.
        config.ignore_client_order = true;
        config.alpn_protocols = match (&service, args.alpn.is_empty()) {
            (Service::Echo, true) => Vec::new(),
            (_, true) => vec![b"http/1.1".to_vec()],
            (_, false) => args.alpn.iter().map(|protocol| protocol.as_bytes().to_vec()).collect(),
        };
        Ok(Self { config, service, handshake: args.handshake_timeout, idle: args.idle_timeout })
    }

    fn serve(&self, number: u64, sock: TcpStream) {
        let peer = sock.peer_addr().map_or_else(|_| "(gone)".into(), |addr| addr.to_string());
        let start = Instant::now();
        sock.set_nodelay(true).ok();
        let recorder = Recorder::new(End::Server);
        let mut conn = match ServerConnection::new(observed_server(&self.config, &recorder)) {
            Ok(conn) => conn,
            Err(error) => return note(format_args!("#{number} {peer} refused: {error}")),
        };
        let mut sock = Timed::new(sock, self.handshake);
        if let Err(failure) = link::handshake(&mut conn, &mut sock) {
            if foreign(failure.first()) == Some(Foreign::HttpRequest) {
                http::answer_plain(&mut sock);
            }
            let why = advice::server(&failure, &recorder.log().presented);
            note(format_args!("#{number} {peer} failed after {}: {why}", span(start.elapsed())));
            return;
        }
        let facts = Facts::of(&conn);
        let name = conn.server_name().map_or_else(|| "-".into(), clean);
        note(format_args!(
            "#{number} {peer} open {} name={name} in {}",
            one_line(&facts),
            span(start.elapsed())
        ));

        let mut stream = StreamOwned::new(conn, sock);
        let outcome = match &self.service {
            Service::Echo => self.echo(&mut stream),
            Service::Files(root) => http::serve(&mut stream, number, self.idle, &Answers::Files(root)),
            Service::Status => {
                http::serve(&mut stream, number, self.idle, &Answers::Page(&page(&facts, &name, &peer)))
            }
        };
        let ending = match outcome.and_then(|()| self.close(&mut stream)) {
            Ok(()) => "closed".into(),
            Err(error) => ending(&error),
        };
        let (received, sent) = (commas(stream.sock.received), commas(stream.sock.sent));
        note(format_args!(
            "#{number} {peer} {ending} after {}, {received} B in, {sent} B out",
            span(start.elapsed())
        ));
        if !over(&mut stream) {
            link::linger(&mut stream.sock);
        }
    }

    fn echo(&self, stream: &mut Stream) -> io::Result<()> {
        let mut buffer = vec![0; 64 * 1024];
        loop {
            stream.sock.allow(self.idle);
            match stream.read(&mut buffer)? {
                0 => return Ok(()),
                count => {
                    stream.sock.allow(self.idle);
                    stream.write_all(&buffer[..count])?;
                    stream.flush()?;
                }
            }
        }
    }

    fn close(&self, stream: &mut Stream) -> io::Result<()> {
        stream.sock.allow(self.handshake);
        stream.conn.send_close_notify();
        let said = link::flush(&mut stream.conn, &mut stream.sock)
            .and_then(|()| stream.sock.sock.shutdown(std::net::Shutdown::Write));
        // A client that has said its close_notify need not wait for ours: many close the socket at once.
        if over(stream) { Ok(()) } else { said }
    }
}

/// Whether the client has said that it sends no more.
fn over(stream: &mut Stream) -> bool {
    stream.conn.process_new_packets().is_ok_and(|state| state.peer_has_closed())
}

/// A connection in service.
pub type Stream = StreamOwned<ServerConnection, Timed>;

fn one_line(facts: &Facts) -> String {
    let alpn = facts.alpn.as_deref().unwrap_or("-");
    let client = peer_name(&facts.peer).unwrap_or_else(|| "-".into());
    let handshake = facts.handshake();
    format!("{} {} {} {handshake} alpn={alpn} client={client}", facts.version, facts.suite, facts.group)
}

fn page(facts: &Facts, name: &str, peer: &str) -> String {
    let mut rows = facts.rows();
    rows.push(("name", name.into()));
    rows.push(("client", peer.into()));
    rows.extend(chain_rows("certificate", &facts.peer));
    table(&rows)
}

fn ending(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::TimedOut => "timed out".into(),
        io::ErrorKind::UnexpectedEof => "truncated (no close_notify from the client)".into(),
        _ => format!("broken: {}", clean(&error.to_string())),
    }
}

/// How many connections may still be opened.
struct Slots {
    free: Mutex<u16>,
    all: u16,
    changed: Condvar,
}

/// One of them; given back when dropped, also by a thread that panicked.
struct Slot(Arc<Slots>);

impl Slots {
    fn new(all: u16) -> Self {
        Self { free: Mutex::new(all), all, changed: Condvar::new() }
    }

    /// Waits for one.
    fn take(self: &Arc<Self>) -> Slot {
        let mut free = self.free.lock().unwrap_or_else(PoisonError::into_inner);
        if *free == 0 {
            note(format_args!(
                "all {} connections are in use, further ones wait (--max-connections)",
                self.all
            ));
        }
        while *free == 0 {
            free = self.changed.wait(free).unwrap_or_else(PoisonError::into_inner);
        }
        *free -= 1;
        Slot(self.clone())
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        *self.0.free.lock().unwrap_or_else(PoisonError::into_inner) += 1;
        self.0.changed.notify_one();
    }
}
