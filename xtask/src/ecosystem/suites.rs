//! Which packages' tests are run, in which version, and what of them.

/// The tests of a package of crates.io that depends on rustls.
#[derive(Debug)]
pub struct Suite {
    pub package: &'static str,
    /// Names of tests belong to a version.
    pub version: &'static str,
    /// As Cargo takes them.
    pub features: &'static [&'static str],
    /// What of it is built, as `cargo test` takes it.
    pub targets: &'static [&'static str],
    /// Tests that are left out, on stock too: they need the world outside, and wait for it long.
    pub skip: &'static [&'static str],
    /// Is it part of `cargo xtask ci`? The others run with `--all`.
    pub ci: bool,
}

pub const SUITES: &[Suite] = &[
    Suite {
        package: "quinn-proto",
        version: "0.11.19",
        features: &["--no-default-features", "--features", "rustls-aws-lc-rs,bloom,log"],
        targets: &["--lib"],
        skip: &[],
        ci: true,
    },
    Suite {
        package: "quinn",
        version: "0.11.12",
        features: &[
            "--no-default-features",
            "--features",
            "rustls-aws-lc-rs,runtime-tokio,bloom,log,platform-verifier",
        ],
        targets: &["--lib", "--tests"],
        skip: &[],
        ci: true,
    },
];
