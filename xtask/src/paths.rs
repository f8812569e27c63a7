//! Finds every path in a file that starts at `crate`, `self` or `super`, and makes it absolute.
//!
//! It knows the shape of paths and use trees and which inline module a token stands in. It knows nothing of floors.

use crate::lexer::{Kind, Token};

/// A path as written, made absolute: `["wire", "codec", "Reader"]`. Empty: the crate root itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Path {
    pub line: usize,
    pub to: Vec<String>,
}

/// Ways to get at code that a path reader would not see. There is no use for them here, so they are refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Smuggle {
    pub line: usize,
    pub what: &'static str,
}

/// What one file says.
#[derive(Debug, Default)]
pub struct Found {
    pub paths: Vec<Path>,
    pub smuggles: Vec<Smuggle>,
    /// Names given by `macro_rules!`.
    pub defines: Vec<String>,
    /// Macros called by their bare name.
    pub calls: Vec<(usize, String)>,
}

/// Reads the tokens of the file that is module `home` (`["record", "open"]`; empty for `lib.rs`).
pub fn find(tokens: &[Token<'_>], home: &[String]) -> Found {
    let mut found = Found::default();
    let mut modules: Vec<(String, usize)> = Vec::new();
    let (mut depth, mut covered) = (0_usize, 0);
    for at in 0..tokens.len() {
        let kind = |offset: usize| tokens.get(at + offset).map(|t| t.kind);
        let before = |offset: usize| at.checked_sub(offset).and_then(|i| tokens.get(i)).map(|t| t.kind);
        let line = tokens[at].line;
        match tokens[at].kind {
            Kind::Punct('{') => depth += 1,
            Kind::Punct('}') => {
                depth = depth.saturating_sub(1);
                modules.retain(|(_, opened)| *opened < depth);
            }
            Kind::Word("mod") if kind(2) == Some(Kind::Punct('{')) => {
                if let Some(Kind::Word(name)) = kind(1) {
                    modules.push((name.to_owned(), depth));
                }
            }
            Kind::Word("path")
                if before(1) == Some(Kind::Punct('[')) && kind(1) == Some(Kind::Punct('=')) =>
            {
                found.smuggles.push(Smuggle { line, what: "#[path] hides which module a file is" });
            }
            Kind::Word("include") if kind(1) == Some(Kind::Punct('!')) => {
                found.smuggles.push(Smuggle { line, what: "include! brings code from elsewhere" });
            }
            Kind::Word("self") if before(1) == Some(Kind::Word("crate")) => {
                found
                    .smuggles
                    .push(Smuggle { line, what: "extern crate self gives the crate a second name" });
            }
            Kind::Word("macro_rules") => {
                if let (Some(Kind::Punct('!')), Some(Kind::Word(name))) = (kind(1), kind(2)) {
                    found.defines.push(name.to_owned());
                }
            }
            Kind::Word(word @ ("use" | "crate" | "self" | "super")) if at >= covered => {
                let is_use = word == "use" && kind(1) != Some(Kind::Punct('<'));
                let is_path = word != "use" && kind(1) == Some(Kind::Sep) && before(1) != Some(Kind::Sep);
                if is_use || is_path {
                    let mut leaves = Vec::new();
                    covered = tree(tokens, at + usize::from(is_use), Vec::new(), &mut leaves);
                    let here: Vec<String> =
                        home.iter().cloned().chain(modules.iter().map(|(name, _)| name.clone())).collect();
                    found.paths.extend(
                        leaves
                            .into_iter()
                            .filter_map(|(line, path)| Some(Path { line, to: absolute(&path, &here)? })),
                    );
                }
            }
            Kind::Word(name) if kind(1) == Some(Kind::Punct('!')) && before(1) != Some(Kind::Sep) => {
                if matches!(kind(2), Some(Kind::Punct('(' | '[' | '{'))) {
                    found.calls.push((line, name.to_owned()));
                }
            }
            _ => {}
        }
    }
    found
}

/// Reads one path or use tree, adds its leaves, and returns the place after it.
///
/// Where it meets what it cannot read (a macro's `$name`), the path ends there: shorter is nearer to the root, so the
/// check errs on the strict side.
fn tree<'a>(
    tokens: &[Token<'a>],
    mut at: usize,
    mut prefix: Vec<&'a str>,
    out: &mut Vec<(usize, Vec<&'a str>)>,
) -> usize {
    let kind = |at: usize| tokens.get(at).map(|t| t.kind);
    let line = |at: usize| tokens.get(at).or(tokens.last()).map_or(0, |t| t.line);
    loop {
        match kind(at) {
            Some(Kind::Sep) => at += 1,
            Some(Kind::Punct('$')) if kind(at + 1) == Some(Kind::Word("crate")) => at += 1,
            Some(Kind::Word(word)) => {
                prefix.push(word);
                at += 1;
                if kind(at) != Some(Kind::Sep) {
                    out.push((line(at - 1), prefix));
                    return if kind(at) == Some(Kind::Word("as")) { at + 2 } else { at };
                }
            }
            Some(Kind::Punct('*')) => {
                prefix.push("*");
                out.push((line(at), prefix));
                return at + 1;
            }
            Some(Kind::Punct('{')) => {
                at += 1;
                loop {
                    match kind(at) {
                        Some(Kind::Punct(',')) => at += 1,
                        Some(Kind::Punct('}')) => return at + 1,
                        _ => {
                            let next = tree(tokens, at, prefix.clone(), out);
                            if next == at {
                                return at;
                            }
                            at = next;
                        }
                    }
                }
            }
            _ => {
                if !prefix.is_empty() {
                    out.push((line(at.saturating_sub(1)), prefix));
                }
                return at;
            }
        }
    }
}

/// Makes a path absolute. `None`: it starts at another crate or at a name that a `use` brought in, which is counted there.
fn absolute(path: &[&str], here: &[String]) -> Option<Vec<String>> {
    let mut to: Vec<String> = match *path.first()? {
        "crate" => Vec::new(),
        "self" | "super" => here.to_vec(),
        _ => return None,
    };
    for segment in path {
        match *segment {
            "crate" | "self" => {}
            "super" => drop(to.pop()),
            name => to.push(name.to_owned()),
        }
    }
    Some(to)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lexer::tokens;

    fn paths(home: &str, source: &str) -> Vec<String> {
        let home: Vec<String> = home.split("::").filter(|s| !s.is_empty()).map(str::to_owned).collect();
        find(&tokens(source), &home).paths.iter().map(|p| format!("{} {}", p.line, p.to.join("::"))).collect()
    }

    #[test]
    fn a_use_tree_gives_each_of_its_leaves_with_its_own_line() {
        let source =
            "use crate::{\n  error::Error,\n  wire::{self, codec::{Reader, Wire as W}},\n  flow::*,\n};";
        let expected =
            ["2 error::Error", "3 wire", "3 wire::codec::Reader", "3 wire::codec::Wire", "4 flow::*"];
        assert_eq!(paths("record::open", source), expected);
    }

    #[test]
    fn super_and_self_are_resolved_through_inline_modules() {
        assert_eq!(paths("record::open", "use super::super::flow::X;"), ["1 flow::X"]);
        assert_eq!(paths("record", "use self::open::Opener;"), ["1 record::open::Opener"]);
        assert_eq!(
            paths("record", "mod tests { use super::super::flow::X; } use super::wire::Y;"),
            ["1 flow::X", "1 wire::Y"]
        );
    }

    #[test]
    fn inline_paths_are_found_in_types_expressions_and_macro_bodies() {
        assert_eq!(
            paths("wire", "fn f(x: &crate::flow::X) -> u8 { crate::conn::go::<u8>(x) }"),
            ["1 flow::X", "1 conn::go"]
        );
        assert_eq!(
            paths("wire", "macro_rules! m { () => { $crate::flow::X { a: super::conn::Y } } }"),
            ["1 flow::X", "1 conn::Y"]
        );
        assert_eq!(paths("wire", "pub(in crate::flow) struct S;"), ["1 flow"]);
        assert_eq!(paths("wire", "pub(crate) struct S; pub(super) fn f(&self) { self.x() }"), [""; 0]);
    }

    #[test]
    fn renaming_does_not_hide_a_path() {
        assert_eq!(paths("wire", "use crate as root; use crate::flow as f;"), ["1 ", "1 flow"]);
        assert_eq!(paths("wire", "use {crate::flow::A, super::conn::B};"), ["1 flow::A", "1 conn::B"]);
        assert_eq!(paths("wire", "macro_rules! m { ($x:ident) => { use $crate::flow::{$x}; } }"), ["1 flow"]);
    }
}
