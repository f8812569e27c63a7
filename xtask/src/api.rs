//! Compares the public interface of `chitin` with a listing of rustls 0.23's, line by line.
//!
//! Both are printed by the same tool from rustdoc's JSON, so a line is an item with its whole signature. What we have beyond the
//! listing stands in `xtask/api/additions.txt` with a reason, and what we do not have yet in `xtask/api/open.txt`. Auto traits may
//! be more than the listing has, never less.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::{features, unused};

/// What the listing was made with, beside the default features.
pub const FEATURES: &str = "ring,brotli,zlib,hashbrown,custom-provider";

pub const ADDITIONS: &str = "xtask/api/additions.txt";

/// Counted as missing all the same; it is here so that nothing else gets lost meanwhile.
pub const OPEN: &str = "xtask/api/open.txt";

/// Types that nobody outside can name, so that it matters to nobody where they are: in 0.23, and here.
const UNNAMEABLE: [(&str, &str); 4] = [
    ("chitin::msgs::persist::ClientSessionCommon", "chitin::config::sessions::ClientSessionCommon"),
    // Errors carry these, and errors are on a lower floor than whatever reads messages.
    ("chitin::msgs::enums::HpkeKem", "chitin::names::enums::HpkeKem"),
    ("chitin::msgs::handshake::HpkeSymmetricCipherSuite", "chitin::names::data::HpkeSymmetricCipherSuite"),
    ("chitin::msgs::handshake::EchConfigPayload", "chitin::names::data::EchConfigPayload"),
];

/// Behind it a listing has no items of ours, but what the compiler finds out by itself.
const AUTO_TRAITS: &str = "## auto traits";

/// What is asked about the interface.
#[derive(Debug, PartialEq)]
pub enum Wanted {
    /// Whether it is that of a listing, which is here or where the environment says.
    Same { listing: Option<PathBuf> },
    /// Whether a test uses each item.
    Used,
    /// Whether features add the items that they add in 0.23; or what these are, to be noted from its unpacked package.
    Features { bless: Option<PathBuf> },
}

impl Default for Wanted {
    fn default() -> Self {
        Self::Same { listing: None }
    }
}

impl Wanted {
    /// What its stage is called.
    pub fn stage(&self) -> &'static str {
        match self {
            Self::Same { .. } => "api",
            Self::Features { .. } => "api features",
            Self::Used => "api unused",
        }
    }

    pub fn parse(words: &[&str]) -> Option<Self> {
        match words {
            [] => Some(Self::default()),
            ["--listing", file] => Some(Self::Same { listing: Some(file.into()) }),
            ["--unused"] => Some(Self::Used),
            ["--features"] => Some(Self::Features { bless: None }),
            ["--features", "--bless", from] => Some(Self::Features { bless: Some(from.into()) }),
            _ => None,
        }
    }
}

/// Without a listing there is nothing to compare, and that is all it says. One that is named has to be there.
pub fn run(root: &Path, cargo: &str, wanted: Wanted) -> Result<(), String> {
    let listing = match wanted {
        Wanted::Used => {
            let json = document(root, cargo, "chitin", FEATURES, true)?;
            return unused::run(root, cargo, &lister(root, cargo, &["--spans"], &json)?);
        }
        Wanted::Features { bless } => return features::run(root, cargo, bless.as_deref()),
        Wanted::Same { listing } => listing,
    };
    let named = std::env::var_os("CHITIN_API_LISTING").filter(|file| !file.is_empty());
    let Some(file) = listing.or(named.map(PathBuf::from)) else {
        println!("api: not compared, because neither --listing nor CHITIN_API_LISTING names a listing");
        return Ok(());
    };
    let listing = fs::read_to_string(&file).map_err(|e| format!("{}: {e}", file.display()))?;
    let renamed = theirs_in_our_words(&listing);
    let theirs = Surface::parse(&renamed);
    if theirs.items.is_empty() {
        return Err(format!("{}: no listing of items", file.display()));
    }
    // Only what it names outlives a type that is not named: in 0.23's edition that goes without saying, in ours it does not.
    let ours = list(root, cargo, root, "chitin", FEATURES, true)?.replace(" + use<'a>", "");
    let ours = Surface::parse(&ours);
    let read = |file: &str| fs::read_to_string(root.join(file)).map_err(|e| format!("{file}: {e}"));
    let (additions, open) = (Reasons::parse(&read(ADDITIONS)?), Reasons::parse(&read(OPEN)?));
    let difference = difference(&theirs, &ours, &additions, &open);
    difference.print(theirs.items.len());
    difference.verdict()
}

