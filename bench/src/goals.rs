//! What each case is held to: the goals that the project set itself, and whether the run reached them.
//!
//! The goals are shares of the limit, set on another machine beside what rustls had there. How large a share of a handshake the primitives are differs
//! from machine to machine, for every library. So the table also says how far beyond rustls a goal was, and how far beyond it we are.

use std::fmt::Write;

use crate::crew::{LIMIT, RUSTLS};
use crate::run::{Measured, Outcome, Row};

/// Shares of the limit, of client and server or sender and receiver.
struct Goal {
    case: &'static str,
    ours: [f64; 2],
    /// What rustls had where the goal was set, of handshakes. How fast records are there and here is a matter of which AEAD the processor has, above all.
    rustls: Option<[f64; 2]>,
}

const fn goal(case: &'static str, ours: [f64; 2], rustls: Option<[f64; 2]>) -> Goal {
    Goal { case, ours, rustls }
}

const EFFICIENCY: &[Goal] = &[
    goal("full", [0.96, 0.92], Some([0.91, 0.81])),
    goal("full-mlkem", [0.96, 0.92], Some([0.92, 0.83])),
    goal("full-rsa", [0.94, 0.98], Some([0.87, 0.96])),
    goal("mutual", [0.95, 0.94], Some([0.91, 0.88])),
    goal("resumed", [0.90, 0.90], Some([0.78, 0.75])),
    goal("full-12", [0.97, 0.94], Some([0.93, 0.87])),
    goal("resumed-12", [0.75, 0.75], Some([0.42, 0.44])),
    goal("aes128-16k", [0.85, 0.75], None),
    goal("aes256-16k", [0.85, 0.75], None),
    goal("chacha-16k", [0.97, 0.95], None),
    goal("aes128-64k", [0.84, 0.75], None),
    goal("aes128-1k", [0.82, 0.78], None),
    goal("aes128-16k-known", [0.85, 0.83], None),
    goal("aes256-16k-known", [0.85, 0.83], None),
    // That of `chacha-16k`: none was set for it.
    goal("chacha-16k-known", [0.97, 0.95], None),
];

/// A client that remembers the signatures of a server's chain, beside rustls.
const MEMO: f64 = 1.7;

/// Bytes, client and server.
const IDLE: [usize; 2] = [3500, 3000];
const PEAK: [usize; 2] = [8000, 8000];
/// Beyond those of the primitives, which the limit counts.
const ALLOCATIONS: usize = 25;

/// A table of Markdown; nothing if we were not measured.
pub fn text(outcomes: &[Outcome]) -> String {
    let mut lines = Vec::new();
    for outcome in outcomes {
        let row = |name: &str| outcome.rows.iter().find(|row| row.name == name);
        let (Some(ours), theirs) = (row("chitin"), row(RUSTLS)) else { continue };
        match &ours.measured {
            Measured::Time(_) => efficiency(&mut lines, outcome, ours, theirs),
            Measured::Heap(_) => heap(&mut lines, ours, theirs, row(LIMIT)),
            Measured::Disturbed => {}
        }
        if let Some(row) = row("chitin-memo").filter(|_| outcome.case.id == "full") {
            lines.push(memo(&row.measured, theirs));
        }
    }
    if lines.is_empty() {
        return String::new();
    }
    format!(
        "| | chitin | rustls | goal | reached | chitin : rustls | goal : rustls | reached beside rustls |\n|---|--:|--:|--:|---|--:|--:|---|\n{}",
        lines.concat()
    )
}

fn efficiency(lines: &mut Vec<String>, outcome: &Outcome, ours: &Row, theirs: Option<&Row>) {
    let Some(goal) = EFFICIENCY.iter().find(|goal| goal.case == outcome.case.id) else { return };
    let share = |row: &Row, side: usize| match &row.measured {
        Measured::Time(times) => times[side].efficiency.median,
        Measured::Heap(_) | Measured::Disturbed => f64::NAN,
    };
    for (side, name) in outcome.case.sides().into_iter().enumerate() {
        let (there, wanted) = (share(ours, side), goal.ours[side]);
        let theirs = theirs.map_or(String::new(), |row| percent(share(row, side)));
        let what = format!("{}: {name}", outcome.case.title);
        let mut line = line(&what, &percent(there), &theirs, &percent(wanted), there >= wanted);
        if let (Some(rustls), Some(there)) = (goal.rustls, against_rustls(&ours.measured, side)) {
            let wanted = wanted / rustls[side];
            line.truncate(line.trim_end().len());
            let _ = writeln!(line, " {there:.2} | {wanted:.2} | {} |", reached(there >= wanted));
        }
        lines.push(line);
    }
}

/// Of the rounds in which both were left alone.
fn against_rustls(measured: &Measured, side: usize) -> Option<f64> {
    match measured {
        Measured::Time(times) => times[side].against_rustls.as_ref().map(|of| of.median),
        Measured::Heap(_) | Measured::Disturbed => None,
    }
}

/// Without a figure it is not reached, and the line says why.
fn memo(measured: &Measured, theirs: Option<&Row>) -> String {
    let of = against_rustls(measured, 0);
    let there = match (of, theirs) {
        (Some(of), _) => format!("{of:.2} times rustls"),
        // No round, or too few, in which both were left alone.
        (None, Some(_)) => "disturbed".into(),
        (None, None) => "no rustls".into(),
    };
    let there_is = of.is_some_and(|of| of >= MEMO);
    line("full, with the memo of signatures: client", &there, "1.00", &format!("{MEMO:.2}"), there_is)
}

/// Which figure of a heap.
type Of = fn(&worker::Heap) -> [usize; 2];

