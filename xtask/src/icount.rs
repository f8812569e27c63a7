//! `cargo xtask icount`: how many instructions handshakes, records and packets of QUIC take, counted by callgrind and held against `icount/counts.txt`.
//!
//! Times depend on the machine and on who else uses it; counts of one program repeat. Two numbers stand for each case and side: what
//! runs outside the provider's library (our code, and the allocator and copies that it calls), and what runs in the library for hashes, AEAD and
//! randomness, or in `sha2`, for messages and HMAC; the processor under callgrind has no instructions for SHA. Arithmetic of public keys is in neither: its length is chance, and nothing here can change it.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Mutex;

use crate::peers::{self, Peer};
use crate::tools::{make_dir, output, run, write};

mod profile;

use profile::Profile;

/// What was asked for on the command line.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Wanted<'a> {
    /// Write what is counted to `icount/counts.txt`.
    bless: bool,
    /// Install callgrind without asking.
    yes: bool,
    /// Say of one case, as `full13/client`, where its instructions are.
    show: Option<&'a str>,
}

impl<'a> Wanted<'a> {
    pub fn parse(words: &[&'a str]) -> Option<Self> {
        let mut wanted = Self::default();
        let mut words = words.iter();
        while let Some(word) = words.next() {
            match *word {
                "--bless" => wanted.bless = true,
                "--yes" => wanted.yes = true,
                "--show" => wanted.show = Some(words.next()?),
                _ => return None,
            }
        }
        (!(wanted.bless && wanted.show.is_some())).then_some(wanted)
    }

    pub fn yes(yes: bool) -> Self {
        Self { yes, ..Self::default() }
    }
}

/// What one round of a case takes on one side.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Counts {
    ours: u64,
    library: u64,
}

type Table = BTreeMap<String, Counts>;

/// The cases of the program `icount`, and how many rounds of each are counted in one process: enough for chance to even out (a
/// signature's encoding has 70 to 72 bytes), and few enough for two minutes.
const CASES: [(&str, u32); 9] = [
    ("full12", 20),
    ("full13", 20),
    ("fullquic", 20),
    ("mutual13", 20),
    ("packets1200", 200),
    ("records16k", 30),
    ("records1k", 200),
    ("resumed12", 20),
    ("resumed13", 20),
];

const PROCESSES: u64 = 3;

const SIDES: [&str; 2] = ["client", "server"];

/// Which change is a change. Runs of one program differ by a quarter of this.
const TOLERANCE_PERCENT: f64 = 2.0;

const TOOLS: &[Peer] = &[Peer { program: "valgrind", version: "--version", package: "valgrind" }];

const COUNTS: &str = "icount/counts.txt";

const HEAD: &str = "\
# Instructions of one handshake, or of one record or packet: `cargo xtask icount` holds them, `cargo xtask icount --bless` writes them.
# ours: outside the provider's library. library: in it, for hashes, AEAD and randomness, and compressions of `sha2`. Arithmetic of public keys is in neither.
";

pub fn check(root: &Path, cargo: &str, wanted: &Wanted<'_>) -> Result<(), String> {
    peers::set_up(TOOLS, wanted.yes)?;
    run(Command::new(cargo).current_dir(root).args([
        "build",
        "--release",
        "--quiet",
        "--locked",
        "-p",
        "icount",
        // Where the program is looked for below, whatever the environment says.
        "--target-dir",
        "target",
    ]))?;
    let place = Place { program: root.join("target/release/icount"), scratch: root.join("target/icount") };
    make_dir(&place.scratch)?;
    if let Some(name) = wanted.show {
        return place.show(name);
    }
    let found = place.all()?;
    let compiler = output(Command::new("rustc").current_dir(root).arg("--version"))?;
    let compiler = compiler.trim();
    if wanted.bless {
        return write(&root.join(COUNTS), &to_text(&found, compiler));
    }
    let text = fs::read_to_string(root.join(COUNTS)).map_err(|e| format!("{COUNTS}: {e}"))?;
    let (before, then) = from_text(&text)?;
    print!("{}", beside(&before, &found));
    let changed = changes(&before, &found);
    if changed.is_empty() {
        return Ok(());
    }
    let note = match then == compiler {
        true => String::new(),
        false => format!("\nThe counts were taken with {then}, and this is {compiler}."),
    };
    Err(format!(
        "instruction counts have changed by more than {TOLERANCE_PERCENT} %:\n{}\nIf that is meant, `cargo xtask icount --bless`, \
         and say why in the commit. Another processor or C library counts otherwise, too.{note}",
        changed.join("\n")
    ))
}

