//! Reads from our own manifests what the checks need: dependencies, features, and single values.
//!
//! Our manifests are plain: one dependency a line, or a table of its own. That is all this understands of TOML.

use std::fs;
use std::path::Path;

pub struct Manifest {
    text: String,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dependency {
    pub kind: Use,
    /// The package's own name, also where the manifest renames it.
    pub package: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Use {
    Normal,
    Dev,
    Build,
}

/// Which crates of the workspace a crate may use, in its code and additionally in its tests.
const ARROWS: &[(&str, &[&str], &[&str])] = &[
    ("chitin-pki", &[], &[]),
    ("chitin", &["chitin-pki"], &["testkit", "alloc-counter"]),
    ("chitin-graviola", &["chitin"], &["testkit"]),
    ("testkit", &["chitin", "chitin-graviola", "chitin-pki"], &[]),
    ("chitin-cli", &["chitin"], &["testkit", "chitin-pki"]),
    ("alloc-counter", &[], &[]),
    ("bogo", &["chitin"], &[]),
    ("icount", &["chitin", "testkit"], &[]),
    ("interop", &["chitin", "testkit"], &[]),
    ("surfaces", &["alloc-counter", "chitin", "chitin-pki"], &[]),
    ("paths", &["chitin", "chitin-pki"], &[]),
    ("xtask", &[], &[]),
];

impl Manifest {
    pub fn read(root: &Path, member: &str) -> Result<Self, String> {
        let path = root.join(member).join("Cargo.toml");
        Ok(Self { text: fs::read_to_string(&path).map_err(|e| format!("{}: {e}", path.display()))? })
    }

    #[cfg(test)]
    pub fn parse(text: &str) -> Self {
        Self { text: text.to_owned() }
    }

    /// The lines `key = value`, each with its table.
    fn entries(&self) -> impl Iterator<Item = (&str, &str, &str)> {
        let mut table = "";
        self.text.lines().filter_map(move |line| {
            let line = line.trim();
            if line.starts_with('[') {
                table = line.trim_matches(['[', ']']);
                // A table of its own may be empty, and names a dependency all the same.
                return Some((table, "", ""));
            }
            let (key, value) = line.split_once('=').filter(|_| !line.starts_with('#'))?;
            Some((table, key.trim(), value.trim()))
        })
    }

    pub fn value(&self, table: &str, key: &str) -> Option<&str> {
        self.entries().find(|(t, k, _)| *t == table && *k == key).map(|(_, _, v)| v.trim_matches('"'))
    }

    pub fn features(&self) -> Vec<&str> {
        self.entries()
            .filter(|(t, k, _)| *t == "features" && !matches!(*k, "" | "default"))
            .map(|(_, k, _)| k)
            .collect()
    }

    /// The members of the workspace, from the root manifest.
    pub fn members(&self) -> Vec<String> {
        let start = self.text.find("members").unwrap_or(self.text.len());
        let list = self.text[start..]
            .split_once('[')
            .and_then(|(_, rest)| rest.split_once(']'))
            .map_or("", |(l, _)| l);
        list.split(',').map(|m| m.trim().trim_matches('"').to_owned()).filter(|m| !m.is_empty()).collect()
    }

    /// All direct dependencies, whatever the platform. `workspace` resolves names that the root manifest renames.
    pub fn dependencies(&self, workspace: &Manifest) -> Vec<Dependency> {
        let mut out = Vec::new();
        for (table, key, value) in self.entries() {
            let parts: Vec<&str> = table.split('.').collect();
            let Some(at) = parts.iter().position(|p| p.ends_with("dependencies")) else { continue };
            let kind = match parts[at] {
                "dependencies" if parts[0] != "workspace" => Use::Normal,
                "dev-dependencies" => Use::Dev,
                "build-dependencies" => Use::Build,
                _ => continue,
            };
            // `[dependencies] name = ...` or `[dependencies.name]`; `name.workspace = true` is the first form too.
            let name = match (parts.get(at + 1), key) {
                (Some(name), "") => *name,
                (None, key) if !key.is_empty() => key.split('.').next().unwrap_or(key),
                _ => continue,
            };
            let own = quoted_after(value, "package");
            let shared =
                workspace.value("workspace.dependencies", name).and_then(|v| quoted_after(v, "package"));
            let package = own.or(shared).unwrap_or(name).trim_matches('"').to_owned();
            out.push(Dependency { kind, package });
        }
        out
    }
}

/// `"x"` from `{ package = "x", ... }`.
fn quoted_after<'a>(value: &'a str, key: &str) -> Option<&'a str> {
    let rest = value.split_once(key)?.1.trim_start().strip_prefix('=')?.trim_start().strip_prefix('"')?;
    rest.split('"').next()
}

