//! Runs the stages of a check one after the other, stops at the first that fails, and says how long each took.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use crate::manifest::{self, Manifest};
use crate::{
    api, attacks, bogo, compat, ecosystem, floors, icount, interop, licences, peers, providers, suites, tools,
};

/// The feature, and its tests.
const FIPS: &str = "fips";

pub struct Stages {
    root: PathBuf,
    cargo: String,
    done: Vec<(String, Duration)>,
}

impl Stages {
    pub fn new(root: &Path) -> Self {
        Self { root: root.to_owned(), cargo: cargo(), done: Vec::new() }
    }

    /// Everything that a change has to pass.
    pub fn ci(&mut self, yes: bool) -> Result<(), String> {
        self.cargo("format", &["fmt", "--all", "--check"], &[])?;
        self.stage("floors", |s| floors(&s.root))?;
        self.stage("manifests", |s| s.manifests())?;
        self.stage("attacks", |s| attacks::check(&s.root))?;
        self.cargo(
            "clippy",
            &["clippy", "--workspace", "--all-targets", "--locked", "--", "-D", "warnings"],
            &[],
        )?;
        self.documentation()?;
        self.api(api::Wanted::default())?;
        self.api(api::Wanted::Used)?;
        self.api(api::Wanted::Features { bless: None })?;
        self.test(yes)?;
        self.differential()?;
        self.stage("bogo", |s| bogo::check(&s.root, yes))?;
        self.icount(&icount::Wanted::yes(yes))?;
        self.interop(&interop::Wanted { yes, only: None })?;
        self.ecosystem(&ecosystem::Wanted::default())
    }

    /// Instructions of handshakes, records and packets beside those of before.
    pub fn icount(&mut self, wanted: &icount::Wanted<'_>) -> Result<(), String> {
        self.stage("icount", |s| icount::check(&s.root, &s.cargo, wanted))
    }

    /// Programs of other makes, with what that needs.
    pub fn interop(&mut self, wanted: &interop::Wanted<'_>) -> Result<(), String> {
        self.stage("interop", |s| interop::run(&s.root, wanted))
    }

    /// One program on us and on rustls 0.23, and what it sees of both. A workspace of its own, as the real rustls may not be in ours;
    /// what they have in common is built once.
    pub fn differential(&mut self) -> Result<(), String> {
        let place = ["--manifest-path", "differential/Cargo.toml", "--target-dir", "target"];
        self.stage("differential", |s| {
            s.command(&[&["test", "--quiet", "--locked"][..], &place].concat(), &[])?;
            s.command(&[&["run", "--quiet", "--locked"][..], &place].concat(), &[])
        })
    }

    /// The tests of crates that depend on rustls, and programs that use such crates. In a fresh clone about 17 minutes of processor
    /// time, 13 of it for the suites: some eleven minutes on two idle cores.
    pub fn ecosystem(&mut self, wanted: &ecosystem::Wanted<'_>) -> Result<(), String> {
        self.stage("ecosystem", |s| ecosystem::run(&s.root, &s.cargo, wanted))
    }

    /// The public interface beside a listing of another.
    pub fn api(&mut self, wanted: api::Wanted) -> Result<(), String> {
        self.stage(wanted.stage(), |s| api::run(&s.root, &s.cargo, wanted))
    }

    /// The test suite, with what it needs.
    pub fn test(&mut self, yes: bool) -> Result<(), String> {
        self.stage("peers", |_| peers::set_up(peers::PEERS, yes))?;
        self.features()?;
        self.stage("no-std", |s| s.no_std())?;
        self.cargo("tests", &["test", "--workspace", "--locked"], &[])?;
        // The algorithms are in no default feature, and the tests about them are called after them.
        let compression =
            ["test", "-p", "chitin", "--locked", "--features", "brotli,zlib", "--lib", "--test", "rules"];
        self.cargo("compression", &[&compression[..], &["compress"]].concat(), &[])?;
        let transparency =
            ["test", "-p", "chitin", "--locked", "--features", "log-list", "--test", "transparency"];
        self.cargo("transparency", &transparency, &[])?;
        self.cargo(
            "load",
            &["test", "-p", "chitin", "--locked", "--features", "load", "--test", "load"],
            &[],
        )?;
        self.stage("paths", |s| {
            suites::PROFILES.iter().try_for_each(|name| suites::run(&s.root, &s.cargo, &["--profile", name]))
        })?;
        self.providers()?;
        self.scanners()
    }

    /// Each feature alone, and sets of them.
    pub fn features(&mut self) -> Result<(), String> {
        self.stage("features", |s| s.check_features())
    }

