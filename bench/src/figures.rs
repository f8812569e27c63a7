//! Medians and spreads of what rounds measured.

/// A figure that was measured many times.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Figure {
    pub median: f64,
    /// The tenth and the ninetieth of a hundred.
    pub low: f64,
    pub high: f64,
}

impl Figure {
    /// `None` if nothing was measured.
    pub fn of(mut values: Vec<f64>) -> Option<Self> {
        values.sort_unstable_by(f64::total_cmp);
        Some(Self {
            median: quantile(&values, 0.5)?,
            low: quantile(&values, 0.1)?,
            high: quantile(&values, 0.9)?,
        })
    }
}

/// Between two values in proportion.
fn quantile(sorted: &[f64], part: f64) -> Option<f64> {
    let place = part * sorted.len().checked_sub(1)? as f64;
    let (low, high) = (sorted.get(place.floor() as usize)?, sorted.get(place.ceil() as usize)?);
    Some(low + (high - low) * place.fract())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_stands_in_the_middle_and_the_spread_around_it() {
        let values = (0..=10).rev().map(f64::from).collect();
        assert_eq!(Figure::of(values), Some(Figure { median: 5.0, low: 1.0, high: 9.0 }));
        assert_eq!(Figure::of(vec![2.0, 4.0]).map(|f| f.median), Some(3.0));
        assert_eq!(Figure::of(Vec::new()), None);
    }
}
