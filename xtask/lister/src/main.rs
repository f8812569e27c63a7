//! Prints the public items of a crate, one a line, from the JSON that rustdoc wrote; then, behind a heading, the auto traits. With
//! `--spans`, where each stands in the source.
#![forbid(unsafe_code)]

mod spans;

use std::collections::BTreeSet;
use std::process::ExitCode;

use public_api::Builder;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let result = match words[..] {
        ["--spans", json] => spans::print(json),
        [json] => list(json).map_err(Into::into),
        _ => {
            eprintln!("lister [--spans] FILE.json");
            return ExitCode::from(2);
        }
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{words:?}: {error}");
            ExitCode::FAILURE
        }
    }
}

fn list(json: &str) -> Result<(), public_api::Error> {
    let items = lines(json, true)?;
    let with_auto_traits = lines(json, false)?;
    items.iter().for_each(|line| println!("{line}"));
    println!("## auto traits");
    with_auto_traits.difference(&items).for_each(|line| println!("{line}"));
    Ok(())
}

fn lines(json: &str, omit_auto_traits: bool) -> Result<BTreeSet<String>, public_api::Error> {
    let builder = Builder::from_rustdoc_json(json).omit_blanket_impls(true);
    let api = builder.omit_auto_trait_impls(omit_auto_traits).build()?;
    Ok(api.items().map(ToString::to_string).collect())
}
