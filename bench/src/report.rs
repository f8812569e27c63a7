//! What is printed.

use std::fmt::Write;

use serde_json::{Value, json};
use worker::{CASES, Kind};

use crate::crew::{CREW, LIMIT, RUSTLS};
use crate::figures::Figure;
use crate::run::{Measured, Outcome, Row, Times};

pub fn names() -> String {
    let mut out = String::from("cases:\n");
    for case in CASES {
        let _ = writeln!(out, "  {:18} {}", case.id, case.title);
    }
    out.push_str("implementations:\n");
    for member in CREW {
        let _ = writeln!(out, "  {}", member.name);
    }
    out
}

/// A table of Markdown.
pub fn text(outcome: &Outcome) -> String {
    let mut out = String::new();
    let _ = writeln!(out, "\n### {} (`{}`)\n", outcome.case.title, outcome.case.id);
    match outcome.case.kind {
        Kind::Heap => heap(&mut out, &outcome.rows),
        Kind::Handshake => times(&mut out, outcome, "us", &|ns| ns / 1000.0),
        Kind::Bulk { .. } | Kind::BulkKnown { .. } => {
            times(&mut out, outcome, "GB/s", &|ns| worker::BURST as f64 / ns);
        }
    }
    out
}

fn times(out: &mut String, outcome: &Outcome, unit: &str, show: &dyn Fn(f64) -> f64) {
    let ([first, second], rows) = (outcome.case.sides(), &outcome.rows);
    let _ = writeln!(
        out,
        "| | {first}, {unit} | efficiency | : rustls | {second}, {unit} | efficiency | : rustls | tickets |"
    );
    out.push_str("|---|--:|--:|--:|--:|--:|--:|--:|\n");
    for row in rows {
        let times = match &row.measured {
            Measured::Time(times) => times,
            Measured::Disturbed => {
                let _ =
                    writeln!(out, "| {} | disturbed | | | disturbed | | | {} |", row.name, row.facts.tickets);
                continue;
            }
            Measured::Heap(_) => continue,
        };
        let _ = write!(out, "| {} |", row.name);
        for Times { nanoseconds, efficiency: Figure { median, low, high }, against_rustls } in times {
            let _ = write!(out, " {:.2} |", show(nanoseconds.median));
            if row.name == LIMIT {
                out.push_str(" |");
            } else {
                let _ = write!(out, " {:.1}% ({:.0} to {:.0}) |", median * 100.0, low * 100.0, high * 100.0);
            }
            match against_rustls {
                Some(of) if row.name != RUSTLS => {
                    let _ = write!(out, " {:.3} |", of.median);
                }
                _ => out.push_str(" |"),
            }
        }
        let _ = writeln!(out, " {} |", row.facts.tickets);
    }
    let (all, disturbed) = rows.iter().map(|row| row.turns).fold((0, 0), |(a, d), (x, y)| (a + x, d + y));
    let _ = writeln!(out, "\n{all} turns, of which {disturbed} were disturbed and do not count.");
    for row in rows.iter().filter(|row| matches!(row.measured, Measured::Disturbed)) {
        let (all, disturbed) = row.turns;
        let _ = writeln!(out, "Of {}, {disturbed} of {all}: too many for a figure.", row.name);
    }
}

fn heap(out: &mut String, rows: &[Row]) {
    out.push_str("Client / server, bytes and calls.\n\n");
    out.push_str("| | idle | after 64 KiB each way | peak of a handshake | allocations in one | per MiB sent / received |\n");
    out.push_str("|---|--:|--:|--:|--:|--:|\n");
    for row in rows {
        let Measured::Heap(heap) = &row.measured else { continue };
        let _ = write!(out, "| {} |", row.name);
        for [client, server] in [heap.idle, heap.used, heap.peak, heap.allocations, heap.per_mib] {
            let _ = write!(out, " {client} / {server} |");
        }
        out.push('\n');
    }
}

pub fn json(outcomes: &[Outcome]) -> Value {
    let figure = |f: &Figure| json!({ "median": f.median, "low": f.low, "high": f.high });
    let times = |t: &Times| json!({ "nanoseconds": figure(&t.nanoseconds), "efficiency": figure(&t.efficiency), "against_rustls": t.against_rustls.as_ref().map(figure) });
    let row = |row: &Row| {
        let measured = match &row.measured {
            Measured::Time([client, server]) => json!({ "client": times(client), "server": times(server) }),
            Measured::Heap(heap) => json!({ "heap": heap }),
            Measured::Disturbed => Value::Null,
        };
        json!({ "name": row.name, "tickets": row.facts.tickets, "turns": row.turns.0, "disturbed": row.turns.1, "measured": measured })
    };
    let outcome = |o: &Outcome| json!({ "case": o.case.id, "title": o.case.title, "rows": o.rows.iter().map(row).collect::<Vec<_>>() });
    Value::Array(outcomes.iter().map(outcome).collect())
}
