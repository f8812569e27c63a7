//! `interop`: both our roles against programs of other makes, as one table. `cargo xtask interop` sets the programs up and starts it.
//!
//! Each cell is a few connections, and each of them is held against what both sides say of it: version, suite, group, resumption,
//! HelloRetryRequest, client authentication, early data. What a program has no words for is listed; any other silence fails.
#![forbid(unsafe_code)]

mod case;
mod ech;
mod matrix;
mod ours;
mod peers;
mod report;
mod site;

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Instant;

use peers::Program;

const USAGE: &str =
    "interop [--only PEER] [--go PROGRAM RELEASE] [--node PROGRAM SCRIPT] [--lighttpd FOLDER] [--log FILE]";

/// Where the programs are that are not installed.
#[derive(Default)]
struct Places {
    only: Option<String>,
    go: Option<(String, String)>,
    node: Option<(String, String)>,
    lighttpd: Option<PathBuf>,
    /// What the peers of failed cases said goes here.
    log: Option<PathBuf>,
}

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    if let Some(("--serve", rest)) = words.split_first().map(|(first, rest)| (first.as_str(), rest)) {
        // One of the two servers that the peer `chitin` is.
        return if peers::chitin::serve(rest).is_some() { ExitCode::SUCCESS } else { ExitCode::from(2) };
    }
    let Some(places) = places(words.into_iter()) else {
        eprintln!("{USAGE}");
        return ExitCode::from(2);
    };
    let programs = programs(&places);
    if programs.is_empty() {
        eprintln!("there is no such peer; there are: {}", peers::NAMES.join(", "));
        return ExitCode::from(2);
    }
    if let Some(log) = &places.log {
        let _ = std::fs::remove_file(log);
        testkit::peer::last_words_to(log);
    }
    let go = places.go.as_ref().map(|(program, _)| PathBuf::from(program));
    let site = match site::Site::new(go.as_deref()) {
        Ok(site) => site,
        Err(error) => {
            eprintln!("{error}");
            return ExitCode::FAILURE;
        }
    };
    let start = Instant::now();
    let table = matrix::fill(&programs, &site);
    table.print();
    let hidden = match &places.go {
        Some((program, release)) if places.only.as_deref().is_none_or(|only| only == "go") => {
            Some((ech::meet(program), release))
        }
        _ => None,
    };
    match &hidden {
        Some((Ok(count), release)) => {
            println!("Encrypted Client Hello with Go {release}: {count} connections")
        }
        Some((Err(why), release)) => println!("Encrypted Client Hello with Go {release} FAILED: {why}"),
        None => {}
    }
    println!("{} connections in {:.1} s", table.connections(), start.elapsed().as_secs_f64());
    let good = table.failed() == 0 && !matches!(hidden, Some((Err(_), _)));
    if good { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn places(mut words: impl Iterator<Item = String>) -> Option<Places> {
    let mut places = Places::default();
    while let Some(word) = words.next() {
        match &*word {
            "--only" => places.only = Some(words.next()?),
            "--go" => places.go = Some((words.next()?, words.next()?)),
            "--node" => places.node = Some((words.next()?, words.next()?)),
            "--log" => places.log = Some(words.next()?.into()),
            "--lighttpd" => places.lighttpd = Some(words.next()?.into()),
            _ => return None,
        }
    }
    Some(places)
}

fn programs(places: &Places) -> Vec<Box<dyn Program>> {
    let mut all: Vec<Box<dyn Program>> =
        vec![Box::new(peers::openssl::OpenSsl), Box::new(peers::gnutls::GnuTls)];
    if let Some((program, release)) = places.go.clone() {
        all.push(Box::new(peers::go::Go { program, release }));
    }
    if let Some((program, script)) = places.node.clone() {
        all.push(Box::new(peers::node::Node { program, script }));
    }
    all.push(Box::new(peers::nss::Nss));
    if let Some(folder) = &places.lighttpd {
        all.extend(peers::lighttpd::both(folder));
    }
    all.push(Box::new(peers::botan::Botan));
    all.push(Box::new(peers::chitin::Chitin));
    all.retain(|program| places.only.as_deref().is_none_or(|only| only == program.name()));
    all
}
