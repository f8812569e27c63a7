//! Our side of a case: the config, the connections, and what we say of them.

use std::io::{Read, Write};
use std::net::TcpListener;
use std::sync::Arc;
use std::thread;

use chitin::version::{TLS12, TLS13};
use chitin::{
    ClientConfig, ClientConnection, ConnectionCommon, HandshakeKind, ServerConfig, ServerConnection,
    SideData, SupportedProtocolVersion,
};
use testkit::configs::{ClientAuth, ClientOpts, Seen, ServerOpts, client_config, server_config};
use testkit::net::{Failure, Link, listen};

use crate::case::{Case, Column, Keep, Role, Version};
use crate::peers::{Client, Pins, Program, Server};
use crate::report::Report;
use crate::site::Site;

/// What a client of ours says before the handshake is over.
pub const EARLY: &[u8] = b"said early\n";

/// Our client against their server.
///
/// # Panics
///
/// With what failed, or what a side says that it should not. What the peer said is kept then.
pub fn meet_server(program: &dyn Program, site: &Site, case: &Case) {
    let mut server = program.serve(site, case);
    through_client(program, site, case, &mut *server).unwrap_or_else(|why| panic!("{why}"));
}

fn through_client(
    program: &dyn Program,
    site: &Site,
    case: &Case,
    server: &mut dyn Server,
) -> Result<(), String> {
    let row = (Role::Server, case.version);
    let seen = Seen::default();
    let config = Arc::new(our_client(site, case, program.pins(row), &seen));
    for number in 0..case.connections() {
        let said = |failure: Failure| format!("connection {}: {failure:?}", number + 1);
        let mut link = Link::client(server.address(), config.clone(), "localhost");
        if case.due(Role::Client, number).early == Some(true) {
            let mut early = link.conn.early_data().ok_or("our session takes no early data")?;
            early.write_all(EARLY).map_err(|err| format!("early data: {err}"))?;
        }
        link.handshake().map_err(said)?;
        server.talk(&mut link).map_err(said)?;
        let mut ours = report(&link);
        ours.early = Some(link.conn.is_early_data_accepted());
        ours.scheme = seen.schemes().last().copied();
        // Some close first, and no longer listen.
        let _ = link.close();
        drop(link);
        case.due(Role::Client, number).hold("our client", &ours, &[])?;
        case.due(Role::Server, number).hold(
            "their server",
            &server.report(),
            program.mute(row, case.column),
        )?;
    }
    Ok(())
}

/// Our server against their client.
///
/// # Panics
///
/// With what failed, or what a side says that it should not. What the peer said is kept then.
pub fn meet_client(program: &dyn Program, site: &Site, case: &Case) {
    let (listener, address) = listen();
    let mut client = program.connect(site, case, address);
    through_server(program, site, case, &listener, &mut *client).unwrap_or_else(|why| panic!("{why}"));
}

fn through_server(
    program: &dyn Program,
    site: &Site,
    case: &Case,
    listener: &TcpListener,
    client: &mut dyn Client,
) -> Result<(), String> {
    let row = (Role::Client, case.version);
    let config = Arc::new(our_server(site, case, program.pins(row)));
    for number in 0..case.connections() {
        let said = |failure: Failure| format!("connection {}: {failure:?}", number + 1);
        client.dial();
        let mut link = Link::server(listener, config.clone());
        if case.due(Role::Server, number).early == Some(true) {
            thread::sleep(client.head_start());
        }
        link.handshake().map_err(said)?;
        let mut early = Vec::new();
        if let Some(mut data) = link.conn.early_data() {
            data.read_to_end(&mut early).map_err(|err| format!("early data: {err}"))?;
        }
        let mut ours = report(&link);
        ours.early = Some(!early.is_empty());
        ours.client = Some(link.conn.peer_certificates().is_some());
        client.talk(&mut link, &early).map_err(said)?;
        // What a client says of its end differs, and is not what this is about.
        let _ = link.close();
        let _ = link.receive_to_end();
        drop(link);
        case.due(Role::Server, number).hold("our server", &ours, &[])?;
        case.due(Role::Client, number).hold(
            "their client",
            &client.report(),
            program.mute(row, case.column),
        )?;
    }
    Ok(())
}

fn our_client(site: &Site, case: &Case, pins: Pins, seen: &Seen) -> ClientConfig {
    let mut config = client_config(
        site.store(case.key),
        &ClientOpts {
            suites: if pins.suite { vec![] } else { vec![case.suite] },
            groups: case.groups(Role::Client),
            versions: versions(case, pins),
            identity: case.client.map(|key| site.client(key).identity.clone()),
            seen: seen.clone(),
            ..ClientOpts::default()
        },
    );
    config.enable_early_data = case.column == Column::Early;
    config
}

fn our_server(site: &Site, case: &Case, pins: Pins) -> ServerConfig {
    let mut config = server_config(
        &site.server(case.key).identity,
        &ServerOpts {
            suites: if pins.suite { vec![] } else { vec![case.suite] },
            groups: vec![case.group],
            versions: versions(case, pins),
            client_auth: case.client.map_or(ClientAuth::No, |key| ClientAuth::Required(site.store(key))),
            ticketer: case.keep == Keep::Ticket,
            ..ServerOpts::default()
        },
    );
    if case.column == Column::Early {
        config.max_early_data_size = 16384;
    }
    config
}

/// Both versions, as most have, where the peer sees to it which it is.
fn versions(case: &Case, pins: Pins) -> Vec<&'static SupportedProtocolVersion> {
    match case.version {
        _ if pins.version => vec![&TLS13, &TLS12],
        Version::V12 => vec![&TLS12],
        Version::V13 => vec![&TLS13],
    }
}

/// What our side says of a connection, but for what only one of the roles can say.
pub fn report<C, S>(link: &Link<C>) -> Report
where
    C: std::ops::DerefMut<Target = ConnectionCommon<S>>,
    S: SideData,
{
    let said = link.report();
    Report {
        version: said.version,
        suite: said.suite,
        group: said.group,
        resumed: said.kind.map(|kind| kind == HandshakeKind::Resumed),
        retried: said.kind.map(|kind| kind == HandshakeKind::FullWithHelloRetryRequest),
        ..Report::default()
    }
}

/// A line each way, with a server that answers a line.
pub fn ask(link: &mut Link<ClientConnection>) -> Result<(), Failure> {
    link.send(b"to the peer\n")?;
    receive(link, b"from the peer\n")
}

/// Asks a server of HTTP for a page, and gives it up to the last of these words.
pub fn get(link: &mut Link<ClientConnection>, path: &str, words: &str) -> Result<String, Failure> {
    link.send(format!("GET {path} HTTP/1.0\r\n\r\n").as_bytes())?;
    let mut page = String::new();
    // Servers of HTTP end their page in various ways, so its words are what we wait for.
    while !page.contains(words) {
        page.push_str(&String::from_utf8_lossy(&link.receive(1)?));
    }
    Ok(page)
}

/// A line each way, with a client that begins.
pub fn answer(link: &mut Link<ServerConnection>) -> Result<(), Failure> {
    let line = link.receive(b"to our server\n".len())?;
    assert_eq!(line, b"to our server\n");
    link.send(b"from our server\n")
}

fn receive(link: &mut Link<ClientConnection>, expected: &[u8]) -> Result<(), Failure> {
    let got = link.receive(expected.len())?;
    assert_eq!(String::from_utf8_lossy(&got), String::from_utf8_lossy(expected));
    Ok(())
}
