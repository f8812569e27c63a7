//! The plots of the manual, as SVG: for each group of cases its bars, one for each implementation.

use std::fmt::Write;

use worker::{Case, Kind, Version};

use crate::crew::is_peer;
use crate::run::{Measured, Outcome, Row};

/// A file, and what it shows.
pub struct Plot {
    pub file: &'static str,
    pub svg: String,
}

/// A row of groups of bars under one heading.
struct Panel {
    heading: String,
    unit: Unit,
    groups: Vec<Group>,
}

struct Group {
    label: String,
    bars: Vec<Bar>,
}

struct Bar {
    name: &'static str,
    value: f64,
    spread: Option<(f64, f64)>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Unit {
    /// Of the limit, where 1 is all that there is.
    Share,
    Kilobytes,
    Calls,
}

/// Those that there are figures for.
pub fn all(outcomes: &[Outcome]) -> Vec<Plot> {
    let handshakes =
        |version: Version| move |case: &Case| case.kind == Kind::Handshake && case.version == version;
    let records = |case: &Case| matches!(case.kind, Kind::Bulk { .. } | Kind::BulkKnown { .. });
    let plots = [
        (
            "handshakes.svg",
            shares(outcomes, handshakes(Version::V13), ["Client", "Server"], "Handshakes of TLS 1.3"),
        ),
        (
            "handshakes-12.svg",
            shares(outcomes, handshakes(Version::V12), ["Client", "Server"], "Handshakes of TLS 1.2"),
        ),
        ("records.svg", shares(outcomes, records, ["Sending", "Receiving"], "Records of TLS 1.3")),
        ("memory.svg", memory(outcomes)),
    ];
    let drawn = plots.into_iter().filter(|(_, panels)| panels.iter().any(|panel| !panel.groups.is_empty()));
    drawn.map(|(file, panels)| Plot { file, svg: draw(&panels) }).collect()
}

fn shares(outcomes: &[Outcome], of: impl Fn(&Case) -> bool, sides: [&str; 2], what: &str) -> Vec<Panel> {
    let groups = |side: usize| {
        let of_case = |outcome: &Outcome| Group {
            label: outcome.case.short.to_owned(),
            bars: outcome
                .rows
                .iter()
                .filter(|row| is_peer(row.name))
                .filter_map(|row| share(row, side))
                .collect(),
        };
        outcomes.iter().filter(|outcome| of(outcome.case)).map(of_case).collect()
    };
    [0, 1]
        .map(|side| Panel {
            heading: format!("{what}, {}: the limit's time by its own", sides[side].to_lowercase()),
            unit: Unit::Share,
            groups: groups(side),
        })
        .into()
}

fn share(row: &Row, side: usize) -> Option<Bar> {
    let Measured::Time(times) = &row.measured else { return None };
    let of = &times[side].efficiency;
    Some(Bar { name: row.name, value: of.median, spread: Some((of.low, of.high)) })
}

fn memory(outcomes: &[Outcome]) -> Vec<Panel> {
    let rows: Vec<&Row> =
        outcomes.iter().flat_map(|outcome| &outcome.rows).filter(|row| is_peer(row.name)).collect();
    let group = |label: &str, figure: &dyn Fn(&worker::Heap) -> usize, by: f64| {
        let bar = |row: &&Row| match &row.measured {
            Measured::Heap(heap) => {
                Some(Bar { name: row.name, value: figure(heap) as f64 / by, spread: None })
            }
            Measured::Time(_) | Measured::Disturbed => None,
        };
        Group { label: label.to_owned(), bars: rows.iter().filter_map(bar).collect() }
    };
    let bytes = vec![
        group("idle, client", &|heap| heap.idle[0], 1000.0),
        group("idle, server", &|heap| heap.idle[1], 1000.0),
        group("used, client", &|heap| heap.used[0], 1000.0),
        group("used, server", &|heap| heap.used[1], 1000.0),
        group("peak, client", &|heap| heap.peak[0], 1000.0),
        group("peak, server", &|heap| heap.peak[1], 1000.0),
    ];
    let calls = vec![
        group("handshake, client", &|heap| heap.allocations[0], 1.0),
        group("handshake, server", &|heap| heap.allocations[1], 1.0),
        group("a MiB sent", &|heap| heap.per_mib[0], 1.0),
        group("a MiB received", &|heap| heap.per_mib[1], 1.0),
    ];
    let panel = |heading: &str, unit, groups: Vec<Group>| Panel {
        heading: heading.to_owned(),
        unit,
        groups: groups.into_iter().filter(|group| !group.bars.is_empty()).collect(),
    };
    vec![
        panel(
            "Heap of a connection: when idle, after 64 KiB each way, at the most during its handshake",
            Unit::Kilobytes,
            bytes,
        ),
        panel("Allocations", Unit::Calls, calls),
    ]
}

const WIDTH: f64 = 960.0;
const LEFT: f64 = 60.0;
const TALL: f64 = 220.0;
/// Above and below the bars of a panel.
const ABOVE: f64 = 44.0;
const BELOW: f64 = 34.0;
const LEGEND: f64 = 30.0;

fn draw(panels: &[Panel]) -> String {
    let height = panels.len() as f64 * (ABOVE + TALL + BELOW) + LEGEND;
    let mut out = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {height}\" font-family=\"sans-serif\" font-size=\"12\">\n\
         <rect width=\"{WIDTH}\" height=\"{height}\" fill=\"white\"/>\n"
    );
    for (number, panel) in panels.iter().enumerate() {
        draw_panel(&mut out, panel, number as f64 * (ABOVE + TALL + BELOW) + ABOVE);
    }
    legend(&mut out, panels, height - LEGEND / 2.0);
    out.push_str("</svg>\n");
    out
}

