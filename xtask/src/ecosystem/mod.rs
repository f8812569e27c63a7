//! `cargo xtask ecosystem`: runs the tests that crates on rustls 0.23 ship, on Chitin, and holds them against what they say on stock.
//!
//! The packages come from crates.io, in fixed versions and with a fixed lock file. What passes on stock has to pass here, by
//! name. The figures of stock stand in `ecosystem/stock.txt`, since they do not change until a version does.

mod build;
mod curl;
mod further;
mod programs;
mod suites;
mod verdicts;

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use build::{Program, Side, Workspace};
use programs::PROGRAMS;
use suites::{DAILY, FURTHER, Set, Suite};
use verdicts::{Stock, Verdict, Verdicts};

use crate::tools::make_dir;

/// What was asked for on the command line.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Wanted<'a> {
    /// Run on the rustls of crates.io, and note what the tests say.
    stock: bool,
    /// Run what CI leaves out, too: the further suites, and curl.
    all: bool,
    /// Run these suites alone.
    only: Vec<&'a str>,
}

impl<'a> Wanted<'a> {
    pub fn parse(words: &[&'a str]) -> Option<Self> {
        let mut wanted = Self::default();
        let mut words = words.iter();
        while let Some(word) = words.next() {
            match *word {
                "--stock" => wanted.stock = true,
                "--all" => wanted.all = true,
                "--only" => wanted.only.push(words.next()?),
                _ => return None,
            }
        }
        Some(wanted)
    }

    /// What is asked for of a set.
    fn of(&self, set: &'static Set) -> Vec<&'static Suite> {
        let whole = self.only.is_empty() && (set.name == DAILY.name || self.beyond());
        set.suites.iter().filter(|suite| whole || self.only.contains(&suite.package)).collect()
    }

    /// What CI has no time for, where nothing is named.
    fn beyond(&self) -> bool {
        self.all || self.stock
    }

    fn has_program(&self, name: &str) -> bool {
        self.only.is_empty() || self.only.contains(&name)
    }

    /// It takes a minute, and a cmake that only it needs: so it is no part of CI.
    fn has_curl(&self) -> bool {
        self.only.contains(&curl::NAME) || (self.only.is_empty() && self.beyond())
    }

    /// A name that nothing has.
    fn unknown(&self) -> Option<&str> {
        let known = |name: &&&str| {
            suites::all().any(|s| s.package == **name) || PROGRAMS.contains(*name) || **name == curl::NAME
        };
        self.only.iter().find(|name| !known(name)).copied()
    }
}

/// Builds, runs and compares.
pub fn run(root: &Path, cargo: &str, wanted: &Wanted<'_>) -> Result<(), String> {
    let target = std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root.join("target"), PathBuf::from);
    let home = target.join("ecosystem");
    make_dir(&home.join("logs"))?;
    if let Some(unknown) = wanted.unknown() {
        return Err(format!("neither a suite nor a program is called {unknown}"));
    }
    let sets = [&DAILY, &FURTHER].into_iter().map(|set| (set, wanted.of(set)));
    let chosen = sets.filter(|(_, suites)| !suites.is_empty());
    if wanted.stock {
        if wanted.has_curl() {
            curl::check(root, &home, cargo, Side::Stock)?;
        }
        for (set, suites) in chosen {
            note(root, &home, cargo, set, &suites)?;
        }
        return Ok(());
    }
    let mut wrong = Vec::new();
    for (set, suites) in chosen {
        wrong.extend(compare(root, &home, cargo, set, &suites)?);
    }
    if wanted.has_curl() {
        wrong.extend(curl::check(root, &home, cargo, Side::Ours).err());
    }
    for name in PROGRAMS.iter().filter(|name| wanted.has_program(name)) {
        let start = Instant::now();
        println!("{name}:");
        wrong.extend(programs::check(root, &home, cargo, name).err());
        println!("{name}: built and run in {:.0?}", start.elapsed());
    }
    if wrong.is_empty() {
        return Ok(());
    }
    Err(format!("{}\nwhat the tests printed is in {}", wrong.join("\n"), home.join("logs").display()))
}

/// Runs on stock, and writes down what the tests say.
fn note(root: &Path, home: &Path, cargo: &str, set: &'static Set, chosen: &[&Suite]) -> Result<(), String> {
    let path = root.join("ecosystem/stock.txt");
    let mut stock = if path.exists() { Stock::read(&path)? } else { Stock::default() };
    let workspace = Workspace::lay_out(root, home, cargo, Side::Stock, set)?;
    let mut wrong = Vec::new();
    for suite in chosen {
        let start = Instant::now();
        let programs = match programs(&workspace, home, suite) {
            Ok(programs) => programs,
            Err(why) => {
                println!("{}: {why}", suite.package);
                wrong.push(why);
                continue;
            }
        };
        let once = run_all(&workspace, home, suite, &programs)?;
        let again = run_all(&workspace, home, suite, &programs)?;
        let verdicts = verdicts::worse(&once, &again);
        println!("{}: {} in {:.0?}", suite.package, figures(&verdicts), start.elapsed());
        if verdicts::count(&verdicts, Verdict::Passed) == 0 {
            // Nothing could ever fail against that.
            wrong.push(format!("{}: no test passed on stock, so nothing is noted", suite.package));
            continue;
        }
        stock.set(suite, verdicts);
        stock.write(&path)?;
    }
    workspace.keep_lock()?;
    if wrong.is_empty() { Ok(()) } else { Err(wrong.join("\n")) }
}

/// Runs on ours, and compares with what was written down; gives what is wrong.
fn compare(
    root: &Path,
    home: &Path,
    cargo: &str,
    set: &'static Set,
    chosen: &[&Suite],
) -> Result<Vec<String>, String> {
    let stock = Stock::read(&root.join("ecosystem/stock.txt"))?;
    let workspace = Workspace::lay_out(root, home, cargo, Side::Ours, set)?;
    let mut wrong = Vec::new();
    for suite in chosen {
        let start = Instant::now();
        // A suite that is new here is run all the same: what it says is what one adds it for.
        let none = Verdicts::new();
        let theirs = stock.of(suite).unwrap_or_else(|why| {
            wrong.push(why);
            &none
        });
        let programs = match programs(&workspace, home, suite) {
            Ok(programs) => programs,
            Err(why) => {
                println!("{}: {why}", suite.package);
                wrong.push(why);
                continue;
            }
        };
        let built = start.elapsed();
        let ours = run_all(&workspace, home, suite, &programs)?;
        let ran = start.elapsed() - built;
        println!(
            "{}: {} (stock: {}), built in {built:.0?}, run in {ran:.0?}",
            suite.package,
            figures(&ours),
            figures(theirs)
        );
        for name in verdicts::lost(theirs, &ours) {
            println!("    lost: {name}");
            wrong.push(format!("{}: {name} passes on stock and not here", suite.package));
        }
    }
    Ok(wrong)
}

fn programs(workspace: &Workspace, home: &Path, suite: &Suite) -> Result<Vec<Program>, String> {
    workspace.check_side(suite)?;
    workspace.build(suite, &home.join("logs").join(format!("{}-build.txt", suite.package)))
}

fn run_all(
    workspace: &Workspace,
    home: &Path,
    suite: &Suite,
    programs: &[Program],
) -> Result<Verdicts, String> {
    let mut all = Verdicts::new();
    for program in programs {
        all.extend(run_one(workspace, home, suite, program)?);
    }
    Ok(all)
}

/// Longer than any program of tests takes, also on a busy machine.
const PATIENCE: Duration = Duration::from_secs(400);

/// Runs one program. A test that had not ended when the program did is in no list.
fn run_one(workspace: &Workspace, home: &Path, suite: &Suite, program: &Program) -> Result<Verdicts, String> {
    let said = home.join("logs").join(format!("{}-{}.txt", suite.package, program.target.replace(' ', "-")));
    let log = said.with_extension("log");
    let _ = fs::remove_file(&log);
    let both = File::create(&said).map_err(|e| format!("{}: {e}", said.display()))?;
    let other = both.try_clone().map_err(|e| e.to_string())?;
    let mut command = Command::new(&program.path);
    command
        .current_dir(workspace.folder(suite))
        .env("CARGO_MANIFEST_DIR", workspace.folder(suite))
        .args(["--test-threads", "2", "--logfile"])
        .arg(&log)
        .args(suite.skip.iter().flat_map(|name| ["--skip", name]))
        .stdin(Stdio::null())
        .stdout(both)
        .stderr(other);
    let mut child = command.spawn().map_err(|e| format!("{command:?}: {e}"))?;
    if let Ended::Badly(how) = wait(&mut child)? {
        println!("    {} of {}: {how}", program.target, suite.package);
    }
    let text = fs::read_to_string(&log).map_err(|e| format!("{}: {e}", log.display()))?;
    Ok(verdicts::read_log(&program.target, &text))
}

/// How a program ended.
enum Ended {
    Well,
    Badly(String),
}

/// Until the program ends, or for long enough.
fn wait(child: &mut Child) -> Result<Ended, String> {
    let start = Instant::now();
    loop {
        match child.try_wait().map_err(|e| e.to_string())? {
            Some(status) if status.success() => return Ok(Ended::Well),
            Some(status) => return Ok(Ended::Badly(format!("ended with {status}"))),
            None if start.elapsed() > PATIENCE => {
                child.kill().and_then(|()| child.wait()).map_err(|e| e.to_string())?;
                return Ok(Ended::Badly(format!("had not ended after {PATIENCE:?}")));
            }
            None => std::thread::sleep(Duration::from_millis(20)),
        }
    }
}

fn figures(verdicts: &Verdicts) -> String {
    let count = |verdict| verdicts::count(verdicts, verdict);
    format!("{}/{}", count(Verdict::Passed), count(Verdict::Failed))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_of_the_command_line_are_read() {
        assert_eq!(Wanted::parse(&["--only", "quinn"]).map(|w| w.only), Some(vec!["quinn"]));
        assert_eq!(Wanted::parse(&["--only"]), None);
        assert_eq!(Wanted::parse(&["--some"]), None);
        let (nothing, all) = (Wanted::default(), Wanted { all: true, ..Wanted::default() });
        assert!(!nothing.has_curl() && all.has_curl());
        let only = Wanted { only: vec!["quinn"], ..Wanted::default() };
        let names = |suites: Vec<&Suite>| suites.iter().map(|suite| suite.package).collect::<Vec<_>>();
        assert_eq!(names(only.of(&DAILY)), ["quinn"]);
        assert_eq!(names(nothing.of(&DAILY)), names(DAILY.suites.iter().collect()));
        assert!(only.of(&FURTHER).is_empty() && nothing.of(&FURTHER).is_empty());
        assert_eq!(names(all.of(&FURTHER)), names(FURTHER.suites.iter().collect()));
        assert!(!only.has_curl());
    }
}
