//! Bulk over real sockets: a file goes from each server to each client over loopback, and what comes out is its speed and what both spent.
//!
//! `cargo run --release` in this folder does all; `-- --quick` less of it. It needs nginx, curl and `taskset`. Each server has one processor
//! and each client the other; every process is one that this program started, and ends with it.
#![forbid(unsafe_code)]

mod http;
mod link;
mod material;
mod process;
mod programs;
mod table;

use std::process::ExitCode;
use std::time::{Duration, Instant};

use link::Way;
use material::Folder;
use programs::{CLIENTS, Client, SERVERS, Server};
use table::{Cell, Table};

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let done = match words[..] {
        [] => measure(&Pace { rounds: 5, requests: 8 }),
        ["--quick"] => measure(&Pace { rounds: 1, requests: 2 }),
        // What the processes are that it starts.
        ["serve", way, folder] => Way::named(way).and_then(|way| http::serve(way, folder)),
        ["fetch", way, folder, port, requests] => {
            let number = |word: &str| word.parse::<u16>().map_err(|e| format!("{word}: {e}"));
            let all = (Way::named(way), number(port), number(requests));
            match all {
                (Ok(way), Ok(port), Ok(requests)) => http::fetch(way, folder, port, requests),
                (Err(why), ..) | (_, Err(why), _) | (.., Err(why)) => Err(why),
            }
        }
        _ => Err("sockets [--quick]".into()),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(why) => {
            eprintln!("{why}");
            ExitCode::FAILURE
        }
    }
}

struct Pace {
    rounds: usize,
    /// Of the file, over one connection.
    requests: u16,
}

fn measure(pace: &Pace) -> Result<(), String> {
    let folder = Folder::make()?;
    let mut table = Table::default();
    let servers: Vec<Server> =
        SERVERS.iter().map(|kind| Server::start(*kind, &folder)).collect::<Result<_, _>>()?;
    // That every byte arrives, before anything is timed.
    for server in &servers {
        for way in Way::ALL {
            http::check(way, &folder, server.port)?;
        }
    }
    // One pair after the other, and all of that several times: what slows the machine down for a while does so to all.
    for _ in 0..pace.rounds {
        for server in &servers {
            for kind in CLIENTS {
                table.add(server.name, kind.name(), transfer(server, *kind, &folder, pace.requests)?);
            }
        }
    }
    print!("{}", table.text(&folder.about(pace.requests)));
    Ok(())
}

fn transfer(
    server: &Server,
    kind: programs::ClientKind,
    folder: &Folder,
    requests: u16,
) -> Result<Cell, String> {
    let before = server.spent()?;
    let began = Instant::now();
    let client = Client::start(kind, folder, server.port, requests)?;
    let client = client.finish(Duration::from_secs(60))?;
    let seconds = began.elapsed().as_secs_f64();
    let bytes = folder.size() as f64 * f64::from(requests);
    Ok(Cell::new(bytes, seconds, server.spent()?.since(before), client))
}
