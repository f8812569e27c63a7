//! `docs/attacks.md` names the tests that show what cannot happen: each of them has to exist, and each test that was written for
//! that page has to be on it.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

/// The page, and the file whose tests all belong on it.
const PAGE: &str = "docs/attacks.md";
const OWN: &str = "rules/attacks";

/// Checks the page against the tests in the tree.
pub fn check(root: &Path) -> Result<(), String> {
    let read = |path: &str| fs::read_to_string(root.join(path)).map_err(|e| format!("{path}: {e}"));
    let page = read(PAGE)?;
    let named = names(&page);
    let mut faults: Vec<String> =
        unshown(&page).iter().map(|row| format!("shown by nothing: {row}")).collect();
    for (module, test) in &named {
        // A file may be there in two forms.
        let files = [format!("{}.rs", place(module)), format!("{}/main.rs", place(module))];
        let text = files.iter().find_map(|path| read(path).ok()).unwrap_or_default();
        if !tests(&text).contains(&**test) {
            faults.push(format!("no such test: {module}::{test}"));
        }
    }
    for test in tests(&read(&format!("{}.rs", place(OWN)))?) {
        if !named.contains(&(OWN.to_owned(), test.to_owned())) {
            faults.push(format!("not on the page: {OWN}::{test}"));
        }
    }
    if faults.is_empty() {
        println!("attacks: {} tests named in {PAGE}", named.len());
        return Ok(());
    }
    Err(format!("{PAGE}:\n{}", faults.join("\n")))
}

/// Where a module of the page lies, without its ending.
fn place(module: &str) -> String {
    match module.split_once('/') {
        Some(("pki", rest)) => format!("chitin-pki/src/tests/{rest}"),
        Some(("src", rest)) => format!("chitin/src/{rest}"),
        _ => format!("chitin/tests/{module}"),
    }
}

/// Every `module::test` between backticks.
fn names(page: &str) -> BTreeSet<(String, String)> {
    let code = page.split('`').skip(1).step_by(2);
    code.filter_map(|word| word.split_once("::")).map(|(m, t)| (m.to_owned(), t.to_owned())).collect()
}

/// Rows of the tables whose last cell has neither a test nor says what is missing.
fn unshown(page: &str) -> Vec<&str> {
    let rows = page.lines().filter(|line| line.starts_with("| ") && !line.starts_with("| Attack |"));
    rows.filter(|row| {
        let cell = row.trim_end_matches(['|', ' ']).rsplit('|').next().unwrap_or_default();
        !cell.contains("::") && !cell.trim().starts_with("open: ")
    })
    .collect()
}

/// The tests of a file: functions below `#[test]`, and rows of `cases!`, which are tests as well.
fn tests(text: &str) -> BTreeSet<&str> {
    let mut found = BTreeSet::new();
    let (mut marked, mut cases) = (false, false);
    for line in text.lines() {
        let words = line.trim_start();
        if words.starts_with("#[test]") {
            marked = true;
        } else if let Some(rest) = words.strip_prefix("fn ") {
            if marked {
                found.extend(rest.split('(').next());
            }
            marked = false;
        } else if line == "cases! {" || line == "}" {
            cases = line != "}";
        } else if let (true, Some((name, _))) = (cases, words.split_once(" = ")) {
            // A row begins four columns in; what stands further right belongs to one.
            if line.len() - words.len() == 4
                && !name.contains(|c: char| !c.is_ascii_alphanumeric() && c != '_')
            {
                found.insert(name);
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tests_are_functions_with_a_mark_and_rows_of_cases() {
        let text = "#[test]\nfn one() {}\nfn helper() {}\n    #[test]\n    fn two() {}\ncases! {\n    three = X, |b| y;\n    \
                    /// Words.\n    four = X,\n        five = Y;\n}\n    six = 1;\n";
        assert_eq!(tests(text), BTreeSet::from(["one", "two", "three", "four"]));
    }

    #[test]
    fn a_row_has_a_test_or_says_what_is_missing() {
        let page = "| Attack | Why | Shown by |\n|---|---|---|\n| A | b | `rules/x::y`, `z::w` |\n| B | c | open: later |\n| C | `d` | e |\n";
        assert_eq!(unshown(page), ["| C | `d` | e |"]);
        let pair = |m: &str, t: &str| (m.to_owned(), t.to_owned());
        assert_eq!(names(page), BTreeSet::from([pair("rules/x", "y"), pair("z", "w")]));
    }

    #[test]
    fn modules_have_places() {
        assert_eq!(place("pki/names"), "chitin-pki/src/tests/names");
        assert_eq!(place("src/conn/tests"), "chitin/src/conn/tests");
        assert_eq!(place("rules/attacks"), "chitin/tests/rules/attacks");
        assert_eq!(place("spoilt"), "chitin/tests/spoilt");
    }
}
