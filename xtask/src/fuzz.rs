//! `cargo xtask fuzz`: runs each fuzz target in turn, from the seeds in the tree, and says what became of each.
//!
//! The targets are those of `fuzz/Cargo.toml`; `cargo fuzz` builds them with the compiler at hand. What a run finds beyond the
//! seeds stays below `target/fuzz`, and the next run begins with it.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// The version of `cargo fuzz` that is installed where there is none.
const CARGO_FUZZ: &str = "0.13.2";

/// The longest input. A flight of a handshake is three to four thousand bytes, and what is longer is made by steps that repeat.
const MAX_LEN: u32 = 8192;

/// An input that takes longer than this many seconds counts as a hang. The slowest take some milliseconds.
const TIMEOUT: u32 = 10;

/// More memory than this many megabytes is a leak: a run needs less than a tenth.
const MEMORY: u32 = 1024;

/// What was asked for on the command line.
#[derive(Debug, PartialEq, Eq)]
pub struct Wanted<'a> {
    seconds: u32,
    only: Option<&'a str>,
    coverage: bool,
}

impl<'a> Wanted<'a> {
    pub fn parse(words: &[&'a str]) -> Option<Self> {
        let mut wanted = Self { seconds: 60, only: None, coverage: false };
        let mut words = words.iter();
        while let Some(word) = words.next() {
            match *word {
                "--seconds" => wanted.seconds = words.next()?.parse().ok().filter(|n| *n > 0)?,
                "--only" => wanted.only = Some(words.next()?),
                "--coverage" => wanted.coverage = true,
                _ => return None,
            }
        }
        Some(wanted)
    }
}

pub fn run(root: &Path, wanted: &Wanted<'_>) -> Result<(), String> {
    let cargo = std::env::var("CARGO").unwrap_or_else(|_| "cargo".into());
    let target = std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root.join("target"), PathBuf::from);
    let work = target.join("fuzz");
    if wanted.coverage {
        return coverage(root, &cargo, &work);
    }
    let manifest =
        fs::read_to_string(root.join("fuzz/Cargo.toml")).map_err(|e| format!("fuzz/Cargo.toml: {e}"))?;
    let mut names = targets(&manifest);
    if let Some(only) = wanted.only {
        names.retain(|name| *name == only);
    }
    if names.is_empty() {
        return Err("there is no such target in fuzz/Cargo.toml".into());
    }
    let tool = tool(&cargo, &target)?;
    build(root, &tool, &work, wanted.only)?;
    let mut failed = Vec::new();
    for name in names {
        let run = fuzz(root, &work, name, wanted.seconds)?;
        println!("{}", run.line(name));
        if !run.fine {
            failed.push(name);
        }
    }
    if failed.is_empty() { Ok(()) } else { Err(format!("found something: {}", failed.join(", "))) }
}

/// The names of the binaries, in their order.
fn targets(manifest: &str) -> Vec<&str> {
    let blocks = manifest.split("[[bin]]").skip(1);
    blocks.filter_map(|block| block.split_once("name = \"")?.1.split('"').next()).collect()
}

/// `cargo fuzz`, ours or the user's own.
fn tool(cargo: &str, target: &Path) -> Result<PathBuf, String> {
    let ours = target.join("tools/bin/cargo-fuzz");
    for path in [ours.clone(), PathBuf::from("cargo-fuzz")] {
        let mut ask = Command::new(&path);
        ask.args(["fuzz", "--version"]).stdout(Stdio::null()).stderr(Stdio::null());
        if ask.status().is_ok_and(|status| status.success()) {
            return Ok(path);
        }
    }
    println!("installing cargo-fuzz {CARGO_FUZZ}");
    let status = Command::new(cargo)
        .args(["install", "--quiet", "--locked", "cargo-fuzz", "--version", CARGO_FUZZ, "--root"])
        .arg(target.join("tools"))
        .env("CARGO_TARGET_DIR", target.join("tools/build"))
        .status()
        .map_err(|e| format!("cargo install: {e}"))?;
    if status.success() { Ok(ours) } else { Err("cargo-fuzz cannot be installed".into()) }
}

/// Builds all targets, or one. No sanitizer: all that runs is safe Rust, and the stable compiler has none.
fn build(root: &Path, tool: &Path, work: &Path, only: Option<&str>) -> Result<(), String> {
    let status = Command::new(tool)
        .current_dir(root.join("fuzz"))
        .args(["fuzz", "build", "--sanitizer", "none", "--target-dir"])
        .arg(absolute(work)?)
        .args(only)
        .status()
        .map_err(|e| format!("cargo fuzz build: {e}"))?;
    if status.success() { Ok(()) } else { Err("the targets do not build".into()) }
}

#[derive(Debug, PartialEq, Eq)]
struct Run {
    fine: bool,
    executions: u64,
    seconds: u64,
    memory: u64,
    /// What it said first of a failure, and where the input is.
    words: Vec<String>,
}

