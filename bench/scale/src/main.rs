//! Scale: a hundred thousand connections in one process, stores of sessions and tickets under two threads, and a store of a million.
//!
//! `cargo run --release` in this folder does all, `-- connections`, `-- threads` or `-- store` one part. Each part ends with what it is held
//! to, and the program fails if that is not so. `--svg FILE` draws the curves of the connections.
#![forbid(unsafe_code)]

mod connections;
mod own;
mod plot;
mod store;
mod threads;
mod time;

use std::process::ExitCode;

#[global_allocator]
static ALLOCATOR: alloc_counter::Counting = alloc_counter::Counting;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let mut parts = Vec::new();
    let mut svg = None;
    let mut most = 100_000;
    let mut words = arguments.iter();
    while let Some(word) = words.next() {
        match word.as_str() {
            "--svg" => svg = words.next().cloned(),
            "--most" => match words.next().and_then(|n| n.parse().ok()).filter(|n| *n >= 2000) {
                Some(number) => most = number,
                None => {
                    eprintln!(
                        "--most takes a number of connections, 2000 or more: there is nothing to compare with fewer"
                    );
                    return ExitCode::from(2);
                }
            },
            part @ ("connections" | "threads" | "store") => parts.push(part.to_owned()),
            _ => {
                eprintln!("scale [connections] [threads] [store] [--most N] [--svg FILE]");
                return ExitCode::from(2);
            }
        }
    }
    let wanted = |part: &str| parts.is_empty() || parts.iter().any(|there| there == part);
    let mut held = true;
    // First, since the others leave memory behind that this would not have to ask the system for.
    if wanted("connections") {
        held &= connections::run(most, svg.as_deref());
    }
    if wanted("threads") {
        held &= threads::run();
    }
    if wanted("store") {
        held &= store::run();
    }
    if held { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// Prints what something is held to, and whether it is so.
fn hold(what: &str, there: f64, least: f64, most: f64) -> bool {
    let held = (least..=most).contains(&there);
    println!("{} {what}: {there:.3}, between {least} and {most}", if held { "held" } else { "NOT HELD" });
    held
}
