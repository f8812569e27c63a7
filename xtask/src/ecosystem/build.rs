//! Lays the packages out as one workspace below the target folder, and builds their tests there.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use super::suites::{Set, Suite};
use crate::crates;
use crate::tools::{make_dir, output, run, write};

/// Whose library runs below the tests.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    Ours,
    Stock,
}

impl Side {
    /// Below the home, where Cargo puts what it builds.
    pub fn folder(self) -> &'static str {
        match self {
            Side::Ours => "build",
            Side::Stock => "build-stock",
        }
    }
}

/// What all builds have in common, so that they share what they depend on.
pub fn environment<'a>(cargo: &'a mut Command, home: &Path, side: Side) -> &'a mut Command {
    cargo
        .env("CARGO_TARGET_DIR", home.join(side.folder()))
        .env("CARGO_PROFILE_DEV_DEBUG", "0")
        .env("CARGO_PROFILE_TEST_DEBUG", "0")
        .env("CARGO_INCREMENTAL", "0")
        .env("CARGO_BUILD_JOBS", "2")
        // Others' warnings are no business of ours, and some suites forbid themselves any.
        .env("RUSTFLAGS", "--cap-lints=allow")
}

/// The workspace of a set of suites, and where it is built.
pub struct Workspace {
    set: &'static Set,
    root: PathBuf,
    cargo: String,
    home: PathBuf,
    side: Side,
}

/// A program of tests, as Cargo has built it.
#[derive(Debug, PartialEq, Eq)]
pub struct Program {
    /// Kind and name of the target: `lib quinn`.
    pub target: String,
    pub path: PathBuf,
}

impl Workspace {
    /// Fetches the sources that are not there, and puts the lock file that is committed in its place.
    pub fn lay_out(
        root: &Path,
        home: &Path,
        cargo: &str,
        side: Side,
        set: &'static Set,
    ) -> Result<Self, String> {
        let (root, home, cargo) = (root.to_owned(), home.to_owned(), cargo.to_owned());
        let workspace = Self { set, root, home, cargo, side };
        // Which version of a package is there.
        let mark = |suite: &Suite| workspace.suites().join(format!("{}.version", suite.package));
        let is_there = |suite: &&Suite| fs::read_to_string(mark(suite)).is_ok_and(|it| it == suite.version);
        let missing: Vec<&Suite> = set.suites.iter().filter(|suite| !is_there(suite)).collect();
        if !missing.is_empty() {
            println!("fetching {} packages into {}", missing.len(), workspace.suites().display());
        }
        make_dir(&workspace.suites())?;
        let packages: Vec<(&str, &str)> = missing.iter().map(|s| (s.package, s.version)).collect();
        for (source, suite) in
            crates::fetch(&workspace.home.join("fetch"), &workspace.cargo, &packages)?.iter().zip(missing)
        {
            let folder = workspace.folder(suite);
            let _ = fs::remove_file(mark(suite));
            let _ = fs::remove_dir_all(&folder);
            run(Command::new("cp").arg("-r").arg(source).arg(&folder))?;
            run(Command::new("chmod").args(["-R", "u+w"]).arg(&folder))?;
            // Written last: with it, all is there.
            write(&mark(suite), suite.version)?;
        }
        write(&workspace.suites().join("Cargo.toml"), &manifest(set.suites))?;
        workspace.with_lock()
    }

    /// Downloads all that the suites depend on, so that what is built and run after this needs no network.
    fn fetch(&self) -> Result<(), String> {
        let triple = output(Command::new("rustc").arg("-vV"))?;
        let host =
            triple.lines().find_map(|line| line.strip_prefix("host: ")).ok_or("rustc names no host")?;
        let mut fetch = self.cargo("fetch");
        crates::download(fetch.args(["--quiet", "--target", host]))
    }

