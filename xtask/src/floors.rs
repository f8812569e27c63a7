//! The import floors of the core crate: the table, and the check that no path points up.
//!
//! `ARCHITECTURE.md` says why each folder is where it is. Tests follow the same rule as the code beside them.

use std::fmt;
use std::fs;
use std::path::Path;

use crate::lexer;
use crate::paths;

/// The floors from the ground up, each with its folders or files (without `.rs`).
const FLOORS: [&[&str]; 12] = [
    &["names", "secret", "log", "builder"],
    &["error"],
    // Beside it, files of certificates and keys, which nothing else looks at.
    &["wire", "observe", "msgs", "load"],
    &["crypto"],
    &["schedule"],
    &["record"],
    &["carrier"],
    &["config"],
    &["flow"],
    // Beside it, what fuzz targets reach of the floors below.
    &["engine", "surfaces"],
    &["conn"],
    // The test that holds the table of defaults to the numbers of all floors; what 0.23 defines in the public module itself; text.
    &[ROOT, "defaults", "client", "manual"],
];

/// Imports between two places on the same floor that are allowed, `(from, to)`. None is needed so far.
const SIDEWAYS: &[(&str, &str)] = &[];

/// The façade. A path such as `crate::Error` or `crate::client::ClientConfig` goes through it, so it imports this floor.
const ROOT: &str = "lib";

/// A source file of the crate: its place below `src`, and its text.
pub struct Source {
    pub path: String,
    pub text: String,
}

#[derive(Debug, PartialEq, Eq)]
pub struct Offence {
    pub place: String,
    pub what: String,
}

impl fmt::Display for Offence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.place, self.what)
    }
}

pub struct Report {
    /// Paths that were looked at, and found to point down or to stay in their folder.
    pub fine: usize,
    pub offences: Vec<Offence>,
}

/// Prints the floors with what stands on them, and each offence. `Err` if there is one.
pub fn run(src: &Path) -> Result<(), String> {
    let mut sources = Vec::new();
    read_folder(src, "", &mut sources)?;
    if sources.is_empty() {
        return Err(format!("no source files in {}", src.display()));
    }
    for (floor, places) in FLOORS.iter().enumerate().rev() {
        let on_it: Vec<String> = places
            .iter()
            .map(|place| {
                let files: Vec<&str> =
                    sources.iter().map(|s| s.path.as_str()).filter(|p| folder(p) == *place).collect();
                match files[..] {
                    [] => format!("{place} (not there yet)"),
                    [one] if !one.contains('/') => one.to_owned(),
                    _ => format!("{place}/ ({} files)", files.len()),
                }
            })
            .collect();
        println!("F{floor:<3} {}", on_it.join("  "));
    }
    let report = check(&sources);
    for offence in &report.offences {
        println!("chitin/src/{offence}");
    }
    println!("{} paths read, {} upward imports", report.fine + report.offences.len(), report.offences.len());
    if report.offences.is_empty() { Ok(()) } else { Err("an import points up or sideways".into()) }
}

/// Checks all paths of all files.
pub fn check(sources: &[Source]) -> Report {
    let files: Vec<_> =
        sources.iter().map(|s| (s, paths::find(&lexer::tokens(&s.text), &module(&s.path)))).collect();
    let definer = |name: &str, caller: &str| {
        let mut at =
            files.iter().filter(|(_, f)| f.defines.iter().any(|d| d == name)).map(|(s, _)| folder(&s.path));
        if at.clone().any(|place| place == caller) { None } else { at.next() }
    };
    let mut report = Report { fine: 0, offences: Vec::new() };
    for (source, found) in &files {
        let from = folder(&source.path);
        let mut note = |line: usize, what: Option<String>| match what {
            None => report.fine += 1,
            Some(what) => report.offences.push(Offence { place: format!("{}:{line}", source.path), what }),
        };
        if floor(from).is_none() {
            note(1, Some(format!("{from} is on no floor; add it to the table in xtask/src/floors.rs")));
            continue;
        }
        for smuggle in &found.smuggles {
            note(smuggle.line, Some(smuggle.what.to_owned()));
        }
        for path in &found.paths {
            let first = path.to.first().map_or(ROOT, String::as_str);
            let is_place = floor(first).is_some() || sources.iter().any(|s| folder(&s.path) == first);
            // Exported macros are named from the root, wherever they are written.
            let to = if is_place { first } else { definer(first, from).unwrap_or(ROOT) };
            note(path.line, judge(from, to, &format!("crate::{}", path.to.join("::"))));
        }
        for (line, name) in &found.calls {
            if let Some(to) = definer(name, from) {
                note(*line, judge(from, to, &format!("{name}!")));
            }
        }
    }
    report
}

