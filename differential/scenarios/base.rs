//! Configs, pairs of connections, and the moving of bytes between them.

use std::io::{self, IoSlice, Read, Write};
use std::ops::DerefMut;
use std::sync::Arc;

use tls::pki_types::ServerName;
use tls::{
    ClientConfig, ClientConnection, ConnectionCommon, Error, IoState, RootCertStore, ServerConfig,
    ServerConnection, SideData, SupportedProtocolVersion, version,
};
use world::World;

pub const BOTH: [(&str, &SupportedProtocolVersion); 2] = [("1.3", &version::TLS13), ("1.2", &version::TLS12)];

pub fn roots(world: &World) -> RootCertStore {
    let mut roots = RootCertStore::empty();
    roots.add(world.root.clone()).unwrap();
    roots
}

pub fn client_config(world: &World, versions: &[&'static SupportedProtocolVersion]) -> ClientConfig {
    ClientConfig::builder_with_protocol_versions(versions)
        .with_root_certificates(roots(world))
        .with_no_client_auth()
}

pub fn server_config(world: &World, versions: &[&'static SupportedProtocolVersion]) -> ServerConfig {
    ServerConfig::builder_with_protocol_versions(versions)
        .with_no_client_auth()
        .with_single_cert(world.good.chain.clone(), world.good.key.clone_key())
        .unwrap()
}

pub fn localhost() -> ServerName<'static> {
    ServerName::try_from("localhost").unwrap()
}

/// Both configs, with one version or both.
pub fn configs(world: &World, version: &'static SupportedProtocolVersion) -> (ClientConfig, ServerConfig) {
    (client_config(world, &[version]), server_config(world, &[version]))
}

pub fn client(config: &Arc<ClientConfig>) -> ClientConnection {
    ClientConnection::new(config.clone(), localhost()).unwrap()
}

pub fn server(config: &Arc<ServerConfig>) -> ServerConnection {
    ServerConnection::new(config.clone()).unwrap()
}

pub fn pair(
    client_config: ClientConfig,
    server_config: ServerConfig,
) -> (ClientConnection, ServerConnection) {
    (client(&client_config.into()), server(&server_config.into()))
}

/// A pair behind its handshake, the tickets of the server with the client.
pub fn connected(
    world: &World,
    version: &'static SupportedProtocolVersion,
) -> (ClientConnection, ServerConnection) {
    let (client_config, server_config) = configs(world, version);
    let (mut client, mut server) = pair(client_config, server_config);
    shake(&mut client, &mut server).unwrap();
    (client, server)
}

/// Everything that a connection has to say.
pub fn take<S: SideData>(from: &mut impl DerefMut<Target = ConnectionCommon<S>>) -> Vec<u8> {
    let mut bytes = Vec::new();
    while from.wants_write() {
        from.write_tls(&mut bytes).unwrap();
    }
    bytes
}

/// Has a connection read all of these bytes, piece by piece as far as it takes them; what it says last, or its error.
pub fn feed<S: SideData>(
    to: &mut impl DerefMut<Target = ConnectionCommon<S>>,
    mut bytes: &[u8],
) -> Result<IoState, Error> {
    loop {
        if !bytes.is_empty() && to.read_tls(&mut bytes).unwrap_or(0) == 0 {
            return to.process_new_packets();
        }
        let state = to.process_new_packets()?;
        if bytes.is_empty() {
            return Ok(state);
        }
    }
}

/// Moves bytes until neither has any more to say, or one fails.
pub fn shake(client: &mut ClientConnection, server: &mut ServerConnection) -> Result<(), Error> {
    for _ in 0..20 {
        let (up, down);
        up = take(client);
        feed(server, &up)?;
        down = take(server);
        feed(client, &down)?;
        if up.is_empty() && down.is_empty() {
            return Ok(());
        }
    }
    panic!("no end");
}

/// As before; but a side that fails is heard to its end, so that its alert arrives.
pub fn outcomes(
    client: &mut ClientConnection,
    server: &mut ServerConnection,
) -> (Result<(), Error>, Result<(), Error>) {
    let (mut c, mut s) = (Ok(()), Ok(()));
    for _ in 0..20 {
        let up = take(client);
        if s.is_ok() && !up.is_empty() {
            s = feed(server, &up).map(drop);
        }
        let down = take(server);
        if c.is_ok() && !down.is_empty() {
            c = feed(client, &down).map(drop);
        }
        if up.is_empty() && down.is_empty() {
            break;
        }
    }
    (c, s)
}

/// The records of what flies: type, version, and for plain alerts and ChangeCipherSpec what they say.
pub fn records(mut bytes: &[u8]) -> Vec<String> {
    let mut records = Vec::new();
    while let [typ, high, low, l0, l1, rest @ ..] = bytes {
        let length = usize::from(u16::from_be_bytes([*l0, *l1]));
        let Some((body, rest)) = rest.split_at_checked(length) else { break };
        let says = if matches!(typ, 20 | 21) && length <= 2 { format!(" {body:?}") } else { String::new() };
        records.push(format!("{typ} {high}.{low}{says}"));
        bytes = rest;
    }
    records
}

/// The types of records as one reads them, since those of a flight are told apart by their keys alone.
pub fn types(bytes: &[u8]) -> Vec<u8> {
    records(bytes).iter().filter_map(|record| record.split(' ').next()?.parse().ok()).collect()
}

pub fn record(typ: u8, body: &[u8]) -> Vec<u8> {
    let length = u16::try_from(body.len()).unwrap().to_be_bytes();
    [&[typ, 3, 3, length[0], length[1]], body].concat()
}

/// How `IoState` looks: what is to be written only as whether there is any, since lengths of hellos vary.
pub fn state(state: &Result<IoState, Error>) -> String {
    match state {
        Ok(s) => format!(
            "to write: {}, to read: {}, closed: {}",
            s.tls_bytes_to_write() > 0,
            s.plaintext_bytes_to_read(),
            s.peer_has_closed()
        ),
        Err(error) => format!("{error:?}"),
    }
}

pub fn wishes<S: SideData>(conn: &impl std::ops::Deref<Target = ConnectionCommon<S>>) -> String {
    let yes = |what: bool, name| if what { name } else { "-" };
    [
        yes(conn.wants_read(), "reads"),
        yes(conn.wants_write(), "writes"),
        yes(conn.is_handshaking(), "handshakes"),
    ]
    .join(" ")
}

/// An outcome of `Read` and `Write`.
pub fn outcome<T: std::fmt::Debug>(result: io::Result<T>) -> String {
    match result {
        Ok(done) => format!("{done:?}"),
        Err(error) => format!("{:?}: {error}", error.kind()),
    }
}

pub fn read<S: SideData>(conn: &mut impl DerefMut<Target = ConnectionCommon<S>>) -> String {
    let mut buffer = [0; 64];
    match conn.reader().read(&mut buffer) {
        Ok(length) => String::from_utf8_lossy(&buffer[..length]).into_owned(),
        error => outcome(error),
    }
}

/// Counts the slices of each call to `write_vectored`.
#[derive(Default)]
pub struct Slices {
    pub calls: Vec<usize>,
    pub bytes: Vec<u8>,
}

impl Write for Slices {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.calls.push(1);
        self.bytes.extend(bytes);
        Ok(bytes.len())
    }

    fn write_vectored(&mut self, slices: &[IoSlice<'_>]) -> io::Result<usize> {
        self.calls.push(slices.len());
        slices.iter().for_each(|slice| self.bytes.extend(&**slice));
        Ok(slices.iter().map(|slice| slice.len()).sum())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
