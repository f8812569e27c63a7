//! One connection, from the first byte to the last: handshake, checks, exchange of data, close.

use std::io::{self, ErrorKind, Read, Write};
use std::net::{Ipv4Addr, Ipv6Addr, Shutdown, TcpStream};
use std::sync::Arc;
use std::time::Duration;

use chitin::crypto::raw_public_key;
use chitin::server::{Acceptor, CertificateType};
use chitin::{
    AlertDescription, ClientConnection, CommonState, Connection, Error, HandshakeKind, ProtocolVersion,
    ServerConfig, ServerConnection,
};

use crate::Trouble;
use crate::ech;
use crate::options::Options;
use crate::parts::sha256;
use crate::setup::{Setup, Side, has_aes, read_chain, scts, server_name, treats_alike};

/// Runs one connection to its end. `retry` is what holds for it once the server has refused its early data.
pub fn run(setup: &Setup, options: &Options, retry: &Options, resumes: bool) -> Result<(), Trouble> {
    setup.begin(options)?;
    let stream = connect(options)?;
    let mut link = match &setup.side {
        Side::Client(base) => {
            let config = Arc::new(setup.client_config(base, options)?);
            Link::new(ClientConnection::new(config, server_name(options)?)?, stream)
        }
        // Only an acceptor sees every hello: resolvers are not asked when a session is resumed.
        Side::Server(base) if wants_hello(options) => accept(stream, base, setup, options)?,
        Side::Server(base) => {
            Link::new(ServerConnection::new(Arc::new(setup.server_config(base, options)))?, stream)
        }
    };
    let early = link.offers_early_data();
    let done = converse(setup, options, retry, resumes, &mut link);
    link.say_goodbye();
    let (status, options) = match &mut link.conn {
        // What holds behind refused early data.
        Connection::Client(conn) if early && !conn.is_early_data_accepted() => {
            (Some(conn.ech_status()), retry)
        }
        Connection::Client(conn) => (Some(conn.ech_status()), options),
        Connection::Server(_) => (None, options),
    };
    ech::check(setup, options, status, done)
}

fn converse(
    setup: &Setup,
    options: &Options,
    retry: &Options,
    resumes: bool,
    link: &mut Link,
) -> Result<(), Trouble> {
    let mut message = first_message(options);
    let offered = link.offers_early_data();
    if options.expect_no_early_data_offered {
        same("early data offered", offered, false)?;
    }
    if offered {
        if options.expect_early_data_rejected {
            // Nobody is asked about the server before that is known.
            setup.begin_verdict(retry);
        }
        send_early_data(setup, options, &mut message, link)?;
    }
    link.handshake()?;

    let accepted = link.accepted_early_data();
    if options.expect_early_data_accepted || options.expect_early_data_rejected {
        same("early data accepted", accepted, options.expect_early_data_accepted)?;
    }
    // What was written early and refused is gone; what follows is another matter.
    let (options, message) = match offered && !accepted {
        true => (retry, first_message(retry)),
        false => (options, message),
    };
    let met = match &link.conn {
        Connection::Client(_) => Met::Server,
        Connection::Server(conn) => Met::Client(conn.server_name(), conn.ticket_age_skew()),
    };
    check(setup, options, resumes, &link.conn, met)?;
    exchange(setup, options, &message, link)?;
    check_end(setup, options, &link.conn)
}

/// What the shim says first, one piece for each write.
pub fn first_message(options: &Options) -> Vec<Vec<u8>> {
    let writes = options.shim_writes_first || options.read_with_unfinished_write;
    let piece = options.initial_write.clone().unwrap_or_else(|| b"hello".to_vec());
    vec![piece; if writes { options.initial_write_repeats.unwrap_or(1) } else { 0 }]
}