fn judge(from: &str, to: &str, path: &str) -> Option<String> {
    let low = floor(from)?;
    let Some(high) = floor(to) else { return Some(format!("{path}: {to} is on no floor")) };
    if high < low || from == to || SIDEWAYS.contains(&(from, to)) {
        return None;
    }
    let direction = if high == low { "sideways" } else { "up" };
    Some(format!("F{low} {from} imports F{high} {to}, {direction} ({path})"))
}

fn floor(place: &str) -> Option<usize> {
    FLOORS.iter().position(|places| places.contains(&place))
}

/// The folder or single file on `src`'s first level that a file belongs to.
fn folder(path: &str) -> &str {
    path.split('/').next().unwrap_or(path).trim_end_matches(".rs")
}

fn module(path: &str) -> Vec<String> {
    let mut parts: Vec<String> = path.trim_end_matches(".rs").split('/').map(str::to_owned).collect();
    if parts.last().is_some_and(|last| last == "mod" || (last == ROOT && !path.contains('/'))) {
        parts.pop();
    }
    parts
}

fn read_folder(folder: &Path, prefix: &str, out: &mut Vec<Source>) -> Result<(), String> {
    let fault = |e: std::io::Error| format!("{}: {e}", folder.display());
    let mut entries = fs::read_dir(folder).map_err(fault)?.collect::<Result<Vec<_>, _>>().map_err(fault)?;
    entries.sort_by_key(fs::DirEntry::file_name);
    for entry in entries {
        let path = format!("{prefix}{}", entry.file_name().to_string_lossy());
        if entry.path().is_dir() {
            read_folder(&entry.path(), &format!("{path}/"), out)?;
        } else if path.ends_with(".rs") {
            out.push(Source { text: fs::read_to_string(entry.path()).map_err(fault)?, path });
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn offences(files: &[(&str, &str)]) -> Vec<String> {
        let sources: Vec<Source> =
            files.iter().map(|(p, t)| Source { path: (*p).to_owned(), text: (*t).to_owned() }).collect();
        check(&sources).offences.iter().map(ToString::to_string).collect()
    }

    fn one(path: &str, text: &str) -> bool {
        match offences(&[(path, text)]).len() {
            0 => false,
            1 => true,
            n => panic!("{n} offences in {text}"),
        }
    }

    #[test]
    fn a_planted_upward_import_of_each_kind_is_found() {
        for text in [
            "use crate::flow::Cx;",
            "use crate::{\n    names::Side,\n    flow::{self},\n};",
            "use crate::{error::Error, engine::*};",
            "use super::super::flow::Cx;",
            "use super::super::{flow::Cx as Context};",
            "pub(crate) use crate::conn::Reader as Quiet;",
            "type X = Box<dyn Fn(crate::flow::Cx) -> u8>;",
            "fn f() { let _ = crate::flow::go(); }",
            "macro_rules! m { () => { $crate::flow::go() }; }",
            "pub(in crate::flow) struct S;",
            "impl super::super::flow::Step for S {}",
            "mod tests { use super::super::super::flow::Cx; }",
            "#[cfg(test)] mod tests { use super::*; fn f(_: crate::flow::Cx) {} }",
            "fn f<'a>(x: &'a str) -> char { crate::flow::first(x, '\"') }",
        ] {
            assert!(one("wire/codec.rs", text), "not found: {text}");
        }
    }

    #[test]
    fn false_friends_are_not_found() {
        for text in [
            "// use crate::flow::Cx;",
            "/* use crate::flow::Cx; /* crate::flow */ use crate::conn::X; */",
            "/// See [`crate::flow::Cx`].\nstruct S;",
            "const S: &str = \"use crate::flow::Cx;\";",
            "const S: &str = r#\"use \"crate::flow::Cx;\"\"#;",
            "use crate::error::Error; use crate::names::{Side, HandshakeType}; use crate::secret::Secret;",
            "use crate::wire::macros::m; use super::macros::m; use self::inner::X;",
            "use core::flow::X; use other::crate_like::flow::X; let flow = crate_flow::x();",
            "pub(crate) fn flow(self) { self.flow(); super_flow(); }",
            "#[cfg(test)] mod tests { use super::*; use crate::error::Error; }",
        ] {
            assert!(!one("wire/codec.rs", text), "wrongly found: {text}");
        }
    }

    #[test]
    fn the_facade_is_above_everything() {
        assert!(one("wire/codec.rs", "use crate::Error;"));
        assert!(one("wire/codec.rs", "use crate::client::ClientConfig;"));
        assert!(one("wire/codec.rs", "use crate as c;"));
        assert!(one("secret.rs", "use super::*;"));
        assert!(!one("lib.rs", "pub use crate::conn::X; pub use self::flow::Y;"));
    }

    #[test]
    fn neighbours_on_a_floor_do_not_know_each_other() {
        assert!(one("secret.rs", "use crate::names::Side;"));
        assert!(one("names/mod.rs", "use crate::secret::Secret;"));
        assert!(!one("names/mod.rs", "use crate::names::data::X; use super::names::Y;"));
        assert!(!one("observe.rs", "use crate::error::Error; use crate::names::Side;"));
    }

    #[test]
    fn macros_have_a_floor_too() {
        let flow = ("flow/mod.rs", "macro_rules! step { () => {} }");
        assert_eq!(
            offences(&[flow, ("wire/a.rs", "step!();")]),
            ["wire/a.rs:1: F2 wire imports F8 flow, up (step!)"]
        );
        assert_eq!(offences(&[flow, ("wire/a.rs", "crate::step! {}")]).len(), 1);
        assert!(offences(&[flow, ("engine/mod.rs", "step!(); crate::step!();")]).is_empty());
        assert!(offences(&[flow, ("wire/a.rs", "other::step!(); vec![]; let step = !x;")]).is_empty());
    }

    #[test]
    fn an_offence_names_its_line_and_both_floors() {
        let text = "use crate::names::A;\n\nuse crate::{\n    error::E,\n    flow::Cx,\n};\n";
        assert_eq!(
            offences(&[("record/mod.rs", text)]),
            ["record/mod.rs:5: F5 record imports F8 flow, up (crate::flow::Cx)"]
        );
    }

    #[test]
    fn ways_around_the_check_are_refused() {
        assert!(one("wire/a.rs", "extern crate self as chitin;"));
        assert!(one("wire/a.rs", "#[path = \"../flow/cx.rs\"] mod cx;"));
        assert!(one("wire/a.rs", "include!(\"../flow/cx.rs\");"));
        assert!(!one(
            "wire/a.rs",
            "extern crate alloc; const V: &[u8] = include_bytes!(\"v.bin\"); let path = [1];"
        ));
        assert_eq!(
            offences(&[("attic/mod.rs", "use crate::flow::X;"), ("conn/mod.rs", "use crate::attic::X;")])
                .len(),
            2
        );
    }
}
