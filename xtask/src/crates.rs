//! Sources of packages of crates.io, which Cargo fetches and nothing of ours compiles.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use crate::tools::{make_dir, output, run, write};

/// Fetches packages in exact versions, and says where their sources lie, in the same order.
///
/// Through a workspace of its own in `scratch`, so that the packages enter neither our lock file nor our build.
pub fn fetch(scratch: &Path, cargo: &str, packages: &[(&str, &str)]) -> Result<Vec<PathBuf>, String> {
    make_dir(&scratch.join("src"))?;
    write(&scratch.join("src/main.rs"), "fn main() {}\n")?;
    let mut manifest = String::from(
        "[package]\nname = \"fetch\"\nversion = \"0.0.0\"\nedition = \"2024\"\n[workspace]\n[dependencies]\n",
    );
    for (name, version) in packages {
        manifest += &format!("{name} = {{ version = \"={version}\", default-features = false }}\n");
    }
    write(&scratch.join("Cargo.toml"), &manifest)?;
    download(Command::new(cargo).current_dir(scratch).args(["fetch", "--quiet"]))?;
    let metadata =
        output(Command::new(cargo).current_dir(scratch).args(["metadata", "--format-version", "1"]))?;
    packages.iter().map(|(name, version)| place(&metadata, name, version)).collect()
}

/// How often a download is tried, each time with Cargo's own attempts. What fails so often will not come.
const ATTEMPTS: usize = 3;

/// Runs a Cargo that downloads. That it cannot is told apart from all that can be wrong with what it downloads.
pub fn download(fetch: &mut Command) -> Result<(), String> {
    let mut last = String::new();
    for attempt in 1..=ATTEMPTS {
        match run(fetch) {
            Ok(()) => return Ok(()),
            Err(why) => last = why,
        }
        if attempt < ATTEMPTS {
            println!("the download failed, attempt {attempt} of {ATTEMPTS}");
            std::thread::sleep(Duration::from_secs(5));
        }
    }
    Err(format!(
        "cannot download packages from crates.io, in {ATTEMPTS} attempts; is there a network?\n{last}"
    ))
}

/// The folder of a package in what `cargo metadata` says, which ends with name and version.
fn place(metadata: &str, name: &str, version: &str) -> Result<PathBuf, String> {
    let manifest = format!("/{name}-{version}/Cargo.toml\"");
    let end = metadata.find(&manifest).ok_or_else(|| format!("cargo metadata does not name {name}"))?;
    let start = metadata[..end].rfind('"').map_or(0, |quote| quote + 1);
    Ok(PathBuf::from(format!("{}/{name}-{version}", &metadata[start..end])))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_download_that_fails_is_called_one() {
        assert_eq!(download(&mut Command::new("true")), Ok(()));
        let why = download(&mut Command::new("false")).unwrap_err();
        assert!(why.contains("network") && why.contains("3 attempts"), "{why}");
    }

    #[test]
    fn the_folder_of_a_package_is_found() {
        let metadata = r#"{"manifest_path":"/a/quinn-proto-0.11.1/Cargo.toml"},{"manifest_path":"/a/quinn-0.11.1/Cargo.toml"}"#;
        assert_eq!(place(metadata, "quinn", "0.11.1"), Ok(PathBuf::from("/a/quinn-0.11.1")));
        assert!(place(metadata, "proto", "0.11.1").is_err());
    }
}
