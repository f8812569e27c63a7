//! Programs of our own, for what no suite shows: requests over HTTP/3, also with aioquic, providers of other makes, many crates in one
//! program.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use super::build::{Side, environment, ours, rustls_of};
use super::{Ended, wait};
use crate::tools::{output, python, run, write};

/// The members of the workspace `ecosystem`. A program that ends well has shown what it is for.
pub const PROGRAMS: &[&str] = &[HTTP3, "providers", "together"];

const HTTP3: &str = "http3";

/// HTTP/3 and QUIC of another make, from PyPI.
const AIOQUIC: (&str, &str) = ("aioquic", "1.7.2");

/// Builds and runs one.
pub fn check(root: &Path, home: &Path, cargo: &str, name: &str) -> Result<(), String> {
    let folder = root.join("ecosystem");
    let cargo = |verb| {
        let mut command = Command::new(cargo);
        environment(command.current_dir(&folder), home, Side::Ours).args([
            verb,
            "--locked",
            "--package",
            name,
        ]);
        command
    };
    let tree = output(cargo("tree").args(["--prefix", "none"]))?;
    let theirs = rustls_of(&tree);
    if theirs != [ours(root).as_str()] {
        return Err(format!("{name} runs on {theirs:?}, which is not meant"));
    }
    run(cargo("build").arg("--quiet"))?;
    let program = home.join(Side::Ours.folder()).join("debug").join(name);
    end_well(&mut Command::new(&program))?;
    if name == HTTP3 {
        let peer = folder.join(HTTP3).join("peer.py");
        end_well(Command::new(&program).arg(aioquic(home)?).arg(peer))?;
    }
    Ok(())
}

fn end_well(program: &mut Command) -> Result<(), String> {
    let mut child = program.stdin(Stdio::null()).spawn().map_err(|e| format!("{program:?}: {e}"))?;
    match wait(&mut child)? {
        Ended::Well => Ok(()),
        Ended::Badly(how) => Err(format!("{program:?}: {how}")),
    }
}

/// A Python that has it.
fn aioquic(home: &Path) -> Result<PathBuf, String> {
    let (name, version) = AIOQUIC;
    let done = home.join(format!("{name}-{version}"));
    let mark = done.join("whole");
    if !mark.exists() {
        println!("fetching {name} {version} into {}", done.display());
        // Environments do not survive a move, so a mark says that all is there.
        let _ = fs::remove_dir_all(&done);
        python(&done, &[AIOQUIC])?;
        write(&mark, "")?;
    }
    Ok(done.join("bin/python"))
}
