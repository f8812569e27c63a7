//! What comes out of slices of time: each one of a worker stands between two of the limit, and is held against those.
//!
//! A machine is slower now and faster then, for minutes or for milliseconds, and that concerns neighbours alike. So nothing
//! is compared with what was measured at another time.

use worker::Slice;

use crate::figures::Figure;

/// A slice and what the limit did right before and right after it.
#[derive(Clone, Copy, Debug)]
pub struct Turn {
    pub before: Slice,
    pub own: Slice,
    pub after: Slice,
}

/// What one round, in which each worker had a turn, says of one: the limit's time by its own, of both sides. `None`: it was disturbed.
pub type Shares = Option<[f64; 2]>;

impl Turn {
    pub fn shares(&self) -> Shares {
        let Self { before, own, after } = self;
        let all = before.undisturbed && own.undisturbed && after.undisturbed;
        all.then(|| [0, 1].map(|side| f64::midpoint(before.sides[side], after.sides[side]) / own.sides[side]))
    }
}

/// How often in a hundred a machine as it is now may disturb before what is left says little.
const MOST_DISTURBED: usize = 90;

/// All turns of one implementation.
#[derive(Debug, Default)]
pub struct Turns {
    pub shares: Vec<Shares>,
    /// Nanoseconds of those slices that nothing disturbed.
    nanoseconds: [Vec<f64>; 2],
}

impl Turns {
    pub fn add(&mut self, turn: &Turn) {
        self.shares.push(turn.shares());
        if turn.own.undisturbed {
            self.nanoseconds.iter_mut().zip(turn.own.sides).for_each(|(all, own)| all.push(own));
        }
    }

    /// Of one side.
    pub fn nanoseconds(&self, side: usize) -> Option<Figure> {
        Figure::of(self.nanoseconds[side].clone())
    }

    pub fn efficiency(&self, side: usize) -> Option<Figure> {
        Figure::of(self.shares.iter().flatten().map(|share| share[side]).collect())
    }

    /// How many times as fast as another: where both have an undisturbed turn in the same round.
    pub fn against(&self, other: &Self, side: usize) -> Option<Figure> {
        let both = self.shares.iter().zip(&other.shares).filter_map(|(own, other)| own.zip(*other));
        Figure::of(both.map(|(own, other)| own[side] / other[side]).collect())
    }

    /// How many there were, and how many were disturbed.
    pub fn counts(&self) -> (usize, usize) {
        (self.shares.len(), self.shares.iter().filter(|share| share.is_none()).count())
    }

    /// # Errors
    ///
    /// Too few of them were left alone.
    pub fn enough(&self) -> Result<(), String> {
        let (all, disturbed) = self.counts();
        if disturbed * 100 <= all * MOST_DISTURBED {
            return Ok(());
        }
        Err(format!(
            "{disturbed} of {all} turns were disturbed by others on this machine: it is too busy to measure"
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn slice(client: f64, server: f64) -> Slice {
        Slice { units: 1, sides: [client, server], undisturbed: true }
    }

    fn turn(before: f64, own: f64, after: f64) -> Turn {
        Turn { before: slice(before, before), own: slice(own, own * 2.0), after: slice(after, after) }
    }

    #[test]
    fn a_turn_is_held_against_the_middle_of_its_neighbours() {
        assert_eq!(turn(80.0, 100.0, 100.0).shares(), Some([0.9, 0.45]));
    }

    #[test]
    fn what_was_disturbed_does_not_count() {
        let mut turns = Turns::default();
        turns.add(&turn(80.0, 100.0, 80.0));
        for spoilt in 0..3 {
            let mut turn = turn(1.0, 1000.0, 1.0);
            let slice = [&mut turn.before, &mut turn.own, &mut turn.after];
            slice.into_iter().nth(spoilt).unwrap().undisturbed = false;
            turns.add(&turn);
        }
        assert_eq!(turns.counts(), (4, 3));
        assert_eq!(turns.efficiency(0).unwrap().median, 0.8);
        assert!(turns.enough().is_ok());
        let disturbed = Slice { undisturbed: false, ..slice(1.0, 1.0) };
        for _ in 0..10 {
            turns.add(&Turn { own: disturbed, ..turn(1.0, 1.0, 1.0) });
        }
        assert!(turns.enough().is_err());
    }

    #[test]
    fn a_machine_that_slows_down_does_not_change_a_ratio() {
        let (mut own, mut other) = (Turns::default(), Turns::default());
        for slow in [1.0, 3.0, 2.0] {
            own.add(&turn(100.0 * slow, 125.0 * slow, 100.0 * slow));
            other.add(&turn(100.0 * slow, 250.0 * slow, 100.0 * slow));
        }
        let spread = own.against(&other, 1).unwrap();
        assert_eq!((spread.low, spread.median, spread.high), (2.0, 2.0, 2.0));
    }
}
