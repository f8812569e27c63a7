//! `icount CASE SIDE ROUNDS`: what one side does in so many handshakes, records or packets, runs inside one function, [`counted`].
//!
//! callgrind collects while that function runs, so neither the certificates, the configs nor the other side are in the count
//! (`cargo xtask icount`).
#![forbid(unsafe_code)]

mod cases;
mod ends;
mod quic;

use std::process::ExitCode;

use testkit::pair::Side;

use cases::Case;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let wanted = match words[..] {
        [case, side, rounds] => Case::find(case).zip(side_of(side)).zip(rounds.parse::<usize>().ok()),
        _ => None,
    };
    let Some(((case, side), rounds)) = wanted else {
        eprintln!("usage: icount CASE client|server ROUNDS\ncases: {}", Case::NAMES.join(", "));
        return ExitCode::from(2);
    };
    // What is made at the first use only, as the state of a random generator, is not what a handshake costs.
    let mut uncounted = ends::Meter(None);
    let mut counted = ends::Meter(Some(side));
    case.run(3, &mut uncounted);
    case.run(rounds, &mut counted);
    ExitCode::SUCCESS
}

fn side_of(word: &str) -> Option<Side> {
    match word {
        "client" => Some(Side::Client),
        "server" => Some(Side::Server),
        _ => None,
    }
}

/// The one function whose instructions are collected, by its name.
#[inline(never)]
fn counted(run: &mut dyn FnMut()) {
    run();
    // Without something behind it the call would become a jump, and the function would seem to go on.
    std::hint::black_box(());
}
