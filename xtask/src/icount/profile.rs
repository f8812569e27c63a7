//! Reads what callgrind writes: the instructions of each function, and those of each call with all that it calls.
//!
//! The format is that of the Valgrind manual, "Callgrind Format Specification", as far as callgrind uses it with one event.

use std::collections::{BTreeMap, HashMap};
use std::fmt::Write;

use super::Counts;

/// Functions of `aws-lc` have its version before their names, so that several may live in one program.
const LIBRARY: &str = "aws_lc_";

/// The compressions of the hash of messages and of HMAC, of a crate in Rust.
const COMPRESSIONS: &str = "sha2::";

/// Words in the names of functions that do arithmetic of public keys, or read keys for it.
const PUBLIC_KEY: [&str; 9] = [
    "_EVP_PKEY_",
    "_EVP_DigestSign",
    "_EVP_DigestVerify",
    "_ECDSA_",
    "_EC_",
    "_X25519",
    "_BN_",
    "_ED25519",
    "_d2i_",
];

#[derive(Debug, Default)]
pub struct Profile {
    total: u64,
    /// Instructions of functions themselves.
    own: BTreeMap<String, u64>,
    /// Calls from our side into the library, with all that they call.
    entries: BTreeMap<String, u64>,
}

impl Profile {
    pub fn read(text: &str) -> Result<Self, String> {
        let mut profile = Self::default();
        let mut names = HashMap::new();
        let (mut current, mut callee) = (String::new(), String::new());
        let mut is_call = false;
        for line in text.lines() {
            if let Some(rest) = line.strip_prefix("fn=") {
                current = name(rest, &mut names)?;
            } else if let Some(rest) = line.strip_prefix("cfn=") {
                callee = name(rest, &mut names)?;
            } else if line.starts_with("calls=") {
                // How many is of no use: callgrind counts calls also while it does not collect.
                is_call = true;
            } else if line.starts_with(|c: char| c.is_ascii_digit() || "+-*".contains(c)) {
                let cost = line
                    .split_whitespace()
                    .nth(1)
                    .and_then(|cost| cost.parse::<u64>().ok())
                    .ok_or_else(|| format!("`{line}` has no cost"))?;
                match std::mem::take(&mut is_call) {
                    false => {
                        profile.total += cost;
                        *profile.own.entry(current.clone()).or_default() += cost;
                    }
                    true if is_ours(&current) && is_library(&callee) => {
                        *profile.entries.entry(callee.clone()).or_default() += cost;
                    }
                    true => {}
                }
            }
        }
        match profile.total {
            0 => Err("callgrind has collected nothing: is the function still called as it is told?".into()),
            _ => Ok(profile),
        }
    }

    /// What one of so many rounds took.
    pub fn counts(&self, rounds: u64) -> Counts {
        let all: u64 = self.entries.values().sum();
        let library: u64 =
            self.entries.iter().filter(|(name, _)| !is_public_key(name)).map(|(_, cost)| cost).sum();
        Counts { ours: self.total.saturating_sub(all) / rounds, library: library / rounds }
    }

    /// The longest functions, those of the library's that are known by its prefix left out, and the calls into it.
    pub fn listing(&self, rounds: u64) -> String {
        let mut text = String::new();
        let mut list = |table: &BTreeMap<String, u64>, only: fn(&str) -> bool| {
            let mut rows: Vec<_> = table.iter().filter(|(name, _)| only(name)).collect();
            rows.sort_by_key(|(_, cost)| std::cmp::Reverse(**cost));
            for (name, cost) in rows.into_iter().take(60) {
                let _ = writeln!(text, "{:>9} {name}", cost / rounds);
            }
            text.push('\n');
        };
        list(&self.own, |name| !name.starts_with(LIBRARY) || is_ours(name));
        list(&self.entries, |_| true);
        text
    }
}

/// A name is written out once, as `(7) name`, and then called `(7)`.
fn name(text: &str, names: &mut HashMap<String, String>) -> Result<String, String> {
    let Some((number, name)) = text.strip_prefix('(').and_then(|text| text.split_once(')')) else {
        return Ok(text.to_owned());
    };
    match name.trim() {
        "" => names.get(number).cloned().ok_or_else(|| format!("callgrind has not named function {number}")),
        name => {
            names.insert(number.to_owned(), name.to_owned());
            Ok(name.to_owned())
        }
    }
}

/// Rust has paths, C has none: the library's own functions without its prefix are as little ours as libc's.
fn is_ours(name: &str) -> bool {
    name.contains("::") && !name.starts_with(COMPRESSIONS)
}

fn is_library(name: &str) -> bool {
    name.starts_with(COMPRESSIONS) || name.starts_with(LIBRARY) && !is_ours(name)
}

fn is_public_key(name: &str) -> bool {
    PUBLIC_KEY.iter().any(|part| name.contains(part))
}

#[cfg(test)]
mod tests {
    use super::*;

    const SMALL: &str = "\
version: 1\npositions: line\nevents: Ir\nsummary: 116\n\n\
fn=(1) icount::counted\n0 10\ncfn=(2) aws_lc_0_1_HMAC_Final\ncalls=2 0\n0 60\ncfn=(3) malloc\ncalls=1 0\n0 7\n\
cfn=(4) aws_lc_0_1_EVP_PKEY_derive\ncalls=1 0\n+3 34\n\
cfn=(7) sha2::sha256::compress\ncalls=1 0\n0 5\n\n\
fn=(2)\n0 20\ncfn=(5) local_block\ncalls=2 0\n0 40\n\nfn=(5)\n0 36\ncfn=(6) aws_lc_0_1_HMAC_block\ncalls=1 0\n0 4\n\nfn=(6)\n0 4\n\nfn=(3)\n0 7\n\nfn=(4)\n0 30\n* 4\n\nfn=(7)\n0 5\n";

    #[test]
    fn instructions_are_told_apart_by_where_they_were_called() {
        let profile = Profile::read(SMALL).unwrap();
        assert_eq!(profile.total, 116);
        assert_eq!(profile.counts(1), Counts { ours: 17, library: 65 });
        assert_eq!(profile.counts(2), Counts { ours: 8, library: 32 });
        assert!(profile.listing(1).contains("60 aws_lc_0_1_HMAC_Final"), "{}", profile.listing(1));
    }

    #[test]
    fn a_profile_of_nothing_is_an_error() {
        assert!(Profile::read("version: 1\nevents: Ir\nsummary: 0\n").is_err());
        assert!(Profile::read("fn=(1)\n0 1\n").is_err(), "a number without a name");
    }
}
