//! Sources of packages of crates.io, which Cargo fetches and nothing of ours compiles.

use std::path::{Path, PathBuf};
use std::process::Command;

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
    run(Command::new(cargo).current_dir(scratch).args(["fetch", "--quiet"]))?;
    let metadata =
        output(Command::new(cargo).current_dir(scratch).args(["metadata", "--format-version", "1"]))?;
    packages.iter().map(|(name, version)| place(&metadata, name, version)).collect()
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
    fn the_folder_of_a_package_is_found() {
        let metadata = r#"{"manifest_path":"/a/quinn-proto-0.11.1/Cargo.toml"},{"manifest_path":"/a/quinn-0.11.1/Cargo.toml"}"#;
        assert_eq!(place(metadata, "quinn", "0.11.1"), Ok(PathBuf::from("/a/quinn-0.11.1")));
        assert!(place(metadata, "proto", "0.11.1").is_err());
    }
}
