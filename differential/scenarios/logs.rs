//! What is logged, and how loud.

use std::io::Write;
use std::sync::Arc;

use tls::version::TLS13;
use world::{Notes, World, captured};

use crate::base::*;

pub fn run(world: &World, notes: &mut Notes) {
    for (name, version) in BOTH {
        let lines = captured(|| drop(connected(world, version)));
        loud(notes, &format!("{name}, handshake"), &lines);
        let (mut client, mut server) = connected(world, version);
        let lines = captured(|| {
            client.writer().write_all(b"data").unwrap();
            client.send_close_notify();
            feed(&mut server, &take(&mut client)).unwrap();
        });
        loud(notes, &format!("{name}, data and close"), &lines);
    }
    let lines = captured(|| {
        drop(feed(&mut server(&server_config(world, &[&TLS13]).into()), b"GET / HTTP/1.0\r\n\r\n"))
    });
    loud(notes, "http", &lines);
    let lines = captured(|| {
        let config = Arc::new(client_config(world, &[&TLS13]));
        drop(feed(&mut client(&config), &record(21, &[2, 40])));
    });
    loud(notes, "fatal alert", &lines);
    let lines = captured(|| {
        let config = Arc::new(client_config(world, tls::DEFAULT_VERSIONS));
        drop(feed(&mut client(&config), &record(21, &[1, 90])));
    });
    loud(notes, "warning alert", &lines);
}

/// Users see warnings and errors; what else there is, is for those who search.
fn loud(notes: &mut Notes, key: &str, lines: &[String]) {
    let of = |level: &str| lines.iter().filter(|line| line.starts_with(level)).count();
    notes.value(format_args!("{key}, errors and warnings"), (of("ERROR"), of("WARN")));
    notes.value(format_args!("{key}, silent"), lines.is_empty());
    notes.value(format_args!("{key}, infos"), of("INFO"));
    // By its target people choose what they see, or do not want to: `rustls=off`.
    let target = |line: &String| line.split([' ', ':']).nth(1) == Some("rustls");
    notes.value(format_args!("{key}, found by its target"), lines.iter().all(target));
}
