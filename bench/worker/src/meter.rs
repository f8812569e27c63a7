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
            client: Vec::new(),
            server: Vec::new(),
            nanoseconds_per_tick: 0.0,
            overhead: 0.0,
        };
        if what == What::Time {
            // No growing while the clock runs.
            meter.client.reserve_exact(ROOM);
            meter.server.reserve_exact(ROOM);
            meter.nanoseconds_per_tick = probe::nanoseconds_per_tick();
            for _ in 0..1000 {
                meter.turn(Side::Client, || ());
                meter.unit();
            }
            meter.overhead = lower_half(&mut meter.client);
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

    pub fn has_room(&self) -> bool {
        self.units() < ROOM
    }

    /// Nanoseconds of a unit, client and server, and forgets them.
    pub fn finish(&mut self) -> [f64; 2] {
        let times = [lower_half(&mut self.client), lower_half(&mut self.server)];
        self.client.clear();
        self.server.clear();
        times
    }
}

/// The most units between two calls of `finish`.
const ROOM: usize = 1 << 12;

/// The mean of the faster half. What an interrupt, or whoever shares the processor beneath us, took from a unit lies above it: reading the
/// time that this thread alone had would leave out some of that too, but costs up to two microseconds, six times a handshake.
fn lower_half(values: &mut [f64]) -> f64 {
    values.sort_unstable_by(f64::total_cmp);
    let half = &values[..values.len().div_ceil(2)];
    half.iter().sum::<f64>() / half.len() as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_interrupts_a_unit_is_left_out() {
        assert_eq!(lower_half(&mut [3.0, 1.0, 900.0, 2.0, 800.0]), 2.0);
        assert_eq!(lower_half(&mut [5.0]), 5.0);
    }

    #[test]
    fn each_side_has_its_own_time() {
        let mut meter = Meter::time();
        let spin = |least: u128| {
            let began = std::time::Instant::now();
            while began.elapsed().as_micros() < least {}
        };
        for _ in 0..8 {
            meter.client(|| spin(30));
            meter.server(|| spin(90));
            meter.unit();
        }
        let [client, server] = meter.finish();
        assert!((30e3..60e3).contains(&client) && (90e3..180e3).contains(&server), "{client} {server}");
        assert_eq!(meter.units(), 0);
    }
}