/// Writes as much of `message` as the server takes early. The rest waits for the handshake.
fn send_early_data(
    setup: &Setup,
    options: &Options,
    message: &mut Vec<Vec<u8>>,
    link: &mut Link,
) -> Result<(), Trouble> {
    link.flush();
    if let Some(len) = options.export_len {
        // An application that takes the early stage for the whole.
        link.conn.export_keying_material(vec![0; len], options.export_label.as_bytes(), None)?;
    }
    if let Some(typ) = options.early_write_after {
        let seen = format!("read hs {typ}\n");
        while !setup.notes.lock().messages.contains(&seen) {
            if !link.receive_at_most(1)? {
                return Err(Trouble::Closed);
            }
        }
    }
    for piece in message.iter_mut() {
        let Connection::Client(conn) = &mut link.conn else { break };
        let Some(mut early) = conn.early_data() else {
            return Err(Trouble::Mistake("it is too late for early data".into()));
        };
        let taken = early.write(piece).map_err(|e| Trouble::Mistake(e.to_string()))?;
        piece.drain(..taken);
        match options.read_with_unfinished_write {
            true => link.send_one_byte()?,
            false => link.flush(),
        }
    }
    message.retain(|piece| !piece.is_empty());
    if options.read_with_unfinished_write && !link.receive()? {
        return Err(Trouble::Closed);
    }
    Ok(())
}

fn wants_hello(options: &Options) -> bool {
    options.use_early_callback
        || options.fail_early_callback
        || options.expect_advertised_alpn.is_some()
        || treats_alike(options)
}

pub fn connect(options: &Options) -> Result<TcpStream, Trouble> {
    let stream = match options.ipv6 {
        true => TcpStream::connect((Ipv6Addr::LOCALHOST, options.port)),
        false => TcpStream::connect((Ipv4Addr::LOCALHOST, options.port)),
    };
    let mut stream = stream.map_err(|e| Trouble::Mistake(format!("connecting: {e}")))?;
    // A runner that waits for us while we wait for it would wait for ever.
    stream.set_read_timeout(Some(PATIENCE)).map_err(|e| Trouble::Mistake(e.to_string()))?;
    stream.set_nodelay(true).map_err(|e| Trouble::Mistake(e.to_string()))?;
    stream.write_all(&options.shim_id.to_le_bytes()).map_err(|e| Trouble::Mistake(e.to_string()))?;
    Ok(stream)
}

/// Lets the application see the hello before it gives a configuration.
fn accept(
    mut stream: TcpStream,
    base: &ServerConfig,
    setup: &Setup,
    options: &Options,
) -> Result<Link, Trouble> {
    let mut acceptor = Acceptor::default();
    loop {
        if acceptor.read_tls(&mut stream).unwrap_or(0) == 0 {
            return Err(Trouble::Closed);
        }
        let refused = match acceptor.accept() {
            Ok(None) => continue,
            Ok(Some(accepted)) => {
                let hello = accepted.client_hello();
                setup.notes.lock().protocols = hello.alpn().map(|names| names.map(<[u8]>::to_vec).collect());
                let config = setup.server_config_for(base, options, &hello)?;
                match accepted.into_connection(Arc::new(config)) {
                    Ok(conn) => return Ok(Link::new(conn, stream)),
                    Err(refused) => refused,
                }
            }
            Err(refused) => refused,
        };
        let (error, mut alert) = refused;
        let _ = alert.write_all(&mut stream); // the error is worth more
        drain(&mut stream);
        return Err(Trouble::Library(error));
    }
}

/// A connection and its socket.
struct Link {
    conn: Connection,
    stream: TcpStream,
    /// Sealed already, and held back by `-read-with-unfinished-write`.
    unfinished: Vec<u8>,
}

impl Link {
    fn new(conn: impl Into<Connection>, stream: TcpStream) -> Self {
        Self { conn: conn.into(), stream, unfinished: Vec::new() }
    }

    fn handshake(&mut self) -> Result<(), Trouble> {
        loop {
            self.answer_early_data()?;
            self.flush();
            if !self.conn.is_handshaking() {
                return Ok(());
            }
            if !self.receive()? {
                return Err(Trouble::Closed);
            }
        }
    }

    fn offers_early_data(&mut self) -> bool {
        match &mut self.conn {
            Connection::Client(conn) => conn.early_data().is_some(),
            Connection::Server(_) => false,
        }
    }

    fn accepted_early_data(&mut self) -> bool {
        match &mut self.conn {
            Connection::Client(conn) => conn.is_early_data_accepted(),
            Connection::Server(conn) => conn.early_data().is_some(),
        }
    }

    /// A server answers what came early at once, half a round trip before the client's Finished.
    fn answer_early_data(&mut self) -> Result<(), Trouble> {
        let Connection::Server(conn) = &mut self.conn else { return Ok(()) };
        let mut buffer = [0; 512];
        while let Some(mut early) = conn.early_data() {
            let len = early.read(&mut buffer).map_err(|e| Trouble::Mistake(e.to_string()))?;
            if len == 0 {
                break;
            }
            let writer = &mut conn.writer();
            writer.write_all(&inverted(&buffer[..len])).map_err(|e| Trouble::Mistake(e.to_string()))?;
        }
        Ok(())
    }

