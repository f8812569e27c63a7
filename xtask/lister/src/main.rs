//! Prints the public items of a crate, one a line, from the JSON that rustdoc wrote; then, behind a heading, the auto traits.
#![forbid(unsafe_code)]

use std::collections::BTreeSet;
use std::process::ExitCode;

use public_api::Builder;

fn main() -> ExitCode {
    let Some(json) = std::env::args().nth(1) else {
        eprintln!("lister FILE.json");
        return ExitCode::from(2);
    };
    match list(&json) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{json}: {error}");
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
