//! The few figures that the first page of the project shows, of all libraries, in absolute numbers. The shares and ratios by which we judge ourselves are
//! in `goals`.

use std::fmt::Write;

use worker::Kind;

use crate::run::{Measured, Outcome};

/// The libraries, and how they call themselves.
const COLUMNS: [(&str, &str); 5] = [
    ("chitin", "Chitin"),
    ("rustls", "rustls"),
    ("boringssl", "BoringSSL"),
    ("s2n-tls", "s2n-tls"),
    ("openssl", "OpenSSL"),
];

/// The cases, and what they are called there.
const ROWS: [(&str, &str); 7] = [
    ("full", "full handshake of TLS 1.3, client / server, us"),
    ("resumed", "resumed handshake of TLS 1.3, client / server, us"),
    ("full-12", "full handshake of TLS 1.2, client / server, us"),
    ("aes128-16k", "AES-128-GCM, sent / received, GB/s"),
    ("aes128-1k", "the same in writes of 1 KiB"),
    ("chacha-16k", "ChaCha20-Poly1305, sent / received, GB/s"),
    ("heap", "heap of an idle connection, client / server, bytes"),
];

/// A table of Markdown, with a row for each of those cases that was measured.
pub fn text(outcomes: &[Outcome]) -> String {
    let mut out = format!(
        "| |{}\n|---|{}\n",
        COLUMNS.map(|(_, name)| format!(" {name} |")).concat(),
        "--:|".repeat(COLUMNS.len())
    );
    for (case, title) in ROWS {
        let Some(outcome) = outcomes.iter().find(|outcome| outcome.case.id == case) else { continue };
        let cells = COLUMNS.map(|(name, _)| format!(" {} |", cell(outcome, name)));
        let _ = writeln!(out, "| {title} |{}", cells.concat());
    }
    out
}

fn cell(outcome: &Outcome, name: &str) -> String {
    let Some(row) = outcome.rows.iter().find(|row| row.name == name) else { return "-".into() };
    match &row.measured {
        Measured::Disturbed => "disturbed".into(),
        Measured::Heap(heap) => format!("{} / {}", heap.idle[0], heap.idle[1]),
        Measured::Time(times) => {
            let [first, second] = [0, 1].map(|side: usize| times[side].nanoseconds.median);
            match outcome.case.kind {
                Kind::Bulk { .. } | Kind::BulkKnown { .. } => {
                    let speed = |nanoseconds| worker::BURST as f64 / nanoseconds;
                    format!("{:.1} / {:.1}", speed(first), speed(second))
                }
                Kind::Handshake | Kind::Heap => format!("{:.0} / {:.0}", first / 1000.0, second / 1000.0),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::figures::Figure;
    use crate::run::{Row, Times};
    use worker::{Case, Facts, Heap};

    #[test]
    fn a_line_for_each_case_that_was_measured() {
        let of = |case: &str, rows: Vec<(&'static str, Measured)>| Outcome {
            case: Case::named(case).unwrap(),
            rows: rows
                .into_iter()
                .map(|(name, measured)| {
                    let facts = Facts { tickets: 0, resumed: false };
                    Row { name, facts, measured, turns: (1, 0) }
                })
                .collect(),
        };
        let time = |both: [f64; 2]| {
            let figure = |median| Figure { median, low: median, high: median };
            Measured::Time(both.map(|ns| Times {
                nanoseconds: figure(ns),
                efficiency: figure(1.0),
                against_rustls: None,
            }))
        };
        let heap = Heap { idle: [7, 8], used: [0; 2], peak: [0; 2], allocations: [0; 2], per_mib: [0; 2] };
        let table = text(&[
            of("heap", vec![("openssl", Measured::Heap(heap))]),
            of("full", vec![("rustls", Measured::Disturbed), ("chitin", time([149_400.0, 45_600.0]))]),
            // 65,536 bytes.
            of("aes128-16k", vec![("chitin", time([6_553.6, 4_096.0])), ("limit", time([1.0, 1.0]))]),
        ]);
        let lines: Vec<&str> = table.lines().collect();
        assert_eq!(lines.len(), 5, "{table}");
        assert!(lines[2].ends_with("| 149 / 46 | disturbed | - | - | - |"), "{table}");
        assert!(lines[3].ends_with("| 10.0 / 16.0 | - | - | - | - |"), "{table}");
        assert!(lines[4].ends_with("| - | - | - | - | 7 / 8 |"), "{table}");
    }
}