    /// The feature `fips`. No part of the others, since the module takes so long and tools of its own; it is built in a target folder of
    /// its own, so that nothing else is built anew because of it. Alone and for tests are two builds: what tests bring along changes
    /// the module's build tools.
    pub fn fips(&mut self) -> Result<(), String> {
        self.stage("fips", |s| {
            // Said here, as the module's own build says it after minutes and at length.
            for (tool, version) in [("go", "version"), ("cmake", "--version")] {
                tools::output(Command::new(tool).arg(version))
                    .map_err(|why| format!("the FIPS module of aws-lc is built with {tool}: {why}"))?;
            }
            let own = ["--locked", "--target-dir", "target/fips"];
            let alone = ["check", "--lib", "-p", "chitin", "--no-default-features", "--features", FIPS];
            s.command(&[&alone[..], &own].concat(), &[])?;
            let tests = ["test", "-p", "chitin", "--features", FIPS];
            s.command(&[&tests[..], &own, &["--test", FIPS]].concat(), &[])?;
            // The vectors of the schedules, and the parts. Others count on what is off by default then.
            let unit_tests = [&tests[..], &own, &["--lib", "--"]].concat();
            for filter in ["schedule::", "aws_lc_rs::fips::"] {
                s.some_tests(&[&unit_tests[..], &[filter]].concat())?;
            }
            s.command(&[&unit_tests[..], &["schedule::", "aws_lc_rs::"]].concat(), &[])
        })
    }

    /// The tests under each provider but the default one.
    pub fn providers(&mut self) -> Result<(), String> {
        self.stage("providers", |s| providers::run(&s.root, &s.cargo))
    }

    // Minutes of testssl.sh: so neither `cargo test` nor `--all-targets` has it.
    fn scanners(&mut self) -> Result<(), String> {
        let target = ["-p", "chitin-cli", "--test", "scanners", "--locked"];
        self.stage("scanners", |s| {
            s.command(&[&["clippy"], &target[..], &["--", "-D", "warnings"]].concat(), &[])?;
            s.command(&[&["test"], &target[..]].concat(), &[])
        })
    }

    /// Prints the minutes of each finished stage.
    pub fn summary(&self) {
        for (name, took) in &self.done {
            println!("{name:<14} {}", minutes(*took));
        }
        println!("{:<14} {}", "total", minutes(self.done.iter().map(|(_, took)| *took).sum()));
    }

    fn stage(&mut self, name: &str, run: impl FnOnce(&Self) -> Result<(), String>) -> Result<(), String> {
        println!("\n== {name}");
        let start = Instant::now();
        let result = run(self);
        self.done.push((name.to_owned(), start.elapsed()));
        result.map_err(|e| format!("stage `{name}` failed\n{e}"))
    }

    fn cargo(&mut self, name: &str, arguments: &[&str], env: &[(&str, &str)]) -> Result<(), String> {
        self.stage(name, |s| s.command(arguments, env))
    }

    fn command(&self, arguments: &[&str], env: &[(&str, &str)]) -> Result<(), String> {
        let line = format!("cargo {}", arguments.join(" "));
        println!("+ {line}");
        let status = Command::new(&self.cargo)
            .current_dir(&self.root)
            .args(arguments)
            .envs(env.iter().copied())
            .status()
            .map_err(|e| format!("{line}: {e}"))?;
        if status.success() { Ok(()) } else { Err(format!("`{line}` ended with {status}")) }
    }

    // A filter that no test is called after any more passes, too.
    fn some_tests(&self, arguments: &[&str]) -> Result<(), String> {
        let line = format!("cargo {} --list", arguments.join(" "));
        let listed =
            tools::output(Command::new(&self.cargo).current_dir(&self.root).args(arguments).arg("--list"))?;
        if listed.lines().any(|line| line.ends_with(": test")) {
            Ok(())
        } else {
            Err(format!("`{line}` finds no test"))
        }
    }

    // The command and the library share a name, and so would their pages: only libraries have documentation to build.
    fn documentation(&mut self) -> Result<(), String> {
        let arguments =
            ["doc", "--no-deps", "--locked", "--lib", "-p", "chitin", "-p", "chitin-pki", "-p", "testkit"];
        self.cargo("documentation", &arguments, &[("RUSTDOCFLAGS", "-D warnings")])
    }