    /// Sends what waits. A peer that has gone shows when we read.
    fn flush(&mut self) {
        let _ = self.stream.write_all(&std::mem::take(&mut self.unfinished));
        while self.conn.wants_write() {
            if self.conn.write_tls(&mut self.stream).is_err() {
                return;
            }
        }
    }

    /// Takes in what has come. False: the peer has closed its side.
    fn receive(&mut self) -> Result<bool, Trouble> {
        self.receive_at_most(u64::MAX)
    }

    fn receive_at_most(&mut self, bytes: u64) -> Result<bool, Trouble> {
        let came = match self.conn.read_tls(&mut (&mut self.stream).take(bytes)) {
            Ok(n) => n > 0,
            Err(error) if error.kind() == ErrorKind::ConnectionReset => false,
            Err(error) => return Err(Trouble::Mistake(format!("reading: {error}"))),
        };
        self.conn.process_new_packets()?;
        Ok(came)
    }

    /// Reads application data. `None`: there will be no more; then it tells whether the peer said so.
    fn read(&mut self, buffer: &mut [u8]) -> Result<Result<usize, End>, Trouble> {
        loop {
            match self.conn.reader().read(buffer) {
                Ok(0) => return Ok(Err(End::CloseNotify)),
                Ok(n) => return Ok(Ok(n)),
                // What the library has to say by itself (the answer to a KeyUpdate) can wait until we write.
                Err(error) if error.kind() == ErrorKind::WouldBlock => {
                    if !self.receive()? {
                        return Ok(Err(End::Cut));
                    }
                }
                Err(error) if error.kind() == ErrorKind::UnexpectedEof => return Ok(Err(End::Cut)),
                Err(error) => return Err(Trouble::Mistake(format!("reading data: {error}"))),
            }
        }
    }

    fn write(&mut self, data: &[u8]) -> Result<(), Trouble> {
        let mut rest = data;
        while !rest.is_empty() {
            let taken = self.conn.writer().write(rest).map_err(|e| Trouble::Mistake(e.to_string()))?;
            rest = &rest[taken..];
            self.flush();
        }
        Ok(())
    }

    /// Sends what is left (an alert, say), and waits for the peer to close: a reset would destroy what it has not read.
    fn say_goodbye(&mut self) {
        self.flush();
        drain(&mut self.stream);
    }
}

pub fn drain(stream: &mut TcpStream) {
    let _ = stream.shutdown(Shutdown::Write);
    let _ = io::copy(stream, &mut io::sink());
}

/// Longer than the runner's own patience with a shim, and than any honest pause.
const PATIENCE: Duration = Duration::from_secs(20);

/// How the peer's data ended.
#[derive(Clone, Copy, PartialEq, Eq)]
enum End {
    CloseNotify,
    Cut,
}

// ---- what the flags expect

/// Whom the connection was with.
pub enum Met<'a> {
    Server,
    /// A client that has asked for this name, and whose age of the session is off by so many milliseconds.
    Client(Option<&'a str>, Option<i64>),
}

