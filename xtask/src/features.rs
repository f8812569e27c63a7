//! Compares the public interface under several sets of features with what 0.23's has under them.
//!
//! What a set lacks of the whole interface, and what it has beyond it (some functions take other parameters without `std`), stands in
//! `xtask/api/features.txt`, printed by `--bless DIR` from the unpacked package of the real one. What 0.23 has under a set ours must
//! have under it. That ours has more is fine, as long as the whole interface of 0.23 has it too.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use std::fs;
use std::path::Path;

use crate::api::{ADDITIONS, FEATURES, OPEN, Reasons, Surface, list, theirs_in_our_words};

const NONE: &str = "none";

const TABLE: &str = "xtask/api/features.txt";

/// Each without the default features, which are no exception.
const SETS: [&str; 9] = [
    NONE,
    "std",
    "std,tls12",
    "hashbrown,tls12",
    "std,aws_lc_rs",
    "std,tls12,aws_lc_rs,prefer-post-quantum,logging",
    "std,tls12,ring,brotli",
    "ring,zlib",
    "ring,hashbrown,tls12",
];

/// Where the two shall differ without `std`.
const BETTER: [(&str, &str); 1] = [(
    "pub struct chitin::OtherError()",
    "it carries the error without `std` too, since `core` has the trait for that",
)];

/// What 0.23 has under no features, and ours has without `std` only: in the list of additions it has another form.
const OURS: [(&str, &str); 1] = [(
    "pub fn chitin::trust::SignatureMemo::new<M: chitin::lock::MakeMutex>(usize) -> chitin::trust::SignatureMemo",
    "as for the stores of 0.23, the application says what its locks are",
)];

/// What is special about an item in a set: it lacks it, or has it beyond the whole interface.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Special {
    Lacking,
    Beyond,
}

use Special::{Beyond, Lacking};

impl Special {
    fn word(self) -> &'static str {
        match self {
            Lacking => "lacking in: ",
            Beyond => "only in: ",
        }
    }
}

/// For each set, the items that are special.
type Sets = BTreeMap<String, BTreeSet<(Special, String)>>;

pub fn run(root: &Path, cargo: &str, bless: Option<&Path>) -> Result<(), String> {
    if let Some(unpacked) = bless {
        let sets = sets(unpacked, cargo, root, "rustls")?;
        return fs::write(root.join(TABLE), table(&sets)).map_err(|e| format!("{TABLE}: {e}"));
    }
    let read = |file: &str| fs::read_to_string(root.join(file)).map_err(|e| format!("{file}: {e}"));
    let theirs = parse(&read(TABLE)?);
    let ours = sets(root, cargo, root, "chitin")?;
    // What only one of the two has has been looked at already.
    let mut known = Reasons::parse(&read(ADDITIONS)?).items;
    known.extend(Reasons::parse(&read(OPEN)?).items);
    let mut wrong = 0;
    for set in SETS {
        let of = |sets: &Sets| sets.get(set).cloned().unwrap_or_default();
        let found = compare(&of(&theirs), &of(&ours), &known);
        for line in &found.missing {
            println!("features [{set}]: missing: {line}");
        }
        for line in &found.unknown {
            println!("features [{set}]: not in 0.23 under any features: {line}");
        }
        println!(
            "features [{set}]: missing {}, more than 0.23 has under them {}",
            found.missing.len(),
            found.more
        );
        wrong += found.missing.len() + found.unknown.len();
    }
    println!("wrong: {wrong}");
    if wrong == 0 { Ok(()) } else { Err("a set of features lacks items that it has in 0.23".into()) }
}

#[derive(Debug, PartialEq)]
struct Found {
    missing: Vec<String>,
    unknown: Vec<String>,
    more: usize,
}

type Items = BTreeSet<(Special, String)>;

fn compare(theirs: &Items, ours: &Items, known: &BTreeSet<String>) -> Found {
    let lines = |from: &Items, without: &Items, special: Special| -> Vec<String> {
        let of = from.difference(without).filter(|(this, line)| *this == special && !known.contains(line));
        of.map(|(_, line)| line.clone()).collect()
    };
    let better = |line: &String| BETTER.iter().any(|(item, _)| line == item);
    let mut missing = lines(ours, theirs, Lacking);
    missing.extend(lines(theirs, ours, Beyond).into_iter().filter(|line| !better(line)));
    let mut unknown = lines(ours, theirs, Beyond);
    unknown.retain(|line| !OURS.iter().any(|(item, _)| line == item));
    Found { missing, unknown, more: lines(theirs, ours, Lacking).len() }
}

