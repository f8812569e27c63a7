//! `chitin demo`: a client and a server of this library over loopback TCP, and what a person wants to see of it.
//!
//! Every line it prints is read off the connection it speaks of. Anything that is not as it should be is an error, and the
//! exit status says so.

use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant, SystemTime};

use chitin::client::Resumption;
use chitin::crypto::{CryptoProvider, aws_lc_rs};
use chitin::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer, ServerName};
use chitin::server::WebPkiClientVerifier;
use chitin::{
    ClientConfig, ClientConnection, ConnectionCommon, HandshakeKind, ProtocolVersion, RootCertStore,
    ServerConfig, ServerConnection, SideData, Stream,
};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use rcgen::{
    BasicConstraints, CertificateParams, DistinguishedName, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer,
    KeyPair, KeyUsagePurpose,
};

use crate::advice;
use crate::args::DemoArgs;
use crate::certificate::Summary;
use crate::diagram::{End, draw};
use crate::facts::{Facts, chain_rows, table};
use crate::link::{self, Timed};
use crate::text::{civil, commas, span};
use crate::trace_view::{Log, Recorder, observed_client, observed_server};

/// Runs both connections, prints the table and the pictures.
pub fn run(args: &DemoArgs) -> Result<(), String> {
    let pki = Pki::new().map_err(|error| format!("making certificates: {error}"))?;
    let server = server_config(&pki, args).map_err(|error| format!("server config: {error}"))?;
    let client = client_config(&pki, args).map_err(|error| format!("client config: {error}"))?;
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).map_err(|error| error.to_string())?;

    let full = connection(&listener, &client, &server, args.size << 20)?;
    let resumed = connection(&listener, &client, &server, SMALL)?;
    full.check(if args.hrr { HandshakeKind::FullWithHelloRetryRequest } else { HandshakeKind::Full }, args)?;
    resumed.check(HandshakeKind::Resumed, args)?;

    io::stdout()
        .write_all(report(&full, &resumed, args)?.as_bytes())
        .and_then(|()| io::stdout().flush())
        .map_err(|error| format!("standard output: {error}"))
}

/// A development CA, and what it issued.
struct Pki {
    root: CertificateDer<'static>,
    server: Identity,
    client: Identity,
}

struct Identity {
    chain: Vec<CertificateDer<'static>>,
    key: Vec<u8>,
}

impl Identity {
    fn key(&self) -> PrivateKeyDer<'static> {
        PrivatePkcs8KeyDer::from(self.key.clone()).into()
    }
}

impl Pki {
    fn new() -> Result<Self, rcgen::Error> {
        let root_key = KeyPair::generate_for(&rcgen::PKCS_ECDSA_P384_SHA384)?;
        let mut params = params("Chitin development root", Vec::new())?;
        params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        let root = params.self_signed(&root_key)?.der().clone();
        let issuer = Issuer::new(params, root_key);
        let issue = |name: &str, names: Vec<String>, purpose| {
            let key = KeyPair::generate_for(&rcgen::PKCS_ECDSA_P256_SHA256)?;
            let mut params = self::params(name, names)?;
            params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
            params.extended_key_usages = vec![purpose];
            let chain = vec![params.signed_by(&key, &issuer)?.der().clone()];
            Ok::<_, rcgen::Error>(Identity { chain, key: key.serialize_der() })
        };
        Ok(Self {
            server: issue("Demo server", vec![NAME.into()], ExtendedKeyUsagePurpose::ServerAuth)?,
            client: issue("Demo client", Vec::new(), ExtendedKeyUsagePurpose::ClientAuth)?,
            root,
        })
    }

    fn roots(&self) -> Result<RootCertStore, chitin::Error> {
        let mut roots = RootCertStore::empty();
        roots.add(self.root.clone())?;
        Ok(roots)
    }
}

fn params(name: &str, names: Vec<String>) -> Result<CertificateParams, rcgen::Error> {
    let mut params = CertificateParams::new(names)?;
    params.distinguished_name = DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, name);
    params.use_authority_key_identifier_extension = true;
    // From yesterday to the day after tomorrow: nobody should be tempted to keep it.
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).map_or(0, |time| time.as_secs());
    let day = |unix: u64| {
        let (year, month, day) = civil(unix);
        rcgen::date_time_ymd(i32::try_from(year).unwrap_or(i32::MAX), month, day)
    };
    params.not_before = day(now.saturating_sub(86_400));
    params.not_after = day(now + 2 * 86_400);
    Ok(params)
}