fn heap(lines: &mut Vec<String>, ours: &Row, theirs: Option<&Row>, limit: Option<&Row>) {
    let of = |row: Option<&Row>| match row.map(|row| &row.measured) {
        Some(Measured::Heap(heap)) => Some(*heap),
        _ => None,
    };
    let (Some(ours), theirs) = (of(Some(ours)), of(theirs)) else { return };
    let primitives = of(limit).map_or([0; 2], |limit| limit.allocations);
    let figures: [(&str, Of, [usize; 2]); 5] = [
        ("heap of an idle connection", |heap| heap.idle, IDLE),
        ("the same after 64 KiB each way", |heap| heap.used, ours.idle),
        ("peak heap of a handshake", |heap| heap.peak, PEAK),
        ("allocations of a handshake", |heap| heap.allocations, primitives.map(|n| n + ALLOCATIONS)),
        ("allocations per MiB sent / received", |heap| heap.per_mib, [0; 2]),
    ];
    let pair = |[client, server]: [usize; 2]| format!("{client} / {server}");
    for (what, figure, goal) in figures {
        let there = figure(&ours);
        let reached = there.iter().zip(goal).all(|(there, goal)| *there <= goal);
        let theirs = theirs.as_ref().map_or(String::new(), |heap| pair(figure(heap)));
        lines.push(line(what, &pair(there), &theirs, &pair(goal), reached));
    }
}

fn line(what: &str, there: &str, theirs: &str, goal: &str, is_there: bool) -> String {
    format!("| {what} | {there} | {theirs} | {goal} | {} |\n", reached(is_there))
}

fn reached(is_there: bool) -> &'static str {
    if is_there { "yes" } else { "**no**" }
}

fn percent(share: f64) -> String {
    format!("{:.1}%", share * 100.0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::figures::Figure;
    use crate::run::Times;
    use worker::{Case, Facts, Heap};

    fn timed(name: &'static str, shares: [f64; 2]) -> Row {
        let figure = |median| Figure { median, low: median, high: median };
        let times = shares.map(|share| Times {
            nanoseconds: figure(1.0),
            efficiency: figure(share),
            against_rustls: Some(figure(1.8)),
        });
        let facts = Facts { tickets: 2, resumed: false };
        Row { name, facts, measured: Measured::Time(times), turns: (1, 0) }
    }

    #[test]
    fn what_is_reached_and_what_is_not() {
        let case = Case::named("full").unwrap();
        let mut ours = timed("chitin", [0.97, 0.9]);
        if let Measured::Time(times) = &mut ours.measured {
            times[1].against_rustls = Some(Figure { median: 1.1, low: 1.0, high: 1.2 });
        }
        let rows = vec![ours, timed("chitin-memo", [1.5, 0.9]), timed("rustls", [0.91, 0.81])];
        let text = text(&[Outcome { case, rows }]);
        let lines: Vec<&str> = text.lines().skip(2).collect();
        assert_eq!(lines.len(), 3);
        // 96 by 91, and 92 by 81.
        assert!(lines[0].ends_with("client | 97.0% | 91.0% | 96.0% | yes | 1.80 | 1.05 | yes |"), "{text}");
        assert!(
            lines[1].ends_with("server | 90.0% | 81.0% | 92.0% | **no** | 1.10 | 1.14 | **no** |"),
            "{text}"
        );
        assert!(lines[2].ends_with("| 1.80 times rustls | 1.00 | 1.70 | yes |"), "{text}");
    }

    #[test]
    fn a_memo_without_a_figure_has_not_reached_its_goal() {
        let alone = || {
            let mut row = timed("chitin-memo", [1.5, 0.9]);
            if let Measured::Time(times) = &mut row.measured {
                times[0].against_rustls = None;
            }
            row
        };
        let disturbed = Row { measured: Measured::Disturbed, ..timed("chitin-memo", [0.0; 2]) };
        let rustls = || Some(timed("rustls", [0.91, 0.81]));
        for (memo, rustls, why) in [
            (disturbed, rustls(), "disturbed"),
            (alone(), rustls(), "disturbed"),
            (alone(), None, "no rustls"),
        ] {
            let rows = [timed("chitin", [0.97, 0.9]), memo].into_iter().chain(rustls).collect();
            let text = text(&[Outcome { case: Case::named("full").unwrap(), rows }]);
            let last = text.lines().last().unwrap();
            assert!(last.ends_with(&format!("client | {why} | 1.00 | 1.70 | **no** |")), "{text}");
        }
    }

    #[test]
    fn allocations_of_the_primitives_are_allowed_for() {
        let heap = |calls| Heap {
            idle: [1; 2],
            used: [2, 1],
            peak: [9000, 1],
            allocations: [calls; 2],
            per_mib: [0; 2],
        };
        let row = |name, calls| Row { measured: Measured::Heap(heap(calls)), ..timed(name, [0.0; 2]) };
        let case = Case::named("heap").unwrap();
        let text = text(&[Outcome { case, rows: vec![row(LIMIT, 80), row("chitin", 105)] }]);
        let reached: Vec<bool> = text.lines().skip(2).map(|line| line.ends_with("| yes |")).collect();
        assert_eq!(reached, [true, false, false, true, true], "{text}");
    }

    #[test]
    fn every_case_has_a_goal() {
        let timed = worker::CASES.iter().filter(|case| case.kind != worker::Kind::Heap);
        assert!(timed.clone().count() > 0);
        for case in timed {
            assert!(EFFICIENCY.iter().any(|goal| goal.case == case.id), "{}", case.id);
        }
    }
}
