//! The validator of paths against public suites, a line for each: x509-limbo, BetterTLS and NIST's PKITS.
//!
//! The suites are data outside of the project. Every case of a run is judged by the same settings; no case is named in this
//! code. Where our answer is not the one that a suite expects, `disagreements.txt` says why, and a run fails if a disagreement is
//! not written down there, or one that is written down is gone.
#![forbid(unsafe_code)]

mod data;
mod disagreements;
mod interface;
mod limbo;
mod pkits;
mod revocation;
mod settings;
mod tally;

use std::path::PathBuf;
use std::process::ExitCode;

use crate::disagreements::Disagreements;
use crate::settings::{Settings, Suites};
use crate::tally::Tally;

const USAGE: &str = "\
paths [--data DIR] [--profile NAME] [--list]
      --data DIR       where the suites are; else CHITIN_TEST_DATA names it
      --profile NAME   default, strict, cabf, or api: the default one through the interface of rustls 0.23
      --list           print each disagreement with its reason, and the slowest case of each suite";

/// What was asked for on the command line.
#[derive(Debug, Default)]
struct Wanted {
    data: Option<PathBuf>,
    profile: Option<String>,
    list: bool,
}

impl Wanted {
    fn parse(mut words: impl Iterator<Item = String>) -> Option<Self> {
        let mut wanted = Self::default();
        while let Some(word) = words.next() {
            match word.as_str() {
                "--data" => wanted.data = Some(words.next()?.into()),
                "--profile" => wanted.profile = Some(words.next()?),
                "--list" => wanted.list = true,
                _ => return None,
            }
        }
        Some(wanted)
    }
}

fn main() -> ExitCode {
    let wanted = Wanted::parse(std::env::args().skip(1));
    let settings = wanted.as_ref().and_then(|w| Settings::named(w.profile.as_deref().unwrap_or("default")));
    let (Some(wanted), Some(settings)) = (wanted, settings) else {
        eprintln!("{USAGE}");
        return ExitCode::from(2);
    };
    match run(&wanted, &settings) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run(wanted: &Wanted, settings: &Settings) -> Result<(), String> {
    let Some(folder) = data::folder(wanted.data.clone())? else {
        println!(
            "limbo, bettertls and pkits did not run: neither --data nor CHITIN_TEST_DATA names a folder with them"
        );
        return Ok(());
    };
    let mut tallies = vec![limbo::core(&folder, settings)?];
    if settings.suites != Suites::Limbo {
        tallies.push(limbo::bettertls(&folder, settings)?);
    }
    if settings.suites == Suites::All {
        tallies.push(pkits::run(&folder, settings)?);
    }
    let line: Vec<String> = tallies.iter().map(Tally::to_string).collect();
    println!("{}: {}", settings.name, line.join(" · "));

    let written = Disagreements::parse(include_str!("../disagreements.txt"))?;
    let found = tallies.iter().flat_map(Tally::disagreements);
    let report = written.compare(settings.name, found);
    if wanted.list {
        print!("{}", report.listing());
        tallies.iter().filter_map(Tally::slowest).for_each(|line| println!("{line}"));
    }
    report.verdict()
}
