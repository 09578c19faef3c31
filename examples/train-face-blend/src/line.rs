//! The head's function: a line through standardised numbers, with the scaling folded in.

use anyhow::Result;
use dream_models::regression::{LogisticParams, Rows};

/// A deviation below this share of the mean is a rounding error.
const FLAT: f64 = 1e-7;

/// Heads have no smaller deviation.
const SMALLEST: f64 = 1e-9;

/// Weights for numbers as the tower gives them.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Line {
    pub(crate) weights: Vec<f64>,
    pub(crate) bias: f64,
}

/// Rows of numbers and whether each is of a blend.
#[derive(Debug, Clone, Default)]
pub(crate) struct Examples {
    pub(crate) rows: Vec<f64>,
    pub(crate) labels: Vec<bool>,
}

impl Line {
    /// Standardises the columns, fits, and brings the weights back to the columns as they are.
    pub(crate) fn fit(examples: &Examples, width: usize, c: f64) -> Result<Self> {
        let spread = Spread::of(&examples.rows, width);
        let mut rows = examples.rows.clone();
        for row in rows.chunks_exact_mut(width) {
            for (value, (mean, factor)) in row.iter_mut().zip(spread.mean.iter().zip(spread.factors())) {
                *value = (*value - mean) * factor;
            }
        }
        let params = LogisticParams { c, ..LogisticParams::default() };
        let fitted = params.fit(&Rows::new(&rows, width)?, &examples.labels)?;
        let weights: Vec<f64> =
            fitted.weights().iter().zip(spread.factors()).map(|(weight, factor)| weight * factor).collect();
        let shift: f64 = weights.iter().zip(&spread.mean).map(|(weight, mean)| weight * mean).sum();
        Ok(Self { weights, bias: fitted.intercept() - shift })
    }

    /// The logit of a row, added up in the order of its numbers as `Head::traces` does.
    pub(crate) fn logit(&self, row: &[f32]) -> f64 {
        let terms = self.weights.iter().zip(row);
        terms.fold(0.0, |sum, (weight, value)| sum + weight * f64::from(*value)) + self.bias
    }
}

/// Mean and standard deviation of each column.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Spread {
    pub(crate) mean: Vec<f64>,
    pub(crate) deviation: Vec<f64>,
}

impl Spread {
    pub(crate) fn of(rows: &[f64], width: usize) -> Self {
        let count = (rows.len() / width.max(1)).max(1) as f64;
        let mut mean = vec![0.0; width];
        for row in rows.chunks_exact(width) {
            mean.iter_mut().zip(row).for_each(|(mean, value)| *mean += value / count);
        }
        let mut variance = vec![0.0; width];
        for row in rows.chunks_exact(width) {
            for (sum, (value, mean)) in variance.iter_mut().zip(row.iter().zip(&mean)) {
                *sum += (value - mean) * (value - mean) / count;
            }
        }
        Self { mean, deviation: variance.into_iter().map(f64::sqrt).collect() }
    }

    /// The same with deviations that one can divide by.
    pub(crate) fn usable(self) -> Self {
        Self {
            deviation: self.deviation.into_iter().map(|deviation| deviation.max(SMALLEST)).collect(),
            ..self
        }
    }

    /// What standardises a column; 0 for one without a spread, which then counts for nothing.
    fn factors(&self) -> impl Iterator<Item = f64> {
        self.mean.iter().zip(&self.deviation).map(|(mean, deviation)| {
            if *deviation > FLAT * mean.abs().max(1.0) { 1.0 / deviation } else { 0.0 }
        })
    }

    /// Root mean square of the distances from the means in standard deviations, as `Head::familiarity` has it.
    pub(crate) fn distance(&self, row: &[f64]) -> f64 {
        let squares =
            row.iter().zip(self.mean.iter().zip(&self.deviation)).map(|(value, (mean, deviation))| {
                let away = (value - mean) / deviation;
                away * away
            });
        (squares.fold(0.0, |sum, square| sum + square) / self.mean.len().max(1) as f64).sqrt()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[expect(clippy::cast_possible_truncation, reason = "rows of the tower are in single precision")]
    fn single(value: f64) -> f32 {
        value as f32
    }

    /// The folded line says what the regression says of standardised rows, and a constant column counts for nothing.
    #[test]
    fn the_scaling_is_in_the_weights() {
        let mut examples = Examples::default();
        for step in 0..40_u32 {
            let x = f64::from(step % 7);
            examples.rows.extend([100.0 + x, 5.0, 1e-3 * f64::from(step % 5)]);
            examples.labels.push(x + f64::from(step % 3) > 4.0);
        }
        let line = Line::fit(&examples, 3, 0.5).unwrap();
        assert_eq!(line.weights[1], 0.0);
        let spread = Spread::of(&examples.rows, 3);
        let scaled: Vec<f64> = (examples.rows.chunks_exact(3))
            .flat_map(|row| [0, 2].map(|at| (row[at] - spread.mean[at]) / spread.deviation[at]))
            .collect();
        let params = LogisticParams { c: 0.5, ..LogisticParams::default() };
        let plain = params.fit(&Rows::new(&scaled, 2).unwrap(), &examples.labels).unwrap();
        for (row, scaled) in examples.rows.chunks_exact(3).zip(scaled.chunks_exact(2)) {
            let row: Vec<f32> = row.iter().map(|value| single(*value)).collect();
            let expected =
                plain.weights()[0] * scaled[0] + plain.weights()[1] * scaled[1] + plain.intercept();
            assert!((line.logit(&row) - expected).abs() < 1e-4, "{} {expected}", line.logit(&row));
        }
        let usable = spread.clone().usable();
        let far = [spread.mean[0] + 3.0 * spread.deviation[0], 5.0, spread.mean[2]];
        assert!((usable.distance(&far) - 3.0_f64.sqrt()).abs() < 1e-9);
    }
}
