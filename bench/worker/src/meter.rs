//! Whose turn it is, and what that costs: time, or memory, or nothing at all.

use probe::Owner;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    Client,
    Server,
}

/// Adds up what each side takes.
#[derive(Debug)]
pub struct Meter {
    what: What,
    /// Ticks of each side in the unit of work that is under way, and how often the clock was looked at for it.
    ticks: [u64; 2],
    turns: [u64; 2],
    client: Vec<f64>,
    server: Vec<f64>,
    nanoseconds_per_tick: f64,
    /// Of looking at the clock twice.
    overhead: f64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum What {
    Nothing,
    Time,
    Memory,
}

impl Meter {
    pub fn nothing() -> Self {
        Self::new(What::Nothing)
    }

    pub fn time() -> Self {
        Self::new(What::Time)
    }

    pub fn memory() -> Self {
        Self::new(What::Memory)
    }

    fn new(what: What) -> Self {
        let mut meter = Self {
            what,
            ticks: [0; 2],
            turns: [0; 2],
            // No growing while the clock runs.
            client: Vec::with_capacity(1 << 16),
            server: Vec::with_capacity(1 << 16),
            nanoseconds_per_tick: 0.0,
            overhead: 0.0,
        };
        if what == What::Time {
            meter.nanoseconds_per_tick = probe::nanoseconds_per_tick();
            for _ in 0..1000 {
                meter.turn(Side::Client, || ());
                meter.unit();
            }
            meter.overhead = middle(&mut meter.client);
            meter.client.clear();
            meter.server.clear();
        }
        meter
    }

    /// Runs something of one side.
    #[inline]
    pub fn turn<T>(&mut self, side: Side, run: impl FnOnce() -> T) -> T {
        match self.what {
            What::Nothing => run(),
            What::Time => {
                let from = probe::ticks();
                let out = run();
                self.ticks[side as usize] += probe::ticks() - from;
                self.turns[side as usize] += 1;
                out
            }
            What::Memory => {
                let owner = match side {
                    Side::Client => Owner::Client,
                    Side::Server => Owner::Server,
                };
                probe::owned(owner, run)
            }
        }
    }

    pub fn client<T>(&mut self, run: impl FnOnce() -> T) -> T {
        self.turn(Side::Client, run)
    }

    pub fn server<T>(&mut self, run: impl FnOnce() -> T) -> T {
        self.turn(Side::Server, run)
    }

    /// A unit of work is over: a handshake, a burst.
    pub fn unit(&mut self) {
        let of = |side: Side| {
            let i = side as usize;
            self.ticks[i] as f64 * self.nanoseconds_per_tick - self.turns[i] as f64 * self.overhead
        };
        let (client, server) = (of(Side::Client), of(Side::Server));
        self.client.push(client);
        self.server.push(server);
        (self.ticks, self.turns) = ([0; 2], [0; 2]);
    }

    pub fn units(&self) -> usize {
        self.client.len()
    }

    /// Nanoseconds of a unit, client and server, and forgets them.
    pub fn finish(&mut self) -> (f64, f64) {
        let times = (middle(&mut self.client), middle(&mut self.server));
        self.client.clear();
        self.server.clear();
        times
    }
}

/// The mean of the middle half. What another process or an interrupt took from us lies above it: reading the time that this thread alone
/// had would leave that out too, but costs two microseconds on some machines, six times a handshake.
fn middle(values: &mut [f64]) -> f64 {
    values.sort_unstable_by(f64::total_cmp);
    let quarter = values.len() / 4;
    let half = &values[quarter..values.len() - quarter];
    half.iter().sum::<f64>() / half.len() as f64
}
