//! What else is measured, by programs of their own: sockets, and many connections.

use std::path::Path;
use std::process::{Command, Stdio};

/// A part of the results, in Markdown.
pub struct Section {
    pub heading: &'static str,
    pub text: String,
}

/// Builds both programs, so that nothing is built while something is measured.
pub fn build() -> Result<(), String> {
    let status =
        cargo(&["build", "--release", "--quiet", "--locked", "--package", "sockets", "--package", "scale"])
            .stdout(Stdio::null())
            .status()
            .map_err(|e| format!("cargo: {e}"))?;
    if status.success() { Ok(()) } else { Err("sockets and scale do not build".into()) }
}

/// Runs both. What they say goes into the results whatever they think of it: a program that does not hold what it is held to says so.
pub fn run(quick: bool, plots: &Path) -> Result<Vec<Section>, String> {
    let svg = plots.join("connections.svg").display().to_string();
    let sockets: &[&str] = if quick { &["--quick"] } else { &[] };
    let mut scale = vec!["--svg", &svg];
    if quick {
        scale.extend(["--most", "5000"]);
    }
    Ok(vec![
        Section { heading: "Bulk over loopback (`sockets`)", text: said("sockets", sockets)? },
        Section {
            heading: "Many connections (`scale`)",
            text: format!("```\n{}```\n", said("scale", &scale)?),
        },
    ])
}

fn said(program: &str, arguments: &[&str]) -> Result<String, String> {
    let own = std::env::current_exe().map_err(|e| e.to_string())?;
    let output = Command::new(own.with_file_name(program))
        .args(arguments)
        .stderr(Stdio::inherit())
        .output()
        .map_err(|e| format!("{program}: {e}"))?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    eprint!("{text}");
    // Without a word there is no result; with one it speaks for itself.
    if text.is_empty() { Err(format!("{program} ended with {}", output.status)) } else { Ok(text) }
}

fn cargo(arguments: &[&str]) -> Command {
    let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or("cargo".into()));
    cargo.current_dir(env!("CARGO_MANIFEST_DIR")).args(arguments);
    cargo
}
