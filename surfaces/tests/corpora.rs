//! The corpora of the fuzz targets, as far as they are in the tree.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use surfaces::arms::{self, Role};
use surfaces::configs::Version;
use surfaces::{TARGETS, seeds};

#[global_allocator]
static ALLOCATOR: alloc_counter::Counting = alloc_counter::Counting;

/// What to do when the library has moved on.
const ANEW: &str = "`cargo run -p surfaces -- seeds` makes the seeds anew";

fn corpus(target: &str) -> Vec<(PathBuf, Vec<u8>)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fuzz/corpus").join(target);
    let mut files: Vec<PathBuf> = fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    files.into_iter().map(|path| (path.clone(), fs::read(path).unwrap())).collect()
}

#[test]
fn each_seed_goes_through_its_target() {
    for (target, run) in TARGETS {
        let seeds = corpus(target);
        assert!(seeds.len() >= 2, "{target} has {} seeds", seeds.len());
        for (path, seed) in seeds {
            println!("{}", path.display());
            run(&seed);
        }
    }
}

#[test]
fn the_corpora_are_small() {
    let sizes = TARGETS.iter().flat_map(|(target, _)| corpus(target)).map(|(_, seed)| seed.len());
    assert!(sizes.sum::<usize>() < 2_000_000);
}

#[test]
fn the_seeds_reach_each_arm_of_each_legal_order() {
    let flows = [
        ("client13", Role::Client, Version::Tls13),
        ("client12", Role::Client, Version::Tls12),
        ("server13", Role::Server, Version::Tls13),
        ("server12", Role::Server, Version::Tls12),
    ];
    let mut reached = BTreeSet::new();
    for (target, role, version) in flows {
        for (_, seed) in corpus(target) {
            reached.extend(seeds::arms_of(role, version, &seed));
        }
    }
    let missing: Vec<_> = arms::all().into_iter().filter(|arm| !reached.contains(arm)).collect();
    assert!(missing.is_empty(), "not reached: {missing:#?}\n{ANEW}");
}

#[test]
fn honest_talks_over_quic_come_to_their_end() {
    for (path, seed) in corpus("quic") {
        // A name says what it is: what a fuzzer found has no hyphen, and these end with a message that is for the endpoint.
        let honest = !path.to_string_lossy().ends_with("-update");
        if !path.to_string_lossy().rsplit('/').next().is_some_and(|name| name.contains('-')) {
            continue;
        }
        assert_eq!(surfaces::quic::completes(&seed), honest, "{}: {ANEW}", path.display());
    }
}

#[test]
fn the_seeds_reach_each_answer_about_certificates() {
    let said: BTreeSet<_> =
        corpus("revocation").iter().map(|(_, seed)| surfaces::what_is_said(seed)).collect();
    let all = ["good", "revoked", "stale", "staple", "unknown"];
    assert_eq!(said, BTreeSet::from(all), "{ANEW}");
    let answers = |target, answer: fn(&[u8]) -> bool| -> BTreeSet<bool> {
        corpus(target).iter().map(|(_, seed)| answer(seed)).collect()
    };
    let both = BTreeSet::from([false, true]);
    assert_eq!(answers("timestamps", surfaces::are_enough), both, "{ANEW}");
    // Without the feature none is read.
    if cfg!(feature = "log-list") {
        assert_eq!(answers("log_list", surfaces::is_list), both, "{ANEW}");
    }
}

#[test]
fn the_seeds_reach_each_answer_about_files() {
    let said: BTreeSet<_> = corpus("load").iter().map(|(_, seed)| surfaces::what_is_loaded(seed)).collect();
    // That there is too much or the wrong thing is found behind what this surface opens.
    let all = [
        "Certificates",
        "ChainAndKey",
        "Damaged",
        "Empty",
        "NoPassword",
        "PrivateKey",
        "TooCostly",
        "Unsupported",
        "WrongPassword",
    ];
    assert_eq!(said, BTreeSet::from(all.map(String::from)));
}

#[test]
fn each_decoder_takes_one_of_its_seeds() {
    use chitin::internal_testing::DECODERS;
    let seeds = corpus("messages");
    for (number, (name, decode)) in DECODERS.iter().enumerate() {
        let mut own = seeds.iter().filter(|(_, seed)| usize::from(seed[0]) == number);
        assert!(own.any(|(_, seed)| decode(&seed[1..])), "{name}: {ANEW}");
    }
}
