//! Writes the seeds, and says what the corpora reach.
#![forbid(unsafe_code)]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use surfaces::arms::{self, Arm, Role};
use surfaces::configs::Version;
use surfaces::seeds;

const USAGE: &str = "surfaces seeds             write the seeds to fuzz/corpus\n\
                     surfaces coverage [DIR..]  say which arms the inputs in fuzz/corpus, and in DIR, reach";

fn main() -> ExitCode {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fuzz/corpus");
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let done = match arguments.split_first() {
        Some((word, [])) if word == "seeds" => write_seeds(&corpus),
        Some((word, more)) if word == "coverage" => {
            let folders = [vec![corpus], more.iter().map(PathBuf::from).collect()].concat();
            coverage(&folders)
        }
        _ => {
            eprintln!("{USAGE}");
            return ExitCode::from(2);
        }
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

fn write_seeds(corpus: &Path) -> Result<(), String> {
    let (mut count, mut bytes) = (0, 0);
    for (target, name, seed) in seeds::all() {
        let folder = corpus.join(target);
        fs::create_dir_all(&folder).map_err(|e| format!("{}: {e}", folder.display()))?;
        let path = folder.join(name);
        fs::write(&path, &seed).map_err(|e| format!("{}: {e}", path.display()))?;
        count += 1;
        bytes += seed.len();
    }
    println!("{count} seeds, {bytes} bytes");
    Ok(())
}

fn coverage(folders: &[PathBuf]) -> Result<(), String> {
    let mut reached: BTreeMap<Arm, usize> = BTreeMap::new();
    let flows = [
        ("client13", Role::Client, Version::Tls13),
        ("client12", Role::Client, Version::Tls12),
        ("server13", Role::Server, Version::Tls13),
        ("server12", Role::Server, Version::Tls12),
    ];
    let mut inputs = 0;
    for (target, role, version) in flows {
        for folder in folders.iter().map(|folder| folder.join(target)).filter(|folder| folder.is_dir()) {
            for entry in fs::read_dir(&folder).map_err(|e| format!("{}: {e}", folder.display()))? {
                let path = entry.map_err(|e| e.to_string())?.path();
                let bytes = fs::read(&path).map_err(|e| format!("{}: {e}", path.display()))?;
                inputs += 1;
                for arm in seeds::arms_of(role, version, &bytes) {
                    *reached.entry(arm).or_default() += 1;
                }
            }
        }
    }
    let all: BTreeSet<Arm> = arms::all();
    for arm in &all {
        let count = reached.get(arm).copied().unwrap_or_default();
        println!("{:>7}  {:<9} {:<42} {}", count, arm.flow, arm.state, arm.what);
    }
    let missing = all.iter().filter(|arm| !reached.contains_key(*arm)).count();
    println!("{} of {} reached by {inputs} inputs", all.len() - missing, all.len());
    if missing == 0 { Ok(()) } else { Err(format!("{missing} are not reached")) }
}