fn server_config(pki: &Pki, args: &DemoArgs) -> Result<ServerConfig, Box<dyn std::error::Error>> {
    let mut provider = aws_lc_rs::default_provider();
    if args.hrr {
        // A group every client has, and for which ours sends no share in its first hello.
        provider.kx_groups = vec![aws_lc_rs::kx_group::SECP384R1];
    }
    let provider: Arc<CryptoProvider> = provider.into();
    let builder = ServerConfig::builder_with_provider(provider.clone())
        .with_protocol_versions(&[&chitin::version::TLS13])?;
    let builder = if args.mtls {
        let verifier = WebPkiClientVerifier::builder_with_provider(pki.roots()?.into(), provider).build()?;
        builder.with_client_cert_verifier(verifier)
    } else {
        builder.with_no_client_auth()
    };
    let mut config = builder.with_single_cert(pki.server.chain.clone(), pki.server.key())?;
    config.ticketer = aws_lc_rs::Ticketer::new()?;
    Ok(config)
}

fn client_config(pki: &Pki, args: &DemoArgs) -> Result<ClientConfig, Box<dyn std::error::Error>> {
    let builder = ClientConfig::builder_with_provider(aws_lc_rs::default_provider().into())
        .with_protocol_versions(&[&chitin::version::TLS13])?
        .with_root_certificates(pki.roots()?);
    let mut config = if args.mtls {
        builder.with_client_auth_cert(pki.client.chain.clone(), pki.client.key())?
    } else {
        builder.with_no_client_auth()
    };
    config.resumption = Resumption::in_memory_sessions(8);
    Ok(config)
}

/// One end of a finished connection.
struct Side {
    facts: Facts,
    /// From the start of the handshake until this end was done with it.
    handshake: Duration,
    /// When everything expected had been received, and was the pattern.
    received: Instant,
    /// When it began to send.
    sending: Instant,
    log: Log,
}

struct Pair {
    client: Side,
    server: Side,
    bytes: u64,
}

fn connection(
    listener: &TcpListener,
    client: &ClientConfig,
    server: &ServerConfig,
    bytes: u64,
) -> Result<Pair, String> {
    let (server_log, client_log) = (Recorder::new(End::Server), Recorder::new(End::Client));
    let server = observed_server(server, &server_log);
    let addr = listener.local_addr().map_err(|error| error.to_string())?;
    // The listening socket holds the connection until the thread accepts it, so the order of the two does not matter.
    let sock = TcpStream::connect(addr).map_err(|error| error.to_string())?;
    let acceptor = listener.try_clone().map_err(|error| error.to_string())?;
    let recorder = server_log.clone();
    let server = thread::spawn(move || {
        let (sock, _) = acceptor.accept().map_err(|error| error.to_string())?;
        let conn = ServerConnection::new(server).map_err(|error| error.to_string())?;
        run_side(conn, sock, &recorder, bytes, Order::ReceiveFirst, &ProgressBar::hidden())
    });

    let bar = bar(bytes);
    let conn = ClientConnection::new(observed_client(client, &client_log), server_name()?)
        .map_err(|error| error.to_string())?;
    let client = run_side(conn, sock, &client_log, bytes, Order::SendFirst, &bar);
    bar.finish_and_clear();
    let server = server.join().map_err(|_| "server: it panicked")?;
    match (client, server) {
        (Ok(client), Ok(server)) => Ok(Pair { client, server, bytes }),
        (client, server) => {
            let both = [("client", client.err()), ("server", server.err())];
            let both =
                both.into_iter().filter_map(|(end, error)| error.map(|error| format!("{end}: {error}")));
            let text = both.collect::<Vec<_>>().join("; ");
            Err(format!("{text}\n{}", draw(&client_log.log().steps)))
        }
    }
}

fn server_name() -> Result<ServerName<'static>, String> {
    ServerName::try_from(NAME).map_err(|error| error.to_string())
}

/// On a terminal only, and only where there is something to wait for.
fn bar(bytes: u64) -> ProgressBar {
    let bar = ProgressBar::with_draw_target(Some(2 * bytes), ProgressDrawTarget::stderr_with_hz(10));
    if bytes <= SMALL {
        bar.set_draw_target(ProgressDrawTarget::hidden());
    }
    if let Ok(style) = ProgressStyle::with_template(
        "{msg:16} {wide_bar} {bytes:>10} of {total_bytes} {binary_bytes_per_sec:>13}",
    ) {
        bar.set_style(style);
    }
    bar
}

enum Order {
    SendFirst,
    ReceiveFirst,
}

