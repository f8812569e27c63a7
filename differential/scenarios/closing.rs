//! Ends of connections: close_notify in both directions, bare ends, and what is done too late.

use std::io::{ErrorKind, Write};

use tls::version::{TLS12, TLS13};
use tls::{ClientConnection, Error, ServerConnection};
use world::{Notes, World};

use crate::base::*;

pub fn run(world: &World, notes: &mut Notes) {
    for (version, which) in BOTH {
        let mut note = |key: &str, value: String| notes.text(format_args!("{version}, {key}"), value);
        politely(connected(world, which), &mut note);
        late(connected(world, which), &mut note);
        bare_end(connected(world, which), &mut note);
    }
    early(world, notes);
    tickets_and_close(world, notes);
}

type Pair = (ClientConnection, ServerConnection);

fn politely((mut client, mut server): Pair, note: &mut dyn FnMut(&str, String)) {
    client.writer().write_all(b"last").unwrap();
    client.send_close_notify();
    note("after send_close_notify", wishes(&client));
    client.send_close_notify();
    let bytes = take(&mut client);
    note("records of the close", format!("{:?}", types(&bytes)));
    note("after it is written", wishes(&client));
    let result = feed(&mut server, &bytes);
    note("the peer's state", state(&result));
    note("the peer's wishes", wishes(&server));
    note("the peer reads", read(&mut server));
    note("the peer reads again", read(&mut server));
    note("the peer reads once more", read(&mut server));
    note("the peer's socket", outcome(server.read_tls(&mut &b"more"[..])));
    note("the peer writes", outcome(server.writer().write(b"answer")));
    let bytes = take(&mut server);
    note("the answer arrives", state(&feed(&mut client, &bytes)));
    note("and is read", read(&mut client));
    server.send_close_notify();
    let bytes = take(&mut server);
    note("the peer closes", format!("{:?}", types(&bytes)));
    note("both closed", state(&feed(&mut client, &bytes)));
    note("both closed, reads", read(&mut client));
    note("both closed, wishes", wishes(&client));
}

fn late((mut client, mut server): Pair, note: &mut dyn FnMut(&str, String)) {
    client.send_close_notify();
    let close = take(&mut client);
    note("late write", outcome(client.writer().write(b"late")));
    note("late flush", outcome(client.writer().flush()));
    note("after a late write", wishes(&client));
    note("late bytes", format!("{:?}", types(&take(&mut client))));
    note("late refresh", format!("{:?}", client.refresh_traffic_keys()));
    note("late refresh says", format!("{:?}", types(&take(&mut client))));
    let garbage = [&close[..], &record(23, &[0; 40])].concat();
    note("records behind a close_notify", state(&feed(&mut server, &garbage)));
    note("and then", wishes(&server));
}

fn bare_end((mut client, mut server): Pair, note: &mut dyn FnMut(&str, String)) {
    server.writer().write_all(b"half").unwrap();
    feed(&mut client, &take(&mut server)).unwrap();
    note("end of the stream", outcome(client.read_tls(&mut std::io::empty())));
    note("state at the end", state(&client.process_new_packets()));
    note("rest at the end", read(&mut client));
    note("then", read(&mut client));
    note("wishes at the end", wishes(&client));
    note("writes at the end", outcome(client.writer().write(b"x")));
    let mut failing = Failing;
    note("a failing socket, read", outcome(client.read_tls(&mut failing)));
    note("a failing socket, write", outcome(client.write_tls(&mut failing)));
}

struct Failing;

impl std::io::Read for Failing {
    fn read(&mut self, _: &mut [u8]) -> std::io::Result<usize> {
        Err(ErrorKind::ConnectionReset.into())
    }
}

impl Write for Failing {
    fn write(&mut self, _: &[u8]) -> std::io::Result<usize> {
        Err(ErrorKind::BrokenPipe.into())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// Before there is anything to close.
fn early(world: &World, notes: &mut Notes) {
    let (client_config, server_config) = configs(world, &TLS13);
    let (mut client, mut server) = pair(client_config, server_config);
    client.send_close_notify();
    let bytes = take(&mut client);
    notes.value("client closes before the handshake", types(&bytes));
    notes.text("the server hears", state(&feed(&mut server, &bytes)));
    notes.value("the server says", types(&take(&mut server)));
    notes.text("the server's wishes", wishes(&server));

    let (client_config, server_config) = configs(world, &TLS13);
    let (_, mut server) = pair(client_config, server_config);
    server.send_close_notify();
    notes.value("server closes before the handshake", types(&take(&mut server)));

    for (version, which) in BOTH {
        let (client_config, server_config) = configs(world, which);
        let (mut client, mut server) = pair(client_config, server_config);
        feed(&mut server, &take(&mut client)).unwrap();
        server.send_close_notify();
        let bytes = take(&mut server);
        let result: Result<_, Error> = feed(&mut client, &bytes);
        notes.text(format_args!("{version}, closed within its first flight"), state(&result));
        notes.text(format_args!("{version}, wishes then"), wishes(&client));
        notes.text(format_args!("{version}, reads then"), read(&mut client));

        let (client_config, server_config) = configs(world, which);
        let (mut client, _) = pair(client_config, server_config);
        take(&mut client);
        notes.text(
            format_args!("{version}, end before the answer"),
            outcome(client.read_tls(&mut std::io::empty())),
        );
        notes.text(format_args!("{version}, state then"), state(&client.process_new_packets()));
        notes.text(format_args!("{version}, reads at that end"), read(&mut client));
        notes.text(
            format_args!("{version}, complete_io at that end"),
            outcome(client.complete_io(&mut Ended::default())),
        );
    }
}

#[derive(Default)]
struct Ended(Vec<u8>);

impl std::io::Read for Ended {
    fn read(&mut self, _: &mut [u8]) -> std::io::Result<usize> {
        Ok(0)
    }
}

impl Write for Ended {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.write(bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// A server that closes at once: what comes first, and does the client keep the tickets?
fn tickets_and_close(world: &World, notes: &mut Notes) {
    let _ = &TLS12;
    let (client_config, server_config) = configs(world, &TLS13);
    let (mut client, mut server) = pair(client_config, server_config);
    feed(&mut server, &take(&mut client)).unwrap();
    feed(&mut client, &take(&mut server)).unwrap();
    feed(&mut server, &take(&mut client)).unwrap();
    server.writer().write_all(b"bye").unwrap();
    server.send_close_notify();
    let bytes = take(&mut server);
    notes.value("records of tickets, data and close", types(&bytes).len());
    notes.text("the client then", state(&feed(&mut client, &bytes)));
    notes.value("tickets", client.tls13_tickets_received());
    notes.text("data", read(&mut client));
}
