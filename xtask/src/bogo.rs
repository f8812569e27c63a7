//! `cargo xtask bogo`: runs BoringSSL's runner against our shim, counts, and guards what has passed once.
//!
//! What is skipped stands in `bogo/config.json`, each glob with its reason; what has passed, in `bogo/passed.txt`. The runner
//! knows neither reasons nor history, so both are checked here.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::{bogo_runner, peers};

/// What was asked for on the command line.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Wanted<'a> {
    /// Fail if a name of `passed.txt` has not passed, or if any case fails.
    check: bool,
    /// Write the names that pass to `passed.txt`.
    bless: bool,
    /// Print one JSON object in place of the summary line.
    json: bool,
    /// Run what `config.json` disables, too.
    disabled: bool,
    /// Run only the cases that match.
    only: Option<&'a str>,
}

impl<'a> Wanted<'a> {
    pub fn parse(words: &[&'a str]) -> Option<Self> {
        let mut wanted = Self::default();
        let mut words = words.iter();
        while let Some(word) = words.next() {
            match *word {
                "--check" => wanted.check = true,
                "--bless" => wanted.bless = true,
                "--json" => wanted.json = true,
                "--include-disabled" => wanted.disabled = true,
                "--only" => wanted.only = Some(words.next()?),
                _ => return None,
            }
        }
        // A part of the cases can neither be held against the whole list nor make it.
        let part = wanted.only.is_some() || wanted.disabled;
        (!(part && (wanted.check || wanted.bless))).then_some(wanted)
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Verdict {
    Passed,
    Failed,
    Unimplemented,
}

type Verdicts = BTreeMap<String, Verdict>;

/// Holds the names that passed against a whole run, with the programs for building the runner if it has to be built. `yes`:
/// install them without asking.
pub fn check(root: &Path, yes: bool) -> Result<(), String> {
    if !bogo_runner::is_built(&target(root).join("bogo")) {
        peers::set_up(peers::BUILDERS, yes)?;
    }
    run(root, &Wanted { check: true, ..Wanted::default() })
}

fn target(root: &Path) -> PathBuf {
    std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root.join("target"), PathBuf::from)
}

pub fn run(root: &Path, wanted: &Wanted<'_>) -> Result<(), String> {
    let cargo = std::env::var("CARGO").unwrap_or_else(|_| "cargo".into());
    let folder = root.join("bogo");
    let target = target(root);
    let work = target.join("bogo");
    let shim = build_shim(root, &cargo, &target)?;
    let runner = bogo_runner::runner(&work, &cargo)?;
    let names = all_names(&work, &runner, &shim)?;

    let config = fs::read_to_string(folder.join("config.json")).map_err(|e| format!("config.json: {e}"))?;
    let skips = skips(&config)?;
    check_reasons(&skips, &names)?;

    let mut command = Command::new(&runner);
    command.arg("-shim-config").arg(folder.join("config.json"));
    if wanted.disabled {
        command.arg("-include-disabled");
    }
    if let Some(only) = wanted.only {
        command.args(["-test", only]);
    }
    let text = runner_output(&work, command, &shim)?;
    let verdicts = verdicts(&text);
    let log = work.join("last-run.txt");
    fs::write(&log, &text).map_err(|e| format!("{}: {e}", log.display()))?;

    let selected = names.iter().filter(|name| wanted.only.is_none_or(|only| any_glob(only, name))).count();
    let list = folder.join("passed.txt");
    report(&verdicts, selected, wanted.json, &log);
    if wanted.bless {
        let passed: Vec<&str> = with(&verdicts, Verdict::Passed).collect();
        fs::write(&list, passed.join("\n") + "\n").map_err(|e| format!("{}: {e}", list.display()))?;
    }
    if !wanted.check {
        return Ok(());
    }
    let kept = fs::read_to_string(&list).map_err(|e| format!("{}: {e}", list.display()))?;
    guard(&kept, &verdicts)
}

fn build_shim(root: &Path, cargo: &str, target: &Path) -> Result<PathBuf, String> {
    let arguments = ["build", "--quiet", "--locked", "--package", "bogo"];
    let status = Command::new(cargo).current_dir(root).args(arguments).status().map_err(|e| e.to_string())?;
    if !status.success() {
        return Err("the shim does not build".into());
    }
    Ok(target.join("debug/bogo-shim"))
}

/// The names of all cases of this runner. A shim that implements nothing makes the runner say them.
fn all_names(work: &Path, runner: &Path, shim: &Path) -> Result<BTreeSet<String>, String> {
    let kept = runner.with_file_name("names.txt");
    if let Ok(text) = fs::read_to_string(&kept) {
        return Ok(text.lines().map(str::to_owned).collect());
    }
    println!("asking the runner for the names of its cases");
    let mut command = Command::new(runner);
    command.args(["-include-disabled", "-shim-extra-flags", "-flag-that-nobody-knows"]);
    let names: BTreeSet<String> = verdicts(&runner_output(work, command, shim)?).into_keys().collect();
    let lines: Vec<&str> = names.iter().map(String::as_str).collect();
    fs::write(&kept, lines.join("\n") + "\n").map_err(|e| format!("{}: {e}", kept.display()))?;
    Ok(names)
}

/// Runs the runner. Its own exit status says less than its output.
fn runner_output(work: &Path, mut command: Command, shim: &Path) -> Result<String, String> {
    command.args(["-allow-unimplemented", "-pipe", "-test.timeout", "10m", "-shim-path"]).arg(shim);
    let output = command
        .current_dir(work)
        .stderr(Stdio::inherit())
        .output()
        .map_err(|e| format!("the runner: {e}"))?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    if text.contains("panic: test timed out") {
        return Err("the runner did not end in time".into());
    }
    Ok(text)
}

/// One line for each case: `PASSED (name)`, and so on.
fn verdicts(text: &str) -> Verdicts {
    text.lines()
        .filter_map(|line| {
            let (word, rest) = line.split_once(" (")?;
            let verdict = match word {
                "PASSED" => Verdict::Passed,
                "FAILED" => Verdict::Failed,
                "UNIMPLEMENTED" => Verdict::Unimplemented,
                _ => return None,
            };
            Some((rest.strip_suffix(')')?.to_owned(), verdict))
        })
        .collect()
}

fn with(verdicts: &Verdicts, which: Verdict) -> impl Iterator<Item = &str> {
    verdicts.iter().filter(move |(_, verdict)| **verdict == which).map(|(name, _)| name.as_str())
}

fn report(verdicts: &Verdicts, selected: usize, json: bool, log: &Path) {
    let count = |which| with(verdicts, which).count();
    let (passed, failed) = (count(Verdict::Passed), count(Verdict::Failed));
    let unimplemented = count(Verdict::Unimplemented);
    let disabled = selected.saturating_sub(verdicts.len());
    if json {
        // The names of the runner need no escapes.
        let failures: Vec<String> =
            with(verdicts, Verdict::Failed).map(|name| format!("\"{name}\"")).collect();
        println!(
            "{{\"passed\":{passed},\"failed\":{failed},\"unimplemented\":{unimplemented},\"disabled\":{disabled},\
             \"total\":{selected},\"failures\":[{}]}}",
            failures.join(",")
        );
        return;
    }
    if failed > 0 {
        for name in with(verdicts, Verdict::Failed) {
            println!("failed: {name}");
        }
        println!("the runner's own words are in {}", log.display());
    }
    println!(
        "bogo: {passed} passed, {failed} failed, {unimplemented} unimplemented, {disabled} disabled of {selected}"
    );
}

/// What has passed once has to pass again, and nothing that is not disabled may fail.
fn guard(kept: &str, verdicts: &Verdicts) -> Result<(), String> {
    let lost: Vec<&str> = kept.lines().filter(|name| verdicts.get(*name) != Some(&Verdict::Passed)).collect();
    for name in &lost {
        println!("no longer passes: {name}");
    }
    let known: BTreeSet<&str> = kept.lines().collect();
    let new = with(verdicts, Verdict::Passed).filter(|name| !known.contains(name)).count();
    if new > 0 {
        println!("{new} cases pass that bogo/passed.txt does not name; `cargo xtask bogo --bless` adds them");
    }
    let failed = with(verdicts, Verdict::Failed).count();
    match (lost.len(), failed) {
        (0, 0) => Ok(()),
        (lost, failed) => Err(format!("{lost} cases that passed once do not pass, {failed} fail")),
    }
}

/// The globs of `DisabledTests`, each with its reason.
fn skips(config: &str) -> Result<Vec<(&str, &str)>, String> {
    let block = config
        .split_once("\"DisabledTests\"")
        .and_then(|(_, rest)| rest.split_once('{'))
        .and_then(|(_, rest)| rest.split_once('}'))
        .map(|(block, _)| block)
        .ok_or("config.json has no DisabledTests")?;
    // One entry a line, and no quotes inside: that is how we write it, and all that this understands.
    block
        .lines()
        .filter(|line| !line.trim().is_empty())
        .map(|line| match line.split('"').collect::<Vec<_>>()[..] {
            [_, glob, colon, reason, _] if colon.trim() == ":" => Ok((glob, reason)),
            _ => Err(format!("config.json: cannot read `{}`", line.trim())),
        })
        .collect()
}

/// Two kinds of reasons are good, and a glob without a case is a mistake.
fn check_reasons(skips: &[(&str, &str)], names: &BTreeSet<String>) -> Result<(), String> {
    for (glob, reason) in skips {
        if !["out of scope: ", "open: "].iter().any(|kind| reason.starts_with(kind)) {
            return Err(format!("config.json: `{glob}` is skipped for a reason that is none: {reason}"));
        }
        if !names.iter().any(|name| is_match(glob.as_bytes(), name.as_bytes())) {
            return Err(format!("config.json: no case matches `{glob}`"));
        }
    }
    Ok(())
}

/// The runner separates globs by semicolons.
fn any_glob(globs: &str, name: &str) -> bool {
    globs.split(';').any(|glob| is_match(glob.as_bytes(), name.as_bytes()))
}

/// `*` and `?` as the runner understands them. Brackets it understands too; we do not use them.
fn is_match(glob: &[u8], name: &[u8]) -> bool {
    match (glob, name) {
        ([], []) => true,
        ([b'*', glob @ ..], _) => (0..=name.len()).any(|at| is_match(glob, &name[at..])),
        ([b'?', glob @ ..], [_, name @ ..]) => is_match(glob, name),
        ([a, glob @ ..], [b, name @ ..]) => a == b && is_match(glob, name),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arguments_are_understood_or_refused() {
        let wanted = Wanted::parse(&["--json", "--only", "A*"]).unwrap();
        assert_eq!((wanted.json, wanted.only, wanted.check), (true, Some("A*"), false));
        assert!(Wanted::parse(&["--only"]).is_none());
        assert!(Wanted::parse(&["--onyl", "A*"]).is_none());
        assert!(Wanted::parse(&["--check", "--only", "A*"]).is_none(), "a part is not the whole");
    }

    #[test]
    fn globs_match_whole_names() {
        assert!(is_match(b"*TLS1-*", b"Basic-TLS1-Sync"));
        assert!(!is_match(b"*TLS1-*", b"Basic-TLS12-Sync"));
        assert!(is_match(b"A-?", b"A-1") && !is_match(b"A-?", b"A-12") && !is_match(b"A", b"AB"));
        assert!(any_glob("X;A*", "AB"));
    }

    #[test]
    fn verdicts_are_read_from_lines() {
        let text = "PASSED (A-1)\nnoise (x)\nFAILED (B)\nfirst line\nUNIMPLEMENTED (C)\n";
        let found: Vec<_> = verdicts(text).into_values().collect();
        assert_eq!(found, [Verdict::Passed, Verdict::Failed, Verdict::Unimplemented]);
    }

    #[test]
    fn what_passed_once_has_to_pass_again_and_nothing_may_fail() {
        let now = |text| verdicts(text);
        assert!(guard("A\nB\n", &now("PASSED (A)\nPASSED (B)\nPASSED (new)\nUNIMPLEMENTED (C)")).is_ok());
        for worse in ["PASSED (A)", "PASSED (A)\nUNIMPLEMENTED (B)", "PASSED (A)\nPASSED (B)\nFAILED (C)"] {
            assert!(guard("A\nB\n", &now(worse)).is_err(), "{worse}");
        }
    }

    #[test]
    fn a_skip_has_a_reason_and_a_case() {
        let config = "{\n \"DisabledTests\": {\n  \"A*\": \"open: X\",\n  \"B\": \"too hard\"\n },\n \"ErrorMap\": {}\n}";
        let skips = skips(config).unwrap();
        assert_eq!(skips, [("A*", "open: X"), ("B", "too hard")]);
        let names = BTreeSet::from(["A1".to_owned(), "B".to_owned()]);
        assert!(check_reasons(&skips[..1], &names).is_ok());
        assert!(check_reasons(&skips[1..], &names).unwrap_err().contains("too hard"));
        assert!(check_reasons(&[("C*", "open: X")], &names).unwrap_err().contains("C*"));
    }
}