    fn with_lock(self) -> Result<Self, String> {
        for suite in self.set.suites {
            let ours = self.root.join("ecosystem/supplied").join(suite.package);
            if ours.exists() {
                run(Command::new("cp").arg("-r").arg(ours.join(".")).arg(self.folder(suite)))?;
            }
        }
        let from = self.lock();
        match fs::copy(&from, self.suites().join("Cargo.lock")) {
            Ok(_) => {}
            // The first run of all on stock makes it.
            Err(_) if self.side == Side::Stock => {}
            Err(e) => return Err(format!("{}: {e}", from.display())),
        }
        self.fetch()?;
        Ok(self)
    }

    /// Keeps the versions that were built with, for later runs.
    pub fn keep_lock(&self) -> Result<(), String> {
        let from = self.suites().join("Cargo.lock");
        fs::copy(&from, self.lock()).map(|_| ()).map_err(|e| format!("{}: {e}", from.display()))
    }

    /// The versions of everything below the suites, on stock. With the patch, Cargo takes ours for one of them and keeps the rest.
    fn lock(&self) -> PathBuf {
        self.root.join("ecosystem").join(format!("{}.lock", self.set.name))
    }

    fn suites(&self) -> PathBuf {
        self.home.join(self.set.name)
    }

    /// Where the sources of a suite lie.
    pub fn folder(&self, suite: &Suite) -> PathBuf {
        self.suites().join(suite.package)
    }

    fn cargo(&self, verb: &str) -> Command {
        let mut command = Command::new(&self.cargo);
        environment(command.current_dir(self.suites()), &self.home, self.side).arg(verb);
        if self.side == Side::Ours {
            // As in a manifest, without touching any. The lock file follows: it names ours in the place of theirs.
            let patch = format!("patch.crates-io.rustls.path={:?}", compat(&self.root).display().to_string());
            command.args(["--config", &patch]);
        }
        command
    }

    /// What comes after the downloads.
    fn offline(&self, verb: &str) -> Command {
        let mut command = self.cargo(verb);
        command.arg("--offline");
        command
    }

    // By path: a name alone would mean the package of the registry, too, which other suites depend on.
    fn spec(&self, suite: &Suite) -> String {
        format!("path+file://{}#{}@{}", self.folder(suite).display(), suite.package, suite.version)
    }

    /// Fails unless the `rustls` of the suite is the one that is meant. Cargo only warns of a patch that does not fit.
    pub fn check_side(&self, suite: &Suite) -> Result<(), String> {
        let mut tree = self.offline("tree");
        tree.args(["--package", &self.spec(suite), "--prefix", "none", "--edges", "normal,build,dev"]);
        tree.args(suite.features);
        let tree = output(&mut tree)?;
        let theirs = rustls_of(&tree);
        let fits = match self.side {
            Side::Ours => theirs == [ours(&self.root).as_str()],
            Side::Stock => theirs == ["rustls v0.23.46"],
        };
        if fits { Ok(()) } else { Err(format!("{} runs on {theirs:?}, which is not meant", suite.package)) }
    }

