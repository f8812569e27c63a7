//! Measures Chitin beside other TLS libraries, and beside the primitives that none can avoid. `README.md` says how to read what it prints.

#![forbid(unsafe_code)]

mod beside;
mod certificates;
mod crew;
mod figures;
mod glance;
mod goals;
mod plots;
mod process;
mod report;
mod results;
mod run;
mod turns;

use std::process::ExitCode;

use clap::Parser;

/// Measures TLS libraries side by side, in memory.
#[derive(Debug, Parser)]
struct Options {
    /// Only cases whose name contains this; may be given more than once
    #[arg(long, value_name = "CASE")]
    only: Vec<String>,
    /// Only these implementations, and the limit; may be given more than once
    #[arg(long = "impl", value_name = "NAME")]
    implementations: Vec<String>,
    /// One short run instead of several long ones
    #[arg(long)]
    quick: bool,
    /// Print JSON instead of tables
    #[arg(long)]
    json: bool,
    /// Also measure sockets and many connections, and write RESULTS.md and the plots of the manual
    #[arg(long)]
    results: bool,
    /// Print the names of cases and implementations, and stop
    #[arg(long)]
    list: bool,
}

fn main() -> ExitCode {
    match measure(&Options::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(why) => {
            eprintln!("{why}");
            ExitCode::FAILURE
        }
    }
}

fn measure(options: &Options) -> Result<(), String> {
    if options.list {
        print!("{}", report::names());
        return Ok(());
    }
    let cases = run::cases(&options.only)?;
    let crew = crew::chosen(&options.implementations)?;
    for member in &crew {
        member.build()?;
    }
    // What is written below changes the checkout.
    let commit = results::commit();
    let mut beside = Vec::new();
    if options.results {
        beside::build()?;
        beside = beside::run(options.quick, &results::plots_folder()?)?;
    }
    process::hold_to_one_processor()?;
    let folder = certificates::Folder::make()?;
    let show = |outcome: &_| {
        if !options.json {
            print!("{}", report::text(outcome));
        }
    };
    let pace = run::Pace::of(options.quick);
    let (results, failures) = run::all(&cases, &crew, folder.path(), &pace, show);
    if options.json {
        println!("{}", report::json(&results));
    }
    failures?;
    if options.results {
        let arguments: Vec<String> = std::env::args().skip(1).collect();
        let command = format!("cargo run --release -- {}", arguments.join(" "));
        results::write(&results, &beside, &crew, &results::Run { command, commit })?;
    }
    Ok(())
}
