//! Names the public items that no test, example or other crate of ours uses.
//!
//! The compiler finds the uses: in a copy of the workspace each item is marked as deprecated with a note that has its number, and all
//! else is compiled against that. A function that a test writes for a trait of ours counts as used when the test's file says so,
//! since what calls it is the library. What the method cannot see stands in `xtask/api/unseen.txt` with a reason.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::api::Reasons;
use crate::tools::make_dir;

const UNSEEN: &str = "xtask/api/unseen.txt";

const LIB: &str = "chitin/src/lib.rs";

/// Folders that are no part of what is compiled, and would be large.
const LEFT_OUT: [&str; 6] = ["target", ".git", "corpus", "differential", "bench", "lister"];

/// Where uses are looked for: everything that depends on the library, with all its features but FIPS mode, whose tests Cargo leaves out.
const CHECK: [&str; 12] = [
    "check",
    "--quiet",
    "--locked",
    "--workspace",
    "--exclude=alloc-counter",
    "--exclude=chitin-pki",
    "--exclude=xtask",
    "--bins",
    "--examples",
    "--tests",
    "--message-format=json",
    "--features=chitin/ring,chitin/brotli,chitin/zlib,chitin/log-list,chitin/load",
];

/// A public item: what it is, how it is called, and where it stands in the source.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Item {
    file: PathBuf,
    line: usize,
    column: usize,
    end: usize,
    kind: String,
    path: String,
}

impl Item {
    /// As the lister prints it.
    fn parse(line: &str) -> Option<Self> {
        let mut parts = line.split('\t');
        let file = parts.next()?.into();
        let mut number = || parts.next()?.parse().ok();
        let (line, column, end) = (number()?, number()?, number()?);
        let (kind, path) = (parts.next()?.to_owned(), parts.next()?.to_owned());
        Some(Self { file, line, column, end, kind, path })
    }

    /// What it belongs to, and its own name.
    fn names(&self) -> (&str, &str) {
        let (rest, name) = self.path.rsplit_once("::").unwrap_or(("", &self.path));
        (rest.rsplit("::").next().unwrap_or(rest), name)
    }
}

/// `spans` is what the lister says of the places of all items.
pub fn run(root: &Path, cargo: &str, spans: &str) -> Result<(), String> {
    let items: BTreeSet<Item> = spans.lines().filter_map(Item::parse).collect();
    let items: Vec<Item> = items.into_iter().collect();
    let unseen = fs::read_to_string(root.join(UNSEEN)).map_err(|e| format!("{UNSEEN}: {e}"))?;
    let unseen = Reasons::parse(&unseen);

    let copy = root.join("target/unused");
    let mut users = Vec::new();
    let marked = mark(root, &items)?;
    copy_tree(root, Path::new(""), &copy, &marked, &mut users)?;
    let output = Command::new(cargo)
        .current_dir(&copy)
        .env("CARGO_TARGET_DIR", std::env::var_os("CARGO_TARGET_DIR").unwrap_or(root.join("target").into()))
        .args(CHECK)
        .output()
        .map_err(|e| e.to_string())?;
    let messages = String::from_utf8_lossy(&output.stdout);
    if !output.status.success() {
        let first =
            messages.split("\"rendered\":\"error").nth(1).and_then(|rest| rest.split("\\n\\n").next());
        let first = first.unwrap_or_default().replace("\\n", "\n");
        let stderr = String::from_utf8_lossy(&output.stderr);
        return Err(format!("the marked copy does not compile: error{first}\n{stderr}"));
    }
    let mut used = uses(&messages);
    for (number, item) in items.iter().enumerate() {
        if item.kind == "method" && users.iter().any(|source| implements(source, item)) {
            used.insert(number);
        }
    }
    // A type without a name in the tests is used all the same, if something of it is.
    for (number, item) in items.iter().enumerate() {
        let inside = format!("{}::", item.path);
        if matches!(&*item.kind, "struct" | "enum" | "trait")
            && items
                .iter()
                .enumerate()
                .any(|(other, of)| used.contains(&other) && of.path.starts_with(&inside))
        {
            used.insert(number);
        }
    }
    let unused: BTreeSet<String> = items
        .iter()
        .enumerate()
        .filter(|(number, _)| !used.contains(number))
        .map(|(_, item)| item.path.clone())
        .collect();
    verdict(items.len(), &unused, &unseen)
}

fn verdict(all: usize, unused: &BTreeSet<String>, unseen: &Reasons) -> Result<(), String> {
    let wrong: Vec<&String> = unused.difference(&unseen.items).collect();
    let gone: Vec<&String> = unseen.items.difference(unused).collect();
    wrong.iter().for_each(|path| println!("used by no test: {path}"));
    gone.iter().for_each(|path| println!("said to be unseen, and used: {path}"));
    unseen.without_reason.iter().for_each(|path| println!("without a reason: {path}"));
    println!("items: {all}\nused by no test: {}", wrong.len());
    match wrong.is_empty() && gone.is_empty() && unseen.without_reason.is_empty() {
        true => Ok(()),
        false => Err(format!("not every public item is used, or {UNSEEN} is not true")),
    }
}

