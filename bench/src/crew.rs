//! Who is measured: which worker, and which variant of what is in it.

use std::path::PathBuf;
use std::process::{Command, Stdio};

use worker::{Case, Kind};

#[derive(Debug, PartialEq, Eq)]
pub struct Member {
    pub name: &'static str,
    /// The package with the worker. A library of its own has a process of its own: some of them cannot share one.
    package: &'static str,
    pub variant: &'static str,
    pub does: Does,
}

/// What a member takes part in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Does {
    All,
    /// Records, as bounds that are closer than the bare AEAD.
    Records,
}

const fn member(name: &'static str, package: &'static str, variant: &'static str, does: Does) -> Member {
    Member { name, package, variant, does }
}

pub const LIMIT: &str = "limit";

/// In the order of the tables. The second one of us is for the noise.
pub const CREW: &[Member] = &[
    member(LIMIT, "on-limit", "raw", Does::All),
    member("limit-copy", "on-limit", "copy", Does::Records),
    member("limit-fused", "on-limit", "fused", Does::Records),
    member("chitin", "on-chitin", "aws-lc-rs", Does::All),
    member("chitin-again", "on-chitin", "aws-lc-rs", Does::All),
    member("rustls", "on-rustls", "aws-lc-rs", Does::All),
    member("rustls-ring", "on-rustls", "ring", Does::All),
];

/// The ones that were asked for, in the order of the tables, and the limit.
pub fn chosen(names: &[String]) -> Result<Vec<&'static Member>, String> {
    if let Some(unknown) = names.iter().find(|name| CREW.iter().all(|member| member.name != **name)) {
        let all: Vec<&str> = CREW.iter().map(|member| member.name).collect();
        return Err(format!("no implementation is called {unknown}; there are {}", all.join(", ")));
    }
    let wanted = |m: &&Member| names.is_empty() || m.name == LIMIT || names.iter().any(|name| name == m.name);
    Ok(CREW.iter().filter(wanted).collect())
}

impl Member {
    /// Whether it has what the case is about.
    pub fn takes(&self, case: &Case) -> bool {
        match self.does {
            Does::All => true,
            Does::Records => matches!(case.kind, Kind::Bulk { .. } | Kind::BulkKnown { .. }),
        }
    }

    /// Builds the worker, which takes minutes for the libraries in C when it is done for the first time.
    pub fn build(&self) -> Result<(), String> {
        let cargo = std::env::var_os("CARGO").unwrap_or("cargo".into());
        let status = Command::new(cargo)
            .current_dir(env!("CARGO_MANIFEST_DIR"))
            .args(["build", "--release", "--quiet", "--package", self.package])
            .stdout(Stdio::null())
            .status()
            .map_err(|e| format!("cargo: {e}"))?;
        if status.success() { Ok(()) } else { Err(format!("{} does not build", self.package)) }
    }

    /// Beside our own program, where Cargo puts all programs of a profile.
    pub fn program(&self) -> Result<PathBuf, String> {
        let own = std::env::current_exe().map_err(|e| e.to_string())?;
        Ok(own.with_file_name(self.package))
    }
}