fn run_side<C, S>(
    mut conn: C,
    sock: TcpStream,
    recorder: &Recorder,
    bytes: u64,
    order: Order,
    bar: &ProgressBar,
) -> Result<Side, String>
where
    C: std::ops::DerefMut<Target = ConnectionCommon<S>>,
    S: SideData,
{
    let explain = |error: io::Error| error.to_string();
    sock.set_nodelay(true).map_err(explain)?;
    let mut timed = Timed::new(sock, PATIENCE);
    let start = Instant::now();
    link::handshake(&mut conn, &mut timed)
        .map_err(|failure| advice::client(&failure, &recorder.log().presented, NAME))?;
    let handshake = start.elapsed();
    let facts = Facts::of(&conn);
    if conn.protocol_version() != Some(ProtocolVersion::TLSv1_3) {
        return Err(format!("negotiated {} instead of TLS 1.3", facts.version));
    }

    let mut sock = timed.sock;
    sock.set_read_timeout(Some(PATIENCE)).map_err(explain)?;
    sock.set_write_timeout(Some(PATIENCE)).map_err(explain)?;
    let pattern = Pattern::new();
    let mut stream = Stream::new(&mut conn, &mut sock);
    let (sending, received);
    match order {
        Order::SendFirst => {
            bar.set_message("client to server");
            sending = Instant::now();
            pattern.send(&mut stream, bytes, bar).map_err(explain)?;
            bar.set_message("server to client");
            pattern.receive(&mut stream, bytes, bar).map_err(explain)?;
            received = Instant::now();
        }
        Order::ReceiveFirst => {
            pattern.receive(&mut stream, bytes, bar).map_err(explain)?;
            received = Instant::now();
            sending = Instant::now();
            pattern.send(&mut stream, bytes, bar).map_err(explain)?;
        }
    }
    stream.conn.send_close_notify();
    stream.flush().map_err(explain)?;
    // The clean end: the peer's close_notify reads as zero bytes, anything less as an error.
    match stream.read(&mut [0]) {
        Ok(0) => {}
        Ok(_) => return Err("more data than was agreed on".into()),
        Err(error) => return Err(format!("no clean close: {error}")),
    }
    Ok(Side { facts, handshake, received, sending, log: recorder.log() })
}

/// What is sent: pseudorandom bytes whose period has no factor in common with any buffer or record, so that a piece
/// lost, doubled or moved shows.
struct Pattern(Vec<u8>);

impl Pattern {
    fn new() -> Self {
        let mut state = 0x2545_f491_u32;
        let mut bytes: Vec<u8> = (0..PERIOD)
            .map(|_| {
                // Xorshift: any sequence will do that does not repeat within the period.
                state ^= state << 13;
                state ^= state >> 17;
                state ^= state << 5;
                state.to_be_bytes()[0]
            })
            .collect();
        // So that a buffer's worth from anywhere in the period lies in one piece.
        bytes.extend_from_within(..CHUNK);
        Self(bytes)
    }

    /// The bytes from `position` on, at most a buffer's worth.
    fn at(&self, position: u64, len: usize) -> &[u8] {
        let start = (position % PERIOD as u64) as usize;
        &self.0[start..start + len]
    }

    fn send(&self, to: &mut impl Write, bytes: u64, bar: &ProgressBar) -> io::Result<()> {
        let mut sent = 0;
        while sent < bytes {
            let len = (bytes - sent).min(CHUNK as u64) as usize;
            to.write_all(self.at(sent, len))?;
            sent += len as u64;
            bar.inc(len as u64);
        }
        to.flush()
    }

    /// Receives that many bytes and compares every one of them.
    fn receive(&self, from: &mut impl Read, bytes: u64, bar: &ProgressBar) -> io::Result<()> {
        let mut buffer = vec![0; CHUNK];
        let mut position = 0;
        while position < bytes {
            let wanted = (bytes - position).min(CHUNK as u64) as usize;
            let count = from.read(&mut buffer[..wanted])?;
            if count == 0 {
                return Err(io::Error::new(io::ErrorKind::UnexpectedEof, "closed before all data had come"));
            }
            if buffer[..count] != *self.at(position, count) {
                return Err(io::Error::other(format!("the data differ after byte {position}")));
            }
            position += count as u64;
            bar.inc(count as u64);
        }
        Ok(())
    }
}

impl Pair {
    /// Whether this is the connection it should be, as both ends saw it.
    fn check(&self, kind: HandshakeKind, args: &DemoArgs) -> Result<(), String> {
        let (client, server) = (&self.client, &self.server);
        for (end, side) in [("client", client), ("server", server)] {
            if side.facts.kind != Some(kind) {
                return Err(format!("{end}: expected a {kind:?} handshake, had {:?}", side.facts.kind));
            }
        }
        if (&client.facts.suite, &client.facts.group) != (&server.facts.suite, &server.facts.group) {
            return Err("the two ends disagree on what was negotiated".into());
        }
        if client.facts.peer.is_empty() {
            return Err("the client has no server certificate".into());
        }
        if server.facts.peer.is_empty() == args.mtls {
            return Err("the server has a client certificate, or lacks it, against its config".into());
        }
        if client.log.messages != server.log.messages || client.log.messages.iter().any(Vec::is_empty) {
            return Err("the two ends recorded different handshake messages".into());
        }
        Ok(())
    }

