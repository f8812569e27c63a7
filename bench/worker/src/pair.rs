//! Two ends of one library, and what is done with them.

use std::cell::Cell;
use std::rc::Rc;

use crate::case::{BURST, Case, Kind};
use crate::meter::Meter;
use crate::orders::Heap;
use crate::pipe::Pipes;
use probe::{Owner, Tally};

/// An adapter: one library, set up for one case.
pub trait Library {
    type Client: End;
    type Server: End;

    fn client(&self, pipes: Pipes) -> Result<Self::Client, String>;
    fn server(&self, pipes: Pipes) -> Result<Self::Server, String>;

    /// The tickets that the client has been given since the library was set up, over all connections.
    fn tickets(&self) -> usize;

    /// Whether a full handshake of the case brings tickets; the table says where it does not.
    fn gives_tickets(&self) -> bool {
        true
    }

    /// Signatures that were taken from a memo instead of being checked.
    fn memo_hits(&self) -> usize {
        0
    }

    /// Whether a memo is what is measured.
    fn remembers(&self) -> bool {
        false
    }
}

/// A count of tickets, for adapters that are called back for each.
pub type Tickets = Rc<Cell<usize>>;

pub trait End {
    /// Reads what has come in and writes what is to go out, as far as that goes. After the handshake it takes in tickets.
    fn advance(&mut self) -> Result<(), String>;

    fn is_handshaking(&self) -> bool;

    /// Sends all of it.
    fn send(&mut self, data: &[u8]) -> Result<(), String>;

    /// Reads what has come in until nothing is left, and returns how much plaintext there was. `buffer` is the caller's, of any size.
    fn receive(&mut self, buffer: &mut [u8]) -> Result<usize, String>;
}

/// A library and what its two ends do with each other.
pub struct Pair<L: Library> {
    /// Before the library, so that it is dropped before: the configs of libraries in C have to outlive their connections.
    standing: Option<(L::Client, L::Server)>,
    pub library: L,
    case: Case,
    pub pipes: Pipes,
    data: Vec<u8>,
    buffer: Vec<u8>,
}

impl<L: Library> Pair<L> {
    pub fn new(case: &Case, library: L) -> Self {
        Self {
            library,
            case: *case,
            pipes: Pipes::default(),
            standing: None,
            data: (0..BURST).map(|i| (i % 251) as u8).collect(),
            buffer: vec![0; BURST],
        }
    }

    /// A connection that stands, with all its tickets delivered.
    pub fn connect(&self, meter: &mut Meter) -> Result<(L::Client, L::Server), String> {
        let (up, down) = (&self.pipes.outgoing, &self.pipes.incoming);
        up.clear();
        down.clear();
        let mut client = meter.client(|| {
            let mut client = self.library.client(self.pipes.clone())?;
            client.advance().map(|()| client)
        })?;
        let mut server = meter.server(|| {
            let mut server = self.library.server(self.pipes.turned())?;
            server.advance().map(|()| server)
        })?;
        while !(up.is_empty() && down.is_empty()) {
            if !down.is_empty() {
                meter.client(|| client.advance())?;
            }
            if !up.is_empty() {
                meter.server(|| server.advance())?;
            }
        }
        if client.is_handshaking() || server.is_handshaking() {
            return Err("the handshake stopped halfway".into());
        }
        Ok((client, server))
    }

    pub fn handshake(&mut self, meter: &mut Meter) -> Result<(), String> {
        let (client, server) = self.connect(meter)?;
        meter.client(|| drop(client));
        meter.server(|| drop(server));
        Ok(())
    }

    pub fn burst(&mut self, meter: &mut Meter) -> Result<(), String> {
        if self.standing.is_none() {
            self.standing = Some(self.connect(&mut Meter::nothing())?);
        }
        let Some((client, server)) = &mut self.standing else { return Err("no connection".into()) };
        let write = match self.case.kind {
            Kind::Bulk { write } | Kind::BulkKnown { write } => write,
            Kind::Handshake | Kind::Heap => 16 * 1024,
        };
        one_way(meter, client, server, &self.data, write, &mut self.buffer)
    }

    /// The idle size, the size after traffic, the peak and the counts of one connection.
    pub fn heap(&mut self) -> Result<Heap, String> {
        // What a library sets up at first use is not the connection's.
        for _ in 0..5 {
            self.handshake(&mut Meter::nothing())?;
        }
        let mut meter = Meter::memory();
        probe::start();
        let (mut client, mut server) = self.connect(&mut meter)?;
        let made = tallies();
        // Both turn to reading and find nothing, as the loop of a server does.
        meter.client(|| client.advance())?;
        meter.server(|| server.advance())?;
        let idle = tallies();
        let mut data = std::mem::take(&mut self.data);
        let mut buffer = std::mem::take(&mut self.buffer);
        one_way(&mut meter, &mut client, &mut server, &data, 16 * 1024, &mut buffer)?;
        other_way(&mut meter, &mut client, &mut server, &data, &mut buffer)?;
        meter.client(|| client.advance())?;
        meter.server(|| server.advance())?;
        let used = tallies();
        // A MiB, once the buffers are what they become.
        for _ in 0..4 {
            one_way(&mut meter, &mut client, &mut server, &data, 16 * 1024, &mut buffer)?;
        }
        let before = tallies();
        for _ in 0..(1 << 20) / BURST {
            one_way(&mut meter, &mut client, &mut server, &data, 16 * 1024, &mut buffer)?;
        }
        let after = tallies();
        std::mem::swap(&mut self.data, &mut data);
        std::mem::swap(&mut self.buffer, &mut buffer);
        Ok(Heap {
            idle: idle.map(|t| t.live),
            used: used.map(|t| t.live),
            peak: made.map(|t| t.peak),
            allocations: made.map(|t| t.calls),
            per_mib: [0, 1].map(|side| after[side].calls - before[side].calls),
        })
    }
}

/// Counts what something allocates that is no library: once warm, and with what it returns still alive.
pub fn count<T>(mut run: impl FnMut(&mut Meter) -> Result<T, String>) -> Result<Heap, String> {
    for _ in 0..5 {
        drop(run(&mut Meter::nothing())?);
    }
    probe::start();
    let kept = run(&mut Meter::memory())?;
    let made = tallies();
    drop(kept);
    let live = made.map(|t| t.live);
    Ok(Heap {
        idle: live,
        used: live,
        peak: made.map(|t| t.peak),
        allocations: made.map(|t| t.calls),
        per_mib: [0; 2],
    })
}

fn tallies() -> [Tally; 2] {
    [probe::tally(Owner::Client), probe::tally(Owner::Server)]
}

fn one_way<C: End, S: End>(
    meter: &mut Meter,
    client: &mut C,
    server: &mut S,
    data: &[u8],
    write: usize,
    buffer: &mut [u8],
) -> Result<(), String> {
    meter.client(|| data.chunks(write).try_for_each(|chunk| client.send(chunk)))?;
    let got = meter.server(|| server.receive(buffer))?;
    arrived(got, data.len())
}

fn other_way<C: End, S: End>(
    meter: &mut Meter,
    client: &mut C,
    server: &mut S,
    data: &[u8],
    buffer: &mut [u8],
) -> Result<(), String> {
    meter.server(|| data.chunks(16 * 1024).try_for_each(|chunk| server.send(chunk)))?;
    let got = meter.client(|| client.receive(buffer))?;
    arrived(got, data.len())
}

fn arrived(got: usize, sent: usize) -> Result<(), String> {
    if got == sent { Ok(()) } else { Err(format!("{got} bytes of {sent} arrived")) }
}
