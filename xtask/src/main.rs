//! The project's own chores, as `cargo xtask`.
#![forbid(unsafe_code)]

mod api;
mod attacks;
mod bogo;
mod bogo_runner;
mod compat;
mod crates;
mod ecosystem;
mod features;
mod floors;
mod fuzz;
mod icount;
mod interop;
mod lexer;
mod licences;
mod manifest;
mod paths;
mod peers;
mod providers;
mod stages;
mod suites;
mod tools;
mod unused;

use std::path::PathBuf;
use std::process::ExitCode;

use stages::Stages;

const USAGE: &str = "\
cargo xtask floors          check that no import of the core points up
cargo xtask attacks         check that each test that docs/attacks.md names exists
cargo xtask test [--yes]    set up what the tests need, and run them; --yes: install without asking
cargo xtask providers       run the tests once more under each provider but the default one
cargo xtask features        check that each feature compiles alone, and the combinations that matter; all but `fips`
cargo xtask features --fips check and test the feature `fips`; the library's FIPS module takes Go, cmake and, once, twice 5 to 20 minutes
cargo xtask ci [--yes]      everything that a change has to pass
cargo xtask api [--listing FILE]
                            compare the public interface with a listing of rustls 0.23's; without --listing, CHITIN_API_LISTING
                            names it
cargo xtask api --unused    name the public items that no test uses
cargo xtask api --features [--bless DIR]
                            compare what sets of features lack with what they lack in 0.23; --bless: note the latter, from
                            its unpacked package
cargo xtask differential    run one program on us and on rustls 0.23, and compare what it sees of both
cargo xtask bogo [--check | --bless] [--json] [--include-disabled] [--only GLOB]
                            run BoringSSL's protocol tests; --check: nothing that passed may have stopped passing;
                            --bless: note what passes now
cargo xtask fuzz [--seconds N] [--only TARGET]
                            run each fuzz target in turn, for so many seconds (60)
cargo xtask fuzz --coverage say which arms of the flows' legal orders the corpora reach
cargo xtask icount [--bless | --show CASE/SIDE] [--yes]
                            count the instructions of handshakes, records and packets, and compare them with icount/counts.txt; --show: where
                            they are
cargo xtask interop [--yes] [--only PEER]
                            both our roles against programs of other makes, as one table
cargo xtask paths [--data DIR] [--profile NAME] [--list]
                            hold the validator of certificates against x509-limbo, BetterTLS and PKITS; without --data,
                            CHITIN_TEST_DATA names the folder; --list: each disagreement with its reason
cargo xtask ecosystem [--all | --only PACKAGE]
                            the tests of crates that use rustls 0.23, on ours; what passes on stock has to pass here; --all: those
                            that CI has no time for, too
cargo xtask ecosystem --only curl
                            curl on rustls-ffi on ours, against OpenSSL; beside what it ends with on stock
cargo xtask ecosystem --stock [--only PACKAGE]
                            note what they say on the rustls of crates.io";

/// Says what was not understood, and what there is.
fn misused(words: &[&str]) -> ExitCode {
    if !words.is_empty() {
        eprintln!("cargo xtask {}: there is no such chore, or it takes other arguments\n", words.join(" "));
    }
    eprintln!("{USAGE}");
    ExitCode::from(2)
}

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let yes = words.get(1) == Some(&"--yes");
    let root = root();
    let mut stages = Stages::new(&root);
    let result = match words[..] {
        ["floors"] => stages::floors(&root),
        ["attacks"] => attacks::check(&root),
        ["test"] | ["test", "--yes"] => stages.test(yes),
        ["providers"] => stages.providers(),
        ["features"] => stages.features(),
        ["features", "--fips"] => stages.fips(),
        ["ci"] | ["ci", "--yes"] => stages.ci(yes),
        ["api", ref rest @ ..] if api::Wanted::parse(rest).is_some() => {
            stages.api(api::Wanted::parse(rest).unwrap_or_default())
        }
        ["differential"] => stages.differential(),
        ["bogo", ref rest @ ..] if bogo::Wanted::parse(rest).is_some() => {
            bogo::run(&root, &bogo::Wanted::parse(rest).unwrap_or_default())
        }
        ["fuzz", ref rest @ ..] => match fuzz::Wanted::parse(rest) {
            Some(wanted) => fuzz::run(&root, &wanted),
            None => return misused(&words),
        },
        ["icount", ref rest @ ..] if icount::Wanted::parse(rest).is_some() => {
            stages.icount(&icount::Wanted::parse(rest).unwrap_or_default())
        }
        ["interop", ref rest @ ..] if interop::Wanted::parse(rest).is_some() => {
            let wanted = interop::Wanted::parse(rest).unwrap_or_default();
            stages.interop(&wanted)
        }
        ["paths", ref rest @ ..] => suites::run(&root, &stages::cargo(), rest),
        ["ecosystem", ref rest @ ..] if ecosystem::Wanted::parse(rest).is_some() => {
            stages.ecosystem(&ecosystem::Wanted::parse(rest).unwrap_or_default())
        }
        _ => return misused(&words),
    };
    if !matches!(words[0], "floors" | "attacks" | "bogo" | "fuzz" | "paths") {
        println!();
        stages.summary();
    }
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("\nerror: {error}");
            ExitCode::FAILURE
        }
    }
}

/// The workspace, wherever in it Cargo was called.
fn root() -> PathBuf {
    let own = std::env::var_os("CARGO_MANIFEST_DIR").map_or_else(|| PathBuf::from("xtask"), PathBuf::from);
    own.parent().map(PathBuf::from).unwrap_or_default()
}