/// Copies what is compiled, with the marks, and keeps the text of what may use the library.
fn copy_tree(
    root: &Path,
    folder: &Path,
    copy: &Path,
    marked: &BTreeMap<PathBuf, String>,
    users: &mut Vec<String>,
) -> Result<(), String> {
    make_dir(&copy.join(folder))?;
    let from = root.join(folder);
    // What has been there before and is gone would be compiled.
    for entry in fs::read_dir(copy.join(folder)).map_err(|e| e.to_string())? {
        let old = entry.map_err(|e| e.to_string())?;
        if !from.join(old.file_name()).exists() {
            let path = old.path();
            let removed = if path.is_dir() { fs::remove_dir_all(&path) } else { fs::remove_file(&path) };
            removed.map_err(|e| format!("{}: {e}", path.display()))?;
        }
    }
    for entry in fs::read_dir(&from).map_err(|e| format!("{}: {e}", from.display()))? {
        let name = entry.map_err(|e| e.to_string())?.file_name();
        let (path, target) = (folder.join(&name), copy.join(folder).join(&name));
        if root.join(&path).is_dir() {
            if !LEFT_OUT.iter().any(|left_out| name == *left_out) {
                copy_tree(root, &path, copy, marked, users)?;
            }
            continue;
        }
        let bytes = match marked.get(&path) {
            Some(text) => text.clone().into_bytes(),
            None => fs::read(root.join(&path)).map_err(|e| format!("{}: {e}", path.display()))?,
        };
        let is_user = path.extension().is_some_and(|end| end == "rs") && !path.starts_with("chitin/src");
        // A test of what is deprecated in truth says that it knows, and then the compiler would not say that it is used.
        let bytes = match is_user {
            true => String::from_utf8_lossy(&bytes).replace("#[allow(deprecated)]", "").into_bytes(),
            false => bytes,
        };
        if is_user {
            users.push(String::from_utf8_lossy(&bytes).into_owned());
        }
        // What has not changed keeps its time, so that Cargo need not compile it again.
        if !fs::read(&target).is_ok_and(|old| old == bytes) {
            fs::write(&target, bytes).map_err(|e| format!("{}: {e}", target.display()))?;
        }
    }
    Ok(())
}

/// What the library uses of itself does not count, and to hear of it would take a while.
const DEAF: &str = "#![allow(deprecated)]\n";

/// The files of the library with the marks, which are written from the end of each to its front.
fn mark(root: &Path, items: &[Item]) -> Result<BTreeMap<PathBuf, String>, String> {
    let mut files: BTreeMap<PathBuf, Vec<String>> = BTreeMap::new();
    for file in items.iter().map(|item| &*item.file).chain([Path::new(LIB)]) {
        if files.contains_key(file) {
            continue;
        }
        let text = fs::read_to_string(root.join(file)).map_err(|e| format!("{}: {e}", file.display()))?;
        files.insert(file.to_owned(), text.lines().map(str::to_owned).collect());
    }
    let mut places: Vec<(PathBuf, usize, usize, usize)> = Vec::new();
    for (number, item) in items.iter().enumerate() {
        if let Some((line, column)) = files.get(&item.file).and_then(|lines| place(lines, item)) {
            places.push((item.file.clone(), line, column, number));
        }
    }
    places.sort_unstable();
    for (file, line, column, number) in places.into_iter().rev() {
        let Some(lines) = files.get_mut(&file) else { continue };
        // It can be said once only, and stands among what is above.
        let above =
            (0..line).rev().map_while(|at| lines.get(at).map(|text| (at, text.trim_start().to_owned())));
        let mut above = above.take_while(|(_, text)| text.starts_with("#[") || text.starts_with("//"));
        if let Some((at, _)) = above.find(|(_, text)| text.starts_with("#[deprecated")) {
            lines[at].clear();
        }
        if let Some(line) = lines.get_mut(line) {
            line.insert_str(column, &format!("#[deprecated(note = \"item {number};\")] "));
        }
    }
    let mut marked: BTreeMap<PathBuf, String> =
        files.into_iter().map(|(file, lines)| (file, lines.join("\n") + "\n")).collect();
    let lib = marked.get_mut(Path::new(LIB)).ok_or_else(|| format!("{LIB} is not there"))?;
    let at = lib.find("\n#![").ok_or_else(|| format!("{LIB} has no attributes"))?;
    lib.insert_str(at + 1, DEAF);
    Ok(marked)
}