impl Run {
    /// From what libFuzzer prints.
    fn read(fine: bool, text: &str) -> Self {
        let number = |name: &str| {
            let line = text.lines().find_map(|line| line.strip_prefix("stat::")?.strip_prefix(name));
            line.and_then(|rest| rest.trim_start_matches(':').trim().parse().ok()).unwrap_or(0)
        };
        let seconds = text.lines().find_map(|line| {
            line.strip_prefix("Done ")?.split_once(" in ")?.1.split(' ').next()?.parse().ok()
        });
        let telling = |line: &&str| {
            line.contains("panicked at")
                || line.contains("Test unit written")
                || line.contains("ERROR: libFuzzer")
        };
        let mut words = Vec::new();
        let mut lines = text.lines().peekable();
        while let Some(line) = lines.next() {
            if !fine && telling(&line) {
                words.push(line.to_owned());
                // The message of a panic is on the line behind it.
                if line.contains("panicked at") {
                    words.extend(lines.peek().map(|next| (*next).to_owned()));
                }
            }
        }
        Self {
            fine,
            executions: number("number_of_executed_units"),
            seconds: seconds.unwrap_or(0),
            memory: number("peak_rss_mb"),
            words,
        }
    }

    fn line(&self, name: &str) -> String {
        let Self { fine, executions, seconds, memory, words } = self;
        let what = if *fine { "nothing found" } else { "FOUND SOMETHING" };
        let head = format!("{name:<13} {executions:>10} executions in {seconds} s, {memory} MB: {what}");
        [&[head][..], words].concat().join("\n  ")
    }
}

fn fuzz(root: &Path, work: &Path, name: &str, seconds: u32) -> Result<Run, String> {
    let triple = fs::read_dir(work).map_err(|e| format!("{}: {e}", work.display()))?;
    let binary = triple
        .filter_map(|entry| Some(entry.ok()?.path().join("release").join(name)))
        .find(|path| path.is_file())
        .ok_or_else(|| format!("{name} was not built"))?;
    let (own, found) = (work.join("corpus").join(name), work.join("found"));
    for folder in [&own, &found] {
        fs::create_dir_all(folder).map_err(|e| format!("{}: {e}", folder.display()))?;
    }
    // New inputs go to the first folder only.
    let output = Command::new(binary)
        .arg(format!("-max_total_time={seconds}"))
        .arg(format!("-max_len={MAX_LEN}"))
        .arg(format!("-timeout={TIMEOUT}"))
        .arg(format!("-rss_limit_mb={MEMORY}"))
        .arg(format!("-artifact_prefix={}/{name}-", found.display()))
        .arg("-print_final_stats=1")
        .args([own, root.join("fuzz/corpus").join(name)])
        .env("RUST_BACKTRACE", "0")
        .stdout(Stdio::null())
        .output()
        .map_err(|e| format!("{name}: {e}"))?;
    let mut run = Run::read(output.status.success(), &String::from_utf8_lossy(&output.stderr));
    if !run.fine {
        // Killed from outside, for one, it says nothing itself.
        run.words.push(format!("it ended with {}", output.status));
    }
    Ok(run)
}

/// Which arms of the flows' legal orders are reached, by the seeds and by what was found beside them.
fn coverage(root: &Path, cargo: &str, work: &Path) -> Result<(), String> {
    let arguments = ["run", "--quiet", "--locked", "--package", "surfaces", "--", "coverage"];
    let status = Command::new(cargo)
        .current_dir(root)
        .args(arguments)
        .arg(absolute(work)?.join("corpus"))
        .status()
        .map_err(|e| format!("cargo run: {e}"))?;
    if status.success() { Ok(()) } else { Err("not every arm is reached".into()) }
}

fn absolute(path: &Path) -> Result<PathBuf, String> {
    std::path::absolute(path).map_err(|e| format!("{}: {e}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arguments_are_understood_or_refused() {
        let wanted = Wanted::parse(&["--seconds", "5", "--only", "records"]).unwrap();
        assert_eq!(wanted, Wanted { seconds: 5, only: Some("records"), coverage: false });
        assert_eq!(Wanted::parse(&[]).unwrap().seconds, 60);
        for bad in [&["--seconds"][..], &["--seconds", "0"], &["--seconds", "x"], &["--often"]] {
            assert!(Wanted::parse(bad).is_none(), "{bad:?}");
        }
    }

    #[test]
    fn targets_are_the_binaries_of_the_manifest() {
        let manifest =
            "[package]\nname = \"x\"\n[[bin]]\nname = \"a\"\npath = \"p\"\n\n[[bin]]\nname = \"b\"\n";
        assert_eq!(targets(manifest), ["a", "b"]);
    }

    #[test]
    fn what_libfuzzer_prints_is_read() {
        let text = "#9 DONE cov: 1\nDone 134885 runs in 11 second(s)\nstat::number_of_executed_units: 134885\n\
                    stat::peak_rss_mb:              28\n";
        let run = Run::read(true, text);
        assert_eq!((run.executions, run.seconds, run.memory), (134885, 11, 28));
        assert!(run.line("records").contains("134885 executions in 11 s, 28 MB: nothing found"));
        let text =
            "thread 'x' panicked at src/a.rs:1:2:\nit broke\nmore\n==1== ERROR: libFuzzer: deadly signal\n";
        let run = Run::read(false, text);
        assert_eq!(
            run.words,
            ["thread 'x' panicked at src/a.rs:1:2:", "it broke", "==1== ERROR: libFuzzer: deadly signal"]
        );
        assert!(run.line("x").contains("FOUND SOMETHING\n  thread"));
    }
}
