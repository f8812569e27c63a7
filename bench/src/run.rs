//! The run: every worker is started, checked, and measured in turn, one at a time, and all of that several times over.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use serde_json::Value;
use worker::{CASES, Case, Facts, Heap, Kind, Round};

use crate::crew::{LIMIT, Member};
use crate::figures::Figure;

/// glibc gives the end of its heap back to the system when 128 KiB there are free, and takes it again, page by page. Whether a buffer lies there
/// is chance, and doubles the time of a burst. A process of any size has other memory behind it; so have all workers.
const KEEP_MEMORY: &str = "glibc.malloc.trim_threshold=268435456:glibc.malloc.mmap_threshold=33554432";

/// How long everything takes.
pub struct Pace {
    /// Processes start anew: where a program lies in memory is good for a few per cent.
    restarts: usize,
    rounds: usize,
    milliseconds: u64,
}

impl Pace {
    pub fn of(quick: bool) -> Self {
        if quick {
            Self { restarts: 1, rounds: 5, milliseconds: 20 }
        } else {
            Self { restarts: 4, rounds: 8, milliseconds: 50 }
        }
    }
}

/// What came out for one case.
pub struct Outcome {
    pub case: &'static Case,
    pub rows: Vec<Row>,
}

/// What came out for one implementation.
pub struct Row {
    pub name: &'static str,
    pub facts: Facts,
    pub measured: Measured,
}

pub enum Measured {
    /// Of the client and of the server; where bytes are moved, of the sender and of the receiver.
    Time([Times; 2]),
    Heap(Heap),
}

pub struct Times {
    pub nanoseconds: Figure,
    /// What the limit took in the same round, by what this took.
    pub efficiency: Option<Figure>,
}

/// The cases with one of these in their names, or all.
pub fn cases(only: &[String]) -> Result<Vec<&'static Case>, String> {
    let cases: Vec<_> = CASES
        .iter()
        .filter(|case| only.is_empty() || only.iter().any(|part| case.id.contains(&**part)))
        .collect();
    if cases.is_empty() {
        let all: Vec<&str> = CASES.iter().map(|case| case.id).collect();
        return Err(format!("no such case; there are {}", all.join(", ")));
    }
    Ok(cases)
}

/// Measures one case after the other, and shows each as it comes. One that fails does not keep the others.
pub fn all(
    cases: &[&'static Case],
    crew: &[&'static Member],
    folder: &Path,
    pace: &Pace,
    mut show: impl FnMut(&Outcome),
) -> Result<Vec<Outcome>, String> {
    let mut outcomes = Vec::new();
    let mut failures = Vec::new();
    for case in cases {
        match one(case, crew, folder, pace) {
            Ok(outcome) => {
                show(&outcome);
                outcomes.push(outcome);
            }
            Err(why) => failures.push(format!("{}: {why}", case.id)),
        }
    }
    if failures.is_empty() { Ok(outcomes) } else { Err(failures.join("\n")) }
}

fn one(case: &'static Case, crew: &[&'static Member], folder: &Path, pace: &Pace) -> Result<Outcome, String> {
    let crew: Vec<_> = crew.iter().filter(|member| member.takes(case)).collect();
    let mut facts = BTreeMap::new();
    let mut heaps = BTreeMap::new();
    // By implementation, of all rounds of all restarts.
    let mut rounds = BTreeMap::<&str, Vec<Round>>::new();
    for _ in 0..if case.kind == Kind::Heap { 1 } else { pace.restarts } {
        let mut workers = Vec::new();
        for member in &crew {
            let mut worker = Worker::start(member, case, folder)?;
            if let Some(found) = worker.check()? {
                facts.insert(member.name, found);
                workers.push(worker);
            }
        }
        if case.kind == Kind::Heap {
            for worker in &mut workers {
                heaps.insert(worker.name, worker.heap()?);
            }
            continue;
        }
        for round in 0..pace.rounds {
            let first = round % workers.len();
            workers.rotate_left(first);
            for worker in &mut workers {
                rounds.entry(worker.name).or_default().push(worker.round(pace.milliseconds)?);
            }
        }
    }
    let mut rows = Vec::new();
    for member in crew {
        let Some(facts) = facts.remove(member.name) else { continue };
        let measured = match heaps.remove(member.name) {
            Some(heap) => Measured::Heap(heap),
            None => {
                let own = rounds.get(member.name).map_or(&[][..], |rounds| rounds);
                let limit = rounds.get(LIMIT).map_or(&[][..], |rounds| rounds);
                let times = |of: fn(&Round) -> f64| {
                    Some(Times {
                        nanoseconds: Figure::of(own.iter().map(of).collect())?,
                        efficiency: Figure::of(limit.iter().zip(own).map(|(l, o)| of(l) / of(o)).collect()),
                    })
                };
                let both = (times(|round| round.client), times(|round| round.server));
                let (Some(client), Some(server)) = both else {
                    return Err(format!("{}: no round", member.name));
                };
                Measured::Time([client, server])
            }
        };
        rows.push(Row { name: member.name, facts, measured });
    }
    Ok(Outcome { case, rows })
}

struct Worker {
    name: &'static str,
    child: Child,
    orders: ChildStdin,
    answers: BufReader<ChildStdout>,
}

impl Worker {
    fn start(member: &Member, case: &Case, folder: &Path) -> Result<Self, String> {
        let program = member.program()?;
        let mut child = Command::new(&program)
            .arg(folder)
            .args([case.id, member.variant])
            .env("GLIBC_TUNABLES", KEEP_MEMORY)
            .envs(member.environment(case))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .map_err(|e| format!("{}: {e}", program.display()))?;
        let (Some(orders), Some(answers)) = (child.stdin.take(), child.stdout.take()) else {
            return Err(format!("{} has no pipes", member.name));
        };
        Ok(Self { name: member.name, child, orders, answers: BufReader::new(answers) })
    }

    fn ask(&mut self, order: &str) -> Result<Value, String> {
        let mut line = String::new();
        let read = writeln!(self.orders, "{order}").and_then(|()| self.answers.read_line(&mut line));
        read.map_err(|e| format!("{}: {e}", self.name))?;
        let answer: Value =
            serde_json::from_str(&line).map_err(|_| format!("{} ended after `{order}`", self.name))?;
        match answer.get("error").and_then(Value::as_str) {
            Some(why) => Err(format!("{}: {why}", self.name)),
            None => Ok(answer),
        }
    }

    /// `None`: it says that it does not have what the case is about.
    fn check(&mut self) -> Result<Option<Facts>, String> {
        match self.ask("check") {
            Err(why) if why.contains(worker::LACKING) => {
                eprintln!("  {why}");
                Ok(None)
            }
            answer => self.read(answer?).map(Some),
        }
    }

    fn heap(&mut self) -> Result<Heap, String> {
        let answer = self.ask("heap")?;
        self.read(answer)
    }

    fn round(&mut self, milliseconds: u64) -> Result<Round, String> {
        let answer = self.ask(&format!("round {milliseconds}"))?;
        self.read(answer)
    }

    fn read<T: serde::de::DeserializeOwned>(&self, answer: Value) -> Result<T, String> {
        serde_json::from_value(answer).map_err(|e| format!("{}: {e}", self.name))
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        // It ends with its standard input; after an error it might not.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
