//! One program, written against the interface of rustls 0.23, that is compiled against two libraries: here both are called `tls`.
//!
//! A scenario does something with connections and notes what an application could see of it. What differs from run to run, like
//! randoms and lengths of hellos, is not noted.
#![forbid(unsafe_code)]

mod acceptor;
mod alerts;
mod base;
mod builders;
mod certificates;
mod closing;
mod configs;
mod documented;
mod early;
mod handshakes;
mod hello;
mod io;
mod kernel;
mod logs;
mod names;
mod own_provider;
mod providers;
mod quic;
mod raw_keys;
mod resumption;
mod texts;
mod unbuffered;

use std::panic::{AssertUnwindSafe, catch_unwind};

use world::{Notes, World};

/// A scenario and the scope of its notes.
type Scenario = (&'static str, fn(&World, &mut Notes));

const ALL: &[Scenario] = &[
    ("acceptor", acceptor::run),
    ("alerts", alerts::run),
    ("builders", builders::run),
    ("certificates", certificates::run),
    ("closing", closing::run),
    ("configs", configs::run),
    ("documented", documented::run),
    ("early", early::run),
    ("handshakes", handshakes::run),
    ("hello", hello::run),
    ("io", io::run),
    ("kernel", kernel::run),
    ("logs", logs::run),
    ("names", names::run),
    ("own_provider", own_provider::run),
    ("providers", providers::run),
    ("quic", quic::run),
    ("raw_keys", raw_keys::run),
    ("resumption", resumption::run),
    ("texts", texts::run),
    ("unbuffered", unbuffered::run),
];

/// Runs all scenarios.
pub fn run(world: &World) -> Notes {
    let mut notes = Notes::default();
    for (scope, scenario) in ALL {
        notes.within(scope);
        // A scenario that breaks off in one library shall not hide the others.
        let end = catch_unwind(AssertUnwindSafe(|| scenario(world, &mut notes)));
        notes.text("runs to its end", end.is_ok());
    }
    notes
}