fn draw_panel(out: &mut String, panel: &Panel, top: f64) {
    let values = panel.groups.iter().flat_map(|group| &group.bars).map(|bar| bar.value);
    // A little room above the highest; shares of the limit always reach up to it.
    let most = match panel.unit {
        Unit::Share => values.fold(1.0, f64::max) * 1.05,
        Unit::Kilobytes | Unit::Calls => values.fold(0.0, f64::max) * 1.1,
    };
    let y = |value: f64| top + TALL - value.clamp(0.0, most) / most * TALL;
    text(out, LEFT, top - 18.0, "start", "bold", &panel.heading);
    for step in steps(most) {
        let at = y(step);
        let label = match panel.unit {
            Unit::Share => format!("{:.0} %", step * 100.0),
            Unit::Kilobytes => format!("{step:.0} kB"),
            Unit::Calls => format!("{step:.0}"),
        };
        let colour = if panel.unit == Unit::Share && step == 1.0 { "#000" } else { "#ddd" };
        let _ = writeln!(out, "<path d=\"M{LEFT} {at:.1}H{WIDTH}\" stroke=\"{colour}\"/>");
        text(out, LEFT - 6.0, at + 4.0, "end", "normal", &label);
    }
    let wide = (WIDTH - LEFT) / panel.groups.len().max(1) as f64;
    for (number, group) in panel.groups.iter().enumerate() {
        let from = LEFT + number as f64 * wide;
        text(out, from + wide / 2.0, top + TALL + 18.0, "middle", "normal", &group.label);
        let bar = wide * 0.84 / group.bars.len().max(1) as f64;
        for (place, Bar { name, value, spread }) in group.bars.iter().enumerate() {
            let (x, at) = (from + wide * 0.08 + place as f64 * bar, y(*value));
            let (inner, tall) = (bar * 0.9, top + TALL - at);
            let colour = colour(name);
            let _ = writeln!(
                out,
                "<rect x=\"{x:.1}\" y=\"{at:.1}\" width=\"{inner:.1}\" height=\"{tall:.1}\" fill=\"{colour}\"><title>{name}: {value:.3}</title></rect>"
            );
            if let Some((low, high)) = spread {
                let (low, high, middle) = (y(*low), y(*high), x + inner / 2.0);
                let _ = writeln!(out, "<path d=\"M{middle:.1} {low:.1}V{high:.1}\" stroke=\"#444\"/>");
            }
        }
    }
}

/// Between three and eight round numbers.
fn steps(most: f64) -> Vec<f64> {
    let rough = most / 4.0;
    let ten = 10_f64.powf(rough.log10().floor());
    let step =
        [1.0, 2.0, 5.0, 10.0].map(|by| by * ten).into_iter().find(|step| *step >= rough).unwrap_or(ten);
    (0..).map(|n| f64::from(n) * step).take_while(|value| *value <= most).take(10).collect()
}

fn legend(out: &mut String, panels: &[Panel], at: f64) {
    let mut names: Vec<&str> = Vec::new();
    for bar in panels.iter().flat_map(|panel| &panel.groups).flat_map(|group| &group.bars) {
        if !names.contains(&bar.name) {
            names.push(bar.name);
        }
    }
    for (place, name) in names.into_iter().enumerate() {
        let x = LEFT + place as f64 * 125.0;
        let _ = writeln!(
            out,
            "<rect x=\"{x}\" y=\"{}\" width=\"12\" height=\"12\" fill=\"{}\"/>",
            at - 10.0,
            colour(name)
        );
        text(out, x + 18.0, at, "start", "normal", name);
    }
}

fn text(out: &mut String, x: f64, y: f64, anchor: &str, weight: &str, what: &str) {
    let _ = writeln!(
        out,
        "<text x=\"{x:.1}\" y=\"{y:.1}\" text-anchor=\"{anchor}\" font-weight=\"{weight}\">{what}</text>"
    );
}

/// Colours that those who see fewer can tell apart (Okabe and Ito).
fn colour(name: &str) -> &'static str {
    match name {
        "chitin" => "#0072b2",
        "chitin-ring" => "#000000",
        "rustls" => "#d55e00",
        "rustls-ring" => "#e69f00",
        "boringssl" => "#009e73",
        "s2n-tls" => "#cc79a7",
        "openssl" => "#56b4e9",
        _ => "#999999",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_are_round_and_few() {
        assert_eq!(steps(100.0), [0.0, 50.0, 100.0]);
        assert_eq!(steps(63.0), [0.0, 20.0, 40.0, 60.0]);
        let shares = steps(1.05);
        assert_eq!(shares.len(), 3);
        assert!((shares[2] - 1.0).abs() < 1e-9);
    }

    #[test]
    fn a_bar_of_half_the_limit_is_half_as_tall_as_the_limit_is_high() {
        let bar = |name, value| Bar { name, value, spread: None };
        let groups = vec![Group { label: "g".into(), bars: vec![bar("chitin", 0.5), bar("rustls", 1.0)] }];
        let svg = draw(&[Panel { heading: "h".into(), unit: Unit::Share, groups }]);
        let heights: Vec<f64> = svg
            .lines()
            .filter(|line| line.contains("<title>"))
            .filter_map(|line| line.split("height=\"").nth(1)?.split('"').next()?.parse().ok())
            .collect();
        assert_eq!(heights.len(), 2);
        assert!((heights[1] - 2.0 * heights[0]).abs() < 0.2, "{heights:?}");
        assert!((heights[1] * 1.05 - TALL).abs() < 0.2);
    }
}
