//! `RESULTS.md`, the figures of the first page and of the manual, and its plots, from one run.

use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::beside::Section;
use crate::crew::{CREW, Member};
use crate::glance;
use crate::goals;
use crate::plots;
use crate::report;
use crate::run::Outcome;

/// What was said to get them, and of which checkout they are.
pub struct Run {
    pub command: String,
    pub commit: String,
}

/// The commit as it stands now, and whether something was changed since.
pub fn commit() -> String {
    said("git", &["describe", "--always", "--dirty", "--exclude=*"])
}

/// Writes all of it.
pub fn write(
    outcomes: &[Outcome],
    beside: &[Section],
    crew: &[&'static Member],
    run: &Run,
) -> Result<(), String> {
    let bench = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut text = String::from(
        "# Results\n\nOf the last run. `README.md` says how they are measured; `cargo run --release -- --results` writes this anew.\n\n",
    );
    let _ = writeln!(text, "| | |\n|---|---|\n| command | `{}` |\n| commit | {} |", run.command, run.commit);
    for (what, value) in machine() {
        let _ = writeln!(text, "| {what} | {value} |");
    }
    for (what, value) in versions(bench, crew)? {
        let _ = writeln!(text, "| {what} | {value} |");
    }
    let goals = goals::text(outcomes);
    let _ = write!(
        text,
        "\n### What the project asked of itself\n\nShares of the limit, bytes, and calls.\n\n{goals}"
    );
    for outcome in outcomes {
        text.push_str(&report::text(outcome));
    }
    for Section { heading, text: section } in beside {
        let _ = write!(text, "\n### {heading}\n\n{section}");
    }
    put(&bench.join("RESULTS.md"), &text)?;
    let folder = plots_folder()?;
    for plot in plots::all(outcomes) {
        put(&folder.join(plot.file), &plot.svg)?;
    }
    renew(&bench.join("../docs/performance.md"), &goals)?;
    renew(&bench.join("../README.md"), &glance::text(outcomes))
}

/// Puts the figures of this run in the place of those of the last one.
fn renew(page: &Path, figures: &str) -> Result<(), String> {
    let name = page.display();
    let before = fs::read_to_string(page).map_err(|e| format!("{name}: {e}"))?;
    put(page, &between(&before, figures).ok_or_else(|| format!("{name} has no marks for figures"))?)
}

/// The marks between which a page has figures of the last run.
const FROM: &str = "<!-- figures of bench/RESULTS.md -->\n";
const TO: &str = "<!-- end of figures -->\n";

fn between(page: &str, figures: &str) -> Option<String> {
    let (before, rest) = page.split_once(FROM)?;
    let (_, after) = rest.split_once(TO)?;
    Some(format!("{before}{FROM}\n{figures}\n{TO}{after}"))
}

/// Where the manual has them.
pub fn plots_folder() -> Result<PathBuf, String> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/plots");
    fs::create_dir_all(&folder).map_err(|e| format!("{}: {e}", folder.display()))?;
    Ok(folder)
}

fn put(path: &Path, text: &str) -> Result<(), String> {
    fs::write(path, text).map_err(|e| format!("{}: {e}", path.display()))?;
    eprintln!("wrote {}", path.display());
    Ok(())
}

/// What it ran on.
fn machine() -> Vec<(&'static str, String)> {
    let cpu = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let of = |key: &str| {
        let line = cpu.lines().find(|line| line.starts_with(key));
        line.and_then(|line| line.split_once(':')).map_or("unknown", |(_, value)| value.trim()).to_owned()
    };
    let flags = of("flags");
    let known = ["aes", "vaes", "avx2", "avx512f", "sha_ni"];
    let has: Vec<&str> =
        known.into_iter().filter(|flag| flags.split(' ').any(|word| word == *flag)).collect();
    // This process itself is held to one of them.
    let cores = cpu.lines().filter(|line| line.starts_with("processor")).count();
    let load = fs::read_to_string("/proc/loadavg").unwrap_or_default();
    vec![
        ("date", said("date", &["-u", "+%Y-%m-%d"])),
        (
            "processor",
            format!(
                "{}, family {} model {}, {cores} cores, {}",
                of("model name"),
                of("cpu family"),
                of("model"),
                has.join(" ")
            ),
        ),
        ("system", said("uname", &["-srm"])),
        ("load at the end", load.split(' ').next().unwrap_or_default().to_owned()),
        ("compilers", format!("{}; {}", said("rustc", &["--version"]), said("cc", &["--version"]))),
    ]
}

/// The first line of what a program prints.
fn said(program: &str, arguments: &[&str]) -> String {
    let output = Command::new(program).current_dir(env!("CARGO_MANIFEST_DIR")).args(arguments).output();
    let text = output.map(|output| String::from_utf8_lossy(&output.stdout).into_owned()).unwrap_or_default();
    text.lines().next().unwrap_or("unknown").trim().to_owned()
}

/// Of each implementation, from the lock file.
fn versions(bench: &Path, crew: &[&'static Member]) -> Result<Vec<(&'static str, String)>, String> {
    let lock = fs::read_to_string(bench.join("Cargo.lock")).map_err(|e| format!("Cargo.lock: {e}"))?;
    let chosen = CREW.iter().filter(|member| crew.contains(member));
    Ok(chosen.map(|member| (member.name, members_versions(&lock, member.sources))).collect())
}

fn members_versions(lock: &str, packages: &[&str]) -> String {
    let version = |package: &&str| {
        let at = lock.split_once(&format!("name = \"{package}\"\nversion = \""))?.1;
        Some(format!("{package} {}", at.split('"').next()?))
    };
    packages.iter().filter_map(version).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_are_put_between_their_marks_each_time() {
        let page = format!("before\n{FROM}{TO}after\n");
        let once = between(&page, "| 1 |\n").unwrap();
        assert_eq!(once, format!("before\n{FROM}\n| 1 |\n\n{TO}after\n"));
        assert_eq!(between(&once, "| 1 |\n").unwrap(), once);
        assert_eq!(between("before", "| 1 |\n"), None);
    }

    #[test]
    fn versions_are_read_from_the_lock_file() {
        let lock = "[[package]]\nname = \"a\"\nversion = \"1.2\"\n\n[[package]]\nname = \"ab\"\nversion = \"3.4+5\"\n";
        assert_eq!(members_versions(lock, &["ab", "a", "c"]), "ab 3.4+5, a 1.2");
    }
}
