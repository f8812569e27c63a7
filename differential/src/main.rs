//! Compares what one program sees of two libraries, note by note.
//!
//! A difference that we chose stands in `accepted.txt` below its reason. One that is not there, or that is there and is none, is a
//! failure: so neither a new one nor an old one that has gone passes unseen.
#![forbid(unsafe_code)]

use std::collections::{BTreeMap, BTreeSet};
use std::process::ExitCode;

use world::{Seen, World};

const ACCEPTED: &str = include_str!("../accepted.txt");

fn main() -> ExitCode {
    let world = World::new();
    let (stock, ours) = (stock::run(&world).all(), ours::run(&world).all());
    let accepted = Accepted::parse(ACCEPTED);
    let found = compare(&stock, &ours, &accepted);
    found.wrong.iter().for_each(|line| println!("{line}"));
    println!(
        "seen: {}, equal: {}, accepted: {}, wrong: {}",
        found.seen,
        found.equal,
        found.accepted,
        found.wrong.len()
    );
    if found.wrong.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// Keys below reasons. One that ends in `*` stands for all that begin so.
struct Accepted {
    keys: BTreeSet<String>,
    without_reason: Vec<String>,
}

impl Accepted {
    fn parse(text: &str) -> Self {
        let (mut keys, mut without_reason, mut reason) = (BTreeSet::new(), Vec::new(), false);
        for line in text.lines() {
            match line.strip_prefix("# ") {
                Some(words) => reason = words.contains(' '),
                None if line.is_empty() => reason = false,
                None => {
                    keys.insert(line.to_owned());
                    if !reason {
                        without_reason.push(line.to_owned());
                    }
                }
            }
        }
        Self { keys, without_reason }
    }

    fn of(&self, key: &str) -> Option<&String> {
        self.keys.iter().find(|one| match one.strip_suffix('*') {
            Some(start) => key.starts_with(start),
            None => *one == key,
        })
    }
}

struct Found {
    seen: usize,
    equal: usize,
    accepted: usize,
    wrong: Vec<String>,
}

fn compare(stock: &BTreeMap<String, Seen>, ours: &BTreeMap<String, Seen>, accepted: &Accepted) -> Found {
    let keys: BTreeSet<&String> = stock.keys().chain(ours.keys()).collect();
    let (mut used, mut wrong, mut equal, mut known) = (BTreeSet::new(), Vec::new(), 0, 0);
    for key in &keys {
        let (theirs, own) = (stock.get(*key), ours.get(*key));
        if same(theirs, own) {
            equal += 1;
        } else if let Some(entry) = accepted.of(key) {
            used.insert(entry);
            known += 1;
        } else {
            let show = |seen: Option<&Seen>| seen.map_or("nothing", |seen| &seen.what).replace('\n', "\\n");
            wrong.push(format!("{key}\n    0.23: {}\n    ours: {}", show(theirs), show(own)));
        }
    }
    wrong.extend(
        accepted
            .keys
            .iter()
            .filter(|key| !used.contains(key))
            .map(|key| format!("no difference any more: {key}")),
    );
    wrong.extend(accepted.without_reason.iter().map(|key| format!("without a reason: {key}")));
    Found { seen: keys.len(), equal, accepted: known, wrong }
}

/// Equal; of a text for people, ours may say more behind it.
fn same(theirs: Option<&Seen>, own: Option<&Seen>) -> bool {
    match (theirs, own) {
        (Some(theirs), Some(own)) if theirs.text => own.what.starts_with(&theirs.what),
        _ => theirs == own,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wrong(stock: &[(&str, &str)], ours: &[(&str, &str)], accepted: &str) -> Vec<String> {
        let seen = |what: &str| Seen { what: what.to_owned(), text: what.contains(' ') };
        let map = |all: &[(&str, &str)]| all.iter().map(|(k, v)| ((*k).to_owned(), seen(v))).collect();
        compare(&map(stock), &map(ours), &Accepted::parse(accepted)).wrong
    }

    #[test]
    fn a_difference_is_wrong_until_it_is_accepted_with_a_reason() {
        let (a, b) = ([("x", "1")], [("x", "2")]);
        assert!(wrong(&a, &a, "").is_empty());
        assert_eq!(wrong(&a, &b, ""), ["x\n    0.23: 1\n    ours: 2"]);
        assert!(wrong(&a, &b, "# Because of this.\nx\n").is_empty());
        assert!(wrong(&a, &b, "# Because of this.\nx*\n").is_empty());
        assert_eq!(wrong(&a, &b, "x\n"), ["without a reason: x"]);
        assert_eq!(wrong(&a, &a, "# Because of this.\nx\n"), ["no difference any more: x"]);
        assert_eq!(wrong(&a, &[], ""), ["x\n    0.23: 1\n    ours: nothing"]);
    }

    #[test]
    fn a_text_may_say_more() {
        assert!(wrong(&[("x", "a text")], &[("x", "a text (and why)")], "").is_empty());
        assert_eq!(wrong(&[("x", "a text")], &[("x", "no text")], "").len(), 1);
        assert_eq!(wrong(&[("x", "1")], &[("x", "1 and more")], "").len(), 1, "no text for people");
    }
}
