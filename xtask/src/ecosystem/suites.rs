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
}

/// Suites that one lock file holds together, and one workspace.
#[derive(Debug)]
pub struct Set {
    /// Its folder below the target folder, and its lock file in `ecosystem`.
    pub name: &'static str,
    pub suites: &'static [Suite],
}

/// Those that CI runs.
pub const DAILY: Set = Set { name: "suites", suites: SUITES };

/// Those that it has no time for: `--all` runs them, and `--only` one of them.
pub const FURTHER: Set = Set { name: "further", suites: super::further::SUITES };

/// Each suite there is.
pub fn all() -> impl Iterator<Item = &'static Suite> {
    DAILY.suites.iter().chain(FURTHER.suites)
}

const SUITES: &[Suite] = &[
    Suite {
        package: "quinn-proto",
        version: "0.11.19",
        features: &["--no-default-features", "--features", "rustls-aws-lc-rs,bloom,log"],
        targets: &["--lib"],
        skip: &[],
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
    },
    Suite { package: "tokio-rustls", version: "0.26.6", features: &[], targets: &["--lib"], skip: &[] },
    Suite {
        package: "futures-rustls",
        version: "0.26.0",
        features: &[],
        targets: &["--lib", "--test", "test"],
        skip: &[],
    },
    Suite {
        package: "hyper-rustls",
        version: "0.27.10",
        features: &[
            "--no-default-features",
            "--features",
            "http1,http2,tls12,logging,aws-lc-rs,webpki-tokio,native-tokio",
        ],
        targets: &["--lib"],
        skip: &["connects_http"],
    },
    Suite {
        package: "rustls-ffi",
        version: "0.15.7",
        features: &[],
        targets: &["--lib", "--tests"],
        skip: &[],
    },
    Suite {
        package: "ureq",
        version: "3.5.2",
        features: &[
            "--no-default-features",
            "--features",
            "rustls-no-provider,rustls-webpki-roots,gzip,brotli,charset,cookies,json,multipart,socks-proxy,platform-verifier,_test",
        ],
        targets: &["--lib", "--tests"],
        skip: &[],
    },
    Suite {
        package: "tls-listener",
        version: "0.11.2",
        features: &["--no-default-features", "--features", "tokio-net,rustls-aws-lc"],
        targets: &["--lib", "--tests"],
        skip: &[],
    },
    Suite {
        package: "axum-server",
        version: "0.9.2",
        features: &["--no-default-features", "--features", "tls-rustls,tls-rustls-encrypted-keys"],
        targets: &["--lib"],
        skip: &[],
    },
    Suite {
        package: "noq-proto",
        version: "1.4.0",
        features: &["--no-default-features", "--features", "rustls-aws-lc-rs,bloom,tracing-log"],
        targets: &["--lib"],
        skip: &[],
    },
    Suite { package: "rustls-tokio-stream", version: "0.8.1", features: &[], targets: &["--lib"], skip: &[] },
    Suite { package: "pipebuf_rustls", version: "0.23.1", features: &[], targets: &["--tests"], skip: &[] },
    Suite {
        package: "actix-tls",
        version: "3.6.1",
        features: &[
            "--no-default-features",
            "--features",
            "accept,connect,rustls-0_23,rustls-0_23-webpki-roots,uri",
        ],
        targets: &["--lib", "--tests"],
        skip: &[],
    },
    // Its tests make configurations and connectors, and no handshake: `ecosystem/together` makes one over its channel.
    Suite {
        package: "tonic",
        version: "0.14.9",
        features: &["--features", "tls-ring,tls-native-roots,tls-webpki-roots,gzip,deflate"],
        targets: &["--lib"],
        skip: &[],
    },
    Suite {
        package: "rustls-platform-verifier",
        version: "0.7.1",
        features: &[],
        targets: &["--lib"],
        skip: &[],
    },
];
