//! What came out, for each server with each client.

use std::fmt::Write;

use crate::process::Spent;

/// One transfer.
#[derive(Clone, Copy, Debug)]
pub struct Cell {
    gigabytes: f64,
    seconds: f64,
    server: Spent,
    client: Spent,
}

impl Cell {
    pub fn new(bytes: f64, seconds: f64, server: Spent, client: Spent) -> Self {
        Self { gigabytes: bytes / 1e9, seconds, server, client }
    }
}

#[derive(Default)]
pub struct Table {
    /// In the order in which they came first.
    cells: Vec<(&'static str, &'static str, Vec<Cell>)>,
}

impl Table {
    pub fn add(&mut self, server: &'static str, client: &'static str, cell: Cell) {
        match self.cells.iter_mut().find(|(s, c, _)| (*s, *c) == (server, client)) {
            Some((.., cells)) => cells.push(cell),
            None => self.cells.push((server, client, vec![cell])),
        }
    }

    /// Medians, in Markdown.
    pub fn text(&self, about: &str) -> String {
        let mut out = format!("{about} Medians.\n\n");
        out.push_str("| server | client | GB/s | server, s/GB | of it in the kernel | client, s/GB | of it in the kernel |\n");
        out.push_str("|---|---|--:|--:|--:|--:|--:|\n");
        for (server, client, cells) in &self.cells {
            let of = |what: &dyn Fn(&Cell) -> f64| median(cells.iter().map(what).collect());
            let _ = writeln!(
                out,
                "| {server} | {client} | {:.2} | {:.3} | {:.0}% | {:.3} | {:.0}% |",
                of(&|cell| cell.gigabytes / cell.seconds),
                of(&|cell| cell.server.seconds / cell.gigabytes),
                of(&|cell| cell.server.share_of_system() * 100.0),
                of(&|cell| cell.client.seconds / cell.gigabytes),
                of(&|cell| cell.client.share_of_system() * 100.0),
            );
        }
        out
    }
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_has_the_medians_of_its_rounds() {
        let mut table = Table::default();
        for seconds in [4.0, 1.0, 2.0] {
            let spent = Spent { seconds, ..Spent::default() };
            table.add("s", "c", Cell::new(2e9, seconds, spent, spent));
        }
        assert!(table.text("").contains("| s | c | 1.00 | 1.000 | 0% | 1.000 | 0% |"), "{}", table.text(""));
    }
}