/// 0.23's listing under our name.
pub fn theirs_in_our_words(listing: &str) -> String {
    let renamed = listing.replace("rustls::", "chitin::").replace(" rustls\n", " chitin\n");
    UNNAMEABLE.iter().fold(renamed, |text, (theirs, ours)| text.replace(theirs, ours))
}

/// The items of a package of a workspace, which need not be ours. The lister is ours, at `root`.
pub fn list(
    workspace: &Path,
    cargo: &str,
    root: &Path,
    package: &str,
    features: &str,
    default: bool,
) -> Result<String, String> {
    let json = document(workspace, cargo, package, features, default)?;
    lister(root, cargo, &[], &json)
}

/// Has rustdoc write its JSON. It is no stable format, so a stable compiler has to be asked twice; nothing that it compiles here is
/// used otherwise.
fn document(
    workspace: &Path,
    cargo: &str,
    package: &str,
    features: &str,
    default: bool,
) -> Result<PathBuf, String> {
    let named = std::env::var_os("CARGO_TARGET_DIR").map(PathBuf::from);
    let target = named.unwrap_or_else(|| workspace.join("target"));
    let arguments = ["rustdoc", "--quiet", "--package", package, "--lib", "--locked", "--features", features];
    let json = ["--", "-Z", "unstable-options", "--output-format", "json", "--cap-lints", "allow"];
    let mut command = Command::new(cargo);
    command
        .current_dir(workspace)
        .env("RUSTC_BOOTSTRAP", "1")
        .env("CARGO_TARGET_DIR", &target)
        .args(arguments);
    if !default {
        command.arg("--no-default-features");
    }
    output(command.args(json))?;
    Ok(target.join(format!("doc/{package}.json")))
}

fn lister(root: &Path, cargo: &str, arguments: &[&str], json: &Path) -> Result<String, String> {
    output(
        Command::new(cargo)
            .current_dir(root.join("xtask/lister"))
            .env("CARGO_TARGET_DIR", root.join("target/lister"))
            .args(["run", "--quiet", "--locked", "--"])
            .args(arguments)
            .arg(json),
    )
}

fn output(command: &mut Command) -> Result<String, String> {
    let output = command.output().map_err(|e| format!("{command:?}: {e}"))?;
    if !output.status.success() {
        return Err(format!("{command:?}: {}", String::from_utf8_lossy(&output.stderr)));
    }
    String::from_utf8(output.stdout).map_err(|e| e.to_string())
}

/// A public interface, as lines.
pub struct Surface {
    pub items: BTreeSet<String>,
    /// Trait and type, and under which conditions the one holds for the other.
    auto: BTreeMap<(String, String), BTreeSet<String>>,
}

impl Surface {
    pub fn parse(text: &str) -> Self {
        let (items, auto) = text.split_once(AUTO_TRAITS).unwrap_or((text, ""));
        let lines = |text: &str| -> BTreeSet<String> {
            let real = |line: &&str| !line.is_empty() && !line.starts_with("# ") && !line.starts_with("## ");
            text.lines().filter(real).map(without_self).collect()
        };
        // One that is written out is an item.
        let (items, auto) = (lines(items), lines(auto));
        let auto = items.union(&auto).filter_map(|line| auto_trait(line)).collect();
        Self { items, auto }
    }
}

/// `pub fn chitin::A::eq(&self, &Self)`: a derive writes the type there, a hand the word. Only of functions, and not `Self::Error`.
fn without_self(line: &str) -> String {
    let Some((head, rest)) = line.split_once('(').filter(|(head, _)| head.starts_with("pub fn ")) else {
        return line.to_owned();
    };
    // The `::` before the function's name, and not one among its own parameters.
    let path = head.trim_start_matches("pub fn ");
    let (mut depth, mut end) = (0_usize, None);
    for (at, c) in path.char_indices() {
        match c {
            '<' => depth += 1,
            '>' => depth = depth.saturating_sub(1),
            ':' if depth == 0 && path[at..].starts_with("::") => end = Some(at),
            _ => {}
        }
    }
    let typ = end.map_or("Self", |end| &path[..end]);
    let words = rest.split("Self").enumerate().map(|(i, after)| {
        let word = if after.starts_with("::") { "Self" } else { typ };
        if i == 0 { after.to_owned() } else { format!("{word}{after}") }
    });
    format!("{head}({}", words.collect::<String>())
}