fn sets(workspace: &Path, cargo: &str, root: &Path, package: &str) -> Result<Sets, String> {
    let items = |features: &str, whole: bool| -> Result<BTreeSet<String>, String> {
        let listing = list(workspace, cargo, root, package, features, whole)?;
        let listing = if package == "rustls" { theirs_in_our_words(&listing) } else { listing };
        // As in the comparison of the whole: what a type lives as long as need not be said.
        Ok(Surface::parse(&listing.replace(" + use<'a>", "")).items)
    };
    let all = items(FEATURES, true)?;
    let special = |set: &str| {
        let items = items(if set == NONE { "" } else { set }, false)?;
        let of = |special: Special, one: &BTreeSet<String>, other: &BTreeSet<String>| {
            one.difference(other).map(|line| (special, line.clone())).collect::<Items>()
        };
        Ok((set.to_owned(), &of(Lacking, &all, &items) | &of(Beyond, &items, &all)))
    };
    SETS.iter().map(|set| special(set)).collect()
}

/// Items that are special in the same sets stand together.
fn table(sets: &Sets) -> String {
    let mut groups: BTreeMap<(Special, Vec<&str>), Vec<&String>> = BTreeMap::new();
    let lines: BTreeSet<&(Special, String)> = sets.values().flatten().collect();
    for item in lines {
        let within = SETS.into_iter().filter(|set| sets.get(*set).is_some_and(|items| items.contains(item)));
        groups.entry((item.0, within.collect())).or_default().push(&item.1);
    }
    let mut text = String::from(
        "Which items of 0.23's a set of features lacks or has alone: `cargo xtask api --features --bless DIR` prints this.\n",
    );
    for ((special, sets), lines) in groups {
        let _ = write!(text, "\n{}{}\n", special.word(), sets.join(" | "));
        lines.iter().for_each(|line| {
            let _ = writeln!(text, "{line}");
        });
    }
    text
}

fn parse(text: &str) -> Sets {
    let (mut found, mut within) = (Sets::new(), None);
    for line in text.lines().skip(1) {
        let head = [Lacking, Beyond]
            .into_iter()
            .find_map(|special| Some((special, line.strip_prefix(special.word())?)));
        match (head, &within) {
            (Some((special, list)), _) => within = Some((special, list.split(" | ").collect::<Vec<_>>())),
            (None, Some((special, sets))) if !line.is_empty() => {
                for set in sets {
                    found.entry((*set).to_owned()).or_default().insert((*special, line.to_owned()));
                }
            }
            _ => {}
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn items(all: &[(Special, &str)]) -> Items {
        all.iter().map(|(special, line)| (*special, (*line).to_owned())).collect()
    }

    #[test]
    fn a_table_says_what_it_was_made_from() {
        let sets = Sets::from([
            (
                NONE.into(),
                items(&[(Lacking, "pub fn a()"), (Lacking, "pub fn b()"), (Beyond, "pub fn a<M>()")]),
            ),
            ("std".into(), items(&[(Lacking, "pub fn b()")])),
        ]);
        assert_eq!(parse(&table(&sets)), sets);
    }

    #[test]
    fn less_is_wrong_and_more_is_not() {
        let theirs = items(&[(Lacking, "pub fn more()"), (Beyond, "pub fn new<M>()"), (Beyond, BETTER[0].0)]);
        let ours = items(&[
            (Lacking, "pub fn less()"),
            (Lacking, "pub fn ours()"),
            (Beyond, "pub fn odd()"),
            (Beyond, OURS[0].0),
        ]);
        let known = BTreeSet::from(["pub fn ours()".to_owned()]);
        let found = compare(&theirs, &ours, &known);
        assert_eq!(found.missing, ["pub fn less()", "pub fn new<M>()"]);
        assert_eq!(found.unknown, ["pub fn odd()"]);
        assert_eq!(found.more, 1);
        assert_eq!(compare(&theirs, &theirs, &known), Found { missing: vec![], unknown: vec![], more: 0 });
    }
}
