//! One connection over the runner's stand-in for QUIC.
//!
//! The stand-in has no packets. Each unit says its type, its level and the cipher suite, then the traffic secret in the clear and
//! the plain bytes; both ends only look whether they have the same secret. So the shim takes the secrets from the key log, and
//! the keys of the connection serve to tell when a level begins.

use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;
use std::sync::Arc;

use chitin::quic::{ClientConnection, Connection, KeyChange, ServerConnection, Version};
use chitin::{AlertDescription, Error};

use crate::Trouble;
use crate::ech;
use crate::options::Options;
use crate::session::{Met, check, check_end, connect, drain, first_message, inverted, same};
use crate::setup::{Setup, Side, server_name, treats_alike};

/// What a connection of QUIC cannot do, or has no need of, and is not to be asked for unseen.
pub fn check_flags(options: &Options) -> Result<(), Trouble> {
    let asked = [
        ("-check-close-notify", options.check_close_notify),
        ("-key-update", options.key_update || options.key_update_before_read),
        ("-read-with-unfinished-write", options.read_with_unfinished_write),
        ("-read-size", options.read_size.is_some()),
        ("-max-send-fragment", options.max_send_fragment.is_some()),
        ("-export-traffic-secrets", options.export_traffic_secrets),
        ("-early-write-after-message", options.early_write_after.is_some()),
        ("a late choice of the configuration", treats_alike(options)),
        ("-use-early-callback", options.use_early_callback || options.fail_early_callback),
    ];
    match asked.into_iter().find(|(_, asked)| *asked) {
        Some((what, _)) => Err(Trouble::Unimplemented(format!("{what} over QUIC"))),
        None => Ok(()),
    }
}

/// Runs one connection to its end. `retry` is what holds for it once the server has refused its early data.
pub fn run(setup: &Setup, options: &Options, retry: &Options, resumes: bool) -> Result<(), Trouble> {
    setup.begin(options)?;
    let version = if options.quic_legacy { Version::V1Draft } else { Version::V1 };
    let parameters = options.quic_parameters.clone().unwrap_or_default();
    let conn: Connection = match &setup.side {
        Side::Client(base) => {
            let config = Arc::new(setup.client_config(base, options)?);
            ClientConnection::new(config, version, server_name(options)?, parameters)?.into()
        }
        Side::Server(base) => {
            let mut config = setup.server_config(base, options);
            if config.max_early_data_size > 0 {
                config.max_early_data_size = u32::MAX;
            }
            match ServerConnection::new(Arc::new(config), version, parameters) {
                Ok(conn) => conn.into(),
                Err(error) => return refuse(connect(options)?, error),
            }
        }
    };
    let mut link = Link {
        setup,
        conn,
        stream: connect(options)?,
        reading: Level::Initial,
        writing: Level::Initial,
        refusal: None,
    };
    let early = link.conn.zero_rtt_keys().is_some();
    let done = converse(setup, options, retry, resumes, &mut link);
    link.say_goodbye();
    let (status, options) = match &link.conn {
        // What holds behind refused early data.
        Connection::Client(conn) if early && !conn.is_early_data_accepted() => {
            (Some(conn.ech_status()), retry)
        }
        Connection::Client(conn) => (Some(conn.ech_status()), options),
        Connection::Server(_) => (None, options),
    };
    ech::check(setup, options, status, done)
}

/// An endpoint that has no connection to give says so to whoever comes.
fn refuse(mut stream: TcpStream, error: Error) -> Result<(), Trouble> {
    let _ = stream.read(&mut [0; 1]);
    let alert = u8::from(AlertDescription::InternalError);
    let _ = stream.write_all(&[ALERT, Level::Initial as u8, 0, 0, 0, 0, 0, 2, FATAL, alert]);
    drain(&mut stream);
    Err(Trouble::Library(error))
}