/// Checks that the arrows between the workspace's crates point the right way.
pub fn check_arrows(root: &Path) -> Result<(), String> {
    let workspace = Manifest::read(root, "")?;
    let mut offences = Vec::new();
    for member in workspace.members() {
        offences.extend(arrows(&member, &Manifest::read(root, &member)?.dependencies(&workspace)));
    }
    for offence in &offences {
        println!("{offence}");
    }
    println!("workspace: {} wrong arrows between crates", offences.len());
    if offences.is_empty() { Ok(()) } else { Err("a crate depends on what is above it".into()) }
}

fn arrows(member: &str, dependencies: &[Dependency]) -> Vec<String> {
    let Some((_, code, tests)) = ARROWS.iter().find(|(name, _, _)| *name == member) else {
        return vec![format!("{member} is not in the table of xtask/src/manifest.rs")];
    };
    let ours = |d: &&Dependency| ARROWS.iter().any(|(name, _, _)| *name == d.package);
    let allowed =
        |d: &&Dependency| code.contains(&&*d.package) || (d.kind == Use::Dev && tests.contains(&&*d.package));
    dependencies
        .iter()
        .filter(ours)
        .filter(|d| !allowed(d))
        .map(|d| format!("{member}/Cargo.toml: {member} must not depend on {} ({:?})", d.package, d.kind))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const WORKSPACE: &str = "[workspace]\nmembers = [\"a\",\n \"b\"]\n[workspace.dependencies]\n\
        pki-types = { package = \"rustls-pki-types\", version = \"1\" }\n[workspace.package]\nrust-version = \"1.85\"\n";

    fn packages(text: &str) -> Vec<(Use, String)> {
        let found = Manifest::parse(text).dependencies(&Manifest::parse(WORKSPACE));
        found.into_iter().map(|d| (d.kind, d.package)).collect()
    }

    #[test]
    fn dependencies_are_found_in_every_form() {
        let text = "[package]\nname = \"x\"\n[dependencies]\n# not = \"1\"\npki-types = { workspace = true }\nb.workspace = true\n\
            old = { package = \"real\", version = \"2\" }\n[dev-dependencies]\nc = \"1\"\n[build-dependencies.d]\nversion = \"1\"\n\
            [target.'cfg(unix)'.dependencies]\ne = \"1\"\n[features]\nstd = []\ndefault = [\"std\"]\n";
        let expected = [
            (Use::Normal, "rustls-pki-types"),
            (Use::Normal, "b"),
            (Use::Normal, "real"),
            (Use::Dev, "c"),
            (Use::Build, "d"),
            (Use::Normal, "e"),
        ];
        assert_eq!(packages(text), expected.map(|(k, n)| (k, n.to_owned())));
        assert_eq!(Manifest::parse(text).features(), ["std"]);
    }

    #[test]
    fn single_values_and_members_are_read() {
        let workspace = Manifest::parse(WORKSPACE);
        assert_eq!(workspace.members(), ["a", "b"]);
        assert_eq!(workspace.value("workspace.package", "rust-version"), Some("1.85"));
    }

    #[test]
    fn a_wrong_arrow_is_found() {
        let on = |kind, package: &str| Dependency { kind, package: package.to_owned() };
        assert_eq!(arrows("chitin-pki", &[on(Use::Normal, "chitin")]).len(), 1);
        assert_eq!(arrows("chitin-pki", &[on(Use::Dev, "testkit")]).len(), 1);
        assert_eq!(arrows("chitin", &[on(Use::Normal, "testkit"), on(Use::Build, "testkit")]).len(), 2);
        assert!(arrows("chitin", &[on(Use::Dev, "testkit"), on(Use::Normal, "chitin-pki")]).is_empty());
        assert!(arrows("chitin-cli", &[on(Use::Normal, "chitin"), on(Use::Normal, "clap")]).is_empty());
        assert_eq!(arrows("newcomer", &[]).len(), 1);
    }
}
