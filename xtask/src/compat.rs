//! Checks the package that carries the name of rustls: its version, its features, and that it compiles.

use std::path::Path;

use crate::manifest::Manifest;

/// Some dependents ask for exactly this one, and Cargo leaves a patch of another version out with a warning only.
const VERSION: &str = "0.23.46";

pub const MEMBER: &str = "compat/rustls";

/// Sets of features with each provider alone, with both, with none, and with one that is not to be taken.
pub const PROVIDERS: [&str; 5] =
    ["aws_lc_rs,std,tls12", "ring,std,tls12", "aws_lc_rs,ring,std", "std,tls12", "custom-provider,ring,std"];

/// Names that are another name's alias and have nothing of their own below.
const ALIASES: [&str; 1] = ["aws-lc-rs"];

/// Features of ours that are not 0.23's.
const OURS: [&str; 4] = ["load", LOG_TARGETS, "log-list", "testing"];

/// Whoever filters the log by `rustls` is to find what that package says.
const LOG_TARGETS: &str = "log-as-rustls";

pub fn check_manifest(root: &Path) -> Result<(), String> {
    let (compat, chitin) = (Manifest::read(root, MEMBER)?, Manifest::read(root, "chitin")?);
    let wrong = offences(&compat, &chitin);
    println!("{MEMBER}: {} offences in its manifest", wrong.len());
    if wrong.is_empty() { Ok(()) } else { Err(wrong.join("\n")) }
}

fn offences(compat: &Manifest, chitin: &Manifest) -> Vec<String> {
    let mut wrong = Vec::new();
    if compat.value("package", "name") != Some("rustls")
        || compat.value("package", "version") != Some(VERSION)
    {
        wrong.push(format!("it is not called rustls {VERSION}"));
    }
    if !compat.value("dependencies", "chitin").is_some_and(|terms| terms.contains(LOG_TARGETS)) {
        wrong.push(format!("it does not turn on `{LOG_TARGETS}`"));
    }
    let theirs = compat.features();
    for feature in chitin.features().into_iter().filter(|feature| !OURS.contains(feature)) {
        if !theirs.contains(&feature) {
            wrong.push(format!("it has no feature `{feature}`"));
        }
    }
    for feature in theirs {
        let passed_on = compat.value("features", feature).is_some_and(|list| {
            ALIASES.contains(&feature) || list.contains(&format!("\"chitin/{feature}\""))
        });
        if !passed_on {
            wrong.push(format!("its feature `{feature}` is not passed on to chitin"));
        }
    }
    wrong
}

#[cfg(test)]
mod tests {
    use super::*;

    const CHITIN: &str = "[features]\nstd = []\nring = []\ntesting = []\n";
    const COMPAT: &str = "[package]\nname = \"rustls\"\nversion = \"0.23.46\"\n[features]\nstd = [\"chitin/std\"]\n\
        ring = [\"chitin/ring\"]\n[dependencies]\nchitin = { path = \"x\", features = [\"log-as-rustls\"] }\n";

    fn found(compat: &str) -> Vec<String> {
        offences(&Manifest::parse(compat), &Manifest::parse(CHITIN))
    }

    #[test]
    fn each_feature_is_there_and_passed_on() {
        assert!(found(COMPAT).is_empty());
        assert_eq!(found(&COMPAT.replace("0.23.46", "0.23.45")), ["it is not called rustls 0.23.46"]);
        assert_eq!(found(&COMPAT.replace("log-as", "log")), ["it does not turn on `log-as-rustls`"]);
        assert_eq!(found(&COMPAT.replace("ring = [\"chitin/ring\"]\n", "")), ["it has no feature `ring`"]);
        assert_eq!(
            found(&COMPAT.replace("\"chitin/ring\"", "\"std\"")),
            ["its feature `ring` is not passed on to chitin"]
        );
    }
}
