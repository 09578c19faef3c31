//! How well logits tell blends from the rest.

use dream_eval::roc_auc;
use serde::Serialize;

/// Logits of pictures, by what was done to them.
#[derive(Debug, Clone, Default)]
pub(crate) struct Logits {
    /// Untouched, changed as a whole, blended a little, blended much: a number for each draw, in the same order.
    pub(crate) kinds: [Vec<f64>; 4],
}

/// Areas under the curve, and shares of pairs.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize)]
pub(crate) struct Measures {
    /// Blends against all others.
    pub(crate) auc: f64,
    /// Mild blends against all others.
    pub(crate) auc_mild: f64,
    /// Gross blends against all others.
    pub(crate) auc_gross: f64,
    /// Blends against untouched pictures.
    pub(crate) auc_real: f64,
    /// Blends against pictures that were changed as a whole.
    pub(crate) auc_global: f64,
    /// Share of draws whose mild blend has more traces than the untouched picture of the same draw.
    pub(crate) mild_above_real: f64,
    /// The same for the gross blend.
    pub(crate) gross_above_real: f64,
}

impl Logits {
    pub(crate) fn push(&mut self, [real, global, mild, gross]: [f64; 4]) {
        for (kind, logit) in self.kinds.iter_mut().zip([real, global, mild, gross]) {
            kind.push(logit);
        }
    }

    pub(crate) fn measures(&self) -> Measures {
        let [real, global, mild, gross] = &self.kinds;
        let others = [real.as_slice(), global].concat();
        let blends = [mild.as_slice(), gross].concat();
        Measures {
            auc: auc(&blends, &others),
            auc_mild: auc(mild, &others),
            auc_gross: auc(gross, &others),
            auc_real: auc(&blends, real),
            auc_global: auc(&blends, global),
            mild_above_real: above(mild, real),
            gross_above_real: above(gross, real),
        }
    }
}

impl Measures {
    /// Names of the numbers in two lines, and the numbers.
    pub(crate) fn values(&self) -> [([&'static str; 2], f64); 7] {
        [
            (["", "AUC"], self.auc),
            (["", "mild"], self.auc_mild),
            (["", "gross"], self.auc_gross),
            (["vs", "real"], self.auc_real),
            (["vs", "global"], self.auc_global),
            (["mild>", "real"], self.mild_above_real),
            (["gross>", "real"], self.gross_above_real),
        ]
    }

    /// The mean of each number, in order.
    pub(crate) fn mean(all: &[Self]) -> Self {
        let mean = |of: fn(&Self) -> f64| all.iter().map(of).sum::<f64>() / all.len().max(1) as f64;
        Self {
            auc: mean(|m| m.auc),
            auc_mild: mean(|m| m.auc_mild),
            auc_gross: mean(|m| m.auc_gross),
            auc_real: mean(|m| m.auc_real),
            auc_global: mean(|m| m.auc_global),
            mild_above_real: mean(|m| m.mild_above_real),
            gross_above_real: mean(|m| m.gross_above_real),
        }
    }
}

/// Probability that one of `high` is above one of `low`; equal numbers count half. 0 where there are none.
fn auc(high: &[f64], low: &[f64]) -> f64 {
    let is_high: Vec<bool> = high.iter().map(|_| true).chain(low.iter().map(|_| false)).collect();
    roc_auc(&[high, low].concat(), &is_high).unwrap_or(0.0)
}

/// Share of pairs whose first number is larger; equal ones count half.
fn above(first: &[f64], second: &[f64]) -> f64 {
    let pairs = first.iter().zip(second);
    let points = pairs.map(|(a, b)| {
        if a > b {
            1.0
        } else if a == b {
            0.5
        } else {
            0.0
        }
    });
    points.sum::<f64>() / first.len().max(1) as f64
}

/// The points below which 0 %, 1 %, ..., 100 % of the values are, on lines between neighbours. Each is above the one before
/// it, by a last digit where values are equal.
pub(crate) fn percentiles(values: &[f64]) -> Vec<f64> {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let mut points: Vec<f64> = Vec::with_capacity(101);
    for percent in 0..=100 {
        let point = quantile(&sorted, f64::from(percent) / 100.0);
        points.push(points.last().map_or(point, |last| point.max(last.next_up())));
    }
    points
}

/// The point below which a share of sorted values is.
pub(crate) fn quantile(sorted: &[f64], share: f64) -> f64 {
    let place = share * sorted.len().saturating_sub(1) as f64;
    let at = |place: f64| {
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a place in the slice")]
        let index = place as usize;
        sorted.get(index).copied().unwrap_or_default()
    };
    let (low, high) = (at(place.floor()), at(place.ceil()));
    low + (high - low) * (place - place.floor())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn areas_count_pairs() {
        assert_eq!(auc(&[3.0, 1.0], &[2.0, 0.0]), 0.75);
        assert_eq!(auc(&[1.0, 1.0], &[1.0]), 0.5);
        assert_eq!(auc(&[], &[1.0]), 0.0);
        let mut logits = Logits::default();
        logits.push([0.0, 1.0, 0.5, 2.0]);
        logits.push([0.0, 0.25, 0.0, 2.0]);
        let found = logits.measures();
        assert_eq!((found.auc_gross, found.auc_mild), (1.0, (3.0 + 1.0) / 8.0));
        assert_eq!((found.auc_real, found.auc_global), ((2.0 + 1.0 + 4.0) / 8.0, (1.0 + 0.0 + 4.0) / 8.0));
        assert_eq!((found.mild_above_real, found.gross_above_real), (0.75, 1.0));
        assert_eq!(Measures::mean(&[found, found]), found);
    }

    #[test]
    fn percentiles_increase() {
        let points = percentiles(&[2.0, 0.0, 1.0]);
        assert_eq!((points.len(), points[0], points[25], points[100]), (101, 0.0, 0.5, 2.0));
        let same = percentiles(&[1.0, 1.0]);
        assert!(same.windows(2).all(|pair| pair[0] < pair[1]) && same[100] < 1.0 + 1e-10, "{same:?}");
    }
}
