//! How a value of an ensemble is shared among the columns of the row: the arithmetic of [`Explanation`](super::Explanation).

use super::MlpEnsemble;
use crate::regression::Regressor;

impl MlpEnsemble {
    /// What each column of a scaled row adds to the value, compared with the row of zeros. The shares sum to the difference
    /// of the two values but for rounding.
    ///
    /// Between groups it is the Shapley value, over all `2^G` sets of groups. Within a group it is the Aumann-Shapley
    /// value: the gradient, integrated while the columns of the group go from 0 to their values together. A unit
    /// `v tanh(a)` depends on its columns through the sum `a` alone, so the integral of column `i` is `v w_i x_i` times
    /// the quotient `(tanh(a + d) - tanh(a)) / d`, where the group adds `d` to `a`. No quadrature is needed.
    ///
    /// The addition theorem makes the quotient `(1 - tanh(a + d) tanh(a)) tanh(d) / d`, which has no cancellation where `d`
    /// is small, and whose last factor is the same for all sets.
    pub(super) fn shares(&self, row: &[f64], groups: &[Vec<usize>]) -> Vec<f64> {
        let [hidden_weights, hidden_bias, output_weights, _] = self.weights();
        let (inputs, weights) = (Regressor::inputs(self), shapley_weights(groups.len()));
        let mut shares = vec![0.0; inputs];
        let mut unit = Unit::new(groups.len());
        for ((line, bias), output) in
            hidden_weights.chunks_exact(inputs.max(1)).zip(hidden_bias).zip(output_weights)
        {
            let added = |&column: &usize| product(line, row, column);
            let sums: Vec<f64> = groups
                .iter()
                .map(|group| group.iter().fold(0.0, |sum, column| sum + added(column)))
                .collect();
            unit.fill(*bias, &sums);
            for (at, (group, sum)) in groups.iter().zip(&sums).enumerate() {
                let slope = output * unit.mean_slope(at, &weights) * tanh_over(*sum);
                for column in group {
                    if let Some(share) = shares.get_mut(*column) {
                        *share += slope * added(column);
                    }
                }
            }
        }
        let scale = self.scale();
        shares.iter_mut().for_each(|share| *share *= scale);
        shares
    }
}

fn product(line: &[f64], row: &[f64], column: usize) -> f64 {
    line.get(column).zip(row.get(column)).map_or(0.0, |(weight, value)| weight * value)
}

/// `tanh(x) / x`.
fn tanh_over(x: f64) -> f64 {
    if x == 0.0 { 1.0 } else { libm::tanh(x) / x }
}

/// Weight of a set of `n` of the other groups in a Shapley value: `n! (groups - n - 1)! / groups!`.
fn shapley_weights(groups: usize) -> Vec<f64> {
    let mut weights = Vec::with_capacity(groups);
    // 1 / (groups * binomial(groups - 1, n)), which is exact up to the last division.
    let mut binomial = 1.0;
    for n in 0..groups {
        weights.push(1.0 / (groups as f64 * binomial));
        binomial = binomial * (groups - 1 - n) as f64 / (n + 1) as f64;
    }
    weights
}

/// One unit under all sets of groups, a set being the bits of its position.
struct Unit {
    inner: Vec<f64>,
    outer: Vec<f64>,
}

impl Unit {
    fn new(groups: usize) -> Self {
        Self { inner: Vec::with_capacity(1 << groups), outer: Vec::with_capacity(1 << groups) }
    }

    fn fill(&mut self, bias: f64, sums: &[f64]) {
        self.inner.clear();
        self.inner.push(bias);
        for sum in sums {
            self.inner.extend_from_within(..);
            let half = self.inner.len() / 2;
            self.inner.iter_mut().skip(half).for_each(|inner| *inner += sum);
        }
        self.outer.clear();
        self.outer.extend(self.inner.iter().map(|inner| libm::tanh(*inner)));
    }