/// `impl<T> core::marker::Send for chitin::Stream<T> where T: Send`. A negative one promises nothing.
fn auto_trait(line: &str) -> Option<((String, String), BTreeSet<String>)> {
    const PROMISED: [&str; 5] = ["Send", "Sync", "Unpin", "UnwindSafe", "RefUnwindSafe"];
    let (head, bounds) = line.split_once(" where ").unwrap_or((line, ""));
    let (what, typ) = head.split_once(" for ")?;
    let name = what.rsplit("::").next().filter(|name| PROMISED.contains(name))?;
    if what.contains('!') {
        return None;
    }
    // Names of lifetimes and parameters are nobody's business.
    let typ = typ.split('<').next().unwrap_or(typ);
    let bounds =
        bounds.split(", ").filter(|bound| !bound.is_empty() && !bound.ends_with("?core::marker::Sized"));
    Some(((name.to_owned(), typ.to_owned()), bounds.map(str::to_owned).collect()))
}

/// Lines of an interface, each below a line `# reason`.
pub struct Reasons {
    pub items: BTreeSet<String>,
    pub without_reason: Vec<String>,
}

impl Reasons {
    pub fn parse(text: &str) -> Self {
        let (mut items, mut without_reason, mut reason) = (BTreeSet::new(), Vec::new(), false);
        for line in text.lines().map(str::trim) {
            match line.strip_prefix("# ") {
                // A sentence, at the least.
                Some(words) => reason = words.trim().contains(' '),
                None if line.is_empty() => reason = false,
                None => {
                    items.insert(line.to_owned());
                    if !reason {
                        without_reason.push(line.to_owned());
                    }
                }
            }
        }
        Self { items, without_reason }
    }
}

/// Lists of lines, each with the sentence that is printed before it.
struct Difference {
    missing: BTreeSet<String>,
    wrong: Vec<(&'static str, Vec<String>)>,
}

fn difference(theirs: &Surface, ours: &Surface, additions: &Reasons, open: &Reasons) -> Difference {
    let auto = theirs.auto.iter().filter(|(promise, bounds)| {
        // A type that is missing altogether has been named once, by its items.
        let known = ours.items.iter().any(|line| line.contains(&promise.1));
        known && !ours.auto.get(promise).is_some_and(|ours| ours.is_subset(bounds))
    });
    let auto = auto.map(|((name, typ), _)| format!("{name} for {typ}")).collect();
    let missing: BTreeSet<String> = theirs.items.difference(&ours.items).cloned().collect();
    let extra: BTreeSet<String> = ours.items.difference(&theirs.items).cloned().collect();
    let without = |all: &BTreeSet<String>, known: &BTreeSet<String>| all.difference(known).cloned().collect();
    let unreasoned = [&additions.without_reason[..], &open.without_reason].concat();
    let wrong = vec![
        ("missing, and not said to be open", without(&missing, &open.items)),
        ("said to be open, and not missing", without(&open.items, &missing)),
        ("an auto trait that does not hold", auto),
        ("neither listed nor among the additions", without(&extra, &additions.items)),
        ("said to be an addition, and none", without(&additions.items, &extra)),
        ("without a reason", unreasoned),
    ];
    Difference { missing, wrong }
}

impl Difference {
    fn print(&self, listed: usize) {
        self.missing.iter().for_each(|line| println!("missing: {line}"));
        for (what, lines) in &self.wrong {
            lines.iter().for_each(|line| println!("{what}: {line}"));
        }
        println!("listed: {listed}");
        println!("missing: {}", self.missing.len());
        for (what, lines) in &self.wrong {
            println!("{what}: {}", lines.len());
        }
    }

