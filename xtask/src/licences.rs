//! Checks the licences of everything we build with, and that each direct dependency is explained.

use std::path::Path;
use std::process::Command;

use crate::manifest::Manifest;

/// What may be linked into a program without asking more of it than to keep a notice.
const ALLOWED: &[&str] =
    &["Apache-2.0", "MIT", "ISC", "BSD-3-Clause", "Unicode-3.0", "CDLA-Permissive-2.0", "Zlib"];

/// A package with a licence beside these, where a feature asks for this very package, with its version's expression.
const EXCEPTIONS: &[(&str, &str)] = &[
    // The feature `fips` is this module. It has old parts of OpenSSL's, whose licence wants to be named in advertising.
    ("aws-lc-fips-sys", "ISC AND (Apache-2.0 OR ISC) AND OpenSSL"),
];

/// Asks Cargo for every package of every platform and feature, and checks its licence expression.
pub fn check_licences(root: &Path, cargo: &str) -> Result<(), String> {
    let arguments = ["tree", "--workspace", "--locked", "--all-features", "--target=all", "--prefix=none"];
    let output = Command::new(cargo)
        .current_dir(root)
        .args(arguments)
        .args(["--edges=normal,build,dev", "--format={p}\t{l}"])
        .output()
        .map_err(|e| format!("cargo tree: {e}"))?;
    if !output.status.success() {
        return Err(format!("cargo tree: {}", String::from_utf8_lossy(&output.stderr)));
    }
    let text = String::from_utf8_lossy(&output.stdout);
    let mut packages: Vec<(&str, &str)> = text
        .lines()
        .filter_map(|line| line.trim_end_matches(" (*)").split_once('\t'))
        .map(|(package, licence)| (package, licence.trim()))
        .collect();
    packages.sort_unstable();
    packages.dedup();
    if packages.is_empty() {
        return Err("cargo tree named no package".into());
    }
    let wrong: Vec<String> = packages
        .iter()
        .filter(|(package, licence)| !satisfied(licence) && !excepted(package, licence))
        .map(|(package, licence)| {
            format!("{package}: licence `{licence}` is not satisfied by the allowed ones")
        })
        .collect();
    println!("licences: {} packages, {} not allowed", packages.len(), wrong.len());
    if wrong.is_empty() { Ok(()) } else { Err(wrong.join("\n")) }
}

fn excepted(package: &str, licence: &str) -> bool {
    let name = package.split(' ').next();
    EXCEPTIONS.iter().any(|(excepted, known)| name == Some(excepted) && licence == *known)
}

/// Checks that `CONTRIBUTING.md` has a row with a sentence for each direct dependency of each crate.
pub fn check_reasons(root: &Path, contributing: &str) -> Result<(), String> {
    let workspace = Manifest::read(root, "")?;
    let members = workspace.members();
    let mut missing = Vec::new();
    for member in &members {
        for dependency in Manifest::read(root, member)?.dependencies(&workspace) {
            let package = dependency.package;
            if !members.contains(&package) && !has_reason(contributing, &package) {
                missing.push(format!("{package}, used by {member}, has no sentence in CONTRIBUTING.md"));
            }
        }
    }
    println!("dependencies: {} without a reason", missing.len());
    if missing.is_empty() { Ok(()) } else { Err(missing.join("\n")) }
}

/// A row is `| `name` | where | a sentence. |`.
fn has_reason(contributing: &str, package: &str) -> bool {
    contributing.lines().any(|line| {
        let cells: Vec<&str> = line.trim().trim_matches('|').split('|').map(str::trim).collect();
        matches!(cells[..], [name, _, reason] if name == format!("`{package}`") && reason.ends_with('.') && reason.contains(' '))
    })
}

/// Whether an SPDX expression can be met with allowed licences only. The old `A/B` means `A OR B`.
fn satisfied(expression: &str) -> bool {
    let spaced = expression.replace('(', " ( ").replace(')', " ) ").replace('/', " OR ");
    let words: Vec<&str> = spaced.split_whitespace().collect();
    let mut at = 0;
    any_of(&words, &mut at) == Some(true) && at == words.len()
}

// `None`: not an expression.
fn any_of(words: &[&str], at: &mut usize) -> Option<bool> {
    let mut value = all_of(words, at)?;
    while words.get(*at) == Some(&"OR") {
        *at += 1;
        value |= all_of(words, at)?;
    }
    Some(value)
}

// AND binds tighter than OR, and WITH tighter than both.
fn all_of(words: &[&str], at: &mut usize) -> Option<bool> {
    let mut value = single(words, at)?;
    while words.get(*at) == Some(&"AND") {
        *at += 1;
        value &= single(words, at)?;
    }
    Some(value)
}

fn single(words: &[&str], at: &mut usize) -> Option<bool> {
    let word = words.get(*at)?;
    *at += 1;
    if *word == "(" {
        let value = any_of(words, at)?;
        let closed = words.get(*at) == Some(&")");
        *at += 1;
        return closed.then_some(value);
    }
    // An exception only gives further permissions, so it never makes an allowed licence a forbidden one.
    if words.get(*at) == Some(&"WITH") {
        *at += 2;
    }
    Some(ALLOWED.contains(word))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_exception_is_for_one_package_and_what_it_said_then() {
        let known = EXCEPTIONS[0].1;
        assert!(!satisfied(known) && excepted("aws-lc-fips-sys v0.14.4", known));
        assert!(!excepted("aws-lc-sys v0.47.0", known));
        assert!(!excepted("aws-lc-fips-sys v0.14.4", "OpenSSL AND GPL-3.0"));
    }

    #[test]
    fn expressions_are_evaluated() {
        for yes in [
            "MIT",
            "MIT/Apache-2.0",
            "MIT OR GPL-3.0",
            "Unlicense OR MIT",
            "(MIT OR Apache-2.0) AND Unicode-3.0",
            "ISC AND (Apache-2.0 OR ISC)",
            "GPL-2.0 OR ISC AND MIT",
            "Apache-2.0 WITH LLVM-exception OR GPL-2.0",
        ] {
            assert!(satisfied(yes), "{yes}");
        }
        for no in [
            "",
            "GPL-3.0",
            "MIT AND GPL-3.0",
            "MIT AND",
            "MIT OR",
            "(MIT",
            "MIT)",
            "MIT MIT",
            "(MIT OR Apache-2.0) AND OpenSSL",
            "GPL-2.0 WITH Classpath-exception-2.0",
            "OR MIT",
            "mit",
        ] {
            assert!(!satisfied(no), "{no}");
        }
    }

    #[test]
    fn a_reason_is_a_sentence_in_its_own_row() {
        let text = "| Crate | Where | Why |\n|---|---|---|\n| `subtle` | chitin | Compares in constant time. |\n| `log` | chitin | |\n\
            prose about `zeroize`.\n| `sub` | chitin | x |\n";
        assert!(has_reason(text, "subtle"));
        assert!(!has_reason(text, "log"));
        assert!(!has_reason(text, "zeroize"));
        assert!(!has_reason(text, "sub"));
    }
}
