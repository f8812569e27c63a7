//! What tests said, the file that keeps what they say on stock, and the comparison.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use super::suites::{self, Suite};
use crate::tools::write;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    Passed,
    Failed,
}

/// By target and name of the test.
pub type Verdicts = BTreeMap<String, Verdict>;

pub fn count(verdicts: &Verdicts, verdict: Verdict) -> usize {
    verdicts.values().filter(|&&v| v == verdict).count()
}

/// The log of libtest: a word and a name in each line.
pub fn read_log(target: &str, log: &str) -> Verdicts {
    let lines = log.lines().filter_map(|line| {
        let (word, name) = line.split_once(' ')?;
        let verdict = match word {
            "ok" => Verdict::Passed,
            "failed" => Verdict::Failed,
            _ => return None,
        };
        Some((format!("{target} {name}"), verdict))
    });
    lines.collect()
}

/// What passes on stock and not here.
pub fn lost<'a>(stock: &'a Verdicts, ours: &Verdicts) -> Vec<&'a str> {
    let passed = stock.iter().filter(|&(_, &verdict)| verdict == Verdict::Passed);
    passed.map(|(name, _)| name.as_str()).filter(|name| ours.get(*name) != Some(&Verdict::Passed)).collect()
}

/// A test that passed once and failed once has failed.
pub fn worse(one: &Verdicts, other: &Verdicts) -> Verdicts {
    let names: BTreeSet<&String> = one.keys().chain(other.keys()).collect();
    let both = |name| {
        let passed = Some(&Verdict::Passed);
        if one.get(name) == passed && other.get(name) == passed { Verdict::Passed } else { Verdict::Failed }
    };
    names.into_iter().map(|name| (name.clone(), both(name))).collect()
}

/// What each suite says on stock, with the version of the suite.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Stock(BTreeMap<String, Verdicts>);

const HEAD: &str = "\
# What the tests of these packages say on the rustls 0.23.46 of crates.io, without the patch, each in two runs: what failed in
# one has failed. `cargo xtask ecosystem --stock` writes this file.
";

impl Stock {
    pub fn read(path: &Path) -> Result<Self, String> {
        match fs::read_to_string(path) {
            Ok(text) => Self::parse(&text),
            Err(e) => Err(format!("{}: {e}", path.display())),
        }
    }

    fn parse(text: &str) -> Result<Self, String> {
        let mut stock = Self::default();
        let mut suite = None;
        for line in text.lines().filter(|line| !line.is_empty() && !line.starts_with('#')) {
            let (word, rest) = line.split_once(' ').ok_or_else(|| format!("`{line}` is no line of ours"))?;
            let verdict = match word {
                "suite" => {
                    suite = Some(stock.0.entry(rest.to_owned()).or_default());
                    continue;
                }
                "passed" => Verdict::Passed,
                "failed" => Verdict::Failed,
                _ => return Err(format!("`{line}` is no line of ours")),
            };
            suite.as_mut().ok_or("a test without a suite")?.insert(rest.to_owned(), verdict);
        }
        Ok(stock)
    }

    pub fn of(&self, suite: &Suite) -> Result<&Verdicts, String> {
        self.0.get(&title(suite)).ok_or_else(|| {
            format!("{} has no figures of stock: run `cargo xtask ecosystem --stock`", title(suite))
        })
    }

    pub fn set(&mut self, suite: &Suite, verdicts: Verdicts) {
        self.0.insert(title(suite), verdicts);
    }

    /// Suites and versions that are no longer there are left out.
    pub fn write(&mut self, path: &Path) -> Result<(), String> {
        let known: BTreeSet<String> = suites::all().map(title).collect();
        self.0.retain(|suite, _| known.contains(suite));
        write(path, &self.text())
    }

    fn text(&self) -> String {
        let mut text = String::from(HEAD);
        for (suite, verdicts) in &self.0 {
            text += &format!("\nsuite {suite}\n");
            for (name, verdict) in verdicts {
                let word = match verdict {
                    Verdict::Passed => "passed",
                    Verdict::Failed => "failed",
                };
                text += &format!("{word} {name}\n");
            }
        }
        text
    }
}

fn title(suite: &Suite) -> String {
    format!("{} {}", suite.package, suite.version)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_log_of_libtest_is_read() {
        let log = "ok a::b\nfailed c\nignored d\nsomething\n";
        let read = read_log("lib x", log);
        assert_eq!(read.get("lib x a::b"), Some(&Verdict::Passed));
        assert_eq!(read.get("lib x c"), Some(&Verdict::Failed));
        assert_eq!(read.len(), 2);
    }

    #[test]
    fn what_is_lost_is_named() {
        let stock = read_log("t", "ok a\nok b\nok c\nfailed d\n");
        let ours = read_log("t", "ok a\nfailed b\nok d\nok e\n");
        assert_eq!(lost(&stock, &ours), ["t b", "t c"]);
    }

    #[test]
    fn a_test_that_failed_once_has_failed() {
        let (one, other) = (read_log("t", "ok a\nok b\n"), read_log("t", "ok a\nfailed b\nok c\n"));
        assert_eq!(worse(&one, &other), read_log("t", "ok a\nfailed b\nfailed c\n"));
    }

    #[test]
    fn the_file_of_stock_is_read_as_it_was_written() {
        let suite = &suites::DAILY.suites[0];
        let mut stock = Stock::default();
        stock.set(suite, read_log("lib x", "ok a\nfailed b - should panic\n"));
        let read = Stock::parse(&stock.text());
        assert_eq!(read.as_ref().map(|stock| stock.of(suite)), Ok(stock.of(suite)));
        assert_eq!(read, Ok(stock));
        assert!(Stock::default().of(suite).is_err());
        assert!(Stock::parse("passed x\n").is_err());
        assert!(Stock::parse("suite x\nperhaps y\n").is_err());
    }
}
