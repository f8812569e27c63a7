//! Sessions: how many, of which kind, and what is said of them.

use std::sync::Arc;

use tls::client::{Resumption, TicketRequest, Tls12Resumption};
use tls::crypto::aws_lc_rs;
use tls::version::{TLS12, TLS13};
use tls::{ClientConfig, ServerConfig};
use world::{Notes, World};

use crate::base::*;

pub fn run(world: &World, notes: &mut Notes) {
    for (version, which) in BOTH {
        let (client, server) = configs(world, which);
        again(notes, &format!("{version}, stored"), client.clone(), server.clone());
        let mut tickets = server.clone();
        tickets.ticketer = aws_lc_rs::Ticketer::new().unwrap();
        again(notes, &format!("{version}, tickets"), client.clone(), tickets.clone());
        let mut off = client.clone();
        off.resumption = Resumption::disabled();
        again(notes, &format!("{version}, client without"), off, server.clone());
        let mut none = server.clone();
        none.session_storage = Arc::new(tls::server::NoServerSessionStorage {});
        again(notes, &format!("{version}, server without"), client.clone(), none);
        for (kind, how) in [
            ("disabled", Tls12Resumption::Disabled),
            ("ids", Tls12Resumption::SessionIdOnly),
            ("ids or tickets", Tls12Resumption::SessionIdOrTickets),
        ] {
            let mut some = client.clone();
            some.resumption = Resumption::in_memory_sessions(8).tls12_resumption(how);
            again(notes, &format!("{version}, {kind}, stored"), some.clone(), server.clone());
            again(notes, &format!("{version}, {kind}, tickets"), some, tickets.clone());
        }
    }
    for count in [0, 1, 2, 4] {
        let (client, mut server) = configs(world, &TLS13);
        server.send_tls13_tickets = count;
        let (mut client, mut server) = pair(client, server);
        shake(&mut client, &mut server).unwrap();
        notes.value(format_args!("{count} tickets"), client.tls13_tickets_received());
    }
    asked_for(world, notes);
    data(world, notes);
    crossed(world, notes);
    spoilt(world, notes);
}

/// Clients that say how many tickets they want, at servers that send so many and at most so many to those (RFC 9149).
fn asked_for(world: &World, notes: &mut Notes) {
    for (want, send, most) in
        [(1, 2, None), (5, 2, None), (0, 2, None), (0, 2, Some(8)), (1, 2, Some(8)), (5, 2, Some(3)), (5, 0, Some(8))]
    {
        let (mut client, mut server) = configs(world, &TLS13);
        client.send_ticket_request = Some(TicketRequest { new_session_count: want, resumption_count: want });
        server.send_tls13_tickets = send;
        if let Some(most) = most {
            server.max_tls13_tickets = most;
        }
        let (mut client, mut server) = pair(client, server);
        shake(&mut client, &mut server).unwrap();
        notes.value(
            format_args!("{want} tickets wanted, {send} sent, at most {most:?}"),
            client.tls13_tickets_received(),
        );
    }
}

/// Three connections under the same configs, and then one of another server.
fn again(notes: &mut Notes, name: &str, client_config: ClientConfig, server_config: ServerConfig) {
    let (client_config, server_config) = (Arc::new(client_config), Arc::new(server_config));
    for time in 1..4 {
        let (mut client, mut server) = (client(&client_config), server(&server_config));
        let result = shake(&mut client, &mut server);
        notes.value(
            format_args!("{name}, time {time}"),
            (
                result,
                client.handshake_kind(),
                server.handshake_kind(),
                client.negotiated_key_exchange_group().map(|group| group.name()),
                server.negotiated_key_exchange_group().map(|group| group.name()),
                client.peer_certificates().map(<[_]>::len),
                client.tls13_tickets_received(),
                server.received_resumption_data().map(<[u8]>::to_vec),
            ),
        );
    }
}

/// What a server puts into its sessions.
fn data(world: &World, notes: &mut Notes) {
    for (version, which) in BOTH {
        let (client_config, server_config) = configs(world, which);
        let (client_config, server_config) = (Arc::new(client_config), Arc::new(server_config));
        for time in 1..4 {
            let (mut client, mut server) = (client(&client_config), server(&server_config));
            if time == 1 {
                server.set_resumption_data(b"of the first");
            }
            shake(&mut client, &mut server).unwrap();
            notes.value(
                format_args!("{version}, data at time {time}"),
                server.received_resumption_data().map(String::from_utf8_lossy),
            );
        }
    }
}

/// A session under configs that have changed.
fn crossed(world: &World, notes: &mut Notes) {
    let server_both = Arc::new(server_config(world, &[&TLS12, &TLS13]));
    let client_both = client_config(world, &[&TLS12, &TLS13]);
    let mut only12 = client_config(world, &[&TLS12]);
    only12.resumption = client_both.resumption.clone();
    let kinds = |client_config: &ClientConfig, server_config: &Arc<ServerConfig>| {
        let (mut client, mut server) = (client(&Arc::new(client_config.clone())), server(server_config));
        let result = shake(&mut client, &mut server);
        (result, client.protocol_version(), client.handshake_kind())
    };
    notes.value("crossed, both", kinds(&client_both, &server_both));
    notes.value("crossed, 1.2 alone", kinds(&only12, &server_both));
    notes.value("crossed, 1.2 alone again", kinds(&only12, &server_both));
    notes.value("crossed, both again", kinds(&client_both, &server_both));
    let other_server = Arc::new(server_config(world, &[&TLS13]));
    notes.value("crossed, a server that does not know", kinds(&client_both, &other_server));
    let mut name = client(&Arc::new(client_both.clone()));
    drop(take(&mut name));
    let other = tls::pki_types::ServerName::try_from("a.example.com").unwrap();
    let mut client = tls::ClientConnection::new(Arc::new(client_both), other).unwrap();
    let mut server = server(&server_both);
    shake(&mut client, &mut server).unwrap();
    notes.value("crossed, another name", client.handshake_kind());
}

/// A resumption that fails, since the last record of the server is spoilt, and the connections behind it.
fn spoilt(world: &World, notes: &mut Notes) {
    for (version, which) in BOTH {
        let (client_config, server_config) = configs(world, which);
        let (client_config, server_config) = (Arc::new(client_config), Arc::new(server_config));
        for time in 1..5 {
            let (mut client, mut server) = (client(&client_config), server(&server_config));
            let hello = take(&mut client);
            feed(&mut server, &hello).unwrap();
            let mut flight = take(&mut server);
            if time == 2 {
                *flight.last_mut().unwrap() ^= 1;
            }
            let result = feed(&mut client, &flight).map(drop).and_then(|()| shake(&mut client, &mut server));
            notes.value(format_args!("{version}, spoilt, time {time}"), result.map(|()| client.handshake_kind()));
        }
    }
}
