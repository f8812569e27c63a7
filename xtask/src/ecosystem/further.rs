//! The suites that CI has no time for. Some want more of Debian: rustls-openssl `libssl-dev`.

use super::suites::Suite;

pub const SUITES: &[Suite] = &[
    // A provider over OpenSSL, its record protection and key schedule included.
    Suite {
        package: "rustls-openssl",
        version: "0.4.2",
        features: &[],
        targets: &["--lib", "--tests"],
        skip: &["test_to_internet"],
    },
    Suite {
        package: "web-transport-quinn",
        version: "0.13.5",
        features: &[],
        targets: &["--lib", "--tests"],
        skip: &[],
    },
    Suite { package: "wtransport", version: "0.7.2", features: &[], targets: &["--lib"], skip: &[] },
];
