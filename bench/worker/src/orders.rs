//! The orders that a worker takes: `check`, `heap`, `slice MICROSECONDS`; it ends with its standard input.

use std::io::{self, BufRead, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};

use crate::Subject;
use crate::case::{Case, Kind};
use crate::check;
use crate::material::Material;
use crate::meter::Meter;
use crate::pair::{Library, Pair};
use crate::quiet::Quiet;

/// What a check found.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Facts {
    /// That the client was given in one connection.
    pub tickets: usize,
    pub resumed: bool,
}

/// What one slice of time measured.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct Slice {
    pub units: usize,
    /// Nanoseconds of a unit, of the client and of the server.
    pub sides: [f64; 2],
    /// Whether the processor was ours from its beginning to its end.
    pub undisturbed: bool,
}

/// Bytes and calls, of client and server.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct Heap {
    pub idle: [usize; 2],
    /// After 64 KiB each way.
    pub used: [usize; 2],
    pub peak: [usize; 2],
    pub allocations: [usize; 2],
    /// Of the sending client and of the receiving server.
    pub per_mib: [usize; 2],
}

/// A library with what it takes to make others like it with a fault.
struct Checked<L: Library, N> {
    pair: Pair<L>,
    case: Case,
    material: Material,
    folder: PathBuf,
    new: N,
}

impl<L: Library, N: Fn(&Material) -> Result<L, String>> Subject for Checked<L, N> {
    fn handshake(&mut self, meter: &mut Meter) -> Result<(), String> {
        self.pair.handshake(meter)
    }

    fn burst(&mut self, meter: &mut Meter) -> Result<(), String> {
        self.pair.burst(meter)
    }

    fn check(&mut self) -> Result<Facts, String> {
        check::refusals(&self.folder, &self.case, &self.material, &self.new)?;
        check::good(&mut self.pair, &self.case)
    }

    fn heap(&mut self) -> Result<Heap, String> {
        self.pair.heap()
    }
}

/// Whether this worker was started for a case where the receiver's buffer is known: some libraries have another API for that.
pub fn is_known() -> bool {
    let case = std::env::args().nth(2);
    case.and_then(|id| Case::named(&id)).is_some_and(|case| matches!(case.kind, Kind::BulkKnown { .. }))
}

/// The whole life of a worker: what `main` of each hands on to. `new` sets the library up.
pub fn serve<L: Library>(new: impl Fn(&Material) -> Result<L, String>) {
    serve_subject(|folder, case, variant| {
        let material = Material::read(folder, case, variant)?;
        let pair = Pair::new(case, new(&material)?);
        Ok(Checked { pair, case: *case, material, folder: folder.to_owned(), new: &new })
    });
}

/// The same for what is no library.
pub fn serve_subject<S: Subject>(new: impl FnOnce(&Path, &'static Case, &str) -> Result<S, String>) {
    let arguments: Vec<String> = std::env::args().collect();
    let [_, folder, case, variant, place] = &arguments[..] else {
        eprintln!("a worker is started by the harness: FOLDER CASE VARIANT PLACE");
        std::process::exit(2);
    };
    // What is allocated from here on lies so much further on.
    std::mem::forget(vec![1_u8; place.parse().unwrap_or(0)]);
    let Some(case) = Case::named(case) else {
        eprintln!("no case {case}");
        std::process::exit(2);
    };
    let mut subject = new(Path::new(folder), case, variant);
    let mut watch = Watch { meter: Meter::time(), quiet: Quiet::watch() };
    for line in io::stdin().lock().lines() {
        let Ok(line) = line else { break };
        let answer = match &mut subject {
            Ok(subject) => obey(subject, case, &line, &mut watch),
            Err(why) => Err(why.clone()),
        };
        let answer = answer.unwrap_or_else(|why| serde_json::json!({ "error": why }));
        let mut out = io::stdout().lock();
        if writeln!(out, "{answer}").and_then(|()| out.flush()).is_err() {
            break;
        }
    }
}

/// What time is taken with: made once, so that the others find the caches as they were.
struct Watch {
    meter: Meter,
    quiet: Quiet,
}

fn obey(
    subject: &mut impl Subject,
    case: &Case,
    line: &str,
    watch: &mut Watch,
) -> Result<serde_json::Value, String> {
    let words: Vec<&str> = line.split_whitespace().collect();
    let value = match words[..] {
        ["check"] => serde_json::to_value(subject.check()?),
        ["heap"] => serde_json::to_value(subject.heap()?),
        ["slice", time] => {
            let time = time.parse().map_err(|e| format!("{time}: {e}"))?;
            serde_json::to_value(slice(subject, case, Duration::from_micros(time), watch)?)
        }
        _ => return Err(format!("no order `{line}`")),
    };
    value.map_err(|e| e.to_string())
}

/// A slice has at least so many handshakes or bursts, however long they take.
const LEAST: usize = 2;

/// Measures for about so long.
fn slice(
    subject: &mut impl Subject,
    case: &Case,
    time: Duration,
    watch: &mut Watch,
) -> Result<Slice, String> {
    let Watch { meter, quiet } = watch;
    let mut run = |meter: &mut Meter| match case.kind {
        Kind::Handshake | Kind::Heap => subject.handshake(meter),
        Kind::Bulk { .. } | Kind::BulkKnown { .. } => subject.burst(meter),
    };
    quiet.begin();
    // The others have had the caches, and what a processor learns of branches, since our last slice. So long it takes to get them back.
    let (began, mut nothing) = (Instant::now(), Meter::nothing());
    run(&mut nothing)?;
    while began.elapsed() < time {
        run(&mut nothing)?;
    }
    let began = Instant::now();
    while meter.units() < LEAST || (began.elapsed() < time && meter.has_room()) {
        run(meter)?;
        meter.unit();
    }
    let undisturbed = quiet.lasted();
    let units = meter.units();
    Ok(Slice { units, sides: meter.finish(), undisturbed })
}
