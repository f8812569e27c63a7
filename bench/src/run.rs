//! The run: every worker is started, checked, and measured in turn, one at a time, and all of that several times over.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::{Duration, Instant};

use worker::{CASES, Case, Facts, Heap, Kind};

use crate::crew::{LIMIT, Member, RUSTLS, US};
use crate::figures::Figure;
use crate::process::Worker;
use crate::turns::{Turn, Turns};

/// How long everything takes.
pub struct Pace {
    /// Processes start anew: where a program lies in memory is good for a few per cent.
    restarts: usize,
    /// Of all rounds between two starts.
    time: Duration,
    /// Of one slice, in microseconds.
    slice: u64,
}

impl Pace {
    pub fn of(quick: bool) -> Self {
        let (restarts, seconds) = if quick { (2, 1) } else { (8, 2) };
        // So short that what changes on a machine changes seldom within a turn, and long enough for several handshakes.
        Self { restarts, time: Duration::from_secs(seconds), slice: 1500 }
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
    /// Turns, and how many of them did not count because something disturbed them.
    pub turns: (usize, usize),
}

pub enum Measured {
    /// Of the client and of the server; where bytes are moved, of the sender and of the receiver.
    Time([Times; 2]),
    Heap(Heap),
    /// Time, but others on this machine left too few turns alone: there is no figure.
    Disturbed,
}

pub struct Times {
    pub nanoseconds: Figure,
    /// What the limit took right before and after, by what this took.
    pub efficiency: Figure,
    /// How many times as fast as rustls, if that was measured.
    pub against_rustls: Option<Figure>,
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

/// Measures one case after the other, and shows each as it comes. One that fails does not keep the others: why it did comes beside them.
pub fn all(
    cases: &[&'static Case],
    crew: &[&'static Member],
    folder: &Path,
    pace: &Pace,
    mut show: impl FnMut(&Outcome),
) -> (Vec<Outcome>, Result<(), String>) {
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
    (outcomes, if failures.is_empty() { Ok(()) } else { Err(failures.join("\n")) })
}

fn one(case: &'static Case, crew: &[&'static Member], folder: &Path, pace: &Pace) -> Result<Outcome, String> {
    let crew: Vec<_> = crew.iter().copied().filter(|member| member.takes(case)).collect();
    if case.kind == Kind::Heap {
        return heaps(case, &crew, folder);
    }
    let mut facts = BTreeMap::new();
    let mut turns = BTreeMap::<&str, Turns>::new();
    for restart in 0..pace.restarts {
        let (mut limit, mut others) = (None, Vec::new());
        for member in &crew {
            let mut worker = Worker::start(member, case, folder, restart * PLACE)?;
            if let Some(found) = worker.check()? {
                facts.insert(member.name, found);
                if member.name == LIMIT { limit = Some(worker) } else { others.push(worker) }
            }
        }
        let limit = limit.as_mut().ok_or("the limit is not there")?;
        let began = Instant::now();
        while began.elapsed() < pace.time {
            round(limit, &mut others, pace.slice, &mut turns)?;
        }
    }
    let mut rows = Vec::new();
    for member in crew {
        let (Some(facts), Some(own)) = (facts.remove(member.name), turns.get(member.name)) else { continue };
        let measured = measured(member.name, own, turns.get(RUSTLS))?;
        rows.push(Row { name: member.name, facts, measured, turns: own.counts() });
    }
    Ok(Outcome { case, rows })
}

/// Each start begins its memory so much further on: eight of them go through a page. Where buffers lie to each other, within a page, is good for
/// a few per cent of a record, and would be the same at each start: every library would have its own luck in each case.
const PLACE: usize = 528;

/// What came out for one, whose turns are these. A library whose handshakes take milliseconds has long turns, which are disturbed more often:
/// its row goes without a figure. Without those that all are held against there is no table.
///
/// # Errors
///
/// One of those has too few turns that were left alone.
fn measured(name: &str, own: &Turns, rustls: Option<&Turns>) -> Result<Measured, String> {
    let times = |side| {
        Some(Times {
            nanoseconds: own.nanoseconds(side)?,
            efficiency: own.efficiency(side)?,
            against_rustls: rustls.and_then(|rustls| own.against(rustls, side)),
        })
    };
    match (own.enough(), times(0), times(1)) {
        (Ok(()), Some(client), Some(server)) => Ok(Measured::Time([client, server])),
        (Err(why), ..) if INDISPENSABLE.contains(&name) => Err(format!("{name}: {why}")),
        (Ok(()), ..) => Err(format!("{name}: no round")),
        (Err(_), ..) => Ok(Measured::Disturbed),
    }
}

/// Ours, and what it is held against.
const INDISPENSABLE: [&str; 3] = [US, LIMIT, RUSTLS];

/// A slice of each, one of the limit before each and one behind the last. Whose turn comes first changes.
fn round(
    limit: &mut Worker,
    others: &mut [Worker],
    slice: u64,
    turns: &mut BTreeMap<&'static str, Turns>,
) -> Result<(), String> {
    let mut before = limit.slice(slice)?;
    // Once a round, as everybody: what is held against each other is of the same round.
    turns.entry(LIMIT).or_default().add(&Turn { before, own: before, after: before });
    for worker in &mut *others {
        let own = worker.slice(slice)?;
        let after = limit.slice(slice)?;
        turns.entry(worker.name).or_default().add(&Turn { before, own, after });
        before = after;
    }
    if others.len() > 1 {
        others.rotate_left(1);
    }
    Ok(())
}

fn heaps(case: &'static Case, crew: &[&'static Member], folder: &Path) -> Result<Outcome, String> {
    let mut rows = Vec::new();
    for member in crew {
        let mut worker = Worker::start(member, case, folder, 0)?;
        let Some(facts) = worker.check()? else { continue };
        let measured = Measured::Heap(worker.heap()?);
        rows.push(Row { name: member.name, facts, measured, turns: (1, 0) });
    }
    Ok(Outcome { case, rows })
}

#[cfg(test)]
mod tests {
    use worker::Slice;

    use super::*;

    /// So many turns that count, and so many that were disturbed.
    fn turns(good: usize, disturbed: usize) -> Turns {
        let slice = |undisturbed| Slice { units: 1, sides: [2.0, 4.0], undisturbed };
        let mut turns = Turns::default();
        for n in 0..good + disturbed {
            turns.add(&Turn { before: slice(true), own: slice(n < good), after: slice(true) });
        }
        turns
    }

    #[test]
    fn a_row_that_was_disturbed_goes_without_a_figure_and_takes_no_other_with_it() {
        let quiet = turns(13, 100);
        for name in ["openssl", "chitin-ring", "chitin", "limit", "rustls"] {
            assert!(matches!(measured(name, &quiet, Some(&quiet)), Ok(Measured::Time(_))), "{name}");
            for busy in [turns(13, 275), turns(0, 11)] {
                let found = measured(name, &busy, Some(&quiet));
                match INDISPENSABLE.contains(&name) {
                    true => assert!(found.is_err_and(|why| why.starts_with(name)), "{name}"),
                    false => assert!(matches!(found, Ok(Measured::Disturbed)), "{name}"),
                }
            }
        }
        assert!(measured("openssl", &Turns::default(), None).is_err(), "that is no noise");
    }
}