/// Where the program is, and where callgrind writes.
struct Place {
    program: PathBuf,
    scratch: PathBuf,
}

impl Place {
    /// Counts every case, two at a time.
    fn all(&self) -> Result<Table, String> {
        let jobs = Mutex::new(CASES.iter().flat_map(|case| SIDES.map(|side| (case.0, side))));
        let found = Mutex::new(Ok(Table::new()));
        std::thread::scope(|scope| {
            for _ in 0..2 {
                scope.spawn(|| {
                    loop {
                        // Taken in a statement of its own, so that the lock is free while we count.
                        let job = jobs.lock().unwrap().next();
                        let Some((case, side)) = job else { return };
                        let name = format!("{case}/{side}");
                        let counts = self.mean(&name);
                        let mut found = found.lock().unwrap();
                        match (&mut *found, counts) {
                            (Ok(table), Ok(counts)) => drop(table.insert(name, counts)),
                            (Ok(_), Err(error)) => *found = Err(error),
                            (Err(_), _) => {}
                        }
                    }
                });
            }
        });
        found.into_inner().unwrap()
    }

    /// Over some processes: certificates, keys and the order of a hello's extensions are drawn anew in each.
    fn mean(&self, name: &str) -> Result<Counts, String> {
        let mut sum = Counts { ours: 0, library: 0 };
        for _ in 0..PROCESSES {
            let (profile, rounds) = self.profile(name)?;
            let counts = profile.counts(rounds);
            sum = Counts { ours: sum.ours + counts.ours, library: sum.library + counts.library };
        }
        Ok(Counts { ours: sum.ours / PROCESSES, library: sum.library / PROCESSES })
    }

    fn show(&self, name: &str) -> Result<(), String> {
        let (profile, rounds) = self.profile(name)?;
        println!("{name}: {:?}, in one of {rounds} rounds", profile.counts(rounds));
        print!("{}", profile.listing(rounds));
        Ok(())
    }

    fn profile(&self, name: &str) -> Result<(Profile, u64), String> {
        let (case, side) = name
            .split_once('/')
            .filter(|(_, side)| SIDES.contains(side))
            .ok_or_else(|| format!("{name}: a case is named as full13/client"))?;
        let (case, rounds) =
            CASES.iter().find(|(known, _)| *known == case).ok_or_else(|| format!("{name}: no such case"))?;
        let out = self.scratch.join(format!("{case}-{side}.callgrind"));
        // Nothing of the caller's environment, which lies on the stack and moves all behind it.
        let counted = Command::new("valgrind")
            .args(["--tool=callgrind", "--quiet", "--toggle-collect=icount::counted*"])
            .arg(format!("--callgrind-out-file={}", out.display()))
            .arg(&self.program)
            .args([case, side, &*rounds.to_string()])
            .env_clear()
            .envs(std::env::var_os("PATH").map(|path| ("PATH", path)))
            .output()
            .map_err(|e| format!("valgrind: {e}"))?;
        if !counted.status.success() {
            let said = String::from_utf8_lossy(&counted.stderr);
            return Err(format!("valgrind for {name} ended with {}\n{said}", counted.status));
        }
        let text = fs::read_to_string(&out).map_err(|e| format!("{}: {e}", out.display()))?;
        Ok((Profile::read(&text)?, u64::from(*rounds)))
    }
}

