//! Compares the public interface under several sets of features with what 0.23's has under them.
//!
//! What a set lacks of the whole interface stands in `xtask/api/features.txt`, printed by `--bless DIR` from the unpacked package of the real one. It is
//! compared with what ours lacks: an item has to be there and not there under the same features.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use std::fs;
use std::path::Path;

use crate::api::{ADDITIONS, FEATURES, OPEN, Reasons, Surface, list, theirs_in_our_words};

const NONE: &str = "none";

const TABLE: &str = "xtask/api/features.txt";

/// Each without the default features, which are no exception.
const SETS: [&str; 8] = [
    NONE,
    "std",
    "std,tls12",
    "hashbrown,tls12",
    "std,aws_lc_rs",
    "std,tls12,aws_lc_rs,prefer-post-quantum,logging",
    "std,tls12,ring,brotli",
    "ring,zlib",
];

/// For each set, the items that the whole interface has and it has not.
type Lacking = BTreeMap<String, BTreeSet<String>>;

pub fn run(root: &Path, cargo: &str, bless: Option<&Path>) -> Result<(), String> {
    if let Some(unpacked) = bless {
        let lacking = lacking(unpacked, cargo, root, "rustls")?;
        return fs::write(root.join(TABLE), table(&lacking)).map_err(|e| format!("{TABLE}: {e}"));
    }
    let read = |file: &str| fs::read_to_string(root.join(file)).map_err(|e| format!("{file}: {e}"));
    let theirs = parse(&read(TABLE)?);
    let ours = lacking(root, cargo, root, "chitin")?;
    // What only one of the two has has been looked at already.
    let mut known = Reasons::parse(&read(ADDITIONS)?).items;
    known.extend(Reasons::parse(&read(OPEN)?).items);
    let mut wrong = 0;
    for set in SETS {
        let (theirs, ours) =
            (theirs.get(set).cloned().unwrap_or_default(), ours.get(set).cloned().unwrap_or_default());
        let differences = [
            ("not without these features in 0.23", &ours, &theirs),
            ("only with other features in 0.23", &theirs, &ours),
        ];
        for (what, has, has_not) in differences {
            for line in has.difference(has_not).filter(|line| !known.contains(*line)) {
                println!("features [{set}]: {what}: {line}");
                wrong += 1;
            }
        }
        println!("features [{set}]: {} items less, as in 0.23 {}", ours.len(), theirs.len());
    }
    println!("wrong: {wrong}");
    if wrong == 0 { Ok(()) } else { Err("a set of features has other items than in 0.23".into()) }
}

fn lacking(workspace: &Path, cargo: &str, root: &Path, package: &str) -> Result<Lacking, String> {
    let items = |features: &str, whole: bool| -> Result<BTreeSet<String>, String> {
        let listing = list(workspace, cargo, root, package, features, whole)?;
        let listing = if package == "rustls" { theirs_in_our_words(&listing) } else { listing };
        Ok(Surface::parse(&listing).items)
    };
    let all = items(FEATURES, true)?;
    let lacks = |set: &str| {
        Ok((
            set.to_owned(),
            all.difference(&items(if set == NONE { "" } else { set }, false)?).cloned().collect(),
        ))
    };
    SETS.iter().map(|set| lacks(set)).collect()
}

/// Items that the same sets lack stand together.
fn table(lacking: &Lacking) -> String {
    let mut groups: BTreeMap<Vec<&str>, Vec<&String>> = BTreeMap::new();
    let lines: BTreeSet<&String> = lacking.values().flatten().collect();
    for line in lines {
        let sets = SETS.into_iter().filter(|set| lacking.get(*set).is_some_and(|lacks| lacks.contains(line)));
        groups.entry(sets.collect()).or_default().push(line);
    }
    let mut text = String::from(
        "Which items of 0.23's a set of features lacks: `cargo xtask api --features --bless DIR` prints this.\n",
    );
    for (sets, lines) in groups {
        let _ = write!(text, "\nlacking in: {}\n", sets.join(" | "));
        lines.iter().for_each(|line| {
            let _ = writeln!(text, "{line}");
        });
    }
    text
}

fn parse(text: &str) -> Lacking {
    let (mut lacking, mut sets) = (Lacking::new(), Vec::new());
    for line in text.lines().skip(1) {
        match line.strip_prefix("lacking in: ") {
            Some(list) => sets = list.split(" | ").collect(),
            None if line.is_empty() => {}
            None => {
                for set in &sets {
                    lacking.entry((*set).to_owned()).or_default().insert(line.to_owned());
                }
            }
        }
    }
    lacking
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_says_what_it_was_made_from() {
        let lines = |all: &[&str]| all.iter().map(|line| (*line).to_owned()).collect::<BTreeSet<_>>();
        let lacking = Lacking::from([
            (NONE.into(), lines(&["pub fn a()", "pub fn b()"])),
            ("std".into(), lines(&["pub fn b()"])),
        ]);
        assert_eq!(parse(&table(&lacking)), lacking);
    }
}