pub fn check(
    setup: &Setup,
    options: &Options,
    resumes: bool,
    conn: &CommonState,
    met: Met<'_>,
) -> Result<(), Trouble> {
    let notes = setup.notes.lock();
    let resumed = conn.handshake_kind() == Some(HandshakeKind::Resumed);
    same("resumption", resumed, resumes && !options.expect_session_miss)?;
    expect("version", options.expect_version, conn.protocol_version().map(u16::from))?;
    let suite = conn.negotiated_cipher_suite().map(|suite| u16::from(suite.suite()));
    expect("suite", options.expect_cipher, suite)?;
    expect("suite", if has_aes() { options.expect_cipher_aes } else { options.expect_cipher_no_aes }, suite)?;
    let group = conn.protecting_key_exchange_group().map(u16::from);
    expect("group", options.expect_curve, group)?;
    if options.expect_hrr || options.expect_no_hrr {
        same("retry", notes.retried, options.expect_hrr)?;
    }

    let certificates = conn.peer_certificates().unwrap_or_default();
    if options.expect_no_peer_cert {
        same("peer certificates", certificates.len(), 0)?;
    }
    if let Some(path) = &options.expect_peer_cert_file {
        same("peer certificates", certificates, &read_chain(path)?[..])?;
    }
    let raw_key = certificates.first().and_then(raw_public_key);
    if let Some(number) = options.expect_peer_type {
        let shown = if raw_key.is_some() { CertificateType::RawPublicKey } else { CertificateType::X509 };
        same("peer certificate type", shown, CertificateType::from(number))?;
    }
    if let Some(pin) = &options.expect_peer_raw_key {
        same("raw public key", raw_key.map(|key| sha256(&key)).as_ref(), Some(pin))?;
    }
    if let (true, Some(verified)) = (options.expect_verify_result, notes.verified) {
        same("verdict", verified, !options.verify_fail)?;
    }
    expect("peer signature", options.expect_peer_signature_algorithm, notes.peer_signature.map(u16::from))?;
    if !options.expect_peer_verify_prefs.is_empty() {
        let schemes: Vec<u16> = notes.peer_schemes.iter().map(|scheme| u16::from(*scheme)).collect();
        same("peer schemes", &schemes, &options.expect_peer_verify_prefs)?;
    }
    let named = |identity: &[u8]| {
        let psks = (0..).zip(&options.credentials).filter_map(|(at, one)| Some((at, one.psk.as_ref()?)));
        psks.into_iter().find(|(_, psk)| psk.identity == identity).map(|(at, _)| at)
    };
    let selected = conn.external_psk_identity().and_then(named).or(notes.selected);
    expect("credential", options.expect_selected_credential, Some(selected.unwrap_or(-1)))?;
    if let Some(names) = &options.expect_client_ca_list {
        same("authorities", &notes.authorities, names)?;
    }
    if let Some(types) = &options.expect_certificate_types {
        same("certificate types", notes.certificate_types.as_ref(), Some(types))?;
    }
    if let Some(staple) = &options.expect_ocsp {
        same("OCSP response", &notes.ocsp, staple)?;
    }

    if let Some(list) = &options.expect_scts {
        same("SCTs", Some(&notes.scts), scts(list).as_ref())?;
    }

    if let Some(protocol) = &options.expect_alpn {
        // An empty one is none.
        same("protocol", conn.alpn_protocol().unwrap_or_default(), &protocol[..])?;
    }
    if let Some(protocols) = &options.expect_advertised_alpn {
        same("protocols", notes.protocols.as_ref(), Some(protocols))?;
    }
    if let Met::Client(asked_for, skew) = met {
        if let Some(wanted) = options.expect_ticket_age_skew.filter(|_| resumed) {
            same("skew", skew, Some(wanted * 1000))?;
        }
        if let Some(name) = &options.expect_server_name {
            same("server name", asked_for, Some(name.as_str()))?;
        }
        if options.expect_no_server_name {
            same("server name", asked_for, None)?;
        }
    }
    Ok(())
}

/// What can only be told when all has been exchanged.
pub fn check_end(setup: &Setup, options: &Options, conn: &CommonState) -> Result<(), Trouble> {
    let notes = setup.notes.lock();
    if options.expect_no_session {
        same("sessions", notes.sessions, 0)?;
    }
    if options.expect_ticket_renewal {
        same("a session", notes.sessions > 0, true)?;
    }
    if options.expect_ticket_supports_early_data {
        same("a session without early data", notes.session_without_early_data, false)?;
    }
    expect("other names", options.expect_resumable_across_names, notes.across_names)?;
    // A resumption makes no new one in a store.
    let full = conn.handshake_kind() != Some(HandshakeKind::Resumed);
    if full && (options.expect_session_id || options.expect_no_session_id) {
        same("sessions of the store", notes.stored > 0, options.expect_session_id)?;
    }
    if let Some(messages) = &options.expect_messages {
        // In TLS 1.3 one that comes is no message, and the runner does not count it as one.
        let new = conn.protocol_version() == Some(ProtocolVersion::TLSv1_3);
        let seen = if new { notes.messages.replace("read ccs\n", "") } else { notes.messages.clone() };
        same("messages", &seen, messages)?;
    }
    Ok(())
}

fn expect<T: PartialEq + std::fmt::Debug>(
    what: &str,
    wanted: Option<T>,
    got: Option<T>,
) -> Result<(), Trouble> {
    match wanted {
        Some(wanted) => same(what, got, Some(wanted)),
        None => Ok(()),
    }
}