/// Where the mark belongs: where the item stands, or, if a macro makes it, where the macro is given its name.
fn place(lines: &[String], item: &Item) -> Option<(usize, usize)> {
    let (of, name) = item.names();
    let begins = |text: &str| {
        let of = |start: &str| {
            let rest = text.strip_prefix(start)?.strip_prefix(name)?;
            Some(!rest.starts_with(|next: char| next.is_alphanumeric() || next == '_'))
        };
        let starts: &[&str] = match &*item.kind {
            "variant" => &[""],
            "field" => &["", "pub "],
            "enum" => &["pub enum "],
            "struct" => &["pub struct "],
            "trait" => &["pub trait "],
            "static" => &["pub static "],
            "constant" => &["pub const "],
            _ => &["pub fn ", "pub const fn ", "pub const ", "fn "],
        };
        starts.iter().any(|start| of(start) == Some(true))
    };
    let first = item.line.checked_sub(1)?;
    let column = item.column.saturating_sub(1);
    if lines.get(first)?.get(column..).is_some_and(begins) {
        return Some((first, column));
    }
    // Several variants may have a field of one name.
    let variant =
        |at: &usize| lines.get(*at).is_some_and(|line| line.trim_start().starts_with(&format!("{of} {{")));
    let first = if item.kind == "field" { (first..item.end).find(variant)? } else { first };
    (first..item.end).find_map(|at| {
        let line = lines.get(at)?;
        let indent = line.len() - line.trim_start().len();
        begins(line.trim_start()).then_some((at, indent))
    })
}

/// The numbers in the compiler's messages, but for what the library says of itself.
fn uses(messages: &str) -> BTreeSet<usize> {
    let own = |line: &str| line.contains("/chitin#") && line.contains("\"kind\":[\"lib\"]");
    let numbers = |line: &str| -> Vec<usize> {
        line.split(": item ").skip(1).filter_map(|rest| rest.split_once(';')?.0.parse().ok()).collect()
    };
    messages.lines().filter(|line| !own(line)).flat_map(numbers).collect()
}

/// Whether a file writes this function for this trait.
fn implements(source: &str, item: &Item) -> bool {
    let (of, name) = item.names();
    source.contains(&format!("{of} for ")) && source.contains(&format!("fn {name}("))
        || source.contains(&format!("{of} for ")) && source.contains(&format!("fn {name}<"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn item(kind: &str, path: &str, line: usize, column: usize, end: usize) -> Item {
        Item { file: "a.rs".into(), line, column, end, kind: kind.into(), path: path.into() }
    }

    #[test]
    fn an_item_is_marked_where_it_stands_or_where_a_macro_gets_its_name() {
        let lines: Vec<String> = [
            "open_enum! {",
            "    pub enum A: u8 {",
            "        One = 1,",
            "        OneMore = 2,",
            "    }",
            "}",
            "impl B { pub fn new() {} }",
        ]
        .map(str::to_owned)
        .into();
        assert_eq!(place(&lines, &item("function", "chitin::B::new", 7, 10, 7)), Some((6, 9)));
        assert_eq!(place(&lines, &item("enum", "chitin::A", 1, 1, 6)), Some((1, 4)));
        assert_eq!(place(&lines, &item("variant", "chitin::A::One", 1, 1, 6)), Some((2, 8)));
        assert_eq!(place(&lines, &item("variant", "chitin::A::OneMore", 1, 1, 6)), Some((3, 8)));
        assert_eq!(place(&lines, &item("function", "chitin::A::to_array", 1, 1, 6)), None);
        let lines: Vec<String> = [
            "faults! {",
            "    One {",
            "        at: u8,",
            "    } = \"1\",",
            "    Two {",
            "        at: u8,",
            "}",
        ]
        .map(str::to_owned)
        .into();
        assert_eq!(place(&lines, &item("field", "chitin::A::Two::at", 1, 1, 7)), Some((5, 8)));
    }

    #[test]
    fn uses_inside_the_library_do_not_count() {
        let said = |package: &str, kind: &str| {
            format!(
                "{{\"package_id\":\"path+file:///x/{package}#0.1.0\",\"target\":{{\"kind\":[\"{kind}\"]}},\"message\":\"use of deprecated method `a`: item 7;\"}}"
            )
        };
        assert!(uses(&said("chitin", "lib")).is_empty());
        assert_eq!(uses(&said("chitin", "test")), BTreeSet::from([7]));
        assert_eq!(uses(&said("testkit", "lib")), BTreeSet::from([7]));
    }

    #[test]
    fn a_function_of_a_trait_is_used_by_who_writes_it() {
        let method = item("method", "chitin::sign::Signer::sign", 1, 1, 1);
        assert!(implements("impl Signer for Mine {\n    fn sign(&self) {} }", &method));
        assert!(!implements("impl Other for Mine {\n    fn sign(&self) {} }", &method));
    }

    #[test]
    fn what_is_unused_needs_a_reason_and_what_has_one_is_unused() {
        let set = |paths: &[&str]| paths.iter().map(|path| (*path).to_owned()).collect::<BTreeSet<_>>();
        assert!(verdict(1, &set(&[]), &Reasons::parse("")).is_ok());
        assert!(verdict(1, &set(&["a"]), &Reasons::parse("")).is_err());
        assert!(verdict(1, &set(&["a"]), &Reasons::parse("# Because of this.\na\n")).is_ok());
        assert!(verdict(1, &set(&["a"]), &Reasons::parse("a\n")).is_err());
        assert!(verdict(1, &set(&[]), &Reasons::parse("# Because of this.\na\n")).is_err());
    }
}