    // Features must work alone, since a user may ask for any one of them, and so must what goes with each provider.
    fn check_features(&self) -> Result<(), String> {
        // `check` with the compiler's warnings as errors, of this crate alone: what is imported for one feature is not needed without it.
        let check = |package: &str, features: &[&str]| {
            let what = ["--quiet", "--locked", "--lib", "-p", package, "--no-default-features"];
            let check = ["rustc", "--profile", "check"];
            self.command(&[&check[..], &what, features, &["--", "-D", "warnings"]].concat(), &[])
        };
        check("chitin", &[])?;
        let manifest = Manifest::read(&self.root, "chitin")?;
        let combined =
            ["ring,tls12", "ring,std", "ring,std,tls12", "aws_lc_rs,std", "custom-provider,ring,std"];
        for features in manifest.features().into_iter().filter(|feature| *feature != FIPS).chain(combined) {
            check("chitin", &["--features", features])?;
        }
        check("chitin-graviola", &[])?;
        check("chitin-pki", &[])?;
        // A workspace of its own. The provider is left out: there is nothing of it to see.
        let manifest = format!("{}/Cargo.toml", compat::MEMBER);
        let compat = ["--quiet", "--locked", "--manifest-path", &manifest, "--target-dir", "target"];
        let features =
            ["--no-default-features", "--features", "brotli,hashbrown,logging,read_buf,std,tls12,zlib"];
        self.command(&[&["check"], &compat[..], &features].concat(), &[])?;
        // Which provider a process takes by itself depends on what is compiled in, and so nothing else may be. What 0.23 hides is tested
        // with the first set.
        for features in compat::PROVIDERS {
            let tests = ["--test", "process_default", "--test", "hidden"];
            let features = [&tests[..], &["--no-default-features", "--features", features]].concat();
            self.command(&[&["test"], &compat[..], &features[..]].concat(), &[])?;
        }
        Ok(())
    }

    // A program without the standard library: that it links is half of the proof, that it ends well the other.
    fn no_std(&self) -> Result<(), String> {
        let place = ["--manifest-path", "no-std/Cargo.toml", "--target-dir", "target/no-std"];
        self.command(&[&["build", "--quiet", "--locked"][..], &place].concat(), &[])?;
        // It has no words, and when it panics it stands still.
        const PATIENCE: Duration = Duration::from_secs(60);
        let program = self.root.join("target/no-std/debug/no-std");
        let mut child = Command::new(&program).spawn().map_err(|e| format!("{}: {e}", program.display()))?;
        let start = Instant::now();
        loop {
            match child.try_wait().map_err(|e| e.to_string())? {
                Some(status) if status.success() => return Ok(()),
                Some(status) => return Err(format!("{} ended with {status}", program.display())),
                None if start.elapsed() > PATIENCE => {
                    child.kill().and_then(|()| child.wait()).map_err(|e| e.to_string())?;
                    return Err(format!("{} had not ended after {PATIENCE:?}", program.display()));
                }
                None => std::thread::sleep(Duration::from_millis(50)),
            }
        }
    }

    fn manifests(&self) -> Result<(), String> {
        let contributing = self.text("CONTRIBUTING.md")?;
        msrv(&Manifest::read(&self.root, "")?, &self.text("README.md")?)?;
        compat::check_manifest(&self.root)?;
        licences::check_licences(&self.root, &self.cargo)?;
        licences::check_reasons(&self.root, &contributing)
    }

    fn text(&self, name: &str) -> Result<String, String> {
        std::fs::read_to_string(self.root.join(name)).map_err(|e| format!("{name}: {e}"))
    }
}

/// The Cargo that called us.
pub fn cargo() -> String {
    std::env::var("CARGO").unwrap_or_else(|_| "cargo".into())
}

/// The floors of the core, and the arrows between the crates.
pub fn floors(root: &Path) -> Result<(), String> {
    let inside = floors::run(&root.join("chitin/src"));
    let between = manifest::check_arrows(root);
    inside.and(between)
}

// The README tells people which compiler they need; it must be the one that Cargo will ask for.
fn msrv(workspace: &Manifest, readme: &str) -> Result<(), String> {
    let declared =
        workspace.value("workspace.package", "rust-version").ok_or("no rust-version in Cargo.toml")?;
    if !readme
        .split(|c: char| c.is_whitespace() || ",;()".contains(c))
        .any(|word| word.trim_end_matches('.') == declared)
    {
        return Err(format!("Cargo.toml asks for Rust {declared}, and README.md does not say so"));
    }
    println!("compiler: Rust {declared} declared");
    Ok(())
}

fn minutes(took: Duration) -> String {
    format!("{:>6.1} min", took.as_secs_f64() / 60.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_readme_with_another_compiler_is_found() {
        let workspace = Manifest::parse("[workspace.package]\nrust-version = \"1.85\"\n");
        assert!(msrv(&workspace, "Needs Rust 1.85, edition 2024.").is_ok());
        assert!(msrv(&workspace, "Needs Rust 1.85.").is_ok());
        assert!(msrv(&workspace, "Needs Rust 1.86, version 11.85").is_err());
    }

    #[test]
    fn the_failing_stage_is_named_and_timed() {
        let mut stages = Stages::new(Path::new("."));
        assert!(stages.stage("first", |_| Ok(())).is_ok());
        let error = stages.stage("second", |_| Err("broken".into())).unwrap_err();
        assert!(error.contains("`second`") && error.contains("broken"));
        assert_eq!(stages.done.len(), 2);
    }
}