    /// Builds the library for C that a package makes; gives it, and the folder of the header that its build script has written.
    pub fn c_library(&self, suite: &Suite) -> Result<(PathBuf, PathBuf), String> {
        let mut build = self.offline("rustc");
        build.args(["--package", &self.spec(suite), "--lib", "--crate-type", "staticlib"]);
        let messages = output(build.arg("--message-format=json-render-diagnostics"))?;
        let of_suite = |line: &&str| line.contains(&format!("{}#", self.folder(suite).display()));
        let lines = || messages.lines().filter(of_suite);
        // The build script is an artifact of the package, too.
        let mut files = lines().filter_map(|line| after(line, r#""filenames":[""#)).map(PathBuf::from);
        let library = files.find(|path| path.extension().is_some_and(|extension| extension == "a"));
        let out = lines().find_map(|line| after(line, r#""out_dir":""#)).map(PathBuf::from);
        let (Some(library), Some(out)) = (library, out) else {
            return Err(format!("cargo names no library of {} for C, or no header", suite.package));
        };
        Ok((library, out.join("include")))
    }

    /// Builds the programs of tests of a suite. What the compiler says goes to the file.
    pub fn build(&self, suite: &Suite, log: &Path) -> Result<Vec<Program>, String> {
        let file = File::create(log).map_err(|e| format!("{}: {e}", log.display()))?;
        let mut test = self.offline("test");
        test.args(["--package", &self.spec(suite), "--no-run", "--message-format=json-render-diagnostics"]);
        test.args(suite.features).args(suite.targets);
        let output = test.stderr(Stdio::from(file)).output().map_err(|e| format!("{test:?}: {e}"))?;
        if !output.status.success() {
            return Err(format!("{} does not build: see {}", suite.package, log.display()));
        }
        let programs: Vec<Program> =
            String::from_utf8_lossy(&output.stdout).lines().filter_map(program).collect();
        if programs.is_empty() { Err(format!("{} has no tests", suite.package)) } else { Ok(programs) }
    }
}

fn compat(root: &Path) -> PathBuf {
    root.join("compat/rustls")
}

/// How `cargo tree` names the package of ours.
pub fn ours(root: &Path) -> String {
    format!("rustls v0.23.46 ({})", compat(root).display())
}

fn manifest(suites: &[Suite]) -> String {
    let members: Vec<String> = suites.iter().map(|suite| format!("{:?}", suite.package)).collect();
    format!("[workspace]\nresolver = \"2\"\nmembers = [{}]\n", members.join(", "))
}

/// The packages of that name in what `cargo tree` prints, each once.
pub fn rustls_of(tree: &str) -> Vec<&str> {
    let lines = tree.lines().map(|line| line.trim_end_matches(" (*)"));
    let mut found: Vec<&str> = lines.filter(|line| line.starts_with("rustls v")).collect();
    found.sort_unstable();
    found.dedup();
    found
}

/// A message of Cargo's about something that it built, if it is a program of tests.
fn program(line: &str) -> Option<Program> {
    if !line.starts_with(r#"{"reason":"compiler-artifact""#) {
        return None;
    }
    let profile = &line[line.find(r#""profile":{"#)?..];
    if !profile[..profile.find('}')?].contains(r#""test":true"#) {
        return None;
    }
    let path = PathBuf::from(after(line, r#""executable":""#)?);
    let target = &line[line.find(r#""target":{"#)?..];
    Some(Program {
        target: format!("{} {}", after(target, r#""kind":[""#)?, after(target, r#""name":""#)?),
        path,
    })
}

/// What stands between these characters and the next quote.
fn after<'a>(text: &'a str, start: &str) -> Option<&'a str> {
    let rest = &text[text.find(start)? + start.len()..];
    Some(&rest[..rest.find('"')?])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rustls_of_a_tree_is_found() {
        let tree = "quinn v0.11.12 (/a/quinn)\nrustls v0.23.46 (/b/compat/rustls)\nrustls-pki-types v1.16.0\n\
            rustls v0.23.46 (/b/compat/rustls) (*)\nrustls v0.22.4\n";
        assert_eq!(rustls_of(tree), ["rustls v0.22.4", "rustls v0.23.46 (/b/compat/rustls)"]);
    }

    #[test]
    fn programs_of_tests_are_found() {
        let test = r#"{"reason":"compiler-artifact","package_id":"x","target":{"kind":["lib"],"crate_types":["lib"],"name":"quinn","src_path":"/a","test":true},"profile":{"opt_level":"0","test":true},"executable":"/t/quinn-1","fresh":true}"#;
        let found = Program { target: "lib quinn".into(), path: "/t/quinn-1".into() };
        assert_eq!(program(test), Some(found));
        assert_eq!(program(&test.replace(r#""executable":"/t/quinn-1""#, r#""executable":null"#)), None);
        assert_eq!(program(&test.replace(r#""0","test":true"#, r#""0","test":false"#)), None);
        assert_eq!(program(r#"{"reason":"build-finished","success":true}"#), None);
    }
}