    /// MB/s from client to server and back.
    fn rates(&self) -> [f64; 2] {
        let rate = |from: &Side, to: &Side| {
            let time = to.received.saturating_duration_since(from.sending).as_secs_f64().max(1e-9);
            self.bytes as f64 / 1e6 / time
        };
        [rate(&self.client, &self.server), rate(&self.server, &self.client)]
    }
}

fn report(full: &Pair, resumed: &Pair, args: &DemoArgs) -> Result<String, String> {
    let facts = &full.client.facts;
    let mut rows = facts.rows();
    rows.extend(chain_rows("server chain", &facts.peer));
    rows.extend(chain_rows("client chain", &full.server.facts.peer));
    rows.push(("client verified", verified(&full.client, End::Server, &format!(" for {NAME}"))));
    rows.push((
        "server verified",
        match args.mtls {
            true => verified(&full.server, End::Client, ""),
            false => "nobody: it asked for no client certificate (--mtls does)".into(),
        },
    ));
    let time = |pair: &Pair| {
        format!("client {}, server {}", span(pair.client.handshake), span(pair.server.handshake))
    };
    rows.push(("full handshake", time(full)));
    rows.push(("resumed", format!("{}, {} with a ticket", time(resumed), resumed.client.facts.group)));
    let [up, down] = full.rates();
    let amount = format!("{} MiB, every byte compared", full.bytes >> 20);
    rows.push(("client to server", format!("{} MB/s, {amount}", commas(up as u64))));
    rows.push(("server to client", format!("{} MB/s, {amount}", commas(down as u64))));
    rows.push(("closed", "close_notify both ways, in both connections".into()));
    Ok(format!(
        "{}\n{}\n{}\n{}\n{}",
        table(&rows),
        heading("full handshake", full),
        draw(&full.client.log.steps),
        heading("resumed with a ticket", resumed),
        draw(&resumed.client.log.steps),
    ))
}

/// Whom a side verified, with what. The library fails a handshake in which this does not hold; the words come from the
/// chain it reports and from the CertificateVerify on the wire.
fn verified(side: &Side, peer: End, name: &str) -> String {
    let leaf = side.facts.peer.first().and_then(|der| Summary::read(der));
    let (subject, issuer) = leaf.map_or_else(Default::default, |leaf| (leaf.subject, leaf.issuer));
    let signature = side.log.signatures[peer as usize];
    let signature = signature.map_or_else(|| "unknown".into(), |scheme| format!("{scheme:?}"));
    format!("{subject}{name}, issued by the trusted root {issuer}; handshake signed with {signature}")
}

fn heading(title: &str, pair: &Pair) -> String {
    let [client, server] = pair.client.log.handshake_wire;
    let records = |(records, bytes): (u64, u64)| format!("{} B in {records} records", commas(bytes));
    format!(
        "{title}, as the client saw it (message sizes; on the wire before the data: {} out, {} in)",
        records(client),
        records(server)
    )
}

const NAME: &str = "localhost";
/// For a connection that is about its handshake.
const SMALL: u64 = 64 * 1024;
const CHUNK: usize = 64 * 1024;
/// A prime.
const PERIOD: usize = 1_000_003;
/// Loopback answers at once; a demo that waits longer than this for one byte has failed.
const PATIENCE: Duration = Duration::from_secs(20);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_changed_moved_or_missing_byte_is_noticed() {
        let pattern = Pattern::new();
        let bar = ProgressBar::hidden();
        let bytes = 3 * PERIOD as u64 / 2;
        let mut sent = Vec::new();
        pattern.send(&mut sent, bytes, &bar).unwrap();
        assert_eq!(sent.len() as u64, bytes);
        assert!(pattern.receive(&mut &*sent, bytes, &bar).is_ok());

        let mut changed = sent.clone();
        changed[PERIOD + 5] ^= 1;
        assert!(pattern.receive(&mut &*changed, bytes, &bar).is_err());
        let mut moved = sent.clone();
        moved.drain(16_384..32_768);
        assert!(pattern.receive(&mut &*moved, bytes, &bar).is_err());
        assert!(pattern.receive(&mut &sent[..sent.len() - 1], bytes, &bar).is_err());
    }
}
