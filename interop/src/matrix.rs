//! The table: which cells there are, who fills them, and how it is printed.

use std::any::Any;
use std::collections::VecDeque;
use std::panic::{self, AssertUnwindSafe};
use std::sync::{Mutex, PoisonError};
use std::thread;

use crate::case::{Case, Column, Role, Version};
use crate::ours;
use crate::peers::{Program, Row};
use crate::report::Field;
use crate::site::Site;

/// Cells that are tried at once. Most of the time of a cell is waiting for a program to start or to end.
const AT_ONCE: usize = 4;

const ROWS: [Row; 4] = [
    (Role::Server, Version::V13),
    (Role::Server, Version::V12),
    (Role::Client, Version::V13),
    (Role::Client, Version::V12),
];

/// What became of a cell.
#[derive(Clone, Debug)]
enum Outcome {
    /// So many cases, with so many connections, and the cases that were left out.
    Met {
        cases: usize,
        connections: usize,
        left_out: Vec<&'static str>,
    },
    Failed(Vec<String>),
    Empty(&'static str),
}

pub struct Table {
    peers: Vec<Heading>,
    cells: Vec<(usize, Row, Column, Outcome)>,
}

struct Heading {
    name: &'static str,
    release: String,
    mute: Vec<(Role, Column, Field, &'static str)>,
}

/// Tries every cell.
pub fn fill(programs: &[Box<dyn Program>], site: &Site) -> Table {
    let peers = programs.iter().map(|program| Heading::of(&**program)).collect();
    let mut work: VecDeque<_> = VecDeque::new();
    for number in 0..programs.len() {
        for row in ROWS {
            work.extend(Column::ALL.map(|column| (number, row, column)));
        }
    }
    let (work, cells) = (Mutex::new(work), Mutex::new(Vec::new()));
    // A failed case is told in the table; what a panic prints would only stand in between.
    let hook = panic::take_hook();
    panic::set_hook(Box::new(|_| {}));
    thread::scope(|scope| {
        for _ in 0..AT_ONCE {
            scope.spawn(|| {
                while let Some((number, row, column)) = lock(&work).pop_front() {
                    let outcome = try_cell(&*programs[number], site, row, column);
                    lock(&cells).push((number, row, column, outcome));
                }
            });
        }
    });
    panic::set_hook(hook);
    let cells = cells.into_inner().unwrap_or_else(PoisonError::into_inner);
    Table { peers, cells }
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn try_cell(program: &dyn Program, site: &Site, row: Row, column: Column) -> Outcome {
    if let Some(why) = column.never(row.1).or_else(|| program.lacks(row, column)) {
        return Outcome::Empty(why);
    }
    let (mut cases, mut connections, mut left_out, mut failures) = (0, 0, Vec::new(), Vec::new());
    for mut case in Case::all(column, row.1) {
        case.first = program.unknown_group();
        if let Some(why) = program.lacks_case(row, &case) {
            left_out.push(why);
            continue;
        }
        cases += 1;
        connections += case.connections();
        if let Err(why) = try_case(program, site, row.0, &case) {
            failures.push(format!("{case}: {why}"));
        }
    }
    left_out.dedup();
    match (&failures[..], cases) {
        ([], 0) => Outcome::Empty(left_out.first().copied().unwrap_or("no case")),
        ([], _) => Outcome::Met { cases, connections, left_out },
        _ => Outcome::Failed(failures),
    }
}

fn try_case(program: &dyn Program, site: &Site, role: Role, case: &Case) -> Result<(), String> {
    // The helpers of the tests panic when a peer does not do as it should.
    let run = || match role {
        Role::Server => ours::meet_server(program, site, case),
        Role::Client => ours::meet_client(program, site, case),
    };
    panic::catch_unwind(AssertUnwindSafe(run)).map_err(|panic| words(&*panic))
}

/// What a panic said.
pub fn words(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<String>().cloned();
    text.or_else(|| panic.downcast_ref::<&str>().map(|text| (*text).to_owned())).unwrap_or_default()
}

impl Heading {
    fn of(program: &dyn Program) -> Self {
        let cells = ROWS.into_iter().flat_map(|row| Column::ALL.map(|column| (row, column)));
        let mute = cells
            .filter(|(row, column)| column.never(row.1).or_else(|| program.lacks(*row, *column)).is_none())
            .flat_map(|(row, column)| {
                program.mute(row, column).iter().map(move |(field, why)| (row.0, column, *field, *why))
            })
            .collect();
        Self { name: program.name(), release: program.release(), mute }
    }
}

impl Table {
    pub fn failed(&self) -> usize {
        self.cells.iter().filter(|(.., outcome)| matches!(outcome, Outcome::Failed(_))).count()
    }

    pub fn connections(&self) -> usize {
        let of =
            |outcome: &Outcome| if let Outcome::Met { connections, .. } = outcome { *connections } else { 0 };
        self.cells.iter().map(|(.., outcome)| of(outcome)).sum()
    }

    /// Prints the table, the reasons in it, and what failed.
    pub fn print(&self) {
        let mut reasons: Vec<&'static str> = Vec::new();
        let mut note = |why: &'static str| {
            let at = reasons.iter().position(|have| *have == why).unwrap_or_else(|| {
                reasons.push(why);
                reasons.len() - 1
            });
            format!("[{}]", at + 1)
        };
        println!("{:<12}{:<12}{:<9}{}", "peer", "its role", "version", heads());
        for (number, peer) in self.peers.iter().enumerate() {
            for row in ROWS {
                let cells: Vec<String> = Column::ALL
                    .iter()
                    .map(|column| match self.cell(number, row, *column) {
                        Outcome::Met { cases, left_out, .. } => {
                            let notes: String = left_out.iter().map(|why| note(why)).collect();
                            format!("ok {cases} {notes}")
                        }
                        Outcome::Failed(failures) => format!("FAILED {}", failures.len()),
                        Outcome::Empty(why) => format!("- {}", note(why)),
                    })
                    .collect();
                let role = row.0.name();
                let cells: String = cells.iter().map(|cell| format!("{cell:<14}")).collect();
                let line = format!("{:<12}{role:<12}{:<9}{cells}", peer.name, row.1.is("TLS 1.2", "TLS 1.3"));
                println!("{}", line.trim_end());
            }
        }
        println!("\nok N: N cases, each held against what both sides say. -: empty, with its reason:");
        for (number, why) in reasons.iter().enumerate() {
            println!("[{}] {why}", number + 1);
        }
        println!();
        for peer in &self.peers {
            println!("{:<12}{}", peer.name, peer.release);
        }
        self.print_silence();
        for (number, row, column, outcome) in &self.cells {
            if let Outcome::Failed(failures) = outcome {
                let (name, version) = (self.peers[*number].name, row.1.is("TLS 1.2", "TLS 1.3"));
                println!("\nFAILED: {name} as {}, {version}, {}", row.0.name(), column.name());
                for failure in failures {
                    println!("  {failure}");
                }
            }
        }
        println!();
    }

    fn print_silence(&self) {
        // Line by line, with the columns that it is about.
        let mut lines: Vec<(String, Vec<&str>)> = Vec::new();
        for peer in &self.peers {
            for (role, column, field, why) in &peer.mute {
                // A field that the cell does not ask for is not missed.
                if !column.asks(*field) {
                    continue;
                }
                let line = format!("{} as {}, {}: {why}", peer.name, role.name(), field.name());
                match lines.iter_mut().find(|(have, _)| *have == line) {
                    Some((_, columns)) if columns.contains(&column.name()) => {}
                    Some((_, columns)) => columns.push(column.name()),
                    None => lines.push((line, vec![column.name()])),
                }
            }
        }
        if !lines.is_empty() {
            println!("\nNot said by the peer, so held against our own side alone:");
        }
        lines.iter().for_each(|(line, columns)| println!("{line} ({})", columns.join(", ")));
    }

    fn cell(&self, number: usize, row: Row, column: Column) -> Outcome {
        let found = self.cells.iter().find(|(n, r, c, _)| (*n, *r, *c) == (number, row, column));
        found.map_or(Outcome::Empty("not tried"), |(.., outcome)| outcome.clone())
    }
}

fn heads() -> String {
    Column::ALL.iter().map(|column| format!("{:<14}", column.name())).collect()
}
