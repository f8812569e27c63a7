//! Who is measured: which worker, and which variant of what is in it.

use std::path::PathBuf;
use std::process::{Command, Stdio};

use worker::{Case, Kind, Suite};

#[derive(Debug, PartialEq, Eq)]
pub struct Member {
    pub name: &'static str,
    /// The package with the worker. A library of its own has a process of its own: some of them cannot share one.
    package: &'static str,
    pub variant: &'static str,
    pub does: Does,
    /// The packages that its versions are told by.
    pub sources: &'static [&'static str],
}

/// What a member takes part in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Does {
    All,
    /// Records, as bounds that are closer than the bare AEAD.
    Records,
    /// Handshakes in which chains are verified.
    Chains,
}

pub const LIMIT: &str = "limit";
pub const RUSTLS: &str = "rustls";
pub const US: &str = "chitin";
const AGAIN: &str = "chitin-again";
const MEMO: &str = "chitin-memo";

const OURS: Member = Member {
    name: US,
    package: "on-chitin",
    variant: "aws-lc-rs",
    does: Does::All,
    sources: &["chitin", "aws-lc-rs", "aws-lc-sys"],
};

const BARE: Member = Member {
    name: LIMIT,
    package: "on-limit",
    variant: "raw",
    does: Does::All,
    sources: &["aws-lc-rs", "aws-lc-sys"],
};

/// In the order of the tables. The second one of us is for the noise, the third remembers signatures of chains, which the others are not let.
pub const CREW: &[Member] = &[
    BARE,
    Member { name: "limit-copy", variant: "copy", does: Does::Records, ..BARE },
    Member { name: "limit-fused", variant: "fused", does: Does::Records, ..BARE },
    OURS,
    Member { name: AGAIN, ..OURS },
    Member { name: MEMO, variant: "memo", does: Does::Chains, ..OURS },
    Member { name: "chitin-ring", variant: "ring", sources: &["chitin", "ring"], ..OURS },
    Member {
        name: RUSTLS,
        package: "on-rustls",
        sources: &["rustls", "rustls-webpki", "aws-lc-rs", "aws-lc-sys"],
        ..OURS
    },
    Member {
        name: "rustls-ring",
        package: "on-rustls",
        variant: "ring",
        sources: &["rustls", "rustls-webpki", "ring"],
        ..OURS
    },
    Member {
        name: "boringssl",
        package: "on-boring",
        variant: "",
        sources: &["boring", "boring-sys"],
        ..OURS
    },
    Member {
        name: "s2n-tls",
        package: "on-s2n",
        variant: "",
        sources: &["s2n-tls-sys", "aws-lc-sys"],
        ..OURS
    },
    Member {
        name: "openssl",
        package: "on-openssl",
        variant: "",
        sources: &["openssl-src", "openssl"],
        ..OURS
    },
];

/// Whether it is a library as it is compared with others, and no bound and no repetition.
pub fn is_peer(name: &str) -> bool {
    name != AGAIN && name != MEMO && !name.starts_with(LIMIT)
}

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
            Does::Chains => case.kind == Kind::Handshake && !case.resumed,
        }
    }

    /// What its process has to find in its environment. BoringSSL lets nobody choose ChaCha20 in TLS 1.3: it does so where the processor has
    /// no instructions for AES (bit 25 of the second word that `cpuid` gives), of which only that choice is to be told.
    pub fn environment(&self, case: &Case) -> Option<(&'static str, &'static str)> {
        let hide_aes = self.package == "on-boring" && case.suite == Suite::ChaCha20;
        hide_aes.then_some(("OPENSSL_ia32cap", "~0x200000000000000"))
    }

    /// Builds the worker, which takes minutes for the libraries in C when it is done for the first time.
    pub fn build(&self) -> Result<(), String> {
        let cargo = std::env::var_os("CARGO").unwrap_or("cargo".into());
        let status = Command::new(cargo)
            .current_dir(env!("CARGO_MANIFEST_DIR"))
            .args(["build", "--release", "--quiet", "--locked", "--package", self.package])
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
