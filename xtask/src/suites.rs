//! `cargo xtask paths`: runs the crate `paths`, which holds the validator against public suites.

use std::path::Path;
use std::process::Command;

use crate::tools;

/// Each is a run of its own: what a profile answers, it answers for all cases.
pub const PROFILES: [&str; 4] = ["default", "strict", "cabf", "api"];

/// Passes the words on. The crate says itself what it takes.
pub fn run(root: &Path, cargo: &str, words: &[&str]) -> Result<(), String> {
    let mut run = Command::new(cargo);
    run.current_dir(root).args(["run", "--quiet", "--locked", "--package", "paths", "--"]).args(words);
    tools::run(&mut run).map_err(|_| "the suites of certificates failed".into())
}