fn to_text(table: &Table, compiler: &str) -> String {
    let mut text = format!("{HEAD}# {compiler}\n");
    for (name, counts) in table {
        let _ = writeln!(text, "{name:<18} {:>8} {:>8}", counts.ours, counts.library);
    }
    text
}

/// The table, and the compiler that the last comment names.
fn from_text(text: &str) -> Result<(Table, &str), String> {
    let mut compiler = "an unknown compiler";
    let mut table = Table::new();
    for line in text.lines() {
        if let Some(comment) = line.strip_prefix("# ") {
            compiler = comment;
            continue;
        }
        let words: Vec<&str> = line.split_whitespace().collect();
        let row = match words[..] {
            [name, ours, library] => ours.parse().ok().zip(library.parse().ok()).map(|counts| (name, counts)),
            _ => None,
        };
        let (name, (ours, library)) = row.ok_or_else(|| format!("{COUNTS}: `{line}` is no row"))?;
        table.insert(name.to_owned(), Counts { ours, library });
    }
    Ok((table, compiler))
}

fn percent(before: u64, now: u64) -> f64 {
    100.0 * (now as f64 - before as f64) / (before.max(1) as f64)
}

fn beside(before: &Table, found: &Table) -> String {
    let mut text = format!("{:<18} {:>8} {:>9} {:>8} {:>9}\n", "", "ours", "", "library", "");
    for (name, now) in found {
        let old = before.get(name).unwrap_or(now);
        let _ = writeln!(
            text,
            "{name:<18} {:>8} {:>+8.2}% {:>8} {:>+8.2}%",
            now.ours,
            percent(old.ours, now.ours),
            now.library,
            percent(old.library, now.library)
        );
    }
    text
}

fn changes(before: &Table, found: &Table) -> Vec<String> {
    let mut changes = Vec::new();
    for name in before.keys().filter(|name| !found.contains_key(*name)) {
        changes.push(format!("{name}: is counted no more"));
    }
    for (name, now) in found {
        let Some(old) = before.get(name) else {
            changes.push(format!("{name}: new"));
            continue;
        };
        for (what, old, now) in [("ours", old.ours, now.ours), ("library", old.library, now.library)] {
            let change = percent(old, now);
            if change.abs() > TOLERANCE_PERCENT {
                changes.push(format!("{name}, {what}: {old} became {now} ({change:+.1} %)"));
            }
        }
    }
    changes
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table(rows: &[(&str, u64, u64)]) -> Table {
        rows.iter()
            .map(|(name, ours, library)| (name.to_string(), Counts { ours: *ours, library: *library }))
            .collect()
    }

    #[test]
    fn the_file_is_read_as_it_is_written() {
        let written = table(&[("full13/client", 100_000, 7), ("full13/server", 1, 0)]);
        let text = to_text(&written, "rustc 1.2.3");
        assert_eq!(from_text(&text), Ok((written, "rustc 1.2.3")));
        assert!(from_text("full13/client 1\n").is_err() && from_text("full13/client 1 x\n").is_err());
    }

    #[test]
    fn a_change_over_the_tolerance_is_named() {
        let before = table(&[("a/client", 1000, 500), ("b/client", 10, 10)]);
        assert_eq!(changes(&before, &before), <Vec<String>>::new());
        assert_eq!(changes(&before, &table(&[("a/client", 1019, 491), ("b/client", 10, 10)])).len(), 0);
        let found = table(&[("a/client", 979, 511), ("c/client", 10, 10)]);
        assert_eq!(
            changes(&before, &found),
            [
                "b/client: is counted no more",
                "a/client, ours: 1000 became 979 (-2.1 %)",
                "a/client, library: 500 became 511 (+2.2 %)",
                "c/client: new"
            ]
        );
    }

    #[test]
    fn words_that_contradict_each_other_are_refused() {
        assert!(Wanted::parse(&["--bless", "--show", "full13/client"]).is_none());
        assert!(Wanted::parse(&["--show"]).is_none());
        assert_eq!(Wanted::parse(&["--yes"]), Some(Wanted::yes(true)));
    }
}