fn converse(
    setup: &Setup,
    options: &Options,
    retry: &Options,
    resumes: bool,
    link: &mut Link<'_>,
) -> Result<(), Trouble> {
    let mut message = first_message(options);
    link.flush()?;
    let offered = matches!(link.conn, Connection::Client(_)) && link.conn.zero_rtt_keys().is_some();
    if options.expect_no_early_data_offered {
        same("early data offered", offered, false)?;
    }
    if offered {
        if options.expect_early_data_rejected {
            // Nobody is asked about the server before that is known.
            setup.begin_verdict(retry);
        }
        if let Some(len) = options.export_len {
            // An application that takes the early stage for the whole.
            link.conn.export_keying_material(vec![0; len], options.export_label.as_bytes(), None)?;
        }
        for piece in message.drain(..) {
            link.send(APPLICATION_DATA, Level::Early, &piece)?;
        }
    }
    while link.conn.is_handshaking() {
        match link.receive()? {
            None => return Err(Trouble::Closed),
            Some(Unit { typ: APPLICATION_DATA, level: Level::Early, body }) => {
                // Half a round trip early.
                link.send(APPLICATION_DATA, Level::OneRtt, &inverted(&body))?;
            }
            Some(unit) => link.take(unit)?,
        }
    }

    let accepted = match &link.conn {
        Connection::Client(conn) => conn.is_early_data_accepted(),
        Connection::Server(conn) => conn.zero_rtt_keys().is_some(),
    };
    if options.expect_early_data_accepted || options.expect_early_data_rejected {
        same("early data accepted", accepted, options.expect_early_data_accepted)?;
    }
    // What was written early and refused is gone; what follows is another matter.
    let (options, message) = match offered && !accepted {
        true => (retry, first_message(retry)),
        false => (options, message),
    };
    // There has to be a protocol, and this endpoint knows of none by other means. RFC 9001 section 8.1.
    if link.conn.alpn_protocol().is_none() {
        link.refusal = Some(AlertDescription::NoApplicationProtocol);
        return Err(Trouble::Library(Error::NoApplicationProtocol));
    }
    if let Some(parameters) = &options.expect_quic_parameters {
        same("transport parameters", link.conn.quic_transport_parameters(), Some(&parameters[..]))?;
    }
    let protocols = offered_protocols(&setup.notes.lock().hello);
    setup.notes.lock().protocols = protocols;
    let met = match &link.conn {
        Connection::Client(_) => Met::Server,
        Connection::Server(conn) => Met::Client(conn.server_name(), None),
    };
    check(setup, options, resumes, &link.conn, met)?;
    exchange(options, &message, link)?;
    check_end(setup, options, &link.conn)
}

fn exchange(options: &Options, message: &[Vec<u8>], link: &mut Link<'_>) -> Result<(), Trouble> {
    if let Some(len) = options.export_len {
        let context = options.use_export_context.then_some(options.export_context.as_bytes());
        let secret =
            link.conn.export_keying_material(vec![0; len], options.export_label.as_bytes(), context)?;
        link.send(APPLICATION_DATA, Level::OneRtt, &secret)?;
    }
    if options.send_alert {
        link.refusal = Some(AlertDescription::DecompressionFailure);
        return Ok(());
    }
    for piece in message {
        link.send(APPLICATION_DATA, Level::OneRtt, piece)?;
    }
    if options.shim_shuts_down {
        return Ok(());
    }
    // QUIC has its own way to close, which the stand-in leaves out.
    while let Some(unit) = link.receive()? {
        match unit.typ {
            APPLICATION_DATA => link.send(APPLICATION_DATA, Level::OneRtt, &inverted(&unit.body))?,
            _ => link.take(unit)?,
        }
    }
    Ok(())
}

/// In the runner's order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Level {
    Initial,
    Early,
    Handshake,
    OneRtt,
}

const LEVELS: [Level; 4] = [Level::Initial, Level::Early, Level::Handshake, Level::OneRtt];

const ALERT: u8 = 21;
const HANDSHAKE: u8 = 22;
const APPLICATION_DATA: u8 = 23;

/// What has come, its secret looked at and taken off.
struct Unit {
    typ: u8,
    level: Level,
    body: Vec<u8>,
}

struct Link<'a> {
    setup: &'a Setup,
    conn: Connection,
    stream: TcpStream,
    /// The level at which handshake bytes are read.
    reading: Level,
    /// And at which they are written.
    writing: Level,
    /// Why the endpoint itself closes.
    refusal: Option<AlertDescription>,
}

