//! The tests once more, under each provider but the default one. What a provider lacks stands in `docs/providers.md`, which is
//! where this reads what to leave out.

use std::path::Path;
use std::process::Command;

/// The providers, by the names that `CHITIN_TEST_PROVIDER` takes, each with what its pass is to be built with and the test targets
/// that it is in.
const PASSES: &[Pass] = &[
    Pass { provider: "ring", arguments: &["-p", "chitin"], targets: &["--lib"] },
    Pass {
        provider: "graviola",
        arguments: &["-p", "chitin", "-p", "testkit", "--features", "testkit/graviola"],
        targets: &[],
    },
];

struct Pass {
    provider: &'static str,
    arguments: &'static [&'static str],
    /// Beside [`TARGETS`].
    targets: &'static [&'static str],
}

/// The test targets that reach a provider, and do not name one.
const TARGETS: &[&str] = &[
    "rules",
    "misbehaviour",
    "unbuffered",
    "kernel",
    "spoilt",
    "costs",
    "wycheproof",
    "peer_openssl",
    "peer_gnutls",
    "peer_curl",
];

/// Runs all passes.
pub fn run(root: &Path, cargo: &str) -> Result<(), String> {
    let text = std::fs::read_to_string(root.join(LACKS)).map_err(|e| format!("{LACKS}: {e}"))?;
    let left_out = left_out(&text)?;
    for pass in PASSES {
        let targets: Vec<&str> = pass
            .targets
            .iter()
            .copied()
            .chain(TARGETS.iter().flat_map(|target| ["--test", *target]))
            .collect();
        let arguments = [&["test", "--locked"], pass.arguments, &targets[..], &["--quiet", "--"]].concat();
        let skipped: Vec<&str> = left_out
            .iter()
            .filter(|row| row.providers.contains(&pass.provider))
            .map(|row| row.test)
            .collect();
        let there = listed(root, cargo, pass.provider, &arguments)?;
        if let Some(test) =
            skipped.iter().find(|test| !there.lines().any(|line| line == format!("{test}: test")))
        {
            return Err(format!("{LACKS} names {test}, and there is no such test"));
        }
        println!("+ {}: all but {} tests", pass.provider, skipped.len());
        // Exact is for what is skipped.
        let mut all = [&arguments[..], &["--exact"]].concat();
        all.extend(skipped.iter().flat_map(|test| ["--skip", *test]));
        let status = Command::new(cargo)
            .current_dir(root)
            .args(&all)
            .env(VARIABLE, pass.provider)
            .status()
            .map_err(|e| format!("cargo test: {e}"))?;
        if !status.success() {
            return Err(format!("{VARIABLE}={} cargo {}\nended with {status}", pass.provider, all.join(" ")));
        }
    }
    Ok(())
}

const VARIABLE: &str = "CHITIN_TEST_PROVIDER";

const LACKS: &str = "docs/providers.md";

fn listed(root: &Path, cargo: &str, provider: &str, arguments: &[&str]) -> Result<String, String> {
    let output = Command::new(cargo)
        .current_dir(root)
        .args(arguments)
        .arg("--list")
        .env(VARIABLE, provider)
        .stderr(std::process::Stdio::inherit())
        .output()
        .map_err(|e| format!("cargo test: {e}"))?;
    match output.status.success() {
        true => Ok(String::from_utf8_lossy(&output.stdout).into_owned()),
        false => Err(format!("cargo {}: {}", arguments.join(" "), output.status)),
    }
}

#[derive(Debug, PartialEq)]
struct LeftOut<'a> {
    test: &'a str,
    providers: Vec<&'a str>,
}

/// Reads the rows of the table below the heading `Tests`: the test, the providers that lack what it needs, and why.
fn left_out(text: &str) -> Result<Vec<LeftOut<'_>>, String> {
    let (_, table) = text.split_once("\n## Tests\n").ok_or(format!("{LACKS} has no heading `Tests`"))?;
    let rows = table.lines().filter(|line| line.starts_with("| `"));
    rows.map(|row| {
        let mut cells = row.trim_matches('|').split('|').map(str::trim);
        let (Some(test), Some(providers), Some(why), None) =
            (cells.next(), cells.next(), cells.next(), cells.next())
        else {
            return Err(format!("{LACKS}: a row has three cells: {row}"));
        };
        if why.is_empty() {
            return Err(format!("{LACKS}: no reason: {row}"));
        }
        let providers = providers.split(',').map(|name| name.trim().trim_matches('`')).collect();
        Ok(LeftOut { test: test.trim_matches('`'), providers })
    })
    .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_read_with_their_reasons() {
        let text = "| `x` | `ring` | before |\n\n## Tests\n\n| Test | Under | Why |\n|---|---|---|\n\
                    | `a::b` | `ring`, `graviola` | no such thing |\n| `c` | `ring` | none |\n";
        let rows = left_out(text).unwrap();
        assert_eq!(rows[0], LeftOut { test: "a::b", providers: vec!["ring", "graviola"] });
        assert_eq!((rows.len(), rows[1].test), (2, "c"));
        assert!(left_out("## Nothing").is_err());
        assert!(left_out("\n## Tests\n| `a` | `ring` | |\n").is_err());
        assert!(left_out("\n## Tests\n| `a` | `ring` |\n").is_err());
    }
}