pub fn same<T: PartialEq + std::fmt::Debug>(what: &str, got: T, wanted: T) -> Result<(), Trouble> {
    match got == wanted {
        true => Ok(()),
        false => Err(Trouble::Mistake(format!("{what}: {got:?} where {wanted:?} was expected"))),
    }
}

// ---- data

fn exchange(setup: &Setup, options: &Options, message: &[Vec<u8>], link: &mut Link) -> Result<(), Trouble> {
    if let Some(len) = options.export_len {
        let context = options.use_export_context.then_some(options.export_context.as_bytes());
        let secret =
            link.conn.export_keying_material(vec![0; len], options.export_label.as_bytes(), context)?;
        link.write(&secret)?;
    }
    if options.export_traffic_secrets {
        let secrets = traffic_secrets(setup, options)?;
        link.write(&secrets)?;
    }
    if options.send_alert {
        link.conn.end_with(AlertDescription::DecompressionFailure);
        return Ok(());
    }
    for piece in message {
        match options.read_with_unfinished_write {
            true => link.begin_write(piece)?,
            false => link.write(piece)?,
        }
    }
    if options.shim_shuts_down {
        return shut_down(options, link);
    }
    let mut buffer = vec![0; options.read_size.unwrap_or(512)];
    let end = loop {
        if options.key_update_before_read {
            link.conn.refresh_traffic_keys()?;
        }
        let len = match link.read(&mut buffer)? {
            Ok(len) => len,
            Err(end) => break end,
        };
        if options.key_update {
            link.conn.refresh_traffic_keys()?;
        }
        link.write(&inverted(&buffer[..len]))?;
    };
    if options.check_close_notify {
        link.conn.send_close_notify();
        link.flush();
        if end == End::Cut {
            return Err(Trouble::NoCloseNotify);
        }
    }
    Ok(())
}

/// What the runner expects as an echo.
pub fn inverted(data: &[u8]) -> Vec<u8> {
    data.iter().map(|byte| byte ^ 0xff).collect()
}

/// Closes first. Under `-check-close-notify` the peer has to close too, and to send nothing before.
fn shut_down(options: &Options, link: &mut Link) -> Result<(), Trouble> {
    if !options.check_close_notify {
        return Ok(());
    }
    link.conn.send_close_notify();
    link.flush();
    match link.read(&mut [0; 1])? {
        Ok(_) => Err(Trouble::DataOnShutdown),
        Err(End::Cut) => Err(Trouble::NoCloseNotify),
        Err(End::CloseNotify) => Ok(()),
    }
}

impl Link {
    /// Writes, but lets only one byte out.
    fn begin_write(&mut self, data: &[u8]) -> Result<(), Trouble> {
        self.conn.writer().write_all(data).map_err(|e| Trouble::Mistake(e.to_string()))?;
        self.send_one_byte()
    }

    fn send_one_byte(&mut self) -> Result<(), Trouble> {
        let mut sealed = Vec::new();
        while self.conn.wants_write() {
            self.conn.write_tls(&mut sealed).map_err(|e| Trouble::Mistake(e.to_string()))?;
        }
        self.unfinished = sealed.split_off(sealed.len().min(1));
        let _ = self.stream.write_all(&sealed); // a peer that has gone shows when we read
        Ok(())
    }
}

/// The secret that we read with, then the one that we write with, after their length.
fn traffic_secrets(setup: &Setup, options: &Options) -> Result<Vec<u8>, Trouble> {
    let notes = setup.notes.lock();
    let secret = |label: &str| {
        let found = notes.secrets.iter().rev().find(|(name, _)| name == label);
        found.map(|(_, secret)| secret.clone()).ok_or_else(|| Trouble::Mistake(format!("no {label}")))
    };
    let (client, server) = (secret("CLIENT_TRAFFIC_SECRET_0")?, secret("SERVER_TRAFFIC_SECRET_0")?);
    let (read, write) = if options.server { (client, server) } else { (server, client) };
    let len = u16::try_from(read.len()).map_err(|e| Trouble::Mistake(e.to_string()))?;
    Ok([&len.to_le_bytes()[..], &read, &write].concat())
}

impl From<Error> for Trouble {
    fn from(error: Error) -> Self {
        Self::Library(error)
    }
}