impl Link<'_> {
    /// Gives the connection's handshake bytes out. A peer that has gone shows when we read.
    fn flush(&mut self) -> Result<(), Trouble> {
        loop {
            let mut bytes = Vec::new();
            let change = self.conn.write_hs(&mut bytes);
            if !bytes.is_empty() {
                self.send(HANDSHAKE, self.writing, &bytes)?;
            }
            match change {
                None => break,
                Some(KeyChange::Handshake { .. }) => {
                    (self.reading, self.writing) = (Level::Handshake, Level::Handshake);
                }
                Some(KeyChange::OneRtt { .. }) => self.writing = Level::OneRtt,
            }
        }
        if !self.conn.is_handshaking() {
            self.reading = Level::OneRtt;
        }
        Ok(())
    }

    fn send(&mut self, typ: u8, level: Level, body: &[u8]) -> Result<(), Trouble> {
        let (suite, secret) = self.protection(level, self.own())?;
        let mut unit = vec![typ, level as u8];
        unit.extend(suite.to_be_bytes());
        let len = u32::try_from(secret.len() + body.len()).map_err(|e| Trouble::Mistake(e.to_string()))?;
        unit.extend(len.to_be_bytes());
        unit.extend(secret);
        unit.extend(body);
        let _ = self.stream.write_all(&unit);
        Ok(())
    }

    /// The next unit that is not early data which nobody wants. `None`: the peer has closed.
    fn receive(&mut self) -> Result<Option<Unit>, Trouble> {
        loop {
            let mut header = [0; 8];
            match self.stream.read_exact(&mut header) {
                Ok(()) => {}
                Err(e) if matches!(e.kind(), ErrorKind::UnexpectedEof | ErrorKind::ConnectionReset) => {
                    return Ok(None);
                }
                Err(e) => return Err(Trouble::Mistake(format!("reading: {e}"))),
            }
            let [typ, level, s0, s1, l0, l1, l2, l3] = header;
            let mut body = vec![0; u32::from_be_bytes([l0, l1, l2, l3]) as usize];
            self.stream.read_exact(&mut body).map_err(|e| Trouble::Mistake(format!("reading: {e}")))?;
            let level = LEVELS.get(usize::from(level)).copied();
            let level = level.ok_or_else(|| Trouble::Mistake("a level that does not exist".into()))?;
            if level == Level::Early && self.conn.zero_rtt_keys().is_none() {
                continue; // as any packet that no key opens
            }
            let (suite, secret) = self.protection(level, !self.own())?;
            same("the suite of a level", u16::from_be_bytes([s0, s1]), suite)?;
            let theirs = body.get(..secret.len()).unwrap_or_default();
            same("the secret of a level", theirs, &secret[..])?;
            return Ok(Some(Unit { typ, level, body: body.split_off(secret.len()) }));
        }
    }

    /// Takes in what is no application data.
    fn take(&mut self, unit: Unit) -> Result<(), Trouble> {
        match unit.typ {
            // RFC 9001 section 4.1.3.
            HANDSHAKE if unit.level != self.reading => Err(Trouble::WrongLevel),
            HANDSHAKE => {
                self.conn.read_hs(&unit.body)?;
                self.flush()
            }
            ALERT => match unit.body[..] {
                [_, alert] => Err(Trouble::Library(Error::AlertReceived(AlertDescription::from(alert)))),
                _ => Err(Trouble::Mistake("an alert that is none".into())),
            },
            _ => Err(Trouble::Mistake(format!("type {} at {:?}", unit.typ, unit.level))),
        }
    }

    /// The suite of a level, and the secret that the client or the server writes with.
    fn protection(&self, level: Level, client: bool) -> Result<(u16, Vec<u8>), Trouble> {
        let label = match (level, client) {
            (Level::Initial, _) => return Ok((0, Vec::new())),
            (Level::Early, _) => "CLIENT_EARLY_TRAFFIC_SECRET",
            (Level::Handshake, true) => "CLIENT_HANDSHAKE_TRAFFIC_SECRET",
            (Level::Handshake, false) => "SERVER_HANDSHAKE_TRAFFIC_SECRET",
            (Level::OneRtt, true) => "CLIENT_TRAFFIC_SECRET_0",
            (Level::OneRtt, false) => "SERVER_TRAFFIC_SECRET_0",
        };
        let notes = self.setup.notes.lock();
        let suite = self.conn.negotiated_cipher_suite().map(|suite| u16::from(suite.suite()));
        // Before the server has chosen there is only the suite of the session.
        let suite = suite.or(notes.session_suite).ok_or_else(|| Trouble::Mistake("no suite yet".into()))?;
        let found = notes.secrets.iter().rev().find(|(name, _)| name == label);
        let secret = found.ok_or_else(|| Trouble::Mistake(format!("no {label}")))?.1.clone();
        Ok((suite, secret))
    }

    /// Are we the client?
    fn own(&self) -> bool {
        matches!(self.conn, Connection::Client(_))
    }

    /// Sends what is left and the alert, if there is one, and waits for the peer to close.
    fn say_goodbye(&mut self) {
        if self.flush().is_ok() {
            if let Some(alert) = self.conn.alert().or(self.refusal) {
                let _ = self.send(ALERT, self.writing, &[FATAL, u8::from(alert)]);
            }
        }
        drain(&mut self.stream);
    }
}

const FATAL: u8 = 2;

/// The protocols in a client's hello, its header included. RFC 8446 section 4.1.2, RFC 7301 section 3.1.
///
/// There is no acceptor for QUIC that would show them, and a resolver is not asked when a session is resumed.
fn offered_protocols(hello: &[u8]) -> Option<Vec<Vec<u8>>> {
    let mut rest = hello.get(4 + 2 + 32..)?;
    for width in [1, 2, 1] {
        sized(&mut rest, width)?; // session id, suites, compression methods
    }
    let mut extensions = sized(&mut rest, 2)?;
    while let [c0, c1, after @ ..] = extensions {
        extensions = after;
        let mut body = sized(&mut extensions, 2)?;
        if u16::from_be_bytes([*c0, *c1]) == ALPN {
            let mut names = sized(&mut body, 2)?;
            let mut all = Vec::new();
            while !names.is_empty() {
                all.push(sized(&mut names, 1)?.to_vec());
            }
            return Some(all);
        }
    }
    None
}

const ALPN: u16 = 16;

/// Takes what stands behind a length of so many bytes.
fn sized<'a>(rest: &mut &'a [u8], width: usize) -> Option<&'a [u8]> {
    let (len, after) = rest.split_at_checked(width)?;
    let len = len.iter().fold(0, |len, byte| len << 8 | usize::from(*byte));
    let (body, after) = after.split_at_checked(len)?;
    *rest = after;
    Some(body)
}
