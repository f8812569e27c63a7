//! The foreign programs that tests talk to: finds them, and installs what is missing when it is allowed to.
//!
//! A missing peer is never skipped: either it gets installed, or the run fails and says what to do.

use std::io::{IsTerminal, Write, stdin, stdout};
use std::process::{Command, Stdio};

pub struct Peer {
    pub program: &'static str,
    /// Arguments with which it ends well; without any, it is enough that it starts.
    pub version: &'static str,
    pub package: &'static str,
}

/// What the tests need.
pub const PEERS: &[Peer] = &[
    Peer { program: "openssl", version: "version", package: "openssl" },
    Peer { program: "gnutls-cli", version: "--version", package: "gnutls-bin" },
    Peer { program: "gnutls-serv", version: "--version", package: "gnutls-bin" },
    Peer { program: "curl", version: "--version", package: "curl" },
    Peer { program: "testssl", version: "--version", package: "testssl.sh" },
    Peer { program: "sslscan", version: "--version", package: "sslscan" },
];

/// What BoringSSL's runner is built with. Python itself is not enough: Debian leaves out what makes environments.
pub const BUILDERS: &[Peer] = &[
    Peer { program: "openssl", version: "version", package: "openssl" },
    Peer { program: "python3", version: "-m ensurepip --version", package: "python3-venv" },
];

/// Somebody else may be installing something just now.
const PATIENCE: &str = "-oDPkg::Lock::Timeout=300";

/// Makes sure that every one of these runs. `yes`: install without asking.
pub fn set_up(peers: &'static [Peer], yes: bool) -> Result<(), String> {
    let missing = missing(peers);
    if missing.is_empty() {
        println!("peers: {}", peers.iter().map(|p| p.program).collect::<Vec<_>>().join(", "));
        return Ok(());
    }
    let packages = packages(&missing);
    let by_hand = format!("apt-get install -y {}", packages.join(" "));
    let programs = missing.iter().map(|p| p.program).collect::<Vec<_>>().join(", ");
    let refuse = |why: &str| {
        Err(format!("the tests need {programs}, and {why}.\nAs root, run: {by_hand}\nThen start this again."))
    };
    let sudo = match as_root() {
        Ok(sudo) => sudo,
        Err(why) => return refuse(why),
    };
    if !yes {
        if !stdin().is_terminal() {
            return refuse("there is no terminal to ask on (--yes installs without asking)");
        }
        if !ask(&format!("The tests need {programs}. Install {} with apt? [y/N] ", packages.join(" "))) {
            return refuse("you said no");
        }
    }
    for arguments in [
        vec!["update"],
        [vec!["install", "-y", "--no-install-recommends", PATIENCE], packages.clone()].concat(),
    ] {
        if !apt(sudo, &arguments) {
            return refuse(&format!("`apt-get {}` failed", arguments.join(" ")));
        }
    }
    match self::missing(peers).first() {
        None => Ok(()),
        Some(peer) => refuse(&format!("{} still does not run after the installation", peer.program)),
    }
}

/// Fetches the lists of packages anew: a fresh machine has none.
pub fn refresh_lists() -> Result<(), String> {
    match apt(as_root()?, &["update"]) {
        true => Ok(()),
        false => Err("`apt-get update` failed".into()),
    }
}

/// The words before a command that only root may give.
fn as_root() -> Result<&'static [&'static str], &'static str> {
    if !runs("apt-get", "--version") {
        return Err("there is no apt-get here to install them with");
    }
    if am_root() {
        return Ok(&[]);
    }
    if !runs("sudo", "--version") {
        return Err("installing them takes root, and there is no sudo");
    }
    // It may ask for a password only where somebody can type one.
    Ok(if stdin().is_terminal() { &["sudo"] } else { &["sudo", "-n"] })
}

fn missing(peers: &'static [Peer]) -> Vec<&'static Peer> {
    peers.iter().filter(|p| !runs(p.program, p.version)).collect()
}

fn packages(peers: &[&Peer]) -> Vec<&'static str> {
    let mut names: Vec<_> = peers.iter().map(|p| p.package).collect();
    names.dedup(); // The table keeps the programs of a package together.
    names
}

fn runs(program: &str, arguments: &str) -> bool {
    let quiet = Command::new(program)
        .args(arguments.split_whitespace())
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status();
    quiet.is_ok_and(|status| status.success() || (arguments.is_empty() && status.code() != Some(127)))
}

fn am_root() -> bool {
    Command::new("id").arg("-u").output().is_ok_and(|out| out.stdout.trim_ascii() == b"0")
}

fn ask(question: &str) -> bool {
    print!("{question}");
    let mut line = String::new();
    stdout().flush().is_ok()
        && stdin().read_line(&mut line).is_ok()
        && matches!(line.trim(), "y" | "Y" | "yes")
}

fn apt(sudo: &[&str], arguments: &[&str]) -> bool {
    // `env` because sudo drops variables that it is not told of.
    let words: Vec<&str> = [sudo, &["env", "DEBIAN_FRONTEND=noninteractive", "apt-get"], arguments].concat();
    println!("+ {}", words.join(" "));
    Command::new(words[0]).args(&words[1..]).status().is_ok_and(|status| status.success())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_that_is_not_there_or_fails_does_not_run() {
        assert!(runs("true", "x"));
        assert!(!runs("false", "x"));
        assert!(!runs("no-such-program-here", "--version"));
        assert!(runs("false", ""));
        assert!(!runs("no-such-program-here", ""));
    }

    #[test]
    fn a_package_with_two_programs_is_installed_once() {
        let all = packages(&PEERS.iter().collect::<Vec<_>>());
        assert_eq!(all, ["openssl", "gnutls-bin", "curl", "testssl.sh", "sslscan"]);
    }
}
