//! The limit as a worker: the primitives that a handshake or a record cannot do without, called as sparingly as the library in C that all
//! of them come from lets one, with nothing between them.
//!
//! Secrets are keyed HMAC states, made once. Randomness is drawn once. What is constant is computed beforehand. Messages are neither
//! written nor read: their bytes are hashed, sealed and opened, and have the lengths of the real ones.

#![forbid(unsafe_code)]

mod bulk;
mod certificate;
mod handshake;
mod schedule;

use std::path::Path;

use worker::{Case, Facts, Heap, Material, Meter, Subject};

use bulk::Bulk;
use handshake::Handshake;

struct Limit {
    handshake: Handshake,
    bulk: Bulk,
}

impl Limit {
    fn new(folder: &Path, case: &'static Case, variant: &str) -> Result<Self, String> {
        let material = Material::read(folder, case, variant)?;
        Ok(Self { handshake: Handshake::new(&material)?, bulk: Bulk::new(&material)? })
    }
}

impl Subject for Limit {
    fn handshake(&mut self, meter: &mut Meter) -> Result<(), String> {
        self.handshake.run(meter)
    }

    fn burst(&mut self, meter: &mut Meter) -> Result<(), String> {
        self.bulk.run(meter)
    }

    /// Each primitive is held against its answer while it runs: a signature that does not verify is an error here, too.
    fn check(&mut self) -> Result<Facts, String> {
        self.handshake.run(&mut Meter::nothing())?;
        self.bulk.run(&mut Meter::nothing())?;
        Ok(Facts { tickets: self.handshake.tickets(), resumed: self.handshake.resumed() })
    }

    fn heap(&mut self) -> Result<Heap, String> {
        self.handshake.heap(&mut self.bulk)
    }
}

/// No primitive says why it fails.
fn failed(_: handshake::Unspecified) -> String {
    "a primitive failed".into()
}

fn main() {
    worker::serve_subject(Limit::new);
}