    /// The mean over all orders of the groups of `1 - tanh tanh` without and with the group at `at`.
    fn mean_slope(&self, at: usize, weights: &[f64]) -> f64 {
        let bit = 1usize << at;
        let mut sum = 0.0;
        // Runs of sets without the group, each followed by the same sets with it.
        for (run, pair) in self.outer.chunks_exact(2 * bit).enumerate() {
            let (without, with) = pair.split_at_checked(bit).unwrap_or((pair, &[]));
            for (low, (a, b)) in without.iter().zip(with).enumerate() {
                let others = (run.count_ones() + low.count_ones()) as usize;
                sum += weights.get(others).copied().unwrap_or_default() * (1.0 - a * b);
            }
        }
        sum
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::SplitMix64;
    use crate::regression::quality::network::Network;

    fn ensemble(inputs: usize, seed: u64) -> MlpEnsemble {
        let mut random = SplitMix64::new(seed);
        let networks: Vec<Network> = (0..3).map(|_| Network::random(inputs, 5, &mut random)).collect();
        let whitening: Vec<f64> =
            (0..inputs * inputs).map(|i| if i % (inputs + 1) == 0 { 1.3 } else { 0.1 }).collect();
        MlpEnsemble::fold(&networks, &whitening, (inputs, 5), (3.0, 0.5))
    }

    fn value(model: &MlpEnsemble, row: &[f64], kept: impl Fn(usize) -> f64) -> f64 {
        let row: Vec<f64> = row.iter().enumerate().map(|(i, x)| x * kept(i)).collect();
        model.evaluate(&row).0
    }

    /// The definition: the mean over all orders in which the columns enter.
    #[test]
    fn columns_alone_have_their_shapley_values() {
        let (model, row) = (ensemble(4, 3), [0.9, -1.7, 0.4, 2.2]);
        let mut orders = vec![vec![]];
        for _ in 0..4 {
            let longer = |order: &Vec<usize>| -> Vec<Vec<usize>> {
                (0..4).filter(|i| !order.contains(i)).map(|i| [&order[..], &[i]].concat()).collect()
            };
            orders = orders.iter().flat_map(longer).collect();
        }
        assert_eq!(orders.len(), 24);
        let mut expected = [0.0; 4];
        for order in &orders {
            for (at, column) in order.iter().enumerate() {
                let before = value(&model, &row, |i| f64::from(order[..at].contains(&i)));
                let after = value(&model, &row, |i| f64::from(order[..=at].contains(&i)));
                expected[*column] += (after - before) / 24.0;
            }
        }
        let found = model.shares(&row, &[vec![0], vec![1], vec![2], vec![3]]);
        for (found, expected) in found.iter().zip(expected) {
            assert!((found - expected).abs() < 1e-13, "{found} {expected}");
        }
    }

    /// The definition: the gradient along the straight line, here by many small steps.
    #[test]
    fn one_group_has_the_integral_of_its_gradient() {
        let (model, row) = (ensemble(3, 9), [1.4, -0.8, 2.0]);
        let found = model.shares(&row, &[vec![0, 1, 2]]);
        let (steps, h) = (2000, 1e-5);
        for (column, found) in found.iter().enumerate() {
            let slope = |t: f64| {
                let moved = |by: f64| value(&model, &row, |i| t + if i == column { by } else { 0.0 });
                (moved(h) - moved(-h)) / (2.0 * h)
            };
            let sum: f64 = (0..steps).map(|k| slope((f64::from(k) + 0.5) / f64::from(steps))).sum();
            let expected = sum / f64::from(steps);
            assert!((found - expected).abs() < 1e-7, "{column}: {found} {expected}");
        }
    }

    #[test]
    fn weights_of_sets_sum_to_one() {
        for groups in 1usize..=12 {
            let mut sets = 1.0;
            let mut sum = 0.0;
            for (n, weight) in shapley_weights(groups).iter().enumerate() {
                sum += sets * weight;
                sets = sets * (groups - 1 - n) as f64 / (n + 1) as f64;
            }
            assert!((sum - 1.0).abs() < 1e-14, "{groups}: {sum}");
        }
        assert_eq!(shapley_weights(3), [1.0 / 3.0, 1.0 / 6.0, 1.0 / 3.0]);
    }

    #[test]
    fn saturated_and_empty_units_stay_finite() {
        let model = ensemble(2, 1);
        for row in [[0.0, 0.0], [1e3, -1e3], [1e3, 1e3], [5e-324, 0.0]] {
            let shares = model.shares(&row, &[vec![0], vec![1]]);
            let expected = model.evaluate(&row).0 - model.evaluate(&[0.0, 0.0]).0;
            assert!((shares[0] + shares[1] - expected).abs() < 1e-12, "{row:?}: {shares:?}");
        }
    }
}