    fn verdict(&self) -> Result<(), String> {
        match self.wrong.iter().all(|(_, lines)| lines.is_empty()) {
            true => Ok(()),
            false => Err("the public interface is not what xtask/api/ and the listing say".into()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LISTING: &str = "# a listing\n\n## chitin (2)\npub mod chitin\npub struct chitin::A\n\n## auto traits (2)\n\
        impl core::marker::Send for chitin::A\nimpl<'a> !core::marker::Sync for chitin::A\n";

    /// All that is wrong, as it is printed.
    fn wrong(ours: &str, additions: &str, open: &str) -> Vec<String> {
        let (theirs, ours) = (Surface::parse(LISTING), Surface::parse(ours));
        let found = difference(&theirs, &ours, &Reasons::parse(additions), &Reasons::parse(open));
        assert_eq!(found.verdict().is_ok(), found.wrong.iter().all(|(_, lines)| lines.is_empty()));
        let lines = |(what, lines): &(&str, Vec<String>)| -> Vec<String> {
            lines.iter().map(|line| format!("{what}: {line}")).collect()
        };
        found.wrong.iter().flat_map(lines).collect()
    }

    #[test]
    fn the_same_surface_is_no_difference() {
        assert!(wrong(LISTING, "", "").is_empty());
        // More than what is promised is welcome, and may be written out.
        assert!(wrong(&LISTING.replace("'a> !core", "'x> core"), "", "").is_empty());
        let written = LISTING.replace("\n\n## auto traits (2)", "");
        assert_eq!(
            wrong(&written, "", ""),
            [
                "neither listed nor among the additions: impl core::marker::Send for chitin::A",
                "neither listed nor among the additions: impl<'a> !core::marker::Sync for chitin::A"
            ]
        );
    }

    #[test]
    fn what_is_missing_is_named() {
        let ours = LISTING.replace("pub mod chitin\n", "");
        assert_eq!(wrong(&ours, "", ""), ["missing, and not said to be open: pub mod chitin"]);
        assert!(wrong(&ours, "", "# To be written.\npub mod chitin\n").is_empty());
        assert_eq!(
            wrong(LISTING, "", "# To be written.\npub mod chitin\n"),
            ["said to be open, and not missing: pub mod chitin"]
        );
    }

    #[test]
    fn an_auto_trait_that_does_not_hold_is_named() {
        let lost = LISTING.replace("impl core::marker::Send", "impl !core::marker::Send");
        assert_eq!(wrong(&lost, "", ""), ["an auto trait that does not hold: Send for chitin::A"]);
        let narrower = LISTING.replace("Send for chitin::A", "Send for chitin::A where T: Copy");
        assert_eq!(wrong(&narrower, "", ""), ["an auto trait that does not hold: Send for chitin::A"]);
    }

    #[test]
    fn an_addition_needs_a_reason() {
        let ours = LISTING.replace("\n\n## auto", "\npub fn chitin::more()\n\n## auto");
        assert_eq!(wrong(&ours, "", ""), ["neither listed nor among the additions: pub fn chitin::more()"]);
        assert!(wrong(&ours, "# Because of this.\npub fn chitin::more()\n", "").is_empty());
        assert_eq!(
            wrong(&ours, "# Because of this.\n\npub fn chitin::more()\n", ""),
            ["without a reason: pub fn chitin::more()"]
        );
        assert_eq!(
            wrong(LISTING, "# Because of this.\npub fn chitin::more()", ""),
            ["said to be an addition, and none: pub fn chitin::more()"]
        );
    }

    #[test]
    fn self_is_the_type_that_it_stands_for() {
        let written = "pub fn chitin::A<'a>::eq(&self, &Self) -> core::option::Option<Self::Error>";
        let derived = "pub fn chitin::A<'a>::eq(&self, &chitin::A<'a>) -> core::option::Option<Self::Error>";
        assert_eq!(without_self(written), without_self(derived));
        assert_eq!(without_self("impl Self for A"), "impl Self for A");
        let generic = "pub fn chitin::A::new<S: core::convert::Into<u8>>(S) -> Self";
        assert_eq!(without_self(generic), generic.replace("Self", "chitin::A"));
    }

    #[test]
    fn the_command_line_names_a_listing() {
        assert_eq!(Wanted::parse(&["--listing", "x"]), Some(Wanted::Same { listing: Some("x".into()) }));
        assert_eq!(Wanted::parse(&["--listing"]), None);
    }
}
